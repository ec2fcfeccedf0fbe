/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_learn_optim.c - optimisers by hand, refusals, rates, clipping, early stopping.
 */
#include "dovetail/optim.h"
#include "support/arrays.h"
#include "support/fixture.h"

#include <math.h>

static dvt_params *two(dvt_ctx *ctx)
{
    dvt_params *ps;
    dvt_param   p;
    expect_ok(ctx, dvt_params_create(ctx, 1, &ps));
    expect_ok(ctx, dvt_params_add(ps, "a", DVT_SHAPE(2), (dvt_init){DVT_INIT_CONSTANT, 1}, &p));
    expect_ok(ctx, dvt_params_add(ps, "b", DVT_SHAPE(1), (dvt_init){DVT_INIT_CONSTANT, 2}, &p));
    return ps;
}

static void set_grads(dvt_params *ps, float a0, float a1, float b)
{
    dvt_params_grad(ps, (dvt_param){0})[0] = a0;
    dvt_params_grad(ps, (dvt_param){0})[1] = a1;
    dvt_params_grad(ps, (dvt_param){1})[0] = b;
}

static void expect_values(dvt_params *ps, float a0, float a1, float b)
{
    const float want[] = {a0, a1, b};
    test_near_f32(dvt_params_value(ps, (dvt_param){0}), want, 2, 1e-6, 0);
    test_near_f32(dvt_params_value(ps, (dvt_param){1}), want + 2, 1, 1e-6, 0);
}

static void test_learn_optim__steps_by_hand(void **state)
{
    dvt_params *ps = two(*state);
    dvt_optim  *o;
    expect_ok(*state, dvt_optim_create(*state, ps, &(dvt_optim_opts){.momentum = 0.5}, &o));
    dvt_params_set_scales(ps, (dvt_param){1}, 0.5, 1);
    set_grads(ps, 1, -2, 4);
    expect_ok(*state, dvt_optim_step(o, ps, 0.1));
    expect_values(ps, 0.9f, 1.2f, 1.8f);
    assert_true(dvt_params_grad(ps, (dvt_param){0})[0] == 0);
    expect_ok(*state, dvt_optim_step(o, ps, 0.1)); /* the momentum goes on: half of each */
    expect_values(ps, 0.85f, 1.3f, 1.7f);
    dvt_optim_destroy(o);
    expect_ok(*state, dvt_optim_create(*state, ps,
                                       &(dvt_optim_opts){.kind = DVT_OPTIM_ADAMW, .decay = 0.1},
                                       &o));
    dvt_params_set_frozen(ps, (dvt_param){1}, true);
    set_grads(ps, 3, -0.5f, 1);
    expect_ok(*state, dvt_optim_step(o, ps, 0.1)); /* the first step of Adam is the rate */
    expect_values(ps, 0.85f * 0.99f - 0.1f, 1.3f * 0.99f + 0.1f, 1.7f);
    assert_int_equal(dvt_optim_steps(o), 1);
    dvt_optim_destroy(o);
    dvt_params_destroy(ps);
}

static void test_learn_optim__refuses_what_it_cannot_use(void **state)
{
    dvt_params *ps = two(*state);
    dvt_optim  *o;
    dvt_param   p;
    expect_failure(*state, dvt_optim_create(*state, ps, &(dvt_optim_opts){.momentum = 1}, &o),
                   DVT_E_USAGE, "momentum 1");
    expect_failure(*state, dvt_optim_create(*state, ps, &(dvt_optim_opts){.nesterov = true}, &o),
                   DVT_E_USAGE, "needs a momentum");
    expect_failure(*state, dvt_optim_create(*state, ps, &(dvt_optim_opts){.decay = -1}, &o),
                   DVT_E_USAGE, "weight decay -1");
    expect_ok(*state, dvt_optim_create(*state, ps, &(dvt_optim_opts){0}, &o));
    set_grads(ps, 1, NAN, 1);
    expect_failure(*state, dvt_optim_step(o, ps, 0.1), DVT_E_NUMERIC,
                   "step 0: the gradient of 'a' is not finite");
    expect_values(ps, 1, 1, 2);
    set_grads(ps, 1, 1, INFINITY);
    expect_failure(*state, dvt_optim_step(o, ps, 0.1), DVT_E_NUMERIC, "gradient of 'b'");
    expect_values(ps, 1, 1, 2);
    expect_ok(*state, dvt_params_add(ps, "c", DVT_SHAPE(1), (dvt_init){0}, &p));
    expect_failure(*state, dvt_optim_step(o, ps, 0.1), DVT_E_USAGE,
                   "made for 2 parameters, the set has 3");
    dvt_optim_destroy(o);
    dvt_params_destroy(ps);
}

