/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_learn_tape.c - the tape itself: sticky failures, what a pass forgets, memory that is used
 * again, gradients that add up, and that the gradient check finds a wrong gradient.
 */
#include "dovetail/learn.h"
#include "dovetail/losses.h"
#include "dovetail/optim.h"
#include "learn/tape_int.h"
#include "support/fixture.h"

#include <stdlib.h>

static void test_learn_tape__the_first_failure_stays_until_the_next_pass(void **state)
{
    const float x[] = {1, 2};
    dvt_tape   *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    dvt_tape_begin(t, DVT_TAPE_TRAIN, 0);
    dvt_var a = dvt_tape_input(t, DVT_SHAPE(2), x);
    dvt_var bad = dvt_tape_reshape(t, a, DVT_SHAPE(3));
    dvt_var worse = dvt_tape_relu(t, bad);
    assert_int_equal(bad.id, DVT_NO_VAR.id);
    assert_int_equal(worse.id, DVT_NO_VAR.id);
    assert_null(dvt_tape_value(t, worse));
    assert_int_equal(dvt_tape_backward(t, worse), DVT_E_SHAPE);
    expect_failure(*state, dvt_tape_status(t), DVT_E_SHAPE, "reshape: [2] does not become [3]");
    dvt_tape_begin(t, DVT_TAPE_TRAIN, 1);
    dvt_tape_relu(t, dvt_tape_input(t, DVT_SHAPE(2), x));
    expect_ok(*state, dvt_tape_status(t));
    dvt_tape_destroy(t);
}

static void test_learn_tape__wrong_uses_are_named(void **state)
{
    const float x[] = {1, 2};
    dvt_tape   *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    dvt_tape_relu(t, (dvt_var){7});
    expect_failure(*state, dvt_tape_status(t), DVT_E_USAGE, "operand 7 is no variable");
    dvt_tape_begin(t, DVT_TAPE_INFER, 0);
    dvt_var y = dvt_tape_sum(t, dvt_tape_leaf(t, DVT_SHAPE(2), x), 0, 1);
    expect_failure(*state, dvt_tape_backward(t, y), DVT_E_USAGE, "without DVT_TAPE_RECORD");
    dvt_tape_begin(t, DVT_TAPE_RECORD, 0);
    y = dvt_tape_leaf(t, DVT_SHAPE(2), x);
    expect_failure(*state, dvt_tape_backward(t, y), DVT_E_SHAPE, "a loss has one element");
    dvt_tape_begin(t, DVT_TAPE_RECORD, 0);
    y = dvt_tape_sum(t, dvt_tape_leaf(t, DVT_SHAPE(2), x), 0, 1);
    expect_ok(*state, dvt_tape_backward(t, y));
    expect_failure(*state, dvt_tape_backward(t, y), DVT_E_USAGE, "a pass goes back once");
    dvt_tape_begin(t, DVT_TAPE_RECORD, 0);
    dvt_tape_input(t, DVT_SHAPE(2), NULL);
    expect_failure(*state, dvt_tape_status(t), DVT_E_USAGE, "an input without data");
    dvt_tape_destroy(t);
}

static void test_learn_tape__gradients_of_passes_add_until_a_step(void **state)
{
    dvt_params *ps;
    dvt_param   w, frozen;
    dvt_tape   *t;
    expect_ok(*state, dvt_params_create(*state, 1, &ps));
    expect_ok(*state, dvt_params_add(ps, "w", DVT_SHAPE(1), (dvt_init){DVT_INIT_CONSTANT, 3}, &w));
    expect_ok(*state, dvt_params_add(ps, "f", DVT_SHAPE(1), (dvt_init){DVT_INIT_CONSTANT, 5},
                                     &frozen));
    dvt_params_set_frozen(ps, frozen, true);
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    for (int pass = 1; pass <= 2; pass++) {
        dvt_tape_begin(t, DVT_TAPE_TRAIN, 0);
        dvt_var a = dvt_tape_param(t, ps, w), f = dvt_tape_param(t, ps, frozen);
        dvt_var y = dvt_tape_mul(t, dvt_tape_mul(t, a, a), f); /* 5 w^2 */
        expect_ok(*state, dvt_tape_backward(t, y));
        assert_true(dvt_params_grad(ps, w)[0] == (float)(30 * pass));
        assert_true(dvt_params_grad(ps, frozen)[0] == 0);
    }
    dvt_params_zero_grad(ps);
    assert_true(dvt_params_grad(ps, w)[0] == 0);
    dvt_tape_destroy(t);
    dvt_params_destroy(ps);
}

/* ---- memory -------------------------------------------------------------------------------- */

