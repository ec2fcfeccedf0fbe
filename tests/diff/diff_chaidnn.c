/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_chaidnn.c - the cost model of CHaiDNN beside the figures that were published for it.
 *
 * Table      one line a configuration (area from published resources, and the model's), then one
 *            line a configuration, width and network (frames a second without fully connected
 *            layers).
 * Claims     each area within 1 %; mean |log(model / published)| of the frame rates within 0.105.
 *            The rates were the source of the constants, so this bounds the form of the model, not
 *            its accuracy on other networks.
 * Depths     of the published buffers are not published: the BRAM counts and the frame rates
 *            together leave 2K words for input, 4K for weights, 4K for output.
 */
#include "support/fixture.h"
#include "support/test_data.h"

#include "dovetail/accelerator.h"
#include "dovetail/formats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct published {
    char   network[16];
    int    multipliers, clock_mhz, dsp, lut, bram36, bits;
    double fps; /* 0: not given */
} published;

enum { ROWS_MAX = 64, COLUMNS = 15 };

/* Field `column` of a line that is cut at commas. */
static void field(const char *line, int column, char out[32])
{
    for (; column > 0 && *line; line++) {
        column -= *line == ',';
    }
    size_t n = strcspn(line, ",\n");
    snprintf(out, 32, "%.*s", (int)(n < 31 ? n : 31), line);
}

static int whole(const char *line, int column)
{
    char    text[32];
    int64_t v = 0;

    field(line, column, text);
    assert_true(dvt_parse_i64(text, &v));
    return (int)v;
}

static int read_rows(published *rows)
{
    char  path[TEST_PATH_MAX], line[512], text[32];
    int   count = 0;
    FILE *f;

    test_data_require("hardware/chaidnn_v2_zu9.csv", path);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    while (count < ROWS_MAX && fgets(line, sizeof line, f)) {
        published *p = &rows[count++];
        *p = (published){.multipliers = whole(line, 2),
                         .clock_mhz = whole(line, 4),
                         .dsp = whole(line, 6),
                         .lut = whole(line, 7),
                         .bram36 = whole(line, 9),
                         .bits = whole(line, 12)};
        field(line, 11, text);
        snprintf(p->network, sizeof p->network, "%.15s", text);
        field(line, 13, text);
        if (!dvt_parse_f64(text, &p->fps)) {
            p->fps = 0;
        }
    }
    fclose(f);
    return count;
}

static dvt_chaidnn configuration(const published *p)
{
    return (dvt_chaidnn){.filter_par = 16,
                         .pixel_par = p->multipliers / 32,
                         .input_depth = 2048,
                         .weight_depth = 4096,
                         .output_depth = 4096,
                         .memory_bits = 512,
                         .pool_engine = true,
                         .share = DVT_CHAIDNN_SHARES,
                         .feature_bits = p->bits};
}

static void test_chaidnn__areas_are_within_one_per_cent(void **state)
{
    published rows[ROWS_MAX];
    int       count = read_rows(rows), last = 0;

    (void)state;
    for (int i = 0; i < count; i++) {
        dvt_chaidnn      a = configuration(&rows[i]);
        dvt_chaidnn_cost cost;
        if (rows[i].multipliers == last) {
            continue;
        }
        last = rows[i].multipliers;
        dvt_chaidnn_cost_of(&a, &cost);
        const double mm2 = rows[i].lut * .0044 / 8 + rows[i].bram36 * .026 + rows[i].dsp * .044;
        const double error = (double)cost.area_um2 * 1e-6 / mm2 - 1;
        print_message("%4d multipliers: published %.3f mm2, model %.3f mm2, %+.2f %%\n", last, mm2,
                      (double)cost.area_um2 * 1e-6, 100 * error);
        assert_true(fabs(error) < 0.01);
        assert_int_equal(cost.clock_mhz, rows[i].clock_mhz);
    }
}

static dvt_graph *load(dvt_ctx *ctx, const char *network)
{
    static const char *const files[][2] = {
        {"GoogLeNet", "models/BVLC+caffe/models/bvlc_googlenet/deploy.prototxt"},
        {"ResNet-50", "models/KaimingHe+deep-residual-networks/prototxt/ResNet-50-deploy.prototxt"},
        {"VGG-16", "models/soeaver+caffe-model/cls/vgg/deploy_vgg16-pytorch.prototxt"},
    };
    char       path[TEST_PATH_MAX];
    dvt_graph *g = NULL;

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(network, files[i][0]) == 0) {
            test_data_require(files[i][1], path);
            expect_ok(ctx, dvt_model_load(ctx, path, &(dvt_import_opts){.batch = 1}, &g));
        }
    }
    return g;
}

static void test_chaidnn__frame_rates_are_near_the_published_ones(void **state)
{
    published rows[ROWS_MAX];
    double    sum = 0;
    int       count = read_rows(rows), used = 0;

    for (int i = 0; i < count; i++) {
        dvt_chaidnn a = configuration(&rows[i]);
        int64_t     cycles;
        dvt_graph  *g = rows[i].fps > 0 ? load(*state, rows[i].network) : NULL;
        if (!g) {
            continue;
        }
        expect_ok(*state, dvt_chaidnn_graph_cycles(g, &a, &cycles));
        const double fps = 2e6 * rows[i].clock_mhz / (double)cycles;
        print_message("%4d multipliers, %d bits, %-9s  published %6.2f, model %6.2f, %+5.1f %%\n",
                      rows[i].multipliers, rows[i].bits, rows[i].network, rows[i].fps, fps,
                      100 * (fps / rows[i].fps - 1));
        sum += fabs(log(fps / rows[i].fps));
        used++;
        dvt_graph_destroy(g);
    }
    assert_int_equal(used, 24);
    print_message("mean |log error| %.4f over %d frame rates\n", sum / used, used);
    assert_true(sum / used < 0.105);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_chaidnn__areas_are_within_one_per_cent),
        FIXTURE_TEST(test_chaidnn__frame_rates_are_near_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
