/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_util.h - JSON in with precise errors, JSON out without building trees. Over jansson.
 *
 * Reading    A document is parsed once; views (`dvti_json`) walk it. A view knows its parent, so
 *            that an error can name the place both ways:
 *                net.json:12:18  "array.c_vec: expected integer 1..1024, got 0"
 *            Views are plain values on the caller's stack; a view must not outlive the view it was
 *            taken from, nor the document.
 * Absent     With DVTI_JSON_OPTIONAL an absent key leaves *out as it was (the caller's default),
 *            and a child view gets value NULL; with DVTI_JSON_REQUIRED it is an error.
 * Errors     DVT_E_PARSE for malformed text, wrong types, ranges, unknown and missing keys;
 *            DVT_E_CAPACITY above the limits; DVT_E_NOMEM.
 * Limits     DVTI_JSON_MAX_BYTES, DVTI_JSON_MAX_DEPTH; integers of 64 bits; duplicate keys are
 *            refused. jansson's nodes are not counted in the context's memory.
 * Writing    Functions append to a dvt_buf whose status is checked once at the end.
 * Example
 *     dvti_json_doc doc;
 *     if ((st = dvti_json_load(ctx, path, &doc)) != DVT_OK) goto done;
 *     dvti_json root = dvti_json_root(&doc), array;
 *     if ((st = dvti_json_get_object(&root, "array", DVTI_JSON_REQUIRED, &array)) != DVT_OK ||
 *         (st = dvti_json_get_i64(&array, "c_vec", DVTI_JSON_REQUIRED, 1, 1024, &c)) != DVT_OK)
 *         goto done;
 */
#ifndef DVTI_JSON_UTIL_H
#define DVTI_JSON_UTIL_H

#include "dovetail/base.h"

#include <jansson.h>

enum { DVTI_JSON_MAX_BYTES = 256 << 20, DVTI_JSON_MAX_DEPTH = 64 };

typedef enum dvti_json_need { DVTI_JSON_OPTIONAL, DVTI_JSON_REQUIRED } dvti_json_need;

typedef struct dvti_json_doc {
    dvt_ctx    *ctx;
    const char *name; /* for errors; borrowed; NULL = none */
    const char *text; /* borrowed, or in `blob` */
    size_t      size; /* bytes */
    dvt_blob    blob;
    json_t     *root;
} dvti_json_doc;

typedef struct dvti_json {
    const dvti_json_doc    *doc;
    const json_t           *value; /* borrowed; NULL = absent */
    const struct dvti_json *parent;
    const char             *key;   /* in the parent; NULL = an array element, or the root */
    size_t                  index; /* in a parent array */
} dvti_json;

/* ---- documents ----------------------------------------------------------------------------- */

/* Parses `size` bytes that stay the caller's and must outlive the document. The root is an object
 * or an array. On failure *out is a document that deinit accepts. */
DVT_MUST_CHECK dvt_status dvti_json_parse(dvt_ctx *ctx, const char *name, const char *text,
                                          size_t size, dvti_json_doc *out);
/* The same for a file ("-": standard input), whose text the document owns. */
DVT_MUST_CHECK dvt_status dvti_json_load(dvt_ctx *ctx, const char *path, dvti_json_doc *out);
void                      dvti_json_doc_deinit(dvti_json_doc *doc);
dvti_json                 dvti_json_root(const dvti_json_doc *doc);

/* ---- members of an object ------------------------------------------------------------------ */

DVT_MUST_CHECK dvt_status dvti_json_get_object(const dvti_json *o, const char *key,
                                               dvti_json_need need, dvti_json *out);
DVT_MUST_CHECK dvt_status dvti_json_get_array(const dvti_json *o, const char *key,
                                              dvti_json_need need, dvti_json *out);
DVT_MUST_CHECK dvt_status dvti_json_get_any(const dvti_json *o, const char *key,
                                            dvti_json_need need, dvti_json *out);
DVT_MUST_CHECK dvt_status dvti_json_get_i64(const dvti_json *o, const char *key,
                                            dvti_json_need need, int64_t min, int64_t max,
                                            int64_t *out);
DVT_MUST_CHECK dvt_status dvti_json_get_u32(const dvti_json *o, const char *key,
                                            dvti_json_need need, uint32_t min, uint32_t max,
                                            uint32_t *out);
/* Any finite JSON number in [min, max]. */
DVT_MUST_CHECK dvt_status dvti_json_get_f64(const dvti_json *o, const char *key,
                                            dvti_json_need need, double min, double max,
                                            double *out);
DVT_MUST_CHECK dvt_status dvti_json_get_bool(const dvti_json *o, const char *key,
                                             dvti_json_need need, bool *out);
/* Borrowed from the document. */
DVT_MUST_CHECK dvt_status dvti_json_get_string(const dvti_json *o, const char *key,
                                               dvti_json_need need, const char **out);
/* A string that is one of `names`; *out is its index. */
DVT_MUST_CHECK dvt_status dvti_json_get_enum(const dvti_json *o, const char *key,
                                             dvti_json_need need, const char *const *names,
                                             size_t count, size_t *out);
/* Refuses members that are not in `keys`, naming the nearest. */
DVT_MUST_CHECK dvt_status dvti_json_check_keys(const dvti_json *o, const char *const *keys,
                                               size_t count);

/* ---- values, as array elements are --------------------------------------------------------- */

size_t    dvti_json_count(const dvti_json *array); /* 0 if absent */
dvti_json dvti_json_at(const dvti_json *array, size_t index);

DVT_MUST_CHECK dvt_status dvti_json_as_i64(const dvti_json *v, int64_t min, int64_t max,
                                           int64_t *out);
DVT_MUST_CHECK dvt_status dvti_json_as_f64(const dvti_json *v, double min, double max, double *out);
DVT_MUST_CHECK dvt_status dvti_json_as_bool(const dvti_json *v, bool *out);
DVT_MUST_CHECK dvt_status dvti_json_as_string(const dvti_json *v, const char **out);
DVT_MUST_CHECK dvt_status dvti_json_as_enum(const dvti_json *v, const char *const *names,
                                            size_t count, size_t *out);
DVT_MUST_CHECK dvt_status dvti_json_as_object(const dvti_json *v);
DVT_MUST_CHECK dvt_status dvti_json_as_array(const dvti_json *v);

/* Raises `status` at the place of `v` with its path before the message: for checks of meaning. */
dvt_status dvti_json_fail(const dvti_json *v, dvt_status status, const char *fmt, ...)
    DVT_PRINTF(3, 4);

/* ---- writing ------------------------------------------------------------------------------- */

typedef struct dvti_json_writer {
    dvt_buf *buf;
    uint32_t indent; /* blanks a level; 0 = all on one line */
    uint32_t depth;
    bool     first;     /* nothing written yet at this level */
    bool     after_key; /* the next value belongs to a key */
} dvti_json_writer;

dvti_json_writer dvti_json_writer_make(dvt_buf *buf, uint32_t indent);
void             dvti_json_open_object(dvti_json_writer *w);
void             dvti_json_close_object(dvti_json_writer *w);
void             dvti_json_open_array(dvti_json_writer *w);
void             dvti_json_close_array(dvti_json_writer *w);
void             dvti_json_key(dvti_json_writer *w, const char *key);
/* Bytes that are not UTF-8 become U+FFFD, so that the text is JSON whatever a model is named.
 * NULL is written as null. */
void dvti_json_string(dvti_json_writer *w, const char *s);
void dvti_json_i64(dvti_json_writer *w, int64_t v);
void dvti_json_u64(dvti_json_writer *w, uint64_t v);
void dvti_json_f64(dvti_json_writer *w, double v); /* not finite: null, JSON has no other word */
void dvti_json_bool(dvti_json_writer *w, bool v);
void dvti_json_null(dvti_json_writer *w);
void dvti_json_value(dvti_json_writer *w, const json_t *v); /* a parsed tree, key order kept */

/* Key and value in one call. */
void dvti_json_put_string(dvti_json_writer *w, const char *key, const char *s);
void dvti_json_put_i64(dvti_json_writer *w, const char *key, int64_t v);
void dvti_json_put_u64(dvti_json_writer *w, const char *key, uint64_t v);
void dvti_json_put_f64(dvti_json_writer *w, const char *key, double v);
void dvti_json_put_bool(dvti_json_writer *w, const char *key, bool v);

#endif
