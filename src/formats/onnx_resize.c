/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_resize.c - ONNX Resize and Upsample: sizes, scales and coordinate modes.
 *
 * Opsets    Upsample (1: height_scale and width_scale; 7: scales; 9: scales as input) and Resize 10
 *           map coordinates without an offset and take the element below. Resize 11 names both;
 *           from 13 on roi, scales and sizes are optional; 18 adds axes, antialias and the policy
 *           that keeps the aspect ratio.
 * Scales    Where the model gives scales, coordinates use them, not the ratio of sizes: the two
 *           differ when the output size was rounded down.
 * Limits    antialias and cropping (tf_crop_and_resize) are refused, and so is a scale so extreme
 *           that a size leaves the range of dimensions.
 * Tests     tests/unit/test_onnx_ops.c and the ONNX operator tests (tests/onnx)
 */
#include "formats/onnx_int.h"

#include <math.h>
#include <string.h>

typedef enum policy { POLICY_STRETCH, POLICY_NOT_LARGER, POLICY_NOT_SMALLER } policy;

static dvt_attrs neutral(const dvt_shape *x)
{
    dvt_attrs a = {.resize = {.coord = DVT_COORD_ASYMMETRIC,
                              .nearest = DVT_NEAREST_FLOOR,
                              .cubic_a = -0.75f,
                              .dims = {.n = x->rank}}};

    memcpy(a.resize.dims.v, x->dim, sizeof x->dim);
    return a;
}

/* floor(size * scale), with the scale as the model has it. */
static void scale_dim(dvti_onnx_node *n, const dvt_shape *x, int32_t dim, float scale,
                      dvt_resize_attrs *r)
{
    double size = floor((double)x->dim[dim] * (double)scale);

    if (!(scale > 0.0f) || !(size >= 1.0 && size <= (double)DVT_DIM_MAX)) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "scale %g of dimension %d, which is %lld", (double)scale,
                         (int)dim, (long long)x->dim[dim]);
        return;
    }
    r->dims.v[dim] = (int64_t)size;
    r->scale[dim] = scale;
}

static void apply_scales(dvti_onnx_node *n, const dvt_shape *x, const float *scales, int64_t count,
                         const dvt_ints *axes, dvt_resize_attrs *r)
{
    if (count != axes->n) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "%lld scales for %d dimensions", (long long)count,
                         (int)axes->n);
    }
    for (int32_t i = 0; n->st == DVT_OK && i < axes->n; i++) {
        scale_dim(n, x, (int32_t)axes->v[i], scales[i], r);
    }
}

static dvt_ints all_axes(int32_t rank)
{
    dvt_ints axes = {.n = rank};

    for (int32_t i = 0; i < rank; i++) {
        axes.v[i] = i;
    }
    return axes;
}

/* ---- upsample ------------------------------------------------------------------------------ */

static void upsample_scales(dvti_onnx_node *n, const dvt_shape *x, dvt_resize_attrs *r)
{
    dvt_ints   all = all_axes(x->rank), image = {2, {x->rank - 2, x->rank - 1}};
    dvt_tensor t;

    if (n->opset < 7) {
        float hw[2] = {dvti_onnx_float(n, "height_scale", 0.0f),
                       dvti_onnx_float(n, "width_scale", 0.0f)};
        if (x->rank < 2) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "input 0 has rank %d", (int)x->rank);
        }
        apply_scales(n, x, hw, 2, &image, r);
    } else if (n->opset < 9) {
        const DvtOnnx__Attribute *a = dvti_onnx_attr(n, "scales");
        apply_scales(n, x, a ? a->floats : NULL, a ? (int64_t)a->n_floats : 0, &all, r);
    } else {
        (void)dvti_onnx_in(n, 1);
        if (dvti_onnx_const(n, 1, "scales", &t) && t.dtype != DVT_DTYPE_F32) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "input 1 (scales) is not FLOAT");
        }
        if (n->st == DVT_OK) {
            apply_scales(n, x, t.data, dvt_shape_count(&t.shape), &all, r);
        }
    }
}

void dvti_onnx_upsample(dvti_onnx_node *n)
{
    static const char *const modes[] = {"nearest", "linear"}, *const old[] = {"nearest",
                                                                              "bilinear"};
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x);
    dvt_attrs    a = neutral(&xs);

    a.resize.mode = (dvt_resize)dvti_onnx_choice(n, "mode", n->opset < 7 ? old : modes, 2, 0);
    if (n->st == DVT_OK) {
        upsample_scales(n, &xs, &a.resize);
    }
    dvti_onnx_end(n, DVT_OP_RESIZE, &a, &x, 1);
}

/* ---- resize -------------------------------------------------------------------------------- */

static int32_t read_coord(dvti_onnx_node *n, dvt_coord *out)
{
    static const char *const names[] = {
        "half_pixel",           "asymmetric",    "pytorch_half_pixel",
        "tf_half_pixel_for_nn", "align_corners", "half_pixel_symmetric",
    };
    static const dvt_coord modes[] = {
        DVT_COORD_HALF_PIXEL,           DVT_COORD_ASYMMETRIC,    DVT_COORD_PYTORCH_HALF_PIXEL,
        DVT_COORD_TF_HALF_PIXEL_FOR_NN, DVT_COORD_ALIGN_CORNERS, DVT_COORD_HALF_PIXEL_SYMMETRIC,
    };
    int32_t count = (int32_t)(sizeof names / sizeof names[0]) - (n->opset < 19);
    int32_t i = dvti_onnx_choice(n, "coordinate_transformation_mode", names, count, 0);

    *out = modes[i];
    return i;
}

