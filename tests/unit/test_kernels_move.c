/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernels_move.c - kernels that move elements, for every element size: literals and index
 * formulae.
 */
#include "dovetail/kernels.h"
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static dvt_tensor wrap(dvt_dtype dtype, dvt_shape shape, const void *data)
{
    return dvt_tensor_wrap(dtype, &shape, (void *)(uintptr_t)data);
}

static dvt_tensor i32(dvt_shape shape, const void *data)
{
    return wrap(DVT_DTYPE_I32, shape, data);
}

/* 0, 1, 2, ... of any integer type. */
static dvt_tensor counting(dvt_ctx *ctx, dvt_dtype dtype, const dvt_shape *shape)
{
    dvt_tensor t;
    assert_int_equal(dvt_tensor_init(ctx, dtype, shape, &t), DVT_OK);
    for (int64_t i = 0; i < dvt_shape_count(shape); i++) {
        size_t size = dvt_dtype_bytes(dtype);
        memcpy((uint8_t *)t.data + (size_t)i * size, &i, size); /* little-endian */
    }
    return t;
}

static const dvt_dtype sizes[] = {DVT_DTYPE_U8, DVT_DTYPE_U16, DVT_DTYPE_I32, DVT_DTYPE_I64};

static void test_move__transpose_on_random_shapes_and_sizes(void **state)
{
    (void)state;
    dvt_ctx *ctx = test_ctx(1);
    dvt_rng  rng = dvt_rng_make(1, 0);
    for (int trial = 0; trial < 120; trial++) {
        dvt_shape  s = {.rank = (int32_t)test_random_range(&rng, 0, 5)}, t = s;
        int64_t    perm[DVT_MAX_RANK], index[DVT_MAX_RANK];
        dvt_tensor x, y;
        for (int i = 0; i < s.rank; i++) {
            int64_t at = test_random_range(&rng, 0, i);
            s.dim[i] = test_random_range(&rng, 1, 3);
            perm[i] = perm[at]; /* inside-out shuffle */
            perm[at] = i;
        }
        for (int i = 0; i < s.rank; i++)
            t.dim[i] = s.dim[perm[i]];
        x = counting(ctx, sizes[trial % 4], &s);
        y = counting(ctx, sizes[trial % 4], &t);
        dvt_move_transpose(&x, perm, &y);
        for (int64_t i = 0; i < dvt_shape_count(&t); i++) {
            int64_t rest = i, from = 0;
            for (int k = t.rank - 1; k >= 0; k--) {
                index[perm[k]] = rest % t.dim[k];
                rest /= t.dim[k];
            }
            for (int k = 0; k < s.rank; k++)
                from = from * s.dim[k] + index[k];
            assert_int_equal(dvt_tensor_get_i64(&y, i), from);
        }
        dvt_tensor_deinit(ctx, &x);
        dvt_tensor_deinit(ctx, &y);
    }
    dvt_ctx_destroy(ctx);
}

static void test_move__slice_steps_forwards_and_backwards(void **state)
{
    (void)state;
    const int32_t x[] = {0, 1, 2, 3, 4, 10, 11, 12, 13, 14}, want[] = {14, 12, 10, 4, 2, 0};
    const int64_t start[] = {1, 4}, step[] = {-1, -2};
    int32_t       y[6];
    dvt_tensor    tx = i32(DVT_SHAPE(2, 5), x), ty = i32(DVT_SHAPE(2, 3), y);
    dvt_move_slice(&tx, start, step, &ty);
    assert_memory_equal(y, want, sizeof want);
}

static void test_move__empty_outputs_are_left_alone(void **state)
{
    (void)state;
    const int32_t x[] = {1, 2};
    const int64_t start[] = {0}, step[] = {1}, perm[] = {1, 0};
    dvt_tensor    tx = i32(DVT_SHAPE(2), x), none = i32(DVT_SHAPE(0), NULL);
    dvt_tensor    flat = i32(DVT_SHAPE(0, 2), NULL), tall = i32(DVT_SHAPE(2, 0), NULL);
    dvt_move_slice(&tx, start, step, &none);
    dvt_move_transpose(&flat, perm, &tall);
    dvt_move_tile(&none, &none);
    dvt_move_expand(&flat, &flat);
    assert_null(none.data);
}

