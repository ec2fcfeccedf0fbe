/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtl_compare.h - a program on the simulated RTL beside the bit-accurate model and the cycle model.
 *
 * Equal are: every byte of the program's external memory after the run, the number of values that
 * saturated, cycles in all, and each of the counters of docs/timing.md section 9.
 */
#ifndef TESTS_SUPPORT_RTL_COMPARE_H
#define TESTS_SUPPORT_RTL_COMPARE_H

#include "dovetail/rtl.h"
#include "dovetail/sim.h"

typedef struct rtl_compare_result {
    int64_t cycles, model_cycles; /* RTL, cycle model */
    int64_t differing_bytes, first_byte;
    int64_t saturated, model_saturated;
    int64_t beats, model_beats;
    int     differing_counters;
    char    what[160];            /* the first difference, "" if none */
    double  seconds;              /* of the RTL's run */
} rtl_compare_result;

/* Folder of built overlays, beside the test programs; kept from run to run. */
const char *rtl_cache_dir(void);
/* False with the reason where Verilator is missing: the test is skipped. */
bool rtl_available(void);
/* Runs `p` once everywhere. The status is that of the first executor that failed. */
dvt_status rtl_compare(const dvt_program *p, const dvt_tensor *inputs, int32_t count,
                       int32_t stall_permille, uint64_t seed, rtl_compare_result *out);

#endif
