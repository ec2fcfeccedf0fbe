/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_array.c - dot products, shifts, accumulators and their conversion, worked out by hand.
 *
 * Overlay   c_vec 2, k_vec 2, q_vec 2, p_vec 1 (sim_words.h); with m = 12 a block of mantissas M
 *           and exponent 25 holds the integers M, so that most cases read as integer arithmetic.
 *           Each case runs in the naive and in the fast model.
 */
#include "support/arrays.h"
#include "support/fixture.h"
#include "support/sim_words.h"

#include <math.h>

enum { ONE = 25 /* 15 + (12 - 2): the exponent at which a mantissa is its value, m = 12 */ };

static void pair(int16_t *mant, int16_t a, int16_t b)
{
    mant[0] = a;
    mant[1] = b;
}

static void feature(sim_words *s, int32_t block, int16_t a, int16_t b, int exp)
{
    int16_t mant[2];

    pair(mant, a, b);
    sim_put_block(s, block, mant, (uint8_t)exp);
}

/* Filter word `turn` of lane k. */
static void filter(sim_words *s, int32_t turn, int32_t k, int16_t a, int16_t b, int exp)
{
    int16_t mant[2];

    pair(mant, a, b);
    sim_put_filter(s, turn * 2 + k, mant, (uint8_t)exp);
}

/* Runs the words of `s` in both kinds and expects these values in a block of the results. */
static void expect_values(sim_words *s, int32_t block, float a, float b)
{
    for (int kind = DVT_SIM_NAIVE; kind <= DVT_SIM_FAST; kind++) {
        float got[2];
        sim_words_run(s, (dvt_sim_kind)kind);
        sim_get_values(s, block, got);
        if (got[0] != a || got[1] != b) {
            fail_msg("kind %d, block %d: got %a %a, wanted %a %a", kind, block, (double)got[0],
                     (double)got[1], (double)a, (double)b);
        }
    }
}

static uint64_t saturated(const sim_words *s)
{
    dvt_sim_counters c;

    dvt_sim_counters_of(s->sim, &c);
    return c.saturated;
}

static void open_m12(sim_words *s, dvt_ctx *ctx, int32_t accumulator_bits)
{
    dvt_overlay o = sim_tiny_overlay(DVT_FORMAT_BFP, 12);

    o.accumulator_bits = accumulator_bits;
    sim_words_open(s, ctx, &o);
}

/* ---- sums ---------------------------------------------------------------------------------- */

/* pixel 0: (3, -2) then (5, 1); pixel 1: (1, 1) then (0, 4); lane 0: (1, 2) then (-1, 3), lane 1:
 * (0, 1) then (2, 0). Pixel 0 lane 0: 3 - 4 - 5 + 3 = -3. */
static void test_array__products_of_a_window_add_up(void **state)
{
    sim_words s;
    dvt_word  w;

    open_m12(&s, *state, 64);
    feature(&s, 0, 3, -2, ONE);
    feature(&s, 1, 1, 1, ONE);
    feature(&s, 2, 5, 1, ONE);
    feature(&s, 3, 0, 4, ONE);
    filter(&s, 0, 0, 1, 2, ONE);
    filter(&s, 0, 1, 0, 1, ONE);
    filter(&s, 1, 0, -1, 3, ONE);
    filter(&s, 1, 1, 2, 0, ONE);
    w = sim_array_word(&s, 2, 1);
    sim_words_add(&s, &w);
    expect_values(&s, 0, -3.0f, 8.0f);
    expect_values(&s, 1, 15.0f, 1.0f);
    sim_words_close(&s);
}

static void test_array__blocks_outside_of_the_image_add_nothing(void **state)
{
    sim_words s;
    dvt_word  w;

    open_m12(&s, *state, 64);
    for (int32_t i = 0; i < 6; i++) {
        feature(&s, i, (int16_t)(i + 1), 0, ONE);
        filter(&s, i / 2, i % 2, 1, 0, ONE);
    }
    w = sim_array_word(&s, 3, 1);
    w.sread.w0 = -1; /* columns -1, 0, 1 of an image of one: the middle turn counts */
    w.sread.w[0] = 1;
    sim_words_add(&s, &w);
    expect_values(&s, 0, 3.0f, 3.0f);
    expect_values(&s, 1, 4.0f, 4.0f);
    sim_words_close(&s);
}

