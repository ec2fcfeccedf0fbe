/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cycles.c - when each long word starts and ends, and what its kernels wait for.
 *
 * Idea      Four resources move along a time line in program order: the instruction link, the
 *           channel to external memory, the array with its auxiliary kernels, and the writer. A
 *           word's results leave at the pace of its slowest kernel; its filter pages are fetched
 *           while the page before is in use (two halves of the cache), also across words; its long
 *           word arrives while the word before runs. docs/timing.md states each rule.
 * Reads     the words and the overlay, never data: the time of a program does not depend on its
 *           input.
 * Units     cycles of clock_mhz; the memory channel moves memory_bytes_per_cycle.
 * Tests     tests/unit/test_cycles.c (hand-computed words), tests/diff/diff_compile.c (sums agree)
 */
#include <math.h>

#include "sim/sim_int.h"

/* Stages between a block's read and its result's write, that a word fills and empties once. */
enum {
    READ_STAGES = 4,
    ARRAY_STAGES = 8,
    AUX_STAGES = 6, /* of each kernel on the route */
    WRITE_STAGES = 4
};

const char *dvt_stall_name(dvt_stall s)
{
    static const char *const names[DVT_STALL_COUNT] = {
#define DVT_X(name, text, help) text,
        DVT_STALL_LIST(DVT_X)
#undef DVT_X
    };
    return names[s];
}

/* ---- what a word asks for ------------------------------------------------------------------ */

/* A word of more is refused: its time would mean nothing, and 2^16 of them stay within 63 bits. */
static const double CYCLES_MAX = 0x1p44, PAGES_MAX = 0x1p26;

typedef struct demand {
    bool    array, trip;
    int64_t turns, results; /* of the stream reader; of the writer */
    int64_t pace;           /* cycles from result to result at the slowest kernel */
    int64_t own;            /* cycles a result takes the reader or the array alone */
    int64_t pages, results_per_page,
        page_use; /* page_use: turns of a page where results need several */
    int64_t page_bytes, param_bytes, load_bytes, store_bytes;
    int64_t fill; /* pipeline depth */
    int64_t word_bytes;
} demand;

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Cycles that a kernel takes for one result: its values, a vector at a time. */
static int64_t kernel_pace(const dvt_overlay *o, const dvt_word *w, int64_t kernel, int64_t values)
{
    int64_t turns = kernel == DVT_KERNEL_POOL        ? w->pool.count
                    : kernel == DVT_KERNEL_DEPTHWISE ? w->depthwise.count
                                                     : 1;
    return turns * ceil_div(values, o->aux_vec[kernel] > 0 ? o->aux_vec[kernel] : 1);
}

static int64_t window_of(const dvt_word *w)
{
    return w->xbar.source == 0                ? dvti_nest_count(w->sread.n, 0, (int)w->array.acc)
           : dvt_word_has(w, DVT_KERNEL_POOL) ? w->pool.count
           : dvt_word_has(w, DVT_KERNEL_DEPTHWISE) ? w->depthwise.count
                                                   : 1;
}

static void demand_of_pages(const dvt_overlay_derived *d, const dvt_word *w, demand *m)
{
    const dvt_part_wread *r = &w->wread;
    int                   acc = (int)w->array.acc, page = (int)w->array.page;

    m->pages = 1;
    m->results_per_page = m->results;
    m->page_use = 0;
    if (!dvt_word_has(w, DVT_KERNEL_WREAD)) {
        return;
    }
    m->param_bytes = r->param_rows * r->param_groups * DVTI_PARAM_ROW_BYTES;
    if (r->words == 0) {
        return;
    }
    m->pages = dvti_nest_count(r->n, 0, DVT_PAGE_LOOPS);
    m->page_bytes = r->words * r->lanes * d->filter_word_bytes;
    m->results_per_page = dvt_word_has(w, DVT_KERNEL_DEPTHWISE) ? w->depthwise.outer
                          : m->pages < m->results               ? m->results / m->pages
                                                                : 1;
    if (m->array && page < acc) {
        m->page_use = dvti_nest_count(w->sread.n, 0, page);
    }
}

