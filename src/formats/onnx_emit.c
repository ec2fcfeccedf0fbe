/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_emit.c - graph nodes for one ONNX node: adding, folding, naming, and common steps.
 *
 * Idea      The last graph node of a decomposition carries the ONNX node's name and the name of its
 *           output, so that values can be found under the names of the model; earlier steps are
 *           named "<node>.<operator>". A node with constant operands is evaluated at once.
 * Limits    Folding stops at FOLD_MAX_BYTES a result and FOLD_MAX_MACS: beyond, the node stays and
 *           is computed when the network runs.
 * Tests     tests/unit/test_onnx_import.c
 */
#include "formats/onnx_int.h"

#include <stdio.h>
#include <string.h>

enum { FOLD_MAX_BYTES = 1 << 28, FOLD_MAX_MACS = 1 << 24 };

/* ---- folding ------------------------------------------------------------------------------- */

static bool worth_folding(const dvt_graph *g, dvt_node_id id)
{
    const dvt_node *node = dvt_graph_node(g, id);

    for (int32_t i = 0; i < node->input_count; i++) {
        if (node->inputs[i].i >= 0 &&
            dvt_graph_value(g, node->inputs[i])->kind != DVT_VALUE_CONST) {
            return false;
        }
    }
    for (int32_t i = 0; i < node->output_count; i++) {
        const dvt_value *v = dvt_graph_value(g, node->outputs[i]);
        size_t           bytes;
        if (!dvt_mul_size((size_t)dvt_shape_count(&v->shape), dvt_dtype_bytes(v->dtype), &bytes) ||
            bytes > FOLD_MAX_BYTES) {
            return false;
        }
    }
    return dvt_graph_node_macs(g, id) <= FOLD_MAX_MACS;
}

static dvt_status fold(dvt_graph *g, dvt_value_id out)
{
    dvt_node_id id = dvt_graph_value(g, out)->producer;
    bool        folded;

    return worth_folding(g, id) ? dvt_graph_fold_node(g, id, &folded) : DVT_OK;
}

/* ---- adding -------------------------------------------------------------------------------- */

static void add(dvti_onnx_node *n, dvt_op op, const dvt_attrs *attrs, const dvt_value_id *in,
                int32_t in_count, const char *name, int32_t out_count, const char *const *out_names,
                dvt_value_id *out)
{
    static const dvt_attrs none;
    char                   source[256];
    dvt_node_spec          spec = {.op = op,
                                   .name = name,
                                   .source = source,
                                   .inputs = in,
                                   .input_count = in_count,
                                   .output_count = out_count,
                                   .output_names = out_names,
                                   .attrs = attrs ? *attrs : none,
                                   .at = n->at};

    for (int32_t i = 0; i < out_count; i++) {
        out[i] = DVT_NO_VALUE;
    }
    if (n->st != DVT_OK) {
        return;
    }
    (void)snprintf(source, sizeof source, "%s (%s, opset %lld), %s", n->name, n->p->op_type,
                   (long long)n->opset, n->o->file);
    n->st = dvt_graph_add_node(n->o->g, &spec, out);
    if (n->st == DVT_OK) {
        n->st = fold(n->o->g, out[0]);
    }
}

/* The name that a value gets in the graph: a float16 output leaves its own name to the final
 * cast. */
static const char *value_name(dvti_onnx_node *n, int32_t index, char *room, size_t size)
{
    const char *name = n->p->output[index];

    if (!n->half || !dvti_onnx_is_half_output(n->o, name)) {
        return name;
    }
    (void)snprintf(room, size, "%s.f32", name);
    return room;
}

static void bind(dvti_onnx_node *n, int32_t index, dvt_value_id v)
{
    if (n->st != DVT_OK) {
        return;
    }
    bool half = n->half && dvt_graph_value(n->o->g, v)->dtype == DVT_DTYPE_F32;
    if (index < DVTI_ONNX_MAX_SLOTS) {
        n->out_bound[index] = true;
    }
    n->st = dvti_onnx_bind(n->o, n->p->output[index], v, half);
}

dvt_value_id dvti_onnx_mid(dvti_onnx_node *n, dvt_op op, const dvt_attrs *attrs,
                           const dvt_value_id *in, int32_t in_count)
{
    char         name[192];
    dvt_value_id out;

    (void)snprintf(name, sizeof name, "%.150s.%s", n->name, dvt_op_describe(op)->name);
    add(n, op, attrs, in, in_count, name, 1, NULL, &out);
    return out;
}

void dvti_onnx_end_at(dvti_onnx_node *n, int32_t index, dvt_op op, const dvt_attrs *attrs,
                      const dvt_value_id *in, int32_t in_count)
{
    char         room[256];
    dvt_value_id out;

    if (n->st != DVT_OK || !dvti_onnx_has_out(n, index)) {
        return;
    }
    const char *name = value_name(n, index, room, sizeof room);
    add(n, op, attrs, in, in_count, n->name, 1, &name, &out);
    bind(n, index, out);
}

dvt_value_id dvti_onnx_end(dvti_onnx_node *n, dvt_op op, const dvt_attrs *attrs,
                           const dvt_value_id *in, int32_t in_count)
{
    if (n->st == DVT_OK && !dvti_onnx_has_out(n, 0)) {
        dvti_onnx_refuse(n, DVT_E_PARSE, "output 0 has no name");
    }
    dvti_onnx_end_at(n, 0, op, attrs, in, in_count);
    return n->st == DVT_OK ? dvti_onnx_find(n->o, n->p->output[0])->id : DVT_NO_VALUE;
}

