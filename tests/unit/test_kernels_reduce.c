/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernels_reduce.c - reductions and cumulative sums: literals, fast against reference.
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

static const float table[] = {1, -2, 3, 4, 5, -6}; /* (2, 3) */

static void expect_axis(dvt_reduce fn, int axis, const float *want)
{
    dvt_ctx          *ctx = test_ctx(1);
    dvt_reduce_params p = {.fn = fn};
    float             y[3], z[3];
    int64_t           n = axis == 0 ? 3 : 2;
    dvt_tensor        x = wrap(DVT_DTYPE_F32, DVT_SHAPE(2, 3), table);
    dvt_tensor ty = wrap(DVT_DTYPE_F32, DVT_SHAPE(n), y), tz = wrap(DVT_DTYPE_F32, DVT_SHAPE(n), z);
    p.axis[axis] = true;
    dvt_reduce_ref(&p, &x, &ty);
    test_near_f32(y, want, n, 0, 1e-7);
    dvt_reduce_f32_fast(ctx, &p, &x, &tz);
    test_same_f32(z, y, n);
    dvt_ctx_destroy(ctx);
}

static void test_reduce__every_function_by_hand(void **state)
{
    (void)state;
    expect_axis(DVT_REDUCE_SUM, 0, (const float[]){5, 3, -3});
    expect_axis(DVT_REDUCE_SUM, 1, (const float[]){2, 3});
    expect_axis(DVT_REDUCE_MEAN, 1, (const float[]){2 / 3.0f, 1});
    expect_axis(DVT_REDUCE_MAX, 0, (const float[]){4, 5, 3});
    expect_axis(DVT_REDUCE_MIN, 1, (const float[]){-2, -6});
    expect_axis(DVT_REDUCE_PROD, 1, (const float[]){-6, -120});
    expect_axis(DVT_REDUCE_L1, 1, (const float[]){6, 15});
    expect_axis(DVT_REDUCE_L2, 1, (const float[]){3.74165739f, 8.77496439f});
    expect_axis(DVT_REDUCE_SUM_SQUARE, 1, (const float[]){14, 77});
    expect_axis(DVT_REDUCE_LOG_SUM, 1, (const float[]){0.693147181f, 1.09861229f});
    /* 3 + log(1 + e^-2 + e^-5), 5 + log(1 + e^-1 + e^-11) */
    expect_axis(DVT_REDUCE_LOG_SUM_EXP, 1, (const float[]){3.13284523f, 5.31327390f});
}

static void test_reduce__log_sum_exp_does_not_overflow(void **state)
{
    (void)state;
    dvt_reduce_params p = {.fn = DVT_REDUCE_LOG_SUM_EXP, .axis = {true}};
    float             y = 0;
    dvt_tensor        x = wrap(DVT_DTYPE_F32, DVT_SHAPE(2), (const float[]){1000, 1000});
    dvt_tensor        ty = wrap(DVT_DTYPE_F32, (dvt_shape){.rank = 0}, &y);
    dvt_reduce_ref(&p, &x, &ty);
    assert_true(fabs((double)y - 1000.693147) < 1e-4);
}

static void test_reduce__arg_takes_first_or_last_and_never_nan(void **state)
{
    (void)state;
    const float       values[] = {NAN, 2, 5, 5, 1, 1, NAN};
    dvt_tensor        x = wrap(DVT_DTYPE_F32, DVT_SHAPE(7), values);
    int64_t           y = -1;
    dvt_tensor        ty = wrap(DVT_DTYPE_I64, DVT_SHAPE(1), &y);
    dvt_reduce_params p = {.fn = DVT_REDUCE_ARGMAX, .axis = {true}};
    dvt_reduce_ref(&p, &x, &ty);
    assert_int_equal(y, 2);
    p.select_last = true;
    dvt_reduce_ref(&p, &x, &ty);
    assert_int_equal(y, 3);
    p.fn = DVT_REDUCE_ARGMIN;
    dvt_reduce_ref(&p, &x, &ty);
    assert_int_equal(y, 5);
    p.select_last = false;
    dvt_reduce_ref(&p, &x, &ty);
    assert_int_equal(y, 4);
}

static void test_reduce__arg_sees_the_last_bit_of_wide_integers(void **state)
{
    (void)state;
    const int64_t     values[] = {INT64_MAX - 1, INT64_MAX, INT64_MAX - 2};
    dvt_tensor        x = wrap(DVT_DTYPE_I64, DVT_SHAPE(3), values);
    int64_t           y = -1;
    dvt_tensor        ty = wrap(DVT_DTYPE_I64, DVT_SHAPE(1), &y);
    dvt_reduce_params p = {.fn = DVT_REDUCE_ARGMAX, .axis = {true}, .select_last = true};
    dvt_reduce_ref(&p, &x, &ty);
    assert_int_equal(y, 1);
}

static void test_reduce__integers_are_exact(void **state)
{
    (void)state;
    const int64_t     values[] = {INT64_C(1) << 60, 1, -3};
    int64_t           y = 0;
    dvt_tensor        x = wrap(DVT_DTYPE_I64, DVT_SHAPE(3), values),
               ty = wrap(DVT_DTYPE_I64, DVT_SHAPE(1), &y);
    dvt_reduce_params p = {.fn = DVT_REDUCE_SUM, .axis = {true}};
    dvt_reduce_ref(&p, &x, &ty);
    assert_true(y == (INT64_C(1) << 60) - 2);
    p.fn = DVT_REDUCE_MAX;
    dvt_reduce_ref(&p, &x, &ty);
    assert_true(y == INT64_C(1) << 60);
    p.fn = DVT_REDUCE_L1;
    dvt_reduce_ref(&p, &x, &ty);
    assert_true(y == (INT64_C(1) << 60) + 4);
    assert_false(dvt_reduce_supports(DVT_REDUCE_SUM, DVT_DTYPE_BOOL));
}

