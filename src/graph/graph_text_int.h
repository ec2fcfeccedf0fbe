/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_text_int.h - what printer and parser of the text form agree on (docs/graph-text.md).
 *
 * Idea      Five punctuation marks, quoted strings, and words: a word is a run of letters, digits
 *           and _ . / + -, and serves as name, number and keyword alike; where it stands says
 *           which. A name that is a keyword or holds other characters is quoted.
 */
#ifndef DOVETAIL_SRC_GRAPH_TEXT_INT_H
#define DOVETAIL_SRC_GRAPH_TEXT_INT_H

#include "graph/graph_int.h"

enum { DVTI_TEXT_VERSION = 1, DVTI_TEXT_WORD_MAX = 8192 /* bytes of a word or string */ };

typedef enum dvti_token_kind {
    DVTI_TOKEN_END,
    DVTI_TOKEN_WORD,
    DVTI_TOKEN_STRING,
    DVTI_TOKEN_MARK /* one of : , = [ ] ( ) */
} dvti_token_kind;

typedef struct dvti_token {
    dvti_token_kind kind;
    char            mark; /* of DVTI_TOKEN_MARK */
    dvt_pos         at;
    const char *text; /* NUL-terminated, unescaped; in the lexer's buffer until the next token */
} dvti_token;

typedef struct dvti_lexer {
    dvt_ctx    *ctx;
    const char *file, *text;
    size_t      size, pos;
    uint32_t    line, column;
    dvt_buf     word;
    dvti_token  token; /* the current one */
} dvti_lexer;

void dvti_lexer_init(dvti_lexer *lx, dvt_ctx *ctx, const char *file, const char *text, size_t size);
void dvti_lexer_deinit(dvti_lexer *lx);
/* Reads the next token into lx->token. E_PARSE. */
DVT_MUST_CHECK dvt_status dvti_lexer_next(dvti_lexer *lx);
/* E_PARSE "expected <what>, found <token>" at the current token. */
dvt_status dvti_lexer_expected(dvti_lexer *lx, const char *what);

bool dvti_text_is_word_char(char c);
bool dvti_text_is_keyword(const char *word);

#endif
