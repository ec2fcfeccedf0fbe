/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_import.c - an ONNX model to a graph: values by name, nodes in order, outputs.
 *
 * Idea      A model is a list of nodes in topological order that read and make values by name. One
 *           table maps names to graph values; each node is handed to the function of its operator
 *           (onnx_ops.c), which may add several graph nodes. At the end everything unread goes.
 * Checks    IR version and opset are within what is known; every value has one producer, which
 *           stands before its readers; nodes of other domains, sub-graphs and sparse constants are
 *           refused; attributes, inputs and outputs that an operator's function did not ask for are
 *           refused; the type of each output is the declared one.
 * Not read  Documentation, metadata, training information, quantisation hints, and value_info: none
 *           of them changes what the network computes. Shapes are inferred, declared shapes of
 *           outputs are not compared (an import with another batch would not have them).
 * Tests     tests/unit/test_onnx_import.c, tests/fuzz/fuzz_onnx.c
 */
#include "formats/onnx_import_int.h"
#include "formats/wire.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_OPSET_IR = 3, MODEL_GRAPH = 7, GRAPH_NODE = 1, MIN_VALUES = 64 };

/* ---- names to values ----------------------------------------------------------------------- */

static dvti_onnx_value *slot_of(const dvti_onnx *o, const char *name)
{
    size_t i = (size_t)dvt_hash64(name, strlen(name), 0) & (o->value_cap - 1);

    while (o->values[i].name && strcmp(o->values[i].name, name) != 0) {
        i = (i + 1) & (o->value_cap - 1);
    }
    return &o->values[i];
}

const dvti_onnx_value *dvti_onnx_find(const dvti_onnx *o, const char *name)
{
    const dvti_onnx_value *v = slot_of(o, name);
    return v->name ? v : NULL;
}

dvt_status dvti_onnx_bind(dvti_onnx *o, const char *name, dvt_value_id id, bool half)
{
    dvti_onnx_value *v = slot_of(o, name);
    dvt_pos          at = {.file = o->file};

    if (v->name) {
        return dvt_fail(o->ctx, DVT_E_PARSE, &at, "value '%s' is made twice", name);
    }
    *v = (dvti_onnx_value){name, id, half};
    return DVT_OK;
}

/* Room for every name that the model can bind, at most half full. */
static dvt_status make_table(dvti_onnx *o)
{
    const DvtOnnx__Graph *g = o->model->graph;
    size_t                names = g->n_input + g->n_initializer;

    for (size_t i = 0; i < g->n_node; i++) {
        names += g->node[i]->n_output;
    }
    for (o->value_cap = MIN_VALUES; o->value_cap < 2 * names;) {
        o->value_cap *= 2;
    }
    o->values = dvt_calloc(o->ctx, o->value_cap, sizeof *o->values);
    return o->values ? DVT_OK : DVT_E_NOMEM;
}

/* ---- places -------------------------------------------------------------------------------- */

static size_t find_offsets_in(dvti_wire *graph, uint64_t *offset, size_t count, size_t found)
{
    dvti_wire_field f;

    while (dvti_wire_next(graph, &f)) {
        if (f.number == GRAPH_NODE && found < count) {
            offset[found++] = f.offset;
        }
    }
    return found;
}

/* Where each node stands in the file, for errors. The bytes have been checked before. */
static dvt_status find_offsets(dvti_onnx *o, const uint8_t *data, size_t size)
{
    size_t          count = o->model->graph->n_node, found = 0;
    dvti_wire       w = dvti_wire_make(o->ctx, o->file, data, size);
    dvti_wire_field f;

    o->node_offset = dvt_calloc(o->ctx, count ? count : 1, sizeof *o->node_offset);
    if (!o->node_offset) {
        return DVT_E_NOMEM;
    }
    while (dvti_wire_next(&w, &f)) {
        if (f.number == MODEL_GRAPH && f.type == DVTI_WIRE_BYTES) {
            dvti_wire graph = dvti_wire_enter(&w, &f);
            found = find_offsets_in(&graph, o->node_offset, count, found);
        }
    }
    return w.status;
}

/* ---- model --------------------------------------------------------------------------------- */

bool dvti_onnx_core_domain(const char *domain)
{
    return !domain || !*domain || strcmp(domain, "ai.onnx") == 0;
}

