/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rng_block.h - the block function under dvt_rng, for known-answer tests and bulk generators.
 */
#ifndef DVTI_RNG_BLOCK_H
#define DVTI_RNG_BLOCK_H

#include "dovetail/base.h"

/* Philox4x32 with 10 rounds: out[i] is word i of the block that counter and key name. */
void dvti_philox4x32_10(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The next `n` numbers of dvt_rng_u32, computed a block at a time. */
void dvti_rng_fill_u32(dvt_rng *rng, uint32_t *out, size_t n);

#endif
