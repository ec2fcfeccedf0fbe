/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_shape.c - element types and shapes: names, counts with limits, broadcasting, text.
 */
#include "dovetail/tensor.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_shape__every_type_parses_from_its_name(void **state)
{
    (void)state;
    for (int i = DVT_DTYPE_NONE + 1; i < DVT_DTYPE_COUNT; i++) {
        dvt_dtype got = DVT_DTYPE_NONE;
        assert_true(dvt_dtype_parse(dvt_dtype_name((dvt_dtype)i), &got));
        assert_int_equal(got, i);
    }
    assert_int_equal(dvt_dtype_bytes(DVT_DTYPE_F16), 2);
    assert_int_equal(dvt_dtype_bytes(DVT_DTYPE_NONE), 0);
}

static void test_shape__unknown_type_names_are_refused(void **state)
{
    (void)state;
    dvt_dtype got = DVT_DTYPE_I8;
    assert_false(dvt_dtype_parse("float", &got));
    assert_false(dvt_dtype_parse("none", &got));
    assert_int_equal(got, DVT_DTYPE_I8);
    assert_string_equal(dvt_dtype_name((dvt_dtype)99), "?");
}

static void test_shape__count_is_the_product(void **state)
{
    (void)state;
    dvt_shape image = DVT_SHAPE(2, 3, 5), scalar = {.rank = 0}, empty = DVT_SHAPE(7, 0, 3);
    assert_int_equal(dvt_shape_count(&image), 30);
    assert_int_equal(dvt_shape_count(&scalar), 1);
    assert_int_equal(dvt_shape_count(&empty), 0);
    assert_int_equal(dvt_shape_count_range(&image, 1, 3), 15);
    assert_int_equal(dvt_shape_count_range(&image, 3, 3), 1);
}

static void test_shape__count_refuses_negative_and_huge(void **state)
{
    (void)state;
    dvt_shape negative = DVT_SHAPE(4, -1), huge = DVT_SHAPE(1 << 20, 1 << 20, 2);
    dvt_shape most = DVT_SHAPE(1 << 20, 1 << 20), one = DVT_SHAPE(INT64_MAX);
    assert_int_equal(dvt_shape_count(&negative), -1);
    assert_int_equal(dvt_shape_count(&huge), -1);
    assert_int_equal(dvt_shape_count(&most), DVT_DIM_MAX);
    assert_int_equal(dvt_shape_count(&one), -1);
}

static void test_shape__broadcast_follows_numpy(void **state)
{
    (void)state;
    dvt_shape a = DVT_SHAPE(8, 1, 6, 1), b = DVT_SHAPE(7, 1, 5), want = DVT_SHAPE(8, 7, 6, 5), y;
    dvt_shape zero = DVT_SHAPE(0), one = DVT_SHAPE(1), two = DVT_SHAPE(2);
    assert_true(dvt_shape_broadcast(&a, &b, &y));
    assert_true(dvt_shape_equal(&y, &want));
    assert_true(dvt_shape_broadcast(&zero, &one, &y));
    assert_int_equal(y.dim[0], 0);
    assert_false(dvt_shape_broadcast(&zero, &two, &y));
}

static void test_shape__text_names_every_dimension(void **state)
{
    (void)state;
    char      text[DVT_SHAPE_TEXT];
    dvt_shape image = DVT_SHAPE(1, 3, 224, 224), scalar = {.rank = 0}, long_one = {.rank = 8};
    assert_string_equal(dvt_shape_text(&image, text), "[1,3,224,224]");
    assert_string_equal(dvt_shape_text(&scalar, text), "[]");
    for (int i = 0; i < 8; i++)
        long_one.dim[i] = INT64_MIN;
    assert_int_equal(strlen(dvt_shape_text(&long_one, text)), 8 * 20 + 7 + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape__every_type_parses_from_its_name),
        cmocka_unit_test(test_shape__unknown_type_names_are_refused),
        cmocka_unit_test(test_shape__count_is_the_product),
        cmocka_unit_test(test_shape__count_refuses_negative_and_huge),
        cmocka_unit_test(test_shape__broadcast_follows_numpy),
        cmocka_unit_test(test_shape__text_names_every_dimension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
