/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec_steps.c - what an executor runs: which nodes, fused how, with what prepared.
 *
 * Needed    A node runs if one of its outputs is readable or read by a node that runs. Branches
 *           without a reader (the loss of a training prototxt) cost nothing.
 * Fusing    FAST only: a ReLU or clip that is the only reader of a f32 convolution whose own
 *           result nobody asked for becomes the convolution's activation. The rounding is the same
 *           as in two steps, as both functions return one of their operands.
 * Prepared  FAST only: packed weights of convolutions; batch-norm constants as a scale and bias;
 *           f16 constants widened once. What comes at run time instead is computed as it comes.
 * Tests     tests/unit/test_exec.c, tests/diff/diff_exec.c
 */
#include <string.h>

#include "graph/exec_int.h"

/* ---- which nodes --------------------------------------------------------------------------- */

enum { NO_READER = -1, MANY_READERS = -2 };

typedef struct usage {
    bool    *needed; /* (node_count) */
    int32_t *reader; /* (value_count) the only needed reader, NO_READER or MANY_READERS */
} usage;

static bool node_is_needed(const dvt_exec *x, const dvt_node *n, const int32_t *reader)
{
    for (int32_t i = 0; i < n->output_count; i++)
        if (x->readable[n->outputs[i].i] || reader[n->outputs[i].i] != NO_READER) return true;
    return false;
}

/* Backwards, so that readers are known before what they read. */
static dvt_status find_usage(const dvt_exec *x, usage *u)
{
    int32_t values = dvt_graph_value_count(x->g), nodes = dvt_graph_node_count(x->g);

    u->needed = dvt_arena_calloc(x->arena, (size_t)nodes + 1, sizeof *u->needed);
    u->reader = dvt_arena_calloc(x->arena, (size_t)values + 1, sizeof *u->reader);
    if (!u->needed || !u->reader) return DVT_E_NOMEM;
    for (int32_t i = 0; i < values; i++) u->reader[i] = NO_READER;
    for (int32_t i = nodes - 1; i >= 0; i--) {
        const dvt_node *n = dvt_graph_node(x->g, (dvt_node_id){i});
        if (n->dead || !node_is_needed(x, n, u->reader)) continue;
        u->needed[i] = true;
        for (int32_t k = 0; k < n->input_count; k++) {
            int32_t v = n->inputs[k].i;
            if (v >= 0) u->reader[v] = u->reader[v] == NO_READER ? i : MANY_READERS;
        }
    }
    return DVT_OK;
}

/* ---- fusing -------------------------------------------------------------------------------- */

static bool as_activation(const dvt_node *n, dvt_act *out)
{
    *out = (dvt_act){.kind = DVT_ACT_NONE};
    if (n->op != DVT_OP_UNARY) return false;
    if (n->attrs.unary.fn == DVT_UNARY_RELU) out->kind = DVT_ACT_RELU;
    if (n->attrs.unary.fn == DVT_UNARY_CLIP)
        *out = (dvt_act){DVT_ACT_CLIP, n->attrs.unary.alpha, n->attrs.unary.beta};
    return out->kind != DVT_ACT_NONE;
}

static bool is_conv(const dvt_node *n)
{
    return n->op == DVT_OP_CONV || n->op == DVT_OP_CONV_TRANSPOSE;
}

static bool input_is_const(const dvt_graph *g, const dvt_node *n, int32_t i)
{
    dvt_tensor t;
    return i >= n->input_count || n->inputs[i].i < 0 || dvt_graph_const(g, n->inputs[i], &t);
}

/* Weights and bias are known, so that a plan can be made. */
static bool can_pack(const dvt_exec *x, const dvt_node *n)
{
    return x->kind == DVT_EXEC_FAST && is_conv(n) && input_is_const(x->g, n, 1) &&
           input_is_const(x->g, n, 2);
}

