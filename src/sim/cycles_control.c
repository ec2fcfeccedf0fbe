/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cycles_control.c - the reader of long words, the chain, and when a word is launched.
 *
 * Idea      The chain has one register a node, so that what is sent now is seen a known number of
 *           cycles later: the model keeps that cycle instead of the flits.
 * Source    docs/timing.md section 4.
 * Tests     tests/unit/test_cycles.c
 */
#include "sim/cycles_int.h"

enum { END_DELAY = DVT_KERNEL_COUNT + 1 };

void dvti_control_start(dvti_cycles *s, int64_t bytes)
{
    dvti_runs runs = {.n = {1, 1, 1}, .bytes = bytes};

    dvti_client_start(s, DVTI_CLIENT_CONTROL, &runs, s->control_address);
    s->control = (dvti_control){.loaded_at = -1, .wread_at = -1};
}

/* ---- units --------------------------------------------------------------------------------- */

static bool unit_there(const dvti_cycles *s)
{
    int32_t bus = s->d.memory_bus_bytes;
    int32_t beats = bus < DVT_ISA_UNIT_BYTES ? DVT_ISA_UNIT_BYTES / bus : 1;

    return s->read.client[DVTI_CLIENT_CONTROL].beats >= beats;
}

/* A beat counts for the word whose unit uses it up, whenever it came. */
static void use_unit(dvti_cycles *s)
{
    dvti_client *c = &s->read.client[DVTI_CLIENT_CONTROL];
    int32_t      bus = s->d.memory_bus_bytes, beats = 0;

    c->use.done += DVT_ISA_UNIT_BYTES;
    if (bus < DVT_ISA_UNIT_BYTES) {
        beats = DVT_ISA_UNIT_BYTES / bus;
    } else if ((c->use.address + c->use.done) % bus == 0 || c->use.done == c->runs.bytes) {
        beats = 1;
    }
    c->beats -= beats;
    s->timing[s->control.word].busy[DVT_BUSY_READ_BEATS] += beats;
}

/* ---- reader -------------------------------------------------------------------------------- */

/* The next kernel of the word's mask from `part` on, or the end flit. */
static void seek_part(dvti_control *c, const dvt_word *w, int32_t part)
{
    while (part < DVT_KERNEL_COUNT && !dvt_word_has(w, (dvt_kernel)part)) {
        part++;
    }
    c->part = part;
    c->state = part < DVT_KERNEL_COUNT ? DVTI_READER_START : DVTI_READER_END;
}

static void send_data(dvti_cycles *s, const dvt_word *w)
{
    dvti_control *c = &s->control;
    int32_t       flits_of_unit = DVT_ISA_UNIT_BYTES * 8 / s->o->control_link_bits;

    if (!unit_there(s)) {
        return;
    }
    s->e.flit = s->e.control = true;
    if (++c->unit_flits == flits_of_unit) {
        c->unit_flits = 0;
        use_unit(s);
    }
    if (--c->flits > 0) {
        return;
    }
    if (c->part == DVT_KERNEL_WREAD) {
        c->wread_at = s->now + DVT_KERNEL_WREAD + 1;
    }
    seek_part(c, w, c->part + 1);
}

void dvti_control_step(dvti_cycles *s)
{
    dvti_control   *c = &s->control;
    const dvt_word *w;

    if (c->word == s->count || c->state == DVTI_READER_LOADED) {
        return;
    }
    w = &s->plans[c->word].word;
    switch (c->state) {
    case DVTI_READER_HEADER:
        if (unit_there(s)) {
            s->e.control = true;
            use_unit(s);
            seek_part(c, w, 0);
        }
        break;
    case DVTI_READER_START:
        s->e.flit = s->e.control = true;
        c->flits = dvt_isa_describe((dvt_kernel)c->part)->bytes * 8 / s->o->control_link_bits;
        c->state = DVTI_READER_DATA;
        break;
    case DVTI_READER_DATA: send_data(s, w); break;
    case DVTI_READER_END:
        s->e.flit = s->e.control = true;
        c->loaded_at = s->now + END_DELAY;
        c->state = DVTI_READER_LOADED;
        break;
    case DVTI_READER_LOADED: break;
    }
}

bool dvti_launch_now(const dvti_cycles *s)
{
    return s->control.loaded_at >= 0 && s->now >= s->control.loaded_at && s->control.wread_at < 0 &&
           !s->fread_busy && !s->trip_busy;
}
