/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_graph_ops.c - one maker for each operator: draws operands and attributes that fit.
 *
 * Idea      random_graph_int.h. A maker's bound is not tight, only safe enough that activations
 *           neither overflow nor lose all meaning.
 */
#include "support/random_graph_int.h"

#include <assert.h>
#include <math.h>

static const rg_value absent = {.id = {-1}};

static dvt_shape shape1(int64_t n) { return (dvt_shape){.rank = 1, .dim = {n}}; }

/* ---- windows ------------------------------------------------------------------------------- */

/* Kernel, stride, dilation and pads that fit the image; pads stay below the kernel. */
static void draw_window(rg *r, const dvt_shape *x, dvt_window_attrs *w)
{
    for (int32_t i = 0; i < x->rank - 2; i++) {
        int64_t k = rg_int(r, 1, 3), d = rg_chance(r, 25) ? 2 : 1, e = (k - 1) * d + 1;
        w->pad_lo.v[i] = rg_chance(r, 50) ? rg_int(r, 0, e - 1) : 0;
        w->pad_hi.v[i] = rg_chance(r, 50) ? rg_int(r, 0, e - 1) : 0;
        if (e > x->dim[i + 2] + w->pad_lo.v[i] + w->pad_hi.v[i]) {
            k = d = 1;
            w->pad_lo.v[i] = w->pad_hi.v[i] = 0;
        }
        w->kernel.v[i] = k;
        w->dilation.v[i] = d;
        w->stride.v[i] = rg_int(r, 1, 2);
    }
}

/* A dilated window with pads could lie with all its taps beside the image. */
static void keep_windows_on_image(const dvt_shape *x, dvt_window_attrs *w)
{
    for (int32_t i = 0; i < w->kernel.n; i++) {
        if (w->dilation.v[i] == 1) continue;
        w->pad_lo.v[i] = w->pad_hi.v[i] = 0;
        if ((w->kernel.v[i] - 1) * w->dilation.v[i] < x->dim[i + 2]) continue;
        w->kernel.v[i] = w->dilation.v[i] = 1;
    }
}

static int64_t product(const dvt_ints *list)
{
    int64_t p = 1;
    for (int32_t i = 0; i < list->n; i++) p *= list->v[i];
    return p;
}

static int64_t draw_groups(rg *r, int64_t channels)
{
    int64_t g = rg_chance(r, 50) ? 1 : rg_chance(r, 50) ? channels : rg_int(r, 1, channels);
    while (channels % g) g--;
    return g;
}

static bool make_conv_like(rg *r, dvt_op op)
{
    bool     transposed = op == DVT_OP_CONV_TRANSPOSE;
    rg_value in[3];

    if (!rg_pick(r, DVT_DTYPE_F32, 3, 5, &in[0])) return false;
    dvt_shape x = *rg_shape(r, in[0]), w = x;
    dvt_attrs a = dvt_op_default_attrs(op, x.rank - 2);
    draw_window(r, &x, &a.conv.win);
    for (int32_t i = 0; transposed && i < x.rank - 2; i++) {
        a.conv.win.pad_lo.v[i] = a.conv.win.pad_hi.v[i] = 0;
        a.conv.output_pad.v[i] = rg_int(r, 0, a.conv.win.stride.v[i] - 1);
        int64_t full = (x.dim[i + 2] - 1) * a.conv.win.stride.v[i] + a.conv.win.kernel.v[i];
        if (full > 3 && rg_chance(r, 40)) a.conv.win.pad_lo.v[i] = 1;
        if (full > 3 && rg_chance(r, 40)) a.conv.win.pad_hi.v[i] = 1;
    }
    a.conv.groups = draw_groups(r, x.dim[1]);
    int64_t per_group = rg_int(r, 1, 3), out_c = per_group * a.conv.groups;
    w.dim[0] = transposed ? x.dim[1] : out_c;
    w.dim[1] = transposed ? per_group : x.dim[1] / a.conv.groups;
    for (int32_t i = 2; i < w.rank; i++) w.dim[i] = a.conv.win.kernel.v[i - 2];
    double    fan_in = (double)(x.dim[1] / a.conv.groups * product(&a.conv.win.kernel));
    float     limit = (float)(1.0 / sqrt(fan_in));
    dvt_shape b = shape1(out_c);
    in[1] = rg_weights(r, &w, -limit, limit);
    bool bias = rg_chance(r, 60);
    if (bias)
        in[2] = rg_weights(r, &b, -0.5f, 0.5f);
    else
        in[2] = absent;
    rg_emit(r, op, &a, in, bias || rg_chance(r, 30) ? 3 : 2, in[0].bound * sqrt(fan_in) + 0.5);
    return true;
}

static bool make_conv(rg *r) { return make_conv_like(r, DVT_OP_CONV); }
static bool make_conv_transpose(rg *r) { return make_conv_like(r, DVT_OP_CONV_TRANSPOSE); }

