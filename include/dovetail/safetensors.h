/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safetensors.h - named arrays in one file, as Python's machine-learning libraries exchange them.
 *
 * The format (docs/formats/safetensors.md): 8 bytes length, a JSON header with type, shape and
 * place of each array, then the arrays, little-endian and row-major.
 */
#ifndef DOVETAIL_SAFETENSORS_H
#define DOVETAIL_SAFETENSORS_H

#include "dovetail/learn.h"
#include "dovetail/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dvt_safetensors {
    int32_t     count;
    char      **names;   /* in the order of the data */
    dvt_tensor *tensors; /* BF16 becomes f32; the others keep their type */
    int32_t     metadata_count;
    char      **metadata_keys, **metadata_values;
} dvt_safetensors;

/* E_PARSE with the place of what is malformed, E_UNSUPPORTED (8-bit floats), E_CAPACITY (more than
 * 2^20 arrays, a header above 100 MB). */
DVT_API DVT_MUST_CHECK dvt_status dvt_safetensors_read(dvt_ctx *ctx, const char *path,
                                                       dvt_safetensors *out);
DVT_API void dvt_safetensors_deinit(dvt_ctx *ctx, dvt_safetensors *st);
/* Through a temporary file. Names must differ (E_USAGE); metadata may be NULL with a count of 0. */
DVT_API DVT_MUST_CHECK dvt_status dvt_safetensors_write(dvt_ctx *ctx, const char *path,
                                                        const dvt_safetensors *st);

/* A model's parameters, state included, each as F32 under its name. */
DVT_API DVT_MUST_CHECK dvt_status dvt_params_write_safetensors(dvt_ctx *ctx, const char *path,
                                                               dvt_params *params);
/* Values for parameters of equal name; f32, f16, f64 or bf16 in the file. E_SHAPE if a shape
 * differs, E_NOTFOUND if `all` and a parameter has no values; arrays without a parameter are
 * E_SHAPE if `all`. Nothing is changed on failure. */
DVT_API DVT_MUST_CHECK dvt_status dvt_params_read_safetensors(dvt_ctx *ctx, const char *path,
                                                              dvt_params *params, bool all);

#ifdef __cplusplus
}
#endif
#endif
