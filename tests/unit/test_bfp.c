/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bfp.c - block floating point: literals by hand, the fast encoder against the naive one, and
 * what decoding promises.
 */
#include "dovetail/tensor.h"
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 37 };

typedef struct block {
    int16_t  mant[BLOCK];
    uint8_t  exp;
    uint32_t saturated;
} block;

static block encode(const float *x, int32_t n, int32_t m)
{
    block b = {.exp = 99};
    b.saturated = dvt_bfp_encode(x, n, m, b.mant, &b.exp);
    return b;
}

/* m = 5: mantissas up to 15, value = mant * 2^(exp - 18). */
static void test_bfp__the_largest_value_sets_the_exponent(void **state)
{
    (void)state;
    const float   x[] = {1.0f, -0.5f, 0.1f, 0.0625f};
    const int16_t want[] = {8, -4, 1, 0}; /* units of 1/8; 0.8 rounds to 1, the tie 0.5 to 0 */
    block         b = encode(x, 4, 5);
    assert_int_equal(b.exp, 15);
    assert_memory_equal(b.mant, want, sizeof want);
    assert_int_equal(b.saturated, 0);
}

static void test_bfp__a_carry_out_of_the_mantissa_raises_the_exponent(void **state)
{
    (void)state;
    const float   up[] = {1.96875f, 0.25f}, stays[] = {1.9f, 0.25f};
    const int16_t want_up[] = {8, 1}, want_stays[] = {15, 2};
    block         b = encode(up, 2, 5); /* 15.75 in units of 1/8 would round to 16 */
    assert_int_equal(b.exp, 16);
    assert_memory_equal(b.mant, want_up, sizeof want_up);
    b = encode(stays, 2, 5);
    assert_int_equal(b.exp, 15);
    assert_memory_equal(b.mant, want_stays, sizeof want_stays);
}

static void test_bfp__ties_go_to_even(void **state)
{
    (void)state;
    const float   x[] = {8, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f};
    const int16_t want[] = {8, 0, 2, 2, 0, -2, -2};
    block         b = encode(x, 7, 5);
    assert_int_equal(b.exp, 18);
    assert_memory_equal(b.mant, want, sizeof want);
}

static void test_bfp__zero_blocks_have_exponent_zero(void **state)
{
    (void)state;
    const float   zero[] = {0, -0.0f, 0x1p-140f, -1e-30f};
    const int16_t want[4] = {0};
    for (int m = DVT_BFP_MANT_MIN; m <= DVT_BFP_MANT_MAX; m++) {
        block b = encode(zero, 4, m);
        assert_int_equal(b.exp, 0);
        assert_memory_equal(b.mant, want, sizeof want);
    }
}

/* At exponent 0 a unit is 2^-18 for m = 5: smaller values lose bits one after the other. */
static void test_bfp__small_values_fade_at_exponent_zero(void **state)
{
    (void)state;
    const float   x[] = {0x1p-16f, 0x1p-18f, 0x1.8p-18f, 0x1p-19f, 0x1.8p-19f};
    const int16_t want[] = {4, 1, 2, 0, 1};
    block         b = encode(x, 5, 5);
    assert_int_equal(b.exp, 0);
    assert_memory_equal(b.mant, want, sizeof want);
}

/* At exponent 31 a unit is 2^13 for m = 5 and the largest value 15 * 2^13. */
static void test_bfp__too_large_values_saturate_and_are_counted(void **state)
{
    (void)state;
    const float   x[] = {122880, 126975.9f, 126976, -1e30f, INFINITY, -INFINITY, NAN, 8192};
    const int16_t want[] = {15, 15, 15, -15, 15, -15, 0, 1};
    block         b = encode(x, 8, 5); /* 126976 = 15.5 units: the tie goes to 16, too large */
    assert_int_equal(b.exp, 31);
    assert_memory_equal(b.mant, want, sizeof want);
    assert_int_equal(b.saturated, 5);
}

static void test_bfp__nan_does_not_choose_the_exponent(void **state)
{
    (void)state;
    const float   x[] = {NAN, 1.0f};
    const int16_t want[] = {0, 8};
    block         b = encode(x, 2, 5);
    assert_int_equal(b.exp, 15);
    assert_memory_equal(b.mant, want, sizeof want);
    assert_int_equal(b.saturated, 1);
}

