/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bunzip.h - bzip2 on whole buffers, over libbz2, with limits and places in the errors.
 */
#ifndef FORMATS_BUNZIP_H
#define FORMATS_BUNZIP_H

#include "dovetail/base.h"

/* "BZh" and a digit: what every bzip2 file starts with. */
bool dvti_is_bzip2(const uint8_t *data, size_t size);

/* Replaces the content of `file` by what it holds if it is bzip2; leaves it alone otherwise.
 * E_PARSE with the byte offset: damaged or cut; E_CAPACITY above `max_bytes`; E_NOMEM. */
DVT_MUST_CHECK dvt_status dvti_bunzip_in_place(dvt_ctx *ctx, const char *name, size_t max_bytes,
                                               dvt_blob *file);

#endif
