/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare.h - an order of networks from what a relation says of two of them.
 */
#ifndef DVTI_COMPARE_H
#define DVTI_COMPARE_H

#include "predict/gcn.h"

/* head (n, columns of the head). out (n): places from the lowest on, as parts of n in (0, 1).
 * VALUE and SCORE sort by their number; RELATION by a merge sort that asks the relation, as
 * published: it need not be transitive, so the order depends on the sort, which is fixed. */
dvt_status dvti_compare_order(dvt_ctx *ctx, dvti_head kind, const float *head, int64_t n,
                              double *out);

#endif
