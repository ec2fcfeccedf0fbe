/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_find.c - the exact frontier of networks x accelerators.
 *
 * Idea       Networks are taken in the order of their first objective, best first. A pair can be on
 *            the frontier only if no pair found so far is as good in the other objectives: what was
 *            found is no worse in the first. A bound of the cost that is the same for a group of
 *            networks rules most pairs out. What was found never gets worse, so an accelerator that
 *            is ruled out for a group once stays out: each group keeps the list of accelerators
 *            that are still open, and once it is empty its networks cost nothing.
 * Exactness  Accelerators are left out only where another one has as good a vector for every
 *            network (pareto_setup.c), pairs only where a known pair has one. So every vector of
 *            the frontier is met, and dvti_search_reduce() removes, by comparing integers, what is
 *            not on it.
 * Blocks     Networks are taken in blocks that grow while little is open: (1) lists of the block's
 *            groups, (2) costs of what is open, both on all threads against what was found before
 *            the block, (3) merged in order by one. Sizes depend on counts alone, so nothing
 *            depends on the number of threads.
 * Slow       costs come in small batches, which may end within a network, so that what is found on
 *            one accelerator rules others out before they are computed.
 * Memory     TASKS costs and FRESH new list entries a block; OPEN_MAX entries in all lists, above
 *            which a list is made anew each time it is asked for; found pairs are reduced whenever
 *            they have doubled.
 * Tests      tests/unit/test_pareto.c, tests/prop/prop_pareto.c
 */
#include <string.h>

#include "search/pareto_int.h"

enum {
    BLOCK_FIRST = 16, /* networks */
    TASKS = 1 << 16,
    ITEM = 8, /* accelerators, where costs are slow */
    FRESH = 1 << 20,
    OPEN_MAX = 1 << 22,
    REDUCE_FROM = 1 << 16 /* found pairs */
};

/* Of one thread. */
typedef struct scratch {
    int64_t *metrics;   /* (kept, metrics of the cost) */
    int64_t *ceilings;  /* the same, where limits from below need them; else NULL */
    int32_t *lane, *id; /* (kept) */
} scratch;

/* Open accelerators [from, to) of a network's list, for one thread. */
typedef struct item {
    int64_t place, begin; /* begin: of its results */
    int32_t from, to;
    int32_t results, costs;
} item;

typedef struct block {
    dvti_search *s;
    uint32_t     jobs;
    scratch     *scratch; /* (jobs) */

    int32_t  group_count, fresh_count, fresh_max;
    int32_t *group;       /* (DVTI_BLOCK_MAX) different ones */
    int32_t *fresh_of;    /* (DVTI_BLOCK_MAX) place among the fresh ones, or -1 */
    int64_t *first;       /* (DVTI_BLOCK_MAX) place of its first network */
    int64_t *seen;        /* (groups) number of the last block that has it */
    int32_t *fresh_lane;  /* (fresh_max, kept) */
    int64_t *fresh_bound; /* (fresh_max, kept, kp) */

    int64_t  count; /* networks */
    bool     whole; /* all accelerators of the last one are in it */
    item    *items; /* (DVTI_BLOCK_MAX + TASKS / ITEM) */
    int64_t  item_count, task_count, task_max;
    int32_t *lane; /* (TASKS) results */
    int64_t *pair; /* (TASKS, kp) */
    int64_t  number;
} block;

/* ---- open accelerators of a group ---------------------------------------------------------- */

