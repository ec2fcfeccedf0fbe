/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.c - filters and parameters in the order and format in which the filter reader takes them.
 *
 * Layout    A page holds, for one group of k_vec output channels and one slice of input blocks, the
 *           words (block c, row r, column s) with s innermost, each for all lanes (isa.h, wread).
 *           Slots without a channel get zeros, so the input's layout never has to change.
 * Numbers   Block floating point: every output channel is scaled by a power of two so that its
 *           largest weight lies in [1/2, 1]; the inverse goes into the parameter row (decision
 *           0002). int8: one scale per channel, max / 127.
 * Units     addresses in 16 bytes; every page and parameter table starts on such a boundary, and
 *           on one of filter words where these are larger.
 * Tests     tests/unit/test_pack.c, tests/diff/diff_compile.c
 */
#include "compile/compile_int.h"

#include <math.h>
#include <string.h>

enum { UNIT = 16, ALIGN_MAX = 4096 /* no filter word is larger */ };

/* ---- image --------------------------------------------------------------------------------- */

/* To a unit of addresses, and to a filter word where that is larger: no word straddles beats. */
static int64_t alignment(const dvti_comp *c)
{
    return c->d.filter_word_bytes > UNIT ? c->d.filter_word_bytes : UNIT;
}

static dvt_status image_align(dvti_comp *c, int64_t *unit)
{
    static const uint8_t zeros[ALIGN_MAX] = {0};
    size_t               align = (size_t)alignment(c);

    if (c->image.len % align) {
        dvt_buf_append(&c->image, zeros, align - c->image.len % align);
    }
    *unit = (int64_t)(c->image.len / UNIT);
    return dvt_buf_status(&c->image);
}

/* From page to page, in units. */
static int64_t page_units(const dvti_comp *c, int64_t words)
{
    int64_t align = alignment(c), bytes = words * c->d.filter_word_bytes;

    return (bytes + align - 1) / align * align / UNIT;
}

static void put_f32(dvti_comp *c, float x)
{
    uint32_t bits = dvt_isa_plain(x) ? (uint32_t)dvt_isa_bits(x) : 0; /* no subnormals inside */
    uint8_t  b[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                     (uint8_t)(bits >> 24)};

    dvt_buf_append(&c->image, b, sizeof b);
}

/* ---- normalisation ------------------------------------------------------------------------- */

/* What a channel's weights are multiplied by before they are stored. */
static float channel_norm(const dvti_comp *c, const float *w, int64_t n)
{
    float most = 0.0f;
    int   e;

    for (int64_t i = 0; i < n; i++) {
        most = fabsf(w[i]) > most ? fabsf(w[i]) : most;
    }
    if (most == 0.0f) {
        return 1.0f;
    }
    if (c->o.format == DVT_FORMAT_INT8) {
        return 127.0f / most;
    }
    frexpf(most, &e); /* most = f * 2^e, 1/2 <= f < 1 */
    e = e < -120 ? -120 : e > 120 ? 120 : e;
    return ldexpf(1.0f, -e);
}

static float *norms_new(dvti_comp *c, const float *w, int32_t channels, int64_t per_channel)
{
    float *norm = dvt_arena_calloc(c->scratch, (size_t)channels, sizeof *norm);

    for (int32_t k = 0; norm && k < channels; k++) {
        norm[k] = w ? channel_norm(c, w + k * per_channel, per_channel) : 1.0f;
    }
    return norm;
}

/* One filter word of c_vec weights, already normalised. */
static void put_word(dvti_comp *c, const float *x)
{
    int16_t mant[1024];
    int8_t  q[1024];
    uint8_t bytes[4096], exp = 0;

    if (c->o.format == DVT_FORMAT_INT8) {
        dvt_int8_encode(x, c->o.c_vec, 1.0f, q);
        for (int32_t i = 0; i < c->o.c_vec; i++) {
            mant[i] = q[i];
        }
    } else {
        dvt_bfp_encode(x, c->o.c_vec, c->o.filter_mantissa_bits, mant, &exp);
    }
    dvt_block_pack(&c->o, c->o.filter_mantissa_bits, mant, exp, bytes);
    dvt_buf_append(&c->image, bytes, (size_t)c->d.filter_word_bytes);
}

/* ---- parameter rows ------------------------------------------------------------------------ */

static float in_scale(const dvti_comp *c, const dvti_op *op) { return c->maps.data[op->in].scale; }

/* The row of channel k; -1 writes a row that makes zeros. The array and the depthwise kernel
 * deliver products of stored integers in int8, so their scales enter here; other trips deliver
 * values. */
static void put_row(dvti_comp *c, const dvti_op *op, const float *norm, int32_t k)
{
    bool   products = op->kind == DVTI_OP_CONV || op->kind == DVTI_OP_DEPTHWISE;
    double s = k < 0 ? 0.0 : op->scale ? (double)op->scale[k] : 1.0;

    if (k >= 0 && products) {
        s /= norm ? (double)norm[k] : 1.0;
        s *= (double)in_scale(c, op);
    }
    put_f32(c, (float)s);
    put_f32(c, k >= 0 && op->bias ? op->bias[k] : 0.0f);
    put_f32(c, k >= 0 && op->slope ? op->slope[k] : 0.0f);
    put_f32(c, 0.0f);
}

/* ---- convolution --------------------------------------------------------------------------- */

