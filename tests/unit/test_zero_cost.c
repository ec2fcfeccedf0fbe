/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_zero_cost.c - metrics of untrained networks: laws that need no peer.
 */
#include "support/fixture.h"

#include "dovetail/predict.h"

#include <math.h>

static dvt_zero_cost of_cell(dvt_ctx *ctx, const char *ops, uint64_t seed)
{
    dvt_nb201_cell c;
    dvt_graph     *g;
    dvt_zero_cost  z;

    for (int e = 0; e < DVT_NB201_EDGES; e++) {
        c.op[e] = (uint8_t)(ops[e] - '0');
    }
    expect_ok(ctx, dvt_nb201_graph(ctx, &c, DVT_NB201_ACCURACY, 10, &g));
    expect_ok(ctx, dvt_zero_cost_of(g, seed, &z));
    dvt_graph_destroy(g);
    return z;
}

static void test_zero_cost__the_seed_decides(void **state)
{
    const dvt_zero_cost a = of_cell(*state, "000200", 1), b = of_cell(*state, "000200", 1);
    const dvt_zero_cost other = of_cell(*state, "000200", 2);

    assert_memory_equal(&a, &b, sizeof a);
    assert_true(other.naswot != a.naswot && other.synflow != a.synflow);
    assert_true(isfinite(a.naswot) && isfinite(a.synflow));
}

static void test_zero_cost__more_convolutions_score_higher(void **state)
{
    const dvt_zero_cost one = of_cell(*state, "000200", 1), three = of_cell(*state, "222200", 1);
    const dvt_zero_cost big = of_cell(*state, "000300", 1);

    assert_true(three.naswot > one.naswot);
    assert_true(big.synflow > one.synflow);
    assert_true(big.parameters > one.parameters && big.macs > one.macs);
}

/* Each layer of a chain contributes w dR/dw = R: synflow is as many times R as there are layers. */
static void test_zero_cost__synflow_of_a_chain_is_layers_times_the_flow(void **state)
{
    static const char text[] = "dvg 1 chain input x: f32[1,1] param a: f32[1,1] param b: f32[1,1] "
                               "param c: f32[1,1] p = dense(x, a) q = dense(p, b) y = dense(q, c) "
                               "output y";
    dvt_graph        *g;
    dvt_zero_cost     z;
    double            flow = 1;

    expect_ok(*state, dvt_graph_parse(*state, "chain", text, sizeof text - 1, &g));
    for (uint64_t i = 0; i < 3; i++) { /* as zero_cost.c draws: node i from stream i, fan-in 1 */
        dvt_rng rng = dvt_rng_make(5, i);
        flow *= fabs(sqrt(2.0) * dvt_rng_normal(&rng));
    }
    expect_ok(*state, dvt_zero_cost_of(g, 5, &z));
    /* (1 + t)^3 R: the difference quotient is 3 R (1 + t^2 / 3) */
    assert_true(fabs(z.synflow - log(3 * flow)) < 1e-3);
    dvt_graph_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_zero_cost__the_seed_decides),
        FIXTURE_TEST(test_zero_cost__more_convolutions_score_higher),
        FIXTURE_TEST(test_zero_cost__synflow_of_a_chain_is_layers_times_the_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
