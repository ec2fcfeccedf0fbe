/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calibrate.c - feature scales for int8: the largest magnitude of every value over sample inputs.
 *
 * Idea      The working graph runs on the samples with the fast reference kernels and every value
 *           is looked at. A value's scale is max / 127 (docs/numerics.md section 3). Block floating
 *           point needs none of this.
 * Tests     tests/diff/diff_compile.c
 */
#include "compile/compile_int.h"

#include <math.h>

static void note_max(const dvt_tensor *t, float *most)
{
    const float *x = t->data;
    int64_t      n = dvt_shape_count(&t->shape);

    for (int64_t i = 0; i < n; i++) {
        float a = fabsf(x[i]);
        if (a > *most) {
            *most = a;
        }
    }
}

static dvt_status run_sample(dvti_comp *c, dvt_exec *x, const dvt_tensor *inputs)
{
    int32_t    inputs_n = dvt_graph_input_count(c->g);
    dvt_status st = dvt_exec_run(x, inputs, inputs_n);

    for (int32_t i = 0; st == DVT_OK && i < inputs_n; i++) {
        if (inputs[i].dtype == DVT_DTYPE_F32) {
            note_max(&inputs[i], &c->max_abs[dvt_graph_input(c->g, i).i]);
        }
    }
    for (int32_t v = 0; st == DVT_OK && v < dvt_graph_value_count(c->g); v++) {
        const dvt_value *val = dvt_graph_value(c->g, (dvt_value_id){v});
        dvt_tensor       t;
        if (val->kind != DVT_VALUE_NODE || val->dtype != DVT_DTYPE_F32) {
            continue;
        }
        st = dvt_exec_tensor(x, (dvt_value_id){v}, &t);
        if (st == DVT_OK) {
            note_max(&t, &c->max_abs[v]);
        }
    }
    return st;
}

float dvti_value_scale(const dvti_comp *c, int32_t value)
{
    if (c->o.format != DVT_FORMAT_INT8 || value < 0) {
        return 1.0f;
    }
    return c->max_abs[value] > 0.0f ? c->max_abs[value] / 127.0f : 1.0f;
}

dvt_status dvti_calibrate(dvti_comp *c)
{
    int32_t       values = dvt_graph_value_count(c->g), keep_n = 0;
    dvt_value_id *keep;
    dvt_exec     *x = NULL;
    dvt_status    st;

    if (c->opts->sample_count < 1) {
        st = dvt_fail(c->ctx, DVT_E_USAGE, NULL,
                      "overlay '%s' computes in int8, which needs sample inputs", c->o.name);
        dvt_fail_hint(
            c->ctx,
            "give typical inputs with --calibrate FILE.npy, or use a block floating point overlay");
        return st;
    }
    c->max_abs = dvt_arena_calloc(c->scratch, (size_t)values, sizeof *c->max_abs);
    keep = dvt_arena_calloc(c->scratch, (size_t)values, sizeof *keep);
    if (!c->max_abs || !keep) {
        return DVT_E_NOMEM;
    }
    for (int32_t v = 0; v < values; v++) {
        if (dvt_graph_value(c->g, (dvt_value_id){v})->kind == DVT_VALUE_NODE) {
            keep[keep_n++] = (dvt_value_id){v};
        }
    }
    st = dvt_exec_create(
        c->g, &(dvt_exec_opts){.kind = DVT_EXEC_FAST, .keep = keep, .keep_count = keep_n}, &x);
    for (int32_t i = 0; st == DVT_OK && i < c->opts->sample_count; i++) {
        st = run_sample(c, x, c->opts->samples + (size_t)i * (size_t)dvt_graph_input_count(c->g));
    }
    dvt_exec_destroy(x);
    return st;
}
