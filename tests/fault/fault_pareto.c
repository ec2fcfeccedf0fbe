/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_pareto.c - importing and opening tables, finding frontiers and measuring them survives
 * every refused allocation.
 */
#include "dovetail/pareto.h"
#include "dovetail/table.h"
#include "fault/fault.h"
#include "support/test_data.h"

static dvt_status import_and_open(dvt_ctx *ctx, void *cache)
{
    dvt_table *t;
    dvt_status st = dvt_table_import(ctx, DVT_BENCHMARK_NASBENCH101, "examples/tables/made_up.csv",
                                     cache, NULL);

    if (st == DVT_OK) {
        st = dvt_table_open(ctx, cache, &t);
        dvt_table_close(t);
    }
    if (st == DVT_OK) {
        st = dvt_table_load(ctx, DVT_BENCHMARK_NASBENCH101, "examples/tables/made_up.csv", &t);
        dvt_table_close(t);
    }
    return st;
}

static void fault_pareto__importing_and_opening_tables_survive(void **state)
{
    char cache[TEST_PATH_MAX];

    (void)state;
    test_temp_path("made_up.cache", cache);
    assert_true(fault_sweep(import_and_open, cache) > 20);
}

static dvt_status find_and_measure(dvt_ctx *ctx, void *ud)
{
    const dvt_nb101_cell  cells[] = {{.vertices = 2, .adj_bits = 1},
                                     {.vertices = 3, .adj_bits = 5, .ops = {0}},
                                     {.vertices = 3, .adj_bits = 5, .ops = {1}}};
    const uint64_t        accuracy[] = {70, 90, 80};
    const int32_t         accelerators[] = {0, 77, 4000, 8639};
    const dvt_pareto_opts opts = {.accelerators = accelerators, .accelerator_count = 4};
    const double          points[] = {1, 2, 2, 1}, ref[] = {3, 3};
    dvt_pareto_front      front;
    double                volume;
    dvt_status            st = dvt_pareto_nb101(ctx, cells, accuracy, 3, &opts, &front);

    (void)ud;
    dvt_pareto_front_deinit(ctx, &front);
    return st == DVT_OK ? dvt_pareto_hypervolume(ctx, points, 2, 2, ref, &volume) : st;
}

static void fault_pareto__finding_and_measuring_survive(void **state)
{
    (void)state;
    assert_true(fault_sweep(find_and_measure, NULL) > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_pareto__importing_and_opening_tables_survive),
        cmocka_unit_test(fault_pareto__finding_and_measuring_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
