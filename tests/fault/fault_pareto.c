/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_pareto.c - importing and opening tables, finding frontiers and measuring them survives
 * every refused allocation.
 */
#include "dovetail/frontier.h"
#include "dovetail/table.h"
#include "fault/fault.h"
#include "support/test_data.h"

#include <stdio.h>

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

/* Finds, saves, loads and asks a frontier; with a checkpoint after every network. */
static dvt_status find_and_keep(dvt_ctx *ctx, const dvt_pareto_problem *p, const char *list,
                                const char *folder)
{
    const int32_t      accelerators[] = {0, 77, 4000, 8639};
    char               path[TEST_PATH_MAX + 16];
    dvt_pareto_problem own = *p;
    dvt_pareto_front   front = {0};
    dvt_frontier      *f = NULL, *loaded = NULL;
    dvt_pareto_opts    opts = {.accelerators = accelerators,
                               .accelerator_count = 4,
                               .checkpoint = path,
                               .checkpoint_every = 1};
    dvt_status         st = dvt_pareto_objectives(ctx, &own, list);

    snprintf(path, sizeof path, "%s.state", folder);
    remove(path);
    st = st == DVT_OK ? dvt_pareto_where(ctx, &own, "latency<9s,area<500mm2") : st;
    st = st == DVT_OK ? dvt_pareto_find(ctx, &own, &opts, &front) : st;
    st = st == DVT_OK ? dvt_frontier_create(ctx, &own, &front, &f) : st;
    st = st == DVT_OK ? dvt_frontier_save(ctx, f, folder) : st;
    st = st == DVT_OK ? dvt_frontier_load(ctx, folder, &loaded) : st;
    if (st == DVT_OK) {
        const dvt_frontier_query q = dvt_frontier_query_make(loaded, 0);
        assert_int_equal(dvt_frontier_best(loaded, &q), 0);
    }
    dvt_frontier_destroy(f);
    dvt_frontier_destroy(loaded);
    dvt_pareto_front_deinit(ctx, &front);
    return st;
}

static dvt_status find_and_measure(dvt_ctx *ctx, void *ud)
{
    const double       points[] = {1, 2, 2, 1}, ref[] = {3, 3};
    dvt_table         *t = NULL;
    dvt_side           networks = {0}, accelerators = {0};
    dvt_pair_cost      cost = {0};
    dvt_pareto_problem p = {.networks = &networks, .accelerators = &accelerators, .cost = &cost};
    double             volume;
    dvt_status         st =
        dvt_table_load(ctx, DVT_BENCHMARK_NASBENCH101, "examples/tables/made_up.csv", &t);

    st = st == DVT_OK ? dvt_side_of_table(ctx, t, NULL, &networks) : st;
    st = st == DVT_OK ? dvt_side_of_chaidnn(ctx, &accelerators) : st;
    st = st == DVT_OK ? dvt_pair_cost_chaidnn(ctx, t, &cost) : st;
    st = st == DVT_OK ? find_and_keep(ctx, &p, "accuracy,latency,area", ud) : st;
    st = st == DVT_OK ? find_and_keep(ctx, &p, "accuracy,macs,latency,dsp", ud) : st;
    st = st == DVT_OK ? dvt_pareto_hypervolume(ctx, points, 2, 2, ref, &volume) : st;
    dvt_pair_cost_deinit(ctx, &cost);
    dvt_side_deinit(ctx, &accelerators);
    dvt_side_deinit(ctx, &networks);
    dvt_table_close(t);
    return st;
}

static void fault_pareto__finding_and_measuring_survive(void **state)
{
    char path[TEST_PATH_MAX];

    (void)state;
    test_temp_path("front", path);
    assert_true(fault_sweep(find_and_measure, path) > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_pareto__importing_and_opening_tables_survive),
        cmocka_unit_test(fault_pareto__finding_and_measuring_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
