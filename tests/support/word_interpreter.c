/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word_interpreter.c - one trip of data at a time, by counting.
 *
 * Section numbers are those of docs/numerics-overlay.md; kernels are in the order of docs/isa.md.
 */
#include "support/word_interpreter.h"

#include "support/fixture.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { PIXELS_MAX = 8, WIDTH_MAX = 16, BLOCKS_MAX = 256 };

/* ---- counting ------------------------------------------------------------------------------ */

typedef struct nest {
    int     levels, advanced; /* the level that the last step advanced */
    int64_t n[DVT_LOOPS], i[DVT_LOOPS];
} nest;

static nest nest_of(const int64_t *n, int levels)
{
    nest s = {.levels = levels};

    for (int l = 0; l < levels; l++) {
        s.n[l] = n[l];
    }
    return s;
}

/* False when the whole nest has wrapped. */
static bool nest_step(nest *s)
{
    for (int l = 0; l < s->levels; l++) {
        if (++s->i[l] < s->n[l]) {
            s->advanced = l;
            return true;
        }
        s->i[l] = 0;
    }
    s->advanced = s->levels;
    return false;
}

static int64_t nest_sum(const nest *s, const int64_t *step)
{
    int64_t sum = 0;

    for (int l = 0; l < s->levels; l++) {
        sum += s->i[l] * step[l];
    }
    return sum;
}

/* ---- blocks -------------------------------------------------------------------------------- */

static uint32_t take_bits(const uint8_t *bytes, int32_t *at, int32_t count)
{
    uint32_t x = 0;

    for (int32_t i = 0; i < count; i++, ++*at) {
        x |= (uint32_t)(bytes[*at / 8] >> *at % 8 & 1) << i;
    }
    return x;
}

static void read_word(const interpreter *s, const uint8_t *bytes, int32_t m, int32_t *mant,
                      int32_t *exp)
{
    int32_t at = 0;

    *exp = 0;
    for (int32_t i = 0; i < s->o.c_vec; i++) {
        if (s->o.format == DVT_FORMAT_INT8) {
            mant[i] = (int8_t)bytes[i];
        } else {
            int32_t magnitude = (int32_t)take_bits(bytes, &at, m - 1);
            mant[i] = take_bits(bytes, &at, 1) ? -magnitude : magnitude;
        }
    }
    if (s->o.format == DVT_FORMAT_BFP) {
        *exp = (int32_t)take_bits(bytes, &at, 5);
    }
}

static void put_bits(uint8_t *bytes, int32_t *at, uint32_t x, int32_t count)
{
    for (int32_t i = 0; i < count; i++, ++*at) {
        bytes[*at / 8] = (uint8_t)(bytes[*at / 8] | (x >> i & 1u) << *at % 8);
    }
}

static void write_word(const interpreter *s, uint8_t *bytes, const int32_t *mant, int32_t exp)
{
    int32_t at = 0, m = s->o.feature_mantissa_bits;

    memset(bytes, 0, (size_t)s->d.feature_word_bytes);
    for (int32_t i = 0; i < s->o.c_vec; i++) {
        if (s->o.format == DVT_FORMAT_INT8) {
            bytes[i] = (uint8_t)mant[i];
        } else {
            put_bits(bytes, &at, (uint32_t)abs(mant[i]), m - 1);
            put_bits(bytes, &at, mant[i] < 0, 1);
        }
    }
    if (s->o.format == DVT_FORMAT_BFP) {
        put_bits(bytes, &at, (uint32_t)exp, 5);
    }
}

static float fl(float x)
{
    if (isinf(x)) {
        return copysignf(FLT_MAX, x);
    }
    return x != 0.0f && fabsf(x) < FLT_MIN ? 0.0f : x;
}

/* Section 4, first paragraph. */
static float stream_value(const interpreter *s, int64_t block, int32_t i, float scale)
{
    int32_t mant = s->mant[block * s->o.c_vec + i];

    return s->o.format == DVT_FORMAT_INT8
               ? fl((float)mant * scale)
               : ldexpf((float)mant, s->exp[block] - 15 - (s->o.feature_mantissa_bits - 2));
}

