/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_pairs.c - latency of NAS-Bench-201 cells on overlays: exact costs and their bounds.
 *
 * Cost      compiler and cycle model on the pair. Overlays that differ only in the sizes of stream
 *           buffer and filter cache often get the same program; the cycle model reads neither size,
 *           so programs that are equal byte by byte are profiled once.
 * Twins     Networks whose graphs are equal after the target-independent passes, but for names and
 *           values, get the same programs: 15,625 cells are fewer than half as many networks. What
 *           one of them costs is kept for the others, in a table that threads share without locks.
 * Bound     a sum over the cell's trips of overlay_bound.c: networks with the same trips are a
 *           group. What a trip takes at least is a table (overlays, trips), made once; which banks
 *           a turn keeps busy depends on q_vec and p_vec alone, which are few.
 * Memory    8 bytes an overlay and trip (about 20 trips), 2 bytes a group and trip.
 * Threads   cost() and bounds() use nothing but what was made before, and contexts of their own.
 * Tests     tests/unit/test_overlay_cost.c
 */
#include <stdatomic.h>
#include <string.h>

#include "space/overlay_cost_int.h"
#include "space/pairs_int.h"
#include "space/space_int.h"

enum {
    TRIPS_MAX = 256,    /* different ones of all networks */
    NETWORK_TRIPS = 64, /* of one network; 27 is the most */
    BLOCK = 256,        /* networks whose trips are listed at once */
    LANES_MAX = 64,     /* different q_vec, p_vec */
    KEPT = 1 << 20,     /* costs that are kept; beyond that they are computed again */
    CLASSES = 10
};

/* Cycles of a pair; key: 0 = free, else the pair's number + 1. cycles: 0 = not there yet. */
typedef struct kept_cost {
    _Atomic uint64_t key;
    _Atomic int64_t  cycles;
} kept_cost;

typedef struct overlay_pairs {
    const dvt_space      *space;
    const dvt_nb201_cell *cells;
    dvt_nb201_cell       *owned;
    int64_t               count, overlays;
    dvti_trip            *trip; /* (TRIPS_MAX) all that occur; their count is 0 */
    int32_t               trips;
    int64_t              *least;    /* (overlays, trips) */
    uint16_t             *times;    /* (networks, TRIPS_MAX) */
    int32_t              *group_of; /* (networks) */
    int32_t               groups;
    uint64_t             *form; /* (networks) of the graph */
    int64_t              *twin; /* (networks) the first with that form */
    kept_cost            *kept; /* (KEPT) */
} overlay_pairs;

/* ---- exact costs --------------------------------------------------------------------------- */

static dvt_status network_of(dvt_ctx *ctx, const dvt_nb201_cell *cell, dvt_graph **out)
{
    dvt_status st = dvt_nb201_graph(ctx, cell, DVT_NB201_ACCURACY, CLASSES, out);

    return st == DVT_OK ? dvti_fill_params(*out) : st;
}

/* The entry of a pair of a network's first twin; NULL: the table is full. */
static kept_cost *kept_of(const overlay_pairs *c, int64_t network, int32_t accelerator)
{
    uint64_t key = (uint64_t)(c->twin[network] * c->overlays + accelerator) + 1;
    uint64_t at = dvt_hash64(&key, sizeof key, 0);

    for (int tries = 0; tries < 64; tries++, at++) {
        kept_cost *k = &c->kept[at % KEPT];
        uint64_t   there = atomic_load(&k->key);
        if (there == 0 && atomic_compare_exchange_strong(&k->key, &there, key)) {
            return k;
        }
        if (there == key) {
            return k;
        }
    }
    return NULL;
}

/* The network's graph, made when the first cost is not kept. */
typedef struct costing {
    dvt_ctx             *ctx;
    const overlay_pairs *c;
    int64_t              network;
    dvt_graph           *g;
    dvt_status           made;
    dvti_program_times   seen;
} costing;

