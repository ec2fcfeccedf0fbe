/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate.c - gzip and deflate on whole buffers, over zlib, with limits and places in the errors.
 *
 * Idea       zlib counts in 32-bit steps; the loops here feed it at most STEP_MAX bytes at a time
 *            so that buffers of any size work. gunzip grows its output by doubling, up to the
 *            caller's limit, so that a small bomb costs no more than the limit.
 * Format     RFC 1951 (deflate), RFC 1952 (gzip: a file is a row of members).
 * Tests      tests/unit/test_npz.c, test_idx.c, test_tar.c
 */
#include "formats/inflate.h"

#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

static const size_t STEP_MAX = (size_t)1 << 30; /* bytes; fits zlib's 32-bit counters */

enum {
    RAW_WINDOW = -15,      /* no header, no check sum */
    GZIP_WINDOW = 15 + 16, /* gzip header and check sum */
    DEFLATE_MEMORY = 8,    /* zlib's default */
    FIRST_OUT_BYTES = 64 * 1024
};

static void *take(void *ctx, uInt count, uInt size)
{
    size_t bytes;
    return dvt_mul_size(count, size, &bytes) ? dvt_alloc(ctx, bytes) : NULL;
}

static void give_back(void *ctx, void *p) { dvt_free(ctx, p); }

static z_stream new_stream(dvt_ctx *ctx)
{
    return (z_stream){.zalloc = take, .zfree = give_back, .opaque = ctx};
}

/* The status of a zlib call that could only fail for lack of memory. */
static dvt_status start_status(dvt_ctx *ctx, int rc)
{
    return rc == Z_OK ? DVT_OK : dvt_fail(ctx, DVT_E_NOMEM, NULL, "no memory for zlib");
}

static uInt step(size_t bytes) { return (uInt)(bytes < STEP_MAX ? bytes : STEP_MAX); }

static dvt_status fail_data(dvt_ctx *ctx, const char *name, uint64_t offset, const z_stream *z,
                            int rc)
{
    dvt_pos at = {.file = name, .offset = offset};

    if (rc == Z_MEM_ERROR) {
        return dvt_fail(ctx, DVT_E_NOMEM, NULL, "no memory for zlib");
    }
    if (rc == Z_BUF_ERROR || rc == Z_OK) {
        return dvt_fail(ctx, DVT_E_PARSE, &at, "the compressed data are cut short");
    }
    return dvt_fail(ctx, DVT_E_PARSE, &at, "the compressed data are damaged: %s",
                    z->msg ? z->msg : "zlib gives no reason");
}

