/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frontier_int.h - a frontier as it stands in memory and in its file.
 */
#ifndef DVTI_FRONTIER_INT_H
#define DVTI_FRONTIER_INT_H

#include "dovetail/frontier.h"

enum {
    DVTI_FRONTIER_NAME = 32, /* bytes, with the NUL: names of metrics, units, facts, sides */
    DVTI_FRONTIER_LEAF = 8   /* most points of a leaf of the index */
};

/* The index: points in an order in which those of a leaf stand together; nodes as in a heap from 1,
 * leaves at [leaves, 2 leaves). Node i has the range of its points' keys. */
typedef struct dvti_index {
    int32_t  leaves; /* a power of two */
    int32_t *order;  /* (points) */
    int64_t *key;    /* (points, objectives) minimised, in that order */
    int64_t *low;    /* (2 leaves, objectives) */
    int64_t *high;
} dvti_index;

struct dvt_frontier {
    dvt_ctx           *ctx;
    dvt_arena         *arena; /* everything below */
    dvt_frontier_about about;
    dvt_metric         objective[DVT_PARETO_MAX_OBJECTIVES];
    const char        *fact_name[DVT_SPACE_MAX_FACTS];
    dvt_pareto_point  *points;
    int64_t           *facts; /* (points, facts) */
    char              *text;  /* all networks' names, each with its NUL */
    uint32_t          *name;  /* (points + 1) where they begin */
    dvti_index         index;
};

dvt_status dvti_frontier_new(dvt_ctx *ctx, dvt_frontier **out);
/* Memory for the index of so many points; leaves is set. */
dvt_status dvti_index_alloc(dvt_frontier *f);
void       dvti_index_build(dvt_frontier *f);
/* The points of a leaf: [*begin, *end) of the order. */
void dvti_index_leaf(const dvt_frontier *f, int32_t leaf, int64_t *begin, int64_t *end);
/* Sets the keys from points and order, and checks that low and high are theirs. */
bool dvti_index_check(dvt_frontier *f);
/* The same answer as dvt_frontier_best(), by looking at every point. */
int64_t dvti_frontier_scan(const dvt_frontier *f, const dvt_frontier_query *q);

#endif
