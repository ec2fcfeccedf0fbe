/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_conv.c - ONNX convolutions and matrix products, and the windows that pools share.
 *
 * Windows   auto_pad becomes explicit pads here: SAME gives ceil(in / stride) outputs, the odd
 *           element of the padding behind (UPPER) or in front (LOWER). `pads` beside an auto_pad
 *           must be 0. Lists that are absent are ones and zeros.
 * Products  Gemm and MatMul stay what they are; the canonicalise pass makes `dense` of them.
 * Limits    convolutions and pools over 1 to 3 spatial dimensions (refused by the graph beyond).
 * Tests     tests/unit/test_onnx_ops.c and the ONNX operator tests (tests/onnx)
 */
#include "formats/onnx_int.h"

/* ---- windows ------------------------------------------------------------------------------- */

static void fill(dvt_ints *list, int32_t count, int64_t value)
{
    list->n = count;
    for (int32_t i = 0; i < count; i++) {
        list->v[i] = value;
    }
}

static void read_list(dvti_onnx_node *n, const char *name, int32_t count, int64_t def,
                      dvt_ints *out)
{
    if (!dvti_onnx_ints(n, name, out)) {
        fill(out, count, def);
    }
    if (out->n != count) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "attribute '%s' has %d entries, %d are needed", name,
                         (int)out->n, (int)count);
        fill(out, count, def);
    }
}

dvti_auto_pad dvti_onnx_auto_pad(dvti_onnx_node *n)
{
    static const char *const modes[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"};

    return (dvti_auto_pad)dvti_onnx_choice(n, "auto_pad", modes, 4, 0);
}

static void split_pads(dvti_onnx_node *n, int32_t spatial, dvti_auto_pad mode,
                       dvt_window_attrs *win)
{
    const DvtOnnx__Attribute *a = dvti_onnx_attr(n, "pads");
    size_t                    want = 2 * (size_t)spatial;

    fill(&win->pad_lo, spatial, 0);
    fill(&win->pad_hi, spatial, 0);
    if (!a) {
        return;
    }
    if (a->n_ints != want) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "attribute 'pads' has %zu entries, %zu are needed",
                         a->n_ints, want);
        return;
    }
    for (int32_t i = 0; i < spatial; i++) {
        win->pad_lo.v[i] = a->ints[i];
        win->pad_hi.v[i] = a->ints[spatial + i];
        if (mode != DVTI_PAD_NOTSET && (win->pad_lo.v[i] || win->pad_hi.v[i])) {
            dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attributes 'pads' and 'auto_pad' at once");
        }
    }
}

void dvti_onnx_window_lists(dvti_onnx_node *n, int32_t spatial, dvti_auto_pad mode,
                            dvt_window_attrs *win)
{
    read_list(n, "strides", spatial, 1, &win->stride);
    read_list(n, "dilations", spatial, 1, &win->dilation);
    split_pads(n, spatial, mode, win);
    for (int32_t i = 0; i < spatial; i++) {
        if (win->stride.v[i] < 1 || win->dilation.v[i] < 1 || win->kernel.v[i] < 1 ||
            win->stride.v[i] > INT32_MAX || win->dilation.v[i] > INT32_MAX ||
            win->kernel.v[i] > INT32_MAX) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "kernel %lld, stride %lld, dilation %lld cannot be",
                             (long long)win->kernel.v[i], (long long)win->stride.v[i],
                             (long long)win->dilation.v[i]);
        }
    }
}

/* `total` in two parts, the odd one behind for SAME_UPPER and in front for SAME_LOWER. */
static void share_pad(dvti_auto_pad mode, int64_t total, int64_t *lo, int64_t *hi)
{
    int64_t less = total / 2;

    *lo = mode == DVTI_PAD_SAME_LOWER ? total - less : less;
    *hi = total - *lo;
}

