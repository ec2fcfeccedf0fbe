/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - the status table and the error slot of a context.
 *
 * Idea       A failure is described once, where it happens, in a slot of fixed size, so that
 *            reporting "out of memory" needs no memory. Callers on the way up add what they were
 *            doing; a second failure (of a cleanup, say) never hides the first.
 * Invariants (1) the first failure stays until dvt_ctx_clear_error;
 *            (2) every text is NUL-terminated; what does not fit ends in "...".
 * Tests      tests/unit/test_status.c
 */
#include "base/base_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- table --------------------------------------------------------------------------------- */

typedef struct status_row {
    const char *name, *text;
    int         exit_code;
} status_row;

static const status_row STATUS[] = {
#define DVT_X(name, exit_code, text) {#name, text, exit_code},
    DVT_STATUS_LIST(DVT_X)
#undef DVT_X
};
static_assert(sizeof STATUS / sizeof STATUS[0] == DVT_STATUS_COUNT, "one row a status");

/* A value from outside the enum can only come from a bug of ours or of the host program. */
static const status_row *row_of(dvt_status status)
{
    size_t i = (size_t)status;
    return i < DVT_STATUS_COUNT ? &STATUS[i] : &STATUS[DVT_E_INTERNAL];
}

const char *dvt_status_name(dvt_status status) { return row_of(status)->name; }
const char *dvt_status_text(dvt_status status) { return row_of(status)->text; }
int         dvt_status_exit_code(dvt_status status) { return row_of(status)->exit_code; }

/* ---- texts of fixed size ------------------------------------------------------------------- */

void dvti_vformat(char *out, size_t cap, const char *fmt, va_list args)
{
    int n = vsnprintf(out, cap, fmt, args);
    if (n < 0) {
        out[0] = '\0';
    } else if ((size_t)n >= cap && cap > 4) {
        memcpy(out + cap - 4, "...", 4);
    }
}

void dvti_format(char *out, size_t cap, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    dvti_vformat(out, cap, fmt, args);
    va_end(args);
}

/* Adds one line to the trail; when it is full the oldest lines, nearest the fault, are kept. */
static void add_trail(dvt_error *e, const char *fmt, va_list args)
{
    size_t used = strlen(e->trail);
    size_t left = sizeof e->trail - used;
    if (left < 8) {
        return;
    }
    dvti_vformat(e->trail + used, left - 1, fmt, args); /* -1: room for the line's end */
    size_t end = used + strlen(e->trail + used);
    e->trail[end] = '\n';
    e->trail[end + 1] = '\0';
}

/* ---- raising ------------------------------------------------------------------------------- */

static void set_pos(dvt_error *e, const dvt_pos *at)
{
    e->has_pos = at != NULL;
    if (!at) {
        return;
    }
    dvti_format(e->file, sizeof e->file, "%s", at->file ? at->file : "");
    e->line = at->line;
    e->column = at->column;
    e->offset = at->offset;
}

dvt_status dvt_fail_(dvt_ctx *ctx, dvt_status status, const dvt_pos *at, const char *src_file,
                     int src_line, const char *fmt, ...)
{
    assert(status != DVT_OK);
    if (!ctx) {
        return status;
    }
    dvt_error *e = &ctx->error;
    va_list    args;
    va_start(args, fmt);
    if (e->status != DVT_OK) {
        add_trail(e, fmt, args);
    } else {
        memset(e, 0, sizeof *e);
        e->status = status;
        e->src_file = src_file;
        e->src_line = src_line;
        set_pos(e, at);
        dvti_vformat(e->message, sizeof e->message, fmt, args);
    }
    va_end(args);
    return status;
}

/* The hint of the first failure stays: it was given where the cause was known best. */
void dvt_fail_hint(dvt_ctx *ctx, const char *fmt, ...)
{
    if (!ctx || ctx->error.status == DVT_OK || ctx->error.hint[0]) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    dvti_vformat(ctx->error.hint, sizeof ctx->error.hint, fmt, args);
    va_end(args);
}

void dvt_fail_note(dvt_ctx *ctx, const char *fmt, ...)
{
    if (!ctx || ctx->error.status == DVT_OK) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    add_trail(&ctx->error, fmt, args);
    va_end(args);
}

const dvt_error *dvt_ctx_error(const dvt_ctx *ctx) { return &ctx->error; }

void dvt_ctx_clear_error(dvt_ctx *ctx) { memset(&ctx->error, 0, sizeof ctx->error); }

dvt_status dvti_ctx_status(const dvt_ctx *ctx)
{
    return ctx->error.status != DVT_OK ? ctx->error.status : DVT_E_INTERNAL;
}
