/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_inputs.c - names and shapes of the graph's inputs.
 *
 * Idea      What feeds a Caffe net is an `input:` of the net, an Input layer, or a layer that
 *           reads a data base. All three become graph inputs; what differs is how much the file
 *             says: Input, input_dim, input_shape, DummyData, MemoryData   the whole shape
 *             Data, ImageData, WindowData with a crop or new size    size; channels 3 (1 if grey)
 *             HDF5Data, Data without crop_size                       nothing
 *           A shape in the options wins over the file; opts.image_shape fills what the file leaves
 *           open.
 * Rules     Data layers get batch 1: their batch_size says how a solver feeds them. Labels are not
 *           read by anything that is alive and so do not become inputs. Preprocessing in
 *           transform_param is not part of the graph (docs/formats/caffe.md).
 * Tests     tests/unit/test_caffe_inputs.c
 */
#include "formats/caffe_int.h"

#include <string.h>

/* ---- what the file says -------------------------------------------------------------------- */

static dvt_shape blob_shape(dvti_caffe_net *net, dvti_pt *msg)
{
    dvt_shape s = {0};

    msg->used = true;
    s.rank = dvti_pt_i64s(&net->r, msg, "dim", 1, DVT_DIM_MAX, s.dim, DVT_MAX_RANK);
    return s;
}

static dvti_pt *nth(dvti_pt *first, int32_t n)
{
    for (; first && n > 0; n--) {
        first = dvti_pt_more(first);
    }
    return first;
}

/* Input number `n` of the net: input_shape, or four of the numbers in input_dim. */
static dvt_shape net_input_shape(dvti_caffe_net *net, int32_t n)
{
    dvti_pt  *shape = nth(dvti_pt_find(net->root, "input_shape"), n);
    dvti_pt  *dim = nth(dvti_pt_find(net->root, "input_dim"), 4 * n);
    dvt_shape s = {0};

    if (shape) {
        return blob_shape(net, shape);
    }
    for (; dim && s.rank < 4; dim = dvti_pt_more(dim)) {
        dim->used = true;
        if (dim->kind != DVTI_PT_INT || dim->i < 1 || dim->i > INT32_MAX) {
            net->r.status = dvt_fail(net->ctx, DVT_E_PARSE, &dim->value_at,
                                     "field 'input_dim' must be a whole number from 1 on");
            return s;
        }
        s.dim[s.rank++] = dim->i;
    }
    return s;
}

/* Input and DummyData: one shape for all tops or one for each. */
static dvt_shape shape_of_list(dvti_caffe_net *net, dvti_pt *param, int32_t top)
{
    dvti_pt *first = dvti_pt_find(param, "shape"), *mine = nth(first, top);

    dvti_pt_mark(param, "shape");
    if (!mine && first && !dvti_pt_more(first)) {
        mine = first;
    }
    return mine ? blob_shape(net, mine) : (dvt_shape){0};
}

static dvt_shape dummy_shape(dvti_caffe_net *net, dvti_pt *param, int32_t top)
{
    static const char *const fields[] = {"num", "channels", "height", "width"};
    dvt_shape                s = shape_of_list(net, param, top);

    for (int i = 0; s.rank == i && i < 4 && dvti_pt_find(param, fields[i]); i++) {
        dvti_pt *first = dvti_pt_find(param, fields[i]), *mine = nth(first, top);
        mine = mine ? mine : first;
        dvti_pt_mark(param, fields[i]);
        if (mine->kind == DVTI_PT_INT && mine->i >= 1) {
            s.dim[s.rank++] = mine->i;
        }
    }
    return s;
}

static dvt_shape memory_shape(dvti_caffe_net *net, dvti_pt *param, int32_t top)
{
    dvt_shape s = DVT_SHAPE(1, 0, 0, 0);

    s.dim[1] = dvti_pt_i64(&net->r, param, "channels", 0, 1, INT32_MAX);
    s.dim[2] = dvti_pt_i64(&net->r, param, "height", 0, 1, INT32_MAX);
    s.dim[3] = dvti_pt_i64(&net->r, param, "width", 0, 1, INT32_MAX);
    return top == 0 && s.dim[1] && s.dim[2] && s.dim[3] ? s : (dvt_shape){0};
}

/* Layers that read images: the crop, or the size they are brought to. */
static dvt_shape image_shape(dvti_caffe_net *net, dvti_caffe_layer *l, dvti_pt *param, int32_t top)
{
    dvti_pt *transform = dvti_pt_message(&net->r, l->pt, "transform_param");
    int64_t  crop = dvti_pt_i64(&net->r, transform, "crop_size", 0, 0, INT32_MAX);
    int64_t  old_crop = dvti_pt_i64(&net->r, param, "crop_size", 0, 0, INT32_MAX);
    int64_t  height = dvti_pt_i64(&net->r, param, "new_height", 0, 0, INT32_MAX);
    int64_t  width = dvti_pt_i64(&net->r, param, "new_width", 0, 0, INT32_MAX);
    bool     color = dvti_pt_bool(&net->r, param, "is_color", true);

    if (transform && top == 0) {
        dvt_log(net->ctx, DVT_LOG_INFO, "formats",
                "layer '%s': preprocessing (transform_param) is not part of the graph", l->name);
    }
    crop = crop ? crop : old_crop; /* the older forms have it in the layer's own message */
    height = crop ? crop : height;
    width = crop ? crop : width;
    if (dvti_pt_bool(&net->r, transform, "force_gray", false)) {
        color = false;
    }
    return top == 0 && height && width ? DVT_SHAPE(1, color ? 3 : 1, height, width)
                                       : (dvt_shape){0};
}

