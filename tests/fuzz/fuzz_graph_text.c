/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_graph_text.c - any bytes as a graph in text form: an error with a place, or a graph that
 * verifies and whose text parses back to the same text.
 */
#include "dovetail/graph.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) abort();
}

static void print(const dvt_graph *g, dvt_buf *out)
{
    dvt_buf_init(out, dvt_graph_ctx(g), 0);
    dvt_graph_print(g, INT64_MAX, out);
    must(dvt_buf_status(out) == DVT_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.memory_budget_bytes = (size_t)1 << 28});
    dvt_graph *g, *back;
    dvt_buf    text, again;

    if (dvt_graph_parse(ctx, "fuzz.dvg", (const char *)data, size, &g) == DVT_OK) {
        must(dvt_graph_verify(g) == DVT_OK);
        print(g, &text);
        must(dvt_graph_parse(ctx, "again.dvg", text.data, text.len, &back) == DVT_OK);
        print(back, &again);
        must(text.len == again.len && memcmp(text.data, again.data, text.len) == 0);
        dvt_buf_deinit(&text);
        dvt_buf_deinit(&again);
        dvt_graph_destroy(back);
    } else {
        must(g == NULL && dvt_ctx_error(ctx)->status != DVT_E_INTERNAL);
    }
    dvt_graph_destroy(g);
    must(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
    return 0;
}
