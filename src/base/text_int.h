/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_int.h - numbers as text that reads back to the same bits, shared by all text writers.
 */
#ifndef DVTI_TEXT_INT_H
#define DVTI_TEXT_INT_H

#include "dovetail/base.h"

enum { DVTI_F64_TEXT = 32 };

/* The shortest of 15, 16, 17 digits that parses back to `v`; always looks like a real number
 * ("1.0", "1e+30"). Not finite: "nan", "inf", "-inf". Returns `out`. */
char *dvti_f64_text(double v, char out[DVTI_F64_TEXT]);
/* The same for a float, with 6 to 9 digits. */
char *dvti_f32_text(float v, char out[DVTI_F64_TEXT]);

/* "a, b, c" into `out`, ending in "..." where it does not fit. */
void dvti_join(char *out, size_t cap, const char *const *words, size_t count);

#endif
