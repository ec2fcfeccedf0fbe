/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_auxiliary.c - each auxiliary kernel by literals (docs/numerics-overlay.md, sections 4 to 6).
 *
 * Values    x[] are blocks of two in memory, block i being x[2i], x[2i+1]; a result is two pixels
 *           (q_vec 2) of one block each. m = 12: results are rounded to 11 bits beside the larger
 *           value of their block. Where a case is about the bits below, a scale kernel behind takes
 *           the upper ones away.
 */
#include "support/fixture.h"
#include "support/sim_words.h"

#include <float.h>
#include <math.h>

typedef struct aux_case {
    sim_words s;
    dvt_word  w;
} aux_case;

/* `turns` turns of two blocks from x. */
static void open_case(aux_case *c, dvt_ctx *ctx, dvt_format_kind format, int32_t turns,
                      const float *x)
{
    dvt_overlay o = sim_tiny_overlay(format, format == DVT_FORMAT_INT8 ? 8 : 12);

    sim_words_open(&c->s, ctx, &o);
    for (int32_t i = 0; i < 2 * turns; i++) {
        sim_put_values(&c->s, i, x + 2 * i);
    }
    c->w = sim_stream_word(&c->s, turns);
}

static void expect_results(aux_case *c, int32_t blocks, const float *want)
{
    sim_words_add(&c->s, &c->w);
    for (int kind = DVT_SIM_NAIVE; kind <= DVT_SIM_FAST; kind++) {
        sim_words_run(&c->s, (dvt_sim_kind)kind);
        for (int32_t i = 0; i < blocks; i++) {
            float got[2];
            sim_get_values(&c->s, i, got);
            if (got[0] != want[2 * i] || got[1] != want[2 * i + 1]) {
                fail_msg("block %d: got %a %a, wanted %a %a", i, (double)got[0], (double)got[1],
                         (double)want[2 * i], (double)want[2 * i + 1]);
            }
        }
    }
    sim_words_close(&c->s);
}

static void set_params(aux_case *c, float scale, float bias, float slope)
{
    sim_put_param(&c->s, 0, scale, bias, slope);
    sim_put_param(&c->s, 1, scale, bias, slope);
}

/* ---- scale --------------------------------------------------------------------------------- */

static void test_auxiliary__scale_has_parameters_for_each_lane(void **state)
{
    static const float x[] = {1, 2, -3, 4}, want[] = {2.5f, -5, -5.5f, -9};
    aux_case           c;

    open_case(&c, *state, DVT_FORMAT_BFP, 1, x);
    sim_route(&c.w, DVT_KERNEL_SCALE);
    sim_put_param(&c.s, 0, 2, 0.5f, 0);
    sim_put_param(&c.s, 1, -2, -1, 0);
    expect_results(&c, 2, want);
}

/* 65600 * (1 + 2^-23) = 65600 + 2^-7 + 2^-17: the product is rounded to 65600 + 2^-7 before the
 * bias takes 65600 away. */
static void test_auxiliary__scale_rounds_twice(void **state)
{
    static const float x[] = {65600, 65600, 65600, 65600};
    static const float want[] = {0x1p-7f, 0x1p-7f, 0x1p-7f, 0x1p-7f};
    aux_case           c;

    open_case(&c, *state, DVT_FORMAT_BFP, 1, x);
    sim_route(&c.w, DVT_KERNEL_SCALE);
    set_params(&c, 1.0f + 0x1p-23f, -65600, 0);
    expect_results(&c, 2, want);
}

