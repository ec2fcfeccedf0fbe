/* SPDX-License-Identifier: Apache-2.0 */
/*
 * noise_window.h - from the middle of a noise to the point that most values are near to.
 */
#ifndef DVTI_NOISE_WINDOW_H
#define DVTI_NOISE_WINDOW_H

#include "dovetail/predict.h"

enum { DVTI_WINDOW_KNOTS = 8 };

/* What is added to a predicted logarithm: linear between knots, constant beyond. */
typedef struct dvti_window {
    double at[DVTI_WINDOW_KNOTS]; /* ascending predictions */
    double by[DVTI_WINDOW_KNOTS];
} dvti_window;

/* predicted (n): of each sample from the others; y (n) measured; both logarithms. E_NOMEM. */
dvt_status dvti_window_fit(dvt_ctx *ctx, const double *predicted, const double *y, int64_t n,
                           dvti_window *out);
double     dvti_window_apply(const dvti_window *w, double predicted);

#endif
