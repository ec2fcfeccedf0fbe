/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb101_md5.c - the hash by which NAS-Bench-101 names a cell, for many cells at once.
 *
 * Definition Every vertex starts with the MD5 of the text "(out_degree, in_degree, label)", labels
 *            being -1 for the input, -2 for the output. Then as many rounds as there are vertices:
 *            each takes the MD5 of its sources' hashes, sorted and joined, "|", its targets' the
 *            same way, "|", its own. The cell's hash is that of the sorted list as Python prints
 *            it. Hashes are hexadecimal texts throughout, and sort as their bytes do.
 * Idea       All hashes of a round are independent of each other. Messages wait in a queue for
 *            their number of blocks; when one holds 16 they are hashed at once (md5_lanes.h).
 *            A batch of cells makes the rounds together so that queues seldom run half empty.
 * Tests      tests/unit/test_nb101_table.c
 */
#include "space/nb101_md5.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/md5_lanes.h"
#include "space/nb101_int.h"

enum {
    BATCH = 32,     /* cells */
    MAX_BLOCKS = 5, /* the list of 7 hashes: 252 bytes and the padding */
    MESSAGE_BYTES = MAX_BLOCKS * DVTI_MD5_BLOCK,
    HEX = 2 * DVTI_MD5_BYTES,
    VERTICES = DVT_NB101_MAX_VERTICES
};

typedef uint8_t digest[DVTI_MD5_BYTES];

typedef struct queue {
    int     count;
    digest *target[DVTI_MD5_LANES];
    uint8_t message[DVTI_MD5_LANES][MESSAGE_BYTES];
} queue;

typedef struct hasher {
    queue  by_blocks[MAX_BLOCKS]; /* number of blocks - 1 */
    digest now[BATCH][VERTICES], next[BATCH][VERTICES];
} hasher;

/* ---- queues -------------------------------------------------------------------------------- */

static void flush(queue *q, int blocks)
{
    digest out[DVTI_MD5_LANES];

    dvti_md5_lanes(q->message[0], MESSAGE_BYTES, blocks, out);
    for (int i = 0; i < q->count; i++) {
        memcpy(*q->target[i], out[i], sizeof out[i]);
    }
    q->count = 0;
}

static void flush_all(hasher *h)
{
    for (int i = 0; i < MAX_BLOCKS; i++) {
        if (h->by_blocks[i].count) {
            flush(&h->by_blocks[i], i + 1);
        }
    }
}

/* Where to write the next message of `size` bytes; `submit` follows. */
static uint8_t *reserve(hasher *h, size_t size)
{
    queue *q = &h->by_blocks[(size + 8) / DVTI_MD5_BLOCK];
    return q->message[q->count];
}

static void submit(hasher *h, size_t size, digest *target)
{
    int    blocks = (int)((size + 8) / DVTI_MD5_BLOCK) + 1;
    queue *q = &h->by_blocks[blocks - 1];

    assert(blocks <= MAX_BLOCKS);
    dvti_md5_pad(q->message[q->count], size);
    q->target[q->count++] = target;
    if (q->count == DVTI_MD5_LANES) {
        flush(q, blocks);
    }
}

/* ---- messages ------------------------------------------------------------------------------ */

static uint32_t targets_of(const dvt_nb101_cell *c, int v)
{
    uint32_t mask = 0;

    for (int y = v + 1; y < c->vertices; y++) {
        mask |= (uint32_t)dvt_nb101_edge(c, v, y) << y;
    }
    return mask;
}

static int bits(uint32_t mask)
{
    int n = 0;
    for (; mask; mask &= mask - 1) {
        n++;
    }
    return n;
}

/* Every vertex's place in the order of the hashes, and the hashes as text. */
typedef struct sorted {
    int     order[VERTICES];
    uint8_t hex[VERTICES][HEX];
} sorted;

/* The first eight bytes as a number that sorts as they do. */
static uint64_t leading(const uint8_t *hash)
{
    uint64_t key = 0;

    for (int i = 0; i < 8; i++) {
        key = key << 8 | hash[i];
    }
    return key;
}

/* Is a behind b? Equal leading bytes mean, in practice, equal hashes: of symmetric vertices. */
static bool behind(digest *hash, const uint64_t *key, int a, int b)
{
    return key[a] != key[b] ? key[a] > key[b] : memcmp(hash[a], hash[b], sizeof(digest)) > 0;
}

