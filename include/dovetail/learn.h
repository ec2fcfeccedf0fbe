/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learn.h - parameters, a tape of differentiable operations on float32 arrays, batches of graphs.
 *
 * Idea       A model is a function of the caller that calls operations on a tape: each computes
 *            its value at once and is remembered; dvt_tape_backward() then adds the gradients of a
 *            scalar to the parameters. Losses are in dovetail/losses.h, optimisers, schedules and
 *            checkpoints in dovetail/optim.h, attention, normalisation, recurrent layers,
 *            convolution and pooling in dovetail/layers.h.
 * Arrays     dense, row-major, float32. Shapes are checked: a disagreement is DVT_E_SHAPE, which
 *            names the operation and both shapes.
 * Errors     Operations return a variable. The first failure stays with the tape: later operations
 *            do nothing and give DVT_NO_VAR, and dvt_tape_status(), dvt_tape_backward() report it
 *            (the reason is in the context). So a model is written without a check per line.
 * Memory     Values, gradients and scratch of a pass lie in the tape's memory, which
 *            dvt_tape_begin() takes back as a whole; from the second pass of equal size on nothing
 *            is allocated. Parameters of a set are one block, their gradients another.
 * Same bits  A result depends on inputs, parameters, seed and step alone, not on the number of
 *            threads: work is cut by size, sums have a fixed order.
 * Example    (one step of training)
 *     dvt_tape_begin(tape, DVT_TAPE_TRAIN, step);
 *     dvt_var x = dvt_tape_input(tape, DVT_SHAPE(32, 8), features);
 *     dvt_var h = dvt_tape_relu(tape, dvt_tape_linear(tape, x, dvt_tape_param(tape, ps, w),
 *                                                     dvt_tape_param(tape, ps, b)));
 *     dvt_var y = dvt_tape_linear(tape, h, dvt_tape_param(tape, ps, v), DVT_NO_VAR);
 *     dvt_var loss = dvt_tape_loss_l1(tape, y, targets, DVT_LOSS_SUM);
 *     st = dvt_tape_backward(tape, loss);
 *     if (st == DVT_OK) st = dvt_optim_step(optimiser, ps, learning_rate);
 */
#ifndef DOVETAIL_LEARN_H
#define DOVETAIL_LEARN_H

#include "dovetail/kinds.h"
#include "dovetail/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- parameters ---------------------------------------------------------------------------- */

/* name, text. fan_in is the product of all dimensions but the first, fan_out of all but the second
 * (of a dense weight (out, in): in and out; of a convolution (out, in, kh, kw): in kh kw and
 * out kh kw); of one dimension: both its size. Sources: XAVIER Glorot and Bengio 2010 (eq. 16,
 * sqrt(6 / (fan_in + fan_out)) uniform, or that variance as normal), HE He et al. 2015 (eq. 10,
 * variance 2 / fan_in), TORCH uniform in +-1 / sqrt(fan_in), what PyTorch gives the weights of
 * Linear and Conv (for their bias use UNIFORM with that bound). */
#define DVT_INIT_LIST(X)                                                              \
    X(ZERO, "zero")                                                                  \
    X(CONSTANT, "constant")             /* a */                                      \
    X(UNIFORM, "uniform")               /* in [-a, a) */                             \
    X(NORMAL, "normal")                 /* deviation a */                            \
    X(XAVIER_UNIFORM, "xavier_uniform") /* gain a, 0 = 1 */                          \
    X(XAVIER_NORMAL, "xavier_normal")                                                \
    X(HE_UNIFORM, "he_uniform")                                                      \
    X(HE_NORMAL, "he_normal")                                                        \
    X(TORCH, "torch")

typedef enum dvt_init_kind {
#define DVT_X(name, text) DVT_INIT_##name,
    DVT_INIT_LIST(DVT_X)
#undef DVT_X
        DVT_INIT_COUNT
} dvt_init_kind;

