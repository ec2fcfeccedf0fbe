/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_infer_layout.c - literal shapes of operators that move elements; bounds of slices.
 */
#include "graph/graph_int.h"
#include "support/infer_case.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_infer_layout__concat_joins_along_axis(void **state)
{
    (void)state;
    infer_gives("a: f32[1,64,28,28]; b: f32[1,128,28,28]", "concat(a, b)", "f32[1,192,28,28]");
    infer_gives("a: i32[2]", "concat(a, a, a, axis=0)", "i32[6]");
    infer_fails("a: f32[1,2,3]; b: f32[1,2,4]", "concat(a, b)", DVT_E_SHAPE,
                "input 1 is [1,2,4], which cannot join [1,2,3] along axis 1");
    infer_fails("a: f32[549755813888]; b: f32[1099511627776]", "concat(a, b, axis=0)", DVT_E_SHAPE,
                "too large");
}

static void test_infer_layout__slice_clamps_and_counts_backwards(void **state)
{
    (void)state;
    infer_gives("x: f32[20,10,5]", "slice(x, axes=[0,1], starts=[0,0], ends=[3,10], steps=[1,1])",
                "f32[3,10,5]");
    infer_gives("x: f32[20,10]", "slice(x, axes=[1], starts=[0], ends=[-1], steps=[1])",
                "f32[20,9]");
    infer_gives("x: f32[20]",
                "slice(x, axes=[0], starts=[1000], ends=[9223372036854775807], steps=[1])",
                "f32[0]");
    infer_gives("x: f32[20]",
                "slice(x, axes=[0], starts=[-1], ends=[-9223372036854775808], steps=[-1])",
                "f32[20]");
    infer_gives("x: f32[20]", "slice(x, axes=[0], starts=[20], ends=[0], steps=[-4])", "f32[5]");
    infer_gives("x: f32[20]",
                "slice(x, axes=[0], starts=[1], ends=[19], steps=[9223372036854775807])", "f32[1]");
    infer_fails("x: f32[20]", "slice(x, axes=[0], starts=[0], ends=[1], steps=[0])", DVT_E_SHAPE,
                "step along axis 0 is 0");
    infer_fails("x: f32[20]", "slice(x, axes=[0], starts=[0,1], ends=[1], steps=[1])", DVT_E_SHAPE,
                "1, 2, 1 and 1 entries");
}

static void expect_slice(int64_t dim, int64_t start, int64_t end, int64_t step, int64_t want_first,
                         int64_t want_count)
{
    int64_t first, count;
    dvti_slice_resolve(dim, start, end, step, &first, &count);
    assert_int_equal(count, want_count);
    if (want_count > 0) assert_int_equal(first, want_first);
}

static void test_infer_layout__slice_resolve_gives_first_and_count(void **state)
{
    (void)state;
    expect_slice(10, 2, 7, 2, 2, 3);
    expect_slice(10, 8, 1, -3, 8, 3);
    expect_slice(10, -3, 10, 1, 7, 3);
    expect_slice(10, 5, -11, -1, 5, 6);
    expect_slice(10, 100, -100, -1, 9, 10);
    expect_slice(10, -100, 100, 1, 0, 10);
    expect_slice(10, 3, 3, 1, 3, 0);
    expect_slice(0, 0, 5, 1, 0, 0);
    expect_slice(0, -1, INT64_MIN, -1, 0, 0);
    expect_slice(10, 9, INT64_MIN, INT64_MIN, 9, 1);
}

static void test_infer_layout__split_sizes_and_equal_parts(void **state)
{
    (void)state;
    infer_gives("x: f32[2,6]", "split(x, sizes=[1,2,3])", "f32[2,1], f32[2,2], f32[2,3]");
    infer_gives("x: f32[2,6]", "split(x)", "f32[2,3], f32[2,3]");
    infer_gives("x: f32[7]", "split(x, axis=0)", "f32[2], f32[2], f32[2], f32[1]");
    infer_fails("x: f32[2,6]", "split(x, sizes=[5])", DVT_E_SHAPE, "add up to 5, dimension 1 is 6");
    infer_fails("x: f32[2,6]", "split(x, sizes=[3,3])", DVT_E_SHAPE, "2 entries, 1 are needed");
}

