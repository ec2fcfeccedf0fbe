/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer_window.c - shapes of what slides a window over the image: convolutions and pooling.
 *
 * Idea      Per spatial dimension, with effective kernel e = dilation * (kernel - 1) + 1:
 *             conv            floor((in + lo + hi - e) / stride) + 1
 *             pool, ceil      the same rounded up, less windows that start behind the image and its
 *                             lower pad
 *             conv_transpose  (in - 1) * stride + e - lo - hi + output_pad
 *           The first two are dvt_window_out and dvt_window_out_ceil, the same functions the
 *           kernels use.
 * Limits    1 to 3 spatial dimensions; window parameters below 2^31.
 * Tests     tests/unit/test_infer_window.c
 */
#include "graph/graph_int.h"

#include "dovetail/kernels.h"

#define WINDOW_MAX (((int64_t)1 << 31) - 1)

/* ---- shared -------------------------------------------------------------------------------- */

static dvt_status check_spatial_rank(const dvti_infer *n)
{
    int32_t rank = n->in[0].shape.rank;

    if (rank < 3)
        return dvti_infer_fail(n, DVT_E_SHAPE,
                               "input 0 has rank %d, N C and spatial dimensions are needed",
                               (int)rank);
    if (rank > 2 + DVT_SPATIAL)
        return dvti_infer_fail(n, DVT_E_UNSUPPORTED,
                               "input 0 has %d spatial dimensions, the limit is %d", (int)rank - 2,
                               (int)DVT_SPATIAL);
    for (int32_t i = 1; i < rank; i++)
        if (n->in[0].shape.dim[i] == 0)
            return dvti_infer_fail(n, DVT_E_SHAPE, "input 0 has no elements in dimension %d",
                                   (int)i);
    return DVT_OK;
}

static dvt_status check_window(const dvti_infer *n, const dvt_window_attrs *win)
{
    int64_t    spatial = n->in[0].shape.rank - 2;
    dvt_status st = dvti_infer_list(n, "kernel", &win->kernel, spatial, 1, WINDOW_MAX);

    if (st == DVT_OK) st = dvti_infer_list(n, "stride", &win->stride, spatial, 1, WINDOW_MAX);
    if (st == DVT_OK) st = dvti_infer_list(n, "dilation", &win->dilation, spatial, 1, WINDOW_MAX);
    if (st == DVT_OK) st = dvti_infer_list(n, "pad_lo", &win->pad_lo, spatial, 0, WINDOW_MAX);
    if (st == DVT_OK) st = dvti_infer_list(n, "pad_hi", &win->pad_hi, spatial, 0, WINDOW_MAX);
    return st;
}

static int64_t effective_kernel(const dvt_window_attrs *win, int32_t i)
{
    return (win->kernel.v[i] - 1) * win->dilation.v[i] + 1;
}

static dvt_status fail_window(const dvti_infer *n, const dvt_window_attrs *win, int32_t i)
{
    return dvti_infer_fail(n, DVT_E_SHAPE,
                           "the window does not fit: dimension %d is %lld, pads %lld and %lld, "
                           "kernel %lld with dilation %lld",
                           (int)i + 2, (long long)n->in[0].shape.dim[i + 2],
                           (long long)win->pad_lo.v[i], (long long)win->pad_hi.v[i],
                           (long long)win->kernel.v[i], (long long)win->dilation.v[i]);
}

/* Weight rank and sizes, group count, bias; `in_dim` is the weight's dimension of input
 * channels. */
static dvt_status check_weights(const dvti_infer *n, int32_t in_dim, int64_t *out_c)
{
    const dvt_conv_attrs *a = &n->attrs->conv;
    const dvt_shape      *x = &n->in[0].shape, *w = &n->in[1].shape;
    const dvti_type      *bias = dvti_infer_in(n, 2);
    char                  text[DVT_SHAPE_TEXT];

    *out_c = 0;
    if (w->rank != x->rank)
        return dvti_infer_fail(n, DVT_E_SHAPE, "weight %s has rank %d, the input has %d",
                               dvt_shape_text(w, text), (int)w->rank, (int)x->rank);
    if (a->groups < 1 || a->groups > x->dim[1])
        return dvti_infer_fail(n, DVT_E_SHAPE, "%lld groups for %lld input channels",
                               (long long)a->groups, (long long)x->dim[1]);
    for (int32_t i = 2; i < w->rank; i++)
        if (w->dim[i] != a->win.kernel.v[i - 2])
            return dvti_infer_fail(n, DVT_E_SHAPE, "weight %s does not have the kernel size %lld",
                                   dvt_shape_text(w, text), (long long)a->win.kernel.v[i - 2]);
    /* 2^40 * 2^40 is caught below */
    int64_t in_c = in_dim == 1 ? w->dim[1] * a->groups : w->dim[0];
    if (w->dim[1] > DVT_DIM_MAX / a->groups || in_c != x->dim[1] || x->dim[1] % a->groups != 0)
        return dvti_infer_fail(n, DVT_E_SHAPE,
                               "weight %s with %lld groups does not fit %lld input channels",
                               dvt_shape_text(w, text), (long long)a->groups, (long long)x->dim[1]);
    *out_c = in_dim == 1 ? w->dim[0] : w->dim[1] * a->groups;
    if (*out_c < 1 || *out_c % a->groups != 0)
        return dvti_infer_fail(n, DVT_E_SHAPE, "%lld output channels in %lld groups",
                               (long long)*out_c, (long long)a->groups);
    if (bias && (bias->shape.rank != 1 || bias->shape.dim[0] != *out_c))
        return dvti_infer_fail(n, DVT_E_SHAPE, "bias is %s, needs [%lld]",
                               dvt_shape_text(&bias->shape, text), (long long)*out_c);
    return DVT_OK;
}

