/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_exec.c - what an executor promises: results, sharing of memory, what stays readable, errors.
 */
#include "graph/exec_int.h"
#include "support/graph_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const dvt_exec_kind both_kinds[] = {DVT_EXEC_NAIVE, DVT_EXEC_FAST};

static dvt_tensor floats(dvt_shape shape, float *data)
{
    return dvt_tensor_wrap(DVT_DTYPE_F32, &shape, data);
}

static void expect_floats(const dvt_exec *x, const char *name, const float *want, size_t count)
{
    dvt_tensor t;
    tool_ok(x->ctx, dvt_exec_tensor(x, tool_value(x->g, name), &t));
    assert_int_equal(t.bytes, count * sizeof *want);
    for (size_t i = 0; i < count; i++) assert_float_equal(((float *)t.data)[i], want[i], 1e-6);
}

/* ---- results ------------------------------------------------------------------------------- */

#define TWO_LAYERS                                                     \
    "dvg 1 t input x: f32[1,1,2,2]"                                    \
    " const w: f32[2,1,1,1] = [1,-1] const b: f32[2] = [-2,2]"         \
    " c = conv(x, w, b, kernel=[1,1]) r = unary(c, fn=relu)"           \
    " const v: f32[1,8] = [1,1,1,1,10,10,10,10]"                       \
    " f = reshape(r, dims=[1,8]) y = dense(f, v) output y"

static void test_exec__two_layers_give_the_sum_worked_out_by_hand(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        dvt_graph *g = tool_parse(TWO_LAYERS);
        float      data[] = {1, 2, 3, 4}; /* c: -1 0 1 2 | 1 0 -1 -2 */
        dvt_tensor in = floats(DVT_SHAPE(1, 1, 2, 2), data);
        dvt_exec  *x = tool_run(g, both_kinds[i], &in);
        expect_floats(x, "y", (float[]){13}, 1);
        dvt_exec_destroy(x);
        tool_graph_free(g);
    }
}

static void test_exec__runs_do_not_depend_on_earlier_runs(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse(TWO_LAYERS);
    float      data[] = {1, 2, 3, 4}, other[] = {-5, 6, -7, 8};
    dvt_tensor in = floats(DVT_SHAPE(1, 1, 2, 2), data), noise = floats(in.shape, other);
    dvt_exec  *x = tool_run(g, DVT_EXEC_FAST, &noise);

    tool_ok(x->ctx, dvt_exec_run(x, &in, 1));
    expect_floats(x, "y", (float[]){13}, 1);
    tool_ok(x->ctx, dvt_exec_run(x, &in, 1));
    expect_floats(x, "y", (float[]){13}, 1);
    assert_float_equal(data[0], 1, 0); /* the caller's tensors are only read */
    dvt_exec_destroy(x);
    tool_graph_free(g);
}

static void test_exec__a_run_takes_no_memory(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse(TWO_LAYERS);
    float      data[] = {1, 2, 3, 4};
    dvt_tensor in = floats(DVT_SHAPE(1, 1, 2, 2), data);
    dvt_exec  *x = tool_run(g, DVT_EXEC_NAIVE, &in);
    size_t     before = dvt_ctx_bytes_in_use(x->ctx), peak = dvt_ctx_bytes_peak(x->ctx);

    for (int i = 0; i < 3; i++) tool_ok(x->ctx, dvt_exec_run(x, &in, 1));
    assert_int_equal(dvt_ctx_bytes_in_use(x->ctx), before);
    assert_int_equal(dvt_ctx_bytes_peak(x->ctx), peak);
    dvt_exec_destroy(x);
    tool_graph_free(g);
}

static void test_exec__results_are_the_same_on_any_number_of_threads(void **state)
{
    (void)state;
    static const char text[] =
        "dvg 1 t input x: f32[1,16,20,20] param w: f32[32,16,3,3] param b: f32[32]"
        " c = conv(x, w, b, kernel=[3,3]) r = unary(c, fn=relu) param v: f32[50,10368]"
        " d = dense(r, v) y = softmax(d) output y";
    float first[50];
    for (uint32_t jobs = 1; jobs <= 4; jobs++) {
        dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = jobs});
        dvt_graph *g;
        dvt_tensor y;
        tool_ok(ctx, dvt_graph_parse(ctx, "t", text, strlen(text), &g));
        tool_ok(ctx, dvt_graph_seed_params(g, 3));
        dvt_tensor *in = tool_inputs(g, 5);
        dvt_exec   *x = tool_run(g, DVT_EXEC_FAST, in);
        tool_ok(ctx, dvt_exec_tensor(x, tool_value(g, "y"), &y));
        if (jobs == 1) memcpy(first, y.data, sizeof first);
        assert_memory_equal(first, y.data, sizeof first);
        dvt_exec_destroy(x);
        tool_inputs_free(g, in);
        dvt_graph_destroy(g);
        dvt_ctx_destroy(ctx);
    }
}

