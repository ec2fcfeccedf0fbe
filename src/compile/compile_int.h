/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_int.h - the compiler's own data: feature maps, overlay operators, and the stages' calls.
 *
 * The stages and what each one decides are described in README.md beside this file.
 */
#ifndef DVTI_COMPILE_INT_H
#define DVTI_COMPILE_INT_H

#include "base/vec.h"
#include "dovetail/compile.h"

/* ---- feature maps -------------------------------------------------------------------------- */

/* A value that exists in the overlay's layout: channel blocks of rows of columns of c_vec-long
 * words. A map with a parent is a range of the parent's blocks (concatenation by address); memory
 * belongs to the root. */
typedef struct dvti_map {
    const char *name;
    int32_t     value; /* in the working graph; -1 = made by the compiler */
    int32_t     c, h, w, blocks;
    int32_t    *slots; /* (blocks * c_vec): channel, or -1 for none */
    int32_t     parent, parent_block;
    float       scale;         /* int8: value of one step; else 1 */
    int32_t first_op, last_op; /* first writer, last reader among operators; roots count children */
    bool    host_makes;        /* uploaded: a network input or a host step's output */
    bool    host_reads;        /* downloaded: a network output or a host step's input */
    bool    overlay_reads;
    /* where the root's words are while code is emitted */
    bool    in_stream, in_memory;     /* a valid copy is there */
    bool    has_region;               /* memory_base is allocated */
    int64_t stream_base, memory_base; /* words */
    bool    uploaded, downloaded;
} dvti_map;

/* ---- operators ----------------------------------------------------------------------------- */

typedef enum dvti_op_kind {
    DVTI_OP_CONV, /* on the array; dense layers are convolutions over their whole input */
    DVTI_OP_DEPTHWISE,
    DVTI_OP_POOL,
    DVTI_OP_LRN,
    DVTI_OP_COPY, /* stream straight to the auxiliary kernels: element-wise work, relayout */
    DVTI_OP_HOST
} dvti_op_kind;

typedef struct dvti_window {
    int32_t r, s, stride_h, stride_w, dil_h, dil_w, pad_h,
        pad_w; /* pads before the first row, column */
} dvti_window;

/* One pixel to one pixel. */
#define DVTI_WINDOW_ONE \
    (dvti_window) { 1, 1, 1, 1, 1, 1, 0, 0 }

/* One trip through the overlay (or more, when it is sliced), or one node on the host. */
typedef struct dvti_op {
    dvti_op_kind kind;
    int32_t      node; /* in the working graph */
    const char  *name;
    const char  *reason;  /* HOST: why */
    int32_t      in, out; /* maps */
    dvti_window  win;
    int32_t      groups;
    const float *weights;  /* CONV (K, C/groups, R, S); DEPTHWISE (C, R, S) */
    bool         identity; /* CONV without weights: relayout */
    /* per output channel, applied by the scale kernel; NULL = not used */
    float       *scale, *bias;
    const float *slope; /* PRELU: (out channels) */
    bool         has_act, has_elt, has_scale;
    dvt_act      act;
    float        act_p0, act_p1;
    int32_t      act_table;
    int32_t      elt, elt_fn; /* map of the second operand; 0 sum, 1 product, 2 maximum */
    dvt_pool     pool_kind;
    bool         pool_by_valid;
    float        pool_recip;
    int32_t      lrn_size, lrn_table;
    float        lrn_alpha_n, lrn_k;
    int32_t      route[DVT_ROUTE_MAX], route_len;
    int64_t      macs;
    int64_t      mapping_cycles;
} dvti_op;

DVT_VEC(dvti_maps, dvti_map);
DVT_VEC(dvti_ops, dvti_op);
DVT_VEC(dvti_tables, dvt_function_table);
DVT_VEC(dvti_steps, dvt_program_step);
DVT_VEC(dvti_notes, dvt_program_note);
DVT_VEC(dvti_tensors, dvt_program_tensor);

/* ---- stream buffer ------------------------------------------------------------------------- */

typedef struct dvti_hole {
    int64_t base, words;
} dvti_hole;
DVT_VEC(dvti_holes, dvti_hole);

/* Free list of the stream buffer, sorted by base; first fit. */
typedef struct dvti_space {
    dvti_holes holes;
    int64_t    words, in_use, peak;
} dvti_space;

dvt_status dvti_space_init(dvt_ctx *ctx, dvti_space *s, int64_t words);
void       dvti_space_deinit(dvt_ctx *ctx, dvti_space *s);
bool       dvti_space_take(dvti_space *s, int64_t words, int64_t *base);
dvt_status dvti_space_give(dvt_ctx *ctx, dvti_space *s, int64_t base, int64_t words);
int64_t    dvti_space_largest(const dvti_space *s);

/* ---- filters in memory -------------------------------------------------------------------- */

/* Where an operator's filters and parameters are in the image; addresses in units of 16 bytes. */
typedef struct dvti_pages {
    int64_t src, page_units;         /* first page; size of a page */
    int32_t words, slices, groups_k; /* words of a lane in a page; pages per K group; K groups */
    int64_t param_src;
    int32_t param_rows, param_groups;
} dvti_pages;

/* ---- the compilation ----------------------------------------------------------------------- */

enum dvti_optimisation {
    DVTI_OPT_FUSE_SCALE,
    DVTI_OPT_FUSE_ACTIVATION,
    DVTI_OPT_FUSE_ELTWISE,
    DVTI_OPT_CONCAT_BY_ADDRESS,
    DVTI_OPT_KEEP_ON_CHIP,
    DVTI_OPT_COUNT
};

