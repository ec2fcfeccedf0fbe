/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pareto.c - the pruned frontier equals brute force: every list of objectives, limits, ties.
 */
#include "support/fixture.h"
#include "support/pareto_case.h"
#include "support/test_data.h"

#include "dovetail/table.h"

#include <stdio.h>

/* ---- NAS-Bench-101 on CHaiDNN -------------------------------------------------------------- */

static void compare_chaidnn(dvt_ctx *ctx, uint64_t seed, int64_t cells, uint64_t levels,
                            int32_t step, const char *objectives, const char *where)
{
    pareto_case c;

    pareto_case_nb101(ctx, seed, cells, levels, &c);
    pareto_case_accelerators(&c, seed, step);
    expect_ok(ctx, dvt_pareto_objectives(ctx, &c.problem, objectives));
    if (where) {
        expect_ok(ctx, dvt_pareto_where(ctx, &c.problem, where));
    }
    pareto_case_compare(ctx, &c);
    pareto_case_deinit(ctx, &c);
}

static void test_pareto__equals_brute_force_on_random_pairs(void **state)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        compare_chaidnn(*state, seed, 60, 40, 37, "accuracy,latency,area", NULL);
    }
    compare_chaidnn(*state, 100, 300, 1000, 101, "accuracy,latency,area", NULL);
    compare_chaidnn(*state, 101, 8, 8, 1, "accuracy,latency,area", NULL);
}

static void test_pareto__equals_brute_force_where_most_things_tie(void **state)
{
    for (uint64_t seed = 20; seed < 26; seed++) {
        compare_chaidnn(*state, seed, 50, 2, 61, "accuracy,latency,area", NULL);
        compare_chaidnn(*state, seed, 50, 2, 61, "accuracy,dsp", NULL);
        compare_chaidnn(*state, seed, 50, 1, 61, "parameters,accuracy,bram36", NULL);
    }
}

/* All lists of two to four of the metrics. */
static void test_pareto__every_list_of_objectives_equals_brute_force(void **state)
{
    static const char *const names[] = {"accuracy", "parameters", "macs",   "area",
                                        "dsp",      "bram36",     "latency"};
    enum { NAMES = sizeof names / sizeof names[0] };
    int lists = 0;

    for (uint32_t set = 0; set < 1u << NAMES; set++) {
        char   list[128] = "";
        size_t n = 0;
        int    count = 0;
        for (int i = 0; i < NAMES; i++) {
            if (set >> i & 1u) {
                n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", count++ ? "," : "",
                                      names[i]);
            }
        }
        if (count >= 2 && count <= 4) {
            compare_chaidnn(*state, set, 25, 12, 149, list, NULL);
            lists++;
        }
    }
    assert_int_equal(lists, 21 + 35 + 35);
}

static void test_pareto__limits_of_all_kinds_equal_brute_force(void **state)
{
    static const char *const limits[] = {
        "latency<80ms",
        "latency>80ms",
        "latency>=20ms,latency<300ms,area<120mm2",
        "accuracy>=0.000000001010",
        "dsp<=600,parameters<10M",
        "dsp>500,macs>100M,latency<0.5s",
        "area>100mm2,lut<200k",
    };
    static const char *const lists[] = {"accuracy,latency,area", "accuracy,area", "latency,area",
                                        "parameters,dsp,latency,area", "accuracy,parameters"};

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
            compare_chaidnn(*state, 40 + i, 40, 30, 83, lists[k], limits[i]);
        }
    }
}

/* Every 1,009th cell of the published table on every 29th accelerator. */
static void test_pareto__equals_brute_force_on_published_accuracies(void **state)
{
    static const char *const lists[] = {"accuracy,latency,area", "accuracy,parameters,latency"};
    char                     csv[TEST_PATH_MAX];
    dvt_table               *t;

    test_data_require("nas/nasbench101.csv.gz", csv);
    expect_ok(*state, dvt_table_load(*state, DVT_BENCHMARK_NASBENCH101, csv, &t));
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        pareto_case c;
        pareto_case_table(*state, t, 1009, &c);
        pareto_case_accelerators(&c, 3, 29);
        expect_ok(*state, dvt_pareto_objectives(*state, &c.problem, lists[i]));
        pareto_case_compare(*state, &c);
        pareto_case_deinit(*state, &c);
    }
    dvt_table_close(t);
}

