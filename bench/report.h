/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - what the benchmarks in C share: clocks, repeated timing, one table for two readers.
 *
 * A benchmark prints rows; a row is a name and numbers with a key each (unit at its end, as in
 * "wall_ms"). People get columns, `--json` gives {"schema", "results": [{"name", key: ...}]}.
 * Every row of a benchmark has the same keys. Header only: each bench/<name>.c is one program.
 */
#ifndef DOVETAIL_BENCH_REPORT_H
#define DOVETAIL_BENCH_REPORT_H

#include "dovetail/base.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPORT_MAX_RUNS = 64, REPORT_COLUMNS = 16 };

static inline double report_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- timing -------------------------------------------------------------------------------- */

typedef struct report_time {
    double wall_s, cpu_s; /* medians */
    int    runs;
} report_time;

static inline int report_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double report_median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, report_compare);
    return n % 2 ? v[n / 2] : 0.5 * (v[n / 2 - 1] + v[n / 2]);
}

/* Calls fn(ud) at least `least` times and until `seconds` are over. */
static inline dvt_status report_measure(dvt_status (*fn)(void *ud), void *ud, int least,
                                        double seconds, report_time *out)
{
    double wall[REPORT_MAX_RUNS], cpu[REPORT_MAX_RUNS], begin = report_clock(CLOCK_MONOTONIC);
    int    n = 0;

    *out = (report_time){0};
    while (n < REPORT_MAX_RUNS &&
           (n < least || report_clock(CLOCK_MONOTONIC) - begin < seconds)) {
        double wall_at = report_clock(CLOCK_MONOTONIC);
        double cpu_at = report_clock(CLOCK_PROCESS_CPUTIME_ID);
        dvt_status st = fn(ud);
        if (st) return st;
        cpu[n] = report_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_at;
        wall[n++] = report_clock(CLOCK_MONOTONIC) - wall_at;
    }
    *out = (report_time){report_median(wall, n), report_median(cpu, n), n};
    return DVT_OK;
}

/* ---- rows ---------------------------------------------------------------------------------- */

typedef struct report {
    bool        json;
    const char *schema;
    int         rows, columns;
    const char *key[REPORT_COLUMNS];
    double      value[REPORT_COLUMNS];
} report;

static inline void report_begin(report *r, bool json, const char *schema)
{
    *r = (report){.json = json, .schema = schema};
    if (json) printf("{\"schema\": \"%s\", \"results\": [", schema);
}

/* NaN: not measured. */
static inline void report_number(report *r, const char *key, double value)
{
    if (r->columns == REPORT_COLUMNS) return;
    r->key[r->columns] = key;
    r->value[r->columns++] = value;
}

static inline void report_json_row(const report *r, const char *name, const char *reason)
{
    printf("%s\n{\"name\": \"%s\"", r->rows ? "," : "", name);
    for (int i = 0; i < r->columns; i++) {
        if (isfinite(r->value[i])) printf(", \"%s\": %.6g", r->key[i], r->value[i]);
        else printf(", \"%s\": null", r->key[i]);
    }
    if (reason) {
        printf(", \"not_measured\": \"");
        for (const char *c = reason; *c; c++) putchar(*c == '"' || *c == '\\' ? '\'' : *c);
        putchar('"');
    }
    printf("}");
}

static inline void report_text_row(const report *r, const char *name, const char *reason)
{
    if (!r->rows && r->columns) {
        printf("%-34s", "");
        for (int i = 0; i < r->columns; i++) printf(" %11s", r->key[i]);
        printf("\n");
    }
    printf("%-34s", name);
    for (int i = 0; i < r->columns; i++) {
        if (isfinite(r->value[i])) printf(" %11.4g", r->value[i]);
        else printf(" %11s", "-");
    }
    if (reason) printf(" not measured: %s", reason);
    printf("\n");
}

/* Ends the row. `reason`: why it has no numbers, or NULL. */
static inline void report_row(report *r, const char *name, const char *reason)
{
    if (r->json) report_json_row(r, name, reason);
    else report_text_row(r, name, reason);
    r->rows += r->columns > 0 || r->json;
    r->columns = 0;
    fflush(stdout);
}

static inline void report_end(const report *r)
{
    if (r->json) printf("\n]}\n");
}

/* ---- files --------------------------------------------------------------------------------- */

/* The data folder: DOVETAIL_TEST_DATA, or ../shared/data beside the repository. */
static inline void report_data_path(char *out, size_t size, const char *below)
{
    const char *data = getenv("DOVETAIL_TEST_DATA");
    snprintf(out, size, "%s/%s", data ? data : "../shared/data", below);
}

static inline bool report_wants_json(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--json") == 0;
}

#endif
