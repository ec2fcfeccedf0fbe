/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format_int.h - conversions of number formats shared inside the library.
 */
#ifndef DVTI_FORMAT_INT_H
#define DVTI_FORMAT_INT_H

#include "dovetail/tensor.h"

/* One rounding from double to binary16: nearest, ties to even. */
uint16_t dvti_f16_from_f64(double x);

#endif
