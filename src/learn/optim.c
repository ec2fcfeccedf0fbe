/* SPDX-License-Identifier: Apache-2.0 */
/*
 * optim.c - one step of SGD, Adam or AdamW over a whole set, and clipping.
 *
 * Idea       Moments have the places of the values, so an update is one loop over a parameter. The
 *            factors of a step are computed in double, elements in float32.
 * Memory     12 bytes an element move through the processor in a step of Adam, each way; the loops
 *            run at that speed.
 * Threads    Parameters are cut into pieces of fixed size; elements do not meet.
 * Tests      tests/unit/test_learn_optim.c, tests/diff/learn_torch.py
 *
 * Adam: D. Kingma, J. Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1, with
 * sqrt(c2) taken out of the fraction, which saves a division an element:
 *     (rate / c1) m / (sqrt(v) / sqrt(c2) + epsilon)
 *   = (rate sqrt(c2) / c1) m / (sqrt(v) + epsilon sqrt(c2))
 */
#include "learn/optim_int.h"

#include "learn/rows.h"

#include <math.h>
#include <string.h>

static dvt_status check_opts(dvt_ctx *ctx, const dvt_optim_opts *o)
{
    if ((unsigned)o->kind >= DVT_OPTIM_COUNT)
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "there is no optimiser number %d", (int)o->kind);
    if (!(o->momentum >= 0 && o->momentum < 1))
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "momentum %g is not in [0, 1)", o->momentum);
    if (o->nesterov && o->momentum == 0)
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "Nesterov's form needs a momentum");
    if (!(o->beta1 >= 0 && o->beta1 < 1 && o->beta2 >= 0 && o->beta2 < 1 && o->epsilon >= 0))
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "betas %g, %g are not in [0, 1), or epsilon %g < 0",
                        o->beta1, o->beta2, o->epsilon);
    if (!(o->decay >= 0))
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "weight decay %g is negative", o->decay);
    return DVT_OK;
}

dvt_status dvt_optim_create(dvt_ctx *ctx, const dvt_params *params, const dvt_optim_opts *opts,
                            dvt_optim **out)
{
    dvt_status st = check_opts(ctx, opts);
    dvt_optim *o = NULL;

    *out = NULL;
    if (st != DVT_OK)
        return st;
    o = dvt_calloc(ctx, 1, sizeof *o);
    if (!o)
        return DVT_E_NOMEM;
    o->ctx = ctx;
    o->opts = *opts;
    o->opts.beta1 = opts->beta1 > 0 ? opts->beta1 : 0.9;
    o->opts.beta2 = opts->beta2 > 0 ? opts->beta2 : 0.999;
    o->opts.epsilon = opts->epsilon > 0 ? opts->epsilon : 1e-8;
    o->elements = params->elements;
    o->params = params->count;
    const bool two = opts->kind != DVT_OPTIM_SGD, one = two || opts->momentum > 0;
    if (one)
        o->first = dvt_calloc(ctx, (size_t)o->elements + 1, sizeof *o->first);
    if (two)
        o->second = dvt_calloc(ctx, (size_t)o->elements + 1, sizeof *o->second);
    if ((one && !o->first) || (two && !o->second)) {
        dvt_optim_destroy(o);
        return DVT_E_NOMEM;
    }
    *out = o;
    return DVT_OK;
}

void dvt_optim_destroy(dvt_optim *o)
{
    if (!o)
        return;
    dvt_free(o->ctx, o->first);
    dvt_free(o->ctx, o->second);
    dvt_free(o->ctx, o);
}

void dvt_optim_reset(dvt_optim *o)
{
    o->steps = 0;
    if (o->first)
        memset(o->first, 0, (size_t)o->elements * sizeof *o->first);
    if (o->second)
        memset(o->second, 0, (size_t)o->elements * sizeof *o->second);
}

uint64_t dvt_optim_steps(const dvt_optim *o) { return o->steps; }

/* ---- one piece of a parameter -------------------------------------------------------------- */

typedef struct step_job {
    dvt_optim_kind kind;
    bool           nesterov, first_step;
    float          rate, decay, shrink; /* shrink: 1 - rate * decay of AdamW */
    float          momentum, keep1, take1, keep2, take2, epsilon;
    float         *w, *m, *v;
    const float   *g;
} step_job;

DVTI_SIMD static void sgd_piece(const step_job *j, int64_t at, int64_t n)
{
    float *restrict       w = j->w + at;
    const float *restrict g = j->g + at;

    for (int64_t i = 0; i < n; i++)
        w[i] -= j->rate * (g[i] + j->decay * w[i]);
}

DVTI_SIMD static void momentum_piece(const step_job *j, int64_t at, int64_t n)
{
    float *restrict       w = j->w + at;
    float *restrict       m = j->m + at;
    const float *restrict g = j->g + at;
    const float           keep = j->first_step ? 0.0f : j->momentum;

    for (int64_t i = 0; i < n; i++) {
        float d = g[i] + j->decay * w[i];
        m[i] = keep * m[i] + d;
        w[i] -= j->rate * (j->nesterov ? d + j->momentum * m[i] : m[i]);
    }
}

