/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_place.c - find places in JSON text, for error messages.
 *
 * Idea       A scanner that knows strings and brackets is enough: it looks for a nesting limit
 *            before anybody recurses, and it follows a path of keys and indices through text that
 *            jansson has accepted.
 * Invariants no function reads at or beyond text + size, whether the text is well-formed or not.
 * Limits     a key that is written with escapes is not recognised; its object is named instead.
 * Tests      tests/unit/test_json_util.c
 */
#include "base/json_place.h"

#include <string.h>

typedef struct scanner {
    const char *text;
    size_t      size, at;
} scanner;

/* From the opening quote to behind the closing one. */
static void skip_string(scanner *s)
{
    for (s->at++; s->at < s->size; s->at++) {
        char c = s->text[s->at];
        if (c == '\\') {
            s->at++;
        } else if (c == '"') {
            s->at++;
            return;
        }
    }
    s->at = s->size;
}

size_t dvti_json_find_depth(const char *text, size_t size, uint32_t limit)
{
    scanner  s = {text, size, 0};
    uint32_t depth = 0;

    while (s.at < size) {
        char c = text[s.at];
        if (c == '"') {
            skip_string(&s);
            continue;
        }
        if ((c == '{' || c == '[') && ++depth > limit) {
            return s.at;
        }
        if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
        s.at++;
    }
    return size;
}

dvt_pos dvti_json_pos(const char *name, const char *text, size_t size, size_t offset)
{
    dvt_pos at = {.file = name, .line = 1, .column = 1};

    if (offset > size) {
        offset = size;
    }
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            at.line++;
            at.column = 1;
        } else {
            at.column++;
        }
    }
    at.offset = offset;
    return at;
}

/* ---- following a path ---------------------------------------------------------------------- */

static char peek(const scanner *s) { return s->at < s->size ? s->text[s->at] : '\0'; }

static void skip_blanks(scanner *s)
{
    while (s->at < s->size && strchr(" \t\r\n", s->text[s->at]) && s->text[s->at]) {
        s->at++;
    }
}

static void skip_value(scanner *s)
{
    size_t depth = 0;
    do {
        char c = peek(s);
        if (c == '"') {
            skip_string(s);
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        } else if (depth == 0) { /* a number or a word: up to what ends it */
            while (s->at < s->size && !strchr(",]} \t\r\n", s->text[s->at])) {
                s->at++;
            }
            return;
        }
        s->at++;
    } while (depth > 0 && s->at < s->size);
}

/* From the opening bracket to the member's or element's value. */
static bool enter(scanner *s, const dvti_json *step)
{
    for (size_t i = 0;; i++) {
        s->at++; /* the bracket or a comma */
        skip_blanks(s);
        bool found = !step->key && i == step->index;
        if (step->key && peek(s) == '"') {
            size_t begin = s->at + 1;
            skip_string(s);
            size_t n = s->at - begin - 1;
            found = n == strlen(step->key) && memcmp(s->text + begin, step->key, n) == 0;
            skip_blanks(s);
            s->at++; /* the colon */
            skip_blanks(s);
        }
        if (found) {
            return s->at < s->size;
        }
        skip_value(s);
        skip_blanks(s);
        if (peek(s) != ',') {
            return false;
        }
    }
}

size_t dvti_json_find(const dvti_json *v)
{
    const dvti_json *chain[DVTI_JSON_MAX_DEPTH + 1];
    size_t           n = 0;
    scanner          s = {v->doc->text, v->doc->size, 0};

    for (; v->parent && n < DVTI_JSON_MAX_DEPTH + 1; v = v->parent) {
        chain[n++] = v;
    }
    skip_blanks(&s);
    size_t found = s.at;
    while (n-- > 0 && enter(&s, chain[n])) {
        found = s.at;
    }
    return found;
}
