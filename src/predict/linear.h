/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linear.h - predictors that are sums: MACs, parameters, costs of operations, ridge on counts.
 */
#ifndef DVTI_LINEAR_H
#define DVTI_LINEAR_H

#include "predict/features.h"

enum { DVTI_LINEAR_MAX = 4096 };

/* value = coefficient[0] + sum_c coefficient[1 + c] * column c of the model's terms. */
typedef struct dvti_linear {
    dvt_ctx          *ctx;
    dvt_predict_model model;
    dvti_features     features;
    int32_t           count;       /* coefficients */
    double           *coefficient; /* (count) */
} dvti_linear;

/* How many coefficients a model has on networks of a kind. */
int32_t dvti_linear_count(dvt_predict_model model, dvt_nets_kind kind);
/* y (n): COST in the values' unit, fitted in relative error; RANK on the target's scale. */
dvt_status dvti_linear_fit(dvt_ctx *ctx, dvt_predict_model model, dvt_predict_goal goal,
                           const dvt_nets *nets, const int64_t *index, int64_t n, const double *y,
                           dvti_linear *out);
void       dvti_linear_deinit(dvti_linear *l);
dvt_status dvti_linear_run(dvt_ctx *ctx, const dvti_linear *l, const dvt_nets *nets,
                           const int64_t *index, int64_t n, double *out);

#endif
