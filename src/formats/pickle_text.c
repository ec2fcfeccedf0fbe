/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickle_text.c - the arguments of protocol 0, which are lines of text, and texts with escapes.
 *
 * Idea       numbers are checked letter by letter before the library's parsers see them; escapes
 *            are decoded into the pickle's arena.
 * Tests      tests/unit/test_pickle.c
 */
#include "formats/pickle_int.h"

#include <math.h>
#include <string.h>

enum { NUMBER_MAX = 64 };

/* The line as a text of at most NUMBER_MAX - 1 letters. */
static bool number_line(dvti_pickle *p, char out[NUMBER_MAX])
{
    const char *text;
    size_t      size;

    if (!dvti_pickle_line(p, &text, &size)) {
        return false;
    }
    if (size >= NUMBER_MAX || memchr(text, '\0', size)) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "this line is no number");
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

static bool all_digits(const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');
    return *digits && strspn(digits, "0123456789") == strlen(digits);
}

bool dvti_pickle_read_int(dvti_pickle *p, bool is_long)
{
    char               text[NUMBER_MAX];
    int64_t            v = 0;
    dvti_pickle_value *out;

    if (!number_line(p, text)) {
        return false;
    }
    const bool boolean = !is_long && (strcmp(text, "00") == 0 || strcmp(text, "01") == 0);
    size_t     n = strlen(text);
    if (is_long && n && text[n - 1] == 'L') {
        text[n - 1] = '\0';
    }
    if (!dvt_parse_i64(text, &v)) {
        return all_digits(text)
                   ? dvti_pickle_fail(p, DVT_E_UNSUPPORTED, "an integer of more than 64 bits")
                   : dvti_pickle_fail(p, DVT_E_PARSE, "'%.30s' is no integer", text);
    }
    out = dvti_pickle_push(p, boolean ? DVTI_PICKLE_BOOL : DVTI_PICKLE_INT);
    if (out) {
        out->i = v;
    }
    return out != NULL;
}

bool dvti_pickle_read_float(dvti_pickle *p)
{
    char               text[NUMBER_MAX];
    double             v = 0;
    dvti_pickle_value *out;

    if (!number_line(p, text)) {
        return false;
    }
    if (strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0) {
        v = text[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    } else if (strcmp(text, "nan") == 0) {
        v = (double)NAN;
    } else if (strchr(text, '/') || !dvt_parse_f64(text, &v)) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "'%.30s' is no number", text);
    }
    out = dvti_pickle_push(p, DVTI_PICKLE_FLOAT);
    if (out) {
        out->f = v;
    }
    return out != NULL;
}

bool dvti_pickle_read_index(dvti_pickle *p, uint64_t *out)
{
    char text[NUMBER_MAX];

    return number_line(p, text) &&
           (dvt_parse_u64(text, out) ||
            dvti_pickle_fail(p, DVT_E_PARSE, "'%.30s' is no memo index", text));
}

bool dvti_pickle_push_text(dvti_pickle *p, const uint8_t *text, uint64_t size)
{
    bool ascii = true;

    for (uint64_t i = 0; i < size; i++) {
        ascii &= text[i] < 0x80;
    }
    return dvti_pickle_push_bytes(p, ascii ? DVTI_PICKLE_TEXT : DVTI_PICKLE_BYTES, text, size);
}

/* ---- escapes ------------------------------------------------------------------------------- */

static int hex(uint8_t ch)
{
    return ch >= '0' && ch <= '9'   ? ch - '0'
           : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10
           : ch >= 'A' && ch <= 'F' ? ch - 'A' + 10
                                    : -1;
}

static bool hex_number(const uint8_t *text, size_t size, size_t digits, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < digits; i++) {
        const int d = i < size ? hex(text[i]) : -1;
        if (d < 0) {
            return false;
        }
        *out = *out << 4 | (uint32_t)d;
    }
    return true;
}

static size_t put_utf8(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 63));
        out[2] = (uint8_t)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 63));
    out[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}

/* Letters 0..255 and \uXXXX, \UXXXXXXXX; never longer than twice the line. */
bool dvti_pickle_read_unicode(dvti_pickle *p)
{
    const char *line;
    size_t      size, n = 0;

    if (!dvti_pickle_line(p, &line, &size)) {
        return false;
    }
    const uint8_t *in = (const uint8_t *)line;
    uint8_t       *out = dvt_arena_calloc(p->arena, 2 * size + 4, 1);
    if (!out) {
        p->status = DVT_E_NOMEM;
        return false;
    }
    for (size_t i = 0; i < size;) {
        const bool escape = in[i] == '\\' && i + 1 < size && (in[i + 1] == 'u' || in[i + 1] == 'U');
        const size_t digits = escape && in[i + 1] == 'U' ? 8 : 4;
        uint32_t     c = in[i];
        if (escape && (!hex_number(in + i + 2, size - i - 2, digits, &c) || c > 0x10ffff)) {
            return dvti_pickle_fail(p, DVT_E_PARSE, "a text with a broken escape");
        }
        i += escape ? digits + 2 : 1;
        n += put_utf8(out + n, c);
    }
    return dvti_pickle_push_bytes(p, DVTI_PICKLE_TEXT, out, n);
}

/* One letter of a quoted string at in[*i]; false for a broken escape. */
static bool unescape(const uint8_t *in, size_t size, size_t *i, uint8_t *out)
{
    static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
    uint32_t          c;

    if (in[*i] != '\\') {
        *out = in[(*i)++];
        return true;
    }
    const uint8_t what = *i + 1 < size ? in[*i + 1] : 0;
    const char   *known = what ? strchr(from, what) : NULL;
    if (known) {
        *out = (uint8_t)to[known - from];
        *i += 2;
        return true;
    }
    if (what == 'x' && hex_number(in + *i + 2, size - *i - 2, 2, &c)) {
        *out = (uint8_t)c;
        *i += 4;
        return true;
    }
    return false;
}

bool dvti_pickle_read_string(dvti_pickle *p)
{
    const char *line;
    size_t      size, n = 0;

    if (!dvti_pickle_line(p, &line, &size)) {
        return false;
    }
    const uint8_t *in = (const uint8_t *)line;
    if (size < 2 || (in[0] != '\'' && in[0] != '"') || in[size - 1] != in[0]) {
        return dvti_pickle_fail(p, DVT_E_PARSE, "a string without its quotes");
    }
    uint8_t *out = dvt_arena_calloc(p->arena, size, 1);
    if (!out) {
        p->status = DVT_E_NOMEM;
        return false;
    }
    for (size_t i = 1; i < size - 1;) {
        if (!unescape(in, size - 1, &i, out + n++)) {
            return dvti_pickle_fail(p, DVT_E_PARSE, "a string with a broken escape");
        }
    }
    return dvti_pickle_push_text(p, out, n);
}
