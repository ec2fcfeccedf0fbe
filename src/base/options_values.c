/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_values.c - rows of an option table: find them, fill their fields, say what they accept.
 *
 * Idea       Command line, configuration file, help and record differ only in syntax; everything
 *            that depends on the kind of a row is here, once.
 * Invariants a field is written only with a value in its range.
 * Tests      tests/unit/test_options.c
 */
#include "base/options_int.h"

#include "base/base_int.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <string.h>

/* ---- fields -------------------------------------------------------------------------------- */

static void *field_of(const dvt_option *o, void *values) { return (char *)values + o->offset; }

bool          *dvti_option_bool(const dvt_option *o, void *values) { return field_of(o, values); }
dvt_text_list *dvti_option_list(const dvt_option *o, void *values) { return field_of(o, values); }
const char   **dvti_option_string(const dvt_option *o, void *values) { return field_of(o, values); }

void dvt_options_defaults(const dvt_option_set *set, void *values)
{
    for (size_t i = 0; i < set->count; i++) {
        const dvt_option *o = &set->options[i];
        void             *field = field_of(o, values);
        switch (o->kind) {
        case DVT_OPTION_KIND_FLAG: *(bool *)field = o->as.b.fallback; break;
        case DVT_OPTION_KIND_I64: *(int64_t *)field = o->as.i.fallback; break;
        case DVT_OPTION_KIND_U64: *(uint64_t *)field = o->as.u.fallback; break;
        case DVT_OPTION_KIND_U32: *(uint32_t *)field = (uint32_t)o->as.u.fallback; break;
        case DVT_OPTION_KIND_F64: *(double *)field = o->as.f.fallback; break;
        case DVT_OPTION_KIND_STRING: *(const char **)field = o->as.s.fallback; break;
        case DVT_OPTION_KIND_LIST: *(dvt_text_list *)field = (dvt_text_list){NULL, 0}; break;
        case DVT_OPTION_KIND_ENUM: *(int *)field = o->as.e.fallback; break;
        }
    }
}

/* ---- choices ------------------------------------------------------------------------------- */

bool dvti_option_choice(const dvt_option *o, int index, char out[DVTI_OPTION_NAME_MAX])
{
    const char *p = o->as.e.choices;

    for (; index > 0; index--) {
        p = strchr(p, '|');
        if (!p) {
            return false;
        }
        p++;
    }
    dvti_format(out, DVTI_OPTION_NAME_MAX, "%.*s", (int)strcspn(p, "|"), p);
    return true;
}

static bool store_choice(const dvt_option *o, int *field, const char *text)
{
    char choice[DVTI_OPTION_NAME_MAX];

    for (int i = 0; dvti_option_choice(o, i, choice); i++) {
        if (strcmp(choice, text) == 0) {
            *field = i;
            return true;
        }
    }
    return false;
}

/* ---- storing ------------------------------------------------------------------------------- */

bool dvti_option_store(const dvt_option *o, void *values, const char *text)
{
    void    *field = field_of(o, values);
    int64_t  i = 0;
    uint64_t u = 0;
    double   f = 0;

    switch (o->kind) {
    case DVT_OPTION_KIND_I64:
        if (!dvt_parse_i64(text, &i) || i < o->as.i.min || i > o->as.i.max) {
            return false;
        }
        *(int64_t *)field = i;
        return true;
    case DVT_OPTION_KIND_U64:
    case DVT_OPTION_KIND_U32:
        if (!dvt_parse_u64(text, &u) || u < o->as.u.min || u > o->as.u.max) {
            return false;
        }
        if (o->kind == DVT_OPTION_KIND_U64) {
            *(uint64_t *)field = u;
        } else {
            *(uint32_t *)field = (uint32_t)u;
        }
        return true;
    case DVT_OPTION_KIND_F64:
        if (!dvt_parse_f64(text, &f) || f < o->as.f.min || f > o->as.f.max) {
            return false;
        }
        *(double *)field = f;
        return true;
    case DVT_OPTION_KIND_STRING: *(const char **)field = text; return true;
    case DVT_OPTION_KIND_ENUM: return store_choice(o, field, text);
    case DVT_OPTION_KIND_FLAG:
    case DVT_OPTION_KIND_LIST: break;
    }
    assert(false && "flags and lists are stored by their readers");
    return false;
}

void dvti_option_expected(const dvt_option *o, char out[DVTI_EXPECTED_MAX])
{
    const char *gap = o->unit[0] ? " " : "";
    char       *p = NULL;

    switch (o->kind) {
    case DVT_OPTION_KIND_I64:
        dvti_format(out, DVTI_EXPECTED_MAX, "integer %lld..%lld%s%s", (long long)o->as.i.min,
                    (long long)o->as.i.max, gap, o->unit);
        break;
    case DVT_OPTION_KIND_U64:
    case DVT_OPTION_KIND_U32:
        dvti_format(out, DVTI_EXPECTED_MAX, "integer %llu..%llu%s%s",
                    (unsigned long long)o->as.u.min, (unsigned long long)o->as.u.max, gap, o->unit);
        break;
    case DVT_OPTION_KIND_F64:
        if (isinf(o->as.f.min) && isinf(o->as.f.max)) {
            dvti_format(out, DVTI_EXPECTED_MAX, "number%s%s", gap, o->unit);
        } else {
            dvti_format(out, DVTI_EXPECTED_MAX, "number %.9g..%.9g%s%s", o->as.f.min, o->as.f.max,
                        gap, o->unit);
        }
        break;
    case DVT_OPTION_KIND_ENUM:
        dvti_format(out, DVTI_EXPECTED_MAX, "one of %s", o->as.e.choices);
        for (p = out; *p; p++) {
            *p = *p == '|' ? '/' : *p;
        }
        break;
    case DVT_OPTION_KIND_FLAG: dvti_format(out, DVTI_EXPECTED_MAX, "true or false"); break;
    case DVT_OPTION_KIND_STRING: dvti_format(out, DVTI_EXPECTED_MAX, "text"); break;
    case DVT_OPTION_KIND_LIST: dvti_format(out, DVTI_EXPECTED_MAX, "array of texts"); break;
    }
}

