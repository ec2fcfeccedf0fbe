/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_export_math.c - writes element-wise operators, softmax, reductions and casts.
 *
 * Same bits ONNX has no operator for x s + b with one rounding, nor for (beta + gamma x)^alpha.
 *           Where one rounding at the end is what the f32 operators give, they are used; a scale
 *           with one factor a channel is a batch normalisation by mean 0 and variance 1; what is
 *           left is computed in f64 between two casts, as the kernels do.
 * Tests     tests/unit/test_onnx_export.c
 */
#include "formats/onnx_export_int.h"

#include <assert.h>
#include <math.h>

/* ---- scale, bias --------------------------------------------------------------------------- */

/* Operand i, shaped like x from `axis` on, so that it broadcasts to x: 1 for what follows. */
static const char *along_axis(dvti_onnx_out *o, int32_t i)
{
    const dvt_shape *x = &dvti_onnx_operand_value(o, 0)->shape;
    dvt_shape        s = dvti_onnx_operand_value(o, i)->shape;
    int32_t          axis = (int32_t)o->node->attrs.axis.axis, behind = x->rank - axis - s.rank;
    const char      *name;

    if (behind <= 0) {
        return dvti_onnx_operand(o, i);
    }
    for (int32_t k = 0; k < behind; k++) {
        s.dim[s.rank++] = 1;
    }
    name = dvti_onnx_between(o);
    dvti_onnx_put_reshape(o, dvti_onnx_operand(o, i), &s, name);
    return name;
}

void dvti_onnx_put_bias(dvti_onnx_out *o)
{
    const char *b = along_axis(o, 1);

    (void)dvti_onnx_put(o, "Add", DVTI_NAMES(dvti_onnx_operand(o, 0), b), dvti_onnx_result(o, 0));
}

static const char *put_cast(dvti_onnx_out *o, const char *x, dvt_dtype to, const char *out)
{
    DvtOnnx__Node *n = dvti_onnx_put(o, "Cast", DVTI_NAMES(x), out);

    dvti_onnx_set_int(o, n, "to", dvti_onnx_elem(to));
    return out;
}

static const char *to_f64(dvti_onnx_out *o, const char *x)
{
    return put_cast(o, x, DVT_DTYPE_F64, dvti_onnx_between(o));
}

/* type(a, b) as a value between */
static const char *put_two(dvti_onnx_out *o, const char *type, const char *a, const char *b)
{
    const char *out = dvti_onnx_between(o);

    (void)dvti_onnx_put(o, type, DVTI_NAMES(a, b), out);
    return out;
}

static void put_f64_scale(dvti_onnx_out *o)
{
    const char *s = to_f64(o, along_axis(o, 1)), *b = to_f64(o, along_axis(o, 2));
    const char *y = put_two(o, "Mul", to_f64(o, dvti_onnx_operand(o, 0)), s);

    (void)put_cast(o, put_two(o, "Add", y, b), DVT_DTYPE_F32, dvti_onnx_result(o, 0));
}

static const char *put_filled(dvti_onnx_out *o, int64_t count, float value)
{
    float      *values = dvt_arena_calloc(o->arena, (size_t)count, sizeof *values);
    const char *name = "";

    if (!values && o->st == DVT_OK) {
        o->st = DVT_E_NOMEM;
    }
    for (int64_t i = 0; values && i < count; i++) {
        values[i] = value;
    }
    if (o->st == DVT_OK) {
        name = dvti_onnx_put_floats(o, values, count);
    }
    return name;
}

/* x s + 0: adding 0 makes -0 a 0, as the kernel does. */
static void put_scale_alone(dvti_onnx_out *o)
{
    const char *y = put_two(o, "Mul", dvti_onnx_operand(o, 0), along_axis(o, 1));

    (void)dvti_onnx_put(o, "Add", DVTI_NAMES(y, dvti_onnx_put_scalar(o, DVT_DTYPE_F32, 0.0)),
                        dvti_onnx_result(o, 0));
}

