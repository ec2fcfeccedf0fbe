/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_kernels_gemm.c - matrix products: literals, fast against reference, threads, broadcasting.
 */
#include "dovetail/kernels.h"
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_gemm__all_transpositions_give_the_product(void **state)
{
    (void)state;
    const float a[] = {1, 2, 3, 4, 5, 6}, at[] = {1, 4, 2, 5, 3, 6};          /* (2, 3) */
    const float b[] = {7, 8, 9, 10, 11, 12}, bt[] = {7, 9, 11, 8, 10, 12};    /* (3, 2) */
    const float want[] = {58, 64, 139, 154};
    for (int i = 0; i < 4; i++) {
        dvt_gemm_dims d = {.m = 2, .n = 2, .k = 3, .trans_a = i & 1, .trans_b = i >> 1, .alpha = 1};
        float         y[4];
        dvt_gemm_f32_ref(&d, i & 1 ? at : a, i >> 1 ? bt : b, NULL, y);
        test_same_f32(y, want, 4);
    }
}

static void test_gemm__c_broadcasts_by_strides(void **state)
{
    (void)state;
    const float   a[] = {1, 2}, b[] = {10, 100}, c[] = {1, 2};
    const float   by_column[] = {5.5f, 51, 10.5f, 101}, by_row[] = {5.5f, 50.5f, 11, 101};
    dvt_gemm_dims d = {.m = 2, .n = 2, .k = 1, .alpha = 0.5f, .beta = 0.5f, .c_row = 0, .c_col = 1};
    float         y[4];
    dvt_gemm_f32_ref(&d, a, b, c, y);
    test_same_f32(y, by_column, 4);
    d.c_row = 1;
    d.c_col = 0;
    dvt_gemm_f32_ref(&d, a, b, c, y);
    test_same_f32(y, by_row, 4);
}

/* Operands are multiples of 2^-12 below 1, so sum |a b| is at most k. */
static void check_gemm(dvt_ctx *one, dvt_ctx *two, dvt_rng *rng, const dvt_gemm_dims *d,
                       bool with_c)
{
    float *a = test_random_f32(one, rng, d->m * d->k), *b = test_random_f32(one, rng, d->k * d->n);
    float *c = test_random_f32(one, rng, d->m * d->n),
          *want = test_random_f32(one, rng, d->m * d->n);
    float *y1 = test_random_f32(one, rng, d->m * d->n),
          *y2 = test_random_f32(one, rng, d->m * d->n);
    double bound = 2e-6 * (fabs((double)d->alpha) * (double)d->k / 3 + fabs((double)d->beta));
    dvt_gemm_f32_ref(d, a, b, with_c ? c : NULL, want);
    dvt_gemm_f32_fast(one, d, a, b, with_c ? c : NULL, y1);
    dvt_gemm_f32_fast(two, d, a, b, with_c ? c : NULL, y2);
    test_near_f32(y1, want, d->m * d->n, bound, 0);
    test_same_f32(y2, y1, d->m * d->n);
    dvt_free(one, a);
    dvt_free(one, b);
    dvt_free(one, c);
    dvt_free(one, want);
    dvt_free(one, y1);
    dvt_free(one, y2);
}

static void test_gemm__fast_equals_reference_on_random_dims(void **state)
{
    (void)state;
    dvt_ctx *one = test_ctx(1), *two = test_ctx(2);
    dvt_rng  rng = dvt_rng_make(1, 0);
    for (int i = 0; i < 80; i++) {
        dvt_gemm_dims d = {.m = test_random_range(&rng, 0, 40),
                           .n = test_random_range(&rng, 0, 40),
                           .k = test_random_range(&rng, 0, 60),
                           .trans_a = dvt_rng_below(&rng, 2),
                           .trans_b = dvt_rng_below(&rng, 2),
                           .alpha = (float)test_random_range(&rng, -2, 2),
                           .beta = (float)test_random_range(&rng, -2, 2)};
        d.c_row = dvt_rng_below(&rng, 2) ? d.n : 0;
        d.c_col = test_random_range(&rng, 0, 1);
        check_gemm(one, two, &rng, &d, dvt_rng_below(&rng, 2));
    }
    dvt_ctx_destroy(one);
    dvt_ctx_destroy(two);
}

/* Large enough for several blocks: by columns, by rows, and a vector against a matrix. */
static void test_gemm__blocks_give_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    const int64_t dims[][3] = {{64, 800, 300}, {700, 70, 330}, {1, 1000, 2048}, {3, 513, 1111}};
    dvt_ctx      *one = test_ctx(1), *two = test_ctx(2);
    dvt_rng       rng = dvt_rng_make(2, 0);
    for (int i = 0; i < 8; i++) {
        const int64_t *s = dims[i / 2];
        dvt_gemm_dims  d = {
             .m = s[0], .n = s[1], .k = s[2], .trans_b = i & 1, .alpha = 1, .beta = 1};
        d.c_col = 1;
        check_gemm(one, two, &rng, &d, true);
    }
    dvt_ctx_destroy(one);
    dvt_ctx_destroy(two);
}

