/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_pickle.h - what the readers of pickled tables share.
 */
#ifndef DVTI_TABLE_PICKLE_H
#define DVTI_TABLE_PICKLE_H

#include "formats/pickle.h"
#include "space/table_import.h"

typedef struct dvti_pickle_table {
    dvti_stage        *s;
    const char        *path;
    const dvti_pickle *p;
} dvti_pickle_table;

/* E_PARSE at `v`: "expected WANT, got a list". */
dvt_status dvti_pickle_table_fail(const dvti_pickle_table *t, const dvti_pickle_value *v,
                                  const char *want);
/* NATS-Bench's form of results, and what has it. */
bool                      dvti_is_nats(const dvti_pickle *p, const dvti_pickle_value *root);
DVT_MUST_CHECK dvt_status dvti_table_read_nats(const dvti_pickle_table *t,
                                               const dvti_pickle_value *root);
/* Puts a finite number; E_PARSE, E_NUMERIC with its place. */
DVT_MUST_CHECK dvt_status dvti_pickle_table_put(const dvti_pickle_table *t, int32_t column,
                                                int64_t row, const dvti_pickle_value *v);

#endif
