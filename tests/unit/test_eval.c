/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_eval.c - one node of every operator on literal values, with literal answers.
 *
 * Each case is evaluated three ways that must give the same answer: folded to a constant, by the
 * naive executor and by the fast one. The answers are worked out by hand from the definitions in
 * docs/operators.md.
 */
#include "support/graph_tools.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct eval_case {
    const char *text; /* constants x, w, ..; the result is y */
    const char *type; /* of y */
    double      want[16];
} eval_case;

static void expect_values(const eval_case *c, const char *how, const dvt_tensor *got)
{
    char shape[DVT_SHAPE_TEXT], type[DVT_SHAPE_TEXT + 8];

    snprintf(type, sizeof type, "%s%s", dvt_dtype_name(got->dtype),
             dvt_shape_text(&got->shape, shape));
    assert_string_equal(type, c->type);
    for (int64_t i = 0; i < dvt_shape_count(&got->shape); i++) {
        double v = dvt_tensor_get_f64(got, i), want = c->want[i];
        if (!(fabs(v - want) <= 1e-6 * (1 + fabs(want))) && !(isnan(v) && isnan(want)))
            fail_msg("%s\n%s: element %d is %g, not %g", c->text, how, (int)i, v, want);
    }
}

static void expect_executed(const eval_case *c, dvt_exec_kind kind)
{
    dvt_graph *g = tool_parse(c->text);
    dvt_exec  *x = tool_run(g, kind, NULL);
    dvt_tensor y;

    tool_ok(dvt_graph_ctx(g), dvt_exec_tensor(x, tool_value(g, "y"), &y));
    expect_values(c, kind == DVT_EXEC_NAIVE ? "naive" : "fast", &y);
    dvt_exec_destroy(x);
    tool_graph_free(g);
}

static void expect_folded(const eval_case *c)
{
    dvt_graph   *g = tool_parse(c->text);
    dvt_value_id id = tool_value(g, "y");
    dvt_tensor   y;

    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        bool folded;
        tool_ok(dvt_graph_ctx(g), dvt_graph_fold_node(g, (dvt_node_id){i}, &folded));
        assert_true(folded);
    }
    assert_true(dvt_graph_const(g, id, &y));
    expect_values(c, "folded", &y);
    tool_ok(dvt_graph_ctx(g), dvt_graph_compact(g));
    tool_ok(dvt_graph_ctx(g), dvt_graph_verify(g));
    assert_int_equal(dvt_graph_node_count(g), 0);
    tool_graph_free(g);
}

static void expect_cases(const eval_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        expect_folded(&cases[i]);
        expect_executed(&cases[i], DVT_EXEC_NAIVE);
        expect_executed(&cases[i], DVT_EXEC_FAST);
    }
}

#define EXPECT(cases) expect_cases(cases, sizeof(cases) / sizeof((cases)[0]))
#define X_1234 "dvg 1 t const x: f32[1,1,2,2] = [1,2,3,4] "

/* ---- products ------------------------------------------------------------------------------ */

static void test_eval__convolutions_sum_products_under_the_window(void **state)
{
    (void)state;
    static const eval_case cases[] = {
        {X_1234 "const w: f32[1,1,2,2] = [1,10,100,1000] const b: f32[1] = [0.5]"
                " y = conv(x, w, b, kernel=[2,2]) output y", "f32[1,1,1,1]", {4321.5}},
        {X_1234 "const w: f32[1,1,2,2] = [1,10,100,1000]"
                " y = conv(x, w, kernel=[2,2], pad_lo=[1,0], pad_hi=[0,1]) output y",
         "f32[1,1,2,2]", {2100, 200, 4321, 402}},
        {"dvg 1 t const x: f32[1,2,2] = [1,2,3,4] const w: f32[2,1,1] = [10,100]"
         " y = conv(x, w, kernel=[1], groups=2) output y", "f32[1,2,2]", {10, 20, 300, 400}},
        {"dvg 1 t const x: f32[1,1,5] = [1,2,3,4,5] const w: f32[1,1,2] = [1,10]"
         " y = conv(x, w, kernel=[2], dilation=[2], stride=[2]) output y", "f32[1,1,2]", {31, 53}},
        {"dvg 1 t const x: f32[1,1,2] = [1,2] const w: f32[1,1,3] = [1,10,100]"
         " y = conv_transpose(x, w, kernel=[3], stride=[2]) output y",
         "f32[1,1,5]", {1, 10, 102, 20, 200}},
        {"dvg 1 t const x: f32[1,1,1,1,2] = [1,2] const w: f32[1,1,1,1,2] = [1,10]"
         " y = conv(x, w, kernel=[1,1,2]) output y", "f32[1,1,1,1,1]", {21}},
        {"dvg 1 t const x: f16[1,1,2] = [1,2] const w: f16[1,1,1] = [3] const b: f16[1] = [0.5]"
         " y = conv(x, w, b, kernel=[1]) output y", "f16[1,1,2]", {3.5, 6.5}},
    };
    EXPECT(cases);
}

