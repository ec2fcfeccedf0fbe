/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_sum.c - sums and means over neighbouring dimensions, softmax along the last one.
 *
 * Idea       An array is seen as (outer, axis, inner). inner = 1: each row is summed in lanes
 *            (src/learn/rows.h); else rows of `inner` elements are added from top to bottom.
 * Softmax    shifts by the largest element; gradient dx = y (dy - sum dy y), and for its logarithm
 *            dx = dy - e^y sum dy.
 * Tests      tests/unit/test_learn_ops.c
 */
#include "learn/fast_math.h"
#include "learn/rows.h"

#include "dovetail/kernels.h"

#include <math.h>
#include <string.h>

/* ---- sum, mean ----------------------------------------------------------------------------- */

typedef struct sum_attr {
    dvt_axis_dims d;
    float         factor;
} sum_attr;

typedef struct sum_job {
    const sum_attr *a;
    const float    *x;
    float          *y;
    bool            add;
} sum_job;

DVTI_SIMD static void sum_rows(const sum_attr *a, const float *restrict x, float *restrict y)
{
    const int64_t inner = a->d.inner;

    if (inner == 1) {
        y[0] = dvti_row_sum(x, a->d.axis) * a->factor;
        return;
    }
    memset(y, 0, (size_t)inner * sizeof *y);
    for (int64_t r = 0; r < a->d.axis; r++)
        for (int64_t i = 0; i < inner; i++)
            y[i] += x[r * inner + i];
    for (int64_t i = 0; i < inner; i++)
        y[i] *= a->factor;
}

static void sum_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const sum_job *j = ud;

    (void)worker;
    for (int64_t o = begin; o < end; o++)
        sum_rows(j->a, j->x + o * j->a->d.axis * j->a->d.inner, j->y + o * j->a->d.inner);
}

/* Here x is dy and y is dx. */
DVTI_SIMD static void spread_rows(const sum_attr *a, const float *restrict dy, float *restrict dx,
                                  bool add)
{
    for (int64_t r = 0; r < a->d.axis; r++)
        for (int64_t i = 0; i < a->d.inner; i++) {
            int64_t at = r * a->d.inner + i;
            dx[at] = a->factor * dy[i] + (add ? dx[at] : 0.0f);
        }
}

static void spread_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const sum_job *j = ud;

    (void)worker;
    for (int64_t o = begin; o < end; o++)
        spread_rows(j->a, j->x + o * j->a->d.inner, j->y + o * j->a->d.axis * j->a->d.inner,
                    j->add);
}

static void sum_backward(dvt_tape *t, const dvti_node *n)
{
    sum_job j = {.a = n->attr, .x = n->grad};

    j.y = dvti_grad_of(t, n->in[0], &j.add);
    if (j.y)
        dvt_parallel_for(t->ctx, j.a->d.outer, dvti_row_grain(j.a->d.axis * j.a->d.inner),
                         spread_range, &j);
}

static dvt_var reduce(dvt_tape *t, const char *op, dvt_var x, int32_t first, int32_t count,
                      bool mean)
{
    char text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok(t, op, x))
        return DVT_NO_VAR;
    dvt_shape s = t->nodes[x.id].shape, y = {.rank = s.rank - count};
    int32_t   at = first < 0 ? first + s.rank : first;
    if (at < 0 || count < 0 || count > s.rank - at)
        return dvti_tape_fail(t, DVT_E_SHAPE, "%s: %s has no %d dimensions from %d on", op,
                              dvt_shape_text(&s, text), count, first);
    for (int32_t i = 0; i < y.rank; i++)
        y.dim[i] = s.dim[i < at ? i : i + count];
    sum_attr  *a = dvti_tape_attr(t, sizeof *a);
    dvti_node *n = a ? dvti_tape_push(t, &y, NULL, &x, 1, sum_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    a->d = dvt_axis_dims_range(&s, at, at + count);
    a->factor = mean ? 1.0f / (float)a->d.axis : 1.0f;
    n->attr = a;
    sum_job j = {.a = a, .x = dvti_value(t, x.id), .y = n->value};
    dvt_parallel_for(t->ctx, a->d.outer, dvti_row_grain(a->d.axis * a->d.inner), sum_range, &j);
    return dvti_tape_last(t);
}

