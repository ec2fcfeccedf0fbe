/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_channels_last.c - kernels on channels-last images give the bits of the plain ones.
 */
#include "dovetail/kernels.h"
#include "support/arrays.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 60 };

static int64_t product(const int64_t size[DVT_SPATIAL])
{
    return size[0] * size[1] * size[2];
}

/* (n, c, places) as (n, places, c), or the way back. */
static float *swapped(dvt_ctx *ctx, const float *x, int64_t n, int64_t c, int64_t places)
{
    float *y = dvt_calloc(ctx, (size_t)(n * c * places), sizeof *y);

    assert_non_null(y);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < c; k++)
            for (int64_t p = 0; p < places; p++)
                y[(i * places + p) * c + k] = x[(i * c + k) * places + p];
    return y;
}

/* ---- pooling ------------------------------------------------------------------------------- */

static dvt_pool_dims random_pool(dvt_rng *rng)
{
    dvt_pool_dims d = {.kind = dvt_rng_below(rng, 2) ? DVT_POOL_MAX : DVT_POOL_AVG,
                       .avg_count = (dvt_avg_count)dvt_rng_below(rng, DVT_AVG_COUNT_COUNT),
                       .n = test_random_range(rng, 1, 2),
                       .c = test_random_range(rng, 1, 300)};
    for (int i = 0; i < DVT_SPATIAL; i++) {
        d.kernel[i] = test_random_range(rng, 1, i ? 3 : 2);
        d.stride[i] = test_random_range(rng, 1, 2);
        d.dilation[i] = test_random_range(rng, 1, 2);
        d.pad_lo[i] = test_random_range(rng, 0, 2);
        d.pad_hi[i] = test_random_range(rng, 0, 2);
        d.in[i] = test_random_range(rng, (d.kernel[i] - 1) * d.dilation[i] + 1, i ? 9 : 5);
        d.out[i] = dvt_window_out_ceil(d.in[i], d.kernel[i], d.stride[i], d.dilation[i],
                                       d.pad_lo[i], d.pad_hi[i]);
    }
    return d;
}

static void test_channels_last__pooling_gives_the_same_bits(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        dvt_ctx      *ctx = test_ctx(1 + seed % 2);
        dvt_rng       rng = dvt_rng_make(seed, 0);
        dvt_pool_dims d = random_pool(&rng);
        int64_t       in = product(d.in), out = product(d.out);
        assert_int_equal(dvt_pool_dims_check(ctx, &d), DVT_OK);
        float *x = test_random_f32(ctx, &rng, d.n * d.c * in);
        float *last = swapped(ctx, x, d.n, d.c, in);
        float *y = dvt_calloc(ctx, (size_t)(d.n * d.c * out), sizeof *y);
        dvt_pool_f32_nchw_fast(ctx, &d, x, y);
        float *want = swapped(ctx, y, d.n, d.c, out);
        dvt_pool_f32_nhwc_fast(ctx, &d, last, y);
        test_same_f32(y, want, d.n * d.c * out);
        float *all[] = {x, last, y, want};
        for (int i = 0; i < 4; i++) dvt_free(ctx, all[i]);
        dvt_ctx_destroy(ctx);
    }
}

/* ---- normalisation ------------------------------------------------------------------------- */

