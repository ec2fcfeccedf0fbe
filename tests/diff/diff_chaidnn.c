/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_chaidnn.c - the cost model of CHaiDNN beside the figures that were published for it.
 *
 * Table      one line a configuration (area from published resources, and the model's), then one
 *            line a configuration, width and network (frames a second without fully connected
 *            layers).
 * Claims     each area within 1 %; mean |log(model / published)| of the frame rates within 0.075,
 *            of each network's within 0.10.
 * Parts      The constants are fitted to a part of the rates, and the rest says what that is worth:
 *            one line a part. The standing constants are within 0.10 on every rest.
 * Depths     of the published buffers are not published: the BRAM counts and the frame rates
 *            together leave 2K words for input, 4K for weights, 4K for output.
 */
#include "support/fixture.h"
#include "support/test_data.h"

#include "dovetail/formats.h"
#include "space/chaidnn_int.h"

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

enum { NETWORKS = 3, RATES_MAX = 48 };

/* The published rates with their networks. */
typedef struct rates {
    const char *name[NETWORKS];
    dvt_graph  *graph[NETWORKS];
    published   row[RATES_MAX];
    int         network[RATES_MAX], count;
} rates;

static void load_rates(dvt_ctx *ctx, rates *r)
{
    published rows[ROWS_MAX];
    int       count = read_rows(rows);

    *r = (rates){.name = {"GoogLeNet", "ResNet-50", "VGG-16"}};
    for (int n = 0; n < NETWORKS; n++) {
        r->graph[n] = load(ctx, r->name[n]);
        for (int i = 0; i < count; i++) {
            if (rows[i].fps > 0 && strcmp(rows[i].network, r->name[n]) == 0) {
                r->network[r->count] = n;
                r->row[r->count++] = rows[i];
            }
        }
    }
    assert_int_equal(r->count, 24);
}

static void drop_rates(rates *r)
{
    for (int n = 0; n < NETWORKS; n++) {
        dvt_graph_destroy(r->graph[n]);
    }
}

/* log(model / published) */
static double error_of(dvt_ctx *ctx, const rates *r, int i, const dvti_chaidnn_constants *k)
{
    dvt_chaidnn a = configuration(&r->row[i]);
    int64_t     cycles;

    expect_ok(ctx, dvti_chaidnn_graph_cycles(r->graph[r->network[i]], k, &a, &cycles));
    return log(2e6 * r->row[i].clock_mhz / (double)cycles / r->row[i].fps);
}

/* Mean over the rates that are in the part, or in none but it. */
static double mean_error(dvt_ctx *ctx, const rates *r, const bool *part, bool in,
                         const dvti_chaidnn_constants *k)
{
    double sum = 0;
    int    used = 0;

    for (int i = 0; i < r->count; i++) {
        if (part[i] == in) {
            sum += fabs(error_of(ctx, r, i, k));
            used++;
        }
    }
    return sum / used;
}

static void test_chaidnn__frame_rates_are_near_the_published_ones(void **state)
{
    rates  r;
    double sum = 0, of_network[NETWORKS] = {0};

    load_rates(*state, &r);
    for (int i = 0; i < r.count; i++) {
        double e = error_of(*state, &r, i, &dvti_chaidnn_standing);
        print_message("%4d multipliers, %d bits, %-9s  published %6.2f, model %6.2f, %+5.1f %%\n",
                      r.row[i].multipliers, r.row[i].bits, r.row[i].network, r.row[i].fps,
                      r.row[i].fps * exp(e), 100 * (exp(e) - 1));
        sum += fabs(e) / r.count;
        of_network[r.network[i]] += fabs(e) * NETWORKS / r.count;
    }
    print_message("mean |log error| %.4f over %d frame rates", sum, r.count);
    for (int n = 0; n < NETWORKS; n++) {
        print_message(", %s %.4f", r.name[n], of_network[n]);
        assert_true(of_network[n] < 0.10);
    }
    print_message("\n");
    assert_true(sum < 0.075);
    drop_rates(&r);
}

/* The best constants for a part of the rates, and what they are worth on the rest. */
static void refit(dvt_ctx *ctx, const rates *r, const char *what, const bool *part)
{
    dvti_chaidnn_constants k, best = dvti_chaidnn_standing;
    double                 least = mean_error(ctx, r, part, true, &best), fitted, rest;

    for (k.memory_den = 10, k.memory_num = 10; k.memory_num <= 26; k.memory_num += 2) {
        for (k.filter_start = 20; k.filter_start <= 140; k.filter_start += 20) {
            for (k.burst_start = 10; k.burst_start <= 100; k.burst_start += 30) {
                double e = mean_error(ctx, r, part, true, &k);
                best = e < least ? k : best;
                least = e < least ? e : least;
            }
        }
    }
    fitted = mean_error(ctx, r, part, true, &dvti_chaidnn_standing);
    rest = mean_error(ctx, r, part, false, &dvti_chaidnn_standing);
    print_message("fit on %-22s a %3d b %3d d %.1f: %.4f there, %.4f on the rest; standing "
                  "constants %.4f and %.4f\n",
                  what, best.filter_start, best.burst_start,
                  (double)best.memory_num / best.memory_den, least,
                  mean_error(ctx, r, part, false, &best), fitted, rest);
    assert_true(least <= fitted);
    assert_true(rest < 0.10);
}

static void test_chaidnn__the_standing_constants_hold_on_every_part(void **state)
{
    rates r;
    bool  part[RATES_MAX];
    char  what[48];

    load_rates(*state, &r);
    for (int held = 0; held < NETWORKS; held++) {
        for (int i = 0; i < r.count; i++) {
            part[i] = r.network[i] != held;
        }
        snprintf(what, sizeof what, "all but %s", r.name[held]);
        refit(*state, &r, what, part);
    }
    for (int i = 0; i < r.count; i++) {
        part[i] = r.row[i].bits == 6;
    }
    refit(*state, &r, "6 bits", part);
    for (int i = 0; i < r.count; i++) {
        part[i] = r.row[i].multipliers == 128 || r.row[i].multipliers == 512;
    }
    refit(*state, &r, "128 and 512", part);
    drop_rates(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_chaidnn__areas_are_within_one_per_cent),
        FIXTURE_TEST(test_chaidnn__frame_rates_are_near_the_published_ones),
        FIXTURE_TEST(test_chaidnn__the_standing_constants_hold_on_every_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
