/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_import.c - reads a published CSV file of results and writes the table's cache.
 *
 * Idea       The schema names the columns in order; a line is cut at commas and each field goes, by
 *            its form, to the end of its column. Columns then follow one another in the file.
 * Checks     header as the schema says; every number whole and in range, every decimal with at most
 *            12 digits behind the point; cells valid; keys strictly ascending (so there are no
 *            duplicates, and a key is found by bisection); strings equal to their vectors.
 * Missing    an empty field of a column that may miss is simply not there: the column gets a list
 *            of the rows it has.
 * Limits     DVTI_TABLE_ROWS_MAX rows, 1 GiB of text. Fields hold no quotes and no commas.
 * Tests      tests/unit/test_table.c
 */
#include <string.h>
#include <zlib.h>

#include "formats/inflate.h"
#include "space/table_int.h"

enum { TEXT_MAX = 1 << 30, FIELD_MAX = 256, DECIMALS = 12, WHOLE_DIGITS = 6 };

typedef struct column {
    dvt_buf  values, rows;
    uint64_t count;
} column;

typedef struct importer {
    dvt_ctx                 *ctx;
    const dvti_table_schema *schema;
    dvt_benchmark            kind;
    int32_t                  column_count;
    const char              *names[DVTI_TABLE_COLUMNS_MAX];
    dvt_column_type          types[DVTI_TABLE_COLUMNS_MAX];
    column                   columns[DVTI_TABLE_COLUMNS_MAX];
    uint64_t                 rows;
    dvt_pos                  at;
    dvt_nb101_cell           cell; /* of this line */
    uint32_t                 vector;
    uint8_t                  key[16], last_key[16];
} importer;

/* ---- fields -------------------------------------------------------------------------------- */

static void store(importer *m, int32_t c, const void *value)
{
    column  *col = &m->columns[c];
    uint32_t row = (uint32_t)m->rows;

    dvt_buf_append(&col->values, value, dvti_column_bytes(m->types[c]));
    dvt_buf_append(&col->rows, &row, sizeof row);
    col->count++;
}

static dvt_status fail_field(importer *m, const dvti_field *f, const char *text, const char *want)
{
    return dvt_fail(m->ctx, DVT_E_PARSE, &m->at, "%s: expected %s, got '%.40s'", f->name, want,
                    text);
}

static dvt_status put_whole(importer *m, int32_t c, const dvti_field *f, const char *text)
{
    static const uint64_t most[DVT_COLUMN_TYPES] = {
        [DVT_COLUMN_U8] = UINT8_MAX, [DVT_COLUMN_U16] = UINT16_MAX, [DVT_COLUMN_U32] = UINT32_MAX};
    uint64_t v;

    if (!dvt_parse_u64(text, &v) || v > most[f->type]) {
        return fail_field(m, f, text, "a whole number");
    }
    const uint8_t  as8 = (uint8_t)v;
    const uint16_t as16 = (uint16_t)v;
    const uint32_t as32 = (uint32_t)v;
    store(m, c,
          f->type == DVT_COLUMN_U8    ? (const void *)&as8
          : f->type == DVT_COLUMN_U16 ? (const void *)&as16
                                      : (const void *)&as32);
    if (strcmp(f->name, "vertices") == 0) {
        m->cell.vertices = as8;
    } else if (strcmp(f->name, "adj_bits") == 0) {
        m->cell.adj_bits = as32;
    } else if (strcmp(f->name, "arch_vector") == 0) {
        m->vector = as32;
    } else if (strcmp(f->name, "index") == 0) {
        for (int i = 0; i < 4; i++) {
            m->key[i] = (uint8_t)(as32 >> (24 - 8 * i));
        }
    }
    return DVT_OK;
}

