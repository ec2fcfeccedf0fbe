/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernels_conv.c - convolution and its transposed form: literals by hand for the reference,
 * the fast plans against the reference on random dimensions, and the bits on one and two threads.
 */
#include "dovetail/kernels.h"
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const dvt_act none = {.kind = DVT_ACT_NONE};

/* ---- the reference, by hand ---------------------------------------------------------------- */

static dvt_conv_dims image_dims(int64_t in_c, int64_t out_c, int64_t size, int64_t kernel)
{
    return (dvt_conv_dims){.n = 1,
                           .groups = 1,
                           .in_c = in_c,
                           .out_c = out_c,
                           .in = {1, size, size},
                           .out = {1, size - kernel + 1, size - kernel + 1},
                           .kernel = {1, kernel, kernel},
                           .stride = {1, 1, 1},
                           .dilation = {1, 1, 1}};
}

static void test_conv__a_window_sums_products_and_bias(void **state)
{
    (void)state;
    const float   x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, w[] = {1, 10, 100, 1000}, bias[] = {0.5f};
    const float   want[] = {5421.5f, 6532.5f, 8754.5f, 9865.5f};
    dvt_conv_dims d = image_dims(1, 1, 3, 2);
    float         y[4];
    dvt_conv_f32_nchw_ref(&d, x, w, bias, &none, y);
    test_same_f32(y, want, 4);
}

/* in 3, stride 2, pads 1 below and 0 above, dilation 2: taps at -1, 1 only. */
static void test_conv__stride_dilation_and_uneven_pads(void **state)
{
    (void)state;
    const float   x[] = {1, 2, 3}, w[] = {10, 1};
    const float   want[] = {2};
    dvt_conv_dims d = image_dims(1, 1, 1, 1);
    float         y[1];
    d.in[2] = 3;
    d.kernel[2] = 2;
    d.dilation[2] = 2;
    d.stride[2] = 2;
    d.pad_lo[2] = 1;
    dvt_conv_f32_nchw_ref(&d, x, w, NULL, &none, y);
    test_same_f32(y, want, 1);
}

static void test_conv__groups_see_their_own_channels_only(void **state)
{
    (void)state;
    const float   x[] = {1, 2, 3, 4}, w[] = {1, 10, 100, 1000}, want[] = {21, 4300};
    dvt_conv_dims d = image_dims(4, 2, 1, 1);
    float         y[2];
    d.groups = 2;
    dvt_conv_f32_nchw_ref(&d, x, w, NULL, &none, y);
    test_same_f32(y, want, 2);
}

static void test_conv__activation_comes_last(void **state)
{
    (void)state;
    const float x[] = {-3, 1, 5}, w[] = {2}, bias[] = {1}, relu[] = {0, 3, 11}, clip[] = {-2, 3, 6};
    dvt_conv_dims d = image_dims(1, 1, 1, 1);
    float         y[3];
    d.in[2] = d.out[2] = 3;
    dvt_conv_f32_nchw_ref(&d, x, w, bias, &(dvt_act){.kind = DVT_ACT_RELU}, y);
    test_same_f32(y, relu, 3);
    dvt_conv_f32_nchw_ref(&d, x, w, bias, &(dvt_act){DVT_ACT_CLIP, -2, 6}, y);
    test_same_f32(y, clip, 3);
}

/* Spread out with stride 2: [1 10 100] at 0, 2, 4 with overlaps, cropped by 1 below. */
static void test_conv__transposed_spreads_the_kernel(void **state)
{
    (void)state;
    const float   x[] = {1, 2, 3}, w[] = {1, 10, 100}, want[] = {10, 102, 20, 203, 30, 300, 0};
    dvt_conv_dims d = image_dims(1, 1, 1, 1);
    dvt_ctx      *ctx = test_ctx(1);
    float         y[7];
    d.in[2] = 3;
    d.kernel[2] = 3;
    d.stride[2] = 2;
    d.pad_lo[2] = 1;
    d.out[2] = 7; /* 2 * (3 - 1) + 3 - 1 = 6, and one of output padding */
    assert_int_equal(dvt_conv_transpose_dims_check(ctx, &d), DVT_OK);
    dvt_conv_transpose_f32_nchw_ref(&d, x, w, NULL, &none, y);
    test_same_f32(y, want, 7);
    dvt_ctx_destroy(ctx);
}