/* ---- shifts -------------------------------------------------------------------------------- */

/* 40 bits: the last one weighs 2^-6. 1 * 1 at exponents that make the product 2^-7 is floored:
 * +2^-7 to 0, -2^-7 to -2^-6. Three quarters of a unit: to 0 and to -1 unit. */
static void test_array__dropped_bits_are_floored(void **state)
{
    static const struct {
        int16_t a, w;
        float   want;
    } cases[] = {{1, 1, 0.0f},      {-1, 1, -0x1p-6f}, {3, 1, 0x1p-6f},
                 {-3, 1, -0x1p-5f}, {2, -1, -0x1p-6f}, {2047, 2047, 0x1p-6f * 2095104}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sim_words s;
        dvt_word  w;
        open_m12(&s, *state, 40);
        feature(&s, 0, cases[i].a, 0, ONE - 7);
        filter(&s, 0, 0, cases[i].w, 0, ONE);
        w = sim_array_word(&s, 1, 1);
        sim_route(&w, DVT_KERNEL_SCALE); /* - want, so that the result's rounding hides nothing */
        sim_put_param(&s, 0, 1.0f, -cases[i].want, 0.0f);
        sim_words_add(&s, &w);
        expect_values(&s, 0, 0.0f, 0.0f);
        sim_words_close(&s);
    }
}

/* Each product is floored by itself: two halves of a unit make none, their negatives make two. */
static void test_array__each_product_is_floored_before_it_is_added(void **state)
{
    for (int16_t sign = -1; sign <= 1; sign = (int16_t)(sign + 2)) {
        sim_words s;
        dvt_word  w;
        open_m12(&s, *state, 40);
        feature(&s, 0, sign, 0, ONE - 7);
        feature(&s, 2, sign, 0, ONE - 7);
        filter(&s, 0, 0, 1, 0, ONE);
        filter(&s, 1, 0, 1, 0, ONE);
        w = sim_array_word(&s, 2, 1);
        sim_words_add(&s, &w);
        expect_values(&s, 0, sign > 0 ? 0.0f : -0x1p-5f, 0.0f);
        sim_words_close(&s);
    }
}

/* Shifts of far more than a register: 2^-20 * 2^-20 with 40 bits is 0 or, floored, -2^-6. */
static void test_array__tiny_negative_products_are_minus_one_unit(void **state)
{
    sim_words s;
    dvt_word  w;

    open_m12(&s, *state, 40);
    feature(&s, 0, -1, 0, 0);
    feature(&s, 1, 1, 0, 0);
    filter(&s, 0, 0, 1, 0, 0);
    w = sim_array_word(&s, 1, 1);
    sim_words_add(&s, &w);
    expect_values(&s, 0, -0x1p-6f, 0.0f);
    expect_values(&s, 1, 0.0f, 0.0f);
    sim_words_close(&s);
}

/* ---- saturation ---------------------------------------------------------------------------- */

/* 2047 * 2^6 squared is 2^33.99: beyond 2^33. Behind the limit the sum goes on from there. */
static void expect_saturation(dvt_ctx *ctx, int16_t first, int16_t second, float want,
                              uint64_t count)
{
    sim_words s;
    dvt_word  w;

    open_m12(&s, ctx, 40);
    feature(&s, 0, first, 0, 31);
    feature(&s, 2, second, 0, 31);
    filter(&s, 0, 0, 2047, 0, 31);
    filter(&s, 1, 0, 2047, 0, 31);
    w = sim_array_word(&s, 2, 1);
    sim_route(&w, DVT_KERNEL_SCALE);
    sim_put_param(&s, 0, 0x1p-20f, 0.0f, 0.0f);
    sim_words_add(&s, &w);
    expect_values(&s, 0, want, 0.0f);
    assert_int_equal(saturated(&s), count);
    sim_words_close(&s);
}

