/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_pareto.c - frontiers of made-up problems equal brute force: any number of metrics of each
 * part, senses, limits, missing values; costs with bounds, ceilings and orders, or without.
 */
#include "support/fixture.h"
#include "support/pareto_case.h"

#include <stdlib.h>

enum { NETWORKS = 40, ACCELERATORS = 24, GROUPS = 9, METRICS = 3 };

/* cost(n, a, m) = base(group of n, a, m) + extra(n, m), turned for metrics that are maximised. */
typedef struct made_up {
    int64_t network[METRICS][NETWORKS], accelerator[METRICS][ACCELERATORS];
    int64_t base[GROUPS][ACCELERATORS][METRICS], extra[NETWORKS][METRICS];
    int32_t group_of[NETWORKS];
    bool    turned[METRICS];
    int64_t range;
} made_up;

static int64_t value_of(const made_up *m, int64_t n, int32_t a, int32_t metric, int64_t extra)
{
    const int64_t v = m->base[m->group_of[n]][a][metric] + extra;
    return m->turned[metric] ? -v : v;
}

static void cost(const dvt_pair_cost *c, int64_t n, const int32_t *list, int32_t count,
                 int64_t *out)
{
    const made_up *m = c->ud;

    for (int32_t i = 0; i < count * c->metric_count; i++) {
        const int32_t k = i % c->metric_count;
        out[i] = value_of(m, n, list[i / c->metric_count], k, m->extra[n][k]);
    }
}

static size_t selection_bytes(const dvt_pair_cost *c, int32_t count)
{
    (void)c;
    return ((size_t)count + 1) * sizeof(int32_t);
}

static void select_list(const dvt_pair_cost *c, const int32_t *list, int32_t count, void *out)
{
    (void)c;
    *(int32_t *)out = count;
    memcpy((int32_t *)out + 1, list, (size_t)count * sizeof *list);
}

static void at_end(const dvt_pair_cost *c, const void *selection, int64_t n, int64_t extra,
                   int64_t *out)
{
    const int32_t *list = (const int32_t *)selection + 1;

    for (int32_t i = 0; i < *(const int32_t *)selection * c->metric_count; i++) {
        out[i] = value_of(c->ud, n, list[i / c->metric_count], i % c->metric_count, extra);
    }
}

static void bounds(const dvt_pair_cost *c, const void *selection, int64_t n, int64_t *out)
{
    at_end(c, selection, n, 0, out);
}

static void ceilings(const dvt_pair_cost *c, const void *selection, int64_t n, int64_t *out)
{
    at_end(c, selection, n, ((const made_up *)c->ud)->range, out);
}

static bool no_worse(const dvt_pair_cost *c, int32_t a, int32_t b)
{
    const made_up *m = c->ud;

    for (int g = 0; g < GROUPS; g++) {
        for (int k = 0; k < c->metric_count; k++) {
            if (m->base[g][a][k] > m->base[g][b][k]) return false;
        }
    }
    return true;
}

static void draw(dvt_rng *rng, made_up *m)
{
    m->range = 1 + (int64_t)dvt_rng_below(rng, 12);
    for (int k = 0; k < METRICS; k++) {
        m->turned[k] = dvt_rng_below(rng, 3) == 0;
        for (int i = 0; i < NETWORKS; i++) {
            m->group_of[i] = (int32_t)dvt_rng_below(rng, GROUPS);
            m->network[k][i] = (int64_t)dvt_rng_below(rng, 12) - 6;
            m->extra[i][k] = (int64_t)dvt_rng_below(rng, (uint64_t)m->range + 1);
        }
        for (int a = 0; a < ACCELERATORS; a++) {
            m->accelerator[k][a] = (int64_t)dvt_rng_below(rng, 9);
            for (int g = 0; g < GROUPS; g++) {
                m->base[g][a][k] = (int64_t)dvt_rng_below(rng, 20);
            }
        }
    }
}

