/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_caffe_upgrade.c - the two older layer forms give the graph of the present one.
 */
#include "support/caffe_tools.h"
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char PRESENT[] = "input: 'x' input_dim: [1,2,6,6]\n"
                              "layer { name: 'c' type: 'Convolution' bottom: 'x' top: 'c'\n"
                              "  convolution_param { num_output: 3 kernel_size: 3 pad: 1 } }\n"
                              "layer { name: 'r' type: 'ReLU' bottom: 'c' top: 'c' }\n"
                              "layer { name: 'p' type: 'Pooling' bottom: 'c' top: 'p' "
                              "pooling_param { pool: AVE kernel_size: 2 "
                              "stride: 2 } }\n"
                              "layer { name: 'i' type: 'InnerProduct' bottom: 'p' top: 'i' "
                              "inner_product_param { num_output: 4 "
                              "bias_term: false } }\n";

static void expect_same_as_present(const char *text)
{
    dvt_graph *want = tool_caffe(PRESENT), *got = tool_caffe(text);

    tool_ok(dvt_graph_ctx(want), dvt_graph_seed_params(want, 3));
    tool_ok(dvt_graph_ctx(got), dvt_graph_seed_params(got, 3));
    tool_expect_same(want, got, 0, 0);
    tool_graph_free(want);
    tool_graph_free(got);
}

static void test_caffe_upgrade__v1_layers_give_the_same_graph(void **state)
{
    (void)state;
    expect_same_as_present(
        "input: 'x' input_dim: [1,2,6,6]\n"
        "layers { name: 'c' type: CONVOLUTION bottom: 'x' top: 'c' blobs_lr: 1 weight_decay: 0\n"
        "  convolution_param { num_output: 3 kernel_size: 3 pad: 1 } }\n"
        "layers { name: 'r' type: RELU bottom: 'c' top: 'c' }\n"
        "layers { name: 'p' type: POOLING bottom: 'c' top: 'p' pooling_param { pool: AVE "
        "kernel_size: 2 stride: 2 } }\n"
        "layers { name: 'i' type: INNER_PRODUCT bottom: 'p' top: 'i' inner_product_param { "
        "num_output: 4 bias_term: false } }\n");
}

static void test_caffe_upgrade__v0_layers_give_the_same_graph(void **state)
{
    (void)state;
    expect_same_as_present(
        "input: 'x' input_dim: [1,2,6,6]\n"
        "layers { layer { name: 'c' type: 'conv' num_output: 3 kernelsize: 3 pad: 1 blobs_lr: 1 "
        "weight_filler { type: 'gaussian' } } bottom: 'x' top: 'c' }\n"
        "layers { layer { name: 'r' type: 'relu' } bottom: 'c' top: 'c' }\n"
        "layers { layer { name: 'p' type: 'pool' pool: AVE kernelsize: 2 stride: 2 } bottom: 'c' "
        "top: 'p' }\n"
        "layers { layer { name: 'i' type: 'innerproduct' num_output: 4 biasterm: false } bottom: "
        "'p' "
        "top: 'i' }\n");
}

static void test_caffe_upgrade__v0_padding_layers_pad(void **state)
{
    (void)state;
    dvt_graph *g =
        tool_caffe("input: 'x' input_dim: [1,2,6,6]\n"
                   "layers { layer { name: 'q' type: 'padding' pad: 2 } bottom: 'x' top: 'y' }");

    tool_expect_shape(g, "y", "[1,2,10,10]");
    tool_graph_free(g);
}

static void test_caffe_upgrade__types_of_no_form_are_refused(void **state)
{
    (void)state;
    tool_caffe_refused("layers { name: 'c'\n type: CONVOLVE }", NULL, DVT_E_PARSE, 2, 8,
                       "'CONVOLVE' is not a layer type of the form 'layers { ... }'",
                       "the newer form is: layer { type: \"Convolution\" ... }");
    tool_caffe_refused("layers { layer { name: 'c'\n type: 'convolve' } }", NULL, DVT_E_PARSE, 2, 8,
                       "'convolve' is not a layer type of the form 'layers { layer { ... } }'",
                       NULL);
}

static void test_caffe_upgrade__fields_keep_their_places(void **state)
{
    (void)state;
    tool_caffe_refused("input: 'x' input_dim: [1,2,6,6]\n"
                       "layers { layer { name: 'c' type: 'conv' num_output: 3\n"
                       "  kernelsize: 0 } bottom: 'x' top: 'c' }",
                       NULL, DVT_E_PARSE, 3, 15, "field 'kernel_size' is 0, outside 1..2147483647",
                       NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caffe_upgrade__v1_layers_give_the_same_graph),
        cmocka_unit_test(test_caffe_upgrade__v0_layers_give_the_same_graph),
        cmocka_unit_test(test_caffe_upgrade__v0_padding_layers_pad),
        cmocka_unit_test(test_caffe_upgrade__types_of_no_form_are_refused),
        cmocka_unit_test(test_caffe_upgrade__fields_keep_their_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
