/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb101_int.h - what the files about NAS-Bench-101 share: edges as masks, channels of a cell.
 */
#ifndef DVTI_NB101_INT_H
#define DVTI_NB101_INT_H

#include "dovetail/space.h"

/* The network around the cell: docs/space.md. */
enum {
    DVTI_NB101_STACKS = 3,
    DVTI_NB101_CELLS = 3, /* a stack */
    DVTI_NB101_STEM_CHANNELS = 128,
    DVTI_NB101_IMAGE_CHANNELS = 3,
    DVTI_NB101_IMAGE_SIZE = 32,
    DVTI_NB101_CLASSES = 10
};

/* Channels at the output of a cell, and size of its images. */
static inline int32_t dvti_nb101_channels(int32_t stack)
{
    return DVTI_NB101_STEM_CHANNELS << stack;
}
static inline int32_t dvti_nb101_size(int32_t stack) { return DVTI_NB101_IMAGE_SIZE >> stack; }

/* The bit of edge x -> y, x < y. */
static inline uint32_t dvti_nb101_bit(int x, int y) { return 1u << (x + y * (y - 1) / 2); }

/* Bit x of the result: edge x -> y. */
static inline uint32_t dvti_nb101_sources(uint32_t adj_bits, int y)
{
    return adj_bits >> (y * (y - 1) / 2) & ((1u << y) - 1);
}

/* Channels of the vertices of a valid cell whose output has `channels`; vertex 0 is not set. */
void dvti_nb101_vertex_channels(const dvt_nb101_cell *c, int32_t channels,
                                int32_t out[DVT_NB101_MAX_VERTICES]);

#endif
