/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predict_transfer.c - `dovetail predict transfer`: a device from few samples and other devices.
 */
#include <string.h>

#include "cli/predict_cli.h"

/* Is column c another device's measurement of the same kind, with a value for every network? */
static bool is_source(const cli_measured *m, int32_t c)
{
    const dvt_column *a = dvt_table_column(m->table, m->column), *b = dvt_table_column(m->table, c);
    bool              all = c != m->column && a->metric[0] && strcmp(a->metric, b->metric) == 0 &&
               strcmp(a->device, b->device) != 0;

    for (int64_t i = 0; all && i < m->count; i++) {
        all = dvt_table_has(m->table, c, m->row[i]);
    }
    return all;
}

/* *source (devices, count), which the caller frees. */
static dvt_status collect_sources(const cli_run *r, const cli_measured *m, double **source,
                                  int32_t *devices)
{
    const int32_t columns = dvt_table_column_count(m->table);

    *devices = 0;
    *source = dvt_alloc(r->ctx, (size_t)columns * (size_t)(m->count + 1) * sizeof **source);
    for (int32_t c = 0; *source && c < columns; c++) {
        if (is_source(m, c)) {
            double *out = *source + (int64_t)*devices * m->count;
            for (int64_t i = 0; i < m->count; i++) {
                out[i] = dvt_table_at(m->table, c, m->row[i]);
            }
            ++*devices;
        }
    }
    return *source ? DVT_OK : DVT_E_NOMEM;
}

static dvt_status transfer_seed(const cli_run *r, const cli_measured *m, const double *source,
                                int32_t devices, uint64_t seed, cli_seed_figures *out)
{
    const cli_predict_opts *o = r->values;
    const int64_t           n = m->count;
    double    *y = dvt_alloc(r->ctx, 3 * (size_t)n * sizeof *y), at = cli_predict_now();
    dvt_split  split;
    dvt_status st = y ? dvt_split_make(r->ctx, n, (int64_t)o->train, 0, seed, &split) : DVT_E_NOMEM;

    *out = (cli_seed_figures){.seed = seed};
    if (st != DVT_OK) {
        dvt_free(r->ctx, y);
        return st;
    }
    st = dvt_transfer(r->ctx, source, devices, n, split.order, split.train, m->value, y);
    out->train_s = cli_predict_now() - at;
    const int64_t tested = n - split.train;
    for (int64_t i = 0; st == DVT_OK && i < tested; i++) {
        y[n + i] = y[split.order[split.train + i]];
        y[2 * n + i] = m->value[split.order[split.train + i]];
    }
    st = st == DVT_OK ? dvt_figures_of(r->ctx, y + n, y + 2 * n, tested, &out->figures) : st;
    dvt_split_deinit(r->ctx, &split);
    dvt_free(r->ctx, y);
    return st;
}

dvt_status cli_predict_transfer(const cli_run *r, const cli_measured *m)
{
    const cli_predict_opts *o = r->values;
    cli_seed_figures       *f = dvt_calloc(r->ctx, o->seeds, sizeof *f);
    double                 *source = NULL;
    int32_t                 devices = 0;
    dvt_status              st = f ? collect_sources(r, m, &source, &devices) : DVT_E_NOMEM;

    for (uint32_t i = 0; st == DVT_OK && i < o->seeds; i++) {
        st = transfer_seed(r, m, source, devices, o->seed + i, &f[i]);
    }
    if (st == DVT_OK) {
        cli_predict_show(r, m, f, o->seeds, NULL);
    }
    dvt_free(r->ctx, source);
    dvt_free(r->ctx, f);
    return st;
}
