/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vector_forest.c - dominance questions to a growing set of vectors: static trees, merged.
 *
 * Idea       Vectors come in runs that are sorted by some value, which would turn a tree that grows
 *            by insertion into a chain. So, after Bentley and Saxe ("Decomposable searching
 *            problems", 1980), trees are static: a buffer of 64, and at most one balanced k-d tree
 *            of 64 << i vectors for each i. A full buffer and the trees of levels 0 .. j-1 become a
 *            tree of level j. Each vector is moved at most once a level.
 * Tree       Ranges are halved by one value after the other down to leaves of 16 vectors. Nodes are
 *            numbered as in a heap and know the least of each value below them: a branch is entered
 *            only if those are nowhere larger than what is asked for.
 * Threads    asking only reads.
 * Tests      tests/unit/test_pareto_archive.c
 */
#include <string.h>

#include "search/vector_forest.h"

enum { LEAF = 16, STACK = 2 * DVTI_FOREST_LEVELS };

static bool no_larger(const int64_t *a, const int64_t *b, int32_t k)
{
    for (int32_t i = 0; i < k; i++) {
        if (a[i] > b[i]) {
            return false;
        }
    }
    return true;
}

void dvti_forest_reset(dvti_forest *f)
{
    for (int i = 0; i < DVTI_FOREST_LEVELS; i++) {
        dvt_free(f->ctx, f->level[i].vectors);
        dvt_free(f->ctx, f->level[i].low);
        f->level[i] = (dvti_forest_tree){0};
    }
    f->waiting = 0;
}

/* ---- building ------------------------------------------------------------------------------ */

static void swap(int64_t *a, int64_t *b, int32_t k)
{
    for (int32_t i = 0; i < k; i++) {
        const int64_t x = a[i];
        a[i] = b[i];
        b[i] = x;
    }
}

static int64_t middle_of(int64_t a, int64_t b, int64_t c)
{
    const int64_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* Moves the vectors so that value `axis` of those before `nth` is no larger than of those behind
 * it (Hoare's FIND). */
static void halve(int64_t *v, int64_t count, int64_t nth, int32_t axis, int32_t k)
{
    int64_t low = 0, high = count - 1;

    while (low < high) {
        int64_t       i = low, j = high;
        const int64_t pivot =
            middle_of(v[low * k + axis], v[(low + high) / 2 * k + axis], v[high * k + axis]);
        while (i <= j) {
            while (v[i * k + axis] < pivot) {
                i++;
            }
            while (v[j * k + axis] > pivot) {
                j--;
            }
            if (i <= j) {
                swap(v + i++ * k, v + j-- * k, k);
            }
        }
        if (nth <= j) {
            high = j;
        } else if (nth >= i) {
            low = i;
        } else {
            return;
        }
    }
}

/* Orders the vectors of `count` and sets the least values of node `node` and below. */
static void build(int64_t *v, int64_t count, int64_t *low, int64_t node, int32_t axis, int32_t k)
{
    int64_t *own = low + node * k;

    if (count > LEAF) {
        halve(v, count, count / 2, axis, k);
        build(v, count / 2, low, 2 * node, (axis + 1) % k, k);
        build(v + count / 2 * k, count / 2, low, 2 * node + 1, (axis + 1) % k, k);
        v = low + 2 * node * k;
        count = 2;
    }
    memcpy(own, v, (size_t)k * sizeof *own);
    for (int64_t i = 1; i < count; i++) {
        for (int32_t x = 0; x < k; x++) {
            own[x] = v[i * k + x] < own[x] ? v[i * k + x] : own[x];
        }
    }
}

/* The buffer and all trees below level `top` become the tree of that level. */
static dvt_status merge(dvti_forest *f, int top)
{
    const size_t     k = (size_t)f->k, count = (size_t)DVTI_FOREST_BUFFER << top;
    dvti_forest_tree tree = {0};
    int64_t         *at;

    tree.vectors = dvt_alloc(f->ctx, count * k * sizeof *at);
    tree.low = dvt_alloc(f->ctx, count / LEAF * 2 * k * sizeof *at);
    if (!tree.vectors || !tree.low) {
        dvt_free(f->ctx, tree.vectors);
        dvt_free(f->ctx, tree.low);
        return DVT_E_NOMEM;
    }
    at = tree.vectors;
    memcpy(at, f->buffer, DVTI_FOREST_BUFFER * k * sizeof *at);
    at += DVTI_FOREST_BUFFER * k;
    for (int i = 0; i < top; i++) {
        const size_t values = ((size_t)DVTI_FOREST_BUFFER << i) * k;
        memcpy(at, f->level[i].vectors, values * sizeof *at);
        at += values;
    }
    for (int i = 0; i < top; i++) {
        dvt_free(f->ctx, f->level[i].vectors);
        dvt_free(f->ctx, f->level[i].low);
        f->level[i] = (dvti_forest_tree){0};
    }
    f->level[top] = tree;
    f->waiting = 0;
    build(tree.vectors, (int64_t)count, tree.low, 1, 0, f->k);
    return DVT_OK;
}

dvt_status dvti_forest_add(dvti_forest *f, const int64_t *v)
{
    dvt_status st = DVT_OK;
    int        top = 0;

    if (f->waiting == DVTI_FOREST_BUFFER) {
        while (f->level[top].vectors) {
            top++;
        }
        st = merge(f, top);
    }
    if (st == DVT_OK) {
        memcpy(f->buffer + f->waiting++ * f->k, v, (size_t)f->k * sizeof *v);
    }
    return st;
}

/* ---- asking -------------------------------------------------------------------------------- */

static bool any_no_larger(const int64_t *vectors, int64_t count, const int64_t *v, int32_t k)
{
    for (int64_t i = 0; i < count; i++) {
        if (no_larger(vectors + i * k, v, k)) {
            return true;
        }
    }
    return false;
}

static bool tree_has(const dvti_forest_tree *t, int level, const int64_t *v, int32_t k)
{
    const int64_t leaves = (int64_t)(DVTI_FOREST_BUFFER / LEAF) << level;
    int64_t       stack[STACK];
    int           height = 0;

    stack[height++] = 1;
    while (height > 0) {
        const int64_t node = stack[--height];
        if (!no_larger(t->low + node * k, v, k)) {
            continue;
        }
        if (node < leaves) {
            stack[height++] = 2 * node + 1;
            stack[height++] = 2 * node;
        } else if (any_no_larger(t->vectors + (node - leaves) * LEAF * k, LEAF, v, k)) {
            return true;
        }
    }
    return false;
}

bool dvti_forest_has(const dvti_forest *f, const int64_t *v)
{
    for (int i = DVTI_FOREST_LEVELS - 1; i >= 0; i--) {
        if (f->level[i].vectors && tree_has(&f->level[i], i, v, f->k)) {
            return true;
        }
    }
    return any_no_larger(f->buffer, f->waiting, v, f->k);
}
