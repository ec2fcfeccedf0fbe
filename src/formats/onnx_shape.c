/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_shape.c - ONNX operators about shapes and constants: reshaping, Shape, Constant, Range,
 * Dropout.
 *
 * Idea      Shapes are static, so Shape and Size are constants, and what is computed from them
 *           folds to the constants that Reshape, Expand and others need.
 * Opsets    Reshape, Squeeze and Unsqueeze take their operand from an attribute before opset 5, 13
 *           and 13. Reshape copies dimensions that are 0 unless allowzero (opset 14). Dropout at
 *           inference copies; its mask is all ones, of the data's type before opset 10 and bool
 *           after.
 * Tests     tests/unit/test_onnx_ops.c and the ONNX operator tests (tests/onnx)
 */
#include "formats/onnx_int.h"

#include <math.h>
#include <string.h>

/* ---- reshaping ----------------------------------------------------------------------------- */

/* Resolves 0 (copy, unless zero is meant) and one -1 (what is left). */
static bool resolve_dims(dvti_onnx_node *n, const dvt_shape *x, const dvt_ints *dims, bool zero,
                         dvt_shape *out)
{
    int32_t open = -1;

    *out = (dvt_shape){.rank = dims->n};
    for (int32_t i = 0; i < dims->n; i++) {
        int64_t d = dims->v[i];
        if (d == 0 && !zero && i >= x->rank) {
            return dvti_onnx_refuse(n, DVT_E_SHAPE, "dimension %d is copied, the input has only %d",
                                    (int)i, (int)x->rank);
        }
        if (d < -1 || (d == -1 && open >= 0)) {
            return dvti_onnx_refuse(n, DVT_E_SHAPE, "dimension %d of the new shape is %lld", (int)i,
                                    (long long)d);
        }
        open = d == -1 ? i : open;
        out->dim[i] = d == -1 ? 1 : d == 0 && !zero ? x->dim[i] : d;
    }
    int64_t known = dvt_shape_count(out), all = dvt_shape_count(x);
    if (open >= 0 && (known <= 0 || all % known != 0)) {
        return dvti_onnx_refuse(n, DVT_E_SHAPE, "%lld elements do not fill dimension %d",
                                (long long)all, (int)open);
    }
    if (open >= 0) {
        out->dim[open] = all / known;
    }
    return true;
}

void dvti_onnx_reshape_op(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x), to;
    dvt_ints     dims;
    bool         allow_zero = false;

    if (n->opset < 5) {
        dvti_onnx_need_attr(n, "shape");
        dvti_onnx_ignore_attr(n, "consumed_inputs");
    } else {
        (void)dvti_onnx_in(n, 1);
    }
    (void)dvti_onnx_ints_since(n, 5, "shape", 1, &dims);
    if (n->opset >= 14) {
        allow_zero = dvti_onnx_flag(n, "allowzero", false);
    }
    if (n->st == DVT_OK && resolve_dims(n, &xs, &dims, allow_zero, &to)) {
        dvti_onnx_end_reshape(n, x, &to);
    }
}

void dvti_onnx_flatten(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x);
    int64_t      axis = dvti_onnx_int(n, "axis", 1);

    if (n->st == DVT_OK && axis != xs.rank) {
        axis = dvti_onnx_axis(n, axis, xs.rank);
    }
    if (n->st != DVT_OK) {
        return;
    }
    dvt_shape to = {.rank = 2,
                    .dim = {dvt_shape_count_range(&xs, 0, (int32_t)axis),
                            dvt_shape_count_range(&xs, (int32_t)axis, xs.rank)}};
    dvti_onnx_end_reshape(n, x, &to);
}

void dvti_onnx_squeeze(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x), to = {0};
    dvt_ints     axes;
    bool         drop[DVT_MAX_RANK] = {false};
    bool         given = dvti_onnx_ints_since(n, 13, "axes", 1, &axes);

    dvti_onnx_axes(n, &axes, xs.rank);
    for (int32_t i = 0; n->st == DVT_OK && i < axes.n; i++) {
        drop[axes.v[i]] = true;
        if (xs.dim[axes.v[i]] != 1) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "dimension %lld is %lld, only 1 can be dropped",
                             (long long)axes.v[i], (long long)xs.dim[axes.v[i]]);
        }
    }
    for (int32_t i = 0; i < xs.rank; i++) {
        if (given ? !drop[i] : xs.dim[i] != 1) {
            to.dim[to.rank++] = xs.dim[i];
        }
    }
    dvti_onnx_end_reshape(n, x, &to);
}

