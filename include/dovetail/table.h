/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - benchmark tables: measured results of the networks of a space, from files others made.
 *
 * A published file is imported once into a cache: one binary file, versioned and checksummed, that
 * is mapped into memory and opens in milliseconds. A table answers only with what it holds: an
 * unknown network, column or missing value is E_NOTFOUND, never an estimate.
 * Rows       one a network: NAS-Bench-101 cells in the order of their hashes, NAS-Bench-201 cells
 *            in the order of their published index, sizes of NATS-Bench in that of theirs.
 * Columns    what was measured: each says metric, unit, data set, device, epochs of training and
 *            repeat, as far as the file's format says so.
 * Values     whole numbers; decimal fractions as whole multiples of 1e-12 (DVT_BENCHMARK_ONE is 1),
 *            exactly the digits of the file; doubles, exactly those of the file.
 * Ownership  a table belongs to its context; columns and texts are borrowed from it.
 * Threads    an open table is read-only and may be shared; calls that can fail need their own ctx.
 * Example    the latency of cell 42 on a Raspberry Pi 4, in milliseconds:
 *     dvt_table_load(ctx, DVT_BENCHMARK_HELP, "help_latency_ms.csv", &t);
 *     dvt_table_find(ctx, t, "42", &row);
 *     dvt_table_number(ctx, t, "raspi4", row, &ms);
 */
#ifndef DOVETAIL_TABLE_H
#define DOVETAIL_TABLE_H

#include "dovetail/space.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DVT_BENCHMARK_ONE INT64_C(1000000000000)

/* docs/formats/tables.md says which files each kind reads. */
#define DVT_BENCHMARK_LIST(X)                                                                  \
    X(NASBENCH101, "nasbench101", "accuracy of NAS-Bench-101: CSV or TFRecord")                \
    X(NASBENCH201, "nasbench201", "accuracy of NAS-Bench-201: CSV or pickle")                  \
    X(NATSBENCH, "natsbench-tss", "NATS-Bench, topologies: CSV, pickle or folder of pickles")  \
    X(NATSBENCH_SSS, "natsbench-sss", "NATS-Bench, sizes: CSV, pickle or folder of pickles")   \
    X(HWNASBENCH, "hwnasbench", "HW-NAS-Bench: latency and energy of NAS-Bench-201 cells")     \
    X(LATBENCH, "latbench", "LatBench: latency of NAS-Bench-201 cells on one device (pickle)") \
    X(HELP, "help", "HELP: latency of NAS-Bench-201 cells on several devices (CSV)")

typedef enum dvt_benchmark {
#define DVT_X(name, text, summary) DVT_BENCHMARK_##name,
    DVT_BENCHMARK_LIST(DVT_X)
#undef DVT_X
        DVT_BENCHMARKS
} dvt_benchmark;
DVT_API const char *dvt_benchmark_name(dvt_benchmark kind); /* "nasbench101" */
DVT_API const char *dvt_benchmark_summary(dvt_benchmark kind);

/* What the rows of a table are. */
typedef enum dvt_table_space {
    DVT_TABLE_NB101, /* NAS-Bench-101 cells */
    DVT_TABLE_NB201, /* NAS-Bench-201 cells */
    DVT_TABLE_SSS    /* NATS-Bench sizes: five widths of 8, 16 .. 64 channels */
} dvt_table_space;

enum { DVT_SSS_WIDTHS = 5, DVT_SSS_COUNT = 32768, DVT_TABLE_KEY_TEXT = 128 };

typedef enum dvt_column_type {
    DVT_COLUMN_WHOLE,
    DVT_COLUMN_DECIMAL, /* multiples of 1e-12 */
    DVT_COLUMN_F64,
    DVT_COLUMN_HASH, /* names the rows, holds no values */
    DVT_COLUMN_TYPES
} dvt_column_type;

typedef struct dvt_column {
    const char *name;    /* unique in its table */
    const char *metric;  /* "latency", "test_accuracy"; "" = not said, as in the following */
    const char *unit;    /* "s", "ms", "mJ", "%"; "1" = a fraction */
    const char *dataset; /* "cifar10" */
    const char *device;  /* "raspi4" */
    int32_t     epochs;  /* of training; 0 = not said */
    int32_t     repeat;  /* 1.. of several trainings; 0 = the only one, or a mean */
    dvt_column_type type;
    int64_t         count; /* values; fewer than the table's rows if some are missing */
} dvt_column;

typedef struct dvt_table dvt_table;

