/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto.c - the exact frontier of NAS-Bench-101 cells x CHaiDNN accelerators.
 *
 * Idea       Cells are taken by falling accuracy. best[r] is the lowest latency seen so far on an
 *            area of rank r or below: a pair can be on the frontier only if its latency is below
 *            best at its area, because whatever best stands for is no less accurate and no larger.
 *            A lower bound of the latency that depends only on how often each shape occurs (the
 *            cell's signature) rules most pairs out. best never rises, so a pair of signature and
 *            accelerator that was ruled out once stays out: each signature keeps the list of
 *            accelerators that are still open, and once it is empty its cells cost nothing.
 * Exactness  Accelerators are left out only where another has as good a vector for every cell,
 *            pairs only where a known pair has one. So every vector of the frontier is met, and the
 *            last step removes, by comparing integers, what is not on it.
 * Order      Pairs wait in a list of fixed size; their latencies are computed by all threads, then
 *            they are merged in order by one. Nothing depends on the number of threads.
 * Memory     88 bytes a cell for signatures, 16 for the cell and its place; 12 bytes for each open
 *            accelerator of a signature; 85 times of 4 bytes for each accelerator.
 * Tests      tests/unit/test_pareto.c
 */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "search/pareto_int.h"

enum { TASKS = 1 << 16, CELLS_AT_ONCE = 1 << 12 };

typedef struct open_engine {
    int64_t bound;
    int32_t engine;
} open_engine;

typedef struct signature {
    const uint8_t *key; /* of the first cell that has it */
    open_engine   *open;
    int32_t        open_count;
    bool           known; /* the list was made */
} signature;

typedef struct task {
    int64_t cell;    /* place in the order */
    int32_t program; /* in the list of this round */
    int32_t engine;
    int64_t stop, latency;
} task;

typedef struct vector {
    uint64_t accuracy;
    int64_t  latency, area;
    int32_t  rank; /* of the area */
} vector;

DVT_VEC(vector_vec, vector);
DVT_VEC(signature_vec, signature);
DVT_VEC(point_vec, dvt_pareto_point);

typedef struct search {
    dvt_ctx        *ctx;
    const uint64_t *accuracy;
    int64_t         count;
    int64_t        *order;  /* (count) cells by falling accuracy, then index */
    dvt_nb101_cell *cells;  /* (count) canonical */
    uint8_t        *keys;   /* (count, DVTI_SIGNATURE) */
    int32_t        *sig_of; /* (count) */
    signature_vec   sigs;
    uint32_t       *ticks;   /* (all_count, DVT_NB101_SHAPES) */
    dvti_engine    *all;     /* every accelerator, by area */
    dvti_engine    *engines; /* those that matter, by area */
    int32_t         all_count, engine_count;
    int32_t        *rank; /* (engine_count) of the area among different areas */
    int64_t        *best; /* (engine_count) by rank */
    int32_t         ranks;
    task           *tasks;    /* (TASKS + engine_count) */
    dvti_program   *programs; /* (CELLS_AT_ONCE) */
    int32_t         task_count, program_count;
    int64_t         evaluated;
    vector_vec      found;
} search;

/* ---- cells --------------------------------------------------------------------------------- */

typedef struct prepare_job {
    search               *s;
    const dvt_nb101_cell *cells;
} prepare_job;

static void prepare_cells(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const prepare_job *job = ud;
    dvti_program       program;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        dvt_nb101_canonical(&job->cells[i], &job->s->cells[i]);
        dvti_program_make(&job->s->cells[i], &program, job->s->keys + i * DVTI_SIGNATURE);
    }
}

typedef struct ranked {
    uint64_t accuracy;
    int64_t  index;
} ranked;

static int by_accuracy(const void *x, const void *y)
{
    const ranked *a = x, *b = y;

    return a->accuracy != b->accuracy ? (a->accuracy < b->accuracy ? 1 : -1)
                                      : (a->index > b->index) - (a->index < b->index);
}

static dvt_status order_cells(search *s)
{
    ranked *list = dvt_alloc(s->ctx, (size_t)s->count * sizeof *list);

    if (!list) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < s->count; i++) {
        list[i] = (ranked){s->accuracy[i], i};
    }
    qsort(list, (size_t)s->count, sizeof *list, by_accuracy);
    for (int64_t i = 0; i < s->count; i++) {
        s->order[i] = list[i].index;
    }
    dvt_free(s->ctx, list);
    return DVT_OK;
}

