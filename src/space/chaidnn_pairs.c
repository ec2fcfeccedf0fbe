/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaidnn_pairs.c - latency of networks of cells on CHaiDNN accelerators, its bounds, its order.
 *
 * Bound      No unit does two things at once: a cell takes at least as long as its busiest unit is
 *            busy. That depends only on how often each shape occurs, the cell's signature; networks
 *            with one signature are a group.
 * Ceiling    At the other end, nothing may overlap: the sum of all times.
 * Selection  The times of the chosen accelerators by shape, so that LANES of them are bounded at
 *            once by additions of 32 bits. They are halved, rounding down: a cell then takes fewer
 *            than 2^32 halves (checked when made), and a bound stays one.
 * No worse   Latencies never fall when a time rises (chaidnn_schedule.c): with the same units, no
 *            larger time of any shape means no larger latency of any network.
 * Memory     85 times of 4 bytes an accelerator; 16 bytes a cell, 4 for its group; while it is made
 *            88 bytes a cell for signatures.
 * Tests      tests/unit/test_pairs.c
 */
#include <string.h>

#include "base/simd.h"
#include "space/cell_program.h"
#include "space/pairs_int.h"

enum { LANES = 64, HALVED = 2, COUNT = DVT_CHAIDNN_COUNT };

typedef struct chaidnn_cost {
    const dvti_family    *family;
    dvt_nb101_cell       *nb101; /* (networks) canonical, or NULL */
    const dvt_nb201_cell *nb201; /* (networks), or NULL */
    dvt_nb201_cell       *owned;
    uint32_t             *ticks; /* (COUNT, shapes) */
    int64_t              *fixed; /* (COUNT) */
    bool                 *two;   /* (COUNT) convolution engines */
    int32_t              *group_of;
    uint8_t              *keys; /* (networks, DVTI_PROGRAM_SHAPES) while it is made */
} chaidnn_cost;

static void make_program(const chaidnn_cost *c, int64_t network, dvti_program *out)
{
    if (c->nb101) {
        dvti_program_nb101(&c->nb101[network], out);
    } else {
        dvti_program_nb201(&c->nb201[network], out);
    }
}

static void cost(const dvt_pair_cost *pc, int64_t network, const int32_t *accelerators,
                 int32_t count, int64_t *out)
{
    const chaidnn_cost *c = pc->ud;
    dvti_program        program;

    make_program(c, network, &program);
    for (int32_t i = 0; i < count; i++) {
        const int32_t a = accelerators[i];
        out[i] = c->fixed[a] + dvti_program_cells(c->family, &program,
                                                  c->ticks + (size_t)a * (size_t)c->family->shapes,
                                                  c->two[a]);
    }
}

static bool no_worse(const dvt_pair_cost *pc, int32_t a, int32_t b)
{
    const chaidnn_cost *c = pc->ud;
    const size_t        shapes = (size_t)c->family->shapes;
    const uint32_t     *x = c->ticks + (size_t)a * shapes, *y = c->ticks + (size_t)b * shapes;

    if (c->two[a] != c->two[b]) {
        return false;
    }
    for (size_t s = 0; s < shapes; s++) {
        if (x[s] > y[s]) {
            return false;
        }
    }
    return true;
}

/* ---- bounds -------------------------------------------------------------------------------- */

/* In front of the selection's arrays. */
typedef struct selection {
    int64_t count, padded; /* to whole LANES */
} selection;

static size_t padded(int32_t count) { return ((size_t)count + LANES - 1) / LANES * LANES; }

static int64_t *fixed_of(const void *s) { return (int64_t *)((uintptr_t)s + 64); }

/* All bits set for accelerators with one convolution engine. */
static uint32_t *one_of(const void *s, size_t n) { return (uint32_t *)(fixed_of(s) + n); }

static uint32_t *ticks_of(const void *s, size_t n) { return one_of(s, n) + n; } /* (shapes, n) */

static size_t selection_bytes(const dvt_pair_cost *pc, int32_t count)
{
    const chaidnn_cost *c = pc->ud;
    return 64 + padded(count) * (12 + 4 * (size_t)c->family->shapes);
}

