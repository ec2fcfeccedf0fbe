/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_learn_threads.c - the same seed gives the same bits with 1, 2 and 5 threads: trainings of
 * models that use every kind of operation, on sizes that are cut into pieces.
 */
#include "dovetail/layers.h"
#include "dovetail/losses.h"
#include "dovetail/optim.h"
#include "support/arrays.h"
#include "support/fixture.h"

typedef dvt_var (*model_fn)(dvt_tape *t, dvt_params *ps, const float *data);

static dvt_graph_batch *graphs; /* of the graph model */

static dvt_var weight(dvt_tape *t, dvt_params *ps, const char *name)
{
    dvt_param p;
    assert_true(dvt_params_find(ps, name, &p));
    return dvt_tape_param(t, ps, p);
}

static const char *const NAMES[] = {"w64x96", "w96x64", "w1x64",  "v64",   "g64",
                                    "lstm_w", "lstm_u", "kernel", "v96"};

static dvt_params *make_params(dvt_ctx *ctx)
{
    const dvt_shape shapes[] = {DVT_SHAPE(64, 96), DVT_SHAPE(96, 64),  DVT_SHAPE(1, 64),
                                DVT_SHAPE(64),     DVT_SHAPE(64),      DVT_SHAPE(256, 96),
                                DVT_SHAPE(256, 64), DVT_SHAPE(8, 4, 3, 3), DVT_SHAPE(96)};
    dvt_params     *ps;
    dvt_param       p;
    expect_ok(ctx, dvt_params_create(ctx, 11, &ps));
    for (int i = 0; i < 9; i++)
        expect_ok(ctx, dvt_params_add(ps, NAMES[i], shapes[i], (dvt_init){DVT_INIT_TORCH, 0}, &p));
    expect_ok(ctx, dvt_params_add_state(ps, "mean", DVT_SHAPE(8), (dvt_init){0}, &p));
    expect_ok(ctx, dvt_params_add_state(ps, "var", DVT_SHAPE(8),
                                        (dvt_init){DVT_INIT_CONSTANT, 1}, &p));
    return ps;
}

/* 1500 rows of 96: dense layers, block, functions, softmax, dropout both ways. */
static dvt_var dense_model(dvt_tape *t, dvt_params *ps, const float *data)
{
    dvt_var x = dvt_tape_input(t, DVT_SHAPE(1500, 96), data);
    dvt_var h = dvt_tape_linear(t, x, weight(t, ps, "w64x96"), weight(t, ps, "v64"));
    h = dvt_tape_block(t, h, &(dvt_block){.gain = weight(t, ps, "g64"), .norm = true, .relu = true,
                                          .dropout = 0.01});
    h = dvt_tape_linear(t, h, weight(t, ps, "w96x64"), DVT_NO_VAR);
    h = dvt_tape_dropout(t, dvt_tape_tanh(t, dvt_tape_mul(t, h, x)), 0.4);
    h = dvt_tape_linear(t, dvt_tape_softmax(t, h), weight(t, ps, "w64x96"), DVT_NO_VAR);
    return dvt_tape_linear(t, dvt_tape_sigmoid(t, h), weight(t, ps, "w1x64"), DVT_NO_VAR);
}

/* 10 steps of 150 rows of 96, then attention over the steps. */
static dvt_var sequence_model(dvt_tape *t, dvt_params *ps, const float *data)
{
    const int32_t order[] = {1, 0, 2};
    dvt_recurrent l = {.w_in = weight(t, ps, "lstm_w"), .w_state = weight(t, ps, "lstm_u")};
    dvt_var       y = dvt_tape_lstm(t, dvt_tape_input(t, DVT_SHAPE(10, 150, 96), data), &l);
    y = dvt_tape_layer_norm(t, dvt_tape_transpose(t, y, order), weight(t, ps, "g64"),
                            weight(t, ps, "v64"), 0);
    y = dvt_tape_attention(t, y, y, y, 4, NULL);
    return dvt_tape_linear(t, y, weight(t, ps, "w1x64"), DVT_NO_VAR);
}

/* 100 images of 4 x 20 x 18. */
static dvt_var image_model(dvt_tape *t, dvt_params *ps, const float *data)
{
    dvt_batch_norm b = {.params = ps};
    assert_true(dvt_params_find(ps, "mean", &b.mean) && dvt_params_find(ps, "var", &b.var));
    dvt_var y = dvt_tape_input(t, DVT_SHAPE(100, 4, 20, 18), data);
    y = dvt_tape_conv2d(t, y, weight(t, ps, "kernel"), DVT_NO_VAR, NULL);
    y = dvt_tape_max_pool2d(t, dvt_tape_batch_norm(t, y, &b), &(dvt_pool_opts){.kernel = {2, 2}});
    y = dvt_tape_avg_pool2d(t, y, &(dvt_pool_opts){.kernel = {3, 3}, .pad = {1, 1}});
    return dvt_tape_mean(t, y, 1, 3);
}

