/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_sim.c - random legal words: naive model, fast model and a third one that counts, bit by bit.
 *
 * Each program fills the stream buffer, runs one random word and copies the stream buffer out, so
 * that all that a word can change is seen in external memory. Equal bits there, and equal counts of
 * saturated values, are the claim; that enough legal words of every kind were met is the other.
 */
#include <stdlib.h>
#include <string.h>

#include "support/arrays.h"
#include "support/fixture.h"
#include "support/random_word.h"
#include "support/word_interpreter.h"

enum { ROUNDS = 150, WORDS_PER_MEMORY = 25, JOBS = 3 };

/* Of each overlay, source by source; ten times that in the long run. */
static uint64_t rounds(void) { return getenv("DOVETAIL_LONG") ? 10 * ROUNDS : ROUNDS; }

typedef struct tally {
    int64_t tried, legal, sliced, paged, wild, saturated;
    int64_t kernel[DVT_KERNEL_COUNT], act[DVT_ACT_COUNT];
} tally;

static void count_word(tally *t, const dvt_word *w, bool tame, uint64_t saturated)
{
    t->legal++;
    t->wild += !tame;
    t->saturated += saturated > 0;
    t->sliced += dvt_word_has(w, DVT_KERNEL_ARRAY) && w->array.page < w->array.acc;
    t->paged += dvt_word_has(w, DVT_KERNEL_ARRAY) && w->array.page > w->array.acc;
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        t->kernel[k] += dvt_word_has(w, (dvt_kernel)k);
    }
    if (dvt_word_has(w, DVT_KERNEL_ACT)) {
        t->act[w->act.fn]++;
    }
}

static void fail_at(const sim_words *s, const dvt_word *w, const char *who, uint64_t seed,
                    size_t byte)
{
    dvt_buf text;

    dvt_buf_init(&text, s->ctx, 0);
    dvt_isa_disassemble(w, &text);
    print_error("%s\n", text.data ? text.data : "");
    dvt_buf_deinit(&text);
    fail_msg("%s differs from counting on %s, seed %llu, at byte %zu", who, s->o.name,
             (unsigned long long)seed, byte);
}

static uint64_t expect_same(sim_words *s, const dvt_word *w, dvt_sim_kind kind,
                            const interpreter *want, uint64_t seed)
{
    const char      *who = kind == DVT_SIM_NAIVE ? "the naive model" : "the fast model";
    dvt_sim_counters c;
    const uint8_t   *got;
    size_t           bytes;

    sim_words_run(s, kind);
    got = dvt_sim_memory(s->sim, &bytes);
    for (size_t i = 0; i < bytes; i++) {
        if (got[i] != want->memory[i]) {
            fail_at(s, w, who, seed, i);
        }
    }
    dvt_sim_counters_of(s->sim, &c);
    if (c.saturated != want->saturated) {
        print_error("saturated: %llu, counting gives %llu\n", (unsigned long long)c.saturated,
                    (unsigned long long)want->saturated);
        fail_at(s, w, who, seed, 0);
    }
    return c.saturated;
}

static void compare_word(sim_words *s, const dvt_word *w, bool tame, uint64_t seed, tally *t)
{
    const dvt_word all[] = {sim_fill_word(s), *w, sim_dump_word(s)};
    interpreter    want;
    uint64_t       saturated;

    s->p.word_count = 0;
    dvt_buf_reset(&s->control);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        sim_words_add(s, &all[i]);
    }
    interpreter_open(&want, sim_words_program(s));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        interpreter_execute(&want, &all[i]);
    }
    saturated = expect_same(s, w, DVT_SIM_NAIVE, &want, seed);
    expect_same(s, w, DVT_SIM_FAST, &want, seed);
    count_word(t, w, tame, saturated);
    interpreter_close(&want);
}

