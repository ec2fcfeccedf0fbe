/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gcn_train.c - training of the networks of gcn.h.
 *
 * Published  (FACTS of the reference code; docs/predict.md lists what differs)
 *            COST: L1 sum, AdamW 4e-4, decay 5e-4, 250 epochs, halve the rate on a plateau of the
 *            validation error (patience 10), stop after 35 epochs without improvement from epoch 20
 *            on, dropout 0.002. RANK: AdamW 3.5e-4, cosine, dropout 0.2, squared error, batch 50.
 * Relations  all ordered pairs of a few networks drawn together make a step: each network is
 *            embedded once for all its pairs. An epoch has as many steps as cover the training
 *            set's pairs once on average. Loss: KL divergence of the head's softmax to the softmax
 *            of the two standardised accuracies.
 * Transfer   parameters of the graph layers are copied, the last layer is trained alone for 50
 *            epochs, then all.
 * Validation is looked at after each epoch for plateau and stopping, never trained on; without a
 *            validation part all epochs run. The test part is out of reach (predictor.c).
 * Tests      tests/unit/test_predictor.c
 */
#include <math.h>
#include <string.h>

#include "dovetail/losses.h"
#include "dovetail/optim.h"
#include "predict/gcn.h"

enum { TRANSFER_EPOCHS = 50, PATIENCE = 10, STOP_AFTER = 35, STOP_FROM = 20, RELATION_NETS = 12 };

typedef struct settings {
    double   rate, decay, dropout;
    uint32_t epochs, batch;
    bool     cosine;
} settings;

static settings settings_of(const dvti_gcn *g, const dvti_gcn_training *t)
{
    settings s =
        t->goal == DVT_GOAL_COST
            ? (settings){.rate = 4e-4, .decay = 5e-4, .dropout = 0.002, .epochs = 250, .batch = 32}
            : (settings){.rate = 3.5e-4,
                         .decay = 5e-4,
                         .dropout = 0.2,
                         .epochs = 250,
                         .batch = 50,
                         .cosine = true};

    if (g->shape.head != DVTI_HEAD_VALUE) {
        s.batch = RELATION_NETS;
        s.epochs = 60;
    }
    s.epochs = t->epochs ? t->epochs : s.epochs;
    s.batch = t->batch ? t->batch : s.batch;
    return s;
}

/* A training under way. Rows: networks of train and valid, in the order of the split. */
typedef struct work {
    dvt_ctx         *ctx;
    dvti_gcn        *g;
    settings         s;
    dvt_graph_set   *set;
    dvt_graph_batch *batch;
    dvt_tape        *tape;
    dvt_optim       *optim;
    dvt_stopper     *stopper;
    int64_t          rows, train, inputs;
    float           *y; /* (rows) standardised by the training part */
    float           *x; /* (rows, inputs) of the dense network */
    float           *batch_x, *batch_y;
    int32_t         *order; /* (rows) */
    uint64_t         step;
} work;

/* ---- preparation --------------------------------------------------------------------------- */

static void standardise(work *w, const double *y)
{
    double sum = 0, squares = 0;

    for (int64_t i = 0; i < w->train; i++) {
        sum += y[i];
    }
    w->g->level[0] = sum / (double)w->train;
    for (int64_t i = 0; i < w->train; i++) {
        squares += (y[i] - w->g->level[0]) * (y[i] - w->g->level[0]);
    }
    w->g->level[1] = squares > 0 ? sqrt(squares / (double)w->train) : 1;
    for (int64_t i = 0; i < w->rows; i++) {
        w->y[i] = (float)((y[i] - w->g->level[0]) / w->g->level[1]);
    }
}

static dvt_status encode_dense(work *w, const dvt_nets *nets, const int64_t *index)
{
    w->x = dvt_alloc(w->ctx, (size_t)(w->rows * w->inputs) * sizeof *w->x);
    w->batch_x = dvt_alloc(w->ctx, (size_t)(w->rows * w->inputs) * sizeof *w->batch_x);
    if (!w->x || !w->batch_x) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < w->rows; i++) {
        const dvt_net net = dvt_nets_at(nets, index[i]);
        dvti_dense_row(&net, &w->g->shape, w->x + i * w->inputs);
    }
    return DVT_OK;
}

