/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_cli.h - what the files of `dovetail pareto` share: options, sides by name, printing.
 */
#ifndef DVTI_PARETO_CLI_H
#define DVTI_PARETO_CLI_H

#include "cli/cli.h"
#include "dovetail/frontier.h"
#include "dovetail/overlay_cost.h"

enum { PARETO_CHAIDNN, PARETO_OVERLAYS }; /* --accelerators */

typedef struct pareto_opts {
    CLI_COMMON_FIELDS;
    const char   *networks, *objectives, *checkpoint, *output, *best, *data_set, *device;
    int           accelerators;
    dvt_text_list where;
    bool          csv, html, batch;
} pareto_opts;

extern const dvt_option_set pareto_set;

/* ---- pareto_sides.c ------------------------------------------------------------------------ */

/* A table, two sides and a cost: what --networks, --data-set and --accelerators name. */
typedef struct pareto_sides {
    dvt_table         *table;
    dvt_space         *space; /* of overlays, or NULL */
    dvt_side           networks, accelerators;
    dvt_pair_cost      cost;
    dvt_pareto_problem problem;
} pareto_sides;

/* Opens the table. */
dvt_status pareto_sides_open(cli_run *r, pareto_sides *out);
/* Makes the cost, and reads objectives and limits: a part of the search's time. */
dvt_status pareto_sides_problem(cli_run *r, pareto_sides *s);
void       pareto_sides_close(cli_run *r, pareto_sides *s);

/* ---- pareto_print.c ------------------------------------------------------------------------ */

/* "latency_ms"; returns `out`. */
const char *pareto_key(const dvt_metric *m, char out[80]);
void        pareto_print_point_json(dvti_json_writer *w, const dvt_frontier *f, int64_t i);
void        pareto_print_json(cli_run *r, const dvt_frontier *f, double seconds);
void        pareto_print_csv(cli_run *r, const dvt_frontier *f);
void        pareto_print_text(cli_run *r, const dvt_frontier *f);
/* One line of values and the pair's names. */
void pareto_print_point_text(cli_run *r, const dvt_frontier *f, int64_t i);
/* pareto_html.c: one page that needs nothing else. */
void pareto_print_html(cli_run *r, const dvt_frontier *f);

/* ---- pareto_query.c ------------------------------------------------------------------------ */

dvt_status pareto_query(cli_run *r, const char *path);

#endif
