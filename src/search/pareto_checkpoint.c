/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_checkpoint.c - the state of a search as a file, from which the same search goes on.
 *
 *   offset  bytes
 *        0      8  "DVTSTATE"
 *        8      4  version (1)
 *       12      4  0x01020304: the byte order, which is this machine's
 *       16     64  SHA-256 of the problem, hexadecimal
 *       80      8  networks done                    88  8  networks to take next
 *       96      8  costs computed                  104  8  pairs found (n)
 *      112  48 n   each: place of the network (8), lane (4), zero (4), values of the pair (4 x 8)
 *      end      4  CRC-32 of all before it
 *
 * Idea       What is open follows from what was found, so only that is kept. The lists of open
 *            accelerators are made anew: the frontier is the same, but blocks may be cut elsewhere,
 *            and a few costs more or less be computed.
 *            A search that is stopped within a network begins that one again.
 * Problem    names, objectives, limits, order and values of feasible networks and accelerators, and
 *            the costs of the first network: a file of another problem is refused.
 * Safety     the file is replaced as a whole (dvt_file_write): a search that is killed leaves the
 *            last complete one.
 * Tests      tests/unit/test_pareto_checkpoint.c, tests/fuzz/fuzz_search_state.c
 */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "search/pareto_int.h"

enum { VERSION = 1, ORDER = 0x01020304, HEX = DVT_SHA256_HEX - 1 };

typedef struct head {
    char     magic[8];
    uint32_t version, order;
    char     problem[HEX];
    int64_t  place, block, computed, found;
} head;

typedef struct row {
    int64_t place;
    int32_t lane, zero;
    int64_t pair[DVTI_MAX];
} row;

_Static_assert(sizeof(head) == 112 && sizeof(row) == 48, "drawn above");

static const char magic[8] = {'D', 'V', 'T', 'S', 'T', 'A', 'T', 'E'};

/* ---- which problem ------------------------------------------------------------------------- */

static void put_array(dvt_buf *b, const char *name, const void *data, size_t bytes)
{
    char hex[DVT_SHA256_HEX];

    dvt_sha256_hex(data, bytes, hex);
    dvt_buf_printf(b, "%s %zu %s\n", name, bytes, hex);
}

static void put_costs(const dvti_search *s, int64_t *costs, dvt_buf *b)
{
    const dvt_pair_cost *c = s->p->cost;

    c->cost(c, s->order[0], s->kept, s->kept_count, costs);
    dvt_buf_printf(b, "cost %s\n", c->name);
    put_array(b, "costs", costs, (size_t)s->kept_count * (size_t)s->metrics * sizeof *costs);
}

static void put_problem(const dvti_search *s, dvt_buf *b)
{
    const dvt_pareto_problem *p = s->p;
    const size_t              n = (size_t)s->n, all = (size_t)s->all_count;

    dvt_buf_printf(b, "%s %lld x %s %lld\n", p->networks->name, (long long)p->networks->count,
                   p->accelerators->name, (long long)p->accelerators->count);
    for (int32_t i = 0; i < p->objective_count; i++) {
        const dvt_metric *m = dvt_pareto_metric_of(p, p->objective[i]);
        dvt_buf_printf(b, "objective %s %d\n", m->name, (int)m->maximise);
    }
    for (int32_t i = 0; i < p->limit_count; i++) {
        dvt_buf_printf(b, "limit %s %lld %lld\n", dvt_pareto_metric_of(p, p->limit[i].metric)->name,
                       (long long)p->limit[i].least, (long long)p->limit[i].most);
    }
    put_array(b, "order", s->order, n * sizeof *s->order);
    put_array(b, "networks", s->network_vec, n * (size_t)s->kn * sizeof *s->network_vec);
    put_array(b, "all", s->all, all * sizeof *s->all);
    put_array(b, "accelerators", s->all_vec, all * (size_t)s->ka * sizeof *s->all_vec);
    put_array(b, "kept", s->kept, (size_t)s->kept_count * sizeof *s->kept);
}

static dvt_status hash_problem(const dvti_search *s, char out[DVT_SHA256_HEX])
{
    dvt_buf    b;
    int64_t   *costs = NULL;
    dvt_status st = DVT_OK;

    dvt_buf_init(&b, s->ctx, 0);
    put_problem(s, &b);
    if (s->costly && s->n > 0 && s->kept_count > 0) {
        costs = dvt_alloc(s->ctx, (size_t)s->kept_count * (size_t)s->metrics * sizeof *costs);
        if (costs) {
            put_costs(s, costs, &b);
        } else {
            st = DVT_E_NOMEM;
        }
    }
    st = st == DVT_OK ? dvt_buf_status(&b) : st;
    if (st == DVT_OK) {
        dvt_sha256_hex(b.data, b.len, out);
    }
    dvt_free(s->ctx, costs);
    dvt_buf_deinit(&b);
    return st;
}

/* ---- writing ------------------------------------------------------------------------------- */