static demand demand_of(const dvt_program *p, const dvt_overlay_derived *d, const dvt_word *w)
{
    const dvt_overlay *o = &p->overlay;
    demand             m = {.array = dvt_word_has(w, DVT_KERNEL_ARRAY),
                            .trip = dvt_word_has(w, DVT_KERNEL_SREAD),
                            .word_bytes = (int64_t)dvt_isa_word_bytes(w->kernels)};
    int64_t            width = m.array ? o->k_vec : o->c_vec, pixels = (int64_t)o->p_vec * o->q_vec;

    if (dvt_word_has(w, DVT_KERNEL_FREAD)) {
        m.load_bytes = dvti_nest_count(w->fread.n, 0, DVT_DMA_LOOPS) * d->feature_word_bytes;
    }
    if (!m.trip) {
        return m;
    }
    m.own = window_of(w);
    m.turns = dvti_nest_count(w->sread.n, 0, DVT_LOOPS);
    m.results = m.turns / m.own;
    m.pace = m.own;
    m.fill = READ_STAGES + WRITE_STAGES + (m.array ? ARRAY_STAGES : 0);
    for (int32_t i = 0; i < DVT_ROUTE_MAX && w->xbar.route[i]; i++) {
        int64_t pace = kernel_pace(o, w, w->xbar.route[i], pixels * width);
        m.pace = pace > m.pace ? pace : m.pace;
        m.fill += AUX_STAGES;
    }
    if (w->write.space) {
        m.store_bytes = m.results * pixels * ceil_div(width, o->c_vec) * d->feature_word_bytes;
    }
    demand_of_pages(d, w, &m);
    return m;
}

static bool too_long(const demand *m)
{
    return (double)m->results * (double)m->pace > CYCLES_MAX ||
           (double)m->pages * (double)m->page_bytes > CYCLES_MAX ||
           (double)m->load_bytes > CYCLES_MAX || (double)m->store_bytes > CYCLES_MAX ||
           (double)m->pages > PAGES_MAX;
}

/* ---- the time line ------------------------------------------------------------------------- */

typedef struct line {
    const dvt_overlay         *o;
    const dvt_overlay_derived *d;
    int64_t                    memory_free; /* the channel takes the next request */
    int64_t                    last_start, last_end;
    int64_t page_start[2]; /* when the last two pages came into use; the half before is then free */
    int64_t link_free;
} line;

static int64_t transfer(const line *l, int64_t bytes)
{
    return (int64_t)ceil((double)bytes / l->d->memory_bytes_per_cycle);
}

/* A request that may not start before `from`: takes the channel, is there after the latency. */
static int64_t fetch(line *l, int64_t from, int64_t bytes)
{
    int64_t start = from > l->memory_free ? from : l->memory_free;

    if (bytes == 0) {
        return from;
    }
    l->memory_free = start + transfer(l, bytes);
    return l->memory_free + l->o->memory_latency_cycles;
}

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

/* Pages in turn: each waits for its bytes and for the page before; where a result needs several,
 * the last of them also waits for the slowest kernel. Returns when the last is used up; waiting
 * goes to FILTERS. */
static int64_t run_pages(line *l, const demand *m, int64_t at, int64_t first_page_at,
                         dvt_word_timing *t)
{
    int64_t per_page = m->page_use ? m->page_use : m->results_per_page * m->pace;
    int64_t slices = m->page_use ? m->own / m->page_use : 1, left = m->results * m->pace;

    for (int64_t i = 0; i < m->pages; i++) {
        int64_t there = i == 0 ? first_page_at : fetch(l, l->page_start[1], m->page_bytes);
        int64_t late = m->page_use && (i + 1) % slices == 0 ? m->pace - m->own : 0;
        int64_t use = i + 1 == m->pages ? left : per_page + late;
        if (there > at) {
            t->stall[DVT_STALL_FILTERS] += there - at;
            at = there;
        }
        l->page_start[0] = l->page_start[1];
        l->page_start[1] = at;
        at += use;
        left -= use;
    }
    return at;
}

