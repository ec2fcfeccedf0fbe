/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickle_print.h - a pickle's value as one line of text, the same that make_pickles.py prints.
 *
 *     n  b1  i-5  f3ff0000000000000 (bits)  tHEX  yHEX  (a,b)  [a,b]  {sorted}  <key:value,..>
 *     a(shape)[elements as floats]
 */
#ifndef TESTS_SUPPORT_PICKLE_PRINT_H
#define TESTS_SUPPORT_PICKLE_PRINT_H

#include "formats/pickle.h"

void pickle_print(const dvti_pickle *p, const dvti_pickle_value *v, dvt_buf *out);

#endif
