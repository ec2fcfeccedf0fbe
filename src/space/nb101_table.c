/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb101_table.c - all different cells of NAS-Bench-101, by enumeration.
 *
 * Steps      1 list the edge sets in which every vertex is on a path (in parallel: a mark a set);
 *            2 give each labelled graph a 64-bit value by the same refinement as the MD5 hash, with
 *              sums of mixed words in place of sorted texts, so that graphs with equal MD5 have
 *              equal values (in parallel);
 *            3 keep the first graph of each value, in the order of enumeration;
 *            4 compute the MD5 of those (in parallel) and sort by it.
 *            MD5 is the costly part, and step 3 leaves a third of the graphs to it.
 * Exactness  Two graphs of different MD5 with the same 64-bit value would lose a cell. Over all
 *            1,293,208 graphs this does not happen: the test compares every hash with the
 *            published table. For the space is finite and fixed, that is a proof.
 * Threads    Each range writes its own items; step 3 runs alone, in order.
 * Memory     about 60 MB while enumerating, 12 MB for the result.
 * Tests      tests/unit/test_nb101_table.c
 */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "space/nb101_int.h"
#include "space/nb101_md5.h"

/* One set of edges with all its labellings; `first` numbers the labelled graphs. */
typedef struct edge_set {
    uint32_t adj_bits;
    int32_t  vertices;
    int64_t  first;
} edge_set;

DVT_VEC(edge_sets, edge_set);

typedef struct row {
    uint8_t        md5[DVT_NB101_MD5_BYTES];
    dvt_nb101_cell cell;
} row;

struct dvt_nb101_table {
    dvt_ctx        *ctx;
    int64_t         count;
    int64_t         labelled[DVT_NB101_MAX_VERTICES + 1];
    dvt_nb101_cell *cells;
    uint8_t (*md5s)[DVT_NB101_MD5_BYTES];
};

/* ---- 1: edge sets -------------------------------------------------------------------------- */

typedef struct marking {
    int      vertices;
    uint8_t *mark; /* (edge sets) */
} marking;

static void mark_valid(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const marking *m = ud;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        dvt_nb101_cell c = {.adj_bits = (uint32_t)i, .vertices = (uint8_t)m->vertices};
        m->mark[i] = dvt_nb101_valid(&c);
    }
}

static int64_t labellings(int vertices)
{
    int64_t n = 1;
    for (int i = 2; i < vertices; i++) {
        n *= DVT_NB101_LABELS;
    }
    return n;
}

/* Appends the sets of exactly `vertices`; *next numbers labelled graphs. */
static dvt_status list_edge_sets(dvt_ctx *ctx, int vertices, edge_sets *sets, int64_t *next)
{
    int64_t    count = dvti_nb101_bit(0, vertices);
    marking    m = {vertices, dvt_alloc(ctx, (size_t)count)};
    dvt_status st = m.mark ? DVT_OK : DVT_E_NOMEM;

    if (st == DVT_OK) {
        dvt_parallel_for(ctx, count, 4096, mark_valid, &m);
    }
    for (int64_t i = 0; st == DVT_OK && i < count; i++) {
        if (m.mark[i]) {
            st = edge_sets_push(ctx, sets, (edge_set){(uint32_t)i, vertices, *next});
            *next += labellings(vertices);
        }
    }
    dvt_free(ctx, m.mark);
    return st;
}

static dvt_nb101_cell labelled_graph(const edge_set *e, int64_t labelling)
{
    dvt_nb101_cell c = {.adj_bits = e->adj_bits, .vertices = (uint8_t)e->vertices};

    for (int i = e->vertices - 3; i >= 0; i--) {
        c.ops[i] = (uint8_t)(labelling % DVT_NB101_LABELS);
        labelling /= DVT_NB101_LABELS;
    }
    return c;
}

/* ---- 2: values ----------------------------------------------------------------------------- */

/* Each bit of the argument reaches each bit of the result. */
static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    h ^= h >> 32;
    h *= UINT64_C(0xd6e8feb86659fd93);
    return h ^ h >> 32;
}

/* Lists of neighbours, made once for all labellings of an edge set. */
typedef struct neighbours {
    int     vertices;
    uint8_t in_count[DVT_NB101_MAX_VERTICES], in[DVT_NB101_MAX_VERTICES][DVT_NB101_MAX_VERTICES];
    uint8_t out_count[DVT_NB101_MAX_VERTICES], out[DVT_NB101_MAX_VERTICES][DVT_NB101_MAX_VERTICES];
} neighbours;

