/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alloc.c - counted, aligned memory through the context's one allocation function.
 *
 * Idea       Each block carries a header just below the pointer the user sees:
 *
 *                raw                        user (multiple of DVT_ALIGN)
 *                 |  0..63 bytes  | header  | bytes ...              |
 *
 *            The header knows the raw block and its size, so that bytes can be counted and the
 *            caller's function is told the old size.
 * Invariants (1) bytes_in_use never exceeds a budget that is set;
 *            (2) a refused request leaves every block and every count as it was.
 * Units      bytes; counts include headers and alignment.
 * Tests      tests/unit/test_alloc.c, tests/fault/
 */
#include "base/base_int.h"

#include <assert.h>
#include <string.h>

typedef struct block_header {
    void  *raw;
    size_t raw_bytes, user_bytes;
    size_t guard; /* ties the header to its address: a pointer that is not ours trips an assert */
} block_header;

enum { OVERHEAD = sizeof(block_header) + DVT_ALIGN - 1 };
static const size_t GUARD = 0x64766261; /* "dvba" */

bool dvt_mul_size(size_t a, size_t b, size_t *out)
{
    bool fits = b == 0 || a <= SIZE_MAX / b;
    *out = fits ? a * b : 0;
    return fits;
}

bool dvt_add_size(size_t a, size_t b, size_t *out)
{
    bool fits = a <= SIZE_MAX - b;
    *out = fits ? a + b : 0;
    return fits;
}

static block_header *header_of(void *p)
{
    block_header *h = (block_header *)p - 1;
    assert(h->guard == (GUARD ^ (size_t)(uintptr_t)p) && "not a live block of this allocator");
    return h;
}

static size_t user_offset(const void *raw)
{
    size_t start = (size_t)(uintptr_t)raw + sizeof(block_header);
    size_t pad = (DVT_ALIGN - start % DVT_ALIGN) % DVT_ALIGN;
    return sizeof(block_header) + pad;
}

/* Writes the header of a block whose user part begins `offset` bytes into `raw`. */
static void *seal(void *raw, size_t offset, size_t raw_bytes, size_t user_bytes)
{
    uint8_t      *user = (uint8_t *)raw + offset;
    block_header *h = (block_header *)(void *)user - 1;

    *h = (block_header){raw, raw_bytes, user_bytes, GUARD ^ (size_t)(uintptr_t)user};
    return user;
}

/* The raw size of a block; false where no object of C may be that large. */
static bool raw_size(size_t bytes, size_t *raw_bytes)
{
    return dvt_add_size(bytes, OVERHEAD, raw_bytes) && *raw_bytes <= PTRDIFF_MAX;
}

static void *refuse(dvt_ctx *ctx, size_t bytes)
{
    dvt_fail(ctx, DVT_E_NOMEM, NULL, "out of memory: %zu bytes were asked for, %zu are in use",
             bytes, ctx->bytes_in_use);
    dvt_fail_hint(ctx, "free memory, or work on fewer or smaller items at a time");
    return NULL;
}

/* Is there room for `new_raw` bytes in the place of `old_raw`? Raises DVT_E_NOMEM if not. */
static bool within_budget(dvt_ctx *ctx, size_t old_raw, size_t new_raw)
{
    size_t budget = ctx->opts.memory_budget_bytes;
    size_t rest = ctx->bytes_in_use - old_raw;

    if (budget == 0 || (rest <= budget && new_raw <= budget - rest)) {
        return true;
    }
    dvt_fail(ctx, DVT_E_NOMEM, NULL,
             "memory budget of %zu bytes exceeded: %zu more were asked for, %zu are in use", budget,
             new_raw, rest);
    dvt_fail_hint(ctx, "raise the memory budget, or work on fewer or smaller items at a time");
    return false;
}

static void count(dvt_ctx *ctx, size_t old_raw, size_t new_raw)
{
    ctx->bytes_in_use = ctx->bytes_in_use - old_raw + new_raw;
    if (ctx->bytes_in_use > ctx->bytes_peak) {
        ctx->bytes_peak = ctx->bytes_in_use;
    }
}

void *dvt_alloc(dvt_ctx *ctx, size_t bytes)
{
    size_t raw_bytes = 0;

    if (!raw_size(bytes, &raw_bytes)) {
        return refuse(ctx, bytes);
    }
    if (!within_budget(ctx, 0, raw_bytes)) {
        return NULL;
    }
    void *raw = ctx->opts.realloc(ctx->opts.realloc_ud, NULL, 0, raw_bytes);
    if (!raw) {
        return refuse(ctx, bytes);
    }
    count(ctx, 0, raw_bytes);
    return seal(raw, user_offset(raw), raw_bytes, bytes);
}

void *dvt_calloc(dvt_ctx *ctx, size_t n, size_t size)
{
    size_t bytes = 0;

    if (!dvt_mul_size(n, size, &bytes)) {
        dvt_fail(ctx, DVT_E_NOMEM, NULL, "out of memory: %zu items of %zu bytes overflow a size", n,
                 size);
        return NULL;
    }
    void *p = dvt_alloc(ctx, bytes);
    if (p) {
        memset(p, 0, bytes);
    }
    return p;
}

void *dvt_realloc(dvt_ctx *ctx, void *p, size_t bytes)
{
    size_t raw_bytes = 0;

    if (!p) {
        return dvt_alloc(ctx, bytes);
    }
    block_header old = *header_of(p);
    size_t       old_offset = (size_t)((uint8_t *)p - (uint8_t *)old.raw);
    if (!raw_size(bytes, &raw_bytes)) {
        return refuse(ctx, bytes);
    }
    if (!within_budget(ctx, old.raw_bytes, raw_bytes)) {
        return NULL;
    }
    uint8_t *raw = ctx->opts.realloc(ctx->opts.realloc_ud, old.raw, old.raw_bytes, raw_bytes);
    if (!raw) {
        return refuse(ctx, bytes);
    }
    /* the block may have moved to a place with another remainder: bring the contents in line */
    size_t offset = user_offset(raw);
    if (offset != old_offset) {
        memmove(raw + offset, raw + old_offset, bytes < old.user_bytes ? bytes : old.user_bytes);
    }
    count(ctx, old.raw_bytes, raw_bytes);
    return seal(raw, offset, raw_bytes, bytes);
}

void dvt_free(dvt_ctx *ctx, void *p)
{
    if (!p) {
        return;
    }
    block_header *h = header_of(p);
    block_header  old = *h;
    h->guard = 0; /* a second free of the same block trips the assert while it is still mapped */
    count(ctx, old.raw_bytes, 0);
    ctx->opts.realloc(ctx->opts.realloc_ud, old.raw, old.raw_bytes, 0);
}
