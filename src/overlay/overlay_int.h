/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_int.h - what the files of this module share: the table of description keys, and the
 * description inside other JSON documents.
 */
#ifndef DVTI_OVERLAY_INT_H
#define DVTI_OVERLAY_INT_H

#include "base/json_util.h"
#include "dovetail/overlay.h"

typedef enum dvti_key_type { DVTI_KEY_I32, DVTI_KEY_I64, DVTI_KEY_F64 } dvti_key_type;

/* One number of a description. Parser, printer, checks and docs/overlay.md read this table. */
typedef struct dvti_overlay_key {
    const char   *group; /* "array"; "" = top level */
    const char   *key;   /* "c_vec" */
    dvti_key_type type;
    size_t        offset; /* in dvt_overlay */
    double        min, max;
    const char   *unit, *meaning;
} dvti_overlay_key;

const dvti_overlay_key *dvti_overlay_keys(size_t *count); /* static */
double                  dvti_overlay_key_value(const dvti_overlay_key *key, const dvt_overlay *o);

/* Kernels that an overlay may or may not have, in chain order. */
bool dvti_kernel_is_aux(dvt_kernel kernel);
/* Pool, depthwise and lrn: they take windows of blocks from the stream reader. */
bool dvti_kernel_takes_windows(dvt_kernel kernel);

/* A description as a member of another document. */
DVT_MUST_CHECK dvt_status dvti_overlay_from_json(const dvti_json *root, dvt_overlay *out);
void                      dvti_overlay_to_json(dvti_json_writer *w, const dvt_overlay *o);

#endif