static dvt_status prepare(work *w, const dvt_nets *nets, const int64_t *index, uint64_t seed)
{
    const dvt_optim_opts adamw = {.kind = DVT_OPTIM_ADAMW, .decay = w->s.decay};
    dvt_status           st;

    w->y = dvt_alloc(w->ctx, (size_t)w->rows * sizeof *w->y);
    w->batch_y = dvt_alloc(w->ctx, (size_t)w->rows * sizeof *w->batch_y);
    w->order = dvt_alloc(w->ctx, (size_t)w->rows * sizeof *w->order);
    if (!w->y || !w->batch_y || !w->order) {
        return DVT_E_NOMEM;
    }
    for (int64_t i = 0; i < w->rows; i++) {
        w->order[i] = (int32_t)i;
    }
    if (w->g->shape.dense) {
        st = encode_dense(w, nets, index);
    } else {
        /* dropout falls on shared nodes alike: harmless at 0.002, not at 0.2 */
        const bool share = w->s.dropout < 0.01;
        st = dvti_gcn_graphs(w->ctx, nets, &w->g->shape, index, 0, w->rows, &w->set);
        st = st == DVT_OK ? dvt_graph_batch_create(w->ctx, w->set, DVTI_GCN_LAYERS,
                                                   DVT_READOUT_FIRST, share, &w->batch)
                          : st;
    }
    st = st == DVT_OK ? dvt_tape_create(w->ctx, seed, &w->tape) : st;
    st = st == DVT_OK ? dvt_optim_create(w->ctx, w->g->params, &adamw, &w->optim) : st;
    return st == DVT_OK
               ? dvt_stopper_create(w->ctx, w->g->params, STOP_AFTER, STOP_FROM, &w->stopper)
               : st;
}

static void release(work *w)
{
    dvt_stopper_destroy(w->stopper);
    dvt_optim_destroy(w->optim);
    dvt_tape_destroy(w->tape);
    dvt_graph_batch_destroy(w->batch);
    dvt_graph_set_destroy(w->set);
    dvt_free(w->ctx, w->order);
    dvt_free(w->ctx, w->batch_y);
    dvt_free(w->ctx, w->batch_x);
    dvt_free(w->ctx, w->x);
    dvt_free(w->ctx, w->y);
}

/* ---- steps --------------------------------------------------------------------------------- */

/* The head's numbers of rows order[at .. at + n); their targets in w->batch_y. */
static dvt_status forward(work *w, int64_t at, int64_t n, int flags, dvt_var *out)
{
    dvt_status st = DVT_OK;

    for (int64_t i = 0; i < n; i++) {
        w->batch_y[i] = w->y[w->order[at + i]];
        if (w->x) {
            memcpy(w->batch_x + i * w->inputs, w->x + w->order[at + i] * w->inputs,
                   (size_t)w->inputs * sizeof *w->x);
        }
    }
    if (!w->x) {
        st = dvt_graph_batch_fill(w->batch, w->order + at, n);
    }
    if (st == DVT_OK) {
        dvt_tape_begin(w->tape, flags, w->step);
        *out = dvti_gcn_head(w->tape, w->g,
                             dvti_gcn_embed(w->tape, w->g, w->batch, w->batch_x, n, w->s.dropout));
        st = dvt_tape_status(w->tape);
    }
    return st;
}

/* KL(target || head) over all ordered pairs of n networks with head numbers y. */
static dvt_var relation_loss(work *w, dvt_var y, int64_t n, int32_t *first, int32_t *second,
                             float *target)
{
    dvt_tape *t = w->tape;
    int64_t   pairs = 0;
    dvt_var   logits;

    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            if (i != j) {
                const double p = 1 / (1 + exp((double)w->batch_y[j] - (double)w->batch_y[i]));
                first[pairs] = (int32_t)i;
                second[pairs] = (int32_t)j;
                target[2 * pairs] = (float)p;
                target[2 * pairs + 1] = (float)(1 - p);
                pairs++;
            }
        }
    }
    const dvt_var a = dvt_tape_gather(t, y, first, pairs), b = dvt_tape_gather(t, y, second, pairs);
    if (w->g->shape.head == DVTI_HEAD_RELATION) { /* columns 0, 1 in first place, 2, 3 in second */
        logits = dvt_tape_add(t, dvt_tape_slice(t, a, 1, 0, 2), dvt_tape_slice(t, b, 1, 2, 4));
    } else { /* the difference of scores against nothing */
        const dvt_var parts[] = {dvt_tape_sub(t, a, b), dvt_tape_affine(t, a, 0, 0)};
        logits = dvt_tape_concat(t, parts, 2, 1);
    }
    /* the entropy of the target is a constant: cross-entropy has the gradient of the divergence */
    const dvt_var like = dvt_tape_mul(t, dvt_tape_log_softmax(t, logits),
                                      dvt_tape_input(t, DVT_SHAPE(pairs, 2), target));
    return dvt_tape_affine(t, dvt_tape_sum(t, like, 0, 2), -1.0 / (double)pairs, 0);
}

