/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array.c - the processing elements as docs/numerics-overlay.md sections 1 to 3 say, line by line.
 *
 * Stays naive: everything faster is compared with it (array_fast.c, and the RTL).
 * Tests     tests/unit/test_array.c (hand-computed), tests/diff/diff_sim.c
 */
#include "sim/sim_int.h"

#include <math.h>

/* floor(d * 2^shift), saturated to 64 bits; saturation is reported by *over. */
static int64_t shifted(int64_t d, int32_t shift, bool *over)
{
    if (shift <= 0) {
        return -shift > 62 ? (d < 0 ? -1 : 0) : d >> -shift;
    }
    if (d == 0) {
        return 0;
    }
    if (shift > 62 || d > INT64_MAX >> shift || d < INT64_MIN >> shift) {
        *over = true;
        return d < 0 ? INT64_MIN : INT64_MAX;
    }
    return (int64_t)((uint64_t)d << shift);
}

static int64_t add(int64_t acc, int64_t x, int32_t bits, bool *over)
{
    int64_t most = INT64_MAX >> (64 - bits), least = -most - 1;

    if (x > 0 ? acc > most - x : acc < least - x) {
        *over = true;
        return x > 0 ? most : least;
    }
    return acc + x;
}

static int64_t dot(const int16_t *f, const int16_t *w, int32_t n)
{
    int64_t d = 0;

    for (int32_t i = 0; i < n; i++) {
        d += (int64_t)f[i] * w[i];
    }
    return d;
}

/* One turn of one pixel: k_vec dot products into k_vec accumulators. */
static void turn_of(const dvt_sim *s, int64_t block, int64_t word, int64_t *acc,
                    uint64_t *saturated)
{
    const dvt_overlay *o = &s->o;
    int32_t            fixed = 0;

    if (o->format == DVT_FORMAT_BFP) {
        fixed = s->stream.exp[block] - 30 - (o->feature_mantissa_bits - 2) -
                (o->filter_mantissa_bits - 2) - s->d.accumulator_lsb_exp;
    }
    for (int32_t k = 0; k < o->k_vec; k++) {
        int64_t at = word * o->k_vec + k;
        int64_t d = dot(s->stream.mant + block * o->c_vec, s->page.mant + at * o->c_vec, o->c_vec);
        int32_t shift = o->format == DVT_FORMAT_BFP ? fixed + s->page.exp[at] : 0;
        bool    over = false;
        acc[k] = add(acc[k], shifted(d, shift, &over), o->accumulator_bits, &over);
        *saturated += over;
    }
}

void dvti_array_naive(const dvti_trip *t, int64_t result, int64_t *acc, uint64_t *saturated)
{
    const dvt_part_array *a = &t->w->array;
    int64_t               per_page = t->turns / t->pages_per_result;
    int64_t               first = result * t->turns + t->slice * per_page;

    for (int64_t turn = first; turn < first + per_page; turn++) {
        int64_t word = a->fbase + dvti_nest_dot(turn, a->n, a->f, 0, DVT_LOOPS);
        for (int32_t pixel = 0; pixel < t->pixels; pixel++) {
            int64_t block = dvti_sread_address(&t->w->sread, turn, pixel / t->s->o.q_vec,
                                               pixel % t->s->o.q_vec);
            if (block >= 0) {
                turn_of(t->s, block, word, acc + (int64_t)pixel * t->s->o.k_vec, saturated);
            }
        }
    }
}

void dvti_array_values(const dvt_sim *s, const int64_t *acc, int64_t count, float *x)
{
    for (int64_t i = 0; i < count; i++) {
        x[i] = ldexpf((float)acc[i], s->d.accumulator_lsb_exp);
    }
}
