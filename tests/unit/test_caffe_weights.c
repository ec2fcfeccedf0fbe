/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_caffe_weights.c - blobs of hand-made caffemodels: in all forms, into the right parameters.
 */
#include "support/caffe_tools.h"
#include "support/graph_tools.h"
#include "support/test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define S(...) (&(dvt_shape[]){DVT_SHAPE(__VA_ARGS__)}[0])

static const char  NET[] = "input: 'x' input_dim: [1,2,1,1]\n"
                           "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
                           "  inner_product_param { num_output: 3 } }";
static const float W[6] = {1, 2, 3, 4, 5, 6}, B[3] = {10, 20, 30};

/* Writes `model` to a file of this test and loads it into g. */
static dvt_status load(dvt_graph *g, const dvt_buf *model)
{
    char path[TEST_PATH_MAX];

    test_temp_path("w.caffemodel", path);
    tool_ok(dvt_graph_ctx(g), dvt_buf_status(model));
    tool_ok(dvt_graph_ctx(g), dvt_file_write(dvt_graph_ctx(g), path, model->data, model->len));
    return dvt_caffe_load_weights(g, path);
}

static void expect_data(const dvt_graph *g, const char *name, const float *want, int64_t count)
{
    dvt_tensor t;

    assert_true(dvt_graph_const(g, tool_value(g, name), &t));
    assert_int_equal(dvt_shape_count(&t.shape), count);
    for (int64_t i = 0; i < count; i++) assert_true(((const float *)t.data)[i] == want[i]);
}

/* A model with one layer of this name, weights and bias of the given shapes. */
static void make_model(dvt_ctx *ctx, dvt_buf *model, const char *layer, const dvt_shape *w,
                       const dvt_shape *b)
{
    dvt_buf blobs;

    dvt_buf_init(model, ctx, 0);
    dvt_buf_init(&blobs, ctx, 0);
    tool_wire_blob(&blobs, 7, w, W);
    if (b) tool_wire_blob(&blobs, 7, b, B);
    tool_wire_text(model, 1, "net");
    tool_wire_layer(model, layer, "InnerProduct", &blobs);
    dvt_buf_deinit(&blobs);
}

static void test_caffe_weights__blobs_reach_the_parameters_of_their_layer(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe(NET);
    dvt_buf    model;
    make_model(dvt_graph_ctx(g), &model, "ip", S(3, 2), S(3));

    tool_ok(dvt_graph_ctx(g), load(g, &model));
    expect_data(g, "ip.weight", W, 6);
    expect_data(g, "ip.bias", B, 3);
    tool_expect_values(g, (const float[2]){1, 1}, (const float[3]){13, 27, 41}, 3);
    dvt_buf_deinit(&model);
    tool_graph_free(g);
}

static void test_caffe_weights__shapes_of_four_dimensions_fit_matrices(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe(NET);
    dvt_buf    model;
    make_model(dvt_graph_ctx(g), &model, "ip", S(1, 1, 3, 2), S(1, 1, 1, 3));

    tool_ok(dvt_graph_ctx(g), load(g, &model));
    expect_data(g, "ip.weight", W, 6);
    dvt_buf_deinit(&model);
    tool_graph_free(g);
}

/* V1 layers (field 2: name 4, blobs 6), sizes in num..width, values in double_data one by one. */
static void test_caffe_weights__the_older_forms_are_read(void **state)
{
    (void)state;
    dvt_graph   *g = tool_caffe("input: 'x' input_dim: [1,2,1,1]\n"
                                  "layer { name: 'ip' type: 'InnerProduct' bottom: 'x' top: 'y'\n"
                                  "  inner_product_param { num_output: 1 bias_term: false } }");
    const double values[2] = {1.5, -2};
    dvt_buf      model, layer, blob;
    dvt_buf_init(&model, dvt_graph_ctx(g), 0);
    dvt_buf_init(&layer, dvt_graph_ctx(g), 0);
    dvt_buf_init(&blob, dvt_graph_ctx(g), 0);

    tool_wire_varint(&blob, 1, 1);
    tool_wire_varint(&blob, 4, 2);
    tool_wire_bytes(&blob, 8, &values[0], sizeof values[0]);
    tool_wire_bytes(&blob, 8, &values[1], sizeof values[1]);
    tool_wire_text(&layer, 4, "ip");
    tool_wire_bytes(&layer, 6, blob.data, blob.len);
    tool_wire_bytes(&model, 2, layer.data, layer.len);
    tool_ok(dvt_graph_ctx(g), load(g, &model));
    expect_data(g, "ip.weight", (const float[2]){1.5f, -2}, 2);
    dvt_buf_deinit(&model);
    dvt_buf_deinit(&layer);
    dvt_buf_deinit(&blob);
    tool_graph_free(g);
}

