/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_layers_conv.c - layers with sliding windows and dense products.
 *
 * Idea      Caffe writes a window in two ways: kernel_size, pad, stride, dilation (one number for
 *           all spatial dimensions or one for each), or kernel_h and kernel_w and so on, for two
 *           dimensions only. Either but not both.
 * Pooling   sizes are rounded up, and the last window must start inside the image or its lower pad
 *           (the rule of the operator's ceil_mode). Caffe leaves out that clipping where there is
 *           no pad, so that a stride above the kernel can put a whole window outside: such a layer
 *           gives undefined values in Caffe and is refused here. Averages divide by the window
 *           clipped to the padded image (DVT_AVG_COUNT_PADDED).
 * Tests     tests/unit/test_caffe_layers.c
 */
#include "formats/caffe_int.h"

#include <inttypes.h>
#include <string.h>

/* ---- windows ------------------------------------------------------------------------------- */

typedef struct window_field {
    const char *all, *h, *w;
    int64_t     otherwise, min; /* otherwise -1: must be given */
} window_field;

static const window_field KERNEL = {"kernel_size", "kernel_h", "kernel_w", -1, 1};
static const window_field PAD = {"pad", "pad_h", "pad_w", 0, 0};
static const window_field STRIDE = {"stride", "stride_h", "stride_w", 1, 1};
static const window_field DILATION = {"dilation", "", "", 1, 1};

static void read_window_field(dvti_caffe_op *op, dvti_pt *p, const window_field *wf,
                              int32_t spatial, dvt_ints *out)
{
    bool    pair = dvti_pt_find(p, wf->h) || dvti_pt_find(p, wf->w);
    int32_t n = dvti_pt_i64s(op->r, p, wf->all, wf->min, INT32_MAX, out->v, DVT_MAX_RANK);

    if (pair && n > 0) {
        dvti_caffe_fail(op, DVT_E_PARSE, "both '%s' and '%s' are given", wf->all, wf->h);
    } else if (pair && spatial != 2) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "'%s' needs an image of 2 spatial dimensions", wf->h);
    } else if (pair) {
        out->v[0] = dvti_pt_i64(op->r, p, wf->h, wf->otherwise, wf->min, INT32_MAX);
        out->v[1] = dvti_pt_i64(op->r, p, wf->w, wf->otherwise, wf->min, INT32_MAX);
        n = 2;
    } else if (n == 0) {
        out->v[n++] = wf->otherwise;
    }
    if (n != 1 && n != spatial) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "'%s' has %d numbers for %d spatial dimensions", wf->all,
                        (int)n, (int)spatial);
        return;
    }
    for (out->n = n; out->n < spatial; out->n++) {
        out->v[out->n] = out->v[0];
    }
    for (int32_t i = 0; i < spatial; i++) {
        if (out->v[i] < 0) {
            dvti_caffe_fail(op, DVT_E_PARSE, "field '%s' is missing", wf->all);
        }
    }
}

static void read_window(dvti_caffe_op *op, dvti_pt *p, int32_t spatial, dvt_window_attrs *win)
{
    read_window_field(op, p, &KERNEL, spatial, &win->kernel);
    read_window_field(op, p, &PAD, spatial, &win->pad_lo);
    read_window_field(op, p, &STRIDE, spatial, &win->stride);
    win->pad_hi = win->pad_lo;
}

/* Bottom 0 as an image; 0 spatial dimensions after a failure. */
static int32_t spatial_of(dvti_caffe_op *op, int32_t bottom)
{
    const dvt_shape *x = dvti_caffe_shape(op, bottom);

    if (x->rank < 3 || x->rank > 5) {
        dvti_caffe_fail(op, DVT_E_SHAPE,
                        "its input has %d dimensions, an image (N,C,H,W) is needed", (int)x->rank);
        return 0;
    }
    return x->rank - 2;
}

/* ---- convolution --------------------------------------------------------------------------- */

typedef struct conv_layer {
    dvt_attrs attrs;
    int64_t   outputs;
    bool      bias, transposed;
} conv_layer;

