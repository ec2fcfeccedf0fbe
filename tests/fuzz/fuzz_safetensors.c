/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_safetensors.c - any bytes as safetensors: arrays or an error, no crash, nothing left
 * allocated; what was read is printed and read again as the same bytes.
 */
#include "formats/safetensors_int.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

static void print(dvt_ctx *ctx, const dvt_safetensors *st, dvt_buf *b)
{
    dvt_buf_init(b, ctx, 0);
    require(dvti_safetensors_print(ctx, st, b) == DVT_OK);
}

static void round_trip(dvt_ctx *ctx, const dvt_safetensors *st)
{
    dvt_safetensors again;
    dvt_buf         one, two;

    print(ctx, st, &one);
    require(dvti_safetensors_parse(ctx, "printed", (const uint8_t *)one.data, one.len, &again) ==
            DVT_OK);
    print(ctx, &again, &two);
    require(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
    dvt_safetensors_deinit(ctx, &again);
    dvt_buf_deinit(&one);
    dvt_buf_deinit(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx_opts    opts = {.memory_budget_bytes = (size_t)1 << 30, .jobs = 1};
    dvt_ctx        *ctx = dvt_ctx_create(&opts);
    dvt_safetensors st;

    if (!ctx)
        return 0;
    dvt_status status = dvti_safetensors_parse(ctx, "input", data, size, &st);
    require((status == DVT_OK) == (dvt_ctx_error(ctx)->status == DVT_OK));
    require(status != DVT_E_INTERNAL);
    if (status == DVT_OK)
        round_trip(ctx, &st);
    dvt_safetensors_deinit(ctx, &st);
    require(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
    return 0;
}
