/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_exec.c - sharing memory changes no bit: on random graphs, what an executor computes when
 * tensors share addresses, work in place and alias each other equals what it computes when every
 * value is kept and nothing may be shared; and no plan is smaller than its bound.
 */
#include "graph/exec_int.h"
#include "support/graph_tools.h"
#include "support/random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { GRAPHS = 120 };

static dvt_exec *run_kept(const dvt_graph *g, const dvt_tensor *inputs)
{
    dvt_ctx      *ctx = dvt_graph_ctx(g);
    int32_t       values = dvt_graph_value_count(g);
    dvt_value_id *keep = dvt_calloc(ctx, (size_t)values + 1, sizeof *keep);
    dvt_exec     *x;

    assert_non_null(keep);
    for (int32_t i = 0; i < values; i++) keep[i].i = i;
    tool_ok(ctx, dvt_exec_create(g, &(dvt_exec_opts){DVT_EXEC_NAIVE, keep, values}, &x));
    tool_ok(ctx, dvt_exec_run(x, inputs, dvt_graph_input_count(g)));
    dvt_free(ctx, keep);
    return x;
}

static void expect_same_bits(const dvt_graph *g, const dvt_exec *a, const dvt_exec *b, uint64_t seed)
{
    for (int32_t i = 0; i < dvt_graph_output_count(g); i++) {
        dvt_value_id v = dvt_graph_output(g, i);
        dvt_tensor   ta, tb;
        tool_ok(a->ctx, dvt_exec_tensor(a, v, &ta));
        tool_ok(a->ctx, dvt_exec_tensor(b, v, &tb));
        if (ta.bytes && memcmp(ta.data, tb.data, ta.bytes))
            fail_msg("seed %llu: output '%s' differs", (unsigned long long)seed,
                     dvt_graph_value(g, v)->name);
    }
}

static void test_exec_prop__sharing_memory_changes_no_bit(void **state)
{
    (void)state;
    double over = 0;
    size_t shared = 0, kept = 0;

    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        dvt_ctx          *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
        random_graph_opts opts = {.seed = seed, .nodes = 30, .elements_max = 512};
        dvt_graph        *g;
        tool_ok(ctx, random_graph_make(ctx, &opts, &g));
        dvt_tensor *inputs = tool_inputs(g, seed);
        dvt_exec   *a = run_kept(g, inputs), *b = tool_run(g, DVT_EXEC_NAIVE, inputs);
        expect_same_bits(g, a, b, seed);
        tool_ok(ctx, dvt_exec_run(b, inputs, dvt_graph_input_count(g)));
        expect_same_bits(g, a, b, seed);
        assert_true(b->block_bytes >= b->bound_bytes);
        over += b->bound_bytes ? (double)b->block_bytes / (double)b->bound_bytes : 1;
        shared += b->block_bytes;
        kept += a->block_bytes;
        dvt_exec_destroy(a);
        dvt_exec_destroy(b);
        tool_inputs_free(g, inputs);
        dvt_graph_destroy(g);
        assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
        dvt_ctx_destroy(ctx);
    }
    print_message("block over bound: %.3f; shared over kept: %.3f\n", over / GRAPHS,
                  (double)shared / (double)kept);
    assert_true(over / GRAPHS < 1.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exec_prop__sharing_memory_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
