/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_table_tfrecord.c - NAS-Bench-101's record files: every value is the file's, and every damage
 * is refused with the record and its place.
 *
 * The files are written here, from the description of their form, with real cells.
 */
#include "support/fixture.h"
#include "support/nb101_records.h"
#include "support/test_data.h"

#include "dovetail/table.h"

#include <stdio.h>

static const dvt_nb101_cell chain = {.vertices = 3, .adj_bits = 5, .ops = {0}};
static const dvt_nb101_cell fork_ = {.vertices = 4, .adj_bits = 51, .ops = {1, 2}};
static const dvt_nb101_cell crof = {.vertices = 4, .adj_bits = 51, .ops = {2, 1}}; /* the same */

static dvt_status load(dvt_ctx *ctx, const void *data, size_t size, dvt_table **out)
{
    char  path[TEST_PATH_MAX];
    FILE *file;

    test_temp_path("made.tfrecord", path);
    file = fopen(path, "wb"); /* without the synchronising of dvt_file_write: there are many */
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return dvt_table_load(ctx, DVT_BENCHMARK_NASBENCH101, path, out);
}

/* ---- values -------------------------------------------------------------------------------- */

static void same(const dvt_table *t, const char *metric, int epochs, int repeat, int64_t row,
                 double want, dvt_ctx *ctx)
{
    const dvt_measure m = {.metric = metric, .epochs = epochs, .repeat = repeat};
    int32_t           column;

    expect_ok(ctx, dvt_table_select(ctx, t, &m, &column));
    assert_true(dvt_table_has(t, column, row));
    const double got = dvt_table_at(t, column, row);
    if (memcmp(&got, &want, sizeof got) != 0) {
        fail_msg("%s of %d epochs, repeat %d: got %.17g, wanted %.17g", metric, epochs, repeat, got,
                 want);
    }
}

static void same_record(dvt_ctx *ctx, const dvt_table *t, const record_case *c, int repeat)
{
    static const char *const moments[] = {"start_", "half_", ""};
    dvt_nb101_cell           cell;
    int64_t                  row;
    uint64_t                 parameters;
    char                     hash[DVT_MD5_HEX];

    expect_ok(ctx, dvt_table_find(ctx, t, c->hash, &row));
    dvt_table_nb101_cell(t, row, &cell);
    assert_int_equal(cell.vertices, c->cell.vertices);
    assert_int_equal(cell.adj_bits, c->cell.adj_bits);
    assert_memory_equal(cell.ops, c->cell.ops, sizeof cell.ops);
    dvt_table_nb101_hash(t, row, hash);
    assert_string_equal(hash, c->hash);
    expect_ok(ctx, dvt_table_value(ctx, t, "params", row, &parameters));
    assert_int_equal(parameters, c->parameters);
    same(t, "total_time", c->epochs, repeat, row, c->total_time, ctx);
    for (int p = 0; p < 3; p++) {
        const struct {
            const char *metric;
            double      want;
        } values[] = {{"epoch", c->point[p].epoch},
                      {"training_time", c->point[p].training_time},
                      {"train_accuracy", c->point[p].train},
                      {"valid_accuracy", c->point[p].valid},
                      {"test_accuracy", c->point[p].test}};
        for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
            char metric[64];
            snprintf(metric, sizeof metric, "%s%s", moments[p], values[v].metric);
            same(t, metric, c->epochs, repeat, row, values[v].want, ctx);
        }
    }
}

/* All cells of up to `vertices`, each of `epochs`, in an order that is not that of hashes. */
static void check_import(dvt_ctx *ctx, int vertices, const int *epochs, int epoch_count)
{
    dvt_nb101_table *all;
    dvt_table       *t;
    dvt_buf          file;

    expect_ok(ctx, dvt_nb101_enumerate(ctx, vertices, &all));
    const dvt_nb101_cell *cells = dvt_nb101_table_cells(all);
    const int64_t         count = dvt_nb101_table_count(all);
    dvt_buf_init(&file, ctx, 0);
    for (int repeat = 1; repeat <= 3; repeat++) {
        for (int64_t i = count; i-- > 0;) {
            for (int e = 0; e < epoch_count; e++) {
                const record_case c = record_make(&cells[i], epochs[e], repeat);
                record_append(&c, &file);
            }
        }
    }
    expect_ok(ctx, load(ctx, file.data, file.len, &t));
    assert_int_equal(dvt_table_rows(t), count);
    for (int64_t i = 0; i < count; i++) {
        for (int e = 0; e < epoch_count; e++) {
            for (int repeat = 1; repeat <= 3; repeat++) {
                const record_case c = record_make(&cells[i], epochs[e], repeat);
                same_record(ctx, t, &c, repeat);
            }
        }
    }
    dvt_table_close(t);
    dvt_buf_deinit(&file);
    dvt_nb101_table_destroy(all);
}

