/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cycles_read.c - the read side: four clients ask for bursts, and take the beats apart.
 *
 * Idea      A client walks its runs twice: once to ask, a burst at a time, and once to use what
 *           came, a step at a time. Between the two lie its FIFO, which is only a count here, and
 *           the bursts on their way, which are answered in the order in which they were granted.
 * Source    docs/timing.md section 3.
 * Tests     tests/unit/test_cycles.c
 */
#include "sim/cycles_int.h"

/* ---- runs ---------------------------------------------------------------------------------- */

static void next_run(const dvti_runs *r, dvti_run_at *at)
{
    at->done = 0;
    at->left--;
    for (int l = 0; l < DVT_DMA_LOOPS; l++) {
        at->address += r->step[l];
        if (++at->i[l] < r->n[l]) {
            return;
        }
        at->address -= r->step[l] * r->n[l];
        at->i[l] = 0;
    }
}

/* ---- requests ------------------------------------------------------------------------------ */

/* The next burst: from the beat of the run's next byte to its last, or to the burst boundary. */
static void plan_burst(const dvti_cycles *s, dvti_client_id id, dvti_client *c)
{
    int64_t bus = s->d.memory_bus_bytes, burst = bus * s->o->memory_burst_beats;
    int64_t first = (c->ask.address + c->ask.done) / bus * bus;
    int64_t last = (c->ask.address + c->runs.bytes - 1) / bus * bus;
    int64_t beats = (last - first) / bus + 1, room = (burst - first % burst) / bus;

    c->next_address = first;
    c->next_beats = (int32_t)(id == DVTI_CLIENT_CONTROL ? 1 : beats < room ? beats : room);
}

static void grant(dvti_cycles *s, dvti_client_id id)
{
    dvti_read_side *r = &s->read;
    dvti_client    *c = &r->client[id];
    int32_t         tail = (r->burst_head + r->burst_count++) % DVT_TIMING_RO;

    r->ar_valid = true;
    r->ar_address = (uint64_t)c->next_address;
    r->ar_beats = c->next_beats;
    r->burst[tail].client = id;
    r->burst[tail].beats = c->next_beats;
    c->outstanding += c->next_beats;
    c->ask.done = c->next_address + (int64_t)c->next_beats * s->d.memory_bus_bytes - c->ask.address;
    if (c->ask.done >= c->runs.bytes) {
        next_run(&c->runs, &c->ask);
    }
    plan_burst(s, id, c);
}

void dvti_read_arbitrate(dvti_cycles *s, bool accepted)
{
    dvti_read_side *r = &s->read;

    if (r->ar_valid && !accepted) {
        return;
    }
    r->ar_valid = false;
    for (int id = 0; id < DVTI_CLIENT_COUNT && r->burst_count < DVT_TIMING_RO; id++) {
        const dvti_client *c = &r->client[id];
        if (c->ask.left > 0 && c->capacity - c->beats - c->outstanding >= c->next_beats) {
            grant(s, (dvti_client_id)id);
            return;
        }
    }
}

/* The beat that the memory gave in this cycle: in its FIFO from the next one on. */
dvti_client_id dvti_read_arrive(dvti_cycles *s)
{
    dvti_read_side *r = &s->read;
    dvti_client_id  id = r->burst[r->burst_head].client;
    dvti_client    *c = &r->client[id];

    c->outstanding--;
    c->beats++;
    if (--r->burst[r->burst_head].beats == 0) {
        r->burst_head = (r->burst_head + 1) % DVT_TIMING_RO;
        r->burst_count--;
    }
    return id;
}

/* ---- parts that start ---------------------------------------------------------------------- */

void dvti_client_start(dvti_cycles *s, dvti_client_id id, const dvti_runs *runs, int64_t address)
{
    dvti_client *c = &s->read.client[id];

    c->runs = *runs;
    c->ask = (dvti_run_at){.address = address, .left = dvti_nest_count(runs->n, 0, DVT_DMA_LOOPS)};
    c->ask.left = runs->bytes > 0 ? c->ask.left : 0;
    c->use = c->ask;
    plan_burst(s, id, c);
}

bool dvti_client_idle(const dvti_client *c) { return c->use.left == 0; }

