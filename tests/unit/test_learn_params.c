/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_learn_params.c - sets of parameters: names, initial values, copies.
 */
#include "dovetail/learn.h"
#include "support/arrays.h"
#include "support/fixture.h"

#include <math.h>

static dvt_params *new_set(dvt_ctx *ctx, uint64_t seed)
{
    dvt_params *ps;
    expect_ok(ctx, dvt_params_create(ctx, seed, &ps));
    return ps;
}

static dvt_param add(dvt_ctx *ctx, dvt_params *ps, const char *name, dvt_shape s, dvt_init init)
{
    dvt_param p;
    expect_ok(ctx, dvt_params_add(ps, name, s, init, &p));
    return p;
}

typedef struct moments {
    double mean, deviation, most;
} moments;

static moments moments_of(const float *x, int64_t n)
{
    moments m = {0, 0, 0};
    for (int64_t i = 0; i < n; i++) {
        m.mean += (double)x[i] / (double)n;
        m.most = fabs((double)x[i]) > m.most ? fabs((double)x[i]) : m.most;
    }
    for (int64_t i = 0; i < n; i++)
        m.deviation += ((double)x[i] - m.mean) * ((double)x[i] - m.mean) / (double)n;
    m.deviation = sqrt(m.deviation);
    return m;
}

/* (out 100, in 50, 2, 2): fan in 200, fan out 400. */
static void test_learn_params__initial_values_have_the_width_of_their_source(void **state)
{
    struct {
        dvt_init init;
        double   bound, deviation; /* bound 0: normal */
    } cases[] = {
        {{DVT_INIT_ZERO, 0}, 0, 0},
        {{DVT_INIT_CONSTANT, 0.25}, 0.25, 0},
        {{DVT_INIT_UNIFORM, 0.3}, 0.3, 0.3 / sqrt(3)},
        {{DVT_INIT_NORMAL, 0.1}, 0, 0.1},
        {{DVT_INIT_XAVIER_UNIFORM, 0}, sqrt(6.0 / 600), sqrt(2.0 / 600)},
        {{DVT_INIT_XAVIER_NORMAL, 2}, 0, 2 * sqrt(2.0 / 600)},
        {{DVT_INIT_HE_UNIFORM, 0}, sqrt(6.0 / 200), sqrt(2.0 / 200)},
        {{DVT_INIT_HE_NORMAL, 0}, 0, sqrt(2.0 / 200)},
        {{DVT_INIT_TORCH, 0}, 1 / sqrt(200), 1 / sqrt(600)},
    };
    dvt_params *ps = new_set(*state, 1);
    for (int i = 0; i < 9; i++) {
        char name[] = {(char)('a' + i), 0};
        dvt_param p = add(*state, ps, name, DVT_SHAPE(100, 50, 2, 2), cases[i].init);
        moments   m = moments_of(dvt_params_value(ps, p), 20000);
        if (cases[i].bound > 0)
            assert_true(fabs(m.most - cases[i].bound) <= 0.01 * cases[i].bound);
        if (cases[i].deviation > 0)
            assert_true(fabs(m.mean) <= 4 * cases[i].deviation / sqrt(20000));
        double off = fabs(m.deviation - cases[i].deviation);
        assert_true(off <= 0.02 * cases[i].deviation + 1e-7);
    }
    dvt_params_destroy(ps);
}

static void test_learn_params__values_depend_on_seed_and_place_only(void **state)
{
    dvt_init    init = {DVT_INIT_NORMAL, 1};
    dvt_params *a = new_set(*state, 5), *b = new_set(*state, 5);
    dvt_param   p = add(*state, a, "x", DVT_SHAPE(3), init);
    dvt_param   q = add(*state, b, "y", DVT_SHAPE(3), init);
    for (int i = 0; i < 40; i++) { /* grows the blocks */
        char name[] = {'n', (char)('0' + i), 0};
        add(*state, b, name, DVT_SHAPE(100), init);
    }
    test_same_f32(dvt_params_value(a, p), dvt_params_value(b, q), 3);
    float first = dvt_params_value(a, p)[0];
    dvt_params_reinit(a, DVT_ALL_PARAMS, 6);
    assert_true(dvt_params_value(a, p)[0] != first);
    dvt_params_reinit(a, p, 5);
    assert_true(dvt_params_value(a, p)[0] == first);
    assert_int_equal(dvt_params_elements(b), 4003);
    dvt_params_destroy(a);
    dvt_params_destroy(b);
}

static void test_learn_params__wrong_parameters_are_refused(void **state)
{
    dvt_params *ps = new_set(*state, 1);
    dvt_param   p;
    add(*state, ps, "w", DVT_SHAPE(2), (dvt_init){0});
    expect_failure(*state, dvt_params_add(ps, "w", DVT_SHAPE(2), (dvt_init){0}, &p), DVT_E_USAGE,
                   "there is a parameter 'w' already");
    expect_failure(*state, dvt_params_add(ps, "", DVT_SHAPE(2), (dvt_init){0}, &p), DVT_E_USAGE,
                   "needs a name");
    expect_failure(*state, dvt_params_add(ps, "v", DVT_SHAPE(2, 0), (dvt_init){0}, &p), DVT_E_SHAPE,
                   "parameter 'v' cannot have the shape [2,0]");
    expect_failure(*state,
                   dvt_params_add(ps, "v", DVT_SHAPE(2), (dvt_init){DVT_INIT_NORMAL, -1}, &p),
                   DVT_E_USAGE, "with the number -1");
    assert_int_equal(dvt_params_count(ps), 1);
    dvt_params_destroy(ps);
}

static void test_learn_params__copies_agree_or_say_why_not(void **state)
{
    dvt_init    init = {DVT_INIT_NORMAL, 1};
    dvt_params *a = new_set(*state, 1), *b = new_set(*state, 2), *c;
    dvt_param   p = add(*state, a, "w", DVT_SHAPE(5), init);
    dvt_param   q = add(*state, b, "w", DVT_SHAPE(5), init);
    add(*state, b, "extra", DVT_SHAPE(1), init);
    expect_failure(*state, dvt_params_copy(b, a, true), DVT_E_NOTFOUND,
                   "no values for parameter 'extra'");
    expect_ok(*state, dvt_params_copy(b, a, false));
    test_same_f32(dvt_params_value(b, q), dvt_params_value(a, p), 5);
    dvt_params_set_frozen(b, q, true);
    expect_ok(*state, dvt_params_clone(b, &c));
    assert_true(dvt_params_frozen(c, q));
    assert_string_equal(dvt_params_name(c, q), "w");
    test_same_f32(dvt_params_value(c, q), dvt_params_value(b, q), 5);
    dvt_params *d = new_set(*state, 1);
    add(*state, d, "w", DVT_SHAPE(1, 5), init);
    expect_failure(*state, dvt_params_copy(d, a, true), DVT_E_SHAPE,
                   "parameter 'w' has the shape [1,5], its values have [5]");
    dvt_params_destroy(a);
    dvt_params_destroy(b);
    dvt_params_destroy(c);
    dvt_params_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_learn_params__initial_values_have_the_width_of_their_source),
        FIXTURE_TEST(test_learn_params__values_depend_on_seed_and_place_only),
        FIXTURE_TEST(test_learn_params__wrong_parameters_are_refused),
        FIXTURE_TEST(test_learn_params__copies_agree_or_say_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
