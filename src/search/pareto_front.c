/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_front.c - from the pairs that were found to the points of the frontier.
 *
 * Reduce     Vectors are sorted by rising values, the networks' first: none is dominated by a later
 *            one, so one pass that asks the archive about each and adds it leaves the frontier.
 * Ties       A point's pairs are among the networks with its networks' values and the accelerators
 *            (those left out as needless, too) with its accelerators' values. Where pairs have
 *            values of their own each of these is computed, but for networks of groups whose bound
 *            is above the point's. Points are independent: all threads count.
 * Tests      tests/unit/test_pareto.c
 */
#include <stdlib.h>
#include <string.h>

#include "search/pareto_int.h"

/* ---- reduce -------------------------------------------------------------------------------- */

typedef struct entry {
    int64_t value[DVTI_MAX]; /* networks', accelerators', pairs' */
    int64_t place;
    int32_t lane;
    int32_t count; /* values */
} entry;

static int by_value(const void *x, const void *y)
{
    const entry *a = x, *b = y;

    for (int32_t i = 0; i < a->count; i++) {
        if (a->value[i] != b->value[i]) {
            return a->value[i] < b->value[i] ? -1 : 1;
        }
    }
    if (a->place != b->place) {
        return a->place < b->place ? -1 : 1;
    }
    return (a->lane > b->lane) - (a->lane < b->lane);
}

static entry entry_of(const dvti_search *s, const dvti_found *f)
{
    entry e = {.place = f->place, .lane = f->lane};

    for (int32_t i = 0; i < s->kn; i++) {
        e.value[e.count++] = s->network_vec[f->place * s->kn + i];
    }
    for (int32_t i = 0; i < s->ka; i++) {
        e.value[e.count++] = s->class_vec[f->cls * s->ka + i];
    }
    for (int32_t i = 0; i < s->kp; i++) {
        e.value[e.count++] = f->pair[i];
    }
    return e;
}

dvt_status dvti_search_reduce(dvti_search *s)
{
    entry     *list = dvt_alloc(s->ctx, (s->found.len + 1) * sizeof *list);
    size_t     kept = 0;
    dvt_status st = DVT_OK;

    if (!list) {
        return DVT_E_NOMEM;
    }
    for (size_t i = 0; i < s->found.len; i++) {
        list[i] = entry_of(s, &s->found.data[i]);
    }
    qsort(list, s->found.len, sizeof *list, by_value);
    dvti_archive_reset(&s->archive);
    for (size_t i = 0; st == DVT_OK && i < s->found.len; i++) {
        const int32_t cls = s->class_of[list[i].lane];
        dvti_found    f = {.place = list[i].place, .lane = list[i].lane, .cls = cls};
        int64_t       rest[DVTI_MAX] = {0};
        memcpy(f.pair, list[i].value + s->kn + s->ka, (size_t)s->kp * sizeof *f.pair);
        dvti_rest(s, list[i].value, f.pair, rest);
        if (!dvti_archive_has(&s->archive, cls, rest)) {
            s->found.data[kept++] = f; /* the list has a copy of all */
            st = dvti_archive_add(&s->archive, cls, rest);
        }
    }
    s->found.len = kept;
    dvt_free(s->ctx, list);
    return st;
}

/* ---- ties ---------------------------------------------------------------------------------- */

/* Of one thread. */
typedef struct scratch {
    void    *selection;
    int64_t *metrics; /* (widest, metrics) */
    uint8_t *group;   /* (groups): 1 = may have the vector, 2 = cannot */
} scratch;

typedef struct tie_job {
    const dvti_search *s;
    dvt_pareto_point  *points;
    scratch           *scratch;
    int32_t            widest; /* accelerators with equal values */
    uint32_t           jobs;
} tie_job;

enum { BOUND_FROM = 8 }; /* networks from which asking for bounds pays */

