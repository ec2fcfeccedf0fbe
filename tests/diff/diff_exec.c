/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_exec.c - the fast executor against the naive one.
 *
 * Node by node: a random graph over all operators is computed naively with every value kept; each
 * node is then computed by a fast executor of its own on the naive values of its inputs, constants
 * staying constants, so that plans, prepared constants and fast kernels are all met and no
 * difference is carried on. Graph by graph: outputs of smooth graphs, fused.
 */
#include "support/graph_tools.h"
#include "support/random_graph.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { GRAPHS = 80 };

/* Every value of g, computed naively. The executor is the caller's. */
static dvt_exec *run_all(const dvt_graph *g, const dvt_tensor *inputs)
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

/* A graph of node n alone: variable inputs become graph inputs, collected in `tensors`. */
static dvt_graph *single(const dvt_graph *g, const dvt_node *n, const dvt_exec *all,
                         dvt_tensor *tensors)
{
    dvt_ctx      *ctx = dvt_graph_ctx(g);
    dvt_graph    *one = dvt_graph_create(ctx, "one");
    dvt_value_id *in = dvt_calloc(ctx, (size_t)n->input_count + 1, sizeof *in);
    dvt_value_id *out = dvt_calloc(ctx, (size_t)n->output_count + 1, sizeof *out);
    int32_t       inputs = 0;

    for (int32_t i = 0; i < n->input_count; i++) {
        dvt_tensor t;
        in[i] = DVT_NO_VALUE;
        if (n->inputs[i].i < 0) continue;
        if (dvt_graph_const(g, n->inputs[i], &t)) {
            tool_ok(ctx, dvt_graph_add_const(one, NULL, &t, &in[i]));
            continue;
        }
        tool_ok(ctx, dvt_exec_tensor(all, n->inputs[i], &t));
        tool_ok(ctx, dvt_graph_add_input(one, NULL, t.dtype, &t.shape, &in[i]));
        tensors[inputs++] = t;
    }
    dvt_node_spec spec = {n->op, n->name, NULL, in, n->input_count, n->output_count, NULL, n->attrs,
                          {0}};
    tool_ok(ctx, dvt_graph_add_node(one, &spec, out));
    for (int32_t i = 0; i < n->output_count; i++)
        tool_ok(ctx, dvt_graph_add_output(one, out[i]));
    dvt_free(ctx, in);
    dvt_free(ctx, out);
    return one;
}

/* Root mean square of the finite elements: the scale that sums were formed at. */
static double scale_of(const dvt_tensor *t)
{
    double  sum = 0;
    int64_t n = dvt_shape_count(&t->shape);
    for (int64_t i = 0; i < n; i++) {
        double v = dvt_tensor_get_f64(t, i);
        if (isfinite(v)) sum += v * v;
    }
    return n ? sqrt(sum / (double)n) : 0;
}

static void expect_close(dvt_ctx *ctx, const dvt_tensor *got, const dvt_tensor *want, double rtol,
                         const char *name, const char *op, uint64_t seed)
{
    bool     f16 = want->dtype == DVT_DTYPE_F16;
    double   bound = f16 ? 2e-3 : rtol;
    dvt_diff d;

    tool_ok(ctx, dvt_tensor_diff(ctx, got, want, bound * (1e-3 + scale_of(want)), bound, &d));
    if (d.mismatches)
        fail_msg("seed %llu, '%s' (%s): %lld of %lld differ, the worst by %g",
                 (unsigned long long)seed, name, op, (long long)d.mismatches, (long long)d.count,
                 d.max_abs);
}

static void check_node(const dvt_graph *g, const dvt_node *n, const dvt_exec *all, uint64_t seed)
{
    dvt_ctx    *ctx = dvt_graph_ctx(g);
    dvt_tensor *tensors = dvt_calloc(ctx, (size_t)n->input_count + 1, sizeof *tensors);
    dvt_graph  *one = single(g, n, all, tensors);
    dvt_exec   *fast = tool_run(one, DVT_EXEC_FAST, tensors);

    for (int32_t i = 0; i < n->output_count; i++) {
        dvt_tensor got, want;
        tool_ok(ctx, dvt_exec_tensor(fast, dvt_graph_output(one, i), &got));
        tool_ok(ctx, dvt_exec_tensor(all, n->outputs[i], &want));
        expect_close(ctx, &got, &want, 1e-5, n->name, dvt_op_describe(n->op)->name, seed);
    }
    dvt_exec_destroy(fast);
    dvt_graph_destroy(one);
    dvt_free(ctx, tensors);
}

static void test_exec_diff__every_node_is_as_the_naive_one(void **state)
{
    (void)state;
    int64_t met[DVT_OP_COUNT] = {0};

    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        dvt_ctx          *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 2});
        random_graph_opts opts = {.seed = seed, .nodes = 30, .elements_max = 2048};
        dvt_graph        *g;
        tool_ok(ctx, random_graph_make(ctx, &opts, &g));
        dvt_tensor *inputs = tool_inputs(g, seed);
        dvt_exec   *all = run_all(g, inputs);
        for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
            const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
            check_node(g, n, all, seed);
            met[n->op]++;
        }
        dvt_exec_destroy(all);
        tool_inputs_free(g, inputs);
        dvt_graph_destroy(g);
        dvt_ctx_destroy(ctx);
    }
    for (int i = 0; i < DVT_OP_COUNT; i++)
        if (!met[i]) fail_msg("operator %s never came up", dvt_op_describe((dvt_op)i)->name);
}

static const dvt_op smooth[] = {DVT_OP_CONV, DVT_OP_CONV_TRANSPOSE, DVT_OP_DENSE, DVT_OP_BATCH_NORM,
                                DVT_OP_SCALE, DVT_OP_BIAS, DVT_OP_POOL, DVT_OP_GLOBAL_POOL,
                                DVT_OP_LRN, DVT_OP_CONCAT, DVT_OP_NARY, DVT_OP_PRELU,
                                DVT_OP_RESHAPE};

/* conv, relu and clip in turns between random smooth operators: what the executor fuses. */
static void test_exec_diff__fused_graphs_are_as_the_naive_ones(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++) {
        dvt_ctx          *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 2});
        random_graph_opts opts = {.seed = seed,
                                  .nodes = 16,
                                  .elements_max = 2048,
                                  .only = smooth,
                                  .only_count = sizeof smooth / sizeof smooth[0],
                                  .smooth = true};
        dvt_graph *g;
        tool_ok(ctx, random_graph_make(ctx, &opts, &g));
        dvt_tensor *inputs = tool_inputs(g, seed);
        dvt_exec *naive = tool_run(g, DVT_EXEC_NAIVE, inputs);
        dvt_exec *fast = tool_run(g, DVT_EXEC_FAST, inputs);
        for (int32_t i = 0; i < dvt_graph_output_count(g); i++) {
            dvt_value_id v = dvt_graph_output(g, i);
            dvt_tensor   got, want;
            tool_ok(ctx, dvt_exec_tensor(fast, v, &got));
            tool_ok(ctx, dvt_exec_tensor(naive, v, &want));
            expect_close(ctx, &got, &want, 1e-4, dvt_graph_value(g, v)->name, "output", seed);
        }
        dvt_exec_destroy(naive);
        dvt_exec_destroy(fast);
        tool_inputs_free(g, inputs);
        dvt_graph_destroy(g);
        dvt_ctx_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exec_diff__every_node_is_as_the_naive_one),
        cmocka_unit_test(test_exec_diff__fused_graphs_are_as_the_naive_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
