/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval.c - the evaluation table, widening, and the evaluation of one node on given tensors.
 *
 * Idea      See eval_int.h: a row per operator, found by the operator's number. What every row
 *           shares stands here: types that are widened to f32 and rounded back, the shape check of
 *           the caller's tensors, and the texts of refusals.
 * Rounding  A widened node rounds once, at its end, from f32 to f16 (nearest even). This is what a
 *           device with f32 accumulators and f16 memory does; docs/numerics.md section 1.
 * Memory    dvt_node_eval takes scratch and outputs from the graph's context; the executor plans
 *           both ahead and calls dvti_eval_run directly.
 * Tests     tests/unit/test_eval.c, tests/fault/fault_exec.c
 */
#include <string.h>

#include "graph/eval_int.h"

/* ---- the table ----------------------------------------------------------------------------- */

const dvti_eval_op *dvti_eval_op_of(dvt_op op)
{
    static const dvti_eval_op *const rows[] = {
        [DVT_OP_CONV] = &dvti_eval_conv,
        [DVT_OP_CONV_TRANSPOSE] = &dvti_eval_conv_transpose,
        [DVT_OP_DENSE] = &dvti_eval_dense,
        [DVT_OP_MATMUL] = &dvti_eval_matmul,
        [DVT_OP_GEMM] = &dvti_eval_gemm,
        [DVT_OP_POOL] = &dvti_eval_pool,
        [DVT_OP_GLOBAL_POOL] = &dvti_eval_global_pool,
        [DVT_OP_LRN] = &dvti_eval_lrn,
        [DVT_OP_BATCH_NORM] = &dvti_eval_batch_norm,
        [DVT_OP_INSTANCE_NORM] = &dvti_eval_instance_norm,
        [DVT_OP_SCALE] = &dvti_eval_scale,
        [DVT_OP_BIAS] = &dvti_eval_bias,
        [DVT_OP_UNARY] = &dvti_eval_unary,
        [DVT_OP_PRELU] = &dvti_eval_prelu,
        [DVT_OP_SOFTMAX] = &dvti_eval_softmax,
        [DVT_OP_BINARY] = &dvti_eval_binary,
        [DVT_OP_NARY] = &dvti_eval_nary,
        [DVT_OP_WHERE] = &dvti_eval_where,
        [DVT_OP_REDUCE] = &dvti_eval_reduce,
        [DVT_OP_CONCAT] = &dvti_eval_concat,
        [DVT_OP_SLICE] = &dvti_eval_slice,
        [DVT_OP_SPLIT] = &dvti_eval_split,
        [DVT_OP_RESHAPE] = &dvti_eval_copy,
        [DVT_OP_TRANSPOSE] = &dvti_eval_transpose,
        [DVT_OP_PAD] = &dvti_eval_pad,
        [DVT_OP_RESIZE] = &dvti_eval_resize,
        [DVT_OP_DEPTH_TO_SPACE] = &dvti_eval_depth_to_space,
        [DVT_OP_SPACE_TO_DEPTH] = &dvti_eval_space_to_depth,
        [DVT_OP_EXPAND] = &dvti_eval_expand,
        [DVT_OP_TILE] = &dvti_eval_tile,
        [DVT_OP_GATHER] = &dvti_eval_gather,
        [DVT_OP_CAST] = &dvti_eval_cast,
        [DVT_OP_CUMSUM] = &dvti_eval_cumsum,
        [DVT_OP_IDENTITY] = &dvti_eval_copy,
    };
    _Static_assert(sizeof rows / sizeof rows[0] == DVT_OP_COUNT, "a row for each operator");
    return rows[op];
}

/* ---- types --------------------------------------------------------------------------------- */

dvt_dtype dvti_eval_widened(dvti_widen widen, dvt_dtype dtype)
{
    bool small = dtype == DVT_DTYPE_I8 || dtype == DVT_DTYPE_U8;
    bool wide = (widen != DVTI_WIDEN_NEVER && dtype == DVT_DTYPE_F16) ||
                (widen == DVTI_WIDEN_SMALL && small);
    return wide ? DVT_DTYPE_F32 : dtype;
}

dvt_status dvti_eval_refuse_type(const dvti_eval *e, const char *what, dvt_dtype dtype)
{
    return dvt_fail(e->ctx, DVT_E_UNSUPPORTED, NULL, "node '%s' (%s): %s of type %s is not handled",
                    e->node->name, dvt_op_describe(e->node->op)->name, what, dvt_dtype_name(dtype));
}

