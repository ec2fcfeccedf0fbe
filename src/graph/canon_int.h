/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canon_int.h - the rules of pass_canonicalise.c.
 *
 * A rule looks at one live node of its operator; where its pattern is there it rewrites the node
 * and sets *changed. It may add constants, and must copy the node before it does: adding moves
 * arrays.
 */
#ifndef DVTI_GRAPH_CANON_INT_H
#define DVTI_GRAPH_CANON_INT_H

#include "graph/rewrite_int.h"

typedef dvt_status (*dvti_canon_rule)(dvt_graph *g, dvt_node_id id, bool *changed);

/* products (canon_linear.c) */
dvt_status dvti_canon_gemm_to_dense(dvt_graph *g, dvt_node_id id, bool *changed);
dvt_status dvti_canon_matmul_to_dense(dvt_graph *g, dvt_node_id id, bool *changed);
dvt_status dvti_canon_flatten_into_dense(dvt_graph *g, dvt_node_id id, bool *changed);
/* arithmetic with constants (canon_affine.c) */
dvt_status dvti_canon_binary_to_affine(dvt_graph *g, dvt_node_id id, bool *changed);
dvt_status dvti_canon_power_to_scale(dvt_graph *g, dvt_node_id id, bool *changed);
/* other names for the same thing (canon_simple.c) */
dvt_status dvti_canon_nary_to_binary(dvt_graph *g, dvt_node_id id, bool *changed);
dvt_status dvti_canon_reduce_to_global_pool(dvt_graph *g, dvt_node_id id, bool *changed);
dvt_status dvti_canon_pool_to_global_pool(dvt_graph *g, dvt_node_id id, bool *changed);
dvt_status dvti_canon_unary_to_relu(dvt_graph *g, dvt_node_id id, bool *changed);
dvt_status dvti_canon_binary_to_clip(dvt_graph *g, dvt_node_id id, bool *changed);
dvt_status dvti_canon_prelu_to_leaky(dvt_graph *g, dvt_node_id id, bool *changed);
dvt_status dvti_canon_transpose_to_reshape(dvt_graph *g, dvt_node_id id, bool *changed);
dvt_status dvti_canon_reshape_of_reshape(dvt_graph *g, dvt_node_id id, bool *changed);

#endif
