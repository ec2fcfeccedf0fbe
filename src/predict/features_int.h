/* SPDX-License-Identifier: Apache-2.0 */
/*
 * features_int.h - what the files that fill a row of features share.
 */
#ifndef DVTI_FEATURES_INT_H
#define DVTI_FEATURES_INT_H

#include "predict/features.h"

enum {
    DVTI_PLACES = 4,      /* distances from the ends that are told apart */
    DVTI_NODE_ARRAYS = 4, /* scratch: so many numbers a node */
    DVTI_NODE_COLUMNS = 7 /* of group `node` */
};

/* A row being filled. */
typedef struct dvti_view {
    const dvti_features *f;
    const dvt_net       *net;
    float               *out;
    double              *a[DVTI_NODE_ARRAYS]; /* (nodes) each */
} dvti_view;

static inline float *dvti_columns(const dvti_view *v, dvti_group g)
{
    return v->out + v->f->first[g];
}

/* Groups `choice` and `node`. */
void dvti_nb201_features(const dvti_view *v);
/* Pools of a cell whose sources are equal, so that all but the first can be left out. */
int32_t dvti_nb201_equal_pools(const uint8_t op[DVT_NB201_EDGES]);

#endif
