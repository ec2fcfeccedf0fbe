/* SPDX-License-Identifier: Apache-2.0 */
/*
 * infer_case.h - one operator, its inputs and the type it must give, each as a literal text.
 *
 *     infer_gives("x: f32[1,3,8,8]", "global_pool(x)", "f32[1,3,1,1]");
 *     infer_fails("x: f32[3]", "global_pool(x)", DVT_E_SHAPE, "rank 1");
 */
#ifndef TESTS_SUPPORT_INFER_CASE_H
#define TESTS_SUPPORT_INFER_CASE_H

#include "dovetail/graph.h"

/* sources: "x: f32[1,2]; w: f32[3]" (graph inputs); call: the text form of a node behind "=";
 * types: those of all results, "f32[1], f32[2]". */
void infer_gives(const char *sources, const char *call, const char *types);
/* The status, and a part of the message. */
void infer_fails(const char *sources, const char *call, dvt_status status, const char *part);

#endif
