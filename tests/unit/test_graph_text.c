/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph_text.c - the text form: one of everything, and every error with its place and hint.
 */
#include "support/graph_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_graph_text__prints_one_of_everything(void **state)
{
    (void)state;
    static const char text[] =
        "dvg 1 \"a net\"\n"
        "input data: f32[1,2,4,4]\n"
        "input \"input\": i64[2]\n"
        "const c.f: f32[3] = [0.1, -0.0, inf]\n"
        "const c.h: f16[2] = [0.5, 65504.0]\n"
        "const c.d: f64[] = [0.1]\n"
        "const c.b: bool[2] = [true, false]\n"
        "const c.u: u64[1] = [18446744073709551615]\n"
        "const c.e: i8[0] = []\n"
        "param w: f32[4,2,3,3]\n"
        "param v: f32[4,2,3,3] sha256 "
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
        "conv1: f32[1,4,2,2] = conv(data, w, kernel=[3,3]) from \"net.prototxt:9\"\n"
        "a: f32[1,1,2,2], \"b \\\"q\\\"\": f32[1,3,2,2] = split(conv1, axis=1, sizes=[1,3]) "
        "node \"the split\"\n"
        "r: f32[1,1,4,4] = resize(a, mode=linear, dims=[1,1,4,4], scale=[1.0,1.0,2.0,2.0], "
        "coord=asymmetric)\n"
        "t: f32[1,4,2,2] = conv(data, v, none, kernel=[3,3])\n"
        "g: f32[1,1,4,4] = cast(r)\n"
        "output g\n"
        "output \"b \\\"q\\\"\"\n"
        "output t\n";
    graph_case c = graph_case_open(text);

    /* the default of axis is 1 and of dtype f32: both are left out */
    char want[sizeof text];
    memcpy(want, text, sizeof text);
    char *axis = strstr(want, "axis=1, ");
    memmove(axis, axis + 8, strlen(axis + 8) + 1);
    graph_case_prints(&c, want);
    graph_case_close(&c);
}

static void test_graph_text__blanks_comments_and_types_are_free(void **state)
{
    (void)state;
    graph_case c = graph_case_open("# head\r\n dvg 1\tg input x:f32[2]\n"
                                   "y=unary(x,fn=relu) output y # the end");

    graph_case_prints(&c, "dvg 1 g\ninput x: f32[2]\ny: f32[2] = unary(x)\noutput y\n");
    graph_case_close(&c);
}

/* ---- errors -------------------------------------------------------------------------------- */

