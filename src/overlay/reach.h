/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach.h - which addresses a loop nest touches, when some turns are masked by coordinates.
 *
 * A turn with counters i touches base + sum i_l a_l if its row h0 + sum i_l h_l lies in
 * [h_min, h_max) and its column w0 + sum i_l w_l in [w_min, w_max). Lanes and blocks of a result
 * are levels like any other.
 */
#ifndef DVTI_REACH_H
#define DVTI_REACH_H

#include "dovetail/isa.h"

enum { DVTI_REACH_LEVELS = DVT_LOOPS + 3 };

typedef struct dvti_reach_level {
    int64_t n, a, h, w;
} dvti_reach_level;

typedef struct dvti_reach {
    int64_t          base, h0, w0, h_min, h_max, w_min, w_max;
    dvti_reach_level level[DVTI_REACH_LEVELS];
    int              levels;
} dvti_reach;

/* min > max: nothing is touched. */
typedef struct dvti_range {
    int64_t min, max;
} dvti_range;

/* The lowest and the highest address touched, exactly. False: the nest is too irregular to be
 * worked out in bounded time (*out is then meaningless). Counts must be at least 1. */
bool dvti_reach_range(const dvti_reach *r, dvti_range *out);

dvti_range dvti_range_join(dvti_range a, dvti_range b);
bool       dvti_range_empty(dvti_range r);
bool       dvti_range_meet(dvti_range a, dvti_range b);

#endif
