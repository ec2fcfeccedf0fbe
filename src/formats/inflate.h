/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate.h - gzip and deflate on whole buffers, over zlib, with limits and places in the errors.
 *
 * Memory     zlib's own state is taken through the context, like everything else.
 * Errors     DVT_E_PARSE with the byte offset in the compressed input; DVT_E_CAPACITY above the
 *            caller's limit; DVT_E_NOMEM.
 */
#ifndef FORMATS_INFLATE_H
#define FORMATS_INFLATE_H

#include "dovetail/base.h"

/* The two bytes that every gzip file starts with. */
bool dvti_is_gzip(const uint8_t *data, size_t size);

/* All members of a gzip file, one after the other. `name` is for errors; at most `max_bytes` come
 * out. The caller frees *out with dvt_blob_deinit; it is NUL-terminated behind its size. */
DVT_MUST_CHECK dvt_status dvti_gunzip(dvt_ctx *ctx, const char *name, const uint8_t *data,
                                      size_t size, size_t max_bytes, dvt_blob *out);

/* Replaces the content of `file` by what it holds if it is gzip; leaves it alone otherwise. */
DVT_MUST_CHECK dvt_status dvti_gunzip_in_place(dvt_ctx *ctx, const char *name, size_t max_bytes,
                                               dvt_blob *file);

/* A raw deflate stream that must give exactly `out_size` bytes and use all of its input. `origin`
 * is the offset of data[0] in the file `name`. */
DVT_MUST_CHECK dvt_status dvti_inflate_raw(dvt_ctx *ctx, const char *name, uint64_t origin,
                                           const uint8_t *data, size_t size, uint8_t *out,
                                           size_t out_size);

/* Compresses to a raw deflate stream. *out is empty if that would not be smaller than `size`. */
DVT_MUST_CHECK dvt_status dvti_deflate_raw(dvt_ctx *ctx, const uint8_t *data, size_t size,
                                           dvt_blob *out);

#endif
