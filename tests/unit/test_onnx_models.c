/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_onnx_models.c - real ONNX networks give the outputs that other engines give.
 *
 * Expected outputs come with the models (.pb) or from ONNX Runtime 1.30 (golden/). Each
 * network runs naive on the graph as imported (unless it is large) and fast after all passes. The
 * bound is on |got - want| over the larger of |want| and the root mean square of the output
 * (dvt_diff.max_rel).
 */
#include "dovetail/formats.h"
#include "support/test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAX_REL    1e-5 /* f32 networks; measured at most 4e-6 */
#define NAIVE_MACS ((int64_t)1 << 30)

static void must(dvt_ctx *ctx, dvt_status st)
{
    if (st != DVT_OK) {
        fail_msg("%s", dvt_ctx_error(ctx)->message);
    }
}

static void read_array(dvt_ctx *ctx, const char *relative, dvt_tensor *out)
{
    char        path[TEST_PATH_MAX];
    const char *end = strrchr(relative, '.');

    test_data_require(relative, path);
    must(ctx, strcmp(end, ".pb") == 0 ? dvt_onnx_read_tensor(ctx, path, out, NULL, 0)
                                      : dvt_npy_read(ctx, path, out));
}

/* The golden arrays of a half network are f32. */
static void as_type(dvt_ctx *ctx, dvt_tensor *t, dvt_dtype dtype)
{
    dvt_tensor cast;

    if (t->dtype != dtype) {
        must(ctx, dvt_tensor_cast(ctx, t, dtype, &cast));
        dvt_tensor_deinit(ctx, t);
        *t = cast;
    }
}

static void compare(dvt_ctx *ctx, const dvt_exec *x, dvt_value_id v, const char *relative,
                    double max_rel)
{
    dvt_tensor got, want, copy;
    dvt_diff   d;

    read_array(ctx, relative, &want);
    must(ctx, dvt_exec_tensor(x, v, &got));
    must(ctx, dvt_tensor_copy(ctx, &got, &copy));
    as_type(ctx, &copy, want.dtype);
    assert_int_equal(dvt_shape_count(&copy.shape), dvt_shape_count(&want.shape));
    copy.shape = want.shape; /* some golden arrays leave out trailing ones */
    must(ctx, dvt_tensor_diff(ctx, &copy, &want, 0.0, 0.0, &d));
    if (!(d.max_rel <= max_rel)) {
        fail_msg("%s: relative error %g, at most %g", relative, d.max_rel, max_rel);
    }
    dvt_tensor_deinit(ctx, &copy);
    dvt_tensor_deinit(ctx, &want);
}

static void run(dvt_ctx *ctx, const dvt_graph *g, dvt_exec_kind kind, const dvt_tensor *in,
                const char *const *outputs, int32_t count, double max_rel)
{
    dvt_exec *x;

    must(ctx, dvt_exec_create(g, &(dvt_exec_opts){.kind = kind}, &x));
    must(ctx, dvt_exec_run(x, in, 1));
    assert_int_equal(dvt_graph_output_count(g), count);
    for (int32_t i = 0; i < count; i++) {
        compare(ctx, x, dvt_graph_output(g, i), outputs[i], max_rel);
    }
    dvt_exec_destroy(x);
}

