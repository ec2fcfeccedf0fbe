/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass_share_equal.c - compute equal things once (common subexpressions).
 *
 * Idea      A table from (operator, attributes, inputs) to the first node that has them. A later
 *           node with the same key is replaced by it; as its readers then read the first one, they
 *           may become equal in turn, in the same sweep.
 * Legal     always, operators are functions; a node whose outputs are graph outputs stays, unless
 *           their names can move (one output, the first node's value no output itself).
 * Same bits The first node computes what the second would have.
 * Limits    Constants are not compared, only their ids: importers share them already.
 * Tests     tests/unit/test_pass_simple.c, tests/prop/prop_passes.c
 */
#include "graph/rewrite_int.h"

#include <string.h>

typedef struct node_table {
    int32_t *slot; /* (cap) node id + 1, 0 = free; cap is a power of two */
    size_t   cap;
} node_table;

/* Over inputs and operator; attributes are left to the comparison, they have padding bytes. */
static size_t key_of(const dvt_node *n)
{
    uint64_t h = dvt_hash64(&n->op, sizeof n->op, (uint64_t)n->output_count);
    return (size_t)dvt_hash64(n->inputs, (size_t)n->input_count * sizeof *n->inputs, h);
}

static bool computes_the_same(const dvt_node *a, const dvt_node *b)
{
    if (a->op != b->op || a->input_count != b->input_count || a->output_count != b->output_count)
        return false;
    return memcmp(a->inputs, b->inputs, (size_t)a->input_count * sizeof *a->inputs) == 0 &&
           dvti_attrs_equal(a->op, &a->attrs, &b->attrs);
}

/* The node found first that computes the same, or DVT_NO_NODE and `id` is entered. */
static dvt_node_id find_or_enter(const dvt_graph *g, node_table *t, dvt_node_id id)
{
    const dvt_node *n = dvt_graph_node(g, id);
    size_t          at = key_of(n) & (t->cap - 1);

    for (; t->slot[at]; at = (at + 1) & (t->cap - 1)) {
        dvt_node_id other = {t->slot[at] - 1};
        if (computes_the_same(n, dvt_graph_node(g, other))) return other;
    }
    t->slot[at] = id.i + 1;
    return DVT_NO_NODE;
}

static bool can_share(const dvt_graph *g, const dvt_node *n, const dvt_node *with)
{
    for (int32_t i = 0; i < n->output_count; i++)
        if (!dvti_can_replace(g, n->outputs[i], with->outputs[i])) return false;
    return true;
}

static dvt_status share(dvt_graph *g, dvt_node_id id, dvt_node_id with)
{
    const dvt_node *n = dvt_graph_node(g, id), *first = dvt_graph_node(g, with);
    dvt_status      st = DVT_OK;

    for (int32_t i = 0; !st && i < n->output_count; i++)
        st = dvt_graph_replace_uses(g, n->outputs[i], first->outputs[i]);
    if (!st) dvt_graph_remove_node(g, id);
    return st;
}

static dvt_status run(dvt_graph *g, int32_t *changes)
{
    node_table t = {.cap = 16};
    int32_t    nodes = dvt_graph_node_count(g);
    dvt_status st = DVT_OK;

    *changes = 0;
    while (t.cap < 2 * (size_t)nodes) t.cap *= 2;
    t.slot = dvt_calloc(g->ctx, t.cap, sizeof *t.slot);
    if (!t.slot) return DVT_E_NOMEM;
    for (int32_t i = 0; !st && i < nodes; i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        if (n->dead) continue;
        dvt_node_id first = find_or_enter(g, &t, (dvt_node_id){i});
        if (first.i < 0 || !can_share(g, n, dvt_graph_node(g, first))) continue;
        st = share(g, (dvt_node_id){i}, first);
        *changes += 1;
    }
    dvt_free(g->ctx, t.slot);
    return st;
}

const dvt_pass dvti_pass_share_equal = {"share-equal", "compute equal things once", run};
