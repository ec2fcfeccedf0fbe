/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frontier.h - a frontier to keep: with names, as a file, and asked for its best point in a moment.
 *
 * A dvt_frontier is made once from a search (or read from a file) and never changes. It holds the
 * points, what they are called, and an index; a question visits a few of its nodes.
 * Threads    after it is made everything only reads: any number of threads may ask at once.
 * What a question finds is a point of the frontier. With limits from the good side of objectives
 * that is the best of all pairs; with others there may be a better pair that is on no frontier.
 * Example
 *     dvt_frontier_query q = dvt_frontier_query_make(f, 0);      the best first objective
 *     st = dvt_frontier_where(ctx, f, "latency<100ms,area<=150mm2", &q);
 *     int64_t i = st ? -1 : dvt_frontier_best(f, &q);
 *     if (i >= 0) puts(dvt_frontier_network(f, i));
 */
#ifndef DOVETAIL_FRONTIER_H
#define DOVETAIL_FRONTIER_H

#include "dovetail/pareto.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dvt_frontier dvt_frontier;

/* ---- making -------------------------------------------------------------------------------- */

/* Copies all that is needed of the problem and its front. E_NOMEM, E_CAPACITY above 2^31 - 1 points
 * or for names that are too long for a file. */
DVT_API DVT_MUST_CHECK dvt_status dvt_frontier_create(dvt_ctx *ctx, const dvt_pareto_problem *p,
                                                      const dvt_pareto_front *front,
                                                      dvt_frontier          **out);
DVT_API void                      dvt_frontier_destroy(dvt_frontier *f);
/* docs/formats/frontier.md has the form. E_IO. */
DVT_API DVT_MUST_CHECK dvt_status dvt_frontier_save(dvt_ctx *ctx, const dvt_frontier *f,
                                                    const char *path);
/* E_PARSE with the offset: not such a file, another version, cut or changed; E_IO. */
DVT_API DVT_MUST_CHECK dvt_status dvt_frontier_load(dvt_ctx *ctx, const char *path,
                                                    dvt_frontier **out);

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct dvt_frontier_about {
    const char *networks, *accelerators; /* names of the sides */
    int64_t     points, pairs;
    int64_t     different_networks, different_accelerators; /* among the points */
    int64_t     accelerators_kept, computed;
    int32_t     objectives, facts; /* facts: numbers that describe an accelerator */
} dvt_frontier_about;

/* Texts and points are borrowed; indices in range. */
DVT_API dvt_frontier_about dvt_frontier_about_of(const dvt_frontier *f);
DVT_API const dvt_metric  *dvt_frontier_objective(const dvt_frontier *f, int32_t k);
DVT_API int32_t            dvt_frontier_find(const dvt_frontier *f, const char *name); /* or -1 */
DVT_API const dvt_pareto_point *dvt_frontier_point(const dvt_frontier *f, int64_t i);
DVT_API const char             *dvt_frontier_network(const dvt_frontier *f, int64_t i);
DVT_API const char             *dvt_frontier_fact_name(const dvt_frontier *f, int32_t k);
DVT_API int64_t                 dvt_frontier_fact(const dvt_frontier *f, int64_t i, int32_t k);

/* ---- questions ----------------------------------------------------------------------------- */

/* least <= value <= most in every objective, in the metrics' integers. */
typedef struct dvt_frontier_query {
    int64_t least[DVT_PARETO_MAX_OBJECTIVES], most[DVT_PARETO_MAX_OBJECTIVES];
    int32_t best; /* objective */
} dvt_frontier_query;

/* Without limits. */
DVT_API dvt_frontier_query dvt_frontier_query_make(const dvt_frontier *f, int32_t best);
/* Narrows the limits; text as in dvt_pareto_where(), of the frontier's objectives. */
DVT_API DVT_MUST_CHECK dvt_status dvt_frontier_where(dvt_ctx *ctx, const dvt_frontier *f,
                                                     const char *text, dvt_frontier_query *q);
/* The point within the limits whose objective `best` is best; of several the first in the
 * frontier's order. -1: none is within. */
DVT_API int64_t dvt_frontier_best(const dvt_frontier *f, const dvt_frontier_query *q);

#ifdef __cplusplus
}
#endif
#endif