void dvti_onnx_unsqueeze(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x), to = {0};
    dvt_ints     axes;
    bool         fresh[DVT_MAX_RANK] = {false};

    if (!dvti_onnx_ints_since(n, 13, "axes", 1, &axes)) {
        dvti_onnx_refuse(n, DVT_E_PARSE, "axes are missing");
    }
    if (xs.rank + axes.n > DVT_MAX_RANK) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "the result has rank %d, the limit is %d",
                         (int)(xs.rank + axes.n), (int)DVT_MAX_RANK);
    }
    dvti_onnx_axes(n, &axes, xs.rank + axes.n);
    if (n->st != DVT_OK) {
        return;
    }
    for (int32_t i = 0; i < axes.n; i++) {
        fresh[axes.v[i]] = true;
    }
    for (int32_t i = 0, from = 0; i < xs.rank + axes.n; i++) {
        to.dim[to.rank++] = fresh[i] ? 1 : xs.dim[from++];
    }
    dvti_onnx_end_reshape(n, x, &to);
}

void dvti_onnx_expand(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x), want, to;
    dvt_ints     dims;
    dvt_attrs    a = {0};

    (void)dvti_onnx_in(n, 1);
    (void)dvti_onnx_const_ints(n, 1, "shape", &dims);
    want = dvt_shape_make(dims.n, dims.v);
    if (n->st == DVT_OK && !dvt_shape_broadcast(&xs, &want, &to)) {
        char xt[DVT_SHAPE_TEXT], wt[DVT_SHAPE_TEXT];
        dvti_onnx_refuse(n, DVT_E_SHAPE, "shapes %s and %s do not broadcast",
                         dvt_shape_text(&xs, xt), dvt_shape_text(&want, wt));
    }
    if (n->st == DVT_OK) {
        a.dims.dims.n = to.rank;
        memcpy(a.dims.dims.v, to.dim, sizeof to.dim);
        dvti_onnx_end(n, DVT_OP_EXPAND, &a, &x, 1);
    }
}

/* ---- constants ----------------------------------------------------------------------------- */

static void end_list(dvti_onnx_node *n, dvt_dtype dtype, size_t count, bool scalar, void *data)
{
    dvt_shape  shape = {.rank = scalar ? 0 : 1, .dim = {(int64_t)count}};
    dvt_tensor t = dvt_tensor_wrap(dtype, &shape, data);

    dvti_onnx_end_const(n, 0, &t);
}

/* A tensor attribute as an owned tensor; halves are widened and mark the node. */
static bool attr_tensor(dvti_onnx_node *n, const char *name, dvt_tensor *out)
{
    const DvtOnnx__Attribute *a = dvti_onnx_attr(n, name);
    dvt_tensor                t;

    *out = (dvt_tensor){0};
    if (n->st != DVT_OK || !a || !a->t) {
        return dvti_onnx_refuse(n, DVT_E_PARSE, "attribute '%s' is not a tensor", name);
    }
    n->st = dvti_onnx_tensor(n->o->ctx, n->o->file, n->name, a->t, &t);
    n->half = n->st == DVT_OK && t.dtype == DVT_DTYPE_F16;
    n->half_known = true;
    if (!n->half) {
        *out = t;
        return n->st == DVT_OK;
    }
    n->st = dvt_tensor_cast(n->o->ctx, &t, DVT_DTYPE_F32, out);
    dvt_tensor_deinit(n->o->ctx, &t);
    return n->st == DVT_OK;
}

