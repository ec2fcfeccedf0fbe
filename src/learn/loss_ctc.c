/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loss_ctc.c - connectionist temporal classification.
 *
 * Idea       The labels with blanks before, between and behind make 2 n + 1 places [1]. A path
 *            moves from place s to s, s + 1, or s + 2 if that is not the same label, nor a blank.
 *            alpha[t][s] is the log probability of all paths to place s at step t, emission
 *            included; beta[t][s] of all continuations, emission of t excluded. Then
 *                log p = log(e^alpha[T-1][last] + e^alpha[T-1][last - 1])
 *                d(-log p) / d log_p[t][k] = -sum over s with label k of e^(alpha + beta - log p)
 *            which is the true derivative: what a softmax in front adds comes from its own node.
 * Memory     alpha of one sequence at a time, in the tape; beta needs two rows.
 * Time       steps x places per sequence, one log-sum of three each.
 * Tests      tests/unit/test_learn_losses.c: all paths enumerated, finite differences;
 *            tests/diff/learn_torch.py
 *
 * [1] A. Graves et al., "Connectionist temporal classification", ICML 2006, section 4.1.
 */
#include "learn/loss_int.h"

#include <math.h>
#include <string.h>

typedef struct sequence {
    const float   *log_p; /* step t: log_p + t * stride */
    float         *slope; /* likewise */
    int64_t        stride, steps, places, n;
    const int32_t *label; /* (n) */
    int32_t        blank;
    double        *alpha;        /* (steps, places) */
    double        *beta, *next;  /* (places) */
    float          factor;       /* of the slopes */
} sequence;

static double log_add(double a, double b)
{
    double most = a > b ? a : b, least = a > b ? b : a;

    return least == -INFINITY ? most : most + log1p(exp(least - most));
}

static int32_t class_at(const sequence *q, int64_t s)
{
    return s % 2 ? q->label[s / 2] : q->blank;
}

/* May a path go from place s - 2 to place s? */
static bool may_skip(const sequence *q, int64_t s)
{
    return s % 2 && s >= 3 && q->label[s / 2] != q->label[s / 2 - 1];
}

static double emission(const sequence *q, int64_t t, int64_t s)
{
    return (double)q->log_p[t * q->stride + class_at(q, s)];
}

static void forwards(const sequence *q)
{
    for (int64_t s = 0; s < q->places; s++)
        q->alpha[s] = s < 2 ? emission(q, 0, s) : -INFINITY;
    for (int64_t t = 1; t < q->steps; t++) {
        const double *before = q->alpha + (t - 1) * q->places;
        double       *now = q->alpha + t * q->places;
        for (int64_t s = 0; s < q->places; s++) {
            double sum = s > 0 ? log_add(before[s], before[s - 1]) : before[s];
            if (may_skip(q, s))
                sum = log_add(sum, before[s - 2]);
            now[s] = sum + emission(q, t, s);
        }
    }
}

static double log_probability(const sequence *q)
{
    const double *last = q->alpha + (q->steps - 1) * q->places;

    return q->places > 1 ? log_add(last[q->places - 1], last[q->places - 2]) : last[0];
}

static void add_posteriors(const sequence *q, int64_t t, const double *beta, double log_p)
{
    for (int64_t s = 0; s < q->places; s++) {
        double gamma = q->alpha[t * q->places + s] + beta[s] - log_p;
        q->slope[t * q->stride + class_at(q, s)] -= q->factor * (float)exp(gamma);
    }
}

/* Walks beta back and adds the slopes of each step. */
static void backwards(sequence *q, double log_p)
{
    for (int64_t s = 0; s < q->places; s++)
        q->beta[s] = s >= q->places - 2 ? 0 : -INFINITY;
    add_posteriors(q, q->steps - 1, q->beta, log_p);
    for (int64_t t = q->steps - 2; t >= 0; t--) {
        double *swap = q->next;
        q->next = q->beta; /* of step t + 1 */
        q->beta = swap;
        for (int64_t s = 0; s < q->places; s++) {
            double sum = q->next[s] + emission(q, t + 1, s);
            if (s + 1 < q->places)
                sum = log_add(sum, q->next[s + 1] + emission(q, t + 1, s + 1));
            if (s + 2 < q->places && may_skip(q, s + 2))
                sum = log_add(sum, q->next[s + 2] + emission(q, t + 1, s + 2));
            q->beta[s] = sum;
        }
        add_posteriors(q, t, q->beta, log_p);
    }
}

