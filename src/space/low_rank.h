/* SPDX-License-Identifier: Apache-2.0 */
/*
 * low_rank.h - networks with matrices replaced by products of two thinner ones.
 */
#ifndef DVTI_LOW_RANK_H
#define DVTI_LOW_RANK_H

#include "dovetail/space.h"

/* The matrix of a node (results x what each of them sums up), if it has one that can be factored.
 * Its name is the weight's, borrowed. */
bool dvti_low_rank_matrix(const dvt_graph *g, dvt_node_id n, dvt_rank_matrix *out);

/* A copy of g in which each node i of the list with ranks[i] > 0 is two nodes of that rank.
 * Weights with data become the best approximation (truncated singular value decomposition, the
 * singular values shared equally); weights without data stay so. nodes, ranks: (count). */
DVT_MUST_CHECK dvt_status dvti_low_rank_graph(const dvt_graph *g, const dvt_node_id *nodes,
                                              const int64_t *ranks, int32_t count, dvt_graph **out);

/* a (rows, columns) = u (rows, rank) v (rank, columns), as near as any product of that rank in the
 * sum of squares. rank <= rows, columns. The same bits on any machine and number of threads. */
DVT_MUST_CHECK dvt_status dvti_factor(dvt_ctx *ctx, const float *a, int64_t rows, int64_t columns,
                                      int64_t rank, float *u, float *v);

#endif
