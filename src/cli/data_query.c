/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data_query.c - `dovetail data query`: the columns of a table, and what it holds of a network.
 */
#include <string.h>

#include "base/text_util.h"
#include "cli/data_cli.h"

/* ---- tables -------------------------------------------------------------------------------- */

/* "KIND:FILE", a cache, or a name. */
static dvt_status open_table(cli_run *r, const char *text, dvt_table **out)
{
    const char   *colon = strchr(text, ':');
    const char   *path = text;
    dvt_benchmark kind = DVT_BENCHMARK_NASBENCH101;
    dvt_status    st;

    *out = NULL;
    if (colon && !dvt_file_exists(text)) {
        const char *name = dvt_arena_strndup(r->arena, text, (size_t)(colon - text));
        st = name ? cli_data_kind(r, name, &kind) : DVT_E_NOMEM;
        return st == DVT_OK ? dvt_table_load(r->ctx, kind, colon + 1, out) : st;
    }
    st = cli_data_find(r, text, &path);
    return st == DVT_OK ? dvt_table_open(r->ctx, path, out) : st;
}

static void json_column(dvti_json_writer *w, const dvt_column *c)
{
    dvti_json_open_object(w);
    dvti_json_put_string(w, "name", c->name);
    dvti_json_put_i64(w, "values", c->count);
    dvti_json_put_string(w, "metric", c->metric);
    dvti_json_put_string(w, "unit", c->unit);
    dvti_json_put_string(w, "dataset", c->dataset);
    dvti_json_put_string(w, "device", c->device);
    dvti_json_put_i64(w, "epochs", c->epochs);
    dvti_json_put_i64(w, "repeat", c->repeat);
    dvti_json_close_object(w);
}

static void text_column(cli_run *r, const dvt_column *c)
{
    char number[32];

    dvt_buf_printf(r->out, "  %-32s %10s values", c->name, cli_grouped(c->count, number));
    if (c->metric[0]) {
        dvt_buf_printf(r->out, "  %s", c->metric);
        dvt_buf_printf(r->out, c->unit[0] ? " [%s]" : "%s", c->unit);
        dvt_buf_printf(r->out, c->dataset[0] ? ", %s" : "%s", c->dataset);
        dvt_buf_printf(r->out, c->device[0] ? ", %s" : "%s", c->device);
        if (c->epochs) {
            dvt_buf_printf(r->out, ", %d epochs", (int)c->epochs);
        }
        if (c->repeat) {
            dvt_buf_printf(r->out, ", repeat %d", (int)c->repeat);
        }
    }
    dvt_buf_puts(r->out, "\n");
}

static void print_table(cli_run *r, const dvt_table *t)
{
    dvti_json_writer w = {0};
    char             number[32];
    const char      *kind = dvt_benchmark_name(dvt_table_benchmark(t));

    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.data-table/1");
        dvti_json_put_string(&w, "kind", kind);
        dvti_json_put_i64(&w, "networks", dvt_table_rows(t));
        dvti_json_key(&w, "columns");
        dvti_json_open_array(&w);
    } else {
        dvt_buf_printf(r->out, "%s, %s networks\n", kind, cli_grouped(dvt_table_rows(t), number));
    }
    for (int32_t i = 0; i < dvt_table_column_count(t); i++) {
        if (r->common->json) {
            json_column(&w, dvt_table_column(t, i));
        } else {
            text_column(r, dvt_table_column(t, i));
        }
    }
    if (r->common->json) {
        dvti_json_close_array(&w);
        cli_json_end(r, &w);
    }
}

/* ---- networks ------------------------------------------------------------------------------ */

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
        const char *unit = strcmp(c->unit, "1") == 0 ? "" : c->unit;
        dvt_buf_printf(r->out, "%s%s%s\n", dvti_f64_text(v, text), unit[0] ? " " : "", unit);
    }
}

/* Those of --column must be held; without it what is missing is left out. */
static dvt_status print_values(cli_run *r, dvti_json_writer *w, const dvt_table *t, int64_t row)
{
    const dvt_text_list *asked = &((const cli_data_opts *)r->values)->column;
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

static dvt_status print_network(cli_run *r, const dvt_table *t, const char *network)
{
    dvti_json_writer w = {0};
    char             key[DVT_TABLE_KEY_TEXT];
    int64_t          row;
    dvt_status       st = dvt_table_find(r->ctx, t, network, &row);

    if (st != DVT_OK) {
        return st;
    }
    (void)dvt_table_key(t, row, key);
    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.data-query/1");
        dvti_json_put_string(&w, "kind", dvt_benchmark_name(dvt_table_benchmark(t)));
        dvti_json_put_string(&w, "network", network);
        dvti_json_put_string(&w, "key", key);
        dvti_json_put_i64(&w, "row", row);
        dvti_json_key(&w, "values");
        dvti_json_open_object(&w);
    } else if (strcmp(key, network) != 0) {
        dvt_buf_printf(r->out, "%-24s %s\n", "network", key);
    }
    st = print_values(r, &w, t, row);
    if (r->common->json) {
        dvti_json_close_object(&w);
        cli_json_end(r, &w);
    }
    return st;
}

dvt_status cli_data_query(cli_run *r)
{
    const cli_data_opts *o = r->values;
    const dvt_text_list *p = &r->parsed->positionals;
    dvt_table           *t = NULL;
    dvt_status           st;

    if (o->output || p->count < 2 || (p->count == 2 && o->column.count)) {
        dvt_fail(r->ctx, DVT_E_USAGE, NULL, "data query takes TABLE, NETWORK and --column");
        dvt_fail_hint(r->ctx, "without a NETWORK it lists the table's columns");
        return DVT_E_USAGE;
    }
    st = open_table(r, p->items[1], &t);
    if (st == DVT_OK && p->count == 2) {
        print_table(r, t);
    } else if (st == DVT_OK) {
        st = print_network(r, t, p->items[2]);
    }
    dvt_table_close(t);
    return st;
}
