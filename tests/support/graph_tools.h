/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_tools.h - small graphs in few lines, and running them, for tests.
 *
 * Every function asserts that it succeeds, so that a test reads as its claim:
 *
 *     dvt_graph *g = tool_parse("dvg 1 t input x: f32[1,2,4,4] y = unary(x, fn=relu) output y");
 *     ...
 *     tool_graph_free(g);
 *
 * A graph made here owns its context, which tool_graph_free() destroys after checking that no byte
 * is left behind.
 */
#ifndef TESTS_SUPPORT_GRAPH_TOOLS_H
#define TESTS_SUPPORT_GRAPH_TOOLS_H

#include "dovetail/graph.h"

/* Runs the statement's status through an assertion that prints the error. */
void tool_ok(dvt_ctx *ctx, dvt_status st);

void tool_graph_free(dvt_graph *g);
/* A graph from its text form, parameters without data seeded; owns its context like
 * tool_graph(). */
dvt_graph *tool_parse(const char *text);
/* The value of this name; it must be there. */
dvt_value_id tool_value(const dvt_graph *g, const char *name);

/* Seeded tensors for the graph's inputs (dvt_graph_input_count), values in [-1, 1), integers
 * in [0, 2). tool_inputs_free takes them back. */
dvt_tensor *tool_inputs(const dvt_graph *g, uint64_t seed);
void        tool_inputs_free(const dvt_graph *g, dvt_tensor *inputs);
/* Makes an executor, runs it on the inputs; the caller reads its tensors and destroys it. */
dvt_exec *tool_run(const dvt_graph *g, dvt_exec_kind kind, const dvt_tensor *inputs);
/* Runs both graphs (NAIVE) on the same seeded inputs and asserts that all outputs, in order, agree
 * within atol + rtol * |want|; names of outputs too. */
void tool_expect_same(const dvt_graph *want, const dvt_graph *got, double atol, double rtol);
/* Runs one pass by name, compaction and verification included. */
void    tool_pass(dvt_graph *g, const char *name);
int64_t tool_op_count(const dvt_graph *g, dvt_op op);

#endif
