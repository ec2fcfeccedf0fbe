/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nondominated.c - fronts equal those of comparing all points, over and over.
 */
#include "support/fixture.h"

#include "dovetail/indicators.h"

#include <math.h>

enum { MOST = 400 };

static bool dominates(const double *a, const double *b, int32_t m)
{
    bool better = false;

    for (int32_t k = 0; k < m; k++) {
        if (a[k] > b[k]) return false;
        better = better || a[k] < b[k];
    }
    return better;
}

/* Peels fronts off: those that none of the remaining ones dominates. */
static int32_t peel(const double *points, int64_t n, int32_t m, int32_t *front)
{
    int32_t fronts = 0;
    int64_t left = n;

    for (int64_t i = 0; i < n; i++) {
        front[i] = -1;
    }
    for (; left > 0; fronts++) {
        for (int64_t i = 0; i < n; i++) {
            bool free = front[i] < 0;
            for (int64_t j = 0; free && j < n; j++) {
                const bool there = front[j] < 0 || front[j] == fronts;
                free = !there || !dominates(points + j * m, points + i * m, m);
            }
            front[i] = free ? fronts : front[i];
            left -= free;
        }
    }
    return fronts;
}

static void test_nondominated__fronts_equal_peeling(void **state)
{
    dvt_rng rng = dvt_rng_make(21, 0);

    for (int round = 0; round < 60; round++) {
        const int32_t m = 1 + (int32_t)dvt_rng_below(&rng, 6);
        const int64_t n = 1 + (int64_t)dvt_rng_below(&rng, 150);
        const bool    ties = round % 2;
        double        points[MOST * 6];
        int32_t       want[MOST], got[MOST], fronts;
        for (int64_t i = 0; i < n * m; i++) {
            points[i] = ties ? (double)dvt_rng_below(&rng, 6) : dvt_rng_f64(&rng);
        }
        const int32_t count = peel(points, n, m, want);
        expect_ok(*state, dvt_pareto_sort(*state, points, n, m, got, &fronts));
        assert_int_equal(fronts, count);
        assert_memory_equal(got, want, (size_t)n * sizeof *got);
    }
}

static void test_nondominated__zeros_of_both_signs_are_equal(void **state)
{
    const double  points[] = {0, 1, -0., 1, 0, 0, 1, 0};
    const int32_t want[] = {1, 1, 0, 1};
    int32_t       front[4];

    expect_ok(*state, dvt_pareto_sort(*state, points, 4, 2, front, NULL));
    assert_memory_equal(front, want, sizeof want);
}

static void test_nondominated__bad_calls_are_refused(void **state)
{
    const double bad[] = {1, INFINITY};
    int32_t      front[2], fronts;

    expect_failure(*state, dvt_pareto_sort(*state, bad, 1, 2, front, &fronts), DVT_E_NUMERIC,
                   "not finite");
    expect_failure(*state, dvt_pareto_sort(*state, bad, 1, 0, front, &fronts), DVT_E_USAGE,
                   "0 objectives");
    expect_ok(*state, dvt_pareto_sort(*state, bad, 0, 2, front, &fronts));
    assert_int_equal(fronts, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_nondominated__fronts_equal_peeling),
        FIXTURE_TEST(test_nondominated__zeros_of_both_signs_are_equal),
        FIXTURE_TEST(test_nondominated__bad_calls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
