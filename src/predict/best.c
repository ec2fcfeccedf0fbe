/* SPDX-License-Identifier: Apache-2.0 */
/*
 * best.c - Gaussian processes on several views of the graph, averaged.
 *
 * Idea       With 100 to 5,000 samples of cells a Gaussian process on structural features is both
 *            more accurate than a graph network and a thousand times cheaper to train. Three views
 *            (all groups; what few groups say of the order of operations; what of their places)
 *            err differently, so their mean errs less.
 * Cost       the logarithm of the value is learned under Student's t noise: measured latencies have
 *            outliers upwards. The rows get the parts of a schedule (schedule.h).
 * Window     costs are shifted to where most values are near (noise_window.h).
 * Tests      tests/unit/test_predictor.c, figures in docs/predict.md
 */
#include "predict/best.h"

#include <math.h>

#include "predict/gp_int.h"

enum { FIT_MAX = 1000, STEPS = 50 };

/* Groups of the views; the schedule's three stand behind the features' groups. */
#define BIT(g) (1u << DVTI_GROUP_##g)
static const uint32_t view_groups[DVTI_BEST_VIEWS] = {
    ~0u,
    BIT(COUNT) | BIT(EDGE) | BIT(WALK) | BIT(LAST) | BIT(PATH) | BIT(CHOICE),
    BIT(COUNT) | BIT(EDGE) | BIT(WALK) | BIT(PLACE) | BIT(LAST) | BIT(SIZE) | BIT(THROUGH) |
        BIT(FAN) | BIT(NODE),
};
#undef BIT

/* ---- rows ---------------------------------------------------------------------------------- */

static int32_t parts_of(const dvti_best *b, int view, dvti_gp_part part[DVTI_GP_GROUPS_MAX])
{
    const dvti_features *f = &b->features;
    int32_t              n = 0;

    for (int g = 0; g < DVTI_GROUPS; g++) {
        if (view_groups[view] >> g & 1 && f->first[g + 1] > f->first[g]) {
            part[n++] = (dvti_gp_part){f->first[g], f->first[g + 1] - f->first[g]};
        }
    }
    if (b->scheduled) {
        part[n++] = (dvti_gp_part){f->columns, f->ops};
        part[n++] = (dvti_gp_part){f->columns + f->ops, f->ops};
        part[n++] = (dvti_gp_part){f->columns + 2 * f->ops, 1};
    }
    return n;
}

static dvt_status fill_rows(dvt_ctx *ctx, dvti_best *b, const dvt_nets *nets, const int64_t *index,
                            int64_t n, const double *value, float *rows)
{
    void      *scratch = dvt_alloc(ctx, dvti_features_scratch(DVT_NETS_NODES_MAX));
    dvt_status st = scratch ? DVT_OK : DVT_E_NOMEM;

    for (int64_t i = 0; st == DVT_OK && i < n; i++) {
        const dvt_net net = dvt_nets_at(nets, index[i]);
        dvti_features_row(&b->features, &net, scratch, rows + i * b->stride);
    }
    dvt_free(ctx, scratch);
    if (st == DVT_OK && b->scheduled) {
        st = dvti_schedule_fit(ctx, &b->features, nets, index, n, rows, b->stride, value,
                               &b->schedule);
    }
    return st;
}

/* ---- fitting ------------------------------------------------------------------------------- */

static dvti_gp_opts options(dvt_predict_goal goal)
{
    return goal == DVT_GOAL_COST ? (dvti_gp_opts){.steps = STEPS,
                                                  .fit_max = FIT_MAX,
                                                  .rate = 0.1,
                                                  .prior = 0.05,
                                                  .noise = 0.01,
                                                  .nu = 2}
                                 : (dvti_gp_opts){.steps = STEPS,
                                                  .fit_max = FIT_MAX,
                                                  .rate = 0.1,
                                                  .prior = 0.1,
                                                  .noise = 0.1,
                                                  .nu = 5};
}

