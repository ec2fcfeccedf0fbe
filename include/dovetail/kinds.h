/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.h - the closed sets of functions and modes that kernels compute and graph attributes name.
 *
 * Each set is one table X(NAME, text); the enumeration, the kernels' switches, the text form and
 * docs/operators.md all come from it. Kernels (dovetail/kernels.h) define what an entry computes;
 * the operator table (dovetail/ops.h) refers to it. No functions, no types but the enumerations.
 */
#ifndef DOVETAIL_KINDS_H
#define DOVETAIL_KINDS_H

/* Element-wise functions of one operand. alpha and beta mean what ONNX's attributes mean. */
#define DVT_UNARY_LIST(X) \
    X(RELU, "relu") X(LEAKY_RELU, "leaky_relu") X(CLIP, "clip") /* alpha = min, beta = max */ \
    X(ELU, "elu") X(SELU, "selu") X(CELU, "celu") X(THRESHOLDED_RELU, "thresholded_relu")    \
    X(SIGMOID, "sigmoid") X(HARD_SIGMOID, "hard_sigmoid") X(HARD_SWISH, "hard_swish")        \
    X(TANH, "tanh") X(SOFTPLUS, "softplus") X(SOFTSIGN, "softsign") X(MISH, "mish")          \
    X(GELU, "gelu") X(EXP, "exp") X(LOG, "log") X(SQRT, "sqrt") X(ABS, "abs") X(NEG, "neg")  \
    X(RECIPROCAL, "reciprocal") X(FLOOR, "floor") X(CEIL, "ceil") X(ROUND, "round")          \
    X(SIGN, "sign") X(ERF, "erf") X(SIN, "sin") X(COS, "cos") X(TAN, "tan") X(ASIN, "asin")  \
    X(ACOS, "acos") X(ATAN, "atan") X(SINH, "sinh") X(COSH, "cosh") X(ASINH, "asinh")        \
    X(ACOSH, "acosh") X(ATANH, "atanh") X(NOT, "not") X(POWER, "power") /* (beta + gamma x)^alpha */

#define DVT_BINARY_LIST(X) \
    X(ADD, "add") X(SUB, "sub") X(MUL, "mul") X(DIV, "div") X(POW, "pow") X(MAX, "max")      \
    X(MIN, "min") X(MOD, "mod") X(EQUAL, "equal") X(LESS, "less") X(GREATER, "greater")      \
    X(LESS_EQUAL, "less_equal") X(GREATER_EQUAL, "greater_equal") X(AND, "and") X(OR, "or")  \
    X(XOR, "xor")

#define DVT_NARY_LIST(X) X(SUM, "sum") X(MEAN, "mean") X(MAX, "max") X(MIN, "min") X(PROD, "prod")

#define DVT_REDUCE_LIST(X) \
    X(SUM, "sum") X(MEAN, "mean") X(MAX, "max") X(MIN, "min") X(PROD, "prod") X(L1, "l1")    \
    X(L2, "l2") X(SUM_SQUARE, "sum_square") X(LOG_SUM, "log_sum")                            \
    X(LOG_SUM_EXP, "log_sum_exp") X(ARGMAX, "argmax") X(ARGMIN, "argmin")

#define DVT_POOL_LIST(X) X(MAX, "max") X(AVG, "avg") X(LP, "lp")

/* Divisor of an average: elements inside the image; the whole kernel; or Caffe's, the window
 * clipped to the padded image. */
#define DVT_AVG_COUNT_LIST(X) X(VALID, "valid") X(KERNEL, "kernel") X(PADDED, "padded")

#define DVT_SOFTMAX_LIST(X) \
    X(SOFTMAX, "softmax") X(LOG_SOFTMAX, "log_softmax") X(HARDMAX, "hardmax")
#define DVT_PAD_LIST(X) \
    X(CONSTANT, "constant") X(REFLECT, "reflect") X(EDGE, "edge") X(WRAP, "wrap")
