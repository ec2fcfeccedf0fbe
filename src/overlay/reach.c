/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach.c - exact address ranges of masked loop nests.
 *
 * Idea      Counting through a nest would take as long as running it. But a level that steps rows
 *           does not step columns in any sensible word: the turns that are not masked are then a
 *           product of a set of row counters, a set of column counters and everything else, and
 *           the address is a sum over the three. Each axis has one long level (tiles) and a few
 *           short ones (window, lanes): the short ones are enumerated, the long one's unmasked
 *           counters are an interval, whose ends hold the extremes. Levels that step both are
 *           enumerated around all of it.
 * Exact     no approximation: a word is refused only if it really leaves its memory.
 * Limits    STEPS_MAX enumerated counters; a nest that needs more is reported as too irregular.
 * Tests     tests/unit/test_reach.c (against counting, on random nests)
 */
#include "overlay/reach.h"

enum { STEPS_MAX = 1 << 18 };

typedef struct axis {
    const dvti_reach_level *level[DVTI_REACH_LEVELS];
    int                     count, longest;
    bool                    rows; /* else columns */
} axis;

typedef struct counters {
    int64_t i[DVTI_REACH_LEVELS];
} counters;

dvti_range dvti_range_join(dvti_range a, dvti_range b)
{
    if (dvti_range_empty(a)) {
        return b;
    }
    if (dvti_range_empty(b)) {
        return a;
    }
    return (dvti_range){a.min < b.min ? a.min : b.min, a.max > b.max ? a.max : b.max};
}

bool dvti_range_empty(dvti_range r) { return r.min > r.max; }

bool dvti_range_meet(dvti_range a, dvti_range b)
{
    return !dvti_range_empty(a) && !dvti_range_empty(b) && a.min <= b.max && b.min <= a.max;
}

static int64_t floor_div(int64_t a, int64_t b) /* b > 0 */ { return a / b - (a % b != 0 && a < 0); }

static int64_t step_of(const axis *x, int k) { return x->rows ? x->level[k]->h : x->level[k]->w; }

/* Addresses of the longest level where its coordinate `at` + i * step lies in [lo, hi). */
static dvti_range longest_level(const axis *x, int64_t at, int64_t lo, int64_t hi)
{
    const dvti_reach_level *l = x->level[x->longest];
    int64_t                 s = step_of(x, x->longest), first, last;

    if (s < 0) { /* mirror, so that coordinates rise with the counter */
        int64_t low = lo;
        lo = 1 - hi;
        hi = 1 - low;
        at = -at;
        s = -s;
    }
    first = lo <= at ? 0 : floor_div(lo - at + s - 1, s);
    last = floor_div(hi - 1 - at, s);
    last = last < l->n ? last : l->n - 1;
    if (first > last) {
        return (dvti_range){0, -1};
    }
    return l->a >= 0 ? (dvti_range){first * l->a, last * l->a}
                     : (dvti_range){last * l->a, first * l->a};
}

/* Next combination of the counters of all levels but `skip`; false when they have wrapped. */
static bool advance(const dvti_reach_level *const *level, int count, int skip, counters *c)
{
    for (int k = 0; k < count; k++) {
        if (k == skip) {
            continue;
        }
        if (++c->i[k] < level[k]->n) {
            return true;
        }
        c->i[k] = 0;
    }
    return false;
}

static dvti_range axis_range(const axis *x, int64_t start, int64_t lo, int64_t hi, int64_t *steps)
{
    counters   c = {{0}};
    dvti_range all = {0, -1};

    if (x->count == 0) {
        return start >= lo && start < hi ? (dvti_range){0, 0} : all;
    }
    do {
        int64_t    at = start, a = 0;
        dvti_range r;
        for (int k = 0; k < x->count; k++) {
            if (k != x->longest) {
                at += c.i[k] * step_of(x, k);
                a += c.i[k] * x->level[k]->a;
            }
        }
        r = longest_level(x, at, lo, hi);
        if (!dvti_range_empty(r)) {
            all = dvti_range_join(all, (dvti_range){r.min + a, r.max + a});
        }
        if (--*steps < 0) {
            return all;
        }
    } while (advance(x->level, x->count, x->longest, &c));
    return all;
}

static void axis_add(axis *x, const dvti_reach_level *l)
{
    x->level[x->count] = l;
    if (x->count == 0 || l->n > x->level[x->longest]->n) {
        x->longest = x->count;
    }
    x->count++;
}

bool dvti_reach_range(const dvti_reach *r, dvti_range *out)
{
    axis       rows = {.rows = true}, columns = {.rows = false}, both = {.rows = false};
    dvti_range rest = {0, 0};
    counters   c = {{0}};
    int64_t    steps = STEPS_MAX;

    for (int k = 0; k < r->levels; k++) {
        const dvti_reach_level *l = &r->level[k];
        if (l->n > 1 && l->h != 0 && l->w != 0) {
            axis_add(&both, l);
        } else if (l->n > 1 && l->h != 0) {
            axis_add(&rows, l);
        } else if (l->n > 1 && l->w != 0) {
            axis_add(&columns, l);
        } else {
            rest.min += l->a < 0 ? (l->n - 1) * l->a : 0;
            rest.max += l->a > 0 ? (l->n - 1) * l->a : 0;
        }
    }
    *out = (dvti_range){0, -1};
    do {
        int64_t    a = r->base, h = r->h0, w = r->w0;
        dvti_range in_rows, in_columns;
        for (int k = 0; k < both.count; k++) {
            a += c.i[k] * both.level[k]->a;
            h += c.i[k] * both.level[k]->h;
            w += c.i[k] * both.level[k]->w;
        }
        in_rows = axis_range(&rows, h, r->h_min, r->h_max, &steps);
        in_columns = axis_range(&columns, w, r->w_min, r->w_max, &steps);
        if (!dvti_range_empty(in_rows) && !dvti_range_empty(in_columns)) {
            dvti_range here = {a + in_rows.min + in_columns.min + rest.min,
                               a + in_rows.max + in_columns.max + rest.max};
            *out = dvti_range_join(*out, here);
        }
    } while (--steps >= 0 && advance(both.level, both.count, -1, &c));
    return steps >= 0;
}
