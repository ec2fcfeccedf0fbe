/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb101_records.h - writes NAS-Bench-101's record files from the description of their form.
 *
 * Independent of the reader: its own JSON, base64, protobuf and checksum.
 */
#ifndef TESTS_SUPPORT_NB101_RECORDS_H
#define TESTS_SUPPORT_NB101_RECORDS_H

#include "dovetail/space.h"

typedef struct record_point {
    double epoch, training_time, train, valid, test;
} record_point;

typedef struct record_case {
    char           hash[DVT_MD5_HEX];
    int            epochs;
    dvt_nb101_cell cell;
    record_point   point[3]; /* start, half-way, end */
    int32_t        parameters;
    double         total_time;
} record_case;

/* One training of a cell, with values of the kind that the published files have: accuracies are
 * floats of multiples of 1/9984, times are seconds. Depends on (cell, epochs, repeat) alone. */
record_case record_make(const dvt_nb101_cell *cell, int epochs, int repeat);

/* The JSON text of a record; its parts may be replaced (NULL = the right one). */
typedef struct record_parts {
    const char *hash, *epochs, *matrix, *operations, *metrics; /* as JSON, without quotes added */
} record_parts;
void record_json(const record_case *c, const record_parts *parts, dvt_buf *out);
void record_message(const record_case *c, dvt_buf *out);
void record_base64(const void *data, size_t size, dvt_buf *out);
/* Length, checksums, data: what is behind each other in a file. */
void record_frame(const void *data, size_t size, dvt_buf *out);
/* A whole record. */
void record_append(const record_case *c, dvt_buf *out);

#endif