void dvti_onnx_end_all(dvti_onnx_node *n, dvt_op op, const dvt_attrs *attrs, const dvt_value_id *in,
                       int32_t in_count)
{
    dvt_value_id out[DVTI_ONNX_MAX_SLOTS];
    const char  *names[DVTI_ONNX_MAX_SLOTS] = {NULL};
    char         room[DVTI_ONNX_MAX_SLOTS][64];
    int32_t      count = (int32_t)n->p->n_output;

    if (n->st != DVT_OK) {
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        names[i] = value_name(n, i, room[i], sizeof room[i]);
    }
    add(n, op, attrs, in, in_count, n->name, count, names, out);
    for (int32_t i = 0; i < count; i++) {
        if (dvti_onnx_has_out(n, i)) {
            bind(n, i, out[i]);
        }
    }
}

void dvti_onnx_end_const(dvti_onnx_node *n, int32_t index, const dvt_tensor *t)
{
    char         room[256];
    dvt_value_id v;

    if (n->st != DVT_OK || !dvti_onnx_has_out(n, index)) {
        return;
    }
    n->st = dvt_graph_add_const(n->o->g, value_name(n, index, room, sizeof room), t, &v);
    bind(n, index, v);
}

/* ---- constants ----------------------------------------------------------------------------- */

dvt_value_id dvti_onnx_const_value(dvti_onnx_node *n, const dvt_tensor *t)
{
    char         name[192];
    dvt_value_id v = DVT_NO_VALUE;

    (void)snprintf(name, sizeof name, "%.150s.const", n->name);
    if (n->st == DVT_OK) {
        n->st = dvt_graph_add_const(n->o->g, name, t, &v);
    }
    return v;
}

dvt_value_id dvti_onnx_scalar(dvti_onnx_node *n, dvt_dtype dtype, double value)
{
    dvt_shape    shape = {0};
    dvt_tensor   wide = dvt_tensor_wrap(DVT_DTYPE_F64, &shape, &value), t;
    dvt_value_id v = DVT_NO_VALUE;

    if (n->st != DVT_OK) {
        return v;
    }
    n->st = dvt_tensor_cast(n->o->ctx, &wide, dtype, &t);
    if (n->st == DVT_OK) {
        v = dvti_onnx_const_value(n, &t);
        dvt_tensor_deinit(n->o->ctx, &t);
    }
    return v;
}

/* ---- common steps -------------------------------------------------------------------------- */

dvt_value_id dvti_onnx_cast(dvti_onnx_node *n, dvt_value_id v, dvt_dtype dtype)
{
    dvt_attrs a = {.cast = {dtype}};

    return dvti_onnx_dtype_of(n, v) == dtype ? v : dvti_onnx_mid(n, DVT_OP_CAST, &a, &v, 1);
}

static dvt_attrs dims_of(const dvt_shape *to)
{
    dvt_attrs a = {.dims = {{.n = to->rank}}};

    memcpy(a.dims.dims.v, to->dim, sizeof a.dims.dims.v);
    return a;
}

dvt_value_id dvti_onnx_reshape(dvti_onnx_node *n, dvt_value_id v, const dvt_shape *to)
{
    dvt_attrs a = dims_of(to);
    dvt_shape from = dvti_onnx_shape_of(n, v);

    return dvt_shape_equal(&from, to) ? v : dvti_onnx_mid(n, DVT_OP_RESHAPE, &a, &v, 1);
}

void dvti_onnx_end_reshape(dvti_onnx_node *n, dvt_value_id v, const dvt_shape *to)
{
    dvt_attrs a = dims_of(to);

    dvti_onnx_end(n, DVT_OP_RESHAPE, &a, &v, 1);
}

dvt_value_id dvti_onnx_binary(dvti_onnx_node *n, dvt_binary fn, dvt_value_id a, dvt_value_id b)
{
    dvt_attrs attrs = {.binary = {.fn2 = fn}};

    return dvti_onnx_mid(n, DVT_OP_BINARY, &attrs, DVTI_IN(a, b));
}

dvt_value_id dvti_onnx_unary(dvti_onnx_node *n, dvt_unary fn, dvt_value_id v)
{
    dvt_attrs attrs = {.unary = {.fn = fn}};

    return dvti_onnx_mid(n, DVT_OP_UNARY, &attrs, &v, 1);
}

dvt_value_id dvti_onnx_reduce(dvti_onnx_node *n, dvt_reduce fn, dvt_value_id v,
                              const dvt_ints *axes, bool keep_dims)
{
    dvt_attrs attrs = {.reduce = {.rfn = fn, .axes = *axes, .keep_dims = keep_dims}};

    return dvti_onnx_mid(n, DVT_OP_REDUCE, &attrs, &v, 1);
}

void dvti_onnx_end_identity(dvti_onnx_node *n, dvt_value_id v)
{
    dvti_onnx_end(n, DVT_OP_IDENTITY, NULL, &v, 1);
}

void dvti_onnx_end_binary(dvti_onnx_node *n, dvt_binary fn, dvt_value_id a, dvt_value_id b)
{
    dvt_attrs attrs = {.binary = {.fn2 = fn}};

    dvti_onnx_end(n, DVT_OP_BINARY, &attrs, DVTI_IN(a, b));
}

void dvti_onnx_end_unary(dvti_onnx_node *n, dvt_unary fn, dvt_value_id v)
{
    dvt_attrs attrs = {.unary = {.fn = fn}};

    dvti_onnx_end(n, DVT_OP_UNARY, &attrs, &v, 1);
}
