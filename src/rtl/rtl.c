/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtl.c - executes programs on the simulated RTL.
 *
 * Idea      The host's side is the shared runner's (overlay/program_run.c). External memory holds
 *           the program's memory and, from the next multiple of 64 bytes on, its long words; an
 *           OVERLAY step is a run: registers are set, the overlay is started and clocked to its
 *           end, and its counters are read, all through AXI4-Lite as a driver would.
 * Tests     tests/rtl/rtl_programs.c (against the models), tests/rtl/rtl_faults.c
 */
#include "overlay/program_run.h"
#include "rtl/model.h"

#include <string.h>

enum { CONTROL_ALIGN = 64 };
static const int64_t  CYCLES_MAX = (int64_t)1 << 40;
static const uint32_t WATCHDOG = 1u << 20;

struct dvt_rtl {
    dvt_ctx           *ctx;
    const dvt_program *p;
    dvti_runner        host;
    dvti_rtl_model     model;
    uint8_t           *memory; /* program, then control */
    int64_t            memory_bytes, control;
    size_t            *offset; /* (word_count + 1) of the words in control */
    int64_t            cycles_max;
    dvt_rtl_counters   counters;
};

/* ---- set-up -------------------------------------------------------------------------------- */

static dvt_status take_memory(dvt_rtl *r)
{
    int64_t tail = r->model.memory_opts.bus_bytes;

    r->control = (r->p->memory_bytes + CONTROL_ALIGN - 1) / CONTROL_ALIGN * CONTROL_ALIGN;
    r->memory_bytes = r->control + (int64_t)r->p->control_bytes + tail;
    r->memory_bytes = (r->memory_bytes + tail - 1) / tail * tail;
    r->memory = dvt_calloc(r->ctx, (size_t)r->memory_bytes, 1);
    if (!r->memory) {
        return DVT_E_NOMEM;
    }
    memcpy(r->memory, r->p->image, r->p->image_bytes);
    memcpy(r->memory + r->control, r->p->control, r->p->control_bytes);
    return DVT_OK;
}

static dvt_status put_table(dvti_rtl_model *m, uint32_t table, uint32_t first, const float *x,
                            int32_t count)
{
    dvt_status st = dvti_rtl_write(m, DVT_CSR_TABLE_SELECT, table << 16 | first);

    for (int32_t i = 0; st == DVT_OK && i < count; i++) {
        st = dvti_rtl_write(m, DVT_CSR_TABLE_DATA, (uint32_t)dvt_isa_bits(x[i]));
    }
    return st;
}

/* Indices: rtl/README.md, tw_index. */
static dvt_status put_tables(dvt_rtl *r)
{
    dvti_rtl_model *m = &r->model;
    dvt_status      st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < r->p->table_count; i++) {
        const dvt_function_table *t = &r->p->tables[i];
        const float               range[2] = {t->x0, t->inv_step};
        uint32_t                  n = (uint32_t)i;
        st = dvti_rtl_write(m, DVT_CSR_TABLE_SELECT, n << 16);
        st = st ? st : dvti_rtl_write(m, DVT_CSR_TABLE_DATA, (uint32_t)t->kind);
        st = st ? st : put_table(m, n, 1, range, 2);
        st = st ? st : put_table(m, n, 256, t->a, DVT_TABLE_SEGMENTS);
        st = st ? st : put_table(m, n, 512, t->b, DVT_TABLE_SEGMENTS);
        st = st ? st : put_table(m, n, 768, t->e2, DVT_TABLE_EXPONENTS);
    }
    return st;
}

static dvt_status open_model(dvt_rtl *r, const dvt_rtl_opts *opts)
{
    dvt_overlay_derived d;
    dvti_memory_opts    memory;
    char               *library = NULL;
    dvt_status          st;

    dvt_overlay_derive(&r->p->overlay, &d);
    memory = (dvti_memory_opts){.bus_bytes = d.memory_bus_bytes,
                                .latency = r->p->overlay.memory_latency_cycles,
                                .rate = d.memory_rate,
                                .stall_permille = opts->stall_permille,
                                .seed = opts->seed};
    r->model.memory_opts = memory;
    st = take_memory(r);
    if (st == DVT_OK) {
        memory.bytes = r->memory;
        memory.size = r->memory_bytes;
        st = dvt_rtl_build(r->ctx, &r->p->overlay, opts->cache_dir, &library);
    }
    if (st == DVT_OK) {
        st = dvti_rtl_model_open(r->ctx, library, &memory, &r->model);
    }
    dvt_free(r->ctx, library);
    return st;
}

/* Words are checked as the bit-accurate model checks them: hardware does not look again. */
static dvt_status find_words(dvt_rtl *r)
{
    const dvt_program *p = r->p;
    size_t             used = 0;
    dvt_status         st = DVT_OK;

    r->offset = dvt_calloc(r->ctx, (size_t)p->word_count + 1, sizeof *r->offset);
    if (!r->offset) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; st == DVT_OK && i < p->word_count; i++) {
        size_t   pos = r->offset[i];
        dvt_word w;
        st = dvt_isa_decode(p->ctx, p->control + pos, p->control_bytes - pos, &used, &w);
        r->offset[i + 1] = pos + used;
        if (st == DVT_OK) {
            st = dvt_word_check(p->ctx, &p->overlay, &w, p->memory_bytes);
        }
    }
    return st;
}

