/* SPDX-License-Identifier: Apache-2.0 */
/*
 * npy.c - NumPy's .npy files.
 *
 * Layout     "\x93NUMPY", major, minor, header length (2 bytes little endian in version 1, 4 in 2
 *            and 3), header, data. The header is a Python dictionary display with exactly the keys
 *            'descr' (element type), 'fortran_order' and 'shape', padded with blanks to a newline.
 * Idea       A small recursive-free scanner for just that dictionary; everything else in the header
 *            is an error with its byte offset. Data are byte-swapped if they are big endian and
 *            transposed if they are in Fortran order, so that a tensor is always row-major.
 * Types      f2 f4 f8, i1 i2 i4 i8, u1 u2 u4 u8, b1. Complex numbers, text, records, dates and
 *            objects (pickled Python) are DVT_E_UNSUPPORTED.
 * Limits     rank DVT_MAX_RANK, header of HEADER_MAX bytes; bytes behind the array are an error.
 * Tests      tests/unit/test_npy.c, tests/fuzz/fuzz_npy.c
 */
#include "formats/arrays_int.h"

#include <assert.h>
#include <string.h>

enum { MAGIC_BYTES = 6, HEADER_MAX = 1 << 20, HEADER_ALIGN = 64, TYPE_TEXT = 16 };
static const char MAGIC[MAGIC_BYTES + 1] = "\x93NUMPY";

/* NumPy's kind and size of an element, and ours. */
static const struct {
    char      text[3];
    dvt_dtype dtype;
} TYPES[] = {
    {"f2", DVT_DTYPE_F16}, {"f4", DVT_DTYPE_F32}, {"f8", DVT_DTYPE_F64}, {"i1", DVT_DTYPE_I8},
    {"u1", DVT_DTYPE_U8},  {"i2", DVT_DTYPE_I16}, {"u2", DVT_DTYPE_U16}, {"i4", DVT_DTYPE_I32},
    {"u4", DVT_DTYPE_U32}, {"i8", DVT_DTYPE_I64}, {"u8", DVT_DTYPE_U64}, {"b1", DVT_DTYPE_BOOL},
};
enum { TYPE_COUNT = sizeof TYPES / sizeof TYPES[0] };

static_assert(TYPE_COUNT == DVT_DTYPE_COUNT - 1, "every type but none has a name in NumPy");

typedef struct header {
    dvt_dtype dtype;
    dvt_shape shape;
    bool      swapped, fortran;
} header;

/* ---- scanner ------------------------------------------------------------------------------- */

typedef struct scanner {
    dvt_ctx    *ctx;
    const char *name;
    const char *text;
    size_t      size, at;
    uint64_t    origin; /* offset of text[0] in the file */
} scanner;

static dvt_status fail_at(const scanner *s, dvt_status status, size_t at, const char *what)
{
    const dvt_pos pos = {.file = s->name, .offset = s->origin + at};
    return dvt_fail(s->ctx, status, &pos, "npy header: %s", what);
}

static char peek(scanner *s)
{
    while (s->at < s->size && strchr(" \n\t\r", s->text[s->at]) && s->text[s->at]) {
        s->at++;
    }
    return s->at < s->size ? s->text[s->at] : '\0';
}

static bool accept(scanner *s, char c)
{
    if (peek(s) != c || c == '\0') {
        return false;
    }
    s->at++;
    return true;
}

static dvt_status expect(scanner *s, char c)
{
    char what[] = "expected '?'";

    if (accept(s, c)) {
        return DVT_OK;
    }
    what[sizeof what - 3] = c;
    return fail_at(s, DVT_E_PARSE, s->at, what);
}

/* A quoted word without escapes. */
static dvt_status read_word(scanner *s, char out[TYPE_TEXT])
{
    const char quote = peek(s);
    size_t     n = 0;

    if (quote != '\'' && quote != '"') {
        return fail_at(s, DVT_E_PARSE, s->at, "expected a quoted word");
    }
    const size_t start = ++s->at;
    while (start + n < s->size && s->text[start + n] != quote) {
        n++;
    }
    if (start + n == s->size || n >= TYPE_TEXT) {
        return fail_at(s, DVT_E_PARSE, start, "the word is too long or does not end");
    }
    memcpy(out, s->text + start, n);
    out[n] = '\0';
    s->at = start + n + 1;
    return DVT_OK;
}

