/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto.h - exact Pareto frontiers of networks x accelerators, and measures of frontiers.
 *
 * Accuracy is maximised, latency and area are minimised; all three are integers (pareto decides no
 * comparison by rounding). docs/pareto.md states the definitions and the proof of the pruning.
 * Ties       A frontier is a set of distinct vectors. Pairs with the same vector are one point: it
 *            names the pair with the lowest network, then the lowest accelerator, and their number.
 * Threads    those of the context; the result does not depend on their number.
 */
#ifndef DOVETAIL_PARETO_H
#define DOVETAIL_PARETO_H

#include "dovetail/accelerator.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dvt_pareto_point {
    uint64_t accuracy; /* as given */
    int64_t  latency;  /* ticks of 1/3 ns, a pass of two images */
    int64_t  area_um2;
    int64_t  network; /* index of the cell */
    int32_t  accelerator;
    int64_t  pairs; /* that have exactly this vector */
} dvt_pareto_point;

typedef struct dvt_pareto_opts {
    const int32_t *accelerators; /* indices, ascending; NULL = all 8,640 */
    int32_t        accelerator_count;
    /* limits, inclusive; 0 = none */
    uint64_t accuracy_min;
    int64_t  latency_max, area_max_um2;
} dvt_pareto_opts;

typedef struct dvt_pareto_front {
    dvt_pareto_point *points; /* by falling accuracy, then rising area */
    int64_t           count;
    int64_t           networks, accelerators; /* different ones among the points */
    int64_t           pairs;                  /* that the frontier is of */
    int64_t           accelerators_kept;      /* that no other accelerator makes needless */
    int64_t           evaluated;              /* pairs whose latency was computed */
} dvt_pareto_front;

/* The frontier over all cells x accelerators. cells, accuracy: (count); cells must be valid. NULL
 * opts = everything. E_USAGE for no cells or accelerators, E_NOMEM, E_CANCELLED. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pareto_nb101(dvt_ctx *ctx, const dvt_nb101_cell *cells,
                                                   const uint64_t *accuracy, int64_t count,
                                                   const dvt_pareto_opts *opts,
                                                   dvt_pareto_front      *out);
DVT_API void                      dvt_pareto_front_deinit(dvt_ctx *ctx, dvt_pareto_front *front);

/* ---- measures of sets of points ------------------------------------------------------------ */

/* Here every objective is minimised. points: (count, objectives), reference: (reference_count,
 * objectives); dominated and equal points are allowed. E_NUMERIC for what is not finite, E_USAGE
 * for numbers of objectives or points that have no measure. */

/* The volume that at least one point dominates, below `ref` (objectives); 2 or 3 objectives. Points
 * that are not below `ref` in all of them add nothing. */
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

#ifdef __cplusplus
}
#endif
#endif
