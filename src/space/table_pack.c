/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_pack.c - chooses how a column of numbers is packed, and packs it.
 *
 * Idea       Every way that could hold the column is tried on all of its words; the one with the
 *            fewest bytes is taken, and is exact by the trial. Steps are greatest common divisors,
 *            so that decimals kept in units of 1e-12 need only the digits that the file had.
 * Why        The NAS-Bench-101 accuracies of one repeat are multiples of 1/9984 as floats: 14 bits
 *            by dictionary instead of 64. Reading costs one load and a shift; docs/measurements.md.
 * Tests      tests/unit/test_table_pack.c
 */
#include "space/table_pack.h"

#include <math.h>
#include <stdlib.h>

const double dvti_pack_powers[DVTI_PACK_SCALE_MAX + 1] = {
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

static uint32_t bits_of(uint64_t v)
{
    uint32_t n = 0;
    for (; v; v >>= 1) {
        n++;
    }
    return n;
}

static double double_of(uint64_t word)
{
    double d;
    memcpy(&d, &word, sizeof d);
    return d;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        const uint64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/* ---- the ways ------------------------------------------------------------------------------ */

static bool try_linear(const uint64_t *words, uint64_t count, dvti_pack *out)
{
    uint64_t least = words[0], most = words[0], step = 0;

    for (uint64_t i = 0; i < count; i++) {
        least = words[i] < least ? words[i] : least;
        most = words[i] > most ? words[i] : most;
    }
    for (uint64_t i = 0; i < count && step != 1; i++) {
        step = gcd(words[i] - least, step);
    }
    out->mode = DVTI_PACK_LINEAR;
    out->base = least;
    out->step = step ? step : 1;
    out->bits = bits_of((most - least) / out->step);
    return out->bits <= DVTI_PACK_BITS_MAX;
}

/* v as a whole number of 10^-scale, if dividing that again gives v. */
static bool decimal_of(uint64_t word, uint32_t scale, int64_t *out)
{
    const double v = double_of(word), n = nearbyint(v * dvti_pack_powers[scale]);

    if (!(fabs(n) < 0x1p53)) {
        return false;
    }
    const double back = (double)(int64_t)n / dvti_pack_powers[scale];
    *out = (int64_t)n;
    return memcmp(&back, &v, sizeof v) == 0; /* tells -0.0 from 0.0, too */
}

static bool try_decimal(const uint64_t *words, uint64_t count, dvti_pack *out)
{
    uint32_t scale = 0;
    int64_t  n, least = INT64_MAX, most = INT64_MIN;
    uint64_t step = 0;

    for (uint64_t i = 0; i < count; i++) {
        while (!decimal_of(words[i], scale, &n)) {
            if (++scale > DVTI_PACK_SCALE_MAX) {
                return false;
            }
            i = 0; /* a larger scale must hold the earlier ones as well */
        }
    }
    for (uint64_t i = 0; i < count; i++) {
        if (!decimal_of(words[i], scale, &n)) {
            return false;
        }
        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    for (uint64_t i = 0; i < count && step != 1 && decimal_of(words[i], scale, &n); i++) {
        step = gcd((uint64_t)n - (uint64_t)least, step);
    }
    out->mode = DVTI_PACK_DECIMAL;
    out->scale = scale;
    out->base = (uint64_t)least;
    out->step = step ? step : 1;
    out->bits = bits_of(((uint64_t)most - (uint64_t)least) / out->step);
    return out->bits <= DVTI_PACK_BITS_MAX;
}

static bool single_of(uint64_t word, uint32_t *out)
{
    const double d = double_of(word);
    const float  single = (float)d;
    const double back = (double)single;

    memcpy(out, &single, sizeof single);
    return memcmp(&back, &d, sizeof d) == 0;
}

static bool try_single(const uint64_t *words, uint64_t count, dvti_pack *out)
{
    uint32_t bits;

    for (uint64_t i = 0; i < count; i++) {
        if (!single_of(words[i], &bits)) {
            return false;
        }
    }
    out->mode = DVTI_PACK_SINGLE;
    out->bits = 32;
    return true;
}

static int by_word(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* A set of the different words, open addressing; stops above DVTI_PACK_DICT_MAX. */
static bool gather(const uint64_t *words, uint64_t count, uint64_t *slots, uint8_t *used,
                   uint32_t *different)
{
    const uint64_t mask = 2 * DVTI_PACK_DICT_MAX - 1;

    *different = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = words[i] * UINT64_C(0x9e3779b97f4a7c15) >> 32 & mask;
        while (used[at] && slots[at] != words[i]) {
            at = (at + 1) & mask;
        }
        if (!used[at] && ++*different > DVTI_PACK_DICT_MAX) {
            return false;
        }
        used[at] = 1;
        slots[at] = words[i];
    }
    return true;
}

static dvt_status try_dict(dvt_ctx *ctx, const uint64_t *words, uint64_t count, dvti_pack *out)
{
    const size_t slots_max = 2 * (size_t)DVTI_PACK_DICT_MAX;
    uint64_t    *slots = dvt_alloc(ctx, slots_max * sizeof *slots), *dict = NULL;
    uint8_t     *used = slots ? dvt_calloc(ctx, slots_max, 1) : NULL;
    uint32_t     different, n = 0;
    dvt_status   st = used ? DVT_OK : DVT_E_NOMEM;

    if (st == DVT_OK && gather(words, count, slots, used, &different)) {
        dict = dvt_alloc(ctx, different * sizeof *dict);
        st = dict ? DVT_OK : DVT_E_NOMEM;
        for (size_t i = 0; dict && i < slots_max; i++) {
            if (used[i]) {
                dict[n++] = slots[i];
            }
        }
    }
    if (dict) {
        qsort(dict, n, sizeof *dict, by_word);
        out->mode = DVTI_PACK_DICT;
        out->dict = dict;
        out->dict_count = n;
        out->bits = bits_of(n - 1);
    }
    dvt_free(ctx, used);
    dvt_free(ctx, slots);
    return st;
}

/* ---- choosing and writing ------------------------------------------------------------------ */

static size_t total_bytes(const dvti_pack *p)
{
    return dvti_pack_bytes(p) + 8 * (size_t)p->dict_count;
}

size_t dvti_pack_bytes(const dvti_pack *p)
{
    return (size_t)((p->count * p->bits + 7) / 8) + DVTI_PACK_PAD;
}

dvt_status dvti_pack_choose(dvt_ctx *ctx, const uint64_t *words, uint64_t count, bool doubles,
                            dvti_pack *out)
{
    const dvti_pack none = {.count = count};
    dvti_pack       best = {.mode = DVTI_PACK_RAW, .bits = 64, .count = count}, way = none;
    dvt_status      st;

    *out = best;
    if (count == 0) {
        out->bits = 0;
        out->mode = DVTI_PACK_LINEAR;
        return DVT_OK;
    }
    if (doubles ? try_decimal(words, count, &way) : try_linear(words, count, &way)) {
        best = total_bytes(&way) < total_bytes(&best) ? way : best;
    }
    way = none;
    if (doubles && try_single(words, count, &way)) {
        best = total_bytes(&way) < total_bytes(&best) ? way : best;
    }
    way = none;
    st = try_dict(ctx, words, count, &way);
    if (st == DVT_OK && way.dict && total_bytes(&way) < total_bytes(&best)) {
        best = way;
    } else {
        dvt_free(ctx, (void *)(uintptr_t)way.dict);
    }
    *out = best;
    return st;
}

static uint64_t field_of(const dvti_pack *p, uint64_t word)
{
    int64_t  n = 0;
    uint32_t single = 0, low = 0, high = p->dict_count;

    switch (p->mode) {
    case DVTI_PACK_LINEAR: return (word - p->base) / p->step;
    case DVTI_PACK_DECIMAL:
        (void)decimal_of(word, p->scale, &n);
        return ((uint64_t)n - p->base) / p->step;
    case DVTI_PACK_SINGLE: (void)single_of(word, &single); return single;
    case DVTI_PACK_DICT:
        while (high - low > 1) {
            const uint32_t middle = low + (high - low) / 2;
            *(p->dict[middle] <= word ? &low : &high) = middle;
        }
        return low;
    default: return word;
    }
}

void dvti_pack_write(const dvti_pack *p, const uint64_t *words, uint8_t *out)
{
    for (uint64_t i = 0; i < p->count; i++) {
        const uint64_t bit = i * p->bits;
        uint64_t       word;
        memcpy(&word, out + (bit >> 3), sizeof word);
        word |= field_of(p, words[i]) << (bit & 7);
        memcpy(out + (bit >> 3), &word, sizeof word);
    }
}

bool dvti_pack_valid(const dvti_pack *p, bool doubles)
{
    const bool only_doubles = p->mode == DVTI_PACK_DECIMAL || p->mode == DVTI_PACK_SINGLE;

    if (p->mode >= DVTI_PACK_MODES || (only_doubles && !doubles) ||
        (p->mode == DVTI_PACK_LINEAR && doubles && p->count > 0) ||
        p->scale > (p->mode == DVTI_PACK_DECIMAL ? DVTI_PACK_SCALE_MAX : 0) ||
        p->bits > (p->mode == DVTI_PACK_RAW ? 64 : DVTI_PACK_BITS_MAX) ||
        (p->mode == DVTI_PACK_RAW && p->bits != 64) ||
        (p->mode == DVTI_PACK_SINGLE && p->bits != 32) ||
        (p->mode == DVTI_PACK_DICT) != (p->dict_count > 0)) {
        return false;
    }
    for (uint64_t i = 0; p->mode == DVTI_PACK_DICT && i < p->count; i++) {
        if (dvti_pack_field(p, i) >= p->dict_count) {
            return false;
        }
    }
    return true;
}

/* ---- sets of rows -------------------------------------------------------------------------- */

size_t dvti_rows_bytes(uint64_t rows)
{
    const size_t blocks = dvti_rows_blocks(rows);
    return (blocks + 1) / 2 * 8 + blocks * (DVTI_ROWS_BLOCK / 8);
}

void dvti_rows_add(uint8_t *set, uint64_t rows, uint64_t row)
{
    uint8_t *at = set + (dvti_rows_blocks(rows) + 1) / 2 * 8 + row / 64 * 8;
    uint64_t word;

    memcpy(&word, at, sizeof word);
    word |= UINT64_C(1) << (row % 64);
    memcpy(at, &word, sizeof word);
}

/* Rows in block `b`. */
static uint32_t in_block(const uint8_t *set, uint64_t rows, size_t b)
{
    uint32_t n = 0;

    for (size_t w = 0; w < DVTI_ROWS_BLOCK / 64; w++) {
        n += (uint32_t)__builtin_popcountll(
            dvti_rows_word(set, rows, b * (DVTI_ROWS_BLOCK / 64) + w));
    }
    return n;
}

uint64_t dvti_rows_count(uint8_t *set, uint64_t rows)
{
    uint32_t before = 0;

    for (size_t b = 0; b < dvti_rows_blocks(rows); b++) {
        memcpy(set + 4 * b, &before, sizeof before);
        before += in_block(set, rows, b);
    }
    return before;
}

bool dvti_rows_valid(const uint8_t *set, uint64_t rows, uint64_t *count)
{
    const size_t blocks = dvti_rows_blocks(rows);
    uint32_t     before = 0, said;

    for (size_t b = 0; b < blocks; b++) {
        memcpy(&said, set + 4 * b, sizeof said);
        if (said != before) {
            return false;
        }
        before += in_block(set, rows, b);
    }
    *count = before;
    for (uint64_t row = rows; row < (uint64_t)blocks * DVTI_ROWS_BLOCK; row++) {
        if (dvti_rows_has(set, rows, row)) {
            return false;
        }
    }
    return true;
}
