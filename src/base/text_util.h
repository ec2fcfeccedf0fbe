/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_util.h - what every reader and writer of texts in the library shares: texts of fixed size,
 * numbers that read back to the same bits, lists of words, nearness of words.
 */
#ifndef DVTI_TEXT_UTIL_H
#define DVTI_TEXT_UTIL_H

#include "dovetail/base.h"

/* snprintf that shows truncation by a final "...". */
void dvti_format(char *out, size_t cap, const char *fmt, ...) DVT_PRINTF(3, 4);
void dvti_vformat(char *out, size_t cap, const char *fmt, va_list args) DVT_PRINTF(3, 0);

/* Edit distance (insertion, deletion, substitution, swap of neighbours; case does not count), or
 * -1 if it is above what we would call near for these words. */
int dvti_edit_distance(const char *a, const char *b);

enum { DVTI_F64_TEXT = 32 };

/* The shortest of 15, 16, 17 digits that parses back to `v`; always looks like a real number
 * ("1.0", "1e+30"). Not finite: "nan", "inf", "-inf". Returns `out`. */
char *dvti_f64_text(double v, char out[DVTI_F64_TEXT]);
/* The same for a float, with 6 to 9 digits. */
char *dvti_f32_text(float v, char out[DVTI_F64_TEXT]);

/* "a, b, c" into `out`, ending in "..." where it does not fit. */
void dvti_join(char *out, size_t cap, const char *const *words, size_t count);

#endif
