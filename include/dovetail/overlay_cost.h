/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay_cost.h - what a network costs on an overlay: cycles, share of the device, and bounds.
 *
 * Model      the cost of a pair is what compiler and cycle model say of it: a graph is compiled and
 *            its program profiled. Nothing is estimated; dvt_overlay_bound is a proved least
 *            number of cycles, to leave out pairs that need not be computed.
 * Weights    times depend on no value, so parameters without data are filled with numbers that are
 *            not zero.
 * Energy     there is no basis for it in what is known of these devices: it is not among the costs.
 */
#ifndef DOVETAIL_OVERLAY_COST_H
#define DOVETAIL_OVERLAY_COST_H

#include "dovetail/pairs.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dvt_overlay_cost {
    int64_t       cycles;     /* of all overlay steps, one image */
    double        latency_ms; /* cycles at the overlay's clock */
    int64_t       host_steps; /* nodes that the figures do not contain */
    int64_t       area_ppm;   /* dvt_overlay_area_ppm; 0 without a device */
    dvt_resources resources;  /* zero without a device */
} dvt_overlay_cost;

/* `device` may be NULL. E_CAPACITY, E_UNSUPPORTED as dvt_compile says, E_NOMEM. */
DVT_API DVT_MUST_CHECK dvt_status dvt_overlay_cost_of(const dvt_graph *g, const dvt_overlay *o,
                                                      const dvt_device *device,
                                                      dvt_overlay_cost *out);

/* ---- bounds -------------------------------------------------------------------------------- */

/* The trips that a network cannot do without, whatever the overlay. */
typedef struct dvt_workload dvt_workload;

/* Of the graph as the target-independent passes leave it. E_NOMEM; errors of the passes. */
DVT_API DVT_MUST_CHECK dvt_status dvt_workload_of(const dvt_graph *g, dvt_workload **out);
DVT_API void                      dvt_workload_destroy(dvt_workload *w);
/* At least so many cycles does any program of the network take on the overlay, by docs/timing.md: a
 * turn and a beat take a cycle, kernels their vectors (docs/space.md has the proof). */
DVT_API int64_t dvt_overlay_bound(const dvt_workload *w, const dvt_overlay *o);

/* ---- as a side and a cost of frontier searches --------------------------------------------- */

/* The overlays of a space: area (millionths of the device), logic, dsp, memory_blocks,
 * macs_per_cycle, and each choice of the grid under its name (format: bits of a mantissa). The
 * space must have overlays alone (E_USAGE) and is borrowed. */
DVT_API DVT_MUST_CHECK dvt_status dvt_side_of_overlays(dvt_ctx *ctx, const dvt_space *space,
                                                       dvt_side *out);
/* "latency" in cycles of the overlays' clock (per_unit of them are a millisecond), of the
 * NAS-Bench-201 cells of a table, with the skeleton for accuracy and 10 classes. A cell that an
 * overlay cannot run takes DVT_OVERLAY_NEVER cycles. Making it takes some milliseconds a cell.
 * Borrows table and space. E_UNSUPPORTED for other tables. */
#define DVT_OVERLAY_NEVER (INT64_C(1) << 60)
DVT_API DVT_MUST_CHECK dvt_status dvt_pair_cost_overlays(dvt_ctx *ctx, const dvt_table *table,
                                                         const dvt_space *space,
                                                         dvt_pair_cost   *out);
/* The same for cells without a table: cells (count), borrowed. */
DVT_API DVT_MUST_CHECK dvt_status dvt_pair_cost_overlays_nb201(dvt_ctx              *ctx,
                                                               const dvt_nb201_cell *cells,
                                                               int64_t               count,
                                                               const dvt_space      *space,
                                                               dvt_pair_cost        *out);

#ifdef __cplusplus
}
#endif
#endif
