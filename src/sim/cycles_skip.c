/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cycles_skip.c - the quick form of the cycle model: what need not be looked at is not.
 *
 * Idea      Three things leave out work without changing a figure. How long the banks take for a
 *           turn depends on how many of its rows and columns lie inside the image alone: moving the
 *           lanes only moves the pattern round the banks, so it is worked out once a word. A read
 *           side on which nothing moved in a cycle does not move in the next one either, until
 *           something wakes it: it rests. And while it rests, stretches in which the trip does
 *           nothing, or completes a turn a cycle and nothing else, are gone over in one jump.
 * Invariants
 *           (1) all figures equal those of the plain form (stepwise), on every program;
 *           (2) a jump ends before the first cycle in which anything else may happen.
 * Limits    With back-pressure every cycle draws, so the plain form runs. Words with elt list their
 *           lanes, for the operand fetch takes the banks that are left.
 * Tests     tests/unit/test_cycles.c (both forms on random words), tests/diff/diff_cycles.c
 */
#include "sim/cycles_int.h"

#include <string.h>

/* ---- turns --------------------------------------------------------------------------------- */

/* Of so many rows and columns of lanes: the most that one bank holds, at least 1. */
static int32_t count_cost(dvti_cycles *s, const dvt_part_sread *r, int32_t rows, int32_t columns)
{
    const int64_t banks = s->o->stream_buffer_banks;
    int32_t       most = 1;

    memset(s->bank_lanes, 0, (size_t)banks * sizeof *s->bank_lanes);
    for (int32_t i = 0; i < rows * columns; i++) {
        int64_t bank = (i / columns * r->pa + i % columns * r->qa) % banks;
        int32_t lanes = ++s->bank_lanes[bank < 0 ? bank + banks : bank];
        most = lanes > most ? lanes : most;
    }
    return most;
}

static int32_t cost_of(dvti_cycles *s, const dvt_part_sread *r, int32_t rows, int32_t columns)
{
    uint16_t *known = &s->turn_costs[rows * (s->o->q_vec + 1) + columns];

    if (*known == 0) {
        *known = (uint16_t)count_cost(s, r, rows, columns);
    }
    return *known;
}

/* Lanes whose coordinate lies in [0, end): they stand side by side. */
static int32_t inside(int64_t first, int64_t step, int32_t lanes, int64_t end)
{
    int64_t last = first + step * (lanes - 1);
    int32_t count = 0;

    if (first >= 0 && first < end && last >= 0 && last < end) {
        return lanes;
    }
    for (int32_t i = 0; i < lanes; i++) {
        int64_t at = first + step * i;
        count += at >= 0 && at < end;
    }
    return count;
}

int32_t dvti_turn_cost(dvti_cycles *s, const dvt_part_sread *r)
{
    if (s->unit_turns) {
        return 1;
    }
    return cost_of(s, r, inside(s->turns.h, r->ph, s->o->p_vec, r->h_max),
                   inside(s->turns.w, r->qw, s->o->q_vec, r->w_max));
}

void dvti_skip_launch(dvti_cycles *s, const dvti_word_plan *p)
{
    size_t shapes = (size_t)(s->o->p_vec + 1) * (size_t)(s->o->q_vec + 1);

    s->unit_turns = false;
    if (!s->stepwise && !p->elt) {
        memset(s->turn_costs, 0, shapes * sizeof *s->turn_costs);
        s->unit_turns = cost_of(s, &p->word.sread, s->o->p_vec, s->o->q_vec) == 1;
    }
}

/* ---- read side ----------------------------------------------------------------------------- */

void dvti_read_wake(dvti_cycles *s)
{
    s->wake = false;
    if (s->resting) {
        s->resting = false;
        dvti_memory_rest(&s->memory, s->now - s->memory.now);
    }
}

static bool moved(const dvti_cycles *s)
{
    const dvti_cycle_events *e = &s->e;

    return e->beat_read || e->control || e->fread_step || e->page_step || e->param_step;
}

void dvti_read_rest(dvti_cycles *s, bool woken)
{
    if (woken) {
        s->wake = true;
    } else if (!s->stepwise && !s->resting && !moved(s) && !s->read.ar_valid &&
               s->writer.fifo == 0 && dvti_memory_idle(&s->memory)) {
        s->resting = true;
    }
}

/* ---- jumps --------------------------------------------------------------------------------- */

