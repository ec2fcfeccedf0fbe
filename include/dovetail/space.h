/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space.h - what there is to choose from: cells of networks, accelerators, and products of both.
 *
 * Spaces     A space is a list of choices with a number of values each, and a point says which
 *            value each choice takes. Points are plain values and have a text and a number.
 * Products   "nasbench201@chaidnn" is the space of all pairs; texts of its points are joined by '@'
 *            too.
 * Cells      NAS-Bench-101 and NAS-Bench-201 are sets of small graphs ("cells"); a fixed skeleton
 *            turns a cell into a network. A cell is a plain value.
 * Sources    docs/space.md says where each definition comes from and what was checked.
 * Threads    functions that return no status only read, and may be called from many threads.
 */
#ifndef DOVETAIL_SPACE_H
#define DOVETAIL_SPACE_H

#include "dovetail/overlay.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- spaces -------------------------------------------------------------------------------- */

enum { DVT_SPACE_MAX_CHOICES = 128, DVT_SPACE_MAX_FACTS = 64 };

typedef struct dvt_space dvt_space;

typedef struct dvt_point {
    int32_t  count;                    /* choices; unused values are 0 */
    uint32_t v[DVT_SPACE_MAX_CHOICES]; /* v[i] < number of values of choice i */
} dvt_point;

typedef struct dvt_space_about {
    const char *name, *summary;
    const char *form; /* of a point's text */
} dvt_space_about;

/* Something countable about a point or a space; the unit ends the key ("area_um2"). */
typedef struct dvt_fact {
    const char *key; /* static */
    int64_t     value;
} dvt_fact;

/* A matrix of weights that may be written as a product (rows, rank) x (rank, columns). */
typedef struct dvt_rank_matrix {
    const char *name;
    int64_t     rows, columns;
} dvt_rank_matrix;

/* What some spaces are made from. Zero = not given. */
typedef struct dvt_space_opts {
    /* overlays: the device that they shall fit (required), their clock (0 = 300), and the
     * sustained bandwidth of external memory in 1e9 bytes a second (0 = the device's) */
    const dvt_device *device;
    double            clock_mhz, memory_gbps;
    /* ranks: the network whose matrices are factored, borrowed as long as the space lives; or a
     * list of matrices, copied */
    const dvt_graph       *network;
    const dvt_rank_matrix *matrices;
    int32_t                matrix_count;
} dvt_space_opts;

/* The i-th of the spaces that products are made of: static, NULL behind the last. */
DVT_API const dvt_space_about *dvt_space_about_of(size_t i);

/* `name`: one of those, or several joined by '@', each at most once. Making nasbench101 enumerates
 * it (seconds). E_NOTFOUND with the nearest name, E_USAGE for a part named twice. */
DVT_API DVT_MUST_CHECK dvt_status dvt_space_create(dvt_ctx *ctx, const char *name, dvt_space **out);
/* The same with options (NULL = none). E_USAGE if `overlays` has no device or `ranks` nothing to
 * factor; E_NOTFOUND if no overlay of the grid fits the device. */
DVT_API DVT_MUST_CHECK dvt_status dvt_space_create_with(dvt_ctx *ctx, const char *name,
                                                        const dvt_space_opts *opts,
                                                        dvt_space **out);
DVT_API void        dvt_space_destroy(dvt_space *s);
DVT_API const char *dvt_space_name(const dvt_space *s);
/* Points; 0: more than 2^63, they have no numbers (dvt_space_at, dvt_space_index). */
DVT_API uint64_t    dvt_space_count(const dvt_space *s);
DVT_API double      dvt_space_log2_count(const dvt_space *s);
DVT_API int32_t     dvt_space_choices(const dvt_space *s);
/* Choice i: its name, and how many values it has. In `overlays` not all combinations are points:
 * those that fit no device are none. */
DVT_API const char *dvt_space_choice(const dvt_space *s, int32_t i, uint32_t *values);
/* More counts (labelled graphs, different forms); *count: how many. E_NOMEM. */
DVT_API DVT_MUST_CHECK dvt_status dvt_space_counts(const dvt_space *s,
                                                   dvt_fact out[DVT_SPACE_MAX_FACTS],
                                                   int32_t *count);

/* Point `index` in [0, count), the last choice changing fastest; and back. The point must be one of
 * the space, here and below (dvt_space_contains). */
