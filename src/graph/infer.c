/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer.c - output types and shapes of one node: dispatch and what all operators share.
 *
 * Idea      A table names one function per operator. Before it runs, arity, absent inputs and the
 *           ranges of the attributes are checked by the operator table; after it ran, every output
 *           is checked against DVT_DIM_MAX. The functions in infer_*.c therefore deal with the
 *           meaning of their operator alone.
 * Limits    Window parameters are below 2^31 and dimensions at most 2^40, so that every sum and
 *           product of the window formulae fits in int64_t.
 * Tests     tests/unit/test_infer_*.c
 */
#include "graph/graph_int.h"

#include <assert.h>
#include <stdio.h>

typedef dvt_status (*infer_fn)(const dvti_infer *n);

static const infer_fn infer_table[DVT_OP_COUNT] = {
    [DVT_OP_CONV] = dvti_infer_conv,
    [DVT_OP_CONV_TRANSPOSE] = dvti_infer_conv_transpose,
    [DVT_OP_DENSE] = dvti_infer_dense,
    [DVT_OP_MATMUL] = dvti_infer_matmul,
    [DVT_OP_GEMM] = dvti_infer_gemm,
    [DVT_OP_POOL] = dvti_infer_pool,
    [DVT_OP_GLOBAL_POOL] = dvti_infer_global_pool,
    [DVT_OP_LRN] = dvti_infer_lrn,
    [DVT_OP_BATCH_NORM] = dvti_infer_batch_norm,
    [DVT_OP_INSTANCE_NORM] = dvti_infer_instance_norm,
    [DVT_OP_SCALE] = dvti_infer_scale,
    [DVT_OP_BIAS] = dvti_infer_scale,
    [DVT_OP_UNARY] = dvti_infer_unary,
    [DVT_OP_PRELU] = dvti_infer_prelu,
    [DVT_OP_SOFTMAX] = dvti_infer_softmax,
    [DVT_OP_BINARY] = dvti_infer_binary,
    [DVT_OP_NARY] = dvti_infer_nary,
    [DVT_OP_WHERE] = dvti_infer_where,
    [DVT_OP_REDUCE] = dvti_infer_reduce,
    [DVT_OP_CONCAT] = dvti_infer_concat,
    [DVT_OP_SLICE] = dvti_infer_slice,
    [DVT_OP_SPLIT] = dvti_infer_split,
    [DVT_OP_RESHAPE] = dvti_infer_reshape,
    [DVT_OP_TRANSPOSE] = dvti_infer_transpose,
    [DVT_OP_PAD] = dvti_infer_pad,
    [DVT_OP_RESIZE] = dvti_infer_resize,
    [DVT_OP_DEPTH_TO_SPACE] = dvti_infer_depth_to_space,
    [DVT_OP_SPACE_TO_DEPTH] = dvti_infer_space_to_depth,
    [DVT_OP_EXPAND] = dvti_infer_expand,
    [DVT_OP_TILE] = dvti_infer_tile,
    [DVT_OP_GATHER] = dvti_infer_gather,
    [DVT_OP_CAST] = dvti_infer_cast,
    [DVT_OP_CUMSUM] = dvti_infer_cumsum,
    [DVT_OP_IDENTITY] = dvti_infer_identity,
};

/* ---- shared by the operator functions ------------------------------------------------------- */

dvt_status dvti_infer_fail(const dvti_infer *n, dvt_status status, const char *fmt, ...)
{
    char    text[384];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    status = dvt_fail(n->ctx, status, n->at, "node '%s' (%s): %s", n->name,
                      dvt_op_describe(n->op)->name, text);
    if (n->source && *n->source) dvt_fail_note(n->ctx, "from %s", n->source);
    return status;
}

const dvti_type *dvti_infer_in(const dvti_infer *n, int32_t i)
{
    return i < n->in_count && n->in[i].dtype != DVT_DTYPE_NONE ? &n->in[i] : NULL;
}

dvt_status dvti_infer_axis(const dvti_infer *n, int64_t axis, int32_t end)
{
    if (axis >= 0 && axis < end) return DVT_OK;
    return dvti_infer_fail(n, DVT_E_SHAPE, "axis %lld is outside of 0..%d", (long long)axis,
                           (int)end - 1);
}

bool dvti_dtype_is_float(dvt_dtype t)
{
    return t == DVT_DTYPE_F32 || t == DVT_DTYPE_F16 || t == DVT_DTYPE_F64;
}

dvt_status dvti_infer_same_dtype(const dvti_infer *n)
{
    for (int32_t i = 1; i < n->in_count; i++)
        if (n->in[i].dtype != DVT_DTYPE_NONE && n->in[i].dtype != n->in[0].dtype)
            return dvti_infer_fail(n, DVT_E_SHAPE, "input %d is %s, input 0 is %s", (int)i,
                                   dvt_dtype_name(n->in[i].dtype), dvt_dtype_name(n->in[0].dtype));
    return DVT_OK;
}