dvt_status dvti_eval_check_f32(const dvti_eval *e)
{
    dvti_widen widen = dvti_eval_op_of(e->node->op)->widen;
    for (int32_t i = 0; i < e->node->input_count; i++) {
        dvt_dtype t = e->in[i].dtype;
        if (t != DVT_DTYPE_NONE && dvti_eval_widened(widen, t) != DVT_DTYPE_F32)
            return dvti_eval_refuse_type(e, "an input", t);
    }
    for (int32_t i = 0; i < e->node->output_count; i++) {
        if (dvti_eval_widened(widen, e->out[i].dtype) != DVT_DTYPE_F32)
            return dvti_eval_refuse_type(e, "an output", e->out[i].dtype);
    }
    return DVT_OK;
}

const float *dvti_eval_f32(const dvti_eval *e, int32_t i)
{
    return i < e->node->input_count && e->in[i].dtype != DVT_DTYPE_NONE ? e->in[i].data : NULL;
}

/* ---- widening ------------------------------------------------------------------------------ */

/* Scratch of a widened node: descriptors of all its tensors, then the f32 data of those that are
 * converted, then what the row itself needs. Each part starts at a multiple of DVT_ALIGN. */

static bool is_widened(const dvti_eval_op *row, const dvt_tensor *t)
{
    return dvti_eval_widened(row->widen, t->dtype) != t->dtype;
}

static bool any_widened(const dvti_eval *e, const dvti_eval_op *row)
{
    for (int32_t i = 0; i < e->node->input_count; i++)
        if (is_widened(row, &e->in[i])) return true;
    for (int32_t i = 0; i < e->node->output_count; i++)
        if (is_widened(row, &e->out[i])) return true;
    return false;
}

/* *sum += count * size, rounded up to DVT_ALIGN. */
static bool add_part(size_t count, size_t size, size_t *sum)
{
    size_t bytes;
    if (!dvt_mul_size(count, size, &bytes) || !dvt_add_size(bytes, DVT_ALIGN - 1, &bytes))
        return false;
    return dvt_add_size(*sum, bytes / DVT_ALIGN * DVT_ALIGN, sum);
}

static bool add_wide_data(const dvti_eval_op *row, const dvt_tensor *t, int32_t count, size_t *sum)
{
    for (int32_t i = 0; i < count; i++) {
        if (is_widened(row, &t[i]) &&
            !add_part((size_t)dvt_shape_count(&t[i].shape), sizeof(float), sum))
            return false;
    }
    return true;
}

static size_t descriptor_count(const dvti_eval *e)
{
    return (size_t)e->node->input_count + (size_t)e->node->output_count;
}

bool dvti_eval_scratch_bytes(const dvti_eval *e, size_t *out)
{
    const dvti_eval_op *row = dvti_eval_op_of(e->node->op);
    size_t              sum = 0;

    *out = 0;
    if (any_widened(e, row) && (!add_part(descriptor_count(e), sizeof(dvt_tensor), &sum) ||
                                !add_wide_data(row, e->in, e->node->input_count, &sum) ||
                                !add_wide_data(row, e->out, e->node->output_count, &sum)))
        return false;
    if (e->plan && !add_part(dvt_conv_plan_scratch_bytes(e->plan), 1, &sum)) return false;
    *out = sum;
    return true;
}

/* Takes the next `count * size` bytes of scratch, rounded as add_part() rounds. */
static void *take(uint8_t **at, size_t count, size_t size)
{
    void *p = *at;
    *at += (count * size + DVT_ALIGN - 1) / DVT_ALIGN * DVT_ALIGN;
    return p;
}

/* wide[i] = t[i], with f32 data in scratch where the row wants it. */
static void place_wide(const dvti_eval_op *row, const dvt_tensor *t, int32_t count,
                       dvt_tensor *wide, uint8_t **at)
{
    for (int32_t i = 0; i < count; i++) {
        wide[i] = t[i];
        if (!is_widened(row, &t[i])) continue;
        size_t n = (size_t)dvt_shape_count(&t[i].shape);
        wide[i] = dvt_tensor_wrap(DVT_DTYPE_F32, &t[i].shape, take(at, n, sizeof(float)));
    }
}