DVTI_SIMD static void adam_piece(const step_job *j, int64_t at, int64_t n)
{
    float *restrict       w = j->w + at;
    float *restrict       m = j->m + at;
    float *restrict       v = j->v + at;
    const float *restrict g = j->g + at;
    const float keep1 = j->keep1, take1 = j->take1, keep2 = j->keep2, take2 = j->take2;
    const float rate = j->rate, decay = j->decay, shrink = j->shrink;
    const float epsilon = j->epsilon;

    for (int64_t i = 0; i < n; i++) {
        float d = g[i] + decay * w[i];
        m[i] = keep1 * m[i] + take1 * d;
        v[i] = keep2 * v[i] + take2 * (d * d);
        w[i] = shrink * w[i] - rate * (m[i] / (sqrtf(v[i]) + epsilon));
    }
}

static void step_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const step_job *j = ud;

    (void)worker;
    if (j->kind != DVT_OPTIM_SGD)
        adam_piece(j, begin, end - begin);
    else if (j->m)
        momentum_piece(j, begin, end - begin);
    else
        sgd_piece(j, begin, end - begin);
}

/* ---- a step -------------------------------------------------------------------------------- */

static step_job job_of(const dvt_optim *o, double rate, double decay)
{
    const dvt_optim_opts *p = &o->opts;
    double                c1 = 1 - pow(p->beta1, (double)o->steps + 1);
    double                c2 = 1 - pow(p->beta2, (double)o->steps + 1);
    bool                  w = p->kind == DVT_OPTIM_ADAMW;

    return (step_job){.kind = p->kind,
                      .nesterov = p->nesterov,
                      .first_step = o->steps == 0,
                      .rate = (float)(p->kind == DVT_OPTIM_SGD ? rate : rate * sqrt(c2) / c1),
                      .decay = (float)(w ? 0 : decay),
                      .shrink = (float)(w ? 1 - rate * decay : 1),
                      .momentum = (float)p->momentum,
                      .keep1 = (float)p->beta1,
                      .take1 = (float)(1 - p->beta1),
                      .keep2 = (float)p->beta2,
                      .take2 = (float)(1 - p->beta2),
                      .epsilon = (float)(p->epsilon * sqrt(c2))};
}

/* Zero times a finite number is zero; of what is not finite it is NaN. */
DVTI_SIMD static bool all_finite(const float *restrict x, int64_t n)
{
    float   lane[DVTI_LANES] = {0};
    int64_t i = 0;

    for (; i + DVTI_LANES <= n; i += DVTI_LANES)
        for (int l = 0; l < DVTI_LANES; l++)
            lane[l] += 0.0f * x[i + l];
    for (; i < n; i++)
        lane[0] += 0.0f * x[i];
    return dvti_lanes_total(lane) == 0.0f;
}

static bool trained(const dvti_param *p) { return !p->state && !p->frozen; }

static dvt_status check_step(dvt_optim *o, const dvt_params *ps)
{
    if (ps->count != o->params || ps->elements != o->elements)
        return dvt_fail(o->ctx, DVT_E_USAGE, NULL,
                        "the optimiser was made for %d parameters, the set has %d", o->params,
                        ps->count);
    for (int32_t i = 0; i < ps->count; i++) {
        const dvti_param *p = &ps->items[i];
        if (trained(p) && !all_finite(ps->grads + p->at, p->count))
            return dvt_fail(o->ctx, DVT_E_NUMERIC, NULL,
                            "step %llu: the gradient of '%s' is not finite",
                            (unsigned long long)o->steps, p->name);
    }
    return DVT_OK;
}

dvt_status dvt_optim_step(dvt_optim *o, dvt_params *ps, double rate)
{
    dvt_status st;

    dvti_params_settle(ps);
    st = check_step(o, ps);
    for (int32_t i = 0; st == DVT_OK && i < ps->count; i++) {
        const dvti_param *p = &ps->items[i];
        step_job          j = job_of(o, rate * p->rate_scale, o->opts.decay * p->decay_scale);
        if (!trained(p))
            continue;
        j.w = ps->values + p->at;
        j.g = ps->grads + p->at;
        j.m = o->first ? o->first + p->at : NULL;
        j.v = o->second ? o->second + p->at : NULL;
        dvt_parallel_for(o->ctx, p->count, DVTI_GRAIN, step_range, &j);
    }
    if (st == DVT_OK)
        o->steps++;
    dvt_params_zero_grad(ps);
    return st;
}

/* ---- clipping ------------------------------------------------------------------------------ */

static double squares(const float *g, int64_t n)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += (double)g[i] * (double)g[i];
    return sum;
}

double dvt_params_clip_norm(dvt_params *ps, double max_norm)
{
    double sum = 0, norm;

    dvti_params_settle(ps);
    for (int32_t i = 0; i < ps->count; i++)
        if (trained(&ps->items[i]))
            sum += squares(ps->grads + ps->items[i].at, ps->items[i].count);
    norm = sqrt(sum);
    if (norm > max_norm) { /* PyTorch's clip_grad_norm_ divides by norm + 1e-6 */
        float scale = (float)(max_norm / (norm + 1e-6));
        for (int64_t i = 0; i < ps->elements; i++)
            ps->grads[i] *= scale;
    }
    return norm;
}

void dvt_params_clip_value(dvt_params *ps, double limit)
{
    const float most = (float)limit;

    dvti_params_settle(ps);
    for (int64_t i = 0; i < ps->elements; i++) {
        float g = ps->grads[i];
        ps->grads[i] = g > most ? most : g < -most ? -most : g;
    }
}