/* Leaves what nothing found is as good as, for the best of the group's networks. */
static void filter(const dvti_search *s, int32_t group, dvti_open *o)
{
    const int32_t  others = s->kn > 1 ? s->kn - 1 : 0;
    const int64_t *low = s->group_low + (size_t)group * (size_t)others;
    int64_t        rest[DVTI_MAX] = {0};
    int32_t        kept = 0;

    memcpy(rest, low, (size_t)others * sizeof *rest);
    for (int32_t i = 0; i < o->count; i++) {
        const int64_t *bound = o->bound + (size_t)i * (size_t)s->kp;
        memcpy(rest + others, bound, (size_t)s->kp * sizeof *rest);
        if (!dvti_archive_has(&s->archive, s->class_of[o->lane[i]], rest)) {
            o->lane[kept] = o->lane[i];
            memmove(o->bound + (size_t)kept++ * (size_t)s->kp, bound,
                    (size_t)s->kp * sizeof *bound);
        }
    }
    o->count = kept;
}

/* Is even the worst value of some metric better than a limit allows? */
static bool too_good(const dvti_search *s, const int64_t *ceiling)
{
    for (int32_t m = 0; m < s->metrics; m++) {
        if ((s->negate[m] ? -ceiling[m] : ceiling[m]) < s->least[m]) {
            return true;
        }
    }
    return false;
}

/* All accelerators whose bounds are within limits. */
static void list_all(const dvti_search *s, int64_t place, const scratch *w, dvti_open *o)
{
    const dvt_pair_cost *c = s->p->cost;
    const bool           capped = s->selection && s->below && c->ceilings;

    if (s->selection) {
        c->bounds(c, s->selection, s->order[place], w->metrics);
    }
    if (capped) {
        c->ceilings(c, s->selection, s->order[place], w->ceilings);
    }
    for (int32_t lane = 0; lane < s->kept_count; lane++) {
        int64_t bound[DVTI_MAX] = {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};
        if ((s->selection && !dvti_pair_values(s, w->metrics + lane * s->metrics, false, bound)) ||
            (capped && too_good(s, w->ceilings + lane * s->metrics))) {
            continue;
        }
        memcpy(o->bound + (size_t)o->count * (size_t)s->kp, bound, (size_t)s->kp * sizeof *bound);
        o->lane[o->count++] = lane;
    }
}

static void open_groups(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    block       *b = ud;
    dvti_search *s = b->s;

    for (int64_t i = begin; i < end; i++) {
        dvti_open *o = &s->open[b->group[i]];
        if (!o->known) {
            const size_t at = (size_t)b->fresh_of[i] * (size_t)s->kept_count;
            *o = (dvti_open){.lane = b->fresh_lane + at,
                             .bound = b->fresh_bound + at * (size_t)s->kp};
            list_all(s, b->first[i], &b->scratch[worker], o);
        }
        filter(s, b->group[i], o);
    }
}

/* Gives a new list memory of its own, if there is room. */
static dvt_status keep_list(dvti_search *s, dvti_open *o)
{
    const size_t count = (size_t)o->count, kp = (size_t)s->kp;
    dvti_open    own = {.count = o->count, .room = o->count, .known = true};

    if (s->open_total + o->count > OPEN_MAX) {
        return DVT_OK;
    }
    own.lane = dvt_alloc(s->ctx, (count + 1) * sizeof *own.lane);
    own.bound = dvt_alloc(s->ctx, (count * kp + 1) * sizeof *own.bound);
    if (!own.lane || !own.bound) {
        dvt_free(s->ctx, own.lane);
        dvt_free(s->ctx, own.bound);
        return DVT_E_NOMEM;
    }
    memcpy(own.lane, o->lane, count * sizeof *own.lane);
    memcpy(own.bound, o->bound, count * kp * sizeof *own.bound);
    s->open_total += o->count;
    *o = own;
    return DVT_OK;
}

/* An empty list is remembered without memory. */
static void drop_empty(dvti_search *s, dvti_open *o)
{
    if (o->count == 0) {
        if (o->known) {
            dvt_free(s->ctx, o->lane);
            dvt_free(s->ctx, o->bound);
            s->open_total -= o->room;
        }
        *o = (dvti_open){.known = true};
    }
}

