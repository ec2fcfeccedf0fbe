/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_function_table.c - largest error of each piecewise linear function, and its ends.
 *
 * The bounds are those of chords: step^2 / 8 times the largest second derivative.
 */
#include "dovetail/overlay.h"
#include "support/fixture.h"

#include <math.h>

static double lookup(const dvt_function_table *t, double x)
{
    double at = floor((x - (double)t->x0) * (double)t->inv_step);
    int    i = at < 0 ? 0 : at > DVT_TABLE_SEGMENTS - 1 ? DVT_TABLE_SEGMENTS - 1 : (int)at;

    return (double)t->b[i] * x + (double)t->a[i];
}

static double power(const dvt_function_table *t, double x)
{
    int    e;
    double f = 2.0 * frexp(x, &e);
    int    i = (int)floor((f - 1.0) * DVT_TABLE_SEGMENTS);

    return ((double)t->b[i] * f + (double)t->a[i]) * (double)t->e2[e - 1 + DVT_TABLE_EXP_BIAS];
}

static double worst(const dvt_function_table *t, double lo, double hi, double (*f)(double))
{
    double most = 0.0;

    for (int i = 0; i <= 100000; i++) {
        double x = lo + (hi - lo) * i / 100000.0;
        double error = fabs(lookup(t, x) - f(x));
        most = error > most ? error : most;
    }
    return most;
}

static double sigmoid(double x) { return 1.0 / (1.0 + exp(-x)); }
static double elu(double x) { return expm1(x); }

static void test_function_table__sigmoid_is_near(void **state)
{
    (void)state;
    dvt_function_table t;

    dvt_function_table_make(DVT_TABLE_SIGMOID, 0.0f, &t);
    /* (1/8)^2 / 8 * 0.0963 = 1.9e-4 */
    assert_true(worst(&t, -30.0, 30.0, sigmoid) < 2.0e-4);
    assert_true(lookup(&t, -100.0) < 2e-7 && lookup(&t, 100.0) > 1.0 - 2e-7);
}

static void test_function_table__tanh_is_near(void **state)
{
    (void)state;
    dvt_function_table t;

    dvt_function_table_make(DVT_TABLE_TANH, 0.0f, &t);
    /* (1/16)^2 / 8 * 0.77 = 3.8e-4 */
    assert_true(worst(&t, -20.0, 20.0, tanh) < 3.9e-4);
}

static void test_function_table__elu_is_near(void **state)
{
    (void)state;
    dvt_function_table t;

    dvt_function_table_make(DVT_TABLE_ELU, 1.0f, &t);
    /* (1/16)^2 / 8 * 1 = 4.9e-4 */
    assert_true(worst(&t, -40.0, 0.0, elu) < 5.0e-4);
}

static void test_function_table__power_is_near_over_all_exponents(void **state)
{
    static const float betas[] = {0.5f, 0.75f, 1.0f};

    (void)state;
    for (int k = 0; k < 3; k++) {
        dvt_function_table t;
        dvt_function_table_make(DVT_TABLE_POWER, -betas[k], &t);
        for (int i = -6000; i < 6000; i++) {
            double x = pow(2.0, i / 100.0), want = pow(x, -(double)betas[k]);
            /* relative: (1/256)^2 / 8 * 2, and the roundings */
            assert_true(fabs(power(&t, x) / want - 1.0) < 4.1e-6);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_function_table__sigmoid_is_near),
        cmocka_unit_test(test_function_table__tanh_is_near),
        cmocka_unit_test(test_function_table__elu_is_near),
        cmocka_unit_test(test_function_table__power_is_near_over_all_exponents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
