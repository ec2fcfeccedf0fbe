/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.c - runs a program: host steps, transfers, long words.
 *
 * Idea      Words are decoded and checked against the overlay once, when the model is made; a run
 *           then executes steps in order. Feature memory is never cleared between runs: a program
 *           writes what it reads, and one that does not shows it as a difference between two runs.
 * Memory    external memory, unpacked stream buffer, one filter page and a block of scratch for
 *           each thread are taken at creation; a run allocates only what host nodes produce.
 * Tests     tests/diff/diff_sim.c, tests/unit/test_sim.c
 */
#include <math.h>
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
    s->host = dvt_calloc(s->ctx, (size_t)dvt_graph_value_count(s->p->host) + 1, sizeof *s->host);
    if (!s->memory || !s->scratch || !s->saturated || !s->host) {
        return DVT_E_NOMEM;
    }
    memcpy(s->memory, s->p->image, s->p->image_bytes);
    st = dvti_blocks_init(s->ctx, &s->stream, s->d.stream_buffer_words, s->o.c_vec);
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

static void free_host(dvt_sim *s)
{
    for (int32_t i = 0; s->host && i < dvt_graph_value_count(s->p->host); i++) {
        dvt_tensor_deinit(s->ctx, &s->host[i]);
    }
}

void dvt_sim_destroy(dvt_sim *s)
{
    if (!s) {
        return;
    }
    free_host(s);
    dvti_blocks_deinit(s->ctx, &s->stream);
    dvti_blocks_deinit(s->ctx, &s->page);
    dvti_array_fast_deinit(s);
    dvt_free(s->ctx, s->turns);
    dvt_free(s->ctx, s->words);
    dvt_free(s->ctx, s->in_order);
    dvt_free(s->ctx, s->memory);
    dvt_free(s->ctx, s->scratch);
    dvt_free(s->ctx, s->saturated);
    dvt_free(s->ctx, s->host);
    dvt_free(s->ctx, s);
}

/* ---- host ---------------------------------------------------------------------------------- */

static dvt_status take_inputs(dvt_sim *s, const dvt_tensor *inputs, int32_t count)
{
    if (count != s->p->input_count) {
        return dvt_fail(s->ctx, DVT_E_USAGE, NULL, "the network has %d inputs, %d were given",
                        s->p->input_count, count);
    }
    for (int32_t i = 0; i < count; i++) {
        dvt_value_id     v = dvt_graph_input(s->p->host, i);
        const dvt_value *val = dvt_graph_value(s->p->host, v);
        char             want[DVT_SHAPE_TEXT], got[DVT_SHAPE_TEXT];
        dvt_status       st;
        if (inputs[i].dtype != val->dtype || !dvt_shape_equal(&inputs[i].shape, &val->shape)) {
            return dvt_fail(s->ctx, DVT_E_SHAPE, NULL, "input '%s' is %s %s, given is %s %s",
                            val->name, dvt_dtype_name(val->dtype),
                            dvt_shape_text(&val->shape, want), dvt_dtype_name(inputs[i].dtype),
                            dvt_shape_text(&inputs[i].shape, got));
        }
        st = dvt_tensor_copy(s->ctx, &inputs[i], &s->host[v.i]);
        if (st != DVT_OK) {
            return st;
        }
    }
    return DVT_OK;
}

static dvt_status host_operand(const dvt_sim *s, dvt_value_id v, dvt_tensor *out)
{
    if (v.i < 0) {
        *out = (dvt_tensor){0};
        return DVT_OK;
    }
    if (dvt_graph_const(s->p->host, v, out)) {
        return DVT_OK;
    }
    *out = s->host[v.i];
    if (!out->data) {
        return dvt_fail(s->ctx, DVT_E_PARSE, NULL, "a step reads host value '%s' before it is made",
                        dvt_graph_value(s->p->host, v)->name);
    }
    return DVT_OK;
}

static dvt_status run_host(dvt_sim *s, dvt_node_id id)
{
    const dvt_node *n = dvt_graph_node(s->p->host, id);
    dvt_tensor     *in = dvt_calloc(s->ctx, (size_t)n->input_count + 1, sizeof *in);
    dvt_tensor     *out = dvt_calloc(s->ctx, (size_t)n->output_count, sizeof *out);
    dvt_status      st = in && out ? DVT_OK : DVT_E_NOMEM;

    for (int32_t i = 0; st == DVT_OK && i < n->input_count; i++) {
        st = host_operand(s, n->inputs[i], &in[i]);
    }
    if (st == DVT_OK) {
        st = dvt_node_eval(s->p->host, id, in, out);
    }
    for (int32_t i = 0; st == DVT_OK && i < n->output_count; i++) {
        dvt_tensor_deinit(s->ctx, &s->host[n->outputs[i].i]);
        s->host[n->outputs[i].i] = out[i];
    }
    dvt_free(s->ctx, in);
    dvt_free(s->ctx, out);
    return st;
}

/* ---- transfers ----------------------------------------------------------------------------- */

