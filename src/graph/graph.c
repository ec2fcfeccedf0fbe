/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph.c - storage of the graph, building it, reading it.
 *
 * Idea      Values and nodes are two growing arrays. Adding a node infers its output types first,
 *           reserves all room second and writes third, so that a failure leaves the graph as it
 *           was.
 * Limits    DVT_GRAPH_MAX_NODES nodes, DVT_GRAPH_MAX_ARITY inputs or outputs a node.
 * Tests     tests/unit/test_graph.c
 */
#include "graph/graph_int.h"

#include <string.h>

enum { GRAPH_MAX_VALUES = 1 << 23, GRAPH_MIN_CAP = 32 };

/* ---- life ---------------------------------------------------------------------------------- */

dvt_graph *dvt_graph_create(dvt_ctx *ctx, const char *name)
{
    dvt_graph *g = dvt_calloc(ctx, 1, sizeof *g);
    if (!g) return NULL;

    g->ctx = ctx;
    g->arena = dvt_arena_create(ctx);
    if (g->arena) g->name = dvt_arena_strdup(g->arena, name ? name : "graph");
    if (!g->name) {
        dvt_graph_destroy(g);
        return NULL;
    }
    return g;
}

void dvt_graph_destroy(dvt_graph *g)
{
    if (!g) return;
    for (int32_t i = 0; i < g->value_count; i++) dvt_free(g->ctx, g->meta[i].data);
    dvti_names_deinit(g->ctx, &g->value_names);
    dvti_names_deinit(g->ctx, &g->node_names);
    dvt_free(g->ctx, g->values);
    dvt_free(g->ctx, g->meta);
    dvt_free(g->ctx, g->nodes);
    dvt_free(g->ctx, g->inputs.v);
    dvt_free(g->ctx, g->outputs.v);
    dvt_free(g->ctx, g->types);
    dvt_arena_destroy(g->arena);
    dvt_free(g->ctx, g);
}

dvt_ctx    *dvt_graph_ctx(const dvt_graph *g) { return g->ctx; }
dvt_arena  *dvt_graph_arena(dvt_graph *g) { return g->arena; }
const char *dvt_graph_name(const dvt_graph *g) { return g->name; }

/* ---- room ---------------------------------------------------------------------------------- */

/* The capacity that holds `need`, by doubling. */
static int32_t grown_cap(int32_t cap, int64_t need)
{
    int64_t c = cap < GRAPH_MIN_CAP ? GRAPH_MIN_CAP : cap;
    while (c < need) c *= 2;
    return (int32_t)c;
}

static dvt_status grow(dvt_ctx *ctx, void **array, size_t item_bytes, int32_t cap)
{
    void *p = dvt_realloc(ctx, *array, (size_t)cap * item_bytes);
    if (!p) return DVT_E_NOMEM;
    *array = p;
    return DVT_OK;
}

static dvt_status reserve_values(dvt_graph *g, int32_t more)
{
    int64_t    need = (int64_t)g->value_count + more;
    int32_t    cap;
    dvt_status st;
    void      *values = g->values, *meta = g->meta;

    if (need > GRAPH_MAX_VALUES)
        return dvt_fail(g->ctx, DVT_E_UNSUPPORTED, NULL, "graph '%s' has more than %d values",
                        g->name, (int)GRAPH_MAX_VALUES);
    st = dvti_names_reserve(g->ctx, &g->value_names, (uint32_t)more);
    if (st != DVT_OK || need <= g->value_cap) return st;
    cap = grown_cap(g->value_cap, need);
    st = grow(g->ctx, &values, sizeof *g->values, cap);
    g->values = values;
    if (st != DVT_OK) return st;
    st = grow(g->ctx, &meta, sizeof *g->meta, cap);
    g->meta = meta;
    if (st == DVT_OK) g->value_cap = cap;
    return st;
}

