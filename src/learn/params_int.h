/* SPDX-License-Identifier: Apache-2.0 */
/*
 * params_int.h - a set of parameters as the files of `learn` see it.
 *
 * Invariants (1) values and gradients are two blocks of `elements` floats; parameter i has the
 *                `count` elements from `at` in both;
 *            (2) a gradient that is `fresh` counts as zero, whatever lies in memory: the first
 *                write replaces it. dvti_params_settle() makes it true for those never written.
 */
#ifndef DVTI_LEARN_PARAMS_INT_H
#define DVTI_LEARN_PARAMS_INT_H

#include "dovetail/learn.h"

typedef struct dvti_param {
    char     *name; /* in the set's arena */
    dvt_shape shape;
    int64_t   at, count; /* floats from the start of the blocks */
    dvt_init  init;
    bool      state, frozen, fresh;
    double    rate_scale, decay_scale;
} dvti_param;

struct dvt_params {
    dvt_ctx    *ctx;
    dvt_arena  *arena; /* names */
    uint64_t    seed;
    dvti_param *items; /* (capacity) */
    int32_t     count, capacity;
    int64_t     elements, room; /* room: floats that the blocks hold */
    float      *values, *grads;
};

enum { DVTI_PARAM_ALIGN = DVT_ALIGN / sizeof(float) }; /* parameters start at aligned places */

void dvti_params_settle(dvt_params *params);
void dvti_init_fill(const dvti_param *p, uint64_t seed, int32_t index, float *value);

#endif
