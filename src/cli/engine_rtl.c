/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_rtl.c - --engine rtl: the simulated RTL, compared with both models after every run.
 *
 * Idea      Who asks for the RTL wants to know whether it agrees. The bit-accurate model runs the
 *           same inputs; all external memory, the saturations and, cause by cause, the cycles of
 *           the cycle model must be equal, or the run fails and says what differs.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/engine.h"

const char *cli_rtl_cache(const cli_run *r, const char *given)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

    if (given) {
        return given;
    }
    return cache && cache[0] ? dvt_arena_printf(r->arena, "%s/dovetail", cache)
                             : dvt_arena_printf(r->arena, "%s/.cache/dovetail", home ? home : ".");
}

dvt_status cli_engine_open_rtl(const cli_run *r, const cli_engine_opts *opts, cli_engine *e)
{
    dvt_rtl_opts rtl = {.cache_dir = cli_rtl_cache(r, opts->rtl_cache),
                        .stall_permille = opts->stall_permille,
                        .seed = opts->seed};
    dvt_status   st = rtl.cache_dir ? DVT_OK : DVT_E_NOMEM;

    if (st == DVT_OK) {
        st = dvt_profile_program_with(
            e->program,
            &(dvt_profile_opts){.seed = opts->seed, .stall_permille = opts->stall_permille},
            &e->profile);
    }
    return st == DVT_OK ? dvt_rtl_create(e->program, &rtl, &e->rtl) : st;
}

static dvt_status differs(cli_engine *e, const char *what, uint64_t rtl, uint64_t model)
{
    return dvt_fail(e->ctx, DVT_E_INTERNAL, NULL, "the RTL and its models disagree: %s %llu, %llu",
                    what, (unsigned long long)rtl, (unsigned long long)model);
}

static dvt_status compare_memory(cli_engine *e)
{
    size_t         rtl_bytes, bytes;
    const uint8_t *rtl = dvt_rtl_memory(e->rtl, &rtl_bytes);
    const uint8_t *model = dvt_sim_memory(e->sim, &bytes);

    for (size_t i = 0; i < bytes; i++) {
        if (rtl[i] != model[i]) {
            return dvt_fail(e->ctx, DVT_E_INTERNAL, NULL,
                            "the RTL and its models disagree: byte %zu of external memory is %u, "
                            "not %u",
                            i, rtl[i], model[i]);
        }
    }
    return DVT_OK;
}

static dvt_status compare_counters(cli_engine *e)
{
    dvt_rtl_counters c;
    dvt_sim_counters m;
    uint64_t         runs = (uint64_t)e->runs;
    dvt_status       st = DVT_OK;

    dvt_rtl_counters_of(e->rtl, &c);
    dvt_sim_counters_of(e->sim, &m);
    if (c.saturated != m.saturated) {
        return differs(e, "saturated values", c.saturated, m.saturated);
    }
    if (c.cycles != runs * (uint64_t)e->profile.cycles) {
        return differs(e, "cycles", c.cycles, runs * (uint64_t)e->profile.cycles);
    }
    if (c.array_busy != runs * (uint64_t)e->profile.array_busy) {
        return differs(e, "busy cycles", c.array_busy, runs * (uint64_t)e->profile.array_busy);
    }
    for (int i = 0; st == DVT_OK && i < DVT_STALL_COUNT; i++) {
        if (c.stall[i] != runs * (uint64_t)e->profile.stall[i]) {
            st = differs(e, dvt_stall_name((dvt_stall)i), c.stall[i],
                         runs * (uint64_t)e->profile.stall[i]);
        }
    }
    for (int i = 0; st == DVT_OK && i < DVT_RTL_KERNELS; i++) { /* the first of dvt_busy */
        if (c.kernel[i] != runs * (uint64_t)e->profile.busy[i]) {
            st = differs(e, dvt_busy_name((dvt_busy)i), c.kernel[i],
                         runs * (uint64_t)e->profile.busy[i]);
        }
    }
    return st;
}

dvt_status cli_engine_run_rtl(cli_engine *e, const dvt_tensor *inputs)
{
    dvt_status st = dvt_sim_run(e->sim, inputs, e->input_count);

    if (st == DVT_OK) {
        st = dvt_rtl_run(e->rtl, inputs, e->input_count);
    }
    e->runs++;
    if (st == DVT_OK) {
        st = compare_memory(e);
    }
    return st == DVT_OK ? compare_counters(e) : st;
}

void cli_engine_print_rtl(const cli_run *r, const cli_engine *e, dvti_json_writer *w)
{
    dvt_rtl_counters c;
    char             cycles[32];

    if (!e->rtl) {
        return;
    }
    dvt_rtl_counters_of(e->rtl, &c);
    if (!w) {
        dvt_buf_printf(r->out,
                       "RTL: %s cycles in %lld runs, equal to the cycle model in every counter and "
                       "to the bit-accurate model in every bit\n",
                       cli_grouped((int64_t)c.cycles, cycles), (long long)e->runs);
        return;
    }
    dvti_json_key(w, "rtl");
    dvti_json_open_object(w);
    dvti_json_put_i64(w, "runs", e->runs);
    dvti_json_put_u64(w, "cycles", c.cycles);
    dvti_json_put_u64(w, "model_cycles", (uint64_t)(e->runs * e->profile.cycles));
    dvti_json_put_u64(w, "array_busy", c.array_busy);
    dvti_json_put_u64(w, "beats_read", c.beats_read);
    dvti_json_put_u64(w, "beats_written", c.beats_written);
    dvti_json_put_u64(w, "saturated", c.saturated);
    for (int i = 0; i < DVT_STALL_COUNT; i++) {
        dvti_json_put_u64(w, dvt_stall_name((dvt_stall)i), c.stall[i]);
    }
    dvti_json_close_object(w);
}
