/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_alloc.c - alignment, counting, budget and contents of blocks; typed arrays.
 */
#include "base/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

DVT_VEC(int_vec, int64_t);

static int setup(void **state)
{
    *state = dvt_ctx_create(NULL);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    int leaked = dvt_ctx_bytes_in_use(*state) != 0;
    dvt_ctx_destroy(*state);
    return leaked;
}

static bool aligned(const void *p) { return (uintptr_t)p % DVT_ALIGN == 0; }

static void test_alloc__sizes_are_overflow_checked(void **state)
{
    (void)state;
    size_t out = 1;
    assert_true(dvt_mul_size(SIZE_MAX / 2, 2, &out));
    assert_true(out == SIZE_MAX - 1);
    assert_false(dvt_mul_size(SIZE_MAX / 2 + 1, 2, &out));
    assert_true(out == 0);
    assert_true(dvt_mul_size(0, SIZE_MAX, &out) && dvt_mul_size(SIZE_MAX, 0, &out));
    assert_true(dvt_add_size(SIZE_MAX - 1, 1, &out));
    assert_false(dvt_add_size(SIZE_MAX, 1, &out));
}

static void test_alloc__blocks_are_aligned_zeroed_and_counted(void **state)
{
    dvt_ctx *ctx = *state;
    uint8_t *blocks[40];

    for (size_t i = 0; i < 40; i++) {
        blocks[i] = dvt_calloc(ctx, i, 3);
        assert_non_null(blocks[i]);
        assert_true(aligned(blocks[i]));
        for (size_t j = 0; j < 3 * i; j++) {
            assert_int_equal(blocks[i][j], 0);
        }
        memset(blocks[i], 0xAA, 3 * i);
    }
    assert_true(dvt_ctx_bytes_in_use(ctx) >= 3 * 40 * 39 / 2);
    for (size_t i = 0; i < 40; i++) {
        dvt_free(ctx, blocks[i]);
    }
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    assert_true(dvt_ctx_bytes_peak(ctx) >= 3 * 40 * 39 / 2);
    dvt_free(ctx, NULL);
}

static void test_alloc__resizing_keeps_contents_through_growth_and_shrinking(void **state)
{
    dvt_ctx            *ctx = *state;
    static const size_t SIZES[] = {1, 100, 7, 4096, 5000000, 60, 0, 30};
    uint8_t            *p = NULL;
    size_t              valid = 0;

    for (size_t s = 0; s < sizeof SIZES / sizeof SIZES[0]; s++) {
        p = dvt_realloc(ctx, p, SIZES[s]);
        assert_non_null(p);
        assert_true(aligned(p));
        valid = valid < SIZES[s] ? valid : SIZES[s];
        for (size_t i = 0; i < valid; i++) {
            assert_int_equal(p[i], (uint8_t)(i * 7));
        }
        for (size_t i = 0; i < SIZES[s]; i++) {
            p[i] = (uint8_t)(i * 7);
        }
        valid = SIZES[s];
    }
    dvt_free(ctx, p);
}

/* An allocation function whose blocks move and start at every possible remainder. */
static void *wandering(void *ud, void *p, size_t old_bytes, size_t new_bytes)
{
    size_t  *turn = ud;
    uint8_t *q = NULL;

    if (new_bytes > 0) {
        size_t shift = (++*turn % 4) * 16 + 16;
        q = malloc(new_bytes + 80);
        assert_non_null(q);
        memset(q, (int)shift, shift);
        q += shift;
        if (p) {
            memcpy(q, p, old_bytes < new_bytes ? old_bytes : new_bytes);
        }
    }
    if (p) {
        uint8_t *old = p;
        free(old - old[-1]);
    }
    return q;
}

static void test_alloc__contents_survive_a_change_of_remainder(void **state)
{
    (void)state;
    size_t   turn = 0;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.realloc = wandering, .realloc_ud = &turn});
    assert_non_null(ctx);
    uint8_t *p = NULL;
    for (size_t n = 1; n < 300; n++) {
        p = dvt_realloc(ctx, p, n);
        assert_non_null(p);
        assert_true(aligned(p));
        p[n - 1] = (uint8_t)n;
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(p[i], (uint8_t)(i + 1));
        }
    }
    dvt_free(ctx, p);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

static void test_alloc__a_budget_refuses_and_leaves_the_block(void **state)
{
    (void)state;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.memory_budget_bytes = 10000});
    assert_non_null(ctx);
    char *p = dvt_alloc(ctx, 5000);
    assert_non_null(p);
    memset(p, 'x', 5000);
    size_t used = dvt_ctx_bytes_in_use(ctx);

    assert_null(dvt_alloc(ctx, 6000));
    assert_int_equal(dvt_ctx_error(ctx)->status, DVT_E_NOMEM);
    assert_null(dvt_realloc(ctx, p, 20000));
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), used);
    assert_int_equal(p[4999], 'x');
    assert_non_null(p = dvt_realloc(ctx, p, 9000)); /* counts in place of the old size */
    dvt_free(ctx, p);
    dvt_ctx_destroy(ctx);
}

static void test_alloc__sizes_that_overflow_are_refused(void **state)
{
    dvt_ctx *ctx = *state;
    assert_null(dvt_calloc(ctx, SIZE_MAX / 2, 3));
    assert_int_equal(dvt_ctx_error(ctx)->status, DVT_E_NOMEM);
    assert_null(dvt_alloc(ctx, SIZE_MAX - 10));
    assert_null(dvt_alloc(ctx, SIZE_MAX / 2));
}

static void test_vec__pushes_keep_order_over_growth(void **state)
{
    dvt_ctx *ctx = *state;
    int_vec  v = {0};

    for (int64_t i = 0; i < 1000; i++) {
        assert_int_equal(int_vec_push(ctx, &v, i * i), DVT_OK);
    }
    assert_int_equal(v.len, 1000);
    for (int64_t i = 0; i < 1000; i++) {
        assert_true(v.data[i] == i * i);
    }
    int_vec_clear(&v);
    assert_int_equal(v.len, 0);
    assert_true(v.cap >= 1000);
    assert_int_equal(int_vec_reserve(ctx, &v, SIZE_MAX / 4), DVT_E_NOMEM);
    assert_true(v.cap >= 1000 && v.data);
    int_vec_deinit(ctx, &v);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_alloc__sizes_are_overflow_checked),
        TEST(test_alloc__blocks_are_aligned_zeroed_and_counted),
        TEST(test_alloc__resizing_keeps_contents_through_growth_and_shrinking),
        TEST(test_alloc__contents_survive_a_change_of_remainder),
        TEST(test_alloc__a_budget_refuses_and_leaves_the_block),
        TEST(test_alloc__sizes_that_overflow_are_refused),
        TEST(test_vec__pushes_keep_order_over_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