static dvt_shape layer_input_shape(dvti_caffe_net *net, dvti_caffe_layer *l, int32_t top)
{
    static const struct {
        const char *type, *param;
    } params[] = {{"Input", "input_param"},
                  {"DummyData", "dummy_data_param"},
                  {"MemoryData", "memory_data_param"},
                  {"Data", "data_param"},
                  {"ImageData", "image_data_param"},
                  {"WindowData", "window_data_param"}};
    size_t k = 0, count = sizeof params / sizeof params[0];

    while (k < count && strcmp(l->type, params[k].type) != 0) {
        k++;
    }
    dvti_pt *param = k < count ? dvti_pt_message(&net->r, l->pt, params[k].param) : NULL;
    switch (k) {
    case 0: return shape_of_list(net, param, top);
    case 1: return dummy_shape(net, param, top);
    case 2: return memory_shape(net, param, top);
    default: return image_shape(net, l, param, top);
    }
}

/* ---- options ------------------------------------------------------------------------------- */

static bool names_input(const dvt_input_shape *s, const dvti_caffe_blob *b)
{
    return !s->name || !*s->name || strcmp(s->name, b->name) == 0;
}

static bool is_input(const dvti_caffe_net *net, const dvti_caffe_blob *b)
{
    if (b->layer >= 0 && net->layers[b->layer].role != DVTI_CAFFE_DATA) {
        return false;
    }
    bool declared = b->layer < 0 || strcmp(net->layers[b->layer].type, "Input") == 0;
    return b->needed || (declared && !b->seen); /* one that only a loss reads is a label */
}

static dvt_status no_shape(dvti_caffe_net *net, const dvti_caffe_blob *b)
{
    const char *maker = b->layer < 0 ? "the net" : net->layers[b->layer].type;
    dvt_status  st = dvt_fail(net->ctx, DVT_E_USAGE, &b->at,
                              "the size of input '%s' is not in the file (%s)", b->name, maker);

    dvt_fail_hint(net->ctx, "give it, for example: --shape %s=1,1,28,28", b->name);
    return st;
}

static dvt_shape final_shape(dvti_caffe_net *net, const dvti_caffe_blob *b)
{
    const dvt_import_opts *o = net->opts;
    dvt_shape              s = {0};

    if (b->layer < 0) {
        s = net_input_shape(net, b->top);
    } else {
        s = layer_input_shape(net, &net->layers[b->layer], b->top);
    }
    if (s.rank == 0 && o->image_shape.rank > 0 && o->image_shape.rank < DVT_MAX_RANK) {
        s.rank = o->image_shape.rank + 1;
        s.dim[0] = 1;
        memcpy(&s.dim[1], o->image_shape.dim, (size_t)o->image_shape.rank * sizeof s.dim[0]);
    }
    for (int32_t i = 0; i < o->shape_count; i++) {
        if (names_input(&o->shapes[i], b)) {
            s = o->shapes[i].shape;
        }
    }
    if (s.rank > 0 && o->batch > 0) {
        s.dim[0] = o->batch;
    }
    return s;
}

/* A shape given for an input that does not exist must not pass unnoticed. */
static void check_options(dvti_caffe_net *net, const char *const *names, int32_t count)
{
    for (int32_t i = 0; i < net->opts->shape_count && net->r.status == DVT_OK; i++) {
        const char *want = net->opts->shapes[i].name;
        bool        found = (!want || !*want) && count == 1;

        for (int32_t k = 0; k < count; k++) {
            found = found || (want && strcmp(names[k], want) == 0);
        }
        if (found) {
            continue;
        }
        if (want && *want) {
            const char *near = dvt_nearest(want, names, (size_t)count);
            net->r.status =
                dvt_fail(net->ctx, DVT_E_USAGE, NULL, "'%s' has no input '%s'", net->file, want);
            dvt_fail_hint(net->ctx, "%s '%s'", near ? "did you mean" : "its first input is",
                          near    ? near
                          : count ? names[0]
                                  : "");
        } else {
            net->r.status = dvt_fail(net->ctx, DVT_E_USAGE, NULL,
                                     "'%s' has %d inputs: say which one the shape is for",
                                     net->file, (int)count);
        }
    }
}

void dvti_caffe_add_inputs(dvti_caffe_net *net)
{
    const char **names = dvt_arena_calloc(net->arena, (size_t)net->blob_count + 1, sizeof *names);
    int32_t      count = 0;

    for (int32_t i = 0; names && i < net->blob_count; i++) {
        if (is_input(net, &net->blobs[i])) {
            names[count++] = net->blobs[i].name;
        }
    }
    if (!names) {
        net->r.status = DVT_E_NOMEM;
        return;
    }
    check_options(net, names, count);
    for (int32_t i = 0; i < net->blob_count && net->r.status == DVT_OK; i++) {
        dvti_caffe_blob *b = &net->blobs[i];
        if (!is_input(net, b)) {
            continue;
        }
        dvt_shape s = final_shape(net, b);
        if (net->r.status == DVT_OK) {
            net->r.status = s.rank == 0
                                ? no_shape(net, b)
                                : dvt_graph_add_input(net->g, b->value, DVT_DTYPE_F32, &s, &b->id);
        }
    }
    if (net->r.status == DVT_OK && count == 0) {
        net->r.status =
            dvt_fail(net->ctx, DVT_E_UNSUPPORTED, &net->root->at, "the net has no input");
    }
}
