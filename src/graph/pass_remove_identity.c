/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass_remove_identity.c - drop nodes that hand their input on unchanged.
 *
 * Removes   identity (dropout at inference); casts to the same type; reshape, expand, tile, slice,
 *           pad, resize, transpose and depth operators that move nothing; concat, nary and split of
 *           one; clip without bounds, leaky ReLU of slope 1, power(1, 1, 0).
 * Legal     if the output equals the input to the bit, and either the output is no graph output or
 *           its name can move to the input (an inner value that is no output itself).
 * Tests     tests/unit/test_pass_simple.c, tests/prop/prop_passes.c
 */
#include "graph/rewrite_int.h"

#include <math.h>

static bool all_equal(const dvt_ints *list, int64_t value)
{
    for (int32_t i = 0; i < list->n; i++)
        if (list->v[i] != value) return false;
    return true;
}

static bool is_ascending(const dvt_ints *perm)
{
    for (int32_t i = 0; i < perm->n; i++)
        if (perm->v[i] != i) return false;
    return true;
}

static bool steps_are_positive(const dvt_ints *steps)
{
    for (int32_t i = 0; i < steps->n; i++)
        if (steps->v[i] < 0) return false;
    return true;
}

static bool scales_are_neutral(const dvt_resize_attrs *a)
{
    for (int32_t i = 0; i < a->dims.n; i++)
        if (a->scale[i] != 0.0f && a->scale[i] != 1.0f) return false;
    return true;
}

static bool unary_is_neutral(const dvt_unary_attrs *a)
{
    if (a->fn == DVT_UNARY_CLIP)
        return isinf(a->alpha) && a->alpha < 0 && isinf(a->beta) && a->beta > 0;
    if (a->fn == DVT_UNARY_LEAKY_RELU) return a->alpha == 1.0f;
    return a->fn == DVT_UNARY_POWER && a->alpha == 1.0f && a->beta == 0.0f && a->gamma == 1.0f;
}

/* Input and output are known to have one type and shape, and the node one input and one output. */
static bool hands_on(const dvt_node *n)
{
    const dvt_attrs *a = &n->attrs;

    switch (n->op) {
    case DVT_OP_IDENTITY:
    case DVT_OP_CAST:
    case DVT_OP_RESHAPE:
    case DVT_OP_EXPAND:
    case DVT_OP_TILE:
    case DVT_OP_CONCAT:
    case DVT_OP_NARY:
    case DVT_OP_SPLIT: return true;
    case DVT_OP_SLICE: return steps_are_positive(&a->slice.steps);
    case DVT_OP_PAD: return all_equal(&a->pad.pad_lo, 0) && all_equal(&a->pad.pad_hi, 0);
    case DVT_OP_RESIZE: return scales_are_neutral(&a->resize);
    case DVT_OP_TRANSPOSE: return is_ascending(&a->transpose.perm);
    case DVT_OP_DEPTH_TO_SPACE:
    case DVT_OP_SPACE_TO_DEPTH: return a->depth.block == 1;
    case DVT_OP_UNARY: return unary_is_neutral(&a->unary);
    default: return false;
    }
}

static bool is_identity(const dvt_graph *g, const dvt_node *n)
{
    if (n->input_count != 1 || n->output_count != 1) return false;
    const dvt_value *x = dvt_graph_value(g, n->inputs[0]), *y = dvt_graph_value(g, n->outputs[0]);
    return x->dtype == y->dtype && dvt_shape_equal(&x->shape, &y->shape) && hands_on(n);
}

static dvt_status run(dvt_graph *g, int32_t *changes)
{
    dvt_status st = DVT_OK;

    *changes = 0;
    for (int32_t i = 0; !st && i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        if (n->dead || !is_identity(g, n)) continue;
        if (!dvti_can_replace(g, n->outputs[0], n->inputs[0])) continue;
        st = dvti_graph_bypass_node(g, (dvt_node_id){i}, n->inputs[0]);
        *changes += 1;
    }
    return st;
}

const dvt_pass dvti_pass_remove_identity = {"remove-identity",
                                            "drop nodes that hand their input on unchanged", run};
