/* SPDX-License-Identifier: Apache-2.0 */
/*
 * losses.h - scalars to minimise, as operations on a tape.
 *
 * Each gives a variable of rank 0. Targets are borrowed until the tape's next begin. Terms are
 * computed and summed in double, in the order of the elements. DVT_LOSS_MEAN divides by the number
 * of terms named at each.
 */
#ifndef DOVETAIL_LOSSES_H
#define DOVETAIL_LOSSES_H

#include "dovetail/learn.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum dvt_loss_sum { DVT_LOSS_MEAN, DVT_LOSS_SUM } dvt_loss_sum;

/* Terms: elements of y. target (count of y). |y - t|, with slope 0 where they are equal. */
DVT_API dvt_var dvt_tape_loss_l1(dvt_tape *tape, dvt_var y, const float *target, dvt_loss_sum sum);
/* (y - t)^2 */
DVT_API dvt_var dvt_tape_loss_l2(dvt_tape *tape, dvt_var y, const float *target, dvt_loss_sum sum);
/* (y - t)^2 / 2 where |y - t| <= delta, else delta (|y - t| - delta / 2); delta > 0. */
DVT_API dvt_var dvt_tape_loss_huber(dvt_tape *tape, dvt_var y, const float *target, double delta,
                                    dvt_loss_sum sum);
/* -(t log s(y) + (1 - t) log(1 - s(y))) with the logistic function s: y are logits, t in [0, 1]. */
DVT_API dvt_var dvt_tape_loss_bce(dvt_tape *tape, dvt_var y, const float *target, dvt_loss_sum sum);

/* Pairwise ranking. y (n) scores in any shape, target (n); every pair with target_i > target_j
 * wants y_i > y_j. Terms: such pairs (of none the loss is 0). HINGE max(0, margin - (y_i - y_j));
 * LOGISTIC log(1 + e^-(y_i - y_j)) (RankNet, Burges et al. 2005, eq. 3 with certain targets). */
typedef enum dvt_rank_kind { DVT_RANK_HINGE, DVT_RANK_LOGISTIC } dvt_rank_kind;
DVT_API dvt_var dvt_tape_loss_rank(dvt_tape *tape, dvt_var y, const float *target,
                                   dvt_rank_kind kind, double margin, dvt_loss_sum sum);

/* Classes. logits (n, c), label (n) in [0, c), or -1: the row does not count. Terms: rows that
 * count. -(1 - smoothing) log p_label - smoothing / c * sum_k log p_k, p = softmax of the row;
 * smoothing in [0, 1) (Szegedy et al. 2016, section 7). */
DVT_API dvt_var dvt_tape_loss_cross_entropy(dvt_tape *tape, dvt_var logits, const int32_t *label,
                                            double smoothing, dvt_loss_sum sum);
/* Kullback-Leibler divergence from log_p (n, c), logarithms of probabilities, to target q (n, c):
 * terms are rows, sum_k q_k (log q_k - log_p_k), 0 log 0 = 0. */
DVT_API dvt_var dvt_tape_loss_kl(dvt_tape *tape, dvt_var log_p, const float *target,
                                 dvt_loss_sum sum);

/* Connectionist temporal classification (Graves et al. 2006, eq. 5-8 and 15) in log space.
 * log_p (steps, b, classes): logarithms of probabilities, as from dvt_tape_log_softmax. Terms: the
 * b sequences, -log of the probability of the labels; MEAN divides each by its number of labels
 * (at least 1) first, as PyTorch. A sequence too long for its steps has the loss infinity and no
 * gradient, or counts 0 if zero_infinite. */
typedef struct dvt_ctc {
    const int32_t *label;        /* (b, width) borrowed, classes other than blank */
    const int32_t *label_length; /* (b) */
    const int32_t *steps;        /* (b), or NULL: all */
    int64_t        width;
    int32_t        blank;
    bool           zero_infinite;
} dvt_ctc;
DVT_API dvt_var dvt_tape_loss_ctc(dvt_tape *tape, dvt_var log_p, const dvt_ctc *ctc,
                                  dvt_loss_sum sum);

#ifdef __cplusplus
}
#endif
#endif
