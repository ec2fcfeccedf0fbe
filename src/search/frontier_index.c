/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frontier_index.c - the best point within limits, without looking at all of them.
 *
 * Index      a k-d tree: points are halved by one objective after the other down to leaves of at
 *            most 8; each node knows the range of each objective below it. Built once; its order
 *            depends on the points alone.
 * Question   Depth first, the child with the better promise first. A node is left out if no point
 *            of it can be within the limits, or if its best value is worse than the best point so
 *            far. A frontier of d objectives with limits on all others than the asked one is what
 *            such trees are worst at, and still n^(1 - 1/d) nodes are the most that is visited.
 * Ties       of points with one best value the first in the frontier's order.
 * Tests      tests/unit/test_frontier.c compares with a scan over all points
 */
#include <string.h>

#include "search/frontier_int.h"

enum { STACK = 80 };

/* ---- building ------------------------------------------------------------------------------ */

static int64_t minimised(const dvt_frontier *f, int64_t point, int32_t k)
{
    const int64_t v = f->points[point].value[k];
    return f->objective[k].maximise ? -v : v;
}

dvt_status dvti_index_alloc(dvt_frontier *f)
{
    const size_t n = (size_t)f->about.points, k = (size_t)f->about.objectives;
    dvti_index  *x = &f->index;

    x->leaves = 1;
    while ((int64_t)x->leaves * DVTI_FRONTIER_LEAF < f->about.points) {
        x->leaves *= 2;
    }
    x->order = dvt_arena_aligned(f->arena, (n + 1) * sizeof *x->order, DVT_ALIGN);
    x->key = dvt_arena_aligned(f->arena, (n + 1) * k * sizeof *x->key, DVT_ALIGN);
    x->low = dvt_arena_calloc(f->arena, 2 * (size_t)x->leaves * k, sizeof *x->low);
    x->high = dvt_arena_calloc(f->arena, 2 * (size_t)x->leaves * k, sizeof *x->high);
    return x->order && x->key && x->low && x->high ? DVT_OK : DVT_E_NOMEM;
}

void dvti_index_leaf(const dvt_frontier *f, int32_t leaf, int64_t *begin, int64_t *end)
{
    *begin = f->about.points * leaf / f->index.leaves;
    *end = f->about.points * (leaf + 1) / f->index.leaves;
}

/* By objective `axis`, then by number: a strict order, so the result is the same however it is
 * found. */
static bool before(const dvt_frontier *f, int32_t a, int32_t b, int32_t axis)
{
    const int64_t x = minimised(f, a, axis), y = minimised(f, b, axis);
    return x != y ? x < y : a < b;
}

static void sift_down(const dvt_frontier *f, int32_t *list, int64_t at, int64_t count, int32_t axis)
{
    for (int64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        child += child + 1 < count && before(f, list[child], list[child + 1], axis);
        if (!before(f, list[at], list[child], axis)) {
            return;
        }
        const int32_t x = list[at];
        list[at] = list[child];
        list[child] = x;
        at = child;
    }
}

static void sort_by(const dvt_frontier *f, int32_t *list, int64_t count, int32_t axis)
{
    for (int64_t i = count / 2 - 1; i >= 0; i--) {
        sift_down(f, list, i, count, axis);
    }
    for (int64_t end = count - 1; end > 0; end--) {
        const int32_t x = list[0];
        list[0] = list[end];
        list[end] = x;
        sift_down(f, list, 0, end, axis);
    }
}

/* Orders the points of leaves [first, first + count). */
static void divide(dvt_frontier *f, int32_t first, int32_t count, int32_t axis)
{
    int64_t begin, end, unused;

    dvti_index_leaf(f, first, &begin, &unused);
    dvti_index_leaf(f, first + count - 1, &unused, &end);
    if (count == 1 || begin == end) {
        return;
    }
    sort_by(f, f->index.order + begin, end - begin, axis);
    divide(f, first, count / 2, (axis + 1) % f->about.objectives);
    divide(f, first + count / 2, count / 2, (axis + 1) % f->about.objectives);
}

/* The range of a node from its points or its children; an empty one has low > high. */
static void range_of(const dvt_frontier *f, int32_t node, int64_t *low, int64_t *high)
{
    const int32_t     d = f->about.objectives;
    const dvti_index *x = &f->index;

    for (int32_t k = 0; k < d; k++) {
        low[k] = INT64_MAX;
        high[k] = INT64_MIN;
    }
    if (node >= x->leaves) {
        int64_t begin, end;
        dvti_index_leaf(f, node - x->leaves, &begin, &end);
        for (int64_t i = begin * d; i < end * d; i++) {
            low[i % d] = x->key[i] < low[i % d] ? x->key[i] : low[i % d];
            high[i % d] = x->key[i] > high[i % d] ? x->key[i] : high[i % d];
        }
        return;
    }
    for (int32_t i = 2 * node * d; i < (2 * node + 2) * d; i++) {
        low[i % d] = x->low[i] < low[i % d] ? x->low[i] : low[i % d];
        high[i % d] = x->high[i] > high[i % d] ? x->high[i] : high[i % d];
    }
}

