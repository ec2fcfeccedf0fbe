/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_query.c - time of one question to a frontier, beside looking at all of its points.
 *
 * Usage     bench_query [--json]      from the repository's root
 * Prints    for frontiers of growing size (points of a made-up front in four objectives, none
 *           dominated) and for that of NAS-Bench-101 on CHaiDNN: nanoseconds a question of the
 *           index (dvt_frontier_best) and of a scan over its keys, one thread, processor time;
 *           limits on all objectives but the one asked for, at the values of random points. Both
 *           are asked in turns, their answers are equal.
 */
#include "dovetail/frontier.h"
#include "report.h"
#include "search/frontier_int.h"

#include <unistd.h>

enum { QUESTIONS = 2000, OBJECTIVES = 4 };

static dvt_frontier_query questions[QUESTIONS];

/* Limits at the values of a point drawn at random, moved a little. */
static void draw_questions(const dvt_frontier *f)
{
    const dvt_frontier_about a = dvt_frontier_about_of(f);
    dvt_rng                  rng = dvt_rng_make(5, 0);

    for (int i = 0; i < QUESTIONS; i++) {
        dvt_frontier_query *q = &questions[i];
        *q = dvt_frontier_query_make(f, i % a.objectives);
        for (int32_t k = 0; k < a.objectives; k++) {
            const int64_t v =
                dvt_frontier_point(f, (int64_t)dvt_rng_below(&rng, (uint64_t)a.points))->value[k];
            if (k == q->best) continue;
            if (dvt_frontier_objective(f, k)->maximise)
                q->least[k] = v;
            else
                q->most[k] = v;
        }
    }
}

static double seconds(const dvt_frontier *f, bool scan, int64_t *sum)
{
    const double begin = report_clock(CLOCK_PROCESS_CPUTIME_ID);

    *sum = 0;
    for (int i = 0; i < QUESTIONS; i++) {
        *sum += (i + 1) *
                (scan ? dvti_frontier_scan(f, &questions[i]) : dvt_frontier_best(f, &questions[i]));
    }
    return report_clock(CLOCK_PROCESS_CPUTIME_ID) - begin;
}

static void measure(report *r, const char *name, const dvt_frontier *f)
{
    enum { ROUNDS = 5 };
    double  index[ROUNDS], scan[ROUNDS];
    int64_t x, y;

    draw_questions(f);
    for (int i = 0; i < ROUNDS; i++) {
        index[i] = seconds(f, false, &x);
        scan[i] = seconds(f, true, &y);
        if (x != y) {
            report_row(r, name, "index and scan differ");
            return;
        }
    }
    const double one = 1e9 / QUESTIONS * report_median(index, ROUNDS);
    const double all = 1e9 / QUESTIONS * report_median(scan, ROUNDS);
    report_number(r, "points", (double)dvt_frontier_about_of(f).points);
    report_number(r, "objectives", dvt_frontier_about_of(f).objectives);
    report_number(r, "index_ns", one);
    report_number(r, "scan_ns", all);
    report_number(r, "ratio", one / all);
    report_row(r, name, NULL);
}

/* Random points of a sphere's part: none dominates another. */
static dvt_status make(dvt_ctx *ctx, int64_t count, dvt_frontier **out)
{
    dvt_side networks = {.name = "made-up", .count = count}, none = {.name = "none", .count = 1};
    dvt_pareto_problem p = {.networks = &networks, .accelerators = &none};
    dvt_pareto_front   front = {.count = count, .pairs = count};
    dvt_rng            rng = dvt_rng_make(1, 0);
    dvt_status         st;

    front.points = dvt_calloc(ctx, (size_t)count, sizeof *front.points);
    if (!front.points) return DVT_E_NOMEM;
    for (int32_t k = 0; k < OBJECTIVES; k++) {
        static const char *const names[] = {"a", "b", "c", "d"};
        networks.metric[networks.metric_count++] = (dvt_metric){names[k], "", 1, false};
        p.objective[p.objective_count++] = (dvt_pareto_metric){DVT_PARETO_NETWORK, k};
    }
    for (int64_t i = 0; i < count; i++) {
        double v[OBJECTIVES], length = 0;
        for (int k = 0; k < OBJECTIVES; k++) {
            v[k] = fabs(dvt_rng_normal(&rng));
            length += v[k] * v[k];
        }
        for (int k = 0; k < OBJECTIVES; k++) {
            front.points[i].value[k] = (int64_t)(1e12 * (1 - v[k] / sqrt(length)));
        }
    }
    st = dvt_frontier_create(ctx, &p, &front, out);
    dvt_pareto_front_deinit(ctx, &front);
    return st;
}

static dvt_status measure_nb101(dvt_ctx *ctx, report *r, const char *name, const char *objectives)
{
    char               csv[1024];
    dvt_table         *t = NULL;
    dvt_side           networks = {0}, accelerators = {0};
    dvt_pair_cost      cost = {0};
    dvt_pareto_problem p = {.networks = &networks, .accelerators = &accelerators, .cost = &cost};
    dvt_pareto_front   front = {0};
    dvt_frontier      *f = NULL;
    dvt_status         st;

    report_data_path(csv, sizeof csv, "nas/nasbench101.csv.gz");
    st = dvt_table_load(ctx, DVT_BENCHMARK_NASBENCH101, csv, &t);
    if (!st) st = dvt_side_of_table(ctx, t, NULL, &networks);
    if (!st) st = dvt_side_of_chaidnn(ctx, &accelerators);
    if (!st) st = dvt_pair_cost_chaidnn(ctx, t, &cost);
    if (!st) st = dvt_pareto_objectives(ctx, &p, objectives);
    if (!st) st = dvt_pareto_find(ctx, &p, NULL, &front);
    if (!st) st = dvt_frontier_create(ctx, &p, &front, &f);
    if (!st) measure(r, name, f);
    dvt_frontier_destroy(f);
    dvt_pareto_front_deinit(ctx, &front);
    dvt_pair_cost_deinit(ctx, &cost);
    dvt_side_deinit(ctx, &accelerators);
    dvt_side_deinit(ctx, &networks);
    dvt_table_close(t);
    return st;
}

int main(int argc, char **argv)
{
    static const struct size {
        const char *name;
        int64_t     points;
    } sizes[] = {{"made-up, 1,000", 1000},
                 {"made-up, 10,000", 10000},
                 {"made-up, 100,000", 100000},
                 {"made-up, 1,000,000", 1000000}};
    report     r;
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    dvt_status st = DVT_OK;

    if (!ctx) return 6;
    report_begin(&r, report_wants_json(argc, argv), "dovetail.bench_query/1");
    for (size_t i = 0; !st && i < sizeof sizes / sizeof sizes[0]; i++) {
        dvt_frontier *f = NULL;
        st = make(ctx, sizes[i].points, &f);
        if (!st) measure(&r, sizes[i].name, f);
        dvt_frontier_destroy(f);
    }
    if (!st) st = measure_nb101(ctx, &r, "NAS-Bench-101", "accuracy,latency,area");
    if (!st) st = measure_nb101(ctx, &r, "and parameters", "accuracy,latency,area,parameters");
    if (st) report_row(&r, "frontier", dvt_ctx_error(ctx)->message);
    report_end(&r);
    dvt_ctx_destroy(ctx);
    return st != DVT_OK;
}
