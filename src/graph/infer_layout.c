/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer_layout.c - shapes of operators that move elements: joining, cutting, reordering, resizing.
 *
 * Idea      Bounds of slices follow ONNX: negative ones count from the end, then they are clamped,
 *           so that INT64_MIN and INT64_MAX mean "to the very end". Sizes that come as attributes
 *           are checked against DVT_DIM_MAX before they are multiplied or added.
 * Tests     tests/unit/test_infer_layout.c
 */
#include "graph/graph_int.h"

/* ---- meanings shared with execution -------------------------------------------------------- */

static int64_t clamp(int64_t x, int64_t lo, int64_t hi) { return x < lo ? lo : x > hi ? hi : x; }

void dvti_slice_resolve(int64_t dim, int64_t start, int64_t end, int64_t step, int64_t *first,
                        int64_t *count)
{
    int64_t lo = step > 0 ? 0 : -1, hi = step > 0 ? dim : dim - 1;
    int64_t a = clamp(start < 0 ? start + dim : start, step > 0 ? 0 : lo + (dim > 0), hi);
    int64_t b = clamp(end < 0 ? end + dim : end, lo, hi);
    /* the step may be INT64_MIN, which has no negative: count down in unsigned */
    uint64_t span = step > 0 ? (a < b ? (uint64_t)(b - a) : 0) : (a > b ? (uint64_t)(a - b) : 0);
    uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;

    *first = a;
    *count = span ? (int64_t)((span - 1) / stride + 1) : 0;
}

int64_t dvti_split_size(const dvt_split_attrs *a, int64_t dim, int32_t parts, int32_t i)
{
    if (a->sizes.n > 0) return a->sizes.v[i];
    int64_t chunk = dim / parts + (dim % parts != 0);
    return i < parts - 1 ? chunk : dim - chunk * (parts - 1);
}

/* ---- joining and cutting ------------------------------------------------------------------- */

dvt_status dvti_infer_concat(const dvti_infer *n)
{
    int64_t    axis = n->attrs->axis.axis;
    dvti_type *y = &n->out[0];
    char       at[DVT_SHAPE_TEXT], bt[DVT_SHAPE_TEXT];
    dvt_status st = dvti_infer_same_dtype(n);

    if (st == DVT_OK) st = dvti_infer_axis(n, axis, n->in[0].shape.rank);
    if (st != DVT_OK) return st;
    *y = n->in[0];
    for (int32_t i = 1; i < n->in_count; i++) {
        const dvt_shape *s = &n->in[i].shape;
        bool             fits = s->rank == y->shape.rank;
        for (int32_t k = 0; fits && k < s->rank; k++)
            fits = k == axis || s->dim[k] == y->shape.dim[k];
        if (!fits)
            return dvti_infer_fail(
                n, DVT_E_SHAPE, "input %d is %s, which cannot join %s along axis %lld", (int)i,
                dvt_shape_text(s, at), dvt_shape_text(&n->in[0].shape, bt), (long long)axis);
        y->shape.dim[axis] += s->dim[axis]; /* at most 2^12 inputs of 2^40 */
    }
    return DVT_OK;
}

dvt_status dvti_infer_slice(const dvti_infer *n)
{
    const dvt_slice_attrs *a = &n->attrs->slice;
    bool                   seen[DVT_MAX_RANK] = {false};
    dvt_status             st = DVT_OK;

    if (a->starts.n != a->axes.n || a->ends.n != a->axes.n || a->steps.n != a->axes.n)
        return dvti_infer_fail(n, DVT_E_SHAPE,
                               "axes, starts, ends and steps have %d, %d, %d and %d entries",
                               (int)a->axes.n, (int)a->starts.n, (int)a->ends.n, (int)a->steps.n);
    n->out[0] = n->in[0];
    for (int32_t i = 0; i < a->axes.n; i++) {
        int64_t axis = a->axes.v[i], first;
        st = dvti_infer_axis(n, axis, n->in[0].shape.rank);
        if (st != DVT_OK) return st;
        if (seen[axis])
            return dvti_infer_fail(n, DVT_E_SHAPE, "axis %lld is named twice", (long long)axis);
        if (a->steps.v[i] == 0)
            return dvti_infer_fail(n, DVT_E_SHAPE, "the step along axis %lld is 0",
                                   (long long)axis);
        seen[axis] = true;
        dvti_slice_resolve(n->in[0].shape.dim[axis], a->starts.v[i], a->ends.v[i], a->steps.v[i],
                           &first, &n->out[0].shape.dim[axis]);
    }
    return DVT_OK;
}