typedef struct dvt_init {
    dvt_init_kind kind;
    double        a;
} dvt_init;

typedef struct dvt_params dvt_params; /* a named set of arrays: a model's weights and state */
typedef struct dvt_param {
    int32_t id; /* index in its set, in the order of adding */
} dvt_param;

/* `seed` decides the initial values: parameter number i draws from stream i. */
DVT_API DVT_MUST_CHECK dvt_status dvt_params_create(dvt_ctx *ctx, uint64_t seed, dvt_params **out);
DVT_API void                      dvt_params_destroy(dvt_params *params);
/* The name is copied and must be new (E_USAGE); sizes are at least 1 (E_SHAPE). Moves the block:
 * pointers to values and gradients that were taken before are void. */
DVT_API DVT_MUST_CHECK dvt_status dvt_params_add(dvt_params *params, const char *name,
                                                 dvt_shape shape, dvt_init init,
                                                 dvt_param *out);
/* State that is saved with the set but not trained (running statistics). */
DVT_API DVT_MUST_CHECK dvt_status dvt_params_add_state(dvt_params *params, const char *name,
                                                       dvt_shape shape, dvt_init init,
                                                       dvt_param *out);
DVT_API int32_t          dvt_params_count(const dvt_params *params);
DVT_API int64_t          dvt_params_elements(const dvt_params *params); /* of all, state included */
DVT_API bool dvt_params_find(const dvt_params *params, const char *name, dvt_param *out);
DVT_API const char      *dvt_params_name(const dvt_params *params, dvt_param p);
DVT_API const dvt_shape *dvt_params_shape(const dvt_params *params, dvt_param p);
DVT_API bool             dvt_params_is_state(const dvt_params *params, dvt_param p);
DVT_API float           *dvt_params_value(dvt_params *params, dvt_param p);
DVT_API float           *dvt_params_grad(dvt_params *params, dvt_param p);
DVT_API void             dvt_params_zero_grad(dvt_params *params);
/* A frozen parameter gets no gradient and no update. */
DVT_API void dvt_params_set_frozen(dvt_params *params, dvt_param p, bool frozen);
DVT_API bool dvt_params_frozen(const dvt_params *params, dvt_param p);
/* Factors on the learning rate and the weight decay of one parameter; 1 when it was added. */
DVT_API void dvt_params_set_scales(dvt_params *params, dvt_param p, double rate, double decay);
/* Draws the values of one parameter, or of all (DVT_ALL_PARAMS), again. */
DVT_API void dvt_params_reinit(dvt_params *params, dvt_param p, uint64_t seed);
#define DVT_ALL_PARAMS ((dvt_param){-1})
/* A set of equal names, shapes, values, state, flags and scales; gradients zero. */
DVT_API DVT_MUST_CHECK dvt_status dvt_params_clone(const dvt_params *params, dvt_params **out);
/* Values of `from` where name and shape agree; E_SHAPE if a name agrees and its shape does not,
 * E_NOTFOUND if `all` and a parameter of `to` is not in `from`. */
DVT_API DVT_MUST_CHECK dvt_status dvt_params_copy(dvt_params *to, const dvt_params *from, bool all);

/* ---- tape ---------------------------------------------------------------------------------- */

typedef struct dvt_tape dvt_tape;
typedef struct dvt_var {
    int32_t id; /* valid until the tape's next dvt_tape_begin; 0 = none */
} dvt_var;
#define DVT_NO_VAR ((dvt_var){0})

enum dvt_tape_flags {
    DVT_TAPE_RECORD = 1,   /* operations are remembered for dvt_tape_backward */
    DVT_TAPE_TRAINING = 2, /* dropout drops, batch norm takes the batch's statistics */
    DVT_TAPE_TRAIN = 3,
    DVT_TAPE_INFER = 0 /* values only: no gradients, no memory for them */
};