/* docs/numerics.md section 2: the smallest exponent that holds all values. */
static void encode_block(interpreter *s, const float *x, int32_t *mant, int32_t *exp)
{
    int32_t m = s->o.feature_mantissa_bits, limit = (1 << (m - 1)) - 1;

    for (*exp = 0;; ++*exp) {
        bool fits = true;
        for (int32_t i = 0; i < s->o.c_vec; i++) {
            fits = fits && fabs(rint(ldexp(x[i], 15 + m - 2 - *exp))) <= limit;
        }
        if (fits || *exp == 31) {
            break;
        }
    }
    for (int32_t i = 0; i < s->o.c_vec; i++) {
        double q = rint(ldexp(x[i], 15 + m - 2 - *exp));
        s->saturated += fabs(q) > limit;
        mant[i] = (int32_t)(fabs(q) > limit ? copysign(limit, q) : q);
    }
}

/* Section 5. */
static void store_block(interpreter *s, const dvt_part_write *w, int64_t address, const float *x)
{
    int32_t mant[WIDTH_MAX], exp = 0;

    if (s->o.format == DVT_FORMAT_INT8) {
        for (int32_t i = 0; i < s->o.c_vec; i++) {
            float q = rintf(fl(x[i] * dvt_isa_float(w->inv_scale)));
            s->saturated += fabsf(q) > 127.0f;
            mant[i] = (int32_t)fminf(fmaxf(q, -127.0f), 127.0f);
        }
    } else {
        encode_block(s, x, mant, &exp);
    }
    if (w->space == 1) {
        write_word(s, s->memory + address * s->d.feature_word_bytes, mant, exp);
        return;
    }
    memcpy(s->mant + address * s->o.c_vec, mant, (size_t)s->o.c_vec * sizeof *mant);
    s->exp[address] = exp;
}

/* ---- a trip -------------------------------------------------------------------------------- */

typedef struct trip {
    interpreter    *s;
    const dvt_word *w;
    nest            turn, page, out, operand;
    int64_t         results;                /* written so far */
    int64_t         scale_group, act_group; /* parameters in use */
    int32_t         pixels, width;
    int64_t         acc[PIXELS_MAX][WIDTH_MAX];
    float           x[PIXELS_MAX][WIDTH_MAX];
} trip;

/* The block of lane (p,q) in the current turn; false: outside of the image. */
static bool lane_block(const trip *t, int32_t pixel, int64_t *block)
{
    const dvt_part_sread *r = &t->w->sread;
    int64_t               p = pixel / t->s->o.q_vec, q = pixel % t->s->o.q_vec;
    int64_t               row = r->h0 + nest_sum(&t->turn, r->h) + p * r->ph;
    int64_t               column = r->w0 + nest_sum(&t->turn, r->w) + q * r->qw;

    *block = r->base + nest_sum(&t->turn, r->a) + p * r->pa + q * r->qa;
    return row >= 0 && row < r->h_max && column >= 0 && column < r->w_max;
}

static void take_page(trip *t)
{
    const dvt_part_wread *r = &t->w->wread;
    interpreter          *s = t->s;
    const uint8_t        *at = s->memory + 16 * (r->src + nest_sum(&t->page, r->step));

    for (int64_t i = 0; i < r->words * r->lanes; i++) {
        read_word(s, at + i * s->d.filter_word_bytes, s->o.filter_mantissa_bits,
                  s->page_mant + i * s->o.c_vec, &s->page_exp[i]);
    }
    nest_step(&t->page);
}

/* ---- array --------------------------------------------------------------------------------- */

/* Section 2: the dot product enters floored; what overflows saturates and counts once. */
static void accumulate(interpreter *s, int64_t d, int32_t shift, int64_t *acc)
{
    long double limit = ldexpl(1.0L, s->o.accumulator_bits - 1), whole = ldexpl(1.0L, 63), sum;
    long double x = floorl(ldexpl((long double)d, shift));
    bool        over = x >= whole || x < -whole;

    x = x >= whole ? whole - 1.0L : x < -whole ? -whole : x;
    sum = (long double)*acc + x;
    if (sum >= limit || sum < -limit) {
        over = true;
        sum = sum > 0 ? limit - 1.0L : -limit;
    }
    *acc = (int64_t)sum;
    s->saturated += over;
}

