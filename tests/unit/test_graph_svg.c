/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph_svg.c - drawings of graphs: everything is there once, inside the picture, and escaped.
 */
#include "support/fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "dovetail/space.h"

static dvt_graph *read_text(dvt_ctx *ctx, const char *text)
{
    dvt_graph *g = NULL;

    expect_ok(ctx, dvt_graph_parse(ctx, "net.dvg", text, strlen(text), &g));
    return g;
}

static int count(const char *text, const char *word)
{
    int n = 0;

    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
        n++;
    }
    return n;
}

static void draw(dvt_ctx *ctx, const dvt_graph *g, dvt_buf *out)
{
    dvt_buf_init(out, ctx, 0);
    expect_ok(ctx, dvt_graph_svg(g, NULL, NULL, out));
}

static void test_graph_svg__nodes_ends_and_edges_are_drawn_once(void **state)
{
    dvt_graph *g = read_text(*state, "dvg 1 net\ninput x: f32[1,2,4,4]\nparam w: f32[2,2,1,1]\n"
                                     "a = conv(x, w)\nb = unary(a, fn=tanh)\n"
                                     "y = binary(x, b, fn2=add)\noutput y\n");
    dvt_buf    b;

    draw(*state, g, &b);
    assert_int_equal(count(b.data, "<rect "), 3);
    assert_int_equal(count(b.data, "<ellipse "), 2);
    /* x-a, a-b, b-y, y-output, and x-y in three pieces, with the arrow's own shape */
    assert_int_equal(count(b.data, "<path "), 4 + 3 + 1);
    assert_int_equal(count(b.data, "marker-end"), 5);
    assert_int_equal(count(b.data, ">tanh ["), 1);
    dvt_buf_deinit(&b);
    dvt_graph_destroy(g);
}

static void test_graph_svg__texts_are_escaped_and_cut(void **state)
{
    dvt_graph *g =
        read_text(*state, "dvg 1 \"<&'>\"\ninput \"a\\\"<b>&\\x01\\xff\\xc3\\xa9\": f32[2]\n"
                          "\"a name that is much longer than any box is wide\" = "
                          "unary(\"a\\\"<b>&\\x01\\xff\\xc3\\xa9\", fn=abs)\n"
                          "output \"a name that is much longer than any box is wide\"\n");
    dvt_buf b;

    draw(*state, g, &b);
    assert_non_null(strstr(b.data, "<title>&lt;&amp;&#39;&gt;</title>"));
    assert_non_null(strstr(b.data, ">a&quot;&lt;b&gt;&amp;??\xc3\xa9<"));
    assert_non_null(strstr(b.data, ">a name that is much longer.."));
    dvt_buf_deinit(&b);
    dvt_graph_destroy(g);
}

/* Boxes of one layer do not overlap, and all lie in the picture. */
static void test_graph_svg__boxes_are_apart_and_inside(void **state)
{
    dvt_space *s = NULL;
    dvt_rng    rng = dvt_rng_make(6, 0);

    expect_ok(*state, dvt_space_create(*state, "nasbench201", &s));
    for (int k = 0; k < 20; k++) {
        enum { BOXES = 2000 };
        static int x[BOXES], y[BOXES];
        dvt_point  p = dvt_space_sample(s, &rng);
        dvt_graph *g = NULL;
        dvt_buf    b;
        int        n = 0, width, height;
        expect_ok(*state, dvt_space_graph(s, &p, NULL, &g));
        draw(*state, g, &b);
        assert_int_equal(
            sscanf(strstr(b.data, "width=\""), "width=\"%d\" height=\"%d\"", &width, &height), 2);
        for (const char *at = strstr(b.data, "<rect "); at; at = strstr(at + 1, "<rect ")) {
            assert_int_equal(sscanf(at, "<rect x=\"%d\" y=\"%d\"", &x[n], &y[n]), 2);
            assert_true(x[n] >= 0 && x[n] + 170 <= width && y[n] >= 0 && y[n] + 34 <= height);
            n++;
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                assert_true(y[i] != y[j] || abs(x[i] - x[j]) >= 170);
            }
        }
        dvt_buf_deinit(&b);
        dvt_graph_destroy(g);
    }
    dvt_space_destroy(s);
}

static const char *red(void *ud, const dvt_graph *g, dvt_node_id n)
{
    (void)g;
    return n.i == 0 ? ud : NULL;
}

static void test_graph_svg__the_callers_colour_wins(void **state)
{
    dvt_graph *g = read_text(*state, "dvg 1 net\ninput x: f32[2]\ny = unary(x, fn=abs)\n"
                                     "z = unary(y, fn=neg)\noutput z\n");
    char       colour[] = "#ff0000";
    dvt_buf    b;

    dvt_buf_init(&b, *state, 0);
    expect_ok(*state, dvt_graph_svg(g, red, colour, &b));
    assert_int_equal(count(b.data, "fill=\"#ff0000\""), 1);
    assert_int_equal(count(b.data, "fill=\"#f2f2f2\""), 1);
    dvt_buf_deinit(&b);
    dvt_graph_destroy(g);
}

static void test_graph_svg__a_graph_without_nodes_is_a_picture_too(void **state)
{
    dvt_graph *g = read_text(*state, "dvg 1 net\ninput x: f32[2]\noutput x\n");
    dvt_buf    b;

    draw(*state, g, &b);
    assert_int_equal(count(b.data, "<ellipse "), 2);
    dvt_buf_deinit(&b);
    dvt_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_graph_svg__nodes_ends_and_edges_are_drawn_once),
        FIXTURE_TEST(test_graph_svg__texts_are_escaped_and_cut),
        FIXTURE_TEST(test_graph_svg__boxes_are_apart_and_inside),
        FIXTURE_TEST(test_graph_svg__the_callers_colour_wins),
        FIXTURE_TEST(test_graph_svg__a_graph_without_nodes_is_a_picture_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
