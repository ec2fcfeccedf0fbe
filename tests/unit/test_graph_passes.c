/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph_passes.c - running lists of passes: order, leaving out, dumps, blame. The passes here
 * belong to the test.
 */
#include "support/graph_case.h"
#include "support/test_data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Changes every unary function to `fn` of the node behind it in the list: relu -> tanh -> exp. */
static dvt_status change_all(dvt_graph *g, dvt_unary from, dvt_unary to, int32_t *changes)
{
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        dvt_attrs a = dvt_graph_node(g, (dvt_node_id){i})->attrs;
        if (a.unary.fn != from) continue;
        a.unary.fn = to;
        dvt_graph_set_attrs(g, (dvt_node_id){i}, &a);
        ++*changes;
    }
    return DVT_OK;
}

static dvt_status relu_to_tanh(dvt_graph *g, int32_t *changes)
{
    return change_all(g, DVT_UNARY_RELU, DVT_UNARY_TANH, changes);
}

static dvt_status tanh_to_exp(dvt_graph *g, int32_t *changes)
{
    return change_all(g, DVT_UNARY_TANH, DVT_UNARY_EXP, changes);
}

static dvt_status tie_a_knot(dvt_graph *g, int32_t *changes)
{
    *changes = 1;
    return dvt_graph_set_input(g, (dvt_node_id){0}, 0,
                               dvt_graph_node(g, (dvt_node_id){0})->outputs[0]);
}

static const dvt_pass first = {"first-pass", "relu becomes tanh", relu_to_tanh};
static const dvt_pass second = {"second-pass", "tanh becomes exp", tanh_to_exp};
static const dvt_pass knot = {"knot", "a node reads itself", tie_a_knot};

static graph_case open_net(void)
{
    return graph_case_open("dvg 1 g\ninput x: f32[2]\ny = unary(x)\noutput y\n");
}

static void test_graph_passes__run_in_order(void **state)
{
    (void)state;
    const dvt_pass *const list[] = {&first, &second, NULL};
    graph_case            c = open_net();

    graph_case_ok(&c, dvt_passes_run(c.g, list, &(dvt_passes_opts){.verify_each = true}));
    graph_case_prints(&c, "dvg 1 g\ninput x: f32[2]\ny: f32[2] = unary(x, fn=exp)\noutput y\n");
    graph_case_close(&c);
}

static void test_graph_passes__can_be_left_out_by_name(void **state)
{
    (void)state;
    const dvt_pass *const list[] = {&first, &second, NULL};
    const char *const off[] = {"second-pass"}, *const wrong[] = {"secnd-pass"};
    graph_case c = open_net();

    graph_case_ok(
        &c, dvt_passes_run(c.g, list, &(dvt_passes_opts){.disable = off, .disable_count = 1}));
    graph_case_prints(&c, "dvg 1 g\ninput x: f32[2]\ny: f32[2] = unary(x, fn=tanh)\noutput y\n");
    assert_int_equal(
        dvt_passes_run(c.g, list, &(dvt_passes_opts){.disable = wrong, .disable_count = 1}),
        DVT_E_USAGE);
    assert_string_equal(dvt_ctx_error(c.ctx)->hint, "did you mean 'second-pass'?");
    graph_case_close(&c);
}

static void test_graph_passes__a_broken_graph_is_blamed_on_its_pass(void **state)
{
    (void)state;
    const dvt_pass *const list[] = {&first, &knot, &second, NULL};
    graph_case            c = open_net();

    assert_int_equal(dvt_passes_run(c.g, list, NULL), DVT_E_INTERNAL);
    assert_non_null(strstr(dvt_ctx_error(c.ctx)->message, "in a cycle"));
    assert_non_null(strstr(dvt_ctx_error(c.ctx)->trail, "in pass 'knot'"));
    graph_case_close(&c);
}

/* The folder of a file that the test may write. */
static void temp_folder(char out[TEST_PATH_MAX])
{
    test_temp_path("any", out);
    *strrchr(out, '/') = '\0';
}

static void test_graph_passes__dumps_read_back(void **state)
{
    (void)state;
    const dvt_pass *const list[] = {&first, &second, NULL};
    char                  folder[TEST_PATH_MAX], path[TEST_PATH_MAX];
    graph_case            c = open_net();
    dvt_blob              file;

    temp_folder(folder);
    graph_case_ok(
        &c, dvt_passes_run(c.g, list, &(dvt_passes_opts){.dump_after = "all", .dump_dir = folder}));
    test_temp_path("01_first-pass.dvg", path);
    graph_case_ok(&c, dvt_file_read(c.ctx, path, 0, &file));
    assert_string_equal((const char *)file.data,
                        "dvg 1 g\ninput x: f32[2]\ny: f32[2] = unary(x, fn=tanh)\noutput y\n");
    dvt_blob_deinit(c.ctx, &file);
    test_temp_path("02_second-pass.dot", path);
    assert_true(dvt_file_exists(path));
    assert_int_equal(dvt_passes_run(c.g, list, &(dvt_passes_opts){.dump_after = "third"}),
                     DVT_E_USAGE);
    graph_case_close(&c);
}

static void test_graph_passes__standing_passes_are_found_by_name(void **state)
{
    (void)state;
    const dvt_pass *const *list = dvt_graph_passes();

    for (int i = 0; list[i]; i++) {
        assert_ptr_equal(dvt_graph_find_pass(list[i]->name), list[i]);
        assert_true(list[i]->summary[0] != '\0');
    }
    assert_null(dvt_graph_find_pass("no-such-pass"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_passes__run_in_order),
        cmocka_unit_test(test_graph_passes__can_be_left_out_by_name),
        cmocka_unit_test(test_graph_passes__a_broken_graph_is_blamed_on_its_pass),
        cmocka_unit_test(test_graph_passes__dumps_read_back),
        cmocka_unit_test(test_graph_passes__standing_passes_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
