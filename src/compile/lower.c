/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lower.c - nodes to overlay operators with their fused tails, values to feature maps.
 *
 * Idea      Nodes are taken in the graph's order. A supported node opens an operator; then the
 *           value it makes is followed as long as it has exactly one reader and that reader fits
 *           into the same trip: per-channel factors, an element-wise operation whose other operand
 *           is there already, an activation. Each auxiliary kernel is used once a trip, in the
 *           order the crossbar allows. Everything else becomes a host operator with its reason.
 * Layouts   An element-wise pair needs equal slots; where they differ, an identity convolution
 *           copies the operand into the array's layout first. Concatenation makes its operands
 *           ranges of one map where they are produced for the first time, and copies them
 *           otherwise.
 * Tests     tests/diff/diff_compile.c (random graphs: program against reference),
 *           tests/unit/test_lower.c
 */
#include "compile/compile_int.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- values and maps ----------------------------------------------------------------------- */

static const dvt_value *value_of(const dvti_comp *c, dvt_value_id v)
{
    return dvt_graph_value(c->g, v);
}

static float scale_of(const dvti_comp *c, int32_t value)
{
    if (c->o.format != DVT_FORMAT_INT8 || value < 0) {
        return 1.0f;
    }
    return c->max_abs[value] > 0.0f ? c->max_abs[value] / 127.0f : 1.0f;
}

static dvti_map *map_at(dvti_comp *c, int32_t i) { return &c->maps.data[i]; }

/* The map of a value that the overlay shall read; values the host makes are uploaded. */
static dvt_status map_for_reading(dvti_comp *c, dvt_value_id v, int32_t *out)
{
    dvt_status st = DVT_OK;
    int32_t    ch, h, w;

    *out = c->map_of[v.i];
    if (*out < 0) {
        if (!dvti_map_shape(value_of(c, v), &ch, &h, &w)) {
            return dvt_fail(c->ctx, DVT_E_INTERNAL, NULL, "value '%s' is no feature map",
                            value_of(c, v)->name);
        }
        st = dvti_map_new(c, value_of(c, v)->name, v.i, ch, h, w, out);
        if (st == DVT_OK) {
            st = dvti_layout_dense(c, map_at(c, *out));
        }
        if (st == DVT_OK) {
            map_at(c, *out)->host_makes = true;
            map_at(c, *out)->scale = scale_of(c, v.i);
            c->map_of[v.i] = *out;
        }
    }
    if (st == DVT_OK) {
        map_at(c, *out)->overlay_reads = true;
    }
    return st;
}

/* ---- routes -------------------------------------------------------------------------------- */

static dvt_kernel route_end(const dvti_op *op)
{
    if (op->route_len > 0) {
        return (dvt_kernel)op->route[op->route_len - 1];
    }
    return op->kind == DVTI_OP_CONV ? DVT_KERNEL_ARRAY : DVT_KERNEL_SREAD;
}

static bool route_can(const dvti_comp *c, const dvti_op *op, dvt_kernel k)
{
    if (!dvt_overlay_has(&c->o, k) || op->route_len >= DVT_ROUTE_MAX - 1) {
        return false;
    }
    for (int32_t i = 0; i < op->route_len; i++) {
        if (op->route[i] == (int32_t)k) {
            return false;
        }
    }
    return (c->o.connect[route_end(op)] >> k & 1u) != 0;
}

static void route_add(dvti_op *op, dvt_kernel k) { op->route[op->route_len++] = (int32_t)k; }

/* ---- per-channel factors ------------------------------------------------------------------- */

static bool const_f32(const dvti_comp *c, const dvt_node *n, int32_t i, const float **out)
{
    dvt_tensor t;

    *out = NULL;
    if (i >= n->input_count || n->inputs[i].i < 0 || !dvt_graph_const(c->g, n->inputs[i], &t)) {
        return false;
    }
    *out = t.data;
    return true;
}

