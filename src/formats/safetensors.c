/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safetensors.c - reads and writes named arrays in the safetensors format.
 *
 * Reading   The header is parsed with the common JSON reader (places in errors, depth and duplicate
 *           keys refused). Every array's place must hold exactly its elements, and the places must
 *           cover the data without holes or overlap, as the format demands; all that is checked
 *           before memory for an array is taken.
 * Order     Arrays come out in the order of their data, whatever the order of the header.
 * Writing   Arrays in the order given, the header padded with blanks to 8 bytes, so that data is
 *           aligned; the same arrays give the same bytes.
 * Limits    HEADER_MAX bytes of header, ARRAYS_MAX arrays; 8-bit floats are refused by name.
 * Tests     tests/unit/test_safetensors.c,
 *           tests/fuzz/fuzz_safetensors.c, tests/fault/fault_learn.c
 */
#include "base/json_util.h"
#include "base/base_int.h"
#include "formats/arrays_int.h"
#include "formats/safetensors_int.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_MAX = 100 << 20, ARRAYS_MAX = 1 << 20, LENGTH = 8 };

/* the format's name, ours, bytes an element in the file; NONE: refused */
typedef struct type_row {
    const char *name;
    dvt_dtype   dtype;
    uint64_t    bytes;
} type_row;

static const type_row TYPES[] = {
    {"F32", DVT_DTYPE_F32, 4}, {"F16", DVT_DTYPE_F16, 2},   {"BF16", DVT_DTYPE_F32, 2},
    {"F64", DVT_DTYPE_F64, 8}, {"I8", DVT_DTYPE_I8, 1},     {"U8", DVT_DTYPE_U8, 1},
    {"I16", DVT_DTYPE_I16, 2}, {"U16", DVT_DTYPE_U16, 2},   {"I32", DVT_DTYPE_I32, 4},
    {"U32", DVT_DTYPE_U32, 4}, {"I64", DVT_DTYPE_I64, 8},   {"U64", DVT_DTYPE_U64, 8},
    {"BOOL", DVT_DTYPE_BOOL, 1}, {"F8_E4M3", DVT_DTYPE_NONE, 1}, {"F8_E5M2", DVT_DTYPE_NONE, 1},
};
enum { TYPE_COUNT = sizeof TYPES / sizeof TYPES[0], TYPE_BF16 = 2 };

/* ---- reading: the header ------------------------------------------------------------------- */

typedef struct entry {
    const char *name; /* in the document */
    size_t      type;
    dvt_shape   shape;
    int64_t     begin, end; /* bytes of the data */
} entry;

static dvt_status read_shape(const dvti_json *o, dvt_shape *s)
{
    dvti_json  dims;
    dvt_status st = dvti_json_get_array(o, "shape", DVTI_JSON_REQUIRED, &dims);
    size_t     n = st == DVT_OK ? dvti_json_count(&dims) : 0;

    if (st == DVT_OK && n > DVT_MAX_RANK)
        return dvti_json_fail(&dims, DVT_E_UNSUPPORTED, "%zu dimensions; at most %d are read", n,
                              DVT_MAX_RANK);
    s->rank = (int32_t)n;
    for (size_t i = 0; st == DVT_OK && i < n; i++) {
        dvti_json d = dvti_json_at(&dims, i);
        st = dvti_json_as_i64(&d, 0, DVT_DIM_MAX, &s->dim[i]);
    }
    if (st == DVT_OK && dvt_shape_count(s) < 0)
        st = dvti_json_fail(&dims, DVT_E_CAPACITY, "more elements than can be counted");
    return st;
}