static void test_table_tfrecord__all_values_of_three_repeats_are_the_files(void **state)
{
    check_import(*state, 5, (const int[]){108}, 1);
}

static void test_table_tfrecord__all_numbers_of_epochs_are_kept_apart(void **state)
{
    check_import(*state, 4, (const int[]){4, 12, 36, 108}, 4);
}

static void test_table_tfrecord__the_mean_stands_beside_three_repeats_only(void **state)
{
    dvt_buf    file;
    dvt_table *t;
    int64_t    row;
    uint64_t   v;
    double     sum = 0;

    dvt_buf_init(&file, *state, 0);
    for (int repeat = 1; repeat <= 3; repeat++) {
        const record_case c = record_make(&chain, 108, repeat), other = record_make(&fork_, 108, 1);
        record_append(&c, &file);
        sum += c.point[2].test;
        if (repeat == 1) {
            record_append(&other, &file);
        }
    }
    expect_ok(*state, load(*state, file.data, file.len, &t));
    expect_ok(*state, dvt_table_find(*state, t, record_make(&chain, 108, 1).hash, &row));
    expect_ok(*state, dvt_table_value(*state, t, "mean_test_acc_108", row, &v));
    assert_true((double)v / 1e12 - sum / 3 < 1e-12 && sum / 3 - (double)v / 1e12 < 1e-12);
    expect_ok(*state, dvt_table_find(*state, t, record_make(&fork_, 108, 1).hash, &row));
    expect_failure(*state, dvt_table_value(*state, t, "mean_test_acc_108", row, &v), DVT_E_NOTFOUND,
                   "not in the table");
    expect_failure(*state, dvt_table_value(*state, t, "params.e4", row, &v), DVT_E_NOTFOUND,
                   "has no values");
    dvt_table_close(t);
    dvt_buf_deinit(&file);
}

/* ---- damage -------------------------------------------------------------------------------- */

/* Two records; *second is where the second one starts. */
static void two_records(dvt_ctx *ctx, dvt_buf *file, size_t *second)
{
    const record_case a = record_make(&chain, 108, 1), b = record_make(&fork_, 108, 1);

    dvt_buf_init(file, ctx, 0);
    record_append(&a, file);
    *second = file->len;
    record_append(&b, file);
}

static void test_table_tfrecord__any_changed_byte_is_refused_with_its_record(void **state)
{
    dvt_buf    file;
    size_t     second;
    dvt_table *t;

    two_records(*state, &file, &second);
    for (size_t i = 0; i < file.len; i++) {
        const char flip = (char)(1 << (i % 8));
        file.data[i] = (char)(file.data[i] ^ flip);
        const dvt_status st = load(*state, file.data, file.len, &t);
        assert_null(t);
        assert_int_equal(dvt_ctx_error(*state)->offset, i < second ? 0 : second);
        expect_failure(*state, st, DVT_E_PARSE, i < second ? "record 1 " : "record 2 ");
        file.data[i] = (char)(file.data[i] ^ flip);
    }
    dvt_buf_deinit(&file);
}

static void test_table_tfrecord__a_file_cut_inside_of_a_record_is_refused(void **state)
{
    dvt_buf    file;
    size_t     second;
    dvt_table *t;

    two_records(*state, &file, &second);
    for (size_t n = 1; n < file.len; n++) {
        if (n == second) {
            continue; /* one whole record */
        }
        const dvt_status st = load(*state, file.data, n, &t);
        assert_null(t);
        expect_failure(*state, st, DVT_E_PARSE, n < second ? "record 1 is cut" : "record 2 is cut");
    }
    expect_failure(*state, load(*state, file.data, 0, &t), DVT_E_PARSE, "there is no record");
    dvt_buf_deinit(&file);
}

