/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_search_state.c - any bytes as the checkpoint of a small search, with their own checksum and
 * with the right one: an error, or a search that comes to an end.
 */
#include "dovetail/pareto.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NETWORKS = 40, ACCELERATORS = 30 };

static void cost(const dvt_pair_cost *c, int64_t network, const int32_t *accelerators,
                 int32_t count, int64_t *out)
{
    (void)c;
    for (int32_t i = 0; i < count; i++) {
        out[i] = 1 + (network * 7 + accelerators[i] * 11) % 23;
    }
}

static dvt_status search(dvt_ctx *ctx, const char *path)
{
    int64_t            accuracy[NETWORKS], area[ACCELERATORS];
    dvt_side           networks = {.name = "n",
                                   .count = NETWORKS,
                                   .metric_count = 1,
                                   .metric = {{"accuracy", "", 1, true}},
                                   .value = {accuracy}};
    dvt_side           accelerators = {.name = "a",
                                       .count = ACCELERATORS,
                                       .metric_count = 1,
                                       .metric = {{"area", "mm2", 1, false}},
                                       .value = {area}};
    dvt_pair_cost      latency = {.name = "made-up/1",
                                  .metric_count = 1,
                                  .metric = {{"latency", "ms", 1, false}},
                                  .cost = cost};
    dvt_pareto_front   front = {0};
    dvt_pareto_problem p = {.networks = &networks, .accelerators = &accelerators, .cost = &latency};
    dvt_status         st;

    for (int64_t i = 0; i < NETWORKS; i++) {
        accuracy[i] = i * 5 % 17;
    }
    for (int64_t i = 0; i < ACCELERATORS; i++) {
        area[i] = i * 3 % 11;
    }
    st = dvt_pareto_objectives(ctx, &p, "accuracy,latency,area");
    if (st == DVT_OK) {
        st = dvt_pareto_find(ctx, &p, &(dvt_pareto_opts){.checkpoint = path}, &front);
    }
    dvt_pareto_front_deinit(ctx, &front);
    return st;
}

static void load(const uint8_t *data, size_t size, bool sum)
{
    char           path[] = "/tmp/dovetail-fuzz-XXXXXX";
    int            fd = mkstemp(path);
    FILE          *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    const uint32_t crc = (uint32_t)crc32_z(0, data, size);
    dvt_ctx       *ctx =
        dvt_ctx_create(&(dvt_ctx_opts){.memory_budget_bytes = (size_t)1 << 28, .jobs = 1});

    if (!file || !ctx || fwrite(data, 1, size, file) != size ||
        (sum && fwrite(&crc, sizeof crc, 1, file) != 1) || fclose(file) != 0) {
        abort();
    }
    if (search(ctx, path) != DVT_OK && dvt_ctx_error(ctx)->status == DVT_OK) {
        abort();
    }
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