/* The activation node to fuse behind node n, or DVT_NO_NODE. */
static dvt_node_id fused_tail(const dvt_exec *x, const dvt_node *n, const usage *u)
{
    dvt_act act;
    if (!can_pack(x, n)) return DVT_NO_NODE;
    int32_t y = n->outputs[0].i, reader = u->reader[y];
    if (x->readable[y] || reader < 0) return DVT_NO_NODE;
    if (dvt_graph_value(x->g, n->outputs[0])->dtype != DVT_DTYPE_F32) return DVT_NO_NODE;
    if (!as_activation(dvt_graph_node(x->g, (dvt_node_id){reader}), &act)) return DVT_NO_NODE;
    return (dvt_node_id){reader};
}

dvt_status dvti_exec_plan_steps(dvt_exec *x)
{
    int32_t    nodes = dvt_graph_node_count(x->g);
    usage      u;
    dvt_status st = find_usage(x, &u);

    if (st) return st;
    x->steps = dvt_arena_calloc(x->arena, (size_t)nodes + 1, sizeof *x->steps);
    bool *fused = dvt_arena_calloc(x->arena, (size_t)nodes + 1, sizeof *fused);
    if (!x->steps || !fused) return DVT_E_NOMEM;
    for (int32_t i = 0; i < nodes; i++) {
        if (!u.needed[i] || fused[i]) continue;
        dvt_node_id id = {i}, tail = fused_tail(x, dvt_graph_node(x->g, id), &u);
        if (tail.i >= 0) fused[tail.i] = true;
        x->steps[x->step_count++] = (dvti_step){.node = id,
                                                .tail = tail.i >= 0 ? tail : id,
                                                .packs = can_pack(x, dvt_graph_node(x->g, id))};
    }
    return DVT_OK;
}

/* ---- preparing kernels --------------------------------------------------------------------- */

static dvt_status missing_data(const dvt_exec *x, const dvt_value *v, const char *reader)
{
    dvt_status st = dvt_fail(x->ctx, DVT_E_USAGE, NULL, "parameter '%s' of '%s' has no data",
                             v->name, reader);
    dvt_fail_hint(x->ctx, "load the network's weights, or fill parameters with seeded values");
    return st;
}

/* Constants get their data; the others a type and a shape. */
static dvt_status describe(const dvt_exec *x, dvt_value_id id, const char *reader, dvt_tensor *out)
{
    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    if (id.i < 0) return DVT_OK;
    const dvt_value *v = dvt_graph_value(x->g, id);
    if (v->kind == DVT_VALUE_PARAM) return missing_data(x, v, reader);
    *out = dvt_tensor_wrap(v->dtype, &v->shape, NULL);
    if (v->kind == DVT_VALUE_CONST) (void)dvt_graph_const(x->g, id, out);
    return DVT_OK;
}

static dvt_status describe_step(dvt_exec *x, dvti_step *s)
{
    const dvt_node *n = dvt_graph_node(x->g, s->node), *tail = dvt_graph_node(x->g, s->tail);
    dvt_status      st = DVT_OK;

    s->in = dvt_arena_calloc(x->arena, (size_t)n->input_count + 1, sizeof *s->in);
    s->out = dvt_arena_calloc(x->arena, (size_t)n->output_count + 1, sizeof *s->out);
    if (!s->in || !s->out) return DVT_E_NOMEM;
    for (int32_t i = 0; !st && i < n->input_count; i++)
        st = describe(x, n->inputs[i], n->name, &s->in[i]);
    for (int32_t i = 0; !st && i < n->output_count; i++)
        st = describe(x, tail->outputs[i], n->name, &s->out[i]);
    s->eval = (dvti_eval){.ctx = x->ctx,
                          .node = n,
                          .in = s->in,
                          .out = s->out,
                          .fast = x->kind == DVT_EXEC_FAST,
                          .last = s->last};
    return st;
}

