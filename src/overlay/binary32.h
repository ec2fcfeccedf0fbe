/* SPDX-License-Identifier: Apache-2.0 */
/* binary32.h - see binary32.c. */
#ifndef DVTI_BINARY32_H
#define DVTI_BINARY32_H

/* No subnormals (they become +0), no infinities (the largest finite number with their sign). */
float dvti_fl(float x);

#endif
