/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cycles.c - when words start and end: each stall by hand, and what holds for all words.
 *
 * Overlay   tiny (sim_words.h) with m = 12: feature and filter words of 4 bytes; memory moves 4
 *           bytes a cycle with a latency of 10; the link moves 8 bytes a cycle; auxiliary kernels
 *           take one value a cycle. Fill and drain: 4 + 4, 8 more with the array, 6 a kernel.
 */
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/random_word.h"

static void open_tiny(sim_words *s, dvt_ctx *ctx)
{
    dvt_overlay o = sim_tiny_overlay(DVT_FORMAT_BFP, 12);

    sim_words_open(s, ctx, &o);
}

static void profile(sim_words *s, dvt_profile *out)
{
    expect_ok(s->ctx, dvt_profile_program(sim_words_program(s), out));
}

/* Cycles by stall, in the order of DVT_STALL_LIST. */
typedef struct times {
    int64_t start, busy, stall[DVT_STALL_COUNT], end;
} times;

static void expect_times(const dvt_profile *p, int32_t word, const times *want)
{
    const dvt_word_timing *t = &p->words[word];
    bool                   same = t->start == want->start && t->array_busy == want->busy;

    for (int i = 0; i < DVT_STALL_COUNT; i++) {
        same = same && t->stall[i] == want->stall[i];
        if (t->stall[i] != want->stall[i]) {
            print_error("%s: %lld, wanted %lld\n", dvt_stall_name((dvt_stall)i),
                        (long long)t->stall[i], (long long)want->stall[i]);
        }
    }
    if (!same || t->end != want->end) {
        fail_msg("word %d: %lld..%lld, busy %lld; wanted %lld..%lld, busy %lld", word,
                 (long long)t->start, (long long)t->end, (long long)t->array_busy,
                 (long long)want->start, (long long)want->end, (long long)want->busy);
    }
}

static void expect_one(sim_words *s, const dvt_word *w, const times *want)
{
    dvt_profile p;

    sim_words_add(s, w);
    profile(s, &p);
    expect_times(&p, 0, want);
    assert_int_equal(p.cycles, want->end);
    dvt_profile_deinit(&p);
    sim_words_close(s);
}

/* ---- single words -------------------------------------------------------------------------- */

/* 193 bytes of word: 25 cycles, while 32 bytes of features come by cycle 18. Results leave from 25
 * to 29, the pipeline is empty at 37. Their 32 bytes take the channel from 25 to 33 and are there
 * at 43. */
static void test_cycles__a_short_copy_waits_for_its_word_and_for_memory(void **state)
{
    const times want = {.stall = {[DVT_STALL_INSTRUCTIONS] = 25,
                                  [DVT_STALL_AUXILIARY] = 4,
                                  [DVT_STALL_DRAIN] = 8,
                                  [DVT_STALL_MEMORY] = 6},
                        .end = 43};
    sim_words   s;
    dvt_word    w;

    open_tiny(&s, *state);
    w = sim_stream_word(&s, 4);
    expect_one(&s, &w, &want);
}

/* 80 feature words: 80 cycles and 10 of latency, 25 of which the long word takes. */
static void test_cycles__a_trip_waits_for_its_features(void **state)
{
    const times want = {.stall = {[DVT_STALL_INSTRUCTIONS] = 25,
                                  [DVT_STALL_FEATURES] = 65,
                                  [DVT_STALL_AUXILIARY] = 40,
                                  [DVT_STALL_DRAIN] = 8},
                        .end = 138};
    sim_words   s;
    dvt_word    w;

    open_tiny(&s, *state);
    w = sim_stream_word(&s, 40);
    w.write.space = 0; /* no store */
    w.write.base = 100;
    expect_one(&s, &w, &want);
}

/* Without a load: 231 bytes of word, 29 cycles. 64 words of 2 lanes are 512 bytes: there at 138. */
static dvt_word filter_word(const sim_words *s)
{
    dvt_word w = sim_array_word(s, 64, 1);

    w.kernels &= ~(1u << DVT_KERNEL_FREAD);
    w.write.space = 0;
    w.write.base = 200;
    return w;
}