static dvt_status check_conv(const dvti_infer *n, int32_t in_dim, int64_t *out_c)
{
    dvt_status st = dvti_infer_float(n, 0);

    if (st == DVT_OK) st = dvti_infer_same_dtype(n);
    if (st == DVT_OK) st = check_spatial_rank(n);
    if (st == DVT_OK) st = check_window(n, &n->attrs->conv.win);
    if (st == DVT_OK) st = check_weights(n, in_dim, out_c);
    return st;
}

/* ---- operators ----------------------------------------------------------------------------- */

dvt_status dvti_infer_conv(const dvti_infer *n)
{
    const dvt_window_attrs *win = &n->attrs->conv.win;
    dvti_type              *y = &n->out[0];
    int64_t                 out_c;
    dvt_status              st = check_conv(n, 1, &out_c);

    if (st == DVT_OK) st = dvti_infer_list(n, "output_pad", &n->attrs->conv.output_pad, 0, 0, 0);
    if (st != DVT_OK) return st;
    *y = n->in[0];
    y->shape.dim[1] = out_c;
    for (int32_t i = 0; i < win->kernel.n; i++) {
        y->shape.dim[i + 2] =
            dvt_window_out(y->shape.dim[i + 2], win->kernel.v[i], win->stride.v[i],
                           win->dilation.v[i], win->pad_lo.v[i], win->pad_hi.v[i]);
        if (y->shape.dim[i + 2] < 1) return fail_window(n, win, i);
    }
    return DVT_OK;
}

dvt_status dvti_infer_conv_transpose(const dvti_infer *n)
{
    const dvt_conv_attrs *a = &n->attrs->conv;
    dvti_type            *y = &n->out[0];
    int64_t               out_c;
    dvt_status            st = check_conv(n, 0, &out_c);

    if (st == DVT_OK)
        st = dvti_infer_list(n, "output_pad", &a->output_pad, a->win.kernel.n, 0, WINDOW_MAX);
    if (st != DVT_OK) return st;
    *y = n->in[0];
    y->shape.dim[1] = out_c;
    for (int32_t i = 0; i < a->win.kernel.n; i++) {
        int64_t *dim = &y->shape.dim[i + 2], steps = *dim - 1;
        if (a->output_pad.v[i] >= a->win.stride.v[i])
            return dvti_infer_fail(n, DVT_E_UNSUPPORTED,
                                   "output_pad %lld, it must be below the stride %lld",
                                   (long long)a->output_pad.v[i], (long long)a->win.stride.v[i]);
        if (steps > DVT_DIM_MAX / a->win.stride.v[i]) return fail_window(n, &a->win, i);
        *dim = steps * a->win.stride.v[i] + effective_kernel(&a->win, i) - a->win.pad_lo.v[i] -
               a->win.pad_hi.v[i] + a->output_pad.v[i];
        if (*dim < 1) return fail_window(n, &a->win, i);
    }
    return DVT_OK;
}

static dvt_status check_pool_kind(const dvti_infer *n)
{
    if (n->attrs->pool.kind != DVT_POOL_MAX) {
        dvt_status st = dvti_infer_float(n, 0);
        if (st != DVT_OK) return st;
    }
    if (n->attrs->pool.kind == DVT_POOL_LP &&
        (n->attrs->pool.p < 1 || n->attrs->pool.p > WINDOW_MAX))
        return dvti_infer_fail(n, DVT_E_SHAPE, "p is %lld, it must be at least 1",
                               (long long)n->attrs->pool.p);
    return dvti_infer_number(n, 0);
}

dvt_status dvti_infer_pool(const dvti_infer *n)
{
    const dvt_pool_attrs   *a = &n->attrs->pool;
    const dvt_window_attrs *win = &a->win;
    dvti_type              *y = &n->out[0];
    dvt_status              st = check_pool_kind(n);

    if (st == DVT_OK) st = check_spatial_rank(n);
    if (st == DVT_OK) st = check_window(n, win);
    if (st != DVT_OK) return st;
    *y = n->in[0];
    for (int32_t i = 0; i < win->kernel.n; i++) {
        int64_t *dim = &y->shape.dim[i + 2];
        if (win->pad_lo.v[i] >= effective_kernel(win, i) ||
            win->pad_hi.v[i] >= effective_kernel(win, i))
            return dvti_infer_fail(n, DVT_E_SHAPE,
                                   "pads %lld and %lld must be below the kernel size %lld",
                                   (long long)win->pad_lo.v[i], (long long)win->pad_hi.v[i],
                                   (long long)effective_kernel(win, i));
        *dim = (a->ceil_mode ? dvt_window_out_ceil : dvt_window_out)(
            *dim, win->kernel.v[i], win->stride.v[i], win->dilation.v[i], win->pad_lo.v[i],
            win->pad_hi.v[i]);
        if (*dim < 1) return fail_window(n, win, i);
    }
    return DVT_OK;
}

dvt_status dvti_infer_global_pool(const dvti_infer *n)
{
    dvt_status st = check_pool_kind(n);

    if (st == DVT_OK) st = check_spatial_rank(n);
    if (st != DVT_OK) return st;
    n->out[0] = n->in[0];
    for (int32_t i = 2; i < n->in[0].shape.rank; i++) n->out[0].shape.dim[i] = 1;
    return DVT_OK;
}
