/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predictor_file.h - what writer and reader of predictor files share.
 */
#ifndef DVTI_PREDICTOR_FILE_H
#define DVTI_PREDICTOR_FILE_H

#include "predict/bundle.h"
#include "predict/predictor_int.h"

#define DVTI_PREDICTOR_SCHEMA "dovetail.predictor/1"

/* From memory, for the fuzzer. `name` appears in errors. */
dvt_status dvti_predictor_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                                dvt_predictor **out);

#endif
