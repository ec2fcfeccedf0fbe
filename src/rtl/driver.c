/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver.c - executes programs on an overlay that is reached through registers and memory.
 *
 * Idea      The host's side is the shared runner's (overlay/program_run.c). External memory holds
 *           the program's memory and, from the next multiple of 64 bytes on, its long words; an
 *           OVERLAY step is a run: registers are set, the overlay is started, waited for, and its
 *           counters are read. The same calls drive the simulated RTL and one on a board.
 * Tests     tests/diff/diff_rtl.c (against the models), tests/unit/test_rtl_package.c
 */
#include "dovetail/csr.h"
#include "overlay/program_run.h"
#include "rtl/rtl_int.h"

#include <string.h>

enum { CONTROL_ALIGN = 64, TAIL = 1024 /* the last beat may be read to its end */ };
static const int64_t  CYCLES_MAX = (int64_t)1 << 40;
static const uint32_t WATCHDOG = 1u << 20;

struct dvt_rtl {
    dvt_ctx           *ctx;
    const dvt_program *p;
    dvti_runner        host;
    dvt_rtl_device     device;
    void (*close)(void *user); /* of the device, NULL: the caller's */
    int64_t          control;  /* byte address of the long words */
    size_t          *offset;   /* (word_count + 1) of the words in control */
    int64_t          cycles_max;
    dvt_rtl_counters counters;
};

/* ---- set-up -------------------------------------------------------------------------------- */

static int64_t control_of(const dvt_program *p)
{
    return (p->memory_bytes + CONTROL_ALIGN - 1) / CONTROL_ALIGN * CONTROL_ALIGN;
}

size_t dvt_rtl_memory_needed(const dvt_program *p)
{
    size_t bytes = (size_t)control_of(p) + p->control_bytes + TAIL;

    return (bytes + TAIL - 1) / TAIL * TAIL;
}

static dvt_status put_register(dvt_rtl *r, uint32_t offset, uint32_t value)
{
    return r->device.write(r->device.user, offset, value);
}

static dvt_status get_register(dvt_rtl *r, uint32_t offset, uint32_t *value)
{
    return r->device.read(r->device.user, offset, value);
}

static dvt_status get_counter(dvt_rtl *r, uint32_t offset, uint64_t *value)
{
    uint32_t   low = 0, high = 0;
    dvt_status st = get_register(r, offset, &low);

    if (st == DVT_OK) {
        st = get_register(r, offset + 4, &high);
    }
    *value = (uint64_t)high << 32 | low;
    return st;
}

/* Is it an overlay, of this description and instruction set? */
static dvt_status identify(dvt_rtl *r)
{
    uint32_t   id = 0, version = 0, description = 0, wanted = 0;
    dvt_status st = get_register(r, DVT_CSR_ID, &id);

    st = st ? st : get_register(r, DVT_CSR_VERSION, &version);
    st = st ? st : get_register(r, DVT_CSR_DESCRIPTION, &description);
    st = st ? st : dvt_overlay_signature(r->ctx, &r->p->overlay, &wanted);
    if (st != DVT_OK) {
        return st;
    }
    if (id != DVT_CSR_ID_VALUE) {
        return dvt_fail(r->ctx, DVT_E_IO, NULL, "no overlay there: register ID is 0x%08x", id);
    }
    if (version != DVT_ISA_VERSION) {
        return dvt_fail(r->ctx, DVT_E_UNSUPPORTED, NULL,
                        "the overlay has version %u of the instruction set, the program %d",
                        version, DVT_ISA_VERSION);
    }
    if (description != wanted) {
        st = dvt_fail(r->ctx, DVT_E_UNSUPPORTED, NULL,
                      "the program was compiled for '%s', the overlay was built from another "
                      "description",
                      r->p->overlay.name);
        dvt_fail_hint(r->ctx, "compile the network for the overlay that is there");
    }
    return st;
}

static dvt_status put_table(dvt_rtl *r, uint32_t table, uint32_t first, const float *x,
                            int32_t count)
{
    dvt_status st = put_register(r, DVT_CSR_TABLE_SELECT, table << 16 | first);

    for (int32_t i = 0; st == DVT_OK && i < count; i++) {
        st = put_register(r, DVT_CSR_TABLE_DATA, (uint32_t)dvt_isa_bits(x[i]));
    }
    return st;
}

