/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gcn.c - the networks of gcn.h: parameters, encodings, passes.
 *
 * Order      the last layer has one row a graph, so there the sum over nodes comes before the
 *            product with the weight: the same value for a ninth of the work.
 * Sharing    without dropout, nodes of equal context get equal values and are computed once.
 * Tests      tests/unit/test_predictor.c
 */
#include "predict/gcn.h"

#include <math.h>
#include <string.h>

#include "base/text_util.h"

enum { RUN_BATCH = 2048, CELL_SLOTS_NB101 = 7, CELL_SLOTS_NB201 = 8 };

/* ---- shape --------------------------------------------------------------------------------- */

dvti_gcn_shape dvti_gcn_shape_of(dvt_predict_model model, dvt_nets_kind kind, int32_t width)
{
    return (dvti_gcn_shape){
        .kind = kind,
        .head = model == DVT_PREDICT_BRP_BINARY  ? DVTI_HEAD_RELATION
                : model == DVT_PREDICT_BRP_SCORE ? DVTI_HEAD_SCORE
                                                 : DVTI_HEAD_VALUE,
        .dense = model == DVT_PREDICT_MLP,
        .width = width ? width : DVTI_GCN_WIDTH,
        .labels = dvt_nets_labels(kind) + 1,
        .slots = kind == DVT_NETS_NB101   ? CELL_SLOTS_NB101
                 : kind == DVT_NETS_NB201 ? CELL_SLOTS_NB201
                                          : 0,
    };
}

int32_t dvti_head_columns(dvti_head head) { return head == DVTI_HEAD_RELATION ? 4 : 1; }

int64_t dvti_dense_inputs(const dvti_gcn_shape *s)
{
    return s->slots * (s->labels - 1) + s->slots * (s->slots - 1) / 2;
}

/* ---- parameters ---------------------------------------------------------------------------- */

static dvt_status add(dvti_gcn *g, const char *name, int layer, dvt_shape shape, dvt_init init,
                      dvt_param *out)
{
    char full[32];

    dvti_format(full, sizeof full, "%s%d", name, layer);
    return dvt_params_add(g->params, full, shape, init, out);
}

static dvt_status add_layer(dvti_gcn *g, int i)
{
    const int64_t  width = g->shape.width;
    const int64_t  in = g->shape.dense ? dvti_dense_inputs(&g->shape) : g->shape.labels;
    const double   bound = 1 / sqrt((double)(i > 0 ? width : in));
    const dvt_init weight = {DVT_INIT_UNIFORM, bound}, zero = {DVT_INIT_ZERO, 0};
    /* the first layer of the graph network is a table, a row a label */
    const dvt_shape w = i > 0            ? DVT_SHAPE(width, width)
                        : g->shape.dense ? DVT_SHAPE(width, in)
                                         : DVT_SHAPE(in, width);
    dvt_status      st = add(g, "weight", i, w, weight, &g->weight[i]);

    st = st == DVT_OK ? add(g, "bias", i, DVT_SHAPE(width), zero, &g->bias[i]) : st;
    st = st == DVT_OK
             ? add(g, "gain", i, DVT_SHAPE(width), (dvt_init){DVT_INIT_CONSTANT, 1}, &g->gain[i])
             : st;
    return st == DVT_OK ? add(g, "shift", i, DVT_SHAPE(width), zero, &g->shift[i]) : st;
}

static int layers_of(const dvti_gcn *g) { return g->shape.dense ? 3 : DVTI_GCN_LAYERS; }

dvt_status dvti_gcn_init(dvt_ctx *ctx, const dvti_gcn_shape *shape, uint64_t seed, dvti_gcn *out)
{
    const int64_t columns = dvti_head_columns(shape->head);
    dvti_gcn      g = {.ctx = ctx, .shape = *shape, .level = {0, 1}};
    dvt_status    st;

    *out = (dvti_gcn){0};
    if (shape->dense && shape->slots == 0) {
        dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL, "the dense network takes cells only");
        dvt_fail_hint(ctx, "brp-gcn takes graphs of any size");
        return DVT_E_UNSUPPORTED;
    }
    st = dvt_params_create(ctx, seed, &g.params);
    for (int i = 0; st == DVT_OK && i < layers_of(&g); i++) {
        st = add_layer(&g, i);
    }
    st = st == DVT_OK ? add(&g, "head", 0, DVT_SHAPE(columns, shape->width),
                            (dvt_init){DVT_INIT_TORCH, 0}, &g.head)
                      : st;
    st = st == DVT_OK ? add(&g, "head_bias", 0, DVT_SHAPE(columns), (dvt_init){DVT_INIT_ZERO, 0},
                            &g.head_bias)
                      : st;
    if (st == DVT_OK) {
        *out = g;
        g = (dvti_gcn){0};
    }
    dvti_gcn_deinit(&g);
    return st;
}

