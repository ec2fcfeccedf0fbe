/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_layers_shape.c - layers that move, cut, join and resize.
 *
 * Idea      Final sizes are computed here, because the graph's operators take them as attributes:
 *           0, -1 and axis ranges of Caffe's Reshape are resolved against the input's shape.
 * Tests     tests/unit/test_caffe_layers.c
 */
#include "formats/caffe_int.h"

#include <inttypes.h>
#include <string.h>

static dvti_pt *message(dvti_caffe_op *op, const char *name)
{
    return dvti_pt_message(op->r, op->pt, name);
}

/* `axis`, or its old name (concat_dim, slice_dim), which is never negative. */
static int32_t axis_or_old(dvti_caffe_op *op, dvti_pt *p, const char *old)
{
    int32_t rank = dvti_caffe_shape(op, 0)->rank;

    if (dvti_pt_find(p, old) && dvti_pt_find(p, "axis")) {
        dvti_caffe_fail(op, DVT_E_PARSE, "both 'axis' and '%s' are given", old);
        return 0;
    }
    return dvti_caffe_axis(op, p, dvti_pt_find(p, old) ? old : "axis", 1, rank, false);
}

void dvti_caffe_import_concat(dvti_caffe_op *op)
{
    dvt_attrs a = {.axis = {axis_or_old(op, message(op, "concat_param"), "concat_dim")}};

    dvti_caffe_top(op, 0, DVT_OP_CONCAT, &a, op->in, op->in_count);
}

/* ---- slices -------------------------------------------------------------------------------- */

static void slice_top(dvti_caffe_op *op, int32_t top, const dvt_slice_attrs *s)
{
    dvt_attrs a = {.slice = *s};

    dvti_caffe_top(op, top, DVT_OP_SLICE, &a, op->in, 1);
}

/* Part i ends at ends[i]. One slice node a part: any number of parts of any size. */
static void slice_at(dvti_caffe_op *op, int32_t axis, const int64_t *ends)
{
    int64_t dim = dvti_caffe_shape(op, 0)->dim[axis], start = 0;

    for (int32_t i = 0; i < op->out_count; i++) {
        dvt_slice_attrs s = {
            .axes = {1, {axis}}, .starts = {1, {start}}, .ends = {1, {ends[i]}}, .steps = {1, {1}}};
        if (ends[i] <= start || ends[i] > dim) {
            dvti_caffe_fail(op, DVT_E_SHAPE,
                            "part %d would be %" PRId64 "..%" PRId64 " of %" PRId64, (int)i + 1,
                            start, ends[i], dim);
        }
        slice_top(op, i, &s);
        start = ends[i];
    }
}

void dvti_caffe_import_slice(dvti_caffe_op *op)
{
    dvti_pt *p = message(op, "slice_param");
    int32_t  axis = axis_or_old(op, p, "slice_dim"), n = 0;
    int64_t  dim = dvti_caffe_ok(op) ? dvti_caffe_shape(op, 0)->dim[axis] : 0;
    int64_t *ends = dvt_arena_calloc(op->net->arena, (size_t)op->out_count + 1, sizeof *ends);

    if (!ends || !dvti_caffe_ok(op)) {
        op->r->status = dvti_caffe_ok(op) ? DVT_E_NOMEM : op->r->status;
        return;
    }
    n = dvti_pt_i64s(op->r, p, "slice_point", 0, INT32_MAX, ends, op->out_count);
    if (n == 0 && dim % op->out_count) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "%" PRId64 " elements do not divide into %d equal parts",
                        dim, (int)op->out_count);
    } else if (n != 0 && n != op->out_count - 1) {
        dvti_caffe_fail(op, DVT_E_PARSE, "%d tops need %d slice points, not %d", (int)op->out_count,
                        (int)op->out_count - 1, (int)n);
    }
    for (int32_t i = 0; i < op->out_count && n == 0; i++) {
        ends[i] = dim / op->out_count * (i + 1);
    }
    ends[op->out_count - 1] = dim;
    slice_at(op, axis, ends);
}

