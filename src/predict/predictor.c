/* SPDX-License-Identifier: Apache-2.0 */
/*
 * predictor.c - one door to all models: checks, training, running.
 *
 * Protocol   only values of the first two parts of the split are ever read here; the test part is
 *            out of reach of every model because its values are not handed on.
 * Tests      tests/unit/test_predictor.c
 */
#include <math.h>
#include <string.h>

#include "base/text_util.h"
#include "predict/compare.h"
#include "predict/predictor_int.h"

static const char *const model_names[DVT_PREDICT_MODELS] = {
#define DVT_X(name, text, help) text,
    DVT_PREDICT_MODEL_LIST(DVT_X)
#undef DVT_X
};
static const char *const model_helps[DVT_PREDICT_MODELS] = {
#define DVT_X(name, text, help) help,
    DVT_PREDICT_MODEL_LIST(DVT_X)
#undef DVT_X
};

const char *dvt_predict_model_name(dvt_predict_model model) { return model_names[model]; }
const char *dvt_predict_model_summary(dvt_predict_model model) { return model_helps[model]; }
const char *dvt_predict_goal_name(dvt_predict_goal goal)
{
    return goal == DVT_GOAL_COST ? "cost" : "rank";
}

/* ---- hash ---------------------------------------------------------------------------------- */

static void hash_net(dvt_buf *b, const dvt_net *net)
{
    dvt_buf_append(b, net->label, (size_t)net->nodes);
    dvt_buf_append(b, net->start, (size_t)(net->nodes + 1) * sizeof *net->start);
    dvt_buf_append(b, net->read, (size_t)net->start[net->nodes] * sizeof *net->read);
    if (net->op) {
        dvt_buf_append(b, net->op, DVT_NB201_EDGES);
    }
}

dvt_status dvt_training_hash(dvt_ctx *ctx, const dvt_nets *nets, const double *value,
                             const dvt_split *split, dvt_predict_goal goal,
                             char out[DVT_SHA256_HEX])
{
    dvt_buf b;

    dvt_buf_init(&b, ctx, 0);
    dvt_buf_printf(&b, "%s %s %lld %lld\n", dvt_nets_kind_name(dvt_nets_kind_of(nets)),
                   dvt_predict_goal_name(goal), (long long)split->train, (long long)split->valid);
    for (int64_t i = 0; i < split->train + split->valid; i++) {
        const dvt_net net = dvt_nets_at(nets, split->order[i]);
        hash_net(&b, &net);
        dvt_buf_append(&b, &value[split->order[i]], sizeof *value);
    }
    const dvt_status st = dvt_buf_status(&b);
    if (st == DVT_OK) {
        dvt_sha256_hex(b.data, b.len, out);
    }
    dvt_buf_deinit(&b);
    return st;
}

/* ---- training ------------------------------------------------------------------------------ */

static bool is_neural(dvt_predict_model m)
{
    return m == DVT_PREDICT_BRP_GCN || m == DVT_PREDICT_BRP_BINARY || m == DVT_PREDICT_BRP_SCORE ||
           m == DVT_PREDICT_MLP;
}

static dvt_status check(dvt_ctx *ctx, const dvt_nets *nets, const dvt_split *split,
                        const dvt_predict_opts *o)
{
    const dvt_predictor *from = o->from;

    if (split->train < 1 || split->count != dvt_nets_count(nets) ||
        split->train + split->valid > split->count) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "the split is of %lld networks, the set of %lld",
                        (long long)split->count, (long long)dvt_nets_count(nets));
    }
    if ((from || o->warm_up || o->epochs || o->batch || o->width) && !is_neural(o->model)) {
        dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL, "model '%s' is no neural network",
                 model_names[o->model]);
        dvt_fail_hint(ctx, "epochs, batch, width, warm-up and beginning from another predictor are "
                           "for brp-gcn, brp-binary, brp-score and mlp");
        return DVT_E_UNSUPPORTED;
    }
    if (from && (!from->gcn.ctx || from->about.kind != dvt_nets_kind_of(nets) ||
                 from->gcn.shape.dense != (o->model == DVT_PREDICT_MLP) ||
                 from->gcn.shape.width != (o->width ? (int32_t)o->width : DVTI_GCN_WIDTH))) {
        dvt_fail(ctx, DVT_E_UNSUPPORTED, NULL, "model '%s' cannot begin from this one of '%s'",
                 model_names[o->model], model_names[from->about.model]);
        dvt_fail_hint(ctx, "networks, layers and width must be the same");
        return DVT_E_UNSUPPORTED;
    }
    return DVT_OK;
}