/* Where the weights of (output k, input channel ch of the whole map) are; w NULL = identity. */
typedef struct filter_source {
    const float *w;
    int32_t      first_k, group_k, first_c, group_c, rs;
} filter_source;

static float weight_at(const filter_source *f, int32_t k, int32_t ch, int32_t at)
{
    int32_t local = ch - f->first_c;

    if (ch < 0 || k >= f->group_k || local < 0 || local >= f->group_c) {
        return 0.0f;
    }
    if (!f->w) {
        return ch == f->first_k + k ? 1.0f : 0.0f; /* identity */
    }
    return f->w[((int64_t)(f->first_k + k) * f->group_c + local) * f->rs + at];
}

static void put_page(dvti_comp *c, const filter_source *f, const float *norm, const int32_t *slots,
                     int32_t blocks, int32_t first_lane)
{
    float x[1024];

    for (int32_t b = 0; b < blocks; b++) {
        for (int32_t at = 0; at < f->rs; at++) {
            for (int32_t lane = 0; lane < c->o.k_vec; lane++) {
                int32_t k = first_lane + lane;
                for (int32_t i = 0; i < c->o.c_vec; i++) {
                    float v = weight_at(f, k, slots[b * c->o.c_vec + i], at);
                    x[i] = k < f->group_k ? v * norm[f->first_k + k] : 0.0f;
                }
                put_word(c, x);
            }
        }
    }
}

dvt_status dvti_pack_conv(dvti_comp *c, const dvti_op *op, int32_t group, int32_t first_block,
                          int32_t blocks, int32_t slices, dvti_pages *out)
{
    const dvti_map *in = &c->maps.data[op->in], *om = &c->maps.data[op->out];
    int32_t group_k = om->c / op->groups, per_slice = blocks / slices, rs = op->win.r * op->win.s;
    filter_source f = {
        op->weights, group * group_k, group_k, group * (in->c / op->groups), in->c / op->groups,
        rs};
    float     *norm = norms_new(c, op->weights, om->c, (int64_t)f.group_c * rs);
    dvt_status st = norm ? image_align(c, &out->src) : DVT_E_NOMEM;
    int64_t    next;

    out->words = per_slice * rs;
    out->slices = slices;
    out->groups_k = (group_k + c->o.k_vec - 1) / c->o.k_vec;
    out->page_units = page_units(c, (int64_t)out->words * c->o.k_vec);
    for (int32_t kg = 0; st == DVT_OK && kg < out->groups_k; kg++) {
        for (int32_t s = 0; st == DVT_OK && s < slices; s++) {
            put_page(c, &f, norm,
                     in->slots + (size_t)(first_block + s * per_slice) * (size_t)c->o.c_vec,
                     per_slice, kg * c->o.k_vec);
            st = image_align(c, &next);
        }
    }
    return st == DVT_OK ? dvti_pack_params(c, op, norm, f.first_k, group_k, c->o.k_vec, out) : st;
}

dvt_status dvti_pack_params(dvti_comp *c, const dvti_op *op, const float *norm,
                            int32_t first_channel, int32_t channels, int32_t rows, dvti_pages *out)
{
    dvt_status st = image_align(c, &out->param_src);

    out->param_rows = rows;
    out->param_groups = (channels + rows - 1) / rows;
    for (int32_t k = 0; st == DVT_OK && k < out->param_groups * rows; k++) {
        put_row(c, op, norm, k < channels ? first_channel + k : -1);
    }
    return st == DVT_OK ? dvt_buf_status(&c->image) : st;
}

/* ---- trips without the array --------------------------------------------------------------- */

dvt_status dvti_pack_depthwise(dvti_comp *c, const dvti_op *op, dvti_pages *out)
{
    const dvti_map *in = &c->maps.data[op->in];
    int32_t         rs = op->win.r * op->win.s, cv = c->o.c_vec;
    float          *norm = norms_new(c, op->weights, in->c, rs);
    float           x[1024];
    dvt_status      st = norm ? image_align(c, &out->src) : DVT_E_NOMEM;
    int64_t         next;

    out->words = rs;
    out->slices = 1;
    out->groups_k = in->blocks;
    out->page_units = page_units(c, rs);
    for (int32_t b = 0; st == DVT_OK && b < in->blocks; b++) {
        for (int32_t at = 0; at < rs; at++) {
            for (int32_t i = 0; i < cv; i++) {
                int32_t ch = in->slots[b * cv + i];
                x[i] = ch < 0 ? 0.0f : op->weights[(int64_t)ch * rs + at] * norm[ch];
            }
            put_word(c, x);
        }
        st = image_align(c, &next);
    }
    return st == DVT_OK ? dvti_pack_slot_params(c, op, norm, out) : st;
}

dvt_status dvti_pack_slot_params(dvti_comp *c, const dvti_op *op, const float *norm,
                                 dvti_pages *out)
{
    const dvti_map *in = &c->maps.data[op->in];
    dvt_status      st = image_align(c, &out->param_src);

    out->param_rows = c->o.c_vec;
    out->param_groups = in->blocks;
    for (int32_t i = 0; st == DVT_OK && i < in->blocks * c->o.c_vec; i++) {
        put_row(c, op, norm, in->slots[i]);
    }
    return st == DVT_OK ? dvt_buf_status(&c->image) : st;
}
