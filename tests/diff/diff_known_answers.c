/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_known_answers.c - data sets, preprocessing, importers and the reference executor together
 * give the accuracies that other engines measured.
 *
 * Known      OpenCV 4.6 was given the same images with the same settings; we may differ from it in
 *            one image, as sums are rounded in another order. It cannot read SqueezeNet's fp16
 *            weights: there the known figures are 63.2 and 85.2 % of 250 images, of which 125 are
 *            at hand, and the bound is three standard deviations of such a sample. The settings are
 *            those of docs/formats/data.md.
 */
#include "dovetail/data.h"
#include "support/fixture.h"
#include "support/test_data.h"

#include <math.h>
#include <stdio.h>

typedef struct answer_case {
    const char    *model, *weights, *data, *mean; /* below the data folder, but see `own` */
    const char    *kind;                          /* of the data set */
    bool           own;      /* model below the repository, data needs no file */
    int64_t        input[4]; /* shape; 0 = as the file says */
    dvt_preprocess preprocess;
    int64_t        step;       /* every step-th image */
    int64_t        images;     /* looked at then */
    int64_t        top1, top5; /* right ones that are known; top5 0 = not known */
    int64_t        slack;      /* images */
} answer_case;

typedef struct engine {
    dvt_graph *graph;
    dvt_exec  *exec;
    dvt_tensor input;
} engine;

static void open_engine(dvt_ctx *ctx, const answer_case *c, engine *e)
{
    char                model[TEST_PATH_MAX], weights[TEST_PATH_MAX];
    const dvt_exec_opts exec = {.kind = DVT_EXEC_FAST};
    dvt_input_shape     shape = {.shape = dvt_shape_make(4, c->input)};
    dvt_import_opts     opts = {.shapes = &shape, .shape_count = c->input[0] != 0, .batch = 1};

    if (c->own) {
        test_repo_path(c->model, model);
    } else {
        test_data_require(c->model, model);
    }
    if (c->weights) {
        test_data_require(c->weights, weights);
        opts.weights = weights;
    }
    expect_ok(ctx, dvt_model_load(ctx, model, &opts, &e->graph));
    expect_ok(ctx, dvt_exec_create(e->graph, &exec, &e->exec));
    const dvt_value *in = dvt_graph_value(e->graph, dvt_graph_input(e->graph, 0));
    expect_ok(ctx, dvt_tensor_init(ctx, DVT_DTYPE_F32, &in->shape, &e->input));
}

static void close_engine(dvt_ctx *ctx, engine *e)
{
    dvt_tensor_deinit(ctx, &e->input);
    dvt_exec_destroy(e->exec);
    dvt_graph_destroy(e->graph);
}

static int64_t rank_of(dvt_ctx *ctx, engine *e, const dvt_preprocess *p, const dvt_tensor *image,
                       int64_t label)
{
    const dvt_value *in = dvt_graph_value(e->graph, dvt_graph_input(e->graph, 0));
    dvt_tensor       typed, out, scores;

    expect_ok(ctx, dvt_preprocess_apply(ctx, p, image, &in->shape, e->input.data));
    expect_ok(ctx, dvt_tensor_cast(ctx, &e->input, in->dtype, &typed));
    expect_ok(ctx, dvt_exec_run(e->exec, &typed, 1));
    expect_ok(ctx, dvt_exec_tensor(e->exec, dvt_graph_output(e->graph, 0), &out));
    expect_ok(ctx, dvt_tensor_cast(ctx, &out, DVT_DTYPE_F32, &scores));
    const int64_t rank = dvt_label_rank(scores.data, dvt_shape_count(&scores.shape), label);
    dvt_tensor_deinit(ctx, &scores);
    dvt_tensor_deinit(ctx, &typed);
    return rank;
}

static void expect_right(const char *what, int64_t got, int64_t want, const answer_case *c)
{
    print_message("# %s: %lld of %lld images, known %lld\n", what, (long long)got,
                  (long long)c->images, (long long)want);
    assert_in_range(got, want - c->slack, want + c->slack);
}

