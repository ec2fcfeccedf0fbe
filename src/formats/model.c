/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.c - one entry for all model files: looks at the content and calls the right reader.
 *
 * Idea      Names of files lie, contents do not. A text is a graph in our own form or a prototxt; a
 *           binary is our own graph (magic) or a protobuf message, where the number and the wire type
 *           of the first fields tell ONNX from Caffe from TensorFlow. The name decides only for what
 *           could be two things.
 * Limits    TensorFlow graphs are named, not read.
 * Tests     tests/unit/test_model.c
 */
#include "formats/caffe_int.h"
#include "formats/wire.h"

#include <string.h>

typedef enum model_kind {
    MODEL_PROTOTXT,
    MODEL_CAFFEMODEL,
    MODEL_ONNX,
    MODEL_GRAPH_TEXT,
    MODEL_GRAPH_BINARY,
    MODEL_TENSORFLOW,
    MODEL_UNKNOWN
} model_kind;

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The fields that tell the formats apart, from a walk that stops at the first damage: the reader
 * will find that again and say where. */
static model_kind kind_of_message(dvt_ctx *ctx, const char *path, const uint8_t *data, size_t size)
{
    dvti_wire w = dvti_wire_make(ctx, path, data, size);
    dvti_wire_field f;
    model_kind kind = MODEL_UNKNOWN;

    for (int n = 0; n < 64 && kind == MODEL_UNKNOWN && dvti_wire_next(&w, &f); n++) {
        bool bytes = f.type == DVTI_WIRE_BYTES;

        if ((f.number == 1 && f.type == DVTI_WIRE_VARINT) || (f.number == 8 && n == 0)) {
            kind = MODEL_ONNX; /* ir_version; opset_import */
        } else if (bytes && f.number == 100) {
            kind = MODEL_CAFFEMODEL;
        } else if (bytes && f.number == 7) {
            kind = MODEL_ONNX; /* graph */
        } else if (bytes && f.number == 2 && ends_with(path, ".caffemodel")) {
            kind = MODEL_CAFFEMODEL; /* layers of V1; a GraphDef has a library there */
        } else if (bytes && f.number == 1 && n == 1) {
            kind = MODEL_TENSORFLOW; /* node after node; a Caffe net has one name */
        }
    }
    if (w.status != DVT_OK) {
        dvt_ctx_clear_error(ctx);
    }
    return kind;
}

static model_kind kind_of_name(const char *path)
{
    static const struct {
        const char *end;
        model_kind  kind;
    } ends[] = {{".onnx", MODEL_ONNX}, {".caffemodel", MODEL_CAFFEMODEL}, {".pb", MODEL_TENSORFLOW}};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends_with(path, ends[i].end)) {
            return ends[i].kind;
        }
    }
    return MODEL_UNKNOWN;
}

static model_kind kind_of(dvt_ctx *ctx, const char *path, const uint8_t *data, size_t size)
{
    model_kind kind = MODEL_UNKNOWN;

    if (dvti_graph_is_binary(data, size)) {
        return MODEL_GRAPH_BINARY;
    }
    if (size > 0 && dvti_caffe_is_text(data, size)) {
        return dvti_graph_is_text((const char *)data, size) ? MODEL_GRAPH_TEXT : MODEL_PROTOTXT;
    }
    kind = kind_of_message(ctx, path, data, size);
    return kind == MODEL_UNKNOWN ? kind_of_name(path) : kind;
}
