/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word_check.c - may this overlay run this long word?
 *
 * Idea      Kernels only count, so everything that could go wrong is decided here, before a word
 *           runs: parts and route agree with the overlay's crossbar, the nests of source, writer
 *           and operand deliver the same number of results, pages and parameter rows suffice, and
 *           the exact range of every address (reach.c) lies in its memory. Models and hardware
 *           execute words that pass without looking again.
 * Aliasing  A trip must not write what it reads: hardware overlaps its beginning and end. Ranges
 *           that meet are refused, even where single words would interleave.
 * Status    DVT_E_CAPACITY: more than this overlay has. DVT_E_PARSE: fields contradict each other.
 *           DVT_E_UNSUPPORTED: addresses too irregular to be checked.
 * Tests     tests/unit/test_word_check.c (each refusal), tests/fuzz/fuzz_isa.c
 */
#include "dovetail/program.h"
#include "overlay/overlay_int.h"
#include "overlay/reach.h"

#include <math.h>
#include <stdio.h>

enum { UNIT_BYTES = 16, ROW_BYTES = 16 };
/* An hour at 300 MHz; keeps every product of counts and widths behind this file within 63 bits. */
static const int64_t TURNS_MAX = (int64_t)1 << 40;

typedef struct check {
    dvt_ctx            *ctx;
    const dvt_overlay  *o;
    const dvt_word     *w;
    dvt_overlay_derived d;
    int64_t             memory_bytes, memory_words;
    int64_t             width;               /* values of a pixel in a result */
    int64_t             results;             /* of the trip */
    dvti_range          in, operand, stored; /* touched: sread, elt, write */
} check;

static bool has(const check *c, dvt_kernel k) { return dvt_word_has(c->w, k); }

static dvt_status refuse(const check *c, dvt_status status, const char *fmt, ...) DVT_PRINTF(3, 4);
static dvt_status refuse(const check *c, dvt_status status, const char *fmt, ...)
{
    char    line[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    return dvt_fail(c->ctx, status, NULL, "word %u: %s", c->w->tag, line);
}

/* ---- parts and route ----------------------------------------------------------------------- */

static dvt_status check_floats(const check *c)
{
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        const dvt_isa_part *part = dvt_isa_describe((dvt_kernel)k);
        for (int32_t i = 0; has(c, (dvt_kernel)k) && i < part->field_count; i++) {
            const dvt_isa_field *f = &part->fields[i];
            const int64_t       *v =
                (const int64_t *)(const void *)((const char *)c->w + part->offset + f->offset);
            if (f->kind == 'R' && !dvt_isa_plain(dvt_isa_float(*v))) {
                return refuse(c, DVT_E_PARSE, "%s.%s is neither zero nor a normal number",
                              part->name, f->name);
            }
        }
    }
    return DVT_OK;
}

static dvt_status check_parts(const check *c)
{
    static const dvt_kernel needed[] = {DVT_KERNEL_XBAR, DVT_KERNEL_WRITE};
    bool                    windows = has(c, DVT_KERNEL_ARRAY) || has(c, DVT_KERNEL_DEPTHWISE);

    if (!has(c, DVT_KERNEL_SREAD)) {
        return (c->w->kernels & ~(1u << DVT_KERNEL_FREAD)) == 0
                   ? DVT_OK
                   : refuse(c, DVT_E_PARSE, "has kernels of a trip but no sread");
    }
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (!has(c, needed[i])) {
            return refuse(c, DVT_E_PARSE, "a trip without %s", dvt_kernel_name(needed[i]));
        }
    }
    for (int k = DVT_KERNEL_SCALE; k <= DVT_KERNEL_LRN; k++) {
        if (has(c, (dvt_kernel)k) && !dvt_overlay_has(c->o, (dvt_kernel)k)) {
            return refuse(c, DVT_E_CAPACITY, "overlay '%s' has no kernel '%s'", c->o->name,
                          dvt_kernel_name((dvt_kernel)k));
        }
    }
    if (has(c, DVT_KERNEL_ARRAY) != (c->w->xbar.source == 0)) {
        return refuse(c, DVT_E_PARSE, "xbar.source = %lld, but the array %s",
                      (long long)c->w->xbar.source,
                      has(c, DVT_KERNEL_ARRAY) ? "takes part" : "does not take part");
    }
    if (windows && !has(c, DVT_KERNEL_WREAD)) {
        return refuse(c, DVT_E_PARSE, "filters are used but wread is missing");
    }
    return DVT_OK;
}

