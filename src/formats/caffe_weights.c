/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caffe_weights.c - blobs of a caffemodel: into the parameters of a graph, or one as a tensor.
 *
 * Idea      The file is walked once on the wire; a layer's blobs are noted as spans and decoded one
 *           at a time. What else a trained file holds (topology, solver history) is passed over.
 * Names     The importer calls a layer's parameters "<layer>.<role>"; the role says which blob it
 *             is: weight 0, slope 0, scale 0, offset 0, bias 1, mean 0, var 1.
 *           Batch norm: mean and variance are blobs 0 and 1 divided by the factor in blob 2 (a
 *           factor of 0 gives 0, as in Caffe).
 * Shapes    must agree but for dimensions of 1: older files store every blob with four dimensions,
 *           (1,1,N,M) for a matrix, (1,1,1,N) for a bias.
 * Errors    E_PARSE (damaged), E_SHAPE (another network's weights), E_NOTFOUND (a layer without
 *           any).
 * Limits    DVT_DIM_MAX elements a blob, at most as many as the file has bytes for.
 * Tests     tests/unit/test_caffe_weights.c, tests/fuzz/fuzz_caffemodel.c
 */
#include "formats/caffe_int.h"
#include "formats/wire.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_BLOBS = 16 }; /* of a layer that we know: 3 */

typedef struct blob_spans {
    dvti_wire       file; /* the message that holds the blobs, for places in errors */
    dvt_arena      *names;
    const char     *layer;
    int32_t         count; /* may exceed MAX_BLOBS: the rest is not kept */
    dvti_wire_field span[MAX_BLOBS];
} blob_spans;

/* ---- one blob ------------------------------------------------------------------------------ */

/* data, diff, double_data, double_diff: how many values, and room for them. */
typedef struct blob_values {
    int64_t count;
    float  *v;
} blob_values;

typedef struct blob_reader {
    dvti_wire  *w;
    dvt_shape   shape;
    bool        has_shape, has_legacy;
    blob_values list[4];
} blob_reader;

enum { LIST_DATA, LIST_DIFF, LIST_DOUBLE_DATA, LIST_DOUBLE_DIFF };

static int list_of(uint32_t number)
{
    static const int lists[10] = {
        -1, -1, -1, -1, -1, LIST_DATA, LIST_DIFF, -1, LIST_DOUBLE_DATA, LIST_DOUBLE_DIFF};
    return number < 10 ? lists[number] : -1;
}

static size_t value_bytes(int list) { return list >= LIST_DOUBLE_DATA ? 8 : 4; }

static float value_at(const uint8_t *p, int list)
{
    float  f;
    double d;

    if (list < LIST_DOUBLE_DATA) {
        uint32_t bits = dvti_wire_u32(p);
        memcpy(&f, &bits, sizeof f);
        return f;
    }
    uint64_t bits = dvti_wire_u64(p);
    memcpy(&d, &bits, sizeof d);
    return (float)d;
}

/* The values of one field: packed (a span) or a single one. Counts only while v is NULL. */
static void take_values(blob_reader *b, const dvti_wire_field *f, int list)
{
    blob_values *values = &b->list[list];
    size_t       bytes = value_bytes(list), n = f->type == DVTI_WIRE_BYTES ? f->size / bytes : 1;
    uint8_t      one[8];

    if (f->type != DVTI_WIRE_BYTES) {
        for (int i = 0; i < 8; i++) {
            one[i] = (uint8_t)(f->value >> (8 * i));
        }
    }
    for (size_t i = 0; i < n && values->v; i++) {
        const uint8_t *p = f->type == DVTI_WIRE_BYTES ? f->data + i * bytes : one;
        values->v[values->count + (int64_t)i] = value_at(p, list);
    }
    values->count += (int64_t)n;
}

static void fail_blob(dvti_wire *w, const dvti_wire_field *f, const char *what)
{
    dvt_pos pos = dvti_wire_pos(w, f);

    w->status =
        dvt_fail(w->ctx, DVT_E_PARSE, &pos, "damaged blob: %s at byte %" PRIu64, what, f->offset);
}

