/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_stage.c - collects rows and values of a table and turns them into its cache.
 *
 * Idea       Rows get numbers as they come; a hash table of their keys finds them again. Columns
 *            are dense arrays with a bit for what is held. At the end rows are sorted by key, each
 *            column is brought into that order, packed (table_pack.h) and freed.
 * Memory     4 or 8 bytes a row and column, and the cache.
 * Tests      tests/unit/test_table.c
 */
#include "space/table_stage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "space/table_pack.h"

enum { FIRST_SLOTS = 1024, FIRST_ROWS = 1024 };

static dvt_status make_keys(dvti_stage *s)
{
    const char *names[DVTI_TABLE_KEYS_MAX];
    dvt_status  st = DVT_OK;

    s->key_columns = dvti_table_keys(dvti_table_space(s->kind), names);
    for (int32_t i = 0; st == DVT_OK && i < s->key_columns; i++) {
        const bool hash = strcmp(names[i], "hash") == 0;
        (void)dvti_stage_named(s, names[i], hash ? DVT_COLUMN_HASH : DVT_COLUMN_WHOLE, &st);
    }
    return st;
}

dvt_status dvti_stage_create(dvt_ctx *ctx, dvt_benchmark kind, dvti_stage **out)
{
    dvti_stage *s = dvt_calloc(ctx, 1, sizeof *s);
    dvt_status  st;

    *out = NULL;
    if (!s) {
        return DVT_E_NOMEM;
    }
    s->ctx = ctx;
    s->kind = kind;
    if (dvti_table_space(kind) == DVT_TABLE_NB201) {
        dvt_nb201_published_order(s->order);
        for (int i = 0; i < DVT_NB201_COUNT; i++) {
            s->place[s->order[i]] = (uint16_t)i;
        }
    }
    st = make_keys(s);
    if (st != DVT_OK) {
        dvti_stage_destroy(s);
        return st;
    }
    *out = s;
    return DVT_OK;
}

static void free_column(dvti_stage *s, dvti_stage_column *c)
{
    dvt_free(s->ctx, c->values);
    dvt_free(s->ctx, c->held);
    c->values = NULL;
    c->held = NULL;
}

void dvti_stage_destroy(dvti_stage *s)
{
    if (!s) {
        return;
    }
    for (size_t i = 0; i < s->columns.len; i++) {
        free_column(s, &s->columns.data[i]);
    }
    dvti_stage_columns_deinit(s->ctx, &s->columns);
    dvti_row_keys_deinit(s->ctx, &s->keys);
    dvt_free(s->ctx, s->slots);
    dvt_free(s->ctx, s);
}

/* ---- columns ------------------------------------------------------------------------------- */

int32_t dvti_stage_column_of(dvti_stage *s, const dvti_table_about *about, dvt_status *st)
{
    dvti_stage_column c = {.about = *about, .same = true};

    for (size_t i = 0; i < s->columns.len; i++) {
        if (strcmp(s->columns.data[i].about.name, about->name) == 0) {
            return (int32_t)i;
        }
    }
    *st = s->columns.len < DVTI_TABLE_COLUMNS_MAX
              ? dvti_stage_columns_push(s->ctx, &s->columns, c)
              : dvt_fail(s->ctx, DVT_E_CAPACITY, NULL, "a table of more than %d columns",
                         DVTI_TABLE_COLUMNS_MAX);
    return *st == DVT_OK ? (int32_t)s->columns.len - 1 : -1;
}

int32_t dvti_stage_named(dvti_stage *s, const char *name, dvt_column_type type, dvt_status *st)
{
    dvti_table_about about;

    dvti_table_describe(s->kind, name, &about);
    about.type = type;
    return dvti_stage_column_of(s, &about, st);
}

bool dvti_stage_has(const dvti_stage *s, int32_t column, int64_t row)
{
    const dvti_stage_column *c = &s->columns.data[column];
    const uint64_t           r = (uint64_t)row;

    return r < c->cap && (c->held[r / 64] >> (r % 64) & 1);
}

