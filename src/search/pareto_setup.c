/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_setup.c - a problem made ready: feasible members, their order, accelerators that matter.
 *
 * Limits     on networks and accelerators rule members out here, once; those on pairs stay.
 * Order      Networks by rising values of their objectives (after negation of what is maximised),
 *            then by number: a stable sort digit by digit. Accelerators likewise.
 * Needless   An accelerator is left out if another one has no larger values and its pair metrics
 *            are no worse for every network (dvt_pair_cost.no_worse); of two that are equal in all
 *            this the first stays. A limit that a pair metric must not fall below keeps all: what
 *            is better might not be feasible.
 * Classes    accelerators that matter, with equal values.
 * Tests      tests/unit/test_pareto.c
 */
#include <stdlib.h>
#include <string.h>

#include "search/pareto_int.h"

/* ---- members within limits ----------------------------------------------------------------- */

/* Clears keep[i] of members (count) that a limit of `part` rules out. */
static dvt_status apply_limits(dvti_search *s, dvt_pareto_part part, dvt_side *side, uint8_t *keep)
{
    for (int32_t l = 0; l < s->p->limit_count; l++) {
        const dvt_pareto_limit *limit = &s->p->limit[l];
        if (limit->metric.part != part) {
            continue;
        }
        const int64_t *v = dvt_side_values(s->ctx, side, limit->metric.index);
        if (!v) {
            return dvt_ctx_error(s->ctx)->status;
        }
        for (int64_t i = 0; i < side->count; i++) {
            keep[i] = keep[i] && v[i] != DVT_METRIC_MISSING && v[i] >= limit->least &&
                      v[i] <= limit->most;
        }
    }
    return DVT_OK;
}

static dvt_status fail_missing(dvti_search *s, const dvt_side *side, int32_t metric, int64_t i)
{
    dvt_buf name;

    dvt_buf_init(&name, s->ctx, 0);
    dvt_side_label(side, i, &name);
    if (dvt_buf_status(&name) == DVT_OK) {
        dvt_fail(s->ctx, DVT_E_NOTFOUND, NULL, "%s '%.120s' has no '%s'", side->name, name.data,
                 side->metric[metric].name);
        dvt_fail_hint(s->ctx, "a limit on '%s' leaves out those that have none",
                      side->metric[metric].name);
    }
    dvt_buf_deinit(&name);
    return dvt_ctx_error(s->ctx)->status;
}

/* out: (count, width), column `column`: the objective's values of members `list`, minimised. */
static dvt_status take_values(dvti_search *s, dvt_side *side, int32_t metric, const int64_t *list,
                              int64_t count, int32_t width, int32_t column, int64_t *out)
{
    const int64_t *v = dvt_side_values(s->ctx, side, metric);
    const bool     negate = side->metric[metric].maximise;

    if (!v) {
        return dvt_ctx_error(s->ctx)->status;
    }
    for (int64_t i = 0; i < count; i++) {
        const int64_t value = v[list[i]];
        if (value == DVT_METRIC_MISSING) {
            return fail_missing(s, side, metric, list[i]);
        }
        out[i * width + column] = negate ? -value : value;
    }
    return DVT_OK;
}

/* ---- order --------------------------------------------------------------------------------- */

typedef struct keyed {
    uint64_t key;
    int64_t  from;
} keyed;

/* Stable, by key. a, b: (count); the result is in `a`. */
static void sort_by_key(keyed *a, keyed *b, int64_t count)
{
    for (int shift = 0; shift < 64; shift += 8) {
        int64_t at[256] = {0}, sum = 0;
        for (int64_t i = 0; i < count; i++) {
            at[a[i].key >> shift & 255]++;
        }
        if (at[a[0].key >> shift & 255] == count) {
            continue; /* all have that digit */
        }
        for (int d = 0; d < 256; d++) {
            const int64_t n = at[d];
            at[d] = sum;
            sum += n;
        }
        for (int64_t i = 0; i < count; i++) {
            b[at[a[i].key >> shift & 255]++] = a[i];
        }
        memcpy(a, b, (size_t)count * sizeof *a);
    }
}

/* Sorts members `list` and their vectors (count, width) by vector, keeping the order of equal ones.
 */
