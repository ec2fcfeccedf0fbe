/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - opens the cache of a benchmark table and answers from it.
 *
 * Idea       The file is mapped; columns are packed fields in the mapping (table_pack.h). Opening
 *            checks the head, both checksums, that the key columns are those of the kind's space,
 *            and that every place lies in the file, so that nothing read later can be out of
 *            bounds.
 * Finding    rows ascend by key: bisection by the leading 32 bits of the hash, or by the index. The
 *            rest of a hash is computed from the cell: storing it would double the cache.
 * Limits     byte order of the machine that wrote it; the file must not change while it is open.
 * Tests      tests/unit/test_table.c
 */
#include "dovetail/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/text_util.h"
#include "space/nb101_int.h"
#include "space/table_import.h"
#include "space/table_pack.h"

typedef struct stored {
    dvt_column     about;
    dvti_pack      pack;
    const uint8_t *set; /* of rows; NULL = all */
} stored;

struct dvt_table {
    dvt_ctx         *ctx;
    const uint8_t   *data;
    uint8_t         *owned; /* the same, where it is memory of ours and no mapping */
    size_t           size;
    dvt_benchmark    kind;
    dvt_table_space  space;
    int64_t          rows;
    int32_t          column_count;
    stored          *columns;
    dvti_source_mark source;        /* of the published file */
    uint16_t        *order, *place; /* NAS-Bench-201: published index to cell number, and back */
};

/* ---- opening ------------------------------------------------------------------------------- */

static dvt_status fail_at(dvt_ctx *ctx, const char *path, uint64_t offset, const char *what)
{
    const dvt_pos at = {.file = path, .offset = offset};

    dvt_fail(ctx, DVT_E_PARSE, &at, "%s", what);
    dvt_fail_hint(ctx, "'dovetail data import' makes a table's cache from the published file");
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
    if (head.head_crc != dvti_crc32c(0, t->data, offsetof(dvti_table_head, head_crc)) ||
        head.kind >= DVT_BENCHMARKS || head.rows == 0 || head.rows > DVTI_TABLE_ROWS_MAX ||
        head.columns == 0 || head.columns > DVTI_TABLE_COLUMNS_MAX || head.zero) {
        return fail_at(ctx, path, offsetof(dvti_table_head, kind),
                       "the head of this cache is damaged");
    }
    if (head.size != t->size ||
        t->size < DVTI_TABLE_HEAD + DVTI_TABLE_ENTRY * (size_t)head.columns) {
        return fail_at(ctx, path, t->size, "this cache was cut");
    }
    if (head.body_crc != dvti_crc32c(0, t->data + DVTI_TABLE_HEAD, t->size - DVTI_TABLE_HEAD)) {
        return fail_at(ctx, path, offsetof(dvti_table_head, body_crc),
                       "the content of this cache does not have its checksum");
    }
    t->kind = (dvt_benchmark)head.kind;
    t->space = dvti_table_space(t->kind);
    t->rows = (int64_t)head.rows;
    t->column_count = (int32_t)head.columns;
    t->source = (dvti_source_mark){.size = head.source_size, .crc = head.source_crc};
    return DVT_OK;
}

/* `bytes` bytes at `at` lie aligned inside the file. */
static bool inside(const dvt_table *t, uint64_t at, uint64_t bytes)
{
    return at % DVTI_TABLE_ALIGN == 0 && at <= t->size && bytes <= t->size - at;
}

static bool texts_end(const dvti_table_about *a)
{
    return memchr(a->name, '\0', sizeof a->name) && memchr(a->metric, '\0', sizeof a->metric) &&
           memchr(a->dataset, '\0', sizeof a->dataset) &&
           memchr(a->device, '\0', sizeof a->device) && memchr(a->unit, '\0', sizeof a->unit) &&
           a->name[0] && dvti_table_printable(a->name) && dvti_table_printable(a->metric) &&
           dvti_table_printable(a->dataset) && dvti_table_printable(a->device) &&
           dvti_table_printable(a->unit);
}