/* Numbers the different signatures by a table with open addressing. */
static dvt_status number_signatures(search *s)
{
    size_t     slots = 64;
    int32_t   *slot;
    dvt_status st = DVT_OK;

    while (slots < 2 * (size_t)s->count) {
        slots *= 2;
    }
    slot = dvt_calloc(s->ctx, slots, sizeof *slot); /* number + 1 */
    if (!slot) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; st == DVT_OK && i < s->count; i++) {
        const uint8_t *key = s->keys + i * DVTI_SIGNATURE;
        size_t         at = dvt_hash64(key, DVTI_SIGNATURE, 0) & (slots - 1);
        while (slot[at] && memcmp(s->sigs.data[slot[at] - 1].key, key, DVTI_SIGNATURE) != 0) {
            at = (at + 1) & (slots - 1);
        }
        if (!slot[at]) {
            st = signature_vec_push(s->ctx, &s->sigs, (signature){.key = key});
            slot[at] = (int32_t)s->sigs.len;
        }
        s->sig_of[i] = slot[at] - 1;
    }
    dvt_free(s->ctx, slot);
    return st;
}

/* ---- accelerators -------------------------------------------------------------------------- */

static int by_area(const void *x, const void *y)
{
    const dvti_engine *a = x, *b = y;

    return a->area != b->area
               ? (a->area > b->area) - (a->area < b->area)
               : (a->accelerator > b->accelerator) - (a->accelerator < b->accelerator);
}

static dvt_status prepare_engines(search *s, const dvt_pareto_opts *opts)
{
    for (int32_t i = 0; i < s->all_count; i++) {
        const int32_t a = opts->accelerators ? opts->accelerators[i] : i;
        uint32_t     *ticks = s->ticks + (size_t)i * DVT_NB101_SHAPES;
        if (a < 0 || a >= DVT_CHAIDNN_COUNT || (i > 0 && a <= s->all[i - 1].accelerator)) {
            return dvt_fail(s->ctx, DVT_E_USAGE, NULL,
                            "accelerator indices must ascend within 0..%d", DVT_CHAIDNN_COUNT - 1);
        }
        dvt_status st = dvt_chaidnn_nb101_row(s->ctx, a, ticks);
        if (st != DVT_OK) {
            return st;
        }
        dvti_engine_make(a, ticks, &s->all[i]);
    }
    qsort(s->all, (size_t)s->all_count, sizeof *s->all, by_area);
    memcpy(s->engines, s->all, (size_t)s->all_count * sizeof *s->all);
    s->engine_count = dvti_engines_keep(s->engines, s->all_count);
    for (int32_t i = 0; i < s->engine_count; i++) {
        s->ranks += i > 0 && s->engines[i].area != s->engines[i - 1].area;
        s->rank[i] = s->ranks;
        s->best[i] = INT64_MAX;
    }
    s->ranks += 1;
    return DVT_OK;
}

/* ---- search -------------------------------------------------------------------------------- */

static void run_tasks(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    search *s = ud;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        task *t = &s->tasks[i];
        t->latency =
            dvti_program_latency(&s->programs[t->program], &s->engines[t->engine], t->stop);
    }
}

static void lower_best(int64_t *best, int32_t ranks, int32_t rank, int64_t latency)
{
    for (int32_t r = rank; r < ranks && best[r] > latency; r++) {
        best[r] = latency;
    }
}

/* Computes what waits and merges it in order. */
static dvt_status flush(search *s)
{
    dvt_status st = DVT_OK;

    dvt_parallel_for(s->ctx, s->task_count, 256, run_tasks, s);
    for (int32_t i = 0; st == DVT_OK && i < s->task_count; i++) {
        const task   *t = &s->tasks[i];
        const int32_t rank = s->rank[t->engine];
        if (t->latency < s->best[rank]) {
            st = vector_vec_push(s->ctx, &s->found,
                                 (vector){.accuracy = s->accuracy[s->order[t->cell]],
                                          .latency = t->latency,
                                          .area = s->engines[t->engine].area,
                                          .rank = rank});
            lower_best(s->best, s->ranks, rank, t->latency);
        }
    }
    s->evaluated += s->task_count;
    s->task_count = s->program_count = 0;
    return st;
}

static dvt_status open_signature(search *s, signature *sig, const dvti_program *p)
{
    sig->known = true;
    sig->open = dvt_alloc(s->ctx, (size_t)s->engine_count * sizeof *sig->open);
    if (!sig->open) {
        return DVT_E_NOMEM;
    }
    for (int32_t e = 0; e < s->engine_count; e++) {
        sig->open[e] = (open_engine){dvti_program_bound(p, &s->engines[e]), e};
    }
    sig->open_count = s->engine_count;
    return DVT_OK;
}

/* Drops the engines that are ruled out by now, and the list with the last of them. */
static void close_engines(search *s, signature *sig)
{
    int32_t kept = 0;

    for (int32_t i = 0; i < sig->open_count; i++) {
        if (sig->open[i].bound < s->best[s->rank[sig->open[i].engine]]) {
            sig->open[kept++] = sig->open[i];
        }
    }
    sig->open_count = kept;
    if (kept == 0) {
        dvt_free(s->ctx, sig->open);
        sig->open = NULL;
    }
}

