/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rewrite.c - questions and edits that the passes share.
 *
 * Idea      A pass that replaces an operator by another mostly keeps the value it computes. Such a
 *           node is rewritten where it stands, so that names that users ask for (`--keep`) survive.
 * Invariants
 *           (1) a rewritten node's outputs keep type and shape: checked by inference;
 *           (2) use counts are right after every call.
 * Tests     tests/unit/test_pass_*.c, tests/prop/prop_passes.c
 */
#include "graph/rewrite_int.h"

#include <string.h>

/* ---- questions ----------------------------------------------------------------------------- */

dvt_node_id dvti_producer_id(const dvt_graph *g, dvt_value_id v)
{
    const dvt_value *value = dvt_graph_value(g, v);
    if (!value || value->kind != DVT_VALUE_NODE) return DVT_NO_NODE;
    return g->nodes[value->producer.i].dead ? DVT_NO_NODE : value->producer;
}

const dvt_node *dvti_producer(const dvt_graph *g, dvt_value_id v)
{
    return dvt_graph_node(g, dvti_producer_id(g, v));
}

const dvt_node *dvti_sole_producer(const dvt_graph *g, dvt_value_id v, dvt_op op)
{
    const dvt_node *n = dvti_producer(g, v);
    if (!n || n->op != op) return NULL;
    return dvt_graph_use_count(g, v) == 1 && !dvt_graph_is_output(g, v) ? n : NULL;
}

bool dvti_const_f32(const dvt_graph *g, dvt_value_id v, dvt_tensor *out)
{
    return dvt_graph_const(g, v, out) && out->dtype == DVT_DTYPE_F32;
}

dvt_value_id dvti_input(const dvt_node *n, int32_t i)
{
    return i < n->input_count ? n->inputs[i] : DVT_NO_VALUE;
}

const dvt_shape *dvti_shape(const dvt_graph *g, dvt_value_id v)
{
    return &g->values[v.i].shape;
}

/* ---- edits --------------------------------------------------------------------------------- */

static dvt_status check_rewrite(dvt_graph *g, const dvt_node *n, dvt_op op, const dvt_attrs *attrs,
                                const dvt_value_id *inputs, int32_t count)
{
    dvt_status st = dvti_graph_reserve_types(g, count + n->output_count);
    if (st) return st;
    dvti_type *out = g->types + count;
    for (int32_t i = 0; i < count; i++) g->types[i] = dvti_value_type(g, inputs[i]);
    st = dvti_infer_run(&(dvti_infer){.ctx = g->ctx,
                                      .op = op,
                                      .name = n->name,
                                      .source = n->source,
                                      .attrs = attrs,
                                      .in = g->types,
                                      .in_count = count,
                                      .out = out,
                                      .out_count = n->output_count});
    for (int32_t i = 0; !st && i < n->output_count; i++) {
        const dvt_value *v = dvt_graph_value(g, n->outputs[i]);
        if (out[i].dtype != v->dtype || !dvt_shape_equal(&out[i].shape, &v->shape))
            st = dvt_fail(g->ctx, DVT_E_INTERNAL, NULL,
                          "rewriting node '%s' (%s) as %s changes the shape of '%s'", n->name,
                          dvt_op_describe(n->op)->name, dvt_op_describe(op)->name, v->name);
    }
    return st;
}

dvt_status dvti_graph_rewrite_node(dvt_graph *g, dvt_node_id id, dvt_op op, const dvt_attrs *attrs,
                                   const dvt_value_id *inputs, int32_t count)
{
    dvt_status st = check_rewrite(g, &g->nodes[id.i], op, attrs, inputs, count);

    if (!st) st = dvt_graph_set_inputs(g, id, inputs, count);
    if (st) return st;
    g->nodes[id.i].op = op;
    g->nodes[id.i].attrs = *attrs;
    return DVT_OK;
}

/* A graph output takes its name along when it is replaced. A graph input or another output has a
 * name of its own to keep, and constants are inputs of the users' view as well. */
bool dvti_can_replace(const dvt_graph *g, dvt_value_id old, dvt_value_id with)
{
    const dvt_value *v = dvt_graph_value(g, with);
    if (!dvt_graph_is_output(g, old)) return true;
    return v->kind == DVT_VALUE_NODE && !dvt_graph_is_output(g, with);
}

dvt_status dvti_graph_bypass_node(dvt_graph *g, dvt_node_id n, dvt_value_id with)
{
    dvt_status st = dvt_graph_replace_uses(g, g->nodes[n.i].outputs[0], with);
    if (!st) dvt_graph_remove_node(g, n);
    return st;
}

dvt_status dvti_graph_absorb_node(dvt_graph *g, dvt_node_id n, dvt_value_id with)
{
    dvt_value_id old = g->nodes[n.i].outputs[0];
    bool         renamed = dvt_graph_is_output(g, old); /* replacing it swaps the names */
    dvt_status   st = dvti_graph_bypass_node(g, n, with);

    if (st || renamed) return st;
    const char *name = g->values[old.i].name;
    g->values[old.i].name = g->values[with.i].name;
    g->values[with.i].name = name;
    dvti_names_move(&g->value_names, g->values[old.i].name, old.i);
    dvti_names_move(&g->value_names, g->values[with.i].name, with.i);
    return DVT_OK;
}

dvt_status dvti_graph_add_f32(dvt_graph *g, const char *name, const dvt_shape *shape,
                              const float *data, dvt_value_id *out)
{
    /* dvt_tensor has no const form; the data is only read. */
    union { const float *in; void *data; } u = {.in = data};
    dvt_tensor t = dvt_tensor_wrap(DVT_DTYPE_F32, shape, u.data);
    return dvt_graph_add_const(g, name, &t, out);
}

dvt_status dvti_graph_add_fill(dvt_graph *g, const char *name, int64_t count, float value,
                               dvt_value_id *out)
{
    dvt_shape  shape = {.rank = 1, .dim = {count}};
    float     *data = dvt_calloc(g->ctx, (size_t)count + 1, sizeof *data);
    dvt_status st = data ? DVT_OK : DVT_E_NOMEM;

    *out = DVT_NO_VALUE;
    for (int64_t i = 0; !st && i < count; i++) data[i] = value;
    if (!st) st = dvti_graph_add_f32(g, name, &shape, data, out);
    dvt_free(g->ctx, data);
    return st;
}
