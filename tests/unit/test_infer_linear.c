/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_infer_linear.c - literal shapes of dense, matmul and gemm.
 */
#include "support/infer_case.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_infer_linear__dense_flattens_from_axis(void **state)
{
    (void)state;
    infer_gives("x: f32[2,256,6,6]; w: f32[4096,9216]; b: f32[4096]", "dense(x, w, b)",
                "f32[2,4096]");
    infer_gives("x: f32[2,3,4]; w: f32[5,4]", "dense(x, w, axis=2)", "f32[2,3,5]");
    infer_gives("x: f32[2,3]; w: f32[5,6]", "dense(x, w, axis=0)", "f32[5]");
    infer_fails("x: f32[2,3]; w: f32[5,4]", "dense(x, w)", DVT_E_SHAPE,
                "weight [5,4] does not fit input [2,3] flattened from axis 1");
    infer_fails("x: f32[2,3]; w: f32[5,3]", "dense(x, w, axis=3)", DVT_E_SHAPE, "axis 3");
}

static void test_infer_linear__matmul_broadcasts_like_numpy(void **state)
{
    (void)state;
    infer_gives("a: f32[2,3]; b: f32[3,4]", "matmul(a, b)", "f32[2,4]");
    infer_gives("a: f32[3]; b: f32[3]", "matmul(a, b)", "f32[]");
    infer_gives("a: f32[3]; b: f32[3,4]", "matmul(a, b)", "f32[4]");
    infer_gives("a: f32[5,1,2,3]; b: f32[7,3,4]", "matmul(a, b)", "f32[5,7,2,4]");
    infer_gives("a: f32[2,2,3]; b: f32[3]", "matmul(a, b)", "f32[2,2]");
    infer_fails("a: f32[2,3]; b: f32[4,3]", "matmul(a, b)", DVT_E_SHAPE, "cannot be multiplied");
    infer_fails("a: f32[]; b: f32[3]", "matmul(a, b)", DVT_E_SHAPE, "cannot be multiplied");
    infer_fails("a: f32[2,3]; b: f64[3,4]", "matmul(a, b)", DVT_E_SHAPE, "input 1 is f64");
}

static void test_infer_linear__gemm_transposes_and_broadcasts_c(void **state)
{
    (void)state;
    infer_gives("a: f32[3,2]; b: f32[4,3]; c: f32[1,4]",
                "gemm(a, b, c, trans_a=true, trans_b=true)", "f32[2,4]");
    infer_gives("a: f32[2,3]; b: f32[3,4]; c: f32[]", "gemm(a, b, c)", "f32[2,4]");
    infer_fails("a: f32[2,3]; b: f32[3,4]; c: f32[2]", "gemm(a, b, c)", DVT_E_SHAPE,
                "c [2] does not broadcast to [2,4]");
    infer_fails("a: f32[2,3]; b: f32[3,4]; c: f32[1,2,4]", "gemm(a, b, c)", DVT_E_SHAPE,
                "does not broadcast");
    infer_fails("a: f32[2,3]; b: f32[3,4]", "gemm(a, b, trans_a=true)", DVT_E_SHAPE,
                "[2,3] transposed and [3,4]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_infer_linear__dense_flattens_from_axis),
        cmocka_unit_test(test_infer_linear__matmul_broadcasts_like_numpy),
        cmocka_unit_test(test_infer_linear__gemm_transposes_and_broadcasts_c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
