/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_caffe_layers.c - single layers: shapes as Caffe computes them, values by hand, errors.
 *
 * Values that need weights are in diff_caffe_golden.c, against Caffe's own output.
 */
#include "support/caffe_tools.h"
#include "support/graph_tools.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_caffe_layers__sizes_are_those_of_caffe(void **state)
{
    (void)state;
    static const struct {
        const char *in, *layer, *out;
    } cases[] = {
#define CONV(p) "type: 'Convolution' convolution_param { num_output: 6 " p " }"
        {"1,4,9,7", CONV("kernel_size: 3"), "[1,6,7,5]"},
        {"1,4,9,7", CONV("kernel_size: 3 kernel_size: 2 stride: 2 pad: [1,0]"), "[1,6,5,3]"},
        {"1,4,9,7", CONV("kernel_h: 1 kernel_w: 3 pad_h: 0 pad_w: 1 group: 2"), "[1,6,9,7]"},
        {"1,4,9,7", CONV("kernel_size: 3 dilation: 2 pad: 2"), "[1,6,9,7]"},
        {"1,4,9,7",
         "type: 'ConvolutionDepthwise' convolution_param { num_output: 4 kernel_size: 3 }",
         "[1,4,7,5]"},
        {"1,4,9,7",
         "type: 'Deconvolution' convolution_param { num_output: 6 kernel_size: 4 stride: 2 "
         "pad: 1 }",
         "[1,6,18,14]"},
        {"2,4,3,3", "type: 'InnerProduct' inner_product_param { num_output: 5 }", "[2,5]"},
        {"2,4,3,3", "type: 'InnerProduct' inner_product_param { num_output: 5 axis: -1 }",
         "[2,4,3,5]"},
        {"2,4,3,3", "type: 'InnerProduct' inner_product_param { num_output: 5 transpose: true }",
         "[2,5]"},
#define POOL(p) "type: 'Pooling' pooling_param { " p " }"
        {"1,4,8,8", POOL("kernel_size: 3 stride: 2"), "[1,4,4,4]"},
        {"1,4,8,8", POOL("kernel_size: 3 stride: 2 round_mode: FLOOR"), "[1,4,3,3]"},
        {"1,4,8,8", POOL("kernel_size: 3 stride: 2 ceil_mode: false"), "[1,4,3,3]"},
        {"1,4,7,7", POOL("kernel_size: 2 stride: 2 pad: 1"), "[1,4,4,4]"},
        {"1,4,8,6", POOL("pool: AVE global_pooling: true"), "[1,4,1,1]"},
        {"2,3,4,5", "type: 'Flatten'", "[2,60]"},
        {"2,3,4,5", "type: 'Flatten' flatten_param { axis: -3 end_axis: -2 }", "[2,12,5]"},
        {"2,3,4,5", "type: 'Reshape' reshape_param { shape { dim: [0,-1,10] } }", "[2,6,10]"},
        {"2,3,4,5", "type: 'Reshape' reshape_param { axis: 1 num_axes: 2 shape { dim: [6,2] } }",
         "[2,6,2,5]"},
        {"2,3,4,5", "type: 'Reshape' reshape_param { axis: -1 num_axes: 0 shape { dim: 1 } }",
         "[2,3,4,5,1]"},
        {"2,3,4,5", "type: 'Permute' permute_param { order: [0,2,3,1] }", "[2,4,5,3]"},
        {"2,3,4,5", "type: 'Permute' permute_param { order: 3 }", "[5,2,3,4]"},
        {"2,3,4,5", "type: 'Tile' tile_param { axis: 2 tiles: 3 }", "[2,3,12,5]"},
        {"2,3,4,5", "type: 'Reduction' reduction_param { axis: 2 operation: MEAN coeff: 2 }",
         "[2,3]"},
        {"2,3,4,5", "type: 'ArgMax'", "[2,1,1]"},
        {"2,3,4,5", "type: 'ArgMax' argmax_param { out_max_val: true }", "[2,2,1]"},
        {"2,3,4,5", "type: 'ArgMax' argmax_param { axis: 1 }", "[2,1,4,5]"},
        {"1,3,4,5", "type: 'Interp' interp_param { zoom_factor: 2 }", "[1,3,7,9]"},
        {"1,3,4,5", "type: 'Interp' interp_param { height: 9 width: 8 }", "[1,3,9,8]"},
        {"1,3,4,5", "type: 'Upsample' upsample_param { scale: 3 }", "[1,3,12,15]"},
        {"1,6,4,5", "type: 'ShuffleChannel' shuffle_channel_param { group: 3 }", "[1,6,4,5]"},
        {"1,6,4,5", "type: 'Normalize' norm_param { across_spatial: false channel_shared: false }",
         "[1,6,4,5]"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dvt_graph *g = tool_caffe_layer(cases[i].in, cases[i].layer);
        tool_expect_shape(g, "y", cases[i].out);
        tool_graph_free(g);
    }
}

static void expect_1d(const char *layer, const float *in, const float *want, int32_t count)
{
    char dims[32];

    snprintf(dims, sizeof dims, "1,%d", (int)count);
    dvt_graph *g = tool_caffe_layer(dims, layer);
    tool_expect_values(g, in, want, count);
    tool_graph_free(g);
}

static void test_caffe_layers__element_wise_functions_have_caffes_values(void **state)
{
    (void)state;
    const float x[4] = {-2, -0.5f, 0.5f, 3};

#define EXPECT(layer, ...) expect_1d(layer, x, (const float[4]){__VA_ARGS__}, 4)
    EXPECT("type: 'ReLU'", 0, 0, 0.5f, 3);
    EXPECT("type: 'ReLU' relu_param { negative_slope: 0.1 }", -0.2f, -0.05f, 0.5f, 3);
    EXPECT("type: 'ReLU6'", 0, 0, 0.5f, 3);
    EXPECT("type: 'AbsVal'", 2, 0.5f, 0.5f, 3);
    EXPECT("type: 'Power' power_param { power: 2 scale: 3 shift: 1 }", 25, 0.25f, 6.25f, 100);
    EXPECT("type: 'Exp' exp_param { base: 2 shift: 1 }", 0.5f, sqrtf(2), 2 * sqrtf(2), 16);
    EXPECT("type: 'Log' log_param { base: 2 scale: 2 shift: 5 }", 0, 2, log2f(6), log2f(11));
    EXPECT("type: 'BNLL'", 0.126928f, 0.474077f, 0.974077f, 3.0485873f);
    EXPECT("type: 'ELU' elu_param { alpha: 2 }", -1.7293295f, -0.7869387f, 0.5f, 3);
    EXPECT("type: 'Threshold' threshold_param { threshold: 0.5 }", 0, 0, 0, 1);
    EXPECT("type: 'Clip' clip_param { min: -1 max: 2 }", -1, -0.5f, 0.5f, 2);
    EXPECT("type: 'Swish'", -0.238406f, -0.1887703f, 0.3112297f, 2.8577224f);
    EXPECT("type: 'Dropout' dropout_param { dropout_ratio: 0.9 }", -2, -0.5f, 0.5f, 3);
    EXPECT("type: 'Dropout' dropout_param { dropout_ratio: 0.75 scale_train: false }", -0.5f,
           -0.125f, 0.125f, 0.75f);
}

static void test_caffe_layers__averages_count_the_padded_image(void **state)
{
    (void)state;
    const float x[9] = {9, 9, 9, 9, 9, 9, 9, 9, 9};
    dvt_graph  *g = tool_caffe_layer("1,1,3,3", "type: 'Pooling' pooling_param { pool: AVE "
                                                 "kernel_size: 3 stride: 2 pad: 1 }");

    /* each window holds 4 of the image; all of it is inside the padded image: divided by 9 */
    tool_expect_values(g, x, (const float[4]){4, 4, 4, 4}, 4);
    tool_graph_free(g);
}

static void test_caffe_layers__eltwise_sums_with_coefficients(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe("input: 'x' input_dim: [1,1,1,2]\n"
                              "layer { name: 'a' type: 'AbsVal' bottom: 'x' top: 'a' }\n"
                              "layer { name: 'e' type: 'Eltwise' bottom: 'x' bottom: 'a' top: 'y'\n"
                              "  eltwise_param { operation: SUM coeff: 1 coeff: -2 } }");

    tool_expect_values(g, (const float[2]){-3, 4}, (const float[2]){-9, -4}, 2);
    tool_graph_free(g);
}

static void test_caffe_layers__slices_cut_where_they_are_told(void **state)
{
    (void)state;
    dvt_graph *g =
        tool_caffe("input: 'x' input_dim: [1,7,2,2]\n"
                   "layer { name: 's' type: 'Slice' bottom: 'x' top: 'a' top: 'b' top: 'c'\n"
                   "  slice_param { axis: 1 slice_point: 1 slice_point: 5 } }");

    tool_expect_shape(g, "a", "[1,1,2,2]");
    tool_expect_shape(g, "b", "[1,4,2,2]");
    tool_expect_shape(g, "c", "[1,2,2,2]");
    tool_graph_free(g);
}

static void test_caffe_layers__crop_takes_the_size_of_the_other_input(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe("input: 'x' input_dim: [1,1,4,4] input: 'z' input_dim: [1,1,2,3]\n"
                              "layer { name: 'c' type: 'Crop' bottom: 'x' bottom: 'z' top: 'y'\n"
                              "  crop_param { axis: 2 offset: 1 offset: 0 } }");

    tool_expect_shape(g, "y", "[1,1,2,3]");
    tool_graph_free(g);
}

static void test_caffe_layers__channels_are_shuffled_by_groups(void **state)
{
    (void)state;
    dvt_graph *g =
        tool_caffe_layer("1,6,1,1", "type: 'ShuffleChannel' shuffle_channel_param { group: 2 }");

    tool_expect_values(g, (const float[6]){0, 1, 2, 3, 4, 5}, (const float[6]){0, 3, 1, 4, 2, 5},
                       6);
    tool_graph_free(g);
}

static void test_caffe_layers__mean_and_variance_are_normalised_away(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe_layer("1,2,1,2", "type: 'MVN'");

    tool_expect_values(g, (const float[4]){1, 3, 10, 30}, (const float[4]){-1, 1, -1, 1}, 4);
    tool_graph_free(g);
}

static void test_caffe_layers__nodes_say_where_they_came_from(void **state)
{
    (void)state;
    dvt_graph      *g = tool_caffe("input: 'x' input_dim: [1,1,2,2]\n\n"
                                        "layer { name: 'act' type: 'ReLU' bottom: 'x' top: 'y' }");
    const dvt_node *n = dvt_graph_node(g, dvt_graph_find_node(g, "act"));

    assert_string_equal(n->source, "act (ReLU), net.prototxt:3");
    tool_graph_free(g);
}

static void test_caffe_layers__what_cannot_be_is_refused_at_its_place(void **state)
{
    (void)state;
#define NET(dims, layer)                           \
    "input: 'x' input_shape { dim: [" dims "] }\n" \
    "layer { name: 'l' bottom: 'x' top: 'y' " layer " }"
    tool_caffe_refused(NET("1,4,8,8", CONV("stride: 2")), NULL, DVT_E_PARSE, 2, 1,
                       "layer 'l' (Convolution): field 'kernel_size' is missing", NULL);
    tool_caffe_refused(
        NET("1,4,8,8", CONV("kernel_size: 3 kernel_h: 3 kernel_w: 3")), NULL, DVT_E_PARSE, 2, 1,
        "layer 'l' (Convolution): both 'kernel_size' and 'kernel_h' are given", NULL);
    tool_caffe_refused(
        NET("1,4,8,8", CONV("kernel_size: 3 group: 3")), NULL, DVT_E_SHAPE, 2, 1,
        "layer 'l' (Convolution): 4 input and 6 output channels do not divide into 3 "
        "groups",
        NULL);
    tool_caffe_refused(NET("1,4", CONV("kernel_size: 3")), NULL, DVT_E_SHAPE, 2, 1,
                       "layer 'l' (Convolution): its input has 2 dimensions, an image (N,C,H,W) is "
                       "needed",
                       NULL);
    tool_caffe_refused(
        NET("1,4,5,5", POOL("kernel_size: 1 stride: 3")), NULL, DVT_E_UNSUPPORTED, 2, 1,
        "layer 'l' (Pooling): its last window lies outside of the image (size 5, kernel "
        "1, stride 3), where Caffe's values are undefined",
        NULL);
    tool_caffe_refused(NET("1,4,5,5", POOL("pool: AVG kernel_size: 2")), NULL, DVT_E_PARSE, 2, 78,
                       "field 'pool' has no value 'AVG'", "did you mean 'AVE'?");
    tool_caffe_refused(
        NET("1,4,5,5", "type: 'Softmax' softmax_param { axis: 4 }"), NULL, DVT_E_SHAPE, 2, 1,
        "layer 'l' (Softmax): field 'axis' is 4, but the input has 4 dimensions", NULL);
    tool_caffe_refused(NET("1,4,5,5", "type: 'Reshape' reshape_param { shape { dim: 7 dim: -1 } }"),
                       NULL, DVT_E_SHAPE, 2, 1,
                       "layer 'l' (Reshape): 100 elements cannot take its shape", NULL);
    tool_caffe_refused(
        NET("1,4,5,5", "type: 'BatchNorm' batch_norm_param { use_global_stats: false }"), NULL,
        DVT_E_UNSUPPORTED, 2, 1,
        "layer 'l' (BatchNorm): with use_global_stats false its output depends on the "
        "rest of the batch",
        NULL);
    tool_caffe_refused(NET("1,99999999,1,1", "type: 'BatchNorm'"), NULL, DVT_E_CAPACITY, 2, 1,
                       "layer 'l' (BatchNorm): it has more than 16777216 channels", NULL);
    tool_caffe_refused(NET("1,4,5,5", "type: 'Eltwise'"), NULL, DVT_E_PARSE, 2, 1,
                       "layer 'l' (Eltwise): it has 1 bottoms, not 2 or more", NULL);
    tool_caffe_refused(NET("1,4,5,5", "type: 'LRN' lrn_param { local_size: 4 }"), NULL, DVT_E_PARSE,
                       2, 1, "layer 'l' (LRN): field 'local_size' is 4, it must be odd", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caffe_layers__sizes_are_those_of_caffe),
        cmocka_unit_test(test_caffe_layers__element_wise_functions_have_caffes_values),
        cmocka_unit_test(test_caffe_layers__averages_count_the_padded_image),
        cmocka_unit_test(test_caffe_layers__eltwise_sums_with_coefficients),
        cmocka_unit_test(test_caffe_layers__slices_cut_where_they_are_told),
        cmocka_unit_test(test_caffe_layers__crop_takes_the_size_of_the_other_input),
        cmocka_unit_test(test_caffe_layers__channels_are_shuffled_by_groups),
        cmocka_unit_test(test_caffe_layers__mean_and_variance_are_normalised_away),
        cmocka_unit_test(test_caffe_layers__nodes_say_where_they_came_from),
        cmocka_unit_test(test_caffe_layers__what_cannot_be_is_refused_at_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
