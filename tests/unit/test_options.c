/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_options.c - one table gives parsing, errors, help, configuration files and the record.
 */
#include "dovetail/options.h"
#include "support/test_data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct sample {
    bool          json, progress;
    int64_t       shift;
    uint64_t      seed;
    uint32_t      jobs;
    double        latency_max_ms;
    const char   *weights, *output;
    dvt_text_list input;
    int           engine;
} sample;

static const dvt_option SAMPLE_OPTIONS[] = {
    {DVT_OPTION_STRING(sample, weights, NULL, "FILE", "weights of the model")},
    {DVT_OPTION_ENUM(sample, engine, 0, "reference|overlay", "what computes the result")},
    {DVT_OPTION_LIST(sample, input, "[NAME=]FILE", "array for an input of the model")},
    {DVT_OPTION_F64(sample, latency_max_ms, 0.0, 0.0, 1e6, "ms", "reject slower; 0 = no limit")},
    {DVT_OPTION_I64(sample, shift, 0, -8, 8, "", "exponent shift")},
    {DVT_OPTION_U64(sample, seed, 1, 0, UINT64_MAX, "", "random seed")},
    {DVT_OPTION_U32(sample, jobs, 0, 0, 1024, "threads", "0 = one per core"), .short_name = 'j',
     .unrecorded = true},
    {DVT_OPTION_STRING(sample, output, "-", "FILE", "where the result goes"), .short_name = 'o',
     .unrecorded = true},
    {DVT_OPTION_FLAG(sample, json, false, "print one JSON object"), .unrecorded = true},
    {DVT_OPTION_FLAG(sample, progress, true, "show progress"), .negatable = true,
     .unrecorded = true},
};
static const dvt_option_set SAMPLE = {.name = "sample",
                                      .options = SAMPLE_OPTIONS,
                                      .count = sizeof SAMPLE_OPTIONS / sizeof SAMPLE_OPTIONS[0],
                                      .positionals = "MODEL",
                                      .positional_min = 1,
                                      .positional_max = 2};

typedef struct fixture {
    dvt_ctx   *ctx;
    dvt_arena *arena;
    sample     values;
    dvt_parsed parsed;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.ctx = dvt_ctx_create(NULL)};
    f.arena = f.ctx ? dvt_arena_create(f.ctx) : NULL;
    *state = &f;
    return f.arena ? 0 : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    dvt_arena_destroy(f->arena);
    int leaked = dvt_ctx_bytes_in_use(f->ctx) != 0;
    dvt_ctx_destroy(f->ctx);
    return leaked;
}