static dvt_status factors_new(dvti_comp *c, dvti_op *op, int32_t channels)
{
    if (op->scale) {
        return DVT_OK;
    }
    op->scale = dvt_arena_calloc(c->scratch, (size_t)channels, sizeof *op->scale);
    op->bias = dvt_arena_calloc(c->scratch, (size_t)channels, sizeof *op->bias);
    if (!op->scale || !op->bias) {
        return DVT_E_NOMEM;
    }
    for (int32_t k = 0; k < channels; k++) {
        op->scale[k] = 1.0f;
    }
    return DVT_OK;
}

/* y = x * s + b composed behind what is there already. */
static void factors_compose(dvti_op *op, int32_t k, double s, double b)
{
    op->bias[k] = (float)((double)op->bias[k] * s + b);
    op->scale[k] = (float)((double)op->scale[k] * s);
}

static dvt_status factors_of_node(dvti_comp *c, dvti_op *op, const dvt_node *n, int32_t channels)
{
    dvt_status   st = factors_new(c, op, channels);
    const float *p[5] = {NULL};

    for (int32_t i = 1; i < 5; i++) {
        const_f32(c, n, i, &p[i]);
    }
    for (int32_t k = 0; st == DVT_OK && k < channels; k++) {
        if (n->op == DVT_OP_BATCH_NORM) {
            double s = (double)p[1][k] / sqrt((double)p[4][k] + (double)n->attrs.norm.epsilon);
            factors_compose(op, k, s, (double)p[2][k] - (double)p[3][k] * s);
        } else if (n->op == DVT_OP_SCALE) {
            factors_compose(op, k, (double)p[1][k], p[2] ? (double)p[2][k] : 0.0);
        } else {
            factors_compose(op, k, 1.0, (double)p[1][k]);
        }
    }
    return st;
}

/* ---- activation ---------------------------------------------------------------------------- */

static dvt_status table_for(dvti_comp *c, dvt_table_kind kind, float param, int32_t *out)
{
    dvt_function_table t;

    for (size_t i = 0; i < c->tables.len; i++) {
        if (c->tables.data[i].kind == (int32_t)kind && c->tables.data[i].param == param) {
            *out = (int32_t)i;
            return DVT_OK;
        }
    }
    if ((int32_t)c->tables.len >= c->o.function_tables) {
        return dvt_fail(c->ctx, DVT_E_CAPACITY, NULL,
                        "the network needs more function tables than the overlay's %d",
                        c->o.function_tables);
    }
    *out = (int32_t)c->tables.len;
    dvt_function_table_make(kind, param, &t);
    return dvti_tables_push(c->ctx, &c->tables, t);
}

/* Is there a table for this function, or room for one more? */
static bool table_room(const dvti_comp *c, dvt_table_kind kind, float param)
{
    for (size_t i = 0; i < c->tables.len; i++) {
        if (c->tables.data[i].kind == (int32_t)kind && c->tables.data[i].param == param) {
            return true;
        }
    }
    return (int32_t)c->tables.len < c->o.function_tables;
}

static bool node_has_table(const dvti_comp *c, const dvt_node *n)
{
    if (n->op == DVT_OP_LRN) {
        return table_room(c, DVT_TABLE_POWER, -n->attrs.lrn.beta);
    }
    if (n->op != DVT_OP_UNARY) {
        return true;
    }
    switch (n->attrs.unary.fn) {
    case DVT_UNARY_SIGMOID: return table_room(c, DVT_TABLE_SIGMOID, 0.0f);
    case DVT_UNARY_TANH: return table_room(c, DVT_TABLE_TANH, 0.0f);
    case DVT_UNARY_ELU: return table_room(c, DVT_TABLE_ELU, n->attrs.unary.alpha);
    default: return true;
    }
}