static void test_matmul__shapes_follow_numpy(void **state)
{
    (void)state;
    dvt_shape v = DVT_SHAPE(3), m = DVT_SHAPE(2, 3), t = DVT_SHAPE(5, 1, 3, 4),
              b = DVT_SHAPE(6, 2, 3);
    dvt_shape scalar = {.rank = 0}, want = DVT_SHAPE(5, 6, 2, 4), y;
    assert_true(dvt_matmul_shape(&b, &t, &y) && dvt_shape_equal(&y, &want));
    assert_true(dvt_matmul_shape(&v, &v, &y) && y.rank == 0);
    assert_true(dvt_matmul_shape(&m, &v, &y) && y.rank == 1 && y.dim[0] == 2);
    assert_true(dvt_matmul_shape(&v, &t, &y) && y.rank == 3 && y.dim[2] == 4);
    assert_false(dvt_matmul_shape(&m, &m, &y));
    assert_false(dvt_matmul_shape(&scalar, &v, &y));
}

static void check_matmul(dvt_shape a_shape, dvt_shape b_shape)
{
    dvt_ctx   *ctx = test_ctx(2);
    dvt_rng    rng = dvt_rng_make(3, 0);
    dvt_shape  y_shape;
    dvt_tensor a, b, want, got;
    assert_true(dvt_matmul_shape(&a_shape, &b_shape, &y_shape));
    a = dvt_tensor_wrap(DVT_DTYPE_F32, &a_shape,
                        test_random_f32(ctx, &rng, dvt_shape_count(&a_shape)));
    b = dvt_tensor_wrap(DVT_DTYPE_F32, &b_shape,
                        test_random_f32(ctx, &rng, dvt_shape_count(&b_shape)));
    assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_F32, &y_shape, &want), DVT_OK);
    assert_int_equal(dvt_tensor_init(ctx, DVT_DTYPE_F32, &y_shape, &got), DVT_OK);
    dvt_matmul_f32_ref(&a, &b, &want);
    dvt_matmul_f32_fast(ctx, &a, &b, &got);
    test_near_f32(got.data, want.data, dvt_shape_count(&y_shape), 1e-5, 0);
    dvt_free(ctx, a.data);
    dvt_free(ctx, b.data);
    dvt_tensor_deinit(ctx, &want);
    dvt_tensor_deinit(ctx, &got);
    dvt_ctx_destroy(ctx);
}

static void test_matmul__batches_broadcast_against_each_other(void **state)
{
    (void)state;
    const float a[] = {1, 2, 3, 4}, b[] = {1, 10, 100, 1000}; /* (2, 1, 1, 2) and (2, 2, 1) */
    const float want[] = {21, 2100, 43, 4300};
    dvt_shape   as = DVT_SHAPE(2, 1, 1, 2), bs = DVT_SHAPE(2, 2, 1), ys = DVT_SHAPE(2, 2, 1, 1);
    float       y[4];
    dvt_tensor  at = dvt_tensor_wrap(DVT_DTYPE_F32, &as, (void *)(uintptr_t)a);
    dvt_tensor  bt = dvt_tensor_wrap(DVT_DTYPE_F32, &bs, (void *)(uintptr_t)b);
    dvt_tensor  yt = dvt_tensor_wrap(DVT_DTYPE_F32, &ys, y);
    dvt_matmul_f32_ref(&at, &bt, &yt);
    /* y[i][j] = a[i] . b[j]: (1 2).(1 10) = 21, (1 2).(100 1000) = 2100, ... */
    test_same_f32(y, want, 4);
    check_matmul(DVT_SHAPE(2, 1, 5, 7), DVT_SHAPE(3, 7, 4));
    check_matmul(DVT_SHAPE(4, 3, 5, 7), DVT_SHAPE(7, 4));
    check_matmul(DVT_SHAPE(4, 3, 5, 7), DVT_SHAPE(7));
    check_matmul(DVT_SHAPE(7), DVT_SHAPE(2, 7, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm__all_transpositions_give_the_product),
        cmocka_unit_test(test_gemm__c_broadcasts_by_strides),
        cmocka_unit_test(test_gemm__fast_equals_reference_on_random_dims),
        cmocka_unit_test(test_gemm__blocks_give_the_same_bits_on_any_threads),
        cmocka_unit_test(test_matmul__shapes_follow_numpy),
        cmocka_unit_test(test_matmul__batches_broadcast_against_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
