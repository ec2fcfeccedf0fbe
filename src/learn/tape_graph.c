/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_graph.c - sums of neighbours: a sparse matrix times rows of features.
 *
 * Idea       A graph convolution is y = m (x w^T): the dense product of all nodes of all graphs is
 *            one matrix product, and m, a sparse matrix with a few ones a row, sums neighbours.
 *            Backwards is the same with the transpose, which the batch holds ready, so that every
 *            row of a result belongs to one thread.
 * Order      A row's neighbours are added in the order of the matrix.
 * Tests      tests/unit/test_learn_graph.c, tests/prop/prop_learn_threads.c
 */
#include "learn/sparse.h"

#include <string.h>

/* ---- the product --------------------------------------------------------------------------- */

DVTI_SIMD static void sparse_row(const dvti_sparse *j, int64_t r, float *restrict y, bool add)
{
    const int64_t f = j->f;

    if (!add)
        memset(y, 0, (size_t)f * sizeof *y);
    for (int64_t e = j->start[r]; e < j->start[r + 1]; e++) {
        const float *restrict x = j->x + j->col[e] * f;
        if (j->weight) {
            dvti_row_add(y, j->weight[e], x, f);
        } else {
            for (int64_t i = 0; i < f; i++)
                y[i] += x[i];
        }
    }
}

void dvti_sparse_row(const dvti_sparse *j, int64_t r, float *y)
{
    sparse_row(j, r, y, false);
}

static void sparse_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const dvti_sparse *j = ud;

    (void)worker;
    for (int64_t r = begin; r < end; r++)
        sparse_row(j, r, j->y + r * j->f, j->add);
}

dvti_sparse dvti_sparse_make(const dvt_csr *m, int64_t f, const float *x, float *y)
{
    return (dvti_sparse){m->rows, f, m->start, m->col, m->weight, x, y, false};
}

void dvti_sparse_backward(dvt_tape *t, const dvt_csr *m, int64_t f, const float *dy, int32_t to)
{
    dvti_sparse j = {m->cols, f, m->t_start, m->t_row, m->t_weight, dy, NULL, false};

    j.y = dvti_grad_of(t, to, &j.add);
    if (j.y)
        dvt_parallel_for(t->ctx, j.rows, dvti_row_grain(2 * f), sparse_range, &j);
}

bool dvti_sparse_fits(dvt_tape *t, const char *op, const dvt_csr *m, dvt_var x)
{
    const dvt_shape *s = &t->nodes[x.id].shape;
    char             text[DVT_SHAPE_TEXT];

    if (s->rank == 2 && s->dim[0] == m->cols)
        return true;
    dvti_tape_fail(t, DVT_E_SHAPE, "%s: a matrix of %lld rows and %lld columns meets %s", op,
                   (long long)m->rows, (long long)m->cols, dvt_shape_text(s, text));
    return false;
}

static void aggregate_backward(dvt_tape *t, const dvti_node *n)
{
    dvti_sparse_backward(t, n->attr, n->shape.dim[1], n->grad, n->in[0]);
}

dvt_var dvt_tape_aggregate(dvt_tape *t, const dvt_csr *m, dvt_var x)
{
    if (!dvti_tape_ok(t, "aggregate", x) || !dvti_sparse_fits(t, "aggregate", m, x))
        return DVT_NO_VAR;
    int64_t    f = t->nodes[x.id].shape.dim[1];
    dvt_shape  s = DVT_SHAPE(m->rows, f);
    dvt_csr   *copy = dvti_tape_attr(t, sizeof *copy);
    dvti_node *n = copy ? dvti_tape_push(t, &s, NULL, &x, 1, aggregate_backward) : NULL;
    if (!n)
        return DVT_NO_VAR;
    *copy = *m;
    n->attr = copy;
    dvti_sparse j = dvti_sparse_make(m, f, dvti_value(t, x.id), n->value);
    dvt_parallel_for(t->ctx, m->rows, dvti_row_grain(2 * f), sparse_range, &j);
    return dvti_tape_last(t);
}
