/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.c - the bit-accurate model: its life, and the long words of a program.
 *
 * Idea      Words are decoded and checked against the overlay once, when the model is made; a run
 *           then executes steps in order (overlay/program_run.c). Feature memory is never cleared
 *           between runs: a program writes what it reads, and one that does not shows it as a
 *           difference between two runs.
 * Memory    external memory, unpacked stream buffer, one filter page and a block of scratch for
 *           each thread are taken at creation; a run allocates only what host nodes produce.
 * Tests     tests/diff/diff_sim.c, tests/unit/test_sim.c
 */
#include <string.h>

#include "sim/sim_int.h"

/* ---- life ---------------------------------------------------------------------------------- */

static dvt_status decode_words(dvt_sim *s)
{
    size_t     pos = 0, used = 0;
    dvt_status st = DVT_OK;

    s->words = dvt_calloc(s->ctx, (size_t)s->p->word_count + 1, sizeof *s->words);
    if (!s->words) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; st == DVT_OK && i < s->p->word_count; i++) {
        st = dvt_isa_decode(s->ctx, s->p->control + pos, s->p->control_bytes - pos, &used,
                            &s->words[i]);
        pos += used;
        if (st == DVT_OK) {
            st = dvt_word_check(s->ctx, &s->o, &s->words[i], s->p->memory_bytes);
        }
    }
    return st;
}

static int64_t largest_page(const dvt_sim *s)
{
    int64_t most = 0;

    for (int32_t i = 0; i < s->p->word_count; i++) {
        const dvt_part_wread *w = &s->words[i].wread;
        if (dvt_word_has(&s->words[i], DVT_KERNEL_WREAD) && w->words * w->lanes > most) {
            most = w->words * w->lanes;
        }
    }
    return most;
}

static dvt_status take_memory(dvt_sim *s)
{
    uint32_t   jobs = dvt_ctx_jobs(s->ctx);
    int32_t    widest = s->o.k_vec > s->o.c_vec ? s->o.k_vec : s->o.c_vec;
    size_t     lanes = (size_t)s->o.p_vec * (size_t)s->o.q_vec;
    dvt_status st;

    s->scratch_bytes = lanes * (size_t)s->o.k_vec * sizeof(int64_t) +
                       lanes * (size_t)widest * sizeof(float) + dvti_array_fast_scratch(&s->o);
    s->scratch_bytes = (s->scratch_bytes + DVT_ALIGN - 1) / DVT_ALIGN * DVT_ALIGN;
    s->memory = dvt_calloc(s->ctx, (size_t)s->p->memory_bytes + 1, 1);
    s->scratch = dvt_calloc(s->ctx, jobs, s->scratch_bytes);
    s->saturated = dvt_calloc(s->ctx, jobs, sizeof *s->saturated);
    if (!s->memory || !s->scratch || !s->saturated) {
        return DVT_E_NOMEM;
    }
    memcpy(s->memory, s->p->image, s->p->image_bytes);
    st = dvti_runner_init(&s->host, s->p, s->memory);
    if (st == DVT_OK) {
        st = dvti_blocks_init(s->ctx, &s->stream, s->d.stream_buffer_words, s->o.c_vec);
    }
    return st == DVT_OK ? dvti_blocks_init(s->ctx, &s->page, largest_page(s), s->o.c_vec) : st;
}

dvt_status dvt_sim_create(const dvt_program *p, const dvt_sim_opts *opts, dvt_sim **out)
{
    dvt_sim   *s;
    dvt_status st;

    *out = NULL;
    s = dvt_calloc(p->ctx, 1, sizeof *s);
    if (!s) {
        return DVT_E_NOMEM;
    }
    s->ctx = p->ctx;
    s->p = p;
    s->o = p->overlay;
    s->kind = opts ? opts->kind : DVT_SIM_FAST;
    dvt_overlay_derive(&s->o, &s->d);
    st = decode_words(s);
    if (st == DVT_OK) {
        st = dvti_find_write_order(s);
    }
    if (st == DVT_OK) {
        st = take_memory(s);
    }
    if (st != DVT_OK) {
        dvt_sim_destroy(s);
        return st;
    }
    *out = s;
    return DVT_OK;
}

void dvt_sim_destroy(dvt_sim *s)
{
    if (!s) {
        return;
    }
    dvti_runner_deinit(&s->host);
    dvti_blocks_deinit(s->ctx, &s->stream);
    dvti_blocks_deinit(s->ctx, &s->page);
    dvti_array_fast_deinit(s);
    dvt_free(s->ctx, s->turns);
    dvt_free(s->ctx, s->words);
    dvt_free(s->ctx, s->in_order);
    dvt_free(s->ctx, s->memory);
    dvt_free(s->ctx, s->scratch);
    dvt_free(s->ctx, s->saturated);
    dvt_free(s->ctx, s);
}

/* ---- runs ---------------------------------------------------------------------------------- */

static dvt_status run_words(void *user, int32_t first, int32_t count)
{
    dvt_sim   *s = user;
    dvt_status st = DVT_OK;

    for (int32_t i = first; st == DVT_OK && i < first + count; i++) {
        st = dvt_stop_asked(s->ctx, "executing long words");
        if (st == DVT_OK) {
            st = dvti_execute(s, &s->words[i]);
        }
    }
    return st;
}

dvt_status dvt_sim_run(dvt_sim *s, const dvt_tensor *inputs, int32_t count)
{
    return dvti_runner_run(&s->host, inputs, count, run_words, s);
}

dvt_status dvt_sim_output(const dvt_sim *s, int32_t i, dvt_tensor *out)
{
    return dvti_runner_output(&s->host, i, out);
}

void dvt_sim_counters_of(const dvt_sim *s, dvt_sim_counters *out)
{
    *out = s->counters;
    out->saturated += s->host.saturated;
}

void dvt_sim_reset_counters(dvt_sim *s)
{
    s->counters = (dvt_sim_counters){0};
    s->host.saturated = 0;
}

const uint8_t *dvt_sim_memory(const dvt_sim *s, size_t *bytes)
{
    *bytes = (size_t)s->p->memory_bytes;
    return s->memory;
}
