/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_pareto.c - time to open the benchmark table, and to find the frontier of all its pairs.
 *
 * Usage     bench_pareto [--json]      from the repository's root
 * Prints    milliseconds (median; wall and processor) to open the cache, and for growing parts of
 *           the table (every n-th network) to find the exact frontier with all 8,640 accelerators:
 *           pairs, points, the pairs whose latency had to be computed, and beside it the time that
 *           computing all pairs would take on one thread at the rate measured on a sample of them.
 */
#include "dovetail/table.h"
#include "report.h"
#include "search/pareto_int.h"

#include <unistd.h>

enum { SAMPLE = 64 };

typedef struct job {
    dvt_ctx         *ctx;
    char             cache[64];
    dvt_nb101_cell  *cells;
    uint64_t        *accuracy;
    int64_t          count;
    dvt_pareto_front front;
    uint32_t        *ticks;
    dvti_engine      engines[DVT_CHAIDNN_COUNT];
} job;

static dvt_status open_table(void *ud)
{
    job       *j = ud;
    dvt_table *t;
    dvt_status st = dvt_table_open(j->ctx, j->cache, &t);

    dvt_table_close(t);
    return st;
}

static dvt_status find(void *ud)
{
    job *j = ud;

    dvt_pareto_front_deinit(j->ctx, &j->front);
    return dvt_pareto_nb101(j->ctx, j->cells, j->accuracy, j->count, NULL, &j->front);
}

/* Latencies of SAMPLE networks on all accelerators, without any bound, on one thread. */
static dvt_status sample(void *ud)
{
    job    *j = ud;
    int64_t sum = 0;

    for (int64_t i = 0; i < SAMPLE; i++) {
        dvti_program program;
        dvti_program_make(&j->cells[i * j->count / SAMPLE], &program, NULL);
        for (int32_t a = 0; a < DVT_CHAIDNN_COUNT; a++) {
            sum += dvti_program_latency(&program, &j->engines[a], INT64_MAX);
        }
    }
    return sum > 0 ? DVT_OK : DVT_E_INTERNAL;
}

static dvt_status load(job *j)
{
    char       csv[1024];
    dvt_table *t = NULL;
    dvt_status st;

    report_data_path(csv, sizeof csv, "nas/nasbench101.csv.gz");
    snprintf(j->cache, sizeof j->cache, "/tmp/dovetail-bench-%ld.cache", (long)getpid());
    st = dvt_table_import(j->ctx, DVT_BENCHMARK_NASBENCH101, csv, j->cache, NULL);
    if (!st) st = dvt_table_open(j->ctx, j->cache, &t);
    if (st) return st;
    j->count = dvt_table_rows(t);
    j->cells = dvt_alloc(j->ctx, (size_t)j->count * sizeof *j->cells);
    j->accuracy = dvt_alloc(j->ctx, (size_t)j->count * sizeof *j->accuracy);
    j->ticks = dvt_alloc(j->ctx, (size_t)DVT_CHAIDNN_COUNT * DVT_NB101_SHAPES * sizeof *j->ticks);
    for (int64_t i = 0; !st && i < j->count; i++) {
        dvt_table_nb101_cell(t, i, &j->cells[i]);
        st = dvt_table_value(j->ctx, t, "mean_test_acc_108", i, &j->accuracy[i]);
    }
    dvt_table_close(t);
    if (!st) st = dvt_chaidnn_nb101_table(j->ctx, j->ticks);
    for (int32_t a = 0; !st && a < DVT_CHAIDNN_COUNT; a++)
        dvti_engine_make(a, j->ticks + (size_t)a * DVT_NB101_SHAPES, &j->engines[a]);
    return st;
}

static void row(report *r, const char *name, const report_time *t, const job *j, double brute_s)
{
    report_number(r, "wall_ms", 1e3 * t->wall_s);
    report_number(r, "cpu_ms", 1e3 * t->cpu_s);
    report_number(r, "pairs", (double)j->front.pairs);
    report_number(r, "points", (double)j->front.count);
    report_number(r, "computed", (double)j->front.evaluated);
    report_number(r, "all_pairs_s", brute_s);
    report_row(r, name, NULL);
}

static dvt_status measure(job *j, report *r)
{
    static const struct part {
        const char *name;
        int64_t     step;
    } parts[] = {{"every 64th network", 64},
                 {"every 16th network", 16},
                 {"every 4th network", 4},
                 {"all networks", 1}};
    report_time     time, one;
    dvt_nb101_cell *cells = j->cells;
    uint64_t       *accuracy = j->accuracy;
    const int64_t   count = j->count;
    dvt_status      st = report_measure(open_table, j, 3, 0.5, &time);

    if (!st) st = report_measure(sample, j, 1, 0.1, &one);
    if (st) return st;
    row(r, "open the table", &time, j, NAN);
    for (size_t i = 0; !st && i < sizeof parts / sizeof parts[0]; i++) {
        const int64_t n = (count + parts[i].step - 1) / parts[i].step;
        j->cells = dvt_alloc(j->ctx, (size_t)n * sizeof *j->cells);
        j->accuracy = dvt_alloc(j->ctx, (size_t)n * sizeof *j->accuracy);
        j->count = n;
        for (int64_t k = 0; k < n; k++) {
            j->cells[k] = cells[k * parts[i].step];
            j->accuracy[k] = accuracy[k * parts[i].step];
        }
        st = report_measure(find, j, 3, 1.0, &time);
        if (!st) row(r, parts[i].name, &time, j, one.wall_s / SAMPLE * (double)n);
        dvt_free(j->ctx, j->cells);
        dvt_free(j->ctx, j->accuracy);
    }
    j->cells = cells;
    j->accuracy = accuracy;
    return st;
}

int main(int argc, char **argv)
{
    report     r;
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    static job j;
    dvt_status st;

    if (!ctx) return 6;
    j.ctx = ctx;
    report_begin(&r, report_wants_json(argc, argv), "dovetail.bench_pareto/1");
    st = load(&j);
    if (!st) st = measure(&j, &r);
    if (st) report_row(&r, "frontier", dvt_ctx_error(ctx)->message);
    report_end(&r);
    remove(j.cache);
    dvt_free(ctx, j.cells);
    dvt_free(ctx, j.accuracy);
    dvt_free(ctx, j.ticks);
    dvt_pareto_front_deinit(ctx, &j.front);
    dvt_ctx_destroy(ctx);
    return st != DVT_OK;
}
