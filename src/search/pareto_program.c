/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_program.c - latency of a cell on an accelerator, its lower bound, needless accelerators.
 *
 * Cells     All that a cell computes is read, by way of others, by its output, and all of the next
 *           cell reads that. So the cells of a network run one after the other, its latency is the
 *           sum of theirs and of the fixed operations, and equal cells count once.
 * Bound     No unit does two things at once: a cell takes at least as long as its busiest unit is
 *           busy. That depends only on how often each shape occurs.
 * Needless  Latencies never fall when a time rises (chaidnn_schedule.c). So an accelerator with the
 *           same units, no smaller area and no smaller time of any shape than another one has no
 *           vector that the other one's does not equal or dominate.
 * Tests     tests/unit/test_pareto.c compares with dvt_chaidnn_nb101_latency() and with brute force
 */
#include <string.h>

#include "search/pareto_int.h"

static const struct kind {
    uint8_t stack, cell, times;
} kinds[DVTI_CELL_KINDS] = {{0, 0, 3}, {1, 0, 1}, {1, 1, 2}, {2, 0, 1}, {2, 1, 2}};

enum { FIRST_FIXED = 80 };

static uint8_t unit_of(uint8_t shape)
{
    const dvt_chaidnn two = {.share = DVT_CHAIDNN_SHARES / 2};
    const dvt_work    work = dvt_chaidnn_nb101_work(shape);

    return (uint8_t)dvt_chaidnn_unit(&two, &work);
}

void dvti_program_make(const dvt_nb101_cell *cell, dvti_program *out,
                       uint8_t signature[DVTI_SIGNATURE])
{
    dvt_nb101_ops ops;
    int32_t       begin[DVTI_CELL_KINDS] = {-1, -1, -1, -1, -1};

    dvt_nb101_operations(cell, &ops);
    if (signature) {
        memset(signature, 0, DVTI_SIGNATURE);
    }
    for (int32_t i = 0; i < ops.count; i++) {
        const dvt_nb101_op *op = &ops.op[i];
        if (signature) {
            signature[op->shape]++;
        }
        for (int32_t k = 0; k < DVTI_CELL_KINDS && op->shape < FIRST_FIXED; k++) {
            if (begin[k] < 0 && op->stack == kinds[k].stack && op->cell == kinds[k].cell) {
                begin[k] = i;
            }
        }
    }
    out->count = (ops.count - (DVT_NB101_SHAPES - FIRST_FIXED)) / 9;
    for (int32_t i = 0; i < out->count; i++) {
        const dvt_nb101_op *op = &ops.op[begin[0] + i];
        out->unit[i] = unit_of(op->shape);
        out->reads[i] = 0;
        for (uint8_t d = 0; d < op->dep_count; d++) {
            out->reads[i] |= op->deps[d] >= begin[0] ? 1u << (op->deps[d] - begin[0]) : 0u;
        }
        for (int32_t k = 0; k < DVTI_CELL_KINDS; k++) {
            out->shape[i][k] = ops.op[begin[k] + i].shape;
        }
    }
}

static int64_t cell_latency(const dvti_program *p, const dvti_engine *e, int32_t kind)
{
    int64_t free_at[DVT_UNIT_COUNT] = {0}, done[DVTI_PROGRAM_OPS], end = 0;

    for (int32_t i = 0; i < p->count; i++) {
        const int32_t unit =
            p->unit[i] == DVT_UNIT_CONV_POINT && !e->two ? DVT_UNIT_CONV_WIDE : p->unit[i];
        int64_t start = free_at[unit];
        for (uint32_t reads = p->reads[i], j = 0; reads; reads >>= 1, j++) {
            start = (reads & 1u) && done[j] > start ? done[j] : start;
        }
        done[i] = start + e->ticks[p->shape[i][kind]];
        free_at[unit] = done[i];
        end = done[i] > end ? done[i] : end;
    }
    return end;
}

int64_t dvti_program_latency(const dvti_program *p, const dvti_engine *e, int64_t stop)
{
    int64_t sum = e->fixed;

    for (int32_t k = 0; k < DVTI_CELL_KINDS && sum < stop; k++) {
        sum += kinds[k].times * cell_latency(p, e, k);
    }
    return sum;
}

int64_t dvti_program_bound(const dvti_program *p, const dvti_engine *e)
{
    int64_t sum = e->fixed;

    for (int32_t k = 0; k < DVTI_CELL_KINDS; k++) {
        int64_t busy[DVT_UNIT_COUNT] = {0}, most;
        for (int32_t i = 0; i < p->count; i++) {
            busy[p->unit[i]] += e->ticks[p->shape[i][k]];
        }
        if (!e->two) {
            busy[DVT_UNIT_CONV_WIDE] += busy[DVT_UNIT_CONV_POINT];
        }
        most = busy[0] > busy[1] ? busy[0] : busy[1];
        sum += kinds[k].times * (most > busy[2] ? most : busy[2]);
    }
    return sum;
}

/* ---- accelerators -------------------------------------------------------------------------- */

void dvti_engine_make(int32_t accelerator, const uint32_t *ticks, dvti_engine *out)
{
    dvt_chaidnn      a;
    dvt_chaidnn_cost cost;

    dvt_chaidnn_at(accelerator, &a);
    dvt_chaidnn_cost_of(&a, &cost);
    *out = (dvti_engine){.accelerator = accelerator,
                         .two = a.share < DVT_CHAIDNN_SHARES,
                         .area = cost.area_um2,
                         .ticks = ticks};
    for (int32_t s = FIRST_FIXED; s < DVT_NB101_SHAPES; s++) {
        out->fixed += ticks[s];
    }
}

/* Nowhere slower; all of `a` stand before `b`, so the area is no larger. */
static bool makes_needless(const dvti_engine *a, const dvti_engine *b)
{
    if (a->two != b->two) {
        return false;
    }
    for (int32_t s = 0; s < DVT_NB101_SHAPES; s++) {
        if (a->ticks[s] > b->ticks[s]) {
            return false;
        }
    }
    return true;
}

/* Of two with one area the later one may make the earlier one needless as well. */
static bool is_needless(const dvti_engine *all, int32_t count, int32_t kept, int32_t i)
{
    for (int32_t j = kept - 1; j >= 0; j--) {
        if (makes_needless(&all[j], &all[i])) {
            return true;
        }
    }
    for (int32_t j = i + 1; j < count && all[j].area == all[i].area; j++) {
        if (makes_needless(&all[j], &all[i]) && !makes_needless(&all[i], &all[j])) {
            return true;
        }
    }
    return false;
}

int32_t dvti_engines_keep(dvti_engine *all, int32_t count)
{
    int32_t kept = 0;

    for (int32_t i = 0; i < count; i++) {
        if (!is_needless(all, count, kept, i)) {
            all[kept++] = all[i];
        }
    }
    return kept;
}
