/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_image.c - evaluation of pooling, normalisation and per-channel arithmetic.
 *
 * Operators pool, global_pool, lrn, batch_norm, instance_norm, scale, bias, softmax, in f32 (f16
 *           through f32; maximum pooling also takes 8-bit integers, where f32 is exact).
 * Fast      batch_norm with constant parameters runs as one scale and bias made when the executor
 *           was (`affine`). instance_norm has one kernel, which both variants use.
 * Limits    Pooling: one to three spatial dimensions; global pooling: any number. LRN within
 *           channels: one or two.
 * Tests     tests/unit/test_eval.c, tests/diff/diff_exec.c
 */
#include "graph/eval_int.h"

/* ---- pooling ------------------------------------------------------------------------------- */

/* 8-bit integers only where the result is one of the inputs: an average would need a rounding rule
 * of its own. */
static dvt_status check_pool_type(const dvti_eval *e)
{
    dvt_dtype t = e->in[0].dtype;
    bool      small = t == DVT_DTYPE_I8 || t == DVT_DTYPE_U8;

    if (small && e->node->attrs.pool.kind != DVT_POOL_MAX)
        return dvti_eval_refuse_type(e, "averaging", t);
    return dvti_eval_check_f32(e);
}

static dvt_status check_pool(const dvti_eval *e)
{
    dvt_status st = check_pool_type(e);
    if (st) return st;
    int32_t spatial = e->in[0].shape.rank - 2;
    if (spatial < 1 || spatial > DVT_SPATIAL)
        return dvt_fail(e->ctx, DVT_E_UNSUPPORTED, NULL,
                        "node '%s' (pool): %d spatial dimensions; 1 to %d are handled",
                        e->node->name, spatial, DVT_SPATIAL);
    dvt_pool_dims d = dvti_pool_dims(e->node, &e->in[0].shape, &e->out[0].shape);
    return dvt_pool_dims_check(e->ctx, &d);
}

static dvt_status run_pool_dims(const dvti_eval *e, const dvt_pool_dims *d)
{
    if (e->last)
        dvt_pool_f32_nhwc_fast(e->ctx, d, e->in[0].data, e->out[0].data);
    else if (e->fast)
        dvt_pool_f32_nchw_fast(e->ctx, d, e->in[0].data, e->out[0].data);
    else
        dvt_pool_f32_nchw_ref(d, e->in[0].data, e->out[0].data);
    return DVT_OK;
}

static dvt_status run_pool(const dvti_eval *e)
{
    dvt_pool_dims d = dvti_pool_dims(e->node, &e->in[0].shape, &e->out[0].shape);
    return run_pool_dims(e, &d);
}

static dvt_status check_global_pool(const dvti_eval *e)
{
    dvt_status st = check_pool_type(e);
    if (st) return st;
    dvt_pool_dims d = dvti_global_pool_dims(e->node, &e->in[0].shape);
    return dvt_pool_dims_check(e->ctx, &d);
}

static dvt_status run_global_pool(const dvti_eval *e)
{
    dvt_pool_dims d = dvti_global_pool_dims(e->node, &e->in[0].shape);
    return run_pool_dims(e, &d);
}

/* ---- normalisation ------------------------------------------------------------------------- */

static dvt_status check_lrn(const dvti_eval *e)
{
    const dvt_lrn_attrs *a = &e->node->attrs.lrn;
    int32_t              rank = e->in[0].shape.rank;

    if (a->within_channel && rank != 3 && rank != 4)
        return dvt_fail(e->ctx, DVT_E_UNSUPPORTED, NULL,
                        "node '%s' (lrn): within channels over %d spatial dimensions; 1 or 2 are "
                        "handled", e->node->name, rank - 2);
    return dvti_eval_check_f32(e);
}

