/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.c - logarithms of costs, normal scores of ranks.
 *
 * Normal scores
 *            the quantile of (rank - 1/2) / n by Acklam's rational approximation (relative error
 *            1.2e-9), which needs no iteration; equal values have their mean rank.
 * Tests      tests/unit/test_gp.c
 */
#include "predict/target.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_NORMAL (-2.5)

/* ---- quantile ------------------------------------------------------------------------------ */

static double tail_quantile(double p) /* 0 < p < 0.02425 */
{
    const double q = sqrt(-2 * log(p));
    const double a =
        ((((-7.784894002430293e-3 * q - 3.223964580411365e-1) * q - 2.400758277161838) * q -
          2.549732539343734) *
             q +
         4.374664141464968) *
            q +
        2.938163982698783;
    const double b =
        (((7.784695709041462e-3 * q + 3.224671290700398e-1) * q + 2.445134137142996) * q +
         3.754408661907416) *
            q +
        1;

    return a / b;
}

static double middle_quantile(double p)
{
    const double q = p - 0.5, r = q * q;
    const double a =
        (((((-3.969683028665376e+1 * r + 2.209460984245205e+2) * r - 2.759285104469687e+2) * r +
           1.383577518672690e+2) *
              r -
          3.066479806614716e+1) *
             r +
         2.506628277459239) *
        q;
    const double b =
        ((((-5.447609879822406e+1 * r + 1.615858368580409e+2) * r - 1.556989798598866e+2) * r +
          6.680131188771972e+1) *
             r -
         1.328068155288572e+1) *
            r +
        1;

    return a / b;
}

static double normal_quantile(double p)
{
    const double edge = 0.02425;

    return p < edge ? tail_quantile(p) : p > 1 - edge ? -tail_quantile(1 - p) : middle_quantile(p);
}

/* ---- target -------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* t->value holds n values; leaves the different ones with the scores of their mean ranks. */
static void score(dvti_target *t, int64_t n)
{
    qsort(t->value, (size_t)n, sizeof *t->value, by_value);
    for (int64_t low = 0, high; low < n; low = high) {
        for (high = low + 1; high < n && t->value[high] == t->value[low];) {
            high++;
        }
        const double rank = 0.5 * (double)(low + high + 1);
        t->normal[t->count] = normal_quantile((rank - 0.5) / (double)n);
        t->value[t->count++] = t->value[low];
    }
}

dvt_status dvti_target_init(dvt_ctx *ctx, dvt_predict_goal goal, const double *y, int64_t n,
                            dvti_target *out)
{
    *out = (dvti_target){.ctx = ctx, .goal = goal};
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(y[i]) || (goal == DVT_GOAL_COST && y[i] <= 0)) {
            dvt_fail(ctx, DVT_E_NUMERIC, NULL, "training value %lld is %g", (long long)i, y[i]);
            dvt_fail_hint(ctx, goal == DVT_GOAL_COST ? "costs are positive" : "values are finite");
            return DVT_E_NUMERIC;
        }
    }
    if (goal == DVT_GOAL_COST) {
        return DVT_OK;
    }
    out->value = dvt_alloc(ctx, (size_t)n * sizeof *out->value);
    out->normal = dvt_alloc(ctx, (size_t)n * sizeof *out->normal);
    if (!out->value || !out->normal) {
        dvti_target_deinit(out);
        return DVT_E_NOMEM;
    }
    memcpy(out->value, y, (size_t)n * sizeof *y);
    score(out, n);
    return DVT_OK;
}

void dvti_target_deinit(dvti_target *t)
{
    if (t->ctx) {
        dvt_free(t->ctx, t->value);
        dvt_free(t->ctx, t->normal);
    }
    *t = (dvti_target){0};
}

/* Through points (x, y), x ascending; beyond the ends as between the nearest two. */
static double interpolate(const double *x, const double *y, int64_t n, double at)
{
    int64_t low = 0, high = n - 1;

    if (n < 2) {
        return y[0];
    }
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (x[middle] <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return y[low] + (at - x[low]) / (x[high] - x[low]) * (y[high] - y[low]);
}

double dvti_target_to(const dvti_target *t, double y)
{
    return t->goal == DVT_GOAL_COST
               ? log(y)
               : fmax(interpolate(t->value, t->normal, t->count, y), LEAST_NORMAL);
}

double dvti_target_from(const dvti_target *t, double z)
{
    return t->goal == DVT_GOAL_COST ? exp(z) : interpolate(t->normal, t->value, t->count, z);
}