static void array_turn(trip *t)
{
    interpreter *s = t->s;
    int64_t      word = t->w->array.fbase + nest_sum(&t->turn, t->w->array.f), block;
    bool         bfp = s->o.format == DVT_FORMAT_BFP;

    for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
        if (!lane_block(t, pixel, &block)) {
            continue;
        }
        for (int32_t k = 0; k < s->o.k_vec; k++) {
            int64_t filter = word * s->o.k_vec + k, d = 0;
            for (int32_t i = 0; i < s->o.c_vec; i++) {
                d += (int64_t)s->mant[block * s->o.c_vec + i] *
                     s->page_mant[filter * s->o.c_vec + i];
            }
            accumulate(s, d,
                       bfp ? s->exp[block] + s->page_exp[filter] - 30 -
                                 (s->o.feature_mantissa_bits - 2) -
                                 (s->o.filter_mantissa_bits - 2) - s->d.accumulator_lsb_exp
                           : 0,
                       &t->acc[pixel][k]);
        }
    }
}

/* ---- kernels of the route ------------------------------------------------------------------ */

static float parameter(const trip *t, int64_t group, int32_t lane, int32_t column)
{
    const dvt_part_wread *r = &t->w->wread;
    float                 x;

    memcpy(&x, t->s->memory + 16 * (r->param_src + group * r->param_rows + lane) + 4 * column, 4);
    return x;
}

/* Section 6. */
static float table_value(const dvt_function_table *t, float x)
{
    float at = floorf(fl(fl(x - t->x0) * t->inv_step));
    int   i = (int)fminf(fmaxf(at, 0.0f), 255.0f);

    return fl(fl(t->b[i] * x) + t->a[i]);
}

static float power_value(const dvt_function_table *t, float x)
{
    int   e, i;
    float f;

    if (x == 0.0f) { /* below all exponents */
        return fl(fl(t->b[0] + t->a[0]) * t->e2[0]);
    }
    f = 2.0f * frexpf(x, &e);
    e = e - 1 < -64 ? -64 : e - 1 > 63 ? 63 : e - 1;
    i = (int)((f - 1.0f) * 256.0f);
    return fl(fl(fl(t->b[i] * f) + t->a[i]) * t->e2[e + 64]);
}

static float act_value(const trip *t, int32_t lane, float x)
{
    const dvt_part_act       *a = &t->w->act;
    const dvt_function_table *table = &t->s->p->tables[a->table];
    float                     p0 = dvt_isa_float(a->p0), p1 = dvt_isa_float(a->p1);

    switch ((dvt_act)a->fn) {
    case DVT_ACT_RELU: return x > 0.0f ? x : 0.0f;
    case DVT_ACT_LEAKY: return x > 0.0f ? x : fl(x * p0);
    case DVT_ACT_PRELU: return x > 0.0f ? x : fl(x * parameter(t, t->act_group, lane, 2));
    case DVT_ACT_CLIP: return x < p0 ? p0 : x > p1 ? p1 : x;
    case DVT_ACT_TABLE: return table_value(table, x);
    case DVT_ACT_ELU: return x > 0.0f ? x : table_value(table, x);
    case DVT_ACT_COUNT: break;
    }
    fail_msg("act.fn = %d", (int)a->fn);
    return 0.0f;
}

static bool in_last_group(const trip *t)
{
    int64_t level = t->w->write.k_level;

    return level < DVT_OUT_LOOPS && t->out.i[level] == t->out.n[level] - 1;
}

static int64_t values_of(const trip *t) { return in_last_group(t) ? t->w->write.k_last : t->width; }

static bool lane_written(const trip *t, int32_t pixel)
{
    const dvt_part_write *w = &t->w->write;

    return nest_sum(&t->out, w->h) + pixel / t->s->o.q_vec < w->h_max &&
           nest_sum(&t->out, w->w) + pixel % t->s->o.q_vec < w->w_max;
}

