/* SPDX-License-Identifier: Apache-2.0 */
/*
 * png_image.c - PNG through libpng's simplified interface.
 *
 * Idea       The simplified interface reports errors by return values; the classic one needs
 *            setjmp. It also converts colours when a file carries gAMA, sRGB, cHRM or iCCP, which
 *            we do not want (see image.c): a copy of the file without its ancillary chunks, except
 *            transparency, is what libpng sees. Walking the chunks for that gives exact places for
 *            truncation and damage in the file's structure.
 * Values     16-bit samples keep their high 8 bits in libpng's rounding; palettes are expanded;
 *            alpha is read and dropped rather than blended.
 * Tests      tests/unit/test_image.c
 */
#include "formats/arrays_int.h"

#include <string.h>

#include <png.h>

enum {
    SIGNATURE_BYTES = 8,
    CHUNK_BYTES = 12, /* length, type, check sum */
    HEADER_BYTES = 13,
    ANCILLARY = 0x20,           /* bit 5 of the first letter of a chunk's type */
    PIXELS_PER_BYTE_MAX = 8400, /* 1 bit a pixel, deflate's 1:1032, and some slack */
    COLOUR_TRUE = 2             /* bit of the colour type */
};

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool is_chunk(const uint8_t *p, const char *type) { return memcmp(p + 4, type, 4) == 0; }

/* Copies what libpng shall see to `kept`, a block of `size` bytes; *kept_bytes is its length. */
static dvt_status keep_chunks(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                              uint8_t *kept, size_t *kept_bytes)
{
    size_t at = SIGNATURE_BYTES, n = SIGNATURE_BYTES;

    memcpy(kept, data, SIGNATURE_BYTES);
    for (;;) {
        const dvt_pos  pos = {.file = name, .offset = at};
        const uint8_t *p = data + at;
        if (size - at < CHUNK_BYTES || get32(p) > size - at - CHUNK_BYTES) {
            return dvt_fail(ctx, DVT_E_PARSE, &pos, "the PNG file ends inside a chunk");
        }
        const size_t bytes = CHUNK_BYTES + get32(p);
        if (at == SIGNATURE_BYTES && (!is_chunk(p, "IHDR") || get32(p) != HEADER_BYTES)) {
            return dvt_fail(ctx, DVT_E_PARSE, &pos, "the PNG file does not start with its header");
        }
        if (!(p[4] & ANCILLARY) || is_chunk(p, "tRNS")) {
            memcpy(kept + n, p, bytes);
            n += bytes;
        }
        at += bytes;
        if (is_chunk(p, "IEND")) {
            *kept_bytes = n;
            return DVT_OK;
        }
    }
}

static dvt_status fail_png(dvt_ctx *ctx, const char *name, const png_image *image)
{
    const dvt_pos at = {.file = name, .offset = SIGNATURE_BYTES};
    return dvt_fail(ctx, DVT_E_PARSE, &at, "the PNG image is damaged: %s", image->message);
}

/* n pixels of `have` channels each become `want` channels, in place; the first ones are kept. */
static void drop_channels(uint8_t *p, size_t n, size_t have, size_t want)
{
    for (size_t i = 0; i < n; i++) {
        memmove(p + i * want, p + i * have, want);
    }
}

/* Alpha is read, into a block of its own, only where the file has it. */
static dvt_status read_pixels(dvt_ctx *ctx, const char *name, png_image *image, dvt_tensor *out)
{
    const bool alpha = image->format & PNG_FORMAT_FLAG_ALPHA,
               colour = image->format & PNG_FORMAT_FLAG_COLOR;
    const size_t want = colour ? 3 : 1, have = want + alpha, n = out->bytes / want;
    uint8_t     *pixels = alpha ? dvt_alloc(ctx, n * have) : out->data;

    if (!pixels) {
        return DVT_E_NOMEM;
    }
    image->format = alpha ? (colour ? PNG_FORMAT_RGBA : PNG_FORMAT_GA)
                          : (colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY);
    const int  read = png_image_finish_read(image, NULL, pixels, 0, NULL);
    dvt_status st = read ? DVT_OK : fail_png(ctx, name, image);
    if (alpha) {
        drop_channels(pixels, n, have, want);
        memcpy(out->data, pixels, out->bytes);
        dvt_free(ctx, pixels);
    }
    return st;
}

dvt_status dvti_png_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                          dvt_tensor *out)
{
    png_image  image = {.version = PNG_IMAGE_VERSION};
    uint8_t   *kept = dvt_alloc(ctx, size);
    size_t     kept_bytes = 0;
    dvt_tensor pixels = {.dtype = DVT_DTYPE_NONE};
    dvt_status st = kept ? keep_chunks(ctx, name, data, size, kept, &kept_bytes) : DVT_E_NOMEM;

    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    if (st != DVT_OK) {
        goto done;
    }
    if (!png_image_begin_read_from_memory(&image, kept, kept_bytes)) {
        st = fail_png(ctx, name, &image);
        goto done;
    }
    image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    const int32_t channels = image.format & PNG_FORMAT_FLAG_COLOR ? 3 : 1;
    if ((st = dvti_image_init(ctx, name, image.width, image.height, channels, kept_bytes,
                              PIXELS_PER_BYTE_MAX, &pixels)) == DVT_OK &&
        (st = read_pixels(ctx, name, &image, &pixels)) == DVT_OK) {
        *out = pixels;
        pixels = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    }
done:
    png_image_free(&image);
    dvt_tensor_deinit(ctx, &pixels);
    dvt_free(ctx, kept);
    return st;
}

/* ---- writing ------------------------------------------------------------------------------- */

dvt_status dvt_png_write(dvt_ctx *ctx, const char *path, const dvt_tensor *hwc)
{
    png_image        image = {.version = PNG_IMAGE_VERSION};
    const dvt_shape *s = &hwc->shape;
    char             text[DVT_SHAPE_TEXT];
    dvt_blob         file = {NULL, 0};
    dvt_status       st;

    if (hwc->dtype != DVT_DTYPE_U8 || s->rank != 3 || (s->dim[2] != 1 && s->dim[2] != 3) ||
        s->dim[0] < 1 || s->dim[1] < 1 || s->dim[0] > INT32_MAX / 4 || s->dim[1] > INT32_MAX / 4) {
        return dvt_fail(ctx, DVT_E_SHAPE, NULL,
                        "a PNG image needs u8 of shape (H,W,1) or (H,W,3), not %s %s",
                        dvt_dtype_name(hwc->dtype), dvt_shape_text(s, text));
    }
    image.height = (uint32_t)s->dim[0];
    image.width = (uint32_t)s->dim[1];
    image.format = s->dim[2] == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    png_alloc_size_t bytes = 0;
    if (!png_image_write_get_memory_size(image, bytes, 0, hwc->data, 0, NULL)) {
        return dvt_fail(ctx, DVT_E_NOMEM, NULL, "libpng cannot pack the image: %s", image.message);
    }
    if (!(file.data = dvt_alloc(ctx, bytes))) {
        return DVT_E_NOMEM;
    }
    if (!png_image_write_to_memory(&image, file.data, &bytes, 0, hwc->data, 0, NULL)) {
        st = dvt_fail(ctx, DVT_E_NOMEM, NULL, "libpng cannot pack the image: %s", image.message);
    } else {
        st = dvt_file_write(ctx, path, file.data, bytes);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}
