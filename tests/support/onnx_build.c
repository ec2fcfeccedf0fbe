/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_build.c - ONNX models in a few lines; see onnx_build.h.
 */
#include "support/onnx_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_ITEMS = 64 }; /* of each repeated field */

/* A new message in the builder. */
#define NEW(b, Type, m, INIT)                             \
    Type *m = dvt_arena_calloc((b)->arena, 1, sizeof *m); \
    assert_non_null(m);                                   \
    *m = (Type)INIT

#define APPEND(b, list, count, item)                                          \
    do {                                                                      \
        if (!(list)) {                                                        \
            (list) = dvt_arena_calloc((b)->arena, MAX_ITEMS, sizeof *(list)); \
        }                                                                     \
        assert_true((count) < MAX_ITEMS);                                     \
        (list)[(count)++] = (item);                                           \
    } while (0)

static char *text(onnx_build *b, const char *s) { return dvt_arena_strdup(b->arena, s); }

static void *copy(onnx_build *b, const void *data, size_t bytes)
{
    void *p = dvt_arena_calloc(b->arena, 1, bytes ? bytes : 1);
    if (bytes) {
        memcpy(p, data, bytes);
    }
    return p;
}

/* ---- model --------------------------------------------------------------------------------- */

onnx_build *onnx_build_new(int64_t opset)
{
    onnx_build *b = calloc(1, sizeof *b);

    assert_non_null(b);
    b->ctx = dvt_ctx_create(NULL);
    b->arena = dvt_arena_create(b->ctx);
    NEW(b, DvtOnnx__Model, model, DVT_ONNX__MODEL__INIT);
    NEW(b, DvtOnnx__OperatorSet, set, DVT_ONNX__OPERATOR_SET__INIT);
    NEW(b, DvtOnnx__Graph, graph, DVT_ONNX__GRAPH__INIT);
    model->has_ir_version = 1;
    model->ir_version = 8;
    set->domain = text(b, "");
    set->has_version = 1;
    set->version = opset;
    APPEND(b, model->opset_import, model->n_opset_import, set);
    graph->name = text(b, "g");
    model->graph = graph;
    b->model = model;
    return b;
}

void onnx_build_free(onnx_build *b)
{
    dvt_arena_destroy(b->arena);
    assert_int_equal(dvt_ctx_bytes_in_use(b->ctx), 0);
    dvt_ctx_destroy(b->ctx);
    free(b);
}

static DvtOnnx__Shape *make_shape(onnx_build *b, int32_t rank, const int64_t *dims)
{
    NEW(b, DvtOnnx__Shape, shape, DVT_ONNX__SHAPE__INIT);

    for (int32_t i = 0; i < rank; i++) {
        NEW(b, DvtOnnx__Dimension, m, DVT_ONNX__DIMENSION__INIT);
        m->has_dim_value = dims[i] >= 0;
        m->dim_value = dims[i];
        m->dim_param = dims[i] < 0 ? text(b, "n") : NULL;
        APPEND(b, shape->dim, shape->n_dim, m);
    }
    return shape;
}

static DvtOnnx__ValueInfo *make_value(onnx_build *b, const char *name, int32_t elem_type,
                                      int32_t rank, const int64_t *dims)
{
    NEW(b, DvtOnnx__ValueInfo, value, DVT_ONNX__VALUE_INFO__INIT);
    NEW(b, DvtOnnx__Type, type, DVT_ONNX__TYPE__INIT);
    NEW(b, DvtOnnx__TensorType, tensor, DVT_ONNX__TENSOR_TYPE__INIT);

    value->name = text(b, name);
    value->type = type;
    type->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = elem_type;
    tensor->shape = rank >= 0 ? make_shape(b, rank, dims) : NULL;
    return value;
}

void onnx_input(onnx_build *b, const char *name, int32_t elem_type, int32_t rank,
                const int64_t *dims)
{
    DvtOnnx__Graph *g = b->model->graph;
    APPEND(b, g->input, g->n_input, make_value(b, name, elem_type, rank, dims));
}

