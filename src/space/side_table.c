/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side_table.c - the networks of a benchmark table as a side: its columns as metrics.
 *
 * Idea       Metrics are made when they are first asked for: a table of 423,624 rows has a dozen
 *            columns, a search needs two. "macs", and "parameters" where no column has them, are
 *            counted from the cells.
 * Units      decimal columns are multiples of 1e-12; doubles are rounded to such. "accuracy" is a
 *            fraction: of columns in percent one is 1e14 integers.
 * Senses     accuracies are maximised, all else is minimised.
 * Tests      tests/unit/test_pairs.c
 */
#include <math.h>
#include <string.h>

#include "space/pairs_int.h"

typedef enum source { FROM_COLUMN, FROM_MACS, FROM_PARAMETERS } source;

typedef struct table_side {
    const dvt_table  *table;
    source            source[DVT_SIDE_METRICS];
    const dvt_column *column[DVT_SIDE_METRICS];
} table_side;

/* ---- values -------------------------------------------------------------------------------- */

static int32_t index_of(const dvt_table *t, const dvt_column *c)
{
    int32_t i = 0;

    while (dvt_table_column(t, i) != c) {
        i++;
    }
    return i;
}

static dvt_status copy_doubles(dvt_ctx *ctx, const dvt_table *t, const dvt_column *c, int64_t rows,
                               int64_t *out)
{
    const int32_t column = index_of(t, c);

    for (int64_t i = 0; i < rows; i++) {
        const double v = dvt_table_has(t, column, i)
                             ? dvt_table_at(t, column, i) * (double)DVT_BENCHMARK_ONE
                             : 0;
        if (!(fabs(v) < 4e18)) {
            return dvt_fail(ctx, DVT_E_NUMERIC, NULL, "'%s' of row %lld is too large to compare",
                            c->name, (long long)i);
        }
        out[i] = dvt_table_has(t, column, i) ? (int64_t)llround(v) : DVT_METRIC_MISSING;
    }
    return DVT_OK;
}

