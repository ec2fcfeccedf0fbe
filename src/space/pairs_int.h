/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pairs_int.h - what the sides and costs of tables share.
 */
#ifndef DVTI_PAIRS_INT_H
#define DVTI_PAIRS_INT_H

#include "dovetail/pairs.h"

/* The cells of rows [row, row + count) of a NAS-Bench-201 table. */
dvt_status dvti_table_nb201_cells(dvt_ctx *ctx, const dvt_table *t, int64_t row, int64_t count,
                                  dvt_nb201_cell *out);

#endif