static void test_reduce__over_nothing(void **state)
{
    (void)state;
    dvt_ctx          *ctx = test_ctx(1);
    float             y[2], z[2];
    dvt_tensor        x = wrap(DVT_DTYPE_F32, DVT_SHAPE(2, 0), NULL);
    dvt_tensor ty = wrap(DVT_DTYPE_F32, DVT_SHAPE(2), y), tz = wrap(DVT_DTYPE_F32, DVT_SHAPE(2), z);
    const dvt_reduce  fns[] = {DVT_REDUCE_SUM, DVT_REDUCE_PROD, DVT_REDUCE_MAX, DVT_REDUCE_MIN};
    const float       want[] = {0, 1, -INFINITY, INFINITY};
    dvt_reduce_params p = {.axis = {false, true}};
    for (int i = 0; i < 4; i++) {
        p.fn = fns[i];
        dvt_reduce_ref(&p, &x, &ty);
        dvt_reduce_f32_fast(ctx, &p, &x, &tz);
        assert_true(y[0] == want[i] && y[1] == want[i] && z[0] == want[i] && z[1] == want[i]);
    }
    dvt_ctx_destroy(ctx);
}

static void check_fast(dvt_rng *rng, const dvt_reduce_params *p, const dvt_shape *shape,
                       double scale)
{
    dvt_ctx   *ctx = test_ctx(2);
    dvt_shape  ys = *shape;
    dvt_tensor x =
        dvt_tensor_wrap(DVT_DTYPE_F32, shape, test_random_f32(ctx, rng, dvt_shape_count(shape)));
    dvt_tensor y, z;
    for (int i = 0; i < shape->rank; i++)
        ys.dim[i] = p->axis[i] ? 1 : shape->dim[i];
    assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_F32, &ys, &y), DVT_OK);
    assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_F32, &ys, &z), DVT_OK);
    dvt_reduce_ref(p, &x, &y);
    dvt_reduce_f32_fast(ctx, p, &x, &z);
    test_near_f32(z.data, y.data, dvt_shape_count(&ys), scale, 1.2e-7);
    dvt_free(ctx, x.data);
    dvt_tensor_deinit(ctx, &y);
    dvt_tensor_deinit(ctx, &z);
    dvt_ctx_destroy(ctx);
}

static void test_reduce__fast_equals_reference_on_random_shapes(void **state)
{
    (void)state;
    dvt_rng rng = dvt_rng_make(1, 0);
    for (int trial = 0; trial < 200; trial++) {
        dvt_shape         s = {.rank = (int32_t)test_random_range(&rng, 1, 5)};
        dvt_reduce_params p = {.fn = (dvt_reduce)dvt_rng_below(&rng, DVT_REDUCE_ARGMAX)};
        for (int i = 0; i < s.rank; i++) {
            s.dim[i] = test_random_range(&rng, 1, i == s.rank - 1 ? 90 : 6);
            p.axis[i] = dvt_rng_below(&rng, 2);
        }
        if (p.fn == DVT_REDUCE_LOG_SUM) /* of sums around 0 the logarithm has no stable digits */
            p.fn = DVT_REDUCE_L1;
        check_fast(&rng, &p, &s, 1e-12);
    }
}

static void test_cumsum__all_four_forms(void **state)
{
    (void)state;
    const float   x[] = {1, 10, 2, 20, 3, 30};
    const int32_t i[] = {1, 10, 2, 20, 3, 30}, want[] = {0, 0, 1, 10, 3, 30};
    dvt_axis_dims d = {1, 3, 2};
    float         y[6];
    int32_t       z[6];
    dvt_cumsum_ref(&d, DVT_DTYPE_F32, false, false, x, y);
    test_same_f32(y, (const float[]){1, 10, 3, 30, 6, 60}, 6);
    dvt_cumsum_ref(&d, DVT_DTYPE_F32, false, true, x, y);
    test_same_f32(y, (const float[]){6, 60, 5, 50, 3, 30}, 6);
    dvt_cumsum_ref(&d, DVT_DTYPE_F32, true, true, x, y);
    test_same_f32(y, (const float[]){5, 50, 3, 30, 0, 0}, 6);
    dvt_cumsum_ref(&d, DVT_DTYPE_I32, true, false, i, z);
    assert_memory_equal(z, want, sizeof z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduce__every_function_by_hand),
        cmocka_unit_test(test_reduce__log_sum_exp_does_not_overflow),
        cmocka_unit_test(test_reduce__arg_takes_first_or_last_and_never_nan),
        cmocka_unit_test(test_reduce__arg_sees_the_last_bit_of_wide_integers),
        cmocka_unit_test(test_reduce__integers_are_exact),
        cmocka_unit_test(test_reduce__over_nothing),
        cmocka_unit_test(test_reduce__fast_equals_reference_on_random_shapes),
        cmocka_unit_test(test_cumsum__all_four_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
