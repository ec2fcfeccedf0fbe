/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_batch.c - the sparse matrices of a stack of graph layers over a batch of graphs.
 *
 * Idea       A layer is one matrix over all nodes of the batch. Plainly, layers between the first
 *            and the last have the same matrix; the first reads labels instead of nodes; the last
 *            has rows for the nodes that are read out only.
 * Sharing    Two nodes get the same value in layer i if what they read has the same values in layer
 *            i - 1: colour refinement [1], with the row of the matrix (columns sorted) as the new
 *            colour. Rows are found again by a hash table; only nodes that the read-out can see are
 *            followed. In the cells of NAS-Bench-101 most rows of the first layers fall together.
 *            Sums then run in the order of the columns, not of the nodes: results differ from the
 *            plain ones by rounding.
 * Invariants (1) rows are numbered in the order in which the graphs and their nodes first ask for
 *                them: the matrices depend on the batch alone;
 *            (2) columns are below 2^31.
 * Tests      tests/unit/test_learn_graph.c
 *
 * [1] B. Weisfeiler, A. Leman, "A reduction of a graph to a canonical form and an algebra arising
 *     during this reduction", 1968. Difference: a node's own colour counts only if it reads itself.
 */
#include "learn/graph_set_int.h"

#include <stdlib.h>
#include <string.h>

enum { LAYERS_MAX = 64 };

typedef struct matrix {
    dvti_i64s start, t_start;
    dvti_i32s col, t_row;
    dvti_f32s weight, t_weight;
    int64_t   cols;
    dvt_csr   view;
} matrix;

struct dvt_graph_batch {
    dvt_ctx             *ctx;
    const dvt_graph_set *set;
    int32_t              layers;
    dvt_readout          readout;
    bool                 share, weighted;
    int64_t              count; /* graphs */
    matrix              *m;     /* (layers); plain: number 1 serves all inner ones */
    matrix               mean;
    dvti_i32s            colour; /* (layers, nodes of a graph): row of its value, -1 = not needed */
    dvti_i32s            table;  /* hash table of rows, -1 = free; a power of two */
    int64_t              first;  /* plain: number of the graph's first node in the batch */
};

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

static void matrix_deinit(dvt_ctx *ctx, matrix *m)
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

static dvt_status matrix_begin(dvt_ctx *ctx, matrix *m, int64_t cols)
{
    m->start.len = m->col.len = m->weight.len = 0;
    m->cols = cols;
    dvt_status st = dvti_i32s_reserve(ctx, &m->col, 1); /* never NULL, also without entries */
    if (st == DVT_OK)
        st = dvti_f32s_reserve(ctx, &m->weight, 1);
    return st == DVT_OK ? dvti_i64s_push(ctx, &m->start, 0) : st;
}

static dvt_status put_entry(dvt_graph_batch *b, matrix *m, int64_t col, float weight)
{
    dvt_status st = dvti_i32s_push(b->ctx, &m->col, (int32_t)col);

    return st == DVT_OK && b->weighted ? dvti_f32s_push(b->ctx, &m->weight, weight) : st;
}

static dvt_status end_row(dvt_graph_batch *b, matrix *m)
{
    return dvti_i64s_push(b->ctx, &m->start, (int64_t)m->col.len);
}

static int64_t rows_of(const matrix *m) { return (int64_t)m->start.len - 1; }