static bool read_column(dvt_table *t, int32_t i)
{
    const uint8_t   *at = t->data + DVTI_TABLE_HEAD + DVTI_TABLE_ENTRY * (size_t)i;
    stored          *c = &t->columns[i];
    dvti_table_entry e;
    const uint64_t   rows = (uint64_t)t->rows;
    uint64_t         held = rows;

    memcpy(&e, at, sizeof e);
    const dvti_table_about *a = (const dvti_table_about *)(const void *)at;
    c->pack = (dvti_pack){.mode = (dvti_pack_mode)e.mode,
                          .bits = e.bits,
                          .scale = e.scale,
                          .count = e.count,
                          .base = e.base,
                          .step = e.step,
                          .dict_count = e.dict_count};
    if (!texts_end(a) || a->type >= DVT_COLUMN_TYPES || e.count > rows || e.zero || e.bits > 64 ||
        !inside(t, e.values_at, dvti_pack_bytes(&c->pack)) ||
        !inside(t, e.dict_at, 8 * (uint64_t)e.dict_count) || (e.rows_at != 0) != (e.count < rows) ||
        (e.rows_at && !inside(t, e.rows_at, dvti_rows_bytes(rows)))) {
        return false;
    }
    c->pack.values = t->data + e.values_at;
    c->pack.dict = (const uint64_t *)(const void *)(t->data + e.dict_at);
    c->set = e.rows_at ? t->data + e.rows_at : NULL;
    c->about = (dvt_column){.name = a->name,
                            .metric = a->metric,
                            .unit = a->unit,
                            .dataset = a->dataset,
                            .device = a->device,
                            .epochs = a->epochs,
                            .repeat = a->repeat,
                            .type = (dvt_column_type)a->type,
                            .count = (int64_t)e.count};
    return dvti_pack_valid(&c->pack, a->type == DVT_COLUMN_F64) &&
           (!c->set || (dvti_rows_valid(c->set, rows, &held) && held == e.count));
}

static dvt_status read_columns(dvt_ctx *ctx, const char *path, dvt_table *t)
{
    t->columns = dvt_calloc(ctx, (size_t)t->column_count, sizeof *t->columns);
    if (!t->columns) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < t->column_count; i++) {
        if (!read_column(t, i)) {
            return fail_at(ctx, path, DVTI_TABLE_HEAD + DVTI_TABLE_ENTRY * (uint64_t)i,
                           "a column of this cache is damaged");
        }
    }
    return DVT_OK;
}

static uint64_t key(const dvt_table *t, int32_t column, int64_t row)
{
    return dvti_pack_word(&t->columns[column].pack, (uint64_t)row);
}

/* Graphs of cells that were found valid, by a hash of them: most rows have one seen before. */
enum { GRAPHS = 8192 };

/* Is the row's cell one of NAS-Bench-101, packed as it should be? */
static bool cell_is_good(const dvt_table *t, int64_t row, uint32_t seen[GRAPHS])
{
    const uint64_t vertices = key(t, 1, row), adj = key(t, 2, row), ops = key(t, 3, row);
    const uint32_t graph = (uint32_t)(adj << 3 | vertices);
    const uint32_t slot = graph * UINT32_C(2654435761) >> 19;
    dvt_nb101_cell cell;

    if (vertices < 2 || vertices > DVT_NB101_MAX_VERTICES || adj >> 21 || ops & ops >> 1 & 0x155 ||
        ops >> (2 * (vertices - 2))) {
        return false;
    }
    if (seen[slot] == graph) {
        return true;
    }
    dvt_table_nb101_cell(t, row, &cell);
    seen[slot] = graph;
    return dvt_nb101_valid(&cell);
}

/* Is the row's key in the space, and above the one before (of hashes: not below)? */
static bool key_is_good(const dvt_table *t, int64_t row, uint32_t seen[GRAPHS])
{
    const uint64_t before = row ? key(t, 0, row - 1) : 0, now = key(t, 0, row);

    switch (t->space) {
    case DVT_TABLE_NB101: return now <= UINT32_MAX && now >= before && cell_is_good(t, row, seen);
    case DVT_TABLE_NB201: return now < DVT_NB201_COUNT && (row == 0 || now > before);
    default:
        return now < DVT_SSS_COUNT && (row == 0 || now > before) && key(t, 1, row) < DVT_SSS_COUNT;
    }
}

