/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_move.c - ONNX operators that move elements: Concat, Slice, Split, Transpose, Pad, Tile,
 * Gather, ...
 *
 * Opsets    Operands that were attributes and became inputs: Slice at 10, Split at 13, Pad at 11
 *           (its list was called `paddings` in opset 1), Tile at 6 (whose first form repeated along
 *           one axis). Inputs must be constants. Split without sizes gives equal parts; from opset
 *           18 on the last may be smaller. DepthToSpace has a mode from opset 11 on and is DCR
 *           before.
 * Limits    Split into more than DVT_MAX_RANK unequal parts becomes slices.
 * Tests     tests/unit/test_onnx_ops.c and the ONNX operator tests (tests/onnx)
 */
#include "formats/onnx_int.h"

/* ---- joining and cutting ------------------------------------------------------------------- */

void dvti_onnx_concat(dvti_onnx_node *n)
{
    dvt_value_id in[DVTI_ONNX_MAX_SLOTS] = {{0}};
    int32_t      count = dvti_onnx_in_count(n);
    dvt_attrs    a = {0};

    if (n->opset >= 4) {
        dvti_onnx_need_attr(n, "axis");
    }
    for (int32_t i = 0; i < count; i++) {
        in[i] = dvti_onnx_in(n, i);
    }
    if (count == 0) {
        dvti_onnx_refuse(n, DVT_E_PARSE, "no inputs");
    }
    a.axis.axis = dvti_onnx_axis(n, dvti_onnx_int(n, "axis", 1), dvti_onnx_shape_of(n, in[0]).rank);
    dvti_onnx_end(n, DVT_OP_CONCAT, &a, in, count);
}

void dvti_onnx_slice(dvti_onnx_node *n)
{
    dvt_value_id     x = dvti_onnx_in(n, 0);
    dvt_attrs        a = {0};
    dvt_slice_attrs *s = &a.slice;
    int32_t          rank = dvti_onnx_shape_of(n, x).rank;

    bool starts = dvti_onnx_ints_since(n, 10, "starts", 1, &s->starts);
    bool ends = dvti_onnx_ints_since(n, 10, "ends", 2, &s->ends);
    bool axes = dvti_onnx_ints_since(n, 10, "axes", 3, &s->axes);
    bool steps = n->opset >= 10 && dvti_onnx_const_ints(n, 4, "steps", &s->steps);
    if (!starts || !ends) {
        dvti_onnx_refuse(n, DVT_E_PARSE, "starts or ends are missing");
    }
    for (int32_t i = 0; !axes && i < s->starts.n; i++) {
        s->axes.v[s->axes.n++] = i;
    }
    for (int32_t i = 0; !steps && i < s->starts.n; i++) {
        s->steps.v[s->steps.n++] = 1;
    }
    dvti_onnx_axes(n, &s->axes, rank);
    dvti_onnx_end(n, DVT_OP_SLICE, &a, &x, 1);
}

/* The sizes of all parts, from an attribute or a constant; count 0: none given, or refused. */
static int32_t split_sizes(dvti_onnx_node *n, int64_t *sizes)
{
    int64_t count = 0;

    if (n->opset < 13) {
        const DvtOnnx__Attribute *a = dvti_onnx_attr(n, "split");
        for (count = 0; a && count < (int64_t)a->n_ints && count < DVTI_ONNX_MAX_SLOTS; count++) {
            sizes[count] = a->ints[count];
        }
        count = a ? (int64_t)a->n_ints : 0;
    } else {
        dvt_tensor t;
        if (dvti_onnx_const(n, 1, "split", &t)) {
            count = dvt_shape_count(&t.shape);
            for (int64_t i = 0; i < count && i < DVTI_ONNX_MAX_SLOTS; i++) {
                sizes[i] = dvt_tensor_get_i64(&t, i);
            }
        }
    }
    if (count && count != (int64_t)n->p->n_output) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "%lld sizes for %zu outputs", (long long)count,
                         n->p->n_output);
        return 0;
    }
    return (int32_t)count;
}

static void split_by_slices(dvti_onnx_node *n, dvt_value_id x, int64_t axis, const int64_t *sizes,
                            int32_t count)
{
    int64_t from = 0, dim = dvti_onnx_shape_of(n, x).dim[axis];

    for (int32_t i = 0; n->st == DVT_OK && i < count; i++) {
        dvt_attrs a = {.slice = {.axes = {1, {axis}}, .starts = {1, {from}}, .steps = {1, {1}}}};
        if (sizes[i] < 0 || sizes[i] > dim - from) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "size %lld does not fit dimension %lld of %lld",
                             (long long)sizes[i], (long long)axis, (long long)dim);
        }
        from += sizes[i];
        a.slice.ends = (dvt_ints){1, {from}};
        dvti_onnx_end_at(n, i, DVT_OP_SLICE, &a, &x, 1);
    }
    if (n->st == DVT_OK && from != dim) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "the sizes add up to %lld, dimension %lld is %lld",
                         (long long)from, (long long)axis, (long long)dim);
    }
}

