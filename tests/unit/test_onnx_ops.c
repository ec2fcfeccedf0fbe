/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_onnx_ops.c - operators whose meaning changed between opsets, or that are written out.
 *
 * Expected values are worked out by hand from the operator's definition. Forms that ONNX's own
 * tests cover at their newest opset are left to tests/onnx.
 */
#include "formats/onnx_int.h"
#include "support/onnx_build.h"
#include "support/test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define DIMS(...) \
    (const int64_t[]) { __VA_ARGS__ }
#define F(...) \
    (const float[]) { __VA_ARGS__ }

enum { MAX_ELEMENTS = 64 };

/* A model of one node over an f32 input "x" of the given shape; operands are added by the test. */
static onnx_build *one_node(int64_t opset, const char *op, const char *inputs, int32_t rank,
                            const int64_t *dims, DvtOnnx__Node **node)
{
    onnx_build *b = onnx_build_new(opset);

    onnx_input(b, "x", ONNX_FLOAT, rank, dims);
    *node = onnx_node(b, op, "n", inputs, "y");
    onnx_output(b, "y", ONNX_FLOAT);
    return b;
}

/* Runs on x = first elements of `x` and expects y; frees the model. */
static void expect(onnx_build *b, dvt_shape xs, const float *x, dvt_shape ys, const float *y)
{
    float      data[MAX_ELEMENTS];
    dvt_tensor in;

    memcpy(data, x, (size_t)dvt_shape_count(&xs) * sizeof *x);
    in = dvt_tensor_wrap(DVT_DTYPE_F32, &xs, data);
    onnx_expect(b, &in, 1, &ys, y);
    onnx_build_free(b);
}

static void refused(onnx_build *b, dvt_status status, const char *text)
{
    onnx_expect_refused(b, NULL, status, text);
    onnx_build_free(b);
}

/* ---- element-wise -------------------------------------------------------------------------- */

static void test_add__before_opset_7_lies_along_an_axis(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(6, "Add", "x,c", 3, DIMS(1, 2, 2), &n);

    (void)state;
    onnx_floats(b, "c", 1, DIMS(2), F(10, 20));
    onnx_attr_int(b, n, "broadcast", 1);
    onnx_attr_int(b, n, "axis", 1);
    expect(b, DVT_SHAPE(1, 2, 2), F(1, 2, 3, 4), DVT_SHAPE(1, 2, 2), F(11, 12, 23, 24));
}

static void test_add__before_opset_7_does_not_broadcast_unasked(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(6, "Add", "x,c", 2, DIMS(2, 2), &n);

    (void)state;
    onnx_floats(b, "c", 1, DIMS(2), F(10, 20));
    refused(b, DVT_E_SHAPE, "differ and broadcast is 0");
}

static void test_clip__bounds_are_attributes_then_inputs(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(6, "Clip", "x", 1, DIMS(3), &n);

    (void)state;
    onnx_attr_float(b, n, "min", -1.0f);
    onnx_attr_float(b, n, "max", 2.0f);
    expect(b, DVT_SHAPE(3), F(-5, 1, 5), DVT_SHAPE(3), F(-1, 1, 2));
    b = one_node(11, "Clip", "x,,hi", 1, DIMS(3), &n);
    onnx_floats(b, "hi", 0, NULL, F(2));
    expect(b, DVT_SHAPE(3), F(-5, 1, 5), DVT_SHAPE(3), F(-5, 1, 2));
    b = one_node(13, "Clip", "x,lo,hi", 1, DIMS(3), &n); /* lo above hi: hi wins */
    onnx_floats(b, "lo", 0, NULL, F(3));
    onnx_floats(b, "hi", 0, NULL, F(2));
    expect(b, DVT_SHAPE(3), F(-5, 1, 5), DVT_SHAPE(3), F(2, 2, 2));
    b = one_node(11, "Clip", "x", 1, DIMS(3), &n);
    onnx_attr_float(b, n, "min", 0.0f);
    refused(b, DVT_E_UNSUPPORTED, "attribute 'min' is not handled");
}

static void test_prelu__before_opset_7_has_a_slope_a_channel(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(6, "PRelu", "x,s", 4, DIMS(1, 2, 1, 2), &n);

    (void)state;
    onnx_floats(b, "s", 1, DIMS(2), F(0.5f, 0.25f));
    expect(b, DVT_SHAPE(1, 2, 1, 2), F(-4, 4, -4, 4), DVT_SHAPE(1, 2, 1, 2), F(-2, 4, -1, 4));
}

