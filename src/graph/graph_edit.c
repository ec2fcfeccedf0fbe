/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_edit.c - changes that passes make: rewiring, removing, copying.
 *
 * Idea      Edits write at once and keep the use counts; types of readers may be stale until
 *           dvt_graph_compact infers them again. Lists of inputs lie in the graph's arena, which
 *           this module owns: they are written in place through a pointer that drops the public
 *           const.
 * Tests     tests/unit/test_graph_edit.c
 */
#include "graph/graph_int.h"

#include <string.h>

static dvt_value_id *inputs_of(dvt_node *node) { return (dvt_value_id *)node->inputs; }

static dvt_node *live_node(const dvt_graph *g, dvt_node_id n)
{
    return n.i >= 0 && n.i < g->node_count && !g->nodes[n.i].dead ? &g->nodes[n.i] : NULL;
}

static void count_use(dvt_graph *g, dvt_value_id v, int32_t by)
{
    if (v.i >= 0) g->meta[v.i].uses += by;
}

dvt_status dvt_graph_set_input(dvt_graph *g, dvt_node_id n, int32_t index, dvt_value_id v)
{
    dvt_node *node = live_node(g, n);

    if (!node || index < 0 || index >= node->input_count || (v.i != -1 && !dvti_is_value(g, v)))
        return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "no such node, input or value to connect");
    count_use(g, node->inputs[index], -1);
    count_use(g, v, 1);
    inputs_of(node)[index] = v;
    return DVT_OK;
}

dvt_status dvt_graph_set_inputs(dvt_graph *g, dvt_node_id n, const dvt_value_id *v, int32_t count)
{
    dvt_node *node = live_node(g, n);

    if (!node || count < 0 || count > DVT_GRAPH_MAX_ARITY)
        return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "no such node, or too many inputs to connect");
    for (int32_t i = 0; i < count; i++)
        if (v[i].i != -1 && !dvti_is_value(g, v[i]))
            return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "input %d of '%s' is not a value", (int)i,
                            node->name);
    dvt_value_id *list = dvt_arena_calloc(g->arena, count ? (size_t)count : 1, sizeof *list);
    if (!list) return DVT_E_NOMEM;
    for (int32_t i = 0; i < node->input_count; i++) count_use(g, node->inputs[i], -1);
    for (int32_t i = 0; i < count; i++) {
        list[i] = v[i];
        count_use(g, v[i], 1);
    }
    node->inputs = list;
    node->input_count = count;
    return DVT_OK;
}

void dvt_graph_set_attrs(dvt_graph *g, dvt_node_id n, const dvt_attrs *attrs)
{
    if (live_node(g, n)) g->nodes[n.i].attrs = *attrs;
}

void dvt_graph_remove_node(dvt_graph *g, dvt_node_id n)
{
    dvt_node *node = live_node(g, n);

    if (!node) return;
    for (int32_t i = 0; i < node->input_count; i++) count_use(g, node->inputs[i], -1);
    node->dead = true;
}

/* ---- replacing ----------------------------------------------------------------------------- */

static void swap_names(dvt_graph *g, dvt_value_id a, dvt_value_id b)
{
    const char *name = g->values[a.i].name;

    g->values[a.i].name = g->values[b.i].name;
    g->values[b.i].name = name;
    dvti_names_move(&g->value_names, g->values[a.i].name, a.i);
    dvti_names_move(&g->value_names, g->values[b.i].name, b.i);
}

/* Moves the outputs from `old` to `with`, unless that would rename a value of the interface. */
static void replace_outputs(dvt_graph *g, dvt_value_id old, dvt_value_id with)
{
    if (!dvt_graph_is_output(g, old) || dvt_graph_is_output(g, with) ||
        g->values[with.i].kind == DVT_VALUE_INPUT)
        return;
    for (int32_t i = 0; i < g->outputs.count; i++) {
        if (g->outputs.v[i].i != old.i) continue;
        g->outputs.v[i] = with;
        count_use(g, old, -1);
        count_use(g, with, 1);
    }
    swap_names(g, old, with);
}

