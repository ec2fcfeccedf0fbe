/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernels_pool.c - pooling: literals for each rule of the divisor, fast against reference.
 */
#include "dovetail/kernels.h"
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* One row of `in` elements, pads `lo` and `hi`. */
static dvt_pool_dims row_dims(dvt_pool kind, int64_t in, int64_t kernel, int64_t stride, int64_t lo,
                              int64_t hi, int64_t out)
{
    return (dvt_pool_dims){.kind = kind,
                           .p = 2,
                           .n = 1,
                           .c = 1,
                           .in = {1, 1, in},
                           .out = {1, 1, out},
                           .kernel = {1, 1, kernel},
                           .stride = {1, 1, stride},
                           .dilation = {1, 1, 1},
                           .pad_lo = {0, 0, lo},
                           .pad_hi = {0, 0, hi}};
}

static void expect_row(const dvt_pool_dims *d, const float *x, const float *want)
{
    dvt_ctx *ctx = test_ctx(1);
    float    y[8];
    assert_int_equal(dvt_pool_dims_check(ctx, d), DVT_OK);
    dvt_pool_f32_nchw_ref(d, x, y);
    test_same_f32(y, want, d->out[2]);
    dvt_pool_f32_nchw_fast(ctx, d, x, y);
    test_same_f32(y, want, d->out[2]);
    dvt_ctx_destroy(ctx);
}

static void test_pool__max_ignores_the_pad(void **state)
{
    (void)state;
    const float   x[] = {-5, -2, -7, -1}, want[] = {-5, -2, -1};
    dvt_pool_dims d = row_dims(DVT_POOL_MAX, 4, 2, 2, 1, 1, 3);
    expect_row(&d, x, want);
}

static void test_pool__max_of_nan_is_nan_and_of_nothing_is_minus_infinity(void **state)
{
    (void)state;
    const float   x[] = {1, NAN, 2, 3}, nothing[] = {-INFINITY, 1};
    dvt_pool_dims d = row_dims(DVT_POOL_MAX, 4, 2, 2, 0, 0, 2),
                  outside = row_dims(DVT_POOL_MAX, 1, 1, 1, 1, 0, 2);
    float         y[2];
    dvt_pool_f32_nchw_ref(&d, x, y);
    assert_true(isnan(y[0]) && y[1] == 3);
    expect_row(&outside, x, nothing);
}

/* Windows of 3 with stride 2 over 4 elements and one pad on each side, in ceil mode: they hold
 * [p 1 2] [2 3 4] [4 p -]: the last one hangs over image and pad. */
static void test_pool__average_divisors(void **state)
{
    (void)state;
    const float   x[] = {6, 12, 24, 48};
    const float   valid[] = {9, 28, 48}, kernel[] = {6, 28, 16}, padded[] = {6, 28, 24};
    dvt_pool_dims d = row_dims(DVT_POOL_AVG, 4, 3, 2, 1, 1, 3);
    assert_int_equal(dvt_window_out_ceil(4, 3, 2, 1, 1, 1), 3);
    d.avg_count = DVT_AVG_COUNT_VALID;
    expect_row(&d, x, valid);
    d.avg_count = DVT_AVG_COUNT_KERNEL;
    expect_row(&d, x, kernel);
    d.avg_count = DVT_AVG_COUNT_PADDED;
    expect_row(&d, x, padded);
}

static void test_pool__lp_is_a_norm(void **state)
{
    (void)state;
    const float   x[] = {3, -4, 0, -5}, want[] = {5, 5};
    dvt_pool_dims d = row_dims(DVT_POOL_LP, 4, 2, 2, 0, 0, 2);
    expect_row(&d, x, want);
}

static void test_pool__dilated_windows_skip_elements(void **state)
{
    (void)state;
    const float   x[] = {1, 9, 3, 8, 5}, want[] = {3, 9, 5};
    dvt_pool_dims d = row_dims(DVT_POOL_MAX, 5, 2, 1, 0, 0, 3);
    d.dilation[2] = 2;
    expect_row(&d, x, want);
}

