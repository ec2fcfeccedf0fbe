/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predictor_save.c - a predictor as a file; predictor_load.c reads it.
 *
 * Tests      tests/unit/test_predictor.c
 */
#include <string.h>

#include "predict/predictor_file.h"

/* ---- text ---------------------------------------------------------------------------------- */

static void put_figures(dvti_json_writer *w, const dvt_figures *f)
{
    dvti_json_key(w, "figures");
    dvti_json_open_object(w);
    dvti_json_put_i64(w, "count", f->count);
    dvti_json_put_f64(w, "within_1pct", f->within_1pct);
    dvti_json_put_f64(w, "within_5pct", f->within_5pct);
    dvti_json_put_f64(w, "within_10pct", f->within_10pct);
    dvti_json_put_f64(w, "spearman", f->spearman);
    dvti_json_put_f64(w, "kendall", f->kendall);
    dvti_json_close_object(w);
}

/* The encoding by name, so that a reader that encodes otherwise refuses. */
static void put_encoding(dvti_json_writer *w, const dvt_predictor *p)
{
    const dvti_features f = dvti_features_of(p->about.kind);

    dvti_json_key(w, "encoding");
    dvti_json_open_object(w);
    dvti_json_put_i64(w, "labels", f.labels);
    dvti_json_put_i64(w, "columns", f.columns);
    for (int g = 0; g < DVTI_GROUPS; g++) {
        dvti_json_put_i64(w, dvti_group_name((dvti_group)g), f.first[g]);
    }
    dvti_json_close_object(w);
}

static void put_about(const dvt_predictor *p, const char *digest, dvt_buf *out)
{
    const dvt_predictor_about *a = &p->about;
    dvti_json_writer           w = dvti_json_writer_make(out, 0);

    dvti_json_open_object(&w);
    dvti_json_put_string(&w, "schema", DVTI_PREDICTOR_SCHEMA);
    dvti_json_put_string(&w, "model", dvt_predict_model_name(a->model));
    dvti_json_put_string(&w, "goal", dvt_predict_goal_name(a->goal));
    dvti_json_put_string(&w, "networks", dvt_nets_kind_name(a->kind));
    dvti_json_key(&w, "seed");
    dvti_json_u64(&w, a->seed);
    dvti_json_put_i64(&w, "train", a->train);
    dvti_json_put_i64(&w, "valid", a->valid);
    dvti_json_put_string(&w, "training_hash", a->training_hash);
    dvti_json_put_string(&w, "target", a->target);
    put_encoding(&w, p);
    put_figures(&w, &a->figures);
    dvti_json_put_i64(&w, "width", p->gcn.shape.width);
    dvti_json_put_string(&w, "arrays_sha256", digest);
    dvti_json_close_object(&w);
}

/* ---- arrays -------------------------------------------------------------------------------- */

static void add_gp(dvti_bundle *b, const dvti_gp *gp, int view)
{
    const dvt_shape columns = DVT_SHAPE(gp->columns), count = DVT_SHAPE(gp->count);

    dvti_bundle_add(b, "gp", view, "column", DVT_DTYPE_I32, columns, gp->column);
    dvti_bundle_add(b, "gp", view, "mean", DVT_DTYPE_F32, columns, gp->mean);
    dvti_bundle_add(b, "gp", view, "scale", DVT_DTYPE_F32, columns, gp->scale);
    dvti_bundle_add(b, "gp", view, "slope", DVT_DTYPE_F32, columns, gp->slope);
    dvti_bundle_add(b, "gp", view, "row", DVT_DTYPE_F32, DVT_SHAPE(gp->count, gp->columns),
                    gp->row);
    dvti_bundle_add(b, "gp", view, "alpha", DVT_DTYPE_F32, count, gp->alpha);
    dvti_bundle_add(b, "gp", view, "level", DVT_DTYPE_F64, DVT_SHAPE(3), gp->level);
}

static void add_arrays(dvti_bundle *b, const dvt_predictor *p, double *schedule)
{
    const dvti_target *t = &p->target;

    if (t->count) {
        dvti_bundle_add(b, "target", -1, "value", DVT_DTYPE_F64, DVT_SHAPE(t->count), t->value);
        dvti_bundle_add(b, "target", -1, "normal", DVT_DTYPE_F64, DVT_SHAPE(t->count), t->normal);
    }
    if (p->linear.ctx) {
        dvti_bundle_add(b, "linear", -1, "coefficient", DVT_DTYPE_F64, DVT_SHAPE(p->linear.count),
                        p->linear.coefficient);
    } else if (p->gcn.ctx) {
        for (int32_t i = 0; i < dvt_params_count(p->gcn.params); i++) {
            const dvt_param at = {i};
            dvti_bundle_add(b, "net", -1, dvt_params_name(p->gcn.params, at), DVT_DTYPE_F32,
                            *dvt_params_shape(p->gcn.params, at),
                            dvt_params_value(p->gcn.params, at));
        }
        dvti_bundle_add(b, "net", -1, "level", DVT_DTYPE_F64, DVT_SHAPE(2), p->gcn.level);
    } else {
        for (int view = 0; view < DVTI_BEST_VIEWS; view++) {
            add_gp(b, &p->best.gp[view], view);
        }
        if (p->best.scheduled) {
            dvti_schedule_pack(&p->best.schedule, schedule);
            dvti_bundle_add(b, "best", -1, "schedule", DVT_DTYPE_F64,
                            DVT_SHAPE(dvti_schedule_costs(p->best.features.ops)), schedule);
            dvti_bundle_add(b, "best", -1, "at", DVT_DTYPE_F64, DVT_SHAPE(DVTI_WINDOW_KNOTS),
                            p->best.window.at);
            dvti_bundle_add(b, "best", -1, "by", DVT_DTYPE_F64, DVT_SHAPE(DVTI_WINDOW_KNOTS),
                            p->best.window.by);
        }
    }
}

/* ---- writing ------------------------------------------------------------------------------- */

dvt_status dvt_predictor_save(dvt_ctx *ctx, const dvt_predictor *p, const char *path)
{
    dvti_bundle *b = dvt_calloc(ctx, 1, sizeof *b);
    double       schedule[2 * DVTI_SCHEDULE_OPS_MAX + DVTI_SCHEDULE_EXTRAS];
    const char  *names[DVTI_BUNDLE_MAX];
    char         digest[DVT_SHA256_HEX];
    dvt_buf      text;
    dvt_status   st = DVT_E_NOMEM;

    dvt_buf_init(&text, ctx, 0);
    if (!b) {
        goto done;
    }
    add_arrays(b, p, schedule);
    if ((st = dvti_bundle_digest(ctx, b, digest)) != DVT_OK) {
        goto done;
    }
    put_about(p, digest, &text);
    if ((st = dvt_buf_status(&text)) != DVT_OK) {
        goto done;
    }
    const dvt_shape length = DVT_SHAPE((int64_t)text.len);
    dvti_bundle_add(b, "predictor", -1, "about", DVT_DTYPE_U8, length, text.data);
    for (int32_t i = 0; i < b->count; i++) {
        names[i] = b->name[i];
    }
    st = dvt_npz_write(ctx, path, names, b->array, b->count);
done:
    dvt_buf_deinit(&text);
    dvt_free(ctx, b);
    return st;
}
