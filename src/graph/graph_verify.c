/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_verify.c - is the graph what graph.h promises?
 *
 * Idea      Everything that can be computed again is computed again and compared: types by
 *           inference, uses by counting, names by looking them up. A difference is a bug of a pass
 *           and therefore E_INTERNAL, named by node or value.
 * Tests     tests/unit/test_graph_verify.c
 */
#include "graph/graph_int.h"

static dvt_status broken(const dvt_graph *g, const char *what, const char *name)
{
    return dvt_fail(g->ctx, DVT_E_INTERNAL, NULL, "graph '%s' is broken: %s '%s'", g->name, what,
                    name);
}

/* ---- values -------------------------------------------------------------------------------- */

static bool producer_agrees(const dvt_graph *g, int32_t i)
{
    const dvt_value *v = &g->values[i];

    if (v->kind != DVT_VALUE_NODE) return v->producer.i == -1;
    if (v->producer.i < 0 || v->producer.i >= g->node_count) return false;
    const dvt_node *node = &g->nodes[v->producer.i];
    return v->producer_out >= 0 && v->producer_out < node->output_count &&
           node->outputs[v->producer_out].i == i;
}

static dvt_status verify_value(const dvt_graph *g, int32_t i, int32_t uses)
{
    const dvt_value *v = &g->values[i];

    if (!v->name || dvti_names_find(&g->value_names, v->name) != i)
        return broken(g, "no unique name for value", v->name ? v->name : "?");
    if (v->dtype <= DVT_DTYPE_NONE || v->dtype >= DVT_DTYPE_COUNT || dvt_shape_count(&v->shape) < 0)
        return broken(g, "no valid type of value", v->name);
    if ((v->kind == DVT_VALUE_CONST) != (v->data != NULL) || v->data != g->meta[i].data)
        return broken(g, "data and kind disagree for value", v->name);
    if (!producer_agrees(g, i)) return broken(g, "wrong producer of value", v->name);
    if (g->meta[i].uses != uses) return broken(g, "wrong use count of value", v->name);
    return DVT_OK;
}

static dvt_status verify_values(const dvt_graph *g)
{
    dvt_status st = DVT_OK;
    int32_t   *uses = dvt_calloc(g->ctx, (size_t)g->value_count + 1, sizeof *uses);

    if (!uses) return DVT_E_NOMEM;
    for (int32_t i = 0; i < g->outputs.count; i++) uses[g->outputs.v[i].i]++;
    for (int32_t i = 0; i < g->node_count; i++) {
        const dvt_node *node = &g->nodes[i];
        for (int32_t k = 0; !node->dead && k < node->input_count; k++)
            if (node->inputs[k].i >= 0) uses[node->inputs[k].i]++;
    }
    for (int32_t i = 0; st == DVT_OK && i < g->value_count; i++) st = verify_value(g, i, uses[i]);
    dvt_free(g->ctx, uses);
    return st;
}

/* ---- nodes --------------------------------------------------------------------------------- */

static dvt_status verify_ids(const dvt_graph *g, int32_t i)
{
    const dvt_node *node = &g->nodes[i];

    if ((unsigned)node->op >= DVT_OP_COUNT) return broken(g, "no operator in node", node->name);
    if (!node->name || dvti_names_find(&g->node_names, node->name) != i)
        return broken(g, "no unique name for node", node->name ? node->name : "?");
    for (int32_t k = 0; k < node->output_count; k++)
        if (!dvti_is_value(g, node->outputs[k]))
            return broken(g, "output out of range in node", node->name);
    for (int32_t k = 0; k < node->input_count; k++) {
        if (node->inputs[k].i == -1) continue;
        if (!dvti_is_value(g, node->inputs[k]))
            return broken(g, "input out of range in node", node->name);
        const dvt_value *v = &g->values[node->inputs[k].i];
        if (v->kind == DVT_VALUE_NODE && (v->producer.i >= i || g->nodes[v->producer.i].dead))
            return broken(g, "input of a later or removed node in node", node->name);
    }
    return DVT_OK;
}

static dvt_status verify_types(const dvt_graph *g, int32_t i, dvti_type *types)
{
    const dvt_node *node = &g->nodes[i];
    dvti_type      *out = types + node->input_count;
    dvt_status      st = dvti_infer_graph_node(g, (dvt_node_id){i}, types, out);

    if (st != DVT_OK && st != DVT_E_NOMEM) return broken(g, "inference fails for node", node->name);
    for (int32_t k = 0; st == DVT_OK && k < node->output_count; k++) {
        const dvt_value *v = &g->values[node->outputs[k].i];
        if (v->dtype != out[k].dtype || !dvt_shape_equal(&v->shape, &out[k].shape))
            return broken(g, "stale type of an output of node", node->name);
    }
    return st;
}

static dvt_status verify_nodes(const dvt_graph *g)
{
    dvti_type *types = dvt_calloc(g->ctx, 2 * DVT_GRAPH_MAX_ARITY, sizeof *types);
    dvt_status st = types ? DVT_OK : DVT_E_NOMEM;

    for (int32_t i = 0; st == DVT_OK && i < g->node_count; i++) {
        if (g->nodes[i].dead) continue;
        st = verify_ids(g, i);
        if (st == DVT_OK) st = verify_types(g, i, types);
    }
    dvt_free(g->ctx, types);
    return st;
}

dvt_status dvt_graph_verify(const dvt_graph *g)
{
    for (int32_t i = 0; i < g->inputs.count; i++)
        if (!dvti_is_value(g, g->inputs.v[i]) ||
            g->values[g->inputs.v[i].i].kind != DVT_VALUE_INPUT)
            return broken(g, "an input is not one in", g->name);
    for (int32_t i = 0; i < g->outputs.count; i++)
        if (!dvti_is_value(g, g->outputs.v[i]))
            return broken(g, "an output is not a value in", g->name);
    dvt_status st = verify_nodes(g); /* first: it establishes that ids are in range */
    return st == DVT_OK ? verify_values(g) : st;
}