static dvt_status run_lrn(const dvti_eval *e)
{
    dvt_lrn_dims d = dvti_lrn_dims(e->node, &e->in[0].shape);
    if (e->last)
        dvt_lrn_f32_nhwc_fast(e->ctx, &d, e->in[0].data, e->out[0].data);
    else if (e->fast)
        dvt_lrn_f32_nchw_fast(e->ctx, &d, e->in[0].data, e->out[0].data);
    else
        dvt_lrn_f32_nchw_ref(&d, e->in[0].data, e->out[0].data);
    return DVT_OK;
}

static dvt_status run_batch_norm(const dvti_eval *e)
{
    dvt_axis_dims d = dvt_axis_dims_of(&e->in[0].shape, 1);
    if (e->last) d = (dvt_axis_dims){d.outer * d.inner, d.axis, 1};
    if (e->affine)
        dvt_scale_bias_f32_fast(e->ctx, &d, e->in[0].data, e->affine, e->affine + d.axis,
                                e->out[0].data);
    else
        dvt_batch_norm_f32_ref(&d, e->in[0].data, e->in[1].data, e->in[2].data, e->in[3].data,
                               e->in[4].data, e->node->attrs.norm.epsilon, e->out[0].data);
    return DVT_OK;
}

static dvt_status run_instance_norm(const dvti_eval *e)
{
    dvt_axis_dims d = dvt_axis_dims_of(&e->in[0].shape, 1);
    dvt_instance_norm_f32_ref(&d, e->in[0].data, e->in[1].data, e->in[2].data,
                              e->node->attrs.norm.epsilon, e->out[0].data);
    return DVT_OK;
}

static dvt_status run_softmax(const dvti_eval *e)
{
    const dvt_softmax_attrs *a = &e->node->attrs.softmax;
    int32_t                  axis = (int32_t)a->axis;
    dvt_axis_dims d = a->flatten ? dvt_axis_dims_range(&e->in[0].shape, axis, e->in[0].shape.rank)
                                 : dvt_axis_dims_of(&e->in[0].shape, axis);
    if (e->fast)
        dvt_softmax_f32_fast(e->ctx, a->kind, &d, e->in[0].data, e->out[0].data);
    else
        dvt_softmax_f32_ref(a->kind, &d, e->in[0].data, e->out[0].data);
    return DVT_OK;
}

/* ---- scale and bias ------------------------------------------------------------------------ */

/* s and b cover the dimensions [axis, axis + their rank) of x. */
static dvt_status run_affine(const dvti_eval *e, const float *scale, const float *bias)
{
    int32_t       first = (int32_t)e->node->attrs.axis.axis;
    dvt_axis_dims d =
        dvt_axis_dims_range(&e->in[0].shape, first, first + e->in[1].shape.rank);
    if (e->fast)
        dvt_scale_bias_f32_fast(e->ctx, &d, e->in[0].data, scale, bias, e->out[0].data);
    else
        dvt_scale_bias_f32_ref(&d, e->in[0].data, scale, bias, e->out[0].data);
    return DVT_OK;
}

static dvt_status run_scale(const dvti_eval *e)
{
    return run_affine(e, e->in[1].data, dvti_eval_f32(e, 2));
}

static dvt_status run_bias(const dvti_eval *e)
{
    return run_affine(e, NULL, e->in[1].data);
}

const dvti_eval_op dvti_eval_pool = {check_pool, run_pool, DVTI_WIDEN_SMALL};
const dvti_eval_op dvti_eval_global_pool = {check_global_pool, run_global_pool, DVTI_WIDEN_SMALL};
const dvti_eval_op dvti_eval_lrn = {check_lrn, run_lrn, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_batch_norm = {dvti_eval_check_f32, run_batch_norm, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_instance_norm = {dvti_eval_check_f32, run_instance_norm,
                                              DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_scale = {dvti_eval_check_f32, run_scale, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_bias = {dvti_eval_check_f32, run_bias, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_softmax = {dvti_eval_check_f32, run_softmax, DVTI_WIDEN_F16};