/* memory: (n n) of first, second, and twice that of targets */
static dvt_status train_step(work *w, int64_t at, int64_t n, double rate, bool rank_loss,
                             int32_t *memory)
{
    dvt_var    y = DVT_NO_VAR, loss;
    dvt_status st = forward(w, at, n, DVT_TAPE_TRAIN, &y);

    if (st != DVT_OK) {
        return st;
    }
    if (w->g->shape.head != DVTI_HEAD_VALUE) {
        loss = relation_loss(w, y, n, memory, memory + n * n, (float *)(memory + 2 * n * n));
    } else if (rank_loss) {
        loss = dvt_tape_loss_l2(w->tape, y, w->batch_y, DVT_LOSS_MEAN);
    } else {
        loss = dvt_tape_loss_l1(w->tape, y, w->batch_y, DVT_LOSS_SUM);
    }
    st = dvt_tape_backward(w->tape, loss);
    w->step++;
    return st == DVT_OK ? dvt_optim_step(w->optim, w->g->params, rate) : st;
}

static void shuffle(int32_t *order, int64_t n, dvt_rng *rng)
{
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)dvt_rng_below(rng, (uint64_t)i + 1);
        const int32_t t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
}

/* Mean absolute error of the validation part; of relations the share of pairs in wrong order. */
static dvt_status validate(work *w, double *error)
{
    const int64_t n = w->rows - w->train;
    int64_t       wrong = 0, pairs = 0;
    dvt_var       y = DVT_NO_VAR;
    dvt_status    st = forward(w, w->train, n, DVT_TAPE_INFER, &y);
    const float  *v = dvt_tape_value(w->tape, y);
    double        sum = 0;

    *error = 0;
    if (st != DVT_OK || !v) {
        return st;
    }
    for (int64_t i = 0; i < n; i++) {
        sum += fabs((double)v[i] - (double)w->batch_y[i]);
        for (int64_t j = 0; j < i && w->g->shape.head != DVTI_HEAD_VALUE; j++) {
            const float d = w->g->shape.head == DVTI_HEAD_SCORE
                                ? v[i] - v[j]
                                : v[4 * i] + v[4 * j + 2] - v[4 * i + 1] - v[4 * j + 3];
            wrong += (d > 0) != (w->batch_y[i] > w->batch_y[j]);
            pairs++;
        }
    }
    *error = pairs ? (double)wrong / (double)pairs : sum / (double)n;
    return DVT_OK;
}

/* ---- epochs -------------------------------------------------------------------------------- */

/* Steps of one epoch and where each begins: batches of a shuffled order, or random handfuls. */
static dvt_status one_epoch(work *w, double rate, bool rank_loss, dvt_rng *rng, int32_t *memory)
{
    const int64_t batch = w->s.batch < w->train ? w->s.batch : w->train;
    dvt_status    st = DVT_OK;

    if (w->g->shape.head == DVTI_HEAD_VALUE) {
        shuffle(w->order, w->train, rng);
        for (int64_t at = 0; st == DVT_OK && at < w->train; at += batch) {
            st = train_step(w, at, w->train - at < batch ? w->train - at : batch, rate, rank_loss,
                            memory);
        }
        return st;
    }
    const int64_t steps = w->train * (w->train - 1) / (batch * (batch - 1)) + 1;
    for (int64_t i = 0; st == DVT_OK && i < steps; i++) {
        const int64_t at = i % (w->train / batch) * batch;
        if (at == 0) {
            shuffle(w->order, w->train, rng);
        }
        st = train_step(w, at, batch, rate, rank_loss, memory);
    }
    return st;
}

