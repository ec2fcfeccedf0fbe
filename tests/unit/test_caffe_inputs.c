/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_caffe_inputs.c - where the shape of an input comes from, and what wins.
 */
#include "support/caffe_tools.h"
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define RELU "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }\n"
#define DATA "layer { name: 'd' type: 'Data' top: 'x' top: 'label' data_param { batch_size: 8 } }\n"

static void expect(const char *text, const dvt_import_opts *opts, const char *shape)
{
    dvt_graph *g = tool_caffe_opts(text, opts);

    tool_expect_shape(g, "x", shape);
    assert_int_equal(dvt_graph_input_count(g), 1);
    tool_graph_free(g);
}

static void test_caffe_inputs__every_form_gives_the_shape_it_says(void **state)
{
    (void)state;
    expect("input: 'x' input_dim: 2 input_dim: 3 input_dim: 8 input_dim: 9\n" RELU, NULL,
           "[2,3,8,9]");
    expect("input: 'x' input_shape { dim: 2 dim: 5 }\n" RELU, NULL, "[2,5]");
    expect("layer { type: 'Input' top: 'x' input_param { shape { dim: [4,1,2,2] } } }\n" RELU, NULL,
           "[4,1,2,2]");
    expect("layer { type: 'MemoryData' top: 'x' top: 'l' memory_data_param { batch_size: 9 "
           "channels: 2 height: 3 width: 4 } }\n" RELU,
           NULL, "[1,2,3,4]");
    expect("layer { type: 'DummyData' top: 'x' dummy_data_param { shape { dim: [7,2] } } }\n" RELU,
           NULL, "[7,2]");
    expect("layer { type: 'DummyData' top: 'x' dummy_data_param { num: 3 channels: 2 height: 5 "
           "width: 6 } }\n" RELU,
           NULL, "[3,2,5,6]");
    expect("layer { type: 'Data' top: 'x' transform_param { crop_size: 24 } }\n" RELU, NULL,
           "[1,3,24,24]");
    expect("layer { type: 'ImageData' top: 'x' image_data_param { new_height: 5 new_width: 7 "
           "is_color: false } }\n" RELU,
           NULL, "[1,1,5,7]");
}

static void test_caffe_inputs__a_size_that_the_file_lacks_must_be_given(void **state)
{
    (void)state;
    dvt_import_opts image = {.image_shape = DVT_SHAPE(1, 28, 28)};
    dvt_input_shape named = {.name = "x", .shape = DVT_SHAPE(5, 3, 8, 8)};
    dvt_import_opts shape = {.shapes = &named, .shape_count = 1};

    tool_caffe_refused(DATA RELU, NULL, DVT_E_USAGE, 1, 37,
                       "the size of input 'x' is not in the file (Data)",
                       "give it, for example: --shape x=1,1,28,28");
    expect(DATA RELU, &image, "[1,1,28,28]");
    expect(DATA RELU, &shape, "[5,3,8,8]");
}

static void test_caffe_inputs__options_win_over_the_file(void **state)
{
    (void)state;
    const char     *file = "input: 'x' input_dim: [10,3,4,4]\n" RELU;
    dvt_input_shape only = {.name = NULL, .shape = DVT_SHAPE(2, 1, 6, 6)};
    dvt_import_opts image = {.image_shape = DVT_SHAPE(1, 28, 28)};

    expect(file, &(dvt_import_opts){.batch = 1}, "[1,3,4,4]");
    expect(file, &(dvt_import_opts){.shapes = &only, .shape_count = 1}, "[2,1,6,6]");
    expect(file, &(dvt_import_opts){.shapes = &only, .shape_count = 1, .batch = 7}, "[7,1,6,6]");
    expect(file, &image, "[10,3,4,4]");
}

static void test_caffe_inputs__a_shape_for_no_input_is_refused(void **state)
{
    (void)state;
    dvt_input_shape typo = {.name = "dota", .shape = DVT_SHAPE(1, 1)};
    dvt_import_opts opts = {.shapes = &typo, .shape_count = 1};

    tool_caffe_refused("input: 'data' input_dim: [1,1,2,2] layer { name: 'r' type: 'ReLU' bottom: "
                       "'data' top: 'y' }",
                       &opts, DVT_E_USAGE, 0, 0, "'net.prototxt' has no input 'dota'",
                       "did you mean 'data'");
}

static void test_caffe_inputs__impossible_sizes_are_refused(void **state)
{
    (void)state;
    tool_caffe_refused("input: 'x' input_dim: 0 " RELU, NULL, DVT_E_PARSE, 1, 23,
                       "field 'input_dim' must be a whole number from 1 on", NULL);
    tool_caffe_refused("layer { type: 'Input' top: 'x' input_param { shape { dim: -1 } } }\n" RELU,
                       NULL, DVT_E_PARSE, 1, 59, "field 'dim' is -1, outside 1..1099511627776",
                       NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caffe_inputs__every_form_gives_the_shape_it_says),
        cmocka_unit_test(test_caffe_inputs__a_size_that_the_file_lacks_must_be_given),
        cmocka_unit_test(test_caffe_inputs__options_win_over_the_file),
        cmocka_unit_test(test_caffe_inputs__a_shape_for_no_input_is_refused),
        cmocka_unit_test(test_caffe_inputs__impossible_sizes_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