static int64_t compute(costing *w, int32_t accelerator)
{
    dvt_point   p = dvt_space_at(w->c->space, (uint64_t)accelerator);
    dvt_overlay o;
    int64_t     cycles, host_steps;

    if (!w->g && w->made == DVT_OK) {
        w->made = network_of(w->ctx, &w->c->cells[w->network], &w->g);
    }
    dvti_space_overlay(w->c->space, &p, &o);
    if (w->made != DVT_OK ||
        dvti_overlay_cycles(w->g, &o, &w->seen, &cycles, &host_steps) != DVT_OK) {
        dvt_ctx_clear_error(w->ctx);
        return DVT_OVERLAY_NEVER;
    }
    return cycles;
}

static void cost_all(dvt_ctx *ctx, const overlay_pairs *c, int64_t network,
                     const int32_t *accelerators, int32_t count, int64_t *out)
{
    costing w = {.ctx = ctx, .c = c, .network = network};

    for (int32_t i = 0; i < count; i++) {
        kept_cost *k = kept_of(c, network, accelerators[i]);
        out[i] = k ? atomic_load(&k->cycles) : 0;
        if (out[i] == 0) {
            out[i] = compute(&w, accelerators[i]);
        }
        if (k && out[i] != DVT_OVERLAY_NEVER) { /* that can be for want of memory */
            atomic_store(&k->cycles, out[i]);
        }
    }
    dvt_graph_destroy(w.g);
}

static void cost(const dvt_pair_cost *pc, int64_t network, const int32_t *accelerators,
                 int32_t count, int64_t *out)
{
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});

    for (int32_t i = 0; !ctx && i < count; i++) {
        out[i] = DVT_OVERLAY_NEVER;
    }
    if (ctx) {
        cost_all(ctx, pc->ud, network, accelerators, count, out);
    }
    dvt_ctx_destroy(ctx);
}

/* ---- bounds -------------------------------------------------------------------------------- */

typedef struct selection {
    int32_t count;
    int32_t accelerator[];
} selection;

static size_t selection_bytes(const dvt_pair_cost *pc, int32_t count)
{
    (void)pc;
    return sizeof(selection) + (size_t)count * sizeof(int32_t);
}

static void select_some(const dvt_pair_cost *pc, const int32_t *accelerators, int32_t count,
                        void *out)
{
    selection *s = out;

    (void)pc;
    s->count = count;
    memcpy(s->accelerator, accelerators, (size_t)count * sizeof *accelerators);
}

static void bounds(const dvt_pair_cost *pc, const void *chosen, int64_t network, int64_t *out)
{
    const overlay_pairs *c = pc->ud;
    const selection     *s = chosen;
    const uint16_t      *times = c->times + network * TRIPS_MAX;

    for (int32_t i = 0; i < s->count; i++) {
        const int64_t *least = c->least + (int64_t)s->accelerator[i] * c->trips;
        int64_t        sum = 0;
        for (int32_t t = 0; t < c->trips; t++) {
            sum += times[t] * least[t];
        }
        out[i] = sum;
    }
}

/* ---- making: the trips of all networks ----------------------------------------------------- */

typedef struct block {
    const overlay_pairs *c;
    int64_t              first;
    dvti_trip           *trip;  /* (BLOCK, NETWORK_TRIPS) */
    int32_t             *count; /* (BLOCK); -1 = failed */
} block;

static int32_t list_one(dvt_ctx *ctx, const dvt_nb201_cell *cell, dvti_trip *out, uint64_t *form)
{
    dvt_graph    *g = NULL;
    dvt_workload *w = NULL;
    dvt_status    st = dvt_nb201_graph(ctx, cell, DVT_NB201_ACCURACY, CLASSES, &g);
    int32_t       count = -1;

    if (st == DVT_OK) {
        st = dvt_workload_of(g, &w);
    }
    if (st == DVT_OK && w->count <= NETWORK_TRIPS) {
        count = w->count;
        memcpy(out, w->trips, (size_t)count * sizeof *out);
        *form = w->form;
    }
    dvt_workload_destroy(w);
    dvt_graph_destroy(g);
    return count;
}

