/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold.c - turn a node whose inputs are constants into constants.
 *
 * Idea      The node is evaluated with the reference kernels and its outputs become constants under
 *           their old ids and names, so that an importer may fold a node right after adding it and
 *           go on with the ids it holds.
 * Limits    A node that the evaluator does not handle is an error here (E_UNSUPPORTED); the
 *           fold-constants pass leaves such nodes alone.
 * Tests     tests/unit/test_eval.c, tests/fault/fault_exec.c
 */
#include "graph/eval_int.h"
#include "graph/graph_int.h"

/* in (input_count): the constants behind the inputs; false if one of them is not a constant. */
static bool constant_inputs(const dvt_graph *g, const dvt_node *n, dvt_tensor *in)
{
    for (int32_t i = 0; i < n->input_count; i++)
        if (n->inputs[i].i >= 0 && !dvt_graph_const(g, n->inputs[i], &in[i])) return false;
    return true;
}

dvt_status dvt_graph_fold_node(dvt_graph *g, dvt_node_id id, bool *folded)
{
    const dvt_node *n = dvt_graph_node(g, id);
    dvt_ctx        *ctx = g->ctx;
    dvt_status      st = DVT_OK;

    *folded = false;
    if (!n || n->dead) return dvt_fail(ctx, DVT_E_USAGE, NULL, "no live node with id %d", id.i);
    size_t      count = (size_t)n->input_count + (size_t)n->output_count;
    dvt_tensor *in = dvt_calloc(ctx, count, sizeof *in);
    if (!in) return DVT_E_NOMEM;
    dvt_tensor *out = in + n->input_count;
    if (!constant_inputs(g, n, in)) goto done;
    st = dvt_node_eval(g, id, in, out);
    for (int32_t i = 0; !st && i < n->output_count; i++)
        st = dvti_graph_make_const(g, n->outputs[i], &out[i]);
    if (st) goto done;
    dvt_graph_remove_node(g, id);
    *folded = true;
done:
    for (int32_t i = 0; i < n->output_count; i++) dvt_tensor_deinit(ctx, &out[i]);
    dvt_free(ctx, in);
    return st;
}
