/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto.h - exact Pareto frontiers of networks x accelerators, and questions to them.
 *
 * A problem is two sides and a cost (pairs.h), a list of 2 to 4 objectives among all their metrics,
 * and limits on any metrics. Its frontier are the value vectors of feasible pairs that no other
 * feasible pair's vector equals or betters in all objectives and betters in one. All comparisons
 * are of integers. docs/pareto.md has definitions and the proof of the pruning.
 * Feasible   a pair that satisfies all limits. Limits on objectives from their good side (at most,
 *            for what is minimised) therefore cut the frontier, all others may change it.
 * Ties       A frontier is a set of distinct vectors. Pairs with the same vector are one point: it
 *            names the pair with the lowest network, then the lowest accelerator, and their number.
 * Threads    those of the context; the result does not depend on their number.
 * Example
 *     dvt_pareto_problem p = {.networks = &cells, .accelerators = &engines, .cost = &latency};
 *     st = dvt_pareto_objectives(ctx, &p, "accuracy,latency,area");
 *     if (!st) st = dvt_pareto_where(ctx, &p, "latency<100ms,area<=150mm2");
 *     if (!st) st = dvt_pareto_find(ctx, &p, NULL, &front);
 *     ... front.points[0 .. front.count) ...
 *     dvt_pareto_front_deinit(ctx, &front);
 */
#ifndef DOVETAIL_PARETO_H
#define DOVETAIL_PARETO_H

#include "dovetail/indicators.h"
#include "dovetail/pairs.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DVT_PARETO_MIN_OBJECTIVES = 2,
    DVT_PARETO_MAX_OBJECTIVES = 4,
    DVT_PARETO_MAX_LIMITS = 2 * DVT_SIDE_METRICS + DVT_PAIR_METRICS
};

/* ---- problems ------------------------------------------------------------------------------ */

typedef enum dvt_pareto_part {
    DVT_PARETO_NETWORK,
    DVT_PARETO_ACCELERATOR,
    DVT_PARETO_PAIR
} dvt_pareto_part;

typedef struct dvt_pareto_metric {
    dvt_pareto_part part;
    int32_t         index; /* among the part's metrics */
} dvt_pareto_metric;

/* least <= value <= most, in the metric's integers. */
typedef struct dvt_pareto_limit {
    dvt_pareto_metric metric;
    int64_t           least, most;
} dvt_pareto_limit;

typedef struct dvt_pareto_problem {
    dvt_side            *networks, *accelerators; /* borrowed; metrics that are needed are made */
    const dvt_pair_cost *cost;                    /* borrowed; NULL: there are no pair metrics */
    int32_t              objective_count, limit_count;
    dvt_pareto_metric    objective[DVT_PARETO_MAX_OBJECTIVES];
    dvt_pareto_limit     limit[DVT_PARETO_MAX_LIMITS];
} dvt_pareto_problem;

/* Sets the objectives to 2..4 different metrics, "accuracy,latency,area". E_USAGE: too few, too
 * many, twice the same; E_NOTFOUND with the nearest name. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pareto_objectives(dvt_ctx *ctx, dvt_pareto_problem *p,
                                                        const char *list);
/* Adds limits: comparisons NAME OP NUMBER[UNIT] with a comma between, OP one of < <= > >= =. Each
 * narrows what the problem has so far. E_USAGE with the column: malformed, a unit of another
 * quantity, or limits that no value satisfies; E_NOTFOUND with the nearest name. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pareto_where(dvt_ctx *ctx, dvt_pareto_problem *p,
                                                   const char *text);

/* ---- frontiers ----------------------------------------------------------------------------- */

typedef struct dvt_pareto_point {
    int64_t value[DVT_PARETO_MAX_OBJECTIVES]; /* as the metrics have them, in the list's order */
    int64_t network;
    int32_t accelerator;
    int64_t pairs; /* that have exactly this vector */
} dvt_pareto_point;

typedef struct dvt_pareto_front {
    dvt_pareto_point *points; /* best first by the first objective, then by the second, ... */
    int64_t           count;
    int64_t           networks, accelerators; /* different ones among the points */
    int64_t           pairs;                  /* networks x accelerators that the frontier is of */
    int64_t           accelerators_kept;      /* that no other accelerator makes needless */
    int64_t           computed;               /* pairs whose cost was computed to find it */
} dvt_pareto_front;

typedef struct dvt_pareto_opts {
    /* Members of the side that the problem is of, ascending; NULL = all. */
    const int32_t *accelerators;
    int32_t        accelerator_count;
    /* A file that the search writes now and then; where it exists the search goes on from it. It is
     * removed when the frontier is complete. NULL = none. */
    const char *checkpoint;
    int64_t     checkpoint_every; /* networks and costs from one to the next; 0 = 2^20, or 2^12 of
                                   * slow costs */
} dvt_pareto_opts;

/* NULL opts = everything. E_USAGE for no networks, accelerators or objectives, and for a checkpoint
 * of another problem; E_PARSE for one that is damaged; E_NOTFOUND if a network that the limits do
 * not rule out lacks a metric; E_NOMEM, E_CANCELLED, E_IO. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pareto_find(dvt_ctx *ctx, const dvt_pareto_problem *p,
                                                  const dvt_pareto_opts *opts,
                                                  dvt_pareto_front      *out);
DVT_API void                      dvt_pareto_front_deinit(dvt_ctx *ctx, dvt_pareto_front *front);

/* The metric behind a reference. */
DVT_API const dvt_metric *dvt_pareto_metric_of(const dvt_pareto_problem *p, dvt_pareto_metric m);

#ifdef __cplusplus
}
#endif
#endif
