/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_pool.c - ONNX pooling: MaxPool, AveragePool, LpPool and their global forms.
 *
 * Opsets    kernel_shape is required. AveragePool divides by the elements inside the image, or,
 *           with count_include_pad (opset 7), by those inside image and pads. LpPool's `p` is a
 *           float in opset 1, and kernel_shape may be missing there, which is refused.
 *           storage_order only matters for MaxPool's second output, the indices, which is refused.
 * Tests     tests/unit/test_onnx_ops.c and the ONNX operator tests (tests/onnx)
 */
#include "formats/onnx_int.h"

/* The exponent: a float in the first opset. */
static int64_t read_p(dvti_onnx_node *n)
{
    if (n->opset >= 2) {
        return dvti_onnx_int(n, "p", 2);
    }
    float p = dvti_onnx_float(n, "p", 2.0f);
    if (!(p >= 1.0f && p <= 64.0f) || p != (float)(int64_t)p) {
        dvti_onnx_refuse(n, DVT_E_UNSUPPORTED, "attribute 'p' is %g, whole numbers are handled",
                         (double)p);
        return 2;
    }
    return (int64_t)p;
}

void dvti_onnx_pool(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_shape    xs = dvti_onnx_shape_of(n, x);
    dvt_attrs    a = {.pool = {.kind = (dvt_pool)n->variant, .p = 2}};

    dvti_onnx_need_attr(n, "kernel_shape");
    if (dvti_onnx_ints(n, "kernel_shape", &a.pool.win.kernel) &&
        a.pool.win.kernel.n != xs.rank - 2) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "attribute 'kernel_shape' has %d entries, %d are needed",
                         (int)a.pool.win.kernel.n, (int)xs.rank - 2);
    }
    if (n->st != DVT_OK) {
        return;
    }
    dvti_onnx_window(n, &xs, &a.pool.win);
    a.pool.ceil_mode = dvti_onnx_flag(n, "ceil_mode", false);
    if (a.pool.kind == DVT_POOL_AVG) {
        bool padded = dvti_onnx_flag(n, "count_include_pad", false);
        a.pool.avg_count = padded ? DVT_AVG_COUNT_PADDED : DVT_AVG_COUNT_VALID;
    } else if (a.pool.kind == DVT_POOL_LP) {
        a.pool.p = read_p(n);
    } else {
        (void)dvti_onnx_flag(n, "storage_order", false);
    }
    dvti_onnx_end(n, DVT_OP_POOL, &a, &x, 1);
}

void dvti_onnx_global_pool(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_attrs    a = {.pool = {.kind = (dvt_pool)n->variant, .p = 2}};

    if (a.pool.kind == DVT_POOL_LP) {
        a.pool.p = read_p(n);
    }
    dvti_onnx_end(n, DVT_OP_GLOBAL_POOL, &a, &x, 1);
}
