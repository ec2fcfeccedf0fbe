/* SPDX-License-Identifier: Apache-2.0 */
/*
 * features.c - counts, paths, distances and walks of a network's graph.
 *
 * Idea       Latency and accuracy of a cell depend on few things that a sum over nodes or a pass
 *            along the edges finds: how many operations of a kind there are, what lies on the
 *            longest and on the shortest path, how near the ends an operation is, how much of the
 *            signal passes through it. Each group below is one such view; a kernel weighs them.
 * Passes     nodes are in topological order, so "longest path to node i" is one pass forwards and
 *            "paths from node i" one backwards: O(nodes + edges) for all but the label pairs.
 * Limits     paths are counted in double: from 2^53 on rounded, beyond 1e300 capped.
 * Tests      tests/unit/test_nets.c (closed forms, isomorphic cells)
 */
#include "predict/features.h"

#include <math.h>
#include <string.h>

#include "predict/features_int.h"

static const char *const group_names[DVTI_GROUPS] = {
#define DVTI_X(name, text, help) text,
    DVTI_GROUP_LIST(DVTI_X)
#undef DVTI_X
};

const char *dvti_group_name(dvti_group g) { return group_names[g]; }

/* ---- columns ------------------------------------------------------------------------------- */

static int32_t group_columns(dvti_group g, dvt_nets_kind kind, int32_t l, int32_t k)
{
    switch (g) {
    case DVTI_GROUP_COUNT: return k;
    case DVTI_GROUP_SIZE:
    case DVTI_GROUP_ENDS: return 4;
    case DVTI_GROUP_EDGE:
    case DVTI_GROUP_STEP2: return l * l;
    case DVTI_GROUP_PATH: return 2 * k + 4;
    case DVTI_GROUP_PLACE: return 2 * DVTI_PLACES * k;
    case DVTI_GROUP_WALK: return 3 * k;
    case DVTI_GROUP_FAN:
    case DVTI_GROUP_THROUGH: return 2 * k;
    case DVTI_GROUP_MEAN:
    case DVTI_GROUP_LAST: return 2 * k + 2;
    case DVTI_GROUP_WIDTH: return kind == DVT_NETS_NB101 ? k : 0;
    case DVTI_GROUP_CHOICE:
        return kind == DVT_NETS_NB201 ? DVT_NB201_EDGES * (DVT_NB201_OPS - 1) : 0;
    case DVTI_GROUP_NODE: return kind == DVT_NETS_NB201 ? DVTI_NODE_COLUMNS : 0;
    default: return 0;
    }
}

dvti_features dvti_features_of(dvt_nets_kind kind)
{
    const int32_t l = dvt_nets_labels(kind), k = l - 2;
    dvti_features f = {.kind = kind, .labels = l, .ops = k};

    for (int g = 0; g < DVTI_GROUPS; g++) {
        f.first[g] = f.columns;
        f.columns += group_columns((dvti_group)g, kind, l, k);
    }
    f.first[DVTI_GROUPS] = f.columns;
    return f;
}

bool dvti_label_heavy(dvt_nets_kind kind, int32_t label)
{
    const int32_t op = label - DVT_LABEL_OUTPUT - 1;

    if (kind != DVT_NETS_GRAPH) {
        return op == 0 || op == 1;
    }
    return op == DVT_OP_CONV || op == DVT_OP_CONV_TRANSPOSE || op == DVT_OP_DENSE ||
           op == DVT_OP_MATMUL || op == DVT_OP_GEMM || op >= DVT_OP_COUNT;
}

/* ---- one network --------------------------------------------------------------------------- */

size_t dvti_features_scratch(int32_t nodes)
{
    return (size_t)nodes * DVTI_NODE_ARRAYS * sizeof(double);
}

/* Of label `l` among the operations, or -1. */
static int32_t op_of(int32_t l) { return l - DVT_LABEL_OUTPUT - 1; }

static void count_pass(dvti_view *v)
{
    const dvt_net *net = v->net;
    float     *count = dvti_columns(v, DVTI_GROUP_COUNT), *size = dvti_columns(v, DVTI_GROUP_SIZE);
    float     *width = dvti_columns(v, DVTI_GROUP_WIDTH);
    const bool widths = v->f->kind == DVT_NETS_NB101;

    for (int32_t i = 1; i + 1 < net->nodes; i++) {
        const int32_t op = op_of(net->label[i]);
        count[op] += 1;
        if (widths) {
            width[op] += net->width[i];
        }
    }
    size[0] = (float)log(1 + net->macs);
    size[1] = (float)log(1 + net->parameters);
    size[2] = (float)net->nodes;
    size[3] = (float)net->start[net->nodes];
}

