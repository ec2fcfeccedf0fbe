/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build_network.c - builds a small network with the C interface and prints what is known of it.
 *
 * Shows     a context, parameters, nodes with attributes, inferred shapes, counts, the text form,
 *           and how an error reads: the last node is given a weight that does not fit.
 * Build     cc build_network.c $(pkg-config --cflags --libs dovetail)
 * Tests     tests/hygiene/install.py builds it against an installed library and reads its output.
 */
#include <dovetail/graph.h>

#include <stdio.h>
#include <stdlib.h>

/* conv 3x3 with padding 1, then relu; `*out` is the result. */
static dvt_status add_conv_relu(dvt_graph *g, dvt_value_id x, int64_t in_c, int64_t out_c,
                                dvt_value_id *out)
{
    dvt_value_id weight, conv;
    dvt_shape shape = DVT_SHAPE(out_c, in_c, 3, 3);
    dvt_status st = dvt_graph_add_param(g, "weight", DVT_DTYPE_F32, &shape, &weight);
    dvt_node_spec spec = {.op = DVT_OP_CONV, .name = "conv", .input_count = 2, .output_count = 1};

    if (st != DVT_OK) {
        return st;
    }
    spec.inputs = (const dvt_value_id[]){x, weight};
    spec.attrs = dvt_op_default_attrs(DVT_OP_CONV, 2);
    for (int i = 0; i < 2; i++) {
        spec.attrs.conv.win.kernel.v[i] = 3;
        spec.attrs.conv.win.pad_lo.v[i] = 1;
        spec.attrs.conv.win.pad_hi.v[i] = 1;
    }
    st = dvt_graph_add_node(g, &spec, &conv);
    if (st != DVT_OK) {
        return st;
    }
    spec = (dvt_node_spec){.op = DVT_OP_UNARY, .name = "relu", .inputs = &conv, .input_count = 1,
                           .output_count = 1, .attrs = dvt_op_default_attrs(DVT_OP_UNARY, 2)};
    spec.attrs.unary.fn = DVT_UNARY_RELU;
    return dvt_graph_add_node(g, &spec, out);
}

static dvt_status build(dvt_ctx *ctx, dvt_graph *g)
{
    dvt_value_id x, y;
    dvt_graph_stats stats;
    dvt_buf text;
    dvt_shape shape = DVT_SHAPE(1, 3, 32, 32);
    dvt_status st = dvt_graph_add_input(g, "image", DVT_DTYPE_F32, &shape, &x);

    if (st == DVT_OK) {
        st = add_conv_relu(g, x, 3, 16, &y);
    }
    if (st == DVT_OK) {
        st = dvt_graph_add_output(g, y);
    }
    if (st != DVT_OK) {
        return st;
    }
    dvt_graph_stats_of(g, &stats);
    dvt_buf_init(&text, ctx, 0);
    dvt_graph_print(g, 0, &text);
    printf("%lld multiply-accumulates, %lld parameters\n%.*s", (long long)stats.macs,
           (long long)stats.parameters, (int)text.len, text.data);
    dvt_buf_deinit(&text);
    return add_conv_relu(g, y, 99, 16, &y); /* 16 channels arrive: refused */
}

int main(void)
{
    dvt_ctx *ctx = dvt_ctx_create(NULL);
    dvt_graph *g = ctx ? dvt_graph_create(ctx, "example") : NULL;
    int exit_code = EXIT_FAILURE;

    if (g && build(ctx, g) == DVT_E_SHAPE) {
        printf("as expected: %s\n", dvt_ctx_error(ctx)->message);
        exit_code = EXIT_SUCCESS;
    } else if (ctx) {
        fprintf(stderr, "error: %s\n", dvt_ctx_error(ctx)->message);
    }
    dvt_graph_destroy(g);
    dvt_ctx_destroy(ctx);
    return exit_code;
}
