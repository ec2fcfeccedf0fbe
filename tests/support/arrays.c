/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arrays.c - random arrays and comparisons for tests of kernels.
 */
#include "support/arrays.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

dvt_ctx *test_ctx(uint32_t jobs)
{
    dvt_ctx_opts opts = {.jobs = jobs};
    dvt_ctx     *ctx = dvt_ctx_create(&opts);

    assert_non_null(ctx);
    return ctx;
}

float *test_random_f32(dvt_ctx *ctx, dvt_rng *rng, int64_t count)
{
    float *x = dvt_alloc(ctx, (size_t)(count > 0 ? count : 1) * sizeof *x);

    assert_non_null(x);
    for (int64_t i = 0; i < count; i++)
        x[i] = ((float)dvt_rng_below(rng, 8192) - 4096.0f) * 0x1p-12f;
    return x;
}

int64_t test_random_range(dvt_rng *rng, int64_t lo, int64_t hi)
{
    return lo + (int64_t)dvt_rng_below(rng, (uint64_t)(hi - lo + 1));
}

void test_near_f32(const float *got, const float *want, int64_t count, double atol, double rtol)
{
    for (int64_t i = 0; i < count; i++) {
        double g = (double)got[i], w = (double)want[i];
        if ((isnan(g) && isnan(w)) || g == w)
            continue;
        if (!(fabs(g - w) <= atol + rtol * fabs(w)))
            fail_msg("element %lld of %lld: got %.9g, want %.9g", (long long)i, (long long)count, g,
                     w);
    }
}

void test_same_f32(const float *got, const float *want, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (memcmp(&got[i], &want[i], sizeof got[i]) != 0)
            fail_msg("element %lld of %lld: got %.9g, want the bits of %.9g", (long long)i,
                     (long long)count, (double)got[i], (double)want[i]);
    }
}
