/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binary.c - element-wise functions of two operands with NumPy broadcasting, and of many.
 *
 * Idea      One row function a type holds one switch over all functions; rows and operand strides
 *           come from a nest (nest_int.h), whose innermost strides are 0 or 1. float32 arithmetic
 *           on whole rows has loops that vectorise, with the same bits. A function of many is the
 *           function of two applied from left to right.
 * Integers  wrap around; division truncates and gives 0 for a divisor of 0, and so does mod; a
 *           power with a negative exponent is 0 but for bases 1 and -1.
 * Tests     tests/unit/test_kernels_binary.c
 */
#include "dovetail/kernels.h"
#include "tensor/nest_int.h"
#include "base/simd.h"

#include <assert.h>
#include <math.h>

/* ---- integers ------------------------------------------------------------------------------ */

static int64_t power_integer(int64_t base, int64_t exponent)
{
    uint64_t result = 1, b = (uint64_t)base;

    if (exponent < 0)
        return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
    for (; exponent; exponent >>= 1, b *= b)
        result *= exponent & 1 ? b : 1;
    return (int64_t)result;
}

static int64_t divide(int64_t a, int64_t b)
{
    return b == 0 ? 0 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t modulo(int64_t a, int64_t b, bool fmod_sign)
{
    int64_t r = b == 0 || b == -1 ? 0 : a % b;

    return r != 0 && !fmod_sign && (r < 0) != (b < 0) ? r + b : r;
}

static uint64_t divide_unsigned(uint64_t a, uint64_t b)
{
    return b == 0 ? 0 : a / b;
}

/* ---- rows ---------------------------------------------------------------------------------- */

/* One innermost loop: y dense, operands with stride 0 or 1. */
typedef struct row {
    dvt_binary  fn;
    bool        fmod;
    int64_t     n, sa, sb;
    const void *a, *b;
    void       *y;
} row;

#define EACH(out, in, value)                                                              \
    for (int64_t i = 0; i < r->n; i++) {                                                  \
        const in a = ((const in *)r->a)[i * r->sa], b = ((const in *)r->b)[i * r->sb];    \
        ((out *)r->y)[i] = (out)(value);                                                  \
    }                                                                                     \
    return

#define COMPARISONS(type)                                          \
    case DVT_BINARY_EQUAL: EACH(uint8_t, type, a == b);            \
    case DVT_BINARY_LESS: EACH(uint8_t, type, a < b);              \
    case DVT_BINARY_GREATER: EACH(uint8_t, type, a > b);           \
    case DVT_BINARY_LESS_EQUAL: EACH(uint8_t, type, a <= b);       \
    case DVT_BINARY_GREATER_EQUAL: EACH(uint8_t, type, a >= b)

/* max and min: NaN in either operand wins. */
#define DEFINE_FLOAT_ROW(name, type, fn_pow, fn_mod)                                  \
    static void name(const row *r)                                                    \
    {                                                                                 \
        switch (r->fn) {                                                              \
        case DVT_BINARY_ADD: EACH(type, type, a + b);                                 \
        case DVT_BINARY_SUB: EACH(type, type, a - b);                                 \
        case DVT_BINARY_MUL: EACH(type, type, a * b);                                 \
        case DVT_BINARY_DIV: EACH(type, type, a / b);                                 \
        case DVT_BINARY_POW: EACH(type, type, fn_pow((double)a, (double)b));          \
        case DVT_BINARY_MAX: EACH(type, type, a > b || a != a ? a : b);               \
        case DVT_BINARY_MIN: EACH(type, type, a < b || a != a ? a : b);               \
        case DVT_BINARY_MOD: EACH(type, type, fn_mod(a, b));                          \
        COMPARISONS(type);                                                            \
        default: break;                                                               \
        }                                                                             \
    }
DEFINE_FLOAT_ROW(row_f32, float, pow, fmodf)
DEFINE_FLOAT_ROW(row_f64, double, pow, fmod)

#define DEFINE_SIGNED_ROW(name, type)                                                        \
    static void name(const row *r)                                                           \
    {                                                                                        \
        switch (r->fn) {                                                                     \
        case DVT_BINARY_ADD: EACH(type, type, (int64_t)((uint64_t)a + (uint64_t)b));         \
        case DVT_BINARY_SUB: EACH(type, type, (int64_t)((uint64_t)a - (uint64_t)b));         \
        case DVT_BINARY_MUL: EACH(type, type, (int64_t)((uint64_t)a * (uint64_t)b));         \
        case DVT_BINARY_DIV: EACH(type, type, divide(a, b));                                 \
        case DVT_BINARY_POW: EACH(type, type, power_integer(a, b));                          \
        case DVT_BINARY_MAX: EACH(type, type, a > b ? a : b);                                \
        case DVT_BINARY_MIN: EACH(type, type, a < b ? a : b);                                \
        case DVT_BINARY_MOD: EACH(type, type, modulo(a, b, r->fmod));                        \
        COMPARISONS(type);                                                                   \
        default: break;                                                                      \
        }                                                                                    \
    }
DEFINE_SIGNED_ROW(row_i8, int8_t)
DEFINE_SIGNED_ROW(row_i16, int16_t)
DEFINE_SIGNED_ROW(row_i32, int32_t)
DEFINE_SIGNED_ROW(row_i64, int64_t)

#define DEFINE_UNSIGNED_ROW(name, type)                                                      \
    static void name(const row *r)                                                           \
    {                                                                                        \
        switch (r->fn) {                                                                     \
        case DVT_BINARY_ADD: EACH(type, type, (uint64_t)a + b);                              \
        case DVT_BINARY_SUB: EACH(type, type, (uint64_t)a - b);                              \
        case DVT_BINARY_MUL: EACH(type, type, (uint64_t)a * b);                              \
        case DVT_BINARY_DIV: EACH(type, type, divide_unsigned(a, b));                        \
        case DVT_BINARY_POW: EACH(type, type, power_integer((int64_t)a, (int64_t)b));        \
        case DVT_BINARY_MAX: EACH(type, type, a > b ? a : b);                                \
        case DVT_BINARY_MIN: EACH(type, type, a < b ? a : b);                                \
        case DVT_BINARY_MOD: EACH(type, type, b ? a - divide_unsigned(a, b) * b : 0);        \
        COMPARISONS(type);                                                                   \
        default: break;                                                                      \
        }                                                                                    \
    }
DEFINE_UNSIGNED_ROW(row_u8, uint8_t)
DEFINE_UNSIGNED_ROW(row_u16, uint16_t)
DEFINE_UNSIGNED_ROW(row_u32, uint32_t)
DEFINE_UNSIGNED_ROW(row_u64, uint64_t)

static void row_bool(const row *r)
{
    switch (r->fn) {
    case DVT_BINARY_EQUAL: EACH(uint8_t, uint8_t, !a == !b);
    case DVT_BINARY_AND: EACH(uint8_t, uint8_t, a && b);
    case DVT_BINARY_OR: EACH(uint8_t, uint8_t, a || b);
    case DVT_BINARY_XOR: EACH(uint8_t, uint8_t, !a != !b);
    default: break;
    }
}

typedef void (*row_fn)(const row *);

static const row_fn row_of[DVT_DTYPE_COUNT] = {
    [DVT_DTYPE_F32] = row_f32, [DVT_DTYPE_F64] = row_f64, [DVT_DTYPE_I8] = row_i8,
    [DVT_DTYPE_I16] = row_i16, [DVT_DTYPE_I32] = row_i32, [DVT_DTYPE_I64] = row_i64,
    [DVT_DTYPE_U8] = row_u8,   [DVT_DTYPE_U16] = row_u16, [DVT_DTYPE_U32] = row_u32,
    [DVT_DTYPE_U64] = row_u64, [DVT_DTYPE_BOOL] = row_bool};

/* ---- float32 rows that vectorise ----------------------------------------------------------- */

#define SIMD_EACH(value)                                                  \
    if (sa && sb)                                                         \
        for (int64_t i = 0; i < n; i++) {                                 \
            float a = pa[i], b = pb[i];                                   \
            y[i] = (value);                                               \
        }                                                                 \
    else if (sa)                                                          \
        for (int64_t i = 0; i < n; i++) {                                 \
            float a = pa[i], b = b0;                                      \
            y[i] = (value);                                               \
        }                                                                 \
    else                                                                  \
        for (int64_t i = 0; i < n; i++) {                                 \
            float a = a0, b = pb[i * sb];                                 \
            y[i] = (value);                                               \
        }                                                                 \
    return true

/* NaN in either operand wins. Selections without "or", which would be a branch in the loop. */
static inline float larger(float a, float b)
{
    float most = a > b ? a : b;

    return a != a ? a : most;
}

static inline float smaller(float a, float b)
{
    float least = a < b ? a : b;

    return a != a ? a : least;
}

DVTI_SIMD static bool row_f32_simd(const row *r)
{
    const float  *pa = r->a, *pb = r->b, a0 = *pa, b0 = *pb;
    float        *y = r->y;
    const int64_t n = r->n, sa = r->sa, sb = r->sb;

    switch (r->fn) {
    case DVT_BINARY_ADD: SIMD_EACH(a + b);
    case DVT_BINARY_SUB: SIMD_EACH(a - b);
    case DVT_BINARY_MUL: SIMD_EACH(a * b);
    case DVT_BINARY_DIV: SIMD_EACH(a / b);
    case DVT_BINARY_MAX: SIMD_EACH(larger(a, b));
    case DVT_BINARY_MIN: SIMD_EACH(smaller(a, b));
    default: return false;
    }
}

/* ---- tensors ------------------------------------------------------------------------------- */

bool dvt_binary_supports(dvt_binary fn, dvt_dtype dtype)
{
    bool logical = fn == DVT_BINARY_AND || fn == DVT_BINARY_OR || fn == DVT_BINARY_XOR;

    if (dtype == DVT_DTYPE_BOOL)
        return logical || fn == DVT_BINARY_EQUAL;
    return !logical && (int)dtype >= 0 && dtype < DVT_DTYPE_COUNT && row_of[dtype] != NULL;
}

dvt_dtype dvt_binary_result(dvt_binary fn, dvt_dtype dtype)
{
    switch (fn) {
    case DVT_BINARY_EQUAL:
    case DVT_BINARY_LESS:
    case DVT_BINARY_GREATER:
    case DVT_BINARY_LESS_EQUAL:
    case DVT_BINARY_GREATER_EQUAL: return DVT_DTYPE_BOOL;
    default: return dtype;
    }
}

typedef struct binary_job {
    dvti_nest         nest;
    row               start; /* n, strides and array starts of row 0 */
    size_t            in_bytes, out_bytes;
    row_fn            scalar;
    bool              simd;
} binary_job;

static binary_job make_job(dvt_binary fn, bool fmod_sign, const dvt_tensor *a, const dvt_tensor *b,
                           const dvt_tensor *y)
{
    binary_job j = {.nest = dvti_nest_over(&y->shape), .scalar = row_of[a->dtype]};

    assert(a->dtype == b->dtype && dvt_binary_supports(fn, a->dtype));
    dvti_nest_add_broadcast(&j.nest, &a->shape);
    dvti_nest_add_broadcast(&j.nest, &b->shape);
    dvti_nest_collapse(&j.nest);
    j.in_bytes = dvt_dtype_bytes(a->dtype);
    j.out_bytes = dvt_dtype_bytes(y->dtype);
    j.start = (row){.fn = fn,
                    .fmod = fmod_sign,
                    .n = dvti_nest_width(&j.nest),
                    .sa = j.nest.stride[0][j.nest.rank - 1],
                    .sb = j.nest.stride[1][j.nest.rank - 1],
                    .a = a->data,
                    .b = b->data,
                    .y = y->data};
    return j;
}

/* Elements [lo, hi) of row `index`. */
static void run_row(const binary_job *j, int64_t index, int64_t lo, int64_t hi)
{
    int64_t at[DVTI_NEST_OPERANDS];
    row     r = j->start;

    dvti_nest_row(&j->nest, index, at);
    r.a = (const uint8_t *)r.a + (size_t)(at[0] + lo * r.sa) * j->in_bytes;
    r.b = (const uint8_t *)r.b + (size_t)(at[1] + lo * r.sb) * j->in_bytes;
    r.y = (uint8_t *)r.y + (size_t)(index * r.n + lo) * j->out_bytes;
    r.n = hi - lo;
    if (!j->simd || !row_f32_simd(&r))
        j->scalar(&r);
}

void dvt_binary_apply(dvt_binary fn, bool fmod, const dvt_tensor *a, const dvt_tensor *b,
                      const dvt_tensor *y)
{
    binary_job j = make_job(fn, fmod, a, b, y);
    int64_t    rows = dvti_nest_rows(&j.nest);

    for (int64_t i = 0; i < rows; i++)
        run_row(&j, i, 0, j.start.n);
}

static void rows_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const binary_job *j = ud;

    (void)worker;
    for (int64_t i = begin; i < end; i++)
        run_row(j, i, 0, j->start.n);
}

