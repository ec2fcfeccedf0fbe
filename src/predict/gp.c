/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gp.c - a fitted Gaussian process: which columns it keeps, and predictions.
 *
 * Speed      a tile of queries times all training rows is one product of matrices; what follows is
 *            a loop over pairs that vectorises. The linear part is a single vector.
 * Precision  fitted in double, run in float: products of rows of some hundred columns of order 1
 *            err by 1e-6 of the squared distance.
 * Tests      tests/unit/test_gp.c
 */
#include "predict/gp.h"

#include <cblas.h>
#include <string.h>

#include "base/simd.h"
#include "learn/fast_math.h"
#include "predict/gp_int.h"

/* ---- columns ------------------------------------------------------------------------------- */

static void moments(const float *x, int32_t stride, int64_t n, int32_t c, double *mean,
                    double *deviation)
{
    double sum = 0, squares = 0;

    for (int64_t i = 0; i < n; i++) {
        sum += (double)x[i * stride + c];
    }
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double d = (double)x[i * stride + c] - *mean;
        squares += d * d;
    }
    *deviation = sqrt(squares / (double)n);
}

/* Keeps the columns that vary. begin (parts + 1): where the groups that keep any begin. */
static void choose_columns(dvti_gp *gp, const float *x, int32_t stride, int64_t n,
                           const dvti_gp_part *part, int32_t parts, int32_t *begin)
{
    for (int32_t p = 0; p < parts; p++) {
        begin[gp->groups] = gp->columns;
        for (int32_t c = part[p].first; c < part[p].first + part[p].count; c++) {
            double mean, deviation;
            moments(x, stride, n, c, &mean, &deviation);
            if (deviation > 1e-6 * (1 + fabs(mean))) {
                gp->column[gp->columns] = c;
                gp->mean[gp->columns] = (float)mean;
                gp->flat[gp->columns++] = (float)(1 / deviation);
            }
        }
        gp->groups += gp->columns > begin[gp->groups];
    }
    if (gp->columns == 0) { /* equal samples: one column that weighs nothing */
        gp->column[0] = part[0].first;
        gp->mean[0] = gp->flat[0] = 0;
        gp->groups = gp->columns = 1;
    }
    begin[gp->groups] = gp->columns;
}

/* Of targets; a constant one keeps a deviation of 1. */
static void centre(const double *y, int64_t n, double *mean, double *deviation)
{
    double sum = 0, squares = 0;

    for (int64_t i = 0; i < n; i++) {
        sum += y[i];
    }
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        squares += (y[i] - *mean) * (y[i] - *mean);
    }
    *deviation = squares > 0 ? sqrt(squares / (double)n) : 1;
}

static dvt_status reserve(dvti_gp *gp, int64_t n, int32_t columns)
{
    const size_t width = (size_t)columns + 1;

    gp->column = dvt_alloc(gp->ctx, width * sizeof *gp->column);
    gp->mean = dvt_alloc(gp->ctx, width * sizeof *gp->mean);
    gp->flat = dvt_alloc(gp->ctx, width * sizeof *gp->flat);
    gp->scale = dvt_alloc(gp->ctx, width * sizeof *gp->scale);
    gp->slope = dvt_alloc(gp->ctx, width * sizeof *gp->slope);
    gp->alpha = dvt_alloc(gp->ctx, (size_t)n * sizeof *gp->alpha);
    return gp->column && gp->mean && gp->flat && gp->scale && gp->slope && gp->alpha ? DVT_OK
                                                                                     : DVT_E_NOMEM;
}

void dvti_gp_deinit(dvti_gp *gp)
{
    float *const blocks[] = {gp->mean,   gp->flat,  gp->scale, gp->row,
                             gp->square, gp->alpha, gp->slope};

    for (size_t i = 0; gp->ctx && i < sizeof blocks / sizeof blocks[0]; i++) {
        dvt_free(gp->ctx, blocks[i]);
    }
    if (gp->ctx) {
        dvt_free(gp->ctx, gp->column);
    }
    *gp = (dvti_gp){0};
}

/* ---- fitting ------------------------------------------------------------------------------- */

/* Scaled rows, their squares, the slope: what is left when theta and alpha are known. */
static dvt_status finish(dvti_gp *gp, const float *x, int32_t stride, const int32_t *begin,
                         const double *alpha)
{
    const double linear = exp(gp->theta[gp->groups + 1]);

    gp->row = dvt_alloc(gp->ctx, (size_t)(gp->count * gp->columns + 1) * sizeof *gp->row);
    if (!gp->row) {
        return DVT_E_NOMEM;
    }
    gp->level[0] = exp(gp->theta[0]);
    for (int32_t g = 0; g < gp->groups; g++) {
        const double part =
            exp(-gp->theta[1 + g]) / sqrt((double)gp->groups * (double)(begin[g + 1] - begin[g]));
        for (int32_t c = begin[g]; c < begin[g + 1]; c++) {
            double slope = 0;
            gp->scale[c] = (float)((double)gp->flat[c] * part);
            for (int64_t i = 0; i < gp->count; i++) {
                slope += alpha[i] * ((double)x[i * stride + gp->column[c]] - gp->mean[c]);
            }
            gp->slope[c] = (float)(slope * gp->flat[c] * linear / gp->columns / part);
        }
    }
    for (int64_t i = 0; i < gp->count; i++) {
        float *row = gp->row + i * gp->columns;
        for (int32_t c = 0; c < gp->columns; c++) {
            row[c] = (x[i * stride + gp->column[c]] - gp->mean[c]) * gp->scale[c];
        }
        gp->alpha[i] = (float)alpha[i];
    }
    return dvti_gp_squares(gp);
}