/* Bottom 0 cut to the size of bottom 1 from `axis` on, starting at `offset`. */
void dvti_caffe_import_crop(dvti_caffe_op *op)
{
    dvti_pt         *p = message(op, "crop_param");
    const dvt_shape *x = dvti_caffe_shape(op, 0), *like = dvti_caffe_shape(op, 1);
    int32_t          axis = dvti_caffe_axis(op, p, "axis", 2, x->rank, false);
    int64_t          offset[DVT_MAX_RANK] = {0};
    int32_t          n = dvti_pt_i64s(op->r, p, "offset", 0, INT32_MAX, offset, DVT_MAX_RANK);
    dvt_slice_attrs  s = {{0}, {0}, {0}, {0}};

    if (n > 1 && n != x->rank - axis) {
        dvti_caffe_fail(op, DVT_E_PARSE, "%d offsets for %d dimensions", (int)n,
                        (int)(x->rank - axis));
    }
    if (like->rank != x->rank) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "its inputs have %d and %d dimensions", (int)x->rank,
                        (int)like->rank);
    }
    for (int32_t i = axis; i < x->rank && dvti_caffe_ok(op); i++) {
        int64_t start = n > 1 ? offset[i - axis] : offset[0];
        if (start + like->dim[i] > x->dim[i]) {
            dvti_caffe_fail(op, DVT_E_SHAPE,
                            "dimension %d has %" PRId64 " elements, %" PRId64 " from %" PRId64
                            " on are asked for",
                            (int)i, x->dim[i], like->dim[i], start);
        }
        s.axes.v[s.axes.n++] = i;
        s.starts.v[s.starts.n++] = start;
        s.ends.v[s.ends.n++] = start + like->dim[i];
        s.steps.v[s.steps.n++] = 1;
    }
    slice_top(op, 0, &s);
}

void dvti_caffe_import_split(dvti_caffe_op *op)
{
    for (int32_t i = 0; i < op->out_count; i++) {
        dvti_caffe_top(op, i, DVT_OP_IDENTITY, NULL, op->in, 1);
    }
}

/* ---- shapes -------------------------------------------------------------------------------- */

void dvti_caffe_import_flatten(dvti_caffe_op *op)
{
    dvti_pt         *p = message(op, "flatten_param");
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    int32_t          first = dvti_caffe_axis(op, p, "axis", 1, x->rank, false);
    int32_t          last = dvti_caffe_axis(op, p, "end_axis", -1, x->rank, false);
    dvt_shape        y = {.rank = 0};

    if (last < first) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "field 'end_axis' lies before 'axis'");
        return;
    }
    for (int32_t i = 0; i < x->rank; i++) {
        if (i > first && i <= last) {
            y.dim[y.rank - 1] *= x->dim[i];
        } else {
            y.dim[y.rank++] = x->dim[i];
        }
    }
    dvti_caffe_reshape_top(op, op->in[0], &y);
}

/* Resolves 0 (copied from x at the same place) and one -1 (whatever is left). */
static void resolve_dims(dvti_caffe_op *op, const dvt_shape *x, int32_t axis, dvt_shape *mid,
                         int64_t elements)
{
    int64_t known = 1;
    int32_t open = -1;

    for (int32_t i = 0; i < mid->rank; i++) {
        if (mid->dim[i] == 0 && axis + i < x->rank) {
            mid->dim[i] = x->dim[axis + i];
        }
        if (mid->dim[i] == 0 || mid->dim[i] < -1 || (mid->dim[i] == -1 && open >= 0)) {
            dvti_caffe_fail(op, DVT_E_SHAPE, "dimension %d of its shape cannot be resolved",
                            (int)i);
            return;
        }
        if (mid->dim[i] == -1) {
            open = i;
        } else if (known > DVT_DIM_MAX / mid->dim[i]) {
            dvti_caffe_fail(op, DVT_E_SHAPE, "its shape is too large");
            return;
        } else {
            known *= mid->dim[i];
        }
    }
    if (open >= 0) {
        mid->dim[open] = elements / known;
        known *= mid->dim[open];
    }
    if (known != elements) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "%" PRId64 " elements cannot take its shape", elements);
    }
}