static dvt_status reserve_nodes(dvt_graph *g, int32_t more)
{
    int64_t    need = (int64_t)g->node_count + more;
    dvt_status st;
    void      *nodes = g->nodes;

    if (need > DVT_GRAPH_MAX_NODES)
        return dvt_fail(g->ctx, DVT_E_UNSUPPORTED, NULL, "graph '%s' has more than %d nodes",
                        g->name, (int)DVT_GRAPH_MAX_NODES);
    st = dvti_names_reserve(g->ctx, &g->node_names, (uint32_t)more);
    if (st != DVT_OK || need <= g->node_cap) return st;
    int32_t cap = grown_cap(g->node_cap, need);
    st = grow(g->ctx, &nodes, sizeof *g->nodes, cap);
    g->nodes = nodes;
    if (st == DVT_OK) g->node_cap = cap;
    return st;
}

dvt_status dvti_graph_reserve(dvt_graph *g, int32_t more_values, int32_t more_nodes)
{
    dvt_status st = more_values ? reserve_values(g, more_values) : DVT_OK;
    return st == DVT_OK && more_nodes ? reserve_nodes(g, more_nodes) : st;
}

dvt_status dvti_graph_reserve_types(dvt_graph *g, int32_t count)
{
    if (count <= g->type_cap) return DVT_OK;
    int32_t    cap = grown_cap(g->type_cap, count);
    void      *types = g->types;
    dvt_status st = grow(g->ctx, &types, sizeof *g->types, cap);
    g->types = types;
    if (st == DVT_OK) g->type_cap = cap;
    return st;
}

static dvt_status list_push(dvt_ctx *ctx, dvti_id_list *list, dvt_value_id v)
{
    if (list->count == list->cap) {
        int32_t    cap = grown_cap(list->cap, (int64_t)list->count + 1);
        void      *p = list->v;
        dvt_status st = grow(ctx, &p, sizeof *list->v, cap);
        list->v = p;
        if (st != DVT_OK) return st;
        list->cap = cap;
    }
    list->v[list->count++] = v;
    return DVT_OK;
}

/* ---- values -------------------------------------------------------------------------------- */

dvt_value_id dvti_graph_push_value(dvt_graph *g, const char *name, dvt_value_kind kind,
                                   const dvti_type *type)
{
    dvt_value_id id = {g->value_count++};

    g->values[id.i] = (dvt_value){.name = name,
                                  .kind = kind,
                                  .dtype = type->dtype,
                                  .shape = type->shape,
                                  .producer = DVT_NO_NODE};
    g->meta[id.i] = (dvti_value_meta){0};
    dvti_names_add(&g->value_names, name, id.i);
    return id;
}

static dvt_status check_name(const dvt_graph *g, const char *name, const dvt_pos *at)
{
    if (strnlen(name, DVTI_NAME_MAX + 1) <= DVTI_NAME_MAX) return DVT_OK;
    return dvt_fail(g->ctx, DVT_E_UNSUPPORTED, at,
                    "a name or source of more than %d bytes: '%.40s...'", (int)DVTI_NAME_MAX, name);
}

static dvt_status check_type(const dvt_graph *g, const char *name, dvt_dtype dtype,
                             const dvt_shape *shape)
{
    char text[DVT_SHAPE_TEXT];

    if (dtype <= DVT_DTYPE_NONE || dtype >= DVT_DTYPE_COUNT)
        return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "value '%s' has no valid element type", name);
    if (shape->rank < 0 || shape->rank > DVT_MAX_RANK)
        return dvt_fail(g->ctx, DVT_E_UNSUPPORTED, NULL, "value '%s' has rank %d, the limit is %d",
                        name, (int)shape->rank, (int)DVT_MAX_RANK);
    if (dvt_shape_count(shape) < 0)
        return dvt_fail(g->ctx, DVT_E_SHAPE, NULL,
                        "value '%s' has a negative or too large shape %s", name,
                        dvt_shape_text(shape, text));
    return DVT_OK;
}

