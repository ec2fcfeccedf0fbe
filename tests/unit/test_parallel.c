/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_parallel.c - ranges are disjoint and complete on any number of threads, nested calls stay on
 * their thread, and random numbers do not depend on the split.
 */
#include "base/rng_block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS = 10007, JOBS_MAX = 9 };

typedef struct job {
    dvt_ctx *ctx;
    int64_t  grain;
    uint8_t  hits[ITEMS];
    int64_t  smallest[JOBS_MAX]; /* range of each worker */
    int      calls[JOBS_MAX];
    uint32_t random[ITEMS];
} job;

static void count_hits(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    job *j = ud;
    j->calls[worker]++;
    j->smallest[worker] = end - begin;
    for (int64_t i = begin; i < end; i++) {
        j->hits[i]++;
    }
}

static dvt_ctx *context(uint32_t jobs)
{
    dvt_ctx *ctx = dvt_ctx_create(&(dvt_ctx_opts){.jobs = jobs});
    assert_non_null(ctx);
    assert_int_equal(dvt_ctx_jobs(ctx), jobs);
    return ctx;
}

static void test_parallel__every_item_is_visited_once(void **state)
{
    (void)state;
    static const int64_t COUNTS[] = {1, 2, 7, 8, 9, 100, ITEMS};
    static job           j;

    for (uint32_t jobs = 1; jobs <= JOBS_MAX; jobs += 4) {
        dvt_ctx *ctx = context(jobs);
        for (size_t c = 0; c < sizeof COUNTS / sizeof COUNTS[0]; c++) {
            memset(&j, 0, sizeof j);
            dvt_parallel_for(ctx, COUNTS[c], 1, count_hits, &j);
            for (int64_t i = 0; i < ITEMS; i++) {
                assert_int_equal(j.hits[i], i < COUNTS[c] ? 1 : 0);
            }
        }
        dvt_ctx_destroy(ctx);
    }
}

static void test_parallel__ranges_hold_at_least_the_grain(void **state)
{
    (void)state;
    static job j;
    dvt_ctx   *ctx = context(4);

    dvt_parallel_for(ctx, 10, 4, count_hits, &j);
    int calls = 0;
    for (int w = 0; w < 4; w++) {
        calls += j.calls[w];
        assert_true(j.calls[w] == 0 || j.smallest[w] >= 4);
    }
    assert_int_equal(calls, 2);
    memset(&j, 0, sizeof j);
    dvt_parallel_for(ctx, 3, 100, count_hits, &j);
    assert_int_equal(j.calls[0], 1);
    assert_int_equal(j.smallest[0], 3);
    dvt_ctx_destroy(ctx);
}

static void must_not_run(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    (void)begin, (void)end, (void)worker;
    *(bool *)ud = true;
}

static void test_parallel__nothing_is_called_for_no_items(void **state)
{
    (void)state;
    bool     ran = false;
    dvt_ctx *ctx = context(3);
    dvt_parallel_for(ctx, 0, 1, must_not_run, &ran);
    dvt_parallel_for(ctx, -5, 1, must_not_run, &ran);
    assert_false(ran);
    dvt_ctx_destroy(ctx);
}

static void inner(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    int64_t *sum = ud;
    *sum += worker == 0 ? end - begin : 1000000;
}

static void outer(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    job *j = ud;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        int64_t sum = 0;
        dvt_parallel_for(j->ctx, 5, 1, inner, &sum);
        j->hits[i] = (uint8_t)sum;
    }
}

static void test_parallel__nested_calls_run_on_the_calling_thread(void **state)
{
    (void)state;
    static job j;
    j.ctx = context(4);
    dvt_parallel_for(j.ctx, 100, 1, outer, &j);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(j.hits[i], 5);
    }
    dvt_ctx_destroy(j.ctx);
}

static void test_parallel__many_short_calls_finish(void **state)
{
    (void)state;
    static job j;
    dvt_ctx   *ctx = context(3);
    memset(&j, 0, sizeof j);
    for (int i = 0; i < 2000; i++) {
        dvt_parallel_for(ctx, 1 + i % 5, 1, count_hits, &j);
    }
    assert_int_equal(j.hits[0], (uint8_t)2000);
    assert_int_equal(j.hits[4], (uint8_t)400);
    dvt_ctx_destroy(ctx);
}

/* A stream is cut by its counter: each range continues where the one before it will end. */
static void draw(void *ud, int64_t begin, int64_t end, uint32_t worker)
{
    job    *j = ud;
    dvt_rng rng = {42, 7, (uint64_t)begin};
    (void)worker;
    dvti_rng_fill_u32(&rng, j->random + begin, (size_t)(end - begin));
}

static void test_parallel__random_numbers_are_the_same_on_any_number_of_threads(void **state)
{
    (void)state;
    static job one, many;
    for (uint32_t jobs = 1; jobs <= JOBS_MAX; jobs += 2) {
        dvt_ctx *ctx = context(jobs);
        dvt_parallel_for(ctx, ITEMS, 1, draw, jobs == 1 ? &one : &many);
        assert_memory_equal(jobs == 1 ? one.random : many.random, one.random, sizeof one.random);
        dvt_ctx_destroy(ctx);
    }
    dvt_rng rng = dvt_rng_make(42, 7);
    for (int i = 0; i < ITEMS; i++) {
        assert_int_equal(one.random[i], dvt_rng_u32(&rng));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parallel__every_item_is_visited_once),
        cmocka_unit_test(test_parallel__ranges_hold_at_least_the_grain),
        cmocka_unit_test(test_parallel__nothing_is_called_for_no_items),
        cmocka_unit_test(test_parallel__nested_calls_run_on_the_calling_thread),
        cmocka_unit_test(test_parallel__many_short_calls_finish),
        cmocka_unit_test(test_parallel__random_numbers_are_the_same_on_any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
