/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.h - the closed set of graph operators and their attributes, as tables.
 *
 * One line of DVT_OP_LIST declares an operator; one line of the lists in src/graph/ops.c declares
 * an attribute. Enum, names, arity checks, the text form, its parser and docs/operators.md all come
 * from these tables. To add an operator see HACKING.md.
 *
 * Conventions  Images are N C spatial...; spatial lists (kernel, stride, ...) have one entry per
 *              spatial dimension, outermost first. Shape-like operands (reshape dims, slice bounds,
 *              pads, axes) are attributes: importers resolve constant operands, and what is only
 *              known at run time is DVT_E_UNSUPPORTED. Negative axes are resolved by the importer.
 */
#ifndef DOVETAIL_OPS_H
#define DOVETAIL_OPS_H

#include "dovetail/kinds.h"
#include "dovetail/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, text, min inputs, max inputs (-1: any), min outputs, max outputs, meaning) */
#define DVT_OP_LIST(X)                                                                            \
    X(CONV, "conv", 2, 3, 1, 1, "convolution: x (N,C,..), w (K,C/groups,..), [bias (K)]")         \
    X(CONV_TRANSPOSE, "conv_transpose", 2, 3, 1, 1, "x (N,C,..), w (C,K/groups,..), [bias (K)]")  \
    X(DENSE, "dense", 2, 3, 1, 1, "y = x w^T + b: x (..,I) flattened from axis, w (O,I), [b (O)]") \
    X(MATMUL, "matmul", 2, 2, 1, 1, "NumPy matmul with batch broadcasting")                       \
    X(GEMM, "gemm", 2, 3, 1, 1, "alpha op(a) op(b) + beta c, c broadcast")                         \
    X(POOL, "pool", 1, 1, 1, 1, "max, average or lp pooling over the spatial dimensions")         \
    X(GLOBAL_POOL, "global_pool", 1, 1, 1, 1, "pooling over all of the spatial dimensions")       \
    X(LRN, "lrn", 1, 1, 1, 1, "local response normalisation, across or within channels")         \
    X(BATCH_NORM, "batch_norm", 5, 5, 1, 1, "(x - mean) / sqrt(var + eps) * scale + bias: x, scale, bias, mean, var (C)") \
    X(INSTANCE_NORM, "instance_norm", 3, 3, 1, 1, "per image and channel: x, scale (C), bias (C)") \
    X(SCALE, "scale", 2, 3, 1, 1, "x * s [+ b], s and b shaped like x.dim[axis..]")                \
    X(BIAS, "bias", 2, 2, 1, 1, "x + b, b shaped like x.dim[axis..]")                              \
    X(UNARY, "unary", 1, 1, 1, 1, "element-wise function `fn` with parameters alpha, beta")       \
    X(PRELU, "prelu", 2, 2, 1, 1, "x > 0 ? x : slope * x, slope broadcast to x")                  \
    X(SOFTMAX, "softmax", 1, 1, 1, 1, "over one axis, or over all dimensions from axis on")       \
    X(BINARY, "binary", 2, 2, 1, 1, "element-wise function `fn2` with NumPy broadcasting")         \
    X(NARY, "nary", 1, -1, 1, 1, "sum, mean, max, min or product of all inputs, broadcast")       \
    X(WHERE, "where", 3, 3, 1, 1, "condition ? a : b, broadcast")                                 \
    X(REDUCE, "reduce", 1, 1, 1, 1, "reduction `rfn` over axes")                                  \
    X(CONCAT, "concat", 1, -1, 1, 1, "along axis")                                                \
    X(SLICE, "slice", 1, 1, 1, 1, "starts, ends, steps for each of axes")                         \
    X(SPLIT, "split", 1, 1, 1, -1, "along axis into the given sizes")                             \
    X(RESHAPE, "reshape", 1, 1, 1, 1, "to dims; also flatten, squeeze, unsqueeze")                \
    X(TRANSPOSE, "transpose", 1, 1, 1, 1, "y.dim[i] = x.dim[perm[i]]")                            \
    X(PAD, "pad", 1, 1, 1, 1, "pad_lo, pad_hi for every dimension, mode, value")                  \
    X(RESIZE, "resize", 1, 1, 1, 1, "to dims; nearest, linear or cubic")                          \
    X(DEPTH_TO_SPACE, "depth_to_space", 1, 1, 1, 1, "block, mode dcr or crd")                     \
    X(SPACE_TO_DEPTH, "space_to_depth", 1, 1, 1, 1, "block")                                      \
    X(EXPAND, "expand", 1, 1, 1, 1, "broadcast to dims")                                          \
    X(TILE, "tile", 1, 1, 1, 1, "repeat dims[i] times along dimension i")                         \
    X(GATHER, "gather", 2, 2, 1, 1, "x, integer indices; along axis")                             \
    X(CAST, "cast", 1, 1, 1, 1, "to dtype")                                                       \
    X(CUMSUM, "cumsum", 1, 1, 1, 1, "along axis")                                                 \
    X(IDENTITY, "identity", 1, 1, 1, 1, "copies; also dropout at inference")

