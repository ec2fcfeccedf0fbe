/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gp_fit.c - length scales by marginal likelihood, then the weights of all samples.
 *
 * Parameters logarithms of: amplitude, a length scale a group, linear part, noise. Adam (Kingma and
 *            Ba, 2015) on the negative log marginal likelihood plus prior * |theta - start|^2; the
 *            step with the least value wins. Squared distances of every group are computed once, so
 *            a step is one factorisation and one pass over the pairs.
 * Weights    with Student's t noise sample i has the noise variance v / w_i. Expectation step:
 *            w_i = (nu + 1) / (nu + E[(y_i - f_i)^2] / v) where the posterior gives
 *            E = (d_i alpha_i)^2 + d_i - d_i^2 (K^-1)_ii, d_i = v / w_i.
 * Bits       LAPACK runs on one thread; sums are in the order of the samples.
 * Tests      tests/unit/test_gp.c (gradient against differences, a known posterior, outliers)
 */
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "predict/gp_int.h"

/* ---- pairs --------------------------------------------------------------------------------- */

/* Standardised features of the samples, kept columns only: unit deviation, no length scale. */
static void standard_row(const dvti_gp *gp, const float *x, double *out)
{
    for (int32_t c = 0; c < gp->columns; c++) {
        out[c] = ((double)x[gp->column[c]] - gp->mean[c]) * gp->flat[c];
    }
}

static dvt_status fill_pairs(dvti_gp_fit_state *s, const float *x, int32_t stride)
{
    const dvti_gp *gp = s->gp;
    const int32_t  columns = gp->columns;
    double        *z = dvt_alloc(gp->ctx, (size_t)(s->n * columns + 1) * sizeof *z);

    if (!z) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < s->n; i++) {
        standard_row(gp, x + i * stride, z + i * columns);
        for (int64_t j = 0; j <= i; j++) {
            float *out = s->pair + (i * (i + 1) / 2 + j) * (gp->groups + 1);
            double dot = 0;
            for (int32_t g = 0; g < gp->groups; g++) {
                double d = 0;
                for (int32_t c = s->begin[g]; c < s->begin[g + 1]; c++) {
                    const double a = z[i * columns + c], b = z[j * columns + c];
                    d += (a - b) * (a - b);
                    dot += a * b;
                }
                out[g] = (float)(d / (s->begin[g + 1] - s->begin[g]));
            }
            out[gp->groups] = (float)(dot / columns);
        }
    }
    dvt_free(gp->ctx, z);
    return DVT_OK;
}

/* Amplitude times the profile of squared distance `d` (times 5), and its derivative by d. */
static double profile(double d, double *slope)
{
    const double r = sqrt(5 * d), e = exp(-r);

    *slope = -5.0 / 6.0 * (1 + r) * e;
    return (1 + r + r * r / 3) * e;
}

/* The lower triangle of K + noise, column-major (n, n). */
static void fill_covariance(const dvti_gp_fit_state *s, const double *theta)
{
    const int32_t groups = s->gp->groups;
    const double  amplitude = exp(theta[0]), linear = exp(theta[groups + 1]);
    double        inverse[DVTI_GP_GROUPS_MAX], slope;

    for (int32_t g = 0; g < groups; g++) {
        inverse[g] = exp(-2 * theta[1 + g]) / groups;
    }
    for (int64_t i = 0; i < s->n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            const float *p = s->pair + (i * (i + 1) / 2 + j) * (groups + 1);
            double       d = 0;
            for (int32_t g = 0; g < groups; g++) {
                d += (double)p[g] * inverse[g];
            }
            s->k[j * s->n + i] = amplitude * profile(d, &slope) + linear * (double)p[groups];
        }
        s->k[i * s->n + i] += dvti_gp_noise(theta[groups + 2]) / s->weight[i];
    }
}

/* alpha, *nll without constants, and if `inverse` K^-1 in the lower triangle of s->k. False: not
 * positive. */
static bool invert(const dvti_gp_fit_state *s, bool inverse, double *nll)
{
    const lapack_int n = (lapack_int)s->n;
    double           log_det = 0, fit = 0;

    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', n, s->k, n) != 0) {
        return false;
    }
    for (int64_t i = 0; i < s->n; i++) {
        log_det += log(s->k[i * s->n + i]);
    }
    memcpy(s->alpha, s->y, (size_t)s->n * sizeof *s->alpha);
    if (LAPACKE_dpotrs_work(LAPACK_COL_MAJOR, 'L', n, 1, s->k, n, s->alpha, n) != 0 ||
        (inverse && LAPACKE_dpotri_work(LAPACK_COL_MAJOR, 'L', n, s->k, n) != 0)) {
        return false;
    }
    for (int64_t i = 0; i < s->n; i++) {
        fit += s->y[i] * s->alpha[i];
    }
    *nll = 0.5 * fit + log_det;
    return isfinite(*nll);
}

