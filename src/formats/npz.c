/* SPDX-License-Identifier: Apache-2.0 */
/*
 * npz.c - NumPy's .npz files: a zip archive of .npy files.
 *
 * Limits     a member whose name does not end in ".npy" is DVT_E_UNSUPPORTED: numpy.savez writes
 *            none, so the archive is something else.
 * Tests      tests/unit/test_npz.c, tests/fuzz/fuzz_npz.c
 */
#include "base/base_int.h"
#include "formats/arrays_int.h"
#include "formats/zip.h"

#include <string.h>

/* The member's name without ".npy"; NULL raises. */
static char *array_name(const dvti_zip *zip, const dvti_zip_entry *e)
{
    static const char SUFFIX[] = ".npy";
    const size_t      n = strlen(e->name), tail = sizeof SUFFIX - 1;
    const dvt_pos     at = {.file = zip->file, .offset = e->directory_at};

    if (n <= tail || strcmp(e->name + n - tail, SUFFIX) != 0) {
        (void)dvt_fail(zip->ctx, DVT_E_UNSUPPORTED, &at, "'%s' is no .npy file", e->name);
        return NULL;
    }
    char *name = dvt_alloc(zip->ctx, n - tail + 1);
    if (name) {
        memcpy(name, e->name, n - tail);
        name[n - tail] = '\0';
    }
    return name;
}

static dvt_status read_member(const dvti_zip *zip, const dvti_zip_entry *e, dvt_npz *npz)
{
    dvt_blob   content;
    const int  i = npz->count;
    dvt_status st;

    if (!(npz->names[i] = array_name(zip, e))) {
        return dvti_ctx_status(zip->ctx);
    }
    npz->count++; /* deinit frees what is there even if the rest fails */
    if ((st = dvti_zip_extract(zip, e, &content)) == DVT_OK) {
        st = dvt_npy_parse(zip->ctx, e->name, content.data, content.size, &npz->tensors[i]);
        if (st != DVT_OK) {
            dvt_fail_note(zip->ctx, "while reading '%s' of '%s'", e->name, zip->file);
        }
    }
    dvt_blob_deinit(zip->ctx, &content);
    return st;
}

dvt_status dvti_npz_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                          dvt_npz *out)
{
    dvt_npz    npz = {0};
    dvti_zip   zip;
    dvt_status st = DVT_OK;
    dvt_arena *arena = dvt_arena_create(ctx);

    *out = (dvt_npz){0};
    if (!arena) {
        return DVT_E_NOMEM;
    }
    if ((st = dvti_zip_open(ctx, arena, name, data, size, &zip)) != DVT_OK) {
        goto done;
    }
    npz.names = dvt_calloc(ctx, zip.count + 1, sizeof *npz.names);
    npz.tensors = npz.names ? dvt_calloc(ctx, zip.count + 1, sizeof *npz.tensors) : NULL;
    if (!npz.tensors) {
        st = DVT_E_NOMEM;
        goto done;
    }
    for (size_t i = 0; i < zip.count; i++) {
        if ((st = read_member(&zip, &zip.entries[i], &npz)) != DVT_OK) {
            goto done;
        }
    }
    *out = npz;
    npz = (dvt_npz){0};
done:
    dvt_npz_deinit(ctx, &npz);
    dvt_arena_destroy(arena);
    return st;
}

dvt_status dvt_npz_read(dvt_ctx *ctx, const char *path, dvt_npz *out)
{
    dvt_blob   file;
    dvt_status st = dvt_file_read(ctx, path, 0, &file);

    *out = (dvt_npz){0};
    if (st == DVT_OK) {
        st = dvti_npz_parse(ctx, path, file.data, file.size, out);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}

dvt_status dvt_npz_write(dvt_ctx *ctx, const char *path, const char *const *names,
                         const dvt_tensor *tensors, int32_t count)
{
    dvti_zip_writer w;
    dvt_buf         text, member;
    dvt_status      st = DVT_OK;

    dvti_zip_writer_init(&w, ctx);
    dvt_buf_init(&text, ctx, SIZE_MAX / 4);
    dvt_buf_init(&member, ctx, DVTI_ZIP_MAX_NAME);
    for (int32_t i = 0; i < count && st == DVT_OK; i++) {
        if (tensors[i].dtype == DVT_DTYPE_NONE) {
            st = dvt_fail(ctx, DVT_E_USAGE, NULL, "array '%s' is empty: it cannot be written",
                          names[i]);
            break;
        }
        dvt_buf_reset(&text);
        dvt_buf_reset(&member);
        dvti_npy_print(&tensors[i], &text);
        dvt_buf_printf(&member, "%s.npy", names[i]);
        if ((st = dvt_buf_status(&text)) == DVT_OK && (st = dvt_buf_status(&member)) == DVT_OK) {
            st = dvti_zip_writer_add(&w, member.data, (const uint8_t *)text.data, text.len);
        }
    }
    if (st == DVT_OK && (st = dvti_zip_writer_finish(&w)) == DVT_OK) {
        st = dvt_file_write(ctx, path, w.files.data, w.files.len);
    }
    dvt_buf_deinit(&member);
    dvt_buf_deinit(&text);
    dvti_zip_writer_deinit(&w);
    return st;
}

void dvt_npz_deinit(dvt_ctx *ctx, dvt_npz *npz)
{
    for (int32_t i = 0; i < npz->count; i++) {
        dvt_free(ctx, npz->names[i]);
        dvt_tensor_deinit(ctx, &npz->tensors[i]);
    }
    dvt_free(ctx, npz->names);
    dvt_free(ctx, npz->tensors);
    *npz = (dvt_npz){0};
}
