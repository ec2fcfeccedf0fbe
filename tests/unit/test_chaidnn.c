/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_chaidnn.c - the space of accelerators, the model worked by hand, schedules and their order.
 */
#include "support/fixture.h"

#include "dovetail/accelerator.h"

static const dvt_chaidnn middle = {.filter_par = 16,
                                   .pixel_par = 32,
                                   .input_depth = 2048,
                                   .weight_depth = 4096,
                                   .output_depth = 4096,
                                   .memory_bits = 512,
                                   .pool_engine = true,
                                   .share = 12,
                                   .feature_bits = 8};

static void test_chaidnn__every_index_is_one_accelerator(void **state)
{
    dvt_chaidnn a;

    (void)state;
    for (int32_t i = 0; i < DVT_CHAIDNN_COUNT; i++) {
        dvt_chaidnn_at(i, &a);
        assert_int_equal(dvt_chaidnn_index(&a), i);
    }
    a.pixel_par = 7;
    assert_int_equal(dvt_chaidnn_index(&a), -1);
    a = middle;
    a.feature_bits = 6;
    assert_int_equal(dvt_chaidnn_index(&a), -1);
}

/* multipliers 1024: DSP 165 + 145 + 1056 = 1366; BRAM36 64 + 256 + 128 + 64 + 32 + 130 = 674;
 * LUT 60100 + 64204.8 + 37700 = 162004.8; area 89.10264 + 17.524 + 60.104 mm2. */
static void test_chaidnn__resources_are_those_worked_by_hand(void **state)
{
    dvt_chaidnn_cost c;
    dvt_chaidnn      two = middle;

    (void)state;
    dvt_chaidnn_cost_of(&middle, &c);
    assert_int_equal(c.dsp, 1366);
    assert_true(c.bram36 == 674);
    assert_true(c.lut == 162004.8);
    assert_int_equal(c.clb, 20251);
    assert_int_equal(c.area_um2, 89102640 + 17524000 + 60104000);
    assert_int_equal(c.clock_mhz, 250);
    two.share = 6; /* a second set of buffers: 64 + 256 + 128 blocks */
    dvt_chaidnn_cost_of(&two, &c);
    assert_true(c.bram36 == 674 + 448);
    assert_int_equal(c.dsp, 1366);
}

/* 1x1, 128 to 128 channels on 8 x 8, 16 pixels (8 bits), one tile:
 * line 32 words, 8 groups at once, 1 round, all resident (8 * 32 < 8190); result 8 (32 + 60) + 16 =
 * 752; feed 2 * 1 * 16 = 32; tile 32 + 4 * 752 = 3040; in (64 * 8 + 34) 1.6 = 874, out the same. */
static void test_chaidnn__a_convolution_takes_the_cycles_worked_by_hand(void **state)
{
    const dvt_work w = {DVT_WORK_CONV, 128, 128, 8, 8, 1, 1};
    int64_t        cycles, ticks;

    expect_ok(*state, dvt_chaidnn_conv_cycles(*state, &middle, &w, &cycles));
    assert_int_equal(cycles, 874 + 3040 + 874);
    expect_ok(*state, dvt_chaidnn_ticks(*state, &middle, &w, &ticks));
    assert_int_equal(ticks, 12 * (874 + 3040 + 874));
}

/* Addition of 128 channels on 8 x 8: 3 (64 * 8 + 34) 1.6 = 2620.8. Dense 512 x 10 on the host: 1 ns
 * a product of both images. */
static void test_chaidnn__other_operations_take_the_time_worked_by_hand(void **state)
{
    const dvt_work add = {DVT_WORK_ADD, 128, 128, 8, 8, 1, 1};
    const dvt_work dense = {DVT_WORK_DENSE, 512, 10, 1, 1, 1, 1};
    const dvt_work pool = {DVT_WORK_MAX_POOL, 128, 128, 8, 8, 3, 1};
    dvt_chaidnn    host = middle;
    int64_t        ticks;

    expect_ok(*state, dvt_chaidnn_ticks(*state, &middle, &add, &ticks));
    assert_int_equal(ticks, 12 * 2621);
    expect_ok(*state, dvt_chaidnn_ticks(*state, &middle, &dense, &ticks));
    assert_int_equal(ticks, 3 * 5120);
    expect_ok(*state, dvt_chaidnn_ticks(*state, &middle, &pool, &ticks));
    assert_int_equal(ticks, 12 * (64 * 9 * 8 + 55)); /* 9 turns a place, 8 words of 16 channels */
    host.pool_engine = false;
    expect_ok(*state, dvt_chaidnn_ticks(*state, &host, &pool, &ticks));
    assert_int_equal(ticks, 3 * 64 * 9 * 128);
}