static void test_eval__matrix_products(void **state)
{
    (void)state;
    static const eval_case cases[] = {
        {X_1234 "const w: f32[2,4] = [1,0,0,0, 1,1,1,1] const b: f32[2] = [0.25,0.5]"
                " y = dense(x, w, b) output y", "f32[1,2]", {1.25, 10.5}},
        {X_1234 "const w: f32[1,2] = [1,10] y = dense(x, w, axis=3) output y",
         "f32[1,1,2,1]", {21, 43}},
        {"dvg 1 t const a: f32[2,1] = [1,2] const b: f32[2,2] = [1,10,100,1000]"
         " const c: f32[2] = [1,2] y = gemm(a, b, c, trans_a=true, alpha=2, beta=3) output y",
         "f32[1,2]", {405, 4026}},
        {"dvg 1 t const a: f32[2,1] = [1,2] const b: f32[2,1] = [3,4] const c: f32[2,1] = [10,20]"
         " y = gemm(a, b, c, trans_b=true) output y", "f32[2,2]", {13, 14, 26, 28}},
        {"dvg 1 t const a: f32[2,1,2] = [1,2,3,4] const b: f32[2,1] = [1,10]"
         " y = matmul(a, b) output y", "f32[2,1,1]", {21, 43}},
        {"dvg 1 t const a: f32[2] = [1,2] const b: f32[2] = [3,4] y = matmul(a, b) output y",
         "f32[]", {11}},
    };
    EXPECT(cases);
}

/* ---- images -------------------------------------------------------------------------------- */

static void test_eval__pooling(void **state)
{
    (void)state;
    static const eval_case cases[] = {
        {X_1234 "y = pool(x, kind=max, kernel=[2,2]) output y", "f32[1,1,1,1]", {4}},
        {X_1234 "y = pool(x, kind=avg, kernel=[2,2], pad_lo=[1,1]) output y",
         "f32[1,1,2,2]",
         {1, 1.5, 2, 2.5}},
        {X_1234 "y = pool(x, kind=avg, kernel=[2,2], pad_lo=[1,1], avg_count=kernel) output y",
         "f32[1,1,2,2]",
         {0.25, 0.75, 1, 2.5}},
        {X_1234 "y = pool(x, kind=max, kernel=[1,1], stride=[2,2], ceil_mode=true) output y",
         "f32[1,1,1,1]",
         {1}},
        {"dvg 1 t const x: f32[1,1,3] = [1,2,4]"
         " y = pool(x, kind=avg, kernel=[2], stride=[2], ceil_mode=true, avg_count=padded) output "
         "y",
         "f32[1,1,2]",
         {1.5, 4}},
        {X_1234 "y = pool(x, kind=lp, kernel=[2,2], p=2) output y",
         "f32[1,1,1,1]",
         {5.477225575051661}},
        {"dvg 1 t const x: u8[1,1,3] = [250,7,255] y = pool(x, kind=max, kernel=[2]) output y",
         "u8[1,1,2]",
         {250, 255}},
        {X_1234 "y = global_pool(x, kind=avg) output y", "f32[1,1,1,1]", {2.5}},
        {"dvg 1 t const x: f16[1,2,2] = [1,2,3,5] y = global_pool(x, kind=max) output y",
         "f16[1,2,1]",
         {2, 5}},
    };
    EXPECT(cases);
}