static dvt_status read_place(const dvti_json *o, int64_t data_bytes, entry *e)
{
    dvti_json  places;
    dvt_status st = dvti_json_get_array(o, "data_offsets", DVTI_JSON_REQUIRED, &places);

    if (st == DVT_OK && dvti_json_count(&places) != 2)
        return dvti_json_fail(&places, DVT_E_PARSE, "a place has a begin and an end");
    if (st != DVT_OK)
        return st;
    dvti_json begin = dvti_json_at(&places, 0), end = dvti_json_at(&places, 1);
    st = dvti_json_as_i64(&begin, 0, data_bytes, &e->begin);
    if (st == DVT_OK)
        st = dvti_json_as_i64(&end, e->begin, data_bytes, &e->end);
    if (st == DVT_OK &&
        (uint64_t)(e->end - e->begin) !=
            (uint64_t)dvt_shape_count(&e->shape) * TYPES[e->type].bytes)
        st = dvti_json_fail(&places, DVT_E_PARSE,
                            "%lld bytes do not hold %lld elements of type %s",
                            (long long)(e->end - e->begin), (long long)dvt_shape_count(&e->shape),
                            TYPES[e->type].name);
    return st;
}

static dvt_status read_entry(const dvti_json *o, int64_t data_bytes, entry *e)
{
    static const char *const KEYS[] = {"dtype", "shape", "data_offsets"};
    const char              *names[TYPE_COUNT];
    dvt_status               st = dvti_json_check_keys(o, KEYS, 3);

    for (size_t i = 0; i < TYPE_COUNT; i++)
        names[i] = TYPES[i].name;
    if (st == DVT_OK)
        st = dvti_json_get_enum(o, "dtype", DVTI_JSON_REQUIRED, names, TYPE_COUNT, &e->type);
    if (st == DVT_OK && TYPES[e->type].dtype == DVT_DTYPE_NONE)
        return dvti_json_fail(o, DVT_E_UNSUPPORTED, "elements of type %s are not read",
                              TYPES[e->type].name);
    if (st == DVT_OK)
        st = read_shape(o, &e->shape);
    return st == DVT_OK ? read_place(o, data_bytes, e) : st;
}

static int by_place(const void *a, const void *b)
{
    const entry *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) /* empty arrays before the one that begins where they are */
        return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

static dvt_status check_cover(dvt_ctx *ctx, const char *file, const entry *e, int32_t count,
                              int64_t data_bytes)
{
    const dvt_pos at = {.file = file};
    int64_t       end = 0;

    for (int32_t i = 0; i < count; i++) {
        if (e[i].begin != end)
            return dvt_fail(ctx, DVT_E_PARSE, &at,
                            "array '%s' begins at byte %lld of the data, the one before ends at "
                            "%lld",
                            e[i].name, (long long)e[i].begin, (long long)end);
        end = e[i].end;
    }
    if (end != data_bytes)
        return dvt_fail(ctx, DVT_E_PARSE, &at, "%lld bytes of data belong to no array",
                        (long long)(data_bytes - end));
    return DVT_OK;
}

/* ---- reading: the arrays ------------------------------------------------------------------- */

static char *copy_text(dvt_ctx *ctx, const char *s)
{
    size_t n = strlen(s);
    char  *p = dvt_alloc(ctx, n + 1);

    return p ? memcpy(p, s, n + 1) : NULL;
}

static void widen_bf16(const uint8_t *from, int64_t count, float *to)
{
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)from[2 * i] << 16 | (uint32_t)from[2 * i + 1] << 24;
        memcpy(&to[i], &bits, sizeof bits);
    }
}