dvt_status dvti_infer_split(const dvti_infer *n)
{
    const dvt_split_attrs *a = &n->attrs->split;
    int64_t                dim, sum = 0;
    dvt_status             st = dvti_infer_axis(n, a->axis, n->in[0].shape.rank);

    if (st == DVT_OK && a->sizes.n > 0)
        st = dvti_infer_list(n, "sizes", &a->sizes, n->out_count, 0, DVT_DIM_MAX);
    if (st != DVT_OK) return st;
    dim = n->in[0].shape.dim[a->axis];
    for (int32_t i = 0; i < n->out_count; i++) {
        int64_t size = dvti_split_size(a, dim, n->out_count, i);
        if (size < 0)
            return dvti_infer_fail(n, DVT_E_SHAPE,
                                   "%lld elements cannot be split into %d equal parts",
                                   (long long)dim, (int)n->out_count);
        sum += size;
        n->out[i] = n->in[0];
        n->out[i].shape.dim[a->axis] = size;
    }
    if (sum != dim)
        return dvti_infer_fail(n, DVT_E_SHAPE, "the sizes add up to %lld, dimension %lld is %lld",
                               (long long)sum, (long long)a->axis, (long long)dim);
    return DVT_OK;
}

dvt_status dvti_infer_gather(const dvti_infer *n)
{
    const dvt_shape *x = &n->in[0].shape, *ix = &n->in[1].shape;
    int64_t          axis = n->attrs->axis.axis;
    dvt_shape       *y = &n->out[0].shape;
    dvt_status       st = dvti_infer_axis(n, axis, x->rank);

    if (st != DVT_OK) return st;
    if (n->in[1].dtype != DVT_DTYPE_I32 && n->in[1].dtype != DVT_DTYPE_I64)
        return dvti_infer_fail(n, DVT_E_SHAPE, "indices are %s, i32 or i64 is needed",
                               dvt_dtype_name(n->in[1].dtype));
    if (x->rank - 1 + ix->rank > DVT_MAX_RANK)
        return dvti_infer_fail(n, DVT_E_UNSUPPORTED, "the result has rank %d, the limit is %d",
                               (int)(x->rank - 1 + ix->rank), (int)DVT_MAX_RANK);
    n->out[0].dtype = n->in[0].dtype;
    y->rank = 0;
    for (int32_t i = 0; i < axis; i++) y->dim[y->rank++] = x->dim[i];
    for (int32_t i = 0; i < ix->rank; i++) y->dim[y->rank++] = ix->dim[i];
    for (int32_t i = (int32_t)axis + 1; i < x->rank; i++) y->dim[y->rank++] = x->dim[i];
    return DVT_OK;
}

/* ---- reordering and resizing --------------------------------------------------------------- */

/* The output shape given by attribute `dims`; -1 as element count if it is too large. */
static dvt_status shape_from_dims(const dvti_infer *n, const dvt_ints *dims, dvt_shape *out)
{
    char       text[DVT_SHAPE_TEXT];
    dvt_status st = dvti_infer_list(n, "dims", dims, dims->n, 0, DVT_DIM_MAX);

    if (st != DVT_OK) return st;
    *out = dvt_shape_make(dims->n, dims->v);
    if (dvt_shape_count(out) < 0)
        return dvti_infer_fail(n, DVT_E_SHAPE, "dims %s are too large", dvt_shape_text(out, text));
    return DVT_OK;
}

