/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bunzip.c - bzip2 on whole buffers, over libbz2, with limits and places in the errors.
 *
 * Idea       A file is a row of streams, as parallel packers write it. The output grows by doubling
 *            up to the caller's limit, so that a small bomb costs no more than that.
 * Memory     libbz2's own state is taken through the context.
 * Tests      tests/unit/test_table_nats.c, tests/fuzz/fuzz_table.c
 */
#include "formats/bunzip.h"

#include <limits.h>
#include <string.h>

#include <bzlib.h>

enum { FIRST_OUT_BYTES = 64 * 1024 };
static const size_t STEP_MAX = (size_t)1 << 30; /* fits libbz2's 32-bit counters */

bool dvti_is_bzip2(const uint8_t *data, size_t size)
{
    return size >= 4 && memcmp(data, "BZh", 3) == 0 && data[3] >= '1' && data[3] <= '9';
}

static void *take(void *ctx, int count, int size)
{
    size_t bytes;
    return count >= 0 && size >= 0 && dvt_mul_size((size_t)count, (size_t)size, &bytes)
               ? dvt_alloc(ctx, bytes)
               : NULL;
}

static void give_back(void *ctx, void *p) { dvt_free(ctx, p); }

static dvt_status grow(dvt_ctx *ctx, const char *name, size_t max_bytes, dvt_blob *blob,
                       size_t *cap)
{
    size_t want = *cap ? *cap : FIRST_OUT_BYTES;

    if (blob->size < *cap) {
        return DVT_OK;
    }
    if (*cap >= max_bytes) {
        return dvt_fail(ctx, DVT_E_CAPACITY, NULL, "'%s' holds more than %zu bytes when unpacked",
                        name, max_bytes);
    }
    want = want < max_bytes - *cap ? *cap + want : max_bytes;
    uint8_t *data = dvt_realloc(ctx, blob->data, want + 1);
    if (!data) {
        return DVT_E_NOMEM;
    }
    blob->data = data;
    *cap = want;
    return DVT_OK;
}

static dvt_status fail_data(dvt_ctx *ctx, const char *name, uint64_t offset, int rc)
{
    const dvt_pos at = {.file = name, .offset = offset};

    if (rc == BZ_MEM_ERROR) {
        return dvt_fail(ctx, DVT_E_NOMEM, NULL, "no memory for libbz2");
    }
    return dvt_fail(ctx, DVT_E_PARSE, &at,
                    rc == BZ_OK ? "the compressed data are cut short"
                                : "the compressed data are damaged");
}

/* One stream from file->data[*at] on, appended to `blob`. */
static dvt_status unpack_stream(dvt_ctx *ctx, bz_stream *z, const char *name, size_t max_bytes,
                                const dvt_blob *file, size_t *at, dvt_blob *blob, size_t *cap)
{
    for (;;) {
        dvt_status st = grow(ctx, name, max_bytes, blob, cap);
        if (st != DVT_OK) {
            return st;
        }
        const size_t in = file->size - *at < STEP_MAX ? file->size - *at : STEP_MAX;
        const size_t out = *cap - blob->size < STEP_MAX ? *cap - blob->size : STEP_MAX;
        z->next_in = (char *)file->data + *at;
        z->avail_in = (unsigned)in;
        z->next_out = (char *)blob->data + blob->size;
        z->avail_out = (unsigned)out;
        const int rc = BZ2_bzDecompress(z);
        *at += in - z->avail_in;
        blob->size += out - z->avail_out;
        if (rc == BZ_STREAM_END) {
            return DVT_OK;
        }
        const bool stuck = in == z->avail_in && out == z->avail_out;
        if (rc != BZ_OK || stuck || (*at == file->size && z->avail_out > 0)) {
            return fail_data(ctx, name, *at, rc);
        }
    }
}

dvt_status dvti_bunzip_in_place(dvt_ctx *ctx, const char *name, size_t max_bytes, dvt_blob *file)
{
    dvt_blob   blob = {NULL, 0};
    size_t     at = 0, cap = 0;
    dvt_status st = DVT_OK;

    if (!dvti_is_bzip2(file->data, file->size)) {
        return DVT_OK;
    }
    while (st == DVT_OK && at < file->size) {
        bz_stream z = {.bzalloc = take, .bzfree = give_back, .opaque = ctx};
        if (BZ2_bzDecompressInit(&z, 0, 0) != BZ_OK) {
            st = dvt_fail(ctx, DVT_E_NOMEM, NULL, "no memory for libbz2");
            break;
        }
        st = unpack_stream(ctx, &z, name, max_bytes, file, &at, &blob, &cap);
        (void)BZ2_bzDecompressEnd(&z);
    }
    if (st == DVT_OK) {
        blob.data[blob.size] = '\0';
        dvt_blob_deinit(ctx, file);
        *file = blob;
    } else {
        dvt_blob_deinit(ctx, &blob);
    }
    return st;
}
