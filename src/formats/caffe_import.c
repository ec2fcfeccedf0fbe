/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_import.c - the table of layer types, the helpers layers are written with, and the entry
 * points.
 *
 * Idea      A layer type is one line of a table: how many bottoms and tops it takes and the
 *           function that turns it into nodes. The function asks the tree for its fields and adds
 *           nodes; what it did not ask for is found afterwards and reported
 *           (dvti_caffe_check_used).
 * Tests     tests/unit/test_caffe_*.c, tests/diff/diff_caffe_golden.c
 */
#include "formats/caffe_int.h"

#include "formats/caffe.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- layer types --------------------------------------------------------------------------- */

#define OP(type, bmin, bmax, tmin, tmax, name)                                \
    {                                                                         \
        type, DVTI_CAFFE_OP, bmin, bmax, tmin, tmax, dvti_caffe_import_##name \
    }
#define ANY DVTI_CAFFE_ANY

static const dvti_caffe_kind KINDS[] = {
    OP("AbsVal", 1, 1, 1, 1, absval),
    OP("ArgMax", 1, 1, 1, 1, argmax),
    OP("Axpy", 3, 3, 1, 1, axpy),
    OP("BNLL", 1, 1, 1, 1, bnll),
    OP("BatchNorm", 1, 1, 1, 1, batch_norm),
    OP("Bias", 1, 2, 1, 1, bias),
    OP("Clip", 1, 1, 1, 1, clip),
    OP("Concat", 1, ANY, 1, 1, concat),
    OP("Convolution", 1, ANY, 1, ANY, convolution),
    OP("ConvolutionDepthwise", 1, 1, 1, 1, depthwise),
    OP("DepthwiseConvolution", 1, 1, 1, 1, depthwise),
    OP("Crop", 2, 2, 1, 1, crop),
    OP("Deconvolution", 1, ANY, 1, ANY, deconvolution),
    OP("Dropout", 1, 1, 1, 1, dropout),
    OP("ELU", 1, 1, 1, 1, elu),
    OP("Eltwise", 2, ANY, 1, 1, eltwise),
    OP("Exp", 1, 1, 1, 1, exp),
    OP("Flatten", 1, 1, 1, 1, flatten),
    OP("InnerProduct", 1, 1, 1, 1, inner_product),
    OP("Interp", 1, 1, 1, 1, interp),
    OP("LRN", 1, 1, 1, 1, lrn),
    OP("Log", 1, 1, 1, 1, log),
    OP("MVN", 1, 1, 1, 1, mvn),
    OP("Normalize", 1, 1, 1, 1, normalize),
    OP("PReLU", 1, 1, 1, 1, prelu),
    OP("Padding", 1, 1, 1, 1, padding),
    OP("Permute", 1, 1, 1, 1, permute),
    OP("Pooling", 1, 1, 1, 1, pooling),
    OP("Power", 1, 1, 1, 1, power),
    OP("ReLU", 1, 1, 1, 1, relu),
    OP("ReLU6", 1, 1, 1, 1, relu6),
    OP("Reduction", 1, 1, 1, 1, reduction),
    OP("Reshape", 1, 1, 1, 1, reshape),
    OP("Scale", 1, 2, 1, 1, scale),
    OP("ShuffleChannel", 1, 1, 1, 1, shuffle),
    OP("Sigmoid", 1, 1, 1, 1, sigmoid),
    OP("Slice", 1, 1, 1, ANY, slice),
    OP("Softmax", 1, 1, 1, 1, softmax),
    OP("Split", 1, 1, 1, ANY, split),
    OP("Swish", 1, 1, 1, 1, swish),
    OP("TanH", 1, 1, 1, 1, tanh),
    OP("Threshold", 1, 1, 1, 1, threshold),
    OP("Tile", 1, 1, 1, 1, tile),
    OP("Upsample", 1, 1, 1, 1, upsample),
    {"SoftmaxWithLoss", DVTI_CAFFE_LOSS, 1, 3, 1, 1, dvti_caffe_import_softmax_loss},
    {"SigmoidCrossEntropyLoss", DVTI_CAFFE_LOSS, 1, 2, 1, 1, dvti_caffe_import_sigmoid_loss},
};
enum { KIND_COUNT = sizeof KINDS / sizeof KINDS[0] };