static dvt_status sort_members(dvt_ctx *ctx, int64_t *list, int64_t *vec, int64_t count,
                               int32_t width)
{
    const size_t w = (size_t)width, n = (size_t)count;
    keyed       *a = dvt_alloc(ctx, 2 * (n + 1) * sizeof *a);
    int64_t     *old = dvt_alloc(ctx, (n + 1) * (w + 1) * sizeof *old);

    if (!a || !old) {
        dvt_free(ctx, a);
        dvt_free(ctx, old);
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < count; i++) {
        a[i].from = i;
    }
    for (int32_t x = width - 1; count > 0 && x >= 0; x--) {
        for (int64_t i = 0; i < count; i++) { /* the sign bit turned: negative ones come first */
            a[i].key = (uint64_t)vec[a[i].from * width + x] ^ UINT64_C(1) << 63;
        }
        sort_by_key(a, a + n, count);
    }
    memcpy(old, vec, n * w * sizeof *old);
    memcpy(old + n * w, list, n * sizeof *old);
    for (int64_t i = 0; i < count; i++) {
        memcpy(vec + i * width, old + a[i].from * width, w * sizeof *old);
        list[i] = old[n * w + (size_t)a[i].from];
    }
    dvt_free(ctx, a);
    dvt_free(ctx, old);
    return DVT_OK;
}

/* The feasible members of a side in order. objectives: places in the problem's list (width). */
static dvt_status order_side(dvti_search *s, dvt_pareto_part part, dvt_side *side, uint8_t *keep,
                             const int32_t *objectives, int32_t width, int64_t **list,
                             int64_t **vec, int64_t *count)
{
    dvt_status st = apply_limits(s, part, side, keep);
    int64_t    n = 0;

    if (st != DVT_OK) {
        return st;
    }
    for (int64_t i = 0; i < side->count; i++) {
        n += keep[i];
    }
    *list = dvt_alloc(s->ctx, ((size_t)n + 1) * sizeof **list);
    *vec = dvt_alloc(s->ctx, ((size_t)n * (size_t)width + 1) * sizeof **vec);
    if (!*list || !*vec) {
        return DVT_E_NOMEM;
    }
    *count = 0;
    for (int64_t i = 0; i < side->count; i++) {
        if (keep[i]) {
            (*list)[(*count)++] = i;
        }
    }
    for (int32_t k = 0; st == DVT_OK && k < width; k++) {
        st = take_values(s, side, s->p->objective[objectives[k]].index, *list, n, width, k, *vec);
    }
    return st == DVT_OK ? sort_members(s->ctx, *list, *vec, n, width) : st;
}

/* ---- parts --------------------------------------------------------------------------------- */

static dvt_status read_objectives(dvti_search *s)
{
    if (s->p->objective_count < DVT_PARETO_MIN_OBJECTIVES ||
        s->p->objective_count > DVT_PARETO_MAX_OBJECTIVES) {
        return dvt_fail(s->ctx, DVT_E_USAGE, NULL, "a frontier is in %d to %d objectives, not %d",
                        DVT_PARETO_MIN_OBJECTIVES, DVT_PARETO_MAX_OBJECTIVES,
                        (int)s->p->objective_count);
    }
    for (int32_t k = 0; k < s->p->objective_count; k++) {
        const dvt_pareto_metric m = s->p->objective[k];
        switch (m.part) {
        case DVT_PARETO_NETWORK: s->of_network[s->kn++] = k; break;
        case DVT_PARETO_ACCELERATOR: s->of_accelerator[s->ka++] = k; break;
        case DVT_PARETO_PAIR:
            s->pair_of[s->kp] = m.index;
            s->of_pair[s->kp++] = k;
            break;
        }
    }
    return DVT_OK;
}

static void read_pair_limits(dvti_search *s)
{
    for (int32_t m = 0; m < DVT_PAIR_METRICS; m++) {
        s->least[m] = INT64_MIN;
        s->most[m] = INT64_MAX;
        s->negate[m] = s->p->cost && m < s->p->cost->metric_count && s->p->cost->metric[m].maximise;
    }
    s->costly = s->kp > 0;
    for (int32_t l = 0; l < s->p->limit_count; l++) {
        const dvt_pareto_limit *limit = &s->p->limit[l];
        const int32_t           m = limit->metric.index;
        if (limit->metric.part != DVT_PARETO_PAIR) {
            continue;
        }
        s->costly = true;
        /* ends that are no limits stay so: -INT64_MIN has no value */
        const int64_t low = limit->least, high = limit->most;
        s->least[m] = !s->negate[m] ? low : high == INT64_MAX ? INT64_MIN : -high;
        s->most[m] = !s->negate[m] ? high : low == INT64_MIN ? INT64_MAX : -low;
        s->below = s->below || s->least[m] != INT64_MIN;
    }
    s->metrics = s->costly ? s->p->cost->metric_count : 0;
}

