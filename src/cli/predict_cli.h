/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predict_cli.h - what the files of `dovetail predict` share: options, measured networks, figures.
 */
#ifndef DVTI_PREDICT_CLI_H
#define DVTI_PREDICT_CLI_H

#include "cli/cli.h"
#include "dovetail/predict.h"
#include "dovetail/table.h"

typedef struct cli_predict_opts {
    CLI_COMMON_FIELDS;
    const char *table, *target, *output, *from;
    int         model, goal, choice;
    uint64_t    train, valid, seed, number;
    uint32_t    seeds, epochs, batch, width, warm_up, rounds;
} cli_predict_opts;

/* The networks of a table that have a value in one column, and these values. */
typedef struct cli_measured {
    dvt_table       *table;
    int32_t          column;
    dvt_predict_goal goal;
    dvt_nets        *nets;
    double          *value; /* (count) */
    int64_t         *row;   /* (count) of the table */
    int64_t          count;
} cli_measured;

/* --table KIND:FILE and --target. E_USAGE, E_NOTFOUND with the columns there are. */
dvt_status  cli_measured_load(const cli_run *r, cli_measured *out);
void        cli_measured_deinit(const cli_run *r, cli_measured *m);
const char *cli_measured_target(const cli_measured *m);

/* Figures of one seed, with the seconds that training and prediction took. */
typedef struct cli_seed_figures {
    uint64_t    seed;
    dvt_figures figures;
    double      train_s, run_s;
} cli_seed_figures;

void cli_predict_print(const cli_run *r, const cli_measured *m, const cli_seed_figures *f,
                       uint32_t count, const char *training_hash);
void cli_predict_json(const cli_run *r, const cli_measured *m, const cli_seed_figures *f,
                      uint32_t count, const char *training_hash);

/* As text or JSON. */
void   cli_predict_show(const cli_run *r, const cli_measured *m, const cli_seed_figures *f,
                        uint32_t count, const char *training_hash);
double cli_predict_now(void); /* seconds */

dvt_status cli_predict_rank(const cli_run *r, const cli_measured *m, const dvt_predictor *p);
dvt_status cli_predict_transfer(const cli_run *r, const cli_measured *m);
dvt_status cli_predict_select(const cli_run *r, const cli_measured *m);
dvt_status cli_predict_zero_cost(const cli_run *r, const cli_measured *m);

#endif
