/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c - max, average and lp pooling over windows in up to three spatial dimensions.
 *
 * Idea      The reference visits each output and its taps. The fast kernel turns the loops round:
 *           for one output row it goes over the taps, and for each tap over the outputs it is
 *           inside the image for, a loop that the compiler vectorises.
 *           On channels-last images the vector runs along the channels of one output.
 * Invariants A tap outside the image is no element. The divisor of an average is a product of one
 *           count for each axis, because a tap is inside if it is inside along every axis.
 * Threads   planes (n * c), or positions, are shared out; no sum crosses one.
 * Tests     tests/unit/test_kernels_pool.c
 */
#include "dovetail/kernels.h"
#include "base/simd.h"

#include <assert.h>
#include <math.h>

enum { ROW_BLOCK = 256 }; /* outputs of a row computed together */

/* ---- windows ------------------------------------------------------------------------------- */

static int64_t plane_size(const int64_t size[DVT_SPATIAL])
{
    return size[0] * size[1] * size[2];
}

static inline int64_t tap_at(const dvt_pool_dims *d, int i, int64_t o, int64_t tap)
{
    return o * d->stride[i] - d->pad_lo[i] + tap * d->dilation[i];
}

/* Taps of output o along axis i with lo <= position < hi. */
static int64_t taps_within(const dvt_pool_dims *d, int i, int64_t o, int64_t lo, int64_t hi)
{
    int64_t count = 0;

    for (int64_t tap = 0; tap < d->kernel[i]; tap++) {
        int64_t at = tap_at(d, i, o, tap);
        count += at >= lo && at < hi;
    }
    return count;
}

static int64_t axis_divisor(const dvt_pool_dims *d, int i, int64_t o)
{
    switch (d->avg_count) {
    case DVT_AVG_COUNT_KERNEL: return d->kernel[i];
    case DVT_AVG_COUNT_PADDED:
        return taps_within(d, i, o, -d->pad_lo[i], d->in[i] + d->pad_hi[i]);
    case DVT_AVG_COUNT_VALID:
    case DVT_AVG_COUNT_COUNT: break;
    }
    return taps_within(d, i, o, 0, d->in[i]);
}

/* NaN wins: the same rule in both kernels, so that they give the same bits. Two selections and no
 * "or", whose second half would be a branch and keep the loops from being vectorised. */
static inline float larger(float most, float v)
{
    most = v > most ? v : most;
    return v != v ? v : most;
}

/* ---- reference ----------------------------------------------------------------------------- */

/* What a window has gathered so far. */
typedef struct window_sum {
    float  most;
    double sum;
} window_sum;

static void add_element(const dvt_pool_dims *d, float v, window_sum *w)
{
    if (d->kind == DVT_POOL_MAX)
        w->most = larger(w->most, v);
    else
        w->sum += d->kind == DVT_POOL_AVG ? (double)v : pow(fabs((double)v), (double)d->p);
}

static window_sum gather_window(const dvt_pool_dims *d, const float *x,
                                const int64_t o[DVT_SPATIAL])
{
    window_sum w = {.most = -INFINITY};

    for (int64_t kd = 0; kd < d->kernel[0]; kd++) {
        int64_t z = tap_at(d, 0, o[0], kd);
        for (int64_t kh = 0; z >= 0 && z < d->in[0] && kh < d->kernel[1]; kh++) {
            int64_t y = tap_at(d, 1, o[1], kh);
            for (int64_t kw = 0; y >= 0 && y < d->in[1] && kw < d->kernel[2]; kw++) {
                int64_t at = tap_at(d, 2, o[2], kw);
                if (at >= 0 && at < d->in[2])
                    add_element(d, x[(z * d->in[1] + y) * d->in[2] + at], &w);
            }
        }
    }
    return w;
}

static float pool_element(const dvt_pool_dims *d, const float *x, const int64_t o[DVT_SPATIAL])
{
    window_sum w = gather_window(d, x, o);
    int64_t    divisor;

    if (d->kind == DVT_POOL_MAX)
        return w.most;
    if (d->kind == DVT_POOL_LP)
        return (float)pow(w.sum, 1.0 / (double)d->p);
    divisor = axis_divisor(d, 0, o[0]) * axis_divisor(d, 1, o[1]) * axis_divisor(d, 2, o[2]);
    return divisor ? (float)(w.sum / (double)divisor) : 0;
}

static void pool_plane_ref(const dvt_pool_dims *d, const float *x, float *y)
{
    int64_t o[DVT_SPATIAL];

    for (o[0] = 0; o[0] < d->out[0]; o[0]++)
        for (o[1] = 0; o[1] < d->out[1]; o[1]++)
            for (o[2] = 0; o[2] < d->out[2]; o[2]++)
                *y++ = pool_element(d, x, o);
}

