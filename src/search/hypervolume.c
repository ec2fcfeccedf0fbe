/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hypervolume.c - the volume that a set of points dominates, below a reference point.
 *
 * Three      and fewer objectives: points enter by rising third objective; between two levels the
 *            volume is the area of the entered points' projections times the height. The staircase
 *            of these projections is kept as a sorted array, its area is changed by what a point
 *            adds. n log n for two, at most n^2 for three.
 * More       after While, Bradstreet and Barone, "A fast way of calculating exact hypervolumes",
 *            2012 (WFG): points are taken by rising last objective; a point adds its own box less
 *            what the points before it dominate of it. Those, limited to the box, have its last
 *            objective: so that part is a volume of one objective less, of what is left of them
 *            when dominated ones are dropped.
 * Rounding   that of double sums and differences; nothing is sampled.
 * Memory     n points for each objective above the third.
 * Tests      tests/unit/test_hypervolume.c
 */
#include <stdlib.h>
#include <string.h>

#include "search/indicators_int.h"

enum { SWEPT = 3 /* objectives */, MOST = DVT_HYPERVOLUME_MAX_OBJECTIVES };

typedef struct place {
    double x, y, z;
} place;

/* Steps of a staircase by rising x and falling y; the area right of and above it, below `ref`. */
typedef struct stairs {
    place  *step;
    int64_t count;
    double  area;
    place   ref;
} stairs;

typedef struct volumes {
    const double *ref;
    place        *list, *step;       /* (n) */
    int64_t      *order;             /* (n) */
    double       *level[MOST + 1];   /* (n, k) points of k objectives, k > SWEPT */
    double       *limited[MOST + 1]; /* (n, k) */
} volumes;

/* ---- up to three objectives ---------------------------------------------------------------- */

static int by_zxy(const void *a, const void *b)
{
    const place *p = a, *q = b;

    if (p->z != q->z) {
        return p->z < q->z ? -1 : 1;
    }
    return p->x != q->x ? (p->x < q->x ? -1 : 1) : (p->y > q->y) - (p->y < q->y);
}

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

/* The volume of v->list: (count), by rising z. */
static double sweep_list(const volumes *v, int64_t count, place ref)
{
    stairs s = {.step = v->step, .ref = ref};
    double volume = 0;

    for (int64_t i = 0; i < count; i++) {
        add_step(&s, &v->list[i]);
        volume += s.area * ((i + 1 < count ? v->list[i + 1].z : ref.z) - v->list[i].z);
    }
    return volume;
}

/* points: (count, k), below ref; k is 1 to 3. */
static double swept(const volumes *v, const double *points, int64_t count, int32_t k)
{
    const place ref = {v->ref[0], k > 1 ? v->ref[1] : 1, k > 2 ? v->ref[2] : 1};

    for (int64_t i = 0; i < count; i++) {
        const double *p = points + i * k;
        v->list[i] = (place){p[0], k > 1 ? p[1] : 0, k > 2 ? p[2] : 0};
    }
    qsort(v->list, (size_t)count, sizeof *v->list, by_zxy);
    return sweep_list(v, count, ref);
}

/* ---- more ---------------------------------------------------------------------------------- */

/* Sorts (count, k) points by their last value: a heap sort, as the values of a point move together.
 */
static void swap_points(double *a, double *b, int32_t k)
{
    double kept[MOST];

    memcpy(kept, a, (size_t)k * sizeof *a);
    memcpy(a, b, (size_t)k * sizeof *a);
    memcpy(b, kept, (size_t)k * sizeof *a);
}

static void sift_down(double *p, int64_t at, int64_t count, int32_t k)
{
    for (int64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        child += child + 1 < count && p[child * k + k - 1] < p[(child + 1) * k + k - 1];
        if (p[at * k + k - 1] >= p[child * k + k - 1]) {
            return;
        }
        swap_points(p + at * k, p + child * k, k);
        at = child;
    }
}

static void sort_by_last(double *p, int64_t count, int32_t k)
{
    for (int64_t i = count / 2 - 1; i >= 0; i--) {
        sift_down(p, i, count, k);
    }
    for (int64_t end = count - 1; end > 0; end--) {
        swap_points(p, p + end * k, k);
        sift_down(p, 0, end, k);
    }
}

static bool no_larger(const double *a, const double *b, int32_t k)
{
    for (int32_t i = 0; i < k; i++) {
        if (a[i] > b[i]) {
            return false;
        }
    }
    return true;
}

/* Adds a point to points none of which dominates another; returns how many there are then. */
static int64_t add_undominated(double *set, int64_t count, const double *p, int32_t k)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < count; i++) {
        if (no_larger(set + i * k, p, k)) {
            return count;
        }
    }
    for (int64_t i = 0; i < count; i++) {
        if (!no_larger(p, set + i * k, k)) {
            memmove(set + kept++ * k, set + i * k, (size_t)k * sizeof *set);
        }
    }
    memcpy(set + kept * k, p, (size_t)k * sizeof *set);
    return kept + 1;
}

