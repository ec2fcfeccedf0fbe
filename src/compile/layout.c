/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout.c - where each channel of a feature map stands: slots of c_vec-long blocks.
 *
 * Idea      A map says for every slot which channel it holds, or none. Whoever reads a map packs
 *           its filters by that list, with zeros for empty slots, so any layout is as good as any
 *           other for a convolution: concatenation and k_vec groups that do not fill whole blocks
 *           cost padding and no copying. Three layouts arise: dense (uploads), array (every k_vec
 *           group starts a new block), and a concatenation of those.
 * Tests     tests/unit/test_layout.c
 */
#include "compile/compile_int.h"

#include <string.h>

dvt_status dvti_map_new(dvti_comp *c, const char *name, int32_t value, int32_t ch, int32_t h,
                        int32_t w, int32_t *out)
{
    dvti_map m = {.name = name,
                  .value = value,
                  .c = ch,
                  .h = h,
                  .w = w,
                  .parent = -1,
                  .scale = 1.0f,
                  .first_op = INT32_MAX,
                  .last_op = -1};

    *out = (int32_t)c->maps.len;
    return dvti_maps_push(c->ctx, &c->maps, m);
}

static dvt_status slots_new(dvti_comp *c, dvti_map *m, int32_t blocks)
{
    m->blocks = blocks;
    m->slots = dvt_arena_calloc(c->arena, (size_t)blocks * (size_t)c->o.c_vec, sizeof *m->slots);
    if (!m->slots) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < blocks * c->o.c_vec; i++) {
        m->slots[i] = -1;
    }
    return DVT_OK;
}

dvt_status dvti_layout_dense(dvti_comp *c, dvti_map *m)
{
    dvt_status st = slots_new(c, m, (m->c + c->o.c_vec - 1) / c->o.c_vec);

    for (int32_t i = 0; st == DVT_OK && i < m->c; i++) {
        m->slots[i] = i;
    }
    return st;
}

/* The result of an array trip: k_vec channels at a time, each time from a fresh block on. */
dvt_status dvti_layout_array(dvti_comp *c, dvti_map *m, int32_t groups)
{
    int32_t    per_group = m->c / groups, cv = c->o.c_vec, kv = c->o.k_vec;
    int32_t    blocks = 0;
    dvt_status st;

    for (int32_t k = 0; k < per_group; k += kv) {
        int32_t n = per_group - k < kv ? per_group - k : kv;
        blocks += (n + cv - 1) / cv;
    }
    st = slots_new(c, m, blocks * groups);
    for (int32_t g = 0, block = 0; st == DVT_OK && g < groups; g++) {
        for (int32_t k = 0; k < per_group; k += kv) {
            int32_t n = per_group - k < kv ? per_group - k : kv;
            for (int32_t i = 0; i < n; i++) {
                m->slots[block * cv + i] = g * per_group + k + i;
            }
            block += (n + cv - 1) / cv;
        }
    }
    return st;
}

dvt_status dvti_layout_like(dvti_comp *c, dvti_map *m, const dvti_map *like)
{
    int32_t   *slots = like->slots;
    int32_t    blocks = like->blocks;
    dvt_status st = slots_new(c, m, blocks);

    if (st == DVT_OK) {
        memcpy(m->slots, slots, (size_t)blocks * (size_t)c->o.c_vec * sizeof *slots);
    }
    return st;
}

bool dvti_layout_is_dense(const dvti_comp *c, const dvti_map *m)
{
    for (int32_t i = 0; i < m->blocks * c->o.c_vec; i++) {
        if (m->slots[i] != (i < m->c ? i : -1)) {
            return false;
        }
    }
    return true;
}

bool dvti_layout_equal(const dvti_comp *c, const dvti_map *a, const dvti_map *b)
{
    return a->blocks == b->blocks &&
           memcmp(a->slots, b->slots, (size_t)a->blocks * (size_t)c->o.c_vec * sizeof *a->slots) ==
               0;
}

int32_t dvti_map_root(const dvti_comp *c, int32_t map, int32_t *first_block)
{
    *first_block = 0;
    while (c->maps.data[map].parent >= 0) {
        *first_block += c->maps.data[map].parent_block;
        map = c->maps.data[map].parent;
    }
    return map;
}
