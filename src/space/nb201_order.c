/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb201_order.c - the order in which NAS-Bench-201 numbers its cells.
 *
 * Definition The benchmark lists all cells with the operations of the text form as digits, the last
 *            changing fastest, and then shuffles the list with Python's random numbers, seeded with
 *            88. Python's generator is MT19937 (Matsumoto and Nishimura, 1998) seeded by
 *            init_by_array; shuffle() goes from the end and swaps with a place drawn from the high
 *            bits of one output, drawing again while it is too large.
 * Check      equal to the index of all 15,625 rows of the published table.
 * Tests      tests/unit/test_nb201_order.c
 */
#include "dovetail/space.h"

enum { WORDS = 624, MIDDLE = 397, SEED = 88 };

typedef struct mt19937 {
    uint32_t word[WORDS];
    int      next;
} mt19937;

/* init_by_array with the one-word key SEED. */
static void seed(mt19937 *mt)
{
    uint32_t *w = mt->word;
    int       i = 1;

    w[0] = 19650218;
    for (int k = 1; k < WORDS; k++) {
        w[k] = UINT32_C(1812433253) * (w[k - 1] ^ w[k - 1] >> 30) + (uint32_t)k;
    }
    for (int k = 0; k < WORDS; k++) {
        w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * UINT32_C(1664525)) + SEED;
        if (++i == WORDS) {
            w[0] = w[WORDS - 1];
            i = 1;
        }
    }
    for (int k = 0; k < WORDS - 1; k++) {
        w[i] = (w[i] ^ (w[i - 1] ^ w[i - 1] >> 30) * UINT32_C(1566083941)) - (uint32_t)i;
        if (++i == WORDS) {
            w[0] = w[WORDS - 1];
            i = 1;
        }
    }
    w[0] = UINT32_C(0x80000000);
    mt->next = WORDS;
}

static uint32_t draw(mt19937 *mt)
{
    uint32_t *w = mt->word;

    if (mt->next == WORDS) {
        for (int k = 0; k < WORDS; k++) {
            const uint32_t y =
                (w[k] & UINT32_C(0x80000000)) | (w[(k + 1) % WORDS] & UINT32_C(0x7fffffff));
            w[k] = w[(k + MIDDLE) % WORDS] ^ y >> 1 ^ (y & 1 ? UINT32_C(0x9908b0df) : 0);
        }
        mt->next = 0;
    }
    uint32_t y = w[mt->next++];
    y ^= y >> 11;
    y ^= y << 7 & UINT32_C(0x9d2c5680);
    y ^= y << 15 & UINT32_C(0xefc60000);
    return y ^ y >> 18;
}

static uint32_t below(mt19937 *mt, uint32_t n)
{
    uint32_t bits = 0, r;

    while (n >> bits) {
        bits++;
    }
    do {
        r = draw(mt) >> (32 - bits);
    } while (r >= n);
    return r;
}

void dvt_nb201_published_order(uint16_t order[DVT_NB201_COUNT])
{
    mt19937 mt;

    seed(&mt);
    for (int32_t i = 0; i < DVT_NB201_COUNT; i++) {
        order[i] = (uint16_t)i;
    }
    for (int32_t i = DVT_NB201_COUNT - 1; i > 0; i--) {
        const uint32_t j = below(&mt, (uint32_t)i + 1);
        const uint16_t swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}