void dvt_pool_f32_nchw_ref(const dvt_pool_dims *d, const float *x, float *y)
{
    for (int64_t i = 0; i < d->n * d->c; i++)
        pool_plane_ref(d, x + i * plane_size(d->in), y + i * plane_size(d->out));
}

/* ---- fast: one output row, tap by tap ------------------------------------------------------ */

typedef struct row_block {
    const dvt_pool_dims *d;
    const float         *row;         /* input row (W) */
    int64_t              first, count; /* outputs of the block */
} row_block;

/* Outputs [lo, hi) of the block whose tap kw is inside the image; output i reads at + i * step,
 * where `at` is the value returned (it may be outside itself). */
static inline int64_t tap_range(const row_block *b, int64_t kw, int64_t *lo, int64_t *hi)
{
    int64_t step = b->d->stride[2], at = tap_at(b->d, 2, b->first, kw), room = b->d->in[2] - at;

    *lo = at < 0 ? (-at + step - 1) / step : 0;
    if ((b->count - 1) * step < room) /* the usual case, without a division */
        *hi = b->count;
    else
        *hi = room <= 0 ? 0 : (room + step - 1) / step;
    return at;
}

static inline void max_taps(const float *restrict x, int64_t at, int64_t step, int64_t lo,
                               int64_t hi, float *restrict most)
{
    if (step == 1) {
        for (int64_t i = lo; i < hi; i++)
            most[i] = larger(most[i], x[at + i]);
    } else if (step == 2) {
        for (int64_t i = lo; i < hi; i++)
            most[i] = larger(most[i], x[at + 2 * i]);
    } else {
        for (int64_t i = lo; i < hi; i++)
            most[i] = larger(most[i], x[at + i * step]);
    }
}

static inline void sum_taps(const float *restrict x, int64_t at, int64_t step, int64_t lo,
                               int64_t hi, double *restrict sum)
{
    if (step == 1) {
        for (int64_t i = lo; i < hi; i++)
            sum[i] += (double)x[at + i];
    } else {
        for (int64_t i = lo; i < hi; i++)
            sum[i] += (double)x[at + i * step];
    }
}

/* Calls one of the two for every tap of the rows that output (o0, o1) sees. */
static inline void gather_rows(const dvt_pool_dims *d, const float *x, int64_t o0, int64_t o1,
                        row_block *b, float *most, double *sum)
{
    for (int64_t kd = 0; kd < d->kernel[0]; kd++) {
        int64_t z = tap_at(d, 0, o0, kd);
        for (int64_t kh = 0; z >= 0 && z < d->in[0] && kh < d->kernel[1]; kh++) {
            int64_t y = tap_at(d, 1, o1, kh), lo, hi;
            b->row = x + (z * d->in[1] + y) * d->in[2];
            for (int64_t kw = 0; y >= 0 && y < d->in[1] && kw < d->kernel[2]; kw++) {
                int64_t at = tap_range(b, kw, &lo, &hi);
                if (most)
                    max_taps(b->row, at, d->stride[2], lo, hi, most);
                else
                    sum_taps(b->row, at, d->stride[2], lo, hi, sum);
            }
        }
    }
}

static inline void max_block(const dvt_pool_dims *d, const float *x, int64_t o0, int64_t o1,
                             row_block *b, float *y)
{
    for (int64_t i = 0; i < b->count; i++)
        y[i] = -INFINITY;
    gather_rows(d, x, o0, o1, b, y, NULL);
}

static inline void avg_block(const dvt_pool_dims *d, const float *x, int64_t o0, int64_t o1,
                             row_block *b, float *y)
{
    double  sum[ROW_BLOCK] = {0};
    int64_t outer = axis_divisor(d, 0, o0) * axis_divisor(d, 1, o1);

    gather_rows(d, x, o0, o1, b, NULL, sum);
    for (int64_t i = 0; i < b->count; i++) {
        int64_t divisor = outer * axis_divisor(d, 2, b->first + i);
        y[i] = divisor ? (float)(sum[i] / (double)divisor) : 0;
    }
}

DVTI_SIMD static void pool_plane_fast(const dvt_pool_dims *d, const float *x, float *y)
{
    for (int64_t o0 = 0; o0 < d->out[0]; o0++) {
        for (int64_t o1 = 0; o1 < d->out[1]; o1++, y += d->out[2]) {
            for (int64_t at = 0; at < d->out[2]; at += ROW_BLOCK) {
                int64_t   left = d->out[2] - at;
                row_block b = {.d = d, .first = at, .count = left < ROW_BLOCK ? left : ROW_BLOCK};
                if (d->kind == DVT_POOL_MAX)
                    max_block(d, x, o0, o1, &b, y + at);
                else
                    avg_block(d, x, o0, o1, &b, y + at);
            }
        }
    }
}

