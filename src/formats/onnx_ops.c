/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_ops.c - the ONNX operators that are handled: name, opsets, function, variant.
 *
 * Idea      One row an operator (or a member of a family, told apart by `variant`). `since` is the
 *           first opset that has it, `until` the first that does not. What changed between opsets
 *           is decided inside the function, by dvti_onnx_node.opset. docs/formats/onnx.md shows
 *           this table; tests compare the two.
 * Invariants  rows are sorted by name, for binary search.
 */
#include "formats/onnx_int.h"

#include <string.h>

static const dvti_onnx_op ops[] = {
    {"Abs", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_ABS},
    {"Acos", 7, 0, dvti_onnx_plain_unary, DVT_UNARY_ACOS},
    {"Acosh", 9, 0, dvti_onnx_plain_unary, DVT_UNARY_ACOSH},
    {"Add", 1, 0, dvti_onnx_arith, DVT_BINARY_ADD},
    {"And", 1, 0, dvti_onnx_arith, DVT_BINARY_AND},
    {"ArgMax", 1, 0, dvti_onnx_arg, DVT_REDUCE_ARGMAX},
    {"ArgMin", 1, 0, dvti_onnx_arg, DVT_REDUCE_ARGMIN},
    {"Asin", 7, 0, dvti_onnx_plain_unary, DVT_UNARY_ASIN},
    {"Asinh", 9, 0, dvti_onnx_plain_unary, DVT_UNARY_ASINH},
    {"Atan", 7, 0, dvti_onnx_plain_unary, DVT_UNARY_ATAN},
    {"Atanh", 9, 0, dvti_onnx_plain_unary, DVT_UNARY_ATANH},
    {"AveragePool", 1, 0, dvti_onnx_pool, DVT_POOL_AVG},
    {"BatchNormalization", 1, 0, dvti_onnx_batch_norm, 0},
    {"Cast", 1, 0, dvti_onnx_cast_op, 0},
    {"CastLike", 15, 0, dvti_onnx_cast_like, 0},
    {"Ceil", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_CEIL},
    {"Celu", 12, 0, dvti_onnx_activation, DVT_UNARY_CELU},
    {"Clip", 1, 0, dvti_onnx_clip, 0},
    {"Concat", 1, 0, dvti_onnx_concat, 0},
    {"Constant", 1, 0, dvti_onnx_constant, 0},
    {"ConstantOfShape", 9, 0, dvti_onnx_constant_of_shape, 0},
    {"Conv", 1, 0, dvti_onnx_conv, 0},
    {"ConvTranspose", 1, 0, dvti_onnx_conv_transpose, 0},
    {"Cos", 7, 0, dvti_onnx_plain_unary, DVT_UNARY_COS},
    {"Cosh", 9, 0, dvti_onnx_plain_unary, DVT_UNARY_COSH},
    {"Crop", 1, 10, dvti_onnx_crop, 0},
    {"CumSum", 11, 0, dvti_onnx_cumsum, 0},
    {"DepthToSpace", 1, 0, dvti_onnx_depth_space, DVT_OP_DEPTH_TO_SPACE},
    {"Div", 1, 0, dvti_onnx_arith, DVT_BINARY_DIV},
    {"Dropout", 1, 0, dvti_onnx_dropout, 0},
    {"Elu", 1, 0, dvti_onnx_activation, DVT_UNARY_ELU},
    {"Equal", 1, 0, dvti_onnx_arith, DVT_BINARY_EQUAL},
    {"Erf", 9, 0, dvti_onnx_plain_unary, DVT_UNARY_ERF},
    {"Exp", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_EXP},
    {"Expand", 8, 0, dvti_onnx_expand, 0},
    {"Flatten", 1, 0, dvti_onnx_flatten, 0},
    {"Floor", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_FLOOR},
    {"Gather", 1, 0, dvti_onnx_gather, 0},
    {"Gelu", 20, 0, dvti_onnx_activation, DVT_UNARY_GELU},
    {"Gemm", 1, 0, dvti_onnx_gemm, 0},
    {"GlobalAveragePool", 1, 0, dvti_onnx_global_pool, DVT_POOL_AVG},
    {"GlobalLpPool", 1, 0, dvti_onnx_global_pool, DVT_POOL_LP},
    {"GlobalMaxPool", 1, 0, dvti_onnx_global_pool, DVT_POOL_MAX},
    {"Greater", 1, 0, dvti_onnx_arith, DVT_BINARY_GREATER},
    {"GreaterOrEqual", 12, 0, dvti_onnx_arith, DVT_BINARY_GREATER_EQUAL},
    {"GroupNormalization", 18, 0, dvti_onnx_group_norm, 0},
    {"HardSigmoid", 1, 0, dvti_onnx_activation, DVT_UNARY_HARD_SIGMOID},
    {"HardSwish", 14, 0, dvti_onnx_activation, DVT_UNARY_HARD_SWISH},
    {"Hardmax", 1, 0, dvti_onnx_softmax, DVT_SOFTMAX_HARDMAX},
    {"Identity", 1, 0, dvti_onnx_identity, 0},
    {"ImageScaler", 1, 10, dvti_onnx_image_scaler, 0},
    {"InstanceNormalization", 1, 0, dvti_onnx_instance_norm, 0},
    {"LRN", 1, 0, dvti_onnx_lrn, 0},
    {"LayerNormalization", 17, 0, dvti_onnx_layer_norm, 0},
    {"LeakyRelu", 1, 0, dvti_onnx_activation, DVT_UNARY_LEAKY_RELU},
    {"Less", 1, 0, dvti_onnx_arith, DVT_BINARY_LESS},
    {"LessOrEqual", 12, 0, dvti_onnx_arith, DVT_BINARY_LESS_EQUAL},
    {"Log", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_LOG},
    {"LogSoftmax", 1, 0, dvti_onnx_softmax, DVT_SOFTMAX_LOG_SOFTMAX},
    {"LpNormalization", 1, 0, dvti_onnx_lp_norm, 0},
    {"LpPool", 1, 0, dvti_onnx_pool, DVT_POOL_LP},
    {"MatMul", 1, 0, dvti_onnx_matmul, 0},
    {"Max", 1, 0, dvti_onnx_nary, DVT_NARY_MAX},
    {"MaxPool", 1, 0, dvti_onnx_pool, DVT_POOL_MAX},
    {"Mean", 1, 0, dvti_onnx_nary, DVT_NARY_MEAN},
    {"MeanVarianceNormalization", 9, 0, dvti_onnx_mvn, 0},
    {"Min", 1, 0, dvti_onnx_nary, DVT_NARY_MIN},
    {"Mish", 18, 0, dvti_onnx_activation, DVT_UNARY_MISH},
    {"Mod", 10, 0, dvti_onnx_mod, 0},
    {"Mul", 1, 0, dvti_onnx_arith, DVT_BINARY_MUL},
    {"Neg", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_NEG},
    {"Not", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_NOT},
    {"Or", 1, 0, dvti_onnx_arith, DVT_BINARY_OR},
    {"PRelu", 1, 0, dvti_onnx_prelu, 0},
    {"Pad", 1, 0, dvti_onnx_pad, 0},
    {"Pow", 1, 0, dvti_onnx_pow, 0},
    {"RMSNormalization", 23, 0, dvti_onnx_rms_norm, 0},
    {"Range", 11, 0, dvti_onnx_range, 0},
    {"Reciprocal", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_RECIPROCAL},
    {"ReduceL1", 1, 0, dvti_onnx_reduce_op, DVT_REDUCE_L1},
    {"ReduceL2", 1, 0, dvti_onnx_reduce_op, DVT_REDUCE_L2},
    {"ReduceLogSum", 1, 0, dvti_onnx_reduce_op, DVT_REDUCE_LOG_SUM},
    {"ReduceLogSumExp", 1, 0, dvti_onnx_reduce_op, DVT_REDUCE_LOG_SUM_EXP},
    {"ReduceMax", 1, 0, dvti_onnx_reduce_op, DVT_REDUCE_MAX},
    {"ReduceMean", 1, 0, dvti_onnx_reduce_op, DVT_REDUCE_MEAN},
    {"ReduceMin", 1, 0, dvti_onnx_reduce_op, DVT_REDUCE_MIN},
    {"ReduceProd", 1, 0, dvti_onnx_reduce_op, DVT_REDUCE_PROD},
    {"ReduceSum", 1, 0, dvti_onnx_reduce_op, DVT_REDUCE_SUM},
    {"ReduceSumSquare", 1, 0, dvti_onnx_reduce_op, DVT_REDUCE_SUM_SQUARE},
    {"Relu", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_RELU},
    {"Reshape", 1, 0, dvti_onnx_reshape_op, 0},
    {"Resize", 10, 0, dvti_onnx_resize, 0},
    {"Round", 11, 0, dvti_onnx_plain_unary, DVT_UNARY_ROUND},
    {"Selu", 1, 0, dvti_onnx_activation, DVT_UNARY_SELU},
    {"Shape", 1, 0, dvti_onnx_shape_op, 0},
    {"Shrink", 9, 0, dvti_onnx_shrink, 0},
    {"Sigmoid", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_SIGMOID},
    {"Sign", 9, 0, dvti_onnx_plain_unary, DVT_UNARY_SIGN},
    {"Sin", 7, 0, dvti_onnx_plain_unary, DVT_UNARY_SIN},
    {"Sinh", 9, 0, dvti_onnx_plain_unary, DVT_UNARY_SINH},
    {"Size", 1, 0, dvti_onnx_size, 0},
    {"Slice", 1, 0, dvti_onnx_slice, 0},
    {"Softmax", 1, 0, dvti_onnx_softmax, DVT_SOFTMAX_SOFTMAX},
    {"Softplus", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_SOFTPLUS},
    {"Softsign", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_SOFTSIGN},
    {"SpaceToDepth", 1, 0, dvti_onnx_depth_space, DVT_OP_SPACE_TO_DEPTH},
    {"Split", 1, 0, dvti_onnx_split, 0},
    {"Sqrt", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_SQRT},
    {"Squeeze", 1, 0, dvti_onnx_squeeze, 0},
    {"Sub", 1, 0, dvti_onnx_arith, DVT_BINARY_SUB},
    {"Sum", 1, 0, dvti_onnx_nary, DVT_NARY_SUM},
    {"Swish", 24, 0, dvti_onnx_swish, 0},
    {"Tan", 7, 0, dvti_onnx_plain_unary, DVT_UNARY_TAN},
    {"Tanh", 1, 0, dvti_onnx_plain_unary, DVT_UNARY_TANH},
    {"ThresholdedRelu", 1, 0, dvti_onnx_activation, DVT_UNARY_THRESHOLDED_RELU},
    {"Tile", 1, 0, dvti_onnx_tile, 0},
    {"Transpose", 1, 0, dvti_onnx_transpose, 0},
    {"Unsqueeze", 1, 0, dvti_onnx_unsqueeze, 0},
    {"Upsample", 1, 10, dvti_onnx_upsample, 0},
    {"Where", 9, 0, dvti_onnx_where, 0},
    {"Xor", 1, 0, dvti_onnx_arith, DVT_BINARY_XOR},
};
enum { OP_COUNT = (int32_t)(sizeof ops / sizeof ops[0]) };

const dvti_onnx_op *dvti_onnx_find_op(const char *name, int64_t opset, bool *known)
{
    int32_t lo = 0, hi = OP_COUNT;

    *known = false;
    while (lo < hi) {
        int32_t mid = lo + (hi - lo) / 2;
        int     order = strcmp(name, ops[mid].name);
        if (order == 0) {
            *known = true;
            return opset >= ops[mid].since && (!ops[mid].until || opset < ops[mid].until)
                       ? &ops[mid]
                       : NULL;
        }
        if (order < 0) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return NULL;
}

const dvti_onnx_op *dvti_onnx_op_table(int32_t *count)
{
    *count = OP_COUNT;
    return ops;
}
