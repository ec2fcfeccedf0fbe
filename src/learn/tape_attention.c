/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_attention.c - multi-head attention over few positions.
 *
 * Idea       Graphs of eight or nine nodes make products too small for a matrix library: the
 *            scores of one head of one graph are dot products of rows that lie in cache, and the
 *            heads are stretches of those rows, so nothing is transposed. One thread has whole
 *            elements of the batch.
 * Keeps      the probabilities (b, heads, n, m) for backwards:
 *                dv_j = sum_i p_ij dy_i,   dp_ij = dy_i v_j,
 *                ds_ij = p_ij (dp_ij - sum_j p_ij dp_ij) / sqrt(d_head),
 *                dq_i = sum_j ds_ij k_j,   dk_j = sum_i ds_ij q_i
 * Limits     Time n m d as any other, but without blocking: meant for up to some hundred positions.
 * Tests      tests/unit/test_learn_layers.c, tests/diff/learn_torch.py
 */
#include "learn/fast_math.h"
#include "learn/rows.h"

#include "dovetail/layers.h"

#include <math.h>
#include <string.h>

typedef struct attention_job {
    int64_t        b, n, m, d, head; /* head: elements of one */
    int32_t        heads;
    const float   *q, *k, *v, *dy;
    const uint8_t *mask;
    float         *p, *y;
    float         *dq, *dk, *dv; /* zeroed, or NULL */
} attention_job;

/* Scores of row i into probabilities p (m); all masked: zeros. */
DVTI_SIMD static void row_probabilities(const attention_job *j, const float *q, const float *k,
                                        const uint8_t *mask, float *restrict p)
{
    const float scale = 1.0f / sqrtf((float)j->head);
    float       most = -INFINITY, sum = 0;

    for (int64_t c = 0; c < j->m; c++) {
        p[c] = !mask || mask[c] ? dvti_row_dot(q, k + c * j->d, j->head) * scale : -INFINITY;
        most = p[c] > most ? p[c] : most;
    }
    for (int64_t c = 0; c < j->m; c++) {
        p[c] = !mask || mask[c] ? dvti_exp(p[c] - most) : 0;
        sum += p[c];
    }
    for (int64_t c = 0; c < j->m && sum > 0; c++)
        p[c] /= sum;
}

DVTI_SIMD static void weighted_sum(const attention_job *j, const float *restrict p, const float *v,
                                   float *restrict y)
{
    memset(y, 0, (size_t)j->head * sizeof *y);
    for (int64_t c = 0; c < j->m; c++)
        dvti_row_add(y, p[c], v + c * j->d, j->head);
}

static void forward_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const attention_job *j = ud;

    (void)worker;
    for (int64_t g = begin; g < end; g++)
        for (int64_t h = 0; h < j->heads; h++)
            for (int64_t i = 0; i < j->n; i++) {
                int64_t        at = h * j->head, row = (g * j->n + i) * j->d + at;
                const uint8_t *mask = j->mask ? j->mask + (g * j->n + i) * j->m : NULL;
                float         *p = j->p + ((g * j->heads + h) * j->n + i) * j->m;
                row_probabilities(j, j->q + row, j->k + g * j->m * j->d + at, mask, p);
                weighted_sum(j, p, j->v + g * j->m * j->d + at, j->y + row);
            }
}

/* One row of one head; q, dy, dq are at the row, k, v, dk, dv at the head of the first position. */
DVTI_SIMD static void back_row(const attention_job *j, int64_t row, int64_t first, const float *p)
{
    const float scale = 1.0f / sqrtf((float)j->head);
    float       along = 0;

    for (int64_t c = 0; c < j->m; c++)
        along += p[c] * dvti_row_dot(j->dy + row, j->v + first + c * j->d, j->head);
    for (int64_t c = 0; c < j->m; c++) {
        int64_t at = first + c * j->d;
        if (p[c] == 0)
            continue;
        float ds = p[c] * (dvti_row_dot(j->dy + row, j->v + at, j->head) - along) * scale;
        if (j->dv)
            dvti_row_add(j->dv + at, p[c], j->dy + row, j->head);
        if (j->dq)
            dvti_row_add(j->dq + row, ds, j->k + at, j->head);
        if (j->dk)
            dvti_row_add(j->dk + at, ds, j->q + row, j->head);
    }
}