static dvt_status epochs(work *w, uint32_t count, bool rank_loss, dvt_rng *rng, int32_t *memory)
{
    const bool  valid = w->rows > w->train;
    dvt_plateau plateau = dvt_plateau_make(w->s.rate, 0.5, PATIENCE);
    double      rate = w->s.rate, error;
    uint32_t    done = 0;
    dvt_status  st = DVT_OK;

    for (uint32_t e = 0; st == DVT_OK && e < count; e++) {
        done = e + 1;
        if (w->s.cosine) {
            rate = dvt_rate_cosine(w->s.rate, 0, e, count);
        }
        st = dvt_progress(w->ctx, "training", e, count, "epochs");
        st = st == DVT_OK ? one_epoch(w, rate, rank_loss, rng, memory) : st;
        if (st == DVT_OK && valid) {
            st = validate(w, &error);
            if (!w->s.cosine) {
                rate = dvt_plateau_update(&plateau, error);
            }
            if (st == DVT_OK && dvt_stopper_update(w->stopper, w->g->params, error)) {
                break;
            }
        }
    }
    if (st == DVT_OK && valid) {
        dvt_stopper_restore(w->stopper, w->g->params);
        dvt_log(w->ctx, DVT_LOG_INFO, "predict", "%u epochs, the best was number %llu (error %.4g)",
                (unsigned)done, (unsigned long long)dvt_stopper_best_call(w->stopper),
                dvt_stopper_best(w->stopper));
    }
    return st;
}

static bool is_head(const dvti_gcn *g, int32_t id)
{
    return id == g->head.id || id == g->head_bias.id;
}

static void freeze(dvti_gcn *g, bool frozen)
{
    for (int32_t i = 0; i < dvt_params_count(g->params); i++) {
        if (!is_head(g, i)) {
            dvt_params_set_frozen(g->params, (dvt_param){i}, frozen);
        }
    }
}

static dvt_status take_over(dvti_gcn *g, const dvti_gcn *from)
{
    for (int32_t i = 0; i < dvt_params_count(g->params); i++) {
        const dvt_param p = {i};
        if (!is_head(g, i)) {
            memcpy(dvt_params_value(g->params, p), dvt_params_value(from->params, p),
                   (size_t)dvt_shape_count(dvt_params_shape(g->params, p)) * sizeof(float));
        }
    }
    return DVT_OK;
}

static dvt_status train_with(work *w, const dvti_gcn_training *t)
{
    const size_t batch = w->s.batch < w->train ? w->s.batch : (size_t)w->train;
    const bool   relation = w->g->shape.head != DVTI_HEAD_VALUE;
    int32_t     *memory = dvt_alloc(w->ctx, (relation ? 4 * batch * batch : 1) * sizeof *memory);
    dvt_rng      rng = dvt_rng_make(t->seed, 0x6c7);
    dvt_status   st = memory ? DVT_OK : DVT_E_NOMEM;

    if (st == DVT_OK && t->from) {
        st = take_over(w->g, t->from);
        freeze(w->g, true);
        st = st == DVT_OK ? epochs(w, TRANSFER_EPOCHS, t->goal == DVT_GOAL_RANK, &rng, memory) : st;
        freeze(w->g, false);
        dvt_optim_reset(w->optim);
    }
    st = st == DVT_OK ? epochs(w, w->s.epochs, t->goal == DVT_GOAL_RANK, &rng, memory) : st;
    dvt_free(w->ctx, memory);
    return st;
}

dvt_status dvti_gcn_train(dvti_gcn *g, const dvti_gcn_training *t)
{
    work       w = {.ctx = g->ctx, .g = g, .s = settings_of(g, t)};
    dvt_status st;

    w.train = t->split->train;
    w.rows = w.train + t->split->valid;
    w.inputs = dvti_dense_inputs(&g->shape);
    if (g->shape.head != DVTI_HEAD_VALUE && w.train < 2) {
        return dvt_fail(g->ctx, DVT_E_USAGE, NULL, "relations need two training networks");
    }
    st = prepare(&w, t->nets, t->split->order, t->seed);
    if (st == DVT_OK) {
        standardise(&w, t->y);
        st = train_with(&w, t);
    }
    release(&w);
    return st;
}