static void load_norm(dvt_graph *g, float factor)
{
    dvt_buf blobs, model;

    dvt_buf_init(&blobs, dvt_graph_ctx(g), 0);
    dvt_buf_init(&model, dvt_graph_ctx(g), 0);
    tool_wire_blob(&blobs, 7, S(2), (const float[2]){4, 8});
    tool_wire_blob(&blobs, 7, S(2), (const float[2]){1, 2});
    tool_wire_blob(&blobs, 7, S(1), &factor);
    tool_wire_layer(&model, "bn", "BatchNorm", &blobs);
    tool_ok(dvt_graph_ctx(g), load(g, &model));
    dvt_buf_deinit(&blobs);
    dvt_buf_deinit(&model);
}

static void test_caffe_weights__batch_norm_sums_are_divided_by_their_factor(void **state)
{
    (void)state;
    static const char net[] = "input: 'x' input_dim: [1,2,1,1]\n"
                              "layer { name: 'bn' type: 'BatchNorm' bottom: 'x' top: 'y' }";
    dvt_graph        *g = tool_caffe(net), *zero = tool_caffe(net);

    load_norm(g, 4);
    expect_data(g, "bn.mean", (const float[2]){1, 2}, 2);
    expect_data(g, "bn.var", (const float[2]){0.25f, 0.5f}, 2);
    load_norm(zero, 0); /* never trained */
    expect_data(zero, "bn.mean", (const float[2]){0, 0}, 2);
    tool_graph_free(g);
    tool_graph_free(zero);
}

static void expect_refused(const char *layer, const dvt_shape *w, const dvt_shape *b,
                           dvt_status status, const char *message, const char *hint)
{
    dvt_graph *g = tool_caffe(NET);
    dvt_buf    model;
    make_model(dvt_graph_ctx(g), &model, layer, w, b);

    assert_int_equal(load(g, &model), status);
    assert_string_equal(dvt_ctx_error(dvt_graph_ctx(g))->message, message);
    assert_string_equal(dvt_ctx_error(dvt_graph_ctx(g))->hint, hint);
    dvt_buf_deinit(&model);
    tool_graph_free(g);
}

static void test_caffe_weights__weights_of_another_network_are_refused(void **state)
{
    (void)state;
    expect_refused("ip", S(2, 3), S(3), DVT_E_SHAPE,
                   "layer 'ip': blob 0 has shape [2,3], the network needs [3,2]", "");
    expect_refused("ip", S(3, 2), NULL, DVT_E_SHAPE,
                   "layer 'ip' has 1 blobs in the weights, the network needs 2", "");
    expect_refused("ip1", S(3, 2), S(3), DVT_E_NOTFOUND,
                   "the weights have no layer 'ip' (parameter 'ip.weight')",
                   "the nearest name there is 'ip1'");
}

static void test_caffe_weights__damage_is_refused_with_its_byte(void **state)
{
    (void)state;
    dvt_graph *g = tool_caffe(NET);
    dvt_buf    model;
    make_model(dvt_graph_ctx(g), &model, "ip", S(3, 2), S(3));

    model.len -= 3;
    assert_int_equal(load(g, &model), DVT_E_PARSE);
    assert_int_equal(dvt_ctx_error(dvt_graph_ctx(g))->offset, 5); /* behind the name: the layer */
    dvt_buf_deinit(&model);
    tool_graph_free(g);
}

static void test_caffe_weights__a_mean_file_is_one_image(void **state)
{
    (void)state;
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    char       path[TEST_PATH_MAX];
    dvt_tensor t;
    dvt_buf    blob;

    dvt_buf_init(&blob, ctx, 0);
    tool_wire_varint(&blob, 1, 1);
    tool_wire_varint(&blob, 2, 3);
    tool_wire_varint(&blob, 3, 1);
    tool_wire_varint(&blob, 4, 2);
    tool_wire_bytes(&blob, 5, W, sizeof W);
    test_temp_path("mean.binaryproto", path);
    tool_ok(ctx, dvt_file_write(ctx, path, blob.data, blob.len));
    tool_ok(ctx, dvt_caffe_read_blob(ctx, path, &t));
    assert_true(dvt_shape_equal(&t.shape, S(3, 1, 2)));
    assert_memory_equal(t.data, W, sizeof W);
    dvt_tensor_deinit(ctx, &t);
    dvt_buf_deinit(&blob);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caffe_weights__blobs_reach_the_parameters_of_their_layer),
        cmocka_unit_test(test_caffe_weights__shapes_of_four_dimensions_fit_matrices),
        cmocka_unit_test(test_caffe_weights__the_older_forms_are_read),
        cmocka_unit_test(test_caffe_weights__batch_norm_sums_are_divided_by_their_factor),
        cmocka_unit_test(test_caffe_weights__weights_of_another_network_are_refused),
        cmocka_unit_test(test_caffe_weights__damage_is_refused_with_its_byte),
        cmocka_unit_test(test_caffe_weights__a_mean_file_is_one_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
