/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_schedule.c - what the standing schedule of CHaiDNN costs: its latency above the optimum.
 *
 * Usage     bench_schedule [--json]
 * Prints    for some accelerators (both counts of convolution engines, with and without a pooling
 *           engine) the mean and the largest share by which the standing schedule is above the best
 *           one, over every 8th cell of NAS-Bench-101; how many cells it is the best for; and the
 *           time of one optimum beside that of one standing latency.
 */
#include "dovetail/accelerator.h"
#include "report.h"

enum { EVERY = 8 };

typedef struct tally {
    const dvt_nb101_table *cells;
    dvt_chaidnn            a;
    uint32_t               ticks[DVT_NB101_SHAPES];
    double                 sum, most, optimal_s, standing_s;
    int64_t                count, equal;
} tally;

static double now(void) { return report_clock(CLOCK_MONOTONIC); }

static void compare(tally *t)
{
    for (int64_t i = 0; i < dvt_nb101_table_count(t->cells); i += EVERY) {
        const dvt_nb101_cell *cell = &dvt_nb101_table_cells(t->cells)[i];
        dvt_nb101_cell        canonical;
        dvt_nb101_ops         ops;
        double                at = now();
        dvt_nb101_canonical(cell, &canonical);
        dvt_nb101_operations(&canonical, &ops);
        int64_t standing = dvt_chaidnn_nb101_latency(&ops, &t->a, t->ticks);
        t->standing_s += now() - at;
        at = now();
        int64_t optimal = dvt_chaidnn_nb101_optimal(cell, &t->a, t->ticks);
        t->optimal_s += now() - at;
        double gap = (double)(standing - optimal) / (double)optimal;
        t->sum += gap;
        t->most = gap > t->most ? gap : t->most;
        t->equal += standing == optimal;
        t->count++;
    }
}

int main(int argc, char **argv)
{
    static const int32_t shares[] = {12, 9, 6, 3};
    dvt_ctx             *ctx = dvt_ctx_create(NULL);
    dvt_nb101_table     *cells = NULL;
    report               r;

    report_begin(&r, report_wants_json(argc, argv), "dovetail.bench_schedule/1");
    if (ctx && !dvt_nb101_enumerate(ctx, DVT_NB101_MAX_VERTICES, &cells)) {
        for (int i = 0; i < 8; i++) {
            dvt_chaidnn a = {16, 32, 4096, 2048, 2048, 512, i < 4, shares[i % 4], 8};
            tally       t = {.cells = cells, .a = a};
            char        name[64];
            if (dvt_chaidnn_nb101_row(ctx, dvt_chaidnn_index(&a), t.ticks)) {
                break;
            }
            compare(&t);
            report_number(&r, "mean_gap_percent", 100 * t.sum / (double)t.count);
            report_number(&r, "largest_gap_percent", 100 * t.most);
            report_number(&r, "optimal_already_percent", 100 * (double)t.equal / (double)t.count);
            report_number(&r, "optimum_us", 1e6 * t.optimal_s / (double)t.count);
            report_number(&r, "standing_us", 1e6 * t.standing_s / (double)t.count);
            snprintf(name, sizeof name, "%d/12 wide, %s", (int)a.share,
                     a.pool_engine ? "pooling engine" : "host pools");
            report_row(&r, name, NULL);
        }
    }
    dvt_nb101_table_destroy(cells);
    dvt_ctx_destroy(ctx);
    report_end(&r);
    return 0;
}
