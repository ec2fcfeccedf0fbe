/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cycles.c - when words start and end: docs/timing.md worked out by hand, and what holds for
 * all words.
 *
 * Overlay   tiny (sim_words.h) with m = 12: feature and filter words of 4 bytes, as wide as the
 *           bus, which carries one a cycle; bursts of one beat. Latency 10: a beat granted in cycle
 *           g is accepted in g + 1, arrives in g + 11, and is used in g + 12 at the earliest.
 * Launch    The control FIFO is made large, so that beat i of the control stream is granted in
 *           cycle i and unit u (two beats) is at the head from 2u + 13 on. Of U units the last is
 *           sent in 2U + 11, the end flit in 2U + 12, and the word is launched in 2U + 25. Units:
 *           header 1, fread 4, wread 5, sread 12, array 4, xbar 1, scale 1, act 2, pool 1, elt 5,
 *           depthwise 1, lrn 2, write 9.
 */
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/random_word.h"

static void open_tiny(sim_words *s, dvt_ctx *ctx, int32_t banks)
{
    dvt_overlay o = sim_tiny_overlay(DVT_FORMAT_BFP, 12);

    o.stream_buffer_banks = banks;
    o.control_fifo_depth = 4096;
    sim_words_open(s, ctx, &o);
}

static void profile(sim_words *s, dvt_profile *out)
{
    expect_ok(s->ctx, dvt_profile_program(sim_words_program(s), out));
}

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

/* No load, results to the stream buffer. */
static dvt_word inside(dvt_word w)
{
    w.kernels &= ~(1u << DVT_KERNEL_FREAD);
    w.write.space = 0;
    w.write.base = 200;
    return w;
}

/* ---- straight through ---------------------------------------------------------------------- */

/* 23 units: launch in 71. Two lanes in one bank: turn k is completed in 73 + 2k, its result is
 * there READ + 1 = 3 cycles later and leaves in two beats; the last one of three results in 81. It
 * passes LS + LP = 5 cycles, is taken in 86, and the word ends in 87. */
static void test_cycles__results_pass_from_bank_to_bank(void **state)
{
    const times want = {.stall = {[DVT_STALL_INSTRUCTIONS] = 72, [DVT_STALL_AUXILIARY] = 15},
                        .end = 87};
    sim_words   s;
    dvt_word    w;

    open_tiny(&s, *state, 1);
    w = inside(sim_stream_word(&s, 3));
    expect_one(&s, &w, &want);
}

/* The one result's beats are taken in 81 and 82. The block of the first is in the open bus beat
 * until the second comes: into the FIFO in 82 and 83, offered and accepted in 83 and 84, carried
 * out in 84 and 85, answered in 94 and 95. That counts from 96 on: trip_busy falls. */
static void test_cycles__a_word_waits_for_the_answers_to_its_writes(void **state)
{
    const times want = {.stall = {[DVT_STALL_INSTRUCTIONS] = 72, [DVT_STALL_AUXILIARY] = 25},
                        .end = 97};
    sim_words   s;
    dvt_word    w;

    open_tiny(&s, *state, 1);
    w = sim_stream_word(&s, 1);
    w.kernels &= ~(1u << DVT_KERNEL_FREAD);
    expect_one(&s, &w, &want);
}

/* 27 units: launch in 79. Four words are asked for from 80 on and written from 92 to 95. */
static void test_cycles__a_trip_waits_for_its_features(void **state)
{
    const times want = {
        .stall =
            {[DVT_STALL_INSTRUCTIONS] = 80, [DVT_STALL_FEATURES] = 16, [DVT_STALL_AUXILIARY] = 13},
        .end = 109};
    sim_words s;
    dvt_word  w;

    open_tiny(&s, *state, 1);
    w = sim_stream_word(&s, 2);
    w.write.space = 0;
    w.write.base = 200;
    expect_one(&s, &w, &want);
}

