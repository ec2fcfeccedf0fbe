/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph_verify.c - the verifier finds each kind of damage; the graph is damaged from inside.
 */
#include "graph/graph_int.h"
#include "support/graph_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static graph_case open_chain(void)
{
    return graph_case_open("dvg 1 g\n"
                           "input x: f32[2]\n"
                           "const c: f32[2] = [1, 2]\n"
                           "a = binary(x, c)\n"
                           "b = unary(a)\n"
                           "output b\n");
}

static void expect_broken(graph_case *c, const char *part)
{
    assert_int_equal(dvt_graph_verify(c->g), DVT_E_INTERNAL);
    const char *message = dvt_ctx_error(c->ctx)->message;
    if (!strstr(message, part)) fail_msg("'%s' does not say '%s'", message, part);
    graph_case_close(c);
}

static int32_t id(const graph_case *c, const char *name)
{
    return dvt_graph_find_value(c->g, name).i;
}

static void test_graph_verify__a_sound_graph_passes(void **state)
{
    (void)state;
    graph_case c = open_chain();
    graph_case_ok(&c, dvt_graph_verify(c.g));
    graph_case_close(&c);
}

static void test_graph_verify__stale_types_are_found(void **state)
{
    (void)state;
    graph_case c = open_chain();
    c.g->values[id(&c, "a")].shape.dim[0] = 1;
    expect_broken(&c, "stale type of an output of node 'a'");
}

static void test_graph_verify__wrong_attributes_are_found(void **state)
{
    (void)state;
    graph_case c = open_chain();
    c.g->nodes[1].attrs.unary.fn = DVT_UNARY_NOT;
    expect_broken(&c, "node 'b' (unary): not of f32");
}

static void test_graph_verify__wrong_order_is_found(void **state)
{
    (void)state;
    graph_case c = open_chain();
    graph_case_ok(&c, dvt_graph_set_input(c.g, (dvt_node_id){0}, 0, (dvt_value_id){id(&c, "b")}));
    expect_broken(&c, "input of a later or removed node in node 'a'");
}

static void test_graph_verify__wrong_use_counts_are_found(void **state)
{
    (void)state;
    graph_case c = open_chain();
    c.g->meta[id(&c, "c")].uses++;
    expect_broken(&c, "wrong use count of value 'c'");
}

static void test_graph_verify__wrong_producers_are_found(void **state)
{
    (void)state;
    graph_case c = open_chain();
    c.g->values[id(&c, "b")].producer.i = 0;
    expect_broken(&c, "wrong producer of value 'b'");
}

static void test_graph_verify__constants_without_data_are_found(void **state)
{
    (void)state;
    graph_case c = open_chain();
    c.g->values[id(&c, "c")].data = NULL;
    expect_broken(&c, "data and kind disagree for value 'c'");
}

static void test_graph_verify__equal_names_are_found(void **state)
{
    (void)state;
    graph_case c = open_chain();
    c.g->values[id(&c, "c")].name = "x";
    expect_broken(&c, "no unique name for value 'x'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_verify__a_sound_graph_passes),
        cmocka_unit_test(test_graph_verify__stale_types_are_found),
        cmocka_unit_test(test_graph_verify__wrong_attributes_are_found),
        cmocka_unit_test(test_graph_verify__wrong_order_is_found),
        cmocka_unit_test(test_graph_verify__wrong_use_counts_are_found),
        cmocka_unit_test(test_graph_verify__wrong_producers_are_found),
        cmocka_unit_test(test_graph_verify__constants_without_data_are_found),
        cmocka_unit_test(test_graph_verify__equal_names_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