typedef enum dvt_op {
#define DVT_X(name, text, imin, imax, omin, omax, help) DVT_OP_##name,
    DVT_OP_LIST(DVT_X)
#undef DVT_X
        DVT_OP_COUNT
} dvt_op;

/* ---- attributes ---------------------------------------------------------------------------- */

typedef struct dvt_ints {
    int32_t n;
    int64_t v[DVT_MAX_RANK];
} dvt_ints;

/* Spatial windows: conv, conv_transpose, pool. Lists have one entry per spatial dimension. */
typedef struct dvt_window_attrs {
    dvt_ints kernel, stride, dilation, pad_lo, pad_hi;
} dvt_window_attrs;

typedef struct dvt_conv_attrs {
    dvt_window_attrs win;
    int64_t          groups;
    dvt_ints         output_pad; /* conv_transpose only */
} dvt_conv_attrs;
typedef struct dvt_dense_attrs {
    int64_t axis; /* x is (product of dims before axis, product of the rest) */
} dvt_dense_attrs;
typedef struct dvt_gemm_attrs {
    bool  trans_a, trans_b;
    float alpha, beta;
} dvt_gemm_attrs;
typedef struct dvt_pool_attrs {
    dvt_pool         kind;
    dvt_window_attrs win;
    bool             ceil_mode; /* output size rounded up; the last window starts inside */
    dvt_avg_count    avg_count;
    int64_t          p; /* of lp */
} dvt_pool_attrs;
typedef struct dvt_lrn_attrs {
    bool    within_channel;
    int64_t size;
    /* x / (k + alpha / n * sum x^2)^beta, n = size, or size^2 within a channel */
    float   alpha, beta, k;
} dvt_lrn_attrs;
typedef struct dvt_norm_attrs {
    float epsilon;
} dvt_norm_attrs;
typedef struct dvt_axis_attrs {
    int64_t axis;
} dvt_axis_attrs; /* scale, bias, concat, gather */
typedef struct dvt_unary_attrs {
    dvt_unary fn;
    float     alpha, beta, gamma;
} dvt_unary_attrs;
typedef struct dvt_softmax_attrs {
    dvt_softmax kind;
    int64_t     axis;
    bool        flatten; /* ONNX before opset 13: over all dimensions from axis on */
} dvt_softmax_attrs;
typedef struct dvt_binary_attrs {
    dvt_binary fn2;
    bool       fmod; /* mod: sign of the dividend */
} dvt_binary_attrs;
typedef struct dvt_nary_attrs {
    dvt_nary fnn;
} dvt_nary_attrs;
typedef struct dvt_reduce_attrs {
    dvt_reduce rfn;
    dvt_ints   axes; /* all that are reduced; empty: none is */
    bool       keep_dims;
    bool       select_last; /* argmax, argmin: the last of equals */
} dvt_reduce_attrs;
typedef struct dvt_slice_attrs {
    dvt_ints axes, starts, ends, steps; /* as ONNX: negative bounds count from the end, clamped */
} dvt_slice_attrs;
typedef struct dvt_split_attrs {
    int64_t  axis;
    dvt_ints sizes; /* more than DVT_MAX_RANK parts: n = 0, equal parts by the number of outputs */
} dvt_split_attrs;
typedef struct dvt_dims_attrs {
    dvt_ints dims;
} dvt_dims_attrs; /* reshape, expand, tile: final sizes, no 0 or -1 */
typedef struct dvt_perm_attrs {
    dvt_ints perm;
} dvt_perm_attrs;
typedef struct dvt_pad_attrs {
    dvt_pad  mode;
    dvt_ints pad_lo, pad_hi; /* negative crops */
    float    value;
} dvt_pad_attrs;
typedef struct dvt_resize_attrs {
    dvt_resize       mode;
    dvt_ints         dims;
    float            scale[DVT_MAX_RANK]; /* as the model says; 0 = dims[i] / input dim */
    dvt_coord        coord;
    dvt_nearest_mode nearest;
    float            cubic_a;
    bool             exclude_outside;
} dvt_resize_attrs;
typedef struct dvt_depth_attrs {
    int64_t   block;
    dvt_depth order;
} dvt_depth_attrs;
typedef struct dvt_cast_attrs {
    dvt_dtype dtype;
} dvt_cast_attrs;
typedef struct dvt_cumsum_attrs {
    int64_t axis;
    bool    exclusive, reverse;
} dvt_cumsum_attrs;