void dvti_onnx_put_scale(dvti_onnx_out *o)
{
    const dvt_shape *s = &dvti_onnx_operand_value(o, 1)->shape;
    bool             bias = o->node->input_count > 2 && o->node->inputs[2].i >= 0;

    if (dvti_onnx_operand_value(o, 0)->dtype != DVT_DTYPE_F32) {
        dvti_onnx_cannot(o, "a scale of other values than f32");
    } else if (s->rank == 1 && o->node->attrs.axis.axis == 1) {
        const char    *b = bias ? dvti_onnx_operand(o, 2) : put_filled(o, s->dim[0], 0.0f);
        const char    *mean = put_filled(o, s->dim[0], 0.0f);
        const char    *var = put_filled(o, s->dim[0], 1.0f);
        DvtOnnx__Node *n = dvti_onnx_put(
            o, "BatchNormalization",
            DVTI_NAMES(dvti_onnx_operand(o, 0), dvti_onnx_operand(o, 1), b, mean, var),
            dvti_onnx_result(o, 0));
        dvti_onnx_set_float(o, n, "epsilon", 0.0f);
    } else if (bias) {
        put_f64_scale(o);
    } else {
        put_scale_alone(o);
    }
}

/* ---- one operand --------------------------------------------------------------------------- */

/* min(max(x, alpha), beta) */
static void put_clip(dvti_onnx_out *o, const dvt_unary_attrs *a)
{
    dvt_dtype   t = dvti_onnx_operand_value(o, 0)->dtype;
    const char *lo, *hi;

    if (t != DVT_DTYPE_F32 && t != DVT_DTYPE_F64) {
        dvti_onnx_cannot(o, "bounds of %s values", dvt_dtype_name(t));
        return;
    }
    lo = dvti_onnx_put_scalar(o, t, (double)a->alpha);
    hi = dvti_onnx_put_scalar(o, t, (double)a->beta);
    (void)dvti_onnx_put(o, "Clip", DVTI_NAMES(dvti_onnx_operand(o, 0), lo, hi),
                        dvti_onnx_result(o, 0));
}

/* (beta + gamma x)^alpha */
static void put_power(dvti_onnx_out *o, const dvt_unary_attrs *a)
{
    dvt_dtype   t = dvti_onnx_operand_value(o, 0)->dtype;
    const char *x = dvti_onnx_operand(o, 0), *y = dvti_onnx_result(o, 0);
    bool        linear = a->alpha == 1.0f;

    if (t != DVT_DTYPE_F32 && t != DVT_DTYPE_F64) {
        dvti_onnx_cannot(o, "a power of %s values", dvt_dtype_name(t));
    } else if (linear && a->gamma == 1.0f) {
        (void)dvti_onnx_put(o, "Add", DVTI_NAMES(x, dvti_onnx_put_scalar(o, t, (double)a->beta)),
                            y);
    } else if (linear && a->beta == 0.0f) { /* adding 0 makes -0 a 0, as the kernel does */
        x = put_two(o, "Mul", x, dvti_onnx_put_scalar(o, t, (double)a->gamma));
        (void)dvti_onnx_put(o, "Add", DVTI_NAMES(x, dvti_onnx_put_scalar(o, t, 0.0)), y);
    } else {
        const char *wide = t == DVT_DTYPE_F64 ? x : to_f64(o, x);
        wide = put_two(o, "Mul", wide, dvti_onnx_put_scalar(o, DVT_DTYPE_F64, (double)a->gamma));
        wide = put_two(o, "Add", wide, dvti_onnx_put_scalar(o, DVT_DTYPE_F64, (double)a->beta));
        wide = put_two(o, "Pow", wide, dvti_onnx_put_scalar(o, DVT_DTYPE_F64, (double)a->alpha));
        (void)put_cast(o, wide, t, y);
    }
}