static void read_conv(dvti_caffe_op *op, bool depthwise, conv_layer *c)
{
    dvti_pt         *p = dvti_pt_message(op->r, op->pt, "convolution_param");
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    int32_t          spatial = spatial_of(op, 0);

    if (!p) {
        dvti_caffe_fail(op, DVT_E_PARSE, "field 'convolution_param' is missing");
    }
    if (!dvti_caffe_ok(op)) {
        return;
    }
    c->attrs = dvt_op_default_attrs(c->transposed ? DVT_OP_CONV_TRANSPOSE : DVT_OP_CONV, spatial);
    read_window(op, p, spatial, &c->attrs.conv.win);
    read_window_field(op, p, &DILATION, spatial, &c->attrs.conv.win.dilation);
    c->bias = dvti_pt_bool(op->r, p, "bias_term", true);
    c->outputs = dvti_pt_i64(op->r, p, "num_output", depthwise ? x->dim[1] : 0, 1, INT32_MAX);
    c->attrs.conv.groups = dvti_pt_i64(op->r, p, "group", depthwise ? x->dim[1] : 1, 1, INT32_MAX);
    if (depthwise) {
        c->attrs.conv.groups = x->dim[1]; /* what these layers do whatever `group` says */
    }
    if (dvti_caffe_axis(op, p, "axis", 1, x->rank, false) != 1) {
        dvti_caffe_fail(op, DVT_E_UNSUPPORTED, "only axis 1 holds channels here");
    }
    if (c->outputs == 0) {
        dvti_caffe_fail(op, DVT_E_PARSE, "field 'num_output' is missing");
    } else if (x->dim[1] % c->attrs.conv.groups || c->outputs % c->attrs.conv.groups) {
        dvti_caffe_fail(op, DVT_E_SHAPE,
                        "%" PRId64 " input and %" PRId64
                        " output channels do not divide into %" PRId64 " groups",
                        x->dim[1], c->outputs, c->attrs.conv.groups);
    }
}

static void add_conv(dvti_caffe_op *op, const conv_layer *c)
{
    const dvt_conv_attrs *a = &c->attrs.conv;
    int64_t               channels = dvti_caffe_ok(op) ? dvti_caffe_shape(op, 0)->dim[1] : 0;
    dvt_shape             w = {.rank = a->win.kernel.n + 2}, b = DVT_SHAPE(c->outputs);

    if (!dvti_caffe_ok(op)) {
        return;
    }
    w.dim[0] = c->transposed ? channels : c->outputs;
    w.dim[1] = (c->transposed ? c->outputs : channels) / a->groups;
    memcpy(&w.dim[2], a->win.kernel.v, (size_t)a->win.kernel.n * sizeof w.dim[0]);
    dvt_value_id in[3] = {DVT_NO_VALUE, dvti_caffe_param(op, "weight", &w), DVT_NO_VALUE};
    if (c->bias) {
        in[2] = dvti_caffe_param(op, "bias", &b);
    }
    /* several bottoms go through the same weights, each to its own top */
    for (int32_t i = 0; i < op->in_count; i++) {
        in[0] = op->in[i];
        dvti_caffe_top(op, i, c->transposed ? DVT_OP_CONV_TRANSPOSE : DVT_OP_CONV, &c->attrs, in,
                       c->bias ? 3 : 2);
    }
}

static void import_conv(dvti_caffe_op *op, bool transposed, bool depthwise)
{
    conv_layer c = {.transposed = transposed};

    if (op->in_count != op->out_count) {
        dvti_caffe_fail(op, DVT_E_PARSE, "it has %d bottoms and %d tops", (int)op->in_count,
                        (int)op->out_count);
        return;
    }
    read_conv(op, depthwise, &c);
    add_conv(op, &c);
}

void dvti_caffe_import_convolution(dvti_caffe_op *op) { import_conv(op, false, false); }
void dvti_caffe_import_depthwise(dvti_caffe_op *op) { import_conv(op, false, true); }
void dvti_caffe_import_deconvolution(dvti_caffe_op *op) { import_conv(op, true, false); }

/* ---- dense --------------------------------------------------------------------------------- */

void dvti_caffe_import_inner_product(dvti_caffe_op *op)
{
    dvti_pt         *p = dvti_pt_message(op->r, op->pt, "inner_product_param");
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    int64_t          outputs = dvti_pt_i64(op->r, p, "num_output", 0, 1, INT32_MAX);
    bool             bias = dvti_pt_bool(op->r, p, "bias_term", true);
    bool             transpose = dvti_pt_bool(op->r, p, "transpose", false);
    int32_t          axis = dvti_caffe_axis(op, p, "axis", 1, x->rank, false);
    int64_t          inputs = dvt_shape_count_range(x, axis, x->rank);
    dvt_shape        w = transpose ? DVT_SHAPE(inputs, outputs) : DVT_SHAPE(outputs, inputs);
    dvt_shape        b = DVT_SHAPE(outputs);
    dvt_attrs        a = {.dense = {axis}}, swap = {.transpose = {{.n = 2, .v = {1, 0}}}};

    if (outputs == 0) {
        dvti_caffe_fail(op, DVT_E_PARSE, "field 'num_output' is missing");
    }
    dvt_value_id in[3] = {op->in[0], dvti_caffe_param(op, "weight", &w), DVT_NO_VALUE};
    if (transpose) {
        in[1] = dvti_caffe_inner(op, "transpose", DVT_OP_TRANSPOSE, &swap, &in[1], 1);
    }
    if (bias) {
        in[2] = dvti_caffe_param(op, "bias", &b);
    }
    dvti_caffe_top(op, 0, DVT_OP_DENSE, &a, in, bias ? 3 : 2);
}