/* Lines behind the header; the error's status, place, part of its message, part of its hint. */
static void fails_at(const char *lines, dvt_status status, unsigned line, unsigned column,
                     const char *message, const char *hint)
{
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    dvt_graph *g;
    dvt_buf    b;

    dvt_buf_init(&b, ctx, 0);
    dvt_buf_printf(&b, "dvg 1 g\n%s", lines);
    dvt_status       st = dvt_graph_parse(ctx, "bad.dvg", b.data, b.len, &g);
    const dvt_error *e = dvt_ctx_error(ctx);
    if (st != status || e->line != line || e->column != column || !strstr(e->message, message) ||
        !strstr(e->hint, hint))
        fail_msg("'%s': got %s %u:%u '%s' (%s)", lines, dvt_status_name(st), (unsigned)e->line,
                 (unsigned)e->column, e->message, e->hint);
    assert_string_equal(e->file, "bad.dvg");
    assert_null(g);
    dvt_buf_deinit(&b);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

static void test_graph_text__names_have_to_be_there_and_new(void **state)
{
    (void)state;
    fails_at("input data: f32[1]\ny = unary(dat)\n", DVT_E_PARSE, 3, 11,
             "no value 'dat' above this line", "did you mean 'data'?");
    fails_at("output z\n", DVT_E_PARSE, 2, 8, "no value 'z'", "");
    fails_at("input x: f32[1]\ninput x: f32[1]\n", DVT_E_PARSE, 3, 7,
             "the name 'x' is already taken", "");
    fails_at("input node: f32[1]\n", DVT_E_PARSE, 2, 7, "'node' is a keyword",
             "quote it: \"node\"");
    fails_at("input \"\": f32[1]\n", DVT_E_PARSE, 2, 7, "a name cannot be empty", "");
    fails_at("input x: f32[2]\na, a = split(x, axis=0)\n", DVT_E_PARSE, 3, 8,
             "two outputs are called 'a'", "");
    fails_at("input x: f32[2]\na = unary(x)\nb = unary(x) node a\n", DVT_E_PARSE, 4, 19,
             "node name 'a' is empty or already taken", "");
}

static void test_graph_text__operators_and_attributes_are_known(void **state)
{
    (void)state;
    fails_at("input x: f32[1]\ny = unari(x)\n", DVT_E_PARSE, 3, 5,
             "expected an operator, found 'unari'", "did you mean 'unary'?");
    fails_at("input x: f32[1]\ny = unary(x, alpa=1)\n", DVT_E_PARSE, 3, 14,
             "operator 'unary' has no attribute 'alpa'", "did you mean 'alpha'?");
    fails_at("input x: f32[1]\ny = unary(x, fn=relv)\n", DVT_E_PARSE, 3, 17,
             "expected fn, found 'relv'", "did you mean 'relu'?");
    fails_at("input x: f32[1]\ny = unary(x, alpha=1, alpha=2)\n", DVT_E_PARSE, 3, 23,
             "attribute 'alpha' is given twice", "");
    fails_at("input x: f32[1]\ny = unary(x, alpha=1, x)\n", DVT_E_PARSE, 3, 23,
             "input 'x' behind attributes", "");
    fails_at("input x: f32[1]\ny = unary(x, alpha=[1])\n", DVT_E_PARSE, 3, 20,
             "expected a number, found '['", "");
    fails_at("input x: f32[1]\ny = unary(x, alpha=1e39)\n", DVT_E_PARSE, 3, 20, "does not fit f32",
             "");
    fails_at("input x: f32[1]\ny = cast(x, dtype=f23)\n", DVT_E_PARSE, 3, 19,
             "expected an element type", "did you mean 'f32'?");
    fails_at("input x: f32[1]\ny = reshape(x, dims=[1,1,1,1,1,1,1,1,1])\n", DVT_E_PARSE, 3, 38,
             "at most 8 entries", "");
}

static void test_graph_text__types_and_data_have_to_agree(void **state)
{
    (void)state;
    fails_at("input x: f32[2]\ny: f32[3] = unary(x)\n", DVT_E_SHAPE, 3, 4,
             "'y' is f32[2], the text says f32[3]", "");
    fails_at("input x: f32[-1]\n", DVT_E_PARSE, 2, 13, "a dimension is negative: -1", "");
    fails_at("input x: f32[1099511627776,2]\n", DVT_E_SHAPE, 2, 13, "more than 2^40", "");
    fails_at("const x: i8[2] = [1]\n", DVT_E_PARSE, 2, 18, "1 elements, the type has 2", "");
    fails_at("const x: i8[1] = [1, 2]\n", DVT_E_PARSE, 2, 22, "more than the 1 elements", "");
    fails_at("const x: i8[1] = [128]\n", DVT_E_PARSE, 2, 19, "does not fit i8", "");
    fails_at("const x: f32[1099511627776] = [1]\n", DVT_E_PARSE, 2, 31, "1 elements, the type has",
             "");
    fails_at("const x: bool[1] = [1]\n", DVT_E_PARSE, 2, 21, "expected true or false, found '1'",
             "");
    fails_at("param x: f32[1] sha256 12\n", DVT_E_PARSE, 2, 24, "expected 64 hexadecimal digits",
             "");
    fails_at("input x: f32[1]\ny = global_pool(x)\n", DVT_E_SHAPE, 3, 5, "rank 1", "");
}

static void test_graph_text__malformed_text_is_placed(void **state)
{
    (void)state;
    fails_at("input x f32[1]\n", DVT_E_PARSE, 2, 9, "expected ':', found 'f32'", "");
    fails_at("input x: f32[1", DVT_E_PARSE, 2, 15, "expected ',', found the end of the text", "");
    fails_at("input \"x\n", DVT_E_PARSE, 2, 7, "string is not closed on its line", "");
    fails_at("input \"\\q\": f32[1]\n", DVT_E_PARSE, 2, 9, "unknown escape", "\\x01..\\xff");
    fails_at("input x: f32[1] ;\n", DVT_E_PARSE, 2, 17, "unexpected character ';'", "");
    fails_at("input \xc3\xa4: f32[1]\n", DVT_E_PARSE, 2, 7, "unexpected byte 0xc3", "are quoted");
    fails_at("input x: f32[1]\ny = unary(x\n", DVT_E_PARSE, 4, 1, "expected ',', found the end",
             "");
    fails_at("= 1\n", DVT_E_PARSE, 2, 1, "expected a name, found '='", "");
}

static void test_graph_text__header_is_checked(void **state)
{
    (void)state;
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    dvt_graph *g;

    assert_int_equal(dvt_graph_parse(ctx, "bad.dvg", "dot 1 g", 7, &g), DVT_E_PARSE);
    assert_string_equal(dvt_ctx_error(ctx)->hint, "a graph in text form begins with: dvg 1 NAME");
    dvt_ctx_clear_error(ctx);
    assert_int_equal(dvt_graph_parse(ctx, "bad.dvg", "dvg 2 g", 7, &g), DVT_E_UNSUPPORTED);
    dvt_ctx_clear_error(ctx);
    assert_int_equal(dvt_graph_parse(ctx, "bad.dvg", "", 0, &g), DVT_E_PARSE);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_text__prints_one_of_everything),
        cmocka_unit_test(test_graph_text__blanks_comments_and_types_are_free),
        cmocka_unit_test(test_graph_text__names_have_to_be_there_and_new),
        cmocka_unit_test(test_graph_text__operators_and_attributes_are_known),
        cmocka_unit_test(test_graph_text__types_and_data_have_to_agree),
        cmocka_unit_test(test_graph_text__malformed_text_is_placed),
        cmocka_unit_test(test_graph_text__header_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
