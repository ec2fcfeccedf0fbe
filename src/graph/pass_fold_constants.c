/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass_fold_constants.c - compute at compile time what depends on constants only.
 *
 * Idea      One sweep in topological order: a folded node's outputs are constants when its readers
 *           are looked at.
 * Legal     always; the node is computed with the reference kernels.
 * Limits    A node whose results take more than FOLD_MAX_BYTES and more than its inputs is left in
 *           place (an expanded mask would fill memory for nothing), and so is one that the
 *           evaluator does not handle: whoever executes the graph reports it.
 * Tests     tests/unit/test_pass_simple.c, tests/prop/prop_passes.c
 */
#include "graph/rewrite_int.h"

enum { FOLD_MAX_BYTES = 64 << 20 };

static int64_t value_bytes(const dvt_graph *g, dvt_value_id id)
{
    const dvt_value *v = dvt_graph_value(g, id);
    return v ? dvt_shape_count(&v->shape) * (int64_t)dvt_dtype_bytes(v->dtype) : 0;
}

static bool is_worth_it(const dvt_graph *g, const dvt_node *n)
{
    int64_t in = 0, out = 0;

    for (int32_t i = 0; i < n->input_count; i++) {
        const dvt_value *v = dvt_graph_value(g, n->inputs[i]);
        if (v && v->kind != DVT_VALUE_CONST) return false;
        in += value_bytes(g, n->inputs[i]);
    }
    for (int32_t i = 0; i < n->output_count; i++) out += value_bytes(g, n->outputs[i]);
    return out <= FOLD_MAX_BYTES || out <= in;
}

static dvt_status run(dvt_graph *g, int32_t *changes)
{
    *changes = 0;
    for (int32_t i = 0; i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        bool            folded = false;
        if (n->dead || !is_worth_it(g, n)) continue;
        dvt_status st = dvt_graph_fold_node(g, (dvt_node_id){i}, &folded);
        if (st == DVT_E_UNSUPPORTED)
            dvt_ctx_clear_error(dvt_graph_ctx(g));
        else if (st)
            return st;
        *changes += folded;
    }
    return DVT_OK;
}

const dvt_pass dvti_pass_fold_constants = {"fold-constants",
                                           "compute what depends on constants only", run};
