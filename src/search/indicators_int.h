/* SPDX-License-Identifier: Apache-2.0 */
/*
 * indicators_int.h - what the measures share.
 */
#ifndef DVTI_INDICATORS_INT_H
#define DVTI_INDICATORS_INT_H

#include "dovetail/indicators.h"

/* E_NUMERIC names the first value that is not finite. */
dvt_status dvti_check_finite(dvt_ctx *ctx, const double *v, int64_t n, const char *what);

#endif
