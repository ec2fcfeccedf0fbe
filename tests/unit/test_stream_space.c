/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stream_space.c - the stream buffer's free list: first fit, exact holes, merging.
 */
#include "compile/compile_int.h"
#include "support/fixture.h"

static void expect_holes(const dvti_space *s, const dvti_hole *want, size_t count)
{
    assert_int_equal(s->holes.len, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(s->holes.data[i].base, want[i].base);
        assert_int_equal(s->holes.data[i].words, want[i].words);
    }
}

static int64_t take(dvti_space *s, int64_t words)
{
    int64_t base = -1;

    return dvti_space_take(s, words, &base) ? base : -1;
}

static void give(dvt_ctx *ctx, dvti_space *s, int64_t base, int64_t words)
{
    expect_ok(ctx, dvti_space_give(ctx, s, base, words));
}

static void test_stream_space__takes_the_first_hole_that_fits(void **state)
{
    dvti_space s;

    expect_ok(*state, dvti_space_init(*state, &s, 100));
    assert_int_equal(take(&s, 10), 0);
    assert_int_equal(take(&s, 20), 10);
    assert_int_equal(take(&s, 30), 30);
    give(*state, &s, 0, 10);
    give(*state, &s, 30, 30);
    assert_int_equal(take(&s, 11), 30); /* 0..9 is too small */
    assert_int_equal(take(&s, 10), 0);  /* exactly: the hole goes */
    expect_holes(&s, (dvti_hole[]){{41, 59}}, 1);
    dvti_space_deinit(*state, &s);
}

static void test_stream_space__refuses_what_no_hole_holds(void **state)
{
    dvti_space s;

    expect_ok(*state, dvti_space_init(*state, &s, 30));
    assert_int_equal(take(&s, 31), -1);
    assert_int_equal(take(&s, 10), 0);
    assert_int_equal(take(&s, 10), 10);
    give(*state, &s, 0, 10); /* 20 words are free, in two halves */
    assert_int_equal(take(&s, 11), -1);
    assert_int_equal(s.in_use, 10);
    dvti_space_deinit(*state, &s);
}

static void test_stream_space__merges_with_both_neighbours(void **state)
{
    dvti_space s;

    expect_ok(*state, dvti_space_init(*state, &s, 40));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(take(&s, 10), i * 10);
    }
    expect_holes(&s, NULL, 0);
    give(*state, &s, 10, 10);
    give(*state, &s, 30, 10);
    expect_holes(&s, (dvti_hole[]){{10, 10}, {30, 10}}, 2);
    give(*state, &s, 20, 10); /* in between */
    expect_holes(&s, (dvti_hole[]){{10, 30}}, 1);
    give(*state, &s, 0, 10); /* in front */
    expect_holes(&s, (dvti_hole[]){{0, 40}}, 1);
    dvti_space_deinit(*state, &s);
}

static void test_stream_space__counts_what_is_in_use_and_its_peak(void **state)
{
    dvti_space s;

    expect_ok(*state, dvti_space_init(*state, &s, 40));
    take(&s, 25);
    give(*state, &s, 0, 25);
    take(&s, 5);
    give(*state, &s, 5, 0); /* nothing given back is nothing */
    assert_int_equal(s.in_use, 5);
    assert_int_equal(s.peak, 25);
    expect_holes(&s, (dvti_hole[]){{5, 35}}, 1);
    dvti_space_deinit(*state, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_stream_space__takes_the_first_hole_that_fits),
        FIXTURE_TEST(test_stream_space__refuses_what_no_hole_holds),
        FIXTURE_TEST(test_stream_space__merges_with_both_neighbours),
        FIXTURE_TEST(test_stream_space__counts_what_is_in_use_and_its_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
