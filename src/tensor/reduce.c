/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reduce.c - reductions over any axes, cumulative sums.
 *
 * Idea      The reference visits the reduced elements of one output after the other, in row-major
 *           order, with one accumulator in double and one in int64. The fast kernel handles what
 *           networks do: one block of neighbouring axes, seen as (outer, axis, inner). It keeps
 *           DVTI_LANES partial sums in double, a fixed number, so that the bits depend neither on
 *           the instruction set nor on the number of threads.
 * Tests     tests/unit/test_kernels_reduce.c
 */
#include "dovetail/kernels.h"
#include "tensor/nest_int.h"
#include "base/simd.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- reference ----------------------------------------------------------------------------- */

static bool is_float(dvt_dtype dtype)
{
    return dtype == DVT_DTYPE_F32 || dtype == DVT_DTYPE_F64;
}

bool dvt_reduce_supports(dvt_reduce fn, dvt_dtype dtype)
{
    return (int)fn >= 0 && fn < DVT_REDUCE_COUNT && dtype != DVT_DTYPE_BOOL &&
           dtype != DVT_DTYPE_U64 && dvt_binary_supports(DVT_BINARY_ADD, dtype);
}

/* x's loops in two nests: the kept ones, in output order, and the reduced ones. Both read operand
 * 0, x; the kept nest gives where an output's elements start. */
typedef struct split_nest {
    dvti_nest kept, reduced;
    int64_t   outputs, terms;
} split_nest;

static split_nest split_axes(const dvt_reduce_params *p, const dvt_shape *x)
{
    split_nest s = {.kept = {.operands = 1}, .reduced = {.operands = 1}, .outputs = 1, .terms = 1};
    int64_t    stride[DVT_MAX_RANK];

    dvti_strides(x, stride);
    for (int32_t i = 0; i < x->rank; i++) {
        dvti_nest *n = p->axis[i] ? &s.reduced : &s.kept;
        n->dim[n->rank] = x->dim[i];
        n->stride[0][n->rank++] = stride[i];
        *(p->axis[i] ? &s.terms : &s.outputs) *= x->dim[i];
    }
    return s;
}

/* Where item `index` of the nest is in x. */
static int64_t place(const dvti_nest *n, int64_t index)
{
    int64_t at = 0;

    for (int32_t i = n->rank - 1; i >= 0; i--) {
        at += index % n->dim[i] * n->stride[0][i];
        index /= n->dim[i];
    }
    return at;
}

static double start_value(dvt_reduce fn)
{
    switch (fn) {
    case DVT_REDUCE_MAX: return -INFINITY;
    case DVT_REDUCE_MIN: return INFINITY;
    case DVT_REDUCE_PROD: return 1;
    default: return 0;
    }
}

static double add_term(dvt_reduce fn, double acc, double v)
{
    switch (fn) {
    case DVT_REDUCE_MAX: return v > acc || v != v ? v : acc;
    case DVT_REDUCE_MIN: return v < acc || v != v ? v : acc;
    case DVT_REDUCE_PROD: return acc * v;
    case DVT_REDUCE_L1: return acc + fabs(v);
    case DVT_REDUCE_L2:
    case DVT_REDUCE_SUM_SQUARE: return acc + v * v;
    default: return acc + v;
    }
}

static double finish(dvt_reduce fn, double acc, int64_t terms)
{
    switch (fn) {
    case DVT_REDUCE_MEAN: return acc / (double)terms;
    case DVT_REDUCE_L2: return sqrt(acc);
    case DVT_REDUCE_LOG_SUM: return log(acc);
    default: return acc;
    }
}

/* log sum e^v, the largest v taken off first. */
static double log_sum_exp(const dvt_tensor *x, const split_nest *s, int64_t from)
{
    double most = -INFINITY, sum = 0;

    for (int64_t i = 0; i < s->terms; i++)
        most = add_term(DVT_REDUCE_MAX, most, dvt_tensor_get_f64(x, from + place(&s->reduced, i)));
    if (!isfinite(most))
        return most;
    for (int64_t i = 0; i < s->terms; i++)
        sum += exp(dvt_tensor_get_f64(x, from + place(&s->reduced, i)) - most);
    return most + log(sum);
}

