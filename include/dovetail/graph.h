/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph.h - the network: nodes and values as indices, shapes inferred when a node is added.
 *
 * Shape      A graph is a list of values and a list of nodes in topological order: every node
 *            stands behind the nodes it reads. A value is a graph input, a constant (with data),
 *            a parameter (shape known, data not yet: a topology without weights) or a node's
 *            output. Every value has a static type and shape.
 * Ownership  All parts live in the graph's arena; `dvt_graph_destroy` frees them. Names, tensors
 *            and lists returned by getters are borrowed until the graph changes.
 * Passes     change a graph in place through the edit functions below; removed nodes stay as holes
 *            until `dvt_graph_compact`. Ids are stable between compactions.
 * Example    see examples/build_graph.c
 */
#ifndef DOVETAIL_GRAPH_H
#define DOVETAIL_GRAPH_H

#include "dovetail/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dvt_graph dvt_graph;
typedef struct dvt_node_id { int32_t i; } dvt_node_id;   /* -1 = none */
typedef struct dvt_value_id { int32_t i; } dvt_value_id; /* -1 = none (an absent optional input) */
#define DVT_NO_VALUE ((dvt_value_id){-1})
#define DVT_NO_NODE ((dvt_node_id){-1})

enum { DVT_GRAPH_MAX_NODES = 1 << 20, DVT_GRAPH_MAX_ARITY = 4096 };

typedef enum dvt_value_kind {
    DVT_VALUE_INPUT,
    DVT_VALUE_CONST, /* has data */
    DVT_VALUE_PARAM, /* a constant whose data is not there (yet) */
    DVT_VALUE_NODE   /* output of a node */
} dvt_value_kind;

typedef struct dvt_value {
    const char    *name; /* unique in the graph, never NULL */
    dvt_value_kind kind;
    dvt_dtype      dtype;
    dvt_shape      shape;
    dvt_node_id    producer;     /* of DVT_VALUE_NODE */
    int32_t        producer_out; /* which of its outputs */
    const void    *data;         /* of DVT_VALUE_CONST: dense, row-major */
} dvt_value;

typedef struct dvt_node {
    dvt_op              op;
    const char         *name;   /* unique among nodes, never NULL */
    const char         *source; /* where it came from: "pool1 (Pooling), net.prototxt:31", or "" */
    const dvt_value_id *inputs;
    const dvt_value_id *outputs;
    int32_t             input_count, output_count;
    dvt_attrs           attrs;
    bool                dead; /* removed, waiting for compaction */
} dvt_node;

/* ---- building ------------------------------------------------------------------------------ */

DVT_API dvt_graph *dvt_graph_create(dvt_ctx *ctx, const char *name); /* NULL raises E_NOMEM */
DVT_API void       dvt_graph_destroy(dvt_graph *g);
DVT_API dvt_ctx   *dvt_graph_ctx(const dvt_graph *g);
/* for data that shall live as long as the graph */
DVT_API dvt_arena *dvt_graph_arena(dvt_graph *g);
DVT_API const char *dvt_graph_name(const dvt_graph *g);

/* Names: NULL or taken ones are made unique ("conv1", "conv1_2"). */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_add_input(dvt_graph *g, const char *name,
                                                      dvt_dtype dtype, const dvt_shape *shape,
                                                      dvt_value_id *out);
