/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulated.c - clocks the simulated overlay: memory on one side, registers on the other.
 *
 * Idea      A cycle is: the memory decides what it offers, the pins settle, the memory takes what
 *           the overlay offers, the clock rises. The memory lives only while the overlay runs, so
 *           that its cycle 0 is that of docs/timing.md; outside of a run it offers nothing.
 * Tests     tests/diff/diff_rtl.c, tests/fault/fault_rtl.c
 */
#include "rtl/simulated.h"

#include <dlfcn.h>
#include <string.h>

enum { RESET_CYCLES = 8, ANSWER_CYCLES = 1000, STOP_EVERY = 4096 };

/* ---- cycles -------------------------------------------------------------------------------- */

static void offer(dvti_rtl_model *m, const dvti_memory_out *out)
{
    dvt_pins *p = &m->pins;

    p->arready = out->arready;
    p->awready = out->awready;
    p->wready = out->wready;
    p->rvalid = out->rvalid;
    p->rlast = out->rlast;
    p->rresp = out->rresp;
    p->bvalid = out->bvalid;
    p->bresp = out->bresp;
    if (out->rvalid && out->rdata) {
        memcpy(p->rdata, out->rdata, (size_t)m->memory_opts.bus_bytes);
    }
    if (out->rvalid && m->faults.drop_read_beat >= 0 && m->beats >= m->faults.drop_read_beat) {
        p->rvalid = 0;
    }
    if (out->rvalid && m->beats == m->faults.error_read_beat) {
        p->rresp = DVTI_MEMORY_SLVERR;
    }
    if (out->bvalid && m->faults.drop_write >= 0 && m->responses >= m->faults.drop_write) {
        p->bvalid = 0;
    }
    if (out->bvalid && m->responses == m->faults.error_write) {
        p->bresp = DVTI_MEMORY_SLVERR;
    }
}

static void offer_nothing(dvt_pins *p)
{
    p->arready = p->awready = p->wready = p->rvalid = p->bvalid = 0;
}

/* What the overlay did with the pins' offer; a beat that a fault held back is not taken. */
static void take(dvti_rtl_model *m)
{
    const dvt_pins *p = &m->pins;
    dvti_memory_in  in = {.arvalid = p->arvalid,
                          .rready = p->rready && p->rvalid,
                          .awvalid = p->awvalid,
                          .wvalid = p->wvalid,
                          .bready = p->bready && p->bvalid,
                          .arlen = p->arlen,
                          .araddr = p->araddr,
                          .awaddr = p->awaddr,
                          .wdata = (const uint8_t *)p->wdata,
                          .wstrb = (const uint8_t *)p->wstrb};

    m->beats += p->rvalid && p->rready;
    m->responses += p->bvalid && p->bready;
    dvti_memory_clock(&m->memory, &in);
}

/* One cycle of the clock. `running` is a register: its value before the cycle counts. */
static void cycle(dvti_rtl_model *m)
{
    dvti_memory_out out;
    bool            live = m->pins.running;

    if (live) {
        dvti_memory_drive(&m->memory, &out);
        offer(m, &out);
        m->pins.rst = m->faults.reset_at >= 0 && m->cycle >= m->faults.reset_at &&
                      m->cycle < m->faults.reset_at + 4;
    } else {
        offer_nothing(&m->pins);
        m->pins.rst = 0;
    }
    m->settle(m->tb, &m->pins);
    if (live) {
        take(m);
        m->cycle++;
    }
    m->tick(m->tb, &m->pins);
    m->clocks++;
    if (m->pins.running && !live) {
        dvti_memory_init(&m->memory, &m->memory_opts);
        m->cycle = m->beats = m->responses = 0;
    }
}

/* ---- life ---------------------------------------------------------------------------------- */

static void *symbol(dvti_rtl_model *m, const char *name)
{
    return m->library ? dlsym(m->library, name) : NULL;
}

static dvt_status no_overlay(dvti_rtl_model *m, const char *library)
{
    dvt_ctx   *ctx = m->ctx;
    dvt_status st = dvt_fail(ctx, DVT_E_IO, NULL, "cannot load the simulated overlay '%s': %s",
                             library, m->library ? "it lacks dvt_tb_open" : dlerror());

    dvti_rtl_model_close(m);
    return st;
}

