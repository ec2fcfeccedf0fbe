/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_word.c - draws nests first, then whatever has to agree with them.
 */
#include "support/random_word.h"

#include "support/arrays.h"
#include "support/fixture.h"

#include <math.h>

enum { TURNS_MAX = 600, STEP_MAX = 30, UNIT = 16 };

static int64_t draw(dvt_rng *rng, int64_t lo, int64_t hi) { return test_random_range(rng, lo, hi); }

static bool chance(dvt_rng *rng, int percent) { return draw(rng, 0, 99) < percent; }

/* Most levels once, in all at most TURNS_MAX turns. */
static void draw_counts(dvt_rng *rng, int64_t *n)
{
    int64_t turns = 1;

    for (int l = 0; l < DVT_LOOPS; l++) {
        n[l] = chance(rng, 55) ? draw(rng, 2, 4) : 1;
        n[l] = turns * n[l] > TURNS_MAX ? 1 : n[l];
        turns *= n[l];
    }
}

static int64_t count_of(const int64_t *n, int first, int end)
{
    int64_t count = 1;

    for (int l = first; l < end; l++) {
        count *= n[l];
    }
    return count;
}

/* Shares the prime factors of `count` out over some levels. */
static void share_out(dvt_rng *rng, int64_t count, int64_t *n, int levels)
{
    for (int l = 0; l < levels; l++) {
        n[l] = 1;
    }
    for (int64_t f = 2; count > 1; f++) {
        for (; count % f == 0; count /= f) {
            n[draw(rng, 0, levels - 1)] *= f;
        }
    }
}

/* What a nest spans below and above its base. */
static void span_of(const int64_t *n, const int64_t *step, int levels, int64_t *below,
                    int64_t *above)
{
    for (int l = 0; l < levels; l++) {
        int64_t far = (n[l] - 1) * step[l];
        *below += far < 0 ? -far : 0;
        *above += far > 0 ? far : 0;
    }
}

/* A base that keeps [base - below, base + above] in [lo, hi), if anything does. */
static int64_t place(dvt_rng *rng, int64_t lo, int64_t hi, int64_t below, int64_t above)
{
    return lo + below >= hi - above ? lo + below : draw(rng, lo + below, hi - above - 1);
}

static void draw_steps(dvt_rng *rng, int64_t *step, int levels, int64_t most)
{
    for (int l = 0; l < levels; l++) {
        step[l] = draw(rng, -most, most);
    }
}

static int64_t random_float(dvt_rng *rng)
{
    return dvt_isa_bits((float)dvt_rng_normal(rng) * ldexpf(1.0f, (int)draw(rng, -4, 4)));
}

/* ---- readers ------------------------------------------------------------------------------- */

static void draw_fread(dvt_rng *rng, const dvt_overlay *o, dvt_word *w)
{
    int64_t half = (int64_t)o->stream_buffer_banks * o->stream_buffer_words_per_bank / 2;
    int64_t from[3] = {1}, to[3] = {1}, below = 0, above = 0;

    w->kernels |= 1u << DVT_KERNEL_FREAD;
    for (int l = 0; l < DVT_DMA_LOOPS; l++) {
        w->fread.n[l] = draw(rng, 1, 6);
    }
    draw_steps(rng, w->fread.src_step, 2, 20);
    draw_steps(rng, w->fread.dst_step, 2, 20);
    memcpy(from + 1, w->fread.src_step, sizeof w->fread.src_step);
    memcpy(to + 1, w->fread.dst_step, sizeof w->fread.dst_step);
    span_of(w->fread.n, from, DVT_DMA_LOOPS, &below, &above);
    w->fread.src = place(rng, 0, 2 * half, below, above);
    below = above = 0;
    span_of(w->fread.n, to, DVT_DMA_LOOPS, &below, &above);
    w->fread.dst = place(rng, 0, half, below, above);
}

