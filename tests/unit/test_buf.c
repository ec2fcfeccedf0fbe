/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_buf.c - text grows, ends in a NUL, respects its limit, and remembers a failure.
 */
#include "dovetail/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
    dvt_ctx *ctx;
    dvt_buf  buf;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f.ctx = dvt_ctx_create(NULL);
    dvt_buf_init(&f.buf, f.ctx, 0);
    *state = &f;
    return f.ctx ? 0 : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    dvt_buf_deinit(&f->buf);
    int leaked = dvt_ctx_bytes_in_use(f->ctx) != 0;
    dvt_ctx_destroy(f->ctx);
    return leaked;
}

static void test_buf__appends_in_order_over_growth(void **state)
{
    fixture *f = *state;
    char     want[20000];
    size_t   n = 0;

    for (int i = 0; i < 3000; i++) {
        n += (size_t)snprintf(want + n, sizeof want - n, "%d,", i);
        dvt_buf_printf(&f->buf, "%d", i);
        dvt_buf_puts(&f->buf, ",");
        assert_int_equal(f->buf.data[f->buf.len], '\0');
    }
    assert_int_equal(f->buf.len, n);
    assert_string_equal(f->buf.data, want);
    assert_int_equal(dvt_buf_status(&f->buf), DVT_OK);
}

static void test_buf__an_empty_append_makes_an_empty_text(void **state)
{
    fixture *f = *state;
    dvt_buf_puts(&f->buf, "");
    assert_string_equal(f->buf.data, "");
    dvt_buf_append(&f->buf, NULL, 0);
    assert_int_equal(f->buf.len, 0);
}

static void test_buf__the_limit_is_reached_but_not_passed(void **state)
{
    fixture *f = *state;
    dvt_buf  b;

    dvt_buf_init(&b, f->ctx, 5);
    dvt_buf_puts(&b, "abcde");
    assert_int_equal(dvt_buf_status(&b), DVT_OK);
    dvt_buf_puts(&b, "f");
    assert_int_equal(dvt_buf_status(&b), DVT_E_CAPACITY);
    assert_string_equal(b.data, "abcde");
    dvt_buf_reset(&b);
    assert_int_equal(dvt_buf_status(&b), DVT_OK);
    dvt_buf_puts(&b, "xyz");
    assert_string_equal(b.data, "xyz");
    dvt_buf_deinit(&b);
}

static void test_buf__nothing_is_appended_after_a_failure(void **state)
{
    fixture *f = *state;
    dvt_buf  b;

    dvt_buf_init(&b, f->ctx, 4);
    dvt_buf_puts(&b, "abc");
    dvt_buf_printf(&b, "%s", "de");
    dvt_buf_puts(&b, "f"); /* would fit */
    assert_string_equal(b.data, "abc");
    assert_int_equal(dvt_ctx_error(f->ctx)->status, DVT_E_CAPACITY);
    dvt_buf_deinit(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_buf__appends_in_order_over_growth),
        TEST(test_buf__an_empty_append_makes_an_empty_text),
        TEST(test_buf__the_limit_is_reached_but_not_passed),
        TEST(test_buf__nothing_is_appended_after_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
