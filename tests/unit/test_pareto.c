/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pareto.c - the pruned frontier equals brute force: cells drawn at random, real cells, ties.
 */
#include "support/fixture.h"
#include "support/test_data.h"

#include "dovetail/table.h"

#include "search/pareto_int.h"

#include <stdlib.h>

enum { CELLS_MAX = 512 };

typedef struct pairs {
    dvt_nb101_cell cells[CELLS_MAX];
    uint64_t       accuracy[CELLS_MAX];
    int64_t        count;
    int32_t        accelerators[DVT_CHAIDNN_COUNT];
    int32_t        accelerator_count;
} pairs;

/* Random valid cells with accuracies of `levels` values, and every `step`th accelerator. */
static void draw(uint64_t seed, int64_t count, uint64_t levels, int32_t step, pairs *out)
{
    dvt_rng rng = dvt_rng_make(seed, 0);

    out->count = 0;
    while (out->count < count) {
        dvt_nb101_cell c = {.vertices = (uint8_t)(2 + dvt_rng_below(&rng, 6))};
        c.adj_bits = dvt_rng_u32(&rng) & dvt_rng_u32(&rng) &
                     ((1u << (c.vertices * (c.vertices - 1) / 2)) - 1);
        for (int i = 0; i + 2 < c.vertices; i++) {
            c.ops[i] = (uint8_t)dvt_rng_below(&rng, DVT_NB101_LABELS);
        }
        if (dvt_nb101_prune(&c) && dvt_nb101_valid(&c)) {
            out->accuracy[out->count] = 1000 + dvt_rng_below(&rng, levels);
            out->cells[out->count++] = c;
        }
    }
    out->accelerator_count = 0;
    for (int32_t a = (int32_t)(seed % (uint64_t)step); a < DVT_CHAIDNN_COUNT; a += step) {
        out->accelerators[out->accelerator_count++] = a;
    }
}

/* ---- brute force --------------------------------------------------------------------------- */

static bool dominates_or_equals(const dvt_pareto_point *a, const dvt_pareto_point *b)
{
    return a->accuracy >= b->accuracy && a->latency <= b->latency && a->area_um2 <= b->area_um2;
}

static bool equals(const dvt_pareto_point *a, const dvt_pareto_point *b)
{
    return a->accuracy == b->accuracy && a->latency == b->latency && a->area_um2 == b->area_um2;
}

static int by_place(const void *x, const void *y)
{
    const dvt_pareto_point *a = x, *b = y;

    if (a->accuracy != b->accuracy) return a->accuracy < b->accuracy ? 1 : -1;
    return (a->area_um2 > b->area_um2) - (a->area_um2 < b->area_um2);
}

/* Adds a vector to a list of vectors that do not dominate one another. */
static int64_t add_point(dvt_pareto_point *list, int64_t count, const dvt_pareto_point *p)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < count; i++) {
        if (equals(&list[i], p)) {
            list[i].pairs++;
            return count;
        }
        if (dominates_or_equals(&list[i], p)) {
            return count;
        }
    }
    for (int64_t i = 0; i < count; i++) {
        if (!dominates_or_equals(p, &list[i])) {
            list[kept++] = list[i];
        }
    }
    list[kept] = *p;
    list[kept].pairs = 1;
    return kept + 1;
}

static int64_t brute_force(dvt_ctx *ctx, const pairs *in, dvt_pareto_point *list)
{
    uint32_t *ticks = dvt_alloc(ctx, (size_t)DVT_CHAIDNN_COUNT * DVT_NB101_SHAPES * sizeof *ticks);
    int64_t   count = 0;

    assert_non_null(ticks);
    expect_ok(ctx, dvt_chaidnn_nb101_table(ctx, ticks));
    for (int64_t c = 0; c < in->count; c++) {
        dvt_nb101_cell canonical;
        dvt_nb101_ops  ops;
        dvt_nb101_canonical(&in->cells[c], &canonical);
        dvt_nb101_operations(&canonical, &ops);
        for (int32_t i = 0; i < in->accelerator_count; i++) {
            const int32_t    a = in->accelerators[i];
            dvt_chaidnn      h;
            dvt_chaidnn_cost cost;
            dvt_chaidnn_at(a, &h);
            dvt_chaidnn_cost_of(&h, &cost);
            const dvt_pareto_point p = {
                in->accuracy[c],
                dvt_chaidnn_nb101_latency(&ops, &h, ticks + a * DVT_NB101_SHAPES),
                cost.area_um2,
                c,
                a,
                1};
            count = add_point(list, count, &p);
        }
    }
    dvt_free(ctx, ticks);
    qsort(list, (size_t)count, sizeof *list, by_place);
    return count;
}

