/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pareto_measure.c - measures of frontiers against closed forms and inclusion-exclusion.
 *
 * ZDT1 and ZDT2 have the fronts y = 1 - sqrt(x) and y = 1 - x^2: hypervolumes 2/3 and 1/3 below
 * (1, 1). DTLZ1 with three objectives has the plane x + y + z = 1/2, DTLZ2 the octant of the unit
 * sphere: 1/8 - 1/48 below (1/2, 1/2, 1/2) and 1 - pi/6 below (1, 1, 1). Finite sets stay below.
 */
#include "support/fixture.h"

#include "dovetail/pareto.h"

#include <math.h>

static double volume(dvt_ctx *ctx, const double *points, int64_t n, int32_t m, const double *ref)
{
    double v;
    expect_ok(ctx, dvt_pareto_hypervolume(ctx, points, n, m, ref, &v));
    return v;
}

static bool near(double a, double b, double most) { return fabs(a - b) <= most; }

static void test_measure__small_sets_have_the_volume_worked_by_hand(void **state)
{
    const double flat[] = {1, 3, 2, 2, 3, 1, 3, 3, 2, 2, 5, 0, 4, 1}, flat_ref[] = {4, 4};
    const double solid[] = {0, 0, 1, 1, 1, 0, 1, 1, 1}, solid_ref[] = {2, 2, 2};

    assert_true(volume(*state, flat, 7, 2, flat_ref) == 6);
    assert_true(volume(*state, flat, 0, 2, flat_ref) == 0);
    assert_true(volume(*state, solid, 3, 3, solid_ref) == 5);
}

static void test_measure__zdt_fronts_have_their_closed_forms(void **state)
{
    enum { N = 20000 };
    static double one[2 * N], two[2 * N];
    const double  ref[] = {1, 1};
    double        riemann = 0;

    for (int i = 0; i < N; i++) {
        const double x = (double)i / N;
        one[2 * i] = two[2 * i] = x;
        one[2 * i + 1] = 1 - sqrt(x);
        two[2 * i + 1] = 1 - x * x;
        riemann += sqrt(x) / N;
    }
    assert_true(near(volume(*state, one, N, 2, ref), riemann, 1e-10));
    assert_true(near(volume(*state, one, N, 2, ref), 2.0 / 3, 1.0 / N));
    assert_true(near(volume(*state, two, N, 2, ref), 1.0 / 3, 1.0 / N));
}

/* All (i, j, k) with i + j + k = n: a grid cell is covered if its indices add up to n or more. */
static void test_measure__dtlz1_on_a_lattice_has_the_volume_that_counting_gives(void **state)
{
    enum { N = 40, POINTS = (N + 1) * (N + 2) / 2 };
    static double points[3 * POINTS];
    const double  ref[] = {.5, .5, .5};
    int           count = 0;

    for (int i = 0; i <= N; i++) {
        for (int j = 0; i + j <= N; j++, count++) {
            points[3 * count] = .5 * i / N;
            points[3 * count + 1] = .5 * j / N;
            points[3 * count + 2] = .5 * (N - i - j) / N;
        }
    }
    const double bare = (double)N * (N + 1) * (N + 2) / 6 / ((double)N * N * N);
    assert_true(near(volume(*state, points, count, 3, ref), .125 * (1 - bare), 1e-12));
    assert_true(near(.125 * (1 - bare), 1. / 8 - 1. / 48, .125 * 3 / N));
}

static void test_measure__dtlz2_comes_near_the_octant_from_below(void **state)
{
    enum { N = 90, POINTS = (N + 1) * (N + 2) / 2 };
    static double points[3 * POINTS];
    const double  ref[] = {1, 1, 1}, exact = 1 - acos(-1) / 6;
    int           count = 0;

    for (int i = 0; i <= N; i++) {
        for (int j = 0; i + j <= N; j++, count++) {
            const int    k = N - i - j;
            const double length = sqrt((double)(i * i + j * j + k * k));
            points[3 * count] = i / length;
            points[3 * count + 1] = j / length;
            points[3 * count + 2] = k / length;
        }
    }
    const double v = volume(*state, points, count, 3, ref);
    assert_true(v < exact && v > exact - 0.03);
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

static void test_measure__random_sets_have_the_volume_of_the_union_of_their_boxes(void **state)
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

static void test_measure__distances_count_only_what_is_worse(void **state)
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

static void test_measure__what_has_no_measure_is_refused(void **state)
{
    const double bad[] = {0, NAN}, ref[] = {1, 1, 1, 1};
    double       v;

    expect_failure(*state, dvt_pareto_hypervolume(*state, bad, 1, 2, ref, &v), DVT_E_NUMERIC,
                   "value 1 of the points");
    expect_failure(*state, dvt_pareto_hypervolume(*state, ref, 1, 4, ref, &v), DVT_E_USAGE,
                   "not 4");
    expect_failure(*state, dvt_pareto_igd_plus(*state, ref, 0, ref, 1, 2, &v), DVT_E_USAGE,
                   "without points");
    expect_failure(*state, dvt_pareto_epsilon(*state, bad, 1, ref, 1, 2, &v), DVT_E_NUMERIC,
                   "not finite");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_measure__small_sets_have_the_volume_worked_by_hand),
        FIXTURE_TEST(test_measure__zdt_fronts_have_their_closed_forms),
        FIXTURE_TEST(test_measure__dtlz1_on_a_lattice_has_the_volume_that_counting_gives),
        FIXTURE_TEST(test_measure__dtlz2_comes_near_the_octant_from_below),
        FIXTURE_TEST(test_measure__random_sets_have_the_volume_of_the_union_of_their_boxes),
        FIXTURE_TEST(test_measure__distances_count_only_what_is_worse),
        FIXTURE_TEST(test_measure__what_has_no_measure_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
