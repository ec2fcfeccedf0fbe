/* SPDX-License-Identifier: Apache-2.0 */
/*
 * features_nb201.c - what a NAS-Bench-201 cell shows only as edges with operations: which operation
 * stands where, sums at nodes, skips, and pools that compute the same.
 *
 * Equal pools
 *            two poolings without weights that read equal values give equal values, and frameworks
 *            that look for common parts compute one. Values are followed symbolically: what a node
 *            is the sum of, where a skip is its source and a convolution is like no other.
 * Tests      tests/unit/test_nets.c
 */
#include <string.h>

#include "predict/features_int.h"

enum { NODES = 4, TERMS_MAX = 8, VALUES_MAX = 32 };

static const int edge_from[DVT_NB201_EDGES] = {0, 0, 1, 0, 1, 2};
static const int edge_to[DVT_NB201_EDGES] = {1, 2, 2, 3, 3, 3};

/* ---- equal values -------------------------------------------------------------------------- */

/* A value is a number; a node is the ascending list of the numbers it sums. */
typedef struct sum {
    int count;
    int term[TERMS_MAX];
} sum;

typedef struct values {
    int next;               /* the first unused number */
    sum pooled[VALUES_MAX]; /* what was pooled so far .. */
    int result[VALUES_MAX]; /* .. and the number of the result */
    int pools, equal;
} values;

static void add_term(sum *s, int term)
{
    int at = s->count++;

    for (; at > 0 && s->term[at - 1] > term; at--) {
        s->term[at] = s->term[at - 1];
    }
    s->term[at] = term;
}

static bool same(const sum *a, const sum *b)
{
    return a->count == b->count && memcmp(a->term, b->term, (size_t)a->count * sizeof(int)) == 0;
}

static int pool(values *v, const sum *source)
{
    for (int i = 0; i < v->pools; i++) {
        if (same(&v->pooled[i], source)) {
            v->equal++;
            return v->result[i];
        }
    }
    v->pooled[v->pools] = *source;
    v->result[v->pools++] = v->next;
    return v->next++;
}

int32_t dvti_nb201_equal_pools(const uint8_t op[DVT_NB201_EDGES])
{
    sum    node[NODES] = {{.count = 1, .term = {0}}};
    values v = {.next = 1};

    for (int e = 0; e < DVT_NB201_EDGES; e++) {
        const sum *from = &node[edge_from[e]];
        sum       *to = &node[edge_to[e]];
        if (op[e] == DVT_NB201_NONE || from->count == 0) {
            continue;
        }
        if (op[e] == DVT_NB201_AVGPOOL3X3) {
            add_term(to, pool(&v, from));
        } else if (op[e] != DVT_NB201_SKIP) {
            add_term(to, v.next++);
        } else if (from->count == 1) {
            add_term(to, from->term[0]);
        } else {
            add_term(to, VALUES_MAX + edge_from[e]); /* a sum as one term, equal to itself alone */
        }
    }
    return v.equal;
}

/* ---- groups -------------------------------------------------------------------------------- */

void dvti_nb201_features(const dvti_view *v)
{
    const uint8_t *op = v->net->op;
    float         *choice = dvti_columns(v, DVTI_GROUP_CHOICE);
    float         *node = dvti_columns(v, DVTI_GROUP_NODE);
    float         *additions = node + 3, *skips = node + 4, *distinct = node + 5, *equal = node + 6;
    int            pools = 0;

    for (int e = 0; e < DVT_NB201_EDGES; e++) {
        if (op[e] != DVT_NB201_NONE) {
            choice[e * (DVT_NB201_OPS - 1) + op[e] - 1] = 1;
            node[edge_to[e] - 1] += 1;
        }
        *skips += op[e] == DVT_NB201_SKIP;
        pools += op[e] == DVT_NB201_AVGPOOL3X3;
    }
    for (int y = 0; y < 3; y++) {
        *additions += node[y] > 1 ? node[y] - 1 : 0;
    }
    *equal = (float)dvti_nb201_equal_pools(op);
    *distinct = (float)pools - *equal;
}
