/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_int.h - what the files of the ONNX importer share: the import, one node, its operands.
 *
 * Idea      Every operator is a function over a `dvti_onnx_node`. It asks for attributes and inputs
 *           by name or index, adds graph nodes, and binds the results. Asking marks an attribute,
 *           input or output as understood; what nobody asked for when the function returns is
 *           refused. So "an attribute that is not handled is an error" holds for all operators
 *           without lists.
 * Errors    The node carries a sticky status. After a failure getters return harmless defaults,
 *           adding does nothing, and the node's status comes out at the end: operator functions
 *           read as straight lines. Texts begin with node, operator and opset.
 * Halves    float16 values are held as f32 in the graph and marked `half`; the graph's inputs and
 *           outputs of type float16 keep it by a cast. Constants (bfloat16 ones, too) are widened.
 * Folding   A node whose operands are all constants is evaluated when it is added; this is how
 *           shapes, axes and bounds that a model computes become the attributes that the graph
 *           wants.
 */
#ifndef FORMATS_ONNX_INT_H
#define FORMATS_ONNX_INT_H

#include "dovetail/formats.h"

#include "formats/onnx.pb-c.h"

enum {
    DVTI_ONNX_MAX_IR = 13,
    DVTI_ONNX_MAX_OPSET = 27,
    DVTI_ONNX_MAX_SLOTS = 256 /* attributes, inputs or outputs of one node that are tracked */
};

/* ---- tensors (onnx_tensor.c) --------------------------------------------------------------- */

/* The type that constants of an ONNX element type get; NONE if there is none. bfloat16: f32. */
dvt_dtype dvti_onnx_dtype(int32_t elem_type);
/* The same for values that are computed: bfloat16 has no type. */
dvt_dtype   dvti_onnx_value_dtype(int32_t elem_type);
const char *dvti_onnx_type_name(int32_t elem_type); /* "FLOAT16" */

/* Reads a TensorProto into an owned tensor of its own type (bfloat16: f32). External data is looked
 * for beside `file`. `what` names the tensor in errors. */
DVT_MUST_CHECK dvt_status dvti_onnx_tensor(dvt_ctx *ctx, const char *file, const char *what,
                                           const DvtOnnx__Tensor *p, dvt_tensor *out);
/* External data: key-value pairs to a range of `bytes` bytes of a file, as an owned blob. */
DVT_MUST_CHECK dvt_status dvti_onnx_external(dvt_ctx *ctx, const char *file, const char *what,
                                             const DvtOnnx__Tensor *p, size_t bytes, dvt_blob *out);
/* Checks by the wire format and unpacks with the context's memory. Free with
 * protobuf_c_message_free_unpacked(m, &allocator). */
DVT_MUST_CHECK dvt_status dvti_onnx_unpack(dvt_ctx *ctx, const char *file, const uint8_t *data,
                                           size_t size, const ProtobufCMessageDescriptor *desc,
                                           ProtobufCAllocator *allocator, ProtobufCMessage **out);

/* ---- the import (onnx_import.c) ------------------------------------------------------------ */

typedef struct dvti_onnx_value {
    const char  *name; /* borrowed from the model; NULL = a free slot */
    dvt_value_id id;
    bool         half;
} dvti_onnx_value;

typedef struct dvti_onnx {
    dvt_ctx               *ctx;
    dvt_graph             *g;
    const char            *file;
    const DvtOnnx__Model  *model;
    const dvt_import_opts *opts;
    int64_t                opset;
    dvti_onnx_value       *values; /* open addressing; value_cap is a power of two */
    size_t                 value_cap;
    uint64_t              *node_offset; /* (node count) of each node in the file */
    bool                  *is_bound;    /* (opts->value_count) this input is a constant */
    bool                   again;       /* more of them are needed: the import starts again */
} dvti_onnx;

const dvti_onnx_value *dvti_onnx_find(const dvti_onnx *o, const char *name); /* NULL = unknown */
/* E_PARSE if the name is taken: every value of a model has one producer. */
DVT_MUST_CHECK dvt_status dvti_onnx_bind(dvti_onnx *o, const char *name, dvt_value_id id,
                                         bool half);
