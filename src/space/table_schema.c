/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_schema.c - what is known of the kinds of tables: their spaces, keys, and columns by name.
 *
 * Idea       Published files name their columns in their own ways; here each known name gets its
 *            metric, unit, data set, device and epochs of training. HELP's columns are devices, in
 *            milliseconds; HW-NAS-Bench's are device and metric. A name that is not known stays a
 *            column without these.
 * Sources    the files' own documentation; docs/formats/tables.md.
 * Tests      tests/unit/test_table.c
 */
#include <stdio.h>
#include <string.h>

#include "base/text_util.h"
#include "space/table_int.h"

static const struct {
    const char     *name, *summary;
    dvt_table_space space;
} kinds[DVT_BENCHMARKS] = {
#define DVT_X(kind, text, summary) [DVT_BENCHMARK_##kind] = {text, summary, DVT_TABLE_NB201},
    DVT_BENCHMARK_LIST(DVT_X)
#undef DVT_X
};

const char *dvt_benchmark_name(dvt_benchmark kind) { return kinds[kind].name; }
const char *dvt_benchmark_summary(dvt_benchmark kind) { return kinds[kind].summary; }

dvt_table_space dvti_table_space(dvt_benchmark kind)
{
    return kind == DVT_BENCHMARK_NASBENCH101     ? DVT_TABLE_NB101
           : kind == DVT_BENCHMARK_NATSBENCH_SSS ? DVT_TABLE_SSS
                                                 : DVT_TABLE_NB201;
}

int32_t dvti_table_keys(dvt_table_space space, const char *names[DVTI_TABLE_KEYS_MAX])
{
    static const char *const keys[][DVTI_TABLE_KEYS_MAX] = {
        [DVT_TABLE_NB101] = {"hash", "vertices", "adj_bits", "ops"},
        [DVT_TABLE_NB201] = {"index"},
        [DVT_TABLE_SSS] = {"index", "widths"},
    };
    int32_t count = 0;

    for (; count < DVTI_TABLE_KEYS_MAX && keys[space][count]; count++) {
        names[count] = keys[space][count];
    }
    return count;
}

bool dvti_table_printable(const char *text)
{
    bool good = true;

    for (const char *p = text; *p; p++) {
        good &= (unsigned char)*p >= ' ' && *p != 0x7f;
    }
    return good;
}

/* ---- columns ------------------------------------------------------------------------------- */

typedef struct known {
    const char *name, *metric, *unit, *dataset;
    int32_t     epochs, repeat;
} known;

static const known of_nasbench101[] = {
    {"mean_test_acc_108", "test_accuracy", "1", "cifar10", 108, 0},
    {"params", "parameters", "", "cifar10", 0, 0},
    {"val4", "valid_accuracy", "1", "cifar10", 4, 0},
    {"val12", "valid_accuracy", "1", "cifar10", 12, 0},
    {"val36", "valid_accuracy", "1", "cifar10", 36, 0},
    {"val108", "valid_accuracy", "1", "cifar10", 108, 0},
    {"train_time_s", "training_time", "s", "cifar10", 108, 0},
};

/* "x-valid" and "x-test" are the halves of the data set's test images, "ori-test" is all of them;
 * "cifar10-valid" is CIFAR-10 trained on half of its training images. */
static const known of_nasbench201[] = {
    {"params_c10", "parameters", "", "cifar10", 0, 0},
    {"c10_test", "test_accuracy", "%", "cifar10", 200, 0},
    {"c100_xtest", "x-test_accuracy", "%", "cifar100", 200, 0},
    {"c100_oritest", "ori-test_accuracy", "%", "cifar100", 200, 0},
    {"c100_xvalid_derived", "x-valid_accuracy", "%", "cifar100", 200, 0},
    {"c10valid_oritest_1seed", "ori-test_accuracy", "%", "cifar10-valid", 200, 1},
    {"c10_test_seed1", "test_accuracy", "%", "cifar10", 200, 1},
    {"c10_test_seed2", "test_accuracy", "%", "cifar10", 200, 2},
    {"c10_test_seed3", "test_accuracy", "%", "cifar10", 200, 3},
    {"epoch_time_c10_s", "epoch_time", "s", "cifar10", 0, 0},
};

static const known of_latbench[] = {{"latency_s", "latency", "s", "cifar10", 0, 0}};

