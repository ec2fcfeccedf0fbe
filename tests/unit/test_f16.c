/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_f16.c - binary16, exhaustively: all values, all midpoints between neighbours, and what lies
 * one float32 step to either side of them.
 */
#include "dovetail/tensor.h"
#include "tensor/format_int.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The definition: (-1)^s 1.f 2^(e-15), (-1)^s 0.f 2^-14. */
static double value_of(uint16_t h)
{
    int    e = h >> 10 & 31, f = h & 1023;
    double v = e == 0 ? ldexp(f, -24) : ldexp(1024 + f, e - 25);
    return h & 0x8000 ? -v : v;
}

static void test_f16__literals(void **state)
{
    (void)state;
    assert_int_equal(dvt_f16_from_f32(1.0f), 0x3c00);
    assert_int_equal(dvt_f16_from_f32(-2.0f), 0xc000);
    assert_int_equal(dvt_f16_from_f32(65504.0f), 0x7bff);
    assert_int_equal(dvt_f16_from_f32(65519.996f), 0x7bff);
    assert_int_equal(dvt_f16_from_f32(65520.0f), 0x7c00);
    assert_int_equal(dvt_f16_from_f32(0x1p-24f), 0x0001);
    assert_int_equal(dvt_f16_from_f32(0x1p-25f), 0x0000);
    assert_int_equal(dvt_f16_from_f32(0x1.000002p-25f), 0x0001);
    assert_int_equal(dvt_f16_from_f32(-0.0f), 0x8000);
    assert_int_equal(dvt_f16_from_f32(-INFINITY), 0xfc00);
    assert_int_equal(dvt_f16_from_f32(0.333333333f), 0x3555);
}

static void test_f16__all_finite_values_widen_exactly_and_come_back(void **state)
{
    (void)state;
    for (int h = 0; h < 65536; h++) {
        if ((h & 0x7c00) == 0x7c00)
            continue;
        float x = dvt_f16_to_f32((uint16_t)h);
        assert_true((double)x == value_of((uint16_t)h));
        assert_int_equal(signbit(x) != 0, h >> 15);
        assert_int_equal(dvt_f16_from_f32(x), h);
    }
}

static void test_f16__infinities_and_nans_keep_their_kind_and_sign(void **state)
{
    (void)state;
    for (int f = 0; f < 1024; f++) {
        for (int sign = 0; sign <= 0x8000; sign += 0x8000) {
            float x = dvt_f16_to_f32((uint16_t)(sign | 0x7c00 | f));
            assert_int_equal(isnan(x) != 0, f != 0);
            assert_int_equal(signbit(x) != 0, sign != 0);
            assert_int_equal(dvt_f16_from_f32(x), sign | 0x7c00 | (f ? f | 0x200 : 0));
        }
    }
}

static void test_f16__midpoints_go_to_even_and_their_neighbours_to_the_nearer(void **state)
{
    (void)state;
    for (int h = 0; h < 0x7bff; h++) {
        float mid = (float)((value_of((uint16_t)h) + value_of((uint16_t)(h + 1))) / 2);
        int   even = h & 1 ? h + 1 : h;
        assert_int_equal(dvt_f16_from_f32(mid), even);
        assert_int_equal(dvt_f16_from_f32(-mid), even | 0x8000);
        assert_int_equal(dvt_f16_from_f32(nextafterf(mid, 0)), h);
        assert_int_equal(dvt_f16_from_f32(nextafterf(mid, INFINITY)), h + 1);
    }
}

static void test_f16__double_is_rounded_once(void **state)
{
    (void)state;
    assert_int_equal(dvti_f16_from_f64(1.0 + 0x1p-11 + 0x1p-40), 0x3c01); /* float32 would tie */
    assert_int_equal(dvti_f16_from_f64(1.0 + 0x1p-11), 0x3c00);
    assert_int_equal(dvti_f16_from_f64(1e300), 0x7c00);
    assert_int_equal(dvti_f16_from_f64(-1e-300), 0x8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f16__literals),
        cmocka_unit_test(test_f16__all_finite_values_widen_exactly_and_come_back),
        cmocka_unit_test(test_f16__infinities_and_nans_keep_their_kind_and_sign),
        cmocka_unit_test(test_f16__midpoints_go_to_even_and_their_neighbours_to_the_nearer),
        cmocka_unit_test(test_f16__double_is_rounded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