/* Reads a published file of `kind` and writes its cache. *rows (may be NULL): number of networks.
 * E_PARSE with the place (line and column, record, byte offset) where the file is not as its format
 * says: numbers, cells, order, checksums, or a network described twice; E_UNSUPPORTED for pickles
 * of anything but data; E_NUMERIC for values that are no numbers; E_IO. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_import(dvt_ctx *ctx, dvt_benchmark kind,
                                                   const char *file, const char *cache,
                                                   int64_t *rows);
/* Opens a cache. E_PARSE with the offset: not a cache, another version, cut or changed. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_open(dvt_ctx *ctx, const char *path, dvt_table **out);
/* The same for a cache, or straight from a published file of `kind`, which takes seconds for the
 * large ones. A cache of another kind is E_UNSUPPORTED. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_load(dvt_ctx *ctx, dvt_benchmark kind, const char *path,
                                                 dvt_table **out);
/* Through a cache: opens it if it is sound and of this very file (its size and its first and last
 * 64 KiB); else, where it is absent, damaged, of another version or file, imports the file and
 * replaces it. *imported (may be NULL) says which. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_cached(dvt_ctx *ctx, dvt_benchmark kind,
                                                   const char *file, const char *cache,
                                                   dvt_table **out, bool *imported);
DVT_API void                      dvt_table_close(dvt_table *t);

DVT_API dvt_benchmark     dvt_table_benchmark(const dvt_table *t);
DVT_API dvt_table_space   dvt_table_space_of(const dvt_table *t);
DVT_API int64_t           dvt_table_rows(const dvt_table *t);
DVT_API int32_t           dvt_table_column_count(const dvt_table *t);
DVT_API const dvt_column *dvt_table_column(const dvt_table *t, int32_t i);
DVT_API const dvt_column *dvt_table_find_column(const dvt_table *t, const char *name); /* or NULL */

/* What is wanted of a column; NULL, "" and 0 leave it open. */
enum { DVT_REPEAT_MEAN = -1 }; /* a column that is not of one of several repeats */
typedef struct dvt_measure {
    const char *metric, *dataset, *device;
    int32_t     epochs, repeat;
} dvt_measure;
/* The one column that fits, for dvt_table_column. E_NOTFOUND says what there is, E_USAGE that
 * several fit. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_select(dvt_ctx *ctx, const dvt_table *t,
                                                   const dvt_measure *m, int32_t *column);

/* The row of a network: NAS-Bench-101 by its MD5 hash; NAS-Bench-201 by its published index, its
 * string, or its operations as six digits (0 none, 1 skip, 2 and 3 convolutions, 4 pooling, in the
 * order of the string) after "ops:"; sizes by index or "8:16:24:32:40".
 * E_NOTFOUND if the table has no such network, E_USAGE if `key` is no key at all. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_find(dvt_ctx *ctx, const dvt_table *t, const char *key,
                                                 int64_t *row);
/* The same for a cell of NAS-Bench-201: the row, or -1. */
DVT_API int64_t dvt_table_nb201_row(const dvt_table *t, const dvt_nb201_cell *cell);

/* One value of a column of whole or decimal numbers. E_NOTFOUND if the column or the value is not
 * there, E_UNSUPPORTED if the column holds doubles. `row` in range, here and below. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_value(dvt_ctx *ctx, const dvt_table *t,
                                                  const char *column, int64_t row, uint64_t *out);
/* All values of such a column, (rows) of them; E_NOTFOUND if one is missing. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_values(dvt_ctx *ctx, const dvt_table *t,
                                                   const char *column, uint64_t *out);
/* One value of any column: the nearest double to a decimal number. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_number(dvt_ctx *ctx, const dvt_table *t,
                                                   const char *column, int64_t row, double *out);
/* The same by the column's place, for many rows: is there a value, and which. */
DVT_API bool   dvt_table_has(const dvt_table *t, int32_t column, int64_t row);
DVT_API double dvt_table_at(const dvt_table *t, int32_t column, int64_t row); /* if it has */

/* The cell of a NAS-Bench-101 row, and its hash in hexadecimal digits. */
DVT_API void dvt_table_nb101_cell(const dvt_table *t, int64_t row, dvt_nb101_cell *out);
DVT_API void dvt_table_nb101_hash(const dvt_table *t, int64_t row, char out[DVT_MD5_HEX]);
/* The cell of a row of any table of NAS-Bench-201 cells. */
DVT_API dvt_nb201_cell dvt_table_nb201_cell(const dvt_table *t, int64_t row);
/* What names a row in its space: hash, string of the cell, or widths; returns `out`. */
DVT_API const char *dvt_table_key(const dvt_table *t, int64_t row, char out[DVT_TABLE_KEY_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
