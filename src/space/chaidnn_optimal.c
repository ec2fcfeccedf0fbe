/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaidnn_optimal.c - the best schedule that there is, to price the standing one.
 *
 * Problem   The operations of a cell have a unit and a time each and wait for what they read;
 *           a unit does one at a time and to its end. The cells of a network follow one another
 *           (cell_program.c), so the least latency of the network is the sum of the least ends of
 *           its cells.
 * Method    Branch and bound over active schedules (Giffler, Thompson 1960): of the operations that
 *           can be next, take the one that would end first; some operation of its unit that can
 *           start before that end is next on the unit. An optimal schedule is among these.
 * Bounds    An operation that is not placed ends no earlier than its chain of readers allows; the
 *           work left on a unit begins no earlier than the first of it can, and behind its last
 *           operation stands the shortest chain of them.
 * Limits    DVTI_PROGRAM_OPS operations; a cell takes microseconds.
 * Tests     tests/unit/test_chaidnn_optimal.c (all orders of small cells)
 */
#include "space/cell_program.h"
#include "space/nb101_int.h"

typedef struct search {
    int32_t  count;
    int32_t  unit[DVTI_PROGRAM_OPS];
    uint32_t reads[DVTI_PROGRAM_OPS];
    int64_t  time[DVTI_PROGRAM_OPS];
    int64_t  tail[DVTI_PROGRAM_OPS]; /* the longest chain of readers from its start on */
    int64_t  done[DVTI_PROGRAM_OPS]; /* end, of those placed */
    int64_t  free_at[DVT_UNIT_COUNT];
    int64_t  best;
} search;

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* When an operation can start: free of its unit, or of what it reads; operations that are not
 * placed yet count with their least ends. `placed`: bits. */
static void earliest(const search *s, uint32_t placed, int64_t start[DVTI_PROGRAM_OPS])
{
    for (int32_t i = 0; i < s->count; i++) { /* what is read stands before */
        start[i] = s->free_at[s->unit[i]];
        for (int32_t j = 0; j < i; j++) {
            if (s->reads[i] >> j & 1u) {
                int64_t end = placed >> j & 1u ? s->done[j] : start[j] + s->time[j];
                start[i] = max64(start[i], end);
            }
        }
    }
}

/* No schedule that goes on from here ends before. */
static int64_t bound_of(const search *s, uint32_t placed, const int64_t *start)
{
    int64_t bound = 0;

    for (int32_t u = 0; u < DVT_UNIT_COUNT; u++) {
        int64_t first = INT64_MAX, work = 0, behind = INT64_MAX;
        for (int32_t i = 0; i < s->count; i++) {
            if (s->unit[i] == u && !(placed >> i & 1u)) {
                first = min64(first, start[i]);
                work += s->time[i];
                behind = min64(behind, s->tail[i] - s->time[i]);
                bound = max64(bound, start[i] + s->tail[i]);
            }
        }
        bound = work ? max64(bound, first + work + behind) : bound;
    }
    return bound;
}

static void place(search *s, uint32_t placed, int64_t end)
{
    int64_t start[DVTI_PROGRAM_OPS], first_end = INT64_MAX;
    int32_t first = 0;

    if (placed == (1u << s->count) - 1) {
        s->best = min64(s->best, end);
        return;
    }
    earliest(s, placed, start);
    if (max64(end, bound_of(s, placed, start)) >= s->best) {
        return;
    }
    for (int32_t i = 0; i < s->count; i++) {
        bool can = !(placed >> i & 1u) && (s->reads[i] & ~placed) == 0;
        if (can && start[i] + s->time[i] < first_end) {
            first_end = start[i] + s->time[i];
            first = i;
        }
    }
    for (int32_t i = 0; i < s->count; i++) {
        bool can = !(placed >> i & 1u) && (s->reads[i] & ~placed) == 0;
        int32_t unit = s->unit[first];
        /* one that takes no time is in nobody's way: it starts and ends at once */
        if (can && s->unit[i] == unit && (start[i] < first_end || i == first)) {
            int64_t before = s->free_at[unit];
            s->done[i] = s->free_at[unit] = start[i] + s->time[i];
            place(s, placed | 1u << i, max64(end, s->done[i]));
            s->free_at[unit] = before;
        }
    }
}

int64_t dvti_program_cell_least(const dvti_program *p, const uint32_t *ticks, bool two,
                                int32_t kind)
{
    search s = {.count = p->count, .best = dvti_program_cell(p, ticks, two, kind)};

    for (int32_t i = p->count - 1; i >= 0; i--) {
        s.unit[i] = p->unit[i] == DVT_UNIT_CONV_POINT && !two ? DVT_UNIT_CONV_WIDE : p->unit[i];
        s.reads[i] = p->reads[i];
        s.time[i] = ticks[p->shape[i][kind]];
        s.tail[i] += s.time[i];
        for (int32_t j = 0; j < i; j++) {
            if (p->reads[i] >> j & 1u) {
                s.tail[j] = max64(s.tail[j], s.tail[i]);
            }
        }
    }
    if (s.count > 0) {
        place(&s, 0, 0);
    }
    return s.best;
}

int64_t dvt_chaidnn_nb101_optimal(const dvt_nb101_cell *cell, const dvt_chaidnn *a,
                                  const uint32_t *ticks)
{
    const bool     two = a->share < DVT_CHAIDNN_SHARES;
    int64_t        sum = dvti_family_nb101.fixed(ticks, two);
    dvt_nb101_cell canonical;
    dvti_program   program;

    dvt_nb101_canonical(cell, &canonical);
    dvti_program_nb101(&canonical, &program);
    for (int32_t k = 0; k < dvti_family_nb101.kinds; k++) {
        sum += dvti_family_nb101.times[k] * dvti_program_cell_least(&program, ticks, two, k);
    }
    return sum;
}