static void test_chaidnn__what_fits_no_buffer_is_refused(void **state)
{
    const dvt_work wide = {DVT_WORK_CONV, 512, 512, 224, 224, 3, 1};
    const dvt_work none = {DVT_WORK_CONV, 0, 512, 224, 224, 3, 1};
    const dvt_work large = {DVT_WORK_CONV, 16, 16, 64, 64, 23, 1};
    int64_t        ticks;

    expect_failure(*state, dvt_chaidnn_ticks(*state, &middle, &wide, &ticks), DVT_E_CAPACITY,
                   "does not fit the input or output buffer");
    expect_failure(*state, dvt_chaidnn_ticks(*state, &middle, &none, &ticks), DVT_E_USAGE,
                   "outside the limits");
    expect_failure(*state, dvt_chaidnn_ticks(*state, &middle, &large, &ticks), DVT_E_USAGE,
                   "kernel 23");
}

static void test_chaidnn__work_goes_to_its_unit(void **state)
{
    const dvt_work wide = {DVT_WORK_CONV, 8, 8, 8, 8, 3, 1},
                   point = {DVT_WORK_CONV, 8, 8, 8, 8, 1, 1};
    const dvt_work add = {DVT_WORK_ADD, 8, 8, 8, 8, 1, 1},
                   pool = {DVT_WORK_MAX_POOL, 8, 8, 8, 8, 3, 1};
    dvt_chaidnn two = middle;

    (void)state;
    two.share = 9;
    assert_int_equal(dvt_chaidnn_unit(&middle, &point), DVT_UNIT_CONV_WIDE);
    assert_int_equal(dvt_chaidnn_unit(&two, &wide), DVT_UNIT_CONV_WIDE);
    assert_int_equal(dvt_chaidnn_unit(&two, &point), DVT_UNIT_CONV_POINT);
    assert_int_equal(dvt_chaidnn_unit(&two, &add), DVT_UNIT_CONV_POINT);
    assert_int_equal(dvt_chaidnn_unit(&two, &pool), DVT_UNIT_POOL);
}

/* ---- cells --------------------------------------------------------------------------------- */

static uint32_t edge(int x, int y) { return 1u << (x + y * (y - 1) / 2); }

/* input -> 1 conv3x3, 2 conv1x1, both -> output. */
static const dvt_nb101_cell fork = {.vertices = 4, .ops = {0, 1}};

static void test_chaidnn__two_engines_overlap_and_one_does_not(void **state)
{
    dvt_nb101_cell c = fork;
    dvt_nb101_ops  ops;
    uint32_t       ticks[DVT_NB101_SHAPES];
    dvt_chaidnn    two = middle;
    int64_t        one_sum, wide = 0, all = 0;

    (void)state;
    c.adj_bits = edge(0, 1) | edge(0, 2) | edge(1, 3) | edge(2, 3);
    dvt_nb101_operations(&c, &ops);
    for (int i = 0; i < DVT_NB101_SHAPES; i++) {
        ticks[i] = 1;
    }
    one_sum = dvt_chaidnn_nb101_latency(&ops, &middle, ticks);
    assert_int_equal(ops.count, 5 + 9 * 4); /* two projections, two operations a cell */
    all = ops.count;
    assert_int_equal(one_sum, all);
    /* projections one after the other; the 3x3 runs beside the second: 3 of 4 turns a cell */
    two.share = 6;
    wide = dvt_chaidnn_nb101_latency(&ops, &two, ticks);
    assert_int_equal(wide, 5 + 9 * 3);
}

