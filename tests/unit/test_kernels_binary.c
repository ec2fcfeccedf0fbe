/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernels_binary.c - element-wise functions of two and of many operands, broadcasting, PReLU.
 */
#include "dovetail/kernels.h"
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static dvt_tensor wrap(dvt_dtype dtype, dvt_shape shape, const void *data)
{
    return dvt_tensor_wrap(dtype, &shape, (void *)(uintptr_t)data);
}

/* Applies fn to n elements of one type and compares the bytes. */
static void expect(dvt_binary fn, bool fmod_sign, dvt_dtype dtype, int64_t n, const void *a,
                   const void *b, const void *want)
{
    uint8_t    y[128];
    dvt_tensor ta = wrap(dtype, DVT_SHAPE(n), a), tb = wrap(dtype, DVT_SHAPE(n), b);
    dvt_tensor ty = wrap(dvt_binary_result(fn, dtype), DVT_SHAPE(n), y);
    assert_true(dvt_binary_supports(fn, dtype) && ty.bytes <= sizeof y);
    dvt_binary_apply(fn, fmod_sign, &ta, &tb, &ty);
    assert_memory_equal(y, want, ty.bytes);
}

static void test_binary__float_functions(void **state)
{
    (void)state;
    const float a[] = {7, -7, 2}, b[] = {2, 2, -3};
    expect(DVT_BINARY_ADD, 0, DVT_DTYPE_F32, 3, a, b, (const float[]){9, -5, -1});
    expect(DVT_BINARY_SUB, 0, DVT_DTYPE_F32, 3, a, b, (const float[]){5, -9, 5});
    expect(DVT_BINARY_MUL, 0, DVT_DTYPE_F32, 3, a, b, (const float[]){14, -14, -6});
    expect(DVT_BINARY_DIV, 0, DVT_DTYPE_F32, 2, a, b, (const float[]){3.5f, -3.5f});
    expect(DVT_BINARY_POW, 0, DVT_DTYPE_F32, 3, a, b, (const float[]){49, 49, 0.125f});
    expect(DVT_BINARY_MAX, 0, DVT_DTYPE_F32, 3, a, b, (const float[]){7, 2, 2});
    expect(DVT_BINARY_MIN, 0, DVT_DTYPE_F32, 3, a, b, (const float[]){2, -7, -3});
    expect(DVT_BINARY_MOD, true, DVT_DTYPE_F32, 3, a, b, (const float[]){1, -1, 2});
    expect(DVT_BINARY_LESS, 0, DVT_DTYPE_F32, 3, a, b, (const uint8_t[]){0, 1, 0});
    expect(DVT_BINARY_GREATER_EQUAL, 0, DVT_DTYPE_F32, 3, a, b, (const uint8_t[]){1, 0, 1});
}

static void test_binary__nan_wins_max_and_min_and_is_equal_to_nothing(void **state)
{
    (void)state;
    const float a[] = {NAN, 1, NAN}, b[] = {1, NAN, NAN};
    float       y[3];
    dvt_tensor ta = wrap(DVT_DTYPE_F32, DVT_SHAPE(3), a), tb = wrap(DVT_DTYPE_F32, DVT_SHAPE(3), b);
    dvt_tensor  ty = wrap(DVT_DTYPE_F32, DVT_SHAPE(3), y);
    dvt_binary_apply(DVT_BINARY_MAX, false, &ta, &tb, &ty);
    assert_true(isnan(y[0]) && isnan(y[1]) && isnan(y[2]));
    dvt_binary_apply(DVT_BINARY_MIN, false, &ta, &tb, &ty);
    assert_true(isnan(y[0]) && isnan(y[1]) && isnan(y[2]));
    expect(DVT_BINARY_EQUAL, 0, DVT_DTYPE_F32, 3, a, b, (const uint8_t[]){0, 0, 0});
    expect(DVT_BINARY_LESS_EQUAL, 0, DVT_DTYPE_F32, 3, a, b, (const uint8_t[]){0, 0, 0});
}

static void test_binary__integers_wrap_truncate_and_survive_zero(void **state)
{
    (void)state;
    const int32_t a[] = {INT32_MAX, -7, 5, INT32_MIN}, b[] = {1, 2, 0, -1};
    const uint8_t u[] = {200, 7}, v[] = {100, 0};
    expect(DVT_BINARY_ADD, 0, DVT_DTYPE_I32, 4, a, b,
           (const int32_t[]){INT32_MIN, -5, 5, INT32_MAX});
    expect(DVT_BINARY_DIV, 0, DVT_DTYPE_I32, 4, a, b,
           (const int32_t[]){INT32_MAX, -3, 0, INT32_MIN});
    expect(DVT_BINARY_MOD, false, DVT_DTYPE_I32, 4, a, b, (const int32_t[]){0, 1, 0, 0});
    expect(DVT_BINARY_MOD, true, DVT_DTYPE_I32, 4, a, b, (const int32_t[]){0, -1, 0, 0});
    expect(DVT_BINARY_ADD, 0, DVT_DTYPE_U8, 2, u, v, (const uint8_t[]){44, 7});
    expect(DVT_BINARY_DIV, 0, DVT_DTYPE_U8, 2, u, v, (const uint8_t[]){2, 0});
    expect(DVT_BINARY_MOD, 0, DVT_DTYPE_U8, 2, u, v, (const uint8_t[]){0, 0});
}

