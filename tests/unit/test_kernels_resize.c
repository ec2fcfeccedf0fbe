/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernels_resize.c - resampling: literals for each coordinate and nearest mode, linear, cubic.
 */
#include "dovetail/kernels.h"
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void expect_row(const dvt_resize_params *p, int64_t n, const float *x, int64_t m,
                       const float *want)
{
    float      y[16];
    dvt_shape  xs = DVT_SHAPE(1, n), ys = DVT_SHAPE(1, m);
    dvt_tensor tx = dvt_tensor_wrap(DVT_DTYPE_F32, &xs, (void *)(uintptr_t)x);
    dvt_tensor ty = dvt_tensor_wrap(DVT_DTYPE_F32, &ys, y);
    dvt_resize_apply(p, &tx, &ty);
    test_near_f32(y, want, m, 1e-6, 0);
}

static void test_resize__nearest_doubles(void **state)
{
    (void)state;
    const float       x[] = {1, 2, 3}, want[] = {1, 1, 2, 2, 3, 3};
    dvt_resize_params p = {.mode = DVT_RESIZE_NEAREST};
    expect_row(&p, 3, x, 6, want);
    p.coord = DVT_COORD_ASYMMETRIC;
    p.nearest = DVT_NEAREST_FLOOR;
    expect_row(&p, 3, x, 6, want);
    p.coord = DVT_COORD_TF_HALF_PIXEL_FOR_NN;
    expect_row(&p, 3, x, 6, want);
}

/* asymmetric, 4 to 8: positions 0, 0.5, 1, ...: only the halves tell the modes apart. */
static void test_resize__nearest_modes_differ_at_halves(void **state)
{
    (void)state;
    const float       x[] = {1, 2, 3, 4};
    const float       down[] = {1, 1, 2, 2, 3, 3, 4, 4}, up[] = {1, 2, 2, 3, 3, 4, 4, 4};
    dvt_resize_params p = {.mode = DVT_RESIZE_NEAREST, .coord = DVT_COORD_ASYMMETRIC};
    p.nearest = DVT_NEAREST_ROUND_PREFER_FLOOR;
    expect_row(&p, 4, x, 8, down);
    p.nearest = DVT_NEAREST_ROUND_PREFER_CEIL;
    expect_row(&p, 4, x, 8, up);
    p.nearest = DVT_NEAREST_CEIL;
    expect_row(&p, 4, x, 8, up);
    p.nearest = DVT_NEAREST_FLOOR;
    expect_row(&p, 4, x, 8, down);
}

static void test_resize__linear_in_every_coordinate_mode(void **state)
{
    (void)state;
    const float       x[] = {0, 8};
    const float       half[] = {0, 2, 6, 8}, corners[] = {0, 8 / 3.0f, 16 / 3.0f, 8},
                asym[] = {0, 4, 8, 8};
    dvt_resize_params p = {.mode = DVT_RESIZE_LINEAR, .coord = DVT_COORD_HALF_PIXEL};
    expect_row(&p, 2, x, 4, half);
    p.coord = DVT_COORD_PYTORCH_HALF_PIXEL;
    expect_row(&p, 2, x, 4, half);
    p.coord = DVT_COORD_HALF_PIXEL_SYMMETRIC;
    expect_row(&p, 2, x, 4, half);
    p.coord = DVT_COORD_ALIGN_CORNERS;
    expect_row(&p, 2, x, 4, corners);
    p.coord = DVT_COORD_ASYMMETRIC;
    expect_row(&p, 2, x, 4, asym);
}

static void test_resize__one_output_element(void **state)
{
    (void)state;
    const float       x[] = {1, 2, 3, 6};
    dvt_resize_params p = {.mode = DVT_RESIZE_LINEAR, .coord = DVT_COORD_HALF_PIXEL};
    expect_row(&p, 4, x, 1, (const float[]){2.5f});
    p.coord = DVT_COORD_PYTORCH_HALF_PIXEL;
    expect_row(&p, 4, x, 1, (const float[]){1});
    p.coord = DVT_COORD_ALIGN_CORNERS;
    expect_row(&p, 4, x, 1, (const float[]){1});
}

/* The scale as the model says, not the ratio of sizes: 5 * 0.5 gives 2 outputs, at 0.5 and 2.5; the
 * symmetric form moves both by 5 / 2 * (1 - 2 / 2.5) = 0.5. */
static void test_resize__a_given_scale_beats_the_ratio(void **state)
{
    (void)state;
    const float       x[] = {0, 1, 2, 3, 4};
    dvt_resize_params p = {
        .mode = DVT_RESIZE_LINEAR, .coord = DVT_COORD_HALF_PIXEL, .scale = {1, 0.5f}};
    expect_row(&p, 5, x, 2, (const float[]){0.5f, 2.5f});
    p.coord = DVT_COORD_HALF_PIXEL_SYMMETRIC;
    expect_row(&p, 5, x, 2, (const float[]){1, 3});
    p.scale[1] = 0;
    p.coord = DVT_COORD_HALF_PIXEL;
    expect_row(&p, 5, x, 2, (const float[]){0.75f, 3.25f});
}

