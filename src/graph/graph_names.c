/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_names.c - a table from names to ids, and unique names.
 *
 * Idea      Open addressing with linear probing at a load of at most one half. Each entry remembers
 *           the suffix to try next, so that a million equal names cost a million steps, not the
 *           square of it.
 * Tests     tests/unit/test_graph.c
 */
#include "graph/graph_int.h"

#include <string.h>

enum { NAMES_MIN_CAP = 64 };

static dvti_name_entry *slot_of(const dvti_names *t, const char *name)
{
    uint64_t h = dvt_hash64(name, strlen(name), 0);
    uint32_t i = (uint32_t)h & (t->cap - 1);

    while (t->entry[i].name && strcmp(t->entry[i].name, name) != 0) i = (i + 1) & (t->cap - 1);
    return &t->entry[i];
}

dvt_status dvti_names_reserve(dvt_ctx *ctx, dvti_names *t, uint32_t more)
{
    uint64_t need = ((uint64_t)t->used + more) * 2, cap = t->cap ? t->cap : NAMES_MIN_CAP;

    while (cap < need) cap *= 2;
    if (cap == t->cap) return DVT_OK;
    if (cap > (uint64_t)1 << 31) return dvt_fail(ctx, DVT_E_NOMEM, NULL, "too many names");
    dvti_names grown = {.entry = dvt_calloc(ctx, (size_t)cap, sizeof(dvti_name_entry)),
                        .cap = (uint32_t)cap,
                        .used = t->used};
    if (!grown.entry) return DVT_E_NOMEM;
    for (uint32_t i = 0; i < t->cap; i++)
        if (t->entry[i].name) *slot_of(&grown, t->entry[i].name) = t->entry[i];
    dvt_free(ctx, t->entry);
    *t = grown;
    return DVT_OK;
}

void dvti_names_deinit(dvt_ctx *ctx, dvti_names *t)
{
    dvt_free(ctx, t->entry);
    *t = (dvti_names){0};
}

void dvti_names_clear(dvti_names *t)
{
    if (t->cap) memset(t->entry, 0, (size_t)t->cap * sizeof t->entry[0]);
    t->used = 0;
}

int32_t dvti_names_find(const dvti_names *t, const char *name)
{
    if (t->cap == 0) return -1;
    const dvti_name_entry *e = slot_of(t, name);
    return e->name ? e->id : -1;
}

void dvti_names_add(dvti_names *t, const char *name, int32_t id)
{
    *slot_of(t, name) = (dvti_name_entry){.name = name, .id = id, .next_suffix = 2};
    t->used++;
}

void dvti_names_move(dvti_names *t, const char *name, int32_t id) { slot_of(t, name)->id = id; }

const char *dvti_names_unique(dvti_names *t, dvt_arena *arena, const char *wanted)
{
    if (t->cap == 0 || dvti_names_find(t, wanted) < 0) return dvt_arena_strdup(arena, wanted);
    for (;;) {
        dvti_name_entry *e = slot_of(t, wanted);
        const char      *name = dvt_arena_printf(arena, "%s_%u", wanted, e->next_suffix++);
        if (!name || dvti_names_find(t, name) < 0) return name;
    }
}
