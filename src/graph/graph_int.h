/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_int.h - what the files of the graph module share.
 *
 * Storage    Values and nodes are plain arrays; an id is an index. Names, sources and id lists lie
 *            in the graph's arena and are never freed singly. The data of a constant is a block of
 *            its own, so that compaction can give back the weights that a pass has replaced.
 * Invariants (1) names[] of values and nodes hold every value and node, dead ones included, once;
 *            (2) meta[v].uses counts the inputs of live nodes and the graph outputs that read v;
 *            (3) a node is added complete or not at all.
 * Inference  One function per operator computes output types from input types and attributes alone
 *            (infer.c has the table); it never sees the graph, so that the verifier, compaction and
 *            the builders share it.
 */
#ifndef DOVETAIL_SRC_GRAPH_INT_H
#define DOVETAIL_SRC_GRAPH_INT_H

#include "dovetail/graph.h"

/* ---- names --------------------------------------------------------------------------------- */

/* Open addressing, grows by doubling; names are borrowed. */
typedef struct dvti_name_entry {
    const char *name;
    int32_t     id;
    uint32_t    next_suffix; /* the number to try first when this name is asked for again */
} dvti_name_entry;
typedef struct dvti_names {
    dvti_name_entry *entry; /* (cap), a power of two; name NULL = free */
    uint32_t         cap, used;
} dvti_names;

DVT_MUST_CHECK dvt_status dvti_names_reserve(dvt_ctx *ctx, dvti_names *t, uint32_t more);
void                      dvti_names_deinit(dvt_ctx *ctx, dvti_names *t);
void                      dvti_names_clear(dvti_names *t);
int32_t                   dvti_names_find(const dvti_names *t, const char *name); /* -1: none */
/* The name must be new and room reserved. */
void dvti_names_add(dvti_names *t, const char *name, int32_t id);
/* Makes `name` stand for another id. */
void dvti_names_move(dvti_names *t, const char *name, int32_t id);
/* `wanted` itself or with "_2", "_3", ... behind it, copied into the arena; NULL raises E_NOMEM. */
const char *dvti_names_unique(dvti_names *t, dvt_arena *arena, const char *wanted);

/* ---- graph --------------------------------------------------------------------------------- */

typedef struct dvti_type {
    dvt_dtype dtype; /* DVT_DTYPE_NONE: an absent optional input */
    dvt_shape shape;
} dvti_type;

typedef struct dvti_value_meta {
    int32_t     uses;
    void       *data;   /* owned block behind dvt_value.data */
    const char *sha256; /* of a parameter whose data the text form named by digest, else NULL */
} dvti_value_meta;

typedef struct dvti_id_list {
    dvt_value_id *v;
    int32_t       count, cap;
} dvti_id_list;

struct dvt_graph {
    dvt_ctx         *ctx;
    dvt_arena       *arena;
    const char      *name;
    dvt_value       *values; /* (value_count) */
    dvti_value_meta *meta;   /* (value_count) */
    int32_t          value_count, value_cap;
    dvt_node        *nodes; /* (node_count) */
    int32_t          node_count, node_cap;
    dvti_id_list     inputs, outputs;
    dvti_names       value_names, node_names;
    dvti_type       *types; /* scratch for one node's input and output types */
    int32_t          type_cap;
};

static inline bool dvti_is_value(const dvt_graph *g, dvt_value_id v)
{
    return v.i >= 0 && v.i < g->value_count;
}

/* Longest name of a value or node and longest source: text and binary form can hold them. */
enum { DVTI_NAME_MAX = 4000 /* bytes */ };

/* Room for `count` types in g->types. */
DVT_MUST_CHECK dvt_status dvti_graph_reserve_types(dvt_graph *g, int32_t count);
/* Appends a value whose name is already unique in the arena; room must be reserved. */
dvt_value_id              dvti_graph_push_value(dvt_graph *g, const char *name, dvt_value_kind kind,
                                                const dvti_type *type);
DVT_MUST_CHECK dvt_status dvti_graph_reserve(dvt_graph *g, int32_t more_values, int32_t more_nodes);
/* Copies `bytes` of data into a block that value v owns and makes it a constant. */
DVT_MUST_CHECK dvt_status dvti_graph_own_data(dvt_graph *g, dvt_value_id v, const void *data,
                                              size_t bytes);
/* Turns a node's output (or a parameter) into a constant with a copy of `t`; the producer no longer
 * makes it and must be removed or rewired by the caller. For constant folding. */
DVT_MUST_CHECK dvt_status dvti_graph_make_const(dvt_graph *g, dvt_value_id v, const dvt_tensor *t);
void      dvti_graph_reindex(dvt_graph *g); /* rebuilds both name tables; room must be reserved */
void      dvti_graph_recount(dvt_graph *g); /* rebuilds meta[].uses */
dvti_type dvti_value_type(const dvt_graph *g, dvt_value_id v); /* of DVT_NO_VALUE: NONE */

/* ---- attributes (attrs.c) ------------------------------------------------------------------- */

int32_t dvti_attr_enum(const dvt_attr_desc *d, const dvt_attrs *a); /* DVT_ATTR_ENUM, _DTYPE */
void    dvti_attr_set_enum(const dvt_attr_desc *d, dvt_attrs *a, int32_t value);
bool    dvti_attr_equal(const dvt_attr_desc *d, const dvt_attrs *a, const dvt_attrs *b);
bool    dvti_attrs_equal(dvt_op op, const dvt_attrs *a, const dvt_attrs *b);
/* Enumerations and list lengths in range (E_USAGE names the attribute). */
DVT_MUST_CHECK dvt_status dvti_attrs_check(dvt_ctx *ctx, dvt_op op, const dvt_attrs *a,
                                           const char *node_name, const dvt_pos *at);
