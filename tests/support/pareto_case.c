/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_case.c - small frontier problems, and their frontiers by brute force.
 */
#include "support/pareto_case.h"

#include "support/fixture.h"

#include <stdlib.h>

/* ---- problems ------------------------------------------------------------------------------ */

static void finish(dvt_ctx *ctx, uint64_t seed, int64_t count, uint64_t levels, pareto_case *c)
{
    dvt_rng rng = dvt_rng_make(seed, 1);

    for (int64_t i = 0; i < count; i++) {
        c->accuracy[i] = 1000 + (int64_t)dvt_rng_below(&rng, levels);
    }
    c->networks = (dvt_side){.name = "cells",
                             .count = count,
                             .metric_count = PARETO_CASE_METRICS,
                             .metric = {{"accuracy", "", DVT_BENCHMARK_ONE, true},
                                        {"parameters", "", 1, false},
                                        {"macs", "", 1, false}},
                             .value = {c->accuracy, c->parameters, c->macs}};
    expect_ok(ctx, dvt_side_of_chaidnn(ctx, &c->accelerators));
    c->problem = (dvt_pareto_problem){
        .networks = &c->networks, .accelerators = &c->accelerators, .cost = &c->cost};
}

static void draw_cell(dvt_rng *rng, dvt_nb101_cell *out)
{
    do {
        *out = (dvt_nb101_cell){.vertices = (uint8_t)(2 + dvt_rng_below(rng, 6))};
        out->adj_bits = dvt_rng_u32(rng) & dvt_rng_u32(rng) &
                        ((1u << (out->vertices * (out->vertices - 1) / 2)) - 1);
        for (int i = 0; i + 2 < out->vertices; i++) {
            out->ops[i] = (uint8_t)dvt_rng_below(rng, DVT_NB101_LABELS);
        }
    } while (!dvt_nb101_prune(out) || !dvt_nb101_valid(out));
}

void pareto_case_nb101(dvt_ctx *ctx, uint64_t seed, int64_t count, uint64_t levels,
                       pareto_case *out)
{
    dvt_rng rng = dvt_rng_make(seed, 0);

    memset(out, 0, sizeof *out);
    for (int64_t i = 0; i < count; i++) {
        draw_cell(&rng, &out->nb101[i]);
        if (i >= count / 2 && i % 3 == 0) {
            out->nb101[i] = out->nb101[i - count / 2]; /* some twice */
        }
        out->parameters[i] = dvt_nb101_parameters(&out->nb101[i]);
        out->macs[i] = dvt_nb101_macs(&out->nb101[i]);
    }
    expect_ok(ctx, dvt_pair_cost_chaidnn_nb101(ctx, out->nb101, count, &out->cost));
    finish(ctx, seed, count, levels, out);
}

void pareto_case_nb201(dvt_ctx *ctx, uint64_t seed, int64_t count, uint64_t levels,
                       pareto_case *out)
{
    dvt_rng rng = dvt_rng_make(seed, 0);

    memset(out, 0, sizeof *out);
    for (int64_t i = 0; i < count; i++) {
        out->nb201[i] = dvt_nb201_at((int32_t)dvt_rng_below(&rng, DVT_NB201_COUNT));
        out->parameters[i] = dvt_nb201_parameters(&out->nb201[i]);
        out->macs[i] = dvt_nb201_macs(&out->nb201[i]);
    }
    expect_ok(ctx, dvt_pair_cost_chaidnn_nb201(ctx, out->nb201, count, &out->cost));
    finish(ctx, seed, count, levels, out);
}

void pareto_case_table(dvt_ctx *ctx, const dvt_table *t, int64_t step, pareto_case *out)
{
    int64_t count = 0;

    memset(out, 0, sizeof *out);
    for (int64_t row = 0; row < dvt_table_rows(t) && count < PARETO_CASE_CELLS; row += step) {
        dvt_table_nb101_cell(t, row, &out->nb101[count]);
        out->parameters[count] = dvt_nb101_parameters(&out->nb101[count]);
        out->macs[count] = dvt_nb101_macs(&out->nb101[count]);
        count++;
    }
    expect_ok(ctx, dvt_pair_cost_chaidnn_nb101(ctx, out->nb101, count, &out->cost));
    finish(ctx, 0, count, 1, out);
    for (int64_t i = 0; i < count; i++) {
        uint64_t v;
        expect_ok(ctx, dvt_table_value(ctx, t, "mean_test_acc_108", i * step, &v));
        out->accuracy[i] = (int64_t)v;
    }
}

void pareto_case_accelerators(pareto_case *c, uint64_t seed, int32_t step)
{
    c->accelerator_count = 0;
    for (int32_t a = (int32_t)(seed % (uint64_t)step); a < DVT_CHAIDNN_COUNT; a += step) {
        c->accelerator[c->accelerator_count++] = a;
    }
}

void pareto_case_deinit(dvt_ctx *ctx, pareto_case *c)
{
    dvt_side_deinit(ctx, &c->networks);
    dvt_side_deinit(ctx, &c->accelerators);
    dvt_pair_cost_deinit(ctx, &c->cost);
}

/* ---- brute force --------------------------------------------------------------------------- */