static void *counting_realloc(void *ud, void *p, size_t old_bytes, size_t new_bytes)
{
    (void)old_bytes;
    if (new_bytes == 0) {
        free(p);
        return NULL;
    }
    ++*(int *)ud;
    return realloc(p, new_bytes);
}

static void train_step(dvt_ctx *ctx, dvt_tape *t, dvt_params *ps, dvt_optim *o, uint64_t step)
{
    float x[200], target[20] = {0};
    for (int i = 0; i < 200; i++)
        x[i] = (float)(i % 17) / 17;
    dvt_tape_begin(t, DVT_TAPE_TRAIN, step);
    dvt_var h = dvt_tape_linear(t, dvt_tape_input(t, DVT_SHAPE(20, 10), x),
                                dvt_tape_param(t, ps, (dvt_param){0}), DVT_NO_VAR);
    h = dvt_tape_dropout(t, dvt_tape_tanh(t, h), 0.3);
    h = dvt_tape_linear(t, h, dvt_tape_param(t, ps, (dvt_param){1}), DVT_NO_VAR);
    expect_ok(ctx, dvt_tape_backward(t, dvt_tape_loss_l2(t, h, target, DVT_LOSS_MEAN)));
    expect_ok(ctx, dvt_optim_step(o, ps, 0.01));
}

static void test_learn_tape__the_third_step_of_a_training_allocates_nothing(void **state)
{
    (void)state;
#ifdef DVT_ARENA_DEBUG
    (void)counting_realloc;
    (void)train_step;
    print_message("# skip: in this build every piece is a block of its own\n");
    skip();
#else
    int          count = 0;
    dvt_ctx     *ctx = dvt_ctx_create(&(dvt_ctx_opts){
            .realloc = counting_realloc, .realloc_ud = &count, .jobs = 1});
    dvt_params *ps;
    dvt_param   p;
    dvt_optim  *o;
    dvt_tape   *t;
    dvt_init    init = {DVT_INIT_TORCH, 0};
    expect_ok(ctx, dvt_params_create(ctx, 1, &ps));
    expect_ok(ctx, dvt_params_add(ps, "a", DVT_SHAPE(3000, 10), init, &p));
    expect_ok(ctx, dvt_params_add(ps, "b", DVT_SHAPE(1, 3000), init, &p));
    expect_ok(ctx, dvt_optim_create(ctx, ps, &(dvt_optim_opts){.kind = DVT_OPTIM_ADAM}, &o));
    expect_ok(ctx, dvt_tape_create(ctx, 1, &t));
    train_step(ctx, t, ps, o, 0);
    train_step(ctx, t, ps, o, 1);
    int before = count;
    for (uint64_t i = 2; i < 6; i++)
        train_step(ctx, t, ps, o, i);
    assert_int_equal(count, before);
    dvt_tape_destroy(t);
    dvt_optim_destroy(o);
    dvt_params_destroy(ps);
    dvt_ctx_destroy(ctx);
#endif
}

/* ---- the check itself ---------------------------------------------------------------------- */

static void wrong_backward(dvt_tape *t, const dvti_node *n)
{
    float *dx = dvti_grad_to_add(t, n->in[0]);
    for (int64_t i = 0; dx && i < n->count; i++)
        dx[i] += n->grad[i] * (i == 2 ? 1.1f : 1.0f);
}

static dvt_var wrong_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    dvt_shape s = t->nodes[in[0].id].shape;
    (void)ud;
    return dvti_tape_push(t, &s, t->nodes[in[0].id].value, in, 1, wrong_backward)
               ? dvti_tape_last(t)
               : DVT_NO_VAR;
}

static void test_learn_tape__the_gradient_check_finds_a_wrong_gradient(void **state)
{
    float           x[] = {1, 2, 3, 4};
    dvt_shape       s = DVT_SHAPE(4);
    dvt_tensor      input = dvt_tensor_wrap(DVT_DTYPE_F32, &s, x);
    dvt_grad_report r;
    expect_ok(*state, dvt_grad_check(*state, wrong_model, NULL, &input, 1, 1e-2, false, &r));
    assert_int_equal(r.element, 2);
    assert_true(r.worst > 0.01);
    assert_true(x[2] == 3);
    expect_failure(*state, dvt_grad_check(*state, wrong_model, NULL, &input, 0, 1e-2, false, &r),
                   DVT_E_USAGE, "takes 1 to 16 inputs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_learn_tape__the_first_failure_stays_until_the_next_pass),
        FIXTURE_TEST(test_learn_tape__wrong_uses_are_named),
        FIXTURE_TEST(test_learn_tape__gradients_of_passes_add_until_a_step),
        FIXTURE_TEST(test_learn_tape__the_third_step_of_a_training_allocates_nothing),
        FIXTURE_TEST(test_learn_tape__the_gradient_check_finds_a_wrong_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