static void test_learn_optim__clipping_by_norm_and_value(void **state)
{
    dvt_params *ps = two(*state);
    set_grads(ps, 3, 0, 4);
    assert_float_equal(dvt_params_clip_norm(ps, 10), 5, 1e-9);
    assert_true(dvt_params_grad(ps, (dvt_param){1})[0] == 4);
    assert_float_equal(dvt_params_clip_norm(ps, 1), 5, 1e-9);
    assert_float_equal(dvt_params_grad(ps, (dvt_param){1})[0], 0.8, 1e-6);
    set_grads(ps, 3, -3, 0.5f);
    dvt_params_clip_value(ps, 2);
    assert_true(dvt_params_grad(ps, (dvt_param){0})[0] == 2);
    assert_true(dvt_params_grad(ps, (dvt_param){0})[1] == -2);
    assert_true(dvt_params_grad(ps, (dvt_param){1})[0] == 0.5f);
    dvt_params_destroy(ps);
}

static void test_learn_optim__rates_over_time(void **state)
{
    (void)state;
    assert_float_equal(dvt_rate_cosine(2, 0, 0, 100), 2, 1e-12);
    assert_float_equal(dvt_rate_cosine(2, 0, 50, 100), 1, 1e-12);
    assert_float_equal(dvt_rate_cosine(2, 0.5, 100, 100), 0.5, 1e-12);
    assert_float_equal(dvt_rate_cosine(2, 0.5, 1000, 100), 0.5, 1e-12);
    assert_float_equal(dvt_rate_warm_up(2, 0, 4), 0.5, 1e-12);
    assert_float_equal(dvt_rate_warm_up(2, 3, 4), 2, 1e-12);
    assert_float_equal(dvt_rate_warm_up(2, 9, 4), 2, 1e-12);
    assert_float_equal(dvt_rate_warm_up(2, 0, 0), 2, 1e-12);
    dvt_plateau p = dvt_plateau_make(1, 0.5, 1);
    p.least = 0.3;
    const double metric[] = {5, 5, 5, 5, 4, 4, 4, 4}, rate[] = {1, 1, .5, .5, .5, .5, .3, .3};
    for (int i = 0; i < 8; i++)
        assert_float_equal(dvt_plateau_update(&p, metric[i]), rate[i], 1e-12);
}

static void test_learn_optim__early_stopping_brings_the_best_weights_back(void **state)
{
    const double metric[] = {9, 3, 4, 2, 5, NAN, 6, 7};
    dvt_params  *ps = two(*state);
    dvt_stopper *s;
    int          stopped = -1;
    expect_ok(*state, dvt_stopper_create(*state, ps, 3, 0, &s));
    dvt_stopper_restore(s, ps); /* nothing kept yet */
    expect_values(ps, 1, 1, 2);
    assert_true(isinf(dvt_stopper_best(s)));
    for (int i = 0; i < 8 && stopped < 0; i++) {
        dvt_params_value(ps, (dvt_param){0})[0] = (float)i;
        if (dvt_stopper_update(s, ps, metric[i]))
            stopped = i;
    }
    assert_int_equal(stopped, 6); /* 3 calls after number 3 */
    assert_int_equal(dvt_stopper_best_call(s), 3);
    assert_true(dvt_stopper_best(s) == 2);
    expect_values(ps, 6, 1, 2);
    dvt_stopper_restore(s, ps);
    expect_values(ps, 3, 1, 2);
    dvt_stopper_destroy(s);
    dvt_params_destroy(ps);
}

static void test_learn_optim__early_stopping_waits_for_its_first_call(void **state)
{
    dvt_params  *ps = two(*state);
    dvt_stopper *s;
    int          stopped = -1;
    expect_ok(*state, dvt_stopper_create(*state, ps, 2, 4, &s));
    for (int i = 0; i < 20 && stopped < 0; i++)
        if (dvt_stopper_update(s, ps, i == 5 ? 1 : 3))
            stopped = i;
    assert_int_equal(stopped, 7);
    assert_int_equal(dvt_stopper_best_call(s), 5);
    dvt_stopper_destroy(s);
    dvt_params_destroy(ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_learn_optim__steps_by_hand),
        FIXTURE_TEST(test_learn_optim__refuses_what_it_cannot_use),
        FIXTURE_TEST(test_learn_optim__clipping_by_norm_and_value),
        FIXTURE_TEST(test_learn_optim__rates_over_time),
        FIXTURE_TEST(test_learn_optim__early_stopping_brings_the_best_weights_back),
        FIXTURE_TEST(test_learn_optim__early_stopping_waits_for_its_first_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