dvt_status dvti_best_fit(dvt_ctx *ctx, const dvt_nets *nets, const int64_t *index, int64_t n,
                         const double *value, const double *y, dvt_predict_goal goal,
                         dvti_best *out)
{
    dvti_best          b = {.features = dvti_features_of(dvt_nets_kind_of(nets)),
                            .scheduled = goal == DVT_GOAL_COST};
    const dvti_gp_opts o = options(goal);
    dvti_gp_part       part[DVTI_GP_GROUPS_MAX];
    double            *mean = NULL;
    float             *rows = NULL;
    dvt_status         st = DVT_OK;

    *out = (dvti_best){0};
    b.stride = b.features.columns + (b.scheduled ? dvti_schedule_columns(&b.features) : 0);
    rows = dvt_alloc(ctx, (size_t)n * (size_t)b.stride * sizeof *rows);
    mean = dvt_calloc(ctx, 2 * (size_t)n, sizeof *mean);
    if (!rows || !mean) {
        st = DVT_E_NOMEM;
        goto done;
    }
    if ((st = fill_rows(ctx, &b, nets, index, n, value, rows)) != DVT_OK) {
        goto done;
    }
    for (int view = 0; view < DVTI_BEST_VIEWS; view++) {
        double *left_out = b.scheduled ? mean + n : NULL;
        st = dvti_gp_fit(ctx, rows, b.stride, y, n, part, parts_of(&b, view, part), &o, left_out,
                         &b.gp[view]);
        if (st != DVT_OK) {
            goto done;
        }
        for (int64_t i = 0; left_out && i < n; i++) {
            mean[i] += left_out[i] / DVTI_BEST_VIEWS;
        }
    }
    if (b.scheduled && (st = dvti_window_fit(ctx, mean, y, n, &b.window)) != DVT_OK) {
        goto done;
    }
    *out = b;
    b = (dvti_best){0};
done:
    dvti_best_deinit(&b);
    dvt_free(ctx, mean);
    dvt_free(ctx, rows);
    return st;
}

void dvti_best_deinit(dvti_best *b)
{
    for (int view = 0; view < DVTI_BEST_VIEWS; view++) {
        dvti_gp_deinit(&b->gp[view]);
    }
    *b = (dvti_best){0};
}

/* ---- running ------------------------------------------------------------------------------- */

typedef struct run_state {
    const dvti_best *b;
    const dvt_nets  *nets;
    const int64_t   *index;
    int64_t          count;
    double          *out;
    uint8_t         *scratch; /* a part a worker */
    size_t           part, gp_part;
} run_state;

static void run_tile(const run_state *s, int64_t begin, int64_t n, uint8_t *memory)
{
    const dvti_best *b = s->b;
    float           *rows = (float *)(void *)(memory + s->gp_part);
    double           y[DVTI_GP_TILE];

    for (int64_t i = 0; i < n; i++) {
        const dvt_net net = dvt_nets_at(s->nets, s->index ? s->index[begin + i] : begin + i);
        dvti_features_row(&b->features, &net, memory, rows + i * b->stride);
        if (b->scheduled) {
            dvti_schedule_row(&b->schedule, &b->features, &net, memory, rows + i * b->stride);
        }
        s->out[begin + i] = 0;
    }
    for (int view = 0; view < DVTI_BEST_VIEWS; view++) {
        dvti_gp_run(&b->gp[view], rows, b->stride, n, memory, y);
        for (int64_t i = 0; i < n; i++) {
            s->out[begin + i] += y[i] / DVTI_BEST_VIEWS;
        }
    }
    for (int64_t i = 0; b->scheduled && i < n; i++) {
        s->out[begin + i] = dvti_window_apply(&b->window, s->out[begin + i]);
    }
}

/* Of tiles, whose bounds do not depend on the threads: neither do the products of matrices. */
static void run_range(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    const run_state *s = ud;

    for (int64_t tile = begin; tile < end; tile++) {
        const int64_t at = tile * DVTI_GP_TILE, rest = s->count - at;
        run_tile(s, at, rest < DVTI_GP_TILE ? rest : DVTI_GP_TILE, s->scratch + worker * s->part);
    }
}

static size_t aligned(size_t bytes) { return (bytes + DVT_ALIGN - 1) / DVT_ALIGN * DVT_ALIGN; }

dvt_status dvti_best_run(dvt_ctx *ctx, const dvti_best *b, const dvt_nets *nets,
                         const int64_t *index, int64_t n, double *out)
{
    run_state s = {.b = b, .nets = nets, .index = index, .count = n, .out = out};

    s.gp_part = dvti_features_scratch(DVT_NETS_NODES_MAX);
    for (int view = 0; view < DVTI_BEST_VIEWS; view++) {
        const size_t need = dvti_gp_scratch(&b->gp[view]);
        s.gp_part = need > s.gp_part ? need : s.gp_part;
    }
    s.gp_part = aligned(s.gp_part);
    s.part = aligned(s.gp_part + (size_t)DVTI_GP_TILE * (size_t)b->stride * sizeof(float));
    s.scratch = dvt_alloc(ctx, s.part * dvt_ctx_jobs(ctx));
    if (!s.scratch) {
        return DVT_E_NOMEM;
    }
    dvti_one_blas_thread();
    dvt_parallel_for(ctx, (n + DVTI_GP_TILE - 1) / DVTI_GP_TILE, 1, run_range, &s);
    dvt_free(ctx, s.scratch);
    return DVT_OK;
}