static void take_dim(blob_reader *b, const dvti_wire_field *f, uint64_t value)
{
    if (b->shape.rank == DVT_MAX_RANK || value > (uint64_t)DVT_DIM_MAX) {
        fail_blob(b->w, f, "a shape is out of range");
        return;
    }
    b->shape.dim[b->shape.rank++] = (int64_t)value;
}

static void take_shape(blob_reader *b, const dvti_wire_field *field)
{
    dvti_wire       sub = dvti_wire_enter(b->w, field);
    dvti_wire_field f;
    uint64_t        value;

    b->has_shape = true;
    while (b->w->status == DVT_OK && dvti_wire_next(&sub, &f)) {
        if (f.number == 1 && f.type == DVTI_WIRE_VARINT) {
            take_dim(b, field, f.value);
        }
        for (size_t at = 0; f.number == 1 && f.type == DVTI_WIRE_BYTES && at < f.size;) {
            if (b->w->status != DVT_OK || !dvti_wire_varint(f.data, f.size, &at, &value)) {
                fail_blob(b->w, field, "a shape ends inside a number");
                return;
            }
            take_dim(b, field, value);
        }
    }
    if (b->w->status == DVT_OK) {
        b->w->status = sub.status;
    }
}

/* num, channels, height, width of the older form. */
static void take_legacy(blob_reader *b, const dvti_wire_field *f)
{
    if (b->has_shape) {
        return;
    }
    if (!b->has_legacy) {
        b->shape = DVT_SHAPE(1, 1, 1, 1);
        b->has_legacy = true;
    }
    if (f->value > INT32_MAX) {
        fail_blob(b->w, f, "a size is out of range");
        return;
    }
    b->shape.dim[f->number - 1] = (int64_t)f->value;
}

static void scan_blob(blob_reader *b, bool values_only)
{
    dvti_wire_field f;

    while (dvti_wire_next(b->w, &f)) {
        int list = list_of(f.number);

        if (list >= 0 && f.type == DVTI_WIRE_BYTES && f.size % value_bytes(list)) {
            fail_blob(b->w, &f, "a list does not hold whole numbers");
        } else if (list >= 0 &&
                   (f.type == DVTI_WIRE_BYTES ||
                    f.type == (list < LIST_DOUBLE_DATA ? DVTI_WIRE_FIXED32 : DVTI_WIRE_FIXED64))) {
            take_values(b, &f, list);
        } else if (list >= 0) {
            fail_blob(b->w, &f, "a value has the wrong wire type");
        } else if (f.number == 7 && !values_only &&
                   dvti_wire_expect(b->w, &f, DVTI_WIRE_BYTES, "shape")) {
            b->shape.rank = b->has_shape ? b->shape.rank : 0; /* the new form wins over the old */
            take_shape(b, &f);
        } else if (f.number >= 1 && f.number <= 4 && !values_only &&
                   dvti_wire_expect(b->w, &f, DVTI_WIRE_VARINT, "num")) {
            take_legacy(b, &f);
        }
    }
}

/* Two walks: the first counts, so that memory is taken only for values that are there. */
static dvt_status read_blob(dvti_wire *message, bool diff_too, dvt_tensor *out)
{
    dvti_wire   first = *message, second = *message;
    blob_reader b = {.w = &first}, fill = {.w = &second};
    int         list = -1;

    memset(out, 0, sizeof *out);
    scan_blob(&b, false);
    if (first.status != DVT_OK) {
        return first.status;
    }
    for (int k = 0; k < 4 && list < 0; k++) {
        static const int order[4] = {LIST_DATA, LIST_DOUBLE_DATA, LIST_DIFF, LIST_DOUBLE_DIFF};
        list = b.list[order[k]].count > 0 && (k < 2 || diff_too) ? order[k] : -1;
    }
    int64_t count = list < 0 ? 0 : b.list[list].count;
    if (!b.has_shape && !b.has_legacy) {
        b.shape = DVT_SHAPE(count);
    }
    if (count != dvt_shape_count(&b.shape)) {
        char    text[DVT_SHAPE_TEXT];
        dvt_pos pos = {.file = message->file, .offset = message->origin};
        return dvt_fail(message->ctx, DVT_E_PARSE, &pos,
                        "damaged blob: %" PRId64 " values for shape %s at byte %" PRIu64, count,
                        dvt_shape_text(&b.shape, text), pos.offset);
    }
    dvt_status st = dvt_tensor_init(message->ctx, DVT_DTYPE_F32, &b.shape, out);
    if (st == DVT_OK && list >= 0) {
        fill.list[list].v = out->data;
        scan_blob(&fill, true);
        st = second.status;
    }
    return st;
}

