/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prototxt.h - protobuf's text format as a tree in which every field knows its line and column.
 *
 * Idea       The parser knows the grammar and no schema; a reader asks a message for the fields it
 *            understands. Each answer marks the field as used, so that in the end the fields that
 *            nobody asked for are exactly those that were not understood, and can be reported
 *            instead of ignored.
 * Ownership  Nodes and texts live in the arena given to dvti_pt_parse; nothing points into the
 *            input text. The file name is borrowed.
 * Errors     Getters keep the first failure in the reader and in its context and then answer with
 *            the default, so that a caller reads all fields and checks `r->status` once.
 *
 *     dvti_pt_reader r = {ctx, DVT_OK};
 *     dvti_pt *p = dvti_pt_message(&r, layer, "pooling_param");       (NULL: not there)
 *     int64_t pad = dvti_pt_i64(&r, p, "pad", 0, 0, INT32_MAX);       (p NULL: the default)
 *     if (r.status != DVT_OK) ...
 */
#ifndef FORMATS_PROTOTXT_H
#define FORMATS_PROTOTXT_H

#include "dovetail/base.h"

enum {
    DVTI_PT_MAX_DEPTH = 64,       /* nested messages */
    DVTI_PT_MAX_FIELDS = 2 << 20, /* of a file */
    DVTI_PT_MAX_BYTES = 128 << 20 /* of a text */
};

typedef enum dvti_pt_kind {
    DVTI_PT_MESSAGE,
    DVTI_PT_STRING, /* text, len: escapes resolved; NUL-terminated, may hold NULs */
    DVTI_PT_INT,    /* i, and f as well */
    DVTI_PT_FLOAT,  /* f */
    DVTI_PT_IDENT,  /* text: enum value, true, inf, ... */
    DVTI_PT_SPAN    /* data, len: payload of a binary field that is not looked into */
} dvti_pt_kind;

typedef struct dvti_pt dvti_pt;
struct dvti_pt {
    const char    *name; /* of the field; "" for the root */
    dvti_pt_kind   kind;
    bool           used;
    dvt_pos        at;       /* of the field's name; binary files: offset, line 0 */
    dvt_pos        value_at; /* of its value */
    const char    *text;
    const uint8_t *data; /* SPAN: borrowed from the file's bytes */
    size_t         len;
    int64_t        i;
    double         f;
    dvti_pt       *first, *last; /* fields of a message, in file order */
    dvti_pt       *next;
};

/* Parses a whole text. E_PARSE with line and column; E_CAPACITY above the limits. */
DVT_MUST_CHECK dvt_status dvti_pt_parse(dvt_ctx *ctx, dvt_arena *arena, const char *file,
                                        const uint8_t *text, size_t size, dvti_pt **root);

/* Appends a new field to `parent` (NULL: makes a root); for readers of binary files and for
 * upgrades of old forms. `name` is borrowed. NULL raises E_NOMEM. */
dvti_pt *dvti_pt_add(dvt_arena *arena, dvti_pt *parent, const char *name, dvti_pt_kind kind,
                     const dvt_pos *at);

/* ---- getters ------------------------------------------------------------------------------- */

typedef struct dvti_pt_reader {
    dvt_ctx   *ctx;
    dvt_status status; /* the first failure */
} dvti_pt_reader;

/* The first field `name` of `msg` (NULL: none); does not mark it. */
dvti_pt *dvti_pt_find(const dvti_pt *msg, const char *name);
/* The next field after `f` with the same name, or NULL. */
dvti_pt *dvti_pt_more(const dvti_pt *f);
int64_t  dvti_pt_count(const dvti_pt *msg, const char *name);

/* One optional field. Given twice, of another kind or out of [min, max]: E_PARSE at its place.
 * `msg` may be NULL. */
int64_t     dvti_pt_i64(dvti_pt_reader *r, dvti_pt *msg, const char *name, int64_t otherwise,
                        int64_t min, int64_t max);
double      dvti_pt_f64(dvti_pt_reader *r, dvti_pt *msg, const char *name, double otherwise);
float       dvti_pt_f32(dvti_pt_reader *r, dvti_pt *msg, const char *name, float otherwise);
bool        dvti_pt_bool(dvti_pt_reader *r, dvti_pt *msg, const char *name, bool otherwise);
const char *dvti_pt_string(dvti_pt_reader *r, dvti_pt *msg, const char *name,
                           const char *otherwise);
dvti_pt    *dvti_pt_message(dvti_pt_reader *r, dvti_pt *msg, const char *name);
/* An enum by name or number; names[i] stands for the number i, NULL for a gap. */
int32_t dvti_pt_enum(dvti_pt_reader *r, dvti_pt *msg, const char *name, const char *const *names,
                     int32_t count, int32_t otherwise);

/* A repeated number: writes up to `max_count` values, more are E_UNSUPPORTED. Returns how many. */
int32_t dvti_pt_i64s(dvti_pt_reader *r, dvti_pt *msg, const char *name, int64_t min, int64_t max,
                     int64_t *out, int32_t max_count);
int32_t dvti_pt_f32s(dvti_pt_reader *r, dvti_pt *msg, const char *name, float *out,
                     int32_t max_count);

/* The text of one string field that was found by hand (E_PARSE if it is not one); marks it. */
const char *dvti_pt_text(dvti_pt_reader *r, dvti_pt *f);

/* Marks every field `name` of `msg` as understood. */
void dvti_pt_mark(dvti_pt *msg, const char *name);

#endif