static dvt_status act_of_unary(dvti_comp *c, dvti_op *op, const dvt_unary_attrs *a)
{
    op->has_act = true;
    switch (a->fn) {
    case DVT_UNARY_RELU: op->act = DVT_ACT_RELU; return DVT_OK;
    case DVT_UNARY_LEAKY_RELU:
        op->act = DVT_ACT_LEAKY;
        op->act_p0 = a->alpha;
        return DVT_OK;
    case DVT_UNARY_CLIP:
        op->act = DVT_ACT_CLIP;
        op->act_p0 = fmaxf(a->alpha, -FLT_MAX); /* an open bound is the last number */
        op->act_p1 = fminf(a->beta, FLT_MAX);
        return DVT_OK;
    case DVT_UNARY_SIGMOID:
        op->act = DVT_ACT_TABLE;
        return table_for(c, DVT_TABLE_SIGMOID, 0.0f, &op->act_table);
    case DVT_UNARY_TANH:
        op->act = DVT_ACT_TABLE;
        return table_for(c, DVT_TABLE_TANH, 0.0f, &op->act_table);
    default: op->act = DVT_ACT_ELU; return table_for(c, DVT_TABLE_ELU, a->alpha, &op->act_table);
    }
}

static dvt_status act_of_prelu(dvti_comp *c, dvti_op *op, const dvt_node *n, int32_t channels)
{
    dvt_tensor t;
    float     *slope = dvt_arena_calloc(c->scratch, (size_t)channels, sizeof *slope);

    if (!slope || !dvt_graph_const(c->g, n->inputs[1], &t)) {
        return DVT_E_NOMEM;
    }
    for (int32_t k = 0; k < channels; k++) {
        slope[k] = ((const float *)t.data)[dvt_shape_count(&t.shape) == 1 ? 0 : k];
    }
    op->has_act = true;
    op->act = DVT_ACT_PRELU;
    op->slope = slope;
    return DVT_OK;
}

/* ---- tails --------------------------------------------------------------------------------- */

static int32_t elt_fn_of(const dvt_node *n)
{
    if (n->op == DVT_OP_BINARY) {
        return n->attrs.binary.fn2 == DVT_BINARY_ADD   ? 0
               : n->attrs.binary.fn2 == DVT_BINARY_MUL ? 1
                                                       : 2;
    }
    return n->attrs.nary.fnn == DVT_NARY_SUM ? 0 : n->attrs.nary.fnn == DVT_NARY_PROD ? 1 : 2;
}

/* An extra trip that brings `map` into the array's layout; *map becomes the copy. */
static dvt_status relayout(dvti_comp *c, int32_t node, int32_t *map)
{
    const dvti_map *m = map_at(c, *map);
    dvti_op         op = {.kind = DVTI_OP_CONV,
                          .node = node,
                          .in = *map,
                          .elt = -1,
                          .groups = 1,
                          .identity = true,
                          .win = DVTI_WINDOW_ONE};
    dvt_status      st;

    op.name = dvt_arena_printf(c->arena, "relayout %s", m->name);
    st = op.name ? dvti_map_new(c, op.name, -1, m->c, m->h, m->w, &op.out) : DVT_E_NOMEM;
    if (st == DVT_OK) {
        st = dvti_layout_array(c, map_at(c, op.out), 1);
    }
    if (st != DVT_OK) {
        return st;
    }
    map_at(c, op.out)->scale = map_at(c, *map)->scale;
    map_at(c, op.out)->overlay_reads = true;
    op.has_scale = true;
    route_add(&op, DVT_KERNEL_SCALE);
    *map = op.out;
    return dvti_ops_push(c->ctx, &c->ops, op);
}

static bool tail_affine(const dvti_comp *c, const dvti_op *op)
{
    if (!c->on[DVTI_OPT_FUSE_SCALE]) {
        return false;
    }
    return (op->has_scale && route_end(op) == DVT_KERNEL_SCALE) ||
           (op->kind != DVTI_OP_LRN && route_can(c, op, DVT_KERNEL_SCALE));
}

static dvt_status add_affine(dvti_comp *c, dvti_op *op, const dvt_node *n, int32_t channels)
{
    if (!op->has_scale) {
        op->has_scale = true;
        route_add(op, DVT_KERNEL_SCALE);
    }
    return factors_of_node(c, op, n, channels);
}

