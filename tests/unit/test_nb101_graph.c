/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nb101_graph.c - graphs of NAS-Bench-101 cells: sound, and as large as their lists say.
 */
#include "support/fixture.h"

#include "dovetail/space.h"

/* Parameters but for the running means and variances of batch-norm. */
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

static void expect_equal(dvt_ctx *ctx, const dvt_nb101_cell *c)
{
    dvt_graph      *g = NULL;
    dvt_graph_stats s;

    expect_ok(ctx, dvt_nb101_graph(ctx, c, &g));
    expect_ok(ctx, dvt_graph_verify(g));
    dvt_graph_stats_of(g, &s);
    assert_int_equal(s.macs, dvt_nb101_macs(c));
    assert_int_equal(trainable(g), dvt_nb101_parameters(c));
    dvt_graph_destroy(g);
}

static void test_nb101_graph__counts_equal_those_of_the_list(void **state)
{
    dvt_nb101_table *t = NULL;

    expect_ok(*state, dvt_nb101_enumerate(*state, 6, &t));
    for (int64_t i = 0; i < dvt_nb101_table_count(t); i += 997) {
        expect_equal(*state, &dvt_nb101_table_cells(t)[i]);
    }
    dvt_nb101_table_destroy(t);
    expect_equal(*state, &(dvt_nb101_cell){1, 2, {0}});
    expect_equal(*state, &(dvt_nb101_cell){1205349, 7, {0, 2, 0, 0, 1}});
}

static void test_nb101_graph__runs_with_seeded_parameters(void **state)
{
    /* 0 -> 1, 0 -> 2, 0 -> 3, 1 -> 4, 2 -> 4, 3 -> 4: three parts, 128 = 43 + 43 + 42 */
    dvt_nb101_cell c = {1 | 1 << 1 | 1 << 3 | 1 << 7 | 1 << 8 | 1 << 9, 5, {2, 1, 2}};
    dvt_graph     *g = NULL;
    dvt_exec      *x = NULL;
    dvt_tensor     image = {0}, y;
    dvt_shape      shape = DVT_SHAPE(1, 3, 32, 32);

    assert_true(dvt_nb101_valid(&c));
    expect_ok(*state, dvt_nb101_graph(*state, &c, &g));
    expect_ok(*state, dvt_graph_seed_params(g, 1));
    expect_ok(*state, dvt_exec_create(g, &(dvt_exec_opts){.kind = DVT_EXEC_FAST}, &x));
    expect_ok(*state, dvt_tensor_init(*state, DVT_DTYPE_F32, &shape, &image));
    for (int i = 0; i < 3 * 32 * 32; i++) {
        ((float *)image.data)[i] = (float)(i % 7) - 3.0f;
    }
    expect_ok(*state, dvt_exec_run(x, &image, 1));
    expect_ok(*state, dvt_exec_tensor(x, dvt_graph_output(g, 0), &y));
    assert_int_equal(dvt_shape_count(&y.shape), 10);
    for (int i = 0; i < 10; i++) {
        float v = ((const float *)y.data)[i];
        assert_true(v > -1e6f && v < 1e6f && v != 0.0f);
    }
    dvt_tensor_deinit(*state, &image);
    dvt_exec_destroy(x);
    dvt_graph_destroy(g);
}

static void test_nb101_graph__what_is_no_cell_is_refused(void **state)
{
    dvt_graph *g;

    expect_failure(*state, dvt_nb101_graph(*state, &(dvt_nb101_cell){0, 2, {0}}, &g), DVT_E_USAGE,
                   "not a cell");
    assert_null(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_nb101_graph__counts_equal_those_of_the_list),
        FIXTURE_TEST(test_nb101_graph__runs_with_seeded_parameters),
        FIXTURE_TEST(test_nb101_graph__what_is_no_cell_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
