/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_gp.c - Gaussian process: gradient, exact interpolation, outliers, the target's scale.
 */
#include "support/fixture.h"

#include "predict/gp_int.h"
#include "predict/target.h"

#include <math.h>

enum { N = 60, COLUMNS = 4 };

static const dvti_gp_part parts[] = {{0, 1}, {1, 3}};

static void draw(uint64_t seed, float *x, double *y)
{
    dvt_rng rng = dvt_rng_make(seed, 0);

    for (int i = 0; i < N; i++) {
        for (int c = 0; c < COLUMNS; c++) {
            x[i * COLUMNS + c] = (float)dvt_rng_normal(&rng);
        }
        y[i] = sin((double)x[i * COLUMNS]) + 0.3 * (double)x[i * COLUMNS + 2];
    }
}

static void test_gp__gradient_equals_differences(void **state)
{
    enum { SAMPLES = 12, GROUPS = 2, PARAMETERS = GROUPS + 3 };
    float             pair[SAMPLES * (SAMPLES + 1) / 2 * (GROUPS + 1)];
    double            k[SAMPLES * SAMPLES], alpha[SAMPLES], weight[SAMPLES], y[SAMPLES];
    int32_t           begin[] = {0, 1, 4};
    dvti_gp           gp = {.ctx = *state, .groups = GROUPS, .columns = COLUMNS};
    dvti_gp_fit_state s = {.gp = &gp,
                           .begin = begin,
                           .n = SAMPLES,
                           .y = y,
                           .pair = pair,
                           .k = k,
                           .alpha = alpha,
                           .weight = weight};
    dvt_rng           rng = dvt_rng_make(3, 0);
    double            theta[PARAMETERS] = {-0.3, 0.2, -0.1, -1, -2}, grad[PARAMETERS];
    double            other[PARAMETERS], up, down, nll;

    for (int i = 0; i < SAMPLES; i++) {
        y[i] = dvt_rng_normal(&rng);
        weight[i] = 0.5 + dvt_rng_f64(&rng);
        for (int j = 0; j <= i; j++) {
            float *p = pair + (i * (i + 1) / 2 + j) * (GROUPS + 1);
            p[0] = i == j ? 0 : (float)(i - j);
            p[1] = i == j ? 0 : 0.5F * (float)(i + j);
            p[2] = 0.1F * (float)(i == j) + 0.01F;
        }
    }
    assert_true(dvti_gp_likelihood(&s, theta, &nll, grad));
    for (int i = 0; i < PARAMETERS; i++) {
        const double at = theta[i], step = 1e-5;
        theta[i] = at + step;
        assert_true(dvti_gp_likelihood(&s, theta, &up, other));
        theta[i] = at - step;
        assert_true(dvti_gp_likelihood(&s, theta, &down, other));
        theta[i] = at;
        assert_true(fabs((up - down) / (2 * step) - grad[i]) < 1e-5 * (1 + fabs(grad[i])));
    }
}

static const dvti_gp_opts gaussian = {
    .steps = 60, .fit_max = N, .rate = 0.1, .prior = 0.01, .noise = 0.1};

static double worst_error(dvt_ctx *ctx, const dvti_gp *gp, uint64_t seed)
{
    float  x[N * COLUMNS];
    double y[N], got[N], worst = 0;
    void  *scratch = dvt_alloc(ctx, dvti_gp_scratch(gp));

    draw(seed, x, y);
    dvti_gp_run(gp, x, COLUMNS, N, scratch, got);
    for (int i = 0; i < N; i++) {
        worst = fmax(worst, fabs(got[i] - y[i]));
    }
    dvt_free(ctx, scratch);
    return worst;
}

static void test_gp__a_smooth_function_is_learned(void **state)
{
    float   x[N * COLUMNS];
    double  y[N];
    dvti_gp gp;

    draw(1, x, y);
    expect_ok(*state, dvti_gp_fit(*state, x, COLUMNS, y, N, parts, 2, &gaussian, NULL, &gp));
    assert_true(worst_error(*state, &gp, 1) < 0.05); /* the samples themselves */
    assert_true(worst_error(*state, &gp, 2) < 0.8);  /* others, the range is about 4 */
    dvti_gp_deinit(&gp);
}