/* ---- checks -------------------------------------------------------------------------------- */

static void test_conv__output_sizes(void **state)
{
    (void)state;
    assert_int_equal(dvt_window_out(224, 7, 2, 1, 3, 3), 112);
    assert_int_equal(dvt_window_out(5, 3, 1, 2, 0, 0), 1);
    assert_int_equal(dvt_window_out(4, 3, 1, 2, 0, 0), 0);
    assert_int_equal(dvt_window_out(1, INT64_MAX, 1, INT64_MAX, 0, 0), 0);
    assert_int_equal(dvt_window_out(INT64_MAX, 1, 1, 1, 0, 0), 0);
    assert_int_equal(dvt_window_out(5, 1, 0, 1, 0, 0), 0);
    assert_int_equal(dvt_window_out(5, 1, 1, 1, -1, 0), 0);
}

static void test_conv__bad_dimensions_are_named(void **state)
{
    (void)state;
    dvt_ctx      *ctx = test_ctx(1);
    dvt_conv_dims d = image_dims(3, 4, 8, 3);
    d.out[1] = 7;
    assert_int_equal(dvt_conv_dims_check(ctx, &d), DVT_E_SHAPE);
    assert_string_equal(
        dvt_ctx_error(ctx)->message,
        "convolution along H: input 8, kernel 3, stride 1, dilation 1, pads 0 and 0 "
        "give 6, not 7");
    dvt_ctx_clear_error(ctx);
    d = image_dims(3, 4, 8, 3);
    d.groups = 2;
    assert_int_equal(dvt_conv_dims_check(ctx, &d), DVT_E_SHAPE);
    assert_string_equal(dvt_ctx_error(ctx)->message,
                        "2 groups do not divide 3 input and 4 output channels");
    dvt_ctx_clear_error(ctx);
    d = image_dims(INT64_MAX, 4, 8, 3);
    assert_int_equal(dvt_conv_dims_check(ctx, &d), DVT_E_SHAPE);
    dvt_ctx_destroy(ctx);
}

static void test_conv__work_is_counted(void **state)
{
    (void)state;
    dvt_conv_dims d = image_dims(6, 4, 8, 3);
    d.groups = 2;
    assert_int_equal(dvt_conv_macs(&d), 4 * 6 * 6 * 3 * 9);
    assert_int_equal(dvt_conv_transpose_macs(&d), 6 * 8 * 8 * 2 * 9);
}

/* ---- fast against reference ---------------------------------------------------------------- */

static void random_axis(dvt_rng *rng, dvt_conv_dims *d, int i, bool transposed)
{
    int64_t small, large;
    do {
        d->kernel[i] = test_random_range(rng, 1, 5);
        d->stride[i] = test_random_range(rng, 1, 3);
        d->dilation[i] = test_random_range(rng, 1, 2);
        d->pad_lo[i] = test_random_range(rng, 0, 2);
        d->pad_hi[i] = test_random_range(rng, 0, 2);
        large = test_random_range(rng, 1, 14);
        small = dvt_window_out(large, d->kernel[i], d->stride[i], d->dilation[i], d->pad_lo[i],
                               d->pad_hi[i]);
    } while (small == 0);
    d->in[i] = transposed ? small : large;
    d->out[i] = transposed ? large : small;
}

static dvt_conv_dims random_dims(dvt_rng *rng, bool transposed)
{
    dvt_conv_dims d = {.n = test_random_range(rng, 1, 2), .groups = test_random_range(rng, 1, 3)};
    int           lowest = (int)test_random_range(rng, 0, 2);
    if (dvt_rng_below(rng, 4) == 0)
        d.groups = 16;
    d.in_c = d.groups * test_random_range(rng, 1, d.groups == 16 ? 2 : 20);
    d.out_c = d.groups * test_random_range(rng, 1, d.groups == 16 ? 2 : 20);
    for (int i = 0; i < DVT_SPATIAL; i++) {
        d.in[i] = d.out[i] = d.kernel[i] = d.stride[i] = d.dilation[i] = 1;
        if (i >= lowest)
            random_axis(rng, &d, i, transposed);
    }
    return d;
}