static bool tail_act(const dvti_comp *c, const dvti_op *op, const dvt_node *n)
{
    return c->on[DVTI_OPT_FUSE_ACTIVATION] && !op->has_act && route_can(c, op, DVT_KERNEL_ACT) &&
           !(op->kind == DVTI_OP_LRN && n->op == DVT_OP_PRELU);
}

/* Room for the trip's own rows and the operand's, in the worst case. */
static bool elt_fits(const dvti_comp *c, const dvti_op *op, const dvti_map *out)
{
    const dvti_map *in = &c->maps.data[op->in];
    int64_t rows = (int64_t)(c->o.p_vec - 1) * op->win.stride_h + (op->win.r - 1) * op->win.dil_h;

    rows = rows + 1 < in->h ? rows + 1 : in->h;
    return in->blocks * rows * in->w + (int64_t)out->blocks * c->o.p_vec * out->w <=
           c->d.stream_buffer_words;
}

/* Only when the other operand exists already and stands in the layout that this trip makes. */
static bool tail_elt(const dvti_comp *c, const dvti_op *op, const dvt_node *n, dvt_value_id cur,
                     const dvti_map *out, dvt_value_id *other)
{
    if (!c->on[DVTI_OPT_FUSE_ELTWISE] || n->input_count != 2 || op->kind == DVTI_OP_LRN ||
        !route_can(c, op, DVT_KERNEL_ELT) || n->inputs[0].i == n->inputs[1].i ||
        !elt_fits(c, op, out)) {
        return false;
    }
    *other = n->inputs[0].i == cur.i ? n->inputs[1] : n->inputs[0];
    return c->map_of[other->i] >= 0 &&
           dvti_layout_equal(c, &c->maps.data[c->map_of[other->i]], out);
}

/* The single reader of `v`, if the trip may go on with it. */
static dvt_node_id single_reader(const dvti_comp *c, dvt_value_id v)
{
    if (dvt_graph_is_output(c->g, v) || dvt_graph_use_count(c->g, v) != 1) {
        return DVT_NO_NODE;
    }
    return c->readers[c->reader_at[v.i]];
}

/* Extends the trip by the node that reads `cur`; false if it ends here. */
static bool extend(dvti_comp *c, dvti_op *op, const dvti_map *out, dvt_value_id *cur,
                   dvt_status *st)
{
    dvt_node_id     id = single_reader(c, *cur);
    const dvt_node *n;
    dvt_value_id    other;
    char            reason[8];

    if (id.i < 0 || !dvti_place(&c->o, c->g, id, reason, sizeof reason)) {
        return false;
    }
    n = dvt_graph_node(c->g, id);
    if (!node_has_table(c, n)) {
        return false;
    }
    if ((n->op == DVT_OP_SCALE || n->op == DVT_OP_BIAS || n->op == DVT_OP_BATCH_NORM) &&
        tail_affine(c, op)) {
        *st = add_affine(c, op, n, out->c);
    } else if ((n->op == DVT_OP_UNARY || n->op == DVT_OP_PRELU) && tail_act(c, op, n)) {
        route_add(op, DVT_KERNEL_ACT);
        *st = n->op == DVT_OP_UNARY ? act_of_unary(c, op, &n->attrs.unary)
                                    : act_of_prelu(c, op, n, out->c);
    } else if ((n->op == DVT_OP_BINARY || n->op == DVT_OP_NARY) &&
               tail_elt(c, op, n, *cur, out, &other)) {
        route_add(op, DVT_KERNEL_ELT);
        op->has_elt = true;
        op->elt_fn = elt_fn_of(n);
        op->elt = c->map_of[other.i];
        map_at(c, op->elt)->overlay_reads = true;
    } else {
        return false;
    }
    c->consumed[id.i] = true;
    *cur = n->outputs[0];
    return true;
}