static dvt_status upload(dvt_sim *s, const dvt_program_tensor *t)
{
    dvt_tensor src;
    int64_t    plane = (int64_t)t->h * t->w;
    int32_t    cv = s->o.c_vec;
    dvt_status st = host_operand(s, t->host_value, &src);

    for (int64_t i = 0; st == DVT_OK && i < plane * t->c; i++) {
        if (!isfinite(((const float *)src.data)[i])) {
            st = dvt_fail(s->ctx, DVT_E_NUMERIC, NULL, "value '%s' has %g at element %lld", t->name,
                          (double)((const float *)src.data)[i], (long long)i);
            dvt_fail_hint(s->ctx, "the overlay's formats have no NaN and no infinity");
        }
    }
    for (int64_t i = 0; st == DVT_OK && i < plane * t->blocks; i++) {
        const int32_t *slot = t->slots + i / plane * cv;
        float          x[DVTI_C_VEC_MAX];
        int16_t        mant[DVTI_C_VEC_MAX];
        int8_t         q[DVTI_C_VEC_MAX];
        uint8_t        exp = 0;
        for (int32_t c = 0; c < cv; c++) {
            x[c] = slot[c] < 0 ? 0.0f : ((const float *)src.data)[slot[c] * plane + i % plane];
        }
        if (s->o.format == DVT_FORMAT_INT8) {
            float inv = 1.0f / t->scale;
            dvt_int8_encode(x, cv, inv, q);
            for (int32_t c = 0; c < cv; c++) {
                s->counters.saturated += fabsf(x[c] * inv) >= 127.5f;
                mant[c] = q[c];
            }
        } else {
            s->counters.saturated += dvt_bfp_encode(x, cv, s->o.feature_mantissa_bits, mant, &exp);
        }
        dvt_block_pack(&s->o, s->o.feature_mantissa_bits, mant, exp,
                       s->memory + ((int64_t)t->base + i) * s->d.feature_word_bytes);
    }
    return st;
}

static dvt_status download(dvt_sim *s, const dvt_program_tensor *t)
{
    const dvt_value *v = dvt_graph_value(s->p->host, t->host_value);
    dvt_tensor      *dst = &s->host[t->host_value.i];
    int64_t          plane = (int64_t)t->h * t->w;
    int32_t          cv = s->o.c_vec;
    dvt_status       st;

    dvt_tensor_deinit(s->ctx, dst);
    st = dvt_tensor_init(s->ctx, v->dtype, &v->shape, dst);
    for (int64_t i = 0; st == DVT_OK && i < plane * t->blocks; i++) {
        const int32_t *slot = t->slots + i / plane * cv;
        float          x[DVTI_C_VEC_MAX];
        int16_t        mant[DVTI_C_VEC_MAX];
        uint8_t        exp;
        dvt_block_unpack(&s->o, s->o.feature_mantissa_bits,
                         s->memory + ((int64_t)t->base + i) * s->d.feature_word_bytes, mant, &exp);
        if (s->o.format == DVT_FORMAT_INT8) {
            for (int32_t c = 0; c < cv; c++) {
                x[c] = dvti_fl((float)mant[c] * t->scale);
            }
        } else {
            dvt_bfp_decode(mant, exp, cv, s->o.feature_mantissa_bits, x);
        }
        for (int32_t c = 0; c < cv; c++) {
            if (slot[c] >= 0) {
                ((float *)dst->data)[slot[c] * plane + i % plane] = x[c];
            }
        }
    }
    return st;
}

/* ---- runs ---------------------------------------------------------------------------------- */

static dvt_status run_step(dvt_sim *s, const dvt_program_step *step)
{
    dvt_status st = DVT_OK;

    switch (step->kind) {
    case DVT_STEP_HOST: return run_host(s, (dvt_node_id){step->first});
    case DVT_STEP_UPLOAD: return upload(s, &s->p->tensors[step->first]);
    case DVT_STEP_DOWNLOAD: return download(s, &s->p->tensors[step->first]);
    case DVT_STEP_OVERLAY:
        for (int32_t i = step->first; st == DVT_OK && i < step->first + step->count; i++) {
            st = dvt_stop_asked(s->ctx, "executing long words");
            if (st == DVT_OK) {
                st = dvti_execute(s, &s->words[i]);
            }
        }
        return st;
    }
    return dvt_fail(s->ctx, DVT_E_PARSE, NULL, "unknown step kind %d", (int)step->kind);
}

dvt_status dvt_sim_run(dvt_sim *s, const dvt_tensor *inputs, int32_t count)
{
    dvt_status st;

    free_host(s);
    st = take_inputs(s, inputs, count);
    for (int32_t i = 0; st == DVT_OK && i < s->p->step_count; i++) {
        st = run_step(s, &s->p->steps[i]);
    }
    return st;
}

dvt_status dvt_sim_output(const dvt_sim *s, int32_t i, dvt_tensor *out)
{
    *out = (dvt_tensor){0};
    if (i < 0 || i >= dvt_graph_output_count(s->p->host)) {
        return dvt_fail(s->ctx, DVT_E_USAGE, NULL, "the network has no output %d", i);
    }
    return host_operand(s, dvt_graph_output(s->p->host, i), out);
}

void dvt_sim_counters_of(const dvt_sim *s, dvt_sim_counters *out) { *out = s->counters; }

void dvt_sim_reset_counters(dvt_sim *s) { s->counters = (dvt_sim_counters){0}; }

const uint8_t *dvt_sim_memory(const dvt_sim *s, size_t *bytes)
{
    *bytes = (size_t)s->p->memory_bytes;
    return s->memory;
}
