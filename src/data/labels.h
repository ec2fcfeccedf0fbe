/* SPDX-License-Identifier: Apache-2.0 */
/*
 * labels.h - which class an image file belongs to, by a list, by its folder or by its name.
 *
 * The rules, with examples, are in docs/formats/data.md.
 */
#ifndef DATA_LABELS_H
#define DATA_LABELS_H

#include "dovetail/base.h"

enum { DVTI_LABEL_MAX = 1000000 }; /* classes */

typedef struct dvti_labels {
    int64_t    *label; /* (count), in the arena given */
    int64_t     class_count;
    const char *source; /* in words, in the arena */
} dvti_labels;

/* `names` (count) are the image files, sorted. `list` is the path of a CSV or synset file, or NULL:
 * then folder names or numbers in file names decide. */
DVT_MUST_CHECK dvt_status dvti_labels_find(dvt_ctx *ctx, dvt_arena *arena, const char *list,
                                           const char *const *names, int64_t count,
                                           dvti_labels *out);

/* The same for a list in memory; `text` must be NUL-terminated behind `size`. */
DVT_MUST_CHECK dvt_status dvti_labels_from_list(dvt_ctx *ctx, dvt_arena *arena, const char *list,
                                                char *text, size_t size, const char *const *names,
                                                int64_t count, dvti_labels *out);

#endif