/* Follows the tail, ties the last value to the map, appends the operator. */
static dvt_status finish(dvti_comp *c, dvti_op *op, dvt_value_id first_out)
{
    dvt_value_id cur = first_out;
    dvt_status   st = DVT_OK;

    while (st == DVT_OK && extend(c, op, map_at(c, op->out), &cur, &st)) {
    }
    if (st != DVT_OK) {
        return st;
    }
    c->map_of[cur.i] = op->out;
    map_at(c, op->out)->value = cur.i;
    map_at(c, op->out)->name = value_of(c, cur)->name;
    map_at(c, op->out)->scale = scale_of(c, cur.i);
    return dvti_ops_push(c->ctx, &c->ops, *op);
}

static dvt_status out_map(dvti_comp *c, dvt_value_id v, int32_t *out)
{
    int32_t ch, h, w;

    if (!dvti_map_shape(value_of(c, v), &ch, &h, &w)) {
        return dvt_fail(c->ctx, DVT_E_INTERNAL, NULL, "value '%s' is no feature map",
                        value_of(c, v)->name);
    }
    return dvti_map_new(c, value_of(c, v)->name, v.i, ch, h, w, out);
}

/* The map of an operator's result, in the layout of its first operand. */
static dvt_status out_map_like_in(dvti_comp *c, dvt_value_id v, dvti_op *op)
{
    dvt_status st = out_map(c, v, &op->out);

    return st == DVT_OK ? dvti_layout_like(c, map_at(c, op->out), map_at(c, op->in)) : st;
}

/* ---- operators ----------------------------------------------------------------------------- */

static dvt_status lower_array(dvti_comp *c, dvt_node_id id, const dvt_node *n)
{
    dvti_op      op = {.kind = DVTI_OP_CONV, .node = id.i, .name = n->name, .elt = -1, .groups = 1};
    bool         dense = n->op == DVT_OP_DENSE;
    dvt_value_id src = dense ? dvti_view_source(c->g, n->inputs[0]) : n->inputs[0];
    const float *bias = NULL;
    const dvti_map *in;
    dvti_map       *out;
    dvt_status      st = map_for_reading(c, src, &op.in);

    if (st == DVT_OK) {
        st = out_map(c, n->outputs[0], &op.out);
    }
    if (st != DVT_OK) {
        return st;
    }
    in = map_at(c, op.in);
    out = map_at(c, op.out);
    const_f32(c, n, 1, &op.weights);
    const_f32(c, n, 2, &bias);
    if (dense) {
        op.win = (dvti_window){
            .r = in->h, .s = in->w, .stride_h = 1, .stride_w = 1, .dil_h = 1, .dil_w = 1};
    } else {
        op.win = dvti_window_of(&n->attrs.conv.win);
        op.groups = (int32_t)n->attrs.conv.groups;
    }
    op.macs = dvt_graph_node_macs(c->g, id);
    op.mapping_cycles =
        dvt_overlay_conv_cycles(&c->o, op.groups, in->c / op.groups, out->c / op.groups, out->w,
                                out->h, op.win.r, op.win.s);
    if (op.groups > 1 && op.groups == in->c && out->c == in->c &&
        dvt_overlay_has(&c->o, DVT_KERNEL_DEPTHWISE)) {
        op.kind = DVTI_OP_DEPTHWISE;
        op.mapping_cycles = 0;
        route_add(&op, DVT_KERNEL_DEPTHWISE);
        st = dvti_layout_like(c, out, in);
    } else {
        st = dvti_layout_array(c, out, op.groups);
    }
    op.has_scale = true;
    route_add(&op, DVT_KERNEL_SCALE);
    if (st == DVT_OK) {
        st = factors_new(c, &op, out->c);
    }
    for (int32_t k = 0; st == DVT_OK && bias && k < out->c; k++) {
        op.bias[k] = bias[k];
    }
    return st == DVT_OK ? finish(c, &op, n->outputs[0]) : st;
}

