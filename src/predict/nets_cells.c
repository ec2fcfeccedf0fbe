/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nets_cells.c - cells of the benchmark spaces as labelled graphs.
 *
 * NAS-Bench-101
 *            operations are vertices already. The width of a vertex is its part of the channels.
 * NAS-Bench-201
 *            operations are edges; each becomes a node between input and output (8 in all), which
 *            reads the operations that end where it begins. `none` goes with all it is tied to, a
 *            skip is contracted: who read it now reads what it read. Then only what is on a path
 *            from input to output stays. As BRP-NAS encodes these cells (reference code [1]).
 *
 * [1] Dudziak et al., "BRP-NAS: prediction-based NAS using GCNs", 2020.
 */
#include <string.h>

#include "predict/nets_int.h"
#include "space/nb101_int.h"
#include "space/nb201_int.h"

enum {
    NB101_FIRST = 2, /* label of dvt_nb101_label 0; of dvt_nb201_op CONV1X1 too */
    NB201_NODES = DVT_NB201_EDGES + 2,
    WIDTH_BASE = 5040 /* divisible by every number of vertices that can share channels */
};

/* ---- NAS-Bench-101 ------------------------------------------------------------------------- */

dvt_status dvt_nets_add_nb101(dvt_nets *nets, const dvt_nb101_cell *c)
{
    bool           reads[DVT_NB101_MAX_VERTICES * DVT_NB101_MAX_VERTICES] = {false};
    uint8_t        label[DVT_NB101_MAX_VERTICES] = {DVT_LABEL_INPUT};
    float          width[DVT_NB101_MAX_VERTICES] = {1};
    int32_t        channels[DVT_NB101_MAX_VERTICES];
    const int      n = c->vertices;
    dvti_net_draft d = {.nodes = n, .label = label, .width = width, .reads = reads};
    dvt_status     st = dvti_nets_check_kind(nets, DVT_NETS_NB101);

    if (st != DVT_OK) {
        return st;
    }
    if (!dvt_nb101_valid(c)) {
        return dvt_fail(nets->ctx, DVT_E_USAGE, NULL, "cell %lld is no valid NAS-Bench-101 cell",
                        (long long)dvt_nets_count(nets));
    }
    dvti_nb101_vertex_channels(c, WIDTH_BASE, channels);
    for (int v = 1; v < n; v++) {
        label[v] = v == n - 1 ? DVT_LABEL_OUTPUT : (uint8_t)(NB101_FIRST + c->ops[v - 1]);
        width[v] = (float)channels[v] / WIDTH_BASE;
        for (int x = 0; x < v; x++) {
            reads[v * n + x] = dvt_nb101_edge(c, x, v);
        }
    }
    d.macs = (double)dvt_nb101_macs(c);
    d.parameters = (double)dvt_nb101_parameters(c);
    return dvti_nets_add(nets, &d);
}

/* ---- NAS-Bench-201 ------------------------------------------------------------------------- */

static const int edge_from[DVT_NB201_EDGES] = {0, 0, 1, 0, 1, 2};
static const int edge_to[DVT_NB201_EDGES] = {1, 2, 2, 3, 3, 3};

/* reads (NB201_NODES, NB201_NODES) with all six operations there. */
static void read_all(bool *reads)
{
    const int out = NB201_NODES - 1;

    for (int e = 0; e < DVT_NB201_EDGES; e++) {
        reads[(e + 1) * NB201_NODES] = edge_from[e] == 0;
        reads[out * NB201_NODES + e + 1] = edge_to[e] == DVTI_NB201_NODES - 1;
        for (int f = 0; f < e; f++) {
            reads[(e + 1) * NB201_NODES + f + 1] = edge_to[f] == edge_from[e];
        }
    }
}

/* Takes node `v` out; whoever read it reads what it read instead if `contract`. */
static void take_out(bool *reads, int v, bool contract)
{
    for (int y = v + 1; y < NB201_NODES; y++) {
        bool *row = reads + y * NB201_NODES;
        for (int x = 0; row[v] && contract && x < v; x++) {
            row[x] |= reads[v * NB201_NODES + x];
        }
        row[v] = false;
    }
    memset(reads + v * NB201_NODES, 0, NB201_NODES * sizeof *reads);
}

/* Operations on a path from node 0 to node 3; the others become `none`. */
static void used_operations(const dvt_nb201_cell *c, uint8_t op[DVT_NB201_EDGES])
{
    const uint32_t live = dvti_nb201_live(c);

    for (int e = 0; e < DVT_NB201_EDGES; e++) {
        const bool used = (live >> edge_from[e] & 1) && (live >> edge_to[e] & 1);
        op[e] = used ? c->op[e] : DVT_NB201_NONE;
    }
}

dvt_status dvt_nets_add_nb201(dvt_nets *nets, const dvt_nb201_cell *c)
{
    bool           reads[NB201_NODES * NB201_NODES] = {false};
    uint8_t        label[NB201_NODES] = {DVT_LABEL_INPUT}, op[DVT_NB201_EDGES];
    dvti_net_draft d = {.nodes = NB201_NODES,
                        .label = label,
                        .reads = reads,
                        .macs = (double)dvt_nb201_macs(c),
                        .parameters = (double)dvt_nb201_parameters(c),
                        .op = op};
    dvt_status     st = dvti_nets_check_kind(nets, DVT_NETS_NB201);

    if (st != DVT_OK) {
        return st;
    }
    used_operations(c, op);
    read_all(reads);
    label[NB201_NODES - 1] = DVT_LABEL_OUTPUT;
    for (int e = 0; e < DVT_NB201_EDGES; e++) {
        label[e + 1] = (uint8_t)(NB101_FIRST + c->op[e] - DVT_NB201_CONV1X1);
        if (c->op[e] < DVT_NB201_CONV1X1) {
            take_out(reads, e + 1, c->op[e] == DVT_NB201_SKIP);
        }
    }
    return dvti_nets_add(nets, &d);
}
