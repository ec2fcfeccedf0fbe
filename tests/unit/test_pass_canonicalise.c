/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pass_canonicalise.c - every row of the pass's table: what it becomes, and what it spares.
 */
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Runs the pass and asserts that `from` nodes are gone, `to` nodes are there, and values agree. */
static void expect_rewrite(dvt_op from, dvt_op to, const char *text)
{
    dvt_graph *before = tool_parse(text), *after = tool_parse(text);

    tool_pass(after, "canonicalise");
    if (tool_op_count(after, to) < 1 || (from != to && tool_op_count(after, from) > 0))
        fail_msg("%s\n%d nodes of %s and %d of %s are left", text, (int)tool_op_count(after, from),
                 dvt_op_describe(from)->name, (int)tool_op_count(after, to),
                 dvt_op_describe(to)->name);
    tool_expect_same(before, after, 1e-6, 2e-6);
    tool_graph_free(before);
    tool_graph_free(after);
}

static void expect_no_change(const char *text)
{
    dvt_graph *g = tool_parse(text);
    int32_t    changes = -1;

    tool_ok(dvt_graph_ctx(g), dvt_graph_find_pass("canonicalise")->run(g, &changes));
    if (changes) fail_msg("%s\n%d changes", text, changes);
    tool_graph_free(g);
}

#define ROWS "dvg 1 t input x: f32[3,4] "
#define IMAGE "dvg 1 t input x: f32[2,3,4,4] "

/* ---- products ------------------------------------------------------------------------------ */

static void test_pass_canonicalise__gemm_with_constant_b_becomes_dense(void **state)
{
    (void)state;
    expect_rewrite(DVT_OP_GEMM, DVT_OP_DENSE,
                   ROWS
                   "param b: f32[5,4] param c: f32[5] y = gemm(x, b, c, trans_b=true) output y");
    expect_rewrite(DVT_OP_GEMM, DVT_OP_DENSE,
                   ROWS "param b: f32[4,5] param c: f32[1,5] y = gemm(x, b, c, alpha=2, beta=3)"
                        " output y");
    expect_rewrite(DVT_OP_GEMM, DVT_OP_DENSE,
                   ROWS "param b: f32[4,5] param c: f32[1] y = gemm(x, b, c, beta=0.5) output y");
    expect_rewrite(DVT_OP_GEMM, DVT_OP_DENSE, ROWS "param b: f32[4,5] y = gemm(x, b) output y");
}

static void test_pass_canonicalise__other_gemms_stay(void **state)
{
    (void)state;
    expect_no_change(ROWS "param b: f32[3,5] y = gemm(x, b, trans_a=true) output y");
    expect_no_change(ROWS "input b: f32[4,5] y = gemm(x, b) output y");
    expect_no_change(ROWS "param b: f32[4,5] param c: f32[3,1] y = gemm(x, b, c) output y");
    expect_no_change(ROWS "param b: f32[4,5] param c: f32[3,5] y = gemm(x, b, c) output y");
    expect_no_change("dvg 1 t input x: f32[3,4] param b: f32[4,3] const c: f32[3,1] = [1,2,3]"
                     " y = gemm(x, b, c) output y");
}

static void test_pass_canonicalise__matmul_with_a_constant_matrix_becomes_dense(void **state)
{
    (void)state;
    expect_rewrite(DVT_OP_MATMUL, DVT_OP_DENSE, ROWS "param b: f32[4,5] y = matmul(x, b) output y");
    expect_rewrite(DVT_OP_MATMUL, DVT_OP_DENSE,
                   IMAGE "param b: f32[4,5] y = matmul(x, b) output y");
    expect_no_change("dvg 1 t input x: f32[4] param b: f32[4,5] y = matmul(x, b) output y");
    expect_no_change(IMAGE "param b: f32[3,4,5] y = matmul(x, b) output y");
    expect_no_change(ROWS "param b: f32[5,3] y = matmul(b, x) output y");
}

static void test_pass_canonicalise__dense_flattens_by_itself(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse(IMAGE "param w: f32[5,48] f = reshape(x, dims=[2,48]) y = dense(f, w)"
                                    " output y");
    tool_pass(g, "canonicalise");
    tool_pass(g, "dead-code");
    assert_int_equal(dvt_graph_node_count(g), 1);
    tool_graph_free(g);
    expect_rewrite(DVT_OP_DENSE, DVT_OP_DENSE,
                   IMAGE "param w: f32[5,48] f = reshape(x, dims=[2,48]) y = dense(f, w) output y");
    expect_no_change(IMAGE
                     "param w: f32[5,24] f = reshape(x, dims=[4,24]) y = dense(f, w) output y");
}

/* ---- arithmetic ---------------------------------------------------------------------------- */