/* A load alone: 5 units, launch in 35, words written from 48 to 51. */
static void test_cycles__a_load_ends_with_its_last_word(void **state)
{
    const times want = {.stall = {[DVT_STALL_INSTRUCTIONS] = 36, [DVT_STALL_FEATURES] = 16},
                        .end = 52};
    sim_words   s;
    dvt_word    w;

    open_tiny(&s, *state, 1);
    w = sim_stream_word(&s, 2);
    w.kernels = 1u << DVT_KERNEL_FREAD;
    expect_one(&s, &w, &want);
}

/* ---- array --------------------------------------------------------------------------------- */

/* The diagram of section 10. 33 units: launch in L = 91. Control takes the memory's address channel
 * until cycle 65, eight beats of parameters until 73, six of filters until 79: the last one is
 * written in 91. Turns in 92 to 97; results in L + 10 and L + 13; T = 3 + 7 + 4. */
static void test_cycles__the_documents_diagram(void **state)
{
    const times want = {.busy = 6,
                        .stall = {[DVT_STALL_INSTRUCTIONS] = 92, [DVT_STALL_DRAIN] = 21},
                        .end = 91 + 13 + 14 + 1};
    sim_words   s;
    dvt_word    w;

    open_tiny(&s, *state, 2);
    s.p.overlay.aux_vec[DVT_KERNEL_SCALE] = 4; /* a beat covers a result */
    w = inside(sim_array_word(&s, 3, 2));
    sim_route(&w, DVT_KERNEL_SCALE);
    expect_one(&s, &w, &want);
}

/* The same with 64 turns and their filters: 128 beats, granted from 74 to 201, written to 213. */
static void test_cycles__the_array_waits_for_its_filters(void **state)
{
    const times want = {
        .busy = 64,
        .stall = {[DVT_STALL_INSTRUCTIONS] = 92, [DVT_STALL_FILTERS] = 122, [DVT_STALL_DRAIN] = 21},
        .end = 277 + 7 + 14 + 1};
    sim_words s;
    dvt_word  w;

    open_tiny(&s, *state, 2);
    s.p.overlay.aux_vec[DVT_KERNEL_SCALE] = 4;
    w = inside(sim_array_word(&s, 64, 1));
    sim_route(&w, DVT_KERNEL_SCALE);
    expect_one(&s, &w, &want);
}

/* One bank: two cycles a turn, 92 to 103; the second result is there in 110. Without scale: 32
 * units, launch in 89; six beats of filters are granted from 64 to 69, written to 81. */
static void test_cycles__lanes_that_want_one_bank_take_turns(void **state)
{
    const times want = {
        .busy = 6,
        .stall = {[DVT_STALL_INSTRUCTIONS] = 90, [DVT_STALL_BANKS] = 6, [DVT_STALL_DRAIN] = 15},
        .end = 101 + 7 + 1 + 7 + 1};
    sim_words s;
    dvt_word  w;

    open_tiny(&s, *state, 1);
    w = inside(sim_array_word(&s, 3, 2));
    expect_one(&s, &w, &want);
}

/* Turns without a window: a result a cycle. One value a cycle: a beat of two values leaves every
 * second cycle, a result every fourth. Turns 0 to 6 in 92 to 98; then the pipeline moves when the
 * last beat of a result leaves: 101, 105, 109. Beat b leaves in 99 + 2b, b to 19; T = 3 + 8 + 4. */
static void test_cycles__a_slow_kernel_holds_the_array_up(void **state)
{
    const times want = {
        .busy = 10,
        .stall = {[DVT_STALL_INSTRUCTIONS] = 92, [DVT_STALL_CROSSBAR] = 8, [DVT_STALL_DRAIN] = 43},
        .end = 99 + 2 * 19 + 15 + 1};
    sim_words s;
    dvt_word  w;

    open_tiny(&s, *state, 2);
    w = inside(sim_array_word(&s, 1, 10));
    sim_route(&w, DVT_KERNEL_SCALE);
    expect_one(&s, &w, &want);
}

