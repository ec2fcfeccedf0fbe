/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_learn.c - trains the reference latency network of BRP-NAS, an epoch at a time, or scores
 * with it; a worker of bench_learn.py (bench/common.py says how they talk).
 *
 * Usage     worker_learn train|tied|score SAMPLES WIDTH THREADS
 *             train   an epoch in batches of 32: graphs of 9 nodes, 4 layers, layer norm, ReLU,
 *                     dropout 0.002, read-out of the global node, L1, AdamW
 *             tied    the same with nodes of equal context in one row (and one dropout mask)
 *             score   one pass over all graphs without gradients, equal contexts in one row
 * Data      from the generator below, which worker_learn_torch.py repeats.
 * Check     the sum of absolute errors of the first epoch of a training without dropout.
 */
#include "dovetail/learn.h"
#include "dovetail/losses.h"
#include "dovetail/optim.h"
#include "report.h"

enum { NODES = 9, LABELS = 6, LAYERS = 4, BATCH = 32, SCORE_BATCH = 4096 };

typedef struct work {
    dvt_ctx         *ctx;
    dvt_graph_set   *set;
    dvt_graph_batch *batch;
    dvt_params      *ps;
    dvt_optim       *optim;
    dvt_tape        *tape;
    dvt_param        w[LAYERS], bias[LAYERS], gain[LAYERS], shift[LAYERS], head, head_bias;
    int32_t          samples, width;
    float           *target;
    int32_t         *order;
    uint64_t         step;
    double           dropout;
    bool             score;
} work;

/* A linear congruential generator (Knuth's MMIX constants); uniform in [0, 1). */
static double draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 40) * 0x1p-24;
}

static dvt_status make_graphs(work *k)
{
    uint64_t   state = 1;
    dvt_status st = dvt_graph_set_create(k->ctx, LABELS, &k->set);

    for (int32_t g = 0; st == DVT_OK && g < k->samples; g++) {
        float   a[NODES * NODES] = {0};
        int32_t label[NODES];
        for (int i = 0; i < NODES; i++) {
            label[i] = i == 0 ? 0 : 1 + (int32_t)(draw(&state) * (LABELS - 1));
            for (int j = i; j < NODES; j++)
                a[i * NODES + j] = i == 0 || i == j || draw(&state) < 0.3 ? 1.0f : 0.0f;
        }
        st = dvt_graph_set_add(k->set, NODES, label, a, false);
        k->target[g] = (float)draw(&state);
        k->order[g] = g;
    }
    return st;
}

static dvt_status add(work *k, const char *name, int32_t layer, dvt_shape shape, double a,
                      uint64_t *state, dvt_param *out)
{
    char       full[32];
    dvt_status st;

    snprintf(full, sizeof full, "%s%d", name, layer);
    st = dvt_params_add(k->ps, full, shape, (dvt_init){DVT_INIT_CONSTANT, a < 0 ? 0 : 1}, out);
    for (int64_t i = 0; st == DVT_OK && a > 0 && i < dvt_shape_count(&shape); i++)
        dvt_params_value(k->ps, *out)[i] = (float)(a * (2 * draw(state) - 1));
    return st;
}

static dvt_status make_model(work *k)
{
    uint64_t   state = 2;
    double     bound = 1 / sqrt(k->width);
    dvt_status st = dvt_params_create(k->ctx, 1, &k->ps);

    for (int32_t i = 0; st == DVT_OK && i < LAYERS; i++) {
        dvt_shape w = i == 0 ? DVT_SHAPE(LABELS, k->width) : DVT_SHAPE(k->width, k->width);
        st = add(k, "w", i, w, bound, &state, &k->w[i]);
        if (st == DVT_OK)
            st = add(k, "bias", i, DVT_SHAPE(k->width), -1, &state, &k->bias[i]);
        if (st == DVT_OK)
            st = add(k, "gain", i, DVT_SHAPE(k->width), 0, &state, &k->gain[i]);
        if (st == DVT_OK)
            st = add(k, "shift", i, DVT_SHAPE(k->width), -1, &state, &k->shift[i]);
    }
    if (st == DVT_OK)
        st = add(k, "head", 0, DVT_SHAPE(1, k->width), bound, &state, &k->head);
    if (st == DVT_OK)
        st = add(k, "head_bias", 0, DVT_SHAPE(1), -1, &state, &k->head_bias);
    return st;
}

static dvt_var layer(work *k, int32_t i, dvt_var x, const dvt_csr *m)
{
    dvt_tape *t = k->tape;

    return dvt_tape_block(t, x, &(dvt_block){.m = m,
                                             .bias = dvt_tape_param(t, k->ps, k->bias[i]),
                                             .gain = dvt_tape_param(t, k->ps, k->gain[i]),
                                             .shift = dvt_tape_param(t, k->ps, k->shift[i]),
                                             .norm = true,
                                             .relu = true,
                                             .dropout = k->dropout});
}

