/* SPDX-License-Identifier: Apache-2.0 */
/*
 * low_rank.c - see low_rank.h.
 *
 * Idea      W (results x sums) is written as U V. What stood as one node becomes two: V first,
 *           which keeps the node's window, then U, which keeps name, bias and everything behind.
 *             dense        x W^T + b       (x V^T) U^T + b
 *             conv         kernel (K,C,..) kernel (r,C,..), then 1x1 (K,r)
 *             matmul, gemm x B, B = W^T    (x V^T) U^T
 * Limits    f32; weights that are constants or parameters; convolutions in one group. A weight that
 *           several nodes read is factored for each.
 * Tests     tests/unit/test_space_ranks.c
 */
#include "space/low_rank.h"

#include <string.h>

#include "base/text_util.h"

enum { NAME = 128 };

static const dvt_value *weight_of(const dvt_graph *g, const dvt_node *n)
{
    const dvt_value *w;

    if (n->dead || n->input_count < 2 || n->inputs[1].i < 0) {
        return NULL;
    }
    w = dvt_graph_value(g, n->inputs[1]);
    return (w->kind == DVT_VALUE_CONST || w->kind == DVT_VALUE_PARAM) && w->dtype == DVT_DTYPE_F32
               ? w
               : NULL;
}

/* Does the weight stand as (sums, results), the other way round? */
static bool stands_transposed(const dvt_node *n)
{
    return n->op == DVT_OP_MATMUL || (n->op == DVT_OP_GEMM && !n->attrs.gemm.trans_b);
}

bool dvti_low_rank_matrix(const dvt_graph *g, dvt_node_id id, dvt_rank_matrix *out)
{
    const dvt_node  *n = dvt_graph_node(g, id);
    const dvt_value *w = weight_of(g, n);
    bool             conv = n->op == DVT_OP_CONV && !n->dead && n->attrs.conv.groups == 1;

    if (!w || (!conv && n->op != DVT_OP_DENSE && n->op != DVT_OP_MATMUL && n->op != DVT_OP_GEMM) ||
        (conv ? w->shape.rank < 3 : w->shape.rank != 2)) {
        return false;
    }
    *out = (dvt_rank_matrix){w->name, w->shape.dim[0], 1};
    for (int32_t i = 1; i < w->shape.rank; i++) {
        out->columns *= w->shape.dim[i];
    }
    if (stands_transposed(n)) {
        out->rows = w->shape.dim[1];
        out->columns = w->shape.dim[0];
    }
    return out->rows > 0 && out->columns > 0;
}

/* ---- weights ------------------------------------------------------------------------------- */

typedef struct factors {
    float *w;     /* (rows, columns) */
    float *u, *v; /* (rows, rank), (rank, columns) */
} factors;

static void free_factors(dvt_ctx *ctx, factors *f)
{
    dvt_free(ctx, f->w);
    dvt_free(ctx, f->u);
    dvt_free(ctx, f->v);
    *f = (factors){0};
}

/* In place of (rows, columns) writes (columns, rows); to: room for as many. */
static void transpose(const float *from, int64_t rows, int64_t columns, float *to)
{
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < columns; j++) {
            to[j * rows + i] = from[i * columns + j];
        }
    }
}

/* Computes both factors, as the node's operator wants them to stand. */
static dvt_status compute(dvt_ctx *ctx, const dvt_node *n, const dvt_rank_matrix *m, int64_t rank,
                          const float *data, factors *f)
{
    size_t     all = (size_t)(m->rows * m->columns);
    dvt_status st;

    f->w = dvt_calloc(ctx, all, sizeof *f->w);
    f->u = dvt_calloc(ctx, (size_t)(m->rows * rank), sizeof *f->u);
    f->v = dvt_calloc(ctx, (size_t)(m->columns * rank), sizeof *f->v);
    if (!f->w || !f->u || !f->v) {
        return DVT_E_NOMEM;
    }
    if (stands_transposed(n)) {
        transpose(data, m->columns, m->rows, f->w);
    } else {
        memcpy(f->w, data, all * sizeof *f->w);
    }
    st = dvti_factor(ctx, f->w, m->rows, m->columns, rank, f->u, f->v);
    if (st == DVT_OK && stands_transposed(n)) { /* f->w is large enough for either */
        transpose(f->u, m->rows, rank, f->w);
        memcpy(f->u, f->w, (size_t)(m->rows * rank) * sizeof *f->u);
        transpose(f->v, rank, m->columns, f->w);
        memcpy(f->v, f->w, (size_t)(m->columns * rank) * sizeof *f->v);
    }
    return st;
}