/* ---- pooling ------------------------------------------------------------------------------- */

/* Without any pad Caffe does not clip: a window behind the image would be empty. */
static void check_last_window(dvti_caffe_op *op, const dvt_pool_attrs *a)
{
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    bool             padded = false;

    for (int32_t i = 0; i < a->win.kernel.n; i++) {
        padded = padded || a->win.pad_lo.v[i] > 0;
    }
    for (int32_t i = 0; i < a->win.kernel.n && a->ceil_mode && !padded; i++) {
        int64_t free = x->dim[i + 2] - a->win.kernel.v[i], stride = a->win.stride.v[i];
        if (free >= 0 && (free + stride - 1) / stride * stride >= x->dim[i + 2]) {
            dvti_caffe_fail(op, DVT_E_UNSUPPORTED,
                            "its last window lies outside of the image (size %" PRId64
                            ", kernel %" PRId64 ", stride %" PRId64
                            "), where Caffe's values are undefined",
                            x->dim[i + 2], a->win.kernel.v[i], stride);
        }
    }
}

static bool read_round_up(dvti_caffe_op *op, dvti_pt *p)
{
    static const char *const modes[] = {"CEIL", "FLOOR"};
    bool                     up = dvti_pt_enum(op->r, p, "round_mode", modes, 2, 0) == 0;

    return dvti_pt_bool(op->r, p, "ceil_mode", up); /* the older forks' name for it */
}

void dvti_caffe_import_pooling(dvti_caffe_op *op)
{
    static const char *const kinds[] = {"MAX", "AVE", "STOCHASTIC"};
    dvti_pt                 *p = dvti_pt_message(op->r, op->pt, "pooling_param");
    int32_t                  kind = dvti_pt_enum(op->r, p, "pool", kinds, 3, 0);
    int32_t                  spatial = spatial_of(op, 0);
    bool                     global = dvti_pt_bool(op->r, p, "global_pooling", false);
    dvt_attrs a = dvt_op_default_attrs(global ? DVT_OP_GLOBAL_POOL : DVT_OP_POOL, spatial);

    if (kind == 2) {
        dvti_caffe_fail(op, DVT_E_UNSUPPORTED, "stochastic pooling is not supported");
    }
    a.pool.kind = kind == 1 ? DVT_POOL_AVG : DVT_POOL_MAX;
    if (global) {
        bool up = read_round_up(op, p);
        (void)up; /* one window: nothing to round */
        if (dvti_pt_i64(op->r, p, "stride", 1, 1, 1) == 1 &&
            dvti_pt_i64(op->r, p, "pad", 0, 0, 0) == 0) {
            dvti_caffe_top(op, 0, DVT_OP_GLOBAL_POOL, &a, op->in, 1);
        }
        return;
    }
    if (!dvti_caffe_ok(op)) {
        return;
    }
    read_window(op, p, spatial, &a.pool.win);
    a.pool.avg_count = DVT_AVG_COUNT_PADDED;
    a.pool.ceil_mode = read_round_up(op, p);
    check_last_window(op, &a.pool);
    dvti_caffe_top(op, 0, DVT_OP_POOL, &a, op->in, 1);
}

/* V0 only: zeros around the image, for the convolution behind it. */
void dvti_caffe_import_padding(dvti_caffe_op *op)
{
    dvti_pt         *p = dvti_pt_message(op->r, op->pt, "padding_param");
    int64_t          pad = dvti_pt_i64(op->r, p, "pad", 0, 0, INT32_MAX);
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    dvt_attrs        a = {.pad = {.mode = DVT_PAD_CONSTANT}};

    a.pad.pad_lo.n = x->rank;
    for (int32_t i = 2; i < x->rank; i++) {
        a.pad.pad_lo.v[i] = pad;
    }
    a.pad.pad_hi = a.pad.pad_lo;
    dvti_caffe_top(op, 0, DVT_OP_PAD, &a, op->in, 1);
}