typedef struct pool_job {
    const dvt_pool_dims *d;
    const float         *x;
    float               *y;
} pool_job;

static void pool_planes(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const pool_job      *job = ud;
    const dvt_pool_dims *d = job->d;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const float *x = job->x + i * plane_size(d->in);
        float       *y = job->y + i * plane_size(d->out);
        if (d->kind == DVT_POOL_LP)
            pool_plane_ref(d, x, y);
        else
            pool_plane_fast(d, x, y);
    }
}

void dvt_pool_f32_nchw_fast(dvt_ctx *ctx, const dvt_pool_dims *d, const float *x, float *y)
{
    pool_job job = {d, x, y};
    int64_t  work = plane_size(d->out) * plane_size(d->kernel);

    dvt_parallel_for(ctx, d->n * d->c, 1 + 65536 / (work + 1), pool_planes, &job);
}

/* ---- fast, channels last: one output position, all channels, tap by tap --------------------- */

enum { CHANNEL_BLOCK = 256 }; /* channels whose sums are kept together */

DVTI_SIMD static void max_channels(const float *restrict x, int64_t c, float *restrict most)
{
    for (int64_t i = 0; i < c; i++)
        most[i] = larger(most[i], x[i]);
}

DVTI_SIMD static void sum_channels(const float *restrict x, int64_t c, double *restrict sum)
{
    for (int64_t i = 0; i < c; i++)
        sum[i] += (double)x[i];
}

/* Calls one of the two for every tap of output o on channels [0, c) of x (in.., d->c). */
static void gather_channels(const dvt_pool_dims *d, const float *x, const int64_t o[DVT_SPATIAL],
                            int64_t c, float *most, double *sum)
{
    for (int64_t kd = 0; kd < d->kernel[0]; kd++) {
        int64_t z = tap_at(d, 0, o[0], kd);
        for (int64_t kh = 0; z >= 0 && z < d->in[0] && kh < d->kernel[1]; kh++) {
            int64_t y = tap_at(d, 1, o[1], kh);
            for (int64_t kw = 0; y >= 0 && y < d->in[1] && kw < d->kernel[2]; kw++) {
                int64_t at = tap_at(d, 2, o[2], kw);
                if (at < 0 || at >= d->in[2])
                    continue;
                at += (z * d->in[1] + y) * d->in[2];
                if (most)
                    max_channels(x + at * d->c, c, most);
                else
                    sum_channels(x + at * d->c, c, sum);
            }
        }
    }
}

static void max_position(const dvt_pool_dims *d, const float *x, const int64_t o[DVT_SPATIAL],
                         float *y)
{
    for (int64_t i = 0; i < d->c; i++)
        y[i] = -INFINITY;
    gather_channels(d, x, o, d->c, y, NULL);
}

static void avg_position(const dvt_pool_dims *d, const float *x, const int64_t o[DVT_SPATIAL],
                         float *y)
{
    int64_t divisor =
        axis_divisor(d, 0, o[0]) * axis_divisor(d, 1, o[1]) * axis_divisor(d, 2, o[2]);

    for (int64_t at = 0; at < d->c; at += CHANNEL_BLOCK) {
        double  sum[CHANNEL_BLOCK] = {0};
        int64_t c = d->c - at < CHANNEL_BLOCK ? d->c - at : CHANNEL_BLOCK;
        gather_channels(d, x + at, o, c, NULL, sum);
        for (int64_t i = 0; i < c; i++)
            y[at + i] = divisor ? (float)(sum[i] / (double)divisor) : 0;
    }
}

/* Items are output positions of all images. */
static void pool_positions(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const pool_job      *job = ud;
    const dvt_pool_dims *d = job->d;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        int64_t      in_image = i % plane_size(d->out), row = in_image / d->out[2];
        int64_t      o[DVT_SPATIAL] = {row / d->out[1], row % d->out[1], in_image % d->out[2]};
        const float *x = job->x + i / plane_size(d->out) * plane_size(d->in) * d->c;
        if (d->kind == DVT_POOL_MAX)
            max_position(d, x, o, job->y + i * d->c);
        else
            avg_position(d, x, o, job->y + i * d->c);
    }
}

void dvt_pool_f32_nhwc_fast(dvt_ctx *ctx, const dvt_pool_dims *d, const float *x, float *y)
{
    pool_job job = {d, x, y};
    int64_t  work = d->c * plane_size(d->kernel);

    assert(d->kind != DVT_POOL_LP);
    dvt_parallel_for(ctx, d->n * plane_size(d->out), 1 + 65536 / (work + 1), pool_positions, &job);
}
