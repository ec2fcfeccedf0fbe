/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fast_math.h - exp, tanh and sigmoid in float32 for loops that vectorise.
 *
 * Idea       Branch-free: range reduction, a polynomial, scaling by exponent bits. No contraction
 *            and no table, so each instruction set gives the same bits.
 * Errors     exp: 2 ulp; tanh: 3 ulp, odd, never above 1; sigmoid: 3 ulp (checked on the whole
 *            range by tests/unit/test_learn_math.c). NaN gives NaN; exp overflows to infinity.
 */
#ifndef DVTI_LEARN_FAST_MATH_H
#define DVTI_LEARN_FAST_MATH_H

#include <stdint.h>
#include <string.h>

static inline float dvti_exp2i(int32_t n) /* 2^n, -126 <= n <= 127 */
{
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float    y;

    memcpy(&y, &bits, sizeof y);
    return y;
}

/* e^x = 2^n e^r with |r| <= ln 2 / 2; the Taylor polynomial of degree 7 errs by 1e-8 there. */
static inline float dvti_exp(float x)
{
    const float magic = 0x1.8p23f; /* adding it rounds to an integer */
    float       c = x > 89.0f ? 89.0f : x;

    c = c < -104.0f ? -104.0f : c;
    float   t = c * 1.44269504088896341f + magic;
    float   whole = t - magic;
    float   r = (c - whole * 0x1.62e4p-1f) - whole * 0x1.7f7d1cp-20f; /* ln 2 in two parts */
    float   p = 1.0f / 5040;
    int32_t n = (int32_t)(c == c ? whole : 0.0f), half = n >> 1;

    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * (r * r) + r + 1.0f;
    return p * dvti_exp2i(half) * dvti_exp2i(n - half);
}

static inline float dvti_sigmoid(float x)
{
    return 1.0f / (1.0f + dvti_exp(-x));
}

/* Near 0 the odd minimax polynomial of Cephes' form, x + x^3 q(x^2); else 1 - 2 / (e^2|x| + 1). */
static inline float dvti_tanh(float x)
{
    float a = x < 0 ? -x : x, s = x * x;
    float q = -5.70498872745e-3f;

    q = q * s + 2.06390887954e-2f;
    q = q * s - 5.37397155531e-2f;
    q = q * s + 1.33314422036e-1f;
    q = q * s - 3.33332819422e-1f;
    float near = x + x * s * q;
    float far = 1.0f - 2.0f / (dvti_exp(2.0f * a) + 1.0f);
    far = x < 0 ? -far : far;
    return a < 0.625f ? near : far;
}

#endif
