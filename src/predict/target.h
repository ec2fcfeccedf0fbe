/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - between measured values and the scale that a model learns.
 *
 * COST       the logarithm, so that differences are relative errors.
 * RANK       the normal quantile of a value's rank among the training values, learned as at
 *            least -2.5 (a network that did not learn at all is as bad as the worst others); back
 *            by linear interpolation between training values.
 */
#ifndef DVTI_TARGET_H
#define DVTI_TARGET_H

#include "dovetail/predict.h"

typedef struct dvti_target {
    dvt_ctx         *ctx;
    dvt_predict_goal goal;
    int64_t          count;  /* RANK: different training values */
    double          *value;  /* (count) ascending */
    double          *normal; /* (count) ascending */
} dvti_target;

/* y (n) training values, checked: finite, and positive for COST (E_NUMERIC). */
dvt_status dvti_target_init(dvt_ctx *ctx, dvt_predict_goal goal, const double *y, int64_t n,
                            dvti_target *out);
void       dvti_target_deinit(dvti_target *t);
double     dvti_target_to(const dvti_target *t, double y);   /* to the model's scale */
double     dvti_target_from(const dvti_target *t, double z); /* and back */

#endif
