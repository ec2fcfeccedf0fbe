/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program_run.h - what every executor of programs shares: see program_run.c.
 */
#ifndef DVTI_PROGRAM_RUN_H
#define DVTI_PROGRAM_RUN_H

#include "dovetail/program.h"

typedef struct dvti_runner {
    dvt_ctx            *ctx;
    const dvt_program  *p; /* borrowed */
    dvt_overlay_derived d;
    uint8_t            *memory;    /* external, borrowed */
    dvt_tensor         *host;      /* values of the host graph */
    uint64_t            saturated; /* values that uploads cut to their format's end */
} dvti_runner;

/* Runs long words first .. first + count - 1. */
typedef dvt_status (*dvti_words_fn)(void *user, int32_t first, int32_t count);

/* E_NOMEM. */
DVT_MUST_CHECK dvt_status dvti_runner_init(dvti_runner *r, const dvt_program *p, uint8_t *memory);
void                      dvti_runner_deinit(dvti_runner *r);
/* All steps; errors as dvt_sim_run. */
DVT_MUST_CHECK dvt_status dvti_runner_run(dvti_runner *r, const dvt_tensor *inputs, int32_t count,
                                          dvti_words_fn words, void *user);
/* Network output i, borrowed until the next run. */
DVT_MUST_CHECK dvt_status dvti_runner_output(const dvti_runner *r, int32_t i, dvt_tensor *out);

#endif
