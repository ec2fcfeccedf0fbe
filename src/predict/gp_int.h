/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gp_int.h - what the two halves of the Gaussian process share, and its test looks at.
 */
#ifndef DVTI_GP_INT_H
#define DVTI_GP_INT_H

#include <cblas.h>
#include <math.h>

#include "predict/gp.h"

/* A fit under way. The pair (i, j <= i) is at i (i + 1) / 2 + j. */
typedef struct dvti_gp_fit_state {
    dvti_gp       *gp;    /* kept columns, standardisation, theta */
    const int32_t *begin; /* (groups + 1) among the kept columns */
    int64_t        n;
    const double  *y;      /* (n) of unit deviation */
    float         *pair;   /* (pairs, groups + 1): mean squared distances, then x.x' / columns */
    double        *k;      /* (n, n) column-major, lower triangle: covariance, factor, inverse */
    double        *alpha;  /* (n) */
    double        *weight; /* (n) of the samples */
} dvti_gp_fit_state;

/* The variance behind its logarithm: never so small that factorisations fail. */
static inline double dvti_gp_noise(double log_noise) { return exp(log_noise) + 1e-6; }

/* Negative log marginal likelihood (without constants) and its gradient (groups + 3). False where
 * the covariance is not positive. Leaves K^-1 in s->k. */
bool dvti_gp_likelihood(dvti_gp_fit_state *s, const double *theta, double *nll, double *grad);

/* OpenBLAS cuts work by threads, and sums with it; with one thread a seed gives the same bits. */
static inline void dvti_one_blas_thread(void) { openblas_set_num_threads(1); }

/* Fits gp->theta on n samples. */
dvt_status dvti_gp_hyper(dvti_gp *gp, const float *x, int32_t stride, const double *y, int64_t n,
                         const int32_t *begin, const dvti_gp_opts *o);
/* alpha (n) for gp->theta; left_out (n) or NULL: what each sample would be predicted from the
 * others. */
dvt_status dvti_gp_solve(dvti_gp *gp, const float *x, int32_t stride, const double *y, int64_t n,
                         const int32_t *begin, const dvti_gp_opts *o, double *alpha,
                         double *left_out);

#endif
