/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rewrite_int.h - what passes are written with: questions about a neighbourhood, and edits.
 *
 * Pattern matching goes upwards, from a node to the producers of its inputs: "this batch-norm reads
 * a convolution that nobody else reads". Edits change a node where it stands (same outputs, names,
 * source) or replace its output by another value.
 */
#ifndef DVTI_GRAPH_REWRITE_INT_H
#define DVTI_GRAPH_REWRITE_INT_H

#include "graph/graph_int.h"

/* ---- questions ----------------------------------------------------------------------------- */

/* The live node that produces v, or NULL (input, constant, parameter). */
const dvt_node *dvti_producer(const dvt_graph *g, dvt_value_id v);
/* The same if its operator is `op` and its only reader is the one that asks: v is read once and is
 * no graph output. */
const dvt_node *dvti_sole_producer(const dvt_graph *g, dvt_value_id v, dvt_op op);
dvt_node_id dvti_producer_id(const dvt_graph *g, dvt_value_id v);
/* The constant f32 tensor behind v; false if there is none. */
bool dvti_const_f32(const dvt_graph *g, dvt_value_id v, dvt_tensor *out);
/* Input i of n, DVT_NO_VALUE if absent or beyond the count. */
dvt_value_id dvti_input(const dvt_node *n, int32_t i);
const dvt_shape *dvti_shape(const dvt_graph *g, dvt_value_id v);

/* ---- edits --------------------------------------------------------------------------------- */

/* Makes node n compute `op` of inputs (count). Its outputs stay, and must be of the same types and
 * shapes (E_INTERNAL otherwise: the pass is wrong). Inputs may stand later in the node list; the
 * compaction behind each pass restores the order. */
dvt_status dvti_graph_rewrite_node(dvt_graph *g, dvt_node_id n, dvt_op op, const dvt_attrs *attrs,
                                   const dvt_value_id *inputs, int32_t count);
/* Whether readers of `old` can read `with` instead and all graph outputs keep their names. */
bool dvti_can_replace(const dvt_graph *g, dvt_value_id old, dvt_value_id with);
/* Replaces output 0 of node n by `with` and removes the node. */
dvt_status dvti_graph_bypass_node(dvt_graph *g, dvt_node_id n, dvt_value_id with);
/* The same where `with` is a node's output that only node n read: `with` now holds what output 0 of
 * n held, and takes its name along. */
dvt_status dvti_graph_absorb_node(dvt_graph *g, dvt_node_id n, dvt_value_id with);
/* A new f32 constant of the given shape; `data` is copied. */
dvt_status dvti_graph_add_f32(dvt_graph *g, const char *name, const dvt_shape *shape,
                              const float *data, dvt_value_id *out);
/* A new constant (count) with every element `value`. */
dvt_status dvti_graph_add_fill(dvt_graph *g, const char *name, int64_t count, float value,
                               dvt_value_id *out);

/* ---- the passes, one file pass_*.c each ------------------------------------------------------ */

extern const dvt_pass dvti_pass_remove_identity, dvti_pass_fold_constants, dvti_pass_canonicalise,
    dvti_pass_merge_pad, dvti_pass_fold_batch_norm, dvti_pass_share_equal, dvti_pass_dead_code;

#endif
