/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_limit.c - the most multiply-accumulates a second that this processor does in float32.
 *
 * Usage     worker_limit JOBS      (the protocol of worker_exec.c; a run is MACS_PER_JOB a thread)
 * How       Twelve independent chains of the widest fused multiply-add there is, in registers: as
 *           many as latency (4) times units (2) need, and four more. No memory is touched, so that
 *           nothing can be faster than this.
 * Limits    x86-64 with AVX-512 or AVX2 and FMA; elsewhere {"error": ...}.
 */
#include "dovetail/base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { CHAINS = 12, MACS_PER_JOB = 1 << 28, MAX_JOBS = 64 };

#if defined(__x86_64__)

/* Keeps the value: otherwise the loop would be removed. */
static volatile float sink;

__attribute__((target("avx512f"))) static void chains_512(int64_t macs)
{
    __m512 a[CHAINS], m = _mm512_set1_ps(0.999f), c = _mm512_set1_ps(0.001f);

    for (int i = 0; i < CHAINS; i++) a[i] = _mm512_set1_ps((float)i);
    for (int64_t k = macs / (16 * CHAINS); k > 0; k--) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) a[i] = _mm512_fmadd_ps(a[i], m, c);
    }
    for (int i = 1; i < CHAINS; i++) a[0] = _mm512_add_ps(a[0], a[i]);
    sink = _mm512_reduce_add_ps(a[0]);
}

__attribute__((target("avx2,fma"))) static void chains_256(int64_t macs)
{
    __m256 a[CHAINS], m = _mm256_set1_ps(0.999f), c = _mm256_set1_ps(0.001f);

    for (int i = 0; i < CHAINS; i++) a[i] = _mm256_set1_ps((float)i);
    for (int64_t k = macs / (8 * CHAINS); k > 0; k--) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) a[i] = _mm256_fmadd_ps(a[i], m, c);
    }
    for (int i = 1; i < CHAINS; i++) a[0] = _mm256_add_ps(a[0], a[i]);
    sink = _mm256_cvtss_f32(a[0]);
}

static bool can_run(void)
{
    return __builtin_cpu_supports("avx512f") ||
           (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
}

static const char *kind(void)
{
    return __builtin_cpu_supports("avx512f") ? "AVX-512" : "AVX2";
}

static void work(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    (void)ud;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        if (__builtin_cpu_supports("avx512f")) chains_512(MACS_PER_JOB);
        else chains_256(MACS_PER_JOB);
    }
}

#else

static bool can_run(void)
{
    return false;
}

static const char *kind(void)
{
    return "";
}

static void work(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    (void)ud, (void)begin, (void)end, (void)worker;
}

#endif

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Runs once; prints the two times as the list element `i` would be read. */
static void run_once(dvt_ctx *ctx)
{
    double wall = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);

    dvt_parallel_for(ctx, (int64_t)dvt_ctx_jobs(ctx), 1, work, NULL);
    cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds_of(CLOCK_MONOTONIC) - wall;
    printf("{\"wall\": [%.9f], \"cpu\": [%.9f]}\n", wall, cpu);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    uint64_t jobs;
    char     line[32];

    if (argc != 2 || !dvt_parse_u64(argv[1], &jobs) || jobs < 1 || jobs > MAX_JOBS) {
        fprintf(stderr, "usage: worker_limit JOBS\n");
        return 2;
    }
    if (!can_run()) {
        printf("{\"error\": \"needs AVX2 and FMA\"}\n");
        return 4;
    }
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = (uint32_t)jobs});
    if (!ctx) return 6;
    printf("{\"engine\": \"fused multiply-add loop, %s\", \"macs\": %" PRId64 "}\n", kind(),
           (int64_t)MACS_PER_JOB * (int64_t)jobs);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) run_once(ctx);
    dvt_ctx_destroy(ctx);
    return 0;
}