static dvt_status read_type(scanner *s, header *h)
{
    char         word[TYPE_TEXT];
    const char   first = peek(s);
    const size_t start = s->at;
    dvt_status   st;

    if (first == '[' || first == '{' || first == '(') {
        return fail_at(s, DVT_E_UNSUPPORTED, start, "records are not read, only plain arrays");
    }
    if ((st = read_word(s, word)) != DVT_OK) {
        return st;
    }
    const bool marked = word[0] && strchr("<>|=", word[0]);
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(word + marked, TYPES[i].text) == 0) {
            const bool big = word[0] == '>', little = word[0] == '<';
            h->dtype = TYPES[i].dtype;
            h->swapped = dvti_is_little_endian() ? big : little;
            return DVT_OK;
        }
    }
    const dvt_pos pos = {.file = s->name, .offset = s->origin + start};
    st =
        dvt_fail(s->ctx, DVT_E_UNSUPPORTED, &pos, "elements of NumPy type '%s' are not read", word);
    dvt_fail_hint(s->ctx, "%s",
                  word[marked] == 'O' ? "this is an array of Python objects: save plain numbers"
                                      : "convert with .astype() to a float, integer or bool type");
    return st;
}

static dvt_status read_bool(scanner *s, bool *out)
{
    peek(s);
    for (int value = 0; value < 2; value++) {
        const char *word = value ? "True" : "False";
        if (s->size - s->at >= strlen(word) && memcmp(s->text + s->at, word, strlen(word)) == 0) {
            s->at += strlen(word);
            *out = value;
            return DVT_OK;
        }
    }
    return fail_at(s, DVT_E_PARSE, s->at, "expected True or False");
}

static dvt_status read_dim(scanner *s, int64_t *out)
{
    const char   first = peek(s);
    const size_t start = s->at;
    int64_t      v = 0;

    if (first < '0' || first > '9') {
        return fail_at(s, DVT_E_PARSE, start, "expected a dimension");
    }
    for (; s->at < s->size && s->text[s->at] >= '0' && s->text[s->at] <= '9'; s->at++) {
        v = v * 10 + (s->text[s->at] - '0');
        if (v > DVT_DIM_MAX) {
            return fail_at(s, DVT_E_PARSE, start, "the dimension is too large");
        }
    }
    accept(s, 'L'); /* Python 2 wrote long integers so */
    *out = v;
    return DVT_OK;
}

/* "(3, 4)", "(3,)" or "()". */
static dvt_status read_shape(scanner *s, dvt_shape *shape)
{
    dvt_status st = expect(s, '(');

    *shape = (dvt_shape){.rank = 0};
    while (st == DVT_OK && !accept(s, ')')) {
        if (shape->rank == DVT_MAX_RANK) {
            return fail_at(s, DVT_E_UNSUPPORTED, s->at, "more than 8 dimensions");
        }
        st = read_dim(s, &shape->dim[shape->rank++]);
        if (st == DVT_OK && peek(s) != ')') {
            st = expect(s, ',');
        } else if (st == DVT_OK && shape->rank == 1) {
            return fail_at(s, DVT_E_PARSE, s->at, "a shape of one dimension needs a comma");
        }
    }
    return st;
}

static dvt_status read_dictionary(scanner *s, header *h)
{
    bool       has_type = false, has_order = false, has_shape = false;
    dvt_status st = expect(s, '{');

    while (st == DVT_OK && !accept(s, '}')) {
        char         key[TYPE_TEXT];
        const size_t start = s->at;
        if ((st = read_word(s, key)) != DVT_OK || (st = expect(s, ':')) != DVT_OK) {
            return st;
        }
        if (strcmp(key, "descr") == 0 && !has_type) {
            has_type = true;
            st = read_type(s, h);
        } else if (strcmp(key, "fortran_order") == 0 && !has_order) {
            has_order = true;
            st = read_bool(s, &h->fortran);
        } else if (strcmp(key, "shape") == 0 && !has_shape) {
            has_shape = true;
            st = read_shape(s, &h->shape);
        } else {
            return fail_at(s, DVT_E_PARSE, start, "the key is unknown or stands there twice");
        }
        if (st == DVT_OK && peek(s) != '}') {
            st = expect(s, ',');
        }
    }
    if (st == DVT_OK && (!has_type || !has_order || !has_shape)) {
        st = fail_at(s, DVT_E_PARSE, s->at, "descr, fortran_order or shape is missing");
    }
    if (st == DVT_OK && peek(s) != '\0') {
        st = fail_at(s, DVT_E_PARSE, s->at, "text behind the dictionary");
    }
    return st;
}

