/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass_fold_batch_norm.c - fold per-channel arithmetic into the weights in front of it.
 *
 * Idea      batch_norm, scale and bias with constants are all y = s x + b with one s and b a
 *           channel. Behind a convolution or a dense layer with constant weights w and bias c that
 *           is w' = s w, c' = s c + b. Behind another scale or bias both become one. A batch_norm
 *           that finds no weights becomes a scale, so that the later stages know one form.
 * Legal     if x is read by this node only and is no graph output; weights, biases and parameters
 *           are f32 constants; the channel dimension of the arithmetic is that of the producer's
 *           output (1 of a convolution, the last of a dense layer); and all s and b are finite.
 * Rounding  s, b and the products are formed in double and rounded once to f32; outputs change
 *           within the rounding of the new weights (relative 2^-24 a term).
 * Names     The value that remains holds what the folded node computed and carries its name; the
 *           node that remains keeps the convolution's name.
 * Limits    f16 networks keep their scales: rounding the products to f16 would cost accuracy.
 * Tests     tests/unit/test_pass_fold_batch_norm.c, tests/prop/prop_passes.c
 */
#include "graph/rewrite_int.h"

#include <math.h>

/* y = scale x + bias along dimension `axis` of (c) channels. */
typedef struct affine {
    int32_t axis;
    int64_t c;
    bool    has_scale;
    double *scale, *bias; /* (c) each, one block owned by `scale` */
} affine;

