/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_math.c - element-wise ONNX operators: activations, arithmetic, comparison, choice, casts.
 *
 * Opsets    Before opset 7 binary operators broadcast only with `broadcast` = 1 and lay the second
 *           operand along `axis`; that becomes a reshape. Before opset 6 `consumed_inputs` is a
 *           hint about memory and does not change values. Clip takes its bounds from attributes
 *           before opset 11 and from inputs after. PRelu's slope is one a channel before opset 7.
 * Types     Pow with operands of two types computes in f64 when the base is an integer, and in the
 *           type of the base otherwise.
 * Tests     tests/unit/test_onnx_ops.c and the ONNX operator tests (tests/onnx)
 */
#include "formats/onnx_int.h"

#include <float.h>

static void ignore_consumed(dvti_onnx_node *n)
{
    if (n->opset < 6) {
        dvti_onnx_ignore_attr(n, "consumed_inputs");
    }
}

/* ---- one operand --------------------------------------------------------------------------- */

void dvti_onnx_plain_unary(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);

    ignore_consumed(n);
    dvti_onnx_end_unary(n, (dvt_unary)n->variant, x);
}

static void read_parameters(dvti_onnx_node *n, dvt_unary_attrs *u)
{
    static const char *const approximations[] = {"none", "tanh"};

    switch (u->fn) {
    case DVT_UNARY_LEAKY_RELU: u->alpha = dvti_onnx_float(n, "alpha", 0.01f); break;
    case DVT_UNARY_SELU:
        u->alpha = dvti_onnx_float(n, "alpha", n->opset < 6 ? 1.6732f : 1.67326319217681884765625f);
        u->gamma = dvti_onnx_float(n, "gamma", n->opset < 6 ? 1.0507f : 1.05070102214813232421875f);
        break;
    case DVT_UNARY_HARD_SIGMOID:
        u->alpha = dvti_onnx_float(n, "alpha", 0.2f);
        u->beta = dvti_onnx_float(n, "beta", 0.5f);
        break;
    case DVT_UNARY_HARD_SWISH:
        u->alpha = 1.0f / 6.0f;
        u->beta = 0.5f;
        break;
    case DVT_UNARY_GELU:
        u->alpha = (float)dvti_onnx_choice(n, "approximate", approximations, 2, 0);
        break;
    case DVT_UNARY_MISH: break;
    default: /* elu, celu, thresholded_relu */ u->alpha = dvti_onnx_float(n, "alpha", 1.0f);
    }
}

void dvti_onnx_activation(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_attrs    a = {.unary = {.fn = (dvt_unary)n->variant}};

    ignore_consumed(n);
    read_parameters(n, &a.unary);
    dvti_onnx_end(n, DVT_OP_UNARY, &a, &x, 1);
}

/* x * sigmoid(alpha * x) */
void dvti_onnx_swish(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), scaled = x;
    float        alpha = dvti_onnx_float(n, "alpha", 1.0f);

    if (alpha != 1.0f) {
        scaled = dvti_onnx_binary(n, DVT_BINARY_MUL, x,
                                  dvti_onnx_scalar(n, dvti_onnx_dtype_of(n, x), (double)alpha));
    }
    dvti_onnx_end_binary(n, DVT_BINARY_MUL, x, dvti_onnx_unary(n, DVT_UNARY_SIGMOID, scaled));
}

/* x < -lambd: x + bias; x > lambd: x - bias; else 0 */
void dvti_onnx_shrink(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_dtype    t = dvti_onnx_dtype_of(n, x);
    double       lambd = (double)dvti_onnx_float(n, "lambd", 0.5f);
    dvt_value_id bias = dvti_onnx_scalar(n, t, (double)dvti_onnx_float(n, "bias", 0.0f));
    dvt_value_id low = dvti_onnx_binary(n, DVT_BINARY_LESS, x, dvti_onnx_scalar(n, t, -lambd));
    dvt_value_id high = dvti_onnx_binary(n, DVT_BINARY_GREATER, x, dvti_onnx_scalar(n, t, lambd));
    dvt_value_id up = dvti_onnx_binary(n, DVT_BINARY_ADD, x, bias);
    dvt_value_id down = dvti_onnx_binary(n, DVT_BINARY_SUB, x, bias);
    dvt_value_id inner =
        dvti_onnx_mid(n, DVT_OP_WHERE, NULL, DVTI_IN(high, down, dvti_onnx_scalar(n, t, 0.0)));

    dvti_onnx_end(n, DVT_OP_WHERE, NULL, DVTI_IN(low, up, inner));
}

