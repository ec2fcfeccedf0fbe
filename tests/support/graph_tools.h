/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_tools.h - small graphs in few lines, and running them, for tests.
 *
 * Every function asserts that it succeeds, so that a test reads as its claim:
 *
 *     dvt_graph   *g = tool_graph();
 *     dvt_value_id x = tool_input(g, "x", DVT_SHAPE(1, 2, 4, 4));
 *     dvt_value_id y = tool_node(g, DVT_OP_UNARY, "y", NULL, (dvt_value_id[]){x}, 1);
 *     tool_output(g, y);
 *     ...
 *     tool_graph_free(g);
 *
 * A graph made by tool_graph() owns its context, which tool_graph_free() destroys after checking
 * that no byte is left behind.
 */
#ifndef TESTS_SUPPORT_GRAPH_TOOLS_H
#define TESTS_SUPPORT_GRAPH_TOOLS_H

#include "dovetail/graph.h"

dvt_graph *tool_graph(void);
void       tool_graph_free(dvt_graph *g);
/* Runs the statement's status through an assertion that prints the error. */
void tool_ok(dvt_ctx *ctx, dvt_status st);

dvt_value_id tool_input(dvt_graph *g, const char *name, dvt_shape shape); /* f32 */
dvt_value_id tool_const(dvt_graph *g, const char *name, dvt_shape shape, const float *data);
/* Constant of values in [lo, hi), the same for the same name. */
dvt_value_id tool_random(dvt_graph *g, const char *name, dvt_shape shape, float lo, float hi);
/* attrs NULL: the defaults (4-d images where the operator is spatial). Returns output 0. */
dvt_value_id tool_node(dvt_graph *g, dvt_op op, const char *name, const dvt_attrs *attrs,
                       const dvt_value_id *inputs, int32_t count);
void         tool_output(dvt_graph *g, dvt_value_id v);
/* conv of constant random weights, kernel k x k, same padding, with or without bias. */
dvt_value_id tool_conv(dvt_graph *g, const char *name, dvt_value_id x, int64_t out_c, int64_t k,
                       bool bias);
dvt_value_id tool_unary(dvt_graph *g, const char *name, dvt_unary fn, dvt_value_id x);

/* Seeded tensors for the graph's inputs (dvt_graph_input_count), values in [-1, 1), integers
 * in [0, 2). tool_inputs_free takes them back. */
dvt_tensor *tool_inputs(const dvt_graph *g, uint64_t seed);
void        tool_inputs_free(const dvt_graph *g, dvt_tensor *inputs);
/* Makes an executor, runs it on the inputs; the caller reads its tensors and destroys it. */
dvt_exec *tool_run(const dvt_graph *g, dvt_exec_kind kind, const dvt_tensor *inputs);
/* Runs both graphs (NAIVE) on the same seeded inputs and asserts that all outputs, in order, agree
 * within atol + rtol * |want|; names of outputs too. */
void tool_expect_same(const dvt_graph *want, const dvt_graph *got, double atol, double rtol);
/* Runs one pass by name, compaction and verification included; returns nothing it did wrong. */
void    tool_pass(dvt_graph *g, const char *name);
int64_t tool_op_count(const dvt_graph *g, dvt_op op);

#endif
