/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vector_forest.h - a growing set of integer vectors that is asked "is one of you nowhere larger?".
 */
#ifndef DVTI_VECTOR_FOREST_H
#define DVTI_VECTOR_FOREST_H

#include "dovetail/base.h"

enum { DVTI_FOREST_BUFFER = 64, DVTI_FOREST_LEVELS = 32, DVTI_FOREST_VALUES = 4 };

typedef struct dvti_forest_tree {
    int64_t *vectors; /* (64 << level, k); NULL = there is no tree of this level */
    int64_t *low;     /* (2 x leaves, k): least values below a node; 1 is the root */
} dvti_forest_tree;

/* A zeroed one with ctx and k (1..4) set is empty. */
typedef struct dvti_forest {
    dvt_ctx         *ctx;
    int32_t          k, waiting;
    int64_t          buffer[DVTI_FOREST_BUFFER * DVTI_FOREST_VALUES]; /* (waiting, k) */
    dvti_forest_tree level[DVTI_FOREST_LEVELS];
} dvti_forest;

void       dvti_forest_reset(dvti_forest *f);                       /* empties it, frees all */
dvt_status dvti_forest_add(dvti_forest *f, const int64_t *v);       /* v: (k); E_NOMEM */
bool       dvti_forest_has(const dvti_forest *f, const int64_t *v); /* one <= v in every value */

#endif
