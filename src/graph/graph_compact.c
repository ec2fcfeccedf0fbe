/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_compact.c - drops what edits left behind and restores the order of the graph.
 *
 * Idea      Live nodes are visited in their present order, each behind the producers of what it
 *           reads (depth first, with an own stack), so that an ordered graph keeps its order and a
 *           node that an edit made to depend on a later one moves behind it. New value ids follow:
 *           graph inputs, constants and parameters that are read, outputs of nodes.
 * Invariants
 *           (1) until the new arrays are complete the graph is not touched;
 *           (2) afterwards ids of values rise with the order in which they come to be.
 * Memory    Blocks of constants that nothing reads are given back; names stay in the arena.
 * Tests     tests/unit/test_graph_edit.c
 */
#include "graph/graph_int.h"

enum { NODE_NEW, NODE_OPEN, NODE_DONE };

typedef struct compaction {
    dvt_graph       *g;
    int32_t         *order; /* (node_count) live nodes, sorted */
    int32_t          order_count;
    uint8_t         *state;      /* (node_count) */
    int32_t         *stack;      /* (node_count) open nodes */
    int32_t         *next_input; /* (node_count) of an open node: which input to look at */
    int32_t         *new_value;  /* (value_count) new id or -1 */
    dvt_value       *values;     /* (value_cap) */
    dvti_value_meta *meta;       /* (value_cap) */
    int32_t          value_count;
    dvt_node        *nodes; /* (node_cap) */
} compaction;

static dvt_status alloc_all(compaction *c)
{
    dvt_ctx *ctx = c->g->ctx;
    size_t   nodes = (size_t)c->g->node_count + 1, values = (size_t)c->g->value_count + 1;

    c->order = dvt_calloc(ctx, nodes, sizeof *c->order);
    c->state = dvt_calloc(ctx, nodes, sizeof *c->state);
    c->stack = dvt_calloc(ctx, nodes, sizeof *c->stack);
    c->next_input = dvt_calloc(ctx, nodes, sizeof *c->next_input);
    c->new_value = dvt_calloc(ctx, values, sizeof *c->new_value);
    c->values = dvt_calloc(ctx, (size_t)c->g->value_cap + 1, sizeof *c->values);
    c->meta = dvt_calloc(ctx, (size_t)c->g->value_cap + 1, sizeof *c->meta);
    c->nodes = dvt_calloc(ctx, (size_t)c->g->node_cap + 1, sizeof *c->nodes);
    return c->order && c->state && c->stack && c->next_input && c->new_value && c->values &&
                   c->meta && c->nodes
               ? DVT_OK
               : DVT_E_NOMEM;
}

static void free_all(compaction *c)
{
    dvt_ctx *ctx = c->g->ctx;

    dvt_free(ctx, c->order);
    dvt_free(ctx, c->state);
    dvt_free(ctx, c->stack);
    dvt_free(ctx, c->next_input);
    dvt_free(ctx, c->new_value);
    dvt_free(ctx, c->values);
    dvt_free(ctx, c->meta);
    dvt_free(ctx, c->nodes);
}

/* ---- order --------------------------------------------------------------------------------- */

/* The node that makes `v`, or -1; E_INTERNAL if that node was removed. `reader`: a node's name, or
 * the graph's for its outputs. */
static dvt_status producer_of(const dvt_graph *g, dvt_value_id v, const char *reader, int32_t *out)
{
    *out = v.i >= 0 && g->values[v.i].kind == DVT_VALUE_NODE ? g->values[v.i].producer.i : -1;
    if (*out < 0 || !g->nodes[*out].dead) return DVT_OK;
    return dvt_fail(g->ctx, DVT_E_INTERNAL, NULL, "'%s' reads '%s', whose node '%s' was removed",
                    reader, g->values[v.i].name, g->nodes[*out].name);
}

/* Puts `root` behind everything it depends on. */
static dvt_status visit(compaction *c, int32_t root)
{
    const dvt_graph *g = c->g;
    int32_t          depth = 0;

    c->stack[depth++] = root;
    c->state[root] = NODE_OPEN;
    while (depth > 0) {
        int32_t         i = c->stack[depth - 1], producer;
        const dvt_node *node = &g->nodes[i];
        if (c->next_input[i] == node->input_count) {
            c->state[i] = NODE_DONE;
            c->order[c->order_count++] = i;
            depth--;
            continue;
        }
        dvt_status st = producer_of(g, node->inputs[c->next_input[i]++], node->name, &producer);
        if (st != DVT_OK) return st;
        if (producer < 0 || c->state[producer] == NODE_DONE) continue;
        if (c->state[producer] == NODE_OPEN)
            return dvt_fail(g->ctx, DVT_E_INTERNAL, NULL, "nodes '%s' and '%s' are in a cycle",
                            node->name, g->nodes[producer].name);
        c->state[producer] = NODE_OPEN;
        c->stack[depth++] = producer;
    }
    return DVT_OK;
}