/* The run of equal vectors (each `width`) around one: [*begin, *end) of `count`. */
static void equal_run(const int64_t *vec, int64_t count, int32_t width, const int64_t *v,
                      int64_t *begin, int64_t *end)
{
    const size_t bytes = (size_t)width * sizeof *v;
    int64_t      low = 0, high = count;

    while (low < high && width > 0) {
        const int64_t middle = low + (high - low) / 2;
        int32_t       i = 0;
        while (i < width - 1 && vec[middle * width + i] == v[i]) {
            i++;
        }
        if (vec[middle * width + i] < v[i]) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *begin = low;
    for (*end = width > 0 ? low : count;
         *end < count && memcmp(vec + *end * width, v, bytes) == 0;) {
        ++*end;
    }
}

/* Counts the pairs of a network with accelerators s->all[begin..end) that have the vector. */
static void count_network(const tie_job *job, const dvti_found *f, int64_t place, int32_t begin,
                          int32_t end, const scratch *w, dvt_pareto_point *p)
{
    const dvti_search   *s = job->s;
    const dvt_pair_cost *c = s->p->cost;

    c->cost(c, s->order[place], s->all + begin, end - begin, w->metrics);
    for (int32_t i = begin; i < end; i++) {
        int64_t pair[DVTI_MAX] = {0};
        if (dvti_pair_values(s, w->metrics + (i - begin) * s->metrics, true, pair) &&
            memcmp(pair, f->pair, (size_t)s->kp * sizeof *pair) == 0) {
            if (p->pairs++ == 0) {
                p->network = s->order[place];
                p->accelerator = s->all[i];
            }
        }
    }
}

/* May a network of the group of `place` have the vector on one of `count` selected accelerators? */
static bool group_may(const dvti_search *s, const dvti_found *f, int64_t place, int32_t count,
                      const scratch *w)
{
    const dvt_pair_cost *c = s->p->cost;
    uint8_t             *known = &w->group[dvti_group_of(s, place)];

    if (*known == 0) {
        *known = 2;
        c->bounds(c, w->selection, s->order[place], w->metrics);
        for (int32_t i = 0; *known == 2 && i < count; i++) {
            int64_t bound[DVTI_MAX] = {0};
            bool    may = dvti_pair_values(s, w->metrics + i * s->metrics, false, bound);
            for (int32_t k = 0; may && k < s->kp; k++) {
                may = bound[k] <= f->pair[k];
            }
            *known = may ? 1 : 2;
        }
    }
    return *known == 1;
}

static void count_point(const tie_job *job, const scratch *w, int64_t i)
{
    const dvti_search *s = job->s;
    const dvti_found  *f = &s->found.data[i];
    dvt_pareto_point  *p = &job->points[i];
    int64_t            first, last, begin, end;

    equal_run(s->network_vec, s->n, s->kn, s->network_vec + f->place * s->kn, &first, &last);
    equal_run(s->all_vec, s->all_count, s->ka, s->class_vec + f->cls * s->ka, &begin, &end);
    if (!s->costly) {
        p->network = s->order[first];
        p->accelerator = s->all[begin];
        p->pairs = (last - first) * (end - begin);
        return;
    }
    const bool bounded = w->selection && last - first >= BOUND_FROM;
    if (bounded) {
        memset(w->group, 0, (size_t)s->groups);
        s->p->cost->select(s->p->cost, s->all + begin, (int32_t)(end - begin), w->selection);
    }
    for (int64_t place = first; place < last; place++) {
        if (!bounded || group_may(s, f, place, (int32_t)(end - begin), w)) {
            count_network(job, f, place, (int32_t)begin, (int32_t)end, w, p);
        }
    }
}

static void count_points(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const tie_job *job = ud;

    for (int64_t i = begin; i < end; i++) {
        count_point(job, &job->scratch[worker], i);
    }
}

static bool take_scratch(tie_job *job)
{
    const dvti_search   *s = job->s;
    const dvt_pair_cost *c = s->p->cost;
    bool                 ok = true;

    for (int64_t begin = 0, end; begin < s->all_count; begin = end) {
        int64_t same;
        equal_run(s->all_vec, s->all_count, s->ka, s->all_vec + begin * s->ka, &same, &end);
        job->widest = end - begin > job->widest ? (int32_t)(end - begin) : job->widest;
    }
    job->jobs = dvt_ctx_jobs(s->ctx);
    job->scratch = dvt_calloc(s->ctx, job->jobs, sizeof *job->scratch);
    for (uint32_t j = 0; job->scratch && s->costly && ok && j < job->jobs; j++) {
        scratch *w = &job->scratch[j];
        w->metrics = dvt_alloc(s->ctx, (size_t)job->widest * (size_t)s->metrics * sizeof(int64_t));
        w->group = dvt_alloc(s->ctx, (size_t)s->groups);
        ok = w->metrics && w->group;
        if (ok && c->bounds) {
            w->selection = dvt_alloc(s->ctx, c->selection_bytes(c, job->widest));
            ok = w->selection != NULL;
        }
    }
    return job->scratch && ok;
}

static dvt_status count_ties(dvti_search *s, dvt_pareto_front *out)
{
    tie_job    job = {.s = s, .points = out->points};
    dvt_status st = DVT_E_NOMEM;

    if (take_scratch(&job)) {
        dvt_parallel_for(s->ctx, out->count, 1, count_points, &job);
        st = DVT_OK;
    }
    for (uint32_t j = 0; job.scratch && j < job.jobs; j++) {
        dvt_free(s->ctx, job.scratch[j].selection);
        dvt_free(s->ctx, job.scratch[j].metrics);
        dvt_free(s->ctx, job.scratch[j].group);
    }
    dvt_free(s->ctx, job.scratch);
    return st;
}

/* ---- points -------------------------------------------------------------------------------- */

typedef struct sorted {
    int64_t          key[DVTI_MAX]; /* minimised, in the list's order */
    dvt_pareto_point point;
} sorted;

static int by_key(const void *x, const void *y)
{
    const sorted *a = x, *b = y;

    for (int i = 0; i < DVTI_MAX; i++) {
        if (a->key[i] != b->key[i]) {
            return a->key[i] < b->key[i] ? -1 : 1;
        }
    }
    return 0;
}

/* The minimised objectives in the list's order. */
static void key_of(const dvti_search *s, const dvti_found *f, int64_t out[DVTI_MAX])
{
    memset(out, 0, DVTI_MAX * sizeof *out);
    for (int32_t i = 0; i < s->kn; i++) {
        out[s->of_network[i]] = s->network_vec[f->place * s->kn + i];
    }
    for (int32_t i = 0; i < s->ka; i++) {
        out[s->of_accelerator[i]] = s->class_vec[f->cls * s->ka + i];
    }
    for (int32_t i = 0; i < s->kp; i++) {
        out[s->of_pair[i]] = f->pair[i];
    }
}

static dvt_status sort_points(dvti_search *s, dvt_pareto_front *out)
{
    sorted *list = dvt_calloc(s->ctx, (size_t)out->count + 1, sizeof *list);

    if (!list) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < out->count; i++) {
        list[i].point = out->points[i];
        key_of(s, &s->found.data[i], list[i].key);
        for (int32_t k = 0; k < s->p->objective_count; k++) {
            const bool negate = dvt_pareto_metric_of(s->p, s->p->objective[k])->maximise;
            list[i].point.value[k] = negate ? -list[i].key[k] : list[i].key[k];
        }
    }
    qsort(list, (size_t)out->count, sizeof *list, by_key);
    for (int64_t i = 0; i < out->count; i++) {
        out->points[i] = list[i].point;
    }
    dvt_free(s->ctx, list);
    return DVT_OK;
}

