/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - a walker over protobuf's wire format that knows where it is.
 *
 * A protobuf message is a row of (tag, payload); a tag is field number * 8 + wire type. The walker
 * hands out one field at a time and never reads past the span it was given. Everything it refuses
 * is DVT_E_PARSE with the byte offset in the file. It allocates nothing; a sub-message is entered
 * by making a walker over its payload.
 *
 *     dvti_wire w = dvti_wire_make(ctx, "net.caffemodel", data, size);
 *     dvti_wire_field f;
 *     while (dvti_wire_next(&w, &f)) {
 *         if (f.number == 100 && dvti_wire_expect(&w, &f, DVTI_WIRE_BYTES, "layer")) {
 *             dvti_wire sub = dvti_wire_enter(&w, &f);
 *             ...
 *         }
 *     }
 *     return w.status;      (the first failure stops the walk and stays here)
 */
#ifndef FORMATS_WIRE_H
#define FORMATS_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "dovetail/base.h"

typedef enum dvti_wire_type {
    DVTI_WIRE_VARINT = 0,
    DVTI_WIRE_FIXED64 = 1,
    DVTI_WIRE_BYTES = 2, /* strings, sub-messages, packed lists */
    DVTI_WIRE_FIXED32 = 5
} dvti_wire_type;

enum { DVTI_WIRE_MAX_DEPTH = 64 };

typedef struct dvti_wire {
    dvt_ctx       *ctx;
    const char    *file; /* borrowed, for errors */
    const uint8_t *data; /* of this message */
    size_t         size, at;
    uint64_t       origin; /* offset of data[0] in the file */
    int32_t        depth;
    dvt_status     status;
} dvti_wire;

typedef struct dvti_wire_field {
    uint32_t       number;
    dvti_wire_type type;
    uint64_t       value; /* varint, fixed32, fixed64: the bits */
    const uint8_t *data;  /* bytes: the payload, inside the file */
    size_t         size;
    uint64_t       offset; /* of the tag, in the file */
} dvti_wire_field;

dvti_wire dvti_wire_make(dvt_ctx *ctx, const char *file, const uint8_t *data, size_t size);

/* The next field; false at the end of the message and after a failure (see w->status). */
bool dvti_wire_next(dvti_wire *w, dvti_wire_field *f);

/* True if `f` has this wire type; else fails `w` with the name of the field in the text. */
bool dvti_wire_expect(dvti_wire *w, const dvti_wire_field *f, dvti_wire_type type,
                      const char *name);

/* A walker over the payload of `f`. Deeper than DVTI_WIRE_MAX_DEPTH: its status is E_PARSE. */
dvti_wire dvti_wire_enter(dvti_wire *w, const dvti_wire_field *f);

dvt_pos dvti_wire_pos(const dvti_wire *w, const dvti_wire_field *f);

/* One value of a packed list: reads a varint at *at of (data, size); false if it is cut off or
 * longer than 10 bytes. */
bool     dvti_wire_varint(const uint8_t *data, size_t size, size_t *at, uint64_t *out);
uint32_t dvti_wire_u32(const uint8_t *p); /* little endian, any alignment */
uint64_t dvti_wire_u64(const uint8_t *p);

/* Walks a whole message by its descriptor before libprotobuf-c unpacks it (which refuses without
 * saying where): lengths, varints, nesting, wire types of known fields, no zero bytes in
 * strings. Fields that the descriptor lacks are skipped. E_PARSE with byte offset; E_CAPACITY for
 * more
 * than `max_fields` fields (0 = 64 Mi), which bounds what unpacking can allocate. */
DVT_MUST_CHECK dvt_status dvti_wire_check(dvt_ctx *ctx, const char *file, const uint8_t *data,
                                          size_t size, const ProtobufCMessageDescriptor *desc,
                                          uint64_t max_fields);

#endif
