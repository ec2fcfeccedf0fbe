/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_rtl.c - what the simulated RTL does when program, memory or host misbehave.
 *
 * Claim      whatever happens, a run ends in an error that STATUS names, or with the right bytes in
 *            memory; it never takes longer than a run without faults and twice the watchdog; and
 *            the next run, behind at most a soft reset, is right again.
 * Program    features in, an array word with scale, a straight word: they read features, filters,
 *            parameters and words, and write to external memory. Judged by the bit-accurate model.
 * Overlays   odd-m5 (bus of 8 bytes, link of 8 bits) and odd-int8 (bus of 4 bytes).
 */
#include <stdlib.h>
#include <string.h>

#include "rtl/simulated.h"
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/rtl_compare.h"
#include "support/sim_words.h"

enum { WATCHDOG = 3000, RESULTS = 3, TURNS = 2, CYCLES_MAX = 200000, BIT_STEP = 97 };

typedef struct bench {
    dvt_ctx        *ctx;
    sim_words       s;
    dvt_rtl        *rtl;
    dvti_rtl_model *m;
    uint8_t        *before, *after; /* external memory: (size), and as the model leaves it */
    size_t          size, words_at; /* bytes; of the long words */
    uint32_t        bytes, words;   /* of the stream */
    int64_t         cycles;         /* of a run without faults */
} bench;

typedef struct outcome {
    bool    error, right;
    int     code;   /* dvt_csr_error */
    int64_t cycles; /* until the overlay was idle */
} outcome;

/* ---- the bench ----------------------------------------------------------------------------- */

static void put_data(sim_words *s)
{
    int16_t mant[256];

    for (int32_t word = 0; word < 64; word++) {
        for (int32_t i = 0; i < s->o.c_vec; i++) {
            mant[i] = (int16_t)((word * 5 + i * 3) % 15 - 7);
        }
        sim_put_block(s, word, mant, (uint8_t)(s->o.format == DVT_FORMAT_INT8 ? 0 : 12 + word % 5));
        sim_put_filter(s, word, mant, (uint8_t)(s->o.format == DVT_FORMAT_INT8 ? 0 : 10));
    }
    for (int32_t row = 0; row < s->o.k_vec; row++) {
        sim_put_param(s, row, 0.5f, (float)row, 0.25f);
    }
}

static void put_words(sim_words *s)
{
    dvt_word array = sim_array_word(s, TURNS, RESULTS), straight = sim_stream_word(s, RESULTS);

    sim_route(&array, DVT_KERNEL_SCALE);
    array.wread.param_rows = s->o.k_vec;
    straight.write.base += 1024;
    sim_words_add(s, &array);
    sim_words_add(s, &straight);
}

static uint32_t set(bench *b, uint32_t offset, uint32_t value)
{
    expect_ok(b->ctx, dvti_rtl_write(b->m, offset, value));
    return value;
}

static uint32_t get(bench *b, uint32_t offset)
{
    uint32_t value = 0;

    expect_ok(b->ctx, dvti_rtl_read(b->m, offset, &value));
    return value;
}

static void fresh_memory(bench *b) { memcpy(b->m->memory_opts.bytes, b->before, b->size); }

static void start(bench *b)
{
    set(b, DVT_CSR_CONTROL, DVT_CSR_CONTROL_CLEAR);
    set(b, DVT_CSR_STREAM_LO, (uint32_t)b->words_at);
    set(b, DVT_CSR_STREAM_HI, 0);
    set(b, DVT_CSR_STREAM_BYTES, b->bytes);
    set(b, DVT_CSR_STREAM_WORDS, b->words);
    set(b, DVT_CSR_WATCHDOG, WATCHDOG);
    set(b, DVT_CSR_CONTROL, DVT_CSR_CONTROL_START);
}

/* Waits for the end of the run that was started and looks at what it left. */
static outcome finish(bench *b)
{
    outcome  r = {0};
    bool     ended = false;
    uint32_t status;

    expect_ok(b->ctx, dvti_rtl_run_out(b->m, CYCLES_MAX, &ended));
    assert_true(ended);
    status = get(b, DVT_CSR_STATUS);
    r.error = (status & DVT_CSR_STATUS_ERROR) != 0;
    r.code = (int)(status >> 8 & 255);
    r.right = memcmp(b->m->memory_opts.bytes, b->after, (size_t)b->s.p.memory_bytes) == 0;
    r.cycles = b->m->cycle;
    assert_int_equal(status & DVT_CSR_STATUS_RUNNING, 0);
    if (b->cycles > 0) {
        assert_true(r.cycles <= b->cycles + 2 * WATCHDOG);
    }
    return r;
}

