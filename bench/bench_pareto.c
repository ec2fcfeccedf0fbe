/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_pareto.c - time to find exact frontiers, how it grows, and what brute force would take.
 *
 * Usage     bench_pareto [--json]      from the repository's root
 * Prints    milliseconds (median; wall and processor) to open the cache of NAS-Bench-101; to find
 *           the frontier in accuracy, latency and area of growing parts of its networks with all
 *           CHaiDNN accelerators, and of all networks with growing parts of the accelerators; of
 *           NAS-Bench-201 for CIFAR-10 and CIFAR-100; and of other lists of objectives. Making the
 *           cost (canonical cells, signatures, times of shapes) counts, opening the table does not.
 *           Beside it: pairs, points, costs that were computed, and the seconds that computing all
 *           pairs takes on one thread at the rate measured on a sample of them.
 */
#include "dovetail/pareto.h"
#include "report.h"

#include <unistd.h>

enum { SAMPLE = 64 };

typedef struct job {
    dvt_ctx         *ctx;
    char             cache[64];
    dvt_table       *table;
    const char      *data_set, *objectives;
    int64_t          network_step;
    int32_t          accelerator_step;
    dvt_side         networks, part, accelerators;
    int64_t         *accuracy; /* of the part */
    dvt_nb101_cell  *cells;
    dvt_pareto_front front;
    double           brute_s; /* one pair */
} job;

static dvt_status open_table(void *ud)
{
    job       *j = ud;
    dvt_table *t;
    dvt_status st = dvt_table_open(j->ctx, j->cache, &t);

    dvt_table_close(t);
    return st;
}

/* Every network_step'th network as a side of its own, with accuracies alone. */
static dvt_status make_part(job *j)
{
    const int64_t *all =
        dvt_side_values(j->ctx, &j->networks, dvt_side_find(&j->networks, "accuracy"));
    const int64_t n = (j->networks.count + j->network_step - 1) / j->network_step;

    j->part = (dvt_side){.name = "part",
                         .count = n,
                         .metric_count = 1,
                         .metric = {{"accuracy", "", DVT_BENCHMARK_ONE, true}},
                         .value = {j->accuracy}};
    for (int64_t i = 0; all && i < n; i++) {
        j->accuracy[i] = all[i * j->network_step];
        dvt_table_nb101_cell(j->table, i * j->network_step, &j->cells[i]);
    }
    return all ? DVT_OK : DVT_E_NOMEM;
}

static dvt_status find(void *ud)
{
    job               *j = ud;
    int32_t            some[DVT_CHAIDNN_COUNT], count = 0;
    dvt_pair_cost      cost = {0};
    const bool         parts = j->network_step > 1;
    dvt_pareto_problem p = {.networks = parts ? &j->part : &j->networks,
                            .accelerators = &j->accelerators,
                            .cost = &cost};
    dvt_status st = parts ? dvt_pair_cost_chaidnn_nb101(j->ctx, j->cells, j->part.count, &cost)
                          : dvt_pair_cost_chaidnn(j->ctx, j->table, &cost);

    for (int32_t a = 0; a < DVT_CHAIDNN_COUNT; a += j->accelerator_step) {
        some[count++] = a;
    }
    dvt_pareto_front_deinit(j->ctx, &j->front);
    if (!st) st = dvt_pareto_objectives(j->ctx, &p, j->objectives);
    if (!st) {
        const dvt_pareto_opts opts = {.accelerators = some, .accelerator_count = count};
        st = dvt_pareto_find(j->ctx, &p, &opts, &j->front);
    }
    dvt_pair_cost_deinit(j->ctx, &cost);
    return st;
}

/* Latencies of SAMPLE networks on all accelerators, without any bound, on one thread. */
static dvt_status measure_brute_force(job *j)
{
    static int32_t all[DVT_CHAIDNN_COUNT];
    static int64_t out[DVT_CHAIDNN_COUNT];
    dvt_pair_cost  cost;
    dvt_status     st = dvt_pair_cost_chaidnn(j->ctx, j->table, &cost);

    if (st) return st;
    for (int32_t a = 0; a < DVT_CHAIDNN_COUNT; a++) all[a] = a;
    const double begin = report_clock(CLOCK_PROCESS_CPUTIME_ID);
    for (int64_t i = 0; i < SAMPLE; i++) {
        cost.cost(&cost, i * j->networks.count / SAMPLE, all, DVT_CHAIDNN_COUNT, out);
    }
    j->brute_s =
        (report_clock(CLOCK_PROCESS_CPUTIME_ID) - begin) / SAMPLE / (double)DVT_CHAIDNN_COUNT;
    dvt_pair_cost_deinit(j->ctx, &cost);
    return DVT_OK;
}

static void row(report *r, const char *name, const report_time *t, const job *j, bool front)
{
    report_number(r, "wall_ms", 1e3 * t->wall_s);
    report_number(r, "cpu_ms", 1e3 * t->cpu_s);
    report_number(r, "pairs", front ? (double)j->front.pairs : NAN);
    report_number(r, "points", front ? (double)j->front.count : NAN);
    report_number(r, "computed", front ? (double)j->front.computed : NAN);
    report_number(r, "all_pairs_s", front ? j->brute_s * (double)j->front.pairs : NAN);
    report_row(r, name, NULL);
}

