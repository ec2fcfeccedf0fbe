/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_layers_multi.c - element-wise functions of several inputs, and reductions.
 *
 * Idea      Caffe's element-wise layers do not broadcast: shapes that differ are an error there, so
 *           they are one here, although the graph's operators could go on.
 * Tests     tests/unit/test_caffe_layers.c
 */
#include "formats/caffe_int.h"

#include <inttypes.h>
#include <stdio.h>

static void check_equal_shapes(dvti_caffe_op *op)
{
    char a[DVT_SHAPE_TEXT], b[DVT_SHAPE_TEXT];

    for (int32_t i = 1; i < op->in_count; i++) {
        if (!dvt_shape_equal(dvti_caffe_shape(op, 0), dvti_caffe_shape(op, i))) {
            dvti_caffe_fail(op, DVT_E_SHAPE, "its inputs are %s and %s",
                            dvt_shape_text(dvti_caffe_shape(op, 0), a),
                            dvt_shape_text(dvti_caffe_shape(op, i), b));
        }
    }
}

void dvti_caffe_import_eltwise(dvti_caffe_op *op)
{
    static const char *const operations[] = {"PROD", "SUM", "MAX"};
    static const dvt_nary    functions[] = {DVT_NARY_PROD, DVT_NARY_SUM, DVT_NARY_MAX};
    dvti_pt                 *p = dvti_pt_message(op->r, op->pt, "eltwise_param");
    int32_t                  operation = dvti_pt_enum(op->r, p, "operation", operations, 3, 1);
    float    *coeff = dvt_arena_calloc(op->net->arena, (size_t)op->in_count, sizeof *coeff);
    dvt_attrs a = {.nary = {functions[operation]}};
    char      part[32];

    if (!coeff && dvti_caffe_ok(op)) {
        op->r->status = DVT_E_NOMEM;
    }
    if (!dvti_caffe_ok(op)) {
        return;
    }
    int32_t n = dvti_pt_f32s(op->r, p, "coeff", coeff, op->in_count);
    if (n > 0 && (n != op->in_count || operation != 1)) {
        dvti_caffe_fail(op, DVT_E_PARSE,
                        "it has %d coefficients, only a SUM takes one for each of %d inputs",
                        (int)n, (int)op->in_count);
    }
    check_equal_shapes(op);
    for (int32_t i = 0; i < n && dvti_caffe_ok(op); i++) {
        snprintf(part, sizeof part, "term%d", (int)i + 1);
        if (coeff[i] != 1.0f) {
            op->in[i] =
                dvti_caffe_unary(op, part, op->in[i], DVT_UNARY_POWER, 1, 0, (double)coeff[i]);
        }
    }
    dvti_caffe_top(op, 0, DVT_OP_NARY, &a, op->in, op->in_count);
}

/* SENet's Axpy: a x + y, with a of (N,C) or (N,C,1,1). */
void dvti_caffe_import_axpy(dvti_caffe_op *op)
{
    const dvt_shape *x = dvti_caffe_shape(op, 1);
    dvt_shape        a = *x;
    dvt_attrs mul = {.binary = {.fn2 = DVT_BINARY_MUL}}, add = {.binary = {.fn2 = DVT_BINARY_ADD}};

    for (int32_t i = 2; i < a.rank; i++) {
        a.dim[i] = 1;
    }
    if (!dvt_shape_equal(x, dvti_caffe_shape(op, 2)) ||
        dvt_shape_count(&a) != dvt_shape_count(dvti_caffe_shape(op, 0))) {
        dvti_caffe_fail(op, DVT_E_SHAPE, "its inputs are not (N,C), (N,C,H,W) and (N,C,H,W)");
    }
    dvt_value_id factor = dvti_caffe_reshape(op, "factor", op->in[0], &a);
    dvt_value_id product = dvti_caffe_inner(op, "product", DVT_OP_BINARY, &mul,
                                            (dvt_value_id[]){factor, op->in[1]}, 2);
    dvti_caffe_top(op, 0, DVT_OP_BINARY, &add, (dvt_value_id[]){product, op->in[2]}, 2);
}

