/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_block.c - the fused tail of a layer: sum of neighbours, bias, layer norm, relu, dropout.
 *
 * Idea       One row at a time, while it lies in the first cache; backwards undoes all of it in one
 *            pass over the rows too. What graph networks are made of (bias, norm, gain, shift and
 *            relu together) has loops with few passes; any other choice goes through a loop a
 *            part, with the same bits.
 * Gradients  layer norm, with h the normalised row, r = 1 / sqrt(var + epsilon), d = dy gain:
 *                dx = r (d - mean(d) - h mean(d h)),   dgain = sum dy h,   dshift = sum dy
 *            relu with dropout: y > 0 exactly where the element passed both.
 * Order      Gradients of parameters are summed in chunks of DVTI_CHUNK_ROWS rows, then chunk after
 *            chunk.
 * Tests      tests/unit/test_learn_graph.c, tests/prop/prop_learn_threads.c
 */
#include "learn/dropout.h"
#include "learn/sparse.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- forwards ------------------------------------------------------------------------------ */

typedef struct block_attr {
    dvt_csr      m;
    bool         has_m, norm, relu;
    float        epsilon;
    double       p; /* of dropping; 0 = none */
    dvt_rng      rng;
    int64_t      rows, f;
    const float *x, *bias, *gain, *shift;
    float       *h;       /* (rows, f) what the gain multiplies; NULL: nobody asks later */
    float       *inverse; /* (rows) 1 / deviation */
    float       *y;
} block_attr;

/* y += bias; the mean of y. */
static inline float add_bias(float *restrict y, const float *restrict bias, int64_t f)
{
    float   lane[DVTI_LANES] = {0};
    int64_t i = 0;

    for (; i + DVTI_LANES <= f; i += DVTI_LANES)
        for (int l = 0; l < DVTI_LANES; l++) {
            y[i + l] += bias[i + l];
            lane[l] += y[i + l];
        }
    for (int l = 0; i < f; i++, l++) {
        y[i] += bias[i];
        lane[l] += y[i];
    }
    return dvti_lanes_total(lane) / (float)f;
}

/* 1 / deviation of y around its mean. */
static inline float inverse_deviation(const float *restrict y, float mean, int64_t f, float epsilon)
{
    float   lane[DVTI_LANES] = {0};
    int64_t i = 0;

    for (; i + DVTI_LANES <= f; i += DVTI_LANES)
        for (int l = 0; l < DVTI_LANES; l++)
            lane[l] += (y[i + l] - mean) * (y[i + l] - mean);
    for (int l = 0; i < f; i++, l++)
        lane[l] += (y[i] - mean) * (y[i] - mean);
    return 1.0f / sqrtf(dvti_lanes_total(lane) / (float)f + epsilon);
}

/* Whatever is asked for, a pass each. */
DVTI_SIMD static void finish_row(const block_attr *b, int64_t r, float *restrict y)
{
    const int64_t f = b->f;
    const float   scale = b->p > 0 ? (float)(1 / (1 - b->p)) : 1.0f;

    if (b->bias)
        dvti_row_add(y, 1.0f, b->bias, f);
    if (b->norm) {
        float mean = dvti_row_sum(y, f) / (float)f;
        float inverse = inverse_deviation(y, mean, f, b->epsilon);
        for (int64_t i = 0; i < f; i++)
            y[i] = (y[i] - mean) * inverse;
        if (b->inverse)
            b->inverse[r] = inverse;
    }
    if (b->h)
        memcpy(b->h + r * f, y, (size_t)f * sizeof *y);
    if (b->gain)
        for (int64_t i = 0; i < f; i++)
            y[i] *= b->gain[i];
    if (b->shift)
        dvti_row_add(y, 1.0f, b->shift, f);
    if (b->relu)
        for (int64_t i = 0; i < f; i++)
            y[i] = y[i] < 0 ? 0.0f : y[i] * scale; /* NaN stays */
    else if (b->p > 0)
        for (int64_t i = 0; i < f; i++)
            y[i] *= scale;
}

/* The same bits where everything is asked for, in three passes. */
DVTI_SIMD static void finish_full_row(const block_attr *b, int64_t r, float *restrict y)
{
    const int64_t f = b->f;
    const float   scale = b->p > 0 ? (float)(1 / (1 - b->p)) : 1.0f;
    const float *restrict gain = b->gain;
    const float *restrict shift = b->shift;
    const float mean = add_bias(y, b->bias, f);
    const float inverse = inverse_deviation(y, mean, f, b->epsilon);

    if (!b->h) {
        for (int64_t i = 0; i < f; i++) {
            float z = (y[i] - mean) * inverse * gain[i] + shift[i];
            y[i] = z < 0 ? 0.0f : z * scale;
        }
        return;
    }
    float *restrict h = b->h + r * f;
    b->inverse[r] = inverse;
    for (int64_t i = 0; i < f; i++) {
        h[i] = (y[i] - mean) * inverse;
        float z = h[i] * gain[i] + shift[i];
        y[i] = z < 0 ? 0.0f : z * scale;
    }
}

static bool is_full(const block_attr *b)
{
    return b->bias && b->gain && b->shift && b->norm && b->relu;
}

