/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pairs.c - sides and costs: values of tables, latencies, and the laws that searches rely on.
 */
#include "support/fixture.h"
#include "support/test_data.h"

#include "dovetail/pairs.h"

enum { CELLS = 200, SOME = 97 /* accelerators */ };

static void draw_nb101(uint64_t seed, int64_t count, dvt_nb101_cell *out)
{
    dvt_rng rng = dvt_rng_make(seed, 0);

    for (int64_t n = 0; n < count;) {
        dvt_nb101_cell c = {.vertices = (uint8_t)(2 + dvt_rng_below(&rng, 6))};
        c.adj_bits = dvt_rng_u32(&rng) & dvt_rng_u32(&rng) &
                     ((1u << (c.vertices * (c.vertices - 1) / 2)) - 1);
        for (int i = 0; i + 2 < c.vertices; i++) {
            c.ops[i] = (uint8_t)dvt_rng_below(&rng, DVT_NB101_LABELS);
        }
        if (dvt_nb101_prune(&c) && dvt_nb101_valid(&c)) {
            out[n++] = c;
        }
    }
}

static void some_accelerators(int32_t out[SOME])
{
    for (int32_t i = 0; i < SOME; i++) {
        out[i] = (i * 613 + 7) % DVT_CHAIDNN_COUNT;
    }
}

/* ---- costs --------------------------------------------------------------------------------- */

static void test_pairs__nb101_costs_are_the_latency_of_the_whole_list(void **state)
{
    static dvt_nb101_cell cells[CELLS];
    dvt_pair_cost         cost;
    int32_t               list[SOME];
    int64_t               got[SOME];

    draw_nb101(7, CELLS, cells);
    some_accelerators(list);
    expect_ok(*state, dvt_pair_cost_chaidnn_nb101(*state, cells, CELLS, &cost));
    for (int64_t n = 0; n < CELLS; n++) {
        dvt_nb101_cell canonical;
        dvt_nb101_ops  ops;
        dvt_nb101_canonical(&cells[n], &canonical);
        dvt_nb101_operations(&canonical, &ops);
        cost.cost(&cost, n, list, SOME, got);
        for (int32_t i = 0; i < SOME; i += 8) {
            uint32_t    ticks[DVT_NB101_SHAPES];
            dvt_chaidnn a;
            dvt_chaidnn_at(list[i], &a);
            expect_ok(*state, dvt_chaidnn_nb101_row(*state, list[i], ticks));
            assert_int_equal(got[i], dvt_chaidnn_nb101_latency(&ops, &a, ticks));
        }
    }
    dvt_pair_cost_deinit(*state, &cost);
}

/* The laws of pairs.h, on every network and some accelerators. */
static void check_laws(dvt_ctx *ctx, const dvt_pair_cost *cost, int64_t networks)
{
    int32_t  list[SOME];
    int64_t  exact[SOME], bound[SOME], ceiling[SOME];
    int64_t *first = dvt_calloc(ctx, (size_t)cost->groups * SOME, sizeof *first);
    void    *selection = dvt_alloc(ctx, cost->selection_bytes(cost, SOME));
    int      ordered = 0;

    assert_non_null(first);
    assert_non_null(selection);
    some_accelerators(list);
    cost->select(cost, list, SOME, selection);
    for (int64_t n = 0; n < networks; n++) {
        int64_t *group = first + (size_t)cost->group_of[n] * SOME;
        cost->cost(cost, n, list, SOME, exact);
        cost->bounds(cost, selection, n, bound);
        cost->ceilings(cost, selection, n, ceiling);
        for (int32_t i = 0; i < SOME; i++) {
            assert_true(bound[i] > 0 && bound[i] <= exact[i] && exact[i] <= ceiling[i]);
            assert_true(group[i] == 0 || group[i] == bound[i]);
            group[i] = bound[i];
            for (int32_t j = 0; j < SOME; j++) {
                ordered += i != j && cost->no_worse(cost, list[i], list[j]);
                assert_true(!cost->no_worse(cost, list[i], list[j]) || exact[i] <= exact[j]);
            }
        }
    }
    assert_true(ordered > 0);
    dvt_free(ctx, selection);
    dvt_free(ctx, first);
}

static void test_pairs__bounds_and_orders_hold_on_nb101(void **state)
{
    static dvt_nb101_cell cells[CELLS];
    dvt_pair_cost         cost;

    draw_nb101(8, CELLS, cells);
    expect_ok(*state, dvt_pair_cost_chaidnn_nb101(*state, cells, CELLS, &cost));
    assert_true(cost.groups > 1 && cost.groups < CELLS);
    check_laws(*state, &cost, CELLS);
    dvt_pair_cost_deinit(*state, &cost);
}

