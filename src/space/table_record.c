/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_record.c - parses one record of the published NAS-Bench-101 files.
 *
 * Idea       The full file has five million records of one form, so the list is scanned directly
 *            instead of through a tree; anything that is not this form is an error at its byte.
 * Checks     JSON syntax, hash of 32 digits, matrix upper triangular of 2 to 7 vertices, known
 *            operations with input first and output last, a valid cell, base64 with its padding,
 *            known fields of the message, each of them once; accuracies in 0..1, times >= 0.
 * Tests      tests/unit/test_table_tfrecord.c, tests/fuzz/fuzz_table_record.c
 */
#include "space/table_record.h"

#include <math.h>
#include <string.h>

#include "formats/wire.h"
#include "space/nb101_int.h"

dvt_status dvti_record_fail(dvti_record_reader *r, dvt_status status, const dvti_tfrecord *frame,
                            size_t at, const char *what)
{
    const dvt_pos pos = {.file = r->path, .offset = frame->data_at + at};

    dvt_fail(r->ctx, status, &pos, "record %llu: %s", (unsigned long long)frame->number, what);
    dvt_fail_hint(r->ctx, "the record's checksum is right: this file was written with it, and is "
                          "none of the published ones; docs/formats/tables.md has the form");
    return status;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

typedef struct scanner {
    dvti_record_reader  *r;
    const dvti_tfrecord *frame;
    size_t               at;
    dvt_status           status;
} scanner;

static bool fail(scanner *s, const char *what)
{
    if (s->status == DVT_OK) {
        s->status = dvti_record_fail(s->r, DVT_E_PARSE, s->frame, s->at, what);
    }
    return false;
}

static int peek(scanner *s)
{
    while (s->at < s->frame->size && memchr(" \t\r\n", s->frame->data[s->at], 4)) {
        s->at++;
    }
    return s->at < s->frame->size ? s->frame->data[s->at] : -1;
}

static bool take(scanner *s, char want, const char *what)
{
    if (peek(s) != want) {
        return fail(s, what);
    }
    s->at++;
    return true;
}

/* The letter of an escape; 0 for one that none of these texts needs. */
static char escaped(const uint8_t *p, size_t left, size_t *used)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char       *known = left >= 2 && p[1] ? strchr(from, p[1]) : NULL;

    *used = 2;
    return known ? to[known - from] : '\0';
}

/* A text into r->text; *size of it, *start where it begins in the data. */
static bool take_text(scanner *s, const char *what, size_t *size, size_t *start)
{
    const uint8_t *data = s->frame->data;
    size_t         n = 0;

    if (!take(s, '"', what)) {
        return false;
    }
    *start = s->at;
    for (; s->at < s->frame->size && data[s->at] != '"';) {
        size_t used = 1;
        char   ch = (char)data[s->at];
        if (data[s->at] == '\\') {
            ch = escaped(data + s->at, s->frame->size - s->at, &used);
        }
        if (data[s->at] < 0x20 || data[s->at] >= 0x7f || ch == '\0') {
            return fail(s, "a letter that does not belong into this text");
        }
        if (n + 1 >= DVTI_RECORD_TEXT) {
            return fail(s, "a text of more than 65535 letters");
        }
        s->r->text[n++] = ch;
        s->at += used;
    }
    s->r->text[n] = '\0';
    *size = n;
    return take(s, '"', "a text without its end");
}

static bool take_epochs(scanner *s, int32_t *out)
{
    int32_t v = 0;

    (void)peek(s);
    const size_t start = s->at;
    for (; s->at < s->frame->size && s->frame->data[s->at] >= '0' && s->frame->data[s->at] <= '9' &&
           s->at - start < 6;
         s->at++) {
        v = 10 * v + (s->frame->data[s->at] - '0');
    }
    *out = v;
    if (s->at == start || v == 0 || s->frame->data[start] == '0') {
        s->at = start;
        return fail(s, "expected epochs, a whole number from 1 to 999999");
    }
    return true;
}

/* ---- cell ---------------------------------------------------------------------------------- */

static bool read_hash(scanner *s, size_t size, size_t start, dvti_record *out)
{
    const char *text = s->r->text;

    if (size != 32 || strspn(text, "0123456789abcdef") != 32) {
        s->at = start;
        return fail(s, "expected a hash of 32 hexadecimal digits");
    }
    for (int i = 0; i < 32; i++) {
        const int d = text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10;
        out->md5[i / 2] = (uint8_t)(out->md5[i / 2] << 4 | d);
    }
    return true;
}

