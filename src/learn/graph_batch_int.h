/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_batch_int.h - a batch of graphs while it is filled: graph_batch.c plainly, graph_share.c
 * with equal contexts in one row.
 */
#ifndef DVTI_LEARN_GRAPH_BATCH_INT_H
#define DVTI_LEARN_GRAPH_BATCH_INT_H

#include "learn/graph_set_int.h"

typedef struct dvti_matrix {
    dvti_i64s start, t_start;
    dvti_i32s col, t_row;
    dvti_f32s weight, t_weight;
    int64_t   cols;
    dvt_csr   view;
} dvti_matrix;

struct dvt_graph_batch {
    dvt_ctx             *ctx;
    const dvt_graph_set *set;
    int32_t              layers;
    dvt_readout          readout;
    bool                 share, weighted;
    int64_t              count; /* graphs */
    dvti_matrix         *m;     /* (layers); plain: number 1 serves all inner ones */
    dvti_matrix          mean;
    dvti_i32s            colour; /* (layers, nodes of a graph): row of its value, -1 = not needed */
    dvti_i32s            table;  /* hash table of rows, -1 = free; a power of two */
    int64_t              first;  /* plain: number of the graph's first node in the batch */
};

static inline bool dvti_is_last(const dvt_graph_batch *b, int32_t layer)
{
    return layer == b->layers - 1;
}
static inline int64_t dvti_rows_of(const dvti_matrix *m) { return (int64_t)m->start.len - 1; }

/* Appends to the row at the end of the matrix, and ends that row. */
dvt_status dvti_batch_put(dvt_graph_batch *b, dvti_matrix *m, int64_t col, float weight);
dvt_status dvti_batch_end_row(dvt_graph_batch *b, dvti_matrix *m);
/* Fills the layers of a batch that shares; `nodes` of all its graphs together. */
dvt_status dvti_batch_fill_shared(dvt_graph_batch *b, const int32_t *graph, int64_t nodes);

#endif
