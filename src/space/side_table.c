/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side_table.c - the networks of a benchmark table as a side: its columns as metrics.
 *
 * Idea       Metrics are made when they are first asked for: a table of 423,624 rows has a dozen
 *            columns, a search needs two. "macs" is counted from the cells.
 * Units      decimal columns are multiples of 1e-12. "accuracy" is a fraction: NAS-Bench-101 holds
 *            fractions, NAS-Bench-201 percent, of which one is 1e14 integers.
 * Senses     times (columns that end in "_s") and parameters are minimised, other decimal columns
 *            are accuracies and maximised.
 * Tests      tests/unit/test_pairs.c
 */
#include <string.h>

#include "space/pairs_int.h"

typedef struct table_side {
    const dvt_table  *table;
    const dvt_column *column[DVT_SIDE_METRICS]; /* NULL: macs */
} table_side;

/* ---- values -------------------------------------------------------------------------------- */

static dvt_status copy_column(dvt_ctx *ctx, const dvt_table *t, const dvt_column *c, int64_t rows,
                              int64_t *out)
{
    const bool all = c->count == rows;
    dvt_status st = DVT_OK;

    for (int64_t i = 0; st == DVT_OK && i < rows; i++) {
        uint64_t v = 0;
        st = dvt_table_value(ctx, t, c->name, i, &v);
        out[i] = st == DVT_OK ? (int64_t)v : DVT_METRIC_MISSING;
        if (st == DVT_E_NOTFOUND && !all) {
            dvt_ctx_clear_error(ctx);
            st = DVT_OK;
        }
    }
    return st;
}

dvt_status dvti_table_nb201_cells(dvt_ctx *ctx, const dvt_table *t, int64_t row, int64_t count,
                                  dvt_nb201_cell *out)
{
    (void)ctx;
    for (int64_t i = 0; i < count; i++) {
        out[i] = dvt_table_nb201_cell(t, row + i);
    }
    return DVT_OK;
}

static bool is_nb101(const dvt_table *t)
{
    return dvt_table_benchmark(t) == DVT_BENCHMARK_NASBENCH101;
}

typedef struct macs_job {
    const dvt_table      *table;
    const dvt_nb201_cell *nb201; /* NULL: cells of NAS-Bench-101 */
    int64_t              *out;
} macs_job;

static void count_macs(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const macs_job *job = ud;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        dvt_nb101_cell cell;
        if (job->nb201) {
            job->out[i] = dvt_nb201_macs(&job->nb201[i]);
        } else {
            dvt_table_nb101_cell(job->table, i, &cell);
            job->out[i] = dvt_nb101_macs(&cell);
        }
    }
}

static dvt_status make_macs(dvt_ctx *ctx, const dvt_table *t, int64_t rows, int64_t *out)
{
    dvt_nb201_cell *cells = NULL;
    dvt_status      st = DVT_OK;

    if (!is_nb101(t)) {
        cells = dvt_alloc(ctx, ((size_t)rows + 1) * sizeof *cells);
        st = cells ? dvti_table_nb201_cells(ctx, t, 0, rows, cells) : DVT_E_NOMEM;
    }
    if (st == DVT_OK) {
        dvt_parallel_for(ctx, rows, 1024, count_macs, &(macs_job){t, cells, out});
    }
    dvt_free(ctx, cells);
    return st;
}

static dvt_status fill(dvt_ctx *ctx, dvt_side *side, int32_t metric)
{
    const table_side *t = side->ud;
    int64_t          *out = dvt_alloc(ctx, ((size_t)side->count + 1) * sizeof *out);
    dvt_status        st;

    if (!out) {
        return DVT_E_NOMEM;
    }
    st = t->column[metric] ? copy_column(ctx, t->table, t->column[metric], side->count, out)
                           : make_macs(ctx, t->table, side->count, out);
    if (st == DVT_OK) {
        side->value[metric] = out;
    } else {
        dvt_free(ctx, out);
    }
    return st;
}

/* ---- names --------------------------------------------------------------------------------- */