bool dvti_pair_values(const dvti_search *s, const int64_t *metrics, bool exact,
                      int64_t out[DVTI_MAX])
{
    int64_t v[DVT_PAIR_METRICS];

    for (int32_t m = 0; m < s->metrics; m++) {
        v[m] = s->negate[m] ? -metrics[m] : metrics[m];
        if (v[m] > s->most[m] || (exact && v[m] < s->least[m])) {
            return false;
        }
    }
    for (int32_t i = 0; i < s->kp; i++) {
        out[i] = v[s->pair_of[i]];
    }
    return true;
}

static dvt_status order_networks(dvti_search *s)
{
    dvt_side  *side = s->p->networks;
    uint8_t   *keep = dvt_alloc(s->ctx, (size_t)side->count + 1);
    dvt_status st = DVT_E_NOMEM;

    if (keep) {
        memset(keep, 1, (size_t)side->count + 1);
        st = order_side(s, DVT_PARETO_NETWORK, side, keep, s->of_network, s->kn, &s->order,
                        &s->network_vec, &s->n);
    }
    dvt_free(s->ctx, keep);
    return st;
}

/* ---- accelerators -------------------------------------------------------------------------- */

static dvt_status mark_accelerators(dvti_search *s, uint8_t *keep)
{
    const int64_t count = s->p->accelerators->count;

    memset(keep, s->opts->accelerators == NULL, (size_t)count + 1);
    for (int32_t i = 0; s->opts->accelerators && i < s->opts->accelerator_count; i++) {
        const int32_t a = s->opts->accelerators[i];
        if (a < 0 || a >= count || (i > 0 && a <= s->opts->accelerators[i - 1])) {
            return dvt_fail(s->ctx, DVT_E_USAGE, NULL,
                            "accelerator numbers must ascend within 0..%lld", (long long)count - 1);
        }
        keep[a] = 1;
    }
    return DVT_OK;
}

static dvt_status order_accelerators(dvti_search *s)
{
    dvt_side  *side = s->p->accelerators;
    uint8_t   *keep = dvt_alloc(s->ctx, (size_t)side->count + 1);
    int64_t   *list = NULL, count = 0;
    dvt_status st = keep ? mark_accelerators(s, keep) : DVT_E_NOMEM;

    if (st == DVT_OK) {
        st = order_side(s, DVT_PARETO_ACCELERATOR, side, keep, s->of_accelerator, s->ka, &list,
                        &s->all_vec, &count);
    }
    if (st == DVT_OK) {
        s->all = dvt_alloc(s->ctx, ((size_t)count + 1) * sizeof *s->all);
        st = s->all ? DVT_OK : DVT_E_NOMEM;
    }
    if (st == DVT_OK) {
        s->all_count = (int32_t)count;
        for (int64_t i = 0; i < count; i++) {
            s->all[i] = (int32_t)list[i];
        }
    }
    dvt_free(s->ctx, list);
    dvt_free(s->ctx, keep);
    return st;
}

static const int64_t *vec_of(const dvti_search *s, int32_t i) { return s->all_vec + i * s->ka; }

/* Pair metrics of `a` are no worse than those of `b`. */
static bool no_worse(const dvti_search *s, int32_t a, int32_t b)
{
    const dvt_pair_cost *c = s->p->cost;
    return !s->costly || (c->no_worse && c->no_worse(c, s->all[a], s->all[b]));
}

static bool no_larger(const dvti_search *s, int32_t a, int32_t b)
{
    for (int32_t k = 0; k < s->ka; k++) {
        if (vec_of(s, a)[k] > vec_of(s, b)[k]) {
            return false;
        }
    }
    return true;
}

static bool equal(const dvti_search *s, int32_t a, int32_t b)
{
    return memcmp(vec_of(s, a), vec_of(s, b), (size_t)s->ka * sizeof(int64_t)) == 0;
}

/* place: (kept) of those that matter so far, all before `i`. */
static bool is_needless(const dvti_search *s, const int32_t *place, int32_t kept, int32_t i)
{
    for (int32_t j = kept - 1; j >= 0; j--) {
        if (no_larger(s, place[j], i) && no_worse(s, place[j], i)) {
            return true;
        }
    }
    /* of several with equal values a later one may make an earlier one needless */
    for (int32_t j = i + 1; j < s->all_count && equal(s, i, j); j++) {
        if (no_worse(s, j, i) && !no_worse(s, i, j)) {
            return true;
        }
    }
    return false;
}

