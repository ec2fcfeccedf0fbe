/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_import.h - the readers of published files; each fills a stage.
 *
 * `path` is for errors. All of a reader's failures name a place in the file.
 */
#ifndef DVTI_TABLE_IMPORT_H
#define DVTI_TABLE_IMPORT_H

#include "space/table_stage.h"

/* Zero where the file cannot be read or is a folder. */
dvti_source_mark dvti_source_mark_of(const char *path);

/* A published file as the bytes of its cache, which the caller frees. */
DVT_MUST_CHECK dvt_status dvti_table_image(dvt_ctx *ctx, dvt_benchmark kind, const char *path,
                                           uint8_t **image, size_t *size, int64_t *rows);

DVT_MUST_CHECK dvt_status dvti_table_read_csv(dvti_stage *s, const char *path,
                                              const dvt_blob *text);
DVT_MUST_CHECK dvt_status dvti_table_read_tfrecord(dvti_stage *s, const char *path);
DVT_MUST_CHECK dvt_status dvti_table_read_pickle(dvti_stage *s, const char *path,
                                                 const dvt_blob *file);

/* NATS-Bench's folder of one file for each network. */
DVT_MUST_CHECK dvt_status dvti_table_read_nats_folder(dvti_stage *s, const char *folder);

/* HW-NAS-Bench's operations, edges by source: "(4, 3, 3, 0, 0, 0)". */
bool dvti_hwnas_cell(const uint8_t ops[DVT_NB201_EDGES], dvt_nb201_cell *out);

#endif