/* A good record, then the JSON text that is under test, with right checksums. */
static dvt_status load_second(dvt_ctx *ctx, const char *json, size_t *data_at)
{
    const record_case good = record_make(&chain, 108, 1);
    dvt_buf           file;
    dvt_table        *t;
    dvt_status        st;

    dvt_buf_init(&file, ctx, 0);
    record_append(&good, &file);
    *data_at = file.len + 12;
    record_frame(json, strlen(json), &file);
    st = load(ctx, file.data, file.len, &t);
    dvt_table_close(t);
    dvt_buf_deinit(&file);
    return st;
}

static void expect_refused(dvt_ctx *ctx, const record_case *c, const record_parts *parts,
                           const char *said)
{
    dvt_buf json;
    size_t  data_at;

    dvt_buf_init(&json, ctx, 0);
    record_json(c, parts, &json);
    const dvt_status st = load_second(ctx, json.data, &data_at);
    assert_true(dvt_ctx_error(ctx)->offset >= data_at &&
                dvt_ctx_error(ctx)->offset <= data_at + json.len);
    assert_non_null(strstr(dvt_ctx_error(ctx)->message, "record 2: "));
    assert_true(dvt_ctx_error(ctx)->hint[0] != '\0');
    expect_failure(ctx, st, DVT_E_PARSE, said);
    dvt_buf_deinit(&json);
}

