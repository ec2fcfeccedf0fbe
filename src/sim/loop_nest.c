/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_nest.c - the long words' loop nests by index instead of by counting.
 *
 * Idea      Hardware counts through a nest; the model wants turn number i directly, so that results
 *           can be computed in any order. Level l of turn i has the counter (i / prod n[<l]) mod
 *           n[l].
 * Tests     tests/unit/test_loop_nest.c (against counting)
 */
#include "sim/sim_int.h"


int64_t dvti_nest_count(const int64_t *n, int first, int end)
{
    int64_t count = 1;

    for (int l = first; l < end; l++) {
        count *= n[l];
    }
    return count;
}

int64_t dvti_nest_dot(int64_t index, const int64_t *n, const int64_t *step, int first, int end)
{
    int64_t sum = 0;

    for (int l = first; l < end; l++) {
        sum += index % n[l] * step[l];
        index /= n[l];
    }
    return sum;
}
