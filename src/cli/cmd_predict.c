/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_predict.c - `dovetail predict`: latency and accuracy of networks from few measurements.
 */
#include <string.h>
#include <time.h>

#include "cli/predict_cli.h"

#define MODELS "best|brp-gcn|brp-binary|brp-score|mlp|ridge|layerwise|flops|params"

static const dvt_option predict_options[] = {
    CLI_COMMON_OPTIONS(cli_predict_opts),
    {DVT_OPTION_STRING(cli_predict_opts, table, NULL, "KIND:FILE",
                       "measured networks: a published file or a cache (dovetail data import)"),
     .required = true},
    {DVT_OPTION_STRING(cli_predict_opts, target, NULL, "COLUMN",
                       "what is predicted; default: the table's only measurement")},
    {DVT_OPTION_ENUM(cli_predict_opts, goal, 0, "auto|cost|rank",
                     "relative errors or the order count; auto: the order of accuracies")},
    {DVT_OPTION_ENUM(cli_predict_opts, model, 0, MODELS, "what learns")},
    {DVT_OPTION_U64(cli_predict_opts, train, 900, 1, 1 << 24, "networks", "for training")},
    {DVT_OPTION_U64(cli_predict_opts, valid, 100, 0, 1 << 24, "networks",
                    "for validation: stopping and choices, never for training")},
    {DVT_OPTION_U64(cli_predict_opts, seed, 1, 0, INT64_MAX, "", "random seed, the first of them")},
    {DVT_OPTION_U32(cli_predict_opts, seeds, 1, 1, 1000, "", "so many, each with its own split")},
    {DVT_OPTION_U32(cli_predict_opts, epochs, 0, 0, 100000, "", "neural models; 0 = as published")},
    {DVT_OPTION_U32(cli_predict_opts, batch, 0, 0, 65536, "networks", "a step; 0 = the model's")},
    {DVT_OPTION_U32(cli_predict_opts, width, 0, 0, 8192, "", "neural models; 0 = as published")},
    {DVT_OPTION_U32(cli_predict_opts, warm_up, 0, 0, 100000, "epochs",
                    "neural models first learn MACs or parameters of unmeasured networks")},
    {DVT_OPTION_STRING(cli_predict_opts, from, NULL, "PREDICTOR",
                       "neural models begin from the graph layers of another")},
    {DVT_OPTION_U64(cli_predict_opts, number, 10, 1, 1 << 24, "networks",
                    "that 'rank' prints, 'select' measures in a round, 'zero-cost' scores")},
    {DVT_OPTION_U32(cli_predict_opts, rounds, 5, 1, 1000, "", "of 'select'")},
    {DVT_OPTION_ENUM(cli_predict_opts, choice, 0, "iterative|random", "of 'select'")},
    {DVT_OPTION_STRING(cli_predict_opts, output, NULL, "PREDICTOR", "where 'train' writes"),
     .short_name = 'o', .unrecorded = true},
};
static const dvt_option_set predict_set = {
    .name = "predict",
    .options = predict_options,
    .count = sizeof predict_options / sizeof predict_options[0],
    .positionals = "ACTION [PREDICTOR]",
    .positional_min = 1,
    .positional_max = 2,
};

double cli_predict_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- training and testing ------------------------------------------------------------------ */

/* Figures of a predictor on networks index[0..n). */
static dvt_status test(const cli_run *r, const cli_measured *m, const dvt_predictor *p,
                       const int64_t *index, int64_t n, cli_seed_figures *out)
{
    double    *predicted = dvt_alloc(r->ctx, 2 * (size_t)(n + 1) * sizeof *predicted);
    dvt_status st = predicted ? DVT_OK : DVT_E_NOMEM;
    double     at = cli_predict_now();

    st = st == DVT_OK ? dvt_predictor_run(r->ctx, p, m->nets, index, n, predicted) : st;
    out->run_s = cli_predict_now() - at;
    for (int64_t i = 0; st == DVT_OK && i < n; i++) {
        predicted[n + i] = m->value[index[i]];
    }
    st = st == DVT_OK ? dvt_figures_of(r->ctx, predicted, predicted + n, n, &out->figures) : st;
    dvt_free(r->ctx, predicted);
    return st;
}

