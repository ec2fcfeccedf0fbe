/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_data.c - `dovetail data import|query`: benchmark tables as caches, and what they hold.
 */
#include <string.h>

#include "base/text_util.h"
#include "cli/cli.h"
#include "dovetail/table.h"

typedef struct data_opts {
    CLI_COMMON_FIELDS;
    const char   *output;
    dvt_text_list column;
} data_opts;

static const dvt_option data_options[] = {
    CLI_COMMON_OPTIONS(data_opts),
    {DVT_OPTION_STRING(data_opts, output, NULL, "CACHE", "where 'import' writes the cache"),
     .short_name = 'o', .unrecorded = true},
    {DVT_OPTION_LIST(data_opts, column, "NAME",
                     "value that 'query' must print; default: all held")},
};
static const dvt_option_set data_set = {
    .name = "data",
    .options = data_options,
    .count = sizeof data_options / sizeof data_options[0],
    .positionals = "ACTION KIND FILE | CACHE [NETWORK]",
    .positional_min = 2,
    .positional_max = 3,
};

/* ---- import -------------------------------------------------------------------------------- */

static dvt_status kind_of(cli_run *r, const char *name, dvt_benchmark *out)
{
    const char *names[DVT_BENCHMARKS];

    for (int i = 0; i < DVT_BENCHMARKS; i++) {
        names[i] = dvt_benchmark_name((dvt_benchmark)i);
        if (strcmp(names[i], name) == 0) {
            *out = (dvt_benchmark)i;
            return DVT_OK;
        }
    }
    const char *near = dvt_nearest(name, names, DVT_BENCHMARKS);
    char        all[256];
    dvti_join(all, sizeof all, names, DVT_BENCHMARKS);
    dvt_fail(r->ctx, DVT_E_USAGE, NULL, "there is no kind of table '%s'", name);
    dvt_fail_hint(r->ctx, "%s%s%sthe kinds are %s", near ? "did you mean '" : "",
                  near ? near : "", near ? "'? " : "", all);
    return DVT_E_USAGE;
}

static dvt_status import(cli_run *r)
{
    const data_opts     *o = r->values;
    const dvt_text_list *p = &r->parsed->positionals;
    dvt_benchmark        kind;
    int64_t              rows;
    char                 number[32];
    dvt_status           st;

    if (p->count != 3 || !o->output || o->column.count) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "data import needs KIND, FILE and -o CACHE, no more");
        dvt_fail_hint(r->ctx, "dovetail data import nasbench101 nasbench101.csv.gz -o nb101.cache");
        return DVT_E_USAGE;
    }
    st = kind_of(r, p->items[1], &kind);
    if (st == DVT_OK) {
        st = dvt_table_import(r->ctx, kind, p->items[2], o->output, &rows);
    }
    if (st != DVT_OK) {
        return st;
    }
    if (r->common->json) {
        dvti_json_writer w = cli_json_begin(r, "dovetail.data-import/1");
        dvti_json_put_string(&w, "kind", dvt_benchmark_name(kind));
        dvti_json_put_i64(&w, "networks", rows);
        dvti_json_put_string(&w, "cache", o->output);
        cli_json_end(r, &w);
    } else {
        dvt_buf_printf(r->out, "%s networks of %s into %s\n", cli_grouped(rows, number),
                       dvt_benchmark_name(kind), o->output);
    }
    return DVT_OK;
}

/* ---- query --------------------------------------------------------------------------------- */

static void print_table(cli_run *r, const dvt_table *t)
{
    dvti_json_writer w = {0};
    char             number[32];

    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.data-table/1");
        dvti_json_put_string(&w, "kind", dvt_benchmark_name(dvt_table_benchmark(t)));
        dvti_json_put_i64(&w, "networks", dvt_table_rows(t));
        dvti_json_key(&w, "columns");
        dvti_json_open_array(&w);
    } else {
        dvt_buf_printf(r->out, "%s, %s networks\n", dvt_benchmark_name(dvt_table_benchmark(t)),
                       cli_grouped(dvt_table_rows(t), number));
    }
    for (int32_t i = 0; i < dvt_table_column_count(t); i++) {
        const dvt_column *c = dvt_table_column(t, i);
        if (r->common->json) {
            dvti_json_open_object(&w);
            dvti_json_put_string(&w, "name", c->name);
            dvti_json_put_i64(&w, "values", c->count);
            dvti_json_close_object(&w);
        } else {
            dvt_buf_printf(r->out, "  %-24s %12s values\n", c->name, cli_grouped(c->count, number));
        }
    }
    if (r->common->json) {
        dvti_json_close_array(&w);
        cli_json_end(r, &w);
    }
}

