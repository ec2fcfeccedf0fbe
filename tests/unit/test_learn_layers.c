/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_learn_layers.c - gradients of the larger operations against central differences, known
 * values, masks and lengths, and what they say to operands that do not fit.
 */
#include "dovetail/layers.h"
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/grad_case.h"

#include <math.h>

#define SHAPES(...) (dvt_shape[]){__VA_ARGS__}

/* ---- normalisation ------------------------------------------------------------------------- */

static dvt_var layer_norm_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    return ud ? dvt_tape_layer_norm(t, in[0], DVT_NO_VAR, DVT_NO_VAR, 0)
              : dvt_tape_layer_norm(t, in[0], in[1], in[2], 1e-3f);
}

static void test_learn_layers__layer_norm_is_differentiated(void **state)
{
    dvt_shape s[] = {DVT_SHAPE(2, 3, 19), DVT_SHAPE(19), DVT_SHAPE(19)};
    grad_case_with(*state, layer_norm_model, NULL, 3, s, (grad_case_opts){.tolerance = 5e-3});
    grad_case_with(*state, layer_norm_model, s, 1, s, (grad_case_opts){.tolerance = 5e-3});
}

static dvt_var batch_norm_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    dvt_batch_norm b = {.params = ud, .mean = {0}, .var = {1}, .gain = in[1], .shift = in[2]};
    return dvt_tape_batch_norm(t, in[0], &b);
}

static dvt_params *norm_states(dvt_ctx *ctx, int64_t c)
{
    dvt_params *ps;
    dvt_param   p;
    expect_ok(ctx, dvt_params_create(ctx, 1, &ps));
    expect_ok(ctx, dvt_params_add_state(ps, "mean", DVT_SHAPE(c), (dvt_init){0}, &p));
    expect_ok(ctx, dvt_params_add_state(ps, "var", DVT_SHAPE(c),
                                        (dvt_init){DVT_INIT_CONSTANT, 1}, &p));
    return ps;
}

static void test_learn_layers__batch_norm_is_differentiated(void **state)
{
    dvt_params *ps = norm_states(*state, 3);
    for (int training = 0; training < 2; training++) {
        grad_case_opts o = {.training = training, .tolerance = 5e-3};
        grad_case_with(*state, batch_norm_model, ps, 3,
                       SHAPES(DVT_SHAPE(4, 3, 5, 2), DVT_SHAPE(3), DVT_SHAPE(3)), o);
        grad_case_with(*state, batch_norm_model, ps, 3,
                       SHAPES(DVT_SHAPE(6, 3), DVT_SHAPE(3), DVT_SHAPE(3)), o);
    }
    dvt_params_destroy(ps);
}

static void test_learn_layers__batch_norm_moves_running_statistics_in_training_only(void **state)
{
    const float x[] = {1, 3};
    dvt_params *ps = norm_states(*state, 1);
    dvt_tape   *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    for (int flags = 0; flags < 4; flags += 2) {
        dvt_tape_begin(t, flags, 0);
        dvt_tape_batch_norm(t, dvt_tape_input(t, DVT_SHAPE(2, 1), x),
                            &(dvt_batch_norm){.params = ps, .mean = {0}, .var = {1}});
        expect_ok(*state, dvt_tape_status(t));
        float mean = dvt_params_value(ps, (dvt_param){0})[0];
        float var = dvt_params_value(ps, (dvt_param){1})[0];
        assert_float_equal(mean, (flags ? 0.2f : 0.0f), 1e-7f);
        assert_float_equal(var, (flags ? 1.1f : 1.0f), 1e-6f); /* 0.9 + 0.1 * 2 */
    }
    dvt_tape_destroy(t);
    dvt_params_destroy(ps);
}

/* ---- attention ----------------------------------------------------------------------------- */

typedef struct attention_case {
    int32_t        heads;
    const uint8_t *mask;
} attention_case;

static dvt_var attention_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    const attention_case *c = ud;
    return dvt_tape_attention(t, in[0], in[1], in[2], c->heads, c->mask);
}