static dvt_status settle_lists(block *b)
{
    dvti_search *s = b->s;
    dvt_status   st = DVT_OK;

    for (int32_t i = 0; i < b->group_count; i++) {
        dvti_open *o = &s->open[b->group[i]];
        drop_empty(s, o);
        if (!o->known && st == DVT_OK) {
            st = keep_list(s, o);
        }
    }
    return st;
}

/* Lists that found no room are forgotten. */
static void forget_lists(block *b)
{
    for (int32_t i = 0; i < b->group_count; i++) {
        dvti_open *o = &b->s->open[b->group[i]];
        if (!o->known) {
            *o = (dvti_open){0};
        }
    }
}

/* ---- costs --------------------------------------------------------------------------------- */

/* Costs of what is open in an item; those that nothing found is as good as become results. */
static void cost_item(block *b, item *it, const scratch *w)
{
    const dvti_search *s = b->s;
    const dvti_open   *o = &s->open[dvti_group_of(s, it->place)];
    const int64_t     *network = s->network_vec + it->place * s->kn;
    int32_t            count = 0;
    int64_t            rest[DVTI_MAX] = {0}, pair[DVTI_MAX] = {0};

    for (int32_t k = it->from; k < it->to; k++) {
        dvti_rest(s, network, o->bound + (size_t)k * (size_t)s->kp, rest);
        if (!dvti_archive_has(&s->archive, s->class_of[o->lane[k]], rest)) {
            w->lane[count] = o->lane[k];
            w->id[count++] = s->kept[o->lane[k]];
        }
    }
    if (s->costly && count > 0) {
        s->p->cost->cost(s->p->cost, s->order[it->place], w->id, count, w->metrics);
    }
    it->costs = s->costly ? count : 0;
    it->results = 0;
    for (int32_t k = 0; k < count; k++) {
        if (!dvti_pair_values(s, w->metrics + k * s->metrics, true, pair)) {
            continue;
        }
        dvti_rest(s, network, pair, rest);
        if (!dvti_archive_has(&s->archive, s->class_of[w->lane[k]], rest)) {
            const int64_t at = it->begin + it->results++;
            b->lane[at] = w->lane[k];
            memcpy(b->pair + at * s->kp, pair, (size_t)s->kp * sizeof *pair);
        }
    }
}

static void cost_items(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    block *b = ud;

    for (int64_t i = begin; i < end; i++) {
        cost_item(b, &b->items[i], &b->scratch[worker]);
    }
}

static dvt_status merge_item(block *b, const item *it)
{
    dvti_search   *s = b->s;
    const int64_t *network = s->network_vec + it->place * s->kn;
    dvt_status     st = DVT_OK;

    s->computed += it->costs;
    for (int64_t at = it->begin; st == DVT_OK && at < it->begin + it->results; at++) {
        dvti_found f = {.place = it->place, .lane = b->lane[at], .cls = s->class_of[b->lane[at]]};
        int64_t    rest[DVTI_MAX] = {0};
        memcpy(f.pair, b->pair + at * s->kp, (size_t)s->kp * sizeof *f.pair);
        dvti_rest(s, network, f.pair, rest);
        if (!dvti_archive_has(&s->archive, f.cls, rest)) {
            st = dvti_found_vec_push(s->ctx, &s->found, f);
            st = st == DVT_OK ? dvti_archive_add(&s->archive, f.cls, rest) : st;
        }
    }
    return st;
}

static dvt_status merge(block *b)
{
    dvt_status st = DVT_OK;

    for (int64_t i = 0; st == DVT_OK && i < b->item_count; i++) {
        st = merge_item(b, &b->items[i]);
    }
    return st;
}

/* ---- blocks -------------------------------------------------------------------------------- */

