/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pareto_int.h - the parts of the frontier search: a problem made ready, its archive, its state.
 *
 * Within the search all values are minimised: those of maximised metrics are negated. A vector is
 * laid out by part: networks' objectives, then accelerators', then pairs'.
 */
#ifndef DVTI_PARETO_INT_H
#define DVTI_PARETO_INT_H

#include "base/vec.h"
#include "dovetail/pareto.h"
#include "search/vector_forest.h"

enum { DVTI_MAX = DVT_PARETO_MAX_OBJECTIVES, DVTI_BLOCK_MAX = 8192 /* networks */ };

/* ---- archive ------------------------------------------------------------------------------- */

/* The vectors found so far, without the first objective of networks, which rises along the search.
 * Two forms: with at most one value behind the accelerators' the least for each class of
 * accelerators; else a forest. */
typedef struct dvti_archive {
    dvt_ctx       *ctx;
    int32_t        ka, rest;  /* values of accelerators, values behind them */
    int32_t        classes;   /* of accelerators with equal values */
    const int64_t *class_vec; /* (classes, ka), borrowed */
    int64_t       *best;      /* (classes), where rest <= 1 */
    dvti_forest    forest;    /* else */
} dvti_archive;

dvt_status dvti_archive_init(dvti_archive *a, dvt_ctx *ctx, int32_t ka, int32_t rest,
                             int32_t classes, const int64_t *class_vec);
void       dvti_archive_deinit(dvti_archive *a);
void       dvti_archive_reset(dvti_archive *a);
/* Is there a vector with accelerators' values no larger than those of `cls` and no larger rest? */
bool       dvti_archive_has(const dvti_archive *a, int32_t cls, const int64_t *rest);
dvt_status dvti_archive_add(dvti_archive *a, int32_t cls, const int64_t *rest);

/* ---- search -------------------------------------------------------------------------------- */

typedef struct dvti_found {
    int64_t place; /* of the network in the order */
    int32_t lane;  /* of the accelerator among those that matter */
    int32_t cls;   /* its class */
    int64_t pair[DVTI_MAX];
} dvti_found;

DVT_VEC(dvti_found_vec, dvti_found);

/* Accelerators that are not ruled out yet for a group of networks. */
typedef struct dvti_open {
    int32_t *lane;  /* (count), ascending; NULL: not known or not kept */
    int64_t *bound; /* (count, pair_count) */
    int32_t  count;
    int32_t  room; /* entries, where the memory is its own */
    bool     known;
} dvti_open;

typedef struct dvti_search {
    dvt_ctx                  *ctx;
    const dvt_pareto_problem *p;
    const dvt_pareto_opts    *opts;

    /* objectives: how many of each part, and their places in the list */
    int32_t kn, ka, kp;
    int32_t of_network[DVTI_MAX], of_accelerator[DVTI_MAX], of_pair[DVTI_MAX];

    /* feasible networks by rising values, then number */
    int64_t  n;
    int64_t *order;
    int64_t *network_vec; /* (n, kn) in that order */

    /* feasible accelerators by rising values, then number */
    int32_t  all_count;
    int32_t *all;
    int64_t *all_vec; /* (all_count, ka) */

    /* those that matter, in the same order */
    int32_t  kept_count;
    int32_t *kept, *class_of; /* (kept_count) */
    int64_t *class_vec;       /* (classes, ka) */
    int32_t  classes;

    /* pairs */
    bool    costly;            /* there is a pair objective or limit */
    int32_t metrics;           /* of the cost; 0 if not costly */
    int32_t pair_of[DVTI_MAX]; /* metric of a pair objective */
    bool    negate[DVT_PAIR_METRICS];
    int64_t least[DVT_PAIR_METRICS]; /* limits, after negation */
    int64_t most[DVT_PAIR_METRICS];
    bool    below; /* some least is a limit */

    /* groups of networks */
    int32_t    groups;
    int64_t   *group_low;  /* (groups, kn - 1): least values of its networks */
    dvti_open *open;       /* (groups) */
    int64_t    open_total; /* entries kept in all lists */
    void      *selection;  /* of kept, for the cost's bounds; NULL: there are none */

    /* state, which a checkpoint holds */
    int64_t        place;     /* networks done */
    int64_t        block;     /* networks to take next */
    int32_t        lane_done; /* last accelerator of network `place` that was looked at, or -1 */
    int64_t        computed;
    dvti_found_vec found;
    dvti_archive   archive;
} dvti_search;

/* pareto_setup.c: reads the problem; everything in s is owned by it. E_NOTFOUND, E_USAGE, E_NOMEM.
 * s->n == 0 or s->all_count == 0: nothing is feasible. */
dvt_status dvti_search_init(dvti_search *s);
void       dvti_search_deinit(dvti_search *s);

static inline int32_t dvti_group_of(const dvti_search *s, int64_t place)
{
    return s->groups > 1 ? s->p->cost->group_of[s->order[place]] : 0;
}

/* The values of a found pair behind those of accelerators: networks' but the first, then pairs'. */
static inline int32_t dvti_rest_count(const dvti_search *s)
{
    return (s->kn > 1 ? s->kn - 1 : 0) + s->kp;
}
static inline void dvti_rest(const dvti_search *s, const int64_t *network, const int64_t *pair,
                             int64_t out[DVTI_MAX])
{
    int32_t n = 0;

    for (int32_t i = 1; i < s->kn; i++) {
        out[n++] = network[i];
    }
    for (int32_t i = 0; i < s->kp; i++) {
        out[n++] = pair[i];
    }
}

/* Values of all metrics of a cost, as they came, into minimised objectives; false: out of limits.
 * `exact`: they are no bounds, so limits from below count too. */
bool dvti_pair_values(const dvti_search *s, const int64_t *metrics, bool exact,
                      int64_t out[DVTI_MAX]);

/* pareto_find.c */
/* Takes all networks that are left. */
dvt_status dvti_search_run(dvti_search *s);
/* pareto_front.c */
/* Leaves the found vectors that none equals or dominates, in order. */
dvt_status dvti_search_reduce(dvti_search *s);
dvt_status dvti_search_front(dvti_search *s, dvt_pareto_front *out);
/* pareto_checkpoint.c */
dvt_status dvti_checkpoint_save(dvti_search *s);
/* Goes on from the file, if there is one. */
dvt_status dvti_checkpoint_load(dvti_search *s);
/* The frontier is complete: there is nothing to go on from. */
dvt_status dvti_checkpoint_remove(dvti_search *s);

#endif
