/* SPDX-License-Identifier: Apache-2.0 */
/*
 * norm.c - batch and instance normalisation, and the scale and bias that batch norm folds into.
 *
 * Idea      All of them see a dense array as (outer, axis, inner) with one pair of numbers for each
 *           index of the axis.
 * Tests     tests/unit/test_kernels_norm.c
 */
#include "dovetail/kernels.h"
#include "base/simd.h"

#include <math.h>

dvt_axis_dims dvt_axis_dims_range(const dvt_shape *s, int32_t first, int32_t end)
{
    return (dvt_axis_dims){dvt_shape_count_range(s, 0, first), dvt_shape_count_range(s, first, end),
                           dvt_shape_count_range(s, end, s->rank)};
}

dvt_axis_dims dvt_axis_dims_of(const dvt_shape *s, int32_t axis)
{
    return dvt_axis_dims_range(s, axis, axis + 1);
}

/* ---- batch norm ---------------------------------------------------------------------------- */

void dvt_batch_norm_f32_ref(const dvt_axis_dims *d, const float *x, const float *scale,
                            const float *bias, const float *mean, const float *var, float epsilon,
                            float *y)
{
    for (int64_t row = 0; row < d->outer * d->axis; row++) {
        int64_t c = row % d->axis;
        double  k = (double)scale[c] / sqrt((double)var[c] + (double)epsilon);
        for (int64_t i = row * d->inner; i < (row + 1) * d->inner; i++)
            y[i] = (float)(((double)x[i] - (double)mean[c]) * k + (double)bias[c]);
    }
}

void dvt_batch_norm_fold(int64_t c, const float *scale, const float *bias, const float *mean,
                         const float *var, float epsilon, float *out_scale, float *out_bias)
{
    for (int64_t i = 0; i < c; i++) {
        double k = (double)scale[i] / sqrt((double)var[i] + (double)epsilon);
        out_bias[i] = (float)((double)bias[i] - (double)mean[i] * k);
        out_scale[i] = (float)k;
    }
}

/* ---- scale and bias ------------------------------------------------------------------------ */

void dvt_scale_bias_f32_ref(const dvt_axis_dims *d, const float *x, const float *scale,
                            const float *bias, float *y)
{
    for (int64_t i = 0; i < d->outer * d->axis * d->inner; i++) {
        int64_t c = i / d->inner % d->axis;
        y[i] =
            (float)((double)x[i] * (scale ? (double)scale[c] : 1) + (bias ? (double)bias[c] : 0));
    }
}

DVTI_SIMD static void scale_run(const float *x, int64_t n, float scale, float bias, float *y)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * scale + bias;
}

/* inner = 1: scale and bias run along with x. */
DVTI_SIMD static void scale_along(const float *x, int64_t n, const float *scale, const float *bias,
                                  float *y)
{
    if (scale && bias)
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i] * scale[i] + bias[i];
    else if (scale)
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i] * scale[i];
    else
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i] + (bias ? bias[i] : -0.0f);
}

typedef struct scale_job {
    const dvt_axis_dims *d;
    const float         *x, *scale, *bias;
    float               *y;
} scale_job;

/* -0 is the neutral bias: x + 0 would turn -0 into 0. */
static void scale_rows(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const scale_job *j = ud;
    int64_t          inner = j->d->inner;

    (void)worker;
    for (int64_t row = begin; row < end; row++) {
        int64_t c = row % j->d->axis;
        scale_run(j->x + row * inner, inner, j->scale ? j->scale[c] : 1.0f,
                  j->bias ? j->bias[c] : -0.0f, j->y + row * inner);
    }
}

static void scale_outer(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const scale_job *j = ud;
    int64_t          axis = j->d->axis;

    (void)worker;
    for (int64_t o = begin; o < end; o++)
        scale_along(j->x + o * axis, axis, j->scale, j->bias, j->y + o * axis);
}

void dvt_scale_bias_f32_fast(dvt_ctx *ctx, const dvt_axis_dims *d, const float *x,
                             const float *scale, const float *bias, float *y)
{
    scale_job j = {d, x, scale, bias, y};

    if (d->inner == 1)
        dvt_parallel_for(ctx, d->outer, 1 + 65536 / (d->axis + 1), scale_outer, &j);
    else
        dvt_parallel_for(ctx, d->outer * d->axis, 1 + 65536 / (d->inner + 1), scale_rows, &j);
}

/* ---- instance norm ------------------------------------------------------------------------- */

void dvt_instance_norm_f32_ref(const dvt_axis_dims *d, const float *x, const float *scale,
                               const float *bias, float epsilon, float *y)
{
    for (int64_t row = 0; row < d->outer * d->axis; row++, x += d->inner, y += d->inner) {
        int64_t c = row % d->axis;
        double  mean = 0, var = 0, k;
        for (int64_t i = 0; i < d->inner; i++)
            mean += (double)x[i];
        mean /= (double)d->inner;
        for (int64_t i = 0; i < d->inner; i++)
            var += ((double)x[i] - mean) * ((double)x[i] - mean);
        k = (double)scale[c] / sqrt(var / (double)d->inner + (double)epsilon);
        for (int64_t i = 0; i < d->inner; i++)
            y[i] = (float)(((double)x[i] - mean) * k + (double)bias[c]);
    }
}
