/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape.c - remembers operations and walks them backwards.
 *
 * Idea       Reverse-mode differentiation on an explicit list: an operation appends a node when it
 *            computes its value, so the list is in topological order and the walk is a loop from
 *            the loss to the front. A node's gradient is complete when the walk reaches it, because
 *            whoever reads it stands behind it.
 * Memory     Values stay until the next pass. The gradient of an inner node is given up right after
 *            its backward function ran, and the next node that needs one of that size takes it:
 *            the walk runs in few buffers, which stay in cache. Parameters' gradients are their
 *            set's.
 * Invariants (1) operands stand before their node;
 *            (2) after a failure no operation runs, so no backward function sees an invalid node;
 *            (3) gradients of leaves and parameters are never given up.
 * Tests      tests/unit/test_learn_tape.c
 */
#include "learn/tape_int.h"

#include <stdio.h>
#include <string.h>

dvt_status dvt_tape_create(dvt_ctx *ctx, uint64_t seed, dvt_tape **out)
{
    dvt_tape *t = dvt_calloc(ctx, 1, sizeof *t);

    *out = t;
    if (!t)
        return DVT_E_NOMEM;
    t->ctx = ctx;
    t->memory.ctx = ctx;
    t->seed = seed;
    t->count = 1;
    return DVT_OK;
}

void dvt_tape_destroy(dvt_tape *t)
{
    if (!t)
        return;
    dvti_region_free(&t->memory);
    dvt_free(t->ctx, t->nodes);
    dvt_free(t->ctx, t->spares);
    dvt_free(t->ctx, t);
}

void dvt_tape_begin(dvt_tape *t, int flags, uint64_t step)
{
    dvti_region_reset(&t->memory);
    t->flags = flags;
    t->step = step;
    t->status = DVT_OK;
    t->went_back = false;
    t->count = 1;
    t->spare_count = 0;
}

dvt_status dvt_tape_status(const dvt_tape *t) { return t->status; }

size_t dvt_tape_bytes(const dvt_tape *t) { return dvti_region_bytes(&t->memory); }

const dvt_shape *dvt_tape_shape(const dvt_tape *t, dvt_var v)
{
    return v.id > 0 && v.id < t->count ? &t->nodes[v.id].shape : NULL;
}

const float *dvt_tape_value(const dvt_tape *t, dvt_var v)
{
    return v.id > 0 && v.id < t->count ? t->nodes[v.id].value : NULL;
}

const float *dvt_tape_grad(const dvt_tape *t, dvt_var v)
{
    return v.id > 0 && v.id < t->count && t->nodes[v.id].leaf ? t->nodes[v.id].grad : NULL;
}

dvt_rng dvti_tape_rng(const dvt_tape *t, int32_t node)
{
    dvt_rng pass = dvt_rng_make(t->seed, t->step);

    return dvt_rng_split(&pass, (uint64_t)node);
}

/* ---- failures ------------------------------------------------------------------------------ */