static bool is_double(const dvti_stage_column *c) { return c->about.type == DVT_COLUMN_F64; }

/* The 32 bits that stand for a word, if they do. */
static bool narrow(const dvti_stage_column *c, uint64_t word, uint32_t *out)
{
    double d, back;
    float  single;

    if (!is_double(c)) {
        *out = (uint32_t)word;
        return word <= UINT32_MAX;
    }
    memcpy(&d, &word, sizeof d);
    single = (float)d;
    back = (double)single;
    memcpy(out, &single, sizeof single);
    return memcmp(&back, &d, sizeof d) == 0;
}

static uint64_t widen(const dvti_stage_column *c, uint32_t half)
{
    uint64_t word = half;
    float    single;

    if (is_double(c)) {
        memcpy(&single, &half, sizeof single);
        const double d = (double)single;
        memcpy(&word, &d, sizeof word);
    }
    return word;
}

static uint64_t word_at(const dvti_stage_column *c, uint64_t row)
{
    uint64_t word;
    uint32_t half;

    if (c->same) {
        return c->word;
    }
    if (c->wide) {
        memcpy(&word, c->values + 8 * row, sizeof word);
        return word;
    }
    memcpy(&half, c->values + 4 * row, sizeof half);
    return widen(c, half);
}

uint64_t dvti_stage_get(const dvti_stage *s, int32_t column, int64_t row)
{
    return word_at(&s->columns.data[column], (uint64_t)row);
}

/* Room for `row`. */
static dvt_status grow(dvti_stage *s, dvti_stage_column *c, uint64_t row)
{
    uint64_t cap = c->cap ? c->cap : FIRST_ROWS;

    while (cap <= row) {
        cap *= 2;
    }
    if (cap == c->cap) {
        return DVT_OK;
    }
    if (!c->same) {
        uint8_t *values = dvt_realloc(s->ctx, c->values, (size_t)cap * (c->wide ? 8 : 4));
        if (!values) {
            return DVT_E_NOMEM;
        }
        c->values = values;
    }
    uint64_t *held = dvt_realloc(s->ctx, c->held, (size_t)cap / 8);
    if (!held) {
        return DVT_E_NOMEM;
    }
    memset(held + c->cap / 64, 0, (size_t)(cap - c->cap) / 8);
    c->held = held;
    c->cap = cap;
    return DVT_OK;
}

static void store(dvti_stage_column *c, uint64_t row, uint64_t word)
{
    uint32_t half;

    if (c->wide) {
        memcpy(c->values + 8 * row, &word, sizeof word);
    } else {
        (void)narrow(c, word, &half);
        memcpy(c->values + 4 * row, &half, sizeof half);
    }
}

/* Values of their own for each row, of 64 bits if `wide`. */
static dvt_status spread(dvti_stage *s, dvti_stage_column *c, bool wide)
{
    uint8_t                *values = dvt_alloc(s->ctx, (size_t)c->cap * (wide ? 8 : 4));
    const dvti_stage_column old = *c;

    if (!values) {
        return DVT_E_NOMEM;
    }
    c->values = values;
    c->wide = wide;
    c->same = false;
    for (uint64_t i = 0; i < c->cap; i++) {
        if (c->held[i / 64] >> (i % 64) & 1) {
            store(c, i, word_at(&old, i));
        }
    }
    dvt_free(s->ctx, old.values);
    return DVT_OK;
}

dvt_status dvti_stage_put(dvti_stage *s, int32_t column, int64_t row, uint64_t word)
{
    dvti_stage_column *c = &s->columns.data[column];
    const uint64_t     r = (uint64_t)row;
    uint32_t           half;
    dvt_status         st = grow(s, c, r);

    assert(!dvti_stage_has(s, column, row));
    if (c->count == 0) {
        c->word = word;
    }
    if (st == DVT_OK && c->same && word != c->word) {
        st = spread(s, c, !narrow(c, c->word, &half));
    }
    if (st == DVT_OK && !c->same && !c->wide && !narrow(c, word, &half)) {
        st = spread(s, c, true);
    }
    if (st != DVT_OK) {
        return st;
    }
    if (!c->same) {
        store(c, r, word);
    }
    c->held[r / 64] |= UINT64_C(1) << (r % 64);
    c->count++;
    return DVT_OK;
}

