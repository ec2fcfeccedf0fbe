/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table.c - benchmark tables: import, cache, answers; what is damaged or not held is an error.
 */
#include "support/fixture.h"
#include "support/test_data.h"

#include "dovetail/table.h"

#include <stdio.h>

#define HEAD101 \
    "hash,vertices,adj_bits,ops,mean_test_acc_108,params,val4,val12,val36,val108,train_time_s\n"
/* a chain of three, and a fork, which comes first in the order of hashes */
#define CHAIN "b49ac8c578b4561d79ac7087988f1c61,3,5,0,0.9123456789,1000,0.5,0.6,0.7,0.8,12.5\n"
#define FORK  "ac9bd0e2514c031187b612db767fb038,4,51,12,0.9,2000,,,,,\n"
#define HEAD201                                                                                   \
    "index,arch_vector,arch_str,params_c10,c10_test,c100_xtest,c100_oritest,c100_xvalid_derived," \
    "c10valid_oritest_1seed,c10_test_seeds,epoch_time_c10_s\n"
#define LINE201                                                                                 \
    "0,421211,|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|" \
    "skip_connect~2|,129306,85.863333,52.9,52.8,52.7,81.9,85.62/86.18,14.4\n"

static void write_text(dvt_ctx *ctx, const char *name, const char *text, char path[TEST_PATH_MAX])
{
    test_temp_path(name, path);
    expect_ok(ctx, dvt_file_write(ctx, path, text, strlen(text)));
}

static dvt_status import(dvt_ctx *ctx, dvt_benchmark kind, const char *text,
                         char cache[TEST_PATH_MAX])
{
    char csv[TEST_PATH_MAX];

    write_text(ctx, "table.csv", text, csv);
    test_temp_path("table.cache", cache);
    return dvt_table_import(ctx, kind, csv, cache, NULL);
}

static uint64_t value(dvt_ctx *ctx, const dvt_table *t, const char *column, int64_t row)
{
    uint64_t v;
    expect_ok(ctx, dvt_table_value(ctx, t, column, row, &v));
    return v;
}

static void test_table__gives_back_every_digit_of_the_file(void **state)
{
    char           cache[TEST_PATH_MAX], hash[DVT_MD5_HEX];
    dvt_table     *t;
    dvt_nb101_cell cell;
    int64_t        row;
    uint64_t       v;

    expect_ok(*state, import(*state, DVT_BENCHMARK_NASBENCH101, HEAD101 CHAIN FORK, cache));
    expect_ok(*state, dvt_table_open(*state, cache, &t));
    assert_int_equal(dvt_table_rows(t), 2);
    expect_ok(*state, dvt_table_find(*state, t, "b49ac8c578b4561d79ac7087988f1c61", &row));
    assert_int_equal(row, 1);
    assert_int_equal(value(*state, t, "mean_test_acc_108", 1), 912345678900);
    assert_int_equal(value(*state, t, "params", 0), 2000);
    assert_int_equal(value(*state, t, "train_time_s", 1), 12.5 * 1e12);
    dvt_table_nb101_hash(t, 0, hash);
    assert_string_equal(hash, "ac9bd0e2514c031187b612db767fb038");
    dvt_table_nb101_cell(t, 0, &cell);
    assert_int_equal(cell.vertices, 4);
    assert_int_equal(cell.adj_bits, 51);
    assert_int_equal(cell.ops[0], 1);
    assert_int_equal(cell.ops[1], 2);
    expect_failure(*state, dvt_table_value(*state, t, "val4", 0, &v), DVT_E_NOTFOUND,
                   "'val4' of this network is not in the table");
    expect_failure(*state, dvt_table_value(*state, t, "parms", 1, &v), DVT_E_NOTFOUND,
                   "has no values 'parms'");
    expect_failure(*state, dvt_table_find(*state, t, "00000000000000000000000000000011", &row),
                   DVT_E_NOTFOUND, "has no network");
    expect_failure(*state, dvt_table_find(*state, t, "11", &row), DVT_E_USAGE, "is no hash");
    dvt_table_close(t);
}