static dvt_status copy_column(dvt_ctx *ctx, const dvt_table *t, const dvt_column *c, int64_t rows,
                              int64_t *out)
{
    const int32_t column = index_of(t, c);
    dvt_status    st = DVT_OK;

    if (c->type == DVT_COLUMN_F64) {
        return copy_doubles(ctx, t, c, rows, out);
    }
    for (int64_t i = 0; st == DVT_OK && i < rows; i++) {
        uint64_t v = 0;
        if (!dvt_table_has(t, column, i)) {
            out[i] = DVT_METRIC_MISSING;
            continue;
        }
        st = dvt_table_value(ctx, t, c->name, i, &v);
        if (st == DVT_OK && v > (UINT64_C(1) << 62)) {
            st = dvt_fail(ctx, DVT_E_NUMERIC, NULL, "'%s' of row %lld is too large to compare",
                          c->name, (long long)i);
        }
        out[i] = (int64_t)v;
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

static bool is_nb101(const dvt_table *t) { return dvt_table_space_of(t) == DVT_TABLE_NB101; }

typedef struct count_job {
    const dvt_table *table;
    source           source;
    int64_t         *out;
} count_job;

static void count_cells(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const count_job *job = ud;
    const bool       macs = job->source == FROM_MACS;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        if (is_nb101(job->table)) {
            dvt_nb101_cell cell;
            dvt_table_nb101_cell(job->table, i, &cell);
            job->out[i] = macs ? dvt_nb101_macs(&cell) : dvt_nb101_parameters(&cell);
        } else {
            const dvt_nb201_cell cell = dvt_table_nb201_cell(job->table, i);
            job->out[i] = macs ? dvt_nb201_macs(&cell) : dvt_nb201_parameters(&cell);
        }
    }
}

static dvt_status fill(dvt_ctx *ctx, dvt_side *side, int32_t metric)
{
    const table_side *t = side->ud;
    int64_t          *out = dvt_alloc(ctx, ((size_t)side->count + 1) * sizeof *out);
    dvt_status        st = DVT_OK;

    if (!out) {
        return DVT_E_NOMEM;
    }
    if (t->source[metric] == FROM_COLUMN) {
        st = copy_column(ctx, t->table, t->column[metric], side->count, out);
    } else {
        count_job job = {t->table, t->source[metric], out};
        dvt_parallel_for(ctx, side->count, 1024, count_cells, &job);
    }
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
    char              text[DVT_TABLE_KEY_TEXT];

    dvt_buf_puts(out, dvt_table_key(t->table, i, text));
}

static void destroy(dvt_ctx *ctx, dvt_side *side)
{
    for (int32_t i = 0; i < side->metric_count; i++) {
        dvt_free(ctx, (void *)(uintptr_t)side->value[i]);
    }
    dvt_free(ctx, side->ud);
}

/* ---- metrics ------------------------------------------------------------------------------- */

static void add_metric(dvt_side *side, source from, const dvt_column *column, dvt_metric metric)
{
    table_side *t = side->ud;

    if (side->metric_count < DVT_SIDE_METRICS) {
        t->source[side->metric_count] = from;
        t->column[side->metric_count] = column;
        side->metric[side->metric_count++] = metric;
    }
}

static bool is_accuracy(const dvt_column *c) { return strstr(c->metric, "accuracy") != NULL; }

/* Columns that are results and not the network itself, under their own names and as they stand. */
static void add_columns(dvt_side *side, const dvt_table *table)
{
    for (int32_t i = 0; i < dvt_table_column_count(table); i++) {
        const dvt_column *c = dvt_table_column(table, i);
        const bool        plain = !c->unit[0] || strcmp(c->unit, "%") == 0 || !strcmp(c->unit, "1");
        if (c->type == DVT_COLUMN_DECIMAL || c->type == DVT_COLUMN_F64) {
            add_metric(
                side, FROM_COLUMN, c,
                (dvt_metric){c->name, plain ? "" : c->unit, DVT_BENCHMARK_ONE, is_accuracy(c)});
        }
    }
}

/* The column with that measure, if there is just one. */
static const dvt_column *select_column(dvt_ctx *ctx, const dvt_table *t, const char *metric,
                                       const char *data_set, int32_t repeat)
{
    const dvt_measure m = {.metric = metric, .dataset = data_set, .repeat = repeat};
    int32_t           column;

    if (dvt_table_select(ctx, t, &m, &column) != DVT_OK) {
        dvt_ctx_clear_error(ctx);
        return NULL;
    }
    return dvt_table_column(t, column);
}

/* The column named so, or the accuracy on test images of the data set named so. */
static const dvt_column *find_accuracy(dvt_ctx *ctx, const dvt_table *t, const char *name)
{
    static const char *const metrics[] = {"test_accuracy", "x-test_accuracy", "ori-test_accuracy"};
    const char       *data_set = strcmp(name, "imagenet16-120") == 0 ? "ImageNet16-120" : name;
    const dvt_column *c = dvt_table_find_column(t, name);

    if (!c && strcmp(name, "cifar10") == 0) { /* what papers mean, whatever else there is */
        c = dvt_table_find_column(t, is_nb101(t) ? "mean_test_acc_108" : "c10_test");
    }
    for (size_t i = 0; !c && i < sizeof metrics / sizeof metrics[0]; i++) {
        c = select_column(ctx, t, metrics[i], data_set, DVT_REPEAT_MEAN);
    }
    for (size_t i = 0; !c && i < sizeof metrics / sizeof metrics[0]; i++) {
        c = select_column(ctx, t, metrics[i], data_set, 0);
    }
    return c && is_accuracy(c) ? c : NULL;
}

static dvt_status add_accuracy(dvt_ctx *ctx, dvt_side *side, const dvt_table *table,
                               const char *data_set)
{
    const dvt_column *c = find_accuracy(ctx, table, data_set ? data_set : "cifar10");

    if (c) {
        const int64_t one = strcmp(c->unit, "%") == 0 ? 100 : 1;
        add_metric(side, FROM_COLUMN, c,
                   (dvt_metric){"accuracy", "", one * DVT_BENCHMARK_ONE, true});
    } else if (data_set) {
        dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "this %s table holds no accuracy of '%.60s'",
                 side->name, data_set);
        dvt_fail_hint(ctx, "name a column of 'dovetail data query', or one of the data sets "
                           "cifar10, cifar100 and imagenet16-120 where the table has it once");
        return DVT_E_NOTFOUND;
    }
    return DVT_OK;
}

static dvt_status add_metrics(dvt_ctx *ctx, dvt_side *side, const dvt_table *table,
                              const char *data_set)
{
    const char       *name = is_nb101(table) ? "params" : "params_c10";
    const dvt_column *parameters = dvt_table_find_column(table, name);
    dvt_status        st = add_accuracy(ctx, side, table, data_set);

    add_metric(side, parameters ? FROM_COLUMN : FROM_PARAMETERS, parameters,
               (dvt_metric){"parameters", "", 1, false});
    add_metric(side, FROM_MACS, NULL, (dvt_metric){"macs", "", 1, false});
    add_columns(side, table);
    return st;
}

dvt_status dvt_side_of_table(dvt_ctx *ctx, const dvt_table *table, const char *data_set,
                             dvt_side *out)
{
    table_side *t;
    dvt_status  st;

    *out = (dvt_side){0};
    if (dvt_table_space_of(table) == DVT_TABLE_SSS) {
        return dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL, "networks of sizes have no cells to time");
    }
    t = dvt_calloc(ctx, 1, sizeof *t);
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
    st = add_metrics(ctx, out, table, data_set);
    if (st != DVT_OK) {
        dvt_side_deinit(ctx, out);
    }
    return st;
}
