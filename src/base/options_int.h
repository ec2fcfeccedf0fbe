/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_int.h - what the parts of the options machinery share: values by row, texts by row.
 */
#ifndef DVTI_OPTIONS_INT_H
#define DVTI_OPTIONS_INT_H

#include "dovetail/options.h"

enum { DVTI_OPTION_NAME_MAX = 64, DVTI_CHOICES_MAX = 64, DVTI_EXPECTED_MAX = 320 };

/* Stores a number, text or choice that is written as on the command line; false, with the value
 * as it was, if it is not one or out of range. Not for flags and lists. */
bool dvti_option_store(const dvt_option *o, void *values, const char *text);

/* "integer 1..1024", "one of reference, overlay": what dvti_option_store accepts. */
void dvti_option_expected(const dvt_option *o, char out[DVTI_EXPECTED_MAX]);

/* The row named `word`, in which '-' and '_' are the same letter; NULL = none. */
const dvt_option *dvti_option_find(const dvt_option_set *set, const char *word, size_t len);
const dvt_option *dvti_option_nearest(const dvt_option_set *set, const char *word);

/* "--latency-max-ms" without the dashes in front. Returns `out`. */
const char *dvti_option_long_name(const dvt_option *o, char out[DVTI_OPTION_NAME_MAX]);

/* Choice `index` of an ENUM row into `out`; false if there are fewer. */
bool dvti_option_choice(const dvt_option *o, int index, char out[DVTI_OPTION_NAME_MAX]);

/* A place in `values`, by type. */
bool          *dvti_option_bool(const dvt_option *o, void *values);
dvt_text_list *dvti_option_list(const dvt_option *o, void *values);
const char   **dvti_option_string(const dvt_option *o, void *values);

/* Applies a configuration file; `sources` (one a row) may be NULL. */
dvt_status dvti_options_load(dvt_ctx *ctx, const dvt_option_set *set, const char *path,
                             dvt_arena *arena, void *values, dvt_option_source *sources);

#endif
