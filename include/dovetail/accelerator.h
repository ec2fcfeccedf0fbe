/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accelerator.h - an open cost model of CHaiDNN, and the 8,640 accelerators that it describes.
 *
 * The model gives area and the time of one operation; docs/pareto.md says where each formula comes
 * from and how near it is to the published points. All results are integers, so that comparing two
 * designs never depends on rounding:
 *   area      square micrometres (1e-6 mm2)
 *   time      ticks of a third of a nanosecond: one cycle is 10 ticks at 300 MHz, 12 at 250 MHz
 * A pass computes two images at once: frames a second are 2 / time.
 * Example
 *     dvt_chaidnn a;
 *     dvt_chaidnn_cost cost;
 *     dvt_chaidnn_at(4711, &a);
 *     dvt_chaidnn_cost_of(&a, &cost);
 *     printf("%.2f mm2\n", (double)cost.area_um2 * 1e-6);
 */
#ifndef DOVETAIL_ACCELERATOR_H
#define DOVETAIL_ACCELERATOR_H

#include "dovetail/space.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    DVT_CHAIDNN_COUNT = 8640,
    DVT_CHAIDNN_SHARES = 12, /* convolution multipliers are shared out in twelfths */
    DVT_CHAIDNN_TICKS_PER_NS = 3
};

typedef struct dvt_chaidnn {
    int32_t filter_par;  /* filters at once: 8, 16 */
    int32_t pixel_par;   /* pixels at once: 4 .. 64 */
    int32_t input_depth; /* words of each buffer */
    int32_t weight_depth;
    int32_t output_depth;
    int32_t memory_bits; /* 256, 512 */
    bool    pool_engine; /* false: the host pools */
    int32_t share;       /* twelfths of the multipliers in the engine for kernels above 1x1; 12: one
                           * engine for all convolutions; below, a second engine has the rest */
    int32_t feature_bits; /* 6 or 8; 8 halves pixel_par. The space has 8 */
} dvt_chaidnn;

typedef struct dvt_chaidnn_cost {
    int64_t dsp, clb;
    double  bram36; /* in halves */
    double  lut;
    int64_t area_um2;
    int32_t clock_mhz; /* 300, or 250 from 1,024 multipliers on */
} dvt_chaidnn_cost;

/* Accelerator `index` of the space, in [0, DVT_CHAIDNN_COUNT); the last field changes fastest. */
DVT_API void dvt_chaidnn_at(int32_t index, dvt_chaidnn *out);
/* The index of an accelerator of the space; -1 if it is not one. */
DVT_API int32_t dvt_chaidnn_index(const dvt_chaidnn *a);
DVT_API void    dvt_chaidnn_cost_of(const dvt_chaidnn *a, dvt_chaidnn_cost *out);

/* ---- operations ---------------------------------------------------------------------------- */

typedef enum dvt_work_kind {
    DVT_WORK_CONV,
    DVT_WORK_MAX_POOL,
    DVT_WORK_ADD,       /* of two operands */
    DVT_WORK_MEAN_POOL, /* over the whole plane */
    DVT_WORK_DENSE
} dvt_work_kind;

/* Same padding: the output plane is ceil(size / stride). */
typedef struct dvt_work {
    dvt_work_kind kind;
    int32_t       channels, filters; /* read, written */
    int32_t       height, width;     /* of the input */
    int32_t       kernel, stride;
} dvt_work;

/* What can work at the same time. With one convolution engine CONV_WIDE is that one. */
typedef enum dvt_unit {
    DVT_UNIT_CONV_WIDE,
    DVT_UNIT_CONV_POINT,
    DVT_UNIT_POOL, /* the pooling engine, or the host in its place */
    DVT_UNIT_COUNT
} dvt_unit;

/* Where an operation runs: kernels above 1x1 on the wide engine; 1x1 and additions on the point
 * engine, if there is one; pooling and dense on the third. */
DVT_API dvt_unit dvt_chaidnn_unit(const dvt_chaidnn *a, const dvt_work *w);

/* Cycles of a convolution alone, two images. E_CAPACITY if one output row fits no buffer. */
DVT_API DVT_MUST_CHECK dvt_status dvt_chaidnn_conv_cycles(dvt_ctx *ctx, const dvt_chaidnn *a,
                                                          const dvt_work *w, int64_t *out);
/* Time of any operation, two images. E_CAPACITY as above, and above 2^31 - 1 ticks. */
DVT_API DVT_MUST_CHECK dvt_status dvt_chaidnn_ticks(dvt_ctx *ctx, const dvt_chaidnn *a,
                                                    const dvt_work *w, int64_t *out);
/* Cycles of all convolutions and additions of a network one after the other (its pooling overlaps
 * with them and its dense layers belong to the host: the figure that frame rates "without fully
 * connected layers" are about). E_UNSUPPORTED for convolutions with groups, dilation or other than
 * two dimensions. */
DVT_API DVT_MUST_CHECK dvt_status dvt_chaidnn_graph_cycles(const dvt_graph *g, const dvt_chaidnn *a,
                                                           int64_t *out);

/* ---- NAS-Bench-101 on an accelerator ------------------------------------------------------- */

/* The work that an operation shape (id in 0..84) stands for. */
DVT_API dvt_work dvt_chaidnn_nb101_work(int32_t shape);
/* Time of every shape on accelerator `index`. ticks: (DVT_NB101_SHAPES). */
DVT_API DVT_MUST_CHECK dvt_status dvt_chaidnn_nb101_row(dvt_ctx *ctx, int32_t index,
                                                        uint32_t *ticks);
/* Time of every shape on every accelerator. ticks: (DVT_CHAIDNN_COUNT, DVT_NB101_SHAPES),
 * row-major, made by the caller. */
DVT_API DVT_MUST_CHECK dvt_status dvt_chaidnn_nb101_table(dvt_ctx *ctx, uint32_t *ticks);
/* The form of a valid cell that all isomorphic cells share: the order of vertices that is first in
 * a fixed order of orders (docs/pareto.md). Schedules are made of it. */
DVT_API void dvt_nb101_canonical(const dvt_nb101_cell *c, dvt_nb101_cell *out);
/* Latency of a network: its operations in list order, each on its unit, as soon as the unit is free
 * and what it reads is there. ticks: (DVT_NB101_SHAPES), the accelerator's row of the table. */
DVT_API int64_t dvt_chaidnn_nb101_latency(const dvt_nb101_ops *ops, const dvt_chaidnn *a,
                                          const uint32_t *ticks);

/* The least latency of the network of a valid cell that any schedule of its operations gives: not
 * above dvt_chaidnn_nb101_latency() of the canonical form. ticks as there. */
DVT_API int64_t dvt_chaidnn_nb101_optimal(const dvt_nb101_cell *cell, const dvt_chaidnn *a,
                                          const uint32_t *ticks);

#ifdef __cplusplus
}
#endif
#endif
