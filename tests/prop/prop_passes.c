/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_passes.c - passes change no output: each pass alone, and all in their standing order, on
 * random graphs, verified behind each, computed naively before and after.
 *
 * Passes may move results within rounding. Graphs with functions that jump (rounding, comparisons,
 * arg reductions, hard maxima) would turn such a difference into another answer: they are compared
 * with the passes that keep every bit only.
 */
#include "support/graph_tools.h"
#include "support/random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { GRAPHS = 60 };

static bool unary_jumps(dvt_unary fn)
{
    return fn == DVT_UNARY_FLOOR || fn == DVT_UNARY_CEIL || fn == DVT_UNARY_ROUND ||
           fn == DVT_UNARY_SIGN || fn == DVT_UNARY_THRESHOLDED_RELU;
}

static bool node_jumps(const dvt_graph *g, const dvt_node *n)
{
    switch (n->op) {
    case DVT_OP_UNARY: return unary_jumps(n->attrs.unary.fn);
    case DVT_OP_BINARY:
        return n->attrs.binary.fn2 == DVT_BINARY_MOD ||
               dvt_graph_value(g, n->outputs[0])->dtype == DVT_DTYPE_BOOL;
    case DVT_OP_REDUCE:
        return n->attrs.reduce.rfn == DVT_REDUCE_ARGMAX || n->attrs.reduce.rfn == DVT_REDUCE_ARGMIN;
    case DVT_OP_SOFTMAX: return n->attrs.softmax.kind == DVT_SOFTMAX_HARDMAX;
    case DVT_OP_CAST: return true;
    default: return false;
    }
}

static bool graph_jumps(const dvt_graph *g)
{
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++)
        if (node_jumps(g, dvt_graph_node(g, (dvt_node_id){i}))) return true;
    return false;
}

static bool keeps_every_bit(const char *pass)
{
    return strcmp(pass, "canonicalise") != 0 && strcmp(pass, "fold-batch-norm") != 0;
}

/* Operators as importers write them: what the passes look for comes up often. */
static const dvt_op usual[] = {
    DVT_OP_CONV,   DVT_OP_CONV_TRANSPOSE, DVT_OP_DENSE,    DVT_OP_GEMM,  DVT_OP_MATMUL,
    DVT_OP_BATCH_NORM, DVT_OP_SCALE,      DVT_OP_BIAS,     DVT_OP_UNARY, DVT_OP_BINARY,
    DVT_OP_PAD,    DVT_OP_POOL,           DVT_OP_IDENTITY, DVT_OP_NARY,  DVT_OP_REDUCE,
    DVT_OP_RESHAPE, DVT_OP_TRANSPOSE,     DVT_OP_PRELU,    DVT_OP_CONCAT};

static random_graph_opts options(uint64_t seed)
{
    random_graph_opts opts = {.seed = seed, .nodes = 20, .elements_max = 512};
    if (seed % 3) {
        opts.only = usual;
        opts.only_count = sizeof usual / sizeof usual[0];
        opts.float_only = true;
    }
    return opts;
}

static int32_t check_list(dvt_ctx *ctx, uint64_t seed, const dvt_pass *const *list, bool exact)
{
    random_graph_opts opts = options(seed);
    dvt_graph        *before, *after;

    tool_ok(ctx, random_graph_make(ctx, &opts, &before));
    tool_ok(ctx, dvt_graph_clone(before, &after));
    int32_t compared = exact || !graph_jumps(before);
    tool_ok(ctx, dvt_passes_run(after, list, &(dvt_passes_opts){.verify_each = true}));
    if (compared) tool_expect_same(before, after, exact ? 0 : 2e-4, exact ? 0 : 2e-3);
    dvt_graph_destroy(before);
    dvt_graph_destroy(after);
    return compared;
}

static void test_passes_prop__each_pass_keeps_the_outputs(void **state)
{
    (void)state;
    int32_t compared = 0;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
        for (const dvt_pass *const *p = dvt_graph_passes(); *p; p++) {
            const dvt_pass *one[2] = {*p, NULL};
            print_message("# seed %llu pass %s\n", (unsigned long long)seed, (*p)->name);
            compared += check_list(ctx, seed, one, keeps_every_bit((*p)->name));
        }
        assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
        dvt_ctx_destroy(ctx);
    }
    print_message("%d comparisons\n", compared);
    assert_true(compared > GRAPHS * 5);
}

static void test_passes_prop__all_passes_together_keep_the_outputs(void **state)
{
    (void)state;
    int32_t compared = 0;
    for (uint64_t seed = 1000; seed < 1000 + GRAPHS; seed++) {
        dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
        print_message("# seed %llu\n", (unsigned long long)seed);
        compared += check_list(ctx, seed, dvt_graph_passes(), false);
        dvt_ctx_destroy(ctx);
    }
    assert_true(compared > GRAPHS / 4);
}

static void test_passes_prop__a_second_round_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        dvt_ctx          *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
        random_graph_opts opts = options(seed);
        dvt_graph        *g;
        tool_ok(ctx, random_graph_make(ctx, &opts, &g));
        tool_ok(ctx, dvt_passes_run(g, dvt_graph_passes(), NULL));
        tool_ok(ctx, dvt_passes_run(g, dvt_graph_passes(), NULL));
        int32_t nodes = dvt_graph_node_count(g);
        tool_ok(ctx, dvt_passes_run(g, dvt_graph_passes(), NULL));
        assert_int_equal(dvt_graph_node_count(g), nodes);
        dvt_graph_destroy(g);
        dvt_ctx_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes_prop__each_pass_keeps_the_outputs),
        cmocka_unit_test(test_passes_prop__all_passes_together_keep_the_outputs),
        cmocka_unit_test(test_passes_prop__a_second_round_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
