/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c - readers and writer: blocks between external memory, stream buffer and crossbar.
 *
 * Idea      The stream buffer holds blocks unpacked (mantissas and exponent); words are packed and
 *           unpacked where they enter or leave external memory. That is the same information, and
 *           the array's loop does not take bits apart.
 * Source    docs/isa.md (fread, wread, sread, write), docs/numerics-overlay.md sections 4 and 5.
 * Tests     tests/diff/diff_sim.c
 */
#include "sim/sim_int.h"

#include <math.h>
#include <string.h>

dvt_status dvti_blocks_init(dvt_ctx *ctx, dvti_blocks *b, int64_t words, int32_t c_vec)
{
    b->words = words;
    b->mant = dvt_calloc(ctx, (size_t)words * (size_t)c_vec + 1, sizeof *b->mant);
    b->exp = b->mant ? dvt_calloc(ctx, (size_t)words + 1, sizeof *b->exp) : NULL;
    return b->exp ? DVT_OK : DVT_E_NOMEM;
}

void dvti_blocks_deinit(dvt_ctx *ctx, dvti_blocks *b)
{
    dvt_free(ctx, b->mant);
    dvt_free(ctx, b->exp);
    *b = (dvti_blocks){NULL, NULL, 0};
}

/* ---- readers ------------------------------------------------------------------------------- */

void dvti_fread(dvt_sim *s, const dvt_part_fread *f)
{
    const int64_t src_step[3] = {1, f->src_step[0], f->src_step[1]};
    const int64_t dst_step[3] = {1, f->dst_step[0], f->dst_step[1]};
    int64_t       count = dvti_nest_count(f->n, 0, DVT_DMA_LOOPS);

    for (int64_t i = 0; i < count; i++) {
        int64_t src = f->src + dvti_nest_dot(i, f->n, src_step, 0, DVT_DMA_LOOPS);
        int64_t dst = f->dst + dvti_nest_dot(i, f->n, dst_step, 0, DVT_DMA_LOOPS);
        dvt_block_unpack(&s->o, s->o.feature_mantissa_bits,
                         s->memory + src * s->d.feature_word_bytes,
                         s->stream.mant + dst * s->o.c_vec, &s->stream.exp[dst]);
    }
    s->counters.memory_read_bytes += (uint64_t)(count * s->d.feature_word_bytes);
}

void dvti_load_page(dvt_sim *s, const dvt_part_wread *w, int64_t page)
{
    int64_t        at = w->src + dvti_nest_dot(page, w->n, w->step, 0, DVT_PAGE_LOOPS);
    const uint8_t *bytes = s->memory + at * DVTI_UNIT_BYTES;
    int64_t        count = w->words * w->lanes;

    for (int64_t i = 0; i < count; i++) {
        dvt_block_unpack(&s->o, s->o.filter_mantissa_bits, bytes + i * s->d.filter_word_bytes,
                         s->page.mant + i * s->o.c_vec, &s->page.exp[i]);
    }
    s->counters.memory_read_bytes += (uint64_t)(count * s->d.filter_word_bytes);
}

int64_t dvti_sread_address(const dvt_part_sread *r, int64_t turn, int32_t p, int32_t q)
{
    int64_t h = r->h0 + dvti_nest_dot(turn, r->n, r->h, 0, DVT_LOOPS) + p * r->ph;
    int64_t w = r->w0 + dvti_nest_dot(turn, r->n, r->w, 0, DVT_LOOPS) + q * r->qw;

    if (h < 0 || h >= r->h_max || w < 0 || w >= r->w_max) {
        return -1;
    }
    return r->base + dvti_nest_dot(turn, r->n, r->a, 0, DVT_LOOPS) + p * r->pa + q * r->qa;
}

void dvti_block_values(const dvt_sim *s, int64_t address, float scale, float *x)
{
    const int16_t *mant = s->stream.mant + address * s->o.c_vec;

    if (s->o.format == DVT_FORMAT_INT8) {
        for (int32_t i = 0; i < s->o.c_vec; i++) {
            x[i] = dvti_fl((float)mant[i] * scale);
        }
        return;
    }
    dvt_bfp_decode(mant, s->stream.exp[address], s->o.c_vec, s->o.feature_mantissa_bits, x);
}

/* ---- writer -------------------------------------------------------------------------------- */

static void write_block(dvt_sim *s, const dvt_part_write *w, int64_t address, const float *x,
                        uint64_t *saturated)
{
    int16_t mant[DVTI_C_VEC_MAX];
    int8_t  q[DVTI_C_VEC_MAX];
    uint8_t exp = 0;

    if (s->o.format == DVT_FORMAT_INT8) {
        float inv = dvt_isa_float(w->inv_scale);
        float y[DVTI_C_VEC_MAX];
        for (int32_t i = 0; i < s->o.c_vec; i++) {
            y[i] = dvti_fl(x[i] * inv);
            *saturated += fabsf(y[i]) >= 127.5f; /* which rounds to 128 */
        }
        dvt_int8_encode(y, s->o.c_vec, 1.0f, q);
        for (int32_t i = 0; i < s->o.c_vec; i++) {
            mant[i] = q[i];
        }
    } else {
        *saturated += dvt_bfp_encode(x, s->o.c_vec, s->o.feature_mantissa_bits, mant, &exp);
    }
    if (w->space) {
        dvt_block_pack(&s->o, s->o.feature_mantissa_bits, mant, exp,
                       s->memory + address * s->d.feature_word_bytes);
    } else {
        memcpy(s->stream.mant + address * s->o.c_vec, mant, (size_t)s->o.c_vec * sizeof *mant);
        s->stream.exp[address] = exp;
    }
}

int64_t dvti_result_values(const dvt_part_write *w, int64_t result, int32_t width)
{
    if (w->k_level >= DVT_OUT_LOOPS) {
        return width;
    }
    int64_t below = dvti_nest_count(w->n, 0, (int)w->k_level);
    bool    last = result / below % w->n[w->k_level] == w->n[w->k_level] - 1;
    return last ? w->k_last : width;
}

/* Block j of the pixel whose values are x. */
static void write_values(const dvti_trip *t, int64_t address, int32_t j, int64_t values,
                         const float *x, uint64_t *saturated)
{
    int32_t cv = t->s->o.c_vec;
    float   block[DVTI_C_VEC_MAX];

    for (int32_t i = 0; i < cv; i++) {
        int32_t k = j * cv + i;
        block[i] = k < values && k < t->width ? x[k] : 0.0f;
    }
    write_block(t->s, &t->w->write, address, block, saturated);
}

void dvti_write_result(const dvti_trip *t, int64_t result, const float *x, uint64_t *saturated)
{
    const dvt_part_write *w = &t->w->write;
    int64_t               base = w->base + dvti_nest_dot(result, w->n, w->d, 0, DVT_OUT_LOOPS);
    int64_t               h = dvti_nest_dot(result, w->n, w->h, 0, DVT_OUT_LOOPS);
    int64_t               c = dvti_nest_dot(result, w->n, w->w, 0, DVT_OUT_LOOPS);
    int64_t               values = dvti_result_values(w, result, t->width);

    for (int32_t j = 0; j * t->s->o.c_vec < values; j++) {
        for (int32_t p = 0; p < t->s->o.p_vec && h + p < w->h_max; p++) {
            for (int32_t q = 0; q < t->s->o.q_vec && c + q < w->w_max; q++) {
                write_values(t, base + p * w->pd + q * w->qd + j * w->jd, j, values,
                             x + (size_t)(p * t->s->o.q_vec + q) * (size_t)t->width, saturated);
            }
        }
    }
}