static void elements_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    (void)worker;
    run_row(ud, 0, begin, end);
}

void dvt_binary_f32_fast(dvt_ctx *ctx, dvt_binary fn, const dvt_tensor *a, const dvt_tensor *b,
                         const dvt_tensor *y)
{
    binary_job j = make_job(fn, true, a, b, y);
    int64_t    rows = dvti_nest_rows(&j.nest);

    j.simd = true;
    if (rows == 1)
        dvt_parallel_for(ctx, j.start.n, 32768, elements_range, &j);
    else if (rows > 1)
        dvt_parallel_for(ctx, rows, 1 + 32768 / j.start.n, rows_range, &j);
}

/* ---- prelu and functions of many ----------------------------------------------------------- */

void dvt_prelu_f32(const dvt_tensor *x, const dvt_tensor *slope, const dvt_tensor *y)
{
    dvti_nest    nest = dvti_nest_over(&y->shape);
    const float *px = x->data, *ps = slope->data;
    float       *out = y->data;
    int64_t      rows, width, sx, ss, at[DVTI_NEST_OPERANDS];

    dvti_nest_add_broadcast(&nest, &x->shape);
    dvti_nest_add_broadcast(&nest, &slope->shape);
    dvti_nest_collapse(&nest);
    rows = dvti_nest_rows(&nest);
    width = dvti_nest_width(&nest);
    sx = nest.stride[0][nest.rank - 1];
    ss = nest.stride[1][nest.rank - 1];
    for (int64_t r = 0; r < rows; r++) {
        dvti_nest_row(&nest, r, at);
        for (int64_t i = 0; i < width; i++) {
            float v = px[at[0] + i * sx];
            *out++ = v > 0 ? v : v * ps[at[1] + i * ss];
        }
    }
}

