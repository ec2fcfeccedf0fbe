/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lower_ops.c - one node as an overlay operator: its maps, its window, its kernel; then its tail.
 *
 * Layouts   The array writes its own layout, all others keep that of their operand. An element-wise
 *           pair needs equal slots; where they differ, an identity convolution copies the operand
 *           into the array's layout first. Normalisation needs neighbours beside each other: a
 *           layout with gaps is copied likewise. Concatenation makes its operands ranges of one map
 *           where the overlay writes them and no other concatenation has them, and copies them
 *           otherwise.
 * Tests     tests/unit/test_lower.c, tests/diff/diff_compile.c
 */
#include "compile/lower_int.h"

/* ---- maps ---------------------------------------------------------------------------------- */

/* The map of a value that the overlay shall read; values the host makes are uploaded. */
static dvt_status map_for_reading(dvti_comp *c, dvt_value_id v, int32_t *out)
{
    dvt_status st = DVT_OK;
    int32_t    ch, h, w;

    *out = c->map_of[v.i];
    if (*out < 0) {
        if (!dvti_map_shape(dvti_value_of(c, v), &ch, &h, &w)) {
            return dvt_fail(c->ctx, DVT_E_INTERNAL, NULL, "value '%s' is no feature map",
                            dvti_value_of(c, v)->name);
        }
        st = dvti_map_new(c, dvti_value_of(c, v)->name, v.i, ch, h, w, out);
        if (st == DVT_OK) {
            st = dvti_layout_dense(c, dvti_map_at(c, *out));
        }
        if (st == DVT_OK) {
            dvti_map_at(c, *out)->host_makes = true;
            dvti_map_at(c, *out)->scale = dvti_value_scale(c, v.i);
            c->map_of[v.i] = *out;
        }
    }
    if (st == DVT_OK) {
        dvti_map_at(c, *out)->overlay_reads = true;
    }
    return st;
}

static dvt_status out_map(dvti_comp *c, dvt_value_id v, int32_t *out)
{
    int32_t ch, h, w;

    if (!dvti_map_shape(dvti_value_of(c, v), &ch, &h, &w)) {
        return dvt_fail(c->ctx, DVT_E_INTERNAL, NULL, "value '%s' is no feature map",
                        dvti_value_of(c, v)->name);
    }
    return dvti_map_new(c, dvti_value_of(c, v)->name, v.i, ch, h, w, out);
}

/* The map of an operator's result, in the layout of its first operand. */
static dvt_status out_map_like_in(dvti_comp *c, dvt_value_id v, dvti_op *op)
{
    dvt_status st = out_map(c, v, &op->out);

    return st == DVT_OK ? dvti_layout_like(c, dvti_map_at(c, op->out), dvti_map_at(c, op->in)) : st;
}

/* ---- operators ----------------------------------------------------------------------------- */

/* One window over the whole map. */
static dvti_window window_of_map(const dvti_map *m)
{
    return (dvti_window){
        .r = m->h, .s = m->w, .stride_h = 1, .stride_w = 1, .dil_h = 1, .dil_w = 1};
}

/* The depthwise kernel keeps the operand's layout, the array makes its own. */
static dvt_status choose_array_kernel(dvti_comp *c, dvti_op *op)
{
    const dvti_map *in = dvti_map_at(c, op->in);
    dvti_map       *out = dvti_map_at(c, op->out);
    bool            depthwise = op->groups > 1 && op->groups == in->c && out->c == in->c &&
                     dvt_overlay_has(&c->o, DVT_KERNEL_DEPTHWISE) &&
                     (c->o.connect[DVT_KERNEL_SREAD] >> DVT_KERNEL_DEPTHWISE & 1u) &&
                     (c->o.connect[DVT_KERNEL_DEPTHWISE] >> DVT_KERNEL_SCALE & 1u);

    op->has_scale = true;
    if (depthwise) {
        op->kind = DVTI_OP_DEPTHWISE;
        dvti_route_add(op, DVT_KERNEL_DEPTHWISE);
        dvti_route_add(op, DVT_KERNEL_SCALE);
        return dvti_layout_like(c, out, in);
    }
    op->mapping_cycles =
        dvt_overlay_conv_cycles(&c->o, op->groups, in->c / op->groups, out->c / op->groups, out->w,
                                out->h, op->win.r, op->win.s);
    dvti_route_add(op, DVT_KERNEL_SCALE);
    return dvti_layout_array(c, out, op->groups);
}

