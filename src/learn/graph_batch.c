/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_batch.c - the sparse matrices of a stack of graph layers over a batch of graphs.
 *
 * Idea       A layer is one matrix over all nodes of the batch. Plainly, layers between the first
 *            and the last have the same matrix; the first reads labels instead of nodes; the last
 *            has rows for the nodes that are read out only.
 * Sharing    src/learn/graph_share.c fills the same matrices with fewer rows.
 * Invariants (1) rows are numbered in the order in which the graphs and their nodes first ask for
 *                them: the matrices depend on the batch alone;
 *            (2) columns are below 2^31.
 * Tests      tests/unit/test_learn_graph.c
 */
#include "learn/graph_batch_int.h"

#include <string.h>

enum { LAYERS_MAX = 64 };

dvt_status dvt_graph_batch_create(dvt_ctx *ctx, const dvt_graph_set *set, int32_t layers,
                                  dvt_readout readout, bool share, dvt_graph_batch **out)
{
    dvt_graph_batch *b = NULL;

    *out = NULL;
    if (layers < 1 || layers > LAYERS_MAX)
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "a batch of graphs has 1 to %d layers, not %d",
                        LAYERS_MAX, layers);
    b = dvt_calloc(ctx, 1, sizeof *b);
    if (!b)
        return DVT_E_NOMEM;
    *b = (dvt_graph_batch){
        .ctx = ctx, .set = set, .layers = layers, .readout = readout, .share = share};
    b->m = dvt_calloc(ctx, (size_t)layers, sizeof *b->m);
    if (!b->m) {
        dvt_free(ctx, b);
        return DVT_E_NOMEM;
    }
    *out = b;
    return DVT_OK;
}

static void matrix_deinit(dvt_ctx *ctx, dvti_matrix *m)
{
    dvti_i64s_deinit(ctx, &m->start);
    dvti_i64s_deinit(ctx, &m->t_start);
    dvti_i32s_deinit(ctx, &m->col);
    dvti_i32s_deinit(ctx, &m->t_row);
    dvti_f32s_deinit(ctx, &m->weight);
    dvti_f32s_deinit(ctx, &m->t_weight);
}

void dvt_graph_batch_destroy(dvt_graph_batch *b)
{
    if (!b)
        return;
    for (int32_t i = 0; i < b->layers; i++)
        matrix_deinit(b->ctx, &b->m[i]);
    matrix_deinit(b->ctx, &b->mean);
    dvti_i32s_deinit(b->ctx, &b->colour);
    dvti_i32s_deinit(b->ctx, &b->table);
    dvt_free(b->ctx, b->m);
    dvt_free(b->ctx, b);
}

/* ---- matrices ------------------------------------------------------------------------------ */

static dvt_status matrix_begin(dvt_ctx *ctx, dvti_matrix *m, int64_t cols)
{
    m->start.len = m->col.len = m->weight.len = 0;
    m->cols = cols;
    dvt_status st = dvti_i32s_reserve(ctx, &m->col, 1); /* never NULL, also without entries */
    if (st == DVT_OK)
        st = dvti_f32s_reserve(ctx, &m->weight, 1);
    return st == DVT_OK ? dvti_i64s_push(ctx, &m->start, 0) : st;
}

dvt_status dvti_batch_put(dvt_graph_batch *b, dvti_matrix *m, int64_t col, float weight)
{
    dvt_status st = dvti_i32s_push(b->ctx, &m->col, (int32_t)col);

    return st == DVT_OK && b->weighted ? dvti_f32s_push(b->ctx, &m->weight, weight) : st;
}

dvt_status dvti_batch_end_row(dvt_graph_batch *b, dvti_matrix *m)
{
    return dvti_i64s_push(b->ctx, &m->start, (int64_t)m->col.len);
}

/* Counts, then places: entries of a column keep the order of the rows. */
static void transpose(dvti_matrix *m, bool weighted)
{
    int64_t *start = m->t_start.data;

    memset(start, 0, (size_t)(m->cols + 1) * sizeof *start);
    for (size_t e = 0; e < m->col.len; e++)
        start[m->col.data[e] + 1]++;
    for (int64_t c = 0; c < m->cols; c++)
        start[c + 1] += start[c];
    for (int64_t r = 0; r < dvti_rows_of(m); r++) {
        for (int64_t e = m->start.data[r]; e < m->start.data[r + 1]; e++) {
            int64_t at = start[m->col.data[e]]++;
            m->t_row.data[at] = (int32_t)r;
            if (weighted)
                m->t_weight.data[at] = m->weight.data[e];
        }
    }
    memmove(start + 1, start, (size_t)m->cols * sizeof *start); /* placing moved them one on */
    start[0] = 0;
}

static dvt_status matrix_end(dvt_graph_batch *b, dvti_matrix *m)
{
    dvt_status st = dvti_i64s_reserve(b->ctx, &m->t_start, (size_t)m->cols + 1);

    if (st == DVT_OK)
        st = dvti_i32s_reserve(b->ctx, &m->t_row, m->col.len);
    if (st == DVT_OK && b->weighted)
        st = dvti_f32s_reserve(b->ctx, &m->t_weight, m->col.len);
    if (st != DVT_OK)
        return st;
    transpose(m, b->weighted);
    m->view = (dvt_csr){.rows = dvti_rows_of(m),
                        .cols = m->cols,
                        .start = m->start.data,
                        .col = m->col.data,
                        .weight = b->weighted ? m->weight.data : NULL,
                        .t_start = m->t_start.data,
                        .t_row = m->t_row.data,
                        .t_weight = b->weighted ? m->t_weight.data : NULL};
    return DVT_OK;
}