static dvt_status sort_nodes(compaction *c)
{
    const dvt_graph *g = c->g;
    int32_t          producer;
    dvt_status       st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < g->node_count; i++)
        if (!g->nodes[i].dead && c->state[i] == NODE_NEW) st = visit(c, i);
    for (int32_t i = 0; st == DVT_OK && i < g->outputs.count; i++)
        st = producer_of(g, g->outputs.v[i], g->name, &producer);
    return st;
}

/* ---- new arrays ---------------------------------------------------------------------------- */

static void keep_value(compaction *c, int32_t old)
{
    c->new_value[old] = c->value_count;
    c->values[c->value_count] = c->g->values[old];
    c->meta[c->value_count] = c->g->meta[old];
    c->value_count++;
}

static void fill_values(compaction *c)
{
    const dvt_graph *g = c->g;

    for (int32_t i = 0; i < g->value_count; i++) c->new_value[i] = -1;
    for (int32_t i = 0; i < g->inputs.count; i++) keep_value(c, g->inputs.v[i].i);
    for (int32_t i = 0; i < g->value_count; i++)
        if ((g->values[i].kind == DVT_VALUE_CONST || g->values[i].kind == DVT_VALUE_PARAM) &&
            g->meta[i].uses > 0)
            keep_value(c, i);
    for (int32_t k = 0; k < c->order_count; k++) {
        const dvt_node *node = &g->nodes[c->order[k]];
        for (int32_t i = 0; i < node->output_count; i++) {
            keep_value(c, node->outputs[i].i);
            c->values[c->value_count - 1].producer = (dvt_node_id){k};
        }
    }
}

static void renumber(const compaction *c, const dvt_value_id *ids, int32_t count)
{
    dvt_value_id *list = (dvt_value_id *)ids; /* our arena's */
    for (int32_t i = 0; i < count; i++)
        if (list[i].i >= 0) list[i].i = c->new_value[list[i].i];
}

/* Whoever folds a node must remove it. */
static dvt_status check_outputs_owned(const compaction *c)
{
    const dvt_graph *g = c->g;

    for (int32_t k = 0; k < c->order_count; k++) {
        const dvt_node *node = &g->nodes[c->order[k]];
        for (int32_t i = 0; i < node->output_count; i++)
            if (g->values[node->outputs[i].i].kind != DVT_VALUE_NODE)
                return dvt_fail(g->ctx, DVT_E_INTERNAL, NULL,
                                "output '%s' of node '%s' became a constant but the node is alive",
                                g->values[node->outputs[i].i].name, node->name);
    }
    return DVT_OK;
}

static void take_over(compaction *c)
{
    dvt_graph *g = c->g;

    for (int32_t i = 0; i < g->value_count; i++)
        if (c->new_value[i] < 0) dvt_free(g->ctx, g->meta[i].data);
    for (int32_t k = 0; k < c->order_count; k++) {
        c->nodes[k] = g->nodes[c->order[k]];
        renumber(c, c->nodes[k].inputs, c->nodes[k].input_count);
        renumber(c, c->nodes[k].outputs, c->nodes[k].output_count);
    }
    renumber(c, g->inputs.v, g->inputs.count);
    renumber(c, g->outputs.v, g->outputs.count);

    dvt_value       *values = g->values;
    dvti_value_meta *meta = g->meta;
    dvt_node        *nodes = g->nodes;
    g->values = c->values;
    g->meta = c->meta;
    g->nodes = c->nodes;
    c->values = values; /* freed with the scratch */
    c->meta = meta;
    c->nodes = nodes;
    g->value_count = c->value_count;
    g->node_count = c->order_count;
    dvti_graph_reindex(g);
    dvti_graph_recount(g);
}

/* ---- types --------------------------------------------------------------------------------- */

static dvt_status infer_all(dvt_graph *g)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < g->node_count; i++) {
        const dvt_node *node = &g->nodes[i];
        st = dvti_graph_reserve_types(g, node->input_count + node->output_count);
        if (st != DVT_OK) return st;
        dvti_type *out = g->types + node->input_count;
        st = dvti_infer_graph_node(g, (dvt_node_id){i}, g->types, out);
        for (int32_t k = 0; st == DVT_OK && k < node->output_count; k++) {
            g->values[node->outputs[k].i].dtype = out[k].dtype;
            g->values[node->outputs[k].i].shape = out[k].shape;
        }
    }
    return st;
}

dvt_status dvt_graph_compact(dvt_graph *g)
{
    compaction c = {.g = g};
    dvt_status st = alloc_all(&c);

    if (st == DVT_OK) st = sort_nodes(&c);
    if (st == DVT_OK) st = check_outputs_owned(&c);
    if (st == DVT_OK) {
        fill_values(&c);
        take_over(&c);
    }
    free_all(&c);
    return st == DVT_OK ? infer_all(g) : st;
}
