/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select.c - which networks to measure next: BRP-NAS's iterative data selection.
 *
 * Rounds     0: random networks. i: a predictor is trained on what is measured, ranks the others;
 *            half of the new ones are its best, the other half random among its best n / 2^i, so
 *            that the samples move towards the top without leaving it unexplored. [1], section 4.2.
 * Choice     DVT_SELECT_RANDOM takes random networks in every round: the plain way to compare with.
 * Differs    the predictor of a round is trained anew, not from the last round's weights.
 * Tests      tests/unit/test_select.c
 *
 * [1] Dudziak et al., "BRP-NAS: prediction-based NAS using GCNs", 2020.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dovetail/predict.h"

enum { STREAM = 0x5e1 };

typedef struct ranked {
    double  value;
    int64_t network;
} ranked;

typedef struct work {
    dvt_ctx                *ctx;
    const dvt_nets         *nets;
    const double           *value;
    const dvt_select_opts  *o;
    const dvt_predict_opts *model;
    int64_t                 count, measured;
    int64_t                *order;   /* (count): the measured ones first */
    double                 *scratch; /* (2 count) */
    ranked                 *list;    /* (count) */
    dvt_rng                 rng;
} work;

static int by_falling(const void *a, const void *b)
{
    const ranked *p = a, *q = b;

    return p->value != q->value ? (p->value < q->value) - (p->value > q->value)
                                : (p->network > q->network) - (p->network < q->network);
}

/* Larger is better for RANK, smaller for COST. */
static double goodness(const work *w, double v) { return w->model->goal == DVT_GOAL_RANK ? v : -v; }

/* The network at place `at` of the order is measured next. */
static void measure(work *w, int64_t at)
{
    const int64_t t = w->order[at];

    w->order[at] = w->order[w->measured];
    w->order[w->measured++] = t;
}

static void measure_random(work *w, int64_t number)
{
    for (int64_t i = 0; i < number && w->measured < w->count; i++) {
        measure(w,
                w->measured + (int64_t)dvt_rng_below(&w->rng, (uint64_t)(w->count - w->measured)));
    }
}

/* list (n): unmeasured networks, best first. */
static void measure_ranked(work *w, int64_t n, int32_t round, int64_t number)
{
    const int64_t best = (number + 1) / 2;
    int64_t       among = n >> (round < 40 ? round : 40), from = best < n ? best : n;

    among = among < number ? (number < n ? number : n) : among;
    for (int64_t i = from; i < number && i < among; i++) { /* draw without repeating */
        const int64_t j = i + (int64_t)dvt_rng_below(&w->rng, (uint64_t)(among - i));
        const ranked  t = w->list[i];
        w->list[i] = w->list[j];
        w->list[j] = t;
    }
    const int64_t take = number < n ? number : n;
    for (int64_t i = 0; i < take; i++) {
        for (int64_t at = w->measured; at < w->count; at++) {
            if (w->order[at] == w->list[i].network) {
                measure(w, at);
                break;
            }
        }
    }
}

/* Trains on what is measured, ranks the rest into list, fills in the round's figures. */
static dvt_status learn(work *w, dvt_select_round *out)
{
    const int64_t   n = w->count - w->measured, top = n / 100 > 0 ? n / 100 : 1;
    const dvt_split split = {.order = w->order, .train = w->measured, .count = w->count};
    double         *predicted = w->scratch, *measured = w->scratch + w->count, hits = 0;
    dvt_predictor  *p = NULL;
    dvt_status      st = dvt_predictor_train(w->ctx, w->nets, w->value, &split, w->model, &p);

    st = st == DVT_OK ? dvt_predictor_run(w->ctx, p, w->nets, w->order + w->measured, n, predicted)
                      : st;
    dvt_predictor_destroy(p);
    if (st != DVT_OK) {
        return st;
    }
    for (int64_t i = 0; i < n; i++) {
        measured[i] = w->value[w->order[w->measured + i]];
    }
    if ((st = dvt_kendall(w->ctx, predicted, measured, n, &out->kendall)) != DVT_OK) {
        return st;
    }
    for (int64_t i = 0; i < n; i++) { /* the true top, then the predicted one */
        w->list[i] = (ranked){goodness(w, measured[i]), i};
    }
    qsort(w->list, (size_t)n, sizeof *w->list, by_falling);
    const double bar = w->list[top - 1].value;
    for (int64_t i = 0; i < n; i++) {
        w->list[i] = (ranked){goodness(w, predicted[i]), i};
    }
    qsort(w->list, (size_t)n, sizeof *w->list, by_falling);
    for (int64_t i = 0; i < top; i++) {
        hits += goodness(w, measured[w->list[i].network]) >= bar;
    }
    out->top_1pct = 100 * hits / (double)top;
    for (int64_t i = 0; i < n; i++) {
        w->list[i].network = w->order[w->measured + w->list[i].network];
    }
    return DVT_OK;
}

static dvt_status run(work *w, dvt_select_round *out)
{
    dvt_status st = DVT_OK;

    measure_random(w, w->o->number);
    for (int32_t round = 0; st == DVT_OK && round < w->o->rounds; round++) {
        dvt_select_round *r = &out[round];
        r->samples = w->measured;
        r->best = w->value[w->order[0]];
        for (int64_t i = 1; i < w->measured; i++) {
            const double v = w->value[w->order[i]];
            r->best = goodness(w, v) > goodness(w, r->best) ? v : r->best;
        }
        st = learn(w, r);
        if (st == DVT_OK && w->o->choice == DVT_SELECT_RANDOM) {
            measure_random(w, w->o->number);
        } else if (st == DVT_OK) {
            measure_ranked(w, w->count - w->measured, round + 1, w->o->number);
        }
    }
    return st;
}

dvt_status dvt_predict_select(dvt_ctx *ctx, const dvt_nets *nets, const double *value,
                              const dvt_predict_opts *model, const dvt_select_opts *o,
                              dvt_select_round *out)
{
    const int64_t n = dvt_nets_count(nets);
    work          w = {.ctx = ctx,
                       .nets = nets,
                       .value = value,
                       .o = o,
                       .model = model,
                       .count = n,
                       .rng = dvt_rng_make(model->seed, STREAM)};
    dvt_status    st;

    if (o->rounds < 1 || o->number < 2 || o->number > n / o->rounds - 1) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "cannot take %d rounds of %lld of %lld networks",
                        (int)o->rounds, (long long)o->number, (long long)n);
    }
    w.order = dvt_alloc(ctx, (size_t)n * sizeof *w.order);
    w.scratch = dvt_alloc(ctx, 2 * (size_t)n * sizeof *w.scratch);
    w.list = dvt_alloc(ctx, (size_t)n * sizeof *w.list);
    st = w.order && w.scratch && w.list ? DVT_OK : DVT_E_NOMEM;
    for (int64_t i = 0; st == DVT_OK && i < n; i++) {
        w.order[i] = i;
    }
    st = st == DVT_OK ? run(&w, out) : st;
    dvt_free(ctx, w.list);
    dvt_free(ctx, w.scratch);
    dvt_free(ctx, w.order);
    return st;
}
