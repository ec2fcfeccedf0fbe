/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table_pack.c - packed columns give back every word, in as few bits as the case needs; sets
 * of rows count right.
 */
#include "support/fixture.h"

#include "space/table_pack.h"

enum { COUNT = 3000 };

/* Packs, reads back, and returns the way that was chosen. */
static dvti_pack check(dvt_ctx *ctx, const uint64_t *words, uint64_t count, bool doubles)
{
    dvti_pack p;

    expect_ok(ctx, dvti_pack_choose(ctx, words, count, doubles, &p));
    uint8_t *values = dvt_calloc(ctx, dvti_pack_bytes(&p), 1);
    dvti_pack_write(&p, words, values);
    p.values = values;
    assert_true(dvti_pack_valid(&p, doubles));
    for (uint64_t i = 0; i < count; i++) {
        assert_true(dvti_pack_word(&p, i) == words[i]);
    }
    dvt_free(ctx, values);
    dvt_free(ctx, (void *)(uintptr_t)p.dict);
    return p;
}

static dvti_pack check_doubles(dvt_ctx *ctx, const double *d, uint64_t count)
{
    uint64_t words[COUNT];

    memcpy(words, d, count * sizeof *d);
    return check(ctx, words, count, true);
}

static void test_table_pack__whole_numbers_of_every_width(void **state)
{
    uint64_t words[COUNT];
    dvt_rng  rng = dvt_rng_make(3, 0);

    for (uint32_t bits = 0; bits <= 64; bits++) {
        for (int i = 0; i < COUNT; i++) {
            words[i] = bits ? dvt_rng_u64(&rng) >> (64 - bits) : 5;
        }
        const dvti_pack p = check(*state, words, COUNT, false);
        assert_true(p.bits <= bits + (bits > 57 ? 64 - bits : 0));
    }
}

static void test_table_pack__decimals_take_the_digits_they_have(void **state)
{
    uint64_t words[COUNT];

    for (int i = 0; i < COUNT; i++) {
        words[i] = UINT64_C(80000000000000) + (uint64_t)i * 1000000; /* 80.000000 and so on */
    }
    const dvti_pack p = check(*state, words, COUNT, false);
    assert_int_equal(p.mode, DVTI_PACK_LINEAR);
    assert_int_equal(p.bits, 12);
    assert_int_equal(p.step, 1000000);
}

static void test_table_pack__doubles_of_each_kind(void **state)
{
    double    d[COUNT];
    dvt_rng   rng = dvt_rng_make(4, 0);
    dvti_pack p;

    for (int i = 0; i < COUNT; i++) {
        d[i] = (double)dvt_rng_below(&rng, 900000) / 1e4;
    }
    p = check_doubles(*state, d, COUNT);
    assert_int_equal(p.mode, DVTI_PACK_DECIMAL);
    assert_int_equal(p.scale, 4);
    for (int i = 0; i < COUNT; i++) {
        d[i] = (double)(1000 * dvt_rng_f32(&rng));
    }
    p = check_doubles(*state, d, COUNT);
    assert_int_equal(p.mode, DVTI_PACK_SINGLE);
    for (int i = 0; i < COUNT; i++) {
        d[i] = 1.0 / (double)(3 + i % 7);
    }
    p = check_doubles(*state, d, COUNT);
    assert_int_equal(p.mode, DVTI_PACK_DICT);
    assert_int_equal(p.bits, 3);
    for (int i = 0; i < COUNT; i++) {
        d[i] = dvt_rng_f64(&rng) - 0.5;
    }
    p = check_doubles(*state, d, COUNT);
    assert_int_equal(p.mode, DVTI_PACK_RAW);
}

static void test_table_pack__zeros_keep_their_sign_and_extremes_their_bits(void **state)
{
    const double d[] = {0.0, -0.0, 1e308, 5e-324, -1.5, 1e16, 9007199254740993.0};
    const double zeros[] = {0.0, 0.0, 0.0};

    (void)check_doubles(*state, d, 7);
    (void)check_doubles(*state, d, 2);
    assert_int_equal(check_doubles(*state, zeros, 3).bits, 0);
    (void)check(*state, (const uint64_t[]){0, UINT64_MAX}, 2, false);
    (void)check(*state, NULL, 0, false);
}

static void test_table_pack__sets_of_rows_count_what_comes_before(void **state)
{
    enum { ROWS = 5000 };
    uint8_t *set = dvt_calloc(*state, dvti_rows_bytes(ROWS), 1);
    uint64_t count = 0, before = 0;

    for (uint64_t row = 0; row < ROWS; row++) {
        if (row % 7 == 3 || row / 100 == 20) {
            dvti_rows_add(set, ROWS, row);
        }
    }
    const uint64_t added = dvti_rows_count(set, ROWS);
    assert_true(dvti_rows_valid(set, ROWS, &count));
    assert_int_equal(count, added);
    for (uint64_t row = 0; row < ROWS; row++) {
        assert_int_equal(dvti_rows_before(set, ROWS, row), before);
        assert_int_equal(dvti_rows_has(set, ROWS, row), row % 7 == 3 || row / 100 == 20);
        before += dvti_rows_has(set, ROWS, row);
    }
    set[0] ^= 1;
    assert_false(dvti_rows_valid(set, ROWS, &count));
    dvt_free(*state, set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_table_pack__whole_numbers_of_every_width),
        FIXTURE_TEST(test_table_pack__decimals_take_the_digits_they_have),
        FIXTURE_TEST(test_table_pack__doubles_of_each_kind),
        FIXTURE_TEST(test_table_pack__zeros_keep_their_sign_and_extremes_their_bits),
        FIXTURE_TEST(test_table_pack__sets_of_rows_count_what_comes_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