static bool make_pool(rg *r)
{
    rg_value x;

    if (!rg_pick(r, DVT_DTYPE_F32, 3, 5, &x)) return false;
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_POOL, rg_shape(r, x)->rank - 2);
    a.pool.kind = (dvt_pool)rg_int(r, 0, DVT_POOL_COUNT - 1);
    draw_window(r, rg_shape(r, x), &a.pool.win);
    keep_windows_on_image(rg_shape(r, x), &a.pool.win);
    a.pool.ceil_mode = rg_chance(r, 40);
    a.pool.avg_count = (dvt_avg_count)rg_int(r, 0, DVT_AVG_COUNT_COUNT - 1);
    if (a.pool.kind == DVT_POOL_LP) a.pool.p = rg_int(r, 1, 3);
    rg_emit(r, DVT_OP_POOL, &a, &x, 1,
            a.pool.kind == DVT_POOL_LP ? x.bound * (double)product(&a.pool.win.kernel) : x.bound);
    return true;
}

static bool make_global_pool(rg *r)
{
    rg_value x;

    if (!rg_pick(r, DVT_DTYPE_F32, 3, 5, &x)) return false;
    dvt_attrs        a = dvt_op_default_attrs(DVT_OP_GLOBAL_POOL, 0);
    const dvt_shape *s = rg_shape(r, x);
    a.pool.kind = (dvt_pool)rg_int(r, 0, DVT_POOL_COUNT - 1);
    double n = a.pool.kind == DVT_POOL_LP ? (double)dvt_shape_count_range(s, 2, s->rank) : 1.0;
    rg_emit(r, DVT_OP_GLOBAL_POOL, &a, &x, 1, x.bound * n);
    return true;
}

/* ---- matrix products ----------------------------------------------------------------------- */

enum { INNER_MAX = 512 };

static bool make_dense(rg *r)
{
    rg_value in[3];

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 6, &in[0])) return false;
    const dvt_shape *x = rg_shape(r, in[0]);
    dvt_attrs        a = dvt_op_default_attrs(DVT_OP_DENSE, 0);
    a.dense.axis = x->rank > 1 ? rg_int(r, 1, x->rank - 1) : 0;
    int64_t cols = dvt_shape_count_range(x, (int32_t)a.dense.axis, x->rank), rows = rg_int(r, 1, 8);
    if (cols > INNER_MAX) return false;
    float     limit = (float)(1.0 / sqrt((double)cols));
    dvt_shape w = {.rank = 2, .dim = {rows, cols}}, b = shape1(rows);
    in[1] = rg_weights(r, &w, -limit, limit);
    bool bias = rg_chance(r, 60);
    in[2] = bias ? rg_weights(r, &b, -0.5f, 0.5f) : absent;
    rg_emit(r, DVT_OP_DENSE, &a, in, bias ? 3 : 2, in[0].bound * sqrt((double)cols) + 0.5);
    return true;
}

static bool make_matmul(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_MATMUL, 0);
    rg_value  x, w, in[2];

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 6, &x)) return false;
    const dvt_shape *s = rg_shape(r, x);
    bool             left = s->rank > 1 && rg_chance(r, 30); /* the constant stands left */
    int64_t          k = s->dim[left ? s->rank - 2 : s->rank - 1];
    if (k > INNER_MAX) return false;
    float     limit = (float)(1.0 / sqrt((double)k));
    dvt_shape ws = {.rank = 2, .dim = {k, rg_int(r, 1, 6)}};
    if (left)
        ws = (dvt_shape){.rank = 2, .dim = {rg_int(r, 1, 6), k}};
    else if (rg_chance(r, 20))
        ws = shape1(k);
    else if (rg_chance(r, 20))
        ws = (dvt_shape){.rank = 3, .dim = {1, k, rg_int(r, 1, 6)}};
    w = rg_weights(r, &ws, -limit, limit);
    in[0] = left ? w : x;
    in[1] = left ? x : w;
    rg_emit(r, DVT_OP_MATMUL, &a, in, 2, x.bound * sqrt((double)k));
    return true;
}

static bool make_gemm(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_GEMM, 0);
    rg_value  in[3];

    if (!rg_pick(r, DVT_DTYPE_F32, 2, 2, &in[0])) return false;
    a.gemm.trans_a = rg_chance(r, 40);
    a.gemm.trans_b = rg_chance(r, 40);
    a.gemm.alpha = rg_chance(r, 50) ? 1.0f : rg_real(r, 0.25f, 2.0f);
    a.gemm.beta = rg_chance(r, 50) ? 1.0f : rg_real(r, 0.25f, 2.0f);
    dvt_shape x = *rg_shape(r, in[0]);
    int64_t   m = x.dim[a.gemm.trans_a], k = x.dim[!a.gemm.trans_a], n = rg_int(r, 1, 6);
    if (k > INNER_MAX) return false;
    float     limit = (float)(1.0 / sqrt((double)k));
    dvt_shape w = {.rank = 2, .dim = {a.gemm.trans_b ? n : k, a.gemm.trans_b ? k : n}};
    dvt_shape y = {.rank = 2, .dim = {m, n}}, c = rg_broadcastable(r, &y);
    in[1] = rg_weights(r, &w, -limit, limit);
    bool with_c = rg_chance(r, 60);
    in[2] = with_c ? rg_weights(r, &c, -0.5f, 0.5f) : absent;
    rg_emit(r, DVT_OP_GEMM, &a, in, with_c ? 3 : 2, 2.0 * in[0].bound * sqrt((double)k) + 1.0);
    return true;
}

