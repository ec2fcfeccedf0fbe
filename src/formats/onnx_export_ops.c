/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_export_ops.c - which function writes an operator.
 *
 * Operators whose attributes ONNX has word by word, or that have none, stand in the table with
 * their ONNX name alone.
 */
#include "formats/onnx_export_int.h"

#include <assert.h>

typedef struct entry {
    const char      *plain; /* the ONNX operator, where nothing else is to say */
    dvti_onnx_put_fn put;
} entry;

static const entry entries[] = {
    [DVT_OP_CONV] = {NULL, dvti_onnx_put_conv},
    [DVT_OP_CONV_TRANSPOSE] = {NULL, dvti_onnx_put_conv},
    [DVT_OP_DENSE] = {NULL, dvti_onnx_put_dense},
    [DVT_OP_MATMUL] = {"MatMul", NULL},
    [DVT_OP_GEMM] = {NULL, dvti_onnx_put_gemm},
    [DVT_OP_POOL] = {NULL, dvti_onnx_put_pool},
    [DVT_OP_GLOBAL_POOL] = {NULL, dvti_onnx_put_global_pool},
    [DVT_OP_LRN] = {NULL, dvti_onnx_put_lrn},
    [DVT_OP_BATCH_NORM] = {NULL, dvti_onnx_put_norm},
    [DVT_OP_INSTANCE_NORM] = {NULL, dvti_onnx_put_norm},
    [DVT_OP_SCALE] = {NULL, dvti_onnx_put_scale},
    [DVT_OP_BIAS] = {NULL, dvti_onnx_put_bias},
    [DVT_OP_UNARY] = {NULL, dvti_onnx_put_unary},
    [DVT_OP_PRELU] = {"PRelu", NULL},
    [DVT_OP_SOFTMAX] = {NULL, dvti_onnx_put_softmax},
    [DVT_OP_BINARY] = {NULL, dvti_onnx_put_binary},
    [DVT_OP_NARY] = {NULL, dvti_onnx_put_nary},
    [DVT_OP_WHERE] = {"Where", NULL},
    [DVT_OP_REDUCE] = {NULL, dvti_onnx_put_reduce},
    [DVT_OP_CONCAT] = {NULL, dvti_onnx_put_concat},
    [DVT_OP_SLICE] = {NULL, dvti_onnx_put_slice},
    [DVT_OP_SPLIT] = {NULL, dvti_onnx_put_split},
    [DVT_OP_RESHAPE] = {NULL, dvti_onnx_put_dims},
    [DVT_OP_TRANSPOSE] = {NULL, dvti_onnx_put_transpose},
    [DVT_OP_PAD] = {NULL, dvti_onnx_put_pad},
    [DVT_OP_RESIZE] = {NULL, dvti_onnx_put_resize},
    [DVT_OP_DEPTH_TO_SPACE] = {NULL, dvti_onnx_put_depth},
    [DVT_OP_SPACE_TO_DEPTH] = {NULL, dvti_onnx_put_depth},
    [DVT_OP_EXPAND] = {NULL, dvti_onnx_put_dims},
    [DVT_OP_TILE] = {NULL, dvti_onnx_put_dims},
    [DVT_OP_GATHER] = {NULL, dvti_onnx_put_gather},
    [DVT_OP_CAST] = {NULL, dvti_onnx_put_cast},
    [DVT_OP_CUMSUM] = {NULL, dvti_onnx_put_cumsum},
    [DVT_OP_IDENTITY] = {"Identity", NULL},
};
static_assert(sizeof entries / sizeof entries[0] <= DVT_OP_COUNT, "at most one row an operator");

/* An operator without a row (one that came later than this table) is refused, not lost. */
void dvti_onnx_put_operator(dvti_onnx_out *o)
{
    size_t op = (size_t)o->node->op;

    if (op < sizeof entries / sizeof entries[0] && entries[op].put) {
        entries[op].put(o);
    } else if (op < sizeof entries / sizeof entries[0] && entries[op].plain) {
        (void)dvti_onnx_put_plain(o, entries[op].plain);
    } else {
        dvti_onnx_cannot(o, "the writer does not know this operator");
    }
}
