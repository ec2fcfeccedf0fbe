/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_limits.c - any text as limits and as a list of objectives: ranges that are not empty, or an
 * error that leaves them as they were.
 */
#include "dovetail/pareto.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const dvt_pareto_problem *p)
{
    for (int32_t i = 0; i < p->limit_count; i++) {
        if (p->limit[i].least > p->limit[i].most) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_side networks = {.metric_count = 3,
                         .metric = {{"accuracy", "", INT64_C(1000000000000), true},
                                    {"parameters", "", 1, false},
                                    {"train_time_s", "s", 7, false}}};
    dvt_side accelerators = {
        .metric_count = 2,
        .metric = {{"area", "mm2", 1000000, false}, {"fuel", "barrel", 3, false}}};
    dvt_pair_cost      cost = {.metric_count = 1, .metric = {{"latency", "ms", 3000000, false}}};
    dvt_pareto_problem p = {.networks = &networks, .accelerators = &accelerators, .cost = &cost};
    dvt_ctx           *ctx = dvt_ctx_create(NULL);
    char              *text = malloc(size + 1);

    if (!ctx || !text) {
        abort();
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    if (dvt_pareto_where(ctx, &p, text) != DVT_OK) {
        if (p.limit_count != 0 || dvt_ctx_error(ctx)->status == DVT_OK) {
            abort();
        }
        dvt_ctx_clear_error(ctx);
    }
    check(&p);
    if (dvt_pareto_objectives(ctx, &p, text) == DVT_OK &&
        (p.objective_count < 2 || p.objective_count > 4)) {
        abort();
    }
    free(text);
    dvt_ctx_destroy(ctx);
    return 0;
}