static void test_eval__normalisation(void **state)
{
    (void)state;
    static const eval_case cases[] = {
        {"dvg 1 t const x: f32[1,2,1] = [3,5] const s: f32[2] = [2,1] const b: f32[2] = [1,0]"
         " const m: f32[2] = [1,5] const v: f32[2] = [4,1]"
         " y = batch_norm(x, s, b, m, v, epsilon=0) output y", "f32[1,2,1]", {3, 0}},
        {"dvg 1 t const x: f32[1,1,2] = [1,3] const s: f32[1] = [2] const b: f32[1] = [10]"
         " y = instance_norm(x, s, b, epsilon=0) output y", "f32[1,1,2]", {8, 12}},
        {"dvg 1 t const x: f32[1,3,1,1] = [1,2,3]"
         " y = lrn(x, size=3, alpha=3, beta=1, k=1) output y",
         "f32[1,3,1,1]", {1.0 / 6, 2.0 / 15, 3.0 / 14}},
        {X_1234 "y = lrn(x, size=1, alpha=1, beta=1, k=1, within_channel=true) output y",
         "f32[1,1,2,2]", {0.5, 0.4, 0.3, 4.0 / 17}},
        {"dvg 1 t const x: f32[1,2] = [0,1.0986122886681098] y = softmax(x, axis=1) output y",
         "f32[1,2]", {0.25, 0.75}},
        {"dvg 1 t const x: f32[1,2] = [0,1.0986122886681098]"
         " y = softmax(x, axis=1, kind=log_softmax) output y",
         "f32[1,2]", {-1.3862943611198906, -0.2876820724517809}},
        {X_1234 "y = softmax(x, axis=1, flatten=true, kind=hardmax) output y",
         "f32[1,1,2,2]", {0, 0, 0, 1}},
        {X_1234 "const s: f32[2] = [10,100] const b: f32[2] = [1,2] y = scale(x, s, b, axis=3)"
                " output y", "f32[1,1,2,2]", {11, 202, 31, 402}},
        {X_1234 "const b: f32[2,2] = [1,2,3,4] y = bias(x, b, axis=2) output y",
         "f32[1,1,2,2]", {2, 4, 6, 8}},
    };
    EXPECT(cases);
}

/* ---- elements ------------------------------------------------------------------------------ */

static void test_eval__elements_of_one_operand(void **state)
{
    (void)state;
    static const eval_case cases[] = {
        {"dvg 1 t const x: f32[3] = [-1,0,2] y = unary(x, fn=relu) output y", "f32[3]", {0, 0, 2}},
        {"dvg 1 t const x: f32[3] = [-1,3,9] y = unary(x, fn=clip, alpha=0, beta=6) output y",
         "f32[3]",
         {0, 3, 6}},
        {"dvg 1 t const x: f16[2] = [-2,4] y = unary(x, fn=leaky_relu, alpha=0.5) output y",
         "f16[2]",
         {-1, 4}},
        {"dvg 1 t const x: i64[2] = [-2,4] y = unary(x, fn=neg) output y", "i64[2]", {2, -4}},
        {"dvg 1 t const x: f64[2] = [4,9] y = unary(x, fn=sqrt) output y", "f64[2]", {2, 3}},
        {"dvg 1 t const x: bool[2] = [true,false] y = unary(x, fn=not) output y",
         "bool[2]",
         {0, 1}},
        {"dvg 1 t const x: f32[2] = [1,3]"
         " y = unary(x, fn=power, alpha=2, beta=1, gamma=2) output y",
         "f32[2]",
         {9, 49}},
        {"dvg 1 t const x: f32[1,2,1] = [-2,-4] const s: f32[2,1] = [0.5,0.25] y = prelu(x, s)"
         " output y",
         "f32[1,2,1]",
         {-1, -1}},
        {"dvg 1 t const x: f32[3] = [-1.5,2.5,300] y = cast(x, dtype=u8) output y",
         "u8[3]",
         {0, 2, 255}},
        {"dvg 1 t const x: i64[2] = [3,-4] y = cast(x, dtype=f16) output y", "f16[2]", {3, -4}},
        {"dvg 1 t const x: f32[2] = [3,-4] y = identity(x) output y", "f32[2]", {3, -4}},
    };
    EXPECT(cases);
}

