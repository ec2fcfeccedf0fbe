/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_seed.c - seeded values for parameters without data, so that a bare topology can be run,
 * compiled and profiled.
 *
 * Idea      What a parameter is follows from its first reader: weights are drawn He-normal
 *           (deviation sqrt(2 / fan_in)), so that activations keep their size through deep
 *           networks; statistics and scales stay near what trained networks have. Each parameter
 *           draws from a stream of its own named by its name, so that editing one part of a graph
 *           leaves the rest as it was.
 * Limits    Integers and truth values become 0: they are indices or masks, and 0 is always valid.
 * Tests     tests/unit/test_graph_seed.c
 */
#include "graph/graph_int.h"

#include <math.h>
#include <string.h>

typedef struct law {
    double mean, deviation; /* normal */
    double lo, hi;          /* uniform in [lo, hi) if lo < hi */
} law;

static law he_normal(int64_t fan_in)
{
    return (law){.deviation = sqrt(2.0 / (double)(fan_in > 0 ? fan_in : 1))};
}

static law weight_law(const dvt_graph *g, const dvt_node *node, const dvt_shape *w)
{
    const dvt_shape *a = &g->values[node->inputs[0].i].shape;

    switch (node->op) {
    case DVT_OP_CONV: return he_normal(dvt_shape_count_range(w, 1, w->rank));
    case DVT_OP_CONV_TRANSPOSE:
        return he_normal(dvt_shape_count(w) / (w->dim[1] > 0 ? w->dim[1] : 1));
    case DVT_OP_DENSE: return he_normal(w->dim[1]);
    case DVT_OP_MATMUL: return he_normal(a->rank ? a->dim[a->rank - 1] : 1);
    default: return he_normal(w->dim[node->attrs.gemm.trans_b ? 1 : 0]);
    }
}

/* How input `index` of `node` is drawn. */
static law law_of(const dvt_graph *g, const dvt_node *node, int32_t index, const dvt_shape *shape)
{
    static const law small = {.deviation = 0.01}, scale = {.mean = 1.0, .deviation = 0.05},
                     shift = {.deviation = 0.1}, variance = {.lo = 0.5, .hi = 1.5},
                     slope = {.mean = 0.25, .deviation = 0.05}, plain = {.deviation = 1.0};

    switch (node->op) {
    case DVT_OP_CONV:
    case DVT_OP_CONV_TRANSPOSE:
    case DVT_OP_DENSE:
    case DVT_OP_GEMM:
        if (index == 2) return small;
        return index == 1 ? weight_law(g, node, shape) : plain;
    case DVT_OP_MATMUL: return index == 1 ? weight_law(g, node, shape) : plain;
    case DVT_OP_BATCH_NORM:
    case DVT_OP_INSTANCE_NORM:
        if (index == 1) return scale;
        return index == 4 ? variance : index == 0 ? plain : shift;
    case DVT_OP_SCALE: return index == 1 ? scale : index == 2 ? small : plain;
    case DVT_OP_BIAS: return index == 1 ? small : plain;
    case DVT_OP_PRELU: return index == 1 ? slope : plain;
    default: return plain;
    }
}

/* The law by the first live node that reads v. */
static law find_law(const dvt_graph *g, int32_t v)
{
    for (int32_t i = 0; i < g->node_count; i++) {
        const dvt_node *node = &g->nodes[i];
        for (int32_t k = 0; !node->dead && k < node->input_count; k++)
            if (node->inputs[k].i == v) return law_of(g, node, k, &g->values[v].shape);
    }
    return (law){.deviation = 1.0};
}

static double draw(dvt_rng *rng, const law *l)
{
    if (l->lo < l->hi) return l->lo + (l->hi - l->lo) * dvt_rng_f64(rng);
    return l->mean + l->deviation * dvt_rng_normal(rng);
}

static void fill(dvt_tensor *t, dvt_rng *rng, const law *l)
{
    int64_t count = dvt_shape_count(&t->shape);

    for (int64_t i = 0; i < count; i++) {
        double x = draw(rng, l);
        if (t->dtype == DVT_DTYPE_F32)
            ((float *)t->data)[i] = (float)x;
        else if (t->dtype == DVT_DTYPE_F64)
            ((double *)t->data)[i] = x;
        else
            ((uint16_t *)t->data)[i] = dvt_f16_from_f32((float)x);
    }
}

dvt_status dvt_graph_seed_params(dvt_graph *g, uint64_t seed)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < g->value_count; i++) {
        const dvt_value *v = &g->values[i];
        dvt_tensor       t;
        if (v->kind != DVT_VALUE_PARAM) continue;
        st = dvt_tensor_init(g->ctx, v->dtype, &v->shape, &t);
        if (st != DVT_OK) break;
        if (dvti_dtype_is_float(v->dtype)) {
            law     l = find_law(g, i);
            dvt_rng rng = dvt_rng_make(seed, dvt_hash64(v->name, strlen(v->name), 0));
            fill(&t, &rng, &l);
        }
        st = dvt_graph_set_data(g, (dvt_value_id){i}, &t);
        dvt_tensor_deinit(g->ctx, &t);
    }
    return st;
}