DVT_API dvt_point dvt_space_at(const dvt_space *s, uint64_t index);
DVT_API uint64_t  dvt_space_index(const dvt_space *s, const dvt_point *p);
DVT_API bool      dvt_space_contains(const dvt_space *s, const dvt_point *p);
DVT_API dvt_point dvt_space_sample(const dvt_space *s, dvt_rng *rng); /* uniform */
/* A different point nearby: one choice takes another value; in NAS-Bench-101 edges and labels of
 * the cell are changed at random until it is another cell. In a product one part changes. */
DVT_API dvt_point dvt_space_mutate(const dvt_space *s, const dvt_point *p, dvt_rng *rng);

DVT_API void dvt_space_print(const dvt_space *s, const dvt_point *p, dvt_buf *out);
/* E_PARSE with the column, E_NOTFOUND for what is well-formed and not in the space. */
DVT_API DVT_MUST_CHECK dvt_status dvt_space_parse(const dvt_space *s, const char *text,
                                                  dvt_point *out);
/* What is known of a point without measuring: sizes of networks, parameters of accelerators;
 * returns how many facts there are. */
DVT_API int32_t dvt_space_facts(const dvt_space *s, const dvt_point *p,
                                dvt_fact out[DVT_SPACE_MAX_FACTS]);

typedef struct dvt_space_graph_opts {
    const char *skeleton; /* "accuracy" (NULL) or, of nasbench201, "latbench" */
    int32_t     classes;  /* 0 = 10; nasbench101 has 10 only */
} dvt_space_graph_opts;
/* The network of a point, parameters without data. E_UNSUPPORTED where there is none. */
DVT_API DVT_MUST_CHECK dvt_status dvt_space_graph(const dvt_space *s, const dvt_point *p,
                                                  const dvt_space_graph_opts *opts,
                                                  dvt_graph **out);

/* ---- overlays and ranks: what a point stands for ------------------------------------------- */

/* The overlay of a point, complete and checked; its name is made of its parameters. E_UNSUPPORTED
 * if the space has no overlays. */
DVT_API DVT_MUST_CHECK dvt_status dvt_space_overlay(const dvt_space *s, const dvt_point *p,
                                                    dvt_overlay *out);
/* What it takes of the space's device. E_UNSUPPORTED as above. */
DVT_API DVT_MUST_CHECK dvt_status dvt_space_resources(const dvt_space *s, const dvt_point *p,
                                                      dvt_resources *out);
/* Shares of a device as one number, in millionths of it: logic, DSP and memory blocks weighted as
 * the silicon of a ZU9EG is (docs/space.md). */
DVT_API int64_t dvt_overlay_area_ppm(const dvt_resources *r);

/* The matrices of a space with ranks (borrowed, *count of them) and their ranks at a point: one for
 * each, 0 = not factored. NULL where there are none. */
DVT_API const dvt_rank_matrix *dvt_space_matrices(const dvt_space *s, int32_t *count);
DVT_API DVT_MUST_CHECK dvt_status dvt_space_ranks(const dvt_space *s, const dvt_point *p,
                                                  int64_t *out);

/* ---- NAS-Bench-101: cells ------------------------------------------------------------------ */

enum {
    DVT_NB101_MAX_VERTICES = 7,
    DVT_NB101_MAX_INTERIOR = 5, /* without input and output */
    DVT_NB101_MAX_EDGES = 9
};

typedef enum dvt_nb101_label {
    DVT_NB101_CONV3X3, /* with batch-norm and ReLU, as is the next */
    DVT_NB101_CONV1X1,
    DVT_NB101_MAXPOOL3X3,
    DVT_NB101_LABELS
} dvt_nb101_label;

/* Vertex 0 is the input, the last one the output, the others carry labels. */
typedef struct dvt_nb101_cell {
    uint32_t adj_bits; /* edge x -> y (x < y) is bit x + y (y - 1) / 2 */
    uint8_t  vertices; /* 2..7 */
    uint8_t  ops[DVT_NB101_MAX_INTERIOR]; /* dvt_nb101_label of vertices 1.. ; unused ones are 0 */
} dvt_nb101_cell;

