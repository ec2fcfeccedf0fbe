/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec_layout.c - which tensors of a fast executor are stored channels last: (N, spatial.., C).
 *
 * Idea      Fast convolutions compute on channels-last images on the processors that matter. Where
 *           one feeds another, directly or through nodes that work as well on either layout, the
 *           images between them stay channels last: nothing is rearranged on the way there and
 *           back. Backwards over the steps we find the values for which that pays, forwards those
 *           for which it is possible.
 * Roles     conv      packed convolution: rearranges its own input and output where it has to
 *           follower  computes on channels-last images if all its image inputs are, and then
 *                     produces one; the bits are the same in both layouts
 *           alias     shares its input's bytes with another shape: the input is plain
 *           other     takes plain tensors; an input that is channels last is rearranged first
 * Invariants (1) what the caller can read, and graph inputs and constants, are plain;
 *           (2) tensors with one channel or one position are called plain: both layouts agree.
 * Tests     tests/unit/test_exec_layout.c, tests/diff/diff_exec.c
 */
#include "graph/exec_int.h"

typedef struct plan {
    bool *useful; /* (value_count) a convolution would profit */
    bool *pinned; /* (value_count) must be plain */
} plan;

/* ---- roles --------------------------------------------------------------------------------- */

static bool is_alias(const dvt_node *n)
{
    return n->op == DVT_OP_RESHAPE || n->op == DVT_OP_IDENTITY;
}

/* The two layouts differ. */
static bool is_image(const dvt_exec *x, dvt_value_id id)
{
    if (id.i < 0) return false;
    const dvt_value *v = dvt_graph_value(x->g, id);
    int64_t          count = dvt_shape_count(&v->shape);
    if ((v->dtype != DVT_DTYPE_F32 && v->dtype != DVT_DTYPE_F16) || v->shape.rank < 3 || !count)
        return false;
    int64_t c = v->shape.dim[1], places = count / (v->shape.dim[0] * c);
    return c > 1 && places > 1;
}

static bool same_shapes(const dvt_exec *x, const dvt_node *n)
{
    const dvt_shape *y = &dvt_graph_value(x->g, n->outputs[0])->shape;
    for (int32_t i = 0; i < n->input_count; i++)
        if (!dvt_shape_equal(&dvt_graph_value(x->g, n->inputs[i])->shape, y)) return false;
    return true;
}

static bool follows(const dvt_exec *x, const dvt_node *n)
{
    switch (n->op) {
    case DVT_OP_POOL:
    case DVT_OP_GLOBAL_POOL: return n->attrs.pool.kind != DVT_POOL_LP;
    case DVT_OP_LRN: return !n->attrs.lrn.within_channel;
    case DVT_OP_UNARY:
    case DVT_OP_BATCH_NORM: return true;
    case DVT_OP_BINARY:
    case DVT_OP_NARY: return same_shapes(x, n);
    case DVT_OP_CONCAT: return n->attrs.axis.axis == 1;
    default: return false;
    }
}

/* Inputs [0, count) of a follower are images. */
static int32_t image_inputs(const dvt_node *n)
{
    bool all = n->op == DVT_OP_BINARY || n->op == DVT_OP_NARY || n->op == DVT_OP_CONCAT;
    return all ? n->input_count : 1;
}

static dvt_value_id step_output(const dvt_exec *x, const dvti_step *s)
{
    return dvt_graph_node(x->g, s->tail)->outputs[0];
}

/* ---- where it pays ------------------------------------------------------------------------- */

static void find_pinned(const dvt_exec *x, plan *p)
{
    for (int32_t v = 0; v < dvt_graph_value_count(x->g); v++) p->pinned[v] = x->readable[v];
    for (int32_t i = 0; i < x->step_count; i++) {
        const dvt_node *n = dvt_graph_node(x->g, x->steps[i].node);
        if (is_alias(n)) p->pinned[n->inputs[0].i] = true;
    }
}

/* A follower is worth it if its own output is, or has no layout. */
static bool result_pays(const dvt_exec *x, const plan *p, const dvti_step *s)
{
    dvt_value_id y = step_output(x, s);
    return !is_image(x, y) || (p->useful[y.i] && !p->pinned[y.i]);
}