static const char *const unary_types[] = {
    [DVT_UNARY_RELU] = "Relu",
    [DVT_UNARY_LEAKY_RELU] = "LeakyRelu",
    [DVT_UNARY_ELU] = "Elu",
    [DVT_UNARY_SELU] = "Selu",
    [DVT_UNARY_CELU] = "Celu",
    [DVT_UNARY_THRESHOLDED_RELU] = "ThresholdedRelu",
    [DVT_UNARY_SIGMOID] = "Sigmoid",
    [DVT_UNARY_HARD_SIGMOID] = "HardSigmoid",
    [DVT_UNARY_HARD_SWISH] = "HardSwish",
    [DVT_UNARY_TANH] = "Tanh",
    [DVT_UNARY_SOFTPLUS] = "Softplus",
    [DVT_UNARY_SOFTSIGN] = "Softsign",
    [DVT_UNARY_MISH] = "Mish",
    [DVT_UNARY_GELU] = "Gelu",
    [DVT_UNARY_EXP] = "Exp",
    [DVT_UNARY_LOG] = "Log",
    [DVT_UNARY_SQRT] = "Sqrt",
    [DVT_UNARY_ABS] = "Abs",
    [DVT_UNARY_NEG] = "Neg",
    [DVT_UNARY_RECIPROCAL] = "Reciprocal",
    [DVT_UNARY_FLOOR] = "Floor",
    [DVT_UNARY_CEIL] = "Ceil",
    [DVT_UNARY_ROUND] = "Round",
    [DVT_UNARY_SIGN] = "Sign",
    [DVT_UNARY_ERF] = "Erf",
    [DVT_UNARY_SIN] = "Sin",
    [DVT_UNARY_COS] = "Cos",
    [DVT_UNARY_TAN] = "Tan",
    [DVT_UNARY_ASIN] = "Asin",
    [DVT_UNARY_ACOS] = "Acos",
    [DVT_UNARY_ATAN] = "Atan",
    [DVT_UNARY_SINH] = "Sinh",
    [DVT_UNARY_COSH] = "Cosh",
    [DVT_UNARY_ASINH] = "Asinh",
    [DVT_UNARY_ACOSH] = "Acosh",
    [DVT_UNARY_ATANH] = "Atanh",
    [DVT_UNARY_NOT] = "Not",
    [DVT_UNARY_POWER] = NULL, /* and clip: several nodes */
};
static_assert(sizeof unary_types / sizeof unary_types[0] == DVT_UNARY_COUNT, "one a function");

static void set_parameters(dvti_onnx_out *o, DvtOnnx__Node *n, const dvt_unary_attrs *a)
{
    switch (a->fn) {
    case DVT_UNARY_LEAKY_RELU:
    case DVT_UNARY_ELU:
    case DVT_UNARY_CELU:
    case DVT_UNARY_THRESHOLDED_RELU: dvti_onnx_set_float(o, n, "alpha", a->alpha); break;
    case DVT_UNARY_SELU:
        dvti_onnx_set_float(o, n, "alpha", a->alpha);
        dvti_onnx_set_float(o, n, "gamma", a->gamma);
        break;
    case DVT_UNARY_HARD_SIGMOID:
        dvti_onnx_set_float(o, n, "alpha", a->alpha);
        dvti_onnx_set_float(o, n, "beta", a->beta);
        break;
    case DVT_UNARY_HARD_SWISH: dvti_onnx_need_opset(o, 14); break;
    case DVT_UNARY_MISH: dvti_onnx_need_opset(o, 18); break;
    case DVT_UNARY_GELU:
        dvti_onnx_need_opset(o, 20);
        dvti_onnx_set_string(o, n, "approximate", a->alpha != 0.0f ? "tanh" : "none");
        break;
    default: break;
    }
}

