/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preprocess.c - from a picture to a network's input, in steps that are all written down.
 *
 * Steps      (1) channels: grey is repeated, or RGB is weighed to grey (ITU-R 601, as Pillow does);
 *            (2) size: shorter side to `resize`, then the middle or a squeeze to the input's size;
 *            (3) order: RGB to BGR if asked;
 *            (4) numbers: scale, mean, std, in double, rounded to float once at the end.
 *            Sizes that already fit are not touched: a 28 x 28 digit comes through to the bit.
 * Tests      tests/unit/test_preprocess.c
 */
#include "data/resample.h"
#include "dovetail/data.h"

#include <math.h>
#include <string.h>

enum { CHANNELS_MAX = 4, GREY_BITS = 16 };
/* round(0.299 * 2^16) and so on; the sum is 2^16 */
static const uint32_t GREY_WEIGHT[3] = {19595, 38470, 7471};

dvt_preprocess dvt_preprocess_default(void) { return (dvt_preprocess){.scale = 1}; }

/* ---- checks -------------------------------------------------------------------------------- */

static dvt_status fail_counts(dvt_ctx *ctx, const char *what, int32_t count, int64_t channels)
{
    return dvt_fail(ctx, DVT_E_SHAPE, NULL,
                    "%d values of %s do not suit %lld channel(s): give one, or one a channel",
                    (int)count, what, (long long)channels);
}

static dvt_status check_numbers(dvt_ctx *ctx, const dvt_preprocess *p, int64_t channels)
{
    bool finite = isfinite(p->scale) != 0;

    if (p->mean_count != 0 && p->mean_count != 1 && p->mean_count != channels) {
        return fail_counts(ctx, "mean", p->mean_count, channels);
    }
    if (p->std_count != 0 && p->std_count != 1 && p->std_count != channels) {
        return fail_counts(ctx, "std", p->std_count, channels);
    }
    for (int32_t c = 0; c < p->mean_count; c++) {
        finite = finite && isfinite(p->mean[c]);
    }
    for (int32_t c = 0; c < p->std_count; c++) {
        finite = finite && isfinite(p->std[c]) && p->std[c] > 0;
    }
    if (!finite) {
        return dvt_fail(ctx, DVT_E_NUMERIC, NULL,
                        "scale and mean must be finite, std finite and above 0");
    }
    if (p->mean_count && p->mean_image.data) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "a mean image and mean values exclude one another");
    }
    return DVT_OK;
}

static dvt_status check_mean_image(dvt_ctx *ctx, const dvt_tensor *mean, const dvt_shape *chw)
{
    const dvt_shape *m = &mean->shape;
    char             a[DVT_SHAPE_TEXT], b[DVT_SHAPE_TEXT];

    if (!mean->data) {
        return DVT_OK;
    }
    const bool fits = m->rank == 3 && m->dim[0] == chw->dim[0] &&
                      ((m->dim[1] == 1 && m->dim[2] == 1) ||
                       (m->dim[1] >= chw->dim[1] && m->dim[2] >= chw->dim[2]));
    if (mean->dtype != DVT_DTYPE_F32 || !fits) {
        return dvt_fail(ctx, DVT_E_SHAPE, NULL,
                        "a mean image %s %s does not fit an input of shape %s",
                        dvt_dtype_name(mean->dtype), dvt_shape_text(m, a), dvt_shape_text(chw, b));
    }
    return DVT_OK;
}

/* The (C,H,W) that `shape` asks for. A vector takes the image as it is, flattened. */
static dvt_status input_shape(dvt_ctx *ctx, const dvt_tensor *image, const dvt_shape *shape,
                              dvt_shape *chw)
{
    const int32_t rank = shape->rank;
    const bool    batch = rank > 0 && shape->dim[0] == 1;
    char          text[DVT_SHAPE_TEXT];

    if (rank == 3 || (rank == 4 && batch)) {
        *chw = DVT_SHAPE(shape->dim[rank - 3], shape->dim[rank - 2], shape->dim[rank - 1]);
    } else if ((rank == 1 || (rank == 2 && batch)) &&
               dvt_shape_count(shape) == dvt_shape_count(&image->shape)) {
        *chw = image->shape;
    } else {
        return dvt_fail(ctx, DVT_E_SHAPE, NULL, "an image cannot become an input of shape %s",
                        dvt_shape_text(shape, text));
    }
    if (chw->dim[0] < 1 || chw->dim[0] > CHANNELS_MAX || chw->dim[1] < 1 || chw->dim[2] < 1 ||
        chw->dim[1] > UINT16_MAX || chw->dim[2] > UINT16_MAX) {
        return dvt_fail(ctx, DVT_E_SHAPE, NULL, "an image cannot become an input of shape %s",
                        dvt_shape_text(shape, text));
    }
    return DVT_OK;
}

