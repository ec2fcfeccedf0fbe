/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_indicators.c - measures of frontiers against closed forms and inclusion-exclusion.
 *
 * ZDT and DTLZ: tests/unit/test_zdt_dtlz.c; more than three objectives: test_hypervolume.c.
 */
#include "support/fixture.h"

#include "dovetail/indicators.h"

#include <math.h>

static double volume(dvt_ctx *ctx, const double *points, int64_t n, int32_t m, const double *ref)
{
    double v;
    expect_ok(ctx, dvt_pareto_hypervolume(ctx, points, n, m, ref, &v));
    return v;
}

static bool near(double a, double b, double most) { return fabs(a - b) <= most; }

static void test_indicators__small_sets_have_the_volume_worked_by_hand(void **state)
{
    const double flat[] = {1, 3, 2, 2, 3, 1, 3, 3, 2, 2, 5, 0, 4, 1}, flat_ref[] = {4, 4};
    const double solid[] = {0, 0, 1, 1, 1, 0, 1, 1, 1}, solid_ref[] = {2, 2, 2};

    assert_true(volume(*state, flat, 7, 2, flat_ref) == 6);
    assert_true(volume(*state, flat, 0, 2, flat_ref) == 0);
    assert_true(volume(*state, solid, 3, 3, solid_ref) == 5);
}

/* Volume of the union of boxes by inclusion and exclusion. */
static double inclusion_exclusion(const double *points, int n, const double *ref)
{
    double sum = 0;

    for (unsigned set = 1; set < 1u << n; set++) {
        double corner[3] = {0, 0, 0}, box = 1;
        int    size = 0;
        for (int i = 0; i < n; i++) {
            for (int k = 0; (set >> i & 1u) && k < 3; k++) {
                corner[k] = points[3 * i + k] > corner[k] ? points[3 * i + k] : corner[k];
            }
            size += (int)(set >> i & 1u);
        }
        for (int k = 0; k < 3; k++) {
            box *= ref[k] > corner[k] ? ref[k] - corner[k] : 0;
        }
        sum += size % 2 ? box : -box;
    }
    return sum;
}

static void test_indicators__random_sets_have_the_volume_of_the_union_of_their_boxes(void **state)
{
    const double ref[] = {6, 6, 6};
    dvt_rng      rng = dvt_rng_make(5, 0);
    double       points[3 * 10];

    for (int round = 0; round < 300; round++) {
        const int n = 1 + (int)dvt_rng_below(&rng, 10);
        for (int i = 0; i < 3 * n; i++) { /* whole numbers: many ties */
            points[i] = (double)dvt_rng_below(&rng, 8);
        }
        assert_true(volume(*state, points, n, 3, ref) == inclusion_exclusion(points, n, ref));
    }
}

static void test_indicators__distances_count_only_what_is_worse(void **state)
{
    const double front[] = {0, 1, .5, .5, 1, 0}, better[] = {0, 0},
                 worse[] = {1, 2, 1.5, 1.5, 2, 1};
    const double corner[] = {1, 1};
    double       v;

    expect_ok(*state, dvt_pareto_igd_plus(*state, front, 3, front, 3, 2, &v));
    assert_true(v == 0);
    expect_ok(*state, dvt_pareto_igd_plus(*state, better, 1, front, 3, 2, &v));
    assert_true(v == 0);
    expect_ok(*state, dvt_pareto_igd_plus(*state, corner, 1, front, 3, 2, &v));
    assert_true(near(v, (1 + sqrt(.5) + 1) / 3, 1e-15));
    expect_ok(*state, dvt_pareto_epsilon(*state, front, 3, front, 3, 2, &v));
    assert_true(v == 0);
    expect_ok(*state, dvt_pareto_epsilon(*state, worse, 3, front, 3, 2, &v));
    assert_true(v == 1);
    expect_ok(*state, dvt_pareto_epsilon(*state, better, 1, front, 3, 2, &v));
    assert_true(v == 0);
}