static double reduce_f64(dvt_reduce fn, const dvt_tensor *x, const split_nest *s, int64_t from)
{
    double acc = start_value(fn);

    if (fn == DVT_REDUCE_LOG_SUM_EXP)
        return log_sum_exp(x, s, from);
    for (int64_t i = 0; i < s->terms; i++)
        acc = add_term(fn, acc, dvt_tensor_get_f64(x, from + place(&s->reduced, i)));
    return finish(fn, acc, s->terms);
}

/* Exact where the result is an integer by nature; wraps around. */
static int64_t reduce_i64(dvt_reduce fn, const dvt_tensor *x, const split_nest *s, int64_t from)
{
    uint64_t acc = fn == DVT_REDUCE_PROD;
    int64_t  extreme = fn == DVT_REDUCE_MAX ? INT64_MIN : INT64_MAX;

    for (int64_t i = 0; i < s->terms; i++) {
        int64_t  v = dvt_tensor_get_i64(x, from + place(&s->reduced, i));
        uint64_t u = (uint64_t)v;
        switch (fn) {
        case DVT_REDUCE_MAX: extreme = v > extreme ? v : extreme; break;
        case DVT_REDUCE_MIN: extreme = v < extreme ? v : extreme; break;
        case DVT_REDUCE_PROD: acc *= u; break;
        case DVT_REDUCE_L1: acc += v < 0 ? 0 - u : u; break;
        case DVT_REDUCE_SUM_SQUARE: acc += u * u; break;
        default: acc += u; break;
        }
    }
    return fn == DVT_REDUCE_MAX || fn == DVT_REDUCE_MIN ? extreme : (int64_t)acc;
}

static int64_t reduce_arg(const dvt_reduce_params *p, const dvt_tensor *x, const split_nest *s,
                          int64_t from)
{
    int64_t best = 0;

    for (int64_t i = 1; i < s->terms; i++) {
        int64_t at = from + place(&s->reduced, i), best_at = from + place(&s->reduced, best);
        double  v = dvt_tensor_get_f64(x, at), b = dvt_tensor_get_f64(x, best_at);
        int64_t sign = p->fn == DVT_REDUCE_ARGMAX ? 1 : -1, order = (v > b) - (v < b);
        if (order == 0 && !is_float(x->dtype)) /* 64-bit integers that are equal as doubles */
            order = (dvt_tensor_get_i64(x, at) > dvt_tensor_get_i64(x, best_at)) -
                    (dvt_tensor_get_i64(x, at) < dvt_tensor_get_i64(x, best_at));
        if (order * sign > 0 || (order == 0 && p->select_last && v == b) || (isnan(b) && !isnan(v)))
            best = i;
    }
    return best;
}

static bool stays_integer(dvt_reduce fn)
{
    return fn != DVT_REDUCE_MEAN && fn != DVT_REDUCE_L2 && fn != DVT_REDUCE_LOG_SUM &&
           fn != DVT_REDUCE_LOG_SUM_EXP;
}

/* One element, saturated and truncated as a cast does; sums of narrow types wrap first. */
static void store_i64(const dvt_tensor *y, int64_t at, int64_t v)
{
    switch (y->dtype) {
    case DVT_DTYPE_I8: ((int8_t *)y->data)[at] = (int8_t)v; break;
    case DVT_DTYPE_U8: ((uint8_t *)y->data)[at] = (uint8_t)v; break;
    case DVT_DTYPE_I16: ((int16_t *)y->data)[at] = (int16_t)v; break;
    case DVT_DTYPE_U16: ((uint16_t *)y->data)[at] = (uint16_t)v; break;
    case DVT_DTYPE_I32: ((int32_t *)y->data)[at] = (int32_t)v; break;
    case DVT_DTYPE_U32: ((uint32_t *)y->data)[at] = (uint32_t)v; break;
    default: ((int64_t *)y->data)[at] = v; break;
    }
}

static int64_t truncated(double v)
{
    return isnan(v) ? 0 : v >= 0x1p63 ? INT64_MAX : v < -0x1p63 ? INT64_MIN : (int64_t)v;
}

