/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_unary.c - element-wise functions of one operand, factors, offsets, and views.
 *
 * Idea       The functions that training spends time in have loops of their own; the others take
 *            their value from the kernel and their slope from one switch in double.
 * Slopes     are of the value's formula; where it helps they use y = f(x).
 * Tests      tests/unit/test_learn_ops.c (finite differences for every function)
 */
#include "learn/fast_math.h"
#include "learn/rows.h"

#include "dovetail/kernels.h"

#include <math.h>

typedef struct unary_job {
    dvt_unary_params p;
    const float     *x, *y, *dy;
    float           *out;
    bool             add;
} unary_job;

/* ---- values -------------------------------------------------------------------------------- */

DVTI_SIMD static void relu_values(const float *restrict x, float *restrict y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? 0 : x[i];
}

DVTI_SIMD static void leaky_values(const float *restrict x, float *restrict y, int64_t n, float a)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? a * x[i] : x[i];
}

DVTI_SIMD static void sigmoid_values(const float *restrict x, float *restrict y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = dvti_sigmoid(x[i]);
}

DVTI_SIMD static void tanh_values(const float *restrict x, float *restrict y, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = dvti_tanh(x[i]);
}

static bool has_own_loop(dvt_unary fn)
{
    return fn == DVT_UNARY_RELU || fn == DVT_UNARY_LEAKY_RELU || fn == DVT_UNARY_SIGMOID ||
           fn == DVT_UNARY_TANH;
}

static void value_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const unary_job *j = ud;
    const float     *x = j->x + begin;
    float           *y = j->out + begin;
    int64_t          n = end - begin;

    (void)worker;
    switch ((int)j->p.fn) {
    case DVT_UNARY_RELU: relu_values(x, y, n); break;
    case DVT_UNARY_LEAKY_RELU: leaky_values(x, y, n, j->p.alpha); break;
    case DVT_UNARY_SIGMOID: sigmoid_values(x, y, n); break;
    default: tanh_values(x, y, n); break;
    }
}

/* ---- slopes -------------------------------------------------------------------------------- */

static double sigmoid64(double x) { return 1 / (1 + exp(-x)); }

static double gelu_slope(double x, bool tanh_form)
{
    const double c = 0.79788456080286535588, d = 0.044715;

    if (!tanh_form)
        return 0.5 * erfc(-x * 0.70710678118654752440) +
               x * 0.39894228040143267794 * exp(-0.5 * x * x);
    double th = tanh(c * (x + d * x * x * x));
    return 0.5 * (1 + th) + 0.5 * x * (1 - th * th) * c * (1 + 3 * d * x * x);
}

static double mish_slope(double x)
{
    double th = tanh((x > 0 ? x : 0) + log1p(exp(-fabs(x))));

    return th + x * (1 - th * th) * sigmoid64(x);
}

static double slope(const dvt_unary_params *p, double x, double y)
{
    const double alpha = (double)p->alpha, beta = (double)p->beta;

    switch ((int)p->fn) {
    case DVT_UNARY_ELU: return x < 0 ? y + alpha : 1;
    case DVT_UNARY_CLIP: return x >= alpha && x <= beta;
    case DVT_UNARY_SOFTPLUS: return sigmoid64(x);
    case DVT_UNARY_GELU: return gelu_slope(x, p->alpha != 0);
    case DVT_UNARY_HARD_SWISH: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5;
    case DVT_UNARY_MISH: return mish_slope(x);
    case DVT_UNARY_EXP: return y;
    case DVT_UNARY_LOG: return 1 / x;
    case DVT_UNARY_SQRT: return 0.5 / y;
    case DVT_UNARY_ABS: return x > 0 ? 1 : x < 0 ? -1 : 0;
    case DVT_UNARY_NEG: return -1;
    default: return -y * y; /* reciprocal */
    }
}

static bool has_slope(dvt_unary fn)
{
    switch ((int)fn) {
    case DVT_UNARY_ELU:
    case DVT_UNARY_CLIP:
    case DVT_UNARY_SOFTPLUS:
    case DVT_UNARY_GELU:
    case DVT_UNARY_HARD_SWISH:
    case DVT_UNARY_MISH:
    case DVT_UNARY_EXP:
    case DVT_UNARY_LOG:
    case DVT_UNARY_SQRT:
    case DVT_UNARY_ABS:
    case DVT_UNARY_NEG:
    case DVT_UNARY_RECIPROCAL: return true;
    default: return has_own_loop(fn);
    }
}

/* The sign of x decides; relu's slope at 0 is 0, leaky_relu's is alpha. */
DVTI_SIMD static void relu_slopes(const float *restrict x, const float *restrict dy,
                                  float *restrict dx, int64_t n, float a)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = x[i] > 0 ? dy[i] : a * dy[i];
}