enum { WARM_NETS = 2000, WARM_STREAM = 0x3a9 };

/* Learns the logarithm of MACs (COST) or parameters (RANK) of networks drawn from the whole set:
 * they are known without measuring. */
static dvt_status warm_up(dvt_predictor *p, const dvt_nets *nets, const dvt_predict_opts *o)
{
    const int64_t     count = dvt_nets_count(nets), n = count < WARM_NETS ? count : WARM_NETS;
    dvti_gcn_training t = {
        .nets = nets, .goal = o->goal, .seed = o->seed, .epochs = o->warm_up, .batch = o->batch};
    dvt_rng    rng = dvt_rng_make(o->seed, WARM_STREAM);
    dvt_split  all = {.train = n, .count = count};
    double    *y = dvt_alloc(p->ctx, (size_t)n * sizeof *y);
    dvt_status st;

    all.order = dvt_alloc(p->ctx, (size_t)n * sizeof *all.order);
    st = y && all.order ? DVT_OK : DVT_E_NOMEM;
    for (int64_t i = 0; st == DVT_OK && i < n; i++) {
        all.order[i] = (int64_t)dvt_rng_below(&rng, (uint64_t)count);
        const dvt_net net = dvt_nets_at(nets, all.order[i]);
        y[i] = log(1 + (o->goal == DVT_GOAL_COST ? net.macs : net.parameters));
    }
    t.split = &all;
    t.y = y;
    st = st == DVT_OK ? dvti_gcn_train(&p->gcn, &t) : st;
    dvt_split_deinit(p->ctx, &all);
    dvt_free(p->ctx, y);
    return st;
}

static dvt_status fit_neural(dvt_predictor *p, const dvt_nets *nets, const dvt_split *split,
                             const double *y, const dvt_predict_opts *o)
{
    const dvti_gcn_shape shape = dvti_gcn_shape_of(o->model, p->about.kind, (int32_t)o->width);
    dvti_gcn_training    t = {.nets = nets,
                              .split = split,
                              .y = y,
                              .goal = o->goal,
                              .seed = o->seed,
                              .epochs = o->epochs,
                              .batch = o->batch,
                              .from = o->from ? &o->from->gcn : NULL};
    dvt_status           st = dvti_gcn_init(p->ctx, &shape, o->seed, &p->gcn);

    st = st == DVT_OK && o->warm_up ? warm_up(p, nets, o) : st;
    return st == DVT_OK ? dvti_gcn_train(&p->gcn, &t) : st;
}

/* plain and z (n): values of both parts in their unit and on the target's scale. */
static dvt_status fit(dvt_predictor *p, const dvt_nets *nets, const dvt_split *split,
                      const double *plain, const double *z, const dvt_predict_opts *o)
{
    dvt_ctx *ctx = p->ctx;

    switch (o->model) {
    case DVT_PREDICT_BEST:
        return dvti_best_fit(ctx, nets, split->order, split->train, plain, z, o->goal, &p->best);
    case DVT_PREDICT_RIDGE:
    case DVT_PREDICT_LAYERWISE:
    case DVT_PREDICT_FLOPS:
    case DVT_PREDICT_PARAMETERS:
        return dvti_linear_fit(ctx, o->model, o->goal, nets, split->order, split->train,
                               o->goal == DVT_GOAL_COST ? plain : z, &p->linear);
    default: return fit_neural(p, nets, split, o->goal == DVT_GOAL_COST ? plain : z, o);
    }
}