static void set_keys(dvt_frontier *f)
{
    const int32_t d = f->about.objectives;

    for (int64_t i = 0; i < f->about.points; i++) {
        for (int32_t k = 0; k < d; k++) {
            f->index.key[i * d + k] = minimised(f, f->index.order[i], k);
        }
    }
}

void dvti_index_build(dvt_frontier *f)
{
    const int32_t d = f->about.objectives;

    for (int64_t i = 0; i < f->about.points; i++) {
        f->index.order[i] = (int32_t)i;
    }
    divide(f, 0, f->index.leaves, 0);
    set_keys(f);
    for (int32_t node = 2 * f->index.leaves - 1; node > 0; node--) {
        range_of(f, node, f->index.low + node * d, f->index.high + node * d);
    }
}

bool dvti_index_check(dvt_frontier *f)
{
    const int32_t d = f->about.objectives;
    const size_t  bytes = (size_t)d * sizeof(int64_t);
    int64_t       low[DVT_PARETO_MAX_OBJECTIVES], high[DVT_PARETO_MAX_OBJECTIVES];

    set_keys(f);
    for (int32_t node = 2 * f->index.leaves - 1; node > 0; node--) {
        range_of(f, node, low, high);
        if (memcmp(low, f->index.low + node * d, bytes) != 0 ||
            memcmp(high, f->index.high + node * d, bytes) != 0) {
            return false;
        }
    }
    return true;
}

/* ---- questions ----------------------------------------------------------------------------- */

/* Limits and answer in minimised values. */
typedef struct walk {
    int64_t least[DVT_PARETO_MAX_OBJECTIVES], most[DVT_PARETO_MAX_OBJECTIVES];
    int32_t d, best;
    int64_t value; /* of the best point so far */
    int64_t point; /* -1 = none */
} walk;

static walk walk_of(const dvt_frontier *f, const dvt_frontier_query *q)
{
    walk w = {.d = f->about.objectives, .best = q->best, .value = INT64_MAX, .point = -1};

    for (int32_t k = 0; k < w.d; k++) {
        const bool turn = f->objective[k].maximise;
        w.least[k] = !turn ? q->least[k] : q->most[k] == INT64_MAX ? INT64_MIN : -q->most[k];
        w.most[k] = !turn ? q->most[k] : q->least[k] == INT64_MIN ? INT64_MAX : -q->least[k];
    }
    return w;
}

static bool may_hold(const walk *w, const int64_t *low, const int64_t *high)
{
    for (int32_t k = 0; k < w->d; k++) {
        if (low[k] > w->most[k] || high[k] < w->least[k]) {
            return false;
        }
    }
    return low[w->best] <= w->value;
}

static void look_at(walk *w, const int64_t *key, int32_t point)
{
    const int64_t value = key[w->best];

    if (value > w->value || (value == w->value && w->point >= 0 && point > w->point)) {
        return;
    }
    for (int32_t k = 0; k < w->d; k++) {
        if (key[k] > w->most[k] || key[k] < w->least[k]) {
            return;
        }
    }
    w->value = value;
    w->point = point;
}

int64_t dvt_frontier_best(const dvt_frontier *f, const dvt_frontier_query *q)
{
    const dvti_index *x = &f->index;
    walk              w = walk_of(f, q);
    int32_t           stack[STACK], height = 0;

    stack[height++] = 1;
    while (height > 0) {
        const int32_t node = stack[--height];
        if (!may_hold(&w, x->low + node * w.d, x->high + node * w.d)) {
            continue;
        }
        if (node < x->leaves) { /* the better child on top */
            const int32_t left = 2 * node, right = left + 1;
            const bool    swap = x->low[right * w.d + w.best] < x->low[left * w.d + w.best];
            stack[height++] = swap ? left : right;
            stack[height++] = swap ? right : left;
        } else {
            int64_t begin, end;
            dvti_index_leaf(f, node - x->leaves, &begin, &end);
            for (int64_t i = begin; i < end; i++) {
                look_at(&w, x->key + i * w.d, x->order[i]);
            }
        }
    }
    return w.point;
}

int64_t dvti_frontier_scan(const dvt_frontier *f, const dvt_frontier_query *q)
{
    walk w = walk_of(f, q);

    for (int64_t i = 0; i < f->about.points; i++) {
        look_at(&w, f->index.key + i * w.d, f->index.order[i]);
    }
    return w.point;
}
