/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_util.c - parse JSON with limits and read it with errors that name the place.
 *
 * Idea       jansson gives the tree; it keeps no positions. Since errors are rare, a position is
 *            found only when one is raised: the path of the view is followed again through the
 *            text, which is known to be well-formed by then (json_place.c).
 * Invariants (1) a getter that fails leaves *out untouched;
 *            (2) nothing recurses on the depth of the input before it was checked.
 * Limits     see json_util.h.
 * Tests      tests/unit/test_json_util.c
 */
#include "base/json_util.h"

#include "base/base_int.h"
#include "base/json_place.h"
#include "base/text_util.h"

#include <math.h>
#include <string.h>

enum { PATH_TEXT_MAX = 256, KEY_LIST_MAX = 320 };

/* ---- documents ----------------------------------------------------------------------------- */

static dvt_status check_limits(dvt_ctx *ctx, const char *name, const char *text, size_t size)
{
    if (size > DVTI_JSON_MAX_BYTES) {
        return dvt_fail(ctx, DVT_E_CAPACITY, &(dvt_pos){.file = name},
                        "JSON text of %zu bytes is larger than the limit of %d", size,
                        DVTI_JSON_MAX_BYTES);
    }
    size_t too_deep = dvti_json_find_depth(text, size, DVTI_JSON_MAX_DEPTH);
    if (too_deep < size) {
        dvt_pos at = dvti_json_pos(name, text, size, too_deep);
        return dvt_fail(ctx, DVT_E_CAPACITY, &at, "JSON is nested deeper than the limit of %d",
                        DVTI_JSON_MAX_DEPTH);
    }
    return DVT_OK;
}

static dvt_status fail_jansson(dvt_ctx *ctx, const char *name, const char *text, size_t size,
                               const json_error_t *e)
{
    if (json_error_code(e) == json_error_out_of_memory) {
        return dvt_fail(ctx, DVT_E_NOMEM, &(dvt_pos){.file = name}, "out of memory for JSON");
    }
    /* `position` is behind the token that was not expected; its line and column count letters,
     * ours count bytes, as editors' "go to byte" and every other reader here do */
    size_t  behind = e->position > 0 ? (size_t)e->position : 0;
    dvt_pos at = dvti_json_pos(name, text, size, behind > 0 ? behind - 1 : 0);
    return dvt_fail(ctx, DVT_E_PARSE, &at, "malformed JSON: %s", e->text);
}

dvt_status dvti_json_parse(dvt_ctx *ctx, const char *name, const char *text, size_t size,
                           dvti_json_doc *out)
{
    json_error_t e;

    *out = (dvti_json_doc){.ctx = ctx, .name = name, .text = text, .size = size};
    dvt_status st = check_limits(ctx, name, text, size);
    if (st != DVT_OK) {
        return st;
    }
    out->root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &e);
    return out->root ? DVT_OK : fail_jansson(ctx, name, text, size, &e);
}

dvt_status dvti_json_load(dvt_ctx *ctx, const char *path, dvti_json_doc *out)
{
    dvt_blob blob;

    *out = (dvti_json_doc){.ctx = ctx};
    dvt_status st = dvt_file_read(ctx, path, DVTI_JSON_MAX_BYTES, &blob);
    if (st != DVT_OK) {
        return st;
    }
    st = dvti_json_parse(ctx, path, (const char *)blob.data, blob.size, out);
    out->blob = blob;
    return st;
}

void dvti_json_doc_deinit(dvti_json_doc *doc)
{
    json_decref(doc->root);
    if (doc->ctx) {
        dvt_blob_deinit(doc->ctx, &doc->blob);
    }
    *doc = (dvti_json_doc){0};
}

dvti_json dvti_json_root(const dvti_json_doc *doc)
{
    return (dvti_json){.doc = doc, .value = doc->root};
}

/* ---- errors -------------------------------------------------------------------------------- */

/* "layers[3].name" of `v`; the empty text for the root. */
static void path_text(const dvti_json *v, char out[PATH_TEXT_MAX])
{
    const dvti_json *chain[DVTI_JSON_MAX_DEPTH + 1];
    size_t           n = 0, used = 0;

    for (; v->parent && n < DVTI_JSON_MAX_DEPTH + 1; v = v->parent) {
        chain[n++] = v;
    }
    out[0] = '\0';
    while (n-- > 0 && used + 1 < PATH_TEXT_MAX) {
        if (chain[n]->key) {
            dvti_format(out + used, PATH_TEXT_MAX - used, "%s%s", used ? "." : "", chain[n]->key);
        } else {
            dvti_format(out + used, PATH_TEXT_MAX - used, "[%zu]", chain[n]->index);
        }
        used += strlen(out + used);
    }
}

