/* SPDX-License-Identifier: Apache-2.0 */
/*
 * low_rank_svd.c - the truncated singular value decomposition of a matrix of weights.
 *
 * Idea      One-sided Jacobi (Hestenes 1958; de Rijk 1989): the rows of the shorter side are
 *           rotated in pairs until all are orthogonal; their lengths are then the singular values.
 *           Rotations are gathered in a second matrix. Computed in f64, in one fixed order.
 * Order     Singular values fall; equal ones stay in the order of their rows.
 * Cost      About 8 sweeps of 3 m^2 (n + m) multiply-adds for the m rows of the shorter side:
 *           fractions of a second at 256, minutes at 2,048.
 * Tests     tests/unit/test_space_ranks.c
 */
#include "space/low_rank.h"

#include <math.h>
#include <stdlib.h>

enum { SWEEPS_MAX = 40 };
static const double ORTHOGONAL = 1e-12; /* cosine of two rows that counts as 0 */

typedef struct jacobi {
    int64_t  m, n;
    double  *w;       /* (m, n): rotated rows */
    double  *r;       /* (m, m): w = r * start */
    double  *length2; /* (m) */
    int64_t *order;   /* (m) */
} jacobi;

static double dot(const double *a, const double *b, int64_t n)
{
    double s = 0.0;

    for (int64_t i = 0; i < n; i++) {
        s += a[i] * b[i];
    }
    return s;
}

static void rotate(double *a, double *b, int64_t n, double c, double s)
{
    for (int64_t i = 0; i < n; i++) {
        double x = a[i];
        a[i] = c * x - s * b[i];
        b[i] = s * x + c * b[i];
    }
}

/* Makes rows i and j orthogonal; false if they were. */
static bool turn(jacobi *k, int64_t i, int64_t j)
{
    double *wi = k->w + i * k->n, *wj = k->w + j * k->n;
    double  a = k->length2[i], b = k->length2[j], c = dot(wi, wj, k->n);

    if (fabs(c) <= ORTHOGONAL * sqrt(a * b)) {
        return false;
    }
    double zeta = (b - a) / (2.0 * c);
    double t = (zeta < 0.0 ? -1.0 : 1.0) / (fabs(zeta) + sqrt(1.0 + zeta * zeta));
    double co = 1.0 / sqrt(1.0 + t * t), si = co * t;
    rotate(wi, wj, k->n, co, si);
    rotate(k->r + i * k->m, k->r + j * k->m, k->m, co, si);
    k->length2[i] = dot(wi, wi, k->n);
    k->length2[j] = dot(wj, wj, k->n);
    return true;
}

static dvt_status sweep_until_orthogonal(dvt_ctx *ctx, jacobi *k)
{
    bool       turned = true;
    dvt_status st = DVT_OK;

    for (int s = 0; st == DVT_OK && turned && s < SWEEPS_MAX; s++) {
        turned = false;
        for (int64_t i = 0; st == DVT_OK && i < k->m; i++) {
            st = dvt_stop_asked(ctx, "factoring a matrix");
            for (int64_t j = i + 1; j < k->m; j++) {
                turned = turn(k, i, j) || turned;
            }
        }
    }
    return st;
}

/* Places of the `rank` longest rows, longest first. */
static void sort_rows(jacobi *k, int64_t rank)
{
    for (int64_t i = 0; i < k->m; i++) {
        k->order[i] = i;
    }
    for (int64_t i = 0; i < rank; i++) {
        int64_t best = i;
        for (int64_t j = i + 1; j < k->m; j++) {
            double a = k->length2[k->order[j]], b = k->length2[k->order[best]];
            if (a > b || (!(a < b) && k->order[j] < k->order[best])) {
                best = j;
            }
        }
        int64_t x = k->order[i];
        k->order[i] = k->order[best];
        k->order[best] = x;
    }
}

static void load(jacobi *k, const float *a, int64_t columns, bool wide)
{
    for (int64_t i = 0; i < k->m; i++) {
        for (int64_t j = 0; j < k->n; j++) {
            k->w[i * k->n + j] = (double)(wide ? a[i * columns + j] : a[j * columns + i]);
        }
        k->r[i * k->m + i] = 1.0;
        k->length2[i] = dot(k->w + i * k->n, k->w + i * k->n, k->n);
    }
}

/* Factor t: start = sum over t of r[t] (a column) times w[t] (a row). The side of length n is
 * divided by sqrt(length), the side of length m multiplied by it. */
static void store(const jacobi *k, int64_t rank, int64_t columns, bool wide, float *u, float *v)
{
    for (int64_t t = 0; t < rank; t++) {
        int64_t row = k->order[t];
        double  half = sqrt(sqrt(k->length2[row])), inverse = half > 0.0 ? 1.0 / half : 0.0;
        for (int64_t i = 0; i < k->m; i++) {
            float x = (float)(k->r[row * k->m + i] * half);
            if (wide) {
                u[i * rank + t] = x;
            } else {
                v[t * columns + i] = x;
            }
        }
        for (int64_t j = 0; j < k->n; j++) {
            float x = (float)(k->w[row * k->n + j] * inverse);
            if (wide) {
                v[t * columns + j] = x;
            } else {
                u[j * rank + t] = x;
            }
        }
    }
}

dvt_status dvti_factor(dvt_ctx *ctx, const float *a, int64_t rows, int64_t columns, int64_t rank,
                       float *u, float *v)
{
    bool       wide = rows <= columns;
    jacobi     k = {.m = wide ? rows : columns, .n = wide ? columns : rows};
    dvt_status st = DVT_E_NOMEM;
    size_t     wn, rn;

    if (!dvt_mul_size((size_t)k.m, (size_t)k.n, &wn) ||
        !dvt_mul_size((size_t)k.m, (size_t)k.m, &rn)) {
        return dvt_fail(ctx, DVT_E_CAPACITY, NULL, "a matrix of %lld x %lld is too large",
                        (long long)rows, (long long)columns);
    }
    k.w = dvt_calloc(ctx, wn, sizeof *k.w);
    k.r = dvt_calloc(ctx, rn, sizeof *k.r);
    k.length2 = dvt_calloc(ctx, (size_t)k.m, sizeof *k.length2);
    k.order = dvt_calloc(ctx, (size_t)k.m, sizeof *k.order);
    if (k.w && k.r && k.length2 && k.order) {
        load(&k, a, columns, wide);
        st = sweep_until_orthogonal(ctx, &k);
    }
    if (st == DVT_OK) {
        sort_rows(&k, rank);
        store(&k, rank, columns, wide, u, v);
    }
    dvt_free(ctx, k.w);
    dvt_free(ctx, k.r);
    dvt_free(ctx, k.length2);
    dvt_free(ctx, k.order);
    return st;
}
