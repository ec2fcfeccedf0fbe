/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arrays.h - random arrays and comparisons for tests of kernels.
 *
 * Arrays are DVT_ALIGN-aligned and taken from the context; a failed allocation fails the test.
 */
#ifndef TESTS_SUPPORT_ARRAYS_H
#define TESTS_SUPPORT_ARRAYS_H

#include "dovetail/tensor.h"

/* A context with `jobs` threads. */
dvt_ctx *test_ctx(uint32_t jobs);

/* Uniform in [-1, 1), rounded to multiples of 2^-12 (products of such numbers are short). */
float *test_random_f32(dvt_ctx *ctx, dvt_rng *rng, int64_t count);

/* Uniform in [lo, hi]. */
int64_t test_random_range(dvt_rng *rng, int64_t lo, int64_t hi);

/* Fails with index and both values where |got - want| > atol + rtol * |want| (NaN against a number
 * fails, NaN against NaN and equal infinities pass). */
void test_near_f32(const float *got, const float *want, int64_t count, double atol, double rtol);

/* The same bits. */
void test_same_f32(const float *got, const float *want, int64_t count);

#endif