static dvt_status add_source_value(dvt_graph *g, const char *name, const char *fallback,
                                   dvt_value_kind kind, dvt_dtype dtype, const dvt_shape *shape,
                                   dvt_value_id *out)
{
    const char *wanted = name && *name ? name : fallback;
    dvti_type   type = {dtype, *shape};
    dvt_status  st;

    *out = DVT_NO_VALUE;
    st = check_name(g, wanted, NULL);
    if (st == DVT_OK) st = check_type(g, wanted, dtype, shape);
    if (st == DVT_OK) st = dvti_graph_reserve(g, 1, 0);
    if (st != DVT_OK) return st;
    const char *unique = dvti_names_unique(&g->value_names, g->arena, wanted);
    if (!unique) return DVT_E_NOMEM;
    *out = dvti_graph_push_value(g, unique, kind, &type);
    return DVT_OK;
}

/* Takes back the value pushed last. */
static void pop_value(dvt_graph *g)
{
    g->value_count--;
    dvti_graph_reindex(g);
}

dvt_status dvt_graph_add_input(dvt_graph *g, const char *name, dvt_dtype dtype,
                               const dvt_shape *shape, dvt_value_id *out)
{
    dvt_status st = add_source_value(g, name, "input", DVT_VALUE_INPUT, dtype, shape, out);

    if (st != DVT_OK) return st;
    st = list_push(g->ctx, &g->inputs, *out);
    if (st != DVT_OK) {
        pop_value(g);
        *out = DVT_NO_VALUE;
    }
    return st;
}

dvt_status dvt_graph_add_param(dvt_graph *g, const char *name, dvt_dtype dtype,
                               const dvt_shape *shape, dvt_value_id *out)
{
    return add_source_value(g, name, "param", DVT_VALUE_PARAM, dtype, shape, out);
}

dvt_status dvt_graph_add_const(dvt_graph *g, const char *name, const dvt_tensor *t,
                               dvt_value_id *out)
{
    dvt_status st = add_source_value(g, name, "const", DVT_VALUE_PARAM, t->dtype, &t->shape, out);

    if (st != DVT_OK) return st;
    st = dvt_graph_set_data(g, *out, t);
    if (st != DVT_OK) {
        pop_value(g);
        *out = DVT_NO_VALUE;
    }
    return st;
}

dvt_status dvti_graph_own_data(dvt_graph *g, dvt_value_id v, const void *data, size_t bytes)
{
    void *copy = dvt_alloc(g->ctx, bytes ? bytes : 1);

    if (!copy) return DVT_E_NOMEM;
    if (bytes) memcpy(copy, data, bytes);
    dvt_free(g->ctx, g->meta[v.i].data);
    g->meta[v.i].data = copy;
    g->meta[v.i].sha256 = NULL;
    g->values[v.i].data = copy;
    g->values[v.i].kind = DVT_VALUE_CONST;
    return DVT_OK;
}

static dvt_status tensor_bytes(const dvt_graph *g, const dvt_tensor *t, const char *name,
                               size_t *out)
{
    int64_t count = dvt_shape_count(&t->shape);

    *out = 0;
    if (count < 0 || !dvt_mul_size((size_t)count, dvt_dtype_bytes(t->dtype), out) ||
        (*out > 0 && !t->data))
        return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "tensor for '%s' has no data", name);
    return DVT_OK;
}