/* ---- normalisation ------------------------------------------------------------------------- */

static bool make_lrn(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_LRN, 0);
    rg_value  x;

    if (!rg_pick(r, DVT_DTYPE_F32, 3, 5, &x)) return false;
    a.lrn.within_channel = rg_shape(r, x)->rank == 4 && rg_chance(r, 40);
    a.lrn.size = 2 * rg_int(r, 0, 2) + 1;
    a.lrn.alpha = rg_real(r, 0.01f, 1.0f);
    a.lrn.k = rg_real(r, 1.0f, 2.0f);
    rg_emit(r, DVT_OP_LRN, &a, &x, 1, x.bound);
    return true;
}

static bool make_batch_norm(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_BATCH_NORM, 0);
    rg_value  in[5];

    if (!rg_pick(r, DVT_DTYPE_F32, 2, 5, &in[0])) return false;
    dvt_shape c = shape1(rg_shape(r, in[0])->dim[1]);
    in[1] = rg_weights(r, &c, 0.5f, 1.5f);
    in[2] = rg_weights(r, &c, -0.5f, 0.5f);
    in[3] = rg_weights(r, &c, -0.5f, 0.5f);
    in[4] = rg_weights(r, &c, 0.5f, 1.5f);
    if (rg_chance(r, 50)) a.norm.epsilon = 1e-3f;
    rg_emit(r, DVT_OP_BATCH_NORM, &a, in, 5, 2.2 * (in[0].bound + 0.5) + 0.5);
    return true;
}

static bool make_instance_norm(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_INSTANCE_NORM, 0);
    rg_value  in[3];

    if (!rg_pick(r, DVT_DTYPE_F32, 3, 5, &in[0])) return false;
    dvt_shape x = *rg_shape(r, in[0]), c = shape1(x.dim[1]);
    in[1] = rg_weights(r, &c, 0.5f, 1.5f);
    in[2] = rg_weights(r, &c, -0.5f, 0.5f);
    a.norm.epsilon = 1e-3f; /* rows may be constant: a tiny divisor would blow up rounding */
    double n = (double)dvt_shape_count_range(&x, 2, x.rank);
    rg_emit(r, DVT_OP_INSTANCE_NORM, &a, in, 3, 1.5 * sqrt(n) + 0.5);
    return true;
}

/* The dimensions [axis, axis + n) of x. */
static dvt_shape draw_run(rg *r, const dvt_shape *x, int64_t *axis)
{
    *axis = rg_int(r, 0, x->rank - 1);
    return dvt_shape_make((int32_t)rg_int(r, 0, x->rank - *axis), x->dim + *axis);
}

static bool make_scale(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_SCALE, 0);
    rg_value  in[3];

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 5, &in[0])) return false;
    dvt_shape s = draw_run(r, rg_shape(r, in[0]), &a.axis.axis);
    in[1] = rg_weights(r, &s, -1.5f, 1.5f);
    bool bias = rg_chance(r, 50);
    in[2] = bias ? rg_weights(r, &s, -0.5f, 0.5f) : absent;
    rg_emit(r, DVT_OP_SCALE, &a, in, bias ? 3 : 2, 1.5 * in[0].bound + 0.5);
    return true;
}

static bool make_bias(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_BIAS, 0);
    rg_value  in[2];

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 5, &in[0])) return false;
    dvt_shape s = draw_run(r, rg_shape(r, in[0]), &a.axis.axis);
    in[1] = rg_weights(r, &s, -0.5f, 0.5f);
    rg_emit(r, DVT_OP_BIAS, &a, in, 2, in[0].bound + 0.5);
    return true;
}

static bool make_softmax(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_SOFTMAX, 0);
    rg_value  x;

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 5, &x)) return false;
    a.softmax.kind = (dvt_softmax)rg_int(r, 0, DVT_SOFTMAX_COUNT - 1);
    if (r->opts->smooth && a.softmax.kind == DVT_SOFTMAX_HARDMAX)
        a.softmax.kind = DVT_SOFTMAX_SOFTMAX;
    a.softmax.axis = rg_int(r, 0, rg_shape(r, x)->rank - 1);
    a.softmax.flatten = rg_chance(r, 30);
    bool log = a.softmax.kind == DVT_SOFTMAX_LOG_SOFTMAX;
    rg_emit(r, DVT_OP_SOFTMAX, &a, &x, 1, log ? 2.0 * x.bound + 10.0 : 1.0);
    return true;
}

/* ---- element-wise -------------------------------------------------------------------------- */