void dvti_onnx_split(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x);
    int64_t      axis = dvti_onnx_axis(n, dvti_onnx_int(n, "axis", 0), xs.rank);
    int64_t      sizes[DVTI_ONNX_MAX_SLOTS] = {0};
    int32_t      count = split_sizes(n, sizes);
    int64_t      parts = (int64_t)n->p->n_output;
    dvt_attrs    a = {.split = {.axis = axis, .sizes = {.n = count}}};

    if (n->opset >= 18 && dvti_onnx_int(n, "num_outputs", parts) != parts) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "attribute 'num_outputs' is not the number of outputs");
    }
    if (n->st == DVT_OK && count == 0 && n->opset < 18 && parts > 0 && xs.dim[axis] % parts != 0) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "%lld elements do not split into %lld equal parts",
                         (long long)xs.dim[axis], (long long)parts);
    }
    if (count > DVT_MAX_RANK) {
        split_by_slices(n, x, axis, sizes, count);
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        a.split.sizes.v[i] = sizes[i];
    }
    dvti_onnx_end_all(n, DVT_OP_SPLIT, &a, &x, 1);
}

/* ---- reordering and repeating -------------------------------------------------------------- */

void dvti_onnx_transpose(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    int32_t      rank = dvti_onnx_shape_of(n, x).rank;
    dvt_attrs    a = {0};

    if (!dvti_onnx_ints(n, "perm", &a.transpose.perm)) {
        a.transpose.perm.n = rank;
        for (int32_t i = 0; i < rank; i++) {
            a.transpose.perm.v[i] = rank - 1 - i;
        }
    }
    dvti_onnx_end(n, DVT_OP_TRANSPOSE, &a, &x, 1);
}

/* Opset 1: `tiles` copies along `axis`, both inputs. */
static void first_tile(dvti_onnx_node *n, int32_t rank, dvt_ints *repeats)
{
    dvt_ints tiles, axis;

    (void)dvti_onnx_const_ints(n, 1, "tiles", &tiles);
    (void)dvti_onnx_const_ints(n, 2, "axis", &axis);
    if (tiles.n != 1 || axis.n != 1) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "tiles and axis are one number each");
    }
    int64_t along = dvti_onnx_axis(n, axis.v[0], rank);
    *repeats = (dvt_ints){.n = rank};
    for (int32_t i = 0; i < rank; i++) {
        repeats->v[i] = i == along ? tiles.v[0] : 1;
    }
}

void dvti_onnx_tile(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_attrs    a = {0};

    (void)dvti_onnx_in(n, 1);
    if (n->opset < 6) {
        first_tile(n, dvti_onnx_shape_of(n, x).rank, &a.dims.dims);
    } else {
        (void)dvti_onnx_const_ints(n, 1, "repeats", &a.dims.dims);
    }
    dvti_onnx_end(n, DVT_OP_TILE, &a, &x, 1);
}

void dvti_onnx_gather(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), indices = dvti_onnx_in(n, 1);
    dvt_attrs    a = {0};

    a.axis.axis = dvti_onnx_axis(n, dvti_onnx_int(n, "axis", 0), dvti_onnx_shape_of(n, x).rank);
    dvti_onnx_end(n, DVT_OP_GATHER, &a, DVTI_IN(x, indices));
}

void dvti_onnx_depth_space(dvti_onnx_node *n)
{
    static const char *const modes[] = {"DCR", "CRD"};
    dvt_value_id             x = dvti_onnx_in(n, 0);
    dvt_attrs                a = {.depth = {.block = dvti_onnx_int(n, "blocksize", 0)}};

    dvti_onnx_need_attr(n, "blocksize");
    if (n->variant == DVT_OP_DEPTH_TO_SPACE && n->opset >= 11) {
        a.depth.order = (dvt_depth)dvti_onnx_choice(n, "mode", modes, 2, 0);
    }
    dvti_onnx_end(n, (dvt_op)n->variant, &a, &x, 1);
}

/* ---- padding and cropping ------------------------------------------------------------------ */

