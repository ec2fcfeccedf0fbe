/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb101_cell.c - a NAS-Bench-101 cell by itself: validity, pruning, channels of its vertices.
 *
 * Idea      Vertices are in topological order, so reachability is one sweep over masks of sources:
 *           forwards from the input, backwards from the output.
 * Channels  The vertices that feed the output share its channels, which are concatenated: an equal
 *           part each, the remainder one each to the first. Any other vertex has as many channels
 *           as the largest vertex it feeds. The input does not count: it is projected for each
 *           reader, and added to (not concatenated with) the output.
 * Tests     tests/unit/test_nb101_cell.c
 */
#include "space/nb101_int.h"

bool dvt_nb101_edge(const dvt_nb101_cell *c, int x, int y)
{
    return (c->adj_bits & dvti_nb101_bit(x, y)) != 0;
}

/* ---- paths --------------------------------------------------------------------------------- */

/* Mask of the vertices on a path from input to output. */
static uint32_t on_paths(const dvt_nb101_cell *c)
{
    uint32_t from_input = 1, to_output = 1u << (c->vertices - 1);

    for (int y = 1; y < c->vertices; y++) {
        if (dvti_nb101_sources(c->adj_bits, y) & from_input) {
            from_input |= 1u << y;
        }
    }
    for (int y = c->vertices - 1; y > 0; y--) {
        if (to_output >> y & 1) {
            to_output |= dvti_nb101_sources(c->adj_bits, y);
        }
    }
    return from_input & to_output;
}

static bool in_range(const dvt_nb101_cell *c)
{
    int edges = 0;

    if (c->vertices < 2 || c->vertices > DVT_NB101_MAX_VERTICES ||
        c->adj_bits >= dvti_nb101_bit(0, c->vertices)) {
        return false;
    }
    for (int i = 0; i < DVT_NB101_MAX_INTERIOR; i++) {
        if (c->ops[i] >= (i < c->vertices - 2 ? DVT_NB101_LABELS : 1)) {
            return false;
        }
    }
    for (uint32_t rest = c->adj_bits; rest; rest &= rest - 1) {
        edges++;
    }
    return edges <= DVT_NB101_MAX_EDGES;
}

bool dvt_nb101_valid(const dvt_nb101_cell *c)
{
    return in_range(c) && on_paths(c) == (1u << c->vertices) - 1;
}

bool dvt_nb101_prune(dvt_nb101_cell *c)
{
    uint32_t       keep = on_paths(c);
    dvt_nb101_cell out = {0};
    int            place[DVT_NB101_MAX_VERTICES] = {0};

    if (!(keep & 1) || !(keep >> (c->vertices - 1) & 1)) {
        return false;
    }
    for (int y = 0; y < c->vertices; y++) {
        if (!(keep >> y & 1)) {
            continue;
        }
        place[y] = out.vertices;
        for (int x = 0; x < y; x++) {
            if ((keep >> x & 1) && dvt_nb101_edge(c, x, y)) {
                out.adj_bits |= dvti_nb101_bit(place[x], place[y]);
            }
        }
        if (y > 0 && y < c->vertices - 1) {
            out.ops[place[y] - 1] = c->ops[y - 1];
        }
        out.vertices++;
    }
    *c = out;
    return true;
}

/* ---- channels ------------------------------------------------------------------------------ */

void dvti_nb101_vertex_channels(const dvt_nb101_cell *c, int32_t channels,
                                int32_t out[DVT_NB101_MAX_VERTICES])
{
    int      last = c->vertices - 1;
    uint32_t feeders = dvti_nb101_sources(c->adj_bits, last) & ~1u;
    int32_t  count = 0;

    for (uint32_t rest = feeders; rest; rest &= rest - 1) {
        count++;
    }
    int32_t extra = count ? channels % count : 0;
    for (int v = 1; v < last; v++) {
        out[v] = 0;
        if (feeders >> v & 1) {
            out[v] = channels / count + (extra > 0);
            extra -= extra > 0;
        }
    }
    for (int v = last - 1; v > 0; v--) {
        for (int y = v + 1; !(feeders >> v & 1) && y < last; y++) {
            if (dvt_nb101_edge(c, v, y) && out[y] > out[v]) {
                out[v] = out[y];
            }
        }
    }
    out[last] = channels;
}
