/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_table_record.c - any bytes as the data of a NAS-Bench-101 record, framed with right
 * checksums, and as a whole file of records: a table, or an error with its place.
 */
#define _DEFAULT_SOURCE /* mkstemps */

#include "dovetail/table.h"
#include "formats/tfrecord.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(dvt_ctx *ctx, const void *data, size_t size)
{
    char       path[] = "/tmp/dovetail-fuzz-XXXXXX.tfrecord";
    const int  fd = mkstemps(path, 9);
    FILE      *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    dvt_table *t;

    if (!file || (size && fwrite(data, 1, size, file) != size) || fclose(file) != 0) {
        abort();
    }
    if (dvt_table_load(ctx, DVT_BENCHMARK_NASBENCH101, path, &t) != DVT_OK &&
        (dvt_ctx_error(ctx)->status == DVT_E_INTERNAL || t)) {
        abort();
    }
    dvt_table_close(t);
    dvt_ctx_clear_error(ctx);
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx_opts opts = {.memory_budget_bytes = (size_t)1 << 28, .jobs = 1};
    dvt_ctx     *ctx = dvt_ctx_create(&opts);
    dvt_buf      framed;

    if (!ctx) {
        abort();
    }
    dvt_buf_init(&framed, ctx, 0);
    dvti_tfrecord_append(&framed, data, size);
    load(ctx, framed.data, framed.len);
    load(ctx, data, size);
    dvt_buf_deinit(&framed);
    if (dvt_ctx_bytes_in_use(ctx) != 0) {
        abort();
    }
    dvt_ctx_destroy(ctx);
    return 0;
}