dvt_status dvti_checkpoint_save(dvti_search *s)
{
    head       h = {.version = VERSION,
                    .order = ORDER,
                    .place = s->place,
                    .block = s->block,
                    .computed = s->computed,
                    .found = (int64_t)s->found.len};
    char       hex[DVT_SHA256_HEX];
    dvt_buf    b;
    dvt_status st = hash_problem(s, hex);

    if (st != DVT_OK) {
        return st;
    }
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.problem, hex, HEX);
    dvt_buf_init(&b, s->ctx, SIZE_MAX);
    dvt_buf_append(&b, &h, sizeof h);
    for (size_t i = 0; i < s->found.len; i++) {
        const dvti_found *f = &s->found.data[i];
        row               r = {.place = f->place, .lane = f->lane};
        memcpy(r.pair, f->pair, sizeof r.pair);
        dvt_buf_append(&b, &r, sizeof r);
    }
    st = dvt_buf_status(&b);
    if (st == DVT_OK) {
        const uint32_t crc = (uint32_t)crc32_z(0, (const uint8_t *)b.data, b.len);
        dvt_buf_append(&b, &crc, sizeof crc);
        st = dvt_buf_status(&b);
    }
    st = st == DVT_OK ? dvt_file_write(s->ctx, s->opts->checkpoint, b.data, b.len) : st;
    dvt_buf_deinit(&b);
    return st;
}

dvt_status dvti_checkpoint_remove(dvti_search *s)
{
    if (dvt_file_exists(s->opts->checkpoint) && remove(s->opts->checkpoint) != 0) {
        return dvt_fail(s->ctx, DVT_E_IO, NULL, "cannot remove '%s'", s->opts->checkpoint);
    }
    return DVT_OK;
}

/* ---- reading ------------------------------------------------------------------------------- */

static dvt_status fail_at(dvti_search *s, uint64_t offset, const char *what)
{
    const dvt_pos at = {.file = s->opts->checkpoint, .offset = offset};

    dvt_fail(s->ctx, DVT_E_PARSE, &at, "not a usable checkpoint: %s", what);
    dvt_fail_hint(s->ctx, "remove the file to search from the start");
    return DVT_E_PARSE;
}

static dvt_status check_frame(dvti_search *s, const dvt_blob *file, head *h)
{
    uint32_t crc;

    if (file->size < sizeof *h + sizeof crc || memcmp(file->data, magic, sizeof magic) != 0) {
        return fail_at(s, 0, "it does not begin like one");
    }
    memcpy(h, file->data, sizeof *h);
    if (h->version != VERSION || h->order != ORDER) {
        return fail_at(s, sizeof magic, "of another version or machine");
    }
    memcpy(&crc, file->data + file->size - sizeof crc, sizeof crc);
    if (crc != (uint32_t)crc32_z(0, file->data, file->size - sizeof crc)) {
        return fail_at(s, file->size - sizeof crc, "its checksum is wrong");
    }
    if (h->found < 0 || (uint64_t)h->found != (file->size - sizeof *h - sizeof crc) / sizeof(row) ||
        (file->size - sizeof *h - sizeof crc) % sizeof(row) != 0) {
        return fail_at(s, 104, "the number of pairs does not fit its size");
    }
    return DVT_OK;
}

static dvt_status check_state(dvti_search *s, const head *h)
{
    char       hex[DVT_SHA256_HEX];
    dvt_status st = hash_problem(s, hex);

    if (st == DVT_OK && memcmp(hex, h->problem, HEX) != 0) {
        st = dvt_fail(s->ctx, DVT_E_USAGE, NULL, "'%s' is the checkpoint of another search",
                      s->opts->checkpoint);
        dvt_fail_hint(s->ctx, "objectives, limits, tables and accelerators must be the same");
    }
    if (st == DVT_OK && (h->place < 0 || h->place > s->n || h->block < 1 ||
                         h->block > DVTI_BLOCK_MAX || h->computed < 0)) {
        st = fail_at(s, 80, "a number is out of range");
    }
    return st;
}

static dvt_status take_row(dvti_search *s, const row *r, uint64_t offset)
{
    dvti_found f = {.place = r->place, .lane = r->lane};
    int64_t    rest[DVTI_MAX] = {0};
    dvt_status st;

    if (r->place < 0 || r->place > s->place || r->place >= s->n || r->lane < 0 ||
        r->lane >= s->kept_count) {
        return fail_at(s, offset, "a pair is out of range");
    }
    f.cls = s->class_of[f.lane];
    memcpy(f.pair, r->pair, sizeof f.pair);
    dvti_rest(s, s->network_vec + f.place * s->kn, f.pair, rest);
    st = dvti_found_vec_push(s->ctx, &s->found, f);
    return st == DVT_OK ? dvti_archive_add(&s->archive, f.cls, rest) : st;
}

dvt_status dvti_checkpoint_load(dvti_search *s)
{
    dvt_blob   file = {0};
    head       h;
    dvt_status st;

    if (!dvt_file_exists(s->opts->checkpoint)) {
        return DVT_OK;
    }
    st = dvt_file_read(s->ctx, s->opts->checkpoint, 0, &file);
    st = st == DVT_OK ? check_frame(s, &file, &h) : st;
    st = st == DVT_OK ? check_state(s, &h) : st;
    if (st == DVT_OK) {
        s->place = h.place;
        s->block = h.block;
        s->computed = h.computed;
    }
    for (int64_t i = 0; st == DVT_OK && i < h.found; i++) {
        const size_t offset = sizeof h + (size_t)i * sizeof(row);
        row          r;
        memcpy(&r, file.data + offset, sizeof r);
        st = take_row(s, &r, offset);
    }
    dvt_blob_deinit(s->ctx, &file);
    return st;
}
