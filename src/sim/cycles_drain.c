/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cycles_drain.c - beats leave the result register, pass the route, and meet their operands.
 *
 * Idea      The route is rigid: a beat that leaves now arrives a known number of cycles later, so
 *           the beat FIFO is a ring of cycles. The drain holds a credit for each of its places.
 * Source    docs/timing.md section 7.
 * Tests     tests/unit/test_cycles.c
 */
#include "sim/cycles_int.h"

void dvti_drain_start(dvti_cycles *s)
{
    const dvti_word_plan *p = &s->plans[s->current];

    s->drain = (dvti_drain){.next = s->now};
    s->operands = (dvti_operands){.fetched = 0};
    if (p->elt) {
        dvti_walk_start(&s->operands.walk, p->results, p->word.elt.base);
    }
}

/* ---- drain --------------------------------------------------------------------------------- */

static bool operand_ready(const dvti_cycles *s)
{
    const dvti_operands *o = &s->operands;

    return o->drained < o->fetched && s->now >= o->at[o->drained % (DVT_TIMING_FE + 1)];
}

/* The last beat of a result left: a parameter group may be used up. */
static void end_result(dvti_cycles *s, const dvti_word_plan *p)
{
    dvti_drain *d = &s->drain;

    d->full = false;
    d->results++;
    if (p->params && (d->results % p->outer == 0 || d->results == p->results)) {
        s->param.ready--;
        s->param_freed[s->param_freed_count++] = s->now + p->route;
    }
}

void dvti_drain_step(dvti_cycles *s)
{
    const dvti_word_plan *p = &s->plans[s->current];
    dvti_drain           *d = &s->drain;
    bool                  ready;

    s->e.credit = d->drained - d->taken < DVT_TIMING_FW;
    ready = d->full && s->now >= d->next && s->e.credit;
    s->e.waits_param = ready && p->params && s->param.ready == 0;
    if (!ready || s->e.waits_param || (p->elt && !operand_ready(s))) {
        return;
    }
    s->e.drained = true;
    s->operands.drained += p->elt;
    d->at[d->drained++ % DVT_TIMING_FW] = s->now + p->route;
    d->next = s->now + p->pace;
    if (--d->beats == 0) {
        end_result(s, p);
    }
}

/* Groups whose last beat has arrived are free: seen from this cycle on. */
void dvti_params_free(dvti_cycles *s)
{
    while (s->param_freed_count > 0 && s->now >= s->param_freed[0]) {
        s->param_freed[0] = s->param_freed[1];
        s->param_freed_count--;
        s->param.used--;
        dvti_read_wake(s);
    }
}

/* ---- operands ------------------------------------------------------------------------------ */

bool dvti_operand_may_begin(const dvti_cycles *s)
{
    return s->operands.fetched - s->operands.drained < DVT_TIMING_FE;
}

void dvti_operand_step(dvti_cycles *s, bool may_begin)
{
    const dvti_word_plan *p = &s->plans[s->current];
    const dvt_part_elt   *e = &p->word.elt;
    dvti_operands        *o = &s->operands;

    if (!s->trip_busy || s->fread_busy || !p->elt || o->walk.results == 0 ||
        (!o->walk.begun && !may_begin)) {
        return;
    }
    s->e.elt_works = true;
    if (!o->walk.begun) {
        dvti_walk_list(s, &o->walk, &(dvti_lane_steps){e->pa, e->qa, e->ja}, s->operand_blocks);
    }
    dvti_banks_serve(s, s->operand_blocks, &o->walk.count, s->read_port);
    if (o->walk.count == 0) {
        s->e.operand_fetched = true;
        o->at[o->fetched++ % (DVT_TIMING_FE + 1)] = s->now + DVT_TIMING_READ + 1;
        dvti_walk_next(s, &o->walk, e->a);
    }
}