/* Indices: rtl/README.md, tw_index. */
static dvt_status put_tables(dvt_rtl *r)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < r->p->table_count; i++) {
        const dvt_function_table *t = &r->p->tables[i];
        const float               range[2] = {t->x0, t->inv_step};
        uint32_t                  n = (uint32_t)i;
        st = put_register(r, DVT_CSR_TABLE_SELECT, n << 16);
        st = st ? st : put_register(r, DVT_CSR_TABLE_DATA, (uint32_t)t->kind);
        st = st ? st : put_table(r, n, 1, range, 2);
        st = st ? st : put_table(r, n, 256, t->a, DVT_TABLE_SEGMENTS);
        st = st ? st : put_table(r, n, 512, t->b, DVT_TABLE_SEGMENTS);
        st = st ? st : put_table(r, n, 768, t->e2, DVT_TABLE_EXPONENTS);
    }
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

dvt_status dvt_rtl_create_on(const dvt_program *p, const dvt_rtl_device *device, int64_t cycles_max,
                             dvt_rtl **out)
{
    dvt_rtl   *r;
    dvt_status st;

    *out = NULL;
    if (device->memory_bytes < dvt_rtl_memory_needed(p)) {
        return dvt_fail(p->ctx, DVT_E_CAPACITY, NULL,
                        "the program and its words need %zu bytes of memory, the overlay has %zu",
                        dvt_rtl_memory_needed(p), device->memory_bytes);
    }
    r = dvt_calloc(p->ctx, 1, sizeof *r);
    if (!r) {
        return DVT_E_NOMEM;
    }
    *r = (dvt_rtl){.ctx = p->ctx, .p = p, .device = *device, .control = control_of(p)};
    r->cycles_max = cycles_max > 0 ? cycles_max : CYCLES_MAX;
    st = find_words(r);
    st = st ? st : dvti_runner_init(&r->host, p, device->memory);
    st = st ? st : identify(r);
    st = st ? st : put_tables(r);
    if (st != DVT_OK) {
        dvt_rtl_destroy(r);
        return st;
    }
    memcpy(device->memory, p->image, p->image_bytes);
    memcpy(device->memory + r->control, p->control, p->control_bytes);
    *out = r;
    return DVT_OK;
}

void dvti_rtl_own_device(dvt_rtl *r, void (*close)(void *user)) { r->close = close; }

void *dvti_rtl_device_of(const dvt_rtl *r) { return r->device.user; }

void dvt_rtl_destroy(dvt_rtl *r)
{
    if (!r) {
        return;
    }
    if (r->close) {
        r->close(r->device.user);
    }
    dvti_runner_deinit(&r->host);
    dvt_free(r->ctx, r->offset);
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
        DVT_CSR_BEATS_WRITTEN,  DVT_CSR_SATURATED,       DVT_CSR_KERNEL_LINK,
        DVT_CSR_KERNEL_FREAD,   DVT_CSR_KERNEL_PAGES,    DVT_CSR_KERNEL_PARAMS,
        DVT_CSR_KERNEL_SREAD,   DVT_CSR_KERNEL_DRAIN,    DVT_CSR_KERNEL_ELT,
        DVT_CSR_KERNEL_WRITE};
    dvt_rtl_counters *c = &r->counters;
    uint64_t *const   to[] = {&c->words,         &c->cycles,    &c->array_busy, &c->stall[0],
                              &c->stall[1],      &c->stall[2],  &c->stall[3],   &c->stall[4],
                              &c->stall[5],      &c->stall[6],  &c->stall[7],   &c->beats_read,
                              &c->beats_written, &c->saturated, &c->kernel[0],  &c->kernel[1],
                              &c->kernel[2],     &c->kernel[3], &c->kernel[4],  &c->kernel[5],
                              &c->kernel[6],     &c->kernel[7]};
    dvt_status        st = DVT_OK;

    c->runs++;
    for (size_t i = 0; st == DVT_OK && i < sizeof to / sizeof *to; i++) {
        uint64_t value = 0;
        st = get_counter(r, offsets[i], &value);
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
        st = put_register(r, set[i][0], set[i][1]);
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
        st = r->device.wait(r->device.user, r->cycles_max, &ended);
    }
    if (st == DVT_OK && !ended) {
        return dvt_fail(r->ctx, DVT_E_CAPACITY, NULL,
                        "words %d..%d still run on the RTL after %lld cycles", first,
                        first + count - 1, (long long)r->cycles_max);
    }
    if (st == DVT_OK) {
        st = get_register(r, DVT_CSR_STATUS, &status);
    }
    if (st == DVT_OK && (status & DVT_CSR_STATUS_ERROR) != 0) {
        st = get_register(r, DVT_CSR_ERROR_PLACE, &place);
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
    *bytes = r->device.memory_bytes;
    return r->device.memory;
}