static void test_learn_layers__attention_is_differentiated_with_and_without_mask(void **state)
{
    uint8_t mask[2 * 3 * 4] = {1, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1,
                               0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 1};
    for (int i = 0; i < 4; i++) {
        attention_case c = {i & 1 ? 3 : 1, i & 2 ? mask : NULL};
        grad_case(*state, attention_model, &c, 3,
                  SHAPES(DVT_SHAPE(2, 3, 6), DVT_SHAPE(2, 4, 6), DVT_SHAPE(2, 4, 6)));
    }
}

static void test_learn_layers__attention_of_one_readable_position_is_its_value(void **state)
{
    const float   q[] = {1, 2}, k[] = {3, -1, 7, 7}, v[] = {5, 6, 7, 8};
    const uint8_t second[] = {0, 1}, none[] = {0, 0};
    dvt_tape     *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    dvt_var qv = dvt_tape_input(t, DVT_SHAPE(1, 1, 2), q);
    dvt_var kv = dvt_tape_input(t, DVT_SHAPE(1, 2, 2), k);
    dvt_var vv = dvt_tape_input(t, DVT_SHAPE(1, 2, 2), v);
    dvt_var y = dvt_tape_attention(t, qv, kv, vv, 1, second);
    dvt_var z = dvt_tape_attention(t, qv, kv, vv, 2, none);
    expect_ok(*state, dvt_tape_status(t));
    assert_true(dvt_tape_value(t, y)[0] == 7 && dvt_tape_value(t, y)[1] == 8);
    assert_true(dvt_tape_value(t, z)[0] == 0 && dvt_tape_value(t, z)[1] == 0);
    dvt_tape_destroy(t);
}

/* ---- recurrent ----------------------------------------------------------------------------- */

typedef struct recurrent_case {
    bool           gru, bias, states, reverse;
    const int32_t *length;
} recurrent_case;

static dvt_var recurrent_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    const recurrent_case *c = ud;
    dvt_recurrent         l = {.w_in = in[1], .w_state = in[2], .reverse = c->reverse};
    l.length = c->length;
    if (c->bias) {
        l.b_in = in[3];
        l.b_state = in[4];
    }
    if (c->states) {
        l.h0 = in[5];
        l.c0 = c->gru ? DVT_NO_VAR : in[6];
    }
    return c->gru ? dvt_tape_gru(t, in[0], &l) : dvt_tape_lstm(t, in[0], &l);
}

static void test_learn_layers__recurrent_layers_are_differentiated(void **state)
{
    const int32_t length[] = {4, 2, 0};
    for (int i = 0; i < 32; i++) {
        recurrent_case c = {.gru = i & 1, .bias = i & 2, .states = i & 4, .reverse = i & 8};
        c.length = i & 16 ? length : NULL;
        int64_t gates = c.gru ? 6 : 8;
        grad_case(*state, recurrent_model, &c, 7,
                  SHAPES(DVT_SHAPE(4, 3, 5), DVT_SHAPE(gates, 5), DVT_SHAPE(gates, 2),
                         DVT_SHAPE(gates), DVT_SHAPE(gates), DVT_SHAPE(3, 2), DVT_SHAPE(3, 2)));
    }
}

static void test_learn_layers__a_row_behind_its_length_equals_a_shorter_run(void **state)
{
    const int32_t length[] = {3, 1};
    dvt_rng       rng = dvt_rng_make(3, 0);
    float        *x = test_random_f32(*state, &rng, 3 * 2 * 2);
    float        *w = test_random_f32(*state, &rng, 8 * 2);
    float        *u = test_random_f32(*state, &rng, 8 * 2);
    dvt_tape     *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    dvt_recurrent l = {.w_in = dvt_tape_input(t, DVT_SHAPE(8, 2), w),
                       .w_state = dvt_tape_input(t, DVT_SHAPE(8, 2), u)};
    dvt_var       whole = dvt_tape_lstm(t, dvt_tape_input(t, DVT_SHAPE(3, 2, 2), x), &l);
    l.length = length;
    dvt_var cut = dvt_tape_lstm(t, dvt_tape_input(t, DVT_SHAPE(3, 2, 2), x), &l);
    l.reverse = true;
    dvt_var back = dvt_tape_lstm(t, dvt_tape_input(t, DVT_SHAPE(3, 2, 2), x), &l);
    l.length = NULL;
    dvt_var one = dvt_tape_lstm(t, dvt_tape_input(t, DVT_SHAPE(1, 2, 2), x), &l);
    expect_ok(*state, dvt_tape_status(t));
    const float *a = dvt_tape_value(t, whole), *b = dvt_tape_value(t, cut);
    test_same_f32(b, a, 4);                               /* step 0 of both rows */
    test_same_f32(b + 4, a + 4, 2);                       /* row 0 goes on */
    test_same_f32(b + 6, (const float[]){0, 0}, 2);       /* row 1 does not */
    test_same_f32(dvt_tape_value(t, back) + 2, dvt_tape_value(t, one) + 2, 2);
    dvt_tape_destroy(t);
    dvt_free(*state, x);
    dvt_free(*state, w);
    dvt_free(*state, u);
}

