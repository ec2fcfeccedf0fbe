/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rates.c - learning rates over time, and early stopping.
 *
 * Idea       Rates are functions of the step, so that a resumed training needs no state for them;
 *            the plateau and the stopper remember metrics and are part of a checkpoint.
 * Cosine     I. Loshchilov, F. Hutter, "SGDR", 2017, eq. 5, one period.
 * Tests      tests/unit/test_learn_optim.c
 */
#include "learn/optim_int.h"

#include <math.h>
#include <string.h>

double dvt_rate_cosine(double rate, double least, uint64_t step, uint64_t steps)
{
    const double pi = 3.14159265358979323846;

    if (step >= steps)
        return least;
    return least + 0.5 * (rate - least) * (1 + cos(pi * (double)step / (double)steps));
}

double dvt_rate_warm_up(double rate, uint64_t step, uint64_t steps)
{
    return step < steps ? rate * ((double)step + 1) / (double)steps : rate;
}

dvt_plateau dvt_plateau_make(double rate, double factor, uint32_t patience)
{
    return (dvt_plateau){.rate = rate,
                         .factor = factor,
                         .threshold = 1e-4,
                         .least = 0,
                         .patience = patience,
                         .best = INFINITY};
}

double dvt_plateau_update(dvt_plateau *p, double metric)
{
    /* with an infinite best the product below is infinite too, and every number is smaller */
    if (metric < p->best * (1 - p->threshold)) {
        p->best = metric;
        p->bad = 0;
    } else {
        p->bad++;
    }
    if (p->bad > p->patience) {
        double rate = p->rate * p->factor;
        p->rate = rate > p->least ? rate : p->least;
        p->bad = 0;
    }
    return p->rate;
}

/* ---- early stopping ------------------------------------------------------------------------ */

dvt_status dvt_stopper_create(dvt_ctx *ctx, const dvt_params *ps, uint32_t patience, uint64_t from,
                              dvt_stopper **out)
{
    dvt_stopper *s = dvt_calloc(ctx, 1, sizeof *s);

    *out = NULL;
    if (!s)
        return DVT_E_NOMEM;
    *s = (dvt_stopper){.ctx = ctx,
                       .patience = patience,
                       .from = from,
                       .best = INFINITY,
                       .elements = ps->elements};
    s->values = dvt_alloc(ctx, ((size_t)ps->elements + 1) * sizeof *s->values);
    if (!s->values) {
        dvt_free(ctx, s);
        return DVT_E_NOMEM;
    }
    *out = s;
    return DVT_OK;
}

void dvt_stopper_destroy(dvt_stopper *s)
{
    if (!s)
        return;
    dvt_free(s->ctx, s->values);
    dvt_free(s->ctx, s);
}

bool dvt_stopper_update(dvt_stopper *s, const dvt_params *ps, double metric)
{
    uint64_t call = s->calls++;

    if (metric < s->best && ps->elements == s->elements && (call >= s->from || !s->kept)) {
        s->best = metric;
        s->best_call = call;
        s->kept = true;
        if (ps->elements > 0)
            memcpy(s->values, ps->values, (size_t)ps->elements * sizeof *s->values);
    }
    uint64_t since = s->best_call > s->from ? s->best_call : s->from;
    return s->patience > 0 && call >= since + s->patience;
}

void dvt_stopper_restore(const dvt_stopper *s, dvt_params *ps)
{
    if (s->kept && ps->elements == s->elements)
        memcpy(ps->values, s->values, (size_t)ps->elements * sizeof *s->values);
}

double dvt_stopper_best(const dvt_stopper *s) { return s->best; }

uint64_t dvt_stopper_best_call(const dvt_stopper *s) { return s->best_call; }
