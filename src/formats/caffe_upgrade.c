/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_upgrade.c - brings layers of Caffe's two older forms into the present one.
 *
 * Idea      The forms differ in names only, so the tree is rewritten and the importer knows one:
 *             V1   layers { type: CONVOLUTION ... }
 *                  layer { type: "Convolution" ... }
 *             V0   layers { layer { type: "conv" kernelsize: 5 } bottom: "data" ... }
 *                  layer { type: "Convolution" convolution_param { kernel_size: 5 } ... }
 *           Fields keep their places, so errors point at what the user wrote.
 * Limits    V0's "padding" layers stay layers (type "Padding"), which become pad nodes: the sums
 *           are the same as with the padding moved into the convolution.
 * Tests     tests/unit/test_caffe_upgrade.c
 */
#include "formats/caffe_int.h"

#include "formats/caffe.pb-c.h"

#include <string.h>

/* ---- V1: enum to name ---------------------------------------------------------------------- */

typedef struct rename {
    const char *from, *to;
} rename;

static const rename V1_TYPES[] = {
    {"ACCURACY", "Accuracy"},
    {"BNLL", "BNLL"},
    {"CONCAT", "Concat"},
    {"CONVOLUTION", "Convolution"},
    {"DATA", "Data"},
    {"DROPOUT", "Dropout"},
    {"EUCLIDEAN_LOSS", "EuclideanLoss"},
    {"FLATTEN", "Flatten"},
    {"HDF5_DATA", "HDF5Data"},
    {"HDF5_OUTPUT", "HDF5Output"},
    {"IM2COL", "Im2col"},
    {"IMAGE_DATA", "ImageData"},
    {"INFOGAIN_LOSS", "InfogainLoss"},
    {"INNER_PRODUCT", "InnerProduct"},
    {"LRN", "LRN"},
    {"MULTINOMIAL_LOGISTIC_LOSS", "MultinomialLogisticLoss"},
    {"POOLING", "Pooling"},
    {"RELU", "ReLU"},
    {"SIGMOID", "Sigmoid"},
    {"SOFTMAX", "Softmax"},
    {"SOFTMAX_LOSS", "SoftmaxWithLoss"},
    {"SPLIT", "Split"},
    {"TANH", "TanH"},
    {"WINDOW_DATA", "WindowData"},
    {"ELTWISE", "Eltwise"},
    {"POWER", "Power"},
    {"SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss"},
    {"HINGE_LOSS", "HingeLoss"},
    {"MEMORY_DATA", "MemoryData"},
    {"ARGMAX", "ArgMax"},
    {"THRESHOLD", "Threshold"},
    {"DUMMY_DATA", "DummyData"},
    {"SLICE", "Slice"},
    {"MVN", "MVN"},
    {"ABSVAL", "AbsVal"},
    {"SILENCE", "Silence"},
    {"CONTRASTIVE_LOSS", "ContrastiveLoss"},
    {"EXP", "Exp"},
    {"DECONVOLUTION", "Deconvolution"},
};

static const char *lookup(const rename *table, size_t count, const char *from)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].from, from) == 0) {
            return table[i].to;
        }
    }
    return NULL;
}

/* The V1 type as text: an identifier in a text file, a number in a binary one. */
static const char *v1_type_text(const dvti_pt *type)
{
    const ProtobufCEnumValue *value = NULL;

    if (type->kind == DVTI_PT_IDENT) {
        return type->text;
    }
    if (type->kind == DVTI_PT_INT && type->i >= 0 && type->i < 1000) {
        value = protobuf_c_enum_descriptor_get_value(
            &caffe__v1_layer_parameter__layer_type__descriptor, (int)type->i);
    }
    return value ? value->name : "";
}

static void upgrade_v1(dvti_caffe_net *net, dvti_pt *layer)
{
    dvti_pt     *type = dvti_pt_find(layer, "type");
    const size_t count = sizeof V1_TYPES / sizeof V1_TYPES[0];
    const char  *from = type ? v1_type_text(type) : "", *to = lookup(V1_TYPES, count, from);

    if (type && type->kind == DVTI_PT_STRING) {
        return; /* `layers` with a type in the new form: forks write it */
    }
    if (!to) {
        net->r.status = dvt_fail(net->ctx, DVT_E_PARSE, type ? &type->value_at : &layer->at,
                                 "'%s' is not a layer type of the form 'layers { ... }'", from);
        dvt_fail_hint(net->ctx, "the newer form is: layer { type: \"Convolution\" ... }");
        return;
    }
    type->kind = DVTI_PT_STRING;
    type->text = to;
    type->len = strlen(to);
}

/* ---- V0: flat fields to parameter messages ------------------------------------------------- */