/* Rows and columns that are padded now and then; addresses that leave the region where they are. */
static void draw_sread(dvt_rng *rng, const dvt_overlay *o, dvt_word *w)
{
    dvt_part_sread *r = &w->sread;
    int64_t         half = (int64_t)o->stream_buffer_banks * o->stream_buffer_words_per_bank / 2;
    int64_t         below = 0, above = 0;
    bool            padded = chance(rng, 60);
    const int64_t   lanes[2] = {o->p_vec, o->q_vec};

    draw_steps(rng, r->a, DVT_LOOPS, STEP_MAX);
    r->pa = draw(rng, -STEP_MAX, STEP_MAX);
    r->qa = draw(rng, -STEP_MAX, STEP_MAX);
    r->h_max = r->w_max = 1;
    if (padded) {
        for (int l = 0; l < DVT_LOOPS; l++) {
            r->h[l] = chance(rng, 40) ? draw(rng, -2, 3) : 0;
            r->w[l] = chance(rng, 40) && (r->h[l] == 0 || chance(rng, 20)) ? draw(rng, -2, 3) : 0;
        }
        r->h0 = draw(rng, -2, 3);
        r->w0 = draw(rng, -2, 3);
        r->h_max = draw(rng, 1, 9);
        r->w_max = draw(rng, 1, 9);
        r->ph = draw(rng, -1, 2);
        r->qw = draw(rng, -1, 2);
    }
    span_of(r->n, r->a, DVT_LOOPS, &below, &above);
    span_of(lanes, (const int64_t[]){r->pa, r->qa}, 2, &below, &above);
    r->base =
        place(rng, 0, half, below, above) - (padded && chance(rng, 30) ? draw(rng, 0, 80) : 0);
    r->scale =
        o->format == DVT_FORMAT_INT8 ? dvt_isa_bits(dvt_rng_f32(rng) + 0.01f) : dvt_isa_bits(1.0f);
}

static void draw_pages(dvt_rng *rng, const dvt_overlay *o, dvt_word *w, int64_t pages)
{
    dvt_part_wread     *r = &w->wread;
    dvt_overlay_derived d;
    int64_t             below = 0, above = 0, units;

    dvt_overlay_derive(o, &d);
    w->kernels |= 1u << DVT_KERNEL_WREAD;
    share_out(rng, pages, r->n, DVT_PAGE_LOOPS);
    units = d.filter_word_bytes > UNIT ? d.filter_word_bytes / UNIT : 1;
    draw_steps(rng, r->step, DVT_PAGE_LOOPS, 8);
    for (int l = 0; l < DVT_PAGE_LOOPS; l++) {
        r->step[l] *= units;
    }
    span_of(r->n, r->step, DVT_PAGE_LOOPS, &below, &above);
    above += (r->words * r->lanes * d.filter_word_bytes + UNIT - 1) / UNIT;
    r->src = place(rng, SIM_FILTERS / UNIT, SIM_PARAMS / UNIT, below, above) / units * units;
}

static void draw_array(dvt_rng *rng, const dvt_overlay *o, dvt_word *w)
{
    dvt_part_array *a = &w->array;
    int64_t         below = 0, above = 0;

    w->kernels |= 1u << DVT_KERNEL_ARRAY;
    memcpy(a->n, w->sread.n, sizeof a->n);
    for (int l = 0; l < DVT_LOOPS; l++) {
        a->f[l] = chance(rng, 50) ? draw(rng, -2, 4) : 0;
    }
    span_of(a->n, a->f, DVT_LOOPS, &below, &above);
    a->fbase = below;
    a->acc = draw(rng, 0, DVT_LOOPS);
    a->page = chance(rng, 50) ? draw(rng, 0, DVT_LOOPS) : draw(rng, 3, DVT_LOOPS);
    w->wread.words = below + above + 1 + draw(rng, 0, 1);
    w->wread.lanes = o->k_vec;
    draw_pages(rng, o, w, count_of(a->n, (int)a->page, DVT_LOOPS));
}

