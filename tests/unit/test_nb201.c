/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nb201.c - NAS-Bench-201: texts, forms, sizes against the published ones, networks.
 */
#include "support/fixture.h"
#include "support/test_data.h"

#include <stdio.h>
#include <stdlib.h>

#include "dovetail/space.h"

static const char *const mixed =
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|none~1|nor_conv_3x3~2|";

/* ---- texts and numbers --------------------------------------------------------------------- */

static void test_nb201_text__parses_back_for_every_cell(void **state)
{
    char text[DVT_NB201_TEXT];

    for (int32_t i = 0; i < DVT_NB201_COUNT; i++) {
        dvt_nb201_cell c = dvt_nb201_at(i), back;
        expect_ok(*state, dvt_nb201_parse(*state, dvt_nb201_print(&c, text), &back));
        assert_int_equal(dvt_nb201_index(&back), i);
    }
    dvt_nb201_cell c;
    expect_ok(*state, dvt_nb201_parse(*state, mixed, &c));
    assert_memory_equal(c.op, ((uint8_t[]){4, 2, 1, 2, 0, 3}), sizeof c.op);
    assert_string_equal(dvt_nb201_print(&c, text), mixed);
}

static void test_nb201_text__errors_name_the_column(void **state)
{
    static const struct {
        const char *text;
        uint32_t    column;
    } cases[] = {
        {"", 1},
        {"none~0|", 1},
        {"|nona~0|", 2},
        {"|none~1|", 6},
        {"|none~0|+", 9},
        {"|none~0|+|none~0|none~0|", 22},
        {"|none~0|+|none~0|none~1|+|none~0|none~1|none~2| ", 48},
    };
    dvt_nb201_cell c;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dvt_status st = dvt_nb201_parse(*state, cases[i].text, &c);
        assert_int_equal(dvt_ctx_error(*state)->column, cases[i].column);
        expect_failure(*state, st, DVT_E_PARSE, "of the cell");
    }
}

/* ---- forms --------------------------------------------------------------------------------- */

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int count_forms(bool zeros)
{
    static uint64_t form[DVT_NB201_COUNT];
    int             count = 0;

    for (int32_t i = 0; i < DVT_NB201_COUNT; i++) {
        dvt_nb201_cell c = dvt_nb201_at(i);
        form[i] = dvt_nb201_form(&c, zeros);
    }
    qsort(form, DVT_NB201_COUNT, sizeof form[0], compare_u64);
    for (int32_t i = 0; i < DVT_NB201_COUNT; i++) {
        count += i == 0 || form[i] != form[i - 1];
    }
    return count;
}

static void test_nb201_form__counts_are_the_published_ones(void **state)
{
    (void)state;
    assert_int_equal(count_forms(false), 12751);
    assert_int_equal(count_forms(true), 6466);
}

static void test_nb201_form__341_cells_have_no_path(void **state)
{
    int without = 0;

    (void)state;
    for (int32_t i = 0; i < DVT_NB201_COUNT; i++) {
        dvt_nb201_cell c = dvt_nb201_at(i);
        without += !dvt_nb201_connected(&c);
    }
    assert_int_equal(without, 341);
}

/* ---- sizes --------------------------------------------------------------------------------- */

static void test_nb201_sizes__extremes_are_the_published_ones(void **state)
{
    dvt_nb201_cell least = {{0}}, most = {{3, 3, 3, 3, 3, 3}};

    (void)state;
    assert_int_equal(dvt_nb201_parameters(&least), 73306);
    assert_int_equal(dvt_nb201_parameters(&most), 1531546);
    assert_int_equal(dvt_nb201_macs(&least), 7783040);
    assert_int_equal(dvt_nb201_macs(&most), 220119680);
}

static void test_nb201_sizes__equal_the_published_table(void **state)
{
    char  path[TEST_PATH_MAX], line[512];
    int   n = 0;
    FILE *f;

    test_data_require("nas/nasbench201.csv", path);
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    for (; fgets(line, sizeof line, f); n++) {
        /* index,vector,text,parameters,... */
        char          *vector = strchr(line, ',') + 1;
        char          *text = strchr(vector, ',') + 1;
        char          *parameters = strchr(text, ',') + 1;
        dvt_nb201_cell c;
        parameters[-1] = '\0';
        expect_ok(*state, dvt_nb201_parse(*state, text, &c));
        for (int i = 0; i < DVT_NB201_EDGES; i++) {
            assert_int_equal(c.op[i], vector[i] - '0');
        }
        assert_int_equal(strtoll(parameters, NULL, 10), dvt_nb201_parameters(&c));
    }
    fclose(f);
    assert_int_equal(n, DVT_NB201_COUNT);
}

/* ---- networks ------------------------------------------------------------------------------ */

