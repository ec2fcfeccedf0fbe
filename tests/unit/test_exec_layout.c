/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_exec_layout.c - which values are stored channels last, and that nobody can see it.
 */
#include "graph/exec_int.h"
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Every kind of follower between convolutions, a reader that wants plain, an alias, an output. */
#define CHAIN                                                                         \
    "dvg 1 t input x: f32[2,3,12,10]"                                                 \
    " param w1: f32[8,3,3,3] a1 = conv(x, w1, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1])" \
    " r1 = unary(a1, fn=relu) n1 = lrn(r1, size=3, alpha=0.1)"                        \
    " p1 = pool(n1, kind=max, kernel=[2,2], stride=[2,2])"                            \
    " param w2: f32[8,8,1,1] a2 = conv(p1, w2) s2 = binary(a2, p1, fn2=add)"          \
    " q2 = pool(s2, kind=avg, kernel=[3,3], pad_lo=[1,1], pad_hi=[1,1])"              \
    " m2 = nary(s2, q2, a2, fnn=max) c2 = concat(m2, s2, axis=1)"                     \
    " h2 = unary(c2, fn=sigmoid) t2 = softmax(h2, axis=1)"                            \
    " param w3: f32[4,16,3,3] a3 = conv(h2, w3, kernel=[3,3]) o3 = unary(a3, fn=tanh)" \
    " param w4: f32[6,16,2,2] a4 = conv(h2, w4, kernel=[2,2])"                        \
    " g4 = global_pool(a4, kind=avg) f4 = reshape(g4, dims=[2,6])"                    \
    " output t2 output o3 output f4"

static bool is_last(const dvt_exec *x, const char *name)
{
    return x->last[tool_value(x->g, name).i];
}

static void test_exec_layout__images_between_convolutions_are_channels_last(void **state)
{
    (void)state;
    dvt_graph  *g = tool_parse(CHAIN);
    dvt_tensor *in = tool_inputs(g, 1);
    dvt_exec   *x = tool_run(g, DVT_EXEC_FAST, in);
    const char *last[] = {"r1", "n1", "p1", "a2", "s2", "q2", "m2", "c2", "h2", "a4"};
    const char *plain[] = {"x", "t2", "a3", "o3", "g4", "f4"};

    for (size_t i = 0; i < sizeof last / sizeof last[0]; i++) assert_true(is_last(x, last[i]));
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) assert_false(is_last(x, plain[i]));
    dvt_exec_destroy(x);
    tool_inputs_free(g, in);
    tool_graph_free(g);
}

static void expect_same(const dvt_exec *a, const dvt_exec *b, dvt_value_id v, double tolerance)
{
    dvt_tensor s, t;

    tool_ok(a->ctx, dvt_exec_tensor(a, v, &s));
    tool_ok(b->ctx, dvt_exec_tensor(b, v, &t));
    assert_int_equal(s.bytes, t.bytes);
    for (size_t i = 0; i < s.bytes / sizeof(float); i++)
        assert_float_equal(((float *)s.data)[i], ((float *)t.data)[i], tolerance);
}

static void test_exec_layout__results_are_those_of_the_naive_executor(void **state)
{
    (void)state;
    dvt_graph  *g = tool_parse(CHAIN);
    dvt_tensor *in = tool_inputs(g, 1);
    dvt_exec   *fast = tool_run(g, DVT_EXEC_FAST, in), *naive = tool_run(g, DVT_EXEC_NAIVE, in);

    for (int run = 0; run < 2; run++) {
        for (int32_t i = 0; i < dvt_graph_output_count(g); i++)
            expect_same(fast, naive, dvt_graph_output(g, i), 1e-5);
        tool_ok(fast->ctx, dvt_exec_run(fast, in, 1)); /* nothing was clobbered */
    }
    dvt_exec_destroy(naive);
    dvt_exec_destroy(fast);
    tool_inputs_free(g, in);
    tool_graph_free(g);
}

/* Keeping a value pins it to the plain layout; all bits stay. */
static void test_exec_layout__keeping_values_changes_layouts_but_no_bit(void **state)
{
    (void)state;
    const char *kept[] = {"r1", "p1", "s2", "q2", "c2", "h2", "a4"};
    dvt_graph  *g = tool_parse(CHAIN);
    dvt_tensor *in = tool_inputs(g, 1);
    dvt_exec   *x = tool_run(g, DVT_EXEC_FAST, in), *y;

    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        dvt_value_id v = tool_value(g, kept[i]);
        tool_ok(x->ctx, dvt_exec_create(g, &(dvt_exec_opts){DVT_EXEC_FAST, &v, 1}, &y));
        assert_false(y->last[v.i]);
        tool_ok(x->ctx, dvt_exec_run(y, in, 1));
        for (int32_t k = 0; k < dvt_graph_output_count(g); k++)
            expect_same(x, y, dvt_graph_output(g, k), 0);
        dvt_exec_destroy(y);
    }
    dvt_exec_destroy(x);
    tool_inputs_free(g, in);
    tool_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exec_layout__images_between_convolutions_are_channels_last),
        cmocka_unit_test(test_exec_layout__results_are_those_of_the_naive_executor),
        cmocka_unit_test(test_exec_layout__keeping_values_changes_layouts_but_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
