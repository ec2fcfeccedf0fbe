/* SPDX-License-Identifier: Apache-2.0 */
/*
 * features.h - what is counted of a network's graph, in groups that share a length scale.
 *
 * Columns    a group is a run of columns; which there are depends on the kind of networks alone, so
 *            a model can name them. Every feature is the same for isomorphic graphs but those of
 *            group `choice` (the operation of each edge of NAS-Bench-201) and `node`.
 */
#ifndef DVTI_FEATURES_H
#define DVTI_FEATURES_H

#include "dovetail/predict.h"

/* name, what it holds; L labels, K of them operations */
#define DVTI_GROUP_LIST(X)                                                                     \
    X(COUNT, "count", "operations of each label (K)")                                          \
    X(SIZE, "size", "logarithms of MACs and parameters, nodes, edges (4)")                     \
    X(EDGE, "edge", "edges between two labels (L L)")                                          \
    X(STEP2, "step2", "paths of two edges between two labels (L L)")                           \
    X(PATH, "path", "longest and shortest path, by nodes, by label, by heavy nodes (2 K + 4)") \
    X(ENDS, "ends",                                                                            \
      "log of the paths, straight edge, readers of the input, reads of the output (4)")        \
    X(PLACE, "place", "operations at distance 1..4 from input and output (8 K)")               \
    X(WALK, "walk", "visits of a random walk from the output, from the input, both (3 K)")     \
    X(FAN, "fan", "what operations of a label read and are read by (2 K)")                     \
    X(THROUGH, "through", "part of the paths through a label; operations on all paths (2 K)")  \
    X(MEAN, "mean", "mean and variance over the paths of operations of a label (2 K + 2)")     \
    X(WIDTH, "width", "widths of the operations of a label (K)")                               \
    X(LAST, "last", "labels that feed the output, as numbers and as parts (2 K + 2)")          \
    X(CHOICE, "choice", "NAS-Bench-201: the operation of each edge (24)")                      \
    X(NODE, "node", "NAS-Bench-201: edges into nodes, additions, skips, equal pools (7)")

typedef enum dvti_group {
#define DVTI_X(name, text, help) DVTI_GROUP_##name,
    DVTI_GROUP_LIST(DVTI_X)
#undef DVTI_X
        DVTI_GROUPS
} dvti_group;

typedef struct dvti_features {
    dvt_nets_kind kind;
    int32_t       labels, ops; /* L, K */
    int32_t       columns;
    int32_t       first[DVTI_GROUPS + 1]; /* column where each group begins */
} dvti_features;

const char   *dvti_group_name(dvti_group g);
dvti_features dvti_features_of(dvt_nets_kind kind);
/* One row. `scratch`: of dvti_features_scratch() bytes for the network. out (columns). */
size_t dvti_features_scratch(int32_t nodes);
void   dvti_features_row(const dvti_features *f, const dvt_net *net, void *scratch, float *out);
/* Operations whose label says that they multiply. */
bool dvti_label_heavy(dvt_nets_kind kind, int32_t label);

#endif