/* Trains by one seed and tests on what the split leaves over. */
static dvt_status one_seed(const cli_run *r, const cli_measured *m, const dvt_predictor *from,
                           uint64_t seed, cli_seed_figures *out, dvt_predictor **p)
{
    const cli_predict_opts *o = r->values;
    const dvt_predict_opts  opts = {.model = (dvt_predict_model)o->model,
                                    .goal = m->goal,
                                    .seed = seed,
                                    .epochs = o->epochs,
                                    .batch = o->batch,
                                    .width = o->width,
                                    .from = from,
                                    .warm_up = o->warm_up};
    dvt_split               split;
    dvt_status              st =
        dvt_split_make(r->ctx, m->count, (int64_t)o->train, (int64_t)o->valid, seed, &split);

    *p = NULL;
    *out = (cli_seed_figures){.seed = seed};
    if (st != DVT_OK) {
        return st;
    }
    double at = cli_predict_now();
    st = dvt_predictor_train(r->ctx, m->nets, m->value, &split, &opts, p);
    out->train_s = cli_predict_now() - at;
    if (st == DVT_OK) {
        const int64_t skip = split.train + split.valid;
        st = test(r, m, *p, split.order + skip, split.count - skip, out);
    }
    if (st == DVT_OK) {
        dvt_predictor_set_figures(*p, cli_measured_target(m), &out->figures);
    }
    dvt_split_deinit(r->ctx, &split);
    return st;
}

void cli_predict_show(const cli_run *r, const cli_measured *m, const cli_seed_figures *f,
                      uint32_t count, const char *training_hash)
{
    if (r->common->json) {
        cli_predict_json(r, m, f, count, training_hash);
    } else {
        cli_predict_print(r, m, f, count, training_hash);
    }
}

static dvt_status train(cli_run *r, const cli_measured *m, bool keep)
{
    const cli_predict_opts *o = r->values;
    dvt_predictor          *from = NULL, *p = NULL;
    cli_seed_figures       *f = dvt_calloc(r->ctx, o->seeds, sizeof *f);
    dvt_status              st = f ? DVT_OK : DVT_E_NOMEM;

    if (st == DVT_OK && o->from) {
        st = dvt_predictor_load(r->ctx, o->from, &from);
    }
    for (uint32_t i = 0; st == DVT_OK && i < o->seeds; i++) {
        st = one_seed(r, m, from, o->seed + i, &f[i], &p);
        if (st == DVT_OK && keep) {
            st = dvt_predictor_save(r->ctx, p, o->output);
        }
        dvt_predictor_destroy(p);
        p = NULL;
    }
    if (st == DVT_OK) {
        cli_predict_show(r, m, f, o->seeds, NULL);
    }
    dvt_predictor_destroy(from);
    dvt_free(r->ctx, f);
    return st;
}

/* ---- a saved predictor --------------------------------------------------------------------- */

/* The networks that the predictor has not seen: the rest of its split where the table is the one it
 * was trained on, else all. */
static dvt_status unseen(const cli_run *r, const cli_measured *m, const dvt_predictor *p,
                         dvt_split *split, int64_t *skip)
{
    const dvt_predictor_about *a = dvt_predictor_about_of(p);
    char                       hash[DVT_SHA256_HEX];
    dvt_status                 st;

    *skip = 0;
    if (a->train + a->valid < m->count) {
        st = dvt_split_make(r->ctx, m->count, a->train, a->valid, a->seed, split);
        st = st == DVT_OK ? dvt_training_hash(r->ctx, m->nets, m->value, split, a->goal, hash) : st;
        *skip = st == DVT_OK && strcmp(hash, a->training_hash) == 0 ? a->train + a->valid : 0;
        return st;
    }
    split->order = dvt_alloc(r->ctx, (size_t)m->count * sizeof *split->order);
    for (int64_t i = 0; split->order && i < m->count; i++) {
        split->order[i] = i;
    }
    split->count = m->count;
    return split->order ? DVT_OK : DVT_E_NOMEM;
}

static dvt_status eval_file(cli_run *r, const cli_measured *m, const dvt_predictor *p)
{
    cli_seed_figures f = {.seed = dvt_predictor_about_of(p)->seed};
    dvt_split        split = {0};
    int64_t          skip;
    dvt_status       st = unseen(r, m, p, &split, &skip);

    st = st == DVT_OK ? test(r, m, p, split.order + skip, split.count - skip, &f) : st;
    if (st == DVT_OK) {
        cli_predict_show(r, m, &f, 1, dvt_predictor_about_of(p)->training_hash);
    }
    dvt_split_deinit(r->ctx, &split);
    return st;
}