static void label(const dvt_side *side, int64_t i, dvt_buf *out)
{
    const table_side *t = side->ud;
    dvt_nb201_cell    cell = {{0}};
    char              text[DVT_NB201_TEXT], hash[DVT_MD5_HEX];

    if (is_nb101(t->table)) {
        dvt_table_nb101_hash(t->table, i, hash);
        dvt_buf_puts(out, hash);
    } else if (dvti_table_nb201_cells(out->ctx, t->table, i, 1, &cell) == DVT_OK) {
        dvt_buf_puts(out, dvt_nb201_print(&cell, text));
    }
}

static void destroy(dvt_ctx *ctx, dvt_side *side)
{
    for (int32_t i = 0; i < side->metric_count; i++) {
        dvt_free(ctx, (void *)(uintptr_t)side->value[i]);
    }
    dvt_free(ctx, side->ud);
}

/* ---- metrics ------------------------------------------------------------------------------- */

static void add_metric(dvt_side *side, const dvt_column *column, dvt_metric metric)
{
    table_side *t = side->ud;

    if (side->metric_count < DVT_SIDE_METRICS) {
        t->column[side->metric_count] = column;
        side->metric[side->metric_count++] = metric;
    }
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The columns that are results and not the network itself. */
static void add_columns(dvt_side *side, const dvt_table *table)
{
    for (int32_t i = 0; i < dvt_table_column_count(table); i++) {
        const dvt_column *c = dvt_table_column(table, i);
        if (c->type == DVT_COLUMN_DECIMAL) {
            const bool time = ends_in(c->name, "_s");
            add_metric(side, c, (dvt_metric){c->name, time ? "s" : "", DVT_BENCHMARK_ONE, !time});
        }
    }
}

/* The column of a data set's accuracy: the first of those that the table has. */
static const dvt_column *find_accuracy(const dvt_table *table, const char *data_set)
{
    static const struct choice {
        const char *data_set, *column;
    } choices[] = {{"cifar10", "mean_test_acc_108"},
                   {"cifar10", "c10_test"},
                   {"cifar100", "c100_xtest"},
                   {"imagenet16-120", "imagenet16_xtest"},
                   {"imagenet16-120", "in16_xtest"}};

    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        const dvt_column *c = dvt_table_find_column(table, choices[i].column);
        if (c && strcmp(choices[i].data_set, data_set) == 0) {
            return c;
        }
    }
    return NULL;
}

static dvt_status add_metrics(dvt_ctx *ctx, dvt_side *side, const dvt_table *table,
                              const char *data_set)
{
    const bool        nb101 = is_nb101(table);
    const dvt_column *accuracy = find_accuracy(table, data_set);

    if (!accuracy) {
        dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "this %s table holds no accuracy of '%.60s'",
                 side->name, data_set);
        dvt_fail_hint(ctx, "data sets are cifar10, and for nasbench201 cifar100 and "
                           "imagenet16-120 where the table has them");
        return DVT_E_NOTFOUND;
    }
    add_metric(side, accuracy,
               (dvt_metric){"accuracy", "", (nb101 ? 1 : 100) * DVT_BENCHMARK_ONE, true});
    add_metric(side, dvt_table_find_column(table, nb101 ? "params" : "params_c10"),
               (dvt_metric){"parameters", "", 1, false});
    add_metric(side, NULL, (dvt_metric){"macs", "", 1, false});
    add_columns(side, table);
    return DVT_OK;
}

dvt_status dvt_side_of_table(dvt_ctx *ctx, const dvt_table *table, const char *data_set,
                             dvt_side *out)
{
    table_side *t = dvt_calloc(ctx, 1, sizeof *t);
    dvt_status  st;

    *out = (dvt_side){0};
    if (!t) {
        return DVT_E_NOMEM;
    }
    t->table = table;
    *out = (dvt_side){.name = dvt_benchmark_name(dvt_table_benchmark(table)),
                      .count = dvt_table_rows(table),
                      .fill = fill,
                      .label = label,
                      .destroy = destroy,
                      .ud = t};
    st = add_metrics(ctx, out, table, data_set ? data_set : "cifar10");
    if (st != DVT_OK) {
        dvt_side_deinit(ctx, out);
    }
    return st;
}
