/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nonneg.c - non-negative least squares by coordinate descent on the normal equations.
 *
 * Idea       The problem is convex and separable but for the bounds, so minimising over one
 *            coefficient after the other converges to the minimum; with some ten columns scaled to
 *            unit length a few hundred rounds are exact to rounding and cost less than one pass
 *            over the samples.
 * Robust     weights 1 / (1 + (r / 1.5 m)^2), m the median absolute residual, twelve times.
 * Tests      tests/unit/test_nets.c
 */
#include "predict/nonneg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 2000, WEIGHINGS = 12 };

/* g = A'A with unit diagonal, h = A'b, scale: what the columns were multiplied by. */
static void normal_equations(const double *a, const double *b, const double *weight, int64_t n,
                             int32_t columns, double *g, double *h, double *scale)
{
    memset(g, 0, (size_t)columns * (size_t)columns * sizeof *g);
    memset(h, 0, (size_t)columns * sizeof *h);
    for (int64_t i = 0; i < n; i++) {
        const double *row = a + i * columns;
        const double  q = weight ? weight[i] * weight[i] : 1;
        for (int32_t c = 0; c < columns; c++) {
            h[c] += q * row[c] * b[i];
            for (int32_t d = 0; d <= c; d++) {
                g[c * columns + d] += q * row[c] * row[d];
            }
        }
    }
    for (int32_t c = 0; c < columns; c++) {
        const double length = sqrt(g[c * columns + c]);
        scale[c] = length > 0 ? 1 / length : 0;
    }
    for (int32_t c = 0; c < columns; c++) {
        h[c] *= scale[c];
        for (int32_t d = 0; d <= c; d++) {
            g[c * columns + d] *= scale[c] * scale[d];
            g[d * columns + c] = g[c * columns + d];
        }
    }
}

static void descend(const double *g, const double *h, int32_t columns, double *w)
{
    memset(w, 0, (size_t)columns * sizeof *w);
    for (int round = 0; round < ROUNDS; round++) {
        double moved = 0;
        for (int32_t c = 0; c < columns; c++) {
            double rest = h[c];
            for (int32_t d = 0; d < columns; d++) {
                rest -= d != c ? g[c * columns + d] * w[d] : 0;
            }
            const double to = g[c * columns + c] > 0 ? fmax(rest, 0) : 0;
            moved = fmax(moved, fabs(to - w[c]));
            w[c] = to;
        }
        if (moved < 1e-13) {
            break;
        }
    }
}

dvt_status dvti_nonneg(dvt_ctx *ctx, const double *a, const double *b, const double *weight,
                       int64_t n, int32_t columns, double *w)
{
    const size_t k = (size_t)columns;
    double      *g = dvt_alloc(ctx, (k * k + 2 * k) * sizeof *g);

    if (!g) {
        return DVT_E_NOMEM;
    }
    double *h = g + k * k, *scale = h + k;
    normal_equations(a, b, weight, n, columns, g, h, scale);
    descend(g, h, columns, w);
    for (int32_t c = 0; c < columns; c++) {
        w[c] *= scale[c];
    }
    dvt_free(ctx, g);
    return DVT_OK;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

dvt_status dvti_nonneg_robust(dvt_ctx *ctx, const double *a, const double *b, int64_t n,
                              int32_t columns, double *w)
{
    double    *weight = dvt_alloc(ctx, 3 * (size_t)n * sizeof *weight);
    dvt_status st = weight ? dvti_nonneg(ctx, a, b, NULL, n, columns, w) : DVT_E_NOMEM;

    for (int t = 0; st == DVT_OK && t < WEIGHINGS; t++) {
        double *residual = weight + n, *sorted = weight + 2 * n;
        for (int64_t i = 0; i < n; i++) {
            residual[i] = -b[i];
            for (int32_t c = 0; c < columns; c++) {
                residual[i] += a[i * columns + c] * w[c];
            }
            sorted[i] = residual[i] = fabs(residual[i]);
        }
        qsort(sorted, (size_t)n, sizeof *sorted, by_value);
        const double unit = 1.5 * sorted[n / 2] + 1e-12;
        for (int64_t i = 0; i < n; i++) {
            const double part = residual[i] / unit;
            weight[i] = 1 / sqrt(1 + part * part);
        }
        st = dvti_nonneg(ctx, a, b, weight, n, columns, w);
    }
    dvt_free(ctx, weight);
    return st;
}
