/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass_merge_pad.c - let a convolution or an average pooling do the zero padding in front of it.
 *
 * Legal     The pad is constant, of zeros, not negative, in spatial dimensions only, and
 *             conv  always: what it pads with is zero, so that pads add up;
 *             pool  averages without own pads and without ceil mode: every window lies inside the
 *                   padded image, so that its divisor, the kernel's size, is that of
 *                   `avg_count = kernel` over the unpadded image.
 *           Maximum pooling pads with minus infinity, not with zero, and is left alone.
 *           Other readers of the pad keep it; it goes when nobody is left.
 * Same bits The sum has the same terms but for zeros.
 * Tests     tests/unit/test_pass_simple.c, tests/prop/prop_passes.c
 */
#include "graph/rewrite_int.h"

static bool pads_images_with_zeros(const dvt_node *pad)
{
    const dvt_pad_attrs *a = &pad->attrs.pad;

    if (pad->op != DVT_OP_PAD || a->mode != DVT_PAD_CONSTANT || a->value != 0.0f) return false;
    for (int32_t i = 0; i < a->pad_lo.n; i++) {
        if (a->pad_lo.v[i] < 0 || a->pad_hi.v[i] < 0) return false;
        if (i < 2 && (a->pad_lo.v[i] > 0 || a->pad_hi.v[i] > 0)) return false;
    }
    return true;
}

static bool is_unpadded_average(const dvt_pool_attrs *a)
{
    for (int32_t i = 0; i < a->win.pad_lo.n; i++)
        if (a->win.pad_lo.v[i] || a->win.pad_hi.v[i]) return false;
    return a->kind == DVT_POOL_AVG && !a->ceil_mode;
}

/* The attributes of n with the pad's added; false if that would compute something else. */
static bool merged_attrs(const dvt_node *n, const dvt_pad_attrs *pad, dvt_attrs *out)
{
    dvt_window_attrs *win;

    *out = n->attrs;
    if (n->op == DVT_OP_CONV) {
        win = &out->conv.win;
    } else if (n->op == DVT_OP_POOL && is_unpadded_average(&n->attrs.pool)) {
        win = &out->pool.win;
        out->pool.avg_count = DVT_AVG_COUNT_KERNEL;
    } else {
        return false;
    }
    for (int32_t i = 0; i < win->pad_lo.n; i++) {
        win->pad_lo.v[i] += pad->pad_lo.v[i + 2];
        win->pad_hi.v[i] += pad->pad_hi.v[i + 2];
    }
    return true;
}

static dvt_status run(dvt_graph *g, int32_t *changes)
{
    dvt_status st = DVT_OK;

    *changes = 0;
    for (int32_t i = 0; !st && i < dvt_graph_node_count(g); i++) {
        const dvt_node *n = dvt_graph_node(g, (dvt_node_id){i});
        if (n->dead || n->input_count < 1) continue;
        const dvt_node *pad = dvti_producer(g, n->inputs[0]);
        dvt_attrs       attrs;
        if (!pad || !pads_images_with_zeros(pad) || !merged_attrs(n, &pad->attrs.pad, &attrs))
            continue;
        st = dvt_graph_set_input(g, (dvt_node_id){i}, 0, pad->inputs[0]);
        if (!st) dvt_graph_set_attrs(g, (dvt_node_id){i}, &attrs);
        *changes += 1;
    }
    return st;
}

const dvt_pass dvti_pass_merge_pad = {
    "merge-pad", "let convolutions and average pooling do the zero padding in front of them", run};
