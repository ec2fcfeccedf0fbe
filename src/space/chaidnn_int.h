/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaidnn_int.h - the cost model of CHaiDNN with other constants than the standing ones, so that a
 * test can fit them and see what that is worth.
 */
#ifndef DVTI_CHAIDNN_INT_H
#define DVTI_CHAIDNN_INT_H

#include "dovetail/accelerator.h"

/* See chaidnn_time.c: a, b, and d as a fraction. */
typedef struct dvti_chaidnn_constants {
    int32_t filter_start, burst_start, memory_num, memory_den;
} dvti_chaidnn_constants;

extern const dvti_chaidnn_constants dvti_chaidnn_standing;

/* dvt_chaidnn_graph_cycles with constants. */
DVT_MUST_CHECK dvt_status dvti_chaidnn_graph_cycles(const dvt_graph              *g,
                                                    const dvti_chaidnn_constants *k,
                                                    const dvt_chaidnn *a, int64_t *out);

#endif