/* 8-bit results are selections of 8-bit inputs, so that their conversion back is exact. */
static dvt_status run_widened(const dvti_eval *e, const dvti_eval_op *row)
{
    uint8_t    *at = e->scratch;
    dvt_tensor *in = take(&at, descriptor_count(e), sizeof(dvt_tensor));
    dvt_tensor *out = in + e->node->input_count;
    dvti_eval   wide = *e;

    place_wide(row, e->in, e->node->input_count, in, &at);
    place_wide(row, e->out, e->node->output_count, out, &at);
    for (int32_t i = 0; i < e->node->input_count; i++)
        if (is_widened(row, &e->in[i])) dvt_tensor_convert(&e->in[i], &in[i]);
    wide.in = in;
    wide.out = out;
    wide.scratch = at;
    dvt_status st = row->run(&wide);
    if (st) return st;
    for (int32_t i = 0; i < e->node->output_count; i++)
        if (is_widened(row, &e->out[i])) dvt_tensor_convert(&out[i], &e->out[i]);
    return DVT_OK;
}

/* ---- entry points -------------------------------------------------------------------------- */

dvt_status dvti_eval_check(const dvti_eval *e)
{
    const dvti_eval_op *row = dvti_eval_op_of(e->node->op);
    dvt_status          st = row->check ? row->check(e) : DVT_OK;

    if (st)
        dvt_fail_note(e->ctx, "while preparing node '%s' (%s)", e->node->name,
                      dvt_op_describe(e->node->op)->name);
    return st;
}

dvt_status dvti_eval_run(const dvti_eval *e)
{
    const dvti_eval_op *row = dvti_eval_op_of(e->node->op);
    return any_widened(e, row) ? run_widened(e, row) : row->run(e);
}

/* The caller's tensors against what the graph says of the node's inputs. */
static dvt_status check_inputs(const dvt_graph *g, const dvt_node *node, const dvt_tensor *inputs)
{
    for (int32_t i = 0; i < node->input_count; i++) {
        char want[DVT_SHAPE_TEXT], got[DVT_SHAPE_TEXT];
        if (node->inputs[i].i < 0) {
            if (inputs[i].dtype == DVT_DTYPE_NONE) continue;
            return dvt_fail(dvt_graph_ctx(g), DVT_E_USAGE, NULL,
                            "node '%s' has no input %d, but a tensor was given", node->name, i);
        }
        const dvt_value *v = dvt_graph_value(g, node->inputs[i]);
        if (v->dtype == inputs[i].dtype && dvt_shape_equal(&v->shape, &inputs[i].shape)) continue;
        return dvt_fail(dvt_graph_ctx(g), DVT_E_SHAPE, NULL,
                        "input %d of node '%s' is %s %s, the tensor given is %s %s", i, node->name,
                        dvt_dtype_name(v->dtype), dvt_shape_text(&v->shape, want),
                        dvt_dtype_name(inputs[i].dtype), dvt_shape_text(&inputs[i].shape, got));
    }
    return DVT_OK;
}

dvt_status dvt_node_eval(const dvt_graph *g, dvt_node_id n, const dvt_tensor *inputs,
                         dvt_tensor *outputs)
{
    dvt_ctx        *ctx = dvt_graph_ctx(g);
    const dvt_node *node = dvt_graph_node(g, n);
    dvti_eval       e = {.ctx = ctx, .node = node, .in = inputs, .out = outputs};
    size_t          bytes = 0;
    dvt_status      st;

    memset(outputs, 0, (size_t)node->output_count * sizeof *outputs);
    st = check_inputs(g, node, inputs);
    for (int32_t i = 0; !st && i < node->output_count; i++) {
        const dvt_value *v = dvt_graph_value(g, node->outputs[i]);
        st = dvt_tensor_init(ctx, v->dtype, &v->shape, &outputs[i]);
    }
    if (!st) st = dvti_eval_check(&e);
    if (!st && !dvti_eval_scratch_bytes(&e, &bytes))
        st = dvt_fail(ctx, DVT_E_NOMEM, NULL, "node '%s': scratch is too large", node->name);
    if (!st && bytes && !(e.scratch = dvt_alloc(ctx, bytes))) st = DVT_E_NOMEM;
    if (!st) st = dvti_eval_run(&e);
    dvt_free(ctx, e.scratch);
    for (int32_t i = 0; st && i < node->output_count; i++) dvt_tensor_deinit(ctx, &outputs[i]);
    return st;
}
