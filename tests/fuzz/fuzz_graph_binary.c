/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_graph_binary.c - any bytes as a saved graph: an error, or a graph that verifies and that
 * saves and loads again.
 */
#include "dovetail/graph.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.memory_budget_bytes = (size_t)1 << 28});
    dvt_graph *g, *back;
    dvt_buf    bytes;

    if (dvt_graph_load(ctx, "fuzz", data, size, &g) == DVT_OK) {
        dvt_buf_init(&bytes, ctx, 0);
        must(dvt_graph_save(g, &bytes) == DVT_OK);
        must(dvt_graph_load(ctx, "again", (const uint8_t *)bytes.data, bytes.len, &back) == DVT_OK);
        dvt_graph_destroy(back);
        dvt_buf_deinit(&bytes);
    } else {
        must(g == NULL && dvt_ctx_error(ctx)->status != DVT_E_INTERNAL);
    }
    dvt_graph_destroy(g);
    must(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
    return 0;
}
