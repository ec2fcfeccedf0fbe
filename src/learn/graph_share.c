/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_share.c - fills a batch so that nodes of equal context have one row.
 *
 * Idea       Two nodes get the same value in layer i if what they read has the same values in layer
 *            i - 1: colour refinement [1], with the row of the matrix (columns sorted) as the new
 *            colour. Rows are found again by a hash table; only nodes that the read-out can see are
 *            followed. In the cells of NAS-Bench-101 most rows of the first layers fall together.
 *            Sums then run in the order of the columns, not of the nodes: results differ from the
 *            plain ones by rounding.
 * Invariant  rows are numbered in the order in which the graphs and their nodes first ask for them:
 *            the matrices depend on the batch alone.
 * Tests      tests/unit/test_learn_graph.c
 *
 * [1] B. Weisfeiler, A. Leman, "A reduction of a graph to a canonical form and an algebra arising
 *     during this reduction", 1968. Difference: a node's own colour counts only if it reads itself.
 */
#include "learn/graph_batch_int.h"

#include <string.h>

static uint64_t row_hash(const dvt_graph_batch *b, const dvti_matrix *m, int64_t begin, int64_t end)
{
    size_t   n = (size_t)(end - begin);
    uint64_t h = dvt_hash64(m->col.data + begin, n * sizeof *m->col.data, n);

    return b->weighted ? dvt_hash64(m->weight.data + begin, n * sizeof *m->weight.data, h) : h;
}

static bool same_row(const dvt_graph_batch *b, const dvti_matrix *m, int64_t r, int64_t begin,
                     int64_t end)
{
    int64_t at = m->start.data[r];
    size_t  n = (size_t)(end - begin);

    if (m->start.data[r + 1] - at != end - begin)
        return false;
    return memcmp(m->col.data + at, m->col.data + begin, n * sizeof *m->col.data) == 0 &&
           (!b->weighted || memcmp(m->weight.data + at, m->weight.data + begin,
                                   n * sizeof *m->weight.data) == 0);
}

/* By column, then weight: insertion, as rows are short. */
static void sort_row(const dvt_graph_batch *b, dvti_matrix *m, int64_t begin, int64_t end)
{
    int32_t *col = m->col.data;
    float   *w = m->weight.data;

    for (int64_t i = begin + 1; i < end; i++) {
        int32_t c = col[i];
        float   x = b->weighted ? w[i] : 1;
        int64_t j = i;
        for (; j > begin; j--) {
            bool above = col[j - 1] > c || (b->weighted && col[j - 1] == c && w[j - 1] > x);
            if (!above)
                break;
            col[j] = col[j - 1];
            if (b->weighted)
                w[j] = w[j - 1];
        }
        col[j] = c;
        if (b->weighted)
            w[j] = x;
    }
}

/* The table of one layer: slots hold row numbers. */
static dvt_status table_begin(dvt_graph_batch *b, int64_t rows)
{
    size_t     size = 64;
    dvt_status st;

    while (size < 2 * (size_t)rows)
        size *= 2;
    st = dvti_i32s_reserve(b->ctx, &b->table, size);
    if (st == DVT_OK) {
        b->table.len = size;
        memset(b->table.data, -1, size * sizeof *b->table.data);
    }
    return st;
}

/* The row that was just put at the end: known already (then it is taken off again), or new. */
static dvt_status find_row(dvt_graph_batch *b, dvti_matrix *m, int32_t *row)
{
    int64_t begin = m->start.data[m->start.len - 1], end = (int64_t)m->col.len;
    size_t  mask = b->table.len - 1, slot;

    sort_row(b, m, begin, end);
    slot = (size_t)row_hash(b, m, begin, end) & mask;
    for (; b->table.data[slot] >= 0; slot = (slot + 1) & mask) {
        if (same_row(b, m, b->table.data[slot], begin, end)) {
            *row = b->table.data[slot];
            m->col.len = (size_t)begin;
            m->weight.len = b->weighted ? (size_t)begin : 0;
            return DVT_OK;
        }
    }
    *row = b->table.data[slot] = (int32_t)dvti_rows_of(m);
    return dvti_batch_end_row(b, m);
}

