/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_measure.c - how good a set of points is: hypervolume, IGD+, additive epsilon.
 *
 * Hypervolume
 *            of two objectives: along the first, a point that lowers the second adds a rectangle.
 *            Of three: points enter by rising third objective; between two levels the volume is the
 *            area of the entered points' projections times the height. The staircase of these
 *            projections is kept as a sorted array, its area is changed by what a point adds.
 *            Exact but for the rounding of the sums; n log n for two, at most n^2 for three.
 * IGD+       Ishibuchi et al., "Modified distance calculation in generational distance and inverted
 *            generational distance", 2015: the mean over the reference of the distance to the
 *            nearest point, counting only the coordinates in which the point is worse.
 * Epsilon    Zitzler et al., "Performance assessment of multiobjective optimizers", 2003: the least
 *            amount by which all points must improve to be as good as each reference point.
 * Tests      tests/unit/test_pareto_measure.c
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dovetail/pareto.h"

typedef struct place {
    double x, y, z;
} place;

/* ---- checks -------------------------------------------------------------------------------- */

static dvt_status check_values(dvt_ctx *ctx, const double *v, int64_t n, const char *what)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(v[i])) {
            return dvt_fail(ctx, DVT_E_NUMERIC, NULL, "value %lld of the %s is not finite",
                            (long long)i, what);
        }
    }
    return DVT_OK;
}

/* ---- hypervolume --------------------------------------------------------------------------- */

static int by_zxy(const void *a, const void *b)
{
    const place *p = a, *q = b;

    if (p->z != q->z) {
        return p->z < q->z ? -1 : 1;
    }
    return p->x != q->x ? (p->x < q->x ? -1 : 1) : (p->y > q->y) - (p->y < q->y);
}

/* Steps of a staircase by rising x and falling y; the area right of and above it, below `ref`. */
typedef struct stairs {
    place  *step;
    int64_t count;
    double  area;
    place   ref;
} stairs;

/* First step whose x is not below `x`. */
static int64_t first_step(const stairs *s, double x)
{
    int64_t low = 0, high = s->count;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (s->step[middle].x < x) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void add_step(stairs *s, const place *p)
{
    const int64_t at = first_step(s, p->x);
    double        roof = at > 0 ? s->step[at - 1].y : s->ref.y, from = p->x;
    int64_t       end = at;

    if (roof <= p->y || (at < s->count && s->step[at].x == p->x && s->step[at].y <= p->y)) {
        return;
    }
    /* what it adds, strip by strip up to the first step that is lower */
    for (; end < s->count && s->step[end].y >= p->y; end++) {
        s->area += (s->step[end].x - from) * (roof - p->y);
        from = s->step[end].x;
        roof = s->step[end].y;
    }
    s->area += ((end < s->count ? s->step[end].x : s->ref.x) - from) * (roof - p->y);
    memmove(&s->step[at + 1], &s->step[end], (size_t)(s->count - end) * sizeof *s->step);
    s->step[at] = *p;
    s->count += 1 - (end - at);
}

dvt_status dvt_pareto_hypervolume(dvt_ctx *ctx, const double *points, int64_t count,
                                  int32_t objectives, const double *ref, double *out)
{
    stairs     s = {0};
    place     *list = NULL;
    int64_t    used = 0;
    double     volume = 0;
    dvt_status st;

    *out = 0;
    if ((objectives != 2 && objectives != 3) || count < 0) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "hypervolumes are of 2 or 3 objectives, not %d",
                        (int)objectives);
    }
    st = check_values(ctx, points, count * objectives, "points");
    st = st == DVT_OK ? check_values(ctx, ref, objectives, "reference point") : st;
    if (st != DVT_OK) {
        return st;
    }
    list = dvt_alloc(ctx, (size_t)(count + 1) * sizeof *list);
    s.step = dvt_alloc(ctx, (size_t)(count + 1) * sizeof *s.step);
    s.ref = (place){ref[0], ref[1], objectives == 3 ? ref[2] : 1};
    if (!list || !s.step) {
        st = DVT_E_NOMEM;
        goto done;
    }
    for (int64_t i = 0; i < count; i++) {
        const double *v = points + i * objectives;
        const place   p = {v[0], v[1], objectives == 3 ? v[2] : 0};
        if (p.x < s.ref.x && p.y < s.ref.y && p.z < s.ref.z) {
            list[used++] = p;
        }
    }
    qsort(list, (size_t)used, sizeof *list, by_zxy);
    for (int64_t i = 0; i < used; i++) {
        add_step(&s, &list[i]);
        volume += s.area * ((i + 1 < used ? list[i + 1].z : s.ref.z) - list[i].z);
    }
    *out = volume;
done:
    dvt_free(ctx, list);
    dvt_free(ctx, s.step);
    return st;
}

/* ---- distances ----------------------------------------------------------------------------- */

static dvt_status check_sets(dvt_ctx *ctx, const double *points, int64_t count,
                             const double *reference, int64_t reference_count, int32_t objectives)
{
    dvt_status st;

    if (count < 1 || reference_count < 1 || objectives < 1) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "there is no distance without points");
    }
    st = check_values(ctx, points, count * objectives, "points");
    return st == DVT_OK ? check_values(ctx, reference, reference_count * objectives, "reference")
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