/* Networks from s->place on and their groups, until there are enough of them. */
static void choose_networks(block *b)
{
    dvti_search *s = b->s;
    int64_t      left = s->n - s->place;

    b->number++;
    b->group_count = b->fresh_count = 0;
    left = left < s->block ? left : s->block;
    for (b->count = 0; b->count < left; b->count++) {
        const int32_t g = dvti_group_of(s, s->place + b->count);
        if (b->seen[g] == b->number) {
            continue;
        }
        if (!s->open[g].known && b->fresh_count == b->fresh_max) {
            break;
        }
        b->seen[g] = b->number;
        b->fresh_of[b->group_count] = s->open[g].known ? -1 : b->fresh_count++;
        b->first[b->group_count] = s->place + b->count;
        b->group[b->group_count++] = g;
    }
}

/* The part of a network's list that is left, cut into items for threads. */
static void add_items(block *b, int64_t place, int32_t from, int32_t to)
{
    const bool    slow = b->s->costly && b->s->p->cost->batch > 0;
    const int32_t step = slow ? ITEM : to - from;

    for (int32_t at = from; at < to; at += step) {
        const int32_t end = to - at < step ? to : at + step;
        b->items[b->item_count++] =
            (item){.place = place, .begin = b->task_count, .from = at, .to = end};
        b->task_count += end - at;
    }
}

/* Items for as many networks as there is room for, or for a part of the first one. */
static void make_items(block *b)
{
    dvti_search *s = b->s;

    b->item_count = b->task_count = 0;
    b->whole = true;
    for (int64_t i = 0; i < b->count; i++) {
        const dvti_open *o = &s->open[dvti_group_of(s, s->place + i)];
        const int64_t    room = b->task_max - b->task_count;
        int32_t          from = 0, to = o->count;
        while (i == 0 && from < o->count && o->lane[from] <= s->lane_done) {
            from++;
        }
        if (to - from > room && i > 0) {
            b->count = i;
            return;
        }
        if (to - from > room) {
            to = from + (int32_t)room;
            b->whole = false;
            b->count = 1;
            s->lane_done = o->lane[to - 1];
        }
        add_items(b, s->place + i, from, to);
    }
}

/* The next block: twice as many networks while there is little to do, else as many as fitted. */
static int64_t next_size(const block *b, int64_t chosen)
{
    const int64_t size = b->count < chosen                 ? b->count
                         : b->task_count < b->task_max / 4 ? 2 * b->s->block
                                                           : b->s->block;
    return size < BLOCK_FIRST ? BLOCK_FIRST : size < DVTI_BLOCK_MAX ? size : DVTI_BLOCK_MAX;
}

static dvt_status take_block(block *b)
{
    dvti_search *s = b->s;
    int64_t      chosen;
    dvt_status   st;

    choose_networks(b);
    chosen = b->count;
    dvt_parallel_for(s->ctx, b->group_count, 1, open_groups, b);
    st = settle_lists(b);
    if (st == DVT_OK) {
        make_items(b);
        dvt_parallel_for(s->ctx, b->item_count, 1, cost_items, b);
        st = merge(b);
    }
    forget_lists(b);
    if (b->whole) {
        s->place += b->count;
        s->lane_done = -1;
    }
    s->block = next_size(b, chosen);
    return st;
}

/* ---- driver -------------------------------------------------------------------------------- */

