/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_pack.h - columns of numbers in as few bits as they need, each readable by itself.
 *
 * A column holds words of 64 bits: whole numbers, or the bits of doubles. Word i comes from the
 * `bits` bits of the packed field at bit i * bits (little endian, below: x):
 *
 *     LINEAR   base + step * x                            whole and decimal numbers
 *     DECIMAL  the double (base + step * x) / 10^scale    doubles that were short decimals
 *     SINGLE   the double whose float has the bits x      doubles that were floats
 *     DICT     dictionary[x]                              few different words
 *     RAW      x                                          anything
 *
 * Whatever is chosen gives back every word exactly; the smallest that does is taken. Packed columns
 * end in 8 bytes of padding, so that a field is one load from any place.
 *
 * A set of rows is a bit each, in words of 64, behind one count of the rows before every 512.
 */
#ifndef DVTI_TABLE_PACK_H
#define DVTI_TABLE_PACK_H

#include <string.h>

#include "dovetail/base.h"

typedef enum dvti_pack_mode {
    DVTI_PACK_LINEAR,
    DVTI_PACK_DECIMAL,
    DVTI_PACK_SINGLE,
    DVTI_PACK_DICT,
    DVTI_PACK_RAW,
    DVTI_PACK_MODES
} dvti_pack_mode;

enum {
    DVTI_PACK_BITS_MAX = 57, /* of one load; RAW has 64 */
    DVTI_PACK_PAD = 8,
    DVTI_PACK_SCALE_MAX = 15,
    DVTI_PACK_DICT_MAX = 1 << 16
};

typedef struct dvti_pack {
    dvti_pack_mode  mode;
    uint32_t        bits, scale;
    uint64_t        count, base, step;
    const uint8_t  *values;
    const uint64_t *dict; /* (dict_count) */
    uint32_t        dict_count;
} dvti_pack;

/* Chooses for (count) words; `dict` of the result belongs to the caller (dvt_free), `values` is
 * still NULL. `doubles`: the words are bits of doubles. E_NOMEM. */
DVT_MUST_CHECK dvt_status dvti_pack_choose(dvt_ctx *ctx, const uint64_t *words, uint64_t count,
                                           bool doubles, dvti_pack *out);
size_t                    dvti_pack_bytes(const dvti_pack *p); /* of the values, padding included */
/* Writes them to `out`, which is zero before. */
void dvti_pack_write(const dvti_pack *p, const uint64_t *words, uint8_t *out);
/* Is this a column that reads within `dict_count` and means something? */
bool dvti_pack_valid(const dvti_pack *p, bool doubles);

extern const double dvti_pack_powers[DVTI_PACK_SCALE_MAX + 1];

static inline uint64_t dvti_pack_field(const dvti_pack *p, uint64_t i)
{
    const uint64_t bit = i * p->bits;
    uint64_t       word;

    memcpy(&word, p->values + (bit >> 3), sizeof word);
    return p->bits == 64 ? word : word >> (bit & 7) & ((UINT64_C(1) << p->bits) - 1);
}

static inline uint64_t dvti_pack_word(const dvti_pack *p, uint64_t i)
{
    const uint64_t x = dvti_pack_field(p, i);
    double         d;
    uint64_t       word;

    switch (p->mode) {
    case DVTI_PACK_LINEAR: return p->base + p->step * x;
    case DVTI_PACK_DICT: return p->dict[x];
    case DVTI_PACK_DECIMAL:
        d = (double)(int64_t)(p->base + p->step * x) / dvti_pack_powers[p->scale];
        break;
    case DVTI_PACK_SINGLE: {
        const uint32_t half = (uint32_t)x;
        float          single;
        memcpy(&single, &half, sizeof single);
        d = (double)single;
        break;
    }
    default: return x;
    }
    memcpy(&word, &d, sizeof word);
    return word;
}

/* ---- sets of rows -------------------------------------------------------------------------- */

enum { DVTI_ROWS_BLOCK = 512 };

/* (rows / 512 rounded up) counts, then as many times 8 words. */
size_t dvti_rows_bytes(uint64_t rows);
/* Counts, for bits that are there; returns how many rows the set has. */
uint64_t dvti_rows_count(uint8_t *set, uint64_t rows);
/* Do the counts agree with the bits, are bits behind the last row zero? *count: rows of the set. */
bool dvti_rows_valid(const uint8_t *set, uint64_t rows, uint64_t *count);

static inline size_t dvti_rows_blocks(uint64_t rows)
{
    return (size_t)((rows + DVTI_ROWS_BLOCK - 1) / DVTI_ROWS_BLOCK);
}

static inline uint64_t dvti_rows_word(const uint8_t *set, uint64_t rows, uint64_t word)
{
    uint64_t w;
    /* counts of 4 bytes, padded to a multiple of 8 */
    memcpy(&w, set + (dvti_rows_blocks(rows) + 1) / 2 * 8 + 8 * word, sizeof w);
    return w;
}

static inline bool dvti_rows_has(const uint8_t *set, uint64_t rows, uint64_t row)
{
    return dvti_rows_word(set, rows, row / 64) >> (row % 64) & 1;
}

void dvti_rows_add(uint8_t *set, uint64_t rows, uint64_t row);

/* How many rows of the set come before `row`. */
static inline uint64_t dvti_rows_before(const uint8_t *set, uint64_t rows, uint64_t row)
{
    uint32_t before;
    uint64_t word = row / DVTI_ROWS_BLOCK * (DVTI_ROWS_BLOCK / 64), n;

    memcpy(&before, set + 4 * (row / DVTI_ROWS_BLOCK), sizeof before);
    n = before;
    for (; word < row / 64; word++) {
        n += (uint64_t)__builtin_popcountll(dvti_rows_word(set, rows, word));
    }
    return n + (uint64_t)__builtin_popcountll(dvti_rows_word(set, rows, row / 64) &
                                              ((UINT64_C(1) << (row % 64)) - 1));
}

#endif
