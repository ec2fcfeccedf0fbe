/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gemm.c - matrix products: the definition in double, and oneDNN's sgemm on fixed blocks.
 *
 * Idea      The fast product cuts y into blocks whose size depends on the dimensions alone, and
 *           gives each block to one single-threaded sgemm; k is never cut. Threads only share out
 *           the blocks, so the bits do not depend on their number.
 *           oneDNN rather than OpenBLAS: OpenBLAS 0.3.21 does not know recent AMD processors and
 *           falls back to its AVX2 kernels there (half the rate on an AVX-512 machine, bench/), and
 *           its number of threads is one setting for the whole process.
 * Tests     tests/unit/test_kernels_gemm.c
 */
#include "dovetail/kernels.h"
#include "tensor/omp_int.h"

#include <assert.h>
#include <dnnl.h>

/* ---- reference ----------------------------------------------------------------------------- */

static double dot(const dvt_gemm_dims *d, const float *a, const float *b, int64_t i, int64_t j)
{
    int64_t a_step = d->trans_a ? d->m : 1, b_step = d->trans_b ? 1 : d->n;
    double  sum = 0;

    a += d->trans_a ? i : i * d->k;
    b += d->trans_b ? j * d->k : j;
    for (int64_t p = 0; p < d->k; p++)
        sum += (double)a[p * a_step] * (double)b[p * b_step];
    return sum;
}

void dvt_gemm_f32_ref(const dvt_gemm_dims *d, const float *a, const float *b, const float *c,
                      float *y)
{
    for (int64_t i = 0; i < d->m; i++) {
        for (int64_t j = 0; j < d->n; j++) {
            double sum = (double)d->alpha * dot(d, a, b, i, j);
            if (c)
                sum += (double)d->beta * (double)c[i * d->c_row + j * d->c_col];
            y[i * d->n + j] = (float)sum;
        }
    }
}

/* ---- fast ---------------------------------------------------------------------------------- */

enum {
    BLOCK_MACS = 1 << 20, /* less work than this is not worth a thread */
    BLOCK_ALIGN = 64      /* rows or columns: blocks start at whole register tiles */
};

typedef struct gemm_job {
    const dvt_gemm_dims *d;
    const float         *a, *b, *c;
    float               *y;
    int64_t              block; /* columns a block, or rows if by_rows */
    bool                 by_rows;
} gemm_job;

static int64_t ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* beta * c into rows [i0, i1) and columns [j0, j1) of y. */
static void preset(const gemm_job *g, int64_t i0, int64_t i1, int64_t j0, int64_t j1)
{
    const dvt_gemm_dims *d = g->d;

    for (int64_t i = i0; i < i1; i++)
        for (int64_t j = j0; j < j1; j++)
            g->y[i * d->n + j] = g->c ? d->beta * g->c[i * d->c_row + j * d->c_col] : 0;
}

static void block_product(const gemm_job *g, int64_t i0, int64_t i1, int64_t j0, int64_t j1)
{
    const dvt_gemm_dims *d = g->d;
    const float         *a = g->a + (d->trans_a ? i0 : i0 * d->k);
    const float         *b = g->b + (d->trans_b ? j0 * d->k : j0);
    dnnl_status_t        st = dnnl_success;

    if (g->c || d->k == 0)
        preset(g, i0, i1, j0, j1);
    if (d->k > 0)
        st = dnnl_sgemm(d->trans_a ? 'T' : 'N', d->trans_b ? 'T' : 'N', i1 - i0, j1 - j0, d->k,
                        d->alpha, a, d->trans_a ? d->m : d->k, b, d->trans_b ? d->k : d->n,
                        g->c ? 1.0f : 0.0f, g->y + i0 * d->n + j0, d->n);
    assert(st == dnnl_success); /* it fails on bad dimensions only */
    (void)st;
}

static void gemm_blocks(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const gemm_job *g = ud;
    int64_t         size = g->by_rows ? g->d->m : g->d->n;
    int             before = dvti_omp_enter(1);

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        int64_t lo = i * g->block, hi = lo + g->block < size ? lo + g->block : size;
        if (g->by_rows)
            block_product(g, lo, hi, 0, g->d->n);
        else
            block_product(g, 0, g->d->m, lo, hi);
    }
    dvti_omp_leave(before);
}

void dvt_gemm_f32_fast(dvt_ctx *ctx, const dvt_gemm_dims *d, const float *a, const float *b,
                       const float *c, float *y)
{
    gemm_job g = {.d = d, .a = a, .b = b, .c = c, .y = y, .by_rows = d->m >= d->n};
    int64_t  size = g.by_rows ? d->m : d->n, other = g.by_rows ? d->n : d->m, blocks;

    if (size == 0 || other == 0)
        return;
    g.block = ceil_div(BLOCK_MACS, other * (d->k > 0 ? d->k : 1));
    g.block = ceil_div(g.block, BLOCK_ALIGN) * BLOCK_ALIGN;
    if (g.block < ceil_div(size, 16)) /* 16 blocks balance any thread number that pays here */
        g.block = ceil_div(ceil_div(size, 16), BLOCK_ALIGN) * BLOCK_ALIGN;
    blocks = ceil_div(size, g.block);
    if (blocks == 1)
        gemm_blocks(&g, 0, 1, 0);
    else
        dvt_parallel_for(ctx, blocks, 1, gemm_blocks, &g);
}