/* ---- windows ------------------------------------------------------------------------------- */

/* The innermost levels make a window. */
static int64_t draw_window(dvt_rng *rng, const dvt_word *w)
{
    return count_of(w->sread.n, 0, (int)draw(rng, 0, 4));
}

static int64_t draw_source(dvt_rng *rng, const dvt_overlay *o, dvt_kernel source, dvt_word *w)
{
    int64_t turns = count_of(w->sread.n, 0, DVT_LOOPS);

    switch (source) {
    case DVT_KERNEL_ARRAY:
        draw_array(rng, o, w);
        return turns / count_of(w->sread.n, 0, (int)w->array.acc);
    case DVT_KERNEL_POOL:
        w->pool = (dvt_part_pool){.kind = draw(rng, 0, 1),
                                  .count = draw_window(rng, w),
                                  .by_valid = draw(rng, 0, 1),
                                  .recip = random_float(rng)};
        return turns / w->pool.count;
    case DVT_KERNEL_DEPTHWISE:
        w->depthwise.count = draw_window(rng, w);
        turns /= w->depthwise.count;
        w->depthwise.outer = draw(rng, 1, turns);
        w->wread.words = w->depthwise.count + draw(rng, 0, 1);
        w->wread.lanes = 1;
        draw_pages(rng, o, w, (turns - 1) / w->depthwise.outer + 1);
        return turns;
    case DVT_KERNEL_LRN:
        w->lrn = (dvt_part_lrn){.blocks = draw_window(rng, w),
                                .size = 1 + 2 * draw(rng, 0, o->lrn_size_max / 2),
                                .table = chance(rng, 90),
                                .alpha_n = dvt_isa_bits(dvt_rng_f32(rng)),
                                .k = dvt_isa_bits(dvt_rng_f32(rng) + 0.01f)};
        return turns;
    default: return turns;
    }
}

/* ---- route --------------------------------------------------------------------------------- */

static void draw_params(dvt_rng *rng, dvt_word *w, int64_t width, int64_t groups)
{
    dvt_part_wread *r = &w->wread;

    if (!dvt_word_has(w, DVT_KERNEL_WREAD)) {
        w->kernels |= 1u << DVT_KERNEL_WREAD;
        r->n[0] = r->n[1] = r->n[2] = 1;
    }
    r->param_rows = r->param_rows ? r->param_rows : width + draw(rng, 0, 2);
    r->param_groups = groups > r->param_groups ? groups : r->param_groups;
    r->param_src = SIM_PARAMS / UNIT + draw(rng, 0, 20);
}

/* Results that share a group; few groups, so that their rows fit into the region. */
static int64_t draw_outer(dvt_rng *rng, int64_t results)
{
    int64_t groups = draw(rng, 1, results < 8 ? results : 8);

    return (results + groups - 1) / groups + draw(rng, 0, 1);
}

static void draw_act(dvt_rng *rng, dvt_word *w, int64_t width, int64_t results)
{
    float p0 = (float)dvt_rng_normal(rng);

    w->act = (dvt_part_act){.fn = draw(rng, 0, DVT_ACT_COUNT - 1),
                            .table = chance(rng, 10),
                            .p0 = dvt_isa_bits(p0),
                            .p1 = dvt_isa_bits(p0 + dvt_rng_f32(rng)),
                            .outer = draw_outer(rng, results)};
    if (w->act.fn == DVT_ACT_PRELU) {
        w->act.outer = dvt_word_has(w, DVT_KERNEL_SCALE) ? w->scale.outer : w->act.outer;
        draw_params(rng, w, width, (results - 1) / w->act.outer + 1);
    }
}

