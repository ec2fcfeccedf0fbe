/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.c - the simulated overlay as a shared object, made once for each description.
 *
 * Idea      A hash over the names and bytes of all files of the package, Verilator's version and
 *           the recipe names a folder of the cache. The object is built beside it and renamed, so
 *           that whoever finds it finds it whole; two builds at a time waste work and harm nothing.
 * Tests     tests/diff/diff_rtl.c
 */
#include "rtl/rtl_int.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOG_TAIL = 1200, VERSION_MAX = 4096 };
static const char library_name[] = "libdvt_overlay.so";

/* ---- the key ------------------------------------------------------------------------------- */

static dvt_status verilator_version(dvt_ctx *ctx, dvt_buf *key)
{
    char              log[64];
    const char *const argv[] = {"verilator", "--version", NULL};
    dvt_blob          text = {0};
    int               code;
    dvt_status        st;

    snprintf(log, sizeof log, "/tmp/dovetail-verilator-%ld", (long)getpid());
    st = dvti_spawn(ctx, argv, log, &code);
    if (st == DVT_OK) {
        st = dvt_file_read(ctx, log, VERSION_MAX, &text);
    }
    if (st == DVT_OK) {
        dvt_buf_append(key, text.data, text.size);
    }
    dvt_blob_deinit(ctx, &text);
    unlink(log);
    return st;
}

static dvt_status hash_of(dvt_ctx *ctx, const dvti_rtl_files *f, char hex[DVT_SHA256_HEX])
{
    dvt_buf    key;
    dvt_status st;

    dvt_buf_init(&key, ctx, 0);
    st = verilator_version(ctx, &key);
    for (size_t i = 0; i < f->count; i++) {
        dvt_buf_printf(&key, "%s %zu\n", f->file[i].name, f->file[i].text.len);
        dvt_buf_append(&key, f->file[i].text.data, f->file[i].text.len);
    }
    if (st == DVT_OK) {
        st = dvt_buf_status(&key);
    }
    if (st == DVT_OK) {
        dvt_sha256_hex(key.data, key.len, hex);
    }
    dvt_buf_deinit(&key);
    return st;
}

/* ---- the build ----------------------------------------------------------------------------- */

static dvt_status build_failed(dvt_ctx *ctx, const char *dir)
{
    dvt_blob   log = {0};
    dvt_buf    path;
    dvt_status st;

    dvt_buf_init(&path, ctx, 0);
    dvt_buf_printf(&path, "%s/build.log", dir);
    st = dvt_buf_status(&path) == DVT_OK ? dvt_file_read(ctx, path.data, 0, &log) : DVT_E_NOMEM;
    if (st == DVT_OK) {
        size_t from = log.size > LOG_TAIL ? log.size - LOG_TAIL : 0;
        st = dvt_fail(ctx, DVT_E_INTERNAL, NULL, "Verilator did not build the RTL in %s:\n%s", dir,
                      (const char *)log.data + from);
    }
    dvt_blob_deinit(ctx, &log);
    dvt_buf_deinit(&path);
    return st;
}

static dvt_status build_in(dvt_ctx *ctx, const dvti_rtl_files *f, const char *dir)
{
    const char *const argv[] = {"make", "-s", "-C", dir, "lib", NULL};
    dvt_buf           log;
    int               code = 0;
    dvt_status        st = dvti_rtl_files_write(ctx, f, dir);

    dvt_buf_init(&log, ctx, 0);
    dvt_buf_printf(&log, "%s/build.log", dir);
    st = st ? st : dvt_buf_status(&log);
    if (st == DVT_OK) {
        st = dvti_spawn(ctx, argv, log.data, &code);
    }
    dvt_buf_deinit(&log);
    return st == DVT_OK && code != 0 ? build_failed(ctx, dir) : st;
}

static dvt_status build(dvt_ctx *ctx, const dvti_rtl_files *f, const char *dir, const char *library)
{
    dvt_buf    work;
    dvt_status st;

    dvt_buf_init(&work, ctx, 0);
    dvt_buf_printf(&work, "%s.%ld", dir, (long)getpid());
    st = dvt_buf_status(&work);
    if (st == DVT_OK) {
        st = build_in(ctx, f, work.data);
    }
    if (st == DVT_OK && rename(work.data, dir) != 0 && !dvt_file_exists(library)) {
        st = dvt_fail(ctx, DVT_E_IO, NULL, "cannot put the built overlay into '%s'", dir);
    }
    dvt_buf_deinit(&work);
    return st;
}

dvt_status dvt_rtl_build(dvt_ctx *ctx, const dvt_overlay *o, const char *cache_dir, char **out)
{
    dvti_rtl_files f;
    char           hex[DVT_SHA256_HEX];
    dvt_buf        dir, library;
    dvt_status     st;

    *out = NULL;
    st = dvti_rtl_files_make(ctx, o, &f);
    if (st != DVT_OK) {
        return st;
    }
    dvt_buf_init(&dir, ctx, 0);
    dvt_buf_init(&library, ctx, 0);
    st = hash_of(ctx, &f, hex);
    if (st == DVT_OK) {
        hex[24] = '\0';
        dvt_buf_printf(&dir, "%s/%s-%s", cache_dir, o->name, hex);
        dvt_buf_printf(&library, "%s/%s", dir.data, library_name);
        st = dvt_buf_status(&library);
    }
    if (st == DVT_OK && !dvt_file_exists(library.data)) {
        st = build(ctx, &f, dir.data, library.data);
    }
    dvti_rtl_files_deinit(ctx, &f);
    dvt_buf_deinit(&dir);
    if (st != DVT_OK) {
        dvt_buf_deinit(&library);
        return st;
    }
    *out = library.data; /* the caller's */
    return DVT_OK;
}