static void test_cycles__the_array_waits_for_its_filters(void **state)
{
    const times want = {
        .busy = 64,
        .stall = {[DVT_STALL_INSTRUCTIONS] = 29, [DVT_STALL_FILTERS] = 109, [DVT_STALL_DRAIN] = 16},
        .end = 218};
    sim_words s;
    dvt_word  w;

    open_tiny(&s, *state);
    w = filter_word(&s);
    expect_one(&s, &w, &want);
}

/* The second word's page is requested when the first one's came into use, at 138: there at 276. Its
 * long word came at 58, while the first ran. */
static void test_cycles__pages_come_while_the_word_before_runs(void **state)
{
    const times want = {.start = 218,
                        .busy = 64,
                        .stall = {[DVT_STALL_FILTERS] = 58, [DVT_STALL_DRAIN] = 16},
                        .end = 356};
    sim_words   s;
    dvt_word    w;
    dvt_profile p;

    open_tiny(&s, *state);
    w = filter_word(&s);
    sim_words_add(&s, &w);
    sim_words_add(&s, &w);
    profile(&s, &p);
    expect_times(&p, 1, &want);
    assert_int_equal(p.array_busy, 128);
    assert_int_equal(p.memory_bytes, 1024);
    assert_int_equal(p.stall[DVT_STALL_FILTERS], 109 + 58);
    dvt_profile_deinit(&p);
    sim_words_close(&s);
}

/* 64 bits: 29 cycles. 8 bits: 231 cycles, by when the filters are there. */
static void test_cycles__a_narrow_link_stalls_the_array(void **state)
{
    const times want = {
        .busy = 64, .stall = {[DVT_STALL_INSTRUCTIONS] = 231, [DVT_STALL_DRAIN] = 16}, .end = 311};
    sim_words s;
    dvt_word  w;

    open_tiny(&s, *state);
    s.p.overlay.control_link_bits = 8;
    w = filter_word(&s);
    expect_one(&s, &w, &want);
}

/* Turns without a window: a result a cycle. The scale kernel takes 4 values of each, one a cycle.
 * 235 bytes of word: 30 cycles; page and parameters, 16 + 32 bytes, are there at 22. */
static void test_cycles__a_slow_kernel_holds_the_array_up(void **state)
{
    const times want = {
        .busy = 10,
        .stall = {[DVT_STALL_INSTRUCTIONS] = 30, [DVT_STALL_CROSSBAR] = 30, [DVT_STALL_DRAIN] = 22},
        .end = 92};
    sim_words s;
    dvt_word  w;

    open_tiny(&s, *state);
    w = sim_array_word(&s, 1, 10);
    w.kernels &= ~(1u << DVT_KERNEL_FREAD);
    w.write.space = 0;
    w.write.base = 200;
    sim_route(&w, DVT_KERNEL_SCALE);
    expect_one(&s, &w, &want);
}

/* The same with results of two turns, each with a page of its own (8 bytes: 2 cycles): page and
 * parameters, 40 bytes, are there at 20, before the word. Page 2 is requested at 30, there at 42,
 * and so on: each waits 12 cycles for the next but one turn, but every other page is held 3 cycles
 * for the scale kernel. */
static void test_cycles__a_slow_kernel_holds_slices_up_too(void **state)
{
    const int64_t results = 5;
    sim_words     s;
    dvt_word      w;
    dvt_profile   p;

    open_tiny(&s, *state);
    w = sim_array_word(&s, 2, (int32_t)results);
    w.kernels &= ~(1u << DVT_KERNEL_FREAD);
    w.write.space = 0;
    w.write.base = 200;
    w.array.page = 0;
    w.array.f[0] = 0;
    w.wread.words = 1;
    w.wread.n[0] = 2;
    w.wread.n[1] = results;
    sim_route(&w, DVT_KERNEL_SCALE);
    sim_words_add(&s, &w);
    profile(&s, &p);
    assert_int_equal(p.words[0].array_busy, 2 * results);
    assert_int_equal(p.words[0].stall[DVT_STALL_CROSSBAR], 2 * results); /* 4 - 2 a result */
    assert_int_equal(p.words[0].stall[DVT_STALL_FILTERS], 5 * 11 + 4 * 9);
    assert_int_equal(p.words[0].end, 30 + 4 * results + 5 * 11 + 4 * 9 + 22);
    dvt_profile_deinit(&p);
    sim_words_close(&s);
}