static dvt_status take_array(dvt_ctx *ctx, const entry *e, const uint8_t *data,
                             dvt_safetensors *out)
{
    const type_row *type = &TYPES[e->type];
    dvt_tensor     *t = &out->tensors[out->count];
    const size_t    bytes = (size_t)(e->end - e->begin);
    dvt_status      st = dvt_tensor_init(ctx, type->dtype, &e->shape, t);

    if (st != DVT_OK)
        return st;
    out->names[out->count++] = copy_text(ctx, e->name);
    if (!out->names[out->count - 1])
        return DVT_E_NOMEM;
    if (bytes == 0)
        return DVT_OK;
    if (e->type == TYPE_BF16) {
        widen_bf16(data + e->begin, dvt_shape_count(&e->shape), t->data);
        return DVT_OK;
    }
    memcpy(t->data, data + e->begin, bytes);
    if (!dvti_is_little_endian())
        dvti_swap_bytes(t->data, bytes / type->bytes, type->bytes);
    for (size_t i = 0; type->dtype == DVT_DTYPE_BOOL && i < bytes; i++)
        ((uint8_t *)t->data)[i] = ((uint8_t *)t->data)[i] != 0;
    return DVT_OK;
}

static dvt_status take_metadata(dvt_ctx *ctx, const dvti_json *o, dvt_safetensors *out)
{
    size_t      n = json_object_size(o->value);
    const char *key = NULL;
    json_t     *member = NULL;

    out->metadata_keys = dvt_calloc(ctx, n + 1, sizeof *out->metadata_keys);
    out->metadata_values = dvt_calloc(ctx, n + 1, sizeof *out->metadata_values);
    if (!out->metadata_keys || !out->metadata_values)
        return DVT_E_NOMEM;
    json_object_foreach((json_t *)(uintptr_t)o->value, key, member)
    {
        const char *text = NULL;
        dvt_status  st = dvti_json_get_string(o, key, DVTI_JSON_REQUIRED, &text);
        if (st != DVT_OK)
            return st;
        char *k = copy_text(ctx, key), *v = copy_text(ctx, text);
        out->metadata_keys[out->metadata_count] = k;
        out->metadata_values[out->metadata_count++] = v;
        if (!k || !v)
            return DVT_E_NOMEM;
    }
    return DVT_OK;
}

/* All entries of the header into `e`, sorted by place. */
static dvt_status read_header(dvt_ctx *ctx, const dvti_json *root, int64_t data_bytes, entry *e,
                              int32_t *count, dvt_safetensors *out)
{
    const char *key = NULL;
    json_t     *member = NULL;
    dvt_status  st = DVT_OK;

    json_object_foreach((json_t *)(uintptr_t)root->value, key, member)
    {
        dvti_json o;
        st = dvti_json_get_object(root, key, DVTI_JSON_REQUIRED, &o);
        if (st == DVT_OK && strcmp(key, "__metadata__") == 0) {
            st = take_metadata(ctx, &o, out);
        } else if (st == DVT_OK) {
            e[*count].name = key;
            st = read_entry(&o, data_bytes, &e[(*count)++]);
        }
        if (st != DVT_OK)
            return st;
    }
    if (*count > 0)
        qsort(e, (size_t)*count, sizeof *e, by_place);
    return check_cover(ctx, root->doc->name, e, *count, data_bytes);
}

static dvt_status read_all(dvt_ctx *ctx, const dvti_json_doc *doc, const uint8_t *data,
                           int64_t data_bytes, dvt_safetensors *out)
{
    dvti_json  root = dvti_json_root(doc);
    entry     *e = NULL;
    int32_t    count = 0;
    dvt_status st = dvti_json_as_object(&root);

    if (st != DVT_OK)
        return st;
    size_t n = json_object_size(root.value);
    if (n > ARRAYS_MAX)
        return dvti_json_fail(&root, DVT_E_CAPACITY, "%zu arrays, at most %d are read", n,
                              ARRAYS_MAX);
    e = dvt_calloc(ctx, n + 1, sizeof *e);
    out->names = dvt_calloc(ctx, n + 1, sizeof *out->names);
    out->tensors = dvt_calloc(ctx, n + 1, sizeof *out->tensors);
    st = e && out->names && out->tensors ? DVT_OK : DVT_E_NOMEM;
    if (st == DVT_OK)
        st = read_header(ctx, &root, data_bytes, e, &count, out);
    for (int32_t i = 0; st == DVT_OK && i < count; i++)
        st = take_array(ctx, &e[i], data, out);
    dvt_free(ctx, e);
    return st;
}