typedef struct step {
    const char *name, *data_set, *objectives;
    int64_t     network_step;
    int32_t     accelerator_step;
} step;

static dvt_status measure(job *j, report *r, const step *steps, size_t count)
{
    dvt_status st = DVT_OK;

    for (size_t i = 0; !st && i < count; i++) {
        report_time time;
        j->objectives = steps[i].objectives;
        j->network_step = steps[i].network_step;
        j->accelerator_step = steps[i].accelerator_step;
        st = dvt_side_of_table(j->ctx, j->table, steps[i].data_set, &j->networks);
        if (!st && j->network_step > 1) st = make_part(j);
        if (!st) st = report_measure(find, j, 3, 1.0, &time);
        if (!st) row(r, steps[i].name, &time, j, true);
        dvt_side_deinit(j->ctx, &j->networks);
    }
    return st;
}

static const char three[] = "accuracy,latency,area";

static dvt_status measure_nb101(job *j, report *r)
{
    static const step steps[] = {
        {"every 64th network", NULL, three, 64, 1},
        {"every 16th network", NULL, three, 16, 1},
        {"every 4th network", NULL, three, 4, 1},
        {"all networks, 8,640 accelerators", NULL, three, 1, 1},
        {"every 4th accelerator", NULL, three, 1, 4},
        {"every 16th accelerator", NULL, three, 1, 16},
        {"every 64th accelerator", NULL, three, 1, 64},
        {"accuracy,latency", NULL, "accuracy,latency", 1, 1},
        {"accuracy,latency,area,dsp", NULL, "accuracy,latency,area,dsp", 1, 1},
        {"accuracy,parameters,latency,area", NULL, "accuracy,parameters,latency,area", 1, 1},
    };
    char        csv[1024];
    report_time time;
    dvt_status  st;

    report_data_path(csv, sizeof csv, "nas/nasbench101.csv.gz");
    snprintf(j->cache, sizeof j->cache, "/tmp/dovetail-bench-%ld.cache", (long)getpid());
    st = dvt_table_import(j->ctx, DVT_BENCHMARK_NASBENCH101, csv, j->cache, NULL);
    if (!st) st = report_measure(open_table, j, 3, 0.5, &time);
    if (st) return st;
    row(r, "open the table", &time, j, false);
    st = dvt_table_open(j->ctx, j->cache, &j->table);
    if (!st) st = dvt_side_of_table(j->ctx, j->table, NULL, &j->networks);
    if (!st) st = measure_brute_force(j);
    if (!st) {
        j->cells = dvt_alloc(j->ctx, (size_t)j->networks.count * sizeof *j->cells);
        j->accuracy = dvt_alloc(j->ctx, (size_t)j->networks.count * sizeof *j->accuracy);
        st = j->cells && j->accuracy ? DVT_OK : DVT_E_NOMEM;
    }
    dvt_side_deinit(j->ctx, &j->networks);
    if (!st) st = measure(j, r, steps, sizeof steps / sizeof steps[0]);
    dvt_free(j->ctx, j->cells);
    dvt_free(j->ctx, j->accuracy);
    dvt_table_close(j->table);
    j->table = NULL;
    return st;
}

static dvt_status measure_nb201(job *j, report *r)
{
    static const step steps[] = {
        {"NAS-Bench-201, CIFAR-10", "cifar10", three, 1, 1},
        {"NAS-Bench-201, CIFAR-100", "cifar100", three, 1, 1},
        {"the same, and parameters", "cifar100", "accuracy,latency,area,parameters", 1, 1},
    };
    char       csv[1024];
    dvt_status st;

    report_data_path(csv, sizeof csv, "nas/nasbench201.csv");
    st = dvt_table_load(j->ctx, DVT_BENCHMARK_NASBENCH201, csv, &j->table);
    if (!st) st = dvt_side_of_table(j->ctx, j->table, NULL, &j->networks);
    if (!st) st = measure_brute_force(j);
    dvt_side_deinit(j->ctx, &j->networks);
    if (!st) st = measure(j, r, steps, sizeof steps / sizeof steps[0]);
    dvt_table_close(j->table);
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
    st = dvt_side_of_chaidnn(ctx, &j.accelerators);
    if (!st) st = measure_nb101(&j, &r);
    if (st) report_row(&r, "NAS-Bench-101", dvt_ctx_error(ctx)->message);
    dvt_ctx_clear_error(ctx);
    st = measure_nb201(&j, &r);
    if (st) report_row(&r, "NAS-Bench-201", dvt_ctx_error(ctx)->message);
    report_end(&r);
    remove(j.cache);
    dvt_side_deinit(ctx, &j.accelerators);
    dvt_pareto_front_deinit(ctx, &j.front);
    dvt_ctx_destroy(ctx);
    return st != DVT_OK;
}