dvt_status dvti_lower_array(dvti_comp *c, dvt_node_id id, const dvt_node *n)
{
    dvti_op      op = {.kind = DVTI_OP_CONV, .node = id.i, .name = n->name, .elt = -1, .groups = 1};
    bool         dense = n->op == DVT_OP_DENSE;
    const float *bias = NULL;
    dvt_status   st =
        map_for_reading(c, dense ? dvti_view_source(c->g, n->inputs[0]) : n->inputs[0], &op.in);

    if (st == DVT_OK) {
        st = out_map(c, n->outputs[0], &op.out);
    }
    if (st != DVT_OK) {
        return st;
    }
    op.macs = dvt_graph_node_macs(c->g, id);
    op.win = dense ? window_of_map(dvti_map_at(c, op.in)) : dvti_window_of(&n->attrs.conv.win);
    op.groups = dense ? 1 : (int32_t)n->attrs.conv.groups;
    dvti_node_floats(c, n, 1, &op.weights);
    dvti_node_floats(c, n, 2, &bias);
    st = choose_array_kernel(c, &op);
    if (st == DVT_OK) {
        st = dvti_factors_new(c, &op, dvti_map_at(c, op.out)->c);
    }
    for (int32_t k = 0; st == DVT_OK && bias && k < dvti_map_at(c, op.out)->c; k++) {
        op.bias[k] = bias[k];
    }
    return st == DVT_OK ? dvti_finish_op(c, &op, n->outputs[0]) : st;
}

dvt_status dvti_lower_pool(dvti_comp *c, dvt_node_id id, const dvt_node *n)
{
    const dvt_pool_attrs *a = &n->attrs.pool;
    dvti_op               op = {.kind = DVTI_OP_POOL,
                                .node = id.i,
                                .name = n->name,
                                .elt = -1,
                                .groups = 1,
                                .pool_kind = a->kind};
    dvt_status            st = map_for_reading(c, n->inputs[0], &op.in);

    if (st == DVT_OK) {
        st = out_map_like_in(c, n->outputs[0], &op);
    }
    if (st != DVT_OK) {
        return st;
    }
    if (n->op == DVT_OP_GLOBAL_POOL) {
        op.win = window_of_map(dvti_map_at(c, op.in));
    } else {
        op.win = dvti_window_of(&a->win);
        op.pool_by_valid =
            a->kind == DVT_POOL_AVG && dvti_pool_divisor(c->g, n) == DVTI_DIVISOR_VALID;
    }
    op.pool_recip = 1.0f / (float)(op.win.r * op.win.s);
    dvti_route_add(&op, DVT_KERNEL_POOL);
    return dvti_finish_op(c, &op, n->outputs[0]);
}

dvt_status dvti_lower_lrn(dvti_comp *c, dvt_node_id id, const dvt_node *n)
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

    if (st == DVT_OK && !dvti_layout_is_dense(c, dvti_map_at(c, op.in))) {
        st = dvti_relayout(c, id.i, &op.in);
    }
    if (st == DVT_OK) {
        st = out_map_like_in(c, n->outputs[0], &op);
    }
    if (st == DVT_OK) {
        st = dvti_table_for(c, DVT_TABLE_POWER, -a->beta, &op.lrn_table);
    }
    if (st != DVT_OK) {
        return st;
    }
    dvti_route_add(&op, DVT_KERNEL_LRN);
    return dvti_finish_op(c, &op, n->outputs[0]);
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
dvt_status dvti_lower_pointwise(dvti_comp *c, dvt_node_id id, const dvt_node *n)
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
        dvti_route_add(&op, DVT_KERNEL_ACT);
        st = n->op == DVT_OP_UNARY ? dvti_act_of_unary(c, &op, &n->attrs.unary)
                                   : dvti_act_of_prelu(c, &op, n, dvti_map_at(c, op.out)->c);
    } else {
        st = dvti_add_affine(c, &op, n, dvti_map_at(c, op.out)->c);
    }
    return st == DVT_OK ? dvti_finish_op(c, &op, n->outputs[0]) : st;
}

