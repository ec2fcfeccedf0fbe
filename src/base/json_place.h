/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_place.h - places in JSON text: nesting depth, lines, and where a view's value stands.
 */
#ifndef DVTI_JSON_PLACE_H
#define DVTI_JSON_PLACE_H

#include "base/json_util.h"

/* The offset of the bracket that opens level `limit` + 1, or `size` if there is none. */
size_t dvti_json_find_depth(const char *text, size_t size, uint32_t limit);

/* Line and column (in bytes, both 1-based) of `offset`, which is cut to the text's size. */
dvt_pos dvti_json_pos(const char *name, const char *text, size_t size, size_t offset);

/* The offset where the value of `v` begins in its document's text; for a value that cannot be
 * found (a key written with escapes), that of the nearest parent that can. */
size_t dvti_json_find(const dvti_json *v);

#endif