/* Counts, then places: entries of a column keep the order of the rows. */
static void transpose(matrix *m, bool weighted)
{
    int64_t *start = m->t_start.data;

    memset(start, 0, (size_t)(m->cols + 1) * sizeof *start);
    for (size_t e = 0; e < m->col.len; e++)
        start[m->col.data[e] + 1]++;
    for (int64_t c = 0; c < m->cols; c++)
        start[c + 1] += start[c];
    for (int64_t r = 0; r < rows_of(m); r++) {
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

static dvt_status matrix_end(dvt_graph_batch *b, matrix *m)
{
    dvt_status st = dvti_i64s_reserve(b->ctx, &m->t_start, (size_t)m->cols + 1);

    if (st == DVT_OK)
        st = dvti_i32s_reserve(b->ctx, &m->t_row, m->col.len);
    if (st == DVT_OK && b->weighted)
        st = dvti_f32s_reserve(b->ctx, &m->t_weight, m->col.len);
    if (st != DVT_OK)
        return st;
    transpose(m, b->weighted);
    m->view = (dvt_csr){.rows = rows_of(m),
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

static bool is_last(const dvt_graph_batch *b, int32_t layer) { return layer == b->layers - 1; }

/* Row of node v (of the set) in a layer; columns are labels, or nodes from b->first on. */
static dvt_status plain_row(dvt_graph_batch *b, int32_t layer, int64_t graph, int64_t v)
{
    const dvt_graph_set *s = b->set;
    matrix              *m = &b->m[layer];
    dvt_status           st = DVT_OK;

    for (int64_t e = s->edge_start.data[v]; st == DVT_OK && e < s->edge_start.data[v + 1]; e++) {
        int32_t label = s->label.data[s->node_start.data[graph] + s->edge_node.data[e]];
        if (layer > 0)
            st = put_entry(b, m, b->first + s->edge_node.data[e], s->edge_weight.data[e]);
        else if (label >= 0)
            st = put_entry(b, m, label, s->edge_weight.data[e]);
    }
    return st == DVT_OK ? end_row(b, m) : st;
}

static dvt_status plain_graph(dvt_graph_batch *b, int64_t graph)
{
    int64_t    begin = b->set->node_start.data[graph], end = b->set->node_start.data[graph + 1];
    dvt_status st = DVT_OK;

    for (int32_t layer = 0; st == DVT_OK && layer < b->layers; layer++) {
        bool roots = is_last(b, layer) && b->readout == DVT_READOUT_FIRST;
        if (layer > 1 && !is_last(b, layer))
            continue; /* as number 1 */
        for (int64_t v = begin; st == DVT_OK && v < (roots ? begin + 1 : end); v++)
            st = plain_row(b, layer, graph, v);
    }
    b->first += end - begin;
    return st;
}

/* ---- shared -------------------------------------------------------------------------------- */

static uint64_t row_hash(const dvt_graph_batch *b, const matrix *m, int64_t begin, int64_t end)
{
    size_t   n = (size_t)(end - begin);
    uint64_t h = dvt_hash64(m->col.data + begin, n * sizeof *m->col.data, n);

    return b->weighted ? dvt_hash64(m->weight.data + begin, n * sizeof *m->weight.data, h) : h;
}

static bool same_row(const dvt_graph_batch *b, const matrix *m, int64_t r, int64_t begin,
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
static void sort_row(const dvt_graph_batch *b, matrix *m, int64_t begin, int64_t end)
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
static dvt_status find_row(dvt_graph_batch *b, matrix *m, int32_t *row)
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
    *row = b->table.data[slot] = (int32_t)rows_of(m);
    return end_row(b, m);
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
    matrix              *m = &b->m[layer];
    dvt_status           st = DVT_OK;

    for (int64_t e = s->edge_start.data[v]; st == DVT_OK && e < s->edge_start.data[v + 1]; e++) {
        int32_t node = s->edge_node.data[e];
        int32_t col = layer > 0 ? below[node] : s->label.data[begin + node];
        if (col >= 0)
            st = put_entry(b, m, col, s->edge_weight.data[e]);
    }
    if (st == DVT_OK && is_last(b, layer)) {
        *row = (int32_t)rows_of(m);
        return end_row(b, m); /* in the order of the batch, one each */
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

static dvt_status fill_shared(dvt_graph_batch *b, const int32_t *graph, int64_t nodes)
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
        b->m[i].cols = i > 0 ? rows_of(&b->m[i - 1]) : b->set->labels;
        st = shared_layer(b, i, graph);
    }
    return st;
}

/* ---- filling ------------------------------------------------------------------------------- */

static dvt_status fill_mean(dvt_graph_batch *b, const int32_t *graph, int64_t nodes)
{
    const int64_t *start = b->set->node_start.data;
    bool           weighted = b->weighted;
    dvt_status     st = matrix_begin(b->ctx, &b->mean, nodes);
    int64_t        at = 0;

    b->weighted = true; /* of this matrix */
    for (int64_t g = 0; st == DVT_OK && g < b->count; g++) {
        int64_t n = start[graph[g] + 1] - start[graph[g]];
        for (int64_t i = 0; st == DVT_OK && i < n; i++)
            st = put_entry(b, &b->mean, at++, 1.0f / (float)n);
        if (st == DVT_OK)
            st = end_row(b, &b->mean);
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
        st = fill_shared(b, graph, nodes);
    for (int64_t g = 0; st == DVT_OK && !b->share && g < b->count; g++)
        st = plain_graph(b, graph[g]);
    for (int32_t i = 0; st == DVT_OK && i < b->layers; i++)
        if (b->share || i <= 1 || is_last(b, i))
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
    bool inner = !b->share && layer > 1 && !is_last(b, layer);

    return &b->m[inner ? 1 : layer].view;
}

const dvt_csr *dvt_graph_batch_mean(const dvt_graph_batch *b) { return &b->mean.view; }

int64_t dvt_graph_batch_count(const dvt_graph_batch *b) { return b->count; }