/* Over all dimensions from `axis` on, which vanish; the result is multiplied by `coeff`. */
void dvti_caffe_import_reduction(dvti_caffe_op *op)
{
    static const char *const operations[] = {NULL, "SUM", "ASUM", "SUMSQ", "MEAN"};
    static const dvt_reduce  functions[] = {DVT_REDUCE_SUM, DVT_REDUCE_SUM, DVT_REDUCE_L1,
                                            DVT_REDUCE_SUM_SQUARE, DVT_REDUCE_MEAN};
    dvti_pt                 *p = dvti_pt_message(op->r, op->pt, "reduction_param");
    const dvt_shape         *x = dvti_caffe_shape(op, 0);
    int32_t                  operation = dvti_pt_enum(op->r, p, "operation", operations, 5, 1);
    int32_t                  axis = dvti_caffe_axis(op, p, "axis", 0, x->rank, false);
    double                   coeff = dvti_pt_f64(op->r, p, "coeff", 1);
    dvt_attrs                a = {.reduce = {.rfn = functions[operation]}};

    for (int32_t i = axis; i < x->rank; i++) {
        a.reduce.axes.v[a.reduce.axes.n++] = i;
    }
    if (coeff == 1) {
        dvti_caffe_top(op, 0, DVT_OP_REDUCE, &a, op->in, 1);
        return;
    }
    dvt_value_id sum = dvti_caffe_inner(op, "sum", DVT_OP_REDUCE, &a, op->in, 1);
    dvti_caffe_unary_top(op, sum, DVT_UNARY_POWER, 1, 0, coeff);
}

static dvt_value_id arg_reduce(dvti_caffe_op *op, const char *part, dvt_value_id x, dvt_reduce fn,
                               int32_t axis)
{
    dvt_attrs a = {.reduce = {.rfn = fn, .axes = {1, {axis}}, .keep_dims = true}};

    return dvti_caffe_inner(op, part, DVT_OP_REDUCE, &a, &x, 1);
}

/* With an axis: the index (or the maximum) along it. Without: over the whole image, as (N,1,1), or
 * (N,2,1) with the index first and the maximum second. */
void dvti_caffe_import_argmax(dvti_caffe_op *op)
{
    dvti_pt         *p = dvti_pt_message(op->r, op->pt, "argmax_param");
    const dvt_shape *x = dvti_caffe_shape(op, 0);
    bool             values = dvti_pt_bool(op->r, p, "out_max_val", false),
         along = dvti_pt_find(p, "axis") != NULL;
    int32_t      axis = dvti_caffe_axis(op, p, "axis", 1, x->rank, false);
    dvt_attrs    cast = {.cast = {DVT_DTYPE_F32}}, join = {.axis = {1}};
    dvt_value_id in = op->in[0];

    if (dvti_pt_i64(op->r, p, "top_k", 1, 1, INT32_MAX) != 1) {
        dvti_caffe_fail(op, DVT_E_UNSUPPORTED, "field 'top_k' above 1 is not supported");
    }
    if (along && values) {
        dvt_attrs max = {.reduce = {.rfn = DVT_REDUCE_MAX, .axes = {1, {axis}}, .keep_dims = true}};
        dvti_caffe_top(op, 0, DVT_OP_REDUCE, &max, &in, 1);
        return;
    }
    if (!along) {
        dvt_shape flat = DVT_SHAPE(x->dim[0], dvt_shape_count_range(x, 1, x->rank), 1);
        in = dvti_caffe_reshape(op, "flat", in, &flat);
        axis = 1;
    }
    dvt_value_id index = arg_reduce(op, "index", in, DVT_REDUCE_ARGMAX, axis);
    if (!values) {
        dvti_caffe_top(op, 0, DVT_OP_CAST, &cast, &index, 1);
        return;
    }
    index = dvti_caffe_inner(op, "cast", DVT_OP_CAST, &cast, &index, 1);
    dvt_value_id max = arg_reduce(op, "max", in, DVT_REDUCE_MAX, axis);
    dvti_caffe_top(op, 0, DVT_OP_CONCAT, &join, (dvt_value_id[]){index, max}, 2);
}