/* ---- NAS-Bench-201 ------------------------------------------------------------------------- */

static void test_pareto__equals_brute_force_on_nb201(void **state)
{
    static const char *const lists[] = {"accuracy,latency,area", "latency,area",
                                        "accuracy,macs,dsp", "accuracy,parameters,latency,area"};

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        pareto_case c;
        pareto_case_nb201(*state, 31 + i, 120, 50, &c);
        pareto_case_accelerators(&c, 5, 97);
        expect_ok(*state, dvt_pareto_objectives(*state, &c.problem, lists[i]));
        pareto_case_compare(*state, &c);
        pareto_case_deinit(*state, &c);
    }
}

/* ---- threads, ends ------------------------------------------------------------------------- */

static void find_with_jobs(uint32_t jobs, const char *objectives, dvt_pareto_point *points,
                           dvt_pareto_front *front)
{
    dvt_ctx    *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = jobs});
    pareto_case c;

    assert_non_null(ctx);
    pareto_case_nb101(ctx, 9, 300, 300, &c);
    expect_ok(ctx, dvt_pareto_objectives(ctx, &c.problem, objectives));
    expect_ok(ctx, dvt_pareto_find(ctx, &c.problem, NULL, front));
    assert_true(front->count > 0 && front->count <= PARETO_CASE_POINTS);
    memcpy(points, front->points, (size_t)front->count * sizeof *points);
    dvt_pareto_front_deinit(ctx, &(dvt_pareto_front){.points = front->points});
    pareto_case_deinit(ctx, &c);
    dvt_ctx_destroy(ctx);
}

static void test_pareto__any_number_of_threads_gives_the_same_frontier(void **state)
{
    static const char *const lists[] = {"accuracy,latency,area", "parameters,accuracy,latency,dsp"};
    static dvt_pareto_point  first[PARETO_CASE_POINTS], other[PARETO_CASE_POINTS];

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        dvt_pareto_front one, more;
        find_with_jobs(1, lists[i], first, &one);
        for (uint32_t jobs = 2; jobs <= 5; jobs++) {
            find_with_jobs(jobs, lists[i], other, &more);
            assert_int_equal(more.count, one.count);
            assert_int_equal(more.computed, one.computed);
            assert_memory_equal(first, other, (size_t)one.count * sizeof *first);
        }
    }
}

static void test_pareto__limits_on_the_good_side_leave_a_part_of_the_frontier(void **state)
{
    pareto_case      c;
    dvt_pareto_front all, some;
    int64_t          want = 0;

    pareto_case_nb101(*state, 11, 200, 200, &c);
    expect_ok(*state, dvt_pareto_objectives(*state, &c.problem, "accuracy,latency,area"));
    expect_ok(*state, dvt_pareto_find(*state, &c.problem, NULL, &all));
    assert_true(all.count > 4);
    const dvt_pareto_point *middle = &all.points[all.count / 2];
    c.problem.limit_count = 2;
    c.problem.limit[0] = (dvt_pareto_limit){c.problem.objective[0], middle->value[0], INT64_MAX};
    c.problem.limit[1] = (dvt_pareto_limit){c.problem.objective[1], INT64_MIN, middle->value[1]};
    for (int64_t i = 0; i < all.count; i++) {
        want += all.points[i].value[0] >= middle->value[0] &&
                all.points[i].value[1] <= middle->value[1];
    }
    expect_ok(*state, dvt_pareto_find(*state, &c.problem, NULL, &some));
    assert_true(want >= 1 && want < all.count);
    assert_int_equal(some.count, want);
    dvt_pareto_front_deinit(*state, &all);
    dvt_pareto_front_deinit(*state, &some);
    pareto_case_deinit(*state, &c);
}

