/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predictor_load.c - a predictor from its file, distrusting it.
 *
 * Order      archive, text, digest over the arrays, then each array by name, type and shape.
 * Checks     numbers are finite, columns exist in the encoding and are ascending, the encoding is
 *            the one this version computes, sizes agree with one another. What passes can be run
 *            on any set of its kind without reading outside of its arrays.
 * Tests      tests/unit/test_predictor.c, tests/fuzz/fuzz_predictor.c
 */
#include <math.h>
#include <string.h>

#include "base/text_util.h"
#include "formats/arrays_int.h"
#include "predict/predictor_file.h"

enum { WIDTH_MAX = 8192, SAMPLES_MAX = 1 << 24 };

/* ---- text ---------------------------------------------------------------------------------- */

static dvt_status read_names(const dvti_json *root, dvt_predictor_about *a)
{
    const char *models[DVT_PREDICT_MODELS], *goals[DVT_GOALS], *kinds[DVT_NETS_KINDS];
    size_t      model = 0, goal = 0, kind = 0;
    dvt_status  st;

    for (int i = 0; i < DVT_PREDICT_MODELS; i++) {
        models[i] = dvt_predict_model_name((dvt_predict_model)i);
    }
    for (int i = 0; i < DVT_GOALS; i++) {
        goals[i] = dvt_predict_goal_name((dvt_predict_goal)i);
    }
    for (int i = 0; i < DVT_NETS_KINDS; i++) {
        kinds[i] = dvt_nets_kind_name((dvt_nets_kind)i);
    }
    st = dvti_json_get_enum(root, "model", DVTI_JSON_REQUIRED, models, DVT_PREDICT_MODELS, &model);
    st = st == DVT_OK
             ? dvti_json_get_enum(root, "goal", DVTI_JSON_REQUIRED, goals, DVT_GOALS, &goal)
             : st;
    st = st == DVT_OK ? dvti_json_get_enum(root, "networks", DVTI_JSON_REQUIRED, kinds,
                                           DVT_NETS_KINDS, &kind)
                      : st;
    a->model = (dvt_predict_model)model;
    a->goal = (dvt_predict_goal)goal;
    a->kind = (dvt_nets_kind)kind;
    return st;
}

static dvt_status read_figures(const dvti_json *root, dvt_figures *f)
{
    dvti_json  o;
    dvt_status st = dvti_json_get_object(root, "figures", DVTI_JSON_REQUIRED, &o);

    const struct {
        const char *key;
        double      least, most, *value;
    } row[] = {{"within_1pct", 0, 100, &f->within_1pct},
               {"within_5pct", 0, 100, &f->within_5pct},
               {"within_10pct", 0, 100, &f->within_10pct},
               {"spearman", -1, 1, &f->spearman},
               {"kendall", -1, 1, &f->kendall}};
    if (st == DVT_OK) {
        st = dvti_json_get_i64(&o, "count", DVTI_JSON_REQUIRED, 0, INT64_MAX, &f->count);
    }
    for (size_t i = 0; st == DVT_OK && i < sizeof row / sizeof row[0]; i++) {
        st = dvti_json_get_f64(&o, row[i].key, DVTI_JSON_REQUIRED, row[i].least - 1e-9,
                               row[i].most + 1e-9, row[i].value);
    }
    return st;
}

/* The encoding of the file must be the one that rows are made by. */
static dvt_status check_encoding(const dvti_json *root, dvt_nets_kind kind)
{
    const dvti_features f = dvti_features_of(kind);
    dvti_json           o;
    int64_t             v = 0;
    dvt_status          st = dvti_json_get_object(root, "encoding", DVTI_JSON_REQUIRED, &o);

    st = st == DVT_OK ? dvti_json_get_i64(&o, "labels", DVTI_JSON_REQUIRED, f.labels, f.labels, &v)
                      : st;
    st = st == DVT_OK
             ? dvti_json_get_i64(&o, "columns", DVTI_JSON_REQUIRED, f.columns, f.columns, &v)
             : st;
    for (int g = 0; st == DVT_OK && g < DVTI_GROUPS; g++) {
        st = dvti_json_get_i64(&o, dvti_group_name((dvti_group)g), DVTI_JSON_REQUIRED, f.first[g],
                               f.first[g], &v);
    }
    return st;
}

static dvt_status copy_text(const dvti_json *root, const char *key, char *out, size_t cap)
{
    const char *text = NULL;
    dvt_status  st = dvti_json_get_string(root, key, DVTI_JSON_REQUIRED, &text);

    if (st == DVT_OK && strlen(text) >= cap) {
        return dvti_json_fail(root, DVT_E_PARSE, "'%s' is longer than %d bytes", key, (int)cap - 1);
    }
    if (st == DVT_OK) {
        memcpy(out, text, strlen(text) + 1);
    }
    return st;
}

