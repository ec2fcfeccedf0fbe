/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nb101_md5.h - the benchmark's hash of many cells at once.
 */
#ifndef DVTI_NB101_MD5_H
#define DVTI_NB101_MD5_H

#include "dovetail/space.h"

/* cells, out: (count) */
void dvti_nb101_md5s(const dvt_nb101_cell *cells, int64_t count,
                     uint8_t (*out)[DVT_NB101_MD5_BYTES]);

#endif
