/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_json.c - option values from a configuration file and into the record of a run.
 *
 * Idea       A record is a configuration: dvt_options_json writes exactly what --config reads, so
 *            a run can be repeated from its own record. Numbers may also be texts as on the command
 *            line ("1/256"), which is how numbers above 2^63 - 1 are recorded.
 * Invariants unknown keys, wrong types and values out of range are errors; null is accepted for a
 *            text only, and means "not given".
 * Tests      tests/unit/test_options.c
 */
#include "base/options_json.h"

#include "base/base_int.h"
#include "base/options_int.h"
#include "base/text_util.h"

#include <string.h>

/* ---- reading ------------------------------------------------------------------------------- */

static dvt_status fail_value(const dvt_option *o, const dvti_json *v)
{
    char expected[DVTI_EXPECTED_MAX];

    dvti_option_expected(o, expected);
    if (json_is_string(v->value)) {
        return dvti_json_fail(v, DVT_E_PARSE, "expected %s, got \"%s\"", expected,
                              json_string_value(v->value));
    }
    if (json_is_integer(v->value)) {
        return dvti_json_fail(v, DVT_E_PARSE, "expected %s, got %lld", expected,
                              (long long)json_integer_value(v->value));
    }
    return dvti_json_fail(v, DVT_E_PARSE, "expected %s", expected);
}

/* The value as it would be written on the command line; NULL if it has no such form. */
static const char *value_text(const dvti_json *v, char number[DVTI_F64_TEXT])
{
    if (json_is_integer(v->value)) {
        dvti_format(number, DVTI_F64_TEXT, "%lld", (long long)json_integer_value(v->value));
        return number;
    }
    if (json_is_real(v->value)) {
        return dvti_f64_text(json_real_value(v->value), number);
    }
    return json_string_value(v->value);
}

static dvt_status read_list(const dvt_option *o, const dvti_json *v, dvt_arena *arena,
                            dvt_text_list *out)
{
    size_t n = dvti_json_count(v);

    if (!json_is_array(v->value)) {
        return fail_value(o, v);
    }
    const char **items = dvt_arena_calloc(arena, n, sizeof *items);
    if (!items) {
        return DVT_E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        dvti_json   item = dvti_json_at(v, i);
        const char *s = NULL;
        dvt_status  st = dvti_json_as_string(&item, &s);
        if (st != DVT_OK) {
            return st;
        }
        if (!(items[i] = dvt_arena_strdup(arena, s))) {
            return DVT_E_NOMEM;
        }
    }
    *out = (dvt_text_list){n ? items : NULL, n};
    return DVT_OK;
}

static dvt_status read_text(const dvt_option *o, const dvti_json *v, dvt_arena *arena,
                            const char **out)
{
    if (json_is_null(v->value)) {
        *out = NULL;
        return DVT_OK;
    }
    if (!json_is_string(v->value)) {
        return fail_value(o, v);
    }
    const char *copy = dvt_arena_strdup(arena, json_string_value(v->value));
    if (!copy) {
        return DVT_E_NOMEM;
    }
    *out = copy;
    return DVT_OK;
}

static dvt_status read_value(const dvt_option *o, const dvti_json *v, dvt_arena *arena,
                             void *values)
{
    char number[DVTI_F64_TEXT];

    switch (o->kind) {
    case DVT_OPTION_KIND_FLAG: return dvti_json_as_bool(v, dvti_option_bool(o, values));
    case DVT_OPTION_KIND_LIST: return read_list(o, v, arena, dvti_option_list(o, values));
    case DVT_OPTION_KIND_STRING: return read_text(o, v, arena, dvti_option_string(o, values));
    case DVT_OPTION_KIND_I64:
    case DVT_OPTION_KIND_U64:
    case DVT_OPTION_KIND_U32:
    case DVT_OPTION_KIND_F64:
    case DVT_OPTION_KIND_ENUM: break;
    }
    const char *text = value_text(v, number);
    return text && dvti_option_store(o, values, text) ? DVT_OK : fail_value(o, v);
}

/* Keys are compared as they are: in a file '-' is not '_'. */
static const dvt_option *row_of_key(const dvt_option_set *set, const char *key)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->options[i].key, key) == 0) {
            return &set->options[i];
        }
    }
    return NULL;
}