/* `seed` decides what dropout drops, together with the step and the operation's place. */
DVT_API DVT_MUST_CHECK dvt_status dvt_tape_create(dvt_ctx *ctx, uint64_t seed, dvt_tape **out);
DVT_API void                      dvt_tape_destroy(dvt_tape *tape);
/* Forgets everything of the last pass, its failure too. `flags`: dvt_tape_flags. `step` numbers the
 * passes of a training, so that a resumed training drops what the uninterrupted one would. */
DVT_API void       dvt_tape_begin(dvt_tape *tape, int flags, uint64_t step);
DVT_API dvt_status dvt_tape_status(const dvt_tape *tape);
/* Adds the gradients of the scalar `loss` to those of every parameter not frozen. Once a pass. */
DVT_API DVT_MUST_CHECK dvt_status dvt_tape_backward(dvt_tape *tape, dvt_var loss);
/* Begins from d loss / d y = `grad` (shape of y) instead of from a scalar. */
DVT_API DVT_MUST_CHECK dvt_status dvt_tape_backward_from(dvt_tape *tape, dvt_var y,
                                                         const float *grad);
DVT_API const dvt_shape *dvt_tape_shape(const dvt_tape *tape, dvt_var v);
/* NULL for DVT_NO_VAR. Dense, readable until the next begin. */
DVT_API const float *dvt_tape_value(const dvt_tape *tape, dvt_var v);
/* After backward, of a dvt_tape_leaf: d loss / d leaf; NULL if the loss does not depend on it. */
DVT_API const float *dvt_tape_grad(const dvt_tape *tape, dvt_var v);
DVT_API size_t       dvt_tape_bytes(const dvt_tape *tape); /* of the tape's memory */

/* Leaves. Inputs are borrowed, not copied: they stay as they are until the next begin. */
DVT_API dvt_var dvt_tape_param(dvt_tape *tape, dvt_params *params, dvt_param p);
DVT_API dvt_var dvt_tape_input(dvt_tape *tape, dvt_shape shape, const float *data);
DVT_API dvt_var dvt_tape_leaf(dvt_tape *tape, dvt_shape shape, const float *data);

/* ---- gradient check ------------------------------------------------------------------------- */

/* A function of leaves, made of operations; y of any shape. */
typedef dvt_var (*dvt_model_fn)(dvt_tape *tape, const dvt_var *in, void *ud);
typedef struct dvt_grad_report {
    double  worst;            /* largest |tape - difference| / (1 + |difference|) */
    int32_t input;            /* where: which input, which element */
    int64_t element;
    double  tape, difference; /* both values there */
} dvt_grad_report;
/* Compares the tape's gradient of f = sum c_i y_i, with fixed c_i in [-1, 1), to the central
 * difference (f(x + step) - f(x - step)) / 2 step for every element of every input (f32 tensors,
 * changed and restored). In float32 a step of 1e-2 and values near 1 leave about 1e-4. `training`:
 * with the flag DVT_TAPE_TRAINING. */
DVT_API DVT_MUST_CHECK dvt_status dvt_grad_check(dvt_ctx *ctx, dvt_model_fn fn, void *ud,
                                                 dvt_tensor *input, int32_t inputs, double step,
                                                 bool training, dvt_grad_report *out);

/* ---- operations ---------------------------------------------------------------------------- */

/* x (.., in), w (out, in), bias (out) or DVT_NO_VAR: y (.., out) = x w^T + bias. */
DVT_API dvt_var dvt_tape_linear(dvt_tape *tape, dvt_var x, dvt_var w, dvt_var bias);
/* a (.., m, k) or (.., k, m) if trans_a, b (.., k, n) or (.., n, k) if trans_b; leading dimensions
 * equal: y (.., m, n). */
DVT_API dvt_var dvt_tape_matmul(dvt_tape *tape, dvt_var a, bool trans_a, dvt_var b, bool trans_b);

