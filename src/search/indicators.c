/* SPDX-License-Identifier: Apache-2.0 */
/*
 * indicators.c - how far a set of points is from another one: IGD+, additive epsilon; attainment.
 *
 * IGD+       Ishibuchi et al., "Modified distance calculation in generational distance and inverted
 *            generational distance", 2015: the mean over the reference of the distance to the
 *            nearest point, counting only the coordinates in which the point is worse.
 * Epsilon    Zitzler et al., "Performance assessment of multiobjective optimizers", 2003: the least
 *            amount by which all points must improve to be as good as each reference point.
 * Attainment Fonseca and Fleming, "On the performance assessment and comparison of stochastic
 *            multiobjective optimizers", 1996. Along the first objective each run has a least
 *            second one so far; the level-th of these, sorted, is the surface.
 * Tests      tests/unit/test_indicators.c
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "search/indicators_int.h"

/* ---- checks -------------------------------------------------------------------------------- */

dvt_status dvti_check_finite(dvt_ctx *ctx, const double *v, int64_t n, const char *what)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(v[i])) {
            return dvt_fail(ctx, DVT_E_NUMERIC, NULL, "value %lld of the %s is not finite",
                            (long long)i, what);
        }
    }
    return DVT_OK;
}

/* ---- distances ----------------------------------------------------------------------------- */

static dvt_status check_sets(dvt_ctx *ctx, const double *points, int64_t count,
                             const double *reference, int64_t reference_count, int32_t objectives)
{
    dvt_status st;

    if (count < 1 || reference_count < 1 || objectives < 1) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "there is no distance without points");
    }
    st = dvti_check_finite(ctx, points, count * objectives, "points");
    return st == DVT_OK
               ? dvti_check_finite(ctx, reference, reference_count * objectives, "reference")
               : st;
}

dvt_status dvt_pareto_igd_plus(dvt_ctx *ctx, const double *points, int64_t count,
                               const double *reference, int64_t reference_count, int32_t objectives,
                               double *out)
{
    double     sum = 0;
    dvt_status st = check_sets(ctx, points, count, reference, reference_count, objectives);

    *out = 0;
    for (int64_t r = 0; st == DVT_OK && r < reference_count; r++) {
        double least = INFINITY;
        for (int64_t i = 0; i < count; i++) {
            double squares = 0;
            for (int32_t k = 0; k < objectives; k++) {
                const double worse = points[i * objectives + k] - reference[r * objectives + k];
                squares += worse > 0 ? worse * worse : 0;
            }
            least = squares < least ? squares : least;
        }
        sum += sqrt(least);
    }
    if (st == DVT_OK) {
        *out = sum / (double)reference_count;
    }
    return st;
}

dvt_status dvt_pareto_epsilon(dvt_ctx *ctx, const double *points, int64_t count,
                              const double *reference, int64_t reference_count, int32_t objectives,
                              double *out)
{
    double     most = -INFINITY;
    dvt_status st = check_sets(ctx, points, count, reference, reference_count, objectives);

    *out = 0;
    for (int64_t r = 0; st == DVT_OK && r < reference_count; r++) {
        double least = INFINITY;
        for (int64_t i = 0; i < count; i++) {
            double worst = -INFINITY;
            for (int32_t k = 0; k < objectives; k++) {
                const double worse = points[i * objectives + k] - reference[r * objectives + k];
                worst = worse > worst ? worse : worst;
            }
            least = worst < least ? worst : least;
        }
        most = least > most ? least : most;
    }
    if (st == DVT_OK) {
        *out = most;
    }
    return st;
}

/* ---- attainment ---------------------------------------------------------------------------- */

typedef struct event {
    double  x, y;
    int32_t run;
} event;

static int by_x(const void *p, const void *q)
{
    const event *a = p, *b = q;

    if (a->x != b->x) {
        return a->x < b->x ? -1 : 1;
    }
    return a->y != b->y ? (a->y < b->y ? -1 : 1) : (a->run > b->run) - (a->run < b->run);
}