static void select_lanes(const dvt_pair_cost *pc, const int32_t *accelerators, int32_t count,
                         void *out)
{
    const chaidnn_cost *c = pc->ud;
    const size_t        n = padded(count), shapes = (size_t)c->family->shapes;

    *(selection *)out = (selection){count, (int64_t)n};
    for (size_t i = 0; i < n; i++) {
        const int32_t a = accelerators[i < (size_t)count ? i : 0];
        fixed_of(out)[i] = c->fixed[a];
        one_of(out, n)[i] = c->two[a] ? 0 : UINT32_MAX;
        for (size_t s = 0; s < shapes; s++) {
            ticks_of(out, n)[s * n + i] = c->ticks[(size_t)a * shapes + s] / HALVED;
        }
    }
}

/* Adds to out: (LANES) `times` cells of one kind. ticks: of the first lane, rows `stride` apart. */
static DVTI_SIMD void add_kind(const dvti_program *p, const uint32_t *ticks, size_t stride,
                               const uint32_t *one, int32_t kind, int64_t times, int64_t *out)
{
    uint32_t busy[DVT_UNIT_COUNT][LANES] = {{0}};

    for (int32_t i = 0; i < p->count; i++) {
        const uint32_t *row = ticks + p->shape[i][kind] * stride;
        uint32_t       *sum = busy[p->unit[i]];
        for (int l = 0; l < LANES; l++) {
            sum[l] += row[l];
        }
    }
    for (int l = 0; l < LANES; l++) {
        const uint32_t point = busy[DVT_UNIT_CONV_POINT][l];
        const uint32_t wide = busy[DVT_UNIT_CONV_WIDE][l] + (point & one[l]);
        const uint32_t both = wide > point ? wide : point;
        const uint32_t most = both > busy[DVT_UNIT_POOL][l] ? both : busy[DVT_UNIT_POOL][l];
        out[l] += times * (int64_t)most;
    }
}

static void bounds(const dvt_pair_cost *pc, const void *s, int64_t network, int64_t *out)
{
    const chaidnn_cost *c = pc->ud;
    const size_t        count = (size_t)((const selection *)s)->count;
    const size_t        n = (size_t)((const selection *)s)->padded;
    dvti_program        program;

    make_program(c, network, &program);
    for (size_t at = 0; at < n; at += LANES) {
        const size_t here = count - at < LANES ? count - at : LANES;
        int64_t      sum[LANES];
        memcpy(sum, fixed_of(s) + at, sizeof sum);
        for (int32_t k = 0; k < c->family->kinds; k++) {
            add_kind(&program, ticks_of(s, n) + at, n, one_of(s, n) + at, k,
                     HALVED * c->family->times[k], sum);
        }
        memcpy(out + at, sum, here * sizeof *sum);
    }
}

/* Adds to out: (LANES) what `times` cells of one kind take, one operation after the other. */
static DVTI_SIMD void add_sums(const dvti_program *p, const uint32_t *ticks, size_t stride,
                               int32_t kind, int64_t times, int64_t *out)
{
    uint32_t sum[LANES] = {0};

    for (int32_t i = 0; i < p->count; i++) {
        const uint32_t *row = ticks + p->shape[i][kind] * stride;
        for (int l = 0; l < LANES; l++) {
            sum[l] += row[l];
        }
    }
    for (int l = 0; l < LANES; l++) { /* halving dropped at most one tick of each */
        out[l] += times * (HALVED * (int64_t)sum[l] + p->count);
    }
}

static void ceilings(const dvt_pair_cost *pc, const void *s, int64_t network, int64_t *out)
{
    const chaidnn_cost *c = pc->ud;
    const size_t        count = (size_t)((const selection *)s)->count;
    const size_t        n = (size_t)((const selection *)s)->padded;
    dvti_program        program;

    make_program(c, network, &program);
    for (size_t at = 0; at < n; at += LANES) {
        const size_t here = count - at < LANES ? count - at : LANES;
        int64_t      sum[LANES];
        memcpy(sum, fixed_of(s) + at, sizeof sum);
        for (int32_t k = 0; k < c->family->kinds; k++) {
            add_sums(&program, ticks_of(s, n) + at, n, k, c->family->times[k], sum);
        }
        memcpy(out + at, sum, here * sizeof *sum);
    }
}