static void list_some(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    block   *b = ud;
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        b->count[i] = ctx ? list_one(ctx, &b->c->cells[b->first + i], b->trip + i * NETWORK_TRIPS,
                                     &b->c->form[b->first + i])
                          : -1;
        if (ctx) {
            dvt_ctx_clear_error(ctx);
        }
    }
    dvt_ctx_destroy(ctx);
}

/* The place of a trip among all; -1: there is no room. */
static int32_t place_of(overlay_pairs *c, dvti_trip t)
{
    t.count = 0;
    for (int32_t i = 0; i < c->trips; i++) {
        if (memcmp(&c->trip[i], &t, sizeof t) == 0) {
            return i;
        }
    }
    if (c->trips == TRIPS_MAX) {
        return -1;
    }
    c->trip[c->trips] = t;
    return c->trips++;
}

static dvt_status merge(dvt_ctx *ctx, overlay_pairs *c, const block *b, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (b->count[i] < 0) {
            return dvt_fail(ctx, DVT_E_NOMEM, NULL, "no memory for the network of cell %lld",
                            (long long)(b->first + i));
        }
        for (int32_t k = 0; k < b->count[i]; k++) {
            const dvti_trip *t = &b->trip[i * NETWORK_TRIPS + k];
            int32_t          at = place_of(c, *t);
            if (at < 0) {
                return dvt_fail(ctx, DVT_E_CAPACITY, NULL, "more than %d different trips",
                                TRIPS_MAX);
            }
            c->times[(b->first + i) * TRIPS_MAX + at] = (uint16_t)t->count;
        }
    }
    return DVT_OK;
}

static dvt_status list_trips(dvt_ctx *ctx, overlay_pairs *c)
{
    block      b = {.c = c};
    dvt_status st = DVT_OK;

    b.trip = dvt_calloc(ctx, (size_t)BLOCK * NETWORK_TRIPS, sizeof *b.trip);
    b.count = dvt_calloc(ctx, BLOCK, sizeof *b.count);
    if (!b.trip || !b.count) {
        st = DVT_E_NOMEM;
    }
    for (b.first = 0; st == DVT_OK && b.first < c->count; b.first += BLOCK) {
        int64_t left = c->count - b.first, here = left < BLOCK ? left : BLOCK;
        st = dvt_progress(ctx, "listing trips", (uint64_t)b.first, (uint64_t)c->count, "networks");
        if (st == DVT_OK) {
            dvt_parallel_for(ctx, here, 8, list_some, &b);
            st = merge(ctx, c, &b, here);
        }
    }
    dvt_free(ctx, b.trip);
    dvt_free(ctx, b.count);
    return st;
}

/* The first network with the same form, for each. */
static dvt_status find_twins(dvt_ctx *ctx, overlay_pairs *c)
{
    size_t   slots = 64;
    int64_t *slot; /* a network of the form + 1 */

    while (slots < 2 * (size_t)c->count) {
        slots *= 2;
    }
    slot = dvt_calloc(ctx, slots, sizeof *slot);
    if (!slot) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < c->count; i++) {
        size_t at = c->form[i] & (slots - 1);
        while (slot[at] && c->form[slot[at] - 1] != c->form[i]) {
            at = (at + 1) & (slots - 1);
        }
        slot[at] = slot[at] ? slot[at] : i + 1;
        c->twin[i] = slot[at] - 1;
    }
    dvt_free(ctx, slot);
    return DVT_OK;
}