static dvt_status read_span(const blob_spans *s, int32_t i, dvt_tensor *out)
{
    dvti_wire  parent = s->file;
    dvti_wire  sub = dvti_wire_enter(&parent, &s->span[i]);
    dvt_status st = sub.status == DVT_OK ? read_blob(&sub, false, out) : sub.status;

    if (st != DVT_OK) {
        dvt_fail_note(s->file.ctx, "while reading blob %d of layer '%s'", (int)i, s->layer);
    }
    return st;
}

/* ---- into the graph ------------------------------------------------------------------------ */

/* The parameter or constant "<layer>.<role>", or none. A failure stays in s->file.status. */
static dvt_value_id find_param(dvt_graph *g, blob_spans *s, const char *role)
{
    const char  *name = dvt_arena_printf(s->names, "%s.%s", s->layer, role);
    dvt_value_id v = name ? dvt_graph_find_value(g, name) : DVT_NO_VALUE;

    if (!name) {
        s->file.status = DVT_E_NOMEM;
    }
    if (v.i < 0) {
        return v;
    }
    dvt_value_kind kind = dvt_graph_value(g, v)->kind;
    return kind == DVT_VALUE_PARAM || kind == DVT_VALUE_CONST ? v : DVT_NO_VALUE;
}

/* Equal when dimensions of 1 are left out. */
static bool same_but_ones(const dvt_shape *a, const dvt_shape *b)
{
    int32_t i = 0, k = 0;

    for (;;) {
        while (i < a->rank && a->dim[i] == 1) {
            i++;
        }
        while (k < b->rank && b->dim[k] == 1) {
            k++;
        }
        if (i == a->rank || k == b->rank) {
            return i == a->rank && k == b->rank;
        }
        if (a->dim[i++] != b->dim[k++]) {
            return false;
        }
    }
}

static dvt_status set_param(dvt_graph *g, const blob_spans *s, int32_t i, dvt_value_id v,
                            dvt_tensor *t)
{
    const dvt_value *value = dvt_graph_value(g, v);
    char             want[DVT_SHAPE_TEXT], got[DVT_SHAPE_TEXT];
    dvt_pos          pos = {.file = s->file.file, .offset = s->span[i].offset};

    if (!same_but_ones(&value->shape, &t->shape)) {
        return dvt_fail(dvt_graph_ctx(g), DVT_E_SHAPE, &pos,
                        "layer '%s': blob %d has shape %s, the network needs %s", s->layer, (int)i,
                        dvt_shape_text(&t->shape, got), dvt_shape_text(&value->shape, want));
    }
    dvt_tensor as_param = dvt_tensor_wrap(DVT_DTYPE_F32, &value->shape, t->data);
    return dvt_graph_set_data(g, v, &as_param);
}

static dvt_status read_factor(const blob_spans *s, float *factor)
{
    dvt_tensor t = {0};
    dvt_status st = read_span(s, 2, &t);

    *factor = 0;
    if (st == DVT_OK && dvt_shape_count(&t.shape) != 1) {
        st = dvt_fail(s->file.ctx, DVT_E_SHAPE, NULL, "layer '%s': blob 2 must hold one factor",
                      s->layer);
    } else if (st == DVT_OK && ((const float *)t.data)[0] != 0) {
        *factor = 1 / ((const float *)t.data)[0];
    }
    dvt_tensor_deinit(s->file.ctx, &t);
    return st;
}

static dvt_status load_blob(dvt_graph *g, const blob_spans *s, int32_t i, dvt_value_id v,
                            float factor)
{
    dvt_tensor t = {0};
    dvt_status st = read_span(s, i, &t);

    for (int64_t k = 0; st == DVT_OK && factor != 1 && k < dvt_shape_count(&t.shape); k++) {
        ((float *)t.data)[k] *= factor;
    }
    if (st == DVT_OK) {
        st = set_param(g, s, i, v, &t);
    }
    dvt_tensor_deinit(s->file.ctx, &t);
    return st;
}

