/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_reduce.c - ONNX reductions: Reduce*, ArgMax, ArgMin, CumSum.
 *
 * Opsets    Axes are an attribute before opset 18 (13 for ReduceSum) and an input from then on. No
 *           axes means all of them, or with noop_with_empty_axes none: what is left is then the
 *           reduction over one element, which for some functions is not the identity.
 * Types     ReduceMax and ReduceMin of bool (opset 20) go through u8.
 * Tests     tests/unit/test_onnx_ops.c and the ONNX operator tests (tests/onnx)
 */
#include "formats/onnx_int.h"

/* A reduction over one element each. */
static void end_each(dvti_onnx_node *n, dvt_reduce fn, dvt_value_id x)
{
    switch (fn) {
    case DVT_REDUCE_L1:
    case DVT_REDUCE_L2: dvti_onnx_end_unary(n, DVT_UNARY_ABS, x); break;
    case DVT_REDUCE_SUM_SQUARE: dvti_onnx_end_binary(n, DVT_BINARY_MUL, x, x); break;
    case DVT_REDUCE_LOG_SUM: dvti_onnx_end_unary(n, DVT_UNARY_LOG, x); break;
    default: dvti_onnx_end_identity(n, x);
    }
}

void dvti_onnx_reduce_op(dvti_onnx_node *n)
{
    dvt_reduce   fn = (dvt_reduce)n->variant;
    dvt_value_id x = dvti_onnx_in(n, 0);
    int32_t      rank = dvti_onnx_shape_of(n, x).rank;
    int64_t      since = fn == DVT_REDUCE_SUM ? 13 : 18;
    dvt_attrs    a = {.reduce = {.rfn = fn}};
    bool         noop = false, is_bool = dvti_onnx_dtype_of(n, x) == DVT_DTYPE_BOOL;

    (void)dvti_onnx_ints_since(n, since, "axes", 1, &a.reduce.axes);
    a.reduce.keep_dims = dvti_onnx_flag(n, "keepdims", true);
    if (n->opset >= since) {
        noop = dvti_onnx_flag(n, "noop_with_empty_axes", false);
    }
    if (a.reduce.axes.n == 0 && noop) {
        end_each(n, fn, x);
        return;
    }
    for (int32_t i = 0; a.reduce.axes.n == 0 && i < rank; i++) {
        a.reduce.axes.v[i] = i;
    }
    a.reduce.axes.n = a.reduce.axes.n ? a.reduce.axes.n : rank;
    dvti_onnx_axes(n, &a.reduce.axes, rank);
    if (is_bool && (fn == DVT_REDUCE_MAX || fn == DVT_REDUCE_MIN)) {
        dvt_attrs    back = {.cast = {DVT_DTYPE_BOOL}};
        dvt_value_id u8 = dvti_onnx_cast(n, x, DVT_DTYPE_U8);
        dvt_value_id y = dvti_onnx_mid(n, DVT_OP_REDUCE, &a, &u8, 1);
        dvti_onnx_end(n, DVT_OP_CAST, &back, &y, 1);
    } else {
        dvti_onnx_end(n, DVT_OP_REDUCE, &a, &x, 1);
    }
}

void dvti_onnx_arg(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    int32_t      rank = dvti_onnx_shape_of(n, x).rank;
    dvt_attrs    a = {.reduce = {.rfn = (dvt_reduce)n->variant}};

    a.reduce.axes.n = 1;
    a.reduce.axes.v[0] = dvti_onnx_axis(n, dvti_onnx_int(n, "axis", 0), rank);
    a.reduce.keep_dims = dvti_onnx_flag(n, "keepdims", true);
    if (n->opset >= 12) {
        a.reduce.select_last = dvti_onnx_flag(n, "select_last_index", false);
    }
    dvti_onnx_end(n, DVT_OP_REDUCE, &a, &x, 1);
}

void dvti_onnx_cumsum(dvti_onnx_node *n)
{
    dvt_value_id x = dvti_onnx_in(n, 0);
    dvt_ints     axis;
    dvt_attrs    a = {.cumsum = {.exclusive = dvti_onnx_flag(n, "exclusive", false),
                                 .reverse = dvti_onnx_flag(n, "reverse", false)}};

    (void)dvti_onnx_in(n, 1);
    if (dvti_onnx_const_ints(n, 1, "axis", &axis) && axis.n != 1) {
        dvti_onnx_refuse(n, DVT_E_SHAPE, "input 1 (axis) has %d entries", (int)axis.n);
    }
    a.cumsum.axis = dvti_onnx_axis(n, axis.v[0], dvti_onnx_shape_of(n, x).rank);
    dvti_onnx_end(n, DVT_OP_CUMSUM, &a, &x, 1);
}
