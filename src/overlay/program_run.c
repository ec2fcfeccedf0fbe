/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program_run.c - the host's side of a program: inputs, host nodes, transfers, steps in order.
 *
 * Idea      Whoever executes long words - a model, the RTL - differs in them alone. The runner owns
 *           the values of the host graph and moves them in and out of external memory; an OVERLAY
 *           step is handed to the executor's callback.
 * Memory    borrowed from the executor: program image first, then feature regions.
 * Tests     tests/unit/test_sim.c, tests/diff/diff_sim.c (through the bit-accurate model)
 */
#include "overlay/program_run.h"

#include "overlay/binary32.h"

#include <math.h>
#include <string.h>

enum { C_VEC_MAX = 256 };

dvt_status dvti_runner_init(dvti_runner *r, const dvt_program *p, uint8_t *memory)
{
    *r = (dvti_runner){.ctx = p->ctx, .p = p, .memory = memory};
    dvt_overlay_derive(&p->overlay, &r->d);
    r->host = dvt_calloc(r->ctx, (size_t)dvt_graph_value_count(p->host) + 1, sizeof *r->host);
    return r->host ? DVT_OK : DVT_E_NOMEM;
}

static void free_host(dvti_runner *r)
{
    for (int32_t i = 0; r->host && i < dvt_graph_value_count(r->p->host); i++) {
        dvt_tensor_deinit(r->ctx, &r->host[i]);
    }
}

void dvti_runner_deinit(dvti_runner *r)
{
    if (r->host) {
        free_host(r);
        dvt_free(r->ctx, r->host);
    }
    *r = (dvti_runner){0};
}

/* ---- host ---------------------------------------------------------------------------------- */

static dvt_status take_inputs(dvti_runner *r, const dvt_tensor *inputs, int32_t count)
{
    if (count != r->p->input_count) {
        return dvt_fail(r->ctx, DVT_E_USAGE, NULL, "the network has %d inputs, %d were given",
                        r->p->input_count, count);
    }
    for (int32_t i = 0; i < count; i++) {
        dvt_value_id     v = dvt_graph_input(r->p->host, i);
        const dvt_value *val = dvt_graph_value(r->p->host, v);
        char             want[DVT_SHAPE_TEXT], got[DVT_SHAPE_TEXT];
        dvt_status       st;
        if (inputs[i].dtype != val->dtype || !dvt_shape_equal(&inputs[i].shape, &val->shape)) {
            return dvt_fail(r->ctx, DVT_E_SHAPE, NULL, "input '%s' is %s %s, given is %s %s",
                            val->name, dvt_dtype_name(val->dtype),
                            dvt_shape_text(&val->shape, want), dvt_dtype_name(inputs[i].dtype),
                            dvt_shape_text(&inputs[i].shape, got));
        }
        st = dvt_tensor_copy(r->ctx, &inputs[i], &r->host[v.i]);
        if (st != DVT_OK) {
            return st;
        }
    }
    return DVT_OK;
}

static dvt_status host_operand(const dvti_runner *r, dvt_value_id v, dvt_tensor *out)
{
    if (v.i < 0) {
        *out = (dvt_tensor){0};
        return DVT_OK;
    }
    if (dvt_graph_const(r->p->host, v, out)) {
        return DVT_OK;
    }
    *out = r->host[v.i];
    if (!out->data) {
        return dvt_fail(r->ctx, DVT_E_PARSE, NULL, "a step reads host value '%s' before it is made",
                        dvt_graph_value(r->p->host, v)->name);
    }
    return DVT_OK;
}

static dvt_status run_host(dvti_runner *r, dvt_node_id id)
{
    const dvt_node *n = dvt_graph_node(r->p->host, id);
    dvt_tensor     *in = dvt_calloc(r->ctx, (size_t)n->input_count + 1, sizeof *in);
    dvt_tensor     *out = dvt_calloc(r->ctx, (size_t)n->output_count, sizeof *out);
    dvt_status      st = in && out ? DVT_OK : DVT_E_NOMEM;

    for (int32_t i = 0; st == DVT_OK && i < n->input_count; i++) {
        st = host_operand(r, n->inputs[i], &in[i]);
    }
    if (st == DVT_OK) {
        st = dvt_node_eval(r->p->host, id, in, out);
    }
    for (int32_t i = 0; st == DVT_OK && i < n->output_count; i++) {
        dvt_tensor_deinit(r->ctx, &r->host[n->outputs[i].i]);
        r->host[n->outputs[i].i] = out[i];
    }
    dvt_free(r->ctx, in);
    dvt_free(r->ctx, out);
    return st;
}

/* ---- transfers ----------------------------------------------------------------------------- */

