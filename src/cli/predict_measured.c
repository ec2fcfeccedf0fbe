/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predict_measured.c - networks and measured values out of a benchmark table.
 */
#include <string.h>

#include "base/text_util.h"
#include "cli/predict_cli.h"

/* ---- table --------------------------------------------------------------------------------- */

static dvt_status split_name(const cli_run *r, const char *text, dvt_benchmark *kind,
                             const char **file)
{
    const char *colon = text ? strchr(text, ':') : NULL;
    const char *names[DVT_BENCHMARKS];
    char        all[256];

    for (int i = 0; colon && i < DVT_BENCHMARKS; i++) {
        names[i] = dvt_benchmark_name((dvt_benchmark)i);
        if (strlen(names[i]) == (size_t)(colon - text) &&
            strncmp(names[i], text, strlen(names[i])) == 0) {
            *kind = (dvt_benchmark)i;
            *file = colon + 1;
            return DVT_OK;
        }
    }
    for (int i = 0; i < DVT_BENCHMARKS; i++) {
        names[i] = dvt_benchmark_name((dvt_benchmark)i);
    }
    dvti_join(all, sizeof all, names, DVT_BENCHMARKS);
    dvt_fail(r->ctx, DVT_E_USAGE, NULL, text ? "cannot take '%s' as a table" : "no table is given",
             text);
    dvt_fail_hint(r->ctx,
                  "--table KIND:FILE, a published file or a cache of 'dovetail data "
                  "import'; the kinds are %s",
                  all);
    return DVT_E_USAGE;
}

/* ---- column -------------------------------------------------------------------------------- */

static bool is_measure(const dvt_column *c)
{
    return c->metric[0] != '\0' && c->type != DVT_COLUMN_HASH;
}

static dvt_status find_column(const cli_run *r, const dvt_table *t, const char *name, int32_t *out)
{
    const char *names[512];
    char        all[400];
    size_t      count = 0;

    for (int32_t i = 0; i < dvt_table_column_count(t); i++) {
        const dvt_column *c = dvt_table_column(t, i);
        if (name && strcmp(c->name, name) == 0 && c->type != DVT_COLUMN_HASH) {
            *out = i;
            return DVT_OK;
        }
        if (is_measure(c) && count < sizeof names / sizeof names[0]) {
            names[count++] = c->name;
            *out = i;
        }
    }
    if (!name && count == 1) {
        return DVT_OK;
    }
    const char *near = name ? dvt_nearest(name, names, count) : NULL;
    dvti_join(all, sizeof all, names, count);
    dvt_fail(r->ctx, name ? DVT_E_NOTFOUND : DVT_E_USAGE, NULL,
             name ? "the table has no column '%s'" : "the table has several measurements", name);
    dvt_fail_hint(r->ctx, "%s%s%s--target is one of %s", near ? "did you mean '" : "",
                  near ? near : "", near ? "'? " : "", all);
    return name ? DVT_E_NOTFOUND : DVT_E_USAGE;
}

enum { GOAL_AUTO, GOAL_COST, GOAL_RANK };

static dvt_predict_goal goal_of(int wanted, const dvt_column *c)
{
    const bool accuracy = strstr(c->metric, "accuracy") != NULL;

    return wanted == GOAL_RANK || (wanted == GOAL_AUTO && accuracy) ? DVT_GOAL_RANK : DVT_GOAL_COST;
}

const char *cli_measured_target(const cli_measured *m)
{
    return dvt_table_column(m->table, m->column)->name;
}

/* ---- networks ------------------------------------------------------------------------------ */

static dvt_status add_network(const cli_measured *m, int64_t row)
{
    if (dvt_table_space_of(m->table) == DVT_TABLE_NB101) {
        dvt_nb101_cell c;
        dvt_table_nb101_cell(m->table, row, &c);
        return dvt_nets_add_nb101(m->nets, &c);
    }
    const dvt_nb201_cell c = dvt_table_nb201_cell(m->table, row);
    return dvt_nets_add_nb201(m->nets, &c);
}

static dvt_status collect(const cli_run *r, cli_measured *m)
{
    const dvt_table_space space = dvt_table_space_of(m->table);
    const int64_t         rows = dvt_table_rows(m->table);
    dvt_status            st;

    if (space == DVT_TABLE_SSS) {
        dvt_fail(r->ctx, DVT_E_UNSUPPORTED, NULL, "networks of this table differ in width alone");
        dvt_fail_hint(r->ctx, "predictors read the graph of a cell: tables of cells have one");
        return DVT_E_UNSUPPORTED;
    }
    m->value = dvt_alloc(r->ctx, (size_t)(rows + 1) * sizeof *m->value);
    m->row = dvt_alloc(r->ctx, (size_t)(rows + 1) * sizeof *m->row);
    if (!m->value || !m->row) {
        return DVT_E_NOMEM;
    }
    st = dvt_nets_create(r->ctx, space == DVT_TABLE_NB101 ? DVT_NETS_NB101 : DVT_NETS_NB201,
                         &m->nets);
    for (int64_t i = 0; st == DVT_OK && i < rows; i++) {
        if (dvt_table_has(m->table, m->column, i)) {
            m->value[m->count] = dvt_table_at(m->table, m->column, i);
            m->row[m->count++] = i;
            st = add_network(m, i);
        }
    }
    return st;
}

dvt_status cli_measured_load(const cli_run *r, cli_measured *out)
{
    const cli_predict_opts *o = r->values;
    cli_measured            m = {0};
    dvt_benchmark           kind;
    const char             *file;
    dvt_status              st = split_name(r, o->table, &kind, &file);

    *out = (cli_measured){0};
    st = st == DVT_OK ? dvt_table_load(r->ctx, kind, file, &m.table) : st;
    st = st == DVT_OK ? find_column(r, m.table, o->target, &m.column) : st;
    if (st == DVT_OK) {
        m.goal = goal_of(o->goal, dvt_table_column(m.table, m.column));
        st = collect(r, &m);
    }
    if (st != DVT_OK) {
        cli_measured_deinit(r, &m);
        return st;
    }
    *out = m;
    return DVT_OK;
}

void cli_measured_deinit(const cli_run *r, cli_measured *m)
{
    dvt_nets_destroy(m->nets);
    dvt_free(r->ctx, m->value);
    dvt_free(r->ctx, m->row);
    dvt_table_close(m->table);
    *m = (cli_measured){0};
}