static dvt_status check_hop(const check *c, dvt_kernel from, dvt_kernel to, int32_t place)
{
    if ((c->o->connect[from] >> to & 1u) == 0) {
        return refuse(c, DVT_E_CAPACITY, "overlay '%s' does not connect %s to %s", c->o->name,
                      dvt_kernel_name(from), dvt_kernel_name(to));
    }
    if (dvti_kernel_takes_windows(to) && (place != 0 || c->w->xbar.source != 1)) {
        return refuse(c, DVT_E_PARSE, "%s must come first behind the stream reader",
                      dvt_kernel_name(to));
    }
    return DVT_OK;
}

static dvt_status check_route(const check *c)
{
    const dvt_part_xbar *x = &c->w->xbar;
    dvt_kernel           from = x->source == 0 ? DVT_KERNEL_ARRAY : DVT_KERNEL_SREAD;
    uint32_t             seen = 0;
    int32_t              i = 0;
    dvt_status           st = DVT_OK;

    for (; st == DVT_OK && i < DVT_ROUTE_MAX && x->route[i] != 0; i++) {
        int64_t k = x->route[i];
        if (k >= DVT_KERNEL_COUNT || !dvti_kernel_is_aux((dvt_kernel)k) || !has(c, (dvt_kernel)k) ||
            (seen >> k & 1u) != 0) {
            return refuse(c, DVT_E_PARSE,
                          "xbar.route[%d] = %lld is no kernel of this word, or stands there twice",
                          i, (long long)k);
        }
        st = check_hop(c, from, (dvt_kernel)k, i);
        from = (dvt_kernel)k;
        seen |= 1u << k;
    }
    if (st == DVT_OK) {
        st = check_hop(c, from, DVT_KERNEL_WRITE, DVT_ROUTE_MAX);
    }
    for (; st == DVT_OK && i < DVT_ROUTE_MAX; i++) {
        if (x->route[i] != 0) {
            return refuse(c, DVT_E_PARSE, "xbar.route[%d] = %lld behind the end of the route", i,
                          (long long)x->route[i]);
        }
    }
    for (int k = DVT_KERNEL_SCALE; st == DVT_OK && k <= DVT_KERNEL_LRN; k++) {
        if (has(c, (dvt_kernel)k) && (seen >> k & 1u) == 0) {
            return refuse(c, DVT_E_PARSE, "%s takes part but is not on the route",
                          dvt_kernel_name((dvt_kernel)k));
        }
    }
    return st;
}

/* ---- counts -------------------------------------------------------------------------------- */

/* Product of counts; every one at least 1. 0 after an error, or above TURNS_MAX. */
static int64_t product(const int64_t *n, int first, int end)
{
    int64_t count = 1;

    for (int l = first; l < end; l++) {
        if (n[l] < 1 || count > TURNS_MAX / n[l]) {
            return 0;
        }
        count *= n[l];
    }
    return count;
}

static dvt_status bad_counts(const check *c, const char *part)
{
    return refuse(c, DVT_E_PARSE, "%s.n has a count of 0 or more than 2^40 turns in all", part);
}

