/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array_fast.c - the processing elements again, equal to array.c in every bit, for long runs.
 *
 * Idea      A page's filters are turned to (word, 16 lanes, c, lane) once, as float32: products of
 *           two mantissas and sums of a few of them are integers below 2^24, so float arithmetic on
 *           them is exact and vectorises over the 16 lanes. Whatever group of channels stays below
 *           2^24 is summed in float, then goes into integers, then is shifted and added as in
 *           array.c. Addresses of the turns of one result are the same for every result but for an
 *           offset, and stand in a table.
 * Overflow  A page whose values are all within [-1, 1] cannot overflow an accumulator (numerics,
 *           section 2); any other page is refused here and takes the checked path in array.c.
 * Tests     tests/diff/diff_sim.c: equal to the naive form on random programs and networks.
 */
#include <string.h>

#include "base/simd.h"
#include "sim/sim_int.h"

enum { LANES = 16 };

static int64_t chunks_of(const dvt_overlay *o) { return (o->k_vec + LANES - 1) / LANES; }

/* Channels whose sum of products stays an integer below 2^24. */
static int32_t exact_channels(const dvt_overlay *o)
{
    int64_t f = o->format == DVT_FORMAT_INT8 ? 128 : (1 << (o->feature_mantissa_bits - 1)) - 1;
    int64_t w = o->format == DVT_FORMAT_INT8 ? 128 : (1 << (o->filter_mantissa_bits - 1)) - 1;
    int64_t n = ((int64_t)1 << 24) / (f * w);

    return n < o->c_vec ? (int32_t)n : o->c_vec;
}

/* ---- pages --------------------------------------------------------------------------------- */

static dvt_status reserve(dvt_sim *s, int64_t words)
{
    size_t lanes = (size_t)words * (size_t)chunks_of(&s->o) * LANES;

    if (words <= s->fast_words) {
        return DVT_OK;
    }
    dvti_array_fast_deinit(s);
    s->fast_filter = dvt_calloc(s->ctx, lanes * (size_t)s->o.c_vec, sizeof *s->fast_filter);
    s->fast_exp = s->fast_filter ? dvt_calloc(s->ctx, lanes, sizeof *s->fast_exp) : NULL;
    s->fast_words = s->fast_exp ? words : 0;
    return s->fast_exp ? DVT_OK : DVT_E_NOMEM;
}

void dvti_array_fast_deinit(dvt_sim *s)
{
    dvt_free(s->ctx, s->fast_filter);
    dvt_free(s->ctx, s->fast_exp);
    s->fast_filter = NULL;
    s->fast_exp = NULL;
    s->fast_words = 0;
}

/* |mant| * 2^(exp - 15 - (m - 2)) <= 1 */
static bool within_one(const dvt_overlay *o, const int16_t *mant, uint8_t exp)
{
    int32_t shift = DVT_BFP_BIAS + o->filter_mantissa_bits - 2 - exp;
    int32_t most = shift < 0 ? 0 : shift > 15 ? INT16_MAX : 1 << shift;

    for (int32_t c = 0; c < o->c_vec; c++) {
        if (mant[c] > most || mant[c] < -most) {
            return false;
        }
    }
    return true;
}

dvt_status dvti_array_fast_page(dvt_sim *s, const dvt_part_wread *w)
{
    int64_t    chunks = chunks_of(&s->o);
    int32_t    cv = s->o.c_vec;
    dvt_status st = reserve(s, w->words);

    s->fast_safe = true;
    for (int64_t i = 0; st == DVT_OK && i < w->words * w->lanes; i++) {
        int64_t        word = i / w->lanes, k = i % w->lanes;
        int64_t        chunk = word * chunks + k / LANES;
        const int16_t *mant = s->page.mant + i * cv;
        for (int32_t c = 0; c < cv; c++) {
            s->fast_filter[(chunk * cv + c) * LANES + k % LANES] = mant[c];
        }
        s->fast_exp[chunk * LANES + k % LANES] = s->page.exp[i];
        if (s->o.format == DVT_FORMAT_BFP && !within_one(&s->o, mant, s->page.exp[i])) {
            s->fast_safe = false;
        }
    }
    return st;
}

/* ---- turns --------------------------------------------------------------------------------- */

/* One block with 16 lanes: exact dot products. */
DVTI_SIMD static void dot_lanes(const int16_t *f, const float *w, int32_t c_vec, int32_t group,
                                int32_t *d)
{
    for (int32_t c0 = 0; c0 < c_vec; c0 += group) {
        float   sum[LANES] = {0};
        int32_t end = c0 + group < c_vec ? c0 + group : c_vec;
        for (int32_t c = c0; c < end; c++) {
            float x = f[c];
            for (int32_t k = 0; k < LANES; k++) {
                sum[k] += x * w[c * LANES + k];
            }
        }
        for (int32_t k = 0; k < LANES; k++) {
            d[k] += (int32_t)sum[k];
        }
    }
}

