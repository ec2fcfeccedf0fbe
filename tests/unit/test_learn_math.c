/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_learn_math.c - exp, tanh and sigmoid against the C library over the whole range; what
 * dropout drops: rates, gaps, and its Philox lanes against the base's.
 */
#include "learn/dropout.h"
#include "learn/fast_math.h"
#include "support/fixture.h"

#include <math.h>

/* Distance in units of the last place of `want` (of the smallest normal number below it). */
static double ulps(float got, double want)
{
    double step = ldexp(1, (int)fmax(floor(log2(fabs(want))), -126) - 23);
    return fabs((double)got - want) / step;
}

static void test_learn_math__functions_are_within_their_bounds(void **state)
{
    double e = 0, s = 0, t = 0;
    (void)state;
    for (int64_t i = -2000000; i <= 2000000; i++) {
        float x = (float)i * 4.3e-5f; /* -86 .. 86 */
        e = fmax(e, ulps(dvti_exp(x), exp((double)x)));
        s = fmax(s, ulps(dvti_sigmoid(x), 1 / (1 + exp(-(double)x))));
        if (i != 0)
            t = fmax(t, ulps(dvti_tanh(x / 8), tanh((double)(x / 8))));
        assert_true(dvti_tanh(-x) == -dvti_tanh(x) && fabsf(dvti_tanh(x)) <= 1);
    }
    print_message("# largest errors in ulp: exp %.2f, sigmoid %.2f, tanh %.2f\n", e, s, t);
    assert_true(e <= 2 && s <= 3 && t <= 3);
}

static void test_learn_math__edges(void **state)
{
    (void)state;
    assert_true(dvti_exp(0) == 1 && dvti_tanh(0) == 0 && dvti_sigmoid(0) == 0.5f);
    assert_true(isinf(dvti_exp(100)) && isinf(dvti_exp(INFINITY)));
    assert_true(dvti_exp(-200) < 1e-44f && dvti_exp(-INFINITY) < 1e-44f);
    assert_true(dvti_tanh(INFINITY) == 1 && dvti_tanh(-INFINITY) == -1);
    assert_true(dvti_sigmoid(200) == 1 && dvti_sigmoid(-200) >= 0 && dvti_sigmoid(-200) < 1e-38f);
    assert_true(isnan(dvti_exp(NAN)) && isnan(dvti_tanh(NAN)) && isnan(dvti_sigmoid(NAN)));
    assert_true(fabs((double)dvti_exp(-90) - exp(-90)) <= 1e-44); /* below the normal numbers */
}

/* ---- dropout ------------------------------------------------------------------------------- */

enum { ROW = 10000, ROWS = 200 };

static void test_learn_math__dropout_drops_at_its_rate(void **state)
{
    const double p[] = {0.002, 0.05, 0.0625, 0.07, 0.5, 0.9};
    float        y[ROW];
    (void)state;
    for (int k = 0; k < 6; k++) {
        dvt_rng rng = dvt_rng_make(3, (uint64_t)k);
        int64_t dropped = 0, pairs = 0;
        for (int64_t r = 0; r < ROWS; r++) {
            for (int i = 0; i < ROW; i++)
                y[i] = 1;
            dvti_dropout_row(&rng, r, p[k], y, ROW);
            for (int i = 0; i < ROW; i++) {
                dropped += y[i] == 0;
                pairs += i > 0 && y[i] == 0 && y[i - 1] == 0;
            }
        }
        double n = (double)ROW * ROWS, sd = sqrt(p[k] * (1 - p[k]) / n);
        double pair_rate = p[k] * p[k], pair_sd = sqrt(3 * pair_rate / n);
        assert_true(fabs((double)dropped / n - p[k]) <= 5 * sd);
        assert_true(fabs((double)pairs / n - pair_rate) <= 5 * pair_sd); /* independent */
    }
}

static void test_learn_math__dropout_of_a_row_is_the_same_whoever_asks(void **state)
{
    const double p[] = {0.01, 0.4};
    (void)state;
    for (int k = 0; k < 2; k++) {
        dvt_rng rng = dvt_rng_make(8, 1);
        float   a[300], b[300], c[300];
        int     differs = 0;
        for (int i = 0; i < 300; i++)
            a[i] = b[i] = c[i] = 1;
        dvti_dropout_row(&rng, 7, p[k], a, 300);
        dvti_dropout_row(&rng, 8, p[k], c, 300);
        dvti_dropout_row(&rng, 7, p[k], b, 290);
        for (int i = 0; i < 290; i++) {
            assert_true(a[i] == b[i]);
            differs += a[i] != c[i];
        }
        assert_true(differs > 0);
    }
}

/* Element e of a group of 64 has word e / 16 of block e % 16. */
static void test_learn_math__lanes_are_philox(void **state)
{
    dvt_rng rng = dvt_rng_make(UINT64_C(0x123456789abcdef), UINT64_C(0xfedcba987654321));
    float   y[128];
    (void)state;
    for (int i = 0; i < 128; i++)
        y[i] = 1;
    dvti_dropout_row(&rng, 3, 0.5, y, 128);
    for (uint64_t e = 0; e < 128; e++) {
        dvt_rng one = rng;
        one.counter = (UINT64_C(3) << 32) + e / 64 * 64 + e % 16 * 4 + e % 64 / 16;
        assert_true((y[e] == 0) == (dvt_rng_u32(&one) < UINT32_C(0x80000000)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_learn_math__functions_are_within_their_bounds),
        FIXTURE_TEST(test_learn_math__edges),
        FIXTURE_TEST(test_learn_math__dropout_drops_at_its_rate),
        FIXTURE_TEST(test_learn_math__dropout_of_a_row_is_the_same_whoever_asks),
        FIXTURE_TEST(test_learn_math__lanes_are_philox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
