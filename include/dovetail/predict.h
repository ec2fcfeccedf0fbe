/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predict.h - latency and accuracy of networks from few measured ones.
 *
 * Networks   A set of networks (`dvt_nets`) holds them as predictors see them: a graph of labelled
 *            operations, their multiply-accumulates and parameters. Cells of the benchmark spaces
 *            and any dvt_graph can be added; one set holds one kind.
 * Use        split -> dvt_predictor_train -> dvt_predictor_run -> dvt_figures_of. A predictor is a
 *            plain value object: it can be saved, loaded and applied to any set of its kind.
 * Protocol   dvt_split_make cuts the networks into disjoint parts: training sees `train`, early
 *            stopping and choices see `valid`, and nothing but figures sees the rest.
 * Same bits  results depend on inputs, options and seed, never on the number of threads.
 * Sources    docs/predict.md describes each model, what was published and what differs.
 */
#ifndef DOVETAIL_PREDICT_H
#define DOVETAIL_PREDICT_H

#include "dovetail/space.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- figures ------------------------------------------------------------------------------- */

typedef struct dvt_figures {
    /* percent of predictions that are off by at most that part of the measured value */
    double  within_1pct, within_5pct, within_10pct;
    double  spearman, kendall; /* rho and tau-b in [-1, 1]; 0 where one side is constant */
    int64_t count;
} dvt_figures;

