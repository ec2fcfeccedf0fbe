/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chaidnn_schedule.c - NAS-Bench-101 networks on an accelerator: table of times, order, latency.
 *
 * Rule      Operations are issued in one fixed order. Each waits until its unit has finished the
 *           operations before it and until everything it reads is there; it then runs to its end.
 *           No choice is left, so a latency is a max-plus expression in the times of operations: it
 *           never falls when a time rises. The pruning of the Pareto search rests on that.
 * Order     that of dvt_nb101_operations() for the canonical form of the cell: isomorphic cells,
 *           however their vertices are numbered, have one latency.
 * Canonical Among all orders in which edges run forwards we take the one whose sequence of vertex
 *           keys is least; a key is label, edge to the output, and mask of the edges from input and
 *           earlier vertices. The sequence determines the cell. Vertices are placed one by one;
 *           only ties branch, at most 5! = 120 leaves.
 * Tests     tests/unit/test_chaidnn.c
 */
#include <string.h>

#include "dovetail/accelerator.h"
#include "space/nb101_int.h"

/* ---- times of operations ------------------------------------------------------------------- */

dvt_work dvt_chaidnn_nb101_work(int32_t shape)
{
    static const struct form {
        dvt_work_kind kind;
        int32_t       kernel, stride;
    } forms[] = {
        [DVT_NB101_OP_CONV3X3] = {DVT_WORK_CONV, 3, 1},
        [DVT_NB101_OP_CONV1X1] = {DVT_WORK_CONV, 1, 1},
        [DVT_NB101_OP_MAXPOOL3X3] = {DVT_WORK_MAX_POOL, 3, 1},
        [DVT_NB101_OP_ADD] = {DVT_WORK_ADD, 1, 1},
        [DVT_NB101_OP_MAXPOOL2X2] = {DVT_WORK_MAX_POOL, 2, 2},
        [DVT_NB101_OP_AVGPOOL] = {DVT_WORK_MEAN_POOL, 1, 1},
        [DVT_NB101_OP_DENSE] = {DVT_WORK_DENSE, 1, 1},
    };
    const dvt_nb101_shape s = dvt_nb101_shape_of(shape);
    const struct form    *f = &forms[s.kind];

    return (dvt_work){.kind = f->kind,
                      .channels = s.in_channels,
                      .filters = s.out_channels,
                      .height = s.in_size,
                      .width = s.in_size,
                      .kernel = f->kernel,
                      .stride = f->stride};
}

dvt_status dvt_chaidnn_nb101_row(dvt_ctx *ctx, int32_t index, uint32_t *ticks)
{
    dvt_chaidnn a;

    dvt_chaidnn_at(index, &a);
    for (int32_t s = 0; s < DVT_NB101_SHAPES; s++) {
        const dvt_work work = dvt_chaidnn_nb101_work(s);
        int64_t        time;
        dvt_status     st = dvt_chaidnn_ticks(ctx, &a, &work, &time);
        if (st != DVT_OK) {
            dvt_fail_note(ctx, "while timing accelerator %d", (int)index);
            return st;
        }
        ticks[s] = (uint32_t)time;
    }
    return DVT_OK;
}

dvt_status dvt_chaidnn_nb101_table(dvt_ctx *ctx, uint32_t *ticks)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < DVT_CHAIDNN_COUNT; i++) {
        st = dvt_chaidnn_nb101_row(ctx, i, ticks + (size_t)i * DVT_NB101_SHAPES);
    }
    return st;
}

/* ---- latency ------------------------------------------------------------------------------- */