static float elt_value(const trip *t, int32_t pixel, int32_t k, float x)
{
    const dvt_part_elt *e = &t->w->elt;
    int32_t             cv = t->s->o.c_vec;
    int64_t block = e->base + nest_sum(&t->operand, e->a) + pixel / t->s->o.q_vec * e->pa +
                    pixel % t->s->o.q_vec * e->qa + k / cv * e->ja;
    float y = stream_value(t->s, block, k % cv, dvt_isa_float(e->scale));

    return e->fn == 0 ? fl(x + y) : e->fn == 1 ? fl(x * y) : x >= y ? x : y;
}

static void apply(trip *t, int64_t kernel, int32_t pixel, int32_t k)
{
    float *x = &t->x[pixel][k];

    if (kernel == DVT_KERNEL_SCALE) {
        *x = fl(fl(*x * parameter(t, t->scale_group, k, 0)) + parameter(t, t->scale_group, k, 1));
    } else if (kernel == DVT_KERNEL_ACT) {
        *x = act_value(t, k, *x);
    } else if (kernel == DVT_KERNEL_ELT && lane_written(t, pixel) &&
               k / t->s->o.c_vec * t->s->o.c_vec < values_of(t)) {
        *x = elt_value(t, pixel, k, *x);
    }
}

/* ---- results ------------------------------------------------------------------------------- */

/* The channel block whose first value is `first`. */
static void store_pixel(trip *t, int32_t pixel, int32_t first)
{
    const dvt_part_write *w = &t->w->write;
    int32_t               cv = t->s->o.c_vec;
    int64_t               at = w->base + nest_sum(&t->out, w->d) + pixel / t->s->o.q_vec * w->pd +
                 pixel % t->s->o.q_vec * w->qd + first / cv * w->jd;
    float block[WIDTH_MAX] = {0};

    for (int32_t i = 0; i < cv && first + i < values_of(t); i++) {
        block[i] = t->x[pixel][first + i];
    }
    store_block(t->s, w, at, block);
}

/* t->x holds what the source made; `skip` kernels of the route have already seen it. */
static void finish_result(trip *t, int skip)
{
    const dvt_part_xbar *r = &t->w->xbar;

    for (int i = skip; i < DVT_ROUTE_MAX && r->route[i]; i++) {
        for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
            for (int32_t k = 0; k < t->width; k++) {
                apply(t, r->route[i], pixel, k);
            }
        }
    }
    for (int32_t first = 0; first < values_of(t); first += t->s->o.c_vec) {
        for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
            if (lane_written(t, pixel)) {
                store_pixel(t, pixel, first);
            }
        }
    }
    nest_step(&t->out);
    nest_step(&t->operand);
    t->results++;
    t->scale_group += t->w->scale.outer > 0 && t->results % t->w->scale.outer == 0;
    t->act_group += t->w->act.outer > 0 && t->results % t->w->act.outer == 0;
}

/* ---- sources ------------------------------------------------------------------------------- */

static void run_array(trip *t)
{
    const dvt_part_array *a = &t->w->array;
    bool                  more = true;

    take_page(t);
    while (more) {
        array_turn(t);
        more = nest_step(&t->turn);
        if (t->turn.advanced >= a->acc) {
            for (int32_t i = 0; i < t->pixels * t->width; i++) {
                int64_t *acc = &t->acc[i / t->width][i % t->width];
                t->x[i / t->width][i % t->width] =
                    fl((float)ldexpl((long double)*acc, t->s->d.accumulator_lsb_exp));
                *acc = 0;
            }
            finish_result(t, 0);
        }
        if (more && t->turn.advanced >= a->page) {
            take_page(t);
        }
    }
}

/* Values of one turn, +0 where nothing is read. */
static void stream_turn(const trip *t, float scale, float v[PIXELS_MAX][WIDTH_MAX],
                        bool valid[PIXELS_MAX])
{
    for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
        int64_t block;
        valid[pixel] = lane_block(t, pixel, &block);
        for (int32_t i = 0; i < t->width; i++) {
            v[pixel][i] = valid[pixel] ? stream_value(t->s, block, i, scale) : 0.0f;
        }
    }
}

