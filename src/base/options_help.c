/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_help.c - the options part of a help page.
 *
 * Idea       Name and value on the left, the sentence with range and default on the right, wrapped
 *            at 80 columns; all from the table, so that help and parser cannot drift.
 * Tests      tests/unit/test_options.c
 */
#include "base/base_int.h"
#include "base/options_int.h"

#include <math.h>
#include <string.h>

enum { TEXT_COLUMN = 30, LINE_WIDTH = 80, SENTENCE_MAX = 640 };

/* Writes `text` from column TEXT_COLUMN on, breaking at blanks. */
static void write_wrapped(dvt_buf *out, const char *text)
{
    size_t column = TEXT_COLUMN;

    while (*text) {
        size_t word = strcspn(text, " ");
        if (column > TEXT_COLUMN && column + 1 + word > LINE_WIDTH) {
            dvt_buf_printf(out, "\n%*s", TEXT_COLUMN, "");
            column = TEXT_COLUMN;
        } else if (column > TEXT_COLUMN) {
            dvt_buf_puts(out, " ");
            column++;
        }
        dvt_buf_append(out, text, word);
        column += word;
        text += word;
        text += strspn(text, " ");
    }
    dvt_buf_puts(out, "\n");
}

static void write_row(dvt_buf *out, const char *left, const char *right)
{
    size_t n = strlen(left);

    dvt_buf_puts(out, left);
    if (n + 2 > TEXT_COLUMN) {
        dvt_buf_printf(out, "\n%*s", TEXT_COLUMN, "");
    } else {
        dvt_buf_printf(out, "%*s", (int)(TEXT_COLUMN - n), "");
    }
    write_wrapped(out, right);
}

/* ---- left ---------------------------------------------------------------------------------- */

static void value_name(const dvt_option *o, char *out, size_t cap)
{
    switch (o->kind) {
    case DVT_OPTION_KIND_FLAG: out[0] = '\0'; break;
    case DVT_OPTION_KIND_STRING:
    case DVT_OPTION_KIND_LIST: dvti_format(out, cap, " %s", o->unit); break;
    case DVT_OPTION_KIND_ENUM: dvti_format(out, cap, " %s", o->as.e.choices); break;
    case DVT_OPTION_KIND_I64:
    case DVT_OPTION_KIND_U64:
    case DVT_OPTION_KIND_U32: dvti_format(out, cap, " N"); break;
    case DVT_OPTION_KIND_F64: dvti_format(out, cap, " X"); break;
    }
}

static void left_text(const dvt_option *o, char *out, size_t cap)
{
    char        name[DVTI_OPTION_NAME_MAX], value[DVTI_EXPECTED_MAX], short_text[8] = "    ";
    const char *negation = o->kind == DVT_OPTION_KIND_FLAG && o->negatable ? "[no-]" : "";

    if (o->short_name) {
        dvti_format(short_text, sizeof short_text, "-%c, ", o->short_name);
    }
    value_name(o, value, sizeof value);
    dvti_format(out, cap, "  %s--%s%s%s", short_text, negation, dvti_option_long_name(o, name),
                value);
}

/* ---- right --------------------------------------------------------------------------------- */

static bool is_number(const dvt_option *o)
{
    return o->kind == DVT_OPTION_KIND_I64 || o->kind == DVT_OPTION_KIND_U64 ||
           o->kind == DVT_OPTION_KIND_U32 || o->kind == DVT_OPTION_KIND_F64;
}

/* A bound at the end of the type's own range says nothing and is left out. */
static bool has_range(const dvt_option *o)
{
    switch (o->kind) {
    case DVT_OPTION_KIND_I64: return o->as.i.min != INT64_MIN || o->as.i.max != INT64_MAX;
    case DVT_OPTION_KIND_U64: return o->as.u.min != 0 || o->as.u.max != UINT64_MAX;
    case DVT_OPTION_KIND_U32: return o->as.u.min != 0 || o->as.u.max != UINT32_MAX;
    case DVT_OPTION_KIND_F64: return !isinf(o->as.f.min) || !isinf(o->as.f.max);
    case DVT_OPTION_KIND_FLAG:
    case DVT_OPTION_KIND_STRING:
    case DVT_OPTION_KIND_LIST:
    case DVT_OPTION_KIND_ENUM: break;
    }
    return false;
}

/* The default as it would be typed; false if "none" goes without saying. */
static bool fallback_text(const dvt_option *o, char out[DVTI_OPTION_NAME_MAX])
{
    switch (o->kind) {
    case DVT_OPTION_KIND_FLAG:
        dvti_format(out, DVTI_OPTION_NAME_MAX, "on");
        return o->as.b.fallback;
    case DVT_OPTION_KIND_I64:
        dvti_format(out, DVTI_OPTION_NAME_MAX, "%lld", (long long)o->as.i.fallback);
        return true;
    case DVT_OPTION_KIND_U64:
    case DVT_OPTION_KIND_U32:
        dvti_format(out, DVTI_OPTION_NAME_MAX, "%llu", (unsigned long long)o->as.u.fallback);
        return true;
    case DVT_OPTION_KIND_F64:
        dvti_format(out, DVTI_OPTION_NAME_MAX, "%.9g", o->as.f.fallback);
        return true;
    case DVT_OPTION_KIND_STRING:
        dvti_format(out, DVTI_OPTION_NAME_MAX, "%s", o->as.s.fallback ? o->as.s.fallback : "");
        return o->as.s.fallback != NULL;
    case DVT_OPTION_KIND_ENUM: return dvti_option_choice(o, o->as.e.fallback, out);
    case DVT_OPTION_KIND_LIST: break;
    }
    return false;
}

static void right_text(const dvt_option *o, char out[SENTENCE_MAX])
{
    char   range[DVTI_EXPECTED_MAX], fallback[DVTI_OPTION_NAME_MAX];
    size_t used = 0;

    dvti_format(out, SENTENCE_MAX, "%s", o->help);
    used = strlen(out);
    if (has_range(o)) {
        dvti_option_expected(o, range);
        dvti_format(out + used, SENTENCE_MAX - used, "; %s", range);
    } else if (is_number(o) && o->unit[0]) {
        dvti_format(out + used, SENTENCE_MAX - used, "; in %s", o->unit);
    } else if (o->kind == DVT_OPTION_KIND_LIST) {
        dvti_format(out + used, SENTENCE_MAX - used, "; may be repeated");
    }
    used = strlen(out);
    if (o->required) {
        dvti_format(out + used, SENTENCE_MAX - used, " (required)");
    } else if (fallback_text(o, fallback)) {
        dvti_format(out + used, SENTENCE_MAX - used, " (default %s)", fallback);
    }
}

void dvt_options_help(const dvt_option_set *set, dvt_buf *out)
{
    char left[DVTI_EXPECTED_MAX + DVTI_OPTION_NAME_MAX], right[SENTENCE_MAX];

    for (size_t i = 0; i < set->count; i++) {
        left_text(&set->options[i], left, sizeof left);
        right_text(&set->options[i], right);
        write_row(out, left, right);
    }
    write_row(out, "      --config FILE",
              "read options from a JSON file; the command line overrides it");
    write_row(out, "  -h, --help", "show this text");
}