void dvti_gcn_deinit(dvti_gcn *g)
{
    dvt_params_destroy(g->params);
    *g = (dvti_gcn){0};
}

/* ---- encoding ------------------------------------------------------------------------------ */

/* label (n) and a (n, n) for n = slots + 1 nodes, the global one first. */
static void encode(const dvt_net *net, const dvti_gcn_shape *s, int32_t n, int32_t *label, float *a)
{
    memset(a, 0, (size_t)n * (size_t)n * sizeof *a);
    for (int32_t i = 0; i < n; i++) {
        label[i] = i == 0 ? s->labels - 1 : i <= net->nodes ? net->label[i - 1] : -1;
        a[i] = 1;         /* the global node reads all */
        a[i * n + i] = 1; /* and each itself */
    }
    for (int32_t i = 1; i < net->nodes; i++) {
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            a[(net->read[e] + 1) * n + i + 1] = 1;
        }
    }
}

dvt_status dvti_gcn_graphs(dvt_ctx *ctx, const dvt_nets *nets, const dvti_gcn_shape *s,
                           const int64_t *index, int64_t begin, int64_t end, dvt_graph_set **out)
{
    const size_t   most = s->slots ? (size_t)s->slots + 1 : DVT_NETS_NODES_MAX;
    int32_t       *label = dvt_alloc(ctx, most * sizeof *label);
    float         *a = dvt_alloc(ctx, most * most * sizeof *a);
    dvt_graph_set *set = NULL;
    dvt_status     st = label && a ? dvt_graph_set_create(ctx, s->labels, &set) : DVT_E_NOMEM;

    *out = NULL;
    for (int64_t i = begin; st == DVT_OK && i < end; i++) {
        const dvt_net net = dvt_nets_at(nets, index ? index[i] : i);
        const int32_t n = (s->slots ? s->slots : net.nodes) + 1;
        if ((size_t)n > most) {
            st = dvt_fail(ctx, DVT_E_CAPACITY, NULL, "network %lld has %d nodes, graphs take %d",
                          (long long)i, (int)net.nodes, DVT_NETS_NODES_MAX - 1);
            break;
        }
        encode(&net, s, n, label, a);
        st = dvt_graph_set_add(set, n, label, a, false);
    }
    if (st == DVT_OK) {
        *out = set;
        set = NULL;
    }
    dvt_graph_set_destroy(set);
    dvt_free(ctx, a);
    dvt_free(ctx, label);
    return st;
}

void dvti_dense_row(const dvt_net *net, const dvti_gcn_shape *s, float *out)
{
    float *edge = out + s->slots * (s->labels - 1);

    memset(out, 0, (size_t)dvti_dense_inputs(s) * sizeof *out);
    for (int32_t i = 0; i < net->nodes; i++) {
        out[i * (s->labels - 1) + net->label[i]] = 1;
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            edge[i * (i - 1) / 2 + net->read[e]] = 1;
        }
    }
}

/* ---- passes -------------------------------------------------------------------------------- */

static dvt_var layer(dvt_tape *t, const dvti_gcn *g, int i, dvt_var x, const dvt_csr *m,
                     double dropout)
{
    return dvt_tape_block(t, x,
                          &(dvt_block){.m = m,
                                       .bias = dvt_tape_param(t, g->params, g->bias[i]),
                                       .gain = dvt_tape_param(t, g->params, g->gain[i]),
                                       .shift = dvt_tape_param(t, g->params, g->shift[i]),
                                       .norm = true,
                                       .relu = true,
                                       .dropout = dropout});
}

