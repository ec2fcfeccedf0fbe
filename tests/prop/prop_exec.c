/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_exec.c - an executor computes what its nodes compute: on random graphs, results of tensors
 * that share addresses, work in place and alias each other equal, to the bit, those of the nodes
 * evaluated one by one into tensors of their own; and no plan is smaller than its bound.
 */
#include "graph/exec_int.h"
#include "support/graph_tools.h"
#include "support/random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { GRAPHS = 120 };

/* Evaluates node n from `values` (one tensor a value) into them. */
static void eval_node(const dvt_graph *g, dvt_node_id id, dvt_tensor *values)
{
    const dvt_node *n = dvt_graph_node(g, id);
    dvt_ctx        *ctx = dvt_graph_ctx(g);
    size_t          count = (size_t)n->input_count + (size_t)n->output_count;
    dvt_tensor     *in = dvt_calloc(ctx, count, sizeof *in), *out = in + n->input_count;

    assert_non_null(in);
    for (int32_t i = 0; i < n->input_count; i++)
        if (n->inputs[i].i >= 0) in[i] = values[n->inputs[i].i];
    tool_ok(ctx, dvt_node_eval(g, id, in, out));
    for (int32_t i = 0; i < n->output_count; i++) values[n->outputs[i].i] = out[i];
    dvt_free(ctx, in);
}

/* A tensor for every value of g: inputs and constants borrowed, results owned. */
static dvt_tensor *eval_all(const dvt_graph *g, const dvt_tensor *inputs)
{
    int32_t     count = dvt_graph_value_count(g);
    dvt_tensor *values = dvt_calloc(dvt_graph_ctx(g), (size_t)count + 1, sizeof *values);

    assert_non_null(values);
    for (int32_t i = 0; i < dvt_graph_input_count(g); i++) {
        values[dvt_graph_input(g, i).i] = inputs[i];
        values[dvt_graph_input(g, i).i].owned = false;
    }
    for (int32_t i = 0; i < count; i++) (void)dvt_graph_const(g, (dvt_value_id){i}, &values[i]);
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) eval_node(g, (dvt_node_id){i}, values);
    return values;
}

static void expect_same_bits(const dvt_exec *x, const dvt_tensor *values, uint64_t seed)
{
    for (int32_t i = 0; i < dvt_graph_output_count(x->g); i++) {
        dvt_value_id v = dvt_graph_output(x->g, i);
        dvt_tensor   t;
        tool_ok(x->ctx, dvt_exec_tensor(x, v, &t));
        assert_int_equal(t.bytes, values[v.i].bytes);
        if (t.bytes && memcmp(t.data, values[v.i].data, t.bytes))
            fail_msg("seed %llu: output '%s' differs", (unsigned long long)seed,
                     dvt_graph_value(x->g, v)->name);
    }
}

typedef struct totals {
    double over;           /* block / bound, summed */
    size_t shared, unshared; /* bytes of blocks, and of all results side by side */
} totals;

static void check_graph(const dvt_graph *g, uint64_t seed, totals *sum)
{
    dvt_ctx    *ctx = dvt_graph_ctx(g);
    dvt_tensor *inputs = tool_inputs(g, seed), *values = eval_all(g, inputs);
    dvt_exec   *x = tool_run(g, DVT_EXEC_NAIVE, inputs);

    expect_same_bits(x, values, seed);
    tool_ok(ctx, dvt_exec_run(x, inputs, dvt_graph_input_count(g))); /* nothing was clobbered */
    expect_same_bits(x, values, seed);
    assert_true(x->block_bytes >= x->bound_bytes);
    sum->over += x->bound_bytes ? (double)x->block_bytes / (double)x->bound_bytes : 1;
    sum->shared += x->block_bytes;
    for (int32_t i = 0; i < dvt_graph_value_count(g); i++) {
        if (values[i].owned) sum->unshared += values[i].bytes;
        dvt_tensor_deinit(ctx, &values[i]);
    }
    dvt_free(ctx, values);
    dvt_exec_destroy(x);
    tool_inputs_free(g, inputs);
}

static void test_exec_prop__sharing_memory_changes_no_bit(void **state)
{
    (void)state;
    totals sum = {0};

    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        dvt_ctx          *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
        random_graph_opts opts = {.seed = seed, .nodes = 30, .elements_max = 512};
        dvt_graph        *g;
        tool_ok(ctx, random_graph_make(ctx, &opts, &g));
        check_graph(g, seed, &sum);
        dvt_graph_destroy(g);
        assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
        dvt_ctx_destroy(ctx);
    }
    print_message("block over bound: %.3f; shared over unshared: %.3f\n", sum.over / GRAPHS,
                  (double)sum.shared / (double)sum.unshared);
    assert_true(sum.over / GRAPHS < 1.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exec_prop__sharing_memory_changes_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
