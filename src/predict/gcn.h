/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gcn.h - BRP-NAS's graph convolutional network, its relation heads, and the dense network.
 *
 * Network    four layers Dropout(ReLU(LayerNorm(A (X W) + b))) of 600; a global node in front reads
 *            every node, all nodes read themselves and the nodes they feed; the global node's row
 *            is the embedding. [1], reference code.
 * Heads      VALUE    embedding -> linear -> one number
 *            RELATION both embeddings -> linear -> two logits; compared by log-softmax
 *            SCORE    the difference of two linear scores: antisymmetric and transitive
 * Encoding   node i reads node j where i -> j is an edge. Cells have a fixed number of nodes: the
 *            benchmark's, those left out without label.
 * MLP        the same one-hot labels and the matrix as one row, three dense layers.
 *
 * [1] Dudziak et al., "BRP-NAS: prediction-based NAS using GCNs", 2020.
 */
#ifndef DVTI_GCN_H
#define DVTI_GCN_H

#include "dovetail/learn.h"
#include "dovetail/predict.h"

typedef enum dvti_head { DVTI_HEAD_VALUE, DVTI_HEAD_RELATION, DVTI_HEAD_SCORE } dvti_head;

enum { DVTI_GCN_LAYERS = 4, DVTI_GCN_WIDTH = 600 };

typedef struct dvti_gcn_shape {
    dvt_nets_kind kind;
    dvti_head     head;
    bool          dense;          /* MLP */
    int32_t width, labels, slots; /* slots: nodes without the global one; 0 = as many as are */
} dvti_gcn_shape;

typedef struct dvti_gcn {
    dvt_ctx       *ctx;
    dvti_gcn_shape shape;
    dvt_params    *params;
    dvt_param      weight[DVTI_GCN_LAYERS], bias[DVTI_GCN_LAYERS], gain[DVTI_GCN_LAYERS],
        shift[DVTI_GCN_LAYERS], head, head_bias;
    double level[2]; /* mean and deviation of the targets */
} dvti_gcn;

dvti_gcn_shape dvti_gcn_shape_of(dvt_predict_model model, dvt_nets_kind kind, int32_t width);
/* Weights by seed. */
dvt_status dvti_gcn_init(dvt_ctx *ctx, const dvti_gcn_shape *shape, uint64_t seed, dvti_gcn *out);
void       dvti_gcn_deinit(dvti_gcn *g);

/* Networks index[begin..end) (NULL: these themselves) as graphs of the encoding. */
dvt_status dvti_gcn_graphs(dvt_ctx *ctx, const dvt_nets *nets, const dvti_gcn_shape *shape,
                           const int64_t *index, int64_t begin, int64_t end, dvt_graph_set **out);
/* Their rows for the dense network: (end - begin, dvti_dense_inputs). */
int64_t dvti_dense_inputs(const dvti_gcn_shape *shape);
void    dvti_dense_row(const dvt_net *net, const dvti_gcn_shape *shape, float *out);

/* Embeddings (graphs, width) of a filled batch, or of rows x (count, inputs) for MLP. */
dvt_var dvti_gcn_embed(dvt_tape *tape, const dvti_gcn *g, const dvt_graph_batch *batch,
                       const float *x, int64_t count, double dropout);
/* The head's numbers of embeddings (n, width): VALUE and SCORE (n, 1), RELATION (n, 4): what an
 * embedding adds to the two logits in first and in second place. */
dvt_var dvti_gcn_head(dvt_tape *tape, const dvti_gcn *g, dvt_var embedding);

/* out (n, head's columns) for networks index[0..n). */
int32_t    dvti_head_columns(dvti_head head);
dvt_status dvti_gcn_run(dvt_ctx *ctx, const dvti_gcn *g, const dvt_nets *nets, const int64_t *index,
                        int64_t n, float *out);

typedef struct dvti_gcn_training {
    const dvt_nets  *nets;
    const dvt_split *split;
    const double *y; /* (train + valid) on the scale that is learned, in the order of the split */
    dvt_predict_goal goal;
    uint64_t         seed;
    uint32_t         epochs, batch, warm_up;
    const dvti_gcn  *from;
} dvti_gcn_training;
dvt_status dvti_gcn_train(dvti_gcn *g, const dvti_gcn_training *t);

#endif