/* What a function reads so that it is finite and smooth, its parameters, its bound. */
static bool make_float_unary(rg *r, dvt_unary fn, rg_value x)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_UNARY, 0);
    float     alpha = 0.0f, beta = 0.0f, gamma = 0.0f;
    double    bound = x.bound + 1.0;

    switch (fn) {
    case DVT_UNARY_LEAKY_RELU: alpha = rg_real(r, 0.01f, 0.5f); break;
    case DVT_UNARY_CLIP:
        alpha = rg_real(r, -2.0f, 0.0f);
        beta = rg_real(r, 0.25f, 6.0f);
        break;
    case DVT_UNARY_ELU:
    case DVT_UNARY_CELU:
    case DVT_UNARY_THRESHOLDED_RELU: alpha = rg_real(r, 0.25f, 1.0f); break;
    case DVT_UNARY_SELU:
        alpha = 1.67326319217681884765625f;
        gamma = 1.05070102214813232421875f;
        bound = 2.0 * x.bound + 2.0;
        break;
    case DVT_UNARY_HARD_SIGMOID:
    case DVT_UNARY_HARD_SWISH:
        alpha = 0.2f;
        beta = 0.5f;
        break;
    case DVT_UNARY_GELU: alpha = rg_chance(r, 50) ? 1.0f : 0.0f; break;
    case DVT_UNARY_EXP:
    case DVT_UNARY_SINH:
    case DVT_UNARY_COSH:
        x = rg_clip(r, x, -3.0f, 3.0f);
        bound = 21.0;
        break;
    case DVT_UNARY_TAN: x = rg_clip(r, x, -1.0f, 1.0f); break;
    case DVT_UNARY_ASIN:
    case DVT_UNARY_ACOS:
    case DVT_UNARY_ATANH:
        x = rg_clip(r, x, -0.75f, 0.75f);
        bound = 4.0;
        break;
    case DVT_UNARY_ACOSH: x = rg_clip(r, x, 1.25f, 8.0f); break;
    case DVT_UNARY_LOG:
    case DVT_UNARY_SQRT:
    case DVT_UNARY_RECIPROCAL:
        x = rg_away_from_zero(r, x);
        bound = fmax(x.bound, 2.0);
        break;
    case DVT_UNARY_POWER:
        x = rg_clip(r, x, -1.0f, 1.0f);
        alpha = rg_real(r, -2.0f, 3.0f);
        beta = 1.0f;
        gamma = 0.5f;
        bound = 5.0;
        break;
    default: break;
    }
    a.unary = (dvt_unary_attrs){.fn = fn, .alpha = alpha, .beta = beta, .gamma = gamma};
    rg_emit(r, DVT_OP_UNARY, &a, &x, 1, bound);
    return true;
}

static bool unary_jumps(dvt_unary fn)
{
    return fn == DVT_UNARY_FLOOR || fn == DVT_UNARY_CEIL || fn == DVT_UNARY_ROUND ||
           fn == DVT_UNARY_SIGN || fn == DVT_UNARY_THRESHOLDED_RELU;
}

static bool make_unary(rg *r)
{
    dvt_unary fn = (dvt_unary)rg_int(r, 0, DVT_UNARY_COUNT - 1);
    rg_value  x;

    if (r->opts->smooth && (unary_jumps(fn) || fn == DVT_UNARY_NOT)) return false;
    if (fn == DVT_UNARY_NOT) {
        if (!rg_pick(r, DVT_DTYPE_BOOL, 0, 6, &x)) return false;
        rg_unary(r, fn, x, 0.0f, 0.0f, 1.0);
        return true;
    }
    return rg_pick(r, DVT_DTYPE_F32, 0, 6, &x) && make_float_unary(r, fn, x);
}

static bool make_prelu(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_PRELU, 0);
    rg_value  in[2];

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 5, &in[0])) return false;
    dvt_shape s = rg_broadcastable(r, rg_shape(r, in[0]));
    in[1] = rg_weights(r, &s, 0.0f, 0.5f);
    rg_emit(r, DVT_OP_PRELU, &a, in, 2, in[0].bound);
    return true;
}

static bool is_comparison(dvt_binary fn)
{
    return fn >= DVT_BINARY_EQUAL && fn <= DVT_BINARY_GREATER_EQUAL;
}

static bool is_logic(dvt_binary fn) { return fn >= DVT_BINARY_AND; }

/* x with a value of the same type: now and then another of the pool that broadcasts. */
static rg_value second_operand(rg *r, rg_value x, float lo, float hi)
{
    dvt_shape s = rg_broadcastable(r, rg_shape(r, x)), both;
    rg_value  other;

    if (rg_dtype(r, x) != DVT_DTYPE_F32) return rg_integers(r, rg_dtype(r, x), &s, 0, 1);
    if (lo < 0.0f && rg_chance(r, 50) && rg_pick(r, DVT_DTYPE_F32, 0, 6, &other) &&
        dvt_shape_broadcast(rg_shape(r, x), rg_shape(r, other), &both) &&
        dvt_shape_count(&both) <= r->elements_max)
        return other;
    return rg_weights(r, &s, lo, hi);
}

