/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_graph.c - parsing, building, editing, saving and loading graphs survive every refused
 * allocation: the failure is reported, nothing leaks, and a graph that refused stays sound.
 */
#include "fault/fault.h"

#include "dovetail/graph.h"

#include <string.h>

static const char net[] = "dvg 1 net\n"
                          "input x: f32[1,2,4,4]\n"
                          "param w: f32[4,2,3,3]\n"
                          "param b: f32[4]\n"
                          "const k: f32[4] = [1, 2, 3, 4]\n"
                          "c = conv(x, w, b, kernel=[3,3]) from \"somewhere\"\n"
                          "s = scale(c, k)\n"
                          "p, q = split(s, sizes=[1,3]) node \"the split\"\n"
                          "n = nary(p, p, p)\n"
                          "output n\n"
                          "output q\n";

static dvt_status parse_and_print(dvt_ctx *ctx, void *ud)
{
    (void)ud;
    dvt_graph *g;
    dvt_buf    b;
    dvt_status st = dvt_graph_parse(ctx, "net.dvg", net, strlen(net), &g);

    if (st != DVT_OK) return st;
    dvt_buf_init(&b, ctx, 0);
    dvt_graph_print(g, 100, &b);
    dvt_graph_dot(g, NULL, NULL, &b);
    st = dvt_buf_status(&b);
    dvt_buf_deinit(&b);
    dvt_graph_destroy(g);
    return st;
}

static void fault_graph__parse_and_print(void **state)
{
    (void)state;
    assert_true(fault_sweep(parse_and_print, NULL) > 10);
}

static dvt_status edit(dvt_ctx *ctx, void *ud)
{
    (void)ud;
    dvt_graph *g, *copy = NULL;
    dvt_status st = dvt_graph_parse(ctx, "net.dvg", net, strlen(net), &g);

    if (st == DVT_OK) st = dvt_graph_seed_params(g, 1);
    if (st == DVT_OK) st = dvt_graph_clone(g, &copy);
    if (st == DVT_OK) {
        st = dvt_graph_replace_uses(copy, dvt_graph_find_value(copy, "s"),
                                    dvt_graph_find_value(copy, "c"));
        dvt_graph_remove_node(copy, dvt_graph_find_node(copy, "s"));
    }
    if (st == DVT_OK) st = dvt_graph_compact(copy);
    if (st == DVT_OK) st = dvt_graph_verify(copy);
    dvt_graph_destroy(copy);
    dvt_graph_destroy(g);
    return st;
}

static void fault_graph__seed_clone_edit_compact(void **state)
{
    (void)state;
    assert_true(fault_sweep(edit, NULL) > 20);
}

static dvt_status save_and_load(dvt_ctx *ctx, void *ud)
{
    (void)ud;
    dvt_graph *g, *back = NULL;
    dvt_buf    b;
    dvt_status st = dvt_graph_parse(ctx, "net.dvg", net, strlen(net), &g);

    dvt_buf_init(&b, ctx, 0);
    if (st == DVT_OK) st = dvt_graph_save(g, &b);
    if (st == DVT_OK) st = dvt_graph_load(ctx, "net", (const uint8_t *)b.data, b.len, &back);
    dvt_graph_destroy(back);
    dvt_graph_destroy(g);
    dvt_buf_deinit(&b);
    return st;
}

static void fault_graph__save_and_load(void **state)
{
    (void)state;
    assert_true(fault_sweep(save_and_load, NULL) > 20);
}

/* Adds nodes until memory is refused; what is there must then still verify. */
static dvt_status grow(dvt_ctx *ctx, void *ud)
{
    (void)ud;
    dvt_shape    s = DVT_SHAPE(2);
    dvt_value_id v;
    dvt_status   st = DVT_E_NOMEM;
    dvt_graph   *g = dvt_graph_create(ctx, "grow");

    if (!g) return DVT_E_NOMEM;
    st = dvt_graph_add_input(g, "x", DVT_DTYPE_F32, &s, &v);
    for (int i = 0; st == DVT_OK && i < 80; i++) {
        dvt_node_spec spec = {.op = DVT_OP_UNARY,
                              .inputs = &v,
                              .input_count = 1,
                              .output_count = 1,
                              .attrs = dvt_op_default_attrs(DVT_OP_UNARY, 0)};
        st = dvt_graph_add_node(g, &spec, &v);
    }
    if (st == DVT_OK) st = dvt_graph_add_output(g, v);
    for (int32_t i = 0; i < dvt_graph_value_count(g); i++) {
        dvt_value_id id = {i};
        assert_int_equal(dvt_graph_find_value(g, dvt_graph_value(g, id)->name).i, i);
    }
    dvt_graph_destroy(g);
    return st;
}

static void fault_graph__growing_stays_sound(void **state)
{
    (void)state;
    assert_true(fault_sweep(grow, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_graph__parse_and_print),
        cmocka_unit_test(fault_graph__seed_clone_edit_compact),
        cmocka_unit_test(fault_graph__save_and_load),
        cmocka_unit_test(fault_graph__growing_stays_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
