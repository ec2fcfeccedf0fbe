/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuse.c - what an overlay operator does to its results on their way out: its tail.
 *
 * Idea      From the value that an operator makes, follow its only reader as long as that fits into
 *           the same trip: per-channel factors, an element-wise operation whose other operand is
 *           there already and has the same slots, an activation. Each auxiliary kernel is used once
 *           a trip, in an order that the crossbar connects.
 * Factors   compose in binary64 and are rounded to binary32 after each step.
 * Tables    one function table a function and parameter; a function that finds none free ends the
 *           trip (and runs on the host by itself).
 * Tests     tests/unit/test_lower.c, tests/diff/diff_compile.c
 */
#include "compile/lower_int.h"

#include <float.h>
#include <math.h>

/* ---- routes -------------------------------------------------------------------------------- */

static dvt_kernel route_end(const dvti_op *op)
{
    if (op->route_len > 0) {
        return (dvt_kernel)op->route[op->route_len - 1];
    }
    return op->kind == DVTI_OP_CONV ? DVT_KERNEL_ARRAY : DVT_KERNEL_SREAD;
}

/* May the trip go on to kernel `k`, and end there if nothing follows? */
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
    return (c->o.connect[route_end(op)] >> k & 1u) && (c->o.connect[k] >> DVT_KERNEL_WRITE & 1u);
}

void dvti_route_add(dvti_op *op, dvt_kernel k) { op->route[op->route_len++] = (int32_t)k; }

/* ---- per-channel factors ------------------------------------------------------------------- */

bool dvti_node_floats(const dvti_comp *c, const dvt_node *n, int32_t i, const float **out)
{
    dvt_tensor t;

    *out = NULL;
    if (i >= n->input_count || n->inputs[i].i < 0 || !dvt_graph_const(c->g, n->inputs[i], &t)) {
        return false;
    }
    *out = t.data;
    return true;
}

dvt_status dvti_factors_new(dvti_comp *c, dvti_op *op, int32_t channels)
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
    dvt_status   st = dvti_factors_new(c, op, channels);
    const float *p[5] = {NULL};

    for (int32_t i = 1; i < 5; i++) {
        dvti_node_floats(c, n, i, &p[i]);
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

dvt_status dvti_table_for(dvti_comp *c, dvt_table_kind kind, float param, int32_t *out)
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

bool dvti_node_has_table(const dvti_comp *c, const dvt_node *n)
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

dvt_status dvti_act_of_unary(dvti_comp *c, dvti_op *op, const dvt_unary_attrs *a)
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
        return dvti_table_for(c, DVT_TABLE_SIGMOID, 0.0f, &op->act_table);
    case DVT_UNARY_TANH:
        op->act = DVT_ACT_TABLE;
        return dvti_table_for(c, DVT_TABLE_TANH, 0.0f, &op->act_table);
    default:
        op->act = DVT_ACT_ELU;
        return dvti_table_for(c, DVT_TABLE_ELU, a->alpha, &op->act_table);
    }
}

dvt_status dvti_act_of_prelu(dvti_comp *c, dvti_op *op, const dvt_node *n, int32_t channels)
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

int32_t dvti_elt_fn_of(const dvt_node *n)
{
    if (n->op == DVT_OP_BINARY) {
        return n->attrs.binary.fn2 == DVT_BINARY_ADD   ? 0
               : n->attrs.binary.fn2 == DVT_BINARY_MUL ? 1
                                                       : 2;
    }
    return n->attrs.nary.fnn == DVT_NARY_SUM ? 0 : n->attrs.nary.fnn == DVT_NARY_PROD ? 1 : 2;
}

/* An extra trip that brings `map` into the array's layout; *map becomes the copy. */
dvt_status dvti_relayout(dvti_comp *c, int32_t node, int32_t *map)
{
    const dvti_map *m = dvti_map_at(c, *map);
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
        st = dvti_layout_array(c, dvti_map_at(c, op.out), 1);
    }
    if (st != DVT_OK) {
        return st;
    }
    dvti_map_at(c, op.out)->scale = dvti_map_at(c, *map)->scale;
    dvti_map_at(c, op.out)->overlay_reads = true;
    op.has_scale = true;
    dvti_route_add(&op, DVT_KERNEL_SCALE);
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

dvt_status dvti_add_affine(dvti_comp *c, dvti_op *op, const dvt_node *n, int32_t channels)
{
    if (!op->has_scale) {
        op->has_scale = true;
        dvti_route_add(op, DVT_KERNEL_SCALE);
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
    if (!dvti_node_has_table(c, n)) {
        return false;
    }
    if ((n->op == DVT_OP_SCALE || n->op == DVT_OP_BIAS || n->op == DVT_OP_BATCH_NORM) &&
        tail_affine(c, op)) {
        *st = dvti_add_affine(c, op, n, out->c);
    } else if ((n->op == DVT_OP_UNARY || n->op == DVT_OP_PRELU) && tail_act(c, op, n)) {
        dvti_route_add(op, DVT_KERNEL_ACT);
        *st = n->op == DVT_OP_UNARY ? dvti_act_of_unary(c, op, &n->attrs.unary)
                                    : dvti_act_of_prelu(c, op, n, out->c);
    } else if ((n->op == DVT_OP_BINARY || n->op == DVT_OP_NARY) &&
               tail_elt(c, op, n, *cur, out, &other)) {
        dvti_route_add(op, DVT_KERNEL_ELT);
        op->has_elt = true;
        op->elt_fn = dvti_elt_fn_of(n);
        op->elt = c->map_of[other.i];
        dvti_map_at(c, op->elt)->overlay_reads = true;
    } else {
        return false;
    }
    c->consumed[id.i] = true;
    *cur = n->outputs[0];
    return true;
}

/* Follows the tail, ties the last value to the map, appends the operator. */
dvt_status dvti_finish_op(dvti_comp *c, dvti_op *op, dvt_value_id first_out)
{
    dvt_value_id cur = first_out;
    dvt_status   st = DVT_OK;

    while (st == DVT_OK && extend(c, op, dvti_map_at(c, op->out), &cur, &st)) {
    }
    if (st != DVT_OK) {
        return st;
    }
    c->map_of[cur.i] = op->out;
    dvti_map_at(c, op->out)->value = cur.i;
    dvti_map_at(c, op->out)->name = dvti_value_of(c, cur)->name;
    dvti_map_at(c, op->out)->scale = dvti_value_scale(c, cur.i);
    return dvti_ops_push(c->ctx, &c->ops, *op);
}
