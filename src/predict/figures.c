/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures.c - how good predictions are: shares within a tolerance, Spearman's rho, Kendall's tau-b.
 *
 * Ranks      rho is Pearson's correlation of the ranks, equal values sharing the mean of theirs.
 * Tau-b      (C - D) / sqrt((P - Tx) (P - Ty)) over P = n (n - 1) / 2 pairs: C and D count the
 *            pairs that agree and disagree in order, Tx and Ty those equal in x and in y (Kendall,
 *            "The treatment of ties in ranking problems", 1945). Sorted by (x, y), the pairs that
 *            disagree are the swaps that a merge sort by y makes (Knight, "A computer method for
 *            calculating Kendall's tau with ungrouped data", 1966): O(n log n), and all counts are
 *            whole numbers, so the result has no order of summation.
 * Limits     n at most 2^31, so that the number of pairs is exact.
 * Tests      tests/unit/test_figures.c (every definition counted pair by pair)
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dovetail/predict.h"

typedef struct couple {
    double x, y;
} couple;

/* ---- checks -------------------------------------------------------------------------------- */

static dvt_status check(dvt_ctx *ctx, const double *x, const double *y, int64_t n)
{
    if (n < 0 || n > (int64_t)1 << 31) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "figures are of at most 2^31 values, got %lld",
                        (long long)n);
    }
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i])) {
            return dvt_fail(ctx, DVT_E_NUMERIC, NULL, "%s %lld is not finite",
                            isfinite(y[i]) ? "prediction" : "measured value", (long long)i);
        }
    }
    return DVT_OK;
}

static couple *pair_up(dvt_ctx *ctx, const double *x, const double *y, int64_t n)
{
    couple *c = dvt_alloc(ctx, (size_t)(n + 1) * sizeof *c);

    for (int64_t i = 0; c && i < n; i++) {
        c[i] = (couple){x[i], y[i]};
    }
    return c;
}

/* ---- Kendall ------------------------------------------------------------------------------- */

static int by_xy(const void *a, const void *b)
{
    const couple *p = a, *q = b;

    return p->x != q->x ? (p->x > q->x) - (p->x < q->x) : (p->y > q->y) - (p->y < q->y);
}

/* Pairs that are equal in x, or in both; `c` is sorted so that equal ones are neighbours. */
static int64_t equal_pairs(const couple *c, int64_t n, bool by_x, bool by_y)
{
    int64_t pairs = 0, run = 0;

    for (int64_t i = 1; i < n; i++) {
        const bool same = (!by_x || c[i].x == c[i - 1].x) && (!by_y || c[i].y == c[i - 1].y);
        run = same ? run + 1 : 0;
        pairs += run;
    }
    return pairs;
}

/* Sorts by y, from the bottom up; returns the number of neighbours that would have been swapped. */
static int64_t sort_counting(couple *c, couple *scratch, int64_t n)
{
    int64_t swaps = 0;

    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t low = 0; low < n; low += 2 * width) {
            const int64_t middle = low + width < n ? low + width : n;
            const int64_t high = low + 2 * width < n ? low + 2 * width : n;
            int64_t       i = low, j = middle;
            for (int64_t k = low; k < high; k++) {
                if (j < high && (i >= middle || c[j].y < c[i].y)) {
                    swaps += middle - i;
                    scratch[k] = c[j++];
                } else {
                    scratch[k] = c[i++];
                }
            }
        }
        memcpy(c, scratch, (size_t)n * sizeof *c);
    }
    return swaps;
}

static double tau_of(int64_t n, int64_t equal_x, int64_t equal_y, int64_t equal_both, int64_t swaps)
{
    const int64_t pairs = n * (n - 1) / 2;
    const double  below = sqrt((double)(pairs - equal_x) * (double)(pairs - equal_y));

    /* agreeing minus disagreeing, of the pairs that differ in both */
    return below > 0 ? (double)(pairs - equal_x - equal_y + equal_both - 2 * swaps) / below : 0;
}