static uint64_t header_length(const uint8_t *data)
{
    uint64_t n = 0;

    for (int i = 0; i < LENGTH; i++)
        n |= (uint64_t)data[i] << 8 * i;
    return n;
}

dvt_status dvti_safetensors_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                                  dvt_safetensors *out)
{
    const dvt_pos   at = {.file = name};
    dvt_safetensors st = {0};
    dvti_json_doc   doc = {0};
    dvt_status      status;

    *out = st;
    if (size < LENGTH)
        return dvt_fail(ctx, DVT_E_PARSE, &at, "%zu bytes are too few for a safetensors file",
                        size);
    const uint64_t n = header_length(data);
    if (n > size - LENGTH)
        return dvt_fail(ctx, DVT_E_PARSE, &at,
                        "the header claims %llu bytes, the file has %zu behind its length",
                        (unsigned long long)n, size - LENGTH);
    if (n > HEADER_MAX)
        return dvt_fail(ctx, DVT_E_CAPACITY, &at, "a header of %llu bytes, at most %d are read",
                        (unsigned long long)n, HEADER_MAX);
    status = dvti_json_parse(ctx, name, (const char *)data + LENGTH, (size_t)n, &doc);
    if (status == DVT_OK)
        status = read_all(ctx, &doc, data + LENGTH + n, (int64_t)(size - LENGTH - n), &st);
    dvti_json_doc_deinit(&doc);
    if (status != DVT_OK)
        dvt_safetensors_deinit(ctx, &st);
    *out = st;
    return status;
}

dvt_status dvt_safetensors_read(dvt_ctx *ctx, const char *path, dvt_safetensors *out)
{
    dvt_blob   file;
    dvt_status st = dvt_file_read(ctx, path, (size_t)64 << 30, &file);

    *out = (dvt_safetensors){0};
    if (st == DVT_OK)
        st = dvti_safetensors_parse(ctx, path, file.data, file.size, out);
    dvt_blob_deinit(ctx, &file);
    return st;
}

static void free_texts(dvt_ctx *ctx, char **texts, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        dvt_free(ctx, texts[i]);
    dvt_free(ctx, texts);
}

void dvt_safetensors_deinit(dvt_ctx *ctx, dvt_safetensors *st)
{
    for (int32_t i = 0; i < st->count; i++)
        dvt_tensor_deinit(ctx, &st->tensors[i]);
    free_texts(ctx, st->names, st->count);
    free_texts(ctx, st->metadata_keys, st->metadata_count);
    free_texts(ctx, st->metadata_values, st->metadata_count);
    dvt_free(ctx, st->tensors);
    *st = (dvt_safetensors){0};
}

/* ---- writing ------------------------------------------------------------------------------- */

