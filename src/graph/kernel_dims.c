/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_dims.c - the sizes a kernel is called with, from a node's attributes and its shapes.
 *
 * Idea      Kernels always see three spatial dimensions. A node of lower rank is widened at the
 *           front: size, kernel, stride and dilation 1, pads 0. The graph's inference has already
 *           agreed on the output shape, so nothing is computed twice here; dvt_*_dims_check()
 *           says whether the result is a legal call.
 * Limits    Up to three spatial dimensions; more give a spatial rank above DVT_SPATIAL, which the
 *           check of the operator refuses before this file is reached.
 * Tests     tests/unit/test_eval.c
 */
#include "graph/eval_int.h"

/* dst[3] = the entries of `list`, right-aligned; `fill` where the list has none. */
static void spread(const dvt_ints *list, int32_t spatial, int64_t fill, int64_t dst[DVT_SPATIAL])
{
    for (int32_t i = 0; i < DVT_SPATIAL; i++) {
        int32_t from = i - (DVT_SPATIAL - spatial);
        dst[i] = from >= 0 && from < list->n ? list->v[from] : fill;
    }
}

static void spread_shape(const dvt_shape *s, int64_t dst[DVT_SPATIAL])
{
    for (int32_t i = 0; i < DVT_SPATIAL; i++) {
        int32_t from = i - (DVT_SPATIAL - (s->rank - 2));
        dst[i] = from >= 0 ? s->dim[2 + from] : 1;
    }
}

dvt_conv_dims dvti_conv_dims(const dvt_node *n, const dvt_shape *x, const dvt_shape *w,
                             const dvt_shape *y)
{
    const dvt_window_attrs *win = &n->attrs.conv.win;
    int32_t                 spatial = x->rank - 2;
    dvt_conv_dims           d = {.n = x->dim[0],
                                 .groups = n->attrs.conv.groups,
                                 .in_c = x->dim[1],
                                 .out_c = y->dim[1]};

    spread_shape(x, d.in);
    spread_shape(y, d.out);
    spread_shape(w, d.kernel);
    spread(&win->stride, spatial, 1, d.stride);
    spread(&win->dilation, spatial, 1, d.dilation);
    spread(&win->pad_lo, spatial, 0, d.pad_lo);
    spread(&win->pad_hi, spatial, 0, d.pad_hi);
    return d;
}

dvt_pool_dims dvti_pool_dims(const dvt_node *n, const dvt_shape *x, const dvt_shape *y)
{
    const dvt_pool_attrs *a = &n->attrs.pool;
    int32_t               spatial = x->rank - 2;
    dvt_pool_dims         d = {.kind = a->kind,
                               .avg_count = a->avg_count,
                               .p = a->p,
                               .n = x->dim[0],
                               .c = x->dim[1]};

    spread_shape(x, d.in);
    spread_shape(y, d.out);
    spread(&a->win.kernel, spatial, 1, d.kernel);
    spread(&a->win.stride, spatial, 1, d.stride);
    spread(&a->win.dilation, spatial, 1, d.dilation);
    spread(&a->win.pad_lo, spatial, 0, d.pad_lo);
    spread(&a->win.pad_hi, spatial, 0, d.pad_hi);
    return d;
}

/* All spatial dimensions as one window; their number does not matter, so they become one. */
dvt_pool_dims dvti_global_pool_dims(const dvt_node *n, const dvt_shape *x)
{
    const dvt_pool_attrs *a = &n->attrs.pool;
    int64_t               inner = dvt_shape_count_range(x, 2, x->rank);

    return (dvt_pool_dims){.kind = a->kind,
                           .avg_count = DVT_AVG_COUNT_KERNEL,
                           .p = a->p,
                           .n = x->dim[0],
                           .c = x->dim[1],
                           .in = {1, 1, inner},
                           .out = {1, 1, 1},
                           .kernel = {1, 1, inner},
                           .stride = {1, 1, 1},
                           .dilation = {1, 1, 1}};
}

dvt_lrn_dims dvti_lrn_dims(const dvt_node *n, const dvt_shape *x)
{
    const dvt_lrn_attrs *a = &n->attrs.lrn;
    dvt_lrn_dims         d = {.n = x->dim[0],
                              .c = x->dim[1],
                              .h = 1,
                              .w = dvt_shape_count_range(x, 2, x->rank),
                              .within_channel = a->within_channel,
                              .size = a->size,
                              .alpha = a->alpha,
                              .beta = a->beta,
                              .k = a->k};

    if (a->within_channel) {
        d.h = x->rank == 4 ? x->dim[2] : 1;
        d.w = x->dim[x->rank - 1];
    }
    return d;
}

dvt_gemm_dims dvti_dense_dims(const dvt_node *n, const dvt_shape *x, const dvt_shape *w)
{
    int32_t axis = (int32_t)n->attrs.dense.axis;

    return (dvt_gemm_dims){.m = dvt_shape_count_range(x, 0, axis),
                           .n = w->dim[0],
                           .k = w->dim[1],
                           .trans_b = true,
                           .alpha = 1.0f,
                           .beta = 1.0f,
                           .c_row = 0,
                           .c_col = 1};
}

dvt_gemm_dims dvti_gemm_dims(const dvt_node *n, const dvt_shape *a, const dvt_shape *b,
                             const dvt_shape *c)
{
    const dvt_gemm_attrs *at = &n->attrs.gemm;
    dvt_gemm_dims         d = {.m = a->dim[at->trans_a ? 1 : 0],
                               .k = a->dim[at->trans_a ? 0 : 1],
                               .n = b->dim[at->trans_b ? 0 : 1],
                               .trans_a = at->trans_a,
                               .trans_b = at->trans_b,
                               .alpha = at->alpha,
                               .beta = at->beta};

    if (c && c->rank > 0) {
        int64_t cols = c->dim[c->rank - 1], rows = c->rank > 1 ? c->dim[c->rank - 2] : 1;
        d.c_col = cols > 1 ? 1 : 0;
        d.c_row = rows > 1 ? cols : 0;
    }
    return d;
}
