/* SPDX-License-Identifier: Apache-2.0 */
/*
 * optim_int.h - an optimiser's state, as checkpoints see it.
 */
#ifndef DVTI_LEARN_OPTIM_INT_H
#define DVTI_LEARN_OPTIM_INT_H

#include "dovetail/optim.h"
#include "learn/params_int.h"

struct dvt_optim {
    dvt_ctx       *ctx;
    dvt_optim_opts opts; /* defaults filled in */
    int32_t        params;   /* of the set it was made for */
    int64_t        elements; /* floats in each moment, placed as the set's values */
    uint64_t       steps;
    float         *first, *second; /* NULL: this kind has none */
};

struct dvt_stopper {
    dvt_ctx *ctx;
    uint32_t patience;
    uint64_t from, calls, best_call;
    double   best;
    bool     kept;
    int64_t  elements;
    float   *values; /* (elements) at the best call */
};

#endif
