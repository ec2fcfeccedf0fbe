/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tensor.c - tensors as values: making, copying, converting, reading and comparing them.
 *
 * Idea      Conversion goes through one tagged number that holds any element exactly, so that each
 *           source type is rounded once into each destination type; the pairs that matter for
 *           loading networks have loops of their own with the same result.
 * Tests     tests/unit/test_tensor.c
 */
#include "dovetail/tensor.h"
#include "tensor/format_int.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- making and freeing -------------------------------------------------------------------- */

dvt_status dvt_tensor_init(dvt_ctx *ctx, dvt_dtype dtype, const dvt_shape *shape, dvt_tensor *out)
{
    size_t  size = dvt_dtype_bytes(dtype), bytes;
    int64_t count;
    char    text[DVT_SHAPE_TEXT];

    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    if (size == 0)
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "a tensor needs an element type");
    if (shape->rank < 0 || shape->rank > DVT_MAX_RANK)
        return dvt_fail(ctx, DVT_E_SHAPE, NULL, "rank %d is outside 0..%d", (int)shape->rank,
                        DVT_MAX_RANK);
    count = dvt_shape_count(shape);
    if (count < 0 || !dvt_mul_size((size_t)count, size, &bytes))
        return dvt_fail(ctx, DVT_E_SHAPE, NULL,
                        "shape %s has a negative dimension or more than 2^40 elements",
                        dvt_shape_text(shape, text));
    *out = (dvt_tensor){.dtype = dtype, .shape = *shape, .bytes = bytes, .owned = true};
    if (bytes == 0)
        return DVT_OK;
    out->data = dvt_calloc(ctx, bytes, 1);
    if (!out->data) {
        *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
        return DVT_E_NOMEM;
    }
    return DVT_OK;
}

dvt_tensor dvt_tensor_wrap(dvt_dtype dtype, const dvt_shape *shape, void *data)
{
    int64_t count = dvt_shape_count(shape);

    assert(count >= 0);
    return (dvt_tensor){.dtype = dtype,
                        .shape = *shape,
                        .data = data,
                        .bytes = (size_t)count * dvt_dtype_bytes(dtype)};
}

void dvt_tensor_deinit(dvt_ctx *ctx, dvt_tensor *t)
{
    if (t->owned)
        dvt_free(ctx, t->data);
    *t = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
}

dvt_status dvt_tensor_copy(dvt_ctx *ctx, const dvt_tensor *t, dvt_tensor *out)
{
    dvt_tensor copy;
    dvt_status st = dvt_tensor_init(ctx, t->dtype, &t->shape, &copy);

    if (st == DVT_OK && copy.bytes)
        memcpy(copy.data, t->data, copy.bytes);
    *out = copy;
    return st;
}

/* ---- one element of any type --------------------------------------------------------------- */

typedef enum number_kind { NUMBER_FLOAT, NUMBER_SIGNED, NUMBER_UNSIGNED } number_kind;

/* Holds every element of every type exactly. */
typedef struct number {
    number_kind kind;
    double      f;
    int64_t     i;
    uint64_t    u;
} number;

static number float_number(double f)
{
    return (number){.kind = NUMBER_FLOAT, .f = f};
}

static number signed_number(int64_t i)
{
    return (number){.kind = NUMBER_SIGNED, .i = i};
}

static number unsigned_number(uint64_t u)
{
    return (number){.kind = NUMBER_UNSIGNED, .u = u};
}

static number load(const dvt_tensor *t, int64_t at)
{
    switch (t->dtype) {
    case DVT_DTYPE_F32: return float_number((double)((const float *)t->data)[at]);
    case DVT_DTYPE_F16:
        return float_number((double)dvt_f16_to_f32(((const uint16_t *)t->data)[at]));
    case DVT_DTYPE_F64: return float_number(((const double *)t->data)[at]);
    case DVT_DTYPE_I8: return signed_number(((const int8_t *)t->data)[at]);
    case DVT_DTYPE_I16: return signed_number(((const int16_t *)t->data)[at]);
    case DVT_DTYPE_I32: return signed_number(((const int32_t *)t->data)[at]);
    case DVT_DTYPE_I64: return signed_number(((const int64_t *)t->data)[at]);
    case DVT_DTYPE_U8: return unsigned_number(((const uint8_t *)t->data)[at]);
    case DVT_DTYPE_U16: return unsigned_number(((const uint16_t *)t->data)[at]);
    case DVT_DTYPE_U32: return unsigned_number(((const uint32_t *)t->data)[at]);
    case DVT_DTYPE_U64: return unsigned_number(((const uint64_t *)t->data)[at]);
    case DVT_DTYPE_BOOL: return unsigned_number(((const uint8_t *)t->data)[at] != 0);
    case DVT_DTYPE_NONE:
    case DVT_DTYPE_COUNT: break;
    }
    assert(false && "a tensor without an element type has no elements");
    return signed_number(0);
}