static dvt_status lower_pool(dvti_comp *c, dvt_node_id id, const dvt_node *n)
{
    const dvt_pool_attrs *a = &n->attrs.pool;
    dvti_op               op = {.kind = DVTI_OP_POOL,
                                .node = id.i,
                                .name = n->name,
                                .elt = -1,
                                .groups = 1,
                                .pool_kind = a->kind};
    const dvti_map       *in;
    dvt_status            st = map_for_reading(c, n->inputs[0], &op.in);

    if (st == DVT_OK) {
        st = out_map_like_in(c, n->outputs[0], &op);
    }
    if (st != DVT_OK) {
        return st;
    }
    in = map_at(c, op.in);
    if (n->op == DVT_OP_GLOBAL_POOL) {
        op.win = (dvti_window){
            .r = in->h, .s = in->w, .stride_h = 1, .stride_w = 1, .dil_h = 1, .dil_w = 1};
    } else {
        op.win = dvti_window_of(&a->win);
        op.pool_by_valid = a->kind == DVT_POOL_AVG && a->avg_count == DVT_AVG_COUNT_VALID;
    }
    op.pool_recip = 1.0f / (float)(op.win.r * op.win.s);
    route_add(&op, DVT_KERNEL_POOL);
    return finish(c, &op, n->outputs[0]);
}

static dvt_status lower_lrn(dvti_comp *c, dvt_node_id id, const dvt_node *n)
{
    const dvt_lrn_attrs *a = &n->attrs.lrn;
    dvti_op              op = {.kind = DVTI_OP_LRN,
                               .node = id.i,
                               .name = n->name,
                               .elt = -1,
                               .groups = 1,
                               .win = DVTI_WINDOW_ONE,
                               .lrn_size = (int32_t)a->size,
                               .lrn_k = a->k,
                               .lrn_alpha_n = a->alpha / (float)a->size};
    dvt_status           st = map_for_reading(c, n->inputs[0], &op.in);

    if (st == DVT_OK && !dvti_layout_is_dense(c, map_at(c, op.in))) {
        st = relayout(c, id.i, &op.in);
    }
    if (st == DVT_OK) {
        st = out_map_like_in(c, n->outputs[0], &op);
    }
    if (st == DVT_OK) {
        st = table_for(c, DVT_TABLE_POWER, -a->beta, &op.lrn_table);
    }
    if (st != DVT_OK) {
        return st;
    }
    route_add(&op, DVT_KERNEL_LRN);
    return finish(c, &op, n->outputs[0]);
}

static dvti_op copy_op(int32_t node, const char *name)
{
    return (dvti_op){.kind = DVTI_OP_COPY,
                     .node = node,
                     .name = name,
                     .elt = -1,
                     .groups = 1,
                     .win = DVTI_WINDOW_ONE};
}

/* Per-channel factors, activations: stream, kernel, stream. */
static dvt_status lower_pointwise(dvti_comp *c, dvt_node_id id, const dvt_node *n)
{
    dvti_op    op = copy_op(id.i, n->name);
    dvt_status st = map_for_reading(c, n->inputs[0], &op.in);

    if (st == DVT_OK) {
        st = out_map_like_in(c, n->outputs[0], &op);
    }
    if (st != DVT_OK) {
        return st;
    }
    if (n->op == DVT_OP_UNARY || n->op == DVT_OP_PRELU) {
        route_add(&op, DVT_KERNEL_ACT);
        st = n->op == DVT_OP_UNARY ? act_of_unary(c, &op, &n->attrs.unary)
                                   : act_of_prelu(c, &op, n, map_at(c, op.out)->c);
    } else {
        st = add_affine(c, &op, n, map_at(c, op.out)->c);
    }
    return st == DVT_OK ? finish(c, &op, n->outputs[0]) : st;
}

/* Brings both operands into the array's layout where their slots differ. */
static dvt_status equal_layouts(dvti_comp *c, dvti_op *op)
{
    dvti_map   like = *map_at(c, op->in);
    dvt_status st;

    if (dvti_layout_equal(c, map_at(c, op->in), map_at(c, op->elt))) {
        return DVT_OK;
    }
    st = dvti_layout_array(c, &like, 1);
    if (st == DVT_OK && !dvti_layout_equal(c, map_at(c, op->in), &like)) {
        st = relayout(c, op->node, &op->in);
    }
    if (st == DVT_OK && !dvti_layout_equal(c, map_at(c, op->elt), &like)) {
        st = relayout(c, op->node, &op->elt);
    }
    return st;
}