dvt_status dvt_graph_replace_uses(dvt_graph *g, dvt_value_id old, dvt_value_id with)
{
    char at[DVT_SHAPE_TEXT], bt[DVT_SHAPE_TEXT];

    if (!dvti_is_value(g, old) || !dvti_is_value(g, with))
        return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "no such value to replace");
    if (old.i == with.i) return DVT_OK;
    const dvt_value *a = &g->values[old.i], *b = &g->values[with.i];
    if (a->dtype != b->dtype || !dvt_shape_equal(&a->shape, &b->shape))
        return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "'%s' is %s%s, '%s' is %s%s: no replacement",
                        a->name, dvt_dtype_name(a->dtype), dvt_shape_text(&a->shape, at), b->name,
                        dvt_dtype_name(b->dtype), dvt_shape_text(&b->shape, bt));
    for (int32_t i = 0; i < g->node_count; i++) {
        dvt_node *node = &g->nodes[i];
        for (int32_t k = 0; !node->dead && k < node->input_count; k++) {
            if (node->inputs[k].i != old.i) continue;
            inputs_of(node)[k] = with;
            count_use(g, old, -1);
            count_use(g, with, 1);
        }
    }
    replace_outputs(g, old, with);
    return DVT_OK;
}

/* ---- clone --------------------------------------------------------------------------------- */

static dvt_status clone_value(const dvt_graph *g, dvt_graph *copy, int32_t i)
{
    const dvt_value *v = &g->values[i];
    dvti_type        type = {v->dtype, v->shape};
    const char      *name = dvt_arena_strdup(copy->arena, v->name);
    const char      *sha = g->meta[i].sha256;

    if (sha) sha = dvt_arena_strdup(copy->arena, sha);
    if (!name || (g->meta[i].sha256 && !sha)) return DVT_E_NOMEM;
    dvt_value_id id = dvti_graph_push_value(copy, name, v->kind, &type);
    copy->values[id.i].producer = v->producer;
    copy->values[id.i].producer_out = v->producer_out;
    copy->meta[id.i].sha256 = sha;
    if (v->kind != DVT_VALUE_CONST) return DVT_OK;
    return dvti_graph_own_data(copy, id, v->data,
                               (size_t)dvt_shape_count(&v->shape) * dvt_dtype_bytes(v->dtype));
}

static dvt_value_id *clone_ids(dvt_arena *arena, const dvt_value_id *ids, int32_t count)
{
    dvt_value_id *copy = dvt_arena_calloc(arena, count ? (size_t)count : 1, sizeof *copy);
    if (copy && count) memcpy(copy, ids, (size_t)count * sizeof *copy);
    return copy;
}

static dvt_status clone_node(const dvt_graph *g, dvt_graph *copy, int32_t i)
{
    dvt_node node = g->nodes[i];

    node.name = dvt_arena_strdup(copy->arena, node.name);
    node.source = dvt_arena_strdup(copy->arena, node.source);
    node.inputs = clone_ids(copy->arena, node.inputs, node.input_count);
    node.outputs = clone_ids(copy->arena, node.outputs, node.output_count);
    if (!node.name || !node.source || !node.inputs || !node.outputs) return DVT_E_NOMEM;
    copy->nodes[copy->node_count] = node;
    dvti_names_add(&copy->node_names, node.name, copy->node_count++);
    return DVT_OK;
}

static dvt_status clone_list(dvt_graph *copy, const dvti_id_list *from, dvti_id_list *to)
{
    if (from->count == 0) return DVT_OK;
    to->v = dvt_calloc(copy->ctx, (size_t)from->count, sizeof *to->v);
    if (!to->v) return DVT_E_NOMEM;
    memcpy(to->v, from->v, (size_t)from->count * sizeof *to->v);
    to->count = to->cap = from->count;
    return DVT_OK;
}

dvt_status dvt_graph_clone(const dvt_graph *g, dvt_graph **out)
{
    dvt_status st = DVT_E_NOMEM;
    dvt_graph *copy;

    *out = NULL;
    copy = dvt_graph_create(g->ctx, g->name);
    if (!copy) goto done;
    st = dvti_graph_reserve(copy, g->value_count, g->node_count);
    if (st == DVT_OK) st = clone_list(copy, &g->inputs, &copy->inputs);
    if (st == DVT_OK) st = clone_list(copy, &g->outputs, &copy->outputs);
    for (int32_t i = 0; st == DVT_OK && i < g->value_count; i++) st = clone_value(g, copy, i);
    for (int32_t i = 0; st == DVT_OK && i < g->node_count; i++) st = clone_node(g, copy, i);
    if (st != DVT_OK) goto done;
    dvti_graph_recount(copy);
    *out = copy;
    copy = NULL;
done:
    dvt_graph_destroy(copy);
    return st;
}