static void test_cast__before_opset_6_names_its_type(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(5, "Cast", "x", 1, DIMS(2), &n);

    (void)state;
    onnx_attr_string(b, n, "to", "INT32");
    n->output[0] = (char[]){"i"};
    n = onnx_node(b, "Cast", "back", "i", "y");
    onnx_attr_string(b, n, "to", "FLOAT");
    expect(b, DVT_SHAPE(2), F(1.75f, -1.75f), DVT_SHAPE(2), F(1, -1));
}

static void test_shrink__moves_towards_zero(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(9, "Shrink", "x", 1, DIMS(4), &n);

    (void)state;
    onnx_attr_float(b, n, "lambd", 1.5f);
    onnx_attr_float(b, n, "bias", 1.0f);
    expect(b, DVT_SHAPE(4), F(-2, -1, 1, 2), DVT_SHAPE(4), F(-1, 0, 0, 1));
}

static void test_dropout__copies_at_inference_only(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(6, "Dropout", "x", 1, DIMS(2), &n);

    (void)state;
    onnx_attr_int(b, n, "is_test", 1);
    expect(b, DVT_SHAPE(2), F(1, 2), DVT_SHAPE(2), F(1, 2));
    b = one_node(6, "Dropout", "x", 1, DIMS(2), &n);
    refused(b, DVT_E_UNSUPPORTED, "training is not handled");
}

/* ---- normalisation ------------------------------------------------------------------------- */

static void test_softmax__before_opset_13_covers_all_from_axis_on(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(11, "Softmax", "x", 3, DIMS(1, 2, 2), &n);

    (void)state;
    expect(b, DVT_SHAPE(1, 2, 2), F(1, 1, 1, 1), DVT_SHAPE(1, 2, 2), F(0.25f, 0.25f, 0.25f, 0.25f));
    b = one_node(13, "Softmax", "x", 3, DIMS(1, 2, 2), &n);
    expect(b, DVT_SHAPE(1, 2, 2), F(1, 1, 1, 1), DVT_SHAPE(1, 2, 2), F(0.5f, 0.5f, 0.5f, 0.5f));
}

static onnx_build *batch_norm(int64_t opset, DvtOnnx__Node **n)
{
    onnx_build *b = one_node(opset, "BatchNormalization", "x,s,b,m,v", 3, DIMS(1, 2, 1), n);

    onnx_floats(b, "s", 1, DIMS(2), F(2, 1));
    onnx_floats(b, "b", 1, DIMS(2), F(0, 1));
    onnx_floats(b, "m", 1, DIMS(2), F(1, 1));
    onnx_floats(b, "v", 1, DIMS(2), F(4, 1));
    onnx_attr_float(b, *n, "epsilon", 0.0f);
    onnx_attr_float(b, *n, "momentum", 0.9f);
    return b;
}

static void test_batch_norm__is_for_inference(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = batch_norm(9, &n);

    (void)state;
    expect(b, DVT_SHAPE(1, 2, 1), F(3, 3), DVT_SHAPE(1, 2, 1), F(2, 3));
    refused(batch_norm(6, &n), DVT_E_UNSUPPORTED, "training");
    b = batch_norm(14, &n);
    onnx_attr_int(b, n, "training_mode", 1);
    refused(b, DVT_E_UNSUPPORTED, "training");
    b = batch_norm(7, &n);
    onnx_attr_int(b, n, "spatial", 0);
    refused(b, DVT_E_UNSUPPORTED, "attribute 'spatial' is 0");
}

static void test_group_norm__has_a_scale_a_group_in_opset_18(void **state)
{
    const float    x[] = {1, 3, 5, 7}, y[] = {-2, 2, -2, 4};
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(18, "GroupNormalization", "x,s,b", 3, DIMS(1, 4, 1), &n);

    (void)state;
    onnx_floats(b, "s", 1, DIMS(2), F(2, 3));
    onnx_floats(b, "b", 1, DIMS(2), F(0, 1));
    onnx_attr_int(b, n, "num_groups", 2);
    onnx_attr_float(b, n, "epsilon", 0.0f);
    expect(b, DVT_SHAPE(1, 4, 1), x, DVT_SHAPE(1, 4, 1), y);
}

static void test_image_scaler__scales_and_adds_by_channel(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(1, "ImageScaler", "x", 4, DIMS(1, 2, 1, 1), &n);

    (void)state;
    onnx_attr_float(b, n, "scale", 2.0f);
    onnx_attr_floats(b, n, "bias", 2, F(1, -1));
    expect(b, DVT_SHAPE(1, 2, 1, 1), F(1, 2), DVT_SHAPE(1, 2, 1, 1), F(3, 3));
}

