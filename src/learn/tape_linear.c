/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_linear.c - dense layers and matrix products.
 *
 * Gradients  y = x w^T + b:  dx = dy w,  dw = dy^T x,  db = the sum of dy's rows.
 *            y = op(a) op(b), with op(a) (m, k):  d op(a) = dy op(b)^T,  d op(b) = op(a)^T dy;
 *            stored the other way round, each is the transposed product.
 * Tests      tests/unit/test_learn_ops.c (finite differences), tests/diff/learn_torch.py
 */
#include "learn/rows.h"

#include "dovetail/kernels.h"

/* ---- linear -------------------------------------------------------------------------------- */

typedef struct linear_attr {
    int64_t rows, in, out;
} linear_attr;

static void linear_backward(dvt_tape *t, const dvti_node *n)
{
    const linear_attr *l = n->attr;
    bool               add;
    float             *dx = dvti_grad_of(t, n->in[0], &add);

    if (dx)
        dvti_gemm(t, l->rows, l->in, l->out, n->grad, false, dvti_value(t, n->in[1]), false, dx,
                  add);
    float *dw = dvti_grad_of(t, n->in[1], &add);
    if (dw)
        dvti_gemm(t, l->out, l->in, l->rows, n->grad, true, dvti_value(t, n->in[0]), false, dw,
                  add);
    float *db = dvti_grad_of(t, n->in[2], &add);
    if (db)
        dvti_column_sums(t, l->rows, l->out, n->grad, db, add);
}

static bool linear_shapes(dvt_tape *t, dvt_var x, dvt_var w, dvt_var bias)
{
    const dvt_shape *xs = &t->nodes[x.id].shape, *ws = &t->nodes[w.id].shape;

    if (xs->rank < 1 || ws->rank != 2 || xs->dim[xs->rank - 1] != ws->dim[1]) {
        dvti_tape_fail_shapes(t, "linear", x, w,
                              "the last dimension must be the weight's (out, in) second");
        return false;
    }
    if (bias.id > 0 && t->nodes[bias.id].count != ws->dim[0]) {
        dvti_tape_fail_shapes(t, "linear", w, bias,
                              "the bias must have as many elements as the weight has rows");
        return false;
    }
    return true;
}

dvt_var dvt_tape_linear(dvt_tape *t, dvt_var x, dvt_var w, dvt_var bias)
{
    if (!dvti_tape_ok(t, "linear", x) || !dvti_tape_ok(t, "linear", w) ||
        !dvti_tape_ok_or_none(t, "linear", bias) || !linear_shapes(t, x, w, bias))
        return DVT_NO_VAR;
    dvt_shape    s = t->nodes[x.id].shape;
    linear_attr *l = dvti_tape_attr(t, sizeof *l);
    if (!l)
        return DVT_NO_VAR;
    *l = (linear_attr){.in = s.dim[s.rank - 1], .out = t->nodes[w.id].shape.dim[0]};
    l->rows = dvt_shape_count_range(&s, 0, s.rank - 1);
    s.dim[s.rank - 1] = l->out;
    dvti_node *n = dvti_tape_push(t, &s, NULL, (dvt_var[]){x, w, bias}, 3, linear_backward);
    if (!n)
        return DVT_NO_VAR;
    n->attr = l;
    dvt_gemm_dims d = {.m = l->rows,
                       .n = l->out,
                       .k = l->in,
                       .trans_b = true,
                       .alpha = 1,
                       .beta = 1,
                       .c_row = 0,
                       .c_col = 1};
    dvt_gemm_f32_fast(t->ctx, &d, dvti_value(t, x.id), dvti_value(t, w.id), dvti_value(t, bias.id),
                      n->value);
    return dvti_tape_last(t);
}

/* ---- matmul -------------------------------------------------------------------------------- */

typedef struct matmul_attr {
    int64_t batch, m, n, k;
    bool    trans_a, trans_b;
} matmul_attr;

/* One product of the batch a call: small ones are common (attention), threads share the batch. */
typedef struct matmul_job {
    dvt_ctx      *ctx;
    dvt_gemm_dims d;
    int64_t       a_step, b_step, y_step;
    const float  *a, *b;
    float        *y;
    bool          add;
} matmul_job;

static void matmul_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const matmul_job *j = ud;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        float *y = j->y + i * j->y_step;
        dvt_gemm_f32_fast(j->ctx, &j->d, j->a + i * j->a_step, j->b + i * j->b_step,
                          j->add ? y : NULL, y);
    }
}