static void expect_equal_encoders(const float *x, int32_t n, int32_t m)
{
    block fast = encode(x, n, m), ref = {.exp = 99};
    ref.saturated = dvt_bfp_encode_ref(x, n, m, ref.mant, &ref.exp);
    if (fast.exp != ref.exp || fast.saturated != ref.saturated ||
        memcmp(fast.mant, ref.mant, sizeof ref.mant) != 0)
        fail_msg("m %d, n %d, first %a: exponents %d and %d", (int)m, (int)n,
                 n ? (double)x[0] : 0.0, fast.exp, ref.exp);
}

static float bits_f32(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void test_bfp__fast_equals_naive_on_random_bits(void **state)
{
    (void)state;
    dvt_rng rng = dvt_rng_make(1, 0);
    for (int trial = 0; trial < 20000; trial++) {
        float   x[BLOCK];
        int32_t n = (int32_t)dvt_rng_below(&rng, BLOCK + 1);
        /* a window of exponents around the representable range, so that all cases are common */
        uint32_t centre = (uint32_t)dvt_rng_below(&rng, 60) + 95,
                 width = 1 + (uint32_t)dvt_rng_below(&rng, 20);
        for (int32_t i = 0; i < n; i++)
            x[i] = bits_f32((dvt_rng_u32(&rng) & 0x807fffffu) |
                            (centre + (uint32_t)dvt_rng_below(&rng, width)) << 23);
        expect_equal_encoders(x, n,
                              (int32_t)test_random_range(&rng, DVT_BFP_MANT_MIN, DVT_BFP_MANT_MAX));
    }
}

static void test_bfp__fast_equals_naive_on_any_bits_and_edges(void **state)
{
    (void)state;
    const uint32_t edges[] = {0,          0x80000000, 1,          0x007fffff, 0x00800000,
                              0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x3f800000,
                              0x3fffffff, 0x477fe000, 0x477fefff, 0x477ff000, 0x33800000,
                              0x33000000, 0x38800000, 0x387fffff};
    dvt_rng        rng = dvt_rng_make(2, 0);
    for (int m = DVT_BFP_MANT_MIN; m <= DVT_BFP_MANT_MAX; m++) {
        for (int trial = 0; trial < 1500; trial++) {
            float x[BLOCK];
            for (int i = 0; i < BLOCK; i++)
                x[i] = bits_f32(i % 3 ? edges[dvt_rng_below(&rng, 18)] : dvt_rng_u32(&rng));
            expect_equal_encoders(x, (int32_t)dvt_rng_below(&rng, BLOCK + 1), m);
        }
        for (int i = 0; i < 18; i++)
            expect_equal_encoders((float[]){bits_f32(edges[i])}, 1, m);
    }
}

static void test_bfp__decoding_and_encoding_again_changes_nothing(void **state)
{
    (void)state;
    dvt_rng rng = dvt_rng_make(3, 0);
    for (int trial = 0; trial < 5000; trial++) {
        int32_t m = (int32_t)test_random_range(&rng, DVT_BFP_MANT_MIN, DVT_BFP_MANT_MAX);
        float   x[16], y[16], z[16];
        block   b, again;
        for (int i = 0; i < 16; i++)
            x[i] = (float)dvt_rng_normal(&rng) * ldexpf(1, (int)test_random_range(&rng, -20, 20));
        b = encode(x, 16, m);
        dvt_bfp_decode(b.mant, b.exp, 16, m, y);
        again = encode(y, 16, m);
        dvt_bfp_decode(again.mant, again.exp, 16, m, z);
        assert_memory_equal(y, z, sizeof y);
        assert_true(again.exp <= b.exp);
        if (b.saturated)
            continue;
        for (int i = 0; i < 16; i++) /* half a unit at most */
            assert_true(fabs((double)x[i] - (double)y[i]) <=
                        ldexp(0.5, b.exp - DVT_BFP_BIAS - (m - 2)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bfp__the_largest_value_sets_the_exponent),
        cmocka_unit_test(test_bfp__a_carry_out_of_the_mantissa_raises_the_exponent),
        cmocka_unit_test(test_bfp__ties_go_to_even),
        cmocka_unit_test(test_bfp__zero_blocks_have_exponent_zero),
        cmocka_unit_test(test_bfp__small_values_fade_at_exponent_zero),
        cmocka_unit_test(test_bfp__too_large_values_saturate_and_are_counted),
        cmocka_unit_test(test_bfp__nan_does_not_choose_the_exponent),
        cmocka_unit_test(test_bfp__fast_equals_naive_on_random_bits),
        cmocka_unit_test(test_bfp__fast_equals_naive_on_any_bits_and_edges),
        cmocka_unit_test(test_bfp__decoding_and_encoding_again_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
