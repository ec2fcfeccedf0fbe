/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_set.c - many small graphs in flat arrays.
 *
 * Memory     6 bytes an edge, 12 a node: all 423,624 cells of NAS-Bench-101 take about 120 MB.
 * Tests      tests/unit/test_learn_graph.c
 */
#include "learn/graph_set_int.h"

#include <math.h>

dvt_status dvt_graph_set_create(dvt_ctx *ctx, int32_t labels, dvt_graph_set **out)
{
    dvt_graph_set *s = NULL;
    dvt_status     st;

    *out = NULL;
    if (labels < 1)
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "a set of graphs needs at least one label");
    s = dvt_calloc(ctx, 1, sizeof *s);
    if (!s)
        return DVT_E_NOMEM;
    s->ctx = ctx;
    s->labels = labels;
    st = dvti_i64s_push(ctx, &s->node_start, 0);
    if (st == DVT_OK)
        st = dvti_i64s_push(ctx, &s->edge_start, 0);
    if (st == DVT_OK) {
        *out = s;
        s = NULL;
    }
    dvt_graph_set_destroy(s);
    return st;
}

void dvt_graph_set_destroy(dvt_graph_set *s)
{
    if (!s)
        return;
    dvti_i64s_deinit(s->ctx, &s->node_start);
    dvti_i32s_deinit(s->ctx, &s->label);
    dvti_i64s_deinit(s->ctx, &s->edge_start);
    dvti_i16s_deinit(s->ctx, &s->edge_node);
    dvti_f32s_deinit(s->ctx, &s->edge_weight);
    dvt_free(s->ctx, s);
}

static dvt_status check(dvt_graph_set *s, int32_t nodes, const int32_t *label, const float *a)
{
    const long long graph = (long long)s->graphs;

    if (nodes < 1 || nodes > DVTI_GRAPH_NODES)
        return dvt_fail(s->ctx, DVT_E_SHAPE, NULL, "graph %lld has %d nodes; 1 to %d are possible",
                        graph, nodes, DVTI_GRAPH_NODES);
    for (int32_t i = 0; i < nodes; i++)
        if (label[i] < -1 || label[i] >= s->labels)
            return dvt_fail(s->ctx, DVT_E_USAGE, NULL,
                            "graph %lld, node %d: label %d is not among the %d of the set", graph,
                            i, label[i], s->labels);
    for (int32_t i = 0; i < nodes * nodes; i++)
        if (!isfinite(a[i]))
            return dvt_fail(s->ctx, DVT_E_NUMERIC, NULL,
                            "graph %lld: entry %d of its matrix is not finite", graph, i);
    return DVT_OK;
}

/* All or nothing: what can fail comes first. */
static dvt_status reserve(dvt_graph_set *s, size_t nodes)
{
    dvt_status st = dvti_i64s_reserve(s->ctx, &s->node_start, s->node_start.len + 1);

    if (st == DVT_OK)
        st = dvti_i32s_reserve(s->ctx, &s->label, s->label.len + nodes);
    if (st == DVT_OK)
        st = dvti_i64s_reserve(s->ctx, &s->edge_start, s->edge_start.len + nodes);
    if (st == DVT_OK)
        st = dvti_i16s_reserve(s->ctx, &s->edge_node, s->edge_node.len + nodes * nodes);
    if (st == DVT_OK)
        st = dvti_f32s_reserve(s->ctx, &s->edge_weight, s->edge_weight.len + nodes * nodes);
    return st;
}

dvt_status dvt_graph_set_add(dvt_graph_set *s, int32_t nodes, const int32_t *label, const float *a,
                             bool weights)
{
    dvt_status st = check(s, nodes, label, a);

    if (st == DVT_OK)
        st = reserve(s, (size_t)nodes);
    if (st != DVT_OK)
        return st;
    for (int32_t i = 0; i < nodes; i++) {
        for (int32_t j = 0; j < nodes; j++) {
            float w = a[(int64_t)i * nodes + j];
            if (w == 0)
                continue;
            s->edge_node.data[s->edge_node.len++] = (int16_t)j;
            s->edge_weight.data[s->edge_weight.len++] = weights ? w : 1.0f;
        }
        s->label.data[s->label.len++] = label[i];
        s->edge_start.data[s->edge_start.len++] = (int64_t)s->edge_node.len;
    }
    s->weighted |= weights;
    s->graphs++;
    s->nodes += nodes;
    s->node_start.data[s->node_start.len++] = s->nodes;
    return DVT_OK;
}

int64_t dvt_graph_set_count(const dvt_graph_set *s) { return s->graphs; }

int32_t dvt_graph_set_nodes(const dvt_graph_set *s, int64_t graph)
{
    return (int32_t)(s->node_start.data[graph + 1] - s->node_start.data[graph]);
}