/* ---- images -------------------------------------------------------------------------------- */

static dvt_var conv_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    return dvt_tape_conv2d(t, in[0], in[1], in[2], ud);
}

static void test_learn_layers__convolution_is_differentiated(void **state)
{
    dvt_conv_opts cases[] = {{.groups = 0},
                             {.stride = {2, 1}, .pad = {1, 2}},
                             {.dilation = {2, 2}, .pad = {2, 1}},
                             {.groups = 2, .pad = {1, 1}}};
    for (int i = 0; i < 4; i++) {
        int64_t in = i == 3 ? 2 : 4;
        grad_case_with(*state, conv_model, &cases[i], 3,
                       SHAPES(DVT_SHAPE(3, 4, 6, 5), DVT_SHAPE(6, in, 3, 3), DVT_SHAPE(6)),
                       (grad_case_opts){.tolerance = 4e-3});
    }
}

typedef struct pool_case {
    dvt_pool_opts o;
    bool          max;
} pool_case;

static dvt_var pool_model(dvt_tape *t, const dvt_var *in, void *ud)
{
    const pool_case *c = ud;
    return c->max ? dvt_tape_max_pool2d(t, in[0], &c->o) : dvt_tape_avg_pool2d(t, in[0], &c->o);
}

static void test_learn_layers__pooling_is_differentiated(void **state)
{
    pool_case cases[] = {{{.kernel = {2, 2}}, false},
                         {{.kernel = {3, 2}, .stride = {2, 1}, .pad = {1, 1}}, false},
                         {{.kernel = {3, 3}, .stride = {1, 2}, .pad = {1, 0}, .count_pad = true},
                          false}};
    for (int i = 0; i < 3; i++)
        grad_case(*state, pool_model, &cases[i], 1, SHAPES(DVT_SHAPE(2, 3, 6, 7)));
}

static void test_learn_layers__max_pooling_sends_the_gradient_to_the_first_of_equals(void **state)
{
    const float  x[] = {1, 4, 4, 2}, dy[] = {10}, want[] = {0, 10, 0, 0};
    dvt_pool_opts o = {.kernel = {2, 2}};
    dvt_tape    *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    dvt_tape_begin(t, DVT_TAPE_TRAIN, 0);
    dvt_var in = dvt_tape_leaf(t, DVT_SHAPE(1, 1, 2, 2), x);
    dvt_var y = dvt_tape_max_pool2d(t, in, &o);
    expect_ok(*state, dvt_tape_backward_from(t, y, dy));
    assert_true(dvt_tape_value(t, y)[0] == 4);
    test_same_f32(dvt_tape_grad(t, in), want, 4);
    dvt_tape_destroy(t);
}

/* ---- complaints ---------------------------------------------------------------------------- */

static void complain(dvt_ctx *ctx, dvt_tape *t, dvt_status want, const char *text)
{
    expect_failure(ctx, dvt_tape_status(t), want, text);
    dvt_tape_begin(t, DVT_TAPE_TRAIN, 0);
}

