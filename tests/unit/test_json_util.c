/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_json_util.c - JSON in with exact error places, JSON out that reads back.
 */
#include "base/json_util.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
    dvt_ctx      *ctx;
    dvti_json_doc doc;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.ctx = dvt_ctx_create(NULL)};
    *state = &f;
    return f.ctx ? 0 : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    dvti_json_doc_deinit(&f->doc);
    int leaked = dvt_ctx_bytes_in_use(f->ctx) != 0;
    dvt_ctx_destroy(f->ctx);
    return leaked;
}

static dvti_json parse(fixture *f, const char *text)
{
    assert_int_equal(dvti_json_parse(f->ctx, "x.json", text, strlen(text), &f->doc), DVT_OK);
    return dvti_json_root(&f->doc);
}

static void expect_error(const fixture *f, dvt_status status, uint32_t line, uint32_t column,
                         const char *message, const char *hint)
{
    const dvt_error *e = dvt_ctx_error(f->ctx);
    assert_int_equal(e->status, status);
    assert_string_equal(e->message, message);
    assert_string_equal(e->hint, hint);
    assert_string_equal(e->file, "x.json");
    assert_int_equal(e->line, line);
    assert_int_equal(e->column, column);
}

/* ---- reading ------------------------------------------------------------------------------- */

static void test_json__typed_members_are_read(void **state)
{
    fixture  *f = *state;
    dvti_json root = parse(f, "{\"i\": -3, \"f\": 2, \"b\": true, \"s\": \"t\", \"e\": \"two\",\n"
                              " \"a\": [1.5, 2.5], \"o\": {\"n\": 4294967295}}");
    static const char *const NAMES[] = {"one", "two"};
    int64_t                  i = 0;
    uint32_t                 n = 0;
    double                   d = 0;
    bool                     b = false;
    const char              *s = NULL;
    size_t                   e = 0;
    dvti_json                a, o, second;

    assert_int_equal(dvti_json_get_i64(&root, "i", DVTI_JSON_REQUIRED, -3, 3, &i), DVT_OK);
    assert_true(i == -3);
    assert_int_equal(dvti_json_get_f64(&root, "f", DVTI_JSON_REQUIRED, 0, 9, &d), DVT_OK);
    assert_true(d == 2.0);
    assert_int_equal(dvti_json_get_bool(&root, "b", DVTI_JSON_REQUIRED, &b), DVT_OK);
    assert_true(b);
    assert_int_equal(dvti_json_get_string(&root, "s", DVTI_JSON_REQUIRED, &s), DVT_OK);
    assert_string_equal(s, "t");
    assert_int_equal(dvti_json_get_enum(&root, "e", DVTI_JSON_REQUIRED, NAMES, 2, &e), DVT_OK);
    assert_int_equal(e, 1);
    assert_int_equal(dvti_json_get_array(&root, "a", DVTI_JSON_REQUIRED, &a), DVT_OK);
    assert_int_equal(dvti_json_count(&a), 2);
    second = dvti_json_at(&a, 1);
    assert_int_equal(dvti_json_as_f64(&second, -INFINITY, INFINITY, &d), DVT_OK);
    assert_true(d == 2.5);
    assert_int_equal(dvti_json_get_object(&root, "o", DVTI_JSON_REQUIRED, &o), DVT_OK);
    assert_int_equal(dvti_json_get_u32(&o, "n", DVTI_JSON_REQUIRED, 0, UINT32_MAX, &n), DVT_OK);
    assert_int_equal(n, UINT32_MAX);
}

static void test_json__absent_optional_members_leave_the_default(void **state)
{
    fixture  *f = *state;
    dvti_json root = parse(f, "{}"), child;
    int64_t   i = 42;

    assert_int_equal(dvti_json_get_i64(&root, "i", DVTI_JSON_OPTIONAL, 0, 1, &i), DVT_OK);
    assert_true(i == 42);
    assert_int_equal(dvti_json_get_object(&root, "o", DVTI_JSON_OPTIONAL, &child), DVT_OK);
    assert_null(child.value);
}

static void test_json__range_error_names_path_range_value_and_place(void **state)
{
    fixture  *f = *state;
    dvti_json root = parse(f, "{\n  \"name\": \"{[\",\n  \"array\": {\"c_vec\": 0}\n}"), array;
    int64_t   i = 5;

    assert_int_equal(dvti_json_get_object(&root, "array", DVTI_JSON_REQUIRED, &array), DVT_OK);
    assert_int_equal(dvti_json_get_i64(&array, "c_vec", DVTI_JSON_REQUIRED, 1, 1024, &i),
                     DVT_E_PARSE);
    assert_true(i == 5);
    expect_error(f, DVT_E_PARSE, 3, 22, "array.c_vec: expected integer 1..1024, got 0", "");
}