/* Puts the pairs of one cell that are not ruled out on the list. */
static dvt_status take_cell(search *s, int64_t place)
{
    const int64_t cell = s->order[place];
    signature    *sig = &s->sigs.data[s->sig_of[cell]];
    dvti_program *p = &s->programs[s->program_count];
    dvt_status    st = DVT_OK;

    if (sig->known && sig->open_count == 0) {
        return DVT_OK;
    }
    dvti_program_make(&s->cells[cell], p, NULL);
    if (!sig->known) {
        st = open_signature(s, sig, p);
    }
    if (st != DVT_OK) {
        return st;
    }
    close_engines(s, sig);
    for (int32_t i = 0; i < sig->open_count; i++) {
        const int32_t engine = sig->open[i].engine;
        s->tasks[s->task_count++] = (task){.cell = place,
                                           .program = s->program_count,
                                           .engine = engine,
                                           .stop = s->best[s->rank[engine]]};
    }
    s->program_count += sig->open_count > 0;
    return s->task_count >= TASKS || s->program_count == CELLS_AT_ONCE ? flush(s) : DVT_OK;
}

static dvt_status take_cells(search *s)
{
    dvt_status st = DVT_OK;

    for (int64_t place = 0; st == DVT_OK && place < s->count; place++) {
        st = take_cell(s, place);
        if (st == DVT_OK && place % 8192 == 0) {
            st = dvt_progress(s->ctx, "frontier", (uint64_t)place, (uint64_t)s->count, "networks");
        }
    }
    return st == DVT_OK ? flush(s) : st;
}

/* ---- result -------------------------------------------------------------------------------- */

static int by_vector(const void *x, const void *y)
{
    const vector *a = x, *b = y;

    if (a->accuracy != b->accuracy) {
        return a->accuracy < b->accuracy ? 1 : -1;
    }
    return a->area != b->area ? (a->area > b->area) - (a->area < b->area)
                              : (a->latency > b->latency) - (a->latency < b->latency);
}

/* Leaves the vectors that none equals or dominates: along falling accuracy and rising area a vector
 * stays if its latency is below all so far at its area or below. */
static void keep_frontier(search *s)
{
    size_t kept = 0;

    qsort(s->found.data, s->found.len, sizeof *s->found.data, by_vector);
    for (int32_t r = 0; r < s->ranks; r++) {
        s->best[r] = INT64_MAX;
    }
    for (size_t i = 0; i < s->found.len; i++) {
        const vector v = s->found.data[i];
        if (v.latency < s->best[v.rank]) {
            lower_best(s->best, s->ranks, v.rank, v.latency);
            s->found.data[kept++] = v;
        }
    }
    s->found.len = kept;
}