/* What is computed from keys relies on them. */
static dvt_status check_keys(dvt_ctx *ctx, const char *path, dvt_table *t)
{
    const char   *names[DVTI_TABLE_KEYS_MAX];
    const int32_t count = dvti_table_keys(t->space, names);
    bool          good = t->column_count >= count;
    uint32_t     *seen = dvt_calloc(ctx, GRAPHS, sizeof *seen);

    if (!seen) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; good && i < count; i++) {
        const dvt_column *c = &t->columns[i].about;
        good = strcmp(c->name, names[i]) == 0 && c->count == t->rows &&
               c->type == (strcmp(names[i], "hash") == 0 ? DVT_COLUMN_HASH : DVT_COLUMN_WHOLE);
    }
    for (int64_t row = 0; good && row < t->rows; row++) {
        good = key_is_good(t, row, seen);
    }
    dvt_free(ctx, seen);
    return good ? DVT_OK
                : fail_at(ctx, path, DVTI_TABLE_HEAD, "the rows of this cache are damaged");
}

static dvt_status make_order(dvt_table *t)
{
    if (t->space != DVT_TABLE_NB201) {
        return DVT_OK;
    }
    t->order = dvt_calloc(t->ctx, 2 * (size_t)DVT_NB201_COUNT, sizeof *t->order);
    if (!t->order) {
        return DVT_E_NOMEM;
    }
    t->place = t->order + DVT_NB201_COUNT;
    dvt_nb201_published_order(t->order);
    for (int i = 0; i < DVT_NB201_COUNT; i++) {
        t->place[t->order[i]] = (uint16_t)i;
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
        st = check_keys(ctx, path, t);
    }
    if (st == DVT_OK) {
        st = make_order(t);
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

/* Opens the cache if it is sound, of this kind, and of this very file; else *out stays NULL. */
static dvt_status open_if_good(dvt_ctx *ctx, dvt_benchmark kind, const char *file,
                               const char *cache, dvt_table **out)
{
    const dvti_source_mark mark = dvti_source_mark_of(file);
    dvt_status             st;

    *out = NULL;
    if (!starts_as_cache(cache)) {
        return DVT_OK;
    }
    st = dvt_table_open(ctx, cache, out);
    if (st == DVT_E_PARSE) {
        dvt_ctx_clear_error(ctx);
        return DVT_OK;
    }
    if (st == DVT_OK && ((*out)->kind != kind || (*out)->source.size != mark.size ||
                         (*out)->source.crc != mark.crc)) {
        dvt_table_close(*out);
        *out = NULL;
    }
    return st;
}

dvt_status dvt_table_cached(dvt_ctx *ctx, dvt_benchmark kind, const char *file, const char *cache,
                            dvt_table **out, bool *imported)
{
    dvt_status st = open_if_good(ctx, kind, file, cache, out);
    const bool there = *out != NULL;

    if (st == DVT_OK && !there) {
        st = dvt_table_import(ctx, kind, file, cache, NULL);
        if (st == DVT_OK) {
            st = dvt_table_open(ctx, cache, out);
        }
    }
    if (imported) {
        *imported = st == DVT_OK && !there;
    }
    return st;
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
    dvt_free(t->ctx, t->order);
    dvt_free(t->ctx, t->columns);
    dvt_free(t->ctx, t);
}

/* ---- columns ------------------------------------------------------------------------------- */

dvt_benchmark   dvt_table_benchmark(const dvt_table *t) { return t->kind; }
dvt_table_space dvt_table_space_of(const dvt_table *t) { return t->space; }
int64_t         dvt_table_rows(const dvt_table *t) { return t->rows; }
int32_t         dvt_table_column_count(const dvt_table *t) { return t->column_count; }

const dvt_column *dvt_table_column(const dvt_table *t, int32_t i) { return &t->columns[i].about; }

static int32_t place_of(const dvt_table *t, const char *name)
{
    for (int32_t i = 0; i < t->column_count; i++) {
        if (strcmp(t->columns[i].about.name, name) == 0) {
            return i;
        }
    }
    return -1;
}

const dvt_column *dvt_table_find_column(const dvt_table *t, const char *name)
{
    const int32_t i = place_of(t, name);
    return i < 0 ? NULL : &t->columns[i].about;
}

/* Names of the columns with values into `out`, as far as there is room. */
static void list_columns(const dvt_table *t, const dvt_measure *m, char *out, size_t cap)
{
    const char *names[32];
    size_t      count = 0;

    for (int32_t i = 0; i < t->column_count && count < 32; i++) {
        const dvt_column *c = &t->columns[i].about;
        if (c->type != DVT_COLUMN_HASH && (!m || c->metric[0])) {
            names[count++] = c->name;
        }
    }
    dvti_join(out, cap, names, count);
}

static dvt_status fail_column(dvt_ctx *ctx, const dvt_table *t, const char *name)
{
    const char **names = dvt_calloc(ctx, (size_t)t->column_count, sizeof *names);
    char         all[300];

    for (int32_t i = 0; names && i < t->column_count; i++) {
        names[i] = t->columns[i].about.name;
    }
    const char *near = names ? dvt_nearest(name, names, (size_t)t->column_count) : NULL;
    dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "this %s table has no values '%.60s'",
             dvt_benchmark_name(t->kind), name);
    list_columns(t, NULL, all, sizeof all);
    dvt_fail_hint(ctx, "%s%s%sit holds %s", near ? "did you mean '" : "", near ? near : "",
                  near ? "'? " : "", all);
    dvt_free(ctx, names);
    return DVT_E_NOTFOUND;
}

static bool fits_text(const char *want, const char *have)
{
    return !want || !*want || strcmp(want, have) == 0;
}

static bool fits(const dvt_measure *m, const dvt_column *c)
{
    return c->metric[0] && fits_text(m->metric, c->metric) && fits_text(m->dataset, c->dataset) &&
           fits_text(m->device, c->device) && (!m->epochs || m->epochs == c->epochs) &&
           (!m->repeat || m->repeat == c->repeat ||
            (m->repeat == DVT_REPEAT_MEAN && c->repeat == 0));
}

dvt_status dvt_table_select(dvt_ctx *ctx, const dvt_table *t, const dvt_measure *m, int32_t *column)
{
    char        all[300];
    const char *names[32];
    size_t      count = 0;

    *column = -1;
    for (int32_t i = 0; i < t->column_count; i++) {
        if (fits(m, &t->columns[i].about)) {
            *column = i;
            if (count < 32) {
                names[count] = t->columns[i].about.name;
            }
            count++;
        }
    }
    if (count == 1) {
        return DVT_OK;
    }
    *column = -1;
    if (count == 0) {
        list_columns(t, m, all, sizeof all);
        dvt_fail(ctx, DVT_E_NOTFOUND, NULL,
                 "this %s table has no such measure (metric '%s', data set '%s', device '%s', "
                 "epochs %d, repeat %d)",
                 dvt_benchmark_name(t->kind), m->metric ? m->metric : "",
                 m->dataset ? m->dataset : "", m->device ? m->device : "", (int)m->epochs,
                 (int)m->repeat);
        dvt_fail_hint(ctx, "it holds %s", all);
        return DVT_E_NOTFOUND;
    }
    dvti_join(all, sizeof all, names, count < 32 ? count : 32);
    dvt_fail(ctx, DVT_E_USAGE, NULL, "%zu columns of this table fit what is asked", count);
    dvt_fail_hint(ctx, "say more of one of %s", all);
    return DVT_E_USAGE;
}

bool dvt_table_has(const dvt_table *t, int32_t column, int64_t row)
{
    const uint8_t *set = t->columns[column].set;
    return !set || dvti_rows_has(set, (uint64_t)t->rows, (uint64_t)row);
}

static uint64_t word_at(const dvt_table *t, int32_t i, int64_t row)
{
    const stored  *c = &t->columns[i];
    const uint64_t at =
        c->set ? dvti_rows_before(c->set, (uint64_t)t->rows, (uint64_t)row) : (uint64_t)row;
    return dvti_pack_word(&c->pack, at);
}

double dvt_table_at(const dvt_table *t, int32_t column, int64_t row)
{
    const uint64_t word = word_at(t, column, row);
    double         d;

    switch (t->columns[column].about.type) {
    case DVT_COLUMN_F64: memcpy(&d, &word, sizeof d); return d;
    case DVT_COLUMN_DECIMAL: return (double)word / (double)DVT_BENCHMARK_ONE;
    default: return (double)word;
    }
}

/* The place of a column that has a value at `row`. */
static dvt_status held(dvt_ctx *ctx, const dvt_table *t, const char *name, int64_t row,
                       int32_t *out)
{
    char text[DVT_TABLE_KEY_TEXT];

    *out = place_of(t, name);
    if (*out < 0 || t->columns[*out].about.type == DVT_COLUMN_HASH) {
        return fail_column(ctx, t, name);
    }
    if (!dvt_table_has(t, *out, row)) {
        dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "'%s' of this network is not in the table", name);
        dvt_fail_hint(ctx, "the table has it of %lld of its %lld networks, not of %s",
                      (long long)t->columns[*out].about.count, (long long)t->rows,
                      dvt_table_key(t, row, text));
        return DVT_E_NOTFOUND;
    }
    return DVT_OK;
}

