/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canon_simple.c - rules that give the same function its usual name.
 *
 * Table and legality: pass_canonicalise.c. Tests: tests/unit/test_pass_canonicalise.c
 */
#include "graph/canon_int.h"

#include <math.h>

static bool is_float(dvt_dtype t)
{
    return t == DVT_DTYPE_F32 || t == DVT_DTYPE_F16;
}

static dvt_status rewrite_one(dvt_graph *g, dvt_node_id id, dvt_op op, const dvt_attrs *attrs,
                              dvt_value_id x, bool *changed)
{
    dvt_status st = dvti_graph_rewrite_node(g, id, op, attrs, &x, 1);
    *changed = st == DVT_OK;
    return st;
}

static dvt_status rewrite_unary(dvt_graph *g, dvt_node_id id, dvt_value_id x, dvt_unary fn,
                                float alpha, float beta, bool *changed)
{
    dvt_attrs attrs = dvt_op_default_attrs(DVT_OP_UNARY, 0);

    attrs.unary.fn = fn;
    attrs.unary.alpha = alpha;
    attrs.unary.beta = beta;
    return rewrite_one(g, id, DVT_OP_UNARY, &attrs, x, changed);
}

/* ---- sums ---------------------------------------------------------------------------------- */

dvt_status dvti_canon_nary_to_binary(dvt_graph *g, dvt_node_id id, bool *changed)
{
    static const dvt_binary same[] = {
        [DVT_NARY_SUM] = DVT_BINARY_ADD,
        [DVT_NARY_MEAN] = DVT_BINARY_COUNT, /* has no binary form */
        [DVT_NARY_MAX] = DVT_BINARY_MAX,
        [DVT_NARY_MIN] = DVT_BINARY_MIN,
        [DVT_NARY_PROD] = DVT_BINARY_MUL,
    };
    _Static_assert(sizeof same / sizeof same[0] == DVT_NARY_COUNT, "an entry for each function");
    const dvt_node *n = dvt_graph_node(g, id);
    dvt_attrs       attrs = dvt_op_default_attrs(DVT_OP_BINARY, 0);

    attrs.binary.fn2 = same[n->attrs.nary.fnn];
    if (n->input_count != 2 || attrs.binary.fn2 == DVT_BINARY_COUNT) return DVT_OK;
    dvt_value_id inputs[2] = {n->inputs[0], n->inputs[1]};
    dvt_status   st = dvti_graph_rewrite_node(g, id, DVT_OP_BINARY, &attrs, inputs, 2);
    *changed = st == DVT_OK;
    return st;
}

/* ---- global pooling ------------------------------------------------------------------------ */

static bool reduces_spatial(const dvt_ints *axes, int32_t rank)
{
    bool seen[DVT_MAX_RANK] = {false};

    for (int32_t i = 0; i < axes->n; i++) seen[axes->v[i]] = true;
    for (int32_t i = 0; i < rank; i++)
        if (seen[i] != (i >= 2)) return false;
    return true;
}

dvt_status dvti_canon_reduce_to_global_pool(dvt_graph *g, dvt_node_id id, bool *changed)
{
    const dvt_node         *n = dvt_graph_node(g, id);
    const dvt_reduce_attrs *a = &n->attrs.reduce;
    const dvt_value        *x = dvt_graph_value(g, n->inputs[0]);
    dvt_attrs               attrs = dvt_op_default_attrs(DVT_OP_GLOBAL_POOL, x->shape.rank - 2);

    if (!a->keep_dims || x->shape.rank < 3 || !is_float(x->dtype)) return DVT_OK;
    if (a->rfn != DVT_REDUCE_MEAN && a->rfn != DVT_REDUCE_MAX) return DVT_OK;
    if (!reduces_spatial(&a->axes, x->shape.rank) || dvt_shape_count(&x->shape) == 0) return DVT_OK;
    attrs.pool.kind = a->rfn == DVT_REDUCE_MEAN ? DVT_POOL_AVG : DVT_POOL_MAX;
    return rewrite_one(g, id, DVT_OP_GLOBAL_POOL, &attrs, n->inputs[0], changed);
}

static bool covers_image(const dvt_window_attrs *win, const dvt_shape *x, const dvt_shape *y)
{
    for (int32_t i = 0; i < win->kernel.n; i++) {
        if (win->kernel.v[i] != x->dim[i + 2] || y->dim[i + 2] != 1) return false;
        if (win->pad_lo.v[i] || win->pad_hi.v[i] || win->dilation.v[i] != 1) return false;
    }
    return true;
}