/* 150 random graphs of 10 nodes, two layers, the first node of each. */
static dvt_var graph_model(dvt_tape *t, dvt_params *ps, const float *data)
{
    dvt_block b = {.bias = weight(t, ps, "v64"), .norm = true, .relu = true, .dropout = 0.002};
    dvt_var   h = dvt_tape_input(t, DVT_SHAPE(6, 96), data);
    b.m = dvt_graph_batch_layer(graphs, 0);
    h = dvt_tape_block(t, dvt_tape_linear(t, h, weight(t, ps, "w64x96"), DVT_NO_VAR), &b);
    b.bias = weight(t, ps, "v96");
    b.m = dvt_graph_batch_layer(graphs, 1);
    h = dvt_tape_block(t, dvt_tape_linear(t, h, weight(t, ps, "w96x64"), DVT_NO_VAR), &b);
    h = dvt_tape_linear(t, dvt_tape_aggregate(t, dvt_graph_batch_layer(graphs, 2), h),
                        weight(t, ps, "w64x96"), DVT_NO_VAR);
    return dvt_tape_linear(t, h, weight(t, ps, "w1x64"), DVT_NO_VAR);
}

static dvt_graph_set *random_graphs(dvt_ctx *ctx)
{
    dvt_rng        rng = dvt_rng_make(6, 0);
    dvt_graph_set *s;
    expect_ok(ctx, dvt_graph_set_create(ctx, 6, &s));
    for (int g = 0; g < 150; g++) {
        int32_t label[10];
        float   a[100];
        for (int i = 0; i < 10; i++)
            label[i] = (int32_t)dvt_rng_below(&rng, 7) - 1;
        for (int i = 0; i < 100; i++)
            a[i] = i < 10 || dvt_rng_below(&rng, 4) == 0 ? 1.0f : 0.0f;
        expect_ok(ctx, dvt_graph_set_add(s, 10, label, a, false));
    }
    return s;
}

/* Three steps; the weights and the last output. */
static dvt_params *train(dvt_ctx *ctx, model_fn model, const float *data, const float *target,
                         float *out)
{
    dvt_params *ps = make_params(ctx);
    dvt_tape   *t;
    dvt_optim  *o;
    expect_ok(ctx, dvt_tape_create(ctx, 2, &t));
    expect_ok(ctx, dvt_optim_create(ctx, ps, &(dvt_optim_opts){.kind = DVT_OPTIM_ADAMW}, &o));
    for (uint64_t step = 0; step < 3; step++) {
        dvt_tape_begin(t, DVT_TAPE_TRAIN, step);
        dvt_var y = model(t, ps, data);
        expect_ok(ctx, dvt_tape_backward(t, dvt_tape_loss_l2(t, y, target, DVT_LOSS_MEAN)));
        *out = dvt_tape_value(t, y)[0];
        dvt_params_clip_norm(ps, 0.1);
        expect_ok(ctx, dvt_optim_step(o, ps, 1e-2));
    }
    dvt_tape_destroy(t);
    dvt_optim_destroy(o);
    return ps;
}

static void check(model_fn model)
{
    const uint32_t jobs[] = {1, 2, 5};
    dvt_ctx       *ctx[3];
    dvt_params    *ps[3];
    float          out[3];
    dvt_rng        rng = dvt_rng_make(4, 0);
    for (int i = 0; i < 3; i++)
        ctx[i] = test_ctx(jobs[i]);
    float *data = test_random_f32(ctx[0], &rng, 150000);
    float *target = test_random_f32(ctx[0], &rng, 1500);
    for (int i = 0; i < 3; i++)
        ps[i] = train(ctx[i], model, data, target, &out[i]);
    for (int i = 1; i < 3; i++) {
        test_same_f32(&out[i], &out[0], 1);
        for (int32_t p = 0; p < dvt_params_count(ps[0]); p++)
            test_same_f32(dvt_params_value(ps[i], (dvt_param){p}),
                          dvt_params_value(ps[0], (dvt_param){p}),
                          dvt_shape_count(dvt_params_shape(ps[0], (dvt_param){p})));
    }
    dvt_free(ctx[0], data);
    dvt_free(ctx[0], target);
    for (int i = 0; i < 3; i++) {
        dvt_params_destroy(ps[i]);
        dvt_ctx_destroy(ctx[i]);
    }
}

static void prop_learn_threads__dense_models(void **state)
{
    (void)state;
    check(dense_model);
}

static void prop_learn_threads__sequence_models(void **state)
{
    (void)state;
    check(sequence_model);
}

static void prop_learn_threads__image_models(void **state)
{
    (void)state;
    check(image_model);
}

static void prop_learn_threads__graph_models(void **state)
{
    dvt_ctx       *ctx = test_ctx(1);
    dvt_graph_set *s = random_graphs(ctx);
    int32_t        all[150];
    (void)state;
    for (int32_t i = 0; i < 150; i++)
        all[i] = i;
    for (int share = 0; share < 2; share++) {
        expect_ok(ctx, dvt_graph_batch_create(ctx, s, 3, DVT_READOUT_FIRST, share, &graphs));
        expect_ok(ctx, dvt_graph_batch_fill(graphs, all, 150));
        check(graph_model);
        dvt_graph_batch_destroy(graphs);
    }
    dvt_graph_set_destroy(s);
    dvt_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prop_learn_threads__dense_models),
        cmocka_unit_test(prop_learn_threads__sequence_models),
        cmocka_unit_test(prop_learn_threads__image_models),
        cmocka_unit_test(prop_learn_threads__graph_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