/* "12.5" as 12500000000000: digits, at most one point, at most 12 digits behind it. */
static bool decimal_of(const char *text, size_t size, uint64_t *out)
{
    uint64_t v = 0;
    int      before = 0, behind = -1;

    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' && behind < 0 && before > 0) {
            behind = 0;
        } else if (text[i] >= '0' && text[i] <= '9') {
            v = 10 * v + (uint64_t)(text[i] - '0');
            *(behind < 0 ? &before : &behind) += 1;
        } else {
            return false;
        }
        if (before > WHOLE_DIGITS || behind > DECIMALS) {
            return false;
        }
    }
    for (int i = behind < 0 ? 0 : behind; i < DECIMALS; i++) {
        v *= 10;
    }
    *out = v;
    return before > 0 && behind != 0;
}

static dvt_status put_decimal(importer *m, int32_t c, const dvti_field *f, const char *text)
{
    uint64_t v;

    if (!decimal_of(text, strlen(text), &v)) {
        return fail_field(m, f, text,
                          "a decimal number with at most 6 digits before and 12 behind the point");
    }
    store(m, c, &v);
    return DVT_OK;
}

static dvt_status put_seeds(importer *m, int32_t c, const dvti_field *f, const char *text)
{
    const char *p = text;

    for (int32_t i = 0; i < DVTI_TABLE_SEEDS; i++) {
        const size_t n = strcspn(p, "/");
        uint64_t     v;
        if (!decimal_of(p, n, &v)) {
            return fail_field(m, f, text, "one to three decimal numbers with '/' between");
        }
        store(m, c + i, &v);
        if (p[n] == '\0') {
            return DVT_OK;
        }
        p += n + 1;
    }
    return fail_field(m, f, text, "one to three decimal numbers with '/' between");
}

static int hex_digit(char ch)
{
    return ch >= '0' && ch <= '9' ? ch - '0' : ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static dvt_status put_hash(importer *m, int32_t c, const dvti_field *f, const char *text)
{
    bool good = strlen(text) == 32;

    for (int i = 0; good && i < 16; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        m->key[i] = (uint8_t)(16 * high + low);
    }
    if (!good) {
        return fail_field(m, f, text, "32 hexadecimal digits");
    }
    store(m, c, m->key);
    return DVT_OK;
}

static dvt_status put_labels(importer *m, int32_t c, const dvti_field *f, const char *text)
{
    const size_t n = strlen(text);
    uint16_t     packed = 0;

    if (n > DVT_NB101_MAX_INTERIOR || (int)n + 2 != m->cell.vertices) {
        return fail_field(m, f, text, "a digit for each vertex but input and output");
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] >= '0' + DVT_NB101_LABELS) {
            return fail_field(m, f, text, "digits 0, 1, 2");
        }
        m->cell.ops[i] = (uint8_t)(text[i] - '0');
        packed = (uint16_t)(packed | m->cell.ops[i] << (2 * i));
    }
    store(m, c, &packed);
    return DVT_OK;
}

static dvt_status put(importer *m, const dvti_field *f, const char *text, int32_t *c)
{
    char       string[DVTI_NB201_STRING];
    dvt_status st = DVT_OK;
    int32_t    at = *c;

    *c += f->form == DVTI_FIELD_SEEDS ? DVTI_TABLE_SEEDS : f->form == DVTI_FIELD_STRING ? 0 : 1;
    if (!*text && f->may_miss) {
        return DVT_OK;
    }
    switch (f->form) {
    case DVTI_FIELD_WHOLE: st = put_whole(m, at, f, text); break;
    case DVTI_FIELD_DECIMAL: st = put_decimal(m, at, f, text); break;
    case DVTI_FIELD_HASH: st = put_hash(m, at, f, text); break;
    case DVTI_FIELD_LABELS: st = put_labels(m, at, f, text); break;
    case DVTI_FIELD_SEEDS: st = put_seeds(m, at, f, text); break;
    case DVTI_FIELD_STRING:
        if (!dvti_nb201_string(m->vector, string) || strcmp(string, text) != 0) {
            st = fail_field(m, f, text, "the string of the operation vector before it");
        }
        break;
    }
    return st;
}

/* ---- lines --------------------------------------------------------------------------------- */

