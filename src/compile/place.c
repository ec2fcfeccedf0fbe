/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place.c - which nodes may run on an overlay, and for the others the reason why not.
 *
 * Idea      A node is judged by itself: its operator, attributes, types, constants and sizes
 *           against the overlay's kernels and limits. That every judgement is local keeps reasons
 *           understandable; what neighbours add (layouts, fusion) is decided later and never turns
 *           a supported node into an unsupported one.
 * Limits    Feature maps are float32 with one image: (1,C,H,W), (1,C,W) or (1,C).
 * Tests     tests/unit/test_place.c
 */
#include "compile/compile_int.h"

#include <assert.h>
#include <stdio.h>

enum {
    REDUCTION_MAX = 65535, /* products per result (docs/numerics-overlay.md section 2) */
    DIM_MAX = 32767,       /* coordinates are 16 bits, signed */
    PAGE_MAX = 65535
};

#define NO(...) (snprintf(reason, size, __VA_ARGS__), false)

bool dvti_map_shape(const dvt_value *v, int32_t *c, int32_t *h, int32_t *w)
{
    const dvt_shape *s = &v->shape;

    if (v->dtype != DVT_DTYPE_F32 || s->rank < 2 || s->rank > 4 || s->dim[0] != 1) {
        return false;
    }
    for (int32_t i = 1; i < s->rank; i++) {
        if (s->dim[i] < 1 || s->dim[i] > (i == 1 ? PAGE_MAX : DIM_MAX)) {
            return false;
        }
    }
    *c = (int32_t)s->dim[1];
    *h = s->rank == 4 ? (int32_t)s->dim[2] : 1;
    *w = s->rank == 4 ? (int32_t)s->dim[3] : s->rank == 3 ? (int32_t)s->dim[2] : 1;
    return true;
}

dvt_value_id dvti_view_source(const dvt_graph *g, dvt_value_id v)
{
    for (;;) {
        const dvt_value *val = dvt_graph_value(g, v);
        const dvt_node  *n;
        if (val->kind != DVT_VALUE_NODE) {
            return v;
        }
        n = dvt_graph_node(g, val->producer);
        if (n->op != DVT_OP_RESHAPE && n->op != DVT_OP_IDENTITY) {
            return v;
        }
        v = n->inputs[0];
    }
}

/* The entry of dimension `i` of a 1- or 2-dimensional window: 0 row, 1 column. */
static int32_t entry(const dvt_ints *l, int i, int32_t none)
{
    int32_t at = i - (2 - l->n);
    return at < 0 ? none : (int32_t)l->v[at];
}

dvti_window dvti_window_of(const dvt_window_attrs *a)
{
    return (dvti_window){
        .r = entry(&a->kernel, 0, 1),
        .s = entry(&a->kernel, 1, 1),
        .stride_h = entry(&a->stride, 0, 1),
        .stride_w = entry(&a->stride, 1, 1),
        .dil_h = entry(&a->dilation, 0, 1),
        .dil_w = entry(&a->dilation, 1, 1),
        .pad_h = entry(&a->pad_lo, 0, 0),
        .pad_w = entry(&a->pad_lo, 1, 0),
    };
}

static bool window_fits(const dvt_window_attrs *a, char *reason, size_t size)
{
    assert(a->kernel.n <= 2); /* a feature map has no more (dvti_map_shape) */
    for (int32_t i = 0; i < a->kernel.n; i++) {
        if (a->pad_lo.v[i] > DIM_MAX / 4 || a->stride.v[i] > DIM_MAX / 64 ||
            a->kernel.v[i] > DIM_MAX / 4 / a->dilation.v[i]) {
            return NO("window, stride or padding beyond 16-bit coordinates");
        }
    }
    return true;
}

static bool is_const(const dvt_graph *g, dvt_value_id v)
{
    dvt_tensor t;
    return v.i >= 0 && dvt_graph_const(g, v, &t);
}