/* `v` must be a constant but depends on inputs: true if the options have the values of all of them.
 * They are bound then, and the import starts again. */
bool dvti_onnx_bind_known(dvti_onnx *o, dvt_value_id v);
/* True if `name` is a graph output declared float16. */
bool dvti_onnx_is_half_output(const dvti_onnx *o, const char *name);

/* ---- one node (onnx_node.c) ---------------------------------------------------------------- */

typedef struct dvti_onnx_node {
    dvti_onnx           *o;
    const DvtOnnx__Node *p;
    const char          *name; /* its own, or "Conv_12" */
    int64_t              opset;
    int32_t              variant; /* from the operator table: which of a family */
    dvt_pos              at;
    dvt_status           st;   /* sticky */
    bool                 half; /* results that are f32 stand for float16 */
    bool                 half_known;
    bool                 attr_read[DVTI_ONNX_MAX_SLOTS];
    bool                 in_read[DVTI_ONNX_MAX_SLOTS];
    bool                 out_bound[DVTI_ONNX_MAX_SLOTS];
} dvti_onnx_node;

/* Sets the sticky status and describes the failure; returns false, so that checks read
 * `if (bad) return dvti_onnx_refuse(...)` where that helps. */
bool dvti_onnx_refuse(dvti_onnx_node *n, dvt_status status, const char *fmt, ...) DVT_PRINTF(3, 4);

/* Attributes: the value, or `def` where the node has none. E_PARSE for another type. */
bool        dvti_onnx_has_attr(const dvti_onnx_node *n, const char *name);
int64_t     dvti_onnx_int(dvti_onnx_node *n, const char *name, int64_t def);
bool        dvti_onnx_flag(dvti_onnx_node *n, const char *name, bool def); /* int 0 or 1 */
float       dvti_onnx_float(dvti_onnx_node *n, const char *name, float def);
const char *dvti_onnx_string(dvti_onnx_node *n, const char *name, const char *def);
bool        dvti_onnx_ints(dvti_onnx_node *n, const char *name, dvt_ints *out); /* false: absent */
/* The index of a string attribute among `choices`; E_UNSUPPORTED for others. */
int32_t dvti_onnx_choice(dvti_onnx_node *n, const char *name, const char *const *choices,
                         int32_t count, int32_t def);
/* Marks an attribute as understood though its value does not matter. */
void dvti_onnx_ignore_attr(dvti_onnx_node *n, const char *name);
/* The attribute's message, marked as read; NULL: absent. */
const DvtOnnx__Attribute *dvti_onnx_attr(dvti_onnx_node *n, const char *name);
/* A required attribute that is missing. */
void dvti_onnx_need_attr(dvti_onnx_node *n, const char *name);

/* Operands. */
bool         dvti_onnx_has_in(const dvti_onnx_node *n, int32_t i);
dvt_value_id dvti_onnx_in(dvti_onnx_node *n, int32_t i);  /* E_PARSE if absent */
dvt_value_id dvti_onnx_opt(dvti_onnx_node *n, int32_t i); /* DVT_NO_VALUE if absent */
int32_t      dvti_onnx_in_count(const dvti_onnx_node *n);
dvt_dtype    dvti_onnx_dtype_of(const dvti_onnx_node *n, dvt_value_id v); /* F32 after a failure */
/* scalar after a failure */
dvt_shape dvti_onnx_shape_of(const dvti_onnx_node *n, dvt_value_id v);
/* Input i must be a constant; false: absent or refused. `what` is what it means: "axes". */
bool dvti_onnx_const(dvti_onnx_node *n, int32_t i, const char *what, dvt_tensor *out);
bool dvti_onnx_const_ints(dvti_onnx_node *n, int32_t i, const char *what, dvt_ints *out);
/* Attribute (before opset `since`) or constant input i (from it on). False: absent. */
bool dvti_onnx_ints_since(dvti_onnx_node *n, int64_t since, const char *name, int32_t i,
                          dvt_ints *out);
/* -rank..rank-1 to 0..rank-1; E_SHAPE outside. */
int64_t dvti_onnx_axis(dvti_onnx_node *n, int64_t axis, int32_t rank);
void    dvti_onnx_axes(dvti_onnx_node *n, dvt_ints *axes, int32_t rank); /* the same; no repeats */

