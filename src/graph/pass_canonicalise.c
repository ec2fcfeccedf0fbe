/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass_canonicalise.c - one way to say each thing, whatever tool wrote the model.
 *
 * Idea      A table of small rules, each for one operator. A sweep in topological order applies to
 *           each node its rules until none matches; sweeps are repeated until one changes nothing,
 *           because a rule may open the way for another (gemm -> dense -> flatten into dense).
 *           Every rule goes down a fixed order of operators (gemm, matmul > dense; nary > binary >
 *           scale, bias, clip; reduce, pool > global_pool; power > scale; clip, leaky ReLU > ReLU;
 *           transpose > reshape), so that this ends.
 *
 *   from                                          to           legal if
 *   gemm                                          dense        op(a) = a; b constant, or used as it
 *                                                              is; c absent or one row
 *   matmul                                        dense        b constant of rank 2, a of rank >= 2
 *   dense of reshape                              dense        reshape only flattens behind `axis`
 *   add, sub, mul, div with a constant            bias, scale  it varies along one dimension or
 *                                                              none, result shaped like the other
 *                                                              operand, f32, rank >= 2
 *   power with exponent 1                         scale        f32, rank >= 2
 *   nary of two (sum, max, min, prod)             binary
 *   reduce mean, max over all spatial dimensions  global_pool  dimensions kept, rank >= 3, float
 *   pool with one window over the whole image     global_pool  no pads, no dilation
 *   clip to [0, inf), leaky ReLU of slope 0       relu
 *   max, min with one constant                    relu, clip   f32
 *   prelu with one slope                          leaky_relu   f32
 *   transpose that moves only dimensions of 1     reshape
 *   reshape of reshape                            reshape
 *
 * Rounding  Division by constants becomes multiplication by their reciprocals, a scaled gemm scales
 *           its constant: results move within the rounding of f32. The others keep every bit.
 * Tests     tests/unit/test_pass_canonicalise.c, tests/prop/prop_passes.c
 */
#include "graph/canon_int.h"

enum { MAX_SWEEPS = 16, MAX_RULES = 2 };

static const dvti_canon_rule *rules_of(dvt_op op)
{
    static const dvti_canon_rule rules[DVT_OP_COUNT][MAX_RULES + 1] = {
        [DVT_OP_GEMM] = {dvti_canon_gemm_to_dense},
        [DVT_OP_MATMUL] = {dvti_canon_matmul_to_dense},
        [DVT_OP_DENSE] = {dvti_canon_flatten_into_dense},
        [DVT_OP_BINARY] = {dvti_canon_binary_to_clip, dvti_canon_binary_to_affine},
        [DVT_OP_NARY] = {dvti_canon_nary_to_binary},
        [DVT_OP_UNARY] = {dvti_canon_unary_to_relu, dvti_canon_power_to_scale},
        [DVT_OP_PRELU] = {dvti_canon_prelu_to_leaky},
        [DVT_OP_REDUCE] = {dvti_canon_reduce_to_global_pool},
        [DVT_OP_POOL] = {dvti_canon_pool_to_global_pool},
        [DVT_OP_TRANSPOSE] = {dvti_canon_transpose_to_reshape},
        [DVT_OP_RESHAPE] = {dvti_canon_reshape_of_reshape},
    };
    return rules[op];
}

static dvt_status sweep(dvt_graph *g, int32_t *changes)
{
    *changes = 0;
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvti_canon_rule *rule = rules_of(dvt_graph_node(g, (dvt_node_id){i})->op);
        while (!dvt_graph_node(g, (dvt_node_id){i})->dead && *rule) {
            bool       changed = false;
            dvt_status st = (*rule)(g, (dvt_node_id){i}, &changed);
            if (st) return st;
            *changes += changed;
            rule = changed ? rules_of(dvt_graph_node(g, (dvt_node_id){i})->op) : rule + 1;
        }
    }
    return DVT_OK;
}

static dvt_status run(dvt_graph *g, int32_t *changes)
{
    dvt_status st = DVT_OK;
    int32_t    now = 1;

    *changes = 0;
    for (int32_t i = 0; !st && now && i < MAX_SWEEPS; i++) {
        st = sweep(g, &now);
        *changes += now;
    }
    return st;
}

const dvt_pass dvti_pass_canonicalise = {"canonicalise", "one operator for each thing that is said",
                                         run};