static void draw_elt(dvt_rng *rng, const dvt_overlay *o, dvt_word *w)
{
    dvt_part_elt *e = &w->elt;
    int64_t       half = (int64_t)o->stream_buffer_banks * o->stream_buffer_words_per_bank / 2;
    const int64_t lanes[3] = {o->p_vec, o->q_vec, 4};
    int64_t       below = 0, above = 0;

    e->fn = draw(rng, 0, 2);
    memcpy(e->n, w->write.n, sizeof e->n);
    draw_steps(rng, e->a, DVT_OUT_LOOPS, 4);
    e->pa = draw(rng, -9, 9);
    e->qa = draw(rng, -9, 9);
    e->ja = draw(rng, -9, 9);
    span_of(e->n, e->a, DVT_OUT_LOOPS, &below, &above);
    span_of(lanes, (const int64_t[]){e->pa, e->qa, e->ja}, 3, &below, &above);
    e->base = place(rng, 0, half, below, above);
    e->scale = o->format == DVT_FORMAT_INT8 ? random_float(rng) : dvt_isa_bits(1.0f);
}

static void draw_route(dvt_rng *rng, const dvt_overlay *o, dvt_kernel source, int64_t results,
                       dvt_word *w)
{
    static const dvt_kernel point[] = {DVT_KERNEL_SCALE, DVT_KERNEL_ACT, DVT_KERNEL_ELT};
    int64_t                 width = source == DVT_KERNEL_ARRAY ? o->k_vec : o->c_vec;
    int                     at = 0, first = (int)draw(rng, 0, 2), turn = (int)draw(rng, 1, 2);

    w->xbar.source = source != DVT_KERNEL_ARRAY;
    if (source != DVT_KERNEL_ARRAY && source != DVT_KERNEL_SREAD) {
        w->xbar.route[at++] = source;
    }
    for (int i = 0; i < 3; i++) { /* any order: turn 1 and 2 are the two ways round */
        dvt_kernel k = point[(first + i * turn) % 3];
        if (chance(rng, 50)) {
            w->xbar.route[at++] = k;
        }
    }
    for (int i = 0; i < at; i++) {
        w->kernels |= 1u << w->xbar.route[i];
    }
    if (dvt_word_has(w, DVT_KERNEL_SCALE)) {
        w->scale.outer = draw_outer(rng, results);
        draw_params(rng, w, width, (results - 1) / w->scale.outer + 1);
    }
    if (dvt_word_has(w, DVT_KERNEL_ACT)) {
        draw_act(rng, w, width, results);
    }
    if (dvt_word_has(w, DVT_KERNEL_ELT)) {
        draw_elt(rng, o, w);
    }
}

/* ---- writer -------------------------------------------------------------------------------- */

/* Usually each result has a place of its own, as compilers do it; else they lie over one another
 * and the last one written stays. */
static void draw_write(dvt_rng *rng, const dvt_overlay *o, dvt_kernel source, int64_t results,
                       dvt_word *w)
{
    dvt_part_write     *r = &w->write;
    int64_t             words = (int64_t)o->stream_buffer_banks * o->stream_buffer_words_per_bank;
    int64_t             width = source == DVT_KERNEL_ARRAY ? o->k_vec : o->c_vec;
    const int64_t       lanes[3] = {o->p_vec, o->q_vec, (width + o->c_vec - 1) / o->c_vec};
    int64_t             step = 1, below = 0, above = 0;
    bool                dense = chance(rng, 75);
    dvt_overlay_derived d;

    dvt_overlay_derive(o, &d);
    share_out(rng, results, r->n, DVT_OUT_LOOPS);
    r->jd = dense ? step : draw(rng, -3, 3);
    step *= lanes[2];
    r->qd = dense ? step : draw(rng, -3, 3);
    step *= lanes[1];
    r->pd = dense ? step : draw(rng, -3, 3);
    step *= lanes[0];
    for (int l = 0; l < DVT_OUT_LOOPS; l++) {
        r->d[l] = dense ? (chance(rng, 20) ? -step : step) : draw(rng, -4, 4);
        step *= r->n[l];
        r->h[l] = chance(rng, 40) ? draw(rng, -1, 2) : 0;
        r->w[l] = chance(rng, 40) && r->h[l] == 0 ? draw(rng, -1, 2) : 0;
    }
    r->h_max = chance(rng, 50) ? 1000 : draw(rng, 1, 5);
    r->w_max = chance(rng, 50) ? 1000 : draw(rng, 1, 5);
    r->k_level = draw(rng, 0, 7);
    r->k_last = draw(rng, 1, width);
    r->space = chance(rng, 40);
    span_of(r->n, r->d, DVT_OUT_LOOPS, &below, &above);
    span_of(lanes, (const int64_t[]){r->pd, r->qd, r->jd}, 3, &below, &above);
    r->base = r->space ? place(rng, SIM_RESULTS / d.feature_word_bytes,
                               SIM_DUMP / d.feature_word_bytes, below, above)
                       : place(rng, words / 2, words, below, above);
    r->inv_scale = o->format == DVT_FORMAT_INT8 ? random_float(rng) : dvt_isa_bits(1.0f);
}