static void test_pass_canonicalise__arithmetic_with_constants_becomes_scale_and_bias(void **state)
{
    (void)state;
    expect_rewrite(DVT_OP_BINARY, DVT_OP_BIAS,
                   IMAGE "param c: f32[3,1,1] y = binary(x, c, fn2=add) output y");
    expect_rewrite(DVT_OP_BINARY, DVT_OP_BIAS,
                   IMAGE "param c: f32[4] y = binary(c, x, fn2=add) output y");
    expect_rewrite(DVT_OP_BINARY, DVT_OP_BIAS,
                   IMAGE "param c: f32[1,3,1,1] y = binary(x, c, fn2=sub) output y");
    expect_rewrite(DVT_OP_BINARY, DVT_OP_SCALE,
                   IMAGE "param c: f32[1,3,1,1] y = binary(c, x, fn2=sub) output y");
    expect_rewrite(DVT_OP_BINARY, DVT_OP_SCALE,
                   IMAGE "param c: f32[] y = binary(x, c, fn2=mul) output y");
    expect_rewrite(DVT_OP_BINARY, DVT_OP_SCALE,
                   IMAGE "const c: f32[3,1,1] = [2,3,0.7] y = binary(x, c, fn2=div) output y");
    expect_rewrite(DVT_OP_UNARY, DVT_OP_SCALE,
                   IMAGE "y = unary(x, fn=power, alpha=1, beta=0.5, gamma=2) output y");
    expect_rewrite(DVT_OP_UNARY, DVT_OP_BIAS,
                   IMAGE "y = unary(x, fn=power, alpha=1, beta=0.5, gamma=1) output y");
}

static void test_pass_canonicalise__other_arithmetic_stays(void **state)
{
    (void)state;
    expect_no_change(IMAGE "param c: f32[3,4,1] y = binary(x, c, fn2=add) output y");
    expect_no_change("dvg 1 t input x: f32[1,3] const c: f32[2,1] = [1,2] y = binary(x, c, fn2=add)"
                     " output y");
    expect_no_change("dvg 1 t input x: f32[3] const c: f32[3] = [1,2,3] y = binary(x, c, fn2=add)"
                     " output y");
    expect_no_change(IMAGE "const c: f32[3,1,1] = [2,0,0.7] y = binary(x, c, fn2=div) output y");
    expect_no_change(IMAGE "param c: f32[3,1,1] y = binary(c, x, fn2=div) output y");
    expect_no_change(IMAGE "y = unary(x, fn=power, alpha=2, beta=0.5, gamma=2) output y");
    expect_no_change("dvg 1 t input x: i64[2,2] const c: i64[2] = [1,2] y = binary(x, c, fn2=add)"
                     " output y");
}

/* ---- names --------------------------------------------------------------------------------- */

static void test_pass_canonicalise__sums_of_two_are_binary(void **state)
{
    (void)state;
    expect_rewrite(DVT_OP_NARY, DVT_OP_BINARY,
                   IMAGE "input z: f32[3,1,1] y = nary(x, z, fnn=sum) output y");
    expect_rewrite(DVT_OP_NARY, DVT_OP_BINARY, IMAGE "y = nary(x, x, fnn=prod) output y");
    expect_no_change(IMAGE "y = nary(x, x, fnn=mean) output y");
    expect_no_change(IMAGE "y = nary(x, x, x, fnn=sum) output y");
}

static void test_pass_canonicalise__pooling_of_everything_is_global(void **state)
{
    (void)state;
    expect_rewrite(DVT_OP_REDUCE, DVT_OP_GLOBAL_POOL,
                   IMAGE "y = reduce(x, rfn=mean, axes=[2,3]) output y");
    expect_rewrite(DVT_OP_REDUCE, DVT_OP_GLOBAL_POOL,
                   IMAGE "y = reduce(x, rfn=max, axes=[3,2]) output y");
    expect_rewrite(DVT_OP_POOL, DVT_OP_GLOBAL_POOL,
                   IMAGE "y = pool(x, kind=avg, kernel=[4,4], stride=[4,4]) output y");
    expect_no_change(IMAGE "y = reduce(x, rfn=mean, axes=[2,3], keep_dims=false) output y");
    expect_no_change(IMAGE "y = reduce(x, rfn=mean, axes=[1,2,3]) output y");
    expect_no_change(IMAGE "y = reduce(x, rfn=sum, axes=[2,3]) output y");
    expect_no_change(IMAGE "y = pool(x, kind=avg, kernel=[4,4], pad_hi=[0,1]) output y");
    expect_no_change(IMAGE "y = pool(x, kind=max, kernel=[4,3]) output y");
}

static dvt_unary only_unary(const char *text)
{
    dvt_graph *g = tool_parse(text);
    tool_pass(g, "canonicalise");
    const dvt_node *n = dvt_graph_node(g, (dvt_node_id){0});
    dvt_unary       fn = n->op == DVT_OP_UNARY ? n->attrs.unary.fn : DVT_UNARY_COUNT;
    tool_graph_free(g);
    return fn;
}

