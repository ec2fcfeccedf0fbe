/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_learn_checkpoint.c - a resumed training gives the bits of the uninterrupted one; killed
 * writers, damage, and files that do not fit.
 */
#include "dovetail/learn.h"
#include "dovetail/losses.h"
#include "learn/checkpoint_int.h"
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/test_data.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A training with every part of a checkpoint. */
typedef struct training {
    dvt_ctx       *ctx;
    dvt_tape      *tape;
    dvt_plateau    plateau;
    dvt_checkpoint c;
} training;

static void begin(training *k, dvt_ctx *ctx, uint64_t seed)
{
    dvt_param p;
    *k = (training){.ctx = ctx, .plateau = dvt_plateau_make(0.05, 0.5, 0)};
    expect_ok(ctx, dvt_params_create(ctx, seed, &k->c.params));
    expect_ok(ctx, dvt_params_add(k->c.params, "w", DVT_SHAPE(40, 7), (dvt_init){DVT_INIT_TORCH, 0},
                                  &p));
    expect_ok(ctx, dvt_params_add(k->c.params, "v", DVT_SHAPE(1, 40), (dvt_init){DVT_INIT_TORCH, 0},
                                  &p));
    expect_ok(ctx, dvt_optim_create(ctx, k->c.params,
                                    &(dvt_optim_opts){.kind = DVT_OPTIM_ADAMW, .decay = 0.01},
                                    &k->c.optim));
    expect_ok(ctx, dvt_stopper_create(ctx, k->c.params, 5, 0, &k->c.stopper));
    expect_ok(ctx, dvt_tape_create(ctx, 9, &k->tape));
    k->c.plateau = &k->plateau;
    k->c.rng = dvt_rng_make(3, 0);
}

static void end(training *k)
{
    dvt_params_destroy(k->c.params);
    dvt_optim_destroy(k->c.optim);
    dvt_stopper_destroy(k->c.stopper);
    dvt_tape_destroy(k->tape);
}

static void steps(training *k, int count)
{
    float x[5 * 7], target[5];
    for (int n = 0; n < count; n++, k->c.step++) {
        for (int i = 0; i < 35; i++)
            x[i] = dvt_rng_f32(&k->c.rng);
        for (int i = 0; i < 5; i++)
            target[i] = sinf(x[7 * i] * 3);
        dvt_tape_begin(k->tape, DVT_TAPE_TRAIN, k->c.step);
        dvt_var h = dvt_tape_linear(k->tape, dvt_tape_input(k->tape, DVT_SHAPE(5, 7), x),
                                    dvt_tape_param(k->tape, k->c.params, (dvt_param){0}),
                                    DVT_NO_VAR);
        h = dvt_tape_dropout(k->tape, dvt_tape_tanh(k->tape, h), 0.25);
        h = dvt_tape_linear(k->tape, h, dvt_tape_param(k->tape, k->c.params, (dvt_param){1}),
                            DVT_NO_VAR);
        dvt_var loss = dvt_tape_loss_l2(k->tape, h, target, DVT_LOSS_MEAN);
        expect_ok(k->ctx, dvt_tape_backward(k->tape, loss));
        double metric = (double)dvt_tape_value(k->tape, loss)[0];
        dvt_stopper_update(k->c.stopper, k->c.params, metric);
        expect_ok(k->ctx, dvt_optim_step(k->c.optim, k->c.params, k->plateau.rate));
        dvt_plateau_update(&k->plateau, metric);
    }
}

static void expect_same(training *a, training *b)
{
    for (int32_t i = 0; i < 2; i++)
        test_same_f32(dvt_params_value(a->c.params, (dvt_param){i}),
                      dvt_params_value(b->c.params, (dvt_param){i}), i ? 40 : 280);
    assert_true(a->plateau.rate == b->plateau.rate && a->c.step == b->c.step);
    assert_true(dvt_stopper_best(a->c.stopper) == dvt_stopper_best(b->c.stopper));
    assert_int_equal(dvt_optim_steps(a->c.optim), dvt_optim_steps(b->c.optim));
}

static void test_learn_checkpoint__a_resumed_training_gives_the_same_bits(void **state)
{
    char     path[TEST_PATH_MAX];
    training whole, first, second;
    test_temp_path("training.ckpt", path);
    begin(&whole, *state, 1);
    begin(&first, *state, 1);
    begin(&second, *state, 77); /* other values: all must come from the file */
    steps(&whole, 60);
    steps(&first, 23);
    expect_ok(*state, dvt_checkpoint_save(*state, path, &first.c));
    steps(&second, 3);
    expect_ok(*state, dvt_checkpoint_load(*state, path, &second.c));
    steps(&second, 37);
    expect_same(&whole, &second);
    dvt_stopper_restore(whole.c.stopper, whole.c.params);
    dvt_stopper_restore(second.c.stopper, second.c.params);
    expect_same(&whole, &second);
    end(&whole);
    end(&first);
    end(&second);
}