dvt_status dvti_json_fail(const dvti_json *v, dvt_status status, const char *fmt, ...)
{
    char    path[PATH_TEXT_MAX], message[sizeof((dvt_error *)0)->message];
    va_list args;

    va_start(args, fmt);
    dvti_vformat(message, sizeof message, fmt, args);
    va_end(args);
    path_text(v, path);
    const dvti_json_doc *doc = v->doc;
    dvt_pos              at = dvti_json_pos(doc->name, doc->text, doc->size, dvti_json_find(v));
    return dvt_fail(doc->ctx, status, &at, "%s%s%s", path, path[0] ? ": " : "", message);
}

/* What stands there, for "got ...". */
static const char *describe(const json_t *v, char *out, size_t cap)
{
    char number[DVTI_F64_TEXT];

    switch (json_typeof(v)) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "an array";
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_NULL: return "null";
    case JSON_STRING: dvti_format(out, cap, "\"%s\"", json_string_value(v)); break;
    case JSON_INTEGER: dvti_format(out, cap, "%lld", (long long)json_integer_value(v)); break;
    case JSON_REAL: dvti_format(out, cap, "%s", dvti_f64_text(json_real_value(v), number)); break;
    }
    return out;
}

static dvt_status fail_type(const dvti_json *v, const char *expected)
{
    char got[80];

    (void)dvti_json_fail(v, DVT_E_PARSE, "expected %s, got %s", expected,
                         describe(v->value, got, sizeof got));
    return DVT_E_PARSE;
}

/* ---- values -------------------------------------------------------------------------------- */

static void range_text(char *out, size_t cap, int64_t min, int64_t max)
{
    if (min == INT64_MIN && max == INT64_MAX) {
        dvti_format(out, cap, "integer");
    } else if (max == INT64_MAX) {
        dvti_format(out, cap, "integer of at least %lld", (long long)min);
    } else if (min == INT64_MIN) {
        dvti_format(out, cap, "integer of at most %lld", (long long)max);
    } else {
        dvti_format(out, cap, "integer %lld..%lld", (long long)min, (long long)max);
    }
}

dvt_status dvti_json_as_i64(const dvti_json *v, int64_t min, int64_t max, int64_t *out)
{
    char expected[80];

    if (json_is_integer(v->value)) {
        int64_t i = json_integer_value(v->value);
        if (i >= min && i <= max) {
            *out = i;
            return DVT_OK;
        }
    }
    range_text(expected, sizeof expected, min, max);
    return fail_type(v, expected);
}

dvt_status dvti_json_as_f64(const dvti_json *v, double min, double max, double *out)
{
    char expected[96];

    if (json_is_number(v->value)) {
        double x = json_number_value(v->value);
        if (x >= min && x <= max) {
            *out = x;
            return DVT_OK;
        }
    }
    if (isinf(min) && isinf(max)) {
        return fail_type(v, "number");
    }
    dvti_format(expected, sizeof expected, "number %.9g..%.9g", min, max);
    return fail_type(v, expected);
}

dvt_status dvti_json_as_bool(const dvti_json *v, bool *out)
{
    if (!json_is_boolean(v->value)) {
        return fail_type(v, "true or false");
    }
    *out = json_is_true(v->value);
    return DVT_OK;
}

dvt_status dvti_json_as_string(const dvti_json *v, const char **out)
{
    if (!json_is_string(v->value)) {
        return fail_type(v, "a string");
    }
    *out = json_string_value(v->value);
    return DVT_OK;
}

dvt_status dvti_json_as_enum(const dvti_json *v, const char *const *names, size_t count,
                             size_t *out)
{
    const char *s = NULL;
    char        list[KEY_LIST_MAX], expected[KEY_LIST_MAX + 16];
    dvt_status  st = dvti_json_as_string(v, &s);

    if (st != DVT_OK) {
        return st;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(s, names[i]) == 0) {
            *out = i;
            return DVT_OK;
        }
    }
    dvti_join(list, sizeof list, names, count);
    dvti_format(expected, sizeof expected, "one of %s", list);
    st = fail_type(v, expected);
    const char *near = dvt_nearest(s, names, count);
    if (near) {
        dvt_fail_hint(v->doc->ctx, "did you mean \"%s\"?", near);
    }
    return st;
}

dvt_status dvti_json_as_object(const dvti_json *v)
{
    return json_is_object(v->value) ? DVT_OK : fail_type(v, "an object");
}

dvt_status dvti_json_as_array(const dvti_json *v)
{
    return json_is_array(v->value) ? DVT_OK : fail_type(v, "an array");
}

size_t dvti_json_count(const dvti_json *array) { return json_array_size(array->value); }

