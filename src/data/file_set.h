/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_set.h - the files of a folder or of an archive behind one interface, sorted by name.
 *
 * Names are relative to the folder, with '/', and compare byte by byte: the order does not depend
 * on the file system, on the archive or on the language of the machine.
 */
#ifndef DATA_FILE_SET_H
#define DATA_FILE_SET_H

#include "dovetail/base.h"
#include "formats/tar.h"

enum { DVTI_FILE_SET_MAX_DEPTH = 16, DVTI_FILE_SET_MAX_FILES = 1 << 22 };

typedef struct dvti_file {
    const char    *name;
    const uint8_t *data; /* of an archive; NULL = on disk */
    size_t         size; /* with data */
} dvti_file;

typedef struct dvti_file_set {
    dvt_ctx    *ctx;
    const char *path; /* borrowed */
    dvti_tar    tar;  /* empty for a folder */
    dvt_arena  *names;
    dvti_file  *files;
    size_t      count, cap;
} dvti_file_set;

/* A folder with all its sub-folders, or a .tar or .tar.gz file. */
DVT_MUST_CHECK dvt_status dvti_file_set_open(dvt_ctx *ctx, const char *path, dvti_file_set *out);
void                      dvti_file_set_close(dvti_file_set *set);

/* The bytes of a file. *blob owns them if they had to be read (deinit it in any case). */
DVT_MUST_CHECK dvt_status dvti_file_set_read(const dvti_file_set *set, const dvti_file *file,
                                             dvt_blob *blob, const uint8_t **data, size_t *size);

/* True if the name ends so, letters of either case. */
bool dvti_name_ends(const char *name, const char *ending);
/* What follows the last '/'. */
const char *dvti_base_name(const char *name);

#endif
