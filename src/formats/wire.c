/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.c - walking and checking protobuf's wire format.
 *
 * Idea      libprotobuf-c answers NULL to a damaged message and does not say where. Walking first
 *           is cheap (payloads of tensors are skipped, not read) and gives the offset of the first
 *           tag or length that cannot be.
 * Invariants
 *           (1) no byte outside (data, size) is read; (2) every step consumes at least one byte, so
 *           a walk ends; (3) the groups of proto2 (wire types 3 and 4) are refused: no model
 *           format uses them.
 * Limits    nesting DVTI_WIRE_MAX_DEPTH, field numbers 1..2^29-1, varints of at most 10 bytes.
 * Tests     tests/unit/test_wire.c, tests/fuzz/fuzz_caffemodel.c.
 */
#include "formats/wire.h"

#include <inttypes.h>
#include <string.h>

dvti_wire dvti_wire_make(dvt_ctx *ctx, const char *file, const uint8_t *data, size_t size)
{
    return (dvti_wire){.ctx = ctx, .file = file, .data = data, .size = size, .status = DVT_OK};
}

bool dvti_wire_varint(const uint8_t *data, size_t size, size_t *at, uint64_t *out)
{
    uint64_t value = 0;
    size_t   i = *at;

    *out = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (i >= size) {
            return false;
        }
        value |= (uint64_t)(data[i] & 0x7f) << (shift < 64 ? shift : 63);
        if (!(data[i++] & 0x80)) {
            *at = i;
            *out = value;
            return true;
        }
    }
    return false;
}

uint32_t dvti_wire_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t dvti_wire_u64(const uint8_t *p)
{
    return (uint64_t)dvti_wire_u32(p) | (uint64_t)dvti_wire_u32(p + 4) << 32;
}

static bool wire_fail(dvti_wire *w, size_t at, const char *what)
{
    dvt_pos pos = {.file = w->file, .offset = w->origin + at};

    w->status = dvt_fail(w->ctx, DVT_E_PARSE, &pos, "damaged message: %s at byte %" PRIu64, what,
                         pos.offset);
    return false;
}

static bool take_fixed(dvti_wire *w, dvti_wire_field *f, size_t bytes, size_t start)
{
    if (w->size - w->at < bytes) {
        return wire_fail(w, start, "the message ends inside a number");
    }
    f->value = bytes == 8 ? dvti_wire_u64(w->data + w->at) : dvti_wire_u32(w->data + w->at);
    w->at += bytes;
    return true;
}

static bool take_bytes(dvti_wire *w, dvti_wire_field *f, size_t start)
{
    uint64_t size = 0;

    if (!dvti_wire_varint(w->data, w->size, &w->at, &size)) {
        return wire_fail(w, start, "the length of a field is cut off");
    }
    if (size > w->size - w->at) {
        return wire_fail(w, start, "a field is longer than the message that holds it");
    }
    f->data = w->data + w->at;
    f->size = (size_t)size;
    w->at += f->size;
    return true;
}

bool dvti_wire_next(dvti_wire *w, dvti_wire_field *f)
{
    size_t   start = w->at;
    uint64_t tag = 0;

    memset(f, 0, sizeof *f);
    if (w->status != DVT_OK || w->at >= w->size) {
        return false;
    }
    if (!dvti_wire_varint(w->data, w->size, &w->at, &tag)) {
        return wire_fail(w, start, "a field's tag is cut off");
    }
    if (tag >> 32 || tag >> 3 == 0) {
        return wire_fail(w, start, "the number of a field is out of range");
    }
    f->number = (uint32_t)(tag >> 3);
    f->offset = w->origin + start;
    f->type = (dvti_wire_type)(tag & 7);
    switch (tag & 7) {
    case DVTI_WIRE_VARINT:
        return dvti_wire_varint(w->data, w->size, &w->at, &f->value) ||
               wire_fail(w, start, "a number is cut off");
    case DVTI_WIRE_FIXED64: return take_fixed(w, f, 8, start);
    case DVTI_WIRE_FIXED32: return take_fixed(w, f, 4, start);
    case DVTI_WIRE_BYTES: return take_bytes(w, f, start);
    default: return wire_fail(w, start, "a field has a wire type that does not exist");
    }
}