/* Turns of the stream reader that make one result; 0 = not a whole number of results. */
static int64_t turns_of_result(const check *c)
{
    const dvt_word *w = c->w;

    if (has(c, DVT_KERNEL_ARRAY)) {
        return product(w->sread.n, 0, (int)w->array.acc);
    }
    if (has(c, DVT_KERNEL_POOL)) {
        return w->pool.count;
    }
    return has(c, DVT_KERNEL_DEPTHWISE) ? w->depthwise.count : 1;
}

static dvt_status check_results(check *c)
{
    const dvt_word *w = c->w;
    int64_t         turns = product(w->sread.n, 0, DVT_LOOPS), each = turns_of_result(c);
    int64_t         written = product(w->write.n, 0, DVT_OUT_LOOPS);

    c->width = has(c, DVT_KERNEL_ARRAY) ? c->o->k_vec : c->o->c_vec;
    if (turns == 0) {
        return bad_counts(c, "sread");
    }
    if (written == 0) {
        return bad_counts(c, "write");
    }
    if (each < 1 || turns % each != 0) {
        return refuse(c, DVT_E_PARSE,
                      "sread.n makes %lld turns, no whole number of windows of %lld",
                      (long long)turns, (long long)each);
    }
    c->results = turns / each;
    if (written != c->results) {
        return refuse(c, DVT_E_PARSE, "write.n counts %lld results, the source delivers %lld",
                      (long long)written, (long long)c->results);
    }
    for (int l = 0; has(c, DVT_KERNEL_ELT) && l < DVT_OUT_LOOPS; l++) {
        if (w->elt.n[l] != w->write.n[l]) {
            return refuse(c, DVT_E_PARSE, "elt.n[%d] = %lld, write.n[%d] = %lld", l,
                          (long long)w->elt.n[l], l, (long long)w->write.n[l]);
        }
    }
    if (w->write.k_level < DVT_OUT_LOOPS && (w->write.k_last < 1 || w->write.k_last > c->width)) {
        return refuse(c, DVT_E_PARSE, "write.k_last = %lld, a result has 1 to %lld values",
                      (long long)w->write.k_last, (long long)c->width);
    }
    return DVT_OK;
}

static int64_t groups_used(const check *c, int64_t outer) { return (c->results - 1) / outer + 1; }

/* ---- filters and parameters ---------------------------------------------------------------- */

static dvt_status check_array(const check *c)
{
    const dvt_part_array *a = &c->w->array;
    int64_t               low = a->fbase, high = a->fbase, step;

    for (int l = 0; l < DVT_LOOPS; l++) {
        if (a->n[l] != c->w->sread.n[l]) {
            return refuse(c, DVT_E_PARSE, "array.n[%d] = %lld, sread.n[%d] = %lld", l,
                          (long long)a->n[l], l, (long long)c->w->sread.n[l]);
        }
        step = (a->n[l] - 1) * a->f[l];
        low += step < 0 ? step : 0;
        high += step > 0 ? step : 0;
    }
    if (low < 0 || high >= c->w->wread.words) {
        return refuse(c, DVT_E_PARSE, "array reads filter words %lld..%lld of pages of %lld",
                      (long long)low, (long long)high, (long long)c->w->wread.words);
    }
    return DVT_OK;
}

static int64_t pages_used(const check *c)
{
    if (has(c, DVT_KERNEL_ARRAY)) {
        return product(c->w->sread.n, (int)c->w->array.page, DVT_LOOPS);
    }
    return has(c, DVT_KERNEL_DEPTHWISE) ? groups_used(c, c->w->depthwise.outer) : 0;
}

/* Inside external memory? Addresses in units of 16 bytes, size in bytes. */
static bool in_memory(const check *c, int64_t unit, int64_t bytes)
{
    return unit >= 0 && bytes >= 0 && bytes <= c->memory_bytes &&
           unit <= (c->memory_bytes - bytes) / UNIT_BYTES;
}

