/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.c - SHA-256 and MD5 for identities of files, and a fast 64-bit hash for tables.
 *
 * Idea       The two file hashes come from libmd. dvt_hash64 takes eight bytes at a time,
 *            little-endian on every machine, multiplies by odd constants and folds the high half
 *            down, with a last mixing step in which each input bit reaches each output bit.
 * Limits     dvt_hash64 is not made for hostile keys and its values are never stored in files.
 * Tests      tests/unit/test_text.c
 */
#include "dovetail/base.h"

#include <md5.h>
#include <sha2.h>

static void to_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char DIGITS[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = DIGITS[bytes[i] >> 4];
        out[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

void dvt_sha256_hex(const void *data, size_t size, char out[DVT_SHA256_HEX])
{
    SHA2_CTX state;
    uint8_t  digest[SHA256_DIGEST_LENGTH];

    SHA256Init(&state);
    SHA256Update(&state, data, size);
    SHA256Final(digest, &state);
    to_hex(digest, sizeof digest, out);
}

void dvt_md5_hex(const void *data, size_t size, char out[DVT_MD5_HEX])
{
    MD5_CTX state;
    uint8_t digest[MD5_DIGEST_LENGTH];

    MD5Init(&state);
    MD5Update(&state, data, size);
    MD5Final(digest, &state);
    to_hex(digest, sizeof digest, out);
}

static uint64_t load_le(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ (h >> 32);
}

uint64_t dvt_hash64(const void *data, size_t size, uint64_t seed)
{
    const uint8_t *p = data;
    uint64_t       h = mix(seed ^ ((uint64_t)size * UINT64_C(0x9e3779b97f4a7c15)));

    for (; size >= 8; p += 8, size -= 8) {
        h = (h ^ load_le(p, 8)) * UINT64_C(0x9fb21c651e98df25);
        h ^= h >> 29;
    }
    return mix(h ^ load_le(p, size));
}