static bool make_binary(rg *r)
{
    dvt_attrs  a = dvt_op_default_attrs(DVT_OP_BINARY, 0);
    dvt_binary fn = (dvt_binary)rg_int(r, 0, DVT_BINARY_COUNT - 1);
    dvt_dtype  t = is_logic(fn) ? DVT_DTYPE_BOOL : rg_chance(r, 75) ? DVT_DTYPE_F32 : DVT_DTYPE_I32;
    bool       divides = fn == DVT_BINARY_DIV || fn == DVT_BINARY_POW || fn == DVT_BINARY_MOD;
    rg_value   in[2];

    if (r->opts->smooth && (is_comparison(fn) || is_logic(fn) || fn == DVT_BINARY_MOD))
        return false;
    if (!rg_pick(r, t, 0, 6, &in[0]) || (divides && t != DVT_DTYPE_F32)) return false;
    if (fn == DVT_BINARY_POW) in[0] = rg_away_from_zero(r, rg_clip(r, in[0], -2.0f, 2.0f));
    in[1] = second_operand(r, in[0], divides ? 0.5f : -1.0f, divides ? 2.0f : 1.0f);
    a.binary.fn2 = fn;
    a.binary.fmod = fn == DVT_BINARY_MOD;
    rg_emit(r, DVT_OP_BINARY, &a, in, 2,
            fn == DVT_BINARY_MUL ? in[0].bound * in[1].bound
                                 : 2.0 * in[0].bound + in[1].bound + 8.0);
    return true;
}

static bool make_nary(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_NARY, 0);
    rg_value  in[4];
    int32_t   count = (int32_t)rg_int(r, 1, 4);
    double    sum = 0.0, product_bound = 1.0;

    if (!rg_pick(r, DVT_DTYPE_F32, 0, 5, &in[0])) return false;
    for (int32_t i = 1; i < count; i++) {
        dvt_shape s = rg_broadcastable(r, rg_shape(r, in[0]));
        in[i] = rg_chance(r, 50) ? in[0] : rg_weights(r, &s, -1.0f, 1.0f);
    }
    for (int32_t i = 0; i < count; i++) {
        sum += in[i].bound;
        product_bound *= in[i].bound;
    }
    a.nary.fnn = (dvt_nary)rg_int(r, 0, DVT_NARY_COUNT - 1);
    rg_emit(r, DVT_OP_NARY, &a, in, count, a.nary.fnn == DVT_NARY_PROD ? product_bound : sum);
    return true;
}

static bool make_where(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_WHERE, 0),
              less = dvt_op_default_attrs(DVT_OP_BINARY, 0);
    rg_value x, in[3];

    if (!rg_pick(r, DVT_DTYPE_F32, 0, 5, &x)) return false;
    dvt_shape s = rg_broadcastable(r, rg_shape(r, x));
    rg_value  both[2] = {x, rg_weights(r, &s, -0.5f, 0.5f)};
    less.binary.fn2 = DVT_BINARY_LESS;
    in[0] = rg_emit(r, DVT_OP_BINARY, &less, both, 2, 1.0);
    in[1] = x;
    in[2] = rg_weights(r, &s, -1.0f, 1.0f);
    if (rg_chance(r, 50)) {
        in[1] = in[2];
        in[2] = x;
    }
    rg_emit(r, DVT_OP_WHERE, &a, in, 3, fmax(x.bound, 1.0));
    return true;
}

static bool make_cast(rg *r)
{
    static const dvt_dtype to[] = {DVT_DTYPE_I32,  DVT_DTYPE_I64, DVT_DTYPE_F64, DVT_DTYPE_U8,
                                   DVT_DTYPE_BOOL, DVT_DTYPE_I32, DVT_DTYPE_F32};
    dvt_attrs              a = dvt_op_default_attrs(DVT_OP_CAST, 0);
    rg_value               x;

    if (!rg_pick(r, DVT_DTYPE_NONE, 0, 6, &x)) return false;
    a.cast.dtype = rg_dtype(r, x) == DVT_DTYPE_F32 ? to[rg_int(r, 0, 6)] : DVT_DTYPE_F32;
    /* negative to unsigned saturates to 0, so the bound holds for every pair */
    rg_emit(r, DVT_OP_CAST, &a, &x, 1, fmax(x.bound, 1.0));
    return true;
}

static bool make_identity(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_IDENTITY, 0);
    rg_value  x;

    if (!rg_pick(r, r->opts->smooth ? DVT_DTYPE_F32 : DVT_DTYPE_NONE, 0, 6, &x)) return false;
    rg_emit(r, DVT_OP_IDENTITY, &a, &x, 1, x.bound);
    return true;
}

/* ---- reductions ---------------------------------------------------------------------------- */