/* Networks with the same trips: by a table with open addressing. */
static dvt_status group_networks(dvt_ctx *ctx, overlay_pairs *c)
{
    const size_t bytes = TRIPS_MAX * sizeof *c->times;
    size_t       slots = 64;
    int64_t     *slot; /* a network of the group + 1 */

    while (slots < 2 * (size_t)c->count) {
        slots *= 2;
    }
    slot = dvt_calloc(ctx, slots, sizeof *slot);
    if (!slot) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < c->count; i++) {
        const uint16_t *key = c->times + i * TRIPS_MAX;
        size_t          at = dvt_hash64(key, bytes, 0) & (slots - 1);
        while (slot[at] && memcmp(c->times + (slot[at] - 1) * TRIPS_MAX, key, bytes) != 0) {
            at = (at + 1) & (slots - 1);
        }
        c->group_of[i] = slot[at] ? c->group_of[slot[at] - 1] : c->groups++;
        slot[at] = slot[at] ? slot[at] : i + 1;
    }
    dvt_free(ctx, slot);
    return DVT_OK;
}

/* ---- making: what each takes at least ------------------------------------------------------ */

typedef struct lane_loads {
    int32_t q_vec, p_vec, banks;
    int64_t loads[TRIPS_MAX][DVTI_LOADS];
} lane_loads;

static const lane_loads *loads_of(const overlay_pairs *c, const dvt_overlay *o, lane_loads *list,
                                  int32_t *count)
{
    for (int32_t i = 0; i < *count; i++) {
        if (list[i].q_vec == o->q_vec && list[i].p_vec == o->p_vec &&
            list[i].banks == o->stream_buffer_banks) {
            return &list[i];
        }
    }
    lane_loads *l = &list[*count < LANES_MAX ? (*count)++ : LANES_MAX - 1];
    l->q_vec = o->q_vec;
    l->p_vec = o->p_vec;
    l->banks = o->stream_buffer_banks;
    for (int32_t t = 0; t < c->trips; t++) {
        dvti_trip_loads(&c->trip[t], o, l->loads[t]);
    }
    return l;
}

static dvt_status bound_trips(dvt_ctx *ctx, overlay_pairs *c)
{
    lane_loads *list = dvt_calloc(ctx, LANES_MAX, sizeof *list);
    int32_t     lanes = 0;

    c->least = dvt_calloc(ctx, (size_t)c->overlays * (size_t)c->trips + 1, sizeof *c->least);
    for (int64_t i = 0; list && c->least && i < c->overlays; i++) {
        dvt_point         p = dvt_space_at(c->space, (uint64_t)i);
        dvt_overlay       o;
        const lane_loads *l;
        dvti_space_overlay(c->space, &p, &o);
        l = loads_of(c, &o, list, &lanes);
        for (int32_t t = 0; t < c->trips; t++) {
            c->least[i * c->trips + t] = dvti_trip_bound(&c->trip[t], &o, l->loads[t]);
        }
    }
    dvt_free(ctx, list);
    return list && c->least ? DVT_OK : DVT_E_NOMEM;
}

/* ---- making -------------------------------------------------------------------------------- */

static void destroy(dvt_ctx *ctx, dvt_pair_cost *pc)
{
    overlay_pairs *c = pc->ud;

    if (c) {
        void *const blocks[] = {c->owned, c->trip, c->least, c->times, c->group_of,
                                c->form,  c->twin, c->kept,  c};
        for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
            dvt_free(ctx, blocks[i]);
        }
    }
    pc->ud = NULL;
}

/* All overlays of a space have one clock. */
static int64_t cycles_per_ms(const dvt_space *space)
{
    dvt_point   p = dvt_space_at(space, 0);
    dvt_overlay o;

    dvti_space_overlay(space, &p, &o);
    return o.clock_mhz >= 0.001 ? (int64_t)(o.clock_mhz * 1e3 + 0.5) : 1;
}