void dvti_onnx_constant(dvti_onnx_node *n)
{
    static const char *const  names[] = {"value", "value_float", "value_floats", "value_int",
                                         "value_ints"};
    const DvtOnnx__Attribute *a = NULL;
    dvt_tensor                t;
    int32_t                   which = 0;

    while (which < 5 && !dvti_onnx_has_attr(n, names[which])) {
        which++;
    }
    if (which == 5) {
        return; /* strings and sparse tensors: refused as not handled, with their name */
    }
    if (which == 0) {
        if (attr_tensor(n, "value", &t)) {
            dvti_onnx_end_const(n, 0, &t);
        }
        dvt_tensor_deinit(n->o->ctx, &t);
        return;
    }
    float   f = which == 1 ? dvti_onnx_float(n, names[1], 0.0f) : 0.0f;
    int64_t i = which == 3 ? dvti_onnx_int(n, names[3], 0) : 0;
    a = dvti_onnx_attr(n, names[which]);
    if (!a) {
        return;
    }
    if (which <= 2) {
        end_list(n, DVT_DTYPE_F32, a->n_floats, which == 1, which == 1 ? &f : a->floats);
    } else {
        end_list(n, DVT_DTYPE_I64, a->n_ints, which == 3, which == 3 ? &i : a->ints);
    }
}

void dvti_onnx_constant_of_shape(dvti_onnx_node *n)
{
    dvt_ints   dims;
    dvt_attrs  a = {0};
    dvt_shape  one = {.rank = 1, .dim = {1}}, scalar = {0};
    float      zero = 0.0f;
    dvt_tensor t = dvt_tensor_wrap(DVT_DTYPE_F32, &one, &zero);

    (void)dvti_onnx_in(n, 0);
    (void)dvti_onnx_const_ints(n, 0, "shape", &dims);
    if (dvti_onnx_has_attr(n, "value") && !attr_tensor(n, "value", &t)) {
        return;
    }
    if (dvt_shape_count(&t.shape) != 1) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "attribute 'value' does not have one element");
    }
    dvt_value_id v = dvti_onnx_reshape(n, dvti_onnx_const_value(n, &t), &scalar);
    a.dims.dims = dims;
    dvti_onnx_end(n, DVT_OP_EXPAND, &a, &v, 1);
    dvt_tensor_deinit(n->o->ctx, &t);
}

/* One end of Shape's range: counted from the end if negative, then clamped. */
static int64_t shape_bound(int64_t v, int32_t rank)
{
    v = v < 0 ? v + rank : v;
    return v < 0 ? 0 : v > rank ? rank : v;
}

void dvti_onnx_shape_op(dvti_onnx_node *n)
{
    dvt_shape xs = dvti_onnx_shape_of(n, dvti_onnx_in(n, 0));
    int64_t   start = 0, end = xs.rank;

    if (n->opset >= 15) {
        start = shape_bound(dvti_onnx_int(n, "start", 0), xs.rank);
        end = shape_bound(dvti_onnx_int(n, "end", xs.rank), xs.rank);
    }
    end_list(n, DVT_DTYPE_I64, end > start ? (size_t)(end - start) : 0, false, &xs.dim[start]);
}

void dvti_onnx_size(dvti_onnx_node *n)
{
    dvt_shape xs = dvti_onnx_shape_of(n, dvti_onnx_in(n, 0));
    int64_t   count = dvt_shape_count(&xs);

    end_list(n, DVT_DTYPE_I64, 1, true, &count);
}

/* ---- range --------------------------------------------------------------------------------- */

enum { RANGE_MAX = 1 << 24 };

/* start + i * step, in integers where the type is one, else in double as the type's own values. */
static void fill_range(const dvt_tensor *start, const dvt_tensor *step, dvt_tensor *out)
{
    bool    f = out->dtype == DVT_DTYPE_F32 || out->dtype == DVT_DTYPE_F64;
    int64_t count = dvt_shape_count(&out->shape);

    for (int64_t i = 0; i < count; i++) {
        if (out->dtype == DVT_DTYPE_F32) {
            ((float *)out->data)[i] =
                (float)(dvt_tensor_get_f64(start, 0) + (double)i * dvt_tensor_get_f64(step, 0));
        } else if (f) {
            ((double *)out->data)[i] =
                dvt_tensor_get_f64(start, 0) + (double)i * dvt_tensor_get_f64(step, 0);
        } else {
            uint64_t v = (uint64_t)dvt_tensor_get_i64(start, 0) +
                         (uint64_t)i * (uint64_t)dvt_tensor_get_i64(step, 0);
            ((int64_t *)out->data)[i] = (int64_t)v;
        }
    }
}