static outcome run(bench *b)
{
    fresh_memory(b);
    start(b);
    return finish(b);
}

/* Behind a fault: a run without one is right, and takes the same cycles as ever. */
static void recover(bench *b)
{
    outcome r;

    b->m->faults = (dvti_rtl_faults){-1, -1, -1, -1, -1};
    if ((get(b, DVT_CSR_STATUS) & DVT_CSR_STATUS_QUIET) == 0) {
        set(b, DVT_CSR_CONTROL, DVT_CSR_CONTROL_RESET);
    }
    r = run(b);
    assert_false(r.error);
    assert_true(r.right);
    assert_int_equal(r.cycles, b->cycles);
}

static void expect_flag(bench *b, outcome r, int code)
{
    assert_true(r.error);
    assert_int_equal(r.code, code);
    recover(b);
}

static void open_bench(bench *b, const char *path)
{
    dvt_rtl_opts opts = {.cache_dir = rtl_cache_dir()};
    dvt_overlay  o;
    size_t       bytes;
    outcome      r;

    *b = (bench){.ctx = test_ctx(1)};
    expect_ok(b->ctx, dvt_overlay_load(b->ctx, path, &o));
    sim_words_open(&b->s, b->ctx, &o);
    put_data(&b->s);
    put_words(&b->s);
    sim_words_run(&b->s, DVT_SIM_NAIVE);
    expect_ok(b->ctx, dvt_rtl_create(&b->s.p, &opts, &b->rtl));
    b->m = dvti_rtl_model_of(b->rtl);
    b->size = (size_t)b->m->memory_opts.size;
    b->words_at = ((size_t)b->s.p.memory_bytes + 63) / 64 * 64;
    b->bytes = (uint32_t)b->s.p.control_bytes;
    b->words = (uint32_t)b->s.p.word_count;
    b->before = calloc(b->size, 1);
    b->after = calloc(b->size, 1);
    memcpy(b->before, b->m->memory_opts.bytes, b->size);
    memcpy(b->after, dvt_sim_memory(b->s.sim, &bytes), (size_t)b->s.p.memory_bytes);
    r = run(b);
    assert_false(r.error);
    assert_true(r.right);
    b->cycles = r.cycles;
}

static void close_bench(bench *b)
{
    free(b->before);
    free(b->after);
    dvt_rtl_destroy(b->rtl);
    sim_words_close(&b->s);
    dvt_ctx_destroy(b->ctx);
}

static void on_overlays(void (*test)(bench *))
{
    static const char *const overlays[] = {"tests/support/overlays/odd-m5.json",
                                           "tests/support/overlays/odd-int8.json"};

    if (!rtl_available()) {
        print_message("# skip: Verilator is not installed (tools/setup.sh --all)\n");
        skip();
    }
    for (size_t i = 0; i < sizeof overlays / sizeof *overlays; i++) {
        bench b;
        open_bench(&b, overlays[i]);
        test(&b);
        close_bench(&b);
    }
}

/* ---- programs ------------------------------------------------------------------------------ */

static void flip_bits(bench *b)
{
    for (uint32_t bit = 0; bit < 8 * b->bytes; bit += BIT_STEP) {
        outcome r;
        fresh_memory(b);
        b->m->memory_opts.bytes[b->words_at + bit / 8] ^= (uint8_t)(1u << bit % 8);
        start(b);
        r = finish(b);
        assert_true(r.error); /* one flipped bit never passes the check of a word */
        recover(b);
    }
}

static void fault_rtl__a_flipped_bit_of_the_words_is_flagged(void **state)
{
    (void)state;
    on_overlays(flip_bits);
}

static void change_lengths(bench *b)
{
    const uint32_t bytes = b->bytes, words = b->words;

    for (int32_t by = -24; by <= 24; by += 8) {
        b->bytes = bytes + (uint32_t)by;
        outcome r = run(b);
        assert_true(by == 0 ? !r.error && r.right : r.error);
        b->bytes = bytes;
        recover(b);
    }
    for (int32_t by = -2; by <= 2; by++) {
        b->words = words + (uint32_t)by;
        outcome r = run(b);
        assert_true(by == 0 ? !r.error && r.right : r.error && r.code == DVT_CSR_ERROR_LENGTH);
        b->words = words;
        recover(b);
    }
    b->bytes = bytes - 3;
    outcome r = run(b);
    b->bytes = bytes;
    expect_flag(b, r, DVT_CSR_ERROR_LENGTH);
}

static void fault_rtl__streams_of_a_wrong_length_are_flagged(void **state)
{
    (void)state;
    on_overlays(change_lengths);
}