/* Of the negative log marginal likelihood; s->k holds K^-1. */
static void gradient(const dvti_gp_fit_state *s, const double *theta, double *out)
{
    const int32_t groups = s->gp->groups;
    const double  amplitude = exp(theta[0]), linear = exp(theta[groups + 1]);
    const double  noise = dvti_gp_noise(theta[groups + 2]);
    double        inverse[DVTI_GP_GROUPS_MAX];

    memset(out, 0, (size_t)(groups + 3) * sizeof *out);
    for (int32_t g = 0; g < groups; g++) {
        inverse[g] = exp(-2 * theta[1 + g]) / groups;
    }
    for (int64_t i = 0; i < s->n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            const float *p = s->pair + (i * (i + 1) / 2 + j) * (groups + 1);
            const double half = i == j ? 0.5 : 1;
            const double w = half * (s->k[j * s->n + i] - s->alpha[i] * s->alpha[j]);
            double       d = 0, slope;
            for (int32_t g = 0; g < groups; g++) {
                d += (double)p[g] * inverse[g];
            }
            out[0] += w * amplitude * profile(d, &slope);
            slope *= -2 * amplitude * w;
            for (int32_t g = 0; g < groups; g++) {
                out[1 + g] += slope * (double)p[g] * inverse[g];
            }
            out[groups + 1] += w * linear * (double)p[groups];
        }
        out[groups + 2] +=
            0.5 * noise / s->weight[i] * (s->k[i * s->n + i] - s->alpha[i] * s->alpha[i]);
    }
}

bool dvti_gp_likelihood(dvti_gp_fit_state *s, const double *theta, double *nll, double *grad)
{
    fill_covariance(s, theta);
    if (!invert(s, true, nll)) {
        return false;
    }
    gradient(s, theta, grad);
    return true;
}

/* The expectation step; s->k holds K^-1 for the present weights. */
static void reweigh(dvti_gp_fit_state *s, double noise, double nu)
{
    for (int64_t i = 0; i < s->n; i++) {
        const double d = noise / s->weight[i], r = d * s->alpha[i];
        const double e = r * r + d - d * d * s->k[i * s->n + i];
        s->weight[i] = (nu + 1) / (nu + fmax(e, 0) / noise);
    }
}

/* ---- hyper-parameters ---------------------------------------------------------------------- */

static void start(const dvti_gp *gp, const dvti_gp_opts *o, double *theta)
{
    theta[0] = log(0.5);
    for (int32_t g = 0; g < gp->groups; g++) {
        theta[1 + g] = 0;
    }
    theta[gp->groups + 1] = log(0.1);
    theta[gp->groups + 2] = log(o->noise);
}

enum { WEIGHTS_FROM = 5 /* step from which samples are weighed */ };

static dvt_status maximise(dvti_gp_fit_state *s, const dvti_gp_opts *o)
{
    enum { N = DVTI_GP_GROUPS_MAX + 3 };
    const int32_t count = s->gp->groups + 3;
    double        theta[N], from[N], grad[N], m[N] = {0}, v[N] = {0}, best = INFINITY, nll;

    start(s->gp, o, from);
    memcpy(theta, from, sizeof theta);
    memcpy(s->gp->theta, from, sizeof from);
    for (int32_t t = 1; t <= o->steps; t++) {
        dvt_status st = dvt_stop_asked(s->gp->ctx, "fitting the predictor");
        if (st != DVT_OK) {
            return st;
        }
        if (!dvti_gp_likelihood(s, theta, &nll, grad)) {
            break; /* the best so far stands */
        }
        for (int32_t i = 0; i < count; i++) {
            nll += o->prior * (theta[i] - from[i]) * (theta[i] - from[i]);
            grad[i] += 2 * o->prior * (theta[i] - from[i]);
        }
        if (nll < best || o->nu > 0) { /* with weights the likelihoods are of different models */
            best = nll;
            memcpy(s->gp->theta, theta, sizeof theta);
        }
        if (o->nu > 0 && t > WEIGHTS_FROM) {
            reweigh(s, dvti_gp_noise(theta[count - 1]), o->nu);
        }
        for (int32_t i = 0; i < count; i++) {
            m[i] = 0.9 * m[i] + 0.1 * grad[i];
            v[i] = 0.99 * v[i] + 0.01 * grad[i] * grad[i];
            const double step = m[i] / (1 - pow(0.9, t)) / (sqrt(v[i] / (1 - pow(0.99, t))) + 1e-9);
            theta[i] = fmin(fmax(theta[i] - o->rate * step, -12), 12);
        }
    }
    return isfinite(best) ? DVT_OK
                          : dvt_fail(s->gp->ctx, DVT_E_NUMERIC, NULL,
                                     "the covariance of the training samples is not positive");
}

/* ---- state --------------------------------------------------------------------------------- */

static dvt_status state_init(dvti_gp_fit_state *s, dvti_gp *gp, const double *y, int64_t n)
{
    const size_t samples = (size_t)n;

    s->gp = gp;
    s->n = n;
    s->y = y;
    s->k = dvt_alloc(gp->ctx, samples * samples * sizeof *s->k);
    s->alpha = dvt_alloc(gp->ctx, samples * sizeof *s->alpha);
    s->weight = dvt_alloc(gp->ctx, samples * sizeof *s->weight);
    for (int64_t i = 0; s->weight && i < n; i++) {
        s->weight[i] = 1;
    }
    return s->k && s->alpha && s->weight ? DVT_OK : DVT_E_NOMEM;
}