static void check(const char *model, const char *input, const char *const *outputs, int32_t count,
                  double max_rel)
{
    char            path[TEST_PATH_MAX];
    dvt_ctx        *ctx = dvt_ctx_create(NULL);
    dvt_graph      *g;
    dvt_tensor      in;
    dvt_input_shape shape = {.name = NULL};
    dvt_graph_stats stats;

    test_data_require(model, path);
    read_array(ctx, input, &in);
    shape.shape = in.shape;
    must(ctx, dvt_onnx_load(ctx, path, &(dvt_import_opts){.shapes = &shape, .shape_count = 1}, &g));
    as_type(ctx, &in, dvt_graph_value(g, dvt_graph_input(g, 0))->dtype);
    dvt_graph_stats_of(g, &stats);
    if (stats.macs <= NAIVE_MACS) {
        run(ctx, g, DVT_EXEC_NAIVE, &in, outputs, count, max_rel);
    }
    must(ctx, dvt_passes_run(g, dvt_graph_passes(), &(dvt_passes_opts){.verify_each = true}));
    run(ctx, g, DVT_EXEC_FAST, &in, outputs, count, max_rel);
    dvt_graph_destroy(g);
    dvt_tensor_deinit(ctx, &in);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

#define CHECK(model, input, max_rel, ...)                       \
    check((model), (input), (const char *const[]){__VA_ARGS__}, \
          (int32_t)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (max_rel))

#define GOLDEN "golden/ort-1.30/"
#define FACES \
    "models/Linzaer+Ultra-Light-Fast-Generic-Face-Detector-1MB/models/onnx/version-RFB-320"

static void test_models__resnet20(void **state)
{
    (void)state;
    CHECK("models/Amandashi95+onnc/resnet20.onnx", GOLDEN "resnet20/input.npy", MAX_REL,
          GOLDEN "resnet20/output.npy");
}

static void test_models__rfb_320_as_exported(void **state)
{
    (void)state;
    CHECK(FACES ".onnx", GOLDEN "RFB-320/input.npy", MAX_REL, GOLDEN "RFB-320/scores.npy",
          GOLDEN "RFB-320/boxes.npy");
}

static void test_models__rfb_320_simplified(void **state)
{
    (void)state;
    CHECK(FACES "_simplified.onnx", GOLDEN "RFB-320_simplified/input.npy", MAX_REL,
          GOLDEN "RFB-320_simplified/scores.npy", GOLDEN "RFB-320_simplified/boxes.npy");
}

/* float16 weights; both engines compute in f32 and round the output to float16: one step of it */
static void test_models__squeezenet_of_halves(void **state)
{
    (void)state;
    CHECK("models/microsoft+Windows-Machine-Learning/SharedContent/models/SqueezeNet_fp16.onnx",
          GOLDEN "SqueezeNet_fp16/input.npy", 1e-3, GOLDEN "SqueezeNet_fp16/output.npy");
}

static void test_models__mnist_with_its_own_data(void **state)
{
    static const char *const folders[] = {"models/xboot+libonnx/tests/model/mnist_8",
                                          "models/kraiskil+onnx2c/test/mnist"};
    (void)state;
    for (int32_t i = 0; i < 6; i++) {
        char model[256], input[256], output[256];
        (void)snprintf(model, sizeof model, "%s/model.onnx", folders[i / 3]);
        (void)snprintf(input, sizeof input, "%s/test_data_set_%d/input_0.pb", folders[i / 3],
                       i % 3);
        (void)snprintf(output, sizeof output, "%s/test_data_set_%d/output_0.pb", folders[i / 3],
                       i % 3);
        CHECK(model, input, MAX_REL, output);
    }
}

static void test_models__recurrent_ones_are_refused_by_name(void **state)
{
    char       path[TEST_PATH_MAX];
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    dvt_graph *g;

    (void)state;
    test_data_require("models/breizhn+DTLN/pretrained_model/model_1.onnx", path);
    assert_int_equal(dvt_onnx_load(ctx, path, NULL, &g), DVT_E_UNSUPPORTED);
    assert_non_null(strstr(dvt_ctx_error(ctx)->message, "(LSTM, opset 11)"));
    assert_true(dvt_ctx_error(ctx)->has_pos);
    dvt_ctx_destroy(ctx);
}

/* Multiply-accumulates of the full-size topologies, worked out from their layers. */
static void test_models__topologies_have_their_size(void **state)
{
    static const struct {
        const char *name;
        int64_t     macs;
    } nets[] = {
        {"alexnet", 654560384},
        {"squeezenet", 349151936},
        {"resnet50", 4089184256},
    };
    (void)state;
    for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) {
        char            relative[256], path[TEST_PATH_MAX];
        dvt_ctx        *ctx = dvt_ctx_create(NULL);
        dvt_graph      *g;
        dvt_graph_stats stats;
        (void)snprintf(relative, sizeof relative,
                       "models/onnx+onnx/onnx/backend/test/data/light/light_%s%s.onnx",
                       i == 0 ? "bvlc_" : "", nets[i].name);
        test_data_require(relative, path);
        must(ctx, dvt_onnx_load(ctx, path, NULL, &g));
        dvt_graph_stats_of(g, &stats);
        assert_int_equal(stats.macs, nets[i].macs);
        dvt_graph_destroy(g);
        dvt_ctx_destroy(ctx);
    }
}

/* The wire format says where the file ends early; nothing is left behind. */
static void expect_clean_failure(const char *name, const dvt_blob *file, size_t size)
{
    dvt_ctx         *ctx = dvt_ctx_create(NULL);
    const dvt_error *e = dvt_ctx_error(ctx);
    dvt_graph       *g;

    assert_int_not_equal(dvt_onnx_parse(ctx, name, file->data, size, NULL, &g), DVT_OK);
    assert_null(g);
    assert_true(e->status == DVT_E_PARSE && e->has_pos);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

static void test_models__truncated_ones_fail_with_a_place(void **state)
{
    static const char *const models[] = {"models/Amandashi95+onnc/resnet20.onnx", FACES ".onnx",
                                         "models/onnx+models/mnist/model.onnx"};
    enum { POSITIONS = 200 };

    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        char     path[TEST_PATH_MAX];
        dvt_ctx *ctx = dvt_ctx_create(NULL);
        dvt_blob file;
        test_data_require(models[i], path);
        must(ctx, dvt_file_read(ctx, path, 0, &file));
        for (size_t k = 0; k < POSITIONS; k++) {
            expect_clean_failure(path, &file, file.size * k / POSITIONS);
        }
        dvt_blob_deinit(ctx, &file);
        dvt_ctx_destroy(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models__resnet20),
        cmocka_unit_test(test_models__rfb_320_as_exported),
        cmocka_unit_test(test_models__rfb_320_simplified),
        cmocka_unit_test(test_models__squeezenet_of_halves),
        cmocka_unit_test(test_models__mnist_with_its_own_data),
        cmocka_unit_test(test_models__recurrent_ones_are_refused_by_name),
        cmocka_unit_test(test_models__topologies_have_their_size),
        cmocka_unit_test(test_models__truncated_ones_fail_with_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