/* Rows of the smallest slice must fit into the stream buffer. */
static bool rows_fit(const dvt_overlay *o, int32_t c, int32_t h, int32_t w, int32_t rows_needed,
                     char *reason, size_t size)
{
    dvt_overlay_derived d;
    int64_t             blocks = (c + o->c_vec - 1) / o->c_vec;
    int64_t             words;

    dvt_overlay_derive(o, &d);
    if (rows_needed > h) {
        rows_needed = h;
    }
    words = blocks * rows_needed * w;
    if (words > d.stream_buffer_words) {
        return NO("%d input rows need %lld words, the stream buffer has %lld", rows_needed,
                  (long long)words, (long long)d.stream_buffer_words);
    }
    return true;
}

static bool linked(const dvt_overlay *o, dvt_kernel from, dvt_kernel to)
{
    return (o->connect[from] >> to & 1u) != 0;
}

/* What any program may need: results of the array and relayouts, copies and stores. */
static bool paths_exist(const dvt_overlay *o, char *reason, size_t size)
{
    if (!linked(o, DVT_KERNEL_ARRAY, DVT_KERNEL_SCALE) ||
        !linked(o, DVT_KERNEL_SCALE, DVT_KERNEL_WRITE)) {
        return NO("the crossbar does not lead from array over scale to write");
    }
    if (!linked(o, DVT_KERNEL_SREAD, DVT_KERNEL_WRITE)) {
        return NO("the crossbar does not lead from sread to write");
    }
    return true;
}

/* Can a trip consist of this kernel alone? */
static bool kernel_exists(const dvt_overlay *o, dvt_kernel k, char *reason, size_t size)
{
    if (!dvt_overlay_has(o, k)) {
        return NO("this overlay has no kernel '%s'", dvt_kernel_name(k));
    }
    if (!linked(o, DVT_KERNEL_SREAD, k) || !linked(o, k, DVT_KERNEL_WRITE)) {
        return NO("the crossbar does not lead from sread over %s to write", dvt_kernel_name(k));
    }
    return true;
}

static bool place_conv(const dvt_overlay *o, const dvt_graph *g, const dvt_node *n, int32_t c,
                       int32_t h, int32_t w, char *reason, size_t size)
{
    const dvt_conv_attrs *a = &n->attrs.conv;
    dvti_window           win;
    int64_t               products;

    if (!window_fits(&a->win, reason, size)) {
        return false;
    }
    if (!is_const(g, n->inputs[1]) ||
        (n->input_count > 2 && n->inputs[2].i >= 0 && !is_const(g, n->inputs[2]))) {
        return NO("weights are computed at run time");
    }
    win = dvti_window_of(&a->win);
    products = (int64_t)(c / a->groups) * win.r * win.s;
    if (products > REDUCTION_MAX) {
        return NO("%lld products per result, the accumulator is proved for %d", (long long)products,
                  REDUCTION_MAX);
    }
    if ((int64_t)win.r * win.s > o->filter_cache_words) {
        return NO("a %dx%d filter exceeds the filter cache of %d words", win.r, win.s,
                  o->filter_cache_words);
    }
    return rows_fit(o, c, h, w, (win.r - 1) * win.dil_h + 1 + (o->p_vec - 1) * win.stride_h, reason,
                    size);
}

static bool place_dense(const dvt_overlay *o, const dvt_graph *g, const dvt_node *n, char *reason,
                        size_t size)
{
    const dvt_value *src = dvt_graph_value(g, dvti_view_source(g, n->inputs[0]));
    const dvt_value *in = dvt_graph_value(g, n->inputs[0]);
    int32_t          c, h, w;

    if (!is_const(g, n->inputs[1]) ||
        (n->input_count > 2 && n->inputs[2].i >= 0 && !is_const(g, n->inputs[2]))) {
        return NO("weights are computed at run time");
    }
    if (dvt_shape_count_range(&in->shape, 0, (int32_t)n->attrs.dense.axis) != 1) {
        return NO("more than one row of features");
    }
    if (!dvti_map_shape(src, &c, &h, &w)) {
        return NO("input is not one float32 image");
    }
    if ((int64_t)c * h * w > REDUCTION_MAX) {
        return NO("%lld products per result, the accumulator is proved for %d",
                  (long long)((int64_t)c * h * w), REDUCTION_MAX);
    }
    if ((int64_t)h * w > o->filter_cache_words) {
        return NO("a %dx%d filter exceeds the filter cache of %d words", h, w,
                  o->filter_cache_words);
    }
    return rows_fit(o, c, h, w, h, reason, size);
}

