/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec_memory.c - lifetimes and aliases of an executor's tensors, and their addresses.
 *
 * Idea      A storage holds one or more values. A value gets a storage of its own, or joins that of
 *           an input of its producer:
 *             alias     reshape and identity never write: the output is the input;
 *             in place  an element-wise node may overwrite an input that nobody reads afterwards.
 *           A storage is alive from the step that writes its first value to the last read of any of
 *           its values. The planner then places storages and the steps' scratch in one block.
 * Legality of writing in place, all of:
 *           (1) the kernel allows it, and input and output have one type, shape and layout;
 *           (2) no value of the storage is read after this step, nor readable by the caller;
 *           (3) no other input of the node lies in that storage with another shape.
 * Constants are not copied: an alias of a constant points to the graph's data, and is never
 *           written in place.
 * Tests     tests/unit/test_exec.c, tests/prop/prop_exec.c
 */
#include "graph/exec_int.h"
#include "graph/memplan_int.h"

enum { NO_STORAGE = -1 };

typedef struct layout {
    int32_t       *storage; /* (value_count) index into items, NO_STORAGE: constant or absent */
    int32_t       *last;    /* (value_count) time of the last read */
    dvti_mem_item *items;   /* storages, then scratch of the steps */
    int32_t        item_count;
    int32_t       *scratch; /* (step_count) item of a step's scratch, NO_STORAGE: none */
} layout;

static dvt_status layout_init(const dvt_exec *x, layout *l)
{
    size_t values = (size_t)dvt_graph_value_count(x->g) + 1, steps = (size_t)x->step_count + 1;

    *l = (layout){0};
    l->storage = dvt_arena_calloc(x->arena, values, sizeof *l->storage);
    l->last = dvt_arena_calloc(x->arena, values, sizeof *l->last);
    l->items = dvt_arena_calloc(x->arena, values + steps, sizeof *l->items);
    l->scratch = dvt_arena_calloc(x->arena, steps, sizeof *l->scratch);
    return l->storage && l->last && l->items && l->scratch ? DVT_OK : DVT_E_NOMEM;
}

/* ---- lifetimes ----------------------------------------------------------------------------- */

static void find_last_reads(const dvt_exec *x, layout *l)
{
    for (int32_t i = 0; i < x->step_count; i++) {
        const dvt_node *n = x->steps[i].eval.node;
        for (int32_t k = 0; k < n->input_count; k++)
            if (n->inputs[k].i >= 0) l->last[n->inputs[k].i] = i + 1;
    }
    for (int32_t v = 0; v < dvt_graph_value_count(x->g); v++) {
        l->storage[v] = NO_STORAGE;
        if (x->readable[v]) l->last[v] = x->step_count + 1;
    }
}

static void new_storage(layout *l, int32_t v, size_t bytes, int32_t time)
{
    int32_t last = l->last[v] > time ? l->last[v] : time;
    l->storage[v] = l->item_count;
    l->items[l->item_count++] = (dvti_mem_item){.bytes = bytes, .first = time, .last = last};
}

static void join_storage(layout *l, int32_t v, int32_t storage, int32_t time)
{
    dvti_mem_item *item = &l->items[storage];
    l->storage[v] = storage;
    if (l->last[v] > item->last) item->last = l->last[v];
    if (time > item->last) item->last = time;
}

/* ---- sharing ------------------------------------------------------------------------------- */

static bool kernel_allows_in_place(const dvt_node *n, int32_t input)
{
    switch (n->op) {
    case DVT_OP_UNARY:
    case DVT_OP_BATCH_NORM:
    case DVT_OP_SCALE:
    case DVT_OP_BIAS: return input == 0;
    case DVT_OP_BINARY: return true;
    default: return false;
    }
}

static bool others_allow(const dvti_step *s, const layout *l, int32_t input)
{
    const dvt_node *n = s->eval.node;
    int32_t         storage = l->storage[n->inputs[input].i];

    for (int32_t k = 0; k < n->input_count; k++) {
        bool same = n->inputs[k].i >= 0 && l->storage[n->inputs[k].i] == storage;
        if (k != input && same && !dvt_shape_equal(&s->in[k].shape, &s->out[0].shape)) return false;
    }
    return true;
}

static bool can_overwrite(const dvti_step *s, const layout *l, int32_t input, int32_t time)
{
    const dvt_node *n = s->eval.node;

    if (!kernel_allows_in_place(n, input) || n->inputs[input].i < 0) return false;
    int32_t storage = l->storage[n->inputs[input].i];
    return storage != NO_STORAGE && l->items[storage].last <= time &&
           s->in[input].dtype == s->out[0].dtype && !s->unpack_count &&
           dvt_shape_equal(&s->in[input].shape, &s->out[0].shape) && others_allow(s, l, input);
}