static void test_lp_norm__of_zeros_is_zero(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(22, "LpNormalization", "x", 2, DIMS(2, 2), &n);

    (void)state;
    expect(b, DVT_SHAPE(2, 2), F(3, 4, 0, 0), DVT_SHAPE(2, 2), F(0.6f, 0.8f, 0, 0));
}

/* ---- windows ------------------------------------------------------------------------------- */

static onnx_build *sum_of_two(const char *auto_pad, int64_t stride)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(11, "Conv", "x,w", 3, DIMS(1, 1, 3), &n);

    onnx_floats(b, "w", 3, DIMS(1, 1, 2), F(1, 1));
    onnx_attr_string(b, n, "auto_pad", auto_pad);
    onnx_attr_ints(b, n, "strides", 1, &stride);
    return b;
}

static void test_auto_pad__puts_the_odd_element_behind_or_in_front(void **state)
{
    (void)state;
    expect(sum_of_two("SAME_UPPER", 1), DVT_SHAPE(1, 1, 3), F(1, 2, 4), DVT_SHAPE(1, 1, 3),
           F(3, 6, 4));
    expect(sum_of_two("SAME_LOWER", 1), DVT_SHAPE(1, 1, 3), F(1, 2, 4), DVT_SHAPE(1, 1, 3),
           F(1, 3, 6));
    expect(sum_of_two("VALID", 1), DVT_SHAPE(1, 1, 3), F(1, 2, 4), DVT_SHAPE(1, 1, 2), F(3, 6));
    expect(sum_of_two("SAME_UPPER", 2), DVT_SHAPE(1, 1, 3), F(1, 2, 4), DVT_SHAPE(1, 1, 2),
           F(3, 4));
    refused(sum_of_two("SAME", 1), DVT_E_UNSUPPORTED, "attribute 'auto_pad' is 'SAME'");
}

static void test_auto_pad__beside_pads_is_refused(void **state)
{
    onnx_build *b = sum_of_two("SAME_UPPER", 1);

    (void)state;
    onnx_attr_ints(b, b->model->graph->node[0], "pads", 2, DIMS(1, 0));
    refused(b, DVT_E_UNSUPPORTED, "'pads' and 'auto_pad' at once");
}

static void test_average_pool__counts_pads_only_when_asked(void **state)
{
    for (int64_t count = 0; count < 2; count++) {
        DvtOnnx__Node *n;
        onnx_build    *b = one_node(7, "AveragePool", "x", 3, DIMS(1, 1, 2), &n);
        onnx_attr_ints(b, n, "kernel_shape", 1, DIMS(2));
        onnx_attr_ints(b, n, "pads", 2, DIMS(1, 0));
        onnx_attr_int(b, n, "count_include_pad", count);
        expect(b, DVT_SHAPE(1, 1, 2), F(4, 6), DVT_SHAPE(1, 1, 2), count ? F(2, 5) : F(4, 5));
    }
    (void)state;
}

static void test_conv_transpose__an_output_shape_decides_the_pads(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(11, "ConvTranspose", "x,w", 3, DIMS(1, 1, 2), &n);

    (void)state;
    onnx_floats(b, "w", 3, DIMS(1, 1, 3),
                F(1, 2, 3)); /* in full: 1 2 4 2 3 for x = 1 1, stride 2 */
    onnx_attr_ints(b, n, "strides", 1, DIMS(2));
    onnx_attr_ints(b, n, "output_shape", 1, DIMS(4));
    onnx_attr_string(b, n, "auto_pad", "SAME_UPPER"); /* the odd element is cut behind */
    expect(b, DVT_SHAPE(1, 1, 2), F(1, 1), DVT_SHAPE(1, 1, 4), F(1, 2, 4, 2));
}

/* ---- moving -------------------------------------------------------------------------------- */

static void test_slice__takes_attributes_then_inputs(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(1, "Slice", "x", 1, DIMS(4), &n);

    (void)state;
    onnx_attr_ints(b, n, "starts", 1, DIMS(1));
    onnx_attr_ints(b, n, "ends", 1, DIMS(-1));
    expect(b, DVT_SHAPE(4), F(1, 2, 3, 4), DVT_SHAPE(2), F(2, 3));
    b = one_node(10, "Slice", "x,s,e,,t", 1, DIMS(4), &n);
    onnx_int64s(b, "s", 1, DIMS(-1));
    onnx_int64s(b, "e", 1, DIMS(INT64_MIN));
    onnx_int64s(b, "t", 1, DIMS(-2));
    expect(b, DVT_SHAPE(4), F(1, 2, 3, 4), DVT_SHAPE(2), F(4, 2));
}