static void run_case(dvt_ctx *ctx, const answer_case *c)
{
    char           path[TEST_PATH_MAX], mean[TEST_PATH_MAX], spec[TEST_PATH_MAX + 16];
    engine         e = {0};
    dvt_preprocess p = c->preprocess;
    dvt_dataset   *d;
    int64_t        top1 = 0, top5 = 0, images = 0;

    if (c->own) {
        snprintf(path, sizeof path, "%s", c->data);
    } else {
        test_data_require(c->data, path);
    }
    if (c->mean) {
        test_data_require(c->mean, mean);
        expect_ok(ctx, dvt_caffe_read_blob(ctx, mean, &p.mean_image));
    }
    snprintf(spec, sizeof spec, "%s:%s", c->kind, path);
    open_engine(ctx, c, &e);
    expect_ok(ctx, dvt_dataset_open(ctx, spec, NULL, &d));
    for (int64_t i = 0; i < dvt_dataset_count(d); i += c->step) {
        dvt_tensor image;
        int64_t    label;
        expect_ok(ctx, dvt_dataset_get(d, i, &image, &label));
        const int64_t rank = rank_of(ctx, &e, &p, &image, label);
        images++;
        top1 += rank < 1;
        top5 += rank < 5;
        dvt_tensor_deinit(ctx, &image);
    }
    assert_int_equal(images, c->images);
    expect_right("top-1", top1, c->top1, c);
    if (c->top5) {
        expect_right("top-5", top5, c->top5, c);
    }
    dvt_dataset_close(d);
    dvt_tensor_deinit(ctx, &p.mean_image);
    close_engine(ctx, &e);
}

#define LUPINLEO      "models/LupinLeo+LeNet-5-ZYNQ/"
#define NANDAHKRISHNA "models/nandahkrishna+CaffeMNIST/"
#define SIMSHANG      "models/Simshang+pycaffe/"
#define MICROSOFT     "models/microsoft+Windows-Machine-Learning/SharedContent/models/"

#define FISH_PNG "models/microsoft+Windows-Machine-Learning/SharedContent/media/fish.png"
#define FISH_CSV                                                                          \
    "models/microsoft+Windows-Machine-Learning/Testing/WinMLRunnerTest/OutputTensorData/" \
    "Squeezenet_fp16_fish_input_CPU.csv"

#define CIFAR_JPEG "datasets/cifar10-jpeg/test-even.tar.gz"

#define IMAGENET_MEAN_STD                                                                \
    {                                                                                    \
        .scale = 1.0 / 255, .mean = {0.485, 0.456, 0.406}, .std = {0.229, 0.224, 0.225}, \
        .mean_count = 3, .std_count = 3                                                  \
    }

static const answer_case LENET_LUPINLEO = {.model = LUPINLEO "deploy.prototxt",
                                           .weights = LUPINLEO "lenet_iter_10000.caffemodel",
                                           .kind = "mnist",
                                           .data = "datasets/mnist",
                                           .preprocess = {.scale = 1.0 / 256},
                                           .step = 1,
                                           .images = 5000,
                                           .top1 = 4926,
                                           .slack = 1};

static const answer_case LENET_NANDAHKRISHNA = {.model = NANDAHKRISHNA "lenet_train_test.prototxt",
                                                .weights =
                                                    NANDAHKRISHNA "lenet_iter_10000.caffemodel",
                                                .input = {1, 1, 28, 28},
                                                .kind = "mnist",
                                                .data = "datasets/mnist",
                                                .preprocess = {.scale = 1.0 / 256},
                                                .step = 1,
                                                .images = 5000,
                                                .top1 = 4930,
                                                .slack = 1};

static const answer_case CIFAR10_QUICK = {.model = SIMSHANG "cifar10_quick.prototxt",
                                          .weights = SIMSHANG "cifar10_quick_iter_5000.caffemodel",
                                          .mean = SIMSHANG "mean.binaryproto",
                                          .kind = "images",
                                          .data = CIFAR_JPEG,
                                          .preprocess = {.scale = 1},
                                          .step = 5,
                                          .images = 1000,
                                          .top1 = 716,
                                          .slack = 1};

static const answer_case RESNET20_RAW = {.model = "models/Amandashi95+onnc/resnet20.onnx",
                                         .kind = "images",
                                         .data = "datasets/cifar10-raw",
                                         .preprocess = IMAGENET_MEAN_STD,
                                         .step = 1,
                                         .images = 100,
                                         .top1 = 89,
                                         .slack = 1};

static const answer_case RESNET20_JPEG = {.model = "models/Amandashi95+onnc/resnet20.onnx",
                                          .kind = "images",
                                          .data = CIFAR_JPEG,
                                          .preprocess = IMAGENET_MEAN_STD,
                                          .step = 10,
                                          .images = 500,
                                          .top1 = 384,
                                          .slack = 1};

static const answer_case SQUEEZENET = {
    .model = MICROSOFT "SqueezeNet_fp16.onnx",
    .kind = "images",
    .data = "datasets/imagenet-sample",
    .preprocess = {.scale = 1, .mean = {104, 117, 123}, .mean_count = 3, .bgr = true},
    .step = 1,
    .images = 125,
    .top1 = 79,
    .top5 = 107,
    .slack = 12};