static void test_json__element_error_names_its_index(void **state)
{
    fixture  *f = *state;
    dvti_json root = parse(f, "{\"layers\": [{\"k\": 1},\n {\"k\": [\"x\", null]}]}");
    dvti_json layers, k, last;
    bool      b = false;

    assert_int_equal(dvti_json_get_array(&root, "layers", DVTI_JSON_REQUIRED, &layers), DVT_OK);
    dvti_json second = dvti_json_at(&layers, 1);
    assert_int_equal(dvti_json_get_array(&second, "k", DVTI_JSON_REQUIRED, &k), DVT_OK);
    last = dvti_json_at(&k, 1);
    assert_int_equal(dvti_json_as_bool(&last, &b), DVT_E_PARSE);
    expect_error(f, DVT_E_PARSE, 2, 14, "layers[1].k[1]: expected true or false, got null", "");
}

static void test_json__type_errors_say_what_stands_there(void **state)
{
    fixture                 *f = *state;
    static const char *const TEXT[] = {"{\"v\": \"5\"}", "{\"v\": 1.5}", "{\"v\": {}}",
                                       "{\"v\": []}", "{\"v\": false}"};
    static const char *const GOT[] = {"\"5\"", "1.5", "an object", "an array", "false"};

    for (size_t i = 0; i < sizeof TEXT / sizeof TEXT[0]; i++) {
        char      want[80];
        int64_t   v = 0;
        dvti_json root = parse(f, TEXT[i]);
        assert_int_equal(
            dvti_json_get_i64(&root, "v", DVTI_JSON_REQUIRED, INT64_MIN, INT64_MAX, &v),
            DVT_E_PARSE);
        snprintf(want, sizeof want, "v: expected integer, got %s", GOT[i]);
        expect_error(f, DVT_E_PARSE, 1, 7, want, "");
        dvt_ctx_clear_error(f->ctx);
        dvti_json_doc_deinit(&f->doc);
    }
}

static void test_json__missing_key_points_at_its_object(void **state)
{
    fixture  *f = *state;
    dvti_json root = parse(f, "{\"o\":\n  {\"x\": 1}}"), o;
    bool      b = false;

    assert_int_equal(dvti_json_get_object(&root, "o", DVTI_JSON_REQUIRED, &o), DVT_OK);
    assert_int_equal(dvti_json_get_bool(&o, "y", DVTI_JSON_REQUIRED, &b), DVT_E_PARSE);
    expect_error(f, DVT_E_PARSE, 2, 3, "o: key 'y' is missing", "");
}

static void test_json__unknown_key_gets_the_nearest_name(void **state)
{
    fixture                 *f = *state;
    dvti_json                root = parse(f, "{\"c_vec\": 1, \"k_vce\": 2}");
    static const char *const KEYS[] = {"c_vec", "k_vec"};

    assert_int_equal(dvti_json_check_keys(&root, KEYS, 2), DVT_E_PARSE);
    expect_error(f, DVT_E_PARSE, 1, 23, "k_vce: unknown key", "did you mean 'k_vec'?");
    dvt_ctx_clear_error(f->ctx);

    assert_int_equal(dvti_json_check_keys(&root, (const char *const[]){"depth", "width"}, 2),
                     DVT_E_PARSE);
    assert_string_equal(dvt_ctx_error(f->ctx)->hint, "known keys are depth, width");
}

static void test_json__unknown_choice_lists_the_choices(void **state)
{
    fixture                 *f = *state;
    dvti_json                root = parse(f, "{\"e\": \"refrence\"}");
    static const char *const NAMES[] = {"reference", "overlay"};
    size_t                   e = 7;

    assert_int_equal(dvti_json_get_enum(&root, "e", DVTI_JSON_REQUIRED, NAMES, 2, &e), DVT_E_PARSE);
    assert_int_equal(e, 7);
    expect_error(f, DVT_E_PARSE, 1, 7, "e: expected one of reference, overlay, got \"refrence\"",
                 "did you mean \"reference\"?");
}

/* ---- malformed and hostile ----------------------------------------------------------------- */

static void expect_refused(fixture *f, const char *text, size_t size, dvt_status status)
{
    assert_int_equal(dvti_json_parse(f->ctx, "x.json", text, size, &f->doc), status);
    assert_int_equal(dvt_ctx_error(f->ctx)->status, status);
    dvt_ctx_clear_error(f->ctx);
    dvti_json_doc_deinit(&f->doc);
}

static void test_json__malformed_text_is_refused_with_its_line(void **state)
{
    fixture    *f = *state;
    const char *text = "{\"a\": 1,\n \"b\": }";

    assert_int_equal(dvti_json_parse(f->ctx, "x.json", text, strlen(text), &f->doc), DVT_E_PARSE);
    const dvt_error *e = dvt_ctx_error(f->ctx);
    assert_int_equal(e->line, 2);
    assert_int_equal(e->column, 7);
    assert_non_null(strstr(e->message, "malformed JSON: "));
}

static void test_json__every_truncation_is_refused(void **state)
{
    fixture    *f = *state;
    const char *text = "{\"a\": [1, 2.5e3, \"x\\n\\u00e9\"], \"b\": {\"c\": null}}";

    for (size_t n = 0; n < strlen(text); n++) {
        expect_refused(f, text, n, DVT_E_PARSE);
    }
}

