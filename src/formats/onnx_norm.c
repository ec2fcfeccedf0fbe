/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_norm.c - ONNX normalisation: batch, instance, layer, group, RMS, Lp, mean-variance, LRN,
 * softmax.
 *
 * Idea      What the graph has is used as it is; layer, RMS, Lp and mean-variance normalisation are
 *           written out in reductions and arithmetic, group normalisation as instance normalisation
 *           of a reshaped tensor.
 * Opsets    BatchNormalization handles inference only: `is_test` = 0 before opset 7 and
 *           training_mode of opset 14 are refused, and so is `spatial` = 0 before opset 9. Softmax
 *           and its kin work on all dimensions from `axis` (1) on before opset 13, on one (-1)
 *           after. GroupNormalization has one scale a group in opset 18, one a channel from 21 on.
 * Tests     tests/unit/test_onnx_ops.c and the ONNX operator tests (tests/onnx)
 */
#include "formats/onnx_int.h"

static void refuse_training(dvti_onnx_node *n, bool training)
{
    if (training) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "training is not handled");
        dvt_fail_hint(n->o->ctx, "export the model for inference");
    }
}

void dvti_onnx_lrn(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_attrs    a = {.lrn = {.alpha = dvti_onnx_float(n, "alpha", 0.0001f),
                              .beta = dvti_onnx_float(n, "beta", 0.75f),
                              .k = dvti_onnx_float(n, "bias", 1.0f)}};

    dvti_onnx_need_attr(n, "size");
    a.lrn.size = dvti_onnx_int(n, "size", 1);
    dvti_onnx_end(n, DVT_OP_LRN, &a, &x, 1);
}

void dvti_onnx_batch_norm(dvti_onnx_node *n)
{
    dvt_value_id in[5];
    dvt_attrs    a = {.norm = {dvti_onnx_float(n, "epsilon", 1e-5f)}};

    for (int32_t i = 0; i < 5; i++) {
        in[i] = dvti_onnx_in(n, i);
    }
    if (n->opset < 6) {
        dvti_onnx_ignore_attr(n, "consumed_inputs");
    }
    if (n->opset < 7) {
        refuse_training(n, !dvti_onnx_flag(n, "is_test", false));
    }
    if (n->opset < 9 && !dvti_onnx_flag(n, "spatial", true)) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attribute 'spatial' is 0, which is not handled");
    }
    if (n->opset >= 14) {
        refuse_training(n, dvti_onnx_flag(n, "training_mode", false));
    }
    dvti_onnx_ignore_attr(n, "momentum"); /* of training */
    dvti_onnx_end(n, DVT_OP_BATCH_NORM, &a, in, 5);
}

void dvti_onnx_instance_norm(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), scale = dvti_onnx_in(n, 1), bias = dvti_onnx_in(n, 2);
    dvt_attrs    a = {.norm = {dvti_onnx_float(n, "epsilon", 1e-5f)}};

    if (n->opset < 6) {
        dvti_onnx_ignore_attr(n, "consumed_inputs");
    }
    dvti_onnx_end(n, DVT_OP_INSTANCE_NORM, &a, DVTI_IN(x, scale, bias));
}

void dvti_onnx_softmax(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    int32_t      rank = dvti_onnx_shape_of(n, x).rank;
    bool         flatten = n->opset < 13;
    int64_t      axis = dvti_onnx_int(n, "axis", flatten ? 1 : -1);
    dvt_attrs    a = {.softmax = {.kind = (dvt_softmax)n->variant, .flatten = flatten}};

    /* a flattened softmax may have its axis behind the last dimension: every element is alone */
    a.softmax.axis = flatten && axis == rank ? axis : dvti_onnx_axis(n, axis, rank);
    if (n->st == DVT_OK && a.softmax.axis == rank) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "axis %lld is behind the last dimension",
                         (long long)axis);
    }
    dvti_onnx_end(n, DVT_OP_SOFTMAX, &a, &x, 1);
}

/* ---- written out --------------------------------------------------------------------------- */

static dvt_ints axes_from(int64_t first, int32_t rank)
{
    dvt_ints axes = {0};

    for (int64_t i = first; i < rank; i++) {
        axes.v[axes.n++] = i;
    }
    return axes;
}

static dvt_value_id square(dvti_onnx_node *n, dvt_value_id v)
{
    return dvti_onnx_binary(n, DVT_BINARY_MUL, v, v);
}

