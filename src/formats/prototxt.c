/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prototxt.c - parser of protobuf's text format, without a schema.
 *
 * Grammar   message = { field [","|";"] }
 *           field   = NAME ( [":"] body | ":" scalar | ":" list )
 *           body    = "{" message "}" | "<" message ">"
 *           list    = "[" [ item { "," item } ] "]"      item = scalar | body
 *           scalar  = ["-"] NUMBER | ["-"] NAME | STRING { STRING }
 *           "#" starts a comment to the end of the line. A list of n items is the same as n fields.
 * Idea      One pass by recursive descent over bytes, no token list: the lexer keeps line and
 *           column, so that each field can remember both its own place and that of its value.
 * Invariants
 *           (1) reading stops at `end`: the text needs no terminator;
 *           (2) recursion is bounded by DVTI_PT_MAX_DEPTH, memory by DVTI_PT_MAX_FIELDS.
 * Units     lines and columns from 1; a column is a byte (a tab counts 1).
 * Limits    extension names ("[a.b]: 1") and \u escapes are refused: no model format uses them.
 * Tests     tests/unit/test_prototxt.c, tests/fuzz/fuzz_prototxt.c
 */
#include "formats/prototxt.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct parser {
    dvt_ctx       *ctx;
    dvt_arena     *arena;
    const uint8_t *begin, *p, *end;
    const uint8_t *line_start;
    const char    *file;
    uint32_t       line;
    int32_t        depth;
    int64_t        fields;
} parser;

static dvt_status parse_fields(parser *ps, dvti_pt *msg, uint8_t close);

/* ---- places and characters ----------------------------------------------------------------- */

static dvt_pos here(const parser *ps)
{
    return (dvt_pos){.file = ps->file,
                     .line = ps->line,
                     .column = (uint32_t)(ps->p - ps->line_start) + 1,
                     .offset = (uint64_t)(ps->p - ps->begin)};
}

static bool is_alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

