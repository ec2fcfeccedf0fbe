/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resize.c - nearest, linear and cubic resampling in any number of dimensions.
 *
 * Idea      Each output index maps to a position in the input, along every axis by itself; there
 *           stand 1, 2 or 4 taps with weights. An output element is the sum over all combinations
 *           of taps, made axis by axis. Axes that keep their size have one tap. The taps of an axis
 *           change only when its index does, so they are kept while the inner ones run.
 * Positions (in double; s = scale, n = input size, m = output size)
 *             half_pixel            (i + 1/2) / s - 1/2
 *             half_pixel_symmetric  (i + 1/2) / s - 1/2 + n / 2 (1 - m / (s n))
 *             pytorch_half_pixel    the same as half_pixel, 0 if m = 1
 *             align_corners         i (n - 1) / (m - 1), 0 if m = 1
 *             asymmetric            i / s
 *             tf_half_pixel_for_nn  (i + 1/2) / s
 * Edges     taps outside take the edge's element; exclude_outside drops them and rescales the rest.
 * Tests     tests/unit/test_kernels_resize.c
 */
#include "dovetail/kernels.h"
#include "tensor/nest_int.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { MOST_TAPS = 4 };

/* What one output index reads along one axis. */
typedef struct tap_set {
    int     count;
    int64_t offset[MOST_TAPS]; /* elements into x */
    double  weight[MOST_TAPS];
} tap_set;

typedef struct resampler {
    const dvt_resize_params *p;
    int32_t                  rank;
    int64_t                  in[DVT_MAX_RANK], out[DVT_MAX_RANK], stride[DVT_MAX_RANK];
    tap_set                  taps[DVT_MAX_RANK];
} resampler;

/* ---- one axis ------------------------------------------------------------------------------ */

static double scale_of(const resampler *r, int32_t axis)
{
    float scale = r->p->scale[axis];

    return scale != 0 ? (double)scale : (double)r->out[axis] / (double)r->in[axis];
}

static double position(const resampler *r, int32_t axis, int64_t i)
{
    double s = scale_of(r, axis), n = (double)r->in[axis], m = (double)r->out[axis], at = (double)i;

    switch (r->p->coord) {
    case DVT_COORD_HALF_PIXEL: return (at + 0.5) / s - 0.5;
    case DVT_COORD_HALF_PIXEL_SYMMETRIC:
        return (at + 0.5) / s - 0.5 + n / 2 * (1 - m / (s * n));
    case DVT_COORD_PYTORCH_HALF_PIXEL: return m > 1 ? (at + 0.5) / s - 0.5 : 0;
    case DVT_COORD_ALIGN_CORNERS: return m > 1 ? at * (n - 1) / (m - 1) : 0;
    case DVT_COORD_ASYMMETRIC: return at / s;
    case DVT_COORD_TF_HALF_PIXEL_FOR_NN: return (at + 0.5) / s;
    case DVT_COORD_COUNT: break;
    }
    assert(false && "unknown coordinate mode");
    return at;
}

static double nearest_index(dvt_nearest_mode mode, double at)
{
    switch (mode) {
    case DVT_NEAREST_ROUND_PREFER_FLOOR: return ceil(at - 0.5);
    case DVT_NEAREST_ROUND_PREFER_CEIL: return floor(at + 0.5);
    case DVT_NEAREST_CEIL: return ceil(at);
    case DVT_NEAREST_FLOOR:
    case DVT_NEAREST_COUNT: break;
    }
    return floor(at);
}

