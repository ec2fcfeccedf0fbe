/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lower_int.h - what the files of the lowering share: lower.c, lower_ops.c, fuse.c.
 */
#ifndef DVTI_LOWER_INT_H
#define DVTI_LOWER_INT_H

#include "compile/compile_int.h"

/* Moves when a map is made: take it anew after every call that may make one. */
static inline dvti_map *dvti_map_at(dvti_comp *c, int32_t i) { return &c->maps.data[i]; }

static inline const dvt_value *dvti_value_of(const dvti_comp *c, dvt_value_id v)
{
    return dvt_graph_value(c->g, v);
}

/* ---- fuse.c -------------------------------------------------------------------------------- */

void dvti_route_add(dvti_op *op, dvt_kernel k);
/* Input i of the node as constant floats; false and NULL if it has none. */
bool dvti_node_floats(const dvti_comp *c, const dvt_node *n, int32_t i, const float **out);
/* Gives the operator factors that change nothing, if it has none yet. */
dvt_status dvti_factors_new(dvti_comp *c, dvti_op *op, int32_t channels);
/* Batch-norm, scale or bias behind what the operator does; opens the scale kernel if need be. */
dvt_status dvti_add_affine(dvti_comp *c, dvti_op *op, const dvt_node *n, int32_t channels);
/* Index of the function's table; E_CAPACITY if there is no room (see dvti_node_has_table). */
dvt_status dvti_table_for(dvti_comp *c, dvt_table_kind kind, float param, int32_t *out);
/* Is there a table for the node's function, or room for one? True for nodes that need none. */
bool       dvti_node_has_table(const dvti_comp *c, const dvt_node *n);
dvt_status dvti_act_of_unary(dvti_comp *c, dvti_op *op, const dvt_unary_attrs *a);
dvt_status dvti_act_of_prelu(dvti_comp *c, dvti_op *op, const dvt_node *n, int32_t channels);
/* The element-wise kernel's function: 0 sum, 1 product, 2 maximum. */
int32_t dvti_elt_fn_of(const dvt_node *n);
/* An extra trip that brings `*map` into the array's layout; *map becomes the copy. */
dvt_status dvti_relayout(dvti_comp *c, int32_t node, int32_t *map);
/* Takes the tail that starts at `first_out`, ties the last value to op->out, appends the op. */
dvt_status dvti_finish_op(dvti_comp *c, dvti_op *op, dvt_value_id first_out);

/* ---- lower_ops.c: the node is supported, fits, and has a table if it needs one -------------- */

/* convolution, dense */
dvt_status dvti_lower_array(dvti_comp *c, dvt_node_id id, const dvt_node *n);
dvt_status dvti_lower_pool(dvti_comp *c, dvt_node_id id, const dvt_node *n);
dvt_status dvti_lower_lrn(dvti_comp *c, dvt_node_id id, const dvt_node *n);
/* factors, activations */
dvt_status dvti_lower_pointwise(dvti_comp *c, dvt_node_id id, const dvt_node *n);
dvt_status dvti_lower_eltwise(dvti_comp *c, dvt_node_id id, const dvt_node *n);
dvt_status dvti_lower_concat(dvti_comp *c, dvt_node_id id, const dvt_node *n);

#endif