void dvt_reduce_ref(const dvt_reduce_params *p, const dvt_tensor *x, const dvt_tensor *y)
{
    split_nest s = split_axes(p, &x->shape);

    for (int64_t o = 0; o < s.outputs; o++) {
        int64_t from = place(&s.kept, o);
        if (p->fn == DVT_REDUCE_ARGMAX || p->fn == DVT_REDUCE_ARGMIN)
            ((int64_t *)y->data)[o] = reduce_arg(p, x, &s, from);
        else if (x->dtype == DVT_DTYPE_F32)
            ((float *)y->data)[o] = (float)reduce_f64(p->fn, x, &s, from);
        else if (x->dtype == DVT_DTYPE_F64)
            ((double *)y->data)[o] = reduce_f64(p->fn, x, &s, from);
        else if (stays_integer(p->fn))
            store_i64(y, o, reduce_i64(p->fn, x, &s, from));
        else
            store_i64(y, o, truncated(reduce_f64(p->fn, x, &s, from)));
    }
}

/* ---- fast ---------------------------------------------------------------------------------- */

enum { COLUMNS = 64 }; /* neighbouring outputs reduced together where inner > 1 */

/* acc[i] op= x[i], the loop that vectorises. */
DVTI_SIMD static void add_terms(dvt_reduce fn, int64_t n, const float *restrict x,
                                double *restrict acc)
{
    switch (fn) {
    case DVT_REDUCE_MAX:
    case DVT_REDUCE_MIN:
    case DVT_REDUCE_PROD:
        for (int64_t i = 0; i < n; i++)
            acc[i] = add_term(fn, acc[i], (double)x[i]);
        break;
    case DVT_REDUCE_L1:
        for (int64_t i = 0; i < n; i++)
            acc[i] += fabs((double)x[i]);
        break;
    case DVT_REDUCE_L2:
    case DVT_REDUCE_SUM_SQUARE:
        for (int64_t i = 0; i < n; i++)
            acc[i] += (double)x[i] * (double)x[i];
        break;
    default:
        for (int64_t i = 0; i < n; i++)
            acc[i] += (double)x[i];
        break;
    }
}

/* Two partial results into one: squares and magnitudes are not taken twice. */
static double join(dvt_reduce fn, double a, double b)
{
    bool folds = fn == DVT_REDUCE_MAX || fn == DVT_REDUCE_MIN || fn == DVT_REDUCE_PROD;

    return folds ? add_term(fn, a, b) : a + b;
}

static float reduce_line(dvt_reduce fn, const float *x, int64_t n)
{
    double  acc[DVTI_LANES];
    int64_t i = 0;

    for (int lane = 0; lane < DVTI_LANES; lane++)
        acc[lane] = start_value(fn);
    for (; i < n; i += DVTI_LANES)
        add_terms(fn, n - i < DVTI_LANES ? n - i : DVTI_LANES, x + i, acc);
    for (int lane = 1; lane < DVTI_LANES; lane++)
        acc[0] = join(fn, acc[0], acc[lane]);
    return (float)finish(fn, acc[0], n);
}

static void reduce_columns(dvt_reduce fn, const float *x, const dvt_axis_dims *d, int64_t count,
                           float *y)
{
    double acc[COLUMNS];

    for (int64_t i = 0; i < count; i++)
        acc[i] = start_value(fn);
    for (int64_t a = 0; a < d->axis; a++)
        add_terms(fn, count, x + a * d->inner, acc);
    for (int64_t i = 0; i < count; i++)
        y[i] = (float)finish(fn, acc[i], d->axis);
}

typedef struct reduce_job {
    dvt_reduce    fn;
    dvt_axis_dims d;
    const float  *x;
    float        *y;
} reduce_job;