static void test_resize__linear_in_two_dimensions(void **state)
{
    (void)state;
    const float       x[] = {1, 2, 3, 4}, want[] = {1, 1.25f, 1.75f, 2, 1.5f, 1.75f, 2.25f, 2.5f,
                                                    2.5f, 2.75f, 3.25f, 3.5f, 3, 3.25f, 3.75f, 4};
    float             y[16];
    dvt_shape         xs = DVT_SHAPE(1, 1, 2, 2), ys = DVT_SHAPE(1, 1, 4, 4);
    dvt_tensor        tx = dvt_tensor_wrap(DVT_DTYPE_F32, &xs, (void *)(uintptr_t)x);
    dvt_tensor        ty = dvt_tensor_wrap(DVT_DTYPE_F32, &ys, y);
    dvt_resize_params p = {.mode = DVT_RESIZE_LINEAR, .coord = DVT_COORD_HALF_PIXEL};
    dvt_resize_apply(&p, &tx, &ty);
    test_near_f32(y, want, 16, 1e-6, 0);
}

/* Halfway between 2 and 3 of 1 2 3 4 with a = -0.75: weights -3/32, 19/32, 19/32, -3/32. */
static void test_resize__cubic_weights(void **state)
{
    (void)state;
    const float       x[] = {1, 2, 4, 8};
    const float       want[] = {(-3 * 1 + 19 * 2 + 19 * 4 - 3 * 8) / 32.0f};
    dvt_resize_params p = {
        .mode = DVT_RESIZE_CUBIC, .coord = DVT_COORD_HALF_PIXEL, .cubic_a = -0.75f};
    expect_row(&p, 4, x, 1, want);
}

/* One element: three of the four taps are outside, and what is left has weight 1. */
static void test_resize__cubic_can_leave_the_outside_out(void **state)
{
    (void)state;
    const float       x[] = {1, 2};
    dvt_resize_params p = {
        .mode = DVT_RESIZE_CUBIC, .coord = DVT_COORD_HALF_PIXEL, .cubic_a = -0.5f};
    /* output 0 of 4 is at -0.25: taps -2 .. 1 with t = 0.75: -3/128, 29/128, 111/128, -9/128 */
    float all = (-3 * 1 + 29 * 1 + 111 * 1 - 9 * 2) / 128.0f, inside = (111 * 1 - 9 * 2) / 102.0f;
    /* output 1 is at 0.25: taps -1 .. 2 with the same weights in reverse; the rest by symmetry */
    float next = (-9 * 1 + 111 * 1 + 29 * 2 - 3 * 2) / 128.0f;
    expect_row(&p, 2, x, 4, (const float[]){all, next, 3 - next, 3 - all});
    p.exclude_outside = true;
    {
        float      y[4];
        dvt_shape  xs = DVT_SHAPE(2), ys = DVT_SHAPE(4);
        dvt_tensor tx = dvt_tensor_wrap(DVT_DTYPE_F32, &xs, (void *)(uintptr_t)x);
        dvt_tensor ty = dvt_tensor_wrap(DVT_DTYPE_F32, &ys, y);
        dvt_resize_apply(&p, &tx, &ty);
        test_near_f32(y, &inside, 1, 1e-6, 0);
    }
}

static void test_resize__nearest_moves_any_type(void **state)
{
    (void)state;
    const uint8_t     x[] = {5, 6}, want[] = {5, 5, 5, 6, 6, 6};
    uint8_t           y[6];
    dvt_shape         xs = DVT_SHAPE(2), ys = DVT_SHAPE(6);
    dvt_tensor        tx = dvt_tensor_wrap(DVT_DTYPE_U8, &xs, (void *)(uintptr_t)x);
    dvt_tensor        ty = dvt_tensor_wrap(DVT_DTYPE_U8, &ys, y);
    dvt_resize_params p = {.mode = DVT_RESIZE_NEAREST};
    dvt_resize_apply(&p, &tx, &ty);
    assert_memory_equal(y, want, sizeof want);
    assert_true(dvt_resize_supports(DVT_RESIZE_NEAREST, DVT_DTYPE_U8));
    assert_false(dvt_resize_supports(DVT_RESIZE_LINEAR, DVT_DTYPE_U8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resize__nearest_doubles),
        cmocka_unit_test(test_resize__nearest_modes_differ_at_halves),
        cmocka_unit_test(test_resize__linear_in_every_coordinate_mode),
        cmocka_unit_test(test_resize__one_output_element),
        cmocka_unit_test(test_resize__a_given_scale_beats_the_ratio),
        cmocka_unit_test(test_resize__linear_in_two_dimensions),
        cmocka_unit_test(test_resize__cubic_weights),
        cmocka_unit_test(test_resize__cubic_can_leave_the_outside_out),
        cmocka_unit_test(test_resize__nearest_moves_any_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