/* ---- command ------------------------------------------------------------------------------- */

enum { TRAIN, EVAL, RANK, TRANSFER, SELECT, ZERO_COST, ACTIONS };

static dvt_status find_action(const cli_run *r, int *out)
{
    static const char *const actions[ACTIONS] = {"train",    "eval",   "rank",
                                                 "transfer", "select", "zero-cost"};
    const cli_predict_opts  *o = r->values;
    const char              *action = r->parsed->positionals.items[0];
    const size_t             more = r->parsed->positionals.count - 1;

    for (*out = 0; *out < ACTIONS && strcmp(action, actions[*out]) != 0;) {
        ++*out;
    }
    if (*out == ACTIONS) {
        const char *near = dvt_nearest(action, actions, ACTIONS);
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "predict has no action '%s'", action);
        dvt_fail_hint(r->ctx,
                      "%s%s%sthe actions are train, eval, rank, transfer, select and zero-cost",
                      near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
    } else if (*out == TRAIN && (more || !o->output || o->seeds > 1)) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "predict train needs -o PREDICTOR and one seed");
        dvt_fail_hint(r->ctx, "'predict eval' gives figures of several seeds and keeps nothing");
    } else if (*out == RANK && !more) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "predict rank needs a PREDICTOR");
        dvt_fail_hint(r->ctx, "'predict train -o PREDICTOR' makes one");
    } else if (*out >= TRANSFER && more) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "predict %s takes no PREDICTOR", action);
        dvt_fail_hint(r->ctx, "it learns from the table alone");
    } else if (*out != TRAIN && o->output) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "-o belongs to predict train");
        dvt_fail_hint(r->ctx, "the result goes to standard output");
    } else {
        return DVT_OK;
    }
    return DVT_E_USAGE;
}

static dvt_status run(cli_run *r)
{
    const dvt_text_list *words = &r->parsed->positionals;
    dvt_predictor       *p = NULL;
    cli_measured         m = {0};
    int                  action;
    dvt_status           st = find_action(r, &action);

    if (st == DVT_OK && words->count > 1) {
        st = dvt_predictor_load(r->ctx, words->items[1], &p);
    }
    st = st == DVT_OK ? cli_measured_load(r, &m) : st;
    if (st == DVT_OK) {
        st = action == TRANSFER    ? cli_predict_transfer(r, &m)
             : action == SELECT    ? cli_predict_select(r, &m)
             : action == ZERO_COST ? cli_predict_zero_cost(r, &m)
             : !p                  ? train(r, &m, action == TRAIN)
             : action == EVAL      ? eval_file(r, &m, p)
                                   : cli_predict_rank(r, &m, p);
    }
    cli_measured_deinit(r, &m);
    dvt_predictor_destroy(p);
    return st;
}

const cli_command cli_predict = {
    .name = "predict",
    .summary = "latency and accuracy of networks from few measured ones",
    .description =
        "train       learns from a random part of a table, tests on what is left, writes the\n"
        "            predictor to -o\n"
        "eval        the figures of a model over --seeds splits; with a PREDICTOR its figures on\n"
        "            what it was not trained on\n"
        "rank        the networks of a table in the order that a PREDICTOR gives them, best first\n"
        "transfer    a device from few samples (--train 10) and the table's other devices\n"
        "select      figures after each of --rounds rounds of --number networks, which the model\n"
        "            itself chooses (--choice iterative) or chance does\n"
        "zero-cost   rank correlation of metrics of --number untrained networks with the column\n"
        "\n"
        "Training, validation and test parts are disjoint; nothing but figures looks at the test\n"
        "part. docs/predict.md describes the models and their figures.",
    .examples =
        "dovetail predict eval --table nasbench101:examples/tables/made_up.csv --target "
        "mean_test_acc_108 --train 3 --valid 0 --model ridge\n"
        "dovetail predict train --table nasbench101:examples/tables/made_up.csv --target "
        "mean_test_acc_108 --train 3 --valid 0 -o /tmp/small.npz\n"
        "dovetail predict rank /tmp/small.npz --table nasbench101:examples/tables/made_up.csv "
        "--target mean_test_acc_108 --number 3\n",
    .options = &predict_set,
    .values_bytes = sizeof(cli_predict_opts),
    .run = run,
};
