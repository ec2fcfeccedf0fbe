/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_learn.c - refused memory in a training, in batches of graphs, in checkpoints and
 * safetensors: DVT_E_NOMEM, nothing left allocated.
 */
#include "dovetail/layers.h"
#include "dovetail/losses.h"
#include "dovetail/optim.h"
#include "dovetail/safetensors.h"
#include "fault/fault.h"
#include "support/test_data.h"

/* One step of a model with a dense layer, an LSTM and attention. */
static dvt_status one_step(dvt_tape *t, dvt_params *ps, dvt_optim *o)
{
    const float x[2 * 3 * 4] = {1, 2, 3}, target[6] = {0};

    dvt_tape_begin(t, DVT_TAPE_TRAIN, 0);
    dvt_var y = dvt_tape_lstm(t, dvt_tape_input(t, DVT_SHAPE(2, 3, 4), x),
                              &(dvt_recurrent){.w_in = dvt_tape_param(t, ps, (dvt_param){0}),
                                               .w_state = dvt_tape_param(t, ps, (dvt_param){1})});
    y = dvt_tape_attention(t, y, y, y, 1, NULL);
    y = dvt_tape_layer_norm(t, y, DVT_NO_VAR, DVT_NO_VAR, 0);
    y = dvt_tape_linear(t, dvt_tape_dropout(t, y, 0.2), dvt_tape_param(t, ps, (dvt_param){2}),
                        DVT_NO_VAR);
    dvt_status st = dvt_tape_backward(t, dvt_tape_loss_l2(t, y, target, DVT_LOSS_MEAN));
    return st == DVT_OK ? dvt_optim_step(o, ps, 0.1) : st;
}

static dvt_status train_and_save(dvt_ctx *ctx, void *path)
{
    const dvt_shape shapes[] = {DVT_SHAPE(20, 4), DVT_SHAPE(20, 5), DVT_SHAPE(1, 5)};
    const char     *names[] = {"a", "b", "c"};
    dvt_checkpoint  c = {0};
    dvt_tape       *t = NULL;
    dvt_param       p;
    dvt_status      st = dvt_params_create(ctx, 1, &c.params);

    for (int i = 0; st == DVT_OK && i < 3; i++)
        st = dvt_params_add(c.params, names[i], shapes[i], (dvt_init){DVT_INIT_TORCH, 0}, &p);
    if (st == DVT_OK)
        st = dvt_optim_create(ctx, c.params, &(dvt_optim_opts){.kind = DVT_OPTIM_ADAM}, &c.optim);
    if (st == DVT_OK)
        st = dvt_stopper_create(ctx, c.params, 2, 0, &c.stopper);
    if (st == DVT_OK)
        st = dvt_tape_create(ctx, 1, &t);
    for (int i = 0; st == DVT_OK && i < 2; i++)
        st = one_step(t, c.params, c.optim);
    if (st == DVT_OK)
        st = dvt_checkpoint_save(ctx, path, &c);
    if (st == DVT_OK)
        st = dvt_checkpoint_load(ctx, path, &c);
    dvt_tape_destroy(t);
    dvt_stopper_destroy(c.stopper);
    dvt_optim_destroy(c.optim);
    dvt_params_destroy(c.params);
    return st;
}

static void fault_learn__a_training_survives(void **state)
{
    char path[TEST_PATH_MAX];
    (void)state;
    test_temp_path("fault.ckpt", path);
    assert_true(fault_sweep(train_and_save, path) > 10);
}

static dvt_status fill_batches(dvt_ctx *ctx, void *ud)
{
    const float      a[] = {1, 1, 1, 0, 1, 1, 0, 0, 1};
    const int32_t    label[] = {0, 1, -1}, both[] = {0, 1, 0};
    dvt_graph_set   *s = NULL;
    dvt_graph_batch *b = NULL;
    dvt_status       st = dvt_graph_set_create(ctx, 2, &s);

    (void)ud;
    for (int i = 0; st == DVT_OK && i < 2; i++)
        st = dvt_graph_set_add(s, 3, label, a, i);
    for (int share = 0; st == DVT_OK && share < 2; share++) {
        st = dvt_graph_batch_create(ctx, s, 3, DVT_READOUT_ALL, share, &b);
        if (st == DVT_OK)
            st = dvt_graph_batch_fill(b, both, 3);
        dvt_graph_batch_destroy(b);
        b = NULL;
    }
    dvt_graph_set_destroy(s);
    return st;
}

static void fault_learn__batches_of_graphs_survive(void **state)
{
    (void)state;
    assert_true(fault_sweep(fill_batches, NULL) > 10);
}

static dvt_status exchange(dvt_ctx *ctx, void *path)
{
    dvt_params *ps = NULL, *copy = NULL;
    dvt_param   p;
    dvt_status  st = dvt_params_create(ctx, 1, &ps);

    if (st == DVT_OK)
        st = dvt_params_add(ps, "w", DVT_SHAPE(3, 2), (dvt_init){DVT_INIT_NORMAL, 1}, &p);
    if (st == DVT_OK)
        st = dvt_params_clone(ps, &copy);
    if (st == DVT_OK)
        st = dvt_params_write_safetensors(ctx, path, ps);
    if (st == DVT_OK)
        st = dvt_params_read_safetensors(ctx, path, copy, true);
    dvt_params_destroy(ps);
    dvt_params_destroy(copy);
    return st;
}

static void fault_learn__safetensors_survive(void **state)
{
    char path[TEST_PATH_MAX];
    (void)state;
    test_temp_path("fault.safetensors", path);
    assert_true(fault_sweep(exchange, path) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_learn__a_training_survives),
        cmocka_unit_test(fault_learn__batches_of_graphs_survive),
        cmocka_unit_test(fault_learn__safetensors_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