/* Copies the data into the graph. */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_add_const(dvt_graph *g, const char *name,
                                                      const dvt_tensor *t, dvt_value_id *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_add_param(dvt_graph *g, const char *name,
                                                      dvt_dtype dtype, const dvt_shape *shape,
                                                      dvt_value_id *out);
/* Gives a parameter (or a constant) its data; type and shape must agree (E_SHAPE). */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_set_data(dvt_graph *g, dvt_value_id v,
                                                     const dvt_tensor *t);

typedef struct dvt_node_spec {
    dvt_op              op;
    const char         *name;
    const char         *source;
    const dvt_value_id *inputs; /* copied */
    int32_t             input_count;
    int32_t             output_count;
    const char *const  *output_names; /* NULL: made from the node's name */
    dvt_attrs           attrs;
    dvt_pos             at; /* place in the user's file for errors; zero = none */
} dvt_node_spec;

/* Checks arity and attributes, infers the outputs' types and shapes, appends the node. A name that
 * is not given is that of the first output, or the operator's.
 * out: (output_count) value ids, or NULL; may be the list of inputs. E_SHAPE, E_UNSUPPORTED with
 * node name and operator in the text. */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_add_node(dvt_graph *g, const dvt_node_spec *spec,
                                                     dvt_value_id *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_add_output(dvt_graph *g, dvt_value_id v);

/* ---- reading ------------------------------------------------------------------------------- */

DVT_API int32_t             dvt_graph_node_count(const dvt_graph *g);  /* dead ones included */
DVT_API int32_t             dvt_graph_value_count(const dvt_graph *g);
DVT_API const dvt_node     *dvt_graph_node(const dvt_graph *g, dvt_node_id n);
DVT_API const dvt_value    *dvt_graph_value(const dvt_graph *g, dvt_value_id v);
DVT_API int32_t             dvt_graph_input_count(const dvt_graph *g);
DVT_API int32_t             dvt_graph_output_count(const dvt_graph *g);
DVT_API dvt_value_id        dvt_graph_input(const dvt_graph *g, int32_t i);
DVT_API dvt_value_id        dvt_graph_output(const dvt_graph *g, int32_t i);
/* -1: none */
DVT_API dvt_value_id        dvt_graph_find_value(const dvt_graph *g, const char *name);
DVT_API dvt_node_id         dvt_graph_find_node(const dvt_graph *g, const char *name);
/* The constant behind `v` as a borrowed tensor; false if it is not a constant with data. */
DVT_API bool dvt_graph_const(const dvt_graph *g, dvt_value_id v, dvt_tensor *out);
/* Readers of v among live nodes; graph outputs count once each on top. */
DVT_API int32_t dvt_graph_use_count(const dvt_graph *g, dvt_value_id v);
DVT_API bool    dvt_graph_is_output(const dvt_graph *g, dvt_value_id v);

typedef struct dvt_graph_stats {
    int64_t macs;       /* multiply-accumulates of conv, conv_transpose, dense, gemm, matmul */
    int64_t parameters; /* elements of constants and parameters that nodes read, floats only */
    int64_t nodes;
    int64_t op_count[DVT_OP_COUNT];
} dvt_graph_stats;
DVT_API void    dvt_graph_stats_of(const dvt_graph *g, dvt_graph_stats *out);
DVT_API int64_t dvt_graph_node_macs(const dvt_graph *g, dvt_node_id n);

/* Types and shapes agree, ids are in range, order is topological, names are unique, constants
 * have data. E_INTERNAL with the node's name: a pass broke the graph. */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_verify(const dvt_graph *g);

/* ---- editing ------------------------------------------------------------------------------- */

DVT_API DVT_MUST_CHECK dvt_status dvt_graph_set_input(dvt_graph *g, dvt_node_id n, int32_t index,
                                                      dvt_value_id v);
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_set_inputs(dvt_graph *g, dvt_node_id n,
                                                       const dvt_value_id *v, int32_t count);
DVT_API void dvt_graph_set_attrs(dvt_graph *g, dvt_node_id n, const dvt_attrs *attrs);
/* Every reader of `old` (and the graph's outputs) reads `with` instead. Types must agree. A graph
 * output keeps its name: the names of the two values are swapped. Where `with` is a graph input or
 * an output already, that would rename the interface: the outputs then keep reading `old`, so
 * remove the producer of `old` only if dvt_graph_use_count(old) is 0. `with` must not depend on
 * `old`. */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_replace_uses(dvt_graph *g, dvt_value_id old,
                                                         dvt_value_id with);
DVT_API void dvt_graph_remove_node(dvt_graph *g, dvt_node_id n);
/* Drops dead nodes and unread values, restores topological order after edits, infers shapes again.
 * Ids change. Graph inputs stay even when unread. */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_compact(dvt_graph *g);
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_clone(const dvt_graph *g, dvt_graph **out);

/* Fills parameters without data with seeded values (weights He-normal by fan-in, biases small,
 * batch-norm scale near 1, variance in [0.5, 1.5)): for profiles of topologies. */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_seed_params(dvt_graph *g, uint64_t seed);

/* ---- text, DOT, binary --------------------------------------------------------------------- */

/* The text form (docs/graph-text.md); constants above `inline_max` elements become parameters that
 * name the SHA-256 of their data. Parses back to the same graph but for these. Parsing: E_PARSE,
 * E_SHAPE, E_UNSUPPORTED with line and column. */
DVT_API void dvt_graph_print(const dvt_graph *g, int64_t inline_max, dvt_buf *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_parse(dvt_ctx *ctx, const char *file, const char *text,
                                                  size_t size, dvt_graph **out);
/* Graphviz. `colour(ud, node)` gives a fill colour for a node ("#ffdddd" for unsupported) or
 * NULL. */
typedef const char *(*dvt_graph_colour_fn)(void *ud, const dvt_graph *g, dvt_node_id n);
DVT_API void dvt_graph_dot(const dvt_graph *g, dvt_graph_colour_fn colour, void *ud, dvt_buf *out);
/* The same as an SVG drawing, laid out here. NULL colour: one by kind of operator. E_NOMEM. */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_svg(const dvt_graph *g, dvt_graph_colour_fn colour,
                                                void *ud, dvt_buf *out);
/* Self-contained binary form with all data (used inside program files); ids after loading are those
 * of a compacted graph. E_INTERNAL if the graph does not verify; loading: E_PARSE with the
 * offset. */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_save(const dvt_graph *g, dvt_buf *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_load(dvt_ctx *ctx, const char *file,
                                                 const uint8_t *data, size_t size, dvt_graph **out);

/* ---- passes -------------------------------------------------------------------------------- */

typedef struct dvt_pass {
    const char *name;    /* "fold-batch-norm" */
    const char *summary; /* one line */
    dvt_status (*run)(dvt_graph *g, int32_t *changes /* number of rewrites */);
} dvt_pass;

typedef struct dvt_passes_opts {
    const char *const *disable; /* (disable_count) names of passes to leave out */
    int32_t            disable_count;
    const char        *dump_after; /* pass name or "all"; NULL = none */
    const char        *dump_dir;   /* NN_pass.dvg and .dot go here */
    bool               verify_each;
} dvt_passes_opts;

/* The target-independent passes in their standing order; NULL-terminated, static. */
DVT_API const dvt_pass *const *dvt_graph_passes(void);
DVT_API const dvt_pass *dvt_graph_find_pass(const char *name);
/* Runs a NULL-terminated list; each pass is followed by compaction and (verify_each) by
 * dvt_graph_verify. Unknown names in `disable` are E_USAGE with the nearest name. */
DVT_API DVT_MUST_CHECK dvt_status dvt_passes_run(dvt_graph *g, const dvt_pass *const *passes,
                                                 const dvt_passes_opts *opts);

/* ---- reference execution ------------------------------------------------------------------- */

typedef enum dvt_exec_kind {
    DVT_EXEC_NAIVE, /* every operator by its _ref kernel: the yardstick */
    DVT_EXEC_FAST   /* oneDNN, OpenBLAS and vectorised kernels: equal within docs/numerics.md */
} dvt_exec_kind;

typedef struct dvt_exec dvt_exec;
typedef struct dvt_exec_opts {
    dvt_exec_kind       kind;
    const dvt_value_id *keep; /* inner values whose tensors shall stay readable after a run */
    int32_t             keep_count;
} dvt_exec_opts;

/* Plans shapes, kernels and one block of memory; nothing is allocated while running. The graph is
 * borrowed and must not change. E_UNSUPPORTED, E_USAGE (parameters without data), E_NOMEM. */
DVT_API DVT_MUST_CHECK dvt_status dvt_exec_create(const dvt_graph *g, const dvt_exec_opts *opts,
                                                  dvt_exec **out);
DVT_API void   dvt_exec_destroy(dvt_exec *x);
DVT_API size_t dvt_exec_memory_bytes(const dvt_exec *x); /* activations, planned */
/* inputs: one tensor per graph input, in order, type and shape as the graph says. */
DVT_API DVT_MUST_CHECK dvt_status dvt_exec_run(dvt_exec *x, const dvt_tensor *inputs,
                                               int32_t input_count);
/* Borrowed until the next run: a graph output or a kept value. */
DVT_API DVT_MUST_CHECK dvt_status dvt_exec_tensor(const dvt_exec *x, dvt_value_id v,
                                                  dvt_tensor *out);

/* Evaluates one node on given tensors with the naive kernels (constant folding, host steps).
 * inputs (input_count): types and shapes as the graph says, an absent one of dtype NONE. outputs
 * (output_count): made here, the caller deinits them; empty on failure. E_SHAPE, E_UNSUPPORTED with
 * node, operator and type, E_NUMERIC (an index out of range), E_NOMEM. */
DVT_API DVT_MUST_CHECK dvt_status dvt_node_eval(const dvt_graph *g, dvt_node_id n,
                                                const dvt_tensor *inputs, dvt_tensor *outputs);
/* If all inputs of `n` are constants: evaluates it and turns its outputs into constants of the same
 * ids and names; the node is removed. Otherwise *folded is false and nothing changes. */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_fold_node(dvt_graph *g, dvt_node_id n, bool *folded);

#ifdef __cplusplus
}
#endif
#endif
