/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cycles_turns.c - the stream reader's turns, bank by bank, and the pipeline behind them.
 *
 * Idea      A turn is completed when its banks have served all its lanes. Only turns that end a
 *           result are followed further: the pipeline holds, for each, how many cycles with
 *           enable = 1 had passed when it was completed, and is thereby frozen for free.
 * Source    docs/timing.md sections 5 and 6.
 * Tests     tests/unit/test_cycles.c
 */
#include "sim/cycles_int.h"

void dvti_turns_start(dvti_cycles *s, const dvti_word_plan *p)
{
    const dvt_part_sread *r = &p->word.sread;

    s->turns = (dvti_turns){.left = p->turns, .address = r->base, .h = r->h0, .w = r->w0};
}

/* ---- lanes --------------------------------------------------------------------------------- */

/* Lanes inside the image, ascending. */
static void list_lanes(dvti_cycles *s, const dvt_part_sread *r)
{
    dvti_turns *t = &s->turns;

    t->pending = 0;
    for (int32_t p = 0; p < s->o->p_vec; p++) {
        int64_t row = t->h + p * r->ph;
        if (row < 0 || row >= r->h_max) {
            continue;
        }
        for (int32_t q = 0; q < s->o->q_vec; q++) {
            int64_t column = t->w + q * r->qw;
            if (column >= 0 && column < r->w_max) {
                s->lanes[t->pending++] = t->address + p * r->pa + q * r->qa;
            }
        }
    }
}

void dvti_banks_serve(const dvti_cycles *s, int64_t *blocks, int32_t *count, int64_t *port)
{
    int32_t left = 0;

    for (int32_t i = 0; i < *count; i++) {
        int64_t bank = blocks[i] % s->o->stream_buffer_banks;
        if (port[bank] == s->now) {
            blocks[left++] = blocks[i];
        } else {
            port[bank] = s->now;
        }
    }
    *count = left;
}

static void advance_nest(dvti_turns *t, const dvt_part_sread *r)
{
    for (int l = 0; l < DVT_LOOPS; l++) {
        t->address += r->a[l];
        t->h += r->h[l];
        t->w += r->w[l];
        if (++t->i[l] < r->n[l]) {
            return;
        }
        t->address -= r->a[l] * r->n[l];
        t->h -= r->h[l] * r->n[l];
        t->w -= r->w[l] * r->n[l];
        t->i[l] = 0;
    }
}

/* The turn begins: its lanes, or in the quick form how long the banks take for them. */
static void begin_turn(dvti_cycles *s, const dvti_word_plan *p)
{
    dvti_turns *t = &s->turns;

    t->begun = true;
    if (p->lrn && t->group_turn >= p->word.lrn.blocks) { /* virtual: no lanes */
        t->pending = 0;
    } else if (s->stepwise || p->elt) {
        list_lanes(s, &p->word.sread);
    } else {
        t->pending = dvti_turn_cost(s, &p->word.sread);
    }
}

static void serve_lanes(dvti_cycles *s, const dvti_word_plan *p)
{
    if (s->stepwise || p->elt) {
        dvti_banks_serve(s, s->lanes, &s->turns.pending, s->read_port);
    } else if (s->turns.pending > 0) {
        s->turns.pending--;
    }
}

/* ---- turns --------------------------------------------------------------------------------- */

static bool may_work(const dvti_cycles *s, const dvti_word_plan *p)
{
    return s->trip_busy && !s->fread_busy && s->turns.left > 0 &&
           (p->per_page == 0 || s->page.ready > 0) && s->turns.enabled >= s->turns.next_enabled;
}

/* Where lanes lie does not matter if every turn takes a cycle, nobody else wants the banks, and
 * nobody looks. */
static void advance(dvti_cycles *s, const dvti_word_plan *p)
{
    if (!s->unit_turns) {
        advance_nest(&s->turns, &p->word.sread);
    }
}

/* Does the turn that was completed end a result? Moves on to the next turn. */
static bool ends_result(dvti_cycles *s, const dvti_word_plan *p)
{
    dvti_turns *t = &s->turns;

    if (p->lrn) {
        int64_t k = t->group_turn++, blocks = p->word.lrn.blocks;
        if (k < blocks) {
            advance(s, p);
        }
        if (t->group_turn == blocks + p->virtual_turns) {
            t->group_turn = 0;
        }
        return k >= p->virtual_turns;
    }
    advance(s, p);
    if (++t->result_turn < p->per_result) {
        return false;
    }
    t->result_turn = 0;
    return true;
}

/* Completes the turn; true if it was the last that uses its page. */
static bool complete(dvti_cycles *s, const dvti_word_plan *p)
{
    dvti_turns *t = &s->turns;

    s->e.completed = true;
    t->begun = false;
    t->left--;
    t->next_enabled = t->enabled + p->interval;
    if (ends_result(s, p)) {
        t->pipe[(t->pipe_head + t->pipe_count++) % DVTI_PIPE] = t->enabled;
    }
    if (p->per_page > 0 && (++t->page_turn == p->per_page || t->left == 0)) {
        t->page_turn = 0;
        return true;
    }
    return false;
}

bool dvti_turns_step(dvti_cycles *s)
{
    const dvti_word_plan *p = &s->plans[s->current];
    dvti_turns           *t = &s->turns;
    bool                  released = false;

    if (may_work(s, p)) {
        s->e.sread_works = true;
        if (!t->begun) {
            begin_turn(s, p);
        }
        serve_lanes(s, p);
        released = t->pending == 0 && complete(s, p);
    }
    return released;
}

/* ---- pipeline ------------------------------------------------------------------------------ */

bool dvti_pipe_out(const dvti_cycles *s)
{
    const dvti_turns *t = &s->turns;

    return t->pipe_count > 0 && t->enabled - t->pipe[t->pipe_head] == s->plans[s->current].depth;
}