/* Keys's kernel with parameter a: weights of the taps at -1, 0, 1, 2 around floor(at). */
static void cubic_weights(double t, double a, double w[MOST_TAPS])
{
    double u = 1 - t;

    w[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
    w[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
    w[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
    w[3] = ((a * (u + 1) - 5 * a) * (u + 1) + 8 * a) * (u + 1) - 4 * a;
}

/* Weights of taps outside [0, n) to 0, the others rescaled to the sum 1. */
static void drop_outside(tap_set *t, double first, int64_t n)
{
    double sum = 0;

    for (int i = 0; i < t->count; i++) {
        if (first + i < 0 || first + i > (double)(n - 1))
            t->weight[i] = 0;
        sum += t->weight[i];
    }
    for (int i = 0; i < t->count; i++)
        t->weight[i] /= sum;
}

static tap_set taps_at(const resampler *r, int32_t axis, int64_t i)
{
    tap_set t = {.count = 1, .weight = {1}};
    int64_t n = r->in[axis];
    double  at, first;

    if (n == r->out[axis] && scale_of(r, axis) == 1) {
        t.offset[0] = i * r->stride[axis];
        return t;
    }
    at = position(r, axis, i);
    first = r->p->mode == DVT_RESIZE_NEAREST ? nearest_index(r->p->nearest, at) : floor(at);
    if (r->p->mode == DVT_RESIZE_LINEAR) {
        t.count = 2;
        t.weight[1] = at - first;
        t.weight[0] = 1 - t.weight[1];
    } else if (r->p->mode == DVT_RESIZE_CUBIC) {
        t.count = MOST_TAPS;
        cubic_weights(at - first, (double)r->p->cubic_a, t.weight);
        first -= 1;
    }
    if (r->p->exclude_outside && r->p->mode == DVT_RESIZE_CUBIC)
        drop_outside(&t, first, n);
    for (int k = 0; k < t.count; k++)
        t.offset[k] = (int64_t)fmin(fmax(first + k, 0), (double)(n - 1)) * r->stride[axis];
    return t;
}

/* ---- all axes ------------------------------------------------------------------------------ */

/* Sum over the taps of axes [axis, rank). */
static double sample(const resampler *r, int32_t axis, const float *x)
{
    const tap_set *t = &r->taps[axis];
    double         sum = 0;

    if (axis == r->rank)
        return (double)*x;
    if (t->count == 1)
        return sample(r, axis + 1, x + t->offset[0]);
    for (int i = 0; i < t->count; i++) {
        if (t->weight[i] != 0)
            sum += t->weight[i] * sample(r, axis + 1, x + t->offset[i]);
    }
    return sum;
}

static void write_element(const resampler *r, size_t size, const dvt_tensor *x, const dvt_tensor *y,
                          int64_t at)
{
    int64_t from = 0;

    if (r->p->mode != DVT_RESIZE_NEAREST) {
        ((float *)y->data)[at] = (float)sample(r, 0, x->data);
        return;
    }
    for (int32_t i = 0; i < r->rank; i++)
        from += r->taps[i].offset[0];
    memcpy((uint8_t *)y->data + (size_t)at * size, (const uint8_t *)x->data + (size_t)from * size,
           size);
}

bool dvt_resize_supports(dvt_resize mode, dvt_dtype dtype)
{
    return mode == DVT_RESIZE_NEAREST ? dvt_dtype_bytes(dtype) > 0 : dtype == DVT_DTYPE_F32;
}

void dvt_resize_apply(const dvt_resize_params *p, const dvt_tensor *x, const dvt_tensor *y)
{
    resampler r = {.p = p, .rank = x->shape.rank};
    int64_t   index[DVT_MAX_RANK] = {0}, count = dvt_shape_count(&y->shape);
    size_t    size = dvt_dtype_bytes(x->dtype);

    if (count == 0)
        return;
    dvti_strides(&x->shape, r.stride);
    for (int32_t i = 0; i < r.rank; i++) {
        r.in[i] = x->shape.dim[i];
        r.out[i] = y->shape.dim[i];
        r.taps[i] = taps_at(&r, i, 0);
    }
    for (int64_t at = 0; at < count; at++) {
        write_element(&r, size, x, y, at);
        for (int32_t i = r.rank - 1; i >= 0; i--) {
            index[i] = index[i] + 1 < r.out[i] ? index[i] + 1 : 0;
            r.taps[i] = taps_at(&r, i, index[i]);
            if (index[i] != 0)
                break;
        }
    }
}