static void run_twice(bench *b)
{
    for (int i = 0; i < 3; i++) {
        recover(b);
    }
    start(b); /* no fresh memory: the same words on what the last run left */
    outcome r = finish(b);
    assert_false(r.error);
    assert_true(r.right);
}

static void fault_rtl__programs_back_to_back_are_right_and_take_the_same_cycles(void **state)
{
    (void)state;
    on_overlays(run_twice);
}

/* ---- memory -------------------------------------------------------------------------------- */

static void break_reads(bench *b)
{
    int64_t beats = b->m->beats;

    for (int64_t beat = 0; beat < beats; beat += 17) {
        b->m->faults.error_read_beat = beat;
        expect_flag(b, run(b), DVT_CSR_ERROR_READ);
    }
    for (int64_t beat = 0; beat < beats; beat += 29) {
        b->m->faults.drop_read_beat = beat;
        expect_flag(b, run(b), DVT_CSR_ERROR_WATCHDOG);
    }
}

static void fault_rtl__reads_without_an_answer_or_with_an_error_are_flagged(void **state)
{
    (void)state;
    on_overlays(break_reads);
}

static void break_writes(bench *b)
{
    int64_t responses = b->m->responses;

    assert_true(responses > 4);
    for (int64_t i = 0; i < responses; i += 5) {
        b->m->faults.error_write = i;
        expect_flag(b, run(b), DVT_CSR_ERROR_WRITE);
        b->m->faults.drop_write = i;
        expect_flag(b, run(b), DVT_CSR_ERROR_WATCHDOG);
    }
}

static void fault_rtl__writes_without_an_answer_or_with_an_error_are_flagged(void **state)
{
    (void)state;
    on_overlays(break_writes);
}

static void hold_back(bench *b)
{
    static const int32_t permille[] = {1, 100, 500, 900};
    const int64_t        cycles = b->cycles;

    b->cycles = 0;
    for (size_t i = 0; i < 4 * sizeof permille / sizeof *permille; i++) {
        b->m->memory_opts.stall_permille = permille[i % 4];
        b->m->memory_opts.seed = i;
        outcome r = run(b);
        assert_false(r.error);
        assert_true(r.right);
    }
    b->m->memory_opts.stall_permille = 0;
    b->cycles = cycles;
    recover(b);
}

static void fault_rtl__back_pressure_on_every_port_changes_cycles_alone(void **state)
{
    (void)state;
    on_overlays(hold_back);
}

/* ---- the host ------------------------------------------------------------------------------ */

static void reset_pin(bench *b)
{
    for (int64_t cycle = 0; cycle < b->cycles; cycle += 37) {
        b->m->faults.reset_at = cycle;
        fresh_memory(b);
        start(b);
        (void)finish(b);
        recover(b);
    }
}

static void fault_rtl__a_reset_in_the_middle_leaves_nothing_behind(void **state)
{
    (void)state;
    on_overlays(reset_pin);
}

/* Register accesses take cycles of the run themselves. */
static outcome interrupt(bench *b, int64_t after, uint32_t control)
{
    bool ended;

    fresh_memory(b);
    start(b);
    expect_ok(b->ctx, dvti_rtl_run_out(b->m, after, &ended));
    set(b, DVT_CSR_CONTROL, control);
    return finish(b);
}

static void reset_softly(bench *b)
{
    for (int64_t after = 0; after + 20 < b->cycles; after += 43) {
        expect_flag(b, interrupt(b, after, DVT_CSR_CONTROL_RESET), DVT_CSR_ERROR_RESET);
        expect_flag(b, interrupt(b, after, DVT_CSR_CONTROL_START), DVT_CSR_ERROR_BUSY);
    }
}

static void fault_rtl__soft_resets_and_starts_while_running_stop_the_run(void **state)
{
    (void)state;
    on_overlays(reset_softly);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_rtl__a_flipped_bit_of_the_words_is_flagged),
        cmocka_unit_test(fault_rtl__streams_of_a_wrong_length_are_flagged),
        cmocka_unit_test(fault_rtl__programs_back_to_back_are_right_and_take_the_same_cycles),
        cmocka_unit_test(fault_rtl__reads_without_an_answer_or_with_an_error_are_flagged),
        cmocka_unit_test(fault_rtl__writes_without_an_answer_or_with_an_error_are_flagged),
        cmocka_unit_test(fault_rtl__back_pressure_on_every_port_changes_cycles_alone),
        cmocka_unit_test(fault_rtl__a_reset_in_the_middle_leaves_nothing_behind),
        cmocka_unit_test(fault_rtl__soft_resets_and_starts_while_running_stop_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