static void test_binary__wide_integers(void **state)
{
    (void)state;
    const int64_t  a[] = {3, -2, 2, -1, INT64_MIN}, b[] = {4, 3, -1, -3, -1};
    const uint64_t u[] = {UINT64_MAX, 5}, v[] = {2, 7};
    expect(DVT_BINARY_POW, 0, DVT_DTYPE_I64, 4, a, b, (const int64_t[]){81, -8, 0, -1});
    expect(DVT_BINARY_DIV, 0, DVT_DTYPE_I64, 5, a, b, (const int64_t[]){0, 0, -2, 0, INT64_MIN});
    expect(DVT_BINARY_DIV, 0, DVT_DTYPE_U64, 2, u, v, (const uint64_t[]){UINT64_MAX / 2, 0});
    expect(DVT_BINARY_GREATER, 0, DVT_DTYPE_U64, 2, u, v, (const uint8_t[]){1, 0});
}

static void test_binary__truth_values(void **state)
{
    (void)state;
    const uint8_t a[] = {0, 0, 1, 2}, b[] = {0, 1, 0, 1};
    expect(DVT_BINARY_AND, 0, DVT_DTYPE_BOOL, 4, a, b, (const uint8_t[]){0, 0, 0, 1});
    expect(DVT_BINARY_OR, 0, DVT_DTYPE_BOOL, 4, a, b, (const uint8_t[]){0, 1, 1, 1});
    expect(DVT_BINARY_XOR, 0, DVT_DTYPE_BOOL, 4, a, b, (const uint8_t[]){0, 1, 1, 0});
    expect(DVT_BINARY_EQUAL, 0, DVT_DTYPE_BOOL, 4, a, b, (const uint8_t[]){1, 0, 0, 1});
    assert_false(dvt_binary_supports(DVT_BINARY_ADD, DVT_DTYPE_BOOL));
    assert_false(dvt_binary_supports(DVT_BINARY_AND, DVT_DTYPE_F32));
    assert_false(dvt_binary_supports(DVT_BINARY_ADD, DVT_DTYPE_F16));
}

/* A random shape that broadcasts to `full`: dimensions dropped in front, others set to 1. */
static dvt_shape narrowed(dvt_rng *rng, const dvt_shape *full)
{
    int32_t   drop = (int32_t)test_random_range(rng, 0, full->rank);
    dvt_shape s = {.rank = full->rank - drop};
    for (int32_t i = 0; i < s.rank; i++)
        s.dim[i] = dvt_rng_below(rng, 2) ? 1 : full->dim[i + drop];
    return s;
}

static float at_broadcast(const dvt_tensor *t, const dvt_shape *full, int64_t index)
{
    int64_t at = 0, step = 1;
    for (int32_t i = full->rank - 1; i >= 0; i--) {
        int32_t own = i - (full->rank - t->shape.rank);
        int64_t coord = index % full->dim[i];
        index /= full->dim[i];
        if (own >= 0) {
            at += t->shape.dim[own] == 1 ? 0 : coord * step;
            step *= t->shape.dim[own];
        }
    }
    return ((const float *)t->data)[at];
}

static void test_binary__broadcasting_on_random_shapes(void **state)
{
    (void)state;
    dvt_ctx *ctx = test_ctx(2);
    dvt_rng  rng = dvt_rng_make(1, 0);
    for (int trial = 0; trial < 200; trial++) {
        dvt_shape  full = {.rank = (int32_t)test_random_range(&rng, 0, 5)}, as, bs, ys;
        dvt_tensor a, b, y, z;
        int64_t    count;
        for (int i = 0; i < full.rank; i++)
            full.dim[i] = test_random_range(&rng, 1, 5);
        as = dvt_rng_below(&rng, 2) ? full : narrowed(&rng, &full);
        bs = narrowed(&rng, &full);
        assert_true(dvt_shape_broadcast(&as, &bs, &ys));
        count = dvt_shape_count(&ys);
        a = dvt_tensor_wrap(DVT_DTYPE_F32, &as, test_random_f32(ctx, &rng, dvt_shape_count(&as)));
        b = dvt_tensor_wrap(DVT_DTYPE_F32, &bs, test_random_f32(ctx, &rng, dvt_shape_count(&bs)));
        y = dvt_tensor_wrap(DVT_DTYPE_F32, &ys, test_random_f32(ctx, &rng, count));
        z = dvt_tensor_wrap(DVT_DTYPE_F32, &ys, test_random_f32(ctx, &rng, count));
        dvt_binary_apply(DVT_BINARY_SUB, false, &a, &b, &y);
        for (int64_t i = 0; i < count; i++)
            assert_true(((float *)y.data)[i] ==
                        at_broadcast(&a, &ys, i) - at_broadcast(&b, &ys, i));
        dvt_binary_f32_fast(ctx, DVT_BINARY_SUB, &a, &b, &z);
        test_same_f32(z.data, y.data, count);
        dvt_prelu_f32(&y, &b, &z);
        for (int64_t i = 0; i < count; i++) {
            float v = ((float *)y.data)[i];
            assert_true(((float *)z.data)[i] == (v > 0 ? v : v * at_broadcast(&b, &ys, i)));
        }
        dvt_free(ctx, a.data);
        dvt_free(ctx, b.data);
        dvt_free(ctx, y.data);
        dvt_free(ctx, z.data);
    }
    dvt_ctx_destroy(ctx);
}

