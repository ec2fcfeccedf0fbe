/* SPDX-License-Identifier: Apache-2.0 */
/*
 * region.h - an arena that is taken back every pass and then does not allocate again.
 *
 * A dvt_arena clears what it hands out and gives large pieces back at a reset; a tape overwrites
 * everything and asks for the same sizes again. This one hands out memory as it is, and
 * dvti_region_reset() joins its blocks into one that held the largest pass so far.
 * Built with DVT_ARENA_DEBUG each piece is a block of its own, so that sanitizers see overruns.
 */
#ifndef DVTI_LEARN_REGION_H
#define DVTI_LEARN_REGION_H

#include "dovetail/base.h"

typedef struct dvti_region_block dvti_region_block;

typedef struct dvti_region {
    dvt_ctx         *ctx;
    dvti_region_block *head;
    size_t           used, largest; /* bytes of this pass, of the largest */
} dvti_region;

/* DVT_ALIGN-aligned, not zeroed; NULL raises DVT_E_NOMEM. */
void  *dvti_region_alloc(dvti_region *m, size_t bytes);
void   dvti_region_reset(dvti_region *m);
void   dvti_region_free(dvti_region *m);
size_t dvti_region_bytes(const dvti_region *m); /* of its blocks */

#endif