static dvt_status read_about(const dvti_json *root, dvt_predictor_about *a, int64_t *width,
                             char digest[DVT_SHA256_HEX])
{
    char       schema[64];
    dvt_status st = copy_text(root, "schema", schema, sizeof schema);
    int64_t    seed = 0;

    if (st == DVT_OK && strcmp(schema, DVTI_PREDICTOR_SCHEMA) != 0) {
        dvti_json_fail(root, DVT_E_PARSE, "schema is '%s', this version reads '%s'", schema,
                       DVTI_PREDICTOR_SCHEMA);
        return DVT_E_PARSE;
    }
    st = st == DVT_OK ? read_names(root, a) : st;
    st = st == DVT_OK ? dvti_json_get_i64(root, "seed", DVTI_JSON_REQUIRED, 0, INT64_MAX, &seed)
                      : st;
    st = st == DVT_OK
             ? dvti_json_get_i64(root, "train", DVTI_JSON_REQUIRED, 1, INT64_MAX, &a->train)
             : st;
    st = st == DVT_OK
             ? dvti_json_get_i64(root, "valid", DVTI_JSON_REQUIRED, 0, INT64_MAX, &a->valid)
             : st;
    st = st == DVT_OK ? copy_text(root, "training_hash", a->training_hash, sizeof a->training_hash)
                      : st;
    st = st == DVT_OK ? copy_text(root, "target", a->target, sizeof a->target) : st;
    st = st == DVT_OK ? check_encoding(root, a->kind) : st;
    st = st == DVT_OK ? read_figures(root, &a->figures) : st;
    st = st == DVT_OK ? dvti_json_get_i64(root, "width", DVTI_JSON_REQUIRED, 0, WIDTH_MAX, width)
                      : st;
    a->seed = (uint64_t)seed;
    return st == DVT_OK ? copy_text(root, "arrays_sha256", digest, DVT_SHA256_HEX) : st;
}

/* ---- arrays -------------------------------------------------------------------------------- */

static dvt_status fail(const dvti_bundle_file *f, const char *what)
{
    const dvt_pos at = {.file = f->path};

    return dvt_fail(f->ctx, DVT_E_PARSE, &at, "the predictor's %s", what);
}

static bool ascending(const double *v, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        if (v[i] <= v[i - 1]) {
            return false;
        }
    }
    return true;
}

static dvt_status load_target(const dvti_bundle_file *f, dvt_predict_goal goal, dvti_target *t)
{
    dvt_shape  shape = DVT_SHAPE(0);
    dvt_status st;

    t->ctx = f->ctx;
    t->goal = goal;
    if (goal == DVT_GOAL_COST) {
        return DVT_OK;
    }
    st = dvti_bundle_take(f, "target", -1, "value", DVT_DTYPE_F64, DVT_SHAPE(-1), &shape,
                          (void **)&t->value);
    t->count = shape.dim[0];
    st = st == DVT_OK ? dvti_bundle_take(f, "target", -1, "normal", DVT_DTYPE_F64, shape, NULL,
                                         (void **)&t->normal)
                      : st;
    if (st == DVT_OK &&
        (t->count < 1 || !ascending(t->value, t->count) || !ascending(t->normal, t->count))) {
        return fail(f, "target values are not ascending");
    }
    return st;
}

static dvt_status check_columns(const dvti_bundle_file *f, const dvti_gp *gp, int32_t stride)
{
    for (int32_t c = 0; c < gp->columns; c++) {
        if (gp->column[c] < 0 || gp->column[c] >= stride) {
            return fail(f, "columns are not of its encoding");
        }
    }
    return DVT_OK;
}