/* A pooling window of 3 turns, 4 values of each: 12 cycles a result. */
static void test_cycles__windows_take_their_turns_at_the_pace_of_the_kernel(void **state)
{
    sim_words   s;
    dvt_word    w;
    dvt_profile p;

    open_tiny(&s, *state);
    w = sim_stream_word(&s, 15);
    sim_route(&w, DVT_KERNEL_POOL);
    w.pool.count = 3;
    sim_results(&s, &w, 5);
    sim_words_add(&s, &w);
    profile(&s, &p);
    assert_int_equal(p.words[0].stall[DVT_STALL_AUXILIARY], 60);
    assert_int_equal(p.words[0].stall[DVT_STALL_DRAIN], 14);
    assert_int_equal(p.words[0].array_busy, 0);
    dvt_profile_deinit(&p);
    sim_words_close(&s);
}

static void test_cycles__figures_follow_from_the_notes(void **state)
{
    sim_words   s;
    dvt_word    w;
    dvt_profile p;

    open_tiny(&s, *state);
    w = filter_word(&s);
    sim_words_add(&s, &w);
    s.notes[0].macs = 218;
    s.notes[0].mapping_cycles = 109;
    profile(&s, &p);
    assert_int_equal(p.macs, 218);
    assert_float_equal(p.macs_per_cycle, 1.0, 1e-12);
    assert_float_equal(p.array_efficiency, 0.125, 1e-12); /* 8 macs a cycle */
    assert_float_equal(p.mapping_limit, 0.25, 1e-12);
    assert_float_equal(p.fps, 100e6 / 218, 1e-6);
    dvt_profile_deinit(&p);
    sim_words_close(&s);
}

/* ---- all words ----------------------------------------------------------------------------- */

static void random_program(sim_words *s, uint64_t seed)
{
    static const dvt_kernel sources[] = {DVT_KERNEL_ARRAY, DVT_KERNEL_SREAD, DVT_KERNEL_POOL,
                                         DVT_KERNEL_DEPTHWISE, DVT_KERNEL_LRN};
    dvt_rng                 rng = dvt_rng_make(seed, 9);

    s->p.word_count = 0;
    dvt_buf_reset(&s->control);
    while (s->p.word_count < 8) {
        dvt_word w = random_word(&rng, &s->o, sources[dvt_rng_below(&rng, 5)]);
        if (dvt_word_check(s->ctx, &s->o, &w, SIM_MEMORY) == DVT_OK) {
            sim_words_add(s, &w);
        }
        dvt_ctx_clear_error(s->ctx);
    }
}

static void expect_books_balance(const dvt_profile *p)
{
    int64_t last = 0;

    for (int32_t i = 0; i < p->word_count; i++) {
        const dvt_word_timing *t = &p->words[i];
        int64_t                sum = t->array_busy;
        for (int k = 0; k < DVT_STALL_COUNT; k++) {
            assert_true(t->stall[k] >= 0);
            sum += t->stall[k];
        }
        assert_int_equal(sum, t->end - t->start);
        assert_int_equal(t->start, last);
        assert_true(t->end > t->start);
        last = t->end;
    }
    assert_int_equal(p->cycles, last);
}

static int64_t cycles_of(sim_words *s)
{
    dvt_profile p;
    int64_t     cycles;

    profile(s, &p);
    expect_books_balance(&p);
    cycles = p.cycles;
    dvt_profile_deinit(&p);
    return cycles;
}