static bool make_reduce(rg *r)
{
    dvt_attrs  a = dvt_op_default_attrs(DVT_OP_REDUCE, 0);
    dvt_reduce fn = (dvt_reduce)rg_int(r, 0, DVT_REDUCE_COUNT - 1);
    bool       arg = fn == DVT_REDUCE_ARGMAX || fn == DVT_REDUCE_ARGMIN;
    rg_value   x;
    double     n = 1.0;

    if ((r->opts->smooth && arg) || !rg_pick(r, DVT_DTYPE_F32, 1, 5, &x)) return false;
    if (fn == DVT_REDUCE_LOG_SUM) x = rg_away_from_zero(r, x);
    if (fn == DVT_REDUCE_PROD) x = rg_clip(r, x, -1.25f, 1.25f);
    const dvt_shape *s = rg_shape(r, x);
    for (int32_t i = 0; i < s->rank; i++) {
        bool last_chance = i == s->rank - 1 && a.reduce.axes.n == 0;
        if ((arg || fn == DVT_REDUCE_PROD) && a.reduce.axes.n > 0) break;
        if (!rg_chance(r, 50) && !(last_chance && arg)) continue;
        a.reduce.axes.v[a.reduce.axes.n++] = i;
        n *= (double)s->dim[i];
    }
    a.reduce.rfn = fn;
    a.reduce.keep_dims = rg_chance(r, 50);
    a.reduce.select_last = arg && rg_chance(r, 50);
    double bound = fn == DVT_REDUCE_SUM_SQUARE ? n * x.bound * x.bound : n * x.bound + 10.0;
    if (fn == DVT_REDUCE_PROD) bound = pow(1.25, n);
    if (fn == DVT_REDUCE_MAX || fn == DVT_REDUCE_MIN || fn == DVT_REDUCE_MEAN) bound = x.bound;
    rg_emit(r, DVT_OP_REDUCE, &a, &x, 1, bound);
    return true;
}

static bool make_cumsum(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_CUMSUM, 0);
    rg_value  x;

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 5, &x)) return false;
    a.cumsum.axis = rg_int(r, 0, rg_shape(r, x)->rank - 1);
    a.cumsum.exclusive = rg_chance(r, 40);
    a.cumsum.reverse = rg_chance(r, 40);
    rg_emit(r, DVT_OP_CUMSUM, &a, &x, 1, x.bound * (double)rg_shape(r, x)->dim[a.cumsum.axis]);
    return true;
}

/* ---- layout -------------------------------------------------------------------------------- */

static bool make_concat(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_CONCAT, 0);
    rg_value  in[4];
    int32_t   count = (int32_t)rg_int(r, 1, 4);

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 5, &in[0])) return false;
    dvt_shape s = *rg_shape(r, in[0]);
    a.axis.axis = rg_int(r, 0, s.rank - 1);
    for (int32_t i = 1; i < count; i++) {
        s.dim[a.axis.axis] = rg_int(r, 1, 3);
        in[i] = rg_chance(r, 50) ? in[0] : rg_weights(r, &s, -1.0f, 1.0f);
    }
    rg_emit(r, DVT_OP_CONCAT, &a, in, count, fmax(in[0].bound, 1.0));
    return true;
}

static void draw_slice(rg *r, int64_t dim, int64_t *start, int64_t *end, int64_t *step)
{
    *step = rg_int(r, 1, 2);
    *start = rg_int(r, 0, dim - 1);
    *end = rg_int(r, *start + 1, dim);
    if (rg_chance(r, 40)) { /* backwards from *end - 1 down to *start */
        int64_t first = *start;
        *step = -*step;
        *start = *end - 1;
        *end = first == 0 ? INT64_MIN : first - 1;
    } else if (*end == dim && rg_chance(r, 50)) {
        *end = INT64_MAX;
    }
    if (*start > 0 && rg_chance(r, 30)) *start -= dim; /* counted from the end */
}

static bool make_slice(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_SLICE, 0);
    rg_value  x;

    if (!rg_pick(r, r->opts->smooth ? DVT_DTYPE_F32 : DVT_DTYPE_NONE, 1, 6, &x)) return false;
    const dvt_shape *s = rg_shape(r, x);
    int32_t          n = 0;
    for (int32_t i = 0; i < s->rank; i++) {
        if (!rg_chance(r, 50)) continue;
        a.slice.axes.v[n] = i;
        draw_slice(r, s->dim[i], &a.slice.starts.v[n], &a.slice.ends.v[n], &a.slice.steps.v[n]);
        n++;
    }
    a.slice.axes.n = a.slice.starts.n = a.slice.ends.n = a.slice.steps.n = n;
    rg_emit(r, DVT_OP_SLICE, &a, &x, 1, x.bound);
    return true;
}

static bool make_split(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_SPLIT, 0);
    rg_value  x;

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 5, &x)) return false;
    const dvt_shape *s = rg_shape(r, x);
    a.split.axis = rg_int(r, 0, s->rank - 1);
    int64_t left = s->dim[a.split.axis];
    if (rg_chance(r, 40)) {
        int64_t parts = rg_int(r, 1, left < 4 ? left : 4);
        while (left % parts) parts--;
        rg_emit_many(r, DVT_OP_SPLIT, &a, x, (int32_t)parts);
        return true;
    }
    while (left > 0 && a.split.sizes.n < 3) {
        int64_t size = rg_int(r, 1, left);
        a.split.sizes.v[a.split.sizes.n++] = size;
        left -= size;
    }
    if (left > 0) a.split.sizes.v[a.split.sizes.n++] = left;
    rg_emit_many(r, DVT_OP_SPLIT, &a, x, a.split.sizes.n);
    return true;
}