static void test_infer_layout__reshape_transpose_expand_tile(void **state)
{
    (void)state;
    infer_gives("x: f32[2,3,4]", "reshape(x, dims=[4,6])", "f32[4,6]");
    infer_gives("x: f32[1]", "reshape(x, dims=[])", "f32[]");
    infer_fails("x: f32[2,3]", "reshape(x, dims=[5])", DVT_E_SHAPE, "element counts differ");
    infer_fails("x: f32[2,3]", "reshape(x, dims=[1099511627776,1099511627776])", DVT_E_SHAPE,
                "too large");
    infer_gives("x: f32[2,3,4]", "transpose(x, perm=[2,0,1])", "f32[4,2,3]");
    infer_fails("x: f32[2,3]", "transpose(x, perm=[0,0])", DVT_E_SHAPE, "dimension 0 twice");
    infer_gives("x: f32[3,1]", "expand(x, dims=[2,3,4])", "f32[2,3,4]");
    infer_fails("x: f32[3,2]", "expand(x, dims=[3,1])", DVT_E_SHAPE, "does not broadcast");
    infer_gives("x: f32[2,3]", "tile(x, dims=[2,1])", "f32[4,3]");
    infer_fails("x: f32[2,3]", "tile(x, dims=[1099511627776,1])", DVT_E_SHAPE, "too large");
}

static void test_infer_layout__pad_resize_and_depth(void **state)
{
    (void)state;
    infer_gives("x: f32[1,2]", "pad(x, pad_lo=[0,1], pad_hi=[2,-2])", "f32[3,1]");
    infer_fails("x: f32[2]", "pad(x, pad_lo=[-1], pad_hi=[-2])", DVT_E_SHAPE, "crop more than");
    infer_fails("x: f32[0]", "pad(x, mode=edge, pad_lo=[1], pad_hi=[0])", DVT_E_SHAPE, "empty");
    infer_gives("x: f32[1,2,3,3]", "resize(x, dims=[1,2,6,5], mode=linear)", "f32[1,2,6,5]");
    infer_fails("x: f32[1,2]", "resize(x, dims=[1])", DVT_E_SHAPE, "1 entries, 2 are needed");
    infer_fails("x: f32[1,2]", "resize(x, dims=[1,2], scale=[nan,1])", DVT_E_SHAPE, "scale");
    infer_fails("x: i8[1,2]", "resize(x, dims=[1,4], mode=cubic)", DVT_E_SHAPE, "floating-point");
    infer_gives("x: f32[1,8,2,3]", "depth_to_space(x, block=2, order=crd)", "f32[1,2,4,6]");
    infer_fails("x: f32[1,6,2,3]", "depth_to_space(x, block=2)", DVT_E_SHAPE, "6 channels");
    infer_gives("x: f32[1,2,4,6]", "space_to_depth(x, block=2)", "f32[1,8,2,3]");
    infer_fails("x: f32[1,2,3,6]", "space_to_depth(x, block=2)", DVT_E_SHAPE, "3 x 6");
}

static void test_infer_layout__gather_replaces_the_axis_by_the_indices(void **state)
{
    (void)state;
    infer_gives("x: f32[5,4,3]; i: i64[2,2]", "gather(x, i, axis=1)", "f32[5,2,2,3]");
    infer_gives("x: u8[5]; i: i32[]", "gather(x, i)", "u8[]");
    infer_fails("x: f32[5]; i: f32[1]", "gather(x, i)", DVT_E_SHAPE, "indices are f32");
    infer_fails("x: f32[1,1,1,1,1]; i: i32[1,1,1,1,1]", "gather(x, i)", DVT_E_UNSUPPORTED,
                "rank 9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_infer_layout__concat_joins_along_axis),
        cmocka_unit_test(test_infer_layout__slice_clamps_and_counts_backwards),
        cmocka_unit_test(test_infer_layout__slice_resolve_gives_first_and_count),
        cmocka_unit_test(test_infer_layout__split_sizes_and_equal_parts),
        cmocka_unit_test(test_infer_layout__reshape_transpose_expand_tile),
        cmocka_unit_test(test_infer_layout__pad_resize_and_depth),
        cmocka_unit_test(test_infer_layout__gather_replaces_the_axis_by_the_indices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
