/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctx.c - a context: its life, its log and its progress report.
 *
 * Idea       Everything that would be a global elsewhere (allocator, error slot, threads, log)
 *            hangs on a value that the caller makes, so two uses in one process never meet.
 * Invariants the context and its table of threads are one block, taken when it is created: work
 *            that starts later cannot fail for want of thread bookkeeping.
 * Memory     the context's own block is not counted in dvt_ctx_bytes_in_use.
 * Tests      tests/unit/test_alloc.c, tests/unit/test_status.c
 */
#include "base/base_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_LINE_BYTES = 2048 };

static void *libc_realloc(void *ud, void *p, size_t old_bytes, size_t new_bytes)
{
    (void)ud;
    (void)old_bytes;
    if (new_bytes == 0) {
        free(p);
        return NULL;
    }
    return realloc(p, new_bytes);
}

static uint32_t resolve_jobs(uint32_t jobs)
{
    if (jobs > 0) {
        return jobs;
    }
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (uint32_t)cores : 1;
}

dvt_ctx *dvt_ctx_create(const dvt_ctx_opts *opts)
{
    dvt_ctx_opts o = opts ? *opts : (dvt_ctx_opts){0};
    size_t       bytes = 0;

    if (!o.realloc) {
        o.realloc = libc_realloc;
        o.realloc_ud = NULL;
    }
    o.jobs = resolve_jobs(o.jobs);
    if (!dvt_mul_size(o.jobs - 1, sizeof(dvti_worker), &bytes) ||
        !dvt_add_size(bytes, sizeof(dvt_ctx), &bytes)) {
        return NULL;
    }
    dvt_ctx *ctx = o.realloc(o.realloc_ud, NULL, 0, bytes);
    if (!ctx) {
        return NULL;
    }
    memset(ctx, 0, bytes);
    ctx->opts = o;
    ctx->own_bytes = bytes;
    if (!dvti_pool_init(ctx)) {
        o.realloc(o.realloc_ud, ctx, bytes, 0);
        return NULL;
    }
    return ctx;
}

void dvt_ctx_destroy(dvt_ctx *ctx)
{
    if (!ctx) {
        return;
    }
    dvti_pool_deinit(ctx);
    dvt_ctx_opts o = ctx->opts;
    o.realloc(o.realloc_ud, ctx, ctx->own_bytes, 0);
}

uint32_t dvt_ctx_jobs(const dvt_ctx *ctx) { return ctx->opts.jobs; }
size_t   dvt_ctx_bytes_in_use(const dvt_ctx *ctx) { return ctx->bytes_in_use; }
size_t   dvt_ctx_bytes_peak(const dvt_ctx *ctx) { return ctx->bytes_peak; }

void dvt_log(dvt_ctx *ctx, dvt_log_level level, const char *module, const char *fmt, ...)
{
    char line[LOG_LINE_BYTES];

    assert(level > DVT_LOG_NONE);
    if (!ctx->opts.log || level > ctx->opts.log_level) {
        return;
    }
    va_list args;
    va_start(args, fmt);
    dvti_vformat(line, sizeof line, fmt, args);
    va_end(args);
    ctx->opts.log(ctx->opts.log_ud, level, module, line);
}

dvt_status dvt_progress(dvt_ctx *ctx, const char *phase, uint64_t done, uint64_t total,
                        const char *unit)
{
    if (!ctx->opts.progress ||
        ctx->opts.progress(ctx->opts.progress_ud, phase, done, total, unit)) {
        return DVT_OK;
    }
    return dvt_fail(ctx, DVT_E_CANCELLED, NULL, "stopped during '%s' at %llu of %llu %s", phase,
                    (unsigned long long)done, (unsigned long long)total, unit);
}

dvt_status dvt_stop_asked(dvt_ctx *ctx, const char *what)
{
    if (!ctx->opts.progress || ctx->opts.progress(ctx->opts.progress_ud, NULL, 0, 0, NULL)) {
        return DVT_OK;
    }
    return dvt_fail(ctx, DVT_E_CANCELLED, NULL, "stopped while %s", what);
}
