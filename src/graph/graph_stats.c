/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_stats.c - how much work and how many parameters a graph has.
 *
 * Idea      Multiply-accumulates of one run, batch included, padding counted as work; bias, pooling
 *           and element-wise operators are not counted. This is the convention of the published
 *           figures (GoogLeNet 1.5827 G, ResNet-50 3.8580 G, AlexNet at 227 0.7244 G for one
 *           image).
 * Limits    Counts saturate at INT64_MAX.
 * Tests     tests/unit/test_graph_stats.c
 */
#include "graph/graph_int.h"

static int64_t mul_sat(int64_t a, int64_t b)
{
    if (a == 0 || b == 0) return 0;
    return a > INT64_MAX / b ? INT64_MAX : a * b;
}

static int64_t add_sat(int64_t a, int64_t b) { return a > INT64_MAX - b ? INT64_MAX : a + b; }

static const dvt_shape *shape_of(const dvt_graph *g, dvt_value_id v)
{
    return &g->values[v.i].shape;
}

int64_t dvt_graph_node_macs(const dvt_graph *g, dvt_node_id n)
{
    const dvt_node *node = dvt_graph_node(g, n);
    int64_t         rows, cols;

    if (!node || node->dead || node->input_count == 0) return 0;
    const dvt_shape *x = shape_of(g, node->inputs[0]);
    const dvt_shape *y = shape_of(g, node->outputs[0]);
    switch (node->op) {
    case DVT_OP_CONV: { /* each output element: one weight row */
        const dvt_shape *w = shape_of(g, node->inputs[1]);
        return mul_sat(dvt_shape_count(y), dvt_shape_count_range(w, 1, w->rank));
    }
    case DVT_OP_CONV_TRANSPOSE: { /* each input element: one weight row */
        const dvt_shape *w = shape_of(g, node->inputs[1]);
        return mul_sat(dvt_shape_count(x), dvt_shape_count_range(w, 1, w->rank));
    }
    case DVT_OP_DENSE:
        dvti_dense_extent(x, node->attrs.dense.axis, &rows, &cols);
        return mul_sat(dvt_shape_count(y), cols);
    case DVT_OP_MATMUL: return mul_sat(dvt_shape_count(y), x->dim[x->rank - 1]);
    case DVT_OP_GEMM: return mul_sat(dvt_shape_count(y), x->dim[node->attrs.gemm.trans_a ? 0 : 1]);
    default: return 0;
    }
}

void dvt_graph_stats_of(const dvt_graph *g, dvt_graph_stats *out)
{
    *out = (dvt_graph_stats){0};
    for (int32_t i = 0; i < g->node_count; i++) {
        if (g->nodes[i].dead) continue;
        out->nodes++;
        out->op_count[g->nodes[i].op]++;
        out->macs = add_sat(out->macs, dvt_graph_node_macs(g, (dvt_node_id){i}));
    }
    for (int32_t i = 0; i < g->value_count; i++) {
        const dvt_value *v = &g->values[i];
        bool             fixed = v->kind == DVT_VALUE_CONST || v->kind == DVT_VALUE_PARAM;
        if (fixed && g->meta[i].uses > 0 && dvti_dtype_is_float(v->dtype))
            out->parameters = add_sat(out->parameters, dvt_shape_count(&v->shape));
    }
}