static const struct {
    const char *name;
    int32_t     blob;
} ROLES[] = {{"weight", 0}, {"slope", 0}, {"scale", 0}, {"offset", 0},
             {"bias", 1},   {"mean", 0},  {"var", 1}};
enum { ROLE_COUNT = sizeof ROLES / sizeof ROLES[0], ROLE_MEAN = 5 };

static dvt_status apply_layer(dvt_graph *g, blob_spans *s)
{
    dvt_value_id param[ROLE_COUNT];
    dvt_pos      pos = {.file = s->file.file, .offset = s->file.origin};
    int32_t      used = 0;
    float        factor = 1;
    dvt_status   st = DVT_OK;

    for (int k = 0; k < ROLE_COUNT; k++) {
        param[k] = find_param(g, s, ROLES[k].name);
        if (param[k].i >= 0 && ROLES[k].blob >= used) {
            used = ROLES[k].blob + 1;
        }
    }
    if (used == 0 || s->file.status != DVT_OK) {
        return s->file.status; /* a layer of training, or one the network left out */
    }
    used += param[ROLE_MEAN].i >= 0; /* the factor of a batch norm */
    if (s->count != used) {
        return dvt_fail(s->file.ctx, DVT_E_SHAPE, &pos,
                        "layer '%s' has %d blobs in the weights, the network needs %d", s->layer,
                        (int)s->count, (int)used);
    }
    if (param[ROLE_MEAN].i >= 0) {
        st = read_factor(s, &factor);
    }
    for (int k = 0; k < ROLE_COUNT && st == DVT_OK; k++) {
        if (param[k].i >= 0) {
            st = load_blob(g, s, ROLES[k].blob, param[k], factor);
        }
    }
    return st;
}

/* ---- walking the file ---------------------------------------------------------------------- */

/* Where a layer's name and blobs are: layer (100), layers (2), and V0's layer inside of layers. */
typedef struct layer_form {
    uint32_t name, blobs, inner;
} layer_form;

static const layer_form NEW_FORM = {1, 7, 0}, V1_FORM = {4, 6, 1}, V0_FORM = {1, 50, 0};

static dvt_status scan_layer(dvt_graph *g, dvti_wire *w, const layer_form *form, dvt_arena *names)
{
    blob_spans      s = {.file = *w, .names = names, .layer = ""};
    dvti_wire_field f;

    while (dvti_wire_next(w, &f)) {
        if (f.number == form->name && dvti_wire_expect(w, &f, DVTI_WIRE_BYTES, "name")) {
            s.layer = dvt_arena_strndup(names, (const char *)f.data, f.size);
            w->status = s.layer ? DVT_OK : DVT_E_NOMEM;
        } else if (f.number == form->blobs && dvti_wire_expect(w, &f, DVTI_WIRE_BYTES, "blobs")) {
            if (s.count < MAX_BLOBS) {
                s.span[s.count] = f;
            }
            s.count++;
        } else if (form->inner && f.number == form->inner &&
                   dvti_wire_expect(w, &f, DVTI_WIRE_BYTES, "layer")) {
            dvti_wire sub = dvti_wire_enter(w, &f);
            w->status = scan_layer(g, &sub, &V0_FORM, names);
        }
    }
    return w->status == DVT_OK && s.count > 0 ? apply_layer(g, &s) : w->status;
}

dvt_status dvti_caffe_apply_weights(dvt_graph *g, const char *file, const uint8_t *data,
                                    size_t size)
{
    dvti_wire       w = dvti_wire_make(dvt_graph_ctx(g), file, data, size);
    dvt_arena      *names = dvt_arena_create(w.ctx);
    dvti_wire_field f;

    if (!names) {
        return DVT_E_NOMEM;
    }
    while (dvti_wire_next(&w, &f)) {
        const layer_form *form = f.number == 100 ? &NEW_FORM : f.number == 2 ? &V1_FORM : NULL;

        if (form && dvti_wire_expect(&w, &f, DVTI_WIRE_BYTES, "layer")) {
            dvti_wire sub = dvti_wire_enter(&w, &f);
            w.status = scan_layer(g, &sub, form, names);
        }
    }
    dvt_arena_destroy(names);
    return w.status;
}

