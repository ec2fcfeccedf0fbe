/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_dot.c - the graph as a Graphviz drawing.
 *
 * Idea      A node is a box with name, operator and output shapes; an edge carries the shape it
 *           moves. Graph inputs and outputs are ellipses; constants and parameters are not drawn,
 *           their shapes stand in the box that reads them. The caller colours nodes (unsupported
 *           ones).
 * Tests     tests/unit/test_graph_dot.c
 */
#include "graph/graph_int.h"

static void dot_text(dvt_buf *b, const char *s)
{
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            dvt_buf_printf(b, "\\%c", *s);
        else if ((unsigned char)*s < 0x20)
            dvt_buf_puts(b, " ");
        else
            dvt_buf_append(b, s, 1);
    }
}

static void dot_shape(dvt_buf *b, const dvt_value *v)
{
    char text[DVT_SHAPE_TEXT];
    dvt_buf_printf(b, "%s%s", dvt_dtype_name(v->dtype), dvt_shape_text(&v->shape, text));
}

/* "conv_transpose", or the function for the families: "unary relu". */
static void dot_operator(dvt_buf *b, const dvt_node *node)
{
    dvt_buf_puts(b, dvt_op_describe(node->op)->name);
    switch (node->op) {
    case DVT_OP_UNARY: dvt_buf_printf(b, " %s", dvt_unary_name(node->attrs.unary.fn)); break;
    case DVT_OP_BINARY: dvt_buf_printf(b, " %s", dvt_binary_name(node->attrs.binary.fn2)); break;
    case DVT_OP_NARY: dvt_buf_printf(b, " %s", dvt_nary_name(node->attrs.nary.fnn)); break;
    case DVT_OP_REDUCE: dvt_buf_printf(b, " %s", dvt_reduce_name(node->attrs.reduce.rfn)); break;
    default: break;
    }
}

static bool is_fixed(const dvt_value *v)
{
    return v->kind == DVT_VALUE_CONST || v->kind == DVT_VALUE_PARAM;
}

static void dot_node(dvt_buf *b, const dvt_graph *g, int32_t i, const char *colour)
{
    const dvt_node *node = &g->nodes[i];

    dvt_buf_printf(b, "  n%d [label=\"", (int)i);
    dot_text(b, node->name);
    dvt_buf_puts(b, "\\n");
    dot_operator(b, node);
    for (int32_t k = 0; k < node->input_count; k++) {
        if (node->inputs[k].i < 0 || !is_fixed(&g->values[node->inputs[k].i])) continue;
        dvt_buf_puts(b, "\\n");
        dot_shape(b, &g->values[node->inputs[k].i]);
    }
    dvt_buf_puts(b, "\"");
    if (colour) {
        dvt_buf_puts(b, ", style=filled, fillcolor=\"");
        dot_text(b, colour);
        dvt_buf_puts(b, "\"");
    }
    dvt_buf_puts(b, "];\n");
}

static void dot_end(dvt_buf *b, const char *prefix, int32_t i, const dvt_value *v)
{
    dvt_buf_printf(b, "  %s%d [shape=ellipse, label=\"", prefix, (int)i);
    dot_text(b, v->name);
    dvt_buf_puts(b, "\\n");
    dot_shape(b, v);
    dvt_buf_puts(b, "\"];\n");
}

/* An edge from whatever makes value `v` to `target`; none from constants. */
static void dot_edge(dvt_buf *b, const dvt_graph *g, dvt_value_id v, const char *prefix,
                     int32_t target)
{
    if (v.i < 0 || is_fixed(&g->values[v.i])) return;
    const dvt_value *value = &g->values[v.i];
    if (value->kind == DVT_VALUE_NODE)
        dvt_buf_printf(b, "  n%d", (int)value->producer.i);
    else
        dvt_buf_printf(b, "  i%d", (int)v.i);
    dvt_buf_printf(b, " -> %s%d [label=\"", prefix, (int)target);
    dot_shape(b, value);
    dvt_buf_puts(b, "\"];\n");
}

void dvt_graph_dot(const dvt_graph *g, dvt_graph_colour_fn colour, void *ud, dvt_buf *out)
{
    dvt_buf_puts(out, "digraph \"");
    dot_text(out, g->name);
    dvt_buf_puts(out, "\" {\n  node [shape=box, fontsize=10];\n  edge [fontsize=9];\n");
    for (int32_t i = 0; i < g->inputs.count; i++)
        dot_end(out, "i", g->inputs.v[i].i, &g->values[g->inputs.v[i].i]);
    for (int32_t i = 0; i < g->node_count; i++) {
        const dvt_node *node = &g->nodes[i];
        if (node->dead) continue;
        dot_node(out, g, i, colour ? colour(ud, g, (dvt_node_id){i}) : NULL);
        for (int32_t k = 0; k < node->input_count; k++) dot_edge(out, g, node->inputs[k], "n", i);
    }
    for (int32_t i = 0; i < g->outputs.count; i++) {
        dot_end(out, "o", i, &g->values[g->outputs.v[i].i]);
        dot_edge(out, g, g->outputs.v[i], "o", i);
    }
    dvt_buf_puts(out, "}\n");
}
