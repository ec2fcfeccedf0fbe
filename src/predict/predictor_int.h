/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predictor_int.h - what a predictor is made of, for training, running, saving and loading.
 */
#ifndef DVTI_PREDICTOR_INT_H
#define DVTI_PREDICTOR_INT_H

#include "predict/best.h"
#include "predict/gcn.h"
#include "predict/linear.h"

struct dvt_predictor {
    dvt_ctx            *ctx;
    dvt_predictor_about about;
    dvti_target         target;
    /* one of these, by the model */
    dvti_best   best;
    dvti_linear linear;
    dvti_gcn    gcn;
};

#endif
