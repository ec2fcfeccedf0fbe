/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nonneg.h - least squares whose coefficients are not negative, as costs are.
 */
#ifndef DVTI_NONNEG_H
#define DVTI_NONNEG_H

#include "dovetail/predict.h"

/* Minimises sum_i (weight_i (a_i.w - b_i))^2 over w >= 0. a (n, columns), weight (n) or NULL = 1,
 * w (columns) out. E_NOMEM. */
dvt_status dvti_nonneg(dvt_ctx *ctx, const double *a, const double *b, const double *weight,
                       int64_t n, int32_t columns, double *w);
/* The same with sample weights that fall with the residual: what is off by more than about 1.5
 * median residuals counts little (Cauchy's weights, iterated). */
dvt_status dvti_nonneg_robust(dvt_ctx *ctx, const double *a, const double *b, int64_t n,
                              int32_t columns, double *w);

#endif