dvt_status dvti_stage_put_f64(dvti_stage *s, int32_t column, int64_t row, double v)
{
    uint64_t word;

    memcpy(&word, &v, sizeof word);
    return dvti_stage_put(s, column, row, word);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static size_t slot_of(const dvti_stage *s, const dvti_row_key *key)
{
    size_t at = (size_t)dvt_hash64(key, sizeof *key, 0) & (s->slot_count - 1);

    while (s->slots[at] && memcmp(&s->keys.data[s->slots[at] - 1], key, sizeof *key) != 0) {
        at = (at + 1) & (s->slot_count - 1);
    }
    return at;
}

static dvt_status grow_slots(dvti_stage *s)
{
    const size_t count = s->slot_count ? s->slot_count * 2 : FIRST_SLOTS;
    uint32_t    *slots = dvt_calloc(s->ctx, count, sizeof *slots);

    if (!slots) {
        return DVT_E_NOMEM;
    }
    dvt_free(s->ctx, s->slots);
    s->slots = slots;
    s->slot_count = count;
    for (size_t i = 0; i < s->keys.len; i++) {
        s->slots[slot_of(s, &s->keys.data[i])] = (uint32_t)i + 1;
    }
    return DVT_OK;
}

static dvt_status add_row(dvti_stage *s, const dvti_row_key *key, int64_t *row, bool *fresh)
{
    dvt_status st = DVT_OK;

    *row = -1;
    *fresh = false;
    if (2 * (s->keys.len + 1) > s->slot_count) {
        st = grow_slots(s);
    }
    if (st != DVT_OK) {
        return st;
    }
    const size_t at = slot_of(s, key);
    if (s->slots[at]) {
        *row = s->slots[at] - 1;
        return DVT_OK;
    }
    if (s->keys.len == DVTI_TABLE_ROWS_MAX) {
        return dvt_fail(s->ctx, DVT_E_CAPACITY, NULL, "a table of more than %d networks",
                        DVTI_TABLE_ROWS_MAX);
    }
    st = dvti_row_keys_push(s->ctx, &s->keys, *key);
    if (st == DVT_OK) {
        *row = (int64_t)s->keys.len - 1;
        *fresh = true;
        s->slots[at] = (uint32_t)s->keys.len;
    }
    return st;
}

/* Puts the row's own numbers into the key columns, which are the first ones. */
static dvt_status put_keys(dvti_stage *s, int64_t row, const uint32_t *numbers)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < s->key_columns; i++) {
        st = dvti_stage_put(s, i, row, numbers[i]);
    }
    return st;
}

static dvti_row_key key_of(uint32_t number)
{
    dvti_row_key key = {{0}};

    for (int i = 0; i < 4; i++) {
        key.bytes[i] = (uint8_t)(number >> (24 - 8 * i));
    }
    return key;
}

dvt_status dvti_stage_nb101(dvti_stage *s, const uint8_t md5[16], const dvt_nb101_cell *cell,
                            int64_t *row, bool *fresh)
{
    dvti_row_key key;
    dvt_status   st;

    memcpy(key.bytes, md5, sizeof key.bytes);
    st = add_row(s, &key, row, fresh);
    if (st == DVT_OK && *fresh) {
        const uint32_t numbers[] = {(uint32_t)md5[0] << 24 | (uint32_t)md5[1] << 16 |
                                        (uint32_t)md5[2] << 8 | md5[3],
                                    cell->vertices, cell->adj_bits, dvti_nb101_pack_ops(cell)};
        st = put_keys(s, *row, numbers);
    }
    return st;
}

