/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip.h - the small part of the zip format that archives of arrays need.
 *
 * Reading    The central directory is the truth; local headers only tell where the bytes start.
 *            Methods 0 (stored) and 8 (deflate), zip64 sizes and offsets. Encryption, other methods
 *            and archives in several parts are DVT_E_UNSUPPORTED.
 * Writing    Appends to a dvt_buf; a file is deflated where that makes it smaller. No zip64: below
 *            4 GiB and 65,535 files, else DVT_E_CAPACITY.
 * Ownership  A zip borrows the bytes it was opened on; its entries live in the caller's arena.
 */
#ifndef FORMATS_ZIP_H
#define FORMATS_ZIP_H

#include "dovetail/base.h"

enum { DVTI_ZIP_MAX_FILES = 1 << 20, DVTI_ZIP_MAX_NAME = 4096 };

typedef struct dvti_zip_entry {
    const char *name; /* NUL-terminated; holds no NUL inside */
    uint32_t    crc;
    uint16_t    method;
    uint64_t    packed_bytes, bytes;
    uint64_t    at;           /* of the first packed byte in the file */
    uint64_t    directory_at; /* of its record in the central directory, for errors */
} dvti_zip_entry;

typedef struct dvti_zip {
    dvt_ctx        *ctx;
    const char     *file;
    const uint8_t  *data;
    size_t          size;
    dvti_zip_entry *entries;
    size_t          count;
} dvti_zip;

DVT_MUST_CHECK dvt_status dvti_zip_open(dvt_ctx *ctx, dvt_arena *arena, const char *file,
                                        const uint8_t *data, size_t size, dvti_zip *out);
/* The content of one file, checked against its CRC. Freed with dvt_blob_deinit. */
DVT_MUST_CHECK dvt_status dvti_zip_extract(const dvti_zip *zip, const dvti_zip_entry *entry,
                                           dvt_blob *out);

typedef struct dvti_zip_writer {
    dvt_ctx *ctx;
    dvt_buf  files, directory;
    uint32_t count;
} dvti_zip_writer;

void                      dvti_zip_writer_init(dvti_zip_writer *w, dvt_ctx *ctx);
void                      dvti_zip_writer_deinit(dvti_zip_writer *w);
DVT_MUST_CHECK dvt_status dvti_zip_writer_add(dvti_zip_writer *w, const char *name,
                                              const uint8_t *data, size_t size);
/* Appends the directory; the archive is then w->files. */
DVT_MUST_CHECK dvt_status dvti_zip_writer_finish(dvti_zip_writer *w);

#endif