typedef union dvt_attrs {
    dvt_conv_attrs    conv; /* also conv_transpose */
    dvt_dense_attrs   dense;
    dvt_gemm_attrs    gemm;
    dvt_pool_attrs    pool; /* also global_pool: kind and p */
    dvt_lrn_attrs     lrn;
    dvt_norm_attrs    norm; /* batch_norm, instance_norm */
    dvt_axis_attrs    axis; /* scale, bias, concat, gather */
    dvt_unary_attrs   unary;
    dvt_softmax_attrs softmax;
    dvt_binary_attrs  binary;
    dvt_nary_attrs    nary;
    dvt_reduce_attrs  reduce;
    dvt_slice_attrs   slice;
    dvt_split_attrs   split;
    dvt_dims_attrs    dims; /* reshape, expand, tile */
    dvt_perm_attrs    transpose;
    dvt_pad_attrs     pad;
    dvt_resize_attrs  resize;
    dvt_depth_attrs   depth; /* depth_to_space, space_to_depth */
    dvt_cast_attrs    cast;
    dvt_cumsum_attrs  cumsum;
} dvt_attrs;

/* One attribute of one operator, as data: for text, parsing, verification and documents. */
typedef enum dvt_attr_kind {
    DVT_ATTR_BOOL,
    DVT_ATTR_I64,
    DVT_ATTR_F32,
    DVT_ATTR_INTS,
    DVT_ATTR_FLOATS, /* float[DVT_MAX_RANK], printed up to the last that is not 0 */
    DVT_ATTR_ENUM,
    DVT_ATTR_DTYPE
} dvt_attr_kind;
typedef struct dvt_attr_desc {
    const char        *name;
    dvt_attr_kind      kind;
    size_t             offset;       /* into dvt_attrs */
    const char *const *choices;      /* of an enum, else NULL */
    int32_t            choice_count;
} dvt_attr_desc;
typedef struct dvt_op_desc {
    const char          *name, *help;
    int32_t              min_inputs, max_inputs, min_outputs, max_outputs; /* max -1: any */
    const dvt_attr_desc *attrs;
    int32_t              attr_count;
} dvt_op_desc;

DVT_API const dvt_op_desc *dvt_op_describe(dvt_op op); /* static, never NULL for a valid op */
DVT_API bool               dvt_op_parse(const char *name, dvt_op *out);
/* Neutral attributes: kernels, strides, dilations and groups 1, pads 0, window lists of `spatial`
 * entries; the usual constants of lrn (5, 1e-4, 0.75, 1), epsilon 1e-5, alpha and beta of gemm 1.
 * Parameters of unary functions are 0 and other lists empty: whoever makes the node sets them. */
DVT_API dvt_attrs dvt_op_default_attrs(dvt_op op, int32_t spatial);
DVT_API const char *dvt_unary_name(dvt_unary fn);
DVT_API const char *dvt_binary_name(dvt_binary fn);
DVT_API const char *dvt_nary_name(dvt_nary fn);
DVT_API const char *dvt_reduce_name(dvt_reduce fn);

#ifdef __cplusplus
}
#endif
#endif