/* A bound of Clip as a number, if it is one at import and of a type that f32 holds exactly. */
static bool clip_number(dvti_onnx_node *n, dvt_value_id v, float def, float *out)
{
    dvt_tensor t;

    *out = def;
    if (n->st != DVT_OK || v.i < 0) {
        return true;
    }
    if (!dvt_graph_const(n->o->g, v, &t) || t.dtype != DVT_DTYPE_F32 ||
        dvt_shape_count(&t.shape) != 1) {
        return false;
    }
    *out = ((const float *)t.data)[0];
    return *out == *out;
}

/* min(max(x, lo), hi): the meaning also where lo > hi, and for bounds known at run time. */
static void clip_by_steps(dvti_onnx_node *n, dvt_value_id x, dvt_value_id lo, dvt_value_id hi)
{
    dvt_attrs max = {.nary = {DVT_NARY_MAX}}, min = {.nary = {DVT_NARY_MIN}};

    if (lo.i >= 0 && hi.i >= 0) {
        x = dvti_onnx_mid(n, DVT_OP_NARY, &max, DVTI_IN(x, lo));
        dvti_onnx_end(n, DVT_OP_NARY, &min, DVTI_IN(x, hi));
    } else if (lo.i >= 0) {
        dvti_onnx_end(n, DVT_OP_NARY, &max, DVTI_IN(x, lo));
    } else {
        dvti_onnx_end(n, DVT_OP_NARY, &min, DVTI_IN(x, hi));
    }
}

static void end_clip(dvti_onnx_node *n, dvt_value_id x, float lo, float hi)
{
    dvt_attrs a = {.unary = {.fn = DVT_UNARY_CLIP, .alpha = lo, .beta = hi}};

    if (lo == 0.0f && hi >= FLT_MAX) {
        dvti_onnx_end_unary(n, DVT_UNARY_RELU, x);
    } else {
        dvti_onnx_end(n, DVT_OP_UNARY, &a, &x, 1);
    }
}

void dvti_onnx_clip(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), lo = DVT_NO_VALUE, hi = DVT_NO_VALUE;
    float        min = -FLT_MAX, max = FLT_MAX;
    bool         numbers = true;

    ignore_consumed(n);
    if (n->opset < 11) {
        min = dvti_onnx_float(n, "min", min);
        max = dvti_onnx_float(n, "max", max);
    } else {
        lo = dvti_onnx_opt(n, 1);
        hi = dvti_onnx_opt(n, 2);
        numbers = clip_number(n, lo, min, &min);
        numbers = clip_number(n, hi, max, &max) && numbers;
    }
    numbers = numbers && min <= max;
    if (n->opset >= 11 && lo.i < 0 && hi.i < 0) {
        dvti_onnx_end_identity(n, x);
    } else if (numbers && dvti_onnx_dtype_of(n, x) == DVT_DTYPE_F32) {
        end_clip(n, x, min, max);
    } else if (n->opset < 11) {
        dvt_dtype t = dvti_onnx_dtype_of(n, x);
        clip_by_steps(n, x, dvti_onnx_scalar(n, t, (double)min),
                      dvti_onnx_scalar(n, t, (double)max));
    } else {
        clip_by_steps(n, x, lo, hi);
    }
}