static void test_pareto__limits_that_nothing_meets_leave_an_empty_frontier(void **state)
{
    pareto_case      c;
    dvt_pareto_front front;

    for (int i = 0; i < 3; i++) {
        static const char *const limits[] = {"accuracy>0.5", "area<1mm2", "latency<1ns"};
        pareto_case_nb101(*state, 12, 20, 20, &c);
        expect_ok(*state, dvt_pareto_objectives(*state, &c.problem, "accuracy,latency,area"));
        expect_ok(*state, dvt_pareto_where(*state, &c.problem, limits[i]));
        expect_ok(*state, dvt_pareto_find(*state, &c.problem, NULL, &front));
        assert_int_equal(front.count, 0);
        assert_int_equal(front.networks, 0);
        assert_int_equal(front.pairs, 20 * DVT_CHAIDNN_COUNT);
        dvt_pareto_front_deinit(*state, &front);
        pareto_case_deinit(*state, &c);
    }
}

static void test_pareto__nothing_has_no_frontier(void **state)
{
    const int32_t         wrong[] = {5, 5};
    pareto_case           c;
    dvt_pareto_front      f;
    const dvt_pareto_opts opts = {.accelerators = wrong, .accelerator_count = 2};

    pareto_case_nb101(*state, 1, 3, 3, &c);
    expect_failure(*state, dvt_pareto_find(*state, &c.problem, NULL, &f), DVT_E_USAGE,
                   "2 to 4 objectives");
    expect_ok(*state, dvt_pareto_objectives(*state, &c.problem, "accuracy,area"));
    expect_failure(*state, dvt_pareto_find(*state, &c.problem, &opts, &f), DVT_E_USAGE,
                   "must ascend");
    c.networks.count = 0;
    expect_failure(*state, dvt_pareto_find(*state, &c.problem, NULL, &f), DVT_E_USAGE,
                   "at least one");
    pareto_case_deinit(*state, &c);
}

static void test_pareto__a_missing_value_is_an_error_unless_limits_rule_it_out(void **state)
{
    pareto_case      c;
    dvt_pareto_front front;

    pareto_case_nb101(*state, 13, 30, 30, &c);
    c.accuracy[7] = DVT_METRIC_MISSING;
    expect_ok(*state, dvt_pareto_objectives(*state, &c.problem, "accuracy,latency"));
    expect_failure(*state, dvt_pareto_find(*state, &c.problem, NULL, &front), DVT_E_NOTFOUND,
                   "'7' has no 'accuracy'");
    expect_ok(*state, dvt_pareto_where(*state, &c.problem, "accuracy>0"));
    expect_ok(*state, dvt_pareto_find(*state, &c.problem, NULL, &front));
    assert_true(front.count > 0);
    dvt_pareto_front_deinit(*state, &front);
    pareto_case_deinit(*state, &c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_pareto__equals_brute_force_on_random_pairs),
        FIXTURE_TEST(test_pareto__equals_brute_force_where_most_things_tie),
        FIXTURE_TEST(test_pareto__every_list_of_objectives_equals_brute_force),
        FIXTURE_TEST(test_pareto__limits_of_all_kinds_equal_brute_force),
        FIXTURE_TEST(test_pareto__equals_brute_force_on_published_accuracies),
        FIXTURE_TEST(test_pareto__equals_brute_force_on_nb201),
        FIXTURE_TEST(test_pareto__any_number_of_threads_gives_the_same_frontier),
        FIXTURE_TEST(test_pareto__limits_on_the_good_side_leave_a_part_of_the_frontier),
        FIXTURE_TEST(test_pareto__limits_that_nothing_meets_leave_an_empty_frontier),
        FIXTURE_TEST(test_pareto__nothing_has_no_frontier),
        FIXTURE_TEST(test_pareto__a_missing_value_is_an_error_unless_limits_rule_it_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
