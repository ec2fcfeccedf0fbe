/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_infer_elementwise.c - literal shapes and types of element-wise operators, normalisations and
 * reductions.
 */
#include "support/infer_case.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_infer_elementwise__binary_broadcasts_like_numpy(void **state)
{
    (void)state;
    infer_gives("a: f32[8,1,6,1]; b: f32[7,1,5]", "binary(a, b, fn2=add)", "f32[8,7,6,5]");
    infer_gives("a: i64[]; b: i64[2,0]", "binary(a, b, fn2=mul)", "i64[2,0]");
    infer_gives("a: f32[2]; b: f32[2]", "binary(a, b, fn2=less)", "bool[2]");
    infer_gives("a: bool[2]; b: bool[1]", "binary(a, b, fn2=equal)", "bool[2]");
    infer_gives("a: bool[2]; b: bool[1]", "binary(a, b, fn2=xor)", "bool[2]");
    infer_fails("a: f32[2]; b: f32[3]", "binary(a, b)", DVT_E_SHAPE,
                "shapes [2] and [3] do not broadcast");
    infer_fails("a: f32[2]; b: i32[2]", "binary(a, b)", DVT_E_SHAPE, "input 1 is i32");
    infer_fails("a: f32[2]; b: f32[2]", "binary(a, b, fn2=and)", DVT_E_SHAPE, "bool is needed");
    infer_fails("a: bool[2]; b: bool[2]", "binary(a, b, fn2=add)", DVT_E_SHAPE, "number is needed");
}

static void test_infer_elementwise__unary_types(void **state)
{
    (void)state;
    infer_gives("x: f16[2,3]", "unary(x, fn=tanh)", "f16[2,3]");
    infer_gives("x: i8[2]", "unary(x, fn=abs)", "i8[2]");
    infer_gives("x: bool[2]", "unary(x, fn=not)", "bool[2]");
    infer_fails("x: i32[2]", "unary(x, fn=exp)", DVT_E_SHAPE, "floating-point");
    infer_fails("x: f32[2]", "unary(x, fn=not)", DVT_E_SHAPE, "bool is needed");
    infer_fails("x: f32[2]", "unary()", DVT_E_SHAPE, "has 0 inputs, needs 1");
    infer_fails("x: f32[2]", "unary(none)", DVT_E_SHAPE, "input 0 is absent");
}

static void test_infer_elementwise__nary_where_cast_prelu(void **state)
{
    (void)state;
    infer_gives("a: f32[2,1]; b: f32[3]; c: f32[]", "nary(a, b, c, fnn=max)", "f32[2,3]");
    infer_fails("x: f32[2]", "nary()", DVT_E_SHAPE, "needs at least 1");
    infer_gives("c: bool[2,1]; a: i32[3]; b: i32[]", "where(c, a, b)", "i32[2,3]");
    infer_fails("c: f32[2]; a: f32[2]; b: f32[2]", "where(c, a, b)", DVT_E_SHAPE,
                "condition is f32");
    infer_gives("x: f32[2,3]", "cast(x, dtype=u8)", "u8[2,3]");
    infer_gives("x: f32[1,4,5,5]; s: f32[4,1,1]", "prelu(x, s)", "f32[1,4,5,5]");
    infer_fails("x: f32[1,4,5,5]; s: f32[4]", "prelu(x, s)", DVT_E_SHAPE,
                "slope [4] does not broadcast to [1,4,5,5]");
}

static void test_infer_elementwise__normalisation_parameters(void **state)
{
    (void)state;
    infer_gives("x: f32[2,3,4,4]; s: f32[3]", "batch_norm(x, s, s, s, s)", "f32[2,3,4,4]");
    infer_fails("x: f32[2,3,4,4]; s: f32[4]", "batch_norm(x, s, s, s, s)", DVT_E_SHAPE,
                "one entry for each of 3 channels");
    infer_gives("x: f32[2,3,4]; s: f32[3]", "instance_norm(x, s, s)", "f32[2,3,4]");
    infer_gives("x: f32[2,3,4,5]; s: f32[3,4]", "scale(x, s, s)", "f32[2,3,4,5]");
    infer_gives("x: f32[2,3,4,5]; s: f32[]", "scale(x, s, axis=4)", "f32[2,3,4,5]");
    infer_fails("x: f32[2,3,4,5]; s: f32[4]", "scale(x, s)", DVT_E_SHAPE,
                "input 1 is [4], which is not [2,3,4,5] from axis 1 on");
    infer_gives("x: f32[2,3]; b: f32[2,3]", "bias(x, b, axis=0)", "f32[2,3]");
    infer_gives("x: f32[1,5,4,4]", "lrn(x, within_channel=true, size=3)", "f32[1,5,4,4]");
    infer_fails("x: f32[1,5,4]", "lrn(x, within_channel=true)", DVT_E_UNSUPPORTED, "rank 4");
    infer_gives("x: f32[2,3]", "softmax(x)", "f32[2,3]");
    infer_gives("x: f32[2,3]", "softmax(x, axis=2, flatten=true)", "f32[2,3]");
    infer_fails("x: f32[2,3]", "softmax(x, axis=2)", DVT_E_SHAPE, "axis 2 is outside of 0..1");
}

static void test_infer_elementwise__reductions(void **state)
{
    (void)state;
    infer_gives("x: f32[2,3,4]", "reduce(x, rfn=mean, axes=[0,2])", "f32[1,3,1]");
    infer_gives("x: f32[2,3,4]", "reduce(x, rfn=mean, axes=[0,2], keep_dims=false)", "f32[3]");
    infer_gives("x: f32[2,3]", "reduce(x, rfn=sum, axes=[0,1], keep_dims=false)", "f32[]");
    infer_gives("x: f32[2,3]", "reduce(x, rfn=sum_square)", "f32[2,3]");
    infer_gives("x: f32[2,3]", "reduce(x, rfn=argmax, axes=[1])", "i64[2,1]");
    infer_fails("x: f32[2,3]", "reduce(x, rfn=argmax, axes=[0,1])", DVT_E_SHAPE, "needs one axis");
    infer_fails("x: f32[2,3]", "reduce(x, axes=[1,1])", DVT_E_SHAPE, "named twice");
    infer_fails("x: f32[2,0]", "reduce(x, rfn=argmin, axes=[1])", DVT_E_SHAPE, "over nothing");
    infer_gives("x: i32[2,3]", "cumsum(x, axis=1, reverse=true)", "i32[2,3]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_infer_elementwise__binary_broadcasts_like_numpy),
        cmocka_unit_test(test_infer_elementwise__unary_types),
        cmocka_unit_test(test_infer_elementwise__nary_where_cast_prelu),
        cmocka_unit_test(test_infer_elementwise__normalisation_parameters),
        cmocka_unit_test(test_infer_elementwise__reductions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
