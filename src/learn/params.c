/* SPDX-License-Identifier: Apache-2.0 */
/*
 * params.c - a named set of arrays in one block, so that a copy or a checkpoint is one copy.
 *
 * Idea       Values lie behind one another, each parameter at a multiple of DVT_ALIGN bytes; the
 *            gaps are zero and stay so. Gradients have the same places in a block of their own.
 * Memory     The blocks double when they are full.
 * Limits     2^31 - 1 parameters; names are looked up one after the other: models have tens.
 * Tests      tests/unit/test_learn_params.c
 */
#include "learn/params_int.h"

#include <string.h>

dvt_status dvt_params_create(dvt_ctx *ctx, uint64_t seed, dvt_params **out)
{
    dvt_params *ps = dvt_calloc(ctx, 1, sizeof *ps);

    *out = NULL;
    if (!ps)
        return DVT_E_NOMEM;
    ps->ctx = ctx;
    ps->seed = seed;
    ps->arena = dvt_arena_create(ctx);
    if (!ps->arena) {
        dvt_free(ctx, ps);
        return DVT_E_NOMEM;
    }
    *out = ps;
    return DVT_OK;
}

void dvt_params_destroy(dvt_params *ps)
{
    if (!ps)
        return;
    dvt_arena_destroy(ps->arena);
    dvt_free(ps->ctx, ps->items);
    dvt_free(ps->ctx, ps->values);
    dvt_free(ps->ctx, ps->grads);
    dvt_free(ps->ctx, ps);
}

/* ---- adding -------------------------------------------------------------------------------- */

static bool grow_block(dvt_ctx *ctx, float **block, int64_t used, int64_t room)
{
    float *p = dvt_realloc(ctx, *block, (size_t)room * sizeof(float));

    if (!p)
        return false;
    memset(p + used, 0, (size_t)(room - used) * sizeof(float));
    *block = p;
    return true;
}

static dvt_status make_room(dvt_params *ps, int64_t needed)
{
    int64_t room = ps->room;

    if (ps->count == ps->capacity) {
        int32_t     capacity = ps->capacity ? 2 * ps->capacity : 16;
        dvti_param *items = dvt_realloc(ps->ctx, ps->items, (size_t)capacity * sizeof *items);
        if (!items)
            return DVT_E_NOMEM;
        ps->items = items;
        ps->capacity = capacity;
    }
    if (needed <= room)
        return DVT_OK;
    room = needed > 2 * room ? needed : 2 * room;
    if (!grow_block(ps->ctx, &ps->values, ps->elements, room) ||
        !grow_block(ps->ctx, &ps->grads, ps->elements, room))
        return DVT_E_NOMEM;
    ps->room = room;
    return DVT_OK;
}

static dvt_status check_new(dvt_params *ps, const char *name, const dvt_shape *shape, dvt_init init)
{
    char      text[DVT_SHAPE_TEXT];
    dvt_param known;

    if (!name || !*name)
        return dvt_fail(ps->ctx, DVT_E_USAGE, NULL, "a parameter needs a name");
    if (dvt_params_find(ps, name, &known))
        return dvt_fail(ps->ctx, DVT_E_USAGE, NULL, "there is a parameter '%s' already", name);
    if (dvt_shape_count(shape) < 1)
        return dvt_fail(ps->ctx, DVT_E_SHAPE, NULL, "parameter '%s' cannot have the shape %s", name,
                        dvt_shape_text(shape, text));
    if ((unsigned)init.kind >= DVT_INIT_COUNT || !(init.a >= 0 || init.kind == DVT_INIT_CONSTANT))
        return dvt_fail(ps->ctx, DVT_E_USAGE, NULL,
                        "parameter '%s': initialiser %d with the number %g is unknown", name,
                        (int)init.kind, init.a);
    return DVT_OK;
}

static dvt_status add(dvt_params *ps, const char *name, const dvt_shape *shape, dvt_init init,
                      bool state, dvt_param *out)
{
    dvt_status st = check_new(ps, name, shape, init);
    int64_t    count = dvt_shape_count(shape);
    int64_t    whole = (count + DVTI_PARAM_ALIGN - 1) / DVTI_PARAM_ALIGN * DVTI_PARAM_ALIGN;
    char      *copy;

    *out = (dvt_param){-1};
    if (st == DVT_OK)
        st = make_room(ps, ps->elements + whole);
    if (st != DVT_OK)
        return st;
    copy = dvt_arena_strdup(ps->arena, name);
    if (!copy)
        return DVT_E_NOMEM;
    ps->items[ps->count] = (dvti_param){.name = copy,
                                        .shape = *shape,
                                        .at = ps->elements,
                                        .count = count,
                                        .init = init,
                                        .state = state,
                                        .fresh = true,
                                        .rate_scale = 1,
                                        .decay_scale = 1};
    dvti_init_fill(&ps->items[ps->count], ps->seed, ps->count, ps->values + ps->elements);
    ps->elements += whole;
    *out = (dvt_param){ps->count++};
    return DVT_OK;
}

dvt_status dvt_params_add(dvt_params *ps, const char *name, dvt_shape shape, dvt_init init,
                          dvt_param *out)
{
    return add(ps, name, &shape, init, false, out);
}

