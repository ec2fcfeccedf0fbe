/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execute.c - one long word: source, auxiliary kernels in the crossbar's order, writer.
 *
 * Idea      A trip's results are independent, so a thread takes a range of them: accumulates (or
 *           reads), sends each through the route, writes it. Filter pages are loaded between
 *           ranges. With sliced filters a result needs several pages, one after the other.
 * Threads   ranges of results; each has its scratch and its saturation count. No result reads what
 *           another writes: dvt_word_check refuses words that do. Words whose results write over
 *           one another run on one thread (write_order.c).
 * Tests     tests/diff/diff_sim.c, tests/diff/diff_compile.c
 */
#include <math.h>
#include <string.h>

#include "sim/sim_int.h"

/* ---- one result ---------------------------------------------------------------------------- */

typedef void (*kernel_fn)(const dvti_trip *t, int64_t result, float *x);

static const kernel_fn kernels[DVT_KERNEL_COUNT] = {
    [DVT_KERNEL_SCALE] = dvti_scale,         [DVT_KERNEL_ACT] = dvti_act,
    [DVT_KERNEL_POOL] = dvti_pool,           [DVT_KERNEL_ELT] = dvti_elt,
    [DVT_KERNEL_DEPTHWISE] = dvti_depthwise, [DVT_KERNEL_LRN] = dvti_lrn,
};

static bool consumes_stream(int64_t kernel)
{
    return kernel == DVT_KERNEL_POOL || kernel == DVT_KERNEL_DEPTHWISE || kernel == DVT_KERNEL_LRN;
}

static void finish_result(const dvti_trip *t, int64_t result, float *x, uint64_t *saturated)
{
    const dvt_part_xbar *r = &t->w->xbar;

    if (!t->from_array && !consumes_stream(r->route[0])) {
        dvti_stream_values(t, result, x);
    }
    for (int32_t i = 0; i < DVT_ROUTE_MAX && r->route[i]; i++) {
        kernels[r->route[i]](t, result, x);
    }
    dvti_write_result(t, result, x, saturated);
}

/* Private memory of a thread: accumulators and what the fast array wants, of 8 bytes each, then
 * values, of 4. */
static int64_t *scratch_acc(const dvt_sim *s, uint32_t worker)
{
    return (int64_t *)(void *)((char *)s->scratch + worker * s->scratch_bytes);
}

static int64_t acc_count(const dvti_trip *t) { return (int64_t)t->pixels * t->s->o.k_vec; }

static void *scratch_fast(const dvti_trip *t, uint32_t worker)
{
    return scratch_acc(t->s, worker) + acc_count(t);
}

static float *scratch_values(const dvti_trip *t, uint32_t worker)
{
    return (float *)(void *)((char *)scratch_fast(t, worker) + dvti_array_fast_scratch(&t->s->o));
}

static void accumulate(const dvti_trip *t, int64_t result, uint32_t worker)
{
    int64_t *acc = scratch_acc(t->s, worker);

    if (t->s->kind == DVT_SIM_FAST && dvti_array_fast(t, result, acc, scratch_fast(t, worker))) {
        return;
    }
    dvti_array_naive(t, result, acc, &t->s->saturated[worker]);
}

static void run_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const dvti_trip *t = ud;
    float           *x = scratch_values(t, worker);

    for (int64_t i = begin; i < end; i++) {
        int64_t result = t->first_result + i;
        if (t->from_array) {
            memset(scratch_acc(t->s, worker), 0, (size_t)acc_count(t) * sizeof(int64_t));
            accumulate(t, result, worker);
            dvti_array_values(t->s, scratch_acc(t->s, worker), acc_count(t), x);
        }
        finish_result(t, result, x, &t->s->saturated[worker]);
    }
}

/* ---- pages --------------------------------------------------------------------------------- */

static dvt_status load_page(dvt_sim *s, const dvt_word *w, int64_t page)
{
    dvti_load_page(s, &w->wread, page);
    if (s->kind == DVT_SIM_FAST && dvt_word_has(w, DVT_KERNEL_ARRAY)) {
        return dvti_array_fast_page(s, &w->wread);
    }
    return DVT_OK;
}

/* A result whose filters come in several pages: they accumulate in one thread. */
static dvt_status run_sliced(dvti_trip *t)
{
    dvt_status st = DVT_OK;
    float     *x = scratch_values(t, 0);
    bool       safe;

    for (int64_t r = 0; st == DVT_OK && r < t->results; r++) {
        memset(scratch_acc(t->s, 0), 0, (size_t)acc_count(t) * sizeof(int64_t));
        safe = true;
        for (t->slice = 0; st == DVT_OK && t->slice < t->pages_per_result; t->slice++) {
            st = load_page(t->s, t->w, r * t->pages_per_result + t->slice);
            /* behind a page that may overflow, an accumulator may stand at its limit */
            safe = t->s->fast_safe = safe && t->s->fast_safe;
            if (st == DVT_OK) {
                accumulate(t, r, 0);
            }
        }
        dvti_array_values(t->s, scratch_acc(t->s, 0), acc_count(t), x);
        finish_result(t, r, x, &t->s->saturated[0]);
    }
    return st;
}

static dvt_status run_trip(dvti_trip *t, int64_t results_per_page)
{
    bool       pages = dvt_word_has(t->w, DVT_KERNEL_WREAD) && t->w->wread.words > 0;
    dvt_status st = DVT_OK;

    if (t->pages_per_result > 1) {
        return run_sliced(t);
    }
    for (int64_t r = 0, page = 0; st == DVT_OK && r < t->results; r += results_per_page, page++) {
        int64_t count = t->results - r < results_per_page ? t->results - r : results_per_page;
        if (pages) {
            st = load_page(t->s, t->w, page);
        }
        t->first_result = r;
        if (st == DVT_OK) {
            dvt_parallel_for(t->s->ctx, count, t->in_order ? count : 0, run_range, t);
        }
    }
    return st;
}

