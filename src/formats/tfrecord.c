/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tfrecord.c - reads and writes TensorFlow's record files.
 *
 * Idea       A buffer that grows to the largest record and is filled from a descriptor in large
 *            reads. The checksum of the length is looked at before the length is believed, so that
 *            a damaged file cannot ask for memory.
 * Tests      tests/unit/test_tfrecord.c, tests/fuzz/fuzz_table_record.c
 */
#include "formats/tfrecord.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"

enum { FIRST_BUFFER = 1 << 20, PROGRESS_RECORDS = 1 << 14 };

struct dvti_tfrecord_file {
    dvt_ctx    *ctx;
    const char *path;
    int         fd;
    uint64_t    total; /* bytes of the file; 0 = not known */
    uint8_t    *buffer;
    size_t      size, at, cap; /* bytes in the buffer, read of them, room */
    uint64_t    base;          /* offset of buffer[0] in the file */
    uint64_t    records;
    bool        at_end;
};

dvt_status dvti_tfrecord_open(dvt_ctx *ctx, const char *path, dvti_tfrecord_file **out)
{
    dvti_tfrecord_file *f = dvt_calloc(ctx, 1, sizeof *f);
    struct stat         info;

    *out = NULL;
    if (!f) {
        return DVT_E_NOMEM;
    }
    *f = (dvti_tfrecord_file){.ctx = ctx, .path = path, .fd = -1, .cap = FIRST_BUFFER};
    f->buffer = dvt_alloc(ctx, f->cap);
    f->fd = f->buffer ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (f->fd < 0 || fstat(f->fd, &info) != 0) {
        dvt_status st =
            f->buffer ? dvt_fail(ctx, DVT_E_IO, NULL, "cannot open '%s': %s", path, strerror(errno))
                      : DVT_E_NOMEM;
        dvti_tfrecord_close(f);
        return st;
    }
    f->total = S_ISREG(info.st_mode) ? (uint64_t)info.st_size : 0;
    *out = f;
    return DVT_OK;
}

void dvti_tfrecord_close(dvti_tfrecord_file *f)
{
    if (!f) {
        return;
    }
    if (f->fd >= 0) {
        close(f->fd);
    }
    dvt_free(f->ctx, f->buffer);
    dvt_free(f->ctx, f);
}

static dvt_status fail_record(dvti_tfrecord_file *f, const char *what)
{
    const dvt_pos at = {.file = f->path, .offset = f->base + f->at};

    dvt_fail(f->ctx, DVT_E_PARSE, &at, "record %llu %s", (unsigned long long)f->records + 1, what);
    dvt_fail_hint(f->ctx, "the file is damaged or no TFRecord file; fetch it again and compare its "
                          "size and checksum with the publisher's");
    return DVT_E_PARSE;
}

/* Makes `want` bytes available from f->at on, or as many as there are left. */
static dvt_status fill(dvti_tfrecord_file *f, size_t want)
{
    if (f->size - f->at >= want) {
        return DVT_OK;
    }
    memmove(f->buffer, f->buffer + f->at, f->size - f->at);
    f->base += f->at;
    f->size -= f->at;
    f->at = 0;
    if (want > f->cap) {
        uint8_t *larger = dvt_realloc(f->ctx, f->buffer, want);
        if (!larger) {
            return DVT_E_NOMEM;
        }
        f->buffer = larger;
        f->cap = want;
    }
    while (!f->at_end && f->size < want) {
        const ssize_t n = read(f->fd, f->buffer + f->size, f->cap - f->size);
        if (n < 0 && errno != EINTR) {
            return dvt_fail(f->ctx, DVT_E_IO, NULL, "cannot read '%s': %s", f->path,
                            strerror(errno));
        }
        f->at_end = n == 0;
        f->size += n > 0 ? (size_t)n : 0;
    }
    return DVT_OK;
}

static uint64_t little(const uint8_t *b, int bytes)
{
    uint64_t v = 0;

    for (int i = 0; i < bytes; i++) {
        v |= (uint64_t)b[i] << (8 * i);
    }
    return v;
}

static bool checked(const uint8_t *data, size_t size, const uint8_t *crc)
{
    return little(crc, 4) == dvti_crc32c_mask(dvti_crc32c(0, data, size));
}

dvt_status dvti_tfrecord_next(dvti_tfrecord_file *f, dvti_tfrecord *out)
{
    dvt_status st = fill(f, DVTI_TFRECORD_FRAME);

    *out = (dvti_tfrecord){0};
    if (st == DVT_OK && f->records % PROGRESS_RECORDS == 0) {
        st = dvt_progress(f->ctx, "import", f->base + f->at, f->total, "B");
    }
    if (st != DVT_OK || f->size == f->at) {
        return st;
    }
    if (f->size - f->at < DVTI_TFRECORD_FRAME) {
        return fail_record(f, "is cut: the file ends inside of it");
    }
    const uint8_t *frame = f->buffer + f->at;
    const uint64_t length = little(frame, 8);
    if (!checked(frame, 8, frame + 8)) {
        return fail_record(f, "has a length that does not have its checksum");
    }
    if (length > DVTI_TFRECORD_MAX) {
        return fail_record(f, "is longer than 64 MiB");
    }
    st = fill(f, (size_t)length + DVTI_TFRECORD_FRAME);
    if (st != DVT_OK) {
        return st;
    }
    if (f->size - f->at < (size_t)length + DVTI_TFRECORD_FRAME) {
        return fail_record(f, "is cut: the file ends inside of it");
    }
    frame = f->buffer + f->at;
    if (!checked(frame + 12, (size_t)length, frame + 12 + length)) {
        return fail_record(f, "does not have its checksum");
    }
    f->records++;
    *out = (dvti_tfrecord){.data = frame + 12,
                           .size = (size_t)length,
                           .number = f->records,
                           .frame_at = f->base + f->at,
                           .data_at = f->base + f->at + 12};
    f->at += (size_t)length + DVTI_TFRECORD_FRAME;
    return DVT_OK;
}

void dvti_tfrecord_append(dvt_buf *out, const void *data, size_t size)
{
    uint8_t        head[12], tail[4];
    const uint32_t crc = dvti_crc32c_mask(dvti_crc32c(0, data, size));

    for (int i = 0; i < 8; i++) {
        head[i] = (uint8_t)((uint64_t)size >> (8 * i));
    }
    const uint32_t head_crc = dvti_crc32c_mask(dvti_crc32c(0, head, 8));
    for (int i = 0; i < 4; i++) {
        head[8 + i] = (uint8_t)(head_crc >> (8 * i));
        tail[i] = (uint8_t)(crc >> (8 * i));
    }
    dvt_buf_append(out, head, sizeof head);
    dvt_buf_append(out, data, size);
    dvt_buf_append(out, tail, sizeof tail);
}
