/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options_json.h - option values as part of a larger JSON text, such as the record of a run.
 */
#ifndef DVTI_OPTIONS_JSON_H
#define DVTI_OPTIONS_JSON_H

#include "base/json_util.h"
#include "dovetail/options.h"

/* The recorded values as one object: what dvt_options_json writes, at the writer's place. */
void dvti_options_write(const dvt_option_set *set, const void *values, dvti_json_writer *w);

#endif