dvt_status dvt_graph_set_data(dvt_graph *g, dvt_value_id v, const dvt_tensor *t)
{
    char   want[DVT_SHAPE_TEXT], got[DVT_SHAPE_TEXT];
    size_t bytes;

    if (!dvti_is_value(g, v))
        return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "no value with id %d", (int)v.i);
    const dvt_value *value = &g->values[v.i];
    if (value->kind != DVT_VALUE_PARAM && value->kind != DVT_VALUE_CONST)
        return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "value '%s' is not a parameter", value->name);
    if (value->dtype != t->dtype || !dvt_shape_equal(&value->shape, &t->shape))
        return dvt_fail(g->ctx, DVT_E_SHAPE, NULL, "parameter '%s' is %s%s, its data is %s%s",
                        value->name, dvt_dtype_name(value->dtype),
                        dvt_shape_text(&value->shape, want), dvt_dtype_name(t->dtype),
                        dvt_shape_text(&t->shape, got));
    dvt_status st = tensor_bytes(g, t, value->name, &bytes);
    return st == DVT_OK ? dvti_graph_own_data(g, v, t->data, bytes) : st;
}

dvt_status dvti_graph_make_const(dvt_graph *g, dvt_value_id v, const dvt_tensor *t)
{
    dvt_value *value = &g->values[v.i];
    size_t     bytes;
    dvt_status st = tensor_bytes(g, t, value->name, &bytes);

    if (st == DVT_OK) st = dvti_graph_own_data(g, v, t->data, bytes);
    if (st != DVT_OK) return st;
    value->dtype = t->dtype;
    value->shape = t->shape;
    value->producer = DVT_NO_NODE;
    value->producer_out = 0;
    return DVT_OK;
}

/* ---- nodes --------------------------------------------------------------------------------- */

static const char *output_name(const dvt_node_spec *spec, int32_t i, const char *node_name)
{
    const char *name = spec->output_names ? spec->output_names[i] : NULL;
    return name && *name ? name : node_name;
}

static const dvt_pos *place_of(const dvt_node_spec *spec)
{
    return spec->at.file || spec->at.line ? &spec->at : NULL;
}

static dvt_status check_spec(const dvt_graph *g, const dvt_node_spec *spec, const char *name)
{
    const dvt_pos *at = place_of(spec);
    dvt_status     st = check_name(g, name, at);

    if (st == DVT_OK && spec->source) st = check_name(g, spec->source, at);
    if (st != DVT_OK) return st;
    if ((unsigned)spec->op >= DVT_OP_COUNT)
        return dvt_fail(g->ctx, DVT_E_USAGE, at, "node '%s': no operator with number %d", name,
                        (int)spec->op);
    if (spec->input_count < 0 || spec->input_count > DVT_GRAPH_MAX_ARITY ||
        spec->output_count < 1 || spec->output_count > DVT_GRAPH_MAX_ARITY)
        return dvt_fail(g->ctx, DVT_E_UNSUPPORTED, at,
                        "node '%s' (%s) has %d inputs and %d outputs, the limit is %d", name,
                        dvt_op_describe(spec->op)->name, (int)spec->input_count,
                        (int)spec->output_count, (int)DVT_GRAPH_MAX_ARITY);
    for (int32_t i = 0; i < spec->input_count; i++)
        if (spec->inputs[i].i != -1 && !dvti_is_value(g, spec->inputs[i]))
            return dvt_fail(g->ctx, DVT_E_USAGE, at, "node '%s' (%s): input %d is not a value",
                            name, dvt_op_describe(spec->op)->name, (int)i);
    for (int32_t i = 0; st == DVT_OK && i < spec->output_count; i++)
        st = check_name(g, output_name(spec, i, name), at);
    return st;
}

/* The name asked for the node: its own, or that of its first output, or the operator's. */
static const char *wanted_name(const dvt_node_spec *spec)
{
    if (spec->name && *spec->name) return spec->name;
    if ((unsigned)spec->op >= DVT_OP_COUNT) return "node";
    if (spec->output_count < 1) return dvt_op_describe(spec->op)->name;
    return output_name(spec, 0, dvt_op_describe(spec->op)->name);
}

