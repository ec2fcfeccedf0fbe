/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canon_linear.c - rules that turn matrix products with constant weights into dense.
 *
 * Table and legality: pass_canonicalise.c. Tests: tests/unit/test_pass_canonicalise.c
 */
#include "graph/canon_int.h"

/* A new constant from b (rows, cols): transposed if asked, times alpha. */
static dvt_status add_weights(dvt_graph *g, const char *name, const dvt_tensor *b, bool transpose,
                              float alpha, dvt_value_id *out)
{
    int64_t      rows = b->shape.dim[0], cols = b->shape.dim[1];
    const float *from = b->data;
    dvt_shape    shape = transpose ? DVT_SHAPE(cols, rows) : b->shape;
    float       *data = dvt_alloc(g->ctx, b->bytes + sizeof *data);
    dvt_status   st = data ? DVT_OK : DVT_E_NOMEM;

    *out = DVT_NO_VALUE;
    for (int64_t i = 0; !st && i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            data[transpose ? j * rows + i : i * cols + j] = alpha * from[i * cols + j];
    if (!st) st = dvti_graph_add_f32(g, name, &shape, data, out);
    dvt_free(g->ctx, data);
    return st;
}

static dvt_status rewrite_dense(dvt_graph *g, dvt_node_id id, int64_t axis, dvt_value_id x,
                                dvt_value_id w, dvt_value_id bias)
{
    dvt_attrs    attrs = dvt_op_default_attrs(DVT_OP_DENSE, 0);
    dvt_value_id inputs[3] = {x, w, bias};

    attrs.dense.axis = axis;
    return dvti_graph_rewrite_node(g, id, DVT_OP_DENSE, &attrs, inputs, bias.i >= 0 ? 3 : 2);
}

/* ---- gemm ---------------------------------------------------------------------------------- */

/* c as a bias of (o): a row of (o), (1, o) or one element. *ok false: it is something else. */
static dvt_status row_bias(dvt_graph *g, const dvt_node *n, int64_t o, dvt_value_id *out, bool *ok)
{
    dvt_value_id c = dvti_input(n, 2);
    dvt_tensor   t;
    float        beta = n->attrs.gemm.beta;

    *out = DVT_NO_VALUE;
    *ok = true;
    if (c.i < 0) return DVT_OK;
    const dvt_shape *s = dvti_shape(g, c);
    if (s->rank == 1 && s->dim[0] == o && beta == 1.0f) {
        *out = c; /* as it is, even without data */
        return DVT_OK;
    }
    int64_t count = dvt_shape_count(s);
    *ok = dvti_const_f32(g, c, &t) && (count == 1 || (count == o && s->dim[s->rank - 1] == o));
    if (!*ok) return DVT_OK;
    float *data = dvt_alloc(g->ctx, ((size_t)o + 1) * sizeof *data);
    if (!data) return DVT_E_NOMEM;
    for (int64_t i = 0; i < o; i++) data[i] = beta * ((const float *)t.data)[count == 1 ? 0 : i];
    dvt_shape  shape = DVT_SHAPE(o);
    dvt_status st = dvti_graph_add_f32(g, n->name, &shape, data, out);
    dvt_free(g->ctx, data);
    return st;
}

dvt_status dvti_canon_gemm_to_dense(dvt_graph *g, dvt_node_id id, bool *changed)
{
    dvt_node              n = *dvt_graph_node(g, id);
    const dvt_gemm_attrs *a = &n.attrs.gemm;
    const dvt_value      *b = dvt_graph_value(g, n.inputs[1]);
    bool                  as_is = a->trans_b && a->alpha == 1.0f, ok;
    dvt_value_id          w = n.inputs[1], bias;
    dvt_tensor            t;

    if (a->trans_a || (b->kind != DVT_VALUE_CONST && b->kind != DVT_VALUE_PARAM)) return DVT_OK;
    if (!as_is && !dvti_const_f32(g, w, &t)) return DVT_OK;
    dvt_status st = row_bias(g, &n, dvti_shape(g, n.outputs[0])->dim[1], &bias, &ok);
    if (st || !ok) return st;
    if (!as_is) {
        (void)dvti_const_f32(g, w, &t); /* adding the bias may have moved the values */
        st = add_weights(g, n.name, &t, !a->trans_b, a->alpha, &w);
    }
    if (!st) st = rewrite_dense(g, id, 1, n.inputs[0], w, bias);
    *changed = st == DVT_OK;
    return st;
}

/* ---- matmul -------------------------------------------------------------------------------- */

dvt_status dvti_canon_matmul_to_dense(dvt_graph *g, dvt_node_id id, bool *changed)
{
    dvt_node     n = *dvt_graph_node(g, id);
    int32_t      rank = dvti_shape(g, n.inputs[0])->rank;
    dvt_value_id w;
    dvt_tensor   t;

    if (!dvti_const_f32(g, n.inputs[1], &t) || t.shape.rank != 2 || rank < 2) return DVT_OK;
    dvt_status st = add_weights(g, n.name, &t, true, 1.0f, &w);
    if (!st) st = rewrite_dense(g, id, rank - 1, n.inputs[0], w, DVT_NO_VALUE);
    *changed = st == DVT_OK;
    return st;
}

/* ---- flatten ------------------------------------------------------------------------------- */

/* dense reads its input flattened from axis on, so that it needs nobody to flatten it. The
 * dimensions before axis are those of the result and must be there before the reshape already. */
dvt_status dvti_canon_flatten_into_dense(dvt_graph *g, dvt_node_id id, bool *changed)
{
    const dvt_node *n = dvt_graph_node(g, id), *r = dvti_producer(g, n->inputs[0]);

    if (!r || r->op != DVT_OP_RESHAPE) return DVT_OK;
    const dvt_shape *x = dvti_shape(g, r->inputs[0]), *y = dvti_shape(g, n->inputs[0]);
    int64_t          axis = n->attrs.dense.axis;
    if (x->rank < axis) return DVT_OK;
    for (int64_t i = 0; i < axis; i++)
        if (x->dim[i] != y->dim[i]) return DVT_OK;
    if (dvt_shape_count_range(x, (int32_t)axis, x->rank) !=
        dvt_shape_count_range(y, (int32_t)axis, y->rank))
        return DVT_OK;
    *changed = true;
    return dvt_graph_set_input(g, id, 0, r->inputs[0]);
}