/* The value of a column that has one at this row. */
static void print_value(cli_run *r, dvti_json_writer *w, const dvt_table *t, int32_t column,
                        int64_t row)
{
    const dvt_column *c = dvt_table_column(t, column);
    const double      v = dvt_table_at(t, column, row);
    char              text[DVTI_F64_TEXT];

    if (r->common->json) {
        dvti_json_key(w, c->name);
    } else {
        dvt_buf_printf(r->out, "%-24s ", c->name);
    }
    if (c->type == DVT_COLUMN_WHOLE && r->common->json) {
        dvti_json_u64(w, (uint64_t)v);
    } else if (c->type == DVT_COLUMN_WHOLE) {
        dvt_buf_printf(r->out, "%llu\n", (unsigned long long)v);
    } else if (r->common->json) {
        dvti_json_f64(w, v);
    } else {
        dvt_buf_printf(r->out, "%s%s%s\n", dvti_f64_text(v, text), c->unit[0] ? " " : "",
                       strcmp(c->unit, "1") == 0 ? "" : c->unit);
    }
}

/* Those of --column must be held; without it what is missing is left out. */
static dvt_status print_values(cli_run *r, dvti_json_writer *w, const dvt_table *t, int64_t row)
{
    const dvt_text_list *asked = &((const data_opts *)r->values)->column;
    const int32_t        count = dvt_table_column_count(t);
    dvt_status           st = DVT_OK;

    for (size_t i = 0; st == DVT_OK && i < asked->count; i++) {
        double v;
        st = dvt_table_number(r->ctx, t, asked->items[i], row, &v);
        for (int32_t c = 0; st == DVT_OK && c < count; c++) {
            if (strcmp(dvt_table_column(t, c)->name, asked->items[i]) == 0) {
                print_value(r, w, t, c, row);
            }
        }
    }
    for (int32_t c = 0; asked->count == 0 && c < count; c++) {
        if (dvt_table_column(t, c)->type != DVT_COLUMN_HASH && dvt_table_has(t, c, row)) {
            print_value(r, w, t, c, row);
        }
    }
    return st;
}

static dvt_status print_network(cli_run *r, const dvt_table *t, const char *key)
{
    dvti_json_writer w = {0};
    int64_t          row;
    dvt_status       st = dvt_table_find(r->ctx, t, key, &row);

    if (st != DVT_OK) {
        return st;
    }
    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.data-query/1");
        dvti_json_put_string(&w, "kind", dvt_benchmark_name(dvt_table_benchmark(t)));
        dvti_json_put_string(&w, "network", key);
        dvti_json_put_i64(&w, "row", row);
        dvti_json_key(&w, "values");
        dvti_json_open_object(&w);
    }
    st = print_values(r, &w, t, row);
    if (r->common->json) {
        dvti_json_close_object(&w);
        cli_json_end(r, &w);
    }
    return st;
}

static dvt_status query(cli_run *r)
{
    const data_opts     *o = r->values;
    const dvt_text_list *p = &r->parsed->positionals;
    dvt_table           *t;
    dvt_status           st;

    if (o->output || (p->count == 2 && o->column.count)) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "data query takes CACHE, NETWORK and --column");
        dvt_fail_hint(r->ctx, "without a NETWORK it lists the table's columns");
        return DVT_E_USAGE;
    }
    st = dvt_table_open(r->ctx, p->items[1], &t);
    if (st == DVT_OK && p->count == 2) {
        print_table(r, t);
    } else if (st == DVT_OK) {
        st = print_network(r, t, p->items[2]);
    }
    dvt_table_close(t);
    return st;
}

/* ---- command ------------------------------------------------------------------------------- */

static dvt_status run(cli_run *r)
{
    static const char *const actions[] = {"import", "query"};
    const char              *action = r->parsed->positionals.items[0];

    if (strcmp(action, "import") == 0) {
        return import(r);
    }
    if (strcmp(action, "query") == 0) {
        return query(r);
    }
    const char *near = dvt_nearest(action, actions, 2);
    dvt_fail(r->ctx, DVT_E_USAGE, NULL, "data has no action '%s'", action);
    dvt_fail_hint(r->ctx, "%s%s%sthe actions are import and query", near ? "did you mean '" : "",
                  near ? near : "", near ? "'? " : "");
    return DVT_E_USAGE;
}

const cli_command cli_data = {
    .name = "data",
    .summary = "benchmark tables: import published results, look networks up",
    .description =
        "'import KIND FILE -o CACHE' reads a CSV file (gzip or plain) of kind nasbench101 or\n"
        "nasbench201 once and writes a checksummed cache that opens in milliseconds. 'query "
        "CACHE'\n"
        "lists its columns; 'query CACHE NETWORK' prints what it holds of a network: an MD5 hash,\n"
        "or for nasbench201 an index or a string. What the table does not hold is an error.",
    .examples = "dovetail data import nasbench101 examples/tables/made_up.csv -o /tmp/t.cache\n"
                "dovetail data import nasbench101 examples/tables/made_up.csv -o /tmp/u.cache "
                "--json\n",
    .options = &data_set,
    .values_bytes = sizeof(data_opts),
    .run = run,
};
