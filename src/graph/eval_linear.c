/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_linear.c - rows of the evaluation table for what multiplies by weights.
 *
 * Operators conv, conv_transpose, dense, matmul, gemm, in f32 (f16 through f32).
 * Fast      Convolutions run by a plan when their weights were constant when it was made; with
 *           weights that are computed at run time the reference kernel is used, which is slow and
 *           right. Products use the fast kernels directly.
 * Limits    One to three spatial dimensions.
 * Tests     tests/unit/test_eval.c, tests/diff/diff_exec.c
 */
#include "graph/eval_int.h"

static dvt_status check_conv(const dvti_eval *e)
{
    dvt_status st = dvti_eval_check_f32(e);
    if (st) return st;
    int32_t spatial = e->in[0].shape.rank - 2;
    if (spatial < 1 || spatial > DVT_SPATIAL)
        return dvt_fail(e->ctx, DVT_E_UNSUPPORTED, NULL,
                        "node '%s' (%s): %d spatial dimensions; 1 to %d are handled", e->node->name,
                        dvt_op_describe(e->node->op)->name, spatial, DVT_SPATIAL);
    dvt_conv_dims d =
        dvti_conv_dims(e->node, &e->in[0].shape, &e->in[1].shape, &e->out[0].shape);
    return e->node->op == DVT_OP_CONV ? dvt_conv_dims_check(e->ctx, &d)
                                      : dvt_conv_transpose_dims_check(e->ctx, &d);
}

static dvt_status run_conv(const dvti_eval *e)
{
    if (e->plan) return dvt_conv_plan_run(e->plan, e->in[0].data, e->out[0].data, e->scratch);
    dvt_conv_dims d =
        dvti_conv_dims(e->node, &e->in[0].shape, &e->in[1].shape, &e->out[0].shape);
    const dvt_act none = {.kind = DVT_ACT_NONE};
    if (e->node->op == DVT_OP_CONV)
        dvt_conv_f32_nchw_ref(&d, e->in[0].data, e->in[1].data, dvti_eval_f32(e, 2), &none,
                              e->out[0].data);
    else
        dvt_conv_transpose_f32_nchw_ref(&d, e->in[0].data, e->in[1].data, dvti_eval_f32(e, 2),
                                        &none, e->out[0].data);
    return DVT_OK;
}

static void run_gemm_dims(const dvti_eval *e, const dvt_gemm_dims *d)
{
    const float *c = dvti_eval_f32(e, 2);
    if (e->fast)
        dvt_gemm_f32_fast(e->ctx, d, e->in[0].data, e->in[1].data, c, e->out[0].data);
    else
        dvt_gemm_f32_ref(d, e->in[0].data, e->in[1].data, c, e->out[0].data);
}

static dvt_status run_dense(const dvti_eval *e)
{
    dvt_gemm_dims d = dvti_dense_dims(e->node, &e->in[0].shape, &e->in[1].shape);
    run_gemm_dims(e, &d);
    return DVT_OK;
}

static dvt_status run_gemm(const dvti_eval *e)
{
    bool          has_c = dvti_eval_f32(e, 2) != NULL;
    dvt_gemm_dims d = dvti_gemm_dims(e->node, &e->in[0].shape, &e->in[1].shape,
                                     has_c ? &e->in[2].shape : NULL);
    run_gemm_dims(e, &d);
    return DVT_OK;
}

static dvt_status run_matmul(const dvti_eval *e)
{
    if (e->fast)
        dvt_matmul_f32_fast(e->ctx, &e->in[0], &e->in[1], &e->out[0]);
    else
        dvt_matmul_f32_ref(&e->in[0], &e->in[1], &e->out[0]);
    return DVT_OK;
}

const dvti_eval_op dvti_eval_conv = {check_conv, run_conv, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_conv_transpose = {check_conv, run_conv, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_dense = {dvti_eval_check_f32, run_dense, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_gemm = {dvti_eval_check_f32, run_gemm, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_matmul = {dvti_eval_check_f32, run_matmul, DVTI_WIDEN_F16};
