/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frontier_file.c - frontiers as files: docs/formats/frontier.md has the form.
 *
 * Idea       Arrays as they stand in memory behind a head that says how long each is. A file that
 *            is read is checked before it is used: checksum, lengths, that the order of the index
 *            is a permutation, and that its ranges are those of its points. So whatever the bytes
 *            are, questions stay within the arrays and have the answer that a scan has.
 * Limits     2^30 points; files of this machine's byte order.
 * Tests      tests/unit/test_frontier.c, tests/fuzz/fuzz_frontier.c
 */
#include <string.h>
#include <zlib.h>

#include "search/frontier_int.h"

enum { VERSION = 1, ORDER = 0x01020304, NAME = DVTI_FRONTIER_NAME, POINTS_MAX = 1 << 30 };

typedef struct metric_row {
    char    name[NAME], unit[NAME];
    int64_t per_unit;
    int64_t maximise;
} metric_row;

typedef struct head {
    char     magic[8];
    uint32_t version, order;
    uint32_t objectives, facts;
    uint64_t points, text; /* text: bytes of all networks' names */
    int64_t  pairs, networks, accelerators, kept, computed;
    char     sides[2][NAME];
} head;

_Static_assert(sizeof(metric_row) == 80 && sizeof(head) == 144, "docs/formats/frontier.md");
_Static_assert(sizeof(dvt_pareto_point) == 56, "docs/formats/frontier.md");

static const char magic[8] = {'D', 'V', 'T', 'F', 'R', 'O', 'N', 'T'};

/* ---- writing ------------------------------------------------------------------------------- */

static void put_name(dvt_buf *b, const char *name)
{
    char field[NAME] = {0};

    memcpy(field, name, strlen(name));
    dvt_buf_append(b, field, sizeof field);
}

static void put_all(const dvt_frontier *f, dvt_buf *b)
{
    const dvt_frontier_about *a = &f->about;
    const size_t              n = (size_t)a->points, d = (size_t)a->objectives;
    const size_t              nodes = 2 * (size_t)f->index.leaves * d * sizeof(int64_t);
    head                      h = {.version = VERSION,
                                   .order = ORDER,
                                   .objectives = (uint32_t)a->objectives,
                                   .facts = (uint32_t)a->facts,
                                   .points = n,
                                   .text = f->name[n],
                                   .pairs = a->pairs,
                                   .networks = a->different_networks,
                                   .accelerators = a->different_accelerators,
                                   .kept = a->accelerators_kept,
                                   .computed = a->computed};

    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.sides[0], a->networks, strlen(a->networks));
    memcpy(h.sides[1], a->accelerators, strlen(a->accelerators));
    dvt_buf_append(b, &h, sizeof h);
    for (size_t k = 0; k < d; k++) {
        const dvt_metric *m = &f->objective[k];
        metric_row        row = {.per_unit = m->per_unit, .maximise = m->maximise};
        memcpy(row.name, m->name, strlen(m->name));
        memcpy(row.unit, m->unit, strlen(m->unit));
        dvt_buf_append(b, &row, sizeof row);
    }
    for (int32_t k = 0; k < a->facts; k++) {
        put_name(b, f->fact_name[k]);
    }
    dvt_buf_append(b, f->points, n * sizeof *f->points);
    dvt_buf_append(b, f->facts, n * (size_t)a->facts * sizeof *f->facts);
    dvt_buf_append(b, f->index.low, nodes);
    dvt_buf_append(b, f->index.high, nodes);
    dvt_buf_append(b, f->index.order, n * sizeof *f->index.order);
    dvt_buf_append(b, f->name, (n + 1) * sizeof *f->name);
    dvt_buf_append(b, f->text, f->name[n]);
}

dvt_status dvt_frontier_save(dvt_ctx *ctx, const dvt_frontier *f, const char *path)
{
    dvt_buf    b;
    dvt_status st;

    dvt_buf_init(&b, ctx, SIZE_MAX);
    put_all(f, &b);
    if (dvt_buf_status(&b) == DVT_OK) {
        const uint32_t crc = (uint32_t)crc32_z(0, (const uint8_t *)b.data, b.len);
        dvt_buf_append(&b, &crc, sizeof crc);
    }
    st = dvt_buf_status(&b);
    st = st == DVT_OK ? dvt_file_write(ctx, path, b.data, b.len) : st;
    dvt_buf_deinit(&b);
    return st;
}

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct reader {
    dvt_ctx      *ctx;
    const char   *path;
    dvt_blob      file;
    size_t        at, end; /* end: where the checksum stands */
    dvt_frontier *f;
} reader;