/* 1 / sqrt(mean(v^2) + epsilon) over the axes, which are kept as 1; ends output `index`. */
static dvt_value_id inverse_deviation(dvti_onnx_node *n, dvt_value_id v, const dvt_ints *axes,
                                      float epsilon)
{
    dvt_value_id variance = dvti_onnx_reduce(n, DVT_REDUCE_MEAN, square(n, v), axes, true);
    dvt_value_id eps = dvti_onnx_scalar(n, dvti_onnx_dtype_of(n, v), (double)epsilon);
    dvt_value_id sum = dvti_onnx_binary(n, DVT_BINARY_ADD, variance, eps);

    return dvti_onnx_unary(n, DVT_UNARY_RECIPROCAL, dvti_onnx_unary(n, DVT_UNARY_SQRT, sum));
}

static void check_stash(dvti_onnx_node *n)
{
    int64_t type = dvti_onnx_int(n, "stash_type", 1);

    if (type != 1) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attribute 'stash_type' is %s, FLOAT is handled",
                         dvti_onnx_type_name((int32_t)type));
    }
}

/* y = v * scale [+ bias] */
static void end_affine(dvti_onnx_node *n, dvt_value_id v, dvt_value_id scale, dvt_value_id bias)
{
    if (bias.i < 0) {
        dvti_onnx_end_binary(n, DVT_BINARY_MUL, v, scale);
    } else {
        v = dvti_onnx_binary(n, DVT_BINARY_MUL, v, scale);
        dvti_onnx_end_binary(n, DVT_BINARY_ADD, v, bias);
    }
}

void dvti_onnx_layer_norm(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), scale = dvti_onnx_in(n, 1), bias = dvti_onnx_opt(n, 2);
    int32_t      rank = dvti_onnx_shape_of(n, x).rank;
    int64_t      axis = dvti_onnx_axis(n, dvti_onnx_int(n, "axis", -1), rank);
    dvt_ints     axes = axes_from(axis, rank);
    float        epsilon = dvti_onnx_float(n, "epsilon", 1e-5f);

    check_stash(n);
    dvt_value_id mean = dvti_onnx_reduce(n, DVT_REDUCE_MEAN, x, &axes, true);
    dvt_value_id centred = dvti_onnx_binary(n, DVT_BINARY_SUB, x, mean);
    dvt_value_id inverse = inverse_deviation(n, centred, &axes, epsilon);
    end_affine(n, dvti_onnx_binary(n, DVT_BINARY_MUL, centred, inverse), scale, bias);
    dvti_onnx_end_at(n, 1, DVT_OP_IDENTITY, NULL, &mean, 1);
    dvti_onnx_end_at(n, 2, DVT_OP_IDENTITY, NULL, &inverse, 1);
}

void dvti_onnx_rms_norm(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), scale = dvti_onnx_in(n, 1);
    int32_t      rank = dvti_onnx_shape_of(n, x).rank;
    int64_t      axis = dvti_onnx_axis(n, dvti_onnx_int(n, "axis", -1), rank);
    dvt_ints     axes = axes_from(axis, rank);
    float        epsilon = dvti_onnx_float(n, "epsilon", 1e-5f);

    check_stash(n);
    dvt_value_id inverse = inverse_deviation(n, x, &axes, epsilon);
    end_affine(n, dvti_onnx_binary(n, DVT_BINARY_MUL, x, inverse), scale, DVT_NO_VALUE);
}

void dvti_onnx_mvn(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_ints     axes;
    dvt_dtype    t = dvti_onnx_dtype_of(n, x);

    if (!dvti_onnx_ints(n, "axes", &axes)) {
        axes = (dvt_ints){.n = 3, .v = {0, 2, 3}};
    }
    dvti_onnx_axes(n, &axes, dvti_onnx_shape_of(n, x).rank);
    dvt_value_id mean = dvti_onnx_reduce(n, DVT_REDUCE_MEAN, x, &axes, true);
    dvt_value_id centred = dvti_onnx_binary(n, DVT_BINARY_SUB, x, mean);
    dvt_value_id variance = dvti_onnx_reduce(n, DVT_REDUCE_MEAN, square(n, centred), &axes, true);
    dvt_value_id deviation = dvti_onnx_unary(n, DVT_UNARY_SQRT, variance);
    dvt_value_id eps = dvti_onnx_scalar(n, t, 1e-9);
    dvti_onnx_end_binary(n, DVT_BINARY_DIV, centred,
                         dvti_onnx_binary(n, DVT_BINARY_ADD, deviation, eps));
}