/* The three ways to count agree where no window reaches past the padding (PADDED) or the image
 * (VALID); and without padding the clipped window is what is inside. */
dvti_divisor dvti_pool_divisor(const dvt_graph *g, const dvt_node *n)
{
    const dvt_window_attrs *a = &n->attrs.pool.win;
    const dvt_shape        *in = &dvt_graph_value(g, n->inputs[0])->shape;
    const dvt_shape        *out = &dvt_graph_value(g, n->outputs[0])->shape;
    bool                    past_padding = false, pads = false;

    for (int32_t i = 0; i < a->kernel.n; i++) {
        int64_t last =
            (out->dim[2 + i] - 1) * a->stride.v[i] + (a->kernel.v[i] - 1) * a->dilation.v[i] + 1;
        past_padding |= last > in->dim[2 + i] + a->pad_lo.v[i] + a->pad_hi.v[i];
        pads |= a->pad_lo.v[i] > 0 || a->pad_hi.v[i] > 0;
    }
    switch (n->attrs.pool.avg_count) {
    case DVT_AVG_COUNT_VALID:
        return pads || past_padding ? DVTI_DIVISOR_VALID : DVTI_DIVISOR_KERNEL;
    case DVT_AVG_COUNT_PADDED:
        return !past_padding ? DVTI_DIVISOR_KERNEL
               : pads        ? DVTI_DIVISOR_BORDERS
                             : DVTI_DIVISOR_VALID;
    default: return DVTI_DIVISOR_KERNEL;
    }
}

static bool place_pool(const dvt_overlay *o, const dvt_graph *g, const dvt_node *n, int32_t c,
                       int32_t h, int32_t w, char *reason, size_t size)
{
    const dvt_pool_attrs *a = &n->attrs.pool;
    bool                  global = n->op == DVT_OP_GLOBAL_POOL;
    dvti_divisor          divisor = DVTI_DIVISOR_KERNEL;
    int64_t               count;
    dvti_window           win = {.r = h, .s = w, .stride_h = 1, .dil_h = 1};

    if (!kernel_exists(o, DVT_KERNEL_POOL, reason, size)) {
        return false;
    }
    if (a->kind == DVT_POOL_LP) {
        return NO("the pooling kernel does maximum and average");
    }
    if (!global) {
        if (!window_fits(&a->win, reason, size)) {
            return false;
        }
        win = dvti_window_of(&a->win);
        if (a->kind == DVT_POOL_AVG) {
            divisor = dvti_pool_divisor(g, n);
        }
        if (divisor == DVTI_DIVISOR_BORDERS) {
            return NO(
                "average over windows that reach past the padding has a divisor for each border");
        }
    }
    count = (int64_t)win.r * win.s;
    if (count > PAGE_MAX) {
        return NO("a window of %lld exceeds the pooling kernel's %d", (long long)count, PAGE_MAX);
    }
    if (divisor == DVTI_DIVISOR_VALID && count > o->pool_window_max) {
        return NO("an average over the valid ones of %lld, the kernel knows reciprocals up to %d",
                  (long long)count, o->pool_window_max);
    }
    return rows_fit(o, c, h, w, (win.r - 1) * win.dil_h + 1 + (o->p_vec - 1) * win.stride_h, reason,
                    size);
}

