/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernels.h - the functions that compute on arrays: what each operator means, to the element.
 *
 * Variants   `_ref` is the naive kernel that stays naive: plain loops, sums and transcendental
 *            functions in double, one rounding to the result type at the end. `_fast` agrees with
 *            it within the bound stated here. A function without either word moves bytes or does
 *            one rounding an element, so that one implementation is both.
 * Shapes     Images are (n, c, D, H, W). Windows always have three spatial sizes, outermost first;
 *            a lower rank has leading sizes 1 (kernel, stride and dilation 1, pads 0).
 *            Tensor kernels take dense tensors of rank 0..DVT_MAX_RANK.
 * Contract   Kernels cannot fail and allocate nothing. The caller checked dimensions and types
 *            (dvt_*_check, dvt_*_supports); inputs and output do not overlap unless "in place" is
 *            said. What needs prepared weights is a plan: creating it can fail, running it cannot
 *            but for DVT_E_INTERNAL.
 * Threads    `_fast` kernels and plans use up to dvt_ctx_jobs(ctx) threads; the bits of the result
 *            do not depend on how many. `_ref` kernels run on the calling thread.
 * Floats     NaN propagates unless said otherwise. Rounding rules: docs/numerics.md section 1.
 */
#ifndef DOVETAIL_KERNELS_H
#define DOVETAIL_KERNELS_H

#include "dovetail/kinds.h"
#include "dovetail/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- convolution --------------------------------------------------------------------------- */

enum { DVT_SPATIAL = 3 }; /* D, H, W */

typedef struct dvt_conv_dims {
    int64_t n, groups, in_c, out_c; /* channels of all groups together */
    int64_t in[DVT_SPATIAL], out[DVT_SPATIAL];
    int64_t kernel[DVT_SPATIAL], stride[DVT_SPATIAL], dilation[DVT_SPATIAL];
    int64_t pad_lo[DVT_SPATIAL], pad_hi[DVT_SPATIAL]; /* transposed: cropped from the full output */
} dvt_conv_dims;

typedef enum dvt_act_kind { DVT_ACT_NONE, DVT_ACT_RELU, DVT_ACT_CLIP } dvt_act_kind;
/* What a kernel does to a result before it is stored. */
typedef struct dvt_act {
    dvt_act_kind kind;
    float        min, max; /* of DVT_ACT_CLIP */
} dvt_act;

/* Output size of a window: floor((in + pad_lo + pad_hi - dilation * (kernel - 1) - 1) / stride) +
 * 1, or 0 if the window does not fit. */
DVT_API int64_t dvt_window_out(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                               int64_t pad_lo, int64_t pad_hi);
/* Sizes are positive, groups divide channels, out is what dvt_window_out says. E_SHAPE. */
DVT_API DVT_MUST_CHECK dvt_status dvt_conv_dims_check(dvt_ctx *ctx, const dvt_conv_dims *d);
/* The same for the transposed form: stride * (in - 1) + dilation * (kernel - 1) + 1 - pads <= out,
 * and less than stride above it (the output padding is what is left). E_SHAPE. */
DVT_API DVT_MUST_CHECK dvt_status dvt_conv_transpose_dims_check(dvt_ctx *ctx,
                                                                const dvt_conv_dims *d);
DVT_API int64_t dvt_conv_macs(const dvt_conv_dims *d);           /* padding counted as work */
/* the same for the transposed form */
DVT_API int64_t dvt_conv_transpose_macs(const dvt_conv_dims *d);

DVT_API void dvt_conv_f32_nchw_ref(const dvt_conv_dims *d, const float *x /* (n, in_c, in..) */,
                                   const float *w /* (out_c, in_c / groups, kernel..) */,
                                   const float *bias /* (out_c) or NULL */, const dvt_act *act,
                                   float *y /* (n, out_c, out..) */);