static void test_pad__was_called_paddings(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(1, "Pad", "x", 1, DIMS(2), &n);

    (void)state;
    onnx_attr_ints(b, n, "paddings", 2, DIMS(1, 0));
    onnx_attr_float(b, n, "value", 7.0f);
    expect(b, DVT_SHAPE(2), F(1, 2), DVT_SHAPE(3), F(7, 1, 2));
    b = one_node(2, "Pad", "x", 1, DIMS(2), &n);
    onnx_attr_ints(b, n, "pads", 3, DIMS(1, 0, 0));
    refused(b, DVT_E_SHAPE, "3 pads for 1 dimensions");
}

static void test_tile__repeated_along_one_axis_in_opset_1(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(1, "Tile", "x,t,a", 2, DIMS(1, 2), &n);

    (void)state;
    onnx_int64s(b, "t", 1, DIMS(2));
    onnx_int64s(b, "a", 1, DIMS(0));
    expect(b, DVT_SHAPE(1, 2), F(1, 2), DVT_SHAPE(2, 2), F(1, 2, 1, 2));
}

static void test_reshape__shape_was_an_attribute(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(1, "Reshape", "x", 2, DIMS(2, 3), &n);

    (void)state;
    onnx_attr_ints(b, n, "shape", 3, DIMS(0, -1, 1));
    expect(b, DVT_SHAPE(2, 3), F(1, 2, 3, 4, 5, 6), DVT_SHAPE(2, 3, 1), F(1, 2, 3, 4, 5, 6));
    b = one_node(1, "Reshape", "x", 2, DIMS(2, 3), &n);
    onnx_attr_ints(b, n, "shape", 2, DIMS(4, -1));
    refused(b, DVT_E_SHAPE, "6 elements do not fill dimension 1");
}

static void test_squeeze__axes_are_an_attribute_then_an_input(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(11, "Squeeze", "x", 3, DIMS(1, 2, 1), &n);

    (void)state;
    onnx_attr_ints(b, n, "axes", 1, DIMS(-1));
    expect(b, DVT_SHAPE(1, 2, 1), F(1, 2), DVT_SHAPE(1, 2), F(1, 2));
    b = one_node(13, "Squeeze", "x,a", 3, DIMS(1, 2, 1), &n);
    onnx_int64s(b, "a", 1, DIMS(1));
    refused(b, DVT_E_SHAPE, "dimension 1 is 2, only 1 can be dropped");
}

static void test_split__into_many_unequal_parts(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(11, "Split", "x", 1, DIMS(10), &n);

    (void)state;
    n->n_output = 9;
    n->output =
        (char *[]){(char[]){"y"}, (char[]){"b"}, (char[]){"c"}, (char[]){"d"}, (char[]){"e"},
                   (char[]){"f"}, (char[]){"g"}, (char[]){"h"}, (char[]){"i"}};
    onnx_attr_ints(b, n, "split", 9, DIMS(2, 1, 1, 1, 1, 1, 1, 1, 1));
    expect(b, DVT_SHAPE(10), F(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), DVT_SHAPE(2), F(1, 2));
}

static void test_crop__cuts_left_top_right_bottom(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(1, "Crop", "x", 4, DIMS(1, 1, 2, 3), &n);

    (void)state;
    onnx_attr_ints(b, n, "border", 4, DIMS(1, 0, 0, 1));
    expect(b, DVT_SHAPE(1, 1, 2, 3), F(1, 2, 3, 4, 5, 6), DVT_SHAPE(1, 1, 1, 2), F(2, 3));
}

/* ---- resizing ------------------------------------------------------------------------------ */

static void test_upsample__scales_moved_from_attributes_to_inputs(void **state)
{
    const float    want[] = {1, 1, 2, 2};
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(1, "Upsample", "x", 4, DIMS(1, 1, 1, 2), &n);

    (void)state;
    onnx_attr_float(b, n, "height_scale", 1.0f);
    onnx_attr_float(b, n, "width_scale", 2.0f);
    expect(b, DVT_SHAPE(1, 1, 1, 2), F(1, 2), DVT_SHAPE(1, 1, 1, 4), want);
    b = one_node(7, "Upsample", "x", 4, DIMS(1, 1, 1, 2), &n);
    onnx_attr_floats(b, n, "scales", 4, F(1, 1, 1, 2));
    expect(b, DVT_SHAPE(1, 1, 1, 2), F(1, 2), DVT_SHAPE(1, 1, 1, 4), want);
    b = one_node(9, "Upsample", "x,s", 4, DIMS(1, 1, 1, 2), &n);
    onnx_floats(b, "s", 1, DIMS(4), F(1, 1, 1, 2));
    expect(b, DVT_SHAPE(1, 1, 1, 2), F(1, 2), DVT_SHAPE(1, 1, 1, 4), want);
}

