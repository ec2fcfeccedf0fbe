/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loss_int.h - a loss as a node: a scalar and the slopes d loss / d y computed with it.
 */
#ifndef DVTI_LEARN_LOSS_INT_H
#define DVTI_LEARN_LOSS_INT_H

#include "dovetail/losses.h"
#include "learn/tape_int.h"

/* A scalar node over y: the caller fills the returned slopes (count of y) and *value. NULL: the
 * tape failed. */
float *dvti_loss_push(dvt_tape *t, dvt_var y, float **value);

#endif