static const rename V0_TYPES[] = {
    {"accuracy", "Accuracy"},
    {"bnll", "BNLL"},
    {"concat", "Concat"},
    {"conv", "Convolution"},
    {"data", "Data"},
    {"dropout", "Dropout"},
    {"euclidean_loss", "EuclideanLoss"},
    {"flatten", "Flatten"},
    {"hdf5_data", "HDF5Data"},
    {"hdf5_output", "HDF5Output"},
    {"im2col", "Im2col"},
    {"images", "ImageData"},
    {"infogain_loss", "InfogainLoss"},
    {"innerproduct", "InnerProduct"},
    {"lrn", "LRN"},
    {"multinomial_logistic_loss", "MultinomialLogisticLoss"},
    {"padding", "Padding"},
    {"pool", "Pooling"},
    {"relu", "ReLU"},
    {"sigmoid", "Sigmoid"},
    {"softmax", "Softmax"},
    {"softmax_loss", "SoftmaxWithLoss"},
    {"split", "Split"},
    {"tanh", "TanH"},
    {"window_data", "WindowData"},
};

/* The message that holds the fields of a layer type, and the new names of those that changed. */
static const rename V0_PARAMS[] = {
    {"Convolution", "convolution_param"},
    {"InnerProduct", "inner_product_param"},
    {"Pooling", "pooling_param"},
    {"LRN", "lrn_param"},
    {"Concat", "concat_param"},
    {"Dropout", "dropout_param"},
    {"Data", "data_param"},
    {"ImageData", "image_data_param"},
    {"WindowData", "window_data_param"},
    {"Padding", "padding_param"},
    {"HDF5Data", "hdf5_data_param"},
};
static const rename V0_FIELDS[] = {
    {"biasterm", "bias_term"},   {"kernelsize", "kernel_size"}, {"meanfile", "mean_file"},
    {"batchsize", "batch_size"}, {"cropsize", "crop_size"},     {"shuffle_images", "shuffle"},
};
/* These stay on the layer itself. */
static const char *const V0_KEPT[] = {"name", "type", "blobs", "blobs_lr", "weight_decay"};

static bool is_kept(const char *name)
{
    for (size_t i = 0; i < sizeof V0_KEPT / sizeof V0_KEPT[0]; i++) {
        if (strcmp(V0_KEPT[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void append(dvti_pt *parent, dvti_pt *field)
{
    field->next = NULL;
    if (parent->last) {
        parent->last = parent->last->next = field;
    } else {
        parent->first = parent->last = field;
    }
}

/* Moves the fields of the inner `layer` outwards and into the parameter message. */
static void move_v0_fields(dvti_caffe_net *net, dvti_pt *outer, dvti_pt *inner, const char *type)
{
    const char *param_name = lookup(V0_PARAMS, sizeof V0_PARAMS / sizeof V0_PARAMS[0], type);
    dvti_pt    *param = NULL, *next = NULL;

    for (dvti_pt *f = inner->first; f; f = next) {
        const char *to = lookup(V0_FIELDS, sizeof V0_FIELDS / sizeof V0_FIELDS[0], f->name);

        next = f->next;
        f->name = to ? to : f->name;
        if (is_kept(f->name) || !param_name) {
            append(outer, f);
            continue;
        }
        if (!param &&
            !(param = dvti_pt_add(net->arena, outer, param_name, DVTI_PT_MESSAGE, &inner->at))) {
            net->r.status = DVT_E_NOMEM;
            return;
        }
        append(param, f);
    }
    inner->first = inner->last = NULL;
    inner->used = true;
}

static void upgrade_v0(dvti_caffe_net *net, dvti_pt *outer, dvti_pt *inner)
{
    dvti_pt    *type = inner->kind == DVTI_PT_MESSAGE ? dvti_pt_find(inner, "type") : NULL;
    const char *to = NULL;

    if (type && type->kind == DVTI_PT_STRING) {
        to = lookup(V0_TYPES, sizeof V0_TYPES / sizeof V0_TYPES[0], type->text);
    }
    if (!to) {
        net->r.status = dvt_fail(net->ctx, DVT_E_PARSE, type ? &type->value_at : &inner->at,
                                 "'%s' is not a layer type of the form 'layers { layer { ... } }'",
                                 type && type->kind == DVTI_PT_STRING ? type->text : "");
        return;
    }
    type->text = to;
    type->len = strlen(to);
    move_v0_fields(net, outer, inner, to);
}

void dvti_caffe_upgrade(dvti_caffe_net *net)
{
    for (dvti_pt *f = net->root->first; f && net->r.status == DVT_OK; f = f->next) {
        dvti_pt *inner = NULL;

        if (strcmp(f->name, "layers") != 0 || f->kind != DVTI_PT_MESSAGE) {
            continue;
        }
        f->name = "layer";
        if ((inner = dvti_pt_find(f, "layer")) != NULL) {
            upgrade_v0(net, f, inner);
        } else {
            upgrade_v1(net, f);
        }
    }
}