static void test_array__overflow_saturates_and_is_counted(void **state)
{
    expect_saturation(*state, 1023, 0, 8180.0f, 0);
    expect_saturation(*state, 2047, 0, 0x1p13f, 1);
    expect_saturation(*state, -2047, 0, -0x1p13f, 1);
    expect_saturation(*state, 2047, 2047, 0x1p13f, 2);
    expect_saturation(*state, 2047, -1023, 12.0f, 1);
}

/* A first page that overflows and a second whose filters are within [-1, 1]: what is added behind
 * saturates as well, also where the second page alone could be trusted. */
static void test_array__a_safe_page_behind_an_overflow_saturates_too(void **state)
{
    sim_words s;
    dvt_word  w;

    open_m12(&s, *state, 40);
    feature(&s, 0, 2047, 0, 31);
    feature(&s, 2, 2047, 0, 31);
    filter(&s, 0, 0, 2047, 0, 31);
    filter(&s, 2, 0, 1, 0, ONE); /* page 1 */
    w = sim_array_word(&s, 2, 1);
    w.array.f[0] = 0;
    w.array.page = 0;
    w.wread.words = 1;
    w.wread.n[0] = 2;
    w.wread.step[0] = 2 * 2 * s.d.filter_word_bytes / 16;
    sim_route(&w, DVT_KERNEL_SCALE);
    sim_put_param(&s, 0, 0x1p-20f, 0.0f, 0.0f);
    sim_words_add(&s, &w);
    expect_values(&s, 0, 0x1p13f, 0.0f);
    assert_int_equal(saturated(&s), 2);
    sim_words_close(&s);
}

/* ---- int8 ---------------------------------------------------------------------------------- */

static void test_array__int8_sums_are_integers(void **state)
{
    dvt_overlay o = sim_tiny_overlay(DVT_FORMAT_INT8, 8);
    sim_words   s;
    dvt_word    w;

    sim_words_open(&s, *state, &o);
    feature(&s, 0, 100, -3, 0);
    feature(&s, 2, -128, 127, 0);
    filter(&s, 0, 0, 1, 4, 0);
    filter(&s, 1, 0, 1, 1, 0);
    filter(&s, 0, 1, -128, 0, 0);
    filter(&s, 1, 1, -99, -1, 0);
    w = sim_array_word(&s, 2, 1);
    sim_words_add(&s, &w);
    expect_values(&s, 0, 87.0f, -127.0f); /* 100 - 12 - 1; -12800 + 12672 - 127 = -255 */
    assert_int_equal(saturated(&s), 1);
    sim_words_close(&s);
}

/* inv_scale 1/2: 5 -> 2.5 -> 2, 7 -> 3.5 -> 4; 255 -> 127.5 would be 128 and saturates. */
static void test_array__int8_results_round_to_even_and_clamp(void **state)
{
    static const struct {
        int16_t  a;
        float    want;
        uint64_t saturated;
    } cases[] = {{5, 2.0f, 0},    {7, 4.0f, 0},      {-5, -2.0f, 0},
                 {51, 127.0f, 1}, {-51, -127.0f, 1}, {50, 125.0f, 0}};
    dvt_overlay o = sim_tiny_overlay(DVT_FORMAT_INT8, 8);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sim_words s;
        dvt_word  w;
        bool      wide = cases[i].a > 9 || cases[i].a < -9;
        sim_words_open(&s, *state, &o);
        feature(&s, 0, cases[i].a, 0, 0);
        filter(&s, 0, 0, wide ? 5 : 1, 0, 0);
        w = sim_array_word(&s, 1, 1);
        w.write.inv_scale = dvt_isa_bits(0.5f);
        sim_words_add(&s, &w);
        expect_values(&s, 0, cases[i].want, 0.0f);
        assert_int_equal(saturated(&s), cases[i].saturated);
        sim_words_close(&s);
    }
}

/* ---- conversion ---------------------------------------------------------------------------- */

/* The accumulator holds 2^24 + d; subtracting 2^24 afterwards shows how it was rounded to 24 bits:
 * ties go to even, once. */
