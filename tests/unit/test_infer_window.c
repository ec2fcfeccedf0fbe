/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_infer_window.c - literal shapes of convolutions and pooling, from known networks and edges.
 */
#include "support/infer_case.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_infer_window__conv_layers_of_known_networks(void **state)
{
    (void)state;
    /* AlexNet conv1 and conv2, ResNet-50 conv1, MobileNet depthwise */
    infer_gives("x: f32[1,3,227,227]; w: f32[96,3,11,11]; b: f32[96]",
                "conv(x, w, b, kernel=[11,11], stride=[4,4])", "f32[1,96,55,55]");
    infer_gives("x: f32[1,96,27,27]; w: f32[256,48,5,5]",
                "conv(x, w, kernel=[5,5], pad_lo=[2,2], pad_hi=[2,2], groups=2)",
                "f32[1,256,27,27]");
    infer_gives("x: f32[1,3,224,224]; w: f32[64,3,7,7]",
                "conv(x, w, kernel=[7,7], stride=[2,2], pad_lo=[3,3], pad_hi=[3,3])",
                "f32[1,64,112,112]");
    infer_gives("x: f32[2,32,112,112]; w: f32[32,1,3,3]",
                "conv(x, w, none, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1], groups=32)",
                "f32[2,32,112,112]");
}

static void test_infer_window__conv_dilation_asymmetric_pads_one_and_three_dimensions(void **state)
{
    (void)state;
    infer_gives("x: f32[1,1,7,7]; w: f32[1,1,3,3]", "conv(x, w, kernel=[3,3], dilation=[2,3])",
                "f32[1,1,3,1]");
    infer_gives("x: f32[1,1,5,5]; w: f32[1,1,3,3]",
                "conv(x, w, kernel=[3,3], stride=[2,2], pad_lo=[0,1], pad_hi=[1,0])",
                "f32[1,1,2,2]");
    infer_gives("x: f32[3,4,10]; w: f32[5,4,3]", "conv(x, w, kernel=[3])", "f32[3,5,8]");
    infer_gives("x: f32[1,2,5,6,7]; w: f32[4,2,1,2,3]", "conv(x, w, kernel=[1,2,3])",
                "f32[1,4,5,5,5]");
}

static void test_infer_window__conv_refuses_what_does_not_fit(void **state)
{
    (void)state;
    infer_fails("x: f32[1,32,8,8]; w: f32[64,64,3,3]", "conv(x, w, kernel=[3,3])", DVT_E_SHAPE,
                "does not fit 32 input channels");
    infer_fails("x: f32[1,4,8,8]; w: f32[6,2,3,3]", "conv(x, w, kernel=[3,3], groups=4)",
                DVT_E_SHAPE, "4 groups does not fit 4 input channels");
    infer_fails("x: f32[1,4,8,8]; w: f32[6,1,3,3]", "conv(x, w, kernel=[3,3], groups=4)",
                DVT_E_SHAPE, "6 output channels in 4 groups");
    infer_fails("x: f32[1,1,2,2]; w: f32[1,1,3,3]", "conv(x, w, kernel=[3,3])", DVT_E_SHAPE,
                "the window does not fit");
    infer_fails("x: f32[1,1,4,4]; w: f32[1,1,3,3]", "conv(x, w, kernel=[3,3], stride=[0,1])",
                DVT_E_SHAPE, "'stride' has 0");
    infer_fails("x: f32[1,1,4,4]; w: f32[1,1,3,3]", "conv(x, w, kernel=[3])", DVT_E_SHAPE,
                "'kernel' has 1 entries, 2 are needed");
    infer_fails("x: f32[1,1,4,4]; w: f32[1,1,3,3]; b: f32[2]", "conv(x, w, b, kernel=[3,3])",
                DVT_E_SHAPE, "bias is [2], needs [1]");
    infer_fails("x: f32[1,1,4,4]; w: i32[1,1,3,3]", "conv(x, w, kernel=[3,3])", DVT_E_SHAPE,
                "input 1 is i32");
    infer_fails("x: f32[1,1,4,4,4,4]; w: f32[1,1,1,1,1,1]", "conv(x, w)", DVT_E_UNSUPPORTED,
                "4 spatial dimensions");
}

static void test_infer_window__conv_refuses_hostile_sizes(void **state)
{
    (void)state;
    infer_fails("x: f32[1,1,8,8]; w: f32[1,1,3,3]",
                "conv(x, w, kernel=[3,3], pad_lo=[9223372036854775807,0])", DVT_E_SHAPE,
                "'pad_lo'");
    infer_fails("x: f32[1,1,8,8]; w: f32[1,1,3,3]",
                "conv(x, w, kernel=[3,3], dilation=[2147483647,2147483647])", DVT_E_SHAPE,
                "the window does not fit");
    infer_fails("x: f32[1,1,8,8]; w: f32[1,1,1,1]",
                "conv(x, w, pad_lo=[2147483647,2147483647], pad_hi=[2147483647,2147483647])",
                DVT_E_SHAPE, "too large");
    infer_fails("x: f32[1,2,8,8]; w: f32[1,1099511627776,1,1]", "conv(x, w, groups=2)", DVT_E_SHAPE,
                "does not fit");
}

