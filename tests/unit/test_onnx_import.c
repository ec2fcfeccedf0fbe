/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_onnx_import.c - what the ONNX importer takes, what it refuses and how it says so.
 */
#include "support/onnx_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define DIMS(...) \
    (const int64_t[]) { __VA_ARGS__ }

/* y = Relu(x), x of (1, 4) */
static onnx_build *relu_model(void)
{
    onnx_build *b = onnx_build_new(13);

    onnx_input(b, "x", ONNX_FLOAT, 2, DIMS(1, 4));
    (void)onnx_node(b, "Relu", "act", "x", "y");
    onnx_output(b, "y", ONNX_FLOAT);
    return b;
}

static dvt_graph *import(onnx_build *b, const dvt_import_opts *opts)
{
    dvt_graph *g;
    if (onnx_import(b, opts, &g) != DVT_OK) {
        fail_msg("%s", dvt_ctx_error(b->ctx)->message);
    }
    return g;
}

static void expect_input_shape(onnx_build *b, const dvt_import_opts *opts, const char *want)
{
    dvt_graph *g = import(b, opts);
    char       text[DVT_SHAPE_TEXT];

    assert_string_equal(dvt_shape_text(&dvt_graph_value(g, dvt_graph_input(g, 0))->shape, text),
                        want);
    dvt_graph_destroy(g);
}

/* ---- what is kept -------------------------------------------------------------------------- */

static void test_import__names_of_the_model_stay(void **state)
{
    onnx_build *b = relu_model();
    dvt_graph  *g = import(b, NULL);

    (void)state;
    assert_int_equal(dvt_graph_node_count(g), 1);
    assert_string_equal(dvt_graph_node(g, (dvt_node_id){0})->name, "act");
    assert_string_equal(dvt_graph_value(g, dvt_graph_input(g, 0))->name, "x");
    assert_string_equal(dvt_graph_value(g, dvt_graph_output(g, 0))->name, "y");
    dvt_graph_destroy(g);
    onnx_build_free(b);
}

static void test_import__an_input_that_is_an_initializer_is_a_constant(void **state)
{
    onnx_build *b = onnx_build_new(13);

    (void)state;
    onnx_input(b, "x", ONNX_FLOAT, 1, DIMS(2));
    onnx_input(b, "w", ONNX_FLOAT, 1, DIMS(2));
    onnx_floats(b, "w", 1, DIMS(2), (float[]){1, 2});
    (void)onnx_node(b, "Add", "", "x,w", "y");
    onnx_output(b, "y", ONNX_FLOAT);
    dvt_graph *g = import(b, NULL);
    assert_int_equal(dvt_graph_input_count(g), 1);
    assert_int_equal(dvt_graph_value(g, dvt_graph_find_value(g, "w"))->kind, DVT_VALUE_CONST);
    dvt_graph_destroy(g);
    onnx_build_free(b);
}

static void test_import__a_computed_shape_folds_to_a_static_reshape(void **state)
{
    onnx_build    *b = onnx_build_new(13);
    DvtOnnx__Node *n;

    (void)state;
    onnx_input(b, "x", ONNX_FLOAT, 3, DIMS(2, 3, 4));
    onnx_int64s(b, "zero", 1, DIMS(0));
    onnx_int64s(b, "rest", 1, DIMS(-1));
    (void)onnx_node(b, "Shape", "", "x", "shape");
    (void)onnx_node(b, "Gather", "", "shape,zero", "batch");
    n = onnx_node(b, "Concat", "", "batch,rest", "to");
    onnx_attr_int(b, n, "axis", 0);
    (void)onnx_node(b, "Reshape", "flat", "x,to", "y");
    onnx_output(b, "y", ONNX_FLOAT);
    dvt_graph *g = import(b, NULL);
    assert_int_equal(dvt_graph_node_count(g), 1);
    assert_int_equal(dvt_graph_value(g, dvt_graph_output(g, 0))->shape.dim[1], 12);
    dvt_graph_destroy(g);
    onnx_build_free(b);
}

static void test_import__float16_stays_at_the_borders_only(void **state)
{
    onnx_build *b = onnx_build_new(13);

    (void)state;
    onnx_input(b, "x", ONNX_FLOAT16, 1, DIMS(2));
    (void)onnx_node(b, "Relu", "", "x", "a");
    (void)onnx_node(b, "Exp", "", "a", "y");
    onnx_output(b, "y", ONNX_FLOAT16);
    dvt_graph *g = import(b, NULL);
    assert_int_equal(dvt_graph_value(g, dvt_graph_input(g, 0))->dtype, DVT_DTYPE_F16);
    assert_int_equal(dvt_graph_value(g, dvt_graph_find_value(g, "a"))->dtype, DVT_DTYPE_F32);
    assert_int_equal(dvt_graph_value(g, dvt_graph_output(g, 0))->dtype, DVT_DTYPE_F16);
    assert_string_equal(dvt_graph_value(g, dvt_graph_output(g, 0))->name, "y");
    dvt_graph_destroy(g);
    onnx_build_free(b);
}