static void pool_window(trip *t)
{
    const dvt_part_pool *k = &t->w->pool;
    float                v[PIXELS_MAX][WIDTH_MAX];
    bool                 valid[PIXELS_MAX];
    int32_t              seen[PIXELS_MAX] = {0};

    memset(t->x, 0, sizeof t->x);
    for (int64_t turn = 0; turn < k->count; turn++, nest_step(&t->turn)) {
        stream_turn(t, dvt_isa_float(t->w->sread.scale), v, valid);
        for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
            for (int32_t i = 0; i < t->width; i++) {
                float *x = &t->x[pixel][i];
                if (k->kind == 1) {
                    *x = fl(*x + v[pixel][i]);
                } else if (valid[pixel]) {
                    *x = seen[pixel] == 0 || v[pixel][i] > *x ? v[pixel][i] : *x;
                }
            }
            seen[pixel] += valid[pixel];
        }
    }
    for (int32_t pixel = 0; k->kind == 1 && pixel < t->pixels; pixel++) {
        float by = k->by_valid ? fl(1.0f / (float)(seen[pixel] > 1 ? seen[pixel] : 1))
                               : dvt_isa_float(k->recip);
        for (int32_t i = 0; i < t->width; i++) {
            t->x[pixel][i] = fl(t->x[pixel][i] * by);
        }
    }
}

static void depthwise_window(trip *t)
{
    interpreter *s = t->s;
    int32_t      m = s->o.filter_mantissa_bits;
    float        v[PIXELS_MAX][WIDTH_MAX];
    bool         valid[PIXELS_MAX];

    if (t->results % t->w->depthwise.outer == 0) {
        take_page(t);
    }
    memset(t->x, 0, sizeof t->x);
    for (int64_t turn = 0; turn < t->w->depthwise.count; turn++, nest_step(&t->turn)) {
        stream_turn(t, 1.0f, v, valid);
        for (int32_t i = 0; i < t->width; i++) {
            float w = (float)s->page_mant[turn * s->o.c_vec + i];
            if (s->o.format == DVT_FORMAT_BFP) {
                w = ldexpf(w, s->page_exp[turn] - 15 - (m - 2));
            }
            for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
                t->x[pixel][i] = fl(t->x[pixel][i] + fl(v[pixel][i] * w));
            }
        }
    }
}

/* All blocks of a pixel group come in, all leave again. */
static void lrn_group(trip *t)
{
    const dvt_part_lrn       *k = &t->w->lrn;
    const dvt_function_table *table = &t->s->p->tables[k->table];
    static float              v[BLOCKS_MAX][PIXELS_MAX][WIDTH_MAX];
    bool                      valid[PIXELS_MAX];
    int64_t                   half = (k->size - 1) / 2, channels = k->blocks * t->width;

    assert_true(k->blocks <= BLOCKS_MAX);
    for (int64_t b = 0; b < k->blocks; b++, nest_step(&t->turn)) {
        stream_turn(t, dvt_isa_float(t->w->sread.scale), v[b], valid);
    }
    for (int64_t b = 0; b < k->blocks; b++) {
        for (int32_t i = 0; i < t->pixels * t->width; i++) {
            int64_t pixel = i / t->width, c = b * t->width + i % t->width;
            float   s = 0.0f;
            for (int64_t n = c - half; n <= c + half; n++) {
                if (n >= 0 && n < channels) {
                    float y = v[n / t->width][pixel][n % t->width];
                    s = fl(s + fl(y * y));
                }
            }
            s = fl(dvt_isa_float(k->k) + fl(dvt_isa_float(k->alpha_n) * s));
            t->x[pixel][i % t->width] = fl(v[b][pixel][i % t->width] * power_value(table, s));
        }
        finish_result(t, 1);
    }
}