void dvti_caffe_import_reshape(dvti_caffe_op *op)
{
    dvti_pt         *p = message(op, "reshape_param"), *shape = dvti_pt_message(op->r, p, "shape");
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    int32_t          axis = dvti_caffe_axis(op, p, "axis", 0, x->rank, true);
    int64_t          axes = dvti_pt_i64(op->r, p, "num_axes", -1, -1, DVT_MAX_RANK);
    int32_t          end = axes < 0 ? x->rank : axis + (int32_t)axes;
    dvt_shape        mid = {0}, y = {0};

    mid.rank = dvti_pt_i64s(op->r, shape, "dim", -1, DVT_DIM_MAX, mid.dim, DVT_MAX_RANK);
    if (end > x->rank || axis + mid.rank + (x->rank - end) > DVT_MAX_RANK) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "its axes do not fit an input of %d dimensions",
                        (int)x->rank);
    }
    if (!dvti_caffe_ok(op)) {
        return;
    }
    resolve_dims(op, x, axis, &mid, dvt_shape_count_range(x, axis, end));
    for (int32_t i = 0; i < axis; i++) {
        y.dim[y.rank++] = x->dim[i];
    }
    for (int32_t i = 0; i < mid.rank; i++) {
        y.dim[y.rank++] = mid.dim[i];
    }
    for (int32_t i = end; i < x->rank; i++) {
        y.dim[y.rank++] = x->dim[i];
    }
    dvti_caffe_reshape_top(op, op->in[0], &y);
}

/* The dimensions named by `order` first, the others behind them. */
void dvti_caffe_import_permute(dvti_caffe_op *op)
{
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    dvt_attrs        a = {.transpose = {{0}}};
    dvt_ints        *perm = &a.transpose.perm;
    bool             seen[DVT_MAX_RANK] = {false};

    perm->n = dvti_pt_i64s(op->r, message(op, "permute_param"), "order", 0, x->rank - 1, perm->v,
                           x->rank);
    for (int32_t i = 0; i < perm->n; i++) {
        if (seen[perm->v[i]]) {
            dvti_caffe_fail(op, DVT_E_PARSE, "field 'order' names dimension %" PRId64 " twice",
                            perm->v[i]);
        }
        seen[perm->v[i]] = true;
    }
    for (int32_t i = 0; i < x->rank && dvti_caffe_ok(op); i++) {
        if (!seen[i]) {
            perm->v[perm->n++] = i;
        }
    }
    dvti_caffe_top(op, 0, DVT_OP_TRANSPOSE, &a, op->in, 1);
}

void dvti_caffe_import_tile(dvti_caffe_op *op)
{
    dvti_pt         *p = message(op, "tile_param");
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    int32_t          axis = dvti_caffe_axis(op, p, "axis", 1, x->rank, false);
    int64_t          tiles = dvti_pt_i64(op->r, p, "tiles", 0, 1, INT32_MAX);
    dvt_attrs        a = {.dims = {{.n = x->rank}}};

    if (tiles == 0) {
        dvti_caffe_fail(op, DVT_E_PARSE, "field 'tiles' is missing");
    }
    for (int32_t i = 0; i < x->rank; i++) {
        a.dims.dims.v[i] = i == axis ? tiles : 1;
    }
    dvti_caffe_top(op, 0, DVT_OP_TILE, &a, op->in, 1);
}

/* ShuffleNet: channels as (groups, C / groups), turned round. */
void dvti_caffe_import_shuffle(dvti_caffe_op *op)
{
    int64_t groups =
        dvti_pt_i64(op->r, message(op, "shuffle_channel_param"), "group", 1, 1, INT32_MAX);
    dvt_shape x = *dvti_caffe_shape(op, 0);
    dvt_attrs swap = {.transpose = {{.n = 4, .v = {0, 2, 1, 3}}}};

    if (x.rank < 2 || x.dim[1] % groups) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "its channels do not divide into %" PRId64 " groups",
                        groups);
        return;
    }
    dvt_shape split =
        DVT_SHAPE(x.dim[0], groups, x.dim[1] / groups, dvt_shape_count_range(&x, 2, x.rank));
    dvt_value_id v = dvti_caffe_reshape(op, "groups", op->in[0], &split);
    v = dvti_caffe_inner(op, "turned", DVT_OP_TRANSPOSE, &swap, &v, 1);
    dvti_caffe_reshape_top(op, v, &x);
}

