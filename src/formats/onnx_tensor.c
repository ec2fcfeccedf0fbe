/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_tensor.c - TensorProto messages to tensors: element types, packed and raw data.
 *
 * Idea      A tensor's elements stand in one of three places: raw_data (little endian, as they
 *           lie in memory here), a list typed by the element type, or a range of another file
 *           (onnx_external.c). Number of elements and length of the data must agree before anything
 *           is copied.
 * Types     FLOAT to BOOL, FLOAT16, DOUBLE and the 64-bit integers map to our types. BFLOAT16 is
 *           the upper half of a float32 and is widened to it, which is exact. Strings, complex
 *           numbers, and types below 8 bits are DVT_E_UNSUPPORTED.
 * Limits    rank DVT_MAX_RANK, DVT_DIM_MAX elements; no segments.
 * Tests     tests/unit/test_onnx_tensor.c, tests/fuzz/fuzz_onnx_tensor.c
 */
#include "formats/onnx_int.h"
#include "formats/wire.h"

#include <stdio.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "raw tensor data is little endian and is copied as it is"
#endif

/* ---- element types ------------------------------------------------------------------------- */

typedef struct elem_type {
    const char *name;
    dvt_dtype   dtype;
} elem_type;

enum { ELEM_BFLOAT16 = 16 };

static const elem_type elem_types[] = {
    {"UNDEFINED", DVT_DTYPE_NONE},
    {"FLOAT", DVT_DTYPE_F32},
    {"UINT8", DVT_DTYPE_U8},
    {"INT8", DVT_DTYPE_I8},
    {"UINT16", DVT_DTYPE_U16},
    {"INT16", DVT_DTYPE_I16},
    {"INT32", DVT_DTYPE_I32},
    {"INT64", DVT_DTYPE_I64},
    {"STRING", DVT_DTYPE_NONE},
    {"BOOL", DVT_DTYPE_BOOL},
    {"FLOAT16", DVT_DTYPE_F16},
    {"DOUBLE", DVT_DTYPE_F64},
    {"UINT32", DVT_DTYPE_U32},
    {"UINT64", DVT_DTYPE_U64},
    {"COMPLEX64", DVT_DTYPE_NONE},
    {"COMPLEX128", DVT_DTYPE_NONE},
    {"BFLOAT16", DVT_DTYPE_F32},
    {"FLOAT8E4M3FN", DVT_DTYPE_NONE},
    {"FLOAT8E4M3FNUZ", DVT_DTYPE_NONE},
    {"FLOAT8E5M2", DVT_DTYPE_NONE},
    {"FLOAT8E5M2FNUZ", DVT_DTYPE_NONE},
    {"UINT4", DVT_DTYPE_NONE},
    {"INT4", DVT_DTYPE_NONE},
    {"FLOAT4E2M1", DVT_DTYPE_NONE},
    {"FLOAT8E8M0", DVT_DTYPE_NONE},
    {"UINT2", DVT_DTYPE_NONE},
    {"INT2", DVT_DTYPE_NONE},
};
enum { ELEM_COUNT = (int32_t)(sizeof elem_types / sizeof elem_types[0]) };

dvt_dtype dvti_onnx_dtype(int32_t t)
{
    return t >= 0 && t < ELEM_COUNT ? elem_types[t].dtype : DVT_DTYPE_NONE;
}

const char *dvti_onnx_type_name(int32_t t)
{
    return t >= 0 && t < ELEM_COUNT ? elem_types[t].name : "an unknown type";
}

dvt_dtype dvti_onnx_value_dtype(int32_t t)
{
    return t == ELEM_BFLOAT16 ? DVT_DTYPE_NONE : dvti_onnx_dtype(t);
}

/* ---- data ---------------------------------------------------------------------------------- */

static dvt_status fail(dvt_ctx *ctx, const char *file, dvt_status status, const char *what,
                       const char *text)
{
    dvt_pos at = {.file = file};
    return dvt_fail(ctx, status, &at, "%s: %s", what, text);
}

static float bf16_to_f32(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float    x;

    memcpy(&x, &wide, sizeof x);
    return x;
}

static void widen_bf16(const uint8_t *raw, int64_t count, float *out)
{
    for (int64_t i = 0; i < count; i++) {
        out[i] = bf16_to_f32((uint16_t)(raw[2 * i] | raw[2 * i + 1] << 8));
    }
}

