/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loss_point.c - losses that are sums over elements, and over pairs of scores.
 *
 * Idea       Forwards computes the sum and d loss / d y in one pass; backwards multiplies by the
 *            gradient of the loss.
 * Tests      tests/unit/test_learn_losses.c: known answers, finite differences
 */
#include "learn/loss_int.h"

#include <math.h>

/* ---- a scalar with its slopes -------------------------------------------------------------- */

static void loss_backward(dvt_tape *t, const dvti_node *n)
{
    const float *slope = n->attr;
    int64_t      count = t->nodes[n->in[0]].count;
    bool         add;
    float       *dy = dvti_grad_of(t, n->in[0], &add);

    for (int64_t i = 0; dy && i < count; i++)
        dy[i] = n->grad[0] * slope[i] + (add ? dy[i] : 0.0f);
}

float *dvti_loss_push(dvt_tape *t, dvt_var y, float **value)
{
    dvt_shape  scalar = {.rank = 0};
    int64_t    count = t->nodes[y.id].count;
    float     *slope = dvti_tape_floats(t, count);
    dvti_node *n = slope ? dvti_tape_push(t, &scalar, NULL, &y, 1, loss_backward) : NULL;

    *value = NULL;
    if (!n)
        return NULL;
    n->attr = slope;
    *value = n->value;
    return slope;
}

/* ---- elements ------------------------------------------------------------------------------ */

typedef double (*term_fn)(double y, double t, double param, double *slope);

static double l1_term(double y, double t, double param, double *slope)
{
    (void)param;
    *slope = y > t ? 1 : y < t ? -1 : 0;
    return fabs(y - t);
}

static double l2_term(double y, double t, double param, double *slope)
{
    (void)param;
    *slope = 2 * (y - t);
    return (y - t) * (y - t);
}

static double huber_term(double y, double t, double delta, double *slope)
{
    double e = y - t;

    *slope = e > delta ? delta : e < -delta ? -delta : e;
    return fabs(e) <= delta ? 0.5 * e * e : delta * (fabs(e) - 0.5 * delta);
}

static double bce_term(double y, double t, double param, double *slope)
{
    (void)param;
    *slope = 1 / (1 + exp(-y)) - t;
    return (y > 0 ? y : 0) - y * t + log1p(exp(-fabs(y)));
}

static dvt_var pointwise(dvt_tape *t, const char *op, dvt_var y, const float *target, term_fn term,
                         double param, dvt_loss_sum how)
{
    double sum = 0, d = 0;
    float *value;

    if (!dvti_tape_ok(t, op, y))
        return DVT_NO_VAR;
    float *slope = dvti_loss_push(t, y, &value);
    if (!slope)
        return DVT_NO_VAR;
    const float *v = dvti_value(t, y.id);
    int64_t      count = t->nodes[y.id].count;
    double       factor = how == DVT_LOSS_MEAN && count > 0 ? 1 / (double)count : 1;
    for (int64_t i = 0; i < count; i++) {
        sum += term((double)v[i], (double)target[i], param, &d);
        slope[i] = (float)(factor * d);
    }
    *value = (float)(factor * sum);
    return dvti_tape_last(t);
}

dvt_var dvt_tape_loss_l1(dvt_tape *t, dvt_var y, const float *target, dvt_loss_sum sum)
{
    return pointwise(t, "l1 loss", y, target, l1_term, 0, sum);
}

dvt_var dvt_tape_loss_l2(dvt_tape *t, dvt_var y, const float *target, dvt_loss_sum sum)
{
    return pointwise(t, "l2 loss", y, target, l2_term, 0, sum);
}

dvt_var dvt_tape_loss_huber(dvt_tape *t, dvt_var y, const float *target, double delta,
                            dvt_loss_sum sum)
{
    if (t->status == DVT_OK && !(delta > 0))
        return dvti_tape_fail(t, DVT_E_USAGE, "huber loss: delta is %g, not above 0", delta);
    return pointwise(t, "huber loss", y, target, huber_term, delta, sum);
}

dvt_var dvt_tape_loss_bce(dvt_tape *t, dvt_var y, const float *target, dvt_loss_sum sum)
{
    return pointwise(t, "bce loss", y, target, bce_term, 0, sum);
}

/* ---- pairs --------------------------------------------------------------------------------- */

/* The term of one pair that wants `lead` = y_i - y_j large; *slope is its derivative. */
static double pair_term(dvt_rank_kind kind, double margin, double lead, double *slope)
{
    if (kind == DVT_RANK_HINGE) {
        *slope = lead < margin ? -1 : 0;
        return lead < margin ? margin - lead : 0;
    }
    *slope = -1 / (1 + exp(lead));
    return (lead < 0 ? -lead : 0) + log1p(exp(-fabs(lead)));
}

/* Pairs of element i with all others: terms where it should win, slopes of all. */
static double element_terms(const float *y, const float *target, int64_t n, int64_t i,
                            dvt_rank_kind kind, double margin, double *slope, int64_t *pairs)
{
    double sum = 0, d = 0;

    *slope = 0;
    for (int64_t j = 0; j < n; j++) {
        if (target[i] > target[j]) {
            sum += pair_term(kind, margin, (double)y[i] - (double)y[j], &d);
            *slope += d;
            (*pairs)++;
        } else if (target[i] < target[j]) {
            pair_term(kind, margin, (double)y[j] - (double)y[i], &d);
            *slope -= d;
        }
    }
    return sum;
}

dvt_var dvt_tape_loss_rank(dvt_tape *t, dvt_var y, const float *target, dvt_rank_kind kind,
                           double margin, dvt_loss_sum how)
{
    double  sum = 0, d = 0;
    int64_t pairs = 0;
    float  *value;

    if (!dvti_tape_ok(t, "ranking loss", y))
        return DVT_NO_VAR;
    float *slope = dvti_loss_push(t, y, &value);
    if (!slope)
        return DVT_NO_VAR;
    int64_t n = t->nodes[y.id].count;
    for (int64_t i = 0; i < n; i++) {
        sum += element_terms(dvti_value(t, y.id), target, n, i, kind, margin, &d, &pairs);
        slope[i] = (float)d;
    }
    double factor = how == DVT_LOSS_MEAN && pairs > 0 ? 1 / (double)pairs : 1;
    for (int64_t i = 0; i < n; i++)
        slope[i] = (float)((double)slope[i] * factor);
    *value = (float)(sum * factor);
    return dvti_tape_last(t);
}
