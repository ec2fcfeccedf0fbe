/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_passes.c - passes change no output: each pass alone, and all in their standing order, on
 * random graphs, verified behind each, computed naively before and after.
 *
 * Passes that may move results within rounding are compared on smooth graphs: a function that jumps
 * (rounding, comparisons, arg reductions) would turn such a difference into another answer. Passes
 * that keep every bit are compared on all graphs, to the bit.
 */
#include "support/graph_tools.h"
#include "support/random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { GRAPHS = 60 };

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

static random_graph_opts options(uint64_t seed, bool smooth)
{
    random_graph_opts opts = {.seed = seed, .nodes = 24, .elements_max = 512, .smooth = smooth};
    if (seed % 3) {
        opts.only = usual;
        opts.only_count = sizeof usual / sizeof usual[0];
    }
    return opts;
}

static void check_list(dvt_ctx *ctx, uint64_t seed, const dvt_pass *const *list, bool exact)
{
    random_graph_opts opts = options(seed, !exact);
    dvt_graph        *before, *after;

    tool_ok(ctx, random_graph_make(ctx, &opts, &before));
    tool_ok(ctx, dvt_graph_clone(before, &after));
    tool_ok(ctx, dvt_passes_run(after, list, &(dvt_passes_opts){.verify_each = true}));
    tool_expect_same(before, after, exact ? 0 : 1e-4, exact ? 0 : 1e-4);
    dvt_graph_destroy(before);
    dvt_graph_destroy(after);
}

static void test_passes_prop__each_pass_keeps_the_outputs(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
        for (const dvt_pass *const *p = dvt_graph_passes(); *p; p++) {
            const dvt_pass *one[2] = {*p, NULL};
            print_message("# seed %llu pass %s\n", (unsigned long long)seed, (*p)->name);
            check_list(ctx, seed, one, keeps_every_bit((*p)->name));
        }
        assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
        dvt_ctx_destroy(ctx);
    }
}

static void test_passes_prop__all_passes_together_keep_the_outputs(void **state)
{
    (void)state;
    for (uint64_t seed = 1000; seed < 1000 + 2 * GRAPHS; seed++) {
        dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
        print_message("# seed %llu\n", (unsigned long long)seed);
        check_list(ctx, seed, dvt_graph_passes(), false);
        dvt_ctx_destroy(ctx);
    }
}

/* What one round leaves open another may close; then there is nothing left to do. */
static void test_passes_prop__the_passes_come_to_an_end(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        dvt_ctx          *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
        random_graph_opts opts = options(seed, false);
        dvt_graph        *g;
        tool_ok(ctx, random_graph_make(ctx, &opts, &g));
        for (int i = 0; i < 3; i++) tool_ok(ctx, dvt_passes_run(g, dvt_graph_passes(), NULL));
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
        cmocka_unit_test(test_passes_prop__the_passes_come_to_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
