/* SPDX-License-Identifier: Apache-2.0 */
/*
 * softmax.c - softmax, log-softmax and hardmax along one axis.
 *
 * Idea      The largest element is taken off first, so that no exponential overflows:
 *             softmax      e^(x - m) / sum e^(x - m)
 *             log-softmax  (x - m) - log sum e^(x - m)
 *             hardmax      1 at the first of the largest, 0 elsewhere
 *           Both kernels sum in double; the fast one takes float32 exponentials.
 * Tests     tests/unit/test_kernels_norm.c
 */
#include "dovetail/kernels.h"

#include <math.h>

/* One line of the axis: n elements, `step` apart. */
typedef struct line {
    const float *x;
    float       *y;
    int64_t      n, step;
} line;

static line line_at(const dvt_axis_dims *d, int64_t index, const float *x, float *y)
{
    int64_t at = index / d->inner * d->axis * d->inner + index % d->inner;

    return (line){x + at, y + at, d->axis, d->inner};
}

static int64_t first_largest(const line *l)
{
    int64_t best = 0;

    for (int64_t i = 1; i < l->n; i++) {
        if (l->x[i * l->step] > l->x[best * l->step])
            best = i;
    }
    return best;
}

static void hardmax_line(const line *l)
{
    int64_t best = first_largest(l);

    for (int64_t i = 0; i < l->n; i++)
        l->y[i * l->step] = i == best ? 1.0f : 0.0f;
}

static void softmax_line_ref(dvt_softmax kind, const line *l)
{
    double most = (double)l->x[first_largest(l) * l->step], sum = 0;

    for (int64_t i = 0; i < l->n; i++)
        sum += exp((double)l->x[i * l->step] - most);
    for (int64_t i = 0; i < l->n; i++) {
        double x = (double)l->x[i * l->step] - most;
        l->y[i * l->step] = (float)(kind == DVT_SOFTMAX_SOFTMAX ? exp(x) / sum : x - log(sum));
    }
}

static void softmax_line_fast(dvt_softmax kind, const line *l)
{
    float  most = l->x[first_largest(l) * l->step];
    double sum = 0;

    for (int64_t i = 0; i < l->n; i++) {
        float e = expf(l->x[i * l->step] - most);
        sum += (double)e;
        l->y[i * l->step] = e;
    }
    if (kind == DVT_SOFTMAX_SOFTMAX) {
        float scale = (float)(1.0 / sum);
        for (int64_t i = 0; i < l->n; i++)
            l->y[i * l->step] *= scale;
    } else {
        double shift = (double)most + log(sum);
        for (int64_t i = 0; i < l->n; i++)
            l->y[i * l->step] = (float)((double)l->x[i * l->step] - shift);
    }
}

void dvt_softmax_f32_ref(dvt_softmax kind, const dvt_axis_dims *d, const float *x, float *y)
{
    for (int64_t i = 0; d->axis > 0 && i < d->outer * d->inner; i++) {
        line l = line_at(d, i, x, y);
        if (kind == DVT_SOFTMAX_HARDMAX)
            hardmax_line(&l);
        else
            softmax_line_ref(kind, &l);
    }
}

typedef struct softmax_job {
    dvt_softmax          kind;
    const dvt_axis_dims *d;
    const float         *x;
    float               *y;
} softmax_job;

static void softmax_lines(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const softmax_job *j = ud;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        line l = line_at(j->d, i, j->x, j->y);
        if (j->kind == DVT_SOFTMAX_HARDMAX)
            hardmax_line(&l);
        else
            softmax_line_fast(j->kind, &l);
    }
}

void dvt_softmax_f32_fast(dvt_ctx *ctx, dvt_softmax kind, const dvt_axis_dims *d, const float *x,
                          float *y)
{
    softmax_job j = {kind, d, x, y};

    if (d->axis > 0)
        dvt_parallel_for(ctx, d->outer * d->inner, 1 + 4096 / d->axis, softmax_lines, &j);
}
