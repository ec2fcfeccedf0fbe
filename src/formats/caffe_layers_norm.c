/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_layers_norm.c - normalisation, scale and bias.
 *
 * BatchNorm  Caffe keeps running sums of mean and variance and their common factor in three blobs
 *            and has no scale or bias of its own (a Scale layer follows). The graph's operator
 *            gets the divided statistics ("mean", "var"; see caffe_weights.c), scale 1 and bias 0.
 * LRN        WITHIN_CHANNEL ignores `k` in Caffe: the constant is 1.
 * Tests      tests/unit/test_caffe_layers.c
 */
#include "formats/caffe_int.h"

#include <inttypes.h>
#include <string.h>

void dvti_caffe_import_lrn(dvti_caffe_op *op)
{
    static const char *const regions[] = {"ACROSS_CHANNELS", "WITHIN_CHANNEL"};
    dvti_pt                 *p = dvti_pt_message(op->r, op->pt, "lrn_param");
    bool                     within = dvti_pt_enum(op->r, p, "norm_region", regions, 2, 0) == 1;
    dvt_attrs                a = dvt_op_default_attrs(DVT_OP_LRN, 0);

    a.lrn.within_channel = within;
    a.lrn.size = dvti_pt_i64(op->r, p, "local_size", 5, 1, INT32_MAX);
    a.lrn.alpha = dvti_pt_f32(op->r, p, "alpha", 1.0f);
    a.lrn.beta = dvti_pt_f32(op->r, p, "beta", 0.75f);
    a.lrn.k = dvti_pt_f32(op->r, p, "k", 1.0f);
    if (within) {
        a.lrn.k = 1.0f;
    }
    if (a.lrn.size % 2 == 0) {
        dvti_caffe_fail(op, DVT_E_PARSE, "field 'local_size' is %" PRId64 ", it must be odd",
                        a.lrn.size);
    }
    dvti_caffe_top(op, 0, DVT_OP_LRN, &a, op->in, 1);
}

void dvti_caffe_import_batch_norm(dvti_caffe_op *op)
{
    dvti_pt         *p = dvti_pt_message(op->r, op->pt, "batch_norm_param");
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    bool             stored = dvti_pt_bool(op->r, p, "use_global_stats", true);
    dvt_attrs        a = {.norm = {dvti_pt_f32(op->r, p, "eps", 1e-5f)}};

    if (!stored) {
        dvti_caffe_fail(op, DVT_E_UNSUPPORTED,
                        "with use_global_stats false its output depends on the rest of the batch");
    }
    if (x->rank < 2) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "its input has %d dimensions, channels are needed",
                        (int)x->rank);
        return;
    }
    dvt_shape    c = DVT_SHAPE(x->dim[1]);
    dvt_value_id mean = dvti_caffe_param(op, "mean", &c), var = dvti_caffe_param(op, "var", &c);
    dvt_value_id in[5] = {op->in[0], dvti_caffe_fill(op, "one", &c, 1.0f),
                          dvti_caffe_fill(op, "zero", &c, 0.0f), mean, var};
    dvti_caffe_top(op, 0, DVT_OP_BATCH_NORM, &a, in, 5);
}

/* ---- scale and bias ------------------------------------------------------------------------ */

/* The shape of a learned factor: num_axes dimensions of x from axis on (-1: all, 0: a scalar). */
static dvt_shape factor_shape(dvti_caffe_op *op, dvti_pt *p, int32_t axis)
{
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    int64_t          axes = dvti_pt_i64(op->r, p, "num_axes", 1, -1, DVT_MAX_RANK);

    if (axes < 0) {
        axes = x->rank - axis;
    }
    if (axis + axes > x->rank) {
        dvti_caffe_fail(op, DVT_E_SHAPE,
                        "%" PRId64 " dimensions from axis %d on, but the input has %d", axes,
                        (int)axis, (int)x->rank);
        axes = 0;
    }
    return dvt_shape_make((int32_t)axes, &x->dim[axis]);
}

void dvti_caffe_import_scale(dvti_caffe_op *op)
{
    dvti_pt     *p = dvti_pt_message(op->r, op->pt, "scale_param");
    int32_t      axis = dvti_caffe_axis(op, p, "axis", 1, dvti_caffe_shape(op, 0)->rank, false);
    bool         bias = dvti_pt_bool(op->r, p, "bias_term", false), learned = op->in_count == 1;
    dvt_shape    s = factor_shape(op, p, axis);
    dvt_attrs    a = {.axis = {axis}};
    dvt_value_id in[3] = {op->in[0], DVT_NO_VALUE, DVT_NO_VALUE};

    if (!learned) {
        s = *dvti_caffe_shape(op, 1); /* num_axes does not matter then */
    }
    in[1] = learned ? dvti_caffe_param(op, "scale", &s) : op->in[1];
    if (bias) { /* it is blob 1 behind a learned scale, blob 0 alone: hence two roles */
        in[2] = dvti_caffe_param(op, learned ? "bias" : "offset", &s);
    }
    dvti_caffe_top(op, 0, DVT_OP_SCALE, &a, in, bias ? 3 : 2);
}

