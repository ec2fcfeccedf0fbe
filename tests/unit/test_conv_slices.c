/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_conv_slices.c - convolutions large enough to be cut: against the reference, and the same
 * bits on any number of threads.
 */
#include "support/arrays.h"
#include "tensor/conv_plan_int.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* n images or volumes of the given size, "same" pads but for what is set afterwards. */
static dvt_conv_dims dims(int64_t n, int64_t in_c, int64_t out_c, int64_t depth, int64_t size)
{
    dvt_conv_dims d = {.n = n,
                       .in_c = in_c,
                       .out_c = out_c,
                       .groups = 1,
                       .in = {depth, size, size},
                       .kernel = {depth > 1 ? 3 : 1, 3, 3},
                       .stride = {1, 1, 1},
                       .dilation = {1, 1, 1},
                       .pad_lo = {depth > 1, 1, 1},
                       .pad_hi = {depth > 1, 1, 1}};
    return d;
}

static void set_out(dvt_conv_dims *d)
{
    for (int i = 0; i < DVT_SPATIAL; i++)
        d->out[i] = (d->in[i] + d->pad_lo[i] + d->pad_hi[i] - (d->kernel[i] - 1) * d->dilation[i] -
                     1) / d->stride[i] + 1;
}

static int64_t count_of(int64_t n, int64_t c, const int64_t size[DVT_SPATIAL])
{
    return n * c * size[0] * size[1] * size[2];
}

typedef struct arrays {
    float *x, *w, *bias, *want, *bound, *got;
    int64_t y_count;
} arrays;

/* The reference, and the sum of magnitudes that bounds a fast result's error. */
static arrays make_arrays(dvt_ctx *ctx, const dvt_conv_dims *d)
{
    const dvt_act none = {.kind = DVT_ACT_NONE};
    dvt_rng       rng = dvt_rng_make(7, (uint64_t)d->in_c);
    int64_t       x_count = count_of(d->n, d->in_c, d->in);
    int64_t       w_count = count_of(d->out_c, d->in_c / d->groups, d->kernel);
    arrays        a = {.y_count = count_of(d->n, d->out_c, d->out)};

    a.x = test_random_f32(ctx, &rng, x_count);
    a.w = test_random_f32(ctx, &rng, w_count);
    a.bias = test_random_f32(ctx, &rng, d->out_c);
    a.want = dvt_calloc(ctx, (size_t)a.y_count, sizeof *a.want);
    a.got = dvt_calloc(ctx, (size_t)a.y_count, sizeof *a.got);
    a.bound = dvt_calloc(ctx, (size_t)d->out_c, sizeof *a.bound);
    dvt_conv_f32_nchw_ref(d, a.x, a.w, a.bias, &none, a.want);
    for (int64_t k = 0; k < d->out_c; k++) { /* |x| <= 1 */
        a.bound[k] = fabsf(a.bias[k]);
        for (int64_t i = 0; i < w_count / d->out_c; i++)
            a.bound[k] += fabsf(a.w[k * (w_count / d->out_c) + i]);
    }
    return a;
}

static void free_arrays(dvt_ctx *ctx, arrays *a)
{
    float *all[] = {a->x, a->w, a->bias, a->want, a->bound, a->got};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) dvt_free(ctx, all[i]);
}

/* Runs a plan into a->got; the number of its slices. */
static int32_t run_plan(uint32_t jobs, const dvt_conv_dims *d, arrays *a)
{
    dvt_ctx       *ctx = test_ctx(jobs);
    dvt_conv_plan *p;
    assert_int_equal(dvt_conv_plan_create(ctx, d, a->w, a->bias, NULL, &p), DVT_OK);
    void   *scratch = dvt_alloc(ctx, dvt_conv_plan_scratch_bytes(p) + 1);
    int32_t slices = p->slice_count;
    assert_int_equal(dvt_conv_plan_run(p, a->x, a->got, scratch), DVT_OK);
    dvt_free(ctx, scratch);
    dvt_conv_plan_destroy(p);
    dvt_ctx_destroy(ctx);
    return slices;
}

static void check(dvt_conv_dims d, bool several)
{
    dvt_ctx *ctx = test_ctx(1);

    set_out(&d);
    arrays  a = make_arrays(ctx, &d);
    float  *first = dvt_calloc(ctx, (size_t)a.y_count, sizeof *first);
    int64_t places = a.y_count / d.n / d.out_c;
    assert_int_equal(run_plan(1, &d, &a) > 1, several);
    for (int64_t i = 0; i < a.y_count; i++)
        assert_float_equal(a.got[i], a.want[i], 2e-6f * a.bound[i / places % d.out_c]);
    memcpy(first, a.got, (size_t)a.y_count * sizeof *first);
    for (uint32_t jobs = 2; jobs <= 5; jobs += 3) {
        memset(a.got, 0, (size_t)a.y_count * sizeof *a.got);
        run_plan(jobs, &d, &a);
        test_same_f32(a.got, first, a.y_count);
    }
    dvt_free(ctx, first);
    free_arrays(ctx, &a);
    dvt_ctx_destroy(ctx);
}

static void test_conv_slices__rows_of_one_image_are_shared_out(void **state)
{
    (void)state;
    check(dims(1, 32, 64, 1, 24), true);
}

static void test_conv_slices__uneven_pads_strides_and_dilations_are_cut_right(void **state)
{
    (void)state;
    dvt_conv_dims d = dims(1, 24, 40, 1, 80);
    d.stride[1] = d.stride[2] = 2;
    d.dilation[1] = 3;
    d.pad_lo[1] = 5;
    d.pad_hi[1] = 2;
    check(d, true);
}

static void test_conv_slices__groups_and_single_channels_are_cut_right(void **state)
{
    (void)state;
    dvt_conv_dims d = dims(1, 64, 64, 1, 56), first = dims(1, 3, 32, 1, 110);
    d.groups = 4;
    check(d, true);
    check(first, true);
}

static void test_conv_slices__images_of_a_batch_are_shared_out(void **state)
{
    (void)state;
    check(dims(5, 32, 32, 1, 16), true);
}

static void test_conv_slices__volumes_are_cut_along_their_depth(void **state)
{
    (void)state;
    check(dims(1, 16, 16, 8, 16), true);
}

static void test_conv_slices__small_ones_stay_whole(void **state)
{
    (void)state;
    check(dims(1, 8, 8, 1, 16), false);
    check(dims(1, 256, 64, 1, 7), false); /* 49 outputs: each slice would read the weights again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_slices__rows_of_one_image_are_shared_out),
        cmocka_unit_test(test_conv_slices__uneven_pads_strides_and_dilations_are_cut_right),
        cmocka_unit_test(test_conv_slices__groups_and_single_channels_are_cut_right),
        cmocka_unit_test(test_conv_slices__images_of_a_batch_are_shared_out),
        cmocka_unit_test(test_conv_slices__volumes_are_cut_along_their_depth),
        cmocka_unit_test(test_conv_slices__small_ones_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
