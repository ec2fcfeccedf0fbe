/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predict_print.c - figures of predictors: a line a seed, mean and deviation, as text and as JSON.
 */
#include <math.h>
#include <string.h>

#include "cli/predict_cli.h"

/* Columns of the result: key, how to read it. */
enum { WITHIN_1, WITHIN_5, WITHIN_10, SPEARMAN, KENDALL, SECONDS, FIGURES };
static const char *const keys[FIGURES] = {"within_1pct", "within_5pct", "within_10pct",
                                          "spearman",    "kendall",     "seconds"};

static double figure(const cli_seed_figures *f, int i)
{
    switch (i) {
    case WITHIN_1: return f->figures.within_1pct;
    case WITHIN_5: return f->figures.within_5pct;
    case WITHIN_10: return f->figures.within_10pct;
    case SPEARMAN: return f->figures.spearman;
    case KENDALL: return f->figures.kendall;
    default: return f->train_s + f->run_s;
    }
}

/* Of the seeds; deviation of a sample, 0 for one seed. */
static void mean_of(const cli_seed_figures *f, uint32_t count, int i, double *mean, double *dev)
{
    double squares = 0;

    *mean = *dev = 0;
    for (uint32_t s = 0; s < count; s++) {
        *mean += figure(&f[s], i) / count;
    }
    for (uint32_t s = 0; s < count; s++) {
        squares += (figure(&f[s], i) - *mean) * (figure(&f[s], i) - *mean);
    }
    if (count > 1) {
        *dev = sqrt(squares / (count - 1));
    }
}

static const char *model_name(const cli_run *r)
{
    const cli_predict_opts *o = r->values;

    return strcmp(r->parsed->positionals.items[0], "transfer") == 0
               ? "transfer"
               : dvt_predict_model_name((dvt_predict_model)o->model);
}

void cli_predict_print(const cli_run *r, const cli_measured *m, const cli_seed_figures *f,
                       uint32_t count, const char *training_hash)
{
    const cli_predict_opts *o = r->values;
    char                    tested[32];

    dvt_buf_printf(r->out, "%s of %s: %s networks tested\n", cli_measured_target(m),
                   dvt_nets_kind_name(dvt_nets_kind_of(m->nets)),
                   cli_grouped(count ? f[0].figures.count : 0, tested));
    if (training_hash) {
        dvt_buf_printf(r->out, "training set %.16s\n", training_hash);
    } else {
        dvt_buf_printf(r->out, "model %s, %llu samples, %llu for validation, %u seeds\n",
                       model_name(r), (unsigned long long)o->train, (unsigned long long)o->valid,
                       count);
    }
    dvt_buf_printf(r->out, "%-14s %10s %10s\n", "", "mean", "deviation");
    for (int i = 0; i < FIGURES; i++) {
        double mean, dev;
        mean_of(f, count, i, &mean, &dev);
        dvt_buf_printf(r->out, "%-14s %10.4f %10.4f\n", keys[i], mean, dev);
    }
}

static void json_seed(dvti_json_writer *w, const cli_seed_figures *f)
{
    dvti_json_open_object(w);
    dvti_json_key(w, "seed");
    dvti_json_u64(w, f->seed);
    for (int i = 0; i < FIGURES; i++) {
        dvti_json_put_f64(w, keys[i], figure(f, i));
    }
    dvti_json_put_f64(w, "train_seconds", f->train_s);
    dvti_json_put_f64(w, "run_seconds", f->run_s);
    dvti_json_close_object(w);
}

void cli_predict_json(const cli_run *r, const cli_measured *m, const cli_seed_figures *f,
                      uint32_t count, const char *training_hash)
{
    const cli_predict_opts *o = r->values;
    dvti_json_writer        w = cli_json_begin(r, "dovetail.predict/1");
    double                  mean[FIGURES], dev[FIGURES];

    dvti_json_put_string(&w, "networks", dvt_nets_kind_name(dvt_nets_kind_of(m->nets)));
    dvti_json_put_string(&w, "target", cli_measured_target(m));
    dvti_json_put_string(&w, "goal", dvt_predict_goal_name(m->goal));
    if (training_hash) {
        dvti_json_put_string(&w, "training_hash", training_hash);
    } else {
        dvti_json_put_string(&w, "model", model_name(r));
        dvti_json_put_i64(&w, "train", (int64_t)o->train);
        dvti_json_put_i64(&w, "valid", (int64_t)o->valid);
    }
    dvti_json_put_i64(&w, "tested", count ? f[0].figures.count : 0);
    for (int i = 0; i < FIGURES; i++) {
        mean_of(f, count, i, &mean[i], &dev[i]);
        dvti_json_put_f64(&w, keys[i], mean[i]);
    }
    dvti_json_key(&w, "deviation");
    dvti_json_open_object(&w);
    for (int i = 0; i < FIGURES; i++) {
        dvti_json_put_f64(&w, keys[i], dev[i]);
    }
    dvti_json_close_object(&w);
    dvti_json_key(&w, "seeds");
    dvti_json_open_array(&w);
    for (uint32_t i = 0; i < count; i++) {
        json_seed(&w, &f[i]);
    }
    dvti_json_close_array(&w);
    cli_json_end(r, &w);
}
