/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choice_text.h - points written as "name=value,name=value,...": all choices of a part, in order.
 */
#ifndef DVTI_CHOICE_TEXT_H
#define DVTI_CHOICE_TEXT_H

#include "space/space_int.h"

enum { DVTI_CHOICE_VALUE = 32 }; /* characters of a value, with the NUL */

typedef struct dvti_choice_text {
    const char *what; /* "accelerator": named in errors */
    const char *form; /* an example of the whole text, for hints */
    int32_t     count;
    const char *(*name)(int32_t i);
    uint32_t (*values)(int32_t i);
    /* The text of value `digit` of choice i. */
    void (*value)(int32_t i, uint32_t digit, char out[DVTI_CHOICE_VALUE]);
} dvti_choice_text;

void dvti_choice_print(const dvti_choice_text *t, const uint32_t *v, dvt_buf *out);
/* E_PARSE with the column; E_NOTFOUND with all values of a choice that has not the one given. */
DVT_MUST_CHECK dvt_status dvti_choice_parse(const dvti_choice_text *t, dvt_ctx *ctx,
                                            const char *text, uint32_t *out);

#endif
