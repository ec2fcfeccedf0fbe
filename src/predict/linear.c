/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linear.c - the baselines: what is proportional to size, or a sum of costs.
 *
 * flops, params
 *            a + b x with x the multiply-accumulates or parameters: the proxy with its best scale.
 * layerwise  a + sum of a cost for each operation of the cell, none negative: what a table of
 *            measured operations gives. The costs are those that fit the training networks best,
 *            which is kinder to the method than timing operations one by one.
 * ridge      linear in counts of operations, sizes and edges between labels; the penalty is chosen
 *            among powers of ten by leave-one-out error (Hastie et al., "The elements of
 *            statistical learning", 2009, eq. 7.52).
 * Scale      a goal of COST weighs samples by 1 / value: relative errors.
 * Tests      tests/unit/test_predictor.c
 */
#include "predict/linear.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "predict/gp_int.h"
#include "predict/nonneg.h"

/* ---- terms --------------------------------------------------------------------------------- */

int32_t dvti_linear_count(dvt_predict_model model, dvt_nets_kind kind)
{
    const dvti_features f = dvti_features_of(kind);

    switch (model) {
    case DVT_PREDICT_LAYERWISE:
        return 1 + f.ops + (f.first[DVTI_GROUP_WIDTH + 1] - f.first[DVTI_GROUP_WIDTH]);
    case DVT_PREDICT_RIDGE: return 1 + f.first[DVTI_GROUP_EDGE + 1];
    default: return 2;
    }
}

/* One sample's terms, the constant first. row: scratch for the features. */
static void terms(const dvti_linear *l, const dvt_net *net, void *scratch, float *row, double *out)
{
    const dvti_features *f = &l->features;

    out[0] = 1;
    if (l->model == DVT_PREDICT_FLOPS || l->model == DVT_PREDICT_PARAMETERS) {
        out[1] = 1e-6 * (l->model == DVT_PREDICT_FLOPS ? net->macs : net->parameters);
        return;
    }
    dvti_features_row(f, net, scratch, row);
    if (l->model == DVT_PREDICT_RIDGE) {
        for (int32_t c = 1; c < l->count; c++) {
            out[c] = (double)row[c - 1];
        }
        return;
    }
    for (int32_t k = 0; k < f->ops; k++) {
        out[1 + k] = (double)row[f->first[DVTI_GROUP_COUNT] + k];
    }
    for (int32_t c = 1 + f->ops; c < l->count; c++) {
        out[c] = (double)row[f->first[DVTI_GROUP_WIDTH] + c - 1 - f->ops];
    }
}

/* ---- ridge --------------------------------------------------------------------------------- */

/* The eigenvectors of the Gram matrix of the centred, scaled terms make every penalty cheap. */
typedef struct ridge_work {
    int64_t n;
    int32_t columns;              /* without the constant */
    double *z;                    /* (n, columns) standardised, weighted */
    double *gram;                 /* (columns, columns): eigenvectors, one a row */
    double *value;                /* (columns): eigenvalues */
    double *mean, *scale, *h, *b; /* (columns) */
} ridge_work;

static void standardise(ridge_work *w, const double *a, const double *weight)
{
    double total = 0;

    for (int64_t i = 0; i < w->n; i++) {
        total += weight[i] * weight[i];
    }
    for (int32_t c = 0; c < w->columns; c++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < w->n; i++) {
            sum += weight[i] * weight[i] * a[i * (w->columns + 1) + 1 + c];
        }
        w->mean[c] = sum / total;
        for (int64_t i = 0; i < w->n; i++) {
            const double d = weight[i] * (a[i * (w->columns + 1) + 1 + c] - w->mean[c]);
            squares += d * d;
        }
        w->scale[c] = squares > 1e-20 * total ? sqrt(total / squares) : 0;
        for (int64_t i = 0; i < w->n; i++) {
            const double d = a[i * (w->columns + 1) + 1 + c] - w->mean[c];
            w->z[i * w->columns + c] = weight[i] * d * w->scale[c];
        }
    }
}