/* ---- steps --------------------------------------------------------------------------------- */

/* Replaces *image by `next`, which is owned. */
static void replace(dvt_ctx *ctx, dvt_tensor *image, dvt_tensor next)
{
    dvt_tensor_deinit(ctx, image);
    *image = next;
}

static void to_grey(const uint8_t *rgb, int64_t pixels, uint8_t *out)
{
    for (int64_t i = 0; i < pixels; i++) {
        const uint32_t sum = rgb[i] * GREY_WEIGHT[0] + rgb[pixels + i] * GREY_WEIGHT[1] +
                             rgb[2 * pixels + i] * GREY_WEIGHT[2];
        out[i] = (uint8_t)((sum + (1u << (GREY_BITS - 1))) >> GREY_BITS);
    }
}

static dvt_status convert_channels(dvt_ctx *ctx, dvt_tensor *image, int64_t channels)
{
    const int64_t have = image->shape.dim[0];
    const int64_t pixels = image->shape.dim[1] * image->shape.dim[2];
    dvt_shape     shape = image->shape;
    dvt_tensor    next;
    dvt_status    st;

    if (have == channels) {
        return DVT_OK;
    }
    if (!(have == 1 && channels == 3) && !(have == 3 && channels == 1)) {
        return dvt_fail(ctx, DVT_E_SHAPE, NULL,
                        "an image of %lld channels cannot become one of %lld", (long long)have,
                        (long long)channels);
    }
    shape.dim[0] = channels;
    if ((st = dvt_tensor_init(ctx, DVT_DTYPE_U8, &shape, &next)) != DVT_OK) {
        return st;
    }
    if (channels == 1) {
        to_grey(image->data, pixels, next.data);
    }
    for (int64_t c = 0; channels == 3 && c < 3; c++) {
        memcpy((uint8_t *)next.data + c * pixels, image->data, (size_t)pixels);
    }
    replace(ctx, image, next);
    return DVT_OK;
}

static dvt_status resize_to(dvt_ctx *ctx, dvt_tensor *image, int64_t height, int64_t width)
{
    dvt_tensor next;

    if (image->shape.dim[1] == height && image->shape.dim[2] == width) {
        return DVT_OK;
    }
    dvt_status st = dvti_resample_u8(ctx, image, height, width, &next);
    if (st == DVT_OK) {
        replace(ctx, image, next);
    }
    return st;
}

/* The shorter side becomes `side`, the longer one keeps the ratio, rounded down. */
static dvt_status resize_shorter(dvt_ctx *ctx, dvt_tensor *image, int64_t side)
{
    const int64_t h = image->shape.dim[1], w = image->shape.dim[2];

    if (side < 1 || side > UINT16_MAX || (h < w ? w / h : h / w) > UINT16_MAX / side) {
        return dvt_fail(ctx, DVT_E_NUMERIC, NULL,
                        "the shorter side of a %lld x %lld image cannot become %lld pixels",
                        (long long)w, (long long)h, (long long)side);
    }
    return h < w ? resize_to(ctx, image, side, side * w / h)
                 : resize_to(ctx, image, side * h / w, side);
}

static dvt_status fit(dvt_ctx *ctx, const dvt_preprocess *p, dvt_tensor *image,
                      const dvt_shape *chw)
{
    dvt_status st = p->resize ? resize_shorter(ctx, image, p->resize) : DVT_OK;

    if (st != DVT_OK || !p->center_crop) {
        return st == DVT_OK ? resize_to(ctx, image, chw->dim[1], chw->dim[2]) : st;
    }
    const int64_t h = image->shape.dim[1], w = image->shape.dim[2];
    if (h < chw->dim[1] || w < chw->dim[2]) {
        st = dvt_fail(ctx, DVT_E_SHAPE, NULL, "cannot cut %lld x %lld pixels out of %lld x %lld",
                      (long long)chw->dim[2], (long long)chw->dim[1], (long long)w, (long long)h);
        dvt_fail_hint(ctx, "resize the shorter side to at least the input's size first");
        return st;
    }
    dvt_tensor next;
    if ((st = dvti_center_crop_u8(ctx, image, chw->dim[1], chw->dim[2], &next)) == DVT_OK) {
        replace(ctx, image, next);
    }
    return st;
}

