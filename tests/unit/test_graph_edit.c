/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph_edit.c - rewiring, replacing, removing and compacting, on graphs written as text.
 */
#include "support/graph_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char chain[] = "dvg 1 g\n"
                            "input x: f32[2]\n"
                            "param w: f32[2]\n"
                            "a: f32[2] = unary(x)\n"
                            "b: f32[2] = binary(a, w)\n"
                            "c: f32[2] = unary(b, fn=tanh)\n"
                            "output c\n";

static dvt_value_id value(const dvt_graph *g, const char *name)
{
    dvt_value_id v = dvt_graph_find_value(g, name);
    assert_true(v.i >= 0);
    return v;
}

static void test_graph_edit__replacing_an_inner_value_removes_a_node(void **state)
{
    (void)state;
    graph_case c = graph_case_open(chain);

    graph_case_ok(&c, dvt_graph_replace_uses(c.g, value(c.g, "b"), value(c.g, "a")));
    dvt_graph_remove_node(c.g, dvt_graph_find_node(c.g, "b"));
    graph_case_ok(&c, dvt_graph_compact(c.g));
    graph_case_prints(&c, "dvg 1 g\n"
                          "input x: f32[2]\n"
                          "a: f32[2] = unary(x)\n"
                          "c: f32[2] = unary(a, fn=tanh)\n"
                          "output c\n");
    graph_case_close(&c);
}

static void test_graph_edit__an_output_keeps_its_name(void **state)
{
    (void)state;
    graph_case c = graph_case_open(chain);

    graph_case_ok(&c, dvt_graph_replace_uses(c.g, value(c.g, "c"), value(c.g, "b")));
    dvt_graph_remove_node(c.g, dvt_graph_find_node(c.g, "c"));
    graph_case_ok(&c, dvt_graph_compact(c.g));
    graph_case_prints(&c, "dvg 1 g\n"
                          "input x: f32[2]\n"
                          "param w: f32[2]\n"
                          "a: f32[2] = unary(x)\n"
                          "c: f32[2] = binary(a, w) node b\n"
                          "output c\n");
    graph_case_close(&c);
}

static void test_graph_edit__an_input_is_never_renamed_by_an_output(void **state)
{
    (void)state;
    graph_case   c = graph_case_open("dvg 1 g\ninput x: f32[2]\ny = identity(x)\noutput y\n");
    dvt_value_id y = value(c.g, "y");

    graph_case_ok(&c, dvt_graph_replace_uses(c.g, y, value(c.g, "x")));
    assert_int_equal(dvt_graph_use_count(c.g, y), 1);
    assert_int_equal(dvt_graph_output(c.g, 0).i, y.i);
    graph_case_close(&c);
}

static void test_graph_edit__compact_moves_nodes_behind_what_they_read(void **state)
{
    (void)state;
    graph_case    c = graph_case_open(chain);
    dvt_value_id  x = value(c.g, "x"), late;
    dvt_node_spec spec = {.op = DVT_OP_UNARY,
                          .name = "late",
                          .inputs = &x,
                          .input_count = 1,
                          .output_count = 1,
                          .attrs = dvt_op_default_attrs(DVT_OP_UNARY, 0)};

    graph_case_ok(&c, dvt_graph_add_node(c.g, &spec, &late));
    graph_case_ok(&c, dvt_graph_set_input(c.g, dvt_graph_find_node(c.g, "b"), 1, late));
    assert_int_equal(dvt_graph_verify(c.g), DVT_E_INTERNAL); /* out of order until compacted */
    dvt_ctx_clear_error(c.ctx);
    graph_case_ok(&c, dvt_graph_compact(c.g));
    graph_case_prints(&c, "dvg 1 g\n"
                          "input x: f32[2]\n"
                          "a: f32[2] = unary(x)\n"
                          "late: f32[2] = unary(x)\n"
                          "b: f32[2] = binary(a, late)\n"
                          "c: f32[2] = unary(b, fn=tanh)\n"
                          "output c\n");
    graph_case_close(&c);
}

