/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host.c - the host's part of a program: a graph of the nodes that the overlay does not run.
 *
 * Idea      The host graph starts with the network's inputs, then has an input for every overlay
 *           value that the host reads (it is downloaded before), then the host nodes in order. Its
 *           outputs are the network's. Value names stay, so that results are found by the names of
 *           the model.
 * Tests     tests/diff/diff_compile.c
 */
#include "compile/compile_int.h"

static dvt_status add_inputs(dvti_comp *c)
{
    dvt_status st = DVT_OK;

    for (int32_t i = 0; st == DVT_OK && i < dvt_graph_input_count(c->g); i++) {
        dvt_value_id     v = dvt_graph_input(c->g, i);
        const dvt_value *val = dvt_graph_value(c->g, v);
        st = dvt_graph_add_input(c->host, val->name, val->dtype, &val->shape, &c->host_value[v.i]);
    }
    for (size_t i = 0; st == DVT_OK && i < c->maps.len; i++) {
        const dvti_map *m = &c->maps.data[i];
        if (m->host_reads && !m->host_makes && m->value >= 0) {
            const dvt_value *val = dvt_graph_value(c->g, (dvt_value_id){m->value});
            st = dvt_graph_add_input(c->host, val->name, val->dtype, &val->shape,
                                     &c->host_value[m->value]);
        }
    }
    return st;
}

/* The host graph's id of a value that a host node reads; constants are copied on first use. */
static dvt_status operand(dvti_comp *c, dvt_value_id v, dvt_value_id *out)
{
    dvt_tensor t;

    *out = DVT_NO_VALUE;
    if (v.i < 0) {
        return DVT_OK;
    }
    if (c->host_value[v.i].i < 0) {
        if (!dvt_graph_const(c->g, v, &t)) {
            return dvt_fail(c->ctx, DVT_E_INTERNAL, NULL,
                            "value '%s' reached the host from nowhere",
                            dvt_graph_value(c->g, v)->name);
        }
        dvt_status st =
            dvt_graph_add_const(c->host, dvt_graph_value(c->g, v)->name, &t, &c->host_value[v.i]);
        if (st != DVT_OK) {
            return st;
        }
    }
    *out = c->host_value[v.i];
    return DVT_OK;
}

static dvt_status add_node(dvti_comp *c, const dvt_node *n)
{
    dvt_value_id *in = dvt_arena_calloc(c->scratch, (size_t)n->input_count + 1, sizeof *in);
    dvt_value_id *out = dvt_arena_calloc(c->scratch, (size_t)n->output_count, sizeof *out);
    const char  **names = dvt_arena_calloc(c->scratch, (size_t)n->output_count, sizeof *names);
    dvt_status    st = in && out && names ? DVT_OK : DVT_E_NOMEM;

    for (int32_t i = 0; st == DVT_OK && i < n->input_count; i++) {
        st = operand(c, n->inputs[i], &in[i]);
    }
    for (int32_t i = 0; st == DVT_OK && i < n->output_count; i++) {
        names[i] = dvt_graph_value(c->g, n->outputs[i])->name;
    }
    if (st == DVT_OK) {
        st = dvt_graph_add_node(c->host,
                                &(dvt_node_spec){.op = n->op,
                                                 .name = n->name,
                                                 .source = n->source,
                                                 .inputs = in,
                                                 .input_count = n->input_count,
                                                 .output_count = n->output_count,
                                                 .output_names = names,
                                                 .attrs = n->attrs},
                                out);
    }
    for (int32_t i = 0; st == DVT_OK && i < n->output_count; i++) {
        c->host_value[n->outputs[i].i] = out[i];
    }
    return st;
}

dvt_status dvti_host_build(dvti_comp *c)
{
    dvt_status st;

    c->host = dvt_graph_create(c->ctx, dvt_graph_name(c->g));
    if (!c->host) {
        return DVT_E_NOMEM;
    }
    st = add_inputs(c);
    for (size_t i = 0; st == DVT_OK && i < c->ops.len; i++) {
        if (c->ops.data[i].kind == DVTI_OP_HOST) {
            st = add_node(c, dvt_graph_node(c->g, (dvt_node_id){c->ops.data[i].node}));
        }
    }
    for (int32_t i = 0; st == DVT_OK && i < dvt_graph_output_count(c->g); i++) {
        dvt_value_id v;
        st = operand(c, dvt_graph_output(c->g, i), &v);
        if (st == DVT_OK) {
            st = dvt_graph_add_output(c->host, v);
        }
    }
    return st;
}