/* ---- memory -------------------------------------------------------------------------------- */

static size_t memory_of(const char *text)
{
    dvt_graph *g = tool_parse(text);
    dvt_exec  *x;
    tool_ok(dvt_graph_ctx(g), dvt_exec_create(g, NULL, &x));
    size_t bytes = dvt_exec_memory_bytes(x);
    dvt_exec_destroy(x);
    tool_graph_free(g);
    return bytes;
}

static void test_exec__element_wise_nodes_work_in_place(void **state)
{
    (void)state;
    assert_int_equal(
        memory_of("dvg 1 t input x: f32[64] a = unary(x, fn=relu) b = unary(a, fn=tanh)"
                  " y = binary(b, b, fn2=add) output y"),
        256);
}

static void test_exec__an_operand_that_is_read_again_is_not_overwritten(void **state)
{
    (void)state;
    static const char text[] = "dvg 1 t input x: f32[64] a = unary(x, fn=neg)"
                               " y = binary(a, x, fn2=sub) output y";
    dvt_graph *g = tool_parse(text);
    float      data[64] = {1, 2, 3};
    dvt_tensor in = floats(DVT_SHAPE(64), data);
    dvt_exec  *x = tool_run(g, DVT_EXEC_FAST, &in);

    expect_floats(x, "y", (float[64]){-2, -4, -6}, 64);
    assert_int_equal(dvt_exec_memory_bytes(x), 512);
    dvt_exec_destroy(x);
    tool_graph_free(g);
}

static void test_exec__an_operand_that_another_operand_aliases_is_not_overwritten(void **state)
{
    (void)state;
    /* nobody reads x or r later, but in place r would change while it is read */
    static const char text[] = "dvg 1 t input x: f32[1,64] r = reshape(x, dims=[64])"
                               " y = scale(x, r, axis=1) output y";
    assert_int_equal(memory_of(text), 512);
}

static void test_exec__reshapes_are_aliases_and_constants_are_never_written(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse("dvg 1 t input x: f32[2] const c: f32[1,2] = [1,2]"
                              " r = reshape(c, dims=[2]) n = unary(r, fn=neg)"
                              " y = binary(n, x, fn2=add) output y output c");
    float      data[] = {10, 20};
    dvt_tensor in = floats(DVT_SHAPE(2), data);
    dvt_exec  *x = tool_run(g, DVT_EXEC_FAST, &in);

    tool_ok(x->ctx, dvt_exec_run(x, &in, 1));
    expect_floats(x, "y", (float[]){9, 18}, 2);
    expect_floats(x, "c", (float[]){1, 2}, 2);
    dvt_exec_destroy(x);
    tool_graph_free(g);
}

static void test_exec__nodes_that_nobody_needs_do_not_run(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse("dvg 1 t input x: f32[2] const i: i64[1] = [5] y = unary(x, fn=relu)"
                              " bad = gather(x, i) worse = unary(bad, fn=relu) output y");
    float      data[] = {-1, 2};
    dvt_tensor in = floats(DVT_SHAPE(2), data);
    dvt_exec  *x = tool_run(g, DVT_EXEC_NAIVE, &in);

    assert_int_equal(x->step_count, 1);
    expect_floats(x, "y", (float[]){0, 2}, 2);
    dvt_exec_destroy(x);
    tool_graph_free(g);
}

/* ---- fusing and keeping -------------------------------------------------------------------- */

static void test_exec__a_relu_behind_a_convolution_is_fused_unless_it_is_kept(void **state)
{
    (void)state;
    dvt_graph    *g = tool_parse(TWO_LAYERS);
    float         data[] = {1, 2, 3, 4};
    dvt_tensor    in = floats(DVT_SHAPE(1, 1, 2, 2), data);
    dvt_value_id  keep[] = {tool_value(g, "c"), tool_value(g, "x")};
    dvt_exec     *fused = tool_run(g, DVT_EXEC_FAST, &in), *kept;
    dvt_exec_opts opts = {.kind = DVT_EXEC_FAST, .keep = keep, .keep_count = 2};

    tool_ok(fused->ctx, dvt_exec_create(g, &opts, &kept));
    tool_ok(fused->ctx, dvt_exec_run(kept, &in, 1));
    assert_int_equal(fused->step_count, 3);
    assert_int_equal(kept->step_count, 4);
    expect_floats(kept, "c", (float[]){-1, 0, 1, 2, 1, 0, -1, -2}, 8);
    expect_floats(kept, "x", data, 4);
    expect_floats(kept, "y", (float[]){13}, 1);
    dvt_exec_destroy(kept);
    dvt_exec_destroy(fused);
    tool_graph_free(g);
}

