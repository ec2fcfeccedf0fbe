/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tfrecord.h - reads TensorFlow's record files, one record at a time.
 *
 * A record is: length (8 bytes, little endian), masked CRC-32C of those 8 bytes (4), the data,
 * masked CRC-32C of the data (4). Nothing else is in the file. Files larger than memory are read
 * with a buffer of the largest record.
 *
 *     while ((st = dvti_tfrecord_next(f, &record)) == DVT_OK && record.data) ...
 */
#ifndef FORMATS_TFRECORD_H
#define FORMATS_TFRECORD_H

#include "dovetail/base.h"

enum {
    DVTI_TFRECORD_FRAME = 16,   /* bytes around the data */
    DVTI_TFRECORD_MAX = 1 << 26 /* bytes of data */
};

typedef struct dvti_tfrecord {
    const uint8_t *data; /* until the next call; NULL behind the last record */
    size_t         size;
    uint64_t       number;   /* 1-based */
    uint64_t       frame_at; /* offset of the record in the file */
    uint64_t       data_at;  /* of its data */
} dvti_tfrecord;

typedef struct dvti_tfrecord_file dvti_tfrecord_file;

DVT_MUST_CHECK dvt_status dvti_tfrecord_open(dvt_ctx *ctx, const char *path,
                                             dvti_tfrecord_file **out);
void                      dvti_tfrecord_close(dvti_tfrecord_file *f);
/* E_PARSE with record number and offset: cut, longer than the limit, either checksum wrong. E_IO,
 * E_CANCELLED. */
DVT_MUST_CHECK dvt_status dvti_tfrecord_next(dvti_tfrecord_file *f, dvti_tfrecord *out);

/* For writers, and for tests: appends a record to `out`. */
void dvti_tfrecord_append(dvt_buf *out, const void *data, size_t size);

#endif