static int64_t trainable(const dvt_graph *g)
{
    int64_t sum = 0;

    for (int32_t i = 0; i < dvt_graph_value_count(g); i++) {
        const dvt_value *v = dvt_graph_value(g, (dvt_value_id){i});
        const char      *suffix = strrchr(v->name, '.');
        bool running = suffix && (strcmp(suffix, ".mean") == 0 || strcmp(suffix, ".var") == 0);
        if (v->kind == DVT_VALUE_PARAM && !running) {
            sum += dvt_shape_count(&v->shape);
        }
    }
    return sum;
}

static void test_nb201_graph__counts_equal_those_of_the_formulas(void **state)
{
    for (int32_t i = 0; i < DVT_NB201_COUNT; i += 211) {
        dvt_nb201_cell  c = dvt_nb201_at(i);
        dvt_graph      *g = NULL;
        dvt_graph_stats s;
        expect_ok(*state, dvt_nb201_graph(*state, &c, DVT_NB201_ACCURACY, 10, &g));
        expect_ok(*state, dvt_graph_verify(g));
        dvt_graph_stats_of(g, &s);
        assert_int_equal(s.macs, dvt_nb201_macs(&c));
        assert_int_equal(trainable(g), dvt_nb201_parameters(&c));
        dvt_graph_destroy(g);
    }
}

static void test_nb201_graph__latbench_has_biases_and_only_live_nodes(void **state)
{
    /* node 1 is fed and read by nothing that counts; node 0 -> 2 -> 3 */
    dvt_nb201_cell  c = {{3, 2, 0, 0, 0, 1}};
    dvt_graph      *g = NULL;
    dvt_graph_stats s;

    expect_ok(*state, dvt_nb201_graph(*state, &c, DVT_NB201_LATBENCH, 10, &g));
    expect_ok(*state, dvt_graph_verify(g));
    dvt_graph_stats_of(g, &s);
    assert_int_equal(s.op_count[DVT_OP_BATCH_NORM], 0);
    assert_int_equal(s.op_count[DVT_OP_CONV], 1 + 15 + 2 * 3);
    assert_int_equal(s.op_count[DVT_OP_UNARY], 1 + 15 + 2 * 3);
    /* stem, 5 cells of conv1x1 at 16, 32, 64, two blocks, linear; a bias each */
    assert_int_equal(s.parameters, 448 + 5 * (272 + 1056 + 4160) + (4640 + 9248 + 544) +
                                       (18496 + 36928 + 2112) + 650);
    dvt_graph_destroy(g);
}

static void test_nb201_graph__networks_run(void **state)
{
    dvt_nb201_cell zero = {{0}}, c;

    expect_ok(*state, dvt_nb201_parse(*state, mixed, &c));
    for (int i = 0; i < 3; i++) {
        dvt_graph *g = NULL;
        dvt_exec  *x = NULL;
        dvt_tensor image = {0}, y;
        dvt_shape  shape = DVT_SHAPE(1, 3, 32, 32);
        expect_ok(*state,
                  dvt_nb201_graph(*state, i == 2 ? &zero : &c,
                                  i == 1 ? DVT_NB201_LATBENCH : DVT_NB201_ACCURACY, 100, &g));
        expect_ok(*state, dvt_graph_seed_params(g, 3));
        expect_ok(*state, dvt_exec_create(g, &(dvt_exec_opts){.kind = DVT_EXEC_FAST}, &x));
        expect_ok(*state, dvt_tensor_init(*state, DVT_DTYPE_F32, &shape, &image));
        expect_ok(*state, dvt_exec_run(x, &image, 1));
        expect_ok(*state, dvt_exec_tensor(x, dvt_graph_output(g, 0), &y));
        assert_int_equal(dvt_shape_count(&y.shape), 100);
        dvt_tensor_deinit(*state, &image);
        dvt_exec_destroy(x);
        dvt_graph_destroy(g);
    }
}

static void test_nb201_graph__a_cell_without_path_has_no_latency(void **state)
{
    dvt_nb201_cell zero = {{0}};
    dvt_graph     *g;

    expect_failure(*state, dvt_nb201_graph(*state, &zero, DVT_NB201_LATBENCH, 10, &g),
                   DVT_E_UNSUPPORTED, "no path from input to output");
    assert_null(g);
    expect_failure(*state, dvt_nb201_graph(*state, &zero, DVT_NB201_ACCURACY, 0, &g), DVT_E_USAGE,
                   "at least 1 class");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_nb201_text__parses_back_for_every_cell),
        FIXTURE_TEST(test_nb201_text__errors_name_the_column),
        FIXTURE_TEST(test_nb201_form__counts_are_the_published_ones),
        FIXTURE_TEST(test_nb201_form__341_cells_have_no_path),
        FIXTURE_TEST(test_nb201_sizes__extremes_are_the_published_ones),
        FIXTURE_TEST(test_nb201_sizes__equal_the_published_table),
        FIXTURE_TEST(test_nb201_graph__counts_equal_those_of_the_formulas),
        FIXTURE_TEST(test_nb201_graph__latbench_has_biases_and_only_live_nodes),
        FIXTURE_TEST(test_nb201_graph__networks_run),
        FIXTURE_TEST(test_nb201_graph__a_cell_without_path_has_no_latency),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