/* Takes `owned` (or NULL), which is freed on failure, too. */
static dvt_status make(dvt_ctx *ctx, const dvt_nb201_cell *cells, dvt_nb201_cell *owned,
                       int64_t count, const dvt_space *space, dvt_pair_cost *out)
{
    overlay_pairs *c = dvt_calloc(ctx, 1, sizeof *c);
    dvt_status     st = DVT_E_NOMEM;

    if (!c) {
        dvt_free(ctx, owned);
        return DVT_E_NOMEM;
    }
    *c = (overlay_pairs){.space = space,
                         .cells = cells,
                         .owned = owned,
                         .count = count,
                         .overlays = (int64_t)dvt_space_count(space)};
    c->trip = dvt_calloc(ctx, TRIPS_MAX, sizeof *c->trip);
    c->times = dvt_calloc(ctx, (size_t)count * TRIPS_MAX + 1, sizeof *c->times);
    c->group_of = dvt_calloc(ctx, (size_t)count + 1, sizeof *c->group_of);
    c->form = dvt_calloc(ctx, (size_t)count + 1, sizeof *c->form);
    c->twin = dvt_calloc(ctx, (size_t)count + 1, sizeof *c->twin);
    c->kept = dvt_calloc(ctx, KEPT, sizeof *c->kept);
    *out = (dvt_pair_cost){.name = "overlays 1",
                           .metric_count = 1,
                           .metric = {{"latency", "ms", cycles_per_ms(space), false}},
                           .batch = 128,
                           .cost = cost,
                           .selection_bytes = selection_bytes,
                           .select = select_some,
                           .bounds = bounds,
                           .destroy = destroy,
                           .ud = c};
    if (c->trip && c->times && c->group_of && c->form && c->twin && c->kept) {
        st = list_trips(ctx, c);
    }
    if (st == DVT_OK) {
        st = group_networks(ctx, c);
    }
    if (st == DVT_OK) {
        st = find_twins(ctx, c);
    }
    if (st == DVT_OK) {
        st = bound_trips(ctx, c);
    }
    if (st != DVT_OK) {
        dvt_pair_cost_deinit(ctx, out);
        return st;
    }
    out->groups = c->groups;
    out->group_of = c->group_of;
    return DVT_OK;
}

static dvt_status check_space(dvt_ctx *ctx, const dvt_space *space)
{
    return strcmp(dvt_space_name(space), "overlays") == 0
               ? DVT_OK
               : dvt_fail(ctx, DVT_E_USAGE, NULL, "'%s' is not the space of overlays alone",
                          dvt_space_name(space));
}

dvt_status dvt_pair_cost_overlays_nb201(dvt_ctx *ctx, const dvt_nb201_cell *cells, int64_t count,
                                        const dvt_space *space, dvt_pair_cost *out)
{
    dvt_status st = check_space(ctx, space);

    *out = (dvt_pair_cost){0};
    return st == DVT_OK ? make(ctx, cells, NULL, count, space, out) : st;
}

dvt_status dvt_pair_cost_overlays(dvt_ctx *ctx, const dvt_table *table, const dvt_space *space,
                                  dvt_pair_cost *out)
{
    int64_t         count = dvt_table_rows(table);
    dvt_nb201_cell *cells;
    dvt_status      st = check_space(ctx, space);

    *out = (dvt_pair_cost){0};
    if (st != DVT_OK) {
        return st;
    }
    if (dvt_table_space_of(table) != DVT_TABLE_NB201) {
        dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL,
                 "networks of this table are not compiled for overlays one by one");
        dvt_fail_hint(ctx, "tables of NAS-Bench-201 cells are");
        return DVT_E_UNSUPPORTED;
    }
    cells = dvt_alloc(ctx, ((size_t)count + 1) * sizeof *cells);
    st = cells ? dvti_table_nb201_cells(ctx, table, 0, count, cells) : DVT_E_NOMEM;
    if (st != DVT_OK) {
        dvt_free(ctx, cells);
        return st;
    }
    return make(ctx, cells, cells, count, space, out);
}
