/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_problem.c - objectives and limits of a problem, from texts.
 *
 * Idea       All metrics of the two sides and the cost in one list, networks first: texts name its
 *            members. The first of two with one name counts.
 * Tests      tests/unit/test_limits.c, tests/fuzz/fuzz_limits.c
 */
#include <string.h>

#include "dovetail/pareto.h"
#include "search/limits.h"

typedef struct all_metrics {
    int32_t           count;
    const dvt_metric *metric[DVT_PARETO_MAX_LIMITS];
    dvt_pareto_metric where[DVT_PARETO_MAX_LIMITS];
} all_metrics;

static void add(all_metrics *all, dvt_pareto_part part, const dvt_metric *metrics, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        all->metric[all->count] = &metrics[i];
        all->where[all->count++] = (dvt_pareto_metric){part, i};
    }
}

static void list_metrics(const dvt_pareto_problem *p, all_metrics *out)
{
    out->count = 0;
    add(out, DVT_PARETO_NETWORK, p->networks->metric, p->networks->metric_count);
    add(out, DVT_PARETO_ACCELERATOR, p->accelerators->metric, p->accelerators->metric_count);
    if (p->cost) {
        add(out, DVT_PARETO_PAIR, p->cost->metric, p->cost->metric_count);
    }
}

const dvt_metric *dvt_pareto_metric_of(const dvt_pareto_problem *p, dvt_pareto_metric m)
{
    return m.part == DVT_PARETO_NETWORK       ? &p->networks->metric[m.index]
           : m.part == DVT_PARETO_ACCELERATOR ? &p->accelerators->metric[m.index]
                                              : &p->cost->metric[m.index];
}

static bool same(dvt_pareto_metric a, dvt_pareto_metric b)
{
    return a.part == b.part && a.index == b.index;
}

static dvt_status add_objective(dvt_ctx *ctx, dvt_pareto_problem *p, const all_metrics *all,
                                const char *name, size_t n)
{
    const int32_t i = dvti_metric_find(ctx, all->metric, all->count, name, n);

    if (i < 0) {
        return DVT_E_NOTFOUND;
    }
    for (int32_t k = 0; k < p->objective_count; k++) {
        if (same(p->objective[k], all->where[i])) {
            return dvt_fail(ctx, DVT_E_USAGE, NULL, "'%s' is an objective twice",
                            all->metric[i]->name);
        }
    }
    if (p->objective_count == DVT_PARETO_MAX_OBJECTIVES) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "a frontier is in at most %d objectives",
                        DVT_PARETO_MAX_OBJECTIVES);
    }
    p->objective[p->objective_count++] = all->where[i];
    return DVT_OK;
}

dvt_status dvt_pareto_objectives(dvt_ctx *ctx, dvt_pareto_problem *p, const char *list)
{
    all_metrics all;
    dvt_status  st = DVT_OK;

    list_metrics(p, &all);
    p->objective_count = 0;
    for (const char *at = list; st == DVT_OK && at;) {
        const size_t n = strcspn(at, ",");
        st = add_objective(ctx, p, &all, at, n);
        at = at[n] == ',' ? at + n + 1 : NULL;
    }
    if (st == DVT_OK && p->objective_count < DVT_PARETO_MIN_OBJECTIVES) {
        st = dvt_fail(ctx, DVT_E_USAGE, NULL, "a frontier is in at least %d objectives",
                      DVT_PARETO_MIN_OBJECTIVES);
        dvt_fail_hint(ctx, "give a list like accuracy,latency,area");
    }
    if (st != DVT_OK) {
        p->objective_count = 0;
    }
    return st;
}

dvt_status dvt_pareto_where(dvt_ctx *ctx, dvt_pareto_problem *p, const char *text)
{
    all_metrics all;
    int64_t     least[DVT_PARETO_MAX_LIMITS], most[DVT_PARETO_MAX_LIMITS];
    dvt_status  st;

    list_metrics(p, &all);
    for (int32_t i = 0; i < all.count; i++) {
        least[i] = INT64_MIN;
        most[i] = INT64_MAX;
        for (int32_t k = 0; k < p->limit_count; k++) {
            if (same(p->limit[k].metric, all.where[i])) {
                least[i] = p->limit[k].least;
                most[i] = p->limit[k].most;
            }
        }
    }
    st = dvti_limits_parse(ctx, text, all.metric, all.count, least, most);
    if (st != DVT_OK) {
        return st;
    }
    p->limit_count = 0;
    for (int32_t i = 0; i < all.count; i++) {
        if (least[i] != INT64_MIN || most[i] != INT64_MAX) {
            p->limit[p->limit_count++] = (dvt_pareto_limit){all.where[i], least[i], most[i]};
        }
    }
    return DVT_OK;
}
