/* SPDX-License-Identifier: Apache-2.0 */
/*
 * train_digits.c - trains a convolutional network on drawn digits and tests it on others.
 *
 * Shows     parameters, a model as a function, a training with dropout, AdamW, a warmed-up cosine
 *           rate, early stopping on validation digits, and inference with the best weights.
 * Prints    whether it went well rather than how well: numbers of a training differ in the last
 *           places between processors, and with them the count of right answers.
 * Build     cc train_digits.c $(pkg-config --cflags --libs dovetail)
 * Tests     tests/hygiene/install.py builds it against an installed library and reads its output.
 */
#include <dovetail/data.h>
#include <dovetail/layers.h>
#include <dovetail/losses.h>
#include <dovetail/optim.h>

#include <stdio.h>

enum { SIDE = 28, PIXELS = SIDE * SIDE, BATCH = 50, TRAIN = 4500, VALID = 300, TEST = 500 };
enum { EPOCHS = 6, STEPS = EPOCHS * TRAIN / BATCH };

typedef struct digits {
    float   pixels[TRAIN + VALID][PIXELS];
    int32_t label[TRAIN + VALID];
} digits;

typedef struct model {
    dvt_params *ps;
    dvt_param   conv1, conv2, dense, bias;
} model;

static dvt_status read_digits(dvt_ctx *ctx, const char *split, int64_t count, digits *out)
{
    dvt_dataset_opts opts = {.split = split};
    dvt_dataset     *d = NULL;
    dvt_status       st = dvt_dataset_open(ctx, "glyphs:4800@1", &opts, &d);

    for (int64_t i = 0; st == DVT_OK && i < count; i++) {
        dvt_tensor image;
        int64_t    label;
        st = dvt_dataset_get(d, i, &image, &label);
        if (st != DVT_OK)
            break;
        for (int p = 0; p < PIXELS; p++)
            out->pixels[i][p] = (float)((const uint8_t *)image.data)[p] / 255;
        out->label[i] = (int32_t)label;
        dvt_tensor_deinit(ctx, &image);
    }
    dvt_dataset_close(d);
    return st;
}

static dvt_status make_model(dvt_ctx *ctx, model *m)
{
    const dvt_init he = {DVT_INIT_HE_NORMAL, 0}, torch = {DVT_INIT_TORCH, 0};
    dvt_status     st = dvt_params_create(ctx, 1, &m->ps);

    if (st == DVT_OK)
        st = dvt_params_add(m->ps, "conv1.weight", DVT_SHAPE(8, 1, 3, 3), he, &m->conv1);
    if (st == DVT_OK)
        st = dvt_params_add(m->ps, "conv2.weight", DVT_SHAPE(16, 8, 3, 3), he, &m->conv2);
    if (st == DVT_OK)
        st = dvt_params_add(m->ps, "dense.weight", DVT_SHAPE(10, 16 * 7 * 7), torch, &m->dense);
    if (st == DVT_OK)
        st = dvt_params_add(m->ps, "dense.bias", DVT_SHAPE(10), (dvt_init){DVT_INIT_ZERO, 0},
                            &m->bias);
    return st;
}

/* x (n, 1, 28, 28): logits (n, 10). */
static dvt_var logits(dvt_tape *t, const model *m, dvt_var x)
{
    const dvt_conv_opts same = {.pad = {1, 1}};
    const dvt_pool_opts half = {.kernel = {2, 2}};

    x = dvt_tape_relu(t, dvt_tape_conv2d(t, x, dvt_tape_param(t, m->ps, m->conv1), DVT_NO_VAR,
                                         &same));
    x = dvt_tape_max_pool2d(t, x, &half);
    x = dvt_tape_relu(t, dvt_tape_conv2d(t, x, dvt_tape_param(t, m->ps, m->conv2), DVT_NO_VAR,
                                         &same));
    x = dvt_tape_max_pool2d(t, x, &half);
    x = dvt_tape_dropout(t, dvt_tape_reshape(t, x, DVT_SHAPE(-1, 16 * 7 * 7)), 0.2);
    return dvt_tape_linear(t, x, dvt_tape_param(t, m->ps, m->dense),
                           dvt_tape_param(t, m->ps, m->bias));
}