/* gram = eigenvectors of z'z. */
static bool decompose(ridge_work *w)
{
    const int k = w->columns;

    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, k, k, (int)w->n, 1, w->z, k, w->z, k, 0,
                w->gram, k);
    return LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', k, w->gram, k, w->value) == 0;
}

/* Coefficients in the eigenbasis for one penalty, and the leave-one-out error. r (n): weighted
 * residuals of the constant. */
static double try_penalty(const ridge_work *w, const double *r, double penalty, double *basis)
{
    const int k = w->columns;
    double    error = 0;

    for (int e = 0; e < k; e++) {
        basis[e] = 0;
        for (int c = 0; c < k; c++) {
            basis[e] += w->gram[e * k + c] * w->h[c];
        }
        basis[e] /= fmax(w->value[e], 0) + penalty;
    }
    for (int64_t i = 0; i < w->n; i++) {
        double fit = 0, leverage = 1.0 / (double)w->n;
        for (int e = 0; e < k; e++) {
            double along = 0;
            for (int c = 0; c < k; c++) {
                along += w->gram[e * k + c] * w->z[i * k + c];
            }
            fit += along * basis[e];
            leverage += along * along / (fmax(w->value[e], 0) + penalty);
        }
        const double d = (r[i] - fit) / fmax(1 - leverage, 1e-3);
        error += d * d;
    }
    return error;
}

static void solve_ridge(ridge_work *w, const double *y, const double *weight, double *coefficient)
{
    const int k = w->columns;
    double    total = 0, offset = 0, best = INFINITY, *r = coefficient + k + 1, *basis = r + w->n;

    for (int64_t i = 0; i < w->n; i++) {
        total += weight[i] * weight[i];
        offset += weight[i] * weight[i] * y[i];
    }
    offset /= total;
    memset(w->h, 0, (size_t)k * sizeof *w->h);
    for (int64_t i = 0; i < w->n; i++) {
        r[i] = weight[i] * (y[i] - offset);
        for (int c = 0; c < k; c++) {
            w->h[c] += w->z[i * k + c] * r[i];
        }
    }
    for (int power = -4; power <= 3; power++) {
        const double error = try_penalty(w, r, pow(10, power), basis);
        if (error < best) {
            best = error;
            memset(w->b, 0, (size_t)k * sizeof *w->b);
            for (int e = 0; e < k; e++) {
                for (int c = 0; c < k; c++) {
                    w->b[c] += basis[e] * w->gram[e * k + c];
                }
            }
        }
    }
    coefficient[0] = offset;
    for (int c = 0; c < k; c++) {
        coefficient[1 + c] = w->b[c] * w->scale[c];
        coefficient[0] -= coefficient[1 + c] * w->mean[c];
    }
}

static dvt_status fit_ridge(dvt_ctx *ctx, const double *a, const double *y, const double *weight,
                            int64_t n, int32_t count, double *coefficient)
{
    const size_t k = (size_t)count - 1, rows = (size_t)n;
    ridge_work   w = {.n = n, .columns = count - 1};
    double      *memory = dvt_alloc(ctx, (rows * k + k * k + 5 * k) * sizeof *memory);
    double      *out = dvt_alloc(ctx, ((size_t)count + rows + k + 1) * sizeof *out);
    dvt_status   st = memory && out ? DVT_OK : DVT_E_NOMEM;

    if (st == DVT_OK) {
        w.z = memory;
        w.gram = w.z + rows * k;
        w.value = w.gram + k * k;
        w.mean = w.value + k;
        w.scale = w.mean + k;
        w.h = w.scale + k;
        w.b = w.h + k;
        standardise(&w, a, weight);
        if (!decompose(&w)) {
            st = dvt_fail(ctx, DVT_E_NUMERIC, NULL, "the terms of ridge have no eigenvectors");
        }
    }
    if (st == DVT_OK) {
        solve_ridge(&w, y, weight, out);
        memcpy(coefficient, out, (size_t)count * sizeof *out);
    }
    dvt_free(ctx, out);
    dvt_free(ctx, memory);
    return st;
}

/* ---- fitting ------------------------------------------------------------------------------- */

