/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_int.h - the parts of the frontier search: programs of cells, accelerators that matter.
 */
#ifndef DVTI_PARETO_INT_H
#define DVTI_PARETO_INT_H

#include "dovetail/pareto.h"

/* A network's nine cells are of five kinds: those of the first stack, and in the other stacks the
 * first one and the rest. Only the shapes of their operations differ. */
enum {
    DVTI_CELL_KINDS = 5,
    DVTI_PROGRAM_OPS = 20, /* (192 - 5) / 9 */
    DVTI_SIGNATURE = 88    /* bytes: how often each shape occurs */
};

/* The operations of one cell in order of issue. */
typedef struct dvti_program {
    int32_t  count;
    uint8_t  unit[DVTI_PROGRAM_OPS];  /* dvt_unit with two convolution engines */
    uint32_t reads[DVTI_PROGRAM_OPS]; /* bit i: operation i of this cell */
    uint8_t  shape[DVTI_PROGRAM_OPS][DVTI_CELL_KINDS];
} dvti_program;

/* An accelerator as the search sees it. */
typedef struct dvti_engine {
    int32_t         accelerator; /* index in the space */
    bool            two;         /* convolution engines */
    int64_t         area;
    const uint32_t *ticks; /* (DVT_NB101_SHAPES) */
    int64_t         fixed; /* stem, pooling between stacks, global pooling, dense */
} dvti_engine;

/* `cell` in canonical form. signature may be NULL. */
void dvti_program_make(const dvt_nb101_cell *cell, dvti_program *out,
                       uint8_t signature[DVTI_SIGNATURE]);
/* Exactly dvt_chaidnn_nb101_latency(); at or above `stop` any value not below it. */
int64_t dvti_program_latency(const dvti_program *p, const dvti_engine *e, int64_t stop);
/* At most that, and the same for all programs of one signature. */
int64_t dvti_program_bound(const dvti_program *p, const dvti_engine *e);

void dvti_engine_make(int32_t accelerator, const uint32_t *ticks, dvti_engine *out);
/* Moves the engines that no other makes needless to the front, by rising area; returns their
 * number. `all` is sorted by area, then accelerator. */
int32_t dvti_engines_keep(dvti_engine *all, int32_t count);

#endif