static void permute(const dvt_nb101_cell *c, const int *to, dvt_nb101_cell *out)
{
    *out = (dvt_nb101_cell){.vertices = c->vertices};
    for (int y = 1; y < c->vertices; y++) {
        for (int x = 0; x < y; x++) {
            if (dvt_nb101_edge(c, x, y)) {
                assert_true(to[x] < to[y]);
                out->adj_bits |= edge(to[x], to[y]);
            }
        }
        if (y < c->vertices - 1) {
            out->ops[to[y] - 1] = c->ops[y - 1];
        }
    }
}

/* By fields: the struct has padding. */
static void expect_same_cell(const dvt_nb101_cell *a, const dvt_nb101_cell *b)
{
    assert_int_equal(a->adj_bits, b->adj_bits);
    assert_int_equal(a->vertices, b->vertices);
    assert_memory_equal(a->ops, b->ops, sizeof a->ops);
}

static void test_chaidnn__isomorphic_cells_have_one_canonical_form(void **state)
{
    /* 0 -> 1, 2, 3; 1 -> 4; 2 -> 4; 3 -> 5; 4 -> 6; 5 -> 6 */
    const dvt_nb101_cell c = {.vertices = 7,
                              .adj_bits = edge(0, 1) | edge(0, 2) | edge(0, 3) | edge(1, 4) |
                                          edge(2, 4) | edge(3, 5) | edge(4, 6) | edge(5, 6),
                              .ops = {0, 1, 2, 1, 0}};
    const int            orders[][7] = {{0, 2, 1, 3, 4, 5, 6},
                                        {0, 1, 3, 2, 4, 5, 6},
                                        {0, 2, 3, 1, 5, 4, 6},
                                        {0, 3, 2, 1, 5, 4, 6},
                                        {0, 3, 4, 1, 5, 2, 6}};
    dvt_nb101_cell       first, other, form, again;

    (void)state;
    dvt_nb101_canonical(&c, &first);
    dvt_nb101_canonical(&first, &again);
    expect_same_cell(&first, &again);
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        permute(&c, orders[i], &other);
        dvt_nb101_canonical(&other, &form);
        expect_same_cell(&form, &first);
    }
    other = c;
    other.ops[4] = 1; /* another cell */
    dvt_nb101_canonical(&other, &form);
    assert_memory_not_equal(&form, &first, sizeof form);
}

static void test_chaidnn__the_table_holds_every_shape_on_every_accelerator(void **state)
{
    uint32_t *table =
        dvt_alloc(*state, (size_t)DVT_CHAIDNN_COUNT * DVT_NB101_SHAPES * sizeof *table);
    dvt_chaidnn a;

    assert_non_null(table);
    expect_ok(*state, dvt_chaidnn_nb101_table(*state, table));
    for (int32_t i = 0; i < DVT_CHAIDNN_COUNT; i += 611) {
        dvt_chaidnn_at(i, &a);
        for (int32_t s = 0; s < DVT_NB101_SHAPES; s++) {
            const dvt_work w = dvt_chaidnn_nb101_work(s);
            int64_t        ticks;
            expect_ok(*state, dvt_chaidnn_ticks(*state, &a, &w, &ticks));
            assert_true(ticks > 0);
            assert_int_equal(table[i * DVT_NB101_SHAPES + s], ticks);
        }
    }
    dvt_free(*state, table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_chaidnn__every_index_is_one_accelerator),
        FIXTURE_TEST(test_chaidnn__resources_are_those_worked_by_hand),
        FIXTURE_TEST(test_chaidnn__a_convolution_takes_the_cycles_worked_by_hand),
        FIXTURE_TEST(test_chaidnn__other_operations_take_the_time_worked_by_hand),
        FIXTURE_TEST(test_chaidnn__what_fits_no_buffer_is_refused),
        FIXTURE_TEST(test_chaidnn__work_goes_to_its_unit),
        FIXTURE_TEST(test_chaidnn__two_engines_overlap_and_one_does_not),
        FIXTURE_TEST(test_chaidnn__isomorphic_cells_have_one_canonical_form),
        FIXTURE_TEST(test_chaidnn__the_table_holds_every_shape_on_every_accelerator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
