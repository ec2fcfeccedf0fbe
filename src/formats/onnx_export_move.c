/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_export_move.c - writes operators that move, repeat or resample values.
 *
 * Resize    takes scales or sizes: scales where the graph has some (coordinates depend on them), if
 *           the sizes follow from them as ONNX says; else sizes.
 * Tests     tests/unit/test_onnx_export.c
 */
#include "formats/onnx_export_int.h"

#include <math.h>

static dvt_ints dims_of(const dvt_shape *s)
{
    dvt_ints dims = {.n = s->rank};

    for (int32_t i = 0; i < s->rank; i++) {
        dims.v[i] = s->dim[i];
    }
    return dims;
}

/* ---- shapes -------------------------------------------------------------------------------- */

/* A 0 would mean "as it was". */
void dvti_onnx_put_reshape(dvti_onnx_out *o, const char *x, const dvt_shape *to, const char *out)
{
    dvt_ints       dims = dims_of(to);
    bool           empty = dvt_shape_count(to) == 0;
    DvtOnnx__Node *n =
        dvti_onnx_put(o, "Reshape", DVTI_NAMES(x, dvti_onnx_put_ints(o, &dims)), out);

    if (empty) {
        dvti_onnx_need_opset(o, 14);
        dvti_onnx_set_int(o, n, "allowzero", 1);
    }
}

void dvti_onnx_put_dims(dvti_onnx_out *o)
{
    const dvt_ints *dims = &o->node->attrs.dims.dims;

    if (o->node->op == DVT_OP_RESHAPE) {
        dvti_onnx_put_reshape(o, dvti_onnx_operand(o, 0), &dvti_onnx_result_value(o, 0)->shape,
                              dvti_onnx_result(o, 0));
        return;
    }
    (void)dvti_onnx_put(o, o->node->op == DVT_OP_TILE ? "Tile" : "Expand",
                        DVTI_NAMES(dvti_onnx_operand(o, 0), dvti_onnx_put_ints(o, dims)),
                        dvti_onnx_result(o, 0));
}

void dvti_onnx_put_transpose(dvti_onnx_out *o)
{
    dvti_onnx_set_ints(o, dvti_onnx_put_plain(o, "Transpose"), "perm",
                       &o->node->attrs.transpose.perm);
}

/* ---- parts --------------------------------------------------------------------------------- */

void dvti_onnx_put_concat(dvti_onnx_out *o)
{
    dvti_onnx_set_int(o, dvti_onnx_put_plain(o, "Concat"), "axis", o->node->attrs.axis.axis);
}

void dvti_onnx_put_slice(dvti_onnx_out *o)
{
    const dvt_slice_attrs *a = &o->node->attrs.slice;
    const char            *starts = dvti_onnx_put_ints(o, &a->starts);
    const char            *ends = dvti_onnx_put_ints(o, &a->ends);
    const char            *axes = dvti_onnx_put_ints(o, &a->axes);
    const char            *steps = dvti_onnx_put_ints(o, &a->steps);

    (void)dvti_onnx_put(o, "Slice", DVTI_NAMES(dvti_onnx_operand(o, 0), starts, ends, axes, steps),
                        dvti_onnx_result(o, 0));
}

/* Sizes are written out, also where all are equal. */
void dvti_onnx_put_split(dvti_onnx_out *o)
{
    int32_t        count = o->node->output_count;
    int64_t        axis = o->node->attrs.split.axis;
    dvt_shape      shape = DVT_SHAPE(count);
    dvt_tensor     t;
    int64_t       *sizes = dvt_arena_calloc(o->arena, (size_t)count, sizeof *sizes);
    char         **outputs = dvt_arena_calloc(o->arena, (size_t)count, sizeof *outputs);
    const char    *name = dvti_onnx_between(o);
    DvtOnnx__Node *n;

    if (!sizes || !outputs) {
        o->st = DVT_E_NOMEM;
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        sizes[i] = dvti_onnx_result_value(o, i)->shape.dim[axis];
        outputs[i] = dvt_arena_strdup(o->arena, dvti_onnx_result(o, i));
    }
    t = dvt_tensor_wrap(DVT_DTYPE_I64, &shape, sizes);
    dvti_onnx_put_tensor(o, name, &t);
    n = dvti_onnx_put(o, "Split", DVTI_NAMES(dvti_onnx_operand(o, 0), name),
                      dvti_onnx_result(o, 0));
    dvti_onnx_set_int(o, n, "axis", axis);
    if (n) {
        n->output = outputs;
        n->n_output = (size_t)count;
    }
}

void dvti_onnx_put_gather(dvti_onnx_out *o)
{
    dvti_onnx_set_int(o, dvti_onnx_put_plain(o, "Gather"), "axis", o->node->attrs.axis.axis);
}

/* ---- frames -------------------------------------------------------------------------------- */

/* The value of the frame, in the type of x; "" is 0. */
static const char *put_pad_value(dvti_onnx_out *o, const dvt_pad_attrs *a)
{
    dvt_dtype t = dvti_onnx_operand_value(o, 0)->dtype;

    if (a->mode != DVT_PAD_CONSTANT || a->value == 0.0f) {
        return "";
    }
    if (t != DVT_DTYPE_F32 && t != DVT_DTYPE_F64) {
        dvti_onnx_cannot(o, "a frame of %g around %s values", (double)a->value, dvt_dtype_name(t));
        return "";
    }
    return dvti_onnx_put_scalar(o, t, (double)a->value);
}

