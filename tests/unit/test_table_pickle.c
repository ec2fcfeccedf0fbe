/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table_pickle.c - tables from pickles and from the CSV files of devices: LatBench, HELP,
 * HW-NAS-Bench; every number is the file's.
 *
 * The values of the real files are from reading them with Python's own pickle and csv modules.
 */
#include "support/fixture.h"
#include "support/test_data.h"

#include "dovetail/table.h"

#include <stdio.h>

static double number(dvt_ctx *ctx, const dvt_table *t, const char *column, const char *key)
{
    int64_t row;
    double  v;

    expect_ok(ctx, dvt_table_find(ctx, t, key, &row));
    expect_ok(ctx, dvt_table_number(ctx, t, column, row, &v));
    return v;
}

static void same(double got, double want)
{
    if (memcmp(&got, &want, sizeof got) != 0) {
        fail_msg("got %.17g, wanted %.17g", got, want);
    }
}

static void load_text(dvt_ctx *ctx, dvt_benchmark kind, const char *name, const char *bytes,
                      size_t size, dvt_table **out)
{
    char path[TEST_PATH_MAX];

    test_temp_path(name, path);
    expect_ok(ctx, dvt_file_write(ctx, path, bytes, size));
    expect_ok(ctx, dvt_table_load(ctx, kind, path, out));
}

static void test_table_pickle__latbench_numbers_are_found_by_cell(void **state)
{
    /* {(0, 0, 0, 2, 2, 4): 0.5, (1, 1, 1, 1, 1, 1): 2} in protocol 0 */
    static const char text[] =
        "(dp0\n(I0\nI0\nI0\nI2\nI2\nI4\ntp1\nF0.5\ns(I1\nI1\nI1\nI1\nI1\nI1\n"
        "tp2\nI2\ns.";
    dvt_table     *t;
    dvt_nb201_cell cell;
    int32_t        column;
    int64_t        row;

    load_text(*state, DVT_BENCHMARK_LATBENCH, "some-device.pickle", text, sizeof text - 1, &t);
    assert_int_equal(dvt_table_rows(t), 2);
    same(number(*state, t, "latency_s", "ops:000224"), 0.5);
    same(number(*state, t, "latency_s", "ops:111111"), 2.0);
    expect_ok(*state, dvt_table_select(*state, t, &(dvt_measure){.metric = "latency"}, &column));
    assert_string_equal(dvt_table_column(t, column)->device, "some-device");
    assert_string_equal(dvt_table_column(t, column)->unit, "s");
    expect_failure(*state, dvt_table_select(*state, t, &(dvt_measure){.metric = "energy"}, &column),
                   DVT_E_NOTFOUND, "no such measure");
    for (row = 0; row < 2; row++) {
        cell = dvt_table_nb201_cell(t, row);
        assert_int_equal(dvt_table_nb201_row(t, &cell), row);
    }
    expect_failure(*state, dvt_table_find(*state, t, "ops:000000", &row), DVT_E_NOTFOUND,
                   "has no network");
    dvt_table_close(t);
}