/* a (n, count), times the weights, against ones or weighted values. */
static dvt_status fit_sum(dvt_ctx *ctx, dvti_linear *l, double *a, const double *y,
                          const double *weight, int64_t n)
{
    double    *b = dvt_alloc(ctx, (size_t)n * sizeof *b);
    dvt_status st = b ? DVT_OK : DVT_E_NOMEM;

    for (int64_t i = 0; st == DVT_OK && i < n; i++) {
        b[i] = y[i] * weight[i];
        for (int32_t c = 0; c < l->count; c++) {
            a[i * l->count + c] *= weight[i];
        }
    }
    st = st == DVT_OK ? dvti_nonneg_robust(ctx, a, b, n, l->count, l->coefficient) : st;
    dvt_free(ctx, b);
    return st;
}

dvt_status dvti_linear_fit(dvt_ctx *ctx, dvt_predict_model model, dvt_predict_goal goal,
                           const dvt_nets *nets, const int64_t *index, int64_t n, const double *y,
                           dvti_linear *out)
{
    const dvt_nets_kind kind = dvt_nets_kind_of(nets);
    dvti_linear         l = {.ctx = ctx, .model = model, .features = dvti_features_of(kind)};
    double             *a = NULL, *weight = NULL;
    float              *row = dvt_alloc(ctx, (size_t)l.features.columns * sizeof *row);
    void               *scratch = dvt_alloc(ctx, dvti_features_scratch(DVT_NETS_NODES_MAX));
    dvt_status          st = DVT_E_NOMEM;

    *out = (dvti_linear){0};
    l.count = dvti_linear_count(model, kind);
    l.coefficient = dvt_calloc(ctx, (size_t)l.count, sizeof *l.coefficient);
    a = dvt_alloc(ctx, (size_t)n * (size_t)l.count * sizeof *a);
    weight = dvt_alloc(ctx, (size_t)n * sizeof *weight);
    if (a && weight && row && scratch && l.coefficient) {
        dvti_one_blas_thread();
        for (int64_t i = 0; i < n; i++) {
            const dvt_net net = dvt_nets_at(nets, index[i]);
            terms(&l, &net, scratch, row, a + i * l.count);
            weight[i] = goal == DVT_GOAL_COST ? 1 / y[i] : 1;
        }
        /* costs are not negative; what is no cost may fall with size */
        st = goal == DVT_GOAL_COST && model != DVT_PREDICT_RIDGE
                 ? fit_sum(ctx, &l, a, y, weight, n)
                 : fit_ridge(ctx, a, y, weight, n, l.count, l.coefficient);
    }
    if (st == DVT_OK) {
        *out = l;
        l = (dvti_linear){0};
    }
    dvti_linear_deinit(&l);
    dvt_free(ctx, weight);
    dvt_free(ctx, a);
    dvt_free(ctx, scratch);
    dvt_free(ctx, row);
    return st;
}

void dvti_linear_deinit(dvti_linear *l)
{
    if (l->ctx) {
        dvt_free(l->ctx, l->coefficient);
    }
    *l = (dvti_linear){0};
}

/* ---- running ------------------------------------------------------------------------------- */

dvt_status dvti_linear_run(dvt_ctx *ctx, const dvti_linear *l, const dvt_nets *nets,
                           const int64_t *index, int64_t n, double *out)
{
    double    *x = dvt_alloc(ctx, (size_t)l->count * sizeof *x);
    float     *row = dvt_alloc(ctx, (size_t)l->features.columns * sizeof *row);
    void      *scratch = dvt_alloc(ctx, dvti_features_scratch(DVT_NETS_NODES_MAX));
    dvt_status st = x && row && scratch ? DVT_OK : DVT_E_NOMEM;

    for (int64_t i = 0; st == DVT_OK && i < n; i++) {
        const dvt_net net = dvt_nets_at(nets, index ? index[i] : i);
        terms(l, &net, scratch, row, x);
        out[i] = 0;
        for (int32_t c = 0; c < l->count; c++) {
            out[i] += l->coefficient[c] * x[c];
        }
    }
    dvt_free(ctx, scratch);
    dvt_free(ctx, row);
    dvt_free(ctx, x);
    return st;
}
