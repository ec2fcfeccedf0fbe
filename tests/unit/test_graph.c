/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph.c - building and reading graphs: names, ids, data, and failures that change nothing.
 */
#include "dovetail/graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
    dvt_ctx     *ctx;
    dvt_graph   *g;
    dvt_value_id x;
} fixture;

static int setup(void **state)
{
    static fixture f;
    dvt_shape      s = DVT_SHAPE(1, 3, 8, 8);

    f.ctx = dvt_ctx_create(NULL);
    f.g = dvt_graph_create(f.ctx, "net");
    if (dvt_graph_add_input(f.g, "x", DVT_DTYPE_F32, &s, &f.x) != DVT_OK) return -1;
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    dvt_graph_destroy(f->g);
    size_t left = dvt_ctx_bytes_in_use(f->ctx);
    dvt_ctx_destroy(f->ctx);
    return left == 0 ? 0 : -1;
}

static dvt_status add_relu(dvt_graph *g, const char *name, const char *result, dvt_value_id x,
                           dvt_value_id *out)
{
    dvt_node_spec spec = {.op = DVT_OP_UNARY,
                          .name = name,
                          .inputs = &x,
                          .input_count = 1,
                          .output_count = 1,
                          .output_names = result ? &result : NULL,
                          .attrs = dvt_op_default_attrs(DVT_OP_UNARY, 0)};
    return dvt_graph_add_node(g, &spec, out);
}

static const char *value_name(const fixture *f, dvt_value_id v)
{
    return dvt_graph_value(f->g, v)->name;
}

static void test_graph__taken_names_get_a_number(void **state)
{
    fixture     *f = *state;
    dvt_shape    s = DVT_SHAPE(3);
    dvt_value_id a, b, c;

    assert_int_equal(dvt_graph_add_param(f->g, "x", DVT_DTYPE_F32, &s, &a), DVT_OK);
    assert_int_equal(dvt_graph_add_param(f->g, "x", DVT_DTYPE_F32, &s, &b), DVT_OK);
    assert_int_equal(dvt_graph_add_param(f->g, NULL, DVT_DTYPE_F32, &s, &c), DVT_OK);
    assert_string_equal(value_name(f, a), "x_2");
    assert_string_equal(value_name(f, b), "x_3");
    assert_string_equal(value_name(f, c), "param");
    assert_int_equal(dvt_graph_find_value(f->g, "x_3").i, b.i);
    assert_int_equal(dvt_graph_find_value(f->g, "y").i, -1);
}

static void test_graph__nodes_are_called_like_their_result_or_operator(void **state)
{
    fixture     *f = *state;
    dvt_value_id a, b, c;

    assert_int_equal(add_relu(f->g, NULL, "y", f->x, &a), DVT_OK);
    assert_int_equal(add_relu(f->g, NULL, NULL, a, &b), DVT_OK);
    assert_int_equal(add_relu(f->g, "act", NULL, b, &c), DVT_OK);
    assert_string_equal(dvt_graph_node(f->g, (dvt_node_id){0})->name, "y");
    assert_string_equal(dvt_graph_node(f->g, (dvt_node_id){1})->name, "unary");
    assert_string_equal(value_name(f, b), "unary");
    assert_string_equal(value_name(f, c), "act");
    assert_int_equal(dvt_graph_find_node(f->g, "act").i, 2);
    assert_int_equal(dvt_graph_value(f->g, c)->producer.i, 2);
}

static void test_graph__uses_count_readers_and_outputs(void **state)
{
    fixture     *f = *state;
    dvt_value_id a;

    assert_int_equal(dvt_graph_use_count(f->g, f->x), 0);
    assert_int_equal(add_relu(f->g, "a", NULL, f->x, &a), DVT_OK);
    assert_int_equal(dvt_graph_add_output(f->g, a), DVT_OK);
    assert_int_equal(dvt_graph_add_output(f->g, f->x), DVT_OK);
    assert_int_equal(dvt_graph_use_count(f->g, f->x), 2);
    assert_int_equal(dvt_graph_use_count(f->g, a), 1);
    assert_true(dvt_graph_is_output(f->g, a));
    assert_int_equal(dvt_graph_verify(f->g), DVT_OK);
}

static void test_graph__constants_are_copied_and_can_be_set_again(void **state)
{
    fixture     *f = *state;
    float        data[3] = {1.0f, 2.0f, 3.0f};
    dvt_shape    s = DVT_SHAPE(3), wrong = DVT_SHAPE(2);
    dvt_tensor   t = dvt_tensor_wrap(DVT_DTYPE_F32, &s, data), got;
    dvt_value_id c, p;

    assert_int_equal(dvt_graph_add_const(f->g, "c", &t, &c), DVT_OK);
    data[0] = 9.0f;
    assert_true(dvt_graph_const(f->g, c, &got));
    assert_true(((const float *)got.data)[0] == 1.0f);

    assert_int_equal(dvt_graph_add_param(f->g, "p", DVT_DTYPE_F32, &s, &p), DVT_OK);
    assert_false(dvt_graph_const(f->g, p, &got));
    assert_int_equal(dvt_graph_set_data(f->g, p, &t), DVT_OK);
    assert_int_equal(dvt_graph_value(f->g, p)->kind, DVT_VALUE_CONST);
    t.shape = wrong;
    assert_int_equal(dvt_graph_set_data(f->g, p, &t), DVT_E_SHAPE);
    assert_string_equal(dvt_ctx_error(f->ctx)->message,
                        "parameter 'p' is f32[3], its data is f32[2]");
    dvt_ctx_clear_error(f->ctx);
    assert_int_equal(dvt_graph_set_data(f->g, f->x, &t), DVT_E_USAGE);
}