/* ---- shapes of inputs ---------------------------------------------------------------------- */

static onnx_build *image_model(int32_t rank, const int64_t *dims)
{
    onnx_build *b = onnx_build_new(13);

    onnx_input(b, "x", ONNX_FLOAT, rank, dims);
    (void)onnx_node(b, "Relu", "", "x", "y");
    onnx_output(b, "y", ONNX_FLOAT);
    return b;
}

static void test_inputs__an_unknown_batch_is_one_or_what_the_options_say(void **state)
{
    onnx_build *b = image_model(4, DIMS(-1, 3, 8, 8));

    (void)state;
    expect_input_shape(b, NULL, "[1,3,8,8]");
    expect_input_shape(b, &(dvt_import_opts){.batch = 5}, "[5,3,8,8]");
    onnx_build_free(b);
}

static void test_inputs__other_unknown_sizes_must_be_given(void **state)
{
    onnx_build     *b = image_model(4, DIMS(-1, 3, -1, -1));
    dvt_input_shape named = {"x", {4, {2, 3, 6, 7}}}, only = {NULL, {4, {2, 3, 6, 7}}};
    dvt_input_shape wrong = {"z", {4, {2, 3, 6, 7}}}, flat = {"x", {2, {2, 3}}};

    (void)state;
    onnx_expect_refused(b, NULL, DVT_E_USAGE, "does not say dimension 2 of input 'x'");
    expect_input_shape(b, &(dvt_import_opts){.shapes = &named, .shape_count = 1}, "[2,3,6,7]");
    expect_input_shape(b, &(dvt_import_opts){.shapes = &only, .shape_count = 1}, "[2,3,6,7]");
    expect_input_shape(b, &(dvt_import_opts){.image_shape = {3, {3, 9, 9}}}, "[1,3,9,9]");
    onnx_expect_refused(b, &(dvt_import_opts){.shapes = &wrong, .shape_count = 1}, DVT_E_USAGE,
                        "no input 'z'");
    onnx_expect_refused(b, &(dvt_import_opts){.shapes = &flat, .shape_count = 1}, DVT_E_USAGE,
                        "has 2 dimensions, the model says 4");
    onnx_build_free(b);
}

static void test_inputs__no_shape_at_all_must_be_given(void **state)
{
    onnx_build *b = image_model(-1, NULL);

    (void)state;
    onnx_expect_refused(b, NULL, DVT_E_USAGE, "does not say the shape of input 'x'");
    onnx_build_free(b);
}

static void
test_inputs__a_shape_known_at_run_time_is_refused_unless_its_value_is_given(void **state)
{
    onnx_build     *b = onnx_build_new(13);
    dvt_shape       two = {1, {2}};
    dvt_input_value value = {"to", dvt_tensor_wrap(DVT_DTYPE_I64, &two, (int64_t[]){3, 2})};
    dvt_input_value f32 = {"to", dvt_tensor_wrap(DVT_DTYPE_F32, &two, (float[]){3, 2})};

    (void)state;
    onnx_input(b, "x", ONNX_FLOAT, 1, DIMS(6));
    onnx_input(b, "to", ONNX_INT64, 1, DIMS(2));
    (void)onnx_node(b, "Reshape", "r", "x,to", "y");
    onnx_output(b, "y", ONNX_FLOAT);
    onnx_expect_refused(
        b, NULL, DVT_E_UNSUPPORTED,
        "node 'r' (Reshape, opset 13): input 1 (shape) is 'to', which is known only");
    onnx_expect_refused(b, &(dvt_import_opts){.values = &f32, .value_count = 1}, DVT_E_SHAPE,
                        "the value given for input 'to' is f32");
    dvt_graph *g = import(b, &(dvt_import_opts){.values = &value, .value_count = 1});
    assert_int_equal(dvt_graph_input_count(g), 1);
    assert_int_equal(dvt_graph_value(g, dvt_graph_output(g, 0))->shape.dim[0], 3);
    dvt_graph_destroy(g);
    onnx_build_free(b);
}

