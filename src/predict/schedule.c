/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule.c - the critical path of a network under costs that samples teach.
 *
 * Idea       Where a device runs independent operations at once, latency follows the longest path
 *            and only partly the sum; where it does not, the sum. Model:
 *                t = fixed + sum of path costs on the critical path + sum of costs beside it
 *                    + edges + additions + skips + equal pools,
 *            all costs not negative. The critical path is the longest under the path costs, so
 *            costs and paths are found in turns, from costs that a serial device would have.
 *            Residuals are relative and robust: measurements have outliers.
 * Use        the parts and the logarithm of t are features of the best predictor, which learns what
 *            the model misses.
 * Tests      tests/unit/test_nets.c
 */
#include "predict/schedule.h"

#include <math.h>
#include <string.h>

#include "predict/features_int.h"
#include "predict/nonneg.h"

enum { TURNS = 6, EXTRAS = DVTI_SCHEDULE_EXTRAS };

int32_t dvti_schedule_costs(int32_t ops) { return 2 * ops + EXTRAS; }

int32_t dvti_schedule_columns(const dvti_features *f) { return 2 * f->ops + 1; }

/* Operations by label on the longest path under `cost`. */
static void critical_path(const double *cost, const dvt_net *net, void *scratch, int32_t *count,
                          int32_t ops)
{
    double  *length = scratch;
    int32_t *from = (int32_t *)(length + net->nodes);
    int32_t  at = net->nodes - 1;

    length[0] = 0;
    for (int32_t i = 1; i < net->nodes; i++) {
        const int32_t op = net->label[i] - DVT_LABEL_OUTPUT - 1;
        length[i] = 0;
        from[i] = 0;
        for (int32_t e = net->start[i]; e < net->start[i + 1]; e++) {
            if (length[net->read[e]] > length[i]) {
                length[i] = length[net->read[e]];
                from[i] = net->read[e];
            }
        }
        length[i] += op >= 0 ? cost[op] : 0;
    }
    memset(count, 0, (size_t)ops * sizeof *count);
    for (at = from[at]; at > 0; at = from[at]) {
        count[net->label[at] - DVT_LABEL_OUTPUT - 1]++;
    }
}

/* What the model multiplies with its costs: (2 ops + EXTRAS). */
static void terms(const dvti_features *f, const double *cost, const dvt_net *net, void *scratch,
                  const float *row, double *out)
{
    const float *count = row + f->first[DVTI_GROUP_COUNT], *node = row + f->first[DVTI_GROUP_NODE];
    const bool   cell = f->kind == DVT_NETS_NB201;
    int32_t      on_path[DVTI_SCHEDULE_OPS_MAX];
    double      *extra = out + 2 * f->ops;

    critical_path(cost, net, scratch, on_path, f->ops);
    for (int32_t k = 0; k < f->ops; k++) {
        out[k] = on_path[k];
        out[f->ops + k] = (double)count[k] - on_path[k];
    }
    extra[0] = 1;
    extra[1] = row[f->first[DVTI_GROUP_SIZE] + 3];
    extra[2] = cell ? (double)node[3] : 0;
    extra[3] = cell ? (double)node[4] : 0;
    extra[4] = cell ? (double)node[6] : 0;
    if (cell) { /* equal pools are counted apart, as far as they are not on the path */
        double *pools = &out[2 * f->ops - 1];
        *pools = fmax(*pools - extra[4], 0);
    }
}

void dvti_schedule_unpack(const double *w, int32_t ops, dvti_schedule *s)
{
    s->ops = ops;
    memcpy(s->path, w, (size_t)ops * sizeof *w);
    memcpy(s->beside, w + ops, (size_t)ops * sizeof *w);
    s->fixed = w[2 * ops];
    s->edge = w[2 * ops + 1];
    s->addition = w[2 * ops + 2];
    s->skip = w[2 * ops + 3];
    s->equal = w[2 * ops + 4];
}

void dvti_schedule_pack(const dvti_schedule *s, double *w)
{
    memcpy(w, s->path, (size_t)s->ops * sizeof *w);
    memcpy(w + s->ops, s->beside, (size_t)s->ops * sizeof *w);
    w[2 * s->ops] = s->fixed;
    w[2 * s->ops + 1] = s->edge;
    w[2 * s->ops + 2] = s->addition;
    w[2 * s->ops + 3] = s->skip;
    w[2 * s->ops + 4] = s->equal;
}

void dvti_schedule_row(const dvti_schedule *s, const dvti_features *f, const dvt_net *net,
                       void *scratch, float *row)
{
    double w[2 * DVTI_SCHEDULE_OPS_MAX + EXTRAS], x[2 * DVTI_SCHEDULE_OPS_MAX + EXTRAS], time = 0;
    float *out = row + f->columns;

    dvti_schedule_pack(s, w);
    terms(f, s->path, net, scratch, row, x);
    for (int32_t c = 0; c < 2 * f->ops + EXTRAS; c++) {
        time += w[c] * x[c];
    }
    for (int32_t c = 0; c < 2 * f->ops; c++) {
        out[c] = (float)x[c];
    }
    out[2 * f->ops] = (float)log(fmax(time, 1e-30));
}

/* Costs to begin with: heavy operations three times the others. */
static void first_costs(const dvti_features *f, double *cost)
{
    for (int32_t k = 0; k < f->ops; k++) {
        cost[k] = dvti_label_heavy(f->kind, k + DVT_LABEL_OUTPUT + 1) ? 3 : 1;
    }
}

dvt_status dvti_schedule_fit(dvt_ctx *ctx, const dvti_features *f, const dvt_nets *nets,
                             const int64_t *index, int64_t n, float *rows, int32_t stride,
                             const double *y, dvti_schedule *out)
{
    const int32_t columns = 2 * f->ops + EXTRAS;
    double        cost[DVTI_SCHEDULE_OPS_MAX], w[2 * DVTI_SCHEDULE_OPS_MAX + EXTRAS] = {0};
    double       *a = dvt_alloc(ctx, (size_t)n * (size_t)(columns + 1) * sizeof *a);
    void         *scratch = dvt_alloc(ctx, dvti_features_scratch(DVT_NETS_NODES_MAX));
    dvt_status    st = a && scratch ? DVT_OK : DVT_E_NOMEM;

    first_costs(f, cost);
    for (int turn = 0; st == DVT_OK && turn < TURNS; turn++) {
        double *one = a + n * columns;
        for (int64_t i = 0; i < n; i++) {
            const dvt_net net = dvt_nets_at(nets, index[i]);
            terms(f, cost, &net, scratch, rows + i * stride, a + i * columns);
            for (int32_t c = 0; c < columns; c++) {
                a[i * columns + c] /= y[i];
            }
            one[i] = 1;
        }
        st = dvti_nonneg_robust(ctx, a, one, n, columns, w);
        for (int32_t k = 0; k < f->ops; k++) {
            cost[k] = fmax(w[k], 1e-9 * w[2 * f->ops]);
        }
    }
    dvti_schedule_unpack(w, f->ops, out);
    for (int64_t i = 0; st == DVT_OK && i < n; i++) {
        const dvt_net net = dvt_nets_at(nets, index[i]);
        dvti_schedule_row(out, f, &net, scratch, rows + i * stride);
    }
    dvt_free(ctx, scratch);
    dvt_free(ctx, a);
    return st;
}