/* ---- making -------------------------------------------------------------------------------- */

static void make_keys(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const chaidnn_cost *c = ud;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        dvti_program program;
        if (c->nb101) {
            const dvt_nb101_cell as_given = c->nb101[i];
            dvt_nb101_canonical(&as_given, &c->nb101[i]);
        }
        make_program(c, i, &program);
        dvti_program_signature(&program, c->keys + i * DVTI_PROGRAM_SHAPES);
    }
}

/* Numbers the different signatures by a table with open addressing; *groups: how many. */
static dvt_status number_signatures(dvt_ctx *ctx, chaidnn_cost *c, int64_t count, int32_t *groups)
{
    size_t   slots = 64;
    int64_t *slot; /* a network with the signature + 1 */

    while (slots < 2 * (size_t)count) {
        slots *= 2;
    }
    slot = dvt_calloc(ctx, slots, sizeof *slot);
    if (!slot) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *key = c->keys + i * DVTI_PROGRAM_SHAPES;
        size_t         at = dvt_hash64(key, DVTI_PROGRAM_SHAPES, 0) & (slots - 1);
        while (slot[at] && memcmp(c->keys + (slot[at] - 1) * DVTI_PROGRAM_SHAPES, key,
                                  DVTI_PROGRAM_SHAPES) != 0) {
            at = (at + 1) & (slots - 1);
        }
        if (!slot[at]) {
            slot[at] = i + 1;
            c->group_of[i] = (*groups)++;
        } else {
            c->group_of[i] = c->group_of[slot[at] - 1];
        }
    }
    dvt_free(ctx, slot);
    return DVT_OK;
}

/* Times of every shape on every accelerator. */
static dvt_status time_shapes(dvt_ctx *ctx, chaidnn_cost *c)
{
    for (int32_t a = 0; a < COUNT; a++) {
        uint32_t   *row = c->ticks + (size_t)a * (size_t)c->family->shapes;
        dvt_chaidnn h;
        dvt_chaidnn_at(a, &h);
        for (int32_t s = 0; s < c->family->shapes; s++) {
            const dvt_work work = c->family->work(s);
            int64_t        time;
            dvt_status     st = dvt_chaidnn_ticks(ctx, &h, &work, &time);
            if (st == DVT_OK && time / HALVED > UINT32_MAX / DVTI_PROGRAM_OPS) {
                st = dvt_fail(ctx, DVT_E_CAPACITY, NULL, "an operation of %lld ticks is too slow",
                              (long long)time);
            }
            if (st != DVT_OK) {
                dvt_fail_note(ctx, "while timing accelerator %d", (int)a);
                return st;
            }
            row[s] = (uint32_t)time;
        }
        c->two[a] = h.share < DVT_CHAIDNN_SHARES;
        c->fixed[a] = c->family->fixed(row, c->two[a]);
    }
    return DVT_OK;
}

static void destroy(dvt_ctx *ctx, dvt_pair_cost *pc)
{
    chaidnn_cost *c = pc->ud;

    if (c) {
        void *const blocks[] = {c->nb101, c->owned,    c->ticks, c->fixed,
                                c->two,   c->group_of, c->keys};
        for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
            dvt_free(ctx, blocks[i]);
        }
        dvt_free(ctx, c);
    }
}

static dvt_pair_cost interface_of(chaidnn_cost *c)
{
    return (dvt_pair_cost){.name = c->nb101 ? "chaidnn-nasbench101/1" : "chaidnn-nasbench201/1",
                           .metric_count = 1,
                           .metric = {{"latency", "ms", 1000000 * DVT_CHAIDNN_TICKS_PER_NS, false}},
                           .group_of = c->group_of,
                           .cost = cost,
                           .selection_bytes = selection_bytes,
                           .select = select_lanes,
                           .bounds = bounds,
                           .ceilings = ceilings,
                           .no_worse = no_worse,
                           .destroy = destroy,
                           .ud = c};
}

