/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tensor.c - making, copying, converting and comparing tensors.
 */
#include "dovetail/tensor.h"
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_tensor__init_gives_zeroed_aligned_data(void **state)
{
    (void)state;
    dvt_ctx   *ctx = test_ctx(1);
    dvt_shape  s = DVT_SHAPE(3, 5);
    dvt_tensor t;
    assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_I32, &s, &t), DVT_OK);
    assert_int_equal(t.bytes, 60);
    assert_int_equal((uintptr_t)t.data % DVT_ALIGN, 0);
    for (int i = 0; i < 15; i++)
        assert_int_equal(dvt_tensor_get_i64(&t, i), 0);
    dvt_tensor_deinit(ctx, &t);
    assert_null(t.data);
    dvt_ctx_destroy(ctx);
}

static void test_tensor__init_refuses_bad_shapes_and_types(void **state)
{
    (void)state;
    dvt_ctx   *ctx = test_ctx(1);
    dvt_shape  negative = DVT_SHAPE(-1), huge = DVT_SHAPE(DVT_DIM_MAX, 2), rank = {.rank = 9};
    dvt_shape  fine = DVT_SHAPE(1);
    dvt_tensor t;
    assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_F32, &negative, &t), DVT_E_SHAPE);
    assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_F32, &huge, &t), DVT_E_SHAPE);
    assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_F32, &rank, &t), DVT_E_SHAPE);
    assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_NONE, &fine, &t), DVT_E_USAGE);
    assert_null(t.data);
    dvt_ctx_destroy(ctx);
}

static void test_tensor__empty_tensor_has_no_data(void **state)
{
    (void)state;
    dvt_ctx   *ctx = test_ctx(1);
    dvt_shape  s = DVT_SHAPE(4, 0);
    dvt_tensor t, copy, cast;
    assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_F32, &s, &t), DVT_OK);
    assert_null(t.data);
    assert_int_equal(dvt_tensor_copy(ctx, &t, &copy), DVT_OK);
    assert_int_equal(dvt_tensor_cast(ctx, &t, DVT_DTYPE_I8, &cast), DVT_OK);
    dvt_tensor_deinit(ctx, &t);
    dvt_tensor_deinit(ctx, &copy);
    dvt_tensor_deinit(ctx, &cast);
    dvt_ctx_destroy(ctx);
}

static void expect_cast(dvt_dtype from, void *x, dvt_dtype to, const void *want, int64_t n)
{
    dvt_ctx   *ctx = test_ctx(1);
    dvt_shape  s = DVT_SHAPE(n);
    dvt_tensor t = dvt_tensor_wrap(from, &s, x), y;
    assert_int_equal(dvt_tensor_cast(ctx, &t, to, &y), DVT_OK);
    assert_memory_equal(y.data, want, y.bytes);
    dvt_tensor_deinit(ctx, &y);
    dvt_ctx_destroy(ctx);
}

static void test_tensor__floats_truncate_and_saturate_into_integers(void **state)
{
    (void)state;
    float         x[] = {1.9f, -1.9f, 300, -300, NAN, INFINITY, -0.0f};
    const int8_t  i8[] = {1, -1, 127, -128, 0, 127, 0};
    const uint8_t u8[] = {1, 0, 255, 0, 0, 255, 0};
    const int64_t i64[] = {1, -1, 300, -300, 0, INT64_MAX, 0};
    const uint8_t truth[] = {1, 1, 1, 1, 1, 1, 0};
    expect_cast(DVT_DTYPE_F32, x, DVT_DTYPE_I8, i8, 7);
    expect_cast(DVT_DTYPE_F32, x, DVT_DTYPE_U8, u8, 7);
    expect_cast(DVT_DTYPE_F32, x, DVT_DTYPE_I64, i64, 7);
    expect_cast(DVT_DTYPE_F32, x, DVT_DTYPE_BOOL, truth, 7);
}

static void test_tensor__integers_saturate_into_narrower_ones(void **state)
{
    (void)state;
    int64_t        x[] = {-1, 127, 128, 70000, INT64_MIN};
    const int8_t   i8[] = {-1, 127, 127, 127, -128};
    const uint16_t u16[] = {0, 127, 128, 65535, 0};
    const uint64_t u64[] = {0, 127, 128, 70000, 0};
    expect_cast(DVT_DTYPE_I64, x, DVT_DTYPE_I8, i8, 5);
    expect_cast(DVT_DTYPE_I64, x, DVT_DTYPE_U16, u16, 5);
    expect_cast(DVT_DTYPE_I64, x, DVT_DTYPE_U64, u64, 5);
}

/* Through double, 2^62 + 2^38 + 1 would lose its 1, become a tie and go to even, 2^62. */
static void test_tensor__wide_values_are_rounded_once(void **state)
{
    (void)state;
    int64_t        wide[] = {(INT64_C(1) << 62) + (INT64_C(1) << 38) + 1};
    const float    f32[] = {0x1.000002p62f};
    double         near_tie[] = {1.0 + 0x1p-11 + 0x1p-40};
    const uint16_t f16[] = {0x3c01};
    uint64_t       top[] = {UINT64_MAX};
    const double   f64[] = {0x1p64};
    expect_cast(DVT_DTYPE_I64, wide, DVT_DTYPE_F32, f32, 1);
    expect_cast(DVT_DTYPE_F64, near_tie, DVT_DTYPE_F16, f16, 1);
    expect_cast(DVT_DTYPE_U64, top, DVT_DTYPE_F64, f64, 1);
}

