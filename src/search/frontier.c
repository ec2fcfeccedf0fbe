/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frontier.c - a frontier with the names of what it is of.
 *
 * Ownership  all in one arena; nothing is borrowed from the problem.
 * Tests      tests/unit/test_frontier.c
 */
#include <string.h>

#include "search/frontier_int.h"
#include "search/limits.h"

dvt_status dvti_frontier_new(dvt_ctx *ctx, dvt_frontier **out)
{
    dvt_frontier *f = dvt_calloc(ctx, 1, sizeof *f);

    *out = NULL;
    if (!f) {
        return DVT_E_NOMEM;
    }
    f->ctx = ctx;
    f->arena = dvt_arena_create(ctx);
    if (!f->arena) {
        dvt_free(ctx, f);
        return DVT_E_NOMEM;
    }
    *out = f;
    return DVT_OK;
}

void dvt_frontier_destroy(dvt_frontier *f)
{
    if (f) {
        dvt_arena_destroy(f->arena);
        dvt_free(f->ctx, f);
    }
}

/* ---- making -------------------------------------------------------------------------------- */

/* A name that fits into a file. */
static dvt_status copy_name(dvt_frontier *f, const char *name, const char **out)
{
    *out = NULL;
    if (strlen(name) >= DVTI_FRONTIER_NAME) {
        return dvt_fail(f->ctx, DVT_E_CAPACITY, NULL, "the name '%.80s' has more than %d letters",
                        name, DVTI_FRONTIER_NAME - 1);
    }
    *out = dvt_arena_strdup(f->arena, name);
    return *out ? DVT_OK : DVT_E_NOMEM;
}

static dvt_status copy_metrics(dvt_frontier *f, const dvt_pareto_problem *p)
{
    dvt_status st = copy_name(f, p->networks->name, &f->about.networks);

    st = st == DVT_OK ? copy_name(f, p->accelerators->name, &f->about.accelerators) : st;
    for (int32_t k = 0; st == DVT_OK && k < p->objective_count; k++) {
        const dvt_metric *m = dvt_pareto_metric_of(p, p->objective[k]);
        f->objective[k] = *m;
        st = copy_name(f, m->name, &f->objective[k].name);
        st = st == DVT_OK ? copy_name(f, m->unit, &f->objective[k].unit) : st;
    }
    return st;
}

static dvt_status copy_facts(dvt_frontier *f, const dvt_side *side)
{
    dvt_fact   facts[DVT_SPACE_MAX_FACTS];
    dvt_status st = DVT_OK;

    f->about.facts = side->facts && side->count > 0 ? side->facts(side, 0, facts) : 0;
    for (int32_t k = 0; st == DVT_OK && k < f->about.facts; k++) {
        st = copy_name(f, facts[k].key, &f->fact_name[k]);
    }
    if (st != DVT_OK) {
        return st;
    }
    f->facts = dvt_arena_calloc(f->arena, (size_t)f->about.points * (size_t)f->about.facts + 1,
                                sizeof *f->facts);
    if (!f->facts) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; f->about.facts > 0 && i < f->about.points; i++) {
        side->facts(side, f->points[i].accelerator, facts);
        for (int32_t k = 0; k < f->about.facts; k++) {
            f->facts[i * f->about.facts + k] = facts[k].value;
        }
    }
    return DVT_OK;
}

static dvt_status copy_labels(dvt_frontier *f, const dvt_side *side)
{
    dvt_buf    text;
    dvt_status st;

    f->name = dvt_arena_calloc(f->arena, (size_t)f->about.points + 1, sizeof *f->name);
    if (!f->name) {
        return DVT_E_NOMEM;
    }
    dvt_buf_init(&text, f->ctx, UINT32_MAX);
    for (int64_t i = 0; i < f->about.points && dvt_buf_status(&text) == DVT_OK; i++) {
        f->name[i] = (uint32_t)text.len;
        dvt_side_label(side, f->points[i].network, &text);
        dvt_buf_append(&text, "", 1);
    }
    f->name[f->about.points] = (uint32_t)text.len;
    st = dvt_buf_status(&text);
    if (st == DVT_OK) {
        f->text = dvt_arena_calloc(f->arena, text.len + 1, 1);
        st = f->text ? DVT_OK : DVT_E_NOMEM;
    }
    if (st == DVT_OK && text.len > 0) {
        memcpy(f->text, text.data, text.len);
    }
    dvt_buf_deinit(&text);
    return st;
}