const dvti_caffe_kind *dvti_caffe_find_kind(const char *type)
{
    for (int i = 0; i < KIND_COUNT; i++) {
        if (strcmp(KINDS[i].type, type) == 0) {
            return &KINDS[i];
        }
    }
    return NULL;
}

static bool is_one_of(const char *type, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(type, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

dvti_caffe_role dvti_caffe_role_of(const char *type)
{
    static const char *const data[] = {"Data",  "DummyData",  "HDF5Data",  "ImageData",
                                       "Input", "MemoryData", "WindowData"};
    static const char *const drop[] = {
        "Accuracy",     "ContrastiveLoss",         "EuclideanLoss", "HDF5Output",  "HingeLoss",
        "InfogainLoss", "MultinomialLogisticLoss", "Silence",       "SmoothL1Loss"};
    const dvti_caffe_kind *kind = dvti_caffe_find_kind(type);

    if (kind) {
        return kind->role;
    }
    if (is_one_of(type, data, sizeof data / sizeof data[0])) {
        return DVTI_CAFFE_DATA;
    }
    return is_one_of(type, drop, sizeof drop / sizeof drop[0]) ? DVTI_CAFFE_DROP : DVTI_CAFFE_OP;
}

/* ---- helpers of the layer functions -------------------------------------------------------- */

bool dvti_caffe_ok(const dvti_caffe_op *op) { return op->r->status == DVT_OK; }

const dvt_shape *dvti_caffe_shape(const dvti_caffe_op *op, int32_t bottom)
{
    return &dvt_graph_value(op->net->g, op->in[bottom])->shape;
}

void dvti_caffe_fail(dvti_caffe_op *op, dvt_status status, const char *fmt, ...)
{
    char    text[384];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (dvti_caffe_ok(op)) {
        op->r->status = dvt_fail(op->net->ctx, status, &op->pt->at, "layer '%s' (%s): %s",
                                 op->layer->name, op->layer->type, text);
    }
}

int32_t dvti_caffe_axis(dvti_caffe_op *op, dvti_pt *msg, const char *field, int32_t otherwise,
                        int32_t rank, bool end_allowed)
{
    int64_t axis = dvti_pt_i64(op->r, msg, field, otherwise, INT32_MIN, INT32_MAX);
    int64_t limit = rank + (end_allowed ? 1 : 0);
    int64_t resolved = axis < 0 ? axis + limit : axis;

    if (resolved < 0 || resolved >= limit) {
        dvti_caffe_fail(op, DVT_E_SHAPE,
                        "field '%s' is %" PRId64 ", but the input has %d dimensions", field, axis,
                        (int)rank);
        return 0;
    }
    return (int32_t)resolved;
}

dvt_value_id dvti_caffe_param(dvti_caffe_op *op, const char *role, const dvt_shape *shape)
{
    dvt_value_id id = DVT_NO_VALUE;
    const char  *name = dvt_arena_printf(op->net->arena, "%s.%s", op->layer->name, role);

    if (!name && dvti_caffe_ok(op)) {
        op->r->status = DVT_E_NOMEM;
    }
    if (!dvti_caffe_ok(op)) {
        return id;
    }
    /* weights are found by this name later, so it must not become "name_2" */
    if (dvt_graph_find_value(op->net->g, name).i >= 0) {
        dvti_caffe_fail(op, DVT_E_PARSE,
                        "its parameter '%s' has the name of another layer's or blob's", name);
        return id;
    }
    op->r->status = dvt_graph_add_param(op->net->g, name, DVT_DTYPE_F32, shape, &id);
    if (!dvti_caffe_ok(op)) {
        dvt_fail_note(op->net->ctx, "while reading layer '%s' (%s)", op->layer->name,
                      op->layer->type);
    }
    return id;
}

enum { FILL_MAX = 1 << 24 };

dvt_value_id dvti_caffe_fill(dvti_caffe_op *op, const char *what, const dvt_shape *shape,
                             float value)
{
    dvt_value_id id = DVT_NO_VALUE;
    dvt_tensor   t = {0};
    const char  *name = dvt_arena_printf(op->net->arena, "%s.%s", op->layer->name, what);

    if (!dvti_caffe_ok(op)) {
        return id;
    }
    if (dvt_shape_count(shape) > FILL_MAX) { /* memory for values that the file does not hold */
        dvti_caffe_fail(op, DVT_E_CAPACITY, "it has more than %d channels", (int)FILL_MAX);
        return id;
    }
    op->r->status = name ? dvt_tensor_init(op->net->ctx, DVT_DTYPE_F32, shape, &t) : DVT_E_NOMEM;
    if (dvti_caffe_ok(op)) {
        for (int64_t i = 0; i < dvt_shape_count(shape); i++) {
            ((float *)t.data)[i] = value;
        }
        op->r->status = dvt_graph_add_const(op->net->g, name, &t, &id);
    }
    dvt_tensor_deinit(op->net->ctx, &t);
    return id;
}

/* Adds a node that makes `count` values named by `tops`, or one inner value if tops is NULL. */
static void add_node(dvti_caffe_op *op, const char *name, dvt_op kind, const dvt_attrs *attrs,
                     const dvt_value_id *in, int32_t in_count, const char *const *tops,
                     int32_t count, dvt_value_id *out)
{
    dvt_node_spec spec = {.op = kind,
                          .name = name,
                          .source = op->source,
                          .inputs = in,
                          .input_count = in_count,
                          .output_count = count,
                          .output_names = tops,
                          .at = op->pt->at};

    if (attrs) {
        spec.attrs = *attrs;
    }
    if (dvti_caffe_ok(op)) {
        op->r->status = name ? dvt_graph_add_node(op->net->g, &spec, out) : DVT_E_NOMEM;
    }
}

dvt_value_id dvti_caffe_inner(dvti_caffe_op *op, const char *part, dvt_op kind,
                              const dvt_attrs *attrs, const dvt_value_id *in, int32_t in_count)
{
    dvt_value_id id = DVT_NO_VALUE;

    add_node(op, dvt_arena_printf(op->net->arena, "%s/%s", op->layer->name, part), kind, attrs, in,
             in_count, NULL, 1, &id);
    return id;
}

void dvti_caffe_top(dvti_caffe_op *op, int32_t top, dvt_op kind, const dvt_attrs *attrs,
                    const dvt_value_id *in, int32_t in_count)
{
    dvti_caffe_blob *b = &op->net->blobs[op->layer->top[top]];
    const char      *name = op->layer->name;

    if (op->out_count > 1) {
        name = dvt_arena_printf(op->net->arena, "%s/%s", op->layer->name, b->name);
    }
    add_node(op, name, kind, attrs, in, in_count, &b->value, 1, &b->id);
}

void dvti_caffe_tops(dvti_caffe_op *op, dvt_op kind, const dvt_attrs *attrs, const dvt_value_id *in,
                     int32_t in_count)
{
    dvti_caffe_net *net = op->net;
    size_t          count = (size_t)op->out_count;
    const char    **names = dvt_arena_calloc(net->arena, count, sizeof *names);
    dvt_value_id   *ids = dvt_arena_calloc(net->arena, count, sizeof *ids);

    if (!dvti_caffe_ok(op) || !names || !ids) {
        op->r->status = dvti_caffe_ok(op) ? DVT_E_NOMEM : op->r->status;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        names[i] = net->blobs[op->layer->top[i]].value;
    }
    add_node(op, op->layer->name, kind, attrs, in, in_count, names, op->out_count, ids);
    for (size_t i = 0; i < count && dvti_caffe_ok(op); i++) {
        net->blobs[op->layer->top[i]].id = ids[i];
    }
}

static dvt_attrs unary_attrs(dvt_unary fn, double alpha, double beta, double gamma)
{
    return (dvt_attrs){.unary = {fn, (float)alpha, (float)beta, (float)gamma}};
}

dvt_value_id dvti_caffe_unary(dvti_caffe_op *op, const char *part, dvt_value_id x, dvt_unary fn,
                              double alpha, double beta, double gamma)
{
    dvt_attrs a = unary_attrs(fn, alpha, beta, gamma);

    return dvti_caffe_inner(op, part, DVT_OP_UNARY, &a, &x, 1);
}

void dvti_caffe_unary_top(dvti_caffe_op *op, dvt_value_id x, dvt_unary fn, double alpha,
                          double beta, double gamma)
{
    dvt_attrs a = unary_attrs(fn, alpha, beta, gamma);

    dvti_caffe_top(op, 0, DVT_OP_UNARY, &a, &x, 1);
}

static dvt_attrs reshape_attrs(const dvt_shape *shape)
{
    dvt_attrs a = {.dims = {{.n = shape->rank}}};

    memcpy(a.dims.dims.v, shape->dim, sizeof a.dims.dims.v);
    return a;
}

dvt_value_id dvti_caffe_reshape(dvti_caffe_op *op, const char *part, dvt_value_id x,
                                const dvt_shape *shape)
{
    dvt_attrs a = reshape_attrs(shape);

    return dvti_caffe_inner(op, part, DVT_OP_RESHAPE, &a, &x, 1);
}

void dvti_caffe_reshape_top(dvti_caffe_op *op, dvt_value_id x, const dvt_shape *shape)
{
    dvt_attrs a = reshape_attrs(shape);

    dvti_caffe_top(op, 0, DVT_OP_RESHAPE, &a, &x, 1);
}

/* ---- fields nobody asked for --------------------------------------------------------------- */

/* Caffe's fields that say how a network is trained or computed, not what it computes. */
static const char *const IRRELEVANT[] = {
    "bias_filler",
    "blob_share_mode",
    "blobs",
    "blobs_lr",
    "debug_info",
    "decay_mult",
    "engine",
    "filler",
    "force_backward",
    "force_nd_im2col",
    "loss_param",
    "loss_weight",
    "lr_mult",
    "moving_average_fraction",
    "param",
    "phase",
    "propagate_down",
    "scale_filler",
    "stable_prod_grad",
    "weight_decay",
    "weight_filler",
};

enum { MAX_FIELD_NAMES = 128 };

static void report_field(dvti_caffe_net *net, const dvti_pt *f,
                         const ProtobufCMessageDescriptor *desc, const char *owner)
{
    const char *names[MAX_FIELD_NAMES];
    size_t      count = 0;

    for (unsigned i = 0; desc && i < desc->n_fields && count < MAX_FIELD_NAMES; i++) {
        names[count++] = dvti_caffe_field_name(&desc->fields[i]);
    }
    if (is_one_of(f->name, names, count) || !desc || strncmp(f->name, "field ", 6) == 0) {
        net->r.status = dvt_fail(net->ctx, DVT_E_UNSUPPORTED, &f->at,
                                 "field '%s' of %s is not understood", f->name, owner);
        return;
    }
    const char *near = dvt_nearest(f->name, names, count);
    net->r.status = dvt_fail(net->ctx, DVT_E_PARSE, &f->at, "%s has no field '%s'", owner, f->name);
    if (near) {
        dvt_fail_hint(net->ctx, "did you mean '%s'?", near);
    }
}

static const ProtobufCMessageDescriptor *sub_descriptor(const ProtobufCMessageDescriptor *desc,
                                                        const char                       *name)
{
    const ProtobufCFieldDescriptor *field =
        desc ? protobuf_c_message_descriptor_get_field_by_name(desc, name) : NULL;

    return field && field->type == PROTOBUF_C_TYPE_MESSAGE ? field->descriptor : NULL;
}

void dvti_caffe_check_used(dvti_caffe_net *net, const dvti_pt *msg,
                           const ProtobufCMessageDescriptor *desc, const char *owner)
{
    for (const dvti_pt *f = msg->first; f && net->r.status == DVT_OK; f = f->next) {
        char path[160];

        if (is_one_of(f->name, IRRELEVANT, sizeof IRRELEVANT / sizeof IRRELEVANT[0])) {
            continue;
        }
        if (!f->used) {
            report_field(net, f, desc, owner);
        } else if (f->kind == DVTI_PT_MESSAGE && strcmp(f->name, "layer") != 0) {
            snprintf(path, sizeof path, "'%s' in %s", f->name, owner);
            dvti_caffe_check_used(net, f, sub_descriptor(desc, f->name), path);
        }
    }
}

/* ---- one layer ----------------------------------------------------------------------------- */

static void unsupported(dvti_caffe_net *net, const dvti_caffe_layer *l)
{
    const char *types[KIND_COUNT], *near = NULL;

    for (int i = 0; i < KIND_COUNT; i++) {
        types[i] = KINDS[i].type;
    }
    near = dvt_nearest(l->type, types, KIND_COUNT);
    net->r.status = dvt_fail(net->ctx, DVT_E_UNSUPPORTED, &l->pt->at,
                             "layer '%s' has type '%s', which is not supported", l->name, l->type);
    if (near) {
        dvt_fail_hint(net->ctx, "did you mean '%s'?", near);
    } else {
        dvt_fail_hint(net->ctx, "docs/formats/caffe.md lists the supported layers");
    }
}

static bool check_counts(dvti_caffe_op *op, const dvti_caffe_kind *k)
{
    if (op->in_count < k->min_bottoms || op->in_count > k->max_bottoms) {
        dvti_caffe_fail(op, DVT_E_PARSE, "it has %d bottoms, not %d%s", (int)op->in_count,
                        (int)k->min_bottoms, k->max_bottoms > k->min_bottoms ? " or more" : "");
    }
    if (op->out_count < k->min_tops || op->out_count > k->max_tops) {
        dvti_caffe_fail(op, DVT_E_PARSE, "it has %d tops, not %d%s", (int)op->out_count,
                        (int)k->min_tops, k->max_tops > k->min_tops ? " or more" : "");
    }
    return dvti_caffe_ok(op);
}

static void check_layer_used(dvti_caffe_net *net, const dvti_caffe_layer *l)
{
    char owner[160];

    snprintf(owner, sizeof owner, "layer '%s' (%s)", l->name, l->type);
    dvti_caffe_check_used(net, l->pt, &caffe__layer_parameter__descriptor, owner);
}

static void import_layer(dvti_caffe_net *net, dvti_caffe_layer *l)
{
    const dvti_caffe_kind *kind = dvti_caffe_find_kind(l->type);
    dvti_caffe_op          op = {.net = net,
                                 .layer = l,
                                 .r = &net->r,
                                 .pt = l->pt,
                                 .in_count = l->bottom_count,
                                 .out_count = l->top_count};
    /* a loss reads its label, too, but its function does not */
    int32_t read = l->role == DVTI_CAFFE_LOSS && l->bottom_count ? 1 : l->bottom_count;

    if (!kind) {
        unsupported(net, l);
        return;
    }
    op.in = dvt_arena_calloc(net->arena, (size_t)l->bottom_count + 1, sizeof *op.in);
    op.source = l->pt->at.line ? dvt_arena_printf(net->arena, "%s (%s), %s:%u", l->name, l->type,
                                                  net->file, (unsigned)l->pt->at.line)
                               : dvt_arena_printf(net->arena, "%s (%s), %s, byte %" PRIu64, l->name,
                                                  l->type, net->file, l->pt->at.offset);
    if (!op.in || !op.source) {
        net->r.status = DVT_E_NOMEM;
        return;
    }
    for (int32_t i = 0; i < read; i++) {
        op.in[i] = net->blobs[l->bottom[i]].id;
    }
    if (check_counts(&op, kind)) {
        kind->import(&op);
    }
    if (dvti_caffe_ok(&op)) {
        check_layer_used(net, l);
    }
}

static void add_outputs(dvti_caffe_net *net)
{
    for (int32_t i = 0; i < net->blob_count && net->r.status == DVT_OK; i++) {
        const dvti_caffe_blob *b = &net->blobs[i];

        if (b->layer >= 0 && net->layers[b->layer].live && !b->needed && (!b->seen || b->wanted)) {
            net->r.status = dvt_graph_add_output(net->g, b->id);
        }
    }
    if (net->r.status == DVT_OK && dvt_graph_output_count(net->g) == 0) {
        net->r.status = dvt_fail(net->ctx, DVT_E_UNSUPPORTED, &net->root->at,
                                 "the net has no layer that computes something");
    }
}

/* ---- the whole net ------------------------------------------------------------------------- */

/* A text that is a prototxt of something else: say of what. */
static bool is_other_text(dvti_caffe_net *net)
{
    static const char *const nets[] = {"net", "train_net", "test_net"};
    const dvti_pt           *at = NULL;

    if (dvti_pt_find(net->root, "layer") || dvti_pt_find(net->root, "layers")) {
        return false;
    }
    if ((at = dvti_pt_find(net->root, "node")) != NULL) {
        net->r.status = dvt_fail(net->ctx, DVT_E_UNSUPPORTED, &at->at,
                                 "this is a TensorFlow GraphDef in text form, not a Caffe net");
        return true;
    }
    for (size_t i = 0; i < sizeof nets / sizeof nets[0] && !at; i++) {
        at = dvti_pt_find(net->root, nets[i]);
    }
    if (at && at->kind == DVTI_PT_STRING) {
        net->r.status = dvt_fail(net->ctx, DVT_E_UNSUPPORTED, &at->at,
                                 "this is a solver, which trains the net '%s'", at->text);
        dvt_fail_hint(net->ctx, "give the file of that net");
        return true;
    }
    if ((at = dvti_pt_find(net->root, "net_param")) != NULL) {
        net->r.status = dvt_fail(net->ctx, DVT_E_UNSUPPORTED, &at->at,
                                 "this is a solver, which holds its net in field 'net_param'");
        dvt_fail_hint(net->ctx, "put what stands in 'net_param' into a file of its own");
        return true;
    }
    if ((at = dvti_pt_find(net->root, "base_lr")) != NULL) {
        net->r.status =
            dvt_fail(net->ctx, DVT_E_UNSUPPORTED, &at->at, "this is a solver, not a net");
        return true;
    }
    net->r.status = dvt_fail(net->ctx, DVT_E_PARSE, &net->root->at, "the file has no layers");
    return true;
}

static void import_net(dvti_caffe_net *net)
{
    const char *name = NULL;

    dvti_caffe_upgrade(net);
    name = dvti_pt_string(&net->r, net->root, "name", "caffe");
    if (net->r.status != DVT_OK || is_other_text(net)) {
        return;
    }
    dvti_caffe_build_net(net);
    if (net->r.status == DVT_OK && !(net->g = dvt_graph_create(net->ctx, name))) {
        net->r.status = DVT_E_NOMEM;
    }
    if (net->r.status == DVT_OK) {
        dvti_pt_mark(net->root, "input");
        dvti_caffe_add_inputs(net);
    }
    for (int32_t i = 0; i < net->layer_count && net->r.status == DVT_OK; i++) {
        if (net->layers[i].live) {
            import_layer(net, &net->layers[i]);
        } else if (net->layers[i].included && strcmp(net->layers[i].type, "Input") == 0) {
            check_layer_used(net, &net->layers[i]);
        }
    }
    if (net->r.status == DVT_OK) {
        dvti_pt_mark(net->root, "input_dim"); /* more numbers than inputs need */
        dvti_pt_mark(net->root, "input_shape");
        dvti_caffe_check_used(net, net->root, &caffe__net_parameter__descriptor, "the net");
    }
    if (net->r.status == DVT_OK) {
        add_outputs(net);
    }
}

dvt_status dvt_caffe_parse(dvt_ctx *ctx, const char *name, const uint8_t *text, size_t size,
                           const dvt_import_opts *opts, dvt_graph **out)
{
    static const dvt_import_opts none = {0};
    dvti_caffe_net               net = {.ctx = ctx, .file = name};

    *out = NULL;
    net.opts = opts ? opts : &none;
    net.r = (dvti_pt_reader){.ctx = ctx, .status = DVT_OK};
    net.arena = dvt_arena_create(ctx);
    net.binary = !dvti_caffe_is_text(text, size);
    if (!net.arena) {
        net.r.status = DVT_E_NOMEM;
    } else if (net.binary) {
        net.r.status = dvti_caffe_decode(ctx, net.arena, name, text, size, &net.root);
    } else {
        net.r.status = dvti_pt_parse(ctx, net.arena, name, text, size, &net.root);
    }
    if (net.r.status == DVT_OK) {
        import_net(&net);
    }
    if (net.r.status == DVT_OK && net.binary) {
        net.r.status = dvti_caffe_apply_weights(net.g, name, text, size);
    }
    if (net.r.status == DVT_OK && net.opts->weights) {
        net.r.status = dvt_caffe_load_weights(net.g, net.opts->weights);
    }
    if (net.r.status == DVT_OK) {
        *out = net.g;
        net.g = NULL;
    }
    dvt_graph_destroy(net.g);
    dvt_arena_destroy(net.arena);
    return net.r.status;
}

dvt_status dvt_caffe_load(dvt_ctx *ctx, const char *path, const dvt_import_opts *opts,
                          dvt_graph **out)
{
    dvt_blob file = {0};

    *out = NULL;
    dvt_status st = dvt_file_read(ctx, path, 0, &file);
    if (st == DVT_OK) {
        st = dvt_caffe_parse(ctx, path, file.data, file.size, opts, out);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}
