/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_graph.h - valid graphs drawn at random over all operators, for property and differential
 * tests.
 *
 * Idea      A graph grows node by node: an operator is drawn, then a value that it can take, then
 *           attributes that fit. Where nothing fits the draw is repeated. The same seed and options
 *           give the same graph, to the bit.
 * Values    Activations stay finite for inputs in [-1, 1), which random_graph_input makes: a bound
 *           is carried with each value, a clip follows where it grows beyond 64, and functions with
 *           poles read a shifted or clipped operand. Integers appear as indices, by casts and by
 *           arg reductions; truth values by comparisons.
 * Coverage  `only` restricts the draw to given operators; the graph then also holds what their
 *           operands need (unary clip and abs, binary add and less, cast). 400 nodes drawn over all
 *           operators meet each of them (checked by prop_graph_text).
 */
#ifndef TESTS_SUPPORT_RANDOM_GRAPH_H
#define TESTS_SUPPORT_RANDOM_GRAPH_H

#include "dovetail/graph.h"

typedef struct random_graph_opts {
    uint64_t      seed;
    int32_t       nodes;        /* drawn; helper nodes come on top; 0 = 12 */
    int64_t       elements_max; /* larger values are not read again; 0 = 2048 */
    const dvt_op *only;         /* (only_count); NULL = all operators */
    int32_t       only_count;
    bool          params;    /* leave weights without data */
    bool          odd_names; /* names with blanks, quotes, keywords and UTF-8 */
    bool          smooth;    /* no integers, truth values and functions with jumps, so that
                                   small differences stay small: for comparing implementations */
} random_graph_opts;

/* E_NOMEM, or the builder's error if the generator made something invalid (a bug of one of
 * them). */
DVT_MUST_CHECK dvt_status random_graph_make(dvt_ctx *ctx, const random_graph_opts *opts,
                                            dvt_graph **out);

/* A tensor for graph input `index`: floats in [-1, 1), seeded. Owned by the caller. */
DVT_MUST_CHECK dvt_status random_graph_input(const dvt_graph *g, int32_t index, uint64_t seed,
                                             dvt_tensor *out);

#endif