/* int32_data holds everything up to 32 bits; halves as their bit patterns. */
static void narrow_i32(const DvtOnnx__Tensor *p, dvt_tensor *out)
{
    for (size_t i = 0; i < p->n_int32_data; i++) {
        int32_t v = p->int32_data[i];
        if (p->data_type == ELEM_BFLOAT16) {
            ((float *)out->data)[i] = bf16_to_f32((uint16_t)v);
        } else if (out->dtype == DVT_DTYPE_I32) {
            ((int32_t *)out->data)[i] = v;
        } else if (dvt_dtype_bytes(out->dtype) == 2) {
            ((uint16_t *)out->data)[i] = (uint16_t)v;
        } else if (out->dtype == DVT_DTYPE_BOOL) {
            ((uint8_t *)out->data)[i] = v != 0;
        } else {
            ((uint8_t *)out->data)[i] = (uint8_t)v;
        }
    }
}

static size_t typed_count(const DvtOnnx__Tensor *p, dvt_dtype dtype)
{
    switch (dtype) {
    case DVT_DTYPE_F32: return p->data_type == ELEM_BFLOAT16 ? p->n_int32_data : p->n_float_data;
    case DVT_DTYPE_F64: return p->n_double_data;
    case DVT_DTYPE_I64: return p->n_int64_data;
    case DVT_DTYPE_U32:
    case DVT_DTYPE_U64: return p->n_uint64_data;
    default: return p->n_int32_data;
    }
}

static void copy_typed(const DvtOnnx__Tensor *p, dvt_tensor *out)
{
    switch (out->dtype) {
    case DVT_DTYPE_F32:
        if (p->data_type == ELEM_BFLOAT16) {
            narrow_i32(p, out);
        } else {
            memcpy(out->data, p->float_data, out->bytes);
        }
        break;
    case DVT_DTYPE_F64: memcpy(out->data, p->double_data, out->bytes); break;
    case DVT_DTYPE_I64: memcpy(out->data, p->int64_data, out->bytes); break;
    case DVT_DTYPE_U64: memcpy(out->data, p->uint64_data, out->bytes); break;
    case DVT_DTYPE_U32:
        for (size_t i = 0; i < p->n_uint64_data; i++) {
            ((uint32_t *)out->data)[i] = (uint32_t)p->uint64_data[i];
        }
        break;
    default: narrow_i32(p, out);
    }
}

/* Bytes as the file has them: two for bfloat16, which becomes four here. */
static size_t raw_bytes(const DvtOnnx__Tensor *p, int64_t count)
{
    size_t elem =
        p->data_type == ELEM_BFLOAT16 ? 2 : dvt_dtype_bytes(dvti_onnx_dtype(p->data_type));
    return (size_t)count * elem;
}

static dvt_status copy_raw(dvt_ctx *ctx, const char *file, const char *what,
                           const DvtOnnx__Tensor *p, const void *raw, dvt_tensor *out)
{
    const uint8_t *bytes = raw;
    int64_t        count = dvt_shape_count(&out->shape);

    if (p->data_type == ELEM_BFLOAT16) {
        widen_bf16(bytes, count, out->data);
    } else {
        memcpy(out->data, bytes, out->bytes);
    }
    for (int64_t i = 0; out->dtype == DVT_DTYPE_BOOL && i < count; i++) {
        if (bytes[i] > 1) {
            return fail(ctx, file, DVT_E_PARSE, what, "a bool that is neither 0 nor 1");
        }
    }
    return DVT_OK;
}

static dvt_status read_shape(dvt_ctx *ctx, const char *file, const char *what,
                             const DvtOnnx__Tensor *p, dvt_shape *out)
{
    *out = (dvt_shape){0};
    if (p->n_dims > DVT_MAX_RANK) {
        return fail(ctx, file, DVT_E_UNSUPPORTED, what, "more than 8 dimensions");
    }
    for (size_t i = 0; i < p->n_dims; i++) {
        if (p->dims[i] < 0) {
            return fail(ctx, file, DVT_E_PARSE, what, "a negative dimension");
        }
        out->dim[out->rank++] = p->dims[i];
    }
    if (dvt_shape_count(out) < 0) {
        return fail(ctx, file, DVT_E_PARSE, what, "more elements than any file can hold");
    }
    return DVT_OK;
}

/* Bytes or elements that are there must be what the shape says, before memory is taken for it. */
static dvt_status check_size(dvt_ctx *ctx, const char *file, const char *what,
                             const DvtOnnx__Tensor *p, int64_t count)
{
    dvt_dtype dtype = dvti_onnx_dtype(p->data_type);
    size_t    have = p->has_raw_data ? p->raw_data.len : typed_count(p, dtype);
    size_t    need = p->has_raw_data ? raw_bytes(p, count) : (size_t)count;
    dvt_pos   at = {.file = file};

    if (have == need) {
        return DVT_OK;
    }
    return dvt_fail(ctx, DVT_E_PARSE, &at, "%s: %zu %s of data, its shape needs %zu", what, have,
                    p->has_raw_data ? "bytes" : "elements", need);
}

