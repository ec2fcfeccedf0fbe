/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtl.c - the simulated RTL as a device for the driver: built, loaded, and given a memory.
 *
 * Tests     tests/diff/diff_rtl.c
 */
#include "rtl/simulated.h"

#include <string.h>

typedef struct simulated {
    dvt_ctx       *ctx;
    dvti_rtl_model model;
    uint8_t       *memory;
} simulated;

static dvt_status write_register(void *user, uint32_t offset, uint32_t value)
{
    return dvti_rtl_write(&((simulated *)user)->model, offset, value);
}

static dvt_status read_register(void *user, uint32_t offset, uint32_t *value)
{
    return dvti_rtl_read(&((simulated *)user)->model, offset, value);
}

static dvt_status wait_for_end(void *user, int64_t cycles_max, bool *ended)
{
    return dvti_rtl_run_out(&((simulated *)user)->model, cycles_max, ended);
}

static void close_simulated(void *user)
{
    simulated *s = user;

    dvti_rtl_model_close(&s->model);
    dvt_free(s->ctx, s->memory);
    dvt_free(s->ctx, s);
}

dvti_rtl_model *dvti_rtl_model_of(dvt_rtl *r)
{
    return &((simulated *)dvti_rtl_device_of(r))->model;
}

/* Built, loaded and reset, with memory for the program. */
static dvt_status open_simulated(const dvt_program *p, const dvt_rtl_opts *opts, simulated *s)
{
    dvt_overlay_derived d;
    dvti_memory_opts    memory;
    char               *library = NULL;
    size_t              bytes = dvt_rtl_memory_needed(p);
    dvt_status          st;

    dvt_overlay_derive(&p->overlay, &d);
    s->memory = dvt_calloc(s->ctx, bytes, 1);
    if (!s->memory) {
        return DVT_E_NOMEM;
    }
    memory = (dvti_memory_opts){.bus_bytes = d.memory_bus_bytes,
                                .latency = p->overlay.memory_latency_cycles,
                                .rate = d.memory_rate,
                                .stall_permille = opts->stall_permille,
                                .seed = opts->seed,
                                .bytes = s->memory,
                                .size = (int64_t)bytes};
    st = dvt_rtl_build(s->ctx, &p->overlay, opts->cache_dir, &library);
    if (st == DVT_OK) {
        st = dvti_rtl_model_open(s->ctx, library, &memory, &s->model);
    }
    dvt_free(s->ctx, library);
    return st;
}

dvt_status dvt_rtl_create(const dvt_program *p, const dvt_rtl_opts *opts, dvt_rtl **out)
{
    simulated     *s = dvt_calloc(p->ctx, 1, sizeof *s);
    dvt_rtl_device device = {.user = s,
                             .write = write_register,
                             .read = read_register,
                             .wait = wait_for_end,
                             .memory_bytes = dvt_rtl_memory_needed(p)};
    dvt_status     st;

    *out = NULL;
    if (!s) {
        return DVT_E_NOMEM;
    }
    s->ctx = p->ctx;
    st = open_simulated(p, opts, s);
    device.memory = s->memory;
    if (st == DVT_OK) {
        st = dvt_rtl_create_on(p, &device, opts->cycles_max, out);
    }
    if (st != DVT_OK) {
        close_simulated(s);
        return st;
    }
    dvti_rtl_own_device(*out, close_simulated);
    return DVT_OK;
}