static dvt_status load_gp(const dvti_bundle_file *f, int view, int32_t stride, dvti_gp *gp)
{
    dvt_shape  rows = DVT_SHAPE(0, 0);
    double    *level = NULL;
    dvt_status st = dvti_bundle_take(f, "gp", view, "row", DVT_DTYPE_F32, DVT_SHAPE(-1, -1), &rows,
                                     (void **)&gp->row);

    gp->ctx = f->ctx;
    if (st == DVT_OK &&
        (rows.dim[0] < 1 || rows.dim[1] < 1 || rows.dim[0] > SAMPLES_MAX || rows.dim[1] > stride)) {
        return fail(f, "rows have an impossible size");
    }
    gp->count = rows.dim[0];
    gp->columns = (int32_t)rows.dim[1];
    const dvt_shape columns = DVT_SHAPE(gp->columns);
    st = st == DVT_OK ? dvti_bundle_take(f, "gp", view, "column", DVT_DTYPE_I32, columns, NULL,
                                         (void **)&gp->column)
                      : st;
    st = st == DVT_OK ? dvti_bundle_take(f, "gp", view, "mean", DVT_DTYPE_F32, columns, NULL,
                                         (void **)&gp->mean)
                      : st;
    st = st == DVT_OK ? dvti_bundle_take(f, "gp", view, "scale", DVT_DTYPE_F32, columns, NULL,
                                         (void **)&gp->scale)
                      : st;
    st = st == DVT_OK ? dvti_bundle_take(f, "gp", view, "slope", DVT_DTYPE_F32, columns, NULL,
                                         (void **)&gp->slope)
                      : st;
    st = st == DVT_OK ? dvti_bundle_take(f, "gp", view, "alpha", DVT_DTYPE_F32,
                                         DVT_SHAPE(gp->count), NULL, (void **)&gp->alpha)
                      : st;
    st = st == DVT_OK ? dvti_bundle_take(f, "gp", view, "level", DVT_DTYPE_F64, DVT_SHAPE(3), NULL,
                                         (void **)&level)
                      : st;
    if (st == DVT_OK) {
        memcpy(gp->level, level, sizeof gp->level);
        st = check_columns(f, gp, stride);
    }
    dvt_free(f->ctx, level);
    return st == DVT_OK ? dvti_gp_squares(gp) : st;
}

static dvt_status load_window(const dvti_bundle_file *f, dvti_window *w)
{
    const dvt_shape shape = DVT_SHAPE(DVTI_WINDOW_KNOTS);
    double         *at = NULL, *by = NULL;
    dvt_status st = dvti_bundle_take(f, "best", -1, "at", DVT_DTYPE_F64, shape, NULL, (void **)&at);

    st = st == DVT_OK
             ? dvti_bundle_take(f, "best", -1, "by", DVT_DTYPE_F64, shape, NULL, (void **)&by)
             : st;
    if (st == DVT_OK) {
        memcpy(w->at, at, sizeof w->at);
        memcpy(w->by, by, sizeof w->by);
    }
    dvt_free(f->ctx, at);
    dvt_free(f->ctx, by);
    return st;
}

static dvt_status load_best(const dvti_bundle_file *f, const dvt_predictor_about *a, dvti_best *b)
{
    double    *schedule = NULL;
    dvt_status st = DVT_OK;

    b->features = dvti_features_of(a->kind);
    b->scheduled = a->goal == DVT_GOAL_COST;
    b->stride = b->features.columns + (b->scheduled ? dvti_schedule_columns(&b->features) : 0);
    for (int view = 0; st == DVT_OK && view < DVTI_BEST_VIEWS; view++) {
        st = load_gp(f, view, b->stride, &b->gp[view]);
    }
    if (st == DVT_OK && b->scheduled) {
        st = dvti_bundle_take(f, "best", -1, "schedule", DVT_DTYPE_F64,
                              DVT_SHAPE(dvti_schedule_costs(b->features.ops)), NULL,
                              (void **)&schedule);
        if (st == DVT_OK) {
            dvti_schedule_unpack(schedule, b->features.ops, &b->schedule);
            st = load_window(f, &b->window);
        }
    }
    dvt_free(f->ctx, schedule);
    return st;
}

static dvt_status load_linear(const dvti_bundle_file *f, const dvt_predictor_about *a,
                              dvti_linear *l)
{
    l->ctx = f->ctx;
    l->model = a->model;
    l->features = dvti_features_of(a->kind);
    l->count = dvti_linear_count(a->model, a->kind);
    return dvti_bundle_take(f, "linear", -1, "coefficient", DVT_DTYPE_F64, DVT_SHAPE(l->count),
                            NULL, (void **)&l->coefficient);
}

static dvt_status load_net(const dvti_bundle_file *f, const dvt_predictor_about *a, int64_t width,
                           dvti_gcn *g)
{
    const dvti_gcn_shape shape = dvti_gcn_shape_of(a->model, a->kind, (int32_t)width);
    double              *level = NULL;
    float               *largest = NULL;
    /* a width that the file's own arrays do not have asks for no memory */
    dvt_status st = dvti_bundle_take(f, "net", -1, "weight1", DVT_DTYPE_F32,
                                     DVT_SHAPE(width, width), NULL, (void **)&largest);

    dvt_free(f->ctx, largest);
    st = st == DVT_OK ? dvti_gcn_init(f->ctx, &shape, a->seed, g) : st;

    for (int32_t i = 0; st == DVT_OK && i < dvt_params_count(g->params); i++) {
        const dvt_param  at = {i};
        const dvt_shape *want = dvt_params_shape(g->params, at);
        float           *value = NULL;
        st = dvti_bundle_take(f, "net", -1, dvt_params_name(g->params, at), DVT_DTYPE_F32, *want,
                              NULL, (void **)&value);
        if (st == DVT_OK) {
            memcpy(dvt_params_value(g->params, at), value,
                   (size_t)dvt_shape_count(want) * sizeof *value);
        }
        dvt_free(f->ctx, value);
    }
    st = st == DVT_OK ? dvti_bundle_take(f, "net", -1, "level", DVT_DTYPE_F64, DVT_SHAPE(2), NULL,
                                         (void **)&level)
                      : st;
    if (st == DVT_OK) {
        memcpy(g->level, level, sizeof g->level);
    }
    dvt_free(f->ctx, level);
    return st;
}