static dvt_status eltwise_op(dvti_comp *c, dvt_node_id id, const dvt_node *n, int32_t in,
                             dvt_value_id other, dvti_op *op)
{
    dvt_status st;

    *op = copy_op(id.i, n->name);
    op->in = in;
    op->has_elt = true;
    op->elt_fn = elt_fn_of(n);
    route_add(op, DVT_KERNEL_ELT);
    st = map_for_reading(c, other, &op->elt);
    if (st == DVT_OK) {
        st = equal_layouts(c, op);
    }
    return st == DVT_OK ? out_map_like_in(c, n->outputs[0], op) : st;
}

/* One trip per further operand: ((a + b) + c) + ...; a copy if there is none. */
static dvt_status lower_eltwise(dvti_comp *c, dvt_node_id id, const dvt_node *n)
{
    dvti_op    op = copy_op(id.i, n->name);
    dvt_status st = map_for_reading(c, n->inputs[0], &op.in);

    if (st == DVT_OK && n->input_count == 1) {
        st = out_map_like_in(c, n->outputs[0], &op);
    }
    for (int32_t i = 1; st == DVT_OK && i < n->input_count; i++) {
        st = eltwise_op(c, id, n, op.in, n->inputs[i], &op);
        if (st == DVT_OK && i + 1 < n->input_count) {
            map_at(c, op.out)->overlay_reads = true;
            map_at(c, op.out)->scale = scale_of(c, n->outputs[0].i);
            st = dvti_ops_push(c->ctx, &c->ops, op);
            op.in = op.out;
        }
    }
    return st == DVT_OK ? finish(c, &op, n->outputs[0]) : st;
}

/* ---- concatenation ------------------------------------------------------------------------- */

/* May `map` become a range of a larger one? If the overlay writes it and it is nobody's yet. */
static bool can_move_in(const dvti_comp *c, int32_t map)
{
    return c->on[DVTI_OPT_CONCAT_BY_ADDRESS] && c->maps.data[map].parent < 0 &&
           !c->maps.data[map].host_makes;
}

static dvt_status concat_part(dvti_comp *c, dvt_node_id id, const dvt_node *n, int32_t i,
                              int32_t whole, int32_t block, int32_t part)
{
    dvti_op    op = copy_op(id.i, dvt_arena_printf(c->arena, "%s part %d", n->name, i));
    dvt_status st;

    if (!op.name) {
        return DVT_E_NOMEM;
    }
    op.in = part;
    st = dvti_map_new(c, op.name, -1, map_at(c, part)->c, map_at(c, part)->h, map_at(c, part)->w,
                      &op.out);
    if (st == DVT_OK) {
        st = dvti_layout_like(c, map_at(c, op.out), map_at(c, part));
    }
    if (st != DVT_OK) {
        return st;
    }
    map_at(c, op.out)->parent = whole;
    map_at(c, op.out)->parent_block = block;
    return dvti_ops_push(c->ctx, &c->ops, op);
}

static dvt_status concat_slots(dvti_comp *c, int32_t whole, const int32_t *parts, int32_t count)
{
    int32_t  cv = c->o.c_vec, blocks = 0, channel = 0, block = 0;
    int32_t *slots;

    for (int32_t i = 0; i < count; i++) {
        blocks += map_at(c, parts[i])->blocks;
    }
    slots = dvt_arena_calloc(c->arena, (size_t)blocks * (size_t)cv, sizeof *slots);
    if (!slots) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < count; i++) {
        const dvti_map *p = map_at(c, parts[i]);
        for (int32_t s = 0; s < p->blocks * cv; s++) {
            slots[block * cv + s] = p->slots[s] < 0 ? -1 : p->slots[s] + channel;
        }
        block += p->blocks;
        channel += p->c;
    }
    map_at(c, whole)->slots = slots;
    map_at(c, whole)->blocks = blocks;
    return DVT_OK;
}

