/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tensor.h - types, shapes, number formats and the kernels that compute on plain arrays.
 *
 * Layout     Tensors are dense and row-major, the last dimension contiguous. Images are NCHW
 *            (NCW, NCDHW for 1 and 3 spatial dimensions).
 * Kernels    Named dvt_<op>_<dtype>_<layout>_<variant>: `_ref` is the naive reference that stays
 *            naive and that everything is compared with; `_fast` is equal to it within the bound
 *            stated at its declaration. Kernels cannot fail and allocate nothing: the caller
 *            checked the dims (dvt_*_dims_check) and gives scratch of dvt_*_scratch_bytes().
 * Formats    Every rounding step of fp16, block floating point and int8 is in docs/numerics.md.
 * Ownership  A tensor owns its data if it was made by dvt_tensor_init; `dvt_tensor_wrap` borrows.
 * Kernels by family live in dovetail/kernels.h; this header holds the types.
 */
#ifndef DOVETAIL_TENSOR_H
#define DOVETAIL_TENSOR_H

#include "dovetail/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- types and shapes ---------------------------------------------------------------------- */

/* name, text, bytes an element */
#define DVT_DTYPE_LIST(X) \
    X(NONE, "none", 0)    \
    X(F32, "f32", 4)      \
    X(F16, "f16", 2)      \
    X(F64, "f64", 8)      \
    X(I8, "i8", 1)        \
    X(U8, "u8", 1)        \
    X(I16, "i16", 2)      \
    X(U16, "u16", 2)      \
    X(I32, "i32", 4)      \
    X(U32, "u32", 4)      \
    X(I64, "i64", 8)      \
    X(U64, "u64", 8)      \
    X(BOOL, "bool", 1)

typedef enum dvt_dtype {
#define DVT_X(name, text, bytes) DVT_DTYPE_##name,
    DVT_DTYPE_LIST(DVT_X)
#undef DVT_X
        DVT_DTYPE_COUNT
} dvt_dtype;

DVT_API const char *dvt_dtype_name(dvt_dtype dtype);  /* "f32" */
DVT_API size_t      dvt_dtype_bytes(dvt_dtype dtype); /* an element */
DVT_API bool        dvt_dtype_parse(const char *name, dvt_dtype *out);

enum { DVT_MAX_RANK = 8 };
#define DVT_DIM_MAX ((int64_t)1 << 40) /* largest dimension and element count accepted */

typedef struct dvt_shape {
    int32_t rank; /* 0 = scalar */
    int64_t dim[DVT_MAX_RANK];
} dvt_shape;

DVT_API dvt_shape dvt_shape_make(int32_t rank, const int64_t *dim);
#define DVT_SHAPE(...)                                                          \
    dvt_shape_make((int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), \
                   (const int64_t[]){__VA_ARGS__})
DVT_API int64_t dvt_shape_count(const dvt_shape *s); /* elements; -1 if over DVT_DIM_MAX */
DVT_API int64_t dvt_shape_count_range(const dvt_shape *s, int32_t first, int32_t end);
DVT_API bool    dvt_shape_equal(const dvt_shape *a, const dvt_shape *b);
/* NumPy broadcasting of two shapes; false if they do not agree. */
DVT_API bool    dvt_shape_broadcast(const dvt_shape *a, const dvt_shape *b, dvt_shape *out);
enum { DVT_SHAPE_TEXT = 192 };
/* "[1,3,224,224]" */
DVT_API const char *dvt_shape_text(const dvt_shape *s, char out[DVT_SHAPE_TEXT]);

/* ---- tensors ------------------------------------------------------------------------------- */

typedef struct dvt_tensor {
    dvt_dtype dtype;
    dvt_shape shape;
    void     *data;  /* dense, row-major; NULL only when the count is 0 or the tensor is empty */
    size_t    bytes;
    bool      owned; /* data came from dvt_alloc */
} dvt_tensor;

/* Zeroed data. E_NOMEM, E_SHAPE (negative or huge dimension). */
DVT_API DVT_MUST_CHECK dvt_status dvt_tensor_init(dvt_ctx *ctx, dvt_dtype dtype,
                                                  const dvt_shape *shape, dvt_tensor *out);