dvt_var dvt_tape_sum(dvt_tape *t, dvt_var x, int32_t first, int32_t count)
{
    return reduce(t, "sum", x, first, count, false);
}

dvt_var dvt_tape_mean(dvt_tape *t, dvt_var x, int32_t first, int32_t count)
{
    return reduce(t, "mean", x, first, count, true);
}

/* ---- softmax ------------------------------------------------------------------------------- */

typedef struct softmax_job {
    int64_t      size;
    const float *x, *y, *dy;
    float       *out;
    bool         logarithm;
} softmax_job;

DVTI_SIMD static void softmax_row(const float *restrict x, float *restrict y, int64_t n,
                                  bool logarithm)
{
    float most = -INFINITY, sum;

    for (int64_t i = 0; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (int64_t i = 0; i < n; i++)
        y[i] = dvti_exp(x[i] - most);
    sum = dvti_row_sum(y, n);
    if (logarithm) {
        float shift = most + logf(sum);
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i] - shift;
    } else {
        float factor = 1.0f / sum;
        for (int64_t i = 0; i < n; i++)
            y[i] *= factor;
    }
}

DVTI_SIMD static void softmax_slopes(const float *restrict y, const float *restrict dy,
                                     float *restrict dx, int64_t n)
{
    float s = dvti_row_dot(y, dy, n);

    for (int64_t i = 0; i < n; i++)
        dx[i] = y[i] * (dy[i] - s);
}

DVTI_SIMD static void log_softmax_slopes(const float *restrict y, const float *restrict dy,
                                         float *restrict dx, int64_t n)
{
    float s = dvti_row_sum(dy, n);

    for (int64_t i = 0; i < n; i++)
        dx[i] = dy[i] - dvti_exp(y[i]) * s;
}

static void softmax_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const softmax_job *j = ud;

    (void)worker;
    for (int64_t r = begin; r < end; r++) {
        int64_t at = r * j->size;
        if (!j->dy)
            softmax_row(j->x + at, j->out + at, j->size, j->logarithm);
        else if (j->logarithm)
            log_softmax_slopes(j->y + at, j->dy + at, j->out + at, j->size);
        else
            softmax_slopes(j->y + at, j->dy + at, j->out + at, j->size);
    }
}

static void softmax_backward(dvt_tape *t, const dvti_node *n)
{
    softmax_job j = *(const softmax_job *)n->attr;

    j.y = n->value;
    j.dy = n->grad;
    j.out = dvti_grad_scratch(t, n->count);
    if (!j.out)
        return;
    dvt_parallel_for(t->ctx, n->count / j.size, dvti_row_grain(j.size), softmax_range, &j);
    dvti_grad_give(t, n->in[0], j.out);
}

static dvt_var softmax(dvt_tape *t, const char *op, dvt_var x, bool logarithm)
{
    if (!dvti_tape_ok(t, op, x))
        return DVT_NO_VAR;
    dvt_shape s = t->nodes[x.id].shape;
    char      text[DVT_SHAPE_TEXT];
    if (s.rank < 1 || s.dim[s.rank - 1] < 1)
        return dvti_tape_fail(t, DVT_E_SHAPE, "%s: %s has no elements along its last dimension",
                              op, dvt_shape_text(&s, text));
    softmax_job *j = dvti_tape_attr(t, sizeof *j);
    dvti_node   *n = j ? dvti_tape_push(t, &s, NULL, &x, 1, softmax_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    *j = (softmax_job){.size = s.dim[s.rank - 1],
                       .x = dvti_value(t, x.id),
                       .out = n->value,
                       .logarithm = logarithm};
    n->attr = j;
    dvt_parallel_for(t->ctx, n->count / j->size, dvti_row_grain(j->size), softmax_range, j);
    return dvti_tape_last(t);
}

dvt_var dvt_tape_softmax(dvt_tape *t, dvt_var x) { return softmax(t, "softmax", x, false); }

dvt_var dvt_tape_log_softmax(dvt_tape *t, dvt_var x)
{
    return softmax(t, "log_softmax", x, true);
}
