/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_reach.c - address ranges of masked nests equal those found by counting through them.
 */
#include "overlay/reach.h"
#include "support/arrays.h"
#include "support/fixture.h"

static int64_t pick(dvt_rng *rng, int64_t lo, int64_t hi) { return test_random_range(rng, lo, hi); }

static dvti_range by_counting(const dvti_reach *r)
{
    int64_t    turns = 1;
    dvti_range all = {0, -1};

    for (int l = 0; l < r->levels; l++) {
        turns *= r->level[l].n;
    }
    for (int64_t t = 0; t < turns; t++) {
        int64_t a = r->base, h = r->h0, w = r->w0, rest = t;
        for (int l = 0; l < r->levels; l++) {
            int64_t i = rest % r->level[l].n;
            rest /= r->level[l].n;
            a += i * r->level[l].a;
            h += i * r->level[l].h;
            w += i * r->level[l].w;
        }
        if (h >= r->h_min && h < r->h_max && w >= r->w_min && w < r->w_max) {
            all = dvti_range_join(all, (dvti_range){a, a});
        }
    }
    return all;
}

static dvti_reach random_nest(dvt_rng *rng, bool both)
{
    dvti_reach r = {.base = pick(rng, -50, 50),
                    .h0 = pick(rng, -4, 4),
                    .w0 = pick(rng, -4, 4),
                    .h_min = pick(rng, -3, 0),
                    .h_max = pick(rng, -1, 9),
                    .w_max = pick(rng, 0, 9),
                    .levels = (int)pick(rng, 0, 6)};

    for (int l = 0; l < r.levels; l++) {
        int64_t axis = pick(rng, 0, both ? 3 : 2);
        r.level[l] = (dvti_reach_level){.n = pick(rng, 1, 4), .a = pick(rng, -20, 20)};
        r.level[l].h = axis & 1 ? pick(rng, -3, 3) : 0;
        r.level[l].w = axis & 2 ? pick(rng, -3, 3) : 0;
    }
    return r;
}

static void test_reach__equals_counting_on_random_nests(void **state)
{
    (void)state;
    dvt_rng rng = dvt_rng_make(11, 0);

    for (int i = 0; i < 4000; i++) {
        dvti_reach r = random_nest(&rng, i % 2 != 0);
        dvti_range want = by_counting(&r), got;
        assert_true(dvti_reach_range(&r, &got));
        if (dvti_range_empty(want) != dvti_range_empty(got) ||
            (!dvti_range_empty(want) && (want.min != got.min || want.max != got.max))) {
            fail_msg("nest %d: counted %lld..%lld, worked out %lld..%lld", i, (long long)want.min,
                     (long long)want.max, (long long)got.min, (long long)got.max);
        }
    }
}

/* 3x3 over a padded image of 5 x 7 in tiles of 4 columns: all of the image and nothing around. */
static void test_reach__padding_and_partial_tiles_touch_the_image_only(void **state)
{
    (void)state;
    dvti_reach r = {.base = 100 - 7 - 1,
                    .h0 = -1,
                    .w0 = -1,
                    .h_max = 5,
                    .w_max = 7,
                    .level = {{3, 1, 0, 1}, {3, 7, 1, 0}, {2, 4, 0, 4}, {5, 7, 1, 0}, {4, 1, 0, 1}},
                    .levels = 5};
    dvti_range got;

    assert_true(dvti_reach_range(&r, &got));
    assert_int_equal(got.min, 100);
    assert_int_equal(got.max, 134);
}

static void test_reach__large_counts_cost_nothing(void **state)
{
    (void)state;
    dvti_reach r = {.h_max = 65535,
                    .w_max = 65535,
                    .level = {{65535, 65535, 1, 0}, {65535, 1, 0, 1}, {65535, 2, 0, 0}},
                    .levels = 3};
    dvti_range got;

    assert_true(dvti_reach_range(&r, &got));
    assert_int_equal(got.min, 0);
    assert_int_equal(got.max, 65534ll * 65535 + 65534 + 2 * 65534);
}

static void test_reach__hostile_nests_are_given_up_soon(void **state)
{
    (void)state;
    dvti_reach r = {.h_max = 10, .w_max = 10, .levels = 7};
    dvti_range got;

    for (int l = 0; l < 7; l++) {
        r.level[l] = (dvti_reach_level){65535, 1, 1, 1};
    }
    assert_false(dvti_reach_range(&r, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reach__equals_counting_on_random_nests),
        cmocka_unit_test(test_reach__padding_and_partial_tiles_touch_the_image_only),
        cmocka_unit_test(test_reach__large_counts_cost_nothing),
        cmocka_unit_test(test_reach__hostile_nests_are_given_up_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