static void test_channels_last__lrn_gives_the_same_bits(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        dvt_ctx     *ctx = test_ctx(1 + seed % 2);
        dvt_rng      rng = dvt_rng_make(seed, 1);
        dvt_lrn_dims d = {.n = test_random_range(&rng, 1, 2),
                          .c = test_random_range(&rng, 1, 300),
                          .h = test_random_range(&rng, 1, 5),
                          .w = test_random_range(&rng, 1, 5),
                          .size = test_random_range(&rng, 1, 9),
                          .alpha = 0.5f,
                          .beta = seed % 3 ? 0.75f : 0.6f,
                          .k = 2};
        int64_t places = d.h * d.w, count = d.n * d.c * places;
        float  *x = test_random_f32(ctx, &rng, count), *last = swapped(ctx, x, d.n, d.c, places);
        float  *y = dvt_calloc(ctx, (size_t)count, sizeof *y);
        dvt_lrn_f32_nchw_fast(ctx, &d, x, y);
        float *want = swapped(ctx, y, d.n, d.c, places);
        dvt_lrn_f32_nhwc_fast(ctx, &d, last, y);
        test_same_f32(y, want, count);
        float *all[] = {x, last, y, want};
        for (int i = 0; i < 4; i++) dvt_free(ctx, all[i]);
        dvt_ctx_destroy(ctx);
    }
}

/* ---- convolution --------------------------------------------------------------------------- */

static void run_plan(dvt_ctx *ctx, const dvt_conv_dims *d, const dvt_conv_plan_opts *opts,
                     const float *x, const float *w, float *y)
{
    dvt_conv_plan *plan;
    assert_int_equal(dvt_conv_plan_create(ctx, d, w, NULL, opts, &plan), DVT_OK);
    void *scratch = dvt_alloc(ctx, dvt_conv_plan_scratch_bytes(plan) + 1);
    assert_int_equal(dvt_conv_plan_run(plan, x, y, scratch), DVT_OK);
    dvt_free(ctx, scratch);
    dvt_conv_plan_destroy(plan);
}

static dvt_conv_dims random_conv(dvt_rng *rng, bool volume)
{
    int64_t       groups = test_random_range(rng, 1, 2), kernel = test_random_range(rng, 1, 3);
    dvt_conv_dims d = {.n = test_random_range(rng, 1, 2),
                       .in_c = groups * test_random_range(rng, 1, 20),
                       .out_c = groups * test_random_range(rng, 1, 20),
                       .groups = groups};
    for (int i = 0; i < DVT_SPATIAL; i++) {
        bool used = i || volume;
        d.kernel[i] = used ? kernel : 1;
        d.stride[i] = d.dilation[i] = 1;
        d.in[i] = used ? test_random_range(rng, kernel, 9) : 1;
        d.out[i] = d.in[i] - d.kernel[i] + 1;
    }
    return d;
}

static void test_channels_last__convolution_gives_the_same_bits(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        dvt_ctx           *ctx = test_ctx(1);
        dvt_rng            rng = dvt_rng_make(seed, 2);
        dvt_conv_dims      d = random_conv(&rng, seed % 4 == 0);
        dvt_conv_plan_opts plain = {.act.kind = DVT_ACT_RELU}, opts = plain;
        int64_t            in = product(d.in), out = product(d.out), y_count = d.n * d.out_c * out;
        opts.x_last = seed & 1;
        opts.y_last = seed & 2;
        float *x = test_random_f32(ctx, &rng, d.n * d.in_c * in);
        float *w = test_random_f32(ctx, &rng, d.out_c * d.in_c / d.groups * product(d.kernel));
        float *last = swapped(ctx, x, d.n, d.in_c, in);
        float *y = dvt_calloc(ctx, (size_t)y_count, sizeof *y);
        run_plan(ctx, &d, &plain, x, w, y);
        float *y_last = swapped(ctx, y, d.n, d.out_c, out);
        float *got = dvt_calloc(ctx, (size_t)y_count, sizeof *got);
        run_plan(ctx, &d, &opts, opts.x_last ? last : x, w, got);
        test_same_f32(got, opts.y_last ? y_last : y, y_count);
        float *all[] = {x, w, last, y, y_last, got};
        for (int i = 0; i < 6; i++) dvt_free(ctx, all[i]);
        dvt_ctx_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_channels_last__pooling_gives_the_same_bits),
        cmocka_unit_test(test_channels_last__lrn_gives_the_same_bits),
        cmocka_unit_test(test_channels_last__convolution_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