DVT_API void dvt_conv_transpose_f32_nchw_ref(const dvt_conv_dims *d, const float *x,
                                             const float *w /* (in_c, out_c / groups, kernel..) */,
                                             const float *bias, const dvt_act *act, float *y);

/* The fast convolution: weights are packed once when the plan is made (oneDNN inside). Equal to
 * `_ref` within |err| <= 2e-6 * (sum |x w| + |bias|) an element. A plan keeps no pointer to what it
 * was made from and is used by one thread at a time. */
typedef struct dvt_conv_plan dvt_conv_plan;
typedef struct dvt_conv_plan_opts {
    bool    transposed;
    dvt_act act;
    bool    x_last, y_last; /* x, y are (n, spatial.., channels) instead */
} dvt_conv_plan_opts;

DVT_API DVT_MUST_CHECK dvt_status dvt_conv_plan_create(dvt_ctx *ctx, const dvt_conv_dims *d,
                                                       const float *w, const float *bias,
                                                       const dvt_conv_plan_opts *opts /* NULL: 0 */,
                                                       dvt_conv_plan **out);
DVT_API void   dvt_conv_plan_destroy(dvt_conv_plan *plan);
DVT_API size_t dvt_conv_plan_scratch_bytes(const dvt_conv_plan *plan); /* DVT_ALIGN-aligned block */
/* x and y are DVT_ALIGN-aligned. E_INTERNAL. */
DVT_API DVT_MUST_CHECK dvt_status dvt_conv_plan_run(const dvt_conv_plan *plan, const float *x,
                                                    float *y, void *scratch);

/* ---- matrix product ------------------------------------------------------------------------ */

/* y (m, n) = alpha * op(a) op(b) + beta * c. op(a) is (m, k): stored (k, m) if trans_a; op(b) is
 * (k, n): stored (n, k) if trans_b. c element (i, j) is c[i * c_row + j * c_col]: strides 0
 * broadcast. Dense layers: trans_b, alpha = beta = 1, c = bias with c_row 0 and c_col 1. */
typedef struct dvt_gemm_dims {
    int64_t m, n, k;
    bool    trans_a, trans_b;
    float   alpha, beta;
    int64_t c_row, c_col;
} dvt_gemm_dims;

DVT_API void dvt_gemm_f32_ref(const dvt_gemm_dims *d, const float *a, const float *b,
                              const float *c /* NULL = none */, float *y);
/* |err| <= 2e-6 * (|alpha| sum |a b| + |beta c|) an element. */
DVT_API void dvt_gemm_f32_fast(dvt_ctx *ctx, const dvt_gemm_dims *d, const float *a, const float *b,
                               const float *c, float *y);
/* NumPy matmul: a (.., m, k), b (.., k, n), batch dimensions broadcast, 1-d operands promoted. */
DVT_API bool dvt_matmul_shape(const dvt_shape *a, const dvt_shape *b, dvt_shape *y);
DVT_API void dvt_matmul_f32_ref(const dvt_tensor *a, const dvt_tensor *b, const dvt_tensor *y);
DVT_API void dvt_matmul_f32_fast(dvt_ctx *ctx, const dvt_tensor *a, const dvt_tensor *b,
                                 const dvt_tensor *y);

/* ---- pooling and normalisation ------------------------------------------------------------- */

typedef struct dvt_pool_dims {
    dvt_pool      kind;
    dvt_avg_count avg_count; /* of DVT_POOL_AVG */
    int64_t       p;         /* of DVT_POOL_LP: (sum |x|^p)^(1/p), at least 1 */
    int64_t       n, c;
    int64_t       in[DVT_SPATIAL], out[DVT_SPATIAL];
    int64_t       kernel[DVT_SPATIAL], stride[DVT_SPATIAL], dilation[DVT_SPATIAL];
    int64_t       pad_lo[DVT_SPATIAL], pad_hi[DVT_SPATIAL];
} dvt_pool_dims;