dvt_status dvt_table_value(dvt_ctx *ctx, const dvt_table *t, const char *column, int64_t row,
                           uint64_t *out)
{
    int32_t    i;
    dvt_status st = held(ctx, t, column, row, &i);

    *out = 0;
    if (st == DVT_OK && t->columns[i].about.type == DVT_COLUMN_F64) {
        dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL, "'%s' holds doubles, no whole numbers", column);
        dvt_fail_hint(ctx, "read it as a number (dvt_table_number)");
        return DVT_E_UNSUPPORTED;
    }
    *out = st == DVT_OK ? word_at(t, i, row) : 0;
    return st;
}

dvt_status dvt_table_values(dvt_ctx *ctx, const dvt_table *t, const char *column, uint64_t *out)
{
    const dvt_column *c = dvt_table_find_column(t, column);
    dvt_status        st = dvt_table_value(ctx, t, column, 0, &out[0]);

    if (st == DVT_OK && c && c->count < t->rows) {
        st = dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "'%s' is in the table for %lld of %lld networks",
                      column, (long long)c->count, (long long)t->rows);
    }
    const dvti_pack *pack = st == DVT_OK ? &t->columns[place_of(t, column)].pack : NULL;
    for (int64_t row = 0; pack && row < t->rows; row++) {
        out[row] = dvti_pack_word(pack, (uint64_t)row);
    }
    return st;
}

