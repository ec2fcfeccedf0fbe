/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_caffe_net.c - which layers count, what their blobs are called, what comes out.
 */
#include "support/caffe_tools.h"
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define INPUT "input: 'x' input_dim: [1,2,4,4]\n"
#define RELU(name, from, to) \
    "layer { name: '" name "' type: 'ReLU' bottom: '" from "' top: '" to "' }\n"

static const char *output_name(const dvt_graph *g, int32_t i)
{
    return dvt_graph_value(g, dvt_graph_output(g, i))->name;
}

static void test_caffe_net__the_last_writer_of_a_blob_has_its_name(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe(INPUT RELU("a", "x", "y") RELU("b", "y", "y") RELU("c", "y", "y"));

    assert_int_equal(dvt_graph_output_count(g), 1);
    assert_string_equal(output_name(g, 0), "y");
    assert_string_equal(dvt_graph_node(g, dvt_graph_value(g, tool_value(g, "y"))->producer)->name,
                        "c");
    assert_int_equal(dvt_graph_value(g, tool_value(g, "y@a"))->producer.i, 0);
    assert_int_equal(dvt_graph_value(g, tool_value(g, "y@b"))->producer.i, 1);
    tool_graph_free(g);
}

static void test_caffe_net__an_input_may_be_overwritten_in_place(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe(INPUT RELU("a", "x", "x"));

    assert_string_equal(dvt_graph_value(g, dvt_graph_input(g, 0))->name, "x@input");
    assert_string_equal(output_name(g, 0), "x");
    tool_graph_free(g);
}

static void test_caffe_net__tops_that_nobody_reads_are_outputs_in_order(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe(INPUT RELU("a", "x", "p") RELU("b", "x", "q") RELU("c", "p", "r"));

    assert_int_equal(dvt_graph_output_count(g), 2);
    assert_string_equal(output_name(g, 0), "q");
    assert_string_equal(output_name(g, 1), "r");
    tool_graph_free(g);
}

static const char TRAIN_FORM[] =
    "layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TRAIN }\n"
    "  transform_param { crop_size: 6 } data_param { batch_size: 64 } }\n"
    "layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TEST }\n"
    "  transform_param { crop_size: 4 } data_param { batch_size: 100 } }\n"
    "layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip'\n"
    "  inner_product_param { num_output: 5 weight_filler { type: 'xavier' } } }\n"
    "layer { name: 'drop' type: 'Dropout' bottom: 'ip' top: 'ip' exclude { phase: TEST } }\n"
    "layer { name: 'acc' type: 'Accuracy' bottom: 'ip' bottom: 'label' top: 'acc' }\n"
    "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' }\n";

static void test_caffe_net__a_train_form_becomes_its_inference_net(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe(TRAIN_FORM);

    assert_int_equal(dvt_graph_input_count(g), 1);
    tool_expect_shape(g, "data", "[1,3,4,4]");
    assert_int_equal(dvt_graph_output_count(g), 1);
    assert_string_equal(output_name(g, 0), "prob");
    tool_expect_shape(g, "prob", "[1,5]");
    assert_int_equal(dvt_graph_node_count(g), 2);
    tool_graph_free(g);
}

static void test_caffe_net__layers_that_only_serve_labels_vanish(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe(
        "layer { name: 'd' type: 'Data' top: 'data' top: 'label' transform_param { crop_size: 4 } "
        "}\n"
        "layer { name: 's' type: 'Slice' bottom: 'label' top: 'l1' top: 'l2' }\n" RELU(
            "r", "data",
            "y") "layer { name: 'e1' type: 'EuclideanLoss' bottom: 'y' bottom: 'l1' }\n"
                 "layer { name: 'e2' type: 'EuclideanLoss' bottom: 'y' bottom: 'l2' }\n");

    assert_int_equal(dvt_graph_input_count(g), 1);
    assert_int_equal(dvt_graph_node_count(g), 1);
    assert_string_equal(output_name(g, 0), "y");
    tool_graph_free(g);
}

static void test_caffe_net__several_losses_name_their_outputs_by_layer(void **state)
{
    (void)state;
    dvt_graph *g =
        tool_caffe(INPUT "layer { name: 'l1' type: 'SoftmaxWithLoss' bottom: 'x' top: 'o1' }\n"
                         "layer { name: 'l2' type: 'SoftmaxWithLoss' bottom: 'x' top: 'o2' "
                         "top: 'mine' }\n");

    assert_string_equal(output_name(g, 0), "l1/prob");
    assert_string_equal(output_name(g, 1), "mine");
    tool_graph_free(g);
}

static void test_caffe_net__stages_and_levels_admit_as_the_rules_say(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe(
        "state { stage: 'deploy' level: 2 } " INPUT
        "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'a' include { stage: 'deploy' } }\n"
        "layer { name: 'b' type: 'ReLU' bottom: 'x' top: 'b' include { not_stage: 'deploy' } }\n"
        "layer { name: 'c' type: 'ReLU' bottom: 'x' top: 'c' include { min_level: 3 } }\n"
        "layer { name: 'd' type: 'ReLU' bottom: 'x' top: 'd' exclude { max_level: 1 } }\n"
        "layer { name: 'e' type: 'ReLU' bottom: 'x' top: 'e' include { stage: 'deploy' stage: 'z' "
        "} }\n");

    assert_int_equal(dvt_graph_output_count(g), 2);
    assert_string_equal(output_name(g, 0), "a");
    assert_string_equal(output_name(g, 1), "d");
    tool_graph_free(g);
}