static void test_indicators__what_has_no_measure_is_refused(void **state)
{
    const double bad[] = {0, NAN}, ref[] = {1, 1, 1, 1};
    double       v;

    expect_failure(*state, dvt_pareto_hypervolume(*state, bad, 1, 2, ref, &v), DVT_E_NUMERIC,
                   "value 1 of the points");
    expect_failure(*state, dvt_pareto_hypervolume(*state, ref, 0, 11, ref, &v), DVT_E_USAGE,
                   "not 11");
    expect_failure(*state, dvt_pareto_igd_plus(*state, ref, 0, ref, 1, 2, &v), DVT_E_USAGE,
                   "without points");
    expect_failure(*state, dvt_pareto_epsilon(*state, bad, 1, ref, 1, 2, &v), DVT_E_NUMERIC,
                   "not finite");
}

/* ---- attainment ---------------------------------------------------------------------------- */

/* Three runs: (1,4) (3,1); (2,2); (2,3) (4,0). By hand, level 2: at x=2 two runs are at 2 and 3. */
static const double  runs_points[] = {1, 4, 3, 1, 2, 2, 2, 3, 4, 0};
static const int64_t runs_count[] = {2, 1, 2};

static void check_surface(dvt_ctx *ctx, int32_t level, const double *want, int64_t count)
{
    double *got;
    int64_t n;

    expect_ok(ctx, dvt_pareto_attainment(ctx, runs_points, runs_count, 3, level, &got, &n));
    assert_int_equal(n, count);
    for (int64_t i = 0; i < 2 * n; i++) {
        assert_true(got[i] == want[i]);
    }
    dvt_free(ctx, got);
}

static void test_attainment__surfaces_are_those_worked_by_hand(void **state)
{
    const double best[] = {1, 4, 2, 2, 3, 1, 4, 0}, median[] = {2, 3, 3, 2, 4, 1},
                 all[] = {2, 4, 3, 3, 4, 2};

    check_surface(*state, 1, best, 4);
    check_surface(*state, 2, median, 3);
    check_surface(*state, 3, all, 3);
}

static void test_attainment__surfaces_agree_with_the_share_of_runs(void **state)
{
    enum { RUNS = 7, MOST = 12 };
    dvt_rng rng = dvt_rng_make(3, 0);
    double  points[RUNS * MOST * 2];
    int64_t count[RUNS], total = 0;

    for (int r = 0; r < RUNS; r++) {
        count[r] = 1 + (int64_t)dvt_rng_below(&rng, MOST);
        for (int64_t i = 0; i < 2 * count[r]; i++) {
            points[2 * total + i] = (double)dvt_rng_below(&rng, 10);
        }
        total += count[r];
    }
    for (int32_t level = 1; level <= RUNS; level++) {
        double *surface;
        int64_t n;
        expect_ok(*state, dvt_pareto_attainment(*state, points, count, RUNS, level, &surface, &n));
        for (int i = 0; i < 100; i++) { /* above the surface if and only if so many attain it */
            const double p[] = {i % 10, i / 10};
            double       share;
            bool         above = false;
            for (int64_t k = 0; k < n; k++) {
                above = above || (surface[2 * k] <= p[0] && surface[2 * k + 1] <= p[1]);
            }
            expect_ok(*state, dvt_pareto_attained(*state, points, count, RUNS, 2, p, &share));
            assert_int_equal(above, share * RUNS > level - 0.5);
        }
        dvt_free(*state, surface);
    }
}

static void test_attainment__what_has_none_is_refused(void **state)
{
    double *surface, share;
    int64_t n;

    expect_failure(*state,
                   dvt_pareto_attainment(*state, runs_points, runs_count, 3, 4, &surface, &n),
                   DVT_E_USAGE, "level 4 is not in 1..3");
    expect_failure(*state,
                   dvt_pareto_attainment(*state, runs_points, runs_count, 0, 1, &surface, &n),
                   DVT_E_USAGE, "without runs");
    expect_failure(
        *state,
        dvt_pareto_attained(*state, runs_points, (const int64_t[]){-1}, 1, 2, runs_points, &share),
        DVT_E_USAGE, "run 0 has -1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_indicators__small_sets_have_the_volume_worked_by_hand),
        FIXTURE_TEST(test_indicators__random_sets_have_the_volume_of_the_union_of_their_boxes),
        FIXTURE_TEST(test_indicators__distances_count_only_what_is_worse),
        FIXTURE_TEST(test_indicators__what_has_no_measure_is_refused),
        FIXTURE_TEST(test_attainment__surfaces_are_those_worked_by_hand),
        FIXTURE_TEST(test_attainment__surfaces_agree_with_the_share_of_runs),
        FIXTURE_TEST(test_attainment__what_has_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