dvt_status dvt_predictor_train(dvt_ctx *ctx, const dvt_nets *nets, const double *value,
                               const dvt_split *split, const dvt_predict_opts *o,
                               dvt_predictor **out)
{
    const int64_t  n = split->train + split->valid;
    dvt_predictor *p = NULL;
    double        *plain = NULL;
    dvt_status     st = check(ctx, nets, split, o);

    *out = NULL;
    if (st != DVT_OK) {
        return st;
    }
    p = dvt_calloc(ctx, 1, sizeof *p);
    plain = dvt_alloc(ctx, 2 * (size_t)n * sizeof *plain);
    if (!p || !plain) {
        st = DVT_E_NOMEM;
        goto done;
    }
    p->ctx = ctx;
    p->about = (dvt_predictor_about){.model = o->model,
                                     .goal = o->goal,
                                     .kind = dvt_nets_kind_of(nets),
                                     .seed = o->seed,
                                     .train = split->train,
                                     .valid = split->valid};
    for (int64_t i = 0; i < n; i++) {
        plain[i] = value[split->order[i]];
    }
    if ((st = dvti_target_init(ctx, o->goal, plain, split->train, &p->target)) != DVT_OK ||
        (st = dvt_training_hash(ctx, nets, value, split, o->goal, p->about.training_hash)) !=
            DVT_OK) {
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        plain[n + i] = dvti_target_to(&p->target, plain[i]);
    }
    if ((st = fit(p, nets, split, plain, plain + n, o)) == DVT_OK) {
        *out = p;
        p = NULL;
    }
done:
    dvt_predictor_destroy(p);
    dvt_free(ctx, plain);
    return st;
}

void dvt_predictor_destroy(dvt_predictor *p)
{
    if (!p) {
        return;
    }
    dvti_best_deinit(&p->best);
    dvti_linear_deinit(&p->linear);
    dvti_gcn_deinit(&p->gcn);
    dvti_target_deinit(&p->target);
    dvt_free(p->ctx, p);
}

/* ---- running ------------------------------------------------------------------------------- */

static dvt_status run_neural(dvt_ctx *ctx, const dvt_predictor *p, const dvt_nets *nets,
                             const int64_t *index, int64_t n, double *out)
{
    const dvti_gcn *g = &p->gcn;
    const size_t    columns = (size_t)dvti_head_columns(g->shape.head);
    float          *head = dvt_alloc(ctx, ((size_t)n * columns + 1) * sizeof *head);
    dvt_status      st = head ? dvti_gcn_run(ctx, g, nets, index, n, head) : DVT_E_NOMEM;

    if (st == DVT_OK && g->shape.head != DVTI_HEAD_VALUE) {
        st = dvti_compare_order(ctx, g->shape.head, head, n, out);
    } else {
        for (int64_t i = 0; st == DVT_OK && i < n; i++) {
            out[i] = (double)head[i] * g->level[1] + g->level[0];
        }
    }
    dvt_free(ctx, head);
    return st;
}

/* Does the model answer on the target's scale, and not in the values' unit or with a place? */
static bool is_scaled(const dvt_predictor *p)
{
    return p->about.model == DVT_PREDICT_BEST ||
           (p->about.goal == DVT_GOAL_RANK &&
            (!p->gcn.ctx || p->gcn.shape.head == DVTI_HEAD_VALUE));
}

dvt_status dvt_predictor_run(dvt_ctx *ctx, const dvt_predictor *p, const dvt_nets *nets,
                             const int64_t *index, int64_t n, double *out)
{
    dvt_status st;

    if (dvt_nets_kind_of(nets) != p->about.kind) {
        return dvt_fail(ctx, DVT_E_USAGE, NULL, "the predictor is for %s, the networks are of %s",
                        dvt_nets_kind_name(p->about.kind),
                        dvt_nets_kind_name(dvt_nets_kind_of(nets)));
    }
    st = p->gcn.ctx      ? run_neural(ctx, p, nets, index, n, out)
         : p->linear.ctx ? dvti_linear_run(ctx, &p->linear, nets, index, n, out)
                         : dvti_best_run(ctx, &p->best, nets, index, n, out);
    for (int64_t i = 0; st == DVT_OK && is_scaled(p) && i < n; i++) {
        out[i] = dvti_target_from(&p->target, out[i]);
    }
    return st;
}

const dvt_predictor_about *dvt_predictor_about_of(const dvt_predictor *p) { return &p->about; }

void dvt_predictor_set_figures(dvt_predictor *p, const char *target, const dvt_figures *figures)
{
    dvti_format(p->about.target, sizeof p->about.target, "%s", target);
    p->about.figures = *figures;
}