DVT_API bool dvt_nb101_edge(const dvt_nb101_cell *c, int x, int y); /* x < y */
/* In range, at most 9 edges, every vertex on a path from input to output. */
DVT_API bool dvt_nb101_valid(const dvt_nb101_cell *c);
/* Removes vertices that are on no path from input to output; false: there is no path at all. The
 * rest keeps its order. Sizes and labels must be in range. */
DVT_API bool dvt_nb101_prune(dvt_nb101_cell *c);

/* ---- NAS-Bench-101: the whole space -------------------------------------------------------- */

enum { DVT_NB101_MD5_BYTES = 16 };

/* The hash by which the benchmark names cells; equal for isomorphic ones. The cell must be
 * valid. */
DVT_API void dvt_nb101_md5(const dvt_nb101_cell *c, char out[DVT_MD5_HEX]);

typedef struct dvt_nb101_table dvt_nb101_table;

/* All different cells of up to `max_vertices` (2..7), in the order of their hashes, which is that
 * of the published table. Each is represented by the first of its labelled graphs, counting by
 * vertices, then edges (as a number), then labels. The same for any number of threads. E_NOMEM,
 * E_CANCELLED. */
DVT_API DVT_MUST_CHECK dvt_status dvt_nb101_enumerate(dvt_ctx *ctx, int max_vertices,
                                                      dvt_nb101_table **out);
DVT_API void    dvt_nb101_table_destroy(dvt_nb101_table *t);
DVT_API int64_t dvt_nb101_table_count(const dvt_nb101_table *t);
/* Borrowed: (count) cells; the hash of the i-th as bytes. */
DVT_API const dvt_nb101_cell *dvt_nb101_table_cells(const dvt_nb101_table *t);
DVT_API const uint8_t *dvt_nb101_table_md5(const dvt_nb101_table *t, int64_t i);
/* Labelled graphs that were looked at: exactly `vertices` of them, or 0 for all. */
DVT_API int64_t dvt_nb101_table_labelled(const dvt_nb101_table *t, int vertices);
/* The place of a hash (32 hexadecimal digits, small letters), or -1. */
DVT_API int64_t dvt_nb101_table_find(const dvt_nb101_table *t, const char *md5);

/* ---- NAS-Bench-101: the network of a cell as a list of operations -------------------------- */

/* Each operation of each network of the space has one of 85 shapes. Batch-norm and ReLU belong to
 * their convolution; truncating and concatenating channels only moves data and is no operation. */
typedef enum dvt_nb101_kind {
    DVT_NB101_OP_CONV3X3,
    DVT_NB101_OP_CONV1X1,
    DVT_NB101_OP_MAXPOOL3X3, /* stride 1 */
    DVT_NB101_OP_ADD,        /* of two tensors */
    DVT_NB101_OP_MAXPOOL2X2, /* stride 2, between stacks */
    DVT_NB101_OP_AVGPOOL,    /* global */
    DVT_NB101_OP_DENSE
} dvt_nb101_kind;

enum { DVT_NB101_SHAPES = 85, DVT_NB101_MAX_OPS = 192, DVT_NB101_MAX_DEPS = 8 };

typedef struct dvt_nb101_shape {
    dvt_nb101_kind kind;
    int32_t        in_channels, out_channels;
    int32_t        in_size, out_size; /* height = width, in pixels */
} dvt_nb101_shape;

/* `id` in 0..84; the ids of one kind are consecutive. */
DVT_API dvt_nb101_shape dvt_nb101_shape_of(int32_t id);
/* Multiply-accumulates of one image (0 for pools and additions), and trainable parameters (weights,
 * 2 a channel for batch-norm, bias of the dense layer). */
DVT_API int64_t dvt_nb101_shape_macs(int32_t id);
DVT_API int64_t dvt_nb101_shape_parameters(int32_t id);

typedef struct dvt_nb101_op {
    uint8_t shape;     /* id, see above */
    uint8_t stack;     /* 0..2; the stem counts to 0, what follows the last cell to 2 */
    uint8_t cell;      /* 0..2 in the stack */
    uint8_t dep_count; /* operations whose results this one reads, in the list below: */
    uint8_t deps[DVT_NB101_MAX_DEPS]; /* their places in the list, all before this one */
} dvt_nb101_op;

typedef struct dvt_nb101_ops {
    int32_t      count;
    dvt_nb101_op op[DVT_NB101_MAX_OPS];
} dvt_nb101_ops;