void dvti_caffe_import_bias(dvti_caffe_op *op)
{
    dvti_pt     *p = dvti_pt_message(op->r, op->pt, "bias_param");
    int32_t      axis = dvti_caffe_axis(op, p, "axis", 1, dvti_caffe_shape(op, 0)->rank, false);
    dvt_shape    s = factor_shape(op, p, axis);
    dvt_attrs    a = {.axis = {axis}};
    dvt_value_id in[2] = {op->in[0], DVT_NO_VALUE};

    in[1] = op->in_count == 1 ? dvti_caffe_param(op, "offset", &s) : op->in[1];
    dvti_caffe_top(op, 0, DVT_OP_BIAS, &a, in, 2);
}

/* ---- composed of several nodes ------------------------------------------------------------- */

static dvt_value_id reduce(dvti_caffe_op *op, const char *part, dvt_value_id x, dvt_reduce fn,
                           int32_t first_axis)
{
    const dvt_shape *s = dvti_caffe_shape(op, 0);
    dvt_attrs        a = {.reduce = {.rfn = fn, .keep_dims = true}};

    for (int32_t i = first_axis; i < s->rank; i++) {
        a.reduce.axes.v[a.reduce.axes.n++] = i;
    }
    return dvti_caffe_inner(op, part, DVT_OP_REDUCE, &a, &x, 1);
}

/* SSD's Normalize: x / sqrt(sum of squares + eps) * scale, over channels or over the image. */
void dvti_caffe_import_normalize(dvti_caffe_op *op)
{
    dvti_pt         *p = dvti_pt_message(op->r, op->pt, "norm_param");
    bool             across = dvti_pt_bool(op->r, p, "across_spatial", true);
    bool             shared = dvti_pt_bool(op->r, p, "channel_shared", true);
    double           eps = dvti_pt_f64(op->r, p, "eps", 1e-10);
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    dvt_attrs        sum = {.reduce = {.rfn = DVT_REDUCE_SUM_SQUARE, .keep_dims = true}};
    dvt_attrs        mul = {.binary = {.fn2 = DVT_BINARY_MUL}}, axis = {.axis = {1}};

    if (x->rank < 2) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "its input has %d dimensions, channels are needed",
                        (int)x->rank);
        return;
    }
    dvt_shape    s = shared ? dvt_shape_make(0, x->dim) : DVT_SHAPE(x->dim[1]);
    dvt_value_id scale = dvti_caffe_param(op, "scale", &s);
    sum.reduce.axes = (dvt_ints){1, {1}};
    dvt_value_id squares = across ? reduce(op, "squares", op->in[0], DVT_REDUCE_SUM_SQUARE, 1)
                                  : dvti_caffe_inner(op, "squares", DVT_OP_REDUCE, &sum, op->in, 1);
    dvt_value_id inverse = dvti_caffe_unary(op, "inverse", squares, DVT_UNARY_POWER, -0.5, eps, 1);
    dvt_value_id unit =
        dvti_caffe_inner(op, "unit", DVT_OP_BINARY, &mul, (dvt_value_id[]){op->in[0], inverse}, 2);
    dvti_caffe_top(op, 0, DVT_OP_SCALE, &axis, (dvt_value_id[]){unit, scale}, 2);
}

/* (x - mean) / (sqrt(mean of (x - mean)^2) + eps), per channel or over the image. */
void dvti_caffe_import_mvn(dvti_caffe_op *op)
{
    dvti_pt  *p = dvti_pt_message(op->r, op->pt, "mvn_param");
    bool      variance = dvti_pt_bool(op->r, p, "normalize_variance", true);
    int32_t   first = dvti_pt_bool(op->r, p, "across_channels", false) ? 1 : 2;
    double    eps = dvti_pt_f64(op->r, p, "eps", 1e-9);
    dvt_attrs sub = {.binary = {.fn2 = DVT_BINARY_SUB}}, mul = {.binary = {.fn2 = DVT_BINARY_MUL}};
    dvt_attrs div = {.binary = {.fn2 = DVT_BINARY_DIV}};

    if (dvti_caffe_shape(op, 0)->rank < 3) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "its input is not an image");
        return;
    }
    dvt_value_id mean = reduce(op, "mean", op->in[0], DVT_REDUCE_MEAN, first);
    dvt_value_id centre[2] = {op->in[0], mean};
    if (!variance) {
        dvti_caffe_top(op, 0, DVT_OP_BINARY, &sub, centre, 2);
        return;
    }
    dvt_value_id x = dvti_caffe_inner(op, "centred", DVT_OP_BINARY, &sub, centre, 2);
    dvt_value_id square =
        dvti_caffe_inner(op, "square", DVT_OP_BINARY, &mul, (dvt_value_id[]){x, x}, 2);
    dvt_value_id var = reduce(op, "variance", square, DVT_REDUCE_MEAN, first);
    dvt_value_id root = dvti_caffe_unary(op, "root", var, DVT_UNARY_SQRT, 0, 0, 0);
    dvt_value_id below = dvti_caffe_unary(op, "deviation", root, DVT_UNARY_POWER, 1, eps, 1);
    dvti_caffe_top(op, 0, DVT_OP_BINARY, &div, (dvt_value_id[]){x, below}, 2);
}
