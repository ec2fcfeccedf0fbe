/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loss_class.c - losses of class probabilities: cross-entropy, Kullback-Leibler divergence.
 *
 * Cross-entropy takes logits: with p = softmax, log p_k = z_k - max - log sum e^(z - max) loses
 * nothing, and the slope is p_k - (1 - smoothing) [k = label] - smoothing / c.
 * Tests      tests/unit/test_learn_losses.c, tests/diff/learn_torch.py
 */
#include "learn/loss_int.h"

#include <math.h>

/* log sum e^z of a row. */
static double log_sum_exp(const float *z, int64_t c)
{
    double most = -INFINITY, sum = 0;

    for (int64_t k = 0; k < c; k++)
        most = (double)z[k] > most ? (double)z[k] : most;
    for (int64_t k = 0; k < c; k++)
        sum += exp((double)z[k] - most);
    return most + log(sum);
}

static double class_row(const float *z, int64_t c, int32_t label, double smoothing, float *slope)
{
    double shift = log_sum_exp(z, c), each = smoothing / (double)c, sum = 0;

    for (int64_t k = 0; k < c; k++) {
        double log_p = (double)z[k] - shift, target = each + (k == label ? 1 - smoothing : 0);
        sum -= target > 0 ? target * log_p : 0;
        slope[k] = (float)(exp(log_p) - target);
    }
    return sum;
}

static bool matrix(dvt_tape *t, const char *op, dvt_var y)
{
    char text[DVT_SHAPE_TEXT];

    if (!dvti_tape_ok(t, op, y))
        return false;
    const dvt_shape *s = &t->nodes[y.id].shape;
    if (s->rank == 2 && s->dim[1] > 0)
        return true;
    dvti_tape_fail(t, DVT_E_SHAPE, "%s: %s is not (rows, classes)", op, dvt_shape_text(s, text));
    return false;
}

static bool labels_fit(dvt_tape *t, const int32_t *label, int64_t n, int64_t c)
{
    for (int64_t i = 0; i < n; i++)
        if (label[i] < -1 || label[i] >= c) {
            dvti_tape_fail(t, DVT_E_USAGE, "cross-entropy: label %d of row %lld is not below %lld",
                           label[i], (long long)i, (long long)c);
            return false;
        }
    return true;
}

static void scale_all(float *slope, int64_t count, double factor)
{
    for (int64_t i = 0; i < count; i++)
        slope[i] = (float)((double)slope[i] * factor);
}

dvt_var dvt_tape_loss_cross_entropy(dvt_tape *t, dvt_var y, const int32_t *label, double smoothing,
                                    dvt_loss_sum how)
{
    double  sum = 0;
    int64_t counted = 0;
    float  *value;

    if (!matrix(t, "cross-entropy", y))
        return DVT_NO_VAR;
    int64_t n = t->nodes[y.id].shape.dim[0], c = t->nodes[y.id].shape.dim[1];
    if (!labels_fit(t, label, n, c))
        return DVT_NO_VAR;
    if (!(smoothing >= 0 && smoothing < 1))
        return dvti_tape_fail(t, DVT_E_USAGE, "cross-entropy: smoothing %g is not in [0, 1)",
                              smoothing);
    float *slope = dvti_loss_push(t, y, &value);
    if (!slope)
        return DVT_NO_VAR;
    const float *z = dvti_value(t, y.id);
    for (int64_t i = 0; i < n; i++) {
        if (label[i] < 0) {
            for (int64_t k = 0; k < c; k++)
                slope[i * c + k] = 0;
            continue;
        }
        sum += class_row(z + i * c, c, label[i], smoothing, slope + i * c);
        counted++;
    }
    double factor = how == DVT_LOSS_MEAN && counted > 0 ? 1 / (double)counted : 1;
    scale_all(slope, n * c, factor);
    *value = (float)(sum * factor);
    return dvti_tape_last(t);
}

dvt_var dvt_tape_loss_kl(dvt_tape *t, dvt_var y, const float *target, dvt_loss_sum how)
{
    double sum = 0;
    float *value;

    if (!matrix(t, "kl loss", y))
        return DVT_NO_VAR;
    float *slope = dvti_loss_push(t, y, &value);
    if (!slope)
        return DVT_NO_VAR;
    const dvti_node *n = dvti_tape_node(t, y);
    int64_t          rows = n->shape.dim[0];
    double           factor = how == DVT_LOSS_MEAN && rows > 0 ? 1 / (double)rows : 1;
    for (int64_t i = 0; i < n->count; i++) {
        double q = (double)target[i];
        sum += q > 0 ? q * (log(q) - (double)n->value[i]) : 0;
        slope[i] = (float)(-q * factor);
    }
    *value = (float)(sum * factor);
    return dvti_tape_last(t);
}