void dvti_onnx_put_pad(dvti_onnx_out *o)
{
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    const dvt_pad_attrs     *a = &o->node->attrs.pad;
    const char              *pads = dvti_onnx_between(o);
    int64_t                 *copy = dvt_arena_calloc(o->arena, 2 * DVT_MAX_RANK, sizeof *copy);
    dvt_shape                shape = DVT_SHAPE(2 * (int64_t)a->pad_lo.n);
    dvt_tensor               t = dvt_tensor_wrap(DVT_DTYPE_I64, &shape, copy);
    DvtOnnx__Node           *n;

    if (!copy) {
        o->st = DVT_E_NOMEM;
        return;
    }
    for (int32_t i = 0; i < a->pad_lo.n; i++) {
        copy[i] = a->pad_lo.v[i];
        copy[a->pad_lo.n + i] = a->pad_hi.v[i];
    }
    dvti_onnx_put_tensor(o, pads, &t);
    dvti_onnx_need_opset(o, a->mode == DVT_PAD_WRAP ? 19 : 0);
    n = dvti_onnx_put(o, "Pad", DVTI_NAMES(dvti_onnx_operand(o, 0), pads, put_pad_value(o, a)),
                      dvti_onnx_result(o, 0));
    dvti_onnx_set_string(o, n, "mode", modes[a->mode]);
}

/* ---- resampling ---------------------------------------------------------------------------- */

static bool has_scales(const dvt_resize_attrs *a)
{
    for (int32_t i = 0; i < a->dims.n; i++) {
        if (a->scale[i] != 0.0f) {
            return true;
        }
    }
    return false;
}

/* Scales of all dimensions; those that the graph leaves open keep their size. */
static const char *put_scales(dvti_onnx_out *o, const dvt_resize_attrs *a)
{
    const dvt_shape *x = &dvti_onnx_operand_value(o, 0)->shape;
    float            scale[DVT_MAX_RANK];

    for (int32_t i = 0; i < a->dims.n; i++) {
        scale[i] = a->scale[i] != 0.0f ? a->scale[i] : 1.0f;
        if (floor((double)x->dim[i] * (double)scale[i]) != (double)a->dims.v[i]) {
            dvti_onnx_cannot(o, "dimension %d is %lld, which does not follow from scale %g", (int)i,
                             (long long)a->dims.v[i], (double)a->scale[i]);
        }
    }
    return dvti_onnx_put_floats(o, scale, a->dims.n);
}

static void set_coordinates(dvti_onnx_out *o, DvtOnnx__Node *n, const dvt_resize_attrs *a)
{
    static const char *const coords[] = {
        [DVT_COORD_HALF_PIXEL] = "half_pixel",
        [DVT_COORD_HALF_PIXEL_SYMMETRIC] = "half_pixel_symmetric",
        [DVT_COORD_PYTORCH_HALF_PIXEL] = "pytorch_half_pixel",
        [DVT_COORD_ALIGN_CORNERS] = "align_corners",
        [DVT_COORD_ASYMMETRIC] = "asymmetric",
        [DVT_COORD_TF_HALF_PIXEL_FOR_NN] = "tf_half_pixel_for_nn",
    };
    static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                          "ceil"};

    dvti_onnx_need_opset(o, a->coord == DVT_COORD_HALF_PIXEL_SYMMETRIC ? 19 : 0);
    dvti_onnx_set_string(o, n, "coordinate_transformation_mode", coords[a->coord]);
    dvti_onnx_set_string(o, n, "nearest_mode", nearest[a->nearest]);
}

void dvti_onnx_put_resize(dvti_onnx_out *o)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    const dvt_resize_attrs  *a = &o->node->attrs.resize;
    const char              *x = dvti_onnx_operand(o, 0), *y = dvti_onnx_result(o, 0);
    bool                     scaled = has_scales(a);
    const char              *scales = scaled ? put_scales(o, a) : "";
    const char              *sizes = scaled ? "" : dvti_onnx_put_ints(o, &a->dims);
    DvtOnnx__Node           *n = dvti_onnx_put(o, "Resize", DVTI_NAMES(x, "", scales, sizes), y);

    dvti_onnx_set_string(o, n, "mode", modes[a->mode]);
    set_coordinates(o, n, a);
    if (a->mode == DVT_RESIZE_CUBIC) {
        dvti_onnx_set_float(o, n, "cubic_coeff_a", a->cubic_a);
    }
    dvti_onnx_set_int(o, n, "exclude_outside", a->exclude_outside);
}

void dvti_onnx_put_depth(dvti_onnx_out *o)
{
    bool           to_space = o->node->op == DVT_OP_DEPTH_TO_SPACE;
    DvtOnnx__Node *n = dvti_onnx_put_plain(o, to_space ? "DepthToSpace" : "SpaceToDepth");

    dvti_onnx_set_int(o, n, "blocksize", o->node->attrs.depth.block);
    if (to_space) {
        dvti_onnx_set_string(o, n, "mode",
                             o->node->attrs.depth.order == DVT_DEPTH_CRD ? "CRD" : "DCR");
    }
}