static dvt_status check_runs(dvt_ctx *ctx, const double *points, const int64_t *run_count,
                             int32_t runs, int32_t objectives, int64_t *total)
{
    *total = 0;
    for (int32_t r = 0; r < runs; r++) {
        if (run_count[r] < 0) {
            return dvt_fail(ctx, DVT_E_USAGE, NULL, "run %d has %lld points", (int)r,
                            (long long)run_count[r]);
        }
        *total += run_count[r];
    }
    if (runs < 1 || objectives < 1) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "there is no attainment without runs");
    }
    return dvti_check_finite(ctx, points, *total * objectives, "points");
}

static void list_events(const double *points, const int64_t *run_count, int32_t runs, event *out)
{
    for (int32_t r = 0; r < runs; r++) {
        for (int64_t i = 0; i < run_count[r]; i++, points += 2) {
            *out++ = (event){points[0], points[1], r};
        }
    }
}

/* Replaces one value of a rising list by a smaller one. */
static void lower(double *sorted, int32_t count, double old, double fresh)
{
    int32_t at = 0;

    while (at < count - 1 && sorted[at] != old) {
        at++;
    }
    for (; at > 0 && sorted[at - 1] > fresh; at--) {
        sorted[at] = sorted[at - 1];
    }
    sorted[at] = fresh;
}

/* least, sorted: (runs) of INFINITY. Returns how many points of the surface there are. */
static int64_t sweep(const event *events, int64_t count, int32_t runs, int32_t level, double *least,
                     double *sorted, double *out)
{
    int64_t points = 0;
    double  height = INFINITY;

    for (int64_t i = 0; i < count; i++) {
        const event *e = &events[i];
        if (e->y < least[e->run]) {
            lower(sorted, runs, least[e->run], e->y);
            least[e->run] = e->y;
        }
        if ((i + 1 == count || events[i + 1].x != e->x) && sorted[level - 1] < height) {
            height = sorted[level - 1];
            out[2 * points] = e->x;
            out[2 * points++ + 1] = height;
        }
    }
    return points;
}

dvt_status dvt_pareto_attainment(dvt_ctx *ctx, const double *points, const int64_t *run_count,
                                 int32_t runs, int32_t level, double **out, int64_t *out_count)
{
    int64_t    total;
    event     *events;
    double    *work;
    dvt_status st = check_runs(ctx, points, run_count, runs, 2, &total);

    *out = NULL;
    *out_count = 0;
    if (st == DVT_OK && (level < 1 || level > runs)) {
        st = dvt_fail(ctx, DVT_E_USAGE, NULL, "level %d is not in 1..%d", (int)level, (int)runs);
    }
    if (st != DVT_OK) {
        return st;
    }
    events = dvt_alloc(ctx, ((size_t)total + 1) * sizeof *events);
    work = dvt_alloc(ctx, 2 * (size_t)runs * sizeof *work);
    *out = dvt_alloc(ctx, 2 * ((size_t)total + 1) * sizeof **out);
    if (!events || !work || !*out) {
        st = DVT_E_NOMEM;
        dvt_free(ctx, *out);
        *out = NULL;
    } else {
        for (int32_t i = 0; i < 2 * runs; i++) {
            work[i] = INFINITY;
        }
        list_events(points, run_count, runs, events);
        qsort(events, (size_t)total, sizeof *events, by_x);
        *out_count = sweep(events, total, runs, level, work, work + runs, *out);
    }
    dvt_free(ctx, events);
    dvt_free(ctx, work);
    return st;
}

dvt_status dvt_pareto_attained(dvt_ctx *ctx, const double *points, const int64_t *run_count,
                               int32_t runs, int32_t objectives, const double *point, double *out)
{
    int64_t    total;
    int32_t    attained = 0;
    dvt_status st = check_runs(ctx, points, run_count, runs, objectives, &total);

    *out = 0;
    st = st == DVT_OK ? dvti_check_finite(ctx, point, objectives, "point") : st;
    for (int32_t r = 0; st == DVT_OK && r < runs; r++) {
        bool found = false;
        for (int64_t i = 0; i < run_count[r]; i++, points += objectives) {
            bool as_good = true;
            for (int32_t k = 0; k < objectives; k++) {
                as_good = as_good && points[k] <= point[k];
            }
            found = found || as_good;
        }
        attained += found;
    }
    if (st == DVT_OK) {
        *out = (double)attained / (double)runs;
    }
    return st;
}