static neighbours list_neighbours(const edge_set *e)
{
    neighbours n = {.vertices = e->vertices};

    for (int y = 1; y < e->vertices; y++) {
        for (int x = 0; x < y; x++) {
            if (e->adj_bits & dvti_nb101_bit(x, y)) {
                n.in[y][n.in_count[y]++] = (uint8_t)x;
                n.out[x][n.out_count[x]++] = (uint8_t)y;
            }
        }
    }
    return n;
}

static uint64_t graph_value(const neighbours *n, const dvt_nb101_cell *c)
{
    uint64_t now[DVT_NB101_MAX_VERTICES], next[DVT_NB101_MAX_VERTICES], sum = 0;
    int      last = n->vertices - 1;

    for (int v = 0; v <= last; v++) {
        uint64_t label = v == 0 ? 3 : v == last ? 4 : c->ops[v - 1];
        now[v] = mix(1 + label + 8u * n->in_count[v] + 64u * n->out_count[v]);
    }
    for (int round = 0; round < n->vertices; round++) {
        for (int v = 0; v <= last; v++) {
            uint64_t in = 0, out = 0;
            for (int i = 0; i < n->in_count[v]; i++) {
                in += now[n->in[v][i]];
            }
            for (int i = 0; i < n->out_count[v]; i++) {
                out += now[n->out[v][i]];
            }
            next[v] = mix(now[v] + mix(in + UINT64_C(0x9e3779b97f4a7c15)) +
                          mix(out + UINT64_C(0x3c6ef372fe94f82a)));
        }
        memcpy(now, next, sizeof now[0] * (size_t)n->vertices);
    }
    for (int v = 0; v <= last; v++) {
        sum += mix(now[v]);
    }
    return mix(sum);
}

typedef struct valuing {
    const edge_set *sets;
    uint64_t       *value; /* (labelled graphs) */
} valuing;

static void value_sets(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const valuing *u = ud;

    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const edge_set *e = &u->sets[i];
        neighbours      n = list_neighbours(e);
        for (int64_t k = 0; k < labellings(e->vertices); k++) {
            dvt_nb101_cell c = labelled_graph(e, k);
            u->value[e->first + k] = graph_value(&n, &c);
        }
    }
}

/* ---- 3: first of each value ---------------------------------------------------------------- */

DVT_VEC(cells, dvt_nb101_cell);

/* Open addressing; 0 marks a free place (a value of 0 is taken for 1). */
static bool insert(uint64_t *slots, uint64_t mask, uint64_t value)
{
    value += value == 0;
    for (uint64_t i = value & mask;; i = (i + 1) & mask) {
        if (slots[i] == value) {
            return false;
        }
        if (!slots[i]) {
            slots[i] = value;
            return true;
        }
    }
}

static dvt_status keep_first(dvt_ctx *ctx, const edge_sets *sets, const uint64_t *value,
                             int64_t count, cells *out)
{
    uint64_t   size = 16;
    uint64_t  *slots = NULL;
    dvt_status st = DVT_OK;

    while (size < (uint64_t)count * 2) {
        size *= 2;
    }
    slots = dvt_calloc(ctx, size, sizeof *slots);
    if (!slots) {
        return DVT_E_NOMEM;
    }
    for (size_t i = 0; i < sets->len; i++) {
        const edge_set *e = &sets->data[i];
        for (int64_t k = 0; st == DVT_OK && k < labellings(e->vertices); k++) {
            if (insert(slots, size - 1, value[e->first + k])) {
                st = cells_push(ctx, out, labelled_graph(e, k));
            }
        }
    }
    dvt_free(ctx, slots);
    return st;
}

/* ---- 4: hashes in order -------------------------------------------------------------------- */

typedef struct hashing {
    const dvt_nb101_cell *cells;
    uint8_t (*md5s)[DVT_NB101_MD5_BYTES];
} hashing;

static void hash_cells(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const hashing *h = ud;

    (void)worker;
    dvti_nb101_md5s(h->cells + begin, end - begin, h->md5s + begin);
}

static int compare_rows(const void *a, const void *b)
{
    return memcmp(((const row *)a)->md5, ((const row *)b)->md5, DVT_NB101_MD5_BYTES);
}