static void back_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const attention_job *j = ud;

    (void)worker;
    for (int64_t g = begin; g < end; g++)
        for (int64_t h = 0; h < j->heads; h++)
            for (int64_t i = 0; i < j->n; i++)
                back_row(j, (g * j->n + i) * j->d + h * j->head, g * j->m * j->d + h * j->head,
                         j->p + ((g * j->heads + h) * j->n + i) * j->m);
}

/* A buffer of zeros, the walk's until it is given to operand `i`; NULL if nobody wants it. */
static float *zeros_for(dvt_tape *t, const dvti_node *n, int i)
{
    int64_t count = t->nodes[n->in[i]].count;
    float  *g = dvti_wants(t, n->in[i]) ? dvti_grad_scratch(t, count) : NULL;

    return g ? memset(g, 0, (size_t)count * sizeof *g) : NULL;
}

static void attention_backward(dvt_tape *t, const dvti_node *n)
{
    attention_job j = *(const attention_job *)n->attr;
    float        *grad[3];

    j.dy = n->grad;
    j.dq = grad[0] = zeros_for(t, n, 0);
    j.dk = grad[1] = zeros_for(t, n, 1);
    j.dv = grad[2] = zeros_for(t, n, 2);
    if (t->status != DVT_OK)
        return;
    dvt_parallel_for(t->ctx, j.b, dvti_row_grain(j.n * j.m * j.d), back_range, &j);
    for (int i = 0; i < 3; i++)
        if (grad[i])
            dvti_grad_give(t, n->in[i], grad[i]);
}

static bool attention_fits(dvt_tape *t, dvt_var q, dvt_var k, dvt_var v, int32_t heads)
{
    if (!dvti_tape_ok(t, "attention", q) || !dvti_tape_ok(t, "attention", k) ||
        !dvti_tape_ok(t, "attention", v))
        return false;
    const dvt_shape *a = &t->nodes[q.id].shape, *b = &t->nodes[k.id].shape;
    if (a->rank != 3 || b->rank != 3 || a->dim[0] != b->dim[0] || a->dim[2] != b->dim[2] ||
        !dvt_shape_equal(b, &t->nodes[v.id].shape)) {
        dvti_tape_fail_shapes(t, "attention", q, k,
                              "q is (b, n, d), k and v are (b, m, d) of equal shape");
        return false;
    }
    if (heads < 1 || a->dim[2] < 1 || a->dim[2] % heads) {
        dvti_tape_fail(t, DVT_E_SHAPE, "attention: %lld elements do not divide into %d heads",
                       (long long)a->dim[2], heads);
        return false;
    }
    return true;
}

dvt_var dvt_tape_attention(dvt_tape *t, dvt_var q, dvt_var k, dvt_var v, int32_t heads,
                           const uint8_t *mask)
{
    if (!attention_fits(t, q, k, v, heads))
        return DVT_NO_VAR;
    dvt_shape      s = t->nodes[q.id].shape;
    int64_t        m = t->nodes[k.id].shape.dim[1];
    attention_job *j = dvti_tape_attr(t, sizeof *j);
    float         *p = dvti_tape_floats(t, s.dim[0] * heads * s.dim[1] * m);
    dvti_node     *n = NULL;
    if (j && p)
        n = dvti_tape_push(t, &s, NULL, (dvt_var[]){q, k, v}, 3, attention_backward);
    if (!n)
        return DVT_NO_VAR;
    *j = (attention_job){.b = s.dim[0],
                         .n = s.dim[1],
                         .m = m,
                         .d = s.dim[2],
                         .head = s.dim[2] / heads,
                         .heads = heads,
                         .q = dvti_value(t, q.id),
                         .k = dvti_value(t, k.id),
                         .v = dvti_value(t, v.id),
                         .mask = mask,
                         .p = p,
                         .y = n->value};
    n->attr = j;
    dvt_parallel_for(t->ctx, j->b, dvti_row_grain(j->n * j->m * j->d), forward_range, j);
    return dvti_tape_last(t);
}