dvt_status dvti_canon_pool_to_global_pool(dvt_graph *g, dvt_node_id id, bool *changed)
{
    const dvt_node       *n = dvt_graph_node(g, id);
    const dvt_pool_attrs *a = &n->attrs.pool;
    dvt_attrs             attrs = dvt_op_default_attrs(DVT_OP_GLOBAL_POOL, a->win.kernel.n);

    if (!covers_image(&a->win, dvti_shape(g, n->inputs[0]), dvti_shape(g, n->outputs[0])))
        return DVT_OK;
    attrs.pool.kind = a->kind;
    attrs.pool.p = a->p;
    return rewrite_one(g, id, DVT_OP_GLOBAL_POOL, &attrs, n->inputs[0], changed);
}

/* ---- rectifiers ---------------------------------------------------------------------------- */

dvt_status dvti_canon_unary_to_relu(dvt_graph *g, dvt_node_id id, bool *changed)
{
    const dvt_node        *n = dvt_graph_node(g, id);
    const dvt_unary_attrs *a = &n->attrs.unary;
    bool clip = a->fn == DVT_UNARY_CLIP && a->alpha == 0.0f && isinf(a->beta) && a->beta > 0;
    bool leaky = a->fn == DVT_UNARY_LEAKY_RELU && a->alpha == 0.0f;

    /* for finite x; slope 0 times minus infinity is NaN, which no network means */
    if (!clip && !leaky) return DVT_OK;
    return rewrite_unary(g, id, n->inputs[0], DVT_UNARY_RELU, 0.0f, 0.0f, changed);
}

/* max(x, c) is clip(x, c, inf), min(x, c) is clip(x, -inf, c), for a constant of one element. */
dvt_status dvti_canon_binary_to_clip(dvt_graph *g, dvt_node_id id, bool *changed)
{
    const dvt_node *n = dvt_graph_node(g, id);
    dvt_binary      fn = n->attrs.binary.fn2;
    dvt_tensor      t;
    bool            left = dvti_const_f32(g, n->inputs[0], &t);

    if (fn != DVT_BINARY_MAX && fn != DVT_BINARY_MIN) return DVT_OK;
    if (!left && !dvti_const_f32(g, n->inputs[1], &t)) return DVT_OK;
    dvt_value_id x = n->inputs[left ? 1 : 0];
    if (dvt_shape_count(&t.shape) != 1 || isnan(*(const float *)t.data)) return DVT_OK;
    if (!dvt_shape_equal(dvti_shape(g, x), dvti_shape(g, n->outputs[0]))) return DVT_OK;
    float c = *(const float *)t.data;
    return rewrite_unary(g, id, x, DVT_UNARY_CLIP, fn == DVT_BINARY_MAX ? c : -INFINITY,
                         fn == DVT_BINARY_MAX ? INFINITY : c, changed);
}

dvt_status dvti_canon_prelu_to_leaky(dvt_graph *g, dvt_node_id id, bool *changed)
{
    const dvt_node *n = dvt_graph_node(g, id);
    dvt_tensor      t;

    if (!dvti_const_f32(g, n->inputs[1], &t) || dvt_shape_count(&t.shape) != 1) return DVT_OK;
    return rewrite_unary(g, id, n->inputs[0], DVT_UNARY_LEAKY_RELU, *(const float *)t.data, 0.0f,
                         changed);
}

/* ---- layout -------------------------------------------------------------------------------- */

static dvt_status rewrite_reshape(dvt_graph *g, dvt_node_id id, dvt_value_id x, bool *changed)
{
    const dvt_shape *y = dvti_shape(g, dvt_graph_node(g, id)->outputs[0]);
    dvt_attrs        attrs = dvt_op_default_attrs(DVT_OP_RESHAPE, 0);

    attrs.dims.dims.n = y->rank;
    for (int32_t i = 0; i < y->rank; i++) attrs.dims.dims.v[i] = y->dim[i];
    return rewrite_one(g, id, DVT_OP_RESHAPE, &attrs, x, changed);
}

/* The dimensions larger than 1 keep their order, so that no element moves. */
dvt_status dvti_canon_transpose_to_reshape(dvt_graph *g, dvt_node_id id, bool *changed)
{
    const dvt_node  *n = dvt_graph_node(g, id);
    const dvt_ints  *perm = &n->attrs.transpose.perm;
    const dvt_shape *x = dvti_shape(g, n->inputs[0]);
    int64_t          last = -1;

    for (int32_t i = 0; i < perm->n; i++) {
        if (x->dim[perm->v[i]] == 1) continue;
        if (perm->v[i] < last) return DVT_OK;
        last = perm->v[i];
    }
    return rewrite_reshape(g, id, n->inputs[0], changed);
}

dvt_status dvti_canon_reshape_of_reshape(dvt_graph *g, dvt_node_id id, bool *changed)
{
    const dvt_node *r = dvti_producer(g, dvt_graph_node(g, id)->inputs[0]);
    if (!r || r->op != DVT_OP_RESHAPE) return DVT_OK;
    return rewrite_reshape(g, id, r->inputs[0], changed);
}