bool dvt_nary_supports(dvt_nary fn, dvt_dtype dtype)
{
    if (fn == DVT_NARY_MEAN)
        return dtype == DVT_DTYPE_F32 || dtype == DVT_DTYPE_F64;
    return (int)fn >= 0 && fn < DVT_NARY_COUNT && dtype != DVT_DTYPE_BOOL &&
           dvt_binary_supports(DVT_BINARY_ADD, dtype);
}

static const dvt_binary nary_step[DVT_NARY_COUNT] = {
    [DVT_NARY_SUM] = DVT_BINARY_ADD, [DVT_NARY_MEAN] = DVT_BINARY_ADD,
    [DVT_NARY_MAX] = DVT_BINARY_MAX, [DVT_NARY_MIN] = DVT_BINARY_MIN,
    [DVT_NARY_PROD] = DVT_BINARY_MUL};

/* ctx NULL: any type, one thread; else float32. */
static void fold_step(dvt_ctx *ctx, dvt_binary fn, const dvt_tensor *a, const dvt_tensor *b,
                      const dvt_tensor *y)
{
    if (ctx)
        dvt_binary_f32_fast(ctx, fn, a, b, y);
    else
        dvt_binary_apply(fn, false, a, b, y);
}

static void fold(dvt_ctx *ctx, dvt_nary fn, const dvt_tensor *x, int32_t count, const dvt_tensor *y)
{
    const dvt_shape scalar = {.rank = 0};
    float           f32 = (float)count;
    double          f64 = (double)count;
    dvt_tensor      divisor;

    if (count == 1)
        dvt_move_expand(&x[0], y);
    for (int32_t i = 1; i < count; i++)
        fold_step(ctx, nary_step[fn], i == 1 ? &x[0] : y, &x[i], y);
    if (fn == DVT_NARY_MEAN) {
        divisor =
            dvt_tensor_wrap(y->dtype, &scalar, y->dtype == DVT_DTYPE_F32 ? (void *)&f32 : &f64);
        fold_step(ctx, DVT_BINARY_DIV, y, &divisor, y);
    }
}

void dvt_nary_apply(dvt_nary fn, const dvt_tensor *x, int32_t count, const dvt_tensor *y)
{
    fold(NULL, fn, x, count, y);
}

void dvt_nary_f32_fast(dvt_ctx *ctx, dvt_nary fn, const dvt_tensor *x, int32_t count,
                       const dvt_tensor *y)
{
    fold(ctx, fn, x, count, y);
}