static void test_resize__opset_10_has_no_half_pixel(void **state)
{
    DvtOnnx__Node *n;
    onnx_build    *b = one_node(10, "Resize", "x,s", 1, DIMS(2), &n);

    (void)state;
    onnx_floats(b, "s", 1, DIMS(1), F(2));
    onnx_attr_string(b, n, "mode", "linear");
    expect(b, DVT_SHAPE(2), F(0, 4), DVT_SHAPE(4), F(0, 2, 4, 4));
    b = one_node(11, "Resize", "x,r,s", 1, DIMS(2), &n);
    onnx_floats(b, "r", 1, DIMS(0), F(0));
    onnx_floats(b, "s", 1, DIMS(1), F(2));
    onnx_attr_string(b, n, "mode", "linear");
    expect(b, DVT_SHAPE(2), F(0, 4), DVT_SHAPE(4), F(0, 1, 3, 4));
    b = one_node(18, "Resize", "x,,s", 1, DIMS(2), &n);
    onnx_floats(b, "s", 1, DIMS(1), F(2));
    onnx_attr_int(b, n, "antialias", 1);
    refused(b, DVT_E_UNSUPPORTED, "attribute 'antialias' is 1");
}

/* ---- the table ----------------------------------------------------------------------------- */

static void test_table__is_sorted_and_documented(void **state)
{
    char                path[TEST_PATH_MAX], row[128];
    int32_t             count;
    const dvti_onnx_op *ops = dvti_onnx_op_table(&count);
    dvt_ctx            *ctx = dvt_ctx_create(NULL);
    dvt_blob            doc;

    (void)state;
    test_repo_path("docs/formats/onnx.md", path);
    assert_int_equal(dvt_file_read(ctx, path, 0, &doc), DVT_OK);
    for (int32_t i = 0; i < count; i++) {
        assert_true(i == 0 || strcmp(ops[i - 1].name, ops[i].name) < 0);
        if (ops[i].until) {
            (void)snprintf(row, sizeof row, "| %s | %d to %d |", ops[i].name, (int)ops[i].since,
                           (int)ops[i].until - 1);
        } else {
            (void)snprintf(row, sizeof row, "| %s | %d on |", ops[i].name, (int)ops[i].since);
        }
        if (!strstr((const char *)doc.data, row)) {
            fail_msg("docs/formats/onnx.md has no row \"%s\"", row);
        }
    }
    dvt_blob_deinit(ctx, &doc);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add__before_opset_7_lies_along_an_axis),
        cmocka_unit_test(test_add__before_opset_7_does_not_broadcast_unasked),
        cmocka_unit_test(test_clip__bounds_are_attributes_then_inputs),
        cmocka_unit_test(test_prelu__before_opset_7_has_a_slope_a_channel),
        cmocka_unit_test(test_cast__before_opset_6_names_its_type),
        cmocka_unit_test(test_shrink__moves_towards_zero),
        cmocka_unit_test(test_dropout__copies_at_inference_only),
        cmocka_unit_test(test_softmax__before_opset_13_covers_all_from_axis_on),
        cmocka_unit_test(test_batch_norm__is_for_inference),
        cmocka_unit_test(test_group_norm__has_a_scale_a_group_in_opset_18),
        cmocka_unit_test(test_image_scaler__scales_and_adds_by_channel),
        cmocka_unit_test(test_lp_norm__of_zeros_is_zero),
        cmocka_unit_test(test_auto_pad__puts_the_odd_element_behind_or_in_front),
        cmocka_unit_test(test_auto_pad__beside_pads_is_refused),
        cmocka_unit_test(test_average_pool__counts_pads_only_when_asked),
        cmocka_unit_test(test_conv_transpose__an_output_shape_decides_the_pads),
        cmocka_unit_test(test_slice__takes_attributes_then_inputs),
        cmocka_unit_test(test_pad__was_called_paddings),
        cmocka_unit_test(test_tile__repeated_along_one_axis_in_opset_1),
        cmocka_unit_test(test_reshape__shape_was_an_attribute),
        cmocka_unit_test(test_squeeze__axes_are_an_attribute_then_an_input),
        cmocka_unit_test(test_split__into_many_unequal_parts),
        cmocka_unit_test(test_crop__cuts_left_top_right_bottom),
        cmocka_unit_test(test_upsample__scales_moved_from_attributes_to_inputs),
        cmocka_unit_test(test_resize__opset_10_has_no_half_pixel),
        cmocka_unit_test(test_table__is_sorted_and_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