static void test_pass_canonicalise__rectifiers_have_their_usual_names(void **state)
{
    (void)state;
    assert_int_equal(only_unary(IMAGE "y = unary(x, fn=clip, alpha=0, beta=inf) output y"),
                     DVT_UNARY_RELU);
    assert_int_equal(only_unary(IMAGE "y = unary(x, fn=clip, alpha=0, beta=6) output y"),
                     DVT_UNARY_CLIP);
    assert_int_equal(only_unary(IMAGE "const c: f32[] = [0] y = binary(x, c, fn2=max) output y"),
                     DVT_UNARY_RELU);
    assert_int_equal(only_unary(IMAGE "const c: f32[1] = [6] y = binary(c, x, fn2=min) output y"),
                     DVT_UNARY_CLIP);
    assert_int_equal(only_unary(IMAGE "const c: f32[1] = [0.1] y = prelu(x, c) output y"),
                     DVT_UNARY_LEAKY_RELU);
    expect_rewrite(DVT_OP_PRELU, DVT_OP_UNARY,
                   IMAGE "const c: f32[1] = [0.1] y = prelu(x, c) output y");
    expect_rewrite(DVT_OP_BINARY, DVT_OP_UNARY,
                   IMAGE "const c: f32[1] = [0.1] y = binary(x, c, fn2=min) output y");
    expect_no_change(IMAGE "param c: f32[3,1,1] y = prelu(x, c) output y");
    expect_no_change("dvg 1 t input x: f32[2] const c: f32[1,1] = [1] y = binary(x, c, fn2=max)"
                     " output y");
}

static void test_pass_canonicalise__layout_changes_that_move_nothing_are_reshapes(void **state)
{
    (void)state;
    expect_rewrite(DVT_OP_TRANSPOSE, DVT_OP_RESHAPE,
                   "dvg 1 t input x: f32[1,4,1,3] y = transpose(x, perm=[1,0,3,2]) output y");
    expect_no_change("dvg 1 t input x: f32[1,4,1,3] y = transpose(x, perm=[3,2,1,0]) output y");
    dvt_graph *g =
        tool_parse(IMAGE "a = reshape(x, dims=[96]) y = reshape(a, dims=[6,16]) output y");
    tool_pass(g, "canonicalise");
    tool_pass(g, "dead-code");
    assert_int_equal(dvt_graph_node_count(g), 1);
    tool_graph_free(g);
}

/* ---- all together -------------------------------------------------------------------------- */

static void test_pass_canonicalise__an_exported_classifier_becomes_five_nodes(void **state)
{
    (void)state;
    static const char text[] =
        "dvg 1 t input x: f32[1,3,8,8] const mean: f32[3,1,1] = [0.1,0.2,0.3]"
        " d = binary(x, mean, fn2=sub) param w: f32[8,3,3,3] c = conv(d, w, kernel=[3,3])"
        " param s: f32[8] param b: f32[8] param m: f32[8] param v: f32[8]"
        " n = batch_norm(c, s, b, m, v) r = unary(n, fn=clip, alpha=0, beta=6)"
        " g = reduce(r, rfn=mean, axes=[2,3]) k = identity(g) f = reshape(k, dims=[1,8])"
        " param q: f32[8,5] h = matmul(f, q) param z: f32[5] y = binary(h, z, fn2=add) output y";
    dvt_graph *before = tool_parse(text), *after = tool_parse(text);

    tool_ok(dvt_graph_ctx(after),
            dvt_passes_run(after, dvt_graph_passes(), &(dvt_passes_opts){.verify_each = true}));
    assert_int_equal(dvt_graph_node_count(after), 5); /* bias, conv, clip, global_pool, dense */
    assert_int_equal(tool_op_count(after, DVT_OP_DENSE), 1);
    tool_expect_same(before, after, 1e-6, 5e-6);
    tool_graph_free(before);
    tool_graph_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pass_canonicalise__gemm_with_constant_b_becomes_dense),
        cmocka_unit_test(test_pass_canonicalise__other_gemms_stay),
        cmocka_unit_test(test_pass_canonicalise__matmul_with_a_constant_matrix_becomes_dense),
        cmocka_unit_test(test_pass_canonicalise__dense_flattens_by_itself),
        cmocka_unit_test(test_pass_canonicalise__arithmetic_with_constants_becomes_scale_and_bias),
        cmocka_unit_test(test_pass_canonicalise__other_arithmetic_stays),
        cmocka_unit_test(test_pass_canonicalise__sums_of_two_are_binary),
        cmocka_unit_test(test_pass_canonicalise__pooling_of_everything_is_global),
        cmocka_unit_test(test_pass_canonicalise__rectifiers_have_their_usual_names),
        cmocka_unit_test(test_pass_canonicalise__layout_changes_that_move_nothing_are_reshapes),
        cmocka_unit_test(test_pass_canonicalise__an_exported_classifier_becomes_five_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
