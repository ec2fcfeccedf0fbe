/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pairs.h - networks, accelerators, and what a pair of both costs: what a frontier search is given.
 *
 * Sides      A side is a numbered list (networks or accelerators) with metrics: one integer for
 *            each member, a name, a unit for people. A cost gives metrics of pairs.
 * Integers   All values are int64_t, so that no comparison depends on rounding; per_unit says how
 *            many of them make one unit. Their magnitude is below 2^62.
 * Missing    A member may lack a metric (DVT_METRIC_MISSING); searches name it an error unless a
 *            limit on that metric rules the member out.
 * To add a kind of accelerators: fill a dvt_side and a dvt_pair_cost whose functions obey the laws
 *            below; nothing else knows the kinds. docs/pareto.md has an example.
 * Threads    sides and costs are read-only once made, but for dvt_side_values(), which fills a
 *            metric that was not asked for before; many threads call the functions of one cost.
 * Ownership  sides and costs borrow the table or side that they are made from.
 */
#ifndef DOVETAIL_PAIRS_H
#define DOVETAIL_PAIRS_H

#include "dovetail/accelerator.h"
#include "dovetail/table.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { DVT_SIDE_METRICS = 24, DVT_PAIR_METRICS = 4 };
#define DVT_METRIC_MISSING INT64_MIN

typedef struct dvt_metric {
    const char *name;     /* "latency", as lists of objectives and limits call it */
    const char *unit;     /* "ms"; "" = a plain number. docs/pareto.md lists those limits may use */
    int64_t     per_unit; /* integers in one unit, at least 1 */
    bool        maximise; /* the larger the better */
} dvt_metric;

/* ---- sides --------------------------------------------------------------------------------- */

typedef struct dvt_side dvt_side;
struct dvt_side {
    const char    *name; /* "chaidnn" */
    int64_t        count;
    int32_t        metric_count;
    dvt_metric     metric[DVT_SIDE_METRICS];
    const int64_t *value[DVT_SIDE_METRICS]; /* (count) each; NULL: not made yet */
    /* Makes value[metric]. NULL: all are there. */
    dvt_status (*fill)(dvt_ctx *ctx, dvt_side *side, int32_t metric);
    /* The member's name; NULL: its number. */
    void (*label)(const dvt_side *side, int64_t i, dvt_buf *out);
    /* Whole numbers that describe it (filter_par ...); returns how many. NULL: none. */
    int32_t (*facts)(const dvt_side *side, int64_t i, dvt_fact out[DVT_SPACE_MAX_FACTS]);
    void (*destroy)(dvt_ctx *ctx, dvt_side *side);
    void *ud;
};

/* The values of a metric, made if need be: (count), borrowed; NULL: the error is in ctx. */
DVT_API const int64_t *dvt_side_values(dvt_ctx *ctx, dvt_side *side, int32_t metric);
DVT_API int32_t        dvt_side_find(const dvt_side *side, const char *name); /* or -1 */
DVT_API void           dvt_side_label(const dvt_side *side, int64_t i, dvt_buf *out);
DVT_API void           dvt_side_deinit(dvt_ctx *ctx, dvt_side *side); /* zeroed sides, too */

/* The networks of a table of NAS-Bench-101 or 201 cells: each decimal or double column under its
 * own name, "parameters", "macs", and "accuracy", a fraction, if the table holds it. data_set says
 * which accuracy: a column, or "cifar10" (NULL), "cifar100", "imagenet16-120" where just one fits;
 * if it is named and there is none, E_NOTFOUND. E_UNSUPPORTED for other networks. Borrows `table`.
 */
DVT_API DVT_MUST_CHECK dvt_status dvt_side_of_table(dvt_ctx *ctx, const dvt_table *table,
                                                    const char *data_set, dvt_side *out);
/* The 8,640 CHaiDNN accelerators: area, clb, lut, dsp, bram36. */
DVT_API DVT_MUST_CHECK dvt_status dvt_side_of_chaidnn(dvt_ctx *ctx, dvt_side *out);

/* ---- costs --------------------------------------------------------------------------------- */

/* Laws, which tests/unit/test_pairs.c holds the costs of this library to:
 *   bounds    is no worse than cost() in every metric, and the same for all networks of a group
 *   ceilings  is no better than cost() in every metric, and the same for all networks of a group
 *   no_worse  if true, cost() on `a` is no worse than on `b`, in every metric, for every network */
typedef struct dvt_pair_cost dvt_pair_cost;
struct dvt_pair_cost {
    const char    *name; /* with a version: files of interrupted searches compare it */
    int32_t        metric_count;
    dvt_metric     metric[DVT_PAIR_METRICS];
    int32_t        batch;    /* costs to compute before looking at what was found; 0: many, as they
                              * are quick. For costs of milliseconds some hundred */
    int32_t        groups;   /* of networks that share bounds; 0 if bounds is NULL */
    const int32_t *group_of; /* (networks) */
    /* out: (count, metric_count), the exact values of `network` on each of the accelerators. */
    void (*cost)(const dvt_pair_cost *c, int64_t network, const int32_t *accelerators,
                 int32_t count, int64_t *out);
    /* A chosen list of accelerators in the form that bounds() likes best: `selection` points to
     * selection_bytes(count) bytes, aligned to 64. All three NULL: there are no bounds. */
    size_t (*selection_bytes)(const dvt_pair_cost *c, int32_t count);
    void (*select)(const dvt_pair_cost *c, const int32_t *accelerators, int32_t count,
                   void *selection);
    /* out: (count of the selection, metric_count). ceilings may be NULL where bounds is not; it
     * serves limits that a metric must not be better than. */
    void (*bounds)(const dvt_pair_cost *c, const void *selection, int64_t network, int64_t *out);
    void (*ceilings)(const dvt_pair_cost *c, const void *selection, int64_t network, int64_t *out);
    bool (*no_worse)(const dvt_pair_cost *c, int32_t a, int32_t b); /* NULL: never known */
    void (*destroy)(dvt_ctx *ctx, dvt_pair_cost *c);
    void *ud;
};

DVT_API void dvt_pair_cost_deinit(dvt_ctx *ctx, dvt_pair_cost *c);

/* "latency" of the networks of a table on CHaiDNN accelerators, two images a pass. Borrows
 * `table`. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pair_cost_chaidnn(dvt_ctx *ctx, const dvt_table *table,
                                                        dvt_pair_cost *out);
/* The same for cells without a table: cells (count), borrowed. E_USAGE for an invalid cell. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pair_cost_chaidnn_nb101(dvt_ctx              *ctx,
                                                              const dvt_nb101_cell *cells,
                                                              int64_t count, dvt_pair_cost *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_pair_cost_chaidnn_nb201(dvt_ctx              *ctx,
                                                              const dvt_nb201_cell *cells,
                                                              int64_t count, dvt_pair_cost *out);

#ifdef __cplusplus
}
#endif
#endif
