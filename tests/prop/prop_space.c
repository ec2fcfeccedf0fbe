/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prop_space.c - the stream buffer's free list against a bitmap, on random sequences.
 *
 * Laws      (1) what is taken was free, all of it, at the lowest address where it fits;
 *           (2) a refusal means that no run of free words is long enough;
 *           (3) holes are sorted, disjoint, not adjacent, and are exactly the free words.
 */
#include "compile/compile_int.h"
#include "support/fixture.h"

#include <stdlib.h>

enum { WORDS = 64, ROUNDS = 300, STEPS = 60 };

typedef struct bench_space {
    dvt_ctx   *ctx;
    dvti_space s;
    bool       used[WORDS];
    dvti_hole  taken[WORDS]; /* at most one word each */
    int        count;
    uint64_t   seed;
} bench_space;

/* The lowest address where `words` free words follow each other; -1 = nowhere. */
static int64_t first_fit(const bench_space *t, int64_t words)
{
    int64_t run = 0;

    for (int64_t i = 0; i < WORDS; i++) {
        run = t->used[i] ? 0 : run + 1;
        if (run == words) {
            return i - words + 1;
        }
    }
    return -1;
}

static void mark(bench_space *t, dvti_hole h, bool used)
{
    for (int64_t i = h.base; i < h.base + h.words; i++) {
        assert_true(t->used[i] != used);
        t->used[i] = used;
    }
}

static void take(bench_space *t, int64_t words)
{
    int64_t base = -1, want = first_fit(t, words);
    bool    got = dvti_space_take(&t->s, words, &base);

    if (got != (want >= 0) || (got && base != want)) {
        fail_msg("seed %llu: %lld words at %lld, the first fit is %lld",
                 (unsigned long long)t->seed, (long long)words, (long long)base, (long long)want);
    }
    if (got) {
        t->taken[t->count] = (dvti_hole){base, words};
        mark(t, t->taken[t->count++], true);
    }
}

static void give(bench_space *t, int which)
{
    dvti_hole h = t->taken[which];

    t->taken[which] = t->taken[--t->count];
    mark(t, h, false);
    expect_ok(t->ctx, dvti_space_give(t->ctx, &t->s, h.base, h.words));
}

static void check_holes(const bench_space *t)
{
    bool    used[WORDS];
    int64_t end = -1, in_use = WORDS;

    memset(used, true, sizeof used);
    for (size_t i = 0; i < t->s.holes.len; i++) {
        dvti_hole h = t->s.holes.data[i];
        assert_true(h.base > end && h.words > 0); /* a gap to the one before */
        end = h.base + h.words;
        assert_true(end <= WORDS);
        memset(used + h.base, false, (size_t)h.words);
        in_use -= h.words;
    }
    assert_memory_equal(used, t->used, sizeof used);
    assert_int_equal(t->s.in_use, in_use);
}

static void run(dvt_ctx *ctx, uint64_t seed)
{
    bench_space t = {.ctx = ctx, .seed = seed};
    dvt_rng     rng = dvt_rng_make(seed, 0);

    expect_ok(ctx, dvti_space_init(ctx, &t.s, WORDS));
    for (int i = 0; i < STEPS; i++) {
        if (t.count == 0 || dvt_rng_below(&rng, 5) < 3) {
            take(&t, 1 + (int64_t)dvt_rng_below(&rng, 20));
        } else {
            give(&t, (int)dvt_rng_below(&rng, (uint64_t)t.count));
        }
        check_holes(&t);
    }
    while (t.count > 0) {
        give(&t, 0);
        check_holes(&t);
    }
    assert_int_equal(t.s.holes.len, 1);
    dvti_space_deinit(ctx, &t.s);
}

static void test_space__agrees_with_a_bitmap(void **state)
{
    const char *seed = getenv("TEST_SEED");

    if (seed) {
        run(*state, strtoull(seed, NULL, 10));
        return;
    }
    for (uint64_t i = 0; i < ROUNDS; i++) {
        run(*state, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_space__agrees_with_a_bitmap)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
