/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream_space.c - the stream buffer's free list: first fit, holes sorted by address and merged.
 *
 * Units     words of c_vec features.
 * Invariants holes are disjoint, not adjacent, sorted; in_use + sum of holes = words.
 * Tests     tests/unit/test_stream_space.c
 */
#include "compile/compile_int.h"

#include <string.h>

dvt_status dvti_space_init(dvt_ctx *ctx, dvti_space *s, int64_t words)
{
    *s = (dvti_space){.words = words};
    return dvti_holes_push(ctx, &s->holes, (dvti_hole){0, words});
}

void dvti_space_deinit(dvt_ctx *ctx, dvti_space *s) { dvti_holes_deinit(ctx, &s->holes); }

bool dvti_space_take(dvti_space *s, int64_t words, int64_t *base)
{
    for (size_t i = 0; i < s->holes.len; i++) {
        dvti_hole *hole = &s->holes.data[i];
        if (hole->words < words) {
            continue;
        }
        *base = hole->base;
        hole->base += words;
        hole->words -= words;
        if (hole->words == 0) {
            s->holes.len--;
            memmove(hole, hole + 1, (s->holes.len - i) * sizeof *hole);
        }
        s->in_use += words;
        if (s->in_use > s->peak) {
            s->peak = s->in_use;
        }
        return true;
    }
    return false;
}

dvt_status dvti_space_give(dvt_ctx *ctx, dvti_space *s, int64_t base, int64_t words)
{
    dvt_status st = dvti_holes_reserve(ctx, &s->holes, s->holes.len + 1);
    size_t     i = 0;
    dvti_hole *h = s->holes.data;

    if (st != DVT_OK || words == 0) {
        return st;
    }
    while (i < s->holes.len && h[i].base < base) {
        i++;
    }
    memmove(h + i + 1, h + i, (s->holes.len - i) * sizeof *h);
    h[i] = (dvti_hole){base, words};
    s->holes.len++;
    s->in_use -= words;
    if (i + 1 < s->holes.len && h[i].base + h[i].words == h[i + 1].base) {
        h[i].words += h[i + 1].words;
        s->holes.len--;
        memmove(h + i + 1, h + i + 2, (s->holes.len - i - 1) * sizeof *h);
    }
    if (i > 0 && h[i - 1].base + h[i - 1].words == h[i].base) {
        h[i - 1].words += h[i].words;
        s->holes.len--;
        memmove(h + i, h + i + 1, (s->holes.len - i) * sizeof *h);
    }
    return DVT_OK;
}

int64_t dvti_space_largest(const dvti_space *s)
{
    int64_t most = 0;
    for (size_t i = 0; i < s->holes.len; i++) {
        most = s->holes.data[i].words > most ? s->holes.data[i].words : most;
    }
    return most;
}
