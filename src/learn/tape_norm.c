/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_norm.c - layer and batch normalisation.
 *
 * Layer norm  is the block of tape_graph.c on x as (rows, f).
 * Batch norm  x is seen as (n, c, inner); a channel's sums run image after image, each image in
 *             lanes, so they have one order. One thread has whole channels. Gradient, with h the
 *             normalised x, r = 1 / sqrt(var + epsilon), d = dy gain, N elements a channel:
 *                 training   dx = r (d - mean(d) - h mean(d h));   else   dx = r d
 *                 dgain = sum dy h,   dshift = sum dy
 * Tests       tests/unit/test_learn_layers.c, tests/diff/learn_torch.py
 */
#include "learn/rows.h"

#include "dovetail/layers.h"

#include <math.h>

dvt_var dvt_tape_layer_norm(dvt_tape *t, dvt_var x, dvt_var gain, dvt_var shift, float epsilon)
{
    char text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok(t, "layer_norm", x))
        return DVT_NO_VAR;
    const dvt_shape s = t->nodes[x.id].shape;
    if (s.rank < 1 || s.dim[s.rank - 1] < 1)
        return dvti_tape_fail(t, DVT_E_SHAPE, "layer_norm: %s has nothing to normalise",
                              dvt_shape_text(&s, text));
    dvt_block b = {.gain = gain, .shift = shift, .norm = true, .epsilon = epsilon};
    dvt_var   rows = dvt_tape_reshape(t, x, DVT_SHAPE(-1, s.dim[s.rank - 1]));
    return dvt_tape_reshape(t, dvt_tape_block(t, rows, &b), s);
}

/* ---- batch norm ---------------------------------------------------------------------------- */

typedef struct batch_norm_job {
    int64_t      n, c, inner;
    bool         batch; /* the batch's statistics, not the running ones */
    float        momentum, epsilon;
    const float *x, *gain, *shift, *dy;
    float       *y, *dx, *dgain, *dshift; /* d.. (c) are sums of this pass */
    float       *run_mean, *run_var;
    float       *mean, *inverse; /* (c) what was used */
} batch_norm_job;

/* Sums of x and of (x - centre)^2 over a channel. */
DVTI_SIMD static double channel_sum(const batch_norm_job *j, int64_t c)
{
    double sum = 0;

    for (int64_t i = 0; i < j->n; i++)
        sum += (double)dvti_row_sum(j->x + (i * j->c + c) * j->inner, j->inner);
    return sum;
}

DVTI_SIMD static double channel_squares(const batch_norm_job *j, int64_t c, float centre)
{
    double sum = 0;

    for (int64_t i = 0; i < j->n; i++) {
        const float *x = j->x + (i * j->c + c) * j->inner;
        float        lane[DVTI_LANES] = {0};
        for (int64_t k = 0; k < j->inner; k++)
            lane[k % DVTI_LANES] += (x[k] - centre) * (x[k] - centre);
        sum += (double)dvti_lanes_total(lane);
    }
    return sum;
}

static void statistics(const batch_norm_job *j, int64_t c)
{
    const double count = (double)(j->n * j->inner);
    double       var = (double)j->run_var[c];

    j->mean[c] = j->run_mean[c];
    if (j->batch) {
        double mean = channel_sum(j, c) / count, squares;
        j->mean[c] = (float)mean;
        squares = channel_squares(j, c, j->mean[c]);
        var = squares / count;
        j->run_mean[c] += j->momentum * (j->mean[c] - j->run_mean[c]);
        j->run_var[c] += j->momentum * ((float)(squares / (count - 1)) - j->run_var[c]);
    }
    j->inverse[c] = (float)(1 / sqrt(var + (double)j->epsilon));
}

DVTI_SIMD static void norm_channel(const batch_norm_job *j, int64_t c)
{
    const float a = j->inverse[c] * (j->gain ? j->gain[c] : 1.0f), mean = j->mean[c];
    const float b = j->shift ? j->shift[c] : 0.0f;

    for (int64_t i = 0; i < j->n; i++) {
        const float *restrict x = j->x + (i * j->c + c) * j->inner;
        float *restrict       y = j->y + (i * j->c + c) * j->inner;
        for (int64_t k = 0; k < j->inner; k++)
            y[k] = (x[k] - mean) * a + b;
    }
}

static void norm_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const batch_norm_job *j = ud;

    (void)worker;
    for (int64_t c = begin; c < end; c++) {
        statistics(j, c);
        norm_channel(j, c);
    }
}