static dvt_status infer_spec(dvt_graph *g, const dvt_node_spec *spec, const char *name)
{
    dvt_status st = dvti_graph_reserve_types(g, spec->input_count + spec->output_count);

    if (st != DVT_OK) return st;
    for (int32_t i = 0; i < spec->input_count; i++)
        g->types[i] = dvti_value_type(g, spec->inputs[i]);
    return dvti_infer_run(&(dvti_infer){.ctx = g->ctx,
                                        .op = spec->op,
                                        .name = name,
                                        .source = spec->source,
                                        .at = place_of(spec),
                                        .attrs = &spec->attrs,
                                        .in = g->types,
                                        .in_count = spec->input_count,
                                        .out = g->types + spec->input_count,
                                        .out_count = spec->output_count});
}

/* Pushes the outputs of the node to come, whose types are in g->types behind the inputs. */
static dvt_status push_outputs(dvt_graph *g, const dvt_node_spec *spec, const char *node_name,
                               dvt_value_id *ids)
{
    int32_t first = g->value_count;

    for (int32_t i = 0; i < spec->output_count; i++) {
        const char *name =
            dvti_names_unique(&g->value_names, g->arena, output_name(spec, i, node_name));
        if (!name) {
            g->value_count = first;
            dvti_graph_reindex(g);
            return DVT_E_NOMEM;
        }
        ids[i] = dvti_graph_push_value(g, name, DVT_VALUE_NODE, &g->types[spec->input_count + i]);
        g->values[ids[i].i].producer = (dvt_node_id){g->node_count};
        g->values[ids[i].i].producer_out = i;
    }
    return DVT_OK;
}

/* The node of a checked spec, whose types are in g->types and for which room is reserved. */
static dvt_status append_node(dvt_graph *g, const dvt_node_spec *spec, const char *wanted)
{
    size_t        in_bytes = (size_t)spec->input_count * sizeof(dvt_value_id);
    size_t        out_bytes = (size_t)spec->output_count * sizeof(dvt_value_id);
    dvt_value_id *inputs = dvt_arena_calloc(g->arena, in_bytes ? in_bytes : 1, 1);
    dvt_value_id *outputs = dvt_arena_calloc(g->arena, out_bytes, 1);
    const char   *source = dvt_arena_strdup(g->arena, spec->source ? spec->source : "");
    const char   *name = dvti_names_unique(&g->node_names, g->arena, wanted);

    if (!inputs || !outputs || !source || !name) return DVT_E_NOMEM;
    if (in_bytes) memcpy(inputs, spec->inputs, in_bytes);
    dvt_status st = push_outputs(g, spec, name, outputs);
    if (st != DVT_OK) return st;

    g->nodes[g->node_count] = (dvt_node){.op = spec->op,
                                         .name = name,
                                         .source = source,
                                         .inputs = inputs,
                                         .outputs = outputs,
                                         .input_count = spec->input_count,
                                         .output_count = spec->output_count,
                                         .attrs = spec->attrs};
    dvti_names_add(&g->node_names, name, g->node_count++);
    for (int32_t i = 0; i < spec->input_count; i++)
        if (inputs[i].i >= 0) g->meta[inputs[i].i].uses++;
    return DVT_OK;
}

dvt_status dvt_graph_add_node(dvt_graph *g, const dvt_node_spec *spec, dvt_value_id *out)
{
    const char *wanted = wanted_name(spec);
    dvt_status  st = check_spec(g, spec, wanted);
    bool        countable = spec->output_count <= DVT_GRAPH_MAX_ARITY;

    if (st == DVT_OK) st = infer_spec(g, spec, wanted);
    if (st == DVT_OK) st = dvti_graph_reserve(g, spec->output_count, 1);
    if (st == DVT_OK) st = append_node(g, spec, wanted);
    /* written last: `out` may be the list that spec->inputs points to */
    for (int32_t i = 0; out && countable && i < spec->output_count; i++)
        out[i] = st == DVT_OK ? g->nodes[g->node_count - 1].outputs[i] : DVT_NO_VALUE;
    return st;
}

