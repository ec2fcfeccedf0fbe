/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.h - latency as a critical path and what runs beside it, with costs learned from samples.
 */
#ifndef DVTI_SCHEDULE_H
#define DVTI_SCHEDULE_H

#include "predict/features.h"

enum { DVTI_SCHEDULE_OPS_MAX = 64, DVTI_SCHEDULE_EXTRAS = 5 };

/* Costs in the unit of the target: of an operation of label k on the critical path, and beside it;
 * then what a network costs at all, an edge, an addition, a skip, a pool that equals another. */
typedef struct dvti_schedule {
    int32_t ops;
    double  path[DVTI_SCHEDULE_OPS_MAX], beside[DVTI_SCHEDULE_OPS_MAX];
    double  fixed, edge, addition, skip, equal;
} dvti_schedule;

/* All costs as one list of 2 ops + DVTI_SCHEDULE_EXTRAS. */
int32_t dvti_schedule_costs(int32_t ops);
void    dvti_schedule_pack(const dvti_schedule *s, double *w);
void    dvti_schedule_unpack(const double *w, int32_t ops, dvti_schedule *s);

/* Columns of a row behind the features: operations on the critical path (ops), beside it (ops), the
 * logarithm of the time, in three groups. */
int32_t dvti_schedule_columns(const dvti_features *f);
/* rows (n, stride): features; the columns from f->columns on are filled. y (n) > 0. */
dvt_status dvti_schedule_fit(dvt_ctx *ctx, const dvti_features *f, const dvt_nets *nets,
                             const int64_t *index, int64_t n, float *rows, int32_t stride,
                             const double *y, dvti_schedule *out);
/* One row: `features` are there, the columns behind are filled. scratch: two doubles and an int a
 * node, at most dvti_features_scratch(nodes) bytes. */
void dvti_schedule_row(const dvti_schedule *s, const dvti_features *f, const dvt_net *net,
                       void *scratch, float *row);

#endif
