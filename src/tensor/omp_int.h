/* SPDX-License-Identifier: Apache-2.0 */
/*
 * omp_int.h - how many threads oneDNN may use for a call.
 *
 * oneDNN takes its number of threads from OpenMP, which keeps it for each calling thread apart. A
 * scope sets it for the calls inside and restores it, so that nothing changes for the caller.
 *
 * The two functions are declared here rather than by <omp.h>: the runtime is the one oneDNN is
 * linked with, whichever compiler we are built with, and its header comes with one of them only.
 */
#ifndef DVTI_OMP_INT_H
#define DVTI_OMP_INT_H

#include <stdint.h>

int  omp_get_max_threads(void);
void omp_set_num_threads(int threads);

/* Returns what to give to dvti_omp_leave. */
static inline int dvti_omp_enter(uint32_t threads)
{
    int before = omp_get_max_threads();

    omp_set_num_threads((int)threads);
    return before;
}

static inline void dvti_omp_leave(int before)
{
    omp_set_num_threads(before);
}

#endif
