/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph_ops.c - the operator and attribute tables hold together.
 */
#include "graph/graph_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_graph_ops__names_parse_back(void **state)
{
    (void)state;
    dvt_op op;

    for (int i = 0; i < DVT_OP_COUNT; i++) {
        assert_true(dvt_op_parse(dvt_op_describe((dvt_op)i)->name, &op));
        assert_int_equal(op, i);
    }
    assert_false(dvt_op_parse("convolution", &op));
    assert_null(dvt_op_describe(DVT_OP_COUNT));
}

static void test_graph_ops__attributes_lie_inside_and_have_own_names(void **state)
{
    (void)state;
    for (int i = 0; i < DVT_OP_COUNT; i++) {
        const dvt_op_desc *d = dvt_op_describe((dvt_op)i);
        for (int32_t k = 0; k < d->attr_count; k++) {
            assert_true(d->attrs[k].offset < sizeof(dvt_attrs));
            assert_int_equal(d->attrs[k].kind == DVT_ATTR_ENUM, d->attrs[k].choices != NULL);
            for (int32_t m = 0; m < k; m++)
                assert_string_not_equal(d->attrs[k].name, d->attrs[m].name);
        }
        assert_null(d->attrs[d->attr_count].name);
    }
}

static void test_graph_ops__defaults_are_neutral(void **state)
{
    (void)state;
    dvt_attrs a = dvt_op_default_attrs(DVT_OP_CONV_TRANSPOSE, 2);

    assert_int_equal(a.conv.groups, 1);
    assert_int_equal(a.conv.win.kernel.n, 2);
    assert_int_equal(a.conv.win.stride.v[1], 1);
    assert_int_equal(a.conv.win.pad_hi.v[1], 0);
    assert_int_equal(a.conv.output_pad.n, 2);
    for (int i = 0; i < DVT_OP_COUNT; i++) {
        dvt_attrs x = dvt_op_default_attrs((dvt_op)i, 3), y = dvt_op_default_attrs((dvt_op)i, 3);
        assert_true(dvti_attrs_equal((dvt_op)i, &x, &y));
    }
}

static void test_graph_ops__equality_sees_each_attribute(void **state)
{
    (void)state;
    for (int i = 0; i < DVT_OP_COUNT; i++) {
        const dvt_op_desc *d = dvt_op_describe((dvt_op)i);
        for (int32_t k = 0; k < d->attr_count; k++) {
            dvt_attrs      x = dvt_op_default_attrs((dvt_op)i, 2), y = x;
            unsigned char *p = (unsigned char *)&y + d->attrs[k].offset;
            *p = (unsigned char)(*p ^ 1u);
            assert_false(dvti_attrs_equal((dvt_op)i, &x, &y));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_ops__names_parse_back),
        cmocka_unit_test(test_graph_ops__attributes_lie_inside_and_have_own_names),
        cmocka_unit_test(test_graph_ops__defaults_are_neutral),
        cmocka_unit_test(test_graph_ops__equality_sees_each_attribute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