/* Six pages of one word and two lanes, two beats each. Two are there before the launch; the first
 * is released in 90, so the third is written in 91 and 92 and used in 93, the fourth in 93 and 94,
 * and so on: turns in 90, 91, 93, 95, 97, 99. The second result is there in 106. */
static void test_cycles__two_halves_of_pages(void **state)
{
    const times want = {
        .busy = 6,
        .stall = {[DVT_STALL_INSTRUCTIONS] = 90, [DVT_STALL_FILTERS] = 4, [DVT_STALL_DRAIN] = 15},
        .end = 99 + 7 + 1 + 7 + 1};
    sim_words s;
    dvt_word  w;

    open_tiny(&s, *state, 2);
    w = inside(sim_array_word(&s, 3, 2));
    w.array.page = 0;
    w.array.f[0] = 0;
    w.wread.words = 1;
    w.wread.n[0] = 6;
    expect_one(&s, &w, &want);
}

/* ---- kernels on windows -------------------------------------------------------------------- */

/* 24 units: launch in 73. G = 4 values a lane pair: turns in 74, 78, ... 130, D = 2 + 4 + 2; the
 * last result is there in 139, leaves in two beats, and is taken in 145. */
static void test_cycles__windows_take_their_turns_at_the_pace_of_the_kernel(void **state)
{
    const times want = {.stall = {[DVT_STALL_INSTRUCTIONS] = 74, [DVT_STALL_AUXILIARY] = 72},
                        .end = 146};
    sim_words   s;
    dvt_word    w;

    open_tiny(&s, *state, 2);
    w = sim_stream_word(&s, 15);
    sim_route(&w, DVT_KERNEL_POOL);
    w.pool.count = 3;
    sim_results(&s, &w, 5);
    w = inside(w);
    expect_one(&s, &w, &want);
}

/* 25 units: launch in 75. Two blocks and one virtual turn a pixel group, 5 * 4 cycles each: turns
 * in 76, 96 and 116; D = 2 + 20 + 30; result of block 1 in 169, beats in 169 and 170, T = 5. */
static void test_cycles__lrn_makes_virtual_turns(void **state)
{
    const times want = {.stall = {[DVT_STALL_INSTRUCTIONS] = 76, [DVT_STALL_AUXILIARY] = 100},
                        .end = 176};
    sim_words   s;
    dvt_word    w;

    open_tiny(&s, *state, 2);
    w = sim_stream_word(&s, 2);
    sim_route(&w, DVT_KERNEL_LRN);
    w.lrn = (dvt_part_lrn){
        .blocks = 2, .size = 5, .table = 1, .alpha_n = dvt_isa_bits(1.0f), .k = dvt_isa_bits(1.0f)};
    w = inside(w);
    expect_one(&s, &w, &want);
}

/* 28 units: launch in 81. One bank: the turn takes 82 and 83, the operands, a beat each, 84 and 85,
 * ready in 87 and 88. The result is there in 86. Beats of two values on a kernel of one: 87 and 89,
 * T = 1 + 6 + 4: taken in 100. */
static void test_cycles__operands_use_the_banks_that_are_free(void **state)
{
    const times want = {.stall = {[DVT_STALL_INSTRUCTIONS] = 82, [DVT_STALL_AUXILIARY] = 19},
                        .end = 101};
    sim_words   s;
    dvt_word    w;

    open_tiny(&s, *state, 1);
    w = sim_stream_word(&s, 1);
    sim_route(&w, DVT_KERNEL_ELT);
    w.elt = (dvt_part_elt){.base = 20, .n = {1, 1, 1, 1}, .qa = 1, .scale = dvt_isa_bits(1.0f)};
    w = inside(w);
    expect_one(&s, &w, &want);
}

/* ---- runs ---------------------------------------------------------------------------------- */

/* Two words of 23 units. The first ends in 85, but the link waits for the bus: the last of 46 units
 * comes as if it were one word's, and the second word is launched in 2 * 46 + 25. */