/* v->order: (count) the points by rising third value. */
static void order_by_third(const volumes *v, const double *points, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t at = i;
        for (; at > 0 && points[v->order[at - 1] * 4 + 2] > points[i * 4 + 2]; at--) {
            v->order[at] = v->order[at - 1];
        }
        v->order[at] = i;
    }
}

/* Four objectives, points by rising last one: what limits a box is swept, taken in the order of the
 * third objective, which limiting does not change. */
static double volume_of_four(const volumes *v, const double *points, int64_t count)
{
    const double *ref = v->ref;
    double        sum = 0;

    order_by_third(v, points, count);
    for (int64_t i = 0; i < count; i++) {
        const double *p = points + i * 4;
        int64_t       n = 0;
        for (int64_t j = 0; j < count; j++) {
            const double *q = points + v->order[j] * 4;
            if (v->order[j] < i) {
                v->list[n++] = (place){q[0] > p[0] ? q[0] : p[0], q[1] > p[1] ? q[1] : p[1],
                                       q[2] > p[2] ? q[2] : p[2]};
            }
        }
        sum += (ref[3] - p[3]) * ((ref[0] - p[0]) * (ref[1] - p[1]) * (ref[2] - p[2]) -
                                  sweep_list(v, n, (place){ref[0], ref[1], ref[2]}));
    }
    return sum;
}

/* points: (count, k), below ref, in v->level[k] or a list that may be sorted. */
static double volume_of(const volumes *v, double *points, int64_t count, int32_t k)
{
    double sum = 0;

    if (k <= SWEPT) {
        return swept(v, points, count, k);
    }
    sort_by_last(points, count, k);
    if (k == SWEPT + 1) {
        return volume_of_four(v, points, count);
    }
    for (int64_t i = 0; i < count; i++) {
        const double *p = points + i * k;
        double        box = 1, *limited = v->limited[k - 1], q[MOST];
        int64_t       left = 0;
        for (int32_t x = 0; x < k - 1; x++) {
            box *= v->ref[x] - p[x];
        }
        for (int64_t j = 0; j < i; j++) {
            for (int32_t x = 0; x < k - 1; x++) {
                q[x] = points[j * k + x] > p[x] ? points[j * k + x] : p[x];
            }
            left = add_undominated(limited, left, q, k - 1);
        }
        sum += (v->ref[k - 1] - p[k - 1]) * (box - volume_of(v, limited, left, k - 1));
    }
    return sum;
}

/* ---- driver -------------------------------------------------------------------------------- */

static bool take_memory(dvt_ctx *ctx, volumes *v, int64_t count, int32_t k)
{
    const size_t n = (size_t)count + 1;
    bool         ok = (v->list = dvt_alloc(ctx, n * sizeof *v->list)) &&
              (v->step = dvt_alloc(ctx, n * sizeof *v->step)) &&
              (v->order = dvt_alloc(ctx, n * sizeof *v->order)) &&
              (v->level[k] = dvt_alloc(ctx, n * (size_t)k * sizeof(double)));

    for (int32_t i = k - 1; ok && i >= SWEPT; i--) {
        ok = (v->limited[i] = dvt_alloc(ctx, n * (size_t)i * sizeof(double))) != NULL;
    }
    return ok;
}

/* The points that are below ref, dominated ones dropped where that pays. */
static int64_t copy_points(const volumes *v, const double *points, int64_t count, int32_t k)
{
    int64_t used = 0;

    for (int64_t i = 0; i < count; i++) {
        const double *p = points + i * k;
        bool          below = true;
        for (int32_t x = 0; x < k; x++) {
            below = below && p[x] < v->ref[x];
        }
        if (below && k > SWEPT) {
            used = add_undominated(v->level[k], used, p, k);
        } else if (below) {
            memcpy(v->level[k] + used++ * k, p, (size_t)k * sizeof *p);
        }
    }
    return used;
}

dvt_status dvt_pareto_hypervolume(dvt_ctx *ctx, const double *points, int64_t count,
                                  int32_t objectives, const double *ref, double *out)
{
    volumes    v = {.ref = ref};
    dvt_status st;

    *out = 0;
    if (objectives < 1 || objectives > MOST || count < 0) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "hypervolumes are of 1 to %d objectives, not %d",
                        MOST, (int)objectives);
    }
    st = dvti_check_finite(ctx, points, count * objectives, "points");
    st = st == DVT_OK ? dvti_check_finite(ctx, ref, objectives, "reference point") : st;
    if (st != DVT_OK) {
        return st;
    }
    if (take_memory(ctx, &v, count, objectives)) {
        const int64_t used = copy_points(&v, points, count, objectives);
        *out = volume_of(&v, v.level[objectives], used, objectives);
    } else {
        st = DVT_E_NOMEM;
    }
    dvt_free(ctx, v.list);
    dvt_free(ctx, v.step);
    dvt_free(ctx, v.order);
    for (int32_t k = 0; k <= MOST; k++) {
        dvt_free(ctx, v.level[k]);
        dvt_free(ctx, v.limited[k]);
    }
    return st;
}