dvt_status dvti_infer_reshape(const dvti_infer *n)
{
    char       xt[DVT_SHAPE_TEXT], yt[DVT_SHAPE_TEXT];
    dvt_status st = shape_from_dims(n, &n->attrs->dims.dims, &n->out[0].shape);

    if (st != DVT_OK) return st;
    n->out[0].dtype = n->in[0].dtype;
    if (dvt_shape_count(&n->out[0].shape) != dvt_shape_count(&n->in[0].shape))
        return dvti_infer_fail(n, DVT_E_SHAPE, "%s cannot become %s: the element counts differ",
                               dvt_shape_text(&n->in[0].shape, xt),
                               dvt_shape_text(&n->out[0].shape, yt));
    return DVT_OK;
}

dvt_status dvti_infer_transpose(const dvti_infer *n)
{
    const dvt_ints  *perm = &n->attrs->transpose.perm;
    const dvt_shape *x = &n->in[0].shape;
    bool             seen[DVT_MAX_RANK] = {false};
    dvt_status       st = dvti_infer_list(n, "perm", perm, x->rank, 0, x->rank - 1);

    if (st != DVT_OK) return st;
    n->out[0] = n->in[0];
    for (int32_t i = 0; i < perm->n; i++) {
        if (seen[perm->v[i]])
            return dvti_infer_fail(n, DVT_E_SHAPE, "perm names dimension %lld twice",
                                   (long long)perm->v[i]);
        seen[perm->v[i]] = true;
        n->out[0].shape.dim[i] = x->dim[perm->v[i]];
    }
    return DVT_OK;
}

dvt_status dvti_infer_pad(const dvti_infer *n)
{
    const dvt_pad_attrs *a = &n->attrs->pad;
    const dvt_shape     *x = &n->in[0].shape;
    dvt_status st = dvti_infer_list(n, "pad_lo", &a->pad_lo, x->rank, -DVT_DIM_MAX, DVT_DIM_MAX);

    if (st == DVT_OK)
        st = dvti_infer_list(n, "pad_hi", &a->pad_hi, x->rank, -DVT_DIM_MAX, DVT_DIM_MAX);
    if (st != DVT_OK) return st;
    n->out[0] = n->in[0];
    for (int32_t i = 0; i < x->rank; i++) {
        int64_t *dim = &n->out[0].shape.dim[i];
        *dim += a->pad_lo.v[i] + a->pad_hi.v[i];
        if (*dim < 0)
            return dvti_infer_fail(n, DVT_E_SHAPE,
                                   "pads %lld and %lld crop more than dimension %d has",
                                   (long long)a->pad_lo.v[i], (long long)a->pad_hi.v[i], (int)i);
        if (a->mode != DVT_PAD_CONSTANT && x->dim[i] == 0)
            return dvti_infer_fail(n, DVT_E_SHAPE,
                                   "dimension %d is empty and cannot be padded by its elements",
                                   (int)i);
    }
    return DVT_OK;
}

dvt_status dvti_infer_resize(const dvti_infer *n)
{
    const dvt_resize_attrs *a = &n->attrs->resize;
    const dvt_shape        *x = &n->in[0].shape;
    dvt_status              st = dvti_infer_list(n, "dims", &a->dims, x->rank, 1, DVT_DIM_MAX);

    if (st == DVT_OK && a->mode != DVT_RESIZE_NEAREST) st = dvti_infer_float(n, 0);
    if (st == DVT_OK) st = shape_from_dims(n, &a->dims, &n->out[0].shape);
    if (st != DVT_OK) return st;
    if (dvt_shape_count(x) == 0) return dvti_infer_fail(n, DVT_E_SHAPE, "input 0 is empty");
    for (int32_t i = 0; i < DVT_MAX_RANK; i++)
        if (!(a->scale[i] >= 0.0f && a->scale[i] < 1e12f) || (i >= x->rank && a->scale[i] != 0.0f))
            return dvti_infer_fail(n, DVT_E_SHAPE, "the scale of dimension %d is %g", (int)i,
                                   (double)a->scale[i]);
    n->out[0].dtype = n->in[0].dtype;
    return DVT_OK;
}