static void compare(dvt_ctx *ctx, const pairs *in)
{
    dvt_pareto_point *want = dvt_alloc(ctx, 100000 * sizeof *want);
    dvt_pareto_opts   opts = {.accelerators = in->accelerators,
                              .accelerator_count = in->accelerator_count};
    dvt_pareto_front  got;
    int64_t           count;

    assert_non_null(want);
    count = brute_force(ctx, in, want);
    expect_ok(ctx, dvt_pareto_nb101(ctx, in->cells, in->accuracy, in->count, &opts, &got));
    assert_int_equal(got.count, count);
    assert_int_equal(got.pairs, in->count * in->accelerator_count);
    for (int64_t i = 0; i < count; i++) {
        assert_true(equals(&got.points[i], &want[i]));
        assert_int_equal(got.points[i].pairs, want[i].pairs);
        assert_int_equal(got.points[i].network, want[i].network);
        assert_int_equal(got.points[i].accelerator, want[i].accelerator);
    }
    dvt_pareto_front_deinit(ctx, &got);
    dvt_free(ctx, want);
}

/* ---- claims -------------------------------------------------------------------------------- */

static void test_pareto__equals_brute_force_on_random_pairs(void **state)
{
    static pairs in;

    for (uint64_t seed = 1; seed <= 12; seed++) {
        draw(seed, 60, 40, 37, &in);
        compare(*state, &in);
    }
    draw(100, 400, 1000, 101, &in);
    compare(*state, &in);
    draw(101, 12, 12, 1, &in); /* every accelerator */
    compare(*state, &in);
}

static void test_pareto__equals_brute_force_where_most_things_tie(void **state)
{
    static pairs in;

    for (uint64_t seed = 20; seed < 26; seed++) {
        draw(seed, 50, 2, 61, &in);
        for (int64_t i = 25; i < in.count; i++) { /* each cell twice */
            in.cells[i] = in.cells[i - 25];
            in.accuracy[i] = in.accuracy[i - 25];
        }
        compare(*state, &in);
    }
}

/* Every 1,009th cell of the published table on every 29th accelerator, and 12 cells on all. */
static void test_pareto__equals_brute_force_on_published_accuracies(void **state)
{
    static pairs in;
    char         csv[TEST_PATH_MAX];
    dvt_table   *t;

    test_data_require("nas/nasbench101.csv.gz", csv);
    expect_ok(*state, dvt_table_load(*state, DVT_BENCHMARK_NASBENCH101, csv, &t));
    for (int64_t step = 1009, every = 29; every >= 1; step *= 36, every -= 28) {
        in.count = in.accelerator_count = 0;
        for (int64_t row = 0; row < dvt_table_rows(t) && in.count < CELLS_MAX; row += step) {
            dvt_table_nb101_cell(t, row, &in.cells[in.count]);
            expect_ok(*state, dvt_table_value(*state, t, "mean_test_acc_108", row,
                                              &in.accuracy[in.count++]));
        }
        for (int32_t a = 0; a < DVT_CHAIDNN_COUNT; a += (int32_t)every) {
            in.accelerators[in.accelerator_count++] = a;
        }
        compare(*state, &in);
    }
    dvt_table_close(t);
}

static void test_pareto__programs_have_the_latency_of_the_whole_list(void **state)
{
    static pairs in;
    uint32_t    *ticks =
        dvt_alloc(*state, (size_t)DVT_CHAIDNN_COUNT * DVT_NB101_SHAPES * sizeof *ticks);

    assert_non_null(ticks);
    expect_ok(*state, dvt_chaidnn_nb101_table(*state, ticks));
    draw(7, 300, 3, 211, &in);
    for (int64_t c = 0; c < in.count; c++) {
        dvt_nb101_ops ops;
        dvti_program  program;
        dvt_nb101_operations(&in.cells[c], &ops);
        dvti_program_make(&in.cells[c], &program, NULL);
        for (int32_t i = 0; i < in.accelerator_count; i++) {
            const int32_t a = in.accelerators[i];
            dvt_chaidnn   h;
            dvti_engine   e;
            dvt_chaidnn_at(a, &h);
            dvti_engine_make(a, ticks + a * DVT_NB101_SHAPES, &e);
            const int64_t want = dvt_chaidnn_nb101_latency(&ops, &h, e.ticks);
            assert_int_equal(dvti_program_latency(&program, &e, INT64_MAX), want);
            assert_true(dvti_program_bound(&program, &e) <= want);
            assert_true(dvti_program_latency(&program, &e, want) >= want);
        }
    }
    dvt_free(*state, ticks);
}