/* ---- names --------------------------------------------------------------------------------- */

static char key_letter(char c) { return c == '-' ? '_' : c; }

const dvt_option *dvti_option_find(const dvt_option_set *set, const char *word, size_t len)
{
    for (size_t i = 0; i < set->count; i++) {
        const char *key = set->options[i].key;
        size_t      n = 0;
        while (n < len && key[n] && key[n] == key_letter(word[n])) {
            n++;
        }
        if (n == len && key[n] == '\0') {
            return &set->options[i];
        }
    }
    return NULL;
}

const char *dvti_option_long_name(const dvt_option *o, char out[DVTI_OPTION_NAME_MAX])
{
    dvti_format(out, DVTI_OPTION_NAME_MAX, "%s", o->key);
    for (char *p = out; *p; p++) {
        *p = *p == '_' ? '-' : *p;
    }
    return out;
}

const dvt_option *dvti_option_nearest(const dvt_option_set *set, const char *word)
{
    char              name[DVTI_OPTION_NAME_MAX];
    int               best = INT_MAX;
    const dvt_option *found = NULL;

    for (size_t i = 0; i < set->count; i++) {
        int d = dvti_edit_distance(word, dvti_option_long_name(&set->options[i], name));
        if (d >= 0 && d < best) {
            best = d;
            found = &set->options[i];
        }
    }
    return found;
}

dvt_option_source dvt_options_source(const dvt_option_set *set, const dvt_parsed *parsed,
                                     const char *key)
{
    const dvt_option *o = dvti_option_find(set, key, strlen(key));
    assert(o && "the key is in the table");
    return o && parsed->sources ? parsed->sources[o - set->options] : DVT_OPTION_DEFAULT;
}

/* ---- soundness of a table ------------------------------------------------------------------ */

static bool fallback_in_range(const dvt_option *o)
{
    char choice[DVTI_OPTION_NAME_MAX];

    switch (o->kind) {
    case DVT_OPTION_KIND_I64:
        return o->as.i.min <= o->as.i.fallback && o->as.i.fallback <= o->as.i.max;
    case DVT_OPTION_KIND_U32:
        if (o->as.u.max > UINT32_MAX) {
            return false;
        }
        return o->as.u.min <= o->as.u.fallback && o->as.u.fallback <= o->as.u.max;
    case DVT_OPTION_KIND_U64:
        return o->as.u.min <= o->as.u.fallback && o->as.u.fallback <= o->as.u.max;
    case DVT_OPTION_KIND_F64:
        return isfinite(o->as.f.fallback) && o->as.f.min <= o->as.f.fallback &&
               o->as.f.fallback <= o->as.f.max;
    case DVT_OPTION_KIND_ENUM:
        return o->as.e.fallback >= 0 && dvti_option_choice(o, o->as.e.fallback, choice) &&
               !dvti_option_choice(o, DVTI_CHOICES_MAX, choice);
    case DVT_OPTION_KIND_FLAG:
    case DVT_OPTION_KIND_STRING:
    case DVT_OPTION_KIND_LIST: break;
    }
    return true;
}

static dvt_status verify_row(dvt_ctx *ctx, const dvt_option_set *set, size_t row)
{
    const dvt_option *o = &set->options[row];

    if (strlen(o->key) + sizeof "--no-" > DVTI_OPTION_NAME_MAX || !o->help || !o->unit) {
        return dvt_fail(ctx, DVT_E_INTERNAL, NULL, "option '%s' of '%s' is not complete", o->key,
                        set->name);
    }
    if (!fallback_in_range(o)) {
        return dvt_fail(ctx, DVT_E_INTERNAL, NULL, "option '%s' of '%s' has a default out of range",
                        o->key, set->name);
    }
    for (size_t i = 0; i < row; i++) {
        const dvt_option *other = &set->options[i];
        if (strcmp(o->key, other->key) == 0 ||
            (o->short_name && o->short_name == other->short_name)) {
            return dvt_fail(ctx, DVT_E_INTERNAL, NULL, "options '%s' and '%s' of '%s' share a name",
                            other->key, o->key, set->name);
        }
    }
    if (strcmp(o->key, "help") == 0 || strcmp(o->key, "config") == 0 || o->short_name == 'h') {
        return dvt_fail(ctx, DVT_E_INTERNAL, NULL, "option '%s' of '%s' takes a name of every set",
                        o->key, set->name);
    }
    return DVT_OK;
}

dvt_status dvt_options_verify(dvt_ctx *ctx, const dvt_option_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        dvt_status st = verify_row(ctx, set, i);
        if (st != DVT_OK) {
            return st;
        }
    }
    return DVT_OK;
}