dvt_var dvti_gcn_embed(dvt_tape *t, const dvti_gcn *g, const dvt_graph_batch *batch, const float *x,
                       int64_t count, double dropout)
{
    dvt_var h;

    if (g->shape.dense) {
        h = dvt_tape_input(t, DVT_SHAPE(count, dvti_dense_inputs(&g->shape)), x);
        for (int i = 0; i < layers_of(g); i++) {
            const dvt_var w = dvt_tape_param(t, g->params, g->weight[i]);
            h = layer(t, g, i, dvt_tape_linear(t, h, w, DVT_NO_VAR), NULL, dropout);
        }
        return h;
    }
    h = layer(t, g, 0, dvt_tape_param(t, g->params, g->weight[0]), dvt_graph_batch_layer(batch, 0),
              dropout);
    for (int i = 1; i < DVTI_GCN_LAYERS; i++) {
        const dvt_csr *m = dvt_graph_batch_layer(batch, i);
        const dvt_var  w = dvt_tape_param(t, g->params, g->weight[i]);
        if (m->rows < m->cols) {
            h = dvt_tape_linear(t, dvt_tape_aggregate(t, m, h), w, DVT_NO_VAR);
            h = layer(t, g, i, h, NULL, dropout);
        } else {
            h = layer(t, g, i, dvt_tape_linear(t, h, w, DVT_NO_VAR), m, dropout);
        }
    }
    return h;
}

dvt_var dvti_gcn_head(dvt_tape *t, const dvti_gcn *g, dvt_var embedding)
{
    return dvt_tape_linear(t, embedding, dvt_tape_param(t, g->params, g->head),
                           dvt_tape_param(t, g->params, g->head_bias));
}

/* One batch of the run: graphs or rows of networks index[begin..end). */
static dvt_status run_batch(dvt_ctx *ctx, const dvti_gcn *g, dvt_tape *tape, const dvt_nets *nets,
                            const int64_t *index, int64_t begin, int64_t end, float *out)
{
    const int64_t    n = end - begin, inputs = dvti_dense_inputs(&g->shape);
    dvt_graph_set   *set = NULL;
    dvt_graph_batch *batch = NULL;
    int32_t         *all = NULL;
    float           *x = NULL;
    dvt_status       st = DVT_OK;

    if (g->shape.dense) {
        x = dvt_alloc(ctx, (size_t)(n * inputs) * sizeof *x);
        st = x ? DVT_OK : DVT_E_NOMEM;
        for (int64_t i = 0; st == DVT_OK && i < n; i++) {
            const dvt_net net = dvt_nets_at(nets, index ? index[begin + i] : begin + i);
            dvti_dense_row(&net, &g->shape, x + i * inputs);
        }
    } else {
        all = dvt_alloc(ctx, (size_t)n * sizeof *all);
        st = all ? dvti_gcn_graphs(ctx, nets, &g->shape, index, begin, end, &set) : DVT_E_NOMEM;
        st = st == DVT_OK ? dvt_graph_batch_create(ctx, set, DVTI_GCN_LAYERS, DVT_READOUT_FIRST,
                                                   true, &batch)
                          : st;
        for (int64_t i = 0; st == DVT_OK && i < n; i++) {
            all[i] = (int32_t)i;
        }
        st = st == DVT_OK ? dvt_graph_batch_fill(batch, all, n) : st;
    }
    if (st == DVT_OK) {
        dvt_tape_begin(tape, DVT_TAPE_INFER, 0);
        const dvt_var y = dvti_gcn_head(tape, g, dvti_gcn_embed(tape, g, batch, x, n, 0));
        st = dvt_tape_status(tape);
        if (st == DVT_OK) {
            memcpy(out, dvt_tape_value(tape, y),
                   (size_t)n * (size_t)dvti_head_columns(g->shape.head) * sizeof *out);
        }
    }
    dvt_graph_batch_destroy(batch);
    dvt_graph_set_destroy(set);
    dvt_free(ctx, all);
    dvt_free(ctx, x);
    return st;
}

dvt_status dvti_gcn_run(dvt_ctx *ctx, const dvti_gcn *g, const dvt_nets *nets, const int64_t *index,
                        int64_t n, float *out)
{
    dvt_tape  *tape = NULL;
    dvt_status st = dvt_tape_create(ctx, 0, &tape);

    for (int64_t at = 0; st == DVT_OK && at < n; at += RUN_BATCH) {
        const int64_t end = n - at < RUN_BATCH ? n : at + RUN_BATCH;
        st = run_batch(ctx, g, tape, nets, index, at, end,
                       out + at * dvti_head_columns(g->shape.head));
    }
    dvt_tape_destroy(tape);
    return st;
}
