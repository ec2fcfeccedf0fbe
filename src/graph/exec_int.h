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

/* An input that is channels last and wanted plain: rearranged into scratch before the step. */
typedef struct dvti_unpack {
    int32_t     input;
    size_t      offset; /* of the plain tensor in the step's scratch */
    const void *from;
} dvti_unpack;

typedef struct dvti_step {
    dvt_node_id    node;
    dvt_node_id    tail; /* whose outputs are written: `node`, or the activation fused into it */
    dvti_eval      eval;
    dvt_tensor    *in, *out; /* what eval reads: filled once addresses are known */
    size_t         scratch_bytes;
    bool           packs;   /* a convolution with a plan */
    bool           last;    /* computes on channels-last images */
    dvti_unpack   *unpack;  /* (unpack_count) */
    int32_t        unpack_count;
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
    bool            *last;     /* (value_count) stored channels last */
    void            *block;
    size_t           block_bytes, bound_bytes;
    bool             ran;
};

/* Chooses what runs: live nodes that an output or kept value needs, in order, each with the
 * activation behind a fast convolution fused (exec_steps.c). */
dvt_status dvti_exec_plan_steps(dvt_exec *x);
/* Chooses the values that are stored channels last and the steps that compute so
 * (exec_layout.c). */
dvt_status dvti_exec_layout(dvt_exec *x);
/* Prepares kernels of every step: checks, packed weights, folded constants, scratch sizes. Input
 * tensors of constants are set; the others have types and shapes only (exec_steps.c). */
dvt_status dvti_exec_prepare(dvt_exec *x);
/* Inputs that a prepared step must rearrange; adds to its scratch (exec_layout.c). */
dvt_status dvti_exec_plan_unpack(dvt_exec *x, dvti_step *s);
/* Once addresses are known: the kernel reads what dvti_exec_unpack makes before each run. */
void dvti_exec_place_unpack(dvti_step *s);
void dvti_exec_unpack(const dvti_step *s);
/* Lifetimes, aliases and addresses; takes the block and sets all data pointers (exec_memory.c). */
dvt_status dvti_exec_place(dvt_exec *x);

#endif