static void test_eval__elements_of_several_operands(void **state)
{
    (void)state;
    static const eval_case cases[] = {
        {"dvg 1 t const a: f32[2,1] = [1,2] const b: f32[2] = [10,20] y = binary(a, b, fn2=add)"
         " output y",
         "f32[2,2]",
         {11, 21, 12, 22}},
        {"dvg 1 t const a: i64[2] = [7,-7] const b: i64[2] = [2,2] y = binary(a, b, fn2=div)"
         " output y",
         "i64[2]",
         {3, -3}},
        {"dvg 1 t const a: i32[2] = [7,-7] const b: i32[1] = [3] y = binary(a, b, fn2=mod) output "
         "y",
         "i32[2]",
         {1, 2}},
        {"dvg 1 t const a: f16[2] = [1,2] const b: f16[1] = [2] y = binary(a, b, fn2=less) output "
         "y",
         "bool[2]",
         {1, 0}},
        {"dvg 1 t const a: bool[2] = [true,false] const b: bool[1] = [true] y = binary(a, b, "
         "fn2=xor) output y",
         "bool[2]",
         {0, 1}},
        {"dvg 1 t const a: f32[1] = [1] const b: f32[1] = [2] const c: f32[1] = [6]"
         " y = nary(a, b, c, fnn=mean) output y",
         "f32[1]",
         {3}},
        {"dvg 1 t const a: f16[1] = [1] const b: f16[1] = [2] const c: f16[2] = [6,1]"
         " y = nary(a, b, c, fnn=max) output y",
         "f16[2]",
         {6, 2}},
        {"dvg 1 t const c: bool[2] = [true,false] const a: i64[2] = [1,2] const b: i64[1] = [9]"
         " y = where(c, a, b) output y",
         "i64[2]",
         {1, 9}},
    };
    EXPECT(cases);
}

static void test_eval__reductions(void **state)
{
    (void)state;
    static const eval_case cases[] = {
        {X_1234 "y = reduce(x, rfn=mean, axes=[2,3]) output y", "f32[1,1,1,1]", {2.5}},
        {X_1234 "y = reduce(x, rfn=sum, axes=[3], keep_dims=false) output y", "f32[1,1,2]", {3, 7}},
        {"dvg 1 t const x: i64[3] = [3,9,9] y = reduce(x, rfn=argmax, axes=[0]) output y",
         "i64[1]", {1}},
        {"dvg 1 t const x: f32[3] = [3,9,9]"
         " y = reduce(x, rfn=argmax, axes=[0], select_last=true, keep_dims=false) output y",
         "i64[]", {2}},
        {"dvg 1 t const x: f16[2] = [3,4] y = reduce(x, rfn=l2, axes=[0]) output y", "f16[1]", {5}},
        {"dvg 1 t const x: f64[3] = [1,2,3] y = cumsum(x, exclusive=true, reverse=true) output y",
         "f64[3]", {5, 3, 0}},
    };
    EXPECT(cases);
}

static void test_eval__moving_elements(void **state)
{
    (void)state;
    static const eval_case cases[] = {
        {"dvg 1 t const a: i64[1] = [1] const b: i64[2] = [2,3] y = concat(a, b, axis=0) output y",
         "i64[3]",
         {1, 2, 3}},
        {"dvg 1 t const x: i32[5] = [0,1,2,3,4]"
         " y = slice(x, axes=[0], starts=[-1], ends=[-4], steps=[-2]) output y",
         "i32[2]",
         {4, 2}},
        {"dvg 1 t const x: f32[3] = [1,2,3] a, y = split(x, axis=0, sizes=[1,2]) output y output a",
         "f32[2]",
         {2, 3}},
        {"dvg 1 t const x: u8[2,3] = [1,2,3,4,5,6] y = transpose(x, perm=[1,0]) output y",
         "u8[3,2]",
         {1, 4, 2, 5, 3, 6}},
        {"dvg 1 t const x: bool[2,1] = [true,false] y = reshape(x, dims=[2]) output y",
         "bool[2]",
         {1, 0}},
        {"dvg 1 t const x: f32[2] = [1,2] y = pad(x, pad_lo=[1], pad_hi=[1], value=9) output y",
         "f32[4]",
         {9, 1, 2, 9}},
        {"dvg 1 t const x: i64[3] = [1,2,3] y = pad(x, pad_lo=[2], pad_hi=[-1], mode=reflect)"
         " output y",
         "i64[4]",
         {3, 2, 1, 2}},
        {"dvg 1 t const x: i64[1] = [1] y = pad(x, pad_lo=[1], pad_hi=[0], value=7) output y",
         "i64[2]",
         {7, 1}},
        {X_1234 "y = resize(x, mode=nearest, coord=asymmetric, nearest=floor, dims=[1,1,2,4])"
                " output y",
         "f32[1,1,2,4]",
         {1, 1, 2, 2, 3, 3, 4, 4}},
        {"dvg 1 t const x: f16[1,1,2] = [0,4] y = resize(x, mode=linear, dims=[1,1,4]) output y",
         "f16[1,1,4]",
         {0, 1, 3, 4}},
        {"dvg 1 t const x: f32[1,4,1,1] = [1,2,3,4] y = depth_to_space(x, block=2) output y",
         "f32[1,1,2,2]",
         {1, 2, 3, 4}},
        {X_1234 "y = space_to_depth(x, block=2) output y", "f32[1,4,1,1]", {1, 2, 3, 4}},
        {"dvg 1 t const x: i64[2,1] = [1,2] y = expand(x, dims=[2,2]) output y",
         "i64[2,2]",
         {1, 1, 2, 2}},
        {"dvg 1 t const x: i64[2] = [1,2] y = tile(x, dims=[2]) output y", "i64[4]", {1, 2, 1, 2}},
        {"dvg 1 t const x: f32[3] = [1,2,3] const i: i64[2] = [-1,0] y = gather(x, i) output y",
         "f32[2]",
         {3, 1}},
    };
    EXPECT(cases);
}

