/* SPDX-License-Identifier: Apache-2.0 */
/*
 * f16.c - IEEE 754 binary16 to and from the wider formats, in integer arithmetic.
 *
 *     15  14      10  9            0
 *    +---+----------+---------------+     value = (-1)^s * 1.f * 2^(e - 15)   e in 1..30
 *    | s | e (5)    | f (10)        |             (-1)^s * 0.f * 2^-14        e = 0
 *    +---+----------+---------------+             infinity (f = 0), NaN       e = 31
 *
 * Idea      The narrowing starts from double, so that every source type is rounded once; from
 *           float32 the widening to double is exact.
 * Invariants Rounding is to nearest, ties to even; what is at least 65520 becomes infinity; NaN
 *           stays NaN with its sign and upper payload bits, made quiet.
 * Tests     tests/unit/test_f16.c goes over all 65,536 values and all midpoints between them.
 */
#include "tensor/format_int.h"

#include <string.h>

uint16_t dvti_f16_from_f64(double x)
{
    uint64_t bits, f, sig, q, rest, half;
    unsigned shift;
    int      e;
    uint16_t sign;

    memcpy(&bits, &x, sizeof bits);
    sign = (uint16_t)(bits >> 48 & 0x8000);
    e = (int)(bits >> 52 & 0x7ff) - 1023;
    f = bits & (((uint64_t)1 << 52) - 1);
    if (e == 1024)
        return (uint16_t)(sign | (f ? 0x7e00 | (f >> 42 & 0x1ff) : 0x7c00));
    if (e > 15)
        return (uint16_t)(sign | 0x7c00);
    if (e < -25)
        return sign;
    sig = f | (uint64_t)1 << 52;
    shift = e >= -14 ? 42 : (unsigned)(42 - 14 - e);
    q = sig >> shift;
    rest = sig & (((uint64_t)1 << shift) - 1);
    half = (uint64_t)1 << (shift - 1);
    q += rest > half || (rest == half && (q & 1));
    /* The hidden bit, and a carry out of the fraction, add themselves to the exponent field; from
     * 65520 on that gives 31, infinity. */
    if (e >= -14)
        q += (uint64_t)(e + 14) << 10;
    return (uint16_t)(sign | q);
}

uint16_t dvt_f16_from_f32(float x)
{
    return dvti_f16_from_f64((double)x);
}

float dvt_f16_to_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = h & 0x7fffu, bits;
    float    x;

    if (rest < 0x0400) { /* zero and subnormals: an integer times 2^-24, exact */
        x = (float)rest * 0x1p-24f;
        return sign ? -x : x;
    }
    bits = sign | (rest >= 0x7c00 ? rest << 13 | 0x7f800000 : (rest << 13) + ((127u - 15u) << 23));
    memcpy(&x, &bits, sizeof x);
    return x;
}