/* x, y (n), finite (E_NUMERIC). O(n log n). */
DVT_API DVT_MUST_CHECK dvt_status dvt_kendall(dvt_ctx *ctx, const double *x, const double *y,
                                              int64_t n, double *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_spearman(dvt_ctx *ctx, const double *x, const double *y,
                                               int64_t n, double *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_figures_of(dvt_ctx *ctx, const double *predicted,
                                                 const double *measured, int64_t n,
                                                 dvt_figures *out);

/* ---- parts --------------------------------------------------------------------------------- */

/* Indices into the networks: disjoint, together all of them. */
typedef struct dvt_split {
    int64_t *order; /* (count); the parts lie behind one another */
    int64_t  train, valid, count;
} dvt_split;

/* A random order of `count` items by `seed`; the first `train` are for training, the next `valid`
 * for validation. A larger `train` with the same seed contains the smaller one when `valid` is 0.
 * E_USAGE if they do not leave anything over. */
DVT_API DVT_MUST_CHECK dvt_status dvt_split_make(dvt_ctx *ctx, int64_t count, int64_t train,
                                                 int64_t valid, uint64_t seed, dvt_split *out);
DVT_API void dvt_split_deinit(dvt_ctx *ctx, dvt_split *split);

/* ---- networks ------------------------------------------------------------------------------ */

typedef enum dvt_nets_kind {
    DVT_NETS_NB101, /* labels: input, output, conv3x3, conv1x1, maxpool3x3 */
    DVT_NETS_NB201, /* labels: input, output, conv1x1, conv3x3, avgpool3x3 */
    DVT_NETS_GRAPH, /* labels: input, output, the kinds of dovetail/kinds.h and ops.h */
    DVT_NETS_KINDS
} dvt_nets_kind;
DVT_API const char *dvt_nets_kind_name(dvt_nets_kind kind); /* "nasbench101" */

enum { DVT_NETS_NODES_MAX = 1024, DVT_LABEL_INPUT = 0, DVT_LABEL_OUTPUT = 1 };

typedef struct dvt_nets dvt_nets;

DVT_API DVT_MUST_CHECK dvt_status dvt_nets_create(dvt_ctx *ctx, dvt_nets_kind kind, dvt_nets **out);
DVT_API void          dvt_nets_destroy(dvt_nets *nets);
DVT_API dvt_nets_kind dvt_nets_kind_of(const dvt_nets *nets);
DVT_API int64_t       dvt_nets_count(const dvt_nets *nets);
DVT_API int32_t       dvt_nets_labels(dvt_nets_kind kind); /* how many labels there are */
/* The cell must be valid (E_USAGE); of NAS-Bench-201 every cell is, also one without a path. The
 * set must be of the cell's kind (E_USAGE). */
DVT_API DVT_MUST_CHECK dvt_status dvt_nets_add_nb101(dvt_nets *nets, const dvt_nb101_cell *cell);
DVT_API DVT_MUST_CHECK dvt_status dvt_nets_add_nb201(dvt_nets *nets, const dvt_nb201_cell *cell);
/* Nodes that hold no operation on a path from an input to an output are left out. At most
 * DVT_NETS_NODES_MAX are left (E_CAPACITY). */
DVT_API DVT_MUST_CHECK dvt_status dvt_nets_add_graph(dvt_nets *nets, const dvt_graph *g);

/* One network; pointers are borrowed until the next adding. Node 0 is the input, the last one the
 * output, and every node reads only nodes before it. */
typedef struct dvt_net {
    int32_t        nodes, labels;
    const uint8_t *label; /* (nodes) */
    const int32_t *start; /* (nodes + 1): node i reads read[start[i]] .. read[start[i + 1] - 1], */
    const int16_t *read;  /* ascending, each once */
    const float   *width; /* (nodes): part of the cell's channels; 1 where that has no meaning */
    double         macs, parameters;
    const uint8_t *op; /* NAS-Bench-201: the six operations, `none` where on no path; else NULL */
} dvt_net;
DVT_API dvt_net dvt_nets_at(const dvt_nets *nets, int64_t i);

/* ---- untrained networks -------------------------------------------------------------------- */

/* What needs no training and no measurement; naswot and synflow as logarithms (zero_cost.c). */
typedef struct dvt_zero_cost {
    double naswot, synflow, parameters, macs;
} dvt_zero_cost;

/* Of a network with one input, with weights drawn by `seed` in a copy. Outputs that are no finite
 * flow are E_NUMERIC; what the executor does not take is E_UNSUPPORTED. naswot is -infinity where
 * two images have the same code. */
DVT_API DVT_MUST_CHECK dvt_status dvt_zero_cost_of(const dvt_graph *g, uint64_t seed,
                                                   dvt_zero_cost *out);

/* ---- a new device -------------------------------------------------------------------------- */

/* Costs of n networks on a new device from `samples` (at least 2) measured there and from other
 * devices where all n are known. source (devices, n) positive; sample (samples) indices; only
 * target[sample[i]] is read; out (n) in the unit of target. E_USAGE, E_NUMERIC. */
DVT_API DVT_MUST_CHECK dvt_status dvt_transfer(dvt_ctx *ctx, const double *source, int32_t devices,
                                               int64_t n, const int64_t *sample, int64_t samples,
                                               const double *target, double *out);

/* ---- predictors ---------------------------------------------------------------------------- */

/* name, text, meaning */
#define DVT_PREDICT_MODEL_LIST(X)                                                              \
    X(BEST, "best", "Gaussian processes on graph features: the highest figures")               \
    X(BRP_GCN, "brp-gcn", "BRP-NAS's graph convolutional network, as published")                \
    X(BRP_BINARY, "brp-binary", "BRP-NAS's relation of two networks, ranked by comparisons")    \
    X(BRP_SCORE, "brp-score", "the same with a score a network: antisymmetric and transitive")  \
    X(MLP, "mlp", "a dense network on the encoding of the cell")                                \
    X(RIDGE, "ridge", "linear in counts of operations and of edges")                            \
    X(LAYERWISE, "layerwise", "a sum of a cost for each operation")                             \
    X(FLOPS, "flops", "proportional to multiply-accumulates")                                   \
    X(PARAMETERS, "params", "proportional to the number of parameters")

typedef enum dvt_predict_model {
#define DVT_X(name, text, help) DVT_PREDICT_##name,
    DVT_PREDICT_MODEL_LIST(DVT_X)
#undef DVT_X
        DVT_PREDICT_MODELS
} dvt_predict_model;
DVT_API const char *dvt_predict_model_name(dvt_predict_model model); /* "brp-gcn" */
DVT_API const char *dvt_predict_model_summary(dvt_predict_model model);

/* What is predicted, which decides scale and loss. */
typedef enum dvt_predict_goal {
    DVT_GOAL_COST, /* positive; relative errors count: latency, energy */
    DVT_GOAL_RANK, /* the order counts: accuracy */
    DVT_GOALS
} dvt_predict_goal;
DVT_API const char *dvt_predict_goal_name(dvt_predict_goal goal); /* "cost", "rank" */

typedef struct dvt_predictor dvt_predictor;

typedef struct dvt_predict_opts {
    dvt_predict_model model;
    dvt_predict_goal  goal;
    uint64_t          seed;
    uint32_t          epochs; /* of neural models; 0 = as published */
    uint32_t          batch;  /* graphs a step, or pairs; 0 = as published */
    uint32_t          width;  /* of neural models; 0 = as published (600) */
    /* Neural models: a predictor of the same networks, layers and width whose layers but the last
     * are the beginning: the new last one is trained for 50 epochs, then all (BRP-NAS's transfer
     * from latency to accuracy); NULL = from random weights. */
    const dvt_predictor *from;
    /* Neural models: epochs that first learn the logarithm of MACs (COST) or parameters (RANK) of
     * 2,000 networks of the set, which cost nothing to know; 0 = none. */
    uint32_t warm_up;
} dvt_predict_opts;

/* Learns value[i] of the networks i of parts `train` and `valid` of the split; the values of others
 * are not read. COST values must be positive (E_NUMERIC). Models that need no validation leave
 * `valid` aside; brp-gcn and mlp stop early by it where it is not empty.
 * E_UNSUPPORTED: `from` for a model that cannot begin from it, a kind without encoding. */
DVT_API DVT_MUST_CHECK dvt_status dvt_predictor_train(dvt_ctx *ctx, const dvt_nets *nets,
                                                      const double *value, const dvt_split *split,
                                                      const dvt_predict_opts *opts,
                                                      dvt_predictor **out);
DVT_API void dvt_predictor_destroy(dvt_predictor *p);
/* Predictions for networks index[0..n) (NULL: 0..n) of a set of the kind the predictor was trained
 * on (E_USAGE): in the unit of the values. brp-binary and brp-score give a place in the order of
 * these networks instead, in (0, 1), the largest value last. */
DVT_API DVT_MUST_CHECK dvt_status dvt_predictor_run(dvt_ctx *ctx, const dvt_predictor *p,
                                                    const dvt_nets *nets, const int64_t *index,
                                                    int64_t n, double *out);

/* What a predictor carries of its making. */
typedef struct dvt_predictor_about {
    dvt_predict_model model;
    dvt_predict_goal  goal;
    dvt_nets_kind     kind;
    uint64_t          seed;
    int64_t           train, valid;                  /* samples */
    char              training_hash[DVT_SHA256_HEX]; /* of networks and values of both parts */
    dvt_figures       figures;                       /* on held-out networks; count 0 = not set */
    char              target[64];                    /* what was predicted, by the caller */
} dvt_predictor_about;
/* SHA-256 over kind, goal, networks and values of the training and validation parts, in order. */
DVT_API DVT_MUST_CHECK dvt_status dvt_training_hash(dvt_ctx *ctx, const dvt_nets *nets,
                                                    const double *value, const dvt_split *split,
                                                    dvt_predict_goal goal,
                                                    char out[DVT_SHA256_HEX]);
DVT_API const dvt_predictor_about *dvt_predictor_about_of(const dvt_predictor *p);
DVT_API void dvt_predictor_set_figures(dvt_predictor *p, const char *target,
                                       const dvt_figures *figures);

/* A file (.npz: arrays that NumPy opens, and a JSON text) with everything; written whole or not at
 * all. Loading checks version, shapes, ranges and the digest: E_PARSE. */
DVT_API DVT_MUST_CHECK dvt_status dvt_predictor_save(dvt_ctx *ctx, const dvt_predictor *p,
                                                     const char *path);
DVT_API DVT_MUST_CHECK dvt_status dvt_predictor_load(dvt_ctx *ctx, const char *path,
                                                     dvt_predictor **out);

/* ---- what to measure next ------------------------------------------------------------------ */

typedef enum dvt_select_choice {
    DVT_SELECT_ITERATIVE, /* half the best predicted, half random among the best n / 2^round */
    DVT_SELECT_RANDOM
} dvt_select_choice;

typedef struct dvt_select_opts {
    dvt_select_choice choice;
    int32_t           rounds; /* BRP-NAS: 5 .. */
    int64_t           number; /* .. of 20 networks each */
} dvt_select_opts;

/* After each round, of a predictor trained on all that was measured so far. */
typedef struct dvt_select_round {
    int64_t samples;
    double  best;     /* value measured so far */
    double  kendall;  /* tau-b over what is not measured */
    double  top_1pct; /* percent of its predicted top 1 % that are in the true top 1 % */
} dvt_select_round;

/* Chooses networks to measure by model->seed; value is the measurement, of which training sees only
 * what was chosen. out (rounds). E_USAGE if nothing would be left. */
DVT_API DVT_MUST_CHECK dvt_status dvt_predict_select(dvt_ctx *ctx, const dvt_nets *nets,
                                                     const double           *value,
                                                     const dvt_predict_opts *model,
                                                     const dvt_select_opts  *opts,
                                                     dvt_select_round       *out);

#ifdef __cplusplus
}
#endif
#endif