dvt_status dvt_params_add_state(dvt_params *ps, const char *name, dvt_shape shape, dvt_init init,
                                dvt_param *out)
{
    return add(ps, name, &shape, init, true, out);
}

/* ---- reading ------------------------------------------------------------------------------- */

int32_t dvt_params_count(const dvt_params *ps) { return ps->count; }

int64_t dvt_params_elements(const dvt_params *ps)
{
    int64_t sum = 0;

    for (int32_t i = 0; i < ps->count; i++)
        sum += ps->items[i].count;
    return sum;
}

bool dvt_params_find(const dvt_params *ps, const char *name, dvt_param *out)
{
    *out = (dvt_param){-1};
    for (int32_t i = 0; i < ps->count; i++) {
        if (strcmp(ps->items[i].name, name) == 0) {
            *out = (dvt_param){i};
            return true;
        }
    }
    return false;
}

const char      *dvt_params_name(const dvt_params *ps, dvt_param p) { return ps->items[p.id].name; }
const dvt_shape *dvt_params_shape(const dvt_params *ps, dvt_param p)
{
    return &ps->items[p.id].shape;
}
bool   dvt_params_is_state(const dvt_params *ps, dvt_param p) { return ps->items[p.id].state; }
float *dvt_params_value(dvt_params *ps, dvt_param p) { return ps->values + ps->items[p.id].at; }

static void settle(dvt_params *ps, dvti_param *item)
{
    if (item->fresh)
        memset(ps->grads + item->at, 0, (size_t)item->count * sizeof(float));
    item->fresh = false;
}

float *dvt_params_grad(dvt_params *ps, dvt_param p)
{
    settle(ps, &ps->items[p.id]);
    return ps->grads + ps->items[p.id].at;
}

void dvti_params_settle(dvt_params *ps)
{
    for (int32_t i = 0; i < ps->count; i++)
        settle(ps, &ps->items[i]);
}

/* ---- changing ------------------------------------------------------------------------------ */

void dvt_params_zero_grad(dvt_params *ps)
{
    for (int32_t i = 0; i < ps->count; i++)
        ps->items[i].fresh = true;
}

void dvt_params_set_frozen(dvt_params *ps, dvt_param p, bool frozen)
{
    ps->items[p.id].frozen = frozen;
}

bool dvt_params_frozen(const dvt_params *ps, dvt_param p) { return ps->items[p.id].frozen; }

void dvt_params_set_scales(dvt_params *ps, dvt_param p, double rate, double decay)
{
    ps->items[p.id].rate_scale = rate;
    ps->items[p.id].decay_scale = decay;
}

void dvt_params_reinit(dvt_params *ps, dvt_param p, uint64_t seed)
{
    for (int32_t i = 0; i < ps->count; i++)
        if (p.id < 0 || p.id == i)
            dvti_init_fill(&ps->items[i], seed, i, ps->values + ps->items[i].at);
}

/* ---- copies -------------------------------------------------------------------------------- */

dvt_status dvt_params_clone(const dvt_params *ps, dvt_params **out)
{
    dvt_params *copy = NULL;
    dvt_status  st = dvt_params_create(ps->ctx, ps->seed, &copy);

    *out = NULL;
    for (int32_t i = 0; st == DVT_OK && i < ps->count; i++) {
        const dvti_param *p = &ps->items[i];
        dvt_param         added;
        st = add(copy, p->name, &p->shape, p->init, p->state, &added);
        if (st == DVT_OK) {
            copy->items[i].frozen = p->frozen;
            copy->items[i].rate_scale = p->rate_scale;
            copy->items[i].decay_scale = p->decay_scale;
        }
    }
    if (st == DVT_OK && ps->elements > 0)
        memcpy(copy->values, ps->values, (size_t)ps->elements * sizeof(float));
    if (st == DVT_OK) {
        *out = copy;
        copy = NULL;
    }
    dvt_params_destroy(copy);
    return st;
}

static dvt_status check_copy(dvt_params *to, const dvt_params *from, bool all)
{
    char a[DVT_SHAPE_TEXT], b[DVT_SHAPE_TEXT];

    for (int32_t i = 0; i < to->count; i++) {
        const dvti_param *p = &to->items[i];
        dvt_param         q;
        if (!dvt_params_find(from, p->name, &q)) {
            if (all)
                return dvt_fail(to->ctx, DVT_E_NOTFOUND, NULL, "no values for parameter '%s'",
                                p->name);
        } else if (!dvt_shape_equal(&p->shape, &from->items[q.id].shape)) {
            return dvt_fail(to->ctx, DVT_E_SHAPE, NULL,
                            "parameter '%s' has the shape %s, its values have %s", p->name,
                            dvt_shape_text(&p->shape, a),
                            dvt_shape_text(&from->items[q.id].shape, b));
        }
    }
    return DVT_OK;
}

dvt_status dvt_params_copy(dvt_params *to, const dvt_params *from, bool all)
{
    dvt_status st = check_copy(to, from, all);

    for (int32_t i = 0; st == DVT_OK && i < to->count; i++) {
        const dvti_param *p = &to->items[i];
        dvt_param         q;
        if (dvt_params_find(from, p->name, &q))
            memcpy(to->values + p->at, from->values + from->items[q.id].at,
                   (size_t)p->count * sizeof(float));
    }
    return st;
}
