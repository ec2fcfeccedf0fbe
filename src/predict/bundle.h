/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - named arrays of a predictor file, written from borrowed memory and read with checks.
 *
 * File       .npz; member "about" is a JSON text as bytes, the others are arrays of numbers. The
 *            text holds the SHA-256 over names, shapes and bytes of the others, in order.
 */
#ifndef DVTI_BUNDLE_H
#define DVTI_BUNDLE_H

#include "base/json_util.h"
#include "dovetail/formats.h"

enum { DVTI_BUNDLE_MAX = 64, DVTI_BUNDLE_NAME = 32 };

typedef struct dvti_bundle {
    char       name[DVTI_BUNDLE_MAX][DVTI_BUNDLE_NAME];
    dvt_tensor array[DVTI_BUNDLE_MAX];
    int32_t    count;
} dvti_bundle;

/* Adds an array that stays the caller's. prefix and number make the name: "gp", 1, "row" ->
 * "gp1.row"; number -1: none. */
void dvti_bundle_add(dvti_bundle *b, const char *prefix, int number, const char *name,
                     dvt_dtype dtype, dvt_shape shape, const void *data);
/* SHA-256 of all arrays. E_NOMEM. */
dvt_status dvti_bundle_digest(dvt_ctx *ctx, const dvti_bundle *b, char out[DVT_SHA256_HEX]);

/* A file that was read. */
typedef struct dvti_bundle_file {
    dvt_ctx    *ctx;
    const char *path;
    dvt_npz     npz;
} dvti_bundle_file;
/* The array of that name, which must have this type and shape (a dimension of -1: any; *out says)
 * and finite numbers. Copied into a new block *data that the caller frees. E_PARSE. */
dvt_status dvti_bundle_take(const dvti_bundle_file *f, const char *prefix, int number,
                            const char *name, dvt_dtype dtype, dvt_shape shape, dvt_shape *out,
                            void **data);

#endif
