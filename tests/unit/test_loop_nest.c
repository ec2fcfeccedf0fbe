/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_loop_nest.c - loop nests by index give what counting through them gives; fl() at its edges.
 */
#include "sim/sim_int.h"
#include "support/arrays.h"
#include "support/fixture.h"

#include <float.h>
#include <math.h>

static void expect_like_counting(const int64_t *n, const int64_t *step, int first, int end)
{
    int64_t i[DVT_LOOPS] = {0}, index = 0, at = 0;
    int     level = first;

    while (level < end) {
        assert_int_equal(dvti_nest_dot(index, n, step, first, end), at);
        index++;
        for (level = first; level < end;
             level++) { /* a level that wraps takes back what it added */
            at += step[level];
            if (++i[level] < n[level]) {
                break;
            }
            at -= n[level] * step[level];
            i[level] = 0;
        }
    }
    assert_int_equal(dvti_nest_count(n, first, end), index);
}

static void test_loop_nest__by_index_is_by_counting(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        dvt_rng rng = dvt_rng_make(seed, 1);
        int64_t n[DVT_LOOPS], step[DVT_LOOPS];
        int     first = (int)test_random_range(&rng, 0, 3);
        for (int l = 0; l < DVT_LOOPS; l++) {
            n[l] = test_random_range(&rng, 1, 4);
            step[l] = test_random_range(&rng, -1000, 1000);
        }
        expect_like_counting(n, step, first, (int)test_random_range(&rng, first + 1, DVT_LOOPS));
    }
}

static void test_loop_nest__no_levels_are_one_turn_without_a_step(void **state)
{
    const int64_t n[] = {5}, step[] = {7};

    (void)state;
    assert_int_equal(dvti_nest_count(n, 0, 0), 1);
    assert_int_equal(dvti_nest_dot(0, n, step, 0, 0), 0);
}

static void test_loop_nest__fl_has_neither_subnormals_nor_infinities(void **state)
{
    static const float same[] = {0.0f,     1.0f,    -1.5f,    FLT_MIN,
                                 -FLT_MIN, FLT_MAX, -FLT_MAX, 0x1p-100f};

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_int_equal(dvt_isa_bits(dvti_fl(same[i])), dvt_isa_bits(same[i]));
    }
    assert_int_equal(dvt_isa_bits(dvti_fl(nextafterf(FLT_MIN, 0.0f))), 0);
    assert_int_equal(dvt_isa_bits(dvti_fl(-nextafterf(FLT_MIN, 0.0f))), 0);
    assert_true(dvti_fl(INFINITY) == FLT_MAX);
    assert_true(dvti_fl(-INFINITY) == -FLT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_nest__by_index_is_by_counting),
        cmocka_unit_test(test_loop_nest__no_levels_are_one_turn_without_a_step),
        cmocka_unit_test(test_loop_nest__fl_has_neither_subnormals_nor_infinities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
