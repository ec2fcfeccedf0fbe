/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memplan_int.h - addresses in one block for things that are needed for a while.
 *
 * Example   an item of 100 bytes written in step 2 and last read in step 5:
 *           {.bytes = 100, .first = 2, .last = 5}; after dvti_memplan its `offset` is set.
 */
#ifndef DVTI_GRAPH_MEMPLAN_INT_H
#define DVTI_GRAPH_MEMPLAN_INT_H

#include "dovetail/base.h"

typedef struct dvti_mem_item {
    size_t  bytes;
    int32_t first, last; /* steps, both inclusive, first <= last */
    size_t  offset;      /* result: a multiple of DVT_ALIGN; 0 for an empty item */
} dvti_mem_item;

typedef struct dvti_mem_plan {
    size_t bytes; /* of the block */
    size_t bound; /* largest sum of sizes alive in one step: no plan can be smaller */
} dvti_mem_plan;

/* Sets the offsets of items (count). E_NOMEM, also for sums beyond size_t. */
dvt_status dvti_memplan(dvt_ctx *ctx, dvti_mem_item *items, int32_t count, dvti_mem_plan *out);

#endif