static int64_t count_of(int64_t n, int64_t c, const int64_t size[DVT_SPATIAL])
{
    return n * c * size[0] * size[1] * size[2];
}

/* One random convolution: its arrays, the expected output and the sum of magnitudes for the
 * bound. */
typedef struct sample {
    dvt_conv_dims      d;
    dvt_conv_plan_opts opts;
    float             *x, *w, *bias, *want, *magnitude;
    int64_t            y_count;
} sample;

static void reference(const sample *s, const dvt_act *act, float *y)
{
    if (s->opts.transposed)
        dvt_conv_transpose_f32_nchw_ref(&s->d, s->x, s->w, s->bias, act, y);
    else
        dvt_conv_f32_nchw_ref(&s->d, s->x, s->w, s->bias, act, y);
}

static float *magnitudes(dvt_ctx *ctx, const float *x, int64_t n)
{
    float *y = dvt_alloc(ctx, (size_t)n * sizeof *y);
    assert_non_null(y);
    for (int64_t i = 0; i < n; i++)
        y[i] = fabsf(x[i]);
    return y;
}

static sample make_sample(dvt_ctx *ctx, dvt_rng *rng, const dvt_conv_dims *d, bool transposed)
{
    sample  s = {.d = *d, .opts = {.transposed = transposed}}, m;
    int64_t x_count = count_of(d->n, d->in_c, d->in);
    int64_t w_count = count_of(d->out_c, d->in_c / d->groups, d->kernel);
    s.y_count = count_of(d->n, d->out_c, d->out);
    s.opts.act = (dvt_act){(dvt_act_kind)dvt_rng_below(rng, 3), -0.5f, 0.75f};
    s.x = test_random_f32(ctx, rng, x_count);
    s.w = test_random_f32(ctx, rng, w_count);
    s.bias = dvt_rng_below(rng, 2) ? test_random_f32(ctx, rng, d->out_c) : NULL;
    s.want = test_random_f32(ctx, rng, s.y_count);
    s.magnitude = test_random_f32(ctx, rng, s.y_count);
    reference(&s, &s.opts.act, s.want);
    m = s;
    m.x = magnitudes(ctx, s.x, x_count);
    m.w = magnitudes(ctx, s.w, w_count);
    m.bias = s.bias ? magnitudes(ctx, s.bias, d->out_c) : NULL;
    reference(&m, &none, s.magnitude);
    dvt_free(ctx, m.x);
    dvt_free(ctx, m.w);
    dvt_free(ctx, m.bias);
    return s;
}

static float *run_plan(dvt_ctx *ctx, const sample *s)
{
    dvt_conv_plan *plan;
    float         *y = dvt_calloc(ctx, (size_t)s->y_count, sizeof *y);
    void          *scratch;
    assert_int_equal(dvt_conv_plan_create(ctx, &s->d, s->w, s->bias, &s->opts, &plan), DVT_OK);
    scratch = dvt_alloc(ctx, dvt_conv_plan_scratch_bytes(plan) + 1);
    assert_int_equal(dvt_conv_plan_run(plan, s->x, y, scratch), DVT_OK);
    dvt_conv_plan_destroy(plan);
    dvt_free(ctx, scratch);
    return y;
}

static void expect_within_bound(const sample *s, const float *y)
{
    for (int64_t i = 0; i < s->y_count; i++) {
        double err = fabs((double)y[i] - (double)s->want[i]);
        if (!(err <= 2e-6 * (double)s->magnitude[i]))
            fail_msg("output %lld of %lld: got %.9g, want %.9g, magnitude %g", (long long)i,
                     (long long)s->y_count, (double)y[i], (double)s->want[i],
                     (double)s->magnitude[i]);
    }
}

static void free_sample(dvt_ctx *ctx, sample *s)
{
    dvt_free(ctx, s->x);
    dvt_free(ctx, s->w);
    dvt_free(ctx, s->bias);
    dvt_free(ctx, s->want);
    dvt_free(ctx, s->magnitude);
}

/* Reference within the bound, and one and two threads to the bit. */
static void check_dims(dvt_ctx *one, dvt_ctx *two, dvt_rng *rng, const dvt_conv_dims *d,
                       bool transposed)
{
    sample s = make_sample(one, rng, d, transposed);
    float *y1 = run_plan(one, &s), *y2 = run_plan(two, &s);
    expect_within_bound(&s, y1);
    test_same_f32(y2, y1, s.y_count);
    dvt_free(one, y1);
    dvt_free(two, y2);
    free_sample(one, &s);
}

