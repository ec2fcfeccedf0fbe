/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows.h - small kernels on rows of floats that several operations share.
 *
 * Sums of a row keep DVTI_LANES partial sums, lane i taking elements i, i + 16, ..; the lanes are
 * added pairwise. That order is part of the result's definition (src/base/simd.h).
 */
#ifndef DVTI_LEARN_ROWS_H
#define DVTI_LEARN_ROWS_H

#include "learn/tape_int.h"
#include "base/simd.h"

enum {
    DVTI_GRAIN = 1 << 15,    /* elements that are worth waking a thread for */
    DVTI_CHUNK_ROWS = 32     /* rows summed in one partial sum of columns */
};

static inline int64_t dvti_row_grain(int64_t f)
{
    return f >= DVTI_GRAIN ? 1 : DVTI_GRAIN / (f + 1);
}

static inline float dvti_lanes_total(const float lane[DVTI_LANES])
{
    float s[DVTI_LANES];

    for (int i = 0; i < DVTI_LANES; i++)
        s[i] = lane[i];
    for (int width = DVTI_LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++)
            s[i] += s[i + width];
    return s[0];
}

static inline float dvti_row_sum(const float *restrict x, int64_t n)
{
    float   lane[DVTI_LANES] = {0};
    int64_t i = 0;

    for (; i + DVTI_LANES <= n; i += DVTI_LANES)
        for (int l = 0; l < DVTI_LANES; l++)
            lane[l] += x[i + l];
    for (int l = 0; i < n; i++, l++)
        lane[l] += x[i];
    return dvti_lanes_total(lane);
}

static inline float dvti_row_dot(const float *restrict x, const float *restrict y, int64_t n)
{
    float   lane[DVTI_LANES] = {0};
    int64_t i = 0;

    for (; i + DVTI_LANES <= n; i += DVTI_LANES)
        for (int l = 0; l < DVTI_LANES; l++)
            lane[l] += x[i + l] * y[i + l];
    for (int l = 0; i < n; i++, l++)
        lane[l] += x[i] * y[i];
    return dvti_lanes_total(lane);
}

/* y += a x */
static inline void dvti_row_add(float *restrict y, float a, const float *restrict x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* to = from, or to += from */
void dvti_put(float *to, const float *from, int64_t count, bool add);
/* out (f) (+)= the sum of the rows of x (rows, f): chunks of DVTI_CHUNK_ROWS, then the chunks in
 * order. Fails the tape where there is no memory. */
void dvti_column_sums(dvt_tape *t, int64_t rows, int64_t f, const float *x, float *out, bool add);
/* The product with no bias: y (+)= op(a) op(b). */
void dvti_gemm(dvt_tape *t, int64_t m, int64_t n, int64_t k, const float *a, bool trans_a,
               const float *b, bool trans_b, float *y, bool add);

#endif