static bool within(const dvt_pareto_problem *p, dvt_pareto_part part, int32_t index, int64_t v)
{
    for (int32_t l = 0; l < p->limit_count; l++) {
        const dvt_pareto_limit *limit = &p->limit[l];
        if (limit->metric.part == part && limit->metric.index == index &&
            (v < limit->least || v > limit->most || v == DVT_METRIC_MISSING)) {
            return false;
        }
    }
    return true;
}

/* All values of a pair; false: some limit rules it out. */
static bool values_of(const dvt_pareto_problem *p, int64_t n, int32_t a, int64_t *out)
{
    int64_t pair[DVT_PAIR_METRICS] = {0};
    bool    ok = true;

    if (p->cost) {
        p->cost->cost(p->cost, n, &a, 1, pair);
    }
    for (int32_t m = 0; m < p->networks->metric_count; m++) {
        ok = ok && within(p, DVT_PARETO_NETWORK, m, p->networks->value[m][n]);
    }
    for (int32_t m = 0; m < p->accelerators->metric_count; m++) {
        ok = ok && within(p, DVT_PARETO_ACCELERATOR, m, p->accelerators->value[m][a]);
    }
    for (int32_t m = 0; p->cost && m < p->cost->metric_count; m++) {
        ok = ok && within(p, DVT_PARETO_PAIR, m, pair[m]);
    }
    for (int32_t k = 0; k < p->objective_count; k++) {
        const dvt_pareto_metric o = p->objective[k];
        out[k] = o.part == DVT_PARETO_NETWORK       ? p->networks->value[o.index][n]
                 : o.part == DVT_PARETO_ACCELERATOR ? p->accelerators->value[o.index][a]
                                                    : pair[o.index];
    }
    return ok;
}

/* Is x as good as y in all objectives? */
static bool as_good(const dvt_pareto_problem *p, const int64_t *x, const int64_t *y)
{
    for (int32_t k = 0; k < p->objective_count; k++) {
        const bool more = dvt_pareto_metric_of(p, p->objective[k])->maximise;
        if (more ? x[k] < y[k] : x[k] > y[k]) {
            return false;
        }
    }
    return true;
}

/* Adds a vector to a list of vectors that do not dominate one another. */
static int64_t add_point(const dvt_pareto_problem *p, dvt_pareto_point *list, int64_t count,
                         const dvt_pareto_point *fresh)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < count; i++) {
        if (as_good(p, list[i].value, fresh->value)) {
            list[i].pairs += as_good(p, fresh->value, list[i].value); /* equal */
            return count;
        }
    }
    for (int64_t i = 0; i < count; i++) {
        if (!as_good(p, fresh->value, list[i].value)) {
            list[kept++] = list[i];
        }
    }
    assert_true(kept < PARETO_CASE_POINTS);
    list[kept] = *fresh;
    return kept + 1;
}

int64_t pareto_brute_force(dvt_ctx *ctx, const dvt_pareto_problem *p, const int32_t *accelerators,
                           int32_t accelerator_count, dvt_pareto_point *out)
{
    const int32_t all = accelerators ? accelerator_count : (int32_t)p->accelerators->count;
    int64_t       count = 0;

    (void)ctx;
    for (int64_t n = 0; n < p->networks->count; n++) {
        for (int32_t i = 0; i < all; i++) {
            dvt_pareto_point fresh = {
                .network = n, .accelerator = accelerators ? accelerators[i] : i, .pairs = 1};
            if (values_of(p, n, fresh.accelerator, fresh.value)) {
                count = add_point(p, out, count, &fresh);
            }
        }
    }
    return count;
}

void pareto_compare(dvt_ctx *ctx, const dvt_pareto_problem *p, const dvt_pareto_opts *opts)
{
    const dvt_pareto_opts everything = {0};
    dvt_pareto_point     *want = dvt_calloc(ctx, PARETO_CASE_POINTS, sizeof *want);
    dvt_pareto_front      got;

    opts = opts ? opts : &everything;
    assert_non_null(want);
    const int64_t count =
        pareto_brute_force(ctx, p, opts->accelerators, opts->accelerator_count, want);
    expect_ok(ctx, dvt_pareto_find(ctx, p, opts, &got));
    assert_int_equal(got.count, count);
    for (int64_t i = 0; i < count; i++) { /* in order: best first */
        const dvt_pareto_point *g = &got.points[i];
        int64_t                 k = 0;
        while (k < count && memcmp(want[k].value, g->value, sizeof g->value) != 0) {
            k++;
        }
        assert_true(k < count);
        assert_int_equal(g->pairs, want[k].pairs);
        assert_int_equal(g->network, want[k].network);
        assert_int_equal(g->accelerator, want[k].accelerator);
        const bool more = dvt_pareto_metric_of(p, p->objective[0])->maximise;
        assert_true(i == 0 || (more ? got.points[i - 1].value[0] >= g->value[0]
                                    : got.points[i - 1].value[0] <= g->value[0]));
    }
    dvt_pareto_front_deinit(ctx, &got);
    dvt_free(ctx, want);
}

void pareto_case_compare(dvt_ctx *ctx, const pareto_case *c)
{
    const dvt_pareto_opts opts = {.accelerators = c->accelerator,
                                  .accelerator_count = c->accelerator_count};

    pareto_compare(ctx, &c->problem, c->accelerator_count ? &opts : NULL);
}