static bool take_memory(block *b)
{
    const dvti_search *s = b->s;
    const size_t       kept = (size_t)s->kept_count, kp = (size_t)s->kp;
    const size_t       metrics = (size_t)s->metrics;
    bool               ok;

    b->jobs = dvt_ctx_jobs(s->ctx);
    b->task_max =
        s->costly && s->p->cost->batch > 0 && s->p->cost->batch < TASKS ? s->p->cost->batch : TASKS;
    b->fresh_max = (int32_t)(FRESH / kept) + 1;
    ok = (b->scratch = dvt_calloc(s->ctx, b->jobs, sizeof *b->scratch)) &&
         (b->group = dvt_calloc(s->ctx, DVTI_BLOCK_MAX, sizeof *b->group)) &&
         (b->fresh_of = dvt_calloc(s->ctx, DVTI_BLOCK_MAX, sizeof *b->fresh_of)) &&
         (b->first = dvt_calloc(s->ctx, DVTI_BLOCK_MAX, sizeof *b->first)) &&
         (b->seen = dvt_calloc(s->ctx, (size_t)s->groups, sizeof *b->seen)) &&
         (b->fresh_lane = dvt_alloc(s->ctx, (FRESH + kept) * sizeof *b->fresh_lane)) &&
         (b->fresh_bound = dvt_alloc(s->ctx, (FRESH + kept) * (kp + 1) * sizeof(int64_t))) &&
         (b->items = dvt_alloc(s->ctx, (DVTI_BLOCK_MAX + TASKS / ITEM) * sizeof *b->items)) &&
         (b->lane = dvt_alloc(s->ctx, TASKS * sizeof *b->lane)) &&
         (b->pair = dvt_alloc(s->ctx, TASKS * (kp + 1) * sizeof *b->pair));
    for (uint32_t j = 0; ok && j < b->jobs; j++) {
        scratch *w = &b->scratch[j];
        ok = (w->metrics = dvt_calloc(s->ctx, kept * metrics + 1, sizeof *w->metrics)) &&
             (w->ceilings = dvt_calloc(s->ctx, kept * metrics + 1, sizeof *w->ceilings)) &&
             (w->lane = dvt_alloc(s->ctx, kept * sizeof *w->lane)) &&
             (w->id = dvt_alloc(s->ctx, kept * sizeof *w->id));
    }
    return ok;
}

static void give_memory(block *b)
{
    dvt_ctx    *ctx = b->s->ctx;
    void *const blocks[] = {b->group,       b->fresh_of, b->first, b->seen, b->fresh_lane,
                            b->fresh_bound, b->items,    b->lane,  b->pair};

    for (uint32_t j = 0; b->scratch && j < b->jobs; j++) {
        dvt_free(ctx, b->scratch[j].metrics);
        dvt_free(ctx, b->scratch[j].ceilings);
        dvt_free(ctx, b->scratch[j].lane);
        dvt_free(ctx, b->scratch[j].id);
    }
    dvt_free(ctx, b->scratch);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        dvt_free(ctx, blocks[i]);
    }
}

/* Networks and costs since the last checkpoint say when the next one is due. */
static dvt_status save_now_and_then(dvti_search *s, int64_t *saved, bool cancelled)
{
    const bool    slow = s->costly && s->p->cost->batch > 0;
    const int64_t given = s->opts->checkpoint_every;
    const int64_t every = given > 0 ? given : slow ? 1 << 12 : 1 << 20;

    if (!s->opts->checkpoint || (!cancelled && s->place + s->computed - *saved < every)) {
        return DVT_OK;
    }
    *saved = s->place + s->computed;
    return dvti_checkpoint_save(s);
}

dvt_status dvti_search_run(dvti_search *s)
{
    block      b = {.s = s};
    size_t     reduced = REDUCE_FROM;
    int64_t    saved = s->place + s->computed;
    dvt_status st = take_memory(&b) ? DVT_OK : DVT_E_NOMEM;

    s->block = s->block > 0 ? s->block : BLOCK_FIRST;
    s->lane_done = -1;
    while (st == DVT_OK && s->place < s->n) {
        st = dvt_progress(s->ctx, "frontier", (uint64_t)s->place, (uint64_t)s->n, "networks");
        if (st == DVT_E_CANCELLED) {
            dvt_status also = save_now_and_then(s, &saved, true); /* the first error is kept */
            (void)also;
            break;
        }
        st = st == DVT_OK ? take_block(&b) : st;
        if (st == DVT_OK && s->found.len > 2 * reduced) {
            st = dvti_search_reduce(s);
            reduced = s->found.len > REDUCE_FROM ? s->found.len : REDUCE_FROM;
        }
        st = st == DVT_OK ? save_now_and_then(s, &saved, false) : st;
    }
    give_memory(&b);
    return st;
}
