/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph_dot.c - the drawing of a small graph, letter by letter.
 */
#include "support/graph_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char *red_for_unary(void *ud, const dvt_graph *g, dvt_node_id n)
{
    return dvt_graph_node(g, n)->op == DVT_OP_UNARY ? ud : NULL;
}

static void test_graph_dot__draws_nodes_edges_ends_and_colours(void **state)
{
    (void)state;
    graph_case c = graph_case_open("dvg 1 \"a \\\"net\\\"\"\n"
                                   "input x: f32[1,2,4,4]\n"
                                   "param w: f32[3,2,1,1]\n"
                                   "\"c\\\\1\" = conv(x, w)\n"
                                   "y = unary(\"c\\\\1\", fn=tanh)\n"
                                   "output y\n");
    dvt_buf    b;
    char       red[] = "#ffdddd";

    dvt_buf_init(&b, c.ctx, 0);
    dvt_graph_dot(c.g, red_for_unary, red, &b);
    assert_string_equal(b.data,
                        "digraph \"a \\\"net\\\"\" {\n"
                        "  node [shape=box, fontsize=10];\n"
                        "  edge [fontsize=9];\n"
                        "  i0 [shape=ellipse, label=\"x\\nf32[1,2,4,4]\"];\n"
                        "  n0 [label=\"c\\\\1\\nconv\\nf32[3,2,1,1]\"];\n"
                        "  i0 -> n0 [label=\"f32[1,2,4,4]\"];\n"
                        "  n1 [label=\"y\\nunary tanh\", style=filled, fillcolor=\"#ffdddd\"];\n"
                        "  n0 -> n1 [label=\"f32[1,3,4,4]\"];\n"
                        "  o0 [shape=ellipse, label=\"y\\nf32[1,3,4,4]\"];\n"
                        "  n1 -> o0 [label=\"f32[1,3,4,4]\"];\n"
                        "}\n");
    dvt_buf_deinit(&b);
    graph_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_dot__draws_nodes_edges_ends_and_colours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