DVTI_SIMD static void back_channel(const batch_norm_job *j, int64_t c)
{
    const float r = j->inverse[c], mean = j->mean[c], a = r * (j->gain ? j->gain[c] : 1.0f);
    double      sum = 0, along = 0;

    for (int64_t i = 0; i < j->n; i++) {
        const float *x = j->x + (i * j->c + c) * j->inner, *dy = j->dy + (i * j->c + c) * j->inner;
        float        lane[DVTI_LANES] = {0}, lane_h[DVTI_LANES] = {0};
        for (int64_t k = 0; k < j->inner; k++) {
            lane[k % DVTI_LANES] += dy[k];
            lane_h[k % DVTI_LANES] += dy[k] * ((x[k] - mean) * r);
        }
        sum += (double)dvti_lanes_total(lane);
        along += (double)dvti_lanes_total(lane_h);
    }
    j->dshift[c] = (float)sum;
    j->dgain[c] = (float)along;
    if (!j->dx)
        return;
    const double count = (double)(j->n * j->inner);
    const float  ms = j->batch ? (float)(sum / count) : 0;
    const float  ma = j->batch ? (float)(along / count) : 0;
    for (int64_t i = 0; i < j->n; i++) {
        int64_t at = (i * j->c + c) * j->inner;
        for (int64_t k = at; k < at + j->inner; k++)
            j->dx[k] = a * (j->dy[k] - ms - (j->x[k] - mean) * r * ma);
    }
}

static void back_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    (void)worker;
    for (int64_t c = begin; c < end; c++)
        back_channel(ud, c);
}

static void batch_norm_backward(dvt_tape *t, const dvti_node *n)
{
    batch_norm_job j = *(const batch_norm_job *)n->attr;
    bool           add;

    j.dy = n->grad;
    j.dx = dvti_wants(t, n->in[0]) ? dvti_grad_scratch(t, n->count) : NULL;
    j.dgain = dvti_grad_scratch(t, j.c);
    j.dshift = dvti_grad_scratch(t, j.c);
    if (t->status != DVT_OK)
        return;
    dvt_parallel_for(t->ctx, j.c, dvti_row_grain(j.n * j.inner), back_range, &j);
    if (j.dx)
        dvti_grad_give(t, n->in[0], j.dx);
    float *g = dvti_grad_of(t, n->in[1], &add);
    if (g)
        dvti_put(g, j.dgain, j.c, add);
    g = dvti_grad_of(t, n->in[2], &add);
    if (g)
        dvti_put(g, j.dshift, j.c, add);
    dvti_grad_release(t, j.dgain, j.c);
    dvti_grad_release(t, j.dshift, j.c);
}

static bool is_state(const dvt_batch_norm *b, dvt_param p, int64_t c)
{
    return p.id >= 0 && p.id < b->params->count && b->params->items[p.id].state &&
           b->params->items[p.id].count == c;
}

static bool batch_norm_fits(dvt_tape *t, dvt_var x, const dvt_batch_norm *b)
{
    char text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok(t, "batch_norm", x) || !dvti_tape_ok_or_none(t, "batch_norm", b->gain) ||
        !dvti_tape_ok_or_none(t, "batch_norm", b->shift))
        return false;
    const dvti_node *n = dvti_tape_node(t, x);
    int64_t          c = n->shape.rank >= 2 ? n->shape.dim[1] : 0;
    if (c < 1 || (dvti_tape_trains(t) && n->count / c < 2)) {
        dvti_tape_fail(t, DVT_E_SHAPE, "batch_norm: %s needs channels of two elements or more",
                       dvt_shape_text(&n->shape, text));
        return false;
    }
    if (!is_state(b, b->mean, c) || !is_state(b, b->var, c)) {
        dvti_tape_fail(t, DVT_E_USAGE, "batch_norm: mean and var must be states of %lld elements",
                       (long long)c);
        return false;
    }
    if ((b->gain.id && t->nodes[b->gain.id].count != c) ||
        (b->shift.id && t->nodes[b->shift.id].count != c)) {
        dvti_tape_fail(t, DVT_E_SHAPE, "batch_norm: gain and shift must have %lld elements",
                       (long long)c);
        return false;
    }
    return true;
}

dvt_var dvt_tape_batch_norm(dvt_tape *t, dvt_var x, const dvt_batch_norm *b)
{
    if (!batch_norm_fits(t, x, b))
        return DVT_NO_VAR;
    dvt_shape       s = t->nodes[x.id].shape;
    batch_norm_job *j = dvti_tape_attr(t, sizeof *j);
    dvti_node      *n = NULL;
    if (j)
        n = dvti_tape_push(t, &s, NULL, (dvt_var[]){x, b->gain, b->shift}, 3, batch_norm_backward);
    if (!n)
        return DVT_NO_VAR;
    *j = (batch_norm_job){.n = s.dim[0],
                          .c = s.dim[1],
                          .inner = dvt_shape_count_range(&s, 2, s.rank),
                          .batch = dvti_tape_trains(t),
                          .momentum = b->momentum > 0 ? b->momentum : 0.1f,
                          .epsilon = b->epsilon > 0 ? b->epsilon : 1e-5f,
                          .x = dvti_value(t, x.id),
                          .gain = dvti_value(t, b->gain.id),
                          .shift = dvti_value(t, b->shift.id),
                          .y = n->value,
                          .run_mean = dvt_params_value(b->params, b->mean),
                          .run_var = dvt_params_value(b->params, b->var)};
    j->mean = dvti_tape_floats(t, j->c);
    j->inverse = dvti_tape_floats(t, j->c);
    if (t->status != DVT_OK)
        return DVT_NO_VAR;
    n->attr = j;
    dvt_parallel_for(t->ctx, j->c, dvti_row_grain(j->n * j->inner), norm_range, j);
    return dvti_tape_last(t);
}