/* A constant that the row would widen in each run is widened now. */
static dvt_status widen_const(dvt_exec *x, const dvti_eval_op *row, dvt_tensor *t)
{
    dvt_dtype wide = dvti_eval_widened(row->widen, t->dtype);
    size_t    bytes;

    if (!t->data || wide == t->dtype) return DVT_OK;
    if (!dvt_mul_size((size_t)dvt_shape_count(&t->shape), dvt_dtype_bytes(wide), &bytes))
        return dvt_fail(x->ctx, DVT_E_NOMEM, NULL, "a constant is too large");
    void *data = dvt_arena_aligned(x->arena, bytes ? bytes : 1, DVT_ALIGN);
    if (!data) return DVT_E_NOMEM;
    dvt_tensor to = dvt_tensor_wrap(wide, &t->shape, data);
    dvt_tensor_convert(t, &to);
    *t = to;
    return DVT_OK;
}

static dvt_status pack_conv(dvt_exec *x, dvti_step *s)
{
    const dvt_node    *n = s->eval.node;
    dvt_value_id       y = dvt_graph_node(x->g, s->tail)->outputs[0];
    dvt_conv_plan_opts opts = {.transposed = n->op == DVT_OP_CONV_TRANSPOSE,
                               .x_last = x->last[n->inputs[0].i],
                               .y_last = x->last[y.i]};
    dvt_conv_dims      d = dvti_conv_dims(n, &s->in[0].shape, &s->in[1].shape, &s->out[0].shape);

    if (s->tail.i != s->node.i) (void)as_activation(dvt_graph_node(x->g, s->tail), &opts.act);
    dvt_status st = dvt_conv_plan_create(x->ctx, &d, s->in[1].data, dvti_eval_f32(&s->eval, 2),
                                         &opts, &s->plan);
    s->eval.plan = s->plan;
    return st;
}

/* batch_norm with constants: (2, C) scale and bias. */
static dvt_status fold_affine(dvt_exec *x, dvti_step *s)
{
    const dvt_tensor *in = s->in;
    size_t            c = (size_t)dvt_shape_count(&in[1].shape);
    float            *affine = dvt_arena_calloc(x->arena, 2 * c + 1, sizeof *affine);

    if (!affine) return DVT_E_NOMEM;
    dvt_batch_norm_fold((int64_t)c, in[1].data, in[2].data, in[3].data, in[4].data,
                        s->eval.node->attrs.norm.epsilon, affine, affine + c);
    s->eval.affine = affine;
    return DVT_OK;
}

static bool batch_norm_is_const(const dvt_exec *x, const dvt_node *n)
{
    for (int32_t i = 1; i < n->input_count; i++)
        if (!input_is_const(x->g, n, i)) return false;
    return n->op == DVT_OP_BATCH_NORM;
}

static dvt_status prepare_fast(dvt_exec *x, dvti_step *s)
{
    const dvti_eval_op *row = dvti_eval_op_of(s->eval.node->op);
    dvt_status          st = DVT_OK;

    for (int32_t i = 0; !st && i < s->eval.node->input_count; i++)
        st = widen_const(x, row, &s->in[i]);
    if (!st && s->packs) st = pack_conv(x, s);
    if (!st && batch_norm_is_const(x, s->eval.node)) st = fold_affine(x, s);
    return st;
}

dvt_status dvti_exec_prepare(dvt_exec *x)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; !st && i < x->step_count; i++) {
        dvti_step *s = &x->steps[i];
        st = describe_step(x, s);
        if (!st) st = dvti_eval_check(&s->eval);
        if (!st && x->kind == DVT_EXEC_FAST) st = prepare_fast(x, s);
        if (!st && !dvti_eval_scratch_bytes(&s->eval, &s->scratch_bytes))
            st = dvt_fail(x->ctx, DVT_E_NOMEM, NULL, "node '%s': scratch is too large",
                          s->eval.node->name);
        if (!st) st = dvti_exec_plan_unpack(x, s);
    }
    return st;
}