static bool place_lrn(const dvt_overlay *o, const dvt_node *n, int32_t c, int32_t h, int32_t w,
                      char *reason, size_t size)
{
    const dvt_lrn_attrs *a = &n->attrs.lrn;

    if (!kernel_exists(o, DVT_KERNEL_LRN, reason, size)) {
        return false;
    }
    if (o->function_tables < 1) {
        return NO("this overlay has no function tables");
    }
    if (a->within_channel) {
        return NO("normalisation within channels");
    }
    if (a->size % 2 == 0 || a->size > o->lrn_size_max) {
        return NO("a window of %lld channels, the kernel has odd ones up to %d", (long long)a->size,
                  o->lrn_size_max);
    }
    if (a->k <= 0.0f || a->alpha < 0.0f) {
        return NO("k and alpha must be positive");
    }
    if (o->k_vec % o->c_vec != 0) {
        return NO("channel neighbours need k_vec to be a multiple of c_vec");
    }
    return rows_fit(o, c, h, w, 1, reason, size);
}

static bool place_unary(const dvt_overlay *o, const dvt_node *n, char *reason, size_t size)
{
    switch (n->attrs.unary.fn) {
    case DVT_UNARY_RELU:
    case DVT_UNARY_LEAKY_RELU:
    case DVT_UNARY_CLIP: break;
    case DVT_UNARY_ELU:
    case DVT_UNARY_SIGMOID:
    case DVT_UNARY_TANH:
        if (o->function_tables < 1) {
            return NO("this overlay has no function tables");
        }
        break;
    default:
        return NO("function '%s' is not in the activation kernel",
                  dvt_unary_name(n->attrs.unary.fn));
    }
    return kernel_exists(o, DVT_KERNEL_ACT, reason, size);
}

/* Constants that hold one value per channel, or one for all. */
static bool place_affine(const dvt_overlay *o, const dvt_graph *g, const dvt_node *n, int32_t c,
                         char *reason, size_t size)
{
    if (!kernel_exists(o, DVT_KERNEL_SCALE, reason, size)) {
        return false;
    }
    if (n->op != DVT_OP_BATCH_NORM && n->attrs.axis.axis != 1) {
        return NO("factors along axis %lld, the kernel has one per channel",
                  (long long)n->attrs.axis.axis);
    }
    for (int32_t i = 1; i < n->input_count; i++) {
        dvt_tensor t;
        if (n->inputs[i].i < 0) {
            continue;
        }
        if (!dvt_graph_const(g, n->inputs[i], &t) || t.dtype != DVT_DTYPE_F32 ||
            dvt_shape_count(&t.shape) != c) {
            return NO("factors are not one constant per channel");
        }
    }
    return true;
}

static bool place_eltwise(const dvt_overlay *o, const dvt_graph *g, const dvt_node *n, char *reason,
                          size_t size)
{
    const dvt_value *out = dvt_graph_value(g, n->outputs[0]);

    if (!kernel_exists(o, DVT_KERNEL_ELT, reason, size)) {
        return false;
    }
    if (n->op == DVT_OP_BINARY) {
        dvt_binary fn = n->attrs.binary.fn2;
        if (fn != DVT_BINARY_ADD && fn != DVT_BINARY_MUL && fn != DVT_BINARY_MAX) {
            return NO("function '%s' is not in the element-wise kernel", dvt_binary_name(fn));
        }
    } else if (n->attrs.nary.fnn == DVT_NARY_MEAN || n->attrs.nary.fnn == DVT_NARY_MIN) {
        return NO("function '%s' is not in the element-wise kernel",
                  dvt_nary_name(n->attrs.nary.fnn));
    }
    for (int32_t i = 0; i < n->input_count; i++) {
        const dvt_value *v = dvt_graph_value(g, n->inputs[i]);
        if (v->kind == DVT_VALUE_CONST) {
            return NO("an operand is a constant of its own shape");
        }
        if (!dvt_shape_equal(&v->shape, &out->shape)) {
            return NO("operands of different shapes");
        }
    }
    return true;
}

