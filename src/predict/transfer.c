/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.c - latency on a new device from a handful of samples and other devices.
 *
 * Idea       Devices disagree in few ways: the logarithms of their latencies, standardised, span a
 *            space of a handful of dimensions. A new device is a ridge regression on the others in
 *            that space (a Gaussian process with the covariance of the known devices): with ten
 *            samples the directions in which devices agree are learned first, as the penalty is
 *            equal in units of variance.
 * Penalty    the most probable one: marginal likelihood of the samples times a prior around 0.1, as
 *            ten samples alone do not tell.
 * Task       HELP's (Lee et al., "HELP: hardware-adaptive efficient latency prediction for NAS via
 *            meta-learning", 2021): 10 samples of an unseen device. There the known devices are
 *            themselves predictors; here they are measured tables.
 * Tests      tests/unit/test_transfer.c
 */
#include <lapacke.h>
#include <math.h>
#include <string.h>

#include "predict/gp_int.h"

#define USUAL 0.1 /* noise variance relative to what devices agree in */

/* ---- the space of devices ------------------------------------------------------------------ */

/* z (n, devices): logarithms of every device with mean 0 and deviation 1, over sqrt(devices). */
static dvt_status standardise(dvt_ctx *ctx, const double *source, int32_t devices, int64_t n,
                              double *z)
{
    for (int32_t d = 0; d < devices; d++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < n; i++) {
            const double v = source[d * n + i];
            if (!isfinite(v) || v <= 0) {
                dvt_fail(ctx, DVT_E_NUMERIC, NULL, "value %lld of known device %d is %g",
                         (long long)i, (int)d, v);
                dvt_fail_hint(ctx, "costs are positive");
                return DVT_E_NUMERIC;
            }
            sum += log(v);
        }
        for (int64_t i = 0; i < n; i++) {
            const double l = log(source[d * n + i]) - sum / (double)n;
            squares += l * l;
            z[i * devices + d] = l;
        }
        const double scale = squares > 0 ? sqrt((double)n / squares / devices) : 0;
        for (int64_t i = 0; i < n; i++) {
            z[i * devices + d] *= scale;
        }
    }
    return DVT_OK;
}

/* ---- ridge in the samples ------------------------------------------------------------------ */

typedef struct ridge {
    int32_t       devices;
    int64_t       samples;
    const double *z;      /* (n, devices) */
    double       *centre; /* (devices) mean of the samples */
    double       *gram;   /* (samples, samples) of the centred samples */
    double       *work;   /* the same size */
    double       *y;      /* (samples) centred logarithms */
    double       *alpha;
    double        mean;
} ridge;

static void fill(ridge *r, const int64_t *sample, const double *target)
{
    memset(r->centre, 0, (size_t)r->devices * sizeof *r->centre);
    for (int64_t i = 0; i < r->samples; i++) {
        r->y[i] = log(target[sample[i]]);
        r->mean += r->y[i] / (double)r->samples;
        for (int32_t d = 0; d < r->devices; d++) {
            r->centre[d] += r->z[sample[i] * r->devices + d] / (double)r->samples;
        }
    }
    for (int64_t i = 0; i < r->samples; i++) {
        r->y[i] -= r->mean;
        for (int64_t j = 0; j < r->samples; j++) {
            double dot = 0;
            for (int32_t d = 0; d < r->devices; d++) {
                dot += (r->z[sample[i] * r->devices + d] - r->centre[d]) *
                       (r->z[sample[j] * r->devices + d] - r->centre[d]);
            }
            r->gram[i * r->samples + j] = dot;
        }
    }
}

/* alpha = (gram + penalty)^-1 y; returns the negative log posterior of the penalty, the scale of y
 * integrated out: n/2 log y'alpha + log det / 2, and a normal prior of the logarithm. Infinity on
 * failure. */