static void state_deinit(dvti_gp_fit_state *s)
{
    dvt_ctx *ctx = s->gp->ctx;

    dvt_free(ctx, s->pair);
    dvt_free(ctx, s->k);
    dvt_free(ctx, s->alpha);
    dvt_free(ctx, s->weight);
}

dvt_status dvti_gp_hyper(dvti_gp *gp, const float *x, int32_t stride, const double *y, int64_t n,
                         const int32_t *begin, const dvti_gp_opts *o)
{
    const size_t      pairs = (size_t)n * ((size_t)n + 1) / 2;
    dvti_gp_fit_state s = {.begin = begin};
    dvt_status        st = state_init(&s, gp, y, n);

    s.pair = dvt_alloc(gp->ctx, pairs * (size_t)(gp->groups + 1) * sizeof *s.pair);
    st = st == DVT_OK && s.pair ? fill_pairs(&s, x, stride) : DVT_E_NOMEM;
    st = st == DVT_OK ? maximise(&s, o) : st;
    state_deinit(&s);
    return st;
}

/* ---- all samples --------------------------------------------------------------------------- */

/* K without noise for many samples: from products of rows, since storing a number for each pair and
 * group would take more memory than K. z (n, columns) scaled rows, u (n, columns) standardised. */
static void covariance_of_rows(const dvti_gp_fit_state *s, const double *z, const double *u)
{
    const int    n = (int)s->n, columns = s->gp->columns;
    const double amplitude = exp(s->gp->theta[0]);
    const double linear = exp(s->gp->theta[s->gp->groups + 1]) / columns;
    double      *square = s->alpha, slope; /* free until the first factorisation */

    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, n, columns, 1, z, columns, 0, s->k, n);
    for (int64_t i = 0; i < n; i++) {
        square[i] = s->k[i * n + i];
    }
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = i; j < n; j++) {
            const double d = square[i] + square[j] - 2 * s->k[i * n + j];
            s->k[i * n + j] = amplitude * profile(fmax(d, 0), &slope);
        }
    }
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, n, columns, linear, u, columns, 1, s->k,
                n); /* the upper triangle by rows is the lower one by columns */
}

static void scaled_rows(const dvti_gp_fit_state *s, const float *x, int32_t stride, double *z,
                        double *u)
{
    const dvti_gp *gp = s->gp;

    for (int64_t i = 0; i < s->n; i++) {
        double *row = z + i * gp->columns;
        standard_row(gp, x + i * stride, u + i * gp->columns);
        for (int32_t g = 0; g < gp->groups; g++) {
            const double part =
                exp(-gp->theta[1 + g]) / sqrt((double)gp->groups * (s->begin[g + 1] - s->begin[g]));
            for (int32_t c = s->begin[g]; c < s->begin[g + 1]; c++) {
                row[c] = u[i * gp->columns + c] * part;
            }
        }
    }
}

enum { LAST_WEIGHINGS = 5, MANY = 2000 /* samples: an inverse takes seconds from here on */ };

dvt_status dvti_gp_solve(dvti_gp *gp, const float *x, int32_t stride, const double *y, int64_t n,
                         const int32_t *begin, const dvti_gp_opts *o, double *alpha,
                         double *left_out)
{
    const size_t      cells = (size_t)n * (size_t)gp->columns;
    dvti_gp_fit_state s = {.begin = begin};
    double           *z = dvt_alloc(gp->ctx, 2 * cells * sizeof *z);
    dvt_status        st = state_init(&s, gp, y, n);
    const double      noise = dvti_gp_noise(gp->theta[gp->groups + 2]);
    const int         rounds = o->nu <= 0 ? 0 : n > MANY ? 1 : LAST_WEIGHINGS;
    double            nll;

    st = z ? st : DVT_E_NOMEM;
    if (st == DVT_OK) {
        scaled_rows(&s, x, stride, z, z + cells);
    }
    for (int t = 0; st == DVT_OK && t <= rounds; t++) {
        if (t > 0) {
            reweigh(&s, noise, o->nu);
        }
        covariance_of_rows(&s, z, z + cells);
        for (int64_t i = 0; i < n; i++) {
            s.k[i * n + i] += noise / s.weight[i];
        }
        st = dvt_stop_asked(gp->ctx, "fitting the predictor");
        if (st == DVT_OK && !invert(&s, t < rounds || left_out, &nll)) {
            st = dvt_fail(gp->ctx, DVT_E_NUMERIC, NULL,
                          "the covariance of %lld training samples is not positive", (long long)n);
        }
    }
    for (int64_t i = 0; st == DVT_OK && i < n; i++) {
        alpha[i] = s.alpha[i];
        if (left_out) {
            left_out[i] = y[i] - s.alpha[i] / s.k[i * n + i]; /* Rasmussen and Williams, eq. 5.12 */
        }
    }
    state_deinit(&s);
    dvt_free(gp->ctx, z);
    return st;
}