static int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }

/* Cycles until something that has its cycle in the calendar happens. */
static int64_t until_timers(const dvti_cycles *s)
{
    const dvti_drain *d = &s->drain;
    int64_t           n = INT64_MAX;

    if (!s->launched && s->control.loaded_at >= 0) {
        n = min64(n, s->control.loaded_at - s->now);
    }
    if (s->control.wread_at >= s->now) {
        n = min64(n, s->control.wread_at - s->now);
    }
    if (s->param_freed_count > 0) {
        n = min64(n, s->param_freed[0] - s->now);
    }
    if (s->trip_busy && d->taken < d->drained) {
        n = min64(n, d->at[d->taken % DVT_TIMING_FW] - s->now);
    }
    if (s->trip_busy && d->full) {
        n = min64(n, d->next - s->now);
    }
    return n;
}

/* Cycles, one turn each, before one that releases its page or is the last, or whose result is in
 * stage D. */
static int64_t turns_alone(const dvti_turns *t, const dvti_word_plan *p)
{
    int64_t n = min64(t->left - 1, p->per_result - t->result_turn - 1 + p->depth);

    return p->per_page > 0 ? min64(n, p->per_page - t->page_turn - 1) : n;
}

typedef enum trip_does { TRIP_STEPS, TRIP_WAITS, TRIP_TURNS } trip_does;

/* What the trip does in the cycles to come, and in *n for how many of them at most. */
static trip_does look_ahead(const dvti_cycles *s, int64_t *n)
{
    const dvti_word_plan *p = &s->plans[s->current];
    const dvti_turns     *t = &s->turns;
    const dvti_walk      *k = &s->operands.walk;

    if (s->writer.walk.begun || s->writer.walk.results == 0 ||
        (p->elt && k->results > 0 && (k->begun || dvti_operand_may_begin(s)))) {
        return TRIP_STEPS;
    }
    if (t->pipe_count > 0) {
        *n = min64(*n, p->depth - (t->enabled - t->pipe[t->pipe_head]));
    }
    if (t->left == 0 || (p->per_page > 0 && s->page.ready == 0)) {
        return TRIP_WAITS;
    }
    if (t->enabled < t->next_enabled) {
        *n = min64(*n, t->next_enabled - t->enabled);
        return TRIP_WAITS;
    }
    *n = min64(*n, turns_alone(t, p));
    return s->unit_turns && !t->begun && !p->lrn && p->interval == 1 ? TRIP_TURNS : TRIP_STEPS;
}

static void do_turns(dvti_cycles *s, const dvti_word_plan *p, int64_t n)
{
    dvti_turns      *t = &s->turns;
    dvt_word_timing *w = &s->timing[s->current];
    int64_t          done = p->per_result - t->result_turn;

    for (; done <= n; done += p->per_result) {
        t->pipe[(t->pipe_head + t->pipe_count++) % DVTI_PIPE] = t->enabled + done - 1;
    }
    t->result_turn = p->per_result - (done - n);
    t->page_turn += n;
    t->left -= n;
    t->next_enabled = t->enabled + n;
    w->busy[DVT_BUSY_SREAD] += n;
    w->busy[DVT_BUSY_TURNS] += n;
}

static void go_over(dvti_cycles *s, trip_does trip, int64_t n)
{
    dvt_word_timing *w = &s->timing[s->current];
    uint32_t         cause;

    s->e = (dvti_cycle_events){.enable = true, .completed = trip == TRIP_TURNS};
    cause = dvti_cycle_cause(s);
    if (cause == DVT_STALL_COUNT) {
        w->array_busy += n;
    } else {
        w->stall[cause] += n;
    }
    if (trip == TRIP_TURNS) {
        do_turns(s, &s->plans[s->current], n);
    }
    s->turns.enabled += s->trip_busy ? n : 0;
    s->now += n;
}

void dvti_cycles_jump(dvti_cycles *s)
{
    trip_does trip = TRIP_WAITS;
    int64_t   n;

    if (!s->resting || s->wake || s->current == s->count || s->fread_busy ||
        (s->launched && !s->trip_busy)) {
        return;
    }
    n = until_timers(s);
    if (n > 0 && s->trip_busy) {
        trip = look_ahead(s, &n);
    }
    if (n > 0 && n < INT64_MAX && trip != TRIP_STEPS) {
        go_over(s, trip, n);
    }
}