static void test_cycles__the_next_word_comes_while_one_runs(void **state)
{
    const times want = {.start = 85,
                        .stall = {[DVT_STALL_INSTRUCTIONS] = 33, [DVT_STALL_AUXILIARY] = 13},
                        .end = 131};
    sim_words   s;
    dvt_word    w;
    dvt_profile p;

    open_tiny(&s, *state, 1);
    w = inside(sim_stream_word(&s, 2));
    sim_words_add(&s, &w);
    sim_words_add(&s, &w);
    profile(&s, &p);
    expect_times(&p, 1, &want);
    assert_int_equal(p.busy[DVT_BUSY_READER], 2 * (22 + 3 + 1));
    assert_int_equal(p.busy[DVT_BUSY_READ_BEATS], 2 * 46);
    assert_int_equal(p.memory_bytes, 2 * 46 * 4);
    dvt_profile_deinit(&p);
    sim_words_close(&s);
}

static void test_cycles__figures_follow_from_the_notes(void **state)
{
    sim_words   s;
    dvt_word    w;
    dvt_profile p;

    open_tiny(&s, *state, 1);
    w = inside(sim_array_word(&s, 3, 2)); /* 117 cycles, as above */
    sim_words_add(&s, &w);
    s.notes[0].macs = 234;
    s.notes[0].mapping_cycles = 39;
    profile(&s, &p);
    assert_int_equal(p.macs, 234);
    assert_float_equal(p.macs_per_cycle, 2.0, 1e-12);
    assert_float_equal(p.array_efficiency, 0.25, 1e-12); /* 8 macs a cycle */
    assert_float_equal(p.mapping_limit, 0.75, 1e-12);
    assert_float_equal(p.fps, 100e6 / 117, 1e-6);
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

static void profile_with(sim_words *s, const dvt_profile_opts *opts, dvt_profile *out)
{
    expect_ok(s->ctx, dvt_profile_program_with(sim_words_program(s), opts, out));
    expect_books_balance(out);
}

/* What does not depend on when things happen. */
static void expect_same_work(const dvt_profile *a, const dvt_profile *b)
{
    static const dvt_busy work[] = {DVT_BUSY_READER, DVT_BUSY_FREAD,      DVT_BUSY_PAGES,
                                    DVT_BUSY_PARAMS, DVT_BUSY_TURNS,      DVT_BUSY_BEATS,
                                    DVT_BUSY_SREAD,  DVT_BUSY_READ_BEATS, DVT_BUSY_WRITE_BEATS};

    for (int32_t i = 0; i < a->word_count; i++) {
        for (size_t k = 0; k < sizeof work / sizeof *work; k++) {
            assert_int_equal(a->words[i].busy[work[k]], b->words[i].busy[work[k]]);
        }
        assert_int_equal(a->words[i].array_busy, b->words[i].array_busy);
    }
}

/* The quick form leaves work out, no cycle. */
static void expect_both_forms_equal(sim_words *s)
{
    dvt_profile quick, plain;

    profile_with(s, NULL, &quick);
    profile_with(s, &(dvt_profile_opts){.stepwise = true}, &plain);
    assert_int_equal(quick.cycles, plain.cycles);
    assert_memory_equal(quick.words, plain.words, (size_t)plain.word_count * sizeof *plain.words);
    dvt_profile_deinit(&quick);
    dvt_profile_deinit(&plain);
}

static void expect_stalls_only_delay(sim_words *s, uint64_t seed)
{
    dvt_profile quiet, stalled, again;

    profile_with(s, NULL, &quiet);
    profile_with(s, &(dvt_profile_opts){.seed = seed, .stall_permille = 400}, &stalled);
    profile_with(s, &(dvt_profile_opts){.seed = seed, .stall_permille = 400}, &again);
    expect_same_work(&quiet, &stalled);
    assert_true(stalled.cycles > quiet.cycles);
    assert_memory_equal(stalled.words, again.words,
                        (size_t)stalled.word_count * sizeof *stalled.words);
    dvt_profile_deinit(&quiet);
    dvt_profile_deinit(&stalled);
    dvt_profile_deinit(&again);
}

/* The turns are those of the bit-accurate model; the bus carries at least what it counts. */
static void expect_the_models_work(sim_words *s)
{
    dvt_sim_counters n;
    dvt_profile      p;
    int64_t          array_turns = 0;

    sim_words_run(s, DVT_SIM_FAST);
    dvt_sim_counters_of(s->sim, &n);
    profile(s, &p);
    for (int32_t i = 0; i < p.word_count; i++) {
        array_turns += p.words[i].array_busy;
    }
    assert_int_equal(array_turns, n.array_turns);
    assert_true(p.busy[DVT_BUSY_READ_BEATS] * s->d.memory_bus_bytes >=
                (int64_t)n.memory_read_bytes);
    dvt_profile_deinit(&p);
}

static void test_cycles__books_balance_on_random_words(void **state)
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
            expect_both_forms_equal(&s);
            expect_stalls_only_delay(&s, seed);
            expect_the_models_work(&s);
        }
        sim_words_close(&s);
    }
}

