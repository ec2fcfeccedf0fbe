/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_case.h - small frontier problems, and their frontiers by brute force.
 */
#ifndef TESTS_SUPPORT_PARETO_CASE_H
#define TESTS_SUPPORT_PARETO_CASE_H

#include "dovetail/pareto.h"

enum { PARETO_CASE_CELLS = 512, PARETO_CASE_POINTS = 65536, PARETO_CASE_METRICS = 3 };

typedef struct pareto_case {
    dvt_side           networks, accelerators;
    dvt_pair_cost      cost;
    dvt_pareto_problem problem;
    dvt_nb101_cell     nb101[PARETO_CASE_CELLS];
    dvt_nb201_cell     nb201[PARETO_CASE_CELLS];
    int64_t accuracy[PARETO_CASE_CELLS], parameters[PARETO_CASE_CELLS], macs[PARETO_CASE_CELLS];
    int32_t accelerator[DVT_CHAIDNN_COUNT], accelerator_count; /* 0: all */
} pareto_case;

/* Random cells on CHaiDNN, with accuracies of `levels` values around 1e-9. */
void pareto_case_nb101(dvt_ctx *ctx, uint64_t seed, int64_t count, uint64_t levels,
                       pareto_case *out);
void pareto_case_nb201(dvt_ctx *ctx, uint64_t seed, int64_t count, uint64_t levels,
                       pareto_case *out);
/* Every `step`th row of a NAS-Bench-101 table, with its accuracies. */
void pareto_case_table(dvt_ctx *ctx, const dvt_table *t, int64_t step, pareto_case *out);
/* Restricts the accelerators to every `step`th. */
void pareto_case_accelerators(pareto_case *c, uint64_t seed, int32_t step);
void pareto_case_deinit(dvt_ctx *ctx, pareto_case *c);

/* The frontier of any problem by comparing all pairs, as dvt_pareto_find() defines it. */
int64_t pareto_brute_force(dvt_ctx *ctx, const dvt_pareto_problem *p, const int32_t *accelerators,
                           int32_t accelerator_count, dvt_pareto_point *out);
/* Fails the test unless both find the same points. */
void pareto_compare(dvt_ctx *ctx, const dvt_pareto_problem *p, const dvt_pareto_opts *opts);
void pareto_case_compare(dvt_ctx *ctx, const pareto_case *c);

#endif