static void test_caffe_net__a_data_layer_of_another_phase_still_names_the_input(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe("layer { name: 'd' type: 'Data' top: 'data' include { phase: TRAIN } "
                              "transform_param { crop_size: 4 } }\n" RELU("r", "data", "y"));

    assert_string_equal(dvt_graph_value(g, dvt_graph_input(g, 0))->name, "data");
    tool_graph_free(g);
}

static void test_caffe_net__wrong_wiring_is_refused_at_its_place(void **state)
{
    (void)state;
    tool_caffe_refused(INPUT RELU("a", "q", "y"), NULL, DVT_E_PARSE, 2, 40,
                       "layer 'a' reads blob 'q', which no layer before it makes", NULL);
    tool_caffe_refused(INPUT RELU("a", "x", "y") RELU("b", "x", "y"), NULL, DVT_E_PARSE, 3, 49,
                       "layer 'b' writes blob 'y', which exists already (line 2)",
                       "a layer may overwrite a blob only if it reads it, too");
    tool_caffe_refused("input: 'x'\ninput: 'x' layer { type: 'ReLU' }", NULL, DVT_E_PARSE, 2, 8,
                       "input 'x' is named twice", NULL);
    tool_caffe_refused(INPUT "layer { name: 'a' }", NULL, DVT_E_PARSE, 2, 1,
                       "a layer without a type", NULL);
}

static void test_caffe_net__fields_that_nobody_understands_are_errors(void **state)
{
    (void)state;
    tool_caffe_refused(INPUT "layer { name: 'a' type: 'Pooling' bottom: 'x' top: 'y'\n"
                             "  pooling_param { kernel_size: 2 strid: 2 } }",
                       NULL, DVT_E_PARSE, 3, 34,
                       "'pooling_param' in layer 'a' (Pooling) has no field 'strid'",
                       "did you mean 'stride'?");
    tool_caffe_refused(INPUT "layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'y'\n"
                             "  pooling_param { kernel_size: 2 } }",
                       NULL, DVT_E_UNSUPPORTED, 3, 3,
                       "field 'pooling_param' of layer 'a' (ReLU) is not understood", NULL);
    tool_caffe_refused(INPUT "nmae: 'x' layer { name: 'a' type: 'ReLU' bottom: 'x' top: 'y' }",
                       NULL, DVT_E_PARSE, 2, 1, "the net has no field 'nmae'",
                       "did you mean 'name'?");
}

static void test_caffe_net__an_unknown_layer_is_named_with_its_place(void **state)
{
    (void)state;
    tool_caffe_refused(INPUT "\nlayer { name: 'p' type: 'PriorBox' bottom: 'x' top: 'y' }", NULL,
                       DVT_E_UNSUPPORTED, 3, 1,
                       "layer 'p' has type 'PriorBox', which is not supported", NULL);
    tool_caffe_refused(INPUT "layer { name: 'p' type: 'Convolutoin' bottom: 'x' top: 'y' }", NULL,
                       DVT_E_UNSUPPORTED, 2, 1,
                       "layer 'p' has type 'Convolutoin', which is not supported",
                       "did you mean 'Convolution'?");
}

static void test_caffe_net__other_prototxts_say_what_they_are(void **state)
{
    (void)state;
    tool_caffe_refused("# solver\nnet: 'lenet.prototxt'\nbase_lr: 0.01", NULL, DVT_E_UNSUPPORTED, 2,
                       1, "this is a solver, which trains the net 'lenet.prototxt'",
                       "give the file of that net");
    tool_caffe_refused("node { name: 'x' }", NULL, DVT_E_UNSUPPORTED, 1, 1,
                       "this is a TensorFlow GraphDef in text form, not a Caffe net", NULL);
    tool_caffe_refused("name: 'empty'", NULL, DVT_E_PARSE, 1, 1, "the file has no layers", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caffe_net__the_last_writer_of_a_blob_has_its_name),
        cmocka_unit_test(test_caffe_net__an_input_may_be_overwritten_in_place),
        cmocka_unit_test(test_caffe_net__tops_that_nobody_reads_are_outputs_in_order),
        cmocka_unit_test(test_caffe_net__a_train_form_becomes_its_inference_net),
        cmocka_unit_test(test_caffe_net__layers_that_only_serve_labels_vanish),
        cmocka_unit_test(test_caffe_net__several_losses_name_their_outputs_by_layer),
        cmocka_unit_test(test_caffe_net__stages_and_levels_admit_as_the_rules_say),
        cmocka_unit_test(test_caffe_net__a_data_layer_of_another_phase_still_names_the_input),
        cmocka_unit_test(test_caffe_net__wrong_wiring_is_refused_at_its_place),
        cmocka_unit_test(test_caffe_net__fields_that_nobody_understands_are_errors),
        cmocka_unit_test(test_caffe_net__an_unknown_layer_is_named_with_its_place),
        cmocka_unit_test(test_caffe_net__other_prototxts_say_what_they_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
