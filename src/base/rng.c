/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rng.c - counter-based random numbers.
 *
 * Idea       Philox4x32-10 [1] is a keyed bijection of 128-bit counters. The seed is the key; the
 *            counter is (block number, stream). Number n of a stream is word n % 4 of block n / 4,
 *            so threads may draw any part of a stream in any order and get the same numbers.
 * Invariants (1) every draw takes a fixed count of 32-bit numbers, except dvt_rng_below, which
 *                rejects the tail that would bias it: u32 1, u64 2, f32 1, f64 2, normal 4;
 *            (2) numbers do not depend on the machine, up to log and cos of the C library in
 *                dvt_rng_normal.
 * Splitting  A child's seed and stream are one Philox block under a key that no draw uses (the
 *            seed xor a constant), so that streams of parent and children do not meet.
 * Limits     a stream has 2^64 numbers.
 * Tests      tests/unit/test_rng.c (the published known answers)
 *
 * [1] J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 *     SC 2011, section 4.3: rounds, multipliers and key increments.
 */
#include "base/rng_block.h"

#include <assert.h>
#include <math.h>

enum { ROUNDS = 10, WORDS = 4 };

void dvti_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    const uint64_t M0 = 0xD2511F53, M1 = 0xCD9E8D57;
    uint32_t       c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t       k0 = key[0], k1 = key[1];

    for (int r = 0; r < ROUNDS; r++) {
        uint64_t p0 = M0 * c0, p1 = M1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9; /* the golden ratio */
        k1 += 0xBB67AE85; /* the square root of 3, less 1 */
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static uint64_t join(uint32_t low, uint32_t high) { return low | (uint64_t)high << 32; }

static void block(uint64_t key, uint64_t low, uint64_t high, uint32_t out[4])
{
    uint32_t counter[4] = {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high,
                           (uint32_t)(high >> 32)};
    uint32_t k[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
    dvti_philox4x32_10(counter, k, out);
}

/* ---- streams ------------------------------------------------------------------------------- */

dvt_rng dvt_rng_make(uint64_t seed, uint64_t stream) { return (dvt_rng){seed, stream, 0}; }

dvt_rng dvt_rng_split(const dvt_rng *rng, uint64_t child)
{
    uint32_t w[4];
    block(rng->seed ^ UINT64_C(0x73706c69745f6b79), child, rng->stream, w);
    return dvt_rng_make(join(w[0], w[1]), join(w[2], w[3]));
}

/* ---- draws --------------------------------------------------------------------------------- */

uint32_t dvt_rng_u32(dvt_rng *rng)
{
    uint32_t w[4];
    block(rng->seed, rng->counter / WORDS, rng->stream, w);
    return w[rng->counter++ % WORDS];
}

void dvti_rng_fill_u32(dvt_rng *rng, uint32_t *out, size_t n)
{
    uint32_t w[4];

    for (size_t i = 0; i < n;) {
        block(rng->seed, rng->counter / WORDS, rng->stream, w);
        for (uint64_t lane = rng->counter % WORDS; lane < WORDS && i < n; lane++, i++) {
            out[i] = w[lane];
            rng->counter++;
        }
    }
}

uint64_t dvt_rng_u64(dvt_rng *rng)
{
    uint32_t w[2];
    dvti_rng_fill_u32(rng, w, 2);
    return join(w[0], w[1]);
}

uint64_t dvt_rng_below(dvt_rng *rng, uint64_t n)
{
    assert(n > 0);
    uint64_t unfair = (0 - n) % n; /* 2^64 mod n: the numbers below it would come once too often */
    uint64_t x = dvt_rng_u64(rng);
    while (x < unfair) {
        x = dvt_rng_u64(rng);
    }
    return x % n;
}

float dvt_rng_f32(dvt_rng *rng) { return (float)(dvt_rng_u32(rng) >> 8) * 0x1p-24f; }

static double unit_f64(uint64_t bits) { return (double)(bits >> 11) * 0x1p-53; }

double dvt_rng_f64(dvt_rng *rng) { return unit_f64(dvt_rng_u64(rng)); }

/* Box and Muller's transform; the sine half is dropped so that a value needs no memory. */
double dvt_rng_normal(dvt_rng *rng)
{
    const double TWO_PI = 6.283185307179586476925;
    uint32_t     w[4];

    dvti_rng_fill_u32(rng, w, 4); /* mostly one block: cheaper than two draws */
    double radius = sqrt(-2.0 * log(1.0 - unit_f64(join(w[0], w[1])))); /* 1 - u is never 0 */
    return radius * cos(TWO_PI * unit_f64(join(w[2], w[3])));
}
