/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_lex.c - words, strings and marks of the text form, with their places.
 *
 * Units     Lines and columns count from 1; a column is a byte.
 * Limits    A word or string has at most DVTI_TEXT_WORD_MAX bytes.
 * Tests     tests/unit/test_graph_text.c, tests/fuzz/fuzz_graph_text.c
 */
#include "graph/graph_text_int.h"

#include <string.h>

bool dvti_text_is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("_./+-", c) != NULL);
}

bool dvti_text_is_keyword(const char *word)
{
    static const char *const keywords[] = {"dvg",  "input", "param", "const", "output",
                                           "none", "node",  "from",  "sha256"};
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (strcmp(keywords[i], word) == 0) return true;
    return false;
}

void dvti_lexer_init(dvti_lexer *lx, dvt_ctx *ctx, const char *file, const char *text, size_t size)
{
    *lx =
        (dvti_lexer){.ctx = ctx, .file = file, .text = text, .size = size, .line = 1, .column = 1};
    dvt_buf_init(&lx->word, ctx, DVTI_TEXT_WORD_MAX);
}

void dvti_lexer_deinit(dvti_lexer *lx) { dvt_buf_deinit(&lx->word); }

static char peek(const dvti_lexer *lx) { return lx->pos < lx->size ? lx->text[lx->pos] : '\0'; }

static void advance(dvti_lexer *lx)
{
    if (lx->text[lx->pos++] == '\n') {
        lx->line++;
        lx->column = 1;
    } else {
        lx->column++;
    }
}

static dvt_pos place(const dvti_lexer *lx)
{
    return (dvt_pos){.file = lx->file, .line = lx->line, .column = lx->column, .offset = lx->pos};
}

static void skip_blank(dvti_lexer *lx)
{
    while (lx->pos < lx->size) {
        char c = peek(lx);
        if (c == '#') {
            while (lx->pos < lx->size && peek(lx) != '\n') advance(lx);
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            advance(lx);
        } else {
            return;
        }
    }
}

/* ---- tokens -------------------------------------------------------------------------------- */

static dvt_status take_char(dvti_lexer *lx, char c)
{
    if (lx->word.len >= DVTI_TEXT_WORD_MAX - 1)
        return dvt_fail(lx->ctx, DVT_E_PARSE, &lx->token.at, "word of more than %d bytes",
                        (int)DVTI_TEXT_WORD_MAX - 1);
    dvt_buf_append(&lx->word, &c, 1);
    return dvt_buf_status(&lx->word);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Behind a backslash: one of " \ n t r xNN. */
static dvt_status take_escape(dvti_lexer *lx)
{
    static const char from[] = "\"\\ntr", to[] = "\"\\\n\t\r";
    dvt_pos           at = place(lx);
    char              c = peek(lx);
    const char       *simple = c ? strchr(from, c) : NULL;

    if (simple) {
        advance(lx);
        return take_char(lx, to[simple - from]);
    }
    if (c == 'x' && lx->pos + 2 < lx->size) {
        int hi = hex_digit(lx->text[lx->pos + 1]), lo = hex_digit(lx->text[lx->pos + 2]);
        if (hi >= 0 && lo >= 0 && (hi | lo) != 0) {
            for (int i = 0; i < 3; i++) advance(lx);
            return take_char(lx, (char)(hi * 16 + lo));
        }
    }
    dvt_status st = dvt_fail(lx->ctx, DVT_E_PARSE, &at, "unknown escape in string");
    dvt_fail_hint(lx->ctx, "allowed are \\\" \\\\ \\n \\t \\r and \\x01..\\xff");
    return st;
}

static dvt_status read_string(dvti_lexer *lx)
{
    dvt_status st = DVT_OK;

    lx->token.kind = DVTI_TOKEN_STRING;
    advance(lx);
    while (st == DVT_OK) {
        if (lx->pos >= lx->size || peek(lx) == '\n' || peek(lx) == '\0')
            return dvt_fail(lx->ctx, DVT_E_PARSE, &lx->token.at,
                            "string is not closed on its line");
        char c = peek(lx);
        advance(lx);
        if (c == '"') break;
        st = c == '\\' ? take_escape(lx) : take_char(lx, c);
    }
    return st;
}

static dvt_status read_word(dvti_lexer *lx)
{
    dvt_status st = DVT_OK;

    lx->token.kind = DVTI_TOKEN_WORD;
    while (st == DVT_OK && lx->pos < lx->size && dvti_text_is_word_char(peek(lx))) {
        st = take_char(lx, peek(lx));
        advance(lx);
    }
    return st;
}

static dvt_status fail_character(dvti_lexer *lx, char c)
{
    dvt_status st;

    if (c > ' ' && c < 0x7f)
        return dvt_fail(lx->ctx, DVT_E_PARSE, &lx->token.at, "unexpected character '%c'", c);
    st = dvt_fail(lx->ctx, DVT_E_PARSE, &lx->token.at, "unexpected byte 0x%02x",
                  (unsigned)(unsigned char)c);
    dvt_fail_hint(lx->ctx, "names with other characters than A-Z a-z 0-9 _ . / + - are quoted");
    return st;
}

dvt_status dvti_lexer_next(dvti_lexer *lx)
{
    dvt_status st = DVT_OK;

    skip_blank(lx);
    dvt_buf_reset(&lx->word);
    lx->token = (dvti_token){.kind = DVTI_TOKEN_END, .at = place(lx), .text = ""};
    if (lx->pos >= lx->size) return DVT_OK;
    char c = peek(lx);
    if (c == '"') {
        st = read_string(lx);
    } else if (dvti_text_is_word_char(c)) {
        st = read_word(lx);
    } else if (c != '\0' && strchr(":,=[]()", c)) {
        lx->token.kind = DVTI_TOKEN_MARK;
        lx->token.mark = c;
        advance(lx);
    } else {
        return fail_character(lx, c);
    }
    if (lx->word.len > 0) lx->token.text = lx->word.data;
    return st;
}

dvt_status dvti_lexer_expected(dvti_lexer *lx, const char *what)
{
    const dvti_token *t = &lx->token;

    switch (t->kind) {
    case DVTI_TOKEN_END:
        return dvt_fail(lx->ctx, DVT_E_PARSE, &t->at, "expected %s, found the end of the text",
                        what);
    case DVTI_TOKEN_MARK:
        return dvt_fail(lx->ctx, DVT_E_PARSE, &t->at, "expected %s, found '%c'", what, t->mark);
    case DVTI_TOKEN_WORD:
    case DVTI_TOKEN_STRING: break;
    }
    return dvt_fail(lx->ctx, DVT_E_PARSE, &t->at, "expected %s, found '%.80s'", what, t->text);
}
