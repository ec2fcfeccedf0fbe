/* SPDX-License-Identifier: Apache-2.0 */
/*
 * noise_window.c - shifts predictions to where a window of x % covers most of the noise.
 *
 * Idea       The share of values within x % of a prediction is greatest where the window's two ends
 *            have equal density, which for a skewed noise is not its median. Noise differs between
 *            short and long latencies, so the shift is found at knots spread over the predictions,
 *            from residuals weighted by nearness, a part of which is the same for all samples.
 * Objective  0.1 (within 1 %) + 0.5 (within 5 %) + 3 (within 10 %), with logistic edges instead of
 *            steps: the first term decides where the others are flat.
 * Tests      tests/unit/test_transfer.c
 */
#include "predict/noise_window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 40 };      /* shifts to either side .. */
#define STEP       0.0025 /* .. of this */
#define EVERYWHERE 1.0

static double soft(double x, double part)
{
    return 1 / (1 + exp((x - part) / (part / 10 + 0.002)));
}

static double gain(double x)
{
    const double off = fabs(exp(x) - 1);

    return 0.1 * soft(off, 0.01) + 0.5 * soft(off, 0.05) + 3 * soft(off, 0.10);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The best shift for samples near `at`; of equal ones the smallest. */
static double best_shift(const double *predicted, const double *y, int64_t n, double at,
                         double width)
{
    double best = -1, found = 0;

    for (int i = 0; i <= 2 * STEPS; i++) { /* 0, 1, -1, 2, -2 .. */
        const double shift = STEP * ((i + 1) / 2) * (i % 2 ? 1 : -1);
        double       sum = 0;
        for (int64_t k = 0; k < n; k++) {
            const double d = (predicted[k] - at) / width;
            sum += (EVERYWHERE + exp(-0.5 * d * d)) * gain(predicted[k] + shift - y[k]);
        }
        if (sum > best * (1 + 1e-9)) {
            best = sum;
            found = shift;
        }
    }
    return found;
}

dvt_status dvti_window_fit(dvt_ctx *ctx, const double *predicted, const double *y, int64_t n,
                           dvti_window *out)
{
    double *sorted = dvt_alloc(ctx, (size_t)n * sizeof *sorted);

    *out = (dvti_window){{0}, {0}};
    if (!sorted) {
        return DVT_E_NOMEM;
    }
    memcpy(sorted, predicted, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    const double width = 0.25 * (sorted[n - 1 - n / 10] - sorted[n / 10]) + 1e-9;
    for (int k = 0; k < DVTI_WINDOW_KNOTS; k++) {
        out->at[k] = sorted[(2 * k + 1) * n / (2 * DVTI_WINDOW_KNOTS)];
        out->by[k] = best_shift(predicted, y, n, out->at[k], width);
    }
    dvt_free(ctx, sorted);
    return DVT_OK;
}

double dvti_window_apply(const dvti_window *w, double predicted)
{
    int k = 0;

    while (k + 1 < DVTI_WINDOW_KNOTS && w->at[k + 1] < predicted) {
        k++;
    }
    if (k + 1 == DVTI_WINDOW_KNOTS || predicted <= w->at[0]) {
        return predicted + w->by[k];
    }
    const double part = (predicted - w->at[k]) / fmax(w->at[k + 1] - w->at[k], 1e-12);
    return predicted + w->by[k] + part * (w->by[k + 1] - w->by[k]);
}
