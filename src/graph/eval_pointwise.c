/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_pointwise.c - rows of the evaluation table for element-wise operators and reductions.
 *
 * Operators unary, prelu, binary, nary, where, cast, reduce, cumsum. The kernels say which types
 *           they take (dvt_*_supports); f16 goes through f32, so that a comparison of f16 values is
 *           the comparison of the same values in f32.
 * Fast      f32 tensors use the threaded kernels where there are any; every other type has one.
 * Tests     tests/unit/test_eval.c, tests/diff/diff_exec.c
 */
#include "graph/eval_int.h"

static dvt_dtype widened_input(const dvti_eval *e, int32_t i)
{
    return dvti_eval_widened(DVTI_WIDEN_F16, e->in[i].dtype);
}

/* ---- one operand --------------------------------------------------------------------------- */

static dvt_status check_unary(const dvti_eval *e)
{
    dvt_unary fn = e->node->attrs.unary.fn;
    if (!dvt_unary_supports(fn, widened_input(e, 0)))
        return dvti_eval_refuse_type(e, dvt_unary_name(fn), e->in[0].dtype);
    return DVT_OK;
}

static dvt_status run_unary(const dvti_eval *e)
{
    const dvt_unary_attrs *a = &e->node->attrs.unary;
    dvt_unary_params       p = {a->fn, a->alpha, a->beta, a->gamma};
    int64_t                n = dvt_shape_count(&e->in[0].shape);

    if (e->fast && e->in[0].dtype == DVT_DTYPE_F32)
        dvt_unary_f32_fast(e->ctx, &p, n, e->in[0].data, e->out[0].data);
    else
        dvt_unary_ref(&p, e->in[0].dtype, n, e->in[0].data, e->out[0].data);
    return DVT_OK;
}

static dvt_status run_prelu(const dvti_eval *e)
{
    dvt_prelu_f32(&e->in[0], &e->in[1], &e->out[0]);
    return DVT_OK;
}

static dvt_status run_cast(const dvti_eval *e)
{
    dvt_tensor_convert(&e->in[0], &e->out[0]);
    return DVT_OK;
}

/* ---- two and more operands ----------------------------------------------------------------- */

static dvt_status check_binary(const dvti_eval *e)
{
    dvt_binary fn = e->node->attrs.binary.fn2;
    if (!dvt_binary_supports(fn, widened_input(e, 0)))
        return dvti_eval_refuse_type(e, dvt_binary_name(fn), e->in[0].dtype);
    return DVT_OK;
}

static dvt_status run_binary(const dvti_eval *e)
{
    const dvt_binary_attrs *a = &e->node->attrs.binary;
    bool fast = e->fast && e->in[0].dtype == DVT_DTYPE_F32 && e->out[0].dtype == DVT_DTYPE_F32;

    if (fast)
        dvt_binary_f32_fast(e->ctx, a->fn2, &e->in[0], &e->in[1], &e->out[0]);
    else
        dvt_binary_apply(a->fn2, a->fmod, &e->in[0], &e->in[1], &e->out[0]);
    return DVT_OK;
}

static dvt_status check_nary(const dvti_eval *e)
{
    dvt_nary fn = e->node->attrs.nary.fnn;
    if (!dvt_nary_supports(fn, widened_input(e, 0)))
        return dvti_eval_refuse_type(e, dvt_nary_name(fn), e->in[0].dtype);
    return DVT_OK;
}

static dvt_status run_nary(const dvti_eval *e)
{
    dvt_nary_apply(e->node->attrs.nary.fnn, e->in, e->node->input_count, &e->out[0]);
    return DVT_OK;
}

static dvt_status check_where(const dvti_eval *e)
{
    if (e->in[0].dtype != DVT_DTYPE_BOOL)
        return dvti_eval_refuse_type(e, "a condition", e->in[0].dtype);
    return DVT_OK;
}

static dvt_status run_where(const dvti_eval *e)
{
    dvt_move_where(&e->in[0], &e->in[1], &e->in[2], &e->out[0]);
    return DVT_OK;
}

/* ---- along dimensions ---------------------------------------------------------------------- */

static dvt_status check_reduce(const dvti_eval *e)
{
    dvt_reduce fn = e->node->attrs.reduce.rfn;
    if (!dvt_reduce_supports(fn, widened_input(e, 0)))
        return dvti_eval_refuse_type(e, dvt_reduce_name(fn), e->in[0].dtype);
    return DVT_OK;
}

static dvt_status run_reduce(const dvti_eval *e)
{
    const dvt_reduce_attrs *a = &e->node->attrs.reduce;
    dvt_reduce_params       p = {.fn = a->rfn, .select_last = a->select_last};
    bool                    selects = a->rfn == DVT_REDUCE_ARGMAX || a->rfn == DVT_REDUCE_ARGMIN;

    for (int32_t i = 0; i < a->axes.n; i++) p.axis[a->axes.v[i]] = true;
    if (e->fast && !selects && e->in[0].dtype == DVT_DTYPE_F32)
        dvt_reduce_f32_fast(e->ctx, &p, &e->in[0], &e->out[0]);
    else
        dvt_reduce_ref(&p, &e->in[0], &e->out[0]);
    return DVT_OK;
}

static dvt_status check_cumsum(const dvti_eval *e)
{
    dvt_dtype t = widened_input(e, 0);
    if (t != DVT_DTYPE_F32 && t != DVT_DTYPE_F64 && t != DVT_DTYPE_I32 && t != DVT_DTYPE_I64)
        return dvti_eval_refuse_type(e, "an input", e->in[0].dtype);
    return DVT_OK;
}

static dvt_status run_cumsum(const dvti_eval *e)
{
    const dvt_cumsum_attrs *a = &e->node->attrs.cumsum;
    dvt_axis_dims           d = dvt_axis_dims_of(&e->in[0].shape, (int32_t)a->axis);

    dvt_cumsum_ref(&d, e->in[0].dtype, a->exclusive, a->reverse, e->in[0].data, e->out[0].data);
    return DVT_OK;
}

const dvti_eval_op dvti_eval_unary = {check_unary, run_unary, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_prelu = {dvti_eval_check_f32, run_prelu, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_binary = {check_binary, run_binary, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_nary = {check_nary, run_nary, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_where = {check_where, run_where, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_cast = {NULL, run_cast, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_reduce = {check_reduce, run_reduce, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_cumsum = {check_cumsum, run_cumsum, DVTI_WIDEN_F16};
