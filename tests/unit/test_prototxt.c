/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_prototxt.c - protobuf's text format: values, places, and what is refused where.
 */
#include "formats/prototxt.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
    dvt_ctx       *ctx;
    dvt_arena     *arena;
    dvti_pt       *root;
    dvti_pt_reader r;
} fixture;

static dvt_status open_text(fixture *f, const char *text, size_t size)
{
    f->ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    f->arena = dvt_arena_create(f->ctx);
    f->r = (dvti_pt_reader){.ctx = f->ctx};
    return dvti_pt_parse(f->ctx, f->arena, "t", (const uint8_t *)text, size, &f->root);
}

static void open_ok(fixture *f, const char *text)
{
    if (open_text(f, text, strlen(text))) fail_msg("%s", dvt_ctx_error(f->ctx)->message);
}

static void close_text(fixture *f)
{
    dvt_arena_destroy(f->arena);
    assert_int_equal(dvt_ctx_bytes_in_use(f->ctx), 0);
    dvt_ctx_destroy(f->ctx);
}

static void expect_error(const dvt_ctx *ctx, uint32_t line, uint32_t column, const char *message)
{
    const dvt_error *e = dvt_ctx_error(ctx);

    assert_string_equal(e->message, message);
    assert_int_equal(e->line, line);
    assert_int_equal(e->column, column);
}

static void refused(const char *text, uint32_t line, uint32_t column, const char *message)
{
    fixture f;

    assert_int_equal(open_text(&f, text, strlen(text)), DVT_E_PARSE);
    assert_null(f.root);
    expect_error(f.ctx, line, column, message);
    close_text(&f);
}

static void test_prototxt__numbers_have_the_values_that_c_gives_them(void **state)
{
    (void)state;
    fixture f;
    open_ok(&f, "a: -12 b: 0x1F c: 017 d: 1.5e-3 e: 2.5f f: -inf g: inf h: nan i: .5 j: 3");

    assert_int_equal(dvti_pt_i64(&f.r, f.root, "a", 0, -100, 100), -12);
    assert_int_equal(dvti_pt_i64(&f.r, f.root, "b", 0, 0, 100), 31);
    assert_int_equal(dvti_pt_i64(&f.r, f.root, "c", 0, 0, 100), 15);
    assert_true(dvti_pt_f64(&f.r, f.root, "d", 0) == 1.5e-3);
    assert_true(dvti_pt_f64(&f.r, f.root, "e", 0) == 2.5);
    assert_true(dvti_pt_f64(&f.r, f.root, "f", 0) == -(double)INFINITY);
    assert_true(dvti_pt_f64(&f.r, f.root, "g", 0) == (double)INFINITY);
    assert_true(isnan(dvti_pt_f64(&f.r, f.root, "h", 0)));
    assert_true(dvti_pt_f64(&f.r, f.root, "i", 0) == 0.5);
    assert_true(dvti_pt_f64(&f.r, f.root, "j", 0) == 3);
    assert_true(dvti_pt_f64(&f.r, f.root, "none", 7) == 7);
    assert_int_equal(f.r.status, DVT_OK);
    close_text(&f);
}

static void test_prototxt__strings_resolve_escapes_and_join(void **state)
{
    (void)state;
    fixture f;
    open_ok(&f, "s: 'it''s' \" \\\"x\\\"\\n\\101\\x42\"\n   # comment\n 'end'");

    assert_string_equal(dvti_pt_string(&f.r, f.root, "s", ""), "its \"x\"\nABend");
    close_text(&f);
}

static void test_prototxt__messages_nest_in_all_spellings(void **state)
{
    (void)state;
    fixture f;
    open_ok(&f, "a { b: { c < d: 5 > } } e: [ {x: 1}, <x: 2> ]");
    dvti_pt *a = dvti_pt_message(&f.r, f.root, "a"), *b = dvti_pt_message(&f.r, a, "b");
    dvti_pt *second = dvti_pt_more(dvti_pt_find(f.root, "e"));

    assert_int_equal(dvti_pt_i64(&f.r, dvti_pt_message(&f.r, b, "c"), "d", 0, 0, 9), 5);
    assert_int_equal(dvti_pt_i64(&f.r, second, "x", 0, 0, 9), 2);
    close_text(&f);
}

static void test_prototxt__a_list_is_the_same_as_a_repeated_field(void **state)
{
    (void)state;
    fixture f;
    int64_t v[4];
    open_ok(&f, "m { d: 1 d: [2, 3], d: 4; n: [] }");
    dvti_pt *m = dvti_pt_message(&f.r, f.root, "m");

    assert_int_equal(dvti_pt_i64s(&f.r, m, "d", 0, 9, v, 4), 4);
    assert_int_equal(v[0] * 1000 + v[1] * 100 + v[2] * 10 + v[3], 1234);
    assert_int_equal(dvti_pt_count(m, "n"), 0);
    close_text(&f);
}