/* cells: in any order; the table takes them. */
static dvt_status fill(dvt_nb101_table *t, cells *list)
{
    row *rows = dvt_calloc(t->ctx, list->len, sizeof *rows);

    t->md5s = dvt_calloc(t->ctx, list->len, sizeof *t->md5s);
    if (!rows || !t->md5s) {
        dvt_free(t->ctx, rows);
        return DVT_E_NOMEM;
    }
    dvt_parallel_for(t->ctx, (int64_t)list->len, 512, hash_cells, &(hashing){list->data, t->md5s});
    for (size_t i = 0; i < list->len; i++) {
        rows[i].cell = list->data[i];
        memcpy(rows[i].md5, t->md5s[i], sizeof rows[i].md5);
    }
    qsort(rows, list->len, sizeof *rows, compare_rows);
    for (size_t i = 0; i < list->len; i++) {
        list->data[i] = rows[i].cell;
        memcpy(t->md5s[i], rows[i].md5, sizeof rows[i].md5);
    }
    dvt_free(t->ctx, rows);
    t->count = (int64_t)list->len;
    t->cells = list->data;
    *list = (cells){0};
    return DVT_OK;
}

/* ---- table --------------------------------------------------------------------------------- */

static dvt_status progress(dvt_ctx *ctx, uint64_t done)
{
    return dvt_progress(ctx, "enumerate", done, 4, "steps");
}

static dvt_status enumerate(dvt_nb101_table *t, int max_vertices)
{
    dvt_ctx   *ctx = t->ctx;
    edge_sets  sets = {0};
    cells      list = {0};
    uint64_t  *value = NULL;
    int64_t    count = 0;
    dvt_status st = DVT_OK;

    for (int v = 2; st == DVT_OK && v <= max_vertices; v++) {
        int64_t before = count;
        st = list_edge_sets(ctx, v, &sets, &count);
        t->labelled[v] = count - before;
    }
    t->labelled[0] = count;
    if (st != DVT_OK || (st = progress(ctx, 1)) != DVT_OK) {
        goto done;
    }
    value = dvt_calloc(ctx, (size_t)count, sizeof *value);
    if (!value) {
        st = DVT_E_NOMEM;
        goto done;
    }
    dvt_parallel_for(ctx, (int64_t)sets.len, 16, value_sets, &(valuing){sets.data, value});
    if ((st = progress(ctx, 2)) != DVT_OK ||
        (st = keep_first(ctx, &sets, value, count, &list)) != DVT_OK ||
        (st = progress(ctx, 3)) != DVT_OK) {
        goto done;
    }
    st = fill(t, &list);
done:
    dvt_free(ctx, value);
    edge_sets_deinit(ctx, &sets);
    cells_deinit(ctx, &list);
    return st;
}

dvt_status dvt_nb101_enumerate(dvt_ctx *ctx, int max_vertices, dvt_nb101_table **out)
{
    dvt_nb101_table *t;
    dvt_status       st;

    *out = NULL;
    if (max_vertices < 2 || max_vertices > DVT_NB101_MAX_VERTICES) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL,
                        "NAS-Bench-101 has cells of 2 to 7 vertices, not %d", max_vertices);
    }
    t = dvt_calloc(ctx, 1, sizeof *t);
    if (!t) {
        return DVT_E_NOMEM;
    }
    t->ctx = ctx;
    st = enumerate(t, max_vertices);
    if (st == DVT_OK) {
        *out = t;
        t = NULL;
    }
    dvt_nb101_table_destroy(t);
    return st;
}

void dvt_nb101_table_destroy(dvt_nb101_table *t)
{
    if (t) {
        dvt_free(t->ctx, t->cells);
        dvt_free(t->ctx, t->md5s);
        dvt_free(t->ctx, t);
    }
}

int64_t dvt_nb101_table_count(const dvt_nb101_table *t) { return t->count; }

const dvt_nb101_cell *dvt_nb101_table_cells(const dvt_nb101_table *t) { return t->cells; }

const uint8_t *dvt_nb101_table_md5(const dvt_nb101_table *t, int64_t i) { return t->md5s[i]; }

int64_t dvt_nb101_table_labelled(const dvt_nb101_table *t, int vertices)
{
    return vertices >= 0 && vertices <= DVT_NB101_MAX_VERTICES ? t->labelled[vertices] : 0;
}

static bool parse_md5(const char *hex, uint8_t out[DVT_NB101_MD5_BYTES])
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 0; i < 2 * DVT_NB101_MD5_BYTES; i++) {
        const char *d = hex[i] ? strchr(digits, hex[i]) : NULL;
        if (!d) {
            return false;
        }
        out[i / 2] = (uint8_t)(out[i / 2] << 4 | (uint8_t)(d - digits));
    }
    return hex[2 * DVT_NB101_MD5_BYTES] == '\0';
}

int64_t dvt_nb101_table_find(const dvt_nb101_table *t, const char *md5)
{
    uint8_t want[DVT_NB101_MD5_BYTES] = {0};
    int64_t low = 0, high = t->count;

    if (!parse_md5(md5, want)) {
        return -1;
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        int     order = memcmp(t->md5s[middle], want, sizeof want);
        if (order == 0) {
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return -1;
}
