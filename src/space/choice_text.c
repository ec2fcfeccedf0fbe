/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choice_text.c - see choice_text.h.
 *
 * Limits     Values are compared as they are printed: "08" is no value of a choice that has 8.
 * Tests      tests/unit/test_space.c, tests/unit/test_space_overlays.c
 */
#include "space/choice_text.h"

#include <string.h>

#include "base/text_util.h"

enum { VALUES_TEXT = 96, VALUES_MAX = 64 };

void dvti_choice_print(const dvti_choice_text *t, const uint32_t *v, dvt_buf *out)
{
    for (int32_t i = 0; i < t->count; i++) {
        char value[DVTI_CHOICE_VALUE];
        t->value(i, v[i], value);
        dvt_buf_printf(out, "%s%s=%s", i ? "," : "", t->name(i), value);
    }
}

static dvt_status fail_value(const dvti_choice_text *t, dvt_ctx *ctx, int32_t i, const char *value,
                             size_t size)
{
    char        text[VALUES_MAX][DVTI_CHOICE_VALUE], all[VALUES_TEXT], word[DVTI_CHOICE_VALUE] = "";
    const char *words[VALUES_MAX];
    uint32_t    count = t->values(i) < VALUES_MAX ? t->values(i) : VALUES_MAX;

    for (uint32_t d = 0; d < count; d++) {
        t->value(i, d, text[d]);
        words[d] = text[d];
    }
    dvti_join(all, sizeof all, words, count);
    memcpy(word, value, size < sizeof word ? size : sizeof word - 1);
    return dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "%s is one of %s, not '%s'", t->name(i), all, word);
}

static dvt_status parse_value(const dvti_choice_text *t, dvt_ctx *ctx, int32_t i, const char *text,
                              size_t size, uint32_t *out)
{
    for (*out = 0; *out < t->values(i); ++*out) {
        char value[DVTI_CHOICE_VALUE];
        t->value(i, *out, value);
        if (strlen(value) == size && memcmp(value, text, size) == 0) {
            return DVT_OK;
        }
    }
    return fail_value(t, ctx, i, text, size);
}

dvt_status dvti_choice_parse(const dvti_choice_text *t, dvt_ctx *ctx, const char *text,
                             uint32_t *out)
{
    const char *at = text;
    dvt_pos     pos = {.file = t->what, .line = 1};

    for (int32_t i = 0; i < t->count; i++) {
        size_t     name = strlen(t->name(i)), size;
        dvt_status st;
        at += i > 0 && *at == ',';
        pos.column = (uint32_t)(at - text) + 1;
        if (strncmp(at, t->name(i), name) != 0 || at[name] != '=') {
            dvt_fail(ctx, DVT_E_PARSE, &pos, "expected '%s=' at column %u of the %s", t->name(i),
                     (unsigned)pos.column, t->what);
            dvt_fail_hint(ctx, "the form is %s", t->form);
            return DVT_E_PARSE;
        }
        at += name + 1;
        size = strcspn(at, ",");
        st = parse_value(t, ctx, i, at, size, &out[i]);
        if (st != DVT_OK) {
            return st;
        }
        at += size;
    }
    pos.column = (uint32_t)(at - text) + 1;
    return *at ? dvt_fail(ctx, DVT_E_PARSE, &pos, "expected the end at column %u of the %s",
                          (unsigned)pos.column, t->what)
               : DVT_OK;
}