static void test_pool__ceil_mode_drops_windows_behind_the_image(void **state)
{
    (void)state;
    assert_int_equal(dvt_window_out_ceil(112, 3, 2, 1, 0, 0), 56);
    assert_int_equal(dvt_window_out_ceil(5, 2, 2, 1, 0, 0), 3);
    assert_int_equal(dvt_window_out_ceil(4, 1, 3, 1, 0, 3), 2); /* a third starts in the pad */
    assert_int_equal(dvt_window_out_ceil(2, 5, 1, 1, 0, 0), 0);
}

static void test_pool__outputs_that_start_behind_the_image_are_refused(void **state)
{
    (void)state;
    dvt_ctx      *ctx = test_ctx(1);
    dvt_pool_dims d = row_dims(DVT_POOL_MAX, 4, 2, 2, 0, 0, 3);
    assert_int_equal(dvt_pool_dims_check(ctx, &d), DVT_E_SHAPE);
    assert_string_equal(dvt_ctx_error(ctx)->message,
                        "pool along W: input 4, kernel 2, stride 2, pads "
                        "0 and 0 have no output 3");
    dvt_ctx_destroy(ctx);
}

static dvt_pool_dims random_dims(dvt_rng *rng)
{
    dvt_pool_dims d = {.kind = (dvt_pool)dvt_rng_below(rng, DVT_POOL_COUNT),
                       .avg_count = (dvt_avg_count)dvt_rng_below(rng, DVT_AVG_COUNT_COUNT),
                       .p = test_random_range(rng, 1, 3),
                       .n = test_random_range(rng, 1, 2),
                       .c = test_random_range(rng, 1, 5)};
    for (int i = 0; i < DVT_SPATIAL; i++) {
        do {
            d.kernel[i] = test_random_range(rng, 1, 4);
            d.stride[i] = test_random_range(rng, 1, 4);
            d.dilation[i] = test_random_range(rng, 1, 2);
            d.pad_lo[i] = test_random_range(rng, 0, 3);
            d.pad_hi[i] = test_random_range(rng, 0, 3);
            d.in[i] = test_random_range(rng, 1, i == 2 ? 20 : 6);
            d.out[i] = dvt_window_out_ceil(d.in[i], d.kernel[i], d.stride[i], d.dilation[i],
                                           d.pad_lo[i], d.pad_hi[i]);
        } while (d.out[i] == 0);
    }
    return d;
}

static void check_fast(const dvt_pool_dims *d, dvt_rng *rng)
{
    dvt_ctx *ctx = test_ctx(2);
    int64_t  count = d->n * d->c * d->out[0] * d->out[1] * d->out[2];
    float   *x = test_random_f32(ctx, rng, d->n * d->c * d->in[0] * d->in[1] * d->in[2]);
    float   *want = test_random_f32(ctx, rng, count), *got = test_random_f32(ctx, rng, count);
    assert_int_equal(dvt_pool_dims_check(ctx, d), DVT_OK);
    dvt_pool_f32_nchw_ref(d, x, want);
    dvt_pool_f32_nchw_fast(ctx, d, x, got);
    if (d->kind == DVT_POOL_MAX)
        test_same_f32(got, want, count);
    else
        test_near_f32(got, want, count, 1e-6, 0);
    dvt_free(ctx, x);
    dvt_free(ctx, want);
    dvt_free(ctx, got);
    dvt_ctx_destroy(ctx);
}

static void test_pool__fast_equals_reference_on_random_dims(void **state)
{
    (void)state;
    dvt_rng       rng = dvt_rng_make(1, 0);
    dvt_pool_dims wide = row_dims(DVT_POOL_AVG, 700, 3, 1, 1, 1, 700); /* more than one block */
    for (int i = 0; i < 150; i++) {
        dvt_pool_dims d = random_dims(&rng);
        check_fast(&d, &rng);
    }
    check_fast(&wide, &rng);
    wide.kind = DVT_POOL_MAX;
    check_fast(&wide, &rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool__max_ignores_the_pad),
        cmocka_unit_test(test_pool__max_of_nan_is_nan_and_of_nothing_is_minus_infinity),
        cmocka_unit_test(test_pool__average_divisors),
        cmocka_unit_test(test_pool__lp_is_a_norm),
        cmocka_unit_test(test_pool__dilated_windows_skip_elements),
        cmocka_unit_test(test_pool__ceil_mode_drops_windows_behind_the_image),
        cmocka_unit_test(test_pool__outputs_that_start_behind_the_image_are_refused),
        cmocka_unit_test(test_pool__fast_equals_reference_on_random_dims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