static dvt_status read_opset(dvti_onnx *o)
{
    const DvtOnnx__Model *m = o->model;
    dvt_pos               at = {.file = o->file};
    int32_t               seen = 0;

    o->opset = 1;
    for (size_t i = 0; i < m->n_opset_import; i++) {
        if (dvti_onnx_core_domain(m->opset_import[i]->domain)) {
            o->opset = m->opset_import[i]->version;
            seen++;
        }
    }
    if (seen > 1 || (seen == 0 && m->ir_version >= FIRST_OPSET_IR && m->graph->n_node > 0 &&
                     m->n_opset_import == 0)) {
        return dvt_fail(o->ctx, DVT_E_PARSE, &at,
                        "the model states %s version of the ONNX operators",
                        seen ? "more than one" : "no");
    }
    if (o->opset < 1) {
        return dvt_fail(o->ctx, DVT_E_PARSE, &at, "opset %lld does not exist", (long long)o->opset);
    }
    if (o->opset > DVTI_ONNX_MAX_OPSET) {
        return dvt_fail(o->ctx, DVT_E_UNSUPPORTED, &at, "opset %lld is newer than %d",
                        (long long)o->opset, (int)DVTI_ONNX_MAX_OPSET);
    }
    return DVT_OK;
}

static dvt_status check_model(const dvti_onnx *o)
{
    const DvtOnnx__Model *m = o->model;
    dvt_pos               at = {.file = o->file};

    if (!m->graph || !m->has_ir_version) {
        return dvt_fail(o->ctx, DVT_E_PARSE, &at, "not an ONNX model: it has no %s",
                        m->graph ? "IR version" : "graph");
    }
    if (m->ir_version < 1) {
        return dvt_fail(o->ctx, DVT_E_PARSE, &at, "IR version %lld does not exist",
                        (long long)m->ir_version);
    }
    if (m->ir_version > DVTI_ONNX_MAX_IR) {
        return dvt_fail(o->ctx, DVT_E_UNSUPPORTED, &at, "IR version %lld is newer than %d",
                        (long long)m->ir_version, (int)DVTI_ONNX_MAX_IR);
    }
    if (m->graph->n_sparse_initializer > 0) {
        return dvt_fail(o->ctx, DVT_E_UNSUPPORTED, &at, "sparse constants are not handled");
    }
    return DVT_OK;
}

/* ---- nodes --------------------------------------------------------------------------------- */

/* What the operator's function did not ask for is not understood. */
static void refuse_unread(dvti_onnx_node *n)
{
    for (size_t i = 0; i < n->p->n_attribute; i++) {
        if (!n->attr_read[i]) {
            dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attribute '%s' is not handled",
                             n->p->attribute[i]->name ? n->p->attribute[i]->name : "");
        }
    }
    for (size_t i = 0; i < n->p->n_input; i++) {
        if (!n->in_read[i] && *n->p->input[i]) {
            dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "input %zu ('%s') is not handled", i,
                             n->p->input[i]);
        }
    }
    for (size_t i = 0; i < n->p->n_output; i++) {
        if (!n->out_bound[i] && *n->p->output[i]) {
            dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "output %zu ('%s') is not handled", i,
                             n->p->output[i]);
        }
    }
}

static const dvti_onnx_op *find_op(dvti_onnx_node *n)
{
    bool                known;
    const dvti_onnx_op *op = NULL;

    if (!dvti_onnx_core_domain(n->p->domain)) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "operators of the domain '%s' are not handled",
                         n->p->domain);
        return NULL;
    }
    op = dvti_onnx_find_op(n->p->op_type, n->opset, &known);
    if (!op && known) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "this operator does not exist in opset %lld",
                         (long long)n->opset);
    } else if (!op) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "this operator is not handled");
        dvt_fail_hint(n->o->ctx, "docs/formats/onnx.md lists the operators that are");
    }
    return op;
}

