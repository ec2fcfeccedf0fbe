/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random_word.h - random long words that come close to being legal.
 *
 * Nests, strides, paddings, pages, slices and routes are drawn freely; what must agree for a word
 * to have a meaning at all (counts of results and pages) is made to agree, and addresses are moved
 * into their regions most of the time. dvt_word_check has the last word.
 * Regions   as in sim_words.h; the stream buffer is read in its lower and written in its upper
 *           half.
 */
#ifndef TESTS_SUPPORT_RANDOM_WORD_H
#define TESTS_SUPPORT_RANDOM_WORD_H

#include "support/sim_words.h"

/* `source` is DVT_KERNEL_ARRAY, _POOL, _DEPTHWISE, _LRN, or _SREAD for straight through. */
dvt_word random_word(dvt_rng *rng, const dvt_overlay *o, dvt_kernel source);

/* Random features, filters and parameters. Tame: filters within [-1, 1] and features of middling
 * size; else any bits that a word in memory can have, and parameters up to the ends of binary32. */
void random_memory(dvt_rng *rng, sim_words *s, bool tame);

#endif