/* Filter words are larger than a unit of addresses in wide arrays. */
static bool misaligned(const check *c, const dvt_part_wread *w)
{
    int64_t units = c->d.filter_word_bytes > UNIT_BYTES ? c->d.filter_word_bytes / UNIT_BYTES : 1;
    bool    off = w->src % units != 0;

    for (int l = 0; l < DVT_PAGE_LOOPS; l++) {
        off = off || (w->n[l] > 1 && w->step[l] % units != 0);
    }
    return off;
}

static dvt_status check_pages(const check *c)
{
    const dvt_part_wread *w = &c->w->wread;
    int64_t lanes = has(c, DVT_KERNEL_ARRAY) ? c->o->k_vec : 1, low = w->src, high = w->src;
    int64_t pages = product(w->n, 0, DVT_PAGE_LOOPS);

    if (w->words > c->o->filter_cache_words) {
        return refuse(c, DVT_E_CAPACITY,
                      "wread.words = %lld does not fit into a filter cache of %d words",
                      (long long)w->words, c->o->filter_cache_words);
    }
    if (w->lanes != lanes) {
        return refuse(c, DVT_E_PARSE, "wread.lanes = %lld, this trip needs %lld",
                      (long long)w->lanes, (long long)lanes);
    }
    if (pages != pages_used(c)) {
        return refuse(c, DVT_E_PARSE, "wread.n delivers %lld pages, the trip takes %lld",
                      (long long)pages, (long long)pages_used(c));
    }
    if (misaligned(c, w)) {
        return refuse(c, DVT_E_PARSE,
                      "wread.src or a step is no multiple of %d bytes, so that words of filters "
                      "would straddle beats",
                      c->d.filter_word_bytes);
    }
    for (int l = 0; l < DVT_PAGE_LOOPS; l++) {
        int64_t step = (w->n[l] - 1) * w->step[l];
        low += step < 0 ? step : 0;
        high += step > 0 ? step : 0;
    }
    if (low < 0 || !in_memory(c, high, w->words * w->lanes * c->d.filter_word_bytes)) {
        return refuse(c, DVT_E_CAPACITY,
                      "wread reads pages outside of external memory (%lld bytes)",
                      (long long)c->memory_bytes);
    }
    return DVT_OK;
}

static dvt_status check_param_use(const check *c, const char *field, int64_t outer)
{
    const dvt_part_wread *w = &c->w->wread;

    if (outer < 1) {
        return refuse(c, DVT_E_PARSE, "%s = 0, at least 1 result takes a group", field);
    }
    if (!has(c, DVT_KERNEL_WREAD) || w->param_rows < c->width ||
        w->param_groups != groups_used(c, outer)) {
        return refuse(c, DVT_E_PARSE,
                      "%s: needs %lld groups of %lld parameter rows, wread has %lld of %lld", field,
                      (long long)groups_used(c, outer), (long long)c->width,
                      has(c, DVT_KERNEL_WREAD) ? (long long)w->param_groups : 0,
                      has(c, DVT_KERNEL_WREAD) ? (long long)w->param_rows : 0);
    }
    return DVT_OK;
}

static dvt_status check_wread(const check *c)
{
    const dvt_part_wread *w = &c->w->wread;
    bool                  filters = has(c, DVT_KERNEL_ARRAY) || has(c, DVT_KERNEL_DEPTHWISE);
    dvt_status            st = DVT_OK;

    if (!has(c, DVT_KERNEL_WREAD)) {
        return DVT_OK;
    }
    if (filters != (w->words > 0)) {
        return refuse(c, DVT_E_PARSE, "wread.words = %lld, the trip uses %s", (long long)w->words,
                      filters ? "filters" : "none");
    }
    if (filters) {
        st = check_pages(c);
    }
    if (st == DVT_OK && !in_memory(c, w->param_src, w->param_rows * w->param_groups * ROW_BYTES)) {
        st = refuse(c, DVT_E_CAPACITY,
                    "wread reads parameters outside of external memory (%lld bytes)",
                    (long long)c->memory_bytes);
    }
    return st;
}

