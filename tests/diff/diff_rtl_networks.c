/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_rtl_networks.c - whole networks on the simulated RTL and on both models: one table.
 *
 * Claims    every byte of external memory, every saturation and every counter of the RTL is that of
 *           the models, on every overlay and network here, with memory that holds back and without.
 * Networks  the repository's own and random ones; with the test data LeNet, CIFAR-quick, resnet20,
 *           and in the long run SqueezeNet, RFB-320, and GoogLeNet on large-fp11.
 * Settings  DOVETAIL_LONG: every overlay with every network, 200 random networks; else a few.
 *           DOVETAIL_RTL_ONLY=OVERLAY[:NETWORK] for some of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dovetail/compile.h"
#include "dovetail/formats.h"
#include "support/fixture.h"
#include "support/random_cnn.h"
#include "support/rtl_compare.h"
#include "support/test_data.h"

enum { RANDOM_LAYERS = 6, RANDOM_SHORT = 18, RANDOM_LONG = 200 };

static const char *const overlays[] = {
    "tests/support/overlays/odd-m5.json",   "tests/support/overlays/odd-m9.json",
    "tests/support/overlays/odd-int8.json", "overlays/small-fp11.json",
    "overlays/small-fp16.json",             "overlays/small-int8.json",
    "overlays/medium-fp11.json",            "overlays/medium-fp16.json",
    "overlays/medium-int8.json",            "overlays/large-fp11.json",
    "overlays/large-fp16.json",             "overlays/large-int8.json"};
enum { OVERLAYS = sizeof overlays / sizeof *overlays, ODD = 3, SHORT_OVERLAYS = 4 };

#define RFB "models/Linzaer+Ultra-Light-Fast-Generic-Face-Detector-1MB/"

typedef struct network {
    const char *name, *model, *weights; /* below the data folder; weights NULL: in the model */
    bool        own, seeded, is_short;  /* own: below the repository */
    bool        is_large;               /* millions of cycles */
} network;

static const network networks[] = {
    {"glyphs", "examples/models/glyphs/glyphs.onnx", NULL, true, false, true, false},
    {"lenet", "models/LupinLeo+LeNet-5-ZYNQ/deploy.prototxt",
     "models/LupinLeo+LeNet-5-ZYNQ/lenet_iter_10000.caffemodel", false, false, true, false},
    {"cifar10-quick", "models/Simshang+pycaffe/cifar10_quick.prototxt",
     "models/Simshang+pycaffe/cifar10_quick_iter_5000.caffemodel", false, false, false, false},
    {"resnet20", "models/Amandashi95+onnc/resnet20.onnx", NULL, false, false, false, false},
    {"squeezenet", "models/microsoft+Windows-Machine-Learning/SharedContent/models/"
                   "SqueezeNet_fp16.onnx",
     NULL, false, false, false, true},
    {"rfb-320", RFB "caffe/model/RFB-320/RFB-320.prototxt",
     RFB "caffe/model/RFB-320/RFB-320.caffemodel", false, false, false, true},
};
enum { NETWORKS = sizeof networks / sizeof *networks };
static const network googlenet = {
    "googlenet", "models/BVLC+caffe/models/bvlc_googlenet/deploy.prototxt", NULL, false, true,
    false, true};

static bool is_long(void) { return getenv("DOVETAIL_LONG") != NULL; }

static void ok(dvt_ctx *ctx, dvt_status st)
{
    if (st != DVT_OK) {
        fail_msg("%s: %s (%s) %s", dvt_status_name(st), dvt_ctx_error(ctx)->message,
                 dvt_ctx_error(ctx)->hint, dvt_ctx_error(ctx)->trail);
    }
}

static bool wanted(const char *overlay, const char *name)
{
    const char *only = getenv("DOVETAIL_RTL_ONLY");
    char        one[128];

    snprintf(one, sizeof one, "%s:%s", overlay, name);
    return !only || strncmp(one, only, strlen(only)) == 0;
}

/* ---- one run ------------------------------------------------------------------------------- */

static dvt_tensor random_input(dvt_ctx *ctx, const dvt_graph *g, uint64_t seed)
{
    dvt_rng    rng = dvt_rng_make(seed, 17);
    dvt_tensor f = {0}, x = {0};

    const dvt_value *v = dvt_graph_value(g, dvt_graph_input(g, 0));
    ok(ctx, dvt_tensor_init(ctx, DVT_DTYPE_F32, &v->shape, &f));
    for (int64_t i = 0; i < dvt_shape_count(&f.shape); i++) {
        ((float *)f.data)[i] = (float)dvt_rng_normal(&rng);
    }
    ok(ctx, dvt_tensor_cast(ctx, &f, v->dtype, &x));
    dvt_tensor_deinit(ctx, &f);
    return x;
}

static void print_row(const char *overlay, const char *name, int32_t stall,
                      const rtl_compare_result *r)
{
    print_message("%-12s %-14s %4d %12lld %12lld %6lld %9lld %9.0f  %s\n", overlay, name, stall,
                  (long long)r->cycles, (long long)r->model_cycles,
                  (long long)(r->cycles - r->model_cycles), (long long)r->differing_bytes,
                  r->seconds > 0.0 ? (double)r->cycles / r->seconds : 0.0,
                  r->what[0] ? r->what : "equal");
}

static void print_head(void)
{
    print_message("%-12s %-14s %4s %12s %12s %6s %9s %9s\n", "overlay", "network", "held", "RTL",
                  "model", "differ", "bytes", "cycles/s");
}