static bool place_prelu(const dvt_overlay *o, const dvt_graph *g, const dvt_node *n, int32_t c,
                        char *reason, size_t size)
{
    dvt_tensor t;
    int64_t    count;

    if (!kernel_exists(o, DVT_KERNEL_ACT, reason, size)) {
        return false;
    }
    if (!dvt_graph_const(g, n->inputs[1], &t) || t.dtype != DVT_DTYPE_F32) {
        return NO("slopes are computed at run time");
    }
    count = dvt_shape_count(&t.shape);
    if (count != 1) {
        const dvt_shape *x = &dvt_graph_value(g, n->inputs[0])->shape;
        bool             per_channel = count == c && t.shape.rank >= 1 && x->rank >= 2 &&
                           (t.shape.rank == 1 ? x->rank == 2 || x->dim[x->rank - 1] == 1
                                              : t.shape.rank >= x->rank - 1 &&
                                                    t.shape.dim[t.shape.rank - x->rank + 1] == c);
        if (!per_channel) {
            return NO("slopes are not one per channel");
        }
    }
    return true;
}

static bool place_concat(const dvt_graph *g, const dvt_node *n, char *reason, size_t size)
{
    if (n->attrs.axis.axis != 1) {
        return NO("concatenation along axis %lld, only channels join by address",
                  (long long)n->attrs.axis.axis);
    }
    for (int32_t i = 0; i < n->input_count; i++) {
        int32_t c, h, w;
        if (dvt_graph_value(g, n->inputs[i])->kind == DVT_VALUE_CONST) {
            return NO("an operand is a constant");
        }
        if (!dvti_map_shape(dvt_graph_value(g, n->inputs[i]), &c, &h, &w)) {
            return NO("an operand is not one float32 image");
        }
    }
    return true;
}

bool dvti_place(const dvt_overlay *o, const dvt_graph *g, dvt_node_id id, char *reason, size_t size)
{
    const dvt_node *n = dvt_graph_node(g, id);
    int32_t         c, h, w, oc, oh, ow;

    if (size) {
        reason[0] = '\0';
    }
    if (!paths_exist(o, reason, size)) {
        return false;
    }
    if (n->op == DVT_OP_DENSE) {
        return place_dense(o, g, n, reason, size);
    }
    if (n->input_count < 1 || n->output_count != 1 ||
        dvt_graph_value(g, n->inputs[0])->kind == DVT_VALUE_CONST ||
        !dvti_map_shape(dvt_graph_value(g, n->inputs[0]), &c, &h, &w) ||
        !dvti_map_shape(dvt_graph_value(g, n->outputs[0]), &oc, &oh, &ow)) {
        return NO("operand or result is not one float32 image of up to 3 dimensions");
    }
    if (!rows_fit(o, c, h, w, 1, reason, size)) {
        return false;
    }
    switch (n->op) {
    case DVT_OP_CONV: return place_conv(o, g, n, c, h, w, reason, size);
    case DVT_OP_POOL:
    case DVT_OP_GLOBAL_POOL: return place_pool(o, g, n, c, h, w, reason, size);
    case DVT_OP_LRN: return place_lrn(o, n, c, h, w, reason, size);
    case DVT_OP_BATCH_NORM:
    case DVT_OP_SCALE:
    case DVT_OP_BIAS: return place_affine(o, g, n, c, reason, size);
    case DVT_OP_UNARY: return place_unary(o, n, reason, size);
    case DVT_OP_PRELU: return place_prelu(o, g, n, c, reason, size);
    case DVT_OP_BINARY:
    case DVT_OP_NARY: return place_eltwise(o, g, n, reason, size);
    case DVT_OP_CONCAT: return place_concat(g, n, reason, size);
    default: return NO("operator '%s' has no kernel on the overlay", dvt_op_describe(n->op)->name);
    }
}

bool dvt_compile_supports(const dvt_overlay *o, const dvt_graph *g, dvt_node_id n, char *reason,
                          size_t reason_size)
{
    return dvti_place(o, g, n, reason, reason_size);
}
