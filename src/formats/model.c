/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.c - one entry for all model files: looks at the content and calls the right reader.
 *
 * Idea      Names of files lie, contents do not. A text is a graph in our own form or a prototxt; a
 *           binary is our own graph (magic) or a protobuf message, where the number and the wire
 *           type of the first fields tell ONNX from Caffe from TensorFlow. The name decides only
 *           for what could be two things.
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
    dvti_wire       w = dvti_wire_make(ctx, path, data, size);
    dvti_wire_field f;
    model_kind      kind = MODEL_UNKNOWN;

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
    } ends[] = {
        {".onnx", MODEL_ONNX}, {".caffemodel", MODEL_CAFFEMODEL}, {".pb", MODEL_TENSORFLOW}};

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (ends_with(path, ends[i].end)) {
            return ends[i].kind;
        }
    }
    return MODEL_UNKNOWN;
}

static bool is_graph_binary(const uint8_t *data, size_t size)
{
    return size >= 8 && memcmp(data, "DVTGRAPH", 8) == 0; /* graph_binary.c */
}

/* Our own text begins with the word "dvg", behind blanks and comments. */
static bool is_graph_text(const uint8_t *data, size_t size)
{
    size_t i = 0;

    while (i < size && (data[i] == '#' || (data[i] >= '\t' && data[i] <= '\r') || data[i] == ' ')) {
        const uint8_t *eol = data[i] == '#' ? memchr(data + i, '\n', size - i) : data + i;
        i = eol ? (size_t)(eol - data) + 1 : size;
    }
    return size - i > 3 && memcmp(data + i, "dvg", 3) == 0 && data[i + 3] <= ' ';
}

static model_kind kind_of(dvt_ctx *ctx, const char *path, const uint8_t *data, size_t size)
{
    model_kind kind = MODEL_UNKNOWN;

    if (is_graph_binary(data, size)) {
        return MODEL_GRAPH_BINARY;
    }
    if (size > 0 && dvti_caffe_is_text(data, size)) {
        return is_graph_text(data, size) ? MODEL_GRAPH_TEXT : MODEL_PROTOTXT;
    }
    kind = kind_of_message(ctx, path, data, size);
    return kind == MODEL_UNKNOWN ? kind_of_name(path) : kind;
}

/* Graphs in our own forms have all sizes fixed; weights can still be given by name. */
static dvt_status load_graph(dvt_ctx *ctx, const char *path, const dvt_blob *file, bool text,
                             const dvt_import_opts *opts, dvt_graph **out)
{
    dvt_status st = DVT_OK;

    if (opts && (opts->shape_count > 0 || opts->batch > 0)) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "the sizes in graph '%s' are fixed", path);
    }
    st = text ? dvt_graph_parse(ctx, path, (const char *)file->data, file->size, out)
              : dvt_graph_load(ctx, path, file->data, file->size, out);
    if (st == DVT_OK && opts && opts->weights) {
        st = dvt_caffe_load_weights(*out, opts->weights);
    }
    if (st != DVT_OK) {
        dvt_graph_destroy(*out);
        *out = NULL;
    }
    return st;
}

static dvt_status unknown_kind(dvt_ctx *ctx, const char *path, model_kind kind)
{
    dvt_pos    start = {.file = path};
    dvt_status st = DVT_OK;

    if (kind == MODEL_TENSORFLOW) {
        st = dvt_fail(ctx, DVT_E_UNSUPPORTED, &start, "'%s' looks like a TensorFlow graph", path);
        dvt_fail_hint(ctx, "export it as ONNX");
        return st;
    }
    st = dvt_fail(ctx, DVT_E_PARSE, &start, "'%s' is no model that we know", path);
    dvt_fail_hint(ctx, "known are Caffe prototxt and caffemodel, ONNX and .dvg");
    return st;
}

dvt_status dvt_model_load(dvt_ctx *ctx, const char *path, const dvt_import_opts *opts,
                          dvt_graph **out)
{
    dvt_blob   file = {0};
    dvt_status st = DVT_OK;

    *out = NULL;
    if ((st = dvt_file_read(ctx, path, 0, &file)) != DVT_OK) {
        return st;
    }
    model_kind kind = kind_of(ctx, path, file.data, file.size);
    switch (kind) {
    case MODEL_PROTOTXT:
    case MODEL_CAFFEMODEL: st = dvt_caffe_parse(ctx, path, file.data, file.size, opts, out); break;
    case MODEL_ONNX: st = dvt_onnx_parse(ctx, path, file.data, file.size, opts, out); break;
    case MODEL_GRAPH_TEXT:
    case MODEL_GRAPH_BINARY:
        st = load_graph(ctx, path, &file, kind == MODEL_GRAPH_TEXT, opts, out);
        break;
    default: st = unknown_kind(ctx, path, kind);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}