static dvt_status read_data(dvt_ctx *ctx, const char *file, const char *what,
                            const DvtOnnx__Tensor *p, const dvt_shape *shape, dvt_tensor *out)
{
    int64_t        count = dvt_shape_count(shape);
    dvt_blob       blob = {0};
    const uint8_t *raw = NULL;
    dvt_status     st;

    if (p->has_data_location && p->data_location != 0) {
        st = dvti_onnx_external(ctx, file, what, p, raw_bytes(p, count), &blob);
        raw = blob.data;
    } else {
        st = check_size(ctx, file, what, p, count);
        raw = p->has_raw_data ? p->raw_data.data : NULL;
    }
    if (st == DVT_OK) {
        st = dvt_tensor_init(ctx, dvti_onnx_dtype(p->data_type), shape, out);
    }
    if (st == DVT_OK && count > 0 && raw) {
        st = copy_raw(ctx, file, what, p, raw, out);
    } else if (st == DVT_OK && count > 0) {
        copy_typed(p, out);
    }
    dvt_blob_deinit(ctx, &blob);
    return st;
}

dvt_status dvti_onnx_tensor(dvt_ctx *ctx, const char *file, const char *what,
                            const DvtOnnx__Tensor *p, dvt_tensor *out)
{
    dvt_pos    at = {.file = file};
    dvt_shape  shape;
    dvt_status st;

    *out = (dvt_tensor){0};
    if (dvti_onnx_dtype(p->data_type) == DVT_DTYPE_NONE) {
        return dvt_fail(ctx, DVT_E_UNSUPPORTED, &at, "%s: elements of %s (%d) are not handled",
                        what, dvti_onnx_type_name(p->data_type), (int)p->data_type);
    }
    if (p->has_segment) {
        return fail(ctx, file, DVT_E_UNSUPPORTED, what, "data in segments is not handled");
    }
    st = read_shape(ctx, file, what, p, &shape);
    if (st == DVT_OK) {
        st = read_data(ctx, file, what, p, &shape, out);
    }
    if (st != DVT_OK) {
        dvt_tensor_deinit(ctx, out);
        *out = (dvt_tensor){0};
    }
    return st;
}

/* ---- messages and files -------------------------------------------------------------------- */

static void *unpack_alloc(void *ctx, size_t size) { return dvt_alloc(ctx, size); }

static void unpack_free(void *ctx, void *p) { dvt_free(ctx, p); }

dvt_status dvti_onnx_unpack(dvt_ctx *ctx, const char *file, const uint8_t *data, size_t size,
                            const ProtobufCMessageDescriptor *desc, ProtobufCAllocator *allocator,
                            ProtobufCMessage **out)
{
    dvt_status st = dvti_wire_check(ctx, file, data, size, desc, 0);
    dvt_pos    at = {.file = file};

    *out = NULL;
    *allocator = (ProtobufCAllocator){unpack_alloc, unpack_free, ctx};
    if (st != DVT_OK) {
        return st;
    }
    *out = protobuf_c_message_unpack(desc, allocator, size, data);
    if (*out) {
        return DVT_OK;
    }
    if (dvt_ctx_error(ctx)->status != DVT_OK) {
        return dvt_ctx_error(ctx)->status; /* no memory: raised by the allocator */
    }
    return dvt_fail(ctx, DVT_E_PARSE, &at, "not a message of type %s", desc->short_name);
}

dvt_status dvt_onnx_read_tensor(dvt_ctx *ctx, const char *path, dvt_tensor *out, char *name,
                                size_t name_size)
{
    dvt_blob           blob = {0};
    ProtobufCAllocator allocator;
    ProtobufCMessage  *m = NULL;
    dvt_status         st;

    *out = (dvt_tensor){0};
    if (name && name_size) {
        name[0] = '\0';
    }
    st = dvt_file_read(ctx, path, 0, &blob);
    if (st == DVT_OK) {
        st = dvti_onnx_unpack(ctx, path, blob.data, blob.size, &dvt_onnx__tensor__descriptor,
                              &allocator, &m);
    }
    if (st == DVT_OK) {
        const DvtOnnx__Tensor *p = (const DvtOnnx__Tensor *)m;
        st = dvti_onnx_tensor(ctx, path, "tensor", p, out);
        if (st == DVT_OK && name && name_size) {
            (void)snprintf(name, name_size, "%s", p->name ? p->name : "");
        }
    }
    if (m) {
        protobuf_c_message_free_unpacked(m, &allocator);
    }
    dvt_blob_deinit(ctx, &blob);
    return st;
}
