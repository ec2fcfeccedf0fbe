/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_writer.c - JSON text straight into a buffer.
 *
 * Idea       One flag says whether a comma is due, so no stack is needed: closing a level leaves
 *            the outer level non-empty by definition.
 * Invariants the output is valid JSON and UTF-8 if calls are balanced, whatever the strings hold.
 * Tests      tests/unit/test_json_util.c
 */
#include "base/json_util.h"

#include "base/text_util.h"

#include <assert.h>
#include <math.h>
#include <string.h>

dvti_json_writer dvti_json_writer_make(dvt_buf *buf, uint32_t indent)
{
    return (dvti_json_writer){.buf = buf, .indent = indent, .first = true};
}

/* ---- separators ---------------------------------------------------------------------------- */

static void new_line(dvti_json_writer *w)
{
    if (w->indent > 0) {
        dvt_buf_printf(w->buf, "\n%*s", (int)(w->indent * w->depth), "");
    }
}

/* What must stand before a value or a key. */
static void separate(dvti_json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (!w->first) {
        dvt_buf_append(w->buf, ",", 1);
    }
    if (w->depth > 0) {
        new_line(w);
    }
    w->first = false;
}

static void open_level(dvti_json_writer *w, const char *bracket)
{
    separate(w);
    dvt_buf_puts(w->buf, bracket);
    w->depth++;
    w->first = true;
}

static void close_level(dvti_json_writer *w, const char *bracket)
{
    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    if (!w->first) {
        new_line(w);
    }
    dvt_buf_puts(w->buf, bracket);
    w->first = false;
}

void dvti_json_open_object(dvti_json_writer *w) { open_level(w, "{"); }
void dvti_json_close_object(dvti_json_writer *w) { close_level(w, "}"); }
void dvti_json_open_array(dvti_json_writer *w) { open_level(w, "["); }
void dvti_json_close_array(dvti_json_writer *w) { close_level(w, "]"); }

/* ---- strings ------------------------------------------------------------------------------- */

/* Bytes of the UTF-8 letter at `p`, or 0 if there is no well-formed one (overlong forms,
 * surrogates and values above U+10FFFF are not). `p` is NUL-terminated. */
static size_t utf8_length(const unsigned char *p)
{
    unsigned char c = p[0];
    size_t        n = c < 0x80                 ? 1
                      : c >= 0xC2 && c <= 0xDF ? 2
                      : c >= 0xE0 && c <= 0xEF ? 3
                      : c >= 0xF0 && c <= 0xF4 ? 4
                                               : 0;

    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool bad = (c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F) ||
               (c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F);
    return bad ? 0 : n;
}

static void write_escaped(dvt_buf *b, unsigned char c)
{
    static const char FROM[] = "\"\\\b\f\n\r\t", TO[] = "\"\\bfnrt";
    const char       *at = strchr(FROM, c);
    if (at) {
        dvt_buf_printf(b, "\\%c", TO[at - FROM]);
    } else {
        dvt_buf_printf(b, "\\u%04x", (unsigned)c);
    }
}

static void write_string(dvt_buf *b, const char *s)
{
    const unsigned char *p = (const unsigned char *)s, *plain = p; /* not yet copied */

    dvt_buf_append(b, "\"", 1);
    while (*p) {
        size_t n = utf8_length(p);
        bool   escape = *p < 0x20 || *p == '"' || *p == '\\';
        if (n > 0 && !escape) {
            p += n;
            continue;
        }
        dvt_buf_append(b, plain, (size_t)(p - plain));
        if (escape) {
            write_escaped(b, *p);
        } else {
            dvt_buf_puts(b, "\\ufffd");
        }
        plain = ++p;
    }
    dvt_buf_append(b, plain, (size_t)(p - plain));
    dvt_buf_append(b, "\"", 1);
}

/* ---- values -------------------------------------------------------------------------------- */

void dvti_json_key(dvti_json_writer *w, const char *key)
{
    assert(!w->after_key);
    separate(w);
    write_string(w->buf, key);
    dvt_buf_puts(w->buf, w->indent > 0 ? ": " : ":");
    w->after_key = true;
}

void dvti_json_null(dvti_json_writer *w)
{
    separate(w);
    dvt_buf_puts(w->buf, "null");
}

void dvti_json_string(dvti_json_writer *w, const char *s)
{
    if (!s) {
        dvti_json_null(w);
        return;
    }
    separate(w);
    write_string(w->buf, s);
}

void dvti_json_i64(dvti_json_writer *w, int64_t v)
{
    separate(w);
    dvt_buf_printf(w->buf, "%lld", (long long)v);
}

void dvti_json_u64(dvti_json_writer *w, uint64_t v)
{
    separate(w);
    dvt_buf_printf(w->buf, "%llu", (unsigned long long)v);
}

void dvti_json_f64(dvti_json_writer *w, double v)
{
    char text[DVTI_F64_TEXT];

    if (!isfinite(v)) {
        dvti_json_null(w);
        return;
    }
    separate(w);
    dvt_buf_puts(w->buf, dvti_f64_text(v, text));
}

void dvti_json_bool(dvti_json_writer *w, bool v)
{
    separate(w);
    dvt_buf_puts(w->buf, v ? "true" : "false");
}

static void write_object(dvti_json_writer *w, const json_t *v)
{
    const char *key = NULL;
    json_t     *member = NULL;

    dvti_json_open_object(w);
    json_object_foreach((json_t *)(uintptr_t)v, key, member)
    {
        dvti_json_key(w, key);
        dvti_json_value(w, member);
    }
    dvti_json_close_object(w);
}

static void write_array(dvti_json_writer *w, const json_t *v)
{
    dvti_json_open_array(w);
    for (size_t i = 0; i < json_array_size(v); i++) {
        dvti_json_value(w, json_array_get(v, i));
    }
    dvti_json_close_array(w);
}

void dvti_json_value(dvti_json_writer *w, const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_OBJECT: write_object(w, v); break;
    case JSON_ARRAY: write_array(w, v); break;
    case JSON_STRING: dvti_json_string(w, json_string_value(v)); break;
    case JSON_INTEGER: dvti_json_i64(w, json_integer_value(v)); break;
    case JSON_REAL: dvti_json_f64(w, json_real_value(v)); break;
    case JSON_TRUE: dvti_json_bool(w, true); break;
    case JSON_FALSE: dvti_json_bool(w, false); break;
    case JSON_NULL: dvti_json_null(w); break;
    }
}

void dvti_json_put_string(dvti_json_writer *w, const char *key, const char *s)
{
    dvti_json_key(w, key);
    dvti_json_string(w, s);
}

void dvti_json_put_i64(dvti_json_writer *w, const char *key, int64_t v)
{
    dvti_json_key(w, key);
    dvti_json_i64(w, v);
}

void dvti_json_put_u64(dvti_json_writer *w, const char *key, uint64_t v)
{
    dvti_json_key(w, key);
    dvti_json_u64(w, v);
}

void dvti_json_put_f64(dvti_json_writer *w, const char *key, double v)
{
    dvti_json_key(w, key);
    dvti_json_f64(w, v);
}

void dvti_json_put_bool(dvti_json_writer *w, const char *key, bool v)
{
    dvti_json_key(w, key);
    dvti_json_bool(w, v);
}
