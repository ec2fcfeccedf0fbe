/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - opens the cache of a benchmark table and answers from it.
 *
 * Idea       The file is mapped; columns are pointers into the mapping. Opening checks the head,
 *            both checksums, that the columns are those of the kind, and that every place lies in
 *            the file, so that nothing read later can be out of bounds.
 * Finding    rows ascend by key: bisection by hash or index; a NAS-Bench-201 string is compared
 *            with that of each row, which takes a few milliseconds.
 * Limits     byte order of the machine that wrote it; the file must not change while it is open.
 * Tests      tests/unit/test_table.c
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "space/table_int.h"

struct dvt_table {
    dvt_ctx       *ctx;
    const uint8_t *data;
    uint8_t       *owned; /* the same, where it is memory of ours and no mapping */
    size_t         size;
    dvt_benchmark  kind;
    int64_t        rows;
    int32_t        column_count;
    dvt_column     columns[DVTI_TABLE_COLUMNS_MAX];
};

/* ---- opening ------------------------------------------------------------------------------- */

static dvt_status fail_at(dvt_ctx *ctx, const char *path, uint64_t offset, const char *what)
{
    const dvt_pos at = {.file = path, .offset = offset};

    dvt_fail(ctx, DVT_E_PARSE, &at, "%s", what);
    dvt_fail_hint(ctx, "'dovetail data import' makes a table's cache from its CSV file");
    return DVT_E_PARSE;
}

