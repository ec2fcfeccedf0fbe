/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_overlay_networks.c - whole networks on the overlay against the reference executor.
 *
 * Claims    (1) with 12-bit mantissas the error of every output is below 5e-5 of its energy
 *               (NMSE); the worst measured are 2.3e-5 (SqueezeNet, whose weights are fp16) and
 *               1.4e-5 (det3's two probabilities);
 *           (2) keep-on-chip off changes no bit of an output;
 *           (3) the fast model leaves the same external memory as the naive one (small networks).
 * Inputs    the first image of another engine's golden input, or seeded normal values.
 */
#include "dovetail/compile.h"
#include "dovetail/formats.h"
#include "dovetail/sim.h"
#include "support/fixture.h"
#include "support/test_data.h"

static const double BOUND = 5e-5; /* NMSE */

typedef struct network_case {
    const char *model, *weights, *input; /* below the data folder; weights NULL: in the model */
    bool        seeded;                  /* random weights for what has none */
    int64_t     size[4];                 /* of the input; 0 = as the file says, batch 1 */
    bool        naive;                   /* check claim 3 too */
} network_case;

typedef struct network {
    dvt_ctx    *ctx;
    dvt_graph  *g;
    dvt_tensor  x;
    dvt_overlay overlay;
} network;

static void ok(dvt_ctx *ctx, dvt_status st)
{
    if (st != DVT_OK) {
        fail_msg("%s: %s (%s) %s", dvt_status_name(st), dvt_ctx_error(ctx)->message,
                 dvt_ctx_error(ctx)->hint, dvt_ctx_error(ctx)->trail);
    }
}

/* ---- opening ------------------------------------------------------------------------------- */

static void load_graph(network *n, const network_case *c)
{
    char            model[TEST_PATH_MAX], weights[TEST_PATH_MAX];
    dvt_input_shape shape = {.shape = dvt_shape_make(4, c->size)};
    dvt_import_opts opts = {.shapes = &shape, .shape_count = c->size[0] != 0, .batch = 1};

    test_data_require(c->model, model);
    if (c->weights) {
        test_data_require(c->weights, weights);
        opts.weights = weights;
    }
    ok(n->ctx, dvt_model_load(n->ctx, model, &opts, &n->g));
    if (c->seeded) {
        ok(n->ctx, dvt_graph_seed_params(n->g, 1));
    }
}

/* The first image of a golden input, which must be of the input's size. */
static void read_input(network *n, const char *relative)
{
    char       path[TEST_PATH_MAX];
    dvt_tensor file, all;

    test_data_require(relative, path);
    ok(n->ctx, dvt_npy_read(n->ctx, path, &file));
    ok(n->ctx, dvt_tensor_cast(n->ctx, &file, n->x.dtype, &all));
    assert_true(all.bytes >= n->x.bytes && all.bytes % n->x.bytes == 0);
    memcpy(n->x.data, all.data, n->x.bytes);
    dvt_tensor_deinit(n->ctx, &all);
    dvt_tensor_deinit(n->ctx, &file);
}

static void seed_input(network *n)
{
    dvt_rng rng = dvt_rng_make(11, 0);

    assert_int_equal(n->x.dtype, DVT_DTYPE_F32);
    for (int64_t i = 0; i < dvt_shape_count(&n->x.shape); i++) {
        ((float *)n->x.data)[i] = (float)dvt_rng_normal(&rng);
    }
}

static network network_open(const network_case *c)
{
    network          n = {.ctx = dvt_ctx_create(NULL)};
    const dvt_value *in;
    char             path[TEST_PATH_MAX];

    load_graph(&n, c);
    test_repo_path("overlays/large-fp16.json", path);
    ok(n.ctx, dvt_overlay_load(n.ctx, path, &n.overlay));
    assert_int_equal(dvt_graph_input_count(n.g), 1);
    in = dvt_graph_value(n.g, dvt_graph_input(n.g, 0));
    ok(n.ctx, dvt_tensor_init(n.ctx, in->dtype, &in->shape, &n.x));
    if (c->input) {
        read_input(&n, c->input);
    } else {
        seed_input(&n);
    }
    return n;
}

static void network_close(network *n)
{
    dvt_tensor_deinit(n->ctx, &n->x);
    dvt_graph_destroy(n->g);
    assert_int_equal(dvt_ctx_bytes_in_use(n->ctx), 0);
    dvt_ctx_destroy(n->ctx);
}

/* ---- running and comparing ----------------------------------------------------------------- */

static dvt_program *compile(network *n, const char *disable)
{
    dvt_program *p;

    ok(n->ctx, dvt_compile(n->g,
                           &(dvt_compile_opts){.overlay = &n->overlay,
                                               .disable = &disable,
                                               .disable_count = disable ? 1 : 0},
                           &p));
    return p;
}

static dvt_sim *simulate(network *n, const dvt_program *p, dvt_sim_kind kind)
{
    dvt_sim *s;

    ok(n->ctx, dvt_sim_create(p, &(dvt_sim_opts){kind}, &s));
    ok(n->ctx, dvt_sim_run(s, &n->x, 1));
    return s;
}

static double nmse(dvt_ctx *ctx, const dvt_tensor *got, const dvt_tensor *want)
{
    double     num = 0.0, den = 1e-30;
    dvt_tensor g, w;

    assert_true(dvt_shape_equal(&got->shape, &want->shape));
    ok(ctx, dvt_tensor_cast(ctx, got, DVT_DTYPE_F32, &g));
    ok(ctx, dvt_tensor_cast(ctx, want, DVT_DTYPE_F32, &w));
    for (int64_t i = 0; i < dvt_shape_count(&w.shape); i++) {
        double v = ((const float *)w.data)[i], d = ((const float *)g.data)[i] - v;
        num += d * d;
        den += v * v;
    }
    dvt_tensor_deinit(ctx, &g);
    dvt_tensor_deinit(ctx, &w);
    return num / den;
}

static void expect_close(network *n, const dvt_sim *s)
{
    dvt_exec *x;

    ok(n->ctx, dvt_exec_create(n->g, &(dvt_exec_opts){.kind = DVT_EXEC_FAST}, &x));
    ok(n->ctx, dvt_exec_run(x, &n->x, 1));
    for (int32_t i = 0; i < dvt_graph_output_count(n->g); i++) {
        dvt_value_id v = dvt_graph_output(n->g, i);
        dvt_tensor   got, want;
        ok(n->ctx, dvt_sim_output(s, i, &got));
        ok(n->ctx, dvt_exec_tensor(x, v, &want));
        double error = nmse(n->ctx, &got, &want);
        print_message("# %-24s %8lld values, NMSE %.1e, allowed %.0e\n",
                      dvt_graph_value(n->g, v)->name, (long long)dvt_shape_count(&want.shape),
                      error, BOUND);
        assert_true(error < BOUND);
    }
    dvt_exec_destroy(x);
}

static void expect_same_outputs(network *n, const dvt_sim *a, const dvt_sim *b)
{
    for (int32_t i = 0; i < dvt_graph_output_count(n->g); i++) {
        dvt_tensor x, y;
        ok(n->ctx, dvt_sim_output(a, i, &x));
        ok(n->ctx, dvt_sim_output(b, i, &y));
        assert_int_equal(x.bytes, y.bytes);
        assert_memory_equal(x.data, y.data, x.bytes);
    }
}

static void expect_same_memory(const dvt_sim *a, const dvt_sim *b)
{
    size_t         m, k;
    const uint8_t *x = dvt_sim_memory(a, &m), *y = dvt_sim_memory(b, &k);

    assert_int_equal(m, k);
    assert_memory_equal(x, y, m);
}

static void check(const network_case *c)
{
    network      n = network_open(c);
    dvt_program *chip = compile(&n, NULL), *memory = compile(&n, "keep-on-chip");
    dvt_sim     *a = simulate(&n, chip, DVT_SIM_FAST), *b = simulate(&n, memory, DVT_SIM_FAST);

    expect_close(&n, a);
    expect_same_outputs(&n, a, b);
    if (c->naive) {
        dvt_sim *slow = simulate(&n, chip, DVT_SIM_NAIVE);
        expect_same_memory(a, slow);
        dvt_sim_destroy(slow);
    }
    dvt_sim_destroy(a);
    dvt_sim_destroy(b);
    dvt_program_destroy(chip);
    dvt_program_destroy(memory);
    network_close(&n);
}

/* ---- trained networks ---------------------------------------------------------------------- */

#define GOLDEN "golden/opencv-4.6/"
#define MTCNN  "models/kpzhang93+MTCNN_face_detection_alignment/code/codes/MTCNNv2/model/"
#define RFB    "models/Linzaer+Ultra-Light-Fast-Generic-Face-Detector-1MB/"

static void test_overlay_networks__lenet(void **state)
{
    (void)state;
    check(&(network_case){.model = "models/LupinLeo+LeNet-5-ZYNQ/deploy.prototxt",
                          .weights = "models/LupinLeo+LeNet-5-ZYNQ/lenet_iter_10000.caffemodel",
                          .input = GOLDEN "lenet_LupinLeo/input.npy",
                          .naive = true});
    check(&(network_case){.model = "models/nandahkrishna+CaffeMNIST/lenet_train_test.prototxt",
                          .weights = "models/nandahkrishna+CaffeMNIST/lenet_iter_10000.caffemodel",
                          .input = GOLDEN "lenet_nandah/input.npy",
                          .size = {1, 1, 28, 28},
                          .naive = true});
}

static void test_overlay_networks__cifar10_quick(void **state)
{
    (void)state;
    check(&(network_case){.model = "models/Simshang+pycaffe/cifar10_quick.prototxt",
                          .weights = "models/Simshang+pycaffe/cifar10_quick_iter_5000.caffemodel",
                          .input = GOLDEN "cifar10_quick_5000/input.npy",
                          .size = {1, 3, 32, 32},
                          .naive = true});
}

static void test_overlay_networks__resnet20(void **state)
{
    (void)state;
    check(&(network_case){.model = "models/Amandashi95+onnc/resnet20.onnx",
                          .input = "golden/ort-1.30/resnet20/input.npy",
                          .naive = true});
}

static void test_overlay_networks__squeezenet(void **state)
{
    (void)state;
    check(&(network_case){.model = "models/microsoft+Windows-Machine-Learning/SharedContent/models/"
                                   "SqueezeNet_fp16.onnx",
                          .input = "golden/ort-1.30/SqueezeNet_fp16/input.npy"});
}

static void test_overlay_networks__rfb_320_in_both_forms(void **state)
{
    (void)state;
    check(&(network_case){.model = RFB "caffe/model/RFB-320/RFB-320.prototxt",
                          .weights = RFB "caffe/model/RFB-320/RFB-320.caffemodel",
                          .input = "golden/ort-1.30/RFB-320_simplified/input.npy"});
    check(&(network_case){.model = RFB "models/onnx/version-RFB-320_simplified.onnx",
                          .input = "golden/ort-1.30/RFB-320_simplified/input.npy"});
}

static void test_overlay_networks__mtcnn(void **state)
{
    (void)state;
    check(&(network_case){.model = MTCNN "det1.prototxt",
                          .weights = MTCNN "det1.caffemodel",
                          .input = GOLDEN "mtcnn_det1/input.npy",
                          .size = {1, 3, 120, 160},
                          .naive = true});
    check(&(network_case){.model = MTCNN "det3.prototxt",
                          .weights = MTCNN "det3.caffemodel",
                          .input = GOLDEN "mtcnn_det3/input.npy",
                          .size = {1, 3, 48, 48},
                          .naive = true});
}

/* ---- topologies ---------------------------------------------------------------------------- */

static void test_overlay_networks__mobilenet(void **state)
{
    (void)state;
    check(&(network_case){.model = "models/shicai+MobileNet-Caffe/mobilenet_deploy.prototxt",
                          .seeded = true,
                          .size = {1, 3, 64, 64}});
}

static void test_overlay_networks__densenet(void **state)
{
    (void)state;
    check(&(network_case){.model =
                              "models/soeaver+caffe-model/cls/densenet/deploy_densenet121.prototxt",
                          .seeded = true,
                          .size = {1, 3, 64, 64}});
}

static void test_overlay_networks__alexnet(void **state)
{
    (void)state;
    check(&(network_case){.model = "models/BVLC+caffe/models/bvlc_alexnet/deploy.prototxt",
                          .seeded = true,
                          .size = {1, 3, 99, 99}});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overlay_networks__lenet),
        cmocka_unit_test(test_overlay_networks__cifar10_quick),
        cmocka_unit_test(test_overlay_networks__resnet20),
        cmocka_unit_test(test_overlay_networks__squeezenet),
        cmocka_unit_test(test_overlay_networks__rfb_320_in_both_forms),
        cmocka_unit_test(test_overlay_networks__mtcnn),
        cmocka_unit_test(test_overlay_networks__mobilenet),
        cmocka_unit_test(test_overlay_networks__densenet),
        cmocka_unit_test(test_overlay_networks__alexnet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
