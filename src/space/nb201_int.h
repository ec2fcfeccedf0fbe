/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb201_int.h - what the files about NAS-Bench-201 share: edges, and the network around a cell.
 */
#ifndef DVTI_NB201_INT_H
#define DVTI_NB201_INT_H

#include "dovetail/space.h"

enum {
    DVTI_NB201_NODES = 4,
    DVTI_NB201_STAGES = 3,
    DVTI_NB201_CELLS = 5, /* a stage */
    DVTI_NB201_FIRST_CHANNELS = 16,
    DVTI_NB201_IMAGE_CHANNELS = 3,
    DVTI_NB201_IMAGE_SIZE = 32,
    DVTI_NB201_CLASSES = 10
};

static inline int32_t dvti_nb201_channels(int stage) { return DVTI_NB201_FIRST_CHANNELS << stage; }

/* The operation on edge x -> y, x < y. */
static inline int dvti_nb201_op(const dvt_nb201_cell *c, int x, int y)
{
    return c->op[x + y * (y - 1) / 2];
}

/* Mask of the nodes on a path without `none` from node 0 to node 3; 0 if there is none. */
uint32_t dvti_nb201_live(const dvt_nb201_cell *c);

#endif