static dvt_status map_file(dvt_ctx *ctx, const char *path, dvt_table *t)
{
    struct stat info;
    int         fd = open(path, O_RDONLY | O_CLOEXEC);
    dvt_status  st = DVT_OK;

    if (fd < 0 || fstat(fd, &info) != 0) {
        st = dvt_fail(ctx, DVT_E_IO, NULL, "cannot open '%s': %s", path, strerror(errno));
    } else if (!S_ISREG(info.st_mode) || info.st_size < DVTI_TABLE_HEAD) {
        st = fail_at(ctx, path, 0, "this is no table's cache");
    } else {
        void *p = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED) {
            st = dvt_fail(ctx, DVT_E_IO, NULL, "cannot map '%s': %s", path, strerror(errno));
        } else {
            t->data = p;
            t->size = (size_t)info.st_size;
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return st;
}

static dvt_status check_head(dvt_ctx *ctx, const char *path, dvt_table *t)
{
    dvti_table_head head;

    memcpy(&head, t->data, sizeof head);
    if (memcmp(head.magic, DVTI_TABLE_MAGIC, sizeof head.magic) != 0) {
        return fail_at(ctx, path, 0, "this is no table's cache");
    }
    if (head.version != DVTI_TABLE_VERSION || head.order != DVTI_TABLE_ORDER) {
        return fail_at(ctx, path, offsetof(dvti_table_head, version),
                       "this cache is of another version or byte order");
    }
    if (head.head_crc != (uint32_t)crc32_z(0, t->data, offsetof(dvti_table_head, head_crc)) ||
        head.kind >= DVT_BENCHMARKS || head.rows == 0 || head.rows > DVTI_TABLE_ROWS_MAX ||
        head.zero[0] || head.zero[1]) {
        return fail_at(ctx, path, offsetof(dvti_table_head, kind),
                       "the head of this cache is damaged");
    }
    if (head.size != t->size) {
        return fail_at(ctx, path, t->size, "this cache was cut");
    }
    if (head.body_crc !=
        (uint32_t)crc32_z(0, t->data + DVTI_TABLE_HEAD, t->size - DVTI_TABLE_HEAD)) {
        return fail_at(ctx, path, offsetof(dvti_table_head, body_crc),
                       "the content of this cache does not have its checksum");
    }
    t->kind = (dvt_benchmark)head.kind;
    t->rows = (int64_t)head.rows;
    t->column_count = (int32_t)head.columns;
    return DVT_OK;
}

/* `count` items of `bytes` at `at` lie aligned inside the file. */
static bool inside(const dvt_table *t, uint64_t at, uint64_t count, size_t bytes)
{
    return at % DVTI_TABLE_ALIGN == 0 && at <= t->size && count <= (t->size - at) / bytes;
}

static bool rows_ascend(const uint32_t *rows, uint64_t count, int64_t limit)
{
    for (uint64_t i = 0; i < count; i++) {
        if ((int64_t)rows[i] >= limit || (i > 0 && rows[i] <= rows[i - 1])) {
            return false;
        }
    }
    return true;
}

static bool read_column(dvt_table *t, int32_t i, const char *name, dvt_column_type type)
{
    dvti_table_entry e;
    const uint64_t   rows = (uint64_t)t->rows;

    memcpy(&e, t->data + DVTI_TABLE_HEAD * (1 + (size_t)i), sizeof e);
    if (!memchr(e.name, '\0', sizeof e.name) || strcmp(e.name, name) != 0 ||
        e.type != (uint32_t)type || e.zero || e.count > rows ||
        !inside(t, e.values_at, e.count, dvti_column_bytes(type)) ||
        !inside(t, e.rows_at, e.rows_at ? e.count : 0, sizeof(uint32_t)) ||
        (e.rows_at == 0) != (e.count == rows)) {
        return false;
    }
    t->columns[i] = (dvt_column){
        .name = name, .type = type, .count = (int64_t)e.count, .values = t->data + e.values_at};
    if (e.rows_at) {
        t->columns[i].rows = (const uint32_t *)(const void *)(t->data + e.rows_at);
        return rows_ascend(t->columns[i].rows, e.count, t->rows);
    }
    return true;
}

static dvt_status read_columns(dvt_ctx *ctx, const char *path, dvt_table *t)
{
    const char     *names[DVTI_TABLE_COLUMNS_MAX];
    dvt_column_type types[DVTI_TABLE_COLUMNS_MAX];
    const int32_t   count = dvti_table_columns(t->kind, names, types);

    if (t->column_count != count || t->size < DVTI_TABLE_HEAD * (1 + (size_t)count)) {
        return fail_at(ctx, path, offsetof(dvti_table_head, columns),
                       "this cache does not have the columns of its kind");
    }
    for (int32_t i = 0; i < count; i++) {
        if (!read_column(t, i, names[i], types[i])) {
            return fail_at(ctx, path, DVTI_TABLE_HEAD * (1 + (uint64_t)i),
                           "a column of this cache is not as its kind says");
        }
    }
    return DVT_OK;
}

/* Every cell of a NAS-Bench-101 table is one: what is computed from them relies on it. */
static dvt_status check_cells(dvt_ctx *ctx, const char *path, const dvt_table *t)
{
    for (int64_t row = 0; t->kind == DVT_BENCHMARK_NASBENCH101 && row < t->rows; row++) {
        dvt_nb101_cell cell;
        dvt_table_nb101_cell(t, row, &cell);
        if (!dvt_nb101_valid(&cell)) {
            return fail_at(ctx, path, 0, "a cell of this cache is none of NAS-Bench-101");
        }
    }
    return DVT_OK;
}

/* Checks a table whose bytes are there, and hands it over or closes it. */
static dvt_status finish(dvt_ctx *ctx, const char *path, dvt_table *t, dvt_table **out)
{
    dvt_status st = check_head(ctx, path, t);

    if (st == DVT_OK) {
        st = read_columns(ctx, path, t);
    }
    if (st == DVT_OK) {
        st = check_cells(ctx, path, t);
    }
    if (st == DVT_OK) {
        *out = t;
    } else {
        dvt_table_close(t);
    }
    return st;
}

dvt_status dvt_table_open(dvt_ctx *ctx, const char *path, dvt_table **out)
{
    dvt_table *t = dvt_calloc(ctx, 1, sizeof *t);
    dvt_status st;

    *out = NULL;
    if (!t) {
        return DVT_E_NOMEM;
    }
    t->ctx = ctx;
    st = map_file(ctx, path, t);
    if (st != DVT_OK) {
        dvt_table_close(t);
        return st;
    }
    return finish(ctx, path, t, out);
}

static bool starts_as_cache(const char *path)
{
    char magic[sizeof(DVTI_TABLE_MAGIC)] = "";
    int  fd = open(path, O_RDONLY | O_CLOEXEC);
    bool same = fd >= 0 && read(fd, magic, sizeof magic - 1) == (ssize_t)sizeof magic - 1 &&
                strcmp(magic, DVTI_TABLE_MAGIC) == 0;

    if (fd >= 0) {
        close(fd);
    }
    return same;
}

dvt_status dvt_table_load(dvt_ctx *ctx, dvt_benchmark kind, const char *path, dvt_table **out)
{
    dvt_table *t;
    int64_t    rows;
    dvt_status st;

    *out = NULL;
    if (starts_as_cache(path)) {
        st = dvt_table_open(ctx, path, out);
        if (st == DVT_OK && (*out)->kind != kind) {
            st = dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL, "'%s' is a table of %s, not of %s", path,
                          dvt_benchmark_name((*out)->kind), dvt_benchmark_name(kind));
            dvt_table_close(*out);
            *out = NULL;
        }
        return st;
    }
    t = dvt_calloc(ctx, 1, sizeof *t);
    if (!t) {
        return DVT_E_NOMEM;
    }
    t->ctx = ctx;
    st = dvti_table_image(ctx, kind, path, &t->owned, &t->size, &rows);
    t->data = t->owned;
    if (st != DVT_OK) {
        dvt_table_close(t);
        return st;
    }
    return finish(ctx, path, t, out);
}

void dvt_table_close(dvt_table *t)
{
    if (!t) {
        return;
    }
    if (t->data && !t->owned) {
        munmap((void *)(uintptr_t)t->data, t->size);
    }
    dvt_free(t->ctx, t->owned);
    dvt_free(t->ctx, t);
}

/* ---- columns ------------------------------------------------------------------------------- */

dvt_benchmark dvt_table_benchmark(const dvt_table *t) { return t->kind; }
int64_t       dvt_table_rows(const dvt_table *t) { return t->rows; }
int32_t       dvt_table_column_count(const dvt_table *t) { return t->column_count; }