static void test_table__nasbench201_is_found_by_index_and_string(void **state)
{
    char       cache[TEST_PATH_MAX];
    dvt_table *t;
    int64_t    row;
    uint64_t   v;

    expect_ok(*state, import(*state, DVT_BENCHMARK_NASBENCH201, HEAD201 LINE201, cache));
    expect_ok(*state, dvt_table_open(*state, cache, &t));
    expect_ok(*state, dvt_table_find(*state, t, "0", &row));
    expect_ok(*state,
              dvt_table_find(*state, t,
                             "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1"
                             "~0|skip_connect~1|skip_connect~2|",
                             &row));
    assert_int_equal(row, 0);
    assert_int_equal(value(*state, t, "c10_test", 0), 85863333000000);
    assert_int_equal(value(*state, t, "c10_test_seed2", 0), 86180000000000);
    expect_failure(*state, dvt_table_value(*state, t, "c10_test_seed3", 0, &v), DVT_E_NOTFOUND,
                   "not in the table");
    expect_failure(*state, dvt_table_find(*state, t, "7", &row), DVT_E_NOTFOUND, "'7'");
    dvt_table_close(t);
}

static void test_table__bad_files_are_refused_with_their_place(void **state)
{
    static const struct bad {
        const char *text, *said;
        uint32_t    line, column;
    } cases[] = {
        {"hash,vertices\n", "needs columns hash, vertices", 1, 1},
        {"hash,vertexes,adj_bits,ops\n", "needs columns hash, vertices", 1, 1},
        {"hash,vert\tices", "is no name of a column", 1, 6},
        {"hash,vertices,hash", "'hash' is there twice", 1, 15},
        {HEAD101, "there is no network", 2, 1},
        {HEAD101 CHAIN CHAIN, "is in the file twice", 3, 1},
        {HEAD101 CHAIN "0" FORK, "32 hexadecimal digits", 3, 1},
        {HEAD101 "b49ac8c578b4561d79ac7087988f1c61,3,5,1,0.9,1,,,,,\n", "have the hash", 2, 1},
        {HEAD101 "\"b49ac8c578b4561d79ac7087988f1c61,3,5,1,0.9,1,,,,,\n", "quotes", 2, 1},
        {HEAD101 "0,3,5,0,0.9,1,,,,,\n", "expected 32 hexadecimal digits", 2, 1},
        {HEAD101 "00000000000000000000000000000010,3,1,0,0.9,1,,,,,\n", "no cell", 2, 1},
        {HEAD101 "00000000000000000000000000000010,3,5,3,0.9,1,,,,,\n", "digits 0, 1, 2", 2, 38},
        {HEAD101 "00000000000000000000000000000010,3,5,00,0.9,1,,,,,\n", "a digit for each", 2, 38},
        {HEAD101 "00000000000000000000000000000010,300,5,0,0.9,1,,,,,\n", "whole number", 2, 34},
        {HEAD101 "00000000000000000000000000000010,3,5,0,nan,1,,,,,\n", "decimal number", 2, 40},
        {HEAD101 "00000000000000000000000000000010,3,5,0,0.9000000000001,1,,,,,\n", "decimal", 2,
         40},
        {HEAD101 "00000000000000000000000000000010,3,5,0,,1,,,,,\n", "decimal number", 2, 40},
        {HEAD101 "00000000000000000000000000000010,3,5,0,0.9,1,,,,,,\n", "11 fields", 2, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char       cache[TEST_PATH_MAX];
        dvt_status st = import(*state, DVT_BENCHMARK_NASBENCH101, cases[i].text, cache);
        assert_int_equal(dvt_ctx_error(*state)->line, cases[i].line);
        if (cases[i].column) {
            assert_int_equal(dvt_ctx_error(*state)->column, cases[i].column);
        }
        expect_failure(*state, st, DVT_E_PARSE, cases[i].said);
    }
}

static void test_table__a_cache_with_any_byte_changed_or_cut_is_refused(void **state)
{
    char       cache[TEST_PATH_MAX], other[TEST_PATH_MAX];
    dvt_blob   good;
    dvt_table *t;

    expect_ok(*state, import(*state, DVT_BENCHMARK_NASBENCH101, HEAD101 CHAIN FORK, cache));
    expect_ok(*state, dvt_file_read(*state, cache, 0, &good));
    test_temp_path("damaged.cache", other);
    for (size_t i = 0; i < good.size; i += 1 + i / 128) {
        good.data[i] ^= 0x41;
        expect_ok(*state, dvt_file_write(*state, other, good.data, good.size));
        assert_int_equal(dvt_table_open(*state, other, &t), DVT_E_PARSE);
        assert_null(t);
        dvt_ctx_clear_error(*state);
        good.data[i] ^= 0x41;
        expect_ok(*state, dvt_file_write(*state, other, good.data, i));
        assert_int_equal(dvt_table_open(*state, other, &t), DVT_E_PARSE);
        dvt_ctx_clear_error(*state);
    }
    dvt_blob_deinit(*state, &good);
    expect_failure(*state, dvt_table_open(*state, "absent.cache", &t), DVT_E_IO, "cannot open");
}

static void test_table__blanks_blank_lines_and_other_columns_are_taken(void **state)
{
    char       cache[TEST_PATH_MAX];
    dvt_table *t;
    double     v;

    expect_ok(*state, import(*state, DVT_BENCHMARK_NASBENCH101,
                             "\xef\xbb\xbf"
                             "hash, ops ,vertices,adj_bits,my own\r\n"
                             "b49ac8c578b4561d79ac7087988f1c61,0, 3,\"5\", -0.125 \r\n\r\n",
                             cache));
    expect_ok(*state, dvt_table_open(*state, cache, &t));
    expect_ok(*state, dvt_table_number(*state, t, "my own", 0, &v));
    assert_true(v == -0.125);
    dvt_table_close(t);
}

static void expect_cached(dvt_ctx *ctx, const char *csv, const char *cache, bool want_import,
                          int64_t want_rows)
{
    dvt_table *t;
    bool       imported;

    expect_ok(ctx, dvt_table_cached(ctx, DVT_BENCHMARK_NASBENCH101, csv, cache, &t, &imported));
    assert_int_equal(imported, want_import);
    assert_int_equal(dvt_table_rows(t), want_rows);
    dvt_table_close(t);
}

static void test_table__a_cache_that_is_damaged_or_of_another_file_is_made_again(void **state)
{
    char     csv[TEST_PATH_MAX], cache[TEST_PATH_MAX];
    dvt_blob good;

    write_text(*state, "source.csv", HEAD101 CHAIN FORK, csv);
    test_temp_path("source.cache", cache);
    expect_cached(*state, csv, cache, true, 2);
    expect_cached(*state, csv, cache, false, 2);
    expect_ok(*state, dvt_file_read(*state, cache, 0, &good));
    good.data[good.size - 1] ^= 1;
    expect_ok(*state, dvt_file_write(*state, cache, good.data, good.size));
    expect_cached(*state, csv, cache, true, 2);
    expect_cached(*state, csv, cache, false, 2);
    expect_ok(*state, dvt_file_write(*state, cache, good.data, 100));
    expect_cached(*state, csv, cache, true, 2);
    expect_ok(*state, dvt_file_write(*state, cache, "no cache at all", 15));
    expect_cached(*state, csv, cache, true, 2);
    write_text(*state, "source.csv", HEAD101 CHAIN, csv);
    expect_cached(*state, csv, cache, true, 1);
    expect_cached(*state, csv, cache, false, 1);
    dvt_blob_deinit(*state, &good);
}

static void test_table__the_same_file_makes_the_same_cache(void **state)
{
    char     cache[TEST_PATH_MAX];
    dvt_blob first, second;

    expect_ok(*state, import(*state, DVT_BENCHMARK_NASBENCH101, HEAD101 CHAIN FORK, cache));
    expect_ok(*state, dvt_file_read(*state, cache, 0, &first));
    expect_ok(*state, import(*state, DVT_BENCHMARK_NASBENCH101, HEAD101 CHAIN FORK, cache));
    expect_ok(*state, dvt_file_read(*state, cache, 0, &second));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
    dvt_blob_deinit(*state, &first);
    dvt_blob_deinit(*state, &second);
}

static void test_table__columns_are_selected_by_what_they_measure(void **state)
{
    char        cache[TEST_PATH_MAX];
    dvt_table  *t;
    int32_t     column;
    dvt_measure m = {.metric = "test_accuracy", .dataset = "cifar10", .repeat = 2};

    expect_ok(*state, import(*state, DVT_BENCHMARK_NASBENCH201, HEAD201 LINE201, cache));
    expect_ok(*state, dvt_table_open(*state, cache, &t));
    expect_ok(*state, dvt_table_select(*state, t, &m, &column));
    assert_string_equal(dvt_table_column(t, column)->name, "c10_test_seed2");
    assert_string_equal(dvt_table_column(t, column)->unit, "%");
    assert_int_equal(dvt_table_column(t, column)->epochs, 200);
    assert_true(dvt_table_at(t, column, 0) == 86.18);
    m.repeat = DVT_REPEAT_MEAN;
    expect_ok(*state, dvt_table_select(*state, t, &m, &column));
    assert_string_equal(dvt_table_column(t, column)->name, "c10_test");
    m.repeat = 0;
    expect_failure(*state, dvt_table_select(*state, t, &m, &column), DVT_E_USAGE,
                   "4 columns of this table fit");
    m = (dvt_measure){.metric = "latency"};
    expect_failure(*state, dvt_table_select(*state, t, &m, &column), DVT_E_NOTFOUND,
                   "has no such measure (metric 'latency'");
    dvt_table_close(t);
}

static void test_table__the_published_table_is_imported_whole(void **state)
{
    char       csv[TEST_PATH_MAX], cache[TEST_PATH_MAX];
    dvt_table *t;
    int64_t    rows, row;
    uint64_t   least = UINT64_MAX, most = 0, best = 0;

    test_data_require("nas/nasbench101.csv.gz", csv);
    test_temp_path("nasbench101.cache", cache);
    expect_ok(*state, dvt_table_import(*state, DVT_BENCHMARK_NASBENCH101, csv, cache, &rows));
    expect_ok(*state, dvt_table_open(*state, cache, &t));
    assert_int_equal(rows, 423624);
    for (int64_t i = 0; i < rows; i++) {
        uint64_t params = value(*state, t, "params", i),
                 acc = value(*state, t, "mean_test_acc_108", i);
        least = params < least ? params : least;
        most = params > most ? params : most;
        best = acc > best ? acc : best;
    }
    assert_int_equal(least, 227274);
    assert_int_equal(most, 49979274);
    expect_ok(*state, dvt_table_find(*state, t, "02e5a0247bbdcf2860b7e96f74961594", &row));
    assert_int_equal(value(*state, t, "mean_test_acc_108", row), best);
    assert_int_equal(dvt_table_find_column(t, "val108")->count, 30001);
    dvt_table_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_table__gives_back_every_digit_of_the_file),
        FIXTURE_TEST(test_table__nasbench201_is_found_by_index_and_string),
        FIXTURE_TEST(test_table__bad_files_are_refused_with_their_place),
        FIXTURE_TEST(test_table__a_cache_with_any_byte_changed_or_cut_is_refused),
        FIXTURE_TEST(test_table__blanks_blank_lines_and_other_columns_are_taken),
        FIXTURE_TEST(test_table__a_cache_that_is_damaged_or_of_another_file_is_made_again),
        FIXTURE_TEST(test_table__the_same_file_makes_the_same_cache),
        FIXTURE_TEST(test_table__columns_are_selected_by_what_they_measure),
        FIXTURE_TEST(test_table__the_published_table_is_imported_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
