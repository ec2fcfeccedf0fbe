/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matmul.c - NumPy's matmul: batches of matrix products, with broadcasting.
 *
 * Idea      1-d operands become a row (left) or a column (right) whose extra dimension is not in
 *           the result; the leading dimensions broadcast. Each batch is one gemm. If the right
 *           operand has one matrix only, all rows of the left are one product.
 * Tests     tests/unit/test_kernels_gemm.c
 */
#include "dovetail/kernels.h"

#include <assert.h>

typedef struct matmul_plan {
    dvt_gemm_dims gemm;
    dvt_shape     a_batch, b_batch, y_batch; /* leading dimensions, all of y's batch rank */
    int64_t       batches;
} matmul_plan;

/* Leading dimensions, 1s in front up to `rank` of them. */
static dvt_shape batch_shape(const dvt_shape *s, int32_t rank)
{
    dvt_shape b = {.rank = rank};
    int32_t   own = s->rank > 2 ? s->rank - 2 : 0;

    for (int32_t i = 0; i < rank; i++)
        b.dim[i] = i < rank - own ? 1 : s->dim[i - (rank - own)];
    return b;
}

static bool make_plan(const dvt_shape *a, const dvt_shape *b, matmul_plan *p)
{
    int32_t rank = (a->rank > b->rank ? a->rank : b->rank) - 2;
    int64_t b_rows;

    if (a->rank < 1 || b->rank < 1)
        return false;
    rank = rank > 0 ? rank : 0;
    p->gemm = (dvt_gemm_dims){.m = a->rank == 1 ? 1 : a->dim[a->rank - 2],
                              .k = a->dim[a->rank - 1],
                              .n = b->rank == 1 ? 1 : b->dim[b->rank - 1],
                              .alpha = 1};
    b_rows = b->rank == 1 ? b->dim[0] : b->dim[b->rank - 2];
    p->a_batch = batch_shape(a, rank);
    p->b_batch = batch_shape(b, rank);
    if (p->gemm.k != b_rows || !dvt_shape_broadcast(&p->a_batch, &p->b_batch, &p->y_batch))
        return false;
    p->batches = dvt_shape_count(&p->y_batch);
    return true;
}

bool dvt_matmul_shape(const dvt_shape *a, const dvt_shape *b, dvt_shape *y)
{
    matmul_plan p;
    dvt_shape   s;

    if (!make_plan(a, b, &p))
        return false;
    s = p.y_batch;
    if (a->rank > 1)
        s.dim[s.rank++] = p.gemm.m;
    if (b->rank > 1)
        s.dim[s.rank++] = p.gemm.n;
    *y = s;
    return true;
}

/* Index of the operand's matrix that belongs to batch `at` of y. */
static int64_t operand_matrix(const dvt_shape *operand, const dvt_shape *y, int64_t at)
{
    int64_t index = 0, step = 1;

    for (int32_t i = y->rank - 1; i >= 0; i--) {
        int64_t coord = at % y->dim[i];
        at /= y->dim[i];
        index += operand->dim[i] == 1 ? 0 : coord * step;
        step *= operand->dim[i];
    }
    return index;
}

/* ctx NULL: the reference. */
static void run_plan(dvt_ctx *ctx, const matmul_plan *p, const float *a, const float *b, float *y)
{
    const dvt_gemm_dims *d = &p->gemm;

    for (int64_t i = 0; i < p->batches; i++) {
        const float *ai = a + operand_matrix(&p->a_batch, &p->y_batch, i) * d->m * d->k;
        const float *bi = b + operand_matrix(&p->b_batch, &p->y_batch, i) * d->k * d->n;
        if (ctx)
            dvt_gemm_f32_fast(ctx, d, ai, bi, NULL, y + i * d->m * d->n);
        else
            dvt_gemm_f32_ref(d, ai, bi, NULL, y + i * d->m * d->n);
    }
}

void dvt_matmul_f32_ref(const dvt_tensor *a, const dvt_tensor *b, const dvt_tensor *y)
{
    matmul_plan p;
    bool        fits = make_plan(&a->shape, &b->shape, &p);

    assert(fits);
    if (fits)
        run_plan(NULL, &p, a->data, b->data, y->data);
}

void dvt_matmul_f32_fast(dvt_ctx *ctx, const dvt_tensor *a, const dvt_tensor *b,
                         const dvt_tensor *y)
{
    matmul_plan p;
    bool        fits = make_plan(&a->shape, &b->shape, &p);

    assert(fits);
    if (!fits)
        return;
    if (dvt_shape_count(&p.b_batch) == 1 && a->shape.rank > 1) {
        p.gemm.m *= p.batches;
        p.batches = p.batches > 0 ? 1 : 0;
        p.y_batch = p.a_batch = p.b_batch;
    }
    run_plan(ctx, &p, a->data, b->data, y->data);
}
