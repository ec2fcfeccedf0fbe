/* SPDX-License-Identifier: Apache-2.0 */
/*
* simulated.h - the simulated overlay between its registers and an external memory: see simulated.c.
 */
#ifndef DVTI_RTL_MODEL_H
#define DVTI_RTL_MODEL_H

#include "dovetail/csr.h"
#include "overlay/memory_model.h"
#include "rtl/dvt_pins.h"
#include "rtl/rtl_int.h"

/* Faults for tests: what happens to the memory's answers, by number. -1: nothing. */
typedef struct dvti_rtl_faults {
    int64_t drop_read_beat;  /* this beat of the run never arrives, nor any behind it */
    int64_t error_read_beat; /* answers SLVERR */
    int64_t drop_write;      /* this response never arrives */
    int64_t error_write;     /* answers SLVERR */
    int64_t reset_at;        /* cycle of the run in which rst rises, for 4 cycles */
} dvti_rtl_faults;

typedef struct dvti_rtl_model {
    dvt_ctx         *ctx;
    void            *library;
    dvt_tb          *tb;
    dvt_pins         pins;
    dvti_memory      memory;
    dvti_memory_opts memory_opts;
    dvti_rtl_faults  faults;
    int64_t          cycle;            /* of the run; the memory's clock */
    int64_t          beats, responses; /* seen in the run */
    int64_t          clocks;           /* since opening */

    dvt_tb *(*open)(void);
    void (*settle)(dvt_tb *, dvt_pins *);
    void (*tick)(dvt_tb *, dvt_pins *);
    void (*close)(dvt_tb *);
} dvti_rtl_model;

/* Loads the shared object and resets the overlay. `memory` is borrowed. E_IO, E_PARSE if it is no
 * overlay. */
DVT_MUST_CHECK dvt_status dvti_rtl_model_open(dvt_ctx *ctx, const char *library,
                                              const dvti_memory_opts *memory, dvti_rtl_model *out);
void                      dvti_rtl_model_close(dvti_rtl_model *m);
/* rst for some cycles. */
void dvti_rtl_model_reset(dvti_rtl_model *m);
/* Registers over AXI4-Lite. E_INTERNAL if the overlay does not answer within 1,000 cycles. */
DVT_MUST_CHECK dvt_status dvti_rtl_write(dvti_rtl_model *m, uint32_t offset, uint32_t value);
DVT_MUST_CHECK dvt_status dvti_rtl_read(dvti_rtl_model *m, uint32_t offset, uint32_t *value);
/* The memory begins its cycle 0 with the first cycle of `running`. Steps until `running` falls or
 * `most` cycles have passed; *ended says which. */
DVT_MUST_CHECK dvt_status dvti_rtl_run_out(dvti_rtl_model *m, int64_t most, bool *ended);
/* Of an engine that dvt_rtl_create made: for faults and traces. */
dvti_rtl_model *dvti_rtl_model_of(dvt_rtl *r);

#endif