dvt_status dvt_graph_add_output(dvt_graph *g, dvt_value_id v)
{
    if (!dvti_is_value(g, v))
        return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "graph output is not a value");
    dvt_status st = list_push(g->ctx, &g->outputs, v);
    if (st == DVT_OK) g->meta[v.i].uses++;
    return st;
}

/* ---- tables -------------------------------------------------------------------------------- */

void dvti_graph_reindex(dvt_graph *g)
{
    dvti_names_clear(&g->value_names);
    dvti_names_clear(&g->node_names);
    for (int32_t i = 0; i < g->value_count; i++)
        dvti_names_add(&g->value_names, g->values[i].name, i);
    for (int32_t i = 0; i < g->node_count; i++) dvti_names_add(&g->node_names, g->nodes[i].name, i);
}

void dvti_graph_recount(dvt_graph *g)
{
    for (int32_t i = 0; i < g->value_count; i++) g->meta[i].uses = 0;
    for (int32_t i = 0; i < g->outputs.count; i++) g->meta[g->outputs.v[i].i].uses++;
    for (int32_t i = 0; i < g->node_count; i++) {
        const dvt_node *n = &g->nodes[i];
        for (int32_t k = 0; !n->dead && k < n->input_count; k++)
            if (n->inputs[k].i >= 0) g->meta[n->inputs[k].i].uses++;
    }
}

/* ---- reading ------------------------------------------------------------------------------- */

int32_t dvt_graph_node_count(const dvt_graph *g) { return g->node_count; }
int32_t dvt_graph_value_count(const dvt_graph *g) { return g->value_count; }
int32_t dvt_graph_input_count(const dvt_graph *g) { return g->inputs.count; }
int32_t dvt_graph_output_count(const dvt_graph *g) { return g->outputs.count; }

const dvt_node *dvt_graph_node(const dvt_graph *g, dvt_node_id n)
{
    return n.i >= 0 && n.i < g->node_count ? &g->nodes[n.i] : NULL;
}

const dvt_value *dvt_graph_value(const dvt_graph *g, dvt_value_id v)
{
    return dvti_is_value(g, v) ? &g->values[v.i] : NULL;
}

dvt_value_id dvt_graph_input(const dvt_graph *g, int32_t i)
{
    return i >= 0 && i < g->inputs.count ? g->inputs.v[i] : DVT_NO_VALUE;
}

dvt_value_id dvt_graph_output(const dvt_graph *g, int32_t i)
{
    return i >= 0 && i < g->outputs.count ? g->outputs.v[i] : DVT_NO_VALUE;
}

dvt_value_id dvt_graph_find_value(const dvt_graph *g, const char *name)
{
    return (dvt_value_id){dvti_names_find(&g->value_names, name)};
}

dvt_node_id dvt_graph_find_node(const dvt_graph *g, const char *name)
{
    return (dvt_node_id){dvti_names_find(&g->node_names, name)};
}

bool dvt_graph_const(const dvt_graph *g, dvt_value_id v, dvt_tensor *out)
{
    if (!dvti_is_value(g, v) || g->values[v.i].kind != DVT_VALUE_CONST) return false;
    *out = dvt_tensor_wrap(g->values[v.i].dtype, &g->values[v.i].shape, g->meta[v.i].data);
    return true;
}

int32_t dvt_graph_use_count(const dvt_graph *g, dvt_value_id v)
{
    return dvti_is_value(g, v) ? g->meta[v.i].uses : 0;
}

bool dvt_graph_is_output(const dvt_graph *g, dvt_value_id v)
{
    for (int32_t i = 0; i < g->outputs.count; i++)
        if (g->outputs.v[i].i == v.i) return true;
    return false;
}

dvti_type dvti_value_type(const dvt_graph *g, dvt_value_id v)
{
    if (!dvti_is_value(g, v)) return (dvti_type){.dtype = DVT_DTYPE_NONE};
    return (dvti_type){g->values[v.i].dtype, g->values[v.i].shape};
}
