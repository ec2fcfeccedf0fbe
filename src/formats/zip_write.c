/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip_write.c - writing zip archives that every reader opens: no zip64, no data descriptors.
 *
 * Invariants (1) the same content gives the same bytes: the time of every file is 1980-01-01, the
 *                earliest that the format can say;
 *            (2) local headers and directory records hold the same sizes and check sums.
 * Tests      tests/unit/test_npz.c
 */
#include "formats/inflate.h"
#include "formats/zip.h"

#include <string.h>

#include <zlib.h>

enum { VERSION_DEFLATE = 20, FLAG_UTF8 = 1 << 11, DATE_1980 = 0x21, FILES_MAX = 65534 };
static const size_t ZIP32_MAX = UINT32_MAX - 1; /* all ones is the mark of zip64 */

static void put(dvt_buf *b, uint64_t value, int bytes)
{
    uint8_t le[8];
    for (int i = 0; i < bytes; i++) {
        le[i] = (uint8_t)(value >> (8 * i));
    }
    dvt_buf_append(b, le, (size_t)bytes);
}

void dvti_zip_writer_init(dvti_zip_writer *w, dvt_ctx *ctx)
{
    *w = (dvti_zip_writer){.ctx = ctx};
    dvt_buf_init(&w->files, ctx, ZIP32_MAX);
    dvt_buf_init(&w->directory, ctx, ZIP32_MAX);
}

void dvti_zip_writer_deinit(dvti_zip_writer *w)
{
    dvt_buf_deinit(&w->files);
    dvt_buf_deinit(&w->directory);
}

/* The fields that local header and directory record share, from "version needed" to "extra". */
static void put_common(dvt_buf *b, const char *name, bool packed, uint32_t crc, size_t packed_bytes,
                       size_t bytes)
{
    put(b, VERSION_DEFLATE, 2);
    put(b, FLAG_UTF8, 2);
    put(b, packed ? Z_DEFLATED : 0, 2);
    put(b, 0, 2); /* time */
    put(b, DATE_1980, 2);
    put(b, crc, 4);
    put(b, packed_bytes, 4);
    put(b, bytes, 4);
    put(b, strlen(name), 2);
    put(b, 0, 2); /* extra */
}

dvt_status dvti_zip_writer_add(dvti_zip_writer *w, const char *name, const uint8_t *data,
                               size_t size)
{
    dvt_blob   packed = {NULL, 0};
    dvt_status st;

    if (strlen(name) > DVTI_ZIP_MAX_NAME || size > ZIP32_MAX || w->count == FILES_MAX) {
        return dvt_fail(w->ctx, DVT_E_CAPACITY, NULL,
                        "'%.64s' does not fit a zip archive (4 GiB, 65,534 files)", name);
    }
    if ((st = dvti_deflate_raw(w->ctx, data, size, &packed)) != DVT_OK) {
        return st;
    }
    const bool     is_packed = packed.data != NULL;
    const size_t   n = is_packed ? packed.size : size, at = w->files.len;
    const uint32_t crc = (uint32_t)crc32_z(crc32(0, NULL, 0), data, size);

    put(&w->files, 0x04034b50, 4);
    put_common(&w->files, name, is_packed, crc, n, size);
    dvt_buf_puts(&w->files, name);
    dvt_buf_append(&w->files, is_packed ? packed.data : data, n);

    put(&w->directory, 0x02014b50, 4);
    put(&w->directory, VERSION_DEFLATE, 2); /* made by */
    put_common(&w->directory, name, is_packed, crc, n, size);
    put(&w->directory, 0, 2 + 2 + 2); /* comment, disk, inner attributes */
    put(&w->directory, 0, 4);         /* outer attributes */
    put(&w->directory, at, 4);
    dvt_buf_puts(&w->directory, name);
    w->count++;
    dvt_blob_deinit(w->ctx, &packed);
    st = dvt_buf_status(&w->files);
    return st == DVT_OK ? dvt_buf_status(&w->directory) : st;
}

dvt_status dvti_zip_writer_finish(dvti_zip_writer *w)
{
    const size_t at = w->files.len;

    dvt_buf_append(&w->files, w->directory.data, w->directory.len);
    put(&w->files, 0x06054b50, 4);
    put(&w->files, 0, 2 + 2); /* disks */
    put(&w->files, w->count, 2);
    put(&w->files, w->count, 2);
    put(&w->files, w->directory.len, 4);
    put(&w->files, at, 4);
    put(&w->files, 0, 2); /* comment */
    return dvt_buf_status(&w->files);
}
