/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_frontier.c - frontiers as files, and questions to them: the same answers as a scan.
 */
#include "support/fixture.h"
#include "support/pareto_case.h"
#include "support/test_data.h"

#include "search/frontier_int.h"

#include <stdio.h>

/* A made-up frontier: points without names need no pairs behind them. */
static dvt_frontier *make(dvt_ctx *ctx, int32_t objectives, int64_t count, uint64_t range,
                          uint64_t seed)
{
    static dvt_side    networks, accelerators;
    dvt_pareto_problem p = {.networks = &networks, .accelerators = &accelerators};
    dvt_pareto_front   front = {.count = count, .pairs = 5 * count};
    dvt_frontier      *f;
    dvt_rng            rng = dvt_rng_make(seed, 0);

    networks = (dvt_side){.name = "made-up", .count = count};
    accelerators = (dvt_side){.name = "none", .count = 1};
    for (int32_t k = 0; k < objectives; k++) {
        static const char *const names[] = {"a", "b", "c", "d"};
        networks.metric[networks.metric_count++] = (dvt_metric){names[k], "", 10, k % 2 == 0};
        p.objective[p.objective_count++] = (dvt_pareto_metric){DVT_PARETO_NETWORK, k};
    }
    front.points = dvt_calloc(ctx, (size_t)count + 1, sizeof *front.points);
    assert_non_null(front.points);
    for (int64_t i = 0; i < count; i++) {
        front.points[i].network = i;
        for (int32_t k = 0; k < objectives; k++) {
            front.points[i].value[k] = (int64_t)dvt_rng_below(&rng, range);
        }
    }
    expect_ok(ctx, dvt_frontier_create(ctx, &p, &front, &f));
    dvt_pareto_front_deinit(ctx, &front);
    return f;
}

static dvt_frontier_query draw(const dvt_frontier *f, dvt_rng *rng, uint64_t range)
{
    const int32_t      d = dvt_frontier_about_of(f).objectives;
    dvt_frontier_query q = dvt_frontier_query_make(f, (int32_t)dvt_rng_below(rng, (uint64_t)d));

    for (int32_t k = 0; k < d; k++) {
        if (dvt_rng_below(rng, 3)) {
            q.least[k] = (int64_t)dvt_rng_below(rng, range) - (int64_t)range / 3;
        }
        if (dvt_rng_below(rng, 3)) {
            q.most[k] = (int64_t)dvt_rng_below(rng, range) + (int64_t)range / 3;
        }
    }
    return q;
}

static void test_frontier__questions_have_the_answers_of_a_scan(void **state)
{
    static const int64_t sizes[] = {0, 1, 7, 8, 9, 100, 1000};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int32_t d = 2; d <= 4; d++) {
            for (uint64_t range = 5; range <= 1000; range += 995) { /* ties, and few of them */
                dvt_frontier *f = make(*state, d, sizes[i], range, (uint64_t)d + range);
                dvt_rng       rng = dvt_rng_make(range, 7);
                int           found = 0;
                for (int n = 0; n < 300; n++) {
                    const dvt_frontier_query q = draw(f, &rng, range);
                    const int64_t            got = dvt_frontier_best(f, &q);
                    assert_int_equal(got, dvti_frontier_scan(f, &q));
                    found += got >= 0;
                }
                assert_true(sizes[i] < 100 ? found <= 300 : found > 0 && found < 300);
                dvt_frontier_destroy(f);
            }
        }
    }
}

/* Of a real frontier: limits from the good side find the best of all pairs. */
static void test_frontier__answers_are_the_best_of_all_pairs(void **state)
{
    pareto_case      c;
    dvt_pareto_front front, best;
    dvt_frontier    *f;
    dvt_rng          rng = dvt_rng_make(8, 0);

    pareto_case_nb101(*state, 51, 150, 60, &c);
    expect_ok(*state, dvt_pareto_objectives(*state, &c.problem, "accuracy,latency,area"));
    expect_ok(*state, dvt_pareto_find(*state, &c.problem, NULL, &front));
    expect_ok(*state, dvt_frontier_create(*state, &c.problem, &front, &f));
    for (int n = 0; n < 12; n++) {
        char               limits[96];
        dvt_pareto_problem p = c.problem;
        dvt_frontier_query q = dvt_frontier_query_make(f, n % 3);
        snprintf(limits, sizeof limits, "latency<=%d.%dms,area<%dmm2",
                 (int)dvt_rng_below(&rng, 300), (int)dvt_rng_below(&rng, 10),
                 60 + (int)dvt_rng_below(&rng, 150));
        expect_ok(*state, dvt_frontier_where(*state, f, limits, &q));
        expect_ok(*state, dvt_pareto_where(*state, &p, limits));
        expect_ok(*state, dvt_pareto_find(*state, &p, NULL, &best));
        const int64_t i = dvt_frontier_best(f, &q);
        assert_int_equal(i >= 0, best.count > 0);
        for (int64_t k = 0; k < best.count; k++) {
            const int64_t v = best.points[k].value[n % 3];
            const int64_t own = dvt_frontier_point(f, i)->value[n % 3];
            assert_true(n % 3 == 0 ? own >= v : own <= v);
        }
        dvt_pareto_front_deinit(*state, &best);
    }
    dvt_frontier_destroy(f);
    dvt_pareto_front_deinit(*state, &front);
    pareto_case_deinit(*state, &c);
}

