/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_int.h - how one node is computed: shared by evaluation of single nodes and the executor.
 *
 * Idea      An operator is a row of a table: a check that looks at types, shapes and attributes
 *           only, and a function that computes. Both get a `dvti_eval`: the node and its tensors.
 *           The naive and the fast executor use the same rows; `fast` chooses the kernel.
 * Types     A row that widens computes in f32: f16 tensors (and, where the row says so, 8-bit
 *           integers) are converted into scratch, computed on, and rounded back. Other rows get the
 *           tensors as they are.
 * Memory    Rows allocate nothing. Scratch of dvti_eval_scratch_bytes() holds the widened tensors.
 * Absent    An optional input that is not there is a tensor of dtype NONE without data.
 */
#ifndef DVTI_GRAPH_EVAL_INT_H
#define DVTI_GRAPH_EVAL_INT_H

#include "dovetail/graph.h"
#include "dovetail/kernels.h"

typedef struct dvti_eval {
    dvt_ctx          *ctx;
    const dvt_node   *node; /* borrowed from the graph */
    const dvt_tensor *in;   /* (node->input_count) */
    const dvt_tensor *out;  /* (node->output_count) */
    void             *scratch;
    bool              fast;
    bool              last;   /* images in and out are stored (N, spatial.., C) */
    dvt_conv_plan    *plan;   /* of conv and conv_transpose with constant weights, else NULL */
    const float      *affine; /* (2, C) of batch_norm with constants: scale, bias; else NULL */
} dvti_eval;

typedef enum dvti_widen {
    DVTI_WIDEN_NEVER, /* the kernel takes the tensors as they are */
    DVTI_WIDEN_F16,   /* f16 through f32 */
    DVTI_WIDEN_SMALL  /* f16, i8 and u8 through f32: exact for selections such as a maximum */
} dvti_widen;

typedef struct dvti_eval_op {
    dvt_status (*check)(const dvti_eval *e); /* data pointers may be NULL; types as in the graph */
    dvt_status (*run)(const dvti_eval *e);   /* types as widened */
    dvti_widen widen;
} dvti_eval_op;

/* ---- the table and its use ----------------------------------------------------------------- */

/* The row of an operator; never NULL for a valid operator. */
const dvti_eval_op *dvti_eval_op_of(dvt_op op);
/* Whether the node can be computed: E_UNSUPPORTED or E_SHAPE naming node, operator and type. */
dvt_status dvti_eval_check(const dvti_eval *e);
/* Bytes of scratch that dvti_eval_run needs, DVT_ALIGN-aligned; 0 = none. False: over size_t. */
bool dvti_eval_scratch_bytes(const dvti_eval *e, size_t *out);
/* Computes the outputs. The node was checked. */
dvt_status dvti_eval_run(const dvti_eval *e);

/* Raises E_UNSUPPORTED "node 'n' (op): `what` of type t is not handled". */
dvt_status dvti_eval_refuse_type(const dvti_eval *e, const char *what, dvt_dtype dtype);
/* The type a kernel sees for a tensor of type `dtype` under a row that widens so. */
dvt_dtype dvti_eval_widened(dvti_widen widen, dvt_dtype dtype);
/* All inputs that are there and all outputs are f32 once widened by the operator's row, else
 * E_UNSUPPORTED. */
dvt_status dvti_eval_check_f32(const dvti_eval *e);
/* Data of input i as floats, NULL if it is absent. */
const float *dvti_eval_f32(const dvti_eval *e, int32_t i);

/* ---- dimensions of kernels from attributes and shapes (kernel_dims.c) ---------------------- */

dvt_conv_dims dvti_conv_dims(const dvt_node *n, const dvt_shape *x, const dvt_shape *w,
                             const dvt_shape *y);
dvt_pool_dims dvti_pool_dims(const dvt_node *n, const dvt_shape *x, const dvt_shape *y);
dvt_pool_dims dvti_global_pool_dims(const dvt_node *n, const dvt_shape *x);
dvt_lrn_dims  dvti_lrn_dims(const dvt_node *n, const dvt_shape *x);
dvt_gemm_dims dvti_dense_dims(const dvt_node *n, const dvt_shape *x, const dvt_shape *w);
dvt_gemm_dims dvti_gemm_dims(const dvt_node *n, const dvt_shape *a, const dvt_shape *b,
                             const dvt_shape *c /* NULL: none */);

/* ---- rows by family ------------------------------------------------------------------------ */

extern const dvti_eval_op dvti_eval_conv, dvti_eval_conv_transpose, dvti_eval_dense,
    dvti_eval_matmul, dvti_eval_gemm; /* eval_linear.c */
extern const dvti_eval_op dvti_eval_pool, dvti_eval_global_pool, dvti_eval_lrn,
    dvti_eval_batch_norm, dvti_eval_instance_norm, dvti_eval_scale, dvti_eval_bias,
    dvti_eval_softmax; /* eval_image.c */
extern const dvti_eval_op dvti_eval_unary, dvti_eval_prelu, dvti_eval_binary, dvti_eval_nary,
    dvti_eval_where, dvti_eval_cast, dvti_eval_reduce, dvti_eval_cumsum; /* eval_pointwise.c */
extern const dvti_eval_op dvti_eval_concat, dvti_eval_slice, dvti_eval_split, dvti_eval_copy,
    dvti_eval_transpose, dvti_eval_pad, dvti_eval_resize, dvti_eval_depth_to_space,
    dvti_eval_space_to_depth, dvti_eval_expand, dvti_eval_tile, dvti_eval_gather; /* eval_move.c */

#endif