static dvt_status check_line(importer *m)
{
    if (m->rows > 0 && memcmp(m->key, m->last_key, sizeof m->key) <= 0) {
        return dvt_fail(m->ctx, DVT_E_PARSE, &m->at,
                        "keys must ascend: this line's is not above the one before");
    }
    if (m->kind == DVT_BENCHMARK_NASBENCH101 && !dvt_nb101_valid(&m->cell)) {
        return dvt_fail(m->ctx, DVT_E_PARSE, &m->at, "this is no cell of NAS-Bench-101");
    }
    if (m->rows == DVTI_TABLE_ROWS_MAX) {
        return dvt_fail(m->ctx, DVT_E_CAPACITY, &m->at, "above %d lines", DVTI_TABLE_ROWS_MAX);
    }
    memcpy(m->last_key, m->key, sizeof m->key);
    m->rows++;
    return DVT_OK;
}

/* Cuts the text of one line (`end` is its end) into fields. `header`: they are the names. */
static dvt_status read_line(importer *m, const char *line, const char *end, bool header)
{
    char        field[FIELD_MAX];
    const char *p = line;
    int32_t     c = 0;
    dvt_status  st = DVT_OK;

    m->cell = (dvt_nb101_cell){0};
    for (int32_t i = 0; st == DVT_OK && i < m->schema->count; i++) {
        const dvti_field *f = &m->schema->fields[i];
        const char       *comma = memchr(p, ',', (size_t)(end - p));
        const char       *stop = comma ? comma : end;
        const bool        last = i + 1 == m->schema->count;
        m->at.column = (uint32_t)(p - line) + 1;
        if (stop - p >= FIELD_MAX || (comma != NULL) == last) {
            return dvt_fail(m->ctx, DVT_E_PARSE, &m->at, "a line of %s has %d fields",
                            m->schema->name, (int)m->schema->count);
        }
        memcpy(field, p, (size_t)(stop - p));
        field[stop - p] = '\0';
        if (!header) {
            st = put(m, f, field, &c);
        } else if (strcmp(field, f->name) != 0) {
            st = dvt_fail(m->ctx, DVT_E_PARSE, &m->at, "column %d must be '%s', not '%.40s'", i + 1,
                          f->name, field);
        }
        p = stop + !last;
    }
    m->at.column = 1;
    return st == DVT_OK && !header ? check_line(m) : st;
}

static dvt_status read_text(importer *m, const dvt_blob *text)
{
    const char *p = (const char *)text->data, *end = p + text->size;
    dvt_status  st = DVT_OK;

    for (m->at.line = 1; st == DVT_OK && p < end; m->at.line++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const char *line_end = stop ? stop : end;
        const char *next = stop ? stop + 1 : end;
        if (line_end > p && line_end[-1] == '\r') {
            line_end--;
        }
        st = read_line(m, p, line_end, m->at.line == 1);
        p = next;
        if (st == DVT_OK && m->rows % 65536 == 1) {
            st = dvt_progress(m->ctx, "import", text->size - (size_t)(end - p), text->size, "B");
        }
    }
    if (st == DVT_OK && m->rows == 0) {
        st = dvt_fail(m->ctx, DVT_E_PARSE, &m->at, "there is no network in this file");
    }
    return st;
}

/* ---- cache --------------------------------------------------------------------------------- */

static size_t aligned(size_t n)
{
    return (n + DVTI_TABLE_ALIGN - 1) / DVTI_TABLE_ALIGN * DVTI_TABLE_ALIGN;
}

