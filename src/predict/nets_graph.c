/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nets_graph.c - any network graph as predictors see it.
 *
 * Labels     input, output, then one an operator; convolutions with a 1x1 window and those with as
 *            many groups as channels have labels of their own behind them, as their cost differs.
 * Shape      all graph inputs are one input node, all graph outputs one output node; constants and
 *            parameters are no nodes. Copies (identity) and nodes without readers fall away.
 * Limits     DVT_NETS_NODES_MAX nodes, the two at the ends included.
 * Tests      tests/unit/test_nets.c
 */
#include <string.h>

#include "predict/nets_int.h"

enum {
    FIRST_OP = DVT_LABEL_OUTPUT + 1,
    CONV_1X1 = FIRST_OP + DVT_OP_COUNT,
    CONV_DEPTHWISE = CONV_1X1 + 1,
    GRAPH_LABELS = CONV_1X1 + 2,
    CELL_LABELS = 5
};

_Static_assert(GRAPH_LABELS <= UINT8_MAX, "labels are bytes");

int32_t dvt_nets_labels(dvt_nets_kind kind)
{
    return kind == DVT_NETS_GRAPH ? GRAPH_LABELS : CELL_LABELS;
}

static uint8_t label_of(const dvt_graph *g, const dvt_node *n)
{
    if (n->op != DVT_OP_CONV) {
        return (uint8_t)(FIRST_OP + n->op);
    }
    const dvt_shape *w = &dvt_graph_value(g, n->inputs[1])->shape;
    int64_t          window = 1;
    for (int32_t i = 2; i < w->rank; i++) {
        window *= w->dim[i];
    }
    return window == 1                       ? CONV_1X1
           : w->dim[1] == 1 && w->dim[0] > 1 ? CONV_DEPTHWISE
                                             : (uint8_t)(FIRST_OP + DVT_OP_CONV);
}

/* Where values come from: the place of the node in the draft, 0 for graph inputs, -1 for none. */
static int32_t source_of(const dvt_graph *g, const int32_t *place, dvt_value_id v)
{
    const dvt_value *value = v.i < 0 ? NULL : dvt_graph_value(g, v);

    if (!value || value->kind == DVT_VALUE_CONST || value->kind == DVT_VALUE_PARAM) {
        return -1;
    }
    return value->kind == DVT_VALUE_INPUT ? 0 : place[value->producer.i];
}

/* A copy stands for what it copies. */
static bool is_copy(const dvt_node *n) { return n->op == DVT_OP_IDENTITY; }

/* Nodes that get a place in the draft. */
static int32_t count_nodes(const dvt_graph *g)
{
    int32_t count = 2;

    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        count += !n->dead && !is_copy(n);
    }
    return count;
}

static void fill(const dvt_graph *g, int32_t nodes, int32_t *place, uint8_t *label, bool *reads)
{
    int32_t next = 1;

    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        if (n->dead) {
            continue;
        }
        if (is_copy(n)) {
            place[i] = source_of(g, place, n->inputs[0]);
            continue;
        }
        label[next] = label_of(g, n);
        for (int32_t k = 0; k < n->input_count; k++) {
            const int32_t from = source_of(g, place, n->inputs[k]);
            if (from >= 0) {
                reads[(size_t)next * (size_t)nodes + (size_t)from] = true;
            }
        }
        place[i] = next++;
    }
    for (int32_t k = 0; k < dvt_graph_output_count(g); k++) {
        const int32_t from = source_of(g, place, dvt_graph_output(g, k));
        if (from >= 0) {
            reads[(size_t)(nodes - 1) * (size_t)nodes + (size_t)from] = true;
        }
    }
}

dvt_status dvt_nets_add_graph(dvt_nets *nets, const dvt_graph *g)
{
    dvt_ctx        *ctx = nets->ctx;
    const int32_t   nodes = count_nodes(g);
    dvt_graph_stats stats;
    uint8_t         label[DVT_NETS_NODES_MAX] = {DVT_LABEL_INPUT};
    bool           *reads = NULL;
    int32_t        *place = NULL;
    dvt_status      st = dvti_nets_check_kind(nets, DVT_NETS_GRAPH);

    if (st == DVT_OK && nodes > DVT_NETS_NODES_MAX) {
        st = dvt_fail(ctx, DVT_E_CAPACITY, NULL, "network '%s' has %d nodes, predictors take %d",
                      dvt_graph_name(g), (int)nodes, (int)DVT_NETS_NODES_MAX);
    }
    if (st != DVT_OK) {
        return st;
    }
    reads = dvt_calloc(ctx, (size_t)nodes * (size_t)nodes, sizeof *reads);
    place = dvt_calloc(ctx, (size_t)dvt_graph_node_count(g) + 1, sizeof *place);
    if (reads && place) {
        fill(g, nodes, place, label, reads);
        label[nodes - 1] = DVT_LABEL_OUTPUT;
        dvt_graph_stats_of(g, &stats);
        st = dvti_nets_add(nets, &(dvti_net_draft){.nodes = nodes,
                                                   .label = label,
                                                   .reads = reads,
                                                   .macs = (double)stats.macs,
                                                   .parameters = (double)stats.parameters});
    } else {
        st = DVT_E_NOMEM;
    }
    dvt_free(ctx, place);
    dvt_free(ctx, reads);
    return st;
}
