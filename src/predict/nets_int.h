/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nets_int.h - how a set of networks lies in memory, for the files that fill it.
 *
 * Nodes of all networks lie behind one another, and so do the lists of what they read; a network
 * is two offsets. Whoever only reads uses dvt_nets_at().
 */
#ifndef DVTI_NETS_INT_H
#define DVTI_NETS_INT_H

#include "base/vec.h"
#include "dovetail/predict.h"

typedef struct dvti_net_place {
    int64_t node; /* first in label and width; node + index of the network in start */
    int64_t read; /* first in read */
    double  macs, parameters;
    int32_t nodes;
    uint8_t op[DVT_NB201_EDGES];
} dvti_net_place;

DVT_VEC(dvti_places, dvti_net_place);
DVT_VEC(dvti_bytes, uint8_t);
DVT_VEC(dvti_floats, float);
DVT_VEC(dvti_i32s, int32_t);
DVT_VEC(dvti_i16s, int16_t);

struct dvt_nets {
    dvt_ctx      *ctx;
    dvt_nets_kind kind;
    dvti_places   place;
    dvti_bytes    label;
    dvti_floats   width;
    dvti_i32s     start; /* of network i from place[i].node + i on, counted from place[i].read */
    dvti_i16s     read;
};

/* A network before it is added: `reads` is a matrix (nodes, nodes), row i what node i reads. Nodes
 * on no path from the first to the last are left out (these two stay). */
typedef struct dvti_net_draft {
    int32_t        nodes;
    const uint8_t *label;
    const float   *width; /* NULL = all 1 */
    const bool    *reads;
    double         macs, parameters;
    const uint8_t *op; /* NULL = none */
} dvti_net_draft;
dvt_status dvti_nets_add(dvt_nets *nets, const dvti_net_draft *draft);

/* E_USAGE unless the set is of this kind. */
dvt_status dvti_nets_check_kind(const dvt_nets *nets, dvt_nets_kind kind);

#endif
