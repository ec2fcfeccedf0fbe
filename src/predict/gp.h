/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gp.h - Gaussian process regression with one length scale a group of features.
 *
 * Model      y = f(x) + noise, f a Gaussian process whose covariance is
 *                k(x, x') = s (1 + r + r^2 / 3) exp(-r) + b x.x',   r^2 = 5 sum_g d_g / (G l_g^2),
 *            a Matern kernel of smoothness 5/2 on the weighted sum of the groups' mean squared
 *            distances d_g, and a linear part. Rasmussen and Williams, "Gaussian processes for
 *            machine learning", 2006: eq. 4.17, algorithm 2.1, eq. 5.9 for the gradient.
 * Noise      Student's t by weights: a sample whose residual is large counts as if its noise were
 *            larger (expectation-maximisation over the scale mixture; nu = 0: Gaussian).
 * Bits       factorisations run on one thread of BLAS; only independent rows are shared out.
 */
#ifndef DVTI_GP_H
#define DVTI_GP_H

#include "dovetail/predict.h"

enum { DVTI_GP_GROUPS_MAX = 24 };

typedef struct dvti_gp_opts {
    int32_t steps;   /* of Adam on the logarithms of the hyper-parameters */
    int32_t fit_max; /* samples that the hyper-parameters are fitted on, the first ones */
    double  rate;    /* of Adam */
    double  prior;   /* weight of a normal prior on them around their start */
    double  noise;   /* where the noise variance starts, of a unit target variance */
    double  nu;      /* degrees of freedom of the noise; 0 = Gaussian */
} dvti_gp_opts;

/* Everything that a prediction needs: rows of `columns` kept columns, already scaled. */
typedef struct dvti_gp {
    dvt_ctx *ctx;
    int32_t  columns; /* kept ones: those that vary in the training set */
    int32_t  groups;
    int64_t  count;    /* training samples */
    int32_t *column;   /* (columns) of the caller's features */
    float   *mean;     /* (columns) x = (feature - mean) * scale */
    float   *flat;     /* (columns) 1 / deviation */
    float   *scale;    /* (columns) the same over the group's length scale: r^2 = 5 |z - z'|^2 */
    float   *row;      /* (count, columns) z = (feature - mean) * scale */
    float   *square;   /* (count) |row|^2 */
    float   *alpha;    /* (count) */
    float   *slope;    /* (columns) of the linear part on z: it needs no training rows */
    double   level[3]; /* amplitude of the Matern part; mean and deviation of the targets */
    double   theta[DVTI_GP_GROUPS_MAX + 3];
} dvti_gp;

/* The columns of the features that a process is given: parts of a row, one a group. */
typedef struct dvti_gp_part {
    int32_t first, count;
} dvti_gp_part;

/* x (n, stride) features, y (n). *left_out (n) or NULL: what each sample would be predicted from
 * the others, under the hyper-parameters and weights of all. */
dvt_status dvti_gp_fit(dvt_ctx *ctx, const float *x, int32_t stride, const double *y, int64_t n,
                       const dvti_gp_part *part, int32_t parts, const dvti_gp_opts *opts,
                       double *left_out, dvti_gp *out);
void       dvti_gp_deinit(dvti_gp *gp);
/* Fills `square` from rows that were loaded. */
dvt_status dvti_gp_squares(dvti_gp *gp);

/* For one thread: rows of features x (n, all columns) to y (n), n <= DVTI_GP_TILE. scratch: of
 * dvti_gp_scratch() bytes. */
enum { DVTI_GP_TILE = 128 };
size_t dvti_gp_scratch(const dvti_gp *gp);
void   dvti_gp_run(const dvti_gp *gp, const float *x, int32_t stride, int64_t n, void *scratch,
                   double *y);

#endif