/* y (batch, m, n) (+)= op(a) op(b). */
static void batched(dvt_tape *t, int64_t batch, const dvt_gemm_dims *d, const float *a,
                    const float *b, float *y, bool add)
{
    matmul_job j = {t->ctx, *d, d->m * d->k, d->k * d->n, d->m * d->n, a, b, y, add};

    j.d.alpha = 1;
    j.d.beta = add ? 1 : 0;
    j.d.c_row = d->n;
    j.d.c_col = 1;
    if (batch == 1)
        matmul_range(&j, 0, 1, 0);
    else
        dvt_parallel_for(t->ctx, batch, dvti_row_grain(d->m * d->k * d->n / 8), matmul_range, &j);
}

static void matmul_backward(dvt_tape *t, const dvti_node *n)
{
    const matmul_attr *p = n->attr;
    const float       *a = dvti_value(t, n->in[0]), *b = dvti_value(t, n->in[1]), *dy = n->grad;
    bool               add;
    float             *da = dvti_grad_of(t, n->in[0], &add);

    if (da && !p->trans_a)
        batched(t, p->batch,
                &(dvt_gemm_dims){.m = p->m, .n = p->k, .k = p->n, .trans_b = !p->trans_b}, dy, b,
                da, add);
    else if (da)
        batched(t, p->batch,
                &(dvt_gemm_dims){
                    .m = p->k, .n = p->m, .k = p->n, .trans_a = p->trans_b, .trans_b = true},
                b, dy, da, add);
    float *db = dvti_grad_of(t, n->in[1], &add);
    if (db && !p->trans_b)
        batched(t, p->batch,
                &(dvt_gemm_dims){.m = p->k, .n = p->n, .k = p->m, .trans_a = !p->trans_a}, a, dy,
                db, add);
    else if (db)
        batched(t, p->batch,
                &(dvt_gemm_dims){
                    .m = p->n, .n = p->k, .k = p->m, .trans_a = true, .trans_b = p->trans_a},
                dy, a, db, add);
}

static bool matmul_shape(dvt_tape *t, dvt_var a, bool trans_a, dvt_var b, bool trans_b,
                         matmul_attr *p, dvt_shape *y)
{
    const dvt_shape *as = &t->nodes[a.id].shape, *bs = &t->nodes[b.id].shape;
    int32_t          r = as->rank;
    bool             good = r >= 2 && bs->rank == r;

    for (int32_t i = 0; good && i < r - 2; i++)
        good = as->dim[i] == bs->dim[i];
    if (good)
        good = as->dim[trans_a ? r - 2 : r - 1] == bs->dim[trans_b ? r - 1 : r - 2];
    if (!good) {
        dvti_tape_fail_shapes(t, "matmul", a, b,
                              "leading and inner dimensions must agree, at least two each");
        return false;
    }
    *p = (matmul_attr){.batch = dvt_shape_count_range(as, 0, r - 2),
                       .m = as->dim[trans_a ? r - 1 : r - 2],
                       .k = as->dim[trans_a ? r - 2 : r - 1],
                       .n = bs->dim[trans_b ? r - 2 : r - 1],
                       .trans_a = trans_a,
                       .trans_b = trans_b};
    *y = *as;
    y->dim[r - 2] = p->m;
    y->dim[r - 1] = p->n;
    return true;
}

dvt_var dvt_tape_matmul(dvt_tape *t, dvt_var a, bool trans_a, dvt_var b, bool trans_b)
{
    dvt_shape   s;
    matmul_attr p;

    if (!dvti_tape_ok(t, "matmul", a) || !dvti_tape_ok(t, "matmul", b) ||
        !matmul_shape(t, a, trans_a, b, trans_b, &p, &s))
        return DVT_NO_VAR;
    matmul_attr *attr = dvti_tape_attr(t, sizeof *attr);
    dvti_node   *n = NULL;
    if (attr)
        n = dvti_tape_push(t, &s, NULL, (dvt_var[]){a, b}, 2, matmul_backward);
    if (!n)
        return DVT_NO_VAR;
    *attr = p;
    n->attr = attr;
    batched(t, p.batch,
            &(dvt_gemm_dims){
                .m = p.m, .n = p.n, .k = p.k, .trans_a = trans_a, .trans_b = trans_b},
            dvti_value(t, a.id), dvti_value(t, b.id), n->value, false);
    return dvti_tape_last(t);
}