/* Marks with 0 in colour (layers, nodes) what the read-out needs; the rest stays -1. */
static void mark_needed(dvt_graph_batch *b, int64_t begin, int64_t nodes, int32_t *colour)
{
    const dvt_graph_set *s = b->set;
    int64_t              roots = b->readout == DVT_READOUT_FIRST ? 1 : nodes;

    for (int64_t i = 0; i < b->layers * nodes; i++)
        colour[i] = i >= (b->layers - 1) * nodes && i < (b->layers - 1) * nodes + roots ? 0 : -1;
    for (int32_t layer = b->layers - 1; layer > 0; layer--)
        for (int64_t i = 0; i < nodes; i++) {
            if (colour[layer * nodes + i] < 0)
                continue;
            for (int64_t e = s->edge_start.data[begin + i]; e < s->edge_start.data[begin + i + 1];
                 e++)
                colour[(layer - 1) * nodes + s->edge_node.data[e]] = 0;
        }
}

static dvt_status shared_row(dvt_graph_batch *b, int32_t layer, int64_t begin, int64_t v,
                             const int32_t *below, int32_t *row)
{
    const dvt_graph_set *s = b->set;
    dvti_matrix              *m = &b->m[layer];
    dvt_status           st = DVT_OK;

    for (int64_t e = s->edge_start.data[v]; st == DVT_OK && e < s->edge_start.data[v + 1]; e++) {
        int32_t node = s->edge_node.data[e];
        int32_t col = layer > 0 ? below[node] : s->label.data[begin + node];
        if (col >= 0)
            st = dvti_batch_put(b, m, col, s->edge_weight.data[e]);
    }
    if (st == DVT_OK && dvti_is_last(b, layer)) {
        *row = (int32_t)dvti_rows_of(m);
        return dvti_batch_end_row(b, m); /* in the order of the batch, one each */
    }
    return st == DVT_OK ? find_row(b, m, row) : st;
}

/* One layer of all graphs; `colours` holds (layers, nodes) for each graph behind one another. */
static dvt_status shared_layer(dvt_graph_batch *b, int32_t layer, const int32_t *graph)
{
    const int64_t *start = b->set->node_start.data;
    int32_t       *colour = b->colour.data;
    dvt_status     st = table_begin(b, (int64_t)b->colour.len / b->layers);

    for (int64_t g = 0; st == DVT_OK && g < b->count; g++) {
        int64_t  begin = start[graph[g]], nodes = start[graph[g] + 1] - begin;
        int32_t *mine = colour + layer * nodes, *below = layer > 0 ? mine - nodes : NULL;
        for (int64_t i = 0; st == DVT_OK && i < nodes; i++)
            if (mine[i] >= 0)
                st = shared_row(b, layer, begin, begin + i, below, &mine[i]);
        colour += b->layers * nodes;
    }
    return st;
}

dvt_status dvti_batch_fill_shared(dvt_graph_batch *b, const int32_t *graph, int64_t nodes)
{
    const int64_t *start = b->set->node_start.data;
    dvt_status     st = dvti_i32s_reserve(b->ctx, &b->colour, (size_t)(nodes * b->layers));
    int32_t       *colour = b->colour.data;

    if (st != DVT_OK)
        return st;
    b->colour.len = (size_t)(nodes * b->layers);
    for (int64_t g = 0; g < b->count; g++) {
        int64_t begin = start[graph[g]], n = start[graph[g] + 1] - begin;
        mark_needed(b, begin, n, colour);
        colour += b->layers * n;
    }
    for (int32_t i = 0; st == DVT_OK && i < b->layers; i++) {
        b->m[i].cols = i > 0 ? dvti_rows_of(&b->m[i - 1]) : b->set->labels;
        st = shared_layer(b, i, graph);
    }
    return st;
}
