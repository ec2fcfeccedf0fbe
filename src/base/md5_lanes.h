/* SPDX-License-Identifier: Apache-2.0 */
/*
 * md5_lanes.h - MD5 of 16 short messages of equal length at a time.
 */
#ifndef DVTI_MD5_LANES_H
#define DVTI_MD5_LANES_H

#include "dovetail/base.h"

enum { DVTI_MD5_LANES = 16, DVTI_MD5_BLOCK = 64, DVTI_MD5_BYTES = 16 };

/* Appends MD5's padding to `size` bytes; the buffer must hold whole blocks of 64 bytes. Returns the
 * number of blocks. */
int dvti_md5_pad(uint8_t *message, size_t size);

/* 16 padded messages of `blocks` blocks each, `stride` bytes apart. */
void dvti_md5_lanes(const uint8_t *message, size_t stride, int blocks,
                    uint8_t out[DVTI_MD5_LANES][DVTI_MD5_BYTES]);

#endif