static double solve(ridge *r, double penalty)
{
    const lapack_int n = (lapack_int)r->samples;
    const double     off = log(penalty / USUAL);
    double           fit = 0, log_det = 0;

    memcpy(r->work, r->gram, (size_t)(r->samples * r->samples) * sizeof *r->work);
    memcpy(r->alpha, r->y, (size_t)r->samples * sizeof *r->alpha);
    for (int64_t i = 0; i < r->samples; i++) {
        r->work[i * r->samples + i] += penalty;
    }
    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', n, r->work, n) != 0 ||
        LAPACKE_dpotrs_work(LAPACK_COL_MAJOR, 'L', n, 1, r->work, n, r->alpha, n) != 0) {
        return INFINITY;
    }
    for (int64_t i = 0; i < r->samples; i++) {
        fit += r->y[i] * r->alpha[i];
        log_det += log(r->work[i * r->samples + i]);
    }
    return 0.5 * (double)r->samples * log(fmax(fit, 1e-300)) + log_det + 0.5 * off * off;
}

static dvt_status choose_penalty(dvt_ctx *ctx, ridge *r)
{
    double best = INFINITY, chosen = USUAL;

    for (int i = -6; i <= 6; i++) {
        const double penalty = USUAL * exp(0.5 * i), cost = solve(r, penalty);
        if (cost < best) {
            best = cost;
            chosen = penalty;
        }
    }
    return solve(r, chosen) < INFINITY
               ? DVT_OK
               : dvt_fail(ctx, DVT_E_NUMERIC, NULL, "the known devices do not span a space");
}

static void run(const ridge *r, const int64_t *sample, int64_t n, double *slope, double *out)
{
    for (int32_t d = 0; d < r->devices; d++) {
        slope[d] = 0;
        for (int64_t i = 0; i < r->samples; i++) {
            slope[d] += r->alpha[i] * (r->z[sample[i] * r->devices + d] - r->centre[d]);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        double y = r->mean;
        for (int32_t d = 0; d < r->devices; d++) {
            y += slope[d] * (r->z[i * r->devices + d] - r->centre[d]);
        }
        out[i] = exp(y);
    }
}

dvt_status dvt_transfer(dvt_ctx *ctx, const double *source, int32_t devices, int64_t n,
                        const int64_t *sample, int64_t samples, const double *target, double *out)
{
    const size_t k = (size_t)devices, m = (size_t)samples;
    ridge        r = {.devices = devices, .samples = samples};
    double      *z = NULL, *memory = NULL;
    dvt_status   st = DVT_OK;

    if (devices < 1 || samples < 2) {
        dvt_fail(ctx, DVT_E_USAGE, NULL, "transfer needs a known device and two samples");
        dvt_fail_hint(ctx, "a table with measurements of several devices, and --train 10");
        return DVT_E_USAGE;
    }
    for (int64_t i = 0; i < samples; i++) {
        if (!isfinite(target[sample[i]]) || target[sample[i]] <= 0) {
            return dvt_fail(ctx, DVT_E_NUMERIC, NULL, "training value %lld is %g", (long long)i,
                            target[sample[i]]);
        }
    }
    z = dvt_alloc(ctx, (size_t)n * k * sizeof *z);
    memory = dvt_alloc(ctx, (2 * k + 2 * m * m + 2 * m) * sizeof *memory);
    st = z && memory ? standardise(ctx, source, devices, n, z) : DVT_E_NOMEM;
    if (st == DVT_OK) {
        dvti_one_blas_thread();
        r.z = z;
        r.centre = memory;
        r.gram = r.centre + 2 * k;
        r.work = r.gram + m * m;
        r.y = r.work + m * m;
        r.alpha = r.y + m;
        fill(&r, sample, target);
        st = choose_penalty(ctx, &r);
    }
    if (st == DVT_OK) {
        run(&r, sample, n, memory + k, out);
    }
    dvt_free(ctx, memory);
    dvt_free(ctx, z);
    return st;
}