static void sort_hashes(digest *hash, int count, sorted *out)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t          key[VERTICES];

    for (int v = 0; v < count; v++) {
        int i = v;
        key[v] = leading(hash[v]);
        for (; i > 0 && behind(hash, key, out->order[i - 1], v); i--) {
            out->order[i] = out->order[i - 1];
        }
        out->order[i] = v;
        for (int k = 0; k < DVTI_MD5_BYTES; k++) {
            out->hex[v][2 * k] = (uint8_t)digits[hash[v][k] >> 4];
            out->hex[v][2 * k + 1] = (uint8_t)digits[hash[v][k] & 15];
        }
    }
}

static uint8_t *put_masked(uint8_t *at, const sorted *s, int count, uint32_t mask)
{
    for (int i = 0; i < count; i++) {
        if (mask >> s->order[i] & 1) {
            memcpy(at, s->hex[s->order[i]], HEX);
            at += HEX;
        }
    }
    *at++ = '|';
    return at;
}

static void start(hasher *h, const dvt_nb101_cell *c, digest *hash)
{
    int last = c->vertices - 1;

    for (int v = 0; v <= last; v++) {
        char text[32];
        int  label = v == 0 ? -1 : v == last ? -2 : c->ops[v - 1];
        int  size = snprintf(text, sizeof text, "(%d, %d, %d)", bits(targets_of(c, v)),
                             bits(dvti_nb101_sources(c->adj_bits, v)), label);
        memcpy(reserve(h, (size_t)size), text, (size_t)size);
        submit(h, (size_t)size, &hash[v]);
    }
}

static void do_round(hasher *h, const dvt_nb101_cell *c, digest *hash, digest *next)
{
    sorted s;

    sort_hashes(hash, c->vertices, &s);
    for (int v = 0; v < c->vertices; v++) {
        uint32_t in = dvti_nb101_sources(c->adj_bits, v), out = targets_of(c, v);
        size_t   size = (size_t)(bits(in) + bits(out) + 1) * HEX + 2;
        uint8_t *at = reserve(h, size);
        at = put_masked(at, &s, c->vertices, in);
        at = put_masked(at, &s, c->vertices, out);
        memcpy(at, s.hex[v], HEX);
        submit(h, size, &next[v]);
    }
}

/* ['<hash>', '<hash>'] */
static void finish(hasher *h, const dvt_nb101_cell *c, digest *hash, digest *out)
{
    size_t   size = (size_t)c->vertices * (HEX + 4);
    uint8_t *at = reserve(h, size);
    sorted   s;

    sort_hashes(hash, c->vertices, &s);
    for (int i = 0; i < c->vertices; i++) {
        memcpy(at, i ? ", '" : "['", i ? 3 : 2);
        at += i ? 3 : 2;
        memcpy(at, s.hex[s.order[i]], HEX);
        at += HEX;
        *at++ = '\'';
    }
    *at = ']';
    submit(h, size, out);
}

/* ---- batches ------------------------------------------------------------------------------- */

static void do_batch(hasher *h, const dvt_nb101_cell *cells, int count, digest *out)
{
    for (int i = 0; i < count; i++) {
        start(h, &cells[i], h->now[i]);
    }
    flush_all(h);
    for (int round = 0; round < VERTICES; round++) {
        for (int i = 0; i < count; i++) {
            if (round < cells[i].vertices) {
                do_round(h, &cells[i], h->now[i], h->next[i]);
            }
        }
        flush_all(h);
        for (int i = 0; i < count; i++) {
            if (round < cells[i].vertices) {
                memcpy(h->now[i], h->next[i], sizeof h->now[i]);
            }
        }
    }
    for (int i = 0; i < count; i++) {
        finish(h, &cells[i], h->now[i], &out[i]);
    }
    flush_all(h);
}

void dvti_nb101_md5s(const dvt_nb101_cell *cells, int64_t count,
                     uint8_t (*out)[DVT_NB101_MD5_BYTES])
{
    hasher h;

    memset(&h, 0, sizeof h);
    for (int64_t i = 0; i < count; i += BATCH) {
        int64_t n = count - i < BATCH ? count - i : BATCH;
        do_batch(&h, cells + i, (int)n, out + i);
    }
}

void dvt_nb101_md5(const dvt_nb101_cell *c, char out[DVT_MD5_HEX])
{
    digest md5;

    dvti_nb101_md5s(c, 1, &md5);
    for (int i = 0; i < DVTI_MD5_BYTES; i++) {
        snprintf(out + 2 * i, 3, "%02x", md5[i]);
    }
}