static void set_metrics(dvt_metric *metrics, const char *const *names, const bool *maximise)
{
    for (int k = 0; k < METRICS; k++) {
        metrics[k] = (dvt_metric){names[k], "", 1, maximise[k]};
    }
}

/* Two to four different metrics of all parts; a limit on some, from either side. */
static void draw_problem(dvt_rng *rng, dvt_pareto_problem *p)
{
    const int32_t count = 2 + (int32_t)dvt_rng_below(rng, 3);

    while (p->objective_count < count) {
        const uint64_t          pick = dvt_rng_below(rng, 3 * METRICS);
        const dvt_pareto_metric m = {(dvt_pareto_part)(pick / METRICS), (int32_t)(pick % METRICS)};
        bool                    fresh = true;
        for (int32_t i = 0; i < p->objective_count; i++) {
            fresh = fresh && (p->objective[i].part != m.part || p->objective[i].index != m.index);
        }
        if (fresh) {
            p->objective[p->objective_count++] = m;
        }
    }
    while (p->limit_count < 9 && dvt_rng_below(rng, 2)) {
        const int32_t     i = p->limit_count;
        const int64_t     v = (int64_t)dvt_rng_below(rng, 24) - 4;
        const bool        below = dvt_rng_below(rng, 2);
        dvt_pareto_metric m = {(dvt_pareto_part)(i / METRICS), i % METRICS};
        p->limit[p->limit_count++] =
            (dvt_pareto_limit){m, below ? v - 8 : INT64_MIN, below ? INT64_MAX : v};
    }
}

static void check(dvt_ctx *ctx, uint64_t seed)
{
    static const char *const names[3][METRICS] = {
        {"n0", "n1", "n2"}, {"a0", "a1", "a2"}, {"p0", "p1", "p2"}};
    static made_up m;
    dvt_rng        rng = dvt_rng_make(seed, 0);
    bool           up[2][METRICS];

    draw(&rng, &m);
    for (int i = 0; i < 2 * METRICS; i++) {
        up[i / METRICS][i % METRICS] = dvt_rng_below(&rng, 2);
    }
    dvt_side      networks = {.name = "n", .count = NETWORKS, .metric_count = METRICS};
    dvt_side      accelerators = {.name = "a", .count = ACCELERATORS, .metric_count = METRICS};
    dvt_pair_cost c = {.name = "p", .metric_count = METRICS, .cost = cost, .ud = &m};
    set_metrics(networks.metric, names[0], up[0]);
    set_metrics(accelerators.metric, names[1], up[1]);
    set_metrics(c.metric, names[2], m.turned);
    for (int k = 0; k < METRICS; k++) {
        networks.value[k] = m.network[k];
        accelerators.value[k] = m.accelerator[k];
    }
    c.batch = dvt_rng_below(&rng, 2) ? (int32_t)dvt_rng_below(&rng, 40) : 0;
    if (dvt_rng_below(&rng, 3)) {
        c.groups = GROUPS;
        c.group_of = m.group_of;
        c.selection_bytes = selection_bytes;
        c.select = select_list;
        c.bounds = bounds;
        c.ceilings = dvt_rng_below(&rng, 2) ? ceilings : NULL;
    }
    c.no_worse = dvt_rng_below(&rng, 2) ? no_worse : NULL;
    dvt_pareto_problem p = {.networks = &networks, .accelerators = &accelerators, .cost = &c};
    draw_problem(&rng, &p);
    pareto_compare(ctx, &p, NULL);
}

static uint64_t last_seed;

static int say_seed(void **state)
{
    print_message("# last TEST_SEED=%llu\n", (unsigned long long)last_seed);
    return fixture_teardown(state);
}

static void prop_pareto__made_up_problems_equal_brute_force(void **state)
{
    const char    *given = getenv("TEST_SEED");
    const uint64_t first = given ? strtoull(given, NULL, 10) : 1;

    for (uint64_t seed = first; seed < first + (given ? 1 : 1500); seed++) {
        last_seed = seed;
        check(*state, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(prop_pareto__made_up_problems_equal_brute_force,
                                        fixture_setup, say_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