static void test_pairs__bounds_and_orders_hold_on_nb201(void **state)
{
    static dvt_nb201_cell cells[CELLS];
    dvt_pair_cost         cost;

    for (int32_t i = 0; i < CELLS; i++) {
        cells[i] = dvt_nb201_at(i * 78 + 3);
    }
    expect_ok(*state, dvt_pair_cost_chaidnn_nb201(*state, cells, CELLS, &cost));
    check_laws(*state, &cost, CELLS);
    dvt_pair_cost_deinit(*state, &cost);
}

static void test_pairs__invalid_cells_have_no_cost(void **state)
{
    const dvt_nb101_cell cell = {.vertices = 3, .adj_bits = 1};
    dvt_pair_cost        cost;

    expect_failure(*state, dvt_pair_cost_chaidnn_nb101(*state, &cell, 1, &cost), DVT_E_USAGE,
                   "cell 0 is not valid");
}

/* ---- NAS-Bench-201 by hand ----------------------------------------------------------------- */

static int64_t ticks_of(dvt_ctx *ctx, int32_t accelerator, dvt_work_kind kind, int32_t in,
                        int32_t out, int32_t size, int32_t kernel, int32_t stride)
{
    const dvt_work w = {.kind = kind,
                        .channels = in,
                        .filters = out,
                        .height = size,
                        .width = size,
                        .kernel = kernel,
                        .stride = stride};
    dvt_chaidnn    a;
    int64_t        ticks;

    dvt_chaidnn_at(accelerator, &a);
    expect_ok(ctx, dvt_chaidnn_ticks(ctx, &a, &w, &ticks));
    return ticks;
}

/* Stem, blocks, global pooling, dense, one after the other: for one convolution engine without a
 * pooling that anything could overlap with. */
static int64_t rest_of(dvt_ctx *ctx, int32_t a)
{
    int64_t sum = ticks_of(ctx, a, DVT_WORK_CONV, 3, 16, 32, 3, 1) +
                  ticks_of(ctx, a, DVT_WORK_MEAN_POOL, 64, 64, 8, 1, 1) +
                  ticks_of(ctx, a, DVT_WORK_DENSE, 64, 10, 1, 1, 1);

    for (int32_t c = 32, size = 16; c <= 64; c *= 2, size /= 2) {
        const int64_t convs = ticks_of(ctx, a, DVT_WORK_CONV, c / 2, c, 2 * size, 3, 2) +
                              ticks_of(ctx, a, DVT_WORK_CONV, c, c, size, 3, 1);
        const int64_t pool = ticks_of(ctx, a, DVT_WORK_MAX_POOL, c / 2, c / 2, 2 * size, 2, 2);
        sum += (convs > pool ? convs : pool) +
               ticks_of(ctx, a, DVT_WORK_CONV, c / 2, c, size, 1, 1) +
               ticks_of(ctx, a, DVT_WORK_ADD, c, c, size, 1, 1);
    }
    return sum;
}

/* five cells of each stage, each operation of `kind` and `kernel` once */
static int64_t cells_of(dvt_ctx *ctx, int32_t a, dvt_work_kind kind, int32_t kernel)
{
    int64_t sum = 0;

    for (int32_t s = 0; s < 3; s++) {
        sum += 5 * ticks_of(ctx, a, kind, 16 << s, 16 << s, 32 >> s, kernel, 1);
    }
    return sum;
}

static int64_t latency_of(dvt_ctx *ctx, const char *text, int32_t accelerator)
{
    dvt_nb201_cell cell;
    dvt_pair_cost  cost;
    int64_t        latency;

    expect_ok(ctx, dvt_nb201_parse(ctx, text, &cell));
    expect_ok(ctx, dvt_pair_cost_chaidnn_nb201(ctx, &cell, 1, &cost));
    cost.cost(&cost, 0, &accelerator, 1, &latency);
    dvt_pair_cost_deinit(ctx, &cost);
    return latency;
}

static void test_pairs__nb201_latencies_are_those_worked_out_by_hand(void **state)
{
    const int32_t one = 4710; /* one engine */
    dvt_chaidnn   a;
    const int64_t rest = rest_of(*state, one);

    dvt_chaidnn_at(one, &a);
    assert_int_equal(a.share, DVT_CHAIDNN_SHARES);
    /* no path: nothing is computed in cells */
    assert_int_equal(
        latency_of(*state, "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|none~2|", one), rest);
    /* one convolution; what no path reads is left out */
    assert_int_equal(
        latency_of(*state, "|nor_conv_1x1~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|", one),
        rest + cells_of(*state, one, DVT_WORK_CONV, 3));
    /* two operands: an addition */
    assert_int_equal(
        latency_of(*state,
                   "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|skip_connect~1|none~2|", one),
        rest + cells_of(*state, one, DVT_WORK_CONV, 3) + cells_of(*state, one, DVT_WORK_ADD, 1));
    /* skips alone: the cell is its input */
    assert_int_equal(
        latency_of(*state, "|skip_connect~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|", one),
        rest);
}