static void test_move__concat_and_split_are_inverse(void **state)
{
    (void)state;
    dvt_ctx  *ctx = test_ctx(1);
    dvt_shape full = DVT_SHAPE(2, 5, 3), a = DVT_SHAPE(2, 2, 3), b = DVT_SHAPE(2, 0, 3),
              c = DVT_SHAPE(2, 3, 3);
    for (int k = 0; k < 4; k++) {
        dvt_tensor x = counting(ctx, sizes[k], &full), y = counting(ctx, sizes[k], &full);
        dvt_tensor parts[] = {counting(ctx, sizes[k], &a), counting(ctx, sizes[k], &b),
                              counting(ctx, sizes[k], &c)};
        dvt_move_split(&x, 1, parts, 3);
        assert_int_equal(dvt_tensor_get_i64(&parts[0], 6), 15); /* (1, 0, 0) */
        assert_int_equal(dvt_tensor_get_i64(&parts[2], 0), 6);  /* (0, 2, 0) */
        memset(y.data, 0xff, y.bytes);
        dvt_move_concat(parts, 3, 1, &y);
        assert_memory_equal(x.data, y.data, x.bytes);
        for (int i = 0; i < 3; i++)
            dvt_tensor_deinit(ctx, &parts[i]);
        dvt_tensor_deinit(ctx, &x);
        dvt_tensor_deinit(ctx, &y);
    }
    dvt_ctx_destroy(ctx);
}

static void expect_pad(dvt_pad mode, const int32_t *want)
{
    const int32_t x[] = {1, 2, 3}, value = 9;
    const int64_t lo[] = {5};
    int32_t       y[12];
    dvt_tensor    tx = i32(DVT_SHAPE(3), x), ty = i32(DVT_SHAPE(12), y);
    dvt_move_pad(mode, &tx, lo, &value, &ty);
    assert_memory_equal(y, want, sizeof y);
}

static void test_move__pad_modes_beyond_one_period(void **state)
{
    (void)state;
    expect_pad(DVT_PAD_CONSTANT, (const int32_t[]){9, 9, 9, 9, 9, 1, 2, 3, 9, 9, 9, 9});
    expect_pad(DVT_PAD_EDGE, (const int32_t[]){1, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3});
    expect_pad(DVT_PAD_REFLECT, (const int32_t[]){2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3});
    expect_pad(DVT_PAD_WRAP, (const int32_t[]){2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1});
}

static void test_move__negative_pads_crop_and_empty_images_fill(void **state)
{
    (void)state;
    const int32_t x[] = {1, 2, 3, 4, 5, 6}, value = 9, want[] = {9, 2, 3, 9, 5, 6}, fill[] = {9, 9};
    const int64_t lo[] = {0, -1}, zero[] = {1};
    int32_t       y[4], z[2];
    dvt_tensor    tx = i32(DVT_SHAPE(2, 3), x), ty = i32(DVT_SHAPE(2, 2), y);
    dvt_tensor    empty = i32(DVT_SHAPE(0), NULL), tz = i32(DVT_SHAPE(2), z);
    dvt_move_pad(DVT_PAD_CONSTANT, &tx, lo, &value, &ty);
    assert_memory_equal(y, ((const int32_t[]){want[1], want[2], want[4], want[5]}), sizeof y);
    dvt_move_pad(DVT_PAD_CONSTANT, &empty, zero, &value, &tz);
    assert_memory_equal(z, fill, sizeof z);
}

static void test_move__gather_counts_negative_indices_from_the_end(void **state)
{
    (void)state;
    const int32_t x[] = {1, 2, 3, 4, 5, 6}, want[] = {3, 1, 2, 6, 4, 5};
    const int64_t good[] = {-1, 0, -2}, high[] = {3}, low[] = {-4};
    int32_t       y[6];
    dvt_tensor    tx = i32(DVT_SHAPE(2, 3), x), ty = i32(DVT_SHAPE(2, 3), y);
    dvt_tensor    ti = wrap(DVT_DTYPE_I64, DVT_SHAPE(3), good), t1 = i32(DVT_SHAPE(2, 1), y);
    dvt_tensor    th = wrap(DVT_DTYPE_I64, DVT_SHAPE(1), high),
               tl = wrap(DVT_DTYPE_I64, DVT_SHAPE(1), low);
    assert_true(dvt_move_gather(&tx, &ti, 1, &ty));
    assert_memory_equal(y, want, sizeof want);
    assert_false(dvt_move_gather(&tx, &th, 1, &t1));
    assert_false(dvt_move_gather(&tx, &tl, 1, &t1));
}