/* `c` has its family and its cells; it is freed on failure. */
static dvt_status finish(dvt_ctx *ctx, chaidnn_cost *c, int64_t count, dvt_pair_cost *out)
{
    dvt_status st = DVT_E_NOMEM;

    *out = (dvt_pair_cost){.destroy = destroy, .ud = c};
    if ((c->ticks = dvt_calloc(ctx, COUNT, 4 * (size_t)c->family->shapes)) &&
        (c->fixed = dvt_calloc(ctx, COUNT, sizeof *c->fixed)) &&
        (c->two = dvt_calloc(ctx, COUNT, sizeof *c->two)) &&
        (c->group_of = dvt_calloc(ctx, (size_t)count + 1, sizeof *c->group_of)) &&
        (c->keys = dvt_alloc(ctx, ((size_t)count + 1) * DVTI_PROGRAM_SHAPES))) {
        *out = interface_of(c);
        st = time_shapes(ctx, c);
    }
    if (st == DVT_OK) {
        dvt_parallel_for(ctx, count, 1024, make_keys, c);
        st = number_signatures(ctx, c, count, &out->groups);
        dvt_free(ctx, c->keys);
        c->keys = NULL;
    }
    if (st != DVT_OK) {
        dvt_pair_cost_deinit(ctx, out);
    }
    return st;
}

dvt_status dvt_pair_cost_chaidnn_nb101(dvt_ctx *ctx, const dvt_nb101_cell *cells, int64_t count,
                                       dvt_pair_cost *out)
{
    chaidnn_cost *c;

    *out = (dvt_pair_cost){0};
    for (int64_t i = 0; i < count; i++) {
        if (!dvt_nb101_valid(&cells[i])) {
            return dvt_fail(ctx, DVT_E_USAGE, NULL, "cell %lld is not valid", (long long)i);
        }
    }
    c = dvt_calloc(ctx, 1, sizeof *c);
    if (!c) {
        return DVT_E_NOMEM;
    }
    c->family = &dvti_family_nb101;
    c->nb101 = dvt_alloc(ctx, ((size_t)count + 1) * sizeof *c->nb101);
    if (!c->nb101) {
        dvt_free(ctx, c);
        return DVT_E_NOMEM;
    }
    memcpy(c->nb101, cells, (size_t)count * sizeof *cells);
    return finish(ctx, c, count, out);
}

dvt_status dvt_pair_cost_chaidnn_nb201(dvt_ctx *ctx, const dvt_nb201_cell *cells, int64_t count,
                                       dvt_pair_cost *out)
{
    chaidnn_cost *c = dvt_calloc(ctx, 1, sizeof *c);

    *out = (dvt_pair_cost){0};
    if (!c) {
        return DVT_E_NOMEM;
    }
    c->family = &dvti_family_nb201;
    c->nb201 = cells;
    return finish(ctx, c, count, out);
}

dvt_status dvt_pair_cost_chaidnn(dvt_ctx *ctx, const dvt_table *table, dvt_pair_cost *out)
{
    const int64_t rows = dvt_table_rows(table);
    const bool    nb101 = dvt_table_space_of(table) == DVT_TABLE_NB101;
    chaidnn_cost *c = dvt_calloc(ctx, 1, sizeof *c);
    dvt_status    st = DVT_E_NOMEM;

    *out = (dvt_pair_cost){0};
    if (dvt_table_space_of(table) == DVT_TABLE_SSS) {
        dvt_free(ctx, c);
        return dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL, "networks of sizes have no cells to time");
    }
    if (c && nb101 && (c->nb101 = dvt_alloc(ctx, ((size_t)rows + 1) * sizeof *c->nb101))) {
        for (int64_t i = 0; i < rows; i++) {
            dvt_table_nb101_cell(table, i, &c->nb101[i]);
        }
        st = DVT_OK;
    } else if (c && !nb101 && (c->owned = dvt_alloc(ctx, ((size_t)rows + 1) * sizeof *c->owned))) {
        c->nb201 = c->owned;
        st = dvti_table_nb201_cells(ctx, table, 0, rows, c->owned);
    }
    if (st != DVT_OK) {
        destroy(ctx, &(dvt_pair_cost){.ud = c});
        return st;
    }
    c->family = nb101 ? &dvti_family_nb101 : &dvti_family_nb201;
    return finish(ctx, c, rows, out);
}
