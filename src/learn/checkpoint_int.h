/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checkpoint_int.h - a checkpoint as bytes in memory, for tests and fuzzing.
 */
#ifndef DVTI_LEARN_CHECKPOINT_INT_H
#define DVTI_LEARN_CHECKPOINT_INT_H

#include "learn/optim_int.h"

enum { DVTI_CHECKPOINT_DIGEST = 64 }; /* characters of the SHA-256 at the end of a file */

/* The content without its digest; `name` is for errors. On failure nothing has changed. */
DVT_MUST_CHECK dvt_status dvti_checkpoint_parse(dvt_ctx *ctx, const char *name, const uint8_t *data,
                                                size_t size, dvt_checkpoint *c);
void dvti_checkpoint_print(const dvt_checkpoint *c, dvt_buf *out);

#endif