/* Attributes that the text form may leave out: the defaults for an operator with this first
 * input. */
dvt_attrs dvti_attrs_default_for(dvt_op op, const dvt_shape *first_input);

/* ---- inference ------------------------------------------------------------------------------ */

typedef struct dvti_infer {
    dvt_ctx         *ctx;
    dvt_op           op;
    const char      *name;   /* of the node, for messages */
    const char      *source; /* "" or NULL = none */
    const dvt_pos   *at;     /* NULL = none */
    const dvt_attrs *attrs;
    const dvti_type *in; /* (in_count) */
    int32_t          in_count;
    dvti_type       *out; /* (out_count) */
    int32_t          out_count;
} dvti_infer;

/* Arity, attributes, types and shapes of one node. E_SHAPE, E_UNSUPPORTED, E_USAGE. */
DVT_MUST_CHECK dvt_status dvti_infer_run(const dvti_infer *n);
/* Infers node n of the graph again from its inputs into types[] (output_count entries). */
DVT_MUST_CHECK dvt_status dvti_infer_graph_node(const dvt_graph *g, dvt_node_id n, dvti_type *in,
                                                dvti_type *out);

/* For the infer_*.c files: an error "node 'x' (op): ...", with the source as a note. */
dvt_status dvti_infer_fail(const dvti_infer *n, dvt_status status, const char *fmt, ...)
    DVT_PRINTF(3, 4);
/* Input i, or NULL where it is absent. */
const dvti_type *dvti_infer_in(const dvti_infer *n, int32_t i);
/* E_SHAPE unless 0 <= axis < end. */
DVT_MUST_CHECK dvt_status dvti_infer_axis(const dvti_infer *n, int64_t axis, int32_t end);
DVT_MUST_CHECK dvt_status dvti_infer_same_dtype(const dvti_infer *n); /* of all present inputs */
DVT_MUST_CHECK dvt_status dvti_infer_float(const dvti_infer *n, int32_t input);
DVT_MUST_CHECK dvt_status dvti_infer_number(const dvti_infer *n, int32_t input); /* not bool */
DVT_MUST_CHECK dvt_status dvti_infer_list(const dvti_infer *n, const char *attr,
                                          const dvt_ints *list, int64_t want_count, int64_t min,
                                          int64_t max);
bool                      dvti_dtype_is_float(dvt_dtype t);

/* One per operator family, named in the table of infer.c. */
dvt_status dvti_infer_conv(const dvti_infer *n);
dvt_status dvti_infer_conv_transpose(const dvti_infer *n);
dvt_status dvti_infer_pool(const dvti_infer *n);
dvt_status dvti_infer_global_pool(const dvti_infer *n);
dvt_status dvti_infer_dense(const dvti_infer *n);
dvt_status dvti_infer_matmul(const dvti_infer *n);
dvt_status dvti_infer_gemm(const dvti_infer *n);
dvt_status dvti_infer_lrn(const dvti_infer *n);
dvt_status dvti_infer_batch_norm(const dvti_infer *n);
dvt_status dvti_infer_instance_norm(const dvti_infer *n);
dvt_status dvti_infer_scale(const dvti_infer *n);
dvt_status dvti_infer_softmax(const dvti_infer *n);
dvt_status dvti_infer_unary(const dvti_infer *n);
dvt_status dvti_infer_prelu(const dvti_infer *n);
dvt_status dvti_infer_binary(const dvti_infer *n);
dvt_status dvti_infer_nary(const dvti_infer *n);
dvt_status dvti_infer_where(const dvti_infer *n);
dvt_status dvti_infer_cast(const dvti_infer *n);
dvt_status dvti_infer_identity(const dvti_infer *n);
dvt_status dvti_infer_reduce(const dvti_infer *n);
dvt_status dvti_infer_cumsum(const dvti_infer *n);
dvt_status dvti_infer_concat(const dvti_infer *n);
dvt_status dvti_infer_slice(const dvti_infer *n);
dvt_status dvti_infer_split(const dvti_infer *n);
dvt_status dvti_infer_gather(const dvti_infer *n);
dvt_status dvti_infer_reshape(const dvti_infer *n);
dvt_status dvti_infer_transpose(const dvti_infer *n);
dvt_status dvti_infer_pad(const dvti_infer *n);
dvt_status dvti_infer_resize(const dvti_infer *n);
dvt_status dvti_infer_depth_to_space(const dvti_infer *n);
dvt_status dvti_infer_space_to_depth(const dvti_infer *n);
dvt_status dvti_infer_expand(const dvti_infer *n);
dvt_status dvti_infer_tile(const dvti_infer *n);

/* ---- meanings shared with execution --------------------------------------------------------- */

/* A slice along one dimension as ONNX means it: negative bounds count from the end, then both are
 * clamped. Element i of the result is x[*first + i * step], i < *count. step is not 0. */
void dvti_slice_resolve(int64_t dim, int64_t start, int64_t end, int64_t step, int64_t *first,
                        int64_t *count);
/* Size of part i of a split: sizes[i], or equal parts rounded up, the last one smaller. */
int64_t dvti_split_size(const dvt_split_attrs *a, int64_t dim, int32_t parts, int32_t i);
/* x seen by dense: rows (dims before axis) and columns (the rest). */
void dvti_dense_extent(const dvt_shape *x, int64_t axis, int64_t *rows, int64_t *cols);

#endif