/* ---- auxiliary kernels --------------------------------------------------------------------- */

/* An average by valid blocks looks its reciprocal up: the overlay knows them up to a limit. */
static dvt_status check_pool(const check *c)
{
    const dvt_part_pool *k = &c->w->pool;

    if (k->count < 1) {
        return refuse(c, DVT_E_PARSE, "pool.count = 0, a window has at least one turn");
    }
    if (k->kind == 1 && k->by_valid && k->count > c->o->pool_window_max) {
        return refuse(c, DVT_E_CAPACITY, "pool.count = %lld, reciprocals of this overlay go to %d",
                      (long long)k->count, c->o->pool_window_max);
    }
    return DVT_OK;
}

static dvt_status check_table(const check *c, const char *field, int64_t table)
{
    if (table >= c->o->function_tables) {
        return refuse(c, DVT_E_CAPACITY, "%s = %lld, this overlay has %d function tables", field,
                      (long long)table, c->o->function_tables);
    }
    return DVT_OK;
}

static dvt_status check_act(const check *c)
{
    const dvt_part_act *a = &c->w->act;

    if (a->fn >= DVT_ACT_COUNT) {
        return refuse(c, DVT_E_PARSE, "act.fn = %lld is no function", (long long)a->fn);
    }
    if (a->fn == DVT_ACT_TABLE || a->fn == DVT_ACT_ELU) {
        return check_table(c, "act.table", a->table);
    }
    if (a->fn == DVT_ACT_CLIP && dvt_isa_float(a->p0) > dvt_isa_float(a->p1)) {
        return refuse(c, DVT_E_PARSE, "act.p0 = %g is above act.p1 = %g",
                      (double)dvt_isa_float(a->p0), (double)dvt_isa_float(a->p1));
    }
    return a->fn == DVT_ACT_PRELU ? check_param_use(c, "act.outer", a->outer) : DVT_OK;
}

static dvt_status check_depthwise(const check *c)
{
    const dvt_part_depthwise *k = &c->w->depthwise;
    dvt_status                st = DVT_OK;

    if (k->count < 1) {
        st = refuse(c, DVT_E_PARSE, "depthwise.count = 0, a window has at least one turn");
    }
    if (st == DVT_OK && k->outer < 1) {
        st = refuse(c, DVT_E_PARSE, "depthwise.outer = 0, at least 1 result takes a page");
    }
    if (st == DVT_OK && k->count > c->w->wread.words) {
        st = refuse(c, DVT_E_PARSE, "depthwise.count = %lld, pages have %lld words",
                    (long long)k->count, (long long)c->w->wread.words);
    }
    return st;
}

static dvt_status check_lrn(const check *c)
{
    const dvt_part_lrn *k = &c->w->lrn;

    if (k->size % 2 == 0 || k->size > c->o->lrn_size_max) {
        return refuse(c, DVT_E_CAPACITY, "lrn.size = %lld, this overlay has odd windows up to %d",
                      (long long)k->size, c->o->lrn_size_max);
    }
    if (k->blocks < 1 || c->results % k->blocks != 0) {
        return refuse(c, DVT_E_PARSE, "lrn.blocks = %lld does not divide %lld results",
                      (long long)k->blocks, (long long)c->results);
    }
    if (!(dvt_isa_float(k->k) > 0.0f) || dvt_isa_float(k->alpha_n) < 0.0f) {
        return refuse(c, DVT_E_PARSE, "lrn.k must be positive and lrn.alpha_n not negative");
    }
    return check_table(c, "lrn.table", k->table);
}

/* Those that decide how many results there are come before check_results. */
static dvt_status check_windows(const check *c)
{
    dvt_status st = DVT_OK;

    if (has(c, DVT_KERNEL_POOL)) {
        st = check_pool(c);
    }
    return st == DVT_OK && has(c, DVT_KERNEL_DEPTHWISE) ? check_depthwise(c) : st;
}

