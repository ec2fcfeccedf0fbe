/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_cnn.h - random convolutional networks of the operators an overlay runs, one image.
 *
 * random_graph draws over all operators and shapes; what a compiler for an overlay finds hard is
 * something else: chains with branches, concatenations of odd channel counts, residual sums,
 * groups, strides and paddings. This draws those. The same seed gives the same network.
 */
#ifndef TESTS_SUPPORT_RANDOM_CNN_H
#define TESTS_SUPPORT_RANDOM_CNN_H

#include "dovetail/graph.h"

/* `layers` layers on an image of up to 40 channels and 20 x 20 pixels; owned by the caller. */
DVT_MUST_CHECK dvt_status random_cnn_make(dvt_ctx *ctx, uint64_t seed, int32_t layers,
                                          dvt_graph **out);

#endif
