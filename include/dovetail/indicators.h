/* SPDX-License-Identifier: Apache-2.0 */
/*
 * indicators.h - measures of sets of points, non-dominated sorting, attainment of sets of runs.
 *
 * Here every objective is minimised. points: (count, objectives), row-major; dominated and equal
 * points are allowed. E_NUMERIC for what is not finite, E_USAGE for numbers of objectives or points
 * that have no measure.
 * Threads    one; the result depends on nothing else.
 */
#ifndef DOVETAIL_INDICATORS_H
#define DOVETAIL_INDICATORS_H

#include "dovetail/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DVT_HYPERVOLUME_MAX_OBJECTIVES = 10 };

/* The volume that at least one point dominates, below `ref` (objectives), of 1 to 10 objectives:
 * exact but for the rounding of sums. Points not below `ref` in all of them add nothing. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pareto_hypervolume(dvt_ctx *ctx, const double *points,
                                                         int64_t count, int32_t objectives,
                                                         const double *ref, double *out);
/* Mean over the reference of the distance to the nearest point, in what the point is worse in. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pareto_igd_plus(dvt_ctx *ctx, const double *points,
                                                      int64_t count, const double *reference,
                                                      int64_t reference_count, int32_t objectives,
                                                      double *out);
/* Additive epsilon: by how much all points must fall to reach every reference point. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pareto_epsilon(dvt_ctx *ctx, const double *points,
                                                     int64_t count, const double *reference,
                                                     int64_t reference_count, int32_t objectives,
                                                     double *out);

/* The front of each point: 0 = dominated by none, 1 = by none but those of front 0, ... Equal
 * points share a front. front: (count). *fronts (may be NULL): how many there are. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pareto_sort(dvt_ctx *ctx, const double *points, int64_t count,
                                                  int32_t objectives, int32_t *front,
                                                  int32_t *fronts);

/* The empirical attainment surface of 2 objectives: the minimal points that at least `level` of the
 * runs attain (have a point that is as good in both). points: all runs' points one run after the
 * other, run_count (runs): how many each has. *out: (*out_count, 2) by rising first objective,
 * freed by the caller with dvt_free. level in 1..runs: 1 = the best of all runs, runs = what every
 * run attains, (runs + 1) / 2 = the median. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pareto_attainment(dvt_ctx *ctx, const double *points,
                                                        const int64_t *run_count, int32_t runs,
                                                        int32_t level, double **out,
                                                        int64_t *out_count);
/* The share of runs that attain `point` (objectives), for any number of objectives. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pareto_attained(dvt_ctx *ctx, const double *points,
                                                      const int64_t *run_count, int32_t runs,
                                                      int32_t objectives, const double *point,
                                                      double *out);

#ifdef __cplusplus
}
#endif
#endif