static double number_f64(const number *v)
{
    switch (v->kind) {
    case NUMBER_FLOAT: return v->f;
    case NUMBER_SIGNED: return (double)v->i;
    case NUMBER_UNSIGNED: break;
    }
    return (double)v->u;
}

/* From 64-bit integers straight to float32: going through double would round twice. */
static float number_f32(const number *v)
{
    switch (v->kind) {
    case NUMBER_FLOAT: return (float)v->f;
    case NUMBER_SIGNED: return (float)v->i;
    case NUMBER_UNSIGNED: break;
    }
    return (float)v->u;
}

/* Truncated towards zero and saturated to [lo, hi]; NaN gives 0. */
static int64_t number_i64(const number *v, int64_t lo, int64_t hi)
{
    int64_t i = 0;

    switch (v->kind) {
    case NUMBER_FLOAT:
        if (v->f >= 0x1p63)
            i = INT64_MAX;
        else if (v->f < -0x1p63)
            i = INT64_MIN;
        else if (!isnan(v->f))
            i = (int64_t)v->f;
        break;
    case NUMBER_SIGNED: i = v->i; break;
    case NUMBER_UNSIGNED: i = v->u > INT64_MAX ? INT64_MAX : (int64_t)v->u; break;
    }
    return i < lo ? lo : i > hi ? hi : i;
}

static uint64_t number_u64(const number *v)
{
    switch (v->kind) {
    case NUMBER_FLOAT:
        if (v->f >= 0x1p64)
            return UINT64_MAX;
        return v->f > 0 ? (uint64_t)v->f : 0;
    case NUMBER_SIGNED: return v->i < 0 ? 0 : (uint64_t)v->i;
    case NUMBER_UNSIGNED: break;
    }
    return v->u;
}

static bool number_bool(const number *v)
{
    switch (v->kind) {
    case NUMBER_FLOAT: return v->f != 0;
    case NUMBER_SIGNED: return v->i != 0;
    case NUMBER_UNSIGNED: break;
    }
    return v->u != 0;
}

static void store(const dvt_tensor *t, int64_t at, const number *v)
{
    switch (t->dtype) {
    case DVT_DTYPE_F32: ((float *)t->data)[at] = number_f32(v); break;
    case DVT_DTYPE_F16: ((uint16_t *)t->data)[at] = dvti_f16_from_f64(number_f64(v)); break;
    case DVT_DTYPE_F64: ((double *)t->data)[at] = number_f64(v); break;
    case DVT_DTYPE_I8: ((int8_t *)t->data)[at] = (int8_t)number_i64(v, INT8_MIN, INT8_MAX); break;
    case DVT_DTYPE_U8: ((uint8_t *)t->data)[at] = (uint8_t)number_i64(v, 0, UINT8_MAX); break;
    case DVT_DTYPE_I16:
        ((int16_t *)t->data)[at] = (int16_t)number_i64(v, INT16_MIN, INT16_MAX);
        break;
    case DVT_DTYPE_U16: ((uint16_t *)t->data)[at] = (uint16_t)number_i64(v, 0, UINT16_MAX); break;
    case DVT_DTYPE_I32:
        ((int32_t *)t->data)[at] = (int32_t)number_i64(v, INT32_MIN, INT32_MAX);
        break;
    case DVT_DTYPE_U32: ((uint32_t *)t->data)[at] = (uint32_t)number_i64(v, 0, UINT32_MAX); break;
    case DVT_DTYPE_I64: ((int64_t *)t->data)[at] = number_i64(v, INT64_MIN, INT64_MAX); break;
    case DVT_DTYPE_U64: ((uint64_t *)t->data)[at] = number_u64(v); break;
    case DVT_DTYPE_BOOL: ((uint8_t *)t->data)[at] = number_bool(v); break;
    case DVT_DTYPE_NONE:
    case DVT_DTYPE_COUNT:
        assert(false && "a tensor without an element type has no elements");
        break;
    }
}

double dvt_tensor_get_f64(const dvt_tensor *t, int64_t index)
{
    number v = load(t, index);

    return number_f64(&v);
}