static void test_move__expand_and_tile_repeat(void **state)
{
    (void)state;
    const int32_t x[] = {1, 2}, rows[] = {1, 2, 1, 2}, columns[] = {1, 1, 1, 2, 2, 2};
    const int32_t tiled[] = {1, 2, 1, 2, 1, 2, 1, 2};
    int32_t       y[8];
    dvt_tensor    row = i32(DVT_SHAPE(2), x), column = i32(DVT_SHAPE(2, 1), x);
    dvt_tensor    y22 = i32(DVT_SHAPE(2, 2), y), y23 = i32(DVT_SHAPE(2, 3), y),
               y24 = i32(DVT_SHAPE(2, 4), y);
    dvt_tensor    x12 = i32(DVT_SHAPE(1, 2), x);
    dvt_move_expand(&row, &y22);
    assert_memory_equal(y, rows, sizeof rows);
    dvt_move_expand(&column, &y23);
    assert_memory_equal(y, columns, sizeof columns);
    dvt_move_tile(&x12, &y24);
    assert_memory_equal(y, tiled, sizeof tiled);
}

static void test_move__tile_repeats_blocks_not_elements(void **state)
{
    (void)state;
    const int32_t x[] = {1, 2, 3, 4}, want[] = {1, 2, 1, 2, 3, 4, 3, 4};
    int32_t       y[8], scalar = 0;
    dvt_tensor    tx = i32(DVT_SHAPE(2, 2), x), ty = i32(DVT_SHAPE(2, 4), y);
    dvt_tensor    x0 = i32((dvt_shape){.rank = 0}, x), y0 = i32((dvt_shape){.rank = 0}, &scalar);
    dvt_move_tile(&tx, &ty);
    assert_memory_equal(y, want, sizeof want);
    dvt_move_tile(&x0, &y0);
    assert_int_equal(scalar, 1);
}

static void test_move__where_picks_for_every_element_size(void **state)
{
    (void)state;
    dvt_ctx  *ctx = test_ctx(1);
    dvt_shape s = DVT_SHAPE(2, 2), one = DVT_SHAPE(1);
    for (int k = 0; k < 4; k++) {
        dvt_tensor cond = wrap(DVT_DTYPE_BOOL, DVT_SHAPE(2), (const uint8_t[]){1, 0});
        dvt_tensor a = counting(ctx, sizes[k], &s), b = counting(ctx, sizes[k], &one);
        dvt_tensor y = counting(ctx, sizes[k], &s);
        memset(b.data, 7, 1);
        dvt_move_where(&cond, &a, &b, &y);
        assert_int_equal(dvt_tensor_get_i64(&y, 0), 0);
        assert_int_equal(dvt_tensor_get_i64(&y, 1), 7);
        assert_int_equal(dvt_tensor_get_i64(&y, 2), 2);
        assert_int_equal(dvt_tensor_get_i64(&y, 3), 7);
        dvt_tensor_deinit(ctx, &a);
        dvt_tensor_deinit(ctx, &b);
        dvt_tensor_deinit(ctx, &y);
    }
    dvt_ctx_destroy(ctx);
}

static void test_move__depth_and_space(void **state)
{
    (void)state;
    /* x (1, 8, 1, 1): channel = (by, bx, c) or (c, by, bx); y (1, 2, 2, 2) */
    const int32_t x[] = {0, 1, 2, 3, 4, 5, 6, 7}, dcr[] = {0, 2, 4, 6, 1, 3, 5, 7};
    int32_t       y[8], back[8];
    dvt_tensor    tx = i32(DVT_SHAPE(1, 8, 1, 1), x), ty = i32(DVT_SHAPE(1, 2, 2, 2), y);
    dvt_tensor    tb = i32(DVT_SHAPE(1, 8, 1, 1), back);
    dvt_move_depth_to_space(DVT_DEPTH_CRD, 2, &tx, &ty);
    assert_memory_equal(y, x, sizeof x);
    dvt_move_depth_to_space(DVT_DEPTH_DCR, 2, &tx, &ty);
    assert_memory_equal(y, dcr, sizeof dcr);
    dvt_move_space_to_depth(2, &ty, &tb);
    assert_memory_equal(back, x, sizeof x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_move__transpose_on_random_shapes_and_sizes),
        cmocka_unit_test(test_move__slice_steps_forwards_and_backwards),
        cmocka_unit_test(test_move__empty_outputs_are_left_alone),
        cmocka_unit_test(test_move__concat_and_split_are_inverse),
        cmocka_unit_test(test_move__pad_modes_beyond_one_period),
        cmocka_unit_test(test_move__negative_pads_crop_and_empty_images_fill),
        cmocka_unit_test(test_move__gather_counts_negative_indices_from_the_end),
        cmocka_unit_test(test_move__expand_and_tile_repeat),
        cmocka_unit_test(test_move__tile_repeats_blocks_not_elements),
        cmocka_unit_test(test_move__where_picks_for_every_element_size),
        cmocka_unit_test(test_move__depth_and_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
