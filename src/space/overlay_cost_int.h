/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_cost_int.h - the steps of a cost, for callers that keep what many pairs share.
 */
#ifndef DVTI_OVERLAY_COST_INT_H
#define DVTI_OVERLAY_COST_INT_H

#include "dovetail/overlay_cost.h"

/* ---- bounds -------------------------------------------------------------------------------- */

enum { DVTI_BANKS_MAX = 256, DVTI_LOADS = 64 };

typedef enum dvti_trip_kind { DVTI_TRIP_CONV, DVTI_TRIP_POOL, DVTI_TRIP_COPY } dvti_trip_kind;

/* A trip that cannot be done without. Compared as bytes: zeroed before it is filled. */
typedef struct dvti_trip {
    dvti_trip_kind   kind;
    int64_t          channels, filters; /* read; written (conv) */
    int64_t          in_height, in_width, height, width;
    int64_t          window; /* turns over positions of a result, for one block of channels */
    dvt_window_attrs win;
    bool             average, bias;
    bool             by_turns; /* the operand's layout */
    int64_t          count;    /* of such trips */
} dvti_trip;

struct dvt_workload {
    dvt_ctx   *ctx;
    dvti_trip *trips;
    int32_t    count;
    uint64_t   form; /* of the whole graph after the passes, but for names and values */
};

/* How many turns of one channel block take 1, 2, ... cycles at the banks (the last: or more). It
 * depends on q_vec, p_vec and the banks alone. */
void    dvti_trip_loads(const dvti_trip *t, const dvt_overlay *o, int64_t out[DVTI_LOADS]);
int64_t dvti_trip_bound(const dvti_trip *t, const dvt_overlay *o, const int64_t loads[DVTI_LOADS]);

/* ---- costs --------------------------------------------------------------------------------- */

/* Gives all parameters without data numbers that are not zero. */
DVT_MUST_CHECK dvt_status dvti_fill_params(dvt_graph *g);
/* Programs that were profiled a short while ago, by the bytes that times depend on. */
enum { DVTI_PROGRAM_TIMES = 32 };
typedef struct dvti_program_times {
    int32_t  count, next;
    uint64_t key[DVTI_PROGRAM_TIMES][2];
    int64_t  cycles[DVTI_PROGRAM_TIMES];
} dvti_program_times;

/* Cycles of the network, all of whose parameters have data. `seen` may be NULL. */
DVT_MUST_CHECK dvt_status dvti_overlay_cycles(const dvt_graph *g, const dvt_overlay *o,
                                              dvti_program_times *seen, int64_t *cycles,
                                              int64_t *host_steps);

#endif