/* ---- sizes --------------------------------------------------------------------------------- */

static void resize_top(dvti_caffe_op *op, dvt_value_id x, const dvt_resize_attrs *r)
{
    dvt_attrs a = {.resize = *r};

    dvti_caffe_top(op, 0, DVT_OP_RESIZE, &a, &x, 1);
}

static bool is_image(dvti_caffe_op *op)
{
    if (dvti_caffe_shape(op, 0)->rank != 4) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "its input is not an image (N,C,H,W)");
    }
    return dvti_caffe_ok(op);
}

/* DeepLab's Interp: bilinear, corners aligned. Sizes are given, or shrunk first and zoomed then. */
void dvti_caffe_import_interp(dvti_caffe_op *op)
{
    dvti_pt         *p = message(op, "interp_param");
    int64_t          size[2] = {dvti_pt_i64(op->r, p, "height", 0, 1, INT32_MAX),
                                dvti_pt_i64(op->r, p, "width", 0, 1, INT32_MAX)};
    int64_t          shrink = dvti_pt_i64(op->r, p, "shrink_factor", 1, 1, INT32_MAX);
    int64_t          zoom = dvti_pt_i64(op->r, p, "zoom_factor", 1, 1, 4096);
    int64_t          crop_lo = -dvti_pt_i64(op->r, p, "pad_beg", 0, INT32_MIN + 1, 0);
    int64_t          crop_hi = -dvti_pt_i64(op->r, p, "pad_end", 0, INT32_MIN + 1, 0);
    dvt_attrs        crop = {.pad = {.mode = DVT_PAD_CONSTANT,
                                     .pad_lo = {4, {0, 0, -crop_lo, -crop_lo}},
                                     .pad_hi = {4, {0, 0, -crop_hi, -crop_hi}}}};
    dvt_resize_attrs r = {.mode = DVT_RESIZE_LINEAR, .coord = DVT_COORD_ALIGN_CORNERS};
    dvt_value_id     x = op->in[0];

    if (!is_image(op)) {
        return;
    }
    if (crop_lo || crop_hi) {
        x = dvti_caffe_inner(op, "crop", DVT_OP_PAD, &crop, &x, 1);
    }
    r.dims = (dvt_ints){4, {dvti_caffe_shape(op, 0)->dim[0], dvti_caffe_shape(op, 0)->dim[1]}};
    for (int i = 0; i < 2; i++) {
        int64_t in = dvti_caffe_shape(op, 0)->dim[i + 2] - crop_lo - crop_hi;
        int64_t small = (in - 1) / shrink + 1;
        r.dims.v[i + 2] = size[i] ? size[i] : small + (small - 1) * (zoom - 1);
    }
    resize_top(op, x, &r);
}

/* Nearest neighbour, as the forks with an Upsample layer do it. */
void dvti_caffe_import_upsample(dvti_caffe_op *op)
{
    int64_t          scale = dvti_pt_i64(op->r, message(op, "upsample_param"), "scale", 2, 1, 4096);
    dvt_resize_attrs r = {
        .mode = DVT_RESIZE_NEAREST, .coord = DVT_COORD_ASYMMETRIC, .nearest = DVT_NEAREST_FLOOR};

    if (is_image(op)) {
        r.dims.n = 4;
        memcpy(r.dims.v, dvti_caffe_shape(op, 0)->dim, 4 * sizeof r.dims.v[0]);
        r.dims.v[2] *= scale;
        r.dims.v[3] *= scale;
        resize_top(op, op->in[0], &r);
    }
}
