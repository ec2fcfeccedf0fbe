/* SPDX-License-Identifier: Apache-2.0 */
/*
 * graph_case.h - a graph written as text in a test, and the text it is expected to become.
 *
 *     graph_case c = graph_case_open("dvg 1 g\ninput x: f32[2]\n...");
 *     graph_case_ok(&c, dvt_graph_compact(c.g));
 *     graph_case_prints(&c, "dvg 1 g\n...");
 *     graph_case_close(&c);
 */
#ifndef TESTS_SUPPORT_GRAPH_CASE_H
#define TESTS_SUPPORT_GRAPH_CASE_H

#include "dovetail/graph.h"

typedef struct graph_case {
    dvt_ctx   *ctx;
    dvt_graph *g;
} graph_case;

graph_case graph_case_open(const char *text); /* fails the test if it does not parse */
void       graph_case_close(graph_case *c);   /* fails the test if memory is left over */
void       graph_case_ok(const graph_case *c, dvt_status st); /* with the message of the error */
void       graph_case_prints(const graph_case *c, const char *text);

#endif
