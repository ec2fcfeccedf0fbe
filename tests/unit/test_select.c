/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_select.c - iterative selection: counts, repeatable choices, better than chance at the top.
 */
#include "support/fixture.h"

#include "dovetail/predict.h"

#include <math.h>

enum { COUNT = 3000, ROUNDS = 4, NUMBER = 20 };

/* Accuracy of made-up cells: more convolutions are better, pools are worse, with little noise. */
static dvt_nets *made_up(dvt_ctx *ctx, double *value)
{
    dvt_nets *nets;
    dvt_rng   rng = dvt_rng_make(21, 0);

    expect_ok(ctx, dvt_nets_create(ctx, DVT_NETS_NB201, &nets));
    for (int i = 0; i < COUNT; i++) {
        dvt_nb201_cell c = dvt_nb201_at((int32_t)dvt_rng_below(&rng, DVT_NB201_COUNT));
        expect_ok(ctx, dvt_nets_add_nb201(nets, &c));
        const dvt_net net = dvt_nets_at(nets, i);
        value[i] = 50 + dvt_rng_f64(&rng);
        for (int32_t v = 1; v + 1 < net.nodes; v++) {
            value[i] += net.label[v] == 3 ? 5 : net.label[v] == 2 ? 3 : -2;
        }
    }
    return nets;
}

static void select_all(dvt_ctx *ctx, dvt_select_choice choice, uint64_t seed,
                       dvt_select_round out[ROUNDS])
{
    static double          value[COUNT];
    dvt_nets              *nets = made_up(ctx, value);
    const dvt_predict_opts model = {
        .model = DVT_PREDICT_RIDGE, .goal = DVT_GOAL_RANK, .seed = seed};
    const dvt_select_opts how = {.choice = choice, .rounds = ROUNDS, .number = NUMBER};

    expect_ok(ctx, dvt_predict_select(ctx, nets, value, &model, &how, out));
    dvt_nets_destroy(nets);
}

static void test_select__rounds_add_their_number_and_never_lose_the_best(void **state)
{
    dvt_select_round r[ROUNDS], again[ROUNDS];

    select_all(*state, DVT_SELECT_ITERATIVE, 1, r);
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(r[i].samples, NUMBER * (i + 1));
        assert_true(i == 0 || r[i].best >= r[i - 1].best);
        assert_true(r[i].kendall >= -1 && r[i].kendall <= 1);
        assert_true(r[i].top_1pct >= 0 && r[i].top_1pct <= 100);
    }
    select_all(*state, DVT_SELECT_ITERATIVE, 1, again);
    assert_memory_equal(r, again, sizeof r);
}

static void test_select__looking_at_the_top_finds_better_networks_than_chance(void **state)
{
    double better = 0;

    for (uint64_t seed = 1; seed <= 5; seed++) {
        dvt_select_round a[ROUNDS], b[ROUNDS];
        select_all(*state, DVT_SELECT_ITERATIVE, seed, a);
        select_all(*state, DVT_SELECT_RANDOM, seed, b);
        assert_true(a[0].best == b[0].best); /* the first round is the same */
        better += a[ROUNDS - 1].best - b[ROUNDS - 1].best;
    }
    assert_true(better > 0);
}

static void test_select__something_must_be_left(void **state)
{
    static double          value[COUNT];
    dvt_nets              *nets = made_up(*state, value);
    const dvt_predict_opts model = {.model = DVT_PREDICT_RIDGE, .goal = DVT_GOAL_RANK};
    const dvt_select_opts  how = {.rounds = 100, .number = 30};
    dvt_select_round       out[100];

    expect_failure(*state, dvt_predict_select(*state, nets, value, &model, &how, out), DVT_E_USAGE,
                   "cannot take 100 rounds of 30");
    dvt_nets_destroy(nets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_select__rounds_add_their_number_and_never_lose_the_best),
        FIXTURE_TEST(test_select__looking_at_the_top_finds_better_networks_than_chance),
        FIXTURE_TEST(test_select__something_must_be_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