static bool read_matrix(scanner *s, size_t size, size_t start, dvti_record *out)
{
    int n = 2;

    while (n < DVT_NB101_MAX_VERTICES && (size_t)(n * n) < size) {
        n++;
    }
    s->at = start;
    if ((size_t)(n * n) != size || strspn(s->r->text, "01") != size) {
        return fail(s, "expected a matrix of 0 and 1 of 2 to 7 rows");
    }
    out->cell.vertices = (uint8_t)n;
    for (int x = 0; x < n; x++) {
        for (int y = 0; y < n; y++) {
            const bool edge = s->r->text[x * n + y] == '1';
            if (edge && y <= x) {
                return fail(s, "a matrix with an edge that does not lead forward");
            }
            out->cell.adj_bits |= edge ? dvti_nb101_bit(x, y) : 0;
        }
    }
    return true;
}

static bool same(const char *text, size_t size, const char *want)
{
    return strlen(want) == size && memcmp(text, want, size) == 0;
}

static bool read_operations(scanner *s, size_t start, dvti_record *out)
{
    static const char *const names[DVT_NB101_LABELS] = {"conv3x3-bn-relu", "conv1x1-bn-relu",
                                                        "maxpool3x3"};
    const char              *p = s->r->text;

    s->at = start;
    for (int v = 0; v < out->cell.vertices; v++) {
        const size_t n = strcspn(p, ",");
        const bool   last = v + 1 == out->cell.vertices;
        int          label = 0;
        if ((p[n] == '\0') != last) {
            return fail(s, "the operations are not as many as the rows of the matrix");
        }
        while (label < DVT_NB101_LABELS && !same(p, n, names[label])) {
            label++;
        }
        if (v > 0 && !last && label < DVT_NB101_LABELS) {
            out->cell.ops[v - 1] = (uint8_t)label;
        } else if (!(v == 0 && same(p, n, "input")) && !(last && same(p, n, "output"))) {
            return fail(s, "operations must be input, conv3x3-bn-relu, conv1x1-bn-relu or "
                           "maxpool3x3, and output");
        }
        p += n + !last;
    }
    return true;
}

/* ---- base64 -------------------------------------------------------------------------------- */

static int sextet(char ch)
{
    return ch >= 'A' && ch <= 'Z'   ? ch - 'A'
           : ch >= 'a' && ch <= 'z' ? ch - 'a' + 26
           : ch >= '0' && ch <= '9' ? ch - '0' + 52
           : ch == '+'              ? 62
           : ch == '/'              ? 63
                                    : -1;
}

/* r->text into r->message; line ends are passed over, as its writers may put them. */
static bool decode_base64(scanner *s, size_t size, size_t start, size_t *out)
{
    uint32_t group = 0;
    int      letters = 0, padding = 0;
    size_t   n = 0;

    s->at = start;
    for (size_t i = 0; i < size; i++) {
        const char ch = s->r->text[i];
        const int  six = sextet(ch);
        if (ch == '\n') {
            continue;
        }
        padding += ch == '=';
        if ((six < 0 && ch != '=') || (six >= 0 && padding) || padding > 2) {
            return fail(s, "the metrics are not base64");
        }
        group = group << 6 | (six < 0 ? 0 : (uint32_t)six);
        if (++letters % 4 == 0) {
            s->r->message[n++] = (uint8_t)(group >> 16);
            s->r->message[n++] = (uint8_t)(group >> 8);
            s->r->message[n++] = (uint8_t)group;
            group = 0;
        }
    }
    /* bits that padding cuts off must be zero, or two texts would mean one message */
    if (letters % 4 || (padding && s->r->message[n - 1]) ||
        (padding == 2 && s->r->message[n - 2])) {
        return fail(s, "the metrics are not base64: their end is broken");
    }
    *out = n - (size_t)padding;
    return true;
}

/* ---- message ------------------------------------------------------------------------------- */

/* A field of the walk that may come once: the double in *out. */
static bool once(dvti_wire *w, const dvti_wire_field *f, uint32_t *seen, double *out)
{
    const uint32_t bit = 1u << f->number;

    if (!dvti_wire_expect(w, f, DVTI_WIRE_FIXED64, "a measured value")) {
        return false;
    }
    memcpy(out, &f->value, sizeof *out);
    if (*seen & bit) {
        return false;
    }
    *seen |= bit;
    return true;
}

/* current_epoch: a double; writers of other schemas store it as a float or a whole number. */
static bool once_epoch(const dvti_wire_field *f, uint32_t *seen, double *out)
{
    const uint32_t half = (uint32_t)f->value;
    float          single;

    if (f->type == DVTI_WIRE_BYTES || *seen & 2u) {
        return false;
    }
    memcpy(&single, &half, sizeof single);
    *out = f->type == DVTI_WIRE_VARINT ? (double)(int64_t)f->value : (double)single;
    if (f->type == DVTI_WIRE_FIXED64) {
        memcpy(out, &f->value, sizeof *out);
    }
    *seen |= 2u;
    return true;
}

/* What is wrong with the values of an evaluation, or NULL. */
static const char *check_values(const double v[DVTI_RECORD_VALUES])
{
    for (int i = 0; i < DVTI_RECORD_VALUES; i++) {
        if (!isfinite(v[i]) || v[i] < 0 || (i >= 2 && v[i] > 1)) {
            return i >= 2 ? "an accuracy outside of 0 to 1" : "an epoch or time below 0";
        }
    }
    return NULL;
}

