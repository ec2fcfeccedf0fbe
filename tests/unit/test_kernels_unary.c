/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernels_unary.c - element-wise functions of one operand: a value worked out for each
 * function, rounding and special values, fast against reference.
 */
#include "dovetail/kernels.h"
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct expectation {
    dvt_unary fn;
    float     alpha, beta, gamma, x, y;
} expectation;

/* At least one line a function; values from tables and closed forms. */
static const expectation expectations[] = {
    {DVT_UNARY_RELU, 0, 0, 0, -2, 0},
    {DVT_UNARY_RELU, 0, 0, 0, 3, 3},
    {DVT_UNARY_LEAKY_RELU, 0.25f, 0, 0, -2, -0.5f},
    {DVT_UNARY_LEAKY_RELU, 0.25f, 0, 0, 2, 2},
    {DVT_UNARY_CLIP, -1, 6, 0, 7, 6},
    {DVT_UNARY_CLIP, -1, 6, 0, -7, -1},
    {DVT_UNARY_ELU, 2, 0, 0, -1, -1.26424112f},
    {DVT_UNARY_SELU, 1.67326319f, 0, 1.05070102f, -1, -1.11133075f},
    {DVT_UNARY_CELU, 2, 0, 0, -1, -0.786938667f},
    {DVT_UNARY_THRESHOLDED_RELU, 2, 0, 0, 2, 0},
    {DVT_UNARY_THRESHOLDED_RELU, 2, 0, 0, 2.5f, 2.5f},
    {DVT_UNARY_SIGMOID, 0, 0, 0, 1, 0.731058598f},
    {DVT_UNARY_HARD_SIGMOID, 0.25f, 0.5f, 0, 1, 0.75f},
    {DVT_UNARY_HARD_SIGMOID, 0.25f, 0.5f, 0, 9, 1},
    {DVT_UNARY_HARD_SWISH, 0, 0, 0, 1.5f, 1.125f},
    {DVT_UNARY_HARD_SWISH, 0, 0, 0, -4, 0},
    {DVT_UNARY_TANH, 0, 0, 0, 0.5f, 0.462117165f},
    {DVT_UNARY_SOFTPLUS, 0, 0, 0, 1, 1.31326163f},
    {DVT_UNARY_SOFTPLUS, 0, 0, 0, 1000, 1000},
    {DVT_UNARY_SOFTSIGN, 0, 0, 0, -3, -0.75f},
    {DVT_UNARY_MISH, 0, 0, 0, 1, 0.865098417f},
    {DVT_UNARY_GELU, 0, 0, 0, 1, 0.841344774f},
    {DVT_UNARY_GELU, 1, 0, 0, 1, 0.841191995f},
    {DVT_UNARY_EXP, 0, 0, 0, 1, 2.71828175f},
    {DVT_UNARY_LOG, 0, 0, 0, 10, 2.30258512f},
    {DVT_UNARY_SQRT, 0, 0, 0, 2, 1.41421354f},
    {DVT_UNARY_ABS, 0, 0, 0, -2, 2},
    {DVT_UNARY_NEG, 0, 0, 0, 2, -2},
    {DVT_UNARY_RECIPROCAL, 0, 0, 0, -4, -0.25f},
    {DVT_UNARY_FLOOR, 0, 0, 0, -1.5f, -2},
    {DVT_UNARY_CEIL, 0, 0, 0, 1.25f, 2},
    {DVT_UNARY_ROUND, 0, 0, 0, 2.5f, 2},
    {DVT_UNARY_ROUND, 0, 0, 0, -1.5f, -2},
    {DVT_UNARY_SIGN, 0, 0, 0, -9, -1},
    {DVT_UNARY_SIGN, 0, 0, 0, 0, 0},
    {DVT_UNARY_ERF, 0, 0, 0, 1, 0.842700779f},
    {DVT_UNARY_SIN, 0, 0, 0, 1, 0.841470957f},
    {DVT_UNARY_COS, 0, 0, 0, 1, 0.540302277f},
    {DVT_UNARY_TAN, 0, 0, 0, 1, 1.55740774f},
    {DVT_UNARY_ASIN, 0, 0, 0, 0.5f, 0.52359879f},
    {DVT_UNARY_ACOS, 0, 0, 0, 0.5f, 1.04719758f},
    {DVT_UNARY_ATAN, 0, 0, 0, 1, 0.785398185f},
    {DVT_UNARY_SINH, 0, 0, 0, 1, 1.17520118f},
    {DVT_UNARY_COSH, 0, 0, 0, 1, 1.54308069f},
    {DVT_UNARY_ASINH, 0, 0, 0, 1, 0.881373584f},
    {DVT_UNARY_ACOSH, 0, 0, 0, 2, 1.31695795f},
    {DVT_UNARY_ATANH, 0, 0, 0, 0.5f, 0.549306154f},
    {DVT_UNARY_POWER, 3, 1, 2, 4, 729},
};