/* ---- plain --------------------------------------------------------------------------------- */

/* Row of node v (of the set) in a layer; columns are labels, or nodes from b->first on. */
static dvt_status plain_row(dvt_graph_batch *b, int32_t layer, int64_t graph, int64_t v)
{
    const dvt_graph_set *s = b->set;
    dvti_matrix              *m = &b->m[layer];
    dvt_status           st = DVT_OK;

    for (int64_t e = s->edge_start.data[v]; st == DVT_OK && e < s->edge_start.data[v + 1]; e++) {
        int32_t label = s->label.data[s->node_start.data[graph] + s->edge_node.data[e]];
        if (layer > 0)
            st = dvti_batch_put(b, m, b->first + s->edge_node.data[e], s->edge_weight.data[e]);
        else if (label >= 0)
            st = dvti_batch_put(b, m, label, s->edge_weight.data[e]);
    }
    return st == DVT_OK ? dvti_batch_end_row(b, m) : st;
}

static dvt_status plain_graph(dvt_graph_batch *b, int64_t graph)
{
    int64_t    begin = b->set->node_start.data[graph], end = b->set->node_start.data[graph + 1];
    dvt_status st = DVT_OK;

    for (int32_t layer = 0; st == DVT_OK && layer < b->layers; layer++) {
        bool roots = dvti_is_last(b, layer) && b->readout == DVT_READOUT_FIRST;
        if (layer > 1 && !dvti_is_last(b, layer))
            continue; /* as number 1 */
        for (int64_t v = begin; st == DVT_OK && v < (roots ? begin + 1 : end); v++)
            st = plain_row(b, layer, graph, v);
    }
    b->first += end - begin;
    return st;
}

/* ---- filling ------------------------------------------------------------------------------- */

static dvt_status fill_mean(dvt_graph_batch *b, const int32_t *graph, int64_t nodes)
{
    const int64_t *start = b->set->node_start.data;
    bool           weighted = b->weighted;
    dvt_status     st = matrix_begin(b->ctx, &b->mean, nodes);
    int64_t        at = 0;

    b->weighted = true; /* of this dvti_matrix */
    for (int64_t g = 0; st == DVT_OK && g < b->count; g++) {
        int64_t n = start[graph[g] + 1] - start[graph[g]];
        for (int64_t i = 0; st == DVT_OK && i < n; i++)
            st = dvti_batch_put(b, &b->mean, at++, 1.0f / (float)n);
        if (st == DVT_OK)
            st = dvti_batch_end_row(b, &b->mean);
    }
    if (st == DVT_OK)
        st = matrix_end(b, &b->mean);
    b->weighted = weighted;
    return st;
}

static dvt_status fill_layers(dvt_graph_batch *b, const int32_t *graph, int64_t nodes)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < b->layers; i++)
        st = matrix_begin(b->ctx, &b->m[i], i > 0 ? nodes : b->set->labels);
    b->first = 0;
    if (st == DVT_OK && b->share)
        st = dvti_batch_fill_shared(b, graph, nodes);
    for (int64_t g = 0; st == DVT_OK && !b->share && g < b->count; g++)
        st = plain_graph(b, graph[g]);
    for (int32_t i = 0; st == DVT_OK && i < b->layers; i++)
        if (b->share || i <= 1 || dvti_is_last(b, i))
            st = matrix_end(b, &b->m[i]);
    return st;
}

dvt_status dvt_graph_batch_fill(dvt_graph_batch *b, const int32_t *graph, int64_t count)
{
    const dvt_graph_set *s = b->set;
    int64_t              nodes = 0;
    dvt_status           st;

    for (int64_t g = 0; g < count; g++) {
        if (graph[g] < 0 || graph[g] >= s->graphs)
            return dvt_fail(b->ctx, DVT_E_USAGE, NULL, "graph %d is not among the %lld of the set",
                            graph[g], (long long)s->graphs);
        nodes += dvt_graph_set_nodes(s, graph[g]);
    }
    if (nodes * b->layers > INT32_MAX)
        return dvt_fail(b->ctx, DVT_E_CAPACITY, NULL, "a batch of %lld nodes is too large",
                        (long long)nodes);
    b->count = count;
    b->weighted = s->weighted;
    st = fill_layers(b, graph, nodes);
    if (st == DVT_OK && b->readout == DVT_READOUT_ALL)
        st = fill_mean(b, graph, nodes);
    return st;
}

const dvt_csr *dvt_graph_batch_layer(const dvt_graph_batch *b, int32_t layer)
{
    bool inner = !b->share && layer > 1 && !dvti_is_last(b, layer);

    return &b->m[inner ? 1 : layer].view;
}

const dvt_csr *dvt_graph_batch_mean(const dvt_graph_batch *b) { return &b->mean.view; }

int64_t dvt_graph_batch_count(const dvt_graph_batch *b) { return b->count; }
