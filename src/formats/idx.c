/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idx.c - the idx format of MNIST and its descendants, plain or gzip.
 *
 * Layout     two zero bytes, element type, rank; `rank` big-endian 32-bit dimensions; big-endian
 *            elements, row-major. The file ends with the last element.
 * Limits     rank DVT_MAX_RANK; a gzip file unpacks to at most UNPACKED_MAX bytes.
 * Tests      tests/unit/test_idx.c, tests/fuzz/fuzz_idx.c
 */
#include "formats/arrays_int.h"
#include "formats/inflate.h"

#include <string.h>

enum { HEADER_BYTES = 4, DIM_BYTES = 4 };
static const size_t UNPACKED_MAX = (size_t)4 << 30;

static dvt_dtype type_of(uint8_t code)
{
    switch (code) {
    case 0x08: return DVT_DTYPE_U8;
    case 0x09: return DVT_DTYPE_I8;
    case 0x0b: return DVT_DTYPE_I16;
    case 0x0c: return DVT_DTYPE_I32;
    case 0x0d: return DVT_DTYPE_F32;
    case 0x0e: return DVT_DTYPE_F64;
    default: return DVT_DTYPE_NONE;
    }
}

static dvt_status read_header(dvt_ctx *ctx, const char *name, const uint8_t *p, size_t size,
                              dvt_dtype *dtype, dvt_shape *shape)
{
    dvt_pos at = {.file = name};

    if (size < HEADER_BYTES || p[0] != 0 || p[1] != 0) {
        return dvt_fail(ctx, DVT_E_PARSE, &at, "this is no idx file: its first bytes are others");
    }
    at.offset = 2;
    if ((*dtype = type_of(p[2])) == DVT_DTYPE_NONE) {
        return dvt_fail(ctx, DVT_E_PARSE, &at, "idx has no element type 0x%02x", p[2]);
    }
    at.offset = 3;
    if (p[3] > DVT_MAX_RANK) {
        return dvt_fail(ctx, DVT_E_UNSUPPORTED, &at, "rank %d is above %d", p[3], DVT_MAX_RANK);
    }
    if (size - HEADER_BYTES < (size_t)p[3] * DIM_BYTES) {
        return dvt_fail(ctx, DVT_E_PARSE, &at, "the file ends inside its %d dimensions", p[3]);
    }
    *shape = (dvt_shape){.rank = p[3]};
    for (int32_t d = 0; d < shape->rank; d++) {
        const uint8_t *q = p + HEADER_BYTES + d * DIM_BYTES;
        shape->dim[d] = (int64_t)q[0] << 24 | (int64_t)q[1] << 16 | (int64_t)q[2] << 8 | q[3];
    }
    return DVT_OK;
}

static dvt_status parse_plain(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                              dvt_tensor *out)
{
    dvt_dtype  dtype = DVT_DTYPE_NONE;
    dvt_shape  shape = {.rank = 0};
    char       text[DVT_SHAPE_TEXT];
    dvt_status st = read_header(ctx, name, data, size, &dtype, &shape);

    if (st != DVT_OK) {
        return st;
    }
    const size_t  head = HEADER_BYTES + (size_t)shape.rank * DIM_BYTES, left = size - head;
    const size_t  elem = dvt_dtype_bytes(dtype);
    const int64_t count = dvt_shape_count(&shape);
    if (count < 0 || (uint64_t)count > left / elem || (size_t)count * elem != left) {
        const dvt_pos at = {.file = name, .offset = head};
        return dvt_fail(ctx, DVT_E_PARSE, &at, "%zu bytes of data are no %s array of shape %s",
                        left, dvt_dtype_name(dtype), dvt_shape_text(&shape, text));
    }
    if ((st = dvt_tensor_init(ctx, dtype, &shape, out)) != DVT_OK || left == 0) {
        return st;
    }
    memcpy(out->data, data + head, left);
    if (elem > 1 && dvti_is_little_endian()) {
        dvti_swap_bytes(out->data, (size_t)count, elem);
    }
    return DVT_OK;
}

dvt_status dvti_idx_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                          dvt_tensor *out)
{
    dvt_blob   plain = {NULL, 0};
    dvt_status st;

    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    if (!dvti_is_gzip(data, size)) {
        return parse_plain(ctx, name, data, size, out);
    }
    if ((st = dvti_gunzip(ctx, name, data, size, UNPACKED_MAX, &plain)) == DVT_OK) {
        st = parse_plain(ctx, name, plain.data, plain.size, out);
    }
    dvt_blob_deinit(ctx, &plain);
    return st;
}

dvt_status dvt_idx_read(dvt_ctx *ctx, const char *path, dvt_tensor *out)
{
    dvt_blob   file;
    dvt_status st = dvt_file_read(ctx, path, 0, &file);

    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    if (st == DVT_OK) {
        st = dvti_idx_parse(ctx, path, file.data, file.size, out);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}
