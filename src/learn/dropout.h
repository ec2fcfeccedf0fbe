/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dropout.h - which elements of a row are dropped.
 *
 * The rows of an operation have disjoint parts of one stream (dvti_tape_rng of the node), so any
 * thread can say which elements of a row are dropped, forwards and backwards, and no mask is kept.
 */
#ifndef DVTI_LEARN_DROPOUT_H
#define DVTI_LEARN_DROPOUT_H

#include "dovetail/base.h"

/* Sets each of y[0 .. n) to 0 with probability p, 0 < p < 1; n < 2^32. */
void dvti_dropout_row(const dvt_rng *rng, int64_t row, double p, float *y, int64_t n);

#endif