void dvti_onnx_put_unary(dvti_onnx_out *o)
{
    const dvt_unary_attrs *a = &o->node->attrs.unary;

    if (a->fn == DVT_UNARY_CLIP) {
        put_clip(o, a);
    } else if (a->fn == DVT_UNARY_POWER) {
        put_power(o, a);
    } else {
        set_parameters(o, dvti_onnx_put_plain(o, unary_types[a->fn]), a);
    }
}

/* A softmax over all dimensions from `axis` on is one over the rows of a matrix. */
void dvti_onnx_put_softmax(dvti_onnx_out *o)
{
    static const char *const types[] = {"Softmax", "LogSoftmax", "Hardmax"};
    const dvt_softmax_attrs *a = &o->node->attrs.softmax;
    const dvt_shape         *x = &dvti_onnx_operand_value(o, 0)->shape;
    DvtOnnx__Node           *n;
    const char              *rows, *y;

    if (!a->flatten || a->axis == x->rank - 1) {
        n = dvti_onnx_put_plain(o, types[a->kind]);
        dvti_onnx_set_int(o, n, "axis", a->axis);
        return;
    }
    rows = dvti_onnx_between(o);
    y = dvti_onnx_between(o);
    n = dvti_onnx_put(o, "Flatten", DVTI_NAMES(dvti_onnx_operand(o, 0)), rows);
    dvti_onnx_set_int(o, n, "axis", a->axis);
    n = dvti_onnx_put(o, types[a->kind], DVTI_NAMES(rows), y);
    dvti_onnx_set_int(o, n, "axis", 1);
    dvti_onnx_put_reshape(o, y, x, dvti_onnx_result(o, 0));
}

/* ---- two and more -------------------------------------------------------------------------- */

void dvti_onnx_put_binary(dvti_onnx_out *o)
{
    static const char *const types[] = {
        [DVT_BINARY_ADD] = "Add",
        [DVT_BINARY_SUB] = "Sub",
        [DVT_BINARY_MUL] = "Mul",
        [DVT_BINARY_DIV] = "Div",
        [DVT_BINARY_POW] = "Pow",
        [DVT_BINARY_MAX] = "Max",
        [DVT_BINARY_MIN] = "Min",
        [DVT_BINARY_MOD] = "Mod",
        [DVT_BINARY_EQUAL] = "Equal",
        [DVT_BINARY_LESS] = "Less",
        [DVT_BINARY_GREATER] = "Greater",
        [DVT_BINARY_LESS_EQUAL] = "LessOrEqual",
        [DVT_BINARY_GREATER_EQUAL] = "GreaterOrEqual",
        [DVT_BINARY_AND] = "And",
        [DVT_BINARY_OR] = "Or",
        [DVT_BINARY_XOR] = "Xor",
    };
    static_assert(sizeof types / sizeof types[0] == DVT_BINARY_COUNT, "one a function");
    const dvt_binary_attrs *a = &o->node->attrs.binary;
    DvtOnnx__Node          *n = dvti_onnx_put_plain(o, types[a->fn2]);

    if (a->fn2 == DVT_BINARY_MOD) {
        dvti_onnx_set_int(o, n, "fmod", a->fmod);
    }
}

/* ONNX has no product of many: one after the other, in order, as the kernel does. */
static void put_product(dvti_onnx_out *o)
{
    const char *y = dvti_onnx_operand(o, 0);

    if (o->node->input_count == 1) {
        (void)dvti_onnx_put_plain(o, "Identity");
    }
    for (int32_t i = 1; i < o->node->input_count; i++) {
        bool        last = i + 1 == o->node->input_count;
        const char *out = last ? dvti_onnx_result(o, 0) : dvti_onnx_between(o);
        (void)dvti_onnx_put(o, "Mul", DVTI_NAMES(y, dvti_onnx_operand(o, i)), out);
        y = out;
    }
}

void dvti_onnx_put_nary(dvti_onnx_out *o)
{
    static const char *const types[] = {"Sum", "Mean", "Max", "Min"};
    dvt_nary                 fn = o->node->attrs.nary.fnn;

    if (fn == DVT_NARY_PROD) {
        put_product(o);
    } else {
        (void)dvti_onnx_put_plain(o, types[fn]);
    }
}

