/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.c - a program in the cycle model: its runs one after the other, and their figures.
 *
 * Idea      Every overlay step is one run (docs/timing.md section 1): its words start from empty
 *           queues, its control bytes lie where the host puts them, behind the program's memory.
 *           Times of the words follow one another as if the host's share took no time.
 *           A word that several steps run shows its last time; the sums hold all of them.
 * Limits    A word that passes its check may still run for years; cycles_max says when to give up.
 * Tests     tests/unit/test_cycles.c, tests/fault/fault_sim.c
 */
#include "sim/cycles_int.h"

enum { CONTROL_ALIGN = 64, STALL_PERMILLE_MAX = 999 };
static const int64_t CYCLES_MAX = (int64_t)1 << 36, STOP_ASKED_EVERY = (int64_t)1 << 20;

const char *dvt_stall_name(dvt_stall s)
{
    static const char *const names[DVT_STALL_COUNT] = {
#define DVT_X(name, text, help) text,
        DVT_STALL_LIST(DVT_X)
#undef DVT_X
    };
    return names[s];
}

const char *dvt_busy_name(dvt_busy b)
{
    static const char *const names[DVT_BUSY_COUNT] = {
#define DVT_X(name, text, help) text,
        DVT_BUSY_LIST(DVT_X)
#undef DVT_X
    };
    return names[b];
}

/* ---- runs ---------------------------------------------------------------------------------- */

typedef struct profiler {
    const dvt_program      *p;
    const dvt_profile_opts *opts;
    dvt_profile            *out;
    dvti_cycles             cycles;
    dvti_word_plan         *plans;   /* (word_count) */
    int64_t                *offsets; /* (word_count) of the words in the control bytes */
    dvti_trace             *trace;   /* NULL = none wanted */
} profiler;

static dvt_status plan_words(profiler *f)
{
    const dvt_program *p = f->p;
    size_t             pos = 0, used = 0;
    dvt_status         st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < p->word_count; i++) {
        dvt_word w;
        st = dvt_isa_decode(p->ctx, p->control + pos, p->control_bytes - pos, &used, &w);
        if (st == DVT_OK) {
            st = dvt_word_check(p->ctx, &p->overlay, &w, p->memory_bytes);
        }
        if (st == DVT_OK) {
            dvti_word_plan_make(&p->overlay, &f->cycles.d, &w, &f->plans[i]);
            f->offsets[i] = (int64_t)pos;
        }
        pos += used;
    }
    return st;
}

/* Steps until the run ends; E of it in *cycles. */
static dvt_status finish_run(profiler *f, int64_t *cycles)
{
    int64_t    most = f->opts->cycles_max > 0 ? f->opts->cycles_max : CYCLES_MAX;
    int64_t    steps = 0;
    dvt_status st = DVT_OK;

    while (st == DVT_OK && dvti_cycles_step(&f->cycles)) {
        dvti_cycles_jump(&f->cycles);
        if (f->cycles.now > most - f->out->cycles) {
            return dvt_fail(f->p->ctx, DVT_E_CAPACITY, NULL,
                            "long word %d has not ended after %lld cycles of the program",
                            (int)(f->cycles.plans - f->plans) + f->cycles.current, (long long)most);
        }
        if (++steps % STOP_ASKED_EVERY == 0) {
            st = dvt_stop_asked(f->p->ctx, "profiling");
        }
    }
    *cycles = f->cycles.now;
    return st;
}

static void add_word(dvt_profile *out, dvt_word_timing *t, int32_t bus_bytes)
{
    t->memory_bytes = (t->busy[DVT_BUSY_READ_BEATS] + t->busy[DVT_BUSY_WRITE_BEATS]) * bus_bytes;
    out->array_busy += t->array_busy;
    out->memory_bytes += t->memory_bytes;
    for (int s = 0; s < DVT_STALL_COUNT; s++) {
        out->stall[s] += t->stall[s];
    }
    for (int b = 0; b < DVT_BUSY_COUNT; b++) {
        out->busy[b] += t->busy[b];
    }
}

static dvt_status run_step(profiler *f, const dvt_program_step *step)
{
    int64_t base = (f->p->memory_bytes + CONTROL_ALIGN - 1) / CONTROL_ALIGN * CONTROL_ALIGN;
    int64_t before = f->out->cycles, cycles = 0;
    dvt_word_timing *t = f->out->words + step->first;
    dvt_status       st;

    if (f->trace) {
        dvti_trace_run(f->trace, before, step->first);
    }
    dvti_cycles_start(&f->cycles, f->opts, f->plans + step->first, step->count,
                      base + f->offsets[step->first], t);
    st = finish_run(f, &cycles);
    f->out->cycles += cycles;
    for (int32_t i = 0; st == DVT_OK && i < step->count; i++) {
        t[i].start += before;
        t[i].end += before;
        add_word(f->out, &t[i], f->cycles.d.memory_bus_bytes);
    }
    if (f->trace && st == DVT_OK) {
        dvti_trace_words(f->trace, t, step->count);
    }
    return st;
}