typedef struct dvti_comp {
    dvt_ctx                *ctx;
    const dvt_compile_opts *opts;
    dvt_overlay             o;
    dvt_overlay_derived     d;
    bool                    on[DVTI_OPT_COUNT];
    dvt_graph              *g;     /* working copy */
    dvt_arena              *arena; /* of the program: what it keeps */
    dvt_arena              *scratch;
    int32_t                *map_of;     /* (values) map index, -1 = none */
    int32_t                *reader_at;  /* (values + 1) first of a value's readers */
    dvt_node_id            *readers;    /* nodes, once for each operand */
    bool                   *consumed;   /* (nodes) lowered already */
    dvt_value_id           *host_value; /* (values) id in the host graph, -1 = none */
    dvti_maps               maps;
    dvti_ops                ops;
    dvti_tables             tables;
    dvti_steps              steps;
    dvti_notes              notes;
    dvti_tensors            tensors;
    dvti_space              space;
    dvti_pages *pages; /* (groups) of the operator being emitted; words 0 = not packed */
    dvt_buf     control, image;
    dvt_graph  *host;
    int64_t     memory_words; /* next free feature word in external memory */
    int32_t     word_count;
    int32_t     stepped; /* words that are in steps already */
    float      *max_abs; /* int8: (values) largest magnitude seen in the samples */
} dvti_comp;

/* place.c: may this node run on the overlay by itself? */
bool dvti_place(const dvt_overlay *o, const dvt_graph *g, dvt_node_id n, char *reason, size_t size);
/* The value as c x h x w of one image; false if it cannot be a feature map. */
bool dvti_map_shape(const dvt_value *v, int32_t *c, int32_t *h, int32_t *w);
/* Walks back through reshapes that keep the order of elements. */
dvt_value_id dvti_view_source(const dvt_graph *g, dvt_value_id v);
/* What the sum of a window is divided by. */
typedef enum dvti_divisor {
    DVTI_DIVISOR_KERNEL, /* the same everywhere */
    DVTI_DIVISOR_VALID,  /* how many of the window are inside the image */
    DVTI_DIVISOR_BORDERS /* another one at each border: Caffe's, with padding */
} dvti_divisor;
/* Of an average pooling node. */
dvti_divisor dvti_pool_divisor(const dvt_graph *g, const dvt_node *n);
/* Window of a convolution or pooling node in two dimensions. */
dvti_window dvti_window_of(const dvt_window_attrs *a);

/* calibrate.c: largest magnitudes over the sample inputs (int8). */
dvt_status dvti_calibrate(dvti_comp *c);
/* Value of one step of a value's features; 1 outside of int8 and for `value` -1. */
float dvti_value_scale(const dvti_comp *c, int32_t value);
/* lower.c: nodes to operators with fused tails, values to maps (see lower_int.h). */
dvt_status dvti_lower(dvti_comp *c);
/* layout.c: maps and their channel slots. */
dvt_status dvti_map_new(dvti_comp *c, const char *name, int32_t value, int32_t ch, int32_t h,
                        int32_t w, int32_t *out);
dvt_status dvti_layout_dense(dvti_comp *c, dvti_map *m);
dvt_status dvti_layout_array(dvti_comp *c, dvti_map *m, int32_t groups);
dvt_status dvti_layout_like(dvti_comp *c, dvti_map *m, const dvti_map *like);
bool       dvti_layout_is_dense(const dvti_comp *c, const dvti_map *m);
bool       dvti_layout_equal(const dvti_comp *c, const dvti_map *a, const dvti_map *b);
int32_t    dvti_map_root(const dvti_comp *c, int32_t map, int32_t *first_block);

/* pack.c: weights and parameters into the memory image. */
dvt_status dvti_pack_conv(dvti_comp *c, const dvti_op *op, int32_t group, int32_t first_block,
                          int32_t blocks, int32_t slices, dvti_pages *out);
dvt_status dvti_pack_depthwise(dvti_comp *c, const dvti_op *op, dvti_pages *out);
dvt_status dvti_pack_params(dvti_comp *c, const dvti_op *op, const float *norm,
                            int32_t first_channel, int32_t channels, int32_t rows, dvti_pages *out);
/* Parameters of trips that do not use the array: one row per slot. */
dvt_status dvti_pack_slot_params(dvti_comp *c, const dvti_op *op, const float *norm,
                                 dvti_pages *out);

/* emit.c: operators to long words and steps, with allocation on the way. */
dvt_status dvti_emit(dvti_comp *c);
/* words.c: the long words of one operator (rows p0..p1 of its output). */
typedef struct dvti_place_in { /* where an operand's rows are in the stream buffer */
    int64_t base;              /* word of the first channel block, first row present */
    int32_t first_row, rows;   /* rows present */
} dvti_place_in;
typedef struct dvti_place_out {
    bool    memory;
    int64_t base; /* word of row 0 of the whole map */
} dvti_place_out;
typedef struct dvti_slice {
    int32_t               p0, p1;
    dvti_place_in         in, elt;
    dvti_place_out        out;
    const dvt_part_fread *load; /* feature load that goes with the word; NULL = none */
} dvti_slice;
dvt_status dvti_words_emit(dvti_comp *c, const dvti_op *op, const dvti_slice *s);
dvt_status dvti_words_load(dvti_comp *c, const char *name, const dvt_part_fread *load);
dvt_status dvti_words_copy_out(dvti_comp *c, const dvti_map *m, int64_t stream_base,
                               int64_t memory_base);
/* The rows of the input that output rows [p0, p1) read. */
void dvti_input_rows(const dvti_op *op, const dvti_map *in, int32_t p0, int32_t p1, int32_t *lo,
                     int32_t *hi);

/* host.c: the part of the network that the host runs. */
dvt_status dvti_host_build(dvti_comp *c);

#endif
