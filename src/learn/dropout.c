/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dropout.c - which elements of a row are dropped, and dropout as an operation of its own.
 *
 * Idea       Rarely dropping (p <= 1/16): the gaps between dropped elements are geometric, so one
 *            draw finds the next one; a row of 600 at p = 0.002 takes two draws. Otherwise every
 *            element has 32 bits of its own and is dropped below the threshold p 2^32, sixteen
 *            Philox blocks at a time (64 elements), in lanes that vectorise.
 * Numbers    The part of the stream that belongs to row r begins at counter r 2^32.
 * Tests      tests/unit/test_learn_math.c: rates, both ways; lanes against dvt_rng_u32
 */
#include "learn/dropout.h"

#include "learn/rows.h"

#include <math.h>
#include <string.h>

enum { LANES = 16, WORDS = 4, GROUP = LANES * WORDS };

static const double RARE = 1.0 / 16;

static void drop_rarely(dvt_rng *r, double p, float *y, int64_t n)
{
    const double scale = 1 / log1p(-p);
    double       at = floor(log(1 - dvt_rng_f64(r)) * scale);

    while (at < (double)n) {
        y[(int64_t)at] = 0;
        at += 1 + floor(log(1 - dvt_rng_f64(r)) * scale);
    }
}

/* Philox4x32-10 of the blocks first .. first + 15 of a stream: word w of block l in out[w][l]. */
DVTI_SIMD static void sixteen_blocks(const dvt_rng *r, uint64_t first, uint32_t out[WORDS][LANES])
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    uint32_t k0 = (uint32_t)r->seed, k1 = (uint32_t)(r->seed >> 32);

    for (int l = 0; l < LANES; l++) {
        c0[l] = (uint32_t)(first + (uint64_t)l);
        c1[l] = (uint32_t)((first + (uint64_t)l) >> 32);
        c2[l] = (uint32_t)r->stream;
        c3[l] = (uint32_t)(r->stream >> 32);
    }
    for (int round = 0; round < 10; round++) {
        for (int l = 0; l < LANES; l++) {
            uint64_t p0 = (uint64_t)0xD2511F53 * c0[l], p1 = (uint64_t)0xCD9E8D57 * c2[l];
            uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1[l] ^ k0;
            uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3[l] ^ k1;
            c0[l] = n0;
            c1[l] = (uint32_t)p1;
            c2[l] = n2;
            c3[l] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    memcpy(out[0], c0, sizeof c0);
    memcpy(out[1], c1, sizeof c1);
    memcpy(out[2], c2, sizeof c2);
    memcpy(out[3], c3, sizeof c3);
}

static void drop_often(const dvt_rng *r, double p, float *y, int64_t n)
{
    const uint32_t limit = (uint32_t)(p * 0x1p32);
    uint32_t       w[WORDS][LANES];

    for (int64_t at = 0; at < n; at += GROUP) {
        const uint32_t *word = &w[0][0];
        int64_t         left = n - at < GROUP ? n - at : GROUP;
        sixteen_blocks(r, (r->counter + (uint64_t)at) / WORDS, w);
        for (int64_t i = 0; i < left; i++)
            y[at + i] = word[i] < limit ? 0.0f : y[at + i];
    }
}

void dvti_dropout_row(const dvt_rng *rng, int64_t row, double p, float *y, int64_t n)
{
    dvt_rng r = *rng;

    r.counter = (uint64_t)row << 32;
    if (p <= RARE)
        drop_rarely(&r, p, y, n);
    else
        drop_often(&r, p, y, n);
}

/* ---- the operation ------------------------------------------------------------------------- */

enum { ROW = 4096 }; /* the array is seen as rows of this many elements */

typedef struct dropout_job {
    double       p;
    dvt_rng      rng;
    int64_t      count;
    const float *x;
    float       *y;
} dropout_job;

static void drop_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const dropout_job *j = ud;
    const float        scale = (float)(1 / (1 - j->p));

    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        int64_t at = r * ROW, n = j->count - at < ROW ? j->count - at : ROW;
        for (int64_t i = at; i < at + n; i++)
            j->y[i] = j->x[i] * scale;
        dvti_dropout_row(&j->rng, r, j->p, j->y + at, n);
    }
}

static void run(dvt_tape *t, dropout_job *j)
{
    dvt_parallel_for(t->ctx, (j->count + ROW - 1) / ROW, DVTI_GRAIN / ROW, drop_range, j);
}

static void dropout_backward(dvt_tape *t, const dvti_node *n)
{
    dropout_job j = *(const dropout_job *)n->attr;

    j.x = n->grad;
    j.y = dvti_grad_scratch(t, n->count);
    if (!j.y)
        return;
    run(t, &j);
    dvti_grad_give(t, n->in[0], j.y);
}

dvt_var dvt_tape_dropout(dvt_tape *t, dvt_var x, double p)
{
    if (!dvti_tape_ok(t, "dropout", x))
        return DVT_NO_VAR;
    if (!(p >= 0 && p < 1))
        return dvti_tape_fail(t, DVT_E_USAGE, "dropout: probability %g is not in [0, 1)", p);
    if (p == 0 || !dvti_tape_trains(t))
        return x;
    dvt_shape    s = t->nodes[x.id].shape;
    dropout_job *j = dvti_tape_attr(t, sizeof *j);
    dvti_node   *n = j ? dvti_tape_push(t, &s, NULL, &x, 1, dropout_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    *j = (dropout_job){.p = p,
                       .rng = dvti_tape_rng(t, dvti_tape_last(t).id),
                       .count = n->count,
                       .x = dvti_value(t, x.id),
                       .y = n->value};
    n->attr = j;
    run(t, j);
    return dvti_tape_last(t);
}