static void time_word(line *l, const demand *m, dvt_word_timing *t)
{
    int64_t link_bytes = l->o->control_link_bits / 8;
    int64_t ready = max64(l->link_free, l->last_start) + ceil_div(m->word_bytes, link_bytes);
    int64_t page_at, loaded, at, stored, work;

    l->link_free = ready;
    t->start = l->last_end;
    page_at = fetch(l, l->page_start[1], m->page_bytes + m->param_bytes);
    loaded = fetch(l, l->last_end, m->load_bytes);
    at = max64(t->start, ready);
    t->stall[DVT_STALL_INSTRUCTIONS] = at - t->start;
    if (loaded > at && m->load_bytes) {
        t->stall[DVT_STALL_FEATURES] = loaded - at;
        at = loaded;
    }
    if (m->trip) {
        at = m->page_bytes ? run_pages(l, m, at, page_at, t)
                           : max64(at, m->param_bytes ? page_at : at) + m->results * m->pace;
        work = m->results * m->own;
        t->array_busy = m->array ? work : 0;
        t->stall[m->array ? DVT_STALL_CROSSBAR : DVT_STALL_AUXILIARY] =
            m->results * m->pace - t->array_busy;
        stored = fetch(l, at - m->results * m->pace, m->store_bytes);
        at += m->fill;
        t->stall[DVT_STALL_DRAIN] = m->fill;
        if (m->store_bytes && stored > at) {
            t->stall[DVT_STALL_MEMORY] = stored - at;
            at = stored;
        }
    }
    l->last_start = t->start;
    l->last_end = t->end = at;
    t->memory_bytes = m->load_bytes + m->store_bytes + m->param_bytes + m->pages * m->page_bytes;
}

/* Parameters can be late, too; whatever is not named yet was waiting for them. */
static void settle(dvt_word_timing *t)
{
    int64_t named = t->array_busy;

    for (int i = 0; i < DVT_STALL_COUNT; i++) {
        named += t->stall[i];
    }
    t->stall[DVT_STALL_FILTERS] += t->end - t->start - named;
}

/* ---- the profile --------------------------------------------------------------------------- */

/* Efficiency and limit speak of the array alone: work of the depthwise kernel is not in them. */
static void add_up(const dvt_program *p, const dvt_overlay_derived *d, dvt_profile *out)
{
    int64_t array_macs = 0;

    for (int32_t i = 0; i < p->word_count; i++) {
        const dvt_word_timing *t = &out->words[i];
        out->macs += p->notes[i].macs;
        array_macs += p->notes[i].mapping_cycles > 0 ? p->notes[i].macs : 0;
        out->mapping_cycles += p->notes[i].mapping_cycles;
        out->array_busy += t->array_busy;
        out->memory_bytes += t->memory_bytes;
        for (int s = 0; s < DVT_STALL_COUNT; s++) {
            out->stall[s] += t->stall[s];
        }
    }
    out->cycles = p->word_count ? out->words[p->word_count - 1].end : 0;
    for (int32_t i = 0; i < p->step_count; i++) {
        if (p->steps[i].kind == DVT_STEP_HOST) {
            out->host_steps++;
            out->host_macs += dvt_graph_node_macs(p->host, (dvt_node_id){p->steps[i].first});
        }
    }
    if (out->cycles > 0) {
        out->fps = p->overlay.clock_mhz * 1e6 / (double)out->cycles;
        out->macs_per_cycle = (double)out->macs / (double)out->cycles;
        out->array_efficiency =
            (double)array_macs / ((double)out->cycles * (double)d->macs_per_cycle);
    }
    if (out->mapping_cycles > 0) {
        out->mapping_limit =
            (double)array_macs / ((double)out->mapping_cycles * (double)d->macs_per_cycle);
    }
}

dvt_status dvt_profile_program(const dvt_program *p, dvt_profile *out)
{
    dvt_overlay_derived d;
    line                l = {.o = &p->overlay, .d = &d};
    size_t              pos = 0, used = 0;
    dvt_status          st = DVT_OK;

    *out = (dvt_profile){.ctx = p->ctx, .word_count = p->word_count};
    dvt_overlay_derive(&p->overlay, &d);
    out->words = dvt_calloc(p->ctx, (size_t)p->word_count + 1, sizeof *out->words);
    if (!out->words) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; st == DVT_OK && i < p->word_count; i++) {
        dvt_word w;
        st = dvt_isa_decode(p->ctx, p->control + pos, p->control_bytes - pos, &used, &w);
        pos += used;
        if (st == DVT_OK) {
            demand m = demand_of(p, &d, &w);
            if (too_long(&m)) {
                st =
                    dvt_fail(p->ctx, DVT_E_CAPACITY, NULL,
                             "long word %d takes more than 2^44 cycles or bytes, or 2^26 pages", i);
                break;
            }
            time_word(&l, &m, &out->words[i]);
            settle(&out->words[i]);
        }
    }
    if (st != DVT_OK) {
        dvt_profile_deinit(out);
        return st;
    }
    add_up(p, &d, out);
    return DVT_OK;
}

void dvt_profile_deinit(dvt_profile *p)
{
    if (p->ctx) {
        dvt_free(p->ctx, p->words);
    }
    *p = (dvt_profile){0};
}