dvt_word random_word(dvt_rng *rng, const dvt_overlay *o, dvt_kernel source)
{
    dvt_word w = {.tag = (uint32_t)draw(rng, 0, 999),
                  .kernels =
                      1u << DVT_KERNEL_SREAD | 1u << DVT_KERNEL_XBAR | 1u << DVT_KERNEL_WRITE};
    int64_t  results;

    draw_counts(rng, w.sread.n);
    draw_sread(rng, o, &w);
    results = draw_source(rng, o, source, &w);
    draw_write(rng, o, source, results, &w);
    draw_route(rng, o, source, results, &w);
    if (chance(rng, 25)) {
        draw_fread(rng, o, &w);
    }
    return w;
}

/* ---- memory -------------------------------------------------------------------------------- */

/* Mantissas of any size, small ones now and then. */
static void draw_mantissas(dvt_rng *rng, const sim_words *s, int32_t m, int16_t *mant)
{
    int32_t limit = (1 << (m - 1)) - 1;

    for (int32_t i = 0; i < s->o.c_vec; i++) {
        mant[i] = (int16_t)draw(rng, -limit, limit);
        mant[i] = (int16_t)(chance(rng, 20) ? mant[i] / 8 : mant[i]);
    }
}

static float draw_param(dvt_rng *rng, bool tame)
{
    float x = (float)dvt_rng_normal(rng) * (tame ? 1.0f : ldexpf(1.0f, (int)draw(rng, -149, 125)));

    return dvt_isa_plain(x) ? x : 0.0f;
}

void random_memory(dvt_rng *rng, sim_words *s, bool tame)
{
    int16_t mant[256];
    bool    small = chance(rng, 50);

    for (int32_t i = 0; i < SIM_FILTERS / s->d.feature_word_bytes; i++) {
        draw_mantissas(rng, s, s->o.feature_mantissa_bits, mant);
        sim_put_block(s, i, mant, (uint8_t)(tame ? draw(rng, 11, 17) : draw(rng, 0, 31)));
    }
    for (int32_t i = 0; i < (SIM_PARAMS - SIM_FILTERS) / s->d.filter_word_bytes; i++) {
        draw_mantissas(rng, s, s->o.filter_mantissa_bits, mant);
        sim_put_filter(
            s, i, mant,
            (uint8_t)(tame || (small && chance(rng, 90)) ? draw(rng, 8, 14) : draw(rng, 0, 31)));
    }
    for (int32_t i = 0; i < 200; i++) {
        sim_put_param(s, i, draw_param(rng, tame), draw_param(rng, tame), draw_param(rng, tame));
    }
    if (!tame) { /* signs of zero and, in int8, -128 */
        for (int32_t i = 0; i < SIM_PARAMS; i++) {
            s->image[i] = chance(rng, 5) ? 0x80 : s->image[i];
        }
    }
}