/* x / |x|_p along one axis; where the norm is 0 the result is 0. */
void dvti_onnx_lp_norm(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    int32_t      rank = dvti_onnx_shape_of(n, x).rank;
    dvt_ints     axes = {.n = 1, .v = {dvti_onnx_axis(n, dvti_onnx_int(n, "axis", -1), rank)}};
    int64_t      p = dvti_onnx_int(n, "p", 2);
    dvt_dtype    t = dvti_onnx_dtype_of(n, x);

    if (p != 1 && p != 2) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attribute 'p' is %lld, 1 and 2 are handled",
                         (long long)p);
    }
    dvt_value_id norm = dvti_onnx_reduce(n, p == 1 ? DVT_REDUCE_L1 : DVT_REDUCE_L2, x, &axes, true);
    dvt_value_id zero = dvti_onnx_scalar(n, t, 0.0), one = dvti_onnx_scalar(n, t, 1.0);
    dvt_value_id is_zero = dvti_onnx_binary(n, DVT_BINARY_EQUAL, norm, zero);
    dvt_value_id safe = dvti_onnx_mid(n, DVT_OP_WHERE, NULL, DVTI_IN(is_zero, one, norm));
    dvti_onnx_end_binary(n, DVT_BINARY_DIV, x, safe);
}

/* ---- by channel ---------------------------------------------------------------------------- */

static dvt_value_id filled(dvti_onnx_node *n, dvt_dtype dtype, int64_t count, double value)
{
    dvt_attrs    a = {.dims = {{.n = 1, .v = {count}}}};
    dvt_value_id v = dvti_onnx_scalar(n, dtype, value);

    return dvti_onnx_mid(n, DVT_OP_EXPAND, &a, &v, 1);
}

/* One number a group becomes one a channel. */
static dvt_value_id by_channel(dvti_onnx_node *n, dvt_value_id v, int64_t groups, int64_t size)
{
    dvt_attrs a = {.dims = {{.n = 2, .v = {groups, size}}}};

    v = dvti_onnx_reshape(n, v, &(dvt_shape){.rank = 2, .dim = {groups, 1}});
    v = dvti_onnx_mid(n, DVT_OP_EXPAND, &a, &v, 1);
    return dvti_onnx_reshape(n, v, &(dvt_shape){.rank = 1, .dim = {groups * size}});
}

void dvti_onnx_group_norm(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), scale = dvti_onnx_in(n, 1), bias = dvti_onnx_in(n, 2);
    dvt_shape    xs = dvti_onnx_shape_of(n, x);
    int64_t      groups = dvti_onnx_int(n, "num_groups", 0);
    dvt_dtype    t = dvti_onnx_dtype_of(n, x);
    dvt_attrs    norm = {.norm = {dvti_onnx_float(n, "epsilon", 1e-5f)}}, affine = {.axis = {1}};

    dvti_onnx_need_attr(n, "num_groups");
    if (n->opset >= 21) {
        check_stash(n);
    }
    if (n->st == DVT_OK && (xs.rank < 3 || groups < 1 || xs.dim[1] % groups != 0)) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "%lld groups do not divide the channels",
                         (long long)groups);
    }
    if (n->st != DVT_OK) {
        return;
    }
    int64_t   size = xs.dim[1] / groups, inner = size * dvt_shape_count_range(&xs, 2, xs.rank);
    dvt_shape grouped = {.rank = 3, .dim = {xs.dim[0], groups, inner}};
    dvt_value_id y = dvti_onnx_reshape(n, x, &grouped);
    y = dvti_onnx_mid(n, DVT_OP_INSTANCE_NORM, &norm,
                      DVTI_IN(y, filled(n, t, groups, 1.0), filled(n, t, groups, 0.0)));
    y = dvti_onnx_reshape(n, y, &xs);
    if (n->opset < 21) {
        scale = by_channel(n, scale, groups, size);
        bias = by_channel(n, bias, groups, size);
    }
    dvti_onnx_end(n, DVT_OP_SCALE, &affine, DVTI_IN(y, scale, bias));
}

/* scale * x + bias[channel] */
void dvti_onnx_image_scaler(dvti_onnx_node *n)
{
    dvt_value_id              x = dvti_onnx_in(n, 0);
    dvt_shape                 xs = dvti_onnx_shape_of(n, x);
    float                     scale = dvti_onnx_float(n, "scale", 1.0f);
    const DvtOnnx__Attribute *list = dvti_onnx_attr(n, "bias");
    dvt_attrs                 a = {.axis = {1}};

    if (n->st == DVT_OK && (xs.rank != 4 || !list || (int64_t)list->n_floats != xs.dim[1])) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "attribute 'bias' does not have one number a channel");
    }
    if (n->st != DVT_OK) {
        return;
    }
    dvt_shape    vector = {.rank = 1, .dim = {xs.dim[1]}};
    dvt_tensor   bias = dvt_tensor_wrap(DVT_DTYPE_F32, &vector, list->floats);
    dvt_value_id b = dvti_onnx_const_value(n, &bias);
    dvti_onnx_end(n, DVT_OP_SCALE, &a,
                  DVTI_IN(x, filled(n, DVT_DTYPE_F32, xs.dim[1], (double)scale), b));
}