/* A child writes checkpoints without end and is killed somewhere in it. */
static void test_learn_checkpoint__a_killed_writer_leaves_a_whole_file(void **state)
{
    char     path[TEST_PATH_MAX];
    training k;
    test_temp_path("killed.ckpt", path);
    begin(&k, *state, 1);
    expect_ok(*state, dvt_checkpoint_save(*state, path, &k.c));
    for (int i = 0; i < 15; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            for (;; k.c.step++)
                if (dvt_checkpoint_save(*state, path, &k.c) != DVT_OK)
                    _exit(1);
        }
        nanosleep(&(struct timespec){.tv_nsec = 500000 + 700000 * i}, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        expect_ok(*state, dvt_checkpoint_load(*state, path, &k.c));
    }
    end(&k);
}

static void test_learn_checkpoint__damage_is_found(void **state)
{
    char     path[TEST_PATH_MAX];
    dvt_blob file;
    training k;
    test_temp_path("damaged.ckpt", path);
    begin(&k, *state, 1);
    expect_ok(*state, dvt_checkpoint_save(*state, path, &k.c));
    expect_ok(*state, dvt_file_read(*state, path, 0, &file));
    file.data[file.size / 2] ^= 4;
    expect_ok(*state, dvt_file_write(*state, path, file.data, file.size));
    expect_failure(*state, dvt_checkpoint_load(*state, path, &k.c), DVT_E_PARSE,
                   "the checkpoint is damaged");
    expect_ok(*state, dvt_file_write(*state, path, file.data, 40));
    expect_failure(*state, dvt_checkpoint_load(*state, path, &k.c), DVT_E_PARSE, "cut short");
    expect_failure(*state, dvt_checkpoint_save(*state, path, &(dvt_checkpoint){0}), DVT_E_USAGE,
                   "a checkpoint needs parameters");
    dvt_blob_deinit(*state, &file);
    end(&k);
}

static void test_learn_checkpoint__every_truncation_fails_and_changes_nothing(void **state)
{
    training a, b;
    dvt_buf  bytes;
    begin(&a, *state, 1);
    begin(&b, *state, 2);
    float first = dvt_params_value(b.c.params, (dvt_param){0})[0];
    dvt_buf_init(&bytes, *state, 0);
    dvti_checkpoint_print(&a.c, &bytes);
    for (size_t n = 0; n < bytes.len; n++) {
        dvt_status st = dvti_checkpoint_parse(*state, "cut", (const uint8_t *)bytes.data, n, &b.c);
        assert_true(st == DVT_E_PARSE || st == DVT_E_SHAPE);
        assert_true(dvt_params_value(b.c.params, (dvt_param){0})[0] == first);
        dvt_ctx_clear_error(*state);
    }
    dvt_buf_append(&bytes, "x", 1);
    expect_failure(*state, dvti_checkpoint_parse(*state, "long", (const uint8_t *)bytes.data,
                                                 bytes.len, &b.c),
                   DVT_E_PARSE, "bytes behind the end");
    dvt_buf_deinit(&bytes);
    end(&a);
    end(&b);
}

static void test_learn_checkpoint__files_that_do_not_fit_are_named(void **state)
{
    char     path[TEST_PATH_MAX];
    training k;
    test_temp_path("other.ckpt", path);
    begin(&k, *state, 1);
    expect_ok(*state, dvt_checkpoint_save(*state, path, &k.c));
    dvt_params *other;
    dvt_param   p;
    expect_ok(*state, dvt_params_create(*state, 1, &other));
    expect_ok(*state, dvt_params_add(other, "w", DVT_SHAPE(7, 40), (dvt_init){0}, &p));
    dvt_checkpoint c = {.params = other};
    expect_failure(*state, dvt_checkpoint_load(*state, path, &c), DVT_E_SHAPE,
                   "the checkpoint has other parts than asked for");
    expect_ok(*state, dvt_checkpoint_save(*state, path, &(dvt_checkpoint){.params = k.c.params}));
    expect_failure(*state, dvt_checkpoint_load(*state, path, &c), DVT_E_SHAPE,
                   "another number of parameters");
    expect_ok(*state, dvt_params_add(other, "u", DVT_SHAPE(1, 40), (dvt_init){0}, &p));
    expect_failure(*state, dvt_checkpoint_load(*state, path, &c), DVT_E_SHAPE,
                   "parameter 'w' has another shape");
    dvt_params_destroy(other);
    end(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_learn_checkpoint__a_resumed_training_gives_the_same_bits),
        FIXTURE_TEST(test_learn_checkpoint__a_killed_writer_leaves_a_whole_file),
        FIXTURE_TEST(test_learn_checkpoint__damage_is_found),
        FIXTURE_TEST(test_learn_checkpoint__every_truncation_fails_and_changes_nothing),
        FIXTURE_TEST(test_learn_checkpoint__files_that_do_not_fit_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