/* Parses the words up to the first NULL. */
static dvt_status parse(fixture *f, const char *const *words)
{
    int n = 0;
    while (words[n]) {
        n++;
    }
    return dvt_options_parse(f->ctx, &SAMPLE, n, words, f->arena, &f->values, &f->parsed);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void expect_usage(fixture *f, const char *const *words, const char *message,
                         const char *hint)
{
    dvt_ctx_clear_error(f->ctx);
    assert_int_equal(parse(f, words), DVT_E_USAGE);
    assert_string_equal(dvt_ctx_error(f->ctx)->message, message);
    assert_string_equal(dvt_ctx_error(f->ctx)->hint, hint);
}

/* ---- command line -------------------------------------------------------------------------- */

static void test_options__the_sample_table_is_sound(void **state)
{
    fixture *f = *state;
    assert_int_equal(dvt_options_verify(f->ctx, &SAMPLE), DVT_OK);
}

static void test_options__defaults_hold_where_nothing_is_given(void **state)
{
    fixture *f = *state;
    assert_int_equal(parse(f, WORDS("m.onnx")), DVT_OK);
    assert_null(f->values.weights);
    assert_string_equal(f->values.output, "-");
    assert_true(f->values.seed == 1 && f->values.progress && !f->values.json);
    assert_int_equal(f->values.input.count, 0);
    assert_int_equal(f->parsed.positionals.count, 1);
    assert_string_equal(f->parsed.positionals.items[0], "m.onnx");
    assert_int_equal(dvt_options_source(&SAMPLE, &f->parsed, "seed"), DVT_OPTION_DEFAULT);
}

static void test_options__every_spelling_of_a_value_is_read(void **state)
{
    fixture *f = *state;
    assert_int_equal(parse(f, WORDS("--weights", "w.bin", "m", "--engine=overlay", "-j4", "-o", "x",
                                    "--latency-max-ms", "1/4", "--shift", "-3", "--json",
                                    "--no-progress", "--seed=18446744073709551615")),
                     DVT_OK);
    assert_string_equal(f->values.weights, "w.bin");
    assert_string_equal(f->values.output, "x");
    assert_int_equal(f->values.engine, 1);
    assert_int_equal(f->values.jobs, 4);
    assert_true(f->values.latency_max_ms == 0.25 && f->values.shift == -3);
    assert_true(f->values.seed == UINT64_MAX && f->values.json && !f->values.progress);
    assert_int_equal(dvt_options_source(&SAMPLE, &f->parsed, "seed"), DVT_OPTION_COMMAND_LINE);
}

static void test_options__lists_collect_in_order(void **state)
{
    fixture *f = *state;
    assert_int_equal(parse(f, WORDS("--input", "a.npy", "m", "--input=b=b.npy")), DVT_OK);
    assert_int_equal(f->values.input.count, 2);
    assert_string_equal(f->values.input.items[0], "a.npy");
    assert_string_equal(f->values.input.items[1], "b=b.npy");
}

static void test_options__double_dash_ends_options_and_dash_is_an_argument(void **state)
{
    fixture *f = *state;
    assert_int_equal(parse(f, WORDS("-", "--", "--json")), DVT_OK);
    assert_int_equal(f->parsed.positionals.count, 2);
    assert_string_equal(f->parsed.positionals.items[0], "-");
    assert_string_equal(f->parsed.positionals.items[1], "--json");
    assert_false(f->values.json);
}

static void test_options__help_stops_reading(void **state)
{
    fixture *f = *state;
    assert_int_equal(parse(f, WORDS("--help", "--no-such-thing")), DVT_OK);
    assert_true(f->parsed.help);
    assert_int_equal(parse(f, WORDS("-h")), DVT_OK);
    assert_true(f->parsed.help);
}

/* ---- misuse -------------------------------------------------------------------------------- */

static void test_options__unknown_options_get_the_nearest_name(void **state)
{
    fixture *f = *state;
    expect_usage(f, WORDS("m", "--wieghts=w"), "unknown option '--wieghts'",
                 "did you mean '--weights'?");
    expect_usage(f, WORDS("m", "-seed"), "unknown option '-seed'", "did you mean '--seed'?");
    expect_usage(f, WORDS("m", "--no-json"), "unknown option '--no-json'",
                 "did you mean '--json'?");
    expect_usage(
        f, WORDS("m", "-x"), "unknown option '-x'",
        "'--help' lists the options; '--' before an argument that begins with '-' keeps it "
        "from being one");
}

static void test_options__bad_values_name_range_unit_and_value(void **state)
{
    fixture *f = *state;
    expect_usage(f, WORDS("m", "-j", "1025"),
                 "option '--jobs' expects integer 0..1024 threads, got '1025'", "");
    expect_usage(f, WORDS("m", "--shift=-9"), "option '--shift' expects integer -8..8, got '-9'",
                 "");
    expect_usage(f, WORDS("m", "--latency-max-ms=nan"),
                 "option '--latency-max-ms' expects number 0..1000000 ms, got 'nan'", "");
    expect_usage(f, WORDS("m", "--seed=-1"),
                 "option '--seed' expects integer 0..18446744073709551615, got '-1'", "");
    expect_usage(f, WORDS("m", "--engine=overlya"),
                 "option '--engine' expects one of reference/overlay, got 'overlya'",
                 "did you mean 'overlay'?");
}

static void test_options__missing_doubled_and_superfluous_values_are_errors(void **state)
{
    fixture *f = *state;
    expect_usage(f, WORDS("m", "--seed"), "option '--seed' needs a value", "");
    expect_usage(f, WORDS("m", "--weights", "--json"), "option '--weights' needs a value",
                 "if '--json' is the value, write '--weights=--json'");
    expect_usage(f, WORDS("m", "--seed=1", "--seed=2"), "option '--seed' is given twice", "");
    expect_usage(f, WORDS("m", "--json=yes"), "option '--json' takes no value", "");
}

static void test_options__argument_counts_are_checked(void **state)
{
    fixture *f = *state;
    expect_usage(f, WORDS("--json"), "argument missing: 'sample' expects MODEL", "");
    expect_usage(f, WORDS("a", "b", "c"), "unexpected argument 'c'",
                 "arguments of 'sample': MODEL");
}

static void test_options__required_options_are_missed(void **state)
{
    fixture         *f = *state;
    const dvt_option one[] = {
        {DVT_OPTION_U64(sample, seed, 1, 0, 9, "", "seed"), .required = true}};
    dvt_option_set set = {.name = "r", .options = one, .count = 1};
    assert_int_equal(dvt_options_parse(f->ctx, &set, 0, NULL, f->arena, &f->values, &f->parsed),
                     DVT_E_USAGE);
    assert_string_equal(dvt_ctx_error(f->ctx)->message, "option '--seed' is required");
}

static void test_options__unsound_tables_are_found(void **state)
{
    fixture         *f = *state;
    const dvt_option out_of_range[] = {{DVT_OPTION_U64(sample, seed, 10, 0, 9, "", "seed")}};
    const dvt_option twice[] = {{DVT_OPTION_U64(sample, seed, 1, 0, 9, "", "seed")},
                                {DVT_OPTION_U64(sample, seed, 1, 0, 9, "", "seed")}};

    assert_int_equal(
        dvt_options_verify(f->ctx, &(dvt_option_set){"x", out_of_range, 1, NULL, 0, 0}),
        DVT_E_INTERNAL);
    dvt_ctx_clear_error(f->ctx);
    assert_int_equal(dvt_options_verify(f->ctx, &(dvt_option_set){"x", twice, 2, NULL, 0, 0}),
                     DVT_E_INTERNAL);
}

/* ---- configuration files and the record ---------------------------------------------------- */

static void write_config(fixture *f, const char *text, char path[TEST_PATH_MAX])
{
    test_temp_path("config.json", path);
    assert_int_equal(dvt_file_write(f->ctx, path, text, strlen(text)), DVT_OK);
}

static void test_options__command_line_overrides_the_file(void **state)
{
    fixture *f = *state;
    char     path[TEST_PATH_MAX];

    write_config(f,
                 "{\"seed\": 7, \"latency_max_ms\": 2.5, \"engine\": \"overlay\", \"json\": true,"
                 " \"input\": [\"a\", \"b\"], \"weights\": \"w\"}",
                 path);
    assert_int_equal(parse(f, WORDS("--seed=8", "m", "--config", path, "--input=c")), DVT_OK);
    assert_true(f->values.seed == 8 && f->values.latency_max_ms == 2.5 && f->values.json);
    assert_int_equal(f->values.engine, 1);
    assert_string_equal(f->values.weights, "w");
    assert_int_equal(f->values.input.count, 1);
    assert_string_equal(f->values.input.items[0], "c");
    assert_int_equal(dvt_options_source(&SAMPLE, &f->parsed, "latency_max_ms"), DVT_OPTION_FILE);
    assert_string_equal(f->parsed.config_path, path);
}

static void test_options__mistakes_in_the_file_name_key_and_line(void **state)
{
    fixture *f = *state;
    char     path[TEST_PATH_MAX];

    write_config(f, "{\"json\": false,\n \"sede\": 7}", path);
    assert_int_equal(parse(f, WORDS("m", "--config", path)), DVT_E_PARSE);
    assert_string_equal(dvt_ctx_error(f->ctx)->message, "sede: unknown key");
    assert_string_equal(dvt_ctx_error(f->ctx)->hint, "did you mean 'seed'?");
    assert_int_equal(dvt_ctx_error(f->ctx)->line, 2);
    dvt_ctx_clear_error(f->ctx);

    write_config(f, "{\"jobs\": 5000}", path);
    assert_int_equal(parse(f, WORDS("m", "--config", path)), DVT_E_PARSE);
    assert_string_equal(dvt_ctx_error(f->ctx)->message,
                        "jobs: expected integer 0..1024 threads, got 5000");
}

static void test_options__the_record_is_a_configuration_that_reads_back(void **state)
{
    fixture *f = *state;
    char     path[TEST_PATH_MAX], first[DVT_SHA256_HEX], second[DVT_SHA256_HEX];
    dvt_buf  b;

    assert_int_equal(parse(f, WORDS("m", "--seed=18446744073709551615", "--latency-max-ms=0.1",
                                    "--input=a", "--engine=overlay", "-j3")),
                     DVT_OK);
    dvt_buf_init(&b, f->ctx, 0);
    dvt_options_json(&SAMPLE, &f->values, &b);
    assert_string_equal(b.data,
                        "{\"weights\":null,\"engine\":\"overlay\",\"input\":[\"a\"],"
                        "\"latency_max_ms\":0.1,\"shift\":0,\"seed\":\"18446744073709551615\"}");
    write_config(f, b.data, path);
    assert_int_equal(dvt_options_sha256(f->ctx, &SAMPLE, &f->values, first), DVT_OK);
    dvt_buf_deinit(&b);

    assert_int_equal(parse(f, WORDS("m", "--config", path, "-j7")), DVT_OK);
    assert_int_equal(dvt_options_sha256(f->ctx, &SAMPLE, &f->values, second), DVT_OK);
    assert_string_equal(first, second);
    f->values.shift = 1;
    assert_int_equal(dvt_options_sha256(f->ctx, &SAMPLE, &f->values, second), DVT_OK);
    assert_string_not_equal(first, second);
}

static void test_options__help_shows_units_ranges_and_defaults(void **state)
{
    fixture *f = *state;
    dvt_buf  b;

    dvt_buf_init(&b, f->ctx, 0);
    dvt_options_help(&SAMPLE, &b);
    assert_string_equal(
        b.data, "      --weights FILE          weights of the model\n"
                "      --engine reference|overlay\n"
                "                              what computes the result (default reference)\n"
                "      --input [NAME=]FILE     array for an input of the model; may be repeated\n"
                "      --latency-max-ms X      reject slower; 0 = no limit; number 0..1000000 ms\n"
                "                              (default 0)\n"
                "      --shift N               exponent shift; integer -8..8 (default 0)\n"
                "      --seed N                random seed (default 1)\n"
                "  -j, --jobs N                0 = one per core; integer 0..1024 threads (default\n"
                "                              0)\n"
                "  -o, --output FILE           where the result goes (default -)\n"
                "      --json                  print one JSON object\n"
                "      --[no-]progress         show progress (default on)\n"
                "      --config FILE           read options from a JSON file; the command line\n"
                "                              overrides it\n"
                "  -h, --help                  show this text\n");
    dvt_buf_deinit(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_options__the_sample_table_is_sound),
        TEST(test_options__defaults_hold_where_nothing_is_given),
        TEST(test_options__every_spelling_of_a_value_is_read),
        TEST(test_options__lists_collect_in_order),
        TEST(test_options__double_dash_ends_options_and_dash_is_an_argument),
        TEST(test_options__help_stops_reading),
        TEST(test_options__unknown_options_get_the_nearest_name),
        TEST(test_options__bad_values_name_range_unit_and_value),
        TEST(test_options__missing_doubled_and_superfluous_values_are_errors),
        TEST(test_options__argument_counts_are_checked),
        TEST(test_options__required_options_are_missed),
        TEST(test_options__unsound_tables_are_found),
        TEST(test_options__command_line_overrides_the_file),
        TEST(test_options__mistakes_in_the_file_name_key_and_line),
        TEST(test_options__the_record_is_a_configuration_that_reads_back),
        TEST(test_options__help_shows_units_ranges_and_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
