/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernels_norm.c - LRN, batch and instance norm, scale and bias, softmax.
 */
#include "dovetail/kernels.h"
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* ---- LRN ----------------------------------------------------------------------------------- */

/* size 3, alpha 3, k 1, beta 1: x / (1 + sum of squares of the channel and its neighbours). */
static void test_lrn__across_channels_by_hand(void **state)
{
    (void)state;
    const float  x[] = {1, 2, 3, 4}, want[] = {1 / 6.0f, 2 / 15.0f, 0.1f, 4 / 26.0f};
    dvt_lrn_dims d = {.n = 1, .c = 4, .h = 1, .w = 1, .size = 3, .alpha = 3, .beta = 1, .k = 1};
    float        y[4];
    dvt_lrn_f32_nchw_ref(&d, x, y);
    test_near_f32(y, want, 4, 0, 1e-7);
}

/* An even size reaches one further up: channels c .. c + 1 for size 2. */
static void test_lrn__even_sizes_lean_upwards(void **state)
{
    (void)state;
    const float  x[] = {1, 2, 3}, want[] = {1 / 6.0f, 2 / 14.0f, 0.3f};
    dvt_lrn_dims d = {.n = 1, .c = 3, .h = 1, .w = 1, .size = 2, .alpha = 2, .beta = 1, .k = 1};
    float        y[3];
    dvt_lrn_f32_nchw_ref(&d, x, y);
    test_near_f32(y, want, 3, 0, 1e-7);
}

/* The divisor is size^2 also at the border, as in Caffe. */
static void test_lrn__within_channel_by_hand(void **state)
{
    (void)state;
    const float  x[] = {1, 2, 3, 4}, want[] = {1 / 31.0f, 2 / 31.0f, 3 / 31.0f, 4 / 31.0f};
    dvt_lrn_dims d = {.n = 1,
                      .c = 1,
                      .h = 2,
                      .w = 2,
                      .within_channel = true,
                      .size = 3,
                      .alpha = 9,
                      .beta = 1,
                      .k = 1};
    float        y[4];
    dvt_lrn_f32_nchw_ref(&d, x, y);
    test_near_f32(y, want, 4, 0, 1e-7);
}

static void check_lrn(dvt_rng *rng, const dvt_lrn_dims *d)
{
    dvt_ctx *ctx = test_ctx(2);
    int64_t  count = d->n * d->c * d->h * d->w;
    float   *x = test_random_f32(ctx, rng, count), *want = test_random_f32(ctx, rng, count);
    float   *got = test_random_f32(ctx, rng, count);
    dvt_lrn_f32_nchw_ref(d, x, want);
    dvt_lrn_f32_nchw_fast(ctx, d, x, got);
    test_near_f32(got, want, count, 0, 2e-6);
    dvt_free(ctx, x);
    dvt_free(ctx, want);
    dvt_free(ctx, got);
    dvt_ctx_destroy(ctx);
}

static void test_lrn__fast_equals_reference(void **state)
{
    (void)state;
    dvt_rng rng = dvt_rng_make(1, 0);
    for (int i = 0; i < 40; i++) {
        dvt_lrn_dims d = {.n = test_random_range(&rng, 1, 2),
                          .c = test_random_range(&rng, 1, 9),
                          .h = test_random_range(&rng, 1, 13),
                          .w = test_random_range(&rng, 1, 13),
                          .within_channel = dvt_rng_below(&rng, 4) == 0,
                          .size = test_random_range(&rng, 1, 6),
                          .alpha = 0.5f,
                          .beta = dvt_rng_below(&rng, 2) ? 0.75f : 0.6f,
                          .k = 2};
        check_lrn(&rng, &d);
    }
}

/* ---- scale, bias, batch norm, instance norm ------------------------------------------------ */

static void test_norm__batch_norm_by_hand_and_folded(void **state)
{
    (void)state;
    const float   x[] = {1, 3, 10, 20}, scale[] = {2, 1}, bias[] = {0.5f, 0}, mean[] = {1, 10};
    const float   var[] = {3.75f, 99.75f}, want[] = {0.5f, 2.5f, 0, 1};
    dvt_axis_dims d = {1, 2, 2};
    float         y[4], k[2], b[2];
    dvt_batch_norm_f32_ref(&d, x, scale, bias, mean, var, 0.25f, y);
    test_same_f32(y, want, 4);
    dvt_batch_norm_fold(2, scale, bias, mean, var, 0.25f, k, b);
    test_same_f32(k, (const float[]){1, 0.1f}, 2);
    test_same_f32(b, (const float[]){-0.5f, -1}, 2);
}

static void test_norm__scale_and_bias_are_each_optional(void **state)
{
    (void)state;
    const float   x[] = {1, -0.0f, 3, 4}, scale[] = {2, 3}, bias[] = {10, 20};
    const float   both[] = {12, 10, 29, 32}, only_scale[] = {2, -0.0f, 9, 12},
                only_bias[] = {11, 10, 23, 24};
    dvt_axis_dims d = {1, 2, 2};
    dvt_ctx      *ctx = test_ctx(1);
    float         y[4];
    dvt_scale_bias_f32_ref(&d, x, scale, bias, y);
    test_same_f32(y, both, 4);
    dvt_scale_bias_f32_fast(ctx, &d, x, scale, NULL, y);
    test_same_f32(y, only_scale, 4);
    dvt_scale_bias_f32_fast(ctx, &d, x, NULL, bias, y);
    test_same_f32(y, only_bias, 4);
    dvt_ctx_destroy(ctx);
}