static void test_tensor__every_type_survives_a_cast_to_f64_and_back(void **state)
{
    (void)state;
    for (int d = DVT_DTYPE_NONE + 1; d < DVT_DTYPE_COUNT; d++) {
        dvt_ctx   *ctx = test_ctx(1);
        dvt_shape  s = DVT_SHAPE(3);
        double     values[] = {0, 1, 1};
        dvt_tensor x = dvt_tensor_wrap(DVT_DTYPE_F64, &s, values), y, z;
        assert_int_equal(dvt_tensor_cast(ctx, &x, (dvt_dtype)d, &y), DVT_OK);
        assert_int_equal(dvt_tensor_cast(ctx, &y, DVT_DTYPE_F64, &z), DVT_OK);
        assert_memory_equal(z.data, values, sizeof values);
        dvt_tensor_deinit(ctx, &y);
        dvt_tensor_deinit(ctx, &z);
        dvt_ctx_destroy(ctx);
    }
}

static dvt_diff diff_of(float *got, float *want, int64_t n, double atol, double rtol)
{
    dvt_ctx   *ctx = test_ctx(1);
    dvt_shape  s = DVT_SHAPE(n);
    dvt_tensor g = dvt_tensor_wrap(DVT_DTYPE_F32, &s, got),
               w = dvt_tensor_wrap(DVT_DTYPE_F32, &s, want);
    dvt_diff   d;
    assert_int_equal(dvt_tensor_diff(ctx, &g, &w, atol, rtol, &d), DVT_OK);
    dvt_ctx_destroy(ctx);
    return d;
}

static void test_tensor__diff_counts_and_finds_the_worst(void **state)
{
    (void)state;
    float    want[] = {3, 4, 0, 0}, got[] = {3, 4.5f, 0.25f, 0};
    dvt_diff d = diff_of(got, want, 4, 0.25, 0.0625);
    assert_int_equal(d.count, 4);
    assert_int_equal(d.mismatches, 0);
    assert_int_equal(d.worst, 1);
    assert_true(d.max_abs == 0.5);
    assert_true(d.max_rel == 0.125); /* 0.5 / 4; the other is 0.25 / rms 2.5 */
    assert_true(d.nmse == (0.25 + 0.0625) / 25);
    assert_int_equal(diff_of(got, want, 4, 0.1, 0).mismatches, 2);
}

static void test_tensor__diff_takes_nan_for_nan_only(void **state)
{
    (void)state;
    float same[] = {NAN, INFINITY, 1}, nan_here[] = {NAN, INFINITY, NAN},
          other[] = {NAN, -INFINITY, 1};
    assert_int_equal(diff_of(same, same, 3, 0, 0).mismatches, 0);
    assert_int_equal(diff_of(nan_here, same, 3, 1e9, 1e9).mismatches, 1);
    assert_int_equal(diff_of(other, same, 3, 1e9, 1e9).mismatches, 1);
    assert_true(isinf(diff_of(nan_here, same, 3, 0, 0).max_abs));
}

static void test_tensor__diff_sees_the_last_bit_of_wide_integers(void **state)
{
    (void)state;
    dvt_ctx   *ctx = test_ctx(1);
    dvt_shape  s = DVT_SHAPE(1), other = DVT_SHAPE(1, 1);
    int64_t    a = (INT64_C(1) << 60), b = a + 1;
    dvt_tensor x = dvt_tensor_wrap(DVT_DTYPE_I64, &s, &a),
               y = dvt_tensor_wrap(DVT_DTYPE_I64, &s, &b);
    dvt_tensor z = dvt_tensor_wrap(DVT_DTYPE_I64, &other, &b);
    dvt_diff   d;
    assert_int_equal(dvt_tensor_diff(ctx, &x, &y, 0, 0, &d), DVT_OK);
    assert_int_equal(d.mismatches, 1);
    assert_int_equal(dvt_tensor_diff(ctx, &x, &z, 0, 0, &d), DVT_E_SHAPE);
    assert_string_equal(dvt_ctx_error(ctx)->message, "cannot compare shape [1] with [1,1]");
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor__init_gives_zeroed_aligned_data),
        cmocka_unit_test(test_tensor__init_refuses_bad_shapes_and_types),
        cmocka_unit_test(test_tensor__empty_tensor_has_no_data),
        cmocka_unit_test(test_tensor__floats_truncate_and_saturate_into_integers),
        cmocka_unit_test(test_tensor__integers_saturate_into_narrower_ones),
        cmocka_unit_test(test_tensor__wide_values_are_rounded_once),
        cmocka_unit_test(test_tensor__every_type_survives_a_cast_to_f64_and_back),
        cmocka_unit_test(test_tensor__diff_counts_and_finds_the_worst),
        cmocka_unit_test(test_tensor__diff_takes_nan_for_nan_only),
        cmocka_unit_test(test_tensor__diff_sees_the_last_bit_of_wide_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