/* add, sub, mul, div, max, min with NumPy broadcasting. max and min: equal operands share the
 * gradient. Others are E_UNSUPPORTED. */
DVT_API dvt_var dvt_tape_binary(dvt_tape *tape, dvt_binary fn, dvt_var a, dvt_var b);
DVT_API dvt_var dvt_tape_add(dvt_tape *tape, dvt_var a, dvt_var b);
DVT_API dvt_var dvt_tape_sub(dvt_tape *tape, dvt_var a, dvt_var b);
DVT_API dvt_var dvt_tape_mul(dvt_tape *tape, dvt_var a, dvt_var b);
DVT_API dvt_var dvt_tape_div(dvt_tape *tape, dvt_var a, dvt_var b);
/* factor * x + offset */
DVT_API dvt_var dvt_tape_affine(dvt_tape *tape, dvt_var x, double factor, double offset);

/* relu, leaky_relu (alpha: slope), elu (alpha), sigmoid, tanh, softplus, gelu (alpha not 0: its
 * tanh form), hard_swish, mish, exp, log, sqrt, abs, neg, reciprocal, clip (alpha, beta); as
 * dvt_unary_ref. Others are E_UNSUPPORTED. The gradient at a kink: relu, leaky_relu, clip, abs
 * 0 or the left one's, as PyTorch. */
DVT_API dvt_var dvt_tape_unary(dvt_tape *tape, dvt_unary fn, dvt_var x, float alpha, float beta);
DVT_API dvt_var dvt_tape_relu(dvt_tape *tape, dvt_var x);
DVT_API dvt_var dvt_tape_sigmoid(dvt_tape *tape, dvt_var x);
DVT_API dvt_var dvt_tape_tanh(dvt_tape *tape, dvt_var x);
/* Each element is 0 with probability p (0 <= p < 1), else x / (1 - p). Nothing outside training. */
DVT_API dvt_var dvt_tape_dropout(dvt_tape *tape, dvt_var x, double p);

/* Reductions over dimensions [first, first + count), which disappear; negative first counts from
 * the end. Sums of a fixed order, pairwise over 16 lanes. */
DVT_API dvt_var dvt_tape_sum(dvt_tape *tape, dvt_var x, int32_t first, int32_t count);
DVT_API dvt_var dvt_tape_mean(dvt_tape *tape, dvt_var x, int32_t first, int32_t count);
/* Of the last dimension. */
DVT_API dvt_var dvt_tape_softmax(dvt_tape *tape, dvt_var x);
DVT_API dvt_var dvt_tape_log_softmax(dvt_tape *tape, dvt_var x);

/* One dimension may be -1: what is left. Shares the memory of x. */
DVT_API dvt_var dvt_tape_reshape(dvt_tape *tape, dvt_var x, dvt_shape shape);
DVT_API dvt_var dvt_tape_transpose(dvt_tape *tape, dvt_var x, const int32_t *perm /* (rank) */);
DVT_API dvt_var dvt_tape_concat(dvt_tape *tape, const dvt_var *x, int32_t count, int32_t axis);
DVT_API dvt_var dvt_tape_slice(dvt_tape *tape, dvt_var x, int32_t axis, int64_t begin, int64_t end);
/* x (n, ..), index (count) borrowed, in [0, n): y (count, ..). Embedding: x is the table. */
DVT_API dvt_var dvt_tape_gather(dvt_tape *tape, dvt_var x, const int32_t *index, int64_t count);

/* ---- graphs -------------------------------------------------------------------------------- */

/* A sparse matrix by rows, with its transpose for the gradient. Row r of a product with x (cols, f)
 * is the sum of weight[e] * x[col[e]] over start[r] <= e < start[r + 1], in this order. */
typedef struct dvt_csr {
    int64_t        rows, cols;
    const int64_t *start;  /* (rows + 1) */
    const int32_t *col;    /* (start[rows]) */
    const float   *weight; /* NULL = all 1 */
    const int64_t *t_start; /* (cols + 1), with t_row and t_weight: the transpose */
    const int32_t *t_row;
    const float   *t_weight;
} dvt_csr;