void dvti_onnx_window(dvti_onnx_node *n, const dvt_shape *x, dvt_window_attrs *win)
{
    dvti_auto_pad mode = dvti_onnx_auto_pad(n);

    dvti_onnx_window_lists(n, x->rank - 2, mode, win);
    if (n->st != DVT_OK || (mode != DVTI_PAD_SAME_UPPER && mode != DVTI_PAD_SAME_LOWER)) {
        return;
    }
    for (int32_t i = 0; i < win->kernel.n; i++) {
        int64_t in = x->dim[i + 2], stride = win->stride.v[i];
        int64_t out = in / stride + (in % stride != 0);
        int64_t reach = (win->kernel.v[i] - 1) * win->dilation.v[i] + 1;
        int64_t total = (out - 1) * stride + reach - in;
        share_pad(mode, total > 0 ? total : 0, &win->pad_lo.v[i], &win->pad_hi.v[i]);
    }
}

/* kernel_shape, or the weight's size where it is left out. False: refused. */
static bool conv_kernel(dvti_onnx_node *n, const dvt_shape *x, const dvt_shape *w, dvt_ints *kernel)
{
    if (n->st == DVT_OK && (x->rank < 3 || w->rank != x->rank)) {
        char xt[DVT_SHAPE_TEXT], wt[DVT_SHAPE_TEXT];
        return dvti_onnx_refuse(n, DVT_E_SHAPE, "input %s and weight %s do not fit each other",
                                dvt_shape_text(x, xt), dvt_shape_text(w, wt));
    }
    if (!dvti_onnx_ints(n, "kernel_shape", kernel)) {
        for (int32_t i = 2; i < w->rank; i++) {
            kernel->v[kernel->n++] = w->dim[i];
        }
    }
    if (n->st == DVT_OK && kernel->n != x->rank - 2) {
        return dvti_onnx_refuse(n, DVT_E_SHAPE,
                                "attribute 'kernel_shape' has %d entries, %d are needed",
                                (int)kernel->n, (int)x->rank - 2);
    }
    return n->st == DVT_OK;
}

/* ---- convolution --------------------------------------------------------------------------- */

static void end_with_bias(dvti_onnx_node *n, dvt_op op, const dvt_attrs *a, dvt_value_id x,
                          dvt_value_id w)
{
    dvt_value_id bias = dvti_onnx_opt(n, 2);

    dvti_onnx_end(n, op, a, (const dvt_value_id[]){x, w, bias}, bias.i < 0 ? 2 : 3);
}

void dvti_onnx_conv(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), w = dvti_onnx_in(n, 1);
    dvt_shape    xs = dvti_onnx_shape_of(n, x), ws = dvti_onnx_shape_of(n, w);
    dvt_attrs    a = {.conv = {.groups = dvti_onnx_int(n, "group", 1)}};

    if (!conv_kernel(n, &xs, &ws, &a.conv.win.kernel)) {
        return;
    }
    dvti_onnx_window(n, &xs, &a.conv.win);
    end_with_bias(n, DVT_OP_CONV, &a, x, w);
}

/* Sizes of the output without pads and without output_padding. */
static int64_t full_size(const dvt_window_attrs *win, const dvt_shape *x, int32_t i)
{
    return (x->dim[i + 2] - 1) * win->stride.v[i] + (win->kernel.v[i] - 1) * win->dilation.v[i] + 1;
}

/* Pads that give the wanted output; where it is larger than all there is, the output is padded. */
static void pads_for_output(dvti_onnx_node *n, dvti_auto_pad mode, const dvt_shape *x,
                            const dvt_ints *want, dvt_conv_attrs *a)
{
    dvti_auto_pad share = mode == DVTI_PAD_SAME_UPPER ? DVTI_PAD_SAME_UPPER : DVTI_PAD_SAME_LOWER;

    for (int32_t i = 0; n->st == DVT_OK && i < want->n; i++) {
        int64_t *extra = &a->output_pad.v[i];
        if (want->v[i] < 1 || want->v[i] > DVT_DIM_MAX || *extra < 0 || *extra > DVT_DIM_MAX) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "size %lld of dimension %d with %lld more cannot be",
                             (long long)want->v[i], (int)i + 2, (long long)*extra);
            return;
        }
        int64_t total = full_size(&a->win, x, i) + *extra - want->v[i];
        if (total < 0) {
            *extra -= total;
            total = 0;
        }
        share_pad(share, total, &a->win.pad_lo.v[i], &a->win.pad_hi.v[i]);
    }
}

