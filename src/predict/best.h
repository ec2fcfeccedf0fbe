/* SPDX-License-Identifier: Apache-2.0 */
/*
 * best.h - the predictor with the highest figures: Gaussian processes on views of the graph.
 */
#ifndef DVTI_BEST_H
#define DVTI_BEST_H

#include "predict/gp.h"
#include "predict/schedule.h"
#include "predict/target.h"
#include "predict/noise_window.h"

enum { DVTI_BEST_VIEWS = 3 };

typedef struct dvti_best {
    dvti_features features;
    bool          scheduled; /* rows have the columns of a schedule: goal COST */
    dvti_schedule schedule;
    int32_t       stride; /* columns of a row */
    dvti_gp       gp[DVTI_BEST_VIEWS];
    dvti_window   window; /* of COST */
} dvti_best;

/* y (n): values on the target's scale of networks index[0..n); value (n): in their unit. */
dvt_status dvti_best_fit(dvt_ctx *ctx, const dvt_nets *nets, const int64_t *index, int64_t n,
                         const double *value, const double *y, dvt_predict_goal goal,
                         dvti_best *out);
void       dvti_best_deinit(dvti_best *b);
/* out (n): on the target's scale. */
dvt_status dvti_best_run(dvt_ctx *ctx, const dvti_best *b, const dvt_nets *nets,
                         const int64_t *index, int64_t n, double *out);

#endif
