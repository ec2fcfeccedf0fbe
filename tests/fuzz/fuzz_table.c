/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_table.c - any bytes as a benchmark table, CSV file or cache: a table whose every value can
 * be read, or an error.
 */
#include "dovetail/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(dvt_ctx *ctx, const dvt_table *t)
{
    for (int64_t row = 0; row < dvt_table_rows(t) && row < 64; row++) {
        for (int32_t i = 0; i < dvt_table_column_count(t); i++) {
            uint64_t v;
            if (dvt_table_value(ctx, t, dvt_table_column(t, i)->name, row, &v) != DVT_OK) {
                dvt_ctx_clear_error(ctx);
            }
        }
        if (dvt_table_benchmark(t) == DVT_BENCHMARK_NASBENCH101) {
            dvt_nb101_cell cell;
            dvt_table_nb101_cell(t, row, &cell);
            if (!dvt_nb101_valid(&cell)) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx_opts opts = {.memory_budget_bytes = (size_t)1 << 28, .jobs = 1};
    char         path[] = "/tmp/dovetail-fuzz-XXXXXX";
    int          fd = mkstemp(path);
    FILE        *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    dvt_ctx     *ctx = dvt_ctx_create(&opts);

    if (!file || !ctx || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        abort();
    }
    for (int kind = 0; kind < DVT_BENCHMARKS; kind++) {
        dvt_table *t;
        if (dvt_table_load(ctx, (dvt_benchmark)kind, path, &t) == DVT_OK) {
            read_all(ctx, t);
        }
        dvt_table_close(t);
        dvt_ctx_clear_error(ctx);
    }
    unlink(path);
    if (dvt_ctx_bytes_in_use(ctx) != 0) {
        abort();
    }
    dvt_ctx_destroy(ctx);
    return 0;
}
