/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass_dead_code.c - remove nodes whose results nobody reads.
 *
 * Idea      One sweep backwards over the topological order: a removed node gives up its reads
 *           before its producers are looked at. Unread constants go with the compaction.
 * Legal     always: operators have no effects. Graph inputs stay, they are the interface.
 * Tests     tests/unit/test_pass_simple.c, tests/prop/prop_passes.c
 */
#include "graph/rewrite_int.h"

static bool is_read(const dvt_graph *g, const dvt_node *n)
{
    for (int32_t i = 0; i < n->output_count; i++)
        if (dvt_graph_use_count(g, n->outputs[i]) > 0) return true;
    return false;
}

static dvt_status run(dvt_graph *g, int32_t *changes)
{
    *changes = 0;
    for (int32_t i = dvt_graph_node_count(g) - 1; i >= 0; i--) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        if (n->dead || is_read(g, n)) continue;
        dvt_graph_remove_node(g, (dvt_node_id){i});
        *changes += 1;
    }
    return DVT_OK;
}

const dvt_pass dvti_pass_dead_code = {"dead-code", "remove nodes whose results nobody reads", run};