static void test_pairs__isomorphic_nb201_cells_have_one_latency(void **state)
{
    /* nodes 1 and 2 change places; a convolution from the input by way of a skip */
    static const char *const pairs[][2] = {
        {"|nor_conv_3x3~0|+|avg_pool_3x3~0|none~1|+|none~0|nor_conv_1x1~1|skip_connect~2|",
         "|avg_pool_3x3~0|+|nor_conv_3x3~0|none~1|+|none~0|skip_connect~1|nor_conv_1x1~2|"},
        {"|skip_connect~0|+|none~0|none~1|+|nor_conv_3x3~0|nor_conv_1x1~1|none~2|",
         "|none~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|none~1|nor_conv_3x3~2|"},
        {"|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|nor_conv_1x1~2|",
         "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|nor_conv_1x1~1|none~2|"},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        for (int32_t a = 11; a < DVT_CHAIDNN_COUNT; a += 1733) {
            assert_int_equal(latency_of(*state, pairs[i][0], a),
                             latency_of(*state, pairs[i][1], a));
        }
    }
}

/* ---- sides --------------------------------------------------------------------------------- */

static void test_pairs__columns_of_a_table_are_metrics(void **state)
{
    dvt_table *t;
    dvt_side   side;
    dvt_buf    text;

    expect_ok(*state,
              dvt_table_load(*state, DVT_BENCHMARK_NASBENCH101, "examples/tables/made_up.csv", &t));
    expect_ok(*state, dvt_side_of_table(*state, t, NULL, &side));
    const int32_t  accuracy = dvt_side_find(&side, "accuracy"), macs = dvt_side_find(&side, "macs");
    const int64_t *values = dvt_side_values(*state, &side, accuracy);
    const int64_t *counts = dvt_side_values(*state, &side, macs);
    const int64_t *partial = dvt_side_values(*state, &side, dvt_side_find(&side, "val108"));
    assert_true(values && counts && partial);
    for (int64_t i = 0; i < side.count; i++) {
        dvt_nb101_cell cell;
        uint64_t       v;
        expect_ok(*state, dvt_table_value(*state, t, "mean_test_acc_108", i, &v));
        assert_int_equal(values[i], v);
        dvt_table_nb101_cell(t, i, &cell);
        assert_int_equal(counts[i], dvt_nb101_macs(&cell));
        const dvt_status st = dvt_table_value(*state, t, "val108", i, &v);
        assert_int_equal(partial[i], st == DVT_OK ? (int64_t)v : DVT_METRIC_MISSING);
        dvt_ctx_clear_error(*state);
    }
    assert_int_equal(dvt_side_find(&side, "beauty"), -1);
    dvt_buf_init(&text, *state, 0);
    dvt_side_label(&side, 3, &text);
    assert_int_equal(strlen(text.data), 32);
    dvt_buf_deinit(&text);
    dvt_side_deinit(*state, &side);
    expect_failure(*state, dvt_side_of_table(*state, t, "cifar100", &side), DVT_E_NOTFOUND,
                   "no accuracy of 'cifar100'");
    dvt_table_close(t);
}

static void test_pairs__chaidnn_areas_and_resources_are_those_of_its_model(void **state)
{
    dvt_side side;

    expect_ok(*state, dvt_side_of_chaidnn(*state, &side));
    for (int32_t i = 0; i < DVT_CHAIDNN_COUNT; i += 271) {
        dvt_chaidnn      a;
        dvt_chaidnn_cost cost;
        dvt_fact         facts[DVT_SPACE_MAX_FACTS];
        dvt_chaidnn_at(i, &a);
        dvt_chaidnn_cost_of(&a, &cost);
        assert_int_equal(side.value[dvt_side_find(&side, "area")][i], cost.area_um2);
        assert_int_equal(side.value[dvt_side_find(&side, "dsp")][i], cost.dsp);
        assert_int_equal(side.value[dvt_side_find(&side, "bram36")][i], (int64_t)(2 * cost.bram36));
        assert_int_equal(side.facts(&side, i, facts), 8);
        assert_int_equal(facts[1].value, a.pixel_par);
    }
    dvt_side_deinit(*state, &side);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_pairs__nb101_costs_are_the_latency_of_the_whole_list),
        FIXTURE_TEST(test_pairs__bounds_and_orders_hold_on_nb101),
        FIXTURE_TEST(test_pairs__bounds_and_orders_hold_on_nb201),
        FIXTURE_TEST(test_pairs__invalid_cells_have_no_cost),
        FIXTURE_TEST(test_pairs__nb201_latencies_are_those_worked_out_by_hand),
        FIXTURE_TEST(test_pairs__isomorphic_nb201_cells_have_one_latency),
        FIXTURE_TEST(test_pairs__columns_of_a_table_are_metrics),
        FIXTURE_TEST(test_pairs__chaidnn_areas_and_resources_are_those_of_its_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
