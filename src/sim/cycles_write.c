/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cycles_write.c - the writer: beats of blocks into the stream buffer or to external memory.
 *
 * Idea      Both sinks take the blocks of the beat at the FIFO's head that are not dropped. Into
 *           the stream buffer a bank takes one a cycle; to external memory neighbouring blocks are
 *           gathered in one open bus beat, which leaves when a block lies elsewhere.
 * Source    docs/timing.md section 8; docs/isa.md (write).
 * Tests     tests/unit/test_cycles.c
 */
#include "sim/cycles_int.h"

/* ---- beats in the writer's order ----------------------------------------------------------- */

void dvti_walk_start(dvti_walk *w, int64_t results, int64_t base)
{
    *w = (dvti_walk){.address = base, .results = results};
}

/* Blocks of a lane that exist: fewer in the last turn of the channel level. */
static int32_t blocks_kept(const dvti_cycles *s, const dvti_word_plan *p, const dvti_walk *w)
{
    const dvt_part_write *r = &p->word.write;

    if (r->k_level >= DVT_OUT_LOOPS || w->i[r->k_level] < r->n[r->k_level] - 1) {
        return p->blocks;
    }
    return (int32_t)((r->k_last + s->o->c_vec - 1) / s->o->c_vec);
}

void dvti_walk_list(const dvti_cycles *s, dvti_walk *w, const dvti_lane_steps *step,
                    int64_t *blocks)
{
    const dvti_word_plan *p = &s->plans[s->current];
    const dvt_part_write *r = &p->word.write;
    int32_t               end = w->lane + s->d.beat_blocks;

    w->begun = true;
    w->count = w->next = 0;
    if (w->block >= blocks_kept(s, p, w)) {
        return;
    }
    for (int32_t lane = w->lane; lane < end && lane < s->d.pixels; lane++) {
        int32_t row = lane / s->o->q_vec, column = lane % s->o->q_vec;
        if (w->h + row < r->h_max && w->w + column < r->w_max) {
            blocks[w->count++] = w->address + row * step->p + column * step->q + w->block * step->j;
        }
    }
}

void dvti_walk_next(const dvti_cycles *s, dvti_walk *w, const int64_t *d)
{
    const dvti_word_plan *p = &s->plans[s->current];
    const dvt_part_write *r = &p->word.write;

    w->begun = false;
    w->lane += s->d.beat_blocks;
    if (w->lane < s->d.pixels) {
        return;
    }
    w->lane = 0;
    if (++w->block < p->blocks) {
        return;
    }
    w->block = 0;
    w->results--;
    for (int l = 0; l < DVT_OUT_LOOPS; l++) {
        w->address += d[l];
        w->h += r->h[l];
        w->w += r->w[l];
        if (++w->i[l] < r->n[l]) {
            return;
        }
        w->address -= d[l] * r->n[l];
        w->h -= r->h[l] * r->n[l];
        w->w -= r->w[l] * r->n[l];
        w->i[l] = 0;
    }
}

/* ---- memory-write FIFO --------------------------------------------------------------------- */

/* Room is that of the cycle's start: the head leaves behind this step (dvti_writer_sent). */
static bool push(dvti_cycles *s, int64_t beat)
{
    dvti_writer *w = &s->writer;

    if (w->fifo == DVT_TIMING_FM) {
        return false;
    }
    w->fifo_beat[(w->fifo_head + w->fifo++) % DVT_TIMING_FM] = beat;
    w->unanswered++;
    return true;
}

/* What AW and W took in this cycle. */
void dvti_writer_sent(dvti_cycles *s, bool aw, bool w)
{
    dvti_writer *r = &s->writer;

    r->aw_done = r->aw_done || aw;
    r->w_done = r->w_done || w;
    if (r->aw_done && r->w_done) {
        r->aw_done = r->w_done = false;
        r->fifo_head = (r->fifo_head + 1) % DVT_TIMING_FM;
        r->fifo--;
    }
}

/* ---- sinks --------------------------------------------------------------------------------- */

static void store_stream(dvti_cycles *s)
{
    dvti_banks_serve(s, s->write_blocks, &s->writer.walk.count, s->write_port);
}

/* Words up to the bus: gathers blocks that lie in one bus beat. */
static void gather(dvti_cycles *s)
{
    dvti_writer *w = &s->writer;
    dvti_walk   *k = &w->walk;
    int64_t      words = s->d.memory_bus_bytes / s->d.feature_word_bytes, beat;

    if (k->next == k->count) {
        return;
    }
    beat = s->write_blocks[k->next] / words;
    if (w->open && w->open_beat != beat && !push(s, w->open_beat)) {
        return;
    }
    w->open = true;
    w->open_beat = beat;
    while (k->next < k->count && s->write_blocks[k->next] / words == beat) {
        k->next++;
    }
}

/* Larger words: a bus beat a cycle. */
static void split(dvti_cycles *s)
{
    dvti_writer *w = &s->writer;
    dvti_walk   *k = &w->walk;
    int64_t      beats = s->d.feature_word_bytes / s->d.memory_bus_bytes;

    if (k->next == k->count || !push(s, s->write_blocks[k->next] * beats + w->sub_beat)) {
        return;
    }
    if (++w->sub_beat == beats) {
        w->sub_beat = 0;
        k->next++;
    }
}

/* ---- writer -------------------------------------------------------------------------------- */

void dvti_writer_start(dvti_cycles *s)
{
    const dvti_word_plan *p = &s->plans[s->current];

    s->writer = (dvti_writer){.sub_beat = 0};
    dvti_walk_start(&s->writer.walk, p->results, p->word.write.base);
}

static void take_beat(dvti_cycles *s, const dvti_word_plan *p)
{
    const dvt_part_write *r = &p->word.write;
    dvti_walk            *k = &s->writer.walk;

    s->e.write_works = true;
    if (!k->begun) {
        dvti_walk_list(s, k, &(dvti_lane_steps){r->pd, r->qd, r->jd}, s->write_blocks);
    }
    if (!p->external) {
        store_stream(s);
    } else if (s->d.feature_word_bytes <= s->d.memory_bus_bytes) {
        gather(s);
    } else {
        split(s);
    }
    if (k->next == k->count || k->count == 0) {
        s->e.beat_taken = true;
        s->drain.taken++;
        dvti_walk_next(s, k, r->d);
    }
}

void dvti_writer_step(dvti_cycles *s)
{
    const dvti_word_plan *p = &s->plans[s->current];
    dvti_writer          *w = &s->writer;
    const dvti_drain     *d = &s->drain;

    if (!s->trip_busy) {
        return;
    }
    if (w->walk.results > 0) {
        if (d->taken < d->drained && s->now >= d->at[d->taken % DVT_TIMING_FW]) {
            take_beat(s, p);
        }
        if (w->walk.results == 0 && !p->external) {
            s->trip_busy = false;
        }
    } else if (w->open) {
        w->open = !push(s, w->open_beat);
    } else if (w->fifo == 0 && w->unanswered == 0) {
        s->trip_busy = false;
    }
}
