/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_print.c - frontiers as text, CSV and JSON.
 */
#include <string.h>

#include "cli/pareto_cli.h"

enum { SHOWN = 20 /* points of the text */ };

const char *pareto_key(const dvt_metric *m, char out[80])
{
    snprintf(out, 80, "%s%s%s", m->name, m->unit[0] ? "_" : "", m->unit);
    return out;
}

static double number_of(const dvt_frontier *f, int64_t i, int32_t k)
{
    return (double)dvt_frontier_point(f, i)->value[k] /
           (double)dvt_frontier_objective(f, k)->per_unit;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

void pareto_print_point_json(dvti_json_writer *w, const dvt_frontier *f, int64_t i)
{
    const dvt_frontier_about a = dvt_frontier_about_of(f);
    const dvt_pareto_point  *p = dvt_frontier_point(f, i);
    char                     key[80];

    dvti_json_open_object(w);
    for (int32_t k = 0; k < a.objectives; k++) {
        dvti_json_put_f64(w, pareto_key(dvt_frontier_objective(f, k), key), number_of(f, i, k));
    }
    dvti_json_put_string(w, "network", dvt_frontier_network(f, i));
    dvti_json_put_i64(w, "accelerator", p->accelerator);
    dvti_json_put_i64(w, "pairs", p->pairs);
    for (int32_t k = 0; k < a.facts; k++) {
        dvti_json_put_i64(w, dvt_frontier_fact_name(f, k), dvt_frontier_fact(f, i, k));
    }
    dvti_json_close_object(w);
}

static void put_objectives(dvti_json_writer *w, const dvt_frontier *f)
{
    char key[80];

    dvti_json_key(w, "objectives");
    dvti_json_open_array(w);
    for (int32_t k = 0; k < dvt_frontier_about_of(f).objectives; k++) {
        const dvt_metric *m = dvt_frontier_objective(f, k);
        dvti_json_open_object(w);
        dvti_json_put_string(w, "name", m->name);
        dvti_json_put_string(w, "key", pareto_key(m, key));
        dvti_json_put_bool(w, "maximise", m->maximise);
        dvti_json_close_object(w);
    }
    dvti_json_close_array(w);
}

void pareto_print_json(cli_run *r, const dvt_frontier *f, double seconds)
{
    const dvt_frontier_about a = dvt_frontier_about_of(f);
    dvti_json_writer         w = cli_json_begin(r, "dovetail.pareto/1");

    dvti_json_put_i64(&w, "pairs", a.pairs);
    dvti_json_put_i64(&w, "points", a.points);
    dvti_json_put_i64(&w, "accelerators", a.different_accelerators);
    dvti_json_put_i64(&w, "networks", a.different_networks);
    dvti_json_put_f64(&w, "seconds", seconds);
    dvti_json_put_i64(&w, "accelerators_kept", a.accelerators_kept);
    dvti_json_put_i64(&w, "computed", a.computed);
    put_objectives(&w, f);
    dvti_json_key(&w, "frontier");
    dvti_json_open_array(&w);
    for (int64_t i = 0; i < a.points; i++) {
        pareto_print_point_json(&w, f, i);
    }
    dvti_json_close_array(&w);
    cli_json_end(r, &w);
}

/* ---- CSV ----------------------------------------------------------------------------------- */

void pareto_print_csv(cli_run *r, const dvt_frontier *f)
{
    const dvt_frontier_about a = dvt_frontier_about_of(f);
    char                     key[80];

    for (int32_t k = 0; k < a.objectives; k++) {
        dvt_buf_printf(r->out, "%s,", pareto_key(dvt_frontier_objective(f, k), key));
    }
    dvt_buf_puts(r->out, "network,accelerator,pairs");
    for (int32_t k = 0; k < a.facts; k++) {
        dvt_buf_printf(r->out, ",%s", dvt_frontier_fact_name(f, k));
    }
    for (int64_t i = 0; i < a.points; i++) {
        const dvt_pareto_point *p = dvt_frontier_point(f, i);
        dvt_buf_puts(r->out, "\n");
        for (int32_t k = 0; k < a.objectives; k++) {
            dvt_buf_printf(r->out, "%.15g,", number_of(f, i, k));
        }
        dvt_buf_printf(r->out, "%s,%d,%lld", dvt_frontier_network(f, i), (int)p->accelerator,
                       (long long)p->pairs);
        for (int32_t k = 0; k < a.facts; k++) {
            dvt_buf_printf(r->out, ",%lld", (long long)dvt_frontier_fact(f, i, k));
        }
    }
    dvt_buf_puts(r->out, "\n");
}

/* ---- text ---------------------------------------------------------------------------------- */

/* As many decimals as tell points apart. */
static void print_value(cli_run *r, const dvt_frontier *f, int64_t i, int32_t k)
{
    const dvt_metric *m = dvt_frontier_objective(f, k);

    if (m->unit[0]) {
        dvt_buf_printf(r->out, "%12.3f %-4s", number_of(f, i, k), m->unit);
    } else if (m->per_unit > 100) {
        dvt_buf_printf(r->out, "%12.6f     ", number_of(f, i, k));
    } else {
        dvt_buf_printf(r->out, "%12.10g     ", number_of(f, i, k));
    }
}

void pareto_print_point_text(cli_run *r, const dvt_frontier *f, int64_t i)
{
    for (int32_t k = 0; k < dvt_frontier_about_of(f).objectives; k++) {
        print_value(r, f, i, k);
    }
    dvt_buf_printf(r->out, " %11d  %s\n", (int)dvt_frontier_point(f, i)->accelerator,
                   dvt_frontier_network(f, i));
}

void pareto_print_text(cli_run *r, const dvt_frontier *f)
{
    const dvt_frontier_about a = dvt_frontier_about_of(f);
    const int64_t            step = a.points > SHOWN ? a.points / SHOWN : 1;
    char                     pairs[32], points[32], networks[32], accelerators[32];

    dvt_buf_printf(r->out,
                   "%s pairs: %s points on the frontier, of %s networks and %s accelerators\n",
                   cli_grouped(a.pairs, pairs), cli_grouped(a.points, points),
                   cli_grouped(a.different_networks, networks),
                   cli_grouped(a.different_accelerators, accelerators));
    for (int32_t k = 0; a.points > 0 && k < a.objectives; k++) {
        dvt_buf_printf(r->out, "%12s     ", dvt_frontier_objective(f, k)->name);
    }
    dvt_buf_printf(r->out, "%s", a.points > 0 ? " accelerator  network\n" : "");
    for (int64_t i = 0; i < a.points; i += step) {
        pareto_print_point_text(r, f, i);
    }
    if (step > 1) {
        dvt_buf_printf(r->out, "every %lldth point; --csv, --json and --html print all\n",
                       (long long)step);
    }
}