/* Output size in ceil mode: rounded up, but the last window starts inside image or lower pad. */
DVT_API int64_t dvt_window_out_ceil(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                                    int64_t pad_lo, int64_t pad_hi);
/* Sizes are positive; out may be smaller or larger (ceil mode) than what fits: windows reach past
 * the image. E_SHAPE if a window starts behind image and upper pad. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pool_dims_check(dvt_ctx *ctx, const dvt_pool_dims *d);
/* Elements outside the image are no elements: a window without any gives -inf (max) or 0.
 * Divisors of an average: VALID counts elements inside the image, KERNEL all taps, PADDED the taps
 * inside image and pads. */
DVT_API void dvt_pool_f32_nchw_ref(const dvt_pool_dims *d, const float *x, float *y);
/* max: the same bits; average, lp: relative error at most 1e-6 * sum |x| / divisor. */
DVT_API void dvt_pool_f32_nchw_fast(dvt_ctx *ctx, const dvt_pool_dims *d, const float *x, float *y);
/* The same bits on images (n, in.., c) -> (n, out.., c); not lp. */
DVT_API void dvt_pool_f32_nhwc_fast(dvt_ctx *ctx, const dvt_pool_dims *d, const float *x, float *y);

/* y = x / (k + alpha / m * s)^beta. Across channels: s = sum of x^2 over channels
 * c - (size - 1) / 2 .. c + size / 2 that exist, m = size. Within a channel: over the size x size
 * square around the element (same rule in H and W), m = size^2. */
typedef struct dvt_lrn_dims {
    int64_t n, c, h, w; /* across: h * w is all of the inner size */
    bool    within_channel;
    int64_t size;
    float   alpha, beta, k;
} dvt_lrn_dims;
DVT_API void dvt_lrn_f32_nchw_ref(const dvt_lrn_dims *d, const float *x, float *y);
/* Relative error at most 2e-6. */
DVT_API void dvt_lrn_f32_nchw_fast(dvt_ctx *ctx, const dvt_lrn_dims *d, const float *x, float *y);
/* The same bits on images (n, h, w, c); across channels only. */
DVT_API void dvt_lrn_f32_nhwc_fast(dvt_ctx *ctx, const dvt_lrn_dims *d, const float *x, float *y);

/* A dense array seen as (outer, axis, inner): the middle is what a kernel works along. */
typedef struct dvt_axis_dims {
    int64_t outer, axis, inner;
} dvt_axis_dims;
DVT_API dvt_axis_dims dvt_axis_dims_of(const dvt_shape *s, int32_t axis);
/* The middle is dimensions [first, end). */
DVT_API dvt_axis_dims dvt_axis_dims_range(const dvt_shape *s, int32_t first, int32_t end);

/* y = (x - mean) / sqrt(var + epsilon) * scale + bias, all (axis). In place allowed. */
DVT_API void dvt_batch_norm_f32_ref(const dvt_axis_dims *d, const float *x, const float *scale,
                                    const float *bias, const float *mean, const float *var,
                                    float epsilon, float *y);
/* The same as y = x * out_scale + out_bias; rounds once each from double. */
DVT_API void dvt_batch_norm_fold(int64_t c, const float *scale, const float *bias,
                                 const float *mean, const float *var, float epsilon,
                                 float *out_scale /* (c) */, float *out_bias /* (c) */);
/* y = x * scale [axis] + bias [axis]; either may be NULL. In place allowed. ref rounds once, fast
 * after the product and after the sum. */
DVT_API void dvt_scale_bias_f32_ref(const dvt_axis_dims *d, const float *x, const float *scale,
                                    const float *bias, float *y);
DVT_API void dvt_scale_bias_f32_fast(dvt_ctx *ctx, const dvt_axis_dims *d, const float *x,
                                     const float *scale, const float *bias, float *y);
/* Mean and variance (divided by inner) of each (outer, axis) row; scale and bias (axis). */
DVT_API void dvt_instance_norm_f32_ref(const dvt_axis_dims *d, const float *x, const float *scale,
                                       const float *bias, float epsilon, float *y);