static void test_auxiliary__scale_takes_a_group_every_outer_results(void **state)
{
    static const float x[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const float want[] = {1, 10, 1, 10, 1, 10, 1, 10, 2, 20, 2, 20};
    aux_case           c;

    open_case(&c, *state, DVT_FORMAT_BFP, 3, x);
    sim_route(&c.w, DVT_KERNEL_SCALE);
    c.w.wread.param_groups = 2;
    c.w.scale.outer = 2;
    for (int32_t i = 0; i < 4; i++) {
        sim_put_param(&c.s, i, (float)(i / 2 + 1) * (i % 2 ? 10.0f : 1.0f), 0, 0);
    }
    expect_results(&c, 6, want);
}

/* Too large becomes the largest finite value, not infinity: times 2^-120 it is 2^8 again. */
static void test_auxiliary__overflow_gives_the_largest_finite_value(void **state)
{
    static const float x[] = {-4, -4, -1, -1}, want[] = {-256, -256, -256, -256};
    aux_case           c;

    open_case(&c, *state, DVT_FORMAT_BFP, 1, x);
    sim_route(&c.w, DVT_KERNEL_SCALE);
    sim_route(&c.w, DVT_KERNEL_ACT);
    set_params(&c, FLT_MAX, 0, 0);
    c.w.act.fn = DVT_ACT_LEAKY;
    c.w.act.p0 = dvt_isa_bits(0x1p-120f);
    expect_results(&c, 2, want);
}

/* -2^-126 is kept, -2^-127 becomes 0. */
static void test_auxiliary__there_are_no_subnormals(void **state)
{
    static const float x[] = {-1, -0.5f, -2, -0.25f}, want[] = {-1, 0, -2, 0};
    aux_case           c;

    open_case(&c, *state, DVT_FORMAT_BFP, 1, x);
    sim_route(&c.w, DVT_KERNEL_SCALE);
    sim_route(&c.w, DVT_KERNEL_ACT);
    set_params(&c, FLT_MIN, 0, 0);
    c.w.act.fn = DVT_ACT_LEAKY;
    c.w.act.p0 = dvt_isa_bits(0x1p126f);
    expect_results(&c, 2, want);
}

/* ---- activation ---------------------------------------------------------------------------- */

static void expect_act(dvt_ctx *ctx, dvt_act fn, float p0, float p1, const float *want)
{
    static const float x[] = {-4, 0, -0.5f, 3, 1.5f, -1, 2, -8};
    aux_case           c;

    open_case(&c, ctx, DVT_FORMAT_BFP, 2, x);
    sim_route(&c.w, DVT_KERNEL_ACT);
    sim_put_param(&c.s, 0, 0, 0, 0.5f);
    sim_put_param(&c.s, 1, 0, 0, -2);
    if (fn == DVT_ACT_PRELU) {
        sim_params(&c.w);
    }
    c.w.act.fn = fn;
    c.w.act.p0 = dvt_isa_bits(p0);
    c.w.act.p1 = dvt_isa_bits(p1);
    expect_results(&c, 4, want);
}

static void test_auxiliary__activations_by_formula(void **state)
{
    static const float relu[] = {0, 0, 0, 3, 1.5f, 0, 2, 0};
    static const float leaky[] = {-1, 0, -0.125f, 3, 1.5f, -0.25f, 2, -2};
    static const float prelu[] = {-2, 0, -0.25f, 3, 1.5f, 2, 2, 16};
    static const float clip[] = {-1, 0, -0.5f, 2.5f, 1.5f, -1, 2, -1};

    expect_act(*state, DVT_ACT_RELU, 0, 0, relu);
    expect_act(*state, DVT_ACT_LEAKY, 0.25f, 0, leaky);
    expect_act(*state, DVT_ACT_PRELU, 0, 0, prelu);
    expect_act(*state, DVT_ACT_CLIP, -1, 2.5f, clip);
}

/* Segments of 1/128 from -1 on; segment i gives i, segment 200 gives 2 x + 200. */
static void make_table(dvt_function_table *t)
{
    *t = (dvt_function_table){.kind = DVT_TABLE_SIGMOID, .x0 = -1, .inv_step = 128};
    for (int i = 0; i < DVT_TABLE_SEGMENTS; i++) {
        t->a[i] = (float)i;
    }
    t->b[200] = 2;
}

static void test_auxiliary__tables_floor_and_clamp_their_segment(void **state)
{
    static const float x[] = {-1, -0.9921875f, -0.9970703125f, 0, 1, -7, 0.5625f, 5};
    static const float want[] = {0, 1, 0, 128, 255, 0, 201.125f, 255};
    static const float elu[] = {0, 1, 0, 128, 1, 0, 0.5625f, 5};

    for (int fn = DVT_ACT_TABLE; fn <= DVT_ACT_ELU; fn++) {
        aux_case c;
        open_case(&c, *state, DVT_FORMAT_BFP, 2, x);
        make_table(&c.s.tables[0]);
        sim_route(&c.w, DVT_KERNEL_ACT);
        c.w.act.fn = fn;
        expect_results(&c, 4, fn == DVT_ACT_ELU ? elu : want);
    }
}

/* ---- pooling ------------------------------------------------------------------------------- */

static void pool_case(aux_case *c, dvt_ctx *ctx, int32_t turns, const float *x, int64_t kind)
{
    open_case(c, ctx, DVT_FORMAT_BFP, turns, x);
    sim_route(&c->w, DVT_KERNEL_POOL);
    c->w.pool = (dvt_part_pool){.kind = kind, .count = turns, .recip = dvt_isa_bits(0.25f)};
    sim_results(&c->s, &c->w, 1);
}

static void test_auxiliary__pool_maximum_is_of_valid_blocks(void **state)
{
    static const float x[] = {9, 9, 9, 9, -4, -2, -1, 3, -3, -5, -8, 1};
    static const float want[] = {-3, -2, -1, 3}, zero[] = {0, 0, 0, 0};
    aux_case           c;

    pool_case(&c, *state, 3, x, 0);
    c.w.sread.w0 = -1; /* the first turn is column -1 */
    c.w.sread.w[0] = 1;
    c.w.sread.w_max = 2;
    expect_results(&c, 2, want);
    pool_case(&c, *state, 3, x, 0);
    c.w.sread.h0 = 1; /* all below the image */
    expect_results(&c, 2, zero);
}

/* Turn 0 invalid: 10 * 0.25 of four places, or 10 / 3 rounded to 1/256. */
static void test_auxiliary__pool_average_by_places_or_by_valid_blocks(void **state)
{
    static const float x[] = {9, 9, 9, 9, 2, 4, 8, -8, 3, 4, 8, 0, 5, 4, 8, 2};
    static const float by_places[] = {2.5f, 3, 6, -1.5f}, by_valid[] = {3.33203125f, 4, 8, -2};
    aux_case           c;

    for (int64_t valid = 0; valid < 2; valid++) {
        pool_case(&c, *state, 4, x, 1);
        c.w.sread.w0 = -1;
        c.w.sread.w[0] = 1;
        c.w.sread.w_max = 3;
        c.w.pool.by_valid = valid;
        expect_results(&c, 2, valid ? by_valid : by_places);
    }
    pool_case(&c, *state, 4, x, 1);
    c.w.sread.h0 = 1; /* none valid: divided by 1 */
    c.w.pool.by_valid = 1;
    expect_results(&c, 2, (const float[]){0, 0, 0, 0});
}

/* 2^-8 is half a unit beside 131008: added twice it is lost twice; added up first it stays. */
static void test_auxiliary__sums_run_in_the_order_of_the_turns(void **state)
{
    static const float   big_first[] = {131008, 131008, 0,       0,       0x1p-8f, 0x1p-8f,
                                        0,      0,      0x1p-8f, 0x1p-8f, 0,       0};
    static const float   big_last[] = {0x1p-8f, 0x1p-8f, 0,      0,      0x1p-8f, 0x1p-8f,
                                       0,       0,       131008, 131008, 0,       0};
    static const int16_t one[] = {1024, 1024};
    aux_case             c;

    for (int round = 0; round < 4; round++) {
        bool  last = round % 2 == 1;
        float kept = last ? 0x1p-7f : 0.0f;
        pool_case(&c, *state, 3, last ? big_last : big_first, 1);
        c.w.pool.recip = dvt_isa_bits(1.0f);
        if (round >= 2) { /* the same with a depthwise kernel of ones */
            c.w = sim_stream_word(&c.s, 3);
            sim_route(&c.w, DVT_KERNEL_DEPTHWISE);
            c.w.depthwise = (dvt_part_depthwise){.count = 3, .outer = 1};
            sim_results(&c.s, &c.w, 1);
        }
        sim_route(&c.w, DVT_KERNEL_SCALE);
        if (round >= 2) {
            c.w.wread.words = 3;
            c.w.wread.lanes = 1;
        }
        for (int32_t i = 0; i < 3; i++) {
            sim_put_filter(&c.s, i, one, 15);
        }
        set_params(&c, 1, -131008, 0);
        expect_results(&c, 1, (const float[]){kept, kept});
    }
}

/* ---- depthwise ----------------------------------------------------------------------------- */

static void test_auxiliary__depthwise_multiplies_channel_by_channel(void **state)
{
    static const float   x[] = {1, 2, 3, 4, 5, 6, 7, 8}, want[] = {-9, 10, -11, 16};
    static const int16_t one_two[] = {512, 1024}, minus_two_one[] = {-1024, 512};
    aux_case             c;

    open_case(&c, *state, DVT_FORMAT_BFP, 2, x);
    c.w.kernels |= 1u << DVT_KERNEL_WREAD;
    c.w.wread = (dvt_part_wread){.src = SIM_FILTERS / 16, .words = 2, .lanes = 1, .n = {1, 1, 1}};
    sim_route(&c.w, DVT_KERNEL_DEPTHWISE);
    c.w.depthwise = (dvt_part_depthwise){.count = 2, .outer = 1};
    sim_put_filter(&c.s, 0, one_two, 16);
    sim_put_filter(&c.s, 1, minus_two_one, 16);
    sim_results(&c.s, &c.w, 1);
    expect_results(&c, 2, want);
}

/* int8: integers whatever sread.scale says; the scale kernel brings units in. */
static void test_auxiliary__depthwise_int8_works_on_integers(void **state)
{
    static const float x[] = {3, -4, 0, 0};
    aux_case           c;

    open_case(&c, *state, DVT_FORMAT_INT8, 1, x);
    sim_route(&c.w, DVT_KERNEL_DEPTHWISE);
    c.w.depthwise = (dvt_part_depthwise){.count = 1, .outer = 1};
    sim_route(&c.w, DVT_KERNEL_SCALE);
    c.w.wread.words = c.w.wread.lanes = 1;
    c.w.sread.scale = dvt_isa_bits(77.0f);
    sim_put_filter(&c.s, 0, (const int16_t[]){10, 100}, 0);
    set_params(&c, 0.25f, 0, 0);
    expect_results(&c, 1, (const float[]){8, -100}); /* 7.5 to even */
}

/* ---- element-wise -------------------------------------------------------------------------- */

static void expect_elt(dvt_ctx *ctx, int64_t fn, const float *want)
{
    static const float x[] = {1, -2, 3, 4, /* operand: */ 5, 0.5f, -3, 4};
    aux_case           c;

    open_case(&c, ctx, DVT_FORMAT_BFP, 2, x);
    c.w.sread.n[0] = 1;
    sim_results(&c.s, &c.w, 1);
    sim_route(&c.w, DVT_KERNEL_ELT);
    c.w.elt = (dvt_part_elt){.fn = fn, .base = 2, .qa = 1, .scale = dvt_isa_bits(1.0f)};
    memcpy(c.w.elt.n, c.w.write.n, sizeof c.w.elt.n);
    expect_results(&c, 2, want);
}

static void test_auxiliary__elt_sums_multiplies_and_compares(void **state)
{
    expect_elt(*state, 0, (const float[]){6, -1.5f, 0, 8});
    expect_elt(*state, 1, (const float[]){5, -1, -9, 16});
    expect_elt(*state, 2, (const float[]){5, 0.5f, 3, 4});
}

/* ---- normalisation ------------------------------------------------------------------------- */

/* t to its top 8 fraction bits: powers that can be checked by eye. */
static void make_identity(dvt_function_table *t)
{
    *t = (dvt_function_table){.kind = DVT_TABLE_POWER, .param = 1};
    for (int i = 0; i < DVT_TABLE_SEGMENTS; i++) {
        t->a[i] = 1.0f + (float)i / 256.0f;
    }
    for (int e = 0; e < DVT_TABLE_EXPONENTS; e++) {
        t->e2[e] = ldexpf(1.0f, e - DVT_TABLE_EXP_BIAS);
    }
    t->e2[0] = 7;
    t->e2[DVT_TABLE_EXPONENTS - 1] = 9;
}

static void lrn_case(aux_case *c, dvt_ctx *ctx, float alpha_n, float k)
{
    static const float x[] = {1, 2, 5, 0, 3, 4, 0, 1}; /* pixel 0: 1 2 3 4, pixel 1: 5 0 0 1 */

    open_case(c, ctx, DVT_FORMAT_BFP, 2, x);
    make_identity(&c->s.tables[1]);
    sim_route(&c->w, DVT_KERNEL_LRN);
    c->w.lrn = (dvt_part_lrn){
        .blocks = 2, .size = 3, .table = 1, .alpha_n = dvt_isa_bits(alpha_n), .k = dvt_isa_bits(k)};
}

/* Squares of the channel and its neighbours that exist, plus 1, times the value. */
static void test_auxiliary__lrn_looks_at_the_neighbouring_channels(void **state)
{
    static const float want[] = {1 * 6, 2 * 15, 5 * 26, 0, 3 * 30, 4 * 26, 0, 1 * 2};
    aux_case           c;

    lrn_case(&c, *state, 1, 1);
    expect_results(&c, 4, want);
}

static void test_auxiliary__powers_clamp_the_exponent_and_cut_the_fraction(void **state)
{
    static const float seven[] = {7, 14, 35, 0, 21, 28, 0, 7};
    static const float nine[] = {9, 18, 45, 0, 27, 36, 0, 9};
    static const float cut[] = {1.5f, 3, 7.5f, 0, 4.5f, 6, 0, 1.5f};
    aux_case           c;

    lrn_case(&c, *state, 0, 0x1p-100f);
    expect_results(&c, 4, seven);
    lrn_case(&c, *state, 0, 0x1p100f);
    expect_results(&c, 4, nine);
    lrn_case(&c, *state, 0, 1.5f + 0x1.fep-9f); /* 1.5 and less than 1/256 */
    expect_results(&c, 4, cut);
}

/* ---- borders ------------------------------------------------------------------------------- */

static void test_auxiliary__int8_enters_and_leaves_by_scales(void **state)
{
    static const float x[] = {3, -4, 100, 127}, want[] = {4, -6, 127, 127};
    dvt_sim_counters   n;
    aux_case           c;

    open_case(&c, *state, DVT_FORMAT_INT8, 1, x);
    c.w.sread.scale = dvt_isa_bits(0.75f);
    c.w.write.inv_scale = dvt_isa_bits(2);
    sim_words_add(&c.s, &c.w);
    sim_words_run(&c.s, DVT_SIM_NAIVE);
    dvt_sim_counters_of(c.s.sim, &n);
    assert_int_equal(n.saturated, 2);
    c.s.p.word_count = 0;
    dvt_buf_reset(&c.s.control);
    expect_results(&c, 2, want); /* 3 * 0.75 * 2 = 4.5 to even */
}

static void test_auxiliary__values_beyond_k_last_are_zero(void **state)
{
    static const float x[] = {1, 2, 3, 4, 5, 6, 7, 8}, want[] = {1, 2, 3, 4, 5, 0, 7, 0};
    aux_case           c;

    open_case(&c, *state, DVT_FORMAT_BFP, 2, x);
    c.w.write.k_level = 0;
    c.w.write.k_last = 1;
    expect_results(&c, 4, want);
}

static void test_auxiliary__too_large_results_saturate_and_are_counted(void **state)
{
    static const float x[] = {99968, -99968, 2, 2};
    dvt_sim_counters   n;
    aux_case           c;
    float              got[2];

    open_case(&c, *state, DVT_FORMAT_BFP, 1, x);
    sim_route(&c.w, DVT_KERNEL_SCALE);
    set_params(&c, 2, 0, 0);
    sim_words_add(&c.s, &c.w);
    sim_words_run(&c.s, DVT_SIM_FAST);
    sim_get_values(&c.s, 0, got);
    assert_true(got[0] == 131008.0f && got[1] == -131008.0f);
    dvt_sim_counters_of(c.s.sim, &n);
    assert_int_equal(n.saturated, 2);
    sim_words_close(&c.s);
}

static void test_auxiliary__parameters_that_are_no_numbers_are_refused(void **state)
{
    static const float x[] = {1, 1, 1, 1};
    aux_case           c;

    open_case(&c, *state, DVT_FORMAT_BFP, 1, x);
    sim_route(&c.w, DVT_KERNEL_SCALE);
    sim_put_param(&c.s, 1, 1, NAN, 0);
    sim_words_add(&c.s, &c.w);
    expect_failure(
        *state, sim_words_try(&c.s, DVT_SIM_FAST), DVT_E_NUMERIC,
        "parameter row 1 at byte 65552 of external memory holds a number that is neither zero nor "
        "normal");
    sim_words_close(&c.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_auxiliary__scale_has_parameters_for_each_lane),
        FIXTURE_TEST(test_auxiliary__scale_rounds_twice),
        FIXTURE_TEST(test_auxiliary__scale_takes_a_group_every_outer_results),
        FIXTURE_TEST(test_auxiliary__overflow_gives_the_largest_finite_value),
        FIXTURE_TEST(test_auxiliary__there_are_no_subnormals),
        FIXTURE_TEST(test_auxiliary__activations_by_formula),
        FIXTURE_TEST(test_auxiliary__tables_floor_and_clamp_their_segment),
        FIXTURE_TEST(test_auxiliary__pool_maximum_is_of_valid_blocks),
        FIXTURE_TEST(test_auxiliary__pool_average_by_places_or_by_valid_blocks),
        FIXTURE_TEST(test_auxiliary__sums_run_in_the_order_of_the_turns),
        FIXTURE_TEST(test_auxiliary__depthwise_multiplies_channel_by_channel),
        FIXTURE_TEST(test_auxiliary__depthwise_int8_works_on_integers),
        FIXTURE_TEST(test_auxiliary__elt_sums_multiplies_and_compares),
        FIXTURE_TEST(test_auxiliary__lrn_looks_at_the_neighbouring_channels),
        FIXTURE_TEST(test_auxiliary__powers_clamp_the_exponent_and_cut_the_fraction),
        FIXTURE_TEST(test_auxiliary__int8_enters_and_leaves_by_scales),
        FIXTURE_TEST(test_auxiliary__values_beyond_k_last_are_zero),
        FIXTURE_TEST(test_auxiliary__too_large_results_saturate_and_are_counted),
        FIXTURE_TEST(test_auxiliary__parameters_that_are_no_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
