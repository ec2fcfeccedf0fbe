/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pass_simple.c - remove-identity, fold-constants, merge-pad, share-equal and dead-code: what
 * they change, what they must not, and that outputs keep values and names.
 */
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct pass_case {
    const char *pass, *text;
    dvt_op      op;    /* counted */
    int64_t     count; /* nodes of `op` behind the pass */
} pass_case;

static void expect_case(const pass_case *c)
{
    dvt_graph *before = tool_parse(c->text), *after = tool_parse(c->text);
    int64_t    count;

    tool_pass(after, c->pass);
    count = tool_op_count(after, c->op);
    if (count != c->count)
        fail_msg("%s\n%d nodes of %s are left, not %d", c->text, (int)count,
                 dvt_op_describe(c->op)->name, (int)c->count);
    tool_expect_same(before, after, 0, 0);
    tool_graph_free(before);
    tool_graph_free(after);
}

static void expect_cases(const pass_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) expect_case(&cases[i]);
}

#define EXPECT(cases) expect_cases(cases, sizeof(cases) / sizeof((cases)[0]))
#define IMAGE "dvg 1 t input x: f32[1,2,6,6] "

static void test_pass_remove_identity__drops_what_hands_its_input_on(void **state)
{
    (void)state;
    static const pass_case cases[] = {
        {"remove-identity",
         IMAGE "a = unary(x, fn=relu) i = identity(a) y = unary(i, fn=neg) output y",
         DVT_OP_IDENTITY, 0},
        {"remove-identity", IMAGE "a = unary(x, fn=relu) y = identity(a) output y", DVT_OP_IDENTITY,
         0},
        {"remove-identity", IMAGE "i = transpose(x, perm=[0,1,2,3]) y = unary(i, fn=neg) output y",
         DVT_OP_TRANSPOSE, 0},
        {"remove-identity", IMAGE "i = cast(x, dtype=f32) y = unary(i, fn=neg) output y",
         DVT_OP_CAST, 0},
        {"remove-identity",
         IMAGE "i = pad(x, pad_lo=[0,0,0,0], pad_hi=[0,0,0,0])"
               " y = unary(i, fn=neg) output y",
         DVT_OP_PAD, 0},
        {"remove-identity", IMAGE "i = concat(x) y = unary(i, fn=neg) output y", DVT_OP_CONCAT, 0},
        {"remove-identity",
         IMAGE "i = slice(x, axes=[2], starts=[0], ends=[99], steps=[1])"
               " y = unary(i, fn=neg) output y",
         DVT_OP_SLICE, 0},
    };
    EXPECT(cases);
}

static void test_pass_remove_identity__keeps_names_and_what_moves_elements(void **state)
{
    (void)state;
    static const pass_case cases[] = {
        /* the output's name cannot move to the input or to another output */
        {"remove-identity", IMAGE "y = identity(x) output y", DVT_OP_IDENTITY, 1},
        {"remove-identity", IMAGE "a = unary(x, fn=relu) y = identity(a) output y output a",
         DVT_OP_IDENTITY, 1},
        {"remove-identity", IMAGE "i = slice(x, axes=[2], starts=[-1], ends=[-99], steps=[-1])"
                                  " y = unary(i, fn=neg) output y", DVT_OP_SLICE, 1},
        {"remove-identity", IMAGE "i = transpose(x, perm=[0,1,3,2]) y = unary(i, fn=neg) output y",
         DVT_OP_TRANSPOSE, 1},
        {"remove-identity", IMAGE "i = pad(x, pad_lo=[0,0,1,0], pad_hi=[0,0,-1,0])"
                                  " y = unary(i, fn=neg) output y", DVT_OP_PAD, 1},
    };
    EXPECT(cases);
}

static void test_pass_fold_constants__folds_chains_and_nothing_else(void **state)
{
    (void)state;
    static const char text[] = "dvg 1 t input x: f32[2] const a: f32[2] = [1,2]"
                               " b = unary(a, fn=neg) c = binary(a, b, fn2=mul)"
                               " y = binary(x, c, fn2=add) output y output b";
    static const pass_case cases[] = {{"fold-constants", text, DVT_OP_UNARY, 0},
                                      {"fold-constants", text, DVT_OP_BINARY, 1}};
    EXPECT(cases);
}

static void test_pass_fold_constants__leaves_what_would_fill_memory(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse("dvg 1 t const a: f32[1] = [1] b = expand(a, dims=[20000000])"
                              " y = reduce(b, rfn=sum, axes=[0]) output y");
    tool_pass(g, "fold-constants");
    assert_int_equal(tool_op_count(g, DVT_OP_EXPAND), 1);
    tool_graph_free(g);
}

static void test_pass_fold_constants__leaves_what_cannot_be_evaluated(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse("dvg 1 t const a: f64[1,1,2] = [1,2]"
                              " y = resize(a, mode=linear, dims=[1,1,4]) output y");
    tool_pass(g, "fold-constants");
    assert_int_equal(tool_op_count(g, DVT_OP_RESIZE), 1);
    assert_int_equal(dvt_ctx_error(dvt_graph_ctx(g))->status, DVT_OK);
    tool_graph_free(g);
}

