/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb101_graph.c - the network of a NAS-Bench-101 cell as a graph, parameters without data.
 *
 * Layout    Every convolution is followed by batch-norm and ReLU. The cell's input enters each of
 *           its readers through a 1x1 convolution of the reader's width; sums truncate what is
 *           wider; what feeds the output is concatenated, and a projected input is added to it.
 * Names     "s<stack>c<cell>v<vertex>", with ".in" for the projection of the cell's input.
 * Tests     tests/unit/test_nb101_graph.c: multiply-accumulates and parameters equal those of the
 *           list of operations (nb101_ops.c), which is written independently of this file.
 */
#include "base/text_util.h"
#include "space/nb101_int.h"
#include "space/net_build.h"

enum { NAME = 64 };

typedef struct builder {
    dvti_net              net;
    const dvt_nb101_cell *cell;
    char                  prefix[16]; /* "s0c1" */
    dvt_value_id          input;      /* of the cell */
    int32_t               channels;   /* of its output */
} builder;

static dvt_value_id conv_bn_relu(dvti_net *n, const char *name, dvt_value_id x, int64_t channels,
                                 int64_t kernel)
{
    char bn[NAME], relu[NAME];

    dvti_format(bn, sizeof bn, "%s.bn", name);
    dvti_format(relu, sizeof relu, "%s.relu", name);
    x = dvti_net_conv(n, name, x, channels, (dvti_window){kernel, 1, kernel / 2, kernel / 2},
                      false);
    return dvti_net_relu(n, relu, dvti_net_batch_norm(n, bn, x));
}

static dvt_value_id project(builder *b, int v, int64_t channels)
{
    char name[NAME];

    dvti_format(name, sizeof name, "%sv%d.in", b->prefix, v);
    return conv_bn_relu(&b->net, name, b->input, channels, 1);
}

/* The sum of what vertex v reads. */
static dvt_value_id gather(builder *b, int v, int64_t channels, const dvt_value_id *done)
{
    char         name[NAME];
    dvt_value_id terms[DVT_NB101_MAX_VERTICES];
    int32_t      count = 0;

    for (int x = 1; x < v; x++) {
        if (dvt_nb101_edge(b->cell, x, v)) {
            dvti_format(name, sizeof name, "%sv%d.first%d", b->prefix, v, x);
            terms[count++] = dvti_net_truncate(&b->net, name, done[x], channels);
        }
    }
    if (dvt_nb101_edge(b->cell, 0, v)) {
        terms[count++] = project(b, v, channels);
    }
    dvti_format(name, sizeof name, "%sv%d.sum", b->prefix, v);
    return dvti_net_sum(&b->net, name, terms, count);
}

static dvt_value_id vertex(builder *b, int v, int64_t channels, const dvt_value_id *done)
{
    dvt_value_id x = gather(b, v, channels, done);
    char         name[NAME];

    dvti_format(name, sizeof name, "%sv%d", b->prefix, v);
    switch ((dvt_nb101_label)b->cell->ops[v - 1]) {
    case DVT_NB101_CONV3X3: return conv_bn_relu(&b->net, name, x, channels, 3);
    case DVT_NB101_CONV1X1: return conv_bn_relu(&b->net, name, x, channels, 1);
    default: return dvti_net_pool(&b->net, name, x, DVT_POOL_MAX, (dvti_window){3, 1, 1, 1});
    }
}

/* b->input becomes the cell's output. */
static void add_cell(builder *b)
{
    int          last = b->cell->vertices - 1;
    int32_t      channels[DVT_NB101_MAX_VERTICES], count = 0;
    dvt_value_id done[DVT_NB101_MAX_VERTICES], parts[DVT_NB101_MAX_VERTICES], out[2];
    char         name[NAME];

    dvti_nb101_vertex_channels(b->cell, b->channels, channels);
    for (int v = 1; v < last; v++) {
        done[v] = vertex(b, v, channels[v], done);
        if (dvt_nb101_edge(b->cell, v, last)) {
            parts[count++] = done[v];
        }
    }
    int32_t terms = 0;
    if (count) {
        dvti_format(name, sizeof name, "%s.concat", b->prefix);
        out[terms++] = dvti_net_concat(&b->net, name, parts, count);
    }
    if (dvt_nb101_edge(b->cell, 0, last)) {
        out[terms++] = project(b, last, b->channels);
    }
    dvti_format(name, sizeof name, "%s.out", b->prefix);
    b->input = dvti_net_sum(&b->net, name, out, terms);
}

static void add_network(builder *b)
{
    char name[NAME];

    b->input = dvti_net_input(&b->net, DVTI_NB101_IMAGE_CHANNELS, DVTI_NB101_IMAGE_SIZE);
    b->input = conv_bn_relu(&b->net, "stem", b->input, DVTI_NB101_STEM_CHANNELS, 3);
    for (int32_t stack = 0; stack < DVTI_NB101_STACKS; stack++) {
        b->channels = dvti_nb101_channels(stack);
        if (stack > 0) {
            dvti_format(name, sizeof name, "down%d", (int)stack);
            b->input =
                dvti_net_pool(&b->net, name, b->input, DVT_POOL_MAX, (dvti_window){2, 2, 0, 0});
        }
        for (int32_t cell = 0; cell < DVTI_NB101_CELLS; cell++) {
            dvti_format(b->prefix, sizeof b->prefix, "s%dc%d", (int)stack, (int)cell);
            add_cell(b);
        }
    }
    dvti_net_head(&b->net, b->input, DVTI_NB101_CLASSES);
}

dvt_status dvt_nb101_graph(dvt_ctx *ctx, const dvt_nb101_cell *c, dvt_graph **out)
{
    builder b = {.cell = c};

    *out = NULL;
    if (!dvt_nb101_valid(c)) {
        dvt_fail(ctx, DVT_E_USAGE, NULL, "not a cell of NAS-Bench-101");
        dvt_fail_hint(ctx, "2 to 7 vertices, at most 9 edges, every vertex on a path from input to "
                           "output");
        return DVT_E_USAGE;
    }
    b.net.g = dvt_graph_create(ctx, "nasbench101");
    if (!b.net.g) {
        return DVT_E_NOMEM;
    }
    add_network(&b);
    if (b.net.st == DVT_OK) {
        *out = b.net.g;
    } else {
        dvt_graph_destroy(b.net.g);
    }
    return b.net.st;
}
