/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_layout.c - which channel stands in which slot: dense, array, groups, vectors that do not
 * divide each other, copies, and ranges of a concatenation.
 */
#include "compile/compile_int.h"
#include "support/fixture.h"

/* As much of a compilation as maps need. */
static dvti_comp comp_open(dvt_ctx *ctx, int32_t c_vec, int32_t k_vec)
{
    dvti_comp c = {.ctx = ctx, .o = {.c_vec = c_vec, .k_vec = k_vec}};

    c.arena = dvt_arena_create(ctx);
    assert_non_null(c.arena);
    return c;
}

static void comp_close(dvti_comp *c)
{
    dvti_maps_deinit(c->ctx, &c->maps);
    dvt_arena_destroy(c->arena);
}

static dvti_map *new_map(dvti_comp *c, int32_t channels)
{
    int32_t at;

    expect_ok(c->ctx, dvti_map_new(c, "m", -1, channels, 2, 3, &at));
    return &c->maps.data[at];
}

/* `want` lists blocks * c_vec slots. */
static void expect_slots(const dvti_comp *c, const dvti_map *m, int32_t blocks, const int32_t *want)
{
    assert_int_equal(m->blocks, blocks);
    for (int32_t i = 0; i < blocks * c->o.c_vec; i++) {
        if (m->slots[i] != want[i]) {
            fail_msg("slot %d holds %d, wanted %d", i, m->slots[i], want[i]);
        }
    }
}

static void test_layout__dense_fills_block_after_block(void **state)
{
    dvti_comp c = comp_open(*state, 4, 8);
    dvti_map *m = new_map(&c, 6);

    expect_ok(*state, dvti_layout_dense(&c, m));
    expect_slots(&c, m, 2, (int32_t[]){0, 1, 2, 3, 4, 5, -1, -1});
    assert_true(dvti_layout_is_dense(&c, m));
    comp_close(&c);
}

static void test_layout__array_is_dense_where_k_vec_fills_whole_blocks(void **state)
{
    dvti_comp c = comp_open(*state, 4, 8);
    dvti_map *m = new_map(&c, 21);

    expect_ok(*state, dvti_layout_array(&c, m, 1));
    assert_int_equal(m->blocks, 6);
    assert_true(dvti_layout_is_dense(&c, m));
    comp_close(&c);
}

static void test_layout__each_turn_of_the_array_starts_a_block(void **state)
{
    dvti_comp c = comp_open(*state, 3, 5);
    dvti_map *m = new_map(&c, 12); /* 5 + 5 + 2 */

    expect_ok(*state, dvti_layout_array(&c, m, 1));
    expect_slots(&c, m, 5, (int32_t[]){0, 1, 2, 3, 4, -1, 5, 6, 7, 8, 9, -1, 10, 11, -1});
    assert_false(dvti_layout_is_dense(&c, m));
    comp_close(&c);
}

static void test_layout__lanes_fewer_than_a_block_leave_the_rest_empty(void **state)
{
    dvti_comp c = comp_open(*state, 4, 2);
    dvti_map *m = new_map(&c, 3);

    expect_ok(*state, dvti_layout_array(&c, m, 1));
    expect_slots(&c, m, 2, (int32_t[]){0, 1, -1, -1, 2, -1, -1, -1});
    comp_close(&c);
}

static void test_layout__each_group_starts_a_block(void **state)
{
    dvti_comp c = comp_open(*state, 2, 4);
    dvti_map *m = new_map(&c, 6);

    expect_ok(*state, dvti_layout_array(&c, m, 2));
    expect_slots(&c, m, 4, (int32_t[]){0, 1, 2, -1, 3, 4, 5, -1});
    comp_close(&c);
}

static void test_layout__copies_are_equal_and_their_own(void **state)
{
    dvti_comp c = comp_open(*state, 3, 5);
    dvti_map  a, b;

    a = *new_map(&c, 7);
    b = *new_map(&c, 7);
    expect_ok(*state, dvti_layout_array(&c, &a, 1));
    expect_ok(*state, dvti_layout_like(&c, &b, &a));
    assert_true(dvti_layout_equal(&c, &a, &b));
    b.slots[0] = -1;
    assert_int_equal(a.slots[0], 0);
    assert_false(dvti_layout_equal(&c, &a, &b));
    expect_ok(*state, dvti_layout_dense(&c, &b));
    assert_false(dvti_layout_equal(&c, &a, &b)); /* 4 blocks against 3 */
    comp_close(&c);
}

static void test_layout__roots_add_up_the_ranges_of_nested_parents(void **state)
{
    dvti_comp c = comp_open(*state, 4, 8);
    int32_t   at[3], block;

    for (int i = 0; i < 3; i++) {
        expect_ok(*state, dvti_map_new(&c, "m", -1, 4, 1, 1, &at[i]));
    }
    c.maps.data[at[0]].parent = at[1];
    c.maps.data[at[0]].parent_block = 2;
    c.maps.data[at[1]].parent = at[2];
    c.maps.data[at[1]].parent_block = 5;
    assert_int_equal(dvti_map_root(&c, at[0], &block), at[2]);
    assert_int_equal(block, 7);
    assert_int_equal(dvti_map_root(&c, at[2], &block), at[2]);
    assert_int_equal(block, 0);
    comp_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_layout__dense_fills_block_after_block),
        FIXTURE_TEST(test_layout__array_is_dense_where_k_vec_fills_whole_blocks),
        FIXTURE_TEST(test_layout__each_turn_of_the_array_starts_a_block),
        FIXTURE_TEST(test_layout__lanes_fewer_than_a_block_leave_the_rest_empty),
        FIXTURE_TEST(test_layout__each_group_starts_a_block),
        FIXTURE_TEST(test_layout__copies_are_equal_and_their_own),
        FIXTURE_TEST(test_layout__roots_add_up_the_ranges_of_nested_parents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