static void test_binary__fast_has_the_same_bits_on_long_rows(void **state)
{
    (void)state;
    enum { N = 100003 };
    dvt_ctx   *ctx = test_ctx(2);
    dvt_rng    rng = dvt_rng_make(2, 0);
    dvt_tensor a = wrap(DVT_DTYPE_F32, DVT_SHAPE(N), test_random_f32(ctx, &rng, N));
    dvt_tensor b = wrap(DVT_DTYPE_F32, DVT_SHAPE(N), test_random_f32(ctx, &rng, N));
    dvt_tensor y = wrap(DVT_DTYPE_F32, DVT_SHAPE(N), test_random_f32(ctx, &rng, N));
    dvt_tensor z = wrap(DVT_DTYPE_F32, DVT_SHAPE(N), test_random_f32(ctx, &rng, N));
    ((float *)a.data)[5] = NAN;
    for (int fn = DVT_BINARY_ADD; fn <= DVT_BINARY_MIN; fn++) {
        if (fn == DVT_BINARY_POW)
            continue; /* by the same row function */
        dvt_binary_apply((dvt_binary)fn, false, &a, &b, &y);
        dvt_binary_f32_fast(ctx, (dvt_binary)fn, &a, &b, &z);
        test_near_f32(z.data, y.data, N, 0, 0);
    }
    dvt_free(ctx, a.data);
    dvt_free(ctx, b.data);
    dvt_free(ctx, y.data);
    dvt_free(ctx, z.data);
    dvt_ctx_destroy(ctx);
}

static void test_binary__works_in_place(void **state)
{
    (void)state;
    float      a[] = {1, 2, 3, 4};
    dvt_tensor t = wrap(DVT_DTYPE_F32, DVT_SHAPE(2, 2), a);
    dvt_tensor b = wrap(DVT_DTYPE_F32, DVT_SHAPE(2), (const float[]){10, 100});
    dvt_binary_apply(DVT_BINARY_ADD, false, &t, &b, &t);
    test_same_f32(a, (const float[]){11, 102, 13, 104}, 4);
}

static void expect_nary(dvt_nary fn, const float *want)
{
    dvt_ctx   *ctx = test_ctx(1);
    float      y[4], z[4];
    dvt_tensor x[] = {wrap(DVT_DTYPE_F32, DVT_SHAPE(2, 1), (const float[]){1, 2}),
                      wrap(DVT_DTYPE_F32, DVT_SHAPE(2), (const float[]){3, 6}),
                      wrap(DVT_DTYPE_F32, DVT_SHAPE(2, 2), (const float[]){2, 2, 4, 1})};
    dvt_tensor ty = wrap(DVT_DTYPE_F32, DVT_SHAPE(2, 2), y),
               tz = wrap(DVT_DTYPE_F32, DVT_SHAPE(2, 2), z);
    dvt_nary_apply(fn, x, 3, &ty);
    test_same_f32(y, want, 4);
    dvt_nary_f32_fast(ctx, fn, x, 3, &tz);
    test_same_f32(z, want, 4);
    dvt_nary_apply(fn, &x[2], 1, &ty);
    test_same_f32(y, x[2].data, 4);
    dvt_ctx_destroy(ctx);
}

static void test_nary__functions_of_three_broadcast_operands(void **state)
{
    (void)state;
    expect_nary(DVT_NARY_SUM, (const float[]){6, 9, 9, 9});
    expect_nary(DVT_NARY_MEAN, (const float[]){2, 3, 3, 3});
    expect_nary(DVT_NARY_MAX, (const float[]){3, 6, 4, 6});
    expect_nary(DVT_NARY_MIN, (const float[]){1, 1, 2, 1});
    expect_nary(DVT_NARY_PROD, (const float[]){6, 12, 24, 12});
    assert_false(dvt_nary_supports(DVT_NARY_MEAN, DVT_DTYPE_I32));
    assert_true(dvt_nary_supports(DVT_NARY_SUM, DVT_DTYPE_I32));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binary__float_functions),
        cmocka_unit_test(test_binary__nan_wins_max_and_min_and_is_equal_to_nothing),
        cmocka_unit_test(test_binary__integers_wrap_truncate_and_survive_zero),
        cmocka_unit_test(test_binary__wide_integers),
        cmocka_unit_test(test_binary__truth_values),
        cmocka_unit_test(test_binary__broadcasting_on_random_shapes),
        cmocka_unit_test(test_binary__fast_has_the_same_bits_on_long_rows),
        cmocka_unit_test(test_binary__works_in_place),
        cmocka_unit_test(test_nary__functions_of_three_broadcast_operands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