/* One buffer of groups: who uses them, uses them together; nobody, and there are none. */
static dvt_status check_param_groups(const check *c)
{
    const dvt_word *w = c->w;
    bool            scale = has(c, DVT_KERNEL_SCALE);
    bool            prelu = has(c, DVT_KERNEL_ACT) && w->act.fn == DVT_ACT_PRELU;

    if (scale && prelu && w->scale.outer != w->act.outer) {
        return refuse(c, DVT_E_PARSE, "act.outer = %lld, scale.outer = %lld: one group serves both",
                      (long long)w->act.outer, (long long)w->scale.outer);
    }
    if (!scale && !prelu && has(c, DVT_KERNEL_WREAD) && w->wread.param_rows > 0 &&
        w->wread.param_groups > 0) {
        return refuse(c, DVT_E_PARSE, "wread reads %lld groups of parameters that no kernel uses",
                      (long long)w->wread.param_groups);
    }
    return DVT_OK;
}

static dvt_status check_auxiliary(const check *c)
{
    dvt_status st = DVT_OK;

    if (has(c, DVT_KERNEL_SCALE)) {
        st = check_param_use(c, "scale.outer", c->w->scale.outer);
    }
    if (st == DVT_OK && has(c, DVT_KERNEL_ACT)) {
        st = check_act(c);
    }
    if (st == DVT_OK) {
        st = check_param_groups(c);
    }
    if (st == DVT_OK && has(c, DVT_KERNEL_LRN)) {
        st = check_lrn(c);
    }
    if (st == DVT_OK && has(c, DVT_KERNEL_ELT) && c->w->elt.fn > 2) {
        st = refuse(c, DVT_E_PARSE, "elt.fn = %lld is no function", (long long)c->w->elt.fn);
    }
    return st;
}

/* ---- addresses ----------------------------------------------------------------------------- */

static dvt_status inside(const check *c, const char *part, const char *memory, dvti_range r,
                         int64_t words)
{
    if (!dvti_range_empty(r) && (r.min < 0 || r.max >= words)) {
        return refuse(c, DVT_E_CAPACITY, "%s reaches words %lld..%lld of %s, which has %lld", part,
                      (long long)r.min, (long long)r.max, memory, (long long)words);
    }
    return DVT_OK;
}

static dvt_status range_of(const check *c, const char *part, const dvti_reach *r, dvti_range *out)
{
    return dvti_reach_range(r, out)
               ? DVT_OK
               : refuse(c, DVT_E_UNSUPPORTED, "%s: steps too irregular to be checked", part);
}

static dvti_range linear(int64_t base, const int64_t *n, const int64_t *step, int levels)
{
    dvti_range r = {base, base};

    for (int l = 0; l < levels; l++) {
        int64_t far = (n[l] - 1) * step[l];
        r.min += far < 0 ? far : 0;
        r.max += far > 0 ? far : 0;
    }
    return r;
}

static dvt_status check_fread(const check *c)
{
    const dvt_part_fread *f = &c->w->fread;
    const int64_t         from[3] = {1, f->src_step[0], f->src_step[1]};
    const int64_t         to[3] = {1, f->dst_step[0], f->dst_step[1]};
    dvt_status            st;

    if (product(f->n, 0, DVT_DMA_LOOPS) == 0) {
        return bad_counts(c, "fread");
    }
    st = inside(c, "fread.src", "external memory", linear(f->src, f->n, from, DVT_DMA_LOOPS),
                c->memory_words);
    return st == DVT_OK ? inside(c, "fread.dst", "the stream buffer",
                                 linear(f->dst, f->n, to, DVT_DMA_LOOPS), c->d.stream_buffer_words)
                        : st;
}