void onnx_output(onnx_build *b, const char *name, int32_t elem_type)
{
    DvtOnnx__Graph *g = b->model->graph;
    APPEND(b, g->output, g->n_output, make_value(b, name, elem_type, -1, NULL));
}

DvtOnnx__Tensor *onnx_tensor(onnx_build *b, const char *name, int32_t elem_type, int32_t rank,
                             const int64_t *dims)
{
    NEW(b, DvtOnnx__Tensor, m, DVT_ONNX__TENSOR__INIT);
    m->name = text(b, name);
    m->has_data_type = 1;
    m->data_type = elem_type;
    m->n_dims = (size_t)rank;
    m->dims = copy(b, dims, (size_t)rank * sizeof *dims);
    return m;
}

static size_t count_of(int32_t rank, const int64_t *dims)
{
    size_t n = 1;
    for (int32_t i = 0; i < rank; i++) {
        n *= (size_t)dims[i];
    }
    return n;
}

void onnx_floats(onnx_build *b, const char *name, int32_t rank, const int64_t *dims,
                 const float *data)
{
    DvtOnnx__Graph  *g = b->model->graph;
    DvtOnnx__Tensor *t = onnx_tensor(b, name, ONNX_FLOAT, rank, dims);

    t->n_float_data = count_of(rank, dims);
    t->float_data = copy(b, data, t->n_float_data * sizeof *data);
    APPEND(b, g->initializer, g->n_initializer, t);
}

void onnx_int64s(onnx_build *b, const char *name, int64_t count, const int64_t *data)
{
    DvtOnnx__Graph  *g = b->model->graph;
    DvtOnnx__Tensor *t = onnx_tensor(b, name, ONNX_INT64, 1, &count);

    t->n_int64_data = (size_t)count;
    t->int64_data = copy(b, data, t->n_int64_data * sizeof *data);
    APPEND(b, g->initializer, g->n_initializer, t);
}

/* ---- nodes --------------------------------------------------------------------------------- */

static void split_names(onnx_build *b, const char *names, char ***list, size_t *count)
{
    while (*names) {
        size_t len = strcspn(names, ",");
        APPEND(b, *list, *count, dvt_arena_strndup(b->arena, names, len));
        names += len + (names[len] == ',');
    }
}

DvtOnnx__Node *onnx_node(onnx_build *b, const char *op, const char *name, const char *inputs,
                         const char *outputs)
{
    NEW(b, DvtOnnx__Node, m, DVT_ONNX__NODE__INIT);
    m->op_type = text(b, op);
    m->name = text(b, name);
    split_names(b, inputs, &m->input, &m->n_input);
    split_names(b, outputs, &m->output, &m->n_output);
    APPEND(b, b->model->graph->node, b->model->graph->n_node, m);
    return m;
}

static DvtOnnx__Attribute *add_attr(onnx_build *b, DvtOnnx__Node *n, const char *name, int32_t type)
{
    NEW(b, DvtOnnx__Attribute, m, DVT_ONNX__ATTRIBUTE__INIT);
    m->name = text(b, name);
    m->has_type = 1;
    m->type = type;
    APPEND(b, n->attribute, n->n_attribute, m);
    return m;
}

void onnx_attr_int(onnx_build *b, DvtOnnx__Node *n, const char *name, int64_t value)
{
    DvtOnnx__Attribute *a = add_attr(b, n, name, 2);
    a->has_i = 1;
    a->i = value;
}

void onnx_attr_float(onnx_build *b, DvtOnnx__Node *n, const char *name, float value)
{
    DvtOnnx__Attribute *a = add_attr(b, n, name, 1);
    a->has_f = 1;
    a->f = value;
}

void onnx_attr_string(onnx_build *b, DvtOnnx__Node *n, const char *name, const char *value)
{
    DvtOnnx__Attribute *a = add_attr(b, n, name, 3);
    a->has_s = 1;
    a->s = (ProtobufCBinaryData){strlen(value), copy(b, value, strlen(value))};
}