/* The whole network of a valid cell for 32x32 images, in topological order. A sum of n tensors is
 * n - 1 additions in a chain. Cells 1 and 2 of a stack have the same operations. */
DVT_API void dvt_nb101_operations(const dvt_nb101_cell *c, dvt_nb101_ops *out);
/* Sums over that list. */
DVT_API int64_t dvt_nb101_parameters(const dvt_nb101_cell *c);
DVT_API int64_t dvt_nb101_macs(const dvt_nb101_cell *c);
/* The same network as a graph, parameters without data. E_USAGE for an invalid cell. */
DVT_API DVT_MUST_CHECK dvt_status dvt_nb101_graph(dvt_ctx *ctx, const dvt_nb101_cell *c,
                                                  dvt_graph **out);

/* ---- NAS-Bench-201 ------------------------------------------------------------------------- */

enum { DVT_NB201_EDGES = 6, DVT_NB201_COUNT = 15625, DVT_NB201_TEXT = 128 };

#define DVT_NB201_OP_LIST(X)          \
    X(NONE, "none")                   \
    X(SKIP, "skip_connect")           \
    X(CONV1X1, "nor_conv_1x1")        \
    X(CONV3X3, "nor_conv_3x3")        \
    X(AVGPOOL3X3, "avg_pool_3x3")

typedef enum dvt_nb201_op {
#define DVT_X(name, text) DVT_NB201_##name,
    DVT_NB201_OP_LIST(DVT_X)
#undef DVT_X
        DVT_NB201_OPS
} dvt_nb201_op;

/* Four nodes, an operation on each edge; edges in the order of the text form: 0->1, 0->2, 1->2,
 * 0->3, 1->3, 2->3. */
typedef struct dvt_nb201_cell {
    uint8_t op[DVT_NB201_EDGES]; /* dvt_nb201_op */
} dvt_nb201_cell;

/* Cell `index` in [0, DVT_NB201_COUNT): op[5] changes fastest. */
DVT_API dvt_nb201_cell dvt_nb201_at(int32_t index);
DVT_API int32_t        dvt_nb201_index(const dvt_nb201_cell *c);
/* The order in which the published tables number the cells: order[i] is the dvt_nb201_index of the
 * cell that they call i. A fixed shuffle; takes a fraction of a millisecond. */
DVT_API void dvt_nb201_published_order(uint16_t order[DVT_NB201_COUNT]);
/* "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|"; returns `out`. */
DVT_API const char *dvt_nb201_print(const dvt_nb201_cell *c, char out[DVT_NB201_TEXT]);
/* E_PARSE with the column. */
DVT_API DVT_MUST_CHECK dvt_status dvt_nb201_parse(dvt_ctx *ctx, const char *text,
                                                  dvt_nb201_cell *out);
/* A value that is equal for cells that compute the same when skips are contracted, and (`zeros`)
 * when operations on what is always zero are dropped too, by the rule of the benchmark's code. */
DVT_API uint64_t dvt_nb201_form(const dvt_nb201_cell *c, bool zeros);
/* Is there a path without `none` from node 0 to node 3? */
DVT_API bool dvt_nb201_connected(const dvt_nb201_cell *c);

/* The networks around a cell, for 32x32 images: the one whose accuracy the benchmark holds
 * (batch-norm, `classes` outputs), and the one whose latency LatBench holds (biases, no batch-norm,
 * 10 classes; operations on no path from input to output are left out). */
typedef enum dvt_nb201_skeleton { DVT_NB201_ACCURACY, DVT_NB201_LATBENCH } dvt_nb201_skeleton;

/* Trainable parameters and multiply-accumulates (convolutions and the linear layer) of the accuracy
 * network with 10 classes, operations on no path included, as published. */
DVT_API int64_t dvt_nb201_parameters(const dvt_nb201_cell *c);
DVT_API int64_t dvt_nb201_macs(const dvt_nb201_cell *c);
/* Parameters without data. LATBENCH: E_UNSUPPORTED for a cell without a path. */
DVT_API DVT_MUST_CHECK dvt_status dvt_nb201_graph(dvt_ctx *ctx, const dvt_nb201_cell *c,
                                                  dvt_nb201_skeleton skeleton, int32_t classes,
                                                  dvt_graph **out);

#ifdef __cplusplus
}
#endif
#endif