static bool make_reshape(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_RESHAPE, 0);
    dvt_ints *d = &a.dims.dims;
    rg_value  x;

    if (!rg_pick(r, r->opts->smooth ? DVT_DTYPE_F32 : DVT_DTYPE_NONE, 0, 6, &x)) return false;
    const dvt_shape *s = rg_shape(r, x);
    for (int32_t i = 0; i < s->rank; i++) { /* keep, merge, halve or squeeze each dimension */
        if (d->n > 0 && rg_chance(r, 30))
            d->v[d->n - 1] *= s->dim[i];
        else if (s->dim[i] == 1 && rg_chance(r, 30))
            continue;
        else
            d->v[d->n++] = s->dim[i];
    }
    if (d->n > 0 && d->n < 5 && d->v[d->n - 1] % 2 == 0 && rg_chance(r, 50)) {
        d->v[d->n - 1] /= 2;
        d->v[d->n++] = 2;
    }
    if (d->n < 5 && rg_chance(r, 20)) d->v[d->n++] = 1;
    rg_emit(r, DVT_OP_RESHAPE, &a, &x, 1, x.bound);
    return true;
}

static bool make_transpose(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_TRANSPOSE, 0);
    rg_value  x;

    if (!rg_pick(r, r->opts->smooth ? DVT_DTYPE_F32 : DVT_DTYPE_NONE, 0, 6, &x)) return false;
    dvt_ints *perm = &a.transpose.perm;
    perm->n = rg_shape(r, x)->rank;
    for (int32_t i = 0; i < perm->n; i++) { /* inside-out shuffle */
        int64_t k = rg_int(r, 0, i);
        perm->v[i] = perm->v[k];
        perm->v[k] = i;
    }
    rg_emit(r, DVT_OP_TRANSPOSE, &a, &x, 1, x.bound);
    return true;
}

static bool make_pad(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_PAD, 0);
    rg_value  x;

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 5, &x)) return false;
    const dvt_shape *s = rg_shape(r, x);
    a.pad.mode = (dvt_pad)rg_int(r, 0, DVT_PAD_COUNT - 1);
    a.pad.pad_lo.n = a.pad.pad_hi.n = s->rank;
    for (int32_t i = 0; i < s->rank; i++) {
        int64_t most = a.pad.mode == DVT_PAD_REFLECT && s->dim[i] < 3 ? s->dim[i] - 1 : 2;
        int64_t least = a.pad.mode == DVT_PAD_CONSTANT && s->dim[i] > 2 ? -1 : 0;
        if (rg_chance(r, 60)) continue;
        a.pad.pad_lo.v[i] = rg_int(r, least, most);
        a.pad.pad_hi.v[i] = rg_int(r, least, most);
    }
    if (a.pad.mode == DVT_PAD_CONSTANT) a.pad.value = rg_real(r, -1.0f, 1.0f);
    rg_emit(r, DVT_OP_PAD, &a, &x, 1, fmax(x.bound, 1.0));
    return true;
}

static bool make_resize(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_RESIZE, 0);
    rg_value  x;

    if (!rg_pick(r, DVT_DTYPE_F32, 3, 4, &x)) return false;
    const dvt_shape *s = rg_shape(r, x);
    bool             scaled = rg_chance(r, 50);
    a.resize.dims.n = s->rank;
    for (int32_t i = 0; i < s->rank; i++) {
        a.resize.dims.v[i] = i < 2 ? s->dim[i] : rg_int(r, 1, 2 * s->dim[i]);
        if (scaled) a.resize.scale[i] = (float)a.resize.dims.v[i] / (float)s->dim[i];
    }
    a.resize.mode = (dvt_resize)rg_int(r, 0, DVT_RESIZE_COUNT - 1);
    a.resize.coord = (dvt_coord)rg_int(r, 0, DVT_COORD_COUNT - 1);
    a.resize.nearest = (dvt_nearest_mode)rg_int(r, 0, DVT_NEAREST_COUNT - 1);
    a.resize.exclude_outside = a.resize.mode == DVT_RESIZE_CUBIC && rg_chance(r, 30);
    rg_emit(r, DVT_OP_RESIZE, &a, &x, 1, 2.0 * x.bound);
    return true;
}

static bool make_depth_to_space(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_DEPTH_TO_SPACE, 0);
    rg_value  x;

    if (!rg_pick(r, DVT_DTYPE_F32, 4, 4, &x)) return false;
    a.depth.block = rg_shape(r, x)->dim[1] % 4 == 0 ? 2 : 1;
    a.depth.order = (dvt_depth)rg_int(r, 0, DVT_DEPTH_COUNT - 1);
    rg_emit(r, DVT_OP_DEPTH_TO_SPACE, &a, &x, 1, x.bound);
    return true;
}

