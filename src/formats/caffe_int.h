/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_int.h - what the files of the Caffe reader share.
 *
 * Steps      text or binary -> tree (prototxt.c, caffe_binary.c)
 *            -> newest form of every layer (caffe_upgrade.c)
 *            -> layers of the test phase, blobs in single assignment, what is alive (caffe_net.c)
 *            -> graph (caffe_import.c; inputs in caffe_inputs.c; layers in caffe_layers_*.c)
 *            -> weights (caffe_weights.c).
 * Ownership  everything but the graph lives in the reader's arena.
 * Errors     sticky, in `net->r`: the functions of a layer read fields and add nodes without
 *            looking; after a failure nothing more happens.
 */
#ifndef FORMATS_CAFFE_INT_H
#define FORMATS_CAFFE_INT_H

#include "dovetail/formats.h"
#include "formats/prototxt.h"

#include <protobuf-c/protobuf-c.h>

enum { DVTI_CAFFE_MAX_LAYERS = 1 << 17 };

/* What becomes of a layer. */
typedef enum dvti_caffe_role {
    DVTI_CAFFE_OP,   /* nodes of the graph */
    DVTI_CAFFE_DATA, /* its tops that somebody reads become graph inputs */
    DVTI_CAFFE_LOSS, /* becomes the function that it applies to its first bottom */
    DVTI_CAFFE_DROP  /* vanishes: metrics, losses without a function, sinks */
} dvti_caffe_role;

/* One version of a blob: Caffe overwrites blobs in place, a graph does not. */
typedef struct dvti_caffe_blob {
    const char  *name;  /* in the file */
    const char  *value; /* of the graph value: the last version keeps the blob's name */
    int32_t      layer; /* that makes it; -1: an `input:` of the net */
    int32_t      top;   /* which of its tops, or which of the net's inputs */
    dvt_pos      at;
    bool         needed; /* a live layer reads it */
    bool         seen;   /* any layer of the phase reads it */
    bool         wanted; /* a metric or loss judges it: it is an output if nobody needs it */
    dvt_value_id id;
} dvti_caffe_blob;

typedef struct dvti_caffe_layer {
    dvti_pt        *pt;
    const char     *name, *type;
    dvti_caffe_role role;
    bool            included; /* in the test phase */
    bool            live;
    int32_t         bottom_count, top_count;
    int32_t *bottom, *top; /* indices into blobs; -1: a top that is not made (a loss value) */
} dvti_caffe_layer;

typedef struct dvti_caffe_net {
    dvt_ctx               *ctx;
    dvt_arena             *arena;
    const char            *file;
    const dvt_import_opts *opts; /* never NULL */
    dvti_pt               *root;
    dvti_pt_reader         r;
    bool                   binary; /* the tree came from a caffemodel */
    dvti_caffe_layer      *layers;
    int32_t                layer_count;
    dvti_caffe_blob       *blobs;
    int32_t                blob_count;
    dvt_graph             *g;
} dvti_caffe_net;

/* ---- steps --------------------------------------------------------------------------------- */

/* True if the bytes look like text rather than a protobuf message. */
bool dvti_caffe_is_text(const uint8_t *data, size_t size);

/* The field's name in Caffe's text form (see `base_` in caffe.proto). */
const char *dvti_caffe_field_name(const ProtobufCFieldDescriptor *field);

/* A NetParameter message as the tree that its text form would give. */
DVT_MUST_CHECK dvt_status dvti_caffe_decode(dvt_ctx *ctx, dvt_arena *arena, const char *file,
                                            const uint8_t *data, size_t size, dvti_pt **root);

/* Turns `layers` of the V0 and V1 forms into `layer`, in place. */
void dvti_caffe_upgrade(dvti_caffe_net *net);

/* Fills layers and blobs. */
void dvti_caffe_build_net(dvti_caffe_net *net);

/* Adds a graph input for every blob that a data layer or the net itself gives and that is read. */
void dvti_caffe_add_inputs(dvti_caffe_net *net);

/* The fields of `msg` and below that nobody asked for: E_PARSE if there is no such field (with the
 * nearest), E_UNSUPPORTED if it is Caffe's but has no meaning here. `owner` names the message. */
void dvti_caffe_check_used(dvti_caffe_net *net, const dvti_pt *msg,
                           const ProtobufCMessageDescriptor *desc, const char *owner);

DVT_MUST_CHECK dvt_status dvti_caffe_apply_weights(dvt_graph *g, const char *file,
                                                   const uint8_t *data, size_t size);

/* ---- layers -------------------------------------------------------------------------------- */