static void expect_never_slower(sim_words *s)
{
    const dvt_overlay o = s->o;
    int64_t           before = cycles_of(s);

    s->p.overlay.memory_bandwidth_gbps *= 2;
    assert_true(cycles_of(s) <= before);
    s->p.overlay = o;
    s->p.overlay.memory_latency_cycles = 0;
    assert_true(cycles_of(s) <= before);
    s->p.overlay = o;
    s->p.overlay.control_link_bits *= 2;
    assert_true(cycles_of(s) <= before);
    s->p.overlay = o;
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        s->p.overlay.aux_vec[k] *= 2;
    }
    assert_true(cycles_of(s) <= before);
    s->p.overlay = o;
}

/* What the model counts as moved is what the time line moves. */
static void expect_same_bytes(sim_words *s)
{
    dvt_sim_counters n;
    dvt_profile      p;

    sim_words_run(s, DVT_SIM_FAST);
    dvt_sim_counters_of(s->sim, &n);
    profile(s, &p);
    assert_int_equal(n.memory_read_bytes + n.memory_write_bytes, p.memory_bytes);
    dvt_profile_deinit(&p);
}

static void test_cycles__books_balance_and_more_is_never_slower(void **state)
{
    static const char *const overlays[] = {"tests/support/overlays/odd-m5.json",
                                           "tests/support/overlays/odd-m9.json",
                                           "tests/support/overlays/odd-int8.json"};

    for (size_t i = 0; i < sizeof overlays / sizeof *overlays; i++) {
        dvt_overlay o;
        sim_words   s;
        expect_ok(*state, dvt_overlay_load(*state, overlays[i], &o));
        sim_words_open(&s, *state, &o);
        for (uint64_t seed = 0; seed < 60; seed++) {
            random_program(&s, seed);
            expect_never_slower(&s);
            expect_same_bytes(&s);
        }
        sim_words_close(&s);
    }
}

/* 2^40 turns pass the word check; with 2^13 values each nobody waits for them. */
static void test_cycles__words_of_hours_are_refused(void **state)
{
    sim_words   s;
    dvt_word    w;
    dvt_profile p;

    open_tiny(&s, *state);
    w = sim_stream_word(&s, 1);
    sim_route(&w, DVT_KERNEL_SCALE);
    w.sread.n[1] = w.sread.n[2] = w.write.n[1] = w.write.n[2] = 65535;
    w.sread.n[3] = w.write.n[3] = 255;
    w.scale.outer = UINT32_MAX;
    w.wread.param_groups = 255;
    s.p.overlay.aux_vec[DVT_KERNEL_SCALE] = 1;
    expect_ok(*state, dvt_word_check(*state, &s.o, &w, SIM_MEMORY));
    w.write.space = 1;
    sim_words_add(&s, &w);
    s.p.overlay.k_vec = 512;
    s.p.overlay.q_vec = s.p.overlay.p_vec = 64;
    expect_failure(*state, dvt_profile_program(sim_words_program(&s), &p), DVT_E_CAPACITY,
                   "long word 0 takes more than 2^44 cycles");
    assert_null(p.words);
    sim_words_close(&s);
}

static void test_cycles__stalls_have_names(void **state)
{
    (void)state;
    assert_string_equal(dvt_stall_name(DVT_STALL_FEATURES), "features");
    assert_string_equal(dvt_stall_name(DVT_STALL_AUXILIARY), "auxiliary");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_cycles__a_short_copy_waits_for_its_word_and_for_memory),
        FIXTURE_TEST(test_cycles__a_trip_waits_for_its_features),
        FIXTURE_TEST(test_cycles__the_array_waits_for_its_filters),
        FIXTURE_TEST(test_cycles__pages_come_while_the_word_before_runs),
        FIXTURE_TEST(test_cycles__a_narrow_link_stalls_the_array),
        FIXTURE_TEST(test_cycles__a_slow_kernel_holds_the_array_up),
        FIXTURE_TEST(test_cycles__a_slow_kernel_holds_slices_up_too),
        FIXTURE_TEST(test_cycles__windows_take_their_turns_at_the_pace_of_the_kernel),
        FIXTURE_TEST(test_cycles__figures_follow_from_the_notes),
        FIXTURE_TEST(test_cycles__books_balance_and_more_is_never_slower),
        FIXTURE_TEST(test_cycles__words_of_hours_are_refused),
        FIXTURE_TEST(test_cycles__stalls_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