static void test_graph__a_refused_node_changes_nothing(void **state)
{
    fixture      *f = *state;
    dvt_value_id  out = {7}, bad = {99};
    dvt_attrs     a = dvt_op_default_attrs(DVT_OP_POOL, 2);
    dvt_node_spec spec = {.op = DVT_OP_POOL,
                          .name = "pool1",
                          .source = "pool1 (Pooling), net.prototxt:31",
                          .inputs = &f->x,
                          .input_count = 1,
                          .output_count = 1,
                          .attrs = a,
                          .at = {.file = "net.prototxt", .line = 31, .column = 3}};

    spec.attrs.pool.win.kernel.v[0] = 9;
    assert_int_equal(dvt_graph_add_node(f->g, &spec, &out), DVT_E_SHAPE);
    const dvt_error *e = dvt_ctx_error(f->ctx);
    assert_non_null(strstr(e->message, "node 'pool1' (pool): the window does not fit"));
    assert_string_equal(e->file, "net.prototxt");
    assert_int_equal(e->line, 31);
    assert_non_null(strstr(e->trail, "from pool1 (Pooling), net.prototxt:31"));
    assert_int_equal(out.i, -1);
    dvt_ctx_clear_error(f->ctx);

    spec.attrs = a;
    spec.inputs = &bad;
    assert_int_equal(dvt_graph_add_node(f->g, &spec, &out), DVT_E_USAGE);
    dvt_ctx_clear_error(f->ctx);
    spec.inputs = &f->x;
    spec.attrs.pool.kind = (dvt_pool)17;
    assert_int_equal(dvt_graph_add_node(f->g, &spec, &out), DVT_E_USAGE);
    assert_int_equal(dvt_graph_node_count(f->g), 0);
    assert_int_equal(dvt_graph_value_count(f->g), 1);
    assert_int_equal(dvt_graph_verify(f->g), DVT_OK);
}

static void test_graph__shapes_beyond_the_limits_are_refused(void **state)
{
    fixture     *f = *state;
    dvt_shape    huge = DVT_SHAPE((int64_t)1 << 40, 2), negative = DVT_SHAPE(-1);
    dvt_value_id v;

    assert_int_equal(dvt_graph_add_param(f->g, "h", DVT_DTYPE_F32, &huge, &v), DVT_E_SHAPE);
    dvt_ctx_clear_error(f->ctx);
    assert_int_equal(dvt_graph_add_input(f->g, "n", DVT_DTYPE_F32, &negative, &v), DVT_E_SHAPE);
    dvt_ctx_clear_error(f->ctx);
    assert_int_equal(dvt_graph_add_input(f->g, "n", DVT_DTYPE_NONE, &negative, &v), DVT_E_USAGE);
    assert_int_equal(v.i, -1);
    assert_int_equal(dvt_graph_value_count(f->g), 1);
}

static void test_graph__names_beyond_the_limit_are_refused(void **state)
{
    fixture     *f = *state;
    char         name[5000];
    dvt_shape    s = DVT_SHAPE(1);
    dvt_value_id v;

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(dvt_graph_add_param(f->g, name, DVT_DTYPE_F32, &s, &v), DVT_E_UNSUPPORTED);
    dvt_ctx_clear_error(f->ctx);
    assert_int_equal(add_relu(f->g, name, NULL, f->x, &v), DVT_E_UNSUPPORTED);
    dvt_ctx_clear_error(f->ctx);
    assert_int_equal(add_relu(f->g, "y", name, f->x, &v), DVT_E_UNSUPPORTED);
}

static void test_graph__many_equal_names_stay_fast(void **state)
{
    fixture     *f = *state;
    dvt_value_id v = f->x;

    for (int i = 0; i < 20000; i++) assert_int_equal(add_relu(f->g, "r", NULL, v, &v), DVT_OK);
    assert_string_equal(value_name(f, v), "r_20000");
    assert_int_equal(dvt_graph_verify(f->g), DVT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_graph__taken_names_get_a_number, setup, teardown),
        cmocka_unit_test_setup_teardown(test_graph__nodes_are_called_like_their_result_or_operator,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_graph__uses_count_readers_and_outputs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_graph__constants_are_copied_and_can_be_set_again,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_graph__a_refused_node_changes_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_graph__shapes_beyond_the_limits_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_graph__names_beyond_the_limit_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_graph__many_equal_names_stay_fast, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