static dvt_status read_member(const dvt_option_set *set, const dvti_json *member, dvt_arena *arena,
                              void *values, dvt_option_source *sources)
{
    const dvt_option *o = row_of_key(set, member->key);

    if (!o) {
        dvt_status st = dvti_json_fail(member, DVT_E_PARSE, "unknown key");
        char       word[DVTI_OPTION_NAME_MAX];
        dvti_format(word, sizeof word, "%s", member->key);
        for (char *c = word; *c; c++) {
            *c = *c == '_' ? '-' : *c;
        }
        const dvt_option *near = dvti_option_nearest(set, word);
        if (near) {
            dvt_fail_hint(member->doc->ctx, "did you mean '%s'?", near->key);
        }
        return st;
    }
    dvt_status st = read_value(o, member, arena, values);
    if (st == DVT_OK && sources) {
        sources[o - set->options] = DVT_OPTION_FILE;
    }
    return st;
}

dvt_status dvti_options_load(dvt_ctx *ctx, const dvt_option_set *set, const char *path,
                             dvt_arena *arena, void *values, dvt_option_source *sources)
{
    dvti_json_doc doc;
    const char   *key = NULL;
    json_t       *value = NULL;

    dvt_status st = dvti_json_load(ctx, path, &doc);
    if (st != DVT_OK) {
        goto done;
    }
    dvti_json root = dvti_json_root(&doc);
    if ((st = dvti_json_as_object(&root)) != DVT_OK) {
        goto done;
    }
    json_object_foreach(doc.root, key, value)
    {
        dvti_json member = {.doc = &doc, .value = value, .parent = &root, .key = key};
        if ((st = read_member(set, &member, arena, values, sources)) != DVT_OK) {
            goto done;
        }
    }
done:
    if (st != DVT_OK) {
        dvt_fail_note(ctx, "while reading options of '%s' from '%s'", set->name, path);
    }
    dvti_json_doc_deinit(&doc);
    return st;
}

dvt_status dvt_options_load(dvt_ctx *ctx, const dvt_option_set *set, const char *path,
                            dvt_arena *arena, void *values)
{
    return dvti_options_load(ctx, set, path, arena, values, NULL);
}

/* ---- writing ------------------------------------------------------------------------------- */

static void write_u64(dvti_json_writer *w, uint64_t v)
{
    char text[DVTI_F64_TEXT];

    if (v <= INT64_MAX) {
        dvti_json_u64(w, v);
    } else { /* JSON readers, ours among them, stop at 2^63 - 1 */
        dvti_format(text, sizeof text, "%llu", (unsigned long long)v);
        dvti_json_string(w, text);
    }
}

static void write_value(dvti_json_writer *w, const dvt_option *o, const void *values)
{
    const void          *field = (const char *)values + o->offset;
    const dvt_text_list *list = field;
    char                 choice[DVTI_OPTION_NAME_MAX];

    switch (o->kind) {
    case DVT_OPTION_KIND_FLAG: dvti_json_bool(w, *(const bool *)field); break;
    case DVT_OPTION_KIND_I64: dvti_json_i64(w, *(const int64_t *)field); break;
    case DVT_OPTION_KIND_U64: write_u64(w, *(const uint64_t *)field); break;
    case DVT_OPTION_KIND_U32: dvti_json_u64(w, *(const uint32_t *)field); break;
    case DVT_OPTION_KIND_F64: dvti_json_f64(w, *(const double *)field); break;
    case DVT_OPTION_KIND_STRING: dvti_json_string(w, *(const char *const *)field); break;
    case DVT_OPTION_KIND_ENUM:
        dvti_json_string(w, dvti_option_choice(o, *(const int *)field, choice) ? choice : NULL);
        break;
    case DVT_OPTION_KIND_LIST:
        dvti_json_open_array(w);
        for (size_t i = 0; i < list->count; i++) {
            dvti_json_string(w, list->items[i]);
        }
        dvti_json_close_array(w);
        break;
    }
}

void dvti_options_write(const dvt_option_set *set, const void *values, dvti_json_writer *w)
{
    dvti_json_open_object(w);
    for (size_t i = 0; i < set->count; i++) {
        if (!set->options[i].unrecorded) {
            dvti_json_key(w, set->options[i].key);
            write_value(w, &set->options[i], values);
        }
    }
    dvti_json_close_object(w);
}

void dvt_options_json(const dvt_option_set *set, const void *values, dvt_buf *out)
{
    dvti_json_writer w = dvti_json_writer_make(out, 0);
    dvti_options_write(set, values, &w);
}

dvt_status dvt_options_sha256(dvt_ctx *ctx, const dvt_option_set *set, const void *values,
                              char out[DVT_SHA256_HEX])
{
    dvt_buf b;

    out[0] = '\0';
    dvt_buf_init(&b, ctx, 0);
    dvt_options_json(set, values, &b);
    dvt_status st = dvt_buf_status(&b);
    if (st == DVT_OK) {
        dvt_sha256_hex(b.data, b.len, out);
    }
    dvt_buf_deinit(&b);
    return st;
}