dvt_status dvt_rtl_create(const dvt_program *p, const dvt_rtl_opts *opts, dvt_rtl **out)
{
    dvt_rtl   *r;
    dvt_status st;

    *out = NULL;
    r = dvt_calloc(p->ctx, 1, sizeof *r);
    if (!r) {
        return DVT_E_NOMEM;
    }
    r->ctx = p->ctx;
    r->p = p;
    r->cycles_max = opts->cycles_max > 0 ? opts->cycles_max : CYCLES_MAX;
    st = find_words(r);
    if (st == DVT_OK) {
        st = open_model(r, opts);
    }
    if (st == DVT_OK) {
        st = dvti_runner_init(&r->host, p, r->memory);
    }
    if (st == DVT_OK) {
        st = put_tables(r);
    }
    if (st != DVT_OK) {
        dvt_rtl_destroy(r);
        return st;
    }
    *out = r;
    return DVT_OK;
}

void dvt_rtl_destroy(dvt_rtl *r)
{
    if (!r) {
        return;
    }
    dvti_rtl_model_close(&r->model);
    dvti_runner_deinit(&r->host);
    dvt_free(r->ctx, r->offset);
    dvt_free(r->ctx, r->memory);
    dvt_free(r->ctx, r);
}

/* ---- runs ---------------------------------------------------------------------------------- */

static const char *error_text(uint32_t code)
{
    switch (code) {
#define DVT_X(name, number, meaning) \
    case number: return meaning;
        DVT_CSR_ERROR_LIST(DVT_X)
#undef DVT_X
    default: return "unknown error";
    }
}

/* Adds the counters of the run that has ended. */
static dvt_status read_counters(dvt_rtl *r)
{
    static const uint32_t offsets[] = {
        DVT_CSR_WORDS,          DVT_CSR_CYCLES,          DVT_CSR_BUSY,
        DVT_CSR_STALL_FEATURES, DVT_CSR_STALL_FILTERS,   DVT_CSR_STALL_INSTRUCTIONS,
        DVT_CSR_STALL_BANKS,    DVT_CSR_STALL_CROSSBAR,  DVT_CSR_STALL_MEMORY,
        DVT_CSR_STALL_DRAIN,    DVT_CSR_STALL_AUXILIARY, DVT_CSR_BEATS_READ,
        DVT_CSR_BEATS_WRITTEN,  DVT_CSR_SATURATED};
    dvt_rtl_counters *c = &r->counters;
    uint64_t *const   to[] = {&c->words,         &c->cycles,   &c->array_busy, &c->stall[0],
                              &c->stall[1],      &c->stall[2], &c->stall[3],   &c->stall[4],
                              &c->stall[5],      &c->stall[6], &c->stall[7],   &c->beats_read,
                              &c->beats_written, &c->saturated};
    dvt_status        st = DVT_OK;

    c->runs++;
    for (size_t i = 0; st == DVT_OK && i < sizeof to / sizeof *to; i++) {
        uint64_t value = 0;
        st = dvti_rtl_read64(&r->model, offsets[i], &value);
        *to[i] += value;
    }
    return st;
}

static dvt_status start(dvt_rtl *r, int32_t first, int32_t count)
{
    size_t         from = r->offset[first], end = r->offset[first + count];
    uint64_t       at = (uint64_t)r->control + from;
    const uint32_t set[][2] = {
        {DVT_CSR_CONTROL, DVT_CSR_CONTROL_CLEAR},  {DVT_CSR_STREAM_LO, (uint32_t)at},
        {DVT_CSR_STREAM_HI, (uint32_t)(at >> 32)}, {DVT_CSR_STREAM_BYTES, (uint32_t)(end - from)},
        {DVT_CSR_STREAM_WORDS, (uint32_t)count},   {DVT_CSR_WATCHDOG, WATCHDOG},
        {DVT_CSR_CONTROL, DVT_CSR_CONTROL_START}};
    dvt_status st = DVT_OK;

    for (size_t i = 0; st == DVT_OK && i < sizeof set / sizeof *set; i++) {
        st = dvti_rtl_write(&r->model, set[i][0], set[i][1]);
    }
    return st;
}

static dvt_status run_words(void *user, int32_t first, int32_t count)
{
    dvt_rtl   *r = user;
    uint32_t   status = 0, place = 0;
    bool       ended = false;
    dvt_status st = count > 0 ? start(r, first, count) : DVT_OK;

    if (count == 0) {
        return DVT_OK;
    }
    if (st == DVT_OK) {
        st = dvti_rtl_run_out(&r->model, r->cycles_max, &ended);
    }
    if (st == DVT_OK && !ended) {
        return dvt_fail(r->ctx, DVT_E_CAPACITY, NULL,
                        "words %d..%d still run on the RTL after %lld cycles", first,
                        first + count - 1, (long long)r->cycles_max);
    }
    if (st == DVT_OK) {
        st = dvti_rtl_read(&r->model, DVT_CSR_STATUS, &status);
    }
    if (st == DVT_OK && (status & DVT_CSR_STATUS_ERROR) != 0) {
        st = dvti_rtl_read(&r->model, DVT_CSR_ERROR_PLACE, &place);
        return st ? st
                  : dvt_fail(r->ctx, DVT_E_INTERNAL, NULL, "the RTL stopped in word %u: %s", place,
                             error_text(status >> 8 & 255u));
    }
    return st == DVT_OK ? read_counters(r) : st;
}

dvt_status dvt_rtl_run(dvt_rtl *r, const dvt_tensor *inputs, int32_t count)
{
    return dvti_runner_run(&r->host, inputs, count, run_words, r);
}

dvt_status dvt_rtl_output(const dvt_rtl *r, int32_t i, dvt_tensor *out)
{
    return dvti_runner_output(&r->host, i, out);
}

void dvt_rtl_counters_of(const dvt_rtl *r, dvt_rtl_counters *out)
{
    *out = r->counters;
    out->saturated += r->host.saturated;
}

const uint8_t *dvt_rtl_memory(const dvt_rtl *r, size_t *bytes)
{
    *bytes = (size_t)r->memory_bytes;
    return r->memory;
}
