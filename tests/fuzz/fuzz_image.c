/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_image.c - any bytes as JPEG and PNG files: an object or an error, no crash, nothing left
 * allocated.
 */
#include "formats/arrays_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx_opts opts = {.memory_budget_bytes = (size_t)1 << 30, .jobs = 1};
    dvt_ctx     *ctx = dvt_ctx_create(&opts);
    dvt_tensor   t;

    if (!ctx) {
        return 0;
    }
    const dvt_status st = dvt_image_parse(ctx, "input", data, size, &t);
    if ((st == DVT_OK) != (dvt_ctx_error(ctx)->status == DVT_OK) || st == DVT_E_INTERNAL) {
        abort();
    }
    dvt_tensor_deinit(ctx, &t);
    if (dvt_ctx_bytes_in_use(ctx) != 0) {
        abort();
    }
    dvt_ctx_destroy(ctx);
    return 0;
}
