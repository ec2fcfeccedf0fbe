/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predict_rank.c - `dovetail predict rank`: the networks of a table in predicted order.
 */
#include <stdlib.h>

#include "cli/predict_cli.h"

typedef struct ranked {
    double  value;
    int64_t network;
} ranked;

static int by_rising(const void *a, const void *b)
{
    const ranked *p = a, *q = b;

    return p->value != q->value ? (p->value > q->value) - (p->value < q->value)
                                : (p->network > q->network) - (p->network < q->network);
}

static int by_falling(const void *a, const void *b)
{
    const ranked *p = a, *q = b;

    return p->value != q->value ? (p->value < q->value) - (p->value > q->value)
                                : (p->network > q->network) - (p->network < q->network);
}

static void print_ranked(const cli_run *r, const cli_measured *m, const ranked *list, int64_t n,
                         double seconds)
{
    dvti_json_writer w = {0};
    char             key[DVT_TABLE_KEY_TEXT];

    if (r->common->json) {
        w = cli_json_begin(r, "dovetail.predict-rank/1");
        dvti_json_put_string(&w, "target", cli_measured_target(m));
        dvti_json_put_string(&w, "goal", dvt_predict_goal_name(m->goal));
        dvti_json_put_i64(&w, "scored", m->count);
        dvti_json_put_f64(&w, "seconds", seconds);
        dvti_json_key(&w, "networks");
        dvti_json_open_array(&w);
    } else {
        dvt_buf_printf(r->out, "%14s %14s  %s\n", "predicted", "measured", "network");
    }
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = list[i].network;
        dvt_table_key(m->table, m->row[at], key);
        if (r->common->json) {
            dvti_json_open_object(&w);
            dvti_json_put_string(&w, "network", key);
            dvti_json_put_f64(&w, "predicted", list[i].value);
            dvti_json_put_f64(&w, "measured", m->value[at]);
            dvti_json_close_object(&w);
        } else {
            dvt_buf_printf(r->out, "%14.8g %14.8g  %s\n", list[i].value, m->value[at], key);
        }
    }
    if (r->common->json) {
        dvti_json_close_array(&w);
        cli_json_end(r, &w);
    }
}

dvt_status cli_predict_rank(const cli_run *r, const cli_measured *m, const dvt_predictor *p)
{
    const cli_predict_opts *o = r->values;
    const int64_t           most = (int64_t)o->number;
    double    *y = dvt_alloc(r->ctx, (size_t)(m->count + 1) * sizeof *y), at = cli_predict_now();
    ranked    *list = dvt_alloc(r->ctx, (size_t)(m->count + 1) * sizeof *list);
    dvt_status st = y && list ? DVT_OK : DVT_E_NOMEM;

    st = st == DVT_OK ? dvt_predictor_run(r->ctx, p, m->nets, NULL, m->count, y) : st;
    if (st == DVT_OK) {
        const double seconds = cli_predict_now() - at;
        for (int64_t i = 0; i < m->count; i++) {
            list[i] = (ranked){y[i], i};
        }
        qsort(list, (size_t)m->count, sizeof *list,
              dvt_predictor_about_of(p)->goal == DVT_GOAL_RANK ? by_falling : by_rising);
        print_ranked(r, m, list, m->count < most ? m->count : most, seconds);
    }
    dvt_free(r->ctx, list);
    dvt_free(r->ctx, y);
    return st;
}