/* ---- what is missing ----------------------------------------------------------------------- */

enum { MAX_CANDIDATES = 4096 };

/* The layers of the file that have blobs, for "did you mean". */
static int32_t weighted_layers(dvti_wire w, dvt_arena *names, const char **out)
{
    dvti_wire_field f, in;
    int32_t         count = 0;

    while (count < MAX_CANDIDATES && dvti_wire_next(&w, &f)) {
        const layer_form *form = f.number == 100 ? &NEW_FORM : f.number == 2 ? &V1_FORM : NULL;
        const char       *name = NULL;
        bool              blobs = false;

        if (!form || f.type != DVTI_WIRE_BYTES) {
            continue;
        }
        for (dvti_wire sub = dvti_wire_enter(&w, &f); dvti_wire_next(&sub, &in);) {
            blobs = blobs || in.number == form->blobs;
            if (in.number == form->name && in.type == DVTI_WIRE_BYTES) {
                name = dvt_arena_strndup(names, (const char *)in.data, in.size);
            }
        }
        if (blobs && name) {
            out[count++] = name;
        }
    }
    return count;
}

static dvt_status report_missing(const char *param, dvti_wire w)
{
    const char  *dot = strrchr(param, '.');
    dvt_arena   *names = dvt_arena_create(w.ctx);
    const char **have = names ? dvt_arena_calloc(names, MAX_CANDIDATES, sizeof *have) : NULL;
    const char  *layer =
        names ? dvt_arena_strndup(names, param, dot ? (size_t)(dot - param) : strlen(param)) : NULL;

    if (have && layer) {
        int32_t     count = weighted_layers(w, names, have);
        const char *near = dvt_nearest(layer, have, (size_t)count);
        dvt_pos     pos = {.file = w.file};

        dvt_fail(w.ctx, DVT_E_NOTFOUND, &pos, "the weights have no layer '%s' (parameter '%s')",
                 layer, param);
        if (near && strcmp(near, layer) != 0) {
            dvt_fail_hint(w.ctx, "the nearest name there is '%s'", near);
        } else if (count) {
            dvt_fail_hint(w.ctx, "%d layers have weights there, the first is '%s'", (int)count,
                          have[0]);
        }
    }
    dvt_arena_destroy(names);
    return dvt_ctx_error(w.ctx)->status; /* also of a refused allocation on the way */
}

dvt_status dvt_caffe_load_weights(dvt_graph *g, const char *path)
{
    dvt_ctx   *ctx = dvt_graph_ctx(g);
    dvt_blob   file = {0};
    dvt_status st = dvt_file_read(ctx, path, 0, &file);

    if (st == DVT_OK) {
        st = dvti_caffe_apply_weights(g, path, file.data, file.size);
    }
    for (int32_t i = 0; st == DVT_OK && i < dvt_graph_value_count(g); i++) {
        const dvt_value *v = dvt_graph_value(g, (dvt_value_id){i});
        if (v->kind == DVT_VALUE_PARAM) {
            st = report_missing(v->name, dvti_wire_make(ctx, path, file.data, file.size));
        }
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}

dvt_status dvt_caffe_read_blob(dvt_ctx *ctx, const char *path, dvt_tensor *out)
{
    dvt_blob file = {0};

    memset(out, 0, sizeof *out);
    dvt_status st = dvt_file_read(ctx, path, 0, &file);
    if (st == DVT_OK) {
        dvti_wire w = dvti_wire_make(ctx, path, file.data, file.size);
        st = read_blob(&w, true, out);
    }
    if (st == DVT_OK && out->shape.rank == 4 && out->shape.dim[0] == 1) {
        out->shape = dvt_shape_make(3, &out->shape.dim[1]); /* one image: (C,H,W) */
    }
    if (st != DVT_OK) {
        dvt_tensor_deinit(ctx, out);
        memset(out, 0, sizeof *out);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}
