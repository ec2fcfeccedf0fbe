/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nb101_cell.c - validity and pruning of NAS-Bench-101 cells, and their operations.
 */
#include "support/fixture.h"

#include "dovetail/space.h"

/* From the published table: hash 00005c142e6f48ac74fdcf73e3439874. */
static const dvt_nb101_cell first_cell = {1205349, 7, {0, 2, 0, 0, 1}};
/* input -> output */
static const dvt_nb101_cell smallest = {1, 2, {0}};

static void test_nb101_cell__every_vertex_must_be_on_a_path(void **state)
{
    (void)state;
    assert_true(dvt_nb101_valid(&first_cell));
    assert_true(dvt_nb101_valid(&smallest));
    assert_false(dvt_nb101_valid(&(dvt_nb101_cell){0, 2, {0}}));           /* no edge */
    assert_false(dvt_nb101_valid(&(dvt_nb101_cell){1 | 2, 3, {0}}));       /* 1 leads nowhere */
    assert_false(dvt_nb101_valid(&(dvt_nb101_cell){1 | 4, 3, {3}}));       /* label */
    assert_false(dvt_nb101_valid(&(dvt_nb101_cell){1 | 4, 3, {0, 1}}));    /* label of no vertex */
    assert_false(dvt_nb101_valid(&(dvt_nb101_cell){1 | 4 | 8, 3, {0}}));   /* edge of no vertex */
    assert_false(dvt_nb101_valid(&(dvt_nb101_cell){0x3ff, 5, {0, 0, 0}})); /* 10 edges */
    assert_false(dvt_nb101_valid(&(dvt_nb101_cell){1, 8, {0}}));
}

static void test_nb101_cell__pruning_keeps_paths_and_order(void **state)
{
    (void)state;
    /* 0 -> 1 -> 3 -> 4 and 0 -> 2, which leads nowhere */
    dvt_nb101_cell c = {1 | 2 | 1 << 4 | 1 << 9, 5, {1, 0, 2}};

    assert_true(dvt_nb101_prune(&c));
    assert_int_equal(c.vertices, 4);
    assert_int_equal(c.adj_bits, 1 | 1 << 2 | 1 << 5);
    assert_int_equal(c.ops[0], 1);
    assert_int_equal(c.ops[1], 2);
    assert_int_equal(c.ops[2], 0);
    assert_true(dvt_nb101_valid(&c));
    assert_false(dvt_nb101_prune(&(dvt_nb101_cell){1, 3, {0}}));
}

static void test_nb101_ops__there_are_85_different_shapes(void **state)
{
    int kinds[DVT_NB101_OP_DENSE + 1] = {0};

    (void)state;
    for (int i = 0; i < DVT_NB101_SHAPES; i++) {
        dvt_nb101_shape a = dvt_nb101_shape_of(i);
        kinds[a.kind]++;
        for (int k = 0; k < i; k++) {
            dvt_nb101_shape b = dvt_nb101_shape_of(k);
            assert_memory_not_equal(&a, &b, sizeof a);
        }
    }
    assert_int_equal(kinds[DVT_NB101_OP_CONV3X3], 16); /* the stem is one of the fixed */
    assert_int_equal(kinds[DVT_NB101_OP_CONV1X1], 35);
    assert_int_equal(kinds[DVT_NB101_OP_MAXPOOL3X3], 15);
    assert_int_equal(kinds[DVT_NB101_OP_ADD], 15);
    assert_int_equal(kinds[DVT_NB101_OP_MAXPOOL2X2], 2);
}

/* What an operation reads has the channels and size that its shape says. */
static void expect_connected(const dvt_nb101_ops *ops)
{
    for (int32_t i = 1; i < ops->count; i++) {
        const dvt_nb101_op *op = &ops->op[i];
        dvt_nb101_shape     s = dvt_nb101_shape_of(op->shape);
        int32_t             channels = 0;
        assert_true(op->dep_count > 0);
        for (int d = 0; d < op->dep_count; d++) {
            dvt_nb101_shape from = dvt_nb101_shape_of(ops->op[op->deps[d]].shape);
            assert_true(op->deps[d] < i);
            assert_int_equal(from.out_size, s.in_size);
            channels += from.out_channels;
        }
        assert_true(channels >= s.in_channels); /* more: truncated, or the two parts of a sum */
        if (s.kind != DVT_NB101_OP_ADD && op->dep_count > 1) {
            assert_int_equal(channels, s.in_channels);
        }
    }
}

static void test_nb101_ops__networks_are_connected_and_counted(void **state)
{
    dvt_nb101_ops ops;

    (void)state;
    dvt_nb101_operations(&smallest, &ops);
    assert_int_equal(ops.count, 9 + 5);
    expect_connected(&ops);
    dvt_nb101_operations(&first_cell, &ops);
    expect_connected(&ops);
    assert_int_equal(dvt_nb101_parameters(&first_cell), 8555530);
    /* stem 27 x 128 x 1024, 3 stacks of 1x1 projections, dense */
    assert_int_equal(dvt_nb101_macs(&smallest),
                     3538944 + 3 * 16777216 + 2 * (8388608 + 2 * 16777216) + 5120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_nb101_cell__every_vertex_must_be_on_a_path),
        FIXTURE_TEST(test_nb101_cell__pruning_keeps_paths_and_order),
        FIXTURE_TEST(test_nb101_ops__there_are_85_different_shapes),
        FIXTURE_TEST(test_nb101_ops__networks_are_connected_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
