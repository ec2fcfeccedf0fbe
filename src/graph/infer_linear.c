/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer_linear.c - shapes of the matrix products: dense, matmul, gemm.
 *
 * Tests     tests/unit/test_infer_linear.c
 */
#include "graph/graph_int.h"

#include "dovetail/kernels.h"

static dvt_status check_types(const dvti_infer *n)
{
    dvt_status st = dvti_infer_float(n, 0);
    return st == DVT_OK ? dvti_infer_same_dtype(n) : st;
}

void dvti_dense_extent(const dvt_shape *x, int64_t axis, int64_t *rows, int64_t *cols)
{
    *rows = dvt_shape_count_range(x, 0, (int32_t)axis);
    *cols = dvt_shape_count_range(x, (int32_t)axis, x->rank);
}

dvt_status dvti_infer_dense(const dvti_infer *n)
{
    const dvt_shape *x = &n->in[0].shape, *w = &n->in[1].shape;
    const dvti_type *bias = dvti_infer_in(n, 2);
    int64_t          axis = n->attrs->dense.axis, rows, cols;
    char             xt[DVT_SHAPE_TEXT], wt[DVT_SHAPE_TEXT];
    dvt_status       st = check_types(n);

    if (st == DVT_OK) st = dvti_infer_axis(n, axis, x->rank + 1);
    if (st != DVT_OK) return st;
    dvti_dense_extent(x, axis, &rows, &cols);
    if (w->rank != 2 || w->dim[1] != cols)
        return dvti_infer_fail(n, DVT_E_SHAPE,
                               "weight %s does not fit input %s flattened from axis %lld",
                               dvt_shape_text(w, wt), dvt_shape_text(x, xt), (long long)axis);
    if (bias && (bias->shape.rank != 1 || bias->shape.dim[0] != w->dim[0]))
        return dvti_infer_fail(n, DVT_E_SHAPE, "bias is %s, needs [%lld]",
                               dvt_shape_text(&bias->shape, xt), (long long)w->dim[0]);
    if (axis == DVT_MAX_RANK)
        return dvti_infer_fail(n, DVT_E_UNSUPPORTED, "the result has rank %d, the limit is %d",
                               (int)axis + 1, (int)DVT_MAX_RANK);
    n->out[0] = n->in[0];
    n->out[0].shape = dvt_shape_make((int32_t)axis, x->dim);
    n->out[0].shape.dim[n->out[0].shape.rank++] = w->dim[0];
    return DVT_OK;
}

dvt_status dvti_infer_matmul(const dvti_infer *n)
{
    char       at[DVT_SHAPE_TEXT], bt[DVT_SHAPE_TEXT];
    dvt_status st = check_types(n);

    if (st != DVT_OK) return st;
    n->out[0].dtype = n->in[0].dtype;
    if (!dvt_matmul_shape(&n->in[0].shape, &n->in[1].shape, &n->out[0].shape))
        return dvti_infer_fail(n, DVT_E_SHAPE, "%s and %s cannot be multiplied",
                               dvt_shape_text(&n->in[0].shape, at),
                               dvt_shape_text(&n->in[1].shape, bt));
    return DVT_OK;
}

dvt_status dvti_infer_gemm(const dvti_infer *n)
{
    const dvt_gemm_attrs *t = &n->attrs->gemm;
    const dvt_shape      *a = &n->in[0].shape, *b = &n->in[1].shape;
    const dvti_type      *c = dvti_infer_in(n, 2);
    char                  at[DVT_SHAPE_TEXT], bt[DVT_SHAPE_TEXT];
    dvt_shape             both;
    dvt_status            st = check_types(n);

    if (st != DVT_OK) return st;
    if (a->rank != 2 || b->rank != 2 || a->dim[t->trans_a ? 0 : 1] != b->dim[t->trans_b ? 1 : 0])
        return dvti_infer_fail(n, DVT_E_SHAPE, "%s%s and %s%s cannot be multiplied",
                               dvt_shape_text(a, at), t->trans_a ? " transposed" : "",
                               dvt_shape_text(b, bt), t->trans_b ? " transposed" : "");
    n->out[0].dtype = n->in[0].dtype;
    n->out[0].shape = DVT_SHAPE(a->dim[t->trans_a ? 1 : 0], b->dim[t->trans_b ? 0 : 1]);
    if (c && (!dvt_shape_broadcast(&n->out[0].shape, &c->shape, &both) ||
              !dvt_shape_equal(&both, &n->out[0].shape)))
        return dvti_infer_fail(n, DVT_E_SHAPE, "c %s does not broadcast to %s",
                               dvt_shape_text(&c->shape, at), dvt_shape_text(&n->out[0].shape, bt));
    return DVT_OK;
}