static void test_pareto__any_number_of_threads_gives_the_same_frontier(void **state)
{
    static pairs     in;
    dvt_pareto_front first = {0};
    dvt_ctx         *one = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});

    (void)state;
    draw(9, 400, 300, 1, &in);
    expect_ok(one, dvt_pareto_nb101(one, in.cells, in.accuracy, in.count, NULL, &first));
    for (uint32_t jobs = 2; jobs <= 5; jobs++) {
        dvt_ctx         *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = jobs});
        dvt_pareto_front other;
        expect_ok(ctx, dvt_pareto_nb101(ctx, in.cells, in.accuracy, in.count, NULL, &other));
        assert_int_equal(other.count, first.count);
        assert_int_equal(other.evaluated, first.evaluated);
        for (int64_t i = 0; i < first.count; i++) {
            assert_memory_equal(&other.points[i].network, &first.points[i].network,
                                sizeof(int64_t));
            assert_int_equal(other.points[i].accelerator, first.points[i].accelerator);
            assert_true(equals(&other.points[i], &first.points[i]));
        }
        dvt_pareto_front_deinit(ctx, &other);
        dvt_ctx_destroy(ctx);
    }
    dvt_pareto_front_deinit(one, &first);
    dvt_ctx_destroy(one);
}

static void test_pareto__limits_leave_a_part_of_the_frontier(void **state)
{
    static pairs     in;
    dvt_pareto_front all, some;
    int64_t          want = 0;

    draw(11, 300, 300, 1, &in);
    expect_ok(*state, dvt_pareto_nb101(*state, in.cells, in.accuracy, in.count, NULL, &all));
    assert_true(all.count > 4);
    const dvt_pareto_point *middle = &all.points[all.count / 2];
    dvt_pareto_opts         opts = {.accuracy_min = middle->accuracy,
                                    .latency_max = middle->latency,
                                    .area_max_um2 = middle->area_um2 + 50000000};
    for (int64_t i = 0; i < all.count; i++) {
        want += all.points[i].accuracy >= opts.accuracy_min &&
                all.points[i].latency <= opts.latency_max &&
                all.points[i].area_um2 <= opts.area_max_um2;
    }
    expect_ok(*state, dvt_pareto_nb101(*state, in.cells, in.accuracy, in.count, &opts, &some));
    assert_true(want >= 1 && want < all.count);
    assert_int_equal(some.count, want);
    dvt_pareto_front_deinit(*state, &all);
    dvt_pareto_front_deinit(*state, &some);
}

static void test_pareto__nothing_has_no_frontier(void **state)
{
    dvt_nb101_cell   c = {.vertices = 2, .adj_bits = 1};
    uint64_t         accuracy = 1;
    dvt_pareto_front f;
    const int32_t    wrong[] = {5, 5};

    expect_failure(*state, dvt_pareto_nb101(*state, &c, &accuracy, 0, NULL, &f), DVT_E_USAGE,
                   "at least one");
    expect_failure(
        *state,
        dvt_pareto_nb101(*state, &c, &accuracy, 1,
                         &(dvt_pareto_opts){.accelerators = wrong, .accelerator_count = 2}, &f),
        DVT_E_USAGE, "must ascend");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_pareto__equals_brute_force_on_random_pairs),
        FIXTURE_TEST(test_pareto__equals_brute_force_where_most_things_tie),
        FIXTURE_TEST(test_pareto__equals_brute_force_on_published_accuracies),
        FIXTURE_TEST(test_pareto__programs_have_the_latency_of_the_whole_list),
        FIXTURE_TEST(test_pareto__any_number_of_threads_gives_the_same_frontier),
        FIXTURE_TEST(test_pareto__limits_leave_a_part_of_the_frontier),
        FIXTURE_TEST(test_pareto__nothing_has_no_frontier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
