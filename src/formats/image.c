/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.c - pictures as u8 (H,W,C) tensors, by content.
 *
 * Idea       The first bytes decide between JPEG and PNG; names do not matter. Both readers get
 *            their tensor from dvti_image_init, which is the one place that knows the limits.
 * Values     are the samples of the file: no colour management, no orientation tags. Networks were
 *            trained on samples.
 * Limits     SIDE_MAX, PIXELS_MAX.
 * Tests      tests/unit/test_image.c, tests/fuzz/fuzz_image.c
 */
#include "formats/arrays_int.h"

#include <string.h>

enum { SIDE_MAX = 65535, PIXELS_MAX = 256 << 20, PIXELS_ALWAYS = 1 << 16 };

dvt_status dvti_image_init(dvt_ctx *ctx, const char *name, uint64_t width, uint64_t height,
                           int32_t channels, size_t packed_bytes, uint64_t pixels_per_byte_max,
                           dvt_tensor *out)
{
    const dvt_pos at = {.file = name};

    if (width == 0 || height == 0) {
        return dvt_fail(ctx, DVT_E_PARSE, &at, "the image has no pixels");
    }
    if (width > SIDE_MAX || height > SIDE_MAX || width * height > PIXELS_MAX) {
        return dvt_fail(ctx, DVT_E_CAPACITY, &at,
                        "an image of %llu x %llu pixels is above the limit",
                        (unsigned long long)width, (unsigned long long)height);
    }
    if (width * height > PIXELS_ALWAYS && width * height / pixels_per_byte_max > packed_bytes) {
        return dvt_fail(ctx, DVT_E_PARSE, &at,
                        "%zu bytes cannot hold an image of %llu x %llu pixels", packed_bytes,
                        (unsigned long long)width, (unsigned long long)height);
    }
    const dvt_shape shape = DVT_SHAPE((int64_t)height, (int64_t)width, channels);
    return dvt_tensor_init(ctx, DVT_DTYPE_U8, &shape, out);
}

dvt_status dvt_image_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                           dvt_tensor *out)
{
    static const uint8_t PNG[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const uint8_t JPEG[] = {0xff, 0xd8, 0xff};
    const dvt_pos        at = {.file = name};

    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    if (size >= sizeof PNG && memcmp(data, PNG, sizeof PNG) == 0) {
        return dvti_png_parse(ctx, name, data, size, out);
    }
    if (size >= sizeof JPEG && memcmp(data, JPEG, sizeof JPEG) == 0) {
        return dvti_jpeg_parse(ctx, name, data, size, out);
    }
    return dvt_fail(ctx, DVT_E_UNSUPPORTED, &at,
                    "the first bytes are neither those of JPEG nor of PNG");
}

dvt_status dvt_image_read(dvt_ctx *ctx, const char *path, dvt_tensor *out)
{
    dvt_blob   file;
    dvt_status st = dvt_file_read(ctx, path, 0, &file);

    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    if (st == DVT_OK) {
        st = dvt_image_parse(ctx, path, file.data, file.size, out);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}