DVT_API dvt_tensor dvt_tensor_wrap(dvt_dtype dtype, const dvt_shape *shape, void *data);
DVT_API void       dvt_tensor_deinit(dvt_ctx *ctx, dvt_tensor *t);
DVT_API DVT_MUST_CHECK dvt_status dvt_tensor_copy(dvt_ctx *ctx, const dvt_tensor *t,
                                                  dvt_tensor *out);
/* Converts element by element, as ONNX Cast does (float to integer truncates towards zero; f32 to
 * f16 rounds to nearest even; values out of range of an integer type saturate; NaN gives 0). */
DVT_API DVT_MUST_CHECK dvt_status dvt_tensor_cast(dvt_ctx *ctx, const dvt_tensor *t,
                                                  dvt_dtype dtype, dvt_tensor *out);
/* The same into a tensor of equal shape that is there already; allocates nothing. */
DVT_API void    dvt_tensor_convert(const dvt_tensor *t, const dvt_tensor *y);
DVT_API double  dvt_tensor_get_f64(const dvt_tensor *t, int64_t index); /* any dtype */
DVT_API int64_t dvt_tensor_get_i64(const dvt_tensor *t, int64_t index);

/* How far `got` is from `want`: what every differential test and the command line print. */
typedef struct dvt_diff {
    /* elements beyond atol + rtol * |want|, NaN against number included */
    int64_t count, mismatches;
    double  max_abs, max_rel;  /* rel: |got - want| / max(|want|, rms of want) */
    double  nmse;              /* sum (got - want)^2 / sum want^2 */
    int64_t worst;             /* index of max_abs, -1 if count is 0 */
} dvt_diff;
DVT_API DVT_MUST_CHECK dvt_status dvt_tensor_diff(dvt_ctx *ctx, const dvt_tensor *got,
                                                  const dvt_tensor *want, double atol, double rtol,
                                                  dvt_diff *out);

/* ---- fp16 ---------------------------------------------------------------------------------- */

DVT_API uint16_t dvt_f16_from_f32(float x); /* IEEE binary16, nearest even, overflow to infinity */
DVT_API float    dvt_f16_to_f32(uint16_t h);

/* ---- block floating point (docs/numerics.md section 2) ------------------------------------- */

/* A block is `n` values with one exponent. Value i = mant[i] * 2^(exp - DVT_BFP_BIAS - (m - 2)),
 * |mant[i]| <= 2^(m-1) - 1 (sign-magnitude, m bits with the sign; the hidden one is stored),
 * exp in 0..31. FP9 m=5, FP11 m=7, FP13 m=9, FP16 m=12. There are no infinities, NaNs or minus
 * zeros; an all-zero block has exp 0. */
enum { DVT_BFP_BIAS = 15, DVT_BFP_EXP_MAX = 31, DVT_BFP_MANT_MIN = 3, DVT_BFP_MANT_MAX = 16 };

/* Chooses the exponent and rounds to nearest, ties to even. Too large values saturate and are
 * counted in the return value. `x` must be finite: NaN counts as saturated and becomes 0. */
DVT_API uint32_t dvt_bfp_encode(const float *x /* (n) */, int32_t n, int32_t mant_bits,
                                int16_t *mant /* (n) */, uint8_t *exp);
/* The same by trying the exponents one after the other: the definition, for tests. */
DVT_API uint32_t dvt_bfp_encode_ref(const float *x, int32_t n, int32_t mant_bits, int16_t *mant,
                                    uint8_t *exp);
/* Exact: every block value is a float32. */
DVT_API void dvt_bfp_decode(const int16_t *mant /* (n) */, uint8_t exp, int32_t n,
                            int32_t mant_bits, float *x /* (n) */);

/* ---- int8 (docs/numerics.md section 3) ----------------------------------------------------- */

/* Symmetric: q = clamp(round_nearest_even(x * inv_scale), -127, 127); x = q * scale. */
DVT_API void dvt_int8_encode(const float *x, int64_t n, float inv_scale, int8_t *q);
DVT_API void dvt_int8_decode(const int8_t *q, int64_t n, float scale, float *x);

#ifdef __cplusplus
}
#endif
#endif