static void test_inputs__only_what_must_be_known_becomes_a_constant(void **state)
{
    onnx_build     *b = onnx_build_new(13);
    dvt_shape       one = {1, {1}}, two = {1, {2}};
    dvt_input_value values[] = {{"x", dvt_tensor_wrap(DVT_DTYPE_F32, &two, (float[]){1, 2})},
                                {"a", dvt_tensor_wrap(DVT_DTYPE_I64, &one, (int64_t[]){3})},
                                {"b", dvt_tensor_wrap(DVT_DTYPE_I64, &one, (int64_t[]){4})}};
    dvt_import_opts opts = {.values = values, .value_count = 3};

    (void)state;
    onnx_input(b, "x", ONNX_FLOAT, 1, DIMS(2));
    onnx_input(b, "a", ONNX_INT64, 1, DIMS(1));
    onnx_input(b, "b", ONNX_INT64, 1, DIMS(1));
    (void)onnx_node(b, "Add", "", "a,b", "times");
    (void)onnx_node(b, "Tile", "t", "x,times", "y");
    onnx_output(b, "y", ONNX_FLOAT);
    dvt_graph *g = import(b, &opts);
    assert_int_equal(dvt_graph_input_count(g), 1);
    assert_int_equal(dvt_graph_value(g, dvt_graph_output(g, 0))->shape.dim[0], 14);
    dvt_graph_destroy(g);
    opts.value_count = 2; /* b is not known */
    onnx_expect_refused(b, &opts, DVT_E_UNSUPPORTED, "input 1 (repeats) is 'times'");
    onnx_build_free(b);
}

static void test_inputs__sequences_are_refused(void **state)
{
    onnx_build    *b = relu_model();
    DvtOnnx__Type *type = b->model->graph->input[0]->type;

    (void)state;
    type->tensor_type = NULL;
    type->has_sequence_type = 1;
    onnx_expect_refused(b, NULL, DVT_E_UNSUPPORTED, "input 'x' is not a dense tensor");
    onnx_build_free(b);
}

/* ---- what is not understood ---------------------------------------------------------------- */

static void test_refusal__an_unknown_attribute_names_node_operator_opset_and_place(void **state)
{
    onnx_build *b = relu_model();
    dvt_graph  *g;

    (void)state;
    onnx_attr_int(b, b->model->graph->node[0], "slope", 1);
    assert_int_equal(onnx_import(b, NULL, &g), DVT_E_UNSUPPORTED);
    const dvt_error *e = dvt_ctx_error(b->ctx);
    assert_string_equal(e->message,
                        "node 'act' (Relu, opset 13): attribute 'slope' is not handled");
    assert_true(e->has_pos && e->offset > 0);
    onnx_build_free(b);
}

static void test_refusal__an_unknown_operator(void **state)
{
    onnx_build *b = relu_model();

    (void)state;
    b->model->graph->node[0]->op_type = (char[]){"LSTM"};
    onnx_expect_refused(b, NULL, DVT_E_UNSUPPORTED, "'act' (LSTM, opset 13): this operator is not");
    b->model->graph->node[0]->op_type = (char[]){"Upsample"};
    onnx_expect_refused(b, NULL, DVT_E_UNSUPPORTED, "does not exist in opset 13");
    b->model->graph->node[0]->op_type = (char[]){"Relu"};
    b->model->graph->node[0]->domain = (char[]){"com.example"};
    onnx_expect_refused(b, NULL, DVT_E_UNSUPPORTED, "domain 'com.example'");
    onnx_build_free(b);
}

static void test_refusal__inputs_and_outputs_that_nothing_asked_for(void **state)
{
    onnx_build    *b = onnx_build_new(13);
    DvtOnnx__Node *n;

    (void)state;
    onnx_input(b, "x", ONNX_FLOAT, 3, DIMS(1, 1, 4));
    n = onnx_node(b, "MaxPool", "p", "x", "y,where");
    onnx_attr_ints(b, n, "kernel_shape", 1, DIMS(2));
    onnx_output(b, "y", ONNX_FLOAT);
    onnx_expect_refused(b, NULL, DVT_E_UNSUPPORTED, "output 1 ('where') is not handled");
    n->n_output = 1;
    n->input[n->n_input++] = (char[]){"x"};
    onnx_expect_refused(b, NULL, DVT_E_UNSUPPORTED, "input 1 ('x') is not handled");
    onnx_build_free(b);
}

static void test_refusal__an_attribute_of_another_type_is_malformed(void **state)
{
    onnx_build    *b = onnx_build_new(13);
    DvtOnnx__Node *n;

    (void)state;
    onnx_input(b, "x", ONNX_FLOAT, 1, DIMS(4));
    n = onnx_node(b, "LeakyRelu", "l", "x", "y");
    onnx_attr_int(b, n, "alpha", 1);
    onnx_output(b, "y", ONNX_FLOAT);
    onnx_expect_refused(b, NULL, DVT_E_PARSE, "attribute 'alpha' is not a float");
    onnx_build_free(b);
}

/* ---- malformed models ---------------------------------------------------------------------- */