static dvt_status add_weight(dvt_graph *g, const char *name, const char *suffix,
                             const dvt_shape *shape, float *data, dvt_value_id *out)
{
    char       full[NAME];
    dvt_tensor t = dvt_tensor_wrap(DVT_DTYPE_F32, shape, data);

    dvti_format(full, sizeof full, "%s.%s", name, suffix);
    return data ? dvt_graph_add_const(g, full, &t, out)
                : dvt_graph_add_param(g, full, DVT_DTYPE_F32, shape, out);
}

/* ---- one node becomes two ------------------------------------------------------------------ */

static dvt_attrs first_attrs(const dvt_node *n)
{
    dvt_attrs a = n->attrs;

    if (n->op == DVT_OP_GEMM) {
        a.gemm.trans_b = stands_transposed(n) ? false : true;
        a.gemm.alpha = 1.0f;
        a.gemm.beta = 0.0f;
    }
    return a;
}

static dvt_attrs second_attrs(const dvt_node *n, int32_t spatial)
{
    dvt_attrs a = n->op == DVT_OP_CONV ? dvt_op_default_attrs(DVT_OP_CONV, spatial) : n->attrs;

    if (n->op == DVT_OP_GEMM) {
        a.gemm.trans_a = false;
    }
    return a;
}

/* Shapes of the two weights as the operator wants them. */
static void weight_shapes(const dvt_node *n, const dvt_value *w, const dvt_rank_matrix *m,
                          int64_t rank, dvt_shape *first, dvt_shape *second)
{
    if (stands_transposed(n)) {
        *first = DVT_SHAPE(m->columns, rank);
        *second = DVT_SHAPE(rank, m->rows);
        return;
    }
    *first = w->shape;
    first->dim[0] = rank;
    *second = w->shape;
    second->dim[1] = rank;
    for (int32_t i = 2; i < second->rank; i++) {
        second->dim[i] = 1;
    }
}

static dvt_status replace(dvt_graph *g, dvt_node_id id, const dvt_rank_matrix *m, int64_t rank,
                          factors *f)
{
    dvt_node        n = *dvt_graph_node(g, id);
    const dvt_value w = *dvt_graph_value(g, n.inputs[1]);
    dvt_attrs       second = second_attrs(&n, w.shape.rank - 2);
    dvt_shape       vs, us;
    dvt_value_id    in[2] = {n.inputs[0]}, u, mid;
    char            name[NAME];
    dvt_status      st;

    weight_shapes(&n, &w, m, rank, &vs, &us);
    dvti_format(name, sizeof name, "%s.low", n.name);
    st = add_weight(g, w.name, "v", &vs, f->v, &in[1]);
    if (st == DVT_OK) {
        st = add_weight(g, w.name, "u", &us, f->u, &u);
    }
    if (st == DVT_OK) {
        dvt_node_spec spec = {.op = n.op,
                              .name = name,
                              .source = n.source,
                              .inputs = in,
                              .input_count = 2,
                              .output_count = 1,
                              .attrs = first_attrs(&n)};
        st = dvt_graph_add_node(g, &spec, &mid);
    }
    if (st == DVT_OK) {
        st = dvt_graph_set_input(g, id, 0, mid);
    }
    if (st == DVT_OK) {
        st = dvt_graph_set_input(g, id, 1, u);
    }
    if (st == DVT_OK) {
        dvt_graph_set_attrs(g, id, &second);
    }
    return st;
}

static dvt_status factor_node(dvt_graph *g, dvt_node_id id, int64_t rank)
{
    const dvt_node *n = dvt_graph_node(g, id);
    dvt_rank_matrix m;
    factors         f = {0};
    dvt_tensor      data;
    dvt_status      st = DVT_OK;

    if (!dvti_low_rank_matrix(g, id, &m)) {
        return dvt_fail(dvt_graph_ctx(g), DVT_E_USAGE, NULL, "'%s' has no matrix to factor",
                        n->name);
    }
    if (dvt_graph_const(g, n->inputs[1], &data)) {
        st = compute(dvt_graph_ctx(g), n, &m, rank, data.data, &f);
    }
    if (st == DVT_OK) {
        st = replace(g, id, &m, rank, &f);
    }
    free_factors(dvt_graph_ctx(g), &f);
    return st;
}

dvt_status dvti_low_rank_graph(const dvt_graph *g, const dvt_node_id *nodes, const int64_t *ranks,
                               int32_t count, dvt_graph **out)
{
    dvt_graph *copy = NULL;
    dvt_status st = dvt_graph_clone(g, &copy);

    *out = NULL;
    for (int32_t i = 0; st == DVT_OK && i < count; i++) {
        if (ranks[i] > 0) {
            st = factor_node(copy, nodes[i], ranks[i]);
        }
    }
    if (st == DVT_OK) {
        st = dvt_graph_compact(copy);
    }
    if (st == DVT_OK) {
        *out = copy;
        copy = NULL;
    }
    dvt_graph_destroy(copy);
    return st;
}
