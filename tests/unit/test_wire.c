/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_wire.c - the walker over protobuf's wire format: fields, places, and every kind of damage.
 */
#include "formats/caffe.pb-c.h"
#include "formats/wire.h"
#include "support/caffe_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Walks `bytes` to the end or the first failure; returns the number of fields. */
static int walk(dvt_ctx *ctx, const void *bytes, size_t size, dvti_wire *w)
{
    dvti_wire_field f;
    int             count = 0;

    *w = dvti_wire_make(ctx, "m", bytes, size);
    while (dvti_wire_next(w, &f)) count++;
    return count;
}

static void test_wire__fields_come_with_number_type_value_and_place(void **state)
{
    (void)state;
    dvt_ctx        *ctx = dvt_ctx_create(NULL);
    const uint8_t   m[] = {0x08, 0x96, 0x01, 0x12, 2, 'h', 'i', 0x1d, 1, 0, 0, 0x80};
    dvti_wire       w = dvti_wire_make(ctx, "m", m, sizeof m);
    dvti_wire_field f;

    assert_true(dvti_wire_next(&w, &f));
    assert_int_equal(f.number, 1);
    assert_int_equal(f.value, 150);
    assert_true(dvti_wire_next(&w, &f));
    assert_int_equal(f.number, 2);
    assert_int_equal(f.size, 2);
    assert_int_equal(f.offset, 3);
    assert_true(dvti_wire_next(&w, &f));
    assert_int_equal(f.type, DVTI_WIRE_FIXED32);
    assert_int_equal(f.value, 0x80000001u);
    assert_false(dvti_wire_next(&w, &f));
    assert_int_equal(w.status, DVT_OK);
    dvt_ctx_destroy(ctx);
}