/* Brings both operands into the array's layout where their slots differ. */
static dvt_status equal_layouts(dvti_comp *c, dvti_op *op)
{
    dvti_map   like = *dvti_map_at(c, op->in);
    dvt_status st;

    if (dvti_layout_equal(c, dvti_map_at(c, op->in), dvti_map_at(c, op->elt))) {
        return DVT_OK;
    }
    st = dvti_layout_array(c, &like, 1);
    if (st == DVT_OK && !dvti_layout_equal(c, dvti_map_at(c, op->in), &like)) {
        st = dvti_relayout(c, op->node, &op->in);
    }
    if (st == DVT_OK && !dvti_layout_equal(c, dvti_map_at(c, op->elt), &like)) {
        st = dvti_relayout(c, op->node, &op->elt);
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
    op->elt_fn = dvti_elt_fn_of(n);
    dvti_route_add(op, DVT_KERNEL_ELT);
    st = map_for_reading(c, other, &op->elt);
    if (st == DVT_OK) {
        st = equal_layouts(c, op);
    }
    return st == DVT_OK ? out_map_like_in(c, n->outputs[0], op) : st;
}

/* One trip per further operand: ((a + b) + c) + ...; a copy if there is none. */
dvt_status dvti_lower_eltwise(dvti_comp *c, dvt_node_id id, const dvt_node *n)
{
    dvti_op    op = copy_op(id.i, n->name);
    dvt_status st = map_for_reading(c, n->inputs[0], &op.in);

    if (st == DVT_OK && n->input_count == 1) {
        st = out_map_like_in(c, n->outputs[0], &op);
    }
    for (int32_t i = 1; st == DVT_OK && i < n->input_count; i++) {
        st = eltwise_op(c, id, n, op.in, n->inputs[i], &op);
        if (st == DVT_OK && i + 1 < n->input_count) {
            dvti_map_at(c, op.out)->overlay_reads = true;
            dvti_map_at(c, op.out)->scale = dvti_value_scale(c, n->outputs[0].i);
            st = dvti_ops_push(c->ctx, &c->ops, op);
            op.in = op.out;
        }
    }
    return st == DVT_OK ? dvti_finish_op(c, &op, n->outputs[0]) : st;
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
    st = dvti_map_new(c, op.name, -1, dvti_map_at(c, part)->c, dvti_map_at(c, part)->h,
                      dvti_map_at(c, part)->w, &op.out);
    if (st == DVT_OK) {
        st = dvti_layout_like(c, dvti_map_at(c, op.out), dvti_map_at(c, part));
    }
    if (st != DVT_OK) {
        return st;
    }
    dvti_map_at(c, op.out)->parent = whole;
    dvti_map_at(c, op.out)->parent_block = block;
    return dvti_ops_push(c->ctx, &c->ops, op);
}

static dvt_status concat_slots(dvti_comp *c, int32_t whole, const int32_t *parts, int32_t count)
{
    int32_t  cv = c->o.c_vec, blocks = 0, channel = 0, block = 0;
    int32_t *slots;

    for (int32_t i = 0; i < count; i++) {
        blocks += dvti_map_at(c, parts[i])->blocks;
    }
    slots = dvt_arena_calloc(c->arena, (size_t)blocks * (size_t)cv, sizeof *slots);
    if (!slots) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < count; i++) {
        const dvti_map *p = dvti_map_at(c, parts[i]);
        for (int32_t s = 0; s < p->blocks * cv; s++) {
            slots[block * cv + s] = p->slots[s] < 0 ? -1 : p->slots[s] + channel;
        }
        block += p->blocks;
        channel += p->c;
    }
    dvti_map_at(c, whole)->slots = slots;
    dvti_map_at(c, whole)->blocks = blocks;
    return DVT_OK;
}

dvt_status dvti_lower_concat(dvti_comp *c, dvt_node_id id, const dvt_node *n)
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
    dvti_map_at(c, whole)->scale = dvti_value_scale(c, n->outputs[0].i);
    for (int32_t i = 0; st == DVT_OK && i < n->input_count; i++) {
        dvti_map *p = dvti_map_at(c, parts[i]);
        if (can_move_in(c, parts[i])) {
            p->parent = whole;
            p->parent_block = block;
        } else {
            st = concat_part(c, id, n, i, whole, block, parts[i]);
        }
        block += dvti_map_at(c, parts[i])->blocks;
    }
    c->map_of[n->outputs[0].i] = whole;
    return st;
}