static void test_norm__fast_scale_equals_reference(void **state)
{
    (void)state;
    const dvt_axis_dims dims[] = {{2, 5, 33}, {7, 19, 1}, {1, 3, 40000}, {30000, 4, 1}};
    dvt_ctx            *ctx = test_ctx(2);
    dvt_rng             rng = dvt_rng_make(2, 0);
    for (int i = 0; i < 8; i++) {
        const dvt_axis_dims *d = &dims[i / 2];
        int64_t              count = d->outer * d->axis * d->inner;
        float *x = test_random_f32(ctx, &rng, count), *want = test_random_f32(ctx, &rng, count);
        float *k = test_random_f32(ctx, &rng, d->axis), *b = test_random_f32(ctx, &rng, d->axis);
        dvt_scale_bias_f32_ref(d, x, k, i & 1 ? b : NULL, want);
        dvt_scale_bias_f32_fast(ctx, d, x, k, i & 1 ? b : NULL, x);
        test_near_f32(x, want, count, 1.3e-7, 0);
        dvt_free(ctx, x);
        dvt_free(ctx, want);
        dvt_free(ctx, k);
        dvt_free(ctx, b);
    }
    dvt_ctx_destroy(ctx);
}

static void test_norm__instance_norm_by_hand(void **state)
{
    (void)state;
    const float   x[] = {1, 3, 5, 5}, scale[] = {2, 3}, bias[] = {10, 20}, want[] = {8, 12, 20, 20};
    dvt_axis_dims d = {1, 2, 2};
    float         y[4];
    dvt_instance_norm_f32_ref(&d, x, scale, bias, 0, y);
    test_same_f32(y, want, 2);
    dvt_instance_norm_f32_ref(&d, x, scale, bias, 1e-5f, y);
    test_same_f32(y + 2, want + 2, 2);
}

/* ---- softmax ------------------------------------------------------------------------------- */

static void test_softmax__by_hand_along_an_inner_axis(void **state)
{
    (void)state;
    const float   x[] = {0, 1000, 1.0986123f, 1000}, want[] = {0.25f, 0.5f, 0.75f, 0.5f};
    const float   logs[] = {-1.3862944f, -0.69314718f, -0.28768207f, -0.69314718f},
                hard[] = {0, 1, 1, 0};
    dvt_axis_dims d = {1, 2, 2};
    float         y[4];
    dvt_softmax_f32_ref(DVT_SOFTMAX_SOFTMAX, &d, x, y);
    test_near_f32(y, want, 4, 1e-7, 0);
    dvt_softmax_f32_ref(DVT_SOFTMAX_LOG_SOFTMAX, &d, x, y);
    test_near_f32(y, logs, 4, 2e-7, 0);
    dvt_softmax_f32_ref(DVT_SOFTMAX_HARDMAX, &d, x, y);
    test_same_f32(y, hard, 4);
}

static void test_softmax__fast_equals_reference(void **state)
{
    (void)state;
    dvt_ctx *ctx = test_ctx(2);
    dvt_rng  rng = dvt_rng_make(3, 0);
    for (int i = 0; i < 60; i++) {
        dvt_softmax   kind = (dvt_softmax)(i % DVT_SOFTMAX_COUNT);
        dvt_axis_dims d = {test_random_range(&rng, 1, 5), test_random_range(&rng, 1, 1000),
                           test_random_range(&rng, 1, 4)};
        int64_t       count = d.outer * d.axis * d.inner;
        float *x = test_random_f32(ctx, &rng, count), *want = test_random_f32(ctx, &rng, count);
        float        *got = test_random_f32(ctx, &rng, count);
        for (int64_t k = 0; k < count; k++)
            x[k] *= 40;
        dvt_softmax_f32_ref(kind, &d, x, want);
        dvt_softmax_f32_fast(ctx, kind, &d, x, got);
        test_near_f32(got, want, count, kind == DVT_SOFTMAX_LOG_SOFTMAX ? 2e-6 : 1e-6,
                      kind == DVT_SOFTMAX_LOG_SOFTMAX ? 2e-6 : 0);
        dvt_free(ctx, x);
        dvt_free(ctx, want);
        dvt_free(ctx, got);
    }
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lrn__across_channels_by_hand),
        cmocka_unit_test(test_lrn__even_sizes_lean_upwards),
        cmocka_unit_test(test_lrn__within_channel_by_hand),
        cmocka_unit_test(test_lrn__fast_equals_reference),
        cmocka_unit_test(test_norm__batch_norm_by_hand_and_folded),
        cmocka_unit_test(test_norm__scale_and_bias_are_each_optional),
        cmocka_unit_test(test_norm__fast_scale_equals_reference),
        cmocka_unit_test(test_norm__instance_norm_by_hand),
        cmocka_unit_test(test_softmax__by_hand_along_an_inner_axis),
        cmocka_unit_test(test_softmax__fast_equals_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
