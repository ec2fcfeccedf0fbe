/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_caffe_binary.c - a caffemodel alone: its topology and its weights from one file.
 */
#include "support/caffe_tools.h"
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* One dense layer on an Input layer, as Caffe saves it from training (phase TRAIN on layers). */
static void make_net(dvt_buf *net, uint32_t extra_field)
{
    const float w[4] = {1, 2, 3, 4};
    dvt_buf     layer, param, shape;

    dvt_buf_init(net, net->ctx, 0);
    dvt_buf_init(&layer, net->ctx, 0);
    dvt_buf_init(&param, net->ctx, 0);
    dvt_buf_init(&shape, net->ctx, 0);
    tool_wire_bytes(&shape, 1, "\x01\x02", 2);         /* dim: [1, 2], packed */
    tool_wire_bytes(&param, 1, shape.data, shape.len); /* input_param.shape */
    tool_wire_text(&layer, 1, "in");
    tool_wire_text(&layer, 2, "Input");
    tool_wire_text(&layer, 4, "x");
    tool_wire_bytes(&layer, 143, param.data, param.len);
    tool_wire_text(net, 1, "net");
    tool_wire_bytes(net, 100, layer.data, layer.len);

    dvt_buf_reset(&layer);
    dvt_buf_reset(&param);
    tool_wire_varint(&param, 1, 2); /* num_output */
    tool_wire_varint(&param, 2, 0); /* bias_term: false */
    if (extra_field) tool_wire_varint(&param, extra_field, 1);
    tool_wire_text(&layer, 1, "ip");
    tool_wire_text(&layer, 2, "InnerProduct");
    tool_wire_text(&layer, 3, "x");
    tool_wire_text(&layer, 4, "y");
    tool_wire_varint(&layer, 10, 0); /* phase: TRAIN */
    tool_wire_blob(&layer, 7, &(dvt_shape){2, {2, 2}}, w);
    tool_wire_bytes(&layer, 117, param.data, param.len);
    tool_wire_bytes(net, 100, layer.data, layer.len);
    dvt_buf_deinit(&layer);
    dvt_buf_deinit(&param);
    dvt_buf_deinit(&shape);
}

static void test_caffe_binary__topology_and_weights_come_from_one_file(void **state)
{
    (void)state;
    dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_buf    net = {.ctx = ctx};
    dvt_graph *g;
    make_net(&net, 0);

    tool_ok(ctx,
            dvt_caffe_parse(ctx, "m.caffemodel", (const uint8_t *)net.data, net.len, NULL, &g));
    dvt_buf_deinit(&net);
    tool_expect_shape(g, "x", "[1,2]");
    tool_expect_values(g, (const float[2]){1, 10}, (const float[2]){21, 43}, 2);
    tool_graph_free(g);
}

static void test_caffe_binary__a_field_that_the_schema_lacks_is_reported(void **state)
{
    (void)state;
    dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_buf    net = {.ctx = ctx};
    dvt_graph *g;
    make_net(&net, 77);

    assert_int_equal(
        dvt_caffe_parse(ctx, "m.caffemodel", (const uint8_t *)net.data, net.len, NULL, &g),
        DVT_E_UNSUPPORTED);
    assert_string_equal(dvt_ctx_error(ctx)->message,
                        "field 'field 77' of 'inner_product_param' in layer 'ip' (InnerProduct) is "
                        "not understood");
    assert_true(dvt_ctx_error(ctx)->offset > 0);
    dvt_buf_deinit(&net);
    dvt_ctx_destroy(ctx);
}

static void test_caffe_binary__every_truncation_is_refused(void **state)
{
    (void)state;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_buf  net = {.ctx = ctx};
    make_net(&net, 0);

    for (size_t size = 1; size < net.len; size++) {
        dvt_graph *g = NULL;
        dvt_status st =
            dvt_caffe_parse(ctx, "m.caffemodel", (const uint8_t *)net.data, size, NULL, &g);
        assert_int_not_equal(st, DVT_OK);
        assert_int_not_equal(st, DVT_E_INTERNAL);
        assert_null(g);
        dvt_ctx_clear_error(ctx);
    }
    dvt_buf_deinit(&net);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caffe_binary__topology_and_weights_come_from_one_file),
        cmocka_unit_test(test_caffe_binary__a_field_that_the_schema_lacks_is_reported),
        cmocka_unit_test(test_caffe_binary__every_truncation_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
