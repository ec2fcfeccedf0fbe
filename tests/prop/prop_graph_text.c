/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_graph_text.c - on random graphs: what is printed, saved or cloned comes back the same.
 *
 * Properties (1) print, parse, print gives the same text; (2) save, load, save the same bytes and
 * the
 *           same text; (3) a clone and a compaction print the same text; (4) every graph verifies.
 * Seeds     0 .. COUNT - 1; a failure names the seed.
 */
#include "support/random_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 60, COUNT_LONG = 3000 };
static const int64_t all = INT64_MAX;

static uint64_t seed_count(void) { return getenv("DOVETAIL_LONG") ? COUNT_LONG : COUNT; }

static void check(dvt_ctx *ctx, dvt_status st, const char *what, uint64_t seed)
{
    if (st == DVT_OK) return;
    fail_msg("seed %llu: %s: %s: %s", (unsigned long long)seed, what, dvt_status_name(st),
             dvt_ctx_error(ctx)->message);
}

static void same(const dvt_buf *a, const dvt_buf *b, const char *what, uint64_t seed)
{
    size_t n = a->len < b->len ? a->len : b->len, i = 0;

    if (a->len == b->len && memcmp(a->data, b->data, a->len) == 0) return;
    while (i < n && a->data[i] == b->data[i]) i++;
    size_t from = i > 40 ? i - 40 : 0;
    fail_msg("seed %llu: %s differs at byte %zu: '%.80s' and '%.80s'", (unsigned long long)seed,
             what, i, a->data + from, b->data + from);
}

static void print_text(const dvt_graph *g, int64_t inline_max, dvt_buf *out)
{
    dvt_buf_init(out, dvt_graph_ctx(g), 0);
    dvt_graph_print(g, inline_max, out);
    assert_int_equal(dvt_buf_status(out), DVT_OK);
}

static random_graph_opts opts_of(uint64_t seed)
{
    return (random_graph_opts){
        .seed = seed, .nodes = 20, .odd_names = seed % 2 == 1, .params = seed % 5 == 4};
}

typedef void (*property)(dvt_ctx *ctx, const dvt_graph *g, const dvt_buf *text, uint64_t seed);

static void for_all(property holds)
{
    for (uint64_t seed = 0; seed < seed_count(); seed++) {
        dvt_ctx          *ctx = dvt_ctx_create(NULL);
        random_graph_opts opts = opts_of(seed);
        dvt_graph        *g;
        dvt_buf           text;
        check(ctx, random_graph_make(ctx, &opts, &g), "make", seed);
        print_text(g, all, &text);
        holds(ctx, g, &text, seed);
        dvt_buf_deinit(&text);
        dvt_graph_destroy(g);
        assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
        dvt_ctx_destroy(ctx);
    }
}

/* ---- properties ---------------------------------------------------------------------------- */

static void parses_back(dvt_ctx *ctx, const dvt_graph *g, const dvt_buf *text, uint64_t seed)
{
    dvt_graph *back;
    dvt_buf    again, shortened, short_again;

    check(ctx, dvt_graph_parse(ctx, "random.dvg", text->data, text->len, &back), "parse", seed);
    print_text(back, all, &again);
    same(text, &again, "text", seed);
    dvt_buf_deinit(&again);
    dvt_graph_destroy(back);

    print_text(g, 4, &shortened); /* large constants by their digest only */
    check(ctx, dvt_graph_parse(ctx, "random.dvg", shortened.data, shortened.len, &back), "parse",
          seed);
    print_text(back, 4, &short_again);
    same(&shortened, &short_again, "shortened text", seed);
    dvt_buf_deinit(&short_again);
    dvt_buf_deinit(&shortened);
    dvt_graph_destroy(back);
}

static void loads_back(dvt_ctx *ctx, const dvt_graph *g, const dvt_buf *text, uint64_t seed)
{
    dvt_graph *back;
    dvt_buf    bytes, again, text_again;

    dvt_buf_init(&bytes, ctx, 0);
    dvt_buf_init(&again, ctx, 0);
    check(ctx, dvt_graph_save(g, &bytes), "save", seed);
    check(ctx, dvt_graph_load(ctx, "random", (const uint8_t *)bytes.data, bytes.len, &back), "load",
          seed);
    check(ctx, dvt_graph_save(back, &again), "save again", seed);
    same(&bytes, &again, "binary form", seed);
    print_text(back, all, &text_again);
    same(text, &text_again, "text of the loaded graph", seed);
    dvt_buf_deinit(&text_again);
    dvt_buf_deinit(&again);
    dvt_buf_deinit(&bytes);
    dvt_graph_destroy(back);
}

static void clones_and_verifies(dvt_ctx *ctx, const dvt_graph *g, const dvt_buf *text,
                                uint64_t seed)
{
    dvt_graph *copy;
    dvt_buf    again;

    check(ctx, dvt_graph_verify(g), "verify", seed);
    check(ctx, dvt_graph_clone(g, &copy), "clone", seed);
    check(ctx, dvt_graph_verify(copy), "verify the clone", seed);
    check(ctx, dvt_graph_compact(copy), "compact", seed);
    check(ctx, dvt_graph_verify(copy), "verify the compacted", seed);
    print_text(copy, all, &again);
    same(text, &again, "text of the compacted clone", seed);
    dvt_buf_deinit(&again);
    dvt_graph_destroy(copy);
}

static void is_repeatable(dvt_ctx *ctx, const dvt_graph *g, const dvt_buf *text, uint64_t seed)
{
    random_graph_opts opts = opts_of(seed);
    dvt_graph        *twin;
    dvt_buf           again;

    (void)g;
    check(ctx, random_graph_make(ctx, &opts, &twin), "make again", seed);
    print_text(twin, all, &again);
    same(text, &again, "text of the same seed", seed);
    dvt_buf_deinit(&again);
    dvt_graph_destroy(twin);
}

/* ---- tests --------------------------------------------------------------------------------- */

static void test_graph_text__print_parse_print_is_identity(void **state)
{
    (void)state;
    for_all(parses_back);
}

static void test_graph_text__save_load_save_is_identity(void **state)
{
    (void)state;
    for_all(loads_back);
}

static void test_graph_text__clone_and_compact_change_nothing(void **state)
{
    (void)state;
    for_all(clones_and_verifies);
}

static void test_graph_text__one_seed_gives_one_graph(void **state)
{
    (void)state;
    for_all(is_repeatable);
}

static void test_graph_text__random_graphs_meet_every_operator(void **state)
{
    (void)state;
    dvt_ctx        *ctx = dvt_ctx_create(NULL);
    dvt_graph      *g;
    dvt_graph_stats stats;

    check(ctx, random_graph_make(ctx, &(random_graph_opts){.seed = 7, .nodes = 400}, &g), "make",
          7);
    dvt_graph_stats_of(g, &stats);
    for (int i = 0; i < DVT_OP_COUNT; i++)
        if (stats.op_count[i] == 0) fail_msg("no node '%s'", dvt_op_describe((dvt_op)i)->name);
    dvt_graph_destroy(g);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_graph_text__print_parse_print_is_identity),
        cmocka_unit_test(test_graph_text__save_load_save_is_identity),
        cmocka_unit_test(test_graph_text__clone_and_compact_change_nothing),
        cmocka_unit_test(test_graph_text__one_seed_gives_one_graph),
        cmocka_unit_test(test_graph_text__random_graphs_meet_every_operator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