DVT_API void dvt_softmax_f32_ref(dvt_softmax kind, const dvt_axis_dims *d, const float *x,
                                 float *y);
/* |err| <= 1e-6 (softmax), 2e-6 * (1 + |y|) (log); hardmax: the same bits. */
DVT_API void dvt_softmax_f32_fast(dvt_ctx *ctx, dvt_softmax kind, const dvt_axis_dims *d,
                                  const float *x, float *y);

/* ---- element-wise -------------------------------------------------------------------------- */

typedef struct dvt_unary_params {
    dvt_unary fn;
    float     alpha, beta, gamma; /* gelu: alpha != 0 is the tanh form; selu: alpha, gamma */
} dvt_unary_params;

/* f32 and f64: all but not; i8..i64: relu, clip, abs, neg, sign; bool: not. */
DVT_API bool dvt_unary_supports(dvt_unary fn, dvt_dtype dtype);
/* x and y of one type, `count` elements. In place allowed. round: half to even. */
DVT_API void dvt_unary_ref(const dvt_unary_params *p, dvt_dtype dtype, int64_t count, const void *x,
                           void *y);
/* The same bits, on threads, for f32. */
DVT_API void dvt_unary_f32_fast(dvt_ctx *ctx, const dvt_unary_params *p, int64_t count,
                                const float *x, float *y);
/* x > 0 ? x : slope * x; slope broadcasts to x. */
DVT_API void dvt_prelu_f32(const dvt_tensor *x, const dvt_tensor *slope, const dvt_tensor *y);

/* Arithmetic and comparisons: f32, f64, integers (division truncates, by 0 gives 0; overflow
 * wraps); and, or, xor: bool; equal: bool too. mod: integers take the sign of the divisor, with
 * `fmod` that of the dividend; floats always that of the dividend. */
DVT_API bool dvt_binary_supports(dvt_binary fn, dvt_dtype dtype);
DVT_API dvt_dtype dvt_binary_result(dvt_binary fn, dvt_dtype dtype); /* bool for comparisons */
/* a and b of one type, broadcast to y's shape. In place allowed where an operand has y's shape. */
DVT_API void dvt_binary_apply(dvt_binary fn, bool fmod, const dvt_tensor *a, const dvt_tensor *b,
                              const dvt_tensor *y);
/* The same bits, on threads, for f32. */
DVT_API void dvt_binary_f32_fast(dvt_ctx *ctx, dvt_binary fn, const dvt_tensor *a,
                                 const dvt_tensor *b, const dvt_tensor *y);
/* Of count >= 1 tensors of y's type (f32, f64, integers; mean: f32, f64), each broadcast to y's
 * shape; from left to right, one rounding a step. */
DVT_API bool dvt_nary_supports(dvt_nary fn, dvt_dtype dtype);
DVT_API void dvt_nary_apply(dvt_nary fn, const dvt_tensor *x /* (count) */, int32_t count,
                            const dvt_tensor *y);
/* The same bits, on threads, for f32. */
DVT_API void dvt_nary_f32_fast(dvt_ctx *ctx, dvt_nary fn, const dvt_tensor *x /* (count) */,
                               int32_t count, const dvt_tensor *y);

/* ---- reductions ---------------------------------------------------------------------------- */

typedef struct dvt_reduce_params {
    dvt_reduce fn;
    bool       axis[DVT_MAX_RANK]; /* reduced dimensions of x */
    bool       select_last;        /* argmax, argmin: the last of equals */
} dvt_reduce_params;

/* f32, f64 and integers but u64; mean, l2, log_sum, log_sum_exp of integers are computed in double
 * and truncated. argmax, argmin: exactly one axis, y is i64, NaN never wins. */
DVT_API bool dvt_reduce_supports(dvt_reduce fn, dvt_dtype dtype);
/* y has x's shape without the reduced axes, or with them as 1. Over nothing: sum 0, prod 1, max
 * and min the type's least and greatest value, mean NaN (0 for integers), argmax and argmin 0. */
