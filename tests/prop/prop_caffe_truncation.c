/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_caffe_truncation.c - weights and mean files cut short anywhere are refused, with the place.
 *
 * Law       For each trained net of the test data and each cut: loading the first bytes of its
 *           caffemodel into the graph of its prototxt fails with E_PARSE and a place, or, when the
 *           cut falls between two layers, with E_NOTFOUND and the name of a layer. Nothing but the
 *           whole file succeeds, and no memory stays in use.
 * Positions POSITIONS a file, evenly spread and not on round numbers.
 */
#include "dovetail/formats.h"
#include "formats/caffe_int.h"
#include "support/test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { POSITIONS = 200 };

static dvt_graph *load_net(dvt_ctx *ctx, const char *path)
{
    dvt_import_opts opts = {.image_shape = DVT_SHAPE(1, 28, 28)};
    dvt_graph      *g = NULL;

    assert_int_equal(dvt_caffe_load(ctx, path, &opts, &g), DVT_OK);
    return g;
}

static void cut_weights(dvt_ctx *ctx, const char *net, const dvt_blob *file, size_t size)
{
    char       path[TEST_PATH_MAX];
    dvt_graph *g = load_net(ctx, net);

    test_temp_path("cut.caffemodel", path);
    assert_int_equal(dvt_file_write(ctx, path, file->data, size), DVT_OK);
    dvt_status       st = dvt_caffe_load_weights(g, path);
    const dvt_error *e = dvt_ctx_error(ctx);
    if (st != DVT_E_PARSE && st != DVT_E_NOTFOUND)
        fail_msg("cut at %zu: %s %s", size, dvt_status_name(st), e->message);
    assert_true(e->has_pos && e->message[0] && e->offset <= size);
    dvt_ctx_clear_error(ctx);
    dvt_graph_destroy(g);
}

static void check_net(const char *model, const char *weights)
{
    char     net[TEST_PATH_MAX], path[TEST_PATH_MAX];
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});
    dvt_blob file;

    test_data_require(model, net);
    test_data_require(weights, path);
    assert_int_equal(dvt_file_read(ctx, path, 0, &file), DVT_OK);
    for (size_t i = 0; i < POSITIONS; i++)
        cut_weights(ctx, net, &file, file.size / POSITIONS * i + i % 13);
    dvt_blob_deinit(ctx, &file);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

static void prop_caffe__weights_cut_anywhere_are_refused(void **state)
{
    (void)state;
#define MTCNN "models/kpzhang93+MTCNN_face_detection_alignment/code/codes/MTCNNv2/model/"
#define RFB_FOLDER "models/Linzaer+Ultra-Light-Fast-Generic-Face-Detector-1MB/caffe/model/RFB-320/"
    check_net("models/nandahkrishna+CaffeMNIST/lenet_train_test.prototxt",
              "models/nandahkrishna+CaffeMNIST/lenet_iter_10000.caffemodel");
    check_net("models/Simshang+pycaffe/cifar10_quick.prototxt",
              "models/Simshang+pycaffe/cifar10_quick_iter_5000.caffemodel");
    check_net(MTCNN "det1.prototxt", MTCNN "det1.caffemodel");
    check_net(RFB_FOLDER "RFB-320.prototxt", RFB_FOLDER "RFB-320.caffemodel");
}

static void prop_caffe__a_mean_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    char     path[TEST_PATH_MAX], cut[TEST_PATH_MAX];
    dvt_ctx *ctx = dvt_ctx_create(NULL);
    dvt_blob file;

    test_data_require("models/Simshang+pycaffe/mean.binaryproto", path);
    test_temp_path("cut.binaryproto", cut);
    assert_int_equal(dvt_file_read(ctx, path, 0, &file), DVT_OK);
    for (size_t i = 1; i < POSITIONS; i++) {
        dvt_tensor t;
        assert_int_equal(dvt_file_write(ctx, cut, file.data, file.size / POSITIONS * i), DVT_OK);
        assert_int_equal(dvt_caffe_read_blob(ctx, cut, &t), DVT_E_PARSE);
        assert_true(dvt_ctx_error(ctx)->has_pos);
        dvt_ctx_clear_error(ctx);
    }
    dvt_blob_deinit(ctx, &file);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_caffe__weights_cut_anywhere_are_refused),
        cmocka_unit_test(prop_caffe__a_mean_file_cut_anywhere_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