static void test_prototxt__every_field_knows_its_line_and_column(void **state)
{
    (void)state;
    fixture f;
    open_ok(&f, "# one\na: 1\n  b {\n\tc: 'x' d:\n 2 }\n");
    dvti_pt *b = dvti_pt_find(f.root, "b"), *d = dvti_pt_find(b, "d");

    assert_int_equal(b->at.line, 3);
    assert_int_equal(b->at.column, 3);
    assert_int_equal(b->at.offset, 13);
    assert_int_equal(dvti_pt_find(b, "c")->at.column, 2);
    assert_int_equal(d->at.line, 4);
    assert_int_equal(d->at.column, 9);
    assert_int_equal(d->value_at.line, 5);
    assert_int_equal(d->value_at.column, 2);
    close_text(&f);
}

static void test_prototxt__malformed_texts_are_refused_at_their_place(void **state)
{
    (void)state;
    refused("a 1", 1, 3, "expected ':' or '{' behind the name of a field, got '1'");
    refused("a: }", 1, 4, "expected a value, got '}'");
    refused("a:", 1, 3, "expected a value, but the file ends");
    refused("x\n{ y: 1", 2, 7, "the file ends inside message 'x' that began at line 1");
    refused("a: 'open\n'", 1, 4, "a string is not closed on its line");
    refused("a: '\\q'", 1, 5, "unknown escape in a string");
    refused("a: 12x", 1, 4, "malformed number '12x'");
    refused("a: 08", 1, 4, "malformed number '08'");
    refused("a: -abc", 1, 4, "'-abc' is not a number");
    refused("a: [1 2]", 1, 7, "expected ',' or ']', got '2'");
    refused("a: 1 \x01", 1, 6, "expected the name of a field, got byte 0x01");
    refused("}", 1, 1, "expected the name of a field, got '}'");
    refused("a < b: 1 }", 1, 10, "expected the name of a field, got '}'");
    refused("[ext.name]: 1", 1, 1, "expected the name of a field, got '['");
}

static void test_prototxt__nesting_is_bounded(void **state)
{
    (void)state;
    fixture f;
    char    deep[3 * (DVTI_PT_MAX_DEPTH + 2)];

    for (size_t i = 0; i < sizeof deep; i++) deep[i] = "a {"[i % 3];
    assert_int_equal(open_text(&f, deep, sizeof deep), DVT_E_CAPACITY);
    expect_error(f.ctx, 1, 3 * DVTI_PT_MAX_DEPTH + 1, "messages are nested more than 64 deep");
    close_text(&f);
}

static void test_prototxt__getters_refuse_what_they_cannot_mean(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t    column;
        const char *message;
    } cases[] = {
        {"n: 1.5", 4, "field 'n' must be a whole number"},
        {"n: 'x'", 4, "field 'n' must be a whole number"},
        {"n: 11", 4, "field 'n' is 11, outside 0..10"},
        {"n: 1 n: 2", 6, "field 'n' is given twice, first at line 1"},
        {"n: 99999999999999999999", 4, "field 'n' must be a whole number"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        if (open_text(&f, cases[i].text, strlen(cases[i].text)) == DVT_OK)
            assert_int_equal(dvti_pt_i64(&f.r, f.root, "n", 5, 0, 10) >= 0, 1);
        expect_error(f.ctx, 1, cases[i].column, cases[i].message);
        close_text(&f);
    }
}

static void test_prototxt__an_enum_takes_names_and_numbers_and_suggests(void **state)
{
    (void)state;
    static const char *const names[] = {"MAX", "AVE"};
    fixture                  f;
    open_ok(&f, "a: AVE b: 1 c: AVG");

    assert_int_equal(dvti_pt_enum(&f.r, f.root, "a", names, 2, 0), 1);
    assert_int_equal(dvti_pt_enum(&f.r, f.root, "b", names, 2, 0), 1);
    dvti_pt_enum(&f.r, f.root, "c", names, 2, 0);
    expect_error(f.ctx, 1, 16, "field 'c' has no value 'AVG'");
    assert_string_equal(dvt_ctx_error(f.ctx)->hint, "did you mean 'AVE'?");
    close_text(&f);
}

static void test_prototxt__the_first_failure_stays_and_the_rest_answers_defaults(void **state)
{
    (void)state;
    fixture f;
    open_ok(&f, "a: x b: 4");

    assert_int_equal(dvti_pt_i64(&f.r, f.root, "a", 1, 0, 9), 0);
    assert_int_equal(dvti_pt_i64(&f.r, f.root, "b", 7, 0, 9), 7);
    expect_error(f.ctx, 1, 4, "field 'a' must be a whole number");
    close_text(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prototxt__numbers_have_the_values_that_c_gives_them),
        cmocka_unit_test(test_prototxt__strings_resolve_escapes_and_join),
        cmocka_unit_test(test_prototxt__messages_nest_in_all_spellings),
        cmocka_unit_test(test_prototxt__a_list_is_the_same_as_a_repeated_field),
        cmocka_unit_test(test_prototxt__every_field_knows_its_line_and_column),
        cmocka_unit_test(test_prototxt__malformed_texts_are_refused_at_their_place),
        cmocka_unit_test(test_prototxt__nesting_is_bounded),
        cmocka_unit_test(test_prototxt__getters_refuse_what_they_cannot_mean),
        cmocka_unit_test(test_prototxt__an_enum_takes_names_and_numbers_and_suggests),
        cmocka_unit_test(test_prototxt__the_first_failure_stays_and_the_rest_answers_defaults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