static dvt_status copy_points(dvt_frontier *f, const dvt_pareto_front *front)
{
    f->points = dvt_arena_calloc(f->arena, (size_t)front->count + 1, sizeof *f->points);
    if (!f->points) {
        return DVT_E_NOMEM;
    }
    if (front->count > 0) {
        memcpy(f->points, front->points, (size_t)front->count * sizeof *f->points);
    }
    return DVT_OK;
}

dvt_status dvt_frontier_create(dvt_ctx *ctx, const dvt_pareto_problem *p,
                               const dvt_pareto_front *front, dvt_frontier **out)
{
    dvt_frontier *f;
    dvt_status    st = dvti_frontier_new(ctx, &f);

    *out = NULL;
    if (st != DVT_OK) {
        return st;
    }
    f->about = (dvt_frontier_about){.points = front->count,
                                    .pairs = front->pairs,
                                    .different_networks = front->networks,
                                    .different_accelerators = front->accelerators,
                                    .accelerators_kept = front->accelerators_kept,
                                    .computed = front->computed,
                                    .objectives = p->objective_count};
    if (front->count > INT32_MAX / 2) {
        st = dvt_fail(ctx, DVT_E_CAPACITY, NULL, "a frontier of %lld points is too large to keep",
                      (long long)front->count);
    }
    st = st == DVT_OK ? copy_metrics(f, p) : st;
    st = st == DVT_OK ? copy_points(f, front) : st;
    st = st == DVT_OK ? copy_facts(f, p->accelerators) : st;
    st = st == DVT_OK ? copy_labels(f, p->networks) : st;
    st = st == DVT_OK ? dvti_index_alloc(f) : st;
    if (st != DVT_OK) {
        dvt_frontier_destroy(f);
        return st;
    }
    dvti_index_build(f);
    *out = f;
    return DVT_OK;
}

/* ---- reading ------------------------------------------------------------------------------- */

dvt_frontier_about dvt_frontier_about_of(const dvt_frontier *f) { return f->about; }

const dvt_metric *dvt_frontier_objective(const dvt_frontier *f, int32_t k)
{
    return &f->objective[k];
}

int32_t dvt_frontier_find(const dvt_frontier *f, const char *name)
{
    for (int32_t k = 0; k < f->about.objectives; k++) {
        if (strcmp(f->objective[k].name, name) == 0) {
            return k;
        }
    }
    return -1;
}

const dvt_pareto_point *dvt_frontier_point(const dvt_frontier *f, int64_t i)
{
    return &f->points[i];
}

const char *dvt_frontier_network(const dvt_frontier *f, int64_t i) { return f->text + f->name[i]; }

const char *dvt_frontier_fact_name(const dvt_frontier *f, int32_t k) { return f->fact_name[k]; }

int64_t dvt_frontier_fact(const dvt_frontier *f, int64_t i, int32_t k)
{
    return f->facts[i * f->about.facts + k];
}

dvt_frontier_query dvt_frontier_query_make(const dvt_frontier *f, int32_t best)
{
    dvt_frontier_query q = {.best = best};

    (void)f;
    for (int32_t k = 0; k < DVT_PARETO_MAX_OBJECTIVES; k++) {
        q.least[k] = INT64_MIN;
        q.most[k] = INT64_MAX;
    }
    return q;
}

dvt_status dvt_frontier_where(dvt_ctx *ctx, const dvt_frontier *f, const char *text,
                              dvt_frontier_query *q)
{
    const dvt_metric *metrics[DVT_PARETO_MAX_OBJECTIVES];

    for (int32_t k = 0; k < f->about.objectives; k++) {
        metrics[k] = &f->objective[k];
    }
    return dvti_limits_parse(ctx, text, metrics, f->about.objectives, q->least, q->most);
}