#define DVT_RESIZE_LIST(X) X(NEAREST, "nearest") X(LINEAR, "linear") X(CUBIC, "cubic")
#define DVT_COORD_LIST(X) \
    X(HALF_PIXEL, "half_pixel") X(HALF_PIXEL_SYMMETRIC, "half_pixel_symmetric")              \
    X(PYTORCH_HALF_PIXEL, "pytorch_half_pixel") X(ALIGN_CORNERS, "align_corners")            \
    X(ASYMMETRIC, "asymmetric") X(TF_HALF_PIXEL_FOR_NN, "tf_half_pixel_for_nn")
#define DVT_NEAREST_LIST(X) \
    X(ROUND_PREFER_FLOOR, "round_prefer_floor") X(ROUND_PREFER_CEIL, "round_prefer_ceil")    \
    X(FLOOR, "floor") X(CEIL, "ceil")
#define DVT_DEPTH_LIST(X) X(DCR, "dcr") X(CRD, "crd")

#define DVT_ENUM_ITEM_UNARY(name, text) DVT_UNARY_##name,
#define DVT_ENUM_ITEM_BINARY(name, text) DVT_BINARY_##name,
#define DVT_ENUM_ITEM_NARY(name, text) DVT_NARY_##name,
#define DVT_ENUM_ITEM_REDUCE(name, text) DVT_REDUCE_##name,
#define DVT_ENUM_ITEM_POOL(name, text) DVT_POOL_##name,
#define DVT_ENUM_ITEM_AVG_COUNT(name, text) DVT_AVG_COUNT_##name,
#define DVT_ENUM_ITEM_SOFTMAX(name, text) DVT_SOFTMAX_##name,
#define DVT_ENUM_ITEM_PAD(name, text) DVT_PAD_##name,
#define DVT_ENUM_ITEM_RESIZE(name, text) DVT_RESIZE_##name,
#define DVT_ENUM_ITEM_COORD(name, text) DVT_COORD_##name,
#define DVT_ENUM_ITEM_NEAREST(name, text) DVT_NEAREST_##name,
#define DVT_ENUM_ITEM_DEPTH(name, text) DVT_DEPTH_##name,
typedef enum dvt_unary { DVT_UNARY_LIST(DVT_ENUM_ITEM_UNARY) DVT_UNARY_COUNT } dvt_unary;
typedef enum dvt_binary { DVT_BINARY_LIST(DVT_ENUM_ITEM_BINARY) DVT_BINARY_COUNT } dvt_binary;
typedef enum dvt_nary { DVT_NARY_LIST(DVT_ENUM_ITEM_NARY) DVT_NARY_COUNT } dvt_nary;
typedef enum dvt_reduce { DVT_REDUCE_LIST(DVT_ENUM_ITEM_REDUCE) DVT_REDUCE_COUNT } dvt_reduce;
typedef enum dvt_pool { DVT_POOL_LIST(DVT_ENUM_ITEM_POOL) DVT_POOL_COUNT } dvt_pool;
typedef enum dvt_avg_count {
    DVT_AVG_COUNT_LIST(DVT_ENUM_ITEM_AVG_COUNT) DVT_AVG_COUNT_COUNT
} dvt_avg_count;
typedef enum dvt_softmax { DVT_SOFTMAX_LIST(DVT_ENUM_ITEM_SOFTMAX) DVT_SOFTMAX_COUNT } dvt_softmax;
typedef enum dvt_pad { DVT_PAD_LIST(DVT_ENUM_ITEM_PAD) DVT_PAD_COUNT } dvt_pad;
typedef enum dvt_resize { DVT_RESIZE_LIST(DVT_ENUM_ITEM_RESIZE) DVT_RESIZE_COUNT } dvt_resize;
typedef enum dvt_coord { DVT_COORD_LIST(DVT_ENUM_ITEM_COORD) DVT_COORD_COUNT } dvt_coord;
typedef enum dvt_nearest_mode {
    DVT_NEAREST_LIST(DVT_ENUM_ITEM_NEAREST) DVT_NEAREST_COUNT
} dvt_nearest_mode;
typedef enum dvt_depth { DVT_DEPTH_LIST(DVT_ENUM_ITEM_DEPTH) DVT_DEPTH_COUNT } dvt_depth;

#endif