static void test_wire__damage_is_refused_at_its_byte(void **state)
{
    (void)state;
    static const struct {
        uint8_t     bytes[12];
        size_t      size, offset;
        const char *message;
    } cases[] = {
        {{0x08, 1, 0x80}, 3, 2, "damaged message: a field's tag is cut off at byte 2"},
        {{0x08, 0x80}, 2, 0, "damaged message: a number is cut off at byte 0"},
        {{0x12, 5, 'a'},
         3,
         0,
         "damaged message: a field is longer than the message that holds it at byte 0"},
        {{0x12, 0x80}, 2, 0, "damaged message: the length of a field is cut off at byte 0"},
        {{0x0d, 1, 2}, 3, 0, "damaged message: the message ends inside a number at byte 0"},
        {{0x09, 1, 2}, 3, 0, "damaged message: the message ends inside a number at byte 0"},
        {{0x0b, 1}, 2, 0, "damaged message: a field has a wire type that does not exist at byte 0"},
        {{0x00, 1}, 2, 0, "damaged message: the number of a field is out of range at byte 0"},
        {{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
         12,
         0,
         "damaged message: a number is cut off at byte 0"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dvt_ctx  *ctx = dvt_ctx_create(NULL);
        dvti_wire w;
        walk(ctx, cases[i].bytes, cases[i].size, &w);
        assert_int_equal(w.status, DVT_E_PARSE);
        assert_string_equal(dvt_ctx_error(ctx)->message, cases[i].message);
        assert_int_equal(dvt_ctx_error(ctx)->offset, cases[i].offset);
        dvt_ctx_destroy(ctx);
    }
}

static void test_wire__places_in_sub_messages_count_from_the_file(void **state)
{
    (void)state;
    dvt_ctx        *ctx = dvt_ctx_create(NULL);
    const uint8_t   m[] = {0x08, 1, 0x12, 3, 0x08, 1, 0x80};
    dvti_wire       w = dvti_wire_make(ctx, "m", m, sizeof m);
    dvti_wire_field f;

    assert_true(dvti_wire_next(&w, &f) && dvti_wire_next(&w, &f));
    dvti_wire sub = dvti_wire_enter(&w, &f);
    assert_true(dvti_wire_next(&sub, &f));
    assert_int_equal(f.offset, 4);
    assert_false(dvti_wire_next(&sub, &f));
    assert_int_equal(dvt_ctx_error(ctx)->offset, 6);
    dvt_ctx_destroy(ctx);
}

static dvt_status check(dvt_ctx *ctx, const dvt_buf *m, uint64_t max_fields)
{
    return dvti_wire_check(ctx, "m", (const uint8_t *)m->data, m->len,
                           &caffe__net_parameter__descriptor, max_fields);
}

static void test_wire__a_message_is_checked_by_its_descriptor(void **state)
{
    (void)state;
    dvt_ctx *ctx = dvt_ctx_create(NULL);
    dvt_buf  m;

    dvt_buf_init(&m, ctx, 0);
    tool_wire_text(&m, 1, "net");
    tool_wire_varint(&m, 999, 1);          /* unknown: skipped */
    tool_wire_bytes(&m, 4, "\x01\x02", 2); /* input_dim, packed */
    assert_int_equal(check(ctx, &m, 0), DVT_OK);
    assert_int_equal(check(ctx, &m, 2), DVT_E_CAPACITY);
    dvt_ctx_clear_error(ctx);
    tool_wire_varint(&m, 100, 1); /* a layer that is a number */
    assert_int_equal(check(ctx, &m, 0), DVT_E_PARSE);
    assert_string_equal(dvt_ctx_error(ctx)->message,
                        "damaged message: field 'layer' has wire type 0, not 2, at byte 12");
    dvt_buf_deinit(&m);
    dvt_ctx_destroy(ctx);
}

static void test_wire__damage_inside_packed_lists_and_texts_is_found(void **state)
{
    (void)state;
    dvt_ctx *ctx = dvt_ctx_create(NULL);
    dvt_buf  m;

    dvt_buf_init(&m, ctx, 0);
    tool_wire_bytes(&m, 4, "\x01\x82", 2);
    assert_int_equal(check(ctx, &m, 0), DVT_E_PARSE);
    dvt_ctx_clear_error(ctx);
    dvt_buf_reset(&m);
    tool_wire_bytes(&m, 1, "a\0b", 3);
    assert_int_equal(check(ctx, &m, 0), DVT_E_PARSE);
    assert_string_equal(dvt_ctx_error(ctx)->message,
                        "damaged message: a text holds a zero byte at byte 0");
    dvt_buf_deinit(&m);
    dvt_ctx_destroy(ctx);
}

static void test_wire__nesting_is_bounded(void **state)
{
    (void)state;
    dvt_ctx        *ctx = dvt_ctx_create(NULL);
    dvt_buf         m, outer;
    dvti_wire_field f;

    dvt_buf_init(&m, ctx, 0);
    for (int i = 0; i < DVTI_WIRE_MAX_DEPTH + 4; i++) {
        dvt_buf_init(&outer, ctx, 0);
        tool_wire_bytes(&outer, 2, m.data, m.len);
        dvt_buf_deinit(&m);
        m = outer;
    }
    dvti_wire w = dvti_wire_make(ctx, "m", (const uint8_t *)m.data, m.len);
    while (dvti_wire_next(&w, &f)) w = dvti_wire_enter(&w, &f);
    assert_int_equal(w.status, DVT_E_PARSE);
    assert_int_equal(w.depth, DVTI_WIRE_MAX_DEPTH + 1);
    dvt_buf_deinit(&m);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire__fields_come_with_number_type_value_and_place),
        cmocka_unit_test(test_wire__damage_is_refused_at_its_byte),
        cmocka_unit_test(test_wire__places_in_sub_messages_count_from_the_file),
        cmocka_unit_test(test_wire__a_message_is_checked_by_its_descriptor),
        cmocka_unit_test(test_wire__damage_inside_packed_lists_and_texts_is_found),
        cmocka_unit_test(test_wire__nesting_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
