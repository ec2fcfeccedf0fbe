/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_graph_binary.c - the binary form: data survives, every truncation and every changed byte is
 * either harmless or refused. (That save and load are inverse: tests/prop/prop_graph_text.c.)
 */
#include "support/random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct saved {
    dvt_ctx   *ctx;
    dvt_graph *g;
    dvt_buf    bytes;
} saved;

static saved save_random(uint64_t seed)
{
    saved             s = {.ctx = dvt_ctx_create(NULL)};
    random_graph_opts opts = {.seed = seed, .nodes = 10, .elements_max = 200, .odd_names = true};

    assert_int_equal(random_graph_make(s.ctx, &opts, &s.g), DVT_OK);
    dvt_buf_init(&s.bytes, s.ctx, 0);
    assert_int_equal(dvt_graph_save(s.g, &s.bytes), DVT_OK);
    return s;
}

static void close_saved(saved *s)
{
    dvt_buf_deinit(&s->bytes);
    dvt_graph_destroy(s->g);
    assert_int_equal(dvt_ctx_bytes_in_use(s->ctx), 0);
    dvt_ctx_destroy(s->ctx);
}

static dvt_status load(saved *s, const uint8_t *data, size_t size)
{
    dvt_graph *g;
    dvt_ctx_clear_error(s->ctx);
    dvt_status st = dvt_graph_load(s->ctx, "g.bin", data, size, &g);
    assert_true((st == DVT_OK) == (g != NULL));
    if (g) assert_int_equal(dvt_graph_verify(g), DVT_OK);
    dvt_graph_destroy(g);
    return st;
}

static void test_graph_binary__every_truncation_is_refused_with_its_place(void **state)
{
    (void)state;
    saved s = save_random(3);

    for (size_t n = 0; n < s.bytes.len; n++) {
        assert_int_equal(load(&s, (const uint8_t *)s.bytes.data, n), DVT_E_PARSE);
        assert_true(dvt_ctx_error(s.ctx)->has_pos);
        assert_true(dvt_ctx_error(s.ctx)->offset <= n);
    }
    close_saved(&s);
}

static void test_graph_binary__changed_bytes_never_crash(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x80, 0xff};

    for (uint64_t seed = 0; seed < 3; seed++) {
        saved    s = save_random(seed);
        uint8_t *data = (uint8_t *)s.bytes.data;
        for (size_t i = 0; i < s.bytes.len; i++) {
            data[i] ^= masks[i % 3];
            (void)load(&s, data, s.bytes.len);
            data[i] ^= masks[i % 3];
        }
        assert_int_equal(load(&s, data, s.bytes.len), DVT_OK);
        close_saved(&s);
    }
}

static void test_graph_binary__foreign_newer_and_longer_files_are_refused(void **state)
{
    (void)state;
    saved s = save_random(1);

    dvt_buf_append(&s.bytes, "x", 1);
    assert_int_equal(load(&s, (const uint8_t *)s.bytes.data, s.bytes.len), DVT_E_PARSE);
    assert_non_null(strstr(dvt_ctx_error(s.ctx)->message, "something behind its end"));
    s.bytes.data[8] = 2;
    assert_int_equal(load(&s, (const uint8_t *)s.bytes.data, s.bytes.len), DVT_E_UNSUPPORTED);
    s.bytes.data[0] = 'X';
    assert_int_equal(load(&s, (const uint8_t *)s.bytes.data, s.bytes.len), DVT_E_PARSE);
    assert_non_null(strstr(dvt_ctx_error(s.ctx)->message, "does not begin like"));
    close_saved(&s);
}

static void test_graph_binary__unordered_graphs_are_not_saved(void **state)
{
    (void)state;
    saved           s = save_random(1);
    const dvt_node *node = dvt_graph_node(s.g, (dvt_node_id){0});
    dvt_buf         again;

    dvt_buf_init(&again, s.ctx, 0);
    assert_int_equal(dvt_graph_set_input(s.g, (dvt_node_id){0}, 0, node->outputs[0]), DVT_OK);
    assert_int_equal(dvt_graph_save(s.g, &again), DVT_E_INTERNAL);
    dvt_buf_deinit(&again);
    close_saved(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_binary__every_truncation_is_refused_with_its_place),
        cmocka_unit_test(test_graph_binary__changed_bytes_never_crash),
        cmocka_unit_test(test_graph_binary__foreign_newer_and_longer_files_are_refused),
        cmocka_unit_test(test_graph_binary__unordered_graphs_are_not_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