int64_t dvt_chaidnn_nb101_latency(const dvt_nb101_ops *ops, const dvt_chaidnn *a,
                                  const uint32_t *ticks)
{
    int64_t free_at[DVT_UNIT_COUNT] = {0}, done[DVT_NB101_MAX_OPS];

    for (int32_t i = 0; i < ops->count; i++) {
        const dvt_nb101_op *op = &ops->op[i];
        const dvt_work      work = dvt_chaidnn_nb101_work(op->shape);
        const dvt_unit      unit = dvt_chaidnn_unit(a, &work);
        int64_t             start = free_at[unit];
        for (uint8_t d = 0; d < op->dep_count; d++) {
            start = done[op->deps[d]] > start ? done[op->deps[d]] : start;
        }
        done[i] = start + ticks[op->shape];
        free_at[unit] = done[i];
    }
    return done[ops->count - 1]; /* the dense layer reads, by way of others, all of them */
}

/* ---- canonical form ------------------------------------------------------------------------ */

typedef struct canon {
    const dvt_nb101_cell *cell;
    int                   interior;
    int                   order[DVT_NB101_MAX_INTERIOR], best_order[DVT_NB101_MAX_INTERIOR];
    uint32_t              key[DVT_NB101_MAX_INTERIOR], best_key[DVT_NB101_MAX_INTERIOR];
    bool                  have_best;
} canon;

/* The key of vertex `v` when those of order[0..depth) stand before it; false if one of the vertices
 * it reads does not. */
static bool key_of(const canon *c, int depth, int v, uint32_t *out)
{
    const uint32_t sources = dvti_nb101_sources(c->cell->adj_bits, v);
    const int      last = c->interior + 1;
    uint32_t       mask = sources & 1u, seen = sources & 1u;

    for (int i = 0; i < depth; i++) {
        if (c->order[i] < v && (sources >> c->order[i] & 1u)) {
            mask |= 2u << i;
            seen |= 1u << c->order[i];
        }
    }
    *out = (uint32_t)c->cell->ops[v - 1] << 16 | (dvt_nb101_edge(c->cell, v, last) ? 1u << 8 : 0u) |
           mask;
    return seen == sources;
}

/* How the keys so far compare with those of the best order: below, at, or above zero. */
static int compare(const canon *c, int count)
{
    if (!c->have_best) {
        return -1;
    }
    for (int i = 0; i < count; i++) {
        if (c->key[i] != c->best_key[i]) {
            return c->key[i] < c->best_key[i] ? -1 : 1;
        }
    }
    return 0;
}

static void place(canon *c, int depth, uint32_t used)
{
    uint32_t key[DVT_NB101_MAX_VERTICES], least = UINT32_MAX, ready = 0;

    if (depth == c->interior) {
        if (compare(c, depth) < 0) {
            memcpy(c->best_key, c->key, sizeof c->key);
            memcpy(c->best_order, c->order, sizeof c->order);
            c->have_best = true;
        }
        return;
    }
    for (int v = 1; v <= c->interior; v++) {
        if (!(used >> v & 1u) && key_of(c, depth, v, &key[v])) {
            ready |= 1u << v;
            least = key[v] < least ? key[v] : least;
        }
    }
    for (int v = 1; v <= c->interior; v++) {
        if (!(ready >> v & 1u) || key[v] != least) {
            continue;
        }
        c->order[depth] = v;
        c->key[depth] = least;
        if (compare(c, depth + 1) <= 0) {
            place(c, depth + 1, used | 1u << v);
        }
    }
}

void dvt_nb101_canonical(const dvt_nb101_cell *cell, dvt_nb101_cell *out)
{
    canon     c = {.cell = cell, .interior = cell->vertices - 2};
    const int last = cell->vertices - 1;

    place(&c, 0, 0);
    *out = (dvt_nb101_cell){.vertices = cell->vertices};
    if (dvt_nb101_edge(cell, 0, last)) {
        out->adj_bits |= dvti_nb101_bit(0, last);
    }
    for (int i = 0; i < c.interior; i++) {
        out->ops[i] = cell->ops[c.best_order[i] - 1];
        for (int x = 0; x <= i; x++) {
            if (c.best_key[i] >> x & 1u) {
                out->adj_bits |= dvti_nb101_bit(x, i + 1);
            }
        }
        if (c.best_key[i] >> 8 & 1u) {
            out->adj_bits |= dvti_nb101_bit(i + 1, last);
        }
    }
}