int64_t dvt_tensor_get_i64(const dvt_tensor *t, int64_t index)
{
    number v = load(t, index);

    return number_i64(&v, INT64_MIN, INT64_MAX);
}

/* ---- conversion ---------------------------------------------------------------------------- */

/* Weights and images: the pairs that come in millions. */
static bool cast_by_loop(const dvt_tensor *t, int64_t count, const dvt_tensor *y)
{
    if (t->dtype == y->dtype && t->dtype != DVT_DTYPE_BOOL) {
        if (y->bytes)
            memcpy(y->data, t->data, y->bytes);
        return true;
    }
    if (t->dtype == DVT_DTYPE_F16 && y->dtype == DVT_DTYPE_F32) {
        for (int64_t i = 0; i < count; i++)
            ((float *)y->data)[i] = dvt_f16_to_f32(((const uint16_t *)t->data)[i]);
        return true;
    }
    if (t->dtype == DVT_DTYPE_U8 && y->dtype == DVT_DTYPE_F32) {
        for (int64_t i = 0; i < count; i++)
            ((float *)y->data)[i] = (float)((const uint8_t *)t->data)[i];
        return true;
    }
    return false;
}

void dvt_tensor_convert(const dvt_tensor *t, const dvt_tensor *y)
{
    int64_t count = dvt_shape_count(&t->shape);

    if (cast_by_loop(t, count, y)) return;
    for (int64_t i = 0; i < count; i++) {
        number v = load(t, i);
        store(y, i, &v);
    }
}

dvt_status dvt_tensor_cast(dvt_ctx *ctx, const dvt_tensor *t, dvt_dtype dtype, dvt_tensor *out)
{
    dvt_status st = dvt_tensor_init(ctx, dtype, &t->shape, out);

    if (st == DVT_OK) dvt_tensor_convert(t, out);
    return st;
}

/* ---- comparison ---------------------------------------------------------------------------- */

/* |got - want|: 0 for equal infinities and for two NaNs, infinite for a NaN against a number. */
static double distance(const dvt_tensor *got, const dvt_tensor *want, int64_t at)
{
    number g = load(got, at), w = load(want, at);
    double a = number_f64(&g), b = number_f64(&w);

    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b) ? 0 : INFINITY;
    if (a == b) /* equal as doubles; 64-bit integers may still differ in their low bits */
        return g.kind == w.kind && (g.i != w.i || g.u != w.u) ? 1 : 0;
    return fabs(a - b);
}

static double rms(const dvt_tensor *t, int64_t count, double *sum_square)
{
    double sum = 0;

    for (int64_t i = 0; i < count; i++) {
        double v = dvt_tensor_get_f64(t, i);
        if (isfinite(v))
            sum += v * v;
    }
    *sum_square = sum;
    return count ? sqrt(sum / (double)count) : 0;
}

dvt_status dvt_tensor_diff(dvt_ctx *ctx, const dvt_tensor *got, const dvt_tensor *want, double atol,
                           double rtol, dvt_diff *out)
{
    dvt_diff d = {.count = dvt_shape_count(&want->shape), .worst = -1};
    double   sum_want, sum_err = 0, level;
    char     got_text[DVT_SHAPE_TEXT], want_text[DVT_SHAPE_TEXT];

    *out = (dvt_diff){.worst = -1};
    if (!dvt_shape_equal(&got->shape, &want->shape))
        return dvt_fail(ctx, DVT_E_SHAPE, NULL, "cannot compare shape %s with %s",
                        dvt_shape_text(&got->shape, got_text),
                        dvt_shape_text(&want->shape, want_text));
    level = rms(want, d.count, &sum_want);
    for (int64_t i = 0; i < d.count; i++) {
        double err = distance(got, want, i), size = fabs(dvt_tensor_get_f64(want, i));
        double base = size > level ? size : level; /* NaN: the level */
        double rel = err == 0 ? 0 : isinf(base) ? INFINITY : err / base;
        if (err > 0 && !(isfinite(err) && err <= atol + rtol * size))
            d.mismatches++;
        if (d.worst < 0 || err > d.max_abs) {
            d.max_abs = err;
            d.worst = i;
        }
        d.max_rel = rel > d.max_rel ? rel : d.max_rel;
        sum_err += err * err;
    }
    d.nmse = sum_err == 0 ? 0 : sum_err / sum_want;
    *out = d;
    return DVT_OK;
}
