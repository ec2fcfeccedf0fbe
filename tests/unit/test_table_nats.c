/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table_nats.c - NATS-Bench's pickles, one for all networks and a folder of compressed ones;
 * what contradicts itself is refused.
 *
 * The files are written here, in protocol 0, from the form that the benchmark's own reader expects.
 */
#define _DEFAULT_SOURCE /* mkdtemp */

#include "support/fixture.h"
#include "support/test_data.h"

#include "dovetail/table.h"
#include "formats/bunzip.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <bzlib.h>

#define CELL0                                                                               \
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_" \
    "connect~2|"
#define CELL1                                                                               \
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_" \
    "connect~2|"

/* A training of 2 epochs with seed 777 on CIFAR-10, and its results under "12". */
#define TRAINING                                                                        \
    "(S'cifar10'\nI777\nt(dS'epochs'\nI2\nsS'seed'\nI777\nsS'net_state_dict'\nNs"       \
    "S'train_acc1es'\n(dI0\nF50.0\nsI1\nF75.5\nssS'train_losses'\n(lF1.5\naF0.25\nas"   \
    "S'train_times'\nNsS'eval_names'\n(lS'ori-test'\nas"                                \
    "S'eval_acc1es'\n(dS'ori-test@0'\nF40.0\nsS'ori-test@1'\nF70.125\nss"               \
    "S'eval_losses'\n(dS'ori-test@1'\nF0.5\nssS'eval_times'\n(dS'ori-test@1'\nF3.5\nss" \
    "S'params'\nF0.073306\nsS'flop'\nF7.78305\nsS'latency'\n(lF0.25\naF0.75\nass"
#define RESULTS(index, arch)                                                             \
    "(dS'12'\n(dS'arch_index'\nI" index "\nsS'arch_str'\nS'" arch "'\nsS'all_results'\n" \
    "(d" TRAINING "sS'dataset_seed'\n(dS'cifar10'\n(lI777\nassS'clear_net_done'\nI01\nss"

static dvt_status load(dvt_ctx *ctx, dvt_benchmark kind, const char *text, dvt_table **out)
{
    char path[TEST_PATH_MAX];

    test_temp_path("nats.pickle", path);
    expect_ok(ctx, dvt_file_write(ctx, path, text, strlen(text)));
    return dvt_table_load(ctx, kind, path, out);
}

static void expect_number(dvt_ctx *ctx, const dvt_table *t, const char *column, const char *key,
                          double want)
{
    int64_t row;
    double  v;

    expect_ok(ctx, dvt_table_find(ctx, t, key, &row));
    expect_ok(ctx, dvt_table_number(ctx, t, column, row, &v));
    assert_true(v == want);
}

static void check_training(dvt_ctx *ctx, const dvt_table *t, const char *key)
{
    expect_number(ctx, t, "train_accuracy.cifar10.e12.s777", key, 75.5);
    expect_number(ctx, t, "train_loss.cifar10.e12.s777", key, 0.25);
    expect_number(ctx, t, "ori-test_accuracy.cifar10.e12.s777", key, 70.125);
    expect_number(ctx, t, "ori-test_loss.cifar10.e12.s777", key, 0.5);
    expect_number(ctx, t, "ori-test_time.cifar10.e12.s777", key, 3.5);
    expect_number(ctx, t, "parameters.cifar10.e12.s777", key, 0.073306);
    expect_number(ctx, t, "flops.cifar10.e12.s777", key, 7.78305);
    expect_number(ctx, t, "latency.cifar10.e12.s777", key, 0.5);
}

static void test_table_nats__one_file_holds_all_networks(void **state)
{
    dvt_table  *t;
    int32_t     column;
    dvt_measure m = {.metric = "ori-test_accuracy", .dataset = "cifar10", .epochs = 12};

    expect_ok(*state,
              load(*state, DVT_BENCHMARK_NATSBENCH,
                   "(dS'meta_archs'\n(lsS'arch2infos'\n(dI0\n" RESULTS("0", CELL0) "sI1\n" RESULTS(
                       "1", CELL1) "ssS'evaluated_indexes'\n(lI0\naI1\nas.",
                   &t));
    assert_int_equal(dvt_table_rows(t), 2);
    check_training(*state, t, "0");
    check_training(*state, t, CELL1);
    expect_ok(*state, dvt_table_select(*state, t, &m, &column));
    assert_int_equal(dvt_table_column(t, column)->repeat, 1);
    assert_string_equal(dvt_table_column(t, column)->unit, "%");
    dvt_table_close(t);
}

static void test_table_nats__sizes_are_found_by_index_and_widths(void **state)
{
    dvt_table *t;
    int64_t    row;
    char       key[DVT_TABLE_KEY_TEXT];

    expect_ok(*state,
              load(*state, DVT_BENCHMARK_NATSBENCH_SSS, RESULTS("284", "8:8:40:32:40") ".", &t));
    assert_int_equal(dvt_table_space_of(t), DVT_TABLE_SSS);
    check_training(*state, t, "284");
    check_training(*state, t, "8:8:40:32:40");
    assert_string_equal(dvt_table_key(t, 0, key), "8:8:40:32:40");
    expect_failure(*state, dvt_table_find(*state, t, "8:8:8:8:8", &row), DVT_E_NOTFOUND,
                   "has no network");
    expect_failure(*state, dvt_table_find(*state, t, "8:8:8:8:9", &row), DVT_E_USAGE,
                   "neither an index nor five widths");
    dvt_table_close(t);
}

