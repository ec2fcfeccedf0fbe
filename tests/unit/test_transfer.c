/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_transfer.c - a new device from ten samples and others; windows of skewed noise.
 */
#include "support/fixture.h"

#include "dovetail/predict.h"
#include "predict/noise_window.h"

#include <math.h>

enum { N = 500, DEVICES = 6, SAMPLES = 10 };

/* Logarithms of all devices, the new one included, lie in a plane of two directions. */
static void draw(double *source, double *target, int64_t *sample)
{
    dvt_rng rng = dvt_rng_make(8, 0);

    for (int i = 0; i < N; i++) {
        const double a = dvt_rng_normal(&rng), b = dvt_rng_normal(&rng);
        for (int d = 0; d < DEVICES; d++) {
            source[d * N + i] = exp(0.3 * a + 0.1 * (d - 2) * b + 0.01 * dvt_rng_normal(&rng));
        }
        target[i] = exp(1 + 0.4 * a - 0.2 * b);
        sample[i] = i;
    }
}

static void test_transfer__ten_samples_find_a_device_between_others(void **state)
{
    static double source[DEVICES * N], target[N], got[N];
    int64_t       sample[N];
    dvt_figures   f;

    draw(source, target, sample);
    expect_ok(*state, dvt_transfer(*state, source, DEVICES, N, sample, SAMPLES, target, got));
    expect_ok(*state, dvt_figures_of(*state, got, target, N, &f));
    assert_true(f.spearman > 0.98 && f.within_10pct > 80);
}

static void test_transfer__only_the_samples_are_read(void **state)
{
    static double source[DEVICES * N], target[N], got[2][N];
    int64_t       sample[N];

    draw(source, target, sample);
    expect_ok(*state, dvt_transfer(*state, source, DEVICES, N, sample, SAMPLES, target, got[0]));
    for (int i = SAMPLES; i < N; i++) {
        target[i] = NAN;
    }
    expect_ok(*state, dvt_transfer(*state, source, DEVICES, N, sample, SAMPLES, target, got[1]));
    assert_memory_equal(got[0], got[1], sizeof got[0]);
}

static void test_transfer__what_is_missing_is_said(void **state)
{
    static double source[DEVICES * N], target[N], got[N];
    int64_t       sample[N];

    draw(source, target, sample);
    expect_failure(*state, dvt_transfer(*state, source, 0, N, sample, SAMPLES, target, got),
                   DVT_E_USAGE, "transfer needs a known device");
    target[3] = -1;
    expect_failure(*state, dvt_transfer(*state, source, DEVICES, N, sample, SAMPLES, target, got),
                   DVT_E_NUMERIC, "training value 3 is -1");
    target[3] = 1;
    source[N + 7] = 0;
    expect_failure(*state, dvt_transfer(*state, source, DEVICES, N, sample, SAMPLES, target, got),
                   DVT_E_NUMERIC, "value 7 of known device 1 is 0");
}

/* Noise 0 for three of four values and +20 % for the others: the window must not sit between. */
static void test_window__covers_the_denser_side_of_a_skewed_noise(void **state)
{
    double      predicted[N], y[N];
    int         hits = 0, before = 0;
    dvti_window w;

    for (int i = 0; i < N; i++) {
        predicted[i] = 0.01 * i + 0.08; /* everywhere 8 % too high */
        y[i] = 0.01 * i + (i % 4 == 0 ? 0.25 : -0.03);
    }
    expect_ok(*state, dvti_window_fit(*state, predicted, y, N, &w));
    for (int i = 0; i < N; i++) {
        before += fabs(exp(predicted[i] - y[i]) - 1) <= 0.05;
        hits += fabs(exp(dvti_window_apply(&w, predicted[i]) - y[i]) - 1) <= 0.05;
    }
    assert_int_equal(before, 0);
    assert_int_equal(hits, 3 * N / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_transfer__ten_samples_find_a_device_between_others),
        FIXTURE_TEST(test_transfer__only_the_samples_are_read),
        FIXTURE_TEST(test_transfer__what_is_missing_is_said),
        FIXTURE_TEST(test_window__covers_the_denser_side_of_a_skewed_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
