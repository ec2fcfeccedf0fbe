/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lower.c - nodes to operators, in the graph's order: who runs where.
 *
 * Idea      A node that the overlay's kernels support (place.c) and whose smallest slice fits, in
 *           the layouts its operands really have, opens an operator (lower_ops.c) that takes its
 *           tail along (fuse.c). Everything else becomes a host operator with its reason. A
 *           flattening that only dense layers on the overlay read is nothing at all.
 * Tests     tests/unit/test_lower.c, tests/diff/diff_compile.c
 */
#include "compile/lower_int.h"

#include <stdio.h>

/* ---- host ---------------------------------------------------------------------------------- */

static dvt_status lower_host(dvti_comp *c, dvt_node_id id, const dvt_node *n, const char *reason)
{
    dvti_op op = {
        .kind = DVTI_OP_HOST, .node = id.i, .name = n->name, .in = -1, .out = -1, .elt = -1};

    for (int32_t i = 0; i < n->input_count; i++) {
        if (n->inputs[i].i >= 0 && c->map_of[n->inputs[i].i] >= 0) {
            dvti_map_at(c, c->map_of[n->inputs[i].i])->host_reads = true;
        }
    }
    op.reason = dvt_arena_strdup(c->arena, reason);
    return op.reason ? dvti_ops_push(c->ctx, &c->ops, op) : DVT_E_NOMEM;
}

/* Words of one row of a value on the overlay: of its map, or of the dense one it would get; and if
 * it may have to be copied, not less than in the array's layout. */
static int64_t row_words(const dvti_comp *c, dvt_value_id v, bool copied)
{
    int32_t ch, h, w, cv = c->o.c_vec, kv = c->o.k_vec, map = c->map_of[v.i];
    int64_t blocks, array;

    if (!dvti_map_shape(dvti_value_of(c, v), &ch, &h, &w)) {
        return 0;
    }
    blocks = map >= 0 ? c->maps.data[map].blocks : (ch + cv - 1) / cv;
    array = (int64_t)(ch / kv) * ((kv + cv - 1) / cv) + (ch % kv + cv - 1) / cv;
    return (copied && array > blocks ? array : blocks) * w;
}

/* Input rows that p_vec rows of the node's result read. */
static int32_t least_rows(const dvti_comp *c, const dvt_node *n, int32_t height)
{
    dvti_window win;

    if (n->op == DVT_OP_DENSE || n->op == DVT_OP_GLOBAL_POOL) {
        return height;
    }
    if (n->op != DVT_OP_CONV && n->op != DVT_OP_POOL) {
        return c->o.p_vec < height ? c->o.p_vec : height;
    }
    win = dvti_window_of(n->op == DVT_OP_CONV ? &n->attrs.conv.win : &n->attrs.pool.win);
    int32_t rows = (c->o.p_vec - 1) * win.stride_h + (win.r - 1) * win.dil_h + 1;
    return rows < height ? rows : height;
}

/* Will the smallest slice of the node fit, in the layouts its operands really have? With gaps in
 * them a map is larger than its channels say. Element-wise trips hold two operands at a time, a
 * concatenation copies one after the other. */
static bool slice_fits(const dvti_comp *c, const dvt_node *n, char *reason, size_t size)
{
    bool    pair = n->op == DVT_OP_BINARY || n->op == DVT_OP_NARY;
    int32_t operands = pair || n->op == DVT_OP_CONCAT ? n->input_count : 1;
    int64_t words = 0;

    for (int32_t i = 0; i < operands; i++) {
        dvt_value_id v =
            n->op == DVT_OP_DENSE ? dvti_view_source(c->g, n->inputs[0]) : n->inputs[i];
        int32_t ch, h, w;
        if (dvti_map_shape(dvti_value_of(c, v), &ch, &h, &w)) {
            int64_t needed = row_words(c, v, pair) * least_rows(c, n, h);
            words = needed > words ? needed : words;
        }
    }
    words *= pair ? 2 : 1;
    if (words <= c->d.stream_buffer_words) {
        return true;
    }
    snprintf(reason, size, "its smallest slice needs %lld words, the stream buffer has %lld",
             (long long)words, (long long)c->d.stream_buffer_words);
    return false;
}

/* Does the node run on the overlay, as far as its kernels and the room for operands go? */
static bool runs_here(const dvti_comp *c, dvt_node_id id, char *reason, size_t size)
{
    return dvti_place(&c->o, c->g, id, reason, size) &&
           slice_fits(c, dvt_graph_node(c->g, id), reason, size);
}

