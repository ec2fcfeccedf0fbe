/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_build.h - ONNX models in a few lines, for tests of the importer.
 *
 *     onnx_build *b = onnx_build_new(13);
 *     onnx_input(b, "x", ONNX_FLOAT, 2, (int64_t[]){1, 4});
 *     DvtOnnx__Node *n = onnx_node(b, "Softmax", "prob", "x", "y");
 *     onnx_attr_int(b, n, "axis", 1);
 *     onnx_output(b, "y", ONNX_FLOAT);
 *     onnx_expect(b, (dvt_tensor[]){x}, 1, &want);
 *     onnx_build_free(b);
 *
 * All parts live in the builder. Lists of names are separated by commas; an empty name between
 * commas is an absent operand. The messages may be changed before packing.
 */
#ifndef TESTS_SUPPORT_ONNX_BUILD_H
#define TESTS_SUPPORT_ONNX_BUILD_H

#include "dovetail/formats.h"
#include "formats/onnx.pb-c.h"

enum { ONNX_FLOAT = 1, ONNX_INT64 = 7, ONNX_STRING = 8, ONNX_BOOL = 9, ONNX_FLOAT16 = 10 };

typedef struct onnx_build {
    dvt_ctx        *ctx;
    dvt_arena      *arena;
    DvtOnnx__Model *model;
} onnx_build;

onnx_build *onnx_build_new(int64_t opset);
void        onnx_build_free(onnx_build *b); /* asserts that nothing of its context is left */

/* dims -1: unknown. rank -1: no shape at all. */
void             onnx_input(onnx_build *b, const char *name, int32_t elem_type, int32_t rank,
                            const int64_t *dims);
void             onnx_output(onnx_build *b, const char *name, int32_t elem_type);
DvtOnnx__Tensor *onnx_tensor(onnx_build *b, const char *name, int32_t elem_type, int32_t rank,
                             const int64_t *dims); /* without data, not in the graph */
void             onnx_floats(onnx_build *b, const char *name, int32_t rank, const int64_t *dims,
                             const float *data);
void             onnx_int64s(onnx_build *b, const char *name, int64_t count,
                             const int64_t *data); /* a vector */

DvtOnnx__Node *onnx_node(onnx_build *b, const char *op, const char *name, const char *inputs,
                         const char *outputs);
void           onnx_attr_int(onnx_build *b, DvtOnnx__Node *n, const char *name, int64_t value);
void           onnx_attr_float(onnx_build *b, DvtOnnx__Node *n, const char *name, float value);
void onnx_attr_string(onnx_build *b, DvtOnnx__Node *n, const char *name, const char *value);
void onnx_attr_ints(onnx_build *b, DvtOnnx__Node *n, const char *name, int32_t count,
                    const int64_t *values);
void onnx_attr_floats(onnx_build *b, DvtOnnx__Node *n, const char *name, int32_t count,
                      const float *values);
void onnx_attr_tensor(onnx_build *b, DvtOnnx__Node *n, const char *name, DvtOnnx__Tensor *t);

/* The model as bytes, in the builder. */
const uint8_t *onnx_pack(onnx_build *b, size_t *size);
/* Imports the model under the name "t.onnx"; the caller destroys the graph. */
dvt_status onnx_import(onnx_build *b, const dvt_import_opts *opts, dvt_graph **out);
/* Asserts that the import is refused with `status` and that the message holds `text`. */
void onnx_expect_refused(onnx_build *b, const dvt_import_opts *opts, dvt_status status,
                         const char *text);
/* Imports, runs (naive) and asserts type f32, shape and values of the first output. */
void onnx_expect(onnx_build *b, const dvt_tensor *inputs, int32_t count, const dvt_shape *shape,
                 const float *want);

#endif