/* Compiles and compares; a network that the overlay cannot hold is told, not counted. */
static bool compare(dvt_ctx *ctx, dvt_graph *g, const char *path, const char *name, uint64_t seed,
                    int32_t stall)
{
    dvt_overlay        o;
    dvt_program       *p = NULL;
    dvt_tensor         x = random_input(ctx, g, seed);
    rtl_compare_result r;
    char               full[TEST_PATH_MAX];

    test_repo_path(path, full);
    ok(ctx, dvt_overlay_load(ctx, full, &o));
    if (wanted(o.name, name)) {
        ok(ctx, dvt_compile(
                    g, &(dvt_compile_opts){.overlay = &o, .samples = &x, .sample_count = 1}, &p));
        ok(ctx, rtl_compare(p, &x, 1, stall, seed, &r));
        print_row(o.name, name, stall, &r);
    } else {
        r = (rtl_compare_result){0};
    }
    dvt_program_destroy(p);
    dvt_tensor_deinit(ctx, &x);
    return r.what[0] == '\0';
}

/* ---- networks ------------------------------------------------------------------------------ */

static bool compare_network(const network *n, const char *overlay, int32_t stall)
{
    dvt_ctx        *ctx = dvt_ctx_create(NULL);
    char            model[TEST_PATH_MAX], weights[TEST_PATH_MAX];
    dvt_import_opts opts = {.batch = 1};
    dvt_graph      *g = NULL;
    bool            equal;

    if (n->own) {
        test_repo_path(n->model, model);
    } else {
        test_data_require(n->model, model);
    }
    if (n->weights) {
        test_data_require(n->weights, weights);
        opts.weights = weights;
    }
    ok(ctx, dvt_model_load(ctx, model, &opts, &g));
    if (n->seeded) {
        ok(ctx, dvt_graph_seed_params(g, 1));
    }
    equal = compare(ctx, g, overlay, n->name, 1, stall);
    dvt_graph_destroy(g);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
    return equal;
}

static void require_verilator(void)
{
    if (!rtl_available()) {
        print_message("skip: Verilator is not installed (tools/setup.sh --all)\n");
        skip();
    }
}

static void check_network(int i)
{
    int unequal = 0;

    if (networks[i].is_large && !is_long()) {
        print_message("skip: millions of cycles; set DOVETAIL_LONG=1\n");
        skip();
    }
    require_verilator();
    print_head();
    for (int o = 0; o < OVERLAYS; o++) {
        if (is_long() || (networks[i].is_short && o < SHORT_OVERLAYS)) {
            unequal += !compare_network(&networks[i], overlays[o], 0);
            unequal += is_long() && !compare_network(&networks[i], overlays[o], 200);
        }
    }
    if (!is_long() && !networks[i].is_short) {
        unequal += !compare_network(&networks[i], "overlays/small-fp11.json", 100);
    }
    assert_int_equal(unequal, 0);
}

static void diff_rtl_networks__glyphs(void **state)
{
    (void)state;
    check_network(0);
}

static void diff_rtl_networks__lenet(void **state)
{
    (void)state;
    check_network(1);
}

static void diff_rtl_networks__cifar10_quick(void **state)
{
    (void)state;
    check_network(2);
}

static void diff_rtl_networks__resnet20(void **state)
{
    (void)state;
    check_network(3);
}

static void diff_rtl_networks__squeezenet(void **state)
{
    (void)state;
    check_network(4);
}

static void diff_rtl_networks__rfb_320(void **state)
{
    (void)state;
    check_network(5);
}

static void diff_rtl_networks__googlenet(void **state)
{
    (void)state;
    if (!is_long()) {
        print_message("skip: a million cycles; set DOVETAIL_LONG=1\n");
        skip();
    }
    require_verilator();
    print_head();
    assert_true(compare_network(&googlenet, "overlays/large-fp11.json", 0));
}

/* ---- random networks ----------------------------------------------------------------------- */

static void diff_rtl_networks__random_networks(void **state)
{
    int count = is_long() ? RANDOM_LONG : RANDOM_SHORT, unequal = 0;
    int used = is_long() ? OVERLAYS : SHORT_OVERLAYS;

    (void)state;
    require_verilator();
    print_head();
    for (int i = 0; i < count; i++) {
        dvt_ctx   *ctx = dvt_ctx_create(NULL);
        dvt_graph *g = NULL;
        char       name[32];
        snprintf(name, sizeof name, "random-%d", i);
        ok(ctx, random_cnn_make(ctx, (uint64_t)(7000 + i), RANDOM_LAYERS, &g));
        unequal += !compare(ctx, g, overlays[i % used], name, (uint64_t)i, i % 2 ? 250 : 0);
        dvt_graph_destroy(g);
        dvt_ctx_destroy(ctx);
    }
    assert_int_equal(unequal, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diff_rtl_networks__glyphs),
        cmocka_unit_test(diff_rtl_networks__lenet),
        cmocka_unit_test(diff_rtl_networks__cifar10_quick),
        cmocka_unit_test(diff_rtl_networks__resnet20),
        cmocka_unit_test(diff_rtl_networks__squeezenet),
        cmocka_unit_test(diff_rtl_networks__rfb_320),
        cmocka_unit_test(diff_rtl_networks__googlenet),
        cmocka_unit_test(diff_rtl_networks__random_networks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
