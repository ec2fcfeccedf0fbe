/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_onnx.c - any bytes as an ONNX model: an error that is not ours, or a graph that verifies.
 * What is refused is tried again with the value of an input "s", which models of the corpus have.
 */
#include "dovetail/formats.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static dvt_status import(const uint8_t *data, size_t size, const dvt_import_opts *opts)
{
    dvt_ctx   *ctx = dvt_ctx_create(&(dvt_ctx_opts){.memory_budget_bytes = (size_t)1 << 26});
    dvt_graph *g;
    dvt_status st = dvt_onnx_parse(ctx, "fuzz.onnx", data, size, opts, &g);

    if (st == DVT_OK) {
        must(dvt_graph_verify(g) == DVT_OK);
    } else {
        must(g == NULL);
        must(dvt_ctx_error(ctx)->status != DVT_OK);
        must(dvt_ctx_error(ctx)->status != DVT_E_INTERNAL);
    }
    dvt_graph_destroy(g);
    must(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_shape       two = {1, {2}};
    dvt_input_value known = {"s", dvt_tensor_wrap(DVT_DTYPE_I64, &two, (int64_t[]){2, 3})};
    dvt_import_opts opts = {.image_shape = {3, {3, 8, 8}}};

    if (import(data, size, &opts) == DVT_E_UNSUPPORTED) {
        opts.values = &known;
        opts.value_count = 1;
        (void)import(data, size, &opts);
    }
    return 0;
}
