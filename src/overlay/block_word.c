/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block_word.c - one block of c_vec values and its word in memory.
 *
 * Layout    Block floating point: value i has m bits from bit i*m upwards, magnitude in the low m-1
 *           bits and the sign above them; the exponent follows in 5 bits. int8: byte i is value i.
 *           Words are padded with zero bits to their size in memory.
 *
 *             bit 0        m-1  m                    c_vec*m      c_vec*m+5
 *             | |mant 0|  s | |mant 1| s | ... | exponent | 0 ...
 *
 * Speed     Bits pass through a 64-bit window, a few operations a value: the models and the
 *           compiler pack and unpack every word with this.
 * Tests     tests/unit/test_block_word.c
 */
#include "dovetail/overlay.h"

#include <string.h>

enum { EXPONENT_BITS = 5 };

static int32_t bytes_of(const dvt_overlay *o, int32_t mant_bits)
{
    int32_t bits =
        o->format == DVT_FORMAT_INT8 ? o->c_vec * 8 : o->c_vec * mant_bits + EXPONENT_BITS;
    int32_t bytes = 4;

    while (bytes * 8 < bits) {
        bytes *= 2;
    }
    return bytes;
}

void dvt_block_pack(const dvt_overlay *o, int32_t mant_bits, const int16_t *mant, uint8_t exp,
                    uint8_t *bytes)
{
    uint64_t window = 0;
    int32_t  held = 0, at = 0;

    memset(bytes, 0, (size_t)bytes_of(o, mant_bits));
    if (o->format == DVT_FORMAT_INT8) {
        for (int32_t i = 0; i < o->c_vec; i++) {
            bytes[i] = (uint8_t)(int8_t)mant[i];
        }
        return;
    }
    for (int32_t i = 0; i <= o->c_vec; i++) {
        bool     last = i == o->c_vec;
        uint32_t sign = !last && mant[i] < 0 ? 1u << (mant_bits - 1) : 0u;
        uint32_t mag = last ? exp : (uint32_t)(mant[i] < 0 ? -mant[i] : mant[i]);
        window |= (uint64_t)(mag | sign) << held;
        held += last ? EXPONENT_BITS : mant_bits;
        for (; held >= 8; held -= 8, window >>= 8) {
            bytes[at++] = (uint8_t)window;
        }
    }
    if (held > 0) {
        bytes[at] = (uint8_t)window;
    }
}

void dvt_block_unpack(const dvt_overlay *o, int32_t mant_bits, const uint8_t *bytes, int16_t *mant,
                      uint8_t *exp)
{
    uint64_t window = 0;
    int32_t  held = 0, at = 0;
    uint32_t mask = (1u << (mant_bits - 1)) - 1u;

    if (o->format == DVT_FORMAT_INT8) {
        for (int32_t i = 0; i < o->c_vec; i++) {
            mant[i] = (int8_t)bytes[i];
        }
        *exp = 0;
        return;
    }
    for (int32_t i = 0; i < o->c_vec; i++) {
        for (; held < mant_bits; held += 8) {
            window |= (uint64_t)bytes[at++] << held;
        }
        int32_t mag = (int32_t)((uint32_t)window & mask);
        mant[i] = (int16_t)(window >> (mant_bits - 1) & 1u ? -mag : mag);
        window >>= mant_bits;
        held -= mant_bits;
    }
    for (; held < EXPONENT_BITS; held += 8) {
        window |= (uint64_t)bytes[at++] << held;
    }
    *exp = (uint8_t)(window & ((1u << EXPONENT_BITS) - 1u));
}