/* ---- the operation ------------------------------------------------------------------------- */

static bool sequence_fits(dvt_tape *t, const dvt_ctc *c, const dvt_shape *s, int64_t i)
{
    int64_t steps = c->steps ? c->steps[i] : s->dim[0], n = c->label_length[i];

    if (n < 0 || n > c->width || steps < 1 || steps > s->dim[0]) {
        dvti_tape_fail(t, DVT_E_SHAPE,
                       "ctc loss: sequence %lld has %lld labels of at most %lld and %lld steps of "
                       "at most %lld",
                       (long long)i, (long long)n, (long long)c->width, (long long)steps,
                       (long long)s->dim[0]);
        return false;
    }
    for (int64_t k = 0; k < n; k++) {
        int32_t label = c->label[i * c->width + k];
        if (label < 0 || label >= s->dim[2] || label == c->blank) {
            dvti_tape_fail(t, DVT_E_USAGE,
                           "ctc loss: label %d (number %lld of sequence %lld) is the blank or not "
                           "below %lld",
                           label, (long long)k, (long long)i, (long long)s->dim[2]);
            return false;
        }
    }
    return true;
}

static bool ctc_fits(dvt_tape *t, dvt_var y, const dvt_ctc *c)
{
    char text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok(t, "ctc loss", y))
        return false;
    const dvt_shape s = t->nodes[y.id].shape;
    if (s.rank != 3 || s.dim[0] < 1 || s.dim[2] < 1 || c->blank < 0 || c->blank >= s.dim[2]) {
        dvti_tape_fail(t, DVT_E_SHAPE, "ctc loss: %s is not (steps, b, classes), or blank %d is "
                       "no class", dvt_shape_text(&s, text), c->blank);
        return false;
    }
    for (int64_t i = 0; i < s.dim[1]; i++)
        if (!sequence_fits(t, c, &s, i))
            return false;
    return true;
}

static bool ctc_memory(dvt_tape *t, const dvt_shape *s, const dvt_ctc *c, sequence *q)
{
    size_t places = 2 * (size_t)c->width + 1;

    q->alpha = dvti_tape_alloc(t, (size_t)s->dim[0] * places * sizeof *q->alpha);
    q->beta = dvti_tape_alloc(t, places * sizeof *q->beta);
    q->next = dvti_tape_alloc(t, places * sizeof *q->next);
    return t->status == DVT_OK;
}

/* The loss of one sequence; its slopes are written times `factor`. */
static double one_loss(sequence *q, double factor, bool zero_infinite)
{
    forwards(q);
    double log_p = log_probability(q);
    if (log_p == -INFINITY)
        return zero_infinite ? 0 : INFINITY;
    q->factor = (float)factor;
    backwards(q, log_p);
    return -log_p;
}

dvt_var dvt_tape_loss_ctc(dvt_tape *t, dvt_var y, const dvt_ctc *c, dvt_loss_sum how)
{
    sequence q = {.blank = c->blank};
    double   sum = 0;
    float   *value;

    if (!ctc_fits(t, y, c))
        return DVT_NO_VAR;
    const dvt_shape s = t->nodes[y.id].shape;
    float          *slope = dvti_loss_push(t, y, &value);
    if (!slope || !ctc_memory(t, &s, c, &q))
        return DVT_NO_VAR;
    memset(slope, 0, (size_t)t->nodes[y.id].count * sizeof *slope);
    q.stride = s.dim[1] * s.dim[2];
    for (int64_t i = 0; i < s.dim[1]; i++) {
        q.n = c->label_length[i];
        q.places = 2 * q.n + 1;
        q.steps = c->steps ? c->steps[i] : s.dim[0];
        q.label = c->label + i * c->width;
        q.log_p = dvti_value(t, y.id) + i * s.dim[2];
        q.slope = slope + i * s.dim[2];
        double factor = 1;
        if (how == DVT_LOSS_MEAN)
            factor = 1 / (double)((q.n > 0 ? q.n : 1) * s.dim[1]);
        sum += factor * one_loss(&q, factor, c->zero_infinite);
    }
    *value = (float)sum;
    return dvti_tape_last(t);
}
