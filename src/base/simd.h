/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simd.h - asks the compiler for one copy of a loop function per instruction set.
 *
 * DVTI_SIMD in front of a function makes clones for AVX-512, AVX2 and the baseline; the loader
 * picks one. Clones give the same bits: contraction and fast-math are off, and element-wise loops
 * have no order that could change. Functions that sum keep explicit partial sums (DVTI_LANES of
 * them) for the same reason. Off under sanitizers, whose start-up the choice would precede. The
 * flags that such loops need (-O3 among them) are the file's, in CMakeLists.txt, and not the
 * function's: helpers compiled with other flags would not be inlined into the clones.
 */
#ifndef DVTI_SIMD_H
#define DVTI_SIMD_H

/* partial sums of f32 reductions, a fixed part of the result's definition */
enum { DVTI_LANES = 16 };

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define DVTI_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DVTI_SANITIZED 1
#endif

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__) && \
    !defined(DVTI_SANITIZED)
#define DVTI_SIMD __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define DVTI_SIMD
#endif

#endif