dvt_status dvti_stage_nb201(dvti_stage *s, uint32_t published, int64_t *row, bool *fresh)
{
    const dvti_row_key key = key_of(published);
    dvt_status         st = add_row(s, &key, row, fresh);

    return st == DVT_OK && *fresh ? put_keys(s, *row, &published) : st;
}

dvt_status dvti_stage_sss(dvti_stage *s, uint32_t index, uint32_t widths, int64_t *row, bool *fresh)
{
    const dvti_row_key key = key_of(index);
    const uint32_t     numbers[] = {index, widths};
    dvt_status         st = add_row(s, &key, row, fresh);

    return st == DVT_OK && *fresh ? put_keys(s, *row, numbers) : st;
}

uint32_t dvti_stage_published(const dvti_stage *s, const dvt_nb201_cell *cell)
{
    return s->place[dvt_nb201_index(cell)];
}

/* ---- cache --------------------------------------------------------------------------------- */

static size_t aligned(size_t n)
{
    return (n + DVTI_TABLE_ALIGN - 1) / DVTI_TABLE_ALIGN * DVTI_TABLE_ALIGN;
}

typedef struct sorted_row {
    dvti_row_key key;
    uint32_t     row;
} sorted_row;

static int by_key(const void *a, const void *b)
{
    return memcmp(((const sorted_row *)a)->key.bytes, ((const sorted_row *)b)->key.bytes,
                  DVTI_KEY_BYTES);
}

/* order[i]: the stage's row that becomes row i. */
static uint32_t *sort_rows(dvti_stage *s)
{
    const size_t n = s->keys.len;
    sorted_row  *sorted = dvt_calloc(s->ctx, n, sizeof *sorted);
    uint32_t    *order = sorted ? dvt_calloc(s->ctx, n, sizeof *order) : NULL;

    for (size_t i = 0; order && i < n; i++) {
        sorted[i].key = s->keys.data[i];
        sorted[i].row = (uint32_t)i;
    }
    if (order) {
        qsort(sorted, n, sizeof *sorted, by_key);
    }
    for (size_t i = 0; order && i < n; i++) {
        order[i] = sorted[i].row;
    }
    dvt_free(s->ctx, sorted);
    return order;
}

/* A column in the order of the table: its words, and (where some are missing) the set of rows. */
static void gather(const dvti_stage *s, int32_t column, const uint32_t *order, uint64_t *words,
                   uint8_t *set)
{
    const dvti_stage_column *c = &s->columns.data[column];
    uint64_t                 n = 0;

    for (size_t i = 0; i < s->keys.len; i++) {
        if (dvti_stage_has(s, column, order[i])) {
            words[n++] = word_at(c, order[i]);
            if (set) {
                dvti_rows_add(set, s->keys.len, i);
            }
        }
    }
    if (set) {
        (void)dvti_rows_count(set, s->keys.len);
    }
}

typedef struct layout {
    uint32_t  *order;
    uint64_t  *words; /* (rows) scratch */
    dvti_pack *packs; /* (columns) */
    size_t     size;
} layout;

static dvt_status choose_packs(dvti_stage *s, layout *l)
{
    dvt_status st = DVT_OK;

    l->size = DVTI_TABLE_HEAD + DVTI_TABLE_ENTRY * s->columns.len;
    for (size_t i = 0; st == DVT_OK && i < s->columns.len; i++) {
        const dvti_stage_column *c = &s->columns.data[i];
        gather(s, (int32_t)i, l->order, l->words, NULL);
        st = dvti_pack_choose(s->ctx, l->words, c->count, is_double(c), &l->packs[i]);
        l->size = aligned(l->size + dvti_pack_bytes(&l->packs[i]));
        l->size = aligned(l->size + 8 * (size_t)l->packs[i].dict_count);
        if (c->count < s->keys.len) {
            l->size = aligned(l->size + dvti_rows_bytes(s->keys.len));
        }
        if (st == DVT_OK) {
            st = dvt_progress(s->ctx, "pack", i + 1, s->columns.len, "columns");
        }
    }
    return st;
}

