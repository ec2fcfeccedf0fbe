/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_frontier.c - any bytes as a frontier file, with their own checksum and with the right one:
 * an error, or a frontier whose index answers as a scan does.
 */
#include "search/frontier_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const dvt_frontier *f)
{
    const dvt_frontier_about a = dvt_frontier_about_of(f);

    for (int64_t i = 0; i < a.points && i < 20; i++) {
        dvt_frontier_query q = dvt_frontier_query_make(f, (int32_t)(i % a.objectives));
        for (int32_t k = 0; k < a.objectives; k++) {
            q.most[k] = dvt_frontier_point(f, i)->value[k];
        }
        if (dvt_frontier_best(f, &q) != dvti_frontier_scan(f, &q) ||
            strlen(dvt_frontier_network(f, i)) > (size_t)1 << 30) {
            abort();
        }
    }
}

static void load(const uint8_t *data, size_t size, bool sum)
{
    char           path[] = "/tmp/dovetail-fuzz-XXXXXX";
    int            fd = mkstemp(path);
    FILE          *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    const uint32_t crc = (uint32_t)crc32_z(0, data, size);
    dvt_ctx       *ctx =
        dvt_ctx_create(&(dvt_ctx_opts){.memory_budget_bytes = (size_t)1 << 28, .jobs = 1});
    dvt_frontier *f;

    if (!file || !ctx || fwrite(data, 1, size, file) != size ||
        (sum && fwrite(&crc, sizeof crc, 1, file) != 1) || fclose(file) != 0) {
        abort();
    }
    if (dvt_frontier_load(ctx, path, &f) == DVT_OK) {
        ask(f);
    }
    dvt_frontier_destroy(f);
    unlink(path);
    if (dvt_ctx_bytes_in_use(ctx) != 0) {
        abort();
    }
    dvt_ctx_destroy(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    load(data, size, false);
    load(data, size > 4 ? size - 4 : size, true);
    return 0;
}
