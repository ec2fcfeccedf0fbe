/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_export_int.h - what the files of the ONNX writer share: the model being made, one node.
 *
 * Idea      Every operator is a function over a `dvti_onnx_out`, whose `node` is the one to be
 *           written. It puts ONNX nodes and sets their attributes. Operands and results are names.
 * Errors    The status is sticky: after a failure putting does nothing and names are "", so that
 *           operator functions read as straight lines.
 */
#ifndef FORMATS_ONNX_EXPORT_INT_H
#define FORMATS_ONNX_EXPORT_INT_H

#include "dovetail/formats.h"

#include "formats/onnx.pb-c.h"

typedef struct dvti_onnx_out {
    dvt_ctx          *ctx;
    dvt_arena        *arena; /* everything below and all messages */
    const dvt_graph  *g;
    const dvt_node   *node;
    dvt_status        st;
    int64_t           opset;  /* lowest that has all that is written */
    int64_t           serial; /* of names made here */
    DvtOnnx__Node   **nodes;
    DvtOnnx__Tensor **tensors;
    size_t            node_count, node_room, tensor_count, tensor_room;
} dvti_onnx_out;

/* Writes o->node. */
void dvti_onnx_put_operator(dvti_onnx_out *o);

/* ---- names --------------------------------------------------------------------------------- */

const char *dvti_onnx_name(dvti_onnx_out *o, dvt_value_id v); /* "" = none */
const char *dvti_onnx_operand(dvti_onnx_out *o, int32_t i);
const char *dvti_onnx_result(dvti_onnx_out *o, int32_t i);
const char *dvti_onnx_between(dvti_onnx_out *o); /* a new one, for a value inside of a node */
/* What the node works on. */
const dvt_value *dvti_onnx_operand_value(const dvti_onnx_out *o, int32_t i);
const dvt_value *dvti_onnx_result_value(const dvti_onnx_out *o, int32_t i);

/* ---- nodes --------------------------------------------------------------------------------- */

/* From `in` (count) to one result; trailing "" are left out. NULL after a failure: the setters
 * below take that. */
DvtOnnx__Node *dvti_onnx_put(dvti_onnx_out *o, const char *type, const char *const *in,
                             size_t count, const char *out);
#define DVTI_NAMES(...)                 \
    (const char *const[]){__VA_ARGS__}, \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)
/* The operands and the result of o->node. */
DvtOnnx__Node *dvti_onnx_put_plain(dvti_onnx_out *o, const char *type);

void dvti_onnx_set_int(dvti_onnx_out *o, DvtOnnx__Node *n, const char *name, int64_t value);
void dvti_onnx_set_float(dvti_onnx_out *o, DvtOnnx__Node *n, const char *name, float value);
void dvti_onnx_set_string(dvti_onnx_out *o, DvtOnnx__Node *n, const char *name, const char *value);
void dvti_onnx_set_ints(dvti_onnx_out *o, DvtOnnx__Node *n, const char *name,
                        const dvt_ints *value);

/* ---- constants ----------------------------------------------------------------------------- */

/* data is borrowed until the model is written. */
void dvti_onnx_put_tensor(dvti_onnx_out *o, const char *name, const dvt_tensor *t);
/* New constants; their names. */
const char *dvti_onnx_put_ints(dvti_onnx_out *o, const dvt_ints *values);
const char *dvti_onnx_put_scalar(dvti_onnx_out *o, dvt_dtype dtype, double value); /* f32, f64 */
const char *dvti_onnx_put_floats(dvti_onnx_out *o, const float *values, int64_t count);

/* ---- limits -------------------------------------------------------------------------------- */

void    dvti_onnx_need_opset(dvti_onnx_out *o, int64_t opset);
void    dvti_onnx_cannot(dvti_onnx_out *o, const char *fmt, ...) DVT_PRINTF(2, 3);
int32_t dvti_onnx_elem(dvt_dtype dtype); /* ONNX's number of the type; 0 = none */

/* ---- operators by file --------------------------------------------------------------------- */

typedef void (*dvti_onnx_put_fn)(dvti_onnx_out *o);
/* onnx_export_linear.c */
void dvti_onnx_put_conv(dvti_onnx_out *o);
void dvti_onnx_put_dense(dvti_onnx_out *o);
void dvti_onnx_put_gemm(dvti_onnx_out *o);
void dvti_onnx_put_pool(dvti_onnx_out *o);
void dvti_onnx_put_global_pool(dvti_onnx_out *o);
void dvti_onnx_put_lrn(dvti_onnx_out *o);
void dvti_onnx_put_norm(dvti_onnx_out *o);
/* onnx_export_math.c */
void dvti_onnx_put_scale(dvti_onnx_out *o);
void dvti_onnx_put_bias(dvti_onnx_out *o);
void dvti_onnx_put_unary(dvti_onnx_out *o);
void dvti_onnx_put_softmax(dvti_onnx_out *o);
void dvti_onnx_put_binary(dvti_onnx_out *o);
void dvti_onnx_put_nary(dvti_onnx_out *o);
void dvti_onnx_put_reduce(dvti_onnx_out *o);
void dvti_onnx_put_cumsum(dvti_onnx_out *o);
void dvti_onnx_put_cast(dvti_onnx_out *o);
/* onnx_export_move.c */
void dvti_onnx_put_concat(dvti_onnx_out *o);
void dvti_onnx_put_slice(dvti_onnx_out *o);
void dvti_onnx_put_split(dvti_onnx_out *o);
void dvti_onnx_put_dims(dvti_onnx_out *o); /* reshape, expand, tile */
void dvti_onnx_put_transpose(dvti_onnx_out *o);
void dvti_onnx_put_pad(dvti_onnx_out *o);
void dvti_onnx_put_resize(dvti_onnx_out *o);
void dvti_onnx_put_depth(dvti_onnx_out *o);
void dvti_onnx_put_gather(dvti_onnx_out *o);
/* Shapes x into the result's shape under the name `out`. */
void dvti_onnx_put_reshape(dvti_onnx_out *o, const char *x, const dvt_shape *to, const char *out);

#endif