static void find_useful(const dvt_exec *x, plan *p)
{
    for (int32_t i = x->step_count - 1; i >= 0; i--) {
        const dvti_step *s = &x->steps[i];
        const dvt_node  *n = dvt_graph_node(x->g, s->node);
        if (s->packs) p->useful[n->inputs[0].i] = true;
        if (s->packs || !follows(x, n) || !result_pays(x, p, s)) continue;
        for (int32_t k = 0; k < image_inputs(n); k++) p->useful[n->inputs[k].i] = true;
    }
}

/* ---- where it is possible ------------------------------------------------------------------ */

static bool inputs_are_last(const dvt_exec *x, const dvt_node *n)
{
    bool any = false;
    for (int32_t k = 0; k < image_inputs(n); k++) {
        if (!is_image(x, n->inputs[k])) continue;
        if (!x->last[n->inputs[k].i]) return false;
        any = true;
    }
    return any;
}

static void decide(dvt_exec *x, const plan *p, dvti_step *s)
{
    const dvt_node *n = dvt_graph_node(x->g, s->node);
    dvt_value_id    y = step_output(x, s);
    bool            wanted = is_image(x, y) && p->useful[y.i] && !p->pinned[y.i];

    if (s->packs) {
        x->last[y.i] = wanted;
        return;
    }
    s->last = follows(x, n) && result_pays(x, p, s) && inputs_are_last(x, n);
    if (s->last) x->last[y.i] = wanted;
}

dvt_status dvti_exec_layout(dvt_exec *x)
{
    size_t values = (size_t)dvt_graph_value_count(x->g) + 1;
    plan   p = {dvt_arena_calloc(x->arena, values, sizeof *p.useful),
                dvt_arena_calloc(x->arena, values, sizeof *p.pinned)};

    x->last = dvt_arena_calloc(x->arena, values, sizeof *x->last);
    if (!p.useful || !p.pinned || !x->last) return DVT_E_NOMEM;
    if (x->kind != DVT_EXEC_FAST) return DVT_OK;
    find_pinned(x, &p);
    find_useful(x, &p);
    for (int32_t i = 0; i < x->step_count; i++) decide(x, &p, &x->steps[i]);
    return DVT_OK;
}

/* ---- rearranging --------------------------------------------------------------------------- */

static size_t aligned(size_t bytes)
{
    return (bytes + DVT_ALIGN - 1) / DVT_ALIGN * DVT_ALIGN;
}

dvt_status dvti_exec_plan_unpack(dvt_exec *x, dvti_step *s)
{
    const dvt_node *n = dvt_graph_node(x->g, s->node);

    if (s->packs || s->last) return DVT_OK;
    for (int32_t k = 0; k < n->input_count; k++) {
        if (n->inputs[k].i < 0 || !x->last[n->inputs[k].i]) continue;
        if (!s->unpack) s->unpack = dvt_arena_calloc(x->arena, (size_t)n->input_count,
                                                     sizeof *s->unpack);
        if (!s->unpack) return DVT_E_NOMEM;
        size_t at = aligned(s->scratch_bytes);
        s->unpack[s->unpack_count++] = (dvti_unpack){.input = k, .offset = at};
        if (!dvt_add_size(at, aligned(s->in[k].bytes), &s->scratch_bytes))
            return dvt_fail(x->ctx, DVT_E_NOMEM, NULL, "node '%s': scratch is too large", n->name);
    }
    return DVT_OK;
}

void dvti_exec_place_unpack(dvti_step *s)
{
    for (int32_t i = 0; i < s->unpack_count; i++) {
        dvti_unpack *u = &s->unpack[i];
        u->from = s->in[u->input].data;
        s->in[u->input].data = (uint8_t *)s->eval.scratch + u->offset;
    }
}

void dvti_exec_unpack(const dvti_step *s)
{
    for (int32_t i = 0; i < s->unpack_count; i++) {
        const dvt_tensor *to = &s->in[s->unpack[i].input];
        int32_t           rank = to->shape.rank;
        dvt_shape         last = to->shape;
        int64_t           perm[DVT_MAX_RANK] = {0, rank - 1};
        for (int32_t k = 1; k + 1 < rank; k++) {
            last.dim[k] = to->shape.dim[k + 1];
            perm[k + 1] = k;
        }
        last.dim[rank - 1] = to->shape.dim[1];
        dvt_tensor from = dvt_tensor_wrap(to->dtype, &last, (void *)(uintptr_t)s->unpack[i].from);
        dvt_move_transpose(&from, perm, to);
    }
}
