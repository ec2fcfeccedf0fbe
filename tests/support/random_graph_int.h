/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_graph_int.h - what the files of the random graph generator share.
 *
 * Idea      A maker adds one node of its operator and returns true, or returns false where no
 *           operand fits; `st` keeps the first error. Makers write no code for failures: every
 *           helper does nothing once `st` is set.
 */
#ifndef TESTS_SUPPORT_RANDOM_GRAPH_INT_H
#define TESTS_SUPPORT_RANDOM_GRAPH_INT_H

#include "support/random_graph.h"

typedef struct rg_value {
    dvt_value_id id;
    double       bound; /* |x| is at most this */
} rg_value;

typedef struct rg {
    dvt_ctx                 *ctx;
    dvt_graph               *g;
    const random_graph_opts *opts;
    dvt_rng                  rng;
    rg_value                *pool; /* (pool_count) values that may be read */
    int32_t                  pool_count, pool_cap;
    int64_t                  elements_max;
    dvt_status               st;
} rg;

typedef bool (*rg_maker)(rg *r);
rg_maker rg_maker_of(dvt_op op);

/* ---- draws --------------------------------------------------------------------------------- */
int64_t rg_int(rg *r, int64_t lo, int64_t hi); /* inclusive */
bool    rg_chance(rg *r, int32_t percent);
float   rg_real(rg *r, float lo, float hi);

/* ---- operands ------------------------------------------------------------------------------ */
/* A value of this type (NONE: any) with rank in [lo, hi]; false if there is none. For f32 a new
 * graph input may be made. */
bool             rg_pick(rg *r, dvt_dtype dtype, int32_t lo, int32_t hi, rg_value *out);
const dvt_shape *rg_shape(const rg *r, rg_value v);
dvt_dtype        rg_dtype(const rg *r, rg_value v);
/* f32 weights in [lo, hi): a constant, or a parameter where the options say so. */
rg_value rg_weights(rg *r, const dvt_shape *shape, float lo, float hi);
/* Integers in [lo, hi] of i32, i64 or another integer type; bool for DVT_DTYPE_BOOL. */
rg_value rg_integers(rg *r, dvt_dtype dtype, const dvt_shape *shape, int64_t lo, int64_t hi);
/* A shape that broadcasts to `to`. */
dvt_shape rg_broadcastable(rg *r, const dvt_shape *to);

/* ---- nodes --------------------------------------------------------------------------------- */
/* Adds a node of one output to graph and pool (clipped where the bound is large). An input with id
 * -1 is an absent one. */
rg_value rg_emit(rg *r, dvt_op op, const dvt_attrs *a, const rg_value *inputs, int32_t count,
                 double bound);
/* The same for `outputs` results. */
void     rg_emit_many(rg *r, dvt_op op, const dvt_attrs *a, rg_value input, int32_t outputs);
rg_value rg_unary(rg *r, dvt_unary fn, rg_value x, float alpha, float beta, double bound);
rg_value rg_clip(rg *r, rg_value x, float lo, float hi); /* x itself if its bound says so */
rg_value rg_away_from_zero(rg *r, rg_value x);           /* |x| + 1/2 */

#endif