dvt_status dvt_kendall(dvt_ctx *ctx, const double *x, const double *y, int64_t n, double *out)
{
    dvt_status st = check(ctx, x, y, n);
    couple    *c = NULL, *scratch = NULL;

    *out = 0;
    if (st != DVT_OK) {
        return st;
    }
    c = pair_up(ctx, x, y, n);
    scratch = dvt_alloc(ctx, (size_t)(n + 1) * sizeof *scratch);
    if (c && scratch) {
        qsort(c, (size_t)n, sizeof *c, by_xy);
        const int64_t equal_x = equal_pairs(c, n, true, false);
        const int64_t equal_both = equal_pairs(c, n, true, true);
        const int64_t swaps = sort_counting(c, scratch, n);
        *out = tau_of(n, equal_x, equal_pairs(c, n, false, true), equal_both, swaps);
    } else {
        st = DVT_E_NOMEM;
    }
    dvt_free(ctx, scratch);
    dvt_free(ctx, c);
    return st;
}

/* ---- Spearman ------------------------------------------------------------------------------ */

typedef struct placed {
    double  value;
    int64_t at;
} placed;

static int by_value(const void *a, const void *b)
{
    const placed *p = a, *q = b;

    return p->value != q->value ? (p->value > q->value) - (p->value < q->value)
                                : (p->at > q->at) - (p->at < q->at);
}

/* ranks (n): from 1, the mean of their places for equal values. */
static void rank(const double *x, int64_t n, placed *scratch, double *ranks)
{
    for (int64_t i = 0; i < n; i++) {
        scratch[i] = (placed){x[i], i};
    }
    qsort(scratch, (size_t)n, sizeof *scratch, by_value);
    for (int64_t low = 0, high; low < n; low = high) {
        for (high = low + 1; high < n && scratch[high].value == scratch[low].value;) {
            high++;
        }
        for (int64_t i = low; i < high; i++) {
            ranks[scratch[i].at] = 0.5 * (double)(low + high + 1);
        }
    }
}

static double correlation(const double *a, const double *b, int64_t n)
{
    const double mean = 0.5 * (double)(n + 1); /* of ranks, whatever the ties */
    double       ab = 0, aa = 0, bb = 0;

    for (int64_t i = 0; i < n; i++) {
        ab += (a[i] - mean) * (b[i] - mean);
        aa += (a[i] - mean) * (a[i] - mean);
        bb += (b[i] - mean) * (b[i] - mean);
    }
    return aa > 0 && bb > 0 ? ab / (sqrt(aa) * sqrt(bb)) : 0;
}

dvt_status dvt_spearman(dvt_ctx *ctx, const double *x, const double *y, int64_t n, double *out)
{
    dvt_status st = check(ctx, x, y, n);
    double    *ranks = NULL;
    placed    *scratch = NULL;

    *out = 0;
    if (st != DVT_OK) {
        return st;
    }
    ranks = dvt_alloc(ctx, (size_t)(2 * n + 1) * sizeof *ranks);
    scratch = dvt_alloc(ctx, (size_t)(n + 1) * sizeof *scratch);
    if (ranks && scratch) {
        rank(x, n, scratch, ranks);
        rank(y, n, scratch, ranks + n);
        *out = correlation(ranks, ranks + n, n);
    } else {
        st = DVT_E_NOMEM;
    }
    dvt_free(ctx, scratch);
    dvt_free(ctx, ranks);
    return st;
}

/* ---- all of them --------------------------------------------------------------------------- */

/* Percent of the predictions that are off by at most `part` of the measured value. */
static double within(const double *x, const double *y, int64_t n, double part)
{
    int64_t hits = 0;

    for (int64_t i = 0; i < n; i++) {
        hits += fabs(x[i] - y[i]) <= part * fabs(y[i]);
    }
    return n ? 100.0 * (double)hits / (double)n : 0;
}

dvt_status dvt_figures_of(dvt_ctx *ctx, const double *predicted, const double *measured, int64_t n,
                          dvt_figures *out)
{
    dvt_figures f = {0};
    dvt_status  st = dvt_kendall(ctx, predicted, measured, n, &f.kendall);

    *out = (dvt_figures){0};
    if (st == DVT_OK) {
        st = dvt_spearman(ctx, predicted, measured, n, &f.spearman);
    }
    if (st == DVT_OK) {
        f.within_1pct = within(predicted, measured, n, 0.01);
        f.within_5pct = within(predicted, measured, n, 0.05);
        f.within_10pct = within(predicted, measured, n, 0.10);
        f.count = n;
        *out = f;
    }
    return st;
}