static void block_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const block_attr *b = ud;
    dvti_sparse       j = dvti_sparse_make(&b->m, b->f, b->x, b->y);
    const bool        full = is_full(b);

    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        float *y = b->y + r * b->f;
        if (b->has_m)
            dvti_sparse_row(&j, r, y);
        else
            memcpy(y, b->x + r * b->f, (size_t)b->f * sizeof *y);
        if (full)
            finish_full_row(b, r, y);
        else
            finish_row(b, r, y);
        if (b->p > 0)
            dvti_dropout_row(&b->rng, r, b->p, y, b->f);
    }
}

/* ---- backwards ----------------------------------------------------------------------------- */

typedef struct back_job {
    const block_attr *b;
    const float      *dy;
    float            *dz;      /* (rows, f) gradient of m x */
    float            *partial; /* (chunks, 3, f) of bias, gain, shift */
} back_job;

/* dz = dy where the element passed relu and dropout, scaled. */
DVTI_SIMD static void undo_cut(const block_attr *b, const float *restrict y,
                               const float *restrict dy, float *restrict dz)
{
    const float scale = b->p > 0 ? (float)(1 / (1 - b->p)) : 1.0f;

    if (b->relu)
        for (int64_t i = 0; i < b->f; i++)
            dz[i] = y[i] > 0 ? dy[i] * scale : 0.0f;
    else
        for (int64_t i = 0; i < b->f; i++)
            dz[i] = dy[i] * scale;
}

DVTI_SIMD static void undo_norm(const block_attr *b, int64_t r, float *restrict dz,
                                float *restrict sums)
{
    const int64_t f = b->f;
    const float *restrict h = b->h ? b->h + r * f : NULL;

    if (b->shift)
        for (int64_t i = 0; i < f; i++)
            sums[2 * f + i] += dz[i];
    if (b->gain) {
        for (int64_t i = 0; i < f; i++) {
            sums[f + i] += dz[i] * h[i];
            dz[i] *= b->gain[i];
        }
    }
    if (b->norm) {
        float mean = dvti_row_sum(dz, f) / (float)f, along = dvti_row_dot(dz, h, f) / (float)f;
        float inverse = b->inverse[r];
        for (int64_t i = 0; i < f; i++)
            dz[i] = inverse * (dz[i] - mean - h[i] * along);
    }
    if (b->bias)
        for (int64_t i = 0; i < f; i++)
            sums[i] += dz[i];
}

/* undo_cut and undo_norm in two passes, the same bits, where everything was asked for. */
DVTI_SIMD static void undo_full_row(const block_attr *b, int64_t r, const float *restrict dy,
                                    float *restrict dz, float *restrict dbias,
                                    float *restrict dgain, float *restrict dshift)
{
    const int64_t f = b->f;
    const float   scale = b->p > 0 ? (float)(1 / (1 - b->p)) : 1.0f, inverse = b->inverse[r];
    const float *restrict h = b->h + r * f;
    const float *restrict y = b->y + r * f;
    const float *restrict gain = b->gain;
    float   lane[DVTI_LANES] = {0}, lane_h[DVTI_LANES] = {0};
    int64_t i = 0;

    for (; i + DVTI_LANES <= f; i += DVTI_LANES)
        for (int l = 0; l < DVTI_LANES; l++) {
            float d = y[i + l] > 0 ? dy[i + l] * scale : 0.0f;
            dshift[i + l] += d;
            dgain[i + l] += d * h[i + l];
            d *= gain[i + l];
            dz[i + l] = d;
            lane[l] += d;
            lane_h[l] += d * h[i + l];
        }
    for (int l = 0; i < f; i++, l++) {
        float d = y[i] > 0 ? dy[i] * scale : 0.0f;
        dshift[i] += d;
        dgain[i] += d * h[i];
        d *= gain[i];
        dz[i] = d;
        lane[l] += d;
        lane_h[l] += d * h[i];
    }
    float mean = dvti_lanes_total(lane) / (float)f, along = dvti_lanes_total(lane_h) / (float)f;
    for (i = 0; i < f; i++) {
        dz[i] = inverse * (dz[i] - mean - h[i] * along);
        dbias[i] += dz[i];
    }
}

static void back_chunks(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const back_job   *j = ud;
    const block_attr *b = j->b;
    const bool        full = is_full(b);

    (void)worker;
    for (int64_t c = begin; c < end; c++) {
        int64_t first = c * DVTI_CHUNK_ROWS, last = first + DVTI_CHUNK_ROWS;
        float  *sums = j->partial + c * 3 * b->f;
        memset(sums, 0, (size_t)(3 * b->f) * sizeof *sums);
        for (int64_t r = first; r < last && r < b->rows; r++) {
            float *dz = j->dz + r * b->f;
            if (full) {
                undo_full_row(b, r, j->dy + r * b->f, dz, sums, sums + b->f, sums + 2 * b->f);
                continue;
            }
            undo_cut(b, b->y + r * b->f, j->dy + r * b->f, dz);
            if (b->p > 0 && !b->relu)
                dvti_dropout_row(&b->rng, r, b->p, dz, b->f);
            undo_norm(b, r, dz, sums);
        }
    }
}