static const char *read_evaluation(dvti_wire *w, const dvti_wire_field *field,
                                   double value[DVTI_RECORD_VALUES])
{
    dvti_wire       sub = dvti_wire_enter(w, field);
    dvti_wire_field f;
    uint32_t        seen = 0;

    while (dvti_wire_next(&sub, &f)) {
        if (f.number == 6 && f.type == DVTI_WIRE_BYTES) {
            continue;
        }
        if (f.number < 1 || f.number > DVTI_RECORD_VALUES) {
            return "EvaluationData has a field that is not known";
        }
        if (!(f.number == 1 ? once_epoch(&f, &seen, &value[0])
                            : once(&sub, &f, &seen, &value[f.number - 1]))) {
            return "EvaluationData has a field twice or of another type";
        }
    }
    if (sub.status != DVT_OK) {
        return "EvaluationData is no protobuf message";
    }
    /* proto3 leaves zeros out, proto2 writes them: absent is zero */
    return check_values(value);
}

static const char *read_metrics(dvti_wire *w, dvti_record *out)
{
    dvti_wire_field f;
    uint32_t        seen = 0;
    int             points = 0;

    while (dvti_wire_next(w, &f)) {
        const char *bad = NULL;
        if (f.number == 1 && f.type == DVTI_WIRE_BYTES) {
            bad = points < DVTI_RECORD_POINTS ? read_evaluation(w, &f, out->value[points++])
                                              : "ModelMetrics has more than 3 evaluations";
        } else if (f.number == 2 && f.type == DVTI_WIRE_VARINT && !(seen & 4u)) {
            seen |= 4u;
            out->parameters = (int32_t)(uint32_t)f.value;
            bad = f.value > INT32_MAX ? "trainable_parameters are below 0" : NULL;
        } else if (f.number == 3 && once(w, &f, &seen, &out->total_time_s)) {
            bad = isfinite(out->total_time_s) && out->total_time_s >= 0 ? NULL
                                                                        : "a total time below 0";
        } else {
            bad = "ModelMetrics has a field that is not known, is there twice, or of another type";
        }
        if (bad) {
            return bad;
        }
    }
    return w->status != DVT_OK           ? "ModelMetrics is no protobuf message"
           : points < DVTI_RECORD_POINTS ? "ModelMetrics has fewer than 3 evaluations"
           : !(seen & 4u)                ? "ModelMetrics lacks trainable_parameters"
                                         : NULL;
}

static bool read_message(scanner *s, size_t size, size_t start, dvti_record *out)
{
    dvt_ctx    *ctx = s->r->ctx;
    dvti_wire   w = dvti_wire_make(ctx, s->r->path, s->r->message, size);
    const char *bad = read_metrics(&w, out);

    if (bad) {
        dvt_ctx_clear_error(ctx); /* its offset was inside of the message */
        s->at = start;
        return fail(s, bad);
    }
    return true;
}

/* ---- records ------------------------------------------------------------------------------- */

static bool read_list(scanner *s, dvti_record *out)
{
    size_t size, start, message;

    if (!take(s, '[', "expected a JSON list") ||
        !take_text(s, "expected the hash, a text", &size, &start) ||
        !read_hash(s, size, start, out)) {
        return false;
    }
    if (!take(s, ',', "expected a comma") || !take_epochs(s, &out->epochs) ||
        !take(s, ',', "expected a comma") ||
        !take_text(s, "expected the matrix, a text", &size, &start)) {
        return false;
    }
    size_t end = s->at;
    if (!read_matrix(s, size, start, out)) {
        return false;
    }
    s->at = end;
    if (!take(s, ',', "expected a comma") ||
        !take_text(s, "expected the operations, a text", &size, &start)) {
        return false;
    }
    end = s->at;
    if (memchr(s->r->text, '\0', size) || !read_operations(s, start, out)) {
        return fail(s, "the operations are broken");
    }
    if (!dvt_nb101_valid(&out->cell)) {
        return fail(s, "this is no cell of NAS-Bench-101");
    }
    s->at = end;
    if (!take(s, ',', "expected a comma") ||
        !take_text(s, "expected the metrics, a text", &size, &start)) {
        return false;
    }
    end = s->at;
    if (!decode_base64(s, size, start, &message) || !read_message(s, message, start, out)) {
        return false;
    }
    s->at = end;
    if (!take(s, ']', "expected the end of the list")) {
        return false;
    }
    return peek(s) < 0 || fail(s, "something behind the list");
}

dvt_status dvti_record_parse(dvti_record_reader *r, const dvti_tfrecord *frame, dvti_record *out)
{
    scanner s = {.r = r, .frame = frame};

    *out = (dvti_record){0};
    (void)read_list(&s, out);
    return s.status;
}