static void test_pass_merge_pad__adds_zero_pads_to_windows(void **state)
{
    (void)state;
    static const pass_case cases[] = {
        {"merge-pad", IMAGE "param w: f32[3,2,3,3] p = pad(x, pad_lo=[0,0,1,0], pad_hi=[0,0,2,1])"
                            " y = conv(p, w, kernel=[3,3], pad_lo=[1,0]) output y", DVT_OP_PAD, 0},
        {"merge-pad", IMAGE "p = pad(x, pad_lo=[0,0,1,1], pad_hi=[0,0,1,1])"
                            " y = pool(p, kind=avg, kernel=[3,3], stride=[2,2]) output y",
         DVT_OP_PAD, 0},
    };
    for (size_t i = 0; i < 2; i++) {
        dvt_graph *before = tool_parse(cases[i].text), *after = tool_parse(cases[i].text);
        tool_pass(after, "merge-pad");
        tool_pass(after, "dead-code");
        assert_int_equal(tool_op_count(after, DVT_OP_PAD), 0);
        tool_expect_same(before, after, 0, 0);
        tool_graph_free(before);
        tool_graph_free(after);
    }
}

static void expect_no_change(const char *pass, const char *text)
{
    const dvt_pass *p = dvt_graph_find_pass(pass);
    dvt_graph      *g = tool_parse(text);
    int32_t         changes = -1;

    tool_ok(dvt_graph_ctx(g), p->run(g, &changes));
    if (changes) fail_msg("%s\n%d changes", text, changes);
    tool_graph_free(g);
}

static void test_pass_merge_pad__leaves_what_would_compute_something_else(void **state)
{
    (void)state;
    static const char *const texts[] = {
        IMAGE "p = pad(x, pad_lo=[0,0,1,1], pad_hi=[0,0,1,1]) y = pool(p, kind=max, kernel=[3,3])"
              " output y",
        IMAGE "p = pad(x, pad_lo=[0,0,1,1], pad_hi=[0,0,1,1])"
              " y = pool(p, kind=avg, kernel=[3,3], ceil_mode=true) output y",
        IMAGE "p = pad(x, pad_lo=[0,0,1,1], pad_hi=[0,0,1,1])"
              " y = pool(p, kind=avg, kernel=[3,3], pad_lo=[1,1]) output y",
        IMAGE "param w: f32[3,2,3,3] p = pad(x, pad_lo=[0,0,1,1], pad_hi=[0,0,1,1], value=1)"
              " y = conv(p, w, kernel=[3,3]) output y",
        IMAGE "param w: f32[3,2,3,3] p = pad(x, pad_lo=[0,0,1,1], pad_hi=[0,0,1,1], mode=edge)"
              " y = conv(p, w, kernel=[3,3]) output y",
        IMAGE "param w: f32[3,3,3,3] p = pad(x, pad_lo=[0,1,0,0], pad_hi=[0,0,0,0])"
              " y = conv(p, w, kernel=[3,3]) output y",
        IMAGE "param w: f32[3,2,3,3] p = pad(x, pad_lo=[0,0,-1,1], pad_hi=[0,0,1,1])"
              " y = conv(p, w, kernel=[3,3]) output y",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect_no_change("merge-pad", texts[i]);
}

static void test_pass_share_equal__computes_equal_things_once(void **state)
{
    (void)state;
    static const pass_case cases[] = {
        {"share-equal", IMAGE "a = unary(x, fn=relu) b = unary(x, fn=relu) c = unary(a, fn=exp)"
                              " d = unary(b, fn=exp) y = binary(c, d, fn2=add) output y",
         DVT_OP_UNARY, 2},
        {"share-equal", IMAGE "a = unary(x, fn=clip, beta=1) b = unary(x, fn=clip, beta=2)"
                              " y = binary(a, b, fn2=add) output y", DVT_OP_UNARY, 2},
        {"share-equal", IMAGE "a, b = split(x, sizes=[1,1]) c, d = split(x, sizes=[1,1])"
                              " y = concat(a, d) output y", DVT_OP_SPLIT, 1},
        {"share-equal", IMAGE "a = unary(x, fn=relu) b = unary(x, fn=relu) output a output b",
         DVT_OP_UNARY, 2},
    };
    EXPECT(cases);
}

static void test_pass_dead_code__removes_chains_that_nobody_reads(void **state)
{
    (void)state;
    static const pass_case cases[] = {
        {"dead-code", IMAGE "a = unary(x, fn=relu) b = unary(a, fn=exp) c = unary(b, fn=neg)"
                            " y = unary(a, fn=tanh) output y", DVT_OP_UNARY, 2},
    };
    EXPECT(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pass_remove_identity__drops_what_hands_its_input_on),
        cmocka_unit_test(test_pass_remove_identity__keeps_names_and_what_moves_elements),
        cmocka_unit_test(test_pass_fold_constants__folds_chains_and_nothing_else),
        cmocka_unit_test(test_pass_fold_constants__leaves_what_would_fill_memory),
        cmocka_unit_test(test_pass_fold_constants__leaves_what_cannot_be_evaluated),
        cmocka_unit_test(test_pass_merge_pad__adds_zero_pads_to_windows),
        cmocka_unit_test(test_pass_merge_pad__leaves_what_would_compute_something_else),
        cmocka_unit_test(test_pass_share_equal__computes_equal_things_once),
        cmocka_unit_test(test_pass_dead_code__removes_chains_that_nobody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
