/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_program.c - program files: refused with an error, or saved again to the same bytes.
 *
 * The digest is made to fit first, since no mutation would ever pass it; what it protects from is
 * tested in tests/unit/test_program.c.
 */
#include "dovetail/program.h"

#include <stdlib.h>
#include <string.h>

enum { DIGEST = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_accepted(dvt_ctx *ctx, const dvt_program *p)
{
    dvt_program *again;
    dvt_buf      first, second, text;

    dvt_buf_init(&first, ctx, 0);
    dvt_buf_init(&second, ctx, 0);
    dvt_buf_init(&text, ctx, 0);
    require(dvt_program_save(p, &first) == DVT_OK);
    require(dvt_program_load(ctx, "again", (const uint8_t *)first.data, first.len, &again) ==
            DVT_OK);
    require(dvt_program_save(again, &second) == DVT_OK);
    require(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
    dvt_program_disassemble(p, &text);
    require(dvt_buf_status(&text) == DVT_OK);
    dvt_program_destroy(again);
    dvt_buf_deinit(&first);
    dvt_buf_deinit(&second);
    dvt_buf_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dvt_ctx     *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = 1, .memory_budget_bytes = 64 << 20});
    uint8_t     *copy = ctx && size <= 1 << 20 ? dvt_alloc(ctx, size + DVT_SHA256_HEX) : NULL;
    dvt_program *p = NULL;

    if (copy) {
        memcpy(copy, data, size);
        if (size >= DIGEST) {
            char digest[DVT_SHA256_HEX];
            dvt_sha256_hex(copy, size - DIGEST, digest);
            memcpy(copy + size - DIGEST, digest, DIGEST);
        }
        if (dvt_program_load(ctx, "input", copy, size, &p) == DVT_OK) {
            check_accepted(ctx, p);
        } else {
            require(p == NULL && dvt_ctx_error(ctx)->message[0] != '\0');
        }
        dvt_program_destroy(p);
        dvt_free(ctx, copy);
        require(dvt_ctx_bytes_in_use(ctx) == 0);
    }
    dvt_ctx_destroy(ctx);
    return 0;
}
