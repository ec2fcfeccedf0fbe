/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar.h - an index over a tar archive in memory.
 *
 * What       Regular files, in the order of the archive, with names of any length (ustar prefixes,
 *            GNU long names, pax headers). Hard links stand for the file they name. Folders are
 *            passed over. Symbolic links, devices and sparse files are DVT_E_UNSUPPORTED.
 * Ownership  The archive owns its bytes (unpacked, if it was gzip) and its names until _deinit.
 * Limits     DVTI_TAR_MAX_BYTES unpacked, DVTI_TAR_MAX_FILES, names of DVTI_TAR_MAX_NAME bytes.
 */
#ifndef FORMATS_TAR_H
#define FORMATS_TAR_H

#include "dovetail/base.h"

enum { DVTI_TAR_MAX_FILES = 1 << 22, DVTI_TAR_MAX_NAME = 4096 };
#define DVTI_TAR_MAX_BYTES ((size_t)8 << 30)

typedef struct dvti_tar_entry {
    const char    *name; /* as in the archive, without a leading "./" */
    const uint8_t *data;
    size_t         size; /* bytes */
} dvti_tar_entry;

typedef struct dvti_tar {
    dvt_ctx        *ctx;
    dvt_blob        blob; /* empty where the bytes are the caller's */
    dvt_arena      *names;
    dvti_tar_entry *entries;
    size_t          count, cap;
} dvti_tar;

/* A .tar or .tar.gz file, by content. */
DVT_MUST_CHECK dvt_status dvti_tar_open(dvt_ctx *ctx, const char *path, dvti_tar *out);
/* An unpacked archive whose bytes the caller keeps. `file` is for errors. */
DVT_MUST_CHECK dvt_status dvti_tar_parse(dvt_ctx *ctx, const char *file, const uint8_t *data,
                                         size_t size, dvti_tar *out);
void                      dvti_tar_deinit(dvti_tar *tar);

#endif
