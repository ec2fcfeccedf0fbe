/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resample.c - resizing and cropping planes of bytes.
 *
 * Idea       Bilinear interpolation is separable: first along lines, then along columns, bytes in
 *            between. An output pixel at o has its centre at c = (o + 1/2) s in the source, s =
 *            in/out; source pixel i weighs max(0, 1 - |i + 1/2 - c| / max(s, 1)), and weights are
 *            divided by their sum. Training pipelines of our networks resized with Pillow, so we
 *            round where it rounds: weights to multiples of 2^-22, each pass to bytes.
 * Tests      tests/unit/test_preprocess.c (bytes that Pillow 9.4 gives)
 */
#include "data/resample.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { WEIGHT_BITS = 22 };

typedef struct taps {
    int64_t  per_output; /* room for each output */
    int64_t *first;      /* (out) first source index */
    int64_t *count;      /* (out) */
    int32_t *weight;     /* (out, per_output) */
} taps;

static dvt_status taps_init(dvt_ctx *ctx, int64_t in, int64_t out, taps *t)
{
    const double scale = (double)in / (double)out, reach = scale > 1 ? scale : 1;

    *t = (taps){.per_output = (int64_t)ceil(reach) * 2 + 1};
    size_t weights;
    if (!dvt_mul_size((size_t)out, (size_t)t->per_output, &weights)) {
        return dvt_fail(ctx, DVT_E_CAPACITY, NULL, "cannot resize %lld to %lld pixels",
                        (long long)in, (long long)out);
    }
    t->first = dvt_calloc(ctx, (size_t)out, sizeof *t->first);
    t->count = t->first ? dvt_calloc(ctx, (size_t)out, sizeof *t->count) : NULL;
    t->weight = t->count ? dvt_calloc(ctx, weights, sizeof *t->weight) : NULL;
    return t->weight ? DVT_OK : DVT_E_NOMEM;
}

static void taps_deinit(dvt_ctx *ctx, taps *t)
{
    dvt_free(ctx, t->first);
    dvt_free(ctx, t->count);
    dvt_free(ctx, t->weight);
}

static double triangle(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static void taps_fill(int64_t in, int64_t out, taps *t)
{
    const double scale = (double)in / (double)out, reach = scale > 1 ? scale : 1;

    for (int64_t o = 0; o < out; o++) {
        const double center = ((double)o + 0.5) * scale;
        int64_t      first = (int64_t)(center - reach + 0.5), end = (int64_t)(center + reach + 0.5);
        first = center - reach + 0.5 < 0 ? 0 : first;
        end = end > in ? in : end;
        double sum = 0;
        for (int64_t i = first; i < end; i++) {
            sum += triangle(((double)i - center + 0.5) / reach);
        }
        assert(end - first <= t->per_output);
        t->first[o] = first;
        t->count[o] = end - first;
        for (int64_t i = first; i < end; i++) {
            const double w = triangle(((double)i - center + 0.5) / reach);
            t->weight[o * t->per_output + i - first] =
                (int32_t)(0.5 + (sum > 0 ? w / sum : w) * (1 << WEIGHT_BITS));
        }
    }
}

/* One output from `count` source bytes that lie `step` apart. */
static uint8_t weigh(const uint8_t *src, int64_t step, const int32_t *weight, int64_t count)
{
    int32_t sum = 1 << (WEIGHT_BITS - 1);

    for (int64_t i = 0; i < count; i++) {
        sum += src[i * step] * weight[i];
    }
    sum >>= WEIGHT_BITS;
    return (uint8_t)(sum > 255 ? 255 : sum);
}

/* (rows, in) to (rows, out) */
static void resample_lines(const uint8_t *src, int64_t rows, int64_t in, const taps *t, int64_t out,
                           uint8_t *dst)
{
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t o = 0; o < out; o++) {
            dst[r * out + o] =
                weigh(src + r * in + t->first[o], 1, t->weight + o * t->per_output, t->count[o]);
        }
    }
}

/* (in, columns) to (out, columns) */
static void resample_columns(const uint8_t *src, int64_t columns, const taps *t, int64_t out,
                             uint8_t *dst)
{
    for (int64_t o = 0; o < out; o++) {
        const uint8_t *from = src + t->first[o] * columns;
        for (int64_t x = 0; x < columns; x++) {
            dst[o * columns + x] =
                weigh(from + x, columns, t->weight + o * t->per_output, t->count[o]);
        }
    }
}

dvt_status dvti_resample_u8(dvt_ctx *ctx, const dvt_tensor *image, int64_t height, int64_t width,
                            dvt_tensor *out)
{
    const int64_t   c = image->shape.dim[0], h = image->shape.dim[1], w = image->shape.dim[2];
    const dvt_shape middle_shape = DVT_SHAPE(c, h, width), shape = DVT_SHAPE(c, height, width);
    taps            across = {0}, down = {0};
    dvt_tensor      middle = {.dtype = DVT_DTYPE_NONE}, result = {.dtype = DVT_DTYPE_NONE};
    dvt_status      st;

    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    if ((st = taps_init(ctx, w, width, &across)) != DVT_OK ||
        (st = taps_init(ctx, h, height, &down)) != DVT_OK ||
        (st = dvt_tensor_init(ctx, DVT_DTYPE_U8, &middle_shape, &middle)) != DVT_OK ||
        (st = dvt_tensor_init(ctx, DVT_DTYPE_U8, &shape, &result)) != DVT_OK) {
        goto done;
    }
    taps_fill(w, width, &across);
    taps_fill(h, height, &down);
    resample_lines(image->data, c * h, w, &across, width, middle.data);
    for (int64_t k = 0; k < c; k++) {
        resample_columns((const uint8_t *)middle.data + k * h * width, width, &down, height,
                         (uint8_t *)result.data + k * height * width);
    }
    *out = result;
    result = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
done:
    dvt_tensor_deinit(ctx, &result);
    dvt_tensor_deinit(ctx, &middle);
    taps_deinit(ctx, &down);
    taps_deinit(ctx, &across);
    return st;
}

dvt_status dvti_center_crop_u8(dvt_ctx *ctx, const dvt_tensor *image, int64_t height, int64_t width,
                               dvt_tensor *out)
{
    const int64_t   c = image->shape.dim[0], h = image->shape.dim[1], w = image->shape.dim[2];
    const int64_t   top = (h - height) / 2, left = (w - width) / 2;
    const dvt_shape shape = DVT_SHAPE(c, height, width);
    dvt_status      st = dvt_tensor_init(ctx, DVT_DTYPE_U8, &shape, out);

    assert(h >= height && w >= width);
    for (int64_t k = 0; st == DVT_OK && k < c; k++) {
        for (int64_t y = 0; y < height; y++) {
            memcpy((uint8_t *)out->data + (k * height + y) * width,
                   (const uint8_t *)image->data + (k * h + top + y) * w + left, (size_t)width);
        }
    }
    return st;
}