/* Item: one outer index and, where inner > 1, one block of columns. */
static void reduce_items(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const reduce_job    *j = ud;
    const dvt_axis_dims *d = &j->d;
    int64_t              blocks = (d->inner + COLUMNS - 1) / COLUMNS;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        int64_t outer = i / blocks, at = i % blocks * COLUMNS, left = d->inner - at;
        const float *x = j->x;
        if (d->axis > 0) /* over nothing x may be NULL, and nothing may be added to NULL */
            x += outer * d->axis * d->inner + at;
        if (d->inner == 1)
            j->y[i] = reduce_line(j->fn, x, d->axis);
        else
            reduce_columns(j->fn, x, d, left < COLUMNS ? left : COLUMNS,
                           j->y + outer * d->inner + at);
    }
}

/* True if the reduced dimensions above 1 are neighbours: then *d is x as (outer, axis, inner). */
static bool one_block(const dvt_reduce_params *p, const dvt_shape *x, dvt_axis_dims *d)
{
    int32_t first = -1, end = -1;

    for (int32_t i = 0; i < x->rank; i++) {
        if (x->dim[i] == 1)
            continue;
        if (p->axis[i] && first < 0)
            first = i;
        else if (p->axis[i] && end >= 0)
            return false;
        else if (!p->axis[i] && first >= 0 && end < 0)
            end = i;
    }
    *d = dvt_axis_dims_range(x, first < 0 ? x->rank : first, first < 0 || end < 0 ? x->rank : end);
    return true;
}

void dvt_reduce_f32_fast(dvt_ctx *ctx, const dvt_reduce_params *p, const dvt_tensor *x,
                         const dvt_tensor *y)
{
    reduce_job j = {.fn = p->fn, .x = x->data, .y = y->data};
    int64_t    blocks, work;

    assert(p->fn != DVT_REDUCE_ARGMAX && p->fn != DVT_REDUCE_ARGMIN);
    if (p->fn == DVT_REDUCE_LOG_SUM_EXP || !one_block(p, &x->shape, &j.d)) {
        dvt_reduce_ref(p, x, y);
        return;
    }
    blocks = (j.d.inner + COLUMNS - 1) / COLUMNS;
    work = j.d.axis * (j.d.inner < COLUMNS ? j.d.inner : COLUMNS);
    if (j.d.outer * blocks > 0)
        dvt_parallel_for(ctx, j.d.outer * blocks, 1 + 65536 / (work + 1), reduce_items, &j);
}

/* ---- cumulative sums ----------------------------------------------------------------------- */

#define DEFINE_CUMSUM(name, type, sum_type)                                                      \
    static void name(const void *x, void *y, int64_t at, int64_t n, int64_t step, bool exclusive) \
    {                                                                                            \
        sum_type sum = 0;                                                                        \
        for (int64_t i = 0; i < n; i++, at += step) {                                            \
            sum_type before = sum;                                                               \
            sum += (sum_type)((const type *)x)[at];                                              \
            ((type *)y)[at] = (type)(exclusive ? before : sum);                                  \
        }                                                                                        \
    }
DEFINE_CUMSUM(cumsum_f32, float, double)
DEFINE_CUMSUM(cumsum_f64, double, double)
DEFINE_CUMSUM(cumsum_i32, int32_t, uint64_t)
DEFINE_CUMSUM(cumsum_i64, int64_t, uint64_t)

void dvt_cumsum_ref(const dvt_axis_dims *d, dvt_dtype dtype, bool exclusive, bool reverse,
                    const void *x, void *y)
{
    for (int64_t l = 0; d->axis > 0 && l < d->outer * d->inner; l++) {
        int64_t at = l / d->inner * d->axis * d->inner + l % d->inner;
        int64_t step = reverse ? -d->inner : d->inner;
        at += reverse ? (d->axis - 1) * d->inner : 0;
        switch (dtype) {
        case DVT_DTYPE_F32: cumsum_f32(x, y, at, d->axis, step, exclusive); break;
        case DVT_DTYPE_F64: cumsum_f64(x, y, at, d->axis, step, exclusive); break;
        case DVT_DTYPE_I32: cumsum_i32(x, y, at, d->axis, step, exclusive); break;
        case DVT_DTYPE_I64: cumsum_i64(x, y, at, d->axis, step, exclusive); break;
        default: assert(false && "f32, f64, i32 and i64 only"); return;
        }
    }
}