static const char *type_name(dvt_dtype dtype)
{
    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (TYPES[i].dtype == dtype && i != TYPE_BF16)
            return TYPES[i].name;
    return NULL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static dvt_status check_names(dvt_ctx *ctx, const dvt_safetensors *st)
{
    const char **names = dvt_calloc(ctx, (size_t)st->count + 1, sizeof *names);
    dvt_status   status = names ? DVT_OK : DVT_E_NOMEM;

    for (int32_t i = 0; status == DVT_OK && i < st->count; i++) {
        names[i] = st->names[i];
        if (strcmp(names[i], "__metadata__") == 0 || !type_name(st->tensors[i].dtype))
            status = dvt_fail(ctx, DVT_E_USAGE, NULL,
                              "array '%s' has a name or type that safetensors does not have",
                              names[i]);
    }
    if (status == DVT_OK && st->count > 1)
        qsort(names, (size_t)st->count, sizeof *names, by_text);
    for (int32_t i = 1; status == DVT_OK && i < st->count; i++)
        if (strcmp(names[i], names[i - 1]) == 0)
            status = dvt_fail(ctx, DVT_E_USAGE, NULL, "two arrays have the name '%s'", names[i]);
    dvt_free(ctx, names);
    return status;
}

static void print_header(const dvt_safetensors *st, dvt_buf *b)
{
    dvti_json_writer w = dvti_json_writer_make(b, 0);
    uint64_t         at = 0;

    dvti_json_open_object(&w);
    if (st->metadata_count > 0) {
        dvti_json_key(&w, "__metadata__");
        dvti_json_open_object(&w);
        for (int32_t i = 0; i < st->metadata_count; i++)
            dvti_json_put_string(&w, st->metadata_keys[i], st->metadata_values[i]);
        dvti_json_close_object(&w);
    }
    for (int32_t i = 0; i < st->count; i++) {
        const dvt_tensor *t = &st->tensors[i];
        dvti_json_key(&w, st->names[i]);
        dvti_json_open_object(&w);
        dvti_json_put_string(&w, "dtype", type_name(t->dtype));
        dvti_json_key(&w, "shape");
        dvti_json_open_array(&w);
        for (int32_t d = 0; d < t->shape.rank; d++)
            dvti_json_i64(&w, t->shape.dim[d]);
        dvti_json_close_array(&w);
        dvti_json_key(&w, "data_offsets");
        dvti_json_open_array(&w);
        dvti_json_u64(&w, at);
        dvti_json_u64(&w, at += t->bytes);
        dvti_json_close_array(&w);
        dvti_json_close_object(&w);
    }
    dvti_json_close_object(&w);
    while (b->len % LENGTH)
        dvt_buf_puts(b, " ");
}

static dvt_status print_array(dvt_ctx *ctx, const dvt_tensor *t, dvt_buf *b)
{
    dvt_tensor copy;

    if (dvti_is_little_endian() || t->bytes == 0) {
        dvt_buf_append(b, t->data, t->bytes);
        return dvt_buf_status(b);
    }
    dvt_status st = dvt_tensor_copy(ctx, t, &copy);
    if (st == DVT_OK) {
        size_t each = dvt_dtype_bytes(t->dtype);
        dvti_swap_bytes(copy.data, t->bytes / each, each);
        dvt_buf_append(b, copy.data, copy.bytes);
    }
    dvt_tensor_deinit(ctx, &copy);
    return st == DVT_OK ? dvt_buf_status(b) : st;
}

dvt_status dvti_safetensors_print(dvt_ctx *ctx, const dvt_safetensors *st, dvt_buf *out)
{
    dvt_status    status = check_names(ctx, st);
    unsigned char length[LENGTH];
    dvt_buf       header;

    if (status != DVT_OK)
        return status;
    dvt_buf_init(&header, ctx, HEADER_MAX);
    print_header(st, &header);
    for (int i = 0; i < LENGTH; i++)
        length[i] = (unsigned char)((uint64_t)header.len >> 8 * i);
    dvt_buf_append(out, length, LENGTH);
    if (header.len)
        dvt_buf_append(out, header.data, header.len);
    status = dvt_buf_status(&header);
    for (int32_t i = 0; status == DVT_OK && i < st->count; i++)
        status = print_array(ctx, &st->tensors[i], out);
    dvt_buf_deinit(&header);
    return status == DVT_OK ? dvt_buf_status(out) : status;
}

dvt_status dvt_safetensors_write(dvt_ctx *ctx, const char *path, const dvt_safetensors *st)
{
    dvt_buf    b;
    dvt_status status;

    dvt_buf_init(&b, ctx, (size_t)64 << 30);
    status = dvti_safetensors_print(ctx, st, &b);
    if (status == DVT_OK)
        status = dvt_file_write(ctx, path, b.data, b.len);
    dvt_buf_deinit(&b);
    return status;
}
