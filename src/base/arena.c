/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.c - memory that is freed as a whole.
 *
 * Idea       A list of chunks, newest first; a piece is cut from the newest. A piece larger than
 *            a quarter of a chunk gets a chunk of its own, placed second, so that the rest of the
 *            newest is not lost. Reset keeps one chunk, so that a loop of small candidates
 *            allocates only the first time.
 * Invariants (1) pieces never overlap and never move;
 *            (2) every piece is zeroed when it is handed out, also after a reset.
 * Debug      with DVT_ARENA_DEBUG every piece is a chunk of its own, exactly as long as asked for,
 *            and reset frees everything: address sanitizers see overruns and uses after reset.
 * Tests      tests/unit/test_arena.c
 */
#include "base/base_int.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

typedef struct chunk {
    struct chunk *next;
    size_t        used, cap; /* bytes from the start of data */
    uint8_t      *data;
} chunk;

struct dvt_arena {
    dvt_ctx *ctx;
    chunk   *head;
    size_t   bytes;      /* handed out */
    size_t   next_chunk; /* size of the next one; doubles up to CHUNK_MAX */
};

enum { SCALAR_ALIGN = 16, CHUNK_MIN = 4096, CHUNK_MAX = 1 << 20 };

/* Data starts one alignment unit behind the chunk's own fields. */
static chunk *chunk_create(dvt_ctx *ctx, size_t cap)
{
    size_t bytes = 0;
    if (!dvt_add_size(cap, DVT_ALIGN, &bytes)) {
        dvt_fail(ctx, DVT_E_NOMEM, NULL, "out of memory: a piece of %zu bytes overflows a size",
                 cap);
        return NULL;
    }
    static_assert(sizeof(chunk) <= DVT_ALIGN, "the header fits in one alignment unit");
    chunk *c = dvt_alloc(ctx, bytes);
    if (c) {
        *c = (chunk){NULL, 0, cap, (uint8_t *)c + DVT_ALIGN};
    }
    return c;
}

dvt_arena *dvt_arena_create(dvt_ctx *ctx)
{
    dvt_arena *arena = dvt_calloc(ctx, 1, sizeof *arena);
    if (arena) {
        arena->ctx = ctx;
        arena->next_chunk = CHUNK_MIN;
    }
    return arena;
}

static void free_chunks(dvt_ctx *ctx, chunk *c)
{
    while (c) {
        chunk *next = c->next;
        dvt_free(ctx, c);
        c = next;
    }
}

void dvt_arena_destroy(dvt_arena *arena)
{
    if (arena) {
        free_chunks(arena->ctx, arena->head);
        dvt_free(arena->ctx, arena);
    }
}

void dvt_arena_reset(dvt_arena *arena)
{
    chunk *keep = arena->head;
#ifdef DVT_ARENA_DEBUG
    free_chunks(arena->ctx, keep);
    arena->head = NULL;
#else
    if (keep && keep->cap > CHUNK_MAX) {
        free_chunks(arena->ctx, keep);
        arena->head = NULL;
    } else if (keep) {
        free_chunks(arena->ctx, keep->next);
        keep->next = NULL;
        keep->used = 0;
    }
#endif
    arena->bytes = 0;
}

/* Cuts from `c`, or NULL if it has no room. */
static void *cut(chunk *c, size_t bytes, size_t align)
{
    size_t at = (size_t)(uintptr_t)(c->data + c->used);
    size_t pad = (align - at % align) % align;
    size_t left = c->cap - c->used;

    if (pad > left || bytes > left - pad) {
        return NULL;
    }
    void *p = c->data + c->used + pad;
    c->used += pad + bytes;
    return p;
}

/* A chunk that surely holds the piece, linked where it disturbs least. */
static chunk *add_chunk(dvt_arena *arena, size_t bytes, size_t align)
{
    size_t room = 0;
    if (!dvt_add_size(bytes, align > DVT_ALIGN ? align : 0, &room)) {
        room = SIZE_MAX; /* chunk_create reports it */
    }
#ifdef DVT_ARENA_DEBUG
    bool own = true;
#else
    bool own = room > arena->next_chunk / 4;
#endif
    chunk *c = chunk_create(arena->ctx, own ? room : arena->next_chunk);
    if (!c) {
        return NULL;
    }
    if (own && arena->head) {
        c->next = arena->head->next;
        arena->head->next = c;
    } else {
        c->next = arena->head;
        arena->head = c;
    }
    if (!own && arena->next_chunk < CHUNK_MAX) {
        arena->next_chunk *= 2;
    }
    return c;
}

void *dvt_arena_aligned(dvt_arena *arena, size_t bytes, size_t align)
{
    assert(align > 0 && (align & (align - 1)) == 0);
    void *p = NULL;
#ifndef DVT_ARENA_DEBUG
    p = arena->head ? cut(arena->head, bytes, align) : NULL;
#endif
    if (!p) {
        chunk *c = add_chunk(arena, bytes, align);
        if (!c) {
            return NULL;
        }
        p = cut(c, bytes, align);
        assert(p);
    }
    memset(p, 0, bytes);
    arena->bytes += bytes;
    return p;
}

void *dvt_arena_calloc(dvt_arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    if (!dvt_mul_size(count, size, &bytes)) {
        dvt_fail(arena->ctx, DVT_E_NOMEM, NULL,
                 "out of memory: %zu items of %zu bytes overflow a size", count, size);
        return NULL;
    }
    return dvt_arena_aligned(arena, bytes, SCALAR_ALIGN);
}

/* ---- texts --------------------------------------------------------------------------------- */

char *dvt_arena_strndup(dvt_arena *arena, const char *s, size_t n)
{
    const char *end = memchr(s, '\0', n);
    size_t      len = end ? (size_t)(end - s) : n;
    size_t      bytes = 0;

    if (!dvt_add_size(len, 1, &bytes)) {
        dvt_fail(arena->ctx, DVT_E_NOMEM, NULL, "out of memory: a text of %zu bytes", len);
        return NULL;
    }
    char *p = dvt_arena_aligned(arena, bytes, 1);
    if (p) {
        memcpy(p, s, len);
    }
    return p;
}

char *dvt_arena_strdup(dvt_arena *arena, const char *s)
{
    return dvt_arena_strndup(arena, s, strlen(s));
}

char *dvt_arena_printf(dvt_arena *arena, const char *fmt, ...)
{
    va_list args, again;
    char   *p = NULL;

    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n < 0) {
        dvt_fail(arena->ctx, DVT_E_INTERNAL, NULL, "cannot format a text with '%s'", fmt);
    } else {
        p = dvt_arena_aligned(arena, (size_t)n + 1, 1);
        if (p) {
            vsnprintf(p, (size_t)n + 1, fmt, again);
        }
    }
    va_end(again);
    va_end(args);
    return p;
}

size_t dvt_arena_bytes(const dvt_arena *arena) { return arena->bytes; }