dvt_status dvt_table_number(dvt_ctx *ctx, const dvt_table *t, const char *column, int64_t row,
                            double *out)
{
    int32_t    i;
    dvt_status st = held(ctx, t, column, row, &i);

    *out = st == DVT_OK ? dvt_table_at(t, i, row) : 0.0;
    return st;
}

/* ---- networks ------------------------------------------------------------------------------ */

void dvt_table_nb101_cell(const dvt_table *t, int64_t row, dvt_nb101_cell *out)
{
    const uint64_t labels = key(t, 3, row);

    *out =
        (dvt_nb101_cell){.adj_bits = (uint32_t)key(t, 2, row), .vertices = (uint8_t)key(t, 1, row)};
    for (int i = 0; i < DVT_NB101_MAX_INTERIOR; i++) {
        out->ops[i] = (uint8_t)(labels >> (2 * i) & 3u);
    }
}

void dvt_table_nb101_hash(const dvt_table *t, int64_t row, char out[DVT_MD5_HEX])
{
    dvt_nb101_cell cell;

    dvt_table_nb101_cell(t, row, &cell);
    dvt_nb101_md5(&cell, out);
}

dvt_nb201_cell dvt_table_nb201_cell(const dvt_table *t, int64_t row)
{
    return dvt_nb201_at(t->order[key(t, 0, row)]);
}

const char *dvt_table_key(const dvt_table *t, int64_t row, char out[DVT_TABLE_KEY_TEXT])
{
    dvt_nb201_cell cell;

    switch (t->space) {
    case DVT_TABLE_NB101: dvt_table_nb101_hash(t, row, out); return out;
    case DVT_TABLE_NB201: cell = dvt_table_nb201_cell(t, row); return dvt_nb201_print(&cell, out);
    default: return dvti_sss_print((uint32_t)key(t, 1, row), out);
    }
}

/* The first row whose first key is not below `wanted`. */
static int64_t lower_bound(const dvt_table *t, uint64_t wanted)
{
    int64_t low = 0, high = t->rows;

    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        *(key(t, 0, middle) < wanted ? &low : &high) =
            key(t, 0, middle) < wanted ? middle + 1 : middle;
    }
    return low;
}