/* ---- file ---------------------------------------------------------------------------------- */

static const dvt_tensor *find_about(const dvti_bundle_file *f)
{
    for (int32_t i = 0; i < f->npz.count; i++) {
        const dvt_tensor *t = &f->npz.tensors[i];
        if (strcmp(f->npz.names[i], "predictor.about") == 0) {
            return t->dtype == DVT_DTYPE_U8 && t->shape.rank == 1 ? t : NULL;
        }
    }
    return NULL;
}

static dvt_status check_digest(const dvti_bundle_file *f, const char *want)
{
    dvti_bundle *b = dvt_calloc(f->ctx, 1, sizeof *b);
    char         digest[DVT_SHA256_HEX];
    dvt_status   st;

    if (!b) {
        return DVT_E_NOMEM;
    }
    for (int32_t i = 0; i < f->npz.count && b->count < DVTI_BUNDLE_MAX; i++) {
        if (strcmp(f->npz.names[i], "predictor.about") != 0) {
            dvti_format(b->name[b->count], DVTI_BUNDLE_NAME, "%s", f->npz.names[i]);
            b->array[b->count++] = f->npz.tensors[i];
        }
    }
    st = dvti_bundle_digest(f->ctx, b, digest);
    dvt_free(f->ctx, b);
    if (st == DVT_OK && strcmp(digest, want) != 0) {
        return fail(f, "arrays do not have the digest that its text names");
    }
    return st;
}

static dvt_status load(const dvti_bundle_file *f, const dvti_json *root, dvt_predictor *p)
{
    dvt_predictor_about *a = &p->about;
    char                 digest[DVT_SHA256_HEX];
    int64_t              width = 0;
    dvt_status           st = read_about(root, a, &width, digest);

    st = st == DVT_OK ? check_digest(f, digest) : st;
    st = st == DVT_OK ? load_target(f, a->goal, &p->target) : st;
    if (st != DVT_OK) {
        return st;
    }
    switch (a->model) {
    case DVT_PREDICT_BEST: return load_best(f, a, &p->best);
    case DVT_PREDICT_RIDGE:
    case DVT_PREDICT_LAYERWISE:
    case DVT_PREDICT_FLOPS:
    case DVT_PREDICT_PARAMETERS: return load_linear(f, a, &p->linear);
    default: return width > 0 ? load_net(f, a, width, &p->gcn) : fail(f, "width is 0");
    }
}

dvt_status dvti_predictor_parse(dvt_ctx *ctx, const char *name, const uint8_t *data, size_t size,
                                dvt_predictor **out)
{
    dvti_bundle_file  f = {.ctx = ctx, .path = name};
    dvt_predictor    *p = dvt_calloc(ctx, 1, sizeof *p);
    dvti_json_doc     doc;
    dvt_status        st = p ? dvti_npz_parse(ctx, name, data, size, &f.npz) : DVT_E_NOMEM;
    const dvt_tensor *about = st == DVT_OK ? find_about(&f) : NULL;

    *out = NULL;
    if (st == DVT_OK && !about) {
        fail(&f, "text 'predictor.about' is missing");
        dvt_fail_hint(ctx, "this is no file that 'dovetail predict train' wrote");
        st = DVT_E_PARSE;
    }
    if (st == DVT_OK) {
        p->ctx = ctx;
        st = dvti_json_parse(ctx, name, about->data ? about->data : "", about->bytes, &doc);
        if (st == DVT_OK) {
            const dvti_json root = dvti_json_root(&doc);
            st = load(&f, &root, p);
        }
        dvti_json_doc_deinit(&doc);
    }
    if (st == DVT_OK) {
        *out = p;
        p = NULL;
    }
    if (p && !p->ctx) {
        dvt_free(ctx, p);
        p = NULL;
    }
    dvt_predictor_destroy(p);
    dvt_npz_deinit(ctx, &f.npz);
    return st;
}

dvt_status dvt_predictor_load(dvt_ctx *ctx, const char *path, dvt_predictor **out)
{
    dvt_blob   file;
    dvt_status st = dvt_file_read(ctx, path, 0, &file);

    *out = NULL;
    if (st == DVT_OK) {
        st = dvti_predictor_parse(ctx, path, file.data, file.size, out);
    }
    dvt_blob_deinit(ctx, &file);
    return st;
}