dvt_status dvti_rtl_model_open(dvt_ctx *ctx, const char *library, const dvti_memory_opts *memory,
                               dvti_rtl_model *m)
{
    uint32_t   id = 0;
    dvt_status st;

    *m = (dvti_rtl_model){.ctx = ctx, .memory_opts = *memory, .faults = {-1, -1, -1, -1, -1}};
    m->library = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    *(void **)&m->open = symbol(m, "dvt_tb_open");
    *(void **)&m->settle = symbol(m, "dvt_tb_settle");
    *(void **)&m->tick = symbol(m, "dvt_tb_tick");
    *(void **)&m->close = symbol(m, "dvt_tb_close");
    if (!m->open || !m->settle || !m->tick || !m->close) {
        return no_overlay(m, library);
    }
    m->tb = m->open();
    dvti_rtl_model_reset(m);
    st = dvti_rtl_read(m, DVT_CSR_ID, &id);
    if (st == DVT_OK && id != DVT_CSR_ID_VALUE) {
        st = dvt_fail(ctx, DVT_E_INTERNAL, NULL, "register ID is 0x%08x, not 0x%08x", id,
                      (unsigned)DVT_CSR_ID_VALUE);
    }
    if (st != DVT_OK) {
        dvti_rtl_model_close(m);
    }
    return st;
}

void dvti_rtl_model_close(dvti_rtl_model *m)
{
    if (m->tb) {
        m->close(m->tb);
    }
    if (m->library) {
        dlclose(m->library);
    }
    *m = (dvti_rtl_model){0};
}

void dvti_rtl_model_reset(dvti_rtl_model *m)
{
    m->pins.running = 0;
    m->pins.rst = 1;
    for (int i = 0; i < RESET_CYCLES; i++) {
        offer_nothing(&m->pins);
        m->settle(m->tb, &m->pins);
        m->tick(m->tb, &m->pins);
    }
    m->pins.rst = 0;
    cycle(m);
}

/* ---- registers ----------------------------------------------------------------------------- */

static dvt_status no_answer(dvti_rtl_model *m, const char *what, uint32_t offset)
{
    return dvt_fail(m->ctx, DVT_E_INTERNAL, NULL,
                    "the simulated overlay does not answer a %s of register 0x%03x", what, offset);
}

dvt_status dvti_rtl_write(dvti_rtl_model *m, uint32_t offset, uint32_t value)
{
    dvt_pins *p = &m->pins;
    bool      address = false, data = false, done = false;

    for (int i = 0; i < ANSWER_CYCLES && !done; i++) {
        p->s_awvalid = !address;
        p->s_awaddr = offset;
        p->s_wvalid = !data;
        p->s_wdata = value;
        p->s_wstrb = 0xf;
        p->s_bready = 1;
        cycle(m);
        address = address || p->s_awready;
        data = data || p->s_wready;
        done = p->s_bvalid;
    }
    p->s_awvalid = p->s_wvalid = p->s_bready = 0;
    return done ? DVT_OK : no_answer(m, "write", offset);
}

dvt_status dvti_rtl_read(dvti_rtl_model *m, uint32_t offset, uint32_t *value)
{
    dvt_pins *p = &m->pins;
    bool      address = false, done = false;

    for (int i = 0; i < ANSWER_CYCLES && !done; i++) {
        p->s_arvalid = !address;
        p->s_araddr = offset;
        p->s_rready = 1;
        cycle(m);
        address = address || p->s_arready;
        done = p->s_rvalid;
        *value = p->s_rdata;
    }
    p->s_arvalid = p->s_rready = 0;
    return done ? DVT_OK : no_answer(m, "read", offset);
}

dvt_status dvti_rtl_run_out(dvti_rtl_model *m, int64_t most, bool *ended)
{
    dvt_status st = DVT_OK;

    for (int64_t i = 0; st == DVT_OK && m->pins.running && i < most; i++) {
        cycle(m);
        if (i % STOP_EVERY == 0) {
            st = dvt_stop_asked(m->ctx, "simulating the RTL");
        }
    }
    *ended = !m->pins.running;
    return st;
}
