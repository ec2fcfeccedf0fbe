/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb201_graph.c - the networks of a NAS-Bench-201 cell: for accuracy, and as LatBench timed it.
 *
 * Accuracy  stem conv3x3-BN; per stage 5 cells; before stages 1 and 2 a residual block of stride 2,
 *           (ReLU-conv3x3-BN) twice beside average pooling 2x2 and conv1x1; at the end BN-ReLU,
 *           global average pooling, linear. A convolution in a cell is ReLU-conv-BN. A node is the
 *           sum of its edges; `none` adds nothing, a node with nothing else is its first source
 *           times zero. Nodes that nothing reads stay: their parameters count.
 * LatBench  stem conv3x3-ReLU; a convolution is conv-ReLU with bias; nodes on no path from input
 *           to output are left out; the shortcut's convolution and the second of a block have ReLU
 *           like all others; the linear layer follows global pooling. Its padding at stride 2 is
 *           TensorFlow's "same" (nothing before, one behind).
 * Names     "s<stage>c<cell>e<source><target>" on an edge, "s<stage>c<cell>n<node>" for a sum.
 * Tests     tests/unit/test_nb201.c
 */
#include "base/text_util.h"
#include "space/nb201_int.h"
#include "space/net_build.h"

enum { NAME = 64 };

typedef struct builder {
    dvti_net              net;
    const dvt_nb201_cell *cell;
    bool                  latbench;
    int                   stage, index; /* of the cell in its stage */
    dvt_value_id          x;            /* what the next layer reads */
} builder;

/* ReLU-conv-BN, or conv-ReLU with bias. */
static dvt_value_id conv(builder *b, const char *name, dvt_value_id x, int64_t channels,
                         dvti_window w)
{
    char other[NAME];

    dvti_format(other, sizeof other, "%s.relu", name);
    if (b->latbench) {
        return dvti_net_relu(&b->net, other, dvti_net_conv(&b->net, name, x, channels, w, true));
    }
    x = dvti_net_conv(&b->net, name, dvti_net_relu(&b->net, other, x), channels, w, false);
    dvti_format(other, sizeof other, "%s.bn", name);
    return dvti_net_batch_norm(&b->net, other, x);
}

/* ---- cell ---------------------------------------------------------------------------------- */

static dvt_value_id edge(builder *b, int from, int to, dvt_value_id x)
{
    int64_t channels = dvti_nb201_channels(b->stage);
    char    name[NAME];

    dvti_format(name, sizeof name, "s%dc%de%d%d", b->stage, b->index, from, to);
    switch ((dvt_nb201_op)dvti_nb201_op(b->cell, from, to)) {
    case DVT_NB201_CONV1X1: return conv(b, name, x, channels, (dvti_window){1, 1, 0, 0});
    case DVT_NB201_CONV3X3: return conv(b, name, x, channels, (dvti_window){3, 1, 1, 1});
    case DVT_NB201_AVGPOOL3X3:
        return dvti_net_pool(&b->net, name, x, DVT_POOL_AVG, (dvti_window){3, 1, 1, 1});
    default: return x; /* skip; `none` is not asked for */
    }
}

static dvt_value_id node(builder *b, int y, uint32_t live, const dvt_value_id *done)
{
    dvt_value_id terms[DVTI_NB201_NODES];
    int32_t      count = 0;
    char         name[NAME];

    for (int x = 0; x < y; x++) {
        if ((live >> x & 1) && dvti_nb201_op(b->cell, x, y) != DVT_NB201_NONE) {
            terms[count++] = edge(b, x, y, done[x]);
        }
    }
    dvti_format(name, sizeof name, "s%dc%dn%d", b->stage, b->index, y);
    return count ? dvti_net_sum(&b->net, name, terms, count)
                 : dvti_net_zero(&b->net, name, done[0]);
}

