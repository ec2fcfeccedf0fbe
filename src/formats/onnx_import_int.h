/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onnx_import_int.h - the steps of an import that stand in onnx_io.c, called by onnx_import.c.
 */
#ifndef FORMATS_ONNX_IMPORT_INT_H
#define FORMATS_ONNX_IMPORT_INT_H

#include "formats/onnx_int.h"

/* "" and "ai.onnx" are the same domain. */
bool dvti_onnx_core_domain(const char *domain);

DVT_MUST_CHECK dvt_status dvti_onnx_read_constants(dvti_onnx *o);
/* Inputs that are initializers as well are constants and were read before. */
DVT_MUST_CHECK dvt_status dvti_onnx_read_inputs(dvti_onnx *o);
DVT_MUST_CHECK dvt_status dvti_onnx_read_outputs(dvti_onnx *o);

#endif
