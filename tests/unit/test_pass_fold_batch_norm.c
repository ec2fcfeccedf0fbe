/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pass_fold_batch_norm.c - per-channel arithmetic goes into weights, and only where it may.
 */
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NORM(of)                                                                      \
    " param s: f32[4] param b: f32[4] param m: f32[4] const v: f32[4] = [1,0.5,2,1]" \
    " n = batch_norm(" of ", s, b, m, v)"

/* Runs the pass and compares; returns the graph behind it. */
static dvt_graph *folded(const char *text)
{
    dvt_graph *before = tool_parse(text), *after = tool_parse(text);

    tool_pass(after, "fold-batch-norm");
    tool_expect_same(before, after, 2e-6, 2e-6);
    tool_graph_free(before);
    return after;
}

static void expect_ops(const char *text, dvt_op left, int64_t nodes)
{
    dvt_graph *g = folded(text);
    if (dvt_graph_node_count(g) != nodes || tool_op_count(g, left) < 1)
        fail_msg("%s\n%d nodes are left, %d of them %s", text, dvt_graph_node_count(g),
                 (int)tool_op_count(g, left), dvt_op_describe(left)->name);
    tool_graph_free(g);
}

static void test_pass_fold_batch_norm__folds_into_every_kind_of_weights(void **state)
{
    (void)state;
    expect_ops("dvg 1 t input x: f32[2,4,5,5] param w: f32[4,2,3,3] param c: f32[4]"
               " a = conv(x, w, c, kernel=[3,3], groups=2)" NORM("a") " output n", DVT_OP_CONV, 1);
    expect_ops("dvg 1 t input x: f32[2,4,5,5] param w: f32[4,4,3,3]"
               " a = conv(x, w, kernel=[3,3])" NORM("a") " output n", DVT_OP_CONV, 1);
    expect_ops("dvg 1 t input x: f32[2,6,3,3] param w: f32[6,2,3,3] param c: f32[4]"
               " a = conv_transpose(x, w, c, kernel=[3,3], groups=2, stride=[2,2])" NORM("a")
               " output n", DVT_OP_CONV_TRANSPOSE, 1);
    expect_ops("dvg 1 t input x: f32[2,3,2] param w: f32[4,6] param c: f32[4] a = dense(x, w, c)"
               NORM("a") " output n", DVT_OP_DENSE, 1);
}

static void test_pass_fold_batch_norm__chains_of_scales_and_biases_become_one(void **state)
{
    (void)state;
    expect_ops("dvg 1 t input x: f32[2,4,3]" NORM("x") " param s2: f32[4] param b2: f32[4]"
               " y = scale(n, s2, b2) output y", DVT_OP_SCALE, 1);
    expect_ops("dvg 1 t input x: f32[2,4,3] param b: f32[4] param c: f32[4] p = bias(x, b)"
               " y = bias(p, c) output y", DVT_OP_BIAS, 1);
    expect_ops(
        "dvg 1 t input x: f32[2,4,3] param w: f32[4,4,1] a = conv(x, w, kernel=[1])" NORM(
            "a") " param s2: f32[4] y = scale(n, s2) param c: f32[4] z = bias(y, c) output z",
        DVT_OP_CONV, 1);
}

static void test_pass_fold_batch_norm__without_weights_it_becomes_a_scale(void **state)
{
    (void)state;
    expect_ops("dvg 1 t input x: f32[2,4,3] r = unary(x, fn=relu)" NORM("r") " output n",
               DVT_OP_SCALE, 2);
}

#define CONV "dvg 1 t input x: f32[1,4,3] param w: f32[4,4,1] a = conv(x, w, kernel=[1])"

static void test_pass_fold_batch_norm__spares_values_that_others_read(void **state)
{
    (void)state;
    expect_ops(CONV NORM("a") " y = binary(n, a, fn2=mul) output y", DVT_OP_CONV, 3);
    expect_ops(CONV NORM("a") " output n output a", DVT_OP_SCALE, 2);
}

static void test_pass_fold_batch_norm__spares_another_dimension(void **state)
{
    (void)state;
    expect_ops(CONV " param s: f32[3] y = scale(a, s, axis=2) output y", DVT_OP_SCALE, 2);
    expect_ops("dvg 1 t input x: f32[4,4,2] param w: f32[4,2] a = dense(x, w, axis=2)" NORM("a")
               " output n", DVT_OP_SCALE, 2);
}

static void test_pass_fold_batch_norm__spares_parameters_without_data(void **state)
{
    (void)state;
    static const char text[] = CONV NORM("a") " output n";
    dvt_ctx          *ctx = dvt_ctx_create(NULL);
    dvt_graph        *g;

    tool_ok(ctx, dvt_graph_parse(ctx, "t", text, strlen(text), &g));
    tool_pass(g, "fold-batch-norm");
    assert_int_equal(tool_op_count(g, DVT_OP_BATCH_NORM), 1);
    dvt_graph_destroy(g);
    dvt_ctx_destroy(ctx);
}

static void test_pass_fold_batch_norm__spares_what_is_not_finite(void **state)
{
    (void)state;
    dvt_graph *g =
        folded(CONV " param s: f32[4] param b: f32[4] param m: f32[4]"
                    " const v: f32[4] = [1,-1,1,1] n = batch_norm(a, s, b, m, v) output n");
    assert_int_equal(tool_op_count(g, DVT_OP_BATCH_NORM), 1);
    tool_graph_free(g);
}

static void test_pass_fold_batch_norm__the_value_left_has_the_later_name(void **state)
{
    (void)state;
    dvt_graph *g = folded(CONV NORM("a") " r = unary(n, fn=relu) output r");

    assert_int_equal(dvt_graph_find_value(g, "a").i, -1);
    dvt_node_id conv = dvt_graph_value(g, tool_value(g, "n"))->producer;
    assert_string_equal(dvt_graph_node(g, conv)->name, "a");
    tool_graph_free(g);
}

static void test_pass_fold_batch_norm__shared_weights_are_copied_not_changed(void **state)
{
    (void)state;
    expect_ops(CONV NORM("a") " a2 = conv(n, w, kernel=[1]) output a2", DVT_OP_CONV, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pass_fold_batch_norm__folds_into_every_kind_of_weights),
        cmocka_unit_test(test_pass_fold_batch_norm__chains_of_scales_and_biases_become_one),
        cmocka_unit_test(test_pass_fold_batch_norm__without_weights_it_becomes_a_scale),
        cmocka_unit_test(test_pass_fold_batch_norm__spares_values_that_others_read),
        cmocka_unit_test(test_pass_fold_batch_norm__spares_another_dimension),
        cmocka_unit_test(test_pass_fold_batch_norm__spares_parameters_without_data),
        cmocka_unit_test(test_pass_fold_batch_norm__spares_what_is_not_finite),
        cmocka_unit_test(test_pass_fold_batch_norm__the_value_left_has_the_later_name),
        cmocka_unit_test(test_pass_fold_batch_norm__shared_weights_are_copied_not_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
