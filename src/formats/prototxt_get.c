/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prototxt_get.c - typed access to a prototxt tree.
 *
 * Idea      A getter names the field it wants and the values that make sense; whatever else is in
 *           the file is an error that names field and place. Asking marks the field as used.
 * Tests     tests/unit/test_prototxt.c
 */
#include "formats/prototxt.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

dvti_pt *dvti_pt_find(const dvti_pt *msg, const char *name)
{
    for (dvti_pt *f = msg ? msg->first : NULL; f; f = f->next) {
        if (strcmp(f->name, name) == 0) {
            return f;
        }
    }
    return NULL;
}

dvti_pt *dvti_pt_more(const dvti_pt *f)
{
    for (dvti_pt *next = f->next; next; next = next->next) {
        if (strcmp(next->name, f->name) == 0) {
            return next;
        }
    }
    return NULL;
}

int64_t dvti_pt_count(const dvti_pt *msg, const char *name)
{
    int64_t count = 0;

    for (dvti_pt *f = dvti_pt_find(msg, name); f; f = dvti_pt_more(f)) {
        count++;
    }
    return count;
}

void dvti_pt_mark(dvti_pt *msg, const char *name)
{
    for (dvti_pt *f = dvti_pt_find(msg, name); f; f = dvti_pt_more(f)) {
        f->used = true;
    }
}

/* ---- one value ----------------------------------------------------------------------------- */

static void wrong_kind(dvti_pt_reader *r, const dvti_pt *f, const char *want)
{
    r->status = dvt_fail(r->ctx, DVT_E_PARSE, &f->value_at, "field '%s' must be %s", f->name, want);
}

/* The only field `name`, marked; NULL if there is none or two, or after a failure. */
static dvti_pt *take(dvti_pt_reader *r, dvti_pt *msg, const char *name)
{
    dvti_pt *f = dvti_pt_find(msg, name);

    if (!f || r->status != DVT_OK) {
        return NULL;
    }
    dvti_pt *again = dvti_pt_more(f);
    if (again) {
        r->status =
            dvt_fail(r->ctx, DVT_E_PARSE, &again->at, "field '%s' is given twice, first at line %u",
                     name, (unsigned)f->at.line);
        return NULL;
    }
    f->used = true;
    return f;
}

static int64_t int_of(dvti_pt_reader *r, const dvti_pt *f, int64_t min, int64_t max)
{
    if (f->kind != DVTI_PT_INT) {
        wrong_kind(r, f, "a whole number");
        return min;
    }
    if (f->i < min || f->i > max) {
        r->status = dvt_fail(r->ctx, DVT_E_PARSE, &f->value_at,
                             "field '%s' is %" PRId64 ", outside %" PRId64 "..%" PRId64, f->name,
                             f->i, min, max);
        return min;
    }
    return f->i;
}

static double float_of(dvti_pt_reader *r, const dvti_pt *f)
{
    if (f->kind == DVTI_PT_INT || f->kind == DVTI_PT_FLOAT) {
        return f->f;
    }
    if (f->kind == DVTI_PT_IDENT) {
        if (strcmp(f->text, "inf") == 0 || strcmp(f->text, "infinity") == 0) {
            return (double)INFINITY;
        }
        if (strcmp(f->text, "nan") == 0) {
            return (double)NAN;
        }
    }
    wrong_kind(r, f, "a number");
    return 0;
}

int64_t dvti_pt_i64(dvti_pt_reader *r, dvti_pt *msg, const char *name, int64_t otherwise,
                    int64_t min, int64_t max)
{
    dvti_pt *f = take(r, msg, name);

    return f ? int_of(r, f, min, max) : otherwise;
}

double dvti_pt_f64(dvti_pt_reader *r, dvti_pt *msg, const char *name, double otherwise)
{
    dvti_pt *f = take(r, msg, name);

    return f ? float_of(r, f) : otherwise;
}

float dvti_pt_f32(dvti_pt_reader *r, dvti_pt *msg, const char *name, float otherwise)
{
    dvti_pt *f = take(r, msg, name);

    return f ? (float)float_of(r, f) : otherwise;
}