static void test_table_tfrecord__every_part_of_a_record_is_checked(void **state)
{
    const record_case c = record_make(&fork_, 108, 1);
    static const struct {
        record_parts parts;
        const char  *said;
    } cases[] = {
        {{.hash = "b49ac8c578b4561d79ac7087988f1c6"}, "a hash of 32 hexadecimal digits"},
        {{.hash = "B49ac8c578b4561d79ac7087988f1c61"}, "a hash of 32 hexadecimal digits"},
        {{.hash = "00000000000000000000000000000000"},
         "hash is not that of its cell, which is ac9b"},
        {{.epochs = "\"108\""}, "expected epochs"},
        {{.epochs = "0"}, "expected epochs"},
        {{.epochs = "-4"}, "expected epochs"},
        {{.epochs = "4.5"}, "expected a comma"},
        {{.epochs = "1000000"}, "expected a comma"},
        {{.matrix = "010"}, "a matrix of 0 and 1 of 2 to 7 rows"},
        {{.matrix = "0110000100020000"}, "a matrix of 0 and 1 of 2 to 7 rows"},
        {{.matrix = "0110000100010001"}, "does not lead forward"},
        {{.matrix = "0100000100010000"}, "no cell of NAS-Bench-101"},
        {{.matrix = "010001000"}, "not as many as the rows"},
        {{.operations = "input,conv3x3-bn-relu,output"}, "not as many as the rows"},
        {{.operations = "input,conv3x3-bn-relu,conv5x5-bn-relu,output"}, "operations must be"},
        {{.operations = "output,conv3x3-bn-relu,maxpool3x3,input"}, "operations must be"},
        {{.metrics = "CgA"}, "not base64: their end"},
        {{.metrics = "Cg!="}, "not base64"},
        {{.metrics = "C=A="}, "not base64"},
        {{.metrics = "CgB="}, "not base64: their end"},
        {{.metrics = ""}, "fewer than 3 evaluations"},
        {{.metrics = "CgA="}, "fewer than 3 evaluations"},
        {{.metrics = "CgAKAAoA"}, "lacks trainable_parameters"},
        {{.metrics = "CgAKAAoACgA="}, "more than 3 evaluations"},
        {{.metrics = "CgX/"}, "no protobuf message"},
        {{.metrics = "IAE="}, "a field that is not known"},
        {{.metrics = "CgAKAAoAEAEQAQ=="}, "there twice"},
        {{.metrics = "CgAKAAoAEP///////////wE="}, "below 0"},
        {{.metrics = "CgAKAAoAEAE="}, "it has 1 trainable parameters"},
        {{.metrics = "a\\\"b"}, "not base64"},
        {{.metrics = "\\u0041"}, "does not belong"},
        {{.metrics = "\xc3\xa9"}, "does not belong"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_refused(*state, &c, &cases[i].parts, cases[i].said);
    }
}

static void test_table_tfrecord__what_is_no_list_of_five_is_refused(void **state)
{
    static const struct {
        const char *json, *said;
        size_t      at;
    } cases[] = {
        {"", "expected a JSON list", 0},
        {"{}", "expected a JSON list", 0},
        {"[]", "expected the hash", 1},
        {"[\"b49ac8c578b4561d79ac7087988f1c61\"]", "expected a comma", 35},
        {"[\"b49ac8c578b4561d79ac7087988f1c61\",108]", "expected a comma", 39},
        {"[\"b49ac8c578b4561d79ac7087988f1c61\",108,\"010", "without its end", 44},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t           data_at;
        const dvt_status st = load_second(*state, cases[i].json, &data_at);
        assert_int_equal(dvt_ctx_error(*state)->offset, data_at + cases[i].at);
        expect_failure(*state, st, DVT_E_PARSE, cases[i].said);
    }
}

static void test_table_tfrecord__records_that_contradict_are_refused(void **state)
{
    record_case c = record_make(&chain, 108, 1);
    dvt_buf     file;
    dvt_table  *t;

    expect_refused(*state, &c, NULL, "an earlier record of this cell has the same values");
    c = record_make(&fork_, 108, 1);
    c.parameters++;
    expect_refused(*state, &c, NULL, "trainable parameters; the network of its cell");

    dvt_buf_init(&file, *state, 0);
    for (int repeat = 1; repeat <= 4; repeat++) {
        c = record_make(&chain, 108, repeat);
        record_append(&c, &file);
    }
    expect_failure(*state, load(*state, file.data, file.len, &t), DVT_E_PARSE,
                   "record 4: a fourth repeat");
    dvt_buf_reset(&file);
    c = record_make(&fork_, 108, 1);
    record_append(&c, &file);
    c = record_make(&crof, 108, 2);
    record_append(&c, &file);
    expect_failure(*state, load(*state, file.data, file.len, &t), DVT_E_PARSE,
                   "record 2: an earlier record has the same hash and another matrix");
    dvt_buf_deinit(&file);
}

static void test_table_tfrecord__values_that_are_no_measurements_are_refused(void **state)
{
    record_case c = record_make(&fork_, 108, 1);

    c.point[1].valid = 1.5;
    expect_refused(*state, &c, NULL, "an accuracy outside of 0 to 1");
    c.point[1].valid = (double)__builtin_nanf("");
    expect_refused(*state, &c, NULL, "an accuracy outside of 0 to 1");
    c = record_make(&fork_, 108, 1);
    c.point[2].training_time = -1;
    expect_refused(*state, &c, NULL, "an epoch or time below 0");
    c = record_make(&fork_, 108, 1);
    c.total_time = (double)__builtin_inff();
    expect_refused(*state, &c, NULL, "a total time below 0");
}

static void test_table_tfrecord__line_ends_in_base64_are_passed_over(void **state)
{
    const record_case c = record_make(&chain, 108, 1);
    dvt_buf           message, text, json, file;
    dvt_table        *t;

    dvt_buf_init(&message, *state, 0);
    dvt_buf_init(&text, *state, 0);
    dvt_buf_init(&json, *state, 0);
    dvt_buf_init(&file, *state, 0);
    record_message(&c, &message);
    record_base64(message.data, 57, &text);
    dvt_buf_puts(&text, "\\n");
    record_base64(message.data + 57, message.len - 57, &text);
    dvt_buf_puts(&text, "\\n");
    record_json(&c, &(record_parts){.metrics = text.data}, &json);
    record_frame(json.data, json.len, &file);
    expect_ok(*state, load(*state, file.data, file.len, &t));
    same_record(*state, t, &c, 1);
    dvt_table_close(t);
    dvt_buf_deinit(&message);
    dvt_buf_deinit(&text);
    dvt_buf_deinit(&json);
    dvt_buf_deinit(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_table_tfrecord__all_values_of_three_repeats_are_the_files),
        FIXTURE_TEST(test_table_tfrecord__all_numbers_of_epochs_are_kept_apart),
        FIXTURE_TEST(test_table_tfrecord__the_mean_stands_beside_three_repeats_only),
        FIXTURE_TEST(test_table_tfrecord__any_changed_byte_is_refused_with_its_record),
        FIXTURE_TEST(test_table_tfrecord__a_file_cut_inside_of_a_record_is_refused),
        FIXTURE_TEST(test_table_tfrecord__every_part_of_a_record_is_checked),
        FIXTURE_TEST(test_table_tfrecord__what_is_no_list_of_five_is_refused),
        FIXTURE_TEST(test_table_tfrecord__records_that_contradict_are_refused),
        FIXTURE_TEST(test_table_tfrecord__values_that_are_no_measurements_are_refused),
        FIXTURE_TEST(test_table_tfrecord__line_ends_in_base64_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