static dvt_status fail_at(reader *r, size_t offset, const char *what)
{
    const dvt_pos at = {.file = r->path, .offset = offset};

    dvt_fail(r->ctx, DVT_E_PARSE, &at, "not a usable frontier file: %s", what);
    dvt_fail_hint(r->ctx, "'dovetail pareto ... -o FILE' writes one");
    return DVT_E_PARSE;
}

/* Copies `bytes` to `out`, whose size they are. */
static dvt_status take(reader *r, void *out, size_t bytes)
{
    if (bytes > r->end - r->at) {
        return fail_at(r, r->at, "it ends too early");
    }
    if (bytes > 0) {
        memcpy(out, r->file.data + r->at, bytes);
    }
    r->at += bytes;
    return DVT_OK;
}

static dvt_status check_frame(reader *r)
{
    uint32_t crc;

    if (r->file.size < sizeof(head) + sizeof crc ||
        memcmp(r->file.data, magic, sizeof magic) != 0) {
        return fail_at(r, 0, "it does not begin like one");
    }
    r->end = r->file.size - sizeof crc;
    memcpy(&crc, r->file.data + r->end, sizeof crc);
    return crc == (uint32_t)crc32_z(0, r->file.data, r->end)
               ? DVT_OK
               : fail_at(r, r->end, "its checksum is wrong");
}

static dvt_status take_name(reader *r, const char *field, const char **out)
{
    const size_t n = strnlen(field, NAME);

    if (n == NAME || n == 0) {
        return fail_at(r, r->at, "a name is too long or empty");
    }
    *out = dvt_arena_strndup(r->f->arena, field, n);
    return *out ? DVT_OK : DVT_E_NOMEM;
}

static dvt_status take_head(reader *r)
{
    dvt_frontier_about *a = &r->f->about;
    head                h;
    dvt_status          st = take(r, &h, sizeof h);

    if (st != DVT_OK) {
        return st;
    }
    if (h.version != VERSION || h.order != ORDER) {
        return fail_at(r, sizeof magic, "of another version or machine");
    }
    if (h.objectives < DVT_PARETO_MIN_OBJECTIVES || h.objectives > DVT_PARETO_MAX_OBJECTIVES ||
        h.facts > DVT_SPACE_MAX_FACTS || h.points > POINTS_MAX || h.text > UINT32_MAX) {
        return fail_at(r, 16, "a number is out of range");
    }
    /* before memory is taken: a point is longer than what else belongs to it */
    if (h.points * sizeof(dvt_pareto_point) > r->end - r->at || h.text > r->end - r->at) {
        return fail_at(r, 24, "it has fewer bytes than points");
    }
    a->objectives = (int32_t)h.objectives;
    a->facts = (int32_t)h.facts;
    a->points = (int64_t)h.points;
    a->pairs = h.pairs;
    a->different_networks = h.networks;
    a->different_accelerators = h.accelerators;
    a->accelerators_kept = h.kept;
    a->computed = h.computed;
    st = take_name(r, h.sides[0], &a->networks);
    return st == DVT_OK ? take_name(r, h.sides[1], &a->accelerators) : st;
}

static dvt_status take_metrics(reader *r)
{
    dvt_status st = DVT_OK;

    for (int32_t k = 0; st == DVT_OK && k < r->f->about.objectives; k++) {
        dvt_metric *m = &r->f->objective[k];
        metric_row  row;
        st = take(r, &row, sizeof row);
        st = st == DVT_OK ? take_name(r, row.name, &m->name) : st;
        if (st == DVT_OK && row.unit[0] == '\0') {
            m->unit = "";
        } else if (st == DVT_OK) {
            st = take_name(r, row.unit, &m->unit);
        }
        if (st == DVT_OK && (row.per_unit < 1 || (row.maximise != 0 && row.maximise != 1))) {
            st = fail_at(r, r->at - sizeof row, "an objective is out of range");
        }
        m->per_unit = st == DVT_OK ? row.per_unit : 1;
        m->maximise = st == DVT_OK && row.maximise == 1;
    }
    for (int32_t k = 0; st == DVT_OK && k < r->f->about.facts; k++) {
        char field[NAME];
        st = take(r, field, sizeof field);
        st = st == DVT_OK ? take_name(r, field, &r->f->fact_name[k]) : st;
    }
    return st;
}