static int64_t macs_of(const dvt_conv_dims *d, bool transposed)
{
    int64_t macs = d->n * d->out_c * (d->in_c / d->groups);
    for (int a = 0; a < DVT_SPATIAL; a++) {
        macs *= (transposed ? d->in[a] : d->out[a]) * d->kernel[a];
    }
    return macs;
}

/* Every tenth with so many images that the plan is worth more than one thread. */
static void check_random(bool transposed, int trials)
{
    dvt_ctx *one = test_ctx(1), *two = test_ctx(2);
    dvt_rng  rng = dvt_rng_make(transposed ? 5 : 4, 0);
    for (int i = 0; i < trials; i++) {
        dvt_conv_dims d = random_dims(&rng, transposed);
        if (i % 10 == 0) d.n *= 1 + 4000000 / macs_of(&d, transposed);
        check_dims(one, two, &rng, &d, transposed);
    }
    assert_int_equal(dvt_ctx_bytes_in_use(one), dvt_ctx_bytes_in_use(two));
    dvt_ctx_destroy(one);
    dvt_ctx_destroy(two);
}

static void test_conv__plans_equal_the_reference_on_random_dims(void **state)
{
    (void)state;
    check_random(false, 60);
}

static void test_conv__transposed_plans_equal_the_reference_on_random_dims(void **state)
{
    (void)state;
    check_random(true, 40);
}

static void test_conv__plans_of_known_networks_give_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    const int64_t layers[][6] = {/* in_c, out_c, size, kernel, stride, groups */
                                 {3, 32, 80, 7, 2, 1},    {64, 64, 14, 3, 1, 1},
                                 {256, 64, 28, 1, 1, 1},  {128, 256, 28, 1, 2, 1},
                                 {96, 96, 112, 3, 1, 96}, {512, 32, 20, 1, 1, 1}};
    dvt_ctx      *one = test_ctx(1), *two = test_ctx(2);
    dvt_rng       rng = dvt_rng_make(6, 0);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        const int64_t *l = layers[i];
        dvt_conv_dims  d = image_dims(l[0], l[1], l[2], l[3]);
        d.groups = l[5];
        for (int a = 1; a < DVT_SPATIAL; a++) {
            d.stride[a] = l[4];
            d.pad_lo[a] = d.pad_hi[a] = l[3] / 2;
            d.out[a] = dvt_window_out(l[2], l[3], l[4], 1, l[3] / 2, l[3] / 2);
        }
        check_dims(one, two, &rng, &d, false);
    }
    dvt_ctx_destroy(one);
    dvt_ctx_destroy(two);
}

static void test_conv__plans_refuse_bad_dims_and_keep_nothing(void **state)
{
    (void)state;
    dvt_ctx       *ctx = test_ctx(1);
    dvt_conv_dims  d = image_dims(1, 1, 3, 2);
    dvt_conv_plan *plan;
    const float    w[4] = {0};
    size_t         before = dvt_ctx_bytes_in_use(ctx);
    d.out[2] = 3;
    assert_int_equal(dvt_conv_plan_create(ctx, &d, w, NULL, NULL, &plan), DVT_E_SHAPE);
    assert_null(plan);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), before);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv__a_window_sums_products_and_bias),
        cmocka_unit_test(test_conv__stride_dilation_and_uneven_pads),
        cmocka_unit_test(test_conv__groups_see_their_own_channels_only),
        cmocka_unit_test(test_conv__activation_comes_last),
        cmocka_unit_test(test_conv__transposed_spreads_the_kernel),
        cmocka_unit_test(test_conv__output_sizes),
        cmocka_unit_test(test_conv__bad_dimensions_are_named),
        cmocka_unit_test(test_conv__work_is_counted),
        cmocka_unit_test(test_conv__plans_equal_the_reference_on_random_dims),
        cmocka_unit_test(test_conv__transposed_plans_equal_the_reference_on_random_dims),
        cmocka_unit_test(test_conv__plans_of_known_networks_give_the_same_bits_on_any_threads),
        cmocka_unit_test(test_conv__plans_refuse_bad_dims_and_keep_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