DVT_API void dvt_reduce_ref(const dvt_reduce_params *p, const dvt_tensor *x, const dvt_tensor *y);
/* f32, not argmax, argmin. max, min: the same bits; the rest: sums in double, in another order. */
DVT_API void dvt_reduce_f32_fast(dvt_ctx *ctx, const dvt_reduce_params *p, const dvt_tensor *x,
                                 const dvt_tensor *y);
/* f32, f64, i32, i64, along the middle. */
DVT_API void dvt_cumsum_ref(const dvt_axis_dims *d, dvt_dtype dtype, bool exclusive, bool reverse,
                            const void *x, void *y);

/* ---- moving elements (any type; x and y of one type) --------------------------------------- */

DVT_API void dvt_move_transpose(const dvt_tensor *x, const int64_t *perm /* (rank) */,
                                const dvt_tensor *y);
DVT_API void dvt_move_concat(const dvt_tensor *x /* (count) */, int32_t count, int32_t axis,
                             const dvt_tensor *y);
DVT_API void dvt_move_split(const dvt_tensor *x, int32_t axis, const dvt_tensor *y /* (count) */,
                            int32_t count);
/* y[i..] = x[start + i * step ..]; every dimension has a start and a step (not 0, may be negative);
 * y's shape says how many. */
DVT_API void dvt_move_slice(const dvt_tensor *x, const int64_t *start, const int64_t *step,
                            const dvt_tensor *y);
/* x at offset pad_lo in y (negative: cropped). `value`: one element, for the constant mode. reflect
 * does not repeat the edge; pads may be larger than the image (reflect, wrap repeat). Modes other
 * than constant need no empty dimension in x. */
DVT_API void dvt_move_pad(dvt_pad mode, const dvt_tensor *x, const int64_t *pad_lo /* (rank) */,
                          const void *value, const dvt_tensor *y);
/* Indices i32 or i64, negative ones count from the end. False: an index is out of range. */
DVT_API DVT_MUST_CHECK bool dvt_move_gather(const dvt_tensor *x, const dvt_tensor *indices,
                                            int32_t axis, const dvt_tensor *y);
DVT_API void dvt_move_expand(const dvt_tensor *x, const dvt_tensor *y); /* NumPy broadcast to y */
/* y.dim = x.dim * repeats */
DVT_API void dvt_move_tile(const dvt_tensor *x, const dvt_tensor *y);
DVT_API void dvt_move_where(const dvt_tensor *cond /* bool */, const dvt_tensor *a,
                            const dvt_tensor *b, const dvt_tensor *y); /* all broadcast to y */
/* x (n, c, h, w). DCR: channel = (by, bx, c'); CRD: channel = (c', by, bx). */
DVT_API void dvt_move_depth_to_space(dvt_depth order, int64_t block, const dvt_tensor *x,
                                     const dvt_tensor *y);
DVT_API void dvt_move_space_to_depth(int64_t block, const dvt_tensor *x, const dvt_tensor *y);

/* ---- resize -------------------------------------------------------------------------------- */

typedef struct dvt_resize_params {
    dvt_resize       mode;
    dvt_coord        coord;
    dvt_nearest_mode nearest;
    float            cubic_a;
    /* cubic: weights outside the image are 0, the rest rescaled */
    bool             exclude_outside;
    float            scale[DVT_MAX_RANK]; /* 0 = y.dim / x.dim */
} dvt_resize_params;
/* nearest: any type. linear, cubic: f32, weights and sums in double. Dimensions of equal size and
 * scale 1 are copied. One implementation; separable tables are not needed at the sizes met. */
DVT_API bool dvt_resize_supports(dvt_resize mode, dvt_dtype dtype);
DVT_API void dvt_resize_apply(const dvt_resize_params *p, const dvt_tensor *x, const dvt_tensor *y);

#ifdef __cplusplus
}
#endif
#endif
