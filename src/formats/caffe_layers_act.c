/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_layers_act.c - element-wise functions of one input, and softmax.
 *
 * Idea      Most are one UNARY node. Power, Exp and Log are built on DVT_UNARY_POWER, which is
 *           (beta + gamma x)^alpha.
 * Tests     tests/unit/test_caffe_layers.c
 */
#include "formats/caffe_int.h"

#include <math.h>

static dvti_pt *message(dvti_caffe_op *op, const char *name)
{
    return dvti_pt_message(op->r, op->pt, name);
}

void dvti_caffe_import_relu(dvti_caffe_op *op)
{
    double slope = dvti_pt_f64(op->r, message(op, "relu_param"), "negative_slope", 0);

    dvti_caffe_unary_top(op, op->in[0], slope == 0 ? DVT_UNARY_RELU : DVT_UNARY_LEAKY_RELU, slope,
                         0, 0);
}

void dvti_caffe_import_relu6(dvti_caffe_op *op)
{
    if (dvti_pt_f64(op->r, message(op, "relu_param"), "negative_slope", 0) != 0) {
        dvti_caffe_fail(op, DVT_E_UNSUPPORTED, "field 'negative_slope' has no meaning here");
    }
    dvti_caffe_unary_top(op, op->in[0], DVT_UNARY_CLIP, 0, 6, 0);
}

void dvti_caffe_import_prelu(dvti_caffe_op *op)
{
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    bool      shared = dvti_pt_bool(op->r, message(op, "prelu_param"), "channel_shared", false);
    dvt_shape s = {.rank = x->rank - 1};

    if (x->rank < 2) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "its input has %d dimensions, channels are needed",
                        (int)x->rank);
        return;
    }
    for (int32_t i = 0; i < s.rank; i++) { /* (C,1,1), which broadcasts to (N,C,H,W) */
        s.dim[i] = i == 0 && !shared ? x->dim[1] : 1;
    }
    dvt_value_id slope = dvti_caffe_param(op, "slope", &s);
    dvti_caffe_top(op, 0, DVT_OP_PRELU, NULL, (dvt_value_id[]){op->in[0], slope}, 2);
}

void dvti_caffe_import_elu(dvti_caffe_op *op)
{
    double alpha = dvti_pt_f64(op->r, message(op, "elu_param"), "alpha", 1);

    dvti_caffe_unary_top(op, op->in[0], DVT_UNARY_ELU, alpha, 0, 0);
}

static void plain(dvti_caffe_op *op, const char *param, dvt_unary fn)
{
    dvti_pt *p = param ? message(op, param) : NULL;

    (void)p; /* holds nothing but `engine` */
    dvti_caffe_unary_top(op, op->in[0], fn, 0, 0, 0);
}

void dvti_caffe_import_sigmoid(dvti_caffe_op *op) { plain(op, "sigmoid_param", DVT_UNARY_SIGMOID); }
void dvti_caffe_import_tanh(dvti_caffe_op *op) { plain(op, "tanh_param", DVT_UNARY_TANH); }
void dvti_caffe_import_absval(dvti_caffe_op *op) { plain(op, NULL, DVT_UNARY_ABS); }
void dvti_caffe_import_bnll(dvti_caffe_op *op) { plain(op, NULL, DVT_UNARY_SOFTPLUS); }
void dvti_caffe_import_sigmoid_loss(dvti_caffe_op *op) { plain(op, NULL, DVT_UNARY_SIGMOID); }

void dvti_caffe_import_power(dvti_caffe_op *op)
{
    dvti_pt *p = message(op, "power_param");
    double   power = dvti_pt_f64(op->r, p, "power", 1);
    double   scale = dvti_pt_f64(op->r, p, "scale", 1), shift = dvti_pt_f64(op->r, p, "shift", 0);

    dvti_caffe_unary_top(op, op->in[0], DVT_UNARY_POWER, power, shift, scale);
}

/* The natural logarithm of `base`, where -1 stands for e. */
static double log_of_base(dvti_caffe_op *op, dvti_pt *p)
{
    double base = dvti_pt_f64(op->r, p, "base", -1);

    if (base != -1 && !(base > 0)) {
        dvti_caffe_fail(op, DVT_E_PARSE, "field 'base' is %g, it must be above 0, or -1 for e",
                        base);
        return 1;
    }
    return base == -1 ? 1 : log(base);
}

/* shift + scale x, left out where it is x. */
static dvt_value_id affine(dvti_caffe_op *op, const char *part, double shift, double scale)
{
    if (shift == 0 && scale == 1) {
        return op->in[0];
    }
    return dvti_caffe_unary(op, part, op->in[0], DVT_UNARY_POWER, 1, shift, scale);
}