static dvt_var forward(work *k)
{
    dvt_tape *t = k->tape;
    dvt_var   w0 = dvt_tape_param(t, k->ps, k->w[0]);
    dvt_var   h = layer(k, 0, w0, dvt_graph_batch_layer(k->batch, 0));

    for (int32_t i = 1; i < LAYERS; i++) {
        const dvt_csr *m = dvt_graph_batch_layer(k->batch, i);
        dvt_var        w = dvt_tape_param(t, k->ps, k->w[i]);
        if (m->rows < m->cols) /* fewer rows to multiply if the sums come first */
            h = layer(k, i, dvt_tape_linear(t, dvt_tape_aggregate(t, m, h), w, DVT_NO_VAR), NULL);
        else
            h = layer(k, i, dvt_tape_linear(t, h, w, DVT_NO_VAR), m);
    }
    return dvt_tape_linear(t, h, dvt_tape_param(t, k->ps, k->head),
                           dvt_tape_param(t, k->ps, k->head_bias));
}

static dvt_status step(work *k, int32_t first, int32_t count, double *loss)
{
    dvt_status st = dvt_graph_batch_fill(k->batch, k->order + first, count);

    if (st != DVT_OK)
        return st;
    dvt_tape_begin(k->tape, k->score ? DVT_TAPE_INFER : DVT_TAPE_TRAIN, k->step++);
    dvt_var l = dvt_tape_loss_l1(k->tape, forward(k), k->target + first, DVT_LOSS_SUM);
    st = k->score ? dvt_tape_status(k->tape) : dvt_tape_backward(k->tape, l);
    if (st == DVT_OK)
        *loss += (double)dvt_tape_value(k->tape, l)[0];
    return st == DVT_OK && !k->score ? dvt_optim_step(k->optim, k->ps, 4e-4) : st;
}

static dvt_status epoch(work *k, double *loss)
{
    int32_t    size = k->score ? SCORE_BATCH : BATCH;
    dvt_status st = DVT_OK;

    *loss = 0;
    for (int32_t at = 0; st == DVT_OK && at < k->samples; at += size)
        st = step(k, at, k->samples - at < size ? k->samples - at : size, loss);
    return st;
}

static dvt_status prepare(work *k, const char *mode, const char *const *argv)
{
    dvt_optim_opts adamw = {.kind = DVT_OPTIM_ADAMW, .decay = 5e-4};
    dvt_status     st;

    k->score = strcmp(mode, "score") == 0;
    k->samples = (int32_t)strtol(argv[0], NULL, 10);
    k->width = (int32_t)strtol(argv[1], NULL, 10);
    k->ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = (uint32_t)strtoul(argv[2], NULL, 10)});
    k->target = dvt_calloc(k->ctx, (size_t)k->samples, sizeof *k->target);
    k->order = dvt_calloc(k->ctx, (size_t)k->samples, sizeof *k->order);
    st = k->target && k->order ? make_graphs(k) : DVT_E_NOMEM;
    if (st == DVT_OK)
        st = dvt_graph_batch_create(k->ctx, k->set, LAYERS, DVT_READOUT_FIRST,
                                    strcmp(mode, "train") != 0, &k->batch);
    if (st == DVT_OK)
        st = make_model(k);
    if (st == DVT_OK)
        st = dvt_optim_create(k->ctx, k->ps, &adamw, &k->optim);
    if (st == DVT_OK)
        st = dvt_tape_create(k->ctx, 1, &k->tape);
    return st;
}

static dvt_status answer(work *k, long count)
{
    dvt_status st = DVT_OK;
    char       wall[4096] = "", cpu[4096] = "";
    size_t     a = 0, b = 0;

    for (long i = 0; st == DVT_OK && i < count && i < 200; i++) {
        double loss, wall_at = report_clock(CLOCK_MONOTONIC);
        double cpu_at = report_clock(CLOCK_PROCESS_CPUTIME_ID);
        st = epoch(k, &loss);
        cpu_at = report_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_at;
        wall_at = report_clock(CLOCK_MONOTONIC) - wall_at;
        a += (size_t)snprintf(wall + a, sizeof wall - a, "%s%.6f", i ? ", " : "", wall_at);
        b += (size_t)snprintf(cpu + b, sizeof cpu - b, "%s%.6f", i ? ", " : "", cpu_at);
    }
    printf("{\"wall\": [%s], \"cpu\": [%s]}\n", wall, cpu);
    fflush(stdout);
    return st;
}

int main(int argc, char **argv)
{
    work       k = {.dropout = 0};
    char       line[64];
    double     check = 0;
    dvt_status st = DVT_E_USAGE;

    if (argc == 5)
        st = prepare(&k, argv[1], (const char *const *)argv + 2);
    if (st == DVT_OK)
        st = epoch(&k, &check);
    if (st == DVT_OK)
        printf("{\"engine\": \"dovetail\", \"check\": %.9g}\n", check);
    else
        printf("{\"error\": \"%s\"}\n", k.ctx ? dvt_ctx_error(k.ctx)->message : "wrong arguments");
    fflush(stdout);
    k.dropout = 0.002;
    while (st == DVT_OK && fgets(line, sizeof line, stdin))
        st = answer(&k, strtol(line, NULL, 10));
    if (!k.ctx)
        return 2;
    dvt_tape_destroy(k.tape);
    dvt_optim_destroy(k.optim);
    dvt_params_destroy(k.ps);
    dvt_graph_batch_destroy(k.batch);
    dvt_graph_set_destroy(k.set);
    dvt_free(k.ctx, k.target);
    dvt_free(k.ctx, k.order);
    dvt_ctx_destroy(k.ctx);
    return st == DVT_OK ? 0 : 1;
}
