/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.c - sums of columns in a fixed order, and the product as operations call it.
 *
 * Idea       Rows are cut into chunks of a fixed number; a chunk is summed from top to bottom by
 *            one thread, then the chunks are added in their order. Threads share out chunks.
 * Tests      tests/unit/test_learn_ops.c, tests/prop/prop_learn_threads.c
 */
#include "learn/rows.h"

#include "dovetail/kernels.h"

#include <string.h>

DVTI_SIMD static void add_to(float *restrict to, const float *restrict from, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        to[i] += from[i];
}

void dvti_put(float *to, const float *from, int64_t count, bool add)
{
    if (add)
        add_to(to, from, count);
    else
        memcpy(to, from, (size_t)count * sizeof *to);
}

typedef struct column_job {
    int64_t      rows, f;
    const float *x;
    float       *partial; /* (chunks, f) */
} column_job;

DVTI_SIMD static void sum_chunk(const float *restrict x, int64_t rows, int64_t f,
                                float *restrict sum)
{
    memcpy(sum, x, (size_t)f * sizeof *sum);
    for (int64_t r = 1; r < rows; r++)
        for (int64_t i = 0; i < f; i++)
            sum[i] += x[r * f + i];
}

static void sum_chunks(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const column_job *j = ud;

    (void)worker;
    for (int64_t c = begin; c < end; c++) {
        int64_t first = c * DVTI_CHUNK_ROWS, rows = j->rows - first;
        sum_chunk(j->x + first * j->f, rows < DVTI_CHUNK_ROWS ? rows : DVTI_CHUNK_ROWS, j->f,
                  j->partial + c * j->f);
    }
}

void dvti_column_sums(dvt_tape *t, int64_t rows, int64_t f, const float *x, float *out, bool add)
{
    int64_t    chunks = (rows + DVTI_CHUNK_ROWS - 1) / DVTI_CHUNK_ROWS;
    column_job j = {rows, f, x, NULL};

    if (rows == 0) {
        if (!add)
            memset(out, 0, (size_t)f * sizeof *out);
        return;
    }
    j.partial = dvti_grad_scratch(t, chunks * f);
    if (!j.partial)
        return;
    dvt_parallel_for(t->ctx, chunks, dvti_row_grain(f * DVTI_CHUNK_ROWS), sum_chunks, &j);
    for (int64_t c = 0; c < chunks; c++)
        dvti_put(out, j.partial + c * f, f, add || c > 0);
    dvti_grad_release(t, j.partial, chunks * f);
}

void dvti_gemm(dvt_tape *t, int64_t m, int64_t n, int64_t k, const float *a, bool trans_a,
               const float *b, bool trans_b, float *y, bool add)
{
    dvt_gemm_dims d = {.m = m,
                       .n = n,
                       .k = k,
                       .trans_a = trans_a,
                       .trans_b = trans_b,
                       .alpha = 1,
                       .beta = add ? 1 : 0,
                       .c_row = n,
                       .c_col = 1};

    dvt_gemm_f32_fast(t->ctx, &d, a, b, add ? y : NULL, y);
}
