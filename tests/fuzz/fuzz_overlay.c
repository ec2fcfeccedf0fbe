/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_overlay.c - descriptions: refused with an error, or sound.
 *
 * Checks    an accepted description passes dvt_overlay_check, is printed, parsed again and printed
 *           the same; what derives from it and the resource model's figures are in range.
 */
#include "dovetail/overlay.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_sound(dvt_ctx *ctx, const dvt_overlay *o)
{
    const dvt_device    d = {.logic_unit = "ALM",
                             .logic = 1,
                             .registers = 1,
                             .dsp = 1,
                             .memory_blocks = 1,
                             .memory_block_bits = 20480,
                             .dsp_macs_int8 = 1,
                             .dsp_macs_m7 = 1,
                             .dsp_macs_m12 = 1};
    dvt_overlay_derived v;
    dvt_resources       r;
    dvt_overlay         again;
    dvt_buf             first, second;

    dvt_overlay_derive(o, &v);
    require(v.product_bits <= 31 && v.macs_per_cycle > 0 && v.stream_buffer_bits > 0);
    dvt_overlay_resources(o, &d, &r);
    require(r.logic > 0 && r.logic < 1e15 && r.memory_blocks > 0 && r.memory_blocks < 1e15);
    dvt_buf_init(&first, ctx, 0);
    dvt_buf_init(&second, ctx, 0);
    dvt_overlay_print(o, &first);
    require(dvt_overlay_parse(ctx, "again", first.data, first.len, &again) == DVT_OK);
    dvt_overlay_print(&again, &second);
    require(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    dvt_buf_deinit(&first);
    dvt_buf_deinit(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_overlay o;
    dvt_ctx    *ctx = size > 8192 ? NULL : dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1});

    if (!ctx) {
        return 0;
    }
    if (dvt_overlay_parse(ctx, "input", (const char *)data, size, &o) == DVT_OK) {
        require(dvt_overlay_check(ctx, &o) == DVT_OK);
        check_sound(ctx, &o);
    } else {
        require(dvt_ctx_error(ctx)->message[0] != '\0');
    }
    require(dvt_ctx_bytes_in_use(ctx) == 0);
    dvt_ctx_destroy(ctx);
    return 0;
}