static dvt_status take_points(reader *r)
{
    dvt_frontier *f = r->f;
    const size_t  n = (size_t)f->about.points, facts = n * (size_t)f->about.facts;
    dvt_status    st;

    f->points = dvt_arena_calloc(f->arena, n + 1, sizeof *f->points);
    f->facts = dvt_arena_calloc(f->arena, facts + 1, sizeof *f->facts);
    if (!f->points || !f->facts) {
        return DVT_E_NOMEM;
    }
    st = take(r, f->points, n * sizeof *f->points);
    for (size_t i = 0; st == DVT_OK && i < n; i++) {
        for (int k = 0; k < DVT_PARETO_MAX_OBJECTIVES; k++) {
            if (f->points[i].value[k] <= INT64_MIN / 2 || f->points[i].value[k] >= INT64_MAX / 2) {
                st = fail_at(r, r->at - (n - i) * sizeof *f->points, "a value is out of range");
                break;
            }
        }
    }
    return st == DVT_OK ? take(r, f->facts, facts * sizeof *f->facts) : st;
}

static dvt_status take_index(reader *r)
{
    dvt_frontier *f = r->f;
    const size_t  n = (size_t)f->about.points;
    const size_t  at = r->at;
    uint8_t      *seen = dvt_arena_calloc(f->arena, n + 1, 1);
    dvt_status    st = seen ? dvti_index_alloc(f) : DVT_E_NOMEM;
    const size_t  nodes = 2 * (size_t)f->index.leaves * (size_t)f->about.objectives;

    st = st == DVT_OK ? take(r, f->index.low, nodes * sizeof *f->index.low) : st;
    st = st == DVT_OK ? take(r, f->index.high, nodes * sizeof *f->index.high) : st;
    st = st == DVT_OK ? take(r, f->index.order, n * sizeof *f->index.order) : st;
    for (size_t i = 0; st == DVT_OK && i < n; i++) {
        const int32_t point = f->index.order[i];
        if (point < 0 || point >= f->about.points || seen[point]++) {
            st = fail_at(r, r->at - (n - i) * sizeof point, "the index is no order of the points");
        }
    }
    if (st == DVT_OK && !dvti_index_check(f)) {
        st = fail_at(r, at, "the index has other ranges than the points");
    }
    return st;
}

static dvt_status take_labels(reader *r)
{
    dvt_frontier *f = r->f;
    const size_t  n = (size_t)f->about.points, at = r->at;
    size_t        bytes;
    dvt_status    st;

    f->name = dvt_arena_calloc(f->arena, n + 1, sizeof *f->name);
    if (!f->name) {
        return DVT_E_NOMEM;
    }
    st = take(r, f->name, (n + 1) * sizeof *f->name);
    if (st != DVT_OK) {
        return st;
    }
    bytes = r->end - r->at;
    f->text = dvt_arena_calloc(f->arena, bytes + 1, 1);
    if (!f->text) {
        return DVT_E_NOMEM;
    }
    st = take(r, f->text, bytes);
    if (st == DVT_OK && (f->name[0] != 0 || f->name[n] != bytes)) {
        st = fail_at(r, at, "names do not fill their place");
    }
    for (size_t i = 0; st == DVT_OK && i < n; i++) {
        if (f->name[i + 1] <= f->name[i] || f->name[i + 1] > bytes ||
            strlen(f->text + f->name[i]) != f->name[i + 1] - f->name[i] - 1) {
            st = fail_at(r, at + i * sizeof *f->name, "a name is not one text");
        }
    }
    return st;
}

dvt_status dvt_frontier_load(dvt_ctx *ctx, const char *path, dvt_frontier **out)
{
    reader     r = {.ctx = ctx, .path = path};
    dvt_status st;

    *out = NULL;
    st = dvt_file_read(ctx, path, 0, &r.file);
    st = st == DVT_OK ? check_frame(&r) : st;
    st = st == DVT_OK ? dvti_frontier_new(ctx, &r.f) : st;
    st = st == DVT_OK ? take_head(&r) : st;
    st = st == DVT_OK ? take_metrics(&r) : st;
    st = st == DVT_OK ? take_points(&r) : st;
    st = st == DVT_OK ? take_index(&r) : st;
    st = st == DVT_OK ? take_labels(&r) : st;
    dvt_blob_deinit(ctx, &r.file);
    if (st != DVT_OK) {
        dvt_frontier_destroy(r.f);
        return st;
    }
    *out = r.f;
    return DVT_OK;
}