bool dvti_is_gzip(const uint8_t *data, size_t size)
{
    return size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

/* ---- gzip ---------------------------------------------------------------------------------- */

/* Room for at least one more byte behind blob->size and its NUL. */
static dvt_status grow(dvt_ctx *ctx, const char *name, size_t max_bytes, dvt_blob *blob,
                       size_t *cap)
{
    if (blob->size < *cap) {
        return DVT_OK;
    }
    if (*cap >= max_bytes) {
        return dvt_fail(ctx, DVT_E_CAPACITY, NULL, "'%s' holds more than %zu bytes when unpacked",
                        name, max_bytes);
    }
    size_t want = *cap ? *cap : FIRST_OUT_BYTES;
    want = want < max_bytes - *cap ? *cap + want : max_bytes;
    uint8_t *data = dvt_realloc(ctx, blob->data, want + 1);
    if (!data) {
        return DVT_E_NOMEM;
    }
    blob->data = data;
    *cap = want;
    return DVT_OK;
}

/* One member from data[*at] on, appended to `blob`. */
static dvt_status gunzip_member(dvt_ctx *ctx, z_stream *z, const char *name, const uint8_t *data,
                                size_t size, size_t max_bytes, size_t *at, dvt_blob *blob,
                                size_t *cap)
{
    for (;;) {
        dvt_status st = grow(ctx, name, max_bytes, blob, cap);
        if (st != DVT_OK) {
            return st;
        }
        z->next_in = data + *at;
        z->avail_in = step(size - *at);
        z->next_out = blob->data + blob->size;
        z->avail_out = step(*cap - blob->size);
        const uInt in_before = z->avail_in, out_before = z->avail_out;
        int        rc = inflate(z, Z_NO_FLUSH);
        *at += in_before - z->avail_in;
        blob->size += out_before - z->avail_out;
        if (rc == Z_STREAM_END) {
            return DVT_OK;
        }
        bool stuck = in_before == z->avail_in && out_before == z->avail_out;
        if ((rc != Z_OK && rc != Z_BUF_ERROR) || stuck || (*at == size && z->avail_out > 0)) {
            return fail_data(ctx, name, *at, z, rc);
        }
    }
}

dvt_status dvti_gunzip(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                       size_t max_bytes, dvt_blob *out)
{
    dvt_blob   blob = {NULL, 0};
    z_stream   z = new_stream(ctx);
    size_t     at = 0, cap = 0;
    dvt_status st;

    *out = (dvt_blob){NULL, 0};
    if ((st = start_status(ctx, inflateInit2(&z, GZIP_WINDOW))) != DVT_OK) {
        return st;
    }
    do {
        if (inflateReset(&z) != Z_OK) {
            st = dvt_fail(ctx, DVT_E_INTERNAL, NULL, "zlib refuses to start again");
            goto done;
        }
        if ((st = gunzip_member(ctx, &z, name, data, size, max_bytes, &at, &blob, &cap)) !=
            DVT_OK) {
            goto done;
        }
    } while (at < size);
    blob.data[blob.size] = '\0';
    *out = blob;
    blob = (dvt_blob){NULL, 0};
done:
    inflateEnd(&z);
    dvt_blob_deinit(ctx, &blob);
    return st;
}

dvt_status dvti_gunzip_in_place(dvt_ctx *ctx, const char *name, size_t max_bytes, dvt_blob *file)
{
    dvt_blob   plain;
    dvt_status st;

    if (!dvti_is_gzip(file->data, file->size)) {
        return DVT_OK;
    }
    if ((st = dvti_gunzip(ctx, name, file->data, file->size, max_bytes, &plain)) == DVT_OK) {
        dvt_blob_deinit(ctx, file);
        *file = plain;
    }
    return st;
}

/* ---- raw deflate --------------------------------------------------------------------------- */

dvt_status dvti_inflate_raw(dvt_ctx *ctx, const char *name, uint64_t origin, const uint8_t *data,
                            size_t size, uint8_t *out, size_t out_size)
{
    z_stream   z = new_stream(ctx);
    size_t     at = 0, done = 0;
    int        rc = Z_OK;
    uint8_t    none[1] = {0};
    dvt_status st;

    if ((st = start_status(ctx, inflateInit2(&z, RAW_WINDOW))) != DVT_OK) {
        return st;
    }
    while (rc == Z_OK) {
        z.next_in = data + at;
        z.avail_in = step(size - at);
        z.next_out = done < out_size ? out + done : none;
        z.avail_out = step(out_size - done);
        const uInt in_before = z.avail_in, out_before = z.avail_out;
        rc = inflate(&z, Z_NO_FLUSH);
        at += in_before - z.avail_in;
        done += out_before - z.avail_out;
    }
    if (rc != Z_STREAM_END && done == out_size && out_size > 0 && at < size) {
        const dvt_pos pos = {.file = name, .offset = origin + at};
        st = dvt_fail(ctx, DVT_E_PARSE, &pos, "more than the announced %zu bytes are packed here",
                      out_size);
    } else if (rc != Z_STREAM_END) {
        st = fail_data(ctx, name, origin + at, &z, rc);
    } else if (done != out_size || at != size) {
        const dvt_pos pos = {.file = name, .offset = origin + at};
        st = dvt_fail(ctx, DVT_E_PARSE, &pos,
                      "%zu bytes came out of %zu, %zu out of %zu were announced", done, at,
                      out_size, size);
    }
    inflateEnd(&z);
    return st;
}

dvt_status dvti_deflate_raw(dvt_ctx *ctx, const uint8_t *data, size_t size, dvt_blob *out)
{
    z_stream   z = new_stream(ctx);
    size_t     at = 0;
    int        rc = Z_OK;
    dvt_blob   blob = {NULL, 0};
    dvt_status st;

    *out = (dvt_blob){NULL, 0};
    if (size == 0) {
        return DVT_OK;
    }
    st = start_status(ctx, deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW,
                                        DEFLATE_MEMORY, Z_DEFAULT_STRATEGY));
    if (st != DVT_OK) {
        return st;
    }
    if (!(blob.data = dvt_alloc(ctx, size))) {
        st = DVT_E_NOMEM;
        goto done;
    }
    while (rc == Z_OK && blob.size < size) {
        z.next_in = data + at;
        z.avail_in = step(size - at);
        z.next_out = blob.data + blob.size;
        z.avail_out = step(size - blob.size);
        const uInt in_before = z.avail_in, out_before = z.avail_out;
        rc = deflate(&z, at + z.avail_in == size ? Z_FINISH : Z_NO_FLUSH);
        at += in_before - z.avail_in;
        blob.size += out_before - z.avail_out;
    }
    if (rc == Z_STREAM_END && blob.size < size) {
        *out = blob;
        blob = (dvt_blob){NULL, 0};
    }
done:
    deflateEnd(&z);
    dvt_blob_deinit(ctx, &blob);
    return st;
}