static dvt_status read_node(dvti_onnx *o, size_t index)
{
    const DvtOnnx__Node *p = o->model->graph->node[index];
    dvti_onnx_node       n = {.o = o, .p = p, .opset = o->opset, .st = DVT_OK};
    char                 name[160];

    n.at = (dvt_pos){.file = o->file, .offset = o->node_offset[index]};
    if (!p->op_type || !*p->op_type) {
        return dvt_fail(o->ctx, DVT_E_PARSE, &n.at, "node %zu has no operator", index);
    }
    (void)snprintf(name, sizeof name, "%.100s_%zu", p->op_type, index);
    n.name = p->name && *p->name ? p->name : name;
    if (p->n_attribute > DVTI_ONNX_MAX_SLOTS || p->n_input > DVTI_ONNX_MAX_SLOTS ||
        p->n_output > DVTI_ONNX_MAX_SLOTS) {
        dvti_onnx_refuse(&n, DVT_E_UNSUPPORTED, "more than %d attributes, inputs or outputs",
                         (int)DVTI_ONNX_MAX_SLOTS);
        return n.st;
    }
    const dvti_onnx_op *op = find_op(&n);
    if (op) {
        n.variant = op->variant;
        op->emit(&n);
        refuse_unread(&n);
    }
    return n.st;
}

static dvt_status read_nodes(dvti_onnx *o)
{
    size_t     count = o->model->graph->n_node;
    dvt_status st = DVT_OK;

    for (size_t i = 0; st == DVT_OK && i < count; i++) {
        st = dvt_progress(o->ctx, "import", i, count, "nodes");
        if (st == DVT_OK) {
            st = read_node(o, i);
        }
    }
    return st;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static dvt_status build(dvti_onnx *o, const uint8_t *data, size_t size)
{
    const char *name = NULL;
    dvt_status  st = check_model(o);

    if (st == DVT_OK) {
        st = read_opset(o);
    }
    if (st == DVT_OK) {
        name = o->model->graph->name;
        o->g = dvt_graph_create(o->ctx, name && *name ? name : "graph");
        st = o->g ? make_table(o) : DVT_E_NOMEM;
    }
    if (st == DVT_OK) {
        st = find_offsets(o, data, size);
    }
    if (st == DVT_OK) {
        st = dvti_onnx_read_constants(o);
    }
    if (st == DVT_OK) {
        st = dvti_onnx_read_inputs(o);
    }
    if (st == DVT_OK) {
        st = read_nodes(o);
    }
    if (st == DVT_OK) {
        st = dvti_onnx_read_outputs(o);
    }
    return st == DVT_OK ? dvt_graph_compact(o->g) : st;
}

static void discard(dvti_onnx *o)
{
    dvt_graph_destroy(o->g);
    dvt_free(o->ctx, o->values);
    dvt_free(o->ctx, o->node_offset);
    o->g = NULL;
    o->values = NULL;
    o->node_offset = NULL;
}

/* Again with more inputs as constants, until all are known that must be: each time one more is. */
static dvt_status build_until_known(dvti_onnx *o, const uint8_t *data, size_t size)
{
    size_t     count = (size_t)o->opts->value_count + 1;
    dvt_status st;

    o->is_bound = dvt_calloc(o->ctx, count, sizeof *o->is_bound);
    if (!o->is_bound) {
        return DVT_E_NOMEM;
    }
    do {
        discard(o);
        o->again = false;
        st = build(o, data, size);
    } while (o->again);
    return st;
}

dvt_status dvt_onnx_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                          const dvt_import_opts *opts, dvt_graph **out)
{
    static const dvt_import_opts none;
    dvti_onnx                    o = {.ctx = ctx, .file = name, .opts = opts ? opts : &none};
    ProtobufCAllocator           allocator;
    ProtobufCMessage            *m = NULL;
    dvt_status                   st;

    *out = NULL;
    st = dvti_onnx_unpack(ctx, name, data, size, &dvt_onnx__model__descriptor, &allocator, &m);
    if (st == DVT_OK) {
        o.model = (const DvtOnnx__Model *)m;
        st = build_until_known(&o, data, size);
    }
    if (st == DVT_OK) {
        *out = o.g;
        o.g = NULL;
    }
    discard(&o);
    dvt_free(ctx, o.is_bound);
    if (m) {
        protobuf_c_message_free_unpacked(m, &allocator);
    }
    return st;
}

dvt_status dvt_onnx_load(dvt_ctx *ctx, const char *path, const dvt_import_opts *opts,
                         dvt_graph **out)
{
    dvt_blob   blob = {0};
    dvt_status st = dvt_file_read(ctx, path, 0, &blob);

    *out = NULL;
    if (st == DVT_OK) {
        st = dvt_onnx_parse(ctx, path, blob.data, blob.size, opts, out);
    }
    dvt_blob_deinit(ctx, &blob);
    return st;
}