void dvti_wread_start(dvti_cycles *s, const dvti_word_plan *p)
{
    const dvt_part_wread *w = &p->word.wread;
    const int64_t         row = DVTI_PARAM_ROW_BYTES, unit = DVTI_UNIT_BYTES;
    dvti_runs             params = {.n = {1, 1, 1}, .bytes = w->param_rows * w->param_groups * row};
    dvti_runs             pages = {.bytes = w->words * w->lanes * s->d.filter_word_bytes};

    for (int l = 0; l < DVT_PAGE_LOOPS; l++) {
        pages.n[l] = w->n[l];
        pages.step[l] = w->step[l] * unit;
    }
    dvti_client_start(s, DVTI_CLIENT_PARAMS, &params, w->param_src * unit);
    dvti_client_start(s, DVTI_CLIENT_PAGES, &pages, w->src * unit);
}

void dvti_fread_start(dvti_cycles *s, const dvti_word_plan *p)
{
    const dvt_part_fread *f = &p->word.fread;
    const int64_t         word = s->d.feature_word_bytes;
    dvti_runs             runs = {.n = {f->n[1], f->n[2], 1},
                                  .step = {f->src_step[0] * word, f->src_step[1] * word, 0},
                                  .bytes = f->n[0] * word};

    dvti_client_start(s, DVTI_CLIENT_FREAD, &runs, f->src * word);
}

/* ---- taking beats apart -------------------------------------------------------------------- */

/* One step: items of `size` bytes, at most `most` of them, all from the beat at the head; an item
 * larger than the bus takes a beat a step. Returns the bytes that were used; false = no beat. */
static bool use_items(const dvti_cycles *s, dvti_client *c, int64_t size, int64_t most)
{
    int64_t bus = s->d.memory_bus_bytes, at = c->use.address + c->use.done;
    int64_t left = c->runs.bytes - c->use.done, bytes = bus;

    if (c->use.left == 0 || c->beats == 0) {
        return false;
    }
    if (size <= bus) {
        int64_t in_beat = (bus - at % bus) / size;
        bytes = (in_beat < most ? in_beat : most) * size;
    }
    bytes = bytes < left ? bytes : left;
    if ((at + bytes) % bus == 0 || bytes == left) {
        c->beats--;
    }
    c->use.done += bytes;
    return true;
}

static bool run_used(dvti_client *c)
{
    if (c->use.done < c->runs.bytes) {
        return false;
    }
    next_run(&c->runs, &c->use);
    return true;
}

void dvti_fread_step(dvti_cycles *s)
{
    dvti_client *c = &s->read.client[DVTI_CLIENT_FREAD];

    s->e.fread_step = use_items(s, c, s->d.feature_word_bytes, s->o->stream_buffer_banks);
    if (s->e.fread_step && run_used(c) && c->use.left == 0) {
        s->fread_busy = false;
    }
}

/* A page is a run; a row of it, its `lanes` words, ends a step. */
void dvti_page_step(dvti_cycles *s)
{
    dvti_client *c = &s->read.client[DVTI_CLIENT_PAGES];
    int64_t      word = s->d.filter_word_bytes, lanes, column;
    bool         first = c->use.done == 0;

    if (c->use.left == 0 || (first && s->page.used == DVTI_HALVES)) {
        return;
    }
    lanes = s->plans[s->wread_word].word.wread.lanes;
    column = c->use.done / word % lanes;
    s->e.page_step = use_items(s, c, word, lanes - column);
    if (!s->e.page_step) {
        return;
    }
    s->e.page_ends = run_used(c);
    s->page.used += first;
    s->page.ready += s->e.page_ends;
}

/* All groups are one run. */
void dvti_param_step(dvti_cycles *s)
{
    dvti_client *c = &s->read.client[DVTI_CLIENT_PARAMS];
    int64_t      group;
    bool         first;

    if (c->use.left == 0) {
        return;
    }
    group = s->plans[s->wread_word].word.wread.param_rows * DVTI_PARAM_ROW_BYTES;
    first = c->use.done % group == 0;
    if (first && s->param.used == DVTI_HALVES) {
        return;
    }
    s->e.param_step = use_items(s, c, DVTI_PARAM_ROW_BYTES, 1);
    if (!s->e.param_step) {
        return;
    }
    s->e.param_ends = c->use.done % group == 0;
    s->param.used += first;
    s->param.ready += s->e.param_ends;
    run_used(c);
}
