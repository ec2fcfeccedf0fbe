/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.c - a growing text with a limit and one check at the end.
 *
 * Idea       The first failure is remembered in the buffer and turns later appends into no-ops,
 *            so that writers of long texts stay free of error branches.
 * Invariants while data is not NULL: len < cap, len <= max_bytes, data[len] == '\0'.
 * Tests      tests/unit/test_buf.c
 */
#include "base/base_int.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_BYTES = 256 };
static const size_t DEFAULT_MAX_BYTES = (size_t)1 << 30;

void dvt_buf_init(dvt_buf *b, dvt_ctx *ctx, size_t max_bytes)
{
    *b = (dvt_buf){.ctx = ctx, .max_bytes = max_bytes ? max_bytes : DEFAULT_MAX_BYTES};
}

void dvt_buf_deinit(dvt_buf *b)
{
    if (b->ctx) {
        dvt_free(b->ctx, b->data);
    }
    b->data = NULL;
    b->len = b->cap = 0;
}

void dvt_buf_reset(dvt_buf *b)
{
    b->len = 0;
    b->status = DVT_OK;
    if (b->data) {
        b->data[0] = '\0';
    }
}

/* Makes room for `n` more bytes and the NUL. */
static bool reserve(dvt_buf *b, size_t n)
{
    if (b->status != DVT_OK) {
        return false;
    }
    if (n > b->max_bytes - b->len) {
        b->status = dvt_fail(b->ctx, DVT_E_CAPACITY, NULL,
                             "text grows beyond its limit of %zu bytes", b->max_bytes);
        return false;
    }
    if (b->cap > b->len && n < b->cap - b->len) {
        return true;
    }
    size_t need = b->len + n;
    size_t cap = need < FIRST_BYTES ? FIRST_BYTES : need > SIZE_MAX / 2 - 1 ? need : need * 2;
    if (cap > b->max_bytes) {
        cap = b->max_bytes;
    }
    char *data = cap == SIZE_MAX ? NULL : dvt_realloc(b->ctx, b->data, cap + 1);
    if (!data) {
        b->status = dvti_ctx_status(b->ctx);
        return false;
    }
    b->data = data;
    b->cap = cap + 1;
    b->data[b->len] = '\0';
    return true;
}

void dvt_buf_append(dvt_buf *b, const void *bytes, size_t n)
{
    if (reserve(b, n) && n > 0) {
        memcpy(b->data + b->len, bytes, n);
        b->len += n;
        b->data[b->len] = '\0';
    }
}

void dvt_buf_puts(dvt_buf *b, const char *s) { dvt_buf_append(b, s, strlen(s)); }

void dvt_buf_printf(dvt_buf *b, const char *fmt, ...)
{
    va_list args, again;

    if (b->status != DVT_OK) {
        return;
    }
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0) {
        b->status = dvt_fail(b->ctx, DVT_E_INTERNAL, NULL, "cannot format a text with '%s'", fmt);
    } else if (reserve(b, (size_t)n)) {
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

dvt_status dvt_buf_status(const dvt_buf *b) { return b->status; }