/* The row whose first key is `wanted`, or -1. */
static int64_t row_of(const dvt_table *t, uint64_t wanted)
{
    const int64_t row = lower_bound(t, wanted);
    return row < t->rows && key(t, 0, row) == wanted ? row : -1;
}

static dvt_status fail_absent(dvt_ctx *ctx, const dvt_table *t, const char *wanted)
{
    dvt_fail(ctx, DVT_E_NOTFOUND, NULL, "the %s table has no network '%.120s'",
             dvt_benchmark_name(t->kind), wanted);
    dvt_fail_hint(ctx, "it holds %lld networks", (long long)t->rows);
    return DVT_E_NOTFOUND;
}

static dvt_status find_hash(dvt_ctx *ctx, const dvt_table *t, const char *wanted, int64_t *row)
{
    char hash[DVT_MD5_HEX], leading[9];

    if (strlen(wanted) != 32 || strspn(wanted, "0123456789abcdef") != 32) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "'%.40s' is no hash of 32 hexadecimal digits",
                        wanted);
    }
    memcpy(leading, wanted, 8);
    leading[8] = '\0';
    const uint64_t first = strtoul(leading, NULL, 16);
    for (int64_t i = lower_bound(t, first); i < t->rows && key(t, 0, i) == first; i++) {
        dvt_table_nb101_hash(t, i, hash);
        if (strcmp(hash, wanted) == 0) {
            *row = i;
            return DVT_OK;
        }
    }
    return fail_absent(ctx, t, wanted);
}

int64_t dvt_table_nb201_row(const dvt_table *t, const dvt_nb201_cell *cell)
{
    return row_of(t, t->place[dvt_nb201_index(cell)]);
}

/* "ops:421211" */
static bool digits_of(const char *text, dvt_nb201_cell *out)
{
    const char *digits = text + 4;

    if (strncmp(text, "ops:", 4) != 0 || strlen(digits) != DVT_NB201_EDGES) {
        return false;
    }
    for (int i = 0; i < DVT_NB201_EDGES; i++) {
        if (digits[i] < '0' || digits[i] >= '0' + DVT_NB201_OPS) {
            return false;
        }
        out->op[i] = (uint8_t)(digits[i] - '0');
    }
    return true;
}

static dvt_status find_nb201(dvt_ctx *ctx, const dvt_table *t, const char *wanted, int64_t *row)
{
    uint64_t       index;
    dvt_nb201_cell cell;
    dvt_status     st;

    if (dvt_parse_u64(wanted, &index)) {
        *row = row_of(t, index);
    } else if (wanted[0] == '|') {
        st = dvt_nb201_parse(ctx, wanted, &cell);
        if (st != DVT_OK) {
            return st;
        }
        *row = dvt_table_nb201_row(t, &cell);
    } else if (digits_of(wanted, &cell)) {
        *row = dvt_table_nb201_row(t, &cell);
    } else {
        return dvt_fail(ctx, DVT_E_USAGE, NULL,
                        "'%.40s' is neither an index nor a string |op~0|+... nor ops:DIGITS",
                        wanted);
    }
    return *row < 0 ? fail_absent(ctx, t, wanted) : DVT_OK;
}

static dvt_status find_sss(dvt_ctx *ctx, const dvt_table *t, const char *wanted, int64_t *row)
{
    const int32_t widths = dvti_sss_parse(wanted);
    uint64_t      index;

    if (dvt_parse_u64(wanted, &index)) {
        *row = row_of(t, index);
    } else if (widths < 0) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL,
                        "'%.40s' is neither an index nor five widths 8:16:24:32:40", wanted);
    }
    for (int64_t i = 0; widths >= 0 && *row < 0 && i < t->rows; i++) {
        *row = key(t, 1, i) == (uint64_t)widths ? i : -1;
    }
    return *row < 0 ? fail_absent(ctx, t, wanted) : DVT_OK;
}

dvt_status dvt_table_find(dvt_ctx *ctx, const dvt_table *t, const char *wanted, int64_t *row)
{
    *row = -1;
    switch (t->space) {
    case DVT_TABLE_NB101: return find_hash(ctx, t, wanted, row);
    case DVT_TABLE_NB201: return find_nb201(ctx, t, wanted, row);
    default: return find_sss(ctx, t, wanted, row);
    }
}