static int by_number(const void *x, const void *y)
{
    const int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

static int64_t count_different(int64_t *list, int64_t n)
{
    int64_t different = n > 0;

    qsort(list, (size_t)n, sizeof *list, by_number);
    for (int64_t i = 1; i < n; i++) {
        different += list[i] != list[i - 1];
    }
    return different;
}

static dvt_status count_parts(dvt_ctx *ctx, dvt_pareto_front *out)
{
    int64_t *list = dvt_alloc(ctx, (size_t)(out->count + 1) * sizeof *list);

    if (!list) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < out->count; i++) {
        list[i] = out->points[i].network;
    }
    out->networks = count_different(list, out->count);
    for (int64_t i = 0; i < out->count; i++) {
        list[i] = out->points[i].accelerator;
    }
    out->accelerators = count_different(list, out->count);
    dvt_free(ctx, list);
    return DVT_OK;
}

dvt_status dvti_search_front(dvti_search *s, dvt_pareto_front *out)
{
    dvt_status st = dvti_search_reduce(s);

    if (st != DVT_OK) {
        return st;
    }
    out->accelerators_kept = s->kept_count;
    out->computed = s->computed;
    out->points = dvt_calloc(s->ctx, s->found.len + 1, sizeof *out->points);
    if (!out->points) {
        return DVT_E_NOMEM;
    }
    out->count = (int64_t)s->found.len;
    st = out->count > 0 ? count_ties(s, out) : DVT_OK;
    st = st == DVT_OK ? sort_points(s, out) : st;
    return st == DVT_OK ? count_parts(s->ctx, out) : st;
}

/* ---- driver -------------------------------------------------------------------------------- */

dvt_status dvt_pareto_find(dvt_ctx *ctx, const dvt_pareto_problem *p, const dvt_pareto_opts *opts,
                           dvt_pareto_front *out)
{
    const dvt_pareto_opts everything = {0};
    dvti_search           s = {.ctx = ctx, .p = p, .opts = opts ? opts : &everything};
    dvt_status            st;

    *out = (dvt_pareto_front){0};
    st = dvti_search_init(&s);
    if (st == DVT_OK && s.opts->checkpoint) {
        st = dvti_checkpoint_load(&s);
    }
    if (st == DVT_OK && s.n > 0 && s.all_count > 0) {
        st = dvti_search_run(&s);
    }
    if (st == DVT_OK) {
        out->pairs = p->networks->count *
                     (s.opts->accelerators ? s.opts->accelerator_count : p->accelerators->count);
        st = dvti_search_front(&s, out);
    }
    if (st == DVT_OK && s.opts->checkpoint) {
        st = dvti_checkpoint_remove(&s);
    }
    dvti_search_deinit(&s);
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