/* Finds the header's text; its end is where the data start. */
static dvt_status find_header(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                              scanner *s)
{
    dvt_pos pos = {.file = name};
    size_t  length, at = MAGIC_BYTES + 2;

    if (size < MAGIC_BYTES + 4 || memcmp(data, MAGIC, MAGIC_BYTES) != 0) {
        return dvt_fail(ctx, DVT_E_PARSE, &pos, "this is no npy file: its first bytes are others");
    }
    pos.offset = MAGIC_BYTES;
    if (data[6] < 1 || data[6] > 3 || data[7] != 0) {
        return dvt_fail(ctx, DVT_E_UNSUPPORTED, &pos,
                        "npy version %d.%d is not read (1.0 to 3.0 are)", data[6], data[7]);
    }
    length = (size_t)data[8] | (size_t)data[9] << 8;
    at += 2;
    if (data[6] > 1 && size >= at + 2) {
        length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
        at += 2;
    }
    if (length > HEADER_MAX || length > size - at) {
        pos.offset = 8;
        return dvt_fail(ctx, DVT_E_PARSE, &pos, "an npy header of %zu bytes does not fit", length);
    }
    *s = (scanner){
        .ctx = ctx, .name = name, .text = (const char *)data + at, .size = length, .origin = at};
    return DVT_OK;
}

/* ---- data ---------------------------------------------------------------------------------- */

void dvti_swap_bytes(void *data, size_t count, size_t elem_bytes)
{
    uint8_t *p = data;

    for (size_t i = 0; i < count; i++, p += elem_bytes) {
        for (size_t a = 0, b = elem_bytes - 1; a < b; a++, b--) {
            const uint8_t t = p[a];
            p[a] = p[b];
            p[b] = t;
        }
    }
}

bool dvti_is_little_endian(void)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1;
}

/* Copies a column-major array into a row-major one. `at` counts through the target's indices while
 * `from` follows in the source, whose first dimension is the contiguous one. */
static void from_fortran(const uint8_t *src, const dvt_tensor *t)
{
    const size_t  elem = dvt_dtype_bytes(t->dtype);
    const int32_t rank = t->shape.rank;
    int64_t       stride[DVT_MAX_RANK], at[DVT_MAX_RANK] = {0}, from = 0;
    uint8_t      *dst = t->data;

    for (int32_t d = 0; d < rank; d++) {
        stride[d] = d == 0 ? 1 : stride[d - 1] * t->shape.dim[d - 1];
    }
    for (size_t done = 0; done < t->bytes; done += elem) {
        memcpy(dst + done, src + (size_t)from * elem, elem);
        for (int32_t d = rank - 1; d >= 0; d--) {
            from += stride[d];
            if (++at[d] < t->shape.dim[d]) {
                break;
            }
            from -= stride[d] * t->shape.dim[d];
            at[d] = 0;
        }
    }
}

/* Any byte but 0 is true for NumPy; a tensor holds 0 and 1. */
static void normalise_bool(dvt_tensor *t)
{
    uint8_t *p = t->data;
    for (size_t i = 0; i < t->bytes; i++) {
        p[i] = p[i] != 0;
    }
}

