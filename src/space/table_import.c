/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_import.c - decides how a published file is read, and writes its cache.
 *
 * Idea       The content decides: gzip and bzip2 are unpacked, pickles are known by their first
 *            byte, the rest is CSV. TFRecord files are known by their name or by the checksum of
 *            their first length, and read record by record. The cache is written beside its final
 *            place and renamed.
 * Tests      tests/unit/test_table.c, tests/fault/fault_tables.c
 */
#define _POSIX_C_SOURCE 200809L /* pread */
#include "space/table_import.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "formats/bunzip.h"
#include "formats/inflate.h"

static const size_t FILE_MAX_BYTES = (size_t)1 << 30;

static bool ends_in(const char *path, const char *ending)
{
    const size_t n = strlen(path), m = strlen(ending);
    return n >= m && strcmp(path + n - m, ending) == 0;
}

/* Protocols 2 to 5 start with PROTO; older pickles with a container. */
static bool is_pickle(const char *path, const dvt_blob *file)
{
    return ends_in(path, ".pickle") || ends_in(path, ".pkl") ||
           (file->size > 0 && (file->data[0] == 0x80 || memchr("(}]", file->data[0], 3)));
}

/* Does the file start with a length and its checksum? */
static bool is_tfrecord(const char *path)
{
    uint8_t  head[12] = {0};
    uint32_t crc = 0;
    int      fd = open(path, O_RDONLY | O_CLOEXEC);
    bool     whole = fd >= 0 && read(fd, head, sizeof head) == (ssize_t)sizeof head;

    if (fd >= 0) {
        close(fd);
    }
    for (int i = 0; i < 4; i++) {
        crc |= (uint32_t)head[8 + i] << (8 * i);
    }
    return ends_in(path, ".tfrecord") ||
           (whole && crc == dvti_crc32c_mask(dvti_crc32c(0, head, 8)));
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static dvt_status read_file(dvti_stage *s, const char *path)
{
    dvt_blob   file = {0};
    dvt_status st = dvt_file_read(s->ctx, path, FILE_MAX_BYTES, &file);

    if (st == DVT_OK) {
        st = dvti_gunzip_in_place(s->ctx, path, FILE_MAX_BYTES, &file);
    }
    if (st == DVT_OK) {
        st = dvti_bunzip_in_place(s->ctx, path, FILE_MAX_BYTES, &file);
    }
    if (st == DVT_OK) {
        st = s->kind != DVT_BENCHMARK_NASBENCH101 && is_pickle(path, &file)
                 ? dvti_table_read_pickle(s, path, &file)
                 : dvti_table_read_csv(s, path, &file);
    }
    dvt_blob_deinit(s->ctx, &file);
    return st;
}

dvti_source_mark dvti_source_mark_of(const char *path)
{
    enum { PIECE = 1 << 16 };
    static const dvti_source_mark none = {0};
    dvti_source_mark              mark = none;
    struct stat                   info;
    uint8_t                       piece[4096];
    const int                     fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;

    mark.size = good ? (uint64_t)info.st_size : 0;
    for (uint64_t at = 0; good && at < mark.size;) {
        const ssize_t n = pread(fd, piece, sizeof piece, (off_t)at);
        good = n > 0;
        mark.crc = good ? dvti_crc32c(mark.crc, piece, (size_t)n) : 0;
        at += good ? (uint64_t)n : 0;
        if (at >= PIECE && mark.size > 2 * PIECE && at < mark.size - PIECE) {
            at = mark.size - PIECE; /* the middle is left out */
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return good ? mark : none;
}

dvt_status dvti_table_image(dvt_ctx *ctx, dvt_benchmark kind, const char *path, uint8_t **image,
                            size_t *size, int64_t *rows)
{
    const bool  is_nats = kind == DVT_BENCHMARK_NATSBENCH || kind == DVT_BENCHMARK_NATSBENCH_SSS;
    dvti_stage *s;
    dvt_status  st = dvti_stage_create(ctx, kind, &s);

    *image = NULL;
    *size = 0;
    *rows = 0;
    if (st == DVT_OK) {
        s->source = dvti_source_mark_of(path);
        st = kind == DVT_BENCHMARK_NASBENCH101 && is_tfrecord(path)
                 ? dvti_table_read_tfrecord(s, path)
             : is_nats && is_folder(path) ? dvti_table_read_nats_folder(s, path)
                                          : read_file(s, path);
    }
    if (st == DVT_OK) {
        *rows = (int64_t)s->keys.len;
        st = dvti_stage_image(s, image, size);
    }
    if (st != DVT_OK) {
        *rows = 0;
    }
    dvti_stage_destroy(s);
    return st;
}

dvt_status dvt_table_import(dvt_ctx *ctx, dvt_benchmark kind, const char *file, const char *cache,
                            int64_t *rows)
{
    uint8_t   *image;
    size_t     size;
    int64_t    count;
    dvt_status st = dvti_table_image(ctx, kind, file, &image, &size, &count);

    if (st == DVT_OK) {
        st = dvt_file_write(ctx, cache, image, size);
    }
    dvt_free(ctx, image);
    if (rows) {
        *rows = st == DVT_OK ? count : 0;
    }
    return st;
}
