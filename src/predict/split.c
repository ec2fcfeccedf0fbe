/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split.c - disjoint parts for training, validation and test.
 *
 * Idea       One shuffle (Fisher and Yates, from the front) of all items by the seed; the parts lie
 *            behind one another in it. So they are disjoint and complete by construction.
 * Tests      tests/unit/test_figures.c
 */
#include "dovetail/predict.h"

enum { STREAM = 0x5b117 }; /* apart from what else a seed draws */

dvt_status dvt_split_make(dvt_ctx *ctx, int64_t count, int64_t train, int64_t valid, uint64_t seed,
                          dvt_split *out)
{
    dvt_rng rng = dvt_rng_make(seed, STREAM);

    *out = (dvt_split){0};
    if (train < 1 || valid < 0 || train >= count || valid >= count - train) {
        dvt_fail(ctx, DVT_E_USAGE, NULL,
                 "cannot take %lld networks for training and %lld for validation of %lld",
                 (long long)train, (long long)valid, (long long)count);
        dvt_fail_hint(ctx, "at least one must be left to test on");
        return DVT_E_USAGE;
    }
    int64_t *order = dvt_alloc(ctx, (size_t)count * sizeof *order);
    if (!order) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < count; i++) {
        order[i] = i;
    }
    for (int64_t i = 0; i + 1 < count && i < train + valid; i++) { /* the rest needs no order */
        const int64_t j = i + (int64_t)dvt_rng_below(&rng, (uint64_t)(count - i));
        const int64_t t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    *out = (dvt_split){.order = order, .train = train, .valid = valid, .count = count};
    return DVT_OK;
}

void dvt_split_deinit(dvt_ctx *ctx, dvt_split *split)
{
    dvt_free(ctx, split->order);
    *split = (dvt_split){0};
}