void dvti_caffe_import_exp(dvti_caffe_op *op)
{
    dvti_pt *p = message(op, "exp_param");
    double   ln = log_of_base(op, p);
    double   scale = dvti_pt_f64(op->r, p, "scale", 1), shift = dvti_pt_f64(op->r, p, "shift", 0);

    dvti_caffe_unary_top(op, affine(op, "exponent", shift * ln, scale * ln), DVT_UNARY_EXP, 0, 0,
                         0);
}

void dvti_caffe_import_log(dvti_caffe_op *op)
{
    dvti_pt *p = message(op, "log_param");
    double   ln = log_of_base(op, p);
    double   scale = dvti_pt_f64(op->r, p, "scale", 1), shift = dvti_pt_f64(op->r, p, "shift", 0);
    dvt_value_id x = affine(op, "argument", shift, scale);

    if (ln == 0) {
        dvti_caffe_fail(op, DVT_E_PARSE, "there is no logarithm to the base 1");
    } else if (ln == 1) {
        dvti_caffe_unary_top(op, x, DVT_UNARY_LOG, 0, 0, 0);
    } else {
        x = dvti_caffe_unary(op, "natural", x, DVT_UNARY_LOG, 0, 0, 0);
        dvti_caffe_unary_top(op, x, DVT_UNARY_POWER, 1, 0, 1 / ln);
    }
}

/* x > threshold ? 1 : 0 */
void dvti_caffe_import_threshold(dvti_caffe_op *op)
{
    double       level = dvti_pt_f64(op->r, message(op, "threshold_param"), "threshold", 0);
    dvt_shape    scalar = {.rank = 0};
    dvt_attrs    above = {.binary = {.fn2 = DVT_BINARY_GREATER}}, cast = {.cast = {DVT_DTYPE_F32}};
    dvt_value_id in[2] = {op->in[0], dvti_caffe_fill(op, "threshold", &scalar, (float)level)};
    dvt_value_id truth = dvti_caffe_inner(op, "above", DVT_OP_BINARY, &above, in, 2);

    dvti_caffe_top(op, 0, DVT_OP_CAST, &cast, &truth, 1);
}

/* x * sigmoid(beta x) */
void dvti_caffe_import_swish(dvti_caffe_op *op)
{
    double       beta = dvti_pt_f64(op->r, message(op, "swish_param"), "beta", 1);
    dvt_attrs    mul = {.binary = {.fn2 = DVT_BINARY_MUL}};
    dvt_value_id gate =
        dvti_caffe_unary(op, "sigmoid", affine(op, "slope", 0, beta), DVT_UNARY_SIGMOID, 0, 0, 0);

    dvti_caffe_top(op, 0, DVT_OP_BINARY, &mul, (dvt_value_id[]){op->in[0], gate}, 2);
}

void dvti_caffe_import_clip(dvti_caffe_op *op)
{
    dvti_pt *p = message(op, "clip_param");
    double   min = dvti_pt_f64(op->r, p, "min", (double)NAN),
           max = dvti_pt_f64(op->r, p, "max", (double)NAN);

    if (isnan(min) || isnan(max)) {
        dvti_caffe_fail(op, DVT_E_PARSE, "fields 'min' and 'max' are needed");
    }
    dvti_caffe_unary_top(op, op->in[0], DVT_UNARY_CLIP, min, max, 0);
}

/* At inference a copy; forks can leave the scaling of training to this moment. */
void dvti_caffe_import_dropout(dvti_caffe_op *op)
{
    dvti_pt *p = message(op, "dropout_param");
    double   ratio = dvti_pt_f64(op->r, p, "dropout_ratio", 0.5);

    if (dvti_pt_bool(op->r, p, "scale_train", true)) {
        dvti_caffe_top(op, 0, DVT_OP_IDENTITY, NULL, op->in, 1);
    } else {
        dvti_caffe_unary_top(op, op->in[0], DVT_UNARY_POWER, 1, 0, 1 - ratio);
    }
}

void dvti_caffe_import_softmax(dvti_caffe_op *op)
{
    dvti_pt  *p = message(op, "softmax_param");
    dvt_attrs a = {.softmax = {.kind = DVT_SOFTMAX_SOFTMAX}};

    a.softmax.axis = dvti_caffe_axis(op, p, "axis", 1, dvti_caffe_shape(op, 0)->rank, false);
    dvti_caffe_top(op, 0, DVT_OP_SOFTMAX, &a, op->in, 1);
}

/* What the loss compares with the label: the softmax of its first bottom. */
void dvti_caffe_import_softmax_loss(dvti_caffe_op *op) { dvti_caffe_import_softmax(op); }
