/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_export_linear.c - writes convolutions, products, pooling and normalisation.
 *
 * Dense     is Gemm on what Flatten makes of its input, reshaped back where it is no matrix.
 * Averages  that divide by the whole kernel are those that count the pads, unless the output size
 *           was rounded up and a window hangs over the pads.
 * Tests     tests/unit/test_onnx_export.c
 */
#include "formats/onnx_export_int.h"

static bool all_are(const dvt_ints *list, int64_t value)
{
    for (int32_t i = 0; i < list->n; i++) {
        if (list->v[i] != value) {
            return false;
        }
    }
    return true;
}

static void set_window(dvti_onnx_out *o, DvtOnnx__Node *n, const dvt_window_attrs *w)
{
    dvt_ints pads = {.n = 2 * w->pad_lo.n};

    if (pads.n > DVT_MAX_RANK) {
        dvti_onnx_cannot(o, "%d spatial dimensions", (int)w->pad_lo.n);
        return;
    }
    for (int32_t i = 0; i < w->pad_lo.n; i++) {
        pads.v[i] = w->pad_lo.v[i];
        pads.v[w->pad_lo.n + i] = w->pad_hi.v[i];
    }
    dvti_onnx_set_ints(o, n, "kernel_shape", &w->kernel);
    dvti_onnx_set_ints(o, n, "strides", &w->stride);
    dvti_onnx_set_ints(o, n, "pads", &pads);
}

void dvti_onnx_put_conv(dvti_onnx_out *o)
{
    bool                  transposed = o->node->op == DVT_OP_CONV_TRANSPOSE;
    const dvt_conv_attrs *a = &o->node->attrs.conv;
    DvtOnnx__Node        *n = dvti_onnx_put_plain(o, transposed ? "ConvTranspose" : "Conv");

    set_window(o, n, &a->win);
    dvti_onnx_set_ints(o, n, "dilations", &a->win.dilation);
    dvti_onnx_set_int(o, n, "group", a->groups);
    if (transposed) {
        dvti_onnx_set_ints(o, n, "output_padding", &a->output_pad);
    }
}

/* ---- products ------------------------------------------------------------------------------ */

void dvti_onnx_put_dense(dvti_onnx_out *o)
{
    const dvt_value *x = dvti_onnx_operand_value(o, 0), *y = dvti_onnx_result_value(o, 0);
    int64_t          axis = o->node->attrs.dense.axis;
    bool             flat = x->shape.rank == 2 && axis == 1, matrix = y->shape.rank == 2;
    const char      *rows = flat ? dvti_onnx_operand(o, 0) : dvti_onnx_between(o);
    const char      *product = matrix ? dvti_onnx_result(o, 0) : dvti_onnx_between(o);
    DvtOnnx__Node   *n;

    if (!flat) {
        n = dvti_onnx_put(o, "Flatten", DVTI_NAMES(dvti_onnx_operand(o, 0)), rows);
        dvti_onnx_set_int(o, n, "axis", axis);
    }
    n = dvti_onnx_put(o, "Gemm", DVTI_NAMES(rows, dvti_onnx_operand(o, 1), dvti_onnx_operand(o, 2)),
                      product);
    dvti_onnx_set_int(o, n, "transB", 1);
    if (!matrix) {
        dvti_onnx_put_reshape(o, product, &y->shape, dvti_onnx_result(o, 0));
    }
}

void dvti_onnx_put_gemm(dvti_onnx_out *o)
{
    const dvt_gemm_attrs *a = &o->node->attrs.gemm;
    DvtOnnx__Node        *n = dvti_onnx_put_plain(o, "Gemm");

    dvti_onnx_set_int(o, n, "transA", a->trans_a);
    dvti_onnx_set_int(o, n, "transB", a->trans_b);
    dvti_onnx_set_float(o, n, "alpha", a->alpha);
    dvti_onnx_set_float(o, n, "beta", a->beta);
}

