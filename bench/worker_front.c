/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_front.c - our non-dominated sorting and hypervolume for bench_front.py.
 *
 * Speaks as worker_pagmo.cpp does: lines "sort FILE" and "hv FILE"; answers "seconds value".
 */
#include "dovetail/indicators.h"
#include "report.h"

static dvt_status answer(dvt_ctx *ctx, const char *what, const char *path)
{
    dvt_blob   file;
    dvt_status st = dvt_file_read(ctx, path, 0, &file);
    int64_t    head[2];
    double    *points, value = 0;
    int32_t   *front, fronts = 0;

    if (st) return st;
    memcpy(head, file.data, sizeof head);
    points = dvt_alloc(ctx, file.size - sizeof head);
    front = dvt_alloc(ctx, (size_t)head[0] * sizeof *front);
    if (!points || !front) return DVT_E_NOMEM;
    memcpy(points, file.data + sizeof head, file.size - sizeof head);
    const double begin = report_clock(CLOCK_PROCESS_CPUTIME_ID);
    if (strcmp(what, "sort") == 0) {
        st = dvt_pareto_sort(ctx, points, head[0], (int32_t)head[1], front, &fronts);
        value = fronts;
    } else {
        st = dvt_pareto_hypervolume(ctx, points, head[0], (int32_t)head[1],
                                    points + head[0] * head[1], &value);
    }
    printf("%.9g %.17g\n", report_clock(CLOCK_PROCESS_CPUTIME_ID) - begin, value);
    fflush(stdout);
    dvt_free(ctx, points);
    dvt_free(ctx, front);
    dvt_blob_deinit(ctx, &file);
    return st;
}

int main(void)
{
    dvt_ctx   *ctx = dvt_ctx_create(NULL);
    char       what[8], path[1024];
    dvt_status st = ctx ? DVT_OK : DVT_E_NOMEM;

    while (!st && scanf("%7s %1023s", what, path) == 2) st = answer(ctx, what, path);
    dvt_ctx_destroy(ctx);
    return st != DVT_OK;
}
