/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nondominated.c - sorts points into fronts.
 *
 * Idea       after Zhang, Tian, Cheng and Jin, "An efficient approach to nondominated sorting for
 *            evolutionary multiobjective optimization", 2015 (ENS-BS): in lexicographic order no
 *            point is dominated by a later one, so each goes to the first front none of whose
 *            points dominates it. If a front holds such a point, so do all before it: a binary
 *            search.
 * Two        objectives: the last point of a front has the least second objective of it, so one
 *            comparison a front will do: n log n.
 * Equal      points follow one another in that order and share a front.
 * Tests      tests/unit/test_nondominated.c
 */
#include <stdlib.h>

#include "search/indicators_int.h"

typedef struct item {
    const double *p;
    int64_t       from;
    int32_t       k;
} item;

typedef struct sorting {
    const item *items;
    int64_t    *last;   /* (fronts) the item that came last */
    int64_t    *before; /* (items) the one before it in its front, or -1 */
    int32_t     fronts, k;
} sorting;

static int by_values(const void *x, const void *y)
{
    const item *a = x, *b = y;

    for (int32_t i = 0; i < a->k; i++) {
        if (a->p[i] != b->p[i]) {
            return a->p[i] < b->p[i] ? -1 : 1;
        }
    }
    return (a->from > b->from) - (a->from < b->from);
}

/* `a` comes first in the order and differs from `b`: the first value need not be compared. */
static bool dominates(const double *a, const double *b, int32_t k)
{
    for (int32_t i = 1; i < k; i++) {
        if (a[i] > b[i]) {
            return false;
        }
    }
    return true;
}

static bool front_dominates(const sorting *s, int32_t front, const double *p)
{
    for (int64_t i = s->last[front]; i >= 0; i = s->k == 2 ? -1 : s->before[i]) {
        if (dominates(s->items[i].p, p, s->k)) {
            return true;
        }
    }
    return false;
}

static int32_t find_front(const sorting *s, const double *p)
{
    int32_t low = 0, high = s->fronts;

    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (front_dominates(s, middle, p)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool equal(const item *a, const item *b)
{
    for (int32_t i = 0; i < a->k; i++) {
        if (a->p[i] != b->p[i]) { /* by value: 0 and -0 are equal */
            return false;
        }
    }
    return true;
}

static void sort_items(sorting *s, int64_t count, int32_t *front)
{
    for (int64_t i = 0; i < count; i++) {
        const item *it = &s->items[i];
        if (i > 0 && equal(it, it - 1)) {
            front[it->from] = front[it[-1].from];
            continue;
        }
        const int32_t f = find_front(s, it->p);
        s->before[i] = f < s->fronts ? s->last[f] : -1;
        s->last[f] = i;
        s->fronts += f == s->fronts;
        front[it->from] = f;
    }
}

dvt_status dvt_pareto_sort(dvt_ctx *ctx, const double *points, int64_t count, int32_t objectives,
                           int32_t *front, int32_t *fronts)
{
    sorting    s = {.k = objectives};
    item      *items;
    dvt_status st;

    if (fronts) {
        *fronts = 0;
    }
    if (objectives < 1 || count < 0 || count > INT32_MAX) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "cannot sort %lld points of %d objectives",
                        (long long)count, (int)objectives);
    }
    st = dvti_check_finite(ctx, points, count * objectives, "points");
    if (st != DVT_OK) {
        return st;
    }
    s.items = items = dvt_alloc(ctx, ((size_t)count + 1) * sizeof *items);
    s.last = dvt_alloc(ctx, ((size_t)count + 1) * sizeof *s.last);
    s.before = dvt_alloc(ctx, ((size_t)count + 1) * sizeof *s.before);
    if (items && s.last && s.before) {
        for (int64_t i = 0; i < count; i++) {
            items[i] = (item){points + i * objectives, i, objectives};
        }
        qsort(items, (size_t)count, sizeof *items, by_values);
        sort_items(&s, count, front);
        if (fronts) {
            *fronts = s.fronts;
        }
    } else {
        st = DVT_E_NOMEM;
    }
    dvt_free(ctx, items);
    dvt_free(ctx, s.last);
    dvt_free(ctx, s.before);
    return st;
}
