/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tape_int.h - the tape as the files with operations see it.
 *
 * An operation  checks its operands (dvti_tape_ok, then shapes through dvti_tape_fail), makes its
 *               result with dvti_tape_push(), computes the value, and leaves in the node what its
 *               backward function needs: operands, and `attr` in the tape's memory.
 * Backward      is called once with the node's gradient complete. It asks dvti_grad_of() where the
 *               gradient of an operand goes (NULL: nobody wants it) and whether to add to what is
 *               there or to replace it.
 * Numbers       of nodes begin at 1, so that 0, what a struct is cleared to, means none.
 * Pointers      to nodes are void after the next dvti_tape_push; values and attributes stay.
 */
#ifndef DVTI_LEARN_TAPE_INT_H
#define DVTI_LEARN_TAPE_INT_H

#include "learn/params_int.h"
#include "learn/region.h"

typedef struct dvti_node dvti_node;
typedef void (*dvti_backward_fn)(dvt_tape *t, const dvti_node *n);

enum { DVTI_OPERANDS = 8 };

struct dvti_node {
    dvt_shape        shape;
    int64_t          count; /* elements */
    float           *value;
    float           *grad; /* NULL: none yet; of a parameter: in its set */
    bool             wants_grad, leaf;
    int32_t          in[DVTI_OPERANDS]; /* 0 = none */
    dvti_backward_fn backward;          /* NULL: a leaf */
    void            *attr;
    dvt_params      *params; /* of a parameter */
    dvt_param        param;
};

typedef struct dvti_spare {
    float  *data;
    int64_t count;
} dvti_spare;

struct dvt_tape {
    dvt_ctx    *ctx;
    uint64_t    seed, step;
    int         flags;
    dvt_status  status;
    bool        went_back; /* backward ran in this pass */
    dvti_region memory;
    dvti_node  *nodes; /* (capacity); number 0 is no node */
    int32_t     count, capacity;
    dvti_spare *spares; /* (spare_capacity) gradients that nobody needs any more */
    int32_t     spare_count, spare_capacity;
};

static inline bool dvti_tape_records(const dvt_tape *t) { return t->flags & DVT_TAPE_RECORD; }
static inline bool dvti_tape_trains(const dvt_tape *t) { return t->flags & DVT_TAPE_TRAINING; }

/* False, with an error unless there is one already, if the tape failed or `v` is no variable of it.
 * `op` is for the text. */
bool dvti_tape_ok(dvt_tape *t, const char *op, dvt_var v);
/* The same for an operand that may be DVT_NO_VAR. */
bool dvti_tape_ok_or_none(dvt_tape *t, const char *op, dvt_var v);
/* Fails the tape; gives DVT_NO_VAR, for `return dvti_tape_fail(...)`. */
dvt_var dvti_tape_fail(dvt_tape *t, dvt_status status, const char *fmt, ...) DVT_PRINTF(3, 4);
/* DVT_E_SHAPE: "<op>: a [2,3] and b [4,5]: <why>". */
dvt_var dvti_tape_fail_shapes(dvt_tape *t, const char *op, dvt_var a, dvt_var b, const char *why);

/* Not zeroed, DVT_ALIGN-aligned; NULL fails the tape. */
void  *dvti_tape_alloc(dvt_tape *t, size_t bytes);
float *dvti_tape_floats(dvt_tape *t, int64_t count);
/* Zeroed. */
void *dvti_tape_attr(dvt_tape *t, size_t bytes);

/* A new node with memory for its value (`value` NULL) or with the memory given. wants_grad is set
 * if the tape records and an operand wants one. NULL: the tape failed. */
dvti_node *dvti_tape_push(dvt_tape *t, const dvt_shape *shape, float *value,
                          const dvt_var *in, int32_t in_count, dvti_backward_fn backward);
static inline dvt_var dvti_tape_last(const dvt_tape *t) { return (dvt_var){t->count - 1}; }
static inline const dvti_node *dvti_tape_node(const dvt_tape *t, dvt_var v)
{
    return &t->nodes[v.id];
}
/* NULL for DVT_NO_VAR and NULL tape values. */
static inline const float *dvti_value(const dvt_tape *t, int32_t id)
{
    return id > 0 ? t->nodes[id].value : NULL;
}
static inline bool dvti_wants(const dvt_tape *t, int32_t id)
{
    return id > 0 && t->nodes[id].wants_grad;
}

/* Where d loss / d operand goes; *add: add to it, else replace it. NULL: not wanted, or no memory
 * (the tape failed). */
float *dvti_grad_of(dvt_tape *t, int32_t id, bool *add);
/* dvti_grad_of, zeroed where it was new: for those who only add. */
float *dvti_grad_to_add(dvt_tape *t, int32_t id);
/* Hands over a buffer of dvti_grad_scratch with a contribution to the operand's gradient. */
void   dvti_grad_give(dvt_tape *t, int32_t id, float *grad);
float *dvti_grad_scratch(dvt_tape *t, int64_t count);
void   dvti_grad_release(dvt_tape *t, float *grad, int64_t count);

/* The stream of an operation's random numbers: seed, step and place decide. */
dvt_rng dvti_tape_rng(const dvt_tape *t, int32_t node);

#endif