dvt_var dvti_tape_fail(dvt_tape *t, dvt_status status, const char *fmt, ...)
{
    char    text[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    t->status = dvt_fail(t->ctx, status, NULL, "%s", text);
    return DVT_NO_VAR;
}

dvt_var dvti_tape_fail_shapes(dvt_tape *t, const char *op, dvt_var a, dvt_var b, const char *why)
{
    char x[DVT_SHAPE_TEXT], y[DVT_SHAPE_TEXT];

    return dvti_tape_fail(t, DVT_E_SHAPE, "%s of %s and %s: %s", op,
                          dvt_shape_text(&t->nodes[a.id].shape, x),
                          dvt_shape_text(&t->nodes[b.id].shape, y), why);
}

bool dvti_tape_ok(dvt_tape *t, const char *op, dvt_var v)
{
    if (t->status == DVT_OK && (v.id <= 0 || v.id >= t->count))
        dvti_tape_fail(t, DVT_E_USAGE, "%s: operand %d is no variable of this pass", op, v.id);
    return t->status == DVT_OK;
}

bool dvti_tape_ok_or_none(dvt_tape *t, const char *op, dvt_var v)
{
    return v.id == 0 ? t->status == DVT_OK : dvti_tape_ok(t, op, v);
}

/* ---- nodes --------------------------------------------------------------------------------- */

void *dvti_tape_alloc(dvt_tape *t, size_t bytes)
{
    void *p = dvti_region_alloc(&t->memory, bytes);

    if (!p)
        t->status = DVT_E_NOMEM;
    return p;
}

float *dvti_tape_floats(dvt_tape *t, int64_t count)
{
    return dvti_tape_alloc(t, (size_t)count * sizeof(float));
}

void *dvti_tape_attr(dvt_tape *t, size_t bytes)
{
    void *p = dvti_tape_alloc(t, bytes);

    return p ? memset(p, 0, bytes) : NULL;
}

static bool node_room(dvt_tape *t)
{
    if (t->count < t->capacity)
        return true;
    int32_t    capacity = t->capacity ? 2 * t->capacity : 64;
    dvti_node *nodes = dvt_realloc(t->ctx, t->nodes, (size_t)capacity * sizeof *nodes);
    if (!nodes) {
        t->status = DVT_E_NOMEM;
        return false;
    }
    t->nodes = nodes;
    t->capacity = capacity;
    return true;
}

dvti_node *dvti_tape_push(dvt_tape *t, const dvt_shape *shape, float *value, const dvt_var *in,
                          int32_t in_count, dvti_backward_fn backward)
{
    dvti_node n = {.shape = *shape, .count = dvt_shape_count(shape), .backward = backward};
    char      text[DVT_SHAPE_TEXT];

    if (n.count < 0) {
        dvti_tape_fail(t, DVT_E_CAPACITY, "a result of shape %s is too large",
                       dvt_shape_text(shape, text));
        return NULL;
    }
    n.value = value ? value : dvti_tape_floats(t, n.count);
    if (!n.value || !node_room(t))
        return NULL;
    for (int32_t i = 0; i < DVTI_OPERANDS; i++) {
        n.in[i] = i < in_count ? in[i].id : 0;
        if (dvti_wants(t, n.in[i]))
            n.wants_grad = true;
    }
    t->nodes[t->count] = n;
    return &t->nodes[t->count++];
}

/* ---- leaves -------------------------------------------------------------------------------- */

static dvt_var push_leaf(dvt_tape *t, const dvt_shape *shape, const float *data, bool wants_grad)
{
    /* a leaf's value is only read; nodes of all kinds share one field */
    dvti_node *n = NULL;

    if (t->status != DVT_OK)
        return DVT_NO_VAR;
    if (!data)
        return dvti_tape_fail(t, DVT_E_USAGE, "an input without data");
    n = dvti_tape_push(t, shape, (float *)(uintptr_t)data, NULL, 0, NULL);
    if (!n)
        return DVT_NO_VAR;
    n->leaf = true;
    n->wants_grad = wants_grad && dvti_tape_records(t);
    return dvti_tape_last(t);
}

dvt_var dvt_tape_input(dvt_tape *t, dvt_shape shape, const float *data)
{
    return push_leaf(t, &shape, data, false);
}

dvt_var dvt_tape_leaf(dvt_tape *t, dvt_shape shape, const float *data)
{
    return push_leaf(t, &shape, data, true);
}

dvt_var dvt_tape_param(dvt_tape *t, dvt_params *ps, dvt_param p)
{
    if (t->status != DVT_OK)
        return DVT_NO_VAR;
    if (p.id < 0 || p.id >= ps->count)
        return dvti_tape_fail(t, DVT_E_USAGE, "parameter %d is not in the set (it has %d)", p.id,
                              ps->count);
    const dvti_param *item = &ps->items[p.id];
    dvt_var v = push_leaf(t, &item->shape, ps->values + item->at, !item->frozen && !item->state);
    if (v.id > 0) {
        t->nodes[v.id].params = ps;
        t->nodes[v.id].param = p;
    }
    return v;
}

/* ---- gradients ----------------------------------------------------------------------------- */

float *dvti_grad_scratch(dvt_tape *t, int64_t count)
{
    for (int32_t i = t->spare_count - 1; i >= 0; i--) {
        if (t->spares[i].count == count) {
            float *data = t->spares[i].data;
            t->spares[i] = t->spares[--t->spare_count];
            return data;
        }
    }
    return dvti_tape_floats(t, count);
}

void dvti_grad_release(dvt_tape *t, float *grad, int64_t count)
{
    if (!grad)
        return;
    if (t->spare_count == t->spare_capacity) {
        int32_t     capacity = t->spare_capacity ? 2 * t->spare_capacity : 32;
        dvti_spare *spares = dvt_realloc(t->ctx, t->spares, (size_t)capacity * sizeof *spares);
        if (!spares) {
            t->status = DVT_E_NOMEM;
            return;
        }
        t->spares = spares;
        t->spare_capacity = capacity;
    }
    t->spares[t->spare_count++] = (dvti_spare){grad, count};
}

static float *param_grad(const dvti_node *n, bool *add)
{
    dvti_param *item = &n->params->items[n->param.id];

    *add = !item->fresh;
    item->fresh = false;
    return n->params->grads + item->at;
}

float *dvti_grad_of(dvt_tape *t, int32_t id, bool *add)
{
    dvti_node *n = id > 0 ? &t->nodes[id] : NULL;

    *add = false;
    if (!n || !n->wants_grad || t->status != DVT_OK)
        return NULL;
    if (n->params)
        return param_grad(n, add);
    *add = n->grad != NULL;
    if (!n->grad)
        n->grad = dvti_grad_scratch(t, n->count);
    return n->grad;
}

float *dvti_grad_to_add(dvt_tape *t, int32_t id)
{
    bool   add;
    float *g = dvti_grad_of(t, id, &add);

    if (g && !add)
        memset(g, 0, (size_t)t->nodes[id].count * sizeof *g);
    return g;
}

void dvti_grad_give(dvt_tape *t, int32_t id, float *grad)
{
    dvti_node *n = &t->nodes[id];
    int64_t    count = n->count;
    bool       add;

    if (n->wants_grad && !n->params && !n->grad) {
        n->grad = grad;
        return;
    }
    float *to = dvti_grad_of(t, id, &add);
    for (int64_t i = 0; to && i < count; i++)
        to[i] = add ? to[i] + grad[i] : grad[i];
    dvti_grad_release(t, grad, count);
}

/* ---- the walk ------------------------------------------------------------------------------ */

static dvt_status walk(dvt_tape *t, int32_t from)
{
    for (int32_t i = from; i > 0 && t->status == DVT_OK; i--) {
        dvti_node *n = &t->nodes[i];
        if (!n->grad || n->leaf)
            continue;
        n->backward(t, n);
        dvti_grad_release(t, n->grad, n->count);
        n->grad = NULL;
    }
    return t->status;
}

static dvt_status begin_walk(dvt_tape *t, dvt_var y)
{
    if (!dvti_tape_ok(t, "backward", y))
        return t->status;
    if (!dvti_tape_records(t))
        dvti_tape_fail(t, DVT_E_USAGE, "backward: this pass was begun without DVT_TAPE_RECORD");
    else if (t->went_back)
        dvti_tape_fail(t, DVT_E_USAGE, "backward: a pass goes back once");
    t->went_back = true;
    return t->status;
}

dvt_status dvt_tape_backward_from(dvt_tape *t, dvt_var y, const float *grad)
{
    dvt_status st = begin_walk(t, y);
    bool       add;

    if (st != DVT_OK)
        return st;
    float *g = dvti_grad_of(t, y.id, &add);
    for (int64_t i = 0, n = t->nodes[y.id].count; g && i < n; i++)
        g[i] = add ? g[i] + grad[i] : grad[i];
    return walk(t, y.id);
}

dvt_status dvt_tape_backward(dvt_tape *t, dvt_var loss)
{
    const float one = 1;
    char        text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok(t, "backward", loss))
        return t->status;
    if (t->nodes[loss.id].count != 1) {
        dvti_tape_fail(t, DVT_E_SHAPE, "backward: a loss has one element, this one is %s",
                       dvt_shape_text(&t->nodes[loss.id].shape, text));
        return t->status;
    }
    return dvt_tape_backward_from(t, loss, &one);
}