/* acc += floor(d * 2^(base + exp)); both shifts are at most 31 and 62 where the page is safe. */
DVTI_SIMD static void add_shifted(const int32_t *d, const int32_t *exp, int32_t base, int64_t *acc)
{
    for (int32_t k = 0; k < LANES; k++) {
        int32_t shift = base + exp[k];
        int32_t right = shift < -31 ? 31 : shift < 0 ? -shift : 0;
        int32_t left = shift > 0 ? shift : 0;
        acc[k] += (int64_t)((uint64_t)(int64_t)(d[k] >> right) << left);
    }
}

DVTI_SIMD static void add_plain(const int32_t *d, int64_t *acc)
{
    for (int32_t k = 0; k < LANES; k++) {
        acc[k] += d[k];
    }
}

typedef struct fast_result {
    int64_t        base, h, w; /* of the result's first turn */
    int64_t       *acc;        /* (pixels, chunks * LANES) */
    const int64_t *blocks;     /* (pixels) of one turn; -1 = outside */
} fast_result;

static void turn_of(const dvt_sim *s, const fast_result *r, int32_t pixels, int64_t word,
                    int32_t group)
{
    int64_t chunks = chunks_of(&s->o);
    int32_t cv = s->o.c_vec;
    int32_t fixed = -30 - (s->o.feature_mantissa_bits - 2) - (s->o.filter_mantissa_bits - 2) -
                    s->d.accumulator_lsb_exp;

    for (int64_t chunk = 0; chunk < chunks; chunk++) {
        const float   *filter = s->fast_filter + (word * chunks + chunk) * cv * LANES;
        const int32_t *exp = s->fast_exp + (word * chunks + chunk) * LANES;
        for (int32_t pixel = 0; pixel < pixels; pixel++) {
            int64_t  block = r->blocks[pixel];
            int64_t *acc = r->acc + (pixel * chunks + chunk) * LANES;
            int32_t  d[LANES] = {0};
            if (block < 0) {
                continue;
            }
            dot_lanes(s->stream.mant + block * cv, filter, cv, group, d);
            if (s->o.format == DVT_FORMAT_BFP) {
                add_shifted(d, exp, fixed + s->stream.exp[block], acc);
            } else {
                add_plain(d, acc);
            }
        }
    }
}

/* ---- results ------------------------------------------------------------------------------- */

static void find_blocks(const dvti_trip *t, const fast_result *r, int64_t turn, int64_t *blocks)
{
    const dvt_part_sread *s = &t->w->sread;
    const dvti_turn      *u = &t->s->turns[turn];
    int32_t               p_vec = t->s->o.p_vec, q_vec = t->s->o.q_vec;

    for (int32_t p = 0; p < p_vec; p++) {
        int64_t h = r->h + u->h + p * s->ph;
        for (int32_t q = 0; q < q_vec; q++) {
            int64_t w = r->w + u->w + q * s->qw;
            bool    inside = h >= 0 && h < s->h_max && w >= 0 && w < s->w_max;
            blocks[p * q_vec + q] = inside ? r->base + u->a + p * s->pa + q * s->qa : -1;
        }
    }
}

size_t dvti_array_fast_scratch(const dvt_overlay *o)
{
    size_t pixels = (size_t)o->p_vec * (size_t)o->q_vec;

    return (pixels + pixels * (size_t)chunks_of(o) * LANES) * sizeof(int64_t);
}

bool dvti_array_fast(const dvti_trip *t, int64_t result, int64_t *acc, void *scratch)
{
    const dvt_sim        *s = t->s;
    const dvt_part_sread *sr = &t->w->sread;
    int64_t               chunks = chunks_of(&s->o), per_page = t->turns / t->pages_per_result;
    int64_t              *blocks = scratch;
    int                   level = (int)t->w->array.acc;
    fast_result           r = {.acc = blocks + t->pixels, .blocks = blocks};
    int64_t               fbase = t->w->array.fbase;

    if (!s->fast_safe || t->turns > DVTI_PRODUCTS_MAX / s->o.c_vec) {
        return false;
    }
    r.base = sr->base + dvti_nest_dot(result, sr->n + level, sr->a + level, 0, DVT_LOOPS - level);
    r.h = sr->h0 + dvti_nest_dot(result, sr->n + level, sr->h + level, 0, DVT_LOOPS - level);
    r.w = sr->w0 + dvti_nest_dot(result, sr->n + level, sr->w + level, 0, DVT_LOOPS - level);
    fbase += dvti_nest_dot(result, sr->n + level, t->w->array.f + level, 0, DVT_LOOPS - level);
    memset(r.acc, 0, (size_t)(t->pixels * chunks * LANES) * sizeof *r.acc);
    for (int64_t turn = t->slice * per_page; turn < (t->slice + 1) * per_page; turn++) {
        find_blocks(t, &r, turn, blocks);
        turn_of(s, &r, t->pixels, fbase + s->turns[turn].f, exact_channels(&s->o));
    }
    for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
        for (int32_t k = 0; k < s->o.k_vec; k++) {
            acc[(int64_t)pixel * s->o.k_vec + k] += r.acc[pixel * chunks * LANES + k];
        }
    }
    return true;
}