dvt_status dvti_gp_squares(dvti_gp *gp)
{
    gp->square = dvt_alloc(gp->ctx, (size_t)gp->count * sizeof *gp->square);
    for (int64_t i = 0; gp->square && i < gp->count; i++) {
        const float *row = gp->row + i * gp->columns;
        float        square = 0;
        for (int32_t c = 0; c < gp->columns; c++) {
            square += row[c] * row[c];
        }
        gp->square[i] = square;
    }
    return gp->square ? DVT_OK : DVT_E_NOMEM;
}

dvt_status dvti_gp_fit(dvt_ctx *ctx, const float *x, int32_t stride, const double *y, int64_t n,
                       const dvti_gp_part *part, int32_t parts, const dvti_gp_opts *o,
                       double *left_out, dvti_gp *out)
{
    dvti_gp    gp = {.ctx = ctx, .count = n};
    int32_t    begin[DVTI_GP_GROUPS_MAX + 1];
    double    *unit = dvt_alloc(ctx, 3 * (size_t)n * sizeof *unit);
    dvt_status st = unit ? reserve(&gp, n, stride) : DVT_E_NOMEM;

    *out = (dvti_gp){0};
    if (st == DVT_OK) {
        dvti_one_blas_thread();
        choose_columns(&gp, x, stride, n, part, parts, begin);
        centre(y, n, &gp.level[1], &gp.level[2]);
        for (int64_t i = 0; i < n; i++) {
            unit[i] = (y[i] - gp.level[1]) / gp.level[2];
        }
        st = dvti_gp_hyper(&gp, x, stride, unit, n < o->fit_max ? n : o->fit_max, begin, o);
    }
    if (st == DVT_OK) {
        st = dvti_gp_solve(&gp, x, stride, unit, n, begin, o, unit + n,
                           left_out ? unit + 2 * n : NULL);
    }
    st = st == DVT_OK ? finish(&gp, x, stride, begin, unit + n) : st;
    for (int64_t i = 0; st == DVT_OK && left_out && i < n; i++) {
        left_out[i] = unit[2 * n + i] * gp.level[2] + gp.level[1];
    }
    if (st == DVT_OK) {
        *out = gp;
        gp = (dvti_gp){0};
    }
    dvti_gp_deinit(&gp);
    dvt_free(ctx, unit);
    return st;
}

/* ---- running ------------------------------------------------------------------------------- */

size_t dvti_gp_scratch(const dvti_gp *gp)
{
    return (size_t)DVTI_GP_TILE * (size_t)(gp->columns + gp->count + 16) * sizeof(float);
}

/* sum_i alpha_i (1 + r + r^2/3) e^-r over training rows, r^2 = 5 (a + square_i - 2 dot_i). */
DVTI_SIMD static float weigh(const float *dot, const float *square, const float *alpha, int64_t n,
                             float a)
{
    float lane[DVTI_LANES] = {0}, sum = 0;

    for (int64_t i = 0; i + DVTI_LANES <= n; i += DVTI_LANES) {
        for (int k = 0; k < DVTI_LANES; k++) {
            const float d = 5 * (a + square[i + k] - 2 * dot[i + k]);
            const float r = sqrtf(d > 0 ? d : 0);
            lane[k] += alpha[i + k] * (1 + r + r * r * (1.0F / 3)) * dvti_exp(-r);
        }
    }
    for (int64_t i = n - n % DVTI_LANES; i < n; i++) {
        const float d = 5 * (a + square[i] - 2 * dot[i]);
        const float r = sqrtf(d > 0 ? d : 0);
        lane[i % DVTI_LANES] += alpha[i] * (1 + r + r * r * (1.0F / 3)) * dvti_exp(-r);
    }
    for (int k = 0; k < DVTI_LANES; k++) {
        sum += lane[k];
    }
    return sum;
}

void dvti_gp_run(const dvti_gp *gp, const float *x, int32_t stride, int64_t n, void *scratch,
                 double *y)
{
    float *z = scratch, *dot = z + (int64_t)DVTI_GP_TILE * gp->columns;

    for (int64_t i = 0; i < n; i++) {
        for (int32_t c = 0; c < gp->columns; c++) {
            z[i * gp->columns + c] = (x[i * stride + gp->column[c]] - gp->mean[c]) * gp->scale[c];
        }
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)gp->count, gp->columns, 1, z,
                gp->columns, gp->row, gp->columns, 0, dot, (int)gp->count);
    for (int64_t i = 0; i < n; i++) {
        float square = 0, linear = 0;
        for (int32_t c = 0; c < gp->columns; c++) {
            square += z[i * gp->columns + c] * z[i * gp->columns + c];
            linear += z[i * gp->columns + c] * gp->slope[c];
        }
        const float near = weigh(dot + i * gp->count, gp->square, gp->alpha, gp->count, square);
        y[i] = (gp->level[0] * (double)near + (double)linear) * gp->level[2] + gp->level[1];
    }
}