/* ---- words --------------------------------------------------------------------------------- */

/* The offsets of a result's turns, the same for every result, for those the fast array takes. */
static dvt_status tabulate_turns(dvt_sim *s, const dvti_trip *t)
{
    const dvt_part_sread *r = &t->w->sread;
    int                   acc = (int)t->w->array.acc;

    if (s->kind != DVT_SIM_FAST || t->turns > DVTI_PRODUCTS_MAX) {
        return DVT_OK;
    }
    if (t->turns > s->turn_cap) {
        dvti_turn *grown = dvt_realloc(s->ctx, s->turns, (size_t)t->turns * sizeof *grown);
        if (!grown) {
            return DVT_E_NOMEM;
        }
        s->turns = grown;
        s->turn_cap = t->turns;
    }
    for (int64_t i = 0; i < t->turns; i++) {
        s->turns[i] = (dvti_turn){.a = dvti_nest_dot(i, r->n, r->a, 0, acc),
                                  .h = dvti_nest_dot(i, r->n, r->h, 0, acc),
                                  .w = dvti_nest_dot(i, r->n, r->w, 0, acc),
                                  .f = dvti_nest_dot(i, r->n, t->w->array.f, 0, acc)};
    }
    return DVT_OK;
}

static void trip_init(dvti_trip *t, dvt_sim *s, const dvt_word *w, int64_t *results_per_page)
{
    const dvt_part_sread *r = &w->sread;
    int64_t               turns = dvti_nest_count(r->n, 0, DVT_LOOPS);

    *t = (dvti_trip){.s = s, .w = w, .from_array = w->xbar.source == 0, .pages_per_result = 1};
    t->in_order = s->in_order[w - s->words];
    t->pixels = s->o.p_vec * s->o.q_vec;
    t->width = t->from_array ? s->o.k_vec : s->o.c_vec;
    t->params = s->memory + w->wread.param_src * DVTI_UNIT_BYTES;
    t->param_rows = w->wread.param_rows;
    t->turns = 1;
    if (t->from_array) {
        int acc = (int)w->array.acc, page = (int)w->array.page;
        t->turns = dvti_nest_count(r->n, 0, acc);
        t->results = turns / t->turns;
        t->pages_per_result = page < acc ? dvti_nest_count(r->n, page, acc) : 1;
        *results_per_page = page > acc ? dvti_nest_count(r->n, acc, page) : 1;
        s->counters.array_turns += (uint64_t)turns;
        s->counters.array_macs += (uint64_t)turns * (uint64_t)s->d.macs_per_cycle;
        return;
    }
    if (dvt_word_has(w, DVT_KERNEL_POOL)) {
        t->turns = w->pool.count;
    } else if (dvt_word_has(w, DVT_KERNEL_DEPTHWISE)) {
        t->turns = w->depthwise.count;
    }
    t->results = turns / t->turns;
    *results_per_page = dvt_word_has(w, DVT_KERNEL_DEPTHWISE) ? w->depthwise.outer : t->results;
}

static void count_writes(dvt_sim *s, const dvti_trip *t)
{
    const dvt_part_write *w = &t->w->write;
    int64_t               blocks = (t->width + s->o.c_vec - 1) / s->o.c_vec;

    if (w->space) {
        s->counters.memory_write_bytes +=
            (uint64_t)(t->results * t->pixels * blocks * s->d.feature_word_bytes);
    }
}

/* Checked here and not on loading: a word before may have written over them. */
static dvt_status take_params(dvt_sim *s, const dvt_part_wread *w)
{
    int64_t rows = w->param_rows * w->param_groups;

    s->counters.memory_read_bytes += (uint64_t)(rows * DVTI_PARAM_ROW_BYTES);
    for (int64_t i = 0; i < rows; i++) {
        float row[3];
        memcpy(row, s->memory + w->param_src * DVTI_UNIT_BYTES + i * DVTI_PARAM_ROW_BYTES,
               sizeof row);
        if (!dvt_isa_plain(row[0]) || !dvt_isa_plain(row[1]) || !dvt_isa_plain(row[2])) {
            return dvt_fail(s->ctx, DVT_E_NUMERIC, NULL,
                            "parameter row %lld at byte %lld of external memory holds a number "
                            "that is neither zero nor normal",
                            (long long)i,
                            (long long)(w->param_src * DVTI_UNIT_BYTES + i * DVTI_PARAM_ROW_BYTES));
        }
    }
    return DVT_OK;
}

dvt_status dvti_execute(dvt_sim *s, const dvt_word *w)
{
    dvti_trip  t;
    int64_t    results_per_page;
    dvt_status st;

    s->counters.words++;
    if (dvt_word_has(w, DVT_KERNEL_FREAD)) {
        dvti_fread(s, &w->fread);
    }
    if (!dvt_word_has(w, DVT_KERNEL_SREAD)) {
        return DVT_OK;
    }
    trip_init(&t, s, w, &results_per_page);
    st = dvt_word_has(w, DVT_KERNEL_WREAD) ? take_params(s, &w->wread) : DVT_OK;
    if (st == DVT_OK && t.from_array) {
        st = tabulate_turns(s, &t);
    }
    if (st == DVT_OK) {
        st = run_trip(&t, results_per_page);
    }
    count_writes(s, &t);
    for (uint32_t i = 0; i < dvt_ctx_jobs(s->ctx); i++) {
        s->counters.saturated += s->saturated[i];
        s->saturated[i] = 0;
    }
    return st;
}