void onnx_attr_ints(onnx_build *b, DvtOnnx__Node *n, const char *name, int32_t count,
                    const int64_t *values)
{
    DvtOnnx__Attribute *a = add_attr(b, n, name, 7);
    a->n_ints = (size_t)count;
    a->ints = copy(b, values, a->n_ints * sizeof *values);
}

void onnx_attr_floats(onnx_build *b, DvtOnnx__Node *n, const char *name, int32_t count,
                      const float *values)
{
    DvtOnnx__Attribute *a = add_attr(b, n, name, 6);
    a->n_floats = (size_t)count;
    a->floats = copy(b, values, a->n_floats * sizeof *values);
}

void onnx_attr_tensor(onnx_build *b, DvtOnnx__Node *n, const char *name, DvtOnnx__Tensor *t)
{
    add_attr(b, n, name, 4)->t = t;
}

/* ---- use ----------------------------------------------------------------------------------- */

const uint8_t *onnx_pack(onnx_build *b, size_t *size)
{
    *size = dvt_onnx__model__get_packed_size(b->model);
    uint8_t *bytes = dvt_arena_calloc(b->arena, *size + 1, 1);
    assert_int_equal(dvt_onnx__model__pack(b->model, bytes), *size);
    return bytes;
}

dvt_status onnx_import(onnx_build *b, const dvt_import_opts *opts, dvt_graph **out)
{
    size_t         size;
    const uint8_t *bytes = onnx_pack(b, &size);
    dvt_status     st = dvt_onnx_parse(b->ctx, "t.onnx", bytes, size, opts, out);

    if (st == DVT_OK) {
        assert_int_equal(dvt_graph_verify(*out), DVT_OK);
    } else {
        assert_null(*out);
    }
    return st;
}

void onnx_expect_refused(onnx_build *b, const dvt_import_opts *opts, dvt_status status,
                         const char *want)
{
    dvt_graph       *g;
    dvt_status       st = onnx_import(b, opts, &g);
    const dvt_error *e = dvt_ctx_error(b->ctx);

    if (st != status || !strstr(e->message, want)) {
        dvt_graph_destroy(g);
        fail_msg("got %s \"%s\", expected %s with \"%s\"", dvt_status_name(st), e->message,
                 dvt_status_name(status), want);
    }
    assert_string_equal(e->file, "t.onnx");
    dvt_ctx_clear_error(b->ctx);
}

void onnx_expect(onnx_build *b, const dvt_tensor *inputs, int32_t count, const dvt_shape *shape,
                 const float *want)
{
    dvt_graph *g;
    dvt_exec  *x = NULL;
    dvt_tensor got;

    if (onnx_import(b, NULL, &g) != DVT_OK ||
        dvt_exec_create(g, &(dvt_exec_opts){.kind = DVT_EXEC_NAIVE}, &x) != DVT_OK ||
        dvt_exec_run(x, inputs, count) != DVT_OK ||
        dvt_exec_tensor(x, dvt_graph_output(g, 0), &got) != DVT_OK) {
        dvt_exec_destroy(x);
        dvt_graph_destroy(g);
        fail_msg("%s", dvt_ctx_error(b->ctx)->message);
    }
    assert_int_equal(got.dtype, DVT_DTYPE_F32);
    char gs[DVT_SHAPE_TEXT], ws[DVT_SHAPE_TEXT];
    assert_string_equal(dvt_shape_text(&got.shape, gs), dvt_shape_text(shape, ws));
    for (int64_t i = 0; i < dvt_shape_count(shape); i++) {
        float v = ((const float *)got.data)[i], d = v - want[i];
        if (!(d <= 1e-5f && d >= -1e-5f) && v != want[i]) {
            fail_msg("element %d is %.9g, expected %.9g", (int)i, (double)v, (double)want[i]);
        }
    }
    dvt_exec_destroy(x);
    dvt_graph_destroy(g);
}