/* Graph nodes. Operands as DVTI_IN(a, b). `mid` is a step of a decomposition; `end` gives the
 * node's first output its name. Both return DVT_NO_VALUE after a failure. */
#define DVTI_IN(...)                     \
    (const dvt_value_id[]){__VA_ARGS__}, \
        (int32_t)(sizeof((dvt_value_id[]){__VA_ARGS__}) / sizeof(dvt_value_id))
dvt_value_id dvti_onnx_mid(dvti_onnx_node *n, dvt_op op, const dvt_attrs *attrs,
                           const dvt_value_id *in, int32_t in_count);
dvt_value_id dvti_onnx_end(dvti_onnx_node *n, dvt_op op, const dvt_attrs *attrs,
                           const dvt_value_id *in, int32_t in_count);
/* The same for all outputs of the ONNX node (split), and for output `index` alone. */
void dvti_onnx_end_all(dvti_onnx_node *n, dvt_op op, const dvt_attrs *attrs, const dvt_value_id *in,
                       int32_t in_count);
void dvti_onnx_end_at(dvti_onnx_node *n, int32_t index, dvt_op op, const dvt_attrs *attrs,
                      const dvt_value_id *in, int32_t in_count);
/* Output `index` becomes a constant (copied). */
void dvti_onnx_end_const(dvti_onnx_node *n, int32_t index, const dvt_tensor *t);
bool dvti_onnx_has_out(const dvti_onnx_node *n, int32_t i);

/* Steps that many operators need. */
dvt_value_id dvti_onnx_const_value(dvti_onnx_node *n, const dvt_tensor *t);
dvt_value_id dvti_onnx_scalar(dvti_onnx_node *n, dvt_dtype dtype, double value);
dvt_value_id dvti_onnx_cast(dvti_onnx_node *n, dvt_value_id v, dvt_dtype dtype); /* v if it is */
dvt_value_id dvti_onnx_reshape(dvti_onnx_node *n, dvt_value_id v, const dvt_shape *to);
dvt_value_id dvti_onnx_binary(dvti_onnx_node *n, dvt_binary fn, dvt_value_id a, dvt_value_id b);
dvt_value_id dvti_onnx_unary(dvti_onnx_node *n, dvt_unary fn, dvt_value_id v);
dvt_value_id dvti_onnx_reduce(dvti_onnx_node *n, dvt_reduce fn, dvt_value_id v,
                              const dvt_ints *axes, bool keep_dims);
void         dvti_onnx_end_identity(dvti_onnx_node *n, dvt_value_id v);
void         dvti_onnx_end_binary(dvti_onnx_node *n, dvt_binary fn, dvt_value_id a, dvt_value_id b);
void         dvti_onnx_end_unary(dvti_onnx_node *n, dvt_unary fn, dvt_value_id v);
void         dvti_onnx_end_reshape(dvti_onnx_node *n, dvt_value_id v, const dvt_shape *to);

/* ---- operators (onnx_ops.c and the files by family) ---------------------------------------- */

typedef void (*dvti_onnx_op_fn)(dvti_onnx_node *n);
typedef struct dvti_onnx_op {
    const char     *name;
    int16_t         since, until; /* opsets; until 0 = still there */
    dvti_onnx_op_fn emit;
    int32_t         variant;
} dvti_onnx_op;

/* NULL: no such operator at this opset. *known: the name exists at some opset. */
const dvti_onnx_op *dvti_onnx_find_op(const char *name, int64_t opset, bool *known);
const dvti_onnx_op *dvti_onnx_op_table(int32_t *count); /* sorted by name */

/* onnx_conv.c, onnx_pool.c */
void dvti_onnx_conv(dvti_onnx_node *n);
void dvti_onnx_conv_transpose(dvti_onnx_node *n);
void dvti_onnx_gemm(dvti_onnx_node *n);
void dvti_onnx_matmul(dvti_onnx_node *n);
void dvti_onnx_pool(dvti_onnx_node *n);
void dvti_onnx_global_pool(dvti_onnx_node *n);
/* Stride, dilation and pads of a window over `spatial` dimensions whose kernel is already there;
 * auto_pad is resolved. `x`: sizes of the input, N C spatial... */
