/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_chaidnn_optimal.c - the best schedule: equal to the best of all orders, never above the
 * standing one.
 */
#include "support/fixture.h"

#include "space/cell_program.h"

enum { SMALL = 8 /* operations whose orders are all tried */, TIMES = 16 };

/* Operations that read some of those before them. */
static void draw(dvt_rng *rng, int32_t count, dvti_program *p, uint32_t ticks[TIMES])
{
    *p = (dvti_program){.count = count};
    for (int32_t i = 0; i < TIMES; i++) {
        ticks[i] = (uint32_t)dvt_rng_below(rng, 20); /* some take no time */
    }
    for (int32_t i = 0; i < count; i++) {
        p->unit[i] = (uint8_t)dvt_rng_below(rng, DVT_UNIT_COUNT);
        p->reads[i] = dvt_rng_u32(rng) & dvt_rng_u32(rng) & ((1u << i) - 1);
        p->shape[i][0] = (uint8_t)dvt_rng_below(rng, TIMES);
    }
}

/* Every order in which readers stand behind what they read, each operation as early as it can. */
static int64_t best_of_all(const dvti_program *p, const uint32_t *ticks, bool two, uint32_t placed,
                           int64_t *free_at, int64_t *done, int64_t end)
{
    int64_t best = INT64_MAX;

    if (placed == (1u << p->count) - 1) {
        return end;
    }
    for (int32_t i = 0; i < p->count; i++) {
        int32_t unit = p->unit[i] == DVT_UNIT_CONV_POINT && !two ? DVT_UNIT_CONV_WIDE : p->unit[i];
        int64_t before = free_at[unit], start = before, found;
        if ((placed >> i & 1u) || (p->reads[i] & ~placed)) {
            continue;
        }
        for (int32_t j = 0; j < i; j++) {
            start = (p->reads[i] >> j & 1u) && done[j] > start ? done[j] : start;
        }
        done[i] = free_at[unit] = start + ticks[p->shape[i][0]];
        found = best_of_all(p, ticks, two, placed | 1u << i, free_at, done,
                            done[i] > end ? done[i] : end);
        best = found < best ? found : best;
        free_at[unit] = before;
    }
    return best;
}

static void test_chaidnn_optimal__is_the_best_of_all_orders(void **state)
{
    dvt_rng rng = dvt_rng_make(3, 0);
    int     below = 0;

    (void)state;
    for (int n = 0; n < 600; n++) {
        dvti_program p;
        uint32_t     ticks[TIMES];
        int64_t      free_at[DVT_UNIT_COUNT] = {0}, done[SMALL], greedy, least;
        bool         two = n % 2;
        draw(&rng, 1 + (int32_t)dvt_rng_below(&rng, SMALL - 1), &p, ticks);
        greedy = dvti_program_cell(&p, ticks, two, 0);
        least = dvti_program_cell_least(&p, ticks, two, 0);
        assert_int_equal(least, best_of_all(&p, ticks, two, 0, free_at, done, 0));
        assert_true(least <= greedy);
        below += least < greedy;
    }
    assert_true(below > 50); /* the standing order is not always the best */
}

/* Full-size cells: between the busiest unit and the standing schedule. */
static void test_chaidnn_optimal__large_cells_stay_within_their_bounds(void **state)
{
    dvt_rng rng = dvt_rng_make(4, 0);

    (void)state;
    for (int n = 0; n < 200; n++) {
        dvti_program p;
        uint32_t     ticks[TIMES];
        int64_t      busy[DVT_UNIT_COUNT] = {0}, least;
        draw(&rng, DVTI_PROGRAM_OPS, &p, ticks);
        least = dvti_program_cell_least(&p, ticks, true, 0);
        for (int32_t i = 0; i < p.count; i++) {
            busy[p.unit[i]] += ticks[p.shape[i][0]];
        }
        for (int u = 0; u < DVT_UNIT_COUNT; u++) {
            assert_true(busy[u] <= least);
        }
        assert_true(least <= dvti_program_cell(&p, ticks, true, 0));
    }
}

static void test_chaidnn_optimal__networks_are_sums_of_their_cells(void **state)
{
    /* input -> conv3x3 -> output beside input -> maxpool -> output: nothing to reorder */
    dvt_nb101_cell c = {.vertices = 4, .ops = {DVT_NB101_CONV3X3, DVT_NB101_MAXPOOL3X3}}, canonical;
    dvt_nb101_ops  ops;
    uint32_t       ticks[DVT_NB101_SHAPES];

    c.adj_bits = 1u << 0 | 1u << 1 | 1u << (1 + 3) | 1u << (2 + 3);
    assert_true(dvt_nb101_valid(&c));
    dvt_nb101_canonical(&c, &canonical);
    dvt_nb101_operations(&canonical, &ops);
    for (int32_t i = 0; i < DVT_CHAIDNN_COUNT; i += 97) {
        dvt_chaidnn a;
        int64_t     least;
        dvt_chaidnn_at(i, &a);
        expect_ok(*state, dvt_chaidnn_nb101_row(*state, i, ticks));
        least = dvt_chaidnn_nb101_optimal(&c, &a, ticks);
        assert_true(least > 0 && least <= dvt_chaidnn_nb101_latency(&ops, &a, ticks));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_chaidnn_optimal__is_the_best_of_all_orders),
        FIXTURE_TEST(test_chaidnn_optimal__large_cells_stay_within_their_bounds),
        FIXTURE_TEST(test_chaidnn_optimal__networks_are_sums_of_their_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
