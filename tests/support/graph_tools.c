/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_tools.c - see graph_tools.h.
 */
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

void tool_ok(dvt_ctx *ctx, dvt_status st)
{
    if (st)
        fail_msg("%s: %s %s", dvt_status_name(st), dvt_ctx_error(ctx)->message,
                 dvt_ctx_error(ctx)->trail);
}

dvt_graph *tool_parse(const char *text)
{
    dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_graph *g;

    assert_non_null(ctx);
    tool_ok(ctx, dvt_graph_parse(ctx, "test", text, strlen(text), &g));
    tool_ok(ctx, dvt_graph_seed_params(g, 7));
    return g;
}

dvt_value_id tool_value(const dvt_graph *g, const char *name)
{
    dvt_value_id v = dvt_graph_find_value(g, name);
    if (v.i < 0) fail_msg("no value '%s'", name);
    return v;
}

void tool_graph_free(dvt_graph *g)
{
    dvt_ctx *ctx = dvt_graph_ctx(g);
    dvt_graph_destroy(g);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

/* ---- running ------------------------------------------------------------------------------- */

static void fill_tensor(dvt_rng *rng, const dvt_tensor *t)
{
    for (int64_t i = 0; i < dvt_shape_count(&t->shape); i++) {
        float      v = dvt_rng_f32(rng);
        float      x = t->dtype == DVT_DTYPE_F32 || t->dtype == DVT_DTYPE_F16 ? 2 * v - 1 : 2 * v;
        dvt_shape  one = {.rank = 0};
        dvt_tensor from = dvt_tensor_wrap(DVT_DTYPE_F32, &one, &x);
        dvt_tensor to = dvt_tensor_wrap(
            t->dtype, &one, (uint8_t *)t->data + (size_t)i * dvt_dtype_bytes(t->dtype));
        dvt_tensor_convert(&from, &to);
    }
}

dvt_tensor *tool_inputs(const dvt_graph *g, uint64_t seed)
{
    dvt_ctx    *ctx = dvt_graph_ctx(g);
    int32_t     count = dvt_graph_input_count(g);
    dvt_tensor *inputs = dvt_calloc(ctx, (size_t)count + 1, sizeof *inputs);

    assert_non_null(inputs);
    for (int32_t i = 0; i < count; i++) {
        const dvt_value *v = dvt_graph_value(g, dvt_graph_input(g, i));
        dvt_rng          rng = dvt_rng_make(seed, (uint64_t)i);
        tool_ok(ctx, dvt_tensor_init(ctx, v->dtype, &v->shape, &inputs[i]));
        fill_tensor(&rng, &inputs[i]);
    }
    return inputs;
}

void tool_inputs_free(const dvt_graph *g, dvt_tensor *inputs)
{
    for (int32_t i = 0; i < dvt_graph_input_count(g); i++)
        dvt_tensor_deinit(dvt_graph_ctx(g), &inputs[i]);
    dvt_free(dvt_graph_ctx(g), inputs);
}

dvt_exec *tool_run(const dvt_graph *g, dvt_exec_kind kind, const dvt_tensor *inputs)
{
    dvt_exec *x;
    tool_ok(dvt_graph_ctx(g), dvt_exec_create(g, &(dvt_exec_opts){.kind = kind}, &x));
    tool_ok(dvt_graph_ctx(g), dvt_exec_run(x, inputs, dvt_graph_input_count(g)));
    return x;
}

static void expect_output(const dvt_exec *want, const dvt_graph *gw, const dvt_exec *got,
                          const dvt_graph *gg, int32_t i, double atol, double rtol)
{
    dvt_value_id vw = dvt_graph_output(gw, i), vg = dvt_graph_output(gg, i);
    const char  *name = dvt_graph_value(gw, vw)->name;
    dvt_tensor   tw, tg;
    dvt_diff     d;

    assert_string_equal(name, dvt_graph_value(gg, vg)->name);
    tool_ok(dvt_graph_ctx(gw), dvt_exec_tensor(want, vw, &tw));
    tool_ok(dvt_graph_ctx(gg), dvt_exec_tensor(got, vg, &tg));
    tool_ok(dvt_graph_ctx(gw), dvt_tensor_diff(dvt_graph_ctx(gw), &tg, &tw, atol, rtol, &d));
    if (d.mismatches)
        fail_msg("output '%s': %lld of %lld differ, the worst by %g at %lld", name,
                 (long long)d.mismatches, (long long)d.count, d.max_abs, (long long)d.worst);
}

void tool_expect_same(const dvt_graph *want, const dvt_graph *got, double atol, double rtol)
{
    dvt_tensor *inputs = tool_inputs(want, 1);
    dvt_exec   *a = tool_run(want, DVT_EXEC_NAIVE, inputs),
             *b = tool_run(got, DVT_EXEC_NAIVE, inputs);

    assert_int_equal(dvt_graph_output_count(want), dvt_graph_output_count(got));
    for (int32_t i = 0; i < dvt_graph_output_count(want); i++)
        expect_output(a, want, b, got, i, atol, rtol);
    dvt_exec_destroy(a);
    dvt_exec_destroy(b);
    tool_inputs_free(want, inputs);
}

void tool_pass(dvt_graph *g, const char *name)
{
    const dvt_pass *list[2] = {dvt_graph_find_pass(name), NULL};
    assert_non_null(list[0]);
    tool_ok(dvt_graph_ctx(g), dvt_passes_run(g, list, &(dvt_passes_opts){.verify_each = true}));
}

int64_t tool_op_count(const dvt_graph *g, dvt_op op)
{
    dvt_graph_stats s;
    dvt_graph_stats_of(g, &s);
    return s.op_count[op];
}