/* ---- refusals ------------------------------------------------------------------------------ */

static void expect_refusal(const char *text, dvt_status want, const char *part)
{
    dvt_graph *g = tool_parse(text);
    dvt_ctx   *ctx = dvt_graph_ctx(g);
    bool       folded;

    assert_int_equal(dvt_graph_fold_node(g, (dvt_node_id){0}, &folded), want);
    assert_false(folded);
    if (!strstr(dvt_ctx_error(ctx)->message, part))
        fail_msg("'%s' lacks '%s'", dvt_ctx_error(ctx)->message, part);
    tool_graph_free(g);
}

static void test_eval__what_is_not_handled_names_node_operator_and_type(void **state)
{
    (void)state;
    expect_refusal("dvg 1 t const x: f64[1,1,2] = [1,2] const w: f64[1,1,1] = [3]"
                   " y = conv(x, w, kernel=[1]) node \"my conv\" output y",
                   DVT_E_UNSUPPORTED, "'my conv' (conv): an input of type f64");
    expect_refusal("dvg 1 t const x: f64[1,1,2] = [1,2] y = resize(x, mode=linear, dims=[1,1,4])"
                   " output y", DVT_E_UNSUPPORTED, "(resize): interpolation of type f64");
}

static void test_eval__a_gather_beyond_the_end_is_an_error(void **state)
{
    (void)state;
    expect_refusal("dvg 1 t const x: f32[3] = [1,2,3] const i: i64[1] = [3] y = gather(x, i)"
                   " output y", DVT_E_NUMERIC, "node 'y' (gather): an index is outside -3..2");
}

static void test_eval__node_eval_checks_the_tensors_given(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse("dvg 1 t input x: f32[3] y = unary(x, fn=relu) output y");
    dvt_ctx   *ctx = dvt_graph_ctx(g);
    dvt_tensor in, out;
    dvt_shape  two = DVT_SHAPE(2);

    tool_ok(ctx, dvt_tensor_init(ctx, DVT_DTYPE_F32, &two, &in));
    assert_int_equal(dvt_node_eval(g, (dvt_node_id){0}, &in, &out), DVT_E_SHAPE);
    assert_null(out.data);
    assert_non_null(strstr(dvt_ctx_error(ctx)->message, "f32 [3]"));
    dvt_tensor_deinit(ctx, &in);
    tool_graph_free(g);
}

static void test_eval__a_node_with_a_variable_input_is_not_folded(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse("dvg 1 t input x: f32[3] y = unary(x, fn=relu) output y");
    bool       folded = true;

    tool_ok(dvt_graph_ctx(g), dvt_graph_fold_node(g, (dvt_node_id){0}, &folded));
    assert_false(folded);
    assert_false(dvt_graph_node(g, (dvt_node_id){0})->dead);
    tool_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eval__convolutions_sum_products_under_the_window),
        cmocka_unit_test(test_eval__matrix_products),
        cmocka_unit_test(test_eval__pooling),
        cmocka_unit_test(test_eval__normalisation),
        cmocka_unit_test(test_eval__elements_of_one_operand),
        cmocka_unit_test(test_eval__elements_of_several_operands),
        cmocka_unit_test(test_eval__reductions),
        cmocka_unit_test(test_eval__moving_elements),
        cmocka_unit_test(test_eval__what_is_not_handled_names_node_operator_and_type),
        cmocka_unit_test(test_eval__a_gather_beyond_the_end_is_an_error),
        cmocka_unit_test(test_eval__node_eval_checks_the_tensors_given),
        cmocka_unit_test(test_eval__a_node_with_a_variable_input_is_not_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
