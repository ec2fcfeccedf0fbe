/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - comparisons of metrics with numbers, as text: "latency<100ms,area<=150mm2".
 */
#ifndef DVTI_LIMITS_H
#define DVTI_LIMITS_H

#include "dovetail/pairs.h"

/* Narrows least[i] <= metric i <= most[i] by the comparisons of `text`; all three (count). On
 * failure least and most are as they were. E_USAGE, E_NOTFOUND as dvt_pareto_where(). */
DVT_MUST_CHECK dvt_status dvti_limits_parse(dvt_ctx *ctx, const char *text,
                                            const dvt_metric *const *metrics, int32_t count,
                                            int64_t *least, int64_t *most);

/* The metric named by the first `n` letters of `name`; -1 raises E_NOTFOUND with the nearest. */
int32_t dvti_metric_find(dvt_ctx *ctx, const dvt_metric *const *metrics, int32_t count,
                         const char *name, size_t n);

#endif