/* Until `wanted` legal words were compared, on tame and wild memory in turn. */
static void compare_words(const char *path, dvt_kernel source, uint64_t wanted, tally *t)
{
    dvt_ctx    *ctx = test_ctx(JOBS);
    dvt_overlay o;
    sim_words   s;
    bool        tame = true;

    expect_ok(ctx, dvt_overlay_load(ctx, path, &o));
    sim_words_open(&s, ctx, &o);
    for (uint64_t seed = 0, legal = 0; legal < wanted; seed++) {
        dvt_rng  rng = dvt_rng_make(seed, (uint64_t)source);
        dvt_word w = random_word(&rng, &o, source);
        assert_true(seed < 200 * wanted); /* else the generator is no good */
        t->tried++;
        if (dvt_word_check(ctx, &o, &w, SIM_MEMORY) != DVT_OK) {
            dvt_ctx_clear_error(ctx);
            continue;
        }
        if (legal % WORDS_PER_MEMORY == 0) {
            tame = legal / WORDS_PER_MEMORY % 2 == 0;
            random_memory(&rng, &s, tame);
        }
        legal++;
        compare_word(&s, &w, tame, seed, t);
    }
    sim_words_close(&s);
    assert_int_equal(dvt_ctx_bytes_in_use(ctx), 0);
    dvt_ctx_destroy(ctx);
}

static const char *const overlays[] = {"tests/support/overlays/odd-m5.json",
                                       "tests/support/overlays/odd-m9.json",
                                       "tests/support/overlays/odd-int8.json"};

static tally compare_source(dvt_kernel source, uint64_t wanted)
{
    tally t = {0};

    for (size_t i = 0; i < sizeof overlays / sizeof *overlays; i++) {
        compare_words(overlays[i], source, wanted, &t);
    }
    print_message(
        "%lld words, %lld legal: %lld sliced, %lld paged, %lld scale, %lld act, %lld elt, "
        "%lld fread, %lld on wild memory, %lld saturate\n",
        (long long)t.tried, (long long)t.legal, (long long)t.sliced, (long long)t.paged,
        (long long)t.kernel[DVT_KERNEL_SCALE], (long long)t.kernel[DVT_KERNEL_ACT],
        (long long)t.kernel[DVT_KERNEL_ELT], (long long)t.kernel[DVT_KERNEL_FREAD],
        (long long)t.wild, (long long)t.saturated);
    assert_true(t.kernel[DVT_KERNEL_SCALE] >= 150 && t.kernel[DVT_KERNEL_ELT] >= 150);
    assert_true(t.kernel[DVT_KERNEL_FREAD] >= 60 && t.wild >= 100 && t.saturated >= 50);
    for (int fn = 0; fn < DVT_ACT_COUNT; fn++) {
        assert_true(t.act[fn] >= 10);
    }
    return t;
}

static void diff_sim__array_words_agree_with_counting(void **state)
{
    tally t = compare_source(DVT_KERNEL_ARRAY, 2 * rounds());

    (void)state;
    assert_true(t.sliced >= 150 && t.paged >= 150);
}

static void diff_sim__straight_words_agree_with_counting(void **state)
{
    (void)state;
    compare_source(DVT_KERNEL_SREAD, rounds());
}

static void diff_sim__pooling_words_agree_with_counting(void **state)
{
    (void)state;
    compare_source(DVT_KERNEL_POOL, rounds());
}

static void diff_sim__depthwise_words_agree_with_counting(void **state)
{
    (void)state;
    compare_source(DVT_KERNEL_DEPTHWISE, rounds());
}

static void diff_sim__lrn_words_agree_with_counting(void **state)
{
    (void)state;
    compare_source(DVT_KERNEL_LRN, rounds());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diff_sim__array_words_agree_with_counting),
        cmocka_unit_test(diff_sim__straight_words_agree_with_counting),
        cmocka_unit_test(diff_sim__pooling_words_agree_with_counting),
        cmocka_unit_test(diff_sim__depthwise_words_agree_with_counting),
        cmocka_unit_test(diff_sim__lrn_words_agree_with_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