/* y (rows, f) = m x, x (cols, f). `m` is borrowed. */
DVT_API dvt_var dvt_tape_aggregate(dvt_tape *tape, const dvt_csr *m, dvt_var x);

/* What follows a product in a layer, in one pass over the rows:
 *     y = dropout(act(norm(m x + bias) * gain + shift))
 * m: NULL = x itself. bias, gain, shift (f) or DVT_NO_VAR; norm: layer normalisation of each row
 * (Ba et al. 2016: biased variance, epsilon inside the root); act: relu or nothing. Fields left out
 * of an initialiser mean: not done. */
typedef struct dvt_block {
    const dvt_csr *m;
    dvt_var        bias, gain, shift;
    bool           norm;
    float          epsilon; /* 0 = 1e-5 */
    bool           relu;
    double         dropout;
} dvt_block;
DVT_API dvt_var dvt_tape_block(dvt_tape *tape, dvt_var x, const dvt_block *block);

/* A set of small graphs to draw batches from. Node i of a graph reads the nodes j with
 * adjacency[i * nodes + j] != 0 (its own self-loop included if wanted), in the order of j. */
typedef struct dvt_graph_set dvt_graph_set;
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_set_create(dvt_ctx *ctx, int32_t labels,
                                                       dvt_graph_set **out);
DVT_API void dvt_graph_set_destroy(dvt_graph_set *set);
/* label[i] in [0, labels), or -1: a node without features (a zero row). At most 1024 nodes.
 * `weights` false: every entry counts as 1. E_SHAPE, E_NUMERIC (not finite), E_USAGE (label). */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_set_add(dvt_graph_set *set, int32_t nodes,
                                                    const int32_t *label /* (nodes) */,
                                                    const float *adjacency /* (nodes, nodes) */,
                                                    bool weights);
DVT_API int64_t dvt_graph_set_count(const dvt_graph_set *set);
DVT_API int32_t dvt_graph_set_nodes(const dvt_graph_set *set, int64_t graph);

typedef enum dvt_readout {
    DVT_READOUT_FIRST, /* the last layer computes node 0 of each graph */
    DVT_READOUT_ALL,   /* all nodes */
} dvt_readout;

/* The matrices of a stack of graph layers over a batch. Layer 0 is (n_0, labels): m_0 W_0^T with
 * one-hot rows H is m_0 applied to the rows of W (pass the weight as x, (labels, f)). Layer i is
 * (n_i, n_i-1); the last has a row for each read-out node, in the order of the batch.
 * `share`: nodes of one layer that would get the same value (same labels and readings to the depth
 * of the layer, found by colour refinement) are one row. Without dropout that changes no value. */
typedef struct dvt_graph_batch dvt_graph_batch;
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_batch_create(dvt_ctx *ctx, const dvt_graph_set *set,
                                                         int32_t layers, dvt_readout readout,
                                                         bool share, dvt_graph_batch **out);
DVT_API void dvt_graph_batch_destroy(dvt_graph_batch *batch);
/* Fills the batch with graphs of the set; its memory is used again. */
DVT_API DVT_MUST_CHECK dvt_status dvt_graph_batch_fill(dvt_graph_batch *batch,
                                                       const int32_t *graph /* (count) */,
                                                       int64_t count);
DVT_API const dvt_csr *dvt_graph_batch_layer(const dvt_graph_batch *batch, int32_t layer);
/* The mean over the nodes of each graph (count, n_last), for DVT_READOUT_ALL. */
DVT_API const dvt_csr *dvt_graph_batch_mean(const dvt_graph_batch *batch);
DVT_API int64_t        dvt_graph_batch_count(const dvt_graph_batch *batch); /* graphs */

#ifdef __cplusplus
}
#endif
#endif