static void test_unary__every_function_has_its_value(void **state)
{
    (void)state;
    bool     seen[DVT_UNARY_COUNT] = {[DVT_UNARY_NOT] = true};
    dvt_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof expectations / sizeof expectations[0]; i++) {
        const expectation *e = &expectations[i];
        dvt_unary_params   p = {e->fn, e->alpha, e->beta, e->gamma};
        float              ref, fast;
        dvt_unary_ref(&p, DVT_DTYPE_F32, 1, &e->x, &ref);
        dvt_unary_f32_fast(ctx, &p, 1, &e->x, &fast);
        if (!(fabs((double)ref - (double)e->y) <= 1.3e-7 * fabs((double)e->y)))
            fail_msg("function %d of %g: got %.9g, want %.9g", e->fn, (double)e->x, (double)ref,
                     (double)e->y);
        test_same_f32(&fast, &ref, 1);
        seen[e->fn] = true;
    }
    for (int i = 0; i < DVT_UNARY_COUNT; i++)
        assert_true(seen[i]);
    dvt_ctx_destroy(ctx);
}

static void test_unary__fast_has_the_bits_of_the_reference(void **state)
{
    (void)state;
    enum { N = 40000 };
    dvt_ctx *ctx = test_ctx(2);
    dvt_rng  rng = dvt_rng_make(1, 0);
    float   *x = test_random_f32(ctx, &rng, N), *want = test_random_f32(ctx, &rng, N);
    float    special[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 1e-40f, -3e38f, 1};
    for (int i = 0; i < N; i++)
        x[i] = i < 8 ? special[i] : x[i] * 20;
    for (int fn = 0; fn < DVT_UNARY_COUNT; fn++) {
        dvt_unary_params p = {(dvt_unary)fn, 0.2f, 0.7f, 1.1f};
        float           *y;
        if (fn == DVT_UNARY_NOT)
            continue;
        y = test_random_f32(ctx, &rng, N);
        memcpy(y, x, N * sizeof *y); /* in place */
        dvt_unary_ref(&p, DVT_DTYPE_F32, N, x, want);
        dvt_unary_f32_fast(ctx, &p, N, y, y);
        for (int i = 0; i < N; i++)
            if (isnan(want[i]) && isnan(y[i]))
                y[i] = want[i];
        test_same_f32(y, want, N);
        dvt_free(ctx, y);
    }
    dvt_free(ctx, x);
    dvt_free(ctx, want);
    dvt_ctx_destroy(ctx);
}

static void test_unary__integers_and_truth(void **state)
{
    (void)state;
    const int8_t  x[] = {-128, -3, 0, 5}, abs[] = {-128, 3, 0, 5}, clip[] = {-1, -1, 0, 2};
    const int64_t wide[] = {INT64_MIN, -2, 7}, sign[] = {-1, -1, 1};
    const uint8_t truth[] = {0, 1, 2}, not[] = {1, 0, 0};
    int8_t        y[4];
    int64_t       z[3];
    uint8_t       b[3];
    dvt_unary_ref(&(dvt_unary_params){.fn = DVT_UNARY_ABS}, DVT_DTYPE_I8, 4, x, y);
    assert_memory_equal(y, abs, 4);
    dvt_unary_ref(&(dvt_unary_params){DVT_UNARY_CLIP, -1.5f, 2.5f, 0}, DVT_DTYPE_I8, 4, x, y);
    assert_memory_equal(y, clip, 4);
    dvt_unary_ref(&(dvt_unary_params){.fn = DVT_UNARY_SIGN}, DVT_DTYPE_I64, 3, wide, z);
    assert_memory_equal(z, sign, sizeof z);
    dvt_unary_ref(&(dvt_unary_params){.fn = DVT_UNARY_NOT}, DVT_DTYPE_BOOL, 3, truth, b);
    assert_memory_equal(b, not, 3);
}

static void test_unary__support_is_told(void **state)
{
    (void)state;
    assert_true(dvt_unary_supports(DVT_UNARY_EXP, DVT_DTYPE_F64));
    assert_false(dvt_unary_supports(DVT_UNARY_NOT, DVT_DTYPE_F32));
    assert_true(dvt_unary_supports(DVT_UNARY_NEG, DVT_DTYPE_I32));
    assert_false(dvt_unary_supports(DVT_UNARY_EXP, DVT_DTYPE_I32));
    assert_false(dvt_unary_supports(DVT_UNARY_NEG, DVT_DTYPE_U8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unary__every_function_has_its_value),
        cmocka_unit_test(test_unary__fast_has_the_bits_of_the_reference),
        cmocka_unit_test(test_unary__integers_and_truth),
        cmocka_unit_test(test_unary__support_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
