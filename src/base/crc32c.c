/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crc32c.c - CRC-32C: polynomial 0x1edc6f41, bits reflected, start and end inverted (RFC 3720,
 * appendix B.4).
 *
 * Idea       x86 has an instruction for eight bytes at a time. Elsewhere four bits at a time from
 *            a table of 16 words, which needs no set-up and therefore no shared state.
 * Tests      tests/unit/test_crc32c.c
 */
#include "base/crc32c.h"

#include <string.h>

uint32_t dvti_crc32c_portable(uint32_t crc, const void *data, size_t size)
{
    static const uint32_t table[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
                                       0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
                                       0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                       0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    const uint8_t        *p = data;

    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc = table[(crc ^ p[i]) & 15] ^ crc >> 4;
        crc = table[(crc ^ (uint32_t)p[i] >> 4) & 15] ^ crc >> 4;
    }
    return ~crc;
}

#if defined(__x86_64__) && defined(__GNUC__)

#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *p,
                                                               size_t size)
{
    uint64_t state = ~crc;

    for (; size >= 8; p += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        state = _mm_crc32_u64(state, word);
    }
    for (; size > 0; p++, size--) {
        state = _mm_crc32_u8((uint32_t)state, *p);
    }
    return ~(uint32_t)state;
}

uint32_t dvti_crc32c(uint32_t crc, const void *data, size_t size)
{
    return __builtin_cpu_supports("sse4.2") ? crc32c_sse42(crc, data, size)
                                            : dvti_crc32c_portable(crc, data, size);
}

#else

uint32_t dvti_crc32c(uint32_t crc, const void *data, size_t size)
{
    return dvti_crc32c_portable(crc, data, size);
}

#endif
