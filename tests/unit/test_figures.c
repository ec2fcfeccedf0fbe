/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_figures.c - rank correlations against their definitions, counted pair by pair; splits.
 */
#include "support/fixture.h"

#include "dovetail/predict.h"

#include <math.h>

enum { N = 200 };

/* tau-b by looking at every pair. */
static double tau_by_pairs(const double *x, const double *y, int n)
{
    double agree = 0, differ_x = 0, differ_y = 0;

    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            const double a = (x[i] > x[j]) - (x[i] < x[j]), b = (y[i] > y[j]) - (y[i] < y[j]);
            agree += a * b;
            differ_x += a * a;
            differ_y += b * b;
        }
    }
    return differ_x > 0 && differ_y > 0 ? agree / sqrt(differ_x * differ_y) : 0;
}

static void draw(uint64_t seed, uint64_t levels, double *x, double *y)
{
    dvt_rng rng = dvt_rng_make(seed, 0);

    for (int i = 0; i < N; i++) {
        x[i] = (double)dvt_rng_below(&rng, levels);
        y[i] = (double)dvt_rng_below(&rng, levels) + 0.5 * x[i];
    }
}

static void test_kendall__equals_counting_pairs_with_ties(void **state)
{
    double x[N], y[N], tau;

    for (uint64_t seed = 0; seed < 20; seed++) {
        draw(seed, seed % 2 ? 4 : 1000000, x, y);
        for (int n = 0; n <= N; n += 40) {
            expect_ok(*state, dvt_kendall(*state, x, y, n, &tau));
            assert_true(fabs(tau - tau_by_pairs(x, y, n)) < 1e-12);
        }
    }
}

static void test_kendall__order_and_its_reverse_are_the_ends(void **state)
{
    const double x[] = {1, 2, 3, 4}, up[] = {2, 3, 5, 9}, down[] = {4, 3, 2, 1},
                 flat[] = {7, 7, 7, 7};
    double tau;

    expect_ok(*state, dvt_kendall(*state, x, up, 4, &tau));
    assert_true(tau == 1);
    expect_ok(*state, dvt_kendall(*state, x, down, 4, &tau));
    assert_true(tau == -1);
    expect_ok(*state, dvt_kendall(*state, x, flat, 4, &tau));
    assert_true(tau == 0);
}

static void test_spearman__ties_share_their_mean_rank(void **state)
{
    const double x[] = {1, 2, 2, 4}, y[] = {10, 20, 30, 40};
    double       rho;

    expect_ok(*state, dvt_spearman(*state, x, y, 4, &rho));
    /* ranks 1 2.5 2.5 4 and 1 2 3 4: cov 4.5, variances 4.5 and 5 */
    assert_true(fabs(rho - 4.5 / sqrt(4.5 * 5)) < 1e-12);
}

static void test_figures__bounds_are_inclusive_and_relative_to_what_was_measured(void **state)
{
    const double predicted[] = {101, 105, 110, 112}, measured[] = {100, 100, 100, 100};
    dvt_figures  f;

    expect_ok(*state, dvt_figures_of(*state, predicted, measured, 4, &f));
    assert_true(f.within_1pct == 25 && f.within_5pct == 50 && f.within_10pct == 75);
    assert_int_equal(f.count, 4);
}

static void test_figures__what_is_not_finite_is_refused(void **state)
{
    const double good[] = {1, 2}, bad[] = {1, NAN};
    dvt_figures  f;

    expect_failure(*state, dvt_figures_of(*state, bad, good, 2, &f), DVT_E_NUMERIC,
                   "prediction 1 is not finite");
    expect_failure(*state, dvt_figures_of(*state, good, bad, 2, &f), DVT_E_NUMERIC,
                   "measured value 1 is not finite");
}

/* ---- splits -------------------------------------------------------------------------------- */

static void test_split__parts_are_disjoint_and_together_everything(void **state)
{
    for (uint64_t seed = 0; seed < 10; seed++) {
        dvt_split s;
        int       seen[N] = {0};
        expect_ok(*state, dvt_split_make(*state, N, 50, 20, seed, &s));
        assert_int_equal(s.count, N);
        for (int i = 0; i < N; i++) {
            seen[s.order[i]]++;
        }
        for (int i = 0; i < N; i++) {
            assert_int_equal(seen[i], 1);
        }
        dvt_split_deinit(*state, &s);
    }
}

static void test_split__a_larger_training_part_contains_the_smaller(void **state)
{
    dvt_split a, b;

    expect_ok(*state, dvt_split_make(*state, N, 20, 0, 3, &a));
    expect_ok(*state, dvt_split_make(*state, N, 60, 0, 3, &b));
    assert_memory_equal(a.order, b.order, 20 * sizeof *a.order);
    dvt_split_deinit(*state, &a);
    dvt_split_deinit(*state, &b);
}

static void test_split__something_must_be_left_to_test_on(void **state)
{
    dvt_split s;

    expect_failure(*state, dvt_split_make(*state, 10, 8, 2, 1, &s), DVT_E_USAGE, "cannot take 8");
    expect_failure(*state, dvt_split_make(*state, 10, 0, 2, 1, &s), DVT_E_USAGE, "cannot take 0");
    expect_failure(*state, dvt_split_make(*state, 10, INT64_MAX, INT64_MAX, 1, &s), DVT_E_USAGE,
                   "for validation of 10");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_kendall__equals_counting_pairs_with_ties),
        FIXTURE_TEST(test_kendall__order_and_its_reverse_are_the_ends),
        FIXTURE_TEST(test_spearman__ties_share_their_mean_rank),
        FIXTURE_TEST(test_figures__bounds_are_inclusive_and_relative_to_what_was_measured),
        FIXTURE_TEST(test_figures__what_is_not_finite_is_refused),
        FIXTURE_TEST(test_split__parts_are_disjoint_and_together_everything),
        FIXTURE_TEST(test_split__a_larger_training_part_contains_the_smaller),
        FIXTURE_TEST(test_split__something_must_be_left_to_test_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