dvt_status dvti_infer_float(const dvti_infer *n, int32_t input)
{
    if (dvti_dtype_is_float(n->in[input].dtype)) return DVT_OK;
    return dvti_infer_fail(n, DVT_E_SHAPE, "input %d is %s, a floating-point type is needed",
                           (int)input, dvt_dtype_name(n->in[input].dtype));
}

dvt_status dvti_infer_number(const dvti_infer *n, int32_t input)
{
    if (n->in[input].dtype != DVT_DTYPE_BOOL) return DVT_OK;
    return dvti_infer_fail(n, DVT_E_SHAPE, "input %d is bool, a number is needed", (int)input);
}

dvt_status dvti_infer_list(const dvti_infer *n, const char *attr, const dvt_ints *list,
                           int64_t want_count, int64_t min, int64_t max)
{
    if (list->n != want_count)
        return dvti_infer_fail(n, DVT_E_SHAPE, "attribute '%s' has %d entries, %lld are needed",
                               attr, (int)list->n, (long long)want_count);
    for (int32_t i = 0; i < list->n; i++)
        if (list->v[i] < min || list->v[i] > max)
            return dvti_infer_fail(n, DVT_E_SHAPE, "attribute '%s' has %lld, allowed is %lld..%lld",
                                   attr, (long long)list->v[i], (long long)min, (long long)max);
    return DVT_OK;
}

/* ---- one node ------------------------------------------------------------------------------ */

static dvt_status check_count(const dvti_infer *n, const char *what, int32_t got, int32_t min,
                              int32_t max)
{
    if (got >= min && (max < 0 || got <= max)) return DVT_OK;
    if (min == max)
        return dvti_infer_fail(n, DVT_E_SHAPE, "has %d %s, needs %d", (int)got, what, (int)min);
    if (max < 0)
        return dvti_infer_fail(n, DVT_E_SHAPE, "has %d %s, needs at least %d", (int)got, what,
                               (int)min);
    return dvti_infer_fail(n, DVT_E_SHAPE, "has %d %s, needs %d to %d", (int)got, what, (int)min,
                           (int)max);
}

static dvt_status check_arity(const dvti_infer *n)
{
    const dvt_op_desc *d = dvt_op_describe(n->op);
    dvt_status         st = check_count(n, "inputs", n->in_count, d->min_inputs, d->max_inputs);

    if (st == DVT_OK) st = check_count(n, "outputs", n->out_count, d->min_outputs, d->max_outputs);
    if (st != DVT_OK) return st;
    int32_t needed = d->max_inputs < 0 ? n->in_count : d->min_inputs;
    for (int32_t i = 0; i < needed; i++)
        if (n->in[i].dtype == DVT_DTYPE_NONE)
            return dvti_infer_fail(n, DVT_E_SHAPE, "input %d is absent but needed", (int)i);
    return DVT_OK;
}

static dvt_status check_outputs(const dvti_infer *n)
{
    char   text[DVT_SHAPE_TEXT];
    size_t bytes;

    for (int32_t i = 0; i < n->out_count; i++) {
        int64_t count = dvt_shape_count(&n->out[i].shape);
        if (count < 0 || !dvt_mul_size((size_t)count, dvt_dtype_bytes(n->out[i].dtype), &bytes))
            return dvti_infer_fail(n, DVT_E_SHAPE, "output %d is too large: %s", (int)i,
                                   dvt_shape_text(&n->out[i].shape, text));
    }
    return DVT_OK;
}

dvt_status dvti_infer_run(const dvti_infer *n)
{
    dvt_status st = check_arity(n);

    assert(infer_table[n->op]);
    if (st == DVT_OK) st = dvti_attrs_check(n->ctx, n->op, n->attrs, n->name, n->at);
    for (int32_t i = 0; i < n->out_count; i++) n->out[i] = (dvti_type){.dtype = DVT_DTYPE_NONE};
    if (st == DVT_OK) st = infer_table[n->op](n);
    return st == DVT_OK ? check_outputs(n) : st;
}

dvt_status dvti_infer_graph_node(const dvt_graph *g, dvt_node_id id, dvti_type *in, dvti_type *out)
{
    const dvt_node *node = &g->nodes[id.i];

    for (int32_t i = 0; i < node->input_count; i++) in[i] = dvti_value_type(g, node->inputs[i]);
    return dvti_infer_run(&(dvti_infer){.ctx = g->ctx,
                                        .op = node->op,
                                        .name = node->name,
                                        .source = node->source,
                                        .attrs = &node->attrs,
                                        .in = in,
                                        .in_count = node->input_count,
                                        .out = out,
                                        .out_count = node->output_count});
}
