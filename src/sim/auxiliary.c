/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auxiliary.c - the kernels between source and writer: docs/numerics-overlay.md, sections 4 and 6.
 *
 * Every operation is one binary32 operation followed by fl(); loops run in the order of the
 * document, so that sums round alike everywhere. (The build never contracts a * b + c.)
 * Tests     tests/unit/test_auxiliary.c, tests/diff/diff_sim.c
 */
#include "sim/sim_int.h"

#include <math.h>
#include <string.h>

static float *pixel_at(const dvti_trip *t, float *x, int32_t pixel)
{
    return x + (size_t)pixel * (size_t)t->width;
}

static int64_t block_of(const dvti_trip *t, int64_t turn, int32_t pixel)
{
    return dvti_sread_address(&t->w->sread, turn, pixel / t->s->o.q_vec, pixel % t->s->o.q_vec);
}

static float stream_scale(const dvti_trip *t) { return dvt_isa_float(t->w->sread.scale); }

/* ---- sources and window kernels ------------------------------------------------------------ */

void dvti_stream_values(const dvti_trip *t, int64_t result, float *x)
{
    for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
        int64_t block = block_of(t, result, pixel);
        if (block >= 0) {
            dvti_block_values(t->s, block, stream_scale(t), pixel_at(t, x, pixel));
        } else {
            memset(pixel_at(t, x, pixel), 0, (size_t)t->width * sizeof *x);
        }
    }
}

static void pool_add(const dvt_part_pool *k, float *y, const float *v, int32_t n, bool first)
{
    for (int32_t i = 0; i < n; i++) {
        if (k->kind == 1) {
            y[i] = dvti_fl(y[i] + v[i]);
        } else {
            y[i] = first || v[i] > y[i] ? v[i] : y[i];
        }
    }
}

void dvti_pool(const dvti_trip *t, int64_t result, float *x)
{
    const dvt_part_pool *k = &t->w->pool;

    for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
        float  *y = pixel_at(t, x, pixel);
        float   v[DVTI_C_VEC_MAX];
        int64_t valid = 0;
        memset(y, 0, (size_t)t->width * sizeof *y);
        for (int64_t turn = result * k->count; turn < (result + 1) * k->count; turn++) {
            int64_t block = block_of(t, turn, pixel);
            if (block >= 0) {
                dvti_block_values(t->s, block, stream_scale(t), v);
                pool_add(k, y, v, t->width, valid == 0);
                valid++;
            }
        }
        if (k->kind == 1) {
            float recip = k->by_valid ? 1.0f / (float)(valid ? valid : 1) : dvt_isa_float(k->recip);
            for (int32_t i = 0; i < t->width; i++) {
                y[i] = dvti_fl(y[i] * recip);
            }
        }
    }
}

/* A filter word as values: in block floating point like a feature, in int8 the integers. */
static void filter_values(const dvt_sim *s, int64_t word, float *w)
{
    const int16_t *mant = s->page.mant + word * s->o.c_vec;

    if (s->o.format == DVT_FORMAT_INT8) {
        for (int32_t i = 0; i < s->o.c_vec; i++) {
            w[i] = (float)mant[i];
        }
        return;
    }
    dvt_bfp_decode(mant, s->page.exp[word], s->o.c_vec, s->o.filter_mantissa_bits, w);
}

void dvti_depthwise(const dvti_trip *t, int64_t result, float *x)
{
    int64_t count = t->w->depthwise.count;

    memset(x, 0, (size_t)t->pixels * (size_t)t->width * sizeof *x);
    for (int64_t i = 0; i < count; i++) {
        float w[DVTI_C_VEC_MAX], v[DVTI_C_VEC_MAX];
        filter_values(t->s, i, w);
        for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
            int64_t block = block_of(t, result * count + i, pixel);
            float  *y = pixel_at(t, x, pixel);
            if (block >= 0) {
                dvti_block_values(t->s, block, 1.0f, v);
                for (int32_t c = 0; c < t->width; c++) {
                    y[c] = dvti_fl(y[c] + dvti_fl(v[c] * w[c]));
                }
            }
        }
    }
}

/* ---- function tables ----------------------------------------------------------------------- */

static float table_at(const dvt_function_table *t, float x)
{
    float   at = dvti_fl(dvti_fl(x - t->x0) * t->inv_step);
    int32_t i = at < 0.0f                         ? 0
                : at >= (float)DVT_TABLE_SEGMENTS ? DVT_TABLE_SEGMENTS - 1
                                                  : (int32_t)at;

    return dvti_fl(dvti_fl(t->b[i] * x) + t->a[i]);
}

static float power_at(const dvt_function_table *t, float x)
{
    uint32_t bits = (uint32_t)dvt_isa_bits(x);
    int32_t  e = (int32_t)(bits >> 23 & 255u) - 127;
    int32_t  i = (int32_t)(bits >> 15 & 255u);
    float    f = dvt_isa_float((int64_t)((bits & 0x7fffffu) | 127u << 23));

    e = e < -DVT_TABLE_EXP_BIAS ? -DVT_TABLE_EXP_BIAS
        : e >= DVT_TABLE_EXPONENTS - DVT_TABLE_EXP_BIAS
            ? DVT_TABLE_EXPONENTS - DVT_TABLE_EXP_BIAS - 1
            : e;
    return dvti_fl(dvti_fl(dvti_fl(t->b[i] * f) + t->a[i]) * t->e2[e + DVT_TABLE_EXP_BIAS]);
}

/* ---- local response normalisation ---------------------------------------------------------- */