static bool is_alias(const dvt_node *n)
{
    return n->op == DVT_OP_RESHAPE || n->op == DVT_OP_IDENTITY;
}

static void assign_step(const dvt_exec *x, const dvti_step *s, layout *l, int32_t time)
{
    const dvt_node *n = s->eval.node, *tail = dvt_graph_node(x->g, s->tail);

    if (is_alias(n)) {
        int32_t from = l->storage[n->inputs[0].i];
        if (from != NO_STORAGE) join_storage(l, tail->outputs[0].i, from, time);
        return;
    }
    for (int32_t k = 0; k < n->input_count; k++) {
        if (!can_overwrite(s, l, k, time)) continue;
        join_storage(l, tail->outputs[0].i, l->storage[n->inputs[k].i], time);
        return;
    }
    for (int32_t k = 0; k < n->output_count; k++)
        new_storage(l, tail->outputs[k].i, s->out[k].bytes, time);
}

static void assign(const dvt_exec *x, layout *l)
{
    find_last_reads(x, l);
    for (int32_t i = 0; i < dvt_graph_input_count(x->g); i++) {
        const dvt_value *v = dvt_graph_value(x->g, dvt_graph_input(x->g, i));
        dvt_tensor       t = dvt_tensor_wrap(v->dtype, &v->shape, NULL);
        new_storage(l, dvt_graph_input(x->g, i).i, t.bytes, 0);
    }
    for (int32_t i = 0; i < x->step_count; i++) assign_step(x, &x->steps[i], l, i + 1);
    for (int32_t i = 0; i < x->step_count; i++) {
        dvti_mem_item item = {.bytes = x->steps[i].scratch_bytes, .first = i + 1, .last = i + 1};
        l->scratch[i] = item.bytes ? l->item_count : NO_STORAGE;
        if (item.bytes) l->items[l->item_count++] = item;
    }
}

/* ---- addresses ----------------------------------------------------------------------------- */

static void *address(const dvt_exec *x, const layout *l, int32_t item)
{
    return (uint8_t *)x->block + l->items[item].offset;
}

/* Constants first: an alias of a constant finds its data through its producer's input. */
static void set_tensors(dvt_exec *x, const layout *l)
{
    for (int32_t v = 0; v < dvt_graph_value_count(x->g); v++) {
        const dvt_value *value = dvt_graph_value(x->g, (dvt_value_id){v});
        x->tensors[v] = dvt_tensor_wrap(value->dtype, &value->shape, NULL);
        if (l->storage[v] != NO_STORAGE) x->tensors[v].data = address(x, l, l->storage[v]);
        if (value->kind == DVT_VALUE_CONST)
            (void)dvt_graph_const(x->g, (dvt_value_id){v}, &x->tensors[v]);
    }
}

static void set_step(dvt_exec *x, dvti_step *s, const layout *l, int32_t scratch)
{
    const dvt_node *n = s->eval.node, *tail = dvt_graph_node(x->g, s->tail);

    for (int32_t k = 0; k < n->input_count; k++)
        if (n->inputs[k].i >= 0 && !s->in[k].data) s->in[k].data = x->tensors[n->inputs[k].i].data;
    if (is_alias(n)) x->tensors[tail->outputs[0].i].data = s->in[0].data;
    for (int32_t k = 0; k < n->output_count; k++)
        s->out[k].data = x->tensors[tail->outputs[k].i].data;
    if (scratch != NO_STORAGE) s->eval.scratch = address(x, l, scratch);
    dvti_exec_place_unpack(s);
}

dvt_status dvti_exec_place(dvt_exec *x)
{
    layout        l;
    dvti_mem_plan plan;
    dvt_status    st = layout_init(x, &l);

    if (st) return st;
    assign(x, &l);
    st = dvti_memplan(x->ctx, l.items, l.item_count, &plan);
    if (st) return st;
    x->block = dvt_alloc(x->ctx, plan.bytes ? plan.bytes : 1);
    if (!x->block) return DVT_E_NOMEM;
    x->block_bytes = plan.bytes;
    x->bound_bytes = plan.bound;
    set_tensors(x, &l);
    for (int32_t i = 0; i < x->step_count; i++) set_step(x, &x->steps[i], &l, l.scratch[i]);
    return DVT_OK;
}