static void test_learn_layers__shapes_that_do_not_fit_are_named(void **state)
{
    const float data[64] = {0};
    dvt_params *ps = norm_states(*state, 3);
    dvt_tape   *t;
    expect_ok(*state, dvt_tape_create(*state, 1, &t));
    dvt_tape_begin(t, DVT_TAPE_TRAIN, 0);
#define IN(...) dvt_tape_input(t, DVT_SHAPE(__VA_ARGS__), data)
    dvt_tape_layer_norm(t, IN(2, 3), IN(2), DVT_NO_VAR, 0);
    complain(*state, t, DVT_E_SHAPE, "block of [2,3] and [2]: the gain");
    dvt_tape_batch_norm(t, IN(1, 3), &(dvt_batch_norm){.params = ps, .mean = {0}, .var = {1}});
    complain(*state, t, DVT_E_SHAPE, "batch_norm: [1,3] needs channels of two elements");
    dvt_tape_batch_norm(t, IN(2, 2), &(dvt_batch_norm){.params = ps, .mean = {0}, .var = {1}});
    complain(*state, t, DVT_E_USAGE, "batch_norm: mean and var must be states of 2");
    dvt_tape_attention(t, IN(1, 2, 4), IN(1, 2, 2), IN(1, 2, 2), 1, NULL);
    complain(*state, t, DVT_E_SHAPE, "attention of [1,2,4] and [1,2,2]");
    dvt_tape_attention(t, IN(1, 2, 4), IN(1, 2, 4), IN(1, 2, 4), 3, NULL);
    complain(*state, t, DVT_E_SHAPE, "4 elements do not divide into 3 heads");
    dvt_tape_lstm(t, IN(2, 1, 3), &(dvt_recurrent){.w_in = IN(8, 2), .w_state = IN(8, 2)});
    complain(*state, t, DVT_E_SHAPE, "lstm of [2,1,3] and [8,2]");
    dvt_tape_gru(t, IN(2, 1, 2), &(dvt_recurrent){.w_in = IN(8, 2), .w_state = IN(8, 2)});
    complain(*state, t, DVT_E_SHAPE, "gru of [8,2] and [8,2]");
    dvt_tape_lstm(t, IN(2, 1, 2),
                  &(dvt_recurrent){.w_in = IN(8, 2), .w_state = IN(8, 2), .b_in = IN(6)});
    complain(*state, t, DVT_E_SHAPE, "lstm: b_in is [6], not 8 elements");
    dvt_tape_conv2d(t, IN(1, 2, 3, 3), IN(1, 1, 2, 2), DVT_NO_VAR, NULL);
    complain(*state, t, DVT_E_SHAPE, "conv2d of [1,2,3,3] and [1,1,2,2]");
    dvt_tape_conv2d(t, IN(1, 1, 2, 2), IN(1, 1, 3, 3), DVT_NO_VAR, NULL);
    assert_int_equal(dvt_tape_status(t), DVT_E_SHAPE);
    dvt_ctx_clear_error(*state);
    dvt_tape_begin(t, DVT_TAPE_TRAIN, 0);
    dvt_tape_max_pool2d(t, IN(1, 1, 2, 2), &(dvt_pool_opts){.kernel = {3, 3}});
    complain(*state, t, DVT_E_SHAPE, "max_pool2d: a kernel of 3 x 3");
#undef IN
    dvt_tape_destroy(t);
    dvt_params_destroy(ps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_learn_layers__layer_norm_is_differentiated),
        FIXTURE_TEST(test_learn_layers__batch_norm_is_differentiated),
        FIXTURE_TEST(test_learn_layers__batch_norm_moves_running_statistics_in_training_only),
        FIXTURE_TEST(test_learn_layers__attention_is_differentiated_with_and_without_mask),
        FIXTURE_TEST(test_learn_layers__attention_of_one_readable_position_is_its_value),
        FIXTURE_TEST(test_learn_layers__recurrent_layers_are_differentiated),
        FIXTURE_TEST(test_learn_layers__a_row_behind_its_length_equals_a_shorter_run),
        FIXTURE_TEST(test_learn_layers__convolution_is_differentiated),
        FIXTURE_TEST(test_learn_layers__pooling_is_differentiated),
        FIXTURE_TEST(test_learn_layers__max_pooling_sends_the_gradient_to_the_first_of_equals),
        FIXTURE_TEST(test_learn_layers__shapes_that_do_not_fit_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