static void read_modes(dvti_onnx_node *n, dvt_resize_attrs *r)
{
    static const char *const modes[] = {"nearest", "linear", "cubic"};
    static const char *const nearest[] = {"round_prefer_floor", "round_prefer_ceil", "floor",
                                          "ceil"};

    r->mode = (dvt_resize)dvti_onnx_choice(n, "mode", modes, n->opset < 11 ? 2 : 3, 0);
    if (n->opset < 11) {
        return;
    }
    (void)read_coord(n, &r->coord);
    r->nearest = (dvt_nearest_mode)dvti_onnx_choice(n, "nearest_mode", nearest, 4, 0);
    r->cubic_a = dvti_onnx_float(n, "cubic_coeff_a", -0.75f);
    r->exclude_outside = dvti_onnx_flag(n, "exclude_outside", false);
    dvti_onnx_ignore_attr(n, "extrapolation_value"); /* of tf_crop_and_resize, which is refused */
    if (n->opset >= 18 && dvti_onnx_flag(n, "antialias", false)) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attribute 'antialias' is 1, which is not handled");
    }
}

/* Sizes that keep the aspect ratio: one scale for all axes, sizes rounded half up. */
static void keep_ratio(dvti_onnx_node *n, const dvt_shape *x, const dvt_ints *axes, policy p,
                       dvt_resize_attrs *r)
{
    double scale = 0.0;

    for (int32_t i = 0; i < axes->n; i++) {
        double s = (double)r->dims.v[axes->v[i]] / (double)x->dim[axes->v[i]];
        if (i == 0 || (p == POLICY_NOT_LARGER ? s < scale : s > scale)) {
            scale = s;
        }
    }
    for (int32_t i = 0; i < axes->n; i++) {
        double size = floor(scale * (double)x->dim[axes->v[i]] + 0.5);
        if (!(size >= 1.0 && size <= (double)DVT_DIM_MAX)) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "size %g of dimension %lld", size,
                             (long long)axes->v[i]);
            return;
        }
        r->dims.v[axes->v[i]] = (int64_t)size;
        r->scale[axes->v[i]] = (float)scale;
    }
}

static void apply_sizes(dvti_onnx_node *n, const dvt_shape *x, const dvt_ints *sizes,
                        const dvt_ints *axes, policy p, dvt_resize_attrs *r)
{
    if (sizes->n != axes->n) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "%d sizes for %d dimensions", (int)sizes->n, (int)axes->n);
    }
    for (int32_t i = 0; n->st == DVT_OK && i < axes->n; i++) {
        if (sizes->v[i] < 1 || sizes->v[i] > DVT_DIM_MAX || x->dim[axes->v[i]] < 1) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "size %lld of dimension %lld", (long long)sizes->v[i],
                             (long long)axes->v[i]);
            return;
        }
        r->dims.v[axes->v[i]] = sizes->v[i];
    }
    if (n->st == DVT_OK && p != POLICY_STRETCH) {
        keep_ratio(n, x, axes, p, r);
    }
}

/* An input that is there and not empty: opset 11 wrote empty tensors for what is absent. */
static bool given(dvti_onnx_node *n, int32_t i)
{
    dvt_value_id v = dvti_onnx_opt(n, i);
    dvt_shape    s = dvti_onnx_shape_of(n, v);

    return v.i >= 0 && dvt_shape_count(&s) > 0;
}

static void resize_sizes(dvti_onnx_node *n, const dvt_shape *x, dvt_resize_attrs *r)
{
    static const char *const policies[] = {"stretch", "not_larger", "not_smaller"};
    dvt_ints                 axes = all_axes(x->rank), sizes;
    policy                   p = POLICY_STRETCH;
    int32_t                  scales_at = n->opset < 11 ? 1 : 2;
    dvt_tensor               t;

    if (n->opset >= 18) {
        p = (policy)dvti_onnx_choice(n, "keep_aspect_ratio_policy", policies, 3, 0);
        if (dvti_onnx_has_attr(n, "axes") && dvti_onnx_ints(n, "axes", &axes)) {
            dvti_onnx_axes(n, &axes, x->rank);
        }
    }
    if (n->opset >= 11) {
        (void)dvti_onnx_opt(n, 1); /* roi: of tf_crop_and_resize, which is refused */
    }
    bool has_scales = given(n, scales_at), has_sizes = n->opset >= 11 && given(n, 3);
    if (n->st == DVT_OK && has_scales == has_sizes) {
        dvti_onnx_refuse(n, DVT_E_PARSE, "%s of scales and sizes are given",
                         has_sizes ? "both" : "none");
    }
    if (has_scales && dvti_onnx_const(n, scales_at, "scales", &t)) {
        if (t.dtype != DVT_DTYPE_F32) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "input %d (scales) is not FLOAT", (int)scales_at);
            return;
        }
        apply_scales(n, x, t.data, dvt_shape_count(&t.shape), &axes, r);
    } else if (has_sizes && dvti_onnx_const_ints(n, 3, "sizes", &sizes)) {
        apply_sizes(n, x, &sizes, &axes, p, r);
    }
}

void dvti_onnx_resize(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x);
    dvt_attrs    a = neutral(&xs);

    read_modes(n, &a.resize);
    resize_sizes(n, &xs, &a.resize);
    dvti_onnx_end(n, DVT_OP_RESIZE, &a, &x, 1);
}