static dvt_status affine_init(dvt_ctx *ctx, affine *a, int32_t axis, int64_t c)
{
    *a = (affine){.axis = axis, .c = c};
    a->scale = dvt_calloc(ctx, 2 * (size_t)c + 1, sizeof *a->scale);
    if (!a->scale) return DVT_E_NOMEM;
    a->bias = a->scale + c;
    return DVT_OK;
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool is_vector(const dvt_graph *g, dvt_value_id v, dvt_tensor *t)
{
    return dvti_const_f32(g, v, t) && t->shape.rank == 1;
}

static bool finite_all(const affine *a)
{
    for (int64_t i = 0; i < a->c; i++)
        if (!isfinite(a->scale[i]) || !isfinite(a->bias[i])) return false;
    return true;
}

static dvt_status read_batch_norm(const dvt_graph *g, const dvt_node *n, affine *out)
{
    dvt_tensor p[4]; /* scale, bias, mean, variance */

    for (int32_t i = 0; i < 4; i++)
        if (!is_vector(g, n->inputs[i + 1], &p[i])) return DVT_OK;
    dvt_status st = affine_init(g->ctx, out, 1, p[0].shape.dim[0]);
    for (int64_t i = 0; !st && i < out->c; i++) {
        const float *gamma = p[0].data, *beta = p[1].data, *mean = p[2].data, *var = p[3].data;
        double       deviation = sqrt((double)var[i] + (double)n->attrs.norm.epsilon);
        out->scale[i] = (double)gamma[i] / deviation;
        out->bias[i] = (double)beta[i] - (double)mean[i] * out->scale[i];
    }
    out->has_scale = true;
    return st;
}

/* `s` and `b` may be NULL. */
static dvt_status read_vectors(const dvt_graph *g, const dvt_node *n, const dvt_tensor *s,
                               const dvt_tensor *b, affine *out)
{
    int64_t    c = s ? s->shape.dim[0] : b ? b->shape.dim[0] : 0;
    dvt_status st = affine_init(g->ctx, out, (int32_t)n->attrs.axis.axis, c);

    for (int64_t i = 0; !st && i < out->c; i++) {
        out->scale[i] = s ? (double)((const float *)s->data)[i] : 1.0;
        out->bias[i] = b ? (double)((const float *)b->data)[i] : 0.0;
    }
    out->has_scale = s != NULL;
    return st;
}

/* What node n does, if it is per-channel arithmetic with constants; out->scale NULL otherwise. */
static dvt_status read_affine(const dvt_graph *g, const dvt_node *n, affine *out)
{
    dvt_tensor s, b;

    *out = (affine){0};
    if (dvt_graph_value(g, n->outputs[0])->dtype != DVT_DTYPE_F32) return DVT_OK;
    if (n->op == DVT_OP_BATCH_NORM) return read_batch_norm(g, n, out);
    if (n->op == DVT_OP_BIAS && is_vector(g, n->inputs[1], &b))
        return read_vectors(g, n, NULL, &b, out);
    if (n->op != DVT_OP_SCALE || !is_vector(g, n->inputs[1], &s)) return DVT_OK;
    if (dvti_input(n, 2).i < 0) return read_vectors(g, n, &s, NULL, out);
    return is_vector(g, n->inputs[2], &b) ? read_vectors(g, n, &s, &b, out) : DVT_OK;
}

/* ---- writing ------------------------------------------------------------------------------- */

/* Weights in runs of one output channel: conv and dense (K, ..), conv_transpose
 * (C, K / groups, ..). */
static int64_t run_length(const dvt_node *n, const dvt_shape *w)
{
    return dvt_shape_count_range(w, n->op == DVT_OP_CONV_TRANSPOSE ? 2 : 1, w->rank);
}

static int64_t channel_of_run(const dvt_node *n, const dvt_shape *w, int64_t run)
{
    if (n->op != DVT_OP_CONV_TRANSPOSE) return run;
    int64_t per_group = w->dim[1];
    int64_t group = run / per_group / (w->dim[0] / n->attrs.conv.groups);
    return group * per_group + run % per_group;
}

static dvt_status add_weights(dvt_graph *g, const dvt_node *n, const affine *a, const dvt_tensor *w,
                              dvt_value_id *out)
{
    int64_t      count = dvt_shape_count(&w->shape), length = run_length(n, &w->shape);
    const float *from = w->data;
    const char  *name = dvt_graph_value(g, n->inputs[1])->name;
    float       *data = dvt_alloc(g->ctx, ((size_t)count + 1) * sizeof *data);
    dvt_status   st = data ? DVT_OK : DVT_E_NOMEM;

    *out = DVT_NO_VALUE;
    for (int64_t at = 0; !st && at < count; at += length) {
        double scale = a->scale[channel_of_run(n, &w->shape, at / length)];
        for (int64_t i = at; i < at + length; i++) data[i] = (float)((double)from[i] * scale);
    }
    if (!st) st = dvti_graph_add_f32(g, name, &w->shape, data, out);
    dvt_free(g->ctx, data);
    return st;
}

/* (c) floats as a constant. */
static dvt_status add_vector(dvt_graph *g, const char *name, const double *v, int64_t c,
                             dvt_value_id *out)
{
    dvt_shape  shape = {.rank = 1, .dim = {c}};
    float     *data = dvt_alloc(g->ctx, ((size_t)c + 1) * sizeof *data);
    dvt_status st = data ? DVT_OK : DVT_E_NOMEM;

    *out = DVT_NO_VALUE;
    for (int64_t i = 0; !st && i < c; i++) data[i] = (float)v[i];
    if (!st) st = dvti_graph_add_f32(g, name, &shape, data, out);
    dvt_free(g->ctx, data);
    return st;
}

static int32_t channel_axis(const dvt_graph *g, const dvt_node *n)
{
    return n->op == DVT_OP_DENSE ? dvti_shape(g, n->outputs[0])->rank - 1 : 1;
}

/* Weights of node id absorb `a`. *done tells whether they could. */
static dvt_status fold_into_weights(dvt_graph *g, dvt_node_id id, affine *a, bool *done)
{
    dvt_node     n = *dvt_graph_node(g, id); /* adding constants moves no nodes, but keep a copy */
    dvt_value_id inputs[3] = {n.inputs[0], n.inputs[1], dvti_input(&n, 2)};
    dvt_tensor   w, c = {0};

    *done = false;
    if (a->axis != channel_axis(g, &n) || !dvti_const_f32(g, inputs[1], &w)) return DVT_OK;
    if (inputs[2].i >= 0 && !dvti_const_f32(g, inputs[2], &c)) return DVT_OK;
    for (int64_t i = 0; c.data && i < a->c; i++)
        a->bias[i] += a->scale[i] * (double)((const float *)c.data)[i];
    if (!finite_all(a)) return DVT_OK;
    dvt_status st = a->has_scale ? add_weights(g, &n, a, &w, &inputs[1]) : DVT_OK;
    if (!st) st = add_vector(g, n.name, a->bias, a->c, &inputs[2]);
    if (!st) st = dvti_graph_rewrite_node(g, id, n.op, &n.attrs, inputs, 3);
    *done = st == DVT_OK;
    return st;
}

/* Makes node id the scale (or bias, without a scale) that `a` says, of value x. */
static dvt_status write_affine(dvt_graph *g, dvt_node_id id, dvt_value_id x, const affine *a)
{
    const char  *name = dvt_graph_node(g, id)->name;
    dvt_attrs    attrs = dvt_op_default_attrs(a->has_scale ? DVT_OP_SCALE : DVT_OP_BIAS, 0);
    dvt_value_id inputs[3] = {x};
    dvt_status   st = DVT_OK;
    int32_t      count = 1;

    attrs.axis.axis = a->axis;
    if (a->has_scale) st = add_vector(g, name, a->scale, a->c, &inputs[count++]);
    if (!st) st = add_vector(g, name, a->bias, a->c, &inputs[count++]);
    if (st) return st;
    return dvti_graph_rewrite_node(g, id, a->has_scale ? DVT_OP_SCALE : DVT_OP_BIAS, &attrs, inputs,
                                   count);
}

/* Producer id is per-channel arithmetic too: first `inner`, then `a`. */
static dvt_status fold_into_affine(dvt_graph *g, dvt_node_id id, affine *a, bool *done)
{
    affine     inner;
    dvt_status st = read_affine(g, dvt_graph_node(g, id), &inner);

    *done = false;
    if (!st && inner.scale && inner.axis == a->axis && inner.c == a->c) {
        for (int64_t i = 0; i < a->c; i++) {
            a->bias[i] += a->scale[i] * inner.bias[i];
            a->scale[i] *= inner.scale[i];
        }
        a->has_scale |= inner.has_scale;
        if (finite_all(a)) {
            st = write_affine(g, id, dvt_graph_node(g, id)->inputs[0], a);
            *done = st == DVT_OK;
        }
    }
    dvt_free(g->ctx, inner.scale);
    return st;
}

/* ---- the pass ------------------------------------------------------------------------------ */

static dvt_status fold_into_producer(dvt_graph *g, dvt_value_id x, affine *a, bool *done)
{
    dvt_node_id     id = dvti_producer_id(g, x);
    const dvt_node *p = dvt_graph_node(g, id);

    *done = false;
    if (!p || dvt_graph_use_count(g, x) != 1 || dvt_graph_is_output(g, x)) return DVT_OK;
    switch (p->op) {
    case DVT_OP_CONV:
    case DVT_OP_CONV_TRANSPOSE:
    case DVT_OP_DENSE: return fold_into_weights(g, id, a, done);
    case DVT_OP_SCALE:
    case DVT_OP_BIAS: return fold_into_affine(g, id, a, done);
    default: return DVT_OK;
    }
}

static dvt_status fold_one(dvt_graph *g, dvt_node_id id, int32_t *changes)
{
    dvt_node   n = *dvt_graph_node(g, id);
    bool       done = false;
    affine     a, original;
    dvt_status st = read_affine(g, &n, &a);

    if (st || !a.scale) return st;
    if (!finite_all(&a)) goto done;
    st = fold_into_producer(g, n.inputs[0], &a, &done);
    if (!st && done) st = dvti_graph_absorb_node(g, id, n.inputs[0]);
    if (!st && !done && n.op == DVT_OP_BATCH_NORM) {
        st = read_affine(g, &n, &original); /* `a` may hold half of a fold that was given up */
        if (!st) st = write_affine(g, id, n.inputs[0], &original);
        dvt_free(g->ctx, original.scale);
        done = true;
    }
    *changes += done;
done:
    dvt_free(g->ctx, a.scale);
    return st;
}

static dvt_status run(dvt_graph *g, int32_t *changes)
{
    dvt_status st = DVT_OK;

    *changes = 0;
    for (int32_t i = 0; !st && i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        if (!n->dead) st = fold_one(g, (dvt_node_id){i}, changes);
    }
    return st;
}

const dvt_pass dvti_pass_fold_batch_norm = {
    "fold-batch-norm", "fold batch-norm, scale and bias into the weights in front of them", run};
