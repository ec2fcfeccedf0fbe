/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_binary.c - a binary caffemodel as the tree that its text form would give.
 *
 * Idea      A caffemodel holds the topology it was trained with. Reading it into the same tree as a
 *           prototxt leaves one importer for both: the descriptors made from caffe.proto say which
 *           number is which field. Places are byte offsets.
 * Invariants
 *           (1) a field that the schema lacks becomes a field named "field N", which no reader asks
 *           for, so that it is reported and not lost; (2) payloads declared as bytes (weights) are
 *           not copied: the tree points into the file.
 * Limits    those of prototxt.h and wire.h.
 * Tests     tests/unit/test_caffe_binary.c, tests/fuzz/fuzz_caffemodel.c
 */
#include "formats/caffe_int.h"
#include "formats/wire.h"

#include "formats/caffe.pb-c.h"

#include <string.h>

typedef struct decoder {
    dvt_ctx   *ctx;
    dvt_arena *arena;
    int64_t    fields;
} decoder;

bool dvti_caffe_is_text(const uint8_t *data, size_t size)
{
    size_t n = size < 4096 ? size : 4096;

    for (size_t i = 0; i < n; i++) {
        if (data[i] < 0x20 && !(data[i] >= '\t' && data[i] <= '\r')) {
            return false;
        }
    }
    return true;
}

const char *dvti_caffe_field_name(const ProtobufCFieldDescriptor *field)
{
    return strcmp(field->name, "base_") == 0 ? "base" : field->name;
}

static dvti_pt *add(decoder *d, dvti_pt *parent, const char *name, dvti_pt_kind kind,
                    const dvt_pos *at)
{
    if (++d->fields > DVTI_PT_MAX_FIELDS) {
        dvt_fail(d->ctx, DVT_E_CAPACITY, at, "the file has more than %d fields",
                 (int)DVTI_PT_MAX_FIELDS);
        return NULL;
    }
    return dvti_pt_add(d->arena, parent, name, kind, at);
}

static float float_of_bits(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

/* One number of a field, by its declared type. */
static void set_number(dvti_pt *f, ProtobufCType type, uint64_t bits)
{
    if (type == PROTOBUF_C_TYPE_FLOAT) {
        f->kind = DVTI_PT_FLOAT;
        f->f = (double)float_of_bits((uint32_t)bits);
    } else {
        /* int32 travels as the 64 bits of its sign extension, uint32 as itself */
        f->kind = DVTI_PT_INT;
        f->i = (int64_t)bits;
        f->f = (double)f->i;
    }
}

static dvt_status decode_packed(decoder *d, dvti_wire *w, const dvti_wire_field *wf,
                                const ProtobufCFieldDescriptor *field, dvti_pt *parent)
{
    dvt_pos pos = dvti_wire_pos(w, wf);
    bool    fixed = field->type == PROTOBUF_C_TYPE_FLOAT;

    for (size_t at = 0; at < wf->size;) {
        uint64_t bits = 0;
        dvti_pt *f = NULL;

        if (fixed && wf->size - at >= 4) {
            bits = dvti_wire_u32(wf->data + at);
            at += 4;
        } else if (fixed || !dvti_wire_varint(wf->data, wf->size, &at, &bits)) {
            return dvt_fail(d->ctx, DVT_E_PARSE, &pos, "packed field '%s' ends inside a number",
                            field->name);
        }
        if (!(f = add(d, parent, dvti_caffe_field_name(field), DVTI_PT_INT, &pos))) {
            return dvt_ctx_error(d->ctx)->status;
        }
        set_number(f, field->type, bits);
    }
    return DVT_OK;
}

static dvt_status decode_message(decoder *d, dvti_wire *w, const ProtobufCMessageDescriptor *desc,
                                 dvti_pt *msg);

static dvti_wire_type wire_type_of(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_FLOAT: return DVTI_WIRE_FIXED32;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE: return DVTI_WIRE_BYTES;
    default: /* the schema has no other fixed types outside of blobs */ return DVTI_WIRE_VARINT;
    }
}

static dvt_status decode_field(decoder *d, dvti_wire *w, const dvti_wire_field *wf,
                               const ProtobufCFieldDescriptor *field, dvti_pt *msg)
{
    dvt_pos pos = dvti_wire_pos(w, wf);
    bool    numeric = wire_type_of(field->type) != DVTI_WIRE_BYTES;

    if (field->label == PROTOBUF_C_LABEL_REPEATED && numeric && wf->type == DVTI_WIRE_BYTES) {
        return decode_packed(d, w, wf, field, msg);
    }
    if (!dvti_wire_expect(w, wf, wire_type_of(field->type), field->name)) {
        return w->status;
    }
    dvti_pt *f = add(d, msg, dvti_caffe_field_name(field), DVTI_PT_SPAN, &pos);
    if (!f) {
        return dvt_ctx_error(d->ctx)->status;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        dvti_wire sub = dvti_wire_enter(w, wf);
        f->kind = DVTI_PT_MESSAGE;
        return decode_message(d, &sub, field->descriptor, f);
    }
    if (numeric) {
        set_number(f, field->type, wf->value);
        return DVT_OK;
    }
    f->data = wf->data;
    f->len = wf->size;
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        f->kind = DVTI_PT_STRING;
        char *copy = dvt_arena_calloc(d->arena, wf->size + 1, 1);
        if (!copy) {
            return DVT_E_NOMEM;
        }
        if (wf->size) {
            memcpy(copy, wf->data, wf->size);
        }
        f->text = copy;
    }
    return DVT_OK;
}

static dvt_status decode_message(decoder *d, dvti_wire *w, const ProtobufCMessageDescriptor *desc,
                                 dvti_pt *msg)
{
    dvti_wire_field wf;

    while (dvti_wire_next(w, &wf)) {
        const ProtobufCFieldDescriptor *field =
            protobuf_c_message_descriptor_get_field(desc, wf.number);
        dvt_status st = DVT_OK;

        if (field) {
            st = decode_field(d, w, &wf, field, msg);
        } else {
            dvt_pos     pos = dvti_wire_pos(w, &wf);
            const char *name = dvt_arena_printf(d->arena, "field %u", (unsigned)wf.number);
            if (!name || !add(d, msg, name, DVTI_PT_SPAN, &pos)) {
                st = dvt_ctx_error(d->ctx)->status;
            }
        }
        if (st != DVT_OK) {
            return st;
        }
    }
    return w->status;
}

dvt_status dvti_caffe_decode(dvt_ctx *ctx, dvt_arena *arena, const char *file, const uint8_t *data,
                             size_t size, dvti_pt **root)
{
    decoder   d = {.ctx = ctx, .arena = arena};
    dvti_wire w = dvti_wire_make(ctx, file, data, size);
    dvt_pos   start = {.file = file};

    *root = NULL;
    dvti_pt *top = dvti_pt_add(arena, NULL, "", DVTI_PT_MESSAGE, &start);
    if (!top) {
        return DVT_E_NOMEM;
    }
    dvt_status st = decode_message(&d, &w, &caffe__net_parameter__descriptor, top);
    if (st == DVT_OK) {
        *root = top;
    }
    return st;
}