static bool make_space_to_depth(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_SPACE_TO_DEPTH, 0);
    rg_value  x;

    if (!rg_pick(r, DVT_DTYPE_F32, 4, 4, &x)) return false;
    const dvt_shape *s = rg_shape(r, x);
    a.depth.block = s->dim[2] % 2 == 0 && s->dim[3] % 2 == 0 ? 2 : 1;
    rg_emit(r, DVT_OP_SPACE_TO_DEPTH, &a, &x, 1, x.bound);
    return true;
}

static bool make_expand(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_EXPAND, 0);
    rg_value  x;

    if (!rg_pick(r, r->opts->smooth ? DVT_DTYPE_F32 : DVT_DTYPE_NONE, 0, 4, &x)) return false;
    const dvt_shape *s = rg_shape(r, x);
    if (rg_chance(r, 40)) a.dims.dims.v[a.dims.dims.n++] = rg_int(r, 1, 3);
    for (int32_t i = 0; i < s->rank; i++)
        a.dims.dims.v[a.dims.dims.n++] = s->dim[i] == 1 ? rg_int(r, 1, 4) : s->dim[i];
    rg_emit(r, DVT_OP_EXPAND, &a, &x, 1, x.bound);
    return true;
}

static bool make_tile(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_TILE, 0);
    rg_value  x;

    if (!rg_pick(r, r->opts->smooth ? DVT_DTYPE_F32 : DVT_DTYPE_NONE, 1, 4, &x)) return false;
    a.dims.dims.n = rg_shape(r, x)->rank;
    for (int32_t i = 0; i < a.dims.dims.n; i++) a.dims.dims.v[i] = rg_chance(r, 25) ? 2 : 1;
    rg_emit(r, DVT_OP_TILE, &a, &x, 1, x.bound);
    return true;
}

static bool make_gather(rg *r)
{
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_GATHER, 0);
    rg_value  in[2];
    dvt_shape ix = {.rank = (int32_t)rg_int(r, 0, 2)};

    if (!rg_pick(r, DVT_DTYPE_F32, 1, 4, &in[0])) return false;
    a.axis.axis = rg_int(r, 0, rg_shape(r, in[0])->rank - 1);
    int64_t dim = rg_shape(r, in[0])->dim[a.axis.axis];
    for (int32_t i = 0; i < ix.rank; i++) ix.dim[i] = rg_int(r, 1, 3);
    in[1] = rg_integers(r, rg_chance(r, 50) ? DVT_DTYPE_I64 : DVT_DTYPE_I32, &ix, -dim, dim - 1);
    rg_emit(r, DVT_OP_GATHER, &a, in, 2, in[0].bound);
    return true;
}

/* ---- table --------------------------------------------------------------------------------- */

rg_maker rg_maker_of(dvt_op op)
{
    static const rg_maker makers[DVT_OP_COUNT] = {
        [DVT_OP_CONV] = make_conv,
        [DVT_OP_CONV_TRANSPOSE] = make_conv_transpose,
        [DVT_OP_DENSE] = make_dense,
        [DVT_OP_MATMUL] = make_matmul,
        [DVT_OP_GEMM] = make_gemm,
        [DVT_OP_POOL] = make_pool,
        [DVT_OP_GLOBAL_POOL] = make_global_pool,
        [DVT_OP_LRN] = make_lrn,
        [DVT_OP_BATCH_NORM] = make_batch_norm,
        [DVT_OP_INSTANCE_NORM] = make_instance_norm,
        [DVT_OP_SCALE] = make_scale,
        [DVT_OP_BIAS] = make_bias,
        [DVT_OP_UNARY] = make_unary,
        [DVT_OP_PRELU] = make_prelu,
        [DVT_OP_SOFTMAX] = make_softmax,
        [DVT_OP_BINARY] = make_binary,
        [DVT_OP_NARY] = make_nary,
        [DVT_OP_WHERE] = make_where,
        [DVT_OP_REDUCE] = make_reduce,
        [DVT_OP_CONCAT] = make_concat,
        [DVT_OP_SLICE] = make_slice,
        [DVT_OP_SPLIT] = make_split,
        [DVT_OP_RESHAPE] = make_reshape,
        [DVT_OP_TRANSPOSE] = make_transpose,
        [DVT_OP_PAD] = make_pad,
        [DVT_OP_RESIZE] = make_resize,
        [DVT_OP_DEPTH_TO_SPACE] = make_depth_to_space,
        [DVT_OP_SPACE_TO_DEPTH] = make_space_to_depth,
        [DVT_OP_EXPAND] = make_expand,
        [DVT_OP_TILE] = make_tile,
        [DVT_OP_GATHER] = make_gather,
        [DVT_OP_CAST] = make_cast,
        [DVT_OP_CUMSUM] = make_cumsum,
        [DVT_OP_IDENTITY] = make_identity,
    };
    assert(makers[op]);
    return makers[op];
}