/* ---- errors -------------------------------------------------------------------------------- */

static void expect_error(dvt_ctx *ctx, dvt_status got, dvt_status want, const char *part)
{
    assert_int_equal(got, want);
    if (!strstr(dvt_ctx_error(ctx)->message, part))
        fail_msg("'%s' lacks '%s'", dvt_ctx_error(ctx)->message, part);
    dvt_ctx_clear_error(ctx);
}

static void test_exec__mistakes_of_the_caller_are_named(void **state)
{
    (void)state;
    dvt_graph *g = tool_parse(TWO_LAYERS);
    dvt_ctx   *ctx = dvt_graph_ctx(g);
    float      data[] = {1, 2, 3, 4};
    dvt_tensor in = floats(DVT_SHAPE(1, 1, 2, 2), data), flat = floats(DVT_SHAPE(4), data), t;
    dvt_exec  *x;

    tool_ok(ctx, dvt_exec_create(g, NULL, &x));
    dvt_value_id y = tool_value(g, "y"), c = tool_value(g, "c");
    expect_error(ctx, dvt_exec_tensor(x, y, &t), DVT_E_USAGE, "'y' is read before a run");
    expect_error(ctx, dvt_exec_run(x, &in, 0), DVT_E_USAGE, "has 1 inputs, 0 tensors");
    expect_error(ctx, dvt_exec_run(x, &flat, 1), DVT_E_SHAPE,
                 "input 'x' is f32 [1,1,2,2], the tensor given is f32 [4]");
    tool_ok(ctx, dvt_exec_run(x, &in, 1));
    expect_error(ctx, dvt_exec_tensor(x, c, &t), DVT_E_USAGE, "'c' is neither a graph output nor");
    dvt_exec_destroy(x);
    tool_graph_free(g);
}

static void test_exec__parameters_without_data_and_unknown_values_are_refused(void **state)
{
    (void)state;
    static const char text[] =
        "dvg 1 t input x: f32[1,4] param w: f32[2,4] y = dense(x, w) output y";
    dvt_ctx          *ctx = dvt_ctx_create(NULL);
    dvt_graph        *g;
    dvt_exec         *x;
    dvt_value_id      nothing = {99};

    tool_ok(ctx, dvt_graph_parse(ctx, "t", text, strlen(text), &g));
    expect_error(ctx, dvt_exec_create(g, NULL, &x), DVT_E_USAGE,
                 "parameter 'w' of 'y' has no data");
    assert_null(x);
    tool_ok(ctx, dvt_graph_seed_params(g, 1));
    dvt_exec_opts opts = {.keep = &nothing, .keep_count = 1};
    expect_error(ctx, dvt_exec_create(g, &opts, &x), DVT_E_USAGE, "no value with id 99");
    dvt_graph_destroy(g);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exec__two_layers_give_the_sum_worked_out_by_hand),
        cmocka_unit_test(test_exec__runs_do_not_depend_on_earlier_runs),
        cmocka_unit_test(test_exec__a_run_takes_no_memory),
        cmocka_unit_test(test_exec__results_are_the_same_on_any_number_of_threads),
        cmocka_unit_test(test_exec__element_wise_nodes_work_in_place),
        cmocka_unit_test(test_exec__an_operand_that_is_read_again_is_not_overwritten),
        cmocka_unit_test(
            test_exec__an_operand_that_another_operand_aliases_is_not_overwritten),
        cmocka_unit_test(test_exec__reshapes_are_aliases_and_constants_are_never_written),
        cmocka_unit_test(test_exec__nodes_that_nobody_needs_do_not_run),
        cmocka_unit_test(test_exec__a_relu_behind_a_convolution_is_fused_unless_it_is_kept),
        cmocka_unit_test(test_exec__mistakes_of_the_caller_are_named),
        cmocka_unit_test(test_exec__parameters_without_data_and_unknown_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
