/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_tables.c - importing published files, opening their caches, and asking them.
 *
 * Usage     bench_tables [--json] [--all]      from the repository's root
 * Prints    for each file of $DOVETAIL_TEST_DATA/nas and for record files made here (from every
 *           64th cell of NAS-Bench-101; --all: from every one, which takes minutes and 2 GB in
 *           /tmp): processor seconds to import, MB/s of the file, bytes of file and cache, the peak
 *           of memory taken by the import, milliseconds to open the cache (median; all checksums),
 *           time to find a network by its text and to read a value. The limit beside opening is the
 *           time to read the cache's bytes once.
 */
#include "dovetail/table.h"
#include "report.h"
#include "support/nb101_records.h"

#include "support/nb101_records.c" /* the writer of the tests, which bench is not linked with */

#include <sys/stat.h>
#include <unistd.h>

enum { LOOKUPS = 20000, STEP = 64 };

typedef struct job {
    dvt_ctx      *ctx;
    dvt_benchmark kind;
    char          file[1024], cache[1024];
    dvt_table    *table;
    uint8_t      *bytes; /* of the cache, read once for the limit */
    size_t        size;
    double        sum;
} job;

static double megabytes(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (double)info.st_size / 1e6 : NAN;
}

static dvt_status import(void *ud)
{
    job *j = ud;
    return dvt_table_import(j->ctx, j->kind, j->file, j->cache, NULL);
}

static dvt_status open_cache(void *ud)
{
    job       *j = ud;
    dvt_table *t;
    dvt_status st = dvt_table_open(j->ctx, j->cache, &t);

    dvt_table_close(t);
    return st;
}

/* The physical limit of opening: every byte of the mapped file is looked at. */
static dvt_status read_bytes(void *ud)
{
    job     *j = ud;
    dvt_blob blob;
    uint64_t sum = 0, word;
    dvt_status st = dvt_file_read(j->ctx, j->cache, 0, &blob);

    for (size_t i = 0; st == DVT_OK && i + 8 <= blob.size; i += 8) {
        memcpy(&word, blob.data + i, 8);
        sum += word;
    }
    j->sum += (double)(sum & 1);
    dvt_blob_deinit(j->ctx, &blob);
    return st;
}

/* Rows in an order that no cache line foresees. */
static int64_t row_at(const job *j, int64_t i)
{
    return (int64_t)((uint64_t)i * UINT64_C(2654435761) % (uint64_t)dvt_table_rows(j->table));
}

static dvt_status find_networks(void *ud)
{
    job       *j = ud;
    dvt_status st = DVT_OK;

    for (int64_t i = 0; st == DVT_OK && i < LOOKUPS / 20; i++) {
        char    key[DVT_TABLE_KEY_TEXT];
        int64_t row;
        st = dvt_table_find(j->ctx, j->table, dvt_table_key(j->table, row_at(j, i), key), &row);
        j->sum += (double)row;
    }
    return st;
}

static dvt_status read_values(void *ud)
{
    job          *j = ud;
    const int32_t last = dvt_table_column_count(j->table) - 1;

    for (int64_t i = 0; i < LOOKUPS; i++) {
        const int64_t row = row_at(j, i);
        j->sum += dvt_table_has(j->table, last, row) ? dvt_table_at(j->table, last, row) : 0;
    }
    return DVT_OK;
}

static dvt_status measure(job *j, report *r, const char *name)
{
    report_time  imported = {0}, opened = {0}, limit = {0}, found = {0}, read = {0};
    dvt_ctx     *outer = j->ctx;
    dvt_status   st;

    j->ctx = dvt_ctx_create(NULL); /* so that the peak is the import's */
    st = j->ctx ? report_measure(import, j, 1, 0, &imported) : DVT_E_NOMEM;
    const double peak = j->ctx ? (double)dvt_ctx_bytes_peak(j->ctx) / 1e6 : NAN;
    dvt_ctx_destroy(j->ctx);
    j->ctx = outer;
    if (!st) st = report_measure(open_cache, j, 5, 0.2, &opened);
    if (!st) st = report_measure(read_bytes, j, 5, 0.2, &limit);
    if (!st) st = dvt_table_open(j->ctx, j->cache, &j->table);
    if (!st) st = report_measure(find_networks, j, 3, 0.1, &found);
    if (!st) st = report_measure(read_values, j, 3, 0.1, &read);
    if (st) return st;
    report_number(r, "import_s", imported.cpu_s);
    report_number(r, "MB_per_s", megabytes(j->file) / imported.cpu_s);
    report_number(r, "file_MB", megabytes(j->file));
    report_number(r, "cache_MB", megabytes(j->cache));
    report_number(r, "peak_MB", peak);
    report_number(r, "open_ms", 1e3 * opened.cpu_s);
    report_number(r, "read_file_ms", 1e3 * limit.cpu_s);
    report_number(r, "find_us", 1e6 * found.cpu_s / (LOOKUPS / 20));
    report_number(r, "value_ns", 1e9 * read.cpu_s / LOOKUPS);
    report_row(r, name, NULL);
    dvt_table_close(j->table);
    j->table = NULL;
    unlink(j->cache);
    return DVT_OK;
}

