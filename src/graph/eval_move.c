/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_move.c - rows of the evaluation table for operators that move elements.
 *
 * Operators concat, slice, split, reshape, identity, transpose, pad, resize, depth_to_space,
 *           space_to_depth, expand, tile, gather. They work on every type as it is, but for
 *           interpolating resizes, which compute in f32. One kernel is both variants.
 * Limits    The value of a constant pad is a float attribute; padding integers rounds it as a cast
 *           does (towards zero, saturating).
 * Tests     tests/unit/test_eval.c, tests/diff/diff_exec.c
 */
#include <string.h>

#include "graph/eval_int.h"
#include "graph/graph_int.h"

/* Along the channels of channels-last images: one run a position and input. */
static dvt_status run_concat_last(const dvti_eval *e)
{
    int64_t  channels = e->out[0].shape.dim[1];
    int64_t  places = dvt_shape_count(&e->out[0].shape) / channels;
    size_t   element = dvt_dtype_bytes(e->out[0].dtype), pitch = (size_t)channels * element;
    uint8_t *y = e->out[0].data;

    for (int32_t i = 0; i < e->node->input_count; i++) {
        const uint8_t *x = e->in[i].data;
        size_t         run = (size_t)e->in[i].shape.dim[1] * element;
        for (int64_t at = 0; at < places; at++)
            memcpy(y + (size_t)at * pitch, x + (size_t)at * run, run);
        y += run;
    }
    return DVT_OK;
}

static dvt_status run_concat(const dvti_eval *e)
{
    if (e->last) return run_concat_last(e);
    dvt_move_concat(e->in, e->node->input_count, (int32_t)e->node->attrs.axis.axis, &e->out[0]);
    return DVT_OK;
}

static dvt_status run_split(const dvti_eval *e)
{
    dvt_move_split(&e->in[0], (int32_t)e->node->attrs.split.axis, e->out, e->node->output_count);
    return DVT_OK;
}

/* Reshape and identity: the executor makes the output an alias of the input where it can. */
static dvt_status run_copy(const dvti_eval *e)
{
    if (e->out[0].bytes && e->out[0].data != e->in[0].data)
        memcpy(e->out[0].data, e->in[0].data, e->out[0].bytes);
    return DVT_OK;
}

static dvt_status run_transpose(const dvti_eval *e)
{
    dvt_move_transpose(&e->in[0], e->node->attrs.transpose.perm.v, &e->out[0]);
    return DVT_OK;
}

static dvt_status run_slice(const dvti_eval *e)
{
    const dvt_slice_attrs *a = &e->node->attrs.slice;
    int64_t                start[DVT_MAX_RANK] = {0}, step[DVT_MAX_RANK];

    for (int32_t i = 0; i < DVT_MAX_RANK; i++) step[i] = 1;
    for (int32_t i = 0; i < a->axes.n; i++) {
        int64_t axis = a->axes.v[i];
        int64_t count;
        step[axis] = a->steps.v[i];
        dvti_slice_resolve(e->in[0].shape.dim[axis], a->starts.v[i], a->ends.v[i], step[axis],
                           &start[axis], &count);
    }
    if (dvt_shape_count(&e->out[0].shape) > 0) dvt_move_slice(&e->in[0], start, step, &e->out[0]);
    return DVT_OK;
}

static dvt_status check_pad(const dvti_eval *e)
{
    const dvt_shape *x = &e->in[0].shape;
    if (e->node->attrs.pad.mode != DVT_PAD_CONSTANT && dvt_shape_count(x) == 0)
        return dvt_fail(e->ctx, DVT_E_SHAPE, NULL,
                        "node '%s' (pad): only constant padding takes an empty input",
                        e->node->name);
    return DVT_OK;
}

static dvt_status run_pad(const dvti_eval *e)
{
    const dvt_pad_attrs *a = &e->node->attrs.pad;
    float                value = a->value;
    uint64_t             bits = 0; /* room for one element of any type */
    dvt_shape            scalar = {.rank = 0};
    dvt_tensor           from = dvt_tensor_wrap(DVT_DTYPE_F32, &scalar, &value);
    dvt_tensor           to = dvt_tensor_wrap(e->in[0].dtype, &scalar, &bits);

    dvt_tensor_convert(&from, &to);
    dvt_move_pad(a->mode, &e->in[0], a->pad_lo.v, &bits, &e->out[0]);
    return DVT_OK;
}

static dvt_status check_resize(const dvti_eval *e)
{
    const dvt_resize_attrs *a = &e->node->attrs.resize;
    if (!dvt_resize_supports(a->mode, dvti_eval_widened(DVTI_WIDEN_F16, e->in[0].dtype)))
        return dvti_eval_refuse_type(e, "interpolation", e->in[0].dtype);
    return DVT_OK;
}

static dvt_status run_resize(const dvti_eval *e)
{
    const dvt_resize_attrs *a = &e->node->attrs.resize;
    dvt_resize_params       p = {.mode = a->mode,
                                 .coord = a->coord,
                                 .nearest = a->nearest,
                                 .cubic_a = a->cubic_a,
                                 .exclude_outside = a->exclude_outside};

    memcpy(p.scale, a->scale, sizeof p.scale);
    dvt_resize_apply(&p, &e->in[0], &e->out[0]);
    return DVT_OK;
}

static dvt_status run_depth_to_space(const dvti_eval *e)
{
    const dvt_depth_attrs *a = &e->node->attrs.depth;
    dvt_move_depth_to_space(a->order, a->block, &e->in[0], &e->out[0]);
    return DVT_OK;
}

static dvt_status run_space_to_depth(const dvti_eval *e)
{
    dvt_move_space_to_depth(e->node->attrs.depth.block, &e->in[0], &e->out[0]);
    return DVT_OK;
}

static dvt_status run_expand(const dvti_eval *e)
{
    dvt_move_expand(&e->in[0], &e->out[0]);
    return DVT_OK;
}

static dvt_status run_tile(const dvti_eval *e)
{
    dvt_move_tile(&e->in[0], &e->out[0]);
    return DVT_OK;
}

static dvt_status check_gather(const dvti_eval *e)
{
    dvt_dtype t = e->in[1].dtype;
    if (t != DVT_DTYPE_I32 && t != DVT_DTYPE_I64) return dvti_eval_refuse_type(e, "an index", t);
    return DVT_OK;
}

static dvt_status run_gather(const dvti_eval *e)
{
    int32_t axis = (int32_t)e->node->attrs.axis.axis;
    if (dvt_move_gather(&e->in[0], &e->in[1], axis, &e->out[0])) return DVT_OK;
    return dvt_fail(e->ctx, DVT_E_NUMERIC, NULL,
                    "node '%s' (gather): an index is outside -%lld..%lld", e->node->name,
                    (long long)e->in[0].shape.dim[axis], (long long)e->in[0].shape.dim[axis] - 1);
}

const dvti_eval_op dvti_eval_concat = {NULL, run_concat, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_slice = {NULL, run_slice, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_split = {NULL, run_split, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_copy = {NULL, run_copy, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_transpose = {NULL, run_transpose, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_pad = {check_pad, run_pad, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_resize = {check_resize, run_resize, DVTI_WIDEN_F16};
const dvti_eval_op dvti_eval_depth_to_space = {NULL, run_depth_to_space, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_space_to_depth = {NULL, run_space_to_depth, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_expand = {NULL, run_expand, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_tile = {NULL, run_tile, DVTI_WIDEN_NEVER};
const dvti_eval_op dvti_eval_gather = {check_gather, run_gather, DVTI_WIDEN_NEVER};
