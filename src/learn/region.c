/* SPDX-License-Identifier: Apache-2.0 */
/*
 * region.c - an arena that is taken back every pass and then does not allocate again.
 *
 * Idea       Pieces are cut from the newest block. A block that is full is followed by one of twice
 *            the size (or of the piece). A reset after a pass that needed several blocks replaces
 *            them by one that holds the largest pass; until then, and if that fails, the old ones
 *            serve.
 * Invariant  pieces of a pass never overlap and never move.
 * Tests      tests/unit/test_learn_tape.c (counts allocations of a training)
 */
#include "learn/region.h"

struct dvti_region_block {
    dvti_region_block *next;
    size_t             used, cap; /* bytes behind the header */
};

enum { HEADER = DVT_ALIGN, BLOCK_MIN = 1 << 16 };

#ifndef DVT_ARENA_DEBUG
static size_t rounded(size_t bytes) { return (bytes + DVT_ALIGN - 1) / DVT_ALIGN * DVT_ALIGN; }
#endif

static dvti_region_block *add_block(dvti_region *m, size_t cap)
{
    dvti_region_block *b = NULL;

    if (cap <= SIZE_MAX / 2)
        b = dvt_alloc(m->ctx, cap + HEADER);
    else
        dvt_fail(m->ctx, DVT_E_NOMEM, NULL, "out of memory: a piece of %zu bytes", cap);
    if (b) {
        *b = (dvti_region_block){m->head, 0, cap};
        m->head = b;
    }
    return b;
}

void *dvti_region_alloc(dvti_region *m, size_t bytes)
{
    dvti_region_block *b = m->head;
#ifdef DVT_ARENA_DEBUG
    b = add_block(m, bytes);
    bytes = bytes <= SIZE_MAX / 2 ? bytes : 0;
#else
    if (bytes <= SIZE_MAX / 2)
        bytes = rounded(bytes);
    if (!b || b->cap - b->used < bytes) {
        size_t cap = b ? 2 * b->cap : BLOCK_MIN;
        b = add_block(m, cap > bytes ? cap : bytes);
    }
#endif
    if (!b)
        return NULL;
    void *p = (uint8_t *)b + HEADER + b->used;
    b->used += bytes;
    m->used += bytes;
    return p;
}

void dvti_region_free(dvti_region *m)
{
    while (m->head) {
        dvti_region_block *next = m->head->next;
        dvt_free(m->ctx, m->head);
        m->head = next;
    }
}

void dvti_region_reset(dvti_region *m)
{
    if (m->used > m->largest)
        m->largest = m->used;
    m->used = 0;
#ifdef DVT_ARENA_DEBUG
    dvti_region_free(m);
#else
    if (m->head && m->head->next) {
        dvti_region_free(m);
        if (!add_block(m, rounded(m->largest)))
            dvt_ctx_clear_error(m->ctx); /* the next piece asks again, and reports it */
    }
    if (m->head)
        m->head->used = 0;
#endif
}

size_t dvti_region_bytes(const dvti_region *m)
{
    size_t sum = 0;

    for (const dvti_region_block *b = m->head; b; b = b->next)
        sum += b->cap;
    return sum;
}