static int hex_digit(uint8_t c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint8_t peek(const parser *ps) { return ps->p < ps->end ? *ps->p : 0; }

static void skip_space(parser *ps)
{
    for (; ps->p < ps->end; ps->p++) {
        if (*ps->p == '\n') {
            ps->line++;
            ps->line_start = ps->p + 1;
        } else if (*ps->p == '#') {
            const uint8_t *eol = memchr(ps->p, '\n', (size_t)(ps->end - ps->p));
            ps->p = (eol ? eol : ps->end) - 1; /* the loop steps onto the line's end */
        } else if (*ps->p != ' ' && *ps->p != '\t' && *ps->p != '\r' && *ps->p != '\v' &&
                   *ps->p != '\f') {
            break;
        }
    }
}

/* "expected X, got Y": Y is a printable character, a byte value or the end of the file. */
static dvt_status expected(parser *ps, const char *what)
{
    dvt_pos at = here(ps);
    uint8_t c = peek(ps);

    if (ps->p >= ps->end) {
        return dvt_fail(ps->ctx, DVT_E_PARSE, &at, "expected %s, but the file ends", what);
    }
    if (c > ' ' && c < 0x7f) {
        return dvt_fail(ps->ctx, DVT_E_PARSE, &at, "expected %s, got '%c'", what, c);
    }
    return dvt_fail(ps->ctx, DVT_E_PARSE, &at, "expected %s, got byte 0x%02x", what, c);
}

/* ---- scalars ------------------------------------------------------------------------------- */

static const char *take_name(parser *ps)
{
    const uint8_t *start = ps->p;

    while (ps->p < ps->end && (is_alpha(*ps->p) || is_digit(*ps->p))) {
        ps->p++;
    }
    return dvt_arena_strndup(ps->arena, (const char *)start, (size_t)(ps->p - start));
}

static bool is_number_char(uint8_t c, uint8_t before)
{
    return is_digit(c) || is_alpha(c) || c == '.' ||
           ((c == '+' || c == '-') && (before == 'e' || before == 'E'));
}

/* Integers (decimal, octal, hexadecimal) that fit int64 are INT, everything else is FLOAT. */
static bool number_value(const char *digits, bool negative, dvti_pt *out)
{
    char *end = NULL;
    bool  hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
    bool  whole = digits[strspn(digits, hex ? "0123456789abcdefABCDEFxX" : "0123456789")] == 0;

    if (whole) {
        errno = 0;
        unsigned long long u = strtoull(digits, &end, 0);
        if (*end || end == digits) {
            return false; /* "08", "0x" */
        }
        bool small = errno == 0 && u <= (unsigned long long)INT64_MAX;
        out->kind = small ? DVTI_PT_INT : DVTI_PT_FLOAT;
        out->f = errno ? strtod(digits, NULL) : (double)u;
        out->f = negative ? -out->f : out->f;
        out->i = small ? (negative ? -(int64_t)u : (int64_t)u) : 0;
        return true;
    }
    if (hex) {
        return false;
    }
    out->kind = DVTI_PT_FLOAT;
    out->f = strtod(digits, &end);
    if (end != digits && (*end == 'f' || *end == 'F')) {
        end++;
    }
    out->f = negative ? -out->f : out->f;
    return end != digits && *end == 0;
}

static dvt_status parse_number(parser *ps, bool negative, dvti_pt *out)
{
    char    digits[64];
    size_t  n = 0;
    uint8_t before = 0;

    while (ps->p < ps->end && n < sizeof digits - 1 && is_number_char(*ps->p, before)) {
        before = *ps->p++;
        digits[n++] = (char)before;
    }
    digits[n] = 0;
    if (n == 0 || n == sizeof digits - 1 || !number_value(digits, negative, out)) {
        return dvt_fail(ps->ctx, DVT_E_PARSE, &out->value_at, "malformed number '%s'", digits);
    }
    return DVT_OK;
}

/* -inf, -nan, -infinity: the only names that a minus may stand before. */
static dvt_status parse_negative(parser *ps, dvti_pt *out)
{
    ps->p++;
    skip_space(ps);
    if (!is_alpha(peek(ps))) {
        return parse_number(ps, true, out);
    }
    const char *name = take_name(ps);
    if (!name) {
        return DVT_E_NOMEM;
    }
    out->kind = DVTI_PT_FLOAT;
    out->f = strcmp(name, "nan") == 0 ? (double)NAN : -(double)INFINITY;
    if (strcmp(name, "nan") != 0 && strcmp(name, "inf") != 0 && strcmp(name, "infinity") != 0) {
        return dvt_fail(ps->ctx, DVT_E_PARSE, &out->value_at, "'-%s' is not a number", name);
    }
    return DVT_OK;
}

/* One escape behind its backslash; -1: there is no such escape. */
static int take_escape(parser *ps)
{
    static const char letters[] = "abfnrtv\\'\"?", bytes[] = "\a\b\f\n\r\t\v\\'\"?";
    uint8_t           c = peek(ps);
    const char       *found = c ? strchr(letters, c) : NULL;
    int               value = 0;

    if (found) {
        ps->p++;
        return (uint8_t)bytes[found - letters];
    }
    if (c >= '0' && c <= '7') {
        for (int n = 0; n < 3 && peek(ps) >= '0' && peek(ps) <= '7'; n++) {
            value = value * 8 + (*ps->p++ - '0');
        }
        return value & 0xff;
    }
    if (c == 'x' || c == 'X') {
        ps->p++;
        if (hex_digit(peek(ps)) < 0) {
            return -1;
        }
        for (int n = 0; n < 2 && hex_digit(peek(ps)) >= 0; n++) {
            value = value * 16 + hex_digit(*ps->p++);
        }
        return value;
    }
    return -1;
}

static dvt_status parse_quoted(parser *ps, dvt_buf *text)
{
    dvt_pos open = here(ps);
    uint8_t quote = *ps->p++;

    while (ps->p < ps->end && *ps->p != quote && *ps->p != '\n') {
        dvt_pos at = here(ps);
        int     c = *ps->p++;

        if (c == '\\' && (c = take_escape(ps)) < 0) {
            return dvt_fail(ps->ctx, DVT_E_PARSE, &at, "unknown escape in a string");
        }
        dvt_buf_append(text, &(char){(char)c}, 1);
    }
    if (peek(ps) != quote || ps->p >= ps->end) {
        return dvt_fail(ps->ctx, DVT_E_PARSE, &open, "a string is not closed on its line");
    }
    ps->p++;
    return dvt_buf_status(text);
}

/* Strings that stand behind one another are one string. */
static dvt_status parse_string(parser *ps, dvti_pt *out)
{
    dvt_status st = DVT_OK;
    dvt_buf    text;

    dvt_buf_init(&text, ps->ctx, DVTI_PT_MAX_BYTES);
    while (st == DVT_OK && (peek(ps) == '"' || peek(ps) == '\'')) {
        st = parse_quoted(ps, &text);
        if (st == DVT_OK) {
            skip_space(ps);
        }
    }
    if (st == DVT_OK) {
        out->kind = DVTI_PT_STRING;
        out->len = text.len;
        char *copy = dvt_arena_calloc(ps->arena, text.len + 1, 1); /* may hold zero bytes */
        if (copy && text.len) {
            memcpy(copy, text.data, text.len);
        }
        out->text = copy;
        st = copy ? DVT_OK : DVT_E_NOMEM;
    }
    dvt_buf_deinit(&text);
    return st;
}

static dvt_status parse_scalar(parser *ps, dvti_pt *out)
{
    uint8_t c = peek(ps);

    if (c == '"' || c == '\'') {
        return parse_string(ps, out);
    }
    if (c == '-') {
        return parse_negative(ps, out);
    }
    if (is_digit(c) || c == '.') {
        return parse_number(ps, false, out);
    }
    if (is_alpha(c)) {
        out->kind = DVTI_PT_IDENT;
        out->text = take_name(ps);
        out->len = out->text ? strlen(out->text) : 0;
        return out->text ? DVT_OK : DVT_E_NOMEM;
    }
    return expected(ps, "a value");
}

/* ---- fields -------------------------------------------------------------------------------- */

dvti_pt *dvti_pt_add(dvt_arena *arena, dvti_pt *parent, const char *name, dvti_pt_kind kind,
                     const dvt_pos *at)
{
    dvti_pt *f = dvt_arena_calloc(arena, 1, sizeof *f);

    if (!f) {
        return NULL;
    }
    f->name = name;
    f->kind = kind;
    f->at = f->value_at = *at;
    if (parent && parent->last) {
        parent->last = parent->last->next = f;
    } else if (parent) {
        parent->first = parent->last = f;
    }
    return f;
}

static dvt_status parse_item(parser *ps, dvti_pt *msg, const char *name, const dvt_pos *at)
{
    if (++ps->fields > DVTI_PT_MAX_FIELDS) {
        return dvt_fail(ps->ctx, DVT_E_CAPACITY, at, "the file has more than %d fields",
                        (int)DVTI_PT_MAX_FIELDS);
    }
    dvti_pt *f = dvti_pt_add(ps->arena, msg, name, DVTI_PT_MESSAGE, at);
    if (!f) {
        return DVT_E_NOMEM;
    }
    f->value_at = here(ps);
    if (peek(ps) != '{' && peek(ps) != '<') {
        return parse_scalar(ps, f);
    }
    uint8_t close = *ps->p++ == '{' ? '}' : '>';
    if (++ps->depth > DVTI_PT_MAX_DEPTH) {
        return dvt_fail(ps->ctx, DVT_E_CAPACITY, at, "messages are nested more than %d deep",
                        (int)DVTI_PT_MAX_DEPTH);
    }
    dvt_status st = parse_fields(ps, f, close);
    ps->depth--;
    return st;
}

static dvt_status parse_list(parser *ps, dvti_pt *msg, const char *name, const dvt_pos *at)
{
    ps->p++; /* [ */
    skip_space(ps);
    if (peek(ps) == ']') {
        ps->p++;
        return DVT_OK;
    }
    for (;;) {
        dvt_status st = parse_item(ps, msg, name, at);
        if (st != DVT_OK) {
            return st;
        }
        skip_space(ps);
        if (peek(ps) == ']') {
            ps->p++;
            return DVT_OK;
        }
        if (peek(ps) != ',') {
            return expected(ps, "',' or ']'");
        }
        ps->p++;
        skip_space(ps);
    }
}

static dvt_status parse_field(parser *ps, dvti_pt *msg)
{
    dvt_pos at = here(ps);

    if (!is_alpha(peek(ps))) {
        return expected(ps, "the name of a field");
    }
    const char *name = take_name(ps);
    if (!name) {
        return DVT_E_NOMEM;
    }
    skip_space(ps);
    bool colon = peek(ps) == ':';
    if (colon) {
        ps->p++;
        skip_space(ps);
    }
    if (!colon && peek(ps) != '{' && peek(ps) != '<') {
        return expected(ps, "':' or '{' behind the name of a field");
    }
    return peek(ps) == '[' ? parse_list(ps, msg, name, &at) : parse_item(ps, msg, name, &at);
}

/* `close` 0: up to the end of the file. */
static dvt_status parse_fields(parser *ps, dvti_pt *msg, uint8_t close)
{
    for (;;) {
        skip_space(ps);
        if (ps->p >= ps->end) {
            if (!close) {
                return DVT_OK;
            }
            dvt_pos at = here(ps);
            return dvt_fail(ps->ctx, DVT_E_PARSE, &at,
                            "the file ends inside message '%s' that began at line %u", msg->name,
                            (unsigned)msg->at.line);
        }
        if (close && *ps->p == close) {
            ps->p++;
            return DVT_OK;
        }
        dvt_status st = parse_field(ps, msg);
        if (st != DVT_OK) {
            return st;
        }
        skip_space(ps);
        if (peek(ps) == ',' || peek(ps) == ';') {
            ps->p++;
        }
    }
}

dvt_status dvti_pt_parse(dvt_ctx *ctx, dvt_arena *arena, const char *file, const uint8_t *text,
                         size_t size, dvti_pt **root)
{
    parser  ps = {.ctx = ctx,
                  .arena = arena,
                  .begin = text,
                  .p = text,
                  .end = text + size,
                  .line_start = text,
                  .file = file,
                  .line = 1};
    dvt_pos start = {.file = file, .line = 1, .column = 1};

    *root = NULL;
    if (size > DVTI_PT_MAX_BYTES) {
        return dvt_fail(ctx, DVT_E_CAPACITY, &start, "the text has %zu bytes, the limit is %d",
                        size, (int)DVTI_PT_MAX_BYTES);
    }
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* byte order mark of UTF-8 */
        ps.p = ps.line_start = text + 3;
    }
    dvti_pt *top = dvti_pt_add(arena, NULL, "", DVTI_PT_MESSAGE, &start);
    if (!top) {
        return DVT_E_NOMEM;
    }
    dvt_status st = parse_fields(&ps, top, 0);
    if (st == DVT_OK) {
        *root = top;
    }
    return st;
}