const dvt_column *dvt_table_column(const dvt_table *t, int32_t i) { return &t->columns[i]; }

const dvt_column *dvt_table_find_column(const dvt_table *t, const char *name)
{
    for (int32_t i = 0; i < t->column_count; i++) {
        if (strcmp(t->columns[i].name, name) == 0) {
            return &t->columns[i];
        }
    }
    return NULL;
}

/* The place of `row` among the values of a column; -1 if it is missing. */
static int64_t place_of(const dvt_column *c, int64_t row)
{
    int64_t low = 0, high = c->count;

    if (!c->rows) {
        return row;
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if ((int64_t)c->rows[middle] < row) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < c->count && (int64_t)c->rows[low] == row ? low : -1;
}

static uint64_t value_at(const dvt_column *c, int64_t i)
{
    switch (c->type) {
    case DVT_COLUMN_U8: return ((const uint8_t *)c->values)[i];
    case DVT_COLUMN_U16: return ((const uint16_t *)c->values)[i];
    case DVT_COLUMN_U32: return ((const uint32_t *)c->values)[i];
    default: return ((const uint64_t *)c->values)[i];
    }
}

dvt_status dvt_table_value(dvt_ctx *ctx, const dvt_table *t, const char *column, int64_t row,
                           uint64_t *out)
{
    const dvt_column *c = dvt_table_find_column(t, column);

    *out = 0;
    if (!c || c->type == DVT_COLUMN_HASH) {
        const char *names[DVTI_TABLE_COLUMNS_MAX];
        for (int32_t i = 0; i < t->column_count; i++) {
            names[i] = t->columns[i].name;
        }
        const char *near = dvt_nearest(column, names, (size_t)t->column_count);
        dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "a %s table has no values '%s'",
                 dvt_benchmark_name(t->kind), column);
        if (near) {
            dvt_fail_hint(ctx, "did you mean '%s'?", near);
        } else {
            dvt_fail_hint(ctx, "'dovetail data query CACHE' lists what there is");
        }
        return DVT_E_NOTFOUND;
    }
    const int64_t place = place_of(c, row);
    if (place < 0) {
        return dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "'%s' of this network is not in the table",
                        column);
    }
    *out = value_at(c, place);
    return DVT_OK;
}

/* ---- networks ------------------------------------------------------------------------------ */

void dvt_table_nb101_cell(const dvt_table *t, int64_t row, dvt_nb101_cell *out)
{
    const uint64_t labels = value_at(&t->columns[3], row);

    *out = (dvt_nb101_cell){.adj_bits = (uint32_t)value_at(&t->columns[2], row),
                            .vertices = (uint8_t)value_at(&t->columns[1], row)};
    for (int i = 0; i < DVT_NB101_MAX_INTERIOR; i++) {
        out->ops[i] = (uint8_t)(labels >> (2 * i) & 3u);
    }
}

void dvt_table_nb101_hash(const dvt_table *t, int64_t row, char out[DVT_MD5_HEX])
{
    const uint8_t *hash = (const uint8_t *)t->columns[0].values + 16 * row;

    for (int i = 0; i < 16; i++) {
        out[2 * i] = "0123456789abcdef"[hash[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
    }
    out[32] = '\0';
}

static dvt_status fail_absent(dvt_ctx *ctx, const dvt_table *t, const char *key)
{
    return dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "the %s table has no network '%.120s'",
                    dvt_benchmark_name(t->kind), key);
}

static dvt_status find_hash(dvt_ctx *ctx, const dvt_table *t, const char *key, int64_t *row)
{
    int64_t low = 0, high = t->rows;
    char    hash[DVT_MD5_HEX];

    if (strlen(key) != 32 || strspn(key, "0123456789abcdef") != 32) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "'%.40s' is no hash of 32 hexadecimal digits", key);
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        dvt_table_nb101_hash(t, middle, hash);
        int order = strcmp(hash, key);
        if (order == 0) {
            *row = middle;
            return DVT_OK;
        }
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return fail_absent(ctx, t, key);
}

static dvt_status find_nb201(dvt_ctx *ctx, const dvt_table *t, const char *key, int64_t *row)
{
    const uint32_t *index = t->columns[0].values, *vector = t->columns[1].values;
    uint64_t        wanted = 0;
    const bool      number = dvt_parse_u64(key, &wanted);

    if (!number && key[0] != '|') {
        return dvt_fail(ctx, DVT_E_USAGE, NULL,
                        "'%.40s' is neither an index nor a string |op~0|+...", key);
    }
    for (int64_t i = 0; i < t->rows; i++) {
        char string[DVTI_NB201_STRING];
        if (number ? index[i] == wanted
                   : dvti_nb201_string(vector[i], string) && strcmp(string, key) == 0) {
            *row = i;
            return DVT_OK;
        }
    }
    return fail_absent(ctx, t, key);
}

dvt_status dvt_table_find(dvt_ctx *ctx, const dvt_table *t, const char *key, int64_t *row)
{
    *row = -1;
    return t->kind == DVT_BENCHMARK_NASBENCH101 ? find_hash(ctx, t, key, row)
                                                : find_nb201(ctx, t, key, row);
}
