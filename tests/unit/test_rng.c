/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rng.c - Philox against its published known answers, and what dvt_rng promises about
 * streams, ranges and bulk draws.
 */
#include "base/rng_block.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void expect_block(const uint32_t counter[4], const uint32_t key[2], const uint32_t want[4])
{
    uint32_t got[4];
    dvti_philox4x32_10(counter, key, got);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(got[i], want[i]);
    }
}

/* The three answers that the authors publish with their code for 4x32 and 10 rounds. */
static void test_rng__philox_gives_the_published_answers(void **state)
{
    (void)state;
    const uint32_t zero[4] = {0}, ones[4] = {~0u, ~0u, ~0u, ~0u};
    const uint32_t pi[4] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344};
    const uint32_t pi_key[2] = {0xa4093822, 0x299f31d0};

    expect_block(zero, zero, (const uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    expect_block(ones, ones, (const uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    expect_block(pi, pi_key, (const uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

static void test_rng__first_draws_are_the_words_of_block_zero(void **state)
{
    (void)state;
    dvt_rng rng = dvt_rng_make(0, 0);

    assert_int_equal(dvt_rng_u32(&rng), 0x6627e8d5);
    assert_int_equal(dvt_rng_u32(&rng), 0xe169c58d);
    assert_true(dvt_rng_u64(&rng) == UINT64_C(0x9b00dbd8bc57ac4c));
    assert_int_equal(rng.counter, 4);
}

static void test_rng__bulk_equals_single_draws_from_any_place(void **state)
{
    (void)state;
    for (uint64_t start = 0; start < 9; start++) {
        for (size_t n = 0; n < 19; n++) {
            dvt_rng  a = {7, 9, start}, b = a;
            uint32_t bulk[20] = {0};
            dvti_rng_fill_u32(&a, bulk, n);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(bulk[i], dvt_rng_u32(&b));
            }
            assert_int_equal(a.counter, b.counter);
        }
    }
}

static void test_rng__a_normal_takes_four_numbers_from_any_place(void **state)
{
    (void)state;
    for (uint64_t start = 0; start < 5; start++) {
        dvt_rng a = {3, 4, start}, b = a;
        double  u = dvt_rng_f64(&b), v = dvt_rng_f64(&b);
        double  want = sqrt(-2.0 * log(1.0 - u)) * cos(6.283185307179586476925 * v);
        assert_true(fabs(dvt_rng_normal(&a) - want) < 1e-12);
        assert_int_equal(a.counter, start + 4);
    }
}

static void test_rng__split_depends_on_parent_seed_stream_and_child(void **state)
{
    (void)state;
    dvt_rng parent = dvt_rng_make(1, 2), other = dvt_rng_make(1, 3);
    dvt_rng a = dvt_rng_split(&parent, 0), b = dvt_rng_split(&parent, 1);
    dvt_rng c = dvt_rng_split(&other, 0), again = dvt_rng_split(&parent, 0);

    assert_memory_equal(&a, &again, sizeof a);
    assert_true(dvt_rng_u64(&a) != dvt_rng_u64(&b));
    assert_true(dvt_rng_u64(&b) != dvt_rng_u64(&c));
    assert_int_equal(parent.counter, 0);
}

static void test_rng__below_is_in_range_and_even(void **state)
{
    (void)state;
    enum { N = 7, DRAWS = 70000 };
    dvt_rng rng = dvt_rng_make(5, 0);
    int     hits[N] = {0};

    for (int i = 0; i < DRAWS; i++) {
        uint64_t v = dvt_rng_below(&rng, N);
        assert_true(v < N);
        hits[v]++;
    }
    for (int i = 0; i < N; i++) { /* expectation 10000, deviation 93 */
        assert_in_range(hits[i], 9500, 10500);
    }
    assert_true(dvt_rng_below(&rng, 1) == 0);
}

static void test_rng__uniform_and_normal_have_their_moments(void **state)
{
    (void)state;
    enum { DRAWS = 200000 };
    dvt_rng rng = dvt_rng_make(11, 0);
    double  sum = 0, sum_n = 0, sum_n2 = 0;

    for (int i = 0; i < DRAWS; i++) {
        float  u = dvt_rng_f32(&rng);
        double d = dvt_rng_f64(&rng), n = dvt_rng_normal(&rng);
        assert_true(u >= 0.0f && u < 1.0f && d >= 0.0 && d < 1.0 && isfinite(n));
        sum += (double)u + d;
        sum_n += n;
        sum_n2 += n * n;
    }
    assert_true(fabs(sum / (2.0 * DRAWS) - 0.5) < 0.003);
    assert_true(fabs(sum_n / DRAWS) < 0.01);
    assert_true(fabs(sum_n2 / DRAWS - 1.0) < 0.02);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng__philox_gives_the_published_answers),
        cmocka_unit_test(test_rng__first_draws_are_the_words_of_block_zero),
        cmocka_unit_test(test_rng__bulk_equals_single_draws_from_any_place),
        cmocka_unit_test(test_rng__a_normal_takes_four_numbers_from_any_place),
        cmocka_unit_test(test_rng__split_depends_on_parent_seed_stream_and_child),
        cmocka_unit_test(test_rng__below_is_in_range_and_even),
        cmocka_unit_test(test_rng__uniform_and_normal_have_their_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