static dvt_status check_sread(check *c)
{
    const dvt_part_sread *s = &c->w->sread;
    dvti_reach            r = {.base = s->base,
                               .h0 = s->h0,
                               .w0 = s->w0,
                               .h_max = s->h_max,
                               .w_max = s->w_max,
                               .levels = DVT_LOOPS + 2};
    dvt_status            st;

    for (int l = 0; l < DVT_LOOPS; l++) {
        r.level[l] = (dvti_reach_level){s->n[l], s->a[l], s->h[l], s->w[l]};
    }
    r.level[DVT_LOOPS] = (dvti_reach_level){c->o->p_vec, s->pa, s->ph, 0};
    r.level[DVT_LOOPS + 1] = (dvti_reach_level){c->o->q_vec, s->qa, 0, s->qw};
    st = range_of(c, "sread", &r, &c->in);
    return st == DVT_OK ? inside(c, "sread", "the stream buffer", c->in, c->d.stream_buffer_words)
                        : st;
}

/* The nest of results, whose rows and columns are the writer's, with addresses of its own. */
typedef struct result_nest {
    const char    *part;
    int64_t        base;
    const int64_t *a; /* (DVT_OUT_LOOPS) */
    int64_t        pa, qa, ja;
} result_nest;

static void result_reach(const check *c, const result_nest *n, int64_t blocks, dvti_reach *r)
{
    const dvt_part_write *w = &c->w->write;

    *r = (dvti_reach){.base = n->base,
                      .h_min = INT32_MIN, /* the writer only looks at the upper bounds */
                      .h_max = w->h_max,
                      .w_min = INT32_MIN,
                      .w_max = w->w_max,
                      .levels = DVT_OUT_LOOPS + 3};
    for (int l = 0; l < DVT_OUT_LOOPS; l++) {
        r->level[l] = (dvti_reach_level){w->n[l], n->a[l], w->h[l], w->w[l]};
    }
    r->level[DVT_OUT_LOOPS] = (dvti_reach_level){c->o->p_vec, n->pa, 1, 0};
    r->level[DVT_OUT_LOOPS + 1] = (dvti_reach_level){c->o->q_vec, n->qa, 0, 1};
    r->level[DVT_OUT_LOOPS + 2] = (dvti_reach_level){blocks, n->ja, 0, 0};
}

/* All turns of the channel level but the last have full results; the last may have fewer blocks. */
static dvt_status result_range(const check *c, const result_nest *n, dvti_range *out)
{
    const dvt_part_write *w = &c->w->write;
    int64_t               cv = c->o->c_vec, full = (c->width + cv - 1) / cv;
    dvti_reach            r;
    dvti_range            last = {0, -1};
    dvti_reach_level     *k;
    dvt_status            st;

    result_reach(c, n, full, &r);
    if (w->k_level >= DVT_OUT_LOOPS) {
        return range_of(c, n->part, &r, out);
    }
    *out = last;
    k = &r.level[w->k_level];
    k->n--;
    st = k->n > 0 ? range_of(c, n->part, &r, out) : DVT_OK;
    if (st == DVT_OK) {
        r.base += k->n * k->a;
        r.h0 += k->n * k->h;
        r.w0 += k->n * k->w;
        *k = (dvti_reach_level){1, 0, 0, 0};
        r.level[DVT_OUT_LOOPS + 2].n = (w->k_last + cv - 1) / cv;
        st = range_of(c, n->part, &r, &last);
        *out = dvti_range_join(*out, last);
    }
    return st;
}

static dvt_status check_stores(check *c)
{
    const dvt_part_write *w = &c->w->write;
    const dvt_part_elt   *e = &c->w->elt;
    result_nest           store = {"write", w->base, w->d, w->pd, w->qd, w->jd};
    result_nest           load = {"elt", e->base, e->a, e->pa, e->qa, e->ja};
    dvt_status            st = result_range(c, &store, &c->stored);

    c->operand = (dvti_range){0, -1};
    if (st == DVT_OK) {
        st = inside(c, "write", w->space ? "external memory" : "the stream buffer", c->stored,
                    w->space ? c->memory_words : c->d.stream_buffer_words);
    }
    if (st == DVT_OK && has(c, DVT_KERNEL_ELT)) {
        st = result_range(c, &load, &c->operand);
        if (st == DVT_OK) {
            st = inside(c, "elt", "the stream buffer", c->operand, c->d.stream_buffer_words);
        }
    }
    return st;
}

