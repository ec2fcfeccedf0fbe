/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jpeg.c - JPEG through libjpeg.
 *
 * Idea       libjpeg asks its error handler not to return, and C leaves only longjmp for that: this
 *            is the one file where setjmp is allowed (tests/hygiene/text_rules.py names it). To
 *            keep it harmless, everything that must survive the jump lives in `decoder`, which the
 *            caller of `decode` owns; `decode` has no locals that change after setjmp.
 * Values     libjpeg's defaults: slow integer DCT, smooth chroma upsampling, as Pillow and OpenCV
 *            use it. Grey stays 1 channel; YCbCr and RGB give RGB; CMYK and YCCK are reduced to
 *            RGB by multiplication with black, inverted if an Adobe marker says so.
 * Errors     libjpeg goes on after damage with a warning and invents pixels. We do not: a warning
 *            is DVT_E_PARSE, except for the two that do not touch pixels (`is_harmless`).
 * Limits     dvti_image_init; scans: a progressive file may have SCANS_MAX, since each costs a walk
 *            over the whole image.
 * Tests      tests/unit/test_image.c, tests/fuzz/fuzz_image.c
 */
#include "formats/arrays_int.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum {
    PIXELS_PER_BYTE_MAX = 2048, /* one bit for each 8x8 block is 512; progressive white is less */
    SCANS_MAX = 100
};

typedef struct decoder {
    struct jpeg_error_mgr         error; /* first: libjpeg's `err` points here */
    struct jpeg_decompress_struct info;
    struct jpeg_progress_mgr      progress;
    jmp_buf                       out_of_libjpeg;
    dvt_ctx                      *ctx;
    const char                   *name;
    const uint8_t                *data;
    size_t                        size;
    dvt_tensor                    pixels;
    uint8_t                      *line; /* CMYK only */
    dvt_status                    status;
} decoder;

static decoder *decoder_of(j_common_ptr info) { return (decoder *)(void *)info->err; }

static dvt_pos here(const decoder *d)
{
    const size_t left = d->info.src ? d->info.src->bytes_in_buffer : d->size;
    return (dvt_pos){.file = d->name, .offset = left < d->size ? d->size - left : 0};
}

static void leave(decoder *d, dvt_status status, const char *text)
{
    const dvt_pos at = here(d);
    d->status = dvt_fail(d->ctx, status, &at, "JPEG: %s", text);
    longjmp(d->out_of_libjpeg, 1);
}

static void on_error(j_common_ptr info)
{
    char       text[JMSG_LENGTH_MAX];
    const int  code = info->err->msg_code;
    dvt_status st = DVT_E_PARSE;

    info->err->format_message(info, text);
    if (code == JERR_OUT_OF_MEMORY) {
        st = DVT_E_NOMEM;
    } else if (code == JERR_IMAGE_TOO_BIG) {
        st = DVT_E_CAPACITY;
    } else if (code == JERR_ARITH_NOTIMPL || code == JERR_SOF_UNSUPPORTED ||
               code == JERR_BAD_PRECISION || code == JERR_CONVERSION_NOTIMPL) {
        st = DVT_E_UNSUPPORTED;
    }
    leave(decoder_of(info), st, text);
}

/* Stray bytes between markers and odd version numbers leave every pixel what it is. */
static bool is_harmless(int code)
{
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR;
}

static void on_message(j_common_ptr info, int level)
{
    if (level < 0 && !is_harmless(info->err->msg_code)) {
        on_error(info);
    }
}

static void on_progress(j_common_ptr info)
{
    decoder *d = decoder_of(info);
    if (d->info.input_scan_number > SCANS_MAX) {
        leave(d, DVT_E_CAPACITY, "more scans than any encoder writes");
    }
}

/* CMYK samples c k / 255 are what is left of the light. */
static void reduce_cmyk(const uint8_t *cmyk, size_t n, bool inverted, uint8_t *rgb)
{
    for (size_t i = 0; i < n; i++, cmyk += 4) {
        const int black = inverted ? cmyk[3] : 255 - cmyk[3];
        for (int c = 0; c < 3; c++) {
            const int light = inverted ? cmyk[c] : 255 - cmyk[c];
            *rgb++ = (uint8_t)((light * black + 127) / 255);
        }
    }
}

static bool is_cmyk(const struct jpeg_decompress_struct *info)
{
    return info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
}

/* Reads the header and makes the tensor. */
static void start(decoder *d)
{
    struct jpeg_decompress_struct *info = &d->info;

    jpeg_mem_src(info, d->data, (unsigned long)d->size);
    jpeg_read_header(info, TRUE);
    const bool grey = info->jpeg_color_space == JCS_GRAYSCALE;
    info->out_color_space = grey ? JCS_GRAYSCALE : is_cmyk(info) ? JCS_CMYK : JCS_RGB;
    d->status = dvti_image_init(d->ctx, d->name, info->image_width, info->image_height,
                                grey ? 1 : 3, d->size, PIXELS_PER_BYTE_MAX, &d->pixels);
    if (d->status == DVT_OK && is_cmyk(info) &&
        !(d->line = dvt_alloc(d->ctx, (size_t)info->image_width * 4))) {
        d->status = DVT_E_NOMEM;
    }
}

static void read_lines(decoder *d)
{
    struct jpeg_decompress_struct *info = &d->info;
    const size_t line_bytes = (size_t)(d->pixels.shape.dim[1] * d->pixels.shape.dim[2]);

    jpeg_start_decompress(info);
    while (info->output_scanline < info->output_height) {
        uint8_t *to = (uint8_t *)d->pixels.data + info->output_scanline * line_bytes;
        JSAMPROW row = d->line ? d->line : to;
        jpeg_read_scanlines(info, &row, 1);
        if (d->line) {
            reduce_cmyk(d->line, info->image_width, info->saw_Adobe_marker, to);
        }
    }
    jpeg_finish_decompress(info);
}

static void decode(decoder *d)
{
    if (setjmp(d->out_of_libjpeg)) {
        return; /* d->status says why */
    }
    jpeg_create_decompress(&d->info);
    d->info.progress = &d->progress;
    start(d);
    if (d->status == DVT_OK) {
        read_lines(d);
    }
}

dvt_status dvti_jpeg_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                           dvt_tensor *out)
{
    decoder d = {.ctx = ctx, .name = name, .data = data, .size = size};

    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    d.info.err = jpeg_std_error(&d.error);
    d.error.error_exit = on_error;
    d.error.emit_message = on_message;
    d.progress.progress_monitor = on_progress;
    decode(&d);
    jpeg_destroy_decompress(&d.info); /* a zeroed struct is fine */
    dvt_free(ctx, d.line);
    if (d.status == DVT_OK) {
        *out = d.pixels;
    } else {
        dvt_tensor_deinit(ctx, &d.pixels);
    }
    return d.status;
}
