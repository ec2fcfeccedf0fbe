/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cycles_plan.c - what follows from a long word before its first cycle.
 *
 * Source    docs/timing.md: interval and depth (section 5), beats, pace and route (section 7);
 *           docs/isa.md: turns of a result and of a page.
 * Tests     tests/unit/test_cycles.c
 */
#include "sim/cycles_int.h"

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

static int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

/* Cycles that a kernel takes for so many values. */
static int64_t kernel_cycles(const dvt_overlay *o, dvt_kernel k, int64_t values)
{
    return ceil_div(values, o->aux_vec[k]);
}

/* ---- turns --------------------------------------------------------------------------------- */

static void plan_lrn(const dvt_overlay *o, dvti_word_plan *p)
{
    const dvt_part_lrn *k = &p->word.lrn;

    p->lrn = true;
    p->virtual_turns = (int32_t)ceil_div((k->size - 1) / 2, o->c_vec);
    p->results = p->turns;
    p->turns = p->turns / k->blocks * (k->blocks + p->virtual_turns);
}

static void plan_turns(const dvt_overlay *o, dvti_word_plan *p)
{
    const dvt_word *w = &p->word;

    p->turns = dvti_nest_count(w->sread.n, 0, DVT_LOOPS);
    p->per_result = 1;
    if (p->array) {
        p->per_result = dvti_nest_count(w->sread.n, 0, (int)w->array.acc);
        p->per_page = dvti_nest_count(w->sread.n, 0, (int)w->array.page);
    } else if (dvt_word_has(w, DVT_KERNEL_POOL)) {
        p->per_result = w->pool.count;
    } else if (dvt_word_has(w, DVT_KERNEL_DEPTHWISE)) {
        p->per_result = w->depthwise.count;
        p->per_page = w->depthwise.count * w->depthwise.outer;
    } else if (dvt_word_has(w, DVT_KERNEL_LRN)) {
        plan_lrn(o, p);
        return;
    }
    p->results = p->turns / p->per_result;
}

/* The table of section 5. */
static void plan_source(const dvt_overlay *o, const dvt_overlay_derived *d, dvti_word_plan *p)
{
    const dvt_word *w = &p->word;
    const int64_t   values = (int64_t)d->pixels * o->c_vec;
    int64_t         interval = 1, depth = DVT_TIMING_READ;

    if (p->array) {
        depth = DVT_TIMING_DA;
    } else if (dvt_word_has(w, DVT_KERNEL_POOL)) {
        int64_t behind = 2;
        interval = kernel_cycles(o, DVT_KERNEL_POOL, values);
        if (w->pool.kind == 1) {
            interval = max64(interval, DVT_TIMING_LA);
            behind += DVT_TIMING_LA + DVT_TIMING_LM;
        }
        depth += interval + behind;
    } else if (dvt_word_has(w, DVT_KERNEL_DEPTHWISE)) {
        interval = max64(kernel_cycles(o, DVT_KERNEL_DEPTHWISE, values), DVT_TIMING_LA);
        depth += interval + DVT_TIMING_LM + DVT_TIMING_LA + 2;
    } else if (p->lrn) {
        interval = w->lrn.size * max64(kernel_cycles(o, DVT_KERNEL_LRN, values), DVT_TIMING_LA);
        depth += interval + DVT_TIMING_LRN_TAIL;
    }
    p->interval = (int32_t)interval;
    p->depth = (int32_t)depth;
}

/* ---- drain and route ----------------------------------------------------------------------- */

static int64_t kernel_latency(const dvt_overlay *o, dvt_kernel k)
{
    switch (k) {
    case DVT_KERNEL_SCALE: return DVT_TIMING_LM + DVT_TIMING_LA;
    case DVT_KERNEL_ACT: return o->function_tables > 0 ? DVT_TIMING_LACT_TABLES : DVT_TIMING_LM + 1;
    default: return DVT_TIMING_LA + 1; /* elt: conversion of the operand, adder */
    }
}

static void plan_route(const dvt_overlay *o, const dvt_overlay_derived *d, dvti_word_plan *p)
{
    const dvt_part_xbar *x = &p->word.xbar;
    int64_t              values = (int64_t)d->beat_blocks * o->c_vec, pace = 1;
    int64_t route = DVT_TIMING_LP + (p->array ? DVT_TIMING_LS_ARRAY : DVT_TIMING_LS_STREAM);

    for (int i = 0; i < DVT_ROUTE_MAX && x->route[i] != 0; i++) {
        dvt_kernel k = (dvt_kernel)x->route[i];
        if (k == DVT_KERNEL_SCALE || k == DVT_KERNEL_ACT || k == DVT_KERNEL_ELT) {
            int64_t interval = kernel_cycles(o, k, values);
            pace = max64(pace, interval);
            route += kernel_latency(o, k) + interval - 1;
        }
    }
    p->pace = (int32_t)pace;
    p->route = (int32_t)route;
}

static void plan_results(const dvt_overlay *o, const dvt_overlay_derived *d, dvti_word_plan *p)
{
    const dvt_word *w = &p->word;
    bool            prelu = dvt_word_has(w, DVT_KERNEL_ACT) && w->act.fn == DVT_ACT_PRELU;

    p->blocks = p->array ? d->blocks_per_result : 1;
    p->beats_per_block = (int32_t)ceil_div(d->pixels, d->beat_blocks);
    p->beats = p->blocks * p->beats_per_block;
    p->external = w->write.space == 1;
    p->elt = dvt_word_has(w, DVT_KERNEL_ELT);
    p->params = dvt_word_has(w, DVT_KERNEL_SCALE) || prelu;
    p->outer = dvt_word_has(w, DVT_KERNEL_SCALE) ? w->scale.outer : w->act.outer;
    plan_route(o, d, p);
}

void dvti_word_plan_make(const dvt_overlay *o, const dvt_overlay_derived *d, const dvt_word *w,
                         dvti_word_plan *out)
{
    *out = (dvti_word_plan){.word = *w,
                            .loads = dvt_word_has(w, DVT_KERNEL_FREAD),
                            .reads_filters = dvt_word_has(w, DVT_KERNEL_WREAD),
                            .trip = dvt_word_has(w, DVT_KERNEL_SREAD),
                            .array = dvt_word_has(w, DVT_KERNEL_ARRAY),
                            .control_bytes = (int64_t)dvt_isa_word_bytes(w->kernels)};
    if (out->trip) {
        plan_turns(o, out);
        plan_source(o, d, out);
        plan_results(o, d, out);
    }
}
