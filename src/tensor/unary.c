/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unary.c - element-wise functions of one operand.
 *
 * Idea      Each function is one line of one switch, in double, rounded once to the element's type.
 *           The fast kernel gives the same bits: it has loops of its own for the functions made of
 *           comparisons, products and sums (computed in double too, where float32 would round
 *           twice), and shares the others out over threads.
 *           Mish, gelu, celu and the rest have the forms of the ONNX operators.
 * Tests     tests/unit/test_kernels_unary.c
 */
#include "dovetail/kernels.h"
#include "base/simd.h"

#include <assert.h>
#include <math.h>

static double clamp(double x, double lo, double hi)
{
    x = x < lo ? lo : x;
    return x > hi ? hi : x;
}

/* log(1 + e^x) without overflow. */
static double softplus(double x)
{
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static double gelu(double x, bool tanh_form)
{
    const double root_2_over_pi = 0.79788456080286535588, root_half = 0.70710678118654752440;

    if (tanh_form)
        return 0.5 * x * (1 + tanh(root_2_over_pi * (x + 0.044715 * x * x * x)));
    return 0.5 * x * erfc(-x * root_half); /* 1 + erf would cancel for negative x */
}

static double evaluate(const dvt_unary_params *p, double x)
{
    const double alpha = (double)p->alpha, beta = (double)p->beta, gamma = (double)p->gamma;

    switch (p->fn) {
    case DVT_UNARY_RELU: return x < 0 ? 0 : x;
    case DVT_UNARY_LEAKY_RELU: return x < 0 ? alpha * x : x;
    case DVT_UNARY_CLIP: return clamp(x, alpha, beta);
    case DVT_UNARY_ELU: return x < 0 ? alpha * expm1(x) : x;
    case DVT_UNARY_SELU: return gamma * (x < 0 ? alpha * expm1(x) : x);
    case DVT_UNARY_CELU: return x < 0 ? alpha * expm1(x / alpha) : x;
    case DVT_UNARY_THRESHOLDED_RELU: return x <= alpha ? 0 : x;
    case DVT_UNARY_SIGMOID: return 1 / (1 + exp(-x));
    case DVT_UNARY_HARD_SIGMOID: return clamp(alpha * x + beta, 0, 1);
    case DVT_UNARY_HARD_SWISH: return x * clamp(x / 6 + 0.5, 0, 1);
    case DVT_UNARY_TANH: return tanh(x);
    case DVT_UNARY_SOFTPLUS: return softplus(x);
    case DVT_UNARY_SOFTSIGN: return x / (1 + fabs(x));
    case DVT_UNARY_MISH: return x * tanh(softplus(x));
    case DVT_UNARY_GELU: return gelu(x, p->alpha != 0);
    case DVT_UNARY_EXP: return exp(x);
    case DVT_UNARY_LOG: return log(x);
    case DVT_UNARY_SQRT: return sqrt(x);
    case DVT_UNARY_ABS: return fabs(x);
    case DVT_UNARY_NEG: return -x;
    case DVT_UNARY_RECIPROCAL: return 1 / x;
    case DVT_UNARY_FLOOR: return floor(x);
    case DVT_UNARY_CEIL: return ceil(x);
    case DVT_UNARY_ROUND: return rint(x); /* half to even: the default mode is never changed */
    case DVT_UNARY_SIGN: return x > 0 ? 1 : x < 0 ? -1 : x;
    case DVT_UNARY_ERF: return erf(x);
    case DVT_UNARY_SIN: return sin(x);
    case DVT_UNARY_COS: return cos(x);
    case DVT_UNARY_TAN: return tan(x);
    case DVT_UNARY_ASIN: return asin(x);
    case DVT_UNARY_ACOS: return acos(x);
    case DVT_UNARY_ATAN: return atan(x);
    case DVT_UNARY_SINH: return sinh(x);
    case DVT_UNARY_COSH: return cosh(x);
    case DVT_UNARY_ASINH: return asinh(x);
    case DVT_UNARY_ACOSH: return acosh(x);
    case DVT_UNARY_ATANH: return atanh(x);
    case DVT_UNARY_POWER: return pow(beta + gamma * x, alpha);
    case DVT_UNARY_NOT:
    case DVT_UNARY_COUNT: break;
    }
    assert(false && "not and unknown functions are not for floating point");
    return x;
}

/* Bounds of a clip on integers are the integers inside [alpha, beta]. */
static int64_t evaluate_integer(const dvt_unary_params *p, int64_t x)
{
    switch (p->fn) {
    case DVT_UNARY_RELU: return x < 0 ? 0 : x;
    case DVT_UNARY_CLIP:
        if ((double)x < (double)p->alpha)
            return (int64_t)ceilf(p->alpha);
        return (double)x > (double)p->beta ? (int64_t)floorf(p->beta) : x;
    case DVT_UNARY_ABS: return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
    case DVT_UNARY_NEG: return (int64_t)(0 - (uint64_t)x);
    case DVT_UNARY_SIGN: return (x > 0) - (x < 0);
    default: break;
    }
    assert(false && "checked by dvt_unary_supports");
    return x;
}

bool dvt_unary_supports(dvt_unary fn, dvt_dtype dtype)
{
    switch (dtype) {
    case DVT_DTYPE_F32:
    case DVT_DTYPE_F64: return fn != DVT_UNARY_NOT;
    case DVT_DTYPE_I8:
    case DVT_DTYPE_I16:
    case DVT_DTYPE_I32:
    case DVT_DTYPE_I64:
        return fn == DVT_UNARY_RELU || fn == DVT_UNARY_CLIP || fn == DVT_UNARY_ABS ||
               fn == DVT_UNARY_NEG || fn == DVT_UNARY_SIGN;
    case DVT_DTYPE_BOOL: return fn == DVT_UNARY_NOT;
    default: return false;
    }
}

#define EACH(type, value)                             \
    for (int64_t i = 0; i < count; i++)               \
        ((type *)y)[i] = (type)(value)

void dvt_unary_ref(const dvt_unary_params *p, dvt_dtype dtype, int64_t count, const void *x,
                   void *y)
{
    switch (dtype) {
    case DVT_DTYPE_F32: EACH(float, evaluate(p, (double)((const float *)x)[i])); break;
    case DVT_DTYPE_F64: EACH(double, evaluate(p, ((const double *)x)[i])); break;
    case DVT_DTYPE_I8: EACH(int8_t, evaluate_integer(p, ((const int8_t *)x)[i])); break;
    case DVT_DTYPE_I16: EACH(int16_t, evaluate_integer(p, ((const int16_t *)x)[i])); break;
    case DVT_DTYPE_I32: EACH(int32_t, evaluate_integer(p, ((const int32_t *)x)[i])); break;
    case DVT_DTYPE_I64: EACH(int64_t, evaluate_integer(p, ((const int64_t *)x)[i])); break;
    case DVT_DTYPE_BOOL: EACH(uint8_t, !((const uint8_t *)x)[i]); break;
    default: assert(false && "checked by dvt_unary_supports"); break;
    }
}

/* ---- fast ---------------------------------------------------------------------------------- */

#define LOOP(value)                       \
    do {                                  \
        for (int64_t i = 0; i < n; i++) { \
            float v = x[i];               \
            y[i] = (value);               \
        }                                 \
        return true;                      \
    } while (0)

/* The functions whose loops vectorise; false for the others. x and y may be the same array. */
DVTI_SIMD static bool simple_run(const dvt_unary_params *p, int64_t n, const float *x, float *y)
{
    const float  alpha = p->alpha, beta = p->beta;
    const double da = (double)alpha, db = (double)beta;

    switch (p->fn) {
    case DVT_UNARY_RELU: LOOP(v < 0 ? 0 : v);
    case DVT_UNARY_LEAKY_RELU: LOOP(v < 0 ? alpha * v : v);
    case DVT_UNARY_CLIP:
        for (int64_t i = 0; i < n; i++) {
            float v = x[i] < alpha ? alpha : x[i];
            y[i] = v > beta ? beta : v;
        }
        return true;
    case DVT_UNARY_THRESHOLDED_RELU: LOOP(v <= alpha ? 0 : v);
    case DVT_UNARY_HARD_SIGMOID: LOOP((float)clamp(da * (double)v + db, 0, 1));
    case DVT_UNARY_HARD_SWISH: LOOP((float)((double)v * clamp((double)v / 6 + 0.5, 0, 1)));
    case DVT_UNARY_ABS: LOOP(fabsf(v));
    case DVT_UNARY_NEG: LOOP(-v);
    case DVT_UNARY_SQRT: LOOP(sqrtf(v));
    case DVT_UNARY_RECIPROCAL: LOOP(1 / v);
    default: return false;
    }
}

typedef struct unary_job {
    const dvt_unary_params *p;
    const float            *x;
    float                  *y;
} unary_job;

static void unary_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const unary_job *j = ud;

    (void)worker;
    if (!simple_run(j->p, end - begin, j->x + begin, j->y + begin))
        dvt_unary_ref(j->p, DVT_DTYPE_F32, end - begin, j->x + begin, j->y + begin);
}

void dvt_unary_f32_fast(dvt_ctx *ctx, const dvt_unary_params *p, int64_t count, const float *x,
                        float *y)
{
    unary_job j = {p, x, y};

    if (count > 0)
        dvt_parallel_for(ctx, count, 16384, unary_range, &j);
}