static void test_array__conversion_rounds_once_to_even(void **state)
{
    static const struct {
        int16_t low; /* quarters */
        float   want;
    } cases[] = {{4, 0.0f},  {12, 4.0f}, {6, 2.0f},  {5, 2.0f},   {3, 0.0f},
                 {20, 4.0f}, {28, 8.0f}, {-2, 0.0f}, {-3, -1.0f}, {-6, -2.0f}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sim_words s;
        dvt_word  w;
        open_m12(&s, *state, 64);
        feature(&s, 0, 1024, 0, ONE);
        filter(&s, 0, 0, 1024, 0, ONE + 4);
        feature(&s, 2, cases[i].low, 0, ONE - 2);
        filter(&s, 1, 0, 1, 0, ONE);
        w = sim_array_word(&s, 2, 1);
        sim_route(&w, DVT_KERNEL_SCALE);
        sim_put_param(&s, 0, 1.0f, -0x1p24f, 0.0f);
        sim_words_add(&s, &w);
        expect_values(&s, 0, cases[i].want, 0.0f);
        sim_words_close(&s);
    }
}

/* ---- order --------------------------------------------------------------------------------- */

/* Any order of the turns, features and filters together, gives the same bits. */
static void test_array__order_of_the_sum_is_no_part_of_it(void **state)
{
    enum { TURNS = 12, ORDERS = 20 };
    int16_t f[TURNS][4], g[TURNS][4], first[2], got[2];
    uint8_t exp[TURNS][4], first_exp = 0, got_exp;
    dvt_rng rng = dvt_rng_make(1, 2);
    int     order[TURNS];

    for (int t = 0; t < TURNS; t++) {
        order[t] = t;
        for (int i = 0; i < 4; i++) {
            f[t][i] = (int16_t)test_random_range(&rng, -2047, 2047);
            g[t][i] = (int16_t)test_random_range(&rng, -2047, 2047);
            exp[t][i] = (uint8_t)test_random_range(&rng, i < 2 ? 5 : 0, i < 2 ? 25 : 14);
        }
    }
    for (int round = 0; round < ORDERS; round++) {
        sim_words s;
        dvt_word  w;
        open_m12(&s, *state, 48);
        for (int at = 0; at < TURNS; at++) {
            int t = order[at];
            sim_put_block(&s, 2 * at, &f[t][0], exp[t][0]);
            sim_put_block(&s, 2 * at + 1, &f[t][2], exp[t][1]);
            sim_put_filter(&s, 2 * at, &g[t][0], exp[t][2]);
            sim_put_filter(&s, 2 * at + 1, &g[t][2], exp[t][3]);
        }
        w = sim_array_word(&s, TURNS, 1);
        sim_words_add(&s, &w);
        sim_words_run(&s, round % 2 ? DVT_SIM_FAST : DVT_SIM_NAIVE);
        sim_get_block(&s, 1, got, &got_exp);
        if (round == 0) {
            memcpy(first, got, sizeof got);
            first_exp = got_exp;
        }
        assert_memory_equal(got, first, sizeof got);
        assert_int_equal(got_exp, first_exp);
        sim_words_close(&s);
        for (int t = TURNS - 1; t > 0; t--) {
            int other = (int)dvt_rng_below(&rng, (uint64_t)t + 1), keep = order[t];
            order[t] = order[other];
            order[other] = keep;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_array__products_of_a_window_add_up),
        FIXTURE_TEST(test_array__blocks_outside_of_the_image_add_nothing),
        FIXTURE_TEST(test_array__dropped_bits_are_floored),
        FIXTURE_TEST(test_array__each_product_is_floored_before_it_is_added),
        FIXTURE_TEST(test_array__tiny_negative_products_are_minus_one_unit),
        FIXTURE_TEST(test_array__overflow_saturates_and_is_counted),
        FIXTURE_TEST(test_array__a_safe_page_behind_an_overflow_saturates_too),
        FIXTURE_TEST(test_array__int8_sums_are_integers),
        FIXTURE_TEST(test_array__int8_results_round_to_even_and_clamp),
        FIXTURE_TEST(test_array__conversion_rounds_once_to_even),
        FIXTURE_TEST(test_array__order_of_the_sum_is_no_part_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
