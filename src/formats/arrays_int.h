/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arrays_int.h - array readers on bytes in memory, for archives, data sets and fuzzing.
 *
 * The public functions of dovetail/formats.h take paths; these are what stands behind them. `name`
 * is for errors only.
 */
#ifndef FORMATS_ARRAYS_INT_H
#define FORMATS_ARRAYS_INT_H

#include "dovetail/formats.h"

/* Appends `t` as a .npy file, version 1.0, little endian, C order. */
void dvti_npy_print(const dvt_tensor *t, dvt_buf *out);

DVT_MUST_CHECK dvt_status dvti_npz_parse(dvt_ctx *ctx, const char *name, const uint8_t *data,
                                         size_t size, dvt_npz *out);

/* Plain or gzip. */
DVT_MUST_CHECK dvt_status dvti_idx_parse(dvt_ctx *ctx, const char *name, const uint8_t *data,
                                         size_t size, dvt_tensor *out);

/* Bytes of each element turned round, where the machine's order is not the file's. */
void dvti_swap_bytes(void *data, size_t count, size_t elem_bytes);
bool dvti_is_little_endian(void);

/* JPEG and PNG by themselves; dvt_image_parse decides by content. */
DVT_MUST_CHECK dvt_status dvti_jpeg_parse(dvt_ctx *ctx, const char *name, const uint8_t *data,
                                          size_t size, dvt_tensor *out);
DVT_MUST_CHECK dvt_status dvti_png_parse(dvt_ctx *ctx, const char *name, const uint8_t *data,
                                         size_t size, dvt_tensor *out);

/* Checks sizes against the limits of dovetail/formats.h and makes a u8 (height, width, channels)
 * tensor. `packed_bytes` at `pixels_per_byte_max` bound what the file can hold, so that a short
 * file cannot ask for much memory. */
DVT_MUST_CHECK dvt_status dvti_image_init(dvt_ctx *ctx, const char *name, uint64_t width,
                                          uint64_t height, int32_t channels, size_t packed_bytes,
                                          uint64_t pixels_per_byte_max, dvt_tensor *out);

#endif
