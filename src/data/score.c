/* SPDX-License-Identifier: Apache-2.0 */
/*
 * score.c - where the right class stands among a network's scores.
 *
 * Ties count against the label: a network that gives all classes the same score is never right.
 * NaN is below every number, and ties with other NaNs.
 * Tests      tests/unit/test_preprocess.c
 */
#include "dovetail/data.h"

#include <math.h>

int64_t dvt_label_rank(const float *scores, int64_t count, int64_t label)
{
    int64_t rank = 0;

    if (label < 0 || label >= count) {
        return count;
    }
    for (int64_t i = 0; i < count; i++) {
        const bool before = isnan(scores[label]) || scores[i] >= scores[label];
        rank += i != label && before;
    }
    return rank;
}
