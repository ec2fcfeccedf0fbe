/* SPDX-License-Identifier: Apache-2.0 */
/* rtl_compare.c - see rtl_compare.h. */
#include "support/rtl_compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t CYCLES_MAX = 200000000;

const char *rtl_cache_dir(void)
{
    const char *dir = getenv("DOVETAIL_RTL_CACHE");

    return dir ? dir : "build/rtl-cache";
}

bool rtl_available(void)
{
    FILE *p = popen("verilator --version >/dev/null 2>&1", "r");

    return p && pclose(p) == 0;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void differ(rtl_compare_result *r, const char *name, uint64_t rtl, int64_t model)
{
    if (rtl == (uint64_t)model) {
        return;
    }
    r->differing_counters++;
    if (r->what[0] == '\0') {
        snprintf(r->what, sizeof r->what, "%s: RTL %llu, model %lld", name, (unsigned long long)rtl,
                 (long long)model);
    }
}

static void compare_bytes(const uint8_t *rtl, const uint8_t *model, size_t bytes,
                          rtl_compare_result *r)
{
    for (size_t i = 0; i < bytes; i++) {
        if (rtl[i] != model[i] && r->differing_bytes++ == 0) {
            r->first_byte = (int64_t)i;
        }
    }
    if (r->differing_bytes && r->what[0] == '\0') {
        snprintf(r->what, sizeof r->what, "%lld bytes of memory, the first at %lld",
                 (long long)r->differing_bytes, (long long)r->first_byte);
    }
}

static dvt_status run_rtl(dvt_rtl *rtl, const dvt_tensor *inputs, int32_t count,
                          rtl_compare_result *r)
{
    double     start = now();
    dvt_status st = dvt_rtl_run(rtl, inputs, count);

    r->seconds = now() - start;
    return st;
}

static dvt_status compare_times(const dvt_program *p, const dvt_rtl_counters *c,
                                int32_t stall_permille, uint64_t seed, rtl_compare_result *r)
{
    dvt_profile f;
    dvt_status  st = dvt_profile_program_with(
         p, &(dvt_profile_opts){.stall_permille = stall_permille, .seed = seed}, &f);

    if (st != DVT_OK) {
        return st;
    }
    r->cycles = (int64_t)c->cycles;
    r->model_cycles = f.cycles;
    r->beats = (int64_t)(c->beats_read + c->beats_written);
    r->model_beats = f.busy[DVT_BUSY_READ_BEATS] + f.busy[DVT_BUSY_WRITE_BEATS];
    differ(r, "cycles", c->cycles, f.cycles);
    differ(r, "array busy", c->array_busy, f.array_busy);
    for (int i = 0; i < DVT_STALL_COUNT; i++) {
        differ(r, dvt_stall_name((dvt_stall)i), c->stall[i], f.stall[i]);
    }
    for (int i = 0; i < DVT_RTL_KERNELS; i++) { /* the first of dvt_busy */
        differ(r, dvt_busy_name((dvt_busy)i), c->kernel[i], f.busy[i]);
    }
    differ(r, "beats read", c->beats_read, f.busy[DVT_BUSY_READ_BEATS]);
    differ(r, "beats written", c->beats_written, f.busy[DVT_BUSY_WRITE_BEATS]);
    dvt_profile_deinit(&f);
    return DVT_OK;
}

static dvt_status compare_all(const dvt_program *p, dvt_rtl *rtl, dvt_sim *sim,
                              const dvt_tensor *inputs, int32_t count, int32_t stall_permille,
                              uint64_t seed, rtl_compare_result *r)
{
    dvt_rtl_counters c;
    dvt_sim_counters m;
    size_t           bytes, rtl_bytes;
    dvt_status       st = dvt_sim_run(sim, inputs, count);

    if (st == DVT_OK) {
        st = run_rtl(rtl, inputs, count, r);
    }
    if (st != DVT_OK) {
        return st;
    }
    dvt_rtl_counters_of(rtl, &c);
    dvt_sim_counters_of(sim, &m);
    compare_bytes(dvt_rtl_memory(rtl, &rtl_bytes), dvt_sim_memory(sim, &bytes),
                  (size_t)p->memory_bytes, r);
    r->saturated = (int64_t)c.saturated;
    r->model_saturated = (int64_t)m.saturated;
    differ(r, "saturated", c.saturated, (int64_t)m.saturated);
    return compare_times(p, &c, stall_permille, seed, r);
}

dvt_status rtl_compare(const dvt_program *p, const dvt_tensor *inputs, int32_t count,
                       int32_t stall_permille, uint64_t seed, rtl_compare_result *out)
{
    dvt_rtl     *rtl = NULL;
    dvt_sim     *sim = NULL;
    dvt_rtl_opts opts = {.cache_dir = rtl_cache_dir(),
                         .stall_permille = stall_permille,
                         .seed = seed,
                         .cycles_max = CYCLES_MAX};
    dvt_status   st;

    *out = (rtl_compare_result){0};
    st = dvt_sim_create(p, NULL, &sim);
    if (st == DVT_OK) {
        st = dvt_rtl_create(p, &opts, &rtl);
    }
    if (st == DVT_OK) {
        st = compare_all(p, rtl, sim, inputs, count, stall_permille, seed, out);
    }
    dvt_rtl_destroy(rtl);
    dvt_sim_destroy(sim);
    return st;
}