/* The mean of one value. A mean image larger than the input counts from its middle. */
static double mean_at(const dvt_preprocess *p, const dvt_shape *chw, int64_t c, int64_t y,
                      int64_t x)
{
    const dvt_tensor *m = &p->mean_image;

    if (!m->data) {
        return p->mean_count == 0 ? 0 : p->mean[p->mean_count == 1 ? 0 : c];
    }
    const int64_t h = m->shape.dim[1], w = m->shape.dim[2];
    const bool    whole = h >= chw->dim[1] && w >= chw->dim[2];
    const int64_t top = whole ? (h - chw->dim[1]) / 2 + y : 0;
    const int64_t left = whole ? (w - chw->dim[2]) / 2 + x : 0;
    return (double)((const float *)m->data)[(c * h + top) * w + left];
}

static void write_numbers(const dvt_preprocess *p, const dvt_tensor *image, float *out)
{
    const dvt_shape *s = &image->shape;
    const int64_t    channels = s->dim[0], h = s->dim[1], w = s->dim[2];

    for (int64_t c = 0; c < channels; c++) {
        const bool     swap = p->bgr && channels == 3;
        const uint8_t *from = (const uint8_t *)image->data + (swap ? 2 - c : c) * h * w;
        const double   std = p->std_count == 0 ? 1 : p->std[p->std_count == 1 ? 0 : c];
        for (int64_t i = 0; i < h * w; i++) {
            const double mean = mean_at(p, s, c, i / w, i % w), x = from[i];
            const double y = p->mean_before_scale ? (x - mean) * p->scale : x * p->scale - mean;
            *out++ = (float)(y / std);
        }
    }
}

dvt_status dvt_preprocess_apply(dvt_ctx *ctx, const dvt_preprocess *p, const dvt_tensor *image,
                                const dvt_shape *shape, float *out)
{
    dvt_shape  chw = {.rank = 0};
    char       text[DVT_SHAPE_TEXT];
    dvt_tensor work;
    dvt_status st;

    if (image->dtype != DVT_DTYPE_U8 || image->shape.rank != 3 || !image->data) {
        return dvt_fail(ctx, DVT_E_SHAPE, NULL, "an image must be u8 (C,H,W), not %s %s",
                        dvt_dtype_name(image->dtype), dvt_shape_text(&image->shape, text));
    }
    work = dvt_tensor_wrap(DVT_DTYPE_U8, &image->shape, image->data);
    if ((st = input_shape(ctx, image, shape, &chw)) == DVT_OK &&
        (st = check_numbers(ctx, p, chw.dim[0])) == DVT_OK &&
        (st = check_mean_image(ctx, &p->mean_image, &chw)) == DVT_OK &&
        (st = convert_channels(ctx, &work, chw.dim[0])) == DVT_OK &&
        (st = fit(ctx, p, &work, &chw)) == DVT_OK) {
        write_numbers(p, &work, out);
    }
    dvt_tensor_deinit(ctx, &work);
    return st;
}

/* ---- record -------------------------------------------------------------------------------- */

static void print_list(dvt_buf *out, const char *key, const double *values, int32_t count)
{
    dvt_buf_printf(out, ",\"%s\":[", key);
    for (int32_t i = 0; i < count; i++) {
        dvt_buf_printf(out, "%s%.17g", i ? "," : "", values[i]);
    }
    dvt_buf_puts(out, "]");
}

void dvt_preprocess_print(const dvt_preprocess *p, dvt_buf *out)
{
    dvt_buf_printf(out, "{\"scale\":%.17g", p->scale);
    print_list(out, "mean", p->mean, p->mean_count);
    print_list(out, "std", p->std, p->std_count);
    if (p->mean_image.data) {
        char hash[DVT_SHA256_HEX], text[DVT_SHAPE_TEXT];
        dvt_sha256_hex(p->mean_image.data, p->mean_image.bytes, hash);
        dvt_buf_printf(out, ",\"mean_image_shape\":%s,\"mean_image_sha256\":\"%s\"",
                       dvt_shape_text(&p->mean_image.shape, text), hash);
    }
    dvt_buf_printf(out,
                   ",\"mean_before_scale\":%s,\"channel_order\":\"%s\",\"resize\":%lld,"
                   "\"crop\":\"%s\"}",
                   p->mean_before_scale ? "true" : "false", p->bgr ? "bgr" : "rgb",
                   (long long)p->resize, p->center_crop ? "center" : "none");
}