static void test_table_pickle__what_is_no_latency_is_refused(void **state)
{
    static const struct bad {
        const char *text, *said;
        dvt_status  status;
        uint64_t    offset;
    } cases[] = {
        {"(l.", "a dictionary with something in it, got a list", DVT_E_PARSE, 1},
        {"(d.", "a dictionary with something in it", DVT_E_PARSE, 1},
        {"(d(I0\nI0\nI0\nI2\nI2\ntF0.5\ns.", "six operations from 0 to 4", DVT_E_PARSE, 18},
        {"(d(I0\nI0\nI0\nI2\nI2\nI5\ntF0.5\ns.", "six operations from 0 to 4", DVT_E_PARSE, 21},
        {"(d(I0\nI0\nI0\nI2\nI2\nI4\ntNs.", "expected seconds, got None", DVT_E_PARSE, 22},
        {"(d(I0\nI0\nI0\nI2\nI2\nI4\ntFinf\ns.", "no finite number", DVT_E_NUMERIC, 22},
        {"(d(I0\nI0\nI0\nI2\nI2\nI4\ntF0.5\ns(I0\nI0\nI0\nI2\nI2\nI4\ntF0.5\ns.", "twice",
         DVT_E_PARSE, 47},
        {"cos\nsystem\n(S'true'\ntR.", "names 'os.system', which is not data", DVT_E_UNSUPPORTED,
         0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char       path[TEST_PATH_MAX];
        dvt_table *t;
        dvt_status st;
        test_temp_path("bad.pickle", path);
        expect_ok(*state, dvt_file_write(*state, path, cases[i].text, strlen(cases[i].text)));
        st = dvt_table_load(*state, DVT_BENCHMARK_LATBENCH, path, &t);
        assert_null(t);
        assert_int_equal(dvt_ctx_error(*state)->offset, cases[i].offset);
        expect_failure(*state, st, cases[i].status, cases[i].said);
    }
}

static void test_table_pickle__hwnasbench_pickles_hold_each_data_set(void **state)
{
    /* {"nasbench201": {"cifar10": {"config": [{"arch_str": index 0's}], "fpga_energy": [0.25, 1]},
     *  "cifar100": {"fpga_energy": [3]}}} in protocol 0 */
    static const char text[] =
        "(dS'nasbench201'\n(dS'cifar10'\n(dS'config'\n(l(dS'arch_str'\nS'|avg_pool_3x3~0|+|"
        "nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|'\nsas"
        "S'fpga_energy'\n(lF0.25\naI1\nassS'cifar100'\n(dS'fpga_energy'\n(lI3\nasss.";
    dvt_table *t;
    int32_t    column;
    int64_t    row;
    double     v;

    load_text(*state, DVT_BENCHMARK_HWNASBENCH, "hw.pickle", text, sizeof text - 1, &t);
    same(number(*state, t, "cifar10.fpga_energy", "0"), 0.25);
    same(number(*state, t, "cifar10.fpga_energy", "1"), 1.0);
    expect_ok(*state,
              dvt_table_select(
                  *state, t,
                  &(dvt_measure){.dataset = "cifar100", .device = "fpga", .metric = "energy"},
                  &column));
    assert_string_equal(dvt_table_column(t, column)->unit, "mJ");
    expect_failure(*state, dvt_table_select(*state, t, &(dvt_measure){.metric = "energy"}, &column),
                   DVT_E_USAGE, "2 columns of this table fit");
    expect_ok(*state, dvt_table_find(*state, t, "1", &row));
    expect_failure(*state, dvt_table_number(*state, t, "cifar100.fpga_energy", row, &v),
                   DVT_E_NOTFOUND, "of this network is not in the table");
    dvt_table_close(t);
}

static void test_table_pickle__plain_dictionaries_of_networks_are_tables(void **state)
{
    /* {CELL 0: {"c10": {"acc": 90.5, "seeds": 3}}, (3, 3, 4, 1, 3, 1), which is cell 1: {"c10":
     * {"acc": 91}}} */
    static const char nested[] =
        "(dS'|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|"
        "skip_connect~2|'\n(dS'c10'\n(dS'acc'\nF90.5\nsS'seeds'\nI3\nsss"
        "(I3\nI3\nI4\nI1\nI3\nI1\nt(dS'c10'\n(dS'acc'\nI91\nsss.";
    static const char numbers[] = "(dI5\nF0.5\nsI7\nI2\ns.";
    static const char lists[] = "(dS'acc'\n(lF0.5\naF0.25\nasS'loss'\n(lF1.5\nas.";
    dvt_table        *t;

    load_text(*state, DVT_BENCHMARK_NASBENCH201, "a.pickle", nested, sizeof nested - 1, &t);
    same(number(*state, t, "c10.acc", "0"), 90.5);
    same(number(*state, t, "c10.acc", "1"), 91.0);
    same(number(*state, t, "c10.seeds", "0"), 3.0);
    dvt_table_close(t);
    load_text(*state, DVT_BENCHMARK_NATSBENCH, "b.pickle", numbers, sizeof numbers - 1, &t);
    same(number(*state, t, "value", "7"), 2.0);
    assert_int_equal(dvt_table_rows(t), 2);
    dvt_table_close(t);
    load_text(*state, DVT_BENCHMARK_HELP, "c.pickle", lists, sizeof lists - 1, &t);
    same(number(*state, t, "acc", "1"), 0.25);
    same(number(*state, t, "loss", "0"), 1.5);
    assert_int_equal(dvt_table_rows(t), 2);
    dvt_table_close(t);
}

/* {"acc": numpy.array([0.5, 0.25, 8.0], "<f4")} in protocol 2, as NumPy 1 writes it. */
static void test_table_pickle__numpy_arrays_are_columns(void **state)
{
    static const char array[] = "\x80\x02}X\x03\x00\x00\x00"
                                "acccnumpy.core.multiarray\n_reconstruct\n"
                                "cnumpy\nndarray\nK\x00\x85"
                                "C\x01"
                                "b\x87R(K\x01K\x03\x85"
                                "cnumpy\ndtype\n"
                                "X\x02\x00\x00\x00"
                                "f4\x89\x88\x87R(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xff"
                                "J\xff\xff\xff\xffK\x00tb\x89"
                                "C\x0c\x00\x00\x00\x3f\x00\x00\x80\x3e\x00\x00\x00\x41"
                                "tbs.";
    dvt_table        *t;

    load_text(*state, DVT_BENCHMARK_NASBENCH201, "d.pickle", array, sizeof array - 1, &t);
    same(number(*state, t, "acc", "0"), 0.5);
    same(number(*state, t, "acc", "1"), 0.25);
    same(number(*state, t, "acc", "2"), 8.0);
    dvt_table_close(t);
}

/* ---- the published files ------------------------------------------------------------------- */

static void load_data(dvt_ctx *ctx, dvt_benchmark kind, const char *file, dvt_table **out)
{
    char path[TEST_PATH_MAX];

    test_data_require(file, path);
    expect_ok(ctx, dvt_table_load(ctx, kind, path, out));
}

static void test_table_pickle__published_latencies_of_numpy_numbers(void **state)
{
    dvt_table *t;

    load_data(*state, DVT_BENCHMARK_LATBENCH, "nas/latbench/desktop-cpu-core-i7-7820x-fp32.pickle",
              &t);
    assert_int_equal(dvt_table_rows(t), 15284);
    same(number(*state, t, "latency_s", "ops:000224"), 0.0015538465976715089);
    same(number(*state, t, "latency_s", "ops:100224"), 0.0021101105213165283);
    dvt_table_close(t);
}

static void test_table_pickle__published_latencies_of_plain_numbers(void **state)
{
    dvt_table *t;
    int64_t    row;

    load_data(*state, DVT_BENCHMARK_LATBENCH,
              "nas/latbench/mobile-cpu-snapdragon-855-kryo-485-int8.pickle", &t);
    assert_int_equal(dvt_table_rows(t), 15284);
    same(number(*state, t, "latency_s", "ops:000224"), 0.005435);
    /* the cells that are missing are those without a path */
    for (int32_t i = 0; i < DVT_NB201_COUNT; i++) {
        const dvt_nb201_cell cell = dvt_nb201_at(i);
        row = dvt_table_nb201_row(t, &cell);
        assert_int_equal(row >= 0, dvt_nb201_connected(&cell));
    }
    dvt_table_close(t);
}

/* HELP's Raspberry Pi is HW-NAS-Bench's, with fewer digits: indices and cells of both agree. */
static void test_table_pickle__help_and_hwnasbench_agree_where_they_share_a_device(void **state)
{
    dvt_table *help, *hw;
    int32_t    ours, theirs;

    load_data(*state, DVT_BENCHMARK_HELP, "nas/help_latency_ms.csv", &help);
    load_data(*state, DVT_BENCHMARK_HWNASBENCH, "nas/hwnasbench_cifar10.csv", &hw);
    expect_ok(*state, dvt_table_select(*state, help, &(dvt_measure){.device = "raspi4"}, &ours));
    expect_ok(*state, dvt_table_select(*state, hw, &(dvt_measure){.device = "raspi4"}, &theirs));
    assert_int_equal(dvt_table_rows(help), 15625);
    assert_int_equal(dvt_table_rows(hw), 15625);
    for (int64_t row = 0; row < 15625; row++) {
        const double a = dvt_table_at(help, ours, row), b = dvt_table_at(hw, theirs, row);
        assert_true(a > b - 1e-6 * b && a < b + 1e-6 * b);
    }
    same(number(*state, help, "1080ti_1", "0"), 10.7543707);
    same(number(*state, hw, "eyeriss_energy", "0"), 0.6872827644999999);
    same(number(*state, hw, "fpga_energy", "15624"), 22.35632);
    dvt_table_close(hw);
    dvt_table_close(help);
}

static void test_table_pickle__a_cache_holds_the_same_bits(void **state)
{
    char       path[TEST_PATH_MAX], cache[TEST_PATH_MAX];
    dvt_table *file, *t;

    test_data_require("nas/hwnasbench_cifar10.csv", path);
    test_temp_path("hw.cache", cache);
    expect_ok(*state, dvt_table_import(*state, DVT_BENCHMARK_HWNASBENCH, path, cache, NULL));
    expect_ok(*state, dvt_table_load(*state, DVT_BENCHMARK_HWNASBENCH, path, &file));
    expect_ok(*state, dvt_table_open(*state, cache, &t));
    for (int32_t c = 0; c < dvt_table_column_count(t); c++) {
        for (int64_t row = 0; row < dvt_table_rows(t); row++) {
            same(dvt_table_at(t, c, row), dvt_table_at(file, c, row));
        }
    }
    dvt_table_close(file);
    dvt_table_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_table_pickle__latbench_numbers_are_found_by_cell),
        FIXTURE_TEST(test_table_pickle__what_is_no_latency_is_refused),
        FIXTURE_TEST(test_table_pickle__hwnasbench_pickles_hold_each_data_set),
        FIXTURE_TEST(test_table_pickle__plain_dictionaries_of_networks_are_tables),
        FIXTURE_TEST(test_table_pickle__numpy_arrays_are_columns),
        FIXTURE_TEST(test_table_pickle__published_latencies_of_numpy_numbers),
        FIXTURE_TEST(test_table_pickle__published_latencies_of_plain_numbers),
        FIXTURE_TEST(test_table_pickle__help_and_hwnasbench_agree_where_they_share_a_device),
        FIXTURE_TEST(test_table_pickle__a_cache_holds_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
