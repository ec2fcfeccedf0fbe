/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_prototxt.c - any text as a Caffe net: a graph that verifies, or an error with its place.
 *
 * Checks    (1) a refusal has a message and, when the text is malformed, a line;
 *           (2) an accepted graph verifies; (3) no memory stays in use; (4) the same text gives the
 *           same answer twice.
 */
#include "dovetail/formats.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) abort();
}

static dvt_status read_once(const uint8_t *data, size_t size, char message[512])
{
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1, .memory_budget_bytes = 1u << 28});
    dvt_import_opts  opts = {.batch = 1, .image_shape = DVT_SHAPE(1, 8, 8)};
    const dvt_error *e = dvt_ctx_error(ctx);
    dvt_graph       *g = NULL;
    dvt_status       st = dvt_caffe_parse(ctx, "fuzz", data, size, &opts, &g);

    require((st == DVT_OK) == (g != NULL));
    require(st != DVT_E_INTERNAL && st != DVT_E_IO);
    if (st == DVT_OK) {
        require(dvt_graph_verify(g) == DVT_OK);
        require(dvt_graph_output_count(g) > 0);
    } else {
        require(e->message[0] != '\0');
        require(st != DVT_E_PARSE || e->has_pos);
    }
    memcpy(message, e->message, sizeof e->message);
    dvt_graph_destroy(g);
    require(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char first[512], second[512];

    if (size > 1 << 16) return 0;
    require(read_once(data, size, first) == read_once(data, size, second));
    require(strcmp(first, second) == 0);
    return 0;
}