void dvti_onnx_window(dvti_onnx_node *n, const dvt_shape *x, dvt_window_attrs *win);
typedef enum dvti_auto_pad {
    DVTI_PAD_NOTSET,
    DVTI_PAD_SAME_UPPER,
    DVTI_PAD_SAME_LOWER,
    DVTI_PAD_VALID
} dvti_auto_pad;
dvti_auto_pad dvti_onnx_auto_pad(dvti_onnx_node *n);
/* strides, dilations, pads with their defaults; pads must be 0 or absent under auto_pad. */
void dvti_onnx_window_lists(dvti_onnx_node *n, int32_t spatial, dvti_auto_pad mode,
                            dvt_window_attrs *win);

/* onnx_norm.c */
void dvti_onnx_lrn(dvti_onnx_node *n);
void dvti_onnx_batch_norm(dvti_onnx_node *n);
void dvti_onnx_instance_norm(dvti_onnx_node *n);
void dvti_onnx_softmax(dvti_onnx_node *n);
void dvti_onnx_layer_norm(dvti_onnx_node *n);
void dvti_onnx_rms_norm(dvti_onnx_node *n);
void dvti_onnx_group_norm(dvti_onnx_node *n);
void dvti_onnx_mvn(dvti_onnx_node *n);
void dvti_onnx_lp_norm(dvti_onnx_node *n);
void dvti_onnx_image_scaler(dvti_onnx_node *n);

/* onnx_math.c */
void dvti_onnx_activation(dvti_onnx_node *n);
void dvti_onnx_plain_unary(dvti_onnx_node *n);
void dvti_onnx_clip(dvti_onnx_node *n);
void dvti_onnx_prelu(dvti_onnx_node *n);
void dvti_onnx_swish(dvti_onnx_node *n);
void dvti_onnx_shrink(dvti_onnx_node *n);
void dvti_onnx_arith(dvti_onnx_node *n);
void dvti_onnx_pow(dvti_onnx_node *n);
void dvti_onnx_mod(dvti_onnx_node *n);
void dvti_onnx_nary(dvti_onnx_node *n);
void dvti_onnx_where(dvti_onnx_node *n);
void dvti_onnx_cast_op(dvti_onnx_node *n);
void dvti_onnx_cast_like(dvti_onnx_node *n);

/* onnx_reduce.c */
void dvti_onnx_reduce_op(dvti_onnx_node *n);
void dvti_onnx_arg(dvti_onnx_node *n);
void dvti_onnx_cumsum(dvti_onnx_node *n);

/* onnx_shape.c, onnx_move.c */
void dvti_onnx_reshape_op(dvti_onnx_node *n);
void dvti_onnx_flatten(dvti_onnx_node *n);
void dvti_onnx_squeeze(dvti_onnx_node *n);
void dvti_onnx_unsqueeze(dvti_onnx_node *n);
void dvti_onnx_expand(dvti_onnx_node *n);
void dvti_onnx_constant(dvti_onnx_node *n);
void dvti_onnx_constant_of_shape(dvti_onnx_node *n);
void dvti_onnx_shape_op(dvti_onnx_node *n);
void dvti_onnx_size(dvti_onnx_node *n);
void dvti_onnx_range(dvti_onnx_node *n);
void dvti_onnx_identity(dvti_onnx_node *n);
void dvti_onnx_dropout(dvti_onnx_node *n);
void dvti_onnx_concat(dvti_onnx_node *n);
void dvti_onnx_slice(dvti_onnx_node *n);
void dvti_onnx_split(dvti_onnx_node *n);
void dvti_onnx_transpose(dvti_onnx_node *n);
void dvti_onnx_pad(dvti_onnx_node *n);
void dvti_onnx_crop(dvti_onnx_node *n);
void dvti_onnx_tile(dvti_onnx_node *n);
void dvti_onnx_gather(dvti_onnx_node *n);
void dvti_onnx_depth_space(dvti_onnx_node *n);

/* onnx_resize.c */
void dvti_onnx_resize(dvti_onnx_node *n);
void dvti_onnx_upsample(dvti_onnx_node *n);

#endif
