/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cell_program.h - a network of equal cells as the program of one cell, timed on an accelerator.
 */
#ifndef DVTI_CELL_PROGRAM_H
#define DVTI_CELL_PROGRAM_H

#include "dovetail/accelerator.h"

/* A network has cells of a few kinds; only the shapes of their operations differ. */
enum {
    DVTI_PROGRAM_KINDS = 5,
    DVTI_PROGRAM_OPS = 14,   /* of a cell: NAS-Bench-101 has 5 vertices, and for each of 9 edges a
                              * projection, an addition or nothing; NAS-Bench-201 6 and 3 */
    DVTI_PROGRAM_SHAPES = 88 /* of a family, rounded up to whole words */
};

/* The operations of one cell in order of issue. */
typedef struct dvti_program {
    int32_t  count;
    uint8_t  unit[DVTI_PROGRAM_OPS];  /* dvt_unit with two convolution engines */
    uint32_t reads[DVTI_PROGRAM_OPS]; /* bit i: operation i of this cell */
    uint8_t  shape[DVTI_PROGRAM_OPS][DVTI_PROGRAM_KINDS];
} dvti_program;

/* A space of networks around cells. */
typedef struct dvti_family {
    const char *name;
    int32_t     shapes, kinds;
    uint8_t     times[DVTI_PROGRAM_KINDS]; /* how many cells there are of each kind */
    dvt_work (*work)(int32_t shape);
    /* Time of all that is not in cells. ticks: (shapes); two: convolution engines. */
    int64_t (*fixed)(const uint32_t *ticks, bool two);
} dvti_family;

extern const dvti_family dvti_family_nb101, dvti_family_nb201;

/* `cell` valid and in canonical form. */
void dvti_program_nb101(const dvt_nb101_cell *cell, dvti_program *out);
/* The same for isomorphic cells; without operations if no path leads to the output. */
void dvti_program_nb201(const dvt_nb201_cell *cell, dvti_program *out);

/* The unit of a shape when there are two convolution engines. */
uint8_t dvti_program_unit(const dvt_work *work);
/* How often each shape occurs. */
void dvti_program_signature(const dvti_program *p, uint8_t out[DVTI_PROGRAM_SHAPES]);
/* Time of one cell of a kind. */
int64_t dvti_program_cell(const dvti_program *p, const uint32_t *ticks, bool two, int32_t kind);
/* The least that any schedule gives (chaidnn_optimal.c). */
int64_t dvti_program_cell_least(const dvti_program *p, const uint32_t *ticks, bool two,
                                int32_t kind);
/* Time of all cells. */
int64_t dvti_program_cells(const dvti_family *f, const dvti_program *p, const uint32_t *ticks,
                           bool two);

#endif
