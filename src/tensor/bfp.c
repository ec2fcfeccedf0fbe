/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bfp.c - block floating point: n values that share one exponent.
 *
 * Idea      The exponent is the smallest at which every rounded mantissa fits. A value v with
 *           2^e <= |v| < 2^(e+1) needs exp = e + bias; one more if rounding carries it to 2^(m-1).
 *           So the largest magnitude of the block decides, and the fast path looks at that alone,
 *           while the reference tries the exponents one after the other.
 * Rounding  to nearest, ties to even. The fast path scales by a power of two (exact where the
 *           result is at least 1/2, and below that the integer is 0 however it is rounded) and
 *           adds 1.5 * 2^23, which leaves the rounded integer in the low bits of the sum.
 * Special   Minus zero gives 0. Values too large for exponent 31 saturate, infinities too, NaN
 *           gives 0; all of them are counted. docs/numerics.md section 2.
 * Tests     tests/unit/test_bfp.c: fast equal to reference over random and edge values, all m.
 */
#include "dovetail/tensor.h"
#include "base/simd.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static int32_t mant_limit(int32_t mant_bits)
{
    return (1 << (mant_bits - 1)) - 1;
}

/* ---- reference ----------------------------------------------------------------------------- */

/* The integer x would become at this exponent; exact but for the rounding. */
static double scaled_rint(float x, int32_t mant_bits, int32_t exp)
{
    return rint(ldexp((double)x, DVT_BFP_BIAS + mant_bits - 2 - exp));
}

static bool block_fits(const float *x, int32_t n, int32_t mant_bits, int32_t exp)
{
    for (int32_t i = 0; i < n; i++) {
        if (fabs(scaled_rint(x[i], mant_bits, exp)) > mant_limit(mant_bits))
            return false; /* NaN compares false: it does not choose the exponent */
    }
    return true;
}

uint32_t dvt_bfp_encode_ref(const float *x, int32_t n, int32_t mant_bits, int16_t *mant,
                            uint8_t *exp)
{
    const double limit = mant_limit(mant_bits);
    int32_t      e = 0;
    uint32_t     saturated = 0;

    assert(n >= 0 && mant_bits >= DVT_BFP_MANT_MIN && mant_bits <= DVT_BFP_MANT_MAX);
    while (e < DVT_BFP_EXP_MAX && !block_fits(x, n, mant_bits, e))
        e++;
    for (int32_t i = 0; i < n; i++) {
        double q = scaled_rint(x[i], mant_bits, e);
        if (isnan(q) || fabs(q) > limit) {
            saturated++;
            q = isnan(q) ? 0 : copysign(limit, q);
        }
        mant[i] = (int16_t)q;
    }
    *exp = (uint8_t)e;
    return saturated;
}

/* ---- fast ---------------------------------------------------------------------------------- */

#define ROUND_MAGIC 0x1.8p23f /* adding it leaves round(v) in the low mantissa bits, |v| < 2^22 */

static float pow2f(int32_t e)
{
    uint32_t bits = (uint32_t)(e + 127) << 23;
    float    x;

    assert(e >= -126 && e <= 127);
    memcpy(&x, &bits, sizeof x);
    return x;
}

static int32_t round_even(float v)
{
    float    sum = v + ROUND_MAGIC;
    int32_t bits;

    memcpy(&bits, &sum, sizeof bits);
    return bits - 0x4b400000;
}

/* Bits of the largest magnitude: order of the bits is order of the magnitudes, NaN above all. */
DVTI_SIMD static uint32_t largest_magnitude(const float *restrict x, int32_t n)
{
    uint32_t most = 0;

    for (int32_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    return most;
}

DVTI_SIMD static void encode_fitting(const float *restrict x, int32_t n, float scale,
                                     int16_t *restrict mant)
{
    for (int32_t i = 0; i < n; i++)
        mant[i] = (int16_t)round_even(x[i] * scale);
}

uint32_t dvt_bfp_encode(const float *x, int32_t n, int32_t mant_bits, int16_t *mant, uint8_t *exp)
{
    uint32_t most = largest_magnitude(x, n);
    int32_t  e = (int32_t)(most >> 23) - 127 + DVT_BFP_BIAS;
    float    top;

    assert(n >= 0 && mant_bits >= DVT_BFP_MANT_MIN && mant_bits <= DVT_BFP_MANT_MAX);
    e = e < 0 ? 0 : e;
    if (e <= DVT_BFP_EXP_MAX) {
        memcpy(&top, &most, sizeof top);
        e += round_even(top * pow2f(DVT_BFP_BIAS + mant_bits - 2 - e)) > mant_limit(mant_bits);
    }
    if (e > DVT_BFP_EXP_MAX)
        return dvt_bfp_encode_ref(x, n, mant_bits, mant, exp);
    encode_fitting(x, n, pow2f(DVT_BFP_BIAS + mant_bits - 2 - e), mant);
    *exp = (uint8_t)e;
    return 0;
}

/* ---- decoding ------------------------------------------------------------------------------ */

DVTI_SIMD static void scale_mantissas(const int16_t *restrict mant, int32_t n, float scale,
                                      float *restrict x)
{
    for (int32_t i = 0; i < n; i++)
        x[i] = (float)mant[i] * scale;
}

void dvt_bfp_decode(const int16_t *mant, uint8_t exp, int32_t n, int32_t mant_bits, float *x)
{
    assert(exp <= DVT_BFP_EXP_MAX);
    scale_mantissas(mant, n, pow2f((int32_t)exp - DVT_BFP_BIAS - (mant_bits - 2)), x);
}
