/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conv_plan_int.h - what a convolution plan is made of: shared by conv_plan.c and conv_slices.c.
 *
 * Slices    Parts of the output along the outermost dimension that has an extent (images, or rows
 *           of one image). Several slices read and write channels-last images, in which each is one
 *           stretch of memory; a single slice has whatever layouts oneDNN chose.
 */
#ifndef DVTI_TENSOR_CONV_PLAN_INT_H
#define DVTI_TENSOR_CONV_PLAN_INT_H

#include "dovetail/kernels.h"

#include <dnnl.h>

enum { DVTI_CONV_SLICES = 16 }; /* at most */

/* Slices of equal dimensions. */
typedef struct dvti_conv_variant {
    dvt_conv_dims      d;
    dnnl_memory_desc_t x, w, y, pad;
    dnnl_primitive_t   conv;
} dvti_conv_variant;

typedef struct dvti_conv_slice {
    const dvti_conv_variant *v;
    int64_t                  x_at, y_at; /* floats from the start of the whole images */
    dnnl_memory_t            x, y, pad;
    dnnl_stream_t            stream;
    dnnl_status_t            status; /* of the last run */
} dvti_conv_slice;

struct dvt_conv_plan {
    dvt_ctx          *ctx;
    dnnl_engine_t     engine;
    dnnl_stream_t     stream;
    dnnl_primitive_t  pack_x, unpack_y;   /* NULL if the layouts agree */
    dnnl_memory_t     plain_x, plain_y;   /* the caller's arrays */
    dnnl_memory_t     x, y;               /* what the slices are parts of */
    dnnl_memory_t     w, bias;            /* bias may be NULL */
    float            *w_data, *bias_data; /* owned */
    dvti_conv_variant variants[DVTI_CONV_SLICES];
    dvti_conv_slice  *slices; /* (DVTI_CONV_SLICES) owned */
    int32_t           variant_count, slice_count;
    size_t            x_bytes, y_bytes, pad_bytes; /* whole DVT_ALIGN units; the pad a thread */
    dvt_act           late_act;                    /* the activation that is not fused */
    int64_t           y_count;
};

/* oneDNN's view of the dimensions while a plan is made. */
typedef struct dvti_conv_layout {
    int                spatial; /* 2 or 3 */
    dnnl_dims_t        stride, dilation, pad_lo, pad_hi;
    dnnl_memory_desc_t x, w, y, bias; /* x and y as the caller has them */
} dvti_conv_layout;

/* Raises what oneDNN's status means; `what` follows "oneDNN refused to". */
dvt_status dvti_conv_checked(dvt_ctx *ctx, dnnl_status_t st, const char *what);
/* oneDNN's view of dimensions, images as opts->x_last and y_last say. */
dvt_status dvti_conv_describe(dvt_ctx *ctx, const dvt_conv_dims *d, const dvt_conv_plan_opts *opts,
                              dvti_conv_layout *l);
/* Cuts the convolution and makes the primitives; p->engine is there, everything else of slices and
 * variants is zero. On failure what was made stays, for dvti_conv_drop_slices. */
dvt_status dvti_conv_make_slices(dvt_conv_plan *p, const dvt_conv_dims *d, bool with_bias,
                                 const dvt_conv_plan_opts *opts);
void       dvti_conv_drop_slices(dvt_conv_plan *p);

#endif
