/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_set_int.h - many small graphs in flat arrays.
 *
 * Graph g has the nodes node_start[g] .. node_start[g + 1] of the flat node arrays; node v reads
 * the nodes edge_node[e] (numbers within the graph) for edge_start[v] <= e < edge_start[v + 1].
 */
#ifndef DVTI_LEARN_GRAPH_SET_INT_H
#define DVTI_LEARN_GRAPH_SET_INT_H

#include "dovetail/learn.h"
#include "base/vec.h"

DVT_VEC(dvti_i64s, int64_t);
DVT_VEC(dvti_i32s, int32_t);
DVT_VEC(dvti_i16s, int16_t);
DVT_VEC(dvti_f32s, float);

enum { DVTI_GRAPH_NODES = 1024 };

struct dvt_graph_set {
    dvt_ctx  *ctx;
    int32_t   labels;
    bool      weighted; /* some graph has weights */
    int64_t   graphs, nodes;
    dvti_i64s node_start; /* (graphs + 1) */
    dvti_i32s label;      /* (nodes) */
    dvti_i64s edge_start; /* (nodes + 1) */
    dvti_i16s edge_node;  /* (edges) */
    dvti_f32s edge_weight;
};

#endif