/* Pads of the axes given (opset 18: input 3), begin for all of them, then end. */
static void place_pads(dvti_onnx_node *n, const int64_t *pads, int64_t count, const dvt_ints *axes,
                       dvt_pad_attrs *p)
{
    if (n->st == DVT_OK && count != 2 * axes->n) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "%lld pads for %d dimensions, two for each are needed",
                         (long long)count, (int)axes->n);
    }
    for (int32_t i = 0; n->st == DVT_OK && i < axes->n; i++) {
        p->pad_lo.v[axes->v[i]] = pads[i];
        p->pad_hi.v[axes->v[i]] = pads[axes->n + i];
    }
}

static void read_pads(dvti_onnx_node *n, int32_t rank, dvt_pad_attrs *p)
{
    int64_t  pads[2 * DVT_MAX_RANK] = {0}, count = 0;
    dvt_ints axes = {.n = rank};

    for (int32_t i = 0; i < rank; i++) {
        axes.v[i] = i;
    }
    if (n->opset < 11) {
        const DvtOnnx__Attribute *a = dvti_onnx_attr(n, n->opset < 2 ? "paddings" : "pads");
        count = a ? (int64_t)a->n_ints : 0;
        for (int64_t i = 0; i < count && i < 2 * DVT_MAX_RANK; i++) {
            pads[i] = a->ints[i];
        }
    } else {
        dvt_tensor t;
        dvt_ints   given;
        (void)dvti_onnx_in(n, 1);
        if (dvti_onnx_const(n, 1, "pads", &t)) {
            count = dvt_shape_count(&t.shape);
            for (int64_t i = 0; i < count && i < 2 * DVT_MAX_RANK; i++) {
                pads[i] = dvt_tensor_get_i64(&t, i);
            }
        }
        if (n->opset >= 18 && dvti_onnx_const_ints(n, 3, "axes", &given)) {
            axes = given;
            dvti_onnx_axes(n, &axes, rank);
        }
    }
    p->pad_lo.n = p->pad_hi.n = rank;
    place_pads(n, pads, count, &axes, p);
}

/* The padding value; an integer must be one that a float holds. */
static float pad_value(dvti_onnx_node *n)
{
    dvt_tensor t;

    if (n->opset < 11) {
        return dvti_onnx_float(n, "value", 0.0f);
    }
    if (!dvti_onnx_const(n, 2, "constant_value", &t)) {
        return 0.0f;
    }
    if (dvt_shape_count(&t.shape) != 1) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "input 2 (constant_value) does not have one element");
        return 0.0f;
    }
    double v = dvt_tensor_get_f64(&t, 0);
    if (v == v && (double)(float)v != v) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "constant_value %.17g is not a float32", v);
    }
    return (float)v;
}

void dvti_onnx_pad(dvti_onnx_node *n)
{
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    dvt_value_id             x = dvti_onnx_in(n, 0);
    dvt_attrs                a = {0};

    a.pad.mode = (dvt_pad)dvti_onnx_choice(n, "mode", modes, n->opset >= 19 ? 4 : 3, 0);
    read_pads(n, dvti_onnx_shape_of(n, x).rank, &a.pad);
    a.pad.value = pad_value(n);
    dvti_onnx_end(n, DVT_OP_PAD, &a, &x, 1);
}

/* border: left, top, right, bottom; with `scale` (height, width) right and bottom follow from
 * it. */
void dvti_onnx_crop(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x);
    dvt_ints     border, scale;
    dvt_attrs    a = {.slice = {.axes = {2, {2, 3}}, .steps = {2, {1, 1}}}};

    (void)dvti_onnx_ints(n, "border", &border);
    bool scaled = dvti_onnx_ints(n, "scale", &scale);
    if (n->st == DVT_OK && (xs.rank != 4 || border.n != 4 || (scaled && scale.n != 2))) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "crop needs N C H W, a border of 4 and a scale of 2");
    }
    if (n->st != DVT_OK) {
        return;
    }
    a.slice.starts = (dvt_ints){2, {border.v[1], border.v[0]}};
    for (int32_t i = 0; i < 2; i++) {
        int64_t size = xs.dim[2 + i], first = a.slice.starts.v[i],
                behind = border.v[i == 0 ? 3 : 2];
        bool fits = first >= 0 && behind >= 0 && first <= size && behind <= size - first &&
                    (!scaled || (scale.v[i] >= 0 && scale.v[i] <= size - first));
        if (!fits) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "the border leaves nothing of %lld", (long long)size);
            return;
        }
        a.slice.ends.v[a.slice.ends.n++] = scaled ? first + scale.v[i] : size - behind;
    }
    dvti_onnx_end(n, DVT_OP_SLICE, &a, &x, 1);
}
