/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resample.h - resizing and cropping planes of bytes.
 */
#ifndef DATA_RESAMPLE_H
#define DATA_RESAMPLE_H

#include "dovetail/tensor.h"

/* u8 (C,H,W) to u8 (C,height,width), bilinear with half-pixel centres; when shrinking, the triangle
 * is stretched so that every source pixel counts. The bytes are those of Pillow's
 * Image.resize(..., BILINEAR). Caller frees *out. */
DVT_MUST_CHECK dvt_status dvti_resample_u8(dvt_ctx *ctx, const dvt_tensor *image, int64_t height,
                                           int64_t width, dvt_tensor *out);

/* The middle of u8 (C,H,W); an odd remainder leaves the larger part at the right and bottom. The
 * image must be at least that large. Caller frees *out. */
DVT_MUST_CHECK dvt_status dvti_center_crop_u8(dvt_ctx *ctx, const dvt_tensor *image, int64_t height,
                                              int64_t width, dvt_tensor *out);

#endif