/* A reshape that only dense layers on the overlay read is no work at all. */
static bool is_view(const dvti_comp *c, dvt_value_id v)
{
    char reason[8];

    if (dvt_graph_is_output(c->g, v)) {
        return false;
    }
    for (int32_t i = c->reader_at[v.i]; i < c->reader_at[v.i + 1]; i++) {
        const dvt_node *n = dvt_graph_node(c->g, c->readers[i]);
        if (n->op == DVT_OP_RESHAPE || n->op == DVT_OP_IDENTITY) {
            if (!is_view(c, n->outputs[0])) {
                return false;
            }
        } else if (n->op != DVT_OP_DENSE || n->inputs[0].i != v.i ||
                   !runs_here(c, c->readers[i], reason, sizeof reason)) {
            return false;
        }
    }
    return true;
}

static dvt_status lower_node(dvti_comp *c, dvt_node_id id)
{
    const dvt_node *n = dvt_graph_node(c->g, id);
    char            reason[256];

    if ((n->op == DVT_OP_RESHAPE || n->op == DVT_OP_IDENTITY) && is_view(c, n->outputs[0])) {
        return DVT_OK;
    }
    if (!runs_here(c, id, reason, sizeof reason)) {
        return lower_host(c, id, n, reason);
    }
    if (!dvti_node_has_table(c, n)) {
        snprintf(reason, sizeof reason, "the overlay's %d function tables are taken",
                 c->o.function_tables);
        return lower_host(c, id, n, reason);
    }
    switch (n->op) {
    case DVT_OP_CONV:
    case DVT_OP_DENSE: return dvti_lower_array(c, id, n);
    case DVT_OP_POOL:
    case DVT_OP_GLOBAL_POOL: return dvti_lower_pool(c, id, n);
    case DVT_OP_LRN: return dvti_lower_lrn(c, id, n);
    case DVT_OP_CONCAT: return dvti_lower_concat(c, id, n);
    case DVT_OP_BINARY:
    case DVT_OP_NARY: return dvti_lower_eltwise(c, id, n);
    default: return dvti_lower_pointwise(c, id, n);
    }
}

/* Who reads each value, one entry a node: readers[reader_at[v] .. reader_at[v + 1]). */
static dvt_status find_readers(dvti_comp *c)
{
    int32_t  values = dvt_graph_value_count(c->g), nodes = dvt_graph_node_count(c->g), total = 0;
    int32_t *at = dvt_arena_calloc(c->scratch, (size_t)values + 2, sizeof *at);

    for (int32_t i = 0; at && i < nodes; i++) {
        const dvt_node *n = dvt_graph_node(c->g, (dvt_node_id){i});
        for (int32_t j = 0; j < n->input_count; j++) {
            at[n->inputs[j].i + 2]++; /* an absent input counts at 1, which stays unused */
            total++;
        }
    }
    c->readers = dvt_arena_calloc(c->scratch, (size_t)total + 1, sizeof *c->readers);
    if (!at || !c->readers) {
        return DVT_E_NOMEM;
    }
    at[1] = 0;
    for (int32_t v = 0; v < values; v++) {
        at[v + 2] += at[v + 1];
    }
    for (int32_t i = 0; i < nodes; i++) {
        const dvt_node *n = dvt_graph_node(c->g, (dvt_node_id){i});
        for (int32_t j = 0; j < n->input_count; j++) {
            if (n->inputs[j].i >= 0) {
                c->readers[at[n->inputs[j].i + 1]++] = (dvt_node_id){i};
            }
        }
    }
    c->reader_at = at;
    return DVT_OK;
}

/* int8: what is written into one map has one scale, the outermost parent's. */
static void share_scales(dvti_comp *c)
{
    for (int32_t i = 0; i < (int32_t)c->maps.len; i++) {
        int32_t block;
        dvti_map_at(c, i)->scale = dvti_map_at(c, dvti_map_root(c, i, &block))->scale;
    }
}

dvt_status dvti_lower(dvti_comp *c)
{
    dvt_status st = find_readers(c);

    for (int32_t i = 0; st == DVT_OK && i < dvt_graph_node_count(c->g); i++) {
        if (c->consumed[i] || dvt_graph_node(c->g, (dvt_node_id){i})->dead) {
            continue;
        }
        c->consumed[i] = true;
        st = lower_node(c, (dvt_node_id){i});
        if (st != DVT_OK) {
            dvt_fail_note(c->ctx, "while lowering '%s'",
                          dvt_graph_node(c->g, (dvt_node_id){i})->name);
        }
    }
    for (int32_t i = 0; st == DVT_OK && i < dvt_graph_output_count(c->g); i++) {
        int32_t m = c->map_of[dvt_graph_output(c->g, i).i];
        if (m >= 0) {
            dvti_map_at(c, m)->host_reads = true;
        }
    }
    share_scales(c);
    return st;
}