dvt_pos dvti_wire_pos(const dvti_wire *w, const dvti_wire_field *f)
{
    return (dvt_pos){.file = w->file, .offset = f->offset};
}

bool dvti_wire_expect(dvti_wire *w, const dvti_wire_field *f, dvti_wire_type type, const char *name)
{
    dvt_pos pos = dvti_wire_pos(w, f);

    if (f->type == type) {
        return true;
    }
    w->status = dvt_fail(w->ctx, DVT_E_PARSE, &pos,
                         "damaged message: field '%s' has wire type %d, not %d, at byte %" PRIu64,
                         name, (int)f->type, (int)type, f->offset);
    return false;
}

dvti_wire dvti_wire_enter(dvti_wire *w, const dvti_wire_field *f)
{
    dvti_wire sub = dvti_wire_make(w->ctx, w->file, f->data, f->size);

    sub.origin = w->origin + (uint64_t)(f->data - w->data);
    sub.depth = w->depth + 1;
    if (sub.depth > DVTI_WIRE_MAX_DEPTH) {
        wire_fail(&sub, 0, "messages are nested too deeply");
    }
    return sub;
}

/* ---- checking by descriptor ---------------------------------------------------------------- */

static dvti_wire_type type_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT: return DVTI_WIRE_FIXED32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE: return DVTI_WIRE_FIXED64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return DVTI_WIRE_BYTES;
    default: return DVTI_WIRE_VARINT;
    }
}

/* A repeated number may come packed: all payloads in one span, which must divide up evenly. */
static bool check_packed(dvti_wire *w, const dvti_wire_field *f, dvti_wire_type element)
{
    size_t   at = 0;
    uint64_t value;
    size_t   start = (size_t)(f->offset - w->origin);

    if (element == DVTI_WIRE_FIXED32 || element == DVTI_WIRE_FIXED64) {
        return f->size % (element == DVTI_WIRE_FIXED32 ? 4 : 8) == 0 ||
               wire_fail(w, start, "a packed list does not hold whole numbers");
    }
    while (at < f->size) {
        if (!dvti_wire_varint(f->data, f->size, &at, &value)) {
            return wire_fail(w, start, "a packed list ends inside a number");
        }
    }
    return true;
}

static dvt_status check_message(dvti_wire *w, const ProtobufCMessageDescriptor *desc,
                                uint64_t *fields_left);

static void check_field(dvti_wire *w, const dvti_wire_field *f,
                        const ProtobufCFieldDescriptor *field, uint64_t *fields_left)
{
    dvti_wire_type want = type_of(field);

    if (field->label == PROTOBUF_C_LABEL_REPEATED && want != DVTI_WIRE_BYTES &&
        f->type == DVTI_WIRE_BYTES) {
        check_packed(w, f, want);
    } else if (dvti_wire_expect(w, f, want, field->name) &&
               field->type == PROTOBUF_C_TYPE_MESSAGE) {
        dvti_wire sub = dvti_wire_enter(w, f);
        w->status = check_message(&sub, field->descriptor, fields_left);
    } else if (field->type == PROTOBUF_C_TYPE_STRING && f->size && memchr(f->data, 0, f->size)) {
        wire_fail(w, (size_t)(f->offset - w->origin), "a text holds a zero byte");
    }
}

static dvt_status check_message(dvti_wire *w, const ProtobufCMessageDescriptor *desc,
                                uint64_t *fields_left)
{
    dvti_wire_field f;

    while (dvti_wire_next(w, &f)) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(desc, f.number);

        if (*fields_left == 0) {
            dvt_pos pos = dvti_wire_pos(w, &f);
            return w->status =
                       dvt_fail(w->ctx, DVT_E_CAPACITY, &pos,
                                "the file has too many fields (byte %" PRIu64 ")", f.offset);
        }
        --*fields_left;
        if (field) {
            check_field(w, &f, field, fields_left);
        }
    }
    return w->status;
}

dvt_status dvti_wire_check(dvt_ctx *ctx, const char *file, const uint8_t *data, size_t size,
                           const ProtobufCMessageDescriptor *desc, uint64_t max_fields)
{
    dvti_wire w = dvti_wire_make(ctx, file, data, size);
    uint64_t  fields_left = max_fields ? max_fields : (uint64_t)64 << 20;

    return check_message(&w, desc, &fields_left);
}
