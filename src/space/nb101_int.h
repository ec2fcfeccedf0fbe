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

/* Ids of operation shapes; each run goes by stack, then width: nb101_ops.c. */
enum {
    DVTI_NB101_WIDTHS = 5, /* of a vertex: C, C/2, C/3 up, C/3 down, C/4 */
    DVTI_NB101_CONV3X3_AT = 0,
    DVTI_NB101_MAXPOOL_AT = 15,
    DVTI_NB101_ADD_AT = 30,
    DVTI_NB101_KEEP_1X1_AT = 45,
    DVTI_NB101_FROM_C_AT = 60,
    DVTI_NB101_FROM_HALF_AT = 72,
    DVTI_NB101_FIXED_AT = 80,
    DVTI_NB101_STEM = DVTI_NB101_FIXED_AT,
    DVTI_NB101_DOWN = DVTI_NB101_FIXED_AT + 1, /* two of them, before stacks 1 and 2 */
    DVTI_NB101_GLOBAL = DVTI_NB101_FIXED_AT + 3,
    DVTI_NB101_HEAD = DVTI_NB101_FIXED_AT + 4
};

/* The width of a vertex with `part` of a cell's `channels`, and the 1x1 convolution of a cell in
 * `stack` from C or C/2 to it. */
int32_t dvti_nb101_width_of(int32_t channels, int32_t part);
int32_t dvti_nb101_projection(int32_t stack, bool from_half, int32_t width);

/* Channels of the vertices of a valid cell whose output has `channels`; vertex 0 is not set. */
void dvti_nb101_vertex_channels(const dvt_nb101_cell *c, int32_t channels,
                                int32_t out[DVT_NB101_MAX_VERTICES]);

#endif
