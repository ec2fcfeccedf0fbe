/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_zdt_dtlz.c - measures against the closed forms of ZDT1-4, 6 and DTLZ1-4.
 *
 * Zitzler, Deb and Thiele, "Comparison of multiobjective evolutionary algorithms: empirical
 * results", 2000; Deb, Thiele, Laumanns and Zitzler, "Scalable test problems for evolutionary
 * multiobjective optimization", 2005. The problems are evaluated, not their fronts: at optimal
 * variables the objectives must satisfy the front's equation, and any others are dominated.
 *
 * Hypervolume of the fronts below (1, 1): ZDT1 and ZDT4 2/3, ZDT2 1/3, ZDT6 (1 - a^3)/3 where the
 * front begins at a = 0.2807753191; ZDT3 by integrals between the ends of its five parts. DTLZ1 of
 * M objectives below (1/2, ..): (1/2)^M (1 - 1/M!); DTLZ2-4 below (1, ..): 1 less the part of the
 * unit ball with positive coordinates. A finite set of the front stays below, and comes near.
 */
#include "support/fixture.h"

#include "dovetail/indicators.h"

#include <math.h>

enum { VARIABLES = 30, MOST = 20000 };
static const double pi = 3.14159265358979323846;

/* ---- ZDT ----------------------------------------------------------------------------------- */

static double zdt_g(int problem, const double *x, int n)
{
    double sum = 0;

    for (int i = 1; i < n; i++) {
        sum += problem == 4 ? x[i] * x[i] - 10 * cos(4 * pi * x[i]) : x[i];
    }
    switch (problem) {
    case 4: return 1 + 10.0 * (n - 1) + sum;
    case 6: return 1 + 9 * pow(sum / (n - 1), 0.25);
    default: return 1 + 9 * sum / (n - 1);
    }
}

static void zdt(int problem, const double *x, int n, double *f)
{
    const double g = zdt_g(problem, x, n);

    f[0] = problem == 6 ? 1 - exp(-4 * x[0]) * pow(sin(6 * pi * x[0]), 6) : x[0];
    switch (problem) {
    case 1:
    case 4: f[1] = g * (1 - sqrt(f[0] / g)); break;
    case 3: f[1] = g * (1 - sqrt(f[0] / g) - f[0] / g * sin(10 * pi * f[0])); break;
    default: f[1] = g * (1 - f[0] / g * (f[0] / g)); break;
    }
}

/* Optimal points: x0 from 0 to 1, the other variables 0. */
static void zdt_front(int problem, int count, double *out)
{
    double x[VARIABLES] = {0};

    for (int i = 0; i < count; i++) {
        x[0] = (double)i / (count - 1);
        zdt(problem, x, problem >= 4 ? 10 : VARIABLES, out + 2 * i);
    }
}

static double volume(dvt_ctx *ctx, const double *points, int64_t n, int32_t m, const double *ref)
{
    double v;
    expect_ok(ctx, dvt_pareto_hypervolume(ctx, points, n, m, ref, &v));
    return v;
}

static void check_zdt(dvt_ctx *ctx, int problem, double exact)
{
    static double points[2 * MOST];
    const double  ref[] = {1, 1};

    zdt_front(problem, MOST, points);
    const double v = volume(ctx, points, MOST, 2, ref);
    assert_true(v < exact + 1e-12 && v > exact - 6.0 / MOST);
}

static void test_zdt__fronts_have_the_volumes_of_their_closed_forms(void **state)
{
    const double a = 0.2807753191;

    check_zdt(*state, 1, 2.0 / 3);
    check_zdt(*state, 2, 1.0 / 3);
    check_zdt(*state, 4, 2.0 / 3);
    check_zdt(*state, 6, (1 - a * a * a) / 3);
}

/* Integral of 1 - f2 along x. */
static double zdt3_part(double x)
{
    const double w = 10 * pi;
    return 2.0 / 3 * pow(x, 1.5) - x * cos(w * x) / w + sin(w * x) / (w * w);
}

static void test_zdt__the_parts_of_zdt3_have_the_volume_of_their_integrals(void **state)
{
    static const double part[][2] = {{0, 0.0830015349},
                                     {0.1822287280, 0.2577623634},
                                     {0.4093136748, 0.4538821041},
                                     {0.6183967944, 0.6525117038},
                                     {0.8233317983, 0.8518328654}};
    double              exact = 0;

    for (size_t i = 0; i < 5; i++) { /* a part, then flat to where the next one begins */
        double x[VARIABLES] = {part[i][1]}, f[2];
        zdt(3, x, VARIABLES, f);
        exact += zdt3_part(part[i][1]) - zdt3_part(part[i][0]) +
                 ((i < 4 ? part[i + 1][0] : 1) - part[i][1]) * (1 - f[1]);
    }
    check_zdt(*state, 3, exact);
}

/* Of ZDT3's curve just the five parts are not dominated. */
static void test_zdt__sorting_finds_the_parts_of_zdt3(void **state)
{
    static double  points[2 * MOST];
    static int32_t front[MOST];
    int            begins = 0;

    zdt_front(3, MOST, points);
    expect_ok(*state, dvt_pareto_sort(*state, points, MOST, 2, front, NULL));
    for (int i = 0; i < MOST; i++) {
        begins += front[i] == 0 && (i == 0 || front[i - 1] != 0);
    }
    assert_int_equal(begins, 5);
}