/* ---- figures ------------------------------------------------------------------------------- */

/* Efficiency and limit speak of the array alone: work of the depthwise kernel is not in them. */
static void add_up(const dvt_program *p, const dvt_overlay_derived *d, dvt_profile *out)
{
    int64_t array_macs = 0;

    for (int32_t i = 0; i < p->word_count; i++) {
        out->macs += p->notes[i].macs;
        array_macs += p->notes[i].mapping_cycles > 0 ? p->notes[i].macs : 0;
        out->mapping_cycles += p->notes[i].mapping_cycles;
    }
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

/* ---- the profile --------------------------------------------------------------------------- */

static dvt_status begin_trace(profiler *f)
{
    if (!f->opts->vcd && !f->opts->chrome) {
        return DVT_OK;
    }
    f->trace = dvt_calloc(f->p->ctx, 1, sizeof *f->trace);
    if (!f->trace) {
        return DVT_E_NOMEM;
    }
    dvti_trace_begin(f->trace, f->p, f->opts->vcd, f->opts->chrome);
    f->cycles.trace = f->trace;
    return DVT_OK;
}

static dvt_status end_trace(profiler *f)
{
    dvt_status st = DVT_OK;

    if (f->trace) {
        dvti_trace_end(f->trace, f->out->cycles);
        st = f->opts->vcd ? dvt_buf_status(f->opts->vcd) : st;
        st = st == DVT_OK && f->opts->chrome ? dvt_buf_status(f->opts->chrome) : st;
    }
    return st;
}

static dvt_status run_all(profiler *f)
{
    const dvt_program *p = f->p;
    size_t             words = (size_t)p->word_count + 1;
    dvt_status         st = DVT_E_NOMEM;

    f->out->words = dvt_calloc(p->ctx, words, sizeof *f->out->words);
    f->plans = dvt_calloc(p->ctx, words, sizeof *f->plans);
    f->offsets = dvt_calloc(p->ctx, words, sizeof *f->offsets);
    if (f->out->words && f->plans && f->offsets) {
        st = dvti_cycles_init(&f->cycles, p->ctx, &p->overlay);
    }
    if (st == DVT_OK) {
        st = plan_words(f);
    }
    if (st == DVT_OK) {
        st = begin_trace(f);
    }
    for (int32_t i = 0; st == DVT_OK && i < p->step_count; i++) {
        if (p->steps[i].kind == DVT_STEP_OVERLAY) {
            st = run_step(f, &p->steps[i]);
        }
    }
    if (st == DVT_OK) {
        add_up(p, &f->cycles.d, f->out);
        st = end_trace(f);
    }
    return st;
}

dvt_status dvt_profile_program_with(const dvt_program *p, const dvt_profile_opts *opts,
                                    dvt_profile *out)
{
    static const dvt_profile_opts defaults = {0};
    profiler                     *f;
    dvt_status                    st;

    *out = (dvt_profile){.ctx = p->ctx, .word_count = p->word_count};
    opts = opts ? opts : &defaults;
    if (opts->stall_permille < 0 || opts->stall_permille > STALL_PERMILLE_MAX) {
        return dvt_fail(p->ctx, DVT_E_USAGE, NULL, "stall_permille %d is outside of 0..%d",
                        opts->stall_permille, STALL_PERMILLE_MAX);
    }
    f = dvt_calloc(p->ctx, 1, sizeof *f);
    if (!f) {
        return DVT_E_NOMEM;
    }
    *f = (profiler){.p = p, .opts = opts, .out = out};
    st = run_all(f);
    dvti_cycles_deinit(&f->cycles);
    dvt_free(p->ctx, f->plans);
    dvt_free(p->ctx, f->offsets);
    dvt_free(p->ctx, f->trace);
    dvt_free(p->ctx, f);
    if (st != DVT_OK) {
        dvt_profile_deinit(out);
    }
    return st;
}

dvt_status dvt_profile_program(const dvt_program *p, dvt_profile *out)
{
    return dvt_profile_program_with(p, NULL, out);
}

void dvt_profile_deinit(dvt_profile *p)
{
    if (p->ctx) {
        dvt_free(p->ctx, p->words);
    }
    *p = (dvt_profile){0};
}