static void add_cell(builder *b)
{
    uint32_t     all = (1u << DVTI_NB201_NODES) - 1;
    uint32_t     live = b->latbench ? dvti_nb201_live(b->cell) : all;
    dvt_value_id done[DVTI_NB201_NODES] = {b->x};

    for (int y = 1; y < DVTI_NB201_NODES; y++) {
        if (live >> y & 1) {
            done[y] = node(b, y, live, done);
        }
    }
    b->x = done[DVTI_NB201_NODES - 1];
}

/* ---- network ------------------------------------------------------------------------------- */

/* The residual block that begins a stage. */
static void add_block(builder *b)
{
    int64_t      channels = dvti_nb201_channels(b->stage);
    dvti_window  half = {3, 2, b->latbench ? 0 : 1, 1};
    dvt_value_id terms[2];
    char         name[NAME];

    dvti_format(name, sizeof name, "block%d.a", b->stage);
    terms[0] = conv(b, name, b->x, channels, half);
    dvti_format(name, sizeof name, "block%d.b", b->stage);
    terms[0] = conv(b, name, terms[0], channels, (dvti_window){3, 1, 1, 1});
    dvti_format(name, sizeof name, "block%d.half", b->stage);
    terms[1] = dvti_net_pool(&b->net, name, b->x, DVT_POOL_AVG, (dvti_window){2, 2, 0, 0});
    dvti_format(name, sizeof name, "block%d.short", b->stage);
    terms[1] = b->latbench ? conv(b, name, terms[1], channels, (dvti_window){1, 1, 0, 0})
                           : dvti_net_conv(&b->net, name, terms[1], channels,
                                           (dvti_window){1, 1, 0, 0}, false);
    dvti_format(name, sizeof name, "block%d", b->stage);
    b->x = dvti_net_sum(&b->net, name, terms, 2);
}

static void add_network(builder *b, int32_t classes)
{
    dvti_net   *n = &b->net;
    dvti_window same = {3, 1, 1, 1};

    b->x = dvti_net_input(n, DVTI_NB201_IMAGE_CHANNELS, DVTI_NB201_IMAGE_SIZE);
    b->x = dvti_net_conv(n, "stem", b->x, dvti_nb201_channels(0), same, b->latbench);
    b->x =
        b->latbench ? dvti_net_relu(n, "stem.relu", b->x) : dvti_net_batch_norm(n, "stem.bn", b->x);
    for (b->stage = 0; b->stage < DVTI_NB201_STAGES; b->stage++) {
        if (b->stage > 0) {
            add_block(b);
        }
        for (b->index = 0; b->index < DVTI_NB201_CELLS; b->index++) {
            add_cell(b);
        }
    }
    if (!b->latbench) {
        b->x = dvti_net_relu(n, "last.relu", dvti_net_batch_norm(n, "last.bn", b->x));
    }
    dvti_net_head(n, b->x, classes);
}

dvt_status dvt_nb201_graph(dvt_ctx *ctx, const dvt_nb201_cell *c, dvt_nb201_skeleton skeleton,
                           int32_t classes, dvt_graph **out)
{
    builder b = {.cell = c, .latbench = skeleton == DVT_NB201_LATBENCH};

    *out = NULL;
    if (classes < 1) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "a network has at least 1 class, not %d",
                        (int)classes);
    }
    if (b.latbench && !dvt_nb201_connected(c)) {
        dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL, "the cell has no path from input to output");
        dvt_fail_hint(ctx, "LatBench leaves such cells out; the accuracy network can be built");
        return DVT_E_UNSUPPORTED;
    }
    b.net.g = dvt_graph_create(ctx, b.latbench ? "nasbench201-latbench" : "nasbench201");
    if (!b.net.g) {
        return DVT_E_NOMEM;
    }
    add_network(&b, classes);
    if (b.net.st == DVT_OK) {
        *out = b.net.g;
    } else {
        dvt_graph_destroy(b.net.g);
    }
    return b.net.st;
}
