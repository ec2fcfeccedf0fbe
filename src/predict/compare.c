/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compare.c - ranking by comparisons.
 *
 * Idea       The published head is linear in both embeddings, so what an embedding adds in first
 *            and in second place is computed once for each network and a comparison is four sums:
 *            n log n of them order the whole of NAS-Bench-101 in a second.
 * Tests      tests/unit/test_predictor.c
 */
#include "predict/compare.h"

#include <string.h>

/* Is network a better than b? Ties: the later one is not. */
static bool better(dvti_head kind, const float *head, int64_t a, int64_t b)
{
    if (kind != DVTI_HEAD_RELATION) {
        return head[a] > head[b];
    }
    const float *p = head + 4 * a, *q = head + 4 * b;
    return (double)p[0] + (double)q[2] > (double)p[1] + (double)q[3];
}

dvt_status dvti_compare_order(dvt_ctx *ctx, dvti_head kind, const float *head, int64_t n,
                              double *out)
{
    int64_t *order = dvt_alloc(ctx, 2 * (size_t)(n + 1) * sizeof *order);

    if (!order) {
        return DVT_E_NOMEM;
    }
    int64_t *other = order + n + 1;
    for (int64_t i = 0; i < n; i++) {
        order[i] = i;
    }
    for (int64_t width = 1; width < n; width *= 2) { /* the lowest first */
        for (int64_t low = 0; low < n; low += 2 * width) {
            const int64_t middle = low + width < n ? low + width : n;
            const int64_t high = low + 2 * width < n ? low + 2 * width : n;
            int64_t       i = low, j = middle;
            for (int64_t k = low; k < high; k++) {
                const bool second =
                    i >= middle || (j < high && better(kind, head, order[i], order[j]));
                other[k] = second ? order[j++] : order[i++];
            }
        }
        memcpy(order, other, (size_t)n * sizeof *order);
    }
    for (int64_t i = 0; i < n; i++) {
        out[order[i]] = ((double)i + 0.5) / (double)n;
    }
    dvt_free(ctx, order);
    return DVT_OK;
}