static dvt_status check_block(const dvti_infer *n)
{
    if (n->in[0].shape.rank != 4)
        return dvti_infer_fail(n, DVT_E_SHAPE, "input 0 has rank %d, 4 is needed",
                               (int)n->in[0].shape.rank);
    if (n->attrs->depth.block < 1 || n->attrs->depth.block > 1 << 20)
        return dvti_infer_fail(n, DVT_E_SHAPE, "block is %lld, allowed is 1..%d",
                               (long long)n->attrs->depth.block, 1 << 20);
    return DVT_OK;
}

dvt_status dvti_infer_depth_to_space(const dvti_infer *n)
{
    int64_t    b = n->attrs->depth.block;
    dvt_status st = check_block(n);

    if (st != DVT_OK) return st;
    n->out[0] = n->in[0];
    int64_t *dim = n->out[0].shape.dim;
    if (dim[1] % (b * b) != 0)
        return dvti_infer_fail(n, DVT_E_SHAPE, "%lld channels are not a multiple of block^2 = %lld",
                               (long long)dim[1], (long long)(b * b));
    dim[1] /= b * b;
    dim[2] *= b;
    dim[3] *= b;
    return DVT_OK;
}

dvt_status dvti_infer_space_to_depth(const dvti_infer *n)
{
    int64_t    b = n->attrs->depth.block;
    dvt_status st = check_block(n);

    if (st != DVT_OK) return st;
    n->out[0] = n->in[0];
    int64_t *dim = n->out[0].shape.dim;
    if (dim[2] % b != 0 || dim[3] % b != 0)
        return dvti_infer_fail(n, DVT_E_SHAPE, "%lld x %lld is not a multiple of block %lld",
                               (long long)dim[2], (long long)dim[3], (long long)b);
    if (dim[1] > DVT_DIM_MAX / (b * b)) return dvti_infer_fail(n, DVT_E_SHAPE, "too many channels");
    dim[1] *= b * b;
    dim[2] /= b;
    dim[3] /= b;
    return DVT_OK;
}

dvt_status dvti_infer_expand(const dvti_infer *n)
{
    char       xt[DVT_SHAPE_TEXT], yt[DVT_SHAPE_TEXT];
    dvt_shape  both;
    dvt_status st = shape_from_dims(n, &n->attrs->dims.dims, &n->out[0].shape);

    if (st != DVT_OK) return st;
    n->out[0].dtype = n->in[0].dtype;
    if (!dvt_shape_broadcast(&n->in[0].shape, &n->out[0].shape, &both) ||
        !dvt_shape_equal(&both, &n->out[0].shape))
        return dvti_infer_fail(n, DVT_E_SHAPE, "%s does not broadcast to %s",
                               dvt_shape_text(&n->in[0].shape, xt),
                               dvt_shape_text(&n->out[0].shape, yt));
    return DVT_OK;
}

dvt_status dvti_infer_tile(const dvti_infer *n)
{
    const dvt_ints *repeat = &n->attrs->dims.dims;
    dvt_status      st = dvti_infer_list(n, "dims", repeat, n->in[0].shape.rank, 0, DVT_DIM_MAX);

    if (st != DVT_OK) return st;
    n->out[0] = n->in[0];
    for (int32_t i = 0; i < repeat->n; i++) {
        int64_t *dim = &n->out[0].shape.dim[i];
        if (repeat->v[i] > 0 && *dim > DVT_DIM_MAX / repeat->v[i])
            return dvti_infer_fail(n, DVT_E_SHAPE, "dimension %d repeated %lld times is too large",
                                   (int)i, (long long)repeat->v[i]);
        *dim *= repeat->v[i];
    }
    return DVT_OK;
}