static void test_model__versions_must_be_known(void **state)
{
    onnx_build *b = relu_model();

    (void)state;
    b->model->opset_import[0]->version = 1000;
    onnx_expect_refused(b, NULL, DVT_E_UNSUPPORTED, "opset 1000 is newer");
    b->model->opset_import[0]->version = 0;
    onnx_expect_refused(b, NULL, DVT_E_PARSE, "opset 0 does not exist");
    b->model->n_opset_import = 0;
    onnx_expect_refused(b, NULL, DVT_E_PARSE, "states no version");
    b->model->ir_version = 99;
    onnx_expect_refused(b, NULL, DVT_E_UNSUPPORTED, "IR version 99 is newer");
    b->model->has_ir_version = 0;
    onnx_expect_refused(b, NULL, DVT_E_PARSE, "no IR version");
    onnx_build_free(b);
}

static void test_model__values_have_one_producer_before_their_readers(void **state)
{
    onnx_build *b = relu_model();

    (void)state;
    (void)onnx_node(b, "Abs", "again", "x", "y");
    onnx_expect_refused(b, NULL, DVT_E_PARSE, "value 'y' is made twice");
    b->model->graph->node[1]->output[0] = (char[]){"z"};
    b->model->graph->node[1]->input[0] = (char[]){"later"};
    onnx_expect_refused(b, NULL, DVT_E_PARSE, "reads 'later', which nothing before it makes");
    onnx_build_free(b);
}

static void test_model__outputs_exist_and_have_their_declared_type(void **state)
{
    onnx_build *b = relu_model();

    (void)state;
    b->model->graph->output[0]->type->tensor_type->elem_type = ONNX_INT64;
    onnx_expect_refused(b, NULL, DVT_E_SHAPE, "output 'y' is declared as INT64 but is f32");
    b->model->graph->output[0]->name = (char[]){"none"};
    onnx_expect_refused(b, NULL, DVT_E_PARSE, "output 'none' is made by no node");
    b->model->graph->n_output = 0;
    onnx_expect_refused(b, NULL, DVT_E_PARSE, "the graph has no output");
    onnx_build_free(b);
}

static void test_model__an_empty_file_is_no_model(void **state)
{
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    dvt_graph *g;

    (void)state;
    assert_int_equal(dvt_onnx_parse(ctx, "e.onnx", (const uint8_t *)"", 0, NULL, &g), DVT_E_PARSE);
    assert_null(g);
    dvt_ctx_destroy(ctx);
}

static void test_model__every_truncation_fails_cleanly(void **state)
{
    onnx_build    *b = onnx_build_new(13);
    size_t         size;
    const uint8_t *bytes;

    (void)state;
    onnx_input(b, "x", ONNX_FLOAT, 4, DIMS(-1, 2, 4, 4));
    onnx_floats(b, "w", 4, DIMS(1, 2, 1, 1), (float[]){1, 2});
    (void)onnx_node(b, "Conv", "c", "x,w", "y");
    onnx_output(b, "y", ONNX_FLOAT);
    bytes = onnx_pack(b, &size);
    for (size_t i = 0; i < size; i++) {
        dvt_ctx   *ctx = dvt_ctx_create(NULL);
        dvt_graph *g;
        dvt_status st = dvt_onnx_parse(ctx, "t.onnx", bytes, i, NULL, &g);
        assert_int_not_equal(st, DVT_OK); /* the opset or the output comes last */
        assert_int_not_equal(st, DVT_E_INTERNAL);
        assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
        dvt_ctx_destroy(ctx);
    }
    onnx_build_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import__names_of_the_model_stay),
        cmocka_unit_test(test_import__an_input_that_is_an_initializer_is_a_constant),
        cmocka_unit_test(test_import__a_computed_shape_folds_to_a_static_reshape),
        cmocka_unit_test(test_import__float16_stays_at_the_borders_only),
        cmocka_unit_test(test_inputs__an_unknown_batch_is_one_or_what_the_options_say),
        cmocka_unit_test(test_inputs__other_unknown_sizes_must_be_given),
        cmocka_unit_test(test_inputs__no_shape_at_all_must_be_given),
        cmocka_unit_test(
            test_inputs__a_shape_known_at_run_time_is_refused_unless_its_value_is_given),
        cmocka_unit_test(test_inputs__only_what_must_be_known_becomes_a_constant),
        cmocka_unit_test(test_inputs__sequences_are_refused),
        cmocka_unit_test(test_refusal__an_unknown_attribute_names_node_operator_opset_and_place),
        cmocka_unit_test(test_refusal__an_unknown_operator),
        cmocka_unit_test(test_refusal__inputs_and_outputs_that_nothing_asked_for),
        cmocka_unit_test(test_refusal__an_attribute_of_another_type_is_malformed),
        cmocka_unit_test(test_model__versions_must_be_known),
        cmocka_unit_test(test_model__values_have_one_producer_before_their_readers),
        cmocka_unit_test(test_model__outputs_exist_and_have_their_declared_type),
        cmocka_unit_test(test_model__an_empty_file_is_no_model),
        cmocka_unit_test(test_model__every_truncation_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