/* Places and, where `out` is not NULL, copies everything behind the head; returns the size. */
static size_t lay_out(const importer *m, uint8_t *out)
{
    size_t at = DVTI_TABLE_HEAD * (1 + (size_t)m->column_count);

    for (int32_t i = 0; i < m->column_count; i++) {
        const column    *c = &m->columns[i];
        dvti_table_entry e = {.type = (uint32_t)m->types[i], .count = c->count, .values_at = at};
        const size_t     rows_at = aligned(at + c->values.len);
        memcpy(e.name, m->names[i], strlen(m->names[i]));
        e.rows_at = c->count < m->rows ? rows_at : 0;
        if (out) {
            memcpy(out + DVTI_TABLE_HEAD * (1 + (size_t)i), &e, sizeof e);
            if (c->values.len) {
                memcpy(out + at, c->values.data, c->values.len);
            }
            if (e.rows_at && c->rows.len) {
                memcpy(out + rows_at, c->rows.data, c->rows.len);
            }
        }
        at = e.rows_at ? aligned(rows_at + c->rows.len) : rows_at;
    }
    return at;
}

/* The bytes of the cache; the caller frees them. */
static dvt_status make_image(importer *m, uint8_t **image, size_t *size)
{
    uint8_t *out;

    *size = lay_out(m, NULL);
    out = *image = dvt_calloc(m->ctx, *size, 1);
    if (!out) {
        return DVT_E_NOMEM;
    }
    lay_out(m, out);
    dvti_table_head head = {.version = DVTI_TABLE_VERSION,
                            .order = DVTI_TABLE_ORDER,
                            .kind = (uint32_t)m->kind,
                            .columns = (uint32_t)m->column_count,
                            .rows = m->rows,
                            .size = *size};
    memcpy(head.magic, DVTI_TABLE_MAGIC, sizeof head.magic);
    head.body_crc = (uint32_t)crc32_z(0, out + DVTI_TABLE_HEAD, *size - DVTI_TABLE_HEAD);
    head.head_crc =
        (uint32_t)crc32_z(0, (const uint8_t *)&head, offsetof(dvti_table_head, head_crc));
    memcpy(out, &head, sizeof head);
    return DVT_OK;
}

static dvt_status buffers_status(const importer *m)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < m->column_count; i++) {
        st = dvt_buf_status(&m->columns[i].values);
        st = st == DVT_OK ? dvt_buf_status(&m->columns[i].rows) : st;
    }
    return st;
}

dvt_status dvti_table_image(dvt_ctx *ctx, dvt_benchmark kind, const char *csv, uint8_t **image,
                            size_t *size, int64_t *rows)
{
    importer   m = {.ctx = ctx, .kind = kind, .schema = dvti_table_schema_of(kind), .at.file = csv};
    dvt_blob   text = {0};
    dvt_status st;

    *image = NULL;
    *size = 0;
    m.column_count = dvti_table_columns(kind, m.names, m.types);
    for (int32_t i = 0; i < m.column_count; i++) {
        dvt_buf_init(&m.columns[i].values, ctx, 0);
        dvt_buf_init(&m.columns[i].rows, ctx, 0);
    }
    st = dvt_file_read(ctx, csv, TEXT_MAX, &text);
    if (st == DVT_OK) {
        st = dvti_gunzip_in_place(ctx, csv, TEXT_MAX, &text);
    }
    if (st == DVT_OK) {
        st = read_text(&m, &text);
    }
    if (st == DVT_OK) {
        st = buffers_status(&m);
    }
    if (st == DVT_OK) {
        st = make_image(&m, image, size);
    }
    *rows = st == DVT_OK ? (int64_t)m.rows : 0;
    for (int32_t i = 0; i < m.column_count; i++) {
        dvt_buf_deinit(&m.columns[i].values);
        dvt_buf_deinit(&m.columns[i].rows);
    }
    dvt_blob_deinit(ctx, &text);
    return st;
}

dvt_status dvt_table_import(dvt_ctx *ctx, dvt_benchmark kind, const char *csv, const char *cache,
                            int64_t *rows)
{
    uint8_t   *image;
    size_t     size;
    int64_t    count;
    dvt_status st = dvti_table_image(ctx, kind, csv, &image, &size, &count);

    if (st == DVT_OK) {
        st = dvt_file_write(ctx, cache, image, size);
    }
    dvt_free(ctx, image);
    if (rows) {
        *rows = st == DVT_OK ? count : 0;
    }
    return st;
}