/* ---- pooling ------------------------------------------------------------------------------- */

/* Does a window reach behind the pads? Only where sizes are rounded up. */
static bool hangs_over(const dvti_onnx_out *o, const dvt_window_attrs *w)
{
    const dvt_shape *x = &dvti_onnx_operand_value(o, 0)->shape;
    const dvt_shape *y = &dvti_onnx_result_value(o, 0)->shape;

    for (int32_t i = 0; i < w->kernel.n; i++) {
        int64_t reach = (w->kernel.v[i] - 1) * w->dilation.v[i] + 1;
        if ((y->dim[i + 2] - 1) * w->stride.v[i] + reach >
            x->dim[i + 2] + w->pad_lo.v[i] + w->pad_hi.v[i]) {
            return true;
        }
    }
    return false;
}

static void set_average(dvti_onnx_out *o, DvtOnnx__Node *n, const dvt_pool_attrs *a)
{
    if (a->avg_count == DVT_AVG_COUNT_KERNEL && hangs_over(o, &a->win)) {
        dvti_onnx_cannot(o, "a window that hangs over the pads is divided by the whole kernel");
    }
    dvti_onnx_set_int(o, n, "count_include_pad", a->avg_count != DVT_AVG_COUNT_VALID);
}

void dvti_onnx_put_pool(dvti_onnx_out *o)
{
    static const char *const types[] = {"MaxPool", "AveragePool", "LpPool"};
    const dvt_pool_attrs    *a = &o->node->attrs.pool;
    DvtOnnx__Node           *n = dvti_onnx_put_plain(o, types[a->kind]);
    bool                     dilated = !all_are(&a->win.dilation, 1);

    set_window(o, n, &a->win);
    if (a->kind == DVT_POOL_AVG) {
        set_average(o, n, a);
        dvti_onnx_need_opset(o, dilated ? 19 : 0);
    } else if (a->kind == DVT_POOL_LP) {
        dvti_onnx_set_int(o, n, "p", a->p);
        dvti_onnx_need_opset(o, dilated || a->ceil_mode ? 18 : 0);
    }
    if (dilated) {
        dvti_onnx_set_ints(o, n, "dilations", &a->win.dilation);
    }
    if (a->ceil_mode) {
        dvti_onnx_set_int(o, n, "ceil_mode", 1);
    }
}

void dvti_onnx_put_global_pool(dvti_onnx_out *o)
{
    static const char *const types[] = {"GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"};
    const dvt_pool_attrs    *a = &o->node->attrs.pool;
    DvtOnnx__Node           *n = dvti_onnx_put_plain(o, types[a->kind]);

    if (a->kind == DVT_POOL_LP) {
        dvti_onnx_set_int(o, n, "p", a->p);
    }
}

/* ---- normalisation ------------------------------------------------------------------------- */

void dvti_onnx_put_lrn(dvti_onnx_out *o)
{
    const dvt_lrn_attrs *a = &o->node->attrs.lrn;
    DvtOnnx__Node       *n;

    if (a->within_channel) {
        dvti_onnx_cannot(o, "ONNX normalises across channels only");
        return;
    }
    n = dvti_onnx_put_plain(o, "LRN");
    dvti_onnx_set_int(o, n, "size", a->size);
    dvti_onnx_set_float(o, n, "alpha", a->alpha);
    dvti_onnx_set_float(o, n, "beta", a->beta);
    dvti_onnx_set_float(o, n, "bias", a->k);
}

void dvti_onnx_put_norm(dvti_onnx_out *o)
{
    bool           batch = o->node->op == DVT_OP_BATCH_NORM;
    DvtOnnx__Node *n =
        dvti_onnx_put_plain(o, batch ? "BatchNormalization" : "InstanceNormalization");

    dvti_onnx_set_float(o, n, "epsilon", o->node->attrs.norm.epsilon);
}