static void edge_pass(dvti_view *v)
{
    const dvt_net *net = v->net;
    const int32_t  l = v->f->labels, k = v->f->ops;
    float *edge = dvti_columns(v, DVTI_GROUP_EDGE), *two = dvti_columns(v, DVTI_GROUP_STEP2);
    float *fan = dvti_columns(v, DVTI_GROUP_FAN);

    for (int32_t i = 1; i < net->nodes; i++) {
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            const int32_t x = net->read[e], from = op_of(net->label[x]), to = op_of(net->label[i]);
            edge[net->label[x] * l + net->label[i]] += 1;
            if (to >= 0) {
                fan[to] += 1;
            }
            if (from >= 0) {
                fan[k + from] += 1;
            }
            for (int32_t d = net->start[x]; d < net->start[x + 1]; d++) {
                two[net->label[net->read[d]] * l + net->label[i]] += 1;
            }
        }
    }
}

/* What a node adds to a path's length in measure `m`: 0 nodes, 1 heavy ones, 2.. of a label. */
static double weight(const dvti_view *v, int32_t i, int32_t m)
{
    const int32_t label = v->net->label[i];

    if (label <= DVT_LABEL_OUTPUT) {
        return 0;
    }
    return m == 0 ? 1 : m == 1 ? dvti_label_heavy(v->f->kind, label) : op_of(label) == m - 2;
}

static void path_pass(dvti_view *v)
{
    const dvt_net *net = v->net;
    float         *path = dvti_columns(v, DVTI_GROUP_PATH);
    double        *longest = v->a[0], *shortest = v->a[1];

    for (int32_t m = 0; m < v->f->ops + 2; m++) {
        longest[0] = shortest[0] = 0;
        for (int32_t i = 1; i < net->nodes; i++) {
            const bool   none = net->start[i] == net->start[i + 1];
            const double w = weight(v, i, m);
            longest[i] = 0;
            shortest[i] = none ? 0 : INFINITY;
            for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
                longest[i] = fmax(longest[i], longest[net->read[e]]);
                shortest[i] = fmin(shortest[i], shortest[net->read[e]]);
            }
            longest[i] += w;
            shortest[i] += w;
        }
        path[2 * m] = (float)longest[net->nodes - 1];
        path[2 * m + 1] = (float)shortest[net->nodes - 1];
    }
}

/* Longest distance of every node from the input (a) and to the output (b), in edges. */
static void distance_pass(dvti_view *v)
{
    const dvt_net *net = v->net;
    float         *place = dvti_columns(v, DVTI_GROUP_PLACE);
    double        *a = v->a[0], *b = v->a[1];

    memset(a, 0, (size_t)net->nodes * sizeof *a);
    memset(b, 0, (size_t)net->nodes * sizeof *b);
    for (int32_t i = 1; i < net->nodes; i++) {
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            a[i] = fmax(a[i], a[net->read[e]] + 1);
        }
    }
    for (int32_t i = net->nodes - 1; i > 0; i--) {
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            b[net->read[e]] = fmax(b[net->read[e]], b[i] + 1);
        }
    }
    for (int32_t i = 1; i + 1 < net->nodes; i++) {
        float *of = place + 2 * DVTI_PLACES * op_of(net->label[i]);
        if (a[i] <= DVTI_PLACES) {
            of[(int32_t)a[i] - 1] += 1;
        }
        if (b[i] <= DVTI_PLACES) {
            of[DVTI_PLACES + (int32_t)b[i] - 1] += 1;
        }
    }
}

/* Random walks: backwards from the output to one of the sources, forwards to one of the readers. */
static void walk_pass(dvti_view *v)
{
    const dvt_net *net = v->net;
    const int32_t  k = v->f->ops, last = net->nodes - 1;
    float         *walk = dvti_columns(v, DVTI_GROUP_WALK);
    double        *back = v->a[0], *fore = v->a[1], *readers = v->a[2];

    memset(back, 0, (size_t)net->nodes * sizeof *back);
    memset(readers, 0, (size_t)net->nodes * sizeof *readers);
    back[last] = 1;
    for (int32_t i = last; i > 0; i--) {
        const int32_t reads = net->start[i + 1] - net->start[i];
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            back[net->read[e]] += back[i] / reads;
            readers[net->read[e]] += 1;
        }
    }
    fore[0] = 1;
    for (int32_t i = 1; i <= last; i++) {
        fore[i] = 0;
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            fore[i] += fore[net->read[e]] / readers[net->read[e]];
        }
    }
    for (int32_t i = 1; i < last; i++) {
        float *of = walk + op_of(net->label[i]);
        of[0] += (float)back[i];
        of[k] += (float)fore[i];
        of[2 * k] += (float)(back[i] * fore[i]);
    }
}