/* Left-out predictions are those of a process that never saw the sample. */
static void test_gp__left_out_predictions_do_without_the_sample(void **state)
{
    float   x[N * COLUMNS], with[COLUMNS];
    double  y[N], left[N], got;
    dvti_gp gp, less;

    draw(4, x, y);
    dvti_gp_opts none = gaussian; /* one step: both keep the hyper-parameters of the start */
    none.steps = 1;
    expect_ok(*state, dvti_gp_fit(*state, x, COLUMNS, y, N, parts, 2, &none, left, &gp));
    memcpy(with, x + (N - 1) * COLUMNS, sizeof with);
    expect_ok(*state, dvti_gp_fit(*state, x, COLUMNS, y, N - 1, parts, 2, &none, NULL, &less));
    void *scratch = dvt_alloc(*state, dvti_gp_scratch(&less));
    dvti_gp_run(&less, with, COLUMNS, 1, scratch, &got);
    /* standardisation of columns and values moves a little without the sample */
    assert_true(fabs(got - left[N - 1]) < 0.05);
    dvt_free(*state, scratch);
    dvti_gp_deinit(&less);
    dvti_gp_deinit(&gp);
}

static void test_gp__students_noise_withstands_outliers(void **state)
{
    float        x[N * COLUMNS];
    double       y[N], plain, robust;
    dvti_gp      gp;
    dvti_gp_opts o = gaussian;

    draw(1, x, y);
    for (int i = 0; i < N; i += 10) {
        y[i] += 8;
    }
    expect_ok(*state, dvti_gp_fit(*state, x, COLUMNS, y, N, parts, 2, &o, NULL, &gp));
    plain = worst_error(*state, &gp, 2);
    dvti_gp_deinit(&gp);
    o.nu = 2;
    expect_ok(*state, dvti_gp_fit(*state, x, COLUMNS, y, N, parts, 2, &o, NULL, &gp));
    robust = worst_error(*state, &gp, 2);
    dvti_gp_deinit(&gp);
    assert_true(robust < plain);
}

static void test_gp__equal_samples_give_their_mean(void **state)
{
    float   x[N * COLUMNS] = {0};
    double  y[N], got;
    dvti_gp gp;

    for (int i = 0; i < N; i++) {
        y[i] = i % 2;
    }
    expect_ok(*state, dvti_gp_fit(*state, x, COLUMNS, y, N, parts, 2, &gaussian, NULL, &gp));
    void *scratch = dvt_alloc(*state, dvti_gp_scratch(&gp));
    dvti_gp_run(&gp, x, COLUMNS, 1, scratch, &got);
    assert_true(fabs(got - 0.5) < 1e-3);
    dvt_free(*state, scratch);
    dvti_gp_deinit(&gp);
}

/* ---- targets ------------------------------------------------------------------------------- */

static void test_target__ranks_become_normal_quantiles_and_come_back(void **state)
{
    const double y[] = {0.9, 0.1, 0.5, 0.7, 0.5};
    dvti_target  t;

    expect_ok(*state, dvti_target_init(*state, DVT_GOAL_RANK, y, 5, &t));
    assert_int_equal(t.count, 4);
    assert_true(fabs(dvti_target_to(&t, 0.9) - 1.2815515655) < 1e-7); /* quantile of 0.9 */
    assert_true(fabs(dvti_target_to(&t, 0.1) + 1.2815515655) < 1e-7);
    for (int i = 0; i < 5; i++) {
        assert_true(fabs(dvti_target_from(&t, dvti_target_to(&t, y[i])) - y[i]) < 1e-12);
    }
    assert_true(dvti_target_from(&t, 5) > 0.9); /* beyond the ends the order is kept */
    assert_true(dvti_target_from(&t, 6) > dvti_target_from(&t, 5));
    dvti_target_deinit(&t);
}

static void test_target__costs_are_positive(void **state)
{
    const double bad[] = {1, -1}, nan[] = {1, NAN};
    dvti_target  t;

    expect_failure(*state, dvti_target_init(*state, DVT_GOAL_COST, bad, 2, &t), DVT_E_NUMERIC,
                   "training value 1 is -1");
    expect_failure(*state, dvti_target_init(*state, DVT_GOAL_RANK, nan, 2, &t), DVT_E_NUMERIC,
                   "training value 1 is nan");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_gp__gradient_equals_differences),
        FIXTURE_TEST(test_gp__a_smooth_function_is_learned),
        FIXTURE_TEST(test_gp__left_out_predictions_do_without_the_sample),
        FIXTURE_TEST(test_gp__students_noise_withstands_outliers),
        FIXTURE_TEST(test_gp__equal_samples_give_their_mean),
        FIXTURE_TEST(test_target__ranks_become_normal_quantiles_and_come_back),
        FIXTURE_TEST(test_target__costs_are_positive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