void dvti_onnx_prelu(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), slope = dvti_onnx_in(n, 1);
    dvt_shape    s = dvti_onnx_shape_of(n, slope), xs = dvti_onnx_shape_of(n, x);

    ignore_consumed(n);
    if (n->opset < 7 && s.rank == 1 && s.dim[0] > 1 && xs.rank > 2) {
        dvt_shape column = {.rank = xs.rank - 1};
        for (int32_t i = 0; i < column.rank; i++) {
            column.dim[i] = i == 0 ? s.dim[0] : 1;
        }
        slope = dvti_onnx_reshape(n, slope, &column);
    }
    dvti_onnx_end(n, DVT_OP_PRELU, NULL, DVTI_IN(x, slope));
}

/* ---- two operands -------------------------------------------------------------------------- */

/* Lays b's dimensions along those of a from `axis` on: trailing ones are appended. */
static dvt_value_id lay_along(dvti_onnx_node *n, dvt_value_id a, dvt_value_id b)
{
    dvt_shape as = dvti_onnx_shape_of(n, a), bs = dvti_onnx_shape_of(n, b), to = bs;
    int64_t   axis = dvti_onnx_int(n, "axis", as.rank - bs.rank);

    if (n->st != DVT_OK) {
        return b;
    }
    if (axis < 0) {
        axis += as.rank;
    }
    if (axis < 0 || axis > as.rank - bs.rank) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "axis %lld does not fit operands of rank %d and %d",
                         (long long)axis, (int)as.rank, (int)bs.rank);
        return b;
    }
    to.rank = as.rank - (int32_t)axis;
    for (int32_t i = bs.rank; i < to.rank; i++) {
        to.dim[i] = 1;
    }
    return dvti_onnx_reshape(n, b, &to);
}

/* The second operand as opset 7 broadcasts it. */
static dvt_value_id legacy_operand(dvti_onnx_node *n, dvt_value_id a, dvt_value_id b)
{
    dvt_shape as, bs;

    if (n->opset >= 7) {
        return b;
    }
    ignore_consumed(n);
    if (dvti_onnx_flag(n, "broadcast", false)) {
        return lay_along(n, a, b);
    }
    dvti_onnx_ignore_attr(n, "axis");
    as = dvti_onnx_shape_of(n, a);
    bs = dvti_onnx_shape_of(n, b);
    if (!dvt_shape_equal(&as, &bs)) {
        char at[DVT_SHAPE_TEXT], bt[DVT_SHAPE_TEXT];
        dvti_onnx_refuse(n, DVT_E_SHAPE, "shapes %s and %s differ and broadcast is 0",
                         dvt_shape_text(&as, at), dvt_shape_text(&bs, bt));
    }
    return b;
}

void dvti_onnx_arith(dvti_onnx_node *n)
{
    dvt_value_id a = dvti_onnx_in(n, 0), b = dvti_onnx_in(n, 1);

    if (n->variant == DVT_BINARY_GREATER_EQUAL || n->variant == DVT_BINARY_LESS_EQUAL) {
        dvti_onnx_end_binary(n, (dvt_binary)n->variant, a, b);
        return;
    }
    b = legacy_operand(n, a, b);
    dvti_onnx_end_binary(n, (dvt_binary)n->variant, a, b);
}

static bool is_float(dvt_dtype t)
{
    return t == DVT_DTYPE_F32 || t == DVT_DTYPE_F64 || t == DVT_DTYPE_F16;
}

void dvti_onnx_pow(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), y = legacy_operand(n, x, dvti_onnx_in(n, 1));
    dvt_dtype    tx = dvti_onnx_dtype_of(n, x), ty = dvti_onnx_dtype_of(n, y);
    dvt_attrs    back = {.cast = {tx}};

    if (tx == ty || is_float(tx)) {
        dvti_onnx_end_binary(n, DVT_BINARY_POW, x, dvti_onnx_cast(n, y, tx));
        return;
    }
    x = dvti_onnx_cast(n, x, DVT_DTYPE_F64);
    y = dvti_onnx_cast(n, y, DVT_DTYPE_F64);
    dvt_value_id wide = dvti_onnx_binary(n, DVT_BINARY_POW, x, y);
    dvti_onnx_end(n, DVT_OP_CAST, &back, &wide, 1);
}