/* Number of paths from the input to every node (a) and from it to the output (b). */
static void count_paths(dvti_view *v)
{
    const dvt_net *net = v->net;
    double        *a = v->a[0], *b = v->a[1];

    memset(b, 0, (size_t)net->nodes * sizeof *b);
    a[0] = b[net->nodes - 1] = 1;
    for (int32_t i = 1; i < net->nodes; i++) {
        a[i] = 0;
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            a[i] = fmin(a[i] + a[net->read[e]], 1e300);
        }
    }
    for (int32_t i = net->nodes - 1; i > 0; i--) {
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            b[net->read[e]] = fmin(b[net->read[e]] + b[i], 1e300);
        }
    }
}

static void through_pass(dvti_view *v)
{
    const dvt_net *net = v->net;
    const int32_t  last = net->nodes - 1;
    float         *through = dvti_columns(v, DVTI_GROUP_THROUGH);
    float         *ends = dvti_columns(v, DVTI_GROUP_ENDS);
    const double   all = v->a[0][last];

    for (int32_t i = 1; i < last && all > 0; i++) {
        const double part = v->a[0][i] / all * v->a[1][i];
        float       *of = through + op_of(net->label[i]);
        of[0] += (float)part;
        of[v->f->ops] += part > 1 - 1e-9;
    }
    ends[0] = (float)log(fmax(all, 0.5));
    ends[3] = (float)(net->start[last + 1] - net->start[last]);
    for (int32_t e = 0; e < net->start[last + 1]; e++) {
        ends[2] += net->read[e] == 0;
    }
    for (int32_t e = net->start[last]; e < net->start[last + 1]; e++) {
        ends[1] += net->read[e] == 0;
    }
}

/* Mean and variance over all paths of what a path holds, from the moments at each node; a: paths to
 * a node (count_paths), s: mean, q: mean square over these. */
static void mean_pass(dvti_view *v)
{
    const dvt_net *net = v->net;
    float         *mean = dvti_columns(v, DVTI_GROUP_MEAN);
    const double  *a = v->a[0];
    double        *s = v->a[2], *q = v->a[3];

    for (int32_t m = 0; m <= v->f->ops; m++) {
        s[0] = q[0] = 0;
        for (int32_t i = 1; i < net->nodes; i++) {
            const double w = weight(v, i, m == 0 ? 0 : m + 1);
            s[i] = q[i] = 0;
            for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
                const double part = a[net->read[e]] / a[i];
                s[i] += part * s[net->read[e]];
                q[i] += part * q[net->read[e]];
            }
            q[i] += w * (2 * s[i] + w);
            s[i] += w;
        }
        mean[2 * m] = (float)s[net->nodes - 1];
        mean[2 * m + 1] = (float)fmax(q[net->nodes - 1] - s[net->nodes - 1] * s[net->nodes - 1], 0);
    }
}

static void last_pass(dvti_view *v)
{
    const dvt_net *net = v->net;
    const int32_t  last = net->nodes - 1, k = v->f->ops;
    const int32_t  reads = net->start[last + 1] - net->start[last];
    float         *of = dvti_columns(v, DVTI_GROUP_LAST);

    for (int32_t e = net->start[last]; e < net->start[last + 1]; e++) {
        const int32_t at =
            op_of(net->label[net->read[e]]) < 0 ? k : op_of(net->label[net->read[e]]);
        of[at] += 1;
        of[k + 1 + at] += 1.0F / (float)reads;
    }
}

void dvti_features_row(const dvti_features *f, const dvt_net *net, void *scratch, float *out)
{
    dvti_view v = {.f = f, .net = net, .out = out};

    memset(out, 0, (size_t)f->columns * sizeof *out);
    for (int i = 0; i < DVTI_NODE_ARRAYS; i++) {
        v.a[i] = (double *)scratch + (size_t)i * (size_t)net->nodes;
    }
    count_pass(&v);
    edge_pass(&v);
    path_pass(&v);
    distance_pass(&v);
    walk_pass(&v);
    count_paths(&v);
    through_pass(&v);
    mean_pass(&v);
    last_pass(&v);
    if (net->op) {
        dvti_nb201_features(&v);
    }
}