/* ---- reductions ---------------------------------------------------------------------------- */

static void put_arg(dvti_onnx_out *o, const char *type, const dvt_reduce_attrs *a)
{
    DvtOnnx__Node *n = dvti_onnx_put_plain(o, type);

    if (a->axes.n != 1) {
        dvti_onnx_cannot(o, "%d axes at once", (int)a->axes.n);
    }
    dvti_onnx_set_int(o, n, "axis", a->axes.v[0]);
    dvti_onnx_set_int(o, n, "keepdims", a->keep_dims);
    dvti_onnx_set_int(o, n, "select_last_index", a->select_last);
}

/* Axes are an input of ReduceSum, and from opset 18 on of all others too. */
static void put_axes(dvti_onnx_out *o, const char *type, const dvt_reduce_attrs *a)
{
    DvtOnnx__Node *n;

    if (a->rfn == DVT_REDUCE_SUM || o->opset >= 18) {
        const char *axes = dvti_onnx_put_ints(o, &a->axes);
        n = dvti_onnx_put(o, type, DVTI_NAMES(dvti_onnx_operand(o, 0), axes),
                          dvti_onnx_result(o, 0));
    } else {
        n = dvti_onnx_put_plain(o, type);
        dvti_onnx_set_ints(o, n, "axes", &a->axes);
    }
    dvti_onnx_set_int(o, n, "keepdims", a->keep_dims);
}

void dvti_onnx_put_reduce(dvti_onnx_out *o)
{
    static const char *const types[] = {
        [DVT_REDUCE_SUM] = "ReduceSum",        [DVT_REDUCE_MEAN] = "ReduceMean",
        [DVT_REDUCE_MAX] = "ReduceMax",        [DVT_REDUCE_MIN] = "ReduceMin",
        [DVT_REDUCE_PROD] = "ReduceProd",      [DVT_REDUCE_L1] = "ReduceL1",
        [DVT_REDUCE_L2] = "ReduceL2",          [DVT_REDUCE_SUM_SQUARE] = "ReduceSumSquare",
        [DVT_REDUCE_LOG_SUM] = "ReduceLogSum", [DVT_REDUCE_LOG_SUM_EXP] = "ReduceLogSumExp",
        [DVT_REDUCE_ARGMAX] = "ArgMax",        [DVT_REDUCE_ARGMIN] = "ArgMin",
    };
    static_assert(sizeof types / sizeof types[0] == DVT_REDUCE_COUNT, "one a function");
    const dvt_reduce_attrs *a = &o->node->attrs.reduce;

    if (a->rfn == DVT_REDUCE_ARGMAX || a->rfn == DVT_REDUCE_ARGMIN) {
        put_arg(o, types[a->rfn], a);
    } else if (a->axes.n == 0) {
        dvti_onnx_cannot(o, "a reduction over no axis");
    } else {
        put_axes(o, types[a->rfn], a);
    }
}

void dvti_onnx_put_cumsum(dvti_onnx_out *o)
{
    const dvt_cumsum_attrs *a = &o->node->attrs.cumsum;
    dvt_ints                axis = {1, {a->axis}};
    DvtOnnx__Node          *n;

    n = dvti_onnx_put(o, "CumSum",
                      DVTI_NAMES(dvti_onnx_operand(o, 0), dvti_onnx_put_ints(o, &axis)),
                      dvti_onnx_result(o, 0));
    dvti_onnx_set_int(o, n, "exclusive", a->exclusive);
    dvti_onnx_set_int(o, n, "reverse", a->reverse);
}

void dvti_onnx_put_cast(dvti_onnx_out *o)
{
    (void)put_cast(o, dvti_onnx_operand(o, 0), o->node->attrs.cast.dtype, dvti_onnx_result(o, 0));
}
