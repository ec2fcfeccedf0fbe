/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_record.h - one record of the published NAS-Bench-101 files.
 *
 * A record's data is a JSON list of five: the cell's MD5 hash, epochs of training, the adjacency
 * matrix as a text of 0 and 1 row by row, the operations separated by commas, and the metrics: a
 * protobuf message in base64.
 *
 *     message ModelMetrics {
 *       repeated EvaluationData evaluation_data = 1;   // at the start, half-way, at the end
 *       optional int32 trainable_parameters = 2;
 *       optional double total_time = 3;                // seconds
 *     }
 *     message EvaluationData {
 *       optional double current_epoch = 1;
 *       optional double training_time = 2;             // seconds
 *       optional double train_accuracy = 3;            // fractions
 *       optional double validation_accuracy = 4;
 *       optional double test_accuracy = 5;
 *       optional string checkpoint_path = 6;           // checked to be text, not kept
 *     }
 */
#ifndef DVTI_TABLE_RECORD_H
#define DVTI_TABLE_RECORD_H

#include "formats/tfrecord.h"
#include "space/table_import.h"

enum { DVTI_RECORD_POINTS = 3, DVTI_RECORD_VALUES = 5, DVTI_RECORD_TEXT = 1 << 16 };

typedef struct dvti_record {
    uint8_t        md5[DVT_NB101_MD5_BYTES];
    int32_t        epochs;
    dvt_nb101_cell cell;
    int32_t        parameters;
    double         total_time_s;
    double         value[DVTI_RECORD_POINTS][DVTI_RECORD_VALUES]; /* as in the message */
} dvti_record;

/* Scratch for texts of a record; large, so not on the stack. */
typedef struct dvti_record_reader {
    dvt_ctx    *ctx;
    const char *path;
    char        text[DVTI_RECORD_TEXT];
    uint8_t     message[DVTI_RECORD_TEXT];
} dvti_record_reader;

/* E_PARSE (E_NUMERIC for values that are no measurements) with record number and byte offset. */
DVT_MUST_CHECK dvt_status dvti_record_parse(dvti_record_reader *r, const dvti_tfrecord *frame,
                                            dvti_record *out);
dvt_status dvti_record_fail(dvti_record_reader *r, dvt_status status, const dvti_tfrecord *frame,
                            size_t at, const char *what);

#endif