DVTI_SIMD static void sigmoid_slopes(const float *restrict y, const float *restrict dy,
                                     float *restrict dx, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * y[i] * (1 - y[i]);
}

DVTI_SIMD static void tanh_slopes(const float *restrict y, const float *restrict dy,
                                  float *restrict dx, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] * (1 - y[i] * y[i]);
}

static void slope_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const unary_job *j = ud;
    const float     *x = j->x + begin, *y = j->y + begin, *dy = j->dy + begin;
    float           *dx = j->out + begin;
    int64_t          n = end - begin;

    (void)worker;
    switch ((int)j->p.fn) {
    case DVT_UNARY_RELU: relu_slopes(x, dy, dx, n, 0); break;
    case DVT_UNARY_LEAKY_RELU: relu_slopes(x, dy, dx, n, j->p.alpha); break;
    case DVT_UNARY_SIGMOID: sigmoid_slopes(y, dy, dx, n); break;
    case DVT_UNARY_TANH: tanh_slopes(y, dy, dx, n); break;
    default:
        for (int64_t i = 0; i < n; i++)
            dx[i] = (float)((double)dy[i] * slope(&j->p, (double)x[i], (double)y[i]));
    }
}

static void unary_backward(dvt_tape *t, const dvti_node *n)
{
    unary_job j = {.p = *(const dvt_unary_params *)n->attr,
                   .x = dvti_value(t, n->in[0]),
                   .y = n->value,
                   .dy = n->grad,
                   .out = dvti_grad_scratch(t, n->count)};

    if (!j.out)
        return;
    dvt_parallel_for(t->ctx, n->count, DVTI_GRAIN, slope_range, &j);
    dvti_grad_give(t, n->in[0], j.out);
}

dvt_var dvt_tape_unary(dvt_tape *t, dvt_unary fn, dvt_var x, float alpha, float beta)
{
    if (!dvti_tape_ok(t, "unary", x))
        return DVT_NO_VAR;
    if (!has_slope(fn))
        return dvti_tape_fail(t, DVT_E_UNSUPPORTED, "unary: function %d has no gradient here",
                              (int)fn);
    dvt_shape         s = t->nodes[x.id].shape;
    dvt_unary_params *p = dvti_tape_attr(t, sizeof *p);
    dvti_node        *n = p ? dvti_tape_push(t, &s, NULL, &x, 1, unary_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    *p = (dvt_unary_params){.fn = fn, .alpha = alpha, .beta = beta};
    n->attr = p;
    unary_job j = {.p = *p, .x = dvti_value(t, x.id), .out = n->value};
    if (has_own_loop(fn))
        dvt_parallel_for(t->ctx, n->count, DVTI_GRAIN, value_range, &j);
    else
        dvt_unary_f32_fast(t->ctx, p, n->count, j.x, j.out);
    return dvti_tape_last(t);
}

dvt_var dvt_tape_relu(dvt_tape *t, dvt_var x) { return dvt_tape_unary(t, DVT_UNARY_RELU, x, 0, 0); }

dvt_var dvt_tape_sigmoid(dvt_tape *t, dvt_var x)
{
    return dvt_tape_unary(t, DVT_UNARY_SIGMOID, x, 0, 0);
}

dvt_var dvt_tape_tanh(dvt_tape *t, dvt_var x) { return dvt_tape_unary(t, DVT_UNARY_TANH, x, 0, 0); }

/* ---- factor and offset --------------------------------------------------------------------- */

DVTI_SIMD static void affine_values(const float *restrict x, float *restrict y, int64_t n, float a,
                                    float b)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = a * x[i] + b;
}

static void affine_backward(dvt_tape *t, const dvti_node *n)
{
    float *dx = dvti_grad_scratch(t, n->count);

    if (!dx)
        return;
    affine_values(n->grad, dx, n->count, *(const float *)n->attr, 0);
    dvti_grad_give(t, n->in[0], dx);
}

dvt_var dvt_tape_affine(dvt_tape *t, dvt_var x, double factor, double offset)
{
    if (!dvti_tape_ok(t, "affine", x))
        return DVT_NO_VAR;
    dvt_shape  s = t->nodes[x.id].shape;
    float     *a = dvti_tape_attr(t, sizeof *a);
    dvti_node *n = a ? dvti_tape_push(t, &s, NULL, &x, 1, affine_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    *a = (float)factor;
    n->attr = a;
    affine_values(dvti_value(t, x.id), n->value, n->count, *a, (float)offset);
    return dvti_tape_last(t);
}