static dvt_status lower_concat(dvti_comp *c, dvt_node_id id, const dvt_node *n)
{
    int32_t   *parts = dvt_arena_calloc(c->scratch, (size_t)n->input_count, sizeof *parts);
    int32_t    whole, block = 0;
    dvt_status st = parts ? DVT_OK : DVT_E_NOMEM;

    for (int32_t i = 0; st == DVT_OK && i < n->input_count; i++) {
        st = map_for_reading(c, n->inputs[i], &parts[i]);
    }
    if (st == DVT_OK) {
        st = out_map(c, n->outputs[0], &whole);
    }
    if (st == DVT_OK) {
        st = concat_slots(c, whole, parts, n->input_count);
    }
    if (st != DVT_OK) {
        return st;
    }
    map_at(c, whole)->scale = scale_of(c, n->outputs[0].i);
    for (int32_t i = 0; st == DVT_OK && i < n->input_count; i++) {
        dvti_map *p = map_at(c, parts[i]);
        if (can_move_in(c, parts[i])) {
            p->parent = whole;
            p->parent_block = block;
        } else {
            st = concat_part(c, id, n, i, whole, block, parts[i]);
        }
        block += map_at(c, parts[i])->blocks;
    }
    c->map_of[n->outputs[0].i] = whole;
    return st;
}

/* ---- host ---------------------------------------------------------------------------------- */

static dvt_status lower_host(dvti_comp *c, dvt_node_id id, const dvt_node *n, const char *reason)
{
    dvti_op op = {
        .kind = DVTI_OP_HOST, .node = id.i, .name = n->name, .in = -1, .out = -1, .elt = -1};

    for (int32_t i = 0; i < n->input_count; i++) {
        if (n->inputs[i].i >= 0 && c->map_of[n->inputs[i].i] >= 0) {
            map_at(c, c->map_of[n->inputs[i].i])->host_reads = true;
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

    if (!dvti_map_shape(value_of(c, v), &ch, &h, &w)) {
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
 * them a map is larger than its channels say. */
static bool slice_fits(const dvti_comp *c, const dvt_node *n, char *reason, size_t size)
{
    int64_t words = 0;
    int32_t operands = n->op == DVT_OP_BINARY || n->op == DVT_OP_NARY ? 2 : 1;

    if (n->op == DVT_OP_CONCAT) {
        return true; /* operands are copied one by one, if at all */
    }
    for (int32_t i = 0; i < operands && i < n->input_count; i++) {
        dvt_value_id v =
            n->op == DVT_OP_DENSE ? dvti_view_source(c->g, n->inputs[0]) : n->inputs[i];
        int32_t ch, h, w;
        if (dvti_map_shape(value_of(c, v), &ch, &h, &w)) {
            words += row_words(c, v, operands > 1) * least_rows(c, n, h);
        }
    }
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
    if (!node_has_table(c, n)) {
        snprintf(reason, sizeof reason, "the overlay's %d function tables are taken",
                 c->o.function_tables);
        return lower_host(c, id, n, reason);
    }
    switch (n->op) {
    case DVT_OP_CONV:
    case DVT_OP_DENSE: return lower_array(c, id, n);
    case DVT_OP_POOL:
    case DVT_OP_GLOBAL_POOL: return lower_pool(c, id, n);
    case DVT_OP_LRN: return lower_lrn(c, id, n);
    case DVT_OP_CONCAT: return lower_concat(c, id, n);
    case DVT_OP_BINARY:
    case DVT_OP_NARY: return lower_eltwise(c, id, n);
    default: return lower_pointwise(c, id, n);
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
        map_at(c, i)->scale = map_at(c, dvti_map_root(c, i, &block))->scale;
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
            map_at(c, m)->host_reads = true;
        }
    }
    share_scales(c);
    return st;
}