static bool describe_known(const known *all, size_t count, dvti_table_about *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, out->name) == 0) {
            dvti_format(out->metric, sizeof out->metric, "%s", all[i].metric);
            dvti_format(out->unit, sizeof out->unit, "%s", all[i].unit);
            dvti_format(out->dataset, sizeof out->dataset, "%s", all[i].dataset);
            out->epochs = all[i].epochs;
            out->repeat = all[i].repeat;
            return true;
        }
    }
    return false;
}

/* "edgegpu_latency", "fpga_energy", and with a data set in front: "cifar100.edgegpu_latency". */
static void describe_hwnas(dvti_table_about *out)
{
    static const struct {
        const char *ending, *unit;
    } metrics[] = {{"latency", "ms"}, {"energy", "mJ"}, {"arithmetic_intensity", "op/B"}};
    const char  *dot = strchr(out->name, '.');
    const char  *name = dot ? dot + 1 : out->name;
    const size_t n = strlen(name);

    dvti_format(out->dataset, sizeof out->dataset, "%.*s", dot ? (int)(dot - out->name) : 0,
                out->name);
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        const size_t m = strlen(metrics[i].ending);
        if (n > m + 1 && name[n - m - 1] == '_' && strcmp(name + n - m, metrics[i].ending) == 0) {
            dvti_format(out->metric, sizeof out->metric, "%s", metrics[i].ending);
            dvti_format(out->unit, sizeof out->unit, "%s", metrics[i].unit);
            dvti_format(out->device, sizeof out->device, "%.*s", (int)(n - m - 1), name);
        }
    }
}

static void describe_help(dvti_table_about *out)
{
    dvti_format(out->metric, sizeof out->metric, "latency");
    dvti_format(out->unit, sizeof out->unit, "ms");
    dvti_format(out->dataset, sizeof out->dataset, "cifar10");
    dvti_format(out->device, sizeof out->device, "%s", out->name);
}

void dvti_table_describe(dvt_benchmark kind, const char *name, dvti_table_about *out)
{
    const char   *keys[DVTI_TABLE_KEYS_MAX];
    const int32_t key_count = dvti_table_keys(dvti_table_space(kind), keys);

    *out = (dvti_table_about){0};
    dvti_format(out->name, sizeof out->name, "%s", name);
    for (int32_t i = 0; i < key_count; i++) {
        if (strcmp(keys[i], name) == 0) {
            return;
        }
    }
    switch (kind) {
    case DVT_BENCHMARK_NASBENCH101:
        describe_known(of_nasbench101, sizeof of_nasbench101 / sizeof of_nasbench101[0], out);
        break;
    case DVT_BENCHMARK_NASBENCH201:
        describe_known(of_nasbench201, sizeof of_nasbench201 / sizeof of_nasbench201[0], out);
        break;
    case DVT_BENCHMARK_LATBENCH:
        describe_known(of_latbench, sizeof of_latbench / sizeof of_latbench[0], out);
        break;
    case DVT_BENCHMARK_HWNASBENCH: describe_hwnas(out); break;
    case DVT_BENCHMARK_HELP: describe_help(out); break;
    default: break;
    }
}

/* ---- sizes --------------------------------------------------------------------------------- */

int32_t dvti_sss_parse(const char *text)
{
    int32_t     widths = 0;
    const char *p = text;

    for (int i = 0; i < DVT_SSS_WIDTHS; i++) {
        int width = 0, digits = 0;
        for (; *p >= '0' && *p <= '9' && digits < 3; p++, digits++) {
            width = 10 * width + (*p - '0');
        }
        if (width < 8 || width > 64 || width % 8 || *p != (i + 1 < DVT_SSS_WIDTHS ? ':' : '\0')) {
            return -1;
        }
        p++;
        widths = widths * 8 + (width / 8 - 1);
    }
    return widths;
}

const char *dvti_sss_print(uint32_t widths, char out[DVT_TABLE_KEY_TEXT])
{
    unsigned w[DVT_SSS_WIDTHS];

    for (int i = DVT_SSS_WIDTHS; i-- > 0; widths /= 8) {
        w[i] = 8 * (widths % 8 + 1);
    }
    snprintf(out, DVT_TABLE_KEY_TEXT, "%u:%u:%u:%u:%u", w[0], w[1], w[2], w[3], w[4]);
    return out;
}
