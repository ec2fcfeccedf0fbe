/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predict_zero.c - `dovetail predict zero-cost`: metrics of untrained networks against a column.
 */
#include <math.h>

#include "cli/predict_cli.h"

enum { NASWOT, SYNFLOW, PARAMETERS, MACS, METRICS };
static const char *const names[METRICS] = {"naswot", "synflow", "params", "macs"};

static dvt_status graph_of(const cli_run *r, const cli_measured *m, int64_t i, dvt_graph **out)
{
    if (dvt_table_space_of(m->table) == DVT_TABLE_NB101) {
        dvt_nb101_cell c;
        dvt_table_nb101_cell(m->table, m->row[i], &c);
        return dvt_nb101_graph(r->ctx, &c, out);
    }
    const dvt_nb201_cell c = dvt_table_nb201_cell(m->table, m->row[i]);
    return dvt_nb201_graph(r->ctx, &c, DVT_NB201_ACCURACY, 10, out);
}

/* value (METRICS, n) of networks index[0..n), measured (n). -infinity becomes very small. */
static dvt_status compute(const cli_run *r, const cli_measured *m, const int64_t *index, int64_t n,
                          double *value, double *measured)
{
    const cli_predict_opts *o = r->values;
    dvt_status              st = DVT_OK;

    for (int64_t i = 0; st == DVT_OK && i < n; i++) {
        dvt_graph    *g = NULL;
        dvt_zero_cost z;
        st = dvt_progress(r->ctx, "scoring", (uint64_t)i, (uint64_t)n, "networks");
        st = st == DVT_OK ? graph_of(r, m, index[i], &g) : st;
        st = st == DVT_OK ? dvt_zero_cost_of(g, o->seed, &z) : st;
        dvt_graph_destroy(g);
        if (st == DVT_OK) {
            value[NASWOT * n + i] = fmax(z.naswot, -1e9);
            value[SYNFLOW * n + i] = z.synflow;
            value[PARAMETERS * n + i] = z.parameters;
            value[MACS * n + i] = z.macs;
            measured[i] = m->value[index[i]];
        }
    }
    return st;
}

static dvt_status show(const cli_run *r, const cli_measured *m, int64_t n, const double *value,
                       const double *measured, double seconds)
{
    dvti_json_writer w = {0};

    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.predict-zero-cost/1");
        dvti_json_put_string(&w, "target", cli_measured_target(m));
        dvti_json_put_i64(&w, "networks", n);
        dvti_json_put_f64(&w, "seconds", seconds);
        dvti_json_key(&w, "metrics");
        dvti_json_open_array(&w);
    } else {
        dvt_buf_printf(r->out, "%lld networks, %.1f s\n%-10s %10s %10s\n", (long long)n, seconds,
                       "", "spearman", "kendall");
    }
    for (int k = 0; k < METRICS; k++) {
        dvt_figures f;
        dvt_status  st = dvt_figures_of(r->ctx, value + k * n, measured, n, &f);
        if (st != DVT_OK) {
            return st;
        }
        if (r->common->json) {
            dvti_json_open_object(&w);
            dvti_json_put_string(&w, "metric", names[k]);
            dvti_json_put_f64(&w, "spearman", f.spearman);
            dvti_json_put_f64(&w, "kendall", f.kendall);
            dvti_json_close_object(&w);
        } else {
            dvt_buf_printf(r->out, "%-10s %10.4f %10.4f\n", names[k], f.spearman, f.kendall);
        }
    }
    if (r->common->json) {
        dvti_json_close_array(&w);
        cli_json_end(r, &w);
    }
    return DVT_OK;
}

dvt_status cli_predict_zero_cost(const cli_run *r, const cli_measured *m)
{
    const cli_predict_opts *o = r->values;
    const int64_t           n = (int64_t)o->number < m->count ? (int64_t)o->number : m->count - 1;
    const double            at = cli_predict_now();
    dvt_split               split;
    dvt_status              st = dvt_split_make(r->ctx, m->count, n, 0, o->seed, &split);
    double                 *value = NULL;

    if (st != DVT_OK) {
        return st;
    }
    value = dvt_alloc(r->ctx, (METRICS + 1) * (size_t)n * sizeof *value);
    st = value ? compute(r, m, split.order, n, value, value + METRICS * n) : DVT_E_NOMEM;
    if (st == DVT_OK) {
        st = show(r, m, n, value, value + METRICS * n, cli_predict_now() - at);
    }
    dvt_free(r->ctx, value);
    dvt_split_deinit(r->ctx, &split);
    return st;
}