enum { DVTI_CAFFE_ANY = 1 << 20 };

/* One layer on its way into the graph. */
typedef struct dvti_caffe_op {
    dvti_caffe_net   *net;
    dvti_caffe_layer *layer;
    dvti_pt_reader   *r;
    dvti_pt          *pt;
    dvt_value_id     *in; /* (in_count) bottoms */
    int32_t           in_count, out_count;
    const char       *source; /* "pool1 (Pooling), net.prototxt:31" */
} dvti_caffe_op;

typedef void (*dvti_caffe_fn)(dvti_caffe_op *op);

typedef struct dvti_caffe_kind {
    const char     *type;
    dvti_caffe_role role;
    int32_t         min_bottoms, max_bottoms, min_tops, max_tops;
    dvti_caffe_fn   import;
} dvti_caffe_kind;

const dvti_caffe_kind *dvti_caffe_find_kind(const char *type); /* NULL: not supported */

/* The role of a type, also of types that only end in Loss or Data. */
dvti_caffe_role dvti_caffe_role_of(const char *type);

/* Helpers of the layer functions; all do nothing once op->r->status is a failure. */
const dvt_shape *dvti_caffe_shape(const dvti_caffe_op *op, int32_t bottom);
bool             dvti_caffe_ok(const dvti_caffe_op *op);
void dvti_caffe_fail(dvti_caffe_op *op, dvt_status status, const char *fmt, ...) DVT_PRINTF(3, 4);

/* An axis field, negative from the back: 0..limit-1 (limit = rank, or rank + 1 where the end is
 * allowed); out of range is E_SHAPE. */
int32_t dvti_caffe_axis(dvti_caffe_op *op, dvti_pt *msg, const char *field, int32_t otherwise,
                        int32_t rank, bool end_allowed);

/* A parameter "<layer>.<role>". The roles and the blobs they come from: caffe_weights.c. */
dvt_value_id dvti_caffe_param(dvti_caffe_op *op, const char *role, const dvt_shape *shape);
/* `count` equal f32 values of the given shape. */
dvt_value_id dvti_caffe_fill(dvti_caffe_op *op, const char *what, const dvt_shape *shape,
                             float value);

/* A node on the way: named "<layer>/<part>". */
dvt_value_id dvti_caffe_inner(dvti_caffe_op *op, const char *part, dvt_op kind,
                              const dvt_attrs *attrs, const dvt_value_id *in, int32_t in_count);
/* The node that makes top `top`: named like the layer ("<layer>/<top>" for several tops). */
void dvti_caffe_top(dvti_caffe_op *op, int32_t top, dvt_op kind, const dvt_attrs *attrs,
                    const dvt_value_id *in, int32_t in_count);
/* One node that makes all tops. */
void dvti_caffe_tops(dvti_caffe_op *op, dvt_op kind, const dvt_attrs *attrs, const dvt_value_id *in,
                     int32_t in_count);

/* Shorthands for y = fn(x). */
dvt_value_id dvti_caffe_unary(dvti_caffe_op *op, const char *part, dvt_value_id x, dvt_unary fn,
                              double alpha, double beta, double gamma);
void         dvti_caffe_unary_top(dvti_caffe_op *op, dvt_value_id x, dvt_unary fn, double alpha,
                                  double beta, double gamma);
dvt_value_id dvti_caffe_reshape(dvti_caffe_op *op, const char *part, dvt_value_id x,
                                const dvt_shape *shape);
void         dvti_caffe_reshape_top(dvti_caffe_op *op, dvt_value_id x, const dvt_shape *shape);

#define DVTI_CAFFE_LAYERS(X)                                                                       \
    X(convolution)                                                                                 \
    X(depthwise)                                                                                   \
    X(deconvolution) X(inner_product) X(pooling) X(lrn) X(batch_norm) X(scale) X(bias)             \
        X(normalize) X(mvn) X(relu) X(relu6) X(prelu) X(elu) X(sigmoid) X(tanh) X(absval) X(power) \
            X(exp) X(log) X(bnll) X(threshold) X(swish) X(clip) X(dropout) X(softmax) X(eltwise)   \
                X(axpy) X(reduction) X(argmax) X(concat) X(slice) X(split) X(flatten) X(reshape)   \
                    X(permute) X(crop) X(tile) X(shuffle) X(padding) X(interp) X(upsample)         \
                        X(softmax_loss) X(sigmoid_loss)

#define DVTI_X(name) void dvti_caffe_import_##name(dvti_caffe_op *op);
DVTI_CAFFE_LAYERS(DVTI_X)
#undef DVTI_X

#endif