/* ---- record files -------------------------------------------------------------------------- */

static dvt_status write_records(dvt_ctx *ctx, const char *path, const int *epochs, int epoch_count,
                                int64_t step)
{
    dvt_nb101_table *all;
    dvt_buf          chunk;
    FILE            *file = fopen(path, "wb");
    dvt_status       st = dvt_nb101_enumerate(ctx, 7, &all);

    dvt_buf_init(&chunk, ctx, 0);
    for (int64_t i = 0; !st && file && i < dvt_nb101_table_count(all); i += step) {
        for (int k = 0; k < 3 * epoch_count; k++) {
            const record_case c =
                record_make(&dvt_nb101_table_cells(all)[i], epochs[k / 3], k % 3 + 1);
            record_append(&c, &chunk);
        }
        if (fwrite(chunk.data, 1, chunk.len, file) != chunk.len) st = DVT_E_IO;
        dvt_buf_reset(&chunk);
    }
    if (!file || fclose(file) != 0) st = DVT_E_IO;
    dvt_buf_deinit(&chunk);
    dvt_nb101_table_destroy(all);
    return st;
}

static dvt_status records(job *j, report *r, const char *name, const int *epochs, int epoch_count,
                          bool all)
{
    dvt_status st;

    j->kind = DVT_BENCHMARK_NASBENCH101;
    snprintf(j->file, sizeof j->file, "/tmp/dovetail-bench-%ld.tfrecord", (long)getpid());
    st = write_records(j->ctx, j->file, epochs, epoch_count, all ? 1 : STEP);
    if (!st) st = measure(j, r, name);
    unlink(j->file);
    return st;
}

int main(int argc, char **argv)
{
    static const struct {
        dvt_benchmark kind;
        const char   *file;
    } files[] = {{DVT_BENCHMARK_NASBENCH101, "nas/nasbench101.csv.gz"},
                 {DVT_BENCHMARK_NASBENCH201, "nas/nasbench201.csv"},
                 {DVT_BENCHMARK_HWNASBENCH, "nas/hwnasbench_cifar10.csv"},
                 {DVT_BENCHMARK_HELP, "nas/help_latency_ms.csv"},
                 {DVT_BENCHMARK_LATBENCH, "nas/latbench/desktop-cpu-core-i7-7820x-fp32.pickle"}};
    const bool all = argc > 1 && strcmp(argv[argc - 1], "--all") == 0;
    report     r;
    job        j = {.ctx = dvt_ctx_create(NULL)};
    dvt_status st = DVT_OK;

    report_begin(&r, report_wants_json(argc, argv), "dovetail.bench-tables/1");
    snprintf(j.cache, sizeof j.cache, "/tmp/dovetail-bench-%ld.cache", (long)getpid());
    for (size_t i = 0; !st && i < sizeof files / sizeof files[0]; i++) {
        report_data_path(j.file, sizeof j.file, files[i].file);
        j.kind = files[i].kind;
        if (dvt_file_exists(j.file)) {
            st = measure(&j, &r, dvt_benchmark_name(j.kind));
        } else {
            report_row(&r, files[i].file, "is not there");
        }
    }
    if (!st) st = records(&j, &r, "records, 108 epochs", (const int[]){108}, 1, all);
    if (!st) st = records(&j, &r, "records, 4 budgets", (const int[]){4, 12, 36, 108}, 4, all);
    report_end(&r);
    if (st) fprintf(stderr, "bench_tables: %s\n", dvt_ctx_error(j.ctx)->message);
    dvt_ctx_destroy(j.ctx);
    return st != DVT_OK;
}