static void test_table_nats__what_contradicts_itself_is_refused(void **state)
{
    static const struct {
        dvt_benchmark kind;
        const char   *text, *said;
    } cases[] = {
        {DVT_BENCHMARK_NATSBENCH, RESULTS("1", CELL0) ".", "the string of the cell with this"},
        {DVT_BENCHMARK_NATSBENCH, RESULTS("15625", CELL0) ".", "results with 'arch_index'"},
        {DVT_BENCHMARK_NATSBENCH, RESULTS("0", "8:8:8:8:8") ".", "the string of the cell"},
        {DVT_BENCHMARK_NATSBENCH_SSS, RESULTS("0", CELL0) ".", "five widths"},
        {DVT_BENCHMARK_NATSBENCH_SSS, RESULTS("0", "8:8:8:8:72") ".", "five widths"},
        {DVT_BENCHMARK_NATSBENCH_SSS, "(dI0\nF0.5\ns.", "NATS-Bench's results"},
        {DVT_BENCHMARK_NATSBENCH,
         "(dS'arch2infos'\n(dI0\n" RESULTS("0", CELL0) "sI1\n" RESULTS("0", CELL0) "ss.",
         "each network once"},
        {DVT_BENCHMARK_NATSBENCH, "(dS'arch2infos'\n(dI0\nF0.5\nss.", "results of a network"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dvt_table *t;
        expect_failure(*state, load(*state, cases[i].kind, cases[i].text, &t), DVT_E_PARSE,
                       cases[i].said);
        assert_null(t);
    }
}

/* ---- folders ------------------------------------------------------------------------------- */

static void write_packed(dvt_ctx *ctx, const char *folder, const char *name, const char *text)
{
    char     path[TEST_PATH_MAX + 64], packed[8192];
    unsigned size = sizeof packed;

    assert_int_equal(BZ2_bzBuffToBuffCompress(packed, &size, (char *)(uintptr_t)text,
                                              (unsigned)strlen(text), 9, 0, 0),
                     BZ_OK);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    expect_ok(ctx, dvt_file_write(ctx, path, packed, size));
}

static void remove_folder(const char *folder)
{
    static const char *const names[] = {"000000.pickle.pbz2", "000001.pickle.pbz2",
                                        "meta.pickle.pbz2"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[TEST_PATH_MAX + 64];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void test_table_nats__a_folder_of_compressed_files_is_one_table(void **state)
{
    char       folder[] = "/tmp/dovetail-nats-XXXXXX";
    dvt_table *t;

    assert_non_null(mkdtemp(folder));
    expect_failure(*state, dvt_table_load(*state, DVT_BENCHMARK_NATSBENCH, folder, &t), DVT_E_PARSE,
                   "there is no '000000.pickle.pbz2' or other");
    write_packed(*state, folder, "meta.pickle.pbz2", "(dS'meta_archs'\n(ls.");
    write_packed(*state, folder, "000000.pickle.pbz2", RESULTS("0", CELL0) ".");
    write_packed(*state, folder, "000001.pickle.pbz2", RESULTS("1", CELL1) ".");
    const dvt_status st = dvt_table_load(*state, DVT_BENCHMARK_NATSBENCH, folder, &t);
    remove_folder(folder);
    expect_ok(*state, st);
    assert_int_equal(dvt_table_rows(t), 2);
    check_training(*state, t, "0");
    check_training(*state, t, "1");
    dvt_table_close(t);
}

static void test_table_nats__damaged_compression_is_refused_or_seen(void **state)
{
    char     packed[8192];
    unsigned size = sizeof packed;
    char     text[] = RESULTS("0", CELL0) ".";

    assert_int_equal(BZ2_bzBuffToBuffCompress(packed, &size, text, (unsigned)strlen(text), 9, 0, 0),
                     BZ_OK);
    for (unsigned i = 0; i < 2 * size; i++) {
        dvt_blob blob = {dvt_alloc(*state, size), size};
        memcpy(blob.data, packed, size);
        if (i < size) {
            blob.size = i; /* cut */
        } else {
            blob.data[i - size] ^= 0x10;
        }
        const dvt_status st = dvti_bunzip_in_place(*state, "packed", 1 << 20, &blob);
        /* without its magic it is no bzip2 and stays; bits of padding may change nothing */
        assert_true(st == DVT_E_PARSE ||
                    (st == DVT_OK && (blob.size < 4 || !dvti_is_bzip2(blob.data, blob.size))));
        dvt_blob_deinit(*state, &blob);
        dvt_ctx_clear_error(*state);
    }
}

static void test_table_nats__unpacking_stops_at_the_limit(void **state)
{
    enum { ZEROS = 1 << 20 };
    char    *zeros = dvt_calloc(*state, ZEROS, 1);
    unsigned size = 4096;
    dvt_blob blob = {dvt_alloc(*state, size), 0};

    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)blob.data, &size, zeros, ZEROS, 9, 0, 0),
                     BZ_OK);
    blob.size = size;
    expect_failure(*state, dvti_bunzip_in_place(*state, "bomb", ZEROS - 1, &blob), DVT_E_CAPACITY,
                   "when unpacked");
    dvt_blob_deinit(*state, &blob);
    dvt_free(*state, zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_table_nats__one_file_holds_all_networks),
        FIXTURE_TEST(test_table_nats__sizes_are_found_by_index_and_widths),
        FIXTURE_TEST(test_table_nats__what_contradicts_itself_is_refused),
        FIXTURE_TEST(test_table_nats__a_folder_of_compressed_files_is_one_table),
        FIXTURE_TEST(test_table_nats__damaged_compression_is_refused_or_seen),
        FIXTURE_TEST(test_table_nats__unpacking_stops_at_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
