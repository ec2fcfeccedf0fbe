/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec_int.h - the executor's plan: steps in order, tensors with addresses.
 *
 * Time      The inputs are copied in at time 0; step i runs at time i + 1; what the caller may read
 *           after a run is alive at time step_count + 1.
 */
#ifndef DVTI_GRAPH_EXEC_INT_H
#define DVTI_GRAPH_EXEC_INT_H

#include "graph/eval_int.h"

typedef struct dvti_step {
    dvt_node_id    node;
    dvt_node_id    tail; /* whose outputs are written: `node`, or the activation fused into it */
    dvti_eval      eval;
    dvt_tensor    *in, *out; /* what eval reads: filled once addresses are known */
    size_t         scratch_bytes;
    dvt_conv_plan *plan; /* owned; NULL = none */
} dvti_step;

struct dvt_exec {
    dvt_ctx         *ctx;
    const dvt_graph *g;
    dvt_exec_kind    kind;
    dvt_arena       *arena; /* everything but block and plans */
    dvti_step       *steps; /* (step_count) */
    int32_t          step_count;
    dvt_tensor      *tensors;  /* (value_count) data NULL: never computed */
    bool            *readable; /* (value_count) graph outputs and kept values */
    void            *block;
    size_t           block_bytes, bound_bytes;
    bool             ran;
};

/* Chooses what runs: live nodes that an output or kept value needs, in order, each with the
 * activation behind a fast convolution fused (exec_steps.c). */
dvt_status dvti_exec_plan_steps(dvt_exec *x);
/* Prepares kernels of every step: checks, packed weights, folded constants, scratch sizes. Input
 * tensors of constants are set; the others have types and shapes only (exec_steps.c). */
dvt_status dvti_exec_prepare(dvt_exec *x);
/* Lifetimes, aliases and addresses; takes the block and sets all data pointers (exec_memory.c). */
dvt_status dvti_exec_place(dvt_exec *x);

#endif