static void test_frontier__a_file_gives_back_everything(void **state)
{
    pareto_case      c;
    dvt_pareto_front front;
    dvt_frontier    *f, *back;
    char             path[TEST_PATH_MAX];
    dvt_blob         first, second;

    test_temp_path("front", path);
    pareto_case_nb101(*state, 52, 100, 60, &c);
    expect_ok(*state, dvt_pareto_objectives(*state, &c.problem, "latency,accuracy,dsp"));
    expect_ok(*state, dvt_pareto_find(*state, &c.problem, NULL, &front));
    expect_ok(*state, dvt_frontier_create(*state, &c.problem, &front, &f));
    expect_ok(*state, dvt_frontier_save(*state, f, path));
    expect_ok(*state, dvt_frontier_load(*state, path, &back));
    const dvt_frontier_about a = dvt_frontier_about_of(back);
    assert_int_equal(a.points, front.count);
    assert_int_equal(a.different_networks, front.networks);
    assert_string_equal(a.accelerators, "chaidnn");
    assert_int_equal(dvt_frontier_find(back, "dsp"), 2);
    assert_int_equal(dvt_frontier_objective(back, 0)->per_unit, 3000000);
    assert_true(dvt_frontier_objective(back, 1)->maximise);
    for (int64_t i = 0; i < front.count; i++) {
        char number[32];
        snprintf(number, sizeof number, "%lld", (long long)front.points[i].network);
        assert_memory_equal(dvt_frontier_point(back, i), &front.points[i], sizeof front.points[i]);
        assert_string_equal(dvt_frontier_network(back, i), number);
        dvt_chaidnn h;
        dvt_chaidnn_at(front.points[i].accelerator, &h);
        assert_int_equal(dvt_frontier_fact(back, i, 1), h.pixel_par);
    }
    expect_ok(*state, dvt_file_read(*state, path, 0, &first));
    expect_ok(*state, dvt_frontier_save(*state, back, path)); /* the same bytes again */
    expect_ok(*state, dvt_file_read(*state, path, 0, &second));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    dvt_blob_deinit(*state, &first);
    dvt_blob_deinit(*state, &second);
    dvt_frontier_destroy(f);
    dvt_frontier_destroy(back);
    dvt_pareto_front_deinit(*state, &front);
    pareto_case_deinit(*state, &c);
}

static void test_frontier__damaged_files_are_refused(void **state)
{
    dvt_frontier *f = make(*state, 3, 40, 50, 9), *back;
    char          path[TEST_PATH_MAX];
    dvt_blob      file;

    test_temp_path("hurt", path);
    expect_ok(*state, dvt_frontier_save(*state, f, path));
    dvt_frontier_destroy(f);
    expect_ok(*state, dvt_file_read(*state, path, 0, &file));
    for (size_t at = 0; at < file.size; at += 13) {
        file.data[at] ^= 1;
        expect_ok(*state, dvt_file_write(*state, path, file.data, file.size));
        expect_failure(*state, dvt_frontier_load(*state, path, &back), DVT_E_PARSE,
                       "not a usable frontier file");
        assert_null(back);
        file.data[at] ^= 1;
    }
    for (size_t size = 0; size < file.size; size += 41) {
        expect_ok(*state, dvt_file_write(*state, path, file.data, size));
        expect_failure(*state, dvt_frontier_load(*state, path, &back), DVT_E_PARSE,
                       "not a usable frontier file");
    }
    dvt_blob_deinit(*state, &file);
}

static void test_frontier__limits_name_its_objectives_only(void **state)
{
    dvt_frontier      *f = make(*state, 2, 10, 50, 9);
    dvt_frontier_query q = dvt_frontier_query_make(f, 0);

    expect_failure(*state, dvt_frontier_where(*state, f, "c<3", &q), DVT_E_NOTFOUND,
                   "no metric 'c'");
    expect_failure(*state, dvt_frontier_where(*state, f, "a<3,a>4", &q), DVT_E_USAGE,
                   "no value of 'a'");
    expect_ok(*state, dvt_frontier_where(*state, f, "a<3,b>=0.5", &q));
    assert_int_equal(q.most[0], 29);
    assert_int_equal(q.least[1], 5);
    dvt_frontier_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_frontier__questions_have_the_answers_of_a_scan),
        FIXTURE_TEST(test_frontier__answers_are_the_best_of_all_pairs),
        FIXTURE_TEST(test_frontier__a_file_gives_back_everything),
        FIXTURE_TEST(test_frontier__damaged_files_are_refused),
        FIXTURE_TEST(test_frontier__limits_name_its_objectives_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