/* Writes column i at `at` and behind; returns where the next one starts. */
static size_t write_column(dvti_stage *s, const layout *l, size_t i, size_t at, uint8_t *out)
{
    const dvti_stage_column *c = &s->columns.data[i];
    const dvti_pack         *p = &l->packs[i];
    const bool               some = c->count < s->keys.len;
    dvti_table_entry         e = {.about = c->about,
                                  .mode = (uint8_t)p->mode,
                                  .bits = (uint8_t)p->bits,
                                  .scale = (uint8_t)p->scale,
                                  .dict_count = p->dict_count,
                                  .count = c->count,
                                  .base = p->base,
                                  .step = p->step,
                                  .values_at = at};

    at = aligned(at + dvti_pack_bytes(p));
    e.dict_at = p->dict_count ? at : 0;
    if (p->dict_count) {
        memcpy(out + at, p->dict, 8 * (size_t)p->dict_count);
    }
    at = aligned(at + 8 * (size_t)p->dict_count);
    e.rows_at = some ? at : 0;
    gather(s, (int32_t)i, l->order, l->words, some ? out + at : NULL);
    dvti_pack_write(p, l->words, out + e.values_at);
    memcpy(out + DVTI_TABLE_HEAD + DVTI_TABLE_ENTRY * i, &e, sizeof e);
    free_column(s, &s->columns.data[i]);
    s->columns.data[i].cap = 0;
    return some ? aligned(at + dvti_rows_bytes(s->keys.len)) : at;
}

static void write_head(const dvti_stage *s, uint8_t *out, size_t size)
{
    dvti_table_head head = {.version = DVTI_TABLE_VERSION,
                            .order = DVTI_TABLE_ORDER,
                            .kind = (uint32_t)s->kind,
                            .columns = (uint32_t)s->columns.len,
                            .rows = s->keys.len,
                            .size = size,
                            .source_size = s->source.size,
                            .source_crc = s->source.crc};

    memcpy(head.magic, DVTI_TABLE_MAGIC, sizeof head.magic);
    head.body_crc = dvti_crc32c(0, out + DVTI_TABLE_HEAD, size - DVTI_TABLE_HEAD);
    head.head_crc = dvti_crc32c(0, &head, offsetof(dvti_table_head, head_crc));
    memcpy(out, &head, sizeof head);
}

dvt_status dvti_stage_image(dvti_stage *s, uint8_t **image, size_t *size)
{
    layout     l = {0};
    uint8_t   *out = NULL;
    dvt_status st = DVT_OK;

    *image = NULL;
    *size = 0;
    l.order = sort_rows(s);
    l.words = l.order ? dvt_calloc(s->ctx, s->keys.len, sizeof *l.words) : NULL;
    l.packs = l.words ? dvt_calloc(s->ctx, s->columns.len, sizeof *l.packs) : NULL;
    st = l.packs ? choose_packs(s, &l) : DVT_E_NOMEM;
    if (st == DVT_OK) {
        out = dvt_calloc(s->ctx, l.size, 1);
        st = out ? DVT_OK : DVT_E_NOMEM;
    }
    if (out) {
        size_t at = DVTI_TABLE_HEAD + DVTI_TABLE_ENTRY * s->columns.len;
        for (size_t i = 0; i < s->columns.len; i++) {
            at = write_column(s, &l, i, at, out);
        }
        assert(at == l.size);
        write_head(s, out, l.size);
        *image = out;
        *size = l.size;
    }
    for (size_t i = 0; l.packs && i < s->columns.len; i++) {
        dvt_free(s->ctx, (void *)(uintptr_t)l.packs[i].dict);
    }
    dvt_free(s->ctx, l.packs);
    dvt_free(s->ctx, l.words);
    dvt_free(s->ctx, l.order);
    return st;
}