static dvt_status upload(dvti_runner *r, const dvt_program_tensor *t)
{
    dvt_tensor src;
    int64_t    plane = (int64_t)t->h * t->w;
    int32_t    cv = r->p->overlay.c_vec;
    dvt_status st = host_operand(r, t->host_value, &src);

    for (int64_t i = 0; st == DVT_OK && i < plane * t->c; i++) {
        if (!isfinite(((const float *)src.data)[i])) {
            st = dvt_fail(r->ctx, DVT_E_NUMERIC, NULL, "value '%s' has %g at element %lld", t->name,
                          (double)((const float *)src.data)[i], (long long)i);
            dvt_fail_hint(r->ctx, "the overlay's formats have no NaN and no infinity");
        }
    }
    for (int64_t i = 0; st == DVT_OK && i < plane * t->blocks; i++) {
        const int32_t *slot = t->slots + i / plane * cv;
        float          x[C_VEC_MAX];
        int16_t        mant[C_VEC_MAX];
        int8_t         q[C_VEC_MAX];
        uint8_t        exp = 0;
        for (int32_t c = 0; c < cv; c++) {
            x[c] = slot[c] < 0 ? 0.0f : ((const float *)src.data)[slot[c] * plane + i % plane];
        }
        if (r->p->overlay.format == DVT_FORMAT_INT8) {
            float inv = 1.0f / t->scale;
            dvt_int8_encode(x, cv, inv, q);
            for (int32_t c = 0; c < cv; c++) {
                r->saturated += fabsf(x[c] * inv) >= 127.5f;
                mant[c] = q[c];
            }
        } else {
            r->saturated += dvt_bfp_encode(x, cv, r->p->overlay.feature_mantissa_bits, mant, &exp);
        }
        dvt_block_pack(&r->p->overlay, r->p->overlay.feature_mantissa_bits, mant, exp,
                       r->memory + ((int64_t)t->base + i) * r->d.feature_word_bytes);
    }
    return st;
}

static dvt_status download(dvti_runner *r, const dvt_program_tensor *t)
{
    const dvt_value *v = dvt_graph_value(r->p->host, t->host_value);
    dvt_tensor      *dst = &r->host[t->host_value.i];
    int64_t          plane = (int64_t)t->h * t->w;
    int32_t          cv = r->p->overlay.c_vec;
    dvt_status       st;

    dvt_tensor_deinit(r->ctx, dst);
    st = dvt_tensor_init(r->ctx, v->dtype, &v->shape, dst);
    for (int64_t i = 0; st == DVT_OK && i < plane * t->blocks; i++) {
        const int32_t *slot = t->slots + i / plane * cv;
        float          x[C_VEC_MAX];
        int16_t        mant[C_VEC_MAX];
        uint8_t        exp;
        dvt_block_unpack(&r->p->overlay, r->p->overlay.feature_mantissa_bits,
                         r->memory + ((int64_t)t->base + i) * r->d.feature_word_bytes, mant, &exp);
        if (r->p->overlay.format == DVT_FORMAT_INT8) {
            for (int32_t c = 0; c < cv; c++) {
                x[c] = dvti_fl((float)mant[c] * t->scale);
            }
        } else {
            dvt_bfp_decode(mant, exp, cv, r->p->overlay.feature_mantissa_bits, x);
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

static dvt_status run_step(dvti_runner *r, const dvt_program_step *step, dvti_words_fn words,
                           void *user)
{
    switch (step->kind) {
    case DVT_STEP_HOST: return run_host(r, (dvt_node_id){step->first});
    case DVT_STEP_UPLOAD: return upload(r, &r->p->tensors[step->first]);
    case DVT_STEP_DOWNLOAD: return download(r, &r->p->tensors[step->first]);
    case DVT_STEP_OVERLAY: return words(user, step->first, step->count);
    }
    return dvt_fail(r->ctx, DVT_E_PARSE, NULL, "unknown step kind %d", (int)step->kind);
}

dvt_status dvti_runner_run(dvti_runner *r, const dvt_tensor *inputs, int32_t count,
                           dvti_words_fn words, void *user)
{
    dvt_status st;

    free_host(r);
    st = take_inputs(r, inputs, count);
    for (int32_t i = 0; st == DVT_OK && i < r->p->step_count; i++) {
        st = run_step(r, &r->p->steps[i], words, user);
    }
    return st;
}

dvt_status dvti_runner_output(const dvti_runner *r, int32_t i, dvt_tensor *out)
{
    *out = (dvt_tensor){0};
    if (i < 0 || i >= dvt_graph_output_count(r->p->host)) {
        return dvt_fail(r->ctx, DVT_E_USAGE, NULL, "the network has no output %d", i);
    }
    return host_operand(r, dvt_graph_output(r->p->host, i), out);
}