dvti_json dvti_json_at(const dvti_json *array, size_t index)
{
    return (dvti_json){.doc = array->doc,
                       .value = json_array_get(array->value, index),
                       .parent = array,
                       .index = index};
}

/* ---- members ------------------------------------------------------------------------------- */

dvt_status dvti_json_get_any(const dvti_json *o, const char *key, dvti_json_need need,
                             dvti_json *out)
{
    *out = (dvti_json){.doc = o->doc, .parent = o, .key = key};
    dvt_status st = dvti_json_as_object(o);
    if (st != DVT_OK) {
        return st;
    }
    out->value = json_object_get(o->value, key);
    if (!out->value && need == DVTI_JSON_REQUIRED) {
        return dvti_json_fail(o, DVT_E_PARSE, "key '%s' is missing", key);
    }
    return DVT_OK;
}

dvt_status dvti_json_get_object(const dvti_json *o, const char *key, dvti_json_need need,
                                dvti_json *out)
{
    dvt_status st = dvti_json_get_any(o, key, need, out);
    return st == DVT_OK && out->value ? dvti_json_as_object(out) : st;
}

dvt_status dvti_json_get_array(const dvti_json *o, const char *key, dvti_json_need need,
                               dvti_json *out)
{
    dvt_status st = dvti_json_get_any(o, key, need, out);
    return st == DVT_OK && out->value ? dvti_json_as_array(out) : st;
}

dvt_status dvti_json_get_i64(const dvti_json *o, const char *key, dvti_json_need need, int64_t min,
                             int64_t max, int64_t *out)
{
    dvti_json  v;
    dvt_status st = dvti_json_get_any(o, key, need, &v);
    return st == DVT_OK && v.value ? dvti_json_as_i64(&v, min, max, out) : st;
}

dvt_status dvti_json_get_u32(const dvti_json *o, const char *key, dvti_json_need need, uint32_t min,
                             uint32_t max, uint32_t *out)
{
    int64_t    wide = *out;
    dvt_status st = dvti_json_get_i64(o, key, need, min, max, &wide);
    *out = (uint32_t)wide;
    return st;
}

dvt_status dvti_json_get_f64(const dvti_json *o, const char *key, dvti_json_need need, double min,
                             double max, double *out)
{
    dvti_json  v;
    dvt_status st = dvti_json_get_any(o, key, need, &v);
    return st == DVT_OK && v.value ? dvti_json_as_f64(&v, min, max, out) : st;
}

dvt_status dvti_json_get_bool(const dvti_json *o, const char *key, dvti_json_need need, bool *out)
{
    dvti_json  v;
    dvt_status st = dvti_json_get_any(o, key, need, &v);
    return st == DVT_OK && v.value ? dvti_json_as_bool(&v, out) : st;
}

dvt_status dvti_json_get_string(const dvti_json *o, const char *key, dvti_json_need need,
                                const char **out)
{
    dvti_json  v;
    dvt_status st = dvti_json_get_any(o, key, need, &v);
    return st == DVT_OK && v.value ? dvti_json_as_string(&v, out) : st;
}

dvt_status dvti_json_get_enum(const dvti_json *o, const char *key, dvti_json_need need,
                              const char *const *names, size_t count, size_t *out)
{
    dvti_json  v;
    dvt_status st = dvti_json_get_any(o, key, need, &v);
    return st == DVT_OK && v.value ? dvti_json_as_enum(&v, names, count, out) : st;
}

static bool is_listed(const char *key, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(key, keys[i]) == 0) {
            return true;
        }
    }
    return false;
}

static dvt_status fail_unknown_key(const dvti_json *o, const char *key, const json_t *value,
                                   const char *const *keys, size_t count)
{
    char      list[KEY_LIST_MAX];
    dvti_json member = {.doc = o->doc, .value = value, .parent = o, .key = key};

    dvt_status  st = dvti_json_fail(&member, DVT_E_PARSE, "unknown key");
    const char *near = dvt_nearest(key, keys, count);
    if (near) {
        dvt_fail_hint(o->doc->ctx, "did you mean '%s'?", near);
    } else {
        dvti_join(list, sizeof list, keys, count);
        dvt_fail_hint(o->doc->ctx, "known keys are %s", list);
    }
    return st;
}

dvt_status dvti_json_check_keys(const dvti_json *o, const char *const *keys, size_t count)
{
    const char *key = NULL;
    json_t     *value = NULL;
    dvt_status  st = dvti_json_as_object(o);

    if (st != DVT_OK) {
        return st;
    }
    /* jansson iterates in the order of the text; its iterator wants a non-const object */
    json_object_foreach((json_t *)(uintptr_t)o->value, key, value)
    {
        if (!is_listed(key, keys, count)) {
            return fail_unknown_key(o, key, value, keys, count);
        }
    }
    return DVT_OK;
}