bool dvti_pt_bool(dvti_pt_reader *r, dvti_pt *msg, const char *name, bool otherwise)
{
    static const char *const yes[] = {"true", "True", "t"}, *const no[] = {"false", "False", "f"};
    dvti_pt *f = take(r, msg, name);

    if (!f) {
        return otherwise;
    }
    if (f->kind == DVTI_PT_INT && (f->i == 0 || f->i == 1)) {
        return f->i == 1;
    }
    for (int k = 0; f->kind == DVTI_PT_IDENT && k < 3; k++) {
        if (strcmp(f->text, yes[k]) == 0 || strcmp(f->text, no[k]) == 0) {
            return strcmp(f->text, yes[k]) == 0;
        }
    }
    wrong_kind(r, f, "true or false");
    return otherwise;
}

const char *dvti_pt_text(dvti_pt_reader *r, dvti_pt *f)
{
    f->used = true;
    if (f->kind != DVTI_PT_STRING) {
        wrong_kind(r, f, "a string in quotes");
        return "";
    }
    if (memchr(f->text, 0, f->len)) {
        wrong_kind(r, f, "a string without zero bytes");
    }
    return f->text;
}

const char *dvti_pt_string(dvti_pt_reader *r, dvti_pt *msg, const char *name, const char *otherwise)
{
    dvti_pt *f = take(r, msg, name);

    return f ? dvti_pt_text(r, f) : otherwise;
}

dvti_pt *dvti_pt_message(dvti_pt_reader *r, dvti_pt *msg, const char *name)
{
    dvti_pt *f = take(r, msg, name);

    if (f && f->kind != DVTI_PT_MESSAGE) {
        wrong_kind(r, f, "a message in braces");
        return NULL;
    }
    return f;
}

int32_t dvti_pt_enum(dvti_pt_reader *r, dvti_pt *msg, const char *name, const char *const *names,
                     int32_t count, int32_t otherwise)
{
    dvti_pt    *f = take(r, msg, name);
    const char *near = NULL;

    if (!f) {
        return otherwise;
    }
    if (f->kind == DVTI_PT_INT && f->i >= 0 && f->i < count && names[f->i]) {
        return (int32_t)f->i;
    }
    for (int32_t i = 0; f->kind == DVTI_PT_IDENT && i < count; i++) {
        if (names[i] && strcmp(names[i], f->text) == 0) {
            return i;
        }
        if (names[i] && dvt_nearest(f->text, &names[i], 1)) {
            near = names[i];
        }
    }
    r->status = dvt_fail(r->ctx, DVT_E_PARSE, &f->value_at, "field '%s' has no value '%s'", name,
                         f->kind == DVTI_PT_IDENT ? f->text : "given here");
    if (near) {
        dvt_fail_hint(r->ctx, "did you mean '%s'?", near);
    }
    return otherwise;
}

/* ---- lists --------------------------------------------------------------------------------- */

static bool too_many(dvti_pt_reader *r, const dvti_pt *f, int32_t n, int32_t max_count)
{
    if (n < max_count) {
        return false;
    }
    r->status = dvt_fail(r->ctx, DVT_E_UNSUPPORTED, &f->at,
                         "field '%s' is given more than %d times", f->name, (int)max_count);
    return true;
}

int32_t dvti_pt_i64s(dvti_pt_reader *r, dvti_pt *msg, const char *name, int64_t min, int64_t max,
                     int64_t *out, int32_t max_count)
{
    int32_t n = 0;

    for (dvti_pt *f = dvti_pt_find(msg, name); f && r->status == DVT_OK; f = dvti_pt_more(f)) {
        f->used = true;
        if (!too_many(r, f, n, max_count)) {
            out[n++] = int_of(r, f, min, max);
        }
    }
    return n;
}

int32_t dvti_pt_f32s(dvti_pt_reader *r, dvti_pt *msg, const char *name, float *out,
                     int32_t max_count)
{
    int32_t n = 0;

    for (dvti_pt *f = dvti_pt_find(msg, name); f && r->status == DVT_OK; f = dvti_pt_more(f)) {
        f->used = true;
        if (!too_many(r, f, n, max_count)) {
            out[n++] = (float)float_of(r, f);
        }
    }
    return n;
}