static void add_partials(dvt_tape *t, const back_job *j, int64_t chunks, int which, int32_t to)
{
    bool   add;
    float *g = dvti_grad_of(t, to, &add);

    if (g && chunks == 0 && !add)
        memset(g, 0, (size_t)j->b->f * sizeof *g);
    for (int64_t c = 0; g && c < chunks; c++)
        dvti_put(g, j->partial + (3 * c + which) * j->b->f, j->b->f, add || c > 0);
}

static void block_backward(dvt_tape *t, const dvti_node *n)
{
    const block_attr *b = n->attr;
    int64_t           chunks = (b->rows + DVTI_CHUNK_ROWS - 1) / DVTI_CHUNK_ROWS;
    back_job          j = {.b = b, .dy = n->grad};

    j.dz = dvti_grad_scratch(t, n->count);
    j.partial = dvti_grad_scratch(t, chunks * 3 * b->f);
    if (!j.dz || !j.partial)
        return;
    dvt_parallel_for(t->ctx, chunks, dvti_row_grain(b->f * DVTI_CHUNK_ROWS * 4), back_chunks, &j);
    for (int which = 0; which < 3; which++)
        add_partials(t, &j, chunks, which, n->in[1 + which]);
    dvti_grad_release(t, j.partial, chunks * 3 * b->f);
    if (!b->has_m) {
        dvti_grad_give(t, n->in[0], j.dz);
        return;
    }
    dvti_sparse_backward(t, &b->m, b->f, j.dz, n->in[0]);
    dvti_grad_release(t, j.dz, n->count);
}

/* ---- the operation ------------------------------------------------------------------------- */

static bool vector_fits(dvt_tape *t, dvt_var x, dvt_var v, int64_t f, const char *what)
{
    char text[64];

    if (!dvti_tape_ok_or_none(t, "block", v))
        return false;
    if (v.id == 0 || t->nodes[v.id].count == f)
        return true;
    snprintf(text, sizeof text, "the %s must have one element a column", what);
    dvti_tape_fail_shapes(t, "block", x, v, text);
    return false;
}

static bool block_fits(dvt_tape *t, dvt_var x, const dvt_block *b)
{
    if (!dvti_tape_ok(t, "block", x))
        return false;
    const dvt_shape s = t->nodes[x.id].shape;
    if (s.rank != 2 || s.dim[1] < 1) {
        dvti_tape_fail_shapes(t, "block", x, x, "the operand must have two dimensions");
        return false;
    }
    if (!(b->dropout >= 0 && b->dropout < 1)) {
        dvti_tape_fail(t, DVT_E_USAGE, "block: probability %g is not in [0, 1)", b->dropout);
        return false;
    }
    return (!b->m || dvti_sparse_fits(t, "block", b->m, x)) &&
           vector_fits(t, x, b->bias, s.dim[1], "bias") &&
           vector_fits(t, x, b->gain, s.dim[1], "gain") &&
           vector_fits(t, x, b->shift, s.dim[1], "shift");
}

/* What backwards will ask for. */
static bool keep(dvt_tape *t, block_attr *a, bool wants_grad)
{
    if (!wants_grad)
        return true;
    if (a->norm || a->gain) {
        a->h = dvti_tape_floats(t, a->rows * a->f);
        a->inverse = dvti_tape_floats(t, a->rows);
    }
    return t->status == DVT_OK;
}

dvt_var dvt_tape_block(dvt_tape *t, dvt_var x, const dvt_block *b)
{
    if (!block_fits(t, x, b))
        return DVT_NO_VAR;
    int64_t     f = t->nodes[x.id].shape.dim[1];
    int64_t     rows = b->m ? b->m->rows : t->nodes[x.id].shape.dim[0];
    dvt_shape   s = DVT_SHAPE(rows, f);
    block_attr *a = dvti_tape_attr(t, sizeof *a);
    dvti_node  *n = a ? dvti_tape_push(t, &s, NULL, (dvt_var[]){x, b->bias, b->gain, b->shift}, 4,
                                       block_backward)
                      : NULL;
    if (!n)
        return DVT_NO_VAR;
    n->attr = a;
    *a = (block_attr){.has_m = b->m != NULL,
                      .norm = b->norm,
                      .relu = b->relu,
                      .epsilon = b->epsilon > 0 ? b->epsilon : 1e-5f,
                      .p = dvti_tape_trains(t) ? b->dropout : 0,
                      .rng = dvti_tape_rng(t, dvti_tape_last(t).id),
                      .rows = rows,
                      .f = f,
                      .x = dvti_value(t, x.id),
                      .bias = dvti_value(t, b->bias.id),
                      .gain = dvti_value(t, b->gain.id),
                      .shift = dvti_value(t, b->shift.id),
                      .y = n->value};
    if (b->m)
        a->m = *b->m;
    if (!keep(t, a, n->wants_grad))
        return DVT_NO_VAR;
    dvt_parallel_for(t->ctx, rows, dvti_row_grain(4 * f), block_range, a);
    return dvti_tape_last(t);
}
