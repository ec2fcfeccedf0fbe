/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_caffe_golden.c - networks read by the Caffe reader compute what other engines computed.
 *
 * Golden     outputs and inner blobs of OpenCV 4.6, and of Caffe itself for single layers, as .npy.
 *            Inner blobs are kept for the first images only: the comparison is of that prefix.
 * Bound      1e-5 of each value or of the root mean square of its array, whichever is larger: the
 *            order of summation is not ours.
 */
#include "support/test_data.h"

#include "dovetail/formats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double BOUND = 1e-5;

typedef struct golden_case {
    const char *model, *weights, *input; /* below the data folder */
    const char *folder;                  /* of the expected arrays */
    int64_t     size[4];                 /* of the input; 0 = as the file says */
    const char *blobs[12][2];            /* value in the graph, file */
} golden_case;

static void check(dvt_ctx *ctx, dvt_status st)
{
    if (st != DVT_OK) {
        fail_msg("%s: %s", dvt_status_name(st), dvt_ctx_error(ctx)->message);
    }
}

static dvt_graph *load(dvt_ctx *ctx, const golden_case *c)
{
    char            model[TEST_PATH_MAX], weights[TEST_PATH_MAX];
    dvt_input_shape shape = {.name = NULL, .shape = dvt_shape_make(4, c->size)};
    dvt_import_opts opts = {.shapes = &shape, .shape_count = c->size[0] ? 1 : 0};
    dvt_graph      *g = NULL;

    test_data_require(c->model, model);
    if (c->weights) {
        test_data_require(c->weights, weights);
        opts.weights = weights;
    }
    check(ctx, dvt_caffe_load(ctx, model, &opts, &g));
    return g;
}

static void read_array(dvt_ctx *ctx, const char *relative, dvt_tensor *out)
{
    char path[TEST_PATH_MAX];

    test_data_require(relative, path);
    check(ctx, dvt_npy_read(ctx, path, out));
}

/* The larger of the value's own size and the array's root mean square is what an error is of. */
static void compare(const char *name, const dvt_tensor *got, const dvt_tensor *want)
{
    int64_t      count = dvt_shape_count(&want->shape);
    const float *g = got->data, *w = want->data;
    double       square = 0, worst = 0;

    assert_int_equal(got->shape.rank, want->shape.rank);
    for (int32_t i = 1; i < got->shape.rank; i++) {
        assert_int_equal(got->shape.dim[i], want->shape.dim[i]);
    }
    assert_true(dvt_shape_count(&got->shape) >= count);
    for (int64_t i = 0; i < count; i++) {
        square += (double)w[i] * (double)w[i];
    }
    double rms = sqrt(square / (double)count);
    for (int64_t i = 0; i < count; i++) {
        double size = fmax(fabs((double)w[i]), rms),
               error = fabs((double)g[i] - (double)w[i]) / size;
        worst = error > worst || isnan(error) ? error : worst;
    }
    printf("# %-12s %8lld values, largest relative error %.2e\n", name, (long long)count, worst);
    if (!(worst <= BOUND)) {
        fail_msg("%s: relative error %.3e, allowed %.0e", name, worst, BOUND);
    }
}

static void compare_blobs(dvt_ctx *ctx, const golden_case *c, const dvt_graph *g, dvt_exec *x)
{
    for (int i = 0; c->blobs[i][0]; i++) {
        char       path[512];
        dvt_tensor got, want;

        snprintf(path, sizeof path, "%s/%s.npy", c->folder, c->blobs[i][1]);
        read_array(ctx, path, &want);
        check(ctx, dvt_exec_tensor(x, dvt_graph_find_value(g, c->blobs[i][0]), &got));
        compare(c->blobs[i][0], &got, &want);
        dvt_tensor_deinit(ctx, &want);
    }
}