void dvti_onnx_mod(dvti_onnx_node *n)
{
    dvt_value_id a = dvti_onnx_in(n, 0), b = dvti_onnx_in(n, 1);
    dvt_attrs    attrs = {.binary = {.fn2 = DVT_BINARY_MOD}};

    attrs.binary.fmod = dvti_onnx_flag(n, "fmod", false);
    if (!attrs.binary.fmod && is_float(dvti_onnx_dtype_of(n, a))) {
        dvti_onnx_refuse(n, DVT_E_PARSE, "attribute 'fmod' must be 1 for floating-point operands");
    }
    dvti_onnx_end(n, DVT_OP_BINARY, &attrs, DVTI_IN(a, b));
}

/* ---- many operands ------------------------------------------------------------------------- */

void dvti_onnx_nary(dvti_onnx_node *n)
{
    dvt_value_id in[DVTI_ONNX_MAX_SLOTS];
    int32_t      count = dvti_onnx_in_count(n);
    dvt_attrs    a = {.nary = {(dvt_nary)n->variant}};

    ignore_consumed(n);
    for (int32_t i = 0; i < count; i++) {
        in[i] = dvti_onnx_in(n, i);
    }
    dvti_onnx_end(n, DVT_OP_NARY, &a, in, count);
}

void dvti_onnx_where(dvti_onnx_node *n)
{
    dvt_value_id c = dvti_onnx_in(n, 0), a = dvti_onnx_in(n, 1), b = dvti_onnx_in(n, 2);

    dvti_onnx_end(n, DVT_OP_WHERE, NULL, DVTI_IN(c, a, b));
}

/* ---- casts --------------------------------------------------------------------------------- */

/* The element type of a `to` attribute: a number, or before opset 6 its name. */
static int32_t cast_target(dvti_onnx_node *n)
{
    static const char *const names[] = {"UNDEFINED", "FLOAT",  "UINT8",  "INT8",   "UINT16",
                                        "INT16",     "INT32",  "INT64",  "STRING", "BOOL",
                                        "FLOAT16",   "DOUBLE", "UINT32", "UINT64"};

    dvti_onnx_need_attr(n, "to");
    if (n->opset < 6) {
        return dvti_onnx_choice(n, "to", names, (int32_t)(sizeof names / sizeof names[0]), 0);
    }
    int64_t to = dvti_onnx_int(n, "to", 0);
    return to < 0 || to > INT32_MAX ? 0 : (int32_t)to;
}

/* Values of half types are f32 that a half can hold: casting to one rounds and widens again. */
static void end_cast(dvti_onnx_node *n, dvt_value_id x, dvt_dtype to, bool half)
{
    dvt_attrs f16 = {.cast = {DVT_DTYPE_F16}}, last = {.cast = {to}};

    n->half = half;
    n->half_known = true;
    if (half) {
        x = dvti_onnx_mid(n, DVT_OP_CAST, &f16, &x, 1);
    }
    dvti_onnx_end(n, DVT_OP_CAST, &last, &x, 1);
}

void dvti_onnx_cast_op(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    int32_t      elem = cast_target(n);
    dvt_dtype    to = dvti_onnx_value_dtype(elem);
    bool         half = to == DVT_DTYPE_F16;

    if (n->opset >= 19) {
        dvti_onnx_ignore_attr(n, "saturate"); /* of 8-bit floats only */
    }
    if (to == DVT_DTYPE_NONE) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attribute 'to' is %s (%d), which is not handled",
                         dvti_onnx_type_name(elem), (int)elem);
    }
    end_cast(n, x, half ? DVT_DTYPE_F32 : to, half);
}

void dvti_onnx_cast_like(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), like = dvti_onnx_in(n, 1);
    bool         half = false;

    if (n->opset >= 19) {
        dvti_onnx_ignore_attr(n, "saturate");
    }
    if (n->st == DVT_OK) {
        half = dvti_onnx_find(n->o, n->p->input[1])->half;
    }
    end_cast(n, x, dvti_onnx_dtype_of(n, like), half);
}
