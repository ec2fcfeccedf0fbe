/* SPDX-License-Identifier: Apache-2.0 */
/*
 * int8.c - symmetric 8-bit quantisation with one scale.
 *
 * Rounding  v = x * inv_scale is one float32 product; v is clamped to [-127, 127] and rounded to
 *           nearest, ties to even. NaN gives 0. -128 is never produced, so that a product of two
 *           values fits 15 bits with its sign. docs/numerics.md section 3.
 * Tests     tests/unit/test_int8.c
 */
#include "dovetail/tensor.h"
#include "base/simd.h"

#include <string.h>

DVTI_SIMD static void encode_run(const float *restrict x, int64_t n, float inv_scale,
                                 int8_t *restrict q)
{
    for (int64_t i = 0; i < n; i++) {
        float   v = x[i] * inv_scale;
        int32_t bits;
        v = v == v ? v : 0.0f;
        v = v > 127.0f ? 127.0f : v;
        v = v < -127.0f ? -127.0f : v;
        v += 0x1.8p23f; /* the rounded integer is in the low bits of the sum */
        memcpy(&bits, &v, sizeof bits);
        q[i] = (int8_t)(bits - 0x4b400000);
    }
}

DVTI_SIMD static void decode_run(const int8_t *restrict q, int64_t n, float scale,
                                 float *restrict x)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)q[i] * scale;
}

void dvt_int8_encode(const float *x, int64_t n, float inv_scale, int8_t *q)
{
    encode_run(x, n, inv_scale, q);
}

void dvt_int8_decode(const int8_t *q, int64_t n, float scale, float *x)
{
    decode_run(q, n, scale, x);
}
