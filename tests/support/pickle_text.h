/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickle_text.h - a pickle's value as one line of text, the same that make_pickles.py prints.
 *
 *     n  b1  i-5  f3ff0000000000000 (bits)  tHEX  yHEX  (a,b)  [a,b]  {sorted}  <key:value,..>
 *     a(shape)[elements as floats]
 */
#ifndef TESTS_SUPPORT_PICKLE_TEXT_H
#define TESTS_SUPPORT_PICKLE_TEXT_H

#include "formats/pickle.h"

void pickle_text(const dvti_pickle *p, const dvti_pickle_value *v, dvt_buf *out);

#endif
