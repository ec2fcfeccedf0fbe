/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safetensors_int.h - safetensors in memory, for tests and fuzzing.
 */
#ifndef FORMATS_SAFETENSORS_INT_H
#define FORMATS_SAFETENSORS_INT_H

#include "dovetail/safetensors.h"

/* `name` is for errors. */
DVT_MUST_CHECK dvt_status dvti_safetensors_parse(dvt_ctx *ctx, const char *name,
                                                 const uint8_t *data, size_t size,
                                                 dvt_safetensors *out);
DVT_MUST_CHECK dvt_status dvti_safetensors_print(dvt_ctx *ctx, const dvt_safetensors *st,
                                                 dvt_buf *out);

#endif
