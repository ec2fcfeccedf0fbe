/* SPDX-License-Identifier: Apache-2.0 */
/*
 * formats.h - reading networks and arrays from other people's files, and writing them back.
 *
 * Ownership  Readers return owned objects through `out`. Graphs copy what they need: the file may
 *            vanish afterwards.
 * Errors     E_PARSE with line:column (text) or byte offset (binary); E_UNSUPPORTED with layer or
 *            node name, type, attribute and its place; E_SHAPE; E_IO. Attributes and fields that
 *            are not understood are errors, never ignored.
 * Limits     Every reader bounds nodes, dimensions and bytes before it allocates.
 */
#ifndef DOVETAIL_FORMATS_H
#define DOVETAIL_FORMATS_H

#include "dovetail/graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- models -------------------------------------------------------------------------------- */

typedef struct dvt_input_shape {
    const char *name; /* of a model input; NULL or "" = the only one */
    dvt_shape   shape;
} dvt_input_shape;

/* The value that an input will have. Where an operator needs it to know its shape (ONNX: shapes,
 * axes, bounds), the input becomes a constant and is none of the graph's inputs; else it stays an
 * input. */
typedef struct dvt_input_value {
    const char *name;  /* of a model input */
    dvt_tensor  value; /* borrowed during the import */
} dvt_input_value;

typedef struct dvt_import_opts {
    const char            *weights;     /* path of a .caffemodel, or NULL */
    const dvt_input_shape *shapes;      /* override or supply input shapes */
    int32_t                shape_count;
    /* inputs that become constants (ONNX: shapes, axes, bounds) */
    const dvt_input_value *values;
    int32_t                value_count;
    int64_t                batch;       /* > 0: replaces the first dimension of every input */
    /* rank 0 = none; (C,H,W) for inputs whose size the file does not say */
    dvt_shape              image_shape;
} dvt_import_opts;

/* Decides by content (then by name) which reader to use: Caffe prototxt or caffemodel, ONNX, .dvg
 * text, binary graph. `opts` may be NULL. Unknown dynamic dimensions: the batch becomes 1, others
 * are E_USAGE with the input's name and the option that sets it. */
DVT_API DVT_MUST_CHECK dvt_status dvt_model_load(dvt_ctx *ctx, const char *path,
                                                 const dvt_import_opts *opts, dvt_graph **out);
DVT_API DVT_MUST_CHECK dvt_status dvt_caffe_load(dvt_ctx *ctx, const char *path,
                                                 const dvt_import_opts *opts, dvt_graph **out);
DVT_API DVT_MUST_CHECK dvt_status dvt_onnx_load(dvt_ctx *ctx, const char *path,
                                                const dvt_import_opts *opts, dvt_graph **out);
/* The same from memory (fuzzing, embedding). `name` appears in errors; external data of ONNX is
 * looked for beside `name` and may not leave that folder. */
DVT_API DVT_MUST_CHECK dvt_status dvt_caffe_parse(dvt_ctx *ctx, const char *name,
                                                  const uint8_t *text, size_t size,
                                                  const dvt_import_opts *opts, dvt_graph **out);
DVT_API DVT_MUST_CHECK dvt_status dvt_onnx_parse(dvt_ctx *ctx, const char *name,
                                                 const uint8_t *data, size_t size,
                                                 const dvt_import_opts *opts, dvt_graph **out);
/* The graph as an ONNX model (appended to `out`; a file): read back, it computes the same bits with
 * the naive kernels. E_USAGE (parameters without data), E_UNSUPPORTED with the node and what ONNX
 * cannot say, E_CAPACITY (2 GiB and more). docs/formats/onnx.md */
DVT_API DVT_MUST_CHECK dvt_status dvt_onnx_save(const dvt_graph *g, dvt_buf *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_onnx_write(const dvt_graph *g, const char *path);
/* Copies the blobs of a caffemodel into the parameters of a graph read from a prototxt, by layer
 * name. Layers without weights in the file are E_NOTFOUND with the nearest name. */
DVT_API DVT_MUST_CHECK dvt_status dvt_caffe_load_weights(dvt_graph *g, const char *path);

/* ---- arrays -------------------------------------------------------------------------------- */

/* A caffe BlobProto file (mean.binaryproto): f32, shape (C,H,W) or as the file says. */
DVT_API DVT_MUST_CHECK dvt_status dvt_caffe_read_blob(dvt_ctx *ctx, const char *path,
                                                      dvt_tensor *out);
/* ONNX TensorProto file (.pb), as in the operator tests. */
DVT_API DVT_MUST_CHECK dvt_status dvt_onnx_read_tensor(dvt_ctx *ctx, const char *path,
                                                       dvt_tensor *out, char *name,
                                                       size_t name_size);
/* .npy, versions 1.0 to 3.0, little and big endian, C and Fortran order (returned as C). */
DVT_API DVT_MUST_CHECK dvt_status dvt_npy_read(dvt_ctx *ctx, const char *path, dvt_tensor *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_npy_parse(dvt_ctx *ctx, const char *name, const uint8_t *data,
                                                size_t size, dvt_tensor *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_npy_write(dvt_ctx *ctx, const char *path,
                                                const dvt_tensor *t);

/* .npz: a zip of .npy files, stored or deflated. */
typedef struct dvt_npz {
    int32_t     count;
    char      **names; /* without ".npy" */
    dvt_tensor *tensors;
} dvt_npz;
DVT_API DVT_MUST_CHECK dvt_status dvt_npz_read(dvt_ctx *ctx, const char *path, dvt_npz *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_npz_write(dvt_ctx *ctx, const char *path,
                                                const char *const *names, const dvt_tensor *tensors,
                                                int32_t count);
DVT_API void dvt_npz_deinit(dvt_ctx *ctx, dvt_npz *npz);

/* ---- images -------------------------------------------------------------------------------- */

/* JPEG or PNG (by content) as u8 (H,W,C), C = 1 or 3 (RGB); palettes are expanded, alpha is
 * dropped, 16 bits become 8. Limits: 65,535 x 65,535 and 256 Mpixel. */
DVT_API DVT_MUST_CHECK dvt_status dvt_image_read(dvt_ctx *ctx, const char *path, dvt_tensor *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_image_parse(dvt_ctx *ctx, const char *name,
                                                  const uint8_t *data, size_t size,
                                                  dvt_tensor *out);
DVT_API DVT_MUST_CHECK dvt_status dvt_png_write(dvt_ctx *ctx, const char *path,
                                                const dvt_tensor *hwc);

/* MNIST's idx format, plain or gzip: any rank, types u8 i8 i16 i32 f32 f64. */
DVT_API DVT_MUST_CHECK dvt_status dvt_idx_read(dvt_ctx *ctx, const char *path, dvt_tensor *out);

#ifdef __cplusplus
}
#endif
#endif
