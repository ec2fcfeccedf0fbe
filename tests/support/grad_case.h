/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grad_case.h - one gradient check in one line of a test.
 *
 *     grad_case(ctx, mul_model, NULL, 2, (dvt_shape[]){DVT_SHAPE(2, 3), DVT_SHAPE(3)});
 *
 * Inputs are uniform in [-1, 1) from a fixed seed, moved away from 0 by `away` (kinks); the check
 * fails above 2e-3 and prints where.
 */
#ifndef TESTS_SUPPORT_GRAD_CASE_H
#define TESTS_SUPPORT_GRAD_CASE_H

#include "dovetail/learn.h"

void grad_case(dvt_ctx *ctx, dvt_model_fn fn, void *ud, int32_t inputs, const dvt_shape *shape);
/* The same with |x| >= away, positive only if asked, and the training flag. */
typedef struct grad_case_opts {
    double away;
    bool   positive, training;
    bool   apart;     /* elements of different inputs differ by 0.05 at least (max, min) */
    double tolerance; /* 0 = 2e-3 */
} grad_case_opts;
void grad_case_with(dvt_ctx *ctx, dvt_model_fn fn, void *ud, int32_t inputs, const dvt_shape *shape,
                    grad_case_opts opts);

#endif