static const answer_case GLYPHS = {.model = "examples/models/glyphs/glyphs.onnx",
                                   .kind = "glyphs",
                                   .data = "4000",
                                   .own = true,
                                   .preprocess = {.scale = 1.0 / 256},
                                   .step = 1,
                                   .images = 4000,
                                   .top1 = 3863, /* NumPy, in its trainer */
                                   .slack = 1};

static void test_known_answers__our_own_network(void **state) { run_case(*state, &GLYPHS); }

static void test_known_answers__lenet_of_lupinleo(void **state)
{
    run_case(*state, &LENET_LUPINLEO);
}

static void test_known_answers__lenet_of_nandahkrishna(void **state)
{
    run_case(*state, &LENET_NANDAHKRISHNA);
}

static void test_known_answers__cifar10_quick(void **state) { run_case(*state, &CIFAR10_QUICK); }

static void test_known_answers__resnet20_on_raw_images(void **state)
{
    run_case(*state, &RESNET20_RAW);
}

static void test_known_answers__resnet20_on_jpeg_images(void **state)
{
    run_case(*state, &RESNET20_JPEG);
}

static void test_known_answers__squeezenet(void **state) { run_case(*state, &SQUEEZENET); }

/* ---- one image with its expected scores ---------------------------------------------------- */

/* "Index,Value" and 1,000 lines "i,p". */
static void read_scores(dvt_ctx *ctx, const char *relative, double out[1000])
{
    char     path[TEST_PATH_MAX];
    dvt_blob file;

    test_data_require(relative, path);
    expect_ok(ctx, dvt_file_read(ctx, path, 0, &file));
    const char *line = strchr((const char *)file.data, '\n');
    for (int i = 0; i < 1000; i++) {
        int   index = -1;
        float value = 0;
        assert_non_null(line);
        assert_int_equal(sscanf(line, "%d,%f", &index, &value), 2);
        assert_int_equal(index, i);
        out[i] = (double)value;
        line = strchr(line + 1, '\n');
    }
    dvt_blob_deinit(ctx, &file);
}

/* The fish of Windows-Machine-Learning: blue first, 0 to 255, no mean. The CSV is what Windows' own
 * engine gave; scores are fp16, and we allow one unit in the last place of the largest. */
static void test_known_answers__squeezenet_scores_of_the_fish(void **state)
{
    const dvt_preprocess p = {.scale = 1, .bgr = true};
    char                 path[TEST_PATH_MAX];
    engine               e = {0};
    dvt_tensor           hwc, image, out;
    double               want[1000], worst = 0;

    read_scores(*state, FISH_CSV, want);
    test_data_require(FISH_PNG, path);
    expect_ok(*state, dvt_image_read(*state, path, &hwc));
    const dvt_shape chw = DVT_SHAPE(3, hwc.shape.dim[0], hwc.shape.dim[1]);
    const int64_t   pixels = chw.dim[1] * chw.dim[2];
    expect_ok(*state, dvt_tensor_init(*state, DVT_DTYPE_U8, &chw, &image));
    for (int64_t i = 0; i < 3 * pixels; i++) {
        ((uint8_t *)image.data)[i] = ((const uint8_t *)hwc.data)[i % pixels * 3 + i / pixels];
    }
    open_engine(*state, &SQUEEZENET, &e);
    assert_int_equal(rank_of(*state, &e, &p, &image, 0), 0);
    expect_ok(*state, dvt_exec_tensor(e.exec, dvt_graph_output(e.graph, 0), &out));
    for (int i = 0; i < 1000; i++) {
        worst = fmax(worst, fabs(dvt_tensor_get_f64(&out, i) - want[i]));
    }
    print_message("# largest difference of a score: %.2g\n", worst);
    assert_true(worst <= 5e-4);
    dvt_tensor_deinit(*state, &image);
    dvt_tensor_deinit(*state, &hwc);
    close_engine(*state, &e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_known_answers__our_own_network),
        FIXTURE_TEST(test_known_answers__lenet_of_lupinleo),
        FIXTURE_TEST(test_known_answers__lenet_of_nandahkrishna),
        FIXTURE_TEST(test_known_answers__cifar10_quick),
        FIXTURE_TEST(test_known_answers__resnet20_on_raw_images),
        FIXTURE_TEST(test_known_answers__resnet20_on_jpeg_images),
        FIXTURE_TEST(test_known_answers__squeezenet),
        FIXTURE_TEST(test_known_answers__squeezenet_scores_of_the_fish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
