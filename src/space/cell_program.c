/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cell_program.c - latency of a network of equal cells: once a kind of cell, times how many.
 *
 * Cells     All that a cell computes is read, by way of others, by its output, and all of the next
 *           cell reads that. So the cells of a network run one after the other, its latency is the
 *           sum of theirs and of the fixed operations, and equal cells count once.
 * Rule      that of chaidnn_schedule.c: fixed order, each operation on its unit as soon as the unit
 *           is free and all it reads is there.
 * Tests     tests/unit/test_pairs.c compares with dvt_chaidnn_nb101_latency()
 */
#include <string.h>

#include "space/cell_program.h"

uint8_t dvti_program_unit(const dvt_work *work)
{
    const dvt_chaidnn two = {.share = DVT_CHAIDNN_SHARES / 2};

    return (uint8_t)dvt_chaidnn_unit(&two, work);
}

void dvti_program_signature(const dvti_program *p, uint8_t out[DVTI_PROGRAM_SHAPES])
{
    memset(out, 0, DVTI_PROGRAM_SHAPES);
    for (int32_t i = 0; i < p->count; i++) {
        for (int32_t k = 0; k < DVTI_PROGRAM_KINDS; k++) {
            out[p->shape[i][k]]++; /* kinds that a family lacks stand at shape 0: no matter */
        }
    }
}

int64_t dvti_program_cell(const dvti_program *p, const uint32_t *ticks, bool two, int32_t kind)
{
    int64_t free_at[DVT_UNIT_COUNT] = {0}, done[DVTI_PROGRAM_OPS], end = 0;

    for (int32_t i = 0; i < p->count; i++) {
        const int32_t unit =
            p->unit[i] == DVT_UNIT_CONV_POINT && !two ? DVT_UNIT_CONV_WIDE : p->unit[i];
        int64_t start = free_at[unit];
        for (uint32_t reads = p->reads[i], j = 0; reads; reads >>= 1, j++) {
            start = (reads & 1u) && done[j] > start ? done[j] : start;
        }
        done[i] = start + ticks[p->shape[i][kind]];
        free_at[unit] = done[i];
        end = done[i] > end ? done[i] : end;
    }
    return end;
}

int64_t dvti_program_cells(const dvti_family *f, const dvti_program *p, const uint32_t *ticks,
                           bool two)
{
    int64_t sum = 0;

    for (int32_t k = 0; k < f->kinds; k++) {
        sum += f->times[k] * dvti_program_cell(p, ticks, two, k);
    }
    return sum;
}
