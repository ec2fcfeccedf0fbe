/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lrn.c - local response normalisation, across channels and within a channel.
 *
 * Idea      y = x * (k + alpha / m * s)^-beta with s the sum of squares around the element. The
 *           fast kernel across channels adds whole runs of the inner dimension, channel by channel;
 *           the sum is made anew for each channel, because taking old squares out of a running sum
 *           would lose digits. beta = 0.75, which all known networks use, needs two square roots
 *           and no power function.
 * Tests     tests/unit/test_kernels_norm.c
 */
#include "dovetail/kernels.h"
#include "base/simd.h"

#include <assert.h>
#include <math.h>

enum { RUN = 128 }; /* elements handled together */

/* ---- reference ----------------------------------------------------------------------------- */

static int64_t clamp_index(int64_t at, int64_t n)
{
    return at < 0 ? 0 : at > n ? n : at;
}

/* Squares over rows [y0, y1) and columns [x0, x1) of a plane of width w. */
static double square_sum(const float *plane, int64_t w, int64_t y0, int64_t y1, int64_t x0,
                         int64_t x1)
{
    double sum = 0;

    for (int64_t y = y0; y < y1; y++)
        for (int64_t x = x0; x < x1; x++)
            sum += (double)plane[y * w + x] * (double)plane[y * w + x];
    return sum;
}

static float normalise(const dvt_lrn_dims *d, float x, double sum)
{
    double m = d->within_channel ? (double)d->size * (double)d->size : (double)d->size;

    return (float)((double)x * pow((double)d->k + (double)d->alpha / m * sum, -(double)d->beta));
}

static void across_image(const dvt_lrn_dims *d, const float *x, float *y)
{
    int64_t size = d->h * d->w;

    for (int64_t c = 0; c < d->c; c++) {
        int64_t lo = clamp_index(c - (d->size - 1) / 2, d->c);
        int64_t hi = clamp_index(c + d->size / 2 + 1, d->c);
        for (int64_t i = 0; i < size; i++)
            y[c * size + i] = normalise(d, x[c * size + i], square_sum(x + i, size, lo, hi, 0, 1));
    }
}

static void within_plane(const dvt_lrn_dims *d, const float *x, float *y)
{
    int64_t before = (d->size - 1) / 2, behind = d->size / 2 + 1;

    for (int64_t h = 0; h < d->h; h++) {
        int64_t y0 = clamp_index(h - before, d->h), y1 = clamp_index(h + behind, d->h);
        for (int64_t w = 0; w < d->w; w++) {
            int64_t x0 = clamp_index(w - before, d->w), x1 = clamp_index(w + behind, d->w);
            *y++ = normalise(d, x[h * d->w + w], square_sum(x, d->w, y0, y1, x0, x1));
        }
    }
}

void dvt_lrn_f32_nchw_ref(const dvt_lrn_dims *d, const float *x, float *y)
{
    int64_t plane = d->h * d->w;

    if (d->within_channel) {
        for (int64_t i = 0; i < d->n * d->c; i++)
            within_plane(d, x + i * plane, y + i * plane);
    } else {
        for (int64_t i = 0; i < d->n; i++)
            across_image(d, x + i * d->c * plane, y + i * d->c * plane);
    }
}

/* ---- fast ---------------------------------------------------------------------------------- */

DVTI_SIMD static void add_squares(const float *restrict x, int64_t n, double *restrict sum)
{
    for (int64_t i = 0; i < n; i++)
        sum[i] += (double)x[i] * (double)x[i];
}

DVTI_SIMD static void scale_three_quarters(const float *restrict x, int64_t n, double k,
                                           double alpha, const double *restrict sum,
                                           float *restrict y)
{
    for (int64_t i = 0; i < n; i++) {
        double root = sqrt(k + alpha * sum[i]);
        y[i] = (float)((double)x[i] / (root * sqrt(root)));
    }
}

static void scale_run(const dvt_lrn_dims *d, const float *x, int64_t n, const double *sum, float *y)
{
    if (d->beta == 0.75f) {
        scale_three_quarters(x, n, (double)d->k, (double)d->alpha / (double)d->size, sum, y);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        y[i] = normalise(d, x[i], sum[i]);
}

typedef struct lrn_job {
    const dvt_lrn_dims *d;
    const float        *x;
    float              *y;
} lrn_job;

/* Item i is channel i % c of image i / c. */
static void across_channels(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const lrn_job      *job = ud;
    const dvt_lrn_dims *d = job->d;
    int64_t             size = d->h * d->w;

    (void)worker;
    for (int64_t item = begin; item < end; item++) {
        int64_t      c = item % d->c, lo = clamp_index(c - (d->size - 1) / 2, d->c);
        int64_t      hi = clamp_index(c + d->size / 2 + 1, d->c);
        const float *image = job->x + (item - c) * size;
        for (int64_t at = 0; at < size; at += RUN) {
            int64_t n = size - at < RUN ? size - at : RUN;
            double  sum[RUN] = {0};
            for (int64_t k = lo; k < hi; k++)
                add_squares(image + k * size + at, n, sum);
            scale_run(d, image + c * size + at, n, sum, job->y + item * size + at);
        }
    }
}

/* Item i is a position; sums run along its channels, tap by tap in the order above. */
static void across_position(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const lrn_job      *job = ud;
    const dvt_lrn_dims *d = job->d;
    int64_t             before = (d->size - 1) / 2, behind = d->size / 2;

    (void)worker;
    for (int64_t item = begin; item < end; item++) {
        const float *x = job->x + item * d->c;
        for (int64_t at = 0; at < d->c; at += RUN) {
            int64_t n = d->c - at < RUN ? d->c - at : RUN;
            double  sum[RUN] = {0};
            for (int64_t k = -before; k <= behind; k++) {
                int64_t lo = clamp_index(-(at + k), n), hi = clamp_index(d->c - (at + k), n);
                if (lo < hi)
                    add_squares(x + at + k + lo, hi - lo, sum + lo);
            }
            scale_run(d, x + at, n, sum, job->y + item * d->c + at);
        }
    }
}

void dvt_lrn_f32_nhwc_fast(dvt_ctx *ctx, const dvt_lrn_dims *d, const float *x, float *y)
{
    lrn_job job = {d, x, y};

    assert(!d->within_channel);
    dvt_parallel_for(ctx, d->n * d->h * d->w, 1 + 8192 / (d->c + 1), across_position, &job);
}

static void within_planes(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const lrn_job *job = ud;
    int64_t        plane = job->d->h * job->d->w;

    (void)worker;
    for (int64_t i = begin; i < end; i++)
        within_plane(job->d, job->x + i * plane, job->y + i * plane);
}

void dvt_lrn_f32_nchw_fast(dvt_ctx *ctx, const dvt_lrn_dims *d, const float *x, float *y)
{
    lrn_job job = {d, x, y};

    dvt_parallel_for(ctx, d->n * d->c, 1, d->within_channel ? within_planes : across_channels,
                     &job);
}