static void test_cycles__long_words_are_given_up(void **state)
{
    dvt_profile_opts opts = {.cycles_max = 1000};
    sim_words        s;
    dvt_word         w;
    dvt_profile      p;

    open_tiny(&s, *state, 1);
    w = inside(sim_stream_word(&s, 3));
    sim_words_add(&s, &w);
    w.sread.n[1] = w.sread.n[2] = w.write.n[1] = w.write.n[2] = 65535;
    sim_words_add(&s, &w);
    expect_failure(*state, dvt_profile_program_with(sim_words_program(&s), &opts, &p),
                   DVT_E_CAPACITY, "long word 1 has not ended after 1000 cycles of the program");
    assert_null(p.words);
    opts = (dvt_profile_opts){.stall_permille = 1000};
    expect_failure(*state, dvt_profile_program_with(sim_words_program(&s), &opts, &p), DVT_E_USAGE,
                   "stall_permille 1000 is outside of 0..999");
    sim_words_close(&s);
}

static void test_cycles__stalls_and_units_have_names(void **state)
{
    (void)state;
    assert_string_equal(dvt_stall_name(DVT_STALL_FEATURES), "features");
    assert_string_equal(dvt_stall_name(DVT_STALL_BANKS), "banks");
    assert_string_equal(dvt_busy_name(DVT_BUSY_READER), "reader");
    assert_string_equal(dvt_busy_name(DVT_BUSY_WRITE_BEATS), "write_beats");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_cycles__results_pass_from_bank_to_bank),
        FIXTURE_TEST(test_cycles__a_word_waits_for_the_answers_to_its_writes),
        FIXTURE_TEST(test_cycles__a_trip_waits_for_its_features),
        FIXTURE_TEST(test_cycles__a_load_ends_with_its_last_word),
        FIXTURE_TEST(test_cycles__the_documents_diagram),
        FIXTURE_TEST(test_cycles__the_array_waits_for_its_filters),
        FIXTURE_TEST(test_cycles__lanes_that_want_one_bank_take_turns),
        FIXTURE_TEST(test_cycles__a_slow_kernel_holds_the_array_up),
        FIXTURE_TEST(test_cycles__two_halves_of_pages),
        FIXTURE_TEST(test_cycles__windows_take_their_turns_at_the_pace_of_the_kernel),
        FIXTURE_TEST(test_cycles__lrn_makes_virtual_turns),
        FIXTURE_TEST(test_cycles__operands_use_the_banks_that_are_free),
        FIXTURE_TEST(test_cycles__the_next_word_comes_while_one_runs),
        FIXTURE_TEST(test_cycles__figures_follow_from_the_notes),
        FIXTURE_TEST(test_cycles__books_balance_on_random_words),
        FIXTURE_TEST(test_cycles__long_words_are_given_up),
        FIXTURE_TEST(test_cycles__stalls_and_units_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