static void test_graph_edit__compact_names_a_cycle(void **state)
{
    (void)state;
    graph_case c = graph_case_open(chain);

    graph_case_ok(&c, dvt_graph_set_input(c.g, dvt_graph_find_node(c.g, "a"), 0, value(c.g, "c")));
    assert_int_equal(dvt_graph_compact(c.g), DVT_E_INTERNAL);
    assert_string_equal(dvt_ctx_error(c.ctx)->message, "nodes 'b' and 'a' are in a cycle");
    graph_case_close(&c);
}

static void test_graph_edit__compact_names_a_reader_of_a_removed_node(void **state)
{
    (void)state;
    graph_case c = graph_case_open(chain);

    dvt_graph_remove_node(c.g, dvt_graph_find_node(c.g, "a"));
    assert_int_equal(dvt_graph_compact(c.g), DVT_E_INTERNAL);
    assert_string_equal(dvt_ctx_error(c.ctx)->message, "'b' reads 'a', whose node 'a' was removed");
    graph_case_close(&c);
}

static void test_graph_edit__compact_infers_shapes_again(void **state)
{
    (void)state;
    graph_case c = graph_case_open("dvg 1 g\n"
                                   "input x: f32[1,1,4,4]\n"
                                   "p = pool(x, kernel=[2,2])\n"
                                   "r = unary(p)\n"
                                   "output r\n");
    dvt_attrs  a = dvt_graph_node(c.g, (dvt_node_id){0})->attrs;

    a.pool.win.stride.v[0] = 2;
    dvt_graph_set_attrs(c.g, (dvt_node_id){0}, &a);
    graph_case_ok(&c, dvt_graph_compact(c.g));
    graph_case_prints(&c, "dvg 1 g\n"
                          "input x: f32[1,1,4,4]\n"
                          "p: f32[1,1,2,3] = pool(x, kernel=[2,2], stride=[2,1])\n"
                          "r: f32[1,1,2,3] = unary(p)\n"
                          "output r\n");
    graph_case_close(&c);
}

static void test_graph_edit__set_inputs_changes_the_count(void **state)
{
    (void)state;
    graph_case   c = graph_case_open("dvg 1 g\n"
                                       "input x: f32[2]\n"
                                       "s = nary(x, x, x)\n"
                                       "output s\n");
    dvt_value_id two[2] = {value(c.g, "x"), value(c.g, "x")};

    assert_int_equal(dvt_graph_use_count(c.g, two[0]), 3);
    graph_case_ok(&c, dvt_graph_set_inputs(c.g, (dvt_node_id){0}, two, 2));
    assert_int_equal(dvt_graph_use_count(c.g, two[0]), 2);
    graph_case_ok(&c, dvt_graph_verify(c.g));
    two[1].i = 77;
    assert_int_equal(dvt_graph_set_inputs(c.g, (dvt_node_id){0}, two, 2), DVT_E_USAGE);
    graph_case_close(&c);
}

static void test_graph_edit__replacing_needs_one_type(void **state)
{
    (void)state;
    graph_case c =
        graph_case_open("dvg 1 g\ninput x: f32[2]\ninput y: f32[3]\nz = unary(x)\noutput z\n");

    assert_int_equal(dvt_graph_replace_uses(c.g, value(c.g, "x"), value(c.g, "y")), DVT_E_USAGE);
    assert_string_equal(dvt_ctx_error(c.ctx)->message,
                        "'x' is f32[2], 'y' is f32[3]: no replacement");
    graph_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_edit__replacing_an_inner_value_removes_a_node),
        cmocka_unit_test(test_graph_edit__an_output_keeps_its_name),
        cmocka_unit_test(test_graph_edit__an_input_is_never_renamed_by_an_output),
        cmocka_unit_test(test_graph_edit__compact_moves_nodes_behind_what_they_read),
        cmocka_unit_test(test_graph_edit__compact_names_a_cycle),
        cmocka_unit_test(test_graph_edit__compact_names_a_reader_of_a_removed_node),
        cmocka_unit_test(test_graph_edit__compact_infers_shapes_again),
        cmocka_unit_test(test_graph_edit__set_inputs_changes_the_count),
        cmocka_unit_test(test_graph_edit__replacing_needs_one_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