/* output_shape, or what auto_pad asks for; n = 0: neither, the pads are as given. */
static void wanted_output(dvti_onnx_node *n, dvti_auto_pad mode, const dvt_shape *x,
                          const dvt_window_attrs *win, dvt_ints *want)
{
    int32_t spatial = x->rank - 2;

    if (dvti_onnx_ints(n, "output_shape", want)) {
        if (want->n == x->rank) { /* some files give all dimensions */
            for (int32_t i = 0; i < spatial; i++) {
                want->v[i] = want->v[i + 2];
            }
            want->n = spatial;
        }
        if (want->n != spatial) {
            dvti_onnx_refuse(n, DVT_E_SHAPE, "attribute 'output_shape' has %d entries",
                             (int)want->n);
        }
    } else if (mode == DVTI_PAD_SAME_UPPER || mode == DVTI_PAD_SAME_LOWER) {
        for (int32_t i = 0; i < spatial; i++) {
            want->v[want->n++] = x->dim[i + 2] * win->stride.v[i];
        }
    }
}

/* Sizes whose products stay in range. */
static void check_sizes(dvti_onnx_node *n, const dvt_shape *x)
{
    for (int32_t i = 2; n->st == DVT_OK && i < x->rank; i++) {
        if (x->dim[i] > INT32_MAX) {
            dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "dimension %d is %lld, the limit is %d", (int)i,
                             (long long)x->dim[i], (int)INT32_MAX);
        }
    }
}

void dvti_onnx_conv_transpose(dvti_onnx_node *n)
{
    dvt_value_id  x = dvti_onnx_in(n, 0), w = dvti_onnx_in(n, 1);
    dvt_shape     xs = dvti_onnx_shape_of(n, x), ws = dvti_onnx_shape_of(n, w);
    dvt_attrs     a = {.conv = {.groups = dvti_onnx_int(n, "group", 1)}};
    dvti_auto_pad mode = dvti_onnx_auto_pad(n);
    dvt_ints      want = {0};

    if (!conv_kernel(n, &xs, &ws, &a.conv.win.kernel)) {
        return;
    }
    check_sizes(n, &xs);
    dvti_onnx_window_lists(n, xs.rank - 2, mode, &a.conv.win);
    read_list(n, "output_padding", xs.rank - 2, 0, &a.conv.output_pad);
    if (n->st == DVT_OK) {
        wanted_output(n, mode, &xs, &a.conv.win, &want);
        pads_for_output(n, mode, &xs, &want, &a.conv);
    }
    end_with_bias(n, DVT_OP_CONV_TRANSPOSE, &a, x, w);
}

/* ---- products ------------------------------------------------------------------------------ */

void dvti_onnx_gemm(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0), b = dvti_onnx_in(n, 1);
    dvt_value_id c = n->opset < 11 ? dvti_onnx_in(n, 2) : dvti_onnx_opt(n, 2);
    dvt_attrs    a = {.gemm = {.trans_a = dvti_onnx_flag(n, "transA", false),
                               .trans_b = dvti_onnx_flag(n, "transB", false),
                               .alpha = dvti_onnx_float(n, "alpha", 1.0f),
                               .beta = dvti_onnx_float(n, "beta", 1.0f)}};

    if (n->opset < 7) {
        dvti_onnx_ignore_attr(n, "broadcast"); /* 0 demands equal shapes, which broadcast as well */
    }
    dvti_onnx_end(n, DVT_OP_GEMM, &a, (const dvt_value_id[]){x, b, c}, c.i < 0 ? 2 : 3);
}

void dvti_onnx_matmul(dvti_onnx_node *n)
{
    dvt_value_id a = dvti_onnx_in(n, 0), b = dvti_onnx_in(n, 1);

    dvti_onnx_end(n, DVT_OP_MATMUL, NULL, DVTI_IN(a, b));
}