static void run_case(const golden_case *c)
{
    dvt_ctx      *ctx = dvt_ctx_create(NULL);
    dvt_graph    *g = load(ctx, c);
    dvt_value_id  keep[12];
    dvt_exec_opts opts = {.kind = DVT_EXEC_NAIVE, .keep = keep};
    dvt_exec     *x = NULL;
    dvt_tensor    input;

    for (int i = 0; c->blobs[i][0]; i++) {
        keep[opts.keep_count++] = dvt_graph_find_value(g, c->blobs[i][0]);
        if (keep[i].i < 0) {
            fail_msg("the graph has no value '%s'", c->blobs[i][0]);
        }
    }
    read_array(ctx, c->input, &input);
    check(ctx, dvt_exec_create(g, &opts, &x));
    check(ctx, dvt_exec_run(x, &input, 1));
    compare_blobs(ctx, c, g, x);
    dvt_exec_destroy(x);
    dvt_tensor_deinit(ctx, &input);
    dvt_graph_destroy(g);
    dvt_ctx_destroy(ctx);
}

#define GOLDEN "golden/opencv-4.6/"
#define LENET_SIZE    \
    {                 \
        32, 1, 28, 28 \
    }

static void test_caffe_golden__lenet_of_lupinleo_agrees_in_every_layer(void **state)
{
    (void)state;
    run_case(&(golden_case){.model = "models/LupinLeo+LeNet-5-ZYNQ/deploy.prototxt",
                            .weights = "models/LupinLeo+LeNet-5-ZYNQ/lenet_iter_10000.caffemodel",
                            .input = GOLDEN "lenet_LupinLeo/input.npy",
                            .folder = GOLDEN "lenet_LupinLeo",
                            .size = LENET_SIZE,
                            .blobs = {{"Conv1", "conv1"},
                                      {"Pool1", "pool1"},
                                      {"Conv2", "conv2"},
                                      {"pool2", "pool2"},
                                      {"ip1@ip1", "ip1"},
                                      {"ip2", "ip2"},
                                      {"prob", "prob"}}});
}

static void test_caffe_golden__lenet_in_train_form_agrees_in_every_layer(void **state)
{
    (void)state;
    run_case(
        &(golden_case){.model = "models/nandahkrishna+CaffeMNIST/lenet_train_test.prototxt",
                       .weights = "models/nandahkrishna+CaffeMNIST/lenet_iter_10000.caffemodel",
                       .input = GOLDEN "lenet_nandah/input.npy",
                       .folder = GOLDEN "lenet_nandah",
                       .size = LENET_SIZE,
                       .blobs = {{"conv1", "conv1"},
                                 {"pool1", "pool1"},
                                 {"conv2", "conv2"},
                                 {"pool2", "pool2"},
                                 {"ip1@ip1", "ip1"},
                                 {"ip2", "ip2"},
                                 {"prob", "prob"}}});
}

static void test_caffe_golden__a_caffemodel_alone_is_the_same_network(void **state)
{
    (void)state;
    run_case(&(golden_case){.model = "models/nandahkrishna+CaffeMNIST/lenet_iter_10000.caffemodel",
                            .input = GOLDEN "lenet_nandah/input.npy",
                            .folder = GOLDEN "lenet_nandah",
                            .size = LENET_SIZE,
                            .blobs = {{"conv1", "conv1"},
                                      {"pool1", "pool1"},
                                      {"conv2", "conv2"},
                                      {"pool2", "pool2"},
                                      {"ip2", "ip2"},
                                      {"prob", "prob"}}});
}

static void test_caffe_golden__cifar10_quick_agrees_in_every_layer(void **state)
{
    (void)state;
    run_case(&(golden_case){.model = "models/Simshang+pycaffe/cifar10_quick.prototxt",
                            .weights = "models/Simshang+pycaffe/cifar10_quick_iter_5000.caffemodel",
                            .input = GOLDEN "cifar10_quick_5000/input.npy",
                            .folder = GOLDEN "cifar10_quick_5000",
                            .size = {16, 3, 32, 32},
                            .blobs = {{"conv1", "conv1"},
                                      {"pool1@pool1", "pool1"},
                                      {"conv2@conv2", "conv2"},
                                      {"pool2", "pool2"},
                                      {"conv3@conv3", "conv3"},
                                      {"pool3", "pool3"},
                                      {"ip1", "ip1"},
                                      {"ip2", "ip2"},
                                      {"prob", "prob"}}});
}