static void run_stream(trip *t)
{
    const dvt_word *w = t->w;
    bool            valid[PIXELS_MAX];
    int64_t         turns = 1, results = 1;

    for (int l = 0; l < DVT_LOOPS; l++) {
        turns *= w->sread.n[l];
    }
    for (int l = 0; l < DVT_OUT_LOOPS; l++) {
        results *= w->write.n[l];
    }
    while (t->results < results) {
        if (dvt_word_has(w, DVT_KERNEL_LRN)) {
            lrn_group(t);
        } else if (dvt_word_has(w, DVT_KERNEL_POOL)) {
            pool_window(t);
            finish_result(t, 1);
        } else if (dvt_word_has(w, DVT_KERNEL_DEPTHWISE)) {
            depthwise_window(t);
            finish_result(t, 1);
        } else {
            assert_int_equal(turns, results);
            stream_turn(t, dvt_isa_float(w->sread.scale), t->x, valid);
            nest_step(&t->turn);
            finish_result(t, 0);
        }
    }
}

/* ---- words --------------------------------------------------------------------------------- */

static void load_features(interpreter *s, const dvt_part_fread *f)
{
    nest          n = nest_of(f->n, DVT_DMA_LOOPS);
    const int64_t from[] = {1, f->src_step[0], f->src_step[1]};
    const int64_t to[] = {1, f->dst_step[0], f->dst_step[1]};

    do {
        int64_t src = f->src + nest_sum(&n, from), dst = f->dst + nest_sum(&n, to);
        read_word(s, s->memory + src * s->d.feature_word_bytes, s->o.feature_mantissa_bits,
                  s->mant + dst * s->o.c_vec, &s->exp[dst]);
    } while (nest_step(&n));
}

void interpreter_execute(interpreter *s, const dvt_word *w)
{
    trip t = {.s = s,
              .w = w,
              .turn = nest_of(w->sread.n, DVT_LOOPS),
              .page = nest_of(w->wread.n, DVT_PAGE_LOOPS),
              .out = nest_of(w->write.n, DVT_OUT_LOOPS),
              .operand = nest_of(w->elt.n, DVT_OUT_LOOPS),
              .pixels = s->o.p_vec * s->o.q_vec,
              .width = dvt_word_has(w, DVT_KERNEL_ARRAY) ? s->o.k_vec : s->o.c_vec};

    assert_true(t.pixels <= PIXELS_MAX && s->o.k_vec <= WIDTH_MAX && s->o.c_vec <= WIDTH_MAX);
    if (dvt_word_has(w, DVT_KERNEL_FREAD)) {
        load_features(s, &w->fread);
    }
    if (dvt_word_has(w, DVT_KERNEL_ARRAY)) {
        run_array(&t);
    } else if (dvt_word_has(w, DVT_KERNEL_SREAD)) {
        run_stream(&t);
    }
}

void interpreter_open(interpreter *s, const dvt_program *p)
{
    size_t words, page;

    *s = (interpreter){.ctx = p->ctx, .p = p, .o = p->overlay};
    dvt_overlay_derive(&s->o, &s->d);
    words = (size_t)s->d.stream_buffer_words;
    page = (size_t)s->o.filter_cache_words * (size_t)s->o.k_vec;
    s->memory = dvt_calloc(s->ctx, (size_t)p->memory_bytes, 1);
    s->mant = dvt_calloc(s->ctx, words * (size_t)s->o.c_vec, sizeof *s->mant);
    s->exp = dvt_calloc(s->ctx, words, sizeof *s->exp);
    s->page_mant = dvt_calloc(s->ctx, page * (size_t)s->o.c_vec, sizeof *s->page_mant);
    s->page_exp = dvt_calloc(s->ctx, page, sizeof *s->page_exp);
    assert_true(s->memory && s->mant && s->exp && s->page_mant && s->page_exp);
    memcpy(s->memory, p->image, p->image_bytes);
}

void interpreter_close(interpreter *s)
{
    dvt_free(s->ctx, s->memory);
    dvt_free(s->ctx, s->mant);
    dvt_free(s->ctx, s->exp);
    dvt_free(s->ctx, s->page_mant);
    dvt_free(s->ctx, s->page_exp);
}
