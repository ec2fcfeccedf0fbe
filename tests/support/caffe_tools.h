/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_tools.h - nets from literal prototxts, expected errors, and hand-made binary messages.
 *
 *     dvt_graph *g = tool_caffe("input: 'x' input_dim: [1,2,4,4] layer { ... }");
 *     tool_expect_shape(g, "y", "[1,2,2,2]");
 *     tool_graph_free(g);
 */
#ifndef TESTS_SUPPORT_CAFFE_TOOLS_H
#define TESTS_SUPPORT_CAFFE_TOOLS_H

#include "dovetail/formats.h"

/* Reads a literal prototxt called "net.prototxt"; the graph owns its context (tool_graph_free). */
dvt_graph *tool_caffe(const char *text);
dvt_graph *tool_caffe_opts(const char *text, const dvt_import_opts *opts);

/* One layer on an input "x" of the shape that `dims` lists ("1,2,4,4"). Top: "y". */
dvt_graph *tool_caffe_layer(const char *dims, const char *layer);

/* The text must be refused with this status, place and message; `hint` NULL: not looked at. */
void tool_caffe_refused(const char *text, const dvt_import_opts *opts, dvt_status status,
                        uint32_t line, uint32_t column, const char *message, const char *hint);

void tool_expect_shape(const dvt_graph *g, const char *value, const char *shape);

/* Runs the graph on `in` (its only input) and compares its only output, to 1e-6. */
void tool_expect_values(const dvt_graph *g, const float *in, const float *want, int64_t count);

/* ---- binary messages ----------------------------------------------------------------------- */

void tool_wire_varint(dvt_buf *b, uint32_t field, uint64_t value);
void tool_wire_bytes(dvt_buf *b, uint32_t field, const void *data, size_t size);
void tool_wire_text(dvt_buf *b, uint32_t field, const char *text);
/* A BlobProto with `shape` and packed data as field `field` of b. */
void tool_wire_blob(dvt_buf *b, uint32_t field, const dvt_shape *shape, const float *data);
/* LayerParameter { name type blobs } as field 100 of b. */
void tool_wire_layer(dvt_buf *b, const char *name, const char *type, const dvt_buf *blobs);

#endif