/* Value of a channel of the pixel whose blocks start at turn `first`; 0 beyond the ends. */
static void pixel_channels(const dvti_trip *t, int64_t first, int64_t blocks, int32_t pixel,
                           int64_t from, int64_t count, float *v)
{
    float   block[DVTI_C_VEC_MAX];
    int64_t have = -1, cv = t->s->o.c_vec;

    for (int64_t i = 0; i < count; i++) {
        int64_t ch = from + i, b = ch < 0 ? -1 : ch / cv;
        v[i] = 0.0f;
        if (b < 0 || b >= blocks) {
            continue;
        }
        if (b != have) {
            int64_t at = block_of(t, first + b, pixel);
            have = b;
            if (at < 0) {
                memset(block, 0, sizeof block);
            } else {
                dvti_block_values(t->s, at, stream_scale(t), block);
            }
        }
        v[i] = block[ch % cv];
    }
}

void dvti_lrn(const dvti_trip *t, int64_t result, float *x)
{
    const dvt_part_lrn       *k = &t->w->lrn;
    const dvt_function_table *table = &t->s->p->tables[k->table];
    float                     alpha_n = dvt_isa_float(k->alpha_n), add = dvt_isa_float(k->k);
    int64_t                   half = (k->size - 1) / 2, block = result % k->blocks;
    float                     v[DVTI_C_VEC_MAX + 256];

    for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
        float *y = pixel_at(t, x, pixel);
        pixel_channels(t, result - block, k->blocks, pixel, block * t->width - half,
                       t->width + 2 * half, v);
        for (int32_t c = 0; c < t->width; c++) {
            float s = 0.0f;
            for (int64_t i = 0; i < k->size; i++) {
                s = dvti_fl(s + dvti_fl(v[c + i] * v[c + i]));
            }
            y[c] = dvti_fl(v[c + half] * power_at(table, dvti_fl(add + dvti_fl(alpha_n * s))));
        }
    }
}

/* ---- element by element -------------------------------------------------------------------- */

/* Column `which` of the parameter row of a value: 0 scale, 1 bias, 2 slope. */
static float param(const dvti_trip *t, int64_t group, int32_t lane, int32_t which)
{
    float x;

    memcpy(&x, t->params + (group * t->param_rows + lane) * DVTI_PARAM_ROW_BYTES + which * 4,
           sizeof x);
    return x;
}

void dvti_scale(const dvti_trip *t, int64_t result, float *x)
{
    int64_t group = result / t->w->scale.outer;

    for (int32_t i = 0; i < t->width; i++) {
        float scale = param(t, group, i, 0), bias = param(t, group, i, 1);
        for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
            float *y = pixel_at(t, x, pixel) + i;
            *y = dvti_fl(dvti_fl(*y * scale) + bias);
        }
    }
}

static float act_at(const dvti_trip *t, int64_t group, int32_t lane, float x)
{
    const dvt_part_act *a = &t->w->act;
    float               p0 = dvt_isa_float(a->p0), p1 = dvt_isa_float(a->p1);

    switch ((dvt_act)a->fn) {
    case DVT_ACT_RELU: return x > 0.0f ? x : 0.0f;
    case DVT_ACT_LEAKY: return x > 0.0f ? x : dvti_fl(x * p0);
    case DVT_ACT_PRELU: return x > 0.0f ? x : dvti_fl(x * param(t, group, lane, 2));
    case DVT_ACT_CLIP: x = p0 > x ? p0 : x; return p1 < x ? p1 : x;
    case DVT_ACT_TABLE: return table_at(&t->s->p->tables[a->table], x);
    case DVT_ACT_ELU: return x > 0.0f ? x : table_at(&t->s->p->tables[a->table], x);
    case DVT_ACT_COUNT: break;
    }
    return x;
}

void dvti_act(const dvti_trip *t, int64_t result, float *x)
{
    int64_t group = t->w->act.outer ? result / t->w->act.outer : 0;

    for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
        float *y = pixel_at(t, x, pixel);
        for (int32_t i = 0; i < t->width; i++) {
            y[i] = act_at(t, group, i, y[i]);
        }
    }
}

static float elt_at(int64_t fn, float x, float y)
{
    return fn == 0 ? dvti_fl(x + y) : fn == 1 ? dvti_fl(x * y) : y > x ? y : x;
}

void dvti_elt(const dvti_trip *t, int64_t result, float *x)
{
    const dvt_part_elt   *e = &t->w->elt;
    const dvt_part_write *w = &t->w->write;
    int64_t               base = e->base + dvti_nest_dot(result, e->n, e->a, 0, DVT_OUT_LOOPS);
    int64_t               h = dvti_nest_dot(result, w->n, w->h, 0, DVT_OUT_LOOPS);
    int64_t               c = dvti_nest_dot(result, w->n, w->w, 0, DVT_OUT_LOOPS);
    int64_t               values = dvti_result_values(w, result, t->width);
    int32_t               cv = t->s->o.c_vec;

    for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
        int32_t p = pixel / t->s->o.q_vec, q = pixel % t->s->o.q_vec;
        float  *y = pixel_at(t, x, pixel), v[DVTI_C_VEC_MAX];
        if (h + p >= w->h_max || c + q >= w->w_max) {
            continue;
        }
        for (int32_t j = 0; j * cv < values; j++) {
            dvti_block_values(t->s, base + p * e->pa + q * e->qa + j * e->ja,
                              dvt_isa_float(e->scale), v);
            for (int32_t i = 0; i < cv && j * cv + i < t->width; i++) {
                y[j * cv + i] = elt_at(e->fn, y[j * cv + i], v[i]);
            }
        }
    }
}
