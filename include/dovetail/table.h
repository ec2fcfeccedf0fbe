/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.h - benchmark tables: measured results of the networks of a space, from files others made.
 *
 * A published CSV file is imported once into a cache: one binary file, versioned and checksummed,
 * that is mapped into memory and opens in milliseconds. A table answers only with what it holds:
 * an unknown network, column or missing value is E_NOTFOUND, never an estimate.
 * Values     whole numbers, or decimal fractions as whole multiples of 1e-12 (DVT_BENCHMARK_ONE
 *            is 1): exactly the digits of the file.
 * Ownership  a table belongs to its context; columns are borrowed from it.
 * Threads    an open table is read-only and may be shared; calls that can fail need their own ctx.
 */
#ifndef DOVETAIL_TABLE_H
#define DOVETAIL_TABLE_H

#include "dovetail/space.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DVT_BENCHMARK_ONE INT64_C(1000000000000)

typedef enum dvt_benchmark {
    DVT_BENCHMARK_NASBENCH101,
    DVT_BENCHMARK_NASBENCH201,
    DVT_BENCHMARKS
} dvt_benchmark;
DVT_API const char *dvt_benchmark_name(dvt_benchmark kind); /* "nasbench101" */

typedef enum dvt_column_type {
    DVT_COLUMN_U8,
    DVT_COLUMN_U16,
    DVT_COLUMN_U32,
    DVT_COLUMN_DECIMAL, /* uint64_t, multiples of 1e-12 */
    DVT_COLUMN_HASH,    /* 16 bytes */
    DVT_COLUMN_TYPES
} dvt_column_type;

typedef struct dvt_column {
    const char     *name;
    dvt_column_type type;
    int64_t         count;  /* values; fewer than the table's rows if some are missing */
    const void     *values; /* (count) of the type, aligned to 64 bytes */
    const uint32_t *rows;   /* (count) ascending row of each value; NULL = all rows */
} dvt_column;

typedef struct dvt_table dvt_table;

/* Reads a CSV file (gzip or plain) of `kind` and writes its cache. *rows (may be NULL): number of
 * networks. E_PARSE with line and column: header, numbers, cells, order or duplicates of keys
 * are wrong; E_IO. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_import(dvt_ctx *ctx, dvt_benchmark kind,
                                                   const char *csv, const char *cache,
                                                   int64_t *rows);
/* Opens a cache. E_PARSE with the offset: not a cache, another version, cut or changed. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_open(dvt_ctx *ctx, const char *path, dvt_table **out);
/* The same for a cache, or straight from a CSV file of `kind`, which takes a second or two for the
 * large ones. A cache of another kind is E_UNSUPPORTED. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_load(dvt_ctx *ctx, dvt_benchmark kind, const char *path,
                                                 dvt_table **out);
DVT_API void                      dvt_table_close(dvt_table *t);

DVT_API dvt_benchmark     dvt_table_benchmark(const dvt_table *t);
DVT_API int64_t           dvt_table_rows(const dvt_table *t);
DVT_API int32_t           dvt_table_column_count(const dvt_table *t);
DVT_API const dvt_column *dvt_table_column(const dvt_table *t, int32_t i);
DVT_API const dvt_column *dvt_table_find_column(const dvt_table *t, const char *name); /* or NULL */

/* The row of a network: NAS-Bench-101 by its MD5 hash, NAS-Bench-201 by its index or its string.
 * E_NOTFOUND if the table has no such network, E_USAGE if `key` is no key at all. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_find(dvt_ctx *ctx, const dvt_table *t, const char *key,
                                                 int64_t *row);
/* One value of a column that is no hash. E_NOTFOUND if it is missing there. `row` in range. */
DVT_API DVT_MUST_CHECK dvt_status dvt_table_value(dvt_ctx *ctx, const dvt_table *t,
                                                  const char *column, int64_t row, uint64_t *out);
/* The cell of a NAS-Bench-101 row, and its hash in hexadecimal digits. */
DVT_API void dvt_table_nb101_cell(const dvt_table *t, int64_t row, dvt_nb101_cell *out);
DVT_API void dvt_table_nb101_hash(const dvt_table *t, int64_t row, char out[DVT_MD5_HEX]);

#ifdef __cplusplus
}
#endif
#endif