static bool meets_units(const check *c, int64_t first, int64_t bytes)
{
    int64_t    word = c->d.feature_word_bytes;
    dvti_range r = {first * UNIT_BYTES / word, (first * UNIT_BYTES + bytes - 1) / word};

    return bytes > 0 && dvti_range_meet(r, c->stored);
}

static dvt_status check_aliases(const check *c)
{
    const dvt_part_wread *w = &c->w->wread;
    dvti_range            pages = linear(w->src, w->n, w->step, DVT_PAGE_LOOPS);
    int64_t               page = w->words * w->lanes * c->d.filter_word_bytes;

    if (c->w->write.space == 0) {
        if (dvti_range_meet(c->stored, c->in)) {
            return refuse(c, DVT_E_PARSE, "writes words %lld..%lld over its input %lld..%lld",
                          (long long)c->stored.min, (long long)c->stored.max, (long long)c->in.min,
                          (long long)c->in.max);
        }
        if (dvti_range_meet(c->stored, c->operand)) {
            return refuse(c, DVT_E_PARSE, "writes words %lld..%lld over its operand %lld..%lld",
                          (long long)c->stored.min, (long long)c->stored.max,
                          (long long)c->operand.min, (long long)c->operand.max);
        }
        return DVT_OK;
    }
    if (has(c, DVT_KERNEL_WREAD) &&
        (meets_units(c, w->param_src, w->param_rows * w->param_groups * ROW_BYTES) ||
         (page > 0 && meets_units(c, pages.min, (pages.max - pages.min) * UNIT_BYTES + page)))) {
        return refuse(c, DVT_E_PARSE, "writes over its own filters or parameters");
    }
    return DVT_OK;
}

/* ---- whole --------------------------------------------------------------------------------- */

static dvt_status check_trip(check *c)
{
    static dvt_status (*const before[])(const check *) = {check_route, check_windows};
    static dvt_status (*const after[])(const check *) = {check_wread, check_auxiliary};
    dvt_status st = DVT_OK;

    for (size_t i = 0; st == DVT_OK && i < sizeof before / sizeof *before; i++) {
        st = before[i](c);
    }
    if (st == DVT_OK) {
        st = check_results(c);
    }
    if (st == DVT_OK && has(c, DVT_KERNEL_ARRAY)) {
        st = check_array(c);
    }
    for (size_t i = 0; st == DVT_OK && i < sizeof after / sizeof *after; i++) {
        st = after[i](c);
    }
    if (st == DVT_OK) {
        st = check_sread(c);
    }
    if (st == DVT_OK) {
        st = check_stores(c);
    }
    return st == DVT_OK ? check_aliases(c) : st;
}

dvt_status dvt_word_check(dvt_ctx *ctx, const dvt_overlay *o, const dvt_word *w,
                          int64_t memory_bytes)
{
    check      c = {.ctx = ctx, .o = o, .w = w, .memory_bytes = memory_bytes};
    dvt_status st;

    dvt_overlay_derive(o, &c.d);
    c.memory_words = memory_bytes / c.d.feature_word_bytes;
    st = check_parts(&c);
    if (st == DVT_OK) {
        st = check_floats(&c);
    }
    if (st == DVT_OK && has(&c, DVT_KERNEL_FREAD)) {
        st = check_fread(&c);
    }
    return st == DVT_OK && has(&c, DVT_KERNEL_SREAD) ? check_trip(&c) : st;
}