static int64_t range_count(dvti_onnx_node *n, const dvt_tensor t[3])
{
    double start = dvt_tensor_get_f64(&t[0], 0), limit = dvt_tensor_get_f64(&t[1], 0);
    double step = dvt_tensor_get_f64(&t[2], 0), count = ceil((limit - start) / step);

    if (!(count <= (double)RANGE_MAX)) { /* a step of 0, NaN, too many */
        dvti_onnx_refuse(n, DVT_E_SHAPE, "range from %g to %g by %g has no or too many elements",
                         start, limit, step);
        return 0;
    }
    return count > 0.0 ? (int64_t)count : 0;
}

void dvti_onnx_range(dvti_onnx_node *n)
{
    static const char *const names[] = {"start", "limit", "delta"};
    dvt_tensor               in[3], wide, out = {0};

    for (int32_t i = 0; i < 3; i++) {
        (void)dvti_onnx_in(n, i);
        if (dvti_onnx_const(n, i, names[i], &in[i]) &&
            (dvt_shape_count(&in[i].shape) != 1 || in[i].dtype != in[0].dtype)) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "operands of a range are scalars of one type");
        }
    }
    if (n->st != DVT_OK) {
        return;
    }
    dvt_dtype type = in[0].dtype;
    bool      f = type == DVT_DTYPE_F32 || type == DVT_DTYPE_F64;
    dvt_shape shape = {.rank = 1, .dim = {range_count(n, in)}};
    if (n->st == DVT_OK) {
        n->st = dvt_tensor_init(n->o->ctx, f ? type : DVT_DTYPE_I64, &shape, &wide);
    }
    if (n->st != DVT_OK) {
        return;
    }
    fill_range(&in[0], &in[2], &wide);
    n->st = dvt_tensor_cast(n->o->ctx, &wide, type, &out);
    dvti_onnx_end_const(n, 0, &out);
    dvt_tensor_deinit(n->o->ctx, &out);
    dvt_tensor_deinit(n->o->ctx, &wide);
}

/* ---- copies -------------------------------------------------------------------------------- */

void dvti_onnx_identity(dvti_onnx_node *n) { dvti_onnx_end_identity(n, dvti_onnx_in(n, 0)); }

/* Whether elements are dropped: training, with a ratio that is not 0. */
static bool drops(dvti_onnx_node *n)
{
    dvt_tensor t;
    double     ratio = 0.5;

    if (n->opset < 7) {
        (void)dvti_onnx_float(n, "ratio", 0.5f);
        return !dvti_onnx_flag(n, "is_test", false);
    }
    if (n->opset < 12) {
        (void)dvti_onnx_float(n, "ratio", 0.5f);
        return false;
    }
    dvti_onnx_ignore_attr(n, "seed");
    if (dvti_onnx_const(n, 1, "ratio", &t) && dvt_shape_count(&t.shape) == 1) {
        ratio = dvt_tensor_get_f64(&t, 0);
    }
    return dvti_onnx_const(n, 2, "training_mode", &t) && dvt_shape_count(&t.shape) == 1 &&
           dvt_tensor_get_i64(&t, 0) != 0 && ratio != 0.0;
}

void dvti_onnx_dropout(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x);
    dvt_attrs    a = {.dims = {{.n = xs.rank}}};

    if (n->opset < 6) {
        dvti_onnx_ignore_attr(n, "consumed_inputs");
    }
    if (drops(n)) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "training is not handled");
    }
    dvti_onnx_end_identity(n, x);
    if (dvti_onnx_has_out(n, 1)) {
        dvt_dtype    type = n->opset < 10 ? dvti_onnx_dtype_of(n, x) : DVT_DTYPE_BOOL;
        dvt_value_id one = dvti_onnx_scalar(n, type, 1.0);
        memcpy(a.dims.dims.v, xs.dim, sizeof xs.dim);
        dvti_onnx_end_at(n, 1, DVT_OP_EXPAND, &a, &one, 1);
    }
}