static void test_zdt__random_points_are_behind_the_front(void **state)
{
    static const int problems[] = {1, 2, 3, 4, 6};
    dvt_rng          rng = dvt_rng_make(4, 0);

    for (size_t i = 0; i < 5; i++) {
        enum { N = 2000 };
        static double points[2 * N], own[2 * 50];
        double        distance, ahead;
        zdt_front(problems[i], N, points);
        for (int k = 0; k < 50; k++) {
            double x[VARIABLES];
            for (int v = 0; v < VARIABLES; v++) {
                x[v] = dvt_rng_f64(&rng);
            }
            zdt(problems[i], x, problems[i] >= 4 ? 10 : VARIABLES, own + 2 * k);
        }
        expect_ok(*state, dvt_pareto_igd_plus(*state, own, 50, points, N, 2, &distance));
        expect_ok(*state, dvt_pareto_epsilon(*state, points, N, own, 50, 2, &ahead));
        assert_true(distance > 0.1);
        assert_true(ahead < 0.003); /* but for the gaps of the sample the front dominates them */
    }
}

/* ---- DTLZ ---------------------------------------------------------------------------------- */

/* position: (m - 1) in 0..1; all distance variables at their optimum, or `off` away from it. */
static void dtlz(int problem, int32_t m, const double *position, double off, double *f)
{
    const double shape = problem == 4 ? 100 : 1;
    double       g = 0;

    for (int i = 0; i < 10; i++) {
        g += problem == 1 || problem == 3 ? 100 * (1 + off * off - cos(20 * pi * off)) : off * off;
    }
    for (int32_t k = 0; k < m; k++) {
        f[k] = problem == 1 ? 0.5 * (1 + g) : 1 + g;
        for (int32_t i = 0; i < m - 1 - k; i++) {
            f[k] *= problem == 1 ? position[i] : cos(pow(position[i], shape) * pi / 2);
        }
        if (k > 0) {
            const double last = position[m - 1 - k];
            f[k] *= problem == 1 ? 1 - last : sin(pow(last, shape) * pi / 2);
        }
    }
}

static double front_of(int problem, const double *f, int32_t m)
{
    double sum = 0;

    for (int32_t k = 0; k < m; k++) {
        sum += problem == 1 ? f[k] : f[k] * f[k];
    }
    return sum;
}

static void test_dtlz__optimal_variables_lie_on_the_front_and_others_behind(void **state)
{
    dvt_rng rng = dvt_rng_make(6, 0);

    (void)state;
    for (int round = 0; round < 400; round++) {
        const int     problem = 1 + round % 4;
        const int32_t m = 2 + round % 5;
        double        position[6], f[6];
        for (int i = 0; i < 6; i++) {
            position[i] = dvt_rng_f64(&rng);
        }
        dtlz(problem, m, position, 0, f);
        assert_true(fabs(front_of(problem, f, m) - (problem == 1 ? 0.5 : 1)) < 1e-12);
        dtlz(problem, m, position, 0.37, f);
        assert_true(front_of(problem, f, m) > (problem == 1 ? 0.5 : 1) + 0.1);
    }
}

/* A grid of position variables that the shape of the problem spreads over the front. */
static int64_t dtlz_front(int problem, int32_t m, int side, double *out)
{
    int64_t count = 1;

    for (int32_t k = 1; k < m; k++) {
        count *= side;
    }
    for (int64_t i = 0; i < count; i++) {
        double position[6];
        for (int64_t k = 0, rest = i; k < m - 1; k++, rest /= side) {
            const double u = ((double)(rest % side) + 0.5) / side;
            position[k] = problem == 1   ? pow(u, 1.0 / (double)(m - 1 - k))
                          : problem == 4 ? pow(u, 0.01)
                                         : u;
        }
        dtlz(problem, m, position, 0, out + i * m);
    }
    return count;
}

static double ball_part(int32_t m) { return pow(pi, m / 2.0) / tgamma(m / 2.0 + 1) / pow(2, m); }

static void test_dtlz__fronts_come_near_the_volumes_of_their_closed_forms(void **state)
{
    static const struct shape {
        int32_t m;
        int     side;
        double  most; /* that is missing, of the whole box */
    } shapes[] = {{2, 1000, 0.003}, {3, 60, 0.03}, {4, 9, 0.2}, {5, 5, 0.45}};

    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (int problem = 1; problem <= 4; problem++) {
            static double points[MOST];
            const int32_t m = shapes[i].m;
            const double  edge = problem == 1 ? 0.5 : 1, box = pow(edge, m);
            const double  exact = problem == 1 ? box * (1 - 1 / tgamma(m + 1)) : 1 - ball_part(m);
            const double  ref[] = {edge, edge, edge, edge, edge};
            const int64_t n = dtlz_front(problem, m, shapes[i].side, points);
            const double  v = volume(*state, points, n, m, ref);
            assert_true(v < exact && v > exact - shapes[i].most * box);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_zdt__fronts_have_the_volumes_of_their_closed_forms),
        FIXTURE_TEST(test_zdt__the_parts_of_zdt3_have_the_volume_of_their_integrals),
        FIXTURE_TEST(test_zdt__sorting_finds_the_parts_of_zdt3),
        FIXTURE_TEST(test_zdt__random_points_are_behind_the_front),
        FIXTURE_TEST(test_dtlz__optimal_variables_lie_on_the_front_and_others_behind),
        FIXTURE_TEST(test_dtlz__fronts_come_near_the_volumes_of_their_closed_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
