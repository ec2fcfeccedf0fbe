/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predict_select.c - `dovetail predict select`: a predictor that chooses its own samples.
 */

#include "cli/predict_cli.h"

/* Means over the seeds, a line a round. */
static void show(const cli_run *r, const cli_measured *m, const dvt_select_round *all)
{
    const cli_predict_opts *o = r->values;
    dvti_json_writer        w = {0};

    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.predict-select/1");
        dvti_json_put_string(&w, "networks", dvt_nets_kind_name(dvt_nets_kind_of(m->nets)));
        dvti_json_put_string(&w, "target", cli_measured_target(m));
        dvti_json_put_string(&w, "model", dvt_predict_model_name((dvt_predict_model)o->model));
        dvti_json_put_string(&w, "choice", o->choice == DVT_SELECT_RANDOM ? "random" : "iterative");
        dvti_json_put_i64(&w, "seeds", o->seeds);
        dvti_json_key(&w, "rounds");
        dvti_json_open_array(&w);
    } else {
        dvt_buf_printf(r->out, "%8s %12s %10s %10s\n", "samples", "best", "kendall", "top 1 %");
    }
    for (uint32_t k = 0; k < o->rounds; k++) {
        dvt_select_round mean = {.samples = all[k].samples};
        for (uint32_t s = 0; s < o->seeds; s++) {
            const dvt_select_round *one = &all[s * o->rounds + k];
            mean.best += one->best / o->seeds;
            mean.kendall += one->kendall / o->seeds;
            mean.top_1pct += one->top_1pct / o->seeds;
        }
        if (r->common->json) {
            dvti_json_open_object(&w);
            dvti_json_put_i64(&w, "samples", mean.samples);
            dvti_json_put_f64(&w, "best", mean.best);
            dvti_json_put_f64(&w, "kendall", mean.kendall);
            dvti_json_put_f64(&w, "top_1pct", mean.top_1pct);
            dvti_json_close_object(&w);
        } else {
            dvt_buf_printf(r->out, "%8lld %12.6g %10.4f %10.2f\n", (long long)mean.samples,
                           mean.best, mean.kendall, mean.top_1pct);
        }
    }
    if (r->common->json) {
        dvti_json_close_array(&w);
        cli_json_end(r, &w);
    }
}

dvt_status cli_predict_select(const cli_run *r, const cli_measured *m)
{
    const cli_predict_opts *o = r->values;
    const dvt_select_opts   how = {.choice = (dvt_select_choice)o->choice,
                                   .rounds = (int32_t)o->rounds,
                                   .number = (int64_t)o->number};
    dvt_select_round       *all = dvt_calloc(r->ctx, (size_t)o->seeds * o->rounds, sizeof *all);
    dvt_status              st = all ? DVT_OK : DVT_E_NOMEM;

    for (uint32_t s = 0; st == DVT_OK && s < o->seeds; s++) {
        const dvt_predict_opts model = {.model = (dvt_predict_model)o->model,
                                        .goal = m->goal,
                                        .seed = o->seed + s,
                                        .epochs = o->epochs,
                                        .batch = o->batch,
                                        .width = o->width,
                                        .warm_up = o->warm_up};
        st = dvt_predict_select(r->ctx, m->nets, m->value, &model, &how, all + s * o->rounds);
    }
    if (st == DVT_OK) {
        show(r, m, all);
    }
    dvt_free(r->ctx, all);
    return st;
}