static void make_classes(dvti_search *s, const int32_t *place)
{
    for (int32_t i = 0; i < s->kept_count; i++) {
        if (i == 0 || !equal(s, place[i - 1], place[i])) {
            memcpy(s->class_vec + s->classes++ * s->ka, vec_of(s, place[i]),
                   (size_t)s->ka * sizeof(int64_t));
        }
        s->class_of[i] = s->classes - 1;
    }
}

static dvt_status keep_accelerators(dvti_search *s)
{
    const size_t n = (size_t)s->all_count + 1;
    const bool   may = !s->below && (!s->costly || s->p->cost->no_worse);
    int32_t     *place = dvt_alloc(s->ctx, n * sizeof *place);

    s->kept = dvt_alloc(s->ctx, n * sizeof *s->kept);
    s->class_of = dvt_alloc(s->ctx, n * sizeof *s->class_of);
    s->class_vec = dvt_alloc(s->ctx, (n * (size_t)s->ka + 1) * sizeof *s->class_vec);
    if (!place || !s->kept || !s->class_of || !s->class_vec) {
        dvt_free(s->ctx, place);
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < s->all_count; i++) {
        if (!may || !is_needless(s, place, s->kept_count, i)) {
            place[s->kept_count] = i;
            s->kept[s->kept_count++] = s->all[i];
        }
    }
    make_classes(s, place);
    dvt_free(s->ctx, place);
    return DVT_OK;
}

/* ---- groups -------------------------------------------------------------------------------- */

static dvt_status make_groups(dvti_search *s)
{
    const dvt_pair_cost *c = s->p->cost;
    const bool           bounded = s->costly && c->bounds;
    const int32_t        rest = s->kn > 1 ? s->kn - 1 : 0;

    s->groups = bounded ? c->groups : 1;
    s->group_low = dvt_alloc(s->ctx, ((size_t)s->groups * (size_t)rest + 1) * sizeof(int64_t));
    s->open = dvt_calloc(s->ctx, (size_t)s->groups, sizeof *s->open);
    if (!s->group_low || !s->open) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < s->groups * rest; i++) {
        s->group_low[i] = INT64_MAX;
    }
    for (int64_t i = 0; i < s->n; i++) {
        int64_t *low = s->group_low + (size_t)dvti_group_of(s, i) * (size_t)rest;
        for (int32_t k = 0; k < rest; k++) {
            const int64_t v = s->network_vec[i * s->kn + 1 + k];
            low[k] = v < low[k] ? v : low[k];
        }
    }
    if (bounded && s->kept_count > 0) {
        s->selection = dvt_alloc(s->ctx, c->selection_bytes(c, s->kept_count));
        if (!s->selection) {
            return DVT_E_NOMEM;
        }
        c->select(c, s->kept, s->kept_count, s->selection);
    }
    return DVT_OK;
}

dvt_status dvti_search_init(dvti_search *s)
{
    dvt_status st = read_objectives(s);

    if (st == DVT_OK && (s->p->networks->count <= 0 || s->p->accelerators->count <= 0 ||
                         s->p->accelerators->count > INT32_MAX ||
                         (s->opts->accelerators && s->opts->accelerator_count <= 0))) {
        st = dvt_fail(s->ctx, DVT_E_USAGE, NULL,
                      "a frontier is of at least one network and one accelerator");
    }
    if (st == DVT_OK) {
        read_pair_limits(s);
        st = order_networks(s);
    }
    st = st == DVT_OK ? order_accelerators(s) : st;
    st = st == DVT_OK ? keep_accelerators(s) : st;
    st = st == DVT_OK ? make_groups(s) : st;
    return st != DVT_OK ? st
                        : dvti_archive_init(&s->archive, s->ctx, s->ka, dvti_rest_count(s),
                                            s->classes, s->class_vec);
}

void dvti_search_deinit(dvti_search *s)
{
    void *const blocks[] = {s->order,    s->network_vec, s->all,       s->all_vec,  s->kept,
                            s->class_of, s->class_vec,   s->group_low, s->selection};

    for (int32_t g = 0; s->open && g < s->groups; g++) {
        dvt_free(s->ctx, s->open[g].lane);
        dvt_free(s->ctx, s->open[g].bound);
    }
    dvt_free(s->ctx, s->open);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        dvt_free(s->ctx, blocks[i]);
    }
    dvti_found_vec_deinit(s->ctx, &s->found);
    dvti_archive_deinit(&s->archive);
}