static void test_caffe_golden__mtcnn_det1_agrees_on_a_larger_image(void **state)
{
    (void)state;
#define MTCNN "models/kpzhang93+MTCNN_face_detection_alignment/code/codes/MTCNNv2/model/"
    run_case(&(golden_case){.model = MTCNN "det1.prototxt",
                            .weights = MTCNN "det1.caffemodel",
                            .input = GOLDEN "mtcnn_det1/input.npy",
                            .folder = GOLDEN "mtcnn_det1",
                            .size = {1, 3, 120, 160},
                            .blobs = {{"conv4-2", "conv4_2"}, {"prob1", "prob1"}}});
}

static void test_caffe_golden__mtcnn_det3_agrees_in_all_outputs(void **state)
{
    (void)state;
    run_case(&(golden_case){
        .model = MTCNN "det3.prototxt",
        .weights = MTCNN "det3.caffemodel",
        .input = GOLDEN "mtcnn_det3/input.npy",
        .folder = GOLDEN "mtcnn_det3",
        .size = {1, 3, 48, 48},
        .blobs = {{"conv6-2", "conv6_2"}, {"conv6-3", "conv6_3"}, {"prob1", "prob1"}}});
}

static void test_caffe_golden__rfb_320_agrees_in_boxes_and_scores(void **state)
{
    (void)state;
#define RFB "models/Linzaer+Ultra-Light-Fast-Generic-Face-Detector-1MB/caffe/model/RFB-320/RFB-320"
    run_case(&(golden_case){.model = RFB ".prototxt",
                            .weights = RFB ".caffemodel",
                            .input = "golden/ort-1.30/RFB-320_simplified/input.npy",
                            .folder = GOLDEN "RFB-320_caffe",
                            .blobs = {{"boxes", "boxes"}, {"scores", "scores"}}});
}

#define LAYERS "models/opencv+opencv_contrib/modules/dnn/testdata/dnn/layers/"

static void run_layer(const char *model, const char *weights, const char *want)
{
    run_case(&(golden_case){.model = model,
                            .weights = weights,
                            .input = LAYERS "blob.npy",
                            .folder = LAYERS,
                            .blobs = {{"output", want}}});
}

static void test_caffe_golden__convolution_is_caffes(void **state)
{
    (void)state;
    run_layer(LAYERS "layer_convolution.prototxt", LAYERS "layer_convolution.caffemodel",
              "layer_convolution");
}

static void test_caffe_golden__inner_product_is_caffes(void **state)
{
    (void)state;
    run_layer(LAYERS "layer_inner_product.prototxt", LAYERS "layer_inner_product.caffemodel",
              "layer_inner_product");
}

static void test_caffe_golden__lrn_is_caffes(void **state)
{
    (void)state;
    run_layer(LAYERS "layer_lrn_channels.prototxt", NULL, "layer_lrn_channels");
}

static void test_caffe_golden__padded_max_pooling_is_caffes(void **state)
{
    (void)state;
    run_layer(LAYERS "layer_pooling_max.prototxt", NULL, "layer_pooling_max");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caffe_golden__lenet_of_lupinleo_agrees_in_every_layer),
        cmocka_unit_test(test_caffe_golden__lenet_in_train_form_agrees_in_every_layer),
        cmocka_unit_test(test_caffe_golden__a_caffemodel_alone_is_the_same_network),
        cmocka_unit_test(test_caffe_golden__cifar10_quick_agrees_in_every_layer),
        cmocka_unit_test(test_caffe_golden__mtcnn_det1_agrees_on_a_larger_image),
        cmocka_unit_test(test_caffe_golden__mtcnn_det3_agrees_in_all_outputs),
        cmocka_unit_test(test_caffe_golden__rfb_320_agrees_in_boxes_and_scores),
        cmocka_unit_test(test_caffe_golden__convolution_is_caffes),
        cmocka_unit_test(test_caffe_golden__inner_product_is_caffes),
        cmocka_unit_test(test_caffe_golden__lrn_is_caffes),
        cmocka_unit_test(test_caffe_golden__padded_max_pooling_is_caffes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
