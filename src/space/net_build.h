/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_build.h - the few layers that the skeletons of cell spaces are made of, one call each.
 *
 * A dvti_net remembers the first failure; every call after it does nothing and returns no value, so
 * that a skeleton is written as it reads and checked once at its end. Parameters have shapes and no
 * data. Images are (1, channels, size, size).
 */
#ifndef DVTI_NET_BUILD_H
#define DVTI_NET_BUILD_H

#include "dovetail/graph.h"

typedef struct dvti_net {
    dvt_graph *g;
    dvt_status st;
} dvti_net;

/* Kernel = height = width; zeros around the image before and behind. */
typedef struct dvti_window {
    int64_t kernel, stride, before, behind;
} dvti_window;

/* Names are copied; parameters are called "<name>.w", "<name>.b" and the like. */
dvt_value_id dvti_net_input(dvti_net *n, int64_t channels, int64_t size);
dvt_value_id dvti_net_conv(dvti_net *n, const char *name, dvt_value_id x, int64_t channels,
                           dvti_window w, bool bias);
dvt_value_id dvti_net_batch_norm(dvti_net *n, const char *name, dvt_value_id x);
dvt_value_id dvti_net_relu(dvti_net *n, const char *name, dvt_value_id x);
dvt_value_id dvti_net_zero(dvti_net *n, const char *name, dvt_value_id x); /* 0, shaped like x */
/* Averages do not count the zeros around the image. */
dvt_value_id dvti_net_pool(dvti_net *n, const char *name, dvt_value_id x, dvt_pool kind,
                           dvti_window w);
/* One value is returned as it is. */
dvt_value_id dvti_net_sum(dvti_net *n, const char *name, const dvt_value_id *x, int32_t count);
dvt_value_id dvti_net_concat(dvti_net *n, const char *name, const dvt_value_id *x, int32_t count);
/* The first `channels` of x; x itself if it has no more. */
dvt_value_id dvti_net_truncate(dvti_net *n, const char *name, dvt_value_id x, int64_t channels);
/* Global average pooling, a dense layer with bias, the graph's output. */
void dvti_net_head(dvti_net *n, dvt_value_id x, int64_t classes);

#endif
