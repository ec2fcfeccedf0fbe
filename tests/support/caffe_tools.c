/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_tools.c - see caffe_tools.h.
 */
#include "support/caffe_tools.h"
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

dvt_graph *tool_caffe_opts(const char *text, const dvt_import_opts *opts)
{
    dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_graph *g = NULL;

    assert_non_null(ctx);
    tool_ok(ctx,
            dvt_caffe_parse(ctx, "net.prototxt", (const uint8_t *)text, strlen(text), opts, &g));
    tool_ok(ctx, dvt_graph_verify(g));
    return g;
}

dvt_graph *tool_caffe(const char *text) { return tool_caffe_opts(text, NULL); }

dvt_graph *tool_caffe_layer(const char *dims, const char *layer)
{
    char text[2048];

    snprintf(text, sizeof text,
             "input: 'x' input_shape { dim: [%s] } layer { name: 'l' bottom: 'x' top: 'y' %s }",
             dims, layer);
    return tool_caffe(text);
}

void tool_caffe_refused(const char *text, const dvt_import_opts *opts, dvt_status status,
                        uint32_t line, uint32_t column, const char *message, const char *hint)
{
    dvt_ctx         *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    const dvt_error *e = dvt_ctx_error(ctx);
    dvt_graph       *g = NULL;
    dvt_status       st =
        dvt_caffe_parse(ctx, "net.prototxt", (const uint8_t *)text, strlen(text), opts, &g);

    assert_null(g);
    assert_string_equal(e->message, message);
    assert_string_equal(dvt_status_name(st), dvt_status_name(status));
    assert_int_equal(e->line, line);
    assert_int_equal(e->column, column);
    if (hint) assert_string_equal(e->hint, hint);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

void tool_expect_shape(const dvt_graph *g, const char *value, const char *shape)
{
    char text[DVT_SHAPE_TEXT];

    assert_string_equal(dvt_shape_text(&dvt_graph_value(g, tool_value(g, value))->shape, text),
                        shape);
}

void tool_expect_values(const dvt_graph *g, const float *in, const float *want, int64_t count)
{
    const dvt_value *input = dvt_graph_value(g, dvt_graph_input(g, 0));
    float            copy[256];
    dvt_tensor       x = dvt_tensor_wrap(DVT_DTYPE_F32, &input->shape, copy), y;

    assert_true(dvt_shape_count(&input->shape) <= 256);
    memcpy(copy, in, (size_t)dvt_shape_count(&input->shape) * sizeof copy[0]);
    dvt_exec *run = tool_run(g, DVT_EXEC_NAIVE, &x);
    tool_ok(dvt_graph_ctx(g), dvt_exec_tensor(run, dvt_graph_output(g, 0), &y));
    assert_int_equal(dvt_shape_count(&y.shape), count);
    for (int64_t i = 0; i < count; i++) {
        double got = (double)((const float *)y.data)[i], error = got - (double)want[i];
        if (!(error <= 1e-6 && error >= -1e-6))
            fail_msg("element %d is %.8g, not %.8g", (int)i, got, (double)want[i]);
    }
    dvt_exec_destroy(run);
}

/* ---- binary messages ----------------------------------------------------------------------- */

static void put_varint(dvt_buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) dvt_buf_append(b, &(uint8_t){(uint8_t)(v | 0x80)}, 1);
    dvt_buf_append(b, &(uint8_t){(uint8_t)v}, 1);
}

void tool_wire_varint(dvt_buf *b, uint32_t field, uint64_t value)
{
    put_varint(b, (uint64_t)field << 3);
    put_varint(b, value);
}

void tool_wire_bytes(dvt_buf *b, uint32_t field, const void *data, size_t size)
{
    put_varint(b, (uint64_t)field << 3 | 2);
    put_varint(b, size);
    dvt_buf_append(b, data, size);
}

void tool_wire_text(dvt_buf *b, uint32_t field, const char *text)
{
    tool_wire_bytes(b, field, text, strlen(text));
}

void tool_wire_blob(dvt_buf *b, uint32_t field, const dvt_shape *shape, const float *data)
{
    dvt_buf dims, blob;

    dvt_buf_init(&dims, b->ctx, 0);
    dvt_buf_init(&blob, b->ctx, 0);
    for (int32_t i = 0; i < shape->rank; i++) tool_wire_varint(&dims, 1, (uint64_t)shape->dim[i]);
    tool_wire_bytes(&blob, 7, dims.data, dims.len);
    tool_wire_bytes(&blob, 5, data, (size_t)dvt_shape_count(shape) * sizeof data[0]);
    tool_wire_bytes(b, field, blob.data, blob.len);
    dvt_buf_deinit(&dims);
    dvt_buf_deinit(&blob);
}

void tool_wire_layer(dvt_buf *b, const char *name, const char *type, const dvt_buf *blobs)
{
    dvt_buf layer;

    dvt_buf_init(&layer, b->ctx, 0);
    tool_wire_text(&layer, 1, name);
    tool_wire_text(&layer, 2, type);
    dvt_buf_append(&layer, blobs->data, blobs->len);
    tool_wire_bytes(b, 100, layer.data, layer.len);
    dvt_buf_deinit(&layer);
}