static dvt_status read_data(dvt_ctx *ctx, const char *name, const header *h, const uint8_t *data,
                            size_t size, uint64_t origin, dvt_tensor *out)
{
    const dvt_pos pos = {.file = name, .offset = origin};
    const int64_t count = dvt_shape_count(&h->shape);
    const size_t  elem = dvt_dtype_bytes(h->dtype);
    char          text[DVT_SHAPE_TEXT];
    dvt_status    st;

    if (count < 0 || (size_t)count > SIZE_MAX / elem || (size_t)count * elem != size) {
        return dvt_fail(ctx, DVT_E_PARSE, &pos, "%zu bytes of data are no %s array of shape %s",
                        size, dvt_dtype_name(h->dtype), dvt_shape_text(&h->shape, text));
    }
    if ((st = dvt_tensor_init(ctx, h->dtype, &h->shape, out)) != DVT_OK || out->bytes == 0) {
        return st;
    }
    if (h->fortran && h->shape.rank > 1) {
        from_fortran(data, out);
    } else {
        memcpy(out->data, data, out->bytes);
    }
    if (h->swapped && elem > 1) {
        dvti_swap_bytes(out->data, (size_t)count, elem);
    }
    if (h->dtype == DVT_DTYPE_BOOL) {
        normalise_bool(out);
    }
    return DVT_OK;
}

dvt_status dvt_npy_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                         dvt_tensor *out)
{
    header     h = {.dtype = DVT_DTYPE_NONE};
    scanner    s;
    dvt_status st;

    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    if ((st = find_header(ctx, name, data, size, &s)) != DVT_OK ||
        (st = read_dictionary(&s, &h)) != DVT_OK) {
        return st;
    }
    const size_t at = (size_t)s.origin + s.size;
    return read_data(ctx, name, &h, data + at, size - at, at, out);
}

dvt_status dvt_npy_read(dvt_ctx *ctx, const char *path, dvt_tensor *out)
{
    dvt_blob   file;
    dvt_status st = dvt_file_read(ctx, path, 0, &file);

    *out = (dvt_tensor){.dtype = DVT_DTYPE_NONE};
    if (st == DVT_OK) {
        st = dvt_npy_parse(ctx, path, file.data, file.size, out);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}

/* ---- writing ------------------------------------------------------------------------------- */

static const char *numpy_type(dvt_dtype dtype)
{
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (TYPES[i].dtype == dtype) {
            return TYPES[i].text;
        }
    }
    return "";
}

void dvti_npy_print(const dvt_tensor *t, dvt_buf *out)
{
    const size_t start = out->len, elem = dvt_dtype_bytes(t->dtype);
    const char   order = elem == 1 ? '|' : dvti_is_little_endian() ? '<' : '>';

    dvt_buf_append(out, MAGIC, MAGIC_BYTES);
    dvt_buf_append(out, "\1\0\0\0", 4); /* version 1.0, and room for the length */
    dvt_buf_printf(out, "{'descr': '%c%s', 'fortran_order': False, 'shape': (", order,
                   numpy_type(t->dtype));
    for (int32_t d = 0; d < t->shape.rank; d++) {
        dvt_buf_printf(out, "%lld%s", (long long)t->shape.dim[d],
                       t->shape.rank == 1      ? ","
                       : d + 1 < t->shape.rank ? ", "
                                               : "");
    }
    dvt_buf_puts(out, "), }");
    while (dvt_buf_status(out) == DVT_OK && (out->len - start + 1) % HEADER_ALIGN != 0) {
        dvt_buf_puts(out, " ");
    }
    dvt_buf_puts(out, "\n");
    if (dvt_buf_status(out) == DVT_OK) {
        const size_t length = out->len - start - MAGIC_BYTES - 4;
        out->data[start + 8] = (char)(length & 0xff);
        out->data[start + 9] = (char)(length >> 8);
    }
    dvt_buf_append(out, t->data, t->bytes);
}

dvt_status dvt_npy_write(dvt_ctx *ctx, const char *path, const dvt_tensor *t)
{
    dvt_buf    text;
    dvt_status st;

    if (t->dtype == DVT_DTYPE_NONE) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "an empty tensor cannot be written to '%s'", path);
    }
    dvt_buf_init(&text, ctx, SIZE_MAX / 4);
    dvti_npy_print(t, &text);
    if ((st = dvt_buf_status(&text)) == DVT_OK) {
        st = dvt_file_write(ctx, path, text.data, text.len);
    }
    dvt_buf_deinit(&text);
    return st;
}
