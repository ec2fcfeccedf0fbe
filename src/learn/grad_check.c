/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grad_check.c - the tape's gradient against central differences.
 *
 * Idea       f(x) = sum c_i y_i(x) in double, so that only the rounding of y itself disturbs the
 *            difference. The c_i are not equal, so that errors in different elements of y do not
 *            cancel.
 * Tests      tests/unit/test_learn_tape.c plants a wrong gradient
 */
#include "learn/tape_int.h"

#include <math.h>

enum { INPUTS_MAX = 16 };

typedef struct check {
    dvt_ctx     *ctx;
    dvt_tape    *tape;
    dvt_model_fn fn;
    void        *ud;
    dvt_tensor  *input;
    int32_t      inputs;
    int          flags;
    float       *c; /* (count of y) */
    int64_t      count;
} check;

static dvt_var run(check *k)
{
    dvt_var in[INPUTS_MAX];

    dvt_tape_begin(k->tape, k->flags, 0);
    for (int32_t i = 0; i < k->inputs; i++)
        in[i] = dvt_tape_leaf(k->tape, k->input[i].shape, k->input[i].data);
    return k->fn(k->tape, in, k->ud);
}

static dvt_status make_weights(check *k, dvt_var y)
{
    dvt_rng rng = dvt_rng_make(20, 26);

    k->count = dvt_shape_count(dvt_tape_shape(k->tape, y));
    k->c = dvt_calloc(k->ctx, (size_t)k->count + 1, sizeof *k->c);
    for (int64_t i = 0; k->c && i < k->count; i++)
        k->c[i] = 2 * dvt_rng_f32(&rng) - 1;
    return k->c ? DVT_OK : DVT_E_NOMEM;
}

static dvt_status value_of(check *k, double *f)
{
    dvt_var      y = run(k);
    const float *v = dvt_tape_value(k->tape, y);

    *f = 0;
    for (int64_t i = 0; v && i < k->count; i++)
        *f += (double)k->c[i] * (double)v[i];
    return dvt_tape_status(k->tape);
}

static dvt_status difference(check *k, float *x, double step, double *out)
{
    const float before = *x;
    double      above, below, width;
    dvt_status  st;

    *x = before + (float)step;
    width = (double)*x;
    st = value_of(k, &above);
    *x = before - (float)step;
    width -= (double)*x; /* what the step became in float32 */
    if (st == DVT_OK)
        st = value_of(k, &below);
    *x = before;
    if (st == DVT_OK)
        *out = (above - below) / width;
    return st;
}

static dvt_status compare_input(check *k, int32_t input, const float *grad, double step,
                                dvt_grad_report *out)
{
    dvt_tensor *x = &k->input[input];
    int64_t     n = dvt_shape_count(&x->shape);

    for (int64_t i = 0; i < n; i++) {
        double     d = 0, g = (double)grad[i];
        dvt_status st = difference(k, (float *)x->data + i, step, &d);
        if (st != DVT_OK)
            return st;
        double error = fabs(g - d) / (1 + fabs(d));
        if (!(error <= out->worst)) /* NaN too */
            *out = (dvt_grad_report){error, input, i, g, d};
    }
    return DVT_OK;
}

/* The gradients of all inputs, copied out: the tape is used again for the differences. */
static dvt_status gradients(check *k, float **grad)
{
    dvt_var    y = run(k);
    dvt_status st = dvt_tape_status(k->tape);

    if (st == DVT_OK)
        st = make_weights(k, y);
    if (st == DVT_OK)
        st = dvt_tape_backward_from(k->tape, y, k->c);
    for (int32_t i = 0; st == DVT_OK && i < k->inputs; i++) {
        const float *g = dvt_tape_grad(k->tape, (dvt_var){i + 1}); /* leaves come first */
        int64_t      n = dvt_shape_count(&k->input[i].shape);
        grad[i] = dvt_calloc(k->ctx, (size_t)n + 1, sizeof *grad[i]);
        if (!grad[i])
            return DVT_E_NOMEM;
        for (int64_t j = 0; g && j < n; j++)
            grad[i][j] = g[j];
    }
    return st;
}

dvt_status dvt_grad_check(dvt_ctx *ctx, dvt_model_fn fn, void *ud, dvt_tensor *input,
                          int32_t inputs, double step, bool training, dvt_grad_report *out)
{
    float *grad[INPUTS_MAX] = {NULL};
    check  k = {.ctx = ctx, .fn = fn, .ud = ud, .input = input, .inputs = inputs};

    *out = (dvt_grad_report){0};
    k.flags = DVT_TAPE_RECORD | (training ? DVT_TAPE_TRAINING : 0);
    if (inputs < 1 || inputs > INPUTS_MAX)
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "a gradient check takes 1 to %d inputs, not %d",
                        INPUTS_MAX, inputs);
    dvt_status st = dvt_tape_create(ctx, 1, &k.tape);
    if (st == DVT_OK)
        st = gradients(&k, grad);
    for (int32_t i = 0; st == DVT_OK && i < inputs; i++)
        st = compare_input(&k, i, grad[i], step, out);
    for (int32_t i = 0; i < inputs; i++)
        dvt_free(ctx, grad[i]);
    dvt_free(ctx, k.c);
    dvt_tape_destroy(k.tape);
    return st;
}