static void test_json__duplicates_scalars_and_trailing_text_are_refused(void **state)
{
    fixture                 *f = *state;
    static const char *const BAD[] = {
        "{\"a\": 1, \"a\": 2}", "1",   "{} {}", "{\"a\": NaN}", "{\"a\": 99999999999999999999}",
        "{\"a\": 1e999}",       "\xff"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        expect_refused(f, BAD[i], strlen(BAD[i]), DVT_E_PARSE);
    }
}

static void test_json__deep_nesting_is_refused_but_brackets_in_strings_are_not(void **state)
{
    fixture *f = *state;
    char     deep[100000], flat[300] = "[\"";

    memset(deep, '[', sizeof deep);
    expect_refused(f, deep, sizeof deep, DVT_E_CAPACITY);
    memset(flat + 2, '[', 200);
    memcpy(flat + 202, "\"]", 3);
    assert_int_equal(dvti_json_parse(f->ctx, "x.json", flat, strlen(flat), &f->doc), DVT_OK);
}

static void test_json__missing_file_names_the_path(void **state)
{
    fixture *f = *state;
    assert_int_equal(dvti_json_load(f->ctx, "/no/such/file.json", &f->doc), DVT_E_IO);
    assert_non_null(strstr(dvt_ctx_error(f->ctx)->message, "/no/such/file.json"));
}

/* ---- writing ------------------------------------------------------------------------------- */

static void write_sample(dvti_json_writer *w)
{
    dvti_json_open_object(w);
    dvti_json_put_string(w, "name", "a\"\n\x01\xff\xc3\xa9");
    dvti_json_put_i64(w, "i", INT64_MIN);
    dvti_json_put_u64(w, "u", UINT64_MAX);
    dvti_json_put_f64(w, "one", 1.0);
    dvti_json_put_f64(w, "nan", NAN);
    dvti_json_key(w, "list");
    dvti_json_open_array(w);
    dvti_json_bool(w, true);
    dvti_json_string(w, NULL);
    dvti_json_open_object(w);
    dvti_json_close_object(w);
    dvti_json_close_array(w);
    dvti_json_put_bool(w, "b", false);
    dvti_json_close_object(w);
}

static void test_json__compact_and_indented_forms(void **state)
{
    fixture         *f = *state;
    dvt_buf          b;
    dvti_json_writer w;

    dvt_buf_init(&b, f->ctx, 0);
    w = dvti_json_writer_make(&b, 0);
    write_sample(&w);
    assert_string_equal(b.data, "{\"name\":\"a\\\"\\n\\u0001\\ufffd\xc3\xa9\","
                                "\"i\":-9223372036854775808,\"u\":18446744073709551615,"
                                "\"one\":1.0,\"nan\":null,\"list\":[true,null,{}],\"b\":false}");
    dvt_buf_reset(&b);
    w = dvti_json_writer_make(&b, 2);
    dvti_json_open_object(&w);
    dvti_json_key(&w, "a");
    dvti_json_open_array(&w);
    dvti_json_i64(&w, 1);
    dvti_json_i64(&w, 2);
    dvti_json_close_array(&w);
    dvti_json_close_object(&w);
    assert_string_equal(b.data, "{\n  \"a\": [\n    1,\n    2\n  ]\n}");
    dvt_buf_deinit(&b);
}

static void test_json__numbers_and_key_order_survive_a_round_trip(void **state)
{
    fixture         *f = *state;
    const char      *text = "{\"z\":0.1,\"a\":1e-300,\"m\":[1.7976931348623157e+308,-0.0,"
                            "0.30000000000000004,7]}";
    dvt_buf          b;
    dvti_json        root = parse(f, text);
    dvti_json_writer w;

    dvt_buf_init(&b, f->ctx, 0);
    w = dvti_json_writer_make(&b, 0);
    dvti_json_value(&w, root.value);
    assert_int_equal(dvt_buf_status(&b), DVT_OK);
    assert_string_equal(b.data, text);
    dvt_buf_deinit(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_json__typed_members_are_read),
        TEST(test_json__absent_optional_members_leave_the_default),
        TEST(test_json__range_error_names_path_range_value_and_place),
        TEST(test_json__element_error_names_its_index),
        TEST(test_json__type_errors_say_what_stands_there),
        TEST(test_json__missing_key_points_at_its_object),
        TEST(test_json__unknown_key_gets_the_nearest_name),
        TEST(test_json__unknown_choice_lists_the_choices),
        TEST(test_json__malformed_text_is_refused_with_its_line),
        TEST(test_json__every_truncation_is_refused),
        TEST(test_json__duplicates_scalars_and_trailing_text_are_refused),
        TEST(test_json__deep_nesting_is_refused_but_brackets_in_strings_are_not),
        TEST(test_json__missing_file_names_the_path),
        TEST(test_json__compact_and_indented_forms),
        TEST(test_json__numbers_and_key_order_survive_a_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
