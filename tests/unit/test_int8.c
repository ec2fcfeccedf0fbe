/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_int8.c - symmetric 8-bit quantisation.
 */
#include "dovetail/tensor.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_int8__rounds_to_nearest_even_and_clamps(void **state)
{
    (void)state;
    const float x[] = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 126.5f, 127.5f, 1e30f, -128, -INFINITY, NAN};
    const int8_t want[] = {0, 2, 2, 0, -2, 126, 127, 127, -127, -127, 0};
    int8_t       q[11];
    dvt_int8_encode(x, 11, 1.0f, q);
    assert_memory_equal(q, want, sizeof want);
}

static void test_int8__scale_is_one_float_product(void **state)
{
    (void)state;
    for (int i = -2000; i <= 2000; i++) {
        float  x = (float)i * 0.0173f, inv = 7.3f;
        float  product = x * inv;
        double want = fmin(fmax(rint((double)product), -127), 127);
        int8_t q;
        dvt_int8_encode(&x, 1, inv, &q);
        assert_int_equal(q, (int)want);
    }
}

static void test_int8__all_codes_decode_and_come_back(void **state)
{
    (void)state;
    int8_t q[255], back[255];
    float  x[255];
    for (int i = 0; i < 255; i++)
        q[i] = (int8_t)(i - 127);
    dvt_int8_decode(q, 255, 0.125f, x);
    dvt_int8_encode(x, 255, 8.0f, back);
    assert_memory_equal(q, back, sizeof q);
    assert_true(x[0] == -15.875f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_int8__rounds_to_nearest_even_and_clamps),
        cmocka_unit_test(test_int8__scale_is_one_float_product),
        cmocka_unit_test(test_int8__all_codes_decode_and_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