/* First place in the order whose accuracy is not above `accuracy`. */
static int64_t first_place(const search *s, uint64_t accuracy)
{
    int64_t low = 0, high = s->count;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (s->accuracy[s->order[middle]] > accuracy) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int32_t first_engine(const search *s, int64_t area)
{
    int32_t low = 0, high = s->all_count;

    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (s->all[middle].area < area) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* All pairs of a vector: cells of its accuracy, accelerators of its area. */
static dvt_pareto_point point_of(const search *s, const vector *v)
{
    dvt_pareto_point p = {v->accuracy, v->latency, v->area, -1, -1, 0};

    for (int64_t c = first_place(s, v->accuracy);
         c < s->count && s->accuracy[s->order[c]] == v->accuracy; c++) {
        dvti_program program;
        dvti_program_make(&s->cells[s->order[c]], &program, NULL);
        for (int32_t e = first_engine(s, v->area); e < s->all_count && s->all[e].area == v->area;
             e++) {
            if (dvti_program_latency(&program, &s->all[e], v->latency + 1) == v->latency) {
                p.network = p.pairs ? p.network : s->order[c];
                p.accelerator = p.pairs ? p.accelerator : s->all[e].accelerator;
                p.pairs++;
            }
        }
    }
    return p;
}

static bool within(const dvt_pareto_opts *o, const vector *v)
{
    return v->accuracy >= o->accuracy_min && (!o->latency_max || v->latency <= o->latency_max) &&
           (!o->area_max_um2 || v->area <= o->area_max_um2);
}

static int64_t count_different(int64_t *list, int64_t n, int (*compare)(const void *, const void *))
{
    int64_t different = n > 0;

    qsort(list, (size_t)n, sizeof *list, compare);
    for (int64_t i = 1; i < n; i++) {
        different += list[i] != list[i - 1];
    }
    return different;
}

static int by_number(const void *x, const void *y)
{
    const int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

static dvt_status count_parts(search *s, dvt_pareto_front *out)
{
    int64_t *list = dvt_alloc(s->ctx, (size_t)(out->count + 1) * sizeof *list);

    if (!list) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < out->count; i++) {
        list[i] = out->points[i].network;
    }
    out->networks = count_different(list, out->count, by_number);
    for (int64_t i = 0; i < out->count; i++) {
        list[i] = out->points[i].accelerator;
    }
    out->accelerators = count_different(list, out->count, by_number);
    dvt_free(s->ctx, list);
    return DVT_OK;
}

static dvt_status make_front(search *s, const dvt_pareto_opts *opts, dvt_pareto_front *out)
{
    point_vec  points = {0};
    dvt_status st = DVT_OK;

    keep_frontier(s);
    for (size_t i = 0; st == DVT_OK && i < s->found.len; i++) {
        if (within(opts, &s->found.data[i])) {
            st = point_vec_push(s->ctx, &points, point_of(s, &s->found.data[i]));
        }
    }
    *out = (dvt_pareto_front){.points = points.data,
                              .count = (int64_t)points.len,
                              .pairs = s->count * s->all_count,
                              .accelerators_kept = s->engine_count,
                              .evaluated = s->evaluated};
    return st == DVT_OK ? count_parts(s, out) : st;
}

/* ---- driver -------------------------------------------------------------------------------- */

static bool take_memory(search *s)
{
    const size_t n = (size_t)s->count, engines = (size_t)s->all_count;

    return (s->order = dvt_calloc(s->ctx, n, sizeof *s->order)) &&
           (s->cells = dvt_calloc(s->ctx, n, sizeof *s->cells)) &&
           (s->keys = dvt_calloc(s->ctx, n, DVTI_SIGNATURE)) &&
           (s->sig_of = dvt_calloc(s->ctx, n, sizeof *s->sig_of)) &&
           (s->ticks = dvt_calloc(s->ctx, engines * DVT_NB101_SHAPES, sizeof *s->ticks)) &&
           (s->all = dvt_calloc(s->ctx, engines, sizeof *s->all)) &&
           (s->engines = dvt_calloc(s->ctx, engines, sizeof *s->engines)) &&
           (s->rank = dvt_calloc(s->ctx, engines, sizeof *s->rank)) &&
           (s->best = dvt_calloc(s->ctx, engines, sizeof *s->best)) &&
           (s->tasks = dvt_calloc(s->ctx, TASKS + engines, sizeof *s->tasks)) &&
           (s->programs = dvt_calloc(s->ctx, CELLS_AT_ONCE, sizeof *s->programs));
}

static void give_memory(search *s)
{
    void *const blocks[] = {s->order,   s->cells, s->keys, s->sig_of, s->ticks,   s->all,
                            s->engines, s->rank,  s->best, s->tasks,  s->programs};

    for (size_t i = 0; i < s->sigs.len; i++) {
        dvt_free(s->ctx, s->sigs.data[i].open);
    }
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        dvt_free(s->ctx, blocks[i]);
    }
    signature_vec_deinit(s->ctx, &s->sigs);
    vector_vec_deinit(s->ctx, &s->found);
}

dvt_status dvt_pareto_nb101(dvt_ctx *ctx, const dvt_nb101_cell *cells, const uint64_t *accuracy,
                            int64_t count, const dvt_pareto_opts *opts, dvt_pareto_front *out)
{
    const dvt_pareto_opts  everything = {0};
    const dvt_pareto_opts *o = opts ? opts : &everything;
    const int32_t          engines = o->accelerators ? o->accelerator_count : DVT_CHAIDNN_COUNT;
    search     s = {.ctx = ctx, .accuracy = accuracy, .count = count, .all_count = engines};
    dvt_status st;

    *out = (dvt_pareto_front){0};
    if (count <= 0 || count > INT32_MAX || s.all_count <= 0 || s.all_count > DVT_CHAIDNN_COUNT) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL,
                        "a frontier is of at least one network and one "
                        "accelerator");
    }
    st = take_memory(&s) ? order_cells(&s) : DVT_E_NOMEM;
    if (st == DVT_OK) {
        dvt_parallel_for(ctx, count, 1024, prepare_cells, &(prepare_job){&s, cells});
        st = number_signatures(&s);
    }
    if (st == DVT_OK) {
        st = prepare_engines(&s, o);
    }
    if (st == DVT_OK) {
        st = take_cells(&s);
    }
    if (st == DVT_OK) {
        st = make_front(&s, o, out);
    }
    give_memory(&s);
    if (st != DVT_OK) {
        dvt_pareto_front_deinit(ctx, out);
    }
    return st;
}

void dvt_pareto_front_deinit(dvt_ctx *ctx, dvt_pareto_front *front)
{
    dvt_free(ctx, front->points);
    *front = (dvt_pareto_front){0};
}