static void test_infer_window__conv_transpose_strides_and_output_pad(void **state)
{
    (void)state;
    infer_gives("x: f32[1,1,3,3]; w: f32[1,2,3,3]", "conv_transpose(x, w, kernel=[3,3])",
                "f32[1,2,5,5]");
    infer_gives("x: f32[1,1,3,3]; w: f32[1,2,3,3]",
                "conv_transpose(x, w, kernel=[3,3], stride=[3,2], output_pad=[1,1])",
                "f32[1,2,10,8]");
    infer_gives(
        "x: f32[1,4,6,6]; w: f32[4,3,4,4]",
        "conv_transpose(x, w, kernel=[4,4], stride=[2,2], pad_lo=[1,1], pad_hi=[1,1], groups=2)",
        "f32[1,6,12,12]");
    infer_gives("x: f32[1,1,3,3]; w: f32[1,1,2,2]",
                "conv_transpose(x, w, kernel=[2,2], dilation=[2,2])", "f32[1,1,5,5]");
    infer_fails("x: f32[1,1,3,3]; w: f32[1,1,2,2]",
                "conv_transpose(x, w, kernel=[2,2], output_pad=[1,0])", DVT_E_UNSUPPORTED,
                "output_pad 1");
    infer_fails("x: f32[1,1,1,1]; w: f32[1,1,2,2]",
                "conv_transpose(x, w, kernel=[2,2], pad_lo=[1,1], pad_hi=[1,1])", DVT_E_SHAPE,
                "the window does not fit");
}

static void test_infer_window__pool_floor_and_ceil(void **state)
{
    (void)state;
    /* GoogLeNet pool1: 112 -> 56 rounded up, 55 down */
    infer_gives("x: f32[1,64,112,112]",
                "pool(x, kind=max, kernel=[3,3], stride=[2,2], ceil_mode=true)", "f32[1,64,56,56]");
    infer_gives("x: f32[1,64,112,112]", "pool(x, kind=max, kernel=[3,3], stride=[2,2])",
                "f32[1,64,55,55]");
    infer_gives("x: f32[1,1,32,32]",
                "pool(x, kind=avg, kernel=[3,3], stride=[2,2], ceil_mode=true)", "f32[1,1,16,16]");
    /* the last window would start in the upper pad: dropped */
    infer_gives("x: f32[1,1,4,4]",
                "pool(x, kernel=[2,2], stride=[3,3], pad_lo=[1,1], pad_hi=[1,1], ceil_mode=true)",
                "f32[1,1,2,2]");
    infer_gives("x: f32[1,1,7]", "pool(x, kernel=[2], dilation=[3])", "f32[1,1,4]");
    infer_gives("x: f32[1,8,7,7]", "global_pool(x, kind=avg)", "f32[1,8,1,1]");
}

static void test_infer_window__pool_refuses_what_does_not_fit(void **state)
{
    (void)state;
    infer_fails("x: f32[1,1,4,4]", "pool(x, kernel=[2,2], pad_lo=[2,0])", DVT_E_SHAPE,
                "must be below the kernel size 2");
    infer_fails("x: f32[1,1,2,2]", "pool(x, kernel=[3,3])", DVT_E_SHAPE, "the window does not fit");
    infer_fails("x: i32[1,1,2,2]", "pool(x, kind=avg, kernel=[2,2])", DVT_E_SHAPE,
                "floating-point");
    infer_fails("x: f32[1,1,2,2]", "pool(x, kind=lp, kernel=[2,2], p=0)", DVT_E_SHAPE, "p is 0");
    infer_fails("x: f32[4,4]", "global_pool(x)", DVT_E_SHAPE, "rank 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_infer_window__conv_layers_of_known_networks),
        cmocka_unit_test(test_infer_window__conv_dilation_asymmetric_pads_one_and_three_dimensions),
        cmocka_unit_test(test_infer_window__conv_refuses_what_does_not_fit),
        cmocka_unit_test(test_infer_window__conv_refuses_hostile_sizes),
        cmocka_unit_test(test_infer_window__conv_transpose_strides_and_output_pad),
        cmocka_unit_test(test_infer_window__pool_floor_and_ceil),
        cmocka_unit_test(test_infer_window__pool_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