static dvt_status train_step(dvt_tape *t, const model *m, dvt_optim *o, const digits *d,
                             uint64_t step)
{
    const int64_t first = (int64_t)(step * BATCH % TRAIN);
    double        rate = dvt_rate_warm_up(dvt_rate_cosine(1e-2, 0, step, STEPS), step, 20);

    dvt_tape_begin(t, DVT_TAPE_TRAIN, step);
    dvt_var x = dvt_tape_input(t, DVT_SHAPE(BATCH, 1, SIDE, SIDE), d->pixels[first]);
    dvt_var loss = dvt_tape_loss_cross_entropy(t, logits(t, m, x), d->label + first, 0.05,
                                               DVT_LOSS_MEAN);
    dvt_status st = dvt_tape_backward(t, loss);
    return st == DVT_OK ? dvt_optim_step(o, m->ps, rate) : st;
}

/* Loss and right answers over digits [first, first + count). */
static dvt_status evaluate(dvt_tape *t, const model *m, const digits *d, int64_t first,
                           int64_t count, double *loss, int *right)
{
    dvt_tape_begin(t, DVT_TAPE_INFER, 0);
    dvt_var x = dvt_tape_input(t, DVT_SHAPE(count, 1, SIDE, SIDE), d->pixels[first]);
    dvt_var y = logits(t, m, x);
    dvt_var l = dvt_tape_loss_cross_entropy(t, y, d->label + first, 0, DVT_LOSS_MEAN);
    if (dvt_tape_status(t) != DVT_OK)
        return dvt_tape_status(t);
    *loss = (double)dvt_tape_value(t, l)[0];
    *right = 0;
    for (int64_t i = 0; i < count; i++) {
        const float *row = dvt_tape_value(t, y) + i * 10;
        *right += dvt_label_rank(row, 10, d->label[first + i]) == 0;
    }
    return DVT_OK;
}

static dvt_status train(dvt_tape *t, const model *m, dvt_optim *o, dvt_stopper *s, const digits *d)
{
    dvt_status st = DVT_OK;
    bool       stop = false;

    for (uint64_t step = 0; st == DVT_OK && !stop && step < STEPS; step++) {
        st = train_step(t, m, o, d, step);
        if (st == DVT_OK && (step + 1) % (TRAIN / BATCH) == 0) {
            double loss;
            int    right;
            st = evaluate(t, m, d, TRAIN, VALID, &loss, &right);
            stop = dvt_stopper_update(s, m->ps, loss);
        }
    }
    dvt_stopper_restore(s, m->ps);
    return st;
}

int main(void)
{
    static digits known, unseen; /* too large for a stack */
    dvt_ctx      *ctx = dvt_ctx_create(NULL);
    dvt_tape     *tape = NULL;
    dvt_optim    *optim = NULL;
    dvt_stopper  *stopper = NULL;
    model         m = {.ps = NULL};
    double        loss = 0;
    int           right = 0;

    if (!ctx)
        return 6;
    dvt_status st = read_digits(ctx, "train", TRAIN + VALID, &known);
    if (st == DVT_OK)
        st = read_digits(ctx, "test", TEST, &unseen);
    if (st == DVT_OK)
        st = make_model(ctx, &m);
    if (st == DVT_OK)
        st = dvt_optim_create(ctx, m.ps, &(dvt_optim_opts){.kind = DVT_OPTIM_ADAMW, .decay = 0.01},
                              &optim);
    if (st == DVT_OK)
        st = dvt_stopper_create(ctx, m.ps, 3, 0, &stopper);
    if (st == DVT_OK)
        st = dvt_tape_create(ctx, 1, &tape);
    if (st == DVT_OK)
        st = train(tape, &m, optim, stopper, &known);
    if (st == DVT_OK)
        st = evaluate(tape, &m, &unseen, 0, TEST, &loss, &right);
    if (st == DVT_OK)
        printf("%lld parameters; more than 4 of 5 unseen digits right: %s\n",
               (long long)dvt_params_elements(m.ps), right > 4 * TEST / 5 ? "yes" : "no");
    else
        fprintf(stderr, "error: %s\n", dvt_ctx_error(ctx)->message);
    fprintf(stderr, "right: %d of %d, loss %.3f\n", right, TEST, loss);
    dvt_tape_destroy(tape);
    dvt_stopper_destroy(stopper);
    dvt_optim_destroy(optim);
    dvt_params_destroy(m.ps);
    dvt_ctx_destroy(ctx);
    return st == DVT_OK ? 0 : dvt_status_exit_code(st);
}
